"""The one door between text with units and SI floats; behind it there is SI and nothing else.

Only the *unit* part of a text ever reaches pint: handed a whole text, pint evaluates it as an expression,
so that ``9**9**9 nm`` would hang and ``1/12.25 Hz`` would be read as 0.08 Hz.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from tokenize import TokenError
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pint

_FACTOR = r"(?:sqrt\([A-Za-z]+\)|[A-Za-zµμΩÅ°]+0?(?:(?:\^|\*\*)?-?\d(?:\.\d)?)?)"
_FACTORS = rf"{_FACTOR}(?:(?:\s*[*·/]\s*|\s+){_FACTOR})*"
#: Names with powers of one digit, joined by spaces, products and quotients: 'W/m^2/K', 'W m^-1 K^-1', 'W/(m K)'.
_UNIT_TEXT = re.compile(rf"(?:1/)?{_FACTORS}(?:\s*/\s*\({_FACTORS}\))?")
_POWER = re.compile(r"(?<=[A-Za-zµμΩ)])\^?(-?\d(?:\.\d)?)(?![\d.])")
_SQUARE_ROOT = re.compile(r"sqrt\(\s*([A-Za-z]+)\s*\)")
#: What is written about units in error messages: the SI unit and an example of what a user would type.
EXAMPLES = {
    "m": "a length such as '70 nm'",
    "rad": "an angle such as '25 deg'",
    "K": "a temperature in kelvin such as '300 K'",
    "K/W": "a thermal resistance such as '1e7 K/W'",
    "W/m/K": "a thermal conductivity such as '150 W/m/K'",
    "W/m^2/K": "a boundary conductance such as '100 MW/m^2/K'",
    "kg/m^3": "a density such as '19300 kg/m^3'",
    "J/kg/K": "a specific heat such as '129 J/kg/K'",
    "W": "a power such as '1 uW'",
    "s": "a time such as '10 us'",
    "Hz": "a frequency such as '12.25 Hz'",
    "V/K": "a Seebeck coefficient such as '16.3 uV/K'",
    "V/Hz^0.5": "a noise density such as '10 nV/Hz^0.5'",
    "S": "an electrical conductance such as '1 G0' or '77.5 uS'",
    "ohm": "a resistance such as '0.5 ohm'",
    "ohm*m": "a resistivity such as '22 nohm*m'",
    "V": "a voltage such as '20 nV'",
    "A": "a current such as '10 uA'",
    "V/W": "a responsivity such as '1.19 V/W'",
    "W/m^2": "a heat flux such as '1 kW/m^2'",
    "W/m^3": "a power density such as '1 MW/m^3'",
    "m^2*K/W": "a thermal resistance of an area such as '1e-8 m^2 K/W'",
    "W/K": "a thermal conductance such as '50 nW/K'",
    "J/K": "a heat capacity such as '1 pJ/K'",
    "m^2": "an area such as '1 mm^2'",
    "1/K": "a temperature coefficient such as '1.8e-3 1/K'",
    "1/K^2": "a quadratic temperature coefficient such as '6e-7 1/K^2'",
    "Pa": "a pressure such as '1e-6 Pa'",
    "1": "a plain number such as '0.42' or '1 %'",
}


@lru_cache(maxsize=1)
def _registry() -> pint.UnitRegistry[float]:
    import pint  # 0.3 s, so not before the first unit is read

    return pint.UnitRegistry()


def _for_pint(unit: str) -> str:
    """Spell a unit the way pint reads it: 'W/m2/K' and 'W m^-1 K^-1' alike, 'G0' for the conductance quantum."""
    text = unit.strip().replace("G0", "conductance_quantum").replace("·", "*")
    text = _SQUARE_ROOT.sub(r"\1^0.5", text)
    text = _POWER.sub(r"**\1", text)
    return re.sub(r"\s+(?=[A-Za-zµμΩ(])", "*", text)


@lru_cache(maxsize=512)
def scale_to_si(unit: str, si_unit: str) -> float:
    """Factor that turns a number in `unit` into one in `si_unit`.

    Parameters
    ----------
    unit
        What the user wrote after the number, e.g. ``"MW/m^2/K"``.
    si_unit
        Coherent SI unit that the place asks for, e.g. ``"W/m^2/K"``; ``"1"`` for a plain number.

    Raises
    ------
    ValueError
        The unit is missing, unknown, of another dimension, or no factor turns it into SI (degrees Celsius, dBm).

    Examples
    --------
    >>> scale_to_si("MW/m^2/K", "W/m^2/K"), scale_to_si("%", "1")
    (1000000.0, 0.01)
    """
    wanted = EXAMPLES.get(si_unit, f"a value in {si_unit}")
    if si_unit == "1":
        if unit in ("", "1"):
            return 1.0
        if unit in ("%", "ppm"):
            return {"%": 1e-2, "ppm": 1e-6}[unit]
        raise ValueError(f"expected {wanted}, got the unit '{unit}'")
    if not unit:
        raise ValueError(f"a bare number has no meaning here, expected {wanted}")
    if len(unit) > 40 or not _UNIT_TEXT.fullmatch(unit):
        raise ValueError(f"'{unit[:40]}' is not a unit, expected {wanted}")
    import pint

    try:
        units = _registry()
        quantity = units.Quantity(1.0, _for_pint(unit))
        target = units.Unit(_for_pint(si_unit))
    except (pint.errors.PintError, TokenError, AssertionError, AttributeError, TypeError, ValueError):
        raise ValueError(f"'{unit}' is not a known unit, expected {wanted}") from None
    try:
        alike = quantity.dimensionality == target.dimensionality and _angle(quantity) == _angle(1.0 * target)
        if not alike:
            raise ValueError(f"'{unit}' is the wrong kind of unit, expected {wanted}")
        one, two = (float(units.Quantity(number, quantity.units).to(target).magnitude) for number in (1.0, 2.0))
    except (pint.errors.PintError, AttributeError):
        one, two = 0.0, 1.0
    if not math.isclose(two, 2 * one, rel_tol=1e-12):
        raise ValueError(f"'{unit}' has an offset or is logarithmic, expected {wanted}")
    return one


def _angle(quantity: pint.Quantity[float]) -> float:
    """Power of the radian in a unit, which to pint has no dimension: revolutions per minute are no hertz."""
    powers: dict[str, float] = dict(quantity.to_root_units().unit_items())  # type: ignore[arg-type]  # pint: any number
    return powers.get("radian", 0.0)
