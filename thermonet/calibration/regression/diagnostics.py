"""Does the curve fit the data? Tests of residuals, named outliers, and what one more term would say.

None of it changes a fit. Probabilities are those of a statistic at least as extreme where the model holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.regression.checks import EPSILON
from thermonet.calibration.regression.whitening import Whitening
from thermonet.uncertainty.probability import above_chi_squared, above_fisher, above_normal, above_student

Array = NDArray[np.float64]

#: Less probable than this is reported in words.
SIGNIFICANCE = 0.01
#: Up to this many points the runs are counted exactly.
_EXACT_RUNS = 200
#: More are counted, not told one by one.
_MOST_OUTLIERS = 5
#: So many wild points are not wild, the curve is.
_MOST_SET_ASIDE = 20


@dataclass(frozen=True, eq=False, kw_only=True)
class Evidence:
    """What a fit leaves to be judged.

    Attributes
    ----------
    whitening
        Uncertainties of the points.
    residuals
        Of the points, in units of their uncertainty and decorrelated (n,).
    jacobian
        Derivatives by the parameters, likewise (n, p).
    dof
        Points less parameters.
    scale
        Standard deviation of those residuals: 1 where u was stated, otherwise estimated.
    from_scatter
        Whether it was estimated.
    rounding
        What the rounding of y alone makes of a residual, in the unit of y.
    x
        Abscissa of each point, or None where there are several variables.
    next_term
        Column (n,) of one more term, and what its coefficient is multiplied by to be that of a power; or None.
    replicates
        Whether points of one x are repetitions of one measurement, with errors of their own.
    intercept
        Value and standard uncertainty of the intercept, or None without one.
    robust
        Whether wild points were weighed down.
    """

    whitening: Whitening
    residuals: Array
    jacobian: Array
    dof: int
    scale: float
    from_scatter: bool
    rounding: float
    x: Array | None = None
    next_term: tuple[Array, float] | None = None
    replicates: bool = True
    intercept: tuple[float, float] | None = None
    robust: bool = False


@dataclass(frozen=True)
class TermTest:
    """One coefficient against zero: its value, standard uncertainty, their ratio and the two-sided probability."""

    value: float
    u: float
    t: float
    probability: float


@dataclass(frozen=True)
class RunsTest:
    """Runs of equal sign among the residuals in the order of x (Wald and Wolfowitz 1940, DOI 10.1214/aoms/1177731909).

    Few runs mean a curve of the wrong shape, many mean residuals that alternate.
    """

    runs: int
    expected: float
    probability: float


@dataclass(frozen=True)
class LackOfFit:
    """Scatter about the curve against scatter of repeated points, as Fisher's F at `dof` degrees of freedom."""

    f: float
    dof: tuple[int, int]
    probability: float


