"""Courses in time as the sources of SPICE: DC, SIN, PULSE and PWL, as ngspice and LTspice both know them."""

from __future__ import annotations

import math

import numpy as np

from thermonet.network.spice.values import written
from thermonet.quantities.errors import PhysicsError
from thermonet.system.signals import Constant, Course, Signal, Sine, Table, Vector, course, mean, pieces

#: SPICE knows no jumps: one takes this part of the shortest piece between two of them.
_RAMP = 1e-6
#: More points than this are no source that anybody simulates.
_MOST_POINTS = 100_000


def steady_value(value: Course | float) -> float:
    """What a course is in the steady case: its mean over a period, or where a table begins."""
    found = course(value)
    signal = found.signal
    level = signal.values[0] if isinstance(signal, Table) else mean(signal)
    return found.offset + found.amplitude * level


def waveforms(value: Course | float, *, duration: float | None = None) -> list[str]:
    """Sources whose sum is a course: ``DC value`` and, where it varies, what it does in a transient analysis.

    A signal of several levels is a sum of pulses, because ngspice and LTspice repeat a PWL source by different words.

    Parameters
    ----------
    value
        A number, or a course [W or K].
    duration
        Time that a repeated signal of slopes is written out for [s]; levels and sines need none.

    Raises
    ------
    PhysicsError
        A repeated signal of slopes, and no duration, or more points in it than can be meant.
    """
    found = course(value)
    signal, steady = found.signal, steady_value(value)
    if isinstance(signal, Constant):
        return [f"DC {written(steady)}"]
    if isinstance(signal, Sine):
        swing = f"{written(found.offset)} {written(found.amplitude)} {written(signal.frequency)}"
        return [f"DC {written(steady)} SIN({swing} 0 0 {written(math.degrees(signal.phase))})"]
    if signal.period is None:
        stop = signal.times[-1] if isinstance(signal, Table) else duration
        return [_points(found, *_corners(signal, min(0.0, _start(signal)), _required(stop)), steady)]
    starts, lengths, first, last = pieces(signal, 0.0, signal.period)
    if np.allclose(first, last, rtol=0, atol=1e-12 * float(np.abs(last).max(initial=0.0))):
        return _pulses(found, starts, lengths, (first + last) / 2, signal.period)
    return [_points(found, *_corners(signal, 0.0, _required(duration)), steady)]


def _start(signal: Signal) -> float:
    return signal.times[0] if isinstance(signal, Table) else 0.0


def _required(duration: float | None) -> float:
    if duration is None:
        raise PhysicsError("SPICE repeats levels only; expected a duration for which the slopes are written out")
    return duration


def _pulses(found: Course, starts: Vector, lengths: Vector, levels: Vector, period: float) -> list[str]:
    """Pulses over the last level of the period, which is also the one before the start."""
    ramp = _RAMP * float(lengths.min())
    base = found.offset + found.amplitude * float(levels[-1])
    swings = found.amplitude * (levels - levels[-1])
    sources: list[str] = []
    for start, length, swing in zip(starts, lengths, swings, strict=True):
        if swing:
            foot = 0.0 if sources else base
            steady = foot + swing * length / period
            shape = [foot, foot + swing, start, ramp, ramp, length - ramp, period]
            sources.append(f"DC {written(steady)} PULSE({' '.join(map(written, shape))})")
    return sources or [f"DC {written(base)}"]


def _corners(signal: Signal, start: float, stop: float) -> tuple[Vector, Vector]:
    """Times and values between which a signal is straight; a jump takes a short time."""
    if not stop > start:
        return np.array([start]), np.atleast_1d(signal.at(start))
    starts, lengths, first, last = pieces(signal, start, stop)
    if len(starts) > _MOST_POINTS:
        raise PhysicsError(f"a source of {len(starts)} points is more than SPICE should be given")
    ramp = _RAMP * float(lengths.min())
    times, values = [start], [float(signal.at(start))]  # at a jump the value before it, as everywhere
    for begin, length, early, late in zip(starts, lengths, first, last, strict=True):
        if abs(early - values[-1]) > 1e-12 * max(abs(early), abs(values[-1])):
            times.append(float(begin) + ramp)
            values.append(float(early))
        times.append(float(begin + length))
        values.append(float(late))
    return np.array(times), np.array(values)


def _points(found: Course, times: Vector, values: Vector, steady: float) -> str:
    later = times > 0
    if not later.all():  # nothing happens before a transient analysis begins
        at_start = float(np.interp(0.0, times, values))
        times, values = np.append(0.0, times[later]), np.append(at_start, values[later])
    levels = found.offset + found.amplitude * values
    pairs = " ".join(f"{written(time)} {written(level)}" for time, level in zip(times, levels, strict=True))
    return f"DC {written(steady)} PWL({pairs})"
