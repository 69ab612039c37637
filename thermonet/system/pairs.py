"""Responses of every sensor of a small model to every one of its sources at once, and how two models differ in them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from thermonet.system.core import Array, Vector

#: A mode faster than this part of the slowest counts as massless: rounding cannot tell it from that.
MASSLESS = 1e-14
#: A transfer resistance far below what its two ends have themselves is measured against this part of their mean.
_WEAK = 1e-3
#: Times per decade at which step responses are compared, and frequencies of a band in six decades.
_PER_DECADE, _BAND, _DECADES = 15, 61, 6


def modal(K: Vector, C: Vector) -> tuple[Vector, Vector]:
    """Time constants [s] of small matrices, slowest first, and shapes with ``shapes.T @ K @ shapes = 1``."""
    time_constants, shapes = scipy.linalg.eigh((C + C.T) / 2, (K + K.T) / 2)
    return np.maximum(time_constants[::-1], 0.0), shapes[:, ::-1]


@dataclass(frozen=True)
class Pairs:
    """A small model in its modes: H_qp(s) = sum_j read_qj drive_jp / (1 + s tau_j).

    Attributes
    ----------
    time_constants
        tau_j, slowest first [s] (m,).
    shapes
        Modes in the model's coordinates (m, m), K-orthonormal.
    drive
        What every source gives a mode (m, sources) [(K/W)^0.5].
    read
        What every sensor has of a mode (sensors, m) [(K/W)^0.5].
    """

    time_constants: Vector
    shapes: Vector
    drive: Vector
    read: Vector

    @property
    def resistances(self) -> Vector:
        """Steady responses [K/W] (sensors, sources)."""
        return self.read @ self.drive

    def scale(self, frequency: Vector) -> Vector:
        """What an error of every response is measured by at frequencies f [Hz] [K/W] (frequencies, sensors, sources).

        The modulus of the response; of a transfer far weaker than its ends a thousandth of their geometric mean.
        """
        weight = 1 / (1 + 2j * math.pi * frequency[:, np.newaxis] * self.time_constants)
        seen, driven = np.abs(weight @ (self.read**2).T), np.abs(weight @ self.drive**2)
        ends = np.sqrt(seen[:, :, np.newaxis] * driven[:, np.newaxis, :])
        return np.maximum(np.abs(self.harmonic(frequency)), _WEAK * ends)

    def remaining(self, time: Vector) -> Vector:
        """What is left to the steady value at times t >= 0 [s] after a step [K/W] (times, sensors, sources)."""
        slow = self.time_constants > MASSLESS * self.time_constants[0]
        decay = np.exp(-time[:, np.newaxis] / self.time_constants[slow])
        return np.asarray(self._summed(decay, slow), dtype=float)

    def harmonic(self, frequency: Vector) -> NDArray[np.complex128]:
        """Complex amplitude per watt at frequencies f [Hz] [K/W] (frequencies, sensors, sources)."""
        weight = 1 / (1 + 2j * math.pi * frequency[:, np.newaxis] * self.time_constants)
        return np.asarray(self._summed(weight, slice(None)), dtype=complex)

    def _summed(self, weight: Array, kept: NDArray[np.bool_] | slice) -> Array:
        read, drive = self.read[:, kept], self.drive[kept]
        residues = (read.T[:, :, np.newaxis] * drive[:, np.newaxis, :]).reshape(len(drive), -1)
        return (weight @ residues).reshape(-1, len(read), drive.shape[1])


def pairs(K: Vector, C: Vector, loads: Vector, weights: Vector) -> Pairs:
    """Modes of small matrices (m, m) as sensors' weights (m, sensors) see loads (m, sources)."""
    time_constants, shapes = modal(K, C)
    return Pairs(time_constants, shapes, shapes.T @ loads, weights.T @ shapes)


@dataclass(frozen=True)
class Grid:
    """Where two models are compared.

    Attributes
    ----------
    times
        From the switching on to long after the slowest mode [s].
    frequencies
        Up to the highest that matters [Hz]; none where only steps matter.
    """

    times: Vector
    frequencies: Vector


def grid(model: Pairs, highest_frequency: float | None) -> Grid:
    """Times of all modes of a model, and six decades of frequency."""
    slowest = model.time_constants[0]
    first = max(model.time_constants[-1], MASSLESS * slowest) / 3
    count = max(2, math.ceil(_PER_DECADE * math.log10(10 * slowest / first)))
    times = np.concatenate([[0.0], np.geomspace(first, 10 * slowest, count)])
    return Grid(times, band(highest_frequency))


def band(highest_frequency: float | None) -> Vector:
    """Frequencies [Hz] up to a highest one, none without it."""
    if highest_frequency is None:
        return np.zeros(0)
    return np.geomspace(highest_frequency / 10**_DECADES, highest_frequency, _BAND)


@dataclass(frozen=True)
class Difference:
    """How much two models differ, the worst of all pairs.

    Attributes
    ----------
    step
        Of the step responses, relative to the steady value.
    at
        Where the responses differ most, as a rate: 1 / t, or 2 pi f [1/s].
    harmonic
        By frequency, relative to the response there.
    """

    step: float
    at: float
    harmonic: Vector

    @property
    def largest(self) -> float:
        """Larger of both."""
        return max(self.step, float(self.harmonic.max(initial=0.0)))


@dataclass(frozen=True)
class Reference:
    """Responses that others are compared with, evaluated once.

    Attributes
    ----------
    where
        Times and frequencies.
    remaining, harmonic
        Responses there [K/W].
    steady_scale, scale
        What errors of the two are measured by [K/W].
    """

    where: Grid
    remaining: Vector
    harmonic: NDArray[np.complex128]
    steady_scale: Vector
    scale: Vector

    def against(self, other: Pairs) -> Difference:
        """Difference of another model with the same steady responses."""
        step = np.abs(other.remaining(self.where.times) - self.remaining) / self.steady_scale
        by_time = step.max(axis=(1, 2))
        worst = int(by_time.argmax())
        rate = 1 / self.where.times[max(worst, 1)]
        away = np.abs(other.harmonic(self.where.frequencies) - self.harmonic) / self.scale
        by_frequency = away.max(axis=(1, 2))
        if by_frequency.max(initial=0.0) > by_time[worst]:
            rate = 2 * math.pi * self.where.frequencies[int(by_frequency.argmax())]
        return Difference(float(by_time[worst]), float(rate), by_frequency)


def reference(model: Pairs, where: Grid) -> Reference:
    """Evaluate a model for comparisons."""
    frequencies = where.frequencies
    return Reference(
        where,
        model.remaining(where.times),
        model.harmonic(frequencies),
        model.scale(np.zeros(1)),
        model.scale(frequencies),
    )
