"""The faces of a shape, by formula: which there are, and on which exact curve or surface.

The mesher knows shapes and the mesh knows nodes; names and exact surfaces come from here alone, so they survive
boolean operations and are the same whatever the mesher makes of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from thermonet.geometry.cad.inside import Placement, bounds, inside, meridian, parts_of, placement, profile, swept
from thermonet.geometry.cad.plane import Edge, Mask, Piece, Straight, box, distinct, outline, within
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
from thermonet.geometry.curves import Flat, Revolution, Round, Surface
from thermonet.geometry.mesh import Floats, Ints

#: Points this far off a face, in parts of its shape's size, still count as on it.
NEAR = 1e-6
#: A step off a face, in parts of its shape's size, that leads in or out: far above rounding, below any thickness.
STEP = 1e-8
_Z = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, eq=False)
class Face:
    """A face of a shape (in the plane: an edge).

    Attributes
    ----------
    name
        Given by the user or, if not `given`, by the shape.
    surface
        The exact curve or surface on which it lies.
    covers
        Whether points (dim, n) of that surface are on the face.
    samples
        Points (dim, n) of the face, about a given spacing apart, none on its edges.
    measure
        Its length or area; of the ends of prisms and turned profiles that of a box around them.
    along
        Points a spacing apart on the profile that a face of revolution is made of; None for others.
    """

    name: str
    given: bool
    surface: Surface
    covers: Callable[[Floats], Mask]
    samples: Callable[[float], Floats]
    measure: float
    along: Callable[[float], Floats] | None = None


def faces(shape: Shape) -> list[Face]:
    """Faces of all parts of a shape, named apart; boolean operations may leave less of them, or nothing."""
    match shape:
        case Union() | Intersection() | Difference():
            parts = [faces(part) for part in parts_of(shape)]
            return distinct(parts, lambda face: (face.name, face.given), lambda face, name: replace(face, name=name))
        case Named(inner, name):
            return [replace(face, name=f"{name}.{face.name}", given=True) for face in faces(inner)]
        case Moved() | Turned():
            return [_placed(face, placement(shape)) for face in faces(shape.shape)]
        case Polygon() | Rectangle() | Circle() | Outline():
            return [_edge_face(edge) for edge in outline(shape)]
        case _:
            return _solid_faces(shape)


def _solid_faces(shape: Box | Cylinder | Cone | Sphere | Revolved | Extruded) -> list[Face]:
    if isinstance(shape, Extruded):
        return _extruded(profile(shape.profile), shape.height, lambda points: inside(shape.profile, points))
    if isinstance(shape, Revolved):
        found = _revolved(profile(shape.profile), shape.angle, lambda points: inside(shape.profile, points))
        return [_placed(face, Placement(np.eye(3), np.array(shape.origin, dtype=float))) for face in found]
    edges, height, place = swept(shape)
    pieces = [edge.piece for edge in edges]

    def contains(points: Floats) -> Mask:
        return within(pieces, points)

    found = _revolved(edges, 2 * math.pi, contains) if height is None else _extruded(edges, height, contains)
    return [_placed(face, place) for face in found]


def _placed(face: Face, place: Placement) -> Face:
    along = face.along
    return replace(
        face,
        surface=face.surface.placed(place.rotation, place.shift),
        covers=lambda points: face.covers(place.undone(points)),
        samples=lambda spacing: place.of(face.samples(spacing)),
        along=None if along is None else lambda spacing: place.of(along(spacing)),
    )


def _edge_face(edge: Edge) -> Face:
    piece = edge.piece
    return Face(
        edge.name,
        edge.given,
        piece.curve,
        lambda points: _along(piece, points),
        lambda spacing: piece.at(_steps(piece.length, spacing)),
        piece.length,
    )


def _along(piece: Piece, points: Floats) -> Mask:
    """Whether points next to a piece's curve are between its ends."""
    parameter = piece.parameter(points)
    return (parameter > -NEAR) & (parameter < 1 + NEAR)


def _steps(length: float, spacing: float) -> Floats:
    """Parameters in the middles of equal intervals."""
    count = max(1, math.ceil(length / spacing - 1e-9))
    return (np.arange(count) + 0.5) / count


def _grid(edges: Sequence[Edge], spacing: float, contains: Callable[[Floats], Mask]) -> Floats:
    """Points (2, n) inside an outline."""
    low, high = box([edge.piece for edge in edges])
    lines = [low[i] + (high[i] - low[i]) * _steps(float(high[i] - low[i]), spacing) for i in range(2)]
    points = np.stack([line.ravel() for line in np.meshgrid(*lines, indexing="ij")])
    return points[:, contains(points)]


def _box_area(edges: Sequence[Edge]) -> float:
    low, high = box([edge.piece for edge in edges])
    return float(np.prod(high - low))


def _extruded(edges: Sequence[Edge], height: float, contains: Callable[[Floats], Mask]) -> list[Face]:
    """Sides and both ends of a prism, the names of its sides first."""

    def side(edge: Edge) -> Face:
        piece = edge.piece
        if isinstance(piece, Straight):
            line = piece.curve
            surface: Surface = Flat(np.append(line.point, 0.0), np.append(line.direction, 0.0))
        else:
            radius = piece.radius
            surface = Revolution(np.append(piece.centre, 0.0), _Z, Flat(np.array([radius, 0.0]), np.array([1.0, 0.0])))

        def samples(spacing: float) -> Floats:
            line = piece.at(_steps(piece.length, spacing))
            levels = height * _steps(height, spacing)
            return np.concatenate([np.repeat(line, len(levels), axis=1), np.tile(levels, line.shape[1])[None]])

        def covers(points: Floats) -> Mask:
            within_height = (points[2] > -NEAR * height) & (points[2] < (1 + NEAR) * height)
            return _along(piece, points[:2]) & within_height

        return Face(edge.name, edge.given, surface, covers, samples, piece.length * height)

    def end(name: str, level: float) -> Face:
        def samples(spacing: float) -> Floats:
            points = _grid(edges, spacing, contains)
            return np.concatenate([points, np.full((1, points.shape[1]), level)])

        plane = Flat(np.array([0.0, 0.0, level]), _Z)
        return Face(name, False, plane, lambda points: contains(points[:2]), samples, _box_area(edges))

    parts = [[side(edge) for edge in edges], [end("z_min", 0.0), end("z_max", height)]]
    return distinct(parts, lambda face: (face.name, face.given), lambda face, name: replace(face, name=name))


