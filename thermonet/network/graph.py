"""A networkx graph of named nodes and elements: the public model of a thermal network.

A graph is undirected (``networkx.Graph`` or ``MultiGraph``), its nodes are strings and its attributes are

=====  ===============  ========================================================================
where  name             meaning
=====  ===============  ========================================================================
node   `heat_capacity`  heat capacity [J/K], zero (massless) where it is left out
node   `temperature`    the node is held at this temperature [K], a number or a ``Course``
node   `sources`        heat into the node: powers [W] by name, numbers or ``Course``
node   `body`           the node is no temperature but a body, a ``MultiTerminal``
edge   `resistance`     thermal resistance [K/W], positive and finite, or a ``ResistanceLaw``; or
edge   `conductance`    thermal conductance [W/K], positive and finite; or
edge   `radiation`      emissivity times area times view factor [m^2]; or
edge   `heat_capacity`  heat capacity between two nodes [J/K], as Foster ladders have it
edge   `name`           name of the element; ``a-b`` where it is left out (``a-b.1`` for a parallel one)
edge   `terminal`       the edge is no element but binds this terminal of a body to a node
graph  `sources`        more sources of `system_from_graph`: share of the heat by node, by name
graph  `sensors`        more sensors of it: weights by node, by name
graph  `ports`          more ports of it: nodes in order, by name
=====  ===============  ========================================================================

`a` is the node of the two that was added to the graph first, and heat counts as positive from `a` to `b`. Other
attributes (positions for a drawing, labels) are left alone. `thermonet.network.model.network_model` takes all of them;
`system_from_graph` the linear elements and capacities, without bodies and without anything held.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from thermonet.network.answers import SteadyNetwork, steady
from thermonet.network.elements import Element, Elements, capacities, elements, number
from thermonet.network.lumped import floating_nodes, lumped_terms
from thermonet.network.model import driven_model
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import Matrix, System, Vector
from thermonet.system.incidence import Incidence, NamedRows, NamedUnknowns, unit_rows

__all__ = [
    "Element",
    "Elements",
    "elements",
    "floating_nodes",
    "graph_from_system",
    "solve_steady",
    "system_from_graph",
]

Weights = str | Mapping[str, float]  #: one node, or the share of every node


def system_from_graph(
    graph: nx.Graph[str],
    *,
    sources: Mapping[str, Weights] | None = None,
    sensors: Mapping[str, Weights] | None = None,
    ports: Mapping[str, str | Sequence[str]] | None = None,
) -> System:
    """Thermal system of a graph, one unknown per node.

    Every element is one conductance term under its own name with its conductance [W/K] as coefficient, every
    heat capacity one capacity term ``C.node`` [J/K] (between two nodes: the element's name). Every node is an
    isothermal port, a source (one watt into it) and a sensor (its temperature) under its own name.

    Parameters
    ----------
    graph
        See the module for the attributes of nodes and elements; what is held and heated is not looked at.
    sources
        More sources by name: a node, or the share of the heat that every node takes (shares sum to one); those of the
        graph's own attribute where nothing is given, as for sensors and ports.
    sensors
        More sensors by name: a node, or the weight of every node in a mean temperature (weights sum to one).
    ports
        More ports by name: a node, or several in order (a trace port).

    Raises
    ------
    PhysicsError
        The graph is no thermal network (see `elements`), has bodies or elements that depend on temperature, a
        capacity is negative, a name is used twice, a node is not in the graph, or shares do not sum to one. Parts
        without a path to a held node are allowed here, since nothing is held yet; `floating_nodes` finds them.
    """
    place = {node: position for position, node in enumerate(graph)}
    if not place:
        raise PhysicsError("the network has no nodes")
    listed = elements(graph)
    for hub in (node for node, attributes in graph.nodes(data=True) if "body" in attributes):
        raise PhysicsError(f"{hub}: a network with bodies is no single system of nodes; expected network_model")
    linear = listed.of("resistance", "conductance", "heat_capacity")
    if not linear.all():
        name = listed.names[int(np.argmin(linear))]
        raise PhysicsError(f"{name}: its heat depends on temperature; expected network_model", f"elements.{name}")
    K, C, theta = lumped_terms(listed, capacities(graph), place, unit_rows(range(len(place)), len(place)))
    rows, names = unit_rows(range(len(place)), len(place)), tuple(place)
    return System(
        K=K,
        C=C,
        theta=theta,
        sources=NamedRows(
            rows, names, _weighted("source", graph.graph.get("sources", {}) if sources is None else sources, place)
        ),
        sensors=NamedRows(
            rows, names, _weighted("sensor", graph.graph.get("sensors", {}) if sensors is None else sensors, place)
        ),
        ports=NamedUnknowns(place, _ports(graph.graph.get("ports", {}) if ports is None else ports, place)),
        one=np.ones(len(place)),
    )


def _weighted(kind: str, named: Mapping[str, Weights], place: Mapping[str, int]) -> dict[str, Vector]:
    found = {}
    for name, weights in named.items():
        _refuse_node_name(kind, name, place)
        vector = np.zeros(len(place))
        for node, share in ({weights: 1.0} if isinstance(weights, str) else weights).items():
            vector[_known(kind, name, node, place)] = number(name, f"the share of {node}", share)
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


def graph_from_system(system: System) -> nx.MultiGraph[str]:
    """Graph of a system that is a network: names of nodes, elements, sources, sensors and ports are those it came from.

    Elements are given by their conductances, which is what a system knows of them.

    Parameters
    ----------
    system
        Every unknown is a port by itself, every conductance term joins two of them or is a capacity at one or between
        two, as `system_from_graph` makes them.

    Raises
    ------
    PhysicsError
        The system is none of a network: a body, or a reduced model, whose unknowns are no temperatures of nodes.
    """
    node: dict[int, str] = {}
    for name, unknowns in system.ports.items():
        if len(unknowns) == 1:
            node.setdefault(int(unknowns[0]), name)
    if len(node) < system.size or not (system.one == 1).all():
        raise PhysicsError("the system is no network: expected every unknown to be a node's temperature, with a port")
    graph: nx.MultiGraph[str] = nx.MultiGraph()
    graph.add_nodes_from(node[i] for i in range(system.size))
    for name, ends, factor in _rows(system.K):
        if len(ends) != 2:
            raise PhysicsError(f"{name}: the term is no element between two nodes")
        graph.add_edge(*(node[i] for i in ends), name=name, conductance=factor * system.theta[name])
    for name, ends, factor in _rows(system.C):
        capacity = factor * system.theta[name]
        if len(ends) == 1:
            graph.nodes[node[ends[0]]]["heat_capacity"] = capacity
        else:
            graph.add_edge(*(node[i] for i in ends), name=name, heat_capacity=capacity)
    graph.graph["sources"] = _shares(system.sources, node)
    graph.graph["sensors"] = _shares(system.sensors, node)
    ports = ((name, [node[int(i)] for i in system.ports[name]]) for name in _more(system.ports, node))
    graph.graph["ports"] = dict(ports)
    return graph


def _more(named: Mapping[str, object], node: Mapping[int, str]) -> list[str]:
    """Names that are no node's."""
    nodes = set(node.values())
    return [name for name in named if name not in nodes]


def _shares(named: Mapping[str, Vector], node: Mapping[int, str]) -> dict[str, dict[str, float]]:
    """Weights by node of every vector that is not a node's own."""
    return {
        name: {node[int(i)]: float(named[name][i]) for i in np.flatnonzero(named[name])} for name in _more(named, node)
    }


def _rows(terms: Mapping[str, Matrix]) -> Iterable[tuple[str, list[int], float]]:
    """Name, unknowns and factor of every term f (e_i - e_j)(e_i - e_j)^T or f e_i e_i^T."""
    if isinstance(terms, Incidence):
        rows = terms.rows
        for i, name in enumerate(terms.names):
            part = slice(rows.indptr[i], rows.indptr[i + 1])
            yield name, *_row(name, rows.indices[part], rows.data[part] ** 2, rows.data[part].sum())
    else:
        for name, matrix in terms.items():
            diagonal = matrix.diagonal()
            unknowns = np.flatnonzero(diagonal)
            lost = matrix.sum()
            yield name, *_row(name, unknowns, diagonal[unknowns], lost if len(unknowns) > 1 else 0)


def _row(name: str, unknowns: NDArray[np.int64], squares: Vector, lost: float) -> tuple[list[int], float]:
    single, pair = len(unknowns) == 1, len(unknowns) == 2 and squares[0] == squares[1] and lost == 0
    if not (single or pair):
        raise PhysicsError(f"{name}: the term is no element between two nodes, nor a heat capacity of one")
    return sorted(unknowns.tolist()), float(squares[0])


def solve_steady(
    graph: nx.Graph[str], held: Mapping[str, float], heat: Mapping[str, float] | None = None
) -> SteadyNetwork:
    """Steady temperatures and heat flows of a network with some nodes held.

    Parameters
    ----------
    graph
        See the module for the attributes of nodes and elements; what is held and heated are the two other arguments.
    held
        Temperature of every held node [K]; any zero serves where nothing depends on temperature.
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
    for attribute, given in (("temperature", held), ("sources", heat or {})):
        for node, value in given.items():
            path = f"nodes.{node}.{attribute}"
            if node not in graph:
                raise PhysicsError(f"no node is called {node}", path)
            if "body" in graph.nodes[node]:
                raise PhysicsError(f"{node}: a body is no node; expected the node at one of its terminals", path)
            if not math.isfinite(value):
                raise PhysicsError(f"{node}: its temperature or heat must be finite, got {value:g}", path)
    sources = {node: (node, float(power)) for node, power in (heat or {}).items()}
    return steady(driven_model(graph, {node: float(value) for node, value in held.items()}, sources))
