"""The most probable inputs, by Gauss-Newton steps with a line search."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.bayes.observations import Observations
from thermonet.calibration.bayes.prior import Prior
from thermonet.quantities.errors import NotConvergedError, PhysicsError

Floats = NDArray[np.float64]

#: Squared length of the step that is left, in posterior standard deviations.
_TOLERANCE = 1e-6
_ITERATIONS = 40
#: Part of the decrease that the slope promises, which a step must bring (Armijo), and how often it is halved for that.
_ENOUGH, _HALVINGS = 1e-4, 12


class ForwardModel(Protocol):
    """Predictions of the observations as a smooth function of the coordinates x of a `Prior`.

    Either method raises `PhysicsError` where nothing can be built.
    """

    def predicted(self, x: Floats) -> Floats:
        """Predictions (m,) at x (n,)."""

    def linearised(self, x: Floats) -> tuple[Floats, Floats]:
        """Predictions (m,) and their derivatives by x, (m, n)."""


@dataclass(frozen=True)
class Mode:
    """The maximum of the posterior density of z.

    Attributes
    ----------
    z
        Where it is, (n,).
    predicted, jacobian
        Predictions there (m,) and their derivatives by x (m, n).
    objective
        Half the squares of z and of the whitened residuals, summed; minus the logarithm of the density.
    iterations
        Linearisations that it took.
    """

    z: Floats
    predicted: Floats
    jacobian: Floats
    objective: float
    iterations: int


def find_mode(prior: Prior, model: ForwardModel, observed: Observations, start: Floats | None = None) -> Mode:
    r"""Minimise :math:`\tfrac12 |z|^2 + \tfrac12 |L^{-1} (y - f(x(z)))|^2`, with :math:`L L^T` the covariance of y.

    Gauss-Newton directions always descend, and the line search on the model itself makes the decrease certain.

    Raises
    ------
    NotConvergedError
        No step decreases the objective, or the steps do not die out; the best point's misfit is in the text.
    PhysicsError
        The model cannot be built where the search starts.
    """
    z = np.zeros(prior.size) if start is None else start
    for iteration in range(1, _ITERATIONS + 1):
        x, slopes = prior.coordinates_and_slopes(z)
        predicted, jacobian = model.linearised(x)
        residual, sensitivity = observed.whitened(observed.values - predicted), observed.whitened(jacobian * slopes)
        objective = 0.5 * float(z @ z + residual @ residual)
        downhill = sensitivity.T @ residual - z
        normal = np.eye(prior.size) + sensitivity.T @ sensitivity
        step = np.asarray(np.linalg.solve(normal, downhill), dtype=np.float64)
        decrement = float(downhill @ step)
        if decrement < _TOLERANCE:
            return Mode(z, predicted, jacobian, objective, iteration)
        length = _line_search(prior, model, observed, z, step, objective, decrement)
        if length is None:
            break
        z = z + length * step
    raise NotConvergedError(
        f"the search for the most probable inputs stalled after {iteration} steps; "
        f"best estimate: {_described(observed.names, residual, objective)}"
    )


def _line_search(
    prior: Prior, model: ForwardModel, observed: Observations, z: Floats, step: Floats, objective: float, slope: float
) -> float | None:
    length = 1.0
    for _ in range(_HALVINGS):
        if _objective(prior, model, observed, z + length * step) <= objective - _ENOUGH * length * slope:
            return length
        length /= 2
    return None


def _objective(prior: Prior, model: ForwardModel, observed: Observations, z: Floats) -> float:
    x = prior.coordinates(z)
    if not np.isfinite(x).all():
        return math.inf
    try:
        residual = observed.whitened(observed.values - model.predicted(x))
    except PhysicsError:  # a step to inputs that nobody could build
        return math.inf
    return 0.5 * float(z @ z + residual @ residual)


def _described(names: Sequence[str], residual: Floats, objective: float) -> str:
    misfits = ", ".join(f"{name} {misfit:+.2g}" for name, misfit in zip(names, residual, strict=True))
    return f"misfits in standard uncertainties {misfits}, objective {objective:.4g}"
