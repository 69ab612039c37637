"""Whether points are inside a shape, by formula, and the outline in the plane that every shape comes from."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

import numpy as np

from thermonet.geometry.cad.plane import Bend, Edge, Mask, Straight, box, distinct, outline, within
from thermonet.geometry.cad.shapes import (
    Box,
    Circle,
    Cone,
    Cylinder,
    Difference,
    Extruded,
    Intersection,
    Moved,
    Named,
    Outline,
    Polygon,
    Rectangle,
    Revolved,
    Shape,
    Sphere,
    Turned,
    Union,
)
from thermonet.geometry.mesh import Floats

_Z = np.array([0.0, 0.0, 1.0])
#: Solids whose profiles are remembered, as of outlines.
_KEPT = 1024


@dataclass(frozen=True, eq=False)
class Placement:
    """A rotation about the origin (dim, dim), then a shift (dim,)."""

    rotation: Floats
    shift: Floats

    def of(self, points: Floats) -> Floats:
        """Where points (dim, n) go."""
        return self.rotation @ points + self.shift[:, None]

    def undone(self, points: Floats) -> Floats:
        """Where points (dim, n) come from."""
        return self.rotation.T @ (points - self.shift[:, None])


def space(shape: Shape) -> int:
    """Dimension of the space a shape is drawn in, 2 or 3, from the first of its parts."""
    match shape:
        case Union(shapes) | Intersection(shapes):
            return space(shapes[0])
        case Difference(inner, _) | Moved(inner, _) | Named(inner, _):
            return space(inner)
        case Turned():
            return space(shape.shape)
        case Polygon() | Rectangle() | Circle() | Outline():
            return 2
        case _:
            return 3


def placement(shape: Moved | Turned) -> Placement:
    """Where a moved or turned shape's own coordinates lie."""
    dimension = space(shape)
    if isinstance(shape, Moved):
        return Placement(np.eye(dimension), np.array(shape.by, dtype=float))
    about = np.zeros(dimension) if shape.about is None else np.array(shape.about, dtype=float)
    rotation = rotation_matrix(np.array(shape.axis, dtype=float), shape.angle)[:dimension, :dimension]
    if dimension == 2:
        rotation = rotation_matrix(_Z, shape.angle)[:2, :2]
    return Placement(rotation, about - rotation @ about)


def rotation_matrix(axis: Floats, angle: float) -> Floats:
    """Rotation (3, 3) about an axis through the origin by the right-hand rule (Rodrigues)."""
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


def from_z(axis: Floats) -> Floats:
    """A rotation (3, 3) that takes the z axis to a direction."""
    direction = axis / np.linalg.norm(axis)
    across = np.cross(_Z, direction)
    sine = float(np.linalg.norm(across))
    if sine < 1e-15:
        return np.diag([1.0, math.copysign(1.0, direction[2]), math.copysign(1.0, direction[2])])
    return rotation_matrix(across, math.atan2(sine, float(direction[2])))


@lru_cache(maxsize=_KEPT)
def swept(shape: Box | Cylinder | Cone | Sphere) -> tuple[tuple[Edge, ...], float | None, Placement]:
    """A solid as a profile: extruded by a height, or (None) revolved by a full turn; and where it stands."""
    if isinstance(shape, Box):
        low, high = np.minimum(shape.first, shape.second), np.maximum(shape.first, shape.second)
        names = {"left": "x_min", "right": "x_max", "bottom": "y_min", "top": "y_max"}
        sides = outline(Rectangle((0.0, 0.0), tuple(high[:2] - low[:2])))
        edges = tuple(replace(edge, name=names[edge.name]) for edge in sides)
        return edges, float(high[2] - low[2]), Placement(np.eye(3), low)
    if isinstance(shape, Sphere):
        arc = Bend(np.zeros(2), shape.radius, -math.pi / 2, math.pi)
        edges = (Edge("surface", False, arc), Edge("axis", False, Straight(arc.end, arc.start)))
        return edges, None, Placement(np.eye(3), np.array(shape.centre, dtype=float))
    if isinstance(shape, Cylinder):
        shape = Cone(shape.base, shape.axis, shape.radius, shape.radius, shape.height)
    corners = [(0.0, 0.0), (shape.bottom_radius, 0.0), (shape.top_radius, shape.height), (0.0, shape.height)]
    names_of = ["bottom", "side", "top", "axis"]
    ends = [np.array(corner) for corner in corners]
    pieces = [Straight(a, b) for a, b in zip(ends, [*ends[1:], ends[0]], strict=True)]
    edges = tuple(Edge(name, False, piece) for name, piece in zip(names_of, pieces, strict=True) if piece.length > 0)
    return edges, None, Placement(from_z(np.array(shape.axis, dtype=float)), np.array(shape.base, dtype=float))


