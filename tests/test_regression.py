"""Fits against each other, against their own definition, and against the statistics that they claim."""

import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odrpack import odr_fit
from scipy.optimize import minimize

from thermonet.calibration.regression import (
    Estimate,
    OutOfRangeError,
    RegressionError,
    fit_curve,
    fit_line,
    fit_linear,
    fit_polynomial,
)

RNG = np.random.default_rng(20)
X = np.array([0.0, 1.1, 2.3, 2.9, 4.2, 5.0, 6.1, 7.4])
Y = 1.0 + 2.0 * X + RNG.normal(0, 0.3, 8)
U_X = np.array([0.1, 0.2, 0.1, 0.15, 0.1, 0.2, 0.3, 0.1])
U_Y = np.array([0.3, 0.2, 0.4, 0.3, 0.3, 0.2, 0.3, 0.5])


def correlated(n, seed):
    """A covariance matrix of n points with common and with own errors."""
    parts = np.random.default_rng(seed).normal(size=(n, n))
    return 0.02 * parts @ parts.T + 0.05 * np.eye(n)


def check_same(one, other, rel=1e-10):
    """Two fits with one answer."""
    assert one.values == pytest.approx(other.values, rel=rel)
    assert one.covariance == pytest.approx(other.covariance, rel=rel)
    assert one.chi_squared == pytest.approx(other.chi_squared, rel=rel)


def test_diagonal_covariance_is_weighting():
    """Generalised least squares with a diagonal matrix is weighted least squares."""
    check_same(fit_line(X, Y, u_y=U_Y), fit_line(X, Y, covariance_y=np.diag(U_Y**2)))
    columns = np.column_stack([np.ones(8), X, X**2])
    check_same(fit_linear(columns, Y, u=U_Y), fit_linear(columns, Y, covariance=np.diag(U_Y**2)))
    check_same(fit_linear(columns, Y, u=U_Y), fit_polynomial(X, Y, 2, u=U_Y))


@pytest.mark.parametrize("r", [0.0, 0.6, -0.9])
def test_joint_covariance_of_independent_points_is_york(r):
    """The joint matrix of independent points, correlated or not, gives the line of their own uncertainties."""
    crossed = np.diag(r * U_X * U_Y)
    joint = np.block([[np.diag(U_X**2), crossed], [crossed, np.diag(U_Y**2)]])
    line = fit_line(X, Y, u_x=U_X, u_y=U_Y, r_xy=r)
    matrix = fit_line(X, Y, covariance=joint)
    check_same(line, matrix)
    assert line.x_adjusted == pytest.approx(matrix.x_adjusted, rel=1e-10)
    assert line.y_adjusted == pytest.approx(matrix.y_adjusted, rel=1e-10)


def test_small_errors_in_x_are_none():
    """As u_x vanishes, errors in both variables become weighted least squares."""
    check_same(fit_line(X, Y, u_x=1e-9, u_y=U_Y), fit_line(X, Y, u_y=U_Y), rel=1e-8)


