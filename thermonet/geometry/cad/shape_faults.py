"""What is wrong with a shape by itself: numbers, outlines that meet themselves, arcs that cannot be."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from thermonet.geometry.cad.faces import NEAR, faces, sampled
from thermonet.geometry.cad.inside import bounds
from thermonet.geometry.cad.plane import Bend, NoArcError, Piece, area, box, crossings, outline
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
    Place,
    Polygon,
    Rectangle,
    Revolved,
    Shape,
    Sphere,
    Turned,
    Union,
)
from thermonet.quantities.formatting import with_unit

#: Edges nearer to each other than this part of their outline meet.
_MEET = 1e-9
#: Areas and lengths below this part of an outline's size are none.
_NOTHING = 1e-12
#: Samples along a shape whose least r is wanted.
_SAMPLES = 2000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_PLANE = (Polygon, Rectangle, Circle, Outline)
_JOINED = (Union, Difference, Intersection)
_PLACED = (Moved, Turned, Named)

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a drawing: the path of attributes and indices that leads to it, and what is wrong."""

    path: Path
    message: str

    def __str__(self) -> str:
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return f"{''.join(steps).lstrip('.')}: {self.message}"


def length_text(length: float) -> str:
    """A length for a message."""
    return "0 m" if length == 0 else with_unit(length, "m", digits=4)


def place_text(place: Sequence[float]) -> str:
    """A place for a message; what is rounding beside its other coordinates is zero."""
    small = 1e-9 * max(abs(float(x)) for x in place)
    return f"({', '.join(length_text(float(x) if abs(x) > small else 0.0) for x in place)})"


def shape_faults(shape: Shape, space: int, path: Path) -> Iterator[Fault]:
    """Yield what is wrong with a shape that should lie in the plane (2) or in space (3)."""
    if isinstance(shape, _JOINED):
        yield from _joined_faults(shape, space, path)
    elif isinstance(shape, _PLACED):
        yield from _placed_faults(shape, space, path)
        yield from shape_faults(shape.shape, space, (*path, "shape"))
    elif isinstance(shape, _PLANE) != (space == 2):
        where = "a shape in the plane" if space == 2 else "a solid"
        yield Fault(path, f"a {type(shape).__name__} is drawn here, expected {where}")
    elif isinstance(shape, _PLANE):
        numbers = list(_plane_number_faults(shape, path))
        yield from numbers or _outline_faults(shape, path)
    else:
        yield from _solid_faults(shape, path)


def _joined_faults(shape: Union | Difference | Intersection, space: int, path: Path) -> Iterator[Fault]:
    if isinstance(shape, Difference):
        yield from shape_faults(shape.shape, space, (*path, "shape"))
        steps: tuple[str, tuple[Shape, ...]] = ("tools", shape.tools)
    else:
        steps = ("shapes", shape.shapes)
    key, parts = steps
    if not parts:
        yield Fault((*path, key), "is empty, expected at least one shape")
    for index, part in enumerate(parts):
        yield from shape_faults(part, space, (*path, key, index))


def _placed_faults(shape: Moved | Turned | Named, space: int, path: Path) -> Iterator[Fault]:
    match shape:
        case Named(_, name):
            yield from _name_faults((name,), path, "name")
        case Moved(_, by):
            yield from _place_faults(by, space, (*path, "by"))
        case Turned(_, angle, about, axis):
            if not math.isfinite(angle):
                yield Fault((*path, "angle"), f"must be finite, got {angle:g}")
            if about is not None:
                yield from _place_faults(about, space, (*path, "about"))
            if space == 3:
                yield from _axis_faults(axis, path)


def _name_faults(names: Sequence[str], path: Path, key: str) -> Iterator[Fault]:
    for index, name in enumerate(names):
        if name and not _NAME.fullmatch(name):
            place = (*path, key) if key == "name" else (*path, key, index)
            yield Fault(place, f"'{name}' is not a name, expected letters, digits, '_' and '-'")


