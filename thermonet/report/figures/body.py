"""The temperature field of a body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.patches import PathPatch
from matplotlib.tri import Triangulation

from thermonet.geometry.mesh import LENGTH_UNIT, Floats
from thermonet.quantities.formatting import scaled
from thermonet.report.figures.drawing import INK, Drawing, canvas, styled
from thermonet.report.figures.section import COLOUR_MAP, outlines, quartered
from thermonet.report.figures.solid import solid_figure
from thermonet.report.names import printed, printed_unit
from thermonet.results.record import Column
from thermonet.studies.bodies.study import BodyStudy

_LEVELS = 9
#: Width over height, or height over width, beyond which a body is stretched: thin wide layers would be invisible to
#: scale, while a sheet in its plane is a drawing that its maker knows.
_STRETCHED, _STRETCHED_SHEET = 5.0, 30.0
#: Inches of a figure: its width, the part of it that is the field, above and below the field, its least and its most.
_WIDTH, _FIELD, _AROUND, _LOW, _HIGH = 9.6, 7.2, 0.8, 1.6, 3.1


@styled
def body_figure(study: BodyStudy) -> Drawing:
    """Temperature over the section of a body, above its coldest point, regions outlined and named."""
    mesh = study.mesh
    if mesh.dimension == 3:
        return solid_figure(mesh, study.temperature, mesh.names)
    points, coldest = mesh.points * LENGTH_UNIT, float(study.temperature.min())
    rise = study.temperature - coldest
    length, length_unit = scaled(float(np.ptp(points, axis=1).max()), "m")
    factor, unit = scaled(float(rise.max()), "K")
    shape = _Shape.of(points, sheet=getattr(study.document, "coordinates", "") == "plate")
    height = shape.height + _AROUND
    figure = canvas(_WIDTH, height, left=0.09, right=0.93, bottom=0.55 / height, top=1 - 0.15 / height)
    axes = figure.subplots()
    x, y = points * length
    triangles = Triangulation(x, y, quartered(mesh))
    painted = axes.tripcolor(triangles, rise * factor, shading="gouraud", cmap=COLOUR_MAP, rasterized=True)
    if rise.max() > 0:
        levels = np.linspace(0, float(rise.max()) * factor, _LEVELS + 2)[1:-1]
        axes.tricontour(triangles, rise * factor, levels, colors="white", linewidths=0.7, alpha=0.55)
    for outline in outlines(mesh, np.column_stack([x, y])).values():
        # White on a dark edge is seen on both ends of the colours.
        axes.add_patch(PathPatch(outline, facecolor="none", edgecolor=INK, linewidth=1.5, alpha=0.5))
        axes.add_patch(PathPatch(outline, facecolor="none", edgecolor="white", linewidth=0.6))
    axes.set_aspect("auto" if shape.stretched else "equal")
    names = ("distance from the axis", "height") if study.axes[0] == "r" else ("x", "y")
    axes.set(xlabel=f"{names[0]} [{printed_unit(length_unit)}]", ylabel=f"{names[1]} [{printed_unit(length_unit)}]")
    bar = figure.colorbar(painted, ax=axes, pad=0.02)
    bar.set_label(f"above {printed(coldest, 'K', digits=6)} [{printed_unit(unit)}]")
    bar.outline.set_visible(False)
    regions = ", ".join(mesh.names)
    return Drawing(
        "field",
        "Temperature field",
        f"Static temperature above the coldest point with all sources at their powers, isotherms at equal steps; "
        f"bordered lines are the boundaries of the regions ({regions}){'; not to scale' if shape.stretched else ''}.",
        figure,
        {
            **{
                axis: Column("m", [float(f"{value:.8g}") for value in values])
                for axis, values in zip(study.axes, points, strict=True)
            },
            "temperature": Column("K", [float(value) for value in study.temperature]),
        },
    )


@dataclass(frozen=True)
class _Shape:
    """How a plane body is drawn: whether stretched, and how high [inches]."""

    stretched: bool
    height: float

    @classmethod
    def of(cls, points: Floats, *, sheet: bool) -> _Shape:
        across, up = np.ptp(points, axis=1)
        ratio = max(across / up, up / across)
        if ratio > (_STRETCHED_SHEET if sheet else _STRETCHED):
            return cls(stretched=True, height=_HIGH)
        return cls(stretched=False, height=float(np.clip(_FIELD * up / across, _LOW, _HIGH)))
