"""Derivatives of a curve that its author did not supply, to all digits that can be had.

A step along the imaginary axis loses none (W. Squire and G. Trapp, SIAM Rev. 40, 110 (1998), DOI
10.1137/S003614459631241X), but needs a function that passes complex numbers through; others are differenced at the
step at which two neighbouring steps agree best.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.regression.errors import RegressionError

Array = NDArray[np.float64]
#: A curve as its author writes it: ``f(x, a, b, ...)`` of x (n,), and derivatives by the parameters or by x.
Function = Callable[..., object]

_IMAGINARY = 1e-30
_STEPS = 10.0 ** -np.arange(1.0, 9.0)
#: Two ways to a derivative that differ by more are not the same derivative.
_AGREEMENT = 1e-4


@dataclass(frozen=True, eq=False)
class Curve:
    """A function of x and parameters with its derivatives.

    Attributes
    ----------
    function
        ``f(x, a, b, ...)``, x (n,) to y (n,).
    jacobian, slope
        ``(x, a, b, ...)`` to the derivatives by the parameters (n, p) and by x (n,), or None.
    complex_step
        Whether the function may be given complex numbers.
    """

    function: Function
    jacobian: Function | None = None
    slope: Function | None = None
    complex_step: bool = False

    def value(self, x: Array, parameters: Array) -> Array:
        """The curve at x; not finite where it is not defined."""
        with np.errstate(all="ignore"):
            return _real(self.function(x, *parameters.tolist()), x)

    def by_parameters(self, x: Array, parameters: Array) -> Array:
        """Derivatives (n, p)."""
        if self.jacobian is not None:
            with np.errstate(all="ignore"):
                return _columns(self.jacobian(x, *parameters.tolist()), x, parameters)
        return np.column_stack([self._by(x, parameters, i) for i in range(len(parameters))])

    def by_x(self, x: Array, parameters: Array) -> Array:
        """Derivative (n,)."""
        if self.slope is not None:
            with np.errstate(all="ignore"):
                return _real(self.slope(x, *parameters.tolist()), x)
        return self._by(x, parameters, None)

    def _by(self, x: Array, parameters: Array, index: int | None) -> Array:
        """Derivative by one parameter, or by x."""
        moved, size = self._along(x, parameters, index)
        with np.errstate(all="ignore"):
            if self.complex_step:
                return np.asarray(np.imag(np.asarray(moved(1j * _IMAGINARY * size))) / (_IMAGINARY * size))
            return _differences(lambda step: _real(moved(step), x), size)

    def _along(self, x: Array, parameters: Array, index: int | None) -> tuple[Callable[[complex], object], float]:
        """The curve as a function of a step in one direction, and a size of that direction."""
        given = parameters.tolist()
        if index is None:
            size = float(np.ptp(x)) or abs(float(x[0])) or 1.0
            return lambda step: self.function(x + step, *given), size

        def moved(step: complex) -> object:
            return self.function(x, *given[:index], given[index] + step, *given[index + 1 :])

        return moved, abs(given[index]) or 1.0

    def checked(self, x: Array, parameters: Array) -> Curve:
        """The same curve, knowing whether complex steps serve; wrong derivatives are refused."""
        differenced = Curve(self.function)
        directions = [*range(len(parameters)), None]
        numbers = [differenced._by(x, parameters, i) for i in directions]
        supplied: list[Array | None] = [None] * len(directions)
        if self.jacobian is not None:
            supplied[:-1] = list(self.by_parameters(x, parameters).T)
        if self.slope is not None:
            supplied[-1] = self.by_x(x, parameters)
        for i, given, number in zip(directions, supplied, numbers, strict=True):
            if given is not None and not _agree(given, number):
                what = "x" if i is None else f"parameter {i}"
                raise RegressionError(
                    f"the derivative by {what} that was given is not that of the function, as differences at the start "
                    "show: correct it, or leave it out"
                )
        return Curve(self.function, self.jacobian, self.slope, self._serves_complex(x, parameters, numbers))

    def _serves_complex(self, x: Array, parameters: Array, numbers: list[Array]) -> bool:
        stepped = Curve(self.function, complex_step=True)
        try:
            return all(
                _agree(stepped._by(x, parameters, i), number)
                for i, number in zip([*range(len(parameters)), None], numbers, strict=True)
            )
        except Exception:  # any failure of a foreign function under complex numbers says that they do not serve
            return False


def _agree(one: Array, other: Array) -> bool:
    return bool(np.linalg.norm(one - other) <= _AGREEMENT * np.linalg.norm(other) + 1e-290)


def _differences(along: Callable[[float], Array], size: float) -> Array:
    """Central differences, extrapolated once, at the step where they agree best with those at the next."""
    best, smallest = np.full_like(along(0.0), np.nan), np.inf
    previous = None
    for step in _STEPS * size:
        wide = (along(step) - along(-step)) / (2 * step)
        narrow = (along(step / 2) - along(-step / 2)) / step
        current = narrow + (narrow - wide) / 3
        if previous is not None:
            change = float(np.linalg.norm(current - previous))
            if change < smallest:
                best, smallest = current, change
        previous = current
    return best


def _real(values: object, x: Array) -> Array:
    try:
        array = np.asarray(values)
        if np.iscomplexobj(array):
            raise TypeError
        array = array.astype(np.float64)
    except (TypeError, ValueError):
        raise RegressionError("the function must return real numbers, one for each x") from None
    if array.shape not in ((), x.shape):
        raise RegressionError(
            f"the function returned the shape {array.shape} for x of shape {x.shape}, expected the same"
        )
    return np.broadcast_to(array, x.shape).astype(np.float64)


def _columns(values: object, x: Array, parameters: Array) -> Array:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise RegressionError("the jacobian must return real numbers") from None
    expected = (len(x), len(parameters))
    if array.shape != expected:
        raise RegressionError(f"the jacobian returned the shape {array.shape}, expected {expected}: a row for each x")
    return array
