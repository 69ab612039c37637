"""The temperature field of a solid: its surface seen from a corner, and a plane cut through the hottest point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.tri import Triangulation
from mpl_toolkits.mplot3d.art3d import Line3DCollection, Poly3DCollection
from mpl_toolkits.mplot3d.axes3d import Axes3D

from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Mesh
from thermonet.quantities.formatting import scaled
from thermonet.report.figures.drawing import Drawing, canvas, styled
from thermonet.report.figures.section import COLOUR_MAP
from thermonet.report.figures.solid_shapes import QUARTERS, cut, cut_borders, surface
from thermonet.report.names import printed, printed_unit
from thermonet.results.record import Column

_AXES = ("x", "y", "z")
#: From where a solid is seen: above the horizon and round the z axis [deg].
_ELEVATION, _AZIMUTH = 25.0, -55.0
#: Edges and borders: seen on both ends of the colours.
_LINE = "#8d98a5"
#: Part of the largest rise that counts as warm, and room around what is, relative to its size.
_WARM, _ROOM = 0.05, 0.15


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is painted over a body.

    Attributes
    ----------
    name, title, meaning
        Of the figure, and the beginning of its caption.
    mesh, values
        A mesh, and values of its nodes from zero upwards [K].
    label
        What they are, beside the colours.
    column, offset
        Their name in the table behind the figure, and what they have more there [K].
    """

    name: str
    title: str
    meaning: str
    mesh: Mesh
    values: Floats
    label: str
    column: str
    offset: float = 0.0


@styled
def solid_figure(scene: Scene) -> Drawing:
    """Values over the surface of a solid and over a plane through the largest."""
    mesh, rise = scene.mesh, scene.values
    points = mesh.points * LENGTH_UNIT
    length, length_unit = scaled(float(np.ptp(points, axis=1).max()), "m")
    factor, unit = scaled(float(rise.max()), "K")
    hottest = int(np.argmax(rise))
    axis = _plane(mesh, rise, hottest)
    at = _beside(mesh, axis, hottest)
    plane = cut(mesh, rise, axis, at)
    figure = canvas(9.6, 4.2, left=0.02, right=0.93, bottom=0.14, top=0.96, wspace=0.22)
    solid = figure.add_subplot(1, 2, 1, projection="3d")
    _paint_surface(solid, mesh, rise * factor, points * length)
    across, up = (index for index in range(3) if index != axis)
    axes = figure.add_subplot(1, 2, 2)
    x, y = plane.points[[across, up]] * (LENGTH_UNIT * length)
    triangles = Triangulation(x, y, np.arange(len(x)).reshape(-1, 3))
    painted = axes.tripcolor(
        triangles,
        # One colour for each: shading over the slivers that a plane cuts from tetrahedra would paint their edges wrong.
        facecolors=plane.values.reshape(-1, 3).mean(axis=1) * factor,
        cmap=COLOUR_MAP,
        vmin=0.0,
        vmax=float(rise.max()) * factor or 1.0,
        rasterized=True,
    )
    borders = cut_borders(mesh, axis, at)[:, :, [across, up]] * (LENGTH_UNIT * length)
    axes.add_collection(LineCollection(list(borders), colors=_LINE, linewidths=0.6))
    flat = _framed(axes, x, y, plane.values)
    axes.set_aspect("auto" if flat else "equal")
    shown = printed_unit(length_unit)
    axes.set(xlabel=f"{_AXES[across]} [{shown}]", ylabel=f"{_AXES[up]} [{shown}]")
    bar = figure.colorbar(painted, ax=axes, pad=0.03)
    bar.set_label(f"{scene.label} [{printed_unit(unit)}]")
    bar.outline.set_visible(False)
    extent = float(np.ptp(points[axis]))
    where = printed(round(float(points[axis, hottest]) / extent, 3) * extent, "m", digits=3)
    return Drawing(
        scene.name,
        scene.title,
        f"{scene.meaning}: the surface (left, axes in {shown}), and what is not near zero of the plane {_AXES[axis]} = "
        f"{where} through the largest value (right{', not to scale' if flat else ''}). Lines are edges and the borders "
        f"of the regions ({', '.join(mesh.names)}).",
        figure,
        {
            **{
                name: Column("m", [float(f"{value:.8g}") for value in values * LENGTH_UNIT])
                for name, values in zip(_AXES, plane.points, strict=True)
            },
            scene.column: Column("K", [scene.offset + float(value) for value in plane.values]),
        },
    )


