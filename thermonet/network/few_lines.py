r"""The fewest time constants that a step response tells of, anywhere and not only on a grid.

.. math:: Z(t) = \sum_j R_j \left(1 - e^{-t / \tau_j}\right), \qquad R_j > 0

A line between two points of a grid comes out as two, and the chain of a ladder makes a stage of each: its structure
function is wrong from there on, without any noise. So neighbours on the grid become one line, all lines move to where
they fit best, and pairs become one for as long as the response does not tell them apart, by the criterion of
G. Schwarz, Ann. Statist. 6, 461 (1978), doi:10.1214/aos/1176344136. Lines on a grid first, then moved freely: N. Boyd,
G. Schiebinger & B. Recht, SIAM J. Optim. 27, 616 (2017), doi:10.1137/15M1035793.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares, nnls

from thermonet.network.ladders import Foster
from thermonet.system.core import Vector

#: Part of the sum below which a line is none.
_NOTHING = 1e-9
#: What is left of a computed response by rounding, relative to it.
_ROUNDING = 1e-13
#: Numbers that a line has: its time constant and its resistance.
_NUMBERS = 2
#: A line that begins with no resistance would never move.
_SOME = 1e-6


@dataclass(frozen=True, eq=False)
class _Lines:
    """Time constants, ascending [s], their resistances [K/W], and the sum of squares that they leave [K^2/W^2]."""

    time_constants: Vector
    resistances: Vector
    left: float


def risen(time: Vector, time_constants: Vector) -> Vector:
    """Step responses (times, lines) of lines of one kelvin per watt."""
    return np.asarray(-np.expm1(-time[:, np.newaxis] / time_constants))


def few_lines(time: Vector, step: Vector, grid: Vector, resistances: Vector) -> Foster:
    """Fewest lines that fit a step response, as the Foster ladder that they are.

    Parameters
    ----------
    time, step
        Times [s] and the response then [K/W].
    grid, resistances
        Time constants, ascending [s], and what the response has of each [K/W], to begin with; no line leaves the grid's
        range.
    """
    bounds = grid[0], grid[-1]
    lines = _fitted(time, step, bounds, *_neighbours_joined(grid, resistances))
    rounding = len(time) * (_ROUNDING * float(np.abs(step).max())) ** 2
    while len(lines.time_constants) > 1:
        fewer = _with_one_less(time, step, bounds, lines)
        worse = len(time) * np.log((fewer.left + rounding) / (lines.left + rounding))
        if worse > _NUMBERS * np.log(len(time)):
            break
        lines = fewer
    some = lines.resistances > _NOTHING * lines.resistances.sum()
    slowest_first = lines.time_constants[some][::-1], lines.resistances[some][::-1]
    return Foster(slowest_first[1], slowest_first[0] / slowest_first[1])


def _neighbours_joined(grid: Vector, resistances: Vector) -> tuple[Vector, Vector]:
    """Time constants and resistances of every run of points of the grid that have some."""
    some = np.flatnonzero(resistances > _NOTHING * resistances.sum())
    first = np.flatnonzero(np.diff(some, prepend=some[0] - 2) > 1)
    size = np.add.reduceat(resistances[some], first)
    return np.exp(np.add.reduceat(np.log(grid[some]) * resistances[some], first) / size), size


def _fitted(
    time: Vector, step: Vector, bounds: tuple[float, float], time_constants: Vector, resistances: Vector
) -> _Lines:
    """Lines of least squares, from where others begin."""
    count, whole = len(time_constants), float(np.abs(step).max())

    def left(numbers: Vector) -> Vector:
        return np.asarray(risen(time, np.exp(numbers[:count])) @ numbers[count:] - step / whole)

    def slopes(numbers: Vector) -> Vector:
        ratio = time[:, np.newaxis] / np.exp(numbers[:count])
        return np.hstack([-ratio * np.exp(-ratio) * numbers[count:], -np.expm1(-ratio)])

    lowest = np.concatenate([np.full(count, np.log(bounds[0])), np.zeros(count)])
    highest = np.concatenate([np.full(count, np.log(bounds[1])), np.full(count, np.inf)])
    begin = np.concatenate([np.log(time_constants), np.maximum(resistances / whole, _SOME)])
    found = least_squares(
        left, np.clip(begin, lowest, highest), slopes, bounds=(lowest, highest), xtol=1e-10, ftol=1e-10, gtol=None
    )
    order = np.argsort(found.x[:count])
    return _Lines(np.exp(found.x[:count][order]), whole * found.x[count:][order], 2 * float(found.cost) * whole**2)


def _with_one_less(time: Vector, step: Vector, bounds: tuple[float, float], lines: _Lines) -> _Lines:
    """Lines of least squares, from where the two neighbours are one that are worth least apart."""
    joined = [_joined(lines, first) for first in range(len(lines.time_constants) - 1)]
    seen = [nnls(risen(time, one), step, maxiter=100 * len(one)) for one in joined]
    best = int(np.argmin([left for _, left in seen]))
    return _fitted(time, step, bounds, joined[best], np.asarray(seen[best][0], dtype=float))


def _joined(lines: _Lines, first: int) -> Vector:
    """Time constants with one, the mean of two by their resistances, instead of a line and the next."""
    pair = slice(first, first + 2)
    mean = np.average(np.log(lines.time_constants[pair]), weights=lines.resistances[pair] + _NOTHING)
    return np.concatenate([lines.time_constants[:first], [np.exp(mean)], lines.time_constants[first + 2 :]])
