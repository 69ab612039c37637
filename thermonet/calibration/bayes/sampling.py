r"""Independent samples of a posterior whose observations are far more exact than its prior.

With :math:`e` the whitened errors of the observations, prior and likelihood together are a standard normal
distribution of :math:`w = (z, e)` on the surface :math:`h(w) = L^{-1} (f(x(z)) - y) + e = 0`: a thin shell becomes a
sharp manifold. Its tangential directions at the mode are drawn, its normal directions solved for by Newton's method,
and every draw carries the weight :math:`\varphi(w) / (q(t) \, |\det \partial h / \partial n|)`. Where the model is
linear all weights are equal and the samples exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.bayes.laplace import Laplace
from thermonet.calibration.bayes.observations import Observations
from thermonet.calibration.bayes.prior import Prior
from thermonet.calibration.bayes.surface import Surface
from thermonet.quantities.errors import NotConvergedError, PhysicsError

Floats = NDArray[np.float64]

#: Rows that are worked on at once; they fit in the cache.
_CHUNK = 4000
#: Largest step of Newton's method in the normal directions, its steps, and the whitened residual that ends it.
_LARGEST, _STEPS, _SOLVED = 1.0, 40, 1e-9
#: Part of the draws that comes from the prior rather than from the normal approximation: it bounds the weights.
_DEFENSIVE = 0.1
#: Smallest precision that is believed of a tangential coordinate, 1 a priori.
_FLATTEST = 0.5
#: Draws on which solutions far from the mode are looked for, from this far off, and how alike two of one place are.
_PROBES, _FAR, _ALIKE = 1000, 3.0, 1e-3
_FEWEST = 100


@dataclass(frozen=True)
class Samples:
    """Weighted samples of a posterior.

    Attributes
    ----------
    z
        Standard normal coordinates, (k, n).
    weights
        Sum 1, (k,).
    drawn
        How many were drawn; the rest met no solution, and has none.
    elsewhere
        Part of the posterior that was found on other branches than the sampled one, by a search from afar.
    """

    z: Floats
    weights: Floats
    drawn: int
    elsewhere: float

    @property
    def effective_size(self) -> float:
        """Number of equally weighted samples that estimate a mean as well (Kish)."""
        return 1 / float(self.weights @ self.weights)

    @property
    def unsolved(self) -> float:
        """Part of the draws without a solution."""
        return 1 - len(self.weights) / self.drawn

    def moments(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation over the samples of numbers (k, ...)."""
        mean = np.tensordot(self.weights, numbers, axes=1)
        return mean, np.sqrt(np.tensordot(self.weights, (numbers - mean) ** 2, axes=1))

    def covariance(self, numbers: Floats) -> Floats:
        """Covariance of numbers (k, n), (n, n)."""
        deviations = numbers - self.weights @ numbers
        return (deviations * self.weights[:, np.newaxis]).T @ deviations

    def quantiles(self, numbers: Floats, shares: Floats) -> Floats:
        """Quantiles (s,) of a number (k,)."""
        order = np.argsort(numbers)
        cumulated = np.cumsum(self.weights[order])
        return np.interp(shares, cumulated - 0.5 * self.weights[order], numbers[order])

    def drawn_again(self, count: int, generator: np.random.Generator) -> Floats:
        """Return some samples of equal weight, (count, n)."""
        return self.z[generator.choice(len(self.weights), size=count, p=self.weights)]


def check_count(count: int) -> None:
    """Refuse fewer samples than say anything.

    Raises
    ------
    PhysicsError
        With the least number.
    """
    if count < _FEWEST:
        raise PhysicsError(f"{count} samples say nothing of a distribution, expected at least {_FEWEST}")


def sample(
    prior: Prior, surface: Surface, observed: Observations, around: Laplace, *, count: int, seed: int
) -> Samples:
    """Sample the posterior of a surface.

    Of every line in the normal directions the solution next to the mode is taken: a posterior in several separate
    pieces is seen in one of them alone.

    Parameters
    ----------
    prior, surface, observed
        The posterior.
    around
        Its normal approximation.
    count, seed
        Number of draws and where they start.

    Raises
    ------
    NotConvergedError
        Hardly any draw meets a solution.
    PhysicsError
        Fewer draws than say anything.
    """
    check_count(count)
    shell = _Shell.at(prior, surface, observed, around)
    generator = np.random.default_rng(seed)
    found, logs = [], []
    for start in range(0, count, _CHUNK):
        tangential, density = shell.draw(min(_CHUNK, count - start), generator)
        z, log_weight, solved = shell.solved(tangential, density, shell.start)
        found.append(z[solved])
        logs.append(log_weight[solved])
    z, log_weights = np.concatenate(found), np.concatenate(logs)
    if len(z) < _FEWEST:
        raise NotConvergedError(f"of {count} samples of the posterior {len(z)} could be found, best left unused")
    weights = np.exp(log_weights - log_weights.max())
    return Samples(z, weights / weights.sum(), count, shell.elsewhere(generator))


