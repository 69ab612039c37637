"""Type A evaluation: means, pooled deviations, simultaneous series, one-way analysis of variance (JCGM 100, 4.2).

Observations are decimal numbers that somebody read: 10000000.2 means just that and not the binary number next to it.
All sums are therefore exact, and so are the digits of a small deviation on a large mean.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.inputs import Input
from thermonet.uncertainty.causes import Joint

#: More digits than a sum of doubles over all their range that an instrument uses.
_EXACT = decimal.Context(prec=80)

#: Numbers in the order in which they were observed.
Series = Iterable[float]


@dataclass(frozen=True)
class Spread:
    """An experimental standard deviation that is known beforehand.

    Attributes
    ----------
    s
        Standard deviation of a single observation.
    dof
        Its degrees of freedom; infinite where nothing is said.
    """

    s: float
    dof: float = math.inf

    def __post_init__(self) -> None:
        if not 0 <= self.s < math.inf:
            raise PhysicsError(f"a standard deviation must be zero or positive and finite, got {self.s}")
        if not self.dof > 0:
            raise PhysicsError(f"degrees of freedom must be above 0, got {self.dof}")


@dataclass(frozen=True)
class Summary:
    """What is left of a series of observations where the series itself is not at hand.

    Attributes
    ----------
    mean, s
        Arithmetic mean and experimental standard deviation of a single observation.
    n
        Number of observations.
    """

    mean: float
    s: float
    n: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean) and 0 <= self.s < math.inf):
            raise PhysicsError(f"expected a finite mean and a deviation from 0 on, got {self.mean} and {self.s}")
        if self.n < 1:
            raise PhysicsError(f"expected one observation or more, got {self.n}")


@dataclass(frozen=True)
class _Sums:
    """Count, mean and sum of squared deviations, exact."""

    n: int
    mean: Decimal
    squares: Decimal


def summary(observations: Series) -> Summary:
    """Mean, standard deviation and number of a series (JCGM 100, 4.2.1 and 4.2.2).

    Examples
    --------
    >>> summary([10000000.1, 10000000.2, 10000000.3])
    Summary(mean=10000000.2, s=0.1, n=3)
    """
    sums = _sums(observations)
    if sums.n < 2:
        raise PhysicsError("one observation has no standard deviation; expected two or more")
    return Summary(float(sums.mean), _root(sums.squares, sums.n - 1), sums.n)


def mean_of(
    observations: Series,
    *,
    spread: Spread | None = None,
    unit: str = "1",
    source: str = "",
    name: str = "",
) -> Input:
    """Mean of independent observations with u = s/sqrt(n) and n - 1 degrees of freedom (JCGM 100, 4.2.3).

    Parameters
    ----------
    observations
        One or more numbers.
    spread
        Standard deviation of a single observation from elsewhere, such as a pooled one, in place of that of these
        observations; its degrees of freedom come with it (JCGM 100, 4.2.4).
    unit, source, name
        As of `Input`.

    Raises
    ------
    PhysicsError
        No observations, one alone without `spread`, or one that is no finite number.

    Examples
    --------
    >>> found = mean_of([5.1, 5.3, 5.2, 5.4], unit="V")
    >>> found.value, round(found.u, 4), found.dof
    (5.25, 0.0645, 3.0)
    """
    sums = _sums(observations)
    if spread is None and sums.n < 2:
        raise PhysicsError(
            "one observation has no standard deviation; expected two or more, or a spread from elsewhere"
        )
    if spread is None:
        u, dof = _root(sums.squares, sums.n * (sums.n - 1)), float(sums.n - 1)
    else:
        u, dof = spread.s / math.sqrt(sums.n), spread.dof
    described = source or f"mean of {sums.n} observations"
    return Input.normal(float(sums.mean), u, dof=dof, unit=unit, source=described, name=name)


def pooled(groups: Iterable[Series | Summary | Spread]) -> Spread:
    """Pooled standard deviation of series with one scatter about means of their own (JCGM 100, 4.2.4 and H.3.6).

    Examples
    --------
    >>> pooled([[1.0, 1.2], [5.0, 5.4, 5.2], Spread(0.15, dof=4)]).dof
    7.0
    """
    parts = [group if isinstance(group, Spread) else _spread_of(group) for group in groups]
    dof = math.fsum(part.dof for part in parts)
    if not 0 < dof < math.inf:
        raise PhysicsError("pooling needs series of two or more observations, or spreads with their degrees of freedom")
    return Spread(math.sqrt(math.fsum(part.dof * part.s**2 for part in parts) / dof), dof)


def simultaneous(series: Mapping[str, Series], *, units: Mapping[str, str] | None = None) -> Joint:
    """Means of quantities that were observed together, and their correlations (JCGM 100, 5.2.3 and H.2).

    Parameters
    ----------
    series
        Observations by quantity, all in the same order and of the same number.
    units
        Of the quantities.

    Returns
    -------
    Inputs and correlation coefficients, as `propagate` and `simulate` take them.

    Examples
    --------
    >>> inputs, correlations = simultaneous({"V": [5.007, 4.994, 5.005], "I": [19.663e-3, 19.639e-3, 19.640e-3]})
    >>> round(correlations["V", "I"], 2)
    0.65
    """
    columns = {name: [_decimal(number) for number in numbers] for name, numbers in series.items()}
    counts = {name: len(column) for name, column in columns.items()}
    if len(set(counts.values())) != 1 or min(counts.values()) < 2:
        listed = ", ".join(f"{name}: {count}" for name, count in counts.items()) or "none"
        raise PhysicsError(f"expected as many observations of every quantity, two or more, got {listed}")
    stated = units or {}
    inputs = {name: mean_of(map(float, column), unit=stated.get(name, "1")) for name, column in columns.items()}
    names = [name for name, value in inputs.items() if not value.is_exact]
    correlations = {
        (first, second): coefficient
        for i, first in enumerate(names)
        for second in names[i + 1 :]
        if (coefficient := _coefficient(columns[first], columns[second]))
    }
    return Joint(inputs, correlations)


def autocorrelation(observations: Series, lag: int = 1) -> float:
    """Coefficient of a series with itself `lag` observations later.

    Where it differs from zero by more than about 2/sqrt(n) the observations are not independent, and s/sqrt(n) is not
    the u of their mean (JCGM 100, 4.2.7).
    """
    numbers = [_decimal(number) for number in observations]
    sums = _sums_of(numbers)
    if not 0 < lag < sums.n or not sums.squares:
        raise PhysicsError(f"expected more than {lag} observations that are not all the same, got {sums.n}")
    with decimal.localcontext(_EXACT):
        apart = [number - sums.mean for number in numbers]
        products = sum((a * b for a, b in zip(apart, apart[lag:], strict=False)), Decimal(0))
        return float(products / sums.squares)


@dataclass(frozen=True)
class AnalysisOfVariance:
    """Scatter within groups of observations and between them (JCGM 100, H.5).

    Attributes
    ----------
    mean
        Of all observations.
    between, within
        Mean squares between and within groups: s_a^2 and s_b^2.
    dof_between, dof_within
        Their degrees of freedom.
    counts
        Observations of every group.
    F
        Ratio of the mean squares, to be compared with quantiles of the F distribution.
    r_squared
        Part of the sum of squares that lies between the groups.
    """

    mean: float
    between: float
    within: float
    dof_between: int
    dof_within: int
    counts: tuple[int, ...]
    F: float
    r_squared: float

    @property
    def p(self) -> float:
        """Probability of an F as large where there is no effect of the groups."""
        from scipy.special import fdtrc

        return float(fdtrc(self.dof_between, self.dof_within, self.F))

    @property
    def s_within(self) -> float:
        """Standard deviation of an observation within its group."""
        return math.sqrt(self.within)

    @property
    def s_between(self) -> float:
        """Standard deviation of the groups' own values; zero where they scatter no more than within explains.

        ``s_B^2 = (s_a^2 - s_b^2) / K`` for groups of K observations each (JCGM 100, H.5.2.5).
        """
        return math.sqrt(max(self.between - self.within, 0.0) / self._size())

    def mean_by_groups(self, *, unit: str = "1", name: str = "") -> Input:
        """Mean of all, its u from the scatter of the groups' means: where groups differ (JCGM 100, H.5.2.4)."""
        self._size()
        u = math.sqrt(self.between / sum(self.counts))
        return self._input(u, self.dof_between, "scatter between groups", unit, name)

    def mean_of_all(self, *, unit: str = "1", name: str = "") -> Input:
        """Mean of all, its u from all observations alike: where groups do not differ (JCGM 100, H.5.2.7)."""
        dof = self.dof_between + self.dof_within
        squares = self.between * self.dof_between + self.within * self.dof_within
        u = math.sqrt(squares / dof / sum(self.counts))
        return self._input(u, dof, "scatter of all observations", unit, name)

    def _size(self) -> int:
        """Observations per group, where they are as many in each."""
        if len(set(self.counts)) > 1:
            raise PhysicsError(f"expected groups of the same size, got {', '.join(map(str, self.counts))} observations")
        return self.counts[0]

    def _input(self, u: float, dof: float, how: str, unit: str, name: str) -> Input:
        source = f"mean of {sum(self.counts)} observations in {len(self.counts)} groups, {how}"
        return Input.normal(self.mean, u, dof=dof, unit=unit, source=source, name=name)


