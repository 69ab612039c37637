"""Industrial platinum resistance thermometers: the equations of Callendar and Van Dusen and the classes of IEC 60751.

IEC 60751:2008 and IEC 60751:2022 agree in all that is used here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonet.calibration.thermometry.checks import Values, check_within, newton, numbers, plain, positive_numbers
from thermonet.quantities.errors import PhysicsError

#: Coefficients of the standard's platinum, alpha = 3.851e-3/K (IEC 60751, 4.2) [1/degC, 1/degC^2, 1/degC^4].
A, B, C = 3.9083e-3, -5.775e-7, -4.183e-12
LOWEST, HIGHEST = 73.15, 1123.15
_ICE_POINT = 273.15
#: The standard's table rounds resistances to 0.01 ohm of 100 ohm; half of it is 0.02 K at 850 degC.
_MARGIN = 0.02
_STEP = 1e-30
_WHOSE = "the range of IEC 60751"

Construction = Literal["wire", "film"]


def iec60751_resistance(
    temperature: ArrayLike, R0: ArrayLike = 100.0, A: ArrayLike = A, B: ArrayLike = B, C: ArrayLike = C
) -> Values:
    """Resistance of an industrial platinum thermometer [ohm].

    With t = T - 273.15 K in degrees Celsius::

        R = R0 [1 + A t + B t^2 + C (t - 100) t^3]   -200 to 0 degC
        R = R0 [1 + A t + B t^2]                        0 to 850 degC

    Parameters
    ----------
    temperature
        T90, 73.15 to 1123.15 [K].
    R0
        Resistance at 0 degC [ohm].
    A, B, C
        The standard's coefficients, or those of one calibrated thermometer [1/degC, 1/degC^2, 1/degC^4].

    Raises
    ------
    PhysicsError
        A number is not finite, R0 or A is not positive, or the temperature is outside the standard's range.

    Examples
    --------
    >>> round(iec60751_resistance(373.15), 4)
    138.5055
    """
    T = positive_numbers("temperature", temperature, "K")
    check_within("temperature", T, LOWEST, HIGHEST, "K", _MARGIN, _WHOSE)
    R0, A, B, C = _coefficients(R0, A, B, C)
    return plain(R0 * _curve(T - _ICE_POINT, A, B, C))


def iec60751_temperature(
    resistance: ArrayLike, R0: ArrayLike = 100.0, A: ArrayLike = A, B: ArrayLike = B, C: ArrayLike = C
) -> Values:
    """Temperature of an industrial platinum thermometer [K]: the exact inverse of `iec60751_resistance`.

    Above 0 degC the quadratic is solved in closed form, below it the quartic by Newton's method.

    Parameters
    ----------
    resistance
        R [ohm].
    R0, A, B, C
        As of `iec60751_resistance`.

    Raises
    ------
    PhysicsError
        As of `iec60751_resistance`; also a resistance that is not positive.

    Examples
    --------
    >>> round(iec60751_temperature(138.5055), 3)
    373.15
    """
    R = positive_numbers("resistance", resistance, "ohm")
    R0, A, B, C = _coefficients(R0, A, B, C)
    change = R / R0 - 1
    radicand = A**2 + 4 * B * change
    if np.any(radicand.real <= 0):
        raise PhysicsError(f"a resistance of {np.max(R.real):.6g} ohm is never reached with these coefficients")
    above = 2 * change / (A + np.sqrt(radicand))
    below = np.real(change) < 0
    cold = np.where(below, change, 0.0)
    t = np.where(
        below,
        newton(
            lambda t: _curve(t, A, B, C) - 1,
            lambda t: A + 2 * B * t + np.where(t < 0, C * t**2 * (4 * t - 300), 0.0),
            cold,
            np.where(below, above, 0.0),
        ),
        above,
    )
    T = t + _ICE_POINT
    check_within("temperature", T, LOWEST, HIGHEST, "K", _MARGIN, _WHOSE)
    return plain(T)


def _curve(t: Values, A: Values, B: Values, C: Values) -> Values:
    """R / R0 at t in degrees Celsius."""
    return 1 + A * t + B * t**2 + np.where(np.real(t) < 0, C * (t - 100) * t**3, 0.0)


def _coefficients(R0: ArrayLike, A: ArrayLike, B: ArrayLike, C: ArrayLike) -> tuple[Values, ...]:
    return (
        positive_numbers("resistance R0 at 0 degC", R0, "ohm"),
        positive_numbers("coefficient A", A, "1/degC"),
        numbers("coefficient B", B),
        numbers("coefficient C", C),
    )


@dataclass(frozen=True, eq=False)
class CallendarVanDusen:
    """One calibrated industrial platinum thermometer with its own coefficients and their uncertainty.

    Attributes
    ----------
    R0, A, B, C
        As of `iec60751_resistance`.
    covariance
        Of (R0, A, B, C), 4 x 4; none where nothing is known of their uncertainty. From independent standard
        uncertainties it is ``np.diag([u_R0**2, u_A**2, u_B**2, u_C**2])``.
    """

    R0: float = 100.0
    A: float = A
    B: float = B
    C: float = C
    covariance: NDArray[np.float64] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _coefficients(*self._values)
        if self.covariance is not None and np.shape(self.covariance) != (4, 4):
            raise PhysicsError("the covariance of R0, A, B and C is a 4 x 4 matrix")

    @property
    def _values(self) -> tuple[float, float, float, float]:
        return (self.R0, self.A, self.B, self.C)

    def resistance(self, temperature: ArrayLike) -> Values:
        """Resistance [ohm] at temperatures [K], see `iec60751_resistance`."""
        return iec60751_resistance(temperature, *self._values)

    def temperature(self, resistance: ArrayLike) -> Values:
        """Temperature [K] at resistances [ohm], see `iec60751_temperature`."""
        return iec60751_temperature(resistance, *self._values)

    def temperature_u(self, resistance: float, u_resistance: float = 0.0) -> float:
        """Standard uncertainty of `temperature` [K], from those of the coefficients and of the resistance [ohm]."""
        if not 0 <= u_resistance < np.inf:
            raise PhysicsError(f"a standard uncertainty must be zero or positive and finite, got {u_resistance}")
        inputs = (float(resistance), *self._values)
        slopes = np.empty(5)
        for position in range(5):
            moved: list[complex] = list(inputs)
            moved[position] += 1j * _STEP
            slopes[position] = np.imag(iec60751_temperature(*moved)) / _STEP
        variance = (slopes[0] * u_resistance) ** 2
        if self.covariance is not None:
            variance += slopes[1:] @ self.covariance @ slopes[1:]
        return float(np.sqrt(variance))


@dataclass(frozen=True)
class ToleranceClass:
    """How far a thermometer of a class may be off, ``at_ice_point + slope |t|`` with t in degrees Celsius.

    Attributes
    ----------
    at_ice_point
        [K].
    slope
        [1].
    ranges
        Lowest and highest temperature of validity [K], of wire-wound and of thin-film thermometers.
    """

    at_ice_point: float
    slope: float
    ranges: dict[Construction, tuple[float, float]]


#: IEC 60751, tolerance classes of thermometers.
TOLERANCE_CLASSES = {
    "AA": ToleranceClass(0.1, 0.0017, {"wire": (223.15, 523.15), "film": (273.15, 423.15)}),
    "A": ToleranceClass(0.15, 0.002, {"wire": (173.15, 723.15), "film": (243.15, 573.15)}),
    "B": ToleranceClass(0.3, 0.005, {"wire": (77.15, 873.15), "film": (223.15, 773.15)}),
    "C": ToleranceClass(0.6, 0.01, {"wire": (77.15, 873.15), "film": (223.15, 873.15)}),
}


def iec60751_tolerance(temperature: ArrayLike, tolerance_class: str, construction: Construction = "wire") -> Values:
    """Tolerance of an uncalibrated thermometer, a half width [K].

    Parameters
    ----------
    temperature
        T90 [K].
    tolerance_class
        AA, A, B or C.
    construction
        Wire-wound thermometers keep their class over a wider range than those with a film.

    Raises
    ------
    PhysicsError
        An unknown class or construction, or a temperature at which the class promises nothing.

    Examples
    --------
    >>> round(iec60751_tolerance(373.15, "B"), 12)
    0.8
    """
    if tolerance_class not in TOLERANCE_CLASSES:
        raise PhysicsError(f"'{tolerance_class}' is no tolerance class of IEC 60751, expected AA, A, B or C")
    chosen = TOLERANCE_CLASSES[tolerance_class]
    if construction not in chosen.ranges:
        raise PhysicsError(f"'{construction}' is no construction of IEC 60751, expected 'wire' or 'film'")
    T = positive_numbers("temperature", temperature, "K")
    whose = f"class {tolerance_class} of {construction} thermometers"
    check_within("temperature", T, *chosen.ranges[construction], "K", 1e-9, whose)
    return plain(chosen.at_ice_point + chosen.slope * np.abs(T.real - _ICE_POINT))
