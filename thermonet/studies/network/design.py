"""From a network document to its graph in SI numbers, every number through `Values`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from thermonet.documents.network.document import NetworkDocument
from thermonet.documents.network.parts import (
    ElementEntry,
    RadiationLinkEntry,
    ResistancePolynomialEntry,
    ResistanceTableEntry,
)
from thermonet.network.building import Attributes, NetworkGraph, network_graph
from thermonet.network.elements import ResistanceLaw, ResistancePolynomial, ResistanceTable
from thermonet.quantities.inputs import Input
from thermonet.studies.courses import course_of
from thermonet.studies.network.bound import NetworkBodies
from thermonet.studies.values import Values
from thermonet.system.signals import Course

#: Of a network of lumped elements alone.
NO_BODIES = NetworkBodies()


@dataclass(frozen=True)
class NetworkDesign:
    """A network as numbers, everything that varies at its rest.

    Attributes
    ----------
    graph
        Nodes and elements with the attributes of `thermonet.network.graph`.
    temperature
        From which rises are counted [K].
    courses
        Temperature of held nodes [K], and power of sources [W], that vary in time, by node or source.
    """

    graph: NetworkGraph
    temperature: float
    courses: Mapping[str, Course]


def network_design(document: NetworkDocument, values: Values, bodies: NetworkBodies = NO_BODIES) -> NetworkDesign:
    """Graph of a document.

    Parameters
    ----------
    document
        What is built.
    values
        Hands out its numbers.
    bodies
        Those of the document; where none are given, the rest is built without them.
    """
    reading = _Reading(document, values)
    temperature = reading(document.temperature, "temperature")
    nodes = dict(reading.nodes())
    elements = list(reading.elements())
    nodes |= {name: {"temperature": bath} for name, bath in bodies.baths.items()}
    for name, element in bodies.elements.items():
        bound = {binding.terminal: binding.node for binding in bodies.bindings if binding.element == name}
        known = {terminal: at for terminal, at in element.terminals.items() if terminal in bound}
        nodes[name] = {"body": replace(element, terminals=known)}
        elements += [(node, name, {"terminal": terminal}) for terminal, node in bound.items()]
    return NetworkDesign(network_graph(nodes, elements), temperature, dict(reading.courses()))


@dataclass(frozen=True)
class _Reading:
    """A document's numbers, owned by their paths; those of a place without a source have the document's."""

    document: NetworkDocument
    values: Values

    def __call__(self, value: Input, path: str, source: str = "") -> float:
        return self.values(value, path, source or self.document.source)

    def nodes(self) -> Iterator[tuple[str, Attributes]]:
        """Attributes of every node."""
        powers = {node: dict(self._powers(node)) for node in self.document.nodes}
        for name, node in self.document.nodes.items():
            path = f"nodes.{name}"
            found: dict[str, Any] = {"sources": powers[name]} if powers[name] else {}
            for key in ("heat_capacity", "temperature"):
                value = getattr(node, key)
                if value is not None:
                    found[key] = self(value, f"{path}.{key}", node.source)
            yield name, found

    def _powers(self, node: str) -> Iterator[tuple[str, float]]:
        for name, source in self.document.sources.items():
            if source.into == node:
                yield name, self(source.power, f"sources.{name}.power", source.source)

    def elements(self) -> Iterator[tuple[str, str, Attributes]]:
        """Ends and attributes of every element."""
        for name, element in self.document.elements.items():
            first, second = element.between
            yield first, second, {"name": name, **self._element(element, f"elements.{name}")}

    def _element(self, element: ElementEntry, path: str) -> dict[str, float | ResistanceLaw]:
        (kind,) = element.kinds
        value, below = getattr(element, kind), f"{path}.{kind}"
        if isinstance(value, RadiationLinkEntry):
            parts = (value.area, value.emissivity, value.view_factor)
            area, emissivity, seen = (
                self(part, f"{below}.{key}", element.source)
                for part, key in zip(parts, ("area", "emissivity", "view_factor"), strict=True)
            )
            return {kind: area * emissivity * seen}
        if isinstance(value, ResistanceTableEntry):
            rows = [
                [self(number, f"{below}.table.{i}.{j}", element.source) for j, number in enumerate(row)]
                for i, row in enumerate(value.table)
            ]
            return {kind: ResistanceTable(tuple(row[0] for row in rows), tuple(row[1] for row in rows))}
        if isinstance(value, ResistancePolynomialEntry):
            coefficients = [
                self(number, f"{below}.polynomial.{i}", element.source) for i, number in enumerate(value.polynomial)
            ]
            return {kind: ResistancePolynomial(tuple(coefficients), self(value.about, f"{below}.about"))}
        return {kind: self(value, below, element.source)}

    def courses(self) -> Iterator[tuple[str, Course]]:
        """Temperatures and powers that vary."""
        for name, node in self.document.nodes.items():
            if node.varies is not None and node.temperature is not None:
                rest = self(node.temperature, f"nodes.{name}.temperature", node.source)
                yield name, course_of(self, node.varies, f"nodes.{name}.varies", rest)
        for name, source in self.document.sources.items():
            if source.varies is not None:
                power = self(source.power, f"sources.{name}.power", source.source)
                shape = course_of(self, source.varies, f"sources.{name}.varies", None)
                yield name, Course(shape.signal, power * shape.amplitude, power * shape.offset)
