"""Patches of a mesh: the cells around every corner, through whose common facets an equilibrated flux passes.

Two cells at a corner belong to one patch when a way leads from one to the other through facets that have the corner,
interfaces included; where a body touches itself in a point there are several patches.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from thermonet.geometry.mesh import Ints
from thermonet.geometry.topology import packed, shared
from thermonet.heat.equilibrated.conductor import Conductor
from thermonet.heat.equilibrated.raviart_thomas import CellReference
from thermonet.quantities.errors import PhysicsError

#: What a facet is to a flux; the number of an isothermal boundary is added to the last.
FREE, HELD, ISOTHERMAL = 0, 1, 2


@dataclass(frozen=True)
class Faces:
    """Facets of a body.

    Attributes
    ----------
    nodes
        Corners of every facet in ascending order (dimension, facets).
    of_cell
        Facet opposite to every corner of every cell (corners, cells).
    cells, corners
        Cells on its two sides, and the corner opposite to it there (2, facets); -1 where there is none.
    kind
        `FREE`, `HELD` or `ISOTHERMAL` and so on (facets,).
    """

    nodes: Ints
    of_cell: Ints
    cells: Ints
    corners: Ints
    kind: Ints

    def find(self, facets: Ints) -> Ints:
        """Numbers of facets given by their nodes (k, n)."""
        found = shared(self.nodes, facets[: len(self.nodes)])
        if (found < 0).any():
            raise PhysicsError("a facet of a boundary belongs to no cell of the mesh")
        return found


def faces_of(conductor: Conductor) -> Faces:
    """Number the facets of a body.

    Raises
    ------
    PhysicsError
        Three cells share a facet, a boundary is not one of the mesh, or boundaries of different temperature touch.
    """
    corners = conductor.cells.nodes[: conductor.cells.dimension + 1]
    count = corners.shape[1]
    nodes = np.concatenate([np.delete(corners, opposite, axis=0) for opposite in range(len(corners))], axis=1)
    _, first, number, sides = np.unique(packed(nodes), return_index=True, return_inverse=True, return_counts=True)
    if sides.max() > 2:
        raise PhysicsError("more than two cells of the mesh share a facet")
    order = np.argsort(number, kind="stable")
    start = np.cumsum(sides) - sides
    second = order[np.minimum(start + 1, len(order) - 1)]
    both = np.stack([order[start], np.where(sides == 2, second, -1)])
    there = both >= 0
    faces = Faces(
        nodes=nodes[:, first],
        of_cell=number.reshape(corners.shape),
        cells=np.where(there, both % count, -1),
        corners=np.where(there, both // count, -1),
        kind=np.full(len(first), FREE),
    )
    _mark(faces, [conductor.held, *conductor.isothermal])
    return faces


def _mark(faces: Faces, boundaries: list[Ints]) -> None:
    """Say of facets which boundary of one temperature they belong to."""
    taken = np.full(int(faces.nodes.max()) + 1, FREE)
    for kind, facets in enumerate(boundaries, start=HELD):
        faces.kind[faces.find(facets)] = kind
        ends = facets[: len(faces.nodes)]
        if ((taken[ends] != FREE) & (taken[ends] != kind)).any():
            raise PhysicsError("two isothermal boundaries touch, so heat would pass between them without limit")
        taken[ends] = kind


@dataclass(frozen=True)
class Outlets:
    """Where heat can leave patches.

    Attributes
    ----------
    sizes
        Number of unknowns of every patch (patches,), ascending.
    port
        Number of the unknown of a patch's isothermal boundary (patches,); -1 where there is none.
    held
        Whether heat can leave the patch to a held boundary (patches,).
    """

    sizes: Ints
    port: Ints
    held: NDArray[np.bool_]

    def of(self, start: int, stop: int) -> Outlets:
        """Return those of a range of patches."""
        return Outlets(self.sizes[start:stop], self.port[start:stop], self.held[start:stop])


@dataclass(frozen=True)
class Patches:
    """Patches of a body in the order of their size, and the numbers of their unknowns: multipliers on their facets.

    Attributes
    ----------
    faces
        Facets of the body.
    of_corner
        Patch of every corner of every cell (corners, cells).
    slots
        Number, within the patch of a corner, of the unknowns of the facets around it
        (corners, dimension, functions, cells); -1 where there is none.
    outlets
        Where heat can leave them.
    """

    faces: Faces
    of_corner: Ints
    slots: Ints
    outlets: Outlets

    @cached_property
    def members(self) -> tuple[Ints, Ints]:
        """Corners of cells, numbered corner by corner, in the order of their patches; and where every patch starts."""
        flat = self.of_corner.ravel()
        order = np.argsort(flat, kind="stable")
        return order, np.searchsorted(flat[order], np.arange(len(self.outlets.sizes) + 1))

    def at_facets(self, reference: CellReference, facets: Ints, place: int) -> tuple[Ints, Ints]:
        """Patch (n,) of a corner of outer facets, by its place in ascending order, and their unknowns there (n, f)."""
        cell, opposite = self.faces.cells[0, facets], self.faces.corners[0, facets]
        corner = reference.around[opposite, place]
        # Facets around a corner are numbered without the one opposite to it.
        return self.of_corner[corner, cell], self.slots[corner, opposite - (opposite > corner), :, cell]


def patches_of(
    conductor: Conductor, reference: CellReference, faces: Faces, interfaces: list[tuple[Ints, Ints]]
) -> Patches:
    """Find the patches of a body and number their unknowns.

    Parameters
    ----------
    conductor, reference, faces
        The body, the flux in its cells, its facets.
    interfaces
        Numbers of the facets on the two sides of every interface.
    """
    count, inner = conductor.count, np.flatnonzero(faces.cells[1] >= 0)
    sides = [(faces.cells[:, inner], faces.corners[:, inner])]
    sides += [(faces.cells[0, list(pair)], faces.corners[0, list(pair)]) for pair in interfaces]
    # Corners are in ascending order on both sides of a facet, so they match by their place.
    links = [reference.around[corner] * count + cell[..., np.newaxis] for cell, corner in sides]
    first, second = np.concatenate([link.reshape(2, -1) for link in links], axis=1)
    total = len(reference.around) * count
    graph = sp.coo_array((np.ones(len(first), dtype=bool), (first, second)), shape=(total, total))
    patches, flat = connected_components(graph, directed=False)
    return _numbered(reference, faces, flat.reshape(-1, count).astype(np.int64), patches)


def _numbered(reference: CellReference, faces: Faces, of_corner: Ints, patches: int) -> Patches:
    """Number the unknowns: a block for every facet of a patch, one for all facets of an isothermal boundary."""
    functions = len(reference.facet.functions)
    facet = faces.of_cell[reference.around]  # (corners, dimension, cells)
    kind = faces.kind[facet]
    free = kind != HELD
    total, ports = len(faces.kind), int(faces.kind.max()) + 1
    entity = np.where(kind >= ISOTHERMAL, total + kind - ISOTHERMAL, facet)[free]
    patch = np.broadcast_to(of_corner[:, np.newaxis], facet.shape)
    key, block = np.unique(patch[free] * (total + ports) + entity, return_inverse=True)
    owner, tied = key // (total + ports), key % (total + ports) >= total
    size = np.where(tied, 1, functions)
    sizes = np.bincount(owner, size, minlength=patches).astype(np.int64)
    start = np.cumsum(size) - size - (np.cumsum(sizes) - sizes)[owner]
    slots = np.full((*facet.shape, functions), -1)
    # On an isothermal facet the multiplier is uniform.
    bubble = tied[block][:, np.newaxis] & (reference.facet.uniform == 0)
    within = np.where(tied[block][:, np.newaxis], 0, np.arange(functions))
    slots[free] = np.where(bubble, -1, start[block][:, np.newaxis] + within)
    port = np.full(patches, -1)
    port[owner[tied]] = start[tied]
    held = np.zeros(patches, dtype=bool)
    held[patch[~free]] = True
    order = np.argsort(sizes, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(patches)
    outlets = Outlets(sizes[order], port[order], held[order])
    return Patches(faces, rank[of_corner], slots.transpose(0, 1, 3, 2), outlets)
