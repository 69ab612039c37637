"""Mapped meshes of six-node triangles: logically rectangular patches, split and labelled, never matched by distance.

The topology depends on the counts alone, so a dimension can be changed by a part in a million and the difference of
two meshes is no mesh noise. Coordinates are in `LENGTH_UNIT`: mesh libraries carry absolute tolerances.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

#: Metres per unit of mesh coordinates.
LENGTH_UNIT = 1e-9

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Mesh:
    """Triangles or tetrahedra, linear or quadratic, with named regions and boundaries.

    Attributes
    ----------
    points
        Coordinates (2 or 3, nodes) in `LENGTH_UNIT`: (r, z) of a body of revolution, (x, y) of a plane one, (x, y, z).
    cells
        Nodes (3, 4, 6 or 10, cells): corners, then, in quadratic cells, the middles of the edges 0-1, 1-2, 0-2 and
        of a tetrahedron's 0-3, 1-3, 2-3 too (scikit-fem's order).
    region
        Index into `names` for every cell.
    names
        Names of the regions.
    boundaries
        Named facets (2, 3 or 6, facets): corners, then the middles of the edges 0-1, or 0-1, 1-2, 0-2.
    """

    points: Floats
    cells: Ints
    region: Ints
    names: tuple[str, ...]
    boundaries: Mapping[str, Ints]

    @property
    def dimension(self) -> int:
        """Of the space the mesh lies in: 2 or 3."""
        return self.points.shape[0]

    @property
    def degree(self) -> int:
        """Of the elements: 1 linear, 2 quadratic."""
        return 1 if self.cells.shape[0] == self.dimension + 1 else 2

    def moved(self, points: Floats) -> Mesh:
        """Return the same topology at other coordinates."""
        return replace(self, points=points)

    def straightened(self) -> Mesh:
        """Return the mesh with every middle node on its chord (polygons instead of curves)."""
        points = self.points.copy()
        ends = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))
        for (first, second), middle in zip(ends, self.cells[self.dimension + 1 :], strict=False):
            points[:, middle] = (points[:, self.cells[first]] + points[:, self.cells[second]]) / 2
        return self.moved(points)


@dataclass(frozen=True)
class Patch:
    """A logically rectangular piece: node numbers at all half steps and a region for every cell.

    Attributes
    ----------
    nodes
        Global node numbers (2 ni + 1, 2 nj + 1); a node may repeat where an edge collapses to a point.
    region
        Region index (ni, nj) of every cell, -1 for none.
    """

    nodes: Ints
    region: Ints

    def triangles(self) -> tuple[Ints, Ints]:
        """Split every cell along a diagonal; return six-node triangles (6, n) and their regions (n,)."""
        ni, nj = self.region.shape
        i, j = (2 * index.ravel() for index in np.meshgrid(np.arange(ni), np.arange(nj), indexing="ij"))

        def at(di: int, dj: int) -> Ints:
            return self.nodes[i + di, j + dj]

        centre = at(1, 1)
        # Where a cell collapses at its first corner pair, its diagonal falls onto the next cell's edge.
        collapsed = at(0, 0) == at(2, 0)
        diagonal = np.where(collapsed, at(2, 1), centre)
        lower = np.stack([at(0, 0), at(2, 0), at(2, 2), at(1, 0), at(2, 1), centre])
        upper = np.stack([at(0, 0), at(2, 2), at(0, 2), diagonal, at(1, 2), at(0, 1)])
        triangles = np.concatenate([lower[:, ~collapsed], upper], axis=1)
        region = self.region.ravel()
        regions = np.concatenate([region[~collapsed], region])
        inside = regions >= 0
        return triangles[:, inside], regions[inside]


def edge_line(nodes: Ints) -> Ints:
    """Turn a line of node numbers at half steps into three-node edges (3, edges), dropping collapsed ones."""
    edges = np.stack([nodes[:-2:2], nodes[2::2], nodes[1:-1:2]])
    return edges[:, edges[0] != edges[1]]


def assembled(points: Floats, patches: Sequence[Patch], names: Sequence[str], boundaries: Mapping[str, Ints]) -> Mesh:
    """Mesh of patches that share node numbers; nodes that no triangle uses are left out."""
    pieces = [patch.triangles() for patch in patches]
    triangles = np.concatenate([piece[0] for piece in pieces], axis=1)
    region = np.concatenate([piece[1] for piece in pieces])
    used = np.unique(triangles)
    number = np.full(points.shape[1], -1)
    number[used] = np.arange(len(used))
    lines = {name: number[edges] for name, edges in boundaries.items()}
    for name, edges in lines.items():
        if edges.size and edges.min() < 0:
            raise ValueError(f"the boundary '{name}' runs outside the mesh")
    return Mesh(points[:, used], number[triangles], region, tuple(names), lines)


def graded(count: int, ratio: float = 1.0) -> Floats:
    """Points 0 .. 1 of `count` intervals in geometric progression; step size grows `ratio` fold over the line.

    Halving `count` (even) takes every second point, so coarser meshes nest in finer ones.

    Examples
    --------
    >>> [round(float(x), 3) for x in graded(2, 4.0)]
    [0.0, 0.333, 1.0]
    """
    steps = np.arange(count + 1) / count
    if abs(ratio - 1) < 1e-9:
        return steps
    return (ratio**steps - 1) / (ratio - 1)


def half_steps(points: Floats) -> Floats:
    """Insert the middle between neighbouring points: positions of corner and middle nodes along a line."""
    full = np.empty(2 * len(points) - 1)
    full[::2] = points
    full[1::2] = (points[:-1] + points[1:]) / 2
    return full


def intervals(count: int, scale: float) -> int:
    """Number of intervals at an element scale; at least one."""
    return max(1, int(np.ceil(count / scale - 1e-9)))
