"""Where the nodes of a three-dimensional tip are: a logical grid down the meridian, around the axis and across films.

The surface is divided along circles near the axis and along the lines' edges away from it, so that every edge of a
line is a grid line: the crossing of two lines ends on a square; beyond it an arm follows each line, and between the
arms a fan of cells opens at the square's corner.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from thermonet.geometry.apex import Apex, cap_points, rim_angle, wall_ends, wall_points
from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Ints, graded, half_steps, intervals
from thermonet.quantities.errors import PhysicsError

#: Intervals of the usual mesh down the meridian: the opening, the rest of the rounded end, the wall as far as the
#: crossing's edge, the arms, and their last part above the foot.
_OPENING, _CAP, _NECK, _ARM, _FOOT = 4, 4, 8, 8, 4
#: Around the axis, in a quarter: across half of each line, and between the two.
_LINE, _GAP = 4, 4
#: Across core, a film, and the outermost film.
_CORE, _FILM, _SURFACE = 4, 2, 4
#: Part of the arms, at the foot, in which their elements shrink again.
_FOOT_SHARE = 0.15
#: Share of the wall at which the crossing ends on a tip without lines.
_NO_LINES = 0.25
#: Shares of the wall between which a crossing may end, so that rows fit above and below it.
_SHORTEST, _LONGEST = 0.01, 0.8


@dataclass(frozen=True)
class TipGrid:
    """A grid of hexahedra, some of them collapsed.

    Attributes
    ----------
    number
        Node at every corner and half step, (2 rows + 1, 2 columns + 1, 2 layers + 1); collapsed places share one.
    points
        Coordinates (3, places) in `LENGTH_UNIT` of every place, counted row by row.
    region
        Of every cell, (rows, columns, layers): 0 core, then the films from the core outwards.
    layer
        Film that a layer of cells lies in, before lines and openings: 0 core, 1 ..., (layers,).
    across
        Positions of the corners and half steps across: core 0..1, film i in i..i+1, (2 layers + 1,).
    crossing
        Row below which the lines no longer cross.
    """

    number: Ints
    points: Floats
    region: Ints
    layer: Ints
    across: Floats
    crossing: int


def tip_grid(apex: Apex, element_scale: float, quarters: int) -> TipGrid:
    """Grid of one or two quarters of a tip; `tip_solid` describes the arguments and what is refused."""
    rows = [intervals(count, element_scale) for count in (_OPENING, _CAP, _NECK, _ARM, _FOOT)]
    columns = [intervals(count, element_scale) for count in (_LINE, _GAP, _LINE)]
    across, layer = _across(len(apex.layers), element_scale)
    crossing = _crossing(apex)
    points = _points(apex, crossing, rows, columns, across)
    region = _regions(apex, crossing, rows, columns, layer)
    if quarters == 2:
        points = np.concatenate([points, (points * np.array([-1.0, 1.0, 1.0]))[:, -2::-1]], axis=1)
        region = np.concatenate([region, region[:, ::-1]], axis=1)
    number = _numbers(points.shape[:3], rows, columns, quarters)
    return TipGrid(number, points.reshape(-1, 3).T / LENGTH_UNIT, region, layer, across, sum(rows[:3]))


@dataclass(frozen=True)
class _Edge:
    """Edge of a line: half its width, and the radius of the film's inner surface at both ends of the wall [m]."""

    half: float
    upper: float
    foot: float

    def radius(self, share: Floats) -> Floats:
        """Of the inner surface at shares of the wall [m]."""
        return self.upper + share * (self.foot - self.upper)

    def share(self, radius: Floats) -> Floats:
        """Of the wall at which the inner surface has a radius."""
        return (radius - self.upper) / (self.foot - self.upper)


@dataclass(frozen=True)
class _Crossing:
    """Where two lines cross: the edges of that along x and of that along y, and the corner where they meet.

    Attributes
    ----------
    along, across
        Edges of the two lines, in a quarter y = half and x = half.
    share, azimuth
        Of the corner: share of the wall and angle from x [rad].
    covering
        Names of the films that cover the whole tip.
    """

    along: _Edge
    across: _Edge
    share: float
    azimuth: float
    covering: frozenset[str]