def _place_faults(place: Place, space: int, path: Path) -> Iterator[Fault]:
    if len(place) != space or not all(math.isfinite(x) for x in place):
        yield Fault(path, f"expected {space} finite coordinates, got {place}")


def _positive_faults(path: Path, **sizes: float) -> Iterator[Fault]:
    for key, size in sizes.items():
        if not 0 < size < math.inf:
            yield Fault((*path, key), f"must be positive and finite, got {size:g}")


def _axis_faults(axis: Place, path: Path) -> Iterator[Fault]:
    yield from _place_faults(axis, 3, (*path, "axis"))
    if len(axis) == 3 and not any(axis):
        yield Fault((*path, "axis"), "has no direction, expected three numbers that are not all zero")


def _corner_faults(first: Place, second: Place, space: int, path: Path) -> Iterator[Fault]:
    wrong = [*_place_faults(first, space, (*path, "first")), *_place_faults(second, space, (*path, "second"))]
    yield from wrong
    if not wrong and any(a == b for a, b in zip(first, second, strict=True)):
        what = "area" if space == 2 else "volume"
        yield Fault((*path, "second"), f"two corners share a coordinate (zero {what}), expected opposite corners")


def _plane_number_faults(shape: Polygon | Rectangle | Circle | Outline, path: Path) -> Iterator[Fault]:
    match shape:
        case Rectangle(first, second):
            yield from _corner_faults(first, second, 2, path)
        case Circle(centre, radius):
            yield from _place_faults(centre, 2, (*path, "centre"))
            yield from _positive_faults(path, radius=radius)
        case Polygon(points, edges):
            for index, point in enumerate(points):
                yield from _place_faults(point, 2, (*path, "points", index))
            if len(points) < 3:
                yield Fault((*path, "points"), f"has {len(points)} points, expected at least three")
            if edges is not None and len(edges) != len(points):
                yield Fault((*path, "edges"), f"has {len(edges)} names, expected one for each of {len(points)} points")
            yield from _name_faults(edges or (), path, "edges")
            yield from _repeated(points, path)
        case Outline():
            yield from _segment_faults(shape, path)


def _repeated(points: Sequence[Place], path: Path) -> Iterator[Fault]:
    for index, point in enumerate(points):
        if len(points) > 1 and tuple(point) == tuple(points[index - 1]):
            message = f"the point {place_text(point)} follows itself, expected different points"
            yield Fault((*path, "points", index), message)


def _segment_faults(shape: Outline, path: Path) -> Iterator[Fault]:
    yield from _place_faults(shape.start, 2, (*path, "start"))
    if not shape.segments:
        yield Fault((*path, "segments"), "is empty, expected lines or arcs")
    here = shape.start
    for index, segment in enumerate(shape.segments):
        place = (*path, "segments", index)
        yield from _name_faults((segment.name,), place, "name")
        wrong = list(chain(_place_faults(segment.end, 2, (*place, "end")), _place_faults(here, 2, place)))
        for key in ("through", "radius"):
            value = getattr(segment, key, None)
            if isinstance(value, tuple):
                wrong += _place_faults(value, 2, (*place, key))
            elif value is not None:
                wrong += _positive_faults(place, radius=value)
        if not wrong:
            if tuple(segment.end) == tuple(here):
                wrong.append(Fault((*place, "end"), f"ends where it starts, at {place_text(here)}"))
            else:
                wrong += _arc_faults(Outline(here, (segment,)), place)
        yield from wrong
        here = segment.end


def _arc_faults(single: Outline, path: Path) -> Iterator[Fault]:
    try:
        outline(single)
    except NoArcError as error:
        yield Fault(path, f"{error}, expected a larger radius or points that are not in line")


