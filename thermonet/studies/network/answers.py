"""A network solved: temperatures, heats, resistances and times as numbers by key."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from thermonet.documents.network.document import NetworkDocument
from thermonet.documents.network.problems import connected_parts
from thermonet.network.answers import SteadyNetwork, effective_resistances, small_changes, steady
from thermonet.network.model import NetworkModel, network_model
from thermonet.quantities.constants import STEFAN_BOLTZMANN
from thermonet.quantities.errors import PhysicsError
from thermonet.studies.network.bound import NetworkBodies
from thermonet.studies.network.design import NetworkDesign, network_design
from thermonet.studies.values import Values
from thermonet.system.core import Held
from thermonet.system.modes import Transfer, transfers

#: Units of the answers by the first word of their key.
UNITS = {"temperature": "K", "heat": "W", "resistance": "K/W", "time_constant_slowest": "s"}
#: Free unknowns up to which all modes are found, and transfers that are followed where nobody says which.
_MOST_MODES, _MOST_TRANSFERS = 1500, 12

Answers = dict[str, float]


@dataclass(frozen=True)
class SolvedNetwork:
    """A network at its steady state.

    Attributes
    ----------
    document, bodies, design, model
        As written, its bodies, as numbers, and as a system.
    steady
        Temperatures and heats with all sources at their powers.
    """

    document: NetworkDocument
    bodies: NetworkBodies
    design: NetworkDesign
    model: NetworkModel
    steady: SteadyNetwork

    @cached_property
    def held(self) -> Held | None:
        """The linear system of small changes with its held nodes held; none where these know no reciprocity."""
        try:
            return small_changes(self.model).hold(*self.model.held)
        except PhysicsError:
            return None

    @cached_property
    def baths(self) -> dict[str, float]:
        """Temperature of every held node at rest, those of bodies' own baths among them [K]."""
        return {node: float(self.design.graph.nodes[node]["temperature"]) for node in self.model.held}

    @cached_property
    def rises(self) -> dict[str, float]:
        """Temperature of every node above the bath [K]: sums of small numbers, not differences of large ones."""
        above = self.model.at @ self.steady.rise + (self.steady.base - self.design.temperature)
        found = dict(zip(self.model.nodes, above.tolist(), strict=True))
        exact = {node: rest - self.design.temperature for node, rest in self.baths.items()}
        return {node: (found | exact)[node] for node in self.document.nodes}

    @cached_property
    def heats(self) -> dict[str, float]:
        """Heat through every element from its first to its second node, and from nodes into bodies' terminals [W]."""
        found = {name: self.direction(name) * self.steady.heat[name] for name in self.document.elements}
        into = self.steady.terminal_heat
        return found | {each.name: into[f"{each.element}.{each.terminal}"] for each in self.bodies.bindings}

    def direction(self, element: str) -> int:
        """Return 1 where the model counts the heat of an element from its first to its second node, else -1."""
        place = {node: number for number, node in enumerate(self.document.nodes)}
        first, second = self.document.elements[element].between
        return 1 if place[first] < place[second] else -1

    @cached_property
    def resistances(self) -> dict[str, float]:
        """Resistance of every element at this state [K/W], its drop over its heat; none of a heat capacity."""
        found = {}
        for element in self.model.elements:
            warm, other = (self.steady.temperature[node] for node in (element.a, element.b))
            if element.law is not None:
                found[element.name] = float(element.law.at(np.array((warm + other) / 2)))
            elif element.kind == "radiation":
                found[element.name] = 1 / (STEFAN_BOLTZMANN * element.value * (warm + other) * (warm**2 + other**2))
            elif element.is_linear:
                found[element.name] = 1 / element.conductance
        return found

    @cached_property
    def ends(self) -> dict[str, tuple[str, str]]:
        """First and second node of every element; node and body of every terminal."""
        found = {name: (element.between[0], element.between[1]) for name, element in self.document.elements.items()}
        return found | {each.name: (each.node, each.element) for each in self.bodies.bindings}

    @cached_property
    def powers(self) -> dict[str, tuple[str, float]]:
        """Node and power of every source at rest [W]."""
        nodes = self.design.graph.nodes(data="sources", default={})
        return {name: (node, float(power)) for node, powers in nodes for name, power in powers.items()}

    @cached_property
    def heat_flow(self) -> float:
        """All heat that enters the network, from sources and from held nodes [W]."""
        given = [power for _, power in self.powers.values()]
        return max(sum(max(heat, 0.0) for heat in (*given, *(-each for each in self.steady.heat_into.values()))), 0.0)

    @cached_property
    def driven_pairs(self) -> list[tuple[str, str]]:
        """Pairs of nodes of all responses: where it is seen, and where the heat goes."""
        sources = {name: source.into for name, source in self.document.sources.items()}
        return [(node, sources.get(driver, driver)) for node, driver in response_pairs(self.document)]

    @cached_property
    def transfers(self) -> dict[str, Transfer]:
        """Response of nodes to sources, by ``node.source``; none of what is nonlinear, massless or too large."""
        pairs = response_pairs(self.document)
        if self.held is None or not self.has_modes or not pairs:
            return {}
        found = transfers(self.held, self.driven_pairs)
        return {f"{node}.{driver}": response for (node, driver), response in zip(pairs, found, strict=True)}

    def error(self, key: str, size: float, by_body: Mapping[str, float]) -> float:
        """Numerical error of an answer: what the balance of heat shows of rounding, and the errors of its bodies.

        Parameters
        ----------
        key, size
            Of the answer, and what rounding is compared with.
        by_body
            Derivatives of the answer by the logarithm of every body's conductances.
        """
        if key.removeprefix("temperature.") in self.document.held:
            return 0.0
        lost = abs(self.steady.imbalance) / self.heat_flow if self.heat_flow > 0 else 0.0
        of_bodies = sum(
            abs(by_body.get(name, 0.0)) * max(element.error.values(), default=0.0)
            for name, element in self.bodies.elements.items()
        )
        return (lost + sys.float_info.epsilon) * size + of_bodies

    @property
    def has_modes(self) -> bool:
        """Whether all modes can be found: with reciprocity, with heat capacities, not too large."""
        return self.held is not None and bool(self.held.system.C) and len(self.held.free) <= _MOST_MODES


