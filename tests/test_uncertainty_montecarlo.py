"""Propagation of distributions: examples of JCGM 101 and 102, the adaptive procedure, correlated draws, refusals."""

import math
from dataclasses import replace

import numpy as np
import pytest

from thermonet.quantities.errors import PhysicsError
from thermonet.uncertainty import (
    Comparison,
    HeavyTailsWarning,
    Input,
    VanishingSensitivityWarning,
    compare,
    numerical_tolerance,
    propagate,
    shortest_interval,
    simulate,
    simultaneous,
    symmetric_interval,
)

SEED = 20081001


def total(x1, x2, x3, x4):
    return x1 + x2 + x3 + x4


def four(*inputs):
    return dict(zip(("x1", "x2", "x3", "x4"), inputs, strict=True))


def rectangle(u):
    return Input.half_width(0.0, u * math.sqrt(3))


def test_sum_of_four_normals():
    """JCGM 101, 9.2.2, table 2: u = 2.0 and [-3.92, 3.92]; first order is validated."""
    inputs = four(*(Input.normal(0, 1) for _ in range(4)))
    found = simulate(total, inputs, tolerance_share=0.2, seed=SEED)
    assert found.stabilised
    assert 5e5 < found.trials < 3e6  # table 2 has 1.23e6
    assert found.standard_uncertainty == pytest.approx(2.0, abs=0.01)
    assert found.ends() == pytest.approx((-3.92, 3.92), abs=0.01)
    verdict = compare(propagate(total, inputs), found)
    assert verdict.tolerance == 0.05
    assert verdict.agrees
    assert "first order is validated" in str(verdict)


def test_sum_of_four_rectangles():
    """JCGM 101, 9.2.3, table 3: [-3.88, 3.88], where first order gives ± 3.92."""
    found = simulate(total, four(*(rectangle(1) for _ in range(4))), tolerance_share=0.2, seed=SEED)
    assert found.standard_uncertainty == pytest.approx(2.0, abs=0.01)
    assert found.ends() == pytest.approx((-3.88, 3.88), abs=0.02)


def test_sum_with_a_rectangle_that_dominates():
    """JCGM 101, 9.2.4, table 4: u = 10.1 and [-17.0, 17.0]; first order gives ± 19.9 and is not validated."""
    inputs = four(rectangle(1), rectangle(1), rectangle(1), rectangle(10))
    found = simulate(total, inputs, tolerance_share=0.2, seed=SEED)
    assert found.standard_uncertainty == pytest.approx(10.1, abs=0.1)
    assert found.ends() == pytest.approx((-17.0, 17.0), abs=0.1)
    assert found.ends(interval="shortest") == pytest.approx((-17.0, 17.0), abs=0.1)
    first = propagate(total, inputs)
    verdict = compare(first, found)
    assert verdict.first_order == pytest.approx((-19.9, 19.9), abs=0.05)
    assert not verdict.agrees
    assert "not validated" in str(verdict)
    assert abs(first.expanded(shape="dominant").U - 17.0) < 0.4


def test_mass_calibration():
    """JCGM 101, 9.3, table 6: 0.0539 in first, 0.0750 in second order, 0.0754 by trials; [1.0834, 1.3825]."""

    def deviation(m_R, delta, rho_a, rho_W, rho_R):
        return (m_R + delta) * (1 + (rho_a - 1.2) * (1 / rho_W - 1 / rho_R)) - 100e3

    inputs = {
        "m_R": Input.normal(100e3, 0.050),
        "delta": Input.normal(1.234, 0.020),
        "rho_a": Input.uniform(1.10, 1.30),
        "rho_W": Input.uniform(7e3, 9e3),
        "rho_R": Input.uniform(7.95e3, 8.05e3),
    }
    first, second = propagate(deviation, inputs), propagate(deviation, inputs, order=2)
    assert first.value == pytest.approx(1.2340, abs=5e-5)
    assert first.standard_uncertainty == pytest.approx(0.0539, abs=5e-5)
    assert second.standard_uncertainty == pytest.approx(0.0750, abs=5e-5)
    assert first.expanded().interval == pytest.approx((1.1285, 1.3395), abs=1e-4)
    assert second.expanded().interval == pytest.approx((1.0870, 1.3810), abs=1e-4)
    found = simulate(deviation, inputs, trials=1_000_000, interval="shortest", seed=SEED)
    assert found.value == pytest.approx(1.2341, abs=4e-4)
    assert found.standard_uncertainty == pytest.approx(0.0754, abs=2e-4)
    assert found.ends() == pytest.approx((1.0834, 1.3825), abs=3e-3)
    assert not compare(first, found, digits=1).agrees
    assert compare(second, found, digits=1).agrees


