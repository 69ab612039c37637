"""Walking through time: steps chosen by their error, halved and doubled so that factors are used again.

A smooth piece (between two breakpoints) is divided by powers of two; a step lies where its own length divides the
piece, so the piece is always met at its end and a handful of lengths, hence of factors, serves all of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from thermonet.quantities.errors import NotConvergedError
from thermonet.system.core import Vector
from thermonet.system.runge_kutta import (
    ESDIRK,
    LOCAL_ORDER,
    SDIRK,
    Flow,
    Method,
    StageFailedError,
    State,
    Step,
    between,
    step,
)
from thermonet.system.signals import inside

#: Steps after a breakpoint without a rate at their beginning. After the first one the rates of unknowns too fast to
#: follow still carry what a jump has left of them; after the second they do not.
_SETTLING = 2
#: Part of the step that the error estimate allows which is taken.
_SAFETY = 0.9
#: Halvings at once after a rejected step, and of a whole piece before stepping gives up.
_AT_ONCE, _DEEPEST = 10, 50
#: Settling steps are halved this many times to keep requested times out of them: each would cost a step of its own.
_MAKING_ROOM = 6
#: Swings of the sensors below this part of the swing of the whole need not be exact to the tolerance.
_UNSEEN = 1e-6
#: A time less than this part of a step after its beginning is its beginning.
_SAME = 1e-9
#: Errors below this part of the temperatures are rounding.
_ROUNDING = 1e-13


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How steps are chosen.

    Attributes
    ----------
    tolerance
        Error allowed in one step, relative to the largest swing so far.
    fixed
        Length of all steps [s] whatever their error (pieces are cut into equal steps not longer than this); or None.
    longest
        Longest step [s] whatever its error.
    most
        Steps after which the walk gives up.
    """

    tolerance: float
    fixed: float | None
    longest: float
    most: int


