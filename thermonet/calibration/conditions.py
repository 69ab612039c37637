"""What an adjustment is made of: parameters, and records with the conditions that tie their readings to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.inputs import Input

Vector = NDArray[np.float64]
#: Readings of a record by channel; text channels (labels of contacts) have no noise and no derivative.
Readings = Mapping[str, NDArray[Any]]
#: Values of parameters by name: numbers, or arrays that broadcast against readings.
Values = Mapping[str, Any]

#: So small that its square is nothing: the derivative is exact to rounding, and no difference is taken.
_STEP = 1e-30
#: Newton steps to true readings; protocols are nearly linear in the channels that answer.
_ITERATIONS = 8


def slope(function: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401
    """Derivative of an analytic function by its first argument at zero, by a complex step."""
    return np.imag(function(1j * _STEP, *arguments)) / _STEP


class CalibrationError(PhysicsError):
    """Records and inputs that do not determine what they are to determine; `path` says where in the campaign."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A number that the adjustment estimates.

    Attributes
    ----------
    name
        The path that owns it.
    start
        Where the search starts [unit].
    unit
        Coherent SI unit.
    prior
        The stated input, an observation of the parameter; None where only records can tell.
    """

    name: str
    start: float
    unit: str
    prior: Input | None = None


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """One record and the protocol that ties its readings to parameters.

    Attributes
    ----------
    name
        Of the experiment.
    observed
        Readings (n,) by channel.
    u
        Standard uncertainty (n,) of the readings' noise by channel; empty where the scatter is to give it.
    parameters
        Names of those that the protocol uses.
    misclosure
        ``g(readings, values)`` (n,): zero where readings and values are the true ones. Analytic, so that complex
        arguments differentiate it.
    dependent
        Channels that answer, moved together in a simulation.
    rows
        Line numbers in the data file, to name readings by.
    robust
        Whether readings far from the rest lose weight (Huber).
    response
        The channel that figures show, and the one it is shown against.
    """

    name: str
    observed: Readings
    u: Mapping[str, Vector]
    parameters: tuple[str, ...]
    misclosure: Callable[[Readings, Values], NDArray[Any]]
    dependent: tuple[str, ...]
    rows: NDArray[np.int64]
    robust: bool = False
    response: tuple[str, str] = ("", "")

    @property
    def path(self) -> str:
        """Where the experiment stands in its campaign."""
        return f"experiments.{self.name}"

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.rows)

    def by_parameters(self, readings: Readings, values: Values) -> Vector:
        """``A = dg/dtheta`` (n, p), the columns in the order of `parameters`."""
        columns = np.empty((self.size, len(self.parameters)))
        for j, name in enumerate(self.parameters):
            columns[:, j] = slope(self._along_parameter, readings, values, name)
        return columns

    def by_channels(self, readings: Readings, values: Values, *channels: str) -> Vector:
        """``B = dg/dz`` (n,) of a channel, or of several that move together."""
        return slope(self._along_channels, readings, values, channels)

    def answered(self, values: Values) -> Readings:
        """Readings at which nothing is missed: the dependent channels moved together until the misclosures vanish."""
        readings: dict[str, NDArray[Any]] = dict(self.observed)
        for _ in range(_ITERATIONS):
            miss = self.misclosure(readings, values)
            moved = miss / self.by_channels(readings, values, *self.dependent)
            readings |= {channel: readings[channel] - moved for channel in self.dependent}
        return readings

    def _along_parameter(self, step: complex, readings: Readings, values: Values, name: str) -> NDArray[Any]:
        return self.misclosure(readings, {**values, name: values[name] + step})

    def _along_channels(
        self, step: complex, readings: Readings, values: Values, channels: tuple[str, ...]
    ) -> NDArray[Any]:
        return self.misclosure({**readings, **{channel: readings[channel] + step for channel in channels}}, values)
