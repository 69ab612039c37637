"""Units in the notation of D-SI, the machine-readable SI of digital calibration certificates."""

from __future__ import annotations

import re

from thermonet.quantities.errors import PhysicsError

#: D-SI names of the units that this package writes, BIPM SI brochure (9th edition).
_UNITS = {
    "1": "one", "m": "metre", "kg": "kilogram", "s": "second", "A": "ampere", "K": "kelvin", "mol": "mole",
    "cd": "candela", "rad": "radian", "Hz": "hertz", "N": "newton", "Pa": "pascal", "J": "joule", "W": "watt",
    "C": "coulomb", "V": "volt", "F": "farad", "ohm": "ohm", "Ω": "ohm", "S": "siemens", "degC": "degreecelsius",
}  # fmt: skip
_FACTOR = re.compile(r"(?P<symbol>[A-Za-zΩ]+|1)(?:\^(?P<power>-?\d+(?:\.\d+)?))?")
_D_SI = re.compile(r"(?:\\[a-z]+(?:\\tothe\{-?\d+(?:[._]\d+)?\})?)+")


def d_si_unit(unit: str) -> str:
    r"""Unit in the notation of D-SI.

    Parameters
    ----------
    unit
        Symbols of coherent SI units with powers, joined by "*" and "/", "1" for a plain number; D-SI is left alone.

    Raises
    ------
    PhysicsError
        A symbol that is not known, or no unit at all.

    Examples
    --------
    >>> print(d_si_unit("V/K"), d_si_unit("W/m/K"), d_si_unit("V/Hz^0.5"), d_si_unit("1"))
    \volt\kelvin\tothe{-1} \watt\metre\tothe{-1}\kelvin\tothe{-1} \volt\hertz\tothe{-0.5} \one
    """
    if _D_SI.fullmatch(unit):
        return unit
    powers: dict[str, float] = {}
    for sign, part in re.findall(r"(^|[*/])([^*/]*)", unit):
        factor = _FACTOR.fullmatch(part)
        if factor is None or factor["symbol"] not in _UNITS:
            raise PhysicsError(f"'{unit}' is not a unit that a certificate can state, expected one such as 'V/K'")
        name, power = _UNITS[factor["symbol"]], float(factor["power"] or 1)
        powers[name] = powers.get(name, 0.0) + (-power if sign == "/" else power)
    written = "".join(_power(name, power) for name, power in powers.items() if name != "one" and power)
    return written or r"\one"


def _power(name: str, power: float) -> str:
    return f"\\{name}" if power == 1 else f"\\{name}\\tothe{{{power:g}}}"
