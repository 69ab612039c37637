"""The lumped network around the contact, drawn with its numbers and its verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from thermonet.report.figures.drawing import BLUE, GREEN, INK, MUTED, ORANGE, RED, Drawing, canvas, styled
from thermonet.report.names import printed, symbol_math
from thermonet.results.record import Column, Quantity, Table
from thermonet.studies.probe import ProbeStudy

#: Where the places of the network stand on the line, and what they are called.
_PLACES = {"bath": 0.0, "thermocouple": 3.0, "apex": 6.0, "substrate": 9.0, "far bath": 12.0}
_ELEMENTS = (
    ("probe_resistance", "bath", "thermocouple"),
    ("access_resistance", "thermocouple", "apex"),
    ("junction_resistance", "apex", "substrate"),
    ("substrate_resistance", "substrate", "far bath"),
)
_MEANINGS = {
    "probe_resistance": "probe",
    "access_resistance": "apex to thermocouple",
    "junction_resistance": "junction",
    "substrate_resistance": "substrate",
}
#: Colour and word of every verdict.
VERDICTS = {True: (GREEN, "holds"), False: (RED, "does not hold"), None: ("#8a5a00", "undecided")}


@styled
def network_figure(study: ProbeStudy) -> Drawing:
    """Bath, R_P, thermocouple, R_a, apex, R_J, substrate, R_S, bath: every element with its value."""
    quantities = study.result.quantities
    figure = canvas(9.6, 2.95, left=0.01, right=0.99, bottom=0.01, top=0.99)
    axes = figure.subplots()
    axes.set(xlim=(-0.9, 12.9), ylim=(-2.3, 1.6))
    axes.axis("off")
    for key, start, stop in _ELEMENTS:
        _element(axes, quantities[key], _MEANINGS[key], _PLACES[start], _PLACES[stop])
    for place, at in _PLACES.items():
        _bath(axes, at) if place.endswith("bath") else _node(axes, at, place)
    _thermometer(axes, _PLACES["thermocouple"])
    _heat(axes, _PLACES["apex"], "$Q_P$")
    _heat(axes, _PLACES["substrate"], "$Q_S$")
    _verdict(axes, study)
    return Drawing(
        "network",
        "Thermal network around the contact",
        "Heat is released on both sides of the junction. The measurement takes the thermocouple's temperature over "
        "R_P for the heat in the probe, which is right where no heat crosses R_J.",
        figure,
        _network_table(quantities),
    )


def _element(axes: Axes, quantity: Quantity, meaning: str, start: float, stop: float) -> None:
    """Resistor symbol between two places; a wire where the resistance is zero, a gap where it is infinite."""
    middle, half = (start + stop) / 2, 0.62
    colour = ORANGE if quantity.symbol == "R_J" else BLUE
    axes.plot([start, middle - half], [0, 0], color=INK, linewidth=1.4)
    axes.plot([middle + half, stop], [0, 0], color=INK, linewidth=1.4)
    if quantity.value == 0:
        axes.plot([middle - half, middle + half], [0, 0], color=INK, linewidth=1.4)
    elif math.isfinite(quantity.value):
        x = middle - half + np.concatenate([[0.0], (np.arange(8) + 0.5) / 8, [1.0]]) * 2 * half
        y = 0.2 * np.concatenate([[0.0], (-1.0) ** np.arange(8), [0.0]])
        axes.plot(x, y, color=colour, linewidth=2, solid_joinstyle="miter")
    value = printed(quantity.value, quantity.unit, quantity.u) if math.isfinite(quantity.value) else "infinite"
    axes.text(middle, 0.36, symbol_math(quantity.symbol), ha="center", va="bottom", fontsize=12)
    axes.text(middle, -0.34, value, ha="center", va="top", fontsize=9.5, fontweight="bold")
    axes.text(middle, -0.66, meaning, ha="center", va="top", fontsize=8.5, color=MUTED)


def _node(axes: Axes, at: float, name: str) -> None:
    axes.plot([at], [0], marker="o", markersize=7, color=INK)
    axes.text(at, -0.34, name, ha="center", va="top", fontsize=8.5, color=INK)


def _bath(axes: Axes, at: float) -> None:
    """Three bars of shrinking length, as for the ground of a circuit."""
    axes.plot([at, at], [0, -0.3], color=INK, linewidth=1.4)
    for index, width in enumerate((0.3, 0.19, 0.08)):
        axes.plot([at - width, at + width], [-0.3 - 0.12 * index] * 2, color=INK, linewidth=1.6)
    axes.text(at, -0.68, "bath", ha="center", va="top", fontsize=8.5)


def _thermometer(axes: Axes, at: float) -> None:
    axes.plot([at, at], [0.1, 0.95], color=MUTED, linewidth=1, linestyle=(0, (2, 2)))
    axes.text(at, 1.0, "$\\Delta T_{TC}$", ha="center", va="bottom", fontsize=11)


def _heat(axes: Axes, at: float, name: str) -> None:
    arrow = {"arrowstyle": "-|>", "color": RED, "linewidth": 1.8, "shrinkB": 4}
    axes.annotate("", xy=(at, 0), xytext=(at, 1.0), arrowprops=arrow)
    axes.text(at, 1.0, name, ha="center", va="bottom", fontsize=11, color=RED)


def _verdict(axes: Axes, study: ProbeStudy) -> None:
    check = study.result.checks["junction_much_larger_than_probe"]
    colour, word = VERDICTS[check.holds]
    bias = printed(check.value, "1", check.u).replace("-", "−")
    axes.text(
        6.0,
        -1.28,
        f"$R_J \\gg R_P$ {word}",
        ha="center",
        va="top",
        fontsize=11,
        fontweight="bold",
        color="white",
        bbox={"boxstyle": "round,pad=0.4", "facecolor": colour, "edgecolor": "none"},
    )
    allowed = printed(check.threshold, "1")
    text = f"Taking $R_J$ infinite biases $Q_P$ by {bias} of the total heat in the worst case; allowed: {allowed}"
    axes.text(6.0, -1.88, text, ha="center", va="top", fontsize=9)


def _network_table(quantities: Mapping[str, Quantity]) -> Table:
    found = [quantities[key] for key, _, _ in _ELEMENTS]
    return {
        "element": Column("", [key for key, _, _ in _ELEMENTS]),
        "from": Column("", [start for _, start, _ in _ELEMENTS]),
        "to": Column("", [stop for _, _, stop in _ELEMENTS]),
        "resistance": Column("K/W", [quantity.value for quantity in found]),
        "u": Column("K/W", [quantity.u for quantity in found]),
    }
