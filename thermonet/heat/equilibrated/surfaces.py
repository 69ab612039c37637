"""Where heat passes beside cells: boundaries with surroundings, boundaries that take it up, interfaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermonet.geometry.mesh import Floats, Ints
from thermonet.geometry.topology import ascending
from thermonet.heat.equilibrated.conductor import Conductor, Load, facet_measure
from thermonet.heat.equilibrated.patches import Faces, Patches
from thermonet.heat.equilibrated.raviart_thomas import CellReference
from thermonet.heat.reference import shapes_at
from thermonet.quantities.errors import PhysicsError


@dataclass(frozen=True)
class Surface:
    """Outer facets of one sort, corners in ascending order.

    Attributes
    ----------
    sides
        Numbers of the facets on the first side, and on the second of an interface (n,) each.
    nodes
        Of the facets on these sides (k, n) each.
    measure
        Area per reference area at the quadrature points (n, q).
    conductance
        To surroundings or across the interface (n,) [W/m^2/K]; zero where heat is given.
    given
        Heat that enters at the quadrature points (n, q, loads) [W/m^2]; one of zeros where it is not given.
    """

    sides: tuple[Ints, ...]
    nodes: tuple[Ints, ...]
    measure: Floats
    conductance: Floats
    given: Floats

    def drop(self, reference: CellReference, fields: Floats) -> Floats:
        """Temperature of the first side less that of the second, or of surroundings at zero, (n, q, loads) [K]."""
        across = fields[self.nodes[0]] - (fields[self.nodes[1]] if len(self.nodes) == 2 else 0.0)
        return np.einsum("knl,kq->nql", across, reference.facet.shapes, optimize=True)

    def passing(self, reference: CellReference, fields: Floats) -> Floats:
        """Heat that leaves the first side as the temperature has it (n, q, loads) [W/m^2]."""
        return self.conductance[:, np.newaxis, np.newaxis] * self.drop(reference, fields) - self.given


def surfaces_of(conductor: Conductor, loads: Sequence[Load], reference: CellReference, faces: Faces) -> list[Surface]:
    """All boundaries that exchange heat or take it up, and all interfaces.

    Raises
    ------
    PhysicsError
        A facet is none of the mesh, or the two sides of an interface do not match.
    """
    dimension, count = conductor.cells.dimension, len(loads)
    shapes, slopes = shapes_at(dimension - 1, conductor.cells.degree, reference.facet.points)

    def surface(sides: Sequence[Ints], conductance: Floats | float, given: Floats | None = None) -> Surface:
        found = [ascending(side, dimension - 1) for side in sides]
        if any((order != found[0][1]).any() for _, order in found):
            raise PhysicsError("the nodes on the two sides of an interface are not in the same order")
        nodes = tuple(side for side, _ in found)
        return Surface(
            sides=tuple(faces.find(side) for side in sides),
            nodes=nodes,
            measure=facet_measure(conductor, nodes[0], shapes, slopes),
            conductance=np.broadcast_to(np.asarray(conductance, dtype=float), nodes[0].shape[1]),
            given=np.zeros((1, 1, count)) if given is None else given,
        )

    found = [surface([facets], value) for facets, value in conductor.ambient]
    found += [surface([first, second], value) for first, second, value in conductor.interfaces]
    for number, load in enumerate(loads):
        for facets, density in load.facets:
            given = np.zeros((facets.shape[1], shapes.shape[1], count))
            given[:, :, number] = _at_points(facets, density, dimension, shapes)
            found.append(surface([facets], 0.0, given))
    return found


def _at_points(facets: Ints, density: Floats | float, dimension: int, shapes: Floats) -> Floats:
    """Density at the quadrature points of facets (n, q) with their corners in ascending order."""
    if np.ndim(density) == 2:
        nodes, _ = ascending(facets, dimension - 1)
        rows = (facets[np.newaxis] == nodes[:, np.newaxis]).argmax(axis=1)
        return np.asarray(np.take_along_axis(np.asarray(density), rows, axis=0).T @ shapes)
    return np.broadcast_to(np.reshape(density, (-1, 1)), (facets.shape[1], shapes.shape[1]))


@dataclass(frozen=True)
class Moments:
    """Contributions of surfaces to patch problems, in the order of the patches.

    Attributes
    ----------
    patch, slots, outward
        Heat that leaves with the temperature's part at a corner: patch (n,), unknowns of the facet (n, f), moments
        (n, f, loads).
    matrix_patch, rows, columns, blocks
        Heat that leaves by multipliers: patch (m,), unknowns (m, f) of the heat and of the multipliers, (m, f, f).
    open
        Whether heat can leave a patch to surroundings (patches,).
    """

    patch: Ints
    slots: Ints
    outward: Floats
    matrix_patch: Ints
    rows: Ints
    columns: Ints
    blocks: Floats
    open: NDArray[np.bool_]

    def of(self, start: int, stop: int) -> Moments:
        """Return those of a range of patches, numbered from its start."""
        one = slice(*np.searchsorted(self.patch, [start, stop]))
        two = slice(*np.searchsorted(self.matrix_patch, [start, stop]))
        return Moments(
            self.patch[one] - start,
            self.slots[one],
            self.outward[one],
            self.matrix_patch[two] - start,
            self.rows[two],
            self.columns[two],
            self.blocks[two],
            self.open[start:stop],
        )


def moments_of(reference: CellReference, patches: Patches, surfaces: Sequence[Surface], fields: Floats) -> Moments:
    """Contributions of surfaces to the problems of all patches."""
    facet, functions = reference.facet, len(reference.facet.functions)
    heat = [(np.zeros(0, int), np.zeros((0, functions), int), np.zeros((0, functions, fields.shape[1])))]
    empty = np.zeros((0, functions), int)
    matrix = [(np.zeros(0, int), empty, empty, np.zeros((0, functions, functions)))]
    opened = np.zeros(len(patches.outlets.sizes), dtype=bool)
    for surface in surfaces:
        weights = surface.measure * facet.weights
        passing = weights[:, :, np.newaxis] * surface.passing(reference, fields)
        through = np.einsum(
            "nq,fq,gq->nfg",
            weights * surface.conductance[:, np.newaxis],
            facet.functions,
            facet.functions,
            optimize=True,
        )
        for place, hat in enumerate(facet.hats):
            outward = np.einsum("nql,fq->nfl", passing, facet.functions * hat, optimize=True)
            at = [patches.at_facets(reference, side, place) for side in surface.sides]
            heat += [(patch, slots, sign * outward) for sign, (patch, slots) in zip((1, -1), at, strict=False)]
            if len(at) == 1:
                opened[at[0][0][surface.conductance > 0]] = True
            if surface.conductance.any():
                pairs = [(i, j) for i in range(len(at)) for j in range(len(at))]
                matrix += [(at[i][0], at[i][1], at[j][1], (-1) ** (i + j) * through) for i, j in pairs]
    patch, slots, outward = _in_order(heat)
    matrix_patch, rows, columns, blocks = _in_order(matrix)
    return Moments(patch, slots, outward, matrix_patch, rows, columns, blocks, opened)


def _in_order(parts: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Put parts together, in the order of their first arrays."""
    whole = [np.concatenate(part) for part in zip(*parts, strict=True)]
    order = np.argsort(whole[0], kind="stable")
    return [part[order] for part in whole]
