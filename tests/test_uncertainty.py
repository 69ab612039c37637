"""The law of propagation of uncertainty: examples of JCGM 100 and EA-4/02, correlations, chains, refusals."""

import math
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thermonet.quantities.errors import NotConvergedError, PhysicsError
from thermonet.uncertainty import (
    Input,
    SameObjectWarning,
    Spread,
    VanishingSensitivityWarning,
    coverage_factor,
    coverage_probability,
    effective_dof,
    mean_of,
    pooled,
    propagate,
    rectangular_factor,
    reliability_dof,
    simultaneous,
    trapezoidal_factor,
)
from thermonet.uncertainty.budget import budget, combined


def end_gauge_inputs():
    """JCGM 100, H.1, table H.1; lengths in nanometres."""
    return {
        "l_s": Input.expanded(50_000_623, U=75, k=3, dof=18),
        "d": Input.normal(215, 9.7, dof=25.6),
        "alpha_s": Input.half_width(11.5e-6, 2e-6),
        "theta": Input.normal(-0.1, 0.41),
        "delta_alpha": Input.half_width(0, 1e-6, dof=50),
        "delta_theta": Input.half_width(0, 0.05, dof=2),
    }


def end_gauge(l_s, d, alpha_s, theta, delta_alpha, delta_theta):
    return l_s + d - l_s * (delta_alpha * theta + alpha_s * delta_theta)


def test_end_gauge():
    """JCGM 100, H.1.7: 50.000 838 mm, u_c = 32 nm, 16 degrees of freedom, U_99 = 93 nm."""
    found = propagate(end_gauge, end_gauge_inputs(), units="nm")
    assert found.value == pytest.approx(50_000_838, abs=0.5)
    assert found.standard_uncertainty == pytest.approx(31.7, abs=0.05)
    assert found.effective_dof() == pytest.approx(16.7, abs=0.1)
    expanded = found.expanded(probability=0.99)
    assert expanded.k == pytest.approx(2.92, abs=0.005)
    assert abs(expanded.U - 93) < 1
    assert str(expanded).startswith("50000838(32) nm, U = 92 nm, k = 2.92, 99 %, t with 16.")


def test_end_gauge_contributions():
    """JCGM 100, H.1.3: the contributions of table H.1 in nanometres, largest first, with their signs."""
    lines = propagate(end_gauge, end_gauge_inputs()).budget().lines
    assert [line.name for line in lines[:4]] == ["l_s", "delta_theta", "d", "delta_alpha"]
    assert [line.contribution for line in lines[:4]] == pytest.approx([25, -16.6, 9.7, 2.9], abs=0.06)
    assert sum(line.share for line in lines) == pytest.approx(1)


def test_end_gauge_in_second_order():
    """JCGM 100, H.1.7: the terms of second order, 11.7 nm and 1.7 nm, raise u_c from 32 nm to 34 nm."""
    found = propagate(end_gauge, end_gauge_inputs(), order=2)
    assert found.standard_uncertainty == pytest.approx(34, abs=0.2)
    share = found.budget().second_order
    assert share * found.standard_uncertainty**2 == pytest.approx(11.7**2 + 1.7**2, rel=0.03)
    assert share + sum(line.share for line in found.budget().lines) == pytest.approx(1)


def impedance():
    """JCGM 100, H.2, table H.2: five simultaneous observations of voltage, current and phase."""
    return simultaneous(
        {
            "V": [5.007, 4.994, 5.005, 4.990, 4.999],
            "I": [19.663e-3, 19.639e-3, 19.640e-3, 19.685e-3, 19.678e-3],
            "phi": [1.0456, 1.0438, 1.0468, 1.0428, 1.0433],
        }
    )


def resistance_and_reactance(V, I, phi):  # noqa: E741
    return {"R": V / I * math.cos(phi), "X": V / I * math.sin(phi), "Z": V / I}


