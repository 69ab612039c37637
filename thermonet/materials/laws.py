"""Thermal conductivities that depend on temperature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from thermonet.quantities.errors import PhysicsError

Values = NDArray[np.float64]


def table_slope(temperatures: tuple[float, ...], values: tuple[float, ...], temperature: Values) -> Values:
    """Slope of the straight lines between the rows of a table, per kelvin; at a row that of the line above it."""
    rise = np.diff(values) / np.diff(temperatures)
    piece = np.searchsorted(temperatures, temperature, side="right") - 1
    return np.asarray(np.concatenate([rise, [0.0, 0.0]])[np.where(piece < 0, len(rise), piece)])


def polynomial(coefficients: tuple[float, ...], rise: Values) -> Values:
    """``sum_i c_i rise^i``."""
    return np.asarray(np.polynomial.polynomial.polyval(rise, coefficients), dtype=float)


def polynomial_slope(coefficients: tuple[float, ...], rise: Values) -> Values:
    """Its derivative."""
    return polynomial(tuple(np.polynomial.polynomial.polyder(np.asarray(coefficients))), rise)


def require_positive(found: Values, temperature: Values, what: str, unit: str, where: str = "") -> None:
    """Refuse a law that is used where it is not positive.

    Parameters
    ----------
    found, temperature
        Its values, and the temperatures [K].
    what, unit, where
        Words for the message: which law, its unit, and where it should be positive.

    Raises
    ------
    PhysicsError
        Some value is zero, negative or no number.
    """
    if not found.min(initial=np.inf) > 0:
        worst = np.ravel(temperature)[int(np.argmin(np.ravel(found)))]
        raise PhysicsError(f"{what} is {found.min():.3g} {unit} at {worst:.4g} K, expected it to be positive{where}")


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
        return table_slope(self.temperatures, self.conductivities, temperature)


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
        found = polynomial(self.coefficients, np.asarray(temperature) - self.about)
        require_positive(
            found,
            temperature,
            "the polynomial of a thermal conductivity",
            "W/m/K",
            " at all temperatures of the body",
        )
        return found

    def slope(self, temperature: Values) -> Values:
        """Its derivative [W/m/K^2]."""
        return polynomial_slope(self.coefficients, np.asarray(temperature) - self.about)
