"""One small interface for all ways to solve, and the choice between them (docs/decisions/solvers.md has the reasons).

Vectors are of all unknowns; what is held counts for nothing in a load and is zero in a solution.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from thermonet.quantities.errors import NotConvergedError
from thermonet.quantities.threads import single_threaded
from thermonet.system.layout import Layout
from thermonet.system.solvers.conjugate import Linear, conjugate_gradients
from thermonet.system.solvers.direct import dense_solve, sparse_solve
from thermonet.system.solvers.graph import is_narrow, near_inverse_of_graph
from thermonet.system.solvers.multigrid import multigrid
from thermonet.system.solvers.rows import by_rows, side_by_side

Array = NDArray[Any]
Integers = NDArray[Any]
Matrix: TypeAlias = Any  #: scipy.sparse.csr_array, or a plain array of a reduced model; scipy has no types

#: Error of an iterated solution in the norm of the energy, relative to the solution. A transfer resistance has at most
#: this error relative to sqrt(R_source R_sensor), a driving-point resistance its square.
TOLERANCE = 1e-10
#: Unknowns of a solid body beyond which its factors cost more than multigrid: at 20 000, 1.3 s and 0.1 s.
_SOLID = 10_000
#: Unknowns of any other body beyond which a few loads are solved faster by multigrid.
_PLANE = 50_000
#: Unknowns of a system without a layout below which factors are cheap even where they fill the matrix.
_GRAPH = 10_000
#: Steps after which an iteration is given up: multigrid takes 10 to 40.
_STEPS = 400
#: Cycles of multigrid that cost as much as factors in the plane, and solutions by old factors that cost as much as new
#: ones.
_CYCLES, _SOLUTIONS = 30, 14


@dataclass(frozen=True, eq=False)
class Solver:
    """Solves A x = load for one load (n,) or several (n, loads).

    Attributes
    ----------
    near_inverse
        What one step of an iteration takes: a solution by the factors, or one cycle of multigrid.
    iterate
        Solutions of loads (n, loads) to a relative tolerance in the norm of the energy, with the energies that are
        known already; none where `near_inverse` is exact. Both are for one vector or several.
    """

    near_inverse: Linear
    iterate: Callable[[Array, float, Array | None], Array] | None = None

    @property
    def exact(self) -> bool:
        """Whether solutions carry no error but rounding, whatever the tolerance."""
        return self.iterate is None

    def __call__(self, load: Array, tolerance: float = TOLERANCE, energies: Array | None = None) -> Array:
        """Solution (n,) or (n, loads).

        Parameters
        ----------
        load
            What is solved for.
        tolerance
            Of an iterated solution, relative to itself in the norm of the energy.
        energies
            Where what is solved for is the rest of a solution, squares of the norms of what is known of it (loads,).

        Raises
        ------
        NotConvergedError
            The iteration stopped short of its tolerance; the text has the reason.
        """
        if self.iterate is None:
            return self.near_inverse(load)
        return self.iterate(load if load.ndim == 2 else load[:, np.newaxis], tolerance, energies).reshape(load.shape)


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
        Where the unknowns lie; without one factors are ordered by the matrix alone, and multigrid, for what factors
        would fill, goes by aggregates alone.
    near
        A positive definite matrix near it, if it is complex: multigrid is made for that one.
    """
    if isinstance(matrix, np.ndarray):
        return Solver(dense_solve(matrix, free))

    def by_factors() -> Solver:
        return Solver(sparse_solve(matrix, free, layout))

    if layout is None and len(free) > _GRAPH and not is_narrow(matrix, free):
        mask = _mask(matrix, free)
        return _by_cycle(matrix, mask, near_inverse_of_graph(matrix if near is None else near, mask), None)
    if layout is not None and layout.dimension == 3 and len(free) > _SOLID:
        return _by_multigrid(matrix, free, layout, near, None)
    if layout is not None and layout.middles.any() and near is None and len(free) > _PLANE:
        return _by_multigrid(matrix, free, layout, near, by_factors)
    return by_factors()