@dataclass(frozen=True)
class Outlier:
    """A point that the others make improbable; it was not dropped from the fit.

    Attributes
    ----------
    index
        Of the point, from 0.
    residual_over_u
        Distance from the curve through the points that are not outliers, over the point's standard uncertainty (that of
        the scatter where none was stated); of a robust fit, from its curve.
    probability
        That one of the points lies so far out (Bonferroni).
    """

    index: int
    residual_over_u: float
    probability: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Diagnostics:
    """Tests of a fit; what cannot be tested is None.

    Attributes
    ----------
    chi_squared, chi_squared_probability, birge_ratio
        Sum of squared residuals over stated uncertainties, probability of a larger one, and the root of
        chi-squared per degree of freedom; None where the scatter gave the uncertainties.
    standardized, studentized
        Residuals over the standard deviation of the points, and over their own, which is less (n,).
    outliers
        Points less probable than 1 % among so many.
    runs, intercept, curvature, lack_of_fit
        Tests of the order of signs, of a zero intercept, of the next power of x, and against replicates.
    """

    standardized: Array
    studentized: Array
    chi_squared: float | None = None
    chi_squared_probability: float | None = None
    birge_ratio: float | None = None
    outliers: tuple[Outlier, ...] = ()
    runs: RunsTest | None = None
    intercept: TermTest | None = None
    curvature: TermTest | None = None
    lack_of_fit: LackOfFit | None = None

    def findings(self, dof: int, *, robust: bool) -> tuple[str, ...]:
        """What is improbable, in words; `dof` are those of chi-squared."""
        advice = "not dropped" if robust else "not dropped: robust='huber' or 'bisquare' limits the pull of wild points"
        return (*self._about_size(dof), *self._about_points(advice), *self._about_shape())

    def _about_size(self, dof: int) -> Iterator[str]:
        share = self.chi_squared_probability
        if share is None or self.chi_squared is None:
            return
        measured = f"chi-squared: {self.chi_squared:.4g} with {dof} degrees of freedom"
        if share < SIGNIFICANCE:
            yield (
                f"{measured} (probability {share:.1g}): the points scatter {self.birge_ratio:.2g} times as much as "
                "their stated uncertainties allow"
            )
        elif 1 - share < SIGNIFICANCE:
            yield f"{measured} (probability of less {1 - share:.1g}): the stated uncertainties look too large"

    def _about_points(self, advice: str) -> Iterator[str]:
        if len(self.outliers) > _MOST_OUTLIERS:
            places = ", ".join(str(outlier.index) for outlier in self.outliers[:_MOST_OUTLIERS])
            yield (
                f"outlier: {len(self.outliers)} of {len(self.standardized)} points lie improbably far from the curve "
                f"({places}, ...), {advice}; of so many, the curve or the uncertainties may be wrong instead"
            )
            return
        for outlier in self.outliers:
            yield (
                f"outlier: point {outlier.index} lies {abs(outlier.residual_over_u):.3g} u from the curve through "
                f"the others (probability {outlier.probability:.1g} among {len(self.standardized)} points), " + advice
            )

    def _about_shape(self) -> Iterator[str]:
        if self.runs and self.runs.probability < SIGNIFICANCE:
            yield (
                f"runs: {self.runs.runs} runs of equal sign where {self.runs.expected:.3g} are expected (probability "
                f"{self.runs.probability:.1g}): the residuals follow a pattern"
            )
        if self.curvature and self.curvature.probability < SIGNIFICANCE:
            yield (
                f"curvature: the next power of x would have the coefficient {self.curvature.value:.3g} with "
                f"u = {self.curvature.u:.2g} (probability {self.curvature.probability:.1g}): the curve bends too little"
            )
        if self.lack_of_fit and self.lack_of_fit.probability < SIGNIFICANCE:
            yield (
                f"lack of fit: F = {self.lack_of_fit.f:.3g} against repeated points (probability "
                f"{self.lack_of_fit.probability:.1g}): the curve misses means that repeat well"
            )


def diagnose(evidence: Evidence) -> Diagnostics:
    """All tests that the evidence allows."""
    points = evidence.whitening.undo(evidence.residuals) / evidence.whitening.deviations
    basis = np.linalg.qr(evidence.jacobian)[0]
    if evidence.from_scatter and evidence.scale * float(evidence.whitening.deviations.max()) <= evidence.rounding:
        return Diagnostics(standardized=np.zeros_like(points), studentized=np.zeros_like(points))
    standardized = points / evidence.scale
    studentized = standardized / _own_deviation(evidence, basis)
    chi_squared, share, birge = _chi_squared(evidence)
    return Diagnostics(
        standardized=standardized,
        studentized=studentized,
        chi_squared=chi_squared,
        chi_squared_probability=share,
        birge_ratio=birge,
        outliers=_outliers(evidence, studentized),
        runs=_runs(evidence, points),
        intercept=None if evidence.intercept is None else _term(*evidence.intercept, _coverage_dof(evidence)),
        curvature=_curvature(evidence, basis),
        lack_of_fit=_lack_of_fit(evidence),
    )


def _coverage_dof(evidence: Evidence) -> float:
    return evidence.dof if evidence.from_scatter else math.inf


