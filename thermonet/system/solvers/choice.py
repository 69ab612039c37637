"""One small interface for all ways to solve, and the choice between them (docs/decisions/solvers.md has the reasons).

Vectors are of all unknowns; what is held counts for nothing in a load and is zero in a solution.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from thermonet.quantities.errors import NotConvergedError
from thermonet.system.layout import Layout
from thermonet.system.solvers.conjugate import Linear, conjugate_gradients
from thermonet.system.solvers.direct import dense_solve, sparse_solve
from thermonet.system.solvers.multigrid import multigrid
from thermonet.system.solvers.rows import by_rows

Array = NDArray[Any]
Integers = NDArray[Any]
Matrix: TypeAlias = Any  #: scipy.sparse.csr_array, or a plain array of a reduced model; scipy has no types

#: Error of an iterated solution in the norm of the energy, relative to the solution. A transfer resistance has at most
#: this error relative to sqrt(R_source R_sensor), a driving-point resistance its square.
TOLERANCE = 1e-10
#: Unknowns of a solid body beyond which its factors cost more than multigrid: at 20 000, 1.3 s and 0.1 s.
_SOLID = 10_000
#: Steps after which an iteration is given up: multigrid takes 10 to 40.
_STEPS = 400
#: Solutions by given factors that cost as much as new factors.
_WORTH = 14


@dataclass(frozen=True, eq=False)
class Solver:
    """Solves A x = load for one load (n,) or several (n, loads).

    Attributes
    ----------
    near_inverse
        What one step of an iteration takes: a solution by the factors, or one cycle of multigrid.
    iterate
        Solutions of loads (n, loads) to a relative tolerance in the norm of the energy; none where `near_inverse` is
        exact. Both are for one vector or several.
    """

    near_inverse: Linear
    iterate: Callable[[Array, float], Array] | None = None

    @property
    def exact(self) -> bool:
        """Whether solutions carry no error but rounding, whatever the tolerance."""
        return self.iterate is None

    def __call__(self, load: Array, tolerance: float = TOLERANCE) -> Array:
        """Solution (n,) or (n, loads).

        Raises
        ------
        NotConvergedError
            The iteration stopped short of its tolerance; the text has the reason.
        """
        if self.iterate is None:
            return self.near_inverse(load)
        return self.iterate(load if load.ndim == 2 else load[:, np.newaxis], tolerance).reshape(load.shape)


def solver_of(matrix: Matrix, free: Integers, layout: Layout | None, near: Matrix | None = None) -> Solver:
    """Solver of a symmetric matrix on its free unknowns.

    Dense factors for a reduced model, sparse ones wherever they stay small, conjugate gradients with multigrid for
    large solid bodies.

    Parameters
    ----------
    matrix
        (n, n), a plain array or a ``csr_array``.
    free
        Unknowns that are not held, ascending.
    layout
        Where the unknowns lie; without one there is no multigrid, and factors are ordered by the matrix alone.
    near
        A positive definite matrix near it, if it is complex: multigrid is made for that one.
    """
    if isinstance(matrix, np.ndarray):
        return Solver(dense_solve(matrix, free))
    if layout is None or layout.dimension < 3 or len(free) <= _SOLID:
        return Solver(sparse_solve(matrix, free, layout))
    mask = np.zeros(layout.size, dtype=bool)
    mask[free] = True
    cycle = multigrid(matrix if near is None else near, layout, mask)

    product = masked_product(matrix, mask)

    def near_inverse(load: Array) -> Array:
        if load.ndim == 2:
            return _columns(near_inverse, load)
        return cycle(load.real) + 1j * cycle(load.imag) if np.iscomplexobj(load) else cycle(load)

    def iterate(loads: Array, tolerance: float) -> Array:
        kind = np.result_type(matrix.dtype, loads.dtype)
        free_loads = np.where(mask[:, np.newaxis], loads, 0).astype(kind)
        # One after the other: scipy's products with several vectors take longer than as many with one.
        found = [
            conjugate_gradients(product, near_inverse, one[:, np.newaxis], tolerance=tolerance, steps=_STEPS)[0]
            for one in free_loads.T
        ]
        return np.concatenate(found, axis=1)

    return Solver(near_inverse, iterate)


def masked_product(matrix: Matrix, free: NDArray[np.bool_]) -> Linear:
    """Product with a matrix on its free unknowns, for vectors that are zero on the others."""
    rows, held = by_rows(matrix), np.flatnonzero(~free)

    def product(vector: Array) -> Array:
        image = _columns(rows.__matmul__, vector) if vector.ndim == 2 else rows @ vector
        image[held] = 0
        return image

    return product


def _columns(job: Linear, block: Array) -> Array:
    """Do a job for every column."""
    return np.stack([job(np.ascontiguousarray(one)) for one in block.T]).T  # they stay vectors in memory


# --- other coefficients -------------------------------------------------------------------------------------------


def spread(ratios: Iterable[float]) -> float:
    """Largest over smallest of the ratios of new to old coefficients: bounds how far the old factors are off.

    Where every term is positive semidefinite the eigenvalues of old^-1 new lie between the smallest and the largest.
    """
    found = list(ratios)
    if not found or not all(0 < ratio < math.inf for ratio in found):
        return math.inf
    return max(found) / min(found)


def steps_needed(condition: float, tolerance: float) -> float:
    """Bound on the steps of conjugate gradients at a condition number (Y. Saad, Iterative Methods, eq. 6.128)."""
    if condition <= 1:
        return 1
    root = math.sqrt(condition)
    return math.log(2 / tolerance) / math.log((root + 1) / (root - 1)) if math.isfinite(root) else math.inf


def renewed(old: Solver, matrix: Matrix, free: Integers, condition: float, fresh: Callable[[], Solver]) -> Solver:
    """Solver of a changed matrix that uses the factors of the old one as long as new ones would cost more.

    Parameters
    ----------
    old
        Solver of the matrix before.
    matrix, free
        The changed matrix (n, n) and its unknowns that are not held.
    condition
        Bound on the condition number of old^-1 new.
    fresh
        Makes a solver of the changed matrix from the beginning.
    """
    if not old.exact or isinstance(matrix, np.ndarray) or steps_needed(condition, TOLERANCE) > _WORTH:
        return fresh()
    mask = np.zeros(matrix.shape[0], dtype=bool)
    mask[free] = True
    return Solver(old.near_inverse, _Renewed(old.near_inverse, masked_product(matrix, mask), mask, fresh))


@dataclass
class _Renewed:
    """Conjugate gradients with old factors, until their steps have cost as much as new factors."""

    near_inverse: Linear
    product: Linear
    free: NDArray[np.bool_]
    fresh: Callable[[], Solver]
    spent: int = 0
    own: Solver | None = field(default=None, repr=False)

    def __call__(self, loads: Array, tolerance: float) -> Array:
        if self.own is None and self.spent < _WORTH:
            loads = np.where(self.free[:, np.newaxis], loads, 0)
            try:
                found, steps = conjugate_gradients(
                    self.product, self.near_inverse, loads, tolerance=tolerance, steps=2 * _WORTH
                )
            except NotConvergedError:  # terms that are positive only together obey no bound
                self.spent = _WORTH
            else:
                self.spent += steps
                return found
        if self.own is None:
            self.own = self.fresh()
        return self.own(loads, tolerance)