@pytest.mark.parametrize(
    ("r", "x", "first", "second", "estimate", "u", "interval"),
    [
        (0.0, 0.000, 0.0, 50.0, 50.0, 50.0, (0, 150)),
        (0.0, 0.010, 100.0, 112.0, 150.0, 112.0, (0, 367)),
        (0.0, 0.050, 500.0, 502.0, 2551.0, 502.0, (1590, 3543)),
        (0.9, 0.000, 0.0, 67.0, 50.0, 67.0, (0, 185)),
        (0.9, 0.010, 100.0, 121.0, 150.0, 121.0, (13, 398)),
        (0.9, 0.050, 500.0, 505.0, 2551.0, 505.0, (1628, 3555)),
    ],
)
def test_comparison_loss(r, x, first, second, estimate, u, interval):
    """JCGM 101, 9.4, tables 7 and 8, in units of 1e-6: x1^2 + x2^2 with u = 0.005, x2 = 0 and r = 0 or 0.9."""
    inputs = {"x1": Input.normal(x, 0.005), "x2": Input.normal(0.0, 0.005)}
    together = {"correlations": {("x1", "x2"): r}} if r else {}

    def loss(x1, x2):
        return 1e6 * (x1**2 + x2**2)

    if x == 0:
        with pytest.warns(VanishingSensitivityWarning):
            assert propagate(loss, inputs, **together).standard_uncertainty == 0
    else:
        assert propagate(loss, inputs, **together).standard_uncertainty == pytest.approx(first, abs=0.5)
    assert propagate(loss, inputs, **together, order=2).standard_uncertainty == pytest.approx(second, abs=0.6)
    found = simulate(loss, inputs, **together, trials=400_000, interval="shortest", seed=SEED)
    assert found.value == pytest.approx(estimate, abs=2.5)
    assert found.standard_uncertainty == pytest.approx(u, abs=1.5)
    low, high = found.ends()
    assert high - low == pytest.approx(interval[1] - interval[0], rel=0.01)
    assert (low, high) == pytest.approx(interval, abs=0.05 * (high - low))


def test_gauge_block():
    """JCGM 101, 9.5, table 10: 838 nm with u = 36 nm and [745, 932] nm at 99 %; first order 32 nm and [745, 931]."""

    def deviation(L_S, D, d1, d2, alpha_S, theta_0, Delta, delta_alpha, delta_theta):
        return L_S + D + d1 + d2 - L_S * (delta_alpha * (theta_0 + Delta) + alpha_S * delta_theta) - 50e6

    inputs = {
        "L_S": Input.student_t(50_000_623, 25, dof=18),
        "D": Input.student_t(215, 6, dof=24),
        "d1": Input.student_t(0, 4, dof=5),
        "d2": Input.student_t(0, 7, dof=8),
        "alpha_S": Input.uniform(9.5e-6, 13.5e-6),
        "theta_0": Input.normal(-0.1, 0.2),
        "Delta": Input.arcsine(-0.5, 0.5),
        "delta_alpha": Input.curvilinear_trapezoid(-1.0e-6, 1.0e-6, 0.1e-6, dof=50),
        "delta_theta": Input.curvilinear_trapezoid(-0.050, 0.050, 0.025, dof=2),
    }
    found = simulate(deviation, inputs, probability=0.99, seed=SEED, units="nm")
    assert found.stabilised
    assert found.value == pytest.approx(838, abs=0.5)
    assert found.standard_uncertainty == pytest.approx(36, abs=0.5)
    assert found.ends() == pytest.approx((745, 932), abs=1.5)
    assert str(found).startswith("y = 838(36) nm, 99 % symmetric interval [74")
    first = propagate(deviation, inputs)
    assert first.standard_uncertainty == pytest.approx(32, abs=0.5)
    assert first.expanded(probability=0.99).interval == pytest.approx((745, 931), abs=2)


@pytest.mark.parametrize(
    ("r", "x", "magnitude", "u_magnitude", "phase", "u_phase"),
    [
        (0.0, 0.001, 0.013, 0.007, 0.0, 1.744),
        (0.9, 0.001, 0.012, 0.008, -0.556, 1.599),
        (0.9, 0.010, 0.015, 0.008, -0.343, 0.903),
    ],
)
def test_magnitude_and_phase(r, x, magnitude, u_magnitude, phase, u_phase):
    """JCGM 102, 9.2 and tables 6 and 7: Cartesian to polar, two outputs, by trials."""
    inputs = {"re": Input.normal(x, 0.010), "im": Input.normal(0.0, 0.010)}
    found = simulate(
        lambda re, im: {"magnitude": np.hypot(re, im), "phase": np.arctan2(im, re)},
        inputs,
        correlations={("re", "im"): r} if r else None,
        trials=400_000,
        seed=SEED,
    )
    assert found.values["magnitude"] == pytest.approx(magnitude, abs=5.5e-4)
    assert found.u["magnitude"] == pytest.approx(u_magnitude, abs=5.5e-4)
    assert found.values["phase"] == pytest.approx(phase, abs=0.01)
    assert found.u["phase"] == pytest.approx(u_phase, abs=4e-3)