def test_simultaneous_resistance_and_reactance():
    """JCGM 100, H.2, tables H.2 to H.4."""
    inputs, correlations = impedance()
    assert [value.u for value in inputs.values()] == pytest.approx([0.0032, 9.5e-6, 0.00075], rel=0.01)
    assert correlations[("V", "I")] == pytest.approx(-0.36, abs=0.005)
    assert correlations[("V", "phi")] == pytest.approx(0.86, abs=0.005)
    assert correlations[("I", "phi")] == pytest.approx(-0.65, abs=0.005)
    found = propagate(resistance_and_reactance, inputs, correlations=correlations)
    assert list(found.values.values()) == pytest.approx([127.732, 219.847, 254.260], abs=6e-4)
    assert list(found.u.values()) == pytest.approx([0.071, 0.295, 0.236], abs=6e-4)
    assert found.coefficient("R", "X") == pytest.approx(-0.588, abs=6e-4)
    assert found.coefficient("R", "Z") == pytest.approx(-0.485, abs=6e-4)
    assert found.coefficient("X", "Z") == pytest.approx(0.993, abs=6e-4)
    assert found.correlation == pytest.approx(found.correlation.T)


def test_a_group_of_simultaneous_means_has_their_degrees_of_freedom():
    """JCGM 100, H.2.4: evaluating every set by itself gives the same u with n - 1 = 4 degrees of freedom."""
    inputs, correlations = impedance()
    found = propagate(resistance_and_reactance, inputs, correlations=correlations)
    assert found.effective_dof("R") == pytest.approx(4)
    assert found.expanded("R").k == pytest.approx(2.776, abs=1e-3)


def test_cross_terms_have_lines_of_their_own():
    """The shares of inputs and pairs add up to one, and the table names the pairs."""
    inputs, correlations = impedance()
    found = propagate(resistance_and_reactance, inputs, correlations=correlations).budget("R")
    assert len(found.cross) == 3
    assert sum(line.share for line in (*found.lines, *found.cross)) == pytest.approx(1)
    assert found.cross[0].names == ("V", "phi")
    assert "V × phi, r = 0.858" in str(found)


#: JCGM 100, H.4, table H.7: time [min] and counts of standard, blank and sample.
CYCLES = [
    (243.74, 15380, 4054, 367.37, 41432),
    (984.53, 14978, 3922, 1107.66, 38706),
    (1723.87, 14394, 4200, 1846.99, 35860),
    (2463.17, 13254, 3830, 2586.28, 32238),
    (3217.56, 12516, 3956, 3340.68, 29640),
    (3956.83, 11058, 3980, 4079.94, 26356),
]


def test_activity_of_radon():
    """JCGM 100, H.4.3: C_x = 0.4300 Bq/g with u = 0.0083, and 0.4304 with u = 0.0084 from the ratios of the rates."""
    decay = 1.25894e-4
    standard = [(counts - blank) / 60 * math.exp(decay * t) for t, counts, blank, _, _ in CYCLES]
    sample = [(counts - blank) / 60 * math.exp(decay * t) for _, _, blank, t, counts in CYCLES]
    rates = simultaneous({"R_S": standard, "R_x": sample})
    assert rates.correlations[("R_S", "R_x")] == pytest.approx(0.646, abs=5e-4)
    masses = {
        "A_S": Input.normal(0.1368, 0.0018),
        "m_S": Input.normal(5.0192, 0.005),
        "m_x": Input.normal(5.0571, 1e-3),
    }
    found = propagate(
        lambda R_S, R_x, A_S, m_S, m_x: A_S * m_S / m_x * R_x / R_S,
        rates.inputs | masses,
        correlations=rates.correlations,
    )
    assert found.value == pytest.approx(0.4300, abs=6e-5)
    assert found.standard_uncertainty == pytest.approx(0.0083, abs=5e-5)
    ratio = mean_of(x / s for x, s in zip(sample, standard, strict=True))
    again = propagate(lambda R, A_S, m_S, m_x: A_S * m_S / m_x * R, {"R": ratio, **masses})
    assert again.value == pytest.approx(0.4304, abs=6e-5)
    assert again.standard_uncertainty == pytest.approx(0.0084, abs=5e-5)


def test_ten_resistors_of_one_standard():
    """JCGM 100, 5.2.2 example: ten resistors, all r = 1, give 1 ohm; independent ones would give 0.32 ohm."""
    names = [f"R_{i}" for i in range(10)]
    inputs = {name: Input.normal(1000, 0.1) for name in names}
    every = {(a, b): 1.0 for a in names for b in names if a < b}
    assert propagate(lambda **r: sum(r.values()), inputs, correlations=every).standard_uncertainty == pytest.approx(1.0)
    assert propagate(lambda **r: sum(r.values()), inputs).standard_uncertainty == pytest.approx(0.316, abs=5e-4)


