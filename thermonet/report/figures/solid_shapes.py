"""What a picture of a solid is made of: its outside with the edges of it, and plane cuts through it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermonet.geometry.mesh import Floats, Ints, Mesh
from thermonet.geometry.topology import facets, outer

#: Places nearer to each other than this part of the body are one.
_SAME = 1e-7
#: Cosine of the angle between two neighbouring triangles below which they meet in an edge of the body.
_BENT = 0.9
#: Four three-node triangles of a six-node one, and eight four-node tetrahedra of a ten-node one, by their nodes.
QUARTERS = np.array([[0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]])
_EIGHTHS = np.array(
    [[0, 4, 6, 7], [4, 1, 5, 8], [6, 5, 2, 9], [7, 8, 9, 3], [4, 9, 5, 8], [4, 9, 8, 7], [4, 9, 7, 6], [4, 9, 6, 5]]
)
#: Edges of a tetrahedron by its corners.
_EDGES = np.array([[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]])
#: Edges that a plane cuts, by the corners that lie above it: three of them, or four in order round the cut.
_CUTS = {1: ((0, 1, 2),), 2: ((0, 3, 4),), 4: ((1, 3, 5),), 8: ((2, 4, 5),)} | {
    3: ((1, 2, 4), (1, 4, 3)),
    5: ((0, 2, 5), (0, 5, 3)),
    9: ((0, 1, 5), (0, 5, 4)),
}


@dataclass(frozen=True)
class Surface:
    """Outside of a solid.

    Attributes
    ----------
    facets
        Nodes of its triangles, three or six (3|6, n).
    region
        Index of the region behind every triangle (n,).
    normal
        Unit vectors outwards (3, n).
    """

    facets: Ints
    region: Ints
    normal: Floats

    def edges(self, seen: NDArray[np.bool_]) -> Ints:
        """Ends (2, m) of the edges of the body and of its regions on some of the triangles (n,)."""
        ends = np.concatenate([self.facets[[0, 1]], self.facets[[1, 2]], self.facets[[2, 0]]], axis=1)
        owner = np.tile(np.arange(self.facets.shape[1]), 3)
        _, edge, count = np.unique(np.sort(ends, axis=0), axis=1, return_inverse=True, return_counts=True)
        order = np.argsort(edge.ravel(), kind="stable")
        first = order[np.cumsum(count) - count]
        one, other = owner[first], owner[order[np.cumsum(count) - 1]]
        # An edge of one triangle alone is where regions with nodes of their own meet.
        border = (count == 1) | (self.region[one] != self.region[other])
        bent = (self.normal[:, one] * self.normal[:, other]).sum(axis=0) < _BENT
        return ends[:, first[(border | bent) & (seen[one] | seen[other])]]


def surface(mesh: Mesh) -> Surface:
    """Triangles that belong to one tetrahedron alone, but for those on the two sides of an interface."""
    found = facets(mesh)
    alone = found.cells[1] < 0
    nodes, owner = found.nodes[:, alone], found.cells[0, alone]
    middle = mesh.points[:, nodes[:3]].mean(axis=1)
    place = np.round(middle / (_SAME * np.ptp(mesh.points, axis=1).max()))
    _, inverse, count = np.unique(place, axis=1, return_inverse=True, return_counts=True)
    outside = count[inverse.ravel()] == 1
    nodes, owner, middle = nodes[:, outside], owner[outside], middle[:, outside]
    first, second, third = (mesh.points[:, corner] for corner in nodes[:3])
    normal = np.cross(second - first, third - first, axis=0)
    inwards = mesh.points[:, mesh.cells[:4, owner]].mean(axis=1) - middle
    normal *= -np.sign((normal * inwards).sum(axis=0)) / np.linalg.norm(normal, axis=0)
    return Surface(nodes, mesh.region[owner], normal)


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
    """Cut tetrahedra by the plane where a coordinate has a value, linearly between their nodes."""
    corners, region = mesh.cells, mesh.region
    if mesh.degree == 2:
        corners, region = np.concatenate([corners[part] for part in _EIGHTHS], axis=1), np.tile(region, len(_EIGHTHS))
    height = _heights(mesh, axis, at)
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
            owners.append(region[cells])
    return Cut(np.concatenate(places, axis=1), np.concatenate(found), np.concatenate(owners))


def cut_borders(mesh: Mesh, axis: int, at: float) -> Floats:
    """Lines (n, 2, 3) in which the same plane cuts the outside of a solid and the borders of its regions."""
    corners = outer(facets(mesh), mesh.region).nodes
    corners = np.concatenate([corners[part] for part in QUARTERS], axis=1) if len(corners) == 6 else corners
    height = _heights(mesh, axis, at)
    above = height[corners] > 0
    crossed = above.any(axis=0) & ~above.all(axis=0)
    corners, above = corners[:, crossed], above[:, crossed]
    # One corner lies alone on its side of the plane, and the plane cuts the two edges from there.
    alone = np.argmax(above == (above.sum(axis=0) == 1), axis=0)
    ends = np.take_along_axis(corners, (alone + np.arange(3)[:, np.newaxis]) % 3, axis=0)
    share = height[ends[0]] / (height[ends[0]] - height[ends[1:]])
    start, stop = mesh.points[:, ends[:1]], mesh.points[:, ends[1:]]
    return np.asarray((start + share * (stop - start)).transpose(2, 1, 0))


def _heights(mesh: Mesh, axis: int, at: float) -> Floats:
    """Signed distance of every node from a plane, never zero: a plane through a node cuts beside it."""
    height = mesh.points[axis] - at
    return np.where(height == 0, np.spacing(np.abs(at) + 1.0), height)
