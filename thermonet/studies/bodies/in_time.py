"""A body in time: from an initial temperature with everything that varies, or in the periodic state it reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from thermonet.heat.bodies.body import Body
from thermonet.heat.bodies.model import BodyModel
from thermonet.heat.nonlinear import nonlinear_system
from thermonet.results.record import Check, Column, Quantity, Table
from thermonet.studies.bodies.periodic_state import PeriodicState, period_of
from thermonet.studies.bodies.time_marks import Driven
from thermonet.system.core import Vector
from thermonet.system.drive import Drive
from thermonet.system.nonlinear_transient import nonlinear_transient
from thermonet.system.signals import Constant, Course, course
from thermonet.system.transient import Transient, checked, transient

_STEADY = Constant()
#: Samples of a course for every point that is reported, where it is asked how fast it changes.
_SAMPLES = 4
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


def body_transient(body: Body, model: BodyModel, request: Request) -> Transient:
    """Temperatures of all sensors at the requested times, with an estimate of their error in time.

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

    return checked(run, request.tolerance, request.step)


def driven_transiently(body: Body, powers: Mapping[str, float], request: Request) -> Driven:
    """What changes in a transient: everything is off, and all baths at the initial temperature, before it."""
    drive = drive_of(body, powers)
    times = np.linspace(0.0, request.until, _SAMPLES * request.points + 1)
    before = dict.fromkeys(drive.powers, 0.0) | dict.fromkeys(drive.temperatures, request.initial)
    # At a jump courses have the value before it: that of the next time is the one behind it.
    courses = {
        name: np.concatenate([[before[name]], course(value).at(times[1:])])
        for name, value in (*drive.powers.items(), *drive.temperatures.items())
    }
    return Driven(request.until, request.points, courses)


def driven_periodically(body: Body, powers: Mapping[str, float], points: int) -> Driven:
    """What changes in a periodic state; a course that jumps where the period ends begins with what it ended with."""
    drive, period = drive_of(body, powers), period_of(body)
    times = np.linspace(0.0, period, _SAMPLES * points + 1)
    courses = {**drive.powers, **drive.temperatures}
    return Driven(period, points, {name: course(courses[name]).at(times) for name in body.courses})


def courses_table(found: Transient | PeriodicState) -> Table:
    """Temperature of every sensor in time."""
    columns = {name: Column("K", [float(value) for value in values]) for name, values in found.sensors.items()}
    return {"time": Column("s", [float(time) for time in found.times]), **columns}


def temperatures_at_end(found: Transient, error: Mapping[str, float]) -> dict[str, Quantity]:
    """Temperature of every sensor at the last time, with its numerical error; what inputs do to it is not followed."""
    last = float(found.times[-1])
    return {
        f"temperature_at_end.{name}": Quantity(
            value=float(values[-1]),
            unit="K",
            symbol=f"T({name}, t)",
            description=f"mean temperature at '{name}' at t = {last:g} s",
            u=None,
            numerical_error=error[name],
            source="finite elements and implicit steps in time",
        )
        for name, values in found.sensors.items()
    }


def periodic_quantities(found: PeriodicState, error: Mapping[str, float]) -> dict[str, Quantity]:
    """Largest less smallest temperature of every sensor over a period; what inputs do to it is not followed."""
    return {
        f"periodic_swing.{name}": Quantity(
            value=float(np.ptp(values)),
            unit="K",
            symbol=f"DT({name})",
            description=f"largest less smallest mean temperature at '{name}' over a period of {found.times[-1]:g} s",
            u=None,
            numerical_error=2 * error[name],
            source="finite elements and a small model of the period",
        )
        for name, values in found.sensors.items()
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
