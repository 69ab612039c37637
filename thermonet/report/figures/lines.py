"""Metals as lines on a tip: where they run, and how warm the tip is along and across them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import TriMesh
from matplotlib.patches import Circle, Patch, Rectangle
from matplotlib.tri import Triangulation

from thermonet.geometry.apex import Line
from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Mesh
from thermonet.heat.probe_solid import SolidProbeModel
from thermonet.heat.tip_solid import SolidTipModel
from thermonet.quantities.formatting import scaled
from thermonet.report.field import static_temperature
from thermonet.report.field_solid import half_plane, outer_surface
from thermonet.report.figures.drawing import BLUE, FAINT, INK, Drawing, canvas, gridded, styled
from thermonet.report.figures.field import tints
from thermonet.report.figures.section import COLOUR_MAP, quartered
from thermonet.results.record import Column, rows_of
from thermonet.studies.probe import ProbeStudy

_UM = 1e6


@dataclass(frozen=True)
class _Curve:
    """Temperature per watt [K/W] in a film along a half plane, by the distance from the contact plane [m]."""

    film: str
    direction: str
    distance: Floats
    temperature: Floats


@styled
def lines_figure(study: ProbeStudy) -> Drawing:
    """Tip seen from above, and temperature along its films in the planes of both lines."""
    model = study.solved.model
    assert isinstance(model, SolidProbeModel)
    temperature = static_temperature(study)
    curves = _curves(study, model, temperature)
    factor, unit = scaled(max(float(curve.temperature.max()) for curve in curves), "K/W")
    figure = canvas(12.0, 4.0, left=0.05, right=0.99, bottom=0.14, top=0.91, wspace=0.32)
    above, along, width = figure.subplots(1, 3, width_ratios=(1.2, 1.15, 0.8))
    painted = _from_above(above, study, model.tip, temperature * factor)
    bar = figure.colorbar(painted, ax=above, pad=0.03, shrink=0.85)
    bar.set_label(f"temperature rise per watt [{unit}]")
    bar.outline.set_visible(False)
    colours = tints(study)
    for curve in curves:
        style = "-" if curve.direction == "x" else "--"
        along.plot(
            curve.distance * _UM, curve.temperature * factor, style, color=colours[curve.film], linewidth=3, alpha=0.9
        )
        along.plot(curve.distance * _UM, curve.temperature * factor, style, color=INK, linewidth=0.8)
    along.set(
        xlabel="distance from the contact plane [µm]", ylabel=f"temperature rise per watt [{unit}]", ylim=(0, None)
    )
    along.set_title("Along the cantilever (full), across it (dashed)")
    along.legend(
        handles=[
            Patch(facecolor=colours[film], edgecolor=INK, label=film)
            for film in dict.fromkeys(curve.film for curve in curves)
        ],
        loc="upper right",
    )
    gridded(along, "y")
    _width_of_lines(width, study)
    return Drawing(
        "lines",
        "Metals as lines",
        "Left: the tip seen from above, the temperature of its outer surface over the lines that lie under it. Middle: "
        "static temperature rise per watt in the metal films, in the plane along the cantilever and in the one across "
        "it; a line ends where the other plane leaves it. Right: R_P with lines of other widths, and with shells.",
        figure,
        {
            "film": Column("", [curve.film for curve in curves for _ in curve.distance]),
            "direction": Column("", [curve.direction for curve in curves for _ in curve.distance]),
            "distance": Column("m", [float(f"{value:.8g}") for curve in curves for value in curve.distance]),
            "temperature": Column("K/W", [float(f"{value:.8g}") for curve in curves for value in curve.temperature]),
        },
    )


def _curves(study: ProbeStudy, model: SolidProbeModel, temperature: Floats) -> list[_Curve]:
    """Temperature on the outer faces of metals, where the planes of both lines cut them."""
    tip, metals = model.tip, study.probe.sensing.metals
    faces = {study.probe.sensing.source_layer: outer_surface(tip)}
    faces |= {
        metal: np.concatenate([line.first_facets for line in tip.interfaces if line.first == metal], axis=1)
        for metal in reversed(metals)
    }
    height = tip.mesh.points[2] * LENGTH_UNIT
    distance = height.max() - height
    found = []
    for direction in ("x", "y"):
        _, on = half_plane(tip.mesh.points, direction)
        for film, outside in faces.items():
            nodes = np.unique(outside)
            nodes = nodes[on[nodes]]
            nodes = nodes[np.argsort(distance[nodes])]
            found.append(_Curve(film, direction, distance[nodes], temperature[nodes]))
    return found


def _from_above(axes: Axes, study: ProbeStudy, tip: SolidTipModel, temperature: Floats) -> TriMesh:
    """Temperature of the outer surface where y > 0, and the lines where y < 0."""
    mesh, faces = tip.mesh, outer_surface(tip)
    x, y, _ = mesh.points * (LENGTH_UNIT * _UM)
    surface = Mesh(mesh.points, faces, np.zeros(faces.shape[1], dtype=np.int64), mesh.names, {})
    triangles = quartered(surface)
    if tip.tip.quarters == 1:
        x, y, temperature = (
            np.concatenate([values, sign * values]) for values, sign in ((x, -1), (y, 1), (temperature, 1))
        )
        triangles = np.concatenate([triangles, triangles + mesh.points.shape[1]])
    painted = axes.tripcolor(
        Triangulation(x, y, triangles),
        temperature,
        shading="gouraud",
        cmap=COLOUR_MAP,
        vmin=0,
        rasterized=True,
    )
    radius = float(x.max())
    rim = Circle((0, 0), radius, facecolor=tints(study)["core"], edgecolor=INK, linewidth=0.6)
    axes.add_patch(rim)
    rim.set_clip_path(Rectangle((-radius, -radius), 2 * radius, radius, transform=axes.transData))
    for layer in study.probe.apex.layers:
        if layer.line is not None:
            strip = _strip(layer.line, radius, tints(study)[layer.name])
            axes.add_patch(strip)
            strip.set_clip_path(Circle((0, 0), radius, transform=axes.transData))
    axes.set(xlim=(-1.05 * radius, 1.05 * radius), ylim=(-1.05 * radius, 1.05 * radius), aspect="equal")
    axes.set(xlabel="x, towards the free end [µm]", ylabel="y [µm]", title="From above")
    return painted


def _width_of_lines(axes: Axes, study: ProbeStudy) -> None:
    """R_P with lines of other widths and with shells; the design's own stands out."""
    rows = list(rows_of(study.result.tables["line_width"], "widths", "probe_resistance"))
    resistances = [float(resistance or 0) for _, resistance in rows]
    factor, unit = scaled(max(resistances), "K/W")
    colours = [BLUE if label == "1 x" else FAINT for label, _ in rows]
    axes.bar([str(label) for label, _ in rows], [factor * value for value in resistances], color=colours)
    axes.set(ylabel=f"$R_P$ [{unit}]", xlabel="widths, relative to the design's", title="Width of the lines")
    axes.tick_params(axis="x", labelsize=8)
    gridded(axes, "y")


def _strip(line: Line, radius: float, colour: str) -> Rectangle:
    """Part of a line below y = 0, in micrometres; what covers the whole tip fills the circle."""
    half = min(line.width * _UM / 2, radius)
    if line.direction == "x":
        return Rectangle((-radius, -half), 2 * radius, half, facecolor=colour, edgecolor=INK, linewidth=0.6)
    return Rectangle((-half, -radius), 2 * half, radius, facecolor=colour, edgecolor=INK, linewidth=0.6)
