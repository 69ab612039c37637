"""A layered body as a thermal system: layers, interfaces, ambients, sources, sensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import scipy.sparse as sp

from thermonet.geometry.interfaces import separated
from thermonet.geometry.layered import PlateShape, Shape, SlabShape
from thermonet.geometry.mesh import Floats, Ints, Mesh
from thermonet.heat.elements import (
    Elements,
    axisymmetric_elements,
    jump_matrix,
    line_load,
    line_matrix,
    load,
    mass,
    plane_elements,
    stiffness,
)
from thermonet.heat.tip import HeatProperties, capacity_term, conduction_term, interface_term
from thermonet.system.core import Matrix, System

#: The boundary of a plate that is all of its area, twice.
FACES = "faces"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBoundary:
    """A boundary at a given temperature [K]."""

    temperature: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AmbientBoundary:
    """A boundary that exchanges heat with an ambient: conductance per area [W/m^2/K], temperature [K]."""

    conductance: float
    temperature: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BodySource:
    """Heat on a boundary or in a layer.

    Attributes
    ----------
    on
        Name of the boundary or layer.
    power
        [W].
    spread
        ``flux``: uniform density. ``temperature``: the boundary is isothermal and takes the heat as it likes.
    """

    on: str
    power: float
    spread: Literal["flux", "temperature"] = "flux"


@dataclass(frozen=True, kw_only=True)
class Body:
    """A layered body in SI numbers.

    Attributes
    ----------
    shape
        What it looks like.
    properties
        Of its layers and their contacts; a layer without a heat capacity is massless.
    boundaries
        Held and ambient boundaries by name; the others are adiabatic.
    sources
        By name.
    sensors
        Boundary or layer whose mean temperature is read, by name of the sensor.
    """

    shape: Shape
    properties: HeatProperties
    boundaries: Mapping[str, HeldBoundary | AmbientBoundary]
    sources: Mapping[str, BodySource]
    sensors: Mapping[str, str]

    @property
    def baths(self) -> dict[str, str]:
        """System port that takes the heat of every held or ambient boundary, by name of the boundary."""
        return {
            name: name if isinstance(boundary, HeldBoundary) else ambient_port(name)
            for name, boundary in self.boundaries.items()
        }

    @property
    def isothermal(self) -> list[str]:
        """Boundaries of one temperature each: held ones, and those that a source makes so."""
        held = [name for name, boundary in self.boundaries.items() if isinstance(boundary, HeldBoundary)]
        floating = [source.on for source in self.sources.values() if source.spread == "temperature"]
        return list(dict.fromkeys([*held, *floating]))


@dataclass(frozen=True)
class BodyModel:
    """An assembled body.

    Attributes
    ----------
    system
        Terms 'k.<layer>', 'c.<layer>', 'G.<layer>|<layer>', 'h.<boundary>'; every boundary is a port, isothermal where
        it is held or a source makes it so, and every ambient one 'ambient.<boundary>'.
    mesh
        With nodes of their own on both sides of every interface.
    unknowns
        Unknown of the system for every node of the mesh.
    """

    system: System
    mesh: Mesh
    unknowns: Ints


def ambient_port(boundary: str) -> str:
    """Name of the port that is the ambient of a boundary."""
    return f"ambient.{boundary}"


def ambient_term(boundary: str) -> str:
    """Name of the term whose coefficient is the conductance to an ambient."""
    return f"h.{boundary}"


def body_coefficients(body: Body) -> dict[str, float]:
    """Coefficient of every term of a body's system."""
    properties = body.properties
    found = {conduction_term(name): value for name, value in properties.conductivity.items()}
    found |= {capacity_term(name): value for name, value in properties.heat_capacity.items()}
    found |= {interface_term(*pair): value for pair, value in properties.boundary_conductance.items()}
    ambient = {name: entry for name, entry in body.boundaries.items() if isinstance(entry, AmbientBoundary)}
    return found | {ambient_term(name): entry.conductance for name, entry in ambient.items()}


def body_model(body: Body, mesh: Mesh) -> BodyModel:
    """Assemble a body on a mesh of its shape.

    Parameters
    ----------
    body
        The body.
    mesh
        From `thermonet.geometry.layered.body_mesh`, nodes shared across interfaces.

    Raises
    ------
    PhysicsError
        An element of the mesh is turned inside out.
    """
    properties = body.properties
    split, interfaces = separated(mesh, lambda a, b: properties.between(a, b) is None)
    integrals = _Integrals(body.shape, _elements(body.shape, split))
    size = integrals.elements.size
    K: dict[str, Matrix] = {conduction_term(name): integrals.conduction(name) for name in properties.conductivity}
    for line in interfaces:
        across = integrals.jump(line.first_edges, line.second_edges)
        K[interface_term(line.first, line.second)] = across
    ambient = [name for name, boundary in body.boundaries.items() if isinstance(boundary, AmbientBoundary)]
    ports = dict(integrals.boundary_nodes())
    for unknown, name in enumerate(ambient, start=size):
        K[ambient_term(name)] = _exchange(*integrals.surface(name), unknown)
        ports[ambient_port(name)] = np.array([unknown])
    total = size + len(ambient)
    sources, sensors = ({source.on for source in body.sources.values()}, set(body.sensors.values()))
    means = {place: _padded(integrals.mean(place), total) for place in sources | sensors}
    free = System(
        K={name: _widened(term, total) for name, term in K.items()},
        C={capacity_term(name): _widened(integrals.capacity(name), total) for name in properties.heat_capacity},
        theta=body_coefficients(body),
        sources={name: means[source.on] for name, source in body.sources.items()},
        sensors={name: means[place] for name, place in body.sensors.items()},
        ports=ports,
        one=np.ones(total),
    )
    return _with_isothermal_ports(free, body.isothermal, split)


