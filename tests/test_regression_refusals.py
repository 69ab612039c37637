"""Data that no meaningful fit can come from: each is refused in words that say what would be right."""

import numpy as np
import pytest

from thermonet.calibration.regression import RegressionError, fit_curve, fit_line, fit_linear, fit_polynomial
from thermonet.quantities.errors import NotConvergedError, PhysicsError

X = np.arange(6.0)
Y = 1 + 2 * X + np.array([0.1, -0.1, 0.05, 0.0, -0.05, 0.02])
ASYMMETRIC = np.eye(6)
ASYMMETRIC[0, 1] = 0.5
INDEFINITE = np.eye(6)
INDEFINITE[2, 3] = INDEFINITE[3, 2] = 2.0


def replaced(values, index, value):
    changed = np.array(values, dtype=float)
    changed[index] = value
    return changed


LINES = {
    "x is constant": lambda: fit_line(np.ones(6), Y),
    "1 points cannot determine 2 parameters": lambda: fit_line([1], [1], u_y=0.1),
    "passes through 2 points exactly, so there is no scatter": lambda: fit_line([0, 1], [1, 3]),
    "there are no points": lambda: fit_line([], []),
    "x has 5, y has 6": lambda: fit_line(X[:5], Y),
    "u_y has 2 values for 6 points": lambda: fit_line(X, Y, u_y=[1, 2]),
    "y is nan at index 2": lambda: fit_line(X, replaced(Y, 2, np.nan)),
    "x is inf at index 5": lambda: fit_line(replaced(X, 5, np.inf), Y),
    "u_y is nan": lambda: fit_line(X, Y, u_y=np.nan),
    "y has masked values": lambda: fit_line(X, np.ma.masked_greater(Y, 8)),
    "y must hold real numbers": lambda: fit_line(X, list("abcdef")),
    "x must be one-dimensional": lambda: fit_line(X[:, None], Y),
    "u_y is 0 at index 2, expected a positive": lambda: fit_line(X, Y, u_y=replaced(np.ones(6), 2, 0)),
    "u_y is -0.1 at index 0": lambda: fit_line(X, Y, u_y=-0.1),
    "u_x is 0 at index 0": lambda: fit_line(X, Y, u_x=0, u_y=0.1),
    "u_y is 1e-300 at index 0: its weight": lambda: fit_line(X, Y, u_y=1e-300),
    "u_y is 1e-300 at index 3: its weight": lambda: fit_line(X, Y, u_y=replaced(np.ones(6), 3, 1e-300)),
    "u_y runs from 1e-09": lambda: fit_line(X, Y, u_y=replaced(np.ones(6), 0, 1e-9)),
    "below the rounding of the value": lambda: fit_line(X, Y, u_y=1e-20),
    "u_y exceeds 1e": lambda: fit_line(X, Y, u_y=1e300),
    "y exceeds 1e": lambda: fit_line(X, 1e200 * Y),
    "r_xy is 1 at index 0": lambda: fit_line(X, Y, u_x=0.1, u_y=0.1, r_xy=1.0),
    "r_xy is -2 at index 5": lambda: fit_line(X, Y, u_x=0.1, u_y=0.1, r_xy=replaced(np.zeros(6), 5, -2)),
    "r_xy has 2 values": lambda: fit_line(X, Y, u_x=0.1, u_y=0.1, r_xy=[0, 0]),
    "so u_x and u_y are expected with it": lambda: fit_line(X, Y, u_y=0.1, r_xy=0.2),
    "nothing is said of y": lambda: fit_line(X, Y, u_x=0.1),
    "u_y and covariance_y state the same uncertainty twice": lambda: fit_line(X, Y, u_y=1, covariance_y=np.eye(6)),
    "covariance and u_y state": lambda: fit_line(X, Y, u_y=1, covariance=np.eye(12)),
    "covariance_y is not symmetric: .0, 1. is 0.5 but .1, 0. is 0": lambda: fit_line(X, Y, covariance_y=ASYMMETRIC),
    "covariance_y is not positive definite: its smallest eigenvalue is -1": lambda: fit_line(
        X, Y, covariance_y=INDEFINITE
    ),
    "covariance_y is not positive definite: its smallest": lambda: fit_line(X, Y, covariance_y=np.ones((6, 6))),
    "covariance_x is not positive definite": lambda: fit_line(X, Y, covariance_x=INDEFINITE, u_y=0.1),
    "covariance_y has the variance -1": lambda: fit_line(X, Y, covariance_y=-np.eye(6)),
    "covariance_y has shape .5, 5., expected .6, 6.": lambda: fit_line(X, Y, covariance_y=np.eye(5)),
    "covariance has shape .6, 6., expected .12, 12.": lambda: fit_line(X, Y, covariance=np.eye(6)),
    "covariance is not positive definite": lambda: fit_line(X, Y, covariance=np.kron([[1, 2], [2, 1]], np.eye(6))),
    "the block of y in covariance": lambda: fit_line(X, Y, covariance=np.ones((12, 12))),
    "robust is 'lad', expected one of huber, bisquare": lambda: fit_line(X, Y, robust="lad"),
    "expected u_y instead": lambda: fit_line(X, Y, covariance_y=np.eye(6), robust="huber"),
    "expected u_x and u_y": lambda: fit_line(X, Y, covariance_x=np.eye(6), u_y=0.1, robust="huber"),
    "lie on the curve exactly, so the residuals have no median": lambda: fit_line(X, 2 * X, robust="huber"),
    "x varies no more than its stated uncertainties": lambda: fit_line(1e-3 * X, Y, u_x=1.0, u_y=0.1),
    "about is nan": lambda: fit_line(X, Y, about=np.nan),
    "so there is nothing to rescale": lambda: fit_line(X, Y).rescaled(),
}
LINEAR = {
    "6 points cannot determine 7 parameters": lambda: fit_polynomial(X, Y, 6),
    "measure at least 7 points": lambda: fit_polynomial(X, Y, 5),
    "the degree must be a whole number from 0, got 1.5": lambda: fit_polynomial(X, Y, 1.5),
    "the degree must be a whole number from 1, got 0": lambda: fit_polynomial(X, Y, 0, intercept=False),
    "x takes 2 different values, which cannot determine 3": lambda: fit_polynomial([0, 0, 0, 1, 1, 1], Y, 2),
    "high powers of x vanish": lambda: fit_polynomial(1e60 * X, Y, 4),
    "'double' does what a combination of 'x' does|'x' does what a combination of 'double' does": lambda: fit_linear(
        np.column_stack([np.ones(6), X, 2 * X]), Y, names=["one", "x", "double"]
    ),
    "the column 'c1' does nothing here": lambda: fit_linear(np.column_stack([X, 0 * X]), Y),
    "2 different names are expected": lambda: fit_linear(np.column_stack([X, X**2]), Y, names=["a", "a"]),
    "columns must be two-dimensional": lambda: fit_linear(X, Y),
    "the columns are empty": lambda: fit_linear(np.zeros((6, 0)), Y),
    "u and covariance state": lambda: fit_linear(np.column_stack([X, X**2]), Y, u=1, covariance=np.eye(6)),
    "a row has 1 columns, expected 2": lambda: fit_linear(np.column_stack([X, X**2]), Y).predict([1.0]),
    "u_x must be zero or positive": lambda: fit_line(X, Y).predict(1.0, -0.1),
    "x is nan, expected a finite number": lambda: fit_line(X, Y).predict(np.nan),
}


