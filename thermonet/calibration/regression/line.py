"""The straight line, with uncertainties in y, in both variables, and with every correlation between them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from thermonet.calibration.regression import checks
from thermonet.calibration.regression.basis import Basis
from thermonet.calibration.regression.diagnostics import Evidence
from thermonet.calibration.regression.errors import RegressionError
from thermonet.calibration.regression.extended import Extended
from thermonet.calibration.regression.fit import CurveFit, covariance_of, exactness
from thermonet.calibration.regression.least_squares import factors
from thermonet.calibration.regression.linear import in_basis, next_term
from thermonet.calibration.regression.models import Polynomial
from thermonet.calibration.regression.robust import KINDS, Kind, Robust, reweighted
from thermonet.calibration.regression.weighting import weighting_of
from thermonet.calibration.regression.whitening import Whitening
from thermonet.quantities.errors import NotConvergedError

Array = NDArray[np.float64]

NAMES = ("intercept", "slope")
_MOST_DOUBLINGS = 100
#: Entries of a table of trial slopes by points, to spare memory.
_LARGEST_TABLE = 1_000_000


def fit_line(
    x: ArrayLike,
    y: ArrayLike,
    *,
    u_x: ArrayLike | None = None,
    u_y: ArrayLike | None = None,
    r_xy: ArrayLike | None = None,
    covariance_x: ArrayLike | None = None,
    covariance_y: ArrayLike | None = None,
    covariance: ArrayLike | None = None,
    about: float = 0.0,
    robust: Kind | None = None,
) -> CurveFit:
    """Fit ``y = intercept + slope (x - about)`` to points with whatever is known of their uncertainties.

    - nothing: ordinary least squares, the scatter gives the uncertainties with n - 2 degrees of freedom;
    - `u_y`: weighted (ISO/TS 28037:2010, clause 6); `covariance_y`: generalised (clause 9);
    - `u_x` and `u_y`, perhaps `r_xy`: both uncertain (clauses 7 and 8; York et al. 2004);
    - `covariance_x` with `u_y` or `covariance_y`, or a joint `covariance`: Gauss-Markov regression (clause 10).

    With uncertain x the line minimises the sum of squares of all adjustments over their uncertainties, and the
    covariance of its parameters is taken at the adjusted points, as in York et al. 2004 and in ISO/TS 28037. It is
    never rescaled by chi-squared.

    Parameters
    ----------
    x, y
        Points (n,).
    u_x, u_y
        Their standard uncertainties, (n,) or one for all.
    r_xy
        Correlation of the errors of x and y of each point, (n,) or one for all.
    covariance_x, covariance_y
        Covariance matrices (n, n), instead of `u_x` and `u_y`. That of x may be singular (an error common to all).
    covariance
        Covariance matrix (2 n, 2 n) of x_1 .. x_n, y_1 .. y_n, instead of all others.
    about
        Origin of x: `intercept` is the line's value there.
    robust
        ``"huber"`` or ``"bisquare"`` for points that are independent of each other.

    Returns
    -------
    CurveFit
        Parameters `intercept` and `slope`, residuals, diagnostics, predictions and their inverse.

    Raises
    ------
    RegressionError
        Data or uncertainties that cannot be used, with what would be right; `u_x` without uncertainties of y.
    NotConvergedError
        Points so scattered that no line is best.

    References
    ----------
    D. York, N. M. Evensen, M. Lopez Martinez and J. De Basabe Delgado, Am. J. Phys. 72, 367 (2004), DOI
    10.1119/1.1632486; ISO/TS 28037:2010; JCGM 100:2008, H.3.

    Examples
    --------
    >>> fit = fit_line([1, 2, 3, 4, 5, 6], [3.3, 5.6, 7.1, 9.3, 10.7, 12.1], u_y=0.5)
    >>> round(fit["slope"].value, 3), round(fit["slope"].u, 3)
    (1.757, 0.12)
    """
    x_values, y_values = checks.points(x, y)
    origin = checks.number("about", about)
    checks.one_of("robust", robust, KINDS)
    stated = _Stated(u_x, u_y, r_xy, covariance_x, covariance_y, covariance)
    stated.check()
    if not stated.both_uncertain:
        basis = Basis.over(x_values, 2, about=origin)
        weighting = weighting_of(y_values, u=u_y, covariance=covariance_y, robust=robust, suffix="_y")
        return in_basis(basis, x_values, y_values, weighting, NAMES, robust)
    checks.enough_points(len(x_values), 2, stated=robust is None)
    errors = stated.errors(x_values, y_values)
    _check_spread(x_values, errors)
    with np.errstate(all="ignore"):  # slopes that overflow are tried in vain; the result is checked to be finite
        return _both_uncertain(x_values, y_values, errors, origin, robust)


def _check_spread(x: Array, errors: Errors) -> None:
    """Refuse x that varies less than its own uncertainties do by chance: any slope would do."""
    variances = errors.diagonal().xx
    if not (variances > 0).all():
        return
    weights = 1 / variances
    spread = float(weights @ (x - float(weights @ x) / float(weights.sum())) ** 2)
    if spread < len(x) - 1:
        raise RegressionError(
            f"x varies no more than its stated uncertainties do by chance (chi-squared {spread:.2g} about its mean for "
            f"{len(x)} points), so no slope follows: measure over a wider range"
        )


@dataclass(frozen=True, eq=False)
class _Stated:
    """The uncertainties of a line as the caller gave them."""

    u_x: ArrayLike | None
    u_y: ArrayLike | None
    r_xy: ArrayLike | None
    covariance_x: ArrayLike | None
    covariance_y: ArrayLike | None
    covariance: ArrayLike | None

    @property
    def both_uncertain(self) -> bool:
        return any(given is not None for given in (self.u_x, self.covariance_x, self.covariance))

    def check(self) -> None:
        """Refuse what is stated twice, and uncertainties of x or correlations without those they need."""
        checks.not_both("u_x", self.u_x, "covariance_x", self.covariance_x)
        checks.not_both("u_y", self.u_y, "covariance_y", self.covariance_y)
        if self.covariance is not None:
            for name in ("u_x", "u_y", "r_xy", "covariance_x", "covariance_y"):
                checks.not_both("covariance", self.covariance, name, getattr(self, name))
            return
        if self.both_uncertain and self.u_y is None and self.covariance_y is None:
            raise RegressionError(
                "x is stated to be uncertain and nothing is said of y, so they cannot be weighed against each other: "
                "state u_y or covariance_y, or exchange x and y where y is exact"
            )
        if self.r_xy is not None and (self.u_x is None or self.u_y is None):
            raise RegressionError(
                "r_xy correlates the errors of x and y of each point, so u_x and u_y are expected with it"
            )

    def errors(self, x: Array, y: Array) -> Errors:
        """Check the numbers and bring them into one form."""
        n = len(x)
        if self.covariance is not None:
            joint = checks.covariance_matrix("covariance", self.covariance, 2 * n, singular=True)
            checks.covariance_matrix("the block of y in covariance", joint[n:, n:], n)
            return Errors(joint[:n, :n], joint[:n, n:], joint[n:, n:])
        if self.covariance_x is None and self.covariance_y is None and self.u_x is not None and self.u_y is not None:
            u_x, u_y = checks.uncertainties("u_x", self.u_x, x), checks.uncertainties("u_y", self.u_y, y)
            r = np.zeros(n) if self.r_xy is None else checks.correlations("r_xy", self.r_xy, n)
            return Errors(u_x**2, r * u_x * u_y, u_y**2)
        of_x = _matrix("x", self.u_x, self.covariance_x, x, singular=True)
        of_y = _matrix("y", self.u_y, self.covariance_y, y, singular=False)
        return Errors(of_x, np.zeros((n, n)), of_y)


def _matrix(name: str, u: ArrayLike | None, covariance: ArrayLike | None, values: Array, *, singular: bool) -> Array:
    if covariance is not None:
        return checks.covariance_matrix(f"covariance_{name}", covariance, len(values), singular=singular)
    return np.diag(checks.uncertainties(f"u_{name}", 0.0 if u is None else u, values) ** 2)


@dataclass(frozen=True, eq=False)
class Errors:
    """Covariances of x, of x with y and of y: (n,) each for independent points, otherwise (n, n)."""

    xx: Array
    xy: Array
    yy: Array

    @property
    def independent(self) -> bool:
        """Whether no two points have a common error."""
        return self.xx.ndim == 1

    def diagonal(self) -> Errors:
        """Without the covariances between points."""
        return self if self.independent else Errors(np.diag(self.xx), np.diag(self.xy), np.diag(self.yy))

    def divided(self, weights: Array) -> Errors:
        """Of independent points that count `weights` times; one that counts nothing is given a weight of 1e-12."""
        counted = np.maximum(weights, 1e-12)
        return Errors(self.xx / counted, self.xy / counted, self.yy / counted)

    def whitening(self, slope: float) -> Whitening:
        """Of the distances y - slope x."""
        crossed = self.xy if self.independent else self.xy + self.xy.T
        total = self.yy + slope**2 * self.xx - slope * (2 * crossed if self.independent else crossed)
        if self.independent:
            return Whitening(np.sqrt(total))
        return Whitening.of_covariance(total)

    def shifts(self, slope: float, pulls: Array) -> tuple[Array, Array]:
        """Smallest errors of x and y that explain the distances, of which `pulls` are the weighted ones."""
        if self.independent:
            return (self.xy - slope * self.xx) * pulls, (self.yy - slope * self.xy) * pulls
        return (self.xy - slope * self.xx) @ pulls, (self.yy - slope * self.xy.T) @ pulls


@dataclass(frozen=True, eq=False)
class _Line:
    """A line ``height + slope (x - centre)`` and all that its uncertainty needs."""

    height: float
    slope: float
    whitening: Whitening
    distances: Array  #: y - line, in the unit of y
    residuals: Array  #: whitened
    jacobian: Array  #: whitened
    shifts: tuple[Array, Array]

    @property
    def factor(self) -> Array:
        """Its product with its transpose is the covariance of height and slope."""
        try:
            return factors(self.jacobian, NAMES)[1]
        except RegressionError:
            raise RegressionError(
                "the adjusted x all coincide: x varies by less than its stated uncertainties can tell, so the slope is "
                "not determined; measure over a wider range"
            ) from None

    @property
    def pull(self) -> float:
        """Minus half the derivative of chi-squared by the slope."""
        return float(self.jacobian[:, 1] @ self.residuals)

    @property
    def chi_squared(self) -> float:
        return float(self.residuals @ self.residuals)


def _both_uncertain(x: Array, y: Array, errors: Errors, about: float, robust: Kind | None) -> CurveFit:
    basis = Basis.over(x, 2, about=about)
    centred = x - basis.centre
    n, weighing, weighted = len(x), None, errors
    if robust is not None:
        weighing = _robust_weights(centred, y, errors, robust)
        weighted = errors.divided(weighing.weights)
    best = _best_line(centred, y, weighted)
    line = best if weighing is None else _at(centred, y, errors, best.height, best.slope)
    spread = 1.0 if weighing is None else math.sqrt(weighing.variance_factor(line.residuals, 2))
    coefficients = Extended.of(np.array([line.height, line.slope * basis.half_width]))
    # The factor of (height, slope) becomes that of the basis, whose second polynomial is (x - centre) / half_width.
    factor = spread * line.factor * np.array([[1.0], [basis.half_width]])
    values, power_factor = basis.power_coefficients(coefficients), basis.power_factor(factor)
    covariance = covariance_of(power_factor)
    adjusted = x - line.shifts[0]
    model = Polynomial(basis, coefficients.high)
    return CurveFit(
        method="errors in x and y"
        + ("" if errors.independent else ", generalised")
        + (f", {robust} weights" if robust else ""),
        names=NAMES,
        values=values,
        covariance=covariance,
        y=y,
        fitted=y - line.distances,
        residuals=line.distances,
        dof=n - 2,
        from_scatter=robust is not None,
        chi_squared=None if robust else line.chi_squared,
        residual_sd=math.sqrt(float(line.distances @ line.distances) / (n - 2)) if n > 2 else None,
        robust=weighing,
        factor=factor,
        evidence=Evidence(
            whitening=line.whitening,
            residuals=line.residuals,
            jacobian=line.jacobian,
            dof=n - 2,
            scale=1.0,
            from_scatter=robust is not None,
            rounding=exactness(y),
            x=x,
            next_term=next_term(basis, adjusted),
            replicates=False,
            intercept=(float(values[0]), math.sqrt(covariance[0, 0])),
            robust=robust is not None,
        ),
        x=x,
        about=about,
        x_adjusted=adjusted,
        y_adjusted=y - line.shifts[1],
        model=model,
    )


def _robust_weights(x: Array, y: Array, errors: Errors, kind: Kind) -> Robust:
    if not errors.independent:
        raise RegressionError(
            "robust weights belong to single points, which a covariance matrix ties together: expected u_x and u_y, "
            "or robust=None"
        )

    def residuals_of(weights: Array) -> Array:
        line = _best_line(x, y, errors.divided(weights))
        return _at(x, y, errors, line.height, line.slope).residuals

    return reweighted(kind, residuals_of, len(x), 1.0)


def _best_line(x: Array, y: Array, errors: Errors) -> _Line:
    """The line of least chi-squared, where the pull of the points on the slope, at their adjusted x, is zero.

    This is the condition that York's equations and Gauss-Newton steps iterate to (York et al. 2004; ISO/TS 28037:2010,
    clause 10); a bracketed root is found where those swing about it.
    """
    if errors.independent:
        slope, step = _first_slope(x, y, errors)
    else:
        nearby = _best_line(x, y, errors.diagonal())
        slope, step = nearby.slope, float(np.linalg.norm(nearby.factor[1]))
    start = _levelled(x, y, errors, slope)

    def pull(slope: float) -> float:
        return _levelled(x, y, errors, slope).pull

    low, high = _bracket(pull, slope, step)
    # A slope near zero needs no more digits than one of the size of the data's own.
    smallest = 1e-15 * float(np.ptp(y) / np.ptp(x)) + 1e-300
    found = _levelled(x, y, errors, float(brentq(pull, low, high, xtol=smallest, rtol=4 * checks.EPSILON)))
    if not found.chi_squared <= start.chi_squared * (1 + 1e-9) + 1e-9:
        raise _no_best_line(found.slope)
    return found


def _bracket(pull: Callable[[float], float], slope: float, step: float) -> tuple[float, float]:
    """Two slopes, from the given one downhill, between which chi-squared is least."""
    downhill = math.copysign(1.0, pull(slope))
    last = slope
    for _ in range(_MOST_DOUBLINGS):
        further = slope + downhill * step
        if downhill * pull(further) <= 0:
            return last, further
        last, step = further, 2 * step
    raise _no_best_line(slope)


def _no_best_line(slope: float) -> NotConvergedError:
    return NotConvergedError(
        f"no best line was found, the slope still moves near {slope:g}: x and y scatter so widely that their order is "
        "lost, or the line is vertical; state smaller uncertainties, measure over a wider range, or exchange x and y"
    )


def _levelled(x: Array, y: Array, errors: Errors, slope: float) -> _Line:
    """The best line of a given slope."""
    whitening = errors.whitening(slope)
    ones, distances = whitening.apply(np.ones_like(x)), whitening.apply(y - slope * x)
    return _at(x, y, errors, float(ones @ distances) / float(ones @ ones), slope)


def _at(x: Array, y: Array, errors: Errors, height: float, slope: float) -> _Line:
    whitening = errors.whitening(slope)
    distances = y - height - slope * x
    residuals = whitening.apply(distances)
    pulls = (
        residuals / whitening.deviations if whitening.factor is None else _transposed_solve(whitening.factor, residuals)
    )
    shifts = errors.shifts(slope, pulls)
    jacobian = whitening.apply(np.column_stack([np.ones_like(x), x - shifts[0]]))
    return _Line(height, slope, whitening, distances, residuals, jacobian, shifts)


def _transposed_solve(factor: Array, residuals: Array) -> Array:
    from scipy.linalg import solve_triangular

    return np.asarray(solve_triangular(factor, residuals, lower=True, trans="T"), dtype=np.float64)


def _first_slope(x: Array, y: Array, errors: Errors) -> tuple[float, float]:
    """The best of many slopes for independent points, and the distance to the next.

    Chi-squared can have several minima. The angles are even in two planes, in which the points and the uncertainties
    are as wide as high; the two ordinary regressions join.
    """
    covariance = float(np.cov(x, y)[0, 1])
    slopes = [covariance / float(np.var(x, ddof=1))]
    if covariance:
        slopes.append(float(np.var(y, ddof=1)) / covariance)
    angles = np.tan(np.radians(np.linspace(-89, 89, 90)))
    for height, width in ((np.var(y), np.var(x)), (np.mean(errors.yy), np.mean(errors.xx))):
        if width > 0:
            slopes.extend(angles * math.sqrt(float(height) / float(width)))
    tried = np.unique(slopes)
    parts = np.array_split(tried, 1 + tried.size * x.size // _LARGEST_TABLE)
    chi_squared = np.concatenate([_chi_squared(x, y, errors, part[:, None]) for part in parts])
    best = int(np.argmin(chi_squared))
    return float(tried[best]), float(np.diff(tried[max(best - 1, 0) : best + 2]).min())


def _chi_squared(x: Array, y: Array, errors: Errors, slopes: Array) -> Array:
    """Of the best line of each slope (k, 1) through independent points."""
    variances = errors.yy + slopes**2 * errors.xx - 2 * slopes * errors.xy
    distances = y - slopes * x
    heights = np.sum(distances / variances, axis=1) / np.sum(1 / variances, axis=1)
    return np.asarray(np.sum((distances - heights[:, None]) ** 2 / variances, axis=1))
