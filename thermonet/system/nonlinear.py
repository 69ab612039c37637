"""Nonlinear systems: conduction and radiation that depend on temperature, solved by Newton's method with a line search.

A nonlinear system is a linear one and terms that say which heat leaves every unknown at given temperatures. Heat is
conserved as there: what a term takes from one unknown it gives to others, radiation to the unknown of its
surroundings. Temperatures are absolute, but kept as rises over a uniform base: a gradient of a microkelvin at 300 K
would otherwise drown in the rounding of 300.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.sparse.linalg import LinearOperator, gmres

from thermonet.quantities.errors import NotConvergedError, PhysicsError
from thermonet.system.core import Held, Matrix, System, Vector

#: A Newton direction of a steady state is found to this part of the residual.
_DIRECTION = 1e-8
#: Directions of the Krylov space kept, and how often it is begun anew.
_KRYLOV, _RESTARTS = 60, 5
#: A shortened step must take this part of what the whole one promises off the residual; halvings before giving up.
_ARMIJO, _SHORTEST = 1e-4, 30
#: A correction below this part of the largest rise, or of the temperature itself, is rounding.
_ROUNDING, _ABSOLUTE_ROUNDING = 1e-13, 1e-15
#: A balance is exact to so many units of rounding of the heats that add up to it.
_UNITS = 8 * float(np.finfo(float).eps)
#: A tangent whose two halves differ by less than this part is symmetric.
_SYMMETRIC = 1e-9


class NonlinearTerm(Protocol):
    """Heat that depends on temperature in its own way; ``one @ heat = 0``."""

    @property
    def name(self) -> str:
        """Of the term."""

    def heat(self, rise: Vector, base: float) -> Vector:
        """Heat that leaves every unknown [W] at the temperatures base + rise [K], (n,).

        Raises
        ------
        PhysicsError
            The temperatures are none that the term's law is known for.
        """

    def slope(self, rise: Vector, base: float) -> Matrix:
        """Derivative of the heat by the temperatures [W/K], (n, n)."""

    def conductance(self, rise: Vector, base: float) -> Matrix:
        """Symmetric matrix [W/K] with ``matrix @ one = 0`` that the slope is close to (n, n).

        The slope itself wherever that is symmetric among unknowns that are not held; else what is left of it when
        properties are frozen.
        """


@dataclass(frozen=True, kw_only=True)
class NonlinearSystem:
    """A linear system and nonlinear terms on its unknowns.

    Attributes
    ----------
    linear
        Unknowns, sources, sensors, ports, capacity, and the conduction that does not depend on temperature.
    terms
        The rest of the heat flow.
    """

    linear: System
    terms: tuple[NonlinearTerm, ...]

    def __post_init__(self) -> None:
        names = [*self.linear.theta, *(term.name for term in self.terms)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two terms are called {', '.join(twice)}")

    @cached_property
    def _linear_flow(self) -> Matrix:
        return self.linear.total(self.linear.K)

    def flow(self, rise: Vector, base: float = 0.0) -> Vector:
        """Heat that leaves every unknown [W] at the temperatures base + rise [K]."""
        found = np.asarray(self._linear_flow @ self.unevenness(rise))
        for term in self.terms:
            found = found + term.heat(rise, base)
        return found

    def unevenness(self, rise: Vector) -> Vector:
        """Part of the rises that makes heat flow, less a uniform one [K]: what a large uniform rise rounds away."""
        one = self.linear.one
        return rise - float(one @ rise) / float(one @ one) * one

    def residual(self, rise: Vector, load: Vector, base: float = 0.0) -> Vector:
        """Heat [W] that is missing at every unknown: what enters less what leaves."""
        return load - self.flow(rise, base)

    def tangent(self, rise: Vector, base: float = 0.0) -> Matrix:
        """Derivative of the heat flow by the temperatures [W/K]; symmetric only where every slope is."""
        first, *others = self.slopes(rise, base)
        for slope in others:
            first = first + slope
        return first

    def slopes(self, rise: Vector, base: float = 0.0) -> list[Matrix]:
        """Parts of the tangent, the linear one first [W/K]."""
        return [self._linear_flow, *(term.slope(rise, base) for term in self.terms)]

    def frozen(self, rise: Vector, base: float = 0.0) -> System:
        """Linear system with all properties as they are at some temperatures: symmetric, and conserves heat."""
        found = self._linear_flow
        for term in self.terms:
            found = found + term.conductance(rise, base)
        capacities = {name: self.linear.theta[name] for name in self.linear.C}
        return replace(self.linear, K={"frozen": found}, theta={"frozen": 1.0, **capacities})

    def linearised(self, rise: Vector, *ports: str, base: float = 0.0) -> System:
        """Linear system for small changes about some temperatures, the given ports being held there.

        Its terms are those of the linear part and the nonlinear ones, with a coefficient of one. Reciprocity, modes
        and everything that is read off them belong to symmetric systems only.

        Raises
        ------
        PhysicsError
            The tangent is not symmetric: heat flows through a material whose conductivity depends on temperature.
        """
        linear = self.linear
        matrices = {term.name: term.conductance(rise, base) for term in self.terms}
        ones = dict.fromkeys(matrices, 1.0)
        system = replace(linear, K={**linear.K, **matrices}, theta={**linear.theta, **ones})
        free = system.hold(*ports).free
        tangent = self.tangent(rise, base)[free][:, free]
        off = tangent - self.frozen(rise, base).K["frozen"][free][:, free]
        if float(abs(off).max()) > _SYMMETRIC * float(abs(tangent).max()):
            raise PhysicsError(
                "heat flows through a material whose conductivity depends on temperature: small changes about this "
                "state know no reciprocity and no modes; expected a state of uniform temperature there, or a constant "
                "conductivity"
            )
        return system


@dataclass(frozen=True)
class SteadyState:
    """Temperatures at which all heat balances.

    Attributes
    ----------
    rise
        Over the base, of every unknown [K].
    base
        Temperature from which rises count [K].
    heat
        Heat that flows out into every held port [W].
    imbalance
        Heat missing at all free unknowns together, relative to the heat that flows.
    history
        The same before every iteration, the last one included.
    """

    rise: Vector
    base: float
    heat: Mapping[str, float]
    imbalance: float
    history: tuple[float, ...]

    def sensed(self, weights: Vector) -> float:
        """Mean temperature that a sensor's weights see [K]."""
        return self.base + float(weights @ self.rise)


