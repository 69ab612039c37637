"""Exact responses of a small modal model to signals of any shape: no time steps, no quadrature.

A mode follows a signal s(t) as ``tau y' = s - y``. Over a straight piece of s that is solved in closed form, and so it
is for a sine; a response is the sum of ``r_j y_j`` (`thermonet.system.modes.Transfer`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import Held, Matrix, Vector
from thermonet.system.modes import Transfer
from thermonet.system.signals import Signal, Sine, pieces

#: Below this ratio of elapsed time to time constant a series is more exact than the difference it stands for.
_SERIES = 1e-2


@dataclass(frozen=True)
class Followed:
    """What every mode does with a signal between two times.

    Attributes
    ----------
    time_constants
        tau_j [s].
    signal
        s(t).
    ends
        Times at which a piece begins or ends [s], (pieces + 1,).
    first, last
        Values of the signal at both ends of every piece.
    states
        y_j at the ends (pieces + 1, modes).
    """

    time_constants: Vector
    signal: Signal
    ends: Vector
    first: Vector
    last: Vector
    states: Vector

    def at(self, times: Vector, weights: Vector) -> Vector:
        """Weighted sum of the modes at some times between the ends (times,); at a jump the value before it."""
        found = np.empty(len(times))
        piece = np.clip(np.searchsorted(self.ends, times, side="left") - 1, 0, len(self.first) - 1)
        order = np.argsort(piece, kind="stable")
        for here in np.split(order, np.flatnonzero(np.diff(piece[order])) + 1):
            if len(here):
                i = int(piece[here[0]])
                found[here] = self._from(i, times[here] - self.ends[i]) @ weights
        return found

    def _from(self, piece: int, elapsed: Vector) -> Vector:
        """Modes some times after the beginning of a piece (times, modes)."""
        return _advanced(self, piece, self.states[piece], elapsed)


def followed(
    time_constants: Vector, signal: Signal, start: float, stop: float, state: Vector | None = None
) -> Followed:
    """Modes that follow a signal from `start` to `stop` [s], from rest or from a given state (modes,)."""
    if isinstance(signal, Sine):
        starts, first = np.array([start]), np.zeros(1)
        last = first
    else:
        starts, _, first, last = pieces(signal, start, stop)
    ends = np.append(starts, stop)
    states = np.zeros((len(ends), len(time_constants)))
    if state is not None:
        states[0] = state
    found = Followed(time_constants, signal, ends, first, last, states)
    for piece, length in enumerate(np.diff(ends)):
        states[piece + 1] = _advanced(found, piece, states[piece], np.array([length]))[0]
    return found


def _advanced(modes: Followed, piece: int, state: Vector, elapsed: Vector) -> Vector:
    tau = modes.time_constants
    with np.errstate(divide="ignore", invalid="ignore"):
        x = np.where(elapsed[:, None] > 0, elapsed[:, None] / tau, 0.0)  # infinite for a massless mode
    if isinstance(modes.signal, Sine):
        began = float(modes.ends[piece])
        settled, at_start = _oscillation(modes.signal, tau, began + elapsed), _oscillation(modes.signal, tau, began)
        return settled + (state - at_start) * np.exp(-x)
    begin, end = modes.first[piece], modes.last[piece]
    slope = (end - begin) / (modes.ends[piece + 1] - modes.ends[piece])
    lag = np.where(np.isinf(x), elapsed[:, None], tau * _after_ramp(np.where(np.isinf(x), 0.0, x)))
    return state - (begin - state) * np.expm1(-x) + slope * lag


def _after_ramp(x: Vector) -> Vector:
    """Return x - 1 + exp(-x) without the loss of digits at small x."""
    series = x**2 * (1 / 2 - x * (1 / 6 - x * (1 / 24 - x * (1 / 120 - x / 720))))
    return np.where(x < _SERIES, series, x + np.expm1(-x))


def _oscillation(signal: Sine, time_constants: Vector, times: Vector | float) -> Vector:
    omega = 2 * math.pi * signal.frequency
    turning = np.exp(1j * (omega * np.atleast_1d(times) + signal.phase))
    return np.asarray((turning[:, None] / (1 + 1j * omega * time_constants)).imag)


def modal_response(response: Transfer, signal: Signal, times: Vector, *, start: float = 0.0) -> Vector:
    """Temperature rise [K/W] at some times, per watt that follows a signal from `start` on; before that, nothing.

    Parameters
    ----------
    response
        All the modes of a small model; for the response to a port's temperature, `port_transfer` [K/K].
    signal
        s(t).
    times
        Not before `start` [s].

    Raises
    ------
    PhysicsError
        A time lies before the start.
    """
    wanted = np.asarray(times, float)
    if len(wanted) and wanted.min() < start:
        raise PhysicsError(f"the response begins at {start:g} s, but is asked for at {wanted.min():g} s")
    if not len(wanted) or wanted.max() == start:
        return np.zeros(len(wanted))
    return followed(response.time_constants, signal, start, float(wanted.max())).at(wanted, response.residues)


def port_transfer(held: Held, sensor: str, port: str) -> Transfer:
    """Response of a sensor to the temperature of a held port [K/K], as the modes of a small held system carry it.

    With the steady field psi that the port drives at one kelvin, ``T = psi g(t) + w`` and ``C w' + K w = -C psi g'``.
    In the mode phi_j (of unit K norm) that is ``-kappa_j y_j'`` with ``kappa_j = phi_j C psi`` and y_j the mode that
    follows g; with ``tau_j y_j' = g - y_j`` the residues are ``(l phi_j) kappa_j / tau_j``. What the sensor sees at
    once is a mode with no time constant, the last one.
    """
    system, free = held.system, held.free
    K, C = (_dense(matrix)[np.ix_(free, free)] for matrix in (held.K, held.C))
    time_constants, shapes = scipy.linalg.eigh((C + C.T) / 2, (K + K.T) / 2)
    time_constants, shapes = np.maximum(time_constants[::-1], 0.0), shapes[:, ::-1]
    driven = np.isin(held.fixed, system.ports[port]) * system.one[held.fixed]
    shape = np.asarray(held.solve(np.zeros(system.size), held=driven), dtype=float)
    kappa = shapes.T @ np.asarray(held.C @ shape)[free]
    weights = system.sensors[sensor]
    slow = time_constants > 1e-14 * time_constants[0]
    residues = (weights[free] @ shapes)[slow] * kappa[slow] / time_constants[slow]
    at_once = float(weights @ shape) - residues.sum()
    return Transfer(np.append(time_constants[slow], 0.0), np.append(residues, at_once))


def _dense(matrix: Matrix) -> Vector:
    return matrix if isinstance(matrix, np.ndarray) else matrix.toarray()
