"""Coverage intervals of trials, and how they compare with those of first order (JCGM 101, clauses 7.7, 7.9.2 and 8)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Interval = Literal["symmetric", "shortest"]


@dataclass(frozen=True)
class Comparison:
    """One quantity by both ways, in its unit.

    Attributes
    ----------
    mean, u
        Of the trials.
    low, high
        Coverage interval of the trials.
    first_order
        Ends of the interval of first order.
    tolerance
        By how much the ends may differ (JCGM 101, 7.9.2 and 8.1.3).
    stabilised
        Whether the trials were stable to their own tolerance.
    """

    mean: float
    u: float
    low: float
    high: float
    first_order: tuple[float, float]
    tolerance: float
    stabilised: bool = True

    @property
    def d_low(self) -> float:
        """Distance of the lower ends."""
        return abs(self.first_order[0] - self.low)

    @property
    def d_high(self) -> float:
        """Distance of the upper ends."""
        return abs(self.first_order[1] - self.high)

    @property
    def agrees(self) -> bool:
        """Whether both ends of the intervals lie within the tolerance of each other."""
        return max(self.d_low, self.d_high) <= self.tolerance

    @property
    def validated(self) -> bool | None:
        """Whether the trials validate first order; None where they agree and were too few to say so."""
        return None if self.agrees and not self.stabilised else self.agrees

    def __str__(self) -> str:
        words = {True: "validated", False: "not validated", None: "neither validated nor refuted"}
        verdict = words[self.validated]
        doubt = "" if self.stabilised else "; the trials were not stable to their tolerance"
        return (
            f"first order [{self.first_order[0]:.6g}, {self.first_order[1]:.6g}], trials [{self.low:.6g}, "
            f"{self.high:.6g}]: d_low = {self.d_low:.2g}, d_high = {self.d_high:.2g}, tolerance {self.tolerance:.2g}: "
            f"first order is {verdict} (JCGM 101, 8.1){doubt}"
        )


def numerical_tolerance(u: float, digits: int) -> float:
    """Half a unit of the last of so many significant digits of u (JCGM 101, 7.9.2).

    Examples
    --------
    >>> numerical_tolerance(0.00035, 2)
    5e-06
    """
    if not u > 0:
        return 0.0
    exponent = int(f"{u:.{digits - 1}e}".partition("e")[2]) - digits + 1
    return float(f"0.5e{exponent}")


def symmetric_interval(trials: Floats, probability: float) -> tuple[float, float]:
    """Interval that leaves as many of the trials below as above (JCGM 101, 7.7.2)."""
    ordered = np.sort(trials)
    inside = _inside(len(ordered), probability)
    start = (len(ordered) - inside + 1) // 2 - 1
    return float(ordered[start]), float(ordered[start + inside])


def shortest_interval(trials: Floats, probability: float) -> tuple[float, float]:
    """Shortest interval that holds a part of the trials (JCGM 101, 5.3.4 and 7.7.4)."""
    ordered = np.sort(trials)
    inside = _inside(len(ordered), probability)
    best = int(np.argmin(ordered[inside:] - ordered[: len(ordered) - inside]))
    return float(ordered[best]), float(ordered[best + inside])


def _inside(count: int, probability: float) -> int:
    """How many steps from one ordered trial to the next an interval spans (JCGM 101, 7.7.1)."""
    return min(math.floor(probability * count + 0.5), count - 1)
