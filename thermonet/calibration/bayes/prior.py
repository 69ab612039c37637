"""Independent uncertain inputs as a standard normal prior, whatever their distributions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.inputs import Input

Floats = NDArray[np.float64]
Quantile = Callable[[Input, Floats], tuple[Floats, Floats]]

#: A positive normal input wider than this part of its value would reach zero within what is sampled: it is read as
#: lognormal, of the same median and the same relative standard uncertainty.
WIDEST_NORMAL = 0.1
#: Step of differences of closed slopes.
_STEP = 1e-4
#: Reach of tables of quantiles and of sums over z, their points, and what no z of a sum exceeds: there the widest
#: normal input is still positive.
_BELIEVED, _GRID, _FARTHEST = 6.0, 601, 9.0
_HALF_LOG_2_PI = 0.5 * math.log(2 * math.pi)


def normal_density(z: Floats) -> Floats:
    """Density of the standard normal distribution."""
    return np.exp(-0.5 * z**2 - _HALF_LOG_2_PI)


def _line(value: Input, z: Floats) -> tuple[Floats, Floats]:
    return value.value + value.u * z, np.full_like(z, value.u)


def _exponential(value: Input, z: Floats) -> tuple[Floats, Floats]:
    found = value.value * np.exp(value.u / value.value * z)
    return found, found * (value.u / value.value)


def _wide(value: Input, z: Floats) -> tuple[Floats, Floats]:
    spread = math.sqrt(math.log1p((value.u / value.value) ** 2))
    found = value.value * np.exp(spread * z)
    return found, found * spread


def _uniform(value: Input, z: Floats) -> tuple[Floats, Floats]:
    width = value.high - value.low
    # From the nearer end, so that no digits are lost where the share of one end is close to 1.
    found = np.where(z < 0, value.low + width * ndtr(z), value.high - width * ndtr(-z))
    return found, width * normal_density(z)


def _triangular(value: Input, z: Floats) -> tuple[Floats, Floats]:
    low, mode, high = value.low, value.value, value.high
    rise, fall = (high - low) * (mode - low), (high - low) * (high - mode)
    rising = ndtr(z) < (mode - low) / (high - low)
    share = np.where(rising, ndtr(z), ndtr(-z))
    area = np.where(rising, rise, fall)
    distance = np.sqrt(share * area)
    found = np.where(rising, low + distance, high - distance)
    return found, 0.5 * area * normal_density(z) / distance


def _tabulated(value: Input) -> Quantile:
    """Any other distribution, by its quantiles on a grid; straight beyond."""
    from scipy.interpolate import CubicSpline

    grid = np.linspace(-_BELIEVED, _BELIEVED, _GRID)
    curve = CubicSpline(grid, value.at(ndtr(grid)))
    low = -math.inf if math.isnan(value.low) else value.low
    high = math.inf if math.isnan(value.high) else value.high

    def quantile(_: Input, z: Floats) -> tuple[Floats, Floats]:
        inside = np.clip(z, -_BELIEVED, _BELIEVED)
        slopes = curve(inside, 1)
        return np.clip(curve(inside) + slopes * (z - inside), low, high), slopes

    return quantile


_SHAPES: Mapping[str, Quantile] = {
    "normal": _line,
    "lognormal": _exponential,
    "uniform": _uniform,
    "triangular": _triangular,
}


def _quantile_of(value: Input) -> Quantile:
    """Value and slope of an input at standard normal coordinates."""
    if value.distribution not in _SHAPES or (value.distribution == "normal" and math.isfinite(value.dof)):
        return _tabulated(value)
    if value.distribution == "normal" and value.value > 0 and value.u > WIDEST_NORMAL * value.value:
        return _wide
    return _SHAPES[value.distribution]


@dataclass(frozen=True)
class Prior:
    """Independent inputs by name, in coordinates in which they are standard normal.

    Three descriptions of one point, each an array (..., n) over the inputs:

    - ``z``: standard normal a priori. A value is the input's quantile at the share Phi(z), so that bounds stay bounds.
    - ``x``: what a model is smooth in: ln(value) of an input that is positive and stays away from zero, else the value.
    - value: in the input's own unit.

    Parameters
    ----------
    inputs
        Uncertain inputs; exact ones have no place here.

    Raises
    ------
    PhysicsError
        There is none, or one of them is exact.
    """

    inputs: Mapping[str, Input]

    def __post_init__(self) -> None:
        if not self.inputs:
            raise PhysicsError("nothing is uncertain, expected at least one input that a measurement can update")
        for name, value in self.inputs.items():
            if value.is_exact:
                raise PhysicsError(f"{name} is exact, expected an uncertainty: what is known cannot be learned")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the inputs, in the order of the coordinates."""
        return tuple(self.inputs)

    @property
    def size(self) -> int:
        """Number of inputs."""
        return len(self.inputs)

    @cached_property
    def logarithmic(self) -> NDArray[np.bool_]:
        """Which coordinates x are logarithms, (n,)."""
        lowest = self.values(np.full(self.size, -_BELIEVED))
        ends = np.array([value.low if math.isfinite(value.low) else math.inf for value in self.inputs.values()])
        return np.minimum(lowest, ends) > 0

    @cached_property
    def _quantiles(self) -> list[Quantile]:
        return [_quantile_of(value) for value in self.inputs.values()]

    def values(self, z: Floats) -> Floats:
        """Values at standard normal coordinates, in the inputs' units."""
        return self._mapped(z)[0]

    def value_slopes(self, z: Floats) -> Floats:
        """Derivative of every value by its z."""
        return self._mapped(z)[1]

    def coordinates(self, z: Floats) -> Floats:
        """Smooth coordinates x at standard normal ones."""
        return self.coordinates_and_slopes(z)[0]

    def coordinates_and_slopes(self, z: Floats) -> tuple[Floats, Floats]:
        """Smooth coordinates x, and their derivatives by z; not a number where z is so low that a value is negative."""
        values, slopes = self._mapped(z)
        logarithmic = self.logarithmic
        positive = np.where(logarithmic, values, 1.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(logarithmic, np.log(positive), values), slopes / positive

    def bends(self, z: Floats) -> Floats:
        """Second derivatives of x by z."""
        after, before = (self.coordinates_and_slopes(z + step)[1] for step in (_STEP, -_STEP))
        return (after - before) / (2 * _STEP)

    def stated(self, x: Floats) -> dict[str, float]:
        """Values by name at one point x, (n,)."""
        values = np.where(self.logarithmic, np.exp(np.where(self.logarithmic, x, 0.0)), x)
        return {name: float(value) for name, value in zip(self.inputs, values, strict=True)}

    @cached_property
    def widths(self) -> Floats:
        """Standard deviation of every x a priori, (n,)."""
        return self.marginal_moments(np.zeros(self.size), np.ones(self.size), in_x=True)[1]

    def marginal_moments(self, centre: Floats, width: Floats, *, in_x: bool = False) -> tuple[Floats, Floats]:
        """Mean and standard deviation of every value (or x) where z is normal with these centres and widths, (n,)."""
        nodes = np.linspace(-_BELIEVED, _BELIEVED, _GRID)[:, np.newaxis]
        share = normal_density(nodes) / normal_density(nodes).sum()
        z = np.clip(centre + width * nodes, -_FARTHEST, _FARTHEST)
        found = self.coordinates(z) if in_x else self.values(z)
        mean = (share * found).sum(axis=0)
        return mean, np.sqrt((share * (found - mean) ** 2).sum(axis=0))

    def _mapped(self, z: Floats) -> tuple[Floats, Floats]:
        values, slopes = np.empty_like(z), np.empty_like(z)
        for column, (value, quantile) in enumerate(zip(self.inputs.values(), self._quantiles, strict=True)):
            values[..., column], slopes[..., column] = quantile(value, z[..., column])
        return values, slopes
