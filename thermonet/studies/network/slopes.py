"""Derivatives of what a network answers by every number of its document and by the inputs of its bodies.

By the document's numbers they are exact wherever adjoint fields give them. By laws of temperature, of the heat into
bodies' terminals, and of small changes about a state they are differences; and so they are by what is uncertain in the
designs of bodies, of a network in which the bodies are small and linear in their inputs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from thermonet.documents.network.document import NetworkDocument
from thermonet.documents.network.parts import RadiationLinkEntry
from thermonet.network.model import NetworkModel
from thermonet.network.sensitivities import (
    effective_resistance_sensitivities,
    steady_sensitivities,
    time_constant_sensitivities,
)
from thermonet.network.terminals import MultiTerminal
from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.inputs import Input
from thermonet.studies.network.answers import Answers, SolvedNetwork, answers_of, solve_network
from thermonet.studies.network.bound import MovingBodies
from thermonet.studies.sensitivities import gradients
from thermonet.studies.values import Values
from thermonet.uncertainty.budget import Gradient


@dataclass(frozen=True)
class Slopes:
    """Derivatives of some answers.

    Attributes
    ----------
    by_input
        By every number of the document, by its path, and by the inputs of bodies; of answers that have a derivative.
    of_bodies
        Uncertain inputs of bodies, by what the network calls them.
    by_body
        By the logarithm of all conductances of a body together, by its name.
    """

    by_input: Mapping[str, Mapping[str, float]]
    of_bodies: Mapping[str, Input]
    by_body: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class _ByValue:
    """Derivatives of an answer by what the model is made of, as `thermonet.network.sensitivities` has them."""

    element: Mapping[str, float]
    source: Mapping[str, float]
    held: Mapping[str, float]


def answer_slopes(solved: SolvedNetwork, answers: Answers, inputs: Mapping[str, Input]) -> Slopes:
    """Derivatives of answers by inputs.

    Parameters
    ----------
    solved
        The network.
    answers
        Those that are differentiated, by key.
    inputs
        Numbers of the document by path.
    """
    exact = {key: found for key in answers if (found := _by_value(solved, key)) is not None}
    by_input: dict[str, Gradient] = {key: dict(_chained(solved.document, key, found)) for key, found in exact.items()}
    rest = [key for key in answers if key not in exact and not _is_one_of_several(solved, key)]
    laws = {name: value for name, value in inputs.items() if _is_of_a_law(solved.document, name)}
    differenced = inputs if rest else laws
    if differenced:
        moved = gradients(lambda values: answers_of(solve_network(solved.document, values, solved.bodies)), differenced)
        by_input |= {key: moved[key] for key in rest}
        by_input |= {key: {**by_input[key], **{name: moved[key][name] for name in laws}} for key in exact}
    by_body = {key: _by_bodies(solved, found) for key, found in exact.items()} | _differenced_by_bodies(solved, rest)
    moving = solved.bodies.moving() if answers else MovingBodies()
    of_bodies = moving.inputs
    by_design = gradients(partial(_answers_at, solved, moving), of_bodies)
    if of_bodies:
        by_input = {key: {**gradient, **by_design[key]} for key, gradient in by_input.items()}
    return Slopes(by_input, of_bodies, by_body)


def _differenced_by_bodies(solved: SolvedNetwork, keys: Collection[str]) -> dict[str, Gradient]:
    """Derivatives by the logarithm of every body's conductances of answers that know no exact ones."""
    stated = solved.bodies.elements
    if not keys or not stated:
        return {}

    def at(values: Values) -> Answers:
        elements = {name: _scaled(stated[name], values(factor)) for name, factor in factors.items()}
        return answers_of(solve_network(solved.document, Values(), replace(solved.bodies, elements=elements)))

    factors = {name: Input(value=1.0, name=name, source="a factor") for name in stated}
    moved = gradients(at, factors)
    return {key: moved[key] for key in keys}


def _scaled(element: MultiTerminal, factor: float) -> MultiTerminal:
    """Body with all of its conductances multiplied."""
    system = element.system
    theta = {name: value * factor if name in system.K else value for name, value in system.theta.items()}
    return replace(element, system=replace(system, theta=theta))


