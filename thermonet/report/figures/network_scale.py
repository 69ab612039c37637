"""A thermal network to scale: every element as long as its resistance says, every heat as wide as its watts."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon
from matplotlib.text import Annotation

from thermonet.geometry.mesh import Floats
from thermonet.report.figures.drawing import BLUE, INK, MUTED, ORANGE, RED, Drawing, canvas, styled
from thermonet.report.names import printed
from thermonet.results.record import Column, Table

#: Nodes beyond which a drawing shows nothing any more.
MOST_NODES = 40
#: Ratio of the largest to the smallest resistance up to which lengths are in proportion to them.
_LINEAR = 100.0
#: Part of the distance between two nodes that an element may take; of parallel ones, which are bent.
_ROOM, _ROOM_BENT = 0.72, 0.5
#: Widths of heats [points].
_THIN, _WIDE = 1.0, 11.0
_PLATE = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6}


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnElement:
    """An element as it is drawn: its name, its two nodes, its resistance [K/W], and the heat from a to b [W]."""

    name: str
    a: str
    b: str
    resistance: float
    heat: float


@dataclass(frozen=True)
class _Scale:
    """Length of a resistance, in parts of the longest one's."""

    least: float
    largest: float

    @property
    def is_linear(self) -> bool:
        return self.largest <= _LINEAR * self.least

    def length(self, resistance: float) -> float:
        if self.is_linear:
            return resistance / self.largest
        return (1 + math.log10(resistance / self.least)) / (1 + math.log10(self.largest / self.least))


@styled
def network_scale_figure(
    elements: Sequence[DrawnElement],
    rises: Mapping[str, float],
    *,
    held: Collection[str],
    sources: Mapping[str, tuple[str, float]] | None = None,
    title: str = "The network to scale",
) -> Drawing | None:
    """Draw a small network; None where it has more nodes than one could tell apart, or no element.

    Parameters
    ----------
    elements
        All of them, a body's as a star around a node of its own (`studies.network.bodies.star`).
    rises
        Temperature of the nodes above the bath [K]; a node without one is a body's middle.
    held
        Nodes at given temperatures.
    sources
        Node and power [W] of the sources by name.
    title
        Of the drawing.
    """
    nodes = list(dict.fromkeys([*rises, *(end for each in elements for end in (each.a, each.b))]))
    if not elements or len(nodes) > MOST_NODES:
        return None
    scale = _Scale(min(each.resistance for each in elements), max(each.resistance for each in elements))
    at = _places(nodes, elements, scale)
    bends = _bends(elements)
    rooms = [
        math.dist(at[each.a], at[each.b]) * (_ROOM_BENT if bend else _ROOM) / scale.length(each.resistance)
        for each, bend in zip(elements, bends, strict=True)
    ]
    unit = min(rooms)
    axes = _canvas(np.array(list(at.values())))
    widest = max((abs(each.heat) for each in elements), default=0.0)
    for each, bend in zip(elements, bends, strict=True):
        _element(axes, each, at, bend, unit * scale.length(each.resistance), widest)
    into: dict[str, list[tuple[str, float]]] = {name: [] for name in nodes}
    for name, (node, power) in (sources or {}).items():
        into[node].append((name, power))
    for name in nodes:
        first, *others = _directions(name, elements, at)
        _node(axes, name, at[name], rises.get(name), first, held=name in held)
        for (source, power), angle in zip(into[name], cycle(others), strict=False):
            _source(axes, source, power, at[name], angle)
    _ruler(axes, scale, unit)
    return Drawing("network_scale", title, _caption(scale), axes.figure, _table(elements))  # type: ignore[arg-type]


def _places(nodes: Sequence[str], elements: Sequence[DrawnElement], scale: _Scale) -> dict[str, tuple[float, float]]:
    """Place the nodes so that distances along elements are close to their lengths, the longest way across.

    The springs of T. Kamada and S. Kawai, Inf. Process. Lett. 31, 7 (1989), doi:10.1016/0020-0190(89)90102-6.
    """
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(nodes)
    for each in elements:
        length = scale.length(each.resistance)
        known = graph.get_edge_data(each.a, each.b, {"length": 0.0})["length"]
        graph.add_edge(each.a, each.b, length=max(length, known, 0.25))
    found = nx.kamada_kawai_layout(graph, weight="length") if len(nodes) > 1 else {nodes[0]: np.zeros(2)}
    points = np.array([found[name] for name in nodes])
    points = points - points.mean(axis=0)
    across = np.linalg.svd(points, full_matrices=False)[2]
    turned = points @ across.T
    # Of the four ways round, the one in which the first node is to the right and the last one above.
    turned = turned * np.where(turned[[0, -1], [0, 1]] < 0, -1.0, 1.0)
    spread = np.ptp(turned, axis=0).max() or 1.0
    return {name: (float(x), float(y)) for name, (x, y) in zip(nodes, turned / spread, strict=True)}


