"""Fitting curves to data with uncertainties: least squares, errors in both variables, diagnostics."""

from thermonet.calibration.regression.curve import fit_curve
from thermonet.calibration.regression.diagnostics import Diagnostics, LackOfFit, Outlier, RunsTest, TermTest
from thermonet.calibration.regression.errors import OutOfRangeError, RegressionError
from thermonet.calibration.regression.estimate import Estimate
from thermonet.calibration.regression.fit import CurveFit, Fit, LinearFit
from thermonet.calibration.regression.line import fit_line
from thermonet.calibration.regression.linear import fit_linear, fit_polynomial
from thermonet.calibration.regression.robust import Robust

__all__ = [
    "CurveFit",
    "Diagnostics",
    "Estimate",
    "Fit",
    "LackOfFit",
    "LinearFit",
    "OutOfRangeError",
    "Outlier",
    "RegressionError",
    "Robust",
    "RunsTest",
    "TermTest",
    "fit_curve",
    "fit_line",
    "fit_linear",
    "fit_polynomial",
]
