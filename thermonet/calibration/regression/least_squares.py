"""The linear least-squares problem, solved to the last digits that the data hold.

QR factors of the scaled columns and iterative refinement of the augmented system with residuals of twice the
precision (Å. Björck, BIT 7, 257 (1967), DOI 10.1007/BF01939321): where the factors hold at all, the solution is that
of the given numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr, solve_triangular

from thermonet.calibration.regression.checks import EPSILON
from thermonet.calibration.regression.errors import RegressionError
from thermonet.calibration.regression.extended import Extended, times, transposed_times

Array = NDArray[np.float64]

_MOST_REFINEMENTS = 20
#: A column of which less than this is its own cannot be told from the others.
_RANK = 4 * EPSILON


@dataclass(frozen=True, eq=False)
class Solution:
    """What minimises |y - A c|^2.

    Attributes
    ----------
    coefficients
        c (p,), in twice the double precision.
    residuals
        y - A c (n,).
    factor
        (p, p) matrix whose product with its transpose is (A^T A)^-1.
    condition
        Of the columns, scaled to one length.
    """

    coefficients: Extended
    residuals: Array
    factor: Array
    condition: float


def solve(design: Extended, y: Extended, names: Sequence[str]) -> Solution:
    """Coefficients of the columns of `design` (n, p), n >= p, that come closest to `y` (n,).

    Raises
    ------
    RegressionError
        Columns that are zero or depend on each other; they are named.
    """
    q, inverse, condition = factors(design.high, names)
    coefficients = Extended.of(np.zeros(design.high.shape[1]))
    residuals = y
    last = np.inf
    for _ in range(_MOST_REFINEMENTS):
        off = (y - residuals - times(design, coefficients)).high
        along = -transposed_times(design, residuals).high
        h = inverse.T @ along
        inside = q.T @ off
        change = inverse @ (inside - h)
        size = float(np.linalg.norm(inside - h))
        if not size < last:
            break
        coefficients = coefficients + Extended.of(change)
        residuals = residuals + Extended.of(off - q @ inside + q @ h)
        last = size
    return Solution(coefficients, residuals.high, inverse, condition)


def factors(design: Array, names: Sequence[str], kind: str = "column") -> tuple[Array, Array, float]:
    """Orthonormal columns q (n, p), the matrix b (p, p) with ``design @ b = q``, and the condition of the columns.

    Raises
    ------
    RegressionError
        See `solve`.
    """
    lengths = np.linalg.norm(design, axis=0)
    if not lengths.all():
        raise RegressionError(f"the {kind} {names[int(np.argmin(lengths))]!r} does nothing here: leave it out")
    scale = np.exp2(-np.round(np.log2(lengths)))
    q, r, order = qr(design * scale, mode="economic", pivoting=True)
    own = np.abs(np.diag(r))
    if own[-1] <= _RANK * own[0]:
        _refuse_dependent(r, order, own, names, kind)
    backwards = np.empty_like(order)
    backwards[order] = np.arange(len(order))
    inverse = scale[:, None] * solve_triangular(r, np.eye(len(r)))[backwards]
    return q, inverse, float(np.linalg.cond(r))


def _refuse_dependent(r: Array, order: Array, own: Array, names: Sequence[str], kind: str) -> None:
    """Name the first column that the pivoted factors find to be made of the others, and which these are."""
    rank = int(np.argmax(own <= _RANK * own[0]))
    parts = solve_triangular(r[:rank, :rank], r[:rank, rank])
    involved = np.abs(parts) > 1e-6 * np.abs(parts).max()
    others = ", ".join(repr(names[int(j)]) for j in sorted(order[:rank][involved]))
    raise RegressionError(
        f"the {kind} {names[int(order[rank])]!r} does what a combination of {others} does in these data, so they "
        "cannot be told apart: leave one of them out, or measure where they differ"
    )
