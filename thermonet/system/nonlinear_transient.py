"""Temperatures of a nonlinear system in time: the steps of the linear one, with Newton's method in every stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from thermonet.quantities.errors import NotConvergedError, PhysicsError
from thermonet.system.core import Held, Matrix, Vector
from thermonet.system.drive import Drive, Forcing, forcing
from thermonet.system.linear_flow import Recent, kept_factors, port_sums
from thermonet.system.nonlinear import NonlinearSystem, direction, is_rounding
from thermonet.system.runge_kutta import StageFailedError
from thermonet.system.transient import Transient, initial_field, paced, shifted, walked

#: Heat that may be missing in a stage, relative to all that is stored, enters or flows in it: this part of the
#: tolerance of a step, within limits; and the part of it that a Newton direction may leave.
_BALANCED, _TIGHTEST, _LOOSEST = 1e-4, 1e-11, 1e-8
_DIRECTION = 1e-3
#: Newton's iterations in a stage, and halvings of a correction, before a shorter step is tried.
_ITERATIONS, _HALVINGS = 12, 6
#: Factors made at earlier temperatures no longer serve when GMRES takes so many times the steps that it took at first.
_STALE = 3


def nonlinear_transient(
    system: NonlinearSystem,
    ports: Sequence[str],
    drive: Drive,
    times: Sequence[float] | Vector,
    *,
    initial: float | Vector,
    start: float = 0.0,
    tolerance: float = 1e-4,
    fixed_step: float | None = None,
    fields: bool = False,
) -> Transient:
    """Temperatures and heats at some times; temperatures are absolute.

    Parameters
    ----------
    system
        The system.
    ports
        Held ones, surroundings to which it radiates included.
    drive, times, initial, start, tolerance, fixed_step, fields
        As for `thermonet.system.transient.transient`.

    Raises
    ------
    PhysicsError
        As there, or the initial temperatures are none that the system's laws are known for.
    NotConvergedError
        Steps became too short or too many; with a fixed step, a stage found no balance.
    """
    held = system.linear.hold(*ports)
    reference = float(np.mean(initial))
    started = initial_field(initial, held.system.one) - reference * held.system.one
    pace = paced(drive, tolerance, fixed_step)
    balanced = float(np.clip(_BALANCED * tolerance, _TIGHTEST, _LOOSEST))
    flow = NonlinearFlow(system, held, forcing(held, drive, started, reference), started, balanced)
    try:
        found = walked(flow, held, drive, pace, np.asarray(times, float), start, started, fields=fields)
    except NotConvergedError:
        if flow.obstacle is None:
            raise
        raise PhysicsError(f"the temperatures cannot be followed: {flow.obstacle}", flow.obstacle.path) from None
    return shifted(found, reference, held.system.one, flow.factors.count)


@dataclass
class NonlinearFlow:
    """A nonlinear system with held ports, as steps through time see it; temperatures count from the reference.

    Attributes
    ----------
    system, held
        The system, and the linear one with its ports held.
    forcing
        What drives it.
    frozen_at
        Temperatures at which the factors to come are made [K].
    balanced
        Heat that may be missing in a stage, relative to all that is stored, enters or flows in it.
    obstacle
        The law that the last stage left what it is known for, where one did.
    """

    system: NonlinearSystem
    held: Held
    forcing: Forcing
    frozen_at: Vector
    balanced: float
    factors: Recent[Held] = field(init=False)
    obstacle: PhysicsError | None = field(init=False, default=None)
    _first: dict[float, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.factors = Recent(self._frozen, lambda _: None, kept_factors(len(self.held.free)))
        self._ports = port_sums(self.held)

    def _frozen(self, s: float) -> Held:
        self._first.pop(s, None)
        return self.system.frozen(self.frozen_at, self.forcing.reference).hold(*self.held.ports)

    def _direction(self, rise: Vector, missing: Vector, s: float) -> Vector:
        self.frozen_at = rise
        near_inverse = self.factors.at(s).near_inverse(s)
        found, steps = direction(
            self.system, self.held, self.forcing.reference, rise, missing, s, near_inverse, _DIRECTION
        )
        if steps > _STALE * self._first.setdefault(s, steps):
            self.factors.drop(s)
        return found

    @property
    def capacity(self) -> Matrix:
        """C (n, n) [J/K]."""
        return self.held.C

    def stage(self, base: Vector, s: float, time: float, guess: Vector) -> Vector:
        """Temperatures of a stage [K], by Newton's method."""
        rise = guess.copy()
        rise[self.held.fixed] = self.forcing.given(time)
        load = self.forcing.load(time)
        self.obstacle = None
        try:
            missing, size = self._missing(rise, base, s, load)
        except PhysicsError as error:  # a shorter step guesses better
            self.obstacle = error
            raise StageFailedError from None
        for _ in range(_ITERATIONS):
            if np.abs(missing).sum() <= self.balanced * size:
                return rise
            change = self._direction(rise, self._padded(missing), s)
            if is_rounding(change, rise, self.forcing.reference):
                return rise
            rise, missing, size = self._corrected(rise, change, base, s, load, missing)
        raise StageFailedError

    def _missing(self, rise: Vector, base: Vector, s: float, load: Vector) -> tuple[Vector, float]:
        """Heat missing at the free unknowns [W], and the size of all heat there."""
        free = self.held.free
        storing = (s * (self.held.C @ (rise - base)))[free]
        flowing = self.system.flow(rise, self.forcing.reference)[free]
        size = sum(float(np.abs(part).sum()) for part in (storing, flowing, load[free]))
        return load[free] - storing - flowing, size

    def _padded(self, free: Vector) -> Vector:
        found = np.zeros(self.held.system.size)
        found[self.held.free] = free
        return found

    def _corrected(
        self, rise: Vector, change: Vector, base: Vector, s: float, load: Vector, missing: Vector
    ) -> tuple[Vector, Vector, float]:
        left = np.abs(missing).sum()
        for halvings in range(_HALVINGS):
            there = rise + 0.5**halvings * change
            try:
                found, size = self._missing(there, base, s, load)
            except PhysicsError as error:
                self.obstacle = error
                continue
            if np.abs(found).sum() < left:
                return there, found, size
        raise StageFailedError

    def smoothed(self, change: Vector, s: float) -> Vector:
        """A change of temperature as an implicit step of frozen properties damps it [K]."""
        free = self.held.free
        return self._padded(self.factors.at(s).factor(s)(s * (self.held.C @ change)[free]))

    def released(self, temperature: Vector, rate: Vector, time: float) -> Vector:
        """Heat out into every held port [W]."""
        left = self.forcing.load(time) - self.system.flow(temperature, self.forcing.reference)
        return np.asarray(self._ports @ (left - self.held.C @ rate))

    def supplied(self, time: float) -> float:
        """Heat of all sources [W]."""
        return self.forcing.supplied(time)
