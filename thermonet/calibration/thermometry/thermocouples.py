"""Letter-designated thermocouples on the ITS-90: electromotive force, Seebeck coefficient and temperature.

The reference functions of types B, E, J, K, N, R, S and T (NIST Monograph 175, 1993, the same as IEC 60584-1:2013)
come from the library thermocouple-its90; the inverse is their root, not the approximate inverse polynomials.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from thermonet.calibration.thermometry.checks import Values, check_within, numbers, plain, positive_numbers
from thermonet.quantities.errors import PhysicsError

if TYPE_CHECKING:
    import thermocouple_its90

_ICE_POINT = 273.15
#: Tables give the electromotive force to 1 uV; what is beyond an end by half of it, is the end.
_HALF_DIGIT = 0.5e-6
TYPES = "BEJKNRST"


def thermocouple_emf(temperature: ArrayLike, kind: str, reference: ArrayLike = _ICE_POINT) -> Values:
    """Electromotive force of a thermocouple between two temperatures [V].

    Parameters
    ----------
    temperature
        Of the measuring junction [K]; any shape, real or complex.
    kind
        B, E, J, K, N, R, S or T.
    reference
        Temperature of the reference junction [K].

    Raises
    ------
    PhysicsError
        An unknown type, or a temperature outside the range of its reference function.

    Examples
    --------
    >>> round(thermocouple_emf(573.15, "K"), 6)
    0.012209
    """
    couple = _couple(kind)
    return plain(
        _table_emf(couple, "temperature", temperature) - _table_emf(couple, "reference temperature", reference)
    )


def thermocouple_seebeck(temperature: ArrayLike, kind: str) -> Values:
    """Seebeck coefficient dE/dT of a thermocouple [V/K]; arguments and errors as of `thermocouple_emf`.

    Examples
    --------
    >>> round(thermocouple_seebeck(300.0, "K"), 8)
    4.058e-05
    """
    couple = _couple(kind)
    return plain(1e-3 * _each(couple.seebeck, _celsius(couple, "temperature", temperature).real))


def thermocouple_temperature(emf: ArrayLike, kind: str, reference: ArrayLike = _ICE_POINT) -> Values:
    """Temperature of the measuring junction of a thermocouple [K].

    The root of ``E(T) = emf + E(reference)``, to rounding. A type B thermocouple has the same electromotive force at
    two temperatures from 0 to 42 degC, around its minimum at 21 degC; it is read above them only, from 0.5 uV on.
    An electromotive force beyond an end of the range by less than half a digit of the tables, 0.5 uV, is that end.

    Parameters
    ----------
    emf
        Electromotive force [V]; any shape, real or complex.
    kind
        B, E, J, K, N, R, S or T.
    reference
        Temperature of the reference junction [K].

    Raises
    ------
    PhysicsError
        An unknown type, or an electromotive force that it does not have at one temperature of its range.

    Examples
    --------
    >>> round(thermocouple_temperature(0.004096, "K", reference=298.15) - 273.15, 1)
    124.3
    """
    couple = _couple(kind)
    total = numbers("electromotive force", emf) + _table_emf(couple, "reference temperature", reference)
    lowest, highest = _unique_range(kind)
    ends = 1e-3 * couple.emf(lowest), 1e-3 * couple.emf(highest)
    whose = f"what a type {kind} thermocouple has at one temperature only (against a junction at 0 degC)"
    margin = (0.0 if kind == "B" else _HALF_DIGIT, _HALF_DIGIT)
    check_within("electromotive force", total, *ends, "V", margin, whose)
    celsius = _each(lambda e: _root(couple, 1e3 * e, lowest, highest), np.clip(total.real, *ends))
    if np.iscomplexobj(total):
        return plain(celsius + _ICE_POINT + 1j * total.imag / (1e-3 * _each(couple.seebeck, celsius)))
    return plain(celsius + _ICE_POINT)


def _couple(kind: str) -> thermocouple_its90.Thermocouple:
    import thermocouple_its90

    if kind not in thermocouple_its90.TYPES:
        raise PhysicsError(f"'{kind}' is no letter-designated thermocouple, expected one of {', '.join(TYPES)}")
    return thermocouple_its90.TYPES[kind]


@lru_cache(maxsize=len(TYPES))
def _unique_range(kind: str) -> tuple[float, float]:
    """Temperatures between which the electromotive force belongs to one temperature of the whole range [degC]."""
    from scipy.optimize import brentq

    couple = _couple(kind)
    lowest, highest = couple.range
    if kind != "B":
        return lowest, highest
    minimum = brentq(couple.seebeck, lowest, 100.0)
    return float(brentq(lambda t: couple.emf(t) - couple.emf(lowest) - 1e3 * _HALF_DIGIT, minimum, 100.0)), highest


def _root(couple: thermocouple_its90.Thermocouple, millivolts: float, lowest: float, highest: float) -> float:
    from scipy.optimize import brentq

    # The pieces of a reference function meet to 1e-7 mV only: an end may be missed by rounding.
    if millivolts <= couple.emf(lowest):
        return lowest
    if millivolts >= couple.emf(highest):
        return highest
    return float(brentq(lambda t: couple.emf(t) - millivolts, lowest, highest, xtol=1e-12, rtol=1e-15))


def _celsius(couple: thermocouple_its90.Thermocouple, what: str, temperature: ArrayLike) -> Values:
    T = positive_numbers(what, temperature, "K")
    lowest, highest = (end + _ICE_POINT for end in couple.range)
    check_within(what, T, lowest, highest, "K", 1e-9, f"the range of a type {couple.letter} thermocouple")
    real = np.clip(T.real - _ICE_POINT, *couple.range)
    return real + 1j * T.imag if np.iscomplexobj(T) else real


def _table_emf(couple: thermocouple_its90.Thermocouple, what: str, temperature: ArrayLike) -> Values:
    """Electromotive force against a reference junction at 0 degC [V]."""
    t = _celsius(couple, what, temperature)
    emf = _each(couple.emf, t.real)
    if np.iscomplexobj(t):
        return 1e-3 * (emf + 1j * t.imag * _each(couple.seebeck, t.real))
    return 1e-3 * emf


def _each(function: Callable[[float], float], values: Values) -> Values:
    """A function of one number, at every element."""
    return np.vectorize(function, otypes=[np.float64])(values)