def profile(shape: Shape) -> list[Edge]:
    """Edges of all parts of a shape in the plane, named apart; boolean operations may leave less of them."""
    match shape:
        case Polygon() | Rectangle() | Circle() | Outline():
            return list(outline(shape))
        case Moved() | Turned():
            place = placement(shape)
            edges = profile(shape.shape)
            return [replace(edge, piece=edge.piece.placed(place.rotation, place.shift)) for edge in edges]
        case Named(inner, name):
            return [replace(edge, name=f"{name}.{edge.name}", given=True) for edge in profile(inner)]
        case _:
            parts = [profile(part) for part in parts_of(shape)]
            return distinct(parts, lambda edge: (edge.name, edge.given), lambda edge, name: replace(edge, name=name))


def parts_of(shape: Shape) -> tuple[Shape, ...]:
    """The shapes that a boolean operation joins, in order."""
    match shape:
        case Union(shapes) | Intersection(shapes):
            return shapes
        case Difference(inner, tools):
            return (inner, *tools)
        case _:
            return ()


def inside(shape: Shape, points: Floats) -> Mask:
    """Whether points (dim, n) are inside a shape; on its boundary either answer may come."""
    match shape:
        case Union() | Intersection() | Difference():
            return _inside_parts(shape, points)
        case Named(inner, _):
            return inside(inner, points)
        case Moved() | Turned():
            return inside(shape.shape, placement(shape).undone(points))
        case Polygon() | Rectangle() | Circle() | Outline():
            return within([edge.piece for edge in outline(shape)], points)
        case _:
            return _inside_solid(shape, points)


def _inside_parts(shape: Union | Intersection | Difference, points: Floats) -> Mask:
    first, *others = [inside(part, points) for part in parts_of(shape)]
    for other in others:
        first = first | other if isinstance(shape, Union) else first & (other != isinstance(shape, Difference))
    return first


def _inside_solid(shape: Box | Cylinder | Cone | Sphere | Revolved | Extruded, points: Floats) -> Mask:
    if isinstance(shape, Extruded):
        return inside(shape.profile, points[:2]) & (points[2] > 0) & (points[2] < shape.height)
    if isinstance(shape, Revolved):
        half_plane, azimuth = meridian(points - np.array(shape.origin, dtype=float)[:, None])
        return inside(shape.profile, half_plane) & (azimuth <= shape.angle)
    edges, height, place = swept(shape)
    own = place.undone(points)
    pieces = [edge.piece for edge in edges]
    if height is None:
        return within(pieces, meridian(own)[0])
    return within(pieces, own[:2]) & (own[2] > 0) & (own[2] < height)


def meridian(points: Floats) -> tuple[Floats, Floats]:
    """Coordinates (r, z) of points and their angle 0 .. 2 pi from the x axis."""
    azimuth = np.mod(np.arctan2(points[1], points[0]), 2 * math.pi)
    return np.stack([np.hypot(points[0], points[1]), points[2]]), azimuth


def bounds(shape: Shape) -> tuple[Floats, Floats]:
    """Smallest and largest coordinates (dim,) between which a shape lies; not the closest ones for a turned solid."""
    match shape:
        case Union(shapes):
            lows, highs = zip(*(bounds(part) for part in shapes), strict=True)
            return np.min(lows, axis=0), np.max(highs, axis=0)
        case Intersection(shapes):
            lows, highs = zip(*(bounds(part) for part in shapes), strict=True)
            return np.max(lows, axis=0), np.min(highs, axis=0)
        case Difference(inner, _) | Named(inner, _):
            return bounds(inner)
        case Moved() | Turned():
            place = placement(shape)
            return _around(place.of(_corners(*bounds(shape.shape))))
        case Polygon() | Rectangle() | Circle() | Outline():
            return box([edge.piece for edge in outline(shape)])
        case _:
            return _around(_solid_corners(shape))


def _solid_corners(shape: Box | Cylinder | Cone | Sphere | Revolved | Extruded) -> Floats:
    """Corners (3, 8) of a box around a solid."""
    if isinstance(shape, Extruded):
        low, high = bounds(shape.profile)
        return _corners(np.append(low, 0.0), np.append(high, shape.height))
    if isinstance(shape, Revolved):
        (_, bottom), (radius, top) = bounds(shape.profile)
        height, place = None, Placement(np.eye(3), np.array(shape.origin, dtype=float))
    else:
        edges, height, place = swept(shape)
        low, high = box([edge.piece for edge in edges])
        (_, bottom), (radius, top) = low, high
    if height is not None:
        return place.of(_corners(np.append(low, 0.0), np.append(high, height)))
    return place.of(_corners(np.array([-radius, -radius, bottom]), np.array([radius, radius, top])))


def _corners(low: Floats, high: Floats) -> Floats:
    return np.array(list(product(*zip(low, high, strict=True)))).T


def _around(points: Floats) -> tuple[Floats, Floats]:
    return points.min(axis=1), points.max(axis=1)
