"""Cells of a patch: their part in its problem once the fluxes inside are written by multipliers on their facets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from thermonet.geometry.mesh import Floats, Ints
from thermonet.heat.equilibrated.conductor import Conductor, Load, Metric, heat_at_points, metric, vectors_at, volumes
from thermonet.heat.equilibrated.raviart_thomas import CellReference


@dataclass(frozen=True)
class Wanted:
    """What the flux of some cells around one of their corners should be.

    Attributes
    ----------
    corner
        The corner, the same of all.
    patch
        Patch of every cell's corner (n,).
    cells
        Their numbers in the mesh (n,).
    slots
        Unknowns of their facets around the corner, in the patch (n, i).
    metric
        Of the cells.
    divergence
        Moments of the divergence (n, m, loads).
    target
        Work of the flux of the temperature, times the hat function, on every free flux (n, z, loads).
    """

    corner: int
    patch: Ints
    cells: Ints
    slots: Ints
    metric: Metric
    divergence: Floats
    target: Floats


@dataclass(frozen=True)
class Condensed:
    """Cells whose fluxes are known but for the multipliers on the facets around a corner.

    Attributes
    ----------
    stiffness, outward
        Heat that leaves through these facets: what each multiplier takes off (n, i, i), and without (n, i, loads).
    flux, response
        The flux without multipliers (n, functions, loads), and what each takes off (n, functions, i).
    """

    stiffness: Floats
    outward: Floats
    flux: Floats
    response: Floats


@dataclass(frozen=True)
class Corners:
    """Corners of cells that belong to some patches: their numbers, cells, patches (n,) and unknowns (n, i)."""

    corner: Ints
    cell: Ints
    patch: Ints
    slots: Ints


def wanted(
    conductor: Conductor, loads: Sequence[Load], fields: Floats, reference: CellReference, corners: Corners
) -> Iterator[Wanted]:
    """Say of cells what their flux should be: one corner at a time, straight cells apart from those that vary."""
    varies = conductor.varies[corners.cell]
    for corner in range(len(reference.around)):
        for bent in (False, True):
            here = np.flatnonzero((corners.corner == corner) & (varies == bent))
            if not len(here):
                continue
            cells = corners.cell[here]
            found = metric(conductor, cells, reference.shapes, reference.slopes, varies=bent)
            divergence, target = _moments(conductor, loads, fields, reference, (corner, cells, found))
            yield Wanted(corner, corners.patch[here], cells, corners.slots[here], found, divergence, target)


def _moments(
    conductor: Conductor,
    loads: Sequence[Load],
    fields: Floats,
    reference: CellReference,
    cells: tuple[int, Ints, Metric],
) -> tuple[Floats, Floats]:
    """Moments of ``phi f - grad phi . k grad u``, and the work of ``-phi k grad u``, phi a corner's hat function."""
    corner, where, found = cells
    hat, hat_slope = reference.hats[corner], reference.hat_slopes[corner]
    nodes = fields[conductor.cells.nodes[:, where]]
    slopes = vectors_at(nodes, reference.slopes)
    along = found.conductance @ hat_slope
    heat = heat_at_points(conductor, loads, reference.shapes, where, found, nodes) * hat[:, np.newaxis]
    heat -= np.einsum("nqd,nldq->nql", np.broadcast_to(along, (len(where), *hat.shape, len(hat_slope))), slopes)
    free = np.einsum("nz,ndq->zdq", reference.free[corner], reference.functions)
    weighted = (free * (hat * reference.weights)).reshape(len(free), -1)
    # The work of a flux is measured by 1/k, which takes the k of the temperature's flux away.
    work = -(slopes.reshape(len(where), len(loads), -1) @ weighted.T).swapaxes(1, 2)
    return (reference.tests * reference.weights) @ heat, work


def heat_within(reference: CellReference, part: Wanted) -> Floats:
    """Heat that should arise in cells (n, loads) [W]."""
    return np.einsum("m,nml->nl", reference.one, part.divergence)


def taken_out(reference: CellReference, parts: Sequence[Wanted], heat: Floats) -> list[Wanted]:
    """Take heat (patches, loads) [W] out of the cells of every patch, the same of every volume."""
    own = [volumes(part.metric, reference.weights) for part in parts]
    total = np.zeros(len(heat))
    for part, volume in zip(parts, own, strict=True):
        np.add.at(total, part.patch, volume)
    uniform = (reference.one / reference.weights.sum())[:, np.newaxis]
    changed = []
    for part, volume in zip(parts, own, strict=True):
        share = (volume / total[part.patch])[:, np.newaxis] * heat[part.patch]
        less = part.divergence - share[:, np.newaxis] * uniform
        changed.append(Wanted(part.corner, part.patch, part.cells, part.slots, part.metric, less, part.target))
    return changed


def condensed(reference: CellReference, part: Wanted) -> Condensed:
    """Find the fluxes of least distance to the wanted ones for any multipliers on the facets around a corner."""
    free, lift = reference.free[part.corner], reference.lift[part.corner]
    gates = reference.through[reference.around[part.corner]].reshape(-1, len(free))
    energy = _energies(reference, part.metric, free, np.concatenate([free, lift], axis=1))
    own, mixed = energy[:, :, : free.shape[1]], energy[:, :, free.shape[1] :]
    opened = np.broadcast_to((gates @ free).T, (len(part.cells), free.shape[1], len(gates)))
    found = np.linalg.solve(own, np.concatenate([part.target - mixed @ part.divergence, opened], axis=2))
    loads = part.target.shape[2]
    flux = lift @ part.divergence + free @ found[:, :, :loads]
    response = free @ found[:, :, loads:]
    return Condensed(gates @ response, gates @ flux, flux, response)


def _energies(reference: CellReference, found: Metric, first: Floats, second: Floats) -> Floats:
    """Energies of some fluxes (functions, f) with others (functions, g) in every cell (n, f, g)."""
    inverse = found.resistance
    one, other = (np.einsum("nf,naq->faq", fluxes, reference.functions) for fluxes in (first, second))
    pairs = np.einsum("faq,gbq,q->qabfg", one, other, reference.weights, optimize=True)
    if inverse.shape[1] == 1:
        pairs = pairs.sum(axis=0, keepdims=True)
    table = pairs.reshape(-1, pairs.shape[3] * pairs.shape[4])
    return (inverse.reshape(len(inverse), -1) @ table).reshape(-1, *pairs.shape[3:])
