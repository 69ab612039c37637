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
from dataclasses import dataclass, replace

import numpy as np

from thermonet.geometry.mesh import Floats, Ints
from thermonet.heat.elements import facets_of
from thermonet.heat.equilibrated.closing import closed
from thermonet.heat.equilibrated.conductor import Conductor, Load
from thermonet.heat.equilibrated.flux import equilibrated_flux
from thermonet.heat.equilibrated.mismatch import mismatch
from thermonet.heat.equilibrated.primal import primal_products
from thermonet.heat.simplices import load_parts
from thermonet.quantities.errors import PhysicsError

#: Part of the energies that intervals are widened by: more than rounding of their sums on graded meshes.
_ROUNDING = 1e-10


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


def resistance_bounds(conductor: Conductor, loads: Sequence[Load], fields: Floats, order: int | None = None) -> Bounds:
    """Bound the transfer resistances between loads.

    Parameters
    ----------
    conductor
        A planar or solid body, or a sheet in its plane, of straight cells.
    loads
        Sources and sensors of uniform density in every cell and on every facet, told whole by their densities.
    fields
        Temperature of every node for every load (nodes, loads) [K]: near the finite elements solution, as its error
        widens the interval.
    order
        Of the fluxes, 0 to 2; higher ones are dearer and give narrower intervals.

    Raises
    ------
    PhysicsError
        A cell is curved, the body is axisymmetric, a density varies within a cell, a part of the body has no path for
        heat to a boundary at zero temperature, or the temperatures are not zero or not uniform where they must be.
    """
    _refuse(conductor, loads)
    _refuse_fields(conductor, fields)
    flux = equilibrated_flux(conductor, loads, fields, order)
    count = len(loads)
    pairs = [(i, j) for i in range(count) for j in range(i, count)]
    products = mismatch(closed(flux, fields), fields, pairs).sum(axis=0)
    found = np.zeros((count, count))
    for (i, j), product in zip(pairs, products, strict=True):
        found[i, j] = found[j, i] = product
    below = primal_products(conductor, loads, fields, flux.reference, flux.surfaces)
    size = np.sqrt(np.maximum(found.diagonal(), 0))
    half = np.outer(size, size) / 2
    energy = np.sqrt(np.abs(below.diagonal()) + found.diagonal())
    half += _ROUNDING * np.outer(energy, energy)
    return Bounds(below + found / 2 - half, below + found / 2 + half, found)


def _refuse(conductor: Conductor, loads: Sequence[Load]) -> None:
    if conductor.cells.ring:
        raise PhysicsError(
            "guaranteed bounds are for planar, solid and plate bodies; axisymmetric ones have an estimate"
        )
    if conductor.cells.curved.any():
        raise PhysicsError("guaranteed bounds are for straight cells; straighten the mesh to bound the body as meshed")
    varying = [load.density.ndim for load in loads] + [np.ndim(density) for load in loads for _, density in load.facets]
    if max(varying) > 1:
        raise PhysicsError(
            "guaranteed bounds are for sources and sensors that are uniform in every cell; average them first"
        )


def _refuse_fields(conductor: Conductor, fields: Floats) -> None:
    if fields[conductor.held].any():
        raise PhysicsError("guaranteed bounds are for temperatures that are zero on held boundaries")
    for facets in conductor.isothermal:
        if (fields[facets] != fields[facets[:1, :1]]).any():
            raise PhysicsError("guaranteed bounds are for temperatures that are uniform on isothermal boundaries")


def averaged(conductor: Conductor, load: Load) -> Load:
    """Return the load with the mean of its densities in every cell and on every facet.

    Its temperatures are those of another problem, which must be solved: with sources that vary within cells the bounds
    are for that one.
    """
    density = load.density
    if density.ndim == 2:
        shares = load_parts(conductor.cells)
        density = (shares * density).sum(axis=0) / shares.sum(axis=0)
    facets = [(nodes, _mean_on(conductor, nodes, value)) for nodes, value in load.facets]
    return replace(load, density=density, facets=facets)


def _mean_on(conductor: Conductor, facets: Ints, density: Floats | float) -> Floats | float:
    if np.ndim(density) < 2:
        return density
    shares = load_parts(facets_of(conductor.elements, facets))
    return np.asarray((shares * density).sum(axis=0) / shares.sum(axis=0))
