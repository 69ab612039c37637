r"""One implicit step in time: the two methods, their stages, the error estimate.

A stage i of a diagonally implicit Runge-Kutta method solves

.. math:: C (Y_i - w_i) / (\gamma h) + \text{flow}(Y_i) = \text{load}(t + c_i h), \qquad
          w_i = T_n + h \sum_{j < i} a_{ij} k_j, \qquad k_i = (Y_i - w_i) / (\gamma h)

so that only C times a rate is ever used and C may be singular: unknowns without a capacity obey their own balance in
every stage. Held unknowns take their given temperature as Y_i, and what the coupling in C stores is the change of C T
itself. Both methods have gamma = 1/4 and order 4 with an embedded 3, are L-stable and end with their last stage
(stiffly accurate):

- SDIRK4 (Hairer, Wanner, Solving Ordinary Differential Equations II, 2nd ed., Springer 1996, table IV.6.5). Five
  implicit stages. It asks for no rate at the beginning, so it may follow a jump.
- ARK4(3)6L[2]SA-ESDIRK (Kennedy, Carpenter, Appl. Numer. Math. 44, 139 (2003), appendix C). Five implicit stages
  after an explicit one, which is the last one of the step before. Its stages have order 2, those of SDIRK4 order 1,
  and where given temperatures change with time the order falls to one more than that of the stages.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from thermonet.system.core import Matrix, Vector

#: Diagonal coefficient of both methods: they share their factors.
GAMMA = 0.25
#: Order of the error of one step of the embedded methods.
LOCAL_ORDER = 4


@dataclass(frozen=True)
class Method:
    """Coefficients of a diagonally implicit Runge-Kutta method.

    Attributes
    ----------
    stages
        Rows a_i1 .. a_ii; the last one holds the weights b too. A first row of zero is the rate at the beginning.
    embedded
        Weights of the embedded method.
    """

    stages: tuple[tuple[float, ...], ...]
    embedded: tuple[float, ...]

    @property
    def explicit_first(self) -> bool:
        """Whether the first stage is the rate at the beginning."""
        return self.stages[0] == (0.0,)

    @property
    def nodes(self) -> list[float]:
        """c_i: the part of the step at which every stage stands."""
        return [round(math.fsum(row), 12) for row in self.stages]  # the last one is exactly one

    @property
    def difference(self) -> list[float]:
        """Weights of the rates in the error estimate."""
        return [b - other for b, other in zip(self.stages[-1], self.embedded, strict=True)]


SDIRK = Method(
    (
        (GAMMA,),
        (1 / 2, GAMMA),
        (17 / 50, -1 / 25, GAMMA),
        (371 / 1360, -137 / 2720, 15 / 544, GAMMA),
        (25 / 24, -49 / 48, 125 / 16, -85 / 12, GAMMA),
    ),
    (59 / 48, -17 / 96, 225 / 32, -85 / 12, 0.0),
)
ESDIRK = Method(
    (
        (0.0,),
        (GAMMA, GAMMA),
        (8611 / 62500, -1743 / 31250, GAMMA),
        (5012029 / 34652500, -654441 / 2922500, 174375 / 388108, GAMMA),
        (15267082809 / 155376265600, -71443401 / 120774400, 730878875 / 902184768, 2285395 / 8070912, GAMMA),
        (82889 / 524892, 0.0, 15625 / 83664, 69875 / 102672, -2260 / 8211, GAMMA),
    ),
    (
        4586570599 / 29645900160,
        0.0,
        178811875 / 945068544,
        814220225 / 1159782912,
        -3700637 / 11593932,
        61727 / 225920,
    ),
)


class StageFailedError(Exception):
    """A nonlinear stage found no solution; a shorter step may. Never leaves this floor."""


class Flow(Protocol):
    """What a step through time has to know of a system with held ports."""

    @property
    def capacity(self) -> Matrix:
        """C (n, n) [J/K]."""

    def stage(self, base: Vector, s: float, time: float, guess: Vector) -> Vector:
        """Temperatures Y [K] with s C (Y - base) + flow(Y) = load(time), the held ones as given at that time.

        Raises
        ------
        StageFailedError
            None were found.
        """

    def smoothed(self, change: Vector, s: float) -> Vector:
        """Temperatures x [K] with (s C + dflow/dT) x = s C change, zero where they are held (C change is not)."""

    def released(self, temperature: Vector, rate: Vector, time: float) -> Vector:
        """Heat that flows out into every held port [W], (ports,)."""

    def supplied(self, time: float) -> float:
        """Heat that enters from the sources [W]."""


@dataclass(frozen=True)
class State:
    """Temperatures [K] and their rates [K/s] at a time [s]."""

    time: float
    temperature: Vector
    rate: Vector


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes
    ----------
    begin, end
        States; the rate at the beginning means nothing where the method does not ask for it.
    error
        Estimate of the error of the temperatures [K].
    stages
        Temperatures of the implicit stages [K].
    supplied, released
        Heat that entered from sources, and that left through every held port [J].
    """

    begin: State
    end: State
    error: Vector
    stages: list[Vector]
    supplied: float
    released: Vector


def step(flow: Flow, method: Method, begin: State, stop: float, h: float, clock: Callable[[float], float]) -> Step:
    """Take one step.

    Parameters
    ----------
    flow, method
        The system and how to step.
    begin
        Where to begin.
    stop
        Time at the end [s].
    h
        Its length [s]: that of `stop` to rounding, but the same number for all steps that share factors.
    clock
        Moves a time to where the signals are those of this step.

    Raises
    ------
    StageFailedError
        A nonlinear stage found no solution.
    """
    s = 1 / (GAMMA * h)
    stages: list[Vector] = []
    rates: list[Vector] = []
    guess = begin.temperature
    supplied, released = 0.0, np.zeros(1)
    for row, node, weight in zip(method.stages, method.nodes, method.stages[-1], strict=True):
        time = clock(stop if node == 1 else begin.time + node * h)
        if row[-1]:
            base = begin.temperature + h * _combined(row[:-1], rates, begin.temperature)
            # After a jump the last rate says nothing of the next one.
            near = base + rates[-1] / s if method.explicit_first else guess
            guess = flow.stage(base, s, time, near)
            rates.append((guess - base) * s)
            stages.append(guess)
        else:
            rates.append(begin.rate)
        if weight:
            supplied += h * weight * flow.supplied(time)
            released = released + h * weight * flow.released(guess, rates[-1], time)
    # Components too fast for the step, and massless ones, are damped in the error as the method itself damps them.
    error = flow.smoothed(h * _combined(method.difference, rates, guess), s)
    return Step(begin, State(stop, guess, rates[-1]), error, stages, supplied, released)


def _combined(weights: Sequence[float], rates: Sequence[Vector], like: Vector) -> Vector:
    found = np.zeros_like(like)
    for weight, rate in zip(weights, rates, strict=True):
        if weight:
            found += weight * rate
    return found


def between(found: Step, time: float) -> State:
    """State inside a step: the cubic through both ends with their rates (Hermite), as exact as the step itself."""
    begin, end = found.begin, found.end
    h = end.time - begin.time
    x = (time - begin.time) / h
    rise = end.temperature - begin.temperature
    value = begin.temperature + x**2 * (3 - 2 * x) * rise
    value += h * x * (1 - x) * ((1 - x) * begin.rate - x * end.rate)
    slope = 6 * x * (1 - x) / h * rise + (1 - x) * (1 - 3 * x) * begin.rate + x * (3 * x - 2) * end.rate
    return State(time, value, slope)