def test_calibration_of_a_weight():
    """EA-4/02, S2: a weight of nominally 10 kg, 10 000.025 g with u = 29.3 mg and U = 59 mg (k = 2)."""
    inputs = {
        "standard": Input.expanded(10_000.005, U=45e-3, k=2, unit="g"),
        "drift": Input.half_width(0, 15e-3),
        "difference": mean_of([0.010, 0.030, 0.020], spread=Spread(25e-3)),
        "eccentricity": Input.half_width(0, 10e-3),
        "buoyancy": Input.half_width(0, 10e-3),
    }
    found = propagate(lambda **parts: sum(parts.values()), inputs, units="g")
    assert found.value == pytest.approx(10_000.025)
    assert found.standard_uncertainty == pytest.approx(29.3e-3, abs=5e-5)
    assert abs(found.expanded(k=2).U - 59e-3) < 5e-4
    assert inputs["difference"].u == pytest.approx(14.4e-3, abs=5e-5)


def test_calibration_of_a_standard_resistor():
    """EA-4/02, S3: 10 kohm by substitution, 10 000.178 ohm with u = 8.33 mohm and U = 17 mohm (k = 2)."""
    inputs = {
        "R_S": Input.expanded(10_000.053, U=5e-3, k=2),
        "drift": Input.half_width(20e-3, 10e-3),
        "T_S": Input.half_width(0, 2.75e-3),
        "T_X": Input.half_width(0, 5.5e-3),
        "r_C": Input.half_width(1.0, 1e-6, "triangular"),
        "r": mean_of([1.0000104, 1.0000107, 1.0000106, 1.0000103, 1.0000105]),
    }
    found = propagate(lambda R_S, drift, T_S, T_X, r_C, r: (R_S + drift + T_S) * r_C * r - T_X, inputs)
    assert found.value == pytest.approx(10_000.178, abs=5e-4)
    assert found.standard_uncertainty == pytest.approx(8.33e-3, abs=1e-5)
    assert abs(found.expanded(k=2).U - 17e-3) < 5e-4
    assert inputs["r"].u == pytest.approx(0.0707e-6, rel=2e-3)


def test_calibration_of_a_gauge_block():
    """EA-4/02, S4: 50 mm by comparison, 49.999 926 mm with u = 36.4 nm and U = 73 nm (k = 2), in second order."""
    inputs = {
        "l_S": Input.expanded(50_000_020, U=30, k=2),
        "drift": Input.half_width(0, 30),
        "difference": Input.normal(-94, 12 / math.sqrt(5)),
        "comparator": Input.half_width(0, 32),
        "delta_t": Input.half_width(0, 0.05),
        "delta_alpha": Input.half_width(0, 2e-6, "triangular"),
        "t": Input.half_width(0, 0.5),
        "variation": Input.half_width(0, 6.7),
    }
    length, expansion = 50e6, 11.5e-6

    def block(l_S, drift, difference, comparator, delta_t, delta_alpha, t, variation):
        expanded = length * (expansion * delta_t + delta_alpha * t)
        return l_S + drift + difference + comparator - expanded - variation

    found = propagate(block, inputs, order=2)
    assert found.value == pytest.approx(49_999_926)
    assert found.standard_uncertainty == pytest.approx(36.4, abs=0.1)
    assert abs(found.expanded(k=2).U - 73) < 0.5
    assert found.budget().second_order * found.standard_uncertainty**2 == pytest.approx(11.8**2, rel=0.01)


