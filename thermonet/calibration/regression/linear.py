"""Linear least squares: given columns, and polynomials; ordinary, weighted, generalised and robust."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonet.calibration.regression import checks
from thermonet.calibration.regression.basis import Basis
from thermonet.calibration.regression.diagnostics import Evidence
from thermonet.calibration.regression.errors import RegressionError
from thermonet.calibration.regression.extended import Extended
from thermonet.calibration.regression.fit import CurveFit, LinearFit, covariance_of, exactness
from thermonet.calibration.regression.least_squares import Solution, solve
from thermonet.calibration.regression.models import Polynomial
from thermonet.calibration.regression.robust import Kind, Robust, reweighted
from thermonet.calibration.regression.weighting import Weighting, weighting_of
from thermonet.calibration.regression.whitening import Whitening

Array = NDArray[np.float64]

#: From here on the answer moves visibly when the data are rounded.
_ILL_CONDITIONED = 1e8
#: Variances below this have lost digits to underflow.
_VANISHING = 1e-300


def fit_linear(
    columns: ArrayLike,
    y: ArrayLike,
    *,
    u: ArrayLike | None = None,
    covariance: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    robust: Kind | None = None,
) -> LinearFit:
    """Fit ``y = columns @ parameters`` by least squares.

    Ordinary without uncertainties (the scatter gives them, with n - p degrees of freedom), weighted with `u`,
    generalised with `covariance`. The solution is that of the given doubles even where columns are nearly dependent.

    Parameters
    ----------
    columns
        Design matrix (n, p); a constant needs a column of ones.
    y
        Responses (n,).
    u
        Standard uncertainties of y, (n,) or one for all.
    covariance
        Covariance matrix of y (n, n), instead of `u`.
    names
        Of the parameters; c0, c1, ... by default.
    robust
        ``"huber"`` or ``"bisquare"`` limits the pull of wild points; its covariance comes from the scatter.

    Returns
    -------
    LinearFit
        Parameters with covariance, residuals, diagnostics, predictions.

    Raises
    ------
    RegressionError
        Data or uncertainties that are no numbers, not finite, of different lengths or not positive (definite); too few
        points; dependent columns, which are named.

    References
    ----------
    JCGM 100:2008, H.3; ISO/TS 28037:2010, clauses 6 and 9; Å. Björck, Numerical Methods for Least Squares Problems,
    SIAM (1996).

    Examples
    --------
    >>> fit = fit_linear([[1, 0], [1, 1], [1, 2]], [1.0, 3.0, 5.5], u=0.1)
    >>> [round(value, 3) for value in fit.values.tolist()]
    [0.917, 2.25]
    """
    design, y_values = checks.numbers("columns", columns, dimensions=2), checks.numbers("y", y)
    checks.same_length(columns=design, y=y_values)
    if design.size == 0:
        raise RegressionError(f"the columns are empty, of shape {design.shape}: expected points and parameters")
    titles = _names(names, design.shape[1], "c")
    weighting = weighting_of(y_values, u=u, covariance=covariance, robust=robust)
    solution = solve_linear(Extended.of(design), y_values, weighting, titles, robust)
    values = solution.coefficients.high
    return LinearFit(
        method=solution.method,
        names=titles,
        values=values,
        covariance=covariance_of(solution.factor),
        y=y_values,
        fitted=y_values - solution.residuals,
        residuals=solution.residuals,
        dof=solution.evidence.dof,
        from_scatter=solution.evidence.from_scatter,
        chi_squared=solution.chi_squared,
        residual_sd=solution.residual_sd,
        r_squared=solution.r_squared,
        robust=solution.robust,
        factor=solution.factor,
        evidence=solution.evidence,
        notes=solution.notes,
        columns=design,
    )


def fit_polynomial(
    x: ArrayLike,
    y: ArrayLike,
    degree: int,
    *,
    u: ArrayLike | None = None,
    covariance: ArrayLike | None = None,
    intercept: bool = True,
    about: float = 0.0,
    robust: Kind | None = None,
) -> CurveFit:
    """Fit ``y = b0 + b1 (x - about) + b2 (x - about)^2 + ...`` by least squares, x being exact.

    Solved in polynomials that are nearly orthogonal over the data and changed exactly to powers.

    Parameters
    ----------
    x, y
        Points (n,).
    degree
        Highest power, at least 1 (0 is the weighted mean).
    u, covariance, robust
        As in `fit_linear`.
    intercept
        False leaves b0 out, so that the curve is zero at `about`.
    about
        Origin of x.

    Returns
    -------
    CurveFit
        Parameters b0, b1, ... with covariance, residuals, diagnostics, predictions and their inverse.

    Raises
    ------
    RegressionError
        As `fit_linear`; also x that does not vary or takes fewer values than there are coefficients.

    Examples
    --------
    >>> fit = fit_polynomial([0, 1, 2, 3, 4], [1, 2, 5, 10, 17], 2, u=0.1)
    >>> [round(value, 9) + 0.0 for value in fit.values.tolist()]
    [1.0, 0.0, 1.0]
    """
    x_values, y_values = checks.points(x, y)
    if isinstance(degree, bool) or not isinstance(degree, (int, np.integer)) or degree < (0 if intercept else 1):
        raise RegressionError(f"the degree must be a whole number from {0 if intercept else 1}, got {degree!r}")
    titles = tuple(f"b{power}" for power in range(0 if intercept else 1, degree + 1))
    origin = checks.number("about", about)
    basis = Basis.over(x_values, len(titles), about=origin, intercept=intercept)
    return in_basis(
        basis, x_values, y_values, weighting_of(y_values, u=u, covariance=covariance, robust=robust), titles, robust
    )


def in_basis(
    basis: Basis, x: Array, y: Array, weighting: Weighting, names: tuple[str, ...], robust: Kind | None
) -> CurveFit:
    """Fit a polynomial in a basis to checked points."""
    different = len(np.unique(x))
    if len(names) <= len(x) and different < len(names):
        raise RegressionError(
            f"x takes {different} different values, which cannot determine {len(names)} coefficients: "
            f"expected at least {len(names)}, or a lower degree"
        )
    solution = solve_linear(basis.columns(x), y, weighting, names, robust)
    values, factor = basis.power_coefficients(solution.coefficients), basis.power_factor(solution.factor)
    covariance_matrix = covariance_of(factor)
    if solution.factor.any() and np.diag(covariance_matrix).min() < _VANISHING:
        raise RegressionError("high powers of x vanish or overflow: state x in a unit in which it is near 1")
    constant = (float(values[0]), math.sqrt(covariance_matrix[0, 0])) if basis.intercept else None
    return CurveFit(
        method=solution.method,
        names=names,
        values=values,
        covariance=covariance_matrix,
        y=y,
        fitted=y - solution.residuals,
        residuals=solution.residuals,
        dof=solution.evidence.dof,
        from_scatter=solution.evidence.from_scatter,
        chi_squared=solution.chi_squared,
        residual_sd=solution.residual_sd,
        r_squared=solution.r_squared,
        robust=solution.robust,
        factor=solution.factor,
        evidence=solution.judged(x=x, next_term=next_term(basis, x), intercept=constant),
        notes=solution.notes,
        x=x,
        about=basis.about,
        model=Polynomial(basis, solution.coefficients.high),
    )


def next_term(basis: Basis, x: Array) -> tuple[Array, float]:
    """The next polynomial at x (n,), and the coefficient of its highest power."""
    larger = Basis(basis.size + 1, basis.centre, basis.half_width, basis.about, basis.intercept)
    last = np.zeros(larger.size)
    last[-1] = 1.0
    return larger.rows(x)[:, -1], float(larger.power_coefficients(Extended.of(last))[-1])


@dataclass(frozen=True, eq=False, kw_only=True)
class LinearSolution:
    """What all linear fits share; `factor` times its transpose is the covariance of the coefficients."""

    method: str
    coefficients: Extended
    factor: Array
    residuals: Array
    evidence: Evidence
    chi_squared: float | None
    residual_sd: float | None
    r_squared: float | None
    robust: Robust | None
    notes: tuple[str, ...]

    def judged(self, **known: object) -> Evidence:
        """The evidence with more that is known of the points."""
        return replace(self.evidence, **known)  # type: ignore[arg-type]


def solve_linear(
    design: Extended, y: Array, weighting: Weighting, names: Sequence[str], robust: Kind | None
) -> LinearSolution:
    """Solve for the coefficients of the columns."""
    n, p = design.high.shape
    whitening, stated = weighting.whitening, weighting.stated
    checks.enough_points(n, p, stated=stated and robust is None)
    rows, responses = _whitened(whitening, design), _whitened(whitening, Extended.of(y))
    plain = solve(rows, responses, names)
    solution, wild = plain, None
    if robust is not None:
        solution, wild = _robust(robust, rows, responses, names, scale=1.0 if stated else None)
    dof, scatter = n - p, not stated or robust is not None
    sum_of_squares = float(solution.residuals @ solution.residuals)
    residuals = whitening.undo(solution.residuals)
    if wild is not None:
        scale, spread = wild.scale, math.sqrt(wild.variance_factor(solution.residuals, p))
    else:
        scale = spread = 1.0 if stated else math.sqrt(sum_of_squares / dof)
    return LinearSolution(
        method=f"{weighting.kind} least squares" + (f", {robust} weights" if robust else ""),
        coefficients=solution.coefficients,
        factor=spread * plain.factor,
        residuals=residuals,
        evidence=Evidence(
            whitening=whitening,
            residuals=solution.residuals,
            jacobian=rows.high,
            dof=dof,
            scale=scale,
            from_scatter=scatter,
            rounding=exactness(y),
            robust=robust is not None,
        ),
        chi_squared=None if scatter else sum_of_squares,
        residual_sd=residual_sd(residuals, dof, wild, stated=stated),
        r_squared=None if robust else _r_squared(rows.high, plain, responses.high, whitening),
        robust=wild,
        notes=_notes(plain, residuals, y, stated=stated),
    )


def residual_sd(residuals: Array, dof: int, robust: Robust | None, *, stated: bool) -> float | None:
    """See `Fit.residual_sd`."""
    if robust is not None and not stated:
        return robust.scale
    return math.sqrt(float(residuals @ residuals) / dof) if dof else None


def _whitened(whitening: Whitening, values: Extended) -> Extended:
    if whitening.factor is not None:
        return Extended.of(whitening.apply(values.high))
    weights = 1 / whitening.deviations
    shaped = weights if values.high.ndim == 1 else np.broadcast_to(weights[:, None], values.high.shape)
    return Extended.of(shaped) * values


def _robust(
    kind: Kind, rows: Extended, responses: Extended, names: Sequence[str], *, scale: float | None
) -> tuple[Solution, Robust]:
    """The solution at robust weights; its residuals are those of all points, unweighted."""

    def solved(weights: Array) -> Solution:
        roots = np.sqrt(weights)
        weighted = Extended.of(np.broadcast_to(roots[:, None], rows.high.shape)) * rows
        found = solve(weighted, Extended.of(roots) * responses, names)
        return Solution(found.coefficients, responses.high - rows.high @ found.coefficients.high, found.factor, 1.0)

    weighing = reweighted(kind, lambda weights: solved(weights).residuals, len(responses.high), scale)
    return solved(weighing.weights), weighing


def _r_squared(rows: Array, solution: Solution, responses: Array, whitening: Whitening) -> float | None:
    """About the weighted mean where the columns can make a constant, else about zero."""
    constant = whitening.apply(np.ones_like(responses))
    q = rows @ solution.factor
    length = float(np.linalg.norm(constant))
    about = responses
    if np.linalg.norm(constant - q @ (q.T @ constant)) < 1e-6 * length:
        about = responses - constant * float(constant @ responses) / length**2
    total = float(about @ about)
    if not total > len(responses) * (4 * checks.EPSILON * float(np.abs(responses).max())) ** 2:
        return None
    return 1 - float(solution.residuals @ solution.residuals) / total


def _notes(solution: Solution, residuals: Array, y: Array, *, stated: bool) -> tuple[str, ...]:
    notes = []
    if solution.condition > _ILL_CONDITIONED:
        digits = max(1, round(-math.log10(checks.EPSILON * solution.condition)))
        notes.append(
            f"conditioning: the columns are nearly dependent (condition {solution.condition:.0e}), so data rounded to "
            f"16 digits define the parameters to about {digits}"
        )
    if not stated and np.abs(residuals).max() <= exactness(y):
        notes.append(
            "exact: the points lie on the curve to within rounding, so scatter says nothing of uncertainties: state u"
        )
    return tuple(notes)


def _names(names: Sequence[str] | None, p: int, letter: str) -> tuple[str, ...]:
    titles = tuple(f"{letter}{i}" for i in range(p)) if names is None else tuple(names)
    if len(titles) != p or len(set(titles)) != p:
        raise RegressionError(f"{p} different names are expected, one per parameter, got {', '.join(titles) or 'none'}")
    return titles
