"""A network as one system: bodies joined at their terminals' nodes, lumped elements, and what is held and heated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from thermonet.network.elements import Elements, Integers, capacities, elements, heat_sources, held_temperatures
from thermonet.network.links import LinkTerm, link_terms
from thermonet.network.lumped import across, ends, lumped_terms, reached_nodes
from thermonet.network.terminals import MultiTerminal, bodies, bound_nodes
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import Matrix, System, Vector
from thermonet.system.incidence import Incidence, NamedRows, NamedUnknowns, unit_rows
from thermonet.system.nonlinear import NonlinearSystem
from thermonet.system.signals import Course
from thermonet.system.terms import Entries, Terms, joined

Unknowns = NDArray[np.int64]
#: Nodes that a message lists before it counts the others.
_LISTED = 10


@dataclass(frozen=True, eq=False)
class PlacedBody:
    """A body in a network.

    Attributes
    ----------
    body
        The body.
    unknowns
        Unknown of the network (n,) of every one of the body's.
    nodes
        Node at every terminal.
    """

    body: MultiTerminal
    unknowns: Unknowns
    nodes: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, eq=False)
class NetworkModel:
    """A network as a thermal system, and what drives it.

    Attributes
    ----------
    graph
        What it was made from.
    system
        Linear part, nothing held. Unknowns are the nodes that are no body's mean, in the order of the graph, then what
        is inside the bodies. Terms have the names of elements, ``C.<node>`` and ``<body>.<term>``; sources and sensors
        those of nodes (a watt into it, its temperature), of `sources`, and ``<body>.<source>``; ports those of nodes.
    nodes
        Names, in the order of the graph; a body's hub is none.
    at
        Temperatures of the nodes as rows on the unknowns (nodes, n).
    elements
        In the order of the graph's edges.
    nonlinear
        The same system with radiation and laws of resistance; none where there are none.
    held
        Temperature of every held node [K].
    sources
        By name the node that a source heats, and its power [W].
    bodies
        By the name of their hub.
    """

    graph: nx.Graph[str]
    system: System
    nodes: tuple[str, ...]
    at: Matrix
    elements: Elements
    nonlinear: NonlinearSystem | None
    held: Mapping[str, float | Course]
    sources: Mapping[str, tuple[str, float | Course]]
    bodies: Mapping[str, PlacedBody]

    @property
    def links(self) -> tuple[LinkTerm, ...]:
        """Elements whose heat depends on temperature in its own way."""
        terms = () if self.nonlinear is None else self.nonlinear.terms
        return tuple(term for term in terms if isinstance(term, LinkTerm))


def network_model(graph: nx.Graph[str]) -> NetworkModel:
    """Model of a graph, see `thermonet.network.graph` for its attributes.

    Raises
    ------
    PhysicsError
        The graph is no thermal network: an element, node, source or terminal is not what it should be, a node that is
        held is a body's mean, or a part has no path of heat to a held node, where any is held. The path says which.
    """
    return driven_model(graph, held_temperatures(graph), heat_sources(graph))


def driven_model(
    graph: nx.Graph[str],
    held: Mapping[str, float | Course],
    sources: Mapping[str, tuple[str, float | Course]],
) -> NetworkModel:
    """Model of a graph with other temperatures and sources than those of its attributes; errors as `network_model`."""
    placed = bodies(graph)
    nodes = tuple(node for node in graph if node not in placed)
    if not nodes:
        raise PhysicsError("the network has no nodes")
    listed = elements(graph)
    # Without bodies and their terminals' edges there is nothing to look for.
    bound = bound_nodes(graph) if placed or len(listed) < graph.number_of_edges() else {}
    stored = capacities(graph)
    if held:
        _refuse_floating(listed, bound, held, placed)
    own, inside, size = _numbered(nodes, placed, bound)
    at = _temperatures(nodes, placed, bound, own, inside, size)
    for node in held:
        if node not in own:
            raise PhysicsError(
                f"{node}: a body's mean temperature cannot be held; expected a resistance to a node that is held",
                f"nodes.{node}.temperature",
            )
    place = {node: position for position, node in enumerate(nodes)}
    K, C, theta = lumped_terms(listed, stored, place, at)
    system = _system(K, C, theta, nodes, at, own, placed, inside, sources, place)
    return NetworkModel(
        graph=graph,
        system=system,
        nodes=nodes,
        at=at,
        elements=listed,
        nonlinear=_nonlinear(system, listed, place, at, held),
        held=held,
        sources=sources,
        bodies={
            hub: PlacedBody(body, inside[hub], {terminal: bound[hub, terminal] for terminal in body.terminals})
            for hub, body in placed.items()
        },
    )


def _refuse_floating(
    listed: Elements,
    bound: Mapping[tuple[str, str], str],
    held: Mapping[str, object],
    hubs: Mapping[str, MultiTerminal],
) -> None:
    place = {node: number for number, node in enumerate(listed.nodes)}
    paths = ~listed.of("heat_capacity")
    terminals = np.array([(place[hub], place[node]) for (hub, _), node in bound.items()], dtype=np.int64).reshape(-1, 2)
    first, second = listed.first[paths], listed.second[paths]
    ends = np.concatenate([first, terminals[:, 0]]), np.concatenate([second, terminals[:, 1]])
    reached = reached_nodes(len(place), *ends, [place[node] for node in held]).tolist()
    floating = [node for node, there in zip(listed.nodes, reached, strict=True) if not there and node not in hubs]
    if floating:
        more = len(floating) - _LISTED
        told = ", ".join(floating[:_LISTED]) + (f" and {more} more" if more > 0 else "")
        raise PhysicsError(
            f"no path to a held node from {told}: nothing fixes their temperature", f"nodes.{floating[0]}"
        )


def _numbered(
    nodes: Sequence[str], placed: Mapping[str, MultiTerminal], bound: Mapping[tuple[str, str], str]
) -> tuple[dict[str, int], dict[str, Unknowns], int]:
    """Unknown of every node that has its own, unknowns of every body, and how many there are."""
    means = {node for (hub, name), node in bound.items() if placed[hub].unknown(name) is None}
    own = {node: number for number, node in enumerate(node for node in nodes if node not in means)}
    size, inside = len(own), {}
    for hub, body in placed.items():
        unknowns = np.full(body.system.size, -1, dtype=np.int64)
        for name in body.terminals:
            port = body.unknown(name)
            if port is None:
                continue
            if unknowns[port] >= 0:
                raise PhysicsError(
                    f"{hub}.{name}: another terminal is the same port, so that two nodes would be one; expected one "
                    "terminal for it",
                    f"bodies.{hub}.terminals.{name}",
                )
            unknowns[port] = own[bound[hub, name]]
        new = np.flatnonzero(unknowns < 0)
        unknowns[new] = size + np.arange(len(new))
        inside[hub], size = unknowns, size + len(new)
    return own, inside, size


def _temperatures(
    nodes: Sequence[str],
    placed: Mapping[str, MultiTerminal],
    bound: Mapping[tuple[str, str], str],
    own: Mapping[str, int],
    inside: Mapping[str, Unknowns],
    size: int,
) -> Matrix:
    """Rows of the nodes on the unknowns: one of them, or the weights of a body's terminal."""
    if len(own) == len(nodes):
        return unit_rows(range(len(nodes)), size)
    weighted = {node: (hub, name) for (hub, name), node in bound.items() if node not in own}
    columns, values = [], []
    for node in nodes:
        if node in own:
            columns.append(np.array([own[node]]))
            values.append(np.ones(1))
        else:
            hub, name = weighted[node]
            weights = np.asarray(placed[hub].terminals[name], dtype=float)
            there = np.flatnonzero(weights)
            columns.append(inside[hub][there])
            values.append(weights[there])
    starts = np.concatenate([[0], np.cumsum([len(some) for some in columns])])
    return sp.csr_array((np.concatenate(values), np.concatenate(columns), starts), shape=(len(nodes), size))


