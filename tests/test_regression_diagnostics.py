"""Tests of fits: each statistic against its definition, and the words that a user reads."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import chi2, f, norm

from thermonet.calibration.regression import fit_curve, fit_line, fit_linear, fit_polynomial

X = np.arange(12.0)
NOISE = np.array([0.3, -0.1, 0.2, -0.4, 0.1, 0.05, -0.3, 0.25, -0.15, 0.1, -0.2, 0.15])


def named(fit, name):
    """Findings of one name."""
    return [finding for finding in fit.warnings if finding.startswith(f"{name}:")]


def test_a_good_fit_has_nothing_to_say():
    """Data that a line explains leave no finding, and a chi-squared near its degrees of freedom."""
    fit = fit_line(X, 1 + 2 * X + NOISE, u_y=0.2)
    assert fit.warnings == ()
    tests = fit.diagnostics
    assert tests.chi_squared == fit.chi_squared
    assert tests.chi_squared_probability == pytest.approx(chi2.sf(fit.chi_squared, 10), rel=1e-12)
    assert tests.birge_ratio == pytest.approx(math.sqrt(fit.chi_squared / 10), rel=1e-12)
    assert tests.standardized == pytest.approx(fit.residuals / 0.2, rel=1e-12)
    leverage = 1 / 12 + (X - 5.5) ** 2 / 143
    assert tests.studentized == pytest.approx(fit.residuals / 0.2 / np.sqrt(1 - leverage), rel=1e-12)


@pytest.mark.parametrize(("u", "words"), [(0.05, "points scatter 4"), (2.0, "uncertainties look too large")])
def test_uncertainties_that_do_not_fit_the_scatter(u, words):
    """Too much and too little scatter for the stated uncertainties are both told."""
    (finding,) = named(fit_line(X, 1 + 2 * X + NOISE, u_y=u), "chi-squared")
    assert words in finding


@pytest.mark.parametrize("stated", [{"u_y": 0.2}, {"u_x": 0.05, "u_y": 0.2}, {"covariance_y": 0.04 * np.eye(12)}, {}])
@pytest.mark.parametrize("index", [0, 4, 11])
def test_an_outlier_is_named_and_kept(index, stated):
    """A point 50 u off is named by its place and distance, and stays in the fit; the robust option is mentioned."""
    y = 1 + 2 * X + NOISE
    y[index] += 10.0
    fit = fit_line(X, y, **stated)
    (outlier,) = fit.diagnostics.outliers
    assert outlier.index == index
    assert outlier.residual_over_u == pytest.approx(10.0 / 0.2, rel=0.2)
    assert outlier.probability < 1e-6
    (finding,) = named(fit, "outlier")
    assert f"point {index} lies" in finding
    assert "robust='huber'" in finding
    assert len(fit.residuals) == 12


def test_outlier_distance_is_that_of_a_fit_without_it():
    """Distance over u and probability of an outlier equal those of a second fit that leaves it out."""
    y = 1 + 2 * X + NOISE
    y[4] += 2.0
    (outlier,) = fit_line(X, y, u_y=0.2).diagnostics.outliers
    others = np.delete(np.arange(12), 4)
    without = fit_line(X[others], y[others], u_y=0.2).predict(4.0)
    assert outlier.residual_over_u == pytest.approx((y[4] - without.value) / 0.2, rel=1e-10)
    ratio = (y[4] - without.value) / math.hypot(0.2, without.u)
    assert outlier.probability == pytest.approx(12 * 2 * norm.sf(ratio), rel=1e-9)


def test_two_outliers_do_not_hide_each_other():
    """Two wild points are both named, and no third."""
    y = 1 + 2 * X + NOISE
    y[[2, 9]] += [8.0, -6.0]
    assert [outlier.index for outlier in fit_line(X, y, u_y=0.2).diagnostics.outliers] == [2, 9]


@pytest.mark.parametrize("kind", ["huber", "bisquare"])
@pytest.mark.parametrize("route", ["line", "both", "curve", "curve both", "columns"])
def test_robust_fits_resist_a_wild_point_and_say_so(route, kind):
    """One point 100 u off moves a robust fit by less than its u, with its weight reported."""
    y = 1 + 2 * X + NOISE
    clean = fit_line(X, y)
    y[5] += 20.0
    fit = {
        "line": lambda: fit_line(X, y, robust=kind),
        "both": lambda: fit_line(X, y, u_x=0.05, u_y=0.2, robust=kind),
        "curve": lambda: fit_curve(lambda x, a, b: a + b * x, X, y, [0, 1], u_y=0.2, robust=kind),
        "curve both": lambda: fit_curve(lambda x, a, b: a + b * x, X, y, [0, 1], u_x=0.05, u_y=0.2, robust=kind),
        "columns": lambda: fit_linear(np.column_stack([np.ones(12), X]), y, robust=kind),
    }[route]()
    assert np.all(np.abs(fit.values - clean.values) < clean.u)
    assert fit.u == pytest.approx(clean.u, rel=0.4)
    assert fit.robust.kind == kind
    assert fit.robust.weights[5] < 0.05
    assert named(fit, "robust")[0].startswith("robust: point 5 counts 0")
    assert [outlier.index for outlier in fit.diagnostics.outliers] == [5]
    assert fit.chi_squared is None


def test_robust_weights_of_good_data_are_one():
    """Huber's fit of data without wild points is least squares to its last point."""
    y = 1 + 2 * X + 0.1 * np.tile([1.0, -1.0, -1.0, 1.0], 3)
    fit, plain = fit_line(X, y, u_y=0.1, robust="huber"), fit_line(X, y, u_y=0.1)
    assert fit.robust.weights.tolist() == [1.0] * 12
    assert fit.values == pytest.approx(plain.values, rel=1e-12)


