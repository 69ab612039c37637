"""Multigrid for large meshes: quadratic elements, the linear ones inside them, and in space aggregates of those.

One cycle in single precision is a good enough inverse inside conjugate gradients in double precision, and half the
memory traffic, which is what its time is made of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias, cast

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from thermonet.quantities.errors import NotConvergedError
from thermonet.system.layout import Layout
from thermonet.system.solvers.direct import factored
from thermonet.system.solvers.ordering import elimination_order_of_corners
from thermonet.system.solvers.rows import Rows, by_rows, side_by_side

Array = NDArray[Any]
Integers = NDArray[Any]
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Booleans = NDArray[np.bool_]
Matrix: TypeAlias = Any  #: scipy.sparse.csr_array; scipy has no types
Cycle = Callable[[Singles], Singles]

#: Couplings weaker than this part of the geometric mean of their diagonals do not aggregate, half of it on every
#: further level (P. Vanek, J. Mandel and M. Brezina, Computing 56, 179 (1996), doi:10.1007/BF02238511).
_STRONG = 0.08
#: Unknowns that are solved for directly.
_COARSEST = 200
#: Unknowns whose dense matrix is inverted, where nothing aggregates any more.
_DENSE = 2_000
#: Weights of the corrections by which a Chebyshev polynomial of the fourth kind and of degree 3 damps most in a V-cycle
#: (J. Lottes, Numer. Linear Algebra Appl. 30, e2518 (2023), doi:10.1002/nla.2518, table of optimal coefficients).
_WEIGHTS = (1.00842544782028, 1.08867839208730, 1.33753125909618)
#: Steps of the Lanczos process that finds the largest eigenvalue, and the margin for what it has not found.
_LANCZOS, _MARGIN = 10, 1.05


@dataclass(frozen=True, eq=False)
class _Level:
    """One level: its matrix, what smooths it, and the way to the next coarser one.

    Attributes
    ----------
    rows
        The matrix (n, n) in single precision.
    step
        Inverse of its diagonal D (n,), over the largest eigenvalue of D^-1 times the matrix; zero for what is held.
    down, up
        Restriction (m, n) and prolongation (n, m).
    """

    rows: Rows
    step: Singles
    down: Rows
    up: Rows


def multigrid(matrix: Matrix, layout: Layout, free: Booleans) -> Callable[[Floats], Floats]:
    """One V-cycle, a symmetric positive definite map near the inverse of a matrix on its free unknowns.

    Parameters
    ----------
    matrix
        Symmetric, positive definite on the free unknowns (n, n).
    layout
        Of all unknowns.
    free
        Which of them are not held (n,); the cycle takes vectors (n,) and leaves the held ones at zero.
    """
    corners, up = _to_linear(layout, free)

    def below() -> Cycle:
        linear = _galerkin(matrix, up)
        if layout.dimension == 3:
            return aggregation(linear, _prolongation)
        return _eliminated(linear, corners, matrix, layout)

    correction, fine = cast("tuple[Cycle, _Level]", side_by_side([below, lambda: _level(matrix, up, free)]))
    return in_single_precision(_two_grids(fine, correction))


def in_single_precision(cycle: Cycle) -> Callable[[Floats], Floats]:
    """A cycle for vectors in double precision."""

    def near_inverse(load: Floats) -> Floats:
        # Loads in watts may be smaller than single precision can tell from zero.
        scale = np.abs(load).max()
        return scale * cycle((load / scale).astype(np.float32)).astype(float) if scale > 0 else load

    return near_inverse


def _to_linear(layout: Layout, free: Booleans) -> tuple[Integers, Matrix]:
    """Free corners, and the prolongation from linear elements on them: a middle is the mean of its ends."""
    first, second = layout.parents.astype(np.int32)  # as in the matrix, or its product would have indices twice as long
    corner = first == second
    own = corner | ~corner[first] | ~corner[second]
    unknowns = np.arange(layout.size, dtype=np.int32)
    ends = np.where(own, unknowns, first), np.where(own, unknowns, second)
    corners = np.flatnonzero(own & free)
    number = np.cumsum(own & free, dtype=np.int32) - 1
    rows, columns = np.concatenate([unknowns, unknowns]), np.concatenate(ends)
    kept = free[rows] & free[columns]
    entries = (np.full(int(kept.sum()), 0.5), (rows[kept], number[columns[kept]]))
    return corners, sp.csr_array(sp.coo_array(entries, shape=(layout.size, len(corners))))


def _eliminated(linear: Matrix, corners: Integers, matrix: Matrix, layout: Layout) -> Cycle:
    """Solver of the linear elements by factors."""
    number = np.full(layout.size, -1)
    number[corners] = np.arange(len(corners))
    order = number[elimination_order_of_corners(matrix, layout)]
    solve = factored(linear, order[order >= 0])
    return lambda load: solve(load.astype(float)).astype(np.float32)


def aggregation(matrix: Matrix, prolongation: Callable[[Matrix, float], Matrix], strong: float = _STRONG) -> Cycle:
    """V-cycle on aggregates.

    Parameters
    ----------
    matrix
        Symmetric, positive definite (n, n).
    prolongation
        From a matrix and the strength of what aggregates to the prolongation (n, m) from the next coarser level.
    strong
        That strength on the finest level, half of it on every further one.
    """
    levels = []
    while matrix.shape[0] > _COARSEST and 0 < (up := prolongation(matrix, strong)).shape[1] < matrix.shape[0]:
        levels.append(_level(matrix, up))
        matrix, strong = _galerkin(matrix, up), strong / 2
    cycle = _coarsest(matrix)
    for level in reversed(levels):
        cycle = _two_grids(level, cycle)
    return cycle


def _coarsest(matrix: Matrix) -> Cycle:
    """Inverse of a small matrix; of the diagonal of a large one, in which nothing aggregates any more."""
    if matrix.shape[0] > _DENSE:
        inverse = _inverse_diagonal(matrix).astype(np.float32)
        return lambda load: inverse * load
    return np.linalg.pinv(matrix.toarray(), hermitian=True).astype(np.float32).__matmul__


def _prolongation(matrix: Matrix, strong: float) -> Matrix:
    """Prolongation (n, aggregates) of Vanek, Mandel and Brezina: constants on aggregates, smoothed once."""
    return smoothed_aggregates(matrix, aggregates(matrix, strong))


def aggregates(matrix: Matrix, strong: float) -> Matrix:
    """Constants on aggregates (n, aggregates).

    The aggregates are pyamg's. Its own hierarchy took three times as long, most of it in a loop of Python's over blocks
    of one entry, and draws random numbers.
    """
    from pyamg.aggregation.aggregate import standard_aggregation
    from pyamg.strength import symmetric_strength_of_connection

    return sp.csr_array(standard_aggregation(symmetric_strength_of_connection(matrix, strong))[0].astype(float))


def smoothed_aggregates(matrix: Matrix, constant: Matrix) -> Matrix:
    """Constants on aggregates (n, aggregates), smoothed once."""
    inverse = _inverse_diagonal(matrix)
    damping = 4 / 3 / largest_eigenvalue(by_rows(matrix), inverse)
    return sp.csr_array(constant - sp.diags_array(damping * inverse) @ (matrix @ constant))


def _galerkin(matrix: Matrix, up: Matrix) -> Matrix:
    """Matrix on the coarser level."""
    return sp.csr_array(up.T) @ (matrix @ up)


def _level(matrix: Matrix, up: Matrix, free: Booleans | None = None) -> _Level:
    inverse = _inverse_diagonal(matrix, free).astype(np.float32)
    rows, up = by_rows(_single(matrix)), _single(up)
    step = inverse / np.float32(_MARGIN * largest_eigenvalue(rows, inverse))
    return _Level(rows, step, by_rows(sp.csr_array(up.T)), by_rows(up))


def _inverse_diagonal(matrix: Matrix, free: Booleans | None = None) -> Floats:
    """Inverse of the diagonal; zero for what is not free."""
    diagonal = matrix.diagonal()
    free = np.ones(len(diagonal), dtype=bool) if free is None else free
    if not diagonal[free].min() > 0:
        raise NotConvergedError("the matrix is not positive definite: an unknown takes up heat at no temperature")
    return np.divide(1.0, diagonal, out=np.zeros(len(diagonal)), where=free)


def _single(matrix: Matrix) -> Matrix:
    """The same matrix in single precision, sharing rows and columns."""
    return sp.csr_array((matrix.data.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)


def largest_eigenvalue(rows: Rows, inverse: Array) -> float:
    """Largest eigenvalue of inverse diagonal times matrix, from below, by a few steps of the Lanczos process."""
    root = np.sqrt(inverse)
    vector = (root > 0) * np.random.default_rng(0).standard_normal(len(root), dtype=root.dtype)
    vector /= np.linalg.norm(vector)
    before, off = np.zeros_like(vector), root.dtype.type(0)
    on_diagonal, beside = [], []
    for _ in range(min(_LANCZOS, int((root > 0).sum()))):
        image = root * (rows @ (root * vector)) - off * before
        along = vector @ image
        image -= along * vector
        off = np.linalg.norm(image)
        on_diagonal.append(along)
        beside.append(off)
        if off <= np.finfo(root.dtype).eps * along:
            break
        before, vector = vector, image / off
    small = np.diag(on_diagonal) + np.diag(beside[:-1], 1) + np.diag(beside[:-1], -1)
    return float(np.linalg.eigvalsh(small)[-1])


def _two_grids(level: _Level, below: Cycle) -> Cycle:
    """Smooth, correct by a coarser solution, smooth again."""

    def cycle(load: Singles) -> Singles:
        solution = _smoothed(level, load, None)
        solution += level.up @ below(level.down @ (load - level.rows @ solution))
        return _smoothed(level, load, solution)

    return cycle


def _smoothed(level: _Level, load: Singles, start: Singles | None) -> Singles:
    """Chebyshev polynomial of the fourth kind in the matrix, applied to the residual of a start (zero: none).

    A block of rows is multiplied and updated at once. Nothing that another block may still read is overwritten:
    corrections come in two arrays by turns, and the solution is added to where no product reads it.
    """
    residual, change, other = load.copy(), np.empty_like(load), np.empty_like(load)
    solution = np.zeros_like(load) if start is None else start

    def begin(block: Matrix, rows: slice) -> None:
        if start is not None:
            residual[rows] -= block @ start
        change[rows] = np.float32(4 / 3) * level.step[rows] * residual[rows]

    def proceed(degree: int, old: Singles, new: Singles, block: Matrix, rows: slice) -> None:
        keep, add = np.float32((2 * degree - 1) / (2 * degree + 3)), np.float32((8 * degree + 4) / (2 * degree + 3))
        solution[rows] += np.float32(_WEIGHTS[degree - 1]) * old[rows]
        residual[rows] -= block @ old
        new[rows] = keep * old[rows] + add * (level.step[rows] * residual[rows])

    level.rows.each(begin)
    for degree in range(1, len(_WEIGHTS)):
        level.rows.each(partial(proceed, degree, change, other))
        change, other = other, change
    solution += np.float32(_WEIGHTS[-1]) * change
    return solution
