"""Probabilities of more than was found, from scipy's special functions: its statistics take half a second to import."""

from __future__ import annotations

import math
from typing import Any


def above_normal(value: Any) -> Any:  # noqa: ANN401  # numbers and arrays alike
    """Probability of a standard normal number above `value`."""
    from scipy.special import ndtr

    return ndtr(-value)


def above_student(value: Any, dof: float) -> Any:  # noqa: ANN401
    """Probability of Student's t above `value`; infinitely many degrees of freedom are the normal distribution.

    Examples
    --------
    >>> round(float(above_student(2.228, 10)), 3)
    0.025
    """
    from scipy.special import stdtr

    return above_normal(value) if math.isinf(dof) else stdtr(dof, -value)


def above_chi_squared(value: float, dof: float) -> float:
    """Probability of chi-squared above `value`.

    Examples
    --------
    >>> round(above_chi_squared(3.841, 1), 3)
    0.05
    """
    from scipy.special import chdtrc

    return float(chdtrc(dof, value))


def above_fisher(value: float, dof: tuple[int, int]) -> float:
    """Probability of Fisher's F above `value`."""
    from scipy.special import fdtrc

    return float(fdtrc(*dof, value))
