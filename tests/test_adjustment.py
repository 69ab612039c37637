"""The adjustment against published fits, closed forms and conservation of variance."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from thermonet.calibration.adjustment import adjust
from thermonet.calibration.conditions import CalibrationError, Conditions, Parameter
from thermonet.quantities.inputs import Input

DATA = Path(__file__).parent / "data" / "regression"


def line(x, y, u=None, *, name="line", robust=False, gain=None):
    """Y = a + b x, times one plus a gain error where one is named."""

    def misclosure(z, v):
        factor = 1 + v[gain] if gain else 1
        return z["y"] - factor * (v["a"] + v["b"] * z["x"])

    return Conditions(
        name=name,
        observed={"x": np.asarray(x, float), "y": np.asarray(y, float)},
        u={} if u is None else {key: np.asarray(value, float) for key, value in u.items()},
        parameters=("a", "b", *([gain] if gain else [])),
        misclosure=misclosure,
        dependent=("y",),
        rows=np.arange(len(x)),
        robust=robust,
        response=("y", "x"),
    )


SOUGHT = [Parameter(name="a", start=0.0, unit="1"), Parameter(name="b", start=0.0, unit="1")]


def columns(file):
    rows = [row for row in csv.reader(file.read_text().splitlines()) if row and not row[0].startswith("#")]
    return np.array(rows[1:], float).T


def test_errors_in_both_variables_as_york():
    """Pearson's data with York's weights: slope -0.480533407, intercept 5.47991022 (York 1966), errors as York 2004."""
    x, y, weight_x, weight_y = columns(DATA / "pearson_york.csv")
    found = adjust(SOUGHT, [line(x, y, {"x": weight_x**-0.5, "y": weight_y**-0.5})])
    assert found.value("b") == pytest.approx(-0.480533407, abs=6e-10)
    assert found.value("a") == pytest.approx(5.47991022, abs=6e-9)
    assert found.u("a") == pytest.approx(0.294970736, rel=1e-7)
    assert found.u("b") == pytest.approx(0.057985009, rel=1e-7)
    assert found.chi_squared == pytest.approx(11.8663532, rel=1e-8)
    assert found.dof == 8


def test_noise_from_the_scatter_as_the_guide():
    """JCGM 100 H.3: thermometer corrections, the noise unknown; y1, y2, their u and correlation, nine degrees."""
    t, b = columns(DATA / "gum_h3.csv")
    found = adjust(SOUGHT, [line(t - 20, b)])
    assert found.value("a") == pytest.approx(-0.1712, abs=5e-5)
    assert found.value("b") == pytest.approx(0.00218, abs=5e-6)
    assert found.u("a") == pytest.approx(0.0029, abs=5e-5)
    assert found.u("b") == pytest.approx(0.00067, abs=5e-6)
    assert found.covariance[0, 1] / (found.u("a") * found.u("b")) == pytest.approx(-0.930, abs=5e-4)
    assert found.causes[0].dof == 9


def test_a_stated_input_is_an_observation():
    """A value that is stated and also measured: the weighted mean, and the inverse sum of the weights."""
    stated = Parameter(name="a", start=10.0, unit="1", prior=Input(value=10.0, u=0.3, distribution="normal"))
    record = Conditions(
        name="m",
        observed={"y": np.array([11.0, 11.4])},
        u={"y": np.array([0.4, 0.4])},
        parameters=("a",),
        misclosure=lambda z, v: z["y"] - v["a"],
        dependent=("y",),
        rows=np.arange(2),
        response=("y", "y"),
    )
    found = adjust([stated], [record])
    weights = np.array([1 / 0.3**2, 2 / 0.4**2])
    assert found.value("a") == pytest.approx(weights @ [10.0, 11.2] / weights.sum(), rel=1e-12)
    assert found.u("a") == pytest.approx(weights.sum() ** -0.5, rel=1e-12)


def test_a_common_gain_error_is_a_full_covariance_matrix():
    """Noise and one gain error for all readings equal generalised least squares with V = u^2 1 + u_g^2 y y^T."""
    x = np.linspace(1, 5, 9)
    y = 2.0 + 0.7 * x + 0.01 * np.sin(9 * x)
    gain = Parameter(name="gain", start=0.0, unit="1", prior=Input(value=0.0, u=2e-3, distribution="normal"))
    found = adjust([*SOUGHT, gain], [line(x, y, {"y": np.full(9, 0.01)}, gain="gain")])
    design = np.column_stack([np.ones(9), x])
    fitted = design @ found.values[:2]
    matrix = 1e-4 * np.eye(9) + 4e-6 * np.outer(fitted, fitted)
    covariance = np.linalg.inv(design.T @ np.linalg.solve(matrix, design))
    assert found.covariance[:2, :2] == pytest.approx(covariance, rel=2e-3)
    assert found.u("gain") < 2e-3 * (1 + 1e-12)


def test_causes_sum_to_the_covariance():
    """The parts of all inputs and records are the whole covariance, and every part is positive semidefinite."""
    rng = np.random.default_rng(5)
    x = np.linspace(0, 3, 12)
    gain = Parameter(name="gain", start=0.0, unit="1", prior=Input(value=0.0, u=2e-3, distribution="normal"))
    blocks = [
        line(x, 1 + 2 * x + 0.02 * rng.standard_normal(12), {"x": np.full(12, 0.01), "y": np.full(12, 0.02)}),
        line(x + 1, 3 + 2 * x + 0.02 * rng.standard_normal(12), name="other", gain="gain"),
    ]
    found = adjust([*SOUGHT, gain], blocks)
    # The inverse of the normal matrix is computed apart from the parts.
    assert sum(cause.covariance for cause in found.causes) == pytest.approx(found.gain, rel=1e-9)
    for cause in found.causes:
        assert np.linalg.eigvalsh(cause.covariance)[0] > -1e-12 * np.max(cause.covariance)
    assert [cause.name for cause in found.causes] == ["line.noise", "other.noise", "gain"]
    assert math.isinf(found.causes[0].dof)
    assert found.causes[1].dof == 10


def test_correlated_inputs_are_one_cause():
    """Two stated offsets with a coefficient: the variance of their sum as JCGM 100, equation 16."""
    offsets = [
        Parameter(name=f"o{i}", start=0.0, unit="1", prior=Input(value=0.0, u=u, distribution="normal"))
        for i, u in enumerate((0.3, 0.4))
    ]
    record = Conditions(
        name="m",
        observed={"y": np.array([5.0])},
        u={"y": np.array([1e-3])},
        parameters=("a", "o0", "o1"),
        misclosure=lambda z, v: z["y"] - v["a"] - v["o0"] - v["o1"],
        dependent=("y",),
        rows=np.arange(1),
        response=("y", "y"),
    )
    found = adjust([SOUGHT[0], *offsets], [record], {("o0", "o1"): 0.8})
    assert found.u("a") ** 2 == pytest.approx(0.3**2 + 0.4**2 + 2 * 0.8 * 0.3 * 0.4 + 1e-6, rel=1e-9)
    assert [cause.name for cause in found.causes] == ["m.noise", "o0 and o1"]


def test_contradicting_correlations_are_refused():
    """Three coefficients that cannot occur together are refused with the smallest eigenvalue."""
    inputs = [
        Parameter(name=name, start=0.0, unit="1", prior=Input(value=0.0, u=1.0, distribution="normal"))
        for name in "pqr"
    ]
    record = line([0, 1, 2], [0, 1, 2.1], {"y": [0.1] * 3})
    with pytest.raises(CalibrationError, match=r"contradict each other.*eigenvalue -"):
        adjust([*SOUGHT, *inputs], [record], {("p", "q"): 0.9, ("q", "r"): 0.9, ("p", "r"): -0.9})


@pytest.mark.parametrize(
    ("x", "names"), [([3.0, 3.0, 3.0], {"a", "b"}), ([3.0, 3.0 + 1e-13, 3.0], {"a", "b"})], ids=["same", "nearly"]
)
def test_what_nothing_fixes_is_named(x, names):
    """A constant abscissa: intercept and slope are named as not identifiable together."""
    with pytest.raises(CalibrationError, match="not identifiable together") as error:
        adjust(SOUGHT, [line(x, [1, 1.1, 0.9], {"y": [0.1] * 3})])
    assert all(name in str(error.value).partition(":")[2] for name in names)


def test_an_unused_parameter_is_named():
    """A parameter that no record depends on is refused by name."""
    extra = Parameter(name="lonely", start=1.0, unit="1")
    with pytest.raises(CalibrationError, match="lonely; no record tells it"):
        adjust([*SOUGHT, extra], [line([0, 1, 2], [0, 1, 2.1], {"y": [0.1] * 3})])


def test_two_points_without_noise_are_refused():
    """Two readings for two parameters leave nothing for the scatter to show."""
    with pytest.raises(CalibrationError, match="leave no degree of freedom"):
        adjust(SOUGHT, [line([0, 1], [0, 1])])


def test_readings_without_any_scatter_are_refused():
    """A record that lies on its line exactly says nothing of its noise."""
    with pytest.raises(CalibrationError, match="do not scatter"):
        adjust(SOUGHT, [line([0, 1, 2], [0, 0, 0])])


def test_robust_weights_limit_a_wild_reading():
    """A reading 50 u away pulls a plain fit by many u, a robust one by less than one, and keeps its place."""
    rng = np.random.default_rng(2)
    x = np.linspace(0, 1, 40)
    y = 1 + 2 * x + 0.01 * rng.standard_normal(40)
    y[37] += 0.5
    plain, robust = (adjust(SOUGHT, [line(x, y, {"y": np.full(40, 0.01)}, robust=r)]) for r in (False, True))
    assert abs(plain.value("b") - 2) > 5 * plain.u("b")
    assert abs(robust.value("b") - 2) < 2 * robust.u("b")
    weights = robust.records["line"].weights
    assert np.argmin(weights) == 37
    assert weights[37] < 0.05


@pytest.mark.slow
def test_coverage_with_noise_from_the_scatter():
    """4000 records of six readings of unknown noise: Student's t at four degrees of freedom covers 95 %."""
    from thermonet.uncertainty.coverage import coverage_factor

    rng = np.random.default_rng(11)
    x = np.linspace(0, 1, 6)
    inside = 0
    for _ in range(4000):
        found = adjust(SOUGHT, [line(x, 1 + 2 * x + 0.1 * rng.standard_normal(6))])
        inside += abs(found.value("b") - 2) < coverage_factor(0.95, found.causes[0].dof) * found.u("b")
    assert 0.935 <= inside / 4000 <= 0.965