def test_a_mean_is_drawn_from_t():
    """JCGM 101, 6.4.9.4: a mean's distribution has the deviation s/sqrt(n) sqrt(nu/(nu - 2)) and the interval of t."""
    found = simulate(lambda x: x, {"x": Input.normal(5.0, 0.1, dof=9)}, trials=400_000, seed=SEED)
    assert found.standard_uncertainty == pytest.approx(0.1 * math.sqrt(9 / 7), rel=0.01)
    assert found.ends() == pytest.approx((5 - 0.2262, 5 + 0.2262), abs=2e-3)
    again = simulate(lambda x: x, {"x": Input.student_t(5.0, 0.1, dof=9)}, trials=400_000, seed=SEED)
    assert again.ends() == found.ends()


def test_simultaneous_means_are_drawn_together():
    """Correlated means of five observations follow a multivariate t distribution of four degrees of freedom."""
    series = {"a": [1.0, 1.2, 0.9, 1.1, 1.3], "b": [2.0, 2.3, 1.8, 2.2, 2.2]}
    inputs, correlations = simultaneous(series)
    found = simulate(lambda a, b: {"a": a, "b": b}, inputs, correlations=correlations, trials=400_000, seed=SEED)
    assert found.correlation[0, 1] == pytest.approx(correlations["a", "b"], abs=0.01)
    low, high = found.ends("a")
    assert (high - low) / 2 == pytest.approx(2.776 * inputs["a"].u, rel=0.02)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_adaptive_procedure_keeps_its_promise(seed):
    """Estimate, u and both ends lie within the tolerance of the true ones: u = 3.5 to two digits is ± 0.05."""
    found = simulate(lambda x: 3.5 * x, {"x": Input.normal(0.0, 1.0)}, seed=seed)
    assert found.stabilised
    wanted = (0.0, 3.5, -6.860, 6.860)
    assert (found.value, found.standard_uncertainty, *found.ends()) == pytest.approx(wanted, abs=0.05)
    assert found.trials % 10_000 == 0


def test_trials_end_at_the_cap_and_say_so():
    """Four digits take more trials than are allowed: the result is not stabilised, and a comparison repeats it."""
    found = simulate(lambda x: x, {"x": Input.normal(0.0, 1.0)}, digits=4, cap=150_000)
    assert (found.trials, found.stabilised) == (150_000, False)
    verdict = compare(propagate(lambda x: x, {"x": Input.normal(0.0, 1.0)}), found)
    assert str(verdict).endswith("the trials were not stable to their tolerance")
    assert "not stable to 4 digits" in str(found)


def test_the_seed_fixes_the_trials():
    """Two runs of one seed are the same, and of another they are not."""
    inputs = {"x": Input.triangular(0.0, 1.0)}
    runs = [simulate(lambda x: x, inputs, trials=1000, seed=seed).samples["y"] for seed in (5, 5, 6)]
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


@pytest.mark.parametrize(
    "model",
    [
        lambda a, b: math.exp(a) * b,
        lambda a, b: np.exp(a) * b if a > 0 else b / np.exp(-a),
        lambda a, b: float(np.exp(np.sum(a)) * np.mean(b)),
        lambda a, b: np.exp(a) * max(b, -100),
    ],
)
def test_functions_of_single_numbers(model):
    """Functions that do not take arrays, or take them for one number, give the trials of one that does."""
    inputs = {"a": Input.normal(0.1, 0.2), "b": Input.uniform(1, 2)}
    found = simulate(model, inputs, trials=2000)
    wanted = simulate(lambda a, b: np.exp(a) * b, inputs, trials=2000)
    assert found.samples["y"] == pytest.approx(wanted.samples["y"], rel=1e-12)


def test_one_cause_is_drawn_once():
    """Two uses of one name, and a result beside its own input, vary together; a constant varies not at all."""
    inputs = {"a": Input.uniform(0, 1, name="bath"), "b": Input.uniform(0, 1, name="bath")}
    assert np.abs(simulate(lambda a, b: a - b, inputs, trials=1000).samples["y"]).max() == 0
    x = Input.normal(1.0, 0.1)
    parts = propagate(lambda x: {"p": 2 * x, "q": 3 * x}, {"x": x}).as_inputs()
    for extra in (parts.correlations, None):
        found = simulate(lambda p, q: 3 * p - 2 * q, parts.inputs, correlations=extra, trials=1000)
        assert found.standard_uncertainty < 1e-7
    assert simulate(lambda c: 2 * c, {"c": Input.exact(3.0)}).standard_uncertainty == 0


