"""What was measured, with its covariance, and how far a prediction is from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cholesky, solve_triangular

from thermonet.quantities.errors import PhysicsError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Observations:
    """Measured numbers with normal errors.

    Parameters
    ----------
    names
        Of the numbers, m of them.
    values
        Measured, (m,).
    covariance
        Of their errors, (m, m).

    Raises
    ------
    PhysicsError
        The covariance is not symmetric and positive definite, or the shapes do not fit.
    """

    names: Sequence[str]
    values: Floats
    covariance: Floats

    def __post_init__(self) -> None:
        size = len(self.names)
        if not size:
            raise PhysicsError("nothing was measured, expected at least one observation")
        if self.values.shape != (size,) or self.covariance.shape != (size, size):
            raise PhysicsError(f"{size} observations need as many values and a covariance of {size} x {size}")
        if not (np.isfinite(self.values).all() and np.isfinite(self.covariance).all()):
            raise PhysicsError("an observation or its covariance is not a finite number")
        if not np.allclose(self.covariance, self.covariance.T, rtol=1e-12, atol=0):
            raise PhysicsError("the covariance of the observations is not symmetric")
        try:
            self.factor  # noqa: B018  # computed here so that a bad covariance is refused at once
        except LinAlgError:
            raise PhysicsError(
                "the covariance of the observations is not positive definite, expected standard uncertainties above "
                "zero and correlations that can hold at once"
            ) from None

    @cached_property
    def factor(self) -> Floats:
        """Lower Cholesky factor of the covariance."""
        return np.asarray(cholesky(self.covariance, lower=True))

    def whitened(self, parts: Floats) -> Floats:
        """Inverse of the factor times (m,) or (m, k): in these units every error has variance 1 and no companion."""
        return np.asarray(solve_triangular(self.factor, parts, lower=True))
