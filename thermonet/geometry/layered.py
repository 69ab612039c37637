"""Layered bodies on mapped meshes: slabs, coaxial and spherical shells, stacks of discs, sheets in their plane.

Every mesh is one logically rectangular grid whose counts depend on the element scale alone. Curved edges carry their
middle node on the curve. Meshes nest: halving the scale halves every interval (from a scale of 4 downwards).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Ints, Mesh, Patch, assembled, edge_line, graded, half_steps
from thermonet.quantities.errors import PhysicsError

#: Name of the only region of a plate's mesh.
SHEET = "sheet"
#: Intervals of the usual mesh, all divisible by four: through a layer, across, round a sphere; of a disc inside the
#: spot, just outside, and out to its side; of the top layer near its surface and below.
_LAYER, _ACROSS, _ROUND, _SPOT, _RIM, _OUT, _SURFACE, _BELOW = 8, 4, 32, 8, 8, 16, 8, 12
#: Along a plate, and through a curved layer, whose radii may differ by decades.
_ALONG, _RADIAL = 16, 96
#: Exponent of the grading towards the edge of a spot. Around the edge of an isothermal spot the temperature goes with
#: the root of the distance, so a resistance converges with this rate, up to the elements' own 4 (Babuška, Kellogg,
#: Pitkäranta, Numer. Math. 33, 447 (1979)); 4 would make needles so thin that rounding spoils the heat balance.
_GRADING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer of a body: the name of its region and its thickness [m]."""

    name: str
    thickness: float

    def __post_init__(self) -> None:
        _require_positive({f"{self.name}: thickness": self.thickness})


@dataclass(frozen=True, slots=True, kw_only=True)
class SlabShape:
    """Flat layers along x with a rectangular cross-section, width times depth [m]."""

    width: float
    depth: float
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        _require_positive({"width": self.width, "depth": self.depth})


@dataclass(frozen=True, slots=True, kw_only=True)
class CoaxialShape:
    """Tubes about an axis, from `inner_radius` outwards, of one length [m]."""

    inner_radius: float
    length: float
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        _require_positive({"inner radius": self.inner_radius, "length": self.length})


