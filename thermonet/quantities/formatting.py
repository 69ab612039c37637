"""Numbers as a reader wants them: a scaled unit, and no more digits than the uncertainty carries."""

from __future__ import annotations

import math

import uncertainties

from thermonet.quantities.inputs import shorthand

_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
#: Units whose first letter may take a prefix; every other one is printed as it is ('n' before 'm^2 K/W' would be nm^2).
_SCALABLE = {
    "K/W",
    "s",
    "W",
    "K",
    "V/K",
    "V/W",
    "Hz",
    "m",
    "W/K",
    "J/K",
    "V",
    "W/Hz^0.5",
    "W/m^2/K",
    "V/Hz^0.5",
    "A",
    "ohm",
    "ohm*m",
    "W/V",
}


def scaled(value: float, unit: str) -> tuple[float, str]:
    """Choose the SI prefix that puts `value` between 1 and 1000; return the factor and the prefixed unit.

    Values far beyond all prefixes have none.

    Examples
    --------
    >>> scaled(1.5e-5, "s")
    (1000000.0, 'us')
    """
    if unit not in _SCALABLE or value == 0 or not math.isfinite(value):
        return 1.0, unit
    exponent = 3 * math.floor(math.log10(abs(value) * 1.000001) / 3)
    least, largest = min(_PREFIXES), max(_PREFIXES)
    if not least - 3 <= exponent <= largest + 3:  # a power of ten beside a prefix says nothing
        return 1.0, unit
    exponent = min(max(exponent, least), largest)
    return 10.0**-exponent, _PREFIXES[exponent] + unit


def with_unit(value: float, unit: str, u: float | None = None, digits: int = 4) -> str:
    """Print a value in a scaled unit, with its standard uncertainty where there is one.

    Examples
    --------
    >>> with_unit(72800.0, "K/W", 500.0)
    '72.80 ± 0.50 kK/W'
    >>> with_unit(1.23456e-5, "s")
    '12.35 us'
    >>> with_unit(-0.0, "W"), with_unit(8.9e-23, "W")
    ('0 W', '8.9e-23 W')
    """
    if unit == "1":
        return _dimensionless(value, u, digits)
    factor, name = (math.degrees(1.0), "deg") if unit == "rad" else scaled(value, unit)
    if u:
        number = f"{uncertainties.ufloat(value * factor, u * factor):.2ufP}"
        return f"{_spaced(number)} {name}"
    return f"{_plain(value * factor, digits)} {name}"


def concise(value: float, unit: str, u: float | None = None) -> str:
    """Print a value with its standard uncertainty in the last digits, as certificates do.

    Examples
    --------
    >>> concise(1.63137e-5, "V/K", 4.37e-8)
    '16.314(44) uV/K'
    """
    if not u:
        return with_unit(value, unit)
    factor, name = scaled(value, unit) if abs(value) > u else scaled(u, unit)
    return shorthand(value * factor, u * factor, name)


def _dimensionless(value: float, u: float | None, digits: int) -> str:
    """Small ratios read best in per cent."""
    factor, ending = (100.0, " %") if 1e-5 <= abs(value) < 0.1 else (1.0, "")
    if not u:
        return f"{_plain(value * factor, digits)}{ending}"
    number = _spaced(f"{uncertainties.ufloat(value * factor, u * factor):.2ufP}")
    return f"({number}){ending}" if ending else number


def _plain(number: float, digits: int) -> str:
    """So many significant digits, without an exponent where a person would write none."""
    rounded = float(f"{number:.{digits}g}") + 0.0  # nobody writes a minus before zero
    return f"{rounded:.{max(digits, 6)}g}" if abs(rounded) < 1e5 else f"{rounded:.{digits}g}"


def known_digits(value: float, error: float | None, fewest: int = 4, most: int = 8) -> int:
    """Significant digits of a value that an error leaves it, within limits.

    Examples
    --------
    >>> known_digits(309.7529, 1.2e-3), known_digits(309.7529, 20.0), known_digits(1.0, None)
    (6, 4, 4)
    """
    if not error or not value or not abs(value) > error:
        return fewest
    return min(max(math.floor(math.log10(abs(value) / error)) + 1, fewest), most)


def _spaced(number: str) -> str:
    return number.replace("±", " ± ")


def percent(share: float) -> str:
    """A share in per cent, three decimals.

    Examples
    --------
    >>> percent(-0.0134)
    '-1.340 %'
    """
    return f"{share * 100:.3f} %"
