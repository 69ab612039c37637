"""From a body document to its sensors' temperatures, its heats, resistances and times, each with its uncertainty."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from thermonet.documents.body.drawn import DrawnDocument
from thermonet.documents.kinds import BodyDocument
from thermonet.geometry.mesh import Floats, Mesh
from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.inputs import Input
from thermonet.results.record import Quantity, Result
from thermonet.studies.bodies.answered import UNITS, Answered, NodalField
from thermonet.studies.bodies.bounds import bounds_table, no_bounds
from thermonet.studies.bodies.design import body_design
from thermonet.studies.bodies.layers import answered_layers
from thermonet.studies.bodies.reading import read_body
from thermonet.studies.bodies.regions import answered_regions
from thermonet.studies.probe_tables import budget_table
from thermonet.studies.values import Values
from thermonet.system.solvers.choice import TOLERANCE
from thermonet.uncertainty.budget import Budget, budget

__all__ = ["BodyStudy", "read_body", "study_body"]

#: Part of an answer below which an input's contribution is the rounding of a difference.
_NOISE = 1e-7

_SYMBOLS = {
    "temperature": ("T", "mean temperature at '{0}' with all sources at their powers"),
    "heat": ("Q", "heat that flows out of the body through '{0}'"),
    "resistance": ("R", "mean temperature rise at '{0}' per watt from '{1}', static"),
    "time_constant_slowest": ("tau_1", "time constant of the slowest mode"),
}


@dataclass(frozen=True)
class BodyStudy:
    """A studied body.

    Attributes
    ----------
    document
        What was studied.
    axes
        Names of its coordinates.
    mesh
        The finest mesh, with nodes of their own on both sides of every interface.
    temperature
        Of every node of it, with all sources at their powers [K].
    result
        Quantities, tables, checks.
    swinging
        Amplitude of the first harmonic of a periodic state.
    files
        A small model for other programs, text by name; none where the body depends on temperature.
    """

    document: BodyDocument
    axes: tuple[str, ...]
    mesh: Mesh
    temperature: Floats
    result: Result
    swinging: NodalField | None = None
    files: Mapping[str, str] = field(default_factory=dict)


def study_body(document: BodyDocument, *, bounds: bool = False) -> BodyStudy:
    """Study a body: mesh, solve, refine, propagate.

    Parameters
    ----------
    document
        What is studied.
    bounds
        Whether to bound its resistances on the finest mesh: the table 'bounds'.

    Raises
    ------
    NotConvergedError
        The requested numerical tolerance was not met after all refinements, or Newton's iteration failed.
    PhysicsError
        The body cannot be built or solved, or no bounds are known for it.
    """
    if bounds:
        refuse_bounds(document)
    values = Values()
    found = _answered(document, values)
    intervals = {"bounds": bounds_table(found.body, found.conforming)} if bounds else {}
    budgets = _budgets(found, {name: value for name, value in values.inputs.items() if not value.is_exact})
    result = Result(
        kind="study",
        name=document.name,
        quantities={key: _quantity(found, key, budgets[key]) for key in found.answers} | dict(found.in_time),
        tables={f"budget.{key}": budget_table(spread) for key, spread in budgets.items() if spread.lines}
        | dict(found.tables)
        | intervals
        | dict(found.exports.tables),
        checks=dict(found.checks) | dict(found.exports.checks),
    )
    return BodyStudy(document, found.axes, found.mesh, found.temperature, result, found.swinging, found.exports.files)


def refuse_bounds(document: BodyDocument) -> None:
    """Refuse to bound the resistances of a body before anything is solved.

    Raises
    ------
    PhysicsError
        No bounds are known for it; the text says why.
    """
    why_not = no_bounds(body_design(document, Values()).body)
    if why_not:
        raise PhysicsError(why_not)


def _answered(document: BodyDocument, values: Values) -> Answered:
    if isinstance(document, DrawnDocument):
        return answered_regions(document, values)
    return answered_layers(document, values)


def _budgets(found: Answered, inputs: Mapping[str, Input]) -> dict[str, Budget]:
    """First-order uncertainty of every answer."""
    if not inputs:
        return {key: budget({}, {}) for key in found.answers}
    slopes = found.slopes(inputs)
    felt = {
        key: {name: slope for name, slope in slopes[key].items() if abs(slope) * inputs[name].u > _NOISE * size}
        for key, size in found.sizes.items()
    }
    return {key: budget(gradient, inputs) for key, gradient in felt.items()}


def _quantity(found: Answered, key: str, spread: Budget) -> Quantity:
    kind, _, names = key.partition(".")
    symbol, description = _SYMBOLS[kind]
    value = found.reported(key)
    source = "finite elements"
    if spread.lines:
        largest = spread.lines[0]
        source += f"; largest share of the variance: {largest.input.name} ({largest.share:.0%})"
    return Quantity(
        value=value,
        unit=UNITS[kind],
        symbol=f"{symbol}({names.replace('.', ', ')})" if names else symbol,
        description=description.format(*names.split(".")),
        u=spread.u,
        # Nothing is known better than equations are solved, nor than the last digit of the value itself.
        numerical_error=max(found.errors[key], TOLERANCE * found.sizes[key], sys.float_info.epsilon * abs(value)),
        source=source,
    )
