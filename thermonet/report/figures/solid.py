"""The temperature field of a solid: its surface seen from a corner, and a plane cut through the hottest point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.tri import Triangulation
from mpl_toolkits.mplot3d.art3d import Poly3DCollection
from mpl_toolkits.mplot3d.axes3d import Axes3D

from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Ints, Mesh
from thermonet.quantities.formatting import scaled
from thermonet.report.figures.drawing import Drawing, canvas, styled
from thermonet.report.figures.section import COLOUR_MAP
from thermonet.report.names import printed, printed_unit
from thermonet.results.record import Column

#: Faces of a tetrahedron by its corners.
_FACES = np.array([[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]])
#: Edges of a tetrahedron by its corners.
_EDGES = np.array([[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]])
#: Edges that a plane cuts, by the corners that lie above it: three of them, or four in order round the cut.
_CUTS = {1: ((0, 1, 2),), 2: ((0, 3, 4),), 4: ((1, 3, 5),), 8: ((2, 4, 5),)} | {
    3: ((1, 2, 4), (1, 4, 3)),
    5: ((0, 2, 5), (0, 5, 3)),
    9: ((0, 1, 5), (0, 5, 4)),
}
_AXES = ("x", "y", "z")


def surface(mesh: Mesh) -> Ints:
    """Corners of the triangles (3, faces) that belong to one tetrahedron alone: outside, and on both sides of a gap."""
    faces = np.concatenate([mesh.cells[face] for face in _FACES], axis=1)
    size = np.int64(mesh.points.shape[1])
    ordered = np.sort(faces, axis=0).astype(np.int64)
    key = (ordered[0] * size + ordered[1]) * size + ordered[2] if size < 2**20 else None
    if key is None:  # three node numbers of a large mesh do not fit into one integer
        _, key = np.unique(ordered, axis=1, return_inverse=True)
    _, first, count = np.unique(key, return_index=True, return_counts=True)
    return faces[:, first[count == 1]]


@dataclass(frozen=True)
class Cut:
    """A plane cut through a solid.

    Attributes
    ----------
    points
        Corners of the cut's triangles (3, points), three for every triangle, in `LENGTH_UNIT`.
    values
        What was interpolated there (points,).
    region
        Index of the region of every triangle.
    """

    points: Floats
    values: Floats
    region: Ints


def cut(mesh: Mesh, values: Floats, axis: int, at: float) -> Cut:
    """Cut tetrahedra by the plane where a coordinate has a value, linearly between their corners."""
    corners = mesh.cells[:4]
    height = mesh.points[axis] - at
    height = np.where(height == 0, np.spacing(np.abs(at) + 1.0), height)  # a plane through a node cuts beside it
    above = (height[corners] > 0).astype(np.int64)
    code = (above * np.array([[1], [2], [4], [8]])).sum(axis=0)
    code = np.minimum(code, 15 - code)  # what lies above and what lies below are cut alike
    # Codes of one corner alone: 1, 2, 4, and 7 = 15 - 8; of two: 3, 5, 6 = 15 - 9.
    places, found, owners = [], [], []
    for wanted, folds in _CUTS.items():
        cells = np.flatnonzero(code == min(wanted, 15 - wanted))
        for fold in folds:
            ends = corners[:, cells][_EDGES[list(fold)]]  # (3, 2, cells)
            share = height[ends[:, 0]] / (height[ends[:, 0]] - height[ends[:, 1]])
            start, stop = mesh.points[:, ends[:, 0]], mesh.points[:, ends[:, 1]]
            places.append((start + share * (stop - start)).transpose(0, 2, 1).reshape(3, -1))
            found.append((values[ends[:, 0]] + share * (values[ends[:, 1]] - values[ends[:, 0]])).T.ravel())
            owners.append(mesh.region[cells])
    return Cut(np.concatenate(places, axis=1), np.concatenate(found), np.concatenate(owners))


@styled
def solid_figure(mesh: Mesh, temperature: Floats, names: tuple[str, ...]) -> Drawing:
    """Temperature of a solid above its coldest point.

    Parameters
    ----------
    mesh, temperature
        Tetrahedra, and the temperature of their nodes [K].
    names
        Of the regions, for the caption.
    """
    coldest = float(temperature.min())
    rise = temperature - coldest
    points = mesh.points * LENGTH_UNIT
    length, length_unit = scaled(float(np.ptp(points, axis=1).max()), "m")
    factor, unit = scaled(float(rise.max()), "K")
    hottest = int(np.argmax(rise))
    axis = _plane(mesh, hottest)
    plane = cut(mesh, rise, axis, _beside(mesh, axis, hottest))
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
    flat = np.ptp(y) < 0.2 * np.ptp(x) or np.ptp(x) < 0.2 * np.ptp(y)
    axes.set_aspect("auto" if flat else "equal")
    shown = printed_unit(length_unit)
    axes.set(xlabel=f"{_AXES[across]} [{shown}]", ylabel=f"{_AXES[up]} [{shown}]")
    bar = figure.colorbar(painted, ax=axes, pad=0.03)
    bar.set_label(f"above {printed(coldest, 'K', digits=6)} [{printed_unit(unit)}]")
    bar.outline.set_visible(False)
    where = printed(float(points[axis, hottest]), "m", digits=3)
    return Drawing(
        "field",
        "Temperature field",
        f"Static temperature above the coldest point with all sources at their powers: the surface (left, axes in "
        f"{shown}), and the plane {_AXES[axis]} = {where} through the hottest point (right"
        f"{', not to scale' if flat else ''}). Regions: {', '.join(names)}.",
        figure,
        {
            **{
                name: Column("m", [float(f"{value:.8g}") for value in values * LENGTH_UNIT])
                for name, values in zip(_AXES, plane.points, strict=True)
            },
            "temperature": Column("K", [coldest + float(value) for value in plane.values]),
        },
    )


def _plane(mesh: Mesh, through: int) -> int:
    """Axis along which the body is thinnest of those whose plane through a node cuts it inside."""
    extent = np.ptp(mesh.points, axis=1)
    low, high = mesh.points.min(axis=1), mesh.points.max(axis=1)
    margin = np.minimum(mesh.points[:, through] - low, high - mesh.points[:, through]) / extent
    inside = [axis for axis in range(3) if margin[axis] > 0.01]
    return min(inside or range(3), key=lambda axis: extent[axis])


def _beside(mesh: Mesh, axis: int, node: int) -> float:
    """Coordinate of a plane a thousandth of the body beside a node: through nodes it would cut slivers."""
    low, high = float(mesh.points[axis].min()), float(mesh.points[axis].max())
    at = float(mesh.points[axis, node])
    return at + (1e-3 if at < (low + high) / 2 else -1e-3) * (high - low)


def _paint_surface(axes: Axes3D, mesh: Mesh, values: Floats, points: Floats) -> None:
    import matplotlib as mpl

    faces = surface(mesh)
    top = float(values.max()) or 1.0
    colours = mpl.colormaps[COLOUR_MAP](values[faces].mean(axis=0) / top)
    solid = Poly3DCollection(points.T[faces.T], facecolors=colours, edgecolors=colours, linewidths=0.1)
    solid.set_rasterized(True)
    axes.add_collection3d(solid)
    low, high = points.min(axis=1), points.max(axis=1)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
    extent = high - low
    axes.set_box_aspect(np.maximum(extent, 0.15 * extent.max()))
    axes.view_init(elev=25, azim=-55)
    axes.tick_params(labelsize=7, pad=0)
