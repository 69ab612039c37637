"""What the study of a body hands over, whichever way its mesh was made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from thermonet.geometry.mesh import Floats, Mesh
from thermonet.heat.bodies.body import Body
from thermonet.quantities.inputs import Input
from thermonet.results.record import Check, Quantity, Table
from thermonet.studies.bodies.answers import Answers, SolvedBody
from thermonet.studies.bodies.nonlinear import NonlinearBody
from thermonet.studies.exports import Exports
from thermonet.uncertainty.budget import Gradient

#: Units of the answers by the first word of their key.
UNITS = {"temperature": "K", "heat": "W", "resistance": "K/W", "time_constant_slowest": "s"}


@dataclass(frozen=True)
class NodalField:
    """Temperatures of the nodes of a mesh, with nodes of their own on both sides of every interface [K]."""

    mesh: Mesh
    values: Floats


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A solved body, ready to be reported.

    Attributes
    ----------
    body, conforming
        The body, and its finest mesh with nodes shared across interfaces.
    axes
        Names of its coordinates.
    mesh, temperature
        The finest mesh, and the temperature of its nodes with all sources at their powers [K].
    reference
        Temperature that the answers are counted from [K].
    answers
        Numbers by key, temperatures above the reference.
    sizes
        What the error of every answer is compared with.
    errors
        Numerical error of every answer.
    in_time
        Quantities of a transient or a periodic state, by key.
    swinging
        Amplitude of the first harmonic of a periodic state.
    tables, checks
        As a result has them.
    slopes
        Derivatives of every answer by inputs.
    exports
        A small model for other programs; nothing where the body depends on temperature.
    """

    body: Body
    conforming: Mesh
    axes: tuple[str, ...]
    mesh: Mesh
    temperature: Floats
    reference: float
    answers: Answers
    sizes: Answers
    errors: Answers
    in_time: Mapping[str, Quantity] = field(default_factory=dict)
    swinging: NodalField | None = None
    tables: Mapping[str, Table]
    checks: Mapping[str, Check]
    slopes: Callable[[Mapping[str, Input]], Mapping[str, Gradient]]
    exports: Exports = field(default_factory=Exports)

    def reported(self, key: str) -> float:
        """An answer as it is reported: temperatures absolute."""
        return reported(self.answers, self.reference, key)


def reported(answers: Answers, reference: float, key: str) -> float:
    """An answer as it is reported: temperatures absolute."""
    return answers[key] + (reference if key.startswith("temperature.") else 0.0)


def answer_sizes(solved: SolvedBody | NonlinearBody) -> Answers:
    """What the error of every answer is compared with: itself, for temperatures and heats the largest of them.

    A temperature is as good as its rise, and what little heat one boundary takes is no better known than the rest.
    """
    body = solved.body
    rises = [body.bath_temperature(port) - solved.reference for port in body.baths]
    return sizes(solved.answers, rises, list(solved.model.powers.values()))


def sizes(answers: Answers, rises: list[float], powers: list[float]) -> Answers:
    """What the error of every answer is compared with, from the rises of the baths [K] and the powers [W]."""
    rises = rises + [abs(value) for key, value in answers.items() if key.startswith("temperature.")]
    heats = [abs(value) for key, value in answers.items() if key.startswith("heat.")]
    by_kind = {"temperature": max(rises, default=0.0), "heat": max(*heats, *(abs(power) for power in powers), 0.0, 0.0)}
    return {key: by_kind.get(key.split(".", 1)[0], abs(value)) for key, value in answers.items()}


def relative(error: float, size: float) -> float:
    """Error in parts of a size; zero where there is nothing to compare with."""
    return error / size if size > 0 else 0.0


def worst_of(errors: Answers, sizes: Answers) -> str:
    """Key of the answer with the largest error relative to its size."""
    return max(errors, key=lambda key: relative(errors[key], sizes[key]))


def too_uncertain(value: float, key: str, part: float, tolerance: float) -> str:
    """Say which answer misses the tolerance, and by how much."""
    return (
        f"{key} = {value:.6g} {UNITS[key.split('.', 1)[0]]} is uncertain by {part:.2g} of its size "
        f"numerically, more than numerics.tolerance ({tolerance:.2g})"
    )
