"""Energies and works of temperatures of finite elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thermonet.geometry.mesh import Floats
from thermonet.heat.equilibrated.conductor import Conductor, Load, heat_at_points, metric, runs_of_cells
from thermonet.heat.equilibrated.raviart_thomas import CellReference
from thermonet.heat.equilibrated.surfaces import Surface


def primal_products(
    conductor: Conductor, loads: Sequence[Load], fields: Floats, reference: CellReference, surfaces: Sequence[Surface]
) -> Floats:
    """``s(u_t) + t(u_s) - a(u_s, u_t)`` of all pairs of loads (loads, loads) [K/W].

    The transfer resistances of a finite elements solution, and near them to second order for any other temperature;
    on the diagonal never above the exact ones.

    Parameters
    ----------
    conductor, loads, fields
        The body, its loads, and their temperatures (nodes, loads) [K].
    reference, surfaces
        Quadrature in cells and on facets, and where heat passes beside cells.
    """
    work, energy = (np.zeros((len(loads), len(loads))) for _ in range(2))
    for cells, varies in runs_of_cells(conductor):
        found = metric(conductor, cells, reference.shapes, reference.slopes, varies=varies)
        nodes = fields[conductor.cells.nodes[:, cells]]
        values = np.einsum("knl,kq->nql", nodes, reference.shapes, optimize=True)
        slopes = np.einsum("knl,kdq->nqdl", nodes, reference.slopes, optimize=True)
        given = heat_at_points(conductor, loads, reference.shapes, cells, found, np.zeros_like(nodes))
        # What the faces of a sheet lose belongs to the energy.
        lost = given - heat_at_points(conductor, loads, reference.shapes, cells, found, nodes)
        work += np.einsum("nqs,nqt,q->st", given, values, reference.weights, optimize=True)
        energy += np.einsum("nqs,nqt,q->st", lost, values, reference.weights, optimize=True)
        energy += np.einsum("nqds,nqdt,q->st", slopes, found.conductance @ slopes, reference.weights, optimize=True)
    for surface in surfaces:
        drop, area = surface.drop(reference, fields), surface.measure * reference.facet.weights
        across = area * surface.conductance[:, np.newaxis]
        given = np.broadcast_to(surface.given, drop.shape)
        work += np.einsum("nqs,nqt,nq->st", given, drop, area, optimize=True)
        energy += np.einsum("nqs,nqt,nq->st", drop, drop, across, optimize=True)
    for number, load in enumerate(loads):
        for facets, heat in zip(conductor.isothermal, load.isothermal, strict=False):
            work[number] += heat * fields[facets[0, 0]]
    return work + work.T - energy
