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
from thermonet.system.solvers.multigrid import aggregation, in_single_precision, largest_eigenvalue
from thermonet.system.solvers.rows import by_rows

Integers = NDArray[Any]
Booleans = NDArray[np.bool_]
Matrix: TypeAlias = Any  #: scipy.sparse.csr_array; scipy has no types

#: Operations on separators beyond which a graph is wide. Of 100 000 nodes a lattice in the plane takes 4e7 (its factors
#: 0.3 s), a triangulation of random points 6e8 (1.2 s), a slab of 20 x 20 x 250 9e8 (7 s), a cube 4e9 (20 s).
_WORK = 7e8
#: A separator leaves at least this part of what it cuts on either side; parts that are not cut any further.
_SHARE, _SMALL_PART = 0.25, 100
#: Leaves are taken off as long as they are more than this part of what is left: what remains are long and thin parts.
_LEAVES = 0.01
#: Couplings weaker than this part of what is strong do not aggregate, half of it on every further level.
_STRONG = 0.05
#: Columns of a coarser matrix from which its entries are estimated.
_COLUMNS = 200


def is_narrow(matrix: Matrix, free: Integers) -> bool:
    """Whether the factors of a matrix on its free unknowns take few operations.

    Distances from an end of a part cut it into levels, and the unknowns of a level with neighbours on the next separate
    it. A part is halved by the narrowest of its levels in the middle, its halves again, and so on: eliminating one
    separator after the other takes the cubes of their sizes (A. George and J. W. H. Liu, SIAM J. Numer. Anal. 15, 1053
    (1978), doi:10.1137/0715069). What is left takes at most the cubes of all its levels.
    """
    graph, work = _without_leaves(sp.csr_array(matrix[free][:, free])), 0.0
    while graph.nnz and work <= _WORK:
        some, separator, rest = _halved(graph)
        if work + rest <= _WORK:
            return True
        work += some
        graph = _large_parts(graph[~separator][:, ~separator])
    return work <= _WORK


def _halved(graph: Matrix) -> tuple[float, Booleans, float]:
    """Operations on the separators of all parts, which unknowns these are, and a bound on all operations instead."""
    part, level = _levels(graph)
    groups, group = np.unique(part * (int(level.max()) + 1) + level, return_inverse=True)
    size, of = np.bincount(group).astype(float), groups // (int(level.max()) + 1)
    rows = np.repeat(np.arange(len(level)), np.diff(graph.indptr))
    onward = np.zeros(len(level), dtype=bool)
    onward[rows[level[graph.indices] > level[rows]]] = True
    width = np.bincount(group[onward], minlength=len(groups)).astype(float)
    whole = np.bincount(part).astype(float)
    share = (np.cumsum(size) - (np.cumsum(whole) - whole)[of]) / whole[of]
    middle = np.flatnonzero((share >= _SHARE) & (share <= 1 - _SHARE))
    narrowest = middle[np.lexsort((width[middle], of[middle]))]
    chosen = narrowest[np.unique(of[narrowest], return_index=True)[1]]
    # A part without a level in the middle has no small separator: all of it counts as one.
    cut = np.zeros(len(whole), dtype=bool)
    cut[of[chosen]] = True
    is_chosen = np.zeros(len(groups), dtype=bool)
    is_chosen[chosen] = True
    separator = (onward & is_chosen[group]) | ~cut[part]
    return float((width[chosen] ** 3).sum() + (whole[~cut] ** 3).sum()), separator, float((size**3).sum())


def _levels(graph: Matrix) -> tuple[Integers, Integers]:
    """Part of every unknown, and its distance from an end of that part."""
    part = connected_components(graph, directed=False)[1]
    begin = np.unique(part, return_index=True)[1]
    for _ in range(2):  # levels from anywhere, then from the unknowns farthest from there
        level = dijkstra(graph, directed=False, indices=begin, unweighted=True, min_only=True).astype(np.int64)
        farthest = np.lexsort((level, part))
        begin = farthest[np.append(np.flatnonzero(np.diff(part[farthest])), len(farthest) - 1)]
    return part, level


