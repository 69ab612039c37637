"""Signals: how a power or a given temperature goes with time, as dimensionless functions s(t).

Every signal is piecewise smooth: straight between its breakpoints (jumps and kinks), or a sine without any. Whoever
steps through time must hit the breakpoints; there the value is the one from before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonet.quantities.errors import PhysicsError

Vector = NDArray[np.float64]
#: A time is moved into its piece by this part of the piece, or this part of the time itself (several units of
#: rounding), so that rounding never picks the value beyond a jump.
_INSIDE, _ROUNDING = 1e-12, 1e-15
#: More breakpoints than this between two times cannot be meant.
_MOST_BREAKPOINTS = 10_000_000
#: A sine is followed with at least this many steps per period, whatever the tolerance.
_STEPS_PER_PERIOD = 8


class Signal(Protocol):
    """A dimensionless function of time."""

    @property
    def period(self) -> float | None:
        """Time after which the signal repeats [s]; None where it does not."""

    def longest_step(self, tolerance: float) -> float:
        """Longest step that follows the signal between breakpoints to a tolerance, relative to its amplitude [s]."""

    def at(self, time: ArrayLike) -> Vector:
        """Values at some times [s]; at a jump the value before it."""

    def breakpoints(self, start: float, stop: float) -> Vector:
        """Jumps and kinks strictly between two times [s], in order."""


@dataclass(frozen=True, slots=True)
class Constant:
    """Always the same."""

    level: float = 1.0

    @property
    def period(self) -> float | None:
        """None: it has every period."""
        return None

    def longest_step(self, tolerance: float) -> float:  # noqa: ARG002 (the protocol's)
        """Any step [s]."""
        return math.inf

    def at(self, time: ArrayLike) -> Vector:
        """Values at some times [s]."""
        return np.full(np.shape(time), self.level)

    def breakpoints(self, start: float, stop: float) -> Vector:  # noqa: ARG002 (the protocol's)
        """None."""
        return np.zeros(0)


@dataclass(frozen=True, slots=True)
class Table:
    """Straight lines through points, constant before the first and after the last.

    Attributes
    ----------
    times
        Strictly increasing [s].
    values
        As many.
    """

    times: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.times) != len(self.values) or not self.times:
            raise PhysicsError(
                f"a table needs one value per time, got {len(self.values)} values for {len(self.times)} times"
            )
        if not np.all(np.isfinite([*self.times, *self.values])):
            raise PhysicsError("the times and values of a table must be finite")
        late = np.flatnonzero(~(np.diff(self.times) > 0))
        if len(late):
            first, second = self.times[late[0]], self.times[late[0] + 1]
            raise PhysicsError(f"the times of a table must increase strictly, but {second:g} s follows {first:g} s")

    @property
    def period(self) -> float | None:
        """None: it ends."""
        return None

    def longest_step(self, tolerance: float) -> float:  # noqa: ARG002 (the protocol's)
        """Any step [s]: what it does is in its breakpoints."""
        return math.inf

    def at(self, time: ArrayLike) -> Vector:
        """Values at some times [s]."""
        return np.interp(np.asarray(time, float), self.times, self.values)

    def breakpoints(self, start: float, stop: float) -> Vector:
        """Its times strictly between two [s]."""
        return _between(np.asarray(self.times), start, stop)


@dataclass(frozen=True, slots=True)
class Sine:
    """sin(2 pi f t + phase).

    Attributes
    ----------
    frequency
        f [Hz].
    phase
        At t = 0 [rad].
    """

    frequency: float
    phase: float = 0.0

    def __post_init__(self) -> None:
        _require_frequency(self.frequency)
        if not math.isfinite(self.phase):
            raise PhysicsError(f"the phase must be finite, got {self.phase:g} rad")

    @property
    def period(self) -> float | None:
        """1 / f [s]."""
        return 1 / self.frequency

    def longest_step(self, tolerance: float) -> float:
        """Step over which the cubic with the sine's values and slopes at both ends is exact to the tolerance [s]."""
        return min((384 * tolerance) ** 0.25 / (2 * math.pi), 1 / _STEPS_PER_PERIOD) / self.frequency

    def at(self, time: ArrayLike) -> Vector:
        """Values at some times [s]."""
        return np.sin(2 * math.pi * self.frequency * np.asarray(time, float) + self.phase)

    def breakpoints(self, start: float, stop: float) -> Vector:  # noqa: ARG002 (the protocol's)
        """None."""
        return np.zeros(0)


