"""From a network document to its temperatures, heats, resistances, responses and small models, with uncertainties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from thermonet.documents.network.document import NetworkDocument
from thermonet.network.building import NetworkGraph
from thermonet.network.spread import named_spread
from thermonet.quantities.inputs import Input
from thermonet.quantities.threads import single_threaded
from thermonet.results.record import Quantity, Result, Table
from thermonet.studies.network.answers import UNITS, Answers, SolvedNetwork, answers_of, solve_network
from thermonet.studies.network.bound import NetworkBodies
from thermonet.studies.network.design import NO_BODIES
from thermonet.studies.network.exports import exported
from thermonet.studies.network.in_time import network_in_time
from thermonet.studies.network.reading import read_network
from thermonet.studies.network.shares import shares_of, shares_table
from thermonet.studies.network.slopes import answer_slopes
from thermonet.studies.network.tables import (
    energy_balance,
    reciprocity,
    response_tables,
    sensitivities_table,
    steady_tables,
)
from thermonet.studies.probe_tables import budget_table
from thermonet.studies.values import Values
from thermonet.uncertainty.budget import Budget, Gradient, budget

__all__ = ["NetworkStudy", "read_network", "study_network"]

#: Part of an answer's size below which an input's contribution is the rounding of a difference.
_NOISE = 1e-7
#: Answers of a network up to which what inputs do to them is followed.
_MOST_FOLLOWED = 400

_SYMBOLS = {
    "temperature": ("DT", "temperature of '{0}' above the bath with all sources at their powers"),
    "heat": ("Q", "heat through '{0}' from {1} to {2}"),
    "resistance": ("R", "effective resistance between '{0}' and '{1}' with nothing held"),
    "time_constant_slowest": ("tau_1", "time constant of the slowest mode"),
}


@dataclass(frozen=True)
class NetworkStudy:
    """A studied network.

    Attributes
    ----------
    document
        What was studied.
    graph
        It as networkx knows it, bodies as hubs.
    solved
        The solved network.
    result
        Quantities, tables, checks.
    files
        Netlists and small models, text by name.
    """

    document: NetworkDocument
    graph: NetworkGraph
    solved: SolvedNetwork
    result: Result
    files: Mapping[str, str]


@single_threaded
def study_network(document: NetworkDocument) -> NetworkStudy:
    """Study a network: solve, follow in time, propagate, export.

    Parameters
    ----------
    document
        What is studied, as `read_network` gives it.

    Raises
    ------
    NotConvergedError
        Newton's iteration or steps in time failed, or a body missed its numerical tolerance.
    PhysicsError
        The network cannot be built, or nothing fixes the temperature of a node.
    """
    values = Values()
    bodies = _bodies(document)
    solved = solve_network(document, values, bodies)
    with named_spread(solved.model.elements):
        return _studied(solved, values)


def _studied(solved: SolvedNetwork, values: Values) -> NetworkStudy:
    """Answers of a solved network with uncertainties, responses, and what it is exported as."""
    document, bodies = solved.document, solved.bodies
    answers = answers_of(solved)
    followed = answers if len(answers) <= _MOST_FOLLOWED else {}
    slopes = answer_slopes(solved, followed, values.inputs)
    sizes = answer_sizes(answers, solved)
    inputs = {**values.inputs, **slopes.of_bodies}
    uncertain = {name: value for name, value in inputs.items() if not value.is_exact}
    budgets = {key: _budget(gradient, uncertain, sizes[key]) for key, gradient in slopes.by_input.items()}
    in_time, exports = network_in_time(solved), exported(solved)
    quantities = {
        key: _quantity(solved, key, value, budgets.get(key), solved.error(key, sizes[key], slopes.by_body.get(key, {})))
        for key, value in answers.items()
    }
    tables: dict[str, Table] = {f"budget.{key}": budget_table(each) for key, each in budgets.items() if each.lines}
    tables |= steady_tables(solved) | response_tables(solved) | dict(in_time.tables)
    if bodies.joins:
        tables["joins"] = bodies.joins
    if solved.model.nonlinear is None and solved.model.sources:
        tables["shares"] = shares_table(shares_of(solved.model))
    tables["sensitivities"] = sensitivities_table(answers, slopes.by_input, inputs, UNITS)
    checks = {"energy_balance": energy_balance(solved), **bodies.checks}
    if solved.held is not None:
        checks["reciprocity"] = reciprocity(solved)
    result = Result(
        kind="network",
        name=document.name,
        quantities=quantities | dict(in_time.quantities),
        tables=tables | dict(exports.tables),
        checks=checks | dict(in_time.checks) | dict(exports.checks),
    )
    return NetworkStudy(document, solved.design.graph, solved, result, exports.files)


def _bodies(document: NetworkDocument) -> NetworkBodies:
    """Bodies as elements, each on the mesh of its own study; nothing of them is loaded where there is none."""
    if not document.bodies:
        return NO_BODIES
    from thermonet.studies.network.elements import network_bodies

    return network_bodies(
        document,
        Path(),
        tolerance=document.body_tolerance,
        highest_frequency=document.highest_frequency,
    )


def answer_sizes(answers: Answers, solved: SolvedNetwork) -> Answers:
    """What the error of every answer is compared with: itself, for temperatures and heats the largest of them."""
    rises = [abs(value) for key, value in answers.items() if key.startswith("temperature.")]
    by_kind = {"temperature": max(rises, default=0.0), "heat": solved.heat_flow}
    return {key: by_kind.get(key.partition(".")[0], abs(value)) for key, value in answers.items()}


def _budget(gradient: Gradient, inputs: Mapping[str, Input], size: float) -> Budget:
    felt = {name: gradient[name] for name in inputs if abs(gradient.get(name, 0.0)) * inputs[name].u > _NOISE * size}
    return budget(felt, inputs)


def _quantity(solved: SolvedNetwork, key: str, value: float, spread: Budget | None, error: float) -> Quantity:
    kind, _, names = key.partition(".")
    symbol, description = _SYMBOLS[kind]
    words = names.split(".")
    if kind == "heat":
        words = [names, *solved.ends[names]]
    source = "network of lumped elements"
    if solved.document.bodies:
        source = "network with finite-element bodies"
    if spread is not None and spread.lines:
        largest = spread.lines[0]
        source += f"; largest share of the variance: {largest.input.name} ({largest.share:.0%})"
    return Quantity(
        value=value,
        unit=UNITS[kind],
        symbol=f"{symbol}({names.replace('.', ', ')})" if names else symbol,
        description=description.format(*words),
        u=None if spread is None else spread.u,
        numerical_error=error,
        source=source,
    )
