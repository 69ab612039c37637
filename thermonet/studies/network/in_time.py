"""A network in time: from an initial temperature with everything that varies, or in the periodic state it reaches."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from thermonet.documents.body.drawn import PeriodicEntry, TransientEntry
from thermonet.quantities.errors import PhysicsError
from thermonet.results.record import Check, Column, Quantity, Table
from thermonet.studies.bodies.in_time import transient_balance
from thermonet.studies.network.answers import SolvedNetwork
from thermonet.system.core import System, Vector
from thermonet.system.drive import Drive
from thermonet.system.modal import port_transfer
from thermonet.system.modes import transfer
from thermonet.system.nonlinear_transient import nonlinear_transient
from thermonet.system.periodic import periodic
from thermonet.system.signals import course
from thermonet.system.transient import Transient, checked, transient


@dataclass(frozen=True)
class InTime:
    """Tables, checks and quantities of a network in time."""

    tables: Mapping[str, Table]
    checks: Mapping[str, Check]
    quantities: Mapping[str, Quantity]


def network_in_time(solved: SolvedNetwork) -> InTime:
    """Whatever the document asks of its network in time.

    Raises
    ------
    NotConvergedError
        Steps became too short or too many.
    PhysicsError
        A periodic state of a network with too many unknowns to take it apart into modes.
    """
    document = solved.document
    tables: dict[str, Table] = {}
    checks: dict[str, Check] = {}
    quantities: dict[str, Quantity] = {}
    if document.transient is not None:
        found = _transient(solved, document.transient)
        tables["transient"] = _courses_table(found.times, found.sensors)
        checks["transient_heat_balance"] = transient_balance(found)
        quantities |= _at_end(found)
    if document.periodic is not None:
        times, courses = _periodic(solved, document.periodic)
        tables["periodic"] = _courses_table(times, courses)
        quantities |= _swings(times, courses)
    return InTime(tables, checks, quantities)


def drive_of(solved: SolvedNetwork) -> Drive:
    """Powers of all sources and temperatures of all held nodes in time."""
    courses = solved.design.courses
    powers = {name: courses.get(name, course(power)) for name, (_, power) in solved.powers.items()}
    held = {node: courses.get(node, course(rest)) for node, rest in solved.baths.items()}
    return Drive(powers=powers, temperatures=held)


def _with_sources(solved: SolvedNetwork, system: System) -> System:
    """Return the system with the document's sources by their names, and its nodes as the only sensors."""
    loads = {name: system.sources[node] for name, (node, _) in solved.powers.items()}
    return replace(system, sources=loads, sensors={node: system.sensors[node] for node in solved.document.nodes})


def _transient(solved: SolvedNetwork, asked: TransientEntry) -> Transient:
    drive, nonlinear = drive_of(solved), solved.model.nonlinear
    ports, times = tuple(solved.model.held), np.linspace(0.0, asked.until.value, asked.points + 1)
    initial = (asked.initial or solved.document.temperature).value
    system = _with_sources(solved, solved.model.system)

    def run(tolerance: float, step: float | None) -> Transient:
        if nonlinear is not None:
            changing = replace(nonlinear, linear=_with_sources(solved, nonlinear.linear))
            return nonlinear_transient(
                changing, ports, drive, times, initial=initial, tolerance=tolerance, fixed_step=step
            )
        held = system.hold(*ports)
        return transient(held, drive, times, initial=initial, tolerance=tolerance, fixed_step=step)

    found = checked(run, asked.tolerance.value, None if asked.step is None else asked.step.value)
    # A held node is at its own temperature from the start, whatever everything else begins at.
    begun = math.nextafter(0.0, math.inf)  # at a jump the value after it
    at_held = {
        node: np.concatenate([[float(course(given).at(begun))], found.sensors[node][1:]])
        for node, given in drive.temperatures.items()
        if node in found.sensors
    }
    return replace(found, sensors={**found.sensors, **at_held})


def _periodic(solved: SolvedNetwork, asked: PeriodicEntry) -> tuple[Vector, dict[str, Vector]]:
    """Times over one period [s], and temperature of every node [K]: the steady state and what everything adds to it."""
    if not solved.has_modes:
        raise PhysicsError("the network is too large to be taken apart into modes, expected fewer nodes", "periodic")
    courses, held = solved.design.courses, _with_sources(solved, solved.model.system).hold(*solved.model.held)
    period = next(float(each.signal.period) for each in courses.values() if each.signal.period is not None)
    times = np.linspace(0.0, period, asked.points + 1)
    found = {node: np.full(len(times), rest) for node, rest in solved.steady.temperature.items()}
    for node in solved.document.nodes:
        for name, varying in courses.items():
            power = name in solved.powers
            response = transfer(held, node, name) if power else port_transfer(held, node, name)
            rest = solved.powers[name][1] if power else solved.baths[name]
            seen = periodic(response, varying.signal).at(times)
            found[node] += varying.amplitude * seen + (varying.offset - rest) * response.resistance
    return times, {node: found[node] for node in solved.document.nodes}


def _courses_table(times: Vector, sensors: Mapping[str, Vector]) -> Table:
    columns = {name: Column("K", [float(value) for value in values]) for name, values in sensors.items()}
    return {"time": Column("s", [float(time) for time in times]), **columns}


def _at_end(found: Transient) -> dict[str, Quantity]:
    """Temperature of every node at the last time; what inputs do to it is not followed."""
    return {
        f"temperature_at_end.{name}": Quantity(
            value=float(values[-1]),
            unit="K",
            symbol=f"T({name}, t)",
            description=f"temperature of '{name}' at t = {found.times[-1]:g} s",
            numerical_error=(found.error or {}).get(name),
            source="implicit steps in time",
        )
        for name, values in found.sensors.items()
    }


def _swings(times: Vector, courses: Mapping[str, Vector]) -> dict[str, Quantity]:
    """Largest less smallest temperature of every node over a period; what inputs do to it is not followed."""
    return {
        f"periodic_swing.{name}": Quantity(
            value=float(np.ptp(values)),
            unit="K",
            symbol=f"DT({name})",
            description=f"largest less smallest temperature of '{name}' over a period of {times[-1]:g} s",
            source="all modes, each summed over all periods",
        )
        for name, values in courses.items()
    }
