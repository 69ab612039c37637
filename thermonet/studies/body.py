"""From a body document to its sensors' temperatures, its heats, resistances and times, each with its uncertainty."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from thermonet.documents.body import BodyDocument
from thermonet.geometry.mesh import Floats, Mesh
from thermonet.heat.error import discretisation_error
from thermonet.quantities.errors import NotConvergedError
from thermonet.quantities.inputs import Input
from thermonet.results.record import Check, Column, Quantity, Result, Table
from thermonet.studies.body_answers import Answers, SolvedBody, has_capacity, moved_answers, solve_body
from thermonet.studies.body_design import body_of, read_body
from thermonet.studies.probe_tables import budget_table
from thermonet.studies.sensitivities import gradients
from thermonet.studies.values import Values
from thermonet.system.modes import Transfer
from thermonet.system.response import step
from thermonet.system.steady import gradient
from thermonet.uncertainty.budget import Budget, budget

__all__ = ["BodyStudy", "read_body", "study_body"]

#: Refinements tried before a study gives up on its tolerance.
_REFINEMENTS = 3
#: Sensitivities need no finer mesh than this: its error is a thousandth of a sensitivity at most.
_COARSE = 1.0
#: Largest imbalance of heat, and largest difference of two routes to one resistance, that rounding explains.
_EXACT = 1e-9
#: Part of an answer below which an input's contribution is the rounding of a difference.
_NOISE = 1e-7
#: Modes listed one by one, and the share of a response below which a mode is not listed.
_MODES, _UNHEARD = 12, 1e-6

_SYMBOLS = {
    "temperature": ("K", "T", "mean temperature at '{0}' with all sources at their powers"),
    "heat": ("W", "Q", "heat that flows out of the body through '{0}'"),
    "resistance": ("K/W", "R", "mean temperature rise at '{0}' per watt from '{1}', static"),
    "time_constant_slowest": ("s", "tau_1", "time constant of the slowest mode"),
}


@dataclass(frozen=True)
class BodyStudy:
    """A studied body.

    Attributes
    ----------
    document
        What was studied.
    mesh
        The finest mesh, with nodes of their own on both sides of every interface.
    temperature
        Of every node of it, with all sources at their powers [K].
    result
        Quantities, tables, checks.
    """

    document: BodyDocument
    mesh: Mesh
    temperature: Floats
    result: Result


def study_body(document: BodyDocument) -> BodyStudy:
    """Study a layered body: mesh, solve, refine, propagate.

    Raises
    ------
    NotConvergedError
        The requested numerical tolerance was not met after all refinements.
    """
    values = Values()
    body = body_of(document, values)
    uncertain = {name: value for name, value in values.inputs.items() if not value.is_exact}
    first = solve_body(body, document.numerics.element_scale.value)
    solved, errors, scale = _converged(first, document.numerics.element_scale.value, document.numerics.tolerance.value)
    budgets = _budgets(document, solved, scale, uncertain)
    rise = solved.rise()
    result = Result(
        kind="study",
        name=document.name,
        quantities={key: _quantity(solved, key, budgets[key], errors[key]) for key in solved.answers},
        tables={f"budget.{key}": budget_table(spread) for key, spread in budgets.items() if spread.lines}
        | _response_tables(solved),
        checks={"energy_balance": _energy_balance(solved, rise), "reciprocity": _reciprocity(solved)},
    )
    temperature = solved.reference + rise[solved.model.unknowns]
    return BodyStudy(document, solved.model.mesh, temperature, result)


def _converged(solved: SolvedBody, scale: float, tolerance: float) -> tuple[SolvedBody, Answers, float]:
    """Refine until every answer's error, from three nested meshes, meets the tolerance."""
    coarser = [solve_body(solved.body, scale * factor) for factor in (4, 2)]
    meshes = [*(mesh.answers for mesh in coarser), solved.answers]
    for refinement in range(_REFINEMENTS + 1):
        coarse, middle, fine = meshes[-3:]
        errors = {key: discretisation_error(fine[key], middle[key], coarse[key]) for key in fine}
        sizes = _sizes(solved)
        worst = max(errors, key=lambda key: _relative(errors[key], sizes[key]))
        if _relative(errors[worst], sizes[worst]) <= tolerance:
            return solved, errors, scale
        if refinement < _REFINEMENTS:
            scale /= 2
            solved = solve_body(solved.body, scale)
            meshes.append(solved.answers)
    unit, relative = _SYMBOLS[worst.split(".", 1)[0]][0], _relative(errors[worst], sizes[worst])
    raise NotConvergedError(
        f"{worst} = {_value(solved, worst):.6g} {unit} is uncertain by {relative:.2g} of its size numerically, more "
        f"than numerics.tolerance ({tolerance:.2g}), after {_REFINEMENTS} refinements at element_scale {scale:g}"
    )


def _value(solved: SolvedBody, key: str) -> float:
    """An answer as it is reported: temperatures absolute."""
    zero = solved.reference if key.startswith("temperature.") else 0.0
    return zero + solved.answers[key]


def _relative(error: float, size: float) -> float:
    return error / size if size > 0 else 0.0


