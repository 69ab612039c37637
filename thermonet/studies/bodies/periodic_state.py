"""The state of a linear body that repeats itself, by a small model made for its period."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from thermonet.heat.bodies.body import Body
from thermonet.heat.bodies.model import BodyModel
from thermonet.studies.bodies.answers import bath_fields, projected, steady_answers
from thermonet.system.core import Held, System, Vector
from thermonet.system.modal import port_transfer
from thermonet.system.modes import transfer
from thermonet.system.periodic import periodic
from thermonet.system.reduction import krylov_basis, summed
from thermonet.system.signals import fourier

#: Moments matched at every expansion point.
_MOMENTS = 3
#: These points, in units of 2 pi / period: a first model, and what is added to it one by one until it tells no more.
_FIRST = (0.0, 1.0, 10.0, 100.0)
_MORE = (3.0, 30.0, 300.0, 1e3, 3e3, 1e4)
#: Part of the tolerance that a small model may be wrong by.
_SMALL = 0.1


@dataclass(frozen=True)
class PeriodicState:
    """Temperatures over one period.

    Attributes
    ----------
    times
        From its beginning to its end [s].
    sensors
        Temperature of every sensor [K], (times,) each.
    error
        What the small model is wrong by at most [K].
    """

    times: Vector
    sensors: Mapping[str, Vector]
    error: Mapping[str, float]


def period_of(body: Body) -> float:
    """Period of everything that varies [s]."""
    return next(float(it.signal.period) for it in body.courses.values() if it.signal.period is not None)


def periodic_state(body: Body, model: BodyModel, points: int, tolerance: float) -> PeriodicState:
    """Find the temperatures of all sensors over one period.

    Parameters
    ----------
    body, model
        A linear body that varies with one period.
    points
        Parts of the period.
    tolerance
        Numerical error that is asked for, relative to the largest swing.
    """
    held = summed(model.system).hold(*body.baths)
    ports = list(body.baths)
    baths = bath_fields(held, ports)
    vectors = [*held.system.sources.values(), *held.system.sensors.values()]
    vectors += [held.C @ field for port, field in zip(ports, baths, strict=True) if port in body.courses]
    rate, times = 2 * math.pi / period_of(body), np.linspace(0.0, period_of(body), points + 1)
    rests = _rests(held, body, model)
    basis = krylov_basis(held, np.column_stack(vectors), moments=_MOMENTS, shifts=[rate * s for s in _FIRST])

    def seen() -> dict[str, Vector]:
        small = projected(held.system, np.column_stack([*baths, basis]), ports)
        return {name: rest + _varying(small, body, model.powers, name, times) for name, rest in rests.items()}

    found = seen()
    for shift in _MORE:
        before = found
        basis = krylov_basis(held, np.column_stack(vectors), moments=_MOMENTS, shifts=[rate * shift], known=basis)
        held.forget(rate * shift)
        found = seen()
        error = {name: float(np.abs(found[name] - before[name]).max()) for name in found}
        swing = max((float(np.ptp(values)) for values in found.values()), default=0.0)
        if max(error.values(), default=0.0) <= _SMALL * tolerance * swing:
            break
    return PeriodicState(times, found, error)


def _rests(held: Held, body: Body, model: BodyModel) -> dict[str, float]:
    """Steady temperature of every sensor with all sources at their powers [K]."""
    reference = min(body.bath_temperature(port) for port in body.baths)
    answers = steady_answers(held, body, model.powers, reference)
    return {name: answers[f"temperature.{name}"] + reference for name in body.sensors}


def _varying(small: System, body: Body, powers: Mapping[str, float], sensor: str, times: Vector) -> Vector:
    """What everything that varies adds to a sensor's steady temperature [K]."""
    held, total = small.hold(*body.baths), np.zeros(len(times))
    for name, course in body.courses.items():
        power = powers.get(name)
        if power is None:  # a temperature: its rest is in the steady state already
            response = port_transfer(held, sensor, name)
            swing, level = course.amplitude, course.offset - body.bath_temperature(name)
        else:  # the steady state has the power itself, what varies has it times the course
            response = transfer(held, sensor, name)
            swing, level = power * course.amplitude, power * (course.offset - 1.0)
        total = total + swing * periodic(response, course.signal).at(times) + level * response.resistance
    return total


def swinging_field(body: Body, model: BodyModel) -> Vector:
    """Amplitude of the temperature of every node at the frequency of everything that varies [K]: its first harmonic."""
    system, held = model.system, model.system.hold(*body.baths)
    load, given = np.zeros(system.size, dtype=complex), np.zeros(len(held.fixed), dtype=complex)
    for name, course in body.courses.items():
        first = 2 * course.amplitude * fourier(course.signal, 1)[1]
        if name in model.powers:
            load += model.powers[name] * first * system.sources[name]
        else:
            given += first * np.isin(held.fixed, system.ports[name])
    found = held.solve(load, held=given, s=2j * math.pi / period_of(body))
    return np.asarray(np.abs(found)[model.unknowns])
