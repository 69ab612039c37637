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

    The middle of an edge is eliminated with the earlier of its ends.

    Parameters
    ----------
    matrix
        Any of the matrices (n, n): only where its entries stand counts.
    layout
        Of its unknowns.
    """
    if "elimination" not in layout.orders:
        corners = np.flatnonzero(~layout.middles)
        place = np.empty(layout.size, dtype=np.int64)
        place[corners] = _places(matrix, layout, corners)
        layout.orders["elimination"] = np.lexsort((~layout.middles, place[layout.parents].min(axis=0)))
    return layout.orders["elimination"]


def elimination_order_of_corners(matrix: Matrix, layout: Layout) -> Integers:
    """The same of the unknowns that are no middles, alone."""
    if "elimination of corners" not in layout.orders:
        corners = np.flatnonzero(~layout.middles)
        layout.orders["elimination of corners"] = corners[np.argsort(_places(matrix, layout, corners), kind="stable")]
    return layout.orders["elimination of corners"]


def _places(matrix: Matrix, layout: Layout, corners: Integers) -> Integers:
    among = sp.coo_array(matrix[corners][:, corners])
    first, second = among.coords
    once = first < second
    return dissection(first[once], second[once], layout.positions[corners])


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
    upper, goes_on = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    left, part = np.arange(count), np.zeros(count, dtype=np.int64)  # nodes that have no place yet, part by part
    for level in range(_LEVELS):
        if len(left) == 0:
            break
        left, above = _halved(positions, left, part)
        upper[left] = above
        cut = upper[first] != upper[second]
        ends = first[cut], second[cut]
        turned = upper[ends[0]]
        between = _cover(np.where(turned, *ends[::-1]), np.where(turned, *ends), count)
        place[left] += np.where(between[left], 2, above) * 3 ** (_LEVELS - level)
        half = 2 * part + above
        stays = ~between[left]
        large = np.bincount(half[stays], minlength=half[-1] + 1) > 1
        stays &= large[half]
        left, part = left[stays], (np.cumsum(large) - 1)[half[stays]]
        goes_on[:] = False
        goes_on[left] = True
        inside = ~cut & goes_on[first] & goes_on[second]
        first, second = first[inside], second[inside]
    return place


def _halved(positions: Floats, nodes: Integers, part: Integers) -> tuple[Integers, Booleans]:
    """Nodes, part by part along its longest coordinate, and which of them lie beyond its median.

    Parameters
    ----------
    positions
        Of all nodes (n, dimension).
    nodes, part
        Some of them and the part of each, ascending.
    """
    sizes = np.bincount(part)
    starts = np.cumsum(sizes) - sizes
    here = np.stack([coordinate[nodes] for coordinate in positions.T])
    low = np.minimum.reduceat(here, starts, axis=1)
    extent = np.maximum.reduceat(here, starts, axis=1) - low
    axis = extent.argmax(axis=0)
    parts = np.arange(len(sizes))
    along = here[axis[part], np.arange(len(nodes))] - low[axis, parts][part]
    reach = np.maximum(extent[axis, parts], np.finfo(float).tiny)
    order = np.argsort(part + 0.9 * along / reach[part])
    return nodes[order], np.asarray(np.arange(len(nodes)) >= (starts + sizes // 2)[part])


def _cover(first: Integers, second: Integers, count: int) -> Booleans:
    """Fewest nodes that touch every one of the pairs, which join two sides (D. Koenig's theorem).

    The nodes of a largest matching from which no alternating path leads to an unmatched node of the first side.
    """
    (ones, rows), (others, columns) = _renumbered(first, count), _renumbered(second, count)
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


def _renumbered(nodes: Integers, count: int) -> tuple[Integers, Integers]:
    """Nodes that occur in a list, ascending, and the number among them of every one that is listed."""
    there = np.zeros(count, dtype=bool)
    there[nodes] = True
    return np.flatnonzero(there), (np.cumsum(there, dtype=np.int32) - 1)[nodes]
