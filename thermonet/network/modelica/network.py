"""A networkx graph of a thermal network as a Modelica model of library components."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import networkx as nx

from thermonet.network.elements import Element, capacities, elements, heat_sources, held_temperatures
from thermonet.network.modelica.block import block
from thermonet.network.modelica.text import PORT, described, identifier, in_time, law_of, number
from thermonet.network.small_bodies import dense_body
from thermonet.network.spice.names import unused
from thermonet.network.terminals import bodies, bound_nodes
from thermonet.system.signals import Constant, Course, course

_COMPONENTS = "Modelica.Thermal.HeatTransfer.Components"
_SOURCES = "Modelica.Thermal.HeatTransfer.Sources"
_ELEMENT = "Modelica.Thermal.HeatTransfer.Interfaces.Element1D"
#: Component of the library and its parameter, by what an element is.
_KINDS = {
    "resistance": ("ThermalResistor", "R"),
    "conductance": ("ThermalConductor", "G"),
    "radiation": ("BodyRadiation", "Gr"),
}


@dataclass(frozen=True)
class _Component:
    """A component with its modifiers, how it is connected, and what an equation says of its input."""

    kind: str
    name: str
    modifiers: str
    connections: tuple[tuple[str, str], ...]
    equation: str = ""
    local: str = ""


def network_model_text(
    graph: nx.Graph[str], name: str, *, start: float, title: str = "", tolerance: float = 1e-4
) -> str:
    """Model of a network, whose nodes are heat ports.

    Parameters
    ----------
    graph
        The network; bodies are models inside this one.
    name, title
        Of the model, and one line for its description.
    start
        Uniform temperature at the start [K].
    tolerance
        Of the compact models of large bodies.

    Raises
    ------
    PhysicsError
        A body without an isothermal terminal.
    """
    hubs, at = bodies(graph), bound_nodes(graph)
    taken = {node.lower() for node in graph}
    components = [(unused(component.name, taken), component) for component in _components(graph, start)]
    models = {hub: unused(f"{hub}_model", taken) for hub in hubs}
    lines = [f"model {identifier(name)} {described(title)}"]
    for hub, body in hubs.items():
        text = block(models[hub], dense_body(hub, body, tolerance), title=f"Body {hub}")
        lines += [f"  {line}" for line in text.splitlines()]
    lines += dict.fromkeys(component.local for _, component in components if component.local)
    lines += [f"  {PORT} {identifier(node)};" for node in graph if node not in hubs]
    lines += [f"  {identifier(models[hub])} {identifier(hub)}(T_start = {number(start)});" for hub in hubs]
    lines += [f"  {component.kind} {identifier(own)}{component.modifiers};" for own, component in components]
    lines.append("equation")
    for own, component in components:
        lines += [f"  connect({identifier(own)}.{port}, {identifier(node)});" for port, node in component.connections]
        if component.equation:
            lines.append(f"  {identifier(own)}.{component.equation};")
    for (hub, terminal), node in at.items():
        lines.append(f"  connect({identifier(hub)}.{identifier(terminal)}, {identifier(node)});")
    return "\n".join([*lines, f"end {identifier(name)};", ""])


def _components(graph: nx.Graph[str], start: float) -> Iterator[_Component]:
    held = held_temperatures(graph)
    for node, temperature in held.items():
        yield _driven(f"T_{node}", temperature, node, "Temperature", "T")
    for node, capacity in capacities(graph).items():
        # What is held has its temperature from there, at the start, too.
        begins = "" if node in held else f", T(start = {number(start)}, fixed = true)"
        modifiers = f"(C = {number(capacity)}{begins})"
        yield _Component(f"{_COMPONENTS}.HeatCapacitor", f"C_{node}", modifiers, (("port", node),))
    for name, (node, power) in heat_sources(graph).items():
        yield _driven(name, power, node, "HeatFlow", "Q_flow")
    for element in elements(graph):
        kind, modifiers, local = _element(element)
        ends = (("port_a", element.a), ("port_b", element.b))
        yield _Component(kind, element.name, modifiers, ends, local=local)


def _driven(name: str, value: Course | float, node: str, kind: str, variable: str) -> _Component:
    at = (("port", node),)
    if isinstance(course(value).signal, Constant):
        return _Component(f"{_SOURCES}.Fixed{kind}", name, f"({variable} = {in_time(value)})", at)
    return _Component(f"{_SOURCES}.Prescribed{kind}", name, "", at, f"{variable} = {in_time(value)}")


def _element(element: Element) -> tuple[str, str, str]:
    """Kind, modifiers, and a local model where the library has none."""
    value = number(element.value)
    if element.law is not None:
        own = identifier(f"Resistance of {element.name}")
        mean = "protected Real T = (port_a.T + port_b.T)/2;"
        return own, "", _local(own, mean, f"dT = ({law_of('T', element.law)})*Q_flow;")
    if element.kind == "heat_capacity":
        local = _local("CapacityBetween", "parameter Real C;", "Q_flow = C*der(dT);")
        return "CapacityBetween", f"(C = {value})", local
    kind, variable = _KINDS[element.kind]
    return f"{_COMPONENTS}.{kind}", f"({variable} = {value})", ""


def _local(name: str, declared: str, equation: str) -> str:
    return f"  model {name} extends {_ELEMENT}; {declared} equation {equation} end {name};"
