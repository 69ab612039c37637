"""Numbers of twice the double precision, as unevaluated sums of two doubles, for the residuals of a linear fit.

The sums and products are error free transformations: T. J. Dekker, Numer. Math. 18, 224 (1971),
DOI 10.1007/BF01397083; D. E. Knuth, The Art of Computer Programming 2, 4.2.2 (1969).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Splits 53 bits in halves of 26, whose products are exact (Veltkamp).
_SPLITTER = 2.0**27 + 1


@dataclass(frozen=True, eq=False)
class Extended:
    """An array of about 32 digits.

    Attributes
    ----------
    high, low
        The nearest doubles and what they leave; of one shape.
    """

    high: Array
    low: Array

    @classmethod
    def of(cls, values: Array) -> Extended:
        """Return doubles as they are."""
        return cls(values, np.zeros_like(values))

    def __add__(self, other: Extended) -> Extended:
        total, rest = _two_sum(self.high, other.high)
        return _normalised(total, rest + self.low + other.low)

    def __neg__(self) -> Extended:
        return Extended(-self.high, -self.low)

    def __sub__(self, other: Extended) -> Extended:
        return self + -other

    def __mul__(self, other: Extended) -> Extended:
        product, rest = _two_product(self.high, other.high)
        return _normalised(product, rest + (self.high * other.low + self.low * other.high))

    def __getitem__(self, index: int | slice) -> Extended:
        return Extended(np.asarray(self.high[index]), np.asarray(self.low[index]))

    def over(self, divisor: float) -> Extended:
        """Quotient by a double."""
        first = self.high / divisor
        rest = self - Extended.of(first) * Extended.of(np.full_like(first, divisor))
        return _normalised(first, rest.high / divisor)

    def sum(self) -> Extended:
        """Sum over the first axis, by halves."""
        terms = self
        while len(terms.high) > 1:
            half = len(terms.high) // 2
            paired = terms[:half] + terms[half : 2 * half]
            odd = terms[2 * half :]
            terms = Extended(np.concatenate([paired.high, odd.high]), np.concatenate([paired.low, odd.low]))
        return terms[0]


def times(matrix: Extended, vector: Extended) -> Extended:
    """Product of a matrix (n, p) and a vector (p,)."""
    products = matrix * Extended(vector.high[None, :], vector.low[None, :])
    return Extended(products.high.T, products.low.T).sum()


def transposed_times(matrix: Extended, vector: Extended) -> Extended:
    """Product of the transpose of a matrix (n, p) and a vector (n,)."""
    return (matrix * Extended(vector.high[:, None], vector.low[:, None])).sum()


def _two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _normalised(high: Array, low: Array) -> Extended:
    total = high + low
    return Extended(total, low - (total - high))


def _two_product(a: Array, b: Array) -> tuple[Array, Array]:
    product = a * b
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(b)
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _halves(a: Array) -> tuple[Array, Array]:
    large = _SPLITTER * a
    high = large - (large - a)
    return high, a - high
