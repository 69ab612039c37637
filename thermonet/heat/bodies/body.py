"""A body in SI numbers: what fills its regions, what happens where they meet and end, where heat enters and is felt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeGuard

from thermonet.geometry.cad.shapes import Kind, Place
from thermonet.materials.laws import ConductivityLaw
from thermonet.system.signals import Course

#: One number, one along every coordinate, or a function of temperature [W/m/K].
Conductivity: TypeAlias = float | tuple[float, ...] | ConductivityLaw


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What fills a region, or one sheet of the laminate that a plate's region is.

    Attributes
    ----------
    region
        Name of the region.
    conductivity
        [W/m/K].
    heat_capacity
        Per volume [J/m^3/K]; None where it is not known.
    thickness
        Of a sheet [m]; None in bodies that are no plates.
    """

    region: str
    conductivity: Conductivity
    heat_capacity: float | None = None
    thickness: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Heat exchange with surroundings: conductance per area [W/m^2/K], their temperature [K]."""

    conductance: float
    temperature: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Radiation:
    """Grey radiation to large surroundings: emissivity [1], their temperature [K]."""

    emissivity: float
    temperature: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """Some faces, and what happens there; a boundary of which nothing is said is adiabatic.

    Attributes
    ----------
    on
        Names of the faces: boundaries of the mesh, or whole regions for what is left of their surface.
    temperature
        That it is held at [K].
    flux
        Heat that enters per area [W/m^2].
    exchange, radiation
        With surroundings.
    port
        Where a network can be joined: ``isothermal`` (one temperature) or ``trace`` (all its nodes).
    """

    on: tuple[str, ...]
    temperature: float | None = None
    flux: float | None = None
    exchange: Exchange | None = None
    radiation: Radiation | None = None
    port: Literal["isothermal", "trace"] | None = None

    @property
    def baths(self) -> tuple[float, ...]:
        """Temperatures of what it is in touch with [K]."""
        ends = (self.exchange, self.radiation)
        held = () if self.temperature is None else (self.temperature,)
        return (*held, *(end.temperature for end in ends if end is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponential:
    """A density that falls as exp(-d / length) [m], d the distance from a surface."""

    start: str
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tabulated:
    """A relative density along a coordinate, straight between the places [m], zero outside them."""

    coordinate: int
    places: tuple[float, ...]
    density: tuple[float, ...]


Profile: TypeAlias = Exponential | Tabulated


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadSource:
    """Heat on a surface or in a region.

    Attributes
    ----------
    on
        Name of the boundary, face or region.
    power
        Of all of it [W]; None where a density is given.
    density
        In a region [W/m^3].
    spread
        ``flux``: as the profile says. ``temperature``: the surface is isothermal and takes the heat as it likes.
    profile
        Of the density; uniform where there is none.
    """

    on: str
    power: float | None = None
    density: float | None = None
    spread: Literal["flux", "temperature"] = "flux"
    profile: Profile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointSource:
    """A power [W] at a place [m]; on a line across a planar body, on a ring in an axisymmetric one."""

    at: Place
    power: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JouleSource:
    """Heat of a current [A] through a region of some resistivity [ohm m] from one equipotential face to another."""

    through: str
    start: str
    to: str
    current: float
    resistivity: float


Source: TypeAlias = SpreadSource | PointSource | JouleSource


@dataclass(frozen=True, slots=True)
class MeanSensor:
    """The mean temperature of a boundary, face or region."""

    on: str


@dataclass(frozen=True, slots=True)
class PointSensor:
    """The temperature at a place [m]."""

    at: Place


@dataclass(frozen=True, slots=True)
class JunctionSensor:
    """The mean temperature where two regions touch, of both sides alike."""

    regions: tuple[str, str]


Sensor: TypeAlias = MeanSensor | PointSensor | JunctionSensor


@dataclass(frozen=True, kw_only=True)
class Body:
    """A body.

    Attributes
    ----------
    kind
        What its coordinates mean.
    depth
        Of a planar body [m].
    fillings
        By name: a region has one, but in a plate as many as it has sheets.
    contacts
        Boundary conductance by pair of regions [W/m^2/K]; a pair without one is in perfect contact.
    boundaries, sources, sensors
        By name.
    courses
        How a held temperature [K], or a source relative to its power, goes with time, by name of the boundary or
        source; what is not named stays as it is.
    """

    kind: Kind
    depth: float = 1.0
    fillings: Mapping[str, Filling]
    contacts: Mapping[tuple[str, str], float] = field(default_factory=dict)
    boundaries: Mapping[str, Boundary]
    sources: Mapping[str, Source] = field(default_factory=dict)
    sensors: Mapping[str, Sensor] = field(default_factory=dict)
    courses: Mapping[str, Course] = field(default_factory=dict)

    def contact(self, first: str, second: str) -> float | None:
        """Boundary conductance of two regions, in either order."""
        return self.contacts.get((first, second), self.contacts.get((second, first)))

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions."""
        return tuple(dict.fromkeys(filling.region for filling in self.fillings.values()))

    @property
    def is_linear(self) -> bool:
        """Whether temperatures are in proportion to powers: no radiation, no k(T)."""
        radiates = any(boundary.radiation is not None for boundary in self.boundaries.values())
        return not radiates and not any(is_law(filling.conductivity) for filling in self.fillings.values())

    @property
    def has_capacity(self) -> bool:
        """Whether every heat capacity is known, so that times mean something."""
        return all(filling.heat_capacity is not None for filling in self.fillings.values())

    @property
    def baths(self) -> dict[str, str]:
        """Boundary by the port that takes its heat: the boundary itself where it is held, else its surroundings."""
        found = {}
        for name, boundary in self.boundaries.items():
            if boundary.temperature is not None:
                found[name] = name
            if boundary.exchange is not None:
                found[ambient_port(name)] = name
            if boundary.radiation is not None:
                found[radiation_port(name)] = name
        return found

    def bath_temperature(self, port: str) -> float:
        """Temperature of what takes heat at a port [K]."""
        boundary = self.boundaries[self.baths[port]]
        if port == radiation_port(self.baths[port]) and boundary.radiation is not None:
            return boundary.radiation.temperature
        if port == ambient_port(self.baths[port]) and boundary.exchange is not None:
            return boundary.exchange.temperature
        assert boundary.temperature is not None
        return boundary.temperature

    @property
    def isothermal(self) -> list[str]:
        """Boundaries and faces of one temperature each: held ones, isothermal ports, those that a source makes so."""
        held = [name for name, item in self.boundaries.items() if item.temperature is not None]
        tied = [name for name, item in self.boundaries.items() if item.port == "isothermal"]
        floating = [
            item.on for item in self.sources.values() if isinstance(item, SpreadSource) and item.spread == "temperature"
        ]
        return list(dict.fromkeys([*held, *tied, *floating]))


def is_law(conductivity: Conductivity) -> TypeGuard[ConductivityLaw]:
    """Whether a conductivity depends on temperature."""
    return not isinstance(conductivity, float | int | tuple)


def ambient_port(boundary: str) -> str:
    """Name of the port that is the ambient of a boundary."""
    return f"ambient.{boundary}"


def radiation_port(boundary: str) -> str:
    """Name of the port that is what a boundary radiates to."""
    return f"radiation.{boundary}"
