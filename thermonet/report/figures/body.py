"""The temperature field of a body, and how its periodic state swings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.patches import PathPatch
from matplotlib.tri import Triangulation

from thermonet.geometry.mesh import LENGTH_UNIT, Floats
from thermonet.quantities.formatting import scaled
from thermonet.report.figures.drawing import INK, Drawing, canvas, styled
from thermonet.report.figures.section import COLOUR_MAP, outlines, quartered
from thermonet.report.figures.solid import Scene, solid_figure
from thermonet.report.names import printed, printed_unit
from thermonet.results.record import Column
from thermonet.studies.bodies.study import BodyStudy

_LEVELS = 9
#: Differences of temperature below this part of it are rounding, and no field.
_ROUNDING = 1e-12
#: Width over height, or height over width, beyond which a body is stretched: thin wide layers would be invisible to
#: scale, while a sheet in its plane is a drawing that its maker knows.
_STRETCHED, _STRETCHED_SHEET = 5.0, 30.0
#: Inches of a figure: its width, the part of it that is the field, above and below the field, its least and its most.
_WIDTH, _FIELD, _AROUND, _LOW, _HIGH = 9.6, 7.2, 0.8, 1.6, 3.1


def body_figures(study: BodyStudy) -> list[Drawing]:
    """Fields of a body: temperature, if it is not the same everywhere; amplitude, where it has a periodic state."""
    found = []
    if not _is_even(study):
        coldest = float(study.temperature.min())
        static = Scene(
            name="field",
            title="Temperature field",
            meaning="Static temperature above the coldest point with all sources at their powers",
            mesh=study.mesh,
            values=study.temperature - coldest,
            label=f"above {printed(coldest, 'K', digits=6)}",
            column="temperature",
            offset=coldest,
        )
        found.append(_drawn(static, study))
    if study.swinging is not None and study.swinging.values.max() > 0:
        swinging = Scene(
            name="amplitude",
            title="Amplitude of the periodic state",
            meaning="Amplitude of the temperature at the frequency of all that varies, its first harmonic",
            mesh=study.swinging.mesh,
            values=study.swinging.values,
            label="amplitude",
            column="amplitude",
        )
        found.append(_drawn(swinging, study))
    return found


def left_out(study: BodyStudy) -> str:
    """Why the temperature field of a body is not drawn; empty where it is."""
    if not _is_even(study):
        return ""
    even = printed(float(study.temperature.min()), "K", digits=6)
    return f"Steady, with all sources at their powers, the temperature is {even} everywhere: its field is not drawn."


def _is_even(study: BodyStudy) -> bool:
    return bool(np.ptp(study.temperature) <= _ROUNDING * study.temperature.max())


def _drawn(scene: Scene, study: BodyStudy) -> Drawing:
    if scene.mesh.dimension == 3:
        return solid_figure(scene)
    return _plane_figure(scene, study.axes, sheet=getattr(study.document, "coordinates", "") == "plate")


@styled
def _plane_figure(scene: Scene, axis_names: tuple[str, ...], *, sheet: bool) -> Drawing:
    """Values over the section of a body, regions outlined and named."""
    mesh, values = scene.mesh, scene.values
    points = mesh.points * LENGTH_UNIT
    length, length_unit = scaled(float(np.ptp(points, axis=1).max()), "m")
    factor, unit = scaled(float(values.max()), "K")
    shape = _Shape.of(points, sheet=sheet)
    height = shape.height + _AROUND
    figure = canvas(_WIDTH, height, left=0.09, right=0.93, bottom=0.55 / height, top=1 - 0.15 / height)
    axes = figure.subplots()
    x, y = points * length
    triangles = Triangulation(x, y, quartered(mesh))
    painted = axes.tripcolor(triangles, values * factor, shading="gouraud", cmap=COLOUR_MAP, rasterized=True)
    levels = np.linspace(0, float(values.max()) * factor, _LEVELS + 2)[1:-1]
    axes.tricontour(triangles, values * factor, levels, colors="white", linewidths=0.7, alpha=0.55)
    for outline in outlines(mesh, np.column_stack([x, y])).values():
        # White on a dark edge is seen on both ends of the colours.
        axes.add_patch(PathPatch(outline, facecolor="none", edgecolor=INK, linewidth=1.5, alpha=0.5))
        axes.add_patch(PathPatch(outline, facecolor="none", edgecolor="white", linewidth=0.6))
    axes.set_aspect("auto" if shape.stretched else "equal")
    names = ("distance from the axis", "height") if axis_names[0] == "r" else ("x", "y")
    axes.set(xlabel=f"{names[0]} [{printed_unit(length_unit)}]", ylabel=f"{names[1]} [{printed_unit(length_unit)}]")
    bar = figure.colorbar(painted, ax=axes, pad=0.02)
    bar.set_label(f"{scene.label} [{printed_unit(unit)}]")
    bar.outline.set_visible(False)
    return Drawing(
        scene.name,
        scene.title,
        f"{scene.meaning}, lines of equal ones at equal steps; bordered lines are the boundaries of the regions "
        f"({', '.join(mesh.names)}){'; not to scale' if shape.stretched else ''}.",
        figure,
        {
            **{
                axis: Column("m", [float(f"{value:.8g}") for value in row])
                for axis, row in zip(axis_names, points, strict=True)
            },
            scene.column: Column("K", [scene.offset + float(value) for value in values]),
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
