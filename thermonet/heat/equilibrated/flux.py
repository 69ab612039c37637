"""Equilibrated fluxes: from a temperature on a mesh a flux whose divergence is the source in every cell.

The heat flux ``-k grad u`` of finite elements jumps from cell to cell. Around every corner a small problem finds the
flux next to ``-phi k grad u``, in the energy of fluxes, that has the divergence ``phi f - grad phi . k grad u`` and
leaves the patch of cells nowhere; phi is the corner's hat function. The sum over all corners has normal components that
match and the divergence f (Braess, Schoeberl, Math. Comp. 77, 651 (2008), doi:10.1090/S0025-5718-07-02080-7; Ern,
Vohralik, SIAM J. Numer. Anal. 53, 1058 (2015), doi:10.1137/130950100). The problems are solved for multipliers on the
facets (Arnold, Brezzi, ESAIM: M2AN 19, 7 (1985), doi:10.1051/m2an/1985190100071): many small symmetric systems.

What the temperature and an interface or a boundary with surroundings make of heat is treated alike: the flux may differ
from ``h u`` there and pays for it with ``(q_n - h u)^2 / h``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from thermonet.geometry.mesh import Floats, Ints
from thermonet.heat.equilibrated.cells import Corners, Wanted, condensed, heat_within, taken_out, wanted
from thermonet.heat.equilibrated.conductor import Conductor, Load
from thermonet.heat.equilibrated.patches import Faces, Outlets, Patches, faces_of, patches_of
from thermonet.heat.equilibrated.raviart_thomas import LARGEST, CellReference, cell_reference
from thermonet.heat.equilibrated.surfaces import Moments, Surface, moments_of, surfaces_of
from thermonet.heat.equilibrated.systems import systems

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
    moments = moments_of(reference, patches, surfaces, fields)
    flux = np.zeros((conductor.count, reference.functions.shape[0], fields.shape[1]))
    for start, stop in _runs(patches.outlets.sizes):
        corners = _corners(patches, conductor.count, start, stop)
        parts = list(wanted(conductor, loads, fields, reference, corners))
        for where, found in _solved(reference, patches.outlets.of(start, stop), moments.of(start, stop), parts):
            flux[where] += found
    lost = np.zeros((conductor.count, fields.shape[1]))
    return EquilibratedFlux(conductor, loads, reference, faces, surfaces, flux, lost)


def _runs(sizes: Ints) -> Iterator[tuple[int, int]]:
    """Ranges of patches of similar size."""
    start = 0
    while start < len(sizes):
        alike = int(np.searchsorted(sizes, _ALIKE * sizes[start] + _FEW, side="right"))
        stop = min(alike, start + max(1, int(_AT_ONCE / (8 * (sizes[alike - 1] + 1) ** 2))))
        yield start, stop
        start = stop


def _corners(patches: Patches, count: int, start: int, stop: int) -> Corners:
    order, first = patches.members
    corner, cell = np.divmod(order[first[start] : first[stop]], count)
    slots = patches.slots[corner, :, :, cell].reshape(len(cell), -1)
    return Corners(corner, cell, patches.of_corner[corner, cell] - start, slots)


def _solved(
    reference: CellReference, outlets: Outlets, moments: Moments, parts: Sequence[Wanted]
) -> Iterator[tuple[Ints, Floats]]:
    """Cells and the fluxes that the problems of some patches give them."""
    left = _left_over(reference, moments, parts, len(outlets.sizes))
    inside = ~outlets.held & (outlets.port < 0)
    parts = taken_out(reference, parts, np.where(inside[:, np.newaxis], left, 0.0))
    found = systems(len(outlets.sizes), int(outlets.sizes[-1]), left.shape[1])
    local = [condensed(reference, part) for part in parts]
    uniform = np.zeros(found.heat.shape[:2])
    for part, cells in zip(parts, local, strict=True):
        found.add(part.patch, part.slots, part.slots, cells.stiffness)
        found.give(part.patch, part.slots, cells.outward)
        uniform[part.patch[:, np.newaxis], part.slots] = np.tile(reference.facet.uniform, reference.dimension)
    found.give(moments.patch, moments.slots, -moments.outward)
    found.add(moments.matrix_patch, moments.rows, moments.columns, moments.blocks)
    # An isothermal boundary gets from the flux what it gets from the temperature.
    ports = np.flatnonzero(outlets.port >= 0)
    found.heat[ports, outlets.port[ports]] -= left[ports]
    uniform[ports, outlets.port[ports]] = 1.0
    heights = found.solved(outlets.sizes, uniform, ~outlets.held & ~moments.open)
    for part, cells in zip(parts, local, strict=True):
        yield part.cells, cells.flux - cells.response @ heights[part.patch[:, np.newaxis], part.slots]


def _left_over(reference: CellReference, moments: Moments, parts: Sequence[Wanted], count: int) -> Floats:
    """Heat that the temperature leaves over in every patch (patches, loads) [W]."""
    left = np.zeros((count, moments.outward.shape[2]))
    for part in parts:
        np.add.at(left, part.patch, heat_within(reference, part))
    np.subtract.at(left, moments.patch, np.einsum("f,nfl->nl", reference.facet.uniform, moments.outward))
    return left