def _own_deviation(evidence: Evidence, basis: Array) -> Array:
    """Standard deviation of each residual over that of its point; infinite where a point carries a parameter alone."""
    explained = evidence.whitening.undo(basis) / evidence.whitening.deviations[:, None]
    left = 1 - np.sum(explained**2, axis=1)
    return np.sqrt(np.where(left > 1e-9, left, np.inf))


def _chi_squared(evidence: Evidence) -> tuple[float, float | None, float | None] | tuple[None, None, None]:
    if evidence.from_scatter:
        return None, None, None
    total = float(evidence.residuals @ evidence.residuals)
    if evidence.dof == 0:
        return total, None, None
    return total, above_chi_squared(total, evidence.dof), math.sqrt(total / evidence.dof)


def _outliers(evidence: Evidence, studentized: Array) -> tuple[Outlier, ...]:
    """Points that the curve through the others makes improbable, the most improbable set aside before the next.

    A wild point pulls the curve towards itself, so that all points look wild: each is judged by what a shift of its own
    would take off the sum of squares (R. D. Cook and S. Weisberg, Residuals and Influence in Regression, 1982, 2.2.2).
    """
    if evidence.robust:
        together = np.minimum(len(studentized) * 2 * above_normal(np.abs(studentized)), 1.0)
        wild = np.flatnonzero(together < SIGNIFICANCE)
        return tuple(Outlier(int(i), float(studentized[i]), float(together[i])) for i in wild)
    aside: list[int] = []
    while len(aside) < _MOST_SET_ASIDE:
        shifts = _shifts(evidence, aside)
        if shifts is None or not shifts.probabilities[shifts.largest] < SIGNIFICANCE:
            break
        aside.append(shifts.largest)
    judged = ((i, _shifts(evidence, [other for other in aside if other != i])) for i in sorted(aside))
    return tuple(
        Outlier(i, float(shifts.distances[i]), float(shifts.probabilities[i]))
        for i, shifts in judged
        if shifts is not None
    )


@dataclass(frozen=True, eq=False)
class _Shifts:
    """Each point against the curve through the others: distance over u, and the probability of such among all (n,)."""

    distances: Array
    probabilities: Array
    largest: int


def _shifts(evidence: Evidence, aside: list[int]) -> _Shifts | None:
    """The shifts that would take most off the sum of squares; None where too few points are left.

    Points set aside take no part.
    """
    left = evidence.dof - len(aside) - 1
    if left < (2 if evidence.from_scatter else 0):
        return None
    columns = np.column_stack([evidence.jacobian, *(_own_column(evidence.whitening, i) for i in aside)])
    basis = np.linalg.qr(columns)[0]
    rest = evidence.residuals - basis @ (basis.T @ evidence.residuals)
    lengths, along = _perpendicular(evidence.whitening, basis, rest)
    free = lengths > 1e-9
    free[aside] = False
    total = float(rest @ rest)
    floor = evidence.rounding / float(evidence.whitening.deviations.max())
    if not free.any() or (evidence.from_scatter and total <= (left + 1) * floor**2):
        return None
    lengths = np.where(free, lengths, np.inf)
    reduction = along**2 / lengths
    spread = np.sqrt(np.maximum((total - reduction) / left, floor**2)) if evidence.from_scatter else np.ones_like(rest)
    ratio = np.sqrt(reduction) / spread
    single = 2 * above_student(ratio, left if evidence.from_scatter else math.inf)
    return _Shifts(along / lengths / spread, np.minimum(len(rest) * single, 1.0), int(np.argmax(reduction)))


def _own_column(whitening: Whitening, i: int) -> Array:
    """What moves one point by its standard deviation, decorrelated (n,)."""
    single = np.zeros_like(whitening.deviations)
    single[i] = whitening.deviations[i]
    return whitening.apply(single)


def _perpendicular(whitening: Whitening, basis: Array, rest: Array) -> tuple[Array, Array]:
    """Squared lengths of what the points' own columns have outside a basis, and their products with residuals."""
    if whitening.factor is None:
        return 1 - np.sum(basis**2, axis=1), rest
    own = whitening.apply(np.diag(whitening.deviations))
    return np.sum(own**2, axis=0) - np.sum((basis.T @ own) ** 2, axis=0), own.T @ rest