@pytest.mark.parametrize(
    ("inputs", "options", "reason"),
    [
        (
            {"a": Input.uniform(0, 1), "b": Input.normal(0, 1)},
            {"correlations": {("a", "b"): 0.5}},
            "'a' is correlated and uniform",
        ),
        (
            {"a": Input.normal(0, 1, dof=4), "b": Input.normal(0, 1, dof=9)},
            {"correlations": {("a", "b"): 0.5}},
            "a: 4, b: 9",
        ),
        ({"a": Input.normal(0, 1), "b": Input.normal(0, 1)}, {"probability": 95}, "95 % is 0.95"),
        ({"a": Input.normal(0, 1), "b": Input.normal(0, 1)}, {"digits": 0}, "digits"),
        ({"a": Input.normal(0, 1), "b": Input.normal(0, 1)}, {"trials": 10}, "at least 40"),
        ({"a": Input.normal(0, 1), "b": Input.normal(0, 1)}, {"trials": "many"}, "adaptive"),
        ({"a": Input.normal(0, 1), "b": Input.normal(0, 1)}, {"interval": "long"}, "symmetric or shortest"),
        ({"a": Input.normal(0, 1), "b": Input.normal(0, 1)}, {"tolerance_share": 0.0}, "tolerance"),
        ({"a": Input.normal(0, 1), "z": Input.normal(0, 1)}, {}, "do not fit"),
    ],
)
def test_refused_simulations(inputs, options, reason):
    """What has no joint distribution, and options that mean nothing, are refused."""
    with pytest.raises(PhysicsError, match=reason):
        simulate(lambda a, b: a + b, inputs, **options)


@pytest.mark.parametrize("model", [lambda x: {"root": np.sqrt(x)}, lambda x: {"root": math.sqrt(x)}])
def test_draws_outside_the_domain_are_refused(model):
    """No draw is left out in silence: the output, how many draws and the first of them are named."""
    with pytest.raises(PhysicsError, match=r"'root' is no finite number for \d+ of 10000 draws, first at x = -"):
        simulate(model, {"x": Input.normal(1.0, 0.5)}, trials=10_000)


def test_heavy_tails_are_named():
    """Three observations: the mean's distribution has an interval but no standard deviation (JCGM 101, 6.4.9.4)."""
    with pytest.warns(HeavyTailsWarning, match="no standard deviation"):
        found = simulate(lambda x: x, {"x": Input.normal(0.0, 1.0, dof=2)}, trials=200_000)
    assert found.ends() == pytest.approx((-4.30, 4.30), abs=0.15)


@pytest.mark.parametrize(
    ("u", "digits", "tolerance"),
    [
        (0.00035, 2, 5e-6),
        (0.00035, 1, 5e-5),
        (9.96, 1, 5.0),
        (2.0, 2, 0.05),
        (32.0, 2, 0.5),
        (0.0, 2, 0.0),
        (123.0, 1, 50.0),
    ],
)
def test_numerical_tolerance(u, digits, tolerance):
    """JCGM 101, 7.9.2 and its examples, with a first digit that rounds up."""
    assert numerical_tolerance(u, digits) == tolerance


def test_intervals_of_ordered_trials():
    """JCGM 101, 7.7: of 100 trials and p = 0.95, q = 95, r = 3 (of 99: q = 94, r = 3); the shortest begins anywhere."""
    assert symmetric_interval(np.arange(1.0, 101.0), 0.95) == (3.0, 98.0)
    assert symmetric_interval(np.arange(1.0, 100.0), 0.95) == (3.0, 97.0)
    assert shortest_interval(np.array([0.0, 10.0, 11.0, 12.0, 13.0]), 0.6) == (10.0, 13.0)


def test_a_comparison_has_both_distances():
    """Distances of the ends, and a verdict at the tolerance itself."""
    found = Comparison(mean=0.0, u=1.0, low=-2.0, high=2.1, first_order=(-2.25, 2.0), tolerance=0.25)
    assert (found.d_low, found.d_high) == (0.25, pytest.approx(0.1))
    assert found.agrees
    assert not replace(found, tolerance=0.2).agrees


def test_heavy_tails_do_not_validate_first_order():
    """1/x with x = 1.00(45): the trials' own u is huge, and would let every interval agree (JCGM 101, 8.1)."""
    inputs = {"x": Input.normal(1.0, 0.3)}
    first = propagate(lambda x: 1 / x, inputs)
    trials = simulate(lambda x: 1 / x, {"x": Input.normal(1.0, 0.45)}, seed=3, trials=100_000)
    wide = propagate(lambda x: 1 / x, {"x": Input.normal(1.0, 0.45)})
    assert first.standard_uncertainty < trials.standard_uncertainty
    both = compare(wide, trials)
    assert both.tolerance <= 0.05
    assert both.validated is False
