"""How far answers on a mesh are from those of the body for the shape of its cells: facets near curved surfaces.

Cells follow a curved surface but do not lie on it, and what is solved on them is the field of a slightly other body.
Equilibrated fluxes of that field know nothing of it. To first order in the distance between the two shapes a resistance
``R = l_z(u)`` changes as its surface moves outward by d (Hadamard's formula; Delfour, Zolésio, Shapes and Geometries,
SIAM (2011), doi:10.1137/1.9780898719826, chapter 10):

    ``dR = -integral d (k grad u . grad z - 2 k du/dn dz/dn + c q_u q_z / h)``

with q the heat through the surface, which is ``-k du/dn``, h its boundary conductance per area, where it has one, and c
the sum of the principal curvatures. It is the same for held, isothermal and adiabatic surfaces, for those that exchange
heat, whose area grows, and for ones that take up a stated heat. An interface moves both of its sides, one outward and
one inward. The distance is that of the mesh's own facets, in points of them, so the estimate falls as fast as they
come near the surface, and holds for straight cells as for curved ones.

The sum over all facets keeps its sign, for what a film gains on one side it loses on the other. The fields have errors
of their own, the larger the nearer to an edge: facets around one corner are taken to be wrong alike, by all that they
have, those around different corners independently.

Not in it: how the heat of a density per volume, or the capacity of a body, changes with its volume.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thermonet.geometry.curves import Curves, Surface
from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Ints, Mesh
from thermonet.geometry.topology import FACETS, shared
from thermonet.heat.elements import facets_of
from thermonet.heat.equilibrated.conductor import Conductor
from thermonet.heat.reference import quadrature_rule, shapes_at
from thermonet.heat.simplices import DEGREE, quadrature

#: Step of central differences of a normal, in parts of a facet's distance from the origin: the third root of rounding.
_STEP = 6e-6


@dataclass(frozen=True)
class GeometryErrors:
    """Errors of some goals that are owed to the shape of the cells.

    Attributes
    ----------
    correction
        What the goals gain as the facets move onto their surfaces (goals,), in the unit of the goals.
    doubt
        Estimated size of the error of that (goals,).
    indicators
        What every cell may contribute to the error, never negative (goals, cells).
    """

    correction: Floats
    doubt: Floats
    indicators: Floats

    @property
    def estimate(self) -> Floats:
        """Estimated size of the error that is owed to the shape (goals,)."""
        return np.abs(self.correction) + self.doubt


@dataclass(frozen=True)
class _Sides:
    """Cells at facets near curved surfaces, all at the same of their local facets.

    Attributes
    ----------
    cells
        Their numbers (n,).
    local
        Local nodes of the facet.
    facet
        Number of the facet (n,): two sides of an interface have the same.
    surface
        Number of its surface (n,).
    """

    cells: Ints
    local: Ints
    facet: Ints
    surface: Ints


def geometry_errors(
    conductor: Conductor, mesh: Mesh, curves: Curves, fields: Floats, goals: Sequence[tuple[int, int]]
) -> GeometryErrors:
    """Estimate the errors of transfer resistances that come from facets that are not where their surface is.

    Parameters
    ----------
    conductor
        The body: its cells are those of the mesh in the same order, with nodes of their own on both sides of every
        interface.
    mesh
        The conforming mesh.
    curves
        The exact surfaces under its facets.
    fields
        Temperatures of the loads at the nodes of the conductor's mesh (nodes, loads) [K].
    goals
        Numbers of the two loads of each.
    """
    everywhere = _sides(mesh, curves)
    moved = np.zeros((len(goals), curves.facets.shape[1]))
    around = np.zeros(curves.facets.shape[1])
    for sides in everywhere:
        np.add.at(moved.T, sides.facet, _gains(conductor, curves.surfaces, sides, fields, goals).T)
        np.add.at(around, sides.facet, 1)
    size = np.abs(moved)
    indicators = np.zeros((len(goals), conductor.count))
    for sides in everywhere:
        np.add.at(indicators.T, sides.cells, (size[:, sides.facet] / around[sides.facet]).T)
    corners = curves.facets
    around_corner = [np.bincount(corners.ravel(), np.tile(share / len(corners), len(corners))) for share in size]
    return GeometryErrors(moved.sum(axis=1), np.asarray(np.linalg.norm(around_corner, axis=1)), indicators)


def _sides(mesh: Mesh, curves: Curves) -> list[_Sides]:
    """Cells at facets on surfaces that are not flat."""
    curved = np.array([not surface.is_flat for surface in curves.surfaces], dtype=bool)[curves.surface]
    numbers = np.flatnonzero(curved)
    on_curve = np.zeros(mesh.points.shape[1], dtype=bool)
    on_curve[curves.facets[:, numbers]] = True
    found = []
    for local in FACETS[mesh.dimension]:
        nodes = np.array(local[: mesh.dimension] if mesh.degree == 1 else local)
        near = np.flatnonzero(on_curve[mesh.cells[nodes[: mesh.dimension]]].all(axis=0))
        place = shared(curves.facets[:, numbers], mesh.cells[np.ix_(nodes[: mesh.dimension], near)])
        facet = numbers[place[place >= 0]]
        found.append(_Sides(near[place >= 0], nodes, facet, curves.surface[facet]))
    return [sides for sides in found if len(sides.cells)]


def _gains(
    conductor: Conductor, surfaces: Sequence[Surface], sides: _Sides, fields: Floats, goals: Sequence[tuple[int, int]]
) -> Floats:
    """What the goals gain as the facets move onto their surfaces, by cell, (goals, n)."""
    mesh = conductor.elements.mesh
    nodes = mesh.cells[np.ix_(sides.local, sides.cells)]
    points = quadrature(facets_of(conductor.elements, nodes))
    inner = np.setdiff1d(np.arange(mesh.dimension + 1), sides.local)
    inward = mesh.points[:, mesh.cells[inner[0], sides.cells]].T[:, :, np.newaxis] - points.positions / LENGTH_UNIT
    resistance = _resistances(conductor, nodes)
    distance, normal = np.empty(points.weights.shape), np.empty(points.positions.shape)
    curvature = np.zeros(points.weights.shape)
    for number in np.unique(sides.surface):
        here = np.flatnonzero(sides.surface == number)
        of_points = np.moveaxis(points.positions[here] / LENGTH_UNIT, 1, 0)
        flat, shape = of_points.reshape(mesh.dimension, -1), of_points.shape[1:]
        surface = surfaces[number]
        distance[here] = surface.distance(flat).reshape(shape) * LENGTH_UNIT
        normal[here] = np.moveaxis(surface.normal(flat).reshape(of_points.shape), 0, 1)
        if resistance[here].any():
            curvature[here] = _curvature(surface, flat, ring=conductor.cells.ring).reshape(shape) / LENGTH_UNIT
    outward = np.where((normal * inward).sum(axis=(1, 2)) < 0, 1.0, -1.0)[:, np.newaxis]
    # The surface is at distance zero: a facet outside of it, seen from the cell, moves inward.
    weights = points.weights * distance * outward
    bend = resistance[:, np.newaxis] * curvature * outward
    slopes = {load: _gradients(conductor, sides, fields[:, load]) for load in {load for goal in goals for load in goal}}
    fluxes = {load: _conducted(conductor.conductivity[sides.cells], slope) for load, slope in slopes.items()}
    drops = {load: (slope * normal).sum(axis=1) for load, slope in slopes.items()}
    heats = {load: (flux * normal).sum(axis=1) for load, flux in fluxes.items()}
    found = np.empty((len(goals), len(sides.cells)))
    for row, (u, z) in zip(found, goals, strict=True):
        density = (fluxes[u] * slopes[z]).sum(axis=1) - heats[u] * drops[z] - drops[u] * heats[z]
        row[:] = ((density + bend * heats[u] * heats[z]) * weights).sum(axis=1)
    return found


def _gradients(conductor: Conductor, sides: _Sides, field: Floats) -> Floats:
    """Gradient [1/m] of a field in the cells at the quadrature points of their facets, (n, space, q)."""
    mesh = conductor.elements.mesh
    along = quadrature_rule(mesh.dimension - 1, DEGREE)[0]
    corners = np.eye(mesh.dimension, mesh.dimension + 1, k=1)[:, sides.local[: mesh.dimension]]
    reference = corners @ np.concatenate([1 - along.sum(axis=0, keepdims=True), along])
    slopes = shapes_at(mesh.dimension, mesh.degree, reference)[1]
    nodes = mesh.cells[:, sides.cells]
    jacobian = np.einsum("kdq,xkn->nqdx", slopes, conductor.cells.points[:, nodes], optimize=True)
    by_reference = np.einsum("kdq,kn->nqd", slopes, field[nodes], optimize=True)
    return np.swapaxes(np.linalg.solve(jacobian, by_reference[..., np.newaxis])[..., 0], 1, 2)


def _conducted(conductivity: Floats, slopes: Floats) -> Floats:
    """Conductivity of every cell times gradients (n, space, q)."""
    if conductivity.ndim == 3:
        return conductivity @ slopes
    return conductivity.reshape(len(conductivity), -1, 1) * slopes


def _resistances(conductor: Conductor, nodes: Ints) -> Floats:
    """Resistance times area [m^2 K/W] of facets (k, n) to surroundings, or half of that to the other side."""
    dimension = conductor.elements.mesh.dimension
    conductance = np.zeros(nodes.shape[1])
    layers = list(conductor.ambient)
    for first, second, value in conductor.interfaces:
        doubled = 2 * np.asarray(value)
        layers += [(first, doubled), (second, doubled)]
    for members, value in layers:
        place = shared(members[:dimension], nodes[:dimension])
        conductance[place >= 0] += np.broadcast_to(value, members.shape[1])[place[place >= 0]]
    return np.divide(1.0, conductance, out=np.zeros_like(conductance), where=conductance > 0)


def _curvature(surface: Surface, points: Floats, *, ring: bool) -> Floats:
    """Sum of the principal curvatures, the divergence of the normal, at points (dim, n), in their unit."""
    step = _STEP * np.linalg.norm(points, axis=0)
    found = surface.normal(points)[0] / points[0] if ring else np.zeros(points.shape[1])
    for axis in range(len(points)):
        shift = np.zeros_like(points)
        shift[axis] = step
        found += (surface.normal(points + shift)[axis] - surface.normal(points - shift)[axis]) / (2 * step)
    return found
