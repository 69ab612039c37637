"""Thermal conductivities that depend on temperature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from thermonet.quantities.errors import PhysicsError

Values = NDArray[np.float64]


class ConductivityLaw(Protocol):
    """k(T)."""

    def at(self, temperature: Values) -> Values:
        """Conductivity [W/m/K] at temperatures [K]."""

    def slope(self, temperature: Values) -> Values:
        """Its derivative [W/m/K^2]."""


@dataclass(frozen=True)
class TableLaw:
    """Straight lines between the rows of a table, constant outside it.

    Attributes
    ----------
    temperatures
        Ascending [K].
    conductivities
        [W/m/K].
    """

    temperatures: tuple[float, ...]
    conductivities: tuple[float, ...]

    def at(self, temperature: Values) -> Values:
        """Conductivity [W/m/K] at temperatures [K]."""
        return np.asarray(np.interp(temperature, self.temperatures, self.conductivities))

    def slope(self, temperature: Values) -> Values:
        """Its derivative [W/m/K^2]; at a row that of the line above it."""
        rise = np.diff(self.conductivities) / np.diff(self.temperatures)
        piece = np.searchsorted(self.temperatures, temperature, side="right") - 1
        return np.asarray(np.concatenate([rise, [0.0, 0.0]])[np.where(piece < 0, len(rise), piece)])


@dataclass(frozen=True)
class PolynomialLaw:
    """``sum_i c_i (T - about)^i``.

    Attributes
    ----------
    coefficients
        c_i [W/m/K^(i + 1)].
    about
        Temperature at which k is the first of them [K].
    """

    coefficients: tuple[float, ...]
    about: float

    def at(self, temperature: Values) -> Values:
        """Conductivity [W/m/K] at temperatures [K].

        Raises
        ------
        PhysicsError
            It is not positive there: the polynomial is used outside the range that it was meant for.
        """
        found = np.asarray(np.polynomial.polynomial.polyval(np.asarray(temperature) - self.about, self.coefficients))
        if not found.min(initial=np.inf) > 0:
            worst = np.ravel(temperature)[int(np.argmin(np.ravel(found)))]
            raise PhysicsError(
                f"the polynomial of a thermal conductivity is {found.min():.3g} W/m/K at {worst:.4g} K, expected it "
                "to be positive at all temperatures of the body"
            )
        return np.asarray(found, dtype=float)

    def slope(self, temperature: Values) -> Values:
        """Its derivative [W/m/K^2]."""
        rising = np.polynomial.polynomial.polyder(np.asarray(self.coefficients))
        return np.asarray(np.polynomial.polynomial.polyval(np.asarray(temperature) - self.about, rising))
