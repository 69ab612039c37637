"""Temperatures of a held system in time, under powers and given temperatures that follow signals.

Steps are implicit, chosen by their error, and end exactly at the signals' breakpoints (`thermonet.system.stepping`).
A balance of heat over the whole walk is kept from the stages themselves, so it closes to rounding, and to what the
solver of a stage leaves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import Held, Vector
from thermonet.system.drive import ONE_INSTANT, Drive, forcing
from thermonet.system.linear_flow import LinearFlow, Recent, kept_factors
from thermonet.system.runge_kutta import Flow, State
from thermonet.system.signals import inside
from thermonet.system.stepping import Pace, Walk

#: Steps after which a walk gives up.
_MOST_STEPS = 1_000_000
#: By how much the second run of a checked one is finer: the tolerance, and a fixed step.
_FINER, _SHORTER = 10.0, 2.0


@dataclass(frozen=True)
class HeatBalance:
    """Where the heat of a transient went.

    Attributes
    ----------
    supplied
        By the sources [J].
    released
        Out into every held port [J].
    stored
        In the system, ports included, at the end more than at the beginning [J].
    imbalance
        What is missing, relative to all heat that entered or left.
    """

    supplied: float
    released: Mapping[str, float]
    stored: float
    imbalance: float


@dataclass(frozen=True)
class Transient:
    """Temperatures and heats in time.

    Attributes
    ----------
    times
        As requested [s], (times,).
    sensors
        Temperature of every sensor [K], (times,) each.
    heat
        Heat that flows out of the system into every held port [W], (times,) each; at the start that of the initial
        field, as long as nothing has been stored in the port.
    fields
        Temperature of every unknown (n, times) [K], where they were asked for.
    balance
        Of all heat from the start to the last time.
    accepted, rejected, factorisations
        Steps taken, steps tried in vain, matrices factored.
    step_error
        Largest error estimate of a step, relative to the largest swing of a sensor or of the whole until then.
    error
        Estimate of the largest error of every sensor in time [K], where a second run was asked for.
    """

    times: Vector
    sensors: Mapping[str, Vector]
    heat: Mapping[str, Vector]
    fields: Vector | None
    balance: HeatBalance
    accepted: int
    rejected: int
    factorisations: int
    step_error: float
    error: Mapping[str, float] | None = None


def transient(
    held: Held,
    drive: Drive,
    times: Sequence[float] | Vector,
    *,
    initial: float | Vector,
    start: float = 0.0,
    tolerance: float = 1e-4,
    fixed_step: float | None = None,
    fields: bool = False,
) -> Transient:
    """Temperatures and heats at some times.

    Parameters
    ----------
    held
        The system; its factors for steps are let go when the walk ends.
    drive
        Powers of its sources, temperatures of its held ports. Where a port's temperature jumps, or differs from the
        initial one, the heat stored in the system is what stays.
    times
        When the answers are wanted, increasing, none before the start [s]; at a jump they are those before it.
    initial
        Temperature at the start, one number or of every unknown (n,) [K]. Massless unknowns need not be right.
    start
        When the drive begins to act [s].
    tolerance
        Error of one step relative to the largest swing so far, of the sensors and of the root mean square over the
        heat capacity.
    fixed_step
        Step [s], for steps of equal length whatever their error (shorter where a breakpoint must be met).
    fields
        Whether to keep the temperature of every unknown at every time.

    Raises
    ------
    PhysicsError
        Times that do not increase or lie before the start, a tolerance or step that is not positive, a temperature
        that is not finite.
    KeyError
        The drive names a source or port that is not there.
    NotConvergedError
        Steps became too short or too many.
    """
    reference = float(np.mean(initial))
    started = initial_field(initial, held.system.one) - reference * held.system.one
    factors = Recent(held.factor, held.forget, kept_factors(len(held.free)))
    flow = LinearFlow(held, forcing(held, drive, started, reference), factors)
    pace = paced(drive, tolerance, fixed_step)
    try:
        found = walked(flow, held, drive, pace, np.asarray(times, float), start, started, fields=fields)
    finally:
        factors.clear()
    return shifted(found, reference, held.system.one, factors.count)


def checked(
    run: Callable[[float, float | None], Transient], tolerance: float, fixed_step: float | None = None
) -> Transient:
    """Run a transient twice, for an estimate of its error in time.

    Parameters
    ----------
    run
        The transient as a function of its tolerance and its fixed step.
    tolerance, fixed_step
        Of the first run; the second has a tenth of the tolerance and half the fixed step.

    Returns
    -------
    Transient
        The second run, with the largest difference of the two for every sensor: the error of the first.
    """
    first = run(tolerance, fixed_step)
    second = run(tolerance / _FINER, None if fixed_step is None else fixed_step / _SHORTER)
    error = {
        name: float(np.abs(values - first.sensors[name]).max(initial=0.0)) for name, values in second.sensors.items()
    }
    return replace(second, error=error)


def shifted(found: Transient, reference: float, one: Vector, factorisations: int) -> Transient:
    """Return a transient with absolute temperatures, and with what its matrices have cost."""
    sensors = {name: values + reference for name, values in found.sensors.items()}
    fields = None if found.fields is None else found.fields + reference * one[:, np.newaxis]
    return replace(found, sensors=sensors, fields=fields, factorisations=factorisations)


def paced(drive: Drive, tolerance: float, fixed_step: float | None) -> Pace:
    """How to choose steps for a drive."""
    if not tolerance > 0:
        raise PhysicsError(f"the tolerance must be positive, got {tolerance:g}")
    if fixed_step is not None and not 0 < fixed_step < math.inf:
        raise PhysicsError(f"the step must be positive and finite, got {fixed_step:g} s")
    return Pace(tolerance=tolerance, fixed=fixed_step, longest=drive.longest_step(tolerance), most=_MOST_STEPS)


def walked(
    flow: Flow, held: Held, drive: Drive, pace: Pace, times: Vector, start: float, initial: Vector, *, fields: bool
) -> Transient:
    """Walk a flow through time and collect what is wanted; `factorisations` is left to whoever owns the factors."""
    _require_times(times, start)
    ends = drive.breakpoints(start, float(times[-1])) if times[-1] > start else np.array([start])
    notes = _Notes(flow, held, fields=fields)
    walk = Walk(flow, notes.watched, held.system.one, pace, initial)
    wanted = _snapped(times, ends)
    if wanted[0] == start:
        notes.take(State(start, initial, np.zeros_like(initial)), math.nextafter(start, math.inf))
    temperature = initial
    for begin, end in pairwise(ends):
        here = wanted[(wanted > begin) & (wanted <= end)]
        for state in walk.piece(begin, end, temperature, here[here < end].tolist()):
            if state.time < end or end in here:
                notes.take(state, float(inside(state.time, begin, end)))
        temperature = state.temperature
    return Transient(
        times=times,
        sensors=dict(zip(held.system.sensors, np.array(notes.seen).T, strict=True)),
        heat=dict(zip(held.ports, np.array(notes.heat).T, strict=True)),
        fields=np.column_stack(notes.fields) if fields else None,
        balance=_balance(walk, held, temperature - initial),
        accepted=walk.accepted,
        rejected=walk.rejected,
        factorisations=0,
        step_error=walk.worst,
    )


class _Notes:
    """What is kept of the states at the wanted times."""

    def __init__(self, flow: Flow, held: Held, *, fields: bool) -> None:
        sensors = held.system.sensors
        self.watched = np.array(list(sensors.values())).reshape(len(sensors), held.system.size)
        self.flow, self.keep = flow, fields
        self.seen: list[Vector] = []
        self.heat: list[Vector] = []
        self.fields: list[Vector] = []

    def take(self, state: State, clock: float) -> None:
        self.seen.append(self.watched @ state.temperature)
        self.heat.append(self.flow.released(state.temperature, state.rate, clock))
        if self.keep:
            self.fields.append(state.temperature)


def _balance(walk: Walk, held: Held, rise: Vector) -> HeatBalance:
    stored = float(held.system.one @ (walk.flow.capacity @ rise))
    missing = walk.supplied - float(np.sum(walk.released)) - stored
    released = np.broadcast_to(walk.released, len(held.ports))
    return HeatBalance(
        supplied=walk.supplied,
        released={port: float(value) for port, value in zip(held.ports, released, strict=True)},
        stored=stored,
        imbalance=missing / walk.turned if walk.turned else missing,
    )


def initial_field(initial: float | Vector, one: Vector) -> Vector:
    """Temperature of every unknown [K] from one number or from all of them.

    Raises
    ------
    PhysicsError
        It is not finite, or has the wrong length.
    """
    found = float(initial) * one if np.ndim(initial) == 0 else np.array(initial, dtype=float)
    if found.shape != one.shape:
        raise PhysicsError(f"the initial temperature has {found.size} values, expected {one.size}")
    if not np.all(np.isfinite(found)):
        raise PhysicsError("the initial temperature must be finite")
    return found


def _snapped(times: Vector, ends: Vector) -> Vector:
    """Put times that miss a breakpoint by rounding onto it."""
    nearest = ends[np.argmin(np.abs(times[:, None] - ends), axis=1)]
    return np.where(np.abs(times - nearest) <= ONE_INSTANT * (ends[-1] - ends[0]), nearest, times)


def _require_times(times: Vector, start: float) -> None:
    if not times.size or not np.all(np.isfinite(times)) or np.any(np.diff(times) <= 0):
        raise PhysicsError("the times of a transient must be finite and increase strictly, and be one at least")
    if times[0] < start:
        raise PhysicsError(f"the transient begins at {start:g} s, but is asked for at {times[0]:g} s")