def solve_network(document: NetworkDocument, values: Values, bodies: NetworkBodies) -> SolvedNetwork:
    """Build a network and find its steady state.

    Parameters
    ----------
    document
        What is solved.
    values
        Hands out its numbers.
    bodies
        Those of the document.

    Raises
    ------
    PhysicsError
        The network cannot be built, or nothing fixes the temperature of a node.
    NotConvergedError
        Newton's iteration failed.
    """
    design = network_design(document, values, bodies)
    model = network_model(design.graph)
    solved = SolvedNetwork(document, bodies, design, model, steady(model))
    if solved.held is None:
        _refuse_asked(document, model)
    return solved


def _refuse_asked(document: NetworkDocument, model: NetworkModel) -> None:
    """Say why there are no responses or resistances where the document asks for some."""
    asked = {"responses": document.responses.of, "resistances": document.resistances, "compact": document.compact}
    for path, wanted in asked.items():
        if wanted is not None:
            try:
                small_changes(model)
            except PhysicsError as error:
                raise PhysicsError(str(error), path) from None


def response_pairs(document: NetworkDocument) -> list[tuple[str, str]]:
    """Nodes and what they answer to: as asked, else every free node to every source, fewer where there are many."""
    if document.responses.of is not None:
        return [(node, driver) for node, driver in document.responses.of]
    free = [node for node in document.nodes if node not in document.held]
    drivers = {name: source.into for name, source in document.sources.items() if source.into in free}
    if not drivers:
        drivers = {node: node for node in free}
    part = connected_parts(document, past_held=False)
    every = [(node, name) for name, into in drivers.items() for node in free if part[node] == part[into]]
    if len(every) <= _MOST_TRANSFERS:
        return every
    return [(node, name) for name, node in drivers.items()][:_MOST_TRANSFERS]


def resistance_pairs(document: NetworkDocument) -> list[tuple[str, str]]:
    """Pairs of nodes whose resistance is wanted: as asked, else of where heat enters or is seen and every bath."""
    if document.resistances is not None:
        return [(first, second) for first, second in document.resistances]
    part = connected_parts(document)
    into = [source.into for source in document.sources.values()]
    seen = [node for node, _ in document.responses.of or []]
    ends = [node for node in dict.fromkeys([*into, *seen]) if node not in document.held]
    return [(node, bath) for node in ends for bath in document.held if part[node] == part[bath]]


def port_nodes(document: NetworkDocument) -> list[str]:
    """Nodes at which the network meets others: as asked, else where sources act and responses are seen."""
    if document.compact is not None and document.compact.ports is not None:
        return document.compact.ports
    into = [source.into for source in document.sources.values()]
    seen = [node for pair in document.responses.of or [] for node in pair if node in document.nodes]
    ends = [node for node in dict.fromkeys([*into, *seen]) if node not in document.held]
    return ends or [node for node in document.nodes if node not in document.held][:1]


def answers_of(solved: SolvedNetwork) -> Answers:
    """Every number that is reported with its uncertainty: rises [K], heats [W], resistances [K/W], times [s]."""
    pairs = [] if solved.held is None else resistance_pairs(solved.document)
    found = {f"temperature.{node}": rise for node, rise in solved.rises.items()}
    found |= {f"heat.{name}": heat for name, heat in solved.heats.items()}
    if pairs:
        between = zip(pairs, effective_resistances(solved.model, pairs), strict=True)
        found |= {f"resistance.{first}.{second}": float(value) for (first, second), value in between}
    if solved.transfers:
        found["time_constant_slowest"] = float(next(iter(solved.transfers.values())).time_constants[0])
    return found
