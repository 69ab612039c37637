"""A body in time: from an initial temperature with everything that varies, or in the periodic state it reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from thermonet.heat.bodies.body import Body
from thermonet.heat.bodies.model import BodyModel
from thermonet.heat.nonlinear import nonlinear_system
from thermonet.results.record import Check, Column, Quantity, Table
from thermonet.studies.bodies.answers import SolvedBody
from thermonet.system.core import Vector
from thermonet.system.drive import Drive
from thermonet.system.nonlinear_transient import nonlinear_transient
from thermonet.system.periodic import periodic
from thermonet.system.signals import Constant, Course, Signal
from thermonet.system.transient import Transient, checked, transient

_STEADY = Constant()
#: What two meshes differ by, in errors of the finer one, where convergence is of second order: quadratic elements gain
#: more, but not before the finest layer that heat has reached is resolved.
_GAIN = 3.0
#: Imbalance of heat over a whole transient that rounding and the stages' own tolerance explain.
_BALANCED = 1e-8


@dataclass(frozen=True)
class Request:
    """What is asked of a body in time.

    Attributes
    ----------
    until
        Time at the end [s].
    initial
        Temperature everywhere at the start [K].
    tolerance
        Of the time steps, relative to the largest swing.
    step
        A fixed time step [s], or None.
    points
        Times that are reported.
    """

    until: float
    initial: float
    tolerance: float
    step: float | None
    points: int

    @property
    def times(self) -> Vector:
        """All of them, from the start to the end [s]."""
        return np.linspace(0.0, self.until, self.points + 1)


def drive_of(body: Body, powers: Mapping[str, float]) -> Drive:
    """Powers of all sources and temperatures of all baths in time."""

    def power(name: str, value: float) -> Course:
        course = body.courses.get(name)
        return (
            Course(_STEADY, 0.0, value)
            if course is None
            else replace(course, amplitude=course.amplitude * value, offset=course.offset * value)
        )

    def temperature(port: str) -> Course:
        rest = body.bath_temperature(port)
        return body.courses.get(port, Course(_STEADY, 0.0, rest))

    return Drive(
        powers={name: power(name, value) for name, value in powers.items()},
        temperatures={port: temperature(port) for port in body.baths},
    )


def body_transient(body: Body, model: BodyModel, request: Request, *, judged: bool) -> Transient:
    """Temperatures of all sensors at the requested times; judged, with an estimate of their error in time.

    Raises
    ------
    NotConvergedError
        Steps became too short or too many.
    """
    drive = drive_of(body, model.powers)
    ports = tuple(body.baths)
    if body.is_linear:
        held = model.system.hold(*ports)

        def run(tolerance: float, step: float | None) -> Transient:
            return transient(held, drive, request.times, initial=request.initial, tolerance=tolerance, fixed_step=step)

    else:
        system = nonlinear_system(model)

        def run(tolerance: float, step: float | None) -> Transient:
            return nonlinear_transient(
                system, ports, drive, request.times, initial=request.initial, tolerance=tolerance, fixed_step=step
            )

    return checked(run, request.tolerance, request.step) if judged else run(request.tolerance, request.step)


@dataclass(frozen=True)
class InTime:
    """A transient and how far it is from the exact one.

    Attributes
    ----------
    found
        On the finer of two meshes.
    error
        Of every sensor's temperature, the largest over all times: of the steps and of the mesh together [K].
    swing
        Largest change of any sensor's temperature [K].
    """

    found: Transient
    error: Mapping[str, float]
    swing: float

    @property
    def worst(self) -> float:
        """Largest error of a sensor relative to the swing."""
        largest = max(self.error.values(), default=0.0)
        return largest / self.swing if self.swing > 0 else 0.0


def compared(coarse: Transient, fine: Transient) -> InTime:
    """Judge a transient on a mesh by that on one with elements twice as large."""
    error, swing = {}, 0.0
    for name, values in fine.sensors.items():
        of_mesh = float(np.abs(values - coarse.sensors[name]).max(initial=0.0)) / _GAIN
        of_steps = (fine.error or {}).get(name, 0.0)
        error[name] = of_mesh + of_steps
        swing = max(swing, float(np.ptp(values)))
    return InTime(fine, error, swing)


def transient_table(found: Transient) -> Table:
    """Temperature of every sensor in time."""
    columns = {name: Column("K", [float(value) for value in values]) for name, values in found.sensors.items()}
    return {"time": Column("s", [float(time) for time in found.times]), **columns}


def temperatures_at_end(judged: InTime) -> dict[str, Quantity]:
    """Temperature of every sensor at the last time, with its numerical error; what inputs do to it is not followed."""
    last = float(judged.found.times[-1])
    return {
        f"temperature_at_end.{name}": Quantity(
            value=float(values[-1]),
            unit="K",
            symbol=f"T({name}, t)",
            description=f"mean temperature at '{name}' at t = {last:g} s",
            u=None,
            numerical_error=judged.error[name],
            source="finite elements and implicit steps in time",
        )
        for name, values in judged.found.sensors.items()
    }


def transient_balance(found: Transient) -> Check:
    """Heat that was stored and left less heat that came, relative to all of it."""
    value = abs(found.balance.imbalance)
    return Check(
        holds=value <= _BALANCED,
        value=value,
        u=None,
        threshold=_BALANCED,
        explanation="heat stored and released less heat supplied from start to end, relative to all that moved",
    )


def periodic_table(solved: SolvedBody, points: int) -> Table:
    """Temperature of every sensor over one period, in the state that everything varying has led to."""
    body = solved.body
    signals: dict[str, Signal] = {name: course.signal for name, course in body.courses.items()}
    period = next(signal.period for signal in signals.values() if signal.period is not None)
    times = np.linspace(0.0, period, points + 1)
    columns = {}
    for sensor in solved.body.sensors:
        rest = solved.answers[f"temperature.{sensor}"] + solved.reference
        total = np.full(len(times), rest)
        for name, course in body.courses.items():
            response = (
                solved.transfer(sensor, name) if name in solved.model.powers else solved.port_transfer(sensor, name)
            )
            repeated = periodic(response, course.signal)
            power = solved.model.powers.get(name)
            if power is None:  # a temperature: its rest is in the steady state already
                swing, level = course.amplitude, course.offset - body.bath_temperature(name)
            else:  # the steady state has the power itself, what varies has it times the course
                swing, level = power * course.amplitude, power * (course.offset - 1.0)
            total = total + swing * repeated.at(times) + level * response.resistance
        columns[sensor] = Column("K", [float(value) for value in total])
    return {"time": Column("s", [float(time) for time in times]), **columns}
