"""Polynomials in a centred and scaled variable, and their exact change to powers of the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from thermonet.calibration.regression.extended import Extended

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Basis:
    """Chebyshev polynomials T_k of ``(x - centre) / half_width``.

    They stay well apart where powers of x all look alike. Without an intercept each is multiplied by
    ``(x - about) / half_width``, so that all vanish at `about`.

    Attributes
    ----------
    size
        Number of polynomials.
    centre, half_width
        Of the range of x.
    about
        Origin of the powers that the coefficients are reported in.
    intercept
        Whether a constant belongs to it.
    """

    size: int
    centre: float
    half_width: float
    about: float = 0.0
    intercept: bool = True

    @classmethod
    def over(cls, x: Array, size: int, *, about: float = 0.0, intercept: bool = True) -> Basis:
        """Over the range of the data."""
        low, high = float(x.min()), float(x.max())
        centre = low / 2 + high / 2
        return cls(size, centre, max(high - centre, centre - low) or 1.0, about, intercept)

    def columns(self, x: Array) -> Extended:
        """Its polynomials at x (n,), as (n, size), to twice the double precision."""
        t = (Extended.of(x) - Extended.of(np.full_like(x, self.centre))).over(self.half_width)
        ones = Extended.of(np.ones_like(x))
        first = ones if self.intercept else self._lever(x)
        polynomials = [first, t * first]
        while len(polynomials) < self.size:
            polynomials.append((t + t) * polynomials[-1] - polynomials[-2])
        kept = polynomials[: self.size]
        return Extended(np.column_stack([p.high for p in kept]), np.column_stack([p.low for p in kept]))

    def _lever(self, x: Array) -> Extended:
        return (Extended.of(x) - Extended.of(np.full_like(x, self.about))).over(self.half_width)

    def rows(self, x: Array) -> Array:
        """Its polynomials at x (n,), as (n, size)."""
        polynomials = chebyshev.chebvander((x - self.centre) / self.half_width, self.size - 1)
        if not self.intercept:
            polynomials = polynomials * self._share(x)[:, None]
        return np.asarray(polynomials, dtype=np.float64)

    def slopes(self, x: Array) -> Array:
        """Their derivatives by x, as (n, size)."""
        t = (x - self.centre) / self.half_width
        slopes = chebyshev.chebval(t, chebyshev.chebder(np.eye(self.size), axis=0)).T.reshape(len(x), self.size)
        if not self.intercept:
            slopes = slopes * self._share(x)[:, None] + chebyshev.chebvander(t, self.size - 1)
        return np.asarray(slopes / self.half_width, dtype=np.float64)

    def _share(self, x: Array) -> Array:
        return (x - self.about) / self.half_width

    def power_coefficients(self, coefficients: Extended) -> Array:
        """Coefficients of the powers of ``x - about``, correctly rounded."""
        exact = [
            Fraction(float(high)) + Fraction(float(low))
            for high, low in zip(coefficients.high, coefficients.low, strict=True)
        ]
        return np.array(
            [_nearest(sum(t * c for t, c in zip(row, exact, strict=True))) for row in self._transformation()]
        )

    def power_factor(self, factor: Array) -> Array:
        """The matrix (size, m) whose product with its transpose is the covariance of those coefficients."""
        columns = [[Fraction(float(entry)) for entry in column] for column in factor.T]
        rows = [
            [_nearest(sum(t * f for t, f in zip(row, column, strict=True))) for column in columns]
            for row in self._transformation()
        ]
        return np.array(rows)

    def _transformation(self) -> list[list[Fraction]]:
        """Row k: what each polynomial holds of ``(x - about)^k``; without an intercept the rows start at k = 1."""
        scale = 1 / Fraction(self.half_width)
        shift = (Fraction(self.about) - Fraction(self.centre)) * scale  # t = scale (x - about) + shift
        first = [Fraction(1)] if self.intercept else [Fraction(0), scale]
        polynomials = [first, _times_linear(first, shift, scale)]
        while len(polynomials) < self.size:
            doubled = _times_linear(polynomials[-1], 2 * shift, 2 * scale)
            before = polynomials[-2] + [Fraction(0)] * (len(doubled) - len(polynomials[-2]))
            polynomials.append([a - b for a, b in zip(doubled, before, strict=True)])
        lowest = 0 if self.intercept else 1
        powers = range(lowest, self.size + lowest)
        return [[p[power] if power < len(p) else Fraction(0) for p in polynomials[: self.size]] for power in powers]


def _times_linear(polynomial: list[Fraction], constant: Fraction, linear: Fraction) -> list[Fraction]:
    """Product with ``constant + linear z``, lowest power first."""
    low = [constant * c for c in polynomial] + [Fraction(0)]
    high = [Fraction(0)] + [linear * c for c in polynomial]
    return [a + b for a, b in zip(low, high, strict=True)]


def _nearest(exact: Fraction | int) -> float:
    """The nearest double, infinite beyond the largest (refused by the fit)."""
    try:
        return float(exact)
    except OverflowError:
        return float("inf")