def _runs(evidence: Evidence, points: Array) -> RunsTest | None:
    if evidence.whitening.factor is not None:  # common errors make runs of equal sign of their own
        return None
    order = slice(None) if evidence.x is None else np.argsort(evidence.x, kind="stable")
    absolute = np.abs(points * evidence.whitening.deviations)
    signs = np.sign(np.where(absolute > evidence.rounding, points, 0.0))[order]
    signs = signs[signs != 0]
    n, above = len(signs), int(np.sum(signs > 0))
    if not 0 < above < n:
        return None
    runs = 1 + int(np.sum(signs[1:] != signs[:-1]))
    return RunsTest(runs, 1 + 2 * above * (n - above) / n, _runs_probability(runs, above, n - above))


def _runs_probability(runs: int, above: int, below: int) -> float:
    """Two-sided: twice the smaller tail, the observed number included."""
    n = above + below
    if n > _EXACT_RUNS:
        mean = 1 + 2 * above * below / n
        variance = (mean - 1) * (mean - 2) / (n - 1)
        return min(1.0, 2 * float(above_normal((abs(runs - mean) - 0.5) / math.sqrt(variance))))
    ways = {count: _ways(count, above, below) for count in range(2, 2 * min(above, below) + 2)}
    total = sum(ways.values())
    few = sum(w for count, w in ways.items() if count <= runs)
    many = sum(w for count, w in ways.items() if count >= runs)
    return min(1.0, 2 * min(few, many) / total)


def _ways(runs: int, above: int, below: int) -> int:
    """Arrangements of so many signs of either kind that make so many runs."""
    half, odd = divmod(runs, 2)
    if odd:
        return math.comb(above - 1, half) * math.comb(below - 1, half - 1) + math.comb(above - 1, half - 1) * math.comb(
            below - 1, half
        )
    return 2 * math.comb(above - 1, half - 1) * math.comb(below - 1, half - 1)


def _term(value: float, u: float, dof: float) -> TermTest | None:
    if not u > 0:
        return None
    ratio = value / u
    share = above_student(abs(ratio), dof)
    return TermTest(value, u, ratio, 2 * float(share))


def _curvature(evidence: Evidence, basis: Array) -> TermTest | None:
    """Least-squares coefficient of one more column, from what of it the others do not hold."""
    if evidence.next_term is None or evidence.robust:
        return None
    column, to_power = evidence.next_term
    whitened = evidence.whitening.apply(column)
    own = whitened - basis @ (basis.T @ whitened)
    own -= basis @ (basis.T @ own)
    length = float(np.linalg.norm(own))
    left = evidence.dof - 1
    if length <= math.sqrt(EPSILON) * float(np.linalg.norm(whitened)) or left < (1 if evidence.from_scatter else 0):
        return None
    along = float(own @ evidence.residuals) / length
    spread = 1.0
    if evidence.from_scatter:
        rest = float(evidence.residuals @ evidence.residuals) - along**2
        spread = math.sqrt(max(rest, 0.0) / left)
    return _term(
        to_power * along / length, abs(to_power) * spread / length, left if evidence.from_scatter else math.inf
    )


def _lack_of_fit(evidence: Evidence) -> LackOfFit | None:
    if evidence.x is None or not evidence.replicates or evidence.robust or evidence.whitening.factor is not None:
        return None
    levels, level = np.unique(evidence.x, return_inverse=True)
    n, p = evidence.jacobian.shape
    between, within = len(levels) - p, n - len(levels)
    if between < 1 or within < 1:
        return None
    weights = evidence.whitening.deviations**-2
    raw = evidence.whitening.undo(evidence.residuals)
    means = np.bincount(level, weights * raw) / np.bincount(level, weights)
    pure = float(weights @ (raw - means[level]) ** 2)
    total = float(evidence.residuals @ evidence.residuals)
    if not pure > within * evidence.rounding**2 * float(weights.min()):
        return None
    ratio = max(total - pure, 0.0) / between / (pure / within)
    return LackOfFit(ratio, (between, within), above_fisher(ratio, (between, within)))
