"""What data and uncertainties must be before anything is fitted; every refusal says what would be right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonet.calibration.regression.errors import RegressionError

Array = NDArray[np.float64]

EPSILON = float(np.finfo(np.float64).eps)
#: Squares of what lies beyond overflow or vanish, and no quantity in SI comes near it.
_LARGEST, _SMALLEST = 1e100, 1e-100
#: The squared ratio of two standard uncertainties must leave the lighter point a digit beside the heavier.
_LARGEST_RATIO = EPSILON**-0.5


def numbers(what: str, values: ArrayLike, dimensions: int = 1) -> Array:
    """Return a copy as finite doubles of the asked number of dimensions.

    Raises
    ------
    RegressionError
        Values that are no real numbers, masked, not finite, too large, or of another shape.
    """
    if np.ma.is_masked(values):
        raise RegressionError(f"{what} has masked values, expected the points to be left out of all arrays")
    try:
        array = np.array(values)
        if array.dtype.kind not in "iufO":
            raise TypeError
        array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise RegressionError(f"{what} must hold real numbers only") from None
    if array.ndim != dimensions:
        kind = {0: "one number", 1: "one-dimensional", 2: "two-dimensional"}[dimensions]
        raise RegressionError(f"{what} must be {kind}, got an array of shape {array.shape}")
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        if dimensions == 0:
            raise RegressionError(f"{what} is {array}, expected a finite number")
        place = ", ".join(str(i) for i in bad[0])
        raise RegressionError(
            f"{what} is {array[tuple(bad[0])]} at index {place}, expected finite numbers: leave the point out"
        )
    if array.size and np.abs(array).max() > _LARGEST:
        raise RegressionError(f"{what} exceeds {_LARGEST:g}, whose squares overflow: state it in a larger unit")
    return array


def same_length(**arrays: Array) -> None:
    """Refuse arrays of different lengths."""
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise RegressionError(f"one value per point is expected in each, but {listed}")


def points(x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    """Return x and y, checked, of one length, with x varying."""
    x_values, y_values = numbers("x", x), numbers("y", y)
    same_length(x=x_values, y=y_values)
    if len(x_values) == 0:
        raise RegressionError("there are no points, expected some")
    span, largest = float(np.ptp(x_values)), float(np.abs(x_values).max())
    if len(x_values) > 1 and span <= 4 * EPSILON * largest:
        raise RegressionError(
            f"x is constant ({x_values[0]:g}), so nothing can be said about how y varies with it: expected different x"
        )
    if 0 < span < _SMALLEST:
        raise RegressionError(f"x spans less than {_SMALLEST:g}, whose squares vanish: state it in a smaller unit")
    return x_values, y_values


def enough_points(n: int, p: int, *, stated: bool) -> None:
    """Refuse fewer points than parameters, and as many where only the scatter could give uncertainties."""
    if n < p:
        raise RegressionError(f"{n} points cannot determine {p} parameters, expected at least {p}")
    if n == p and not stated:
        raise RegressionError(
            f"a curve with {p} parameters passes through {n} points exactly, so there is no scatter to take "
            f"uncertainties from: state u, or measure at least {p + 1} points"
        )


def uncertainties(what: str, u: ArrayLike, values: Array) -> Array:
    """Return standard uncertainties (n,), one number standing for all, of what they are to belong to.

    Raises
    ------
    RegressionError
        One that is not positive, or so small or so different from the others that double precision is lost.
    """
    given = numbers(what, u, dimensions=min(np.ndim(u), 1))
    u_values = np.broadcast_to(given, values.shape).copy() if given.ndim == 0 else given
    if u_values.shape != values.shape:
        raise RegressionError(f"{what} has {len(u_values)} values for {len(values)} points, expected one each")
    _check_positive(what, u_values)
    check_deviations(what, u_values)
    lost = u_values < EPSILON * np.abs(values) / 2
    if lost.any():
        i = int(np.argmax(lost))
        raise RegressionError(
            f"{what} is {u_values[i]:g} at index {i}, below the rounding of the value {values[i]:g} itself: "
            "no double is known that well, state a plausible uncertainty"
        )
    return u_values


def _check_positive(what: str, u: Array) -> None:
    if not (u > 0).all():
        i = int(np.argmin(u > 0))
        raise RegressionError(
            f"{what} is {u[i]:g} at index {i}, expected a positive standard uncertainty: "
            "a point without one would outweigh all others; leave the argument out where nothing is known"
        )


def check_deviations(what: str, u: Array) -> None:
    """Refuse standard deviations whose weights overflow or differ by more than the digits of a double."""
    i = int(np.argmin(u))
    if u[i] < _SMALLEST:
        raise RegressionError(
            f"{what} is {u[i]:g} at index {i}: its weight 1/u^2 overflows; state a plausible uncertainty"
        )
    if u.max() / u[i] > _LARGEST_RATIO:
        raise RegressionError(
            f"{what} runs from {u[i]:g} (index {i}) to {u.max():g}: weights that differ by more than 16 digits leave "
            "nothing of the lighter points; fit parts, or logarithms where the uncertainties are relative"
        )


def correlations(what: str, r: ArrayLike, n: int) -> Array:
    """Return correlation coefficients (n,), each inside (-1, 1)."""
    given = numbers(what, r, dimensions=min(np.ndim(r), 1))
    r_values = np.full(n, float(given)) if given.ndim == 0 else given
    if len(r_values) != n:
        raise RegressionError(f"{what} has {len(r_values)} values for {n} points, expected one each")
    outside = np.abs(r_values) >= 1
    if outside.any():
        i = int(np.argmax(outside))
        raise RegressionError(f"{what} is {r_values[i]:g} at index {i}, expected a correlation inside (-1, 1)")
    return r_values


def covariance_matrix(what: str, matrix: ArrayLike, n: int, *, singular: bool = False) -> Array:
    """Return a covariance matrix (n, n): symmetric and positive definite.

    With `singular`, directions without uncertainty are allowed: an error common to all points makes such a matrix.
    """
    array = numbers(what, matrix, dimensions=2)
    if array.shape != (n, n):
        raise RegressionError(f"{what} has shape {array.shape}, expected ({n}, {n})")
    variances = np.diag(array)
    if (variances < 0).any() or (not singular and (variances == 0).any()):
        i = int(np.argmin(variances))
        raise RegressionError(f"{what} has the variance {variances[i]:g} at index {i}, expected a positive one")
    deviations = np.sqrt(np.where(variances > 0, variances, 1.0))
    if not singular:
        check_deviations(f"the square root of the diagonal of {what}", deviations)
    scaled = array / np.outer(deviations, deviations)
    asymmetry = np.abs(scaled - scaled.T)
    if asymmetry.max() > 1e-10:
        row, column = divmod(int(np.argmax(asymmetry)), n)
        raise RegressionError(
            f"{what} is not symmetric: "
            f"[{row}, {column}] is {array[row, column]:g} but [{column}, {row}] is {array[column, row]:g}"
        )
    _check_definite(what, array, (scaled + scaled.T) / 2, singular=singular)
    return (array + array.T) / 2


def _check_definite(what: str, array: Array, scaled: Array, *, singular: bool) -> None:
    rounding = len(array) * EPSILON * float(np.abs(scaled).max())
    smallest = float(np.linalg.eigvalsh(scaled)[0])
    if smallest < -4 * rounding or (not singular and smallest <= 4 * rounding):
        of_itself = float(np.linalg.eigvalsh((array + array.T) / 2)[0])
        raise RegressionError(
            f"{what} is not positive definite: its smallest eigenvalue is {of_itself:.3g} ({smallest:.3g} as a "
            "correlation matrix), expected all positive: some combination of points has no variance or a negative one"
        )


def one_of(what: str, choice: str | None, allowed: Sequence[str]) -> None:
    """Refuse a choice that does not exist."""
    if choice is not None and choice not in allowed:
        raise RegressionError(f"{what} is {choice!r}, expected one of {', '.join(allowed)}, or None")


def not_both(first: str, a: object, second: str, b: object) -> None:
    """Refuse the same uncertainty stated twice."""
    if a is not None and b is not None:
        raise RegressionError(f"{first} and {second} state the same uncertainty twice, expected one of them")


def number(what: str, value: ArrayLike) -> float:
    """Return one finite number."""
    return float(numbers(what, value, dimensions=0))
