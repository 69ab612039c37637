"""Bodies of revolution in space: what is true of their section (r, z) is true of them, and far cheaper to find."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from thermonet.geometry.cad.inside import bounds, parts_of
from thermonet.geometry.cad.shapes import (
    ArcThrough,
    Cone,
    Cylinder,
    Difference,
    Intersection,
    Line,
    Moved,
    Named,
    Outline,
    Place,
    Polygon,
    Revolved,
    Shape,
    Sphere,
    Union,
)
from thermonet.geometry.mesh import Floats


@dataclass(frozen=True)
class Section:
    """Half of the cut through a body of full revolution about an upright axis.

    Attributes
    ----------
    axis
        Where the axis is (x, y).
    shape
        In the half plane (r, z), r not negative.
    """

    axis: tuple[float, float]
    shape: Shape


def section(shape: Shape) -> Section | None:
    """Section of a shape in space; None where it is no body of revolution, or its axis does not point along z."""
    match shape:
        case Union() | Intersection() | Difference():
            return _of_parts(shape)
        case Named(inner, _):
            return section(inner)
        case Moved(inner, (x, y, z)):
            still = section(inner)
            return still and Section((still.axis[0] + x, still.axis[1] + y), Moved(still.shape, (0.0, z)))
        case Sphere() | Cylinder() | Cone() | Revolved():
            return _of_solid(shape)
        case _:
            return None


def _of_parts(shape: Union | Intersection | Difference) -> Section | None:
    parts = [section(part) for part in parts_of(shape)]
    found = [part for part in parts if part is not None]
    if len(found) < len(parts) or len({part.axis for part in found}) > 1:
        return None
    first, *others = (part.shape for part in found)
    if isinstance(shape, Difference):
        return Section(found[0].axis, Difference(first, tuple(others)))
    return Section(found[0].axis, type(shape)((first, *others)))


def _of_solid(shape: Sphere | Cylinder | Cone | Revolved) -> Section | None:
    match shape:
        case Sphere((x, y, z), radius):
            ends = (0.0, z - radius), (0.0, z + radius)
            return Section((x, y), Outline(ends[0], (ArcThrough((radius, z), ends[1]), Line(ends[0]))))
        case Cylinder(base, axis, radius, height):
            return _of_cone(base, axis, (radius, radius), height)
        case Cone(base, axis, bottom, top, height):
            return _of_cone(base, axis, (bottom, top), height)
        case Revolved(profile, (x, y, z), angle) if angle >= 2 * math.pi * (1 - 1e-12) and bounds(profile)[0][0] >= 0:
            return Section((x, y), Moved(profile, (0.0, z)))
        case _:
            return None


def _of_cone(base: Place, axis: Place, radii: tuple[float, float], height: float) -> Section | None:
    x, y, z = base
    if axis[0] or axis[1]:
        return None
    top = z + math.copysign(height, axis[2])
    corners = [(0.0, z), (radii[0], z), (radii[1], top), (0.0, top)]
    return Section((x, y), Polygon(tuple(corner for i, corner in enumerate(corners) if corner != corners[i - 1])))


def folded(points: Floats, axis: tuple[float, float]) -> Floats:
    """Points (3, n) turned about an upright axis into the half plane y = 0, x >= 0 next to it."""
    away = np.hypot(points[0] - axis[0], points[1] - axis[1])
    return np.stack([axis[0] + away, np.full(len(away), axis[1]), points[2]])
