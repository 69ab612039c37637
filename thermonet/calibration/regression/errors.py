"""What a regression refuses, as errors of their own."""

from __future__ import annotations

from thermonet.quantities.errors import PhysicsError


class RegressionError(PhysicsError):
    """Data, uncertainties or a model from which no meaningful fit can come."""


class OutOfRangeError(RegressionError):
    """A value outside the calibrated range, asked for without `extrapolate=True`."""
