"""The platinum resistance thermometer of the International Temperature Scale of 1990: W_r(T90) and its inverse.

The quantity is the ratio ``W = R(T90) / R(273.16 K)``. Symbols and equation numbers are those of H. Preston-Thomas,
Metrologia 27, 3 (1990), DOI 10.1088/0026-1394/27/1/002, with its erratum, Metrologia 27, 107 (1990).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import ArrayLike

from thermonet.calibration.thermometry.checks import Values, check_within, newton, plain, positive_numbers

TRIPLE_POINT = 273.16
ICE_POINT = 273.15
LOWEST, HIGHEST = 13.8033, 1234.93
#: Ratios are tabulated with eight decimals; at 13.8 K half of the last one is 0.02 mK.
MARGIN = 1e-4

# Table 4 of the scale: A_i and C_i of the reference functions, B_i and D_i of their approximate inverses.
_A = Polynomial(
    [
        -2.13534729, 3.18324720, -1.80143597, 0.71727204, 0.50344027, -0.61899395, -0.05332322,
        0.28021362, 0.10715224, -0.29302865, 0.04459872, 0.11868632, -0.05248134,
    ]
)  # fmt: skip
_B = Polynomial(
    [
        0.183324722, 0.240975303, 0.209108771, 0.190439972, 0.142648498, 0.077993465, 0.012475611, -0.032267127,
        -0.075291522, -0.056470670, 0.076201285, 0.123893204, -0.029201193, -0.091173542, 0.001317696, 0.026025526,
    ]
)  # fmt: skip
_C = Polynomial(
    [
        2.78157254, 1.64650916, -0.13714390, -0.00649767, -0.00234444,
        0.00511868, 0.00187982, -0.00204472, -0.00046122, 0.00045724,
    ]
)  # fmt: skip
_D = Polynomial(
    [
        439.932854, 472.418020, 37.684494, 7.472018, 2.920828,
        0.005184, -0.963864, -0.188732, 0.191203, 0.049025,
    ]
)  # fmt: skip
_A_SLOPE, _C_SLOPE = _A.deriv(), _C.deriv()


@dataclass(frozen=True)
class FixedPoint:
    """A defining point of the scale at which platinum thermometers are calibrated.

    Attributes
    ----------
    name
        Substance and transition.
    temperature
        T90 [K]; of the two vapour-pressure points of hydrogen, the usual one.
    ratio
        Published W_r, eight decimals [1].
    """

    name: str
    temperature: float
    ratio: float


#: Tables 1 and 2 of the scale, by chemical symbol, in order of temperature.
FIXED_POINTS = {
    "e-H2": FixedPoint("triple point of equilibrium hydrogen", 13.8033, 0.00119007),
    "e-H2 17 K": FixedPoint("vapour pressure of equilibrium hydrogen near 17.0 K", 17.035, 0.00229646),
    "e-H2 20.3 K": FixedPoint("vapour pressure of equilibrium hydrogen near 20.3 K", 20.27, 0.00423536),
    "Ne": FixedPoint("triple point of neon", 24.5561, 0.00844974),
    "O2": FixedPoint("triple point of oxygen", 54.3584, 0.09171804),
    "Ar": FixedPoint("triple point of argon", 83.8058, 0.21585975),
    "Hg": FixedPoint("triple point of mercury", 234.3156, 0.84414211),
    "H2O": FixedPoint("triple point of water", TRIPLE_POINT, 1.0),
    "Ga": FixedPoint("melting point of gallium", 302.9146, 1.11813889),
    "In": FixedPoint("freezing point of indium", 429.7485, 1.60980185),
    "Sn": FixedPoint("freezing point of tin", 505.078, 1.89279768),
    "Zn": FixedPoint("freezing point of zinc", 692.677, 2.56891730),
    "Al": FixedPoint("freezing point of aluminium", 933.473, 3.37600860),
    "Ag": FixedPoint("freezing point of silver", 1234.93, 4.28642053),
}


def reference_ratio(temperature: ArrayLike) -> Values:
    """W_r of ideal platinum at a temperature [1] (equations 9a and 10a).

    The two functions differ by 5e-9 (1.3 uK) where they meet; the lower one holds below 273.16 K.

    Parameters
    ----------
    temperature
        T90, 13.8033 to 1234.93 [K]; any shape.

    Raises
    ------
    PhysicsError
        A temperature is no finite number or outside the scale's platinum range.

    Examples
    --------
    >>> round(reference_ratio(505.078), 8)
    1.89279768
    """
    T = positive_numbers("temperature", temperature, "K")
    check_within("temperature", T, LOWEST, HIGHEST, "K", MARGIN, "the platinum range of the ITS-90")
    below = T.real < TRIPLE_POINT
    ratio = np.where(below, _ratio_below(np.where(below, T, TRIPLE_POINT)), _C(_above(T)))
    return plain(ratio)


def reference_slope(temperature: ArrayLike) -> Values:
    """dW_r/dT90 of ideal platinum [1/K]; arguments and errors as of `reference_ratio`."""
    T = positive_numbers("temperature", temperature, "K")
    check_within("temperature", T, LOWEST, HIGHEST, "K", MARGIN, "the platinum range of the ITS-90")
    below = T.real < TRIPLE_POINT
    cold = np.where(below, T, TRIPLE_POINT)
    return plain(np.where(below, _ratio_below(cold) * _log_slope(cold), _C_SLOPE(_above(T)) / 481.0))


def reference_temperature(ratio: ArrayLike) -> Values:
    """T90 at which ideal platinum has a ratio [K]: the exact inverse of `reference_ratio`.

    The published approximations (equations 9b and 10b, good to 0.1 mK and 0.13 mK) are only its start.

    Parameters
    ----------
    ratio
        W_r, 0.00119007 to 4.28642053 [1]; any shape.

    Raises
    ------
    PhysicsError
        A ratio is not positive and finite, or outside the scale's platinum range.

    Examples
    --------
    >>> round(reference_temperature(1.60980185), 5)
    429.7485
    """
    W = positive_numbers("resistance ratio", ratio, "")
    margin = (MARGIN * 2.4e-4, MARGIN * 2.9e-3)  # dW_r/dT at the ends
    check_within("resistance ratio", W, 0.00119007, 4.28642053, "", margin, "the platinum range of the ITS-90")
    below = W.real < _RATIO_WHERE_THEY_MEET
    cold = np.where(below, W, 0.5)
    warm = np.where(below, 2.0, W)
    start_cold = TRIPLE_POINT * _B((cold.real ** (1 / 6) - 0.65) / 0.35)
    start_warm = ICE_POINT + _D((warm.real - 2.64) / 1.64)
    found = np.where(
        below,
        newton(lambda T: _A(_log(T)), _log_slope, np.log(cold), start_cold),
        newton(lambda T: _C(_above(T)), lambda T: _C_SLOPE(_above(T)) / 481.0, warm, start_warm),
    )
    return plain(found)


def _log(T: Values) -> Values:
    """Argument of the polynomial A: -1 at 13.6 K, +1 at 273.16 K."""
    return (np.log(T / TRIPLE_POINT) + 1.5) / 1.5


def _log_slope(T: Values) -> Values:
    """Derivative of ln W_r by temperature, below the triple point [1/K]."""
    return _A_SLOPE(_log(T)) / (1.5 * T)


def _above(T: Values) -> Values:
    """Argument of the polynomial C: -1 at 0 degC, +1 at 962 degC."""
    return (T - 754.15) / 481.0


def _ratio_below(T: Values) -> Values:
    return np.exp(_A(_log(T)))


#: Of the lower function, at the triple point of water.
_RATIO_WHERE_THEY_MEET = float(_ratio_below(np.asarray(TRIPLE_POINT)))
