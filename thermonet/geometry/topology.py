"""Edges and facets of simplices, found once from the nodes of the cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermonet.geometry.mesh import Ints, Mesh

#: Corners of a cell's edges by dimension, in the order of the middle nodes.
EDGES = {
    1: ((0, 1),),
    2: ((0, 1), (1, 2), (0, 2)),
    3: ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)),
}
#: Local nodes of a cell's facets by dimension: corners, then the middles of their edges 0-1, or 0-1, 1-2, 0-2.
FACETS = {
    2: ((0, 1, 3), (1, 2, 4), (0, 2, 5)),
    3: ((0, 1, 2, 4, 5, 6), (0, 1, 3, 4, 8, 7), (1, 2, 3, 5, 9, 8), (0, 2, 3, 6, 9, 7)),
}
_LARGEST = np.iinfo(np.int64).max


def packed(rows: Ints) -> Ints:
    """One number per column of node numbers (k, n): equal where the columns are equal as sets."""
    rows = np.sort(rows, axis=0).astype(np.int64, copy=False)
    size = int(rows.max(initial=0)) + 1
    key = rows[0]
    bound = size
    for row in rows[1:]:
        if bound > _LARGEST // size:
            _, key = np.unique(key, return_inverse=True)
            bound = len(key)
        key = key * size + row
        bound *= size
    return key


@dataclass(frozen=True)
class Edges:
    """All edges of a mesh, in the order of their ends (2, m), lower node first; the edges of every cell (edges, n)."""

    ends: Ints
    of_cell: Ints


def edges(cells: Ints, dimension: int) -> Edges:
    """Number the edges between the corners of cells (corners or more, n)."""
    ends = np.concatenate([cells[list(pair)] for pair in EDGES[dimension]], axis=1)
    ends = np.sort(ends, axis=0)
    _, first, number = np.unique(packed(ends), return_index=True, return_inverse=True)
    return Edges(ends[:, first], number.reshape(len(EDGES[dimension]), -1))


def edge_numbers(found: Edges, ends: Ints) -> Ints:
    """Numbers (n,) of edges known by their ends (2, n), in either order."""
    size = int(found.ends.max(initial=0)) + 1
    key = found.ends[0] * size + found.ends[1]
    wanted = ends.min(axis=0) * size + ends.max(axis=0)
    return np.searchsorted(key, wanted)


@dataclass(frozen=True)
class Facets:
    """All facets of a mesh, as seen from the first of their cells.

    Attributes
    ----------
    nodes
        Corners, then middle nodes where the mesh has them (2, 3 or 6, m).
    cells
        Cells on either side (2, m); -1 where there is none.
    count
        How many cells hold each facet (m,); more than two in no mesh that can exist.
    """

    nodes: Ints
    cells: Ints
    count: Ints


def facets(mesh: Mesh) -> Facets:
    """Find the facets of a mesh and the cells that they separate."""
    dimension = mesh.dimension
    width = dimension if mesh.degree == 1 else len(FACETS[dimension][0])
    nodes = np.concatenate([mesh.cells[list(local[:width])] for local in FACETS[dimension]], axis=1)
    cell = np.tile(np.arange(mesh.cells.shape[1]), dimension + 1)
    _, first, number, count = np.unique(
        packed(nodes[:dimension]), return_index=True, return_inverse=True, return_counts=True
    )
    sides = np.full((2, len(first)), -1)
    sides[0] = cell[first]
    others = np.ones(len(cell), dtype=bool)
    others[first] = False
    sides[1, number[others]] = cell[others]
    return Facets(nodes[:, first], sides, count)


def outer(found: Facets, region: Ints) -> Facets:
    """Facets on the boundary or between two regions."""
    keep = (found.cells[1] < 0) | (region[found.cells[0]] != region[found.cells[1]])
    return Facets(found.nodes[:, keep], found.cells[:, keep], found.count[keep])


def shared(facets_of_mesh: Ints, wanted: Ints) -> Ints:
    """Position of wanted facets (corners, n) among others (corners, m), -1 where it is none of them."""
    both = packed(np.concatenate([facets_of_mesh, wanted], axis=1))
    known, asked = both[: facets_of_mesh.shape[1]], both[facets_of_mesh.shape[1] :]
    order = np.argsort(known)
    place = np.minimum(np.searchsorted(known, asked, sorter=order), max(len(known) - 1, 0))
    if not len(known):
        return np.full(wanted.shape[1], -1)
    found = order[place]
    return np.where(known[found] == asked, found, -1)


def ascending(nodes: Ints, dimension: int) -> tuple[Ints, Ints]:
    """Nodes of simplices (k, n) with their corners in ascending order, middle nodes following; and the order taken.

    Two cells then see what they share in the same order.
    """
    order = np.argsort(nodes[: dimension + 1], axis=0)
    corners = np.take_along_axis(nodes, order, axis=0)
    if len(nodes) == dimension + 1:
        return corners, order
    middle = np.zeros((dimension + 1, dimension + 1), dtype=np.int64)
    for number, (a, b) in enumerate(EDGES[dimension], start=dimension + 1):
        middle[a, b] = middle[b, a] = number
    moved = np.stack([middle[order[a], order[b]] for a, b in EDGES[dimension]])
    return np.concatenate([corners, np.take_along_axis(nodes, moved, axis=0)]), order
