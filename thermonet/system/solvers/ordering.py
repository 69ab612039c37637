"""Orders of elimination that fill little: nested dissection of a mesh by its coordinates.

Every part is halved at the median of its longest coordinate; the unknowns that part the halves are eliminated after
both (A. George, SIAM J. Numer. Anal. 10, 345 (1973), doi:10.1137/0710032). All parts of a level are halved together.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import maximum_bipartite_matching

from thermonet.system.layout import Layout

Integers = NDArray[Any]
Booleans = NDArray[np.bool_]
Floats = NDArray[np.float64]
Matrix: TypeAlias = Any  #: scipy.sparse.csr_array; scipy has no types

#: More halvings than any mesh needs; the place of an unknown has a ternary digit for each, and fits in 64 bits.
_LEVELS = 38


def elimination_order(matrix: Matrix, layout: Layout) -> Integers:
    """Order of all unknowns in which few entries fill in; found for the first matrix of a layout, then kept.

    Parameters
    ----------
    matrix
        Any of the matrices (n, n): only where its entries stand counts.
    layout
        Of its unknowns.
    """
    if "elimination" not in layout.orders:
        layout.orders["elimination"] = _ordered(matrix, layout)
    return layout.orders["elimination"]


def _ordered(matrix: Matrix, layout: Layout) -> Integers:
    """Dissect the corners, and eliminate the middle of an edge with the earlier of its ends."""
    corners = np.flatnonzero(~layout.middles)
    number = np.full(layout.size, -1)
    number[corners] = np.arange(len(corners))
    rows = np.repeat(np.arange(layout.size, dtype=matrix.indices.dtype), np.diff(matrix.indptr))
    pairs = (rows < matrix.indices) & (number[rows] >= 0) & (number[matrix.indices] >= 0)
    place = dissection(number[rows[pairs]], number[matrix.indices[pairs]], layout.positions[corners])
    own = place[number[layout.parents]].min(axis=0)
    return np.lexsort((~layout.middles, own))


def dissection(first: Integers, second: Integers, positions: Floats) -> Integers:
    """Place of every node in the elimination: parts before what parts them, nodes of one leaf or separator alike.

    Parameters
    ----------
    first, second
        Nodes that are neighbours, every pair once.
    positions
        Coordinates of the nodes (n, dimension).
    """
    count = len(positions)
    place = np.zeros(count, dtype=np.int64)
    part = np.zeros(count, dtype=np.int64)
    left = np.arange(count)
    for level in range(_LEVELS):
        group = np.unique(part[left], return_inverse=True)[1]
        large = (np.bincount(group) > 1)[group]
        left, group = left[large], np.unique(group[large], return_inverse=True)[1]
        if len(left) == 0:
            break
        upper = np.zeros(count, dtype=bool)
        upper[left] = _upper_half(positions[left], group)
        still = np.zeros(count, dtype=bool)
        still[left] = True
        near = still[first] & still[second] & (part[first] == part[second])
        first, second = first[near], second[near]
        cut = upper[first] != upper[second]
        below = np.where(upper[first], second, first)[cut]
        above = np.where(upper[first], first, second)[cut]
        between = _cover(below, above, count)
        digit = np.where(between, 2, upper)
        place[left] += digit[left] * 3 ** (_LEVELS - level)
        part[left] = 2 * part[left] + upper[left]
        left = left[~between[left]]
        still[between] = False
        keep = ~cut & still[first] & still[second]
        first, second = first[keep], second[keep]
    return place


def _upper_half(positions: Floats, group: Integers) -> Booleans:
    """Halve every group at the median of its longest coordinate."""
    sizes = np.bincount(group)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    by_group = np.argsort(group, kind="stable")
    sorted_positions = positions[by_group]
    low = np.minimum.reduceat(sorted_positions, starts)
    extent = np.maximum.reduceat(sorted_positions, starts) - low
    axis = extent.argmax(axis=1)
    along = positions[np.arange(len(group)), axis[group]] - low[np.arange(len(sizes)), axis][group]
    reach = np.maximum(extent.max(axis=1), np.finfo(float).tiny)
    order = np.argsort(group + 0.9 * along / reach[group])
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - np.repeat(starts, sizes)
    return np.asarray(rank >= (sizes // 2)[group])


def _cover(first: Integers, second: Integers, count: int) -> Booleans:
    """Fewest nodes that touch every one of the pairs, which join two sides (D. Koenig's theorem).

    The nodes of a largest matching from which no alternating path leads to an unmatched node of the first side.
    """
    ones, rows = np.unique(first, return_inverse=True)
    others, columns = np.unique(second, return_inverse=True)
    chosen = np.zeros(count, dtype=bool)
    if len(ones) == 0:
        return chosen
    graph = sp.csr_array((np.ones(len(rows), dtype=np.int32), (rows, columns)), shape=(len(ones), len(others)))
    partner = maximum_bipartite_matching(graph, perm_type="column")
    back = np.full(len(others), -1)
    back[partner[partner >= 0]] = np.flatnonzero(partner >= 0)
    seen = partner < 0
    reached = np.zeros(len(others), dtype=bool)
    front, transposed = seen.copy(), graph.T.tocsr()
    while front.any():
        fresh = (transposed @ front.astype(np.int32) > 0) & ~reached
        reached |= fresh
        front = np.zeros(len(ones), dtype=bool)
        front[back[fresh]] = True  # every node that is reached is matched, or the matching could grow
        seen |= front
    chosen[ones[~seen]] = True
    chosen[others[reached]] = True
    return chosen