def _sizes(solved: SolvedBody) -> Answers:
    """What the error of every answer is compared with: itself, for temperatures and heats the largest of them.

    A temperature is as good as its rise, and what little heat one boundary takes is no better known than the rest.
    """
    answers, body = solved.answers, solved.body
    rises = [boundary.temperature - solved.reference for boundary in body.boundaries.values()]
    rises += [value for key, value in answers.items() if key.startswith("temperature.")]
    heats = [abs(value) for key, value in answers.items() if key.startswith("heat.")]
    heats += [source.power for source in body.sources.values()]
    by_kind = {"temperature": max(rises), "heat": max(heats)}
    return {key: by_kind.get(key.split(".", 1)[0], abs(value)) for key, value in answers.items()}


def _budgets(
    document: BodyDocument, solved: SolvedBody, scale: float, inputs: Mapping[str, Input]
) -> dict[str, Budget]:
    """First-order uncertainty of every answer."""
    if not inputs:
        return {key: budget({}, {}) for key in solved.answers}
    if scale < _COARSE:
        scale = min(_COARSE, document.numerics.element_scale.value)
        solved = solve_body(solved.body, scale)
    slopes = gradients(lambda values: moved_answers(solved, body_of(document, values), scale), inputs)
    felt = {
        key: {name: slope for name, slope in slopes[key].items() if abs(slope) * inputs[name].u > _NOISE * size}
        for key, size in _sizes(solved).items()
    }
    return {key: budget(gradient, inputs) for key, gradient in felt.items()}


def _quantity(solved: SolvedBody, key: str, spread: Budget, error: float) -> Quantity:
    kind, _, names = key.partition(".")
    unit, symbol, description = _SYMBOLS[kind]
    source = "finite elements"
    if spread.lines:
        largest = spread.lines[0]
        source += f"; largest share of the variance: {largest.input.name} ({largest.share:.0%})"
    return Quantity(
        value=_value(solved, key),
        unit=unit,
        symbol=f"{symbol}({names.replace('.', ', ')})" if names else symbol,
        description=description.format(*names.split(".")),
        u=spread.u,
        # Not even the last digit of the value itself is known better.
        numerical_error=max(error, sys.float_info.epsilon * abs(_value(solved, key))),
        source=source,
    )


def _pairs(solved: SolvedBody) -> list[tuple[str, str]]:
    return [(sensor, source) for source in solved.body.sources for sensor in solved.body.sensors]


def _response_tables(solved: SolvedBody) -> dict[str, Table]:
    """Step responses and modes of all pairs of sensor and source; nothing where heat capacities are not known."""
    if not has_capacity(solved.body) or not _pairs(solved):
        return {}
    seen = {f"{sensor}.{source}": solved.transfer(sensor, source) for sensor, source in _pairs(solved)}
    return {"response": _step_table(seen), "modes": _modes_table(seen)}


def _step_table(seen: Mapping[str, Transfer]) -> Table:
    """Temperature per watt after a source is switched on, from the fastest mode that matters to the slowest."""
    times = next(iter(seen.values())).time_constants
    heard = np.max([np.abs(response.shares) for response in seen.values()], axis=0) > 1e-2
    first = max(float(times[heard].min()), 1e-9 * float(times[0])) / 10
    time = np.concatenate([[0.0], np.geomspace(first, 10 * times[0], 160)])
    columns = {pair: Column("K/W", list(step(response, time))) for pair, response in seen.items()}
    return {"time": Column("s", list(time)), **columns}


def _modes_table(seen: Mapping[str, Transfer]) -> Table:
    """Slowest modes with their shares of every static response; the last line is all the others together."""
    heard = np.max([np.abs(response.shares) for response in seen.values()], axis=0) > _UNHEARD
    listed = np.flatnonzero(heard)[:_MODES]
    times = next(iter(seen.values())).time_constants[listed]
    columns = {
        f"share.{pair}": Column("1", [*response.shares[listed], 1 - response.shares[listed].sum()])
        for pair, response in seen.items()
    }
    return {
        "mode": Column("", [*(str(i + 1) for i in range(len(times))), "all others"]),
        "time_constant": Column("s", [*(float(time) for time in times), None]),
        **columns,
    }


def _energy_balance(solved: SolvedBody, rise: Floats) -> Check:
    """Heat out of the body less heat into it, by the large model."""
    heats = solved.heats(rise).values()
    powers = [source.power for source in solved.body.sources.values()]
    flow = max(sum(abs(heat) for heat in heats), sum(powers))
    value = abs(sum(heats) - sum(powers)) / flow if flow > 0 else 0.0
    return _exact_check(
        value, "heat out through all boundaries less heat from all sources, relative to the heat that flows"
    )


def _reciprocity(solved: SolvedBody) -> Check:
    """Every resistance by two routes: the source's field at the sensor, the sensor's field at the source."""
    worst = 0.0
    for sensor, source in _pairs(solved):
        found = gradient(solved.held, sensor, source)
        other = float(solved.held.system.sources[source] @ found.adjoint)
        worst = max(worst, abs(found.resistance - other) / abs(found.resistance))
    return _exact_check(
        worst, "largest relative difference of a resistance between the source's field at the sensor and the reverse"
    )


def _exact_check(value: float, explanation: str) -> Check:
    return Check(holds=value <= _EXACT, value=value, u=None, threshold=_EXACT, explanation=explanation)
