"""Shapes of uncertain values: standard deviations and quantiles of bounded distributions (JCGM 101, table 1)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Half-width over standard deviation of the symmetric shapes that have no further parameter.
WIDTHS = {"uniform": math.sqrt(3), "triangular": math.sqrt(6), "arcsine": math.sqrt(2)}


def triangular_deviation(low: float, mode: float, high: float) -> float:
    """Standard deviation of a triangle, its mode anywhere between its ends."""
    return math.sqrt(((high - low) ** 2 - (mode - low) * (high - mode)) / 18)


def trapezoidal_deviation(low: float, high: float, beta: float) -> float:
    """Standard deviation of a symmetric trapezoid, `beta` the ratio of its top to its base (JCGM 101, 6.4.4.3)."""
    return (high - low) / 2 * math.sqrt((1 + beta**2) / 6)


def curvilinear_deviation(low: float, high: float, within: float) -> float:
    """Standard deviation of a rectangle whose limits, known to ± `within`, reach from `low` to `high` at most.

    JCGM 101, 6.4.3.3, writes a, b for the middles of the two limits: ``u^2 = (b - a)^2/12 + d^2/9``.
    """
    half_width = (high - low) / 2 - within
    return math.sqrt(half_width**2 / 3 + within**2 / 9)


def triangular_quantiles(share: Floats, low: float, mode: float, high: float) -> Floats:
    """Quantiles of a triangle."""
    rising = (mode - low) / (high - low)
    left = low + np.sqrt(share * (high - low) * (mode - low))
    right = high - np.sqrt((1 - share) * (high - low) * (high - mode))
    return np.where(share < rising, left, right)


def trapezoidal_quantiles(share: Floats, low: float, high: float, beta: float) -> Floats:
    """Quantiles of a symmetric trapezoid: two parabolic flanks about a straight line."""
    half_width = (high - low) / 2
    flank = (1 - beta) / (2 * (1 + beta))
    rise = half_width * np.sqrt(2 * np.minimum(share, 1 - share) * (1 - beta**2))
    top = low + half_width + half_width * (1 + beta) * (share - 0.5)
    return np.where(share < flank, low + rise, np.where(share > 1 - flank, high - rise, top))


def curvilinear_quantiles(share: Floats, low: float, high: float, within: float) -> Floats:
    """Quantiles of a rectangle with inexactly known limits.

    A draw is ``middle + h r`` with r uniform in ± 1 and the half-width h uniform in w ± d, so the part of all draws
    that lies within t of the middle is ``t ln((w + d)/(w - d))/(2 d)`` up to t = w - d, and beyond it
    ``(t - (w - d) + t ln((w + d)/t))/(2 d)``, which the lower branch of Lambert's function inverts.
    """
    from scipy.special import lambertw

    middle, widest = (low + high) / 2, (high - low) / 2
    narrowest = max(widest - 2 * within, 0.0)
    central = np.abs(2 * share - 1)
    if within == 0:
        return middle + widest * (2 * share - 1)
    reached = (2 * within * central + narrowest) / widest  # y (1 - ln y) of y = t / (w + d), where t > w - d
    branch = np.exp(1 + lambertw(-np.minimum(reached, 1.0) / math.e, k=-1).real)
    outside = widest * np.where(reached < 1, np.fmin(branch, 1.0), 1.0)
    if narrowest > 0:
        logarithm = math.log(widest / narrowest)
        inside = 2 * within * central / logarithm
        distance = np.where(inside < narrowest, inside, outside)
    else:
        distance = np.where(central == 0, 0.0, outside)
    return middle + np.sign(share - 0.5) * distance


def arcsine_quantiles(share: Floats, low: float, high: float) -> Floats:
    """Quantiles of a sine sampled at any phase (JCGM 101, 6.4.6.5)."""
    return (low + high) / 2 - (high - low) / 2 * np.cos(math.pi * share)
