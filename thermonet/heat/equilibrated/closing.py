"""Heat that a flux leaves over after an inexact solution, carried along a tree of cells to where it can leave."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import breadth_first_order

from thermonet.geometry.mesh import Floats, Ints
from thermonet.heat.equilibrated.conductor import heat_at_points, metric, runs_of_cells
from thermonet.heat.equilibrated.flux import EquilibratedFlux
from thermonet.heat.equilibrated.patches import HELD, ISOTHERMAL
from thermonet.quantities.errors import PhysicsError


def closed(flux: EquilibratedFlux, fields: Floats) -> EquilibratedFlux:
    """Return the flux with uniform fluxes of lowest order added, so that every cell and boundary is in balance.

    Raises
    ------
    PhysicsError
        A part of the body has no path for heat to a boundary at zero temperature.
    """
    ways = _ways(flux)
    graph = _graph(ways)
    order, before = breadth_first_order(graph, ways.size - 1, directed=False)
    if len(order) < ways.size:
        raise PhysicsError("a part of the body has no path for heat to a boundary of given temperature")
    heat = _carried(order, before, left_over(flux, fields))
    start = order[1:]
    way = np.asarray(graph[start, before[start]]).ravel() - 1
    turned = ways.ends[0, way] != start
    leaving, entering = (np.where(turned, ways.corners[1 - i, way], ways.corners[i, way]) for i in (0, 1))
    coefficients, lost = flux.coefficients.copy(), flux.lost.copy()
    for sign, cell, corner in ((1, start, leaving), (-1, before[start], entering)):
        by_facet = corner >= 0
        amounts = sign * heat[start[by_facet]]
        carriers = flux.reference.uniform[:, corner[by_facet]].T
        np.add.at(coefficients, cell[by_facet], carriers[:, :, np.newaxis] * amounts[:, np.newaxis])
    by_face = start[(leaving < 0) & (start < flux.conductor.count)]
    lost[by_face] += heat[by_face]
    return replace(flux, coefficients=coefficients, lost=lost)


def left_over(flux: EquilibratedFlux, fields: Floats) -> Floats:
    """Heat that stays in every cell and isothermal boundary, and none in the surroundings (ends, loads) [W]."""
    conductor, reference, faces = flux.conductor, flux.reference, flux.faces
    left = np.zeros((conductor.count + len(conductor.isothermal) + 1, fields.shape[1]))
    for cells, varies in runs_of_cells(conductor):
        found = metric(conductor, cells, reference.shapes, reference.slopes, varies=varies)
        nodes = fields[conductor.cells.nodes[:, cells]]
        left[cells] = np.einsum(
            "nql,q->nl", heat_at_points(conductor, flux.loads, reference.shapes, cells, found, nodes), reference.weights
        )
    uniform = reference.facet.uniform
    left[: conductor.count] -= np.einsum("f,cfi,nil->nl", uniform, reference.through, flux.coefficients, optimize=True)
    for number, load in enumerate(flux.loads):
        for port, heat in enumerate(load.isothermal):
            left[conductor.count + port, number] += heat
    tied = np.flatnonzero(faces.kind >= ISOTHERMAL)
    ports = conductor.count + faces.kind[tied] - ISOTHERMAL
    np.add.at(left, ports, np.einsum("f,nfl->nl", uniform, flux.through(tied)))
    return left


@dataclass(frozen=True)
class _Ways:
    """Ways of heat between cells, isothermal boundaries and the surroundings, which are numbered in this order.

    Attributes
    ----------
    ends
        Numbers of the two ends (2, n).
    corners
        Corners of these cells that are opposite to the facet between them (2, n); -1 where an end is no cell, or where
        heat is lost through the faces of a sheet.
    size
        Number of ends.
    """

    ends: Ints
    corners: Ints
    size: int


def _ways(flux: EquilibratedFlux) -> _Ways:
    faces, cells = flux.faces, flux.conductor.count
    ports = len(flux.conductor.isothermal)
    surroundings = cells + ports
    inner = np.flatnonzero(faces.cells[1] >= 0)
    ends, corners = [faces.cells[:, inner]], [faces.corners[:, inner]]

    def outward(facets: Ints, to: Ints | int) -> None:
        ends.append(np.stack([faces.cells[0, facets], np.broadcast_to(to, facets.shape)]))
        corners.append(np.stack([faces.corners[0, facets], np.full(facets.shape, -1)]))

    outward(np.flatnonzero(faces.kind == HELD), surroundings)
    tied = np.flatnonzero(faces.kind >= ISOTHERMAL)
    outward(tied, cells + faces.kind[tied] - ISOTHERMAL)
    for surface in flux.surfaces:
        if len(surface.sides) == 2:
            ends.append(np.stack([faces.cells[0, side] for side in surface.sides]))
            corners.append(np.stack([faces.corners[0, side] for side in surface.sides]))
        else:
            outward(surface.sides[0][surface.conductance > 0], surroundings)
    if flux.conductor.exchange is not None:
        cooled = np.flatnonzero(flux.conductor.exchange > 0)
        ends.append(np.stack([cooled, np.full(cooled.shape, surroundings)]))
        corners.append(np.full((2, len(cooled)), -1))
    return _Ways(np.concatenate(ends, axis=1), np.concatenate(corners, axis=1), surroundings + 1)


def _graph(ways: _Ways) -> sp.csr_array:
    """Number of a way plus one between any two ends that have one."""
    low, high = np.sort(ways.ends, axis=0)
    _, kept = np.unique(low * ways.size + high, return_index=True)
    kept = kept[low[kept] != high[kept]]
    one = sp.coo_array((kept + 1, (low[kept], high[kept])), shape=(ways.size, ways.size))
    return sp.csr_array(one + one.T)


def _carried(order: Ints, before: Ints, left: Floats) -> Floats:
    """Heat that every end sends to the one before it (ends, loads): its own and that of all behind it."""
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    heat, previous = left[order], place[before[order[1:]]]
    # Ends are in the order of their distance: those that are sent to from one generation are the generation before.
    limits = [0, 1]
    while limits[-1] < len(order):
        limits.append(1 + int(np.searchsorted(previous, limits[-1])))
    for start, stop in zip(limits[-2:0:-1], limits[:1:-1], strict=True):
        np.add.at(heat, previous[start - 1 : stop - 1], heat[start:stop])
    found = np.empty_like(heat)
    found[order] = heat
    return found
