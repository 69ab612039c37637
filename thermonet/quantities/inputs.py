"""The one type of an uncertain input, and how text and mappings are read into it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import uncertainties

from thermonet.quantities.units import EXAMPLES, scale_to_si

Distribution = Literal["exact", "normal", "uniform", "triangular", "lognormal"]

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_EXPONENT = r"(?:[eE][+-]?\d{1,3})?"
_TEXT = re.compile(
    rf"\s*(?P<value>{_NUMBER})(?:\((?P<digits>\d+\.?\d*)\))?(?P<exponent>{_EXPONENT})"
    rf"(?:\s*(?:±|\+/-)\s*(?P<u>{_NUMBER}{_EXPONENT}))?\s*(?P<unit>[^\d\s+-].*?|)\s*"
)
_SPREADS = ("u", "U", "half_width", "range")
_KEYS = ("value", *_SPREADS, "k", "distribution", "dof", "source")
#: No value is longer than this; digits without end would overflow.
_LONGEST = 200
#: A lognormal `range` is read as its central 95 % interval.
_NORMAL_95 = 1.959963984540054


class InputValueError(ValueError):
    """A part of an uncertain value is wrong; `key` says which ('' for the whole)."""

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A number that a model starts from, in SI, with what is known about it.

    Parameters
    ----------
    value
        Best estimate, in `unit`.
    unit
        Coherent SI unit that its place asks for; ``"1"`` for a plain number.
    u
        Standard uncertainty (k = 1) in the unit of `value`; zero where the value is exact.
    distribution
        Shape used by Monte Carlo. ``lognormal``: `value` is the median and ``u / value`` the standard deviation of the
        logarithm. ``uniform`` and ``triangular`` extend over `low` .. `high`.
    low, high
        Ends of a bounded distribution.
    dof
        Degrees of freedom behind `u` (infinite where it is a judgement, JCGM 100 G.4.2).
    source
        Where the value comes from.
    name
        The path that owns it; two uses of one name are one cause.
    """

    value: float
    unit: str = "1"
    u: float = 0.0
    distribution: Distribution = "exact"
    low: float = math.nan
    high: float = math.nan
    dof: float = math.inf
    source: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise InputValueError(f"must be a finite number, got {self.value}")
        if not 0 <= self.u < math.inf:
            raise InputValueError(f"a standard uncertainty must be zero or positive and finite, got {self.u}", "u")

    @property
    def is_exact(self) -> bool:
        """Whether nothing is uncertain about it."""
        return self.u == 0

    def named(self, name: str) -> Input:
        """Return the same input, owned by `name`."""
        return replace(self, name=name)

    def at(self, share: np.ndarray) -> np.ndarray:
        """Quantiles: values at the cumulative probabilities `share` (shape preserved), in the unit of `value`."""
        from scipy.stats import norm

        if self.is_exact:
            return np.full(np.shape(share), self.value)
        if self.distribution == "lognormal":
            return self.value * np.exp(self.u / self.value * norm.ppf(share))
        if self.distribution == "uniform":
            return self.low + (self.high - self.low) * share
        if self.distribution == "triangular":
            return _triangular(share, self.low, self.value, self.high)
        return self.value + self.u * norm.ppf(share)


def _triangular(share: np.ndarray, low: float, mode: float, high: float) -> np.ndarray:
    rising = (mode - low) / (high - low)
    left = low + np.sqrt(share * (high - low) * (mode - low))
    right = high - np.sqrt((1 - share) * (high - low) * (high - mode))
    return np.where(share < rising, left, right)


def read_text(text: str, si_unit: str) -> Input:
    """Read ``'70 nm'``, ``'72800 ± 500 K/W'``, ``'72800 +/- 500 K/W'`` or ``'72.8(5) kK/W'``.

    A stated ± is a standard uncertainty (k = 1) of a normal distribution.

    Raises
    ------
    InputValueError
        No number, no unit, or a unit of another kind than `si_unit`.

    Examples
    --------
    >>> read_text("72.8(5) kK/W", "K/W").u
    500.0
    """
    match = _TEXT.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        wanted = EXAMPLES.get(si_unit, f"a value in {si_unit}")
        raise InputValueError(f"'{_shortened(text)}' is not a number with a unit, expected {wanted}")
    if match["digits"] and match["u"]:
        raise InputValueError(f"'{_shortened(text)}' states its uncertainty twice, expected it once")
    try:
        scale = scale_to_si(match["unit"], si_unit)
    except ValueError as error:
        raise InputValueError(str(error)) from None
    value = float(match["value"] + match["exponent"]) * scale
    u = _in_last_digits(match) if float(match["digits"] or 0) else float(match["u"] or 0.0)
    return Input(value=value, unit=si_unit, u=u * scale, distribution="normal" if u else "exact")


