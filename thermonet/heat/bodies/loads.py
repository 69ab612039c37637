"""Where heat enters a body and where its temperature is read, as vectors over the nodes of its mesh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from thermonet.geometry.interfaces import Interface
from thermonet.geometry.mesh import Floats, Ints
from thermonet.heat.bodies.body import (
    JouleSource,
    JunctionSensor,
    PointSensor,
    PointSource,
    Profile,
    Sensor,
    SpreadSource,
)
from thermonet.heat.bodies.joule import Current
from thermonet.heat.bodies.places import Places
from thermonet.heat.bodies.profiles import by_halvings, density_of, profile_load
from thermonet.heat.elements import Elements, cell_volumes, facet_load, load
from thermonet.heat.pointwise import point_weights
from thermonet.quantities.errors import PhysicsError


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
        Weights (nodes,) of a place that is a point, or what a profile adds to its means in the cells.
    doubt
        What a coarser quadrature makes of the loads of a profile less (nodes,); None where there is none.
    """

    cells: tuple[tuple[Ints, Floats], ...] = ()
    facets: tuple[tuple[Ints, Floats], ...] = ()
    points: Floats | None = None
    doubt: Floats | None = None

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
            None if self.doubt is None else factor * self.doubt,
        )

    def of_one_watt(self, elements: Elements) -> Heat:
        """Return the same with a sum of one."""
        return self.scaled(1 / float(self.at_nodes(elements).sum()))


def source_heats(places: Places, currents: Mapping[str, Current]) -> tuple[dict[str, Heat], dict[str, float]]:
    """A watt of every source, and its power [W]; boundaries with a flux are sources too.

    Parameters
    ----------
    places
        The names of the body on its mesh.
    currents
        Of its sources that have one: `thermonet.heat.bodies.joule.joule_currents`.

    Raises
    ------
    PhysicsError
        A place lies outside the body, or a profile is zero all over its region.
    """
    heats: dict[str, Heat] = {}
    powers: dict[str, float] = {}
    for name, boundary in places.body.boundaries.items():
        if boundary.flux is not None:
            area = float(places.integral(name).sum())
            heats[name], powers[name] = uniform(places, name), boundary.flux * area
    for name, source in places.body.sources.items():
        if isinstance(source, JouleSource):
            heats[name], powers[name] = _joule(currents[name], source)
        else:
            heats[name], powers[name] = _source(places, name, source)
    return heats, powers


def uniform(places: Places, name: str) -> Heat:
    """A watt that is spread evenly over a place, or the weights of its mean."""
    pieces = places.pieces(name)
    cells = tuple((piece.members, piece.factor) for piece in pieces if piece.of_cells)
    facets = tuple((piece.members, piece.factor) for piece in pieces if not piece.of_cells)
    return Heat(cells, facets).of_one_watt(places.elements)


def _joule(current: Current, source: JouleSource) -> tuple[Heat, float]:
    conductance = current.conductance
    return Heat(((current.where, current.density / conductance),)), source.current**2 / conductance


def _source(places: Places, name: str, source: PointSource | SpreadSource) -> tuple[Heat, float]:
    if isinstance(source, PointSource):
        return Heat(points=point_weights(places.elements, source.at, f"sources.{name}.at")), source.power
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
    """A density that varies inside a region, by its mean in every cell and what that leaves of the loads."""
    elements = places.elements
    density = density_of(elements, profile)
    cells, points, doubt = [], np.zeros(elements.size), np.zeros(elements.size)
    for piece in places.pieces(region):
        for some, halvings in by_halvings(elements, piece.members, profile):
            members, factor = piece.members[some], piece.factor[some]
            loads, integrals = profile_load(elements, members, factor, density, halvings)
            mean = integrals / cell_volumes(elements, members)
            cells.append((members, mean))
            points += loads - load(elements, members, mean)
            doubt += loads - profile_load(elements, members, factor, density, halvings - 1)[0]
    return Heat(tuple(cells), points=points, doubt=doubt)


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
                    f"the temperature where the heat of the point source '{other}' enters is infinite, expected a "
                    "region or a face, or another place",
                    f"sensors.{name}.at",
                )
    return {name: _sensor(places, interfaces, name, sensor) for name, sensor in places.body.sensors.items()}


def _sensor(places: Places, interfaces: Sequence[Interface], name: str, sensor: Sensor) -> Heat:
    if isinstance(sensor, PointSensor):
        return Heat(points=point_weights(places.elements, sensor.at, f"sensors.{name}.at"))
    if isinstance(sensor, JunctionSensor):
        sides = _junction(places, interfaces, name, sensor)
        return Heat(facets=tuple((side, np.ones(side.shape[1])) for side in sides)).of_one_watt(places.elements)
    return uniform(places, sensor.on)


def _junction(places: Places, interfaces: Sequence[Interface], name: str, sensor: JunctionSensor) -> list[Ints]:
    """Facets of both sides of the interface of two regions; those that they share where they are in perfect contact."""
    found = [line for line in interfaces if {line.first, line.second} == set(sensor.regions)]
    if found:
        return [side for line in found for side in (line.first_facets, line.second_facets)]
    members = places.between(*sensor.regions)
    if not members.shape[1]:
        first, second = sensor.regions
        raise PhysicsError(f"the regions '{first}' and '{second}' do not touch", f"sensors.{name}.between")
    return [members]
