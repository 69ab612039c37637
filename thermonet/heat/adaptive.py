"""Adaptive refinement: solve, estimate, mark, refine, until every goal meets its tolerance or a limit is reached.

Cells are marked that have a stated part of the error together, the worst first (Dörfler, SIAM J. Numer. Anal. 33,
1106 (1996), doi:10.1137/0733054), over all goals that are not met yet. What is refined is the conforming mesh; whoever
solves on it gives regions nodes of their own afterwards, so the two sides of an interface always match.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from thermonet.geometry.curves import Curves
from thermonet.geometry.mesh import Floats, Ints, Mesh
from thermonet.geometry.refine import refined

#: Largest part of the error whose cells are split in a step: what a finer mesh will say of the rest is worth more.
_MOST = 0.8
#: Meshes whose rate tells how many unknowns would be needed.
_RECENT = 4

Model = TypeVar("Model")


@dataclass(frozen=True, kw_only=True)
class Solved(Generic[Model]):
    """What was found on one mesh.

    Attributes
    ----------
    model
        Whatever the caller wants to keep of it.
    unknowns
        Of the linear system.
    names
        Of the goals.
    values
        Of the goals (goals,).
    sizes
        What their errors are compared with (goals,): often their own size.
    estimates
        Estimated sizes of their errors (goals,), in the unit of the values.
    indicators
        Shares of the cells of the conforming mesh in these errors (goals, cells).
    """

    model: Model
    unknowns: int
    names: Sequence[str]
    values: Floats
    sizes: Floats
    estimates: Floats
    indicators: Floats

    @property
    def relative(self) -> Floats:
        """Errors in parts of the sizes (goals,)."""
        return np.asarray(self.estimates / np.maximum(self.sizes, np.finfo(float).tiny))


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Where refinement ends though a tolerance is not met.

    Attributes
    ----------
    unknowns
        Largest number of unknowns to solve for.
    seconds
        Time after which no further mesh is begun.
    """

    unknowns: int
    seconds: float = math.inf


@dataclass(frozen=True)
class Step:
    """What one mesh gave: unknowns, values and estimated errors of the goals (goals,), seconds since the start."""

    unknowns: int
    values: Floats
    estimates: Floats
    seconds: float


@dataclass(frozen=True)
class Adapted(Generic[Model]):
    """The last mesh and what was found on it.

    Attributes
    ----------
    mesh, curves
        The conforming mesh, and the exact curves under its facets.
    solved
        What was found on it.
    history
        Of all meshes, the first one first.
    refusal
        Why the tolerance is not met; None where it is.
    """

    mesh: Mesh
    curves: Curves | None
    solved: Solved[Model]
    history: tuple[Step, ...]
    refusal: str | None


def adapted(
    mesh: Mesh,
    solve: Callable[[Mesh, Curves | None], Solved[Model]],
    tolerance: float,
    limits: Limits,
    curves: Curves | None = None,
) -> Adapted[Model]:
    """Refine a mesh until the estimated error of every goal, relative to its size, is within a tolerance.

    Parameters
    ----------
    mesh
        A conforming mesh to begin with.
    solve
        Solves on a conforming mesh, with the exact curves under its facets, and estimates the errors.
    tolerance
        Relative error that is asked for.
    limits
        Where to end.
    curves
        Exact curves onto which new nodes are moved.
    """
    start, history = time.monotonic(), list[Step]()
    while True:
        solved = solve(mesh, curves)
        history.append(Step(solved.unknowns, solved.values, solved.estimates, time.monotonic() - start))
        missed = ~(solved.relative <= tolerance)
        if not missed.any():
            return Adapted(mesh, curves, solved, tuple(history), None)
        finer = refined(mesh, marked(solved, missed, tolerance), curves)
        growth = finer.mesh.cells.shape[1] / mesh.cells.shape[1]
        why = _why_not(solved, growth, history[-1].seconds, limits)
        if why is not None:
            return Adapted(mesh, curves, solved, tuple(history), _refusal(solved, tolerance, history, why))
        mesh, curves = finer.mesh, finer.curves


def marked(solved: Solved[Model], goals: NDArray[np.bool_], tolerance: float) -> Ints:
    """Cells to be split: the fewest that have a part of the error of some goals, each relative to its size.

    The part is such that what the other cells have is half of the tolerance: half of the error where it is nearly
    small enough, more where it is not.
    """
    weights = goals * solved.relative / np.maximum(solved.estimates, np.finfo(float).tiny)
    shares = weights @ solved.indicators
    return holding(shares, min(1 - tolerance / (2 * float(solved.relative[goals].max())), _MOST))


def holding(shares: Floats, part: float) -> Ints:
    """Fewest cells that hold a part of the sum of all shares (cells,), none negative; all of them where it is zero."""
    order = np.argsort(-shares, kind="stable")
    reached = np.cumsum(shares[order])
    if not reached[-1] > 0:
        return order
    return order[: int(np.searchsorted(reached, part * reached[-1])) + 1]


def _why_not(solved: Solved[Model], growth: float, seconds: float, limits: Limits) -> str | None:
    """Which limit the next mesh would exceed."""
    if solved.unknowns * growth > limits.unknowns:
        return f"the next mesh would have more than {limits.unknowns} unknowns"
    if seconds > limits.seconds:
        return f"it has taken more than {limits.seconds:g} s"
    return None


def _refusal(solved: Solved[Model], tolerance: float, history: Sequence[Step], why: str) -> str:
    worst = int(np.argmax(solved.relative))
    text = (
        f"{solved.names[worst]} has an estimated error of {solved.relative[worst]:.2g} of its size with "
        f"{solved.unknowns} unknowns, more than the tolerance ({tolerance:.2g}), and {why}"
    )
    needed = needed_unknowns(history, worst, tolerance * float(solved.sizes[worst]))
    return text if needed is None else f"{text}; at the rate observed it takes about {needed:.1g}"


def needed_unknowns(history: Sequence[Step], goal: int, error: float) -> float | None:
    """Unknowns for a goal's error, by the rate of the last meshes; None where it does not fall."""
    recent = history[-_RECENT:]
    unknowns = np.log([step.unknowns for step in recent])
    errors = np.log([step.estimates[goal] for step in recent])
    if len(recent) < 2 or not unknowns[-1] > unknowns[0]:
        return None
    rate = -float(np.polyfit(unknowns, errors, 1)[0])
    return float(np.exp(unknowns[-1] + (errors[-1] - math.log(error)) / rate)) if rate > 0 else None