@dataclass
class Walk:
    """A walk through time, and what it has cost so far.

    Attributes
    ----------
    flow
        The system.
    watched
        Weights (sensors, n) of the temperatures whose error counts, beside that of the whole.
    one
        The uniform field of one kelvin.
    pace
        How steps are chosen.
    initial
        Temperatures [K] from which swings are measured.
    supplied, released
        Heat that entered from sources, and that left through every held port [J].
    turned
        Sum of the sizes of both over all steps [J]: what an imbalance is compared with.
    accepted, rejected
        Steps.
    worst
        Largest error of an accepted step relative to the swing.
    """

    flow: Flow
    watched: Vector
    one: Vector
    pace: Pace
    initial: Vector
    supplied: float = 0.0
    released: Vector | float = 0.0
    turned: float = 0.0
    accepted: int = 0
    rejected: int = 0
    worst: float = 0.0
    _capacity: float = field(init=False)
    _swing: list[float] = field(init=False)
    _last: float = field(init=False, default=math.inf)

    def __post_init__(self) -> None:
        self._capacity = float(self.one @ (self.flow.capacity @ self.one))
        self._swing = [0.0, 0.0]

    def piece(self, start: float, stop: float, temperature: Vector, wanted: Sequence[float]) -> Iterator[State]:
        """Walk over a smooth piece; yields the states at the wanted times start < t < stop, in order, and at its end.

        Parameters
        ----------
        start, stop
            Its ends [s].
        temperature
            At its beginning [K]; what a jump makes wrong there, but for the heat stored, is forgotten.
        wanted
            Times inside [s], in order.

        Raises
        ------
        NotConvergedError
            Steps became too short or too many.
        """
        ladder = self._ladder(start, stop)
        here, settled, rest = State(start, temperature, np.zeros_like(temperature)), 0, list(wanted)

        def clock(time: float) -> float:
            return float(inside(time, start, stop))

        while not ladder.done:
            found, ratio = self._tried(SDIRK if settled < _SETTLING else ESDIRK, here, ladder, clock)
            within = [time for time in rest if time < ladder.end]
            crowded = settled < _SETTLING and len(within) > 1 and ladder.halvings < _MAKING_ROOM
            if found is None or (self.pace.fixed is None and (ratio > 1 or crowded)):
                self.rejected += 1
                ladder.shorten(_halvings(ratio))
                self._refuse_endless(ladder, here)
                continue
            for time in within:
                yield self._inside(found, time, settled, clock)
            rest = rest[len(within) :]
            self._book(found, ratio)
            here, settled, self._last = found.end, settled + 1, ladder.h
            ladder.advance(longer=self.pace.fixed is None and 2 * ratio ** (1 / LOCAL_ORDER) <= _SAFETY)
            self._refuse_endless(ladder, here)
        yield here

    def _ladder(self, start: float, stop: float) -> _Ladder:
        if self.pace.fixed is not None:
            return _Ladder(start, stop, max(1, math.ceil((stop - start) / self.pace.fixed * (1 - 1e-9))), 0)
        # The first step tried in all is the whole piece: its stages say how far the temperatures will swing.
        fewest = _doublings((stop - start) / self.pace.longest)
        ladder = _Ladder(start, stop, 2**fewest, 0)
        ladder.shorten(max(0, _doublings(ladder.h / self._last)) if any(self._swing) else 0)
        return ladder

    def _tried(
        self, method: Method, here: State, ladder: _Ladder, clock: Callable[[float], float]
    ) -> tuple[Step | None, float]:
        """Return a step and its error per allowed error; none where a stage found no solution."""
        try:
            found = step(self.flow, method, here, ladder.end, ladder.h, clock)
        except StageFailedError:
            return None, 2.0**LOCAL_ORDER
        ratio = self._error(found) / self.pace.tolerance
        return (found, ratio) if math.isfinite(ratio) else (None, 2.0**LOCAL_ORDER)

    def _error(self, found: Step) -> float:
        """Error of a step relative to the largest swing so far, this step's included."""
        for stage in found.stages:
            for i, size in enumerate(self._sizes(stage - self.initial)):
                self._swing[i] = max(self._swing[i], size)
        whole, seen = self._sizes(found.error)
        rounding = _ROUNDING / self.pace.tolerance * float(np.abs(found.end.temperature).max(initial=0.0))
        swing = max(*self._swing, rounding)
        if not math.isfinite(whole + seen):
            return math.inf
        if swing == 0:
            return 0.0
        return max(whole / swing, seen / max(self._swing[1], _UNSEEN * swing, rounding))

    def _sizes(self, temperature: Vector) -> tuple[float, float]:
        """Root mean square over all heat capacity, and the largest of the watched temperatures."""
        whole = float(temperature @ (self.flow.capacity @ temperature))
        seen = float(np.abs(self.watched @ temperature).max(initial=0.0))
        return math.sqrt(max(whole, 0.0) / self._capacity) if self._capacity > 0 else 0.0, seen

    def _inside(self, found: Step, time: float, settled: int, clock: Callable[[float], float]) -> State:
        """State at a time inside a step, or at its beginning."""
        begin = found.begin
        if time - begin.time <= _SAME * (found.end.time - begin.time):
            return begin
        return between(found, time) if settled >= _SETTLING else self._apart(begin, time, clock)

    def _apart(self, here: State, time: float, clock: Callable[[float], float]) -> State:
        """State at a time inside a settling step, by two steps of its own: the second one has a true rate."""
        h = _rounded((time - here.time) / 2)
        middle = step(self.flow, SDIRK, here, here.time + h, h, clock).end
        return step(self.flow, SDIRK, middle, time, h, clock).end

    def _book(self, found: Step, ratio: float) -> None:
        self.supplied += found.supplied
        self.released = self.released + found.released
        self.turned += abs(found.supplied) + float(np.abs(found.released).sum())
        self.accepted += 1
        self.worst = max(self.worst, ratio * self.pace.tolerance)

    def _refuse_endless(self, ladder: _Ladder, here: State) -> None:
        if ladder.halvings > _DEEPEST or (self.pace.fixed is not None and self.rejected):
            why = f"a step of {ladder.h:.3g} s did not succeed"
        elif self.accepted + self.rejected >= self.pace.most:
            why = f"{self.pace.most} steps were not enough"
        else:
            return
        raise NotConvergedError(f"stepping through time stopped at {here.time:.6g} s of {ladder.stop:.6g} s: {why}")


@dataclass
class _Ladder:
    """Where a walk stands in its piece: after `position` of `count` equal steps."""

    start: float
    stop: float
    count: int
    position: int
    halvings: int = 0

    @property
    def h(self) -> float:
        """Length of the next step [s]."""
        return _rounded((self.stop - self.start) / self.count)

    @property
    def end(self) -> float:
        """Time at the end of the next step [s]."""
        if self.position + 1 == self.count:
            return self.stop
        return self.start + (self.stop - self.start) * ((self.position + 1) / self.count)

    @property
    def done(self) -> bool:
        return self.position == self.count

    def shorten(self, halvings: int) -> None:
        self.count, self.position = self.count << halvings, self.position << halvings
        self.halvings += halvings

    def advance(self, *, longer: bool) -> None:
        """Go on to the next step, twice as long where that is allowed and lies on the ladder."""
        self.position += 1
        if longer and self.halvings > 0 and self.position % 2 == 0:
            self.count, self.position = self.count >> 1, self.position >> 1
            self.halvings -= 1


def _rounded(h: float) -> float:
    """Return a length to 12 digits: equal pieces, whose ends are rounded, share their factors."""
    return float(f"{h:.11e}")


def _doublings(ratio: float) -> int:
    return max(0, math.ceil(math.log2(ratio) - 1e-9)) if ratio > 0 else 0


def _halvings(ratio: float) -> int:
    """How often to halve a step whose error is this many times the allowed one; at least once."""
    return min(_AT_ONCE, max(1, math.ceil(math.log2(max(ratio, 1.0) ** (1 / LOCAL_ORDER) / _SAFETY))))