def _revolved(edges: Sequence[Edge], angle: float, contains: Callable[[Floats], Mask]) -> list[Face]:
    """Faces of a body of revolution about the z axis, those at the ends of a part of a turn last."""
    low, high = box([edge.piece for edge in edges])
    size = float((high - low).max())
    sides = [_revolved_side(edge, angle) for edge in edges if not _on_axis(edge.piece, size)]
    if angle >= 2 * math.pi * (1 - 1e-12):
        return sides

    def end(name: str, azimuth: float) -> Face:
        outward = np.array([math.cos(azimuth), math.sin(azimuth), 0.0])

        def samples(spacing: float) -> Floats:
            rho, z = _grid(edges, spacing, contains)
            return outward[:, None] * rho + _Z[:, None] * z

        plane = Flat(np.zeros(3), np.array([-outward[1], outward[0], 0.0]))

        def covers(points: Floats) -> Mask:
            return contains(np.stack([outward @ points, points[2]]))

        return Face(name, False, plane, covers, samples, _box_area(edges))

    parts = [sides, [end("start", 0.0), end("end", angle)]]
    return distinct(parts, lambda face: (face.name, face.given), lambda face, name: replace(face, name=name))


def _on_axis(piece: Piece, size: float) -> bool:
    return isinstance(piece, Straight) and max(abs(piece.start[0]), abs(piece.end[0])) <= NEAR * size


def _revolved_side(edge: Edge, angle: float) -> Face:
    piece = edge.piece

    def samples(spacing: float) -> Floats:
        rings = []
        for rho, z in piece.at(_steps(piece.length, spacing)).T:
            azimuth = angle * _steps(angle * rho, spacing)
            rings.append(np.stack([rho * np.cos(azimuth), rho * np.sin(azimuth), np.full(len(azimuth), z)]))
        return np.concatenate(rings, axis=1)

    def along(spacing: float) -> Floats:
        rho, z = piece.at(_steps(piece.length, spacing))
        return np.stack([rho, np.zeros_like(rho), z])

    def covers(points: Floats) -> Mask:
        half_plane, azimuth = meridian(points)
        # Just below the x axis the angle is a full turn less a little.
        turned = (azimuth < angle * (1 + NEAR)) | (azimuth > 2 * math.pi * (1 - NEAR))
        return _along(piece, half_plane) & turned

    # A profile that is cut at the axis may have edges beyond it.
    area = angle * float(np.abs(piece.at(_steps(piece.length, piece.length / 8))[0]).mean()) * piece.length
    return Face(edge.name, edge.given, _surface_of_revolution(piece), covers, samples, area, along)


def _surface_of_revolution(piece: Piece) -> Surface:
    """Plane, cone and cylinder, sphere, torus."""
    if isinstance(piece, Straight):
        if abs(piece.end[1] - piece.start[1]) <= NEAR * piece.length * 1e-3:
            return Flat(np.array([0.0, 0.0, piece.start[1]]), _Z)
        return Revolution(np.zeros(3), _Z, piece.curve)
    if abs(piece.centre[0]) <= NEAR * piece.radius * 1e-3:
        return Round(np.array([0.0, 0.0, piece.centre[1]]), piece.radius)
    return Revolution(np.zeros(3), _Z, piece.curve)


def faces_at(points: Floats, nodes: Ints, candidates: Sequence[Face], tolerance: float) -> Ints:
    """Index of the face (n,) that each facet (corners, n) lies on, -1 for none.

    All corners lie on its surface. A facet whose corners are on two, as on the rim of a disc, is on the one that its
    middle is nearer to.
    """
    middle = points[:, nodes].mean(axis=1)
    best = np.full(nodes.shape[1], np.inf)
    index = np.full(nodes.shape[1], -1)
    for number, face in enumerate(candidates):
        near = np.abs(face.surface.distance(points[:, nodes.ravel()])).reshape(nodes.shape).max(axis=0) <= tolerance
        here = np.flatnonzero(near)
        away = face.surface.distance(middle[:, here])
        foot = middle[:, here] - face.surface.normal(middle[:, here]) * away
        covered = face.covers(foot)
        here, away = here[covered], np.abs(away[covered])
        better = away < best[here] - tolerance * 1e-3
        better |= np.isinf(best[here])
        best[here[better]] = away[better]
        index[here[better]] = number
    return index


def sampled(face: Face, shape: Shape, spacing: float) -> Floats:
    """Points (dim, n) of a face that are on the boundary of the whole shape."""
    low, high = bounds(shape)
    return on_boundary(face, shape, face.samples(spacing), STEP * float((high - low).max()))[0]


def on_boundary(face: Face, shape: Shape, points: Floats, step: float) -> tuple[Floats, Floats]:
    """Points of a face that a step along the normal leads in or out at, and their inward normals."""
    normal = face.surface.normal(points)
    ahead, behind = inside(shape, points + step * normal), inside(shape, points - step * normal)
    keep = ahead != behind
    return points[:, keep], np.where(ahead, normal, -normal)[:, keep]
