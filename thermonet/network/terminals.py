"""A body as an element of a network: a thermal system with named terminals, each bound to a node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import networkx as nx
import numpy as np

from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import System, Vector

#: Weights of a terminal may miss a sum of one by this.
_SUM = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class MultiTerminal:
    """A body as an element between several nodes.

    Attributes
    ----------
    system
        The body with nothing held: all of its unknowns, or a compact model of it.
    terminals
        By name: an isothermal port of the system (one unknown), which becomes the node; or weights (n,) with ``weights
        @ one = 1``, with which heat enters from the node and its temperature is read (the contact of a probe, a
        thermocouple).
    error
        Relative numerical error of the resistance between two terminals, by ``a.b``, or under "" that of all.
    """

    system: System
    terminals: Mapping[str, str | Vector]
    error: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, terminal in self.terminals.items():
            if isinstance(terminal, str):
                self._require_isothermal(name, terminal)
            elif np.shape(terminal) != (self.system.size,):
                raise PhysicsError(
                    f"terminal {name}: expected one weight for each of {self.system.size} unknowns, got an array of "
                    f"shape {np.shape(terminal)}"
                )
            elif not abs(float(terminal @ self.system.one) - 1) <= _SUM:  # nan is refused too
                raise PhysicsError(
                    f"terminal {name}: its weights must see one kelvin of a uniform rise, got "
                    f"{float(terminal @ self.system.one):.10g}"
                )

    def _require_isothermal(self, name: str, port: str) -> None:
        if port not in self.system.ports:
            known = ", ".join(self.system.ports) or "none"
            raise PhysicsError(f"terminal {name}: the body has no port {port}; there is {known}")
        unknowns = self.system.ports[port]
        if len(unknowns) != 1 or abs(self.system.one[unknowns[0]] - 1) > _SUM:
            raise PhysicsError(
                f"terminal {name}: port {port} is no isothermal one; expected a port of one unknown, its temperature"
            )

    def unknown(self, terminal: str) -> int | None:
        """Unknown of an isothermal terminal; none of a weighted one."""
        port = self.terminals[terminal]
        return int(self.system.ports[port][0]) if isinstance(port, str) else None


def bodies(graph: nx.Graph[str]) -> dict[str, MultiTerminal]:
    """Bodies by the name of their hub, in the order of the graph.

    Raises
    ------
    PhysicsError
        A hub is no body, or has a heat capacity, temperature or source of its own; the path is `bodies.<hub>`.
    """
    found = {}
    for node, attributes in graph.nodes(data=True):
        if attributes.get("body") is None:
            continue
        body, path = attributes["body"], f"bodies.{node}"
        if not isinstance(body, MultiTerminal):
            raise PhysicsError(f"{node}: body must be a MultiTerminal, got {type(body).__name__}", path)
        own = [what for what in ("heat_capacity", "temperature", "sources") if what in attributes]
        if own:
            raise PhysicsError(f"{node}: a body is no node and has no {own[0]}; expected it at a terminal's node", path)
        found[node] = body
    return found


def bound_nodes(graph: nx.Graph[str]) -> dict[tuple[str, str], str]:
    """Node at every terminal, by body and terminal, in the order of the bodies and their terminals.

    Raises
    ------
    PhysicsError
        An edge names a terminal that is not there, a terminal is open or bound to two nodes, or a node is bound to a
        weighted terminal and another one. The path is `bodies.<body>.terminals.<terminal>`.
    """
    there = bodies(graph)
    order = {node: place for place, node in enumerate(graph)}
    given: dict[tuple[str, str], str] = {}
    edges: Iterable[tuple[str, str, object]] = graph.edges(data="terminal")
    for a, b, stated in edges:
        if stated is None:
            continue
        terminal = str(stated)
        hubs = [node for node in (a, b) if node in there]
        if len(hubs) != 1:
            raise PhysicsError(
                f"{a}, {b}: a terminal ({terminal}) belongs to an edge between a body and a node", f"bodies.{a}"
            )
        hub, node = hubs[0], b if a == hubs[0] else a
        path = f"bodies.{hub}.terminals.{terminal}"
        if terminal not in there[hub].terminals:
            known = ", ".join(there[hub].terminals) or "none"
            raise PhysicsError(f"{hub}: the body has no terminal {terminal}; there is {known}", path)
        if (hub, terminal) in given:
            both = sorted((given[hub, terminal], node), key=order.__getitem__)
            raise PhysicsError(f"{hub}.{terminal}: this terminal is bound to both {both[0]} and {both[1]}", path)
        given[hub, terminal] = node
    for hub, body in there.items():
        for terminal in body.terminals:
            if (hub, terminal) not in given:
                raise PhysicsError(
                    f"{hub}.{terminal}: this terminal is left open; expected a node (one of its own, where no heat is "
                    "to cross it)",
                    f"bodies.{hub}.terminals.{terminal}",
                )
    ordered = {(hub, terminal): given[hub, terminal] for hub, body in there.items() for terminal in body.terminals}
    _refuse_two_weighted(there, ordered)
    return ordered


def _refuse_two_weighted(there: Mapping[str, MultiTerminal], given: Mapping[tuple[str, str], str]) -> None:
    """A node is one unknown, or one body's weighted mean: never both, never two means."""
    first: dict[str, tuple[str, str]] = {}
    for (hub, terminal), node in given.items():
        other = first.setdefault(node, (hub, terminal))
        if other == (hub, terminal):
            continue
        for body, name in (other, (hub, terminal)):
            if there[body].unknown(name) is None:
                raise PhysicsError(
                    f"{node}: {body}.{name} is a mean temperature, which cannot be one with {'.'.join(other)} and "
                    f"{hub}.{terminal}; expected a node for each and a resistance between them",
                    f"bodies.{hub}.terminals.{terminal}",
                )
