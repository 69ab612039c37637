"""The current through a region: its potential, its heat, and what the mesh leaves wrong of its conductance.

The potential is that of finite elements on the mesh of temperatures. Whether this is fine enough for it, only an
estimate of its own tells: where temperatures are smooth, a current may turn round a re-entrant corner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from thermonet.geometry.mesh import Floats, Ints, Mesh
from thermonet.geometry.topology import facets, shared
from thermonet.heat.assembly import assembly_of
from thermonet.heat.bodies.body import JouleSource
from thermonet.heat.bodies.places import Places
from thermonet.heat.elements import Elements, axisymmetric_elements, gradient, load, plane_elements, solid_elements
from thermonet.heat.equilibrated.conductor import Conductor, Load
from thermonet.heat.forms import conduction
from thermonet.heat.goal_error import goal_errors
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import System
from thermonet.system.layout import element_layout, united_layout


@dataclass(frozen=True)
class Current:
    """The current that one volt drives through a region.

    Attributes
    ----------
    elements
        Of what carries it, with nodes of their own numbers.
    where
        Its cells, by their numbers in the whole mesh (n,).
    conductivity
        Of these cells (n,) [S/m]; of a sheet its conductance per square [S].
    ends
        Facets (k, m) of the two equipotential faces together.
    potential
        Of its nodes (nodes,) [V].
    density
        Heat per volume at the quadrature points of its cells (n, q) [W/m^3]; of a sheet per area [W/m^2].
    conductance
        From one face to the other on this mesh [S], never less than the exact one.
    """

    elements: Elements
    where: Ints
    conductivity: Floats
    ends: Ints
    potential: Floats
    density: Floats
    conductance: float


@dataclass(frozen=True)
class JouleError:
    """What the mesh leaves wrong of the power of a current.

    Attributes
    ----------
    relative
        Estimated size of the error, in parts of the power.
    indicators
        Share of every cell of the whole mesh in it, never negative (cells,).
    """

    relative: float
    indicators: Floats


def joule_currents(places: Places) -> dict[str, Current]:
    """Current of every source that has one, per volt.

    Raises
    ------
    PhysicsError
        A face does not touch the region, the two touch each other, or no current can flow between them.
    """
    sources = {name: source for name, source in places.body.sources.items() if isinstance(source, JouleSource)}
    return {name: joule_current(places, name, source) for name, source in sources.items()}


def joule_current(places: Places, name: str, source: JouleSource) -> Current:
    """Solve for the potential in the region of a source with one volt between its faces.

    What is joined to one of the faces alone, or to none, carries no current and is left out.

    Raises
    ------
    PhysicsError
        A face does not touch the region, the two touch each other, or no current can flow between them.
    """
    (piece,) = places.pieces(source.through)
    start, to = (_face(places, end) for end in (source.start, source.to))
    region = _part(places.elements.mesh, piece.members, {"start": start, "to": to})
    for end, face, key in ((source.start, "start", "from"), (source.to, "to", "to")):
        if not region.boundaries[face].shape[1]:
            message = f"'{end}' does not touch '{source.through}', expected a face of it"
            raise PhysicsError(message, f"sources.{name}.{key}")
    if np.isin(region.boundaries["start"], region.boundaries["to"]).any():
        raise PhysicsError(f"'{source.start}' and '{source.to}' touch, so the current is infinite", f"sources.{name}")
    carrying = _carrying(region)
    if not len(carrying):
        raise PhysicsError(f"no current can flow from '{source.start}' to '{source.to}'", f"sources.{name}")
    mesh = _part(region, carrying, region.boundaries)
    elements = _like(places.elements, mesh)
    conductivity = piece.factor[carrying] / source.resistivity
    potential = _potential(elements, conductivity)
    slope = gradient(elements, elements.everywhere, potential)
    density = conductivity[:, np.newaxis] * (slope**2).sum(axis=1)
    return Current(
        elements=elements,
        where=piece.members[carrying],
        conductivity=conductivity,
        ends=np.concatenate([mesh.boundaries["start"], mesh.boundaries["to"]], axis=1),
        potential=potential,
        density=density,
        conductance=float(load(elements, elements.everywhere, density).sum()),
    )


def joule_error(current: Current, cells: int) -> JouleError:
    """Estimate the error of the power of a current from equilibrated flows of charge.

    The power of a stated current is in proportion to the resistance, whose relative error is that of the conductance.
    Finite elements find too large a conductance, by the energy of the potential's error (see
    `thermonet.heat.goal_error`); for straight cells in the plane and in space the estimate is a bound.

    Parameters
    ----------
    current
        The current.
    cells
        Number of cells of the whole mesh.
    """
    conductor = Conductor(elements=current.elements, conductivity=current.conductivity, held=current.ends)
    nothing = Load(density=np.zeros(len(current.where)))
    found = goal_errors(conductor, [nothing], current.potential[:, np.newaxis], [(0, 0)])
    indicators = np.zeros(cells)
    indicators[current.where] = found.indicators[0] / current.conductance
    return JouleError(float(found.estimate[0]) / current.conductance, indicators)


def _face(places: Places, name: str) -> Ints:
    """Facets of a boundary or face (k, n)."""
    return np.concatenate([piece.members for piece in places.pieces(name) if not piece.of_cells], axis=1)


def _part(mesh: Mesh, where: Ints, boundaries: Mapping[str, Ints]) -> Mesh:
    """Some cells of a mesh with nodes of their own numbers, and the facets of boundaries that are facets of theirs."""
    used = np.unique(mesh.cells[:, where])
    number = np.full(mesh.points.shape[1], -1)
    number[used] = np.arange(len(used))
    part = replace(
        mesh, points=mesh.points[:, used], cells=number[mesh.cells[:, where]], region=mesh.region[where], boundaries={}
    )
    known = facets(part).nodes[: mesh.dimension]
    inside = {name: number[members] for name, members in boundaries.items()}
    inside = {name: members[:, (members >= 0).all(axis=0)] for name, members in inside.items()}
    own = {name: members[:, shared(known, members[: mesh.dimension]) >= 0] for name, members in inside.items()}
    return replace(part, boundaries=own)


def _carrying(region: Mesh) -> Ints:
    """Cells from which a way across facets leads to both ends."""
    found, count = facets(region), region.cells.shape[1]
    first, second = found.cells[:, found.cells[1] >= 0]
    _, part = connected_components(sp.coo_array((np.ones(len(first)), (first, second)), shape=(count, count)))
    dimension = region.dimension
    reached = [
        np.isin(part, part[found.cells[0, shared(found.nodes[:dimension], members[:dimension])]])
        for members in region.boundaries.values()
    ]
    return np.flatnonzero(np.logical_and.reduce(reached))


def _like(elements: Elements, mesh: Mesh) -> Elements:
    """Elements of a part of a mesh, of the kind of the whole."""
    if elements.cells.ring:
        return axisymmetric_elements(mesh)
    return plane_elements(mesh, elements.cells.depth) if mesh.dimension == 2 else solid_elements(mesh)


def _potential(elements: Elements, conductivity: Floats) -> Floats:
    """Potential of every node [V] with one volt at the boundary 'start' and none at 'to'."""
    mesh, count = elements.mesh, elements.size
    ports = {name: np.unique(members) for name, members in mesh.boundaries.items()}
    assembly = assembly_of(elements)
    wire = System(
        K=assembly.terms({"sigma": conduction(elements, elements.everywhere, conductivity)}),
        C={},
        theta={"sigma": 1.0},
        sources={},
        sensors={},
        ports=ports,
        one=np.ones(count),
        layout=united_layout([(element_layout(mesh.points, mesh.cells), np.arange(count))], count),
    )
    held = wire.hold(*ports)
    one_volt = np.isin(held.fixed, ports["start"]).astype(float)
    return np.asarray(held.solve(np.zeros(count), held=one_volt), dtype=float)