def test_exchanged_axes_are_one_line():
    """With errors in both variables, x against y is the same line as y against x."""
    line = fit_line(X, Y, u_x=U_X, u_y=U_Y, r_xy=0.3)
    turned = fit_line(Y, X, u_x=U_Y, u_y=U_X, r_xy=0.3)
    assert turned["slope"].value == pytest.approx(1 / line["slope"].value, rel=1e-10)
    assert turned["slope"].u == pytest.approx(line["slope"].u / line["slope"].value ** 2, rel=1e-10)
    assert turned.chi_squared == pytest.approx(line.chi_squared, rel=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_gauss_markov_is_the_minimum_over_all_adjustments(seed):
    """A direct search over the line and every true x finds the same minimum, to what a search can."""
    joint = correlated(16, seed)
    fit = fit_line(X, Y, covariance=joint)
    inverse = np.linalg.inv(joint)

    def distance(unknown):
        errors = np.concatenate([X - unknown[2:], Y - unknown[0] - unknown[1] * unknown[2:]])
        return float(errors @ inverse @ errors)

    best = minimize(distance, np.concatenate([[0.5, 2.2], X]), method="BFGS", options={"gtol": 1e-9})
    assert fit.chi_squared == pytest.approx(best.fun, rel=1e-7)
    assert fit.values == pytest.approx(best.x[:2], rel=1e-4)
    errors = np.concatenate([X - fit.x_adjusted, Y - fit.y_adjusted])
    assert errors @ inverse @ errors == pytest.approx(fit.chi_squared, rel=1e-9)
    assert fit.predict(fit.x_adjusted, extrapolate=True).value == pytest.approx(fit.y_adjusted, rel=1e-10)


def test_error_common_to_all_x_moves_the_intercept_only():
    """A fully correlated error of x leaves the slope's uncertainty and adds slope times u to the intercept's."""
    plain = fit_line(X, Y, u_y=U_Y)
    shifted = fit_line(X, Y, covariance_x=0.1**2 * np.ones((8, 8)), u_y=U_Y)
    assert shifted.values == pytest.approx(plain.values, rel=1e-9)
    assert shifted["slope"].u == pytest.approx(plain["slope"].u, rel=1e-9)
    assert shifted["intercept"].u == pytest.approx(
        math.hypot(plain["intercept"].u, 0.1 * plain["slope"].value), rel=1e-9
    )


def test_curve_with_errors_in_x_is_odrpack():
    """Parameters of a bent curve and their covariance are odrpack's, whose cov_beta is not rescaled by residuals."""

    def bent(x, height, rate):
        return height * np.exp(rate * x)

    y = bent(X, 1.0, 0.4) + RNG.normal(0, 0.2, 8)
    fit = fit_curve(bent, X, y, [2, 0.3], u_x=U_X, u_y=U_Y)
    other = odr_fit(
        lambda x, b: bent(x, *b),
        X,
        y,
        [2.0, 0.3],
        weight_x=U_X**-2,
        weight_y=U_Y**-2,
        diff_scheme="central",
        partol=1e-12,
    )
    assert fit.values == pytest.approx(other.beta, rel=1e-6)
    assert fit.covariance == pytest.approx(other.cov_beta, rel=1e-5)
    assert fit.chi_squared == pytest.approx(other.sum_square, rel=1e-9)
    assert other.sd_beta == pytest.approx(fit.u * math.sqrt(fit.chi_squared / fit.dof), rel=1e-5)
    assert fit.y_adjusted == pytest.approx(bent(fit.x_adjusted, *fit.values), rel=1e-12)


def test_curve_that_is_a_line_is_the_line():
    """Nonlinear least squares of a polynomial, with every kind of uncertainty, gives the linear answer."""

    def parabola(x, a, b, c):
        return a + b * x + c * x**2

    for curve, linear in (({}, {}), ({"u_y": U_Y}, {"u": U_Y})):
        fit, expected = fit_curve(parabola, X, Y, [0, 0, 0], **curve), fit_polynomial(X, Y, 2, **linear)
        assert fit.values == pytest.approx(expected.values, rel=1e-10)
        assert fit.covariance == pytest.approx(expected.covariance, rel=1e-10)
    joint = correlated(8, 3)
    fit = fit_curve(parabola, X, Y, [0, 0, 0], covariance_y=joint)
    check_same(fit, fit_polynomial(X, Y, 2, covariance=joint))


@pytest.mark.parametrize("form", ["analytic", "complex", "real only", "differences in a loop"])
def test_derivatives_lose_no_digits(form):
    """Supplied, complex-stepped and differenced derivatives give one answer; real-only functions are noticed."""
    x = np.linspace(450.0, 470.0, 21)

    def peak(x, height, place, width):
        return height * np.exp(-(((x - place) / width) ** 2))

    def jacobian(x, height, place, width):
        t = (x - place) / width
        e = np.exp(-(t**2))
        return np.column_stack([e, 2 * height * t * e / width, 2 * height * t**2 * e / width])

    forms = {
        "analytic": (peak, jacobian),
        "complex": (peak, None),
        "real only": (lambda x, h, p, w: np.abs(h) * np.exp(-(np.abs((x - p) / w) ** 2)), None),
        "differences in a loop": (lambda x, h, p, w: np.array([h * math.exp(-(((v - p) / w) ** 2)) for v in x]), None),
    }
    y = peak(x, 2.0, 459.0, 4.0) + np.random.default_rng(1).normal(0, 0.02, 21)
    expected = fit_curve(peak, x, y, [1.5, 458, 5], jacobian=jacobian)
    function, derivative = forms[form]
    fit = fit_curve(function, x, y, [1.5, 458, 5], jacobian=derivative)
    assert fit.values == pytest.approx(expected.values, rel=1e-9)
    assert fit.covariance == pytest.approx(expected.covariance, rel=1e-7)


def test_odrpack_is_missed_late_and_in_words(monkeypatch):
    """Without odrpack only curves with errors in x are refused, and told why."""
    monkeypatch.setitem(sys.modules, "odrpack", None)
    assert fit_line(X, Y, u_x=U_X, u_y=U_Y).dof == 6
    with pytest.raises(RegressionError, match="errors in x need odrpack, which has no wheel for this machine"):
        fit_curve(lambda x, a, b: a + b * x**2, X, Y, [1, 1], u_x=U_X, u_y=U_Y)


@given(
    st.floats(1e-6, 1e6),
    st.floats(-1e3, 1e3),
    st.floats(1e-9, 1e9),
    st.sampled_from(["ordinary", "weighted", "both", "robust"]),
)
@settings(max_examples=60)
def test_units_do_not_matter(scale_x, shift, scale_y, kind):
    """A change of units of x and y changes the line and its uncertainties by just that."""

    def line(x_scale, y_scale, about):
        stated = {
            "ordinary": {},
            "weighted": {"u_y": U_Y * y_scale},
            "both": {"u_x": U_X * x_scale, "u_y": U_Y * y_scale, "r_xy": 0.2},
            "robust": {"robust": "huber"},
        }[kind]
        return fit_line((X + shift) * x_scale, Y * y_scale, about=about * x_scale, **stated)

    here, there = line(1.0, 1.0, shift), line(scale_x, scale_y, shift)
    units = np.array([scale_y, scale_y / scale_x])
    assert there.values == pytest.approx(here.values * units, rel=1e-8)
    assert there.u == pytest.approx(here.u * units, rel=1e-8)


@pytest.mark.parametrize("about", [0.0, 3.7, -1e4])
def test_origin_changes_no_prediction(about):
    """Predictions do not depend on where x is counted from; the intercept is the prediction there."""
    fits = [fit_polynomial(X, Y, 2, u=U_Y), fit_polynomial(X, Y, 2, u=U_Y, about=about)]
    here, there = (fit.predict([1.0, 5.5]) for fit in fits)
    assert there.value == pytest.approx(here.value, rel=1e-12)
    assert there.u == pytest.approx(here.u, rel=1e-12)
    at_origin = fits[0].predict(about, extrapolate=True)
    assert fits[1]["b0"].value == pytest.approx(at_origin.value, rel=1e-9)
    assert fits[1]["b0"].u == pytest.approx(at_origin.u, rel=1e-9)


def test_without_intercept_the_curve_is_zero_at_its_origin():
    """A quadratic without constant passes through `about` and equals the fit of its two columns."""
    fit = fit_polynomial(X, Y, 2, intercept=False, about=-0.5)
    columns = fit_linear(np.column_stack([X + 0.5, (X + 0.5) ** 2]), Y)
    assert fit.names == ("b1", "b2")
    assert fit.values == pytest.approx(columns.values, rel=1e-12)
    assert fit.covariance == pytest.approx(columns.covariance, rel=1e-12)
    assert fit.r_squared == pytest.approx(columns.r_squared, rel=1e-12)
    assert fit.predict(-0.5, extrapolate=True).value == pytest.approx(0.0, abs=1e-14)


@pytest.mark.parametrize("kind", ["line", "cubic", "curve", "both"])
def test_inverse_undoes_prediction(kind):
    """The x found for a predicted y is the one predicted for, with u = u of the curve over its slope."""
    fit = {
        "line": lambda: fit_line(X, Y),
        "cubic": lambda: fit_polynomial(X, X**3 / 20 + X, 3, u=0.1),
        "curve": lambda: fit_curve(lambda x, a, b: a * np.exp(b * x), X, np.exp(0.3 * X), [1, 0.2], u_y=0.01),
        "both": lambda: fit_line(X, Y, u_x=U_X, u_y=U_Y),
    }[kind]()
    at = np.array([0.0, 0.7, 3.3, 7.4])
    forward = fit.predict(at)
    back = fit.invert(forward.value)
    step = 1e-5
    slope = (fit.predict(at + step, extrapolate=True).value - fit.predict(at - step, extrapolate=True).value) / (
        2 * step
    )
    assert back.value == pytest.approx(at, abs=1e-12)
    assert back.u == pytest.approx(forward.u / np.abs(slope), rel=1e-7)
    noisy = fit.invert(float(forward.value[2]), 0.4)
    assert noisy.u == pytest.approx(math.hypot(back.u[2], 0.4 / slope[2]), rel=1e-7)


def test_outside_the_calibrated_range_is_refused_or_flagged():
    """Predictions and inverses outside name the value and the range; asked for, they carry the same words."""
    fit = fit_line([20, 22, 24, 27], [1.0, 3.1, 4.9, 8.0], u_y=0.1)
    words = "extrapolation: 35 lies outside the calibrated 20..27"
    with pytest.raises(OutOfRangeError, match=words.replace(".", r"\.")):
        fit.predict(35)
    assert fit.predict([21, 35], extrapolate=True).warnings == (words,)
    assert fit.predict([20, 27]).warnings == ()
    with pytest.raises(OutOfRangeError, match="lies outside the calibrated 20"):
        fit.invert(20.0)
    assert fit.invert(20.0, extrapolate=True).warnings[0].startswith("extrapolation: 39")
    # The smallest and largest y of the calibration are inside, wherever noise has put them.
    assert fit.invert([1.0, 8.0]).warnings == ()


def test_inverse_of_an_ambiguous_or_flat_curve_is_refused():
    """A parabola reaches a height twice, and a slope that may be zero has no inverse (Fieller)."""
    x = np.linspace(-5.0, 5.0, 21)
    with pytest.raises(RegressionError, match="reaches 9 at x = -3 and 3: calibrate a range in which it is monotonic"):
        fit_polynomial(x, x**2, 2, u=0.1).invert(9.0)
    with pytest.raises(OutOfRangeError, match="does not reach -3"):
        fit_polynomial(x, x**2, 2, u=0.1).invert(-3.0)
    flat = fit_line([1, 2, 3, 4, 5], [1.0, 1.1, 0.9, 1.05, 1.0])
    with pytest.raises(RegressionError, match="slope of the curve cannot be told from zero"):
        flat.invert(1.0)
    weak = fit_line([1, 2, 3, 4, 5], [1.0, 1.2, 1.1, 1.35, 1.4], u_y=0.1)
    assert weak.invert(1.2).warnings[0].startswith("inverse: the slope is known to")


def test_linear_prediction_is_the_combination_of_columns():
    """A row of columns predicts with the covariance of the parameters; a column out of its range is named."""
    columns = np.column_stack([np.ones(8), X, X**2])
    fit = fit_linear(columns, Y, u=U_Y, names=["one", "x", "square"])
    line = fit_polynomial(X, Y, 2, u=U_Y)
    at = fit.predict([1.0, 3.0, 9.0])
    assert (at.value, at.u) == pytest.approx((line.predict(3.0).value, line.predict(3.0).u), rel=1e-9)
    with pytest.raises(OutOfRangeError, match=r"square = 100 lies outside the calibrated 0\.\.54\.76"):
        fit.predict([[1.0, 3.0, 9.0], [1.0, 3.0, 100.0]])
    assert fit.predict([1.0, 3.0, 100.0], extrapolate=True).warnings


def test_expanded_uncertainties_know_where_u_came_from():
    """Student's t at n - p where the scatter gave u, normal where u was stated (JCGM 100, table G.2)."""
    scatter, stated = fit_line(X, Y), fit_line(X, Y, u_y=U_Y)
    assert scatter.expanded(0.95) == pytest.approx(2.4469 * scatter.u, rel=1e-4)
    assert stated.expanded(0.95) == pytest.approx(1.95996 * stated.u, rel=1e-4)
    assert scatter.predict(1.0).expanded() == pytest.approx(2.4469 * scatter.predict(1.0).u, rel=1e-4)
    assert Estimate(1.0, 0.5).expanded(0.6827) == pytest.approx(0.5, rel=1e-3)
    for wrong in (0.0, 1.0, 95.0, math.nan):
        with pytest.raises(RegressionError, match="coverage probability lies inside"):
            scatter.expanded(wrong)


def test_results_cannot_be_changed():
    """A fit is a fact: fields and their arrays are read-only, and the caller's data stay his own."""
    x = X.copy()
    fit = fit_line(x, Y)
    with pytest.raises(AttributeError):
        fit.dof = 3
    with pytest.raises(ValueError, match="read-only"):
        fit.values[0] = 1.0
    x[0] = 99.0
    assert fit.x[0] == 0.0
    with pytest.raises(KeyError, match="'offset' is not a parameter, expected one of intercept, slope"):
        fit["offset"]


def test_steep_and_flat_lines_are_found_from_anywhere():
    """Where x is the worse known, the ordinary slope is far off and the best line still found."""
    rng = np.random.default_rng(5)
    true = np.linspace(0, 1, 12)
    x, y = true + rng.normal(0, 0.3, 12), 1e3 * true + rng.normal(0, 1.0, 12)
    fit = fit_line(x, y, u_x=0.3, u_y=1.0)
    turned = fit_line(y, x, u_x=1.0, u_y=0.3)
    assert fit["slope"].value == pytest.approx(1 / turned["slope"].value, rel=1e-8)
    assert fit.chi_squared < fit_line(x, y, u_y=1.0).chi_squared
    assert abs(fit["slope"].value - 1e3) < 3 * fit["slope"].u


# Statistics -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_coverage_with_errors_in_both_variables():
    """Of 4000 repeated calibrations, 95 % intervals hold the true line in 93.5 to 96.5 %."""
    rng = np.random.default_rng(2004)
    true = np.linspace(0.0, 10.0, 8)
    u_x, u_y, r = 0.2, 0.4, 0.5
    mixing = np.linalg.cholesky([[u_x**2, r * u_x * u_y], [r * u_x * u_y, u_y**2]])
    held = np.zeros(2)
    chi_squared = 0.0
    for _ in range(4000):
        errors = mixing @ rng.normal(size=(2, 8))
        fit = fit_line(true + errors[0], 1.0 + 2.0 * true + errors[1], u_x=u_x, u_y=u_y, r_xy=r)
        held += np.abs(fit.values - [1.0, 2.0]) <= fit.expanded(0.95)
        chi_squared += fit.chi_squared / 4000
    assert (held / 4000 == pytest.approx(0.95, abs=0.015)) is True
    assert chi_squared == pytest.approx(6.0, abs=0.25)


@pytest.mark.parametrize("kind", ["scatter", "correlated", "huber"])
def test_coverage_with_exact_x(kind):
    """Intervals from the scatter of five points (t at 3), from a covariance matrix and from robust fits all cover."""
    rng = np.random.default_rng(7)
    n, repetitions = {"scatter": (5, 1000), "correlated": (6, 1000), "huber": (40, 80)}[kind]
    x = np.linspace(0.0, 1.0, n)
    covariance = correlated(n, 8)
    root = np.linalg.cholesky(covariance)
    held = np.zeros(2)
    for _ in range(repetitions):
        if kind == "correlated":
            fit = fit_line(x, 3.0 - x + root @ rng.normal(size=n), covariance_y=covariance)
        else:
            fit = fit_line(x, 3.0 - x + rng.normal(size=n), robust="huber" if kind == "huber" else None)
        held += np.abs(fit.values - [3.0, -1.0]) <= fit.expanded(0.95)
    sigma = math.sqrt(0.95 * 0.05 / repetitions)
    assert np.all(np.abs(held / repetitions - 0.95) < 3.5 * sigma)