def test_calibration_of_a_multimeter():
    """EA-4/02, S9: one rectangular contribution dominates, so k = 1.65: U = 0.05 V."""
    inputs = {
        "V_iX": Input.exact(100.1),
        "V_S": Input.expanded(100.0, U=0.002, k=2),
        "resolution": Input.half_width(0, 0.05),
        "standard": Input.half_width(0, 0.011),
    }
    found = propagate(lambda V_iX, V_S, resolution, standard: V_iX - V_S + resolution - standard, inputs, units="V")
    assert found.standard_uncertainty == pytest.approx(0.030, abs=5e-4)
    expanded = found.expanded(shape="dominant")
    assert expanded.k == pytest.approx(1.65, abs=5e-3)
    assert abs(expanded.U - 0.05) < 2e-3
    assert str(expanded) == "0.100(30) V, U = 0.049 V, k = 1.65, 95 %, uniform, which dominates"


def test_calibration_of_a_caliper():
    """EA-4/02, S10: two rectangular contributions make a trapezoid, so k = 1.83: U = 0.06 mm."""
    inputs = {
        "l_S": Input.half_width(150.0, 0.8e-3),
        "delta_t": Input.half_width(0, 2.0),
        "resolution": Input.half_width(0, 25e-3),
        "mechanics": Input.half_width(0, 50e-3),
    }
    found = propagate(
        lambda l_S, delta_t, resolution, mechanics: 150.10 - l_S + 150 * 11.5e-6 * delta_t + resolution + mechanics,
        inputs,
        units="mm",
    )
    assert found.value == pytest.approx(0.10)
    assert found.standard_uncertainty == pytest.approx(33e-3, abs=1e-3)
    expanded = found.expanded(shape="dominant")
    assert expanded.k == pytest.approx(1.83, abs=5e-3)
    assert abs(expanded.U - 0.06) < 1e-3
    assert "trapezoidal" in expanded.shape


@pytest.mark.parametrize(
    ("dof", "k68", "k95", "k99"),
    [
        (1, 1.84, 12.71, 63.66),
        (2, 1.32, 4.30, 9.92),
        (5, 1.11, 2.57, 4.03),
        (10, 1.05, 2.23, 3.17),
        (50, 1.01, 2.01, 2.68),
    ],
)
def test_coverage_factors(dof, k68, k95, k99):
    """JCGM 100, table G.2, and back again; 7.9 degrees of freedom are 7 unless they are interpolated."""
    found = [coverage_factor(p, dof) for p in (0.6827, 0.95, 0.99)]
    assert found == pytest.approx([k68, k95, k99], abs=5.1e-3)
    assert coverage_probability(found[1], dof) == pytest.approx(0.95)
    assert coverage_factor(0.95, dof + 0.9) == pytest.approx(found[1])
    assert coverage_factor(0.95, dof + 0.9, interpolate=True) < found[1]


def test_coverage_factors_of_other_shapes():
    """A trapezoid's factor is its quantile over its u, flanks or top; the ends are a triangle and a rectangle."""
    for probability in (0.5, 0.6827, 0.95, 0.99):
        for beta in (0.0, 0.2, 1 / 3, 0.9, 0.99, 1.0):
            shape = Input.trapezoidal(-1, 1, beta)
            wanted = shape.at([(1 + probability) / 2])[0] / shape.u
            assert trapezoidal_factor(probability, beta) == pytest.approx(wanted)
        assert trapezoidal_factor(probability, 1.0) == pytest.approx(rectangular_factor(probability))
    assert coverage_factor(0.95) == pytest.approx(1.96, abs=5e-3)
    assert coverage_factor(0.9545) == pytest.approx(2.0, abs=5e-4)


def test_degrees_of_freedom():
    """JCGM 100, G.4.1 (u = 1.57 %, 19.0) and G.4.2 (a quarter: 8, a tenth: 50)."""
    assert effective_dof([(0.25, 9), (0.57, 4), (0.82, 14)], 1.03) == pytest.approx(19.0, abs=0.15)
    assert reliability_dof(0.25) == pytest.approx(8)
    assert reliability_dof(0.1) == pytest.approx(50)
    assert effective_dof([(1.0, math.inf)]) == math.inf


