"""Equilibrated fluxes: from a temperature on a mesh a flux whose divergence is the source in every cell.

The heat flux ``-k grad u`` of finite elements jumps from cell to cell. Around every corner a small problem finds the
flux next to ``-phi k grad u``, in the energy of fluxes, that has the divergence ``phi f - grad phi . k grad u`` and
leaves the patch of cells nowhere; phi is the corner's hat function. The sum over all corners has normal components that
match and the divergence f (Braess, Schoeberl, Math. Comp. 77, 651 (2008), doi:10.1090/S0025-5718-07-02080-7; Ern,
Vohralik, SIAM J. Numer. Anal. 53, 1058 (2015), doi:10.1137/130950100). The problems are solved for multipliers on the
facets (Arnold, Brezzi, ESAIM: M2AN 19, 7 (1985), doi:10.1051/m2an/1985190100071): many small symmetric systems.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermonet.geometry.mesh import Floats, Ints
from thermonet.heat.conductor import Conductor, Load, Metric, heat_at_points, metric, volumes
from thermonet.heat.patches import Faces, Patches, faces_of, patches_of
from thermonet.heat.raviart_thomas import LARGEST, CellReference, cell_reference
from thermonet.heat.surfaces import Moments, Surface, moments_of, surfaces_of

#: Bytes of the matrices of patches that are solved together.
_AT_ONCE = 2e7
#: Patches that are solved together differ in size by no more than this factor and a few.
_ALIKE, _FEW = 1.3, 6


@dataclass(frozen=True)
class EquilibratedFlux:
    """A flux for every load.

    Attributes
    ----------
    conductor, loads
        The body and its loads.
    reference, faces, surfaces
        The functions, the facets, and where heat passes beside cells.
    coefficients
        Of the functions in every cell (cells, n, loads) [W].
    lost
        Heat of every cell that its faces lose to surroundings beside what the temperature says (cells, loads) [W].
    """

    conductor: Conductor
    loads: Sequence[Load]
    reference: CellReference
    faces: Faces
    surfaces: list[Surface]
    coefficients: Floats
    lost: Floats

    def through(self, facets: Ints) -> Floats:
        """Moments (n, f, loads) of the heat that leaves the first cells of facets, by their numbers [W]."""
        cell, opposite = self.faces.cells[0, facets], self.faces.corners[0, facets]
        return np.asarray(self.reference.through[opposite] @ self.coefficients[cell])


def flux_order(conductor: Conductor) -> int:
    """Order of fluxes: the degree of the temperature in the plane; one in space, where the second is expensive."""
    return min(conductor.cells.degree, LARGEST) if conductor.cells.dimension == 2 else 1


def equilibrated_flux(
    conductor: Conductor, loads: Sequence[Load], fields: Floats, order: int | None = None
) -> EquilibratedFlux:
    """Find an equilibrated flux next to that of every temperature.

    Parameters
    ----------
    conductor, loads
        The body and its loads.
    fields
        Temperature of every node of the mesh for every load (nodes, loads) [K]. What heat they leave over around a
        corner, the flux leaves over too, spread over the cells there.
    order
        Of the fluxes, 0 to 2; `flux_order` where nothing is given.

    Raises
    ------
    PhysicsError
        A facet is none of the mesh, boundaries of different temperature touch, or sides of an interface do not match.
    """
    cells = conductor.cells
    reference = cell_reference(cells.dimension, cells.degree, flux_order(conductor) if order is None else order)
    faces = faces_of(conductor)
    surfaces = surfaces_of(conductor, loads, reference, faces)
    sides = [(surface.sides[0], surface.sides[1]) for surface in surfaces if len(surface.sides) == 2]
    patches = patches_of(conductor, reference, faces, sides)
    problems = _Problems(conductor, loads, fields, reference, patches)
    moments = moments_of(reference, patches, surfaces, fields)
    flux = np.zeros((conductor.count, reference.functions.shape[0], fields.shape[1]))
    for start, stop in _runs(patches.sizes):
        problems.solve(moments.of(start, stop), start, stop, flux)
    return EquilibratedFlux(
        conductor, loads, reference, faces, surfaces, flux, np.zeros((conductor.count, fields.shape[1]))
    )


def _runs(sizes: Ints) -> Iterator[tuple[int, int]]:
    """Ranges of patches of similar size."""
    start = 0
    while start < len(sizes):
        alike = int(np.searchsorted(sizes, _ALIKE * sizes[start] + _FEW, side="right"))
        stop = min(alike, start + max(1, int(_AT_ONCE / (8 * (sizes[alike - 1] + 1) ** 2))))
        yield start, stop
        start = stop


@dataclass(frozen=True)
class _Part:
    """Cells of a run that have the same corner in a patch.

    Attributes
    ----------
    corner
        Which of theirs.
    members, cells
        Their numbers among the run's corners of cells, and in the mesh (n,).
    metric
        Theirs.
    divergence
        Moments of what the divergence should be (n, m, loads).
    target
        Work of the wanted flux on every free one (n, z, loads).
    """

    corner: int
    members: Ints
    cells: Ints
    metric: Metric
    divergence: Floats
    target: Floats


@dataclass(frozen=True)
class _Problems:
    """What the problems of patches are made of."""

    conductor: Conductor
    loads: Sequence[Load]
    fields: Floats
    reference: CellReference
    patches: Patches

    def solve(self, moments: Moments, start: int, stop: int, flux: Floats) -> None:
        """Solve the problems of a range of patches, and add their fluxes to those of the cells."""
        patches, reference = self.patches, self.reference
        order, first = patches.members
        corner, cell = np.divmod(order[first[start] : first[stop]], self.conductor.count)
        patch = patches.of_corner[corner, cell] - start
        size = int(patches.sizes[stop - 1])
        slots = patches.slots[corner, :, :, cell].reshape(len(cell), -1)
        slots = np.where(slots < 0, size, slots)  # one more row takes what is not wanted
        parts = list(self._parts(corner, cell))
        left = self._left_over(moments, parts, patch, stop - start)
        inside = ~patches.held[start:stop] & (patches.port[start:stop] < 0)
        self._spread(parts, patch, np.where(inside[:, np.newaxis], left, 0.0), stop - start)
        count, loads = left.shape
        system = _System(np.zeros((count, size + 1, size + 1)), np.zeros((count, size + 1, loads)))
        locals_ = [self._condensed(part) for part in parts]
        for part, local in zip(parts, locals_, strict=True):
            own = slots[part.members]
            system.add(patch[part.members], own, own, local.stiffness)
            system.give(patch[part.members], own, local.outward)
        outer, rows, columns = (np.where(part < 0, size, part) for part in (moments.slots, moments.rows, moments.columns))
        system.give(moments.patch, outer, -moments.outward)
        system.add(moments.matrix_patch, rows, columns, moments.blocks)
        # An isothermal boundary gets from the flux what it gets from the temperature.
        ports = np.flatnonzero(patches.port[start:stop] >= 0)
        system.outward[ports, patches.port[start:stop][ports]] -= left[ports]
        uniform = np.zeros((count, size + 1))
        uniform[patch[:, np.newaxis], slots] = np.tile(reference.facet.uniform, reference.dimension)
        uniform[ports, patches.port[start:stop][ports]] = 1.0
        sealed = ~patches.held[start:stop] & ~moments.open
        heights = system.solved(patches.sizes[start:stop], uniform, sealed)
        for part, local in zip(parts, locals_, strict=True):
            own = heights[patch[part.members, np.newaxis], slots[part.members]]
            flux[part.cells] += local.flux - local.response @ own

    def _parts(self, corner: Ints, cell: Ints) -> Iterator[_Part]:
        reference, varies = self.reference, self.conductor.varies[cell]
        for local in range(len(reference.around)):
            for bent in (False, True):
                members = np.flatnonzero((corner == local) & (varies == bent))
                if len(members):
                    yield self._part(local, members, cell[members], varies=bent)

    def _part(self, corner: int, members: Ints, cells: Ints, *, varies: bool) -> _Part:
        reference = self.reference
        hat, hat_slope = reference.hats[corner], reference.hat_slopes[corner]
        found = metric(self.conductor, cells, reference.shapes, reference.slopes, varies=varies)
        nodes = self.fields[self.conductor.cells.nodes[:, cells]]
        slopes = np.einsum("knl,kdq->nqdl", nodes, reference.slopes, optimize=True)
        along = np.einsum("nqab,b->nqa", found.conductance, hat_slope)
        heat = heat_at_points(self.conductor, self.loads, reference.shapes, cells, found, nodes) * hat[:, np.newaxis]
        heat -= (along[..., np.newaxis] * slopes).sum(axis=2)
        free = np.einsum("nz,ndq->zqd", reference.free[corner], reference.functions)
        wanted = (free * (hat * reference.weights)[:, np.newaxis]).reshape(len(free), -1)
        return _Part(
            corner,
            members,
            cells,
            found,
            (reference.tests * reference.weights) @ heat,
            -(wanted @ slopes.reshape(len(cells), -1, slopes.shape[3])),
        )

    def _left_over(self, moments: Moments, parts: list[_Part], patch: Ints, count: int) -> Floats:
        """Heat that the temperature leaves in every patch (patches, loads)."""
        left = np.zeros((count, self.fields.shape[1]))
        for part in parts:
            np.add.at(left, patch[part.members], np.einsum("m,nml->nl", self.reference.one, part.divergence))
        np.subtract.at(left, moments.patch, np.einsum("f,nfl->nl", self.reference.facet.uniform, moments.outward))
        return left

    def _spread(self, parts: list[_Part], patch: Ints, left: Floats, count: int) -> None:
        """Take heat that is left over out of the cells of every patch, in proportion to their volume."""
        reference = self.reference
        own = [volumes(part.metric, reference.weights) for part in parts]
        total = np.zeros(count)
        for part, volume in zip(parts, own, strict=True):
            np.add.at(total, patch[part.members], volume)
        for part, volume in zip(parts, own, strict=True):
            owner = patch[part.members]
            share = volume[:, np.newaxis] / total[owner][:, np.newaxis] * left[owner]
            part.divergence[:] -= share[:, np.newaxis] * (reference.one / reference.weights.sum())[:, np.newaxis]

    def _condensed(self, part: _Part) -> _Local:
        """Solve the problems of cells for given multipliers on their facets."""
        reference = self.reference
        free, lift = reference.free[part.corner], reference.lift[part.corner]
        gates = reference.through[reference.around[part.corner]].reshape(-1, len(free))
        energy = _energies(reference, part, np.concatenate([free, lift], axis=1), free.shape[1])
        own, mixed = energy[:, :, : free.shape[1]], energy[:, :, free.shape[1] :]
        count = len(part.cells)
        opened = np.broadcast_to((gates @ free).T, (count, free.shape[1], len(gates)))
        right = np.concatenate([part.target - mixed @ part.divergence, opened], axis=2)
        found = np.linalg.solve(own, right)
        loads = part.target.shape[2]
        flux = lift @ part.divergence + free @ found[:, :, :loads]
        response = free @ found[:, :, loads:]
        return _Local(gates @ response, gates @ flux, flux, response)


@dataclass(frozen=True)
class _Local:
    """Cells whose fluxes are known but for the multipliers on the facets around a corner.

    Attributes
    ----------
    stiffness, outward
        Heat that leaves through these facets: per multiplier, taken off (n, i, i), and without (n, i, loads).
    flux, response
        The flux without multipliers (n, functions, loads), and what each takes off it (n, functions, i).
    """

    stiffness: Floats
    outward: Floats
    flux: Floats
    response: Floats


def _energies(reference: CellReference, part: _Part, basis: Floats, rows: int) -> Floats:
    """Energies of the first few of some fluxes (functions, f) with all of them (n, rows, f)."""
    inverse = np.linalg.inv(part.metric.conductance)
    fluxes = np.einsum("nf,naq->faq", basis, reference.functions)
    pairs = np.einsum("zaq,fbq,q->qabzf", fluxes[:rows], fluxes, reference.weights, optimize=True)
    if inverse.shape[1] == 1:
        pairs = pairs.sum(axis=0, keepdims=True)
    table = pairs.reshape(-1, rows * basis.shape[1])
    return (inverse.reshape(len(inverse), -1) @ table).reshape(-1, rows, basis.shape[1])


@dataclass(frozen=True)
class _System:
    """Systems of some patches, with one row more than the largest has: matrices and right-hand sides.

    Attributes
    ----------
    matrix, outward
        (patches, size + 1, size + 1), (patches, size + 1, loads).
    """

    matrix: Floats
    outward: Floats

    def add(self, patch: Ints, rows: Ints, columns: Ints, blocks: Floats) -> None:
        """Add blocks (n, i, j) to the matrices."""
        width = self.matrix.shape[1]
        place = (patch[:, np.newaxis] * width + rows)[:, :, np.newaxis] * width + columns[:, np.newaxis]
        np.add.at(self.matrix.reshape(-1), place.ravel(), blocks.ravel())

    def give(self, patch: Ints, rows: Ints, heat: Floats) -> None:
        """Add heat (n, i, loads) to the right-hand sides."""
        place = patch[:, np.newaxis] * self.outward.shape[1] + rows
        np.add.at(self.outward.reshape(-1, heat.shape[2]), place.ravel(), heat.reshape(-1, heat.shape[2]))

    def solved(self, sizes: Ints, uniform: Floats, sealed: NDArray[np.bool_]) -> Floats:
        """Multipliers (patches, size + 1, loads); the last are zero.

        Parameters
        ----------
        sizes
            Number of unknowns of every patch.
        uniform
            The uniform multiplier (patches, size + 1), which passes no heat within a patch.
        sealed
            Patches that no heat can leave (patches,), whose multipliers are known but for a uniform one.
        """
        size = self.matrix.shape[1] - 1
        matrix, uniform = self.matrix[:, :size, :size], uniform[:, :size]
        diagonal = np.arange(size)
        matrix[:, diagonal, diagonal] += diagonal >= sizes[:, np.newaxis]
        scale = np.where(sealed, np.einsum("pii->p", matrix) / np.maximum(sizes, 1) ** 2, 0.0)
        matrix += (scale[:, np.newaxis] * uniform)[:, :, np.newaxis] * uniform[:, np.newaxis]
        heights = np.zeros_like(self.outward)
        heights[:, :size] = np.linalg.solve(matrix, self.outward[:, :size])
        return heights
