"""Assembly of a body's matrices on one pattern, found once per mesh without sorting pairs of nodes.

Two nodes of a cell stand together on an edge, a face or the cell itself, and every cell around shares that pair. With
the corners of all cells in ascending order a pair's number is that of its edge, face or cell and a constant, so only
edges and faces are numbered, and the pattern has each pair once before it is ever sorted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np

from thermonet.geometry.mesh import Floats, Ints
from thermonet.geometry.topology import EDGES
from thermonet.heat.elements import Elements
from thermonet.heat.forms import Form, OnCells, OnNodes
from thermonet.heat.reference import pairs
from thermonet.heat.simplices import Simplices
from thermonet.system.core import Matrix
from thermonet.system.patterns import Integers, Pattern, symmetric_pattern
from thermonet.system.terms import Entries, Terms, gathered

#: Cells whose blocks are held at once: they stay in the processor's cache.
_CHUNK = 1 << 14


@dataclass(frozen=True, eq=False)
class _Room:
    """What one form after the other is summed in: sums of all pairs, zero in between, and numbers of all positions."""

    paired: Floats
    number: Integers


@dataclass(frozen=True, eq=False)
class Assembly:
    """Where the blocks of a mesh's forms go.

    Attributes
    ----------
    unknowns
        Unknown of every node, those of ambients after the mesh's.
    pattern
        Of all matrices.
    slots
        Number of every cell's pairs of nodes (pairs, cells); a node with itself has the number of the node.
    upper, lower
        Position in the pattern of every pair (i, j), and of every (j, i).
    """

    unknowns: Integers
    pattern: Pattern
    slots: Integers
    upper: Integers
    lower: Integers

    def sum(self, forms: Iterable[tuple[float, Form]]) -> Matrix:
        """Sum of coefficient times form, without keeping the forms apart."""
        data, paired = np.zeros(self.pattern.count), np.zeros(len(self.upper))
        for coefficient, form in forms:
            if isinstance(form, OnCells):
                self._add_cells(form, coefficient, paired)
            else:
                for positions, blocks in self._placed(form):
                    np.add.at(data, positions.ravel(), (coefficient * blocks).ravel())
        alone = len(self.unknowns)  # pairs of a node with itself, which come first, are added once
        np.add.at(data, self.upper, paired)
        np.add.at(data, self.lower[alone:], paired[alone:])
        return self.pattern.matrix(data)

    def term(self, name: str, forms: Iterable[tuple[float, Form]]) -> Terms:
        """Sum of coefficient times form as the only term."""
        data = self.sum(forms).data
        return Terms(self.pattern, {name: Entries(np.arange(len(data), dtype=self.upper.dtype), data)})

    def terms(self, forms: Mapping[str, Form]) -> Terms:
        """Every form as a term of its own."""
        room = _Room(np.zeros(len(self.upper)), np.zeros(self.pattern.count, dtype=self.upper.dtype))
        return Terms(self.pattern, {name: self._entries(form, room) for name, form in forms.items()})

    def _entries(self, form: Form, room: _Room) -> Entries:
        if isinstance(form, OnNodes):
            placed = [(positions.ravel(), blocks.ravel()) for positions, blocks in self._placed(form)]
            return gathered(*(np.concatenate(parts) for parts in zip(*placed, strict=True)))
        here, positions = self._met(form)
        room.number[positions] = np.arange(len(positions), dtype=room.number.dtype)
        self._add_cells(form, 1.0, room.paired)
        data, paired = np.zeros(len(positions)), room.paired[here]
        alone = int(np.searchsorted(here, len(self.unknowns)))
        np.add.at(data, room.number[self.upper[here]], paired)
        np.add.at(data, room.number[self.lower[here[alone:]]], paired[alone:])
        room.paired[here] = 0
        return Entries(positions, data)

    def _met(self, form: OnCells) -> tuple[Ints, Integers]:
        """Pairs of nodes that meet in the cells of a form, and their positions in the pattern, both ascending."""
        meets, used = np.zeros(len(self.upper), dtype=bool), np.zeros(self.pattern.count, dtype=bool)
        for part in _chunks(form.where):
            meets[self.slots[:, form.where[part]]] = True
        here = np.flatnonzero(meets)
        used[self.upper[here]] = used[self.lower[here]] = True
        return here, np.flatnonzero(used).astype(self.upper.dtype)

    def _add_cells(self, form: OnCells, coefficient: float, paired: Floats) -> None:
        """Add blocks of cells to the sums of every pair of nodes that meets in them."""
        for part in _chunks(form.where):
            slots = self.slots[:, form.where[part]]
            np.add.at(paired, slots.ravel(), (coefficient * form.blocks(part)).ravel())

    def _placed(self, form: OnNodes) -> Iterator[tuple[Ints, Floats]]:
        """Positions of a form's blocks and their values, first the upper halves, then the lower ones."""
        unknowns = self.unknowns[form.nodes]
        i, j = pairs(len(unknowns))
        off = i != j
        yield self.pattern.positions(unknowns[i], unknowns[j]), form.blocks
        yield self.pattern.positions(unknowns[j[off]], unknowns[i[off]]), form.blocks[off]


