"""The fitted curve as a function: its values, their derivatives by the coefficients, and its slope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.regression.basis import Basis

Array = NDArray[np.float64]


class Model(Protocol):
    """What predictions need of a curve; x is (k,)."""

    @property
    def is_line(self) -> bool:
        """Whether it is straight."""
        ...

    def value(self, x: Array) -> Array:
        """The curve at x (k,)."""
        ...

    def rows(self, x: Array) -> Array:
        """Derivatives by the coefficients (k, p)."""
        ...

    def slope(self, x: Array) -> Array:
        """Derivative by x (k,)."""
        ...


@dataclass(frozen=True, eq=False)
class Polynomial:
    """A polynomial by its coefficients in a basis."""

    basis: Basis
    coefficients: Array

    @property
    def is_line(self) -> bool:
        """See `Model`."""
        return self.basis.size + (not self.basis.intercept) <= 2

    def value(self, x: Array) -> Array:
        """See `Model`."""
        return self.basis.rows(x) @ self.coefficients

    def rows(self, x: Array) -> Array:
        """See `Model`."""
        return self.basis.rows(x)

    def slope(self, x: Array) -> Array:
        """See `Model`."""
        return self.basis.slopes(x) @ self.coefficients