def steady_state(
    system: NonlinearSystem,
    temperatures: Mapping[str, float],
    powers: Mapping[str, float],
    *,
    guess: float | Vector | None = None,
    tolerance: float = 1e-10,
    most: int = 50,
) -> SteadyState:
    """Temperatures of a nonlinear system with some ports held.

    Parameters
    ----------
    system
        The system.
    temperatures
        Of the held ports [K], absolute.
    powers
        Of the sources [W]; the others are off.
    guess
        Temperature to begin with, one number or of every unknown [K]; the mean of the held ones where nothing is given.
    tolerance
        Heat that may be missing at all unknowns together, relative to the heat that flows: that of the sources and
        through the held ports.
    most
        Iterations.

    Raises
    ------
    NotConvergedError
        The tolerance was not met; the text has the history.
    PhysicsError
        It was not, because the way leads to temperatures that the law of a term is not known for.
    KeyError
        A source or port is not there.
    """
    linear = system.linear
    held = linear.hold(*temperatures)
    base = float(np.mean(list(temperatures.values())))
    rise = np.zeros(linear.size) if guess is None else np.array(guess - base * linear.one, dtype=float)
    for port, value in temperatures.items():
        nodes = linear.ports[port]
        rise[nodes] = (value - base) * linear.one[nodes]
    load = np.zeros(linear.size)
    for name, power in powers.items():
        load += power * linear.sources[name]
    supplied = sum(abs(power) for power in powers.values())
    history: list[float] = []
    obstacle: PhysicsError | None = None
    missing = system.residual(rise, load, base)
    while True:
        heat = {port: float(missing[linear.ports[port]].sum()) for port in held.ports}
        flowing = supplied + sum(abs(value) for value in heat.values())
        left = float(np.abs(missing[held.free]).sum())
        history.append(left / flowing if flowing else left)
        if left <= tolerance * flowing:
            break
        if len(history) > most:
            raise _gave_up(history, tolerance, f"{most} iterations were not enough", obstacle)
        frozen = system.frozen(rise, base)
        try:
            solve = frozen.hold(*temperatures).near_inverse()
        except (RuntimeError, np.linalg.LinAlgError):  # of the factorisation: exactly singular
            raise _gave_up(history, tolerance, "no more heat flows where the temperature rises") from None
        step, _ = direction(system, held, base, rise, missing, 0.0, solve)
        if is_rounding(step, rise, base):
            break
        found, obstacle = _searched(system, held, base, rise, load, step, left)
        if found is None:
            rounding = _UNITS * float((abs(frozen.K["frozen"]) @ np.abs(system.unevenness(rise))).sum())
            if left <= rounding:
                break
            raise _gave_up(history, tolerance, "no step along Newton's direction improves the balance", obstacle)
        rise, missing = found, system.residual(found, load, base)
    return SteadyState(rise, base, heat, history[-1], tuple(history))