@pytest.mark.parametrize(
    ("function", "slope", "x"),
    [
        (math.exp, math.exp, 1.0),
        (math.log, lambda x: 1 / x, 0.3),
        (math.sqrt, lambda x: 0.5 / math.sqrt(x), 1e-6),
        (lambda x: x**0.5, lambda x: 0.5 / math.sqrt(x), 4.0),
        (lambda x: math.sin(50 * x), lambda x: 50 * math.cos(50 * x), 1.0),
        (lambda x: 1 / x, lambda x: -1 / x**2, 1e-9),
        (lambda x: x**7, lambda x: 7 * x**6, 1e5),
        (math.atan, lambda x: 1 / (1 + x * x), 0.2),
        (math.asin, lambda x: 1 / math.sqrt(1 - x * x), 0.999),
        (lambda x: math.exp(100 * x), lambda x: 100 * math.exp(100 * x), 1.0),
    ],
)
@pytest.mark.parametrize("relative", [1e-9, 1e-2, 0.3, 3.0])
@pytest.mark.filterwarnings("ignore::thermonet.uncertainty.firstorder.VanishingSensitivityWarning")
def test_derivatives(function, slope, x, relative):
    """Sensitivities have nine digits, however wide the input is and wherever its function ends."""
    found = propagate(lambda x: 3 * function(x), {"x": Input.normal(x, relative * x)})
    assert found.sensitivities["y"]["x"] == pytest.approx(3 * slope(x), rel=1e-9)


def test_steps_stay_between_the_ends():
    """A bounded input is never moved over its ends, and one that is small beside its u not far over zero."""
    seen = []

    def model(share, offset):
        seen.append((share, offset))
        return share + offset

    propagate(model, {"share": Input.uniform(0.0, 1e-3), "offset": Input.normal(1.0, 0.6)})
    shares, offsets = zip(*seen, strict=True)
    assert 0 <= min(shares) < max(shares) <= 1e-3
    assert min(offsets) > 0


@given(a=st.floats(-3, 3), b=st.floats(-3, 3), r=st.floats(-0.99, 0.99), ua=st.floats(1e-3, 10), ub=st.floats(1e-3, 10))
@settings(max_examples=40)
def test_linear_models_are_exact(a, b, r, ua, ub):
    """Of a linear model u^2 = (a u_a)^2 + (b u_b)^2 + 2 a b r u_a u_b (JCGM 100, equation 16)."""
    inputs = {"x": Input.normal(1.0, ua), "y": Input.normal(2.0, ub)}
    found = propagate(lambda x, y: a * x + b * y, inputs, correlations={("x", "y"): r})
    variance = (a * ua) ** 2 + (b * ub) ** 2 + 2 * a * b * r * ua * ub
    assert found.standard_uncertainty == pytest.approx(math.sqrt(variance), rel=1e-8, abs=1e-12)


def test_second_order_of_a_square():
    """Of x^2 with normal x, u^2 is exactly 4 x^2 u^2 + 2 u^4; with correlated inputs too, and between outputs."""
    x, u = 3.0, 1.0
    found = propagate(lambda x: x * x, {"x": Input.normal(x, u)}, order=2)
    assert found.standard_uncertainty**2 == pytest.approx(4 * x**2 * u**2 + 2 * u**4)
    inputs = {"a": Input.normal(0.5, 1.0), "b": Input.normal(-1.0, 2.0)}
    both = propagate(lambda a, b: {"p": a * b, "q": a * a}, inputs, correlations={("a", "b"): 0.6}, order=2)
    # moments of normal numbers (Isserlis): c the covariance of a and b
    c = 0.6 * 1.0 * 2.0
    assert both.u["p"] ** 2 == pytest.approx(1.0**2 * 1.0 + 0.5**2 * 4.0 + 2 * 0.5 * -1.0 * c + 1.0 * 4.0 + c**2)
    assert both.covariance[0, 1] == pytest.approx(2 * 0.5 * (-1.0 * 1.0 + 0.5 * c) + 2 * 1.0 * c)


def test_vanishing_first_order_is_named():
    """JCGM 101, 9.4.2.2: at x = 0 x1^2 + x2^2 has no u in first order, 50e-6 in second; that is said."""
    inputs = {"x1": Input.normal(0.0, 0.005), "x2": Input.normal(0.0, 0.005)}
    with pytest.warns(VanishingSensitivityWarning, match="derivatives of 'y' vanish"):
        first = propagate(lambda x1, x2: x1**2 + x2**2, inputs)
    assert first.standard_uncertainty == 0
    assert propagate(lambda x1, x2: x1**2 + x2**2, inputs, order=2).standard_uncertainty == pytest.approx(50e-6)
    with pytest.warns(VanishingSensitivityWarning):
        propagate(lambda x1, x2: x1 * x2, inputs)
    with pytest.warns(VanishingSensitivityWarning):
        propagate(lambda x: math.cos(2 * x), {"x": Input.normal(0.0, 0.1)})