def _edges(apex: Apex) -> dict[str, _Edge]:
    """Edges of the lines that do not cover the whole tip, by name."""
    upper, foot = (end[1:, 0] for end in wall_ends(apex))
    lines = {film.name: (film.line.width / 2, index) for index, film in enumerate(apex.layers) if film.line is not None}
    return {
        name: _Edge(half, float(upper[index]), float(foot[index]))
        for name, (half, index) in lines.items()
        if half < foot[index]
    }


def lines_problem(apex: Apex) -> tuple[str, str] | None:
    """Film and reason for which the lines of a tip cannot be meshed; None where they can.

    Their crossing must end on the wall of the cone, beyond the rounded end and well above the foot.
    """
    edges = _edges(apex)
    for name, edge in edges.items():
        across = max(edges.values(), key=lambda other: other.half) if len(edges) > 1 else edge
        corner = math.hypot(edge.half, across.half)
        if edge.share(np.array(edge.half)) >= _SHORTEST and edge.share(np.array(corner)) <= _LONGEST:
            continue
        low, high = (edge.radius(np.array(share)) for share in (_SHORTEST, _LONGEST))
        return name, (
            f"the lines' crossing must end on the wall of the cone: expected a width of {2e9 * low:.4g} nm to "
            f"{2e9 * high / math.sqrt(2):.4g} nm, or more than {2e9 * edge.foot:.4g} nm to cover the whole tip, "
            f"got {2e9 * edge.half:.4g} nm"
        )
    return None


def _crossing(apex: Apex) -> _Crossing:
    """Find where the lines of a tip cross; lines that are missing run where they serve the grid."""
    problem = lines_problem(apex)
    if problem is not None:
        raise PhysicsError(": ".join(problem))
    edges = _edges(apex)
    by_direction = {film.line.direction: edges[film.name] for film in apex.layers if film.line and film.name in edges}
    if len(by_direction) < len(edges) or apex.layers[-1].name in edges:
        raise PhysicsError("lines must run in two directions, under an outermost film that covers the whole tip")
    if not by_direction:
        upper, foot = (float(end[1, 0]) for end in wall_ends(apex))
        by_direction["x"] = _Edge((upper + _NO_LINES * (foot - upper)) / math.sqrt(2), upper, foot)
    along = by_direction.get("x") or by_direction["y"]
    across = by_direction.get("y") or by_direction["x"]

    def excess(share: float) -> float:
        here = np.array(share)
        return float((along.half / along.radius(here)) ** 2 + (across.half / across.radius(here)) ** 2) - 1

    share = float(brentq(excess, 0.0, 1.0, xtol=1e-15))
    azimuth = math.asin(along.half / float(along.radius(np.array(share))))
    covering = frozenset(film.name for film in apex.layers if film.name not in edges)
    return _Crossing(along, across, share, azimuth, covering)


def _across(layers: int, scale: float) -> tuple[Floats, Ints]:
    """Positions across at half steps, and the layer of every cell."""
    steps = [graded(intervals(_CORE, scale), 0.35)]
    cells = [np.zeros(len(steps[0]) - 1, dtype=np.int64)]
    for layer in range(1, layers + 1):
        # Heat enters at the surface of the outermost film, so its elements shrink towards it.
        fine = graded(intervals(_SURFACE, scale), 0.1) if layer == layers else graded(intervals(_FILM, scale))
        steps.append(layer + fine[1:])
        cells.append(np.full(len(fine) - 1, layer))
    return half_steps(np.concatenate(steps)), np.concatenate(cells)


def _points(apex: Apex, crossing: _Crossing, rows: list[int], columns: list[int], across: Floats) -> Floats:
    """Coordinates (rows, columns, across, 3) [m] of all places of a quarter, at half steps."""
    opening, cap, neck, arm, foot = rows
    rim, last = rim_angle(apex), math.pi / 2 - apex.half_angle
    inside, outside = rim * graded(opening, 2.0), rim + (last - rim) * graded(cap)
    angle = half_steps(np.concatenate([inside, outside[1:]]))
    edge, start = _edge_of_crossing(crossing, columns)
    # Steps grow from those on the rounded end to those that an arm begins with.
    shares = [step * edge for step in half_steps(graded(neck, 8.0))]
    azimuths = [start] * len(shares)
    down = (1 - _FOOT_SHARE) * graded(arm, 4.0)
    further = 1 - _FOOT_SHARE * (1 - graded(foot, 0.1))
    for step in half_steps(np.concatenate([down, further[1:]]))[1:]:
        shares.append(edge + step * (1 - edge))
        azimuths.append(_azimuths(crossing, shares[-1], edge, start, columns))
    on_cap = np.repeat(cap_points(apex, angle, across)[:, None], len(start), axis=1)
    share = np.stack(shares)
    on_wall = wall_points(apex, share.ravel(), across).reshape(*share.shape, len(across), 2)
    section = np.concatenate([on_cap, on_wall[1:]])
    azimuth = np.concatenate([np.tile(start, (len(angle), 1)), np.stack(azimuths)[1:]])[:, :, None]
    r, z = section[..., 0], section[..., 1]
    return np.stack([r * np.cos(azimuth), r * np.sin(azimuth), z], axis=-1)


