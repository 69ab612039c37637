"""Bias of the level means in a measurement that steps the voltage +, 0, - and compares with the level zero.

A probe that has not settled carries part of the previous level into the mean of the present one. After a step
between two levels the deviation of the thermocouple is a sum of exponentials, ``sum share_i exp(-t / tau_i)``
of the step, and its mean over the rest of a level of length T_L, the first t_d discarded, is

    x = sum share_i tau_i exp(-t_d / tau_i) / (T_L - t_d)

(for t_d = 0 the first moment of the impulse response over T_L). Here exp(-T_L / tau_i) is neglected: steps
before the last one are forgotten. In the order +, 0, - the level + follows -, the level 0 follows + and the
level - follows 0, so with the rises DT(+) and DT(-) and the level zero as baseline

    mean(+) - mean(0) = DT(+) - x [DT(+) - DT(-)] - x DT(+)
    mean(-) - mean(0) = DT(-) - x DT(-) - x DT(+)
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonet.quantities.errors import PhysicsError

Vector = NDArray[np.float64]

#: Time constants closer than this to the filter's are moved away from it (relative).
_NEAREST = 1e-8


def three_level_duration(modulation_frequency: float) -> float:
    """Length of one level [s], a third of the period.

    Parameters
    ----------
    modulation_frequency
        Periods +, 0, - per second [Hz].
    """
    if not 0 < modulation_frequency < math.inf:
        raise PhysicsError(f"modulation_frequency must be positive and finite, got {modulation_frequency:g} Hz")
    return 1 / (3 * modulation_frequency)


def remembered_share(
    time_constants: ArrayLike, shares: ArrayLike, level_duration: float, discard: float = 0.0
) -> float:
    """Mean of what is left of the last step over a level, per step: x of the module [1].

    Parameters
    ----------
    time_constants
        Of the response of the thermocouple to the source of heat [s].
    shares
        Share of every time constant in the static response; they sum to one and may be negative.
    level_duration
        T_L [s], several times the slowest time constant.
    discard
        t_d: part at the beginning of every level that is left out of its mean [s].

    Raises
    ------
    PhysicsError
        A time constant or the level is not positive, nothing is left of the level, or the lengths differ.
    """
    tau, share = _modes(time_constants, shares)
    if not 0 < level_duration < math.inf:
        raise PhysicsError(f"level_duration must be positive and finite, got {level_duration:g} s")
    if not 0 <= discard < level_duration:
        raise PhysicsError(f"discard must be shorter than the level of {level_duration:g} s, got {discard:g} s")
    return float(np.sum(share * tau * np.exp(-discard / tau)) / (level_duration - discard))


def level_biases(
    transfer_time_constants: ArrayLike,
    shares: ArrayLike,
    level_duration: float,
    discard: float = 0.0,
    ratio: float = 1.0,
) -> tuple[float, float]:
    """Relative biases of the rises measured at the levels + and -, the level zero subtracted [1].

    dT(+) / DT(+) = -x (2 - q) and dT(-) / DT(-) = -x (1 + 1 / q) with q = DT(-) / DT(+), from the means in
    the module.

    Parameters
    ----------
    transfer_time_constants, shares, level_duration, discard
        As for `remembered_share`.
    ratio
        q = DT(-) / DT(+): rise at the level - per rise at the level +; negative where one of them cools.

    Raises
    ------
    PhysicsError
        As for `remembered_share`, and a ratio of zero: no relative bias exists there.
    """
    if not (math.isfinite(ratio) and ratio != 0):
        raise PhysicsError(f"ratio must be finite and not zero, got {ratio:g}")
    x = remembered_share(transfer_time_constants, shares, level_duration, discard)
    return -x * (2 - ratio), -x * (1 + 1 / ratio)


def with_filter(time_constants: ArrayLike, shares: ArrayLike, filter_time_constant: float) -> tuple[Vector, Vector]:
    """Time constants [s] and shares of a probe followed by a first-order low-pass, which comes last.

    Partial fractions of ``sum share_i / (1 + s tau_i) / (1 + s tau_f)``: the probe's shares become ``share_i
    tau_i / (tau_i - tau_f)`` and the filter takes the rest, so the sum stays. The fractions have no meaning
    for equal time constants; one closer than 1e-8 (relative) to the filter's is moved to that distance, at
    which the displacement and the rounding in the large shares are both some 1e-8 of the response.

    Parameters
    ----------
    time_constants, shares
        Of the probe, as for `remembered_share`.
    filter_time_constant
        tau_f of the amplifier's filter [s].

    Raises
    ------
    PhysicsError
        A time constant is not positive, or the lengths differ.
    """
    tau, share = _modes(time_constants, shares)
    if not 0 < filter_time_constant < math.inf:
        raise PhysicsError(f"filter_time_constant must be positive and finite, got {filter_time_constant:g} s")
    distance = tau / filter_time_constant - 1
    near = np.abs(distance) < _NEAREST
    distance = np.where(near, np.copysign(_NEAREST, distance), distance)
    tau = np.where(near, filter_time_constant * (1 + distance), tau)
    # tau_i / (tau_i - tau_f) = 1 + 1 / distance and the filter's part is -1 / distance: their sum is kept
    # exactly.
    return np.append(tau, filter_time_constant), np.append(share + share / distance, -np.sum(share / distance))


def _modes(time_constants: ArrayLike, shares: ArrayLike) -> tuple[Vector, Vector]:
    tau, share = np.atleast_1d(np.asarray(time_constants, float)), np.atleast_1d(np.asarray(shares, float))
    if tau.shape != share.shape or tau.ndim != 1 or not len(tau):
        raise PhysicsError(f"expected one share per time constant, got {share.size} shares for {tau.size}")
    if not (np.all(tau > 0) and np.all(np.isfinite(tau)) and np.all(np.isfinite(share))):
        raise PhysicsError("time constants must be positive, and with their shares finite")
    return tau, share
