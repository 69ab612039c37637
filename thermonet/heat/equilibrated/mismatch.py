"""How far an equilibrated flux is from that of a temperature, in the energy of fluxes.

For temperatures u_s, u_t and fluxes q_s, q_t of two loads the product is ``integral (q_s + k grad u_s) . k^-1 (q_t + k
grad u_t)``, with ``integral (q_n - h u)(q_n - h u) / h`` on boundaries with surroundings and alike across interfaces.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thermonet.geometry.mesh import Floats, Ints
from thermonet.heat.equilibrated.conductor import Metric, metric, runs_of_cells, vectors_at, volumes
from thermonet.heat.equilibrated.flux import EquilibratedFlux
from thermonet.heat.equilibrated.surfaces import Surface

Pairs = Sequence[tuple[int, int]]


def mismatch(flux: EquilibratedFlux, fields: Floats, pairs: Pairs) -> Floats:
    """Products of the mismatches of pairs of loads in every cell (cells, pairs) [K^2 W/K].

    Parameters
    ----------
    flux
        Equilibrated fluxes.
    fields
        Temperatures of the nodes (nodes, loads), of any finite elements solution or none.
    pairs
        Which loads.
    """
    found = np.zeros((flux.conductor.count, len(pairs)))
    for cells, varies in runs_of_cells(flux.conductor):
        found[cells] = _in_cells(flux, fields, cells, pairs, varies=varies)
    for surface in flux.surfaces:
        if surface.conductance.any():
            parts = _on_surface(flux, fields, surface, pairs) / len(surface.sides)
            for side in surface.sides:
                np.add.at(found, flux.faces.cells[0, side], parts)
    return found


def _in_cells(flux: EquilibratedFlux, fields: Floats, cells: Ints, pairs: Pairs, *, varies: bool) -> Floats:
    conductor, reference = flux.conductor, flux.reference
    found = metric(conductor, cells, reference.shapes, reference.slopes, varies=varies)
    nodes = fields[conductor.cells.nodes[:, cells]]
    slopes = vectors_at(nodes, reference.slopes).transpose(0, 3, 2, 1)
    excess = vectors_at(flux.coefficients[cells].swapaxes(0, 1), reference.functions).transpose(0, 3, 2, 1)
    excess = excess + found.conductance @ slopes
    across = found.resistance @ excess
    first, second = np.array(pairs).T
    energy = (excess[..., first] * across[..., second]).sum(axis=2)
    total = np.einsum("nqp,q->np", energy, reference.weights)
    if conductor.exchange is not None:
        total += _exchanged(flux, nodes, cells, found, pairs)
    return np.asarray(total)


def _exchanged(flux: EquilibratedFlux, nodes: Floats, cells: Ints, found: Metric, pairs: Pairs) -> Floats:
    """Mismatch of what the faces of a sheet lose: divergence and temperature tell it of different degree."""
    reference, conductor = flux.reference, flux.conductor
    assert conductor.exchange is not None
    conductance = conductor.exchange[cells, np.newaxis]
    first, second = np.array(pairs).T
    values = np.einsum("knl,kq->nql", nodes, reference.shapes, optimize=True)
    moments = (reference.tests * reference.weights) @ values
    rest = values - reference.tests.T @ moments
    weights = conductance * found.measure * reference.weights
    total = np.einsum("nqp,nq->np", rest[..., first] * rest[..., second], weights)
    lost = flux.lost[cells]
    with np.errstate(divide="ignore", invalid="ignore"):
        more = lost[:, first] * lost[:, second] / (conductance * volumes(found, reference.weights)[:, np.newaxis])
    return np.asarray(total + np.where(conductance > 0, more, 0.0))


def _on_surface(flux: EquilibratedFlux, fields: Floats, surface: Surface, pairs: Pairs) -> Floats:
    facet = flux.reference.facet
    moments = flux.through(surface.sides[0]) + given_heat(flux)[surface.sides[0]]
    heat = np.einsum("nfl,fq->nql", np.linalg.inv(facet.mass) @ moments, facet.functions, optimize=True)
    conductance = surface.measure * surface.conductance[:, np.newaxis]
    excess = heat - surface.measure[:, :, np.newaxis] * surface.passing(flux.reference, fields)
    first, second = np.array(pairs).T
    weights = facet.weights / np.where(conductance > 0, conductance, np.inf)
    return np.einsum("nqp,nq->np", excess[..., first] * excess[..., second], weights)


def given_heat(flux: EquilibratedFlux) -> Floats:
    """Moments of the heat that every facet takes up (facets, f, loads) [W]."""
    facet = flux.reference.facet
    total = np.zeros((len(flux.faces.kind), len(facet.functions), flux.coefficients.shape[2]))
    for surface in flux.surfaces:
        if len(surface.given) == len(surface.measure):
            weights = surface.measure * facet.weights
            heat = np.einsum("nql,nq,fq->nfl", surface.given, weights, facet.functions, optimize=True)
            np.add.at(total, surface.sides[0], heat)
    return total
