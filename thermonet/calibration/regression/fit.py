"""What a fit returns: parameters with their covariance, residuals, diagnostics, and predictions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonet.calibration.regression.checks import EPSILON, numbers, same_length
from thermonet.calibration.regression.diagnostics import Diagnostics, Evidence, diagnose
from thermonet.calibration.regression.errors import OutOfRangeError, RegressionError
from thermonet.calibration.regression.estimate import Estimate, coverage_factor
from thermonet.calibration.regression.models import Model
from thermonet.calibration.regression.robust import Robust

Array = NDArray[np.float64]

#: Robust weights below this are told, so many of them one by one.
_HALF, _MOST_TOLD = 0.5, 5
#: Where an inverse is sought by signs: intervals over the range, and how far beyond its ends noise may carry it.
_INTERVALS, _MARGIN = 1000, 0.1


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit:
    """Parameters that describe the data best, and how well they are known.

    Attributes
    ----------
    method
        What was done, in words.
    names
        Of the parameters (p).
    values, covariance
        Parameters (p,) and their covariance matrix (p, p). It is that of the stated uncertainties as they are (never
        rescaled by chi-squared), or that of the scatter where none were stated or the fit is robust.
    y, fitted, residuals
        Data, curve at the given x, and their difference (n,), in the unit of y.
    dof
        Points less parameters.
    from_scatter
        Whether the uncertainties come from the scatter of the points.
    chi_squared
        Minimum of the weighted sum of squares; None where no uncertainties were stated or the fit is robust.
    residual_sd
        Root of the sum of squared residuals per degree of freedom, in the unit of y (of a robust fit without u: its
        scale); None without degrees of freedom.
    r_squared
        Share of the (weighted) sum of squares about the mean that a linear model explains; about zero where it has no
        constant; None for other models and where y does not vary.
    robust
        Kind, weights and scale of a robust fit, else None.
    """

    method: str
    names: tuple[str, ...]
    values: Array
    covariance: Array
    y: Array
    fitted: Array
    residuals: Array
    dof: int
    from_scatter: bool
    chi_squared: float | None = None
    residual_sd: float | None = None
    r_squared: float | None = None
    robust: Robust | None = None
    factor: Array = field(repr=False)  #: times its transpose: the covariance of what `predict` differentiates by
    evidence: Evidence = field(repr=False)
    notes: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not (np.isfinite(self.values).all() and np.isfinite(self.covariance).all()):
            raise RegressionError(
                "the parameters or their covariance overflow: state x and y in units in which they are near 1"
            )
        for each in fields(self):
            content = getattr(self, each.name)
            if isinstance(content, np.ndarray):
                content.flags.writeable = False

    def __getitem__(self, name: str) -> Estimate:
        """One parameter by its name, with u."""
        if name not in self.names:
            raise KeyError(f"{name!r} is not a parameter, expected one of {', '.join(self.names)}")
        i = self.names.index(name)
        return Estimate(float(self.values[i]), float(self.u[i]), self.coverage_dof)

    @property
    def u(self) -> Array:
        """Standard uncertainties of the parameters (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def correlation(self) -> Array:
        """Correlation matrix of the parameters (p, p)."""
        u = np.where(self.u > 0, self.u, 1.0)
        correlation = self.covariance / np.outer(u, u)
        np.fill_diagonal(correlation, 1.0)
        return np.asarray(correlation, dtype=np.float64)

    @property
    def coverage_dof(self) -> float:
        """Degrees of freedom of the uncertainties: `dof` where they come from the scatter, otherwise infinite."""
        return self.dof if self.from_scatter else math.inf

    def expanded(self, probability: float = 0.95) -> Array:
        """Half-widths (p,) of intervals that cover with `probability`: t(dof) from scatter, normal from stated u."""
        return coverage_factor(probability, self.coverage_dof) * self.u

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Tests of the fit and its named outliers, worked out when first asked for."""
        return diagnose(self.evidence)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """Findings in words, each starting with its name; empty where nothing is improbable."""
        return (
            *self.notes,
            *self._weighed_down(),
            *self.diagnostics.findings(self.dof, robust=self.robust is not None),
        )

    def _weighed_down(self) -> tuple[str, ...]:
        if self.robust is None or not (self.robust.weights < _HALF).any():
            return ()
        places = np.flatnonzero(self.robust.weights < _HALF)
        weights = ", ".join(f"point {i} counts {self.robust.weights[i]:.2g}" for i in places[:_MOST_TOLD])
        more = f" and {len(places) - _MOST_TOLD} more less than {_HALF:g}" if len(places) > _MOST_TOLD else ""
        return (f"robust: {weights}{more}",)

    def rescaled(self) -> Self:
        """Return the fit with the covariance times chi-squared per degree of freedom.

        For uncertainties that are known up to a common factor only (ISO/TS 28037:2010, Annex E); expanded ones then
        use Student's t.

        Raises
        ------
        RegressionError
            Nothing was stated that could be rescaled, or no degrees of freedom say by how much.
        """
        if self.chi_squared is None:
            raise RegressionError("the uncertainties come from the scatter already, so there is nothing to rescale")
        if self.dof == 0:
            raise RegressionError("without degrees of freedom the scatter says nothing: measure more points")
        birge = math.sqrt(self.chi_squared / self.dof)
        return replace(
            self,
            method=f"{self.method}, rescaled by the scatter",
            covariance=birge**2 * self.covariance,
            factor=birge * self.factor,
            from_scatter=True,
            chi_squared=None,
            evidence=replace(
                self.evidence,
                from_scatter=True,
                scale=birge,
                intercept=None if (given := self.evidence.intercept) is None else (given[0], birge * given[1]),
            ),
        )

    def _estimate(
        self, value: Array, rows: Array, variance: Array, warnings: tuple[str, ...], *, scalar: bool
    ) -> Estimate:
        """Values with the uncertainty of the parameters behind `rows` (k, p) and further variances (k,)."""
        with np.errstate(all="ignore"):
            u = np.hypot(np.linalg.norm(rows @ self.factor, axis=1), np.sqrt(variance))
        if not (np.isfinite(value).all() and np.isfinite(u).all()):
            raise RegressionError("the prediction overflows or is undefined there: the curve does not reach so far")
        if scalar:
            return Estimate(float(value[0]), float(u[0]), self.coverage_dof, warnings)
        return Estimate(value, u, self.coverage_dof, warnings)


@dataclass(frozen=True, eq=False, kw_only=True)
class LinearFit(Fit):
    """A fit of given columns.

    Attributes
    ----------
    columns
        Design matrix (n, p).
    """

    columns: Array

    def predict(self, columns: ArrayLike, *, extrapolate: bool = False) -> Estimate:
        """The fitted combination of new columns: one row (p,) or several (k, p).

        Raises
        ------
        OutOfRangeError
            A column outside its range in the data, unless `extrapolate`, which leaves a warning instead.
        """
        single = np.ndim(columns) == 1
        rows = np.atleast_2d(numbers("columns", columns, dimensions=1 if single else 2))
        if rows.shape[1] != len(self.names):
            raise RegressionError(
                f"a row has {rows.shape[1]} columns, expected {len(self.names)}: {', '.join(self.names)}"
            )
        warnings = tuple(
            finding
            for name, column, old in zip(self.names, rows.T, self.columns.T, strict=True)
            for finding in _outside(name, column, float(old.min()), float(old.max()), extrapolate=extrapolate)
        )
        return self._estimate(rows @ self.values, rows, np.zeros(len(rows)), warnings, scalar=single)


@dataclass(frozen=True, eq=False, kw_only=True)
class CurveFit(Fit):
    """A fit of y against one x: a calibration curve.

    Attributes
    ----------
    x
        Abscissae (n,).
    about
        Origin of x for the parameters of a line or polynomial.
    x_adjusted, y_adjusted
        Points of the curve closest to the data (n,) where x has uncertainties, else None.
    """

    x: Array
    about: float = 0.0
    x_adjusted: Array | None = None
    y_adjusted: Array | None = None
    model: Model = field(repr=False)

    @property
    def x_range(self) -> tuple[float, float]:
        """The calibrated range."""
        return float(self.x.min()), float(self.x.max())

    def predict(self, x: ArrayLike, u_x: ArrayLike = 0.0, *, extrapolate: bool = False) -> Estimate:
        """The curve at x, one value or several (k,), with u of the curve and of x; not the scatter of a single reading.

        Raises
        ------
        OutOfRangeError
            x outside the calibrated range, unless `extrapolate`, which leaves a warning instead.
        """
        at, u_at, scalar = _requested("x", x, u_x)
        warnings = _outside("x", at, *self.x_range, extrapolate=extrapolate)
        with np.errstate(all="ignore"):
            value, rows, slope = self.model.value(at), self.model.rows(at), self.model.slope(at)
            variance = (slope * u_at) ** 2
        return self._estimate(value, rows, variance, warnings, scalar=scalar)

    def invert(self, y: ArrayLike, u_y: ArrayLike = 0.0, *, extrapolate: bool = False) -> Estimate:
        """The x at which the curve reaches y: inverse use of a calibration (ISO/TS 28037:2010, clause 11).

        First-order uncertainty from the curve and from `u_y`, which for one more reading is `residual_sd` where the
        scatter gave the uncertainties.

        Raises
        ------
        OutOfRangeError
            The x is outside the calibrated range, unless `extrapolate`, which leaves a warning instead.
        RegressionError
            The curve reaches y several times, or its slope there cannot be told from zero.
        """
        wanted, u_wanted, scalar = _requested("y", y, u_y)
        at = np.array([self._x_reaching(float(value), extrapolate=extrapolate) for value in wanted])
        low, high = self.x_range
        inside = (wanted >= self.y.min()) & (wanted <= self.y.max())
        warnings = _outside("x", np.where(inside, np.clip(at, low, high), at), low, high, extrapolate=extrapolate)
        slope = self.model.slope(at)
        warnings += self._flatness(at, slope)
        rows = self.model.rows(at) / slope[:, None]
        return self._estimate(at, rows, (u_wanted / slope) ** 2, warnings, scalar=scalar)

    def _x_reaching(self, y: float, *, extrapolate: bool) -> float:
        low, high = self.x_range
        if self.model.is_line:
            middle = np.array([low / 2 + high / 2])
            slope = float(self.model.slope(middle)[0])
            if slope == 0:
                raise RegressionError("the fitted line is horizontal, so no x can be found for a y: nothing to invert")
            return float(middle[0] + (y - float(self.model.value(middle)[0])) / slope)
        reach = (high - low) * (1.0 if extrapolate else _MARGIN)
        found = _crossings(self.model.value, y, low, high) or _crossings(self.model.value, y, low - reach, high + reach)
        if not found:
            raise OutOfRangeError(
                f"extrapolation: the curve does not reach {y:g} between x = {low:g} and {high:g}"
                + ("" if extrapolate else ", expected a value inside the calibrated range")
            )
        if len(found) > 1:
            places = " and ".join(f"{x:.6g}" for x in found)
            raise RegressionError(
                f"the curve reaches {y:g} at x = {places}: calibrate a range in which it is monotonic"
            )
        return found[0]

    def _flatness(self, at: Array, slope: Array) -> tuple[str, ...]:
        """Refuse slopes that may be zero: their inverse has no bounds (Fieller, J. R. Stat. Soc. B 16, 175, 1954)."""
        step = 1e-3 * (self.x_range[1] - self.x_range[0])
        change = (self.model.rows(at + step) - self.model.rows(at - step)) / (2 * step)
        u_slope = np.linalg.norm(change @ self.factor, axis=1)
        share = float(np.max(coverage_factor(0.95, self.coverage_dof) * u_slope / np.maximum(np.abs(slope), 1e-300)))
        if not share < 1:
            raise RegressionError(
                "the slope of the curve cannot be told from zero there (95 %), so the x behind a y has no bounds: "
                "calibrate over a wider range or with smaller uncertainties"
            )
        if share < 0.2:
            return ()
        return (f"inverse: the slope is known to {share:.0%} only (95 %), first-order uncertainties are too small",)


def covariance_of(factor: Array) -> Array:
    """Product of a factor and its transpose; what overflows is refused by the fit."""
    with np.errstate(all="ignore"):
        return np.asarray(factor @ factor.T, dtype=np.float64)


def exactness(y: Array) -> float:
    """What the rounding of the data alone makes of a residual."""
    return 8 * EPSILON * float(np.abs(y).max())


def _requested(what: str, values: ArrayLike, u: ArrayLike) -> tuple[Array, Array, bool]:
    dimensions = min(np.ndim(values), 1)
    at = np.atleast_1d(numbers(what, values, dimensions))
    u_at = np.atleast_1d(numbers(f"u_{what}", u, min(np.ndim(u), dimensions)))
    if len(u_at) == 1:
        u_at = np.full_like(at, u_at[0])
    same_length(**{what: at, f"u_{what}": u_at})
    if (u_at < 0).any():
        raise RegressionError(f"u_{what} must be zero or positive, got {u_at.min():g}")
    return at, u_at, dimensions == 0


def _outside(name: str, values: Array, low: float, high: float, *, extrapolate: bool) -> tuple[str, ...]:
    """A warning for the worst value outside low .. high, or its refusal."""
    slack = 4 * EPSILON * max(abs(low), abs(high))
    beyond = np.maximum(low - values, values - high)
    if not beyond.size or not beyond.max() > slack:
        return ()
    worst = float(values[int(np.argmax(beyond))])
    finding = (
        f"extrapolation: {'' if name == 'x' else name + ' = '}{worst:g} lies outside the calibrated {low:g}..{high:g}"
    )
    if not extrapolate:
        raise OutOfRangeError(
            f"{finding}; expected a value inside, or extrapolate=True where the model is trusted there"
        )
    return (finding,)


def _crossings(function: Callable[[Array], Array], level: float, low: float, high: float) -> list[float]:
    """Where a function reaches a level between low and high, the ends included."""
    from scipy.optimize import brentq

    x = np.linspace(low, high, _INTERVALS + 1)
    with np.errstate(all="ignore"):
        height = function(x) - level
    signs = np.where(
        np.abs(height) <= 8 * EPSILON * max(abs(level), float(np.nanmax(np.abs(height)))), 0.0, np.sign(height)
    )
    exact = [float(place) for place in x[signs == 0]]
    between = np.flatnonzero(signs[1:] * signs[:-1] < 0)

    def at(place: float) -> float:
        return float(function(np.array([place]))[0] - level)

    return sorted(exact + [float(brentq(at, x[i], x[i + 1], xtol=1e-300, rtol=4 * EPSILON)) for i in between])
