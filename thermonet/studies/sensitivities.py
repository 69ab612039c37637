"""Derivatives of every answer by every input, and what they make of the inputs' uncertainties."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from thermonet.documents.probe import ProbeDocument
from thermonet.heat.probe import coefficients, same_shape
from thermonet.quantities.inputs import Input
from thermonet.studies.answers import (
    Answers,
    SolvedProbe,
    change_by_coefficients,
    change_by_shape,
    derivatives,
)
from thermonet.studies.design import probe_of
from thermonet.studies.values import Values

#: Relative step of a parameter in differences: their truncation is of the order of its square.
_STEP = 1e-4

Gradient = Mapping[str, float]


@dataclass(frozen=True)
class BudgetLine:
    """One input's part in the uncertainty of a quantity.

    Attributes
    ----------
    input
        The input with its value and standard uncertainty.
    sensitivity
        Derivative of the quantity by the input.
    share
        Part of the quantity's variance.
    """

    input: Input
    sensitivity: float
    share: float

    @property
    def contribution(self) -> float:
        """Signed standard contribution, sensitivity times u, in the unit of the quantity."""
        return self.sensitivity * self.input.u


@dataclass(frozen=True)
class Budget:
    """Standard uncertainty of a quantity and the inputs it comes from, the largest share first (JCGM 100, 5.1.2)."""

    u: float
    lines: tuple[BudgetLine, ...]


def step_of(value: Input) -> float:
    """Step for differences by an input [its unit]."""
    return _STEP * (abs(value.value) or value.u or 1.0)


def probe_gradients(
    document: ProbeDocument, solved: SolvedProbe, element_scale: float, inputs: Mapping[str, Input]
) -> dict[str, Answers]:
    """Derivatives of a probe's answers by its inputs: {input: {answer: derivative}}.

    Parameters
    ----------
    document
        The design.
    solved
        Its solution, with affine terms kept apart.
    element_scale
        That of `solved`.
    inputs
        By which inputs.
    """
    found = {}
    for name, value in inputs.items():
        step = step_of(value)
        lower, upper = (probe_of(document, Values({name: value.value + by})) for by in (-step, step))
        if same_shape(lower, upper):
            ends = coefficients(lower), coefficients(upper)
            slopes = {
                term: (ends[1][term] - ends[0][term]) / (2 * step) for term in ends[0] if ends[0][term] != ends[1][term]
            }
            change = change_by_coefficients(solved, slopes)
        else:
            change = change_by_shape(solved, lower, upper, element_scale, step)
        found[name] = derivatives(solved, change, step)
    return found


def differences(function: Callable[[Values], float], inputs: Mapping[str, Input]) -> Gradient:
    """Derivatives of a closed form by its inputs, by central differences."""
    found = {}
    for name, value in inputs.items():
        step = step_of(value)
        upper, lower = (function(Values({name: value.value + by})) for by in (step, -step))
        found[name] = (upper - lower) / (2 * step)
    return found


def budget(gradient: Gradient, inputs: Mapping[str, Input]) -> Budget:
    """First-order uncertainty of a quantity from independent named inputs (JCGM 100, equation 10)."""
    parts = {name: slope * inputs[name].u for name, slope in gradient.items() if inputs[name].u > 0}
    variance = sum(part**2 for part in parts.values())
    lines = [
        BudgetLine(inputs[name], gradient[name], part**2 / variance if variance else 0.0)
        for name, part in parts.items()
    ]
    lines.sort(key=lambda line: -line.share)
    return Budget(math.sqrt(variance), tuple(lines))


def combined(parts: Mapping[str, tuple[float, Gradient]]) -> Gradient:
    """Chain rule: derivative by inputs of a function of quantities, from (slope, gradient) of every quantity."""
    total: dict[str, float] = {}
    for slope, gradient in parts.values():
        for name, derivative in gradient.items():
            total[name] = total.get(name, 0.0) + slope * derivative
    return total
