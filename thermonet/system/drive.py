"""What drives a system in time: powers and given temperatures that follow signals, and the numbers they come to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from thermonet.system.core import Held, Vector
from thermonet.system.signals import Course, course

#: Breakpoints closer than this part of the whole time are one.
ONE_INSTANT = 1e-12


@dataclass(frozen=True, kw_only=True)
class Drive:
    """What a system is driven by.

    Attributes
    ----------
    powers
        Heat of the sources by name [W]; the others are off.
    temperatures
        Of the held ports by name [K]; the others stay as they are at the start.
    """

    powers: Mapping[str, Course | float] = field(default_factory=dict)
    temperatures: Mapping[str, Course | float] = field(default_factory=dict)

    @property
    def courses(self) -> list[Course]:
        """All of them."""
        return [course(value) for value in (*self.powers.values(), *self.temperatures.values())]

    def breakpoints(self, start: float, stop: float) -> Vector:
        """Start, stop and all times between them at which anything jumps or bends [s]."""
        inner = np.concatenate([np.zeros(0), *(each.signal.breakpoints(start, stop) for each in self.courses)])
        margin = ONE_INSTANT * (stop - start)
        inner = np.unique(inner[(inner > start + margin) & (inner < stop - margin)])
        apart = np.diff(inner, prepend=start) > margin
        return np.concatenate([[start], inner[apart], [stop]])

    def longest_step(self, tolerance: float) -> float:
        """Longest step that follows everything between breakpoints to a tolerance [s]."""
        return min((each.signal.longest_step(tolerance) for each in self.courses), default=math.inf)


@dataclass(frozen=True)
class Forcing:
    """The drive of a held system as numbers: loads and given temperatures at a time.

    Attributes
    ----------
    loads
        Load vector per watt (n, sources), and the course of every power.
    ports
        Places of every driven port among the held unknowns, with the course of its temperature.
    rest
        Temperatures of the held unknowns where nothing drives them [K], less the reference.
    one
        The uniform field of one kelvin on the held unknowns.
    reference
        Temperature from which all others count [K].
    """

    loads: Vector
    powers: tuple[Course, ...]
    ports: tuple[tuple[NDArray[np.int64], Course], ...]
    rest: Vector
    one: Vector
    reference: float

    def load(self, time: float) -> Vector:
        """Heat into every unknown (n,) [W]."""
        return np.asarray(self.loads @ self.watts(time))

    def given(self, time: float) -> Vector:
        """Temperatures of the held unknowns (held,) [K], less the reference."""
        values = self.rest.copy()
        for places, temperature in self.ports:
            values[places] = (float(temperature.at(time)) - self.reference) * self.one[places]
        return values

    def supplied(self, time: float) -> float:
        """Heat of all sources [W]."""
        return float(self.watts(time).sum())

    def watts(self, time: float) -> Vector:
        """Heat of every driven source (sources,) [W]."""
        return np.array([float(power.at(time)) for power in self.powers])


def forcing(held: Held, drive: Drive, started: Vector, reference: float = 0.0) -> Forcing:
    """Bring a drive into the order of a held system's unknowns.

    Parameters
    ----------
    held, drive
        The system and its drive.
    started
        Temperature of every unknown at the start (n,) [K], less the reference; a port that is not driven keeps it.
    reference
        Temperature from which all count [K].

    Raises
    ------
    KeyError
        A source or held port is not there.
    """
    system = held.system
    _require_names("source", drive.powers, system.sources)
    _require_names("held port", drive.temperatures, held.ports)
    loads = np.array([system.sources[name] for name in drive.powers]).reshape(len(drive.powers), system.size).T
    ports = tuple(
        (np.searchsorted(held.fixed, system.ports[name]), course(value)) for name, value in drive.temperatures.items()
    )
    powers = tuple(course(value) for value in drive.powers.values())
    return Forcing(loads, powers, ports, started[held.fixed], system.one[held.fixed], reference)


def _require_names(kind: str, asked: Mapping[str, object], there: Mapping[str, object] | Sequence[str]) -> None:
    missing = [name for name in asked if name not in there]
    if missing:
        raise KeyError(f"no {kind} is called {', '.join(missing)}; there is {', '.join(there) or 'none'}")
