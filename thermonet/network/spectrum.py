r"""The spectrum of time constants in a step response, measured ones with noise too.

.. math:: Z(t_k) = \sum_j R_j \left(1 - e^{-t_k / \tau_j}\right) + \text{noise}, \qquad R_j \ge 0

on a fixed grid of tau: deconvolution in logarithmic time without differentiating what is measured (JEDEC JESD51-14,
2010, annex A, differentiates first; V. Szekely & T. Van Bien, Solid-State Electron. 31, 1363 (1988)). What regularises
it is that nothing may be negative (C. L. Lawson & R. J. Hanson, Solving Least Squares Problems, 1974, chapter 23), and
the mean over repetitions with fresh noise of the same size (L. Breiman, Machine Learning 24, 123 (1996)): lines that
the noise has put there move from one repetition to the next, those of the body stay. Of the response and of every
repetition there is the ladder of the fewest lines, too, which the grid does not bind (`thermonet.network.few_lines`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from thermonet.network.few_lines import few_lines, risen
from thermonet.network.ladders import Foster, response
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import Vector
from thermonet.system.response import step as step_of

#: How far the grid of time constants goes beyond the times.
_BEYOND = 3.0
#: Fewest times, and fewest decades of them, that tell anything.
_FEWEST, _LEAST_DECADES = 20, 1.0


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Time constants of a step response.

    Attributes
    ----------
    time_constants
        Grid, ascending [s] (n,).
    resistances
        R_j, the mean of the repetitions [K/W] (n,).
    ladder
        Fewest lines of the step response itself.
    repetitions
        Fewest lines of every repetition.
    noise
        Standard deviation of the step response that was taken [K/W].
    """

    time_constants: Vector
    resistances: Vector
    ladder: Foster
    repetitions: tuple[Foster, ...]
    noise: float

    @property
    def density(self) -> Vector:
        """Resistance per unit of ln tau [K/W]."""
        return self.resistances / np.gradient(np.log(self.time_constants))


def time_constant_spectrum(
    time: Vector,
    step: Vector,
    *,
    noise: float | None = None,
    per_decade: int = 40,
    repetitions: int = 20,
    seed: int = 0,
) -> Spectrum:
    """Spectrum of a step response.

    Parameters
    ----------
    time
        Times after a constant power was switched on, ascending [s]; about evenly spaced in their logarithm.
    step
        Rise of temperature per watt then [K/W].
    noise
        Standard deviation of a point of it [K/W]; without it what third differences of neighbours show. Zero for
        a computed response.
    per_decade
        Time constants per decade.
    repetitions, seed
        How often the fitted curve is given fresh noise and fitted again.

    Raises
    ------
    PhysicsError
        Too few times, times that do not ascend from above zero, values that are not finite, a response that does not
        rise, or a negative noise.
    """
    _refuse(time, step, noise)
    decades = np.log10(time[-1] / time[0] * _BEYOND**2)
    grid = np.geomspace(time[0] / _BEYOND, time[-1] * _BEYOND, int(np.ceil(per_decade * decades)) + 1)
    columns = risen(time, grid)
    spread = noise_of(step) if noise is None else noise
    first = _fitted(columns, step)
    ladder = few_lines(time, step, grid, first)
    if spread == 0:
        return Spectrum(grid, first, ladder, (ladder,), 0.0)
    random = np.random.default_rng(seed)
    curve = step_of(response(ladder), time)
    noisy = [curve + spread * random.standard_normal(len(time)) for _ in range(repetitions)]
    again = [_fitted(columns, one) for one in noisy]
    fewest = tuple(few_lines(time, one, grid, lines) for one, lines in zip(noisy, again, strict=True))
    return Spectrum(grid, np.mean(again, axis=0), ladder, fewest, spread)


def _fitted(columns: Vector, step: Vector) -> Vector:
    # The routine's own limit, three times the columns, is short of what close columns take.
    return np.asarray(nnls(columns, step, maxiter=100 * columns.shape[1])[0], dtype=float)


def noise_of(step: Vector) -> float:
    """Standard deviation of the noise [K/W] that third differences of neighbouring points show, robustly.

    A smooth curve of many points per decade has next to none; white noise of one has them with a variance of 20.
    """
    return float(np.median(np.abs(np.diff(step, 3))) / (0.6744897501960817 * np.sqrt(20)))


def _refuse(time: Vector, step: Vector, noise: float | None) -> None:
    if time.shape != step.shape or time.ndim != 1 or len(time) < _FEWEST:
        raise PhysicsError(f"a step response needs at least {_FEWEST} times and a value at each, got {len(time)} times")
    if not (np.isfinite(time).all() and np.isfinite(step).all()):
        raise PhysicsError("the times and values of a step response must be finite")
    if not (time[0] > 0 and (np.diff(time) > 0).all()):
        raise PhysicsError("the times of a step response must ascend from above zero, the moment of switching")
    if np.log10(time[-1] / time[0]) < _LEAST_DECADES:
        raise PhysicsError("the times of a step response must span at least a decade")
    if not step[-1] > 0:
        raise PhysicsError("a step response of a driving point rises, this one ends at or below zero")
    if noise is not None and not noise >= 0:
        raise PhysicsError("noise is a standard deviation, zero or positive")
