"""The normal distribution that osculates a posterior at its mode, with all second derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_solve, cholesky

from thermonet.calibration.bayes.observations import Observations
from thermonet.calibration.bayes.prior import Prior
from thermonet.calibration.bayes.surface import Surface
from thermonet.quantities.errors import NotConvergedError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Laplace:
    """Posterior of z in normal approximation.

    Attributes
    ----------
    mode
        Its centre, (n,).
    covariance
        Inverse of the Hessian of minus the logarithm of the density, (n, n).
    bent
        What the model's own curvature takes off that Hessian, (n, n).
    log_volume
        Logarithm of the determinant of the covariance.
    """

    mode: Floats
    covariance: Floats
    bent: Floats
    log_volume: float

    @property
    def widths(self) -> Floats:
        """Standard deviation of every z, 1 a priori, (n,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def information(self) -> float:
        """Gained from all observations together: Kullback-Leibler divergence of posterior from prior [nat]."""
        spread = float(np.trace(self.covariance) + self.mode @ self.mode) - len(self.mode)
        return 0.5 * (spread - self.log_volume)

    def propagated(self, slopes: Floats) -> Floats:
        """Standard deviations (k,) of linear functions of z with these derivatives (k, n)."""
        return np.sqrt(((slopes @ self.covariance) * slopes).sum(axis=1))


def laplace(prior: Prior, surface: Surface, observed: Observations, mode: Floats) -> Laplace:
    """Invert the full Hessian at a mode: prior, squares of the sensitivities, and the model's own curvature.

    Parameters
    ----------
    prior, observed
        Of the posterior.
    surface
        Predictions of the observations around the mode.
    mode
        z at the maximum, (n,).

    Raises
    ------
    NotConvergedError
        The Hessian is not positive definite: this is no maximum.
    """
    x, slopes = prior.coordinates_and_slopes(mode)
    predicted, jacobian = surface.linearised(x)
    sensitivity = observed.whitened(jacobian * slopes)
    # Weight of every prediction's second derivatives: the transposed inverse factor times the whitened residual.
    pull = np.linalg.solve(observed.factor.T, observed.whitened(observed.values - predicted))
    bent = np.einsum("k,kij->ij", pull, curvature_at(surface, x)) * np.outer(slopes, slopes)
    bent += np.diag((pull @ jacobian) * prior.bends(mode))
    hessian = np.eye(prior.size) + sensitivity.T @ sensitivity - bent
    try:
        factor = cholesky(hessian, lower=True)
    except LinAlgError:
        raise NotConvergedError(
            "the point found for the most probable inputs is no maximum of the posterior (its Hessian is not positive "
            "definite): the observations allow inputs far apart, expected such as leave one most probable point"
        ) from None
    covariance = np.asarray(cho_solve((factor, True), np.eye(prior.size)))
    # From the Hessian: of the covariance's smallest eigenvalues rounding leaves few digits.
    return Laplace(mode, covariance, bent, -2 * float(np.log(np.diag(factor)).sum()))


def curvature_at(surface: Surface, x: Floats) -> Floats:
    """Second derivatives of every answer of a surface at one point, (m, n, n)."""
    d = x - surface.centre
    mixed = surface.third * d[:, np.newaxis]
    bent = surface.curvature + mixed + mixed.swapaxes(-1, -2)
    diagonal = np.arange(len(d))
    bent[:, diagonal, diagonal] += surface.third @ d
    return bent
