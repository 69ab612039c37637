"""The tip: a rounded cone of core material under films, revolved about its axis.

Films are laid along the normals of the core. Their thickness there is the one on the axis at the very end, the one
on the wall along the cone, and in between it follows the cosine of the angle to the axis, the law of a film
evaporated along the axis (a film of equal thickness everywhere is the conformal special case).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import brentq

from thermonet.geometry.mesh import (
    LENGTH_UNIT,
    Floats,
    Ints,
    Mesh,
    Patch,
    assembled,
    edge_line,
    graded,
    half_steps,
    intervals,
)
from thermonet.quantities.errors import PhysicsError

#: Name of the core's region.
CORE = "core"
#: Intervals of the usual mesh (all divisible by four, so that two coarser meshes nest in it).
_CAP, _OPENING, _WALL, _FOOT, _CORE, _FILM, _SURFACE = 8, 16, 16, 12, 8, 4, 8
#: Share of the wall below which its elements shrink again, towards the foot where the films come to one temperature.
_FOOT_SHARE = 0.12
#: Share of the rounded end's angle beyond which no rim of an opening may lie.
_LAST_RIM = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A strip of constant width that runs over the end of the tip and down two of its sides.

    Attributes
    ----------
    width
        On the inner surface of its film, measured across the strip in the plane of the cantilever [m].
    direction
        In which plane it runs: 'x' along the cantilever, 'y' across it.
    """

    width: float
    direction: Literal["x", "y"]

    def __post_init__(self) -> None:
        if not 0 < self.width < math.inf:
            raise PhysicsError(f"the width of a line must be positive, got {self.width:g} m")