def _plane(mesh: Mesh, rise: Floats, through: int) -> int:
    """Axis along which the body is thinnest of those whose plane through a node cuts it inside.

    Where none does, the one along which the temperature changes least, so that the plane shows how it changes.
    """
    low, high = mesh.points.min(axis=1), mesh.points.max(axis=1)
    extent = high - low
    margin = np.minimum(mesh.points[:, through] - low, high - mesh.points[:, through]) / extent
    inside = [axis for axis in range(3) if margin[axis] > 0.01]
    if inside:
        return min(inside, key=lambda axis: float(extent[axis]))
    spread = [abs(float(np.mean((rise - rise.mean()) * (row - row.mean())))) / row.std() for row in mesh.points]
    return int(np.argmin(spread))


def _beside(mesh: Mesh, axis: int, node: int) -> float:
    """Coordinate of a plane a thousandth of the body beside a node: through nodes it would cut slivers."""
    low, high = float(mesh.points[axis].min()), float(mesh.points[axis].max())
    at = float(mesh.points[axis, node])
    return at + (1e-3 if at < (low + high) / 2 else -1e-3) * (high - low)


def _framed(axes: Axes, x: Floats, y: Floats, values: Floats) -> bool:
    """Show what is warm of a section, with some room around it; return whether it is too flat to be drawn to scale."""
    warm = values >= _WARM * values.max()
    sides = []
    for places, set_limits in ((x, axes.set_xlim), (y, axes.set_ylim)):
        low, high = places[warm].min(), places[warm].max()
        room = _ROOM * (high - low)
        # The outline of the body is drawn whole where it lies inside.
        hem = 0.01 * (high - low)
        low, high = max(low - room, places.min() - hem), min(high + room, places.max() + hem)
        set_limits(low, high)
        sides.append(high - low)
    return bool(min(sides) < 0.2 * max(sides))


def _paint_surface(axes: Axes3D, mesh: Mesh, values: Floats, points: Floats) -> None:
    import matplotlib as mpl

    outside = surface(mesh)
    low, high = points.min(axis=1), points.max(axis=1)
    extent = high - low
    aspect = np.maximum(extent, 0.15 * extent.max())
    height, around = np.radians([_ELEVATION, _AZIMUTH])
    towards = np.array([np.cos(height) * np.cos(around), np.cos(height) * np.sin(around), np.sin(height)])
    # Stretched along an axis, a surface turns the other way.
    seen = (towards * extent / aspect) @ outside.normal > 0
    faces = outside.facets[:, seen]
    faces = np.concatenate([faces[part] for part in QUARTERS], axis=1) if len(faces) == 6 else faces
    top = float(values.max()) or 1.0
    colours = mpl.colormaps[COLOUR_MAP](values[faces].mean(axis=0) / top)
    solid = Poly3DCollection(points.T[faces.T], facecolors=colours, edgecolors=colours, linewidths=0.5, zorder=1)
    solid.set_rasterized(True)
    axes.add_collection3d(solid)
    edges = points.T[outside.edges(seen).T]
    axes.add_collection3d(Line3DCollection(edges, colors=_LINE, linewidths=0.5, zorder=2))
    axes.computed_zorder = False
    axes.set_proj_type("ortho")
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
    axes.set_box_aspect(aspect)
    axes.view_init(elev=_ELEVATION, azim=_AZIMUTH)
    axes.tick_params(labelsize=7, pad=0)
    axes.locator_params(nbins=4)
    for name in _AXES:
        getattr(axes, f"set_{name}label")(name, labelpad=-3, fontsize=8)
