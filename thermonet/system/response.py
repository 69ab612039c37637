"""Step and harmonic responses of a transfer, and the numbers people call its time constant."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from thermonet.system.core import Vector
from thermonet.system.modes import Transfer

#: Modes faster than this part of the slowest one have no weight in anything measured below.
_NEGLIGIBLE = 1e-12


def step(response: Transfer, time: Vector) -> Vector:
    """Temperature [K/W] at times t [s] after a watt is switched on; before that none."""
    slow = response.time_constants > _NEGLIGIBLE * response.time_constants[0]
    decay = np.exp(-np.maximum(time, 0.0)[:, None] / response.time_constants[slow])
    return np.where(time < 0, 0.0, response.resistance - decay @ response.residues[slow])


def harmonic(response: Transfer, frequency: Vector) -> NDArray[np.complex128]:
    """Complex amplitude [K/W] per watt at frequencies f [Hz], H(2 pi i f)."""
    s = 2j * math.pi * frequency[:, None]
    return np.asarray((response.residues / (1 + s * response.time_constants)).sum(axis=1))


def elmore_time(response: Transfer) -> float:
    """First moment of the normalised impulse response, sum share_j tau_j [s] (Elmore, J. Appl. Phys. 19, 55 (1948))."""
    return float(response.shares @ response.time_constants)


def rise_time(response: Transfer, level: float = 1 - math.exp(-1)) -> float:
    """First time at which the step response crosses a part of its final value [s]; 63 % unless said otherwise."""
    slowest = response.time_constants[0]
    time = slowest * np.concatenate([[0.0], np.geomspace(1e-6, 40.0, 600)])
    excess = step(response, time) / response.resistance - level
    return _first_crossing(
        lambda t: float(step(response, np.array([t]))[0] / response.resistance) - level, time, excess
    )


def bandwidth(response: Transfer) -> float:
    """First frequency at which |H| falls to |H(0)| / sqrt 2 [Hz]."""
    slowest = response.time_constants[0]
    frequency = np.concatenate([[0.0], np.geomspace(1e-4, 1e6, 800)]) / (2 * math.pi * slowest)
    level = abs(response.resistance) / math.sqrt(2)

    def excess(f: float) -> float:
        return level - float(np.abs(harmonic(response, np.array([f])))[0])

    return _first_crossing(excess, frequency, level - np.abs(harmonic(response, frequency)))


def _first_crossing(excess: Callable[[float], float], points: Vector, values: Vector) -> float:
    above = np.flatnonzero(values >= 0)
    if len(above) == 0:
        raise ValueError("the response never crosses the level")
    first = int(above[0])
    return (
        float(brentq(excess, points[first - 1], points[first], xtol=1e-16, rtol=1e-13)) if first else float(points[0])
    )
