"""From an adjustment to what a calibration reports: S_TC, rho and R_P with their covariance and budgets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

from thermonet.calibration.adjustment import Adjustment, Cause
from thermonet.calibration.campaign import STATED_RESISTANCE, probes_of
from thermonet.calibration.conditions import CalibrationError, Values, Vector, slope
from thermonet.documents.campaign import CampaignDocument
from thermonet.quantities.inputs import Input
from thermonet.uncertainty.budget import Budget, BudgetLine
from thermonet.uncertainty.coverage import Expanded, coverage_factor

#: Shares of a variance below this are rounding.
_NOTHING = 1e-12
_MANY = 1e5
_MEANING = {
    "seebeck_coefficient": ("V/K", "S_TC", "voltage of the thermocouple per kelvin"),
    "responsivity": ("V/W", "rho", "S_TC R_P: voltage of the thermocouple per watt into the probe at the apex"),
    "probe_resistance": (
        "K/W",
        "R_P",
        "rho / S_TC: kelvin at the thermocouple per watt into the probe at the apex",
    ),
    "heat_per_volt": ("W/V", "1/rho", "Q_P per volt of the thermocouple; computed from rho, not from S_TC and R_P"),
}
_SYMBOLS = {"time_constant": "tau", "share": "a", "conductance": "G", "self_heating": "R_self"}


@dataclass(frozen=True)
class Derived:
    """A number that follows from the adjusted parameters.

    Attributes
    ----------
    key
        In the result.
    unit, symbol, description
        As in `thermonet.results.record.Quantity`.
    function
        Of the parameters' values by name; analytic.
    value, u
        Estimate and standard uncertainty.
    gradient
        Derivative (p,) by the parameters, in the adjustment's order.
    dof
        Effective degrees of freedom (Welch-Satterthwaite over independent causes, JCGM 100 G.4).
    budget
        Where the uncertainty comes from.
    """

    key: str
    unit: str
    symbol: str
    description: str
    function: Callable[[Values], Any]
    value: float
    u: float
    gradient: Vector
    dof: float
    budget: Budget

    def expanded(self, probability: float) -> Expanded:
        """Expand u by Student's t at the effective degrees of freedom (JCGM 100, G.6.4)."""
        k = coverage_factor(probability, self.dof)
        return Expanded(self.value, self.u, k, probability, self.dof, "t", self.unit)


def derive(document: CampaignDocument, adjustment: Adjustment) -> dict[str, Derived]:
    """Everything that the campaign's records and inputs give, by key.

    Raises
    ------
    CalibrationError
        A thermal resistance comes out negative.
    """
    found: dict[str, Derived] = {}
    for key, function in _functions(document, adjustment):
        unit, symbol, description = _meaning(key, adjustment)
        found[key] = _derived(adjustment, key, (unit, symbol, description), function)
        if symbol == "R_P" and found[key].value <= 0:
            raise CalibrationError(
                f"{key} comes out as {found[key].value:.4g} K/W, and no thermal resistance is negative; expected "
                "another polarity of the probe, another sign of S_TC, or other signs in the records",
                "probes",
            )
    return found


def suffix(document: CampaignDocument, probe: str) -> str:
    """What a probe's keys end in: nothing for the campaign's first probe, its name for every other one."""
    return "" if probe == next(iter(document.probes)) else f".{probe}"


def _functions(document: CampaignDocument, adjustment: Adjustment) -> Iterator[tuple[str, Callable[[Values], Any]]]:
    names = set(adjustment.names)
    for probe in probes_of(document):
        seebeck, responsivity = f"probes.{probe}.seebeck_coefficient", f"probes.{probe}.responsivity"
        end = suffix(document, probe)
        if seebeck in names:
            yield f"seebeck_coefficient{end}", itemgetter(seebeck)
        if responsivity in names:
            yield f"responsivity{end}", itemgetter(responsivity)
            yield f"heat_per_volt{end}", partial(_inverse, responsivity)
        if {seebeck, responsivity} <= names:
            yield f"probe_resistance{end}", partial(_ratio, responsivity, seebeck)
    if STATED_RESISTANCE in names:
        yield (
            f"probe_resistance{suffix(document, document.update.probe if document.update else '')}",
            itemgetter(STATED_RESISTANCE),
        )
    for parameter in adjustment.parameters:
        if parameter.prior is None and not parameter.name.startswith("probes."):
            yield parameter.name, itemgetter(parameter.name)


