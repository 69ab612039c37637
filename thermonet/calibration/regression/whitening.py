"""The data's uncertainties as a change of units in which every point has u = 1 and none are correlated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Whitening:
    """Multiplication by the inverse square root of a covariance matrix.

    Attributes
    ----------
    deviations
        Standard deviation of each point (n,).
    factor
        Lower Cholesky factor (n, n) of the covariance matrix; None where the points are independent.
    """

    deviations: Array
    factor: Array | None = None

    @classmethod
    def of_covariance(cls, covariance: Array) -> Whitening:
        """From a positive definite covariance matrix (n, n)."""
        return cls(np.sqrt(np.diag(covariance)), cholesky(covariance, lower=True))

    def apply(self, values: Array) -> Array:
        """Values (n,) or columns (n, p) in units of their uncertainty, decorrelated."""
        if self.factor is None:
            return (values.T / self.deviations).T
        return np.asarray(solve_triangular(self.factor, values, lower=True), dtype=np.float64)

    def undo(self, values: Array) -> Array:
        """Inverse of `apply`."""
        if self.factor is None:
            return (values.T * self.deviations).T
        return self.factor @ values
