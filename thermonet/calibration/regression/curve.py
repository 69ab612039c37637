"""Any curve by nonlinear least squares, with uncertainties in y or in both variables."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonet.calibration.regression import checks
from thermonet.calibration.regression.derivatives import Curve, Function
from thermonet.calibration.regression.diagnostics import Evidence
from thermonet.calibration.regression.errors import RegressionError
from thermonet.calibration.regression.fit import CurveFit, covariance_of, exactness
from thermonet.calibration.regression.least_squares import factors
from thermonet.calibration.regression.linear import residual_sd
from thermonet.calibration.regression.odr import adjust
from thermonet.calibration.regression.robust import KINDS, Kind, Robust, reweighted
from thermonet.calibration.regression.weighting import weighting_of
from thermonet.calibration.regression.whitening import Whitening
from thermonet.quantities.errors import NotConvergedError

Array = NDArray[np.float64]

_MOST_EVALUATIONS = 3000
_POLISHING_STEPS = 30
#: Largest step that a converged fit may still ask for, over the uncertainty of the parameters (Bates and Watts).
_CONVERGED = 1e-4


def fit_curve(
    function: Function,
    x: ArrayLike,
    y: ArrayLike,
    start: ArrayLike,
    *,
    u_x: ArrayLike | None = None,
    u_y: ArrayLike | None = None,
    covariance_y: ArrayLike | None = None,
    jacobian: Function | None = None,
    slope: Function | None = None,
    names: Sequence[str] | None = None,
    robust: Kind | None = None,
) -> CurveFit:
    """Fit ``y = function(x, a, b, ...)`` from a first guess of the parameters.

    Least squares where x is exact: ordinary without `u_y` (the scatter gives the uncertainties), else weighted. With
    `u_x` the points are adjusted in both directions by odrpack. A minimum is local: start near what is plausible.

    Parameters
    ----------
    function
        Of x (n,) and the parameters, one argument each, to y (n,).
    x, y
        Points (n,).
    start
        First guess of the parameters (p,).
    u_x, u_y
        Standard uncertainties, (n,) or one for all; `u_x` needs `u_y`.
    covariance_y
        Covariance matrix of y (n, n), instead of `u_y`, where x is exact.
    jacobian, slope
        Derivatives by the parameters (n, p) and by x (n,), called as `function` is; worked out where left out, and
        compared with differences of the function where given.
    names
        Of the parameters; those of the function's arguments by default.
    robust
        ``"huber"`` or ``"bisquare"`` limits the pull of wild points.

    Returns
    -------
    CurveFit
        Parameters with covariance, residuals, diagnostics, predictions and their inverse.

    Raises
    ------
    RegressionError
        Data or uncertainties that cannot be used; a function that is not finite at the start or returns another shape;
        parameters that these data cannot tell apart; `u_x` where odrpack has no wheel for the machine.
    NotConvergedError
        No minimum was found from this start; the text has the best parameters.

    Examples
    --------
    >>> import numpy as np
    >>> hours, cells = [0, 1, 2, 3], [1.00, 1.66, 2.71, 4.49]
    >>> fit = fit_curve(lambda t, n0, rate: n0 * np.exp(rate * t), hours, cells, [1, 1], u_y=0.05)
    >>> fit.names, [round(value, 2) for value in fit.values.tolist()]
    (('n0', 'rate'), [1.0, 0.5])
    """
    if not callable(function):
        raise RegressionError(f"the function must be callable, as f(x, a, b), got {function!r}")
    x_values, y_values, guess = *checks.points(x, y), checks.numbers("start", start)
    checks.one_of("robust", robust, KINDS)
    titles = _names(function, names, len(guess))
    _check_combination(u_x, u_y, covariance_y)
    stated = u_y is not None or covariance_y is not None
    checks.enough_points(len(x_values), len(guess), stated=stated and robust is None)
    curve = _at_start(Curve(function, jacobian, slope), x_values, guess)
    if u_x is None:
        whitening = weighting_of(y_values, u=u_y, covariance=covariance_y, robust=robust, suffix="_y").whitening
        problem: _Exact | _Uncertain = _Exact(curve, x_values, y_values, guess, titles, whitening)
    else:
        of_x, of_y = (
            checks.uncertainties("u_x", u_x, x_values),
            checks.uncertainties("u_y", 0.0 if u_y is None else u_y, y_values),
        )
        problem = _Uncertain(curve, x_values, y_values, guess, titles, of_x, of_y)
    return _fit(problem, stated=stated, robust=robust)


def _names(function: Function, names: Sequence[str] | None, p: int) -> tuple[str, ...]:
    if names is None:
        try:
            arguments = list(inspect.signature(function).parameters.values())[1:]
        except (TypeError, ValueError):
            arguments = []
        usual = [a.name for a in arguments if a.kind in (a.POSITIONAL_ONLY, a.POSITIONAL_OR_KEYWORD)]
        counted = [a for a in arguments if a.default is a.empty and a.kind != a.KEYWORD_ONLY]
        if len(usual) == len(counted) != p and usual:
            raise RegressionError(
                f"the function takes the parameters {', '.join(usual)}, but start has {p} values: expected one for each"
            )
        names = usual if len(usual) == p else [f"b{i + 1}" for i in range(p)]
    if len(names) != p or len(set(names)) != p:
        raise RegressionError(f"{p} different names are expected, one per parameter, got {', '.join(names) or 'none'}")
    return tuple(names)


def _check_combination(u_x: ArrayLike | None, u_y: ArrayLike | None, covariance_y: ArrayLike | None) -> None:
    checks.not_both("u_y", u_y, "covariance_y", covariance_y)
    if u_x is not None and covariance_y is not None:
        raise RegressionError(
            "u_x goes with u_y; correlated points with uncertain x are for the straight line (fit_line)"
        )
    if u_x is not None and u_y is None:
        raise RegressionError(
            "x is stated to be uncertain and nothing is said of y, so the two cannot be weighed: state u_y"
        )


def _at_start(curve: Curve, x: Array, start: Array) -> Curve:
    if len(start) == 0:
        raise RegressionError("start is empty, expected a first guess of each parameter")
    values = curve.value(x, start)
    if not np.isfinite(values).all():
        i = int(np.argmin(np.isfinite(values)))
        raise RegressionError(
            f"the function is {values[i]} at x = {x[i]:g} at the start, expected a finite value: start elsewhere"
        )
    return curve.checked(x, start)


@dataclass(frozen=True, eq=False)
class _Found:
    """A minimum: parameters, adjusted x, and residuals and derivatives in units of the uncertainties."""

    parameters: Array
    x: Array
    whitening: Whitening
    residuals: Array
    jacobian: Array
    factor: Array


@dataclass(frozen=True, eq=False)
class _Exact:
    """A curve through points of exact x."""

    curve: Curve
    x: Array
    y: Array
    start: Array
    names: tuple[str, ...]
    whitening: Whitening

    method = "nonlinear least squares"

    def found(self, weights: Array) -> _Found:
        """The minimum where each point counts its weight; residuals and derivatives are unweighted."""
        parameters = self._minimum(np.sqrt(weights))
        residuals = self._residuals(parameters)
        jacobian = self._jacobian(parameters)
        return _Found(parameters, self.x, self.whitening, residuals, jacobian, _factor(jacobian, self.names))

    def _residuals(self, parameters: Array) -> Array:
        return self.whitening.apply(self.y - self.curve.value(self.x, parameters))

    def _jacobian(self, parameters: Array) -> Array:
        return self.whitening.apply(self.curve.by_parameters(self.x, parameters))

    def _minimum(self, roots: Array) -> Array:
        """The lower of the minima that two routes find: one may strand on a plateau that the other passes by."""
        minima, failures = [], []
        for method in ("lm", "trf"):
            try:
                minima.append(self._polished(self._descended(method, roots), roots))
            except (NotConvergedError, RegressionError, np.linalg.LinAlgError) as failure:
                failures.append(failure)
        if not minima:
            raise failures[0]
        return min(minima, key=lambda parameters: float(np.linalg.norm(roots * self._residuals(parameters))))

    def _descended(self, method: str, roots: Array) -> Array:
        from scipy.optimize import least_squares

        # Either method shortens a step on values that are not finite.
        with np.errstate(all="ignore"):
            found = least_squares(
                lambda parameters: roots * self._residuals(parameters),
                self.start,
                jac=lambda parameters: (
                    -roots[:, None] * np.nan_to_num(self._jacobian(parameters), posinf=0.0, neginf=0.0)
                ),
                method=method,
                x_scale="jac",
                ftol=1e-15,
                xtol=1e-15,
                gtol=1e-15,
                max_nfev=_MOST_EVALUATIONS,
            )
        return np.asarray(found.x, dtype=np.float64)

    def _polished(self, parameters: Array, roots: Array) -> Array:
        """Gauss-Newton steps while they shrink: the minimum of the squares is flat to half of the digits."""
        last = math.inf
        for _ in range(_POLISHING_STEPS):
            jacobian, residuals = roots[:, None] * self._jacobian(parameters), roots * self._residuals(parameters)
            if not (np.isfinite(jacobian).all() and np.isfinite(residuals).all()):
                break
            q, factor, _ = factors(jacobian, self.names, "parameter")
            step = q.T @ residuals
            size = float(np.linalg.norm(step))
            if not size < last:
                break
            parameters, last = parameters + factor @ step, size
        self._check_converged(parameters, roots, last)
        return parameters

    def _check_converged(self, parameters: Array, roots: Array, step: float) -> None:
        residuals = roots * self._residuals(parameters)
        dof = max(len(residuals) - len(parameters), 1)
        spread = float(np.linalg.norm(residuals)) / math.sqrt(dof)
        rounding = float(np.linalg.norm(self.whitening.apply(np.full_like(self.y, exactness(self.y)))))
        if not step <= _CONVERGED * spread + rounding:
            raise NotConvergedError(_stranded(self.names, parameters))


@dataclass(frozen=True, eq=False)
class _Uncertain:
    """A curve through points that are uncertain in both directions."""

    curve: Curve
    x: Array
    y: Array
    start: Array
    names: tuple[str, ...]
    u_x: Array
    u_y: Array

    method = "nonlinear, errors in x and y"

    def found(self, weights: Array) -> _Found:
        """See `_Exact.found`; a point that counts nothing is given a weight of 1e-12."""
        roots = np.sqrt(np.maximum(weights, 1e-12))
        adjusted = adjust(self.curve, self.x, self.y, self.start, self.u_x / roots, self.u_y / roots)
        parameters, x, step = self._polished(adjusted.parameters, adjusted.x, roots)
        found = self._seen_from(parameters, x)
        spread = max(1.0, float(np.linalg.norm(roots * found.residuals)) / math.sqrt(max(len(x) - len(parameters), 1)))
        if not step <= _CONVERGED * spread:
            raise NotConvergedError(_stranded(self.names, parameters) + f" (odrpack: {adjusted.reason})")
        return found

    def _polished(self, parameters: Array, x: Array, roots: Array) -> tuple[Array, Array, float]:
        """Gauss-Newton steps of parameters and adjusted x while they shrink; a minimum is flat to half its digits."""
        last = math.inf
        for _ in range(_POLISHING_STEPS):
            here = self._seen_from(parameters, x)
            q, factor, _ = factors(roots[:, None] * here.jacobian, self.names, "parameter")
            step = q.T @ (roots * here.residuals)
            size = float(np.linalg.norm(step))
            if not size < last:
                break
            change = factor @ step
            parameters, last = parameters + change, size
            pulls = (here.residuals - here.jacobian @ change) / here.whitening.deviations
            x = self.x + self.curve.by_x(x, parameters) * self.u_x**2 * pulls
        return parameters, x, last

    def _seen_from(self, parameters: Array, x: Array) -> _Found:
        """Distances of the data from the tangents of the curve at adjusted x."""
        slope = self.curve.by_x(x, parameters)
        whitening = Whitening(np.hypot(self.u_y, slope * self.u_x))
        residuals = whitening.apply(self.y - self.curve.value(x, parameters) + slope * (x - self.x))
        jacobian = whitening.apply(self.curve.by_parameters(x, parameters))
        if not np.isfinite(residuals).all():
            raise NotConvergedError(_stranded(self.names, parameters))
        return _Found(parameters, x, whitening, residuals, jacobian, _factor(jacobian, self.names))


def _stranded(names: tuple[str, ...], parameters: Array) -> str:
    best = ", ".join(f"{name} = {value:.6g}" for name, value in zip(names, parameters, strict=True))
    return f"no minimum was found from this start, the last parameters are {best}: try another start"


def _factor(jacobian: Array, names: tuple[str, ...]) -> Array:
    """Root of the covariance of the parameters; parameters that do the same to the curve are refused."""
    if not np.isfinite(jacobian).all():
        raise NotConvergedError("the derivatives of the function are not finite where the fit ended: try another start")
    return factors(jacobian, names, "parameter")[1]


def _fit(problem: _Exact | _Uncertain, *, stated: bool, robust: Kind | None) -> CurveFit:
    n, p = len(problem.x), len(problem.start)
    weighing: Robust | None = None
    weights = np.ones(n)
    if robust is not None:
        problem = replace(problem, start=problem.found(weights).parameters)
        weighing = reweighted(robust, lambda w: problem.found(w).residuals, n, 1.0 if stated else None)
        weights = weighing.weights
    found = problem.found(weights)
    dof, scatter = n - p, not stated or robust is not None
    sum_of_squares = float(found.residuals @ found.residuals)
    if weighing is not None:
        scale, spread = weighing.scale, math.sqrt(weighing.variance_factor(found.residuals, p))
    else:
        scale = spread = 1.0 if stated else math.sqrt(sum_of_squares / dof)
    factor = spread * found.factor
    fitted = problem.curve.value(problem.x, found.parameters)
    residuals = problem.y - fitted
    uncertain = isinstance(problem, _Uncertain)
    return CurveFit(
        method=problem.method + (f", {robust} weights" if robust else ""),
        names=problem.names,
        values=found.parameters,
        covariance=covariance_of(factor),
        y=problem.y,
        fitted=fitted,
        residuals=residuals,
        dof=dof,
        from_scatter=scatter,
        chi_squared=None if scatter else sum_of_squares,
        residual_sd=residual_sd(residuals, dof, weighing, stated=stated),
        robust=weighing,
        factor=factor,
        evidence=Evidence(
            whitening=found.whitening,
            residuals=found.residuals,
            jacobian=found.jacobian,
            dof=dof,
            scale=scale,
            from_scatter=scatter,
            rounding=exactness(problem.y),
            x=problem.x,
            replicates=not uncertain,
            robust=robust is not None,
        ),
        notes=_notes(residuals, problem.y, stated=stated),
        x=problem.x,
        x_adjusted=found.x if uncertain else None,
        y_adjusted=problem.curve.value(found.x, found.parameters) if uncertain else None,
        model=Parametric(problem.curve, found.parameters),
    )


def _notes(residuals: Array, y: Array, *, stated: bool) -> tuple[str, ...]:
    notes = []
    about_mean = float(np.sum((y - y.mean()) ** 2))
    if about_mean > 0 and float(residuals @ residuals) > about_mean:
        notes.append(
            "worse than the mean: a constant fits these points better, so the minimum is local; try another start"
        )
    if not stated and np.abs(residuals).max() <= exactness(y):
        notes.append(
            "exact: the points lie on the curve to within rounding, so scatter says nothing of uncertainties: state u_y"
        )
    return tuple(notes)


@dataclass(frozen=True, eq=False)
class Parametric:
    """A curve at its fitted parameters."""

    curve: Curve
    parameters: Array

    is_line = False

    def value(self, x: Array) -> Array:
        """See `Model`."""
        return self.curve.value(x, self.parameters)

    def rows(self, x: Array) -> Array:
        """See `Model`."""
        return self.curve.by_parameters(x, self.parameters)

    def slope(self, x: Array) -> Array:
        """See `Model`."""
        return self.curve.by_x(x, self.parameters)