def decay(x, a, b):
    return a * np.exp(-b * x)


D = decay(X, 2.0, 0.5) + 0.01 * np.sin(9 * X)
CURVES = {
    "start is empty": lambda: fit_curve(lambda x: 0 * x, X, D, []),
    "the function takes the parameters a, b, but start has 3": lambda: fit_curve(decay, X, D, [1, 1, 1]),
    "start is nan at index 1": lambda: fit_curve(decay, X, D, [1, np.nan]),
    "the function is inf at x = 1 at the start": lambda: fit_curve(decay, X, D, [1, -1000]),
    "the function must be callable": lambda: fit_curve(3, X, D, [1]),
    "returned the shape .3,. for x of shape .6,.": lambda: fit_curve(lambda x, a: a * x[:3], X, D, [1]),
    "the function must return real numbers": lambda: fit_curve(lambda x, a: a * 1j * x, X, D, [1]),
    "the parameter 'b' does what a combination of 'a' does": lambda: fit_curve(
        lambda x, a, b, c: a * b * np.exp(-c * x), X, D, [1, 1, 1]
    ),
    "the parameter 'c' does nothing here": lambda: fit_curve(
        lambda x, a, b, c: decay(x, a, b) + 0 * c, X, D, [1, 1, 1], u_y=1
    ),
    "derivative by parameter 1 that was given is not that": lambda: fit_curve(
        decay, X, D, [1, 1], jacobian=lambda x, a, b: np.column_stack([np.exp(-b * x), a * x * np.exp(-b * x)])
    ),
    "derivative by x that was given is not that": lambda: fit_curve(decay, X, D, [1, 1], u_x=0.1, u_y=0.1, slope=decay),
    "the jacobian returned the shape .2, 6., expected .6, 2.": lambda: fit_curve(
        decay, X, D, [1, 1], jacobian=lambda x, a, b: np.vstack([np.exp(-b * x), -a * x * np.exp(-b * x)])
    ),
    "so the two cannot be weighed: state u_y": lambda: fit_curve(decay, X, D, [1, 1], u_x=0.1),
    "correlated points with uncertain x": lambda: fit_curve(decay, X, D, [1, 1], u_x=0.1, covariance_y=np.eye(6)),
    "passes through 2 points exactly": lambda: fit_curve(decay, X[:2], D[:2], [1, 1]),
    "2 different names": lambda: fit_curve(decay, X, D, [1, 1], names=["a"]),
}