@dataclass(frozen=True, slots=True, kw_only=True)
class SphericalShape:
    """Shells from `inner_radius` [m] outwards, inside a cone of `half_angle` [rad]; pi is the full sphere."""

    inner_radius: float
    half_angle: float
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        _require_positive({"inner radius": self.inner_radius, "half angle": self.half_angle})
        if not self.half_angle <= math.pi * (1 + 1e-9):
            raise PhysicsError(f"the half angle must not exceed 180 degrees, got {self.half_angle:g} rad")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscShape:
    """A round stack of layers, from the top downwards, with a spot in the middle of its top [m]."""

    radius: float
    spot_radius: float
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        _require_positive({"radius": self.radius, "spot radius": self.spot_radius})
        if not self.spot_radius < self.radius:
            raise PhysicsError(f"the spot ({self.spot_radius:g} m) must be smaller than the disc ({self.radius:g} m)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateShape:
    """A thin laminate in its own plane, length times width [m]."""

    length: float
    width: float
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        _require_positive({"length": self.length, "width": self.width})

    @property
    def thickness(self) -> float:
        """Of all layers together [m]."""
        return sum(layer.thickness for layer in self.layers)


Shape = SlabShape | CoaxialShape | SphericalShape | DiscShape | PlateShape


def _require_positive(sizes: Mapping[str, float]) -> None:
    for name, size in sizes.items():
        if not 0 < size < math.inf:
            raise PhysicsError(f"the {name} must be positive and finite, got {size:g}")


def body_mesh(shape: Shape, element_scale: float = 1.0) -> Mesh:
    """Mesh of a layered body.

    Regions are the layers (of a plate the one `SHEET`). Boundaries: 'first', 'last' of a slab; 'inner', 'outer' of
    shells; 'spot', 'top', 'bottom', 'side' of a disc; 'start', 'end' of a plate. A slab is meshed in (x, y), a plate
    in its plane, all others in (r, z).

    Parameters
    ----------
    shape
        The body.
    element_scale
        Multiplies the size of every element.

    Raises
    ------
    PhysicsError
        The element scale is not positive.
    """
    _require_positive({"element scale": element_scale})
    if isinstance(shape, SlabShape):
        return _flat_mesh(shape.layers, 0.0, shape.width, ("first", "last"), element_scale)
    if isinstance(shape, CoaxialShape):
        return _flat_mesh(shape.layers, shape.inner_radius, shape.length, ("inner", "outer"), element_scale)
    if isinstance(shape, SphericalShape):
        return _spherical_mesh(shape, element_scale)
    if isinstance(shape, DiscShape):
        return _disc_mesh(shape, element_scale)
    return _plate_mesh(shape, element_scale)


def nested_intervals(count: int, scale: float) -> int:
    """Number of intervals at an element scale; halving a scale of at most 4 doubles it exactly.

    Examples
    --------
    >>> [nested_intervals(16, scale) for scale in (0.5, 1, 2, 4)], [nested_intervals(16, 0.7 * n) for n in (1, 2, 4)]
    ([32, 16, 8, 4], [24, 12, 6])
    """
    halvings = -math.ceil(math.log2(scale) - 1e-9)
    remainder = scale * 2.0**halvings  # above 1/2, at most 1
    return max(1, round(4 * math.ceil(count / (4 * remainder) - 1e-9) * 2.0**halvings))


def _stacked(layers: Sequence[Layer], start: float, shares: Sequence[Floats]) -> tuple[Floats, Ints]:
    """Positions across all layers at half steps [m], and the layer of every cell; `shares` run 0 .. 1 in each."""
    ends = start + np.concatenate([[0.0], np.cumsum([layer.thickness for layer in layers])])
    steps = [
        lower + share[1:] * (upper - lower) for lower, upper, share in zip(ends[:-1], ends[1:], shares, strict=True)
    ]
    cells = [np.full(len(share) - 1, index) for index, share in enumerate(shares)]
    return half_steps(np.concatenate([ends[:1], *steps])), np.concatenate(cells)


def _growing(layers: Sequence[Layer], start: float, scale: float) -> list[Floats]:
    """Shares of layers whose elements grow with the distance from the origin; equal ones where they start there."""
    lower, shares = start, []
    for layer in layers:
        ratio = 1 + layer.thickness / lower if lower > 0 else 1.0
        shares.append(graded(nested_intervals(_RADIAL, scale), ratio))
        lower += layer.thickness
    return shares


def _grid_mesh(
    first: Floats,
    second: Floats,
    region: Ints,
    names: Sequence[str],
    place: Callable[[Floats, Floats], tuple[Floats, Floats]],
    lines: Callable[[Ints], Mapping[str, Ints]],
) -> Mesh:
    """Mesh of the grid first x second: `place` gives its coordinates [m], `lines` its boundaries' nodes in order."""
    across = np.meshgrid(first, second, indexing="ij")
    points = np.stack(place(*across)).reshape(2, -1) / LENGTH_UNIT
    nodes = np.arange(points.shape[1]).reshape(across[0].shape)
    boundaries = {name: edge_line(line) for name, line in lines(nodes).items()}
    return assembled(points, [Patch(nodes, region)], names, boundaries)


def _as_they_are(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    return first, second


def _flat_mesh(layers: Sequence[Layer], start: float, extent: float, ends: tuple[str, str], scale: float) -> Mesh:
    """Layers along the first coordinate from `start`, with one extent along the second."""
    shares = _growing(layers, start, scale) if start else [graded(nested_intervals(_LAYER, scale))] * len(layers)
    along, cell_layer = _stacked(layers, start, shares)
    across = extent * half_steps(graded(nested_intervals(_ACROSS, scale)))
    region = np.repeat(cell_layer[:, None], (len(across) - 1) // 2, axis=1)
    names = [layer.name for layer in layers]

    def lines(nodes: Ints) -> dict[str, Ints]:
        return {ends[0]: nodes[0], ends[1]: nodes[-1]}

    return _grid_mesh(along, across, region, names, _as_they_are, lines)


def _spherical_mesh(shape: SphericalShape, scale: float) -> Mesh:
    layers = shape.layers
    radius, cell_layer = _stacked(layers, shape.inner_radius, _growing(layers, shape.inner_radius, scale))
    # From the wall to the axis, so that the elements are not turned inside out.
    angle = shape.half_angle * half_steps(graded(nested_intervals(_ROUND, scale)))[::-1]
    region = np.repeat(cell_layer[:, None], (len(angle) - 1) // 2, axis=1)

    def place(radius: Floats, angle: Floats) -> tuple[Floats, Floats]:
        sine = np.where(np.minimum(angle, np.pi - angle) < 1e-12, 0.0, np.sin(angle))
        return radius * sine, radius * np.cos(angle)

    def lines(nodes: Ints) -> dict[str, Ints]:
        return {"inner": nodes[0], "outer": nodes[-1]}

    return _grid_mesh(radius, angle, region, [layer.name for layer in layers], place, lines)


def _towards_start(count: int) -> Floats:
    """Points 0 .. 1 that crowd at 0 with a power of the distance; every second point gives half the count."""
    return (np.arange(count + 1) / count) ** _GRADING


def _from_edge(extent: float, size: float, near: int, far: int) -> Floats:
    """Shares 0 .. 1 of a line of length `extent` that starts at the edge of a spot of a certain size.

    Graded to the edge up to about the spot's size (or half the line), from there growing with the distance; equal
    steps where the whole line is as short as the steps that the edge asks for. All of it depends smoothly on both
    lengths, so that no change of a dimension changes the topology.
    """
    part = size / (extent + 2 * size)
    crowding = extent / (extent + size / _RIM**2)  # of the usual mesh: meshes of all scales nest
    inside = part * (crowding * _towards_start(near) + (1 - crowding) * graded(near))
    outside = part + (1 - part) * graded(far, 1 / part)
    return np.concatenate([inside, outside[1:]])


def _disc_mesh(shape: DiscShape, scale: float) -> Mesh:
    spot, layers = shape.spot_radius, shape.layers
    inside = spot * (1 - _towards_start(nested_intervals(_SPOT, scale))[::-1])
    rim, out = nested_intervals(_RIM, scale), nested_intervals(_OUT, scale)
    outside = spot + (shape.radius - spot) * _from_edge(shape.radius - spot, spot, rim, out)
    radius = half_steps(np.concatenate([inside, outside[1:]]))
    surface, below = nested_intervals(_SURFACE, scale), nested_intervals(_BELOW, scale)
    top = _from_edge(layers[0].thickness, spot, surface, below)
    depth, cell_layer = _stacked(layers, 0.0, [top, *_growing(layers[1:], layers[0].thickness, scale)])
    region = np.repeat(cell_layer[None, ::-1], (len(radius) - 1) // 2, axis=0)
    rim_node = 2 * (len(inside) - 1)

    def lines(nodes: Ints) -> dict[str, Ints]:
        spot_line, top_line = nodes[: rim_node + 1, -1], nodes[rim_node:, -1]
        return {"spot": spot_line, "top": top_line, "bottom": nodes[:, 0], "side": nodes[-1]}

    return _grid_mesh(radius, -depth[::-1], region, [layer.name for layer in layers], _as_they_are, lines)


def _plate_mesh(shape: PlateShape, scale: float) -> Mesh:
    along = shape.length * half_steps(graded(nested_intervals(_ALONG, scale)))
    across = shape.width * half_steps(graded(nested_intervals(_ACROSS, scale)))
    region = np.zeros(((len(along) - 1) // 2, (len(across) - 1) // 2), dtype=np.int64)

    def lines(nodes: Ints) -> dict[str, Ints]:
        return {"start": nodes[0], "end": nodes[-1]}

    return _grid_mesh(along, across, region, [SHEET], _as_they_are, lines)
