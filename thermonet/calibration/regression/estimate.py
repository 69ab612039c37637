"""A value with its standard uncertainty, and how both are expanded."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.regression.errors import RegressionError
from thermonet.uncertainty import coverage

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Estimate:
    """One value or an array of them, with standard uncertainty.

    Attributes
    ----------
    value, u
        Numbers, or arrays of one shape.
    dof
        Degrees of freedom behind `u`; infinite where it follows from stated uncertainties.
    warnings
        Findings in words, each starting with its name, as ``extrapolation: ...``.
    """

    value: float | Array
    u: float | Array
    dof: float = math.inf
    warnings: tuple[str, ...] = ()

    def expanded(self, probability: float = 0.95) -> float | Array:
        """Half-width of the interval that covers with `probability`: Student's t at `dof` (JCGM 100, G.3)."""
        return coverage_factor(probability, self.dof) * self.u


def coverage_factor(probability: float, dof: float) -> float:
    """Student's t of a two-sided interval, that of the normal distribution where `dof` is infinite."""
    if not 0 < probability < 1:
        raise RegressionError(f"a coverage probability lies inside (0, 1), got {probability:g}; 95 % is 0.95")
    if not dof > 0:
        raise RegressionError("without degrees of freedom nothing can be expanded: state u, or measure more points")
    return coverage.coverage_factor(probability, dof, interpolate=True)