def _bends(elements: Sequence[DrawnElement]) -> list[float]:
    """How far to the side every element is led, in parts of its length: not at all where it is alone."""
    groups: dict[frozenset[str], list[int]] = {}
    for number, each in enumerate(elements):
        groups.setdefault(frozenset((each.a, each.b)), []).append(number)
    bends = [0.0] * len(elements)
    for members in groups.values():
        for place, number in enumerate(members):
            side = place - (len(members) - 1) / 2
            turned = elements[number].a != elements[members[0]].a
            bends[number] = 0.3 * (-side if turned else side)
    return bends


def _canvas(points: Floats) -> Axes:
    margin = np.array([0.16, 0.2])
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    width = 9.6
    height = float(np.clip(width * (high[1] - low[1] + 0.08) / (high[0] - low[0]), 3.0, 6.5))
    axes = canvas(width, height, left=0.01, right=0.99, bottom=0.01, top=0.99).subplots()
    axes.set(xlim=(low[0], high[0]), ylim=(low[1] - 0.08, high[1]), aspect="equal")
    axes.axis("off")
    return axes


def _element(
    axes: Axes, each: DrawnElement, at: Mapping[str, tuple[float, float]], bend: float, length: float, widest: float
) -> None:
    """Heat as a band from node to node, and on it the resistor, to scale."""
    start, stop = np.array(at[each.a]), np.array(at[each.b])
    along = (stop - start) / (math.dist(start, stop) or 1.0)
    aside = np.array([-along[1], along[0]]) * bend * math.dist(start, stop)
    way = np.array([start, start + 0.2 * (stop - start) + aside, stop - 0.2 * (stop - start) + aside, stop])
    way = way if bend else way[[0, 3]]
    width = _THIN + (_WIDE - _THIN) * (abs(each.heat) / widest if widest else 0.0)
    axes.plot(*way.T, color=ORANGE, alpha=0.45, linewidth=width, solid_capstyle="butt", zorder=1)
    axes.plot(*way.T, color=INK, linewidth=0.8, zorder=1)
    middle = (start + stop) / 2 + aside
    across = np.array([-along[1], along[0]]) * 0.013
    ends = middle - along * length / 2, middle + along * length / 2
    corners = [ends[0] + across, ends[1] + across, ends[1] - across, ends[0] - across]
    axes.add_patch(Polygon(corners, closed=True, facecolor="white", edgecolor=BLUE, linewidth=1.6, zorder=2))
    if each.heat:
        step = along * math.copysign(0.012, each.heat)
        arrow = {"arrowstyle": "-|>", "color": ORANGE, "linewidth": 0, "mutation_scale": 9 + width, "alpha": 0.95}
        axes.annotate("", xy=middle + step, xytext=middle - step, arrowprops=arrow, zorder=3)
    angle = math.degrees(math.atan2(along[1], along[0]))
    angle = (angle + 90) % 180 - 90
    upward = np.array([-math.sin(math.radians(angle)), math.cos(math.radians(angle))])
    texts = {
        1.0: each.name,
        -1.0: f"{printed(each.resistance, 'K/W', digits=3)}, {printed(abs(each.heat), 'W', digits=3)}",
    }
    for side, text in texts.items():
        place = middle + upward * side * 0.034
        axes.text(place[0], place[1], text, rotation=angle, ha="center", va="center", fontsize=8.5, zorder=4).set_bbox(
            _PLATE
        )


