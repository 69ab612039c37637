"""What a network document has: nodes, elements, sources, bodies, and what is asked of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from thermonet.documents.body.drawn import PeriodicEntry, TransientEntry
from thermonet.documents.fields import Entry, Temperature
from thermonet.documents.network.parts import (
    BodyElementEntry,
    CompactEntry,
    ElementEntry,
    JoinEntry,
    NetworkNumericsEntry,
    NodeEntry,
    NodeSourceEntry,
    Pair,
    ResponsesEntry,
)


class NetworkContents(Entry):
    """Everything that a network document states."""

    thermonet: Literal["network/1"]
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", description="a short name for files and reports")
    title: str = ""
    source: str = ""
    temperature: Temperature = Field(description="of the bath such as '300 K', from which rises are counted")
    nodes: dict[str, NodeEntry] = Field(min_length=1, description="nodes by name")
    elements: dict[str, ElementEntry] = Field(default_factory=dict, description="elements by name")
    sources: dict[str, NodeSourceEntry] = Field(default_factory=dict)
    bodies: dict[str, BodyElementEntry] = Field(default_factory=dict)
    joins: dict[str, JoinEntry] = Field(default_factory=dict)
    resistances: list[Pair] | None = Field(
        None, description="pairs of nodes whose effective resistance is wanted such as [[apex, bath]]"
    )
    responses: ResponsesEntry = ResponsesEntry()
    transient: TransientEntry | None = None
    periodic: PeriodicEntry | None = None
    compact: CompactEntry | None = Field(None, description="what the exported small network is to do")
    numerics: NetworkNumericsEntry = NetworkNumericsEntry()

    @property
    def held(self) -> tuple[str, ...]:
        """Nodes at a given temperature."""
        return tuple(name for name, node in self.nodes.items() if node.temperature is not None)

    @property
    def highest_frequency(self) -> float:
        """Frequency up to which bodies and compact models hold [Hz]."""
        return (self.compact or CompactEntry()).highest_frequency.value

    @property
    def body_tolerance(self) -> float:
        """Tolerance of bodies' compact models: half of the whole, of which the network's small model has the rest."""
        return min(self.numerics.tolerance.value, (self.compact or CompactEntry()).tolerance.value) / 2

    @property
    def is_linear(self) -> bool:
        """Whether no element depends on temperature."""
        return not any(element.depends_on_temperature for element in self.elements.values())

    @property
    def stores_heat(self) -> bool:
        """Whether anything has a heat capacity, or may have one: a body's is known to its design alone."""
        of_nodes = [node.heat_capacity for node in self.nodes.values()]
        between = [element.heat_capacity for element in self.elements.values()]
        return bool(self.bodies) or any(capacity is not None for capacity in (*of_nodes, *between))
