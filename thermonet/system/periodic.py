"""Steady periodic responses in one go: the state after which a period repeats is a geometric series, summed exactly.

A mode that starts a period at y0 ends it at ``y0 exp(-T / tau) + y(T)``, y(T) being what it reaches from rest; it
repeats where ``y0 = y(T) / (1 - exp(-T / tau))``. Means over any part of a period need no integration either:
``tau y' = s - y`` says that the mean of y is that of s less ``tau (y(stop) - y(start)) / (stop - start)``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from thermonet.quantities.errors import NotConvergedError, PhysicsError
from thermonet.system.core import Held, Vector
from thermonet.system.modal import Followed, followed
from thermonet.system.modes import Transfer, transfer
from thermonet.system.reduction import krylov_basis, reduced, summed
from thermonet.system.response import harmonic
from thermonet.system.signals import Constant, Repeated, Signal, Sine, pieces

#: Held systems of this many free unknowns or fewer are taken apart into all their modes.
_SMALL = 400
#: Moments per expansion point of a reduced model, and how many times another point is added.
_MOMENTS, _POINTS = 6, 6
#: Harmonics at which a reduced model is held to the full one.
_HARMONICS = (1, 10, 100, 1000)


@dataclass(frozen=True)
class Periodic:
    """A response that repeats with its signal.

    Attributes
    ----------
    response
        The modes.
    signal
        What they follow; its period is that of the response.
    modes
        What every mode does over the period 0 .. T.
    """

    response: Transfer
    signal: Signal
    modes: Followed

    @property
    def period(self) -> float:
        """T [s]."""
        return float(self.modes.ends[-1])

    def at(self, times: Vector) -> Vector:
        """Response per unit of the signal [K/W] at any times [s]; at a jump the value before it."""
        wanted = np.asarray(times, float)
        return self.modes.at(wanted - self.period * np.floor(wanted / self.period), self.response.residues)

    def mean(self, start: float, stop: float) -> float:
        """Mean of the response over a part of the period [K/W].

        Raises
        ------
        PhysicsError
            The part is empty or leaves 0 .. T.
        """
        if not 0 <= start < stop <= self.period * (1 + 1e-12):
            raise PhysicsError(f"expected a part of the period 0 .. {self.period:g} s, got {start:g} .. {stop:g} s")
        weights = self.response.residues * self.response.time_constants / (stop - start)
        begin, end = self.modes.at(np.array([start, min(stop, self.period)]), weights)
        return self.response.resistance * _mean(self.signal, start, stop) - (end - begin)


def periodic(response: Transfer, signal: Signal) -> Periodic:
    """Response to a signal that has been repeating for ever, as a sum over the modes of geometric series.

    Raises
    ------
    PhysicsError
        The signal does not repeat.
    """
    if signal.period is None:
        raise PhysicsError("the signal does not repeat; expected a sine, square, three-level or repeated one")
    tau = response.time_constants
    once = followed(tau, signal, 0.0, signal.period)
    with np.errstate(divide="ignore"):
        state = once.states[-1] / -np.expm1(-signal.period / tau)
    return Periodic(response, signal, followed(tau, signal, 0.0, signal.period, state))


def level_means(response: Periodic, discard: float = 0.0) -> Vector:
    """Mean response over every level of a square or three-level signal [K/W], in the order of the period.

    Parameters
    ----------
    response
        To a signal of straight pieces.
    discard
        Time at the beginning of every level that is left out of its mean [s].

    Raises
    ------
    PhysicsError
        Nothing is left of a level, or the signal has none.
    """
    if not isinstance(response.signal, Repeated):
        raise PhysicsError("a sine has no levels; expected a square, three-level or repeated signal")
    lengths = np.diff(response.modes.ends)
    if not 0 <= discard < lengths.min():
        raise PhysicsError(f"discard must be shorter than the level of {lengths.min():g} s, got {discard:g} s")
    ends = response.modes.ends
    return np.array([response.mean(begin + discard, end) for begin, end in pairwise(ends)])


def periodic_transfer(held: Held, sensor: str, source: str, period: float, *, tolerance: float = 1e-8) -> Transfer:
    """Modes of a large held system that give its response to any signal of some period.

    A small system is taken apart into all its modes. A large one is reduced: moments at s = 0 and at shifts from 1/T
    upwards, until the small model meets the full one at the harmonics 1, 10, 100 and 1000 of the period.

    Parameters
    ----------
    held
        The system; every held port one unknown.
    period
        T [s].
    tolerance
        Largest difference at those harmonics, relative to the steady resistance or to the largest of them.

    Raises
    ------
    NotConvergedError
        The tolerance was not met.
    """
    if len(held.free) <= _SMALL:
        return transfer(held, sensor, source)
    large = summed(held.system).hold(*held.ports)  # a reduced model has dense terms: two are cheaper than dozens
    load, weights = large.system.sources[source], large.system.sensors[sensor]
    frequencies = np.array(_HARMONICS) / period
    exact = np.array([weights @ large.solve(load, s=2j * math.pi * f) for f in frequencies])
    vectors, basis = np.column_stack([load, weights]), None
    for shift in [0.0, *(10.0**k / period for k in range(_POINTS))]:
        basis = krylov_basis(large, vectors, moments=_MOMENTS, shifts=(shift,), known=basis)
        found = transfer(reduced(large, basis).hold(*held.ports), sensor, source)
        worst = np.abs(harmonic(found, frequencies) - exact).max()
        if worst <= tolerance * max(abs(found.resistance), np.abs(exact).max()):
            return found
    raise NotConvergedError(
        f"a reduced model with {len(found.residues)} unknowns misses the response of {sensor} to {source} by "
        f"{worst:.1g} K/W at the harmonics of {period:g} s; resistance {found.resistance:.6g} K/W"
    )


def _mean(signal: Signal, start: float, stop: float) -> float:
    if isinstance(signal, Constant):
        return signal.level
    if isinstance(signal, Sine):
        omega = 2 * math.pi * signal.frequency
        begin, end = (math.cos(omega * time + signal.phase) for time in (start, stop))
        return (begin - end) / (omega * (stop - start))
    _, lengths, first, last = pieces(signal, start, stop)
    return float(lengths @ (first + last) / 2 / (stop - start))