def _outline_faults(shape: Polygon | Rectangle | Circle | Outline, path: Path) -> Iterator[Fault]:
    """An outline that meets itself, or that encloses nothing."""
    edges = outline(shape)
    pieces = [edge.piece for edge in edges]
    low, high = box(pieces)
    size = float((high - low).max())
    key = "segments" if isinstance(shape, Outline) else "points"
    meeting = [] if _in_line(pieces, size) else list(crossings(edges, _MEET * size))
    for first, second, place in meeting:
        what = f"edges '{first.name}' and '{second.name}' meet at {place_text([float(x) for x in place])}"
        yield Fault((*path, key), f"{what}, expected an outline that meets itself nowhere")
    if not meeting and abs(area(pieces)) <= _NOTHING * size**2:
        yield Fault((*path, key), "encloses no area, expected points that are not all in line")


def _in_line(pieces: Sequence[Piece], size: float) -> bool:
    """Whether all pieces lie on one line."""
    ends = np.array([piece.start for piece in pieces])
    straight = not any(isinstance(piece, Bend) for piece in pieces)
    return straight and float(np.linalg.svd(ends - ends.mean(axis=0), compute_uv=False)[-1]) <= _NOTHING * size


def _solid_faults(shape: Box | Cylinder | Cone | Sphere | Revolved | Extruded, path: Path) -> Iterator[Fault]:
    match shape:
        case Box(first, second):
            yield from _corner_faults(first, second, 3, path)
        case Sphere(centre, radius):
            yield from _place_faults(centre, 3, (*path, "centre"))
            yield from _positive_faults(path, radius=radius)
        case Extruded(profile, height):
            yield from _positive_faults(path, height=height)
            yield from shape_faults(profile, 2, (*path, "profile"))
        case Revolved():
            yield from _revolved_faults(shape, path)
        case Cylinder(base, axis, radius, height):
            yield from _place_faults(base, 3, (*path, "base"))
            yield from _axis_faults(axis, path)
            yield from _positive_faults(path, radius=radius, height=height)
        case Cone(base, axis, _, _, height):
            yield from _place_faults(base, 3, (*path, "base"))
            yield from _axis_faults(axis, path)
            yield from _positive_faults(path, height=height)
            yield from _cone_faults(shape, path)


def _cone_faults(cone: Cone, path: Path) -> Iterator[Fault]:
    for key, radius in (("bottom_radius", cone.bottom_radius), ("top_radius", cone.top_radius)):
        if not 0 <= radius < math.inf:
            yield Fault((*path, key), f"must be zero or positive, and finite, got {radius:g}")
    if cone.bottom_radius == cone.top_radius == 0:
        yield Fault((*path, "bottom_radius"), "both radii are zero, expected one that is positive")


def _revolved_faults(shape: Revolved, path: Path) -> Iterator[Fault]:
    yield from _place_faults(shape.origin, 3, (*path, "origin"))
    if not 0 < shape.angle <= 2 * math.pi * (1 + 1e-12):
        yield Fault((*path, "angle"), f"must be positive and at most a full turn, got {shape.angle:g} rad")
    inner = list(shape_faults(shape.profile, 2, (*path, "profile")))
    yield from inner
    if not inner:
        yield from radius_faults(shape.profile, (*path, "profile"))


def radius_faults(shape: Shape, path: Path) -> Iterator[Fault]:
    """A shape in (r, z) that reaches beyond the axis; by samples of its faces if a tool may have cut it off there."""
    low, high = bounds(shape)
    size = float((high - low).max())
    if low[0] >= -NEAR * size:
        return
    if isinstance(shape, Polygon):
        for index, (r, _) in enumerate(shape.points):
            if r < -NEAR * size:
                yield Fault((*path, "points", index), f"lies at r = {length_text(r)}, expected no r below zero")
        return
    radii = [sampled(face, shape, size / _SAMPLES)[0].min(initial=0.0) for face in faces(shape)]
    if min(radii) < -NEAR * size:
        yield Fault(path, f"reaches r = {length_text(float(min(radii)))}, expected no r below zero")
