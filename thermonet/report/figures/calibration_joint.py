"""How the results of a calibration hang together: correlation coefficients, and S_TC and R_P of one thermocouple."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

from thermonet.calibration.campaign import probes_of
from thermonet.calibration.outcome import Derived, correlation_of, suffix
from thermonet.quantities.formatting import scaled
from thermonet.report.figures.drawing import BLUE, INK, MUTED, ORANGE, Drawing, canvas, gridded, styled
from thermonet.report.names import printed_concise, printed_unit, symbol_math, titled, unmath
from thermonet.results.record import Column
from thermonet.studies.calibration import CalibrationStudy

#: From -1 over 0 to 1: blue and orange, which colour-blind readers can tell apart, and white between.
_COLOURS = LinearSegmentedColormap.from_list("correlation", [BLUE, "#ffffff", ORANGE])
#: Most rows of a matrix, and the smallest coefficient that is printed in it.
_MOST, _SMALL = 24, 0.05
#: What is computed from another row and says the same.
_REDUNDANT = "heat_per_volt"


@styled
def correlation_figure(study: CalibrationStudy) -> Drawing | None:
    """Correlation coefficients of what is reported and of what was sought; None where there is one number only."""
    found = [item for key, item in study.derived.items() if not key.startswith(_REDUNDANT)][:_MOST]
    if len(found) < 2:
        return None
    matrix = _coefficients(found, study)
    names = [_label(item) for item in found]
    size = len(found)
    cell = min(0.52, 6.6 / size)
    longest = max(len(name) if "$" not in name else 12 for name in names)
    left, below, above, right = 0.25 + 0.063 * longest, 0.3 + 0.047 * longest, 0.12, 1.0
    width, height = left + cell * size + right, below + cell * size + above
    figure = canvas(
        width, height, left=left / width, right=1 - right / width, bottom=below / height, top=1 - above / height
    )
    axes = figure.subplots()
    lower = np.where(np.tri(size, dtype=bool), matrix, np.nan)
    painted = axes.pcolormesh(lower, cmap=_COLOURS, vmin=-1, vmax=1, edgecolors="white", linewidth=1.0)
    for i, j in zip(*np.tril_indices(size, -1), strict=True):
        if abs(matrix[i, j]) >= _SMALL:
            colour = "white" if abs(matrix[i, j]) > 0.6 else INK
            text = f"{matrix[i, j]:.2f}".replace("-", "−")
            axes.text(j + 0.5, i + 0.5, text, ha="center", va="center", fontsize=min(8.5, 20.5 * cell), color=colour)
    axes.set_yticks(np.arange(size) + 0.5, names, fontsize=8.5)
    axes.set_xticks(np.arange(size) + 0.5, names, fontsize=8.5, rotation=45, ha="right", rotation_mode="anchor")
    axes.invert_yaxis()
    axes.tick_params(length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    bar = figure.colorbar(
        painted, cax=axes.inset_axes((1.04, 0.0, 0.12 / (cell * size), 1.0)), ticks=(-1, -0.5, 0, 0.5, 1)
    )
    bar.set_label("correlation coefficient", fontsize=8.5)
    bar.ax.tick_params(labelsize=8)
    bar.outline.set_visible(False)
    first, second = np.tril_indices(size, -1)
    return Drawing(
        "correlation",
        "Correlations",
        "Coefficients between the reported quantities and whatever else the records determine; those below "
        f"{_SMALL:g} are not written. Quantities that rest on the same inputs err together.",
        figure,
        {
            "first": Column("", [found[i].key for i in first]),
            "second": Column("", [found[j].key for j in second]),
            "correlation": Column("1", [float(matrix[i, j]) for i, j in zip(first, second, strict=True)]),
        },
    )


def _coefficients(found: Sequence[Derived], study: CalibrationStudy) -> NDArray[np.float64]:
    matrix = np.array([[correlation_of(first, second, study.adjustment) for second in found] for first in found])
    return np.clip(matrix, -1.0, 1.0)


def _label(item: Derived) -> str:
    if item.key.startswith(("experiments.", "thermometers.")):
        return unmath(titled(item.key))
    probe = item.key.partition(".")[2]
    return symbol_math(item.symbol) + (f" of {probe}" if probe else "")


@styled
def joint_figure(study: CalibrationStudy) -> Drawing | None:
    """Joint uncertainty of S_TC and R_P of every probe that has both; None where none has."""
    pairs = {}
    for probe in probes_of(study.campaign.document):
        end = suffix(study.campaign.document, probe)
        keys = [f"{name}{end}" for name in ("seebeck_coefficient", "probe_resistance", "responsivity")]
        if all(key in study.derived for key in keys):
            pairs[probe] = [study.derived[key] for key in keys]
    if not pairs:
        return None
    columns = min(len(pairs), 2)
    rows = math.ceil(len(pairs) / columns)
    width, height = (6.2, 4.4) if columns == 1 else (9.6, 3.9 * rows + 0.3)
    figure = canvas(
        width,
        height,
        left=0.75 / width,
        right=1 - 0.15 / width,
        bottom=0.85 / height,
        top=1 - 0.35 / height,
        wspace=0.22,
        hspace=0.35,
    )
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels[len(pairs) :]:
        axes.set_visible(False)
    found = {probe: correlation_of(pair[0], pair[1], study.adjustment) for probe, pair in pairs.items()}
    for axes, (probe, (seebeck, resistance, product)) in zip(panels, pairs.items(), strict=False):
        _ellipses(axes, seebeck, resistance, found[probe])
        axes.set_title(probe, fontsize=9.5)
        axes.set_title(
            _verdict(seebeck, resistance, product), fontsize=8.5, loc="right", color=MUTED, fontweight="normal"
        )
    figure.legend(*panels[0].get_legend_handles_labels(), loc="lower center", ncols=3, fontsize=8.5)
    return Drawing(
        "joint",
        "S_TC and R_P belong together",
        "Both come from one thermocouple: what is known best is their product, the responsivity, along whose dotted "
        "line the ellipses of k = 1 and k = 2 lie. Dashed, what the same two uncertainties would say if taken as "
        "uncorrelated: a heat computed from S_TC and R_P that way gets the wrong uncertainty.",
        figure,
        {
            "probe": Column("", list(pairs)),
            "seebeck_coefficient": Column("V/K", [pair[0].value for pair in pairs.values()]),
            "u_seebeck_coefficient": Column("V/K", [pair[0].u for pair in pairs.values()]),
            "probe_resistance": Column("K/W", [pair[1].value for pair in pairs.values()]),
            "u_probe_resistance": Column("K/W", [pair[1].u for pair in pairs.values()]),
            "correlation": Column("1", list(found.values())),
        },
    )


def _verdict(seebeck: Derived, resistance: Derived, product: Derived) -> str:
    """Relative uncertainty of the product of S_TC and R_P, with their covariance and without."""
    apart = math.hypot(seebeck.u / seebeck.value, resistance.u / resistance.value)
    return f"u of the product: {100 * abs(product.u / product.value):.2g} %, not {100 * apart:.2g} %"


def _ellipses(axes: Axes, seebeck: Derived, resistance: Derived, coefficient: float) -> None:
    across, x_unit = scaled(seebeck.value, seebeck.unit)
    up, y_unit = scaled(resistance.value, resistance.unit)
    turn = np.linspace(0, 2 * math.pi, 181)
    for k in (1, 2):
        for r, colour, style, words in (
            (0.0, MUTED, "--", "taken as uncorrelated"),
            (coefficient, BLUE, "-", "with their covariance"),
        ):
            x = seebeck.value + k * seebeck.u * np.cos(turn)
            y = resistance.value + k * resistance.u * (r * np.cos(turn) + math.sqrt(1 - r**2) * np.sin(turn))
            axes.plot(
                x * across,
                y * up,
                style,
                color=colour,
                linewidth=1.6 if k == 1 else 1.0,
                label=words if k == 1 else None,
            )
    axes.plot([seebeck.value * across], [resistance.value * up], "o", color=INK, markersize=4)
    reach = seebeck.value + 2.3 * seebeck.u * np.linspace(-1, 1, 41)
    level = seebeck.value * resistance.value
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())  # the dotted line may leave the frame
    label = f"$S_{{TC}}\\,R_P$ = {printed_concise(level, 'V/W', None)}"
    axes.plot(reach * across, level / reach * up, ":", color=ORANGE, linewidth=1.4, label=label)
    axes.set(
        xlabel=f"{symbol_math('S_TC')} [{printed_unit(x_unit)}]",
        ylabel=f"{symbol_math('R_P')} [{printed_unit(y_unit)}]",
    )
    axes.locator_params(nbins=6)
    gridded(axes)
