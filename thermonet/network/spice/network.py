"""A networkx graph of a thermal network as a netlist: what `thermonet.network.graph` describes, element by element."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import networkx as nx
import numpy as np

from thermonet.network.answers import SteadyNetwork, steady
from thermonet.network.elements import Element, capacities, elements, heat_sources, held_temperatures
from thermonet.network.model import NetworkModel
from thermonet.network.small_bodies import dense_body
from thermonet.network.spice.behaviour import conducted, radiated
from thermonet.network.spice.compact import source_lines
from thermonet.network.spice.deck import Scale, deck
from thermonet.network.spice.names import GROUND, element_names, node_names
from thermonet.network.spice.subcircuit import subcircuit
from thermonet.network.spice.values import wrapped, written
from thermonet.network.spice.waveforms import waveforms
from thermonet.network.terminals import bodies, bound_nodes
from thermonet.quantities.errors import PhysicsError
from thermonet.system.signals import Constant, Course, course

Held = Mapping[str, float | Course]


@dataclass(frozen=True)
class Written:
    """A network in SPICE.

    Attributes
    ----------
    lines
        Subcircuits of the bodies, then the elements.
    nodes
        Name in SPICE of every node.
    changed
        Names in SPICE of nodes and elements that are called otherwise in the graph.
    absolute
        Whether an element depends on the bath's temperature.
    shown
        What bodies would drown: temperatures of the nodes, heats of the held ones; nothing where there is no body.
    """

    lines: tuple[str, ...]
    nodes: Mapping[str, str]
    changed: Mapping[str, str]
    absolute: bool
    shown: tuple[str, ...]


@dataclass(frozen=True)
class _Entry:
    """An element whose name is not yet known to be its own; several values are sources that add up."""

    letter: str
    name: str
    ends: tuple[str, str]
    values: tuple[str, ...]


def network_deck(
    graph: nx.Graph[str],
    *,
    bath: float,
    scale: Scale,
    title: str,
    notes: Iterable[str] = (),
    analysis: str = ".op",
    swept: str | None = None,
    duration: float | None = None,
    tolerance: float = 1e-4,
) -> str:
    """Deck of a network: its elements and one analysis.

    Parameters
    ----------
    graph
        The network; bodies are written as compact models.
    bath
        Temperature of node 0 [K]; held nodes stand above or below it.
    scale
        Size of the case, for the tolerances (`case_scale`).
    title, notes, analysis
        See `thermonet.network.spice.deck.deck`.
    swept
        Source or held node that a harmonic analysis sweeps with an amplitude of one watt or kelvin.
    duration
        Time for which a repeated signal of slopes is written out [s].
    tolerance
        Of the compact models of large bodies.

    Raises
    ------
    PhysicsError
        The graph is no network, two of its names are one in SPICE, a signal or law has no words there, or a body has no
        isothermal terminal.
    """
    found = written_network(graph, bath=bath, swept=swept, duration=duration, tolerance=tolerance)
    told = [*notes, *([f"B elements add the bath's {bath:g} K to the temperatures."] if found.absolute else [])]
    return deck(
        title,
        found.lines,
        bath=bath,
        scale=scale,
        names=found.changed,
        notes=told,
        analysis=analysis,
        shown=found.shown,
    )


def written_network(
    graph: nx.Graph[str],
    *,
    bath: float,
    swept: str | None = None,
    duration: float | None = None,
    tolerance: float = 1e-4,
) -> Written:
    """Write the elements of a network; parameters and errors as of `network_deck`."""
    hubs, held, joined = bodies(graph), held_temperatures(graph), elements(graph)
    nodes = _nodes([node for node in graph if node not in hubs], held, bath)
    entries = [
        *_held(held, nodes, bath, duration),
        *(_Entry("C", node, (nodes[node], GROUND), (written(value),)) for node, value in capacities(graph).items()),
        *(_of(element, nodes, bath) for element in joined),
        *(
            _Entry("I", name, (GROUND, nodes[node]), tuple(waveforms(power, duration=duration)))
            for name, (node, power) in heat_sources(graph).items()
        ),
    ]
    lines, changed = _named([entry for entry in entries if entry.ends != (GROUND, GROUND)], swept)
    changed |= {node: name for node, name in nodes.items() if node != name}
    at, parts = bound_nodes(graph), list[str]()
    for hub, body in hubs.items():
        part = subcircuit(hub, dense_body(hub, body, tolerance))
        pins = " ".join(nodes[at[hub, terminal]] for terminal in part.pins)
        parts += [part.text, *wrapped(f"X_{part.name} {pins} {part.name}")]
    absolute = any(entry.letter == "B" for entry in entries)
    heats = [line.split(" ", 1)[0] for line in lines if line[0] == "V"]
    shown = [*(f"v({name})" for name in nodes.values() if name != GROUND), *(f"i({name})" for name in heats)]
    return Written((*parts, *lines), nodes, changed, absolute, tuple(shown) if hubs else ())


def network_netlist(model: NetworkModel, *, title: str, bath: float, tolerance: float = 1e-4) -> str:
    """Runnable deck of a network's steady case; for other analyses see `network_deck`.

    Parameters
    ----------
    model
        The network.
    title
        What it is, one line.
    bath
        Temperature of node 0 [K].
    tolerance
        Of the compact models of large bodies.

    Raises
    ------
    PhysicsError
        As `network_deck`; or nothing is held, or nothing happens.
    """
    scale = case_scale(model, steady(model), bath)
    return network_deck(model.graph, bath=bath, scale=scale, title=title, tolerance=tolerance)


def case_scale(model: NetworkModel, found: SteadyNetwork, bath: float) -> Scale:
    """Size of a steady case: the largest rise above the bath [K] and heat flow, and the heat stored at these rises.

    Raises
    ------
    PhysicsError
        No node differs from the bath, or no heat flows.
    """
    heats = [*found.heat.values(), *found.heat_into.values()]
    rises = [value - bath for value in found.temperature.values()]
    stored = model.system.total(model.system.C) @ (found.rise + (found.base - bath) * model.system.one)
    return Scale(
        power=max(map(abs, heats), default=0.0),
        rise=max(map(abs, rises), default=0.0),
        heat=float(np.abs(stored).sum()),
    )


def _nodes(names: Iterable[str], held: Held, bath: float) -> dict[str, str]:
    """Names in SPICE; a node that is called like the bath is the bath, where it is held there."""
    grounded = {name for name in held if name.lower() in {GROUND, "gnd"} and _is_at(held[name], bath)}
    plain = node_names(name for name in names if name not in grounded)
    return {**plain, **dict.fromkeys(grounded, GROUND)}


def _is_at(value: float | Course, temperature: float) -> bool:
    found = course(value)
    return isinstance(found.signal, Constant) and float(found.at(0.0)) == temperature


def _held(held: Held, nodes: Mapping[str, str], bath: float, duration: float | None) -> Iterator[_Entry]:
    for node, temperature in held.items():
        if nodes[node] != GROUND:
            found = course(temperature)
            rise = waveforms(replace(found, offset=found.offset - bath), duration=duration)
            yield _Entry("V", node, (nodes[node], GROUND), tuple(rise))


def _of(element: Element, nodes: Mapping[str, str], bath: float) -> _Entry:
    ends = (nodes[element.a], nodes[element.b])
    if element.kind == "heat_capacity":
        return _Entry("C", element.name, ends, (written(element.value),))
    if element.kind == "radiation":
        return _Entry("B", element.name, ends, (f"I={radiated(*ends, element.value, bath)}",))
    if element.law is not None:
        return _Entry("B", element.name, ends, (f"I={conducted(*ends, element.law, bath)}",))
    resistance = element.value if element.kind == "resistance" else 1 / element.value
    return _Entry("R", element.name, ends, (written(resistance),))


def _named(entries: Iterable[_Entry], swept: str | None) -> tuple[list[str], dict[str, str]]:
    """Lines, and the names that had to change by more than the letter in front and _ for hyphens and dots."""
    by_letter: dict[str, dict[str, _Entry]] = {}
    for entry in entries:
        if by_letter.setdefault(entry.letter, {}).setdefault(entry.name, entry) is not entry:
            raise PhysicsError(
                f"a node and an element would both be {entry.letter} elements called {entry.name} in SPICE; expected "
                "names of their own"
            )
    lines: list[str] = []
    changed: dict[str, str] = {}
    for letter, own in by_letter.items():
        for name, spelled in element_names(letter, own).items():
            if not spelled.endswith(re.sub("[-.]", "_", name)):
                changed[name] = spelled
            ac = letter in "IV" and name == swept
            lines += source_lines(spelled, *own[name].ends, own[name].values, swept=ac)
    return lines, changed