@pytest.mark.parametrize(("message", "attempt"), [*LINES.items(), *LINEAR.items(), *CURVES.items()])
def test_refusal(message, attempt):
    """Each refusal is a PhysicsError that names what is wrong."""
    with pytest.raises(RegressionError, match=message) as refusal:
        attempt()
    assert isinstance(refusal.value, PhysicsError)


def test_a_start_too_far_says_where_it_ended():
    """A fit without a minimum is no result; the last parameters are in the text."""
    with pytest.raises(NotConvergedError, match="try another start"):
        fit_curve(decay, X, D, [1, 50.0])


@pytest.mark.parametrize("stated", [{"u_y": 0.1}, {"u_x": 0.1, "u_y": 0.1}])
def test_two_points_with_uncertainties_are_a_line(stated):
    """Stated uncertainties suffice for two points: the line is theirs, with u and without degrees of freedom."""
    fit = fit_line([0, 1], [1, 3], **stated)
    assert fit.values == pytest.approx([1, 2], rel=1e-12)
    assert fit.u[0] == pytest.approx(0.1 if len(stated) == 1 else np.hypot(0.1, 0.2), rel=1e-9)
    assert (fit.dof, fit.residual_sd, fit.diagnostics.chi_squared_probability) == (0, None, None)
    assert fit.warnings == ()
    with pytest.raises(RegressionError, match="without degrees of freedom"):
        fit.rescaled()


def test_constant_y_has_a_line_and_no_r_squared():
    """A horizontal row of points is fitted; R2, a share of nothing, is None."""
    fit = fit_line(X, np.full(6, 0.1), u_y=0.01)
    assert fit.values == pytest.approx([0.1, 0.0], abs=1e-15)
    assert fit.r_squared is None
