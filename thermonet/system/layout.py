"""Where the unknowns of a system lie, and which of them lie midway between two others: what solvers use of a mesh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Matrix: TypeAlias = Any  #: scipy.sparse.csr_array; scipy has no types
Vector = NDArray[np.float64]
Integers = NDArray[Any]

#: Ends of the edges whose middles follow the corners of a quadratic triangle or tetrahedron (scikit-fem's order).
_EDGES = {6: ((0, 1), (1, 2), (0, 2)), 10: ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))}


@dataclass(frozen=True, eq=False)
class Layout:
    """Positions of the unknowns, and the linear elements inside quadratic ones.

    It only makes solvers fast: a wrong one costs time, never a digit.

    Attributes
    ----------
    positions
        Coordinates (n, dimension) in any one unit: they are compared, no more.
    parents
        Two unknowns (2, n) whose mean every unknown has in a linear field: the ends of the edge whose middle it is,
        and itself twice for the corner of an element or whatever else stands for itself.
    orders
        Order of elimination, kept here once it has been found: it serves all coefficients and all s.
    """

    positions: Vector
    parents: Integers
    orders: dict[str, Integers] = field(default_factory=dict, repr=False)

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return len(self.positions)

    @property
    def dimension(self) -> int:
        """Number of coordinates."""
        return int(self.positions.shape[1])

    @property
    def middles(self) -> NDArray[np.bool_]:
        """Which unknowns are the middle of an edge (n,)."""
        return np.asarray(self.parents[0] != self.parents[1])


def element_layout(points: Vector, *cells: Integers) -> Layout:
    """Layout of one unknown per node.

    Parameters
    ----------
    points
        Coordinates (dimension, nodes).
    cells
        Nodes (3 or 6, n) of triangles, (4 or 10, n) of tetrahedra: corners, then the middles of the edges.
    """
    parents = np.tile(np.arange(points.shape[1]), (2, 1))
    for nodes in cells:
        edges = _EDGES.get(len(nodes), ())
        for middle, ends in enumerate(edges, start=len(nodes) - len(edges)):
            parents[:, nodes[middle]] = nodes[list(ends)]
    return Layout(np.ascontiguousarray(points.T), parents)


def united_layout(parts: Sequence[tuple[Layout | None, Integers]], size: int) -> Layout | None:
    """Layout of several systems that are joined, or of one that is tied; None where none of them has one.

    Parameters
    ----------
    parts
        The layout of every system and the common unknown (n,) that each of its own becomes.
    size
        Number of common unknowns; those of a system without a layout stand for themselves, in the middle of the rest.
    """
    known = [(layout, np.asarray(to)) for layout, to in parts if layout is not None]
    if not known:
        return None
    positions = np.full((size, max(layout.dimension for layout, _ in known)), np.nan)
    parents = np.tile(np.arange(size), (2, 1))
    for layout, to in known:
        positions[to] = 0.0  # a plane part among solid ones lies at zero of the third coordinate
        positions[to, : layout.dimension] = layout.positions
        parents[:, to] = to[layout.parents]
    return Layout(_filled(positions), parents)


def mapped_layout(layout: Layout, onto: Matrix) -> Layout:
    """Layout in coordinates x with T = onto @ x, sparse: they lie where an unknown is one of them alone."""
    rows = sp.csr_array(onto)
    starts = rows.indptr[:-1][np.diff(rows.indptr) == 1]
    same = np.flatnonzero(np.diff(rows.indptr) == 1)[rows.data[starts] == 1]
    number = np.full(layout.size, -1)
    number[same] = rows.indices[rows.indptr[same]]
    positions = np.full((rows.shape[1], layout.dimension), np.nan)
    positions[number[same]] = layout.positions[same]
    parents = np.tile(np.arange(rows.shape[1]), (2, 1))
    ends = number[layout.parents[:, same]]
    there = (ends >= 0).all(axis=0)
    parents[:, number[same[there]]] = ends[:, there]
    return Layout(_filled(positions), parents)


def _filled(positions: Vector) -> Vector:
    """Positions with those that are not known (NaN) in the middle of the others."""
    nowhere = np.isnan(positions[:, 0])
    positions[nowhere] = positions[~nowhere].mean(axis=0) if not nowhere.all() else 0.0
    return positions
