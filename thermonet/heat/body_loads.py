"""Where heat enters a body and where its temperature is read, as vectors over the nodes of its mesh."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thermonet.geometry.distance import distance_to_facets
from thermonet.geometry.interfaces import Interface
from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Ints
from thermonet.heat.body import (
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
from thermonet.heat.elements import facet_load, gradient, load, points_of, stiffness
from thermonet.heat.places import Places
from thermonet.heat.pointwise import point_weights
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import System

#: Electrical conductance below this part of one number's usual size means that no current can flow.
_OPEN = 1e-12


def source_loads(places: Places) -> tuple[dict[str, Floats], dict[str, float]]:
    """Load per watt (nodes,) and power [W] of every source, boundaries with a flux included.

    Raises
    ------
    PhysicsError
        A place lies outside the body, no current can flow, or a profile is zero all over its region.
    """
    loads: dict[str, Floats] = {}
    powers: dict[str, float] = {}
    for name, boundary in places.body.boundaries.items():
        if boundary.flux is not None:
            area = places.integral(name)
            loads[name], powers[name] = area / area.sum(), boundary.flux * float(area.sum())
    for name, source in places.body.sources.items():
        loads[name], powers[name] = _source(places, name, source)
    return loads, powers


def _source(places: Places, name: str, source: Source) -> tuple[Floats, float]:
    if isinstance(source, PointSource):
        return point_weights(places.elements, source.at), source.power
    if isinstance(source, JouleSource):
        return _joule(places, name, source)
    return _spread(places, name, source)


def _spread(places: Places, name: str, source: SpreadSource) -> tuple[Floats, float]:
    profile = source.profile
    heat = places.integral(source.on) if profile is None else _profiled(places, source.on, profile)
    total = float(heat.sum())
    if not total > 0:
        raise PhysicsError(f"sources.{name}: its profile is zero all over '{source.on}', expected heat somewhere in it")
    if source.density is not None:
        return heat / total, source.density * total
    assert source.power is not None
    return heat / total, source.power


def _profiled(places: Places, region: str, profile: Profile) -> Floats:
    """Load of a density that varies inside a region."""
    heat = np.zeros(places.elements.size)
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
        heat += load(places.elements, piece.members, density * piece.factor[:, np.newaxis])
    return heat


def _joule(places: Places, name: str, source: JouleSource) -> tuple[Floats, float]:
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
    heat = load(elements, where, conductivity[:, np.newaxis] * (slope**2).sum(axis=1))
    conductance = float(heat.sum())
    if not conductance > _OPEN * float(held.K.diagonal().max()):
        raise PhysicsError(f"sources.{name}: no current can flow from '{source.start}' to '{source.to}'")
    return heat / conductance, source.current**2 / conductance


def sensor_weights(places: Places, interfaces: Sequence[Interface]) -> dict[str, Floats]:
    """Weights (nodes,) of every sensor.

    Raises
    ------
    PhysicsError
        A place lies outside the body, or two regions of a junction do not touch.
    """
    return {name: _sensor(places, interfaces, name, sensor) for name, sensor in places.body.sensors.items()}


def _sensor(places: Places, interfaces: Sequence[Interface], name: str, sensor: Sensor) -> Floats:
    if isinstance(sensor, PointSensor):
        return point_weights(places.elements, sensor.at)
    if isinstance(sensor, JunctionSensor):
        sides = [facet_load(places.elements, side) for side in _junction(places, interfaces, name, sensor)]
        return sum(sides) / sum(side.sum() for side in sides)
    return places.mean(sensor.on)


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
