"""What is believed of the inputs, and of all that follows from them, after a measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.bayes.laplace import Laplace, laplace
from thermonet.calibration.bayes.mode import find_mode
from thermonet.calibration.bayes.observations import Observations
from thermonet.calibration.bayes.prior import Prior
from thermonet.calibration.bayes.sampling import Samples, sample
from thermonet.calibration.bayes.surface import Surface

Floats = NDArray[np.float64]

_CHUNK = 4000


@dataclass(frozen=True)
class Posterior:
    """Inputs after a measurement, in normal approximation and by samples.

    Attributes
    ----------
    prior, observed
        What was believed, and what was measured.
    surface
        All predictions as functions of the inputs, (k,).
    laplace, samples
        The posterior of z.
    """

    prior: Prior
    observed: Observations
    surface: Surface
    laplace: Laplace
    samples: Samples

    @property
    def mode(self) -> Floats:
        """Most probable z, (n,)."""
        return self.laplace.mode

    @cached_property
    def values(self) -> Floats:
        """Samples of the inputs in their units, (samples, n)."""
        return self.prior.values(self.samples.z)

    @cached_property
    def predictions(self) -> Floats:
        """Samples of the predictions, (samples, k)."""
        x = self.prior.coordinates(self.samples.z)
        parts = [self.surface.predicted(x[start : start + _CHUNK]) for start in range(0, len(x), _CHUNK)]
        return np.concatenate(parts)

    @property
    def sensitivity(self) -> Floats:
        """Derivatives of the predictions by z at the mode, (k, n)."""
        x, slopes = self.prior.coordinates_and_slopes(self.mode)
        return self.surface.linearised(x)[1] * slopes


def posterior(
    prior: Prior,
    surface: Surface,
    rows: Sequence[int],
    observed: Observations,
    *,
    near: Floats,
    count: int,
    seed: int,
) -> Posterior:
    """Find the posterior of a surface's inputs.

    Parameters
    ----------
    prior
        Of the inputs.
    surface, rows
        All predictions, and which of them were observed, in the order of `observed`.
    observed
        What was measured.
    near
        z near the mode, (n,).
    count, seed
        Samples, and where they start.

    Raises
    ------
    NotConvergedError
        The mode is not found, is no maximum, or hardly a sample exists.
    PhysicsError
        Too few samples.
    """
    seen = surface.rows(rows)
    mode = find_mode(prior, seen, observed, near)
    normal = laplace(prior, seen, observed, mode.z)
    return Posterior(prior, observed, surface, normal, sample(prior, seen, observed, normal, count=count, seed=seed))
