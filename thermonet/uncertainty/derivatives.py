"""Derivatives of smooth functions by central differences, extrapolated to a step of zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from thermonet.quantities.errors import PhysicsError

Floats = NDArray[np.float64]
#: Outputs (outputs,) at a displacement (directions,); None where the function is not defined.
Displaced = Callable[[Floats], Floats | None]
#: A difference quotient (outputs,) at one size of the step.
Quotient = Callable[[float], Floats | None]

#: Relative errors at which to stop: at once, or after so many rows without progress, where rounding has won.
_ENOUGH, _FAIR, _PATIENCE = 1e-12, 1e-6, 3
_ROWS = 20
_HALVINGS = 60


def extrapolated(quotient: Quotient) -> tuple[Floats, Floats] | None:
    """Limit of a quotient whose error is a series in even powers of its step: value and error estimate.

    Steps are halved from 1, and Neville's scheme removes one power after another; every output keeps the entry whose
    neighbours lie closest (C. J. F. Ridders, Adv. Eng. Softw. 4, 75, 1982). Steps at which the function is not
    defined are passed over. None where no three steps in a row are defined.
    """
    best = error = np.empty(0)
    previous: list[Floats] = []
    rows = stale = 0
    for halving in range(_HALVINGS):
        found = quotient(0.5**halving)
        if found is None:
            previous, rows = [], 0
            continue
        rows += 1
        if rows == 1:
            best, error = found, np.full(found.shape, np.inf)
        else:
            error[_left_behind(found, previous[0], best)] = np.inf
        row = _neville(found, previous)
        before = error
        for entry, coarser, finer in zip(previous, row[:-1], row[1:], strict=False):
            distance = np.maximum(np.abs(finer - coarser), np.abs(finer - entry))
            best, error = np.where(distance < error, finer, best), np.minimum(distance, error)
        stale = 0 if np.any(error < before) else stale + 1
        previous = row
        wanted = _FAIR if stale >= _PATIENCE else _ENOUGH
        if rows >= 3 and (rows >= _ROWS or np.all(error <= wanted * np.abs(best))):
            return best, error
    return None


def _neville(found: Floats, previous: list[Floats]) -> list[Floats]:
    row = [found]
    for order, coarser in enumerate(previous, start=1):
        row.append(row[-1] + (row[-1] - coarser) / (4.0**order - 1))
    return row


def _left_behind(finer: Floats, coarser: Floats, best: Floats) -> NDArray[np.bool_]:
    """Where the quotients leave what they seemed to tend to: long steps had met a periodic function in step.

    Rounding, too, drives them away, but by no more than a factor of two from one step to the next.
    """
    away, before = np.abs(finer - best), np.abs(coarser - best)
    return (before <= 0.1 * np.abs(best)) & (away > 0.5 * np.abs(best))


@dataclass
class Neighbourhood:
    """A function about a point, in units of one step along each of its directions.

    Attributes
    ----------
    function
        Outputs at a displacement.
    centre
        Outputs without one, (outputs,).
    names
        Of the directions, for messages.
    """

    function: Displaced
    centre: Floats
    names: tuple[str, ...]
    _seen: dict[tuple[tuple[int, float], ...], Floats | None] = field(default_factory=dict)

    def slope(self, i: int) -> tuple[Floats, Floats]:
        """First derivative along a direction and its error, (outputs,) each."""
        return self._limit(lambda h: _combined([(0.5 / h, self._at((i, h))), (-0.5 / h, self._at((i, -h)))]), i)

    def curvature(self, i: int, j: int) -> tuple[Floats, Floats]:
        """Second derivative along two directions and its error, (outputs,) each."""
        if i == j:
            return self._limit(lambda h: self._second(i, h), i)

        def mixed(h: float) -> Floats | None:
            corners = [(a * b / (4 * h * h), self._at((i, a * h), (j, b * h))) for a in (1, -1) for b in (1, -1)]
            return _combined(corners)

        return self._limit(mixed, i, j)

    def third(self, i: int, j: int) -> tuple[Floats, Floats]:
        """Third derivative, once along the first and twice along the second direction, and its error."""

        def alone(h: float) -> Floats | None:
            weights = ((0.5, 2 * h), (-1.0, h), (1.0, -h), (-0.5, -2 * h))
            return _combined([(weight / h**3, self._at((i, step))) for weight, step in weights])

        def mixed(h: float) -> Floats | None:
            sides = ((0.5, 1), (-0.5, -1))
            terms = [
                (side * weight / h**3, self._at((i, sign * h), (j, step)))
                for side, sign in sides
                for weight, step in ((1.0, h), (-2.0, 0.0), (1.0, -h))
            ]
            return _combined(terms)

        return self._limit(alone if i == j else mixed, i, j)

    def reach(self, i: int) -> Floats:
        """Largest change of the outputs one step to either side along a direction, (outputs,)."""
        sides = [found for found in (self._at((i, 1.0)), self._at((i, -1.0))) if found is not None]
        return np.max([np.zeros_like(self.centre), *(np.abs(found - self.centre) for found in sides)], axis=0)

    def _second(self, i: int, h: float) -> Floats | None:
        weights = ((1.0, h), (-2.0, 0.0), (1.0, -h))
        return _combined([(weight / h**2, self._at((i, step))) for weight, step in weights])

    def _at(self, *moved: tuple[int, float]) -> Floats | None:
        key = tuple((i, step) for i, step in moved if step)
        if not key:
            return self.centre
        if key not in self._seen:
            displacement = np.zeros(len(self.names))
            for i, step in key:
                displacement[i] = step
            self._seen[key] = self.function(displacement)
        return self._seen[key]

    def _limit(self, quotient: Quotient, *directions: int) -> tuple[Floats, Floats]:
        found = extrapolated(quotient)
        if found is None:
            names = " and ".join(dict.fromkeys(self.names[i] for i in directions))
            message = (
                f"the function is not defined on both sides of the estimate of {names}, so it has no derivative there"
            )
            raise PhysicsError(f"{message}; expected an estimate inside its domain")
        return found


def _combined(terms: list[tuple[float, Floats | None]]) -> Floats | None:
    total: Floats | None = None
    for weight, values in terms:
        if values is None:
            return None
        total = weight * values if total is None else total + weight * values
    return total
