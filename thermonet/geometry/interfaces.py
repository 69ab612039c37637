"""Meshes with real temperature jumps: regions that meet at a boundary conductance get nodes of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from thermonet.geometry.mesh import Ints, Mesh
from thermonet.geometry.topology import FACETS, ascending, packed


@dataclass(frozen=True)
class Interface:
    """Where two regions touch without sharing nodes: matching facets (2, 3 or 6, facets) on either side."""

    first: str
    second: str
    first_facets: Ints
    second_facets: Ints


def separated(mesh: Mesh, bonded: Callable[[str, str], bool]) -> tuple[Mesh, list[Interface]]:
    """Give every region nodes of its own, but for regions that are bonded; return the interfaces that arise.

    A boundary that lies between two regions keeps to the nodes of the one that is named first in the mesh.

    Parameters
    ----------
    mesh
        A conforming mesh.
    bonded
        Whether two regions (by name) are in perfect contact.
    """
    met = _met_by_several(mesh, mesh.region)
    sides = _paired(mesh, _facets_within(mesh, met))
    body = _bodies(mesh, sides, bonded)
    of_cell = body[mesh.region]
    if (of_cell == of_cell[:1]).all() and _all_used(mesh):
        return mesh, []
    copies = _Copies(mesh, of_cell)
    split = replace(
        mesh,
        points=mesh.points[:, copies.original],
        cells=copies.number(mesh.cells, of_cell),
        boundaries=_moved_boundaries(mesh, of_cell, copies),
    )
    apart = of_cell[sides.cells[0]] != of_cell[sides.cells[1]]
    return split, _interfaces(mesh, _Sides(sides.nodes[:, apart], sides.cells[:, apart]), of_cell, copies)


def _all_used(mesh: Mesh) -> bool:
    used = np.zeros(mesh.points.shape[1], dtype=bool)
    used[mesh.cells] = True
    return bool(used.all())


class _Copies:
    """A node for every body that a node of the mesh belongs to; those of one node stand side by side."""

    def __init__(self, mesh: Mesh, of_cell: Ints) -> None:
        self.bodies = int(of_cell.max(initial=0)) + 1
        used = np.zeros(mesh.points.shape[1] * self.bodies, dtype=bool)
        used[mesh.cells * self.bodies + of_cell] = True
        place = np.flatnonzero(used)
        self.original = place // self.bodies
        self._number = np.cumsum(used) - 1

    def number(self, nodes: Ints, body: Ints) -> Ints:
        """Number that nodes of the mesh have in a body (n,)."""
        return self._number[nodes * self.bodies + body]


@dataclass(frozen=True)
class _Sides:
    """Facets between two cells: their nodes, corners ascending (k, n), and the cells, lower region first (2, n)."""

    nodes: Ints
    cells: Ints


def _met_by_several(mesh: Mesh, group: Ints) -> NDArray[np.bool_]:
    """Nodes that lie in cells of several groups."""
    count = np.zeros(mesh.points.shape[1], dtype=np.int64)
    for each in np.unique(group):
        touched = np.zeros(len(count), dtype=bool)
        touched[mesh.cells[:, group == each]] = True
        count += touched
    return count > 1


def _facets_within(mesh: Mesh, marked: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Facets whose corners are all marked, from each of their cells: nodes, corners ascending (k, n), and cells (n,).

    They are sorted so that those on the same corners stand side by side, that of the lower region first.
    """
    dimension = mesh.dimension
    nodes, cells = [], []
    for local in FACETS[dimension]:
        facet = np.array(local if mesh.degree == 2 else local[:dimension])
        here = np.flatnonzero(marked[mesh.cells[facet[:dimension]]].all(axis=0))
        nodes.append(mesh.cells[np.ix_(facet, here)])
        cells.append(here)
    facets, cell = ascending(np.concatenate(nodes, axis=1), dimension - 1)[0], np.concatenate(cells)
    order = np.lexsort((cell, mesh.region[cell], packed(facets[:dimension])))
    return facets[:, order], cell[order]


def _paired(mesh: Mesh, facets: tuple[Ints, Ints]) -> _Sides:
    """Facets that separate two regions."""
    nodes, cell = facets
    corners = nodes[: mesh.dimension]
    inner = (corners[:, :-1] == corners[:, 1:]).all(axis=0) & (mesh.region[cell[:-1]] != mesh.region[cell[1:]])
    return _Sides(nodes[:, :-1][:, inner], np.stack([cell[:-1][inner], cell[1:][inner]]))


def _pairs_of_regions(mesh: Mesh, sides: _Sides) -> tuple[Ints, Ints]:
    """Pairs of regions that share a facet (pairs, 2), and which of them every facet separates."""
    pairs, which = np.unique(mesh.region[sides.cells].T, axis=0, return_inverse=True)
    return pairs.reshape(-1, 2), which.ravel()


def _bodies(mesh: Mesh, sides: _Sides, bonded: Callable[[str, str], bool]) -> Ints:
    """Number of the body that every region belongs to: regions that touch and are bonded are one body."""
    body = np.arange(len(mesh.names))
    for i, j in _pairs_of_regions(mesh, sides)[0]:
        if bonded(mesh.names[i], mesh.names[j]):
            body[body == body[i]] = body[j]
    return body


def _moved_boundaries(mesh: Mesh, of_cell: Ints, copies: _Copies) -> dict[str, Ints]:
    """Boundaries in the nodes of the bodies that they belong to."""
    doubled = np.bincount(copies.original, minlength=mesh.points.shape[1]) > 1
    only = np.zeros(mesh.points.shape[1], dtype=np.int64)
    only[copies.original] = np.arange(len(copies.original))
    moved = {name: only[facets] for name, facets in mesh.boundaries.items()}
    unclear = {name: np.flatnonzero(doubled[facets].any(axis=0)) for name, facets in mesh.boundaries.items()}
    marked = np.zeros(mesh.points.shape[1], dtype=bool)
    for name, facets in mesh.boundaries.items():
        marked[facets[: mesh.dimension, unclear[name]]] = True
    nodes, cell = _facets_within(mesh, marked)
    for name, facets in mesh.boundaries.items():
        wanted = facets[:, unclear[name]]
        # A face that is named after its region is that region's side of an interface.
        region = name.partition(".")[0]
        own = mesh.region[cell] == mesh.names.index(region) if region in mesh.names else np.ones(len(cell), dtype=bool)
        owner = cell[own][_first_of(nodes[: mesh.dimension, own], wanted[: mesh.dimension])]
        moved[name][:, unclear[name]] = copies.number(wanted, of_cell[owner])
    return moved


def _first_of(known: Ints, wanted: Ints) -> Ints:
    """Position of the first of known facets (corners, n) that every wanted one (corners, m) is."""
    both = packed(np.concatenate([known, wanted], axis=1))
    order = np.argsort(both[: known.shape[1]], kind="stable")
    return order[np.searchsorted(both[: known.shape[1]], both[known.shape[1] :], sorter=order)]


def _interfaces(mesh: Mesh, sides: _Sides, of_cell: Ints, copies: _Copies) -> list[Interface]:
    """Facets between two bodies by the regions that they separate."""
    first, second = (copies.number(sides.nodes, of_cell[cells]) for cells in sides.cells)
    pairs, which = _pairs_of_regions(mesh, sides)
    found = []
    for number, (i, j) in enumerate(pairs):
        here = which == number
        found.append(Interface(mesh.names[i], mesh.names[j], first[:, here], second[:, here]))
    return found
