"""Fits against published and certified numbers: NIST StRD, ISO/TS 28037, York 2004, JCGM 100 H.3, Brownlee."""

import json
from pathlib import Path

import numpy as np
import pytest

from thermonet.calibration.regression import fit_curve, fit_line, fit_linear, fit_polynomial

DATA = Path(__file__).parent / "data" / "regression"


def read(name):
    """Published figures by their name, and the columns of the data by theirs."""
    lines = (DATA / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    figures = {}
    for line in lines:
        key, separator, text = line.removeprefix("# ").partition(": ")
        if line.startswith("#") and separator:
            try:
                figures[key] = np.array(json.loads(text))
            except ValueError:
                figures[key] = text
    header, *rows = [line for line in lines if not line.startswith("#")]
    table = np.loadtxt(rows, delimiter=",", ndmin=2)
    return figures, dict(zip(header.split(","), table.T, strict=True))


def check_certified(fit, figures, digits):
    """Parameters, standard errors, residual standard deviation and R2 agree to so many digits."""
    tolerance = 10.0**-digits
    assert fit.values == pytest.approx(figures["certified B"], rel=tolerance)
    assert fit.u == pytest.approx(figures["certified sd(B)"], rel=tolerance)
    assert fit.residual_sd == pytest.approx(float(figures["certified residual sd"]), rel=tolerance)
    assert fit.r_squared == pytest.approx(float(figures["certified R2"]), rel=tolerance)


@pytest.mark.parametrize(
    ("name", "degree", "digits"),
    [("norris", 1, 12), ("pontius", 2, 12), ("filip", 10, 12), ("noint1", 1, 13), ("noint2", 1, 13)],
)
def test_strd_polynomials(name, degree, digits):
    """Certified polynomials, Filip's of degree 10 among them, come out to 12 digits and more."""
    figures, data = read(name)
    fit = fit_polynomial(data["x"], data["y"], degree, intercept=not name.startswith("noint"))
    check_certified(fit, figures, digits)
    assert fit.dof == len(data["x"]) - len(fit.values)


@pytest.mark.parametrize(("name", "degree", "digits"), [("norris", 1, 12), ("pontius", 2, 12), ("filip", 10, 6)])
def test_strd_polynomials_as_given_columns(name, degree, digits):
    """Powers as columns lose what their own rounding has lost, no more; where that is much, a warning says so."""
    figures, data = read(name)
    fit = fit_linear(np.vander(data["x"], degree + 1, increasing=True), data["y"])
    check_certified(fit, figures, digits)
    assert any(finding.startswith("conditioning:") for finding in fit.warnings) == (name == "filip")


def test_strd_longley():
    """Seven nearly dependent columns to 12 digits."""
    figures, data = read("longley")
    columns = np.column_stack([np.ones(16), *(data[f"x{i}"] for i in range(1, 7))])
    check_certified(fit_linear(columns, data["y"]), figures, 12)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_strd_wampler(number):
    """Five fits of degree 5: exact data and residuals ten million times the signal, to 13 digits."""
    figures, data = read("wampler")
    fit = fit_polynomial(data["x"], data[f"y{number}"], 5)
    tenth = 0.1 if number == 2 else 1.0
    assert fit.values == pytest.approx(tenth ** np.arange(6), rel=1e-13)
    u_of_third = [
        2152.32624678170,
        2363.55173469681,
        779.343524331583,
        101.475507550350,
        5.64566512170752,
        0.112324854679312,
    ]
    expected = np.array(u_of_third) * 100.0 ** (number - 3) if number > 2 else np.zeros(6)
    assert fit.u == pytest.approx(expected, rel=1e-13, abs=1e-13)
    assert fit.residual_sd == pytest.approx(figures["certified residual sd"][number - 1], rel=1e-13, abs=1e-13)
    assert fit.r_squared == pytest.approx(figures["certified R2"][number - 1], rel=1e-13)
    assert any(finding.startswith("exact:") for finding in fit.warnings) == (number <= 2)


MODELS = {
    "misra1a": lambda x, b1, b2: b1 * (1 - np.exp(-b2 * x)),
    "boxbod": lambda x, b1, b2: b1 * (1 - np.exp(-b2 * x)),
    "thurber": lambda x, b1, b2, b3, b4, b5, b6, b7: (
        (b1 + b2 * x + b3 * x**2 + b4 * x**3) / (1 + b5 * x + b6 * x**2 + b7 * x**3)
    ),
    "mgh09": lambda x, b1, b2, b3, b4: b1 * (x**2 + x * b2) / (x**2 + x * b3 + b4),
    "mgh10": lambda x, b1, b2, b3: b1 * np.exp(b2 / (x + b3)),
    "bennett5": lambda x, b1, b2, b3: b1 * (b2 + x) ** (-1 / b3),
    "eckerle4": lambda x, b1, b2, b3: b1 / b2 * np.exp(-(((x - b3) / b2) ** 2) / 2),
}


@pytest.mark.parametrize("start", ["start 1", "start 2"])
@pytest.mark.parametrize("name", MODELS)
def test_strd_nonlinear(name, start):
    """Certified curves from the far and from the near start, to 10 digits."""
    figures, data = read(name)
    fit = fit_curve(MODELS[name], data["x"], data["y"], figures[start])
    assert fit.values == pytest.approx(figures["certified B"], rel=1e-10)
    assert fit.u == pytest.approx(figures["certified sd(B)"], rel=1e-10)
    squares = float(figures["certified residual sum of squares"])
    assert fit.residuals @ fit.residuals == pytest.approx(squares, rel=1e-10)


def test_thermometer_of_the_guide():
    """JCGM 100:2008, H.3: parameters about 20 degC, their correlation, and the correction at 30 degC."""
    _, data = read("gum_h3")
    fit = fit_line(data["t_degC"], data["b_degC"], about=20)
    assert [round(float(v), d) for v, d in zip(fit.values, (4, 5), strict=True)] == [-0.1712, 0.00218]
    assert [round(float(u), d) for u, d in zip(fit.u, (4, 5), strict=True)] == [0.0029, 0.00067]
    assert fit.correlation[0, 1] == pytest.approx(-0.930, abs=5e-4)
    assert fit.residual_sd == pytest.approx(0.0035, abs=5e-5)
    assert fit.residuals @ fit.residuals == pytest.approx(0.000110096583109, rel=1e-11)
    assert fit.dof == 9
    correction = fit.predict(30, extrapolate=True)
    assert round(correction.value, 4) == -0.1494
    assert round(correction.u, 4) == 0.0041
    assert correction.dof == 9
    assert correction.warnings == ("extrapolation: 30 lies outside the calibrated 21.521..26.511",)


def pearson():
    """Pearson's data as keyword arguments, with York's weights as standard uncertainties."""
    _, data = read("pearson_york")
    return data["x"], data["y"], data["weight_x"] ** -0.5, data["weight_y"] ** -0.5


@pytest.mark.parametrize("route", ["line", "matrix", "curve"])
def test_pearson_with_york_weights(route):
    """York et al. 2004, table II, by three routes: unified equations, Gauss-Markov regression, odrpack."""
    x, y, u_x, u_y = pearson()
    if route == "line":
        fit = fit_line(x, y, u_x=u_x, u_y=u_y)
    elif route == "matrix":
        fit = fit_line(x, y, covariance=np.diag(np.concatenate([u_x, u_y]) ** 2))
    else:
        fit = fit_curve(lambda x, a, b: a + b * x, x, y, [1, 1], u_x=u_x, u_y=u_y)
    assert fit.values == pytest.approx([5.47991022, -0.480533407], rel=1e-9)
    assert fit.u == pytest.approx([0.294970736, 0.057985009], rel=2e-9)
    assert fit.chi_squared == pytest.approx(11.8663532, rel=1e-9)
    assert fit.dof == 8


ISO_X, ISO_Y = [1, 2, 3, 4, 5, 6], [3.3, 5.6, 7.1, 9.3, 10.7, 12.1]


def check_iso(fit, values, u, covariance, chi_squared, places):
    """The figures of the standard, as it rounds them."""
    assert np.round(fit.values, places).tolist() == values
    assert np.round(fit.u, places).tolist() == u
    assert round(float(fit.covariance[0, 1]), places) == covariance
    assert round(fit.chi_squared, 3) == chi_squared


def test_iso_28037_clause_6():
    """Equal and unequal uncertainties of y, and use of the line in both directions (clause 11)."""
    fit = fit_line(ISO_X, ISO_Y, u_y=0.5)
    check_iso(fit, [1.867, 1.757], [0.465, 0.120], -0.050, 1.665, 3)
    inverse, forward = fit.invert(10.5, 0.5), fit.predict([3.5, 4.5], [0.2, 0.4])
    assert (round(inverse.value, 3), round(inverse.u, 3)) == (4.913, 0.322)
    assert np.round(forward.value, 3).tolist() == [8.017, 9.774]
    assert np.round(forward.u, 3).tolist() == [0.406, 0.742]
    unequal = fit_line(ISO_X, [3.2, 4.3, 7.6, 8.6, 11.7, 12.8], u_y=[0.5, 0.5, 0.5, 1, 1, 1])
    check_iso(unequal, [0.885, 2.057], [0.530, 0.178], -0.082, 4.131, 3)


def test_iso_28037_clause_7():
    """Uncertainties in both variables."""
    fit = fit_line([1.2, 1.9, 2.9, 4.0, 4.7, 5.9], [3.4, 4.4, 7.2, 8.5, 10.8, 13.5], u_x=0.2, u_y=[0.2] * 3 + [0.4] * 3)
    check_iso(fit, [0.5788, 2.1597], [0.4764, 0.1355], -0.0577, 2.743, 4)
    forward = fit.predict([3.5, 4.5], [0.2, 0.4])
    assert np.round(forward.value, 3).tolist() == [8.138, 10.297]
    assert np.round(forward.u, 3).tolist() == [0.484, 0.909]


def test_iso_28037_clause_9():
    """A covariance matrix of y, two groups with an error common to each: the line of the normal equations."""
    x = np.arange(1.0, 11.0)
    y = np.array([1.3, 4.1, 6.9, 7.5, 10.2, 12.0, 14.5, 17.1, 19.5, 21.0])
    covariance = np.eye(10)
    covariance[:5, :5] += 1
    covariance[5:, 5:] += 4
    fit = fit_line(x, y, covariance_y=covariance)
    columns, inverse = np.column_stack([np.ones(10), x]), np.linalg.inv(covariance)
    expected = np.linalg.inv(columns.T @ inverse @ columns)
    assert fit.covariance == pytest.approx(expected, rel=1e-11)
    assert fit.values == pytest.approx(expected @ columns.T @ inverse @ y, rel=1e-11)
    assert [round(float(number), 4) for number in (*fit.values, fit.u[0])] == [-0.6456, 2.2014, 1.2726]
    assert round(fit.chi_squared, 3) == 2.074


def test_iso_28037_clause_10():
    """Full covariance matrices of x and of y."""
    x = [50.4, 99.0, 149.9, 200.4, 248.5, 299.7, 349.1]
    y = [52.3, 97.8, 149.7, 200.1, 250.4, 300.9, 349.2]
    of_x = [
        [0.5, 0, 0.25, 0, 0.25, 0, 0.25],
        [0, 1.25, 1, 0, 0, 1, 1],
        [0.25, 1, 1.5, 0, 0.25, 1, 1.25],
        [0, 0, 0, 1.25, 1, 1, 1],
        [0.25, 0, 0.25, 1, 1.5, 1, 1.25],
        [0, 1, 1, 1, 1, 2.25, 2],
        [0.25, 1, 1.25, 1, 1.25, 2, 2.5],
    ]
    fit = fit_line(x, y, covariance_x=of_x, covariance_y=np.ones((7, 7)) + 4 * np.eye(7))
    check_iso(fit, [0.3424, 1.0012], [2.0569, 0.0090], -0.0129, 1.772, 4)


def test_iso_28037_annex_e():
    """Uncertainties known up to a factor: the scatter sets it, with four degrees of freedom."""
    y = [3.014, 5.225, 7.004, 9.061, 11.201, 12.762]
    fit = fit_line(ISO_X, y, u_y=1).rescaled()
    assert np.round(fit.values, 3).tolist() == [1.172, 1.964]
    assert np.round(fit.u, 3).tolist() == [0.159, 0.041]
    ordinary = fit_line(ISO_X, y)
    assert fit.covariance == pytest.approx(ordinary.covariance, rel=1e-12)
    assert fit.expanded() == pytest.approx(ordinary.expanded(), rel=1e-12)


#: K. A. Brownlee, Statistical Theory and Methodology (1965), p. 454: loss of a plant against air flow, water, acid.
STACK_LOSS = np.array(
    [
        *([42, 80, 27, 89], [37, 80, 27, 88], [37, 75, 25, 90], [28, 62, 24, 87], [18, 62, 22, 87], [18, 62, 23, 87]),
        *([19, 62, 24, 93], [20, 62, 24, 93], [15, 58, 23, 87], [14, 58, 18, 80], [14, 58, 18, 89], [13, 58, 17, 88]),
        *([11, 58, 18, 82], [12, 58, 19, 93], [8, 50, 18, 89], [7, 50, 18, 86], [8, 50, 19, 72], [8, 50, 19, 79]),
        *([9, 50, 20, 80], [15, 56, 20, 82], [15, 70, 20, 91]),
    ],
    dtype=float,
)


@pytest.mark.parametrize(
    ("kind", "values", "scale"),
    [
        # W. N. Venables and B. D. Ripley, MASS (`rlm` of their package, as documented there)
        ("huber", [-41.0265, 0.8294, 0.9261, -0.1278], 2.441),
        ("bisquare", [-42.2853, 0.9275, 0.6507, -0.1123], 2.282),
    ],
)
def test_stack_loss(kind, values, scale):
    """Robust coefficients and scale of the stack loss data; its last point is weighed down and told."""
    columns = np.column_stack([np.ones(21), STACK_LOSS[:, 1:]])
    fit = fit_linear(columns, STACK_LOSS[:, 0], robust=kind, names=["constant", "air", "water", "acid"])
    assert fit.values == pytest.approx(values, abs=2e-4)
    assert fit.robust.scale == pytest.approx(scale, abs=1e-3)
    assert fit.robust.weights[20] < 0.5
    assert any("point 20" in finding for finding in fit.warnings)
