"""Where heat enters a body and where its temperature is read, as vectors over the nodes of its mesh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thermonet.geometry.distance import distance_to_facets
from thermonet.geometry.interfaces import Interface
from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Ints
from thermonet.heat.bodies.body import (
    Exponential,
    JouleSource,
    JunctionSensor,
    PointSensor,
    PointSource,
    Profile,
    Sensor,
    Source,
    SpreadSource,
)
from thermonet.heat.bodies.places import Places
from thermonet.heat.elements import Elements, facet_load, gradient, load, points_of, stiffness
from thermonet.heat.pointwise import point_weights
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import System

#: Electrical conductance below this part of one number's usual size means that no current can flow.
_OPEN = 1e-12


@dataclass(frozen=True)
class Heat:
    """How a watt is spread, or the weights of a mean: densities in cells and on facets, or values at nodes.

    Attributes
    ----------
    cells
        Numbers of cells and the density in every one (n,) or at its quadrature points (n, q) [1/m^3].
    facets
        Nodes of facets (k, n) and the density on every one (n,) [1/m^2].
    points
        Weights (nodes,) of a place that is a point.
    """

    cells: tuple[tuple[Ints, Floats], ...] = ()
    facets: tuple[tuple[Ints, Floats], ...] = ()
    points: Floats | None = None

    def at_nodes(self, elements: Elements) -> Floats:
        """Load of every node (nodes,)."""
        total = np.zeros(elements.size) if self.points is None else self.points.copy()
        for members, density in self.cells:
            total += load(elements, members, density)
        for members, density in self.facets:
            total += facet_load(elements, members, density)
        return total

    def scaled(self, factor: float) -> Heat:
        """Return the same, all densities multiplied."""
        return Heat(
            tuple((members, factor * density) for members, density in self.cells),
            tuple((members, factor * density) for members, density in self.facets),
            None if self.points is None else factor * self.points,
        )

    def of_one_watt(self, elements: Elements) -> Heat:
        """Return the same with a sum of one."""
        return self.scaled(1 / float(self.at_nodes(elements).sum()))


def source_heats(places: Places) -> tuple[dict[str, Heat], dict[str, float]]:
    """A watt of every source, and its power [W]; boundaries with a flux are sources too.

    Raises
    ------
    PhysicsError
        A place lies outside the body, no current can flow, or a profile is zero all over its region.
    """
    heats: dict[str, Heat] = {}
    powers: dict[str, float] = {}
    for name, boundary in places.body.boundaries.items():
        if boundary.flux is not None:
            area = float(places.integral(name).sum())
            heats[name], powers[name] = uniform(places, name), boundary.flux * area
    for name, source in places.body.sources.items():
        heats[name], powers[name] = _source(places, name, source)
    return heats, powers


def uniform(places: Places, name: str) -> Heat:
    """A watt that is spread evenly over a place, or the weights of its mean."""
    pieces = places.pieces(name)
    cells = tuple((piece.members, piece.factor) for piece in pieces if piece.of_cells)
    facets = tuple((piece.members, piece.factor) for piece in pieces if not piece.of_cells)
    return Heat(cells, facets).of_one_watt(places.elements)


def _source(places: Places, name: str, source: Source) -> tuple[Heat, float]:
    if isinstance(source, PointSource):
        return Heat(points=point_weights(places.elements, source.at)), source.power
    if isinstance(source, JouleSource):
        return _joule(places, name, source)
    return _spread(places, name, source)


def _spread(places: Places, name: str, source: SpreadSource) -> tuple[Heat, float]:
    heat = uniform(places, source.on)
    if source.profile is not None:
        profiled = _profiled(places, source.on, source.profile)
        if not float(profiled.at_nodes(places.elements).sum()) > 0:
            raise PhysicsError(f"sources.{name}: its profile is zero all over '{source.on}', expected heat in it")
        heat = profiled.of_one_watt(places.elements)
    if source.density is not None:
        return heat, source.density * float(places.integral(source.on).sum())
    assert source.power is not None
    return heat, source.power


def _profiled(places: Places, region: str, profile: Profile) -> Heat:
    """A density that varies inside a region."""
    cells = []
    for piece in places.pieces(region):
        where = points_of(places.elements, piece.members).positions
        if isinstance(profile, Exponential):
            mesh = places.elements.mesh
            facets = mesh.boundaries[profile.start]
            across = where.transpose(1, 0, 2).reshape(mesh.dimension, -1)
            distance = distance_to_facets(across, mesh.points[:, facets] * LENGTH_UNIT).reshape(len(where), -1)
            density = np.exp(-distance / profile.length)
        else:
            at = where[:, profile.coordinate]
            density = np.interp(at, profile.places, profile.density, left=0.0, right=0.0)
        cells.append((piece.members, density * piece.factor[:, np.newaxis]))
    return Heat(tuple(cells))


def _joule(places: Places, name: str, source: JouleSource) -> tuple[Heat, float]:
    """Heat of a current: conductivity times the square of the gradient of the potential."""
    elements = places.elements
    (piece,) = places.pieces(source.through)
    where = piece.members
    inside = np.unique(elements.mesh.cells[:, where])
    conductivity = piece.factor / source.resistivity  # of a sheet: conductance per square
    ends = {end: np.intersect1d(places.nodes(end), inside) for end in (source.start, source.to)}
    for end, nodes in ends.items():
        if not len(nodes):
            raise PhysicsError(f"sources.{name}: '{end}' does not touch '{source.through}', expected a face of it")
    if len(np.intersect1d(ends[source.start], ends[source.to])):
        raise PhysicsError(f"sources.{name}: '{source.start}' and '{source.to}' touch, so the current is infinite")
    wire = System(
        K={"sigma": stiffness(elements, where, conductivity)[inside][:, inside]},
        C={},
        theta={"sigma": 1.0},
        sources={},
        sensors={},
        ports={end: np.searchsorted(inside, nodes) for end, nodes in ends.items()},
        one=np.ones(len(inside)),
    )
    held = wire.hold(*ends)
    one_volt = np.isin(held.fixed, wire.ports[source.start]).astype(float)
    found = np.asarray(held.solve(np.zeros(wire.size), held=one_volt), dtype=float)
    potential = np.zeros(elements.size)
    potential[inside] = found
    slope = gradient(elements, where, potential)
    heat = Heat(((where, conductivity[:, np.newaxis] * (slope**2).sum(axis=1)),))
    conductance = float(heat.at_nodes(elements).sum())
    if not conductance > _OPEN * float(held.K.diagonal().max()):
        raise PhysicsError(f"sources.{name}: no current can flow from '{source.start}' to '{source.to}'")
    return heat.scaled(1 / conductance), source.current**2 / conductance


def sensor_means(places: Places, interfaces: Sequence[Interface]) -> dict[str, Heat]:
    """Weights of every sensor.

    Raises
    ------
    PhysicsError
        A place lies outside the body or at a point source, or two regions of a junction do not touch.
    """
    for name, sensor in places.body.sensors.items():
        for other, source in places.body.sources.items():
            if isinstance(sensor, PointSensor) and isinstance(source, PointSource) and sensor.at == source.at:
                raise PhysicsError(
                    f"sensors.{name}: the temperature where the heat of the point source '{other}' enters is infinite, "
                    "expected a region or a face, or another place"
                )
    return {name: _sensor(places, interfaces, name, sensor) for name, sensor in places.body.sensors.items()}


def _sensor(places: Places, interfaces: Sequence[Interface], name: str, sensor: Sensor) -> Heat:
    if isinstance(sensor, PointSensor):
        return Heat(points=point_weights(places.elements, sensor.at))
    if isinstance(sensor, JunctionSensor):
        sides = _junction(places, interfaces, name, sensor)
        return Heat(facets=tuple((side, np.ones(side.shape[1])) for side in sides)).of_one_watt(places.elements)
    return uniform(places, sensor.on)


def _junction(places: Places, interfaces: Sequence[Interface], name: str, sensor: JunctionSensor) -> list[Ints]:
    """Facets of both sides of the interface of two regions; those that they share where they are in perfect contact."""
    found = [line for line in interfaces if {line.first, line.second} == set(sensor.regions)]
    if found:
        return [side for line in found for side in (line.first_edges, line.second_edges)]
    members = places.between(*sensor.regions)
    if not members.shape[1]:
        first, second = sensor.regions
        raise PhysicsError(f"sensors.{name}: the regions '{first}' and '{second}' do not touch")
    return [members]