def test_runs_are_counted_exactly():
    """The probability of few or many runs is that of all arrangements of the signs."""
    signs = np.array([1, 1, 1, 1, -1, -1, -1, -1, -1, 1, 1, 1.0])
    residuals = 0.1 * signs
    line = np.column_stack([np.ones(12), X])
    residuals -= line @ np.linalg.lstsq(line, residuals, rcond=None)[0]
    fit = fit_line(X, 5 + X + residuals)
    found = fit.diagnostics.runs
    shown = np.sign(residuals)
    runs = 1 + int(np.sum(shown[1:] != shown[:-1]))
    above = int(np.sum(shown > 0))
    counts = []
    for places in itertools.combinations(range(12), above):
        arrangement = np.zeros(12)
        arrangement[list(places)] = 1
        counts.append(1 + int(np.sum(arrangement[1:] != arrangement[:-1])))
    tail = min(np.mean(np.array(counts) <= runs), np.mean(np.array(counts) >= runs))
    assert found.runs == runs
    assert found.expected == pytest.approx(np.mean(counts), rel=1e-12)
    assert found.probability == pytest.approx(min(1.0, 2 * tail), rel=1e-12)


def test_many_runs_of_a_long_series_are_approximated():
    """Beyond 200 points the normal approximation agrees with the exact count where both can be had."""
    from thermonet.calibration.regression import diagnostics

    exact = diagnostics._runs_probability(85, 100, 100)
    approximate = 2 * norm.sf((101 - 85 - 0.5) / math.sqrt(100 * 99 / 199))
    assert exact == pytest.approx(approximate, rel=0.02)
    rng = np.random.default_rng(3)
    x = np.arange(400.0)
    wavy = fit_line(x, x + np.sin(x / 20) + rng.normal(0, 0.1, 400))
    assert named(wavy, "runs")


@pytest.mark.parametrize("stated", [{}, {"u": 0.2}, {"covariance": 0.04 * np.eye(12) + 0.01}])
@pytest.mark.parametrize("degree", [1, 2])
def test_curvature_is_the_next_coefficient(degree, stated):
    """The test of curvature has value and u of a fit that is one degree higher."""
    y = 1 + 2 * X - 0.02 * X**2 + NOISE
    found = fit_polynomial(X, y, degree, **stated).diagnostics.curvature
    higher = fit_polynomial(X, y, degree + 1, **stated)[f"b{degree + 1}"]
    assert found.value == pytest.approx(higher.value, rel=1e-9)
    assert found.u == pytest.approx(higher.u, rel=1e-9)
    assert found.t == pytest.approx(higher.value / higher.u, rel=1e-9)


def test_curvature_of_a_line_with_errors_in_x():
    """For small errors in x the test is that of a weighted parabola, and a bent row of points fails it."""
    y = 1 + 2 * X + NOISE
    found = fit_line(X, y, u_x=1e-6, u_y=0.2).diagnostics.curvature
    higher = fit_polynomial(X, y, 2, u=0.2)["b2"]
    assert (found.value, found.u) == pytest.approx((higher.value, higher.u), rel=1e-4)
    assert named(fit_line(X, y + 0.1 * X**2, u_x=0.1, u_y=0.2), "curvature")


def test_intercept_against_zero():
    """The test of the intercept is its value over its u, with Student's t where the scatter gave it."""
    fit = fit_line(X, 2 * X + NOISE)
    found = fit.diagnostics.intercept
    assert (found.value, found.u) == pytest.approx((fit.values[0], fit.u[0]), rel=1e-12)
    assert found.probability > 0.05
    assert fit_line(X, 1 + 2 * X + NOISE).diagnostics.intercept.probability < 1e-4
    assert fit_polynomial(X, 2 * X + NOISE, 1, intercept=False).diagnostics.intercept is None


def test_lack_of_fit_against_repeated_points():
    """Fisher's F of means about the line and points about their means."""
    x = np.repeat([0.0, 1.0, 2.0, 3.0], 3)
    y = x + np.tile([0.1, -0.1, 0.05], 4) + np.where(x == 2, 0.3, 0.0)
    fit = fit_line(x, y)
    found = fit.diagnostics.lack_of_fit
    means = y.reshape(4, 3).mean(axis=1)
    pure = np.sum((y.reshape(4, 3) - means[:, None]) ** 2)
    ratio = 3 * np.sum((means - fit.fitted[::3]) ** 2) / 2 / (pure / 8)
    assert found.f == pytest.approx(ratio, rel=1e-10)
    assert found.dof == (2, 8)
    assert found.probability == pytest.approx(f.sf(ratio, 2, 8), rel=1e-9)
    assert fit_line(X, X + NOISE).diagnostics.lack_of_fit is None
    bent = fit_line(x, x**2 + np.tile([0.1, -0.1, 0.05], 4))
    assert named(bent, "lack of fit")
    assert named(bent, "curvature")


def test_a_local_minimum_worse_than_the_mean_is_told():
    """A curve that ended where a constant would do better says so."""
    x = np.linspace(0, 20, 60)
    fit = fit_curve(lambda x, w: np.sin(w * x), x, np.sin(1.5 * x), [3.0])
    assert named(fit, "worse than the mean")


def test_false_alarms_are_rare():
    """Of 300 fits of data as the model has them, few have any finding."""
    rng = np.random.default_rng(11)
    alarms = 0
    for _ in range(300):
        alarms += bool(fit_line(X, 1 + 2 * X + rng.normal(0, 0.2, 12), u_y=0.2).warnings)
    assert alarms / 300 < 0.09