@dataclass(frozen=True)
class _Shell:
    """The manifold h(w) = 0 in coordinates along its tangent and its normal at the mode."""

    prior: Prior
    surface: Surface
    observed: Observations
    normal: Floats
    tangent: Floats
    start: Floats
    widths: Floats  # of the tangential coordinates, which are independent in normal approximation

    @classmethod
    def at(cls, prior: Prior, surface: Surface, observed: Observations, around: Laplace) -> _Shell:
        size, measured = prior.size, len(observed.names)
        x, slopes = prior.coordinates_and_slopes(around.mode)
        predicted, jacobian = surface.linearised(x)
        across = np.concatenate([observed.whitened(jacobian * slopes), np.eye(measured)], axis=1)
        basis = np.linalg.qr(across.T, mode="complete")[0]
        normal, tangent = basis[:, :measured], basis[:, measured:]
        point = np.concatenate([around.mode, observed.whitened(observed.values - predicted)])
        # Along the tangent of a linear model z and the errors are standard normal; its curvature changes that.
        onto = tangent[:size]
        precision, directions = np.linalg.eigh(np.eye(size) - onto.T @ around.bent @ onto)
        widths = 1 / np.sqrt(np.maximum(precision, _FLATTEST))
        return cls(prior, surface, observed, normal, tangent @ directions, point @ normal, widths)

    def draw(self, count: int, generator: np.random.Generator) -> tuple[Floats, Floats]:
        """Tangential coordinates from a mixture of the normal approximation and the prior, and its log density."""
        standard = generator.standard_normal((count, len(self.widths)))
        narrow = generator.random(count) >= _DEFENSIVE
        drawn = np.where(narrow[:, np.newaxis], self.widths * standard, standard)
        near = -0.5 * ((drawn / self.widths) ** 2).sum(axis=1) - np.log(self.widths).sum() + np.log1p(-_DEFENSIVE)
        far = -0.5 * (drawn**2).sum(axis=1) + np.log(_DEFENSIVE)
        return drawn, np.logaddexp(near, far)

    def elsewhere(self, generator: np.random.Generator) -> float:
        """Weight of further solutions, which the search from the mode does not meet, over that of all."""
        tangential, density = self.draw(_PROBES, generator)
        z, log_weight, solved = self.solved(tangential, density, self.start)
        known, weight = [(z, solved)], np.where(solved, np.exp(log_weight), 0.0)
        inside, outside = weight.sum(), 0.0
        for axis in range(len(self.start)):
            for sign in (1, -1):
                start = self.start.copy()
                start[axis] += sign * _FAR
                z, log_weight, solved = self.solved(tangential, density, start)
                for other, there in known:
                    solved = solved & ~(there & (np.abs(other - z).max(axis=1) < _ALIKE))
                outside += np.exp(log_weight[solved]).sum()
                known.append((z, solved))
        return float(outside / (inside + outside)) if outside else 0.0

    def solved(
        self, tangential: Floats, log_density: Floats, start: Floats
    ) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Points of the shell above tangential coordinates, the logarithms of their weights, and which exist at all."""
        base = tangential @ self.tangent.T
        steps = np.tile(start, (len(base), 1))
        open_rows, solved = np.arange(len(base)), np.zeros(len(base), dtype=bool)
        log_volume = np.zeros(len(base))
        for _ in range(_STEPS):
            gap, slope = self._gap(base[open_rows] + steps[open_rows] @ self.normal.T)
            usable = np.asarray(np.isfinite(gap).all(axis=1) & np.isfinite(slope).all(axis=(1, 2)))
            sign, log_determinant = np.linalg.slogdet(np.where(usable[:, np.newaxis, np.newaxis], slope, 1.0))
            usable &= sign != 0
            done = usable & (np.abs(gap).max(axis=1) < _SOLVED)
            solved[open_rows[done]] = True
            log_volume[open_rows[done]] = log_determinant[done]
            going = usable & ~done
            open_rows, gap, slope = open_rows[going], gap[going], slope[going]
            if not len(open_rows):
                break
            move = np.linalg.solve(slope, gap[..., np.newaxis])[..., 0]
            longest = np.abs(move).max(axis=1, keepdims=True)
            steps[open_rows] -= move / np.maximum(longest / _LARGEST, 1.0)
        points = base + steps @ self.normal.T
        log_weights = -0.5 * (points**2).sum(axis=1) - log_volume - log_density
        return points[:, : self.prior.size], log_weights, solved

    def _gap(self, points: Floats) -> tuple[Floats, Floats]:
        """Return h (k, m) and its derivatives in the normal directions (k, m, m)."""
        size = self.prior.size
        x, slopes = self.prior.coordinates_and_slopes(points[:, :size])
        predicted, jacobian = self.surface.linearised(x)
        gap = self.observed.whitened((predicted - self.observed.values).T).T + points[:, size:]
        along = (jacobian * slopes[:, np.newaxis, :]) @ self.normal[:size]
        whitened = self.observed.whitened(np.moveaxis(along, 1, 0).reshape(len(self.observed.names), -1))
        return gap, np.moveaxis(whitened.reshape(np.moveaxis(along, 1, 0).shape), 0, 1) + self.normal[size:]
