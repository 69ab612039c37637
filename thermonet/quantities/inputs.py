"""The one type of an uncertain input."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypedDict, Unpack, get_args

import numpy as np
import uncertainties
from numpy.typing import ArrayLike, NDArray

from thermonet.quantities import distributions

Distribution = Literal[
    "exact",
    "normal",
    "uniform",
    "triangular",
    "lognormal",
    "student_t",
    "trapezoidal",
    "curvilinear_trapezoid",
    "arcsine",
    "exponential",
    "gamma",
]
#: Shapes with two ends, and their names in a sentence.
Bounded = Literal["uniform", "triangular", "trapezoidal", "curvilinear_trapezoid", "arcsine"]
BOUNDED_SHAPES = "uniform, triangular, trapezoidal, curvilinear_trapezoid or arcsine"

#: A lognormal `range` is read as its central 95 % interval.
_NORMAL_95 = 1.959963984540054
#: A stated u and the one that follows from the ends of a distribution may differ by their rounding.
_ROUNDING = 1e-6


class InputValueError(ValueError):
    """A part of an uncertain value is wrong; `key` says which ('' for the whole)."""

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class Described(TypedDict, total=False):
    """What every constructor of an `Input` takes beside its numbers, as keywords."""

    unit: str
    dof: float
    source: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A number that a model starts from, with what is known about it.

    Documents are read in SI. In Python any coherent set of units will do: nothing is converted. The constructors
    (`normal`, `expanded`, `uniform`, `half_width`, ...) state the usual cases.

    Parameters
    ----------
    value
        Best estimate, in `unit`.
    unit
        Its unit; ``"1"`` for a plain number. In documents the coherent SI unit that the place asks for.
    u
        Standard uncertainty (k = 1) in the unit of `value`; zero where the value is exact. Follows from the ends of
        a bounded distribution, and those from it, where only one of the two is given.
    distribution
        Shape used by Monte Carlo (JCGM 101, table 1); ``normal`` where a u is given and nothing else is said.
        ``normal`` with finite `dof` and ``student_t`` are the scaled and shifted t distribution, u its scale, which for
        a mean of n observations is s/sqrt(n) as in JCGM 100 (the distribution's standard deviation is larger,
        JCGM 101, 6.4.9.4). ``lognormal``: `value` is the median and ``u / value`` the standard deviation of the
        logarithm. ``uniform``, ``triangular`` (mode at `value`), ``trapezoidal``, ``curvilinear_trapezoid`` and
        ``arcsine`` extend over `low` .. `high`. ``exponential`` begins at zero and has u = value. ``gamma`` begins
        at zero and has the mean `value` and the standard deviation `u`.
    low, high
        Outermost ends of a bounded distribution.
    beta
        Top over base of a trapezoid: 0 is a triangle, 1 a rectangle.
    limits_within
        Of a curvilinear trapezoid: both limits of a rectangle are known to ± this, and the outermost ones are `low`
        and `high` (JCGM 101, 6.4.3: a = low + d, b = high - d).
    dof
        Degrees of freedom behind `u` (infinite where it is a judgement, JCGM 100 G.4.2).
    source
        Where the value comes from.
    name
        The path that owns it; two uses of one name are one cause.

    Raises
    ------
    InputValueError
        Numbers that are not finite, ends in the wrong order, parameters that the distribution lacks or contradicts.

    Examples
    --------
    >>> round(Input.half_width(20.0, 0.3, unit="mm").u, 6)
    0.173205
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
    beta: float = math.nan
    limits_within: float = math.nan

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise InputValueError(f"must be a finite number, got {self.value}")
        if not 0 <= self.u < math.inf:
            raise InputValueError(f"a standard uncertainty must be zero or positive and finite, got {self.u}", "u")
        if not self.dof > 0:
            raise InputValueError(f"degrees of freedom must be above 0, got {self.dof}", "dof")
        if self.distribution not in get_args(Distribution):
            raise InputValueError(
                f"'{self.distribution}' is not a distribution, expected one of {_NAMES}", "distribution"
            )
        if self.distribution == "exact" and self.u:
            self._set("distribution", "normal")
        elif self.distribution in get_args(Bounded):
            self._complete_bounds()
        else:
            self._check_unbounded()

    def _set(self, key: str, value: object) -> None:
        """Complete what was left out of a frozen value."""
        object.__setattr__(self, key, value)

    def _complete_bounds(self) -> None:
        """Find u from the ends of the distribution or the ends from u, and refuse what contradicts itself."""
        _check_parameters(self)
        if math.isnan(self.low) and math.isnan(self.high) and self.u:
            width = self.u * _half_width_over_u(self)
            self._set("low", self.value - width)
            self._set("high", self.value + width)
        if not -math.inf < self.low < self.high < math.inf:
            message = f"a {self.distribution} distribution needs finite ends low < high, got {self.low} and {self.high}"
            raise InputValueError(message, "range")
        if not self.low <= self.value <= self.high:
            raise InputValueError("the value lies outside, expected low <= value <= high", "range")
        widest = (self.high - self.low) / 2 * (1 + _ROUNDING)
        if self.distribution == "curvilinear_trapezoid" and 2 * self.limits_within > widest:
            raise InputValueError("the two limits overlap, expected at most half their distance", "limits_within")
        found = _deviation(self)
        if self.u and not math.isclose(self.u, found, rel_tol=_ROUNDING):
            raise InputValueError(
                f"u = {self.u:g} is not that of the ends, which is {found:g}; expected one of the two", "u"
            )
        self._set("u", found)

    def _check_unbounded(self) -> None:
        """Refuse a value that its distribution cannot have."""
        if self.distribution == "exponential":
            if self.u and not math.isclose(self.u, self.value, rel_tol=_ROUNDING):
                raise InputValueError("the standard uncertainty of an exponential is its value", "u")
            self._set("u", self.value)
        if self.distribution in ("lognormal", "exponential", "gamma") and not self.value > 0:
            raise InputValueError(f"a {self.distribution} value must be positive", "distribution")
        if self.distribution == "gamma" and not self.u > 0:
            raise InputValueError("a gamma distribution needs a standard uncertainty above 0", "u")
        if self.distribution == "student_t" and math.isinf(self.dof):
            raise InputValueError("a t distribution needs finite degrees of freedom", "dof")

    @classmethod
    def exact(cls, value: float, **described: Unpack[Described]) -> Input:
        """Return a value that nobody doubts, such as a constant of the SI."""
        return cls(value=value, **described)

    @classmethod
    def normal(cls, value: float, u: float, **described: Unpack[Described]) -> Input:
        """Return a value with its standard uncertainty; with finite `dof` it is a mean of observations."""
        return cls(value=value, u=u, distribution="normal" if u else "exact", **described)

    @classmethod
    def expanded(cls, value: float, U: float, k: float, **described: Unpack[Described]) -> Input:
        """Return a value from a certificate that states the expanded uncertainty U and its coverage factor k."""
        if not 0 < k < math.inf:
            raise InputValueError(f"a coverage factor must be above 0 and finite, got {k}", "k")
        if not 0 <= U < math.inf:
            raise InputValueError(f"an expanded uncertainty must be zero or positive and finite, got {U}", "U")
        return cls.normal(value, U / k, **described)

    @classmethod
    def student_t(
        cls, value: float, u: float, dof: float, *, unit: str = "1", source: str = "", name: str = ""
    ) -> Input:
        """Return a scaled and shifted t distribution, its scale u (JCGM 101, 6.4.9)."""
        shape: Distribution = "student_t"
        return cls(value=value, u=u, distribution=shape, dof=dof, unit=unit, source=source, name=name)

    @classmethod
    def lognormal(cls, median: float, u: float, **described: Unpack[Described]) -> Input:
        """Return a positive value by its median; u / median is the standard deviation of its logarithm."""
        return cls(value=median, u=u, distribution="lognormal", **described)

    @classmethod
    def uniform(cls, low: float, high: float, **described: Unpack[Described]) -> Input:
        """Return a rectangle from low to high (JCGM 100, 4.3.7)."""
        return cls(value=_middle(low, high), low=low, high=high, distribution="uniform", **described)

    @classmethod
    def triangular(cls, low: float, high: float, **described: Unpack[Described]) -> Input:
        """Return a symmetric triangle from low to high (JCGM 100, 4.3.9)."""
        return cls(value=_middle(low, high), low=low, high=high, distribution="triangular", **described)

    @classmethod
    def trapezoidal(cls, low: float, high: float, beta: float, **described: Unpack[Described]) -> Input:
        """Return a symmetric trapezoid from low to high, its top `beta` times its base (JCGM 101, 6.4.4)."""
        middle = _middle(low, high)
        return cls(value=middle, low=low, high=high, beta=beta, distribution="trapezoidal", **described)

    @classmethod
    def curvilinear_trapezoid(
        cls, low: float, high: float, limits_within: float, **described: Unpack[Described]
    ) -> Input:
        """Return a rectangle whose limits are themselves known to ± `limits_within` only: CTrap(low, high, d).

        Here `low` and `high` are the middles of the two limits, a and b of JCGM 101, 6.4.3; the ends of the input lie
        `limits_within` farther out.
        """
        middle, within = _middle(low, high), limits_within
        ends = (low - within, high + within)
        shape: Bounded = "curvilinear_trapezoid"
        return cls(value=middle, low=ends[0], high=ends[1], limits_within=within, distribution=shape, **described)

    @classmethod
    def arcsine(cls, low: float, high: float, **described: Unpack[Described]) -> Input:
        """Return a U-shaped value, such as a temperature that cycles between low and high (JCGM 101, 6.4.6)."""
        return cls(value=_middle(low, high), low=low, high=high, distribution="arcsine", **described)

    @classmethod
    def half_width(
        cls,
        value: float,
        half_width: float,
        distribution: Bounded = "uniform",
        *,
        beta: float = math.nan,
        limits_within: float = math.nan,
        **described: Unpack[Described],
    ) -> Input:
        """Return value ± half-width, bounded; `beta` and `limits_within` where the shape has them."""
        if distribution not in get_args(Bounded):
            raise InputValueError(f"a half width is {BOUNDED_SHAPES}", "distribution")
        if not 0 < half_width < math.inf:
            raise InputValueError(f"a half width must be above 0 and finite, got {half_width}", "half_width")
        start = cls(value=value, **described)
        return bounded(start, value - half_width, value + half_width, distribution, beta, limits_within)

    @classmethod
    def exponential(cls, mean: float, **described: Unpack[Described]) -> Input:
        """Return a quantity that is not negative, of which only the best estimate is known (JCGM 101, 6.4.10)."""
        return cls(value=mean, distribution="exponential", **described)

    @classmethod
    def gamma(cls, counted: int, *, samples: int = 1, **described: Unpack[Described]) -> Input:
        """Return the mean number of objects per sample after `counted` were found in all `samples` together.

        The distribution is G(q + 1, n), the estimate (q + 1)/n and u its square root over n (JCGM 101, 6.4.11).
        Any other gamma distribution is ``Input(value=mean, u=standard deviation, distribution="gamma")``.
        """
        if not 0 <= counted < math.inf or counted != int(counted):
            raise InputValueError(f"a count must be a whole number, zero or positive, got {counted}")
        if not samples >= 1:
            raise InputValueError(f"expected one sample or more, got {samples}")
        return cls(value=(counted + 1) / samples, u=math.sqrt(counted + 1) / samples, distribution="gamma", **described)

    @property
    def is_exact(self) -> bool:
        """Whether nothing is uncertain about it."""
        return self.u == 0

    def named(self, name: str) -> Input:
        """Return the same input, owned by `name`."""
        return replace(self, name=name)

    def at(self, share: ArrayLike) -> NDArray[np.float64]:
        """Quantiles: values at the cumulative probabilities `share` (shape preserved), in the unit of `value`.

        Raises
        ------
        InputValueError
            A share outside 0 .. 1.
        """
        shares = np.asarray(share, dtype=np.float64)
        if not np.all((shares >= 0) & (shares <= 1)):
            raise InputValueError("a cumulative probability lies between 0 and 1")
        if self.is_exact:
            return np.full(np.shape(shares), self.value)
        return _QUANTILES[self.distribution](self, shares)


def _middle(low: float, high: float) -> float:
    if not -math.inf < low < high < math.inf:
        raise InputValueError(f"expected finite ends low < high, got {low} and {high}", "range")
    return low + (high - low) / 2


def _check_parameters(value: Input) -> None:
    """Refuse a shape without its own parameter; of the others none is asked."""
    if value.distribution == "trapezoidal" and not 0 <= value.beta <= 1:
        raise InputValueError(f"top over base of a trapezoid lies between 0 and 1, got {value.beta}", "beta")
    if value.distribution == "curvilinear_trapezoid" and not 0 <= value.limits_within < math.inf:
        message = f"how well the limits are known must be zero or positive and finite, got {value.limits_within}"
        raise InputValueError(message, "limits_within")


def _half_width_over_u(value: Input) -> float:
    if value.distribution == "trapezoidal":
        return math.sqrt(6 / (1 + value.beta**2))
    if value.distribution not in distributions.WIDTHS:
        raise InputValueError("a curvilinear trapezoid needs the ends of its limits", "range")
    return distributions.WIDTHS[value.distribution]


def _deviation(value: Input) -> float:
    """Standard deviation that the ends of a bounded distribution make."""
    if value.distribution == "triangular":
        return distributions.triangular_deviation(value.low, value.value, value.high)
    if value.distribution == "trapezoidal":
        return distributions.trapezoidal_deviation(value.low, value.high, value.beta)
    if value.distribution == "curvilinear_trapezoid":
        return distributions.curvilinear_deviation(value.low, value.high, value.limits_within)
    return (value.high - value.low) / 2 / distributions.WIDTHS[value.distribution]


def _normal(value: Input, share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a normal distribution, or of a t distribution where the degrees of freedom are finite."""
    from scipy.special import ndtri, stdtrit

    return value.value + value.u * (ndtri(share) if math.isinf(value.dof) else stdtrit(value.dof, share))


