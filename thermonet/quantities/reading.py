"""How text and mappings are read into uncertain inputs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

import uncertainties

from thermonet.quantities.inputs import BOUNDED_SHAPES, Bounded, Distribution, Input, InputValueError, bounded
from thermonet.quantities.units import EXAMPLES, scale_to_si

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_EXPONENT = r"(?:[eE][+-]?\d{1,3})?"
_TEXT = re.compile(
    rf"\s*(?P<value>{_NUMBER})(?:\((?P<digits>\d+\.?\d*)\))?(?P<exponent>{_EXPONENT})"
    rf"(?:\s*(?:±|\+/-)\s*(?P<u>{_NUMBER}{_EXPONENT}))?\s*(?P<unit>(?:1/)?[^\d\s+-].*?|)\s*"
)
_SPREADS = ("u", "U", "half_width", "range")
_KEYS = ("value", *_SPREADS, "k", "distribution", "beta", "limits_within", "dof", "source")
#: No value is longer than this; digits without end would overflow.
_LONGEST = 200
#: Where the scale of a unit begins in SI, for places that ask for a temperature rather than a difference of two.
CELSIUS: Mapping[str, float] = {"degC": 273.15, "°C": 273.15}
_NO_ZEROS: Mapping[str, float] = {}


def read_text(text: str, si_unit: str, zeros: Mapping[str, float] = _NO_ZEROS) -> Input:
    """Read ``'70 nm'``, ``'72800 ± 500 K/W'``, ``'72800 +/- 500 K/W'`` or ``'72.8(5) kK/W'``.

    A stated ± is a standard uncertainty (k = 1) of a normal distribution. Units among `zeros` are as large as the SI
    unit but count from there, as `CELSIUS` does; their uncertainties do not.

    Raises
    ------
    InputValueError
        No number, no unit, or a unit of another kind than `si_unit`.

    Examples
    --------
    >>> read_text("72.8(5) kK/W", "K/W").u
    500.0
    >>> read_text("20.0(5) degC", "K", CELSIUS).value
    293.15
    """
    match = _TEXT.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        wanted = EXAMPLES.get(si_unit, f"a value in {si_unit}")
        raise InputValueError(f"'{_shortened(text)}' is not a number with a unit, expected {wanted}")
    if match["digits"] and match["u"]:
        raise InputValueError(f"'{_shortened(text)}' states its uncertainty twice, expected it once")
    zero = zeros.get(match["unit"], 0.0)
    try:
        scale = 1.0 if match["unit"] in zeros else scale_to_si(match["unit"], si_unit)
    except ValueError as error:
        raise InputValueError(str(error)) from None
    value = float(match["value"] + match["exponent"]) * scale + zero
    u = _in_last_digits(match) if float(match["digits"] or 0) else float(match["u"] or 0.0)
    return Input(value=value, unit=si_unit, u=u * scale, distribution="normal" if u else "exact")


def _in_last_digits(match: re.Match[str]) -> float:
    """Uncertainty of the shorthand 72.8(5), in the unit of its number."""
    try:
        shorthand = uncertainties.ufloat_fromstr(f"{match['value']}({match['digits']}){match['exponent']}")
    except OverflowError:
        raise InputValueError("must be a finite number") from None
    return float(shorthand.std_dev)


def read_mapping(entries: Mapping[str, object], si_unit: str, zeros: Mapping[str, float] = _NO_ZEROS) -> Input:
    """Read ``{value, u | U and k | half_width | range, distribution, beta, limits_within, dof, source}``.

    ``u`` is a standard uncertainty, ``U`` an expanded one with its coverage factor ``k``, ``half_width`` that of a
    bounded distribution, ``range`` its two ends (of a lognormal: its central 95 % interval). A trapezoidal one takes
    ``beta``, its top over its base; a curvilinear trapezoid ``limits_within``, how well the two ends of the rectangle
    are known; a ``student_t`` its ``dof``; an exponential nothing but its value. Uncertainties may be given in per
    cent of the value. The value and the ends of its range may be in one of the units that have a zero of their own.

    Raises
    ------
    InputValueError
        With the key that is wrong.
    """
    stated = _stated_spread(entries)
    value = _part(entries, "value", si_unit, zeros)
    if value.u and (stated or "distribution" in entries):
        raise InputValueError("the uncertainty is stated twice, expected it once", "value")
    source = entries.get("source", "")
    if not isinstance(source, str):
        raise InputValueError("expected a text", "source")
    described = replace(value, source=source, dof=_degrees_of_freedom(entries))
    if stated is None and "distribution" not in entries:
        return described
    distribution = _distribution(entries, stated)
    if stated is None or distribution == "exponential":
        return _exponential(described, stated)
    beta, within = _shape_parameters(entries, distribution, value.value, si_unit)
    if stated == "range":
        low, high = _ends(entries, si_unit, zeros)
        return bounded(described, low, high, distribution, beta, within)
    width = _spread(entries, stated, value.value, si_unit, zeros)
    if width < 0:
        raise InputValueError("must be zero or positive", stated)
    if stated == "half_width":
        if distribution not in get_args(Bounded):
            raise InputValueError(f"a half width is {BOUNDED_SHAPES}", "distribution")
        return bounded(described, value.value - width, value.value + width, distribution, beta, within)
    u = width / _coverage_factor(entries) if stated == "U" else width
    if not u:
        return described
    return replace(described, u=u, distribution=distribution, beta=beta, limits_within=within)


def _stated_spread(entries: Mapping[str, object]) -> str | None:
    """The one key that states the uncertainty, if there is one; contradictions are refused."""
    for key in entries:
        if key not in _KEYS:
            raise InputValueError(f"unknown key, expected one of {', '.join(_KEYS)}", key)
    stated = [key for key in _SPREADS if key in entries]
    if len(stated) > 1:
        raise InputValueError(f"the uncertainty is stated twice ({' and '.join(stated)}), expected it once", stated[1])
    if "k" in entries and stated != ["U"]:
        raise InputValueError("a coverage factor belongs to an expanded uncertainty U, expected both or neither", "k")
    for key in ("distribution", "beta", "limits_within"):
        if key in entries and not stated and entries.get("distribution") != "exponential":
            raise InputValueError("belongs to an uncertainty, expected one of u, U, half_width, range beside it", key)
    return stated[0] if stated else None


def _distribution(entries: Mapping[str, object], stated: str | None) -> Distribution:
    usual = {"half_width": "uniform", "range": "uniform"}.get(stated or "", "normal")
    name = entries.get("distribution", usual)
    allowed = [shape for shape in get_args(Distribution) if shape != "exact"]
    for shape in allowed:
        if name == shape:
            return shape
    raise InputValueError(f"'{name}' is not a distribution, expected one of {', '.join(allowed)}", "distribution")


def _exponential(value: Input, stated: str | None) -> Input:
    if stated is not None:
        raise InputValueError("the standard uncertainty of an exponential is its value, expected no other", stated)
    return replace(value, distribution="exponential")


def _shape_parameters(
    entries: Mapping[str, object], distribution: Distribution, value: float, si_unit: str
) -> tuple[float, float]:
    """Find `beta` and `limits_within` of the two shapes that have them; elsewhere they are not numbers."""
    owners = {"beta": "trapezoidal", "limits_within": "curvilinear_trapezoid"}
    for key, owner in owners.items():
        if (key in entries) != (distribution == owner):
            raise InputValueError(f"belongs to the distribution {owner}, expected both or neither", key)
    beta = _part(entries, "beta", "1").value if "beta" in entries else math.nan
    within = _spread(entries, "limits_within", value, si_unit) if "limits_within" in entries else math.nan
    return beta, within


def _ends(entries: Mapping[str, object], si_unit: str, zeros: Mapping[str, float]) -> tuple[float, float]:
    ends = entries["range"]
    if not isinstance(ends, (list, tuple)) or len(ends) != 2:
        raise InputValueError("expected two values, [low, high]", "range")
    low, high = (_part({"range": end}, "range", si_unit, zeros).value for end in ends)
    return low, high


def _part(entries: Mapping[str, object], key: str, si_unit: str, zeros: Mapping[str, float] = _NO_ZEROS) -> Input:
    if key not in entries:
        raise InputValueError("the key is missing", key)
    text = entries[key]
    if not isinstance(text, str):
        raise InputValueError(f"expected {EXAMPLES.get(si_unit, 'a value in ' + si_unit)}", key)
    try:
        found = read_text(text, si_unit, zeros)
    except InputValueError as error:
        raise InputValueError(str(error), key) from None
    if found.u and key != "value":
        raise InputValueError("has an uncertainty of its own, expected a plain value", key)
    return found


def _spread(
    entries: Mapping[str, object], key: str, value: float, si_unit: str, zeros: Mapping[str, float] = _NO_ZEROS
) -> float:
    text = entries[key]
    if isinstance(text, str) and text.strip().endswith("%") and si_unit != "1":
        if str(entries["value"]).strip().endswith(tuple(zeros)):
            raise InputValueError("a share of a temperature in degrees Celsius means nothing, expected kelvin", key)
        return abs(value) * _part({key: text}, key, "1").value
    return _part(entries, key, si_unit).value


def _plain_number(entries: Mapping[str, object], key: str, *, above: float) -> float:
    number = _part(entries, key, "1").value
    if not number > above:
        raise InputValueError(f"must be above {above:g}", key)
    return number


def _coverage_factor(entries: Mapping[str, object]) -> float:
    if "k" not in entries:
        raise InputValueError("an expanded uncertainty U needs its coverage factor k", "k")
    return _plain_number(entries, "k", above=0)


def _degrees_of_freedom(entries: Mapping[str, object]) -> float:
    return _plain_number(entries, "dof", above=0) if "dof" in entries else math.inf


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
