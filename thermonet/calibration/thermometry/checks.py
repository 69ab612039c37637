"""What every thermometer function refuses, and the one root search that they share.

All functions of this package take numbers, arrays, and complex numbers or arrays: a derivative by complex step,
``f(x + 1e-30j).imag / 1e-30``, is exact to rounding (DOI 10.1145/838250.838251). Ranges are those of the real part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonet.quantities.errors import NotConvergedError, PhysicsError

#: Floats or complex numbers of any shape; of no shape, they come back as Python's own number.
Values: TypeAlias = NDArray[Any]
Curve: TypeAlias = Callable[[Values], Values]

_MOST_STEPS = 60
#: Relative length of a Newton step after which the next one is below rounding.
_SETTLED = 1e-9


def numbers(what: str, values: ArrayLike) -> Values:
    """Values as an array of floats or of complex numbers, after refusing what is no finite number."""
    array: Values = np.asarray(values)
    if array.dtype.kind not in "iufc":
        raise PhysicsError(f"the {what} must be a number or an array of numbers, got {values!r}")
    if array.dtype.kind != "c":
        array = array.astype(np.float64)
    if not np.all(np.isfinite(array)):
        raise PhysicsError(f"the {what} must be finite, got {_first(array, ~np.isfinite(array))}")
    return array


def positive_numbers(what: str, values: ArrayLike, unit: str) -> Values:
    """Values as `numbers`, after refusing those that are not above zero."""
    array = numbers(what, values)
    wrong = array.real <= 0
    if np.any(wrong):
        raise PhysicsError(f"the {what} must be positive, got {_first(array, wrong)} {unit}".rstrip())
    return array


def plain(values: Values) -> Values:
    """Values as they go out: an array, or Python's own number where there is only one."""
    array = np.asarray(values)
    return array.item() if array.ndim == 0 else array


def check_within(
    what: str, values: Values, lowest: float, highest: float, unit: str, margin: float | tuple[float, float], whose: str
) -> None:
    """Refuse values outside ``lowest .. highest``; `margin`, of both ends or each, is for rounding in tables."""
    below, above = np.broadcast_to(margin, 2)
    wrong = (values.real < lowest - below) | (values.real > highest + above)
    if np.any(wrong):
        value = f"{_first(values, wrong)} {unit}".rstrip()
        ends = f"{lowest:.9g} to {highest:.9g} {unit}".rstrip()
        raise PhysicsError(f"the {what} {value} is outside {whose}, expected {ends}")


def _first(values: Values, chosen: Values) -> str:
    """The first of the chosen values, as text."""
    return f"{values.real[chosen].flat[0]:.9g}"


def newton(curve: Curve, slope: Curve, target: Values, start: Values) -> Values:
    """Argument at which a smooth curve takes the value `target`, by Newton's method from a near start.

    The search is real; where anything is complex, one last complex step carries the derivatives over.

    Raises
    ------
    NotConvergedError
        The steps do not shrink: the curve turns between start and target.
    """
    found = np.real(start)
    for _ in range(_MOST_STEPS):
        step = np.real(curve(found) - target) / np.real(slope(found))
        found = found - step
        if np.all(np.abs(step) <= _SETTLED * np.abs(found)):
            # One step more: the last one was quadratically small, this one is at rounding, and it may be complex.
            return found - (curve(found) - target) / slope(found)
    raise NotConvergedError(
        f"no root found for {np.ravel(target)[0]:.9g} after {_MOST_STEPS} steps: the characteristic is not monotonic"
    )
