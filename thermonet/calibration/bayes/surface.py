"""A response surface: what a costly model is near one point, from its derivatives there and close by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.bayes.prior import Prior

Floats = NDArray[np.float64]
Linearised = Callable[[Sequence[Floats]], Sequence[tuple[Floats, Floats]]]


@dataclass(frozen=True)
class Surface:
    r"""Third-order polynomials of d = x - centre, one per answer.

    .. math:: f(x) = f_0 + g \cdot d + \tfrac12 d^T H d + \tfrac12 (d \circ d)^T T d

    `T` holds the third derivatives in which one coordinate occurs at least twice; those of three different ones are
    left out.

    Attributes
    ----------
    centre
        (n,).
    value, gradient
        (m,) and (m, n).
    curvature
        H, (m, n, n), symmetric.
    third
        T, (m, n, n): row j, column k the derivative by j twice and k once; on the diagonal a third of it.
    """

    centre: Floats
    value: Floats
    gradient: Floats
    curvature: Floats
    third: Floats

    def rows(self, which: Sequence[int]) -> Surface:
        """Return the surface of some of the answers alone."""
        chosen = list(which)
        return replace(
            self,
            value=self.value[chosen],
            gradient=self.gradient[chosen],
            curvature=self.curvature[chosen],
            third=self.third[chosen],
        )

    def predicted(self, x: Floats) -> Floats:
        """Answers (..., m) at x (..., n)."""
        d = x - self.centre
        found = self.value + d @ self.gradient.T
        for k, (curvature, third) in enumerate(zip(self.curvature, self.third, strict=True)):
            found[..., k] += 0.5 * ((d @ curvature + d**2 @ third) * d).sum(axis=-1)
        return found

    def linearised(self, x: Floats) -> tuple[Floats, Floats]:
        """Answers (..., m) and their derivatives (..., m, n) at x (..., n)."""
        d = x - self.centre
        squared = d**2
        found = self.value + d @ self.gradient.T
        slopes = np.empty((*found.shape, d.shape[-1]))
        for k, (curvature, third) in enumerate(zip(self.curvature, self.third, strict=True)):
            bent, twisted = d @ curvature, squared @ third
            found[..., k] += 0.5 * ((bent + twisted) * d).sum(axis=-1)
            slopes[..., k, :] = self.gradient[k] + bent + 0.5 * twisted + d * (d @ third.T)
        return found, slopes


def surface_around(
    prior: Prior,
    z: Floats,
    axes: Sequence[int],
    linearised: Linearised,
    at_centre: tuple[Floats, Floats],
    *,
    weak: Collection[int] = (),
) -> Surface:
    """Expand a model around a point, from gradients there and at two more points on each of some axes.

    Second and third derivatives are divided differences of gradients over one prior standard deviation to either
    side, the width on which the surface will be used. Of two coordinates that both are no axes they are taken as zero.

    Parameters
    ----------
    prior
        Its coordinates x.
    z
        The point, (n,).
    axes
        Coordinates along which the gradient is differenced.
    linearised
        Answers and derivatives of the model by x, at every one of some points; may be a coarser model than gave
        `at_centre`.
    at_centre
        Answers (m,) and derivatives (m, n) at the point.
    weak
        Axes that matter so little that one more point does, and third derivatives are taken as zero.
    """
    centre = prior.coordinates(z)
    value, gradient = at_centre
    sides = [(axis, sign) for axis in axes for sign in ((1.0,) if axis in weak else (1.0, -1.0))]
    points = [centre, *(prior.coordinates(z + sign * np.eye(prior.size)[axis]) for axis, sign in sides)]
    base, *slopes = (slope for _, slope in linearised(points))
    steps = [float(point[axis] - centre[axis]) for point, (axis, _) in zip(points[1:], sides, strict=True)]
    bends = {side: (slope - base) / step for side, slope, step in zip(sides, slopes, steps, strict=True)}
    lengths = dict(zip(sides, steps, strict=True))
    curvature = np.zeros((*gradient.shape, prior.size))
    third = np.zeros_like(curvature)
    for axis in axes:
        up, down = (axis, 1.0), (axis, -1.0)
        curvature[:, axis] = bends[up]
        if down in bends:
            third[:, axis] = 2 * (bends[up] - bends[down]) / (lengths[up] - lengths[down])
            curvature[:, axis] -= 0.5 * third[:, axis] * lengths[up]
            third[:, axis, axis] /= 3
    return Surface(centre, value, gradient, _symmetric(curvature, axes), third)


def _symmetric(rows: Floats, axes: Sequence[int]) -> Floats:
    """Symmetric matrices of which only some rows are known, those of `axes`; where both are known, their mean."""
    known = np.zeros(rows.shape[-1])
    known[list(axes)] = 1.0
    times = known[:, np.newaxis] + known
    return (rows + rows.swapaxes(-1, -2)) / np.maximum(times, 1.0)