def _large_parts(graph: Matrix) -> Matrix:
    """A graph without its small parts, whose factors are cheap."""
    part = connected_components(graph, directed=False)[1]
    large = np.flatnonzero(np.bincount(part)[part] > _SMALL_PART)
    return graph[large][:, large]


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


def near_inverse_of_graph(matrix: Matrix, free: Booleans) -> Linear:
    """One V-cycle on aggregates, a symmetric positive definite map near the inverse of a matrix on its free unknowns.

    Aggregates follow strong couplings, whatever the conductances spread over and however many elements a node has. They
    are smoothed where that keeps the next level sparse, as it does in a lattice; in a random graph they stay constant.

    Parameters
    ----------
    matrix
        Symmetric, positive definite on the free unknowns (n, n).
    free
        Which unknowns are not held (n,); the cycle takes vectors (n,) and leaves the held ones at zero.
    """
    inside = np.flatnonzero(free)
    cycle = in_single_precision(aggregation(sp.csr_array(matrix[inside][:, inside]), _sparse_aggregates, _STRONG))

    def near_inverse(load: NDArray[np.float64]) -> NDArray[np.float64]:
        found = np.zeros(len(free))
        found[inside] = cycle(np.ascontiguousarray(load[inside]))
        return found

    return near_inverse


def _sparse_aggregates(matrix: Matrix, strong: float) -> Matrix:
    """Prolongation (n, aggregates), smoothed where the coarser matrix has no more entries than this one."""
    from pyamg.aggregation.aggregate import standard_aggregation

    couplings = _strong_couplings(matrix, strong)
    constant = sp.csr_array(
        standard_aggregation(sp.csr_array(couplings + sp.eye_array(*matrix.shape)))[0].astype(float)
    )
    smooth = _smoothed(matrix, couplings, constant)
    return smooth if _coarse_entries(matrix, smooth) <= matrix.nnz else constant


def _strong_couplings(matrix: Matrix, strong: float) -> Matrix:
    """Off-diagonal entries of at least `strong` of the geometric mean of their unknowns' largest ones, as magnitudes.

    Compared with the diagonal, as for finite elements, no coupling of a node with many elements would be strong.
    """
    entries = sp.coo_array(matrix)
    row, column = entries.coords
    size = np.where(row == column, 0, np.abs(entries.data))
    largest = np.zeros(matrix.shape[0])
    np.maximum.at(largest, row, size)
    kept = (size > 0) & (size >= strong * np.sqrt(largest[row] * largest[column]))
    return sp.csr_array(sp.coo_array((size[kept], (row[kept], column[kept])), shape=matrix.shape))


def _smoothed(matrix: Matrix, couplings: Matrix, constant: Matrix) -> Matrix:
    """Constants on aggregates, smoothed once along the strong couplings: weak ones count as if they were not there."""
    joined = np.asarray(couplings.sum(axis=1)).ravel()
    diagonal = joined + np.maximum(np.asarray(matrix.sum(axis=1)).ravel(), 0)
    # Where nothing is strong there is nothing to smooth along.
    inverse = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=joined > 0)
    filtered = sp.csr_array(sp.diags_array(diagonal) - couplings)
    damping = 4 / 3 / largest_eigenvalue(by_rows(filtered), inverse)
    return sp.csr_array(constant - sp.diags_array(damping * inverse) @ (filtered @ constant))


def _coarse_entries(matrix: Matrix, up: Matrix) -> float:
    """Number of entries of the matrix on the coarser level, from some of its columns: all of them may fill memory."""
    some = sp.csc_array(up)[:, :: 1 + up.shape[1] // _COLUMNS]
    return float((up.T @ (matrix @ some)).nnz * up.shape[1] / max(some.shape[1], 1))