def test_results_remember_what_they_share():
    """The difference of two results of one cause has no spread, whether or not correlations are handed on."""
    shared, own = Input.normal(10.0, 0.3), Input.normal(1.0, 0.4)
    first = propagate(lambda a, b: {"s": a + b, "d": a - b}, {"a": shared, "b": own}).as_inputs()
    second = propagate(lambda x: 2 * x, {"x": shared}).as_inputs().inputs["y"]
    assert first.correlations[("d", "s")] == pytest.approx((0.09 - 0.16) / 0.25)
    for correlations in (None, first.correlations):
        back = propagate(lambda s, d: (s + d) / 2, first.inputs, correlations=correlations)
        assert back.standard_uncertainty == pytest.approx(0.3)
    nothing = propagate(lambda s, d, t: s + d - t, {**first.inputs, "t": second})
    assert nothing.standard_uncertainty == 0
    mixed = propagate(lambda s, a: s - a, {"s": first.inputs["s"], "a": shared})
    assert mixed.standard_uncertainty == pytest.approx(0.4)


def test_chained_degrees_of_freedom_are_those_of_the_causes():
    """(x1 + x2) + (x1 - x2) is 2 x1 and has the degrees of freedom of x1 alone."""
    inputs = {"x1": Input.normal(1.0, 0.1, dof=5), "x2": Input.normal(2.0, 0.7)}
    parts = propagate(lambda x1, x2: {"s": x1 + x2, "d": x1 - x2}, inputs).as_inputs()
    found = propagate(lambda s, d: s + d, parts.inputs)
    assert found.standard_uncertainty == pytest.approx(0.2)
    assert found.effective_dof() == pytest.approx(5)


def test_chained_results_equal_the_whole_model():
    """The impedance from R and X, which are correlated, has the u and the degrees of freedom of V/I itself."""
    inputs, correlations = impedance()
    direct = propagate(resistance_and_reactance, inputs, correlations=correlations)
    parts = direct.as_inputs().inputs
    chained = propagate(lambda R, X: (R**2 + X**2) ** 0.5, {"R": parts["R"], "X": parts["X"]})
    assert chained.standard_uncertainty == pytest.approx(direct.u["Z"], rel=1e-8)
    assert chained.effective_dof() == pytest.approx(4)


def test_results_survive_a_process():
    """A result, and an input made of one, are copied and pickled with what they remember."""
    found = propagate(lambda a: {"p": a, "q": 2 * a}, {"a": Input.normal(1.0, 0.1, name="a")})
    again = pickle.loads(pickle.dumps(found)).as_inputs()
    assert propagate(lambda p, q: 2 * p - q, again.inputs).standard_uncertainty == 0


def test_one_name_is_one_cause():
    """Two uses of a name vary together; two objects alike do not; two different inputs of one name are refused."""
    named = {"a": Input.normal(1.0, 0.1, name="bath"), "b": Input.normal(1.0, 0.1, name="bath")}
    assert propagate(lambda a, b: a - b, named).standard_uncertainty == 0
    assert propagate(lambda a, b: a + b, named).standard_uncertainty == pytest.approx(0.2)
    alike = {"a": Input.normal(1.0, 0.1), "b": Input.normal(1.0, 0.1)}
    assert propagate(lambda a, b: a - b, alike).standard_uncertainty == pytest.approx(0.1 * math.sqrt(2))
    with pytest.raises(PhysicsError, match="two different inputs bear the name 'bath'"):
        propagate(lambda a, b: a - b, {"a": named["a"], "b": Input.normal(2.0, 0.1, name="bath")})


def test_one_object_under_two_names_is_one_cause_and_is_said():
    """The same unnamed object twice varies as one, and a warning asks whether that was meant."""
    x = Input.normal(1.0, 0.1)
    with pytest.warns(SameObjectWarning, match="'a' and 'b'"):
        found = propagate(lambda a, b: a - b, {"a": x, "b": x})
    assert found.standard_uncertainty == 0