def direction(
    system: NonlinearSystem,
    held: Held,
    base: float,
    rise: Vector,
    missing: Vector,
    s: float,
    precondition: Callable[[Vector], Vector],
    tolerance: float = _DIRECTION,
) -> tuple[Vector, int]:
    """Newton's direction: the change of temperatures (n,) [K] that would balance the heat if s C + flow were linear.

    Parameters
    ----------
    system, held, base
        The system, the linear one with its ports held, and the temperature from which rises count [K].
    rise, missing
        Where it stands [K], and the heat missing there [W].
    s
        1 / (gamma dt) of an implicit stage, 0 of a steady state [1/s].
    precondition
        Near inverse of s C + K on the free unknowns, with properties frozen near here: factors are as good as exact
        where the tangent is symmetric.
    tolerance
        Part of the heat missing that may stay.

    Returns
    -------
    tuple
        The direction, and the steps of GMRES that it took.
    """
    free, steps, full = held.free, 0, np.zeros_like(rise)
    slopes = system.slopes(rise, base)

    def warmed(change: Vector) -> Vector:
        """Heat that a change of the free temperatures takes; cheaper than a sum of matrices and a part of that."""
        full[free] = change
        heat = sum((slope @ full for slope in slopes), np.zeros_like(full))
        return np.asarray((heat + s * (held.C @ full) if s else heat)[free])

    def count(_: float) -> None:
        nonlocal steps
        steps += 1

    shape = (len(free), len(free))
    inside, _ = gmres(
        LinearOperator(shape, warmed, dtype=float),
        missing[free],
        rtol=tolerance,
        restart=_KRYLOV,
        maxiter=_RESTARTS,
        M=LinearOperator(shape, precondition, dtype=float),
        callback=count,
        callback_type="pr_norm",
    )
    found = np.zeros_like(rise)
    found[free] = inside
    return found, steps


def is_rounding(change: Vector, rise: Vector, base: float) -> bool:
    """Whether a change of temperature is no more than their rounding."""
    largest = _ROUNDING * float(np.abs(rise).max(initial=0.0)) + _ABSOLUTE_ROUNDING * abs(base)
    return bool(np.abs(change).max(initial=0.0) <= largest)


def _searched(
    system: NonlinearSystem, held: Held, base: float, rise: Vector, load: Vector, step: Vector, left: float
) -> tuple[Vector | None, PhysicsError | None]:
    """Go as far along a direction as takes heat off the imbalance (Armijo's rule).

    Returns
    -------
    tuple
        Where to, None where nowhere; and the law that knows no temperatures a little further on, where that is why.
    """
    obstacle = None
    for halvings in range(_SHORTEST):
        part = 0.5**halvings
        there = rise + part * step
        try:
            missing = float(np.abs(system.residual(there, load, base)[held.free]).sum())
        except PhysicsError as error:
            obstacle = error
            continue
        if missing <= (1 - _ARMIJO * part) * left:  # not where it is nan
            return there, obstacle
    return None, obstacle


def _gave_up(
    history: Sequence[float], tolerance: float, why: str, obstacle: PhysicsError | None = None
) -> NotConvergedError | PhysicsError:
    """What to raise: where the way to a balance leads out of what a law is known for, that is what is wrong."""
    if obstacle is not None:
        return PhysicsError(f"no temperatures were found at which all heat balances: {obstacle}", obstacle.path)
    told = ", ".join(f"{value:.1e}" for value in history[-8:])
    return NotConvergedError(
        f"Newton's method left {history[-1]:.1e} of the heat unbalanced, expected {tolerance:.0e}: {why}; imbalances "
        f"so far: {told}"
    )
