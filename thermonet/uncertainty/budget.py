"""Uncertainty budgets: what every input gives to the uncertainty of a quantity."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from thermonet.quantities.inputs import Input

#: Derivatives of one number by its inputs, by their names.
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
    name
        What the input is called in the model.
    """

    input: Input
    sensitivity: float
    share: float
    name: str = ""

    @property
    def contribution(self) -> float:
        """Signed standard contribution, sensitivity times u, in the unit of the quantity."""
        return self.sensitivity * self.input.u

    @property
    def dof(self) -> float:
        """Degrees of freedom behind the input's u."""
        return self.input.dof


@dataclass(frozen=True)
class CrossLine:
    """Part of the variance that two correlated inputs make together, ``2 c_i c_j u_i u_j r`` (JCGM 100, equation 16).

    Attributes
    ----------
    names
        Of the two inputs.
    correlation
        Their correlation coefficient.
    share
        Part of the quantity's variance; negative where the correlation lessens it.
    """

    names: tuple[str, str]
    correlation: float
    share: float


@dataclass(frozen=True)
class Budget:
    """Standard uncertainty of a quantity and where it comes from; all shares together are 1.

    Attributes
    ----------
    u
        Combined standard uncertainty.
    lines
        One for every uncertain input, the largest share first (JCGM 100, 5.1.2).
    cross
        One for every correlated pair, the largest first (JCGM 100, 5.2.2).
    second_order
        Share of the terms of second order, where they were asked for (JCGM 100, 5.1.2 note).
    """

    u: float
    lines: tuple[BudgetLine, ...]
    cross: tuple[CrossLine, ...] = ()
    second_order: float = 0.0

    def __str__(self) -> str:
        """Print a table in the manner of EA-4/02, clause 4.10."""
        head = (
            f"{'input':24} {'estimate':>14} {'u':>10} {'distribution':22} {'dof':>6} {'c':>11} {'c u':>11} {'share':>8}"
        )
        rows = [head, *(_row(line) for line in self.lines)]
        pairs = (f"{' × '.join(line.names)}, r = {line.correlation:.3g}" for line in self.cross)
        rows += [f"{label:105} {line.share:>8.1%}" for label, line in zip(pairs, self.cross, strict=True)]
        if self.second_order:
            rows.append(f"{'second order':105} {self.second_order:>8.1%}")
        return "\n".join([*rows, f"{'combined standard uncertainty':93} {self.u:>11.4g} {1:>8.1%}"])


def _row(line: BudgetLine) -> str:
    stated, dof = line.input, f"{line.dof:.4g}" if math.isfinite(line.dof) else "inf"
    return (
        f"{line.name:24} {stated.value:>14.10g} {stated.u:>10.3g} {stated.distribution:22} {dof:>6} "
        f"{line.sensitivity:>11.4g} {line.contribution:>11.3g} {line.share:>8.1%}"
    )


def budget(gradient: Gradient, inputs: Mapping[str, Input]) -> Budget:
    """First-order uncertainty of a quantity from independent named inputs (JCGM 100, equation 10).

    Examples
    --------
    >>> found = budget({"x": 3.0, "y": -4.0}, {"x": Input.normal(1.0, 0.1), "y": Input.normal(2.0, 0.1)})
    >>> round(found.u, 12), [line.name for line in found.lines]
    (0.5, ['y', 'x'])
    """
    parts = {name: slope * inputs[name].u for name, slope in gradient.items() if inputs[name].u > 0}
    variance = sum(part**2 for part in parts.values())
    lines = [
        BudgetLine(inputs[name], gradient[name], part**2 / variance if variance else 0.0, name)
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