@dataclass(frozen=True, slots=True)
class Repeated:
    """Straight lines through points of one period, repeated for ever; a jump where the ends differ.

    Attributes
    ----------
    times
        Of the points [s], from 0 to the period; where two are equal the signal jumps.
    values
        As many.
    """

    times: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.times) != len(self.values) or len(self.times) < 2:
            raise PhysicsError(
                f"a period needs two points or more with one value each, got {len(self.values)} for {len(self.times)}"
            )
        if not np.all(np.isfinite([*self.times, *self.values])):
            raise PhysicsError("the times and values of a period must be finite")
        steps = np.diff(self.times)
        if self.times[0] != 0 or np.any(steps < 0) or not self.times[-1] > 0:
            raise PhysicsError("the times of a period must begin with 0 and increase")
        if np.any((steps[1:] == 0) & (steps[:-1] == 0)) or steps[0] == 0 or steps[-1] == 0:
            raise PhysicsError("a period jumps inside by two points at one time, and at its end by different values")

    @property
    def period(self) -> float | None:
        """The last of its times [s]."""
        return self.times[-1]

    def longest_step(self, tolerance: float) -> float:  # noqa: ARG002 (the protocol's)
        """Any step [s]: what it does is in its breakpoints."""
        return math.inf

    def at(self, time: ArrayLike) -> Vector:
        """Values at some times [s]; at a jump the value before it."""
        period = self.times[-1]
        wanted = np.asarray(time, float)
        phase = wanted - period * np.floor(wanted / period)
        # The beginning of a period is the end of the one before it.
        phase = np.where(phase == 0, period, phase)
        points, values = np.asarray(self.times), np.asarray(self.values)
        piece = np.clip(np.searchsorted(points, phase, side="left") - 1, 0, len(points) - 2)
        share = (phase - points[piece]) / (points[piece + 1] - points[piece])
        return np.asarray(values[piece] + share * (values[piece + 1] - values[piece]))

    def breakpoints(self, start: float, stop: float) -> Vector:
        """Its points in all periods strictly between two times [s]."""
        period = self.times[-1]
        if not stop > start:
            return np.zeros(0)
        if (stop - start) / period * len(self.times) > _MOST_BREAKPOINTS:
            raise PhysicsError(f"a signal of period {period:g} s has too many periods in {stop - start:g} s to follow")
        # From the number of the period, never by adding up: the last breakpoint is as exact as the first.
        numbers = np.arange(math.floor(start / period), math.ceil(stop / period) + 1)
        return _between(np.unique(numbers[:, None] * period + np.unique(self.times[:-1])).ravel(), start, stop)


def square(frequency: float, duty: float = 0.5) -> Repeated:
    """On (1) for the first part of every period, off (0) for the rest.

    Parameters
    ----------
    frequency
        Periods per second [Hz].
    duty
        Part of the period that is on, between 0 and 1.

    Raises
    ------
    PhysicsError
        The frequency is not positive, or the signal would never switch.
    """
    _require_frequency(frequency)
    if not 0 < duty < 1:
        raise PhysicsError(f"duty must lie between 0 and 1, got {duty:g}")
    period = 1 / frequency
    return Repeated((0.0, duty * period, duty * period, period), (1.0, 1.0, 0.0, 0.0))


def three_level(frequency: float, levels: tuple[float, float, float] = (1.0, 0.0, -1.0)) -> Repeated:
    """Three levels of a third of the period each, in the order +, 0, -.

    Parameters
    ----------
    frequency
        Periods +, 0, - per second, the modulation frequency [Hz].
    levels
        Values at +, 0 and -: (1, 0, -1) of a voltage; of the heat it makes, say, (1, 0, q).
    """
    _require_frequency(frequency)
    plus, zero, minus = levels
    first, second, period = 1 / (3 * frequency), 2 / (3 * frequency), 1 / frequency
    return Repeated((0.0, first, first, second, second, period), (plus, plus, zero, zero, minus, minus))