@dataclass(frozen=True)
class _Integrals:
    """Integrals over layers and boundaries of a body, per unit coefficient, whatever its dimensions."""

    shape: Shape
    elements: Elements

    @property
    def axisymmetric(self) -> bool:
        return not isinstance(self.shape, SlabShape | PlateShape)

    @property
    def depth(self) -> float:
        """What a length in the mesh is multiplied by to give an area [m]; a ring has its circumference already."""
        if isinstance(self.shape, SlabShape):
            return self.shape.depth
        return self.shape.thickness if isinstance(self.shape, PlateShape) else 1.0

    def _layer(self, name: str) -> tuple[Ints, float]:
        """Triangles of a layer, and what their area is multiplied by to give its volume."""
        if isinstance(self.shape, PlateShape):
            thickness = {layer.name: layer.thickness for layer in self.shape.layers}
            return np.arange(self.elements.mesh.cells.shape[1]), thickness[name]
        return self.elements.region(name), self.depth

    def conduction(self, layer: str) -> Matrix:
        """``integral grad u . grad v`` over a layer [m]."""
        where, across = self._layer(layer)
        return across * stiffness(self.elements, where)

    def capacity(self, layer: str) -> Matrix:
        """``integral u v`` over a layer [m^3]."""
        where, across = self._layer(layer)
        return across * mass(self.elements, where)

    def jump(self, first: Ints, second: Ints) -> Matrix:
        """``integral (u1 - u2)(v1 - v2)`` across an interface [m^2]."""
        return self.depth * jump_matrix(self.elements, first, second, axisymmetric=self.axisymmetric)

    def surface(self, boundary: str) -> tuple[Matrix, Floats]:
        """``integral u v`` and ``integral v`` over a boundary [m^2]."""
        if boundary == FACES:
            everywhere = np.arange(self.elements.mesh.cells.shape[1])
            area = load(self.elements, everywhere, np.ones_like(self.elements.weights))
            return 2 * mass(self.elements, everywhere), 2 * area
        edges = self.elements.mesh.boundaries[boundary]
        matrix = line_matrix(self.elements, edges, axisymmetric=self.axisymmetric)
        return self.depth * matrix, self.depth * line_load(self.elements, edges, axisymmetric=self.axisymmetric)

    def mean(self, place: str) -> Floats:
        """Weights of the mean over a boundary or layer: also the load per watt of a uniform density there."""
        if place == FACES or place in self.elements.mesh.boundaries:
            weights = self.surface(place)[1]
        else:
            where, _ = self._layer(place)
            weights = load(self.elements, where, np.ones((len(where), self.elements.weights.shape[1])))
        return weights / weights.sum()

    def boundary_nodes(self) -> Iterator[tuple[str, Ints]]:
        for name, edges in self.elements.mesh.boundaries.items():
            yield name, np.unique(edges)
        if isinstance(self.shape, PlateShape):
            yield FACES, np.arange(self.elements.size)


def _elements(shape: Shape, mesh: Mesh) -> Elements:
    if isinstance(shape, SlabShape | PlateShape):
        return plane_elements(mesh)
    return axisymmetric_elements(mesh)


def _exchange(matrix: Matrix, area: Floats, unknown: int) -> Matrix:
    """``integral (u - a)(v - a)`` over a boundary, a being the ambient's unknown."""
    weights = _padded(area, unknown + 1)
    weights[unknown] = -area.sum() / 2  # counted once from either side
    row = sp.csr_array(weights[np.newaxis, :])
    ambient = sp.csr_array(([1.0], ([unknown], [0])), shape=(unknown + 1, 1))
    return _widened(matrix, unknown + 1) - ambient @ row - row.T @ ambient.T


def _widened(matrix: Matrix, size: int) -> Matrix:
    part = sp.coo_array(matrix)
    return sp.csr_array((part.data, part.coords), shape=(size, size))


def _padded(weights: Floats, size: int) -> Floats:
    return np.concatenate([weights, np.zeros(size - len(weights))])


def _with_isothermal_ports(free: System, boundaries: list[str], mesh: Mesh) -> BodyModel:
    """Tie the nodes of isothermal boundaries; a corner that two of them share belongs to the first."""
    to = np.arange(free.size)
    taken = np.zeros(free.size, dtype=bool)
    own: dict[str, Ints] = {}
    for name in boundaries:
        nodes = free.ports[name]
        own[name] = nodes[~taken[nodes]]
        taken[nodes] = True
        to[own[name]] = own[name][0]
    kept, position = np.unique(to, return_inverse=True)
    onto = sp.csr_array((np.ones(free.size), (np.arange(free.size), position)), shape=(free.size, len(kept)))
    ports = {name: np.unique(position[own.get(name, nodes)]) for name, nodes in free.ports.items()}
    system = free.mapped(onto, one=np.ones(len(kept)), ports=ports)
    # A product with the transpose is stored by columns; solvers and sums want rows.
    K = {name: sp.csr_array(term) for name, term in system.K.items()}
    C = {name: sp.csr_array(term) for name, term in system.C.items()}
    return BodyModel(replace(system, K=K, C=C), mesh, position[: mesh.points.shape[1]])
