"""What was learned, whether prior and measurement get along, and whether two descriptions of a posterior agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.bayes.observations import Observations
from thermonet.calibration.bayes.prior import Prior, normal_density
from thermonet.calibration.bayes.sampling import Samples
from thermonet.uncertainty.probability import above_chi_squared

Floats = NDArray[np.float64]

#: Points of a density, and how far its grid reaches in z.
_POINTS, _REACH = 121, 4.0


@dataclass(frozen=True)
class Tension:
    """Measured values against the prior's predictions of them.

    Attributes
    ----------
    chi_squared
        Squared distance of the measured from the predicted, in the prior predictive covariance.
    p_value
        Probability of a distance at least as large, were prior and measurement right.
    """

    chi_squared: float
    p_value: float


def tension(prior: Prior, predicted: Floats, jacobian: Floats, observed: Observations) -> Tension:
    """Prior predictive check of first order in x.

    Parameters
    ----------
    prior
        Its spreads of x.
    predicted, jacobian
        Predictions of the observations at the prior's median (m,) and their derivatives by x (m, n).
    observed
        What was measured.
    """
    spread = jacobian * prior.widths
    covariance = spread @ spread.T + observed.covariance
    distance = observed.values - predicted
    squared = float(distance @ np.linalg.solve(covariance, distance))
    return Tension(squared, above_chi_squared(squared, len(distance)))


def information_gains(samples: Samples) -> Floats:
    """Kullback-Leibler divergence of every input's posterior from its prior [nat], both normal in z, (n,)."""
    mean, width = samples.moments(samples.z)
    return 0.5 * (mean**2 + width**2 - 1) - np.log(width)


def worst_disagreement(names: Sequence[str], first: Floats, second: Floats) -> tuple[str, float]:
    """Return the name and size of the largest relative difference of positive numbers, by the second ones."""
    relative = np.abs(first / second - 1)
    worst = int(np.argmax(relative))
    return names[worst], float(relative[worst])


def correlations(covariance: Floats) -> Floats:
    """Correlation matrix of a covariance matrix."""
    widths = np.sqrt(np.diag(covariance))
    return covariance / np.outer(widths, widths)


def densities(prior: Prior, samples: Samples, column: int) -> tuple[Floats, Floats, Floats]:
    """Values of an input on a grid, its density a priori and a posteriori [per unit of the value], (p,) each.

    The posterior's is a sum of normal kernels in z (width by Silverman's rule), so that it respects the input's ends.
    """
    grid = np.linspace(-_REACH, _REACH, _POINTS)
    z = np.zeros((_POINTS, prior.size))
    z[:, column] = grid
    slope = prior.value_slopes(z)[:, column]
    fine = np.linspace(-2 * _REACH, 2 * _REACH, 16 * _POINTS)
    counts = np.histogram(samples.z[:, column], bins=_edges(fine), weights=samples.weights)[0]
    width = float(samples.moments(samples.z[:, column])[1])
    kernel = max(1.06 * width * samples.effective_size**-0.2, fine[1] - fine[0])
    smooth = normal_density((grid[:, np.newaxis] - fine) / kernel) / kernel
    return prior.values(z)[:, column], normal_density(grid) / slope, smooth @ counts / slope


def _edges(centres: Floats) -> Floats:
    middle = 0.5 * (centres[1:] + centres[:-1])
    return np.concatenate([[-np.inf], middle, [np.inf]])