def levelled(frequency: float, levels: tuple[float, ...], phase: float = 0.0) -> Repeated:
    """Levels of equal length, one after the other, ahead by a phase.

    Parameters
    ----------
    frequency
        Periods per second [Hz].
    levels
        Values of one period, in order.
    phase
        By which the signal is ahead at t = 0 [rad].
    """
    _require_frequency(frequency)
    count, period = len(levels), 1 / frequency
    passed = phase / (2 * math.pi) % 1 * count  # levels that lie behind at t = 0
    first, gone = int(passed) % count, passed - int(passed)
    ends = [0.0, *(i - gone for i in range(1, count + 1)), *([float(count)] if gone else [])]
    values = [levels[(first + i) % count] for i in range(len(ends) - 1)]
    times = [end * period / count for i, end in enumerate(ends) for _ in range(1 if i in (0, len(ends) - 1) else 2)]
    return Repeated(tuple(times), tuple(value for value in values for _ in range(2)))


@dataclass(frozen=True, slots=True)
class Course:
    """A power [W] or temperature [K] that follows a signal: offset + amplitude s(t).

    Attributes
    ----------
    signal
        s(t).
    amplitude, offset
        [W or K].
    """

    signal: Signal
    amplitude: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.amplitude) and math.isfinite(self.offset)):
            raise PhysicsError(f"amplitude and offset must be finite, got {self.amplitude:g} and {self.offset:g}")

    def at(self, time: ArrayLike) -> Vector:
        """Values at some times [s]; at a jump the value before it."""
        return self.offset + self.amplitude * self.signal.at(time)


def course(value: Course | float) -> Course:
    """Take a bare number for a constant."""
    return value if isinstance(value, Course) else Course(Constant(), float(value))


def inside(time: ArrayLike, start: ArrayLike, stop: ArrayLike) -> Vector:
    """Move times a hair into the pieces start .. stop, where every signal is smooth [s]."""
    first, last = np.asarray(start, float), np.asarray(stop, float)
    margin = np.maximum(_INSIDE * (last - first), _ROUNDING * np.maximum(abs(first), abs(last)))
    margin = np.minimum(margin, (last - first) / 4)
    return np.clip(time, first + margin, last - margin)


def mean(signal: Signal) -> float:
    """Mean over a period, or of a constant.

    Raises
    ------
    PhysicsError
        The signal does not repeat.
    """
    if isinstance(signal, Constant):
        return signal.level
    if isinstance(signal, Sine):
        return 0.0
    _, lengths, first, last = pieces(signal, 0.0, _period(signal))
    return float(lengths @ (first + last) / 2 / lengths.sum())


def pieces(signal: Signal, start: float, stop: float) -> tuple[Vector, Vector, Vector, Vector]:
    """Cut a signal at its breakpoints between two times [s]: starts and lengths [s], first and last values, (n,) each.

    Between breakpoints all signals but a sine are straight.
    """
    ends = np.concatenate([[start], signal.breakpoints(start, stop), [stop]])
    lengths = np.diff(ends)
    # From well inside every piece: which side of a jump its ends are on would be a matter of rounding.
    early, late = signal.at(ends[:-1] + lengths / 4), signal.at(ends[:-1] + lengths * (3 / 4))
    return ends[:-1], lengths, early - (late - early) / 2, late + (late - early) / 2


def fourier(signal: Signal, count: int) -> NDArray[np.complex128]:
    """Complex Fourier coefficients c_0 .. c_count (count + 1,): s(t) = c_0 + 2 Re sum c_n exp(2 pi i n t / T).

    In closed form: every straight piece is integrated by parts, so jumps give 1/n and kinks 1/n^2.

    Raises
    ------
    PhysicsError
        The signal does not repeat.
    """
    found = np.zeros(count + 1, dtype=complex)
    found[0] = mean(signal)
    if isinstance(signal, Constant):
        return found
    if isinstance(signal, Sine):
        if count:
            found[1] = np.exp(1j * signal.phase) / 2j
        return found
    period = _period(signal)
    starts, lengths, first, last = pieces(signal, 0.0, period)
    for n in range(1, count + 1):
        rate = -2j * math.pi * n / period
        begin, end = np.exp(rate * starts), np.exp(rate * (starts + lengths))
        slope = (last - first) / lengths
        found[n] = np.sum((last * end - first * begin) / rate - slope * (end - begin) / rate**2) / period
    return found


def _period(signal: Signal) -> float:
    if signal.period is None:
        raise PhysicsError("the signal does not repeat; expected a sine, square, three-level or repeated one")
    return signal.period


def _between(times: Vector, start: float, stop: float) -> Vector:
    return times[(times > start) & (times < stop)]


def _require_frequency(frequency: float) -> None:
    if not 0 < frequency < math.inf:
        raise PhysicsError(f"the frequency must be positive and finite, got {frequency:g} Hz")
