"""The temperature field in the tip: over its section, and along its axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, TriMesh
from matplotlib.patches import Arc, Patch, PathPatch
from matplotlib.path import Path as Outline
from matplotlib.tri import Triangulation

from thermonet.geometry.mesh import Ints
from thermonet.quantities.formatting import scaled
from thermonet.report.field import TipField, axis_line, tip_field
from thermonet.report.figures.drawing import INK, MUTED, Drawing, canvas, gridded, styled
from thermonet.report.figures.section import COLOUR_MAP, outlines, quartered
from thermonet.report.names import printed
from thermonet.results.record import Column, Table
from thermonet.studies.probe import ProbeStudy

_NM, _UM = 1e9, 1e6
#: Line of the metal junction: on top of everything, far from all tints and from the colour map.
_JUNCTION = "#00a5c8"
#: Tints by the beginning of a material's name; materials that are not here take the rest in turn.
_TINTS = {"Au": "#e6b93d", "Cr": "#7d8796", "SiN": "#a9cfe6", "SiO2": "#ece8df", "Pt": "#b9b2c6", "Si": "#c9d6c3"}
_OTHERS = ("#d9a6a0", "#9fc3a8", "#c7b08d", "#b4a7d6", "#d5d58c", "#9ab7c1")


def tints(study: ProbeStudy) -> dict[str, str]:
    """Colour of every region of the tip; regions of one material have one colour."""
    apex = study.document.apex
    material = {"core": apex.core.material, **{name: layer.material for name, layer in apex.layers.items()}}
    found: dict[str, str] = {}
    free = iter(_OTHERS * (1 + len(material) // len(_OTHERS)))
    for name in material.values():
        if name not in found:
            known = sorted((key for key in _TINTS if name.startswith(key)), key=len)
            found[name] = _TINTS[known[-1]] if known else next(free)
    return {region: found[name] for region, name in material.items()}


@dataclass(frozen=True)
class _Scale:
    """Temperatures as they are printed: factor and unit, and the range of colours in the printed unit."""

    factor: float
    unit: str
    high: float


@styled
def field_figure(study: ProbeStudy) -> Drawing:
    """Temperature per watt over the section of the whole tip and of its end, layers to scale."""
    field = tip_field(study)
    high = float(field.temperature.max())
    factor, unit = scaled(high, "K/W")
    scale = _Scale(factor, unit, high * factor)
    figure = canvas(10.6, 4.75, left=0.052, right=0.905, bottom=0.225, top=0.92, wspace=0.22)
    whole, end = figure.subplots(1, 2, width_ratios=(1.0, 1.42))
    window = min(2.5 * study.probe.apex.depth_on_axis(study.document.thermocouple.metals[1]), field.distance.max() / 2)
    _section(whole, study, field, scale, _UM, line=0.2)
    painted = _section(end, study, field, scale, _NM, line=0.5)
    _frame_whole(whole, field)
    end.set(xlim=(-0.78 * window * _NM, 0.78 * window * _NM), ylim=(-0.06 * window * _NM, window * _NM))
    end.set(xlabel="distance from the axis [nm]", ylabel="distance from the contact plane [nm]")
    end.set_title(f"Last {window * _NM:.0f} nm")
    _mark_junction(end, study)
    _mark_source(end, study)
    box = end.get_position()
    bar = figure.colorbar(painted, cax=figure.add_axes((0.92, box.y0, 0.014, box.height)))
    bar.set_label(f"temperature rise per watt [{unit}]")
    bar.outline.set_visible(False)
    figure.legend(handles=_legend(study), loc="lower center", ncols=3, handlelength=1.5, columnspacing=1.8)
    plane = ", cut along the cantilever"
    return Drawing(
        "field",
        "Temperature field in the tip",
        f"Static temperature rise per watt of the apex source{'' if study.probe.apex.is_round else plane}. "
        "Left of the axis the films, to scale; right of it the "
        "temperature with isotherms at equal steps. The blue line is where the two metals of the thermocouple meet; "
        "heat enters at the contact.",
        figure,
        _node_table(field),
    )


def _section(axes: Axes, study: ProbeStudy, field: TipField, scale: _Scale, length: float, *, line: float) -> TriMesh:
    """Layers on the left of the axis, temperature on the right; returns what a colour bar needs."""
    r, d = field.radius * length, field.distance * length
    colours = tints(study)
    for name, outline in outlines(field.mesh, np.column_stack([r, d])).items():
        vertices = outline.vertices * np.array([-1.0, 1.0])
        axes.add_patch(
            PathPatch(Outline(vertices, outline.codes), facecolor=colours[name], edgecolor=INK, linewidth=line)
        )
        axes.add_patch(PathPatch(outline, facecolor="none", edgecolor="white", linewidth=line, alpha=0.75, zorder=3))
    triangles = Triangulation(r, d, quartered(field.mesh))
    painted = axes.tripcolor(
        triangles,
        field.temperature * scale.factor,
        shading="gouraud",
        cmap=COLOUR_MAP,
        vmin=0,
        vmax=scale.high,
        rasterized=True,
    )
    levels = np.linspace(0, scale.high, 13)[1:-1]
    axes.tricontour(triangles, field.temperature * scale.factor, levels, colors="white", linewidths=0.7, alpha=0.55)
    edges = field.junction
    for side in (-1, 1):
        lines = np.stack([side * r[edges], d[edges]], axis=-1).transpose(1, 0, 2)
        axes.add_collection(LineCollection(list(lines), colors=_JUNCTION, linewidths=2.4, zorder=4, capstyle="round"))
    axes.set_aspect("equal")
    return painted


def _frame_whole(axes: Axes, field: TipField) -> None:
    widest, longest = field.radius.max() * _UM, field.distance.max() * _UM
    axes.set(xlim=(-1.06 * widest, 1.06 * widest), ylim=(-0.04 * longest, 1.08 * longest))
    axes.set(xlabel="distance from the axis [µm]", ylabel="distance from the contact plane [µm]", title="Whole tip")
    axes.plot([-1.06 * widest, 1.06 * widest], [longest, longest], color=MUTED, linewidth=2.5, solid_capstyle="butt")
    axes.text(0, 1.015 * longest, "cantilever", ha="center", va="bottom", fontsize=8.5, color=MUTED)


def _mark_junction(axes: Axes, study: ProbeStudy) -> None:
    depth = study.probe.apex.depth_on_axis(study.document.thermocouple.metals[1]) * _NM
    low, high = axes.get_xlim()
    axes.annotate(
        f"thermocouple\njunction,\n{depth:.0f} nm deep",
        xy=(-0.02 * (high - low), depth),
        xytext=(low + 0.02 * (high - low), 0.075 * axes.get_ylim()[1]),
        arrowprops={"arrowstyle": "-", "color": _JUNCTION, "linewidth": 1.1, "shrinkB": 1},
        fontsize=8.5,
        va="center",
    )


def _mark_source(axes: Axes, study: ProbeStudy) -> None:
    """Arrow at the contact, and an arc at the relaxation length around it."""
    reach = study.probe.sensing.relaxation_length * _NM
    low, high = axes.get_xlim()
    # The lower half would lie outside the metal.
    axes.add_patch(
        Arc(
            (0, 0),
            2 * reach,
            2 * reach,
            theta1=8,
            theta2=172,
            color=INK,
            linestyle=(0, (3, 2)),
            linewidth=0.9,
            zorder=5,
        )
    )
    axes.annotate(
        f"heat source: 1 W\nrelaxing over {printed(reach / _NM, 'm', digits=3)}\nin {study.probe.sensing.source_layer}",
        xy=(0, 0),
        xytext=(high - 0.02 * (high - low), 0.035 * axes.get_ylim()[1]),
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.1, "shrinkB": 1},
        fontsize=8.5,
        ha="right",
        va="center",
    )


def _legend(study: ProbeStudy) -> list[Patch]:
    """Regions from the outside inwards with material and thickness on flats."""
    apex, colours = study.document.apex, tints(study)
    entries = [
        Patch(
            facecolor=colours[name],
            edgecolor=INK,
            linewidth=0.4,
            label=f"{name}: {layer.material}, {printed(layer.thickness.value, 'm')}",
        )
        for name, layer in reversed(apex.layers.items())
    ]
    return [
        *entries,
        Patch(facecolor=colours["core"], edgecolor=INK, linewidth=0.4, label=f"core: {apex.core.material}"),
    ]


def _node_table(field: TipField) -> Table:
    """Node by node; a node belongs to the last region in the list that has it."""
    region = np.zeros(len(field.temperature), dtype=np.int64)
    region[field.mesh.cells] = field.mesh.region
    return {
        "radius": Column("m", [float(f"{value:.8g}") for value in field.radius]),
        "distance": Column("m", [float(f"{value:.8g}") for value in field.distance]),
        "temperature": Column("K/W", [float(f"{value:.8g}") for value in field.temperature]),
        "region": Column("", [field.mesh.names[index] for index in region]),
    }


@styled
def axis_figure(study: ProbeStudy) -> Drawing:
    """Temperature per watt along the axis, from the contact inwards, with its jumps at the interfaces."""
    field = tip_field(study)
    edges, region = axis_line(field)
    distance, temperature = field.distance[edges].T.ravel(), field.temperature[edges].T.ravel()
    factor, unit = scaled(float(temperature.max()), "K/W")
    figure = canvas(9.6, 3.9, left=0.075, right=0.985, bottom=0.13, top=0.9, wspace=0.06)
    near, far = figure.subplots(1, 2, sharey=True, width_ratios=(2.1, 1.0))
    core = float(field.distance[edges[0, region == 0]].min())
    bands = _bands(field, edges, region)
    colours = tints(study)
    for axes, length, last in ((near, _NM, 1.45 * core), (far, _UM, float(distance.max()))):
        for name, start, stop in bands:
            axes.axvspan(start * length, min(stop, last) * length, color=colours[name], alpha=0.55, linewidth=0)
        axes.plot(distance * length, temperature * factor, color=INK, linewidth=1.8, solid_joinstyle="bevel")
        axes.set_xlim(0, last * length)
    top = float(temperature.max()) * factor * 1.22
    near.set(
        ylim=(0, top),
        xlabel="distance from the contact, along the axis [nm]",
        ylabel=f"temperature rise per watt [{unit}]",
    )
    far.set(xlabel="the same, to the cantilever [µm]")
    near.set_title("The films")
    far.set_title("The whole tip")
    _name_bands(near, bands, 1.45 * core, top)
    _mark_depth(near, study, factor, top)
    for axes in (near, far):
        gridded(axes, "y")
    return Drawing(
        "axis",
        "Temperature along the axis",
        "Static temperature rise per watt from the outer surface inwards. Vertical steps are real: they are the "
        "temperature jumps at the boundary conductances between films.",
        figure,
        {
            "distance": Column("m", [float(value) for value in distance]),
            "temperature": Column("K/W", [float(value) for value in temperature]),
            "region": Column("", [field.mesh.names[index] for index in np.repeat(region, 3)]),
        },
    )


def _bands(field: TipField, edges: Ints, region: Ints) -> list[tuple[str, float, float]]:
    """(name, start, stop) [m] of every stretch of the axis that lies in one region."""
    starts = np.concatenate([[0], np.flatnonzero(np.diff(region)) + 1])
    stops = np.concatenate([starts[1:], [len(region)]]) - 1
    return [
        (field.mesh.names[region[a]], float(field.distance[edges[0, a]]), float(field.distance[edges[2, b]]))
        for a, b in zip(starts, stops, strict=True)
    ]


def _name_bands(axes: Axes, bands: list[tuple[str, float, float]], last: float, top: float) -> None:
    for name, start, stop in bands:
        middle = (start + min(stop, last)) / 2
        axes.text(
            middle * _NM, 0.985 * top, name.replace("_", "\n"), ha="center", va="top", fontsize=8.5, linespacing=1.05
        )


def _mark_depth(axes: Axes, study: ProbeStudy, factor: float, top: float) -> None:
    """Line at the junction, and the mean over it, which is R_P."""
    depth = study.probe.apex.depth_on_axis(study.document.thermocouple.metals[1]) * _NM
    resistance = study.result.quantities["probe_resistance"]
    axes.axvline(depth, color=_JUNCTION, linewidth=2)
    axes.annotate(
        f"thermocouple junction\nmean over it: $R_P$ = {printed(resistance.value, resistance.unit)}",
        xy=(depth, resistance.value * factor),
        xytext=(depth + 0.04 * axes.get_xlim()[1], 0.2 * top),
        fontsize=8.5,
        va="center",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 2},
        arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 0.8},
    )