def _system(
    K: Incidence,
    C: Incidence,
    theta: dict[str, float],
    nodes: tuple[str, ...],
    at: Matrix,
    own: Mapping[str, int],
    placed: Mapping[str, MultiTerminal],
    inside: Mapping[str, Unknowns],
    sources: Mapping[str, tuple[str, object]],
    place: Mapping[str, int],
) -> System:
    size = at.shape[1]
    one = np.ones(size)
    loads: dict[str, Vector] = {}
    weights: dict[str, Vector] = {}
    parts: list[tuple[Mapping[str, Matrix], Unknowns]] = []
    for hub, body in placed.items():
        system, to = body.system, inside[hub]
        one[to] = system.one
        theta |= {f"{hub}.{name}": value for name, value in system.theta.items()}
        parts += [(_prefixed(hub, terms), to) for terms in (system.K, system.C)]
        loads |= {f"{hub}.{name}": np.bincount(to, load, size).astype(float) for name, load in system.sources.items()}
        weights |= {
            f"{hub}.{name}": np.bincount(to, sensor, size).astype(float) for name, sensor in system.sensors.items()
        }
    all_K: Mapping[str, Matrix] = K
    all_C: Mapping[str, Matrix] = C
    if placed:
        every = np.arange(size)
        terms = joined([*parts, (K.terms(), every), (C.terms(), every)], size)
        all_K, all_C = (Terms(terms[0].pattern, _entries(terms[start::2])) for start in (0, 1))
    named = NamedRows(at, nodes)
    loads |= {name: named[node] for name, (node, _) in sources.items() if name not in place}
    return System(
        K=all_K,
        C=all_C,
        theta=theta,
        sources=NamedRows(at, nodes, loads),
        sensors=NamedRows(at, nodes, weights),
        ports=NamedUnknowns(own),
        one=one,
    )


def _entries(parts: Sequence[Terms]) -> dict[str, Entries]:
    return {name: entries for part in parts for name, entries in part.entries.items()}


def _prefixed(hub: str, terms: Mapping[str, Matrix]) -> Mapping[str, Matrix]:
    if isinstance(terms, Terms):
        return Terms(terms.pattern, {f"{hub}.{name}": entries for name, entries in terms.entries.items()})
    return {f"{hub}.{name}": matrix for name, matrix in terms.items()}


def _nonlinear(
    system: System, listed: Elements, place: Mapping[str, int], at: Matrix, held: Mapping[str, object]
) -> NonlinearSystem | None:
    some = np.flatnonzero(~listed.of("resistance", "conductance", "heat_capacity"))
    if not len(some):
        return None
    free = np.array([[listed.nodes[i] not in held for i in end[some]] for end in (listed.first, listed.second)])
    return NonlinearSystem(linear=system, terms=tuple(link_terms(listed, some, *ends(listed, some, place, at), free)))


def differences(model: NetworkModel, some: Integers) -> Matrix:
    """Difference of temperature across some elements of a model (their numbers), as rows on its unknowns (some, n)."""
    return across(model.elements, some, {node: position for position, node in enumerate(model.nodes)}, model.at)


def node_row(model: NetworkModel, node: str) -> Vector:
    """Temperature of a node, or of a body's sensor, as weights on the unknowns (n,).

    Raises
    ------
    KeyError
        There is no such node.
    """
    if node not in model.system.sensors:
        raise KeyError(f"no node is called {node}")
    return model.system.sensors[node]
