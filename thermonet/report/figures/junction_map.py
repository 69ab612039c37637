"""The map of the bias that an infinite R_J would make, over the junctions and substrates a probe may meet."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from thermonet.geometry.mesh import Floats
from thermonet.quantities.formatting import percent
from thermonet.report.figures.drawing import INK, MUTED, ORANGE, Drawing, canvas, styled
from thermonet.report.names import printed
from thermonet.results.record import Column, Table
from thermonet.studies.junction_map import JunctionMap

#: Biases at which the shade changes, the darkest beyond the first.
_LEVELS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
_SHADES = ("#08304f", "#0b6299", "#4f9ccb", "#a9cde4", "#d8e8f2", "#ffffff")
#: White behind a text that lies on shades and lines.
_PLATE = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1}
_TITLES = {"worst": "worst division of the heat", "half": "half of the heat on either side"}
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@styled
def junction_map_figure(found: JunctionMap) -> Drawing:
    """Two panels, the worst division of the heat and the equal one: decades of the bias, the line where it counts."""
    figure = canvas(9.6, 4.2, left=0.065, right=0.985, bottom=0.125, top=0.92, wspace=0.09)
    panels = figure.subplots(1, 2, sharey=True)
    # On logarithms of our own: an axis of logarithms costs more time than all the rest.
    start, stop = (float(np.log10(end)) for end in (found.junctions[0], found.junctions[-1]))
    for axes, (division, title) in zip(panels, _TITLES.items(), strict=True):
        _shades(axes, found, division, start, stop)
        if found.relative_u is not None:
            least = _logarithm(found.least_junction(division, found.relative_u), start - 1)
            axes.plot(least, found.line, color="white", linewidth=4.5)
            axes.plot(least, found.line, color=ORANGE, linewidth=2.4)
            _name_limit(axes, found, least)
        _here(axes, found, start, stop)
        ticks = np.arange(np.ceil(start), np.floor(stop) + 1)
        axes.set_xticks(ticks, [f"10{str(int(tick)).translate(_RAISED)}" for tick in ticks])
        axes.set(xlim=(start, stop), ylim=(found.ratios[0], found.ratios[-1]), xlabel="$R_J$ [K/W]", title=title)
    panels[0].set_ylabel("$R_S\\,/\\,R_P$")
    return Drawing("junction_map", "Where R_J ≫ R_P holds", _caption(found), figure, _table(found))


def _shades(axes: Axes, found: JunctionMap, division: str, start: float, stop: float) -> None:
    """Magnitude of the bias by decades, and where each begins its value."""
    axes.axvspan(start, stop, color=_SHADES[0], linewidth=0)
    for level, shade in zip(_LEVELS, _SHADES[1:], strict=True):
        least = _logarithm(found.least_junction(division, level), start - 1)
        axes.fill_betweenx(found.line, least, stop, color=shade, linewidth=0)
        axes.plot(least, found.line, color=MUTED, linewidth=0.6)
        label = f"{100 * level:g} %"
        if least[0] < stop:
            text = axes.text(least[0] + 0.03, 0.06, label, rotation=90, ha="left", va="bottom", fontsize=8.5, zorder=4)
            text.set_bbox(_PLATE)


def _name_limit(axes: Axes, found: JunctionMap, least: Floats) -> None:
    """Say what the thick line is, right of its upper part."""
    upper = int(np.searchsorted(found.line, 0.88 * found.line[-1]))
    text = f"$u(R_P)/R_P$ = {percent(found.relative_u or 0.0)}"
    place = (least[upper] + 0.12, found.line[upper])
    axes.text(*place, text, ha="left", va="center", fontsize=9, color=ORANGE, zorder=4).set_bbox(_PLATE)


def _logarithm(resistance: Floats, floor: float) -> Floats:
    """Power of ten, not below a floor."""
    return np.log10(np.maximum(resistance, 10.0**floor))


def _here(axes: Axes, found: JunctionMap, start: float, stop: float) -> None:
    """The design itself, where it is on the map."""
    junction, ratio = found.here
    if not (10.0**start <= junction <= 10.0**stop and ratio <= found.ratios[-1]):
        return
    at = float(np.log10(junction))
    axes.plot([at], [ratio], marker="o", markersize=8, color=INK, markeredgecolor="white", zorder=5)
    place = {"xytext": (-8, 6), "textcoords": "offset points", "ha": "right"}
    label = axes.annotate("this design", (at, ratio), fontsize=8.5, zorder=5, **place)  # type: ignore[arg-type]
    label.set_bbox(_PLATE)


def _table(found: JunctionMap) -> Table:
    """R_J along every line of the figure [K/W]."""
    levels = {f"{100 * level:g} %": level for level in _LEVELS}
    if found.relative_u is not None:
        levels["u(R_P)"] = found.relative_u
    lines = {
        f"{division} {name}": Column("K/W", found.least_junction(division, level).tolist())
        for division in _TITLES
        for name, level in levels.items()
    }
    return {"substrate_to_probe": Column("1", found.line.tolist()), **lines}


def _caption(found: JunctionMap) -> str:
    text = (
        "By how much the probe's heat is wrong, relative to all heat, where R_J is taken as infinite: for the division "
        "of the heat between probe and substrate for which it is worst, and for equal halves, where both sides cancel "
        "if R_S equals the resistance of the contact."
    )
    if found.relative_u is None or found.limit is None:
        return f"{text} R_P has no stated uncertainty that it could be compared with."
    whose = "of the measured R_P that the design states" if found.measured else "of the predicted R_P"
    where = (
        f"R_J must exceed {printed(found.limit, 'K/W', digits=3)} for that" if found.limit else "any R_J does for that"
    )
    return (
        f"{text} On the thick line it equals the relative standard uncertainty {whose}, {percent(found.relative_u)}; "
        f"to the right of it R_J ≫ R_P holds as far as R_P is known. With the substrate of this design {where}."
    )
