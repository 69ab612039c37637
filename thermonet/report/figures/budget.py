"""Where the uncertainty of R_P comes from, and whether first order and Monte Carlo tell the same story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from thermonet.report.figures.drawing import BLUE, FAINT, INK, MUTED, ORANGE, Drawing, canvas, gridded, styled
from thermonet.report.names import printed_input, readable, symbol_math, titled
from thermonet.results.record import Column, Quantity, Table
from thermonet.studies.probe import ProbeStudy
from thermonet.uncertainty.intervals import Comparison

#: Inputs that get a bar of their own.
_BARS = 10
#: Colours of the groups, largest share first; the last one serves all that follow.
_GROUPS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8c0c8")


@styled
def budget_figure(study: ProbeStudy) -> Drawing:
    """Largest shares of the variance of R_P, input by input, and below them by group."""
    lines = study.budgets["probe_resistance"].lines
    shown = lines[:_BARS]
    names = [readable(line.input.name) for line in shown]
    values = [printed_input(line.input) for line in shown]
    shares = [100 * line.share for line in shown]
    if len(lines) > _BARS:
        names.append(f"{len(lines) - _BARS} others")
        values.append("")
        shares.append(100 * sum(line.share for line in lines[_BARS:]))
    height = 1.75 + 0.3 * len(names)
    figure = canvas(
        9.6, height, left=0.3, right=0.985, bottom=0.62 / height, top=1 - 0.1 / height, hspace=0.55 / height * 2
    )
    upper, lower = figure.subplots(2, 1, height_ratios=(len(names), 2.2))
    _bars(upper, names, values, shares)
    _groups(lower, study.result.tables["budget_groups"])
    return Drawing(
        "budget",
        "What the uncertainty of R_P is made of",
        "Share of every named input in the variance of the thermal resistance, to first order, beside the input's "
        "value and standard uncertainty; below, the whole of it by group.",
        figure,
        {
            "input": Column("", [*(line.input.name for line in shown), *(["others"] if len(lines) > _BARS else [])]),
            "share": Column("1", [share / 100 for share in shares]),
        },
    )


def _bars(axes: Axes, names: list[str], values: list[str], shares: list[float]) -> None:
    axes.barh(names, shares, color=[BLUE if value else FAINT for value in values], height=0.66)
    axes.invert_yaxis()
    widest = max(shares, default=1.0)
    for row, (value, share) in enumerate(zip(values, shares, strict=True)):
        _beside(axes, f"{share:.1f} %", (share, row), 5, INK, "bold")
        _beside(axes, value, (share, row), 50, MUTED, "normal")
    axes.set(xlim=(0, 1.5 * widest), xlabel="share of the variance [%]")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    gridded(axes, "x")


def _beside(axes: Axes, text: str, end: tuple[float, float], right: float, colour: str, weight: str) -> None:
    """Write a text so many points to the right of a bar's end."""
    axes.annotate(
        text,
        end,
        xytext=(right, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
        color=colour,
        fontweight=weight,
    )


def _groups(axes: Axes, table: Table) -> None:
    """One stacked bar; groups too thin for their name are listed in the legend alone."""
    names, shares = list(table["group"].values), [100 * float(share or 0) for share in table["share"].values]
    start = 0.0
    for index, (name, share) in enumerate(zip(names, shares, strict=True)):
        colour = _GROUPS[min(index, len(_GROUPS) - 1)]
        axes.barh(
            ["all, by group"],
            [share],
            left=start,
            color=colour,
            height=0.6,
            edgecolor="white",
            label=f"{name} {share:.0f} %" if share >= 0.5 else f"{name} <1 %",
        )
        start += share
    axes.set(xlim=(0, 100))
    axes.set_xticks([])
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.35, -0.05), ncols=4, fontsize=8.5, handlelength=1, columnspacing=1.4
    )
    axes.tick_params(axis="both", length=0, labelbottom=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def trials_figure(study: ProbeStudy) -> Drawing | None:
    """Intervals of 95 % by first order and by Monte Carlo, relative to the value; None without trials."""
    if study.trials is None:
        return None
    return intervals_figure(study.trials.quantities, study.result.quantities, study.trials.trials)


@styled
def intervals_figure(
    found: Mapping[str, Comparison], quantities: Mapping[str, Quantity], trials: int, probability: float = 0.95
) -> Drawing:
    """Intervals by first order and by Monte Carlo, relative to the value.

    Parameters
    ----------
    found
        Both ways, by quantity.
    quantities
        Their values, none of them zero.
    trials, probability
        Number of trials, and what the intervals hold.
    """
    ends = {
        key: [100 * (end / quantities[key].value - 1) for end in (*item.first_order, item.low, item.high)]
        for key, item in found.items()
    }
    height = 0.95 + 0.42 * len(ends)
    figure = canvas(9.6, height, left=0.3, right=0.97, bottom=0.5 / height, top=1 - 0.4 / height)
    axes = figure.subplots()
    for first, colour, shift, label in ((0, BLUE, -0.14, "first order"), (2, ORANGE, 0.14, "Monte Carlo")):
        for row, interval in enumerate(ends.values()):
            _interval(axes, interval[first : first + 2], row + shift, colour, label if row == 0 else None)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(range(len(ends)), [f"{titled(key)}  {symbol_math(quantities[key].symbol)}" for key in ends])
    axes.set_ylim(len(ends) - 0.5, -0.5)
    axes.set_xlabel(f"{100 * probability:.4g} % interval relative to the value [%]")
    axes.tick_params(axis="y", length=0)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
    gridded(axes, "x")
    return Drawing(
        "trials",
        "First order and Monte Carlo",
        f"Intervals that hold {100 * probability:.4g} %, by first-order propagation and by {trials} Monte Carlo "
        "trials.",
        figure,
        {
            "quantity": Column("", list(ends)),
            **{
                name: Column("1", [row[index] / 100 for row in ends.values()])
                for index, name in enumerate(("first_order_low", "first_order_high", "low", "high"))
            },
        },
    )


def _interval(axes: Axes, ends: Sequence[float], row: float, colour: str, label: str | None) -> None:
    axes.plot(ends, [row] * 2, color=colour, linewidth=5, solid_capstyle="butt", label=label)