def _columns(columns: list[int]) -> tuple[Floats, Floats, Floats]:
    """Shares 0..1 at half steps of the three parts of a quarter: half a line, the gap, half the other line."""
    first, gap, last = (half_steps(graded(count)) for count in columns)
    return first, gap, last


def _edge_of_crossing(crossing: _Crossing, columns: list[int]) -> tuple[Floats, Floats]:
    """Share of the wall and azimuth, for all columns of a quarter, of the square on which the crossing ends."""
    first, gap, last = _columns(columns)
    slope = math.tan(crossing.azimuth)
    near, far = np.arctan(first * slope), math.pi / 2 - np.arctan((1 - last) / slope)
    near[-1] = far[0] = crossing.azimuth
    shares = [
        crossing.across.share(crossing.across.half / np.cos(near)),
        np.full(len(gap) - 2, crossing.share),
        crossing.along.share(crossing.along.half / np.sin(far)),
    ]
    return np.concatenate(shares), np.concatenate([near, np.full(len(gap) - 2, crossing.azimuth), far])


def _azimuths(crossing: _Crossing, share: Floats, edge: Floats, start: Floats, columns: list[int]) -> Floats:
    """Azimuths [rad] of a row beyond the crossing: columns of an arm keep their distance from its middle."""
    first, gap, last = _columns(columns)
    along, across = crossing.along, crossing.across
    near, far = slice(0, len(first)), slice(len(start) - len(last), None)
    y = along.radius(edge[near]) * np.sin(start[near])
    x = across.radius(edge[far]) * np.cos(start[far])
    on_first = np.arcsin(y / along.radius(share[near]))
    on_last = np.arccos(x / across.radius(share[far]))
    between = on_first[-1] + gap[1:-1] * (on_last[0] - on_first[-1])
    return np.concatenate([on_first, between, on_last])


def _regions(apex: Apex, crossing: _Crossing, rows: list[int], columns: list[int], layer: Ints) -> Ints:
    """Region of every cell of a quarter; collapsed cells have one too."""
    opening, crossed = rows[0], sum(rows[:3])
    region = np.tile(layer, (sum(rows), sum(columns), 1))
    first, gap, _ = columns
    for index in range(len(apex.layers), 0, -1):  # from the outside: what fills may itself be filled
        film = apex.layers[index - 1]
        if film.opening_radius is not None:
            region[:opening, :, layer == index] = index - 1  # the film below stands up through the hole
        if film.name in crossing.covering:
            continue
        assert film.line is not None
        beside = slice(first, None) if film.line.direction == "x" else slice(0, first + gap)
        above = region[crossed:, beside, layer == index + 1][:, :, :1]
        region[crossed:, beside, layer == index] = above
    return region


def _numbers(shape: tuple[int, ...], rows: list[int], columns: list[int], quarters: int) -> Ints:
    """Node of every place; places that coincide share the first one's."""
    number = np.arange(math.prod(shape)).reshape(shape)
    caps, crossed = 2 * sum(rows[:2]), 2 * sum(rows[:3])
    first, gap, last = (2 * count for count in columns)
    quarter = first + gap + last
    for start, stop in ((first, first + gap), (quarter + last, quarter + last + gap))[:quarters]:
        number[: crossed + 1, start : stop + 1] = number[: crossed + 1, start : start + 1]
    number[0] = number[0, :1]
    number[:, :, 0] = number[:, :1, 0]
    number[: caps + 1, :, 0] = number[caps, 0, 0]
    return number
