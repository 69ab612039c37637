"""A networkx graph of named nodes and elements, as a thermal system and as one steady answer.

A graph is undirected (``networkx.Graph`` or ``MultiGraph``), its nodes are strings and its attributes are

=====  ===============  ========================================================================
where  name             meaning
=====  ===============  ========================================================================
node   `heat_capacity`  heat capacity [J/K], zero (massless) where it is left out
edge   `resistance`     thermal resistance [K/W], positive and finite: either this,
edge   `conductance`    or the thermal conductance [W/K], positive and finite
edge   `name`           name of the element; ``a-b`` where it is left out (``a-b.1`` for a parallel one)
=====  ===============  ========================================================================

`a` is the node of the two that was added to the graph first, and heat counts as positive from `a` to `b`.
Other attributes (positions for a drawing, labels) are left alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import System, Vector

Weights = str | Mapping[str, float]  #: one node, or the share of every node


@dataclass(frozen=True, slots=True)
class Element:
    """A thermal conductance between two nodes.

    Attributes
    ----------
    name
        Name of the element, and of its term in the system.
    a, b
        Its two nodes; heat counts as positive from a to b.
    conductance
        Heat flow per kelvin [W/K].
    """

    name: str
    a: str
    b: str
    conductance: float


@dataclass(frozen=True)
class SteadyNetwork:
    """Steady temperatures and heat flows of a network.

    Attributes
    ----------
    temperature
        Temperature of every node [K], on the scale of the held temperatures.
    heat
        Heat through every element from its first to its second node [W].
    heat_into
        Heat that leaves the network at every held node [W].
    imbalance
        Heat put in less heat that leaves [W]: zero but for rounding.
    """

    temperature: Mapping[str, float]
    heat: Mapping[str, float]
    heat_into: Mapping[str, float]
    imbalance: float


def elements(graph: nx.Graph[str]) -> list[Element]:
    """Elements of a graph, in the order of its edges.

    Raises
    ------
    PhysicsError
        A directed graph, a node that is no string, an element that joins a node to itself, one without
        exactly one of `resistance` and `conductance`, a value that is not positive and finite, or a name used
        twice.
    """
    if graph.is_directed():
        raise PhysicsError("heat flows both ways through an element: expected an undirected graph")
    for node in graph:
        if not isinstance(node, str):
            raise PhysicsError(f"nodes are named by strings, got {node!r}")
    order = {node: place for place, node in enumerate(graph)}
    found: dict[str, Element] = {}
    for (a, b), label, attributes in _edges(graph):
        first, second = sorted((a, b), key=order.__getitem__)
        name = str(attributes.get("name", f"{first}-{second}{label}"))
        if first == second:
            raise PhysicsError(f"{name}: an element must join two different nodes")
        if name in found:
            raise PhysicsError(f"{name}: two elements have this name")
        found[name] = Element(name, first, second, _conductance(name, attributes))
    return list(found.values())


def _edges(graph: nx.Graph[str]) -> Iterable[tuple[tuple[str, str], str, Mapping[str, object]]]:
    """Give the ends, a label that tells parallel elements apart, and the attributes of every edge."""
    if isinstance(graph, nx.MultiGraph):
        for a, b, key, attributes in graph.edges(keys=True, data=True):
            yield (a, b), "" if key == 0 else f".{key}", attributes
    else:
        for a, b, attributes in graph.edges(data=True):
            yield (a, b), "", attributes


def _conductance(name: str, attributes: Mapping[str, object]) -> float:
    stated = [kind for kind in ("resistance", "conductance") if kind in attributes]
    if len(stated) != 1:
        raise PhysicsError(f"{name}: expected a resistance or a conductance, got {' and '.join(stated) or 'neither'}")
    value = _number(name, stated[0], attributes[stated[0]])
    if not 0 < value < math.inf:
        unit = "K/W" if stated[0] == "resistance" else "W/K"
        raise PhysicsError(f"{name}: {stated[0]} must be positive and finite, got {value:g} {unit}")
    return 1 / value if stated[0] == "resistance" else value


def _number(owner: str, what: str, value: object) -> float:
    """Read what a user wrote into an attribute; text is refused, units are read by the documents alone."""
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        return float(value)
    raise PhysicsError(f"{owner}: {what} must be a number in SI units, got {value!r}")


def _capacities(graph: nx.Graph[str]) -> dict[str, float]:
    """Heat capacities of the nodes that have one [J/K]."""
    found = {}
    for node, attributes in graph.nodes(data=True):
        capacity = _number(node, "heat_capacity", attributes.get("heat_capacity", 0.0))
        if not 0 <= capacity < math.inf:
            raise PhysicsError(f"{node}: heat_capacity must be zero or positive and finite, got {capacity:g} J/K")
        if capacity > 0:
            found[node] = capacity
    return found


def system_from_graph(
    graph: nx.Graph[str],
    *,
    sources: Mapping[str, Weights] | None = None,
    sensors: Mapping[str, Weights] | None = None,
    ports: Mapping[str, str | Sequence[str]] | None = None,
) -> System:
    """Thermal system of a graph, one unknown per node.

    Every element is one conductance term under its own name with its conductance [W/K] as coefficient, every
    heat capacity one capacity term ``C.node`` [J/K]. Every node is an isothermal port, a source (one watt
    into it) and a sensor (its temperature) under its own name.

    Parameters
    ----------
    graph
        See the module for the attributes of nodes and elements.
    sources
        More sources by name: a node, or the share of the heat that every node takes (shares sum to one).
    sensors
        More sensors by name: a node, or the weight of every node in a mean temperature (weights sum to one).
    ports
        More ports by name: a node, or several in order (a trace port).

    Raises
    ------
    PhysicsError
        The graph is no thermal network (see `elements`), a capacity is negative, a name is used twice, a node
        is not in the graph, or shares do not sum to one. Parts without a path to a held node are allowed
        here, since nothing is held yet; `floating_nodes` finds them.
    """
    place = {node: number for number, node in enumerate(graph)}
    if not place:
        raise PhysicsError("the network has no nodes")
    conducting, capacities = elements(graph), _capacities(graph)
    theta = {element.name: element.conductance for element in conducting}
    for node, capacity in capacities.items():
        if f"C.{node}" in theta:
            raise PhysicsError(f"C.{node}: this name belongs to the heat capacity of {node}, not to an element")
        theta[f"C.{node}"] = capacity
    unit = {node: np.eye(1, len(place), number)[0] for node, number in place.items()}
    return System(
        K={element.name: _across(place[element.a], place[element.b], len(place)) for element in conducting},
        C={f"C.{node}": _at(place[node], len(place)) for node in capacities},
        theta=theta,
        sources=unit | _weighted("source", sources or {}, place),
        sensors=unit | _weighted("sensor", sensors or {}, place),
        ports={node: np.array([number]) for node, number in place.items()} | _ports(ports or {}, place),
        one=np.ones(len(place)),
    )


def _across(a: int, b: int, size: int) -> sp.csr_array:
    """Join two unknowns by a unit conductance, which sees their difference only."""
    return sp.csr_array(([1.0, -1.0, -1.0, 1.0], ([a, a, b, b], [a, b, a, b])), shape=(size, size))


def _at(unknown: int, size: int) -> sp.csr_array:
    return sp.csr_array(([1.0], ([unknown], [unknown])), shape=(size, size))


def _weighted(kind: str, named: Mapping[str, Weights], place: Mapping[str, int]) -> dict[str, Vector]:
    found = {}
    for name, weights in named.items():
        _refuse_node_name(kind, name, place)
        vector = np.zeros(len(place))
        for node, share in ({weights: 1.0} if isinstance(weights, str) else weights).items():
            vector[_known(kind, name, node, place)] = _number(name, f"the share of {node}", share)
        # Written this way round, nan is refused too.
        if not abs(vector.sum() - 1) < 1e-9:
            raise PhysicsError(f"{kind} {name}: the shares of its nodes must sum to one, got {vector.sum():.10g}")
        found[name] = vector / vector.sum()
    return found


def _ports(named: Mapping[str, str | Sequence[str]], place: Mapping[str, int]) -> dict[str, NDArray[np.int64]]:
    found = {}
    for name, given in named.items():
        _refuse_node_name("port", name, place)
        nodes = [given] if isinstance(given, str) else list(given)
        if not nodes or len(set(nodes)) < len(nodes):
            raise PhysicsError(f"port {name}: expected one or more different nodes, got {', '.join(nodes) or 'none'}")
        found[name] = np.array([_known("port", name, node, place) for node in nodes])
    return found


def _refuse_node_name(kind: str, name: str, place: Mapping[str, int]) -> None:
    if name in place:
        raise PhysicsError(f"{kind} {name}: a node has this name, and is a {kind} under it already")


def _known(kind: str, name: str, node: str, place: Mapping[str, int]) -> int:
    if node not in place:
        raise PhysicsError(f"{kind} {name}: no node is called {node}")
    return place[node]


def floating_nodes(graph: nx.Graph[str], held: Iterable[str]) -> list[str]:
    """Nodes without a path to a held node, in the order of the graph: nothing fixes their temperature."""
    anchors = set(held)
    reached = {node for part in nx.connected_components(graph) if part & anchors for node in part}
    return [node for node in graph if node not in reached]


def solve_steady(
    graph: nx.Graph[str], held: Mapping[str, float], heat: Mapping[str, float] | None = None
) -> SteadyNetwork:
    """Steady temperatures and heat flows of a network with some nodes held.

    Parameters
    ----------
    graph
        See the module for the attributes of nodes and elements.
    held
        Temperature of every held node [K]; any zero serves, the answer is on the same scale.
    heat
        Heat into nodes [W]; heat into a held node leaves at once and counts in its `heat_into`.

    Raises
    ------
    PhysicsError
        Nothing is held, a node is unknown or has no path to a held node, or the graph is no thermal network.

    Examples
    --------
    >>> import networkx as nx
    >>> graph = nx.Graph()
    >>> graph.add_edge("apex", "bath", resistance=72800.0)
    >>> round(solve_steady(graph, {"bath": 300.0}, {"apex": 1e-6}).temperature["apex"], 4)
    300.0728
    """
    system = system_from_graph(graph)
    heat = heat or {}
    _check_loading(graph, held, heat)
    # A uniform field carries no heat: counted from one held temperature, small rises keep all their digits.
    zero = next(iter(held.values()))
    load = np.zeros(system.size)
    for node, power in heat.items():
        load[system.ports[node]] = power
    solver = system.hold(*held)
    rise = np.zeros(system.size)
    for node, temperature in held.items():
        rise[system.ports[node]] = temperature - zero
    if len(solver.free):
        rise = np.asarray(solver.solve(load, held=rise[solver.fixed]), dtype=float)
    above = dict(zip(graph, rise.tolist(), strict=True))
    heat_into = {node: float(solver.heat_into(node, rise, load)) for node in held}
    return SteadyNetwork(
        temperature={node: zero + value for node, value in above.items()} | dict(held),
        heat={each.name: each.conductance * (above[each.a] - above[each.b]) for each in elements(graph)},
        heat_into=heat_into,
        imbalance=math.fsum(load) - math.fsum(heat_into.values()),
    )


def _check_loading(graph: nx.Graph[str], held: Mapping[str, float], heat: Mapping[str, float]) -> None:
    for node, value in (*held.items(), *heat.items()):
        if node not in graph:
            raise PhysicsError(f"no node is called {node}")
        if not math.isfinite(value):
            raise PhysicsError(f"{node}: its temperature or heat must be finite, got {value:g}")
    if not held:
        raise PhysicsError("no node is held at a temperature, so the heat has nowhere to go")
    floating = floating_nodes(graph, held)
    if floating:
        raise PhysicsError(f"no path to a held node from {', '.join(floating)}: nothing fixes their temperature")
