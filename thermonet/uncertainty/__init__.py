"""Uncertainty of measurement: type A and B, first order and Monte Carlo, coverage, budgets (JCGM 100 and 101).

>>> from thermonet.uncertainty import Input, propagate
>>> result = propagate(lambda m, v: m / v, {"m": Input.normal(19.3, 0.1), "v": Input.half_width(1.0, 0.01)})
>>> print(result.expanded())
19.30(15), U = 0.29, k = 1.96, 95 %, normal
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thermonet.quantities.inputs import Input
    from thermonet.uncertainty.budget import Budget, BudgetLine, CrossLine
    from thermonet.uncertainty.causes import Joint, SameObjectWarning
    from thermonet.uncertainty.coverage import (
        Expanded,
        coverage_factor,
        coverage_probability,
        effective_dof,
        rectangular_factor,
        reliability_dof,
        trapezoidal_factor,
    )
    from thermonet.uncertainty.firstorder import Propagated, VanishingSensitivityWarning, propagate
    from thermonet.uncertainty.intervals import Comparison, numerical_tolerance, shortest_interval, symmetric_interval
    from thermonet.uncertainty.montecarlo import HeavyTailsWarning, Simulated, compare, simulate, simulate_blocks
    from thermonet.uncertainty.observations import (
        AnalysisOfVariance,
        Spread,
        Summary,
        analysis_of_variance,
        autocorrelation,
        mean_of,
        pooled,
        simultaneous,
        summary,
    )

_HOMES = {
    "AnalysisOfVariance": "uncertainty.observations",
    "Budget": "uncertainty.budget",
    "BudgetLine": "uncertainty.budget",
    "Comparison": "uncertainty.intervals",
    "CrossLine": "uncertainty.budget",
    "Expanded": "uncertainty.coverage",
    "HeavyTailsWarning": "uncertainty.montecarlo",
    "Input": "quantities.inputs",
    "Joint": "uncertainty.causes",
    "Propagated": "uncertainty.firstorder",
    "SameObjectWarning": "uncertainty.causes",
    "Simulated": "uncertainty.montecarlo",
    "Spread": "uncertainty.observations",
    "Summary": "uncertainty.observations",
    "VanishingSensitivityWarning": "uncertainty.firstorder",
    "analysis_of_variance": "uncertainty.observations",
    "autocorrelation": "uncertainty.observations",
    "compare": "uncertainty.montecarlo",
    "coverage_factor": "uncertainty.coverage",
    "coverage_probability": "uncertainty.coverage",
    "effective_dof": "uncertainty.coverage",
    "mean_of": "uncertainty.observations",
    "numerical_tolerance": "uncertainty.intervals",
    "pooled": "uncertainty.observations",
    "propagate": "uncertainty.firstorder",
    "rectangular_factor": "uncertainty.coverage",
    "reliability_dof": "uncertainty.coverage",
    "shortest_interval": "uncertainty.intervals",
    "simulate": "uncertainty.montecarlo",
    "simulate_blocks": "uncertainty.montecarlo",
    "simultaneous": "uncertainty.observations",
    "summary": "uncertainty.observations",
    "symmetric_interval": "uncertainty.intervals",
    "trapezoidal_factor": "uncertainty.coverage",
}

__all__ = [
    "AnalysisOfVariance",
    "Budget",
    "BudgetLine",
    "Comparison",
    "CrossLine",
    "Expanded",
    "HeavyTailsWarning",
    "Input",
    "Joint",
    "Propagated",
    "SameObjectWarning",
    "Simulated",
    "Spread",
    "Summary",
    "VanishingSensitivityWarning",
    "analysis_of_variance",
    "autocorrelation",
    "compare",
    "coverage_factor",
    "coverage_probability",
    "effective_dof",
    "mean_of",
    "numerical_tolerance",
    "pooled",
    "propagate",
    "rectangular_factor",
    "reliability_dof",
    "shortest_interval",
    "simulate",
    "simulate_blocks",
    "simultaneous",
    "summary",
    "symmetric_interval",
    "trapezoidal_factor",
]


def __getattr__(name: str) -> object:
    """Load what is asked for on first access; what a study does not use costs it nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'thermonet.uncertainty' has no attribute '{name}'")
    return getattr(import_module(f"thermonet.{_HOMES[name]}"), name)
