"""Derivatives of every answer by every input, and what they make of the inputs' uncertainties."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from thermonet.quantities.inputs import Input
from thermonet.studies.values import Values

#: Relative step of a parameter: the truncation of central differences is of the order of its square, that of
#: one-sided ones of the order of itself.
_STEP, _ONE_SIDED = 1e-4, 1e-5

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


def gradients(
    answers: Callable[[Values], Mapping[str, float]],
    inputs: Mapping[str, Input],
    *,
    here: Mapping[str, float] | None = None,
) -> dict[str, Gradient]:
    """Derivatives of several numbers by their inputs, by differences: {number: {input: derivative}}.

    Parameters
    ----------
    answers
        The numbers as a function of the inputs' values; closed forms, or small models that are cheap and smooth.
    inputs
        By which inputs.
    here
        The numbers at the stated values, where `answers` is worth sparing: then differences are one-sided.
    """
    found: dict[str, dict[str, float]] = {}
    for name, value in inputs.items():
        step = (_STEP if here is None else _ONE_SIDED) * (abs(value.value) or value.u or 1.0)
        upper = answers(Values({name: value.value + step}))
        lower = answers(Values({name: value.value - step})) if here is None else here
        width = 2 * step if here is None else step
        for key in upper:
            found.setdefault(key, {})[name] = (upper[key] - lower[key]) / width
    return dict(found)


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
