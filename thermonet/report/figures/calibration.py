"""Figures of a calibration: fits and residuals of all records, budgets side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thermonet.quantities.formatting import scaled
from thermonet.report.figures.budget import intervals_figure
from thermonet.report.figures.calibration_joint import correlation_figure, joint_figure
from thermonet.report.figures.calibration_records import Shown, shown_records
from thermonet.report.figures.calibration_update import update_figure
from thermonet.report.figures.drawing import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    ORANGE,
    RED,
    Drawing,
    canvas,
    gridded,
    styled,
)
from thermonet.report.names import printed_concise, printed_unit, readable, symbol_math, unmath
from thermonet.results.record import Column, Result
from thermonet.studies.calibration import CalibrationStudy

#: What a calibration is made for.
MAIN = ("seebeck_coefficient", "responsivity", "probe_resistance")
#: Height of a row of small multiples, and width of all figures [inch].
_ROW, _WIDTH = 2.45, 9.6
#: Causes with a smaller share in everything get no bar, and most that do.
_SHARE, _BARS = 0.005, 10
#: Residuals that a panel shows at least.
_WIDEST = 3.4
#: Marker by curve, where a record has several.
_MARKERS = "os^Dv*"


def calibration_drawings(study: CalibrationStudy) -> dict[str, Drawing]:
    """All figures of a calibration by name; those that need what the study does not have are left out."""
    found = _record_drawings(study) if study.campaign.records else []
    if study.trials is not None:
        compared = {key: item for key, item in study.trials.quantities.items() if key.partition(".")[0] in MAIN}
        probability = float(study.result.tables["expanded"]["probability"].values[0] or 0)
        found.append(intervals_figure(compared, study.result.quantities, study.trials.count, probability))
    if study.update is not None:
        tables = study.update.result.tables
        found.append(update_figure(tables["parameters"], tables["predictions"]))
    return {drawing.name: drawing for drawing in found}


def _record_drawings(study: CalibrationStudy) -> list[Drawing]:
    """What the records themselves give."""
    records = shown_records(study)
    found = [fit_figure(records), residuals_figure(records), *_budget_figures(study.result)]
    return found + [drawing for drawing in (correlation_figure(study), joint_figure(study)) if drawing is not None]


# --- records --------------------------------------------------------------------------------------------------------


@styled
def fit_figure(records: Sequence[Shown]) -> Drawing:
    """Readings of every record with the adjusted curve through them."""
    figure, panels = _multiples(len(records))
    for axes, record in zip(panels, records, strict=True):
        _fit(axes, record)
    return Drawing(
        "fit",
        "Readings and fit",
        "Every record against what the adjustment makes of it: dots are readings, the line is the fit of all records "
        "and stated inputs together, its shade ± 2 u of the fit (k = 2, mostly thinner than the line). Rings mark "
        "readings that lie improbably far out. How far the readings miss shows in the next figure.",
        figure,
        _records_table(records),
    )


def _multiples(count: int) -> tuple[Figure, list[Axes]]:
    """Panels for so many records, side by side and one below the other."""
    columns = count if count < 4 else 2 if count == 4 else 3
    rows = math.ceil(count / columns)
    row = _ROW if columns == 3 else 3.1
    height = row * rows
    figure = canvas(
        _WIDTH,
        height,
        left=0.66 / _WIDTH,
        right=1 - 0.1 / _WIDTH,
        bottom=0.52 / height,
        top=1 - 0.34 / height,
        wspace=0.7 / (_WIDTH / columns - 0.7),
        hspace=0.92 / (row - 0.92),
    )
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels[count:]:
        axes.set_visible(False)
    return figure, list(panels[:count])


def _fit(axes: Axes, record: Shown) -> None:
    across, x_unit = (1.0, record.x_unit) if record.log or record.x_unit == "K" else _scale(record.x, record.x_unit)
    up, y_unit = (1.0, record.y_unit) if record.y_unit == "K" else _scale(record.y, record.y_unit)
    names = list(dict.fromkeys(record.curves))
    for marker, name in zip(_repeated(_MARKERS, len(names)), names, strict=True):
        chosen = np.flatnonzero(record.curves == name)
        chosen = chosen[np.argsort(record.x[chosen], kind="stable")]
        x, fit, wide = record.x[chosen] * across, record.fit[chosen] * up, 2 * record.u_fit[chosen] * up
        axes.fill_between(x, fit - wide, fit + wide, color=ORANGE, alpha=0.25, linewidth=0)
        axes.plot(x, fit, color=ORANGE, linewidth=1.3)
        label = unmath(str(name)) if name else None
        axes.plot(
            x, record.y[chosen] * up, marker, color=BLUE, markersize=3.2, markeredgewidth=0, alpha=0.75, label=label
        )
    for place in record.outliers:
        _ring(axes, record.x[place] * across, record.y[place] * up, int(record.lines[place]))
    if record.log:
        axes.set_xscale("log")
    axes.set(xlabel=_labelled(record.x_name, x_unit), ylabel=_labelled(record.y_name, y_unit))
    if any(names):
        axes.legend(fontsize=7.5, handletextpad=0.2, borderpad=0.2)
    _headed(axes, record)


def _repeated(marks: str, count: int) -> str:
    return (marks * (count // len(marks) + 1))[:count]


def _scale(values: np.ndarray, unit: str) -> tuple[float, str]:
    return scaled(float(np.max(np.abs(values))), unit)


def _labelled(name: str, unit: str) -> str:
    return f"{name} [{printed_unit(unit)}]" if unit != "1" else name


def _headed(axes: Axes, record: Shown) -> None:
    """Name of the record, what was done, and a quiet frame."""
    axes.set_title(record.name, fontsize=9, pad=6)
    axes.set_title(record.protocol.split(",")[0], fontsize=8, pad=6, loc="right", color=MUTED, fontweight="normal")
    axes.tick_params(labelsize=8)
    axes.xaxis.label.set_fontsize(8.5)
    axes.yaxis.label.set_fontsize(8.5)
    gridded(axes)


def _ring(axes: Axes, x: float, y: float, line: int) -> None:
    """Mark a reading by the line that it stands in."""
    axes.plot([x], [y], marker="o", markersize=9, markerfacecolor="none", color=RED, markeredgewidth=1.2)
    axes.annotate(
        f"line {line}",
        (x, y),
        xytext=(8, 3),
        textcoords="offset points",
        fontsize=7.5,
        color=RED,
        annotation_clip=False,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
    )


def _records_table(records: Sequence[Shown]) -> dict[str, Column]:
    def text(name: str) -> Column:
        return Column("", [getattr(record, name) for record in records for _ in record.lines])

    def numbers(name: str) -> Column:
        return Column("SI", [float(value) for record in records for value in getattr(record, name)])

    return {
        "record": text("name"),
        "line": Column("1", [int(line) for record in records for line in record.lines]),
        "abscissa": text("x_name"),
        "abscissa_unit": text("x_unit"),
        "x": numbers("x"),
        "response": text("y_name"),
        "response_unit": text("y_unit"),
        "y": numbers("y"),
        "fit": numbers("fit"),
        "u_fit": numbers("u_fit"),
        "u": numbers("u"),
    }


@styled
def residuals_figure(records: Sequence[Shown]) -> Drawing:
    """How far every reading misses, over its standard uncertainty, and all of them beside a normal distribution."""
    figure, panels = _multiples(len(records) + 1)
    for axes, record in zip(panels, records, strict=False):
        axes.axhspan(-2, 2, color=FAINT, alpha=0.35, linewidth=0)
        axes.axhline(0, color=MUTED, linewidth=0.8)
        axes.vlines(record.lines, 0, record.residuals, color=BLUE, linewidth=0.7, alpha=0.6)
        axes.plot(record.lines, record.residuals, "o", color=BLUE, markersize=3.2, markeredgewidth=0)
        for place in record.outliers:
            _ring(axes, float(record.lines[place]), record.residuals[place], int(record.lines[place]))
        widest = max(_WIDEST, 1.12 * float(np.max(np.abs(record.residuals))))
        axes.set(ylim=(-widest, widest), xlabel="line of the data file", ylabel="residual / u")
        _headed(axes, record)
    everything = np.concatenate([record.residuals for record in records])
    _histogram(panels[-1], everything)
    return Drawing(
        "residuals",
        "Residuals",
        "Misclosure of every reading over its standard uncertainty from noise, in the order of the data file. The band "
        "is ± 2, which 95 % of normal residuals keep to; readings that lie improbably far out are ringed and named by "
        f"their line, and none is dropped. Last: all {len(everything)} residuals and the standard normal distribution, "
        "those further out at its ends.",
        figure,
        {
            "record": Column("", [record.name for record in records for _ in record.lines]),
            "line": Column("1", [int(line) for record in records for line in record.lines]),
            "residual_over_u": Column("1", [float(value) for value in everything]),
            "outlier": Column("", [i in record.outliers for record in records for i in range(len(record.lines))]),
        },
    )


def _histogram(axes: Axes, residuals: np.ndarray) -> None:
    widest = math.ceil(_WIDEST)
    edges = np.arange(-widest, widest + 0.5, 0.5)
    axes.hist(
        np.clip(residuals, -widest, widest),
        bins=edges.tolist(),
        density=True,
        color=BLUE,
        alpha=0.55,
        edgecolor="white",
        linewidth=0.6,
    )
    z = np.linspace(-widest, widest, 200)
    axes.plot(z, np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi), color=ORANGE, linewidth=1.6)
    axes.set(xlim=(-widest, widest), xlabel="residual / u", ylabel="density")
    axes.set_title("all records", fontsize=9, pad=6)
    axes.set_title("normal distribution", fontsize=8, pad=6, loc="right", color=ORANGE, fontweight="normal")
    axes.tick_params(labelsize=8)
    axes.xaxis.label.set_fontsize(8.5)
    axes.yaxis.label.set_fontsize(8.5)
    gridded(axes)


# --- budgets --------------------------------------------------------------------------------------------------------


def _budget_figures(result: Result) -> Iterator[Drawing]:
    """One figure per probe, its quantities side by side."""
    ends = dict.fromkeys(key.removeprefix(name) for key in result.quantities for name in MAIN if key.startswith(name))
    for end in ends:
        keys = [f"{name}{end}" for name in MAIN if f"budget.{name}{end}" in result.tables]
        if any(result.tables[f"budget.{key}"]["input"].values for key in keys):
            yield budgets_figure(result, keys, end.removeprefix("."))


@styled
def budgets_figure(result: Result, keys: Sequence[str], probe: str = "") -> Drawing:
    """Shares of all causes in the variances of several quantities, a row per cause, a column per quantity."""
    shares = {key: _shares(result, key) for key in keys}
    kinds = {name: kind for found in shares.values() for name, (kind, _) in found.items()}
    largest = {name: max(found[name][1] for found in shares.values() if name in found) for name in kinds}
    shown = [name for name in sorted(largest, key=lambda name: -largest[name]) if largest[name] >= _SHARE][:_BARS]
    height = 1.05 + 0.27 * (len(shown) + 1)
    figure = canvas(_WIDTH, height, left=0.27, right=0.985, bottom=0.55 / height, top=1 - 0.36 / height, wspace=0.12)
    panels = figure.subplots(1, len(keys), sharey=True, squeeze=False)[0]
    for axes, key in zip(panels, keys, strict=True):
        quantity = result.quantities[key]
        rest = sum(share for name, (_, share) in shares[key].items() if name not in shown)
        _bars(axes, [(*shares[key].get(name, ("B", 0.0)),) for name in shown], rest)
        value = printed_concise(quantity.value, quantity.unit, quantity.u)
        axes.set_title(f"{symbol_math(quantity.symbol)}  {value}", fontsize=9.5)
    panels[0].set_yticks(range(len(shown) + 1), [*(unmath(readable(name)) for name in shown), "all others"])
    panels[0].invert_yaxis()
    for kind, colour, words in (("A", ORANGE, "type A: scatter of readings"), ("B", BLUE, "type B: stated inputs")):
        if kind in kinds.values():
            panels[-1].barh([0], [0], color=colour, label=words)
    figure.legend(loc="upper left", bbox_to_anchor=(0.0, 1.0), fontsize=8, handlelength=1, labelspacing=0.3)
    return Drawing(
        f"budget_{probe}" if probe else "budget",
        f"What the uncertainty of probe {probe} is made of" if probe else "What the uncertainty is made of",
        "Share of every cause in the variance of each quantity, to first order; above each column its value with the "
        "standard uncertainty in the last digits (k = 1).",
        figure,
        {
            "quantity": Column("", [key for key in keys for _ in shares[key]]),
            "input": Column("", [name for key in keys for name in shares[key]]),
            "type": Column("", [kind for key in keys for kind, _ in shares[key].values()]),
            "share": Column("1", [share for key in keys for _, share in shares[key].values()]),
        },
    )


def _shares(result: Result, key: str) -> dict[str, tuple[str, float]]:
    """Type and share by cause."""
    table = result.tables[f"budget.{key}"]
    columns = (table[name].values for name in ("input", "type", "share"))
    return {str(name): (str(kind), float(share or 0)) for name, kind, share in zip(*columns, strict=True)}


def _bars(axes: Axes, causes: Sequence[tuple[str, float]], rest: float) -> None:
    widths = [100 * share for _, share in causes] + [100 * rest]
    colours = [ORANGE if kind == "A" else BLUE for kind, _ in causes] + [FAINT]
    axes.barh(range(len(widths)), widths, color=colours, height=0.66)
    for row, width in enumerate(widths):
        if width >= 0.05:
            text = f"{width:.0f} %" if width >= 10 else f"{width:.1f} %"
            axes.annotate(
                text, (width, row), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8, color=INK
            )
    axes.set(xlim=(0, 122), xlabel="share of the variance [%]", xticks=(0, 25, 50, 75, 100))
    axes.tick_params(axis="y", length=0)
    axes.tick_params(labelsize=8.5)
    axes.spines["left"].set_visible(False)
    gridded(axes, "x")