def _by_multigrid(
    matrix: Matrix, free: Integers, layout: Layout, near: Matrix | None, fresh: Callable[[], Solver] | None
) -> Solver:
    mask = _mask(matrix, free)
    return _by_cycle(matrix, mask, multigrid(matrix if near is None else near, layout, mask), fresh)


def _mask(matrix: Matrix, free: Integers) -> NDArray[np.bool_]:
    """Which unknowns are free (n,)."""
    mask = np.zeros(matrix.shape[0], dtype=bool)
    mask[free] = True
    return mask


def _by_cycle(matrix: Matrix, mask: NDArray[np.bool_], cycle: Linear, fresh: Callable[[], Solver] | None) -> Solver:
    """Conjugate gradients with one cycle of multigrid as near inverse, for one real vector at a time."""

    def near_inverse(load: Array) -> Array:
        if load.ndim == 2:
            return _columns(near_inverse, load)
        return cycle(load.real) + 1j * cycle(load.imag) if np.iscomplexobj(load) else cycle(load)

    way = Iteration(masked_product(matrix, mask), near_inverse, mask, matrix.dtype, together=False)
    return Solver(near_inverse, way.solved if fresh is None else _UntilDear(way, fresh, _CYCLES))


@dataclass(frozen=True, eq=False)
class Iteration:
    """Conjugate gradients with something near the inverse.

    Attributes
    ----------
    product, near_inverse
        For one vector or several.
    free
        Unknowns that are not held (n,).
    kind
        Of the matrix: real or complex numbers.
    together
        Several loads are iterated at once, which pays where `near_inverse` takes several for little more than one.
        Products do not: scipy's with several vectors take longer than as many with one.
    """

    product: Linear
    near_inverse: Linear
    free: NDArray[np.bool_]
    kind: np.dtype[Any]
    together: bool

    @single_threaded
    def counted(self, loads: Array, tolerance: float, energies: Array | None, most: int) -> tuple[Array, int]:
        """Solutions (n, loads), and applications of `near_inverse`."""
        loads = np.where(self.free[:, np.newaxis], loads, 0).astype(np.result_type(loads, self.kind), copy=False)
        parts = [slice(None)] if self.together else [slice(i, i + 1) for i in range(loads.shape[1])]

        def iterated(part: slice) -> tuple[Array, int]:
            scale = None if energies is None else energies[part]
            return conjugate_gradients(
                self.product, self.near_inverse, loads[:, part], tolerance=tolerance, steps=most, energies=scale
            )

        found = side_by_side([partial(iterated, part) for part in parts])
        return np.concatenate([solution for solution, _ in found], axis=1), sum(1 + steps for _, steps in found)

    def solved(self, loads: Array, tolerance: float, energies: Array | None) -> Array:
        """Solutions (n, loads)."""
        return self.counted(loads, tolerance, energies, _STEPS)[0]


@dataclass
class _UntilDear:
    """Iterate until that has cost as much as factors would have, or converges slowly; then solve by those."""

    way: Iteration
    fresh: Callable[[], Solver]
    worth: int
    spent: int = 0
    own: Solver | None = field(default=None, repr=False)

    def __call__(self, loads: Array, tolerance: float, energies: Array | None) -> Array:
        if self.own is None and self.spent < self.worth:
            try:
                found, applied = self.way.counted(loads, tolerance, energies, 2 * self.worth)
            except NotConvergedError:  # what is not positive definite, too, is for factors to solve or to refuse
                self.spent = self.worth
            else:
                self.spent += applied
                return found
        if self.own is None:
            self.own = self.fresh()
        return self.own(loads, tolerance, energies)


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
    if isinstance(matrix, np.ndarray) or steps_needed(condition, TOLERANCE) > _SOLUTIONS:
        return fresh()
    mask = np.zeros(matrix.shape[0], dtype=bool)
    mask[free] = True
    way = Iteration(masked_product(matrix, mask), old.near_inverse, mask, matrix.dtype, together=old.exact)
    return Solver(old.near_inverse, _UntilDear(way, fresh, _SOLUTIONS))
