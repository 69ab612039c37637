"""From a standard uncertainty to an interval: coverage factors and degrees of freedom (JCGM 100, annex G)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.inputs import Bounded, Input, shorthand

#: A contribution dominates where all others together are no more than this part of it (EA-4/02, S9.14), and two
#: rectangular ones where they are no more than that part of the two (S11 takes a trapezoid at 0.34).
_DOMINANT = {1: 0.3, 2: 0.35}
#: Sums of powers of contributions may miss a whole number of degrees of freedom by their rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Expanded:
    """An expanded uncertainty with everything that belongs to it.

    Attributes
    ----------
    value, u
        Estimate and combined standard uncertainty.
    k
        Coverage factor.
    probability
        Coverage probability; None where k was stated and no distribution is known.
    dof
        Effective degrees of freedom, before they are truncated; None where they are not defined.
    shape
        Distribution that k comes from, or ``stated``.
    unit
        Of value and u.
    """

    value: float
    u: float
    k: float
    probability: float | None
    dof: float | None
    shape: str
    unit: str = "1"

    @property
    def U(self) -> float:  # noqa: N802
        """Expanded uncertainty, k u."""
        return self.k * self.u

    @property
    def interval(self) -> tuple[float, float]:
        """Value less and plus U."""
        return self.value - self.U, self.value + self.U

    def __str__(self) -> str:
        unit = "" if self.unit == "1" else f" {self.unit}"
        parts = [shorthand(self.value, self.u, self.unit), f"U = {_two_digits(self.U)}{unit}", f"k = {self.k:.3g}"]
        if self.probability is not None:
            parts.append(f"{100 * self.probability:.4g} %")
        if self.shape == "t":
            parts.append(f"t with {self.dof:.4g} degrees of freedom")
        elif self.shape != "stated":
            parts.append(self.shape)
        return ", ".join(parts)


def _two_digits(number: float) -> str:
    """Round to two significant digits, without an exponent where a person would write none."""
    text = f"{number:.1e}"
    exponent = int(text.partition("e")[2])
    return f"{float(text):.{max(1 - exponent, 0)}f}" if -6 < exponent < 7 else text


def coverage_factor(probability: float, dof: float = math.inf, *, interpolate: bool = False) -> float:
    """Two-sided factor of the t distribution, t_p(nu) (JCGM 100, table G.2).

    Parameters
    ----------
    probability
        Between 0 and 1.
    dof
        Effective degrees of freedom, truncated to the next lower integer (JCGM 100, G.4.1).
    interpolate
        Take them as they are instead.

    Raises
    ------
    PhysicsError
        A probability outside 0 .. 1, or fewer than one degree of freedom.

    Examples
    --------
    >>> round(coverage_factor(0.99, 16.7), 2)
    2.92
    """
    from scipy.special import ndtri, stdtrit

    _check_probability(probability)
    share = (1 + probability) / 2
    return float(ndtri(share) if math.isinf(dof) else stdtrit(_usable(dof, interpolate), share))


def coverage_probability(k: float, dof: float = math.inf, *, interpolate: bool = False) -> float:
    """Probability that a factor k covers: the inverse of `coverage_factor`."""
    from scipy.special import ndtr, stdtr

    if not 0 < k < math.inf:
        raise PhysicsError(f"a coverage factor must be above 0 and finite, got {k}")
    return float(2 * (ndtr(k) if math.isinf(dof) else stdtr(_usable(dof, interpolate), k)) - 1)


def _check_probability(probability: float) -> None:
    if not 0 < probability < 1:
        raise PhysicsError(f"a coverage probability lies between 0 and 1, got {probability}; 95 % is 0.95")


def _usable(dof: float, interpolate: bool) -> float:
    if not dof >= 1 - _ROUNDING:
        raise PhysicsError(f"a coverage factor needs at least one degree of freedom, got {dof:.3g}")
    return dof if interpolate else math.floor(dof * (1 + _ROUNDING))


def effective_dof(contributions: Iterable[tuple[float, float]], u: float | None = None) -> float:
    """Effective degrees of freedom of independent contributions (Welch and Satterthwaite; JCGM 100, G.2b).

    Parameters
    ----------
    contributions
        (standard contribution, its degrees of freedom).
    u
        Combined standard uncertainty, where there is more in it than these contributions.

    Examples
    --------
    >>> round(effective_dof([(25, 18), (9.7, 25.6), (2.9, 50), (16.6, 2)]), 1)
    16.8
    """
    parts = list(contributions)
    variance = sum(part**2 for part, _ in parts) if u is None else u**2
    spread = sum(part**4 / dof for part, dof in parts)
    return variance**2 / spread if spread > 0 else math.inf


def reliability_dof(relative: float) -> float:
    """Degrees of freedom of a u that is itself reliable to so large a part of itself (JCGM 100, G.4.2).

    Examples
    --------
    >>> round(reliability_dof(0.25), 12)
    8.0
    """
    if not 0 < relative < math.inf:
        raise PhysicsError(f"the relative uncertainty of an uncertainty must be above 0 and finite, got {relative}")
    return 0.5 / relative**2


def rectangular_factor(probability: float) -> float:
    """Coverage factor where one rectangular contribution dominates: p sqrt(3) (EA-4/02, S9.14).

    Examples
    --------
    >>> round(rectangular_factor(0.95), 2)
    1.65
    """
    _check_probability(probability)
    return probability * math.sqrt(3)


def trapezoidal_factor(probability: float, beta: float) -> float:
    """Coverage factor of a trapezoid, its top `beta` times its base (EA-4/02, S10.13).

    Two rectangles of half-widths a and b add up to one with ``beta = |a - b| / (a + b)``.

    Examples
    --------
    >>> round(trapezoidal_factor(0.95, (50 - 25) / (50 + 25)), 2)
    1.83
    """
    _check_probability(probability)
    if not 0 <= beta <= 1:
        raise PhysicsError(f"top over base of a trapezoid lies between 0 and 1, got {beta}")
    if probability * (1 + beta) > 2 * beta:  # the interval ends on the flanks
        reach = 1 - math.sqrt((1 - probability) * (1 - beta**2))
    else:
        reach = probability * (1 + beta) / 2
    return reach / math.sqrt((1 + beta**2) / 6)


def dominant_factor(probability: float, contributions: Sequence[tuple[Input, float]], u: float) -> tuple[float, str]:
    """Coverage factor from the shape of one contribution, or of two rectangular ones, that dominate all others.

    Parameters
    ----------
    probability
        Coverage probability.
    contributions
        (input, standard contribution), independent of each other.
    u
        Combined standard uncertainty.

    Returns
    -------
    k and the name of the shape.

    Raises
    ------
    PhysicsError
        None dominates, or the one that does has no ends.
    """
    _check_probability(probability)
    ordered = sorted(contributions, key=lambda item: -abs(item[1]))
    for number in (1, 2):
        leaders = ordered[:number]
        together = math.hypot(*(part for _, part in leaders))
        rest = math.sqrt(max(u**2 - together**2, 0.0))
        if len(leaders) == number and rest <= _DOMINANT[number] * together:
            return _leading_shape(probability, leaders)
    raise PhysicsError(
        "no contribution dominates the others (EA-4/02, S9.14); take k from t, or the interval of trials"
    )


def _leading_shape(probability: float, leaders: Sequence[tuple[Input, float]]) -> tuple[float, str]:
    names = " and ".join(value.distribution for value, _ in leaders)
    if len(leaders) == 1 and leaders[0][0].distribution in Bounded.__args__:  # type: ignore[attr-defined]
        value = leaders[0][0]
        low, high = value.at([(1 - probability) / 2, (1 + probability) / 2])
        return float(high - low) / 2 / value.u, f"{names}, which dominates"
    if all(value.distribution == "uniform" for value, _ in leaders):
        a, b = (abs(part) for _, part in leaders)
        return trapezoidal_factor(probability, (a - b) / (a + b)), "trapezoidal, of two uniform ones that dominate"
    raise PhysicsError(
        f"the shape that dominates is {names}; expected one with two ends or two uniform ones, or k from t"
    )
