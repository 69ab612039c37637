"""What a Bayesian update taught: the prediction of R_P before and after, and every input that moved or narrowed."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from thermonet.quantities.formatting import scaled
from thermonet.report.figures.drawing import BLUE, FAINT, INK, MUTED, ORANGE, Drawing, canvas, gridded, styled
from thermonet.report.names import printed, printed_unit, readable, symbol_math, unmath
from thermonet.results.record import Column, Table

#: Most inputs that get a row, and the smallest information gain that earns one [nat].
_ROWS, _GAIN = 12, 5e-3
_PREDICTION = "probe_resistance"


@styled
def update_figure(parameters: Table, predictions: Table) -> Drawing:
    """Draw prior and posterior.

    Parameters
    ----------
    parameters
        Of the inputs, the most learned of first: columns 'input', 'prior', 'prior_u', 'posterior', 'posterior_u' and
        'gain' [nat].
    predictions
        Columns 'quantity', 'unit', 'prior', 'prior_u', 'posterior', 'posterior_u', 'measured' and 'measured_u'; one row
        is R_P.
    """
    gains = _numbers(parameters, "gain")
    shown = [i for i in range(len(gains)) if gains[i] >= _GAIN][:_ROWS] or [0]
    height = max(3.0, 1.1 + 0.3 * len(shown))
    figure = canvas(9.6, height, left=0.06, right=0.985, bottom=0.55 / height, top=1 - 0.5 / height, wspace=0.72)
    left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.15))
    _prediction(left, predictions)
    _inputs(right, parameters, shown)
    return Drawing(
        "update",
        "What the measurement taught",
        "Left, R_P as the design predicted it before the update and as it does after, beside the measured value. "
        "Right, the inputs of the design that the measurement said most about: mean ± u before (grey) and after "
        "(blue), in units of u before; at the edge the information gained.",
        figure,
        {
            name: Column(parameters[name].unit, [parameters[name].values[i] for i in shown])
            for name in ("input", "unit", "prior", "prior_u", "posterior", "posterior_u", "gain")
        },
    )


def _numbers(table: Table, name: str) -> NDArray[np.float64]:
    return np.array([math.nan if value is None else float(value) for value in table[name].values])


def _prediction(axes: Axes, table: Table) -> None:
    """Densities of R_P before and after, lognormal as a positive number is, and what was measured."""
    row = list(table["quantity"].values).index(_PREDICTION)
    columns = ("prior", "prior_u", "posterior", "posterior_u", "measured", "measured_u")
    prior, prior_u, after, after_u, measured, measured_u = (float(_numbers(table, name)[row]) for name in columns)
    unit = str(table["unit"].values[row])
    factor, name = scaled(prior, unit)
    low = max(1e-3 * prior, min(prior - 3 * prior_u, after - 4 * after_u))
    value = np.linspace(low, max(prior + 3.5 * prior_u, after + 4 * after_u), 800)
    # The prior is wide and low beside the posterior: each is drawn to its own height.
    for middle, u, colour, words in (
        (prior, prior_u, MUTED, "predicted before"),
        (after, after_u, BLUE, "after the update"),
    ):
        density = _lognormal(value, middle, u)
        label = f"{words}: {printed(middle, unit, u)} (k = 1)"
        axes.fill_between(value * factor, density, color=colour, alpha=0.3, linewidth=0)
        axes.plot(value * factor, density, color=colour, linewidth=1.4, label=label)
    if math.isfinite(measured):
        label = f"measured: {printed(measured, unit, measured_u)} (k = 1)"
        axes.errorbar(
            [measured * factor],
            [1.08],
            xerr=[measured_u * factor],
            fmt="o",
            color=ORANGE,
            markersize=4,
            capsize=3,
            label=label,
        )
    axes.set(ylim=(0, 1.75), yticks=(), xlabel=f"{symbol_math('R_P')} [{printed_unit(name)}]")
    axes.set_title("Prediction, each density to its own height", fontsize=9.5)
    axes.spines["left"].set_visible(False)
    axes.legend(loc="upper right", fontsize=8)
    gridded(axes, "x")


def _lognormal(value: NDArray[np.float64], middle: float, u: float) -> NDArray[np.float64]:
    """Lognormal density of a mean and standard deviation, its largest value one."""
    width = math.sqrt(math.log1p((u / middle) ** 2))
    density = np.exp(-0.5 * ((np.log(value / middle) + width**2 / 2) / width) ** 2) / value
    return density / density.max()


def _inputs(axes: Axes, table: Table, shown: list[int]) -> None:
    """Dumbbells: every input's mean ± u before and after, in units of u before."""
    prior, prior_u, after, after_u, gain = (
        _numbers(table, name)[shown] for name in ("prior", "prior_u", "posterior", "posterior_u", "gain")
    )
    middle, wide = (after - prior) / prior_u, after_u / prior_u
    rows = np.arange(len(shown))
    axes.hlines(rows, -1, 1, color=FAINT, linewidth=7, label="before ± u")
    axes.hlines(rows, middle - wide, middle + wide, color=BLUE, linewidth=2.4, label="after ± u")
    axes.plot(middle, rows, "o", color=BLUE, markersize=4.5)
    reach = max(1.25, 1.1 * float(np.max(np.abs(middle) + wide)))
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.set(xlim=(-reach, 1.45 * reach), ylim=(len(shown) - 0.4, -0.6), xlabel="change over u before")
    axes.set_yticks(rows, [unmath(readable(str(table["input"].values[i]))) for i in shown], fontsize=8.5)
    for row, nats in zip(rows, gain, strict=True):
        axes.annotate(
            f"{nats / math.log(2):.2f} bit",
            (1.0, row),
            xycoords=("axes fraction", "data"),
            xytext=(-2, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=8,
            color=INK,
        )
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, fontsize=8.5, handlelength=1.4)
    gridded(axes, "x")