def _lognormal(value: Input, share: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.special import ndtri

    return value.value * np.exp(value.u / value.value * ndtri(share))


def _gamma(value: Input, share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a gamma distribution; where u is the value it is the exponential."""
    from scipy.special import gammaincinv

    return value.u**2 / value.value * gammaincinv((value.value / value.u) ** 2, share)


_NAMES = ", ".join(name for name in get_args(Distribution) if name != "exact")
_QUANTILES: dict[str, Callable[[Input, NDArray[np.float64]], NDArray[np.float64]]] = {
    "normal": _normal,
    "student_t": _normal,
    "lognormal": _lognormal,
    "uniform": lambda value, share: value.low + (value.high - value.low) * share,
    "triangular": lambda value, share: distributions.triangular_quantiles(share, value.low, value.value, value.high),
    "trapezoidal": lambda value, share: distributions.trapezoidal_quantiles(share, value.low, value.high, value.beta),
    "curvilinear_trapezoid": lambda value, share: distributions.curvilinear_quantiles(
        share, value.low, value.high, value.limits_within
    ),
    "arcsine": lambda value, share: distributions.arcsine_quantiles(share, value.low, value.high),
    "exponential": _gamma,
    "gamma": _gamma,
}


def bounded(
    value: Input,
    low: float,
    high: float,
    distribution: Distribution,
    beta: float = math.nan,
    within: float = math.nan,
) -> Input:
    """Give a value the bounded distribution low .. high; a curvilinear trapezoid reaches `within` farther."""
    if not low <= value.value <= high:
        raise InputValueError("the value lies outside, expected low <= value <= high", "range")
    if low == high and not within > 0:
        return value
    if distribution == "lognormal":
        if not low > 0:
            raise InputValueError("a lognormal range must be positive", "range")
        u = value.value * math.log(high / low) / (2 * _NORMAL_95)
        return replace(value, u=u, low=low, high=high, distribution=distribution)
    if distribution not in get_args(Bounded):
        raise InputValueError(f"a range is {BOUNDED_SHAPES}, or lognormal", "distribution")
    beyond = within if distribution == "curvilinear_trapezoid" else 0.0
    ends = (low - beyond, high + beyond)
    return replace(value, low=ends[0], high=ends[1], distribution=distribution, beta=beta, limits_within=within)


def shorthand(value: float, u: float, unit: str = "1") -> str:
    """Print a value with two digits of its standard uncertainty in parentheses (JCGM 100, 7.2.2).

    Examples
    --------
    >>> shorthand(50.000838, 3.2e-5, "mm")
    '50.000838(32) mm'
    """
    plain = "f" if u > 1e-6 and max(abs(value), u) < 1e9 else ""
    number = format(uncertainties.ufloat(value, u), f".2u{plain}S") if u else f"{value:.12g}"
    if not re.search("[1-9]", number.partition("(")[0]):  # what rounds to zero has no sign
        number = number.removeprefix("-")
    return number if unit == "1" else f"{number} {unit}"
