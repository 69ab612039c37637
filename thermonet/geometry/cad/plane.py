"""Outlines in the plane as straight pieces and circular arcs: where they run, what is inside, where they cross."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from thermonet.geometry.cad.shapes import Arc, ArcThrough, Circle, Line, Outline, Polygon, Rectangle
from thermonet.geometry.curves import Flat, Round
from thermonet.geometry.mesh import Floats

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Straight:
    """From a start (2,) to an end (2,)."""

    start: Floats
    end: Floats

    @property
    def length(self) -> float:
        """Between its ends."""
        return float(np.linalg.norm(self.end - self.start))

    @property
    def curve(self) -> Flat:
        """The line through it, its normal to the right."""
        along = (self.end - self.start) / self.length
        return Flat(self.start, np.array([along[1], -along[0]]))

    def at(self, parameter: Floats) -> Floats:
        """Points (2, n) at parameters 0 .. 1."""
        return self.start[:, None] + (self.end - self.start)[:, None] * parameter

    def parameter(self, points: Floats) -> Floats:
        """Parameter (n,) of the nearest place on the line through it."""
        along = self.end - self.start
        return along @ (points - self.start[:, None]) / (along @ along)

    def reversed(self) -> Straight:
        """Return it from end to start."""
        return Straight(self.end, self.start)

    def placed(self, rotation: Floats, shift: Floats) -> Straight:
        """Return it turned and moved."""
        return Straight(rotation @ self.start + shift, rotation @ self.end + shift)


@dataclass(frozen=True, eq=False)
class Bend:
    """An arc of a circle from a start angle by a signed sweep [rad], counter-clockwise if positive."""

    centre: Floats
    radius: float
    begin: float
    sweep: float

    @property
    def length(self) -> float:
        """Along the arc."""
        return self.radius * abs(self.sweep)

    @cached_property
    def start(self) -> Floats:
        """Its first point (2,)."""
        return self.at(np.zeros(1))[:, 0]

    @cached_property
    def end(self) -> Floats:
        """Its last point (2,)."""
        return self.at(np.ones(1))[:, 0]

    @property
    def curve(self) -> Round:
        """The whole circle."""
        return Round(self.centre, self.radius)

    def at(self, parameter: Floats) -> Floats:
        """Points (2, n) at parameters 0 .. 1."""
        angle = self.begin + self.sweep * parameter
        return self.centre[:, None] + self.radius * np.stack([np.cos(angle), np.sin(angle)])

    def parameter(self, points: Floats) -> Floats:
        """Parameter (n,) of the place on the circle in the same direction, nearest to 0 .. 1."""
        x, y = points - self.centre[:, None]
        # Counted from the middle of the arc, the jump of the angle lies opposite to it.
        middle = self.begin + self.sweep / 2
        turned = np.mod(np.arctan2(y, x) - middle + math.pi, 2 * math.pi) - math.pi
        return 0.5 + turned / self.sweep

    def reversed(self) -> Bend:
        """Return it from end to start."""
        return replace(self, begin=self.begin + self.sweep, sweep=-self.sweep)

    def placed(self, rotation: Floats, shift: Floats) -> Bend:
        """Return it turned and moved."""
        angle = math.atan2(rotation[1, 0], rotation[0, 0])
        return replace(self, centre=rotation @ self.centre + shift, begin=self.begin + angle)


Piece = Straight | Bend
#: Edges of a rectangle, counter-clockwise from its lower left corner.
_SIDES = ("bottom", "right", "top", "left")
#: Outlines that are remembered: whether points are inside is asked of the same few thousands of times.
_KEPT = 1024


@dataclass(frozen=True, eq=False)
class Edge:
    """A piece with its name; a name that was not given by the user may be changed to tell it from others."""

    name: str
    given: bool
    piece: Piece


class NoArcError(ValueError):
    """A radius or a point through which no arc leads from one end to the other."""


@lru_cache(maxsize=_KEPT)
def outline(shape: Polygon | Rectangle | Circle | Outline) -> tuple[Edge, ...]:
    """Edges of a shape in the plane, one after the other, counter-clockwise; those asked for last are remembered.

    Raises
    ------
    NoArcError
        Where a segment's ends are further apart than its circle is wide.
    """
    match shape:
        case Polygon(points, names):
            edges = _named(_ring(points), names or ())
        case Rectangle(first, second):
            (x0, y0), (x1, y1) = np.minimum(first, second), np.maximum(first, second)
            ring = zip(_SIDES, _ring(((x0, y0), (x1, y0), (x1, y1), (x0, y1))), strict=True)
            edges = [Edge(name, False, piece) for name, piece in ring]
        case Circle(centre, radius):
            edges = [Edge("rim", False, Bend(np.array(centre, dtype=float), radius, 0.0, 2 * math.pi))]
        case Outline(start, segments):
            edges = _named(_chain(start, segments), [segment.name for segment in segments])
    if area([edge.piece for edge in edges]) >= 0:
        return tuple(edges)
    return tuple(replace(edge, piece=edge.piece.reversed()) for edge in reversed(edges))


def _named(pieces: Iterable[Piece], names: Sequence[str]) -> list[Edge]:
    """Edges with their given names; those without are numbered along the outline."""
    given = dict(enumerate(names, start=1))
    return [
        Edge(given.get(number) or f"edge_{number}", bool(given.get(number)), piece)
        for number, piece in enumerate(pieces, start=1)
    ]


def _ring(points: Sequence[Sequence[float]]) -> list[Piece]:
    corners = [np.array(point, dtype=float) for point in points]
    return [Straight(a, b) for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)]


def _chain(start: Sequence[float], segments: Sequence[Line | Arc | ArcThrough]) -> Iterator[Piece]:
    """Pieces of an outline, the one that closes it included where it is needed."""
    first = here = np.array(start, dtype=float)
    for segment in segments:
        end = np.array(segment.end, dtype=float)
        match segment:
            case Line():
                yield Straight(here, end)
            case Arc():
                yield _arc(here, end, segment)
            case ArcThrough(through=through):
                yield _arc_through(here, np.array(through, dtype=float), end)
        here = end
    if not np.array_equal(here, first):
        yield Straight(here, first)


def _arc(start: Floats, end: Floats, arc: Arc) -> Bend:
    """Arc of a radius: its centre lies on the bisector, left of the way for a short turn to the left."""
    chord = end - start
    length = float(np.linalg.norm(chord))
    if not 0 < length <= 2 * arc.radius * (1 + 1e-12):
        raise NoArcError(f"no arc of radius {arc.radius:.6g} m joins points {length:.6g} m apart")
    left = np.array([-chord[1], chord[0]]) / length
    away = math.sqrt(max(arc.radius**2 - (length / 2) ** 2, 0.0))
    turn = 1.0 if arc.turn == "left" else -1.0
    centre = (start + end) / 2 + left * away * turn * (-1.0 if arc.large else 1.0)
    half = math.asin(min(length / (2 * arc.radius), 1.0))
    sweep = 2 * (math.pi - half if arc.large else half)
    begin = math.atan2(*(start - centre)[::-1])
    return Bend(centre, arc.radius, begin, turn * sweep)


def _arc_through(start: Floats, through: Floats, end: Floats) -> Bend:
    """Arc through three points, from the circle around their triangle."""
    a, b = through - start, end - start
    double_area = float(a[0] * b[1] - a[1] * b[0])
    if abs(double_area) <= 1e-9 * float(np.linalg.norm(a) * np.linalg.norm(b)):
        raise NoArcError("the three points of the arc lie on a line")
    centre = start + np.array([b[1] * (a @ a) - a[1] * (b @ b), a[0] * (b @ b) - b[0] * (a @ a)]) / (2 * double_area)
    begin, last = (math.atan2(*(point - centre)[::-1]) for point in (start, end))
    # The middle point lies to the right of the chord exactly if the arc turns left.
    sweep = (last - begin) % (2 * math.pi) if double_area > 0 else -((begin - last) % (2 * math.pi))
    return Bend(centre, float(np.linalg.norm(start - centre)), begin, sweep)


def area(pieces: Sequence[Piece]) -> float:
    """Enclosed area, positive if the pieces run counter-clockwise."""
    total = 0.0
    for piece in pieces:
        (x0, y0), (x1, y1) = piece.start, piece.end
        total += (x0 * y1 - x1 * y0) / 2
        if isinstance(piece, Bend):
            total += piece.radius**2 * (piece.sweep - math.sin(piece.sweep)) / 2
    return total


def within(pieces: Sequence[Piece], points: Floats) -> Mask:
    """Whether points (2, n) are inside a closed outline.

    Every chord's half plane is counted as for a polygon; between chord and arc the count changes once more.
    """
    x, y = points
    odd = np.zeros(points.shape[1], dtype=bool)
    for piece in pieces:
        (x0, y0), (x1, y1) = piece.start, piece.end
        if y0 != y1:
            crosses = (y0 > y) != (y1 > y)
            odd ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
        if isinstance(piece, Bend):
            in_disc = (x - piece.centre[0]) ** 2 + (y - piece.centre[1]) ** 2 < piece.radius**2
            right = (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) < 0
            whole = abs(piece.sweep) >= 2 * math.pi * (1 - 1e-12)
            odd ^= in_disc & (whole | (right if piece.sweep > 0 else ~right))
    return odd


def crossings(edges: Sequence[Edge], tolerance: float) -> Iterator[tuple[Edge, Edge, Floats]]:
    """Pairs of edges of one outline that meet anywhere but where one follows the other, and a place (2,) of each."""
    count = len(edges)
    for i in range(count):
        for j in _near(edges, i, tolerance):
            first, second = edges[i].piece, edges[j].piece
            joints = []
            if j == i + 1:
                joints.append(first.end)
            if (j + 1) % count == i:
                joints.append(first.start)
            for place in _meeting(first, second, tolerance).T:
                if all(np.linalg.norm(place - joint) > tolerance for joint in joints):
                    yield edges[i], edges[j], place
                    break


def _near(edges: Sequence[Edge], i: int, tolerance: float) -> Iterator[int]:
    """Later edges whose box overlaps the box of edge i."""
    low, high = box([edges[i].piece])
    for j in range(i + 1, len(edges)):
        other_low, other_high = box([edges[j].piece])
        if (other_low <= high + tolerance).all() and (other_high >= low - tolerance).all():
            yield j


def box(pieces: Sequence[Piece]) -> tuple[Floats, Floats]:
    """Smallest and largest coordinates (2,) of pieces."""
    points = []
    for piece in pieces:
        points += [piece.start, piece.end]
        if isinstance(piece, Bend):
            extremes = piece.centre[:, None] + piece.radius * np.array([[1, 0, -1, 0], [0, 1, 0, -1]])
            parameter = piece.parameter(extremes)
            points += list(extremes[:, (parameter >= 0) & (parameter <= 1)].T)
    return np.min(points, axis=0), np.max(points, axis=0)


def _meeting(first: Piece, second: Piece, tolerance: float) -> Floats:
    """Places (2, n) that are on both pieces: isolated ones, or the ends of what they share."""
    candidates = [first.start, first.end, second.start, second.end]
    if isinstance(first, Bend) and isinstance(second, Bend):
        candidates += _circle_circle(first, second)
    elif isinstance(first, Straight) and isinstance(second, Straight):
        candidates += _line_line(first, second)
    else:
        line, arc = (first, second) if isinstance(first, Straight) else (second, first)
        assert isinstance(line, Straight)
        assert isinstance(arc, Bend)
        candidates += _line_circle(line, arc)
    points = np.stack(candidates, axis=1)
    on_both = np.ones(points.shape[1], dtype=bool)
    for piece in (first, second):
        parameter = piece.parameter(points)
        slack = tolerance / piece.length
        on_both &= (parameter >= -slack) & (parameter <= 1 + slack)
        on_both &= np.abs(piece.curve.distance(points)) <= tolerance
    return points[:, on_both]


def _line_line(first: Straight, second: Straight) -> list[Floats]:
    u, v = first.end - first.start, second.end - second.start
    cross = u[0] * v[1] - u[1] * v[0]
    if abs(cross) <= 1e-12 * first.length * second.length:
        return []
    gap = second.start - first.start
    return [first.start + u * ((gap[0] * v[1] - gap[1] * v[0]) / cross)]


def _line_circle(line: Straight, arc: Bend) -> list[Floats]:
    along = (line.end - line.start) / line.length
    foot = line.start + along * (along @ (arc.centre - line.start))
    half = arc.radius**2 - float((foot - arc.centre) @ (foot - arc.centre))
    reach = along * math.sqrt(max(half, 0.0))
    return [foot - reach, foot + reach]


def _circle_circle(first: Bend, second: Bend) -> list[Floats]:
    between = second.centre - first.centre
    distance = float(np.linalg.norm(between))
    if distance <= 1e-12 * (first.radius + second.radius):
        return []
    along = between / distance
    foot = (distance**2 + first.radius**2 - second.radius**2) / (2 * distance)
    reach = math.sqrt(max(first.radius**2 - foot**2, 0.0)) * np.array([-along[1], along[0]])
    return [first.centre + along * foot - reach, first.centre + along * foot + reach]


Entry = TypeVar("Entry")


def distinct(
    parts: Sequence[Sequence[Entry]], name: Callable[[Entry], tuple[str, bool]], renamed: Callable[[Entry, str], Entry]
) -> list[Entry]:
    """Join the faces of several shapes: a name that nobody gave and another part has too gets a number, ``rim_2``.

    Names that were given stay: two parts may be meant to have one boundary.
    """
    taken = {name(entry)[0] for part in parts for entry in part if name(entry)[1]}
    joined: list[Entry] = []
    for part in parts:
        new: dict[str, str] = {}
        for entry in part:
            own, given = name(entry)
            if not given and own not in new:
                new[own] = _free(own, taken)
            joined.append(entry if given else renamed(entry, new[own]))
        taken |= set(new.values())
    return joined


def _free(name: str, taken: set[str]) -> str:
    number = 2
    free = name
    while free in taken:
        free = f"{name}_{number}"
        number += 1
    return free