def analysis_of_variance(groups: Sequence[Series | Summary]) -> AnalysisOfVariance:
    """One-way analysis of variance of two or more groups, such as days (JCGM 100, H.5.2).

    Parameters
    ----------
    groups
        The observations of every group, or their summaries.

    Raises
    ------
    PhysicsError
        Fewer than two groups, or no group of two observations.
    """
    parts = [_sums_of_summary(group) if isinstance(group, Summary) else _sums(group) for group in groups]
    count = sum(part.n for part in parts)
    dof_between, dof_within = len(parts) - 1, count - len(parts)
    if dof_between < 1 or dof_within < 1:
        raise PhysicsError("an analysis of variance needs two groups, and two observations in one of them, or more")
    with decimal.localcontext(_EXACT):
        mean = sum((part.n * part.mean for part in parts), Decimal(0)) / count
        between = sum((part.n * (part.mean - mean) ** 2 for part in parts), Decimal(0))
        within = sum((part.squares for part in parts), Decimal(0))
        if not within:
            raise PhysicsError("the observations of every group are all the same; there is nothing to compare with")
        return AnalysisOfVariance(
            mean=float(mean),
            between=float(between / dof_between),
            within=float(within / dof_within),
            dof_between=dof_between,
            dof_within=dof_within,
            counts=tuple(part.n for part in parts),
            F=float(between / dof_between / (within / dof_within)),
            r_squared=float(between / (between + within)),
        )


