"""Elements of a thermal network: what the edges of a graph say, checked, and laws of resistances that depend on heat.

The attributes of nodes and edges are listed in `thermonet.network.graph`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, cast, overload, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from thermonet.materials.laws import polynomial, polynomial_slope, require_positive, table_slope
from thermonet.quantities.errors import PhysicsError
from thermonet.system.signals import Course

if TYPE_CHECKING:
    import networkx as nx

Values = NDArray[np.float64]
Integers = NDArray[Any]
Booleans = NDArray[np.bool_]
Kind: TypeAlias = Literal["resistance", "conductance", "radiation", "heat_capacity"]

#: What an edge may state, and its unit.
UNITS: Mapping[Kind, str] = {
    "resistance": "K/W",
    "conductance": "W/K",
    "radiation": "m^2",
    "heat_capacity": "J/K",
}


@runtime_checkable
class ResistanceLaw(Protocol):
    """R(T), T being the mean temperature of the two ends of an element."""

    def at(self, temperature: Values) -> Values:
        """Resistance [K/W] at temperatures [K]."""

    def slope(self, temperature: Values) -> Values:
        """Its derivative [1/W]."""


@dataclass(frozen=True)
class ResistanceTable:
    """Straight lines between the rows of a table, constant outside it.

    Attributes
    ----------
    temperatures
        Strictly increasing [K].
    resistances
        As many, positive [K/W].
    """

    temperatures: tuple[float, ...]
    resistances: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.temperatures) != len(self.resistances) or not self.temperatures:
            raise PhysicsError(
                f"a table needs one resistance per temperature, got {len(self.resistances)} for "
                f"{len(self.temperatures)} temperatures"
            )
        if not (np.isfinite(self.temperatures).all() and (np.diff(self.temperatures) > 0).all()):
            raise PhysicsError("the temperatures of a table of resistances must be finite and increase strictly")
        if not all(0 < value < math.inf for value in self.resistances):
            raise PhysicsError("the resistances of a table must be positive and finite")

    def at(self, temperature: Values) -> Values:
        """Resistance [K/W] at temperatures [K]."""
        return np.asarray(np.interp(temperature, self.temperatures, self.resistances))

    def slope(self, temperature: Values) -> Values:
        """Its derivative [1/W]; at a row that of the line above it."""
        return table_slope(self.temperatures, self.resistances, temperature)


@dataclass(frozen=True)
class ResistancePolynomial:
    """``sum_i c_i (T - about)^i``.

    Attributes
    ----------
    coefficients
        c_i [K^(1-i)/W].
    about
        Temperature at which the resistance is the first of them [K].
    """

    coefficients: tuple[float, ...]
    about: float = 0.0

    def __post_init__(self) -> None:
        if not self.coefficients or not np.isfinite([*self.coefficients, self.about]).all():
            raise PhysicsError("a polynomial of a resistance needs coefficients, all finite")

    def at(self, temperature: Values) -> Values:
        """Resistance [K/W] at temperatures [K].

        Raises
        ------
        PhysicsError
            It is not positive there: the polynomial is used outside the range that it was meant for.
        """
        found = polynomial(self.coefficients, np.asarray(temperature) - self.about)
        require_positive(found, temperature, "the polynomial of a resistance", "K/W")
        return found

    def slope(self, temperature: Values) -> Values:
        """Its derivative [1/W]."""
        return polynomial_slope(self.coefficients, np.asarray(temperature) - self.about)


@dataclass(frozen=True, slots=True)
class Element:
    """What joins two nodes.

    Attributes
    ----------
    name
        Name of the element, and of its term in the system.
    a, b
        Its two nodes; heat counts as positive from a to b.
    kind
        What its value is.
    value
        Resistance [K/W], conductance [W/K], emissivity times area times view factor of a radiation link [m^2], or heat
        capacity [J/K]; one where a law is given.
    law
        Of a resistance that depends on temperature.
    """

    name: str
    a: str
    b: str
    kind: Kind
    value: float
    law: ResistanceLaw | None = None

    @property
    def is_linear(self) -> bool:
        """Whether heat through it is a conductance times the difference of temperature."""
        return self.kind in ("resistance", "conductance") and self.law is None

    @property
    def conductance(self) -> float:
        """Heat flow per kelvin [W/K] of a linear element; nan of any other."""
        if not self.is_linear:
            return math.nan
        return 1 / self.value if self.kind == "resistance" else self.value

    @property
    def conductance_per_value(self) -> float:
        """Derivative of its coefficient in the system (conductance [W/K] or heat capacity [J/K]) by its value."""
        return -(self.conductance**2) if self.kind == "resistance" and self.is_linear else 1.0


@dataclass(frozen=True, eq=False)
class Elements(Sequence[Element]):
    """Elements of a graph in columns, which 100 000 of them fill faster than objects; each is made when asked for.

    Attributes
    ----------
    nodes
        Of the graph.
    names
        Of the elements.
    first, second
        Numbers of their two nodes (elements,).
    kinds
        What their values are.
    values
        As in `Element` (elements,).
    laws
        Of those that depend on temperature, by their number.
    """

    nodes: tuple[str, ...]
    names: tuple[str, ...]
    first: Integers
    second: Integers
    kinds: tuple[Kind, ...]
    values: Values
    laws: Mapping[int, ResistanceLaw]

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, number: int) -> Element: ...
    @overload
    def __getitem__(self, number: slice) -> list[Element]: ...
    def __getitem__(self, number: int | slice) -> Element | list[Element]:
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        i = range(len(self))[number]
        a, b = self.nodes[self.first[i]], self.nodes[self.second[i]]
        return Element(self.names[i], a, b, self.kinds[i], float(self.values[i]), self.laws.get(i))

    def of(self, *kinds: Kind) -> Booleans:
        """Which elements are of these kinds, without those that have a law (elements,)."""
        found = np.fromiter((kind in kinds for kind in self.kinds), bool, len(self))
        found[list(self.laws)] = False
        return found

    @cached_property
    def linear(self) -> Integers:
        """Numbers of those whose heat is a conductance times the difference of temperature."""
        return np.flatnonzero(self.of("resistance", "conductance"))

    @cached_property
    def conductances(self) -> Values:
        """Heat flow per kelvin [W/K] of the linear ones (linear,)."""
        values, inverse = self.values[self.linear], self.of("resistance")[self.linear]
        return np.where(inverse, 1 / values, values)


def elements(graph: nx.Graph[str]) -> Elements:
    """Elements of a graph, in the order of its edges; edges to a body's terminals are none.

    Raises
    ------
    PhysicsError
        A directed graph, a node that is no string, an element that joins a node to itself or a body without naming a
        terminal, one without exactly one value, a value that is not positive and finite, or a name used twice. The path
        is `elements.<name>`.
    """
    if graph.is_directed():
        raise PhysicsError("heat flows both ways through an element: expected an undirected graph")
    nodes = tuple(graph)
    for node in nodes:
        if not isinstance(node, str):
            raise PhysicsError(f"nodes are named by strings, got {node!r}")
    hubs = {place for place, body in enumerate(body for _, body in graph.nodes(data="body")) if body is not None}
    names: list[str] = []
    ends: list[tuple[int, int]] = []
    kinds: list[Kind] = []
    values: list[float] = []
    laws: dict[int, ResistanceLaw] = {}
    for first, second, label, attributes in _edges(graph):
        if "terminal" in attributes:
            continue
        name = str(attributes["name"]) if "name" in attributes else f"{nodes[first]}-{nodes[second]}{label}"
        if first == second:
            raise PhysicsError(f"{name}: an element must join two different nodes", f"elements.{name}")
        if hubs and (at := hubs & {first, second}):
            raise PhysicsError(
                f"{name}: {nodes[min(at)]} is a body; expected one of the nodes at its terminals", f"elements.{name}"
            )
        kind, value, law = _value(name, attributes)
        if law is not None:
            laws[len(names)] = law
        names.append(name)
        ends.append((first, second))
        kinds.append(kind)
        values.append(value)
    _refuse_twice(names)
    first_ends, second_ends = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    return Elements(nodes, tuple(names), first_ends, second_ends, tuple(kinds), np.array(values, dtype=float), laws)


def _refuse_twice(names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        name = next(name for number, name in enumerate(names) if name in names[:number])
        raise PhysicsError(f"{name}: two elements have this name", f"elements.{name}")


def _edges(graph: nx.Graph[str]) -> Iterator[tuple[int, int, str, Mapping[str, object]]]:
    """Numbers of both ends, a label that tells parallel elements apart, and the attributes of every edge."""
    place = {node: number for number, node in enumerate(graph)}
    for a, neighbours in graph.adjacency():
        first = place[a]
        for b, attributes in neighbours.items():
            second = place[b]
            if second < first:
                continue
            if graph.is_multigraph():
                parallel = cast("Mapping[object, Mapping[str, object]]", attributes)
                yield from ((first, second, "" if key == 0 else f".{key}", one) for key, one in parallel.items())
            else:
                yield first, second, "", attributes


def _value(name: str, attributes: Mapping[str, object]) -> tuple[Kind, float, ResistanceLaw | None]:
    stated = [kind for kind in UNITS if kind in attributes]
    if len(stated) != 1:
        raise PhysicsError(
            f"{name}: expected one of {', '.join(UNITS)}, got {' and '.join(stated) or 'none of them'}",
            f"elements.{name}",
        )
    kind = stated[0]
    given, path = attributes[kind], f"elements.{name}.{kind}"
    # A protocol takes long to check, and there may be 100 000 numbers.
    if kind == "resistance" and not isinstance(given, float) and isinstance(given, ResistanceLaw):
        return kind, 1.0, given
    value = number(name, kind, given, path)
    if not 0 < value < math.inf:
        raise PhysicsError(f"{name}: {kind} must be positive and finite, got {value:g} {UNITS[kind]}", path)
    return kind, value, None


def number(owner: str, what: str, value: object, path: str = "") -> float:
    """Read what a user wrote into an attribute; text is refused, units are read by the documents alone."""
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        return float(value)
    raise PhysicsError(f"{owner}: {what} must be a number in SI units, got {value!r}", path)


def capacities(graph: nx.Graph[str]) -> dict[str, float]:
    """Heat capacities of the nodes that have one [J/K].

    Raises
    ------
    PhysicsError
        One is negative or not finite; the path is `nodes.<node>.heat_capacity`.
    """
    found = {}
    for node, stated in graph.nodes(data="heat_capacity"):
        if stated is None:
            continue
        path = f"nodes.{node}.heat_capacity"
        capacity = number(node, "heat_capacity", stated, path)
        if not 0 <= capacity < math.inf:
            raise PhysicsError(f"{node}: heat_capacity must be zero or positive and finite, got {capacity:g} J/K", path)
        if capacity > 0:
            found[node] = capacity
    return found


def held_temperatures(graph: nx.Graph[str]) -> dict[str, float | Course]:
    """Temperatures of the nodes that are held [K].

    Raises
    ------
    PhysicsError
        One is negative or not finite; the path is `nodes.<node>.temperature`.
    """
    found = {
        node: _number_or_course(node, "temperature", attributes["temperature"], f"nodes.{node}.temperature", "K")
        for node, attributes in graph.nodes(data=True)
        if "temperature" in attributes
    }
    for node, temperature in found.items():
        if not isinstance(temperature, Course) and temperature < 0:
            raise PhysicsError(
                f"{node}: temperature must be zero or positive, got {temperature:g} K", f"nodes.{node}.temperature"
            )
    return found


def heat_sources(graph: nx.Graph[str]) -> dict[str, tuple[str, float | Course]]:
    """Heat sources by name: the node that each of them heats, and its power [W].

    Raises
    ------
    PhysicsError
        Two sources have one name, a source has the name of another node than its own, or a power is not finite; the
        path is `sources.<name>`.
    """
    found: dict[str, tuple[str, float | Course]] = {}
    for node, stated in graph.nodes(data="sources"):
        if stated is None:
            continue
        if not isinstance(stated, Mapping):
            raise PhysicsError(f"{node}: sources must be powers by name, got {stated!r}", f"nodes.{node}")
        for name, power in stated.items():
            path = f"sources.{name}"
            if name in found:
                raise PhysicsError(f"{name}: two sources have this name, into {found[name][0]} and {node}", path)
            if name in graph and name != node:
                raise PhysicsError(f"{name}: this source into {node} has the name of another node", path)
            found[name] = node, _number_or_course(name, "power", power, f"{path}.power", "W")
    return found


def _number_or_course(owner: str, what: str, value: object, path: str, unit: str) -> float | Course:
    if isinstance(value, Course):
        return value
    found = number(owner, what, value, path)
    if not math.isfinite(found):
        raise PhysicsError(f"{owner}: {what} must be finite, got {found:g} {unit}", path)
    return found