def assembly_of(elements: Elements, blocks: Sequence[Ints] = (), unknowns: Ints | None = None) -> Assembly:
    """Find the pattern of all pairs of nodes that meet.

    Parameters
    ----------
    elements
        Of the mesh.
    blocks
        Lists of nodes (k, n) that meet beside those of the cells: `OnNodes` forms can stand only there and on cells.
    unknowns
        Unknown of every node of the mesh and of every ambient after them: one for all nodes of an isothermal port, so
        that their rows are never assembled. Every node its own where nothing is given.
    """
    cells = elements.cells
    to = (np.arange(elements.size) if unknowns is None else unknowns).astype(np.int32)
    slots, ends = _pairs_of_cells(cells, len(to))
    met = [nodes[np.stack(pairs(len(nodes)))].reshape(2, -1).astype(np.int32) for nodes in blocks]
    ends = np.concatenate([ends, *met], axis=1) if blocks else ends
    for part in _chunks(ends[0]):  # in place: all pairs are many
        first, second = to[ends[:, part]]
        np.minimum(first, second, out=ends[0, part])
        np.maximum(first, second, out=ends[1, part])
    pattern, upper, lower = symmetric_pattern(ends[0], ends[1], int(to.max(initial=-1)) + 1)
    return Assembly(to, pattern, slots, upper, lower)


def numbered(nodes: int, isothermal: Iterable[Ints] = ()) -> Ints:
    """Unknown of every node (nodes,): each its own, but one for all nodes of an isothermal group.

    A node that lies in several groups belongs to the first of them.
    """
    to, taken = np.arange(nodes), np.zeros(nodes, dtype=bool)
    for group in isothermal:
        own = np.unique(group[~taken[group]])
        taken[own] = True
        to[own] = own[:1]
    return np.unique(to, return_inverse=True)[1]


def _chunks(of: Integers) -> Iterator[slice]:
    for start in range(0, len(of), _CHUNK):
        yield slice(start, start + _CHUNK)


# --- pairs of nodes -----------------------------------------------------------------------------------------------


@lru_cache
def _places(dimension: int, of: int, degree: int) -> Ints:
    """Local nodes of a simplex's edges (of dimension 1), faces (2) or itself, in their own order: (nodes, places)."""
    corners = [(i,) for i in range(dimension + 1)]
    local = {ends: node for node, ends in enumerate([*corners, *EDGES[dimension]])}
    found = []
    for place in combinations(range(dimension + 1), of + 1):
        middles = [(place[a], place[b]) for a, b in EDGES[of]] if degree == 2 else []
        found.append([local[ends] for ends in [*((corner,) for corner in place), *middles]])
    return np.array(found).T


@lru_cache
def _spanning(dimension: int, degree: int) -> tuple[Ints, Ints]:
    """Pairs of different nodes of a simplex that stand on all its corners together, so on no edge or face of it."""
    stands: list[set[int]] = [{corner} for corner in range(dimension + 1)]
    stands += [set(ends) for ends in EDGES[dimension]] if degree == 2 else []
    i, j = pairs(len(stands))
    spanning = [a != b and len(stands[a] | stands[b]) > dimension for a, b in zip(i, j, strict=True)]
    return i[spanning], j[spanning]


def _pairs_of_cells(cells: Simplices, nodes: int) -> tuple[Integers, Integers]:
    """Number of every cell's pairs (pairs, cells), and the two nodes of every number (2, numbers)."""
    local, count = cells.nodes.astype(np.int32), cells.nodes.shape[1]
    i, j = pairs(len(local))
    pair = np.empty((len(local), len(local)), dtype=np.int64)
    pair[i, j] = pair[j, i] = np.arange(len(i))
    slots = np.empty((len(i), count), dtype=np.int32)
    slots[i == j] = local
    parts = [
        (*_spanning(dimension, cells.degree), _places(cells.dimension, dimension, cells.degree))
        for dimension in range(1, cells.dimension + 1)
    ]
    parts = [(one, other, places) for one, other, places in parts if len(one)]
    shared = [_numbered(cells, places) for _, _, places in parts]
    ends = np.empty(
        (2, nodes + sum(len(one) * total for (one, _, _), (total, _) in zip(parts, shared, strict=True))),
        dtype=np.int32,
    )
    ends[:, :nodes] = np.arange(nodes)
    used = nodes
    for (one, other, places), (total, numbers) in zip(parts, shared, strict=True):
        own = np.empty((len(places), total), dtype=np.int32)
        order = np.arange(len(one), dtype=np.int32)[:, np.newaxis]
        for place, number in zip(places.T, numbers, strict=True):
            own[:, number] = local[place]
            slots[pair[place[one], place[other]]] = used + len(one) * number + order
        here = ends[:, used : used + len(one) * total].reshape(2, total, len(one))
        here[0], here[1] = own[one].T, own[other].T
        used += len(one) * total
    return slots, ends


def _numbered(cells: Simplices, places: Ints) -> tuple[int, Integers]:
    """Number of the mesh's edges, faces or cells, and which of them every cell has at its places, (places, cells)."""
    nodes, count = cells.nodes, cells.nodes.shape[1]
    if places.shape[1] == 1:
        return count, np.arange(count, dtype=np.int32)[np.newaxis]
    if len(places) == 3:  # edges with a middle node, which no other edge has
        middles = nodes[places[2]]
        taken = np.zeros(cells.points.shape[1], dtype=bool)
        taken[middles] = True
        return int(taken.sum()), (np.cumsum(taken, dtype=np.int32) - 1)[middles]
    # An edge without one is known by its two corners, a face by the middle of its first edge and its last corner.
    first, last = nodes[places[0 if len(places) == 2 else 3]], nodes[places[1 if len(places) == 2 else 2]]
    kept, entity = np.unique(first * np.int64(cells.points.shape[1]) + last, return_inverse=True)
    return len(kept), entity.astype(np.int32).reshape(last.shape)