def _in_last_digits(match: re.Match[str]) -> float:
    """Uncertainty of the shorthand 72.8(5), in the unit of its number."""
    try:
        shorthand = uncertainties.ufloat_fromstr(f"{match['value']}({match['digits']}){match['exponent']}")
    except OverflowError:
        raise InputValueError("must be a finite number") from None
    return float(shorthand.std_dev)


def read_mapping(entries: Mapping[str, object], si_unit: str) -> Input:
    """Read ``{value, u | U and k | half_width | range, distribution, dof, source}``.

    ``u`` is a standard uncertainty, ``U`` an expanded one with its coverage factor ``k``, ``half_width`` that of a
    uniform or triangular distribution, ``range`` its two ends (of a lognormal: its central 95 % interval).
    Uncertainties may be given in per cent of the value.

    Raises
    ------
    InputValueError
        With the key that is wrong.
    """
    stated = _stated_spread(entries)
    value = _part(entries, "value", si_unit)
    if value.u and stated:
        raise InputValueError("the uncertainty is stated twice, expected it once", "value")
    source = entries.get("source", "")
    if not isinstance(source, str):
        raise InputValueError("expected a text", "source")
    described = replace(value, source=source, dof=_degrees_of_freedom(entries))
    if stated is None:
        return described
    distribution = _distribution(entries, stated)
    if stated == "range":
        return _from_range(described, entries, distribution, si_unit)
    width = _spread(entries, stated, value.value, si_unit)
    if width < 0:
        raise InputValueError("must be zero or positive", stated)
    if stated == "half_width":
        if distribution not in ("uniform", "triangular"):
            raise InputValueError("a half width is uniform or triangular", "distribution")
        return _bounded(described, value.value - width, value.value + width, distribution)
    return _with_spread(described, width / _coverage_factor(entries) if stated == "U" else width, distribution)


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
    if "distribution" in entries and not stated:
        message = "belongs to an uncertainty, expected one of u, U, half_width, range beside it"
        raise InputValueError(message, "distribution")
    return stated[0] if stated else None


def _distribution(entries: Mapping[str, object], stated: str) -> Distribution:
    usual = {"half_width": "uniform", "range": "uniform"}.get(stated, "normal")
    name = entries.get("distribution", usual)
    allowed = [shape for shape in get_args(Distribution) if shape != "exact"]
    for shape in allowed:
        if name == shape:
            return shape
    raise InputValueError(f"'{name}' is not a distribution, expected one of {', '.join(allowed)}", "distribution")


def _with_spread(value: Input, u: float, distribution: Distribution) -> Input:
    if distribution == "lognormal" and not value.value > 0:
        raise InputValueError("a lognormal value must be positive", "distribution")
    if distribution in ("uniform", "triangular"):
        width = u * math.sqrt(3 if distribution == "uniform" else 6)
        return _bounded(value, value.value - width, value.value + width, distribution)
    return replace(value, u=u, distribution=distribution if u else "exact")


def _bounded(value: Input, low: float, high: float, distribution: Distribution) -> Input:
    """Give a value the bounded distribution low .. high (JCGM 100 4.3.7 and 4.3.9)."""
    if not low <= value.value <= high:
        raise InputValueError("the value lies outside, expected low <= value <= high", "range")
    if low == high:
        return value
    mode = value.value
    if distribution == "uniform":
        u = (high - low) / math.sqrt(12)
    elif distribution == "triangular":
        u = math.sqrt((low**2 + mode**2 + high**2 - low * mode - low * high - mode * high) / 18)
    elif distribution == "lognormal":
        if not low > 0:
            raise InputValueError("a lognormal range must be positive", "range")
        u = mode * math.log(high / low) / (2 * _NORMAL_95)
    else:
        raise InputValueError("a range is uniform, triangular or lognormal", "distribution")
    return replace(value, u=u, low=low, high=high, distribution=distribution)


def _from_range(value: Input, entries: Mapping[str, object], distribution: Distribution, si_unit: str) -> Input:
    ends = entries["range"]
    if not isinstance(ends, (list, tuple)) or len(ends) != 2:
        raise InputValueError("expected two values, [low, high]", "range")
    low, high = (_part({"range": end}, "range", si_unit).value for end in ends)
    return _bounded(value, low, high, distribution)


def _part(entries: Mapping[str, object], key: str, si_unit: str) -> Input:
    if key not in entries:
        raise InputValueError("the key is missing", key)
    text = entries[key]
    if not isinstance(text, str):
        raise InputValueError(f"expected {EXAMPLES.get(si_unit, 'a value in ' + si_unit)}", key)
    try:
        found = read_text(text, si_unit)
    except InputValueError as error:
        raise InputValueError(str(error), key) from None
    if found.u and key != "value":
        raise InputValueError("has an uncertainty of its own, expected a plain value", key)
    return found


def _spread(entries: Mapping[str, object], key: str, value: float, si_unit: str) -> float:
    text = entries[key]
    if isinstance(text, str) and text.strip().endswith("%") and si_unit != "1":
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