def _answers_at(solved: SolvedNetwork, moving: MovingBodies, values: Values) -> Answers:
    """Answers at other values of the inputs of bodies."""
    return answers_of(solve_network(solved.document, values, moving.at(solved.bodies, values)))


def _is_one_of_several(solved: SolvedNetwork, key: str) -> bool:
    """Whether an answer is a time constant that others equal: which is the slowest depends on the way."""
    return key == "time_constant_slowest" and solved.model.nonlinear is None


def _by_value(solved: SolvedNetwork, key: str) -> _ByValue | None:
    """Derivatives by the model's values; none where nobody knows them exactly."""
    model, (kind, _, name) = solved.model, key.partition(".")
    if kind == "temperature":
        found = steady_sensitivities(model, temperature=name)
        return _ByValue(found.by_element, found.by_source, found.by_held)
    if kind == "heat" and name in solved.document.elements:
        return _of_heat(solved, name)
    # Small changes about a state that itself changes with every value have no derivatives of their own.
    return None if model.nonlinear is not None else _of_the_network(model, kind, name)


def _of_the_network(model: NetworkModel, kind: str, name: str) -> _ByValue | None:
    """Derivatives of a resistance or time constant, which no source or temperature changes."""
    if kind == "resistance":
        first, second = name.split(".")
        return _ByValue(effective_resistance_sensitivities(model, first, second), {}, {})
    if kind == "time_constant_slowest":
        try:
            return _ByValue(time_constant_sensitivities(model)[1], {}, {})
        except PhysicsError:  # others are equal
            return None
    return None


def _of_heat(solved: SolvedNetwork, element: str) -> _ByValue:
    """Derivatives of the heat through an element; no steady heat passes a heat capacity."""
    if element not in solved.resistances:
        return _ByValue({}, {}, {})
    found, sign = steady_sensitivities(solved.model, heat=element), solved.direction(element)
    sides = (found.by_element, found.by_source, found.by_held)
    return _ByValue(*({name: sign * slope for name, slope in side.items()} for side in sides))


def _chained(document: NetworkDocument, key: str, by_value: _ByValue) -> Iterator[tuple[str, float]]:
    """Derivatives by the numbers that the document states."""
    for name, element in document.elements.items():
        slope, (kind,) = by_value.element.get(name, 0.0), element.kinds
        stated = getattr(element, kind)
        if isinstance(stated, RadiationLinkEntry):
            parts = {part: getattr(stated, part).value for part in ("area", "emissivity", "view_factor")}
            whole = parts["area"] * parts["emissivity"] * parts["view_factor"]
            yield from ((f"elements.{name}.{kind}.{part}", slope * whole / value) for part, value in parts.items())
        elif isinstance(stated, Input):
            yield f"elements.{name}.{kind}", slope
    for name, node in document.nodes.items():
        if node.heat_capacity is not None:
            yield f"nodes.{name}.heat_capacity", by_value.element.get(f"C.{name}", 0.0)
        if node.temperature is not None:
            yield f"nodes.{name}.temperature", by_value.held.get(name, 0.0)
    for name in document.sources:
        yield f"sources.{name}.power", by_value.source.get(name, 0.0)
    if key.startswith("temperature."):
        yield "temperature", -1.0


def _is_of_a_law(document: NetworkDocument, name: str) -> bool:
    """Whether an input belongs to a table or polynomial of a resistance."""
    group, _, rest = name.partition(".")
    element, _, below = rest.partition(".")
    return group == "elements" and below.startswith("resistance.") and element in document.elements


def _by_bodies(solved: SolvedNetwork, by_value: _ByValue) -> dict[str, float]:
    """Derivatives by the logarithm of every body's conductances."""
    system = solved.model.system
    return {
        hub: sum(
            system.theta[f"{hub}.{term}"] * by_value.element.get(f"{hub}.{term}", 0.0) for term in placed.body.system.K
        )
        for hub, placed in solved.model.bodies.items()
    }
