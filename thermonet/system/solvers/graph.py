"""Which large systems without a layout are solved by factors, and what is near the inverse of the others.

A graph of lumped elements has no coordinates. What its factors cost is read off the graph itself: an elimination that
works along a narrow graph (a chain, a tree, a planar one) carries few unknowns with it, in a wide one (a lattice in
space, a random graph) it fills the matrix.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components, dijkstra

from thermonet.system.solvers.conjugate import Linear
from thermonet.system.solvers.multigrid import aggregates, aggregation, in_single_precision, smoothed_aggregates

Integers = NDArray[Any]
Booleans = NDArray[np.bool_]
Matrix: TypeAlias = Any  #: scipy.sparse.csr_array; scipy has no types

#: Width beyond which a graph is wide: a dense matrix of this size takes 0.3 s to factor.
_WIDE = 1_000
#: Leaves are taken off as long as they are more than this part of what is left: what remains are long and thin parts.
_LEAVES = 0.01
#: Products that smoothing the aggregates of a graph may cost per entry of its matrix; in a lattice they are 3 to 9.
_SMOOTHING = 10


def is_narrow(matrix: Matrix, free: Integers) -> bool:
    """Whether the factors of a matrix on its free unknowns fill little in an order by minimum degree.

    Distances from an end of every part cut it into levels, and the unknowns between two levels separate it. Without the
    trees that hang on it, the largest of these separators tells a planar graph (of n unknowns some sqrt(n)) from a
    lattice in space (n^(2/3)) and from a random graph (n).
    """
    graph = _without_leaves(sp.csr_array(matrix[free][:, free]))
    return graph.nnz == 0 or _width(graph) <= _WIDE


def _without_leaves(graph: Matrix) -> Matrix:
    """Off-diagonal part of a matrix without unknowns that have one neighbour, again and again while they are many."""
    found = sp.coo_array(graph)
    row, column = found.coords
    apart = (row != column) & (found.data != 0)
    pairs = (np.ones(int(apart.sum())), (row[apart], column[apart]))
    graph = sp.csr_array(sp.coo_array(pairs, shape=graph.shape))
    while graph.shape[0]:
        inner = np.flatnonzero(np.diff(graph.indptr) > 1)
        if graph.shape[0] - len(inner) <= _LEAVES * graph.shape[0]:
            break
        graph = graph[inner][:, inner]
    return graph


def _width(graph: Matrix) -> int:
    """Largest number of unknowns that separate two neighbouring levels of a part."""
    part = connected_components(graph, directed=False)[1]
    begin = np.unique(part, return_index=True)[1]
    for _ in range(2):  # levels from anywhere, then from the unknowns farthest from there
        level = dijkstra(graph, directed=False, indices=begin, unweighted=True, min_only=True).astype(np.int64)
        farthest = np.lexsort((level, part))
        last = np.append(np.flatnonzero(np.diff(part[farthest])), len(farthest) - 1)
        begin = farthest[last]
    group = part * (int(level.max()) + 1) + level
    rows = np.repeat(np.arange(len(level)), np.diff(graph.indptr))
    onward = level[graph.indices] == level[rows] + 1
    before = np.bincount(group[np.unique(rows[onward])])
    after = np.bincount(group[np.unique(graph.indices[onward])], minlength=len(before) + 1)[1 : len(before) + 1]
    return int(np.minimum(before, after).max(initial=0))


def near_inverse_of_graph(matrix: Matrix, free: Booleans) -> Linear:
    """One V-cycle on aggregates, a symmetric positive definite map near the inverse of a matrix on its free unknowns.

    Aggregates are smoothed where that keeps the next level sparse, as it does in a lattice; in a random graph they are
    left constant. They follow the strong conductances, whatever these spread over.

    Parameters
    ----------
    matrix
        Symmetric, positive definite on the free unknowns (n, n).
    free
        Which unknowns are not held (n,); the cycle takes vectors (n,) and leaves the held ones at zero.
    """
    inside = np.flatnonzero(free)
    cycle = in_single_precision(aggregation(sp.csr_array(matrix[inside][:, inside]), _sparse_aggregates))

    def near_inverse(load: NDArray[np.float64]) -> NDArray[np.float64]:
        found = np.zeros(len(free))
        found[inside] = cycle(np.ascontiguousarray(load[inside]))
        return found

    return near_inverse


def _sparse_aggregates(matrix: Matrix, strong: float) -> Matrix:
    """Prolongation (n, aggregates), smoothed where the product with the matrix stays sparse."""
    constant = aggregates(matrix, strong)
    smooth = smoothed_aggregates(matrix, constant)
    products = np.diff(smooth.indptr)[matrix.indices].sum()
    return smooth if products <= _SMOOTHING * matrix.nnz else constant