def _directions(name: str, elements: Sequence[DrawnElement], at: Mapping[str, tuple[float, float]]) -> list[float]:
    """Angles at which a node has most room for what is written at it: its name, then its sources."""
    ends = [each.b if each.a == name else each.a for each in elements if name in (each.a, each.b)]
    taken = [math.atan2(at[end][1] - at[name][1], at[end][0] - at[name][0]) for end in ends]
    angles = [math.pi / 4 * eighth for eighth in (2, 6, 0, 4, 1, 3, 5, 7)]
    found: list[float] = []
    for _ in range(3):
        found.append(
            max(angles, key=lambda angle: min((_between(angle, other) for other in (*taken, *found)), default=0))
        )
    return found


def _between(first: float, second: float) -> float:
    """Angle between two directions, at most what is room enough."""
    return min(abs((first - second + math.pi) % (2 * math.pi) - math.pi), 1.2)


def _node(axes: Axes, name: str, at: tuple[float, float], rise: float | None, angle: float, *, held: bool) -> None:
    face = BLUE if held else "white" if rise is None else INK
    axes.plot(*at, marker="s" if held else "o", markersize=8, color=face, markeredgecolor=INK, zorder=5)
    text = name if rise is None else f"{name}\n{printed(rise, 'K', digits=3)}"
    _at_node(axes, text, at, angle, 10, fontweight="bold", zorder=6).set_bbox(_PLATE)


def _source(axes: Axes, name: str, power: float, at: tuple[float, float], angle: float) -> None:
    """An arrow into its node, or out of it."""
    arrow = {"arrowstyle": "-|>" if power >= 0 else "<|-", "color": RED, "linewidth": 1.6, "shrinkB": 5}
    _at_node(
        axes, f"{name}\n{printed(abs(power), 'W', digits=3)}", at, angle, 34, color=RED, arrowprops=arrow, zorder=4
    )


def _at_node(axes: Axes, text: str, at: tuple[float, float], angle: float, away: float, **more: object) -> Annotation:
    """Text some points away from a node in a direction."""
    x, y = round(math.cos(angle), 9), round(math.sin(angle), 9)
    sides = {
        "ha": "center" if abs(x) < 0.5 else "left" if x > 0 else "right",
        "va": "center" if abs(y) < 0.5 else "bottom" if y > 0 else "top",
    }
    style = {"textcoords": "offset points", "fontsize": 8.5, "linespacing": 1.15, **sides, **more}
    return axes.annotate(text, at, xytext=(away * x, away * y), **style)  # type: ignore[arg-type]


def _ruler(axes: Axes, scale: _Scale, unit: float) -> None:
    """Length of some resistances, at the lower left."""
    x, y = axes.get_xlim()[0] + 0.03, axes.get_ylim()[0] + 0.05
    if scale.is_linear:
        ticks = [0.0, 10.0 ** math.floor(math.log10(scale.largest))]
        lengths = [0.0, unit * scale.length(ticks[1])]
    else:
        first, last = math.ceil(math.log10(scale.least) - 1e-9), math.floor(math.log10(scale.largest) + 1e-9)
        ticks = [0.0, *(10.0**decade for decade in range(first, last + 1))]
        lengths = [0.0, *(unit * scale.length(tick) for tick in ticks[1:])]
    axes.plot([x, x + lengths[-1]], [y, y], color=MUTED, linewidth=1.2)
    for tick, length in zip(ticks, lengths, strict=True):
        axes.plot([x + length] * 2, [y - 0.008, y + 0.008], color=MUTED, linewidth=1.2)
        if tick > 0:
            text = printed(tick, "K/W", digits=2)
            axes.text(x + length, y - 0.012, text, ha="center", va="top", fontsize=8, color=MUTED)


def _caption(scale: _Scale) -> str:
    if scale.is_linear:
        law = "is in proportion to its resistance"
    else:
        decades = math.log10(scale.largest / scale.least)
        law = (
            f"grows with the logarithm of its resistance, as they spread over {decades:.1f} decades (logarithmic ruler)"
        )
    return (
        f"The length of every element's box {law}; its band is as wide as the heat through it, in "
        "proportion but for a hairline where there is little. Squares are held at a temperature; rises count from the "
        "bath. The open node in the middle of a body is that of the star which has the same resistances between the "
        "body's terminals."
    )


def _table(elements: Sequence[DrawnElement]) -> Table:
    return {
        "element": Column("", [each.name for each in elements]),
        "from": Column("", [each.a for each in elements]),
        "to": Column("", [each.b for each in elements]),
        "resistance": Column("K/W", [each.resistance for each in elements]),
        "heat": Column("W", [each.heat for each in elements]),
    }
