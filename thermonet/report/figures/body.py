"""The temperature field of a body."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import PathPatch
from matplotlib.tri import Triangulation

from thermonet.geometry.mesh import LENGTH_UNIT
from thermonet.quantities.formatting import scaled
from thermonet.report.figures.drawing import Drawing, canvas, styled
from thermonet.report.figures.section import COLOUR_MAP, outlines, quartered
from thermonet.report.figures.solid import solid_figure
from thermonet.report.names import printed, printed_unit
from thermonet.results.record import Column
from thermonet.studies.body import BodyStudy

_LEVELS = 9


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
    figure = canvas(9.6, 3.9, left=0.09, right=0.93, bottom=0.14, top=0.96)
    axes = figure.subplots()
    x, y = points * length
    triangles = Triangulation(x, y, quartered(mesh))
    painted = axes.tripcolor(triangles, rise * factor, shading="gouraud", cmap=COLOUR_MAP, rasterized=True)
    if rise.max() > 0:
        levels = np.linspace(0, float(rise.max()) * factor, _LEVELS + 2)[1:-1]
        axes.tricontour(triangles, rise * factor, levels, colors="white", linewidths=0.7, alpha=0.55)
    for outline in outlines(mesh, np.column_stack([x, y])).values():
        axes.add_patch(PathPatch(outline, facecolor="none", edgecolor="white", linewidth=0.8))
    # Thin wide layers would be invisible to scale.
    flat = np.ptp(y) < 0.2 * np.ptp(x) or np.ptp(x) < 0.2 * np.ptp(y)
    axes.set_aspect("auto" if flat else "equal")
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
        f"white lines are the boundaries of the regions ({regions}){'; not to scale' if flat else ''}.",
        figure,
        {
            "first": Column("m", [float(f"{value:.8g}") for value in points[0]]),
            "second": Column("m", [float(f"{value:.8g}") for value in points[1]]),
            "temperature": Column("K", [float(value) for value in study.temperature]),
        },
    )
