"""Guaranteed bounds of resistances on the mesh as it is: energies of a temperature from below, of a flux from above.

For the response u of a load b, the resistance R = b(u) is its energy. Any temperature v of finite elements gives
``2 b(v) - a(v, v) <= R``, and any flux q with divergence b gives ``R <= a*(q, q)``; their difference is the energy of
``q + k grad v`` (Prager, Synge, Quart. Appl. Math. 5, 241 (1947), doi:10.1090/qam/25902). For two loads s and t the
same holds for every ``R(a s ± t/a)``, whose difference is four times their transfer resistance; with the best a the
interval is ``L + W/2 ± sqrt(W_ss W_tt)/2``, with L = s(u_t) + t(u_s) - a(u_s, u_t) and W the products of mismatches.

What is bounded is the exact resistance of the body as meshed: straight cells, uniform conductivity in each, sources
and sensors uniform in every cell or on every facet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thermonet.geometry.mesh import Floats
from thermonet.heat.closing import closed
from thermonet.heat.conductor import Conductor, Load, heat_at_points, metric, runs_of_cells
from thermonet.heat.equilibrated import EquilibratedFlux, equilibrated_flux
from thermonet.heat.mismatch import mismatch
from thermonet.quantities.errors import PhysicsError

#: Rounding in an energy, relative to it, that an interval is widened by.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Bounds:
    """Intervals that hold the transfer resistances of all pairs of loads.

    Attributes
    ----------
    lower, upper
        (loads, loads) [K/W].
    mismatch
        Products of the mismatches of fluxes and temperatures (loads, loads): twice the half width on the diagonal.
    """

    lower: Floats
    upper: Floats
    mismatch: Floats


def resistance_bounds(
    conductor: Conductor, loads: Sequence[Load], fields: Floats, order: int | None = None
) -> Bounds:
    """Bound the transfer resistances between loads.

    Parameters
    ----------
    conductor
        A planar or solid body, or a sheet in its plane, of straight cells.
    loads
        Sources and sensors of uniform density in every cell and on every facet.
    fields
        Temperature of every node for every load (nodes, loads) [K]: near the finite elements solution, as its error
        widens the interval.
    order
        Of the fluxes, 0 to 2; higher ones are dearer and give narrower intervals.

    Raises
    ------
    PhysicsError
        A cell is curved, the body is axisymmetric, a density varies within a cell, the heat is not all told by
        densities, or no path leads to a boundary of given temperature.
    """
    _refuse(conductor, loads)
    flux = equilibrated_flux(conductor, loads, fields, order)
    count = len(loads)
    pairs = [(i, j) for i in range(count) for j in range(i, count)]
    products = mismatch(closed(flux, fields), fields, pairs).sum(axis=0)
    found = np.zeros((count, count))
    for (i, j), product in zip(pairs, products, strict=True):
        found[i, j] = found[j, i] = product
    below = primal(flux, fields)
    size = np.sqrt(np.maximum(found.diagonal(), 0))
    half = np.outer(size, size) / 2
    energy = np.sqrt(np.abs(below.diagonal()) + found.diagonal())
    half += _ROUNDING * np.outer(energy, energy)
    return Bounds(below + found / 2 - half, below + found / 2 + half, found)


def _refuse(conductor: Conductor, loads: Sequence[Load]) -> None:
    if conductor.cells.ring:
        raise PhysicsError("guaranteed bounds are for planar, solid and plate bodies; axisymmetric ones have an estimate")
    if conductor.cells.curved.any():
        raise PhysicsError("guaranteed bounds are for straight cells; straighten the mesh to bound the body as meshed")
    varying = [load.density.ndim for load in loads] + [np.ndim(density) for load in loads for _, density in load.facets]
    if max(varying) > 1:
        raise PhysicsError("guaranteed bounds are for sources and sensors that are uniform in every cell; average them first")


def primal(flux: EquilibratedFlux, fields: Floats) -> Floats:
    """``s(u_t) + t(u_s) - a(u_s, u_t)`` of all pairs of loads (loads, loads) [K/W]; on the diagonal a lower bound."""
    conductor, reference = flux.conductor, flux.reference
    count = fields.shape[1]
    heat, energy = np.zeros((count, count)), np.zeros((count, count))
    for cells, varies in runs_of_cells(conductor):
        found = metric(conductor, cells, reference.shapes, reference.slopes, varies=varies)
        nodes = fields[conductor.cells.nodes[:, cells]]
        values = np.einsum("knl,kq->nql", nodes, reference.shapes, optimize=True)
        slopes = np.einsum("knl,kdq->nqdl", nodes, reference.slopes, optimize=True)
        fluxes = found.conductance @ slopes
        energy += np.einsum("nqds,nqdt,q->st", slopes, fluxes, reference.weights, optimize=True)
        # What the faces of a sheet lose is energy, not load.
        source = heat_at_points(conductor, flux.loads, reference.shapes, cells, found, 0 * nodes)
        lost = source - heat_at_points(conductor, flux.loads, reference.shapes, cells, found, nodes)
        heat += np.einsum("nqs,nqt,q->st", source, values, reference.weights, optimize=True)
        energy += np.einsum("nqs,nqt,q->st", lost, values, reference.weights, optimize=True)
    for surface in flux.surfaces:
        drop, area = surface.drop(reference, fields), surface.measure * reference.facet.weights
        heat += np.einsum("nqs,nqt,nq->st", surface.given + 0 * drop, drop, area, optimize=True)
        energy += np.einsum("nqs,nqt,nq->st", drop, drop, area * surface.conductance[:, np.newaxis], optimize=True)
    for number, load in enumerate(flux.loads):
        for facets, amount in zip(conductor.isothermal, load.isothermal, strict=False):
            heat[number] += amount * fields[facets[0, 0]]
    return heat + heat.T - energy