@dataclass(frozen=True, slots=True, kw_only=True)
class TipLayer:
    """A film on the tip.

    Attributes
    ----------
    name
        Name of its region.
    wall
        Thickness along the normal of the cone's wall [m].
    apex
        Thickness on the axis [m].
    opening_radius
        Distance from the axis of the rim of a hole in it, on its inner surface [m]; the film below fills the hole.
    line
        Where it covers a strip only; the film above fills the space beside it.
    """

    name: str
    wall: float
    apex: float
    opening_radius: float | None = None
    line: Line | None = None

    def __post_init__(self) -> None:
        for thickness in (self.wall, self.apex):
            if not 0 < thickness < math.inf:
                raise PhysicsError(f"{self.name}: a thickness must be positive, got {thickness:g} m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Apex:
    """A rounded cone under films.

    Attributes
    ----------
    height
        From the plane of the cantilever to the end of the core [m].
    core_radius
        Of the core's rounded end [m].
    half_angle
        Between axis and wall [rad].
    layers
        From the core outwards.
    """

    height: float
    core_radius: float
    half_angle: float
    layers: tuple[TipLayer, ...]

    def __post_init__(self) -> None:
        if not 0 < self.half_angle < math.pi / 2:
            raise PhysicsError(f"the half angle must lie between 0 and 90 degrees, got {self.half_angle:g} rad")
        if not 0 < self.core_radius < self.height / 2:
            raise PhysicsError(f"the core radius must lie between 0 and half the height, got {self.core_radius:g} m")

    @property
    def outer_radius(self) -> float:
        """From the centre of the rounding to the outer surface, on the axis [m]."""
        return self.core_radius + sum(layer.apex for layer in self.layers)

    @property
    def wall_thickness(self) -> float:
        """Of all films together, along the normal of the wall [m]."""
        return sum(layer.wall for layer in self.layers)

    @property
    def core_foot_radius(self) -> float:
        """Radius of the core where it meets the cantilever [m]."""
        tangent = self.core_radius * math.cos(self.half_angle)
        return tangent + self._tangent_height * math.tan(self.half_angle)

    @property
    def foot_radius(self) -> float:
        """Mean radius of the films' cut where the tip meets the cantilever [m]: the ring that joins the two."""
        return self.core_foot_radius + self.wall_thickness / (2 * math.cos(self.half_angle))

    @property
    def _tangent_height(self) -> float:
        return self.height - self.core_radius * (1 - math.sin(self.half_angle))

    @property
    def is_round(self) -> bool:
        """Whether it is a body of revolution: no film is a line."""
        return all(layer.line is None for layer in self.layers)

    def depth_on_axis(self, name: str) -> float:
        """Distance from the outer surface to the inner surface of a layer, on the axis [m]."""
        names = [layer.name for layer in self.layers]
        return sum(layer.apex for layer in self.layers[names.index(name) :])

    def widest_opening(self, name: str) -> float:
        """Largest radius that an opening in a layer can have and still lie on the rounded end [m]."""
        names = [layer.name for layer in self.layers]
        last = _LAST_RIM * (math.pi / 2 - self.half_angle)
        return float(_surfaces(self, np.array([last]))[0, names.index(name)] * math.sin(last))


def apex_mesh(apex: Apex, element_scale: float = 1.0) -> Mesh:
    """Mesh of a tip, curved edges on the curves.

    Regions are 'core' and the layers' names. Boundaries: 'axis', 'foot' (the cut in the plane of the cantilever),
    'surface' (outer). Interfaces are found from the regions.

    Parameters
    ----------
    apex
        The shape.
    element_scale
        Multiplies the size of every element; the counts, and so the topology, depend on it alone.

    Raises
    ------
    ValueError
        A film is a line: then the tip is no body of revolution.
    """
    if not apex.is_round:
        raise ValueError("a tip with lines is no body of revolution")
    cap, wall = _along(apex, element_scale)
    across, cell_layer = _across(len(apex.layers), element_scale)
    points, nodes = _grid(apex, cap, wall, across)
    region = _regions(apex, len(cap) // 2, len(wall) // 2, cell_layer, element_scale)
    boundaries = {
        "axis": np.concatenate([edge_line(nodes[0]), edge_line(nodes[len(cap) - 1 :, 0])], axis=1),
        "foot": edge_line(nodes[-1]),
        "surface": edge_line(nodes[:, -1]),
        # The collapsed corner of the outermost layer: where the axis meets the surface.
        "tip": edge_line(nodes[:3, -1]),
    }
    names = (CORE, *(layer.name for layer in apex.layers))
    return assembled(points, [Patch(nodes, region)], names, boundaries)


def _along(apex: Apex, scale: float) -> tuple[Floats, Floats]:
    """Polar angles on the rounded end and fractions along the wall, at half steps."""
    last = math.pi / 2 - apex.half_angle
    rim = rim_angle(apex)
    inside = rim * graded(intervals(_OPENING, scale), 12.0)
    outside = rim + (last - rim) * graded(intervals(_CAP, scale), 1.0)
    cap = half_steps(np.concatenate([inside, outside[1:]]))
    down = (1 - _FOOT_SHARE) * graded(intervals(_WALL, scale), 150.0)
    foot = 1 - _FOOT_SHARE * (1 - graded(intervals(_FOOT, scale), 0.03))
    return cap, half_steps(np.concatenate([down, foot[1:]]))


def rim_angle(apex: Apex) -> float:
    """Polar angle of the rim of the opening; half of the rounded end where nothing is opened."""
    last = math.pi / 2 - apex.half_angle
    for index, layer in enumerate(apex.layers):
        if layer.opening_radius is None:
            continue
        rim = layer.opening_radius
        widest = apex.widest_opening(layer.name)
        if rim > widest:
            raise PhysicsError(
                f"{layer.name}: the opening ({rim:.4g} m) is wider than the rounded end ({widest:.4g} m)"
            )

        def excess(angle: float, below: int = index, rim: float = rim) -> float:
            return float(_surfaces(apex, np.array([angle]))[0, below] * math.sin(angle)) - rim

        return float(brentq(excess, 0.0, _LAST_RIM * last, xtol=1e-15))
    return last / 2


def _surfaces(apex: Apex, angle: Floats) -> Floats:
    """Distance [m] of every surface from the centre of the rounding, (angles, 1 + layers)."""
    flat = math.sin(apex.half_angle)
    share = (np.cos(angle) - flat) / (1 - flat)
    thickness = [layer.wall + (layer.apex - layer.wall) * share for layer in apex.layers]
    return apex.core_radius + np.cumsum([np.zeros_like(angle), *thickness], axis=0).T


def _across(layers: int, scale: float) -> tuple[Floats, Ints]:
    """Positions across core and films at half steps (core 0..1, layer i in i+1..i+2), and the layer of every cell."""
    steps = [graded(intervals(_CORE, scale), 0.35)]
    cells = [np.zeros(len(steps[0]) - 1, dtype=np.int64)]
    for index in range(layers):
        outermost = index == layers - 1
        # Heat enters at the surface of the outermost film, so its elements shrink towards it.
        fine = graded(intervals(_SURFACE, scale), 0.1) if outermost else graded(intervals(_FILM, scale))
        steps.append(index + 1 + fine[1:])
        cells.append(np.full(len(fine) - 1, index + 1))
    return half_steps(np.concatenate(steps)), np.concatenate(cells)


def _grid(apex: Apex, cap: Floats, wall: Floats, across: Floats) -> tuple[Floats, Ints]:
    """Coordinates of all nodes of the logical grid, and their numbers with the centre of the rounding merged."""
    rings = np.concatenate([cap_points(apex, cap, across), wall_points(apex, wall, across)[1:]])
    nodes = np.arange(rings.shape[0] * rings.shape[1]).reshape(rings.shape[:2])
    nodes[: len(cap), 0] = nodes[len(cap) - 1, 0]
    return rings.reshape(-1, 2).T / LENGTH_UNIT, nodes


def _interpolated(surfaces: Floats, across: Floats) -> Floats:
    """Values across core (from `surfaces[:, 0]`) and films at the positions `across`, linear in each."""
    position = np.minimum(across.astype(int), surfaces.shape[1] - 2)
    share = across - position
    return surfaces[:, position] * (1 - share) + surfaces[:, position + 1] * share


def cap_points(apex: Apex, angle: Floats, across: Floats) -> Floats:
    """Points (r, z) [m] on the rounded end at polar angles and positions across, (angles, across, 2).

    A position is a number: core 0..1, layer i in i+1..i+2.
    """
    surfaces = _surfaces(apex, angle)
    radius = _interpolated(np.column_stack([np.zeros_like(angle), surfaces]), across)
    centre = apex.height - apex.core_radius
    return np.stack([radius * np.sin(angle)[:, None], centre + radius * np.cos(angle)[:, None]], axis=-1)


def wall_points(apex: Apex, fraction: Floats, across: Floats) -> Floats:
    """Points (r, z) [m] on the wall at shares of its length and positions across, (fractions, across, 2).

    Straight lines from the wall's upper end to the plane of the cantilever; films end on that plane.
    """
    upper, lower = wall_ends(apex)
    ends = [_interpolated(end.T, across).T for end in (upper, lower)]
    return ends[0] + fraction[:, None, None] * (ends[1] - ends[0])


def wall_ends(apex: Apex) -> tuple[Floats, Floats]:
    """Ends of the axis and of every surface along the wall, at the rounded end and at the foot: (2 + layers, 2) [m]."""
    normal = np.array([math.cos(apex.half_angle), math.sin(apex.half_angle)])
    centre = np.array([0.0, apex.height - apex.core_radius])
    offsets = np.cumsum([apex.core_radius, *(layer.wall for layer in apex.layers)])
    upper = np.vstack([centre, centre + offsets[:, None] * normal])
    feet = upper[1:, 0] + upper[1:, 1] * math.tan(apex.half_angle)
    return upper, np.column_stack([np.concatenate([[0.0], feet]), np.zeros(len(upper))])


def _regions(apex: Apex, caps: int, walls: int, cell_layer: Ints, scale: float) -> Ints:
    region = np.tile(cell_layer, (caps + walls, 1))
    for index, layer in enumerate(apex.layers):
        if layer.opening_radius is not None:
            opened = region[: intervals(_OPENING, scale)]
            opened[opened == index + 1] = index  # the film below stands up through the hole
    return region