def _inverse(name: str, values: Values) -> Any:  # noqa: ANN401
    return 1 / values[name]


def _ratio(above: str, below: str, values: Values) -> Any:  # noqa: ANN401
    return values[above] / values[below]


def _meaning(key: str, adjustment: Adjustment) -> tuple[str, str, str]:
    word = key.partition(".")[0]
    if word in _MEANING:
        unit, symbol, description = _MEANING[word]
        stated = word == "probe_resistance" and STATED_RESISTANCE in adjustment.names
        return unit, symbol, "measured elsewhere, as stated" if stated else description
    parts = key.split(".")
    unit = adjustment.parameters[adjustment.index(key)].unit
    word = parts[2]
    symbol = _SYMBOLS.get(word, "")
    number = f"_{parts[3]}" if len(parts) > 3 else ""
    return unit, symbol + number, f"{word.replace('_', ' ')} of {parts[1]}, found by the records"


def _derived(
    adjustment: Adjustment, key: str, meaning: tuple[str, str, str], function: Callable[[Values], Any]
) -> Derived:
    values = adjustment.as_values()
    gradient = np.array([slope(_along, function, values, name) for name in values])
    variance = float(gradient @ adjustment.covariance @ gradient)
    parts = [(cause, float(gradient @ cause.covariance @ gradient)) for cause in adjustment.causes]
    shares = {cause.name: part / variance for cause, part in parts}
    lines = [
        _line(cause, gradient, part, meaning[0], shares[cause.name])
        for cause, part in parts
        if shares[cause.name] > _NOTHING
    ]
    lines.sort(key=lambda line: -line.share)
    weight = sum(part**2 / cause.dof for cause, part in parts)
    return Derived(
        key=key,
        unit=meaning[0],
        symbol=meaning[1],
        description=meaning[2],
        function=function,
        value=float(np.real(function(values))),
        u=math.sqrt(variance),
        gradient=gradient,
        dof=_effective(variance**2 / weight) if weight > 0 else math.inf,
        budget=Budget(math.sqrt(variance), tuple(lines)),
    )


def _effective(dof: float) -> float:
    """So many degrees of freedom are infinitely many: Student's t is the normal distribution to five digits."""
    return dof if dof < _MANY else math.inf


def _along(step: complex, function: Callable[[Values], Any], values: Values, name: str) -> Any:  # noqa: ANN401
    return function({**values, name: values[name] + step})


def _line(cause: Cause, gradient: Vector, part: float, unit: str, share: float) -> BudgetLine:
    """A line of the budget; noise and groups of correlated inputs enter with their contribution itself."""
    if cause.input is not None and cause.direction is not None:
        return BudgetLine(cause.input, float(gradient @ cause.direction), share, cause.name)
    whole = Input(
        value=0.0,
        unit=unit,
        u=math.sqrt(part),
        distribution="normal",
        dof=cause.dof,
        source="noise of the readings (type A)" if cause.name.endswith(".noise") else "correlated inputs together",
        name=cause.name,
    )
    return BudgetLine(whole, 1.0, share, cause.name)


def covariance_of(first: Derived, second: Derived, adjustment: Adjustment) -> float:
    """Covariance of two derived numbers."""
    return float(first.gradient @ adjustment.covariance @ second.gradient)


def correlation_of(first: Derived, second: Derived, adjustment: Adjustment) -> float:
    """Correlation coefficient of two derived numbers."""
    return covariance_of(first, second, adjustment) / (first.u * second.u)


def uncorrelated_heat_u(found: Mapping[str, Derived], end: str) -> float | None:
    """Standard uncertainty of Q_P per volt, had S_TC and R_P been taken as uncorrelated [W/V].

    ``1 / rho = 1 / (S_TC R_P)``; the relative uncertainties of both, in quadrature. S_TC and R_P come from one
    thermocouple and are strongly correlated, which is why this is printed only to be seen beside the right number.
    """
    keys = (f"seebeck_coefficient{end}", f"probe_resistance{end}", f"heat_per_volt{end}")
    if not all(key in found for key in keys):
        return None
    seebeck, resistance, heat = (found[key] for key in keys)
    return abs(heat.value) * math.hypot(seebeck.u / seebeck.value, resistance.u / resistance.value)
