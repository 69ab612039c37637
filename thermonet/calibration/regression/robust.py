"""Fits that a few wild points cannot pull away: iteratively reweighted least squares.

P. J. Huber, Robust Statistics, Wiley (1981), sections 6.7 and 7.6; A. E. Beaton and J. W. Tukey, Technometrics 16,
147 (1974), DOI 10.1080/00401706.1974.10489171. The tuning constants give 95 % efficiency where the errors are normal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.regression.errors import RegressionError
from thermonet.quantities.errors import NotConvergedError

Array = NDArray[np.float64]
Kind = Literal["huber", "bisquare"]

KINDS: tuple[Kind, ...] = ("huber", "bisquare")
_HUBER, _BISQUARE = 1.345, 4.685
#: Median absolute value of a standard normal variable.
_NORMAL_MEDIAN = 0.6744897501960817
_MOST_ITERATIONS = 500


@dataclass(frozen=True, eq=False)
class Robust:
    """How a robust fit weighed its points; none is dropped without showing here.

    Attributes
    ----------
    kind
        ``"huber"`` or ``"bisquare"``.
    weights
        What each point counts, 0..1 (n,): 1 as in least squares.
    scale
        Standard deviation that the residuals were divided by: in the unit of y, or 1 where u was stated.
    """

    kind: Kind
    weights: Array
    scale: float

    def variance_factor(self, residuals: Array, parameters: int) -> float:
        """What multiplies (A^T A)^-1 to give the covariance of the parameters (Huber 1981, equation 7.6.4)."""
        n = len(residuals)
        scaled = residuals / self.scale
        influence, slope = _influence(self.kind, scaled)
        mean_slope = float(slope.mean())
        if not mean_slope > 0:
            raise RegressionError(
                "the bisquare weights reject most points, so no uncertainty can be given: expected a majority of "
                "points near the curve; try robust='huber', or look at the data"
            )
        correction = 1 + parameters / n * float(slope.var()) / mean_slope**2
        spread = float(influence @ influence) / (n - parameters)
        return (correction * self.scale / mean_slope) ** 2 * spread


def _influence(kind: Kind, scaled: Array) -> tuple[Array, Array]:
    """Huber's psi and its derivative."""
    if kind == "huber":
        return np.clip(scaled, -_HUBER, _HUBER), (np.abs(scaled) <= _HUBER).astype(np.float64)
    square = np.minimum((scaled / _BISQUARE) ** 2, 1.0)
    return scaled * (1 - square) ** 2, (1 - square) * (1 - 5 * square)


def _weights(kind: Kind, scaled: Array) -> Array:
    if kind == "huber":
        return _HUBER / np.maximum(np.abs(scaled), _HUBER)
    return (1 - np.minimum((scaled / _BISQUARE) ** 2, 1.0)) ** 2


def reweighted(kind: Kind, residuals_of: Callable[[Array], Array], n: int, scale: float | None) -> Robust:
    """Weights at which the weighted fit reproduces itself.

    Parameters
    ----------
    kind
        ``"huber"``, or ``"bisquare"`` started from Huber's weights.
    residuals_of
        Fits with the given weights (n,) and returns the residuals (n,).
    n
        Number of points.
    scale
        Standard deviation of the residuals where it is known; None takes the median absolute residual.

    Raises
    ------
    NotConvergedError
        The weights do not settle.
    """
    weights = np.ones(n)
    for step in ("huber",) if kind == "huber" else KINDS:
        weights, found = _settled(step, residuals_of, weights, scale)
    return Robust(kind, weights, found)


def _settled(
    kind: Kind, residuals_of: Callable[[Array], Array], weights: Array, scale: float | None
) -> tuple[Array, float]:
    for _ in range(_MOST_ITERATIONS):
        residuals = residuals_of(weights)
        used = _median_scale(residuals) if scale is None else scale
        new = _weights(kind, residuals / used)
        change = float(np.abs(new - weights).max())
        weights = new
        if change < 1e-9:
            return weights, used
    raise NotConvergedError(
        f"the {kind} weights still change by {change:.1g} after {_MOST_ITERATIONS} fits: the points do not agree on "
        "one curve; look at the data, or state u so that the scale is fixed"
    )


def _median_scale(residuals: Array) -> float:
    scale = float(np.median(np.abs(residuals))) / _NORMAL_MEDIAN
    if not scale > 1e-13 * float(np.abs(residuals).max()):
        raise RegressionError(
            "half of the points or more lie on the curve exactly, so the residuals have no median scale: state u"
        )
    return scale
