"""The one door to odrpack: orthogonal distance regression of a curve with errors in both variables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.regression.derivatives import Curve
from thermonet.calibration.regression.errors import RegressionError

Array = NDArray[np.float64]

_MOST_ITERATIONS = 2000
#: The default stopping tolerances leave the sixth digit open.
_SQUARES_TOLERANCE, _PARAMETER_TOLERANCE = 1e-15, 1e-14


@dataclass(frozen=True, eq=False)
class Adjusted:
    """Parameters (p,), abscissae (n,) of the points of the curve closest to the data, and why it stopped."""

    parameters: Array
    x: Array
    reason: str


def adjust(curve: Curve, x: Array, y: Array, start: Array, u_x: Array, u_y: Array) -> Adjusted:
    """Minimise the sum of ``((x - xi) / u_x)^2 + ((y - f(xi)) / u_y)^2`` over parameters and all xi.

    With these weights odrpack's `cov_beta` is the covariance of the stated uncertainties, at the adjusted points: it
    reproduces York's standard errors. (Its `sd_beta` is multiplied by the scatter of the residuals.) The caller works
    out the same matrix from the same derivatives.

    Raises
    ------
    RegressionError
        odrpack is not installed.

    References
    ----------
    P. T. Boggs and J. E. Rogers, Contemp. Math. 112, 183 (1990); J. W. Zwolak, P. T. Boggs and L. T. Watson, ACM Trans.
    Math. Softw. 33, 27 (2007), DOI 10.1145/1268776.1268782.
    """
    try:
        from odrpack import odr_fit
    except ImportError:
        raise RegressionError(
            "errors in x need odrpack, which has no wheel for this machine or is not installed; a straight line does "
            "without it (fit_line), as does a curve whose x is taken as exact"
        ) from None
    found = odr_fit(
        curve.value,
        x,
        y,
        start,
        weight_x=u_x**-2,
        weight_y=u_y**-2,
        jac_beta=lambda at, parameters: np.ascontiguousarray(curve.by_parameters(at, parameters).T),
        jac_x=curve.by_x,
        maxit=_MOST_ITERATIONS,
        sstol=_SQUARES_TOLERANCE,
        partol=_PARAMETER_TOLERANCE,
    )
    return Adjusted(np.array(found.beta), np.array(found.xplusd), str(found.stopreason))