def _spread_of(group: Series | Summary) -> Spread:
    found = group if isinstance(group, Summary) else summary(group)
    if found.n < 2:
        raise PhysicsError("one observation has no standard deviation; expected two or more")
    return Spread(found.s, float(found.n - 1))


def _sums(observations: Series) -> _Sums:
    return _sums_of([_decimal(number) for number in observations])


def _sums_of(numbers: list[Decimal]) -> _Sums:
    if not numbers:
        raise PhysicsError("expected observations, got none")
    with decimal.localcontext(_EXACT):
        mean = sum(numbers, Decimal(0)) / len(numbers)
        return _Sums(len(numbers), mean, sum(((number - mean) ** 2 for number in numbers), Decimal(0)))


def _sums_of_summary(group: Summary) -> _Sums:
    with decimal.localcontext(_EXACT):
        return _Sums(group.n, _decimal(group.mean), (group.n - 1) * _decimal(group.s) ** 2)


def _decimal(number: float) -> Decimal:
    """Return the shortest decimal that denotes a number."""
    if not math.isfinite(number):
        raise PhysicsError(f"an observation is a finite number, got {number}")
    return number if isinstance(number, Decimal) else Decimal(repr(float(number)))


def _root(squares: Decimal, divisor: int) -> float:
    with decimal.localcontext(_EXACT):
        return float((squares / divisor).sqrt())


def _coefficient(first: list[Decimal], second: list[Decimal]) -> float:
    a, b = _sums_of(first), _sums_of(second)
    with decimal.localcontext(_EXACT):
        pairs = zip(first, second, strict=True)
        products = sum(((x - a.mean) * (y - b.mean) for x, y in pairs), Decimal(0))
        return max(-1.0, min(1.0, float(products / (a.squares * b.squares).sqrt())))
