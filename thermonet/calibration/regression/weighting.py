"""What is stated of the uncertainties of y, checked and brought into one form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonet.calibration.regression import checks
from thermonet.calibration.regression.errors import RegressionError
from thermonet.calibration.regression.robust import KINDS, Kind
from thermonet.calibration.regression.whitening import Whitening

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Weighting:
    """How points are weighed against each other.

    Attributes
    ----------
    kind
        ``"ordinary"`` where nothing is stated, ``"weighted"`` by u, ``"generalised"`` by a covariance matrix.
    whitening
        The change of units that makes all points equal; none where nothing is stated.
    """

    kind: Literal["ordinary", "weighted", "generalised"]
    whitening: Whitening

    @property
    def stated(self) -> bool:
        """Whether uncertainties are known."""
        return self.kind != "ordinary"


def weighting_of(
    y: Array,
    *,
    u: ArrayLike | None,
    covariance: ArrayLike | None,
    robust: Kind | None,
    suffix: str = "",
) -> Weighting:
    """Check u or the covariance of y; `suffix` is what the caller's names of these arguments end in."""
    checks.one_of("robust", robust, KINDS)
    checks.not_both(f"u{suffix}", u, f"covariance{suffix}", covariance)
    if covariance is not None:
        if robust is not None:
            raise RegressionError(
                "robust weights belong to single points, which a covariance matrix ties together: "
                f"expected u{suffix} instead"
            )
        matrix = checks.covariance_matrix(f"covariance{suffix}", covariance, len(y))
        return Weighting("generalised", Whitening.of_covariance(matrix))
    if u is None:
        return Weighting("ordinary", Whitening(np.ones_like(y)))
    return Weighting("weighted", Whitening(checks.uncertainties(f"u{suffix}", u, y)))