@pytest.mark.parametrize(
    ("correlations", "reason"),
    [
        ({("a", "z"): 0.5}, "'z', expected one of a, b, c"),
        ({("a", "b"): 1.5}, "a and b lies outside -1 .. 1"),
        ({("a", "b"): math.nan}, "a and b lies outside -1 .. 1"),
        ({("a", "a"): 0.5}, "a and a are one cause"),
        ({("a", "b"): 0.5, ("b", "a"): 0.4}, "stated twice"),
        ({"ab": 0.5}, "pair of names"),
        ({("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9}, "a, b, c contradict each other.*semidefinite"),
    ],
)
def test_impossible_correlations_are_refused(correlations, reason):
    """Whatever no quantities can have is refused with the names it concerns."""
    inputs = {name: Input.normal(1.0, 0.1) for name in "abc"}
    with pytest.raises(PhysicsError, match=reason):
        propagate(lambda a, b, c: a + b + c, inputs, correlations=correlations)


def test_rounded_correlations_are_taken():
    """JCGM 100, table H.4: three coefficients of two independent numbers, rounded, are indefinite by their rounding."""
    inputs = {"R": Input.normal(127.732, 0.071), "X": Input.normal(219.847, 0.295), "Z": Input.normal(254.260, 0.236)}
    rounded = {("R", "X"): -0.588, ("R", "Z"): -0.485, ("X", "Z"): 0.993}
    found = propagate(lambda R, X, Z: (R**2 + X**2) / Z, inputs, correlations=rounded)
    assert found.standard_uncertainty == pytest.approx(0.236, abs=0.002)


@pytest.mark.parametrize(
    ("function", "inputs", "reason"),
    [
        (lambda a: a, {"b": Input.normal(1, 1)}, "do not fit.*named b"),
        (lambda a: a, {}, "at least one input"),
        (lambda a: a, {"a": 3.0}, "input 'a' is 3.0; expected an Input"),
        (lambda a: {"good": a, "bad": math.nan}, {"a": Input.normal(1, 1)}, "not finite at the estimates: bad"),
        (lambda a: a * math.inf, {"a": Input.normal(1, 1)}, "not finite at the estimates: y"),
        (lambda a: {"z": a + 1j}, {"a": Input.normal(1, 1)}, "'z' is complex"),
        (lambda a: {"z": str(a)}, {"a": Input.normal(1, 1)}, "'z' is str"),
        (lambda a: dict([(a, a)][1:]), {"a": Input.normal(1, 1)}, "no number"),
        (lambda a: {"z": np.array([a, a])}, {"a": Input.normal(1, 1)}, "'z' is ndarray"),
        (lambda a: a**0.5, {"a": Input.normal(0, 1)}, "not defined on both sides of the estimate of a"),
    ],
)
def test_models_that_are_none_are_refused(function, inputs, reason):
    """Names that do not fit and answers that are no numbers are refused by name."""
    with pytest.raises(PhysicsError, match=reason):
        propagate(function, inputs)


def test_functions_without_derivative_are_told():
    """A jump is refused; beside one the slope is zero, with a warning that the output varies all the same."""
    with pytest.raises(NotConvergedError, match="'y' by 'x' does not settle"):
        propagate(lambda x: x + (1.0 if x > 0.1 else 0.0), {"x": Input.normal(0.1, 0.01)})
    with pytest.warns(VanishingSensitivityWarning, match="varies by 1"):
        propagate(lambda x: 1.0 if x > 0.15 else 0.0, {"x": Input.normal(0.12, 0.05)})
    with pytest.warns(VanishingSensitivityWarning, match="take trials"):
        propagate(lambda x: x**3, {"x": Input.normal(0.0, 0.1)}, order=2)


def test_unknown_outputs_and_options_are_refused():
    """Names of outputs, order, shape, k and probability are checked where they are used."""
    found = propagate(lambda a: {"p": a, "q": 2 * a}, {"a": Input.normal(1.0, 0.1)}, units={"p": "K"})
    for call in (lambda: found.value, found.budget, lambda: found.expanded("r")):
        with pytest.raises(PhysicsError, match="expected one of p, q"):
            call()
    with pytest.raises(PhysicsError, match="not both"):
        found.expanded("p", probability=0.95, k=2)
    with pytest.raises(PhysicsError, match=r"95 % is 0\.95"):
        found.expanded("p", probability=95)
    with pytest.raises(PhysicsError, match="order"):
        propagate(lambda a: a, {"a": Input.normal(1.0, 0.1)}, order=3)
    with pytest.raises(PhysicsError, match="unit names 'w'"):
        propagate(lambda a: a, {"a": Input.normal(1.0, 0.1)}, units={"w": "K"})
    with pytest.raises(PhysicsError, match=r"shape that dominates is normal"):
        found.expanded("p", shape="dominant")
    assert str(found) == "p = 1.00(10) K\nq = 2.00(20)"
    assert str(found.expanded("p", k=2)) == "1.00(10) K, U = 0.20 K, k = 2, 95.45 %, normal"


def test_no_degrees_of_freedom_for_correlated_inputs_of_different_ones():
    """Welch and Satterthwaite's formula is for independent inputs: it is refused, a stated k is not."""
    inputs = {"a": Input.normal(1.0, 0.1, dof=4), "b": Input.normal(2.0, 0.1, dof=9)}
    found = propagate(lambda a, b: a + b, inputs, correlations={("a", "b"): 0.5})
    with pytest.raises(PhysicsError, match="take the interval from Monte Carlo"):
        found.expanded()
    expanded = found.expanded(k=2)
    assert (expanded.probability, expanded.dof, expanded.shape) == (None, None, "stated")
    with pytest.raises(PhysicsError, match="different degrees of freedom"):
        found.as_inputs()
    assert found.as_inputs(dof=4).inputs["y"].dof == 4


def test_exact_inputs_give_an_exact_result():
    """Without uncertain inputs there is no uncertainty, no budget line, and nothing is divided by zero."""
    found = propagate(lambda a: 2 * a, {"a": Input.exact(3.0)})
    assert (found.value, found.standard_uncertainty, found.budget().lines) == (6.0, 0.0, ())
    assert found.as_inputs().inputs["y"].is_exact


def test_coverage_of_the_t_interval():
    """In 4000 repetitions with few observations and a type B input redrawn the 95 % interval covers 93.5 to 96.5 %."""
    generator, covered = np.random.default_rng(20240607), 0
    noise, u_scale, truth = 0.5, 0.02, 20.0
    for _ in range(4000):
        scale = 1.0 + u_scale * generator.standard_normal()
        readings = truth * scale + noise * generator.standard_normal(5)
        inputs = {"reading": mean_of(readings), "scale": Input.normal(1.0, u_scale)}
        low, high = propagate(lambda reading, scale: reading / scale, inputs).expanded().interval
        covered += low <= truth <= high
    assert 0.935 <= covered / 4000 <= 0.965


def test_pooling():
    """JCGM 100, H.3.6 style: squares weighted by degrees of freedom, which add up; spreads and series mix."""
    found = pooled([[1.0, 3.0], Spread(2.0, dof=3)])
    assert (found.s, found.dof) == (pytest.approx(math.sqrt((2 + 12) / 4)), 4)


def test_budget_of_given_gradients():
    """The sum of squares of independent contributions, and the chain rule before it."""
    inputs = {"a": Input.normal(1.0, 0.3), "b": Input.normal(1.0, 0.2), "c": Input.exact(5.0)}
    whole = combined({"p": (2.0, {"a": 1.0, "b": 1.0}), "q": (-1.0, {"a": 1.0, "c": 3.0})})
    found = budget(whole, inputs)
    assert found.u == pytest.approx(math.hypot(0.3, 0.4))
    assert [(line.name, line.contribution) for line in found.lines] == [
        ("b", pytest.approx(0.4)),
        ("a", pytest.approx(0.3)),
    ]


def test_warnings_are_not_raised_where_nothing_vanishes():
    """A model that is flat in one input and steep in another is no case for a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = propagate(lambda a, b: a + b * b, {"a": Input.normal(1.0, 0.1), "b": Input.normal(0.0, 0.1)})
    assert found.standard_uncertainty == pytest.approx(0.1)
