"""Shapes as plain values: what a user draws, in metres, before any mesher is asked.

Every shape names its faces (in the plane: its edges). `Union`, `Difference` and `Intersection` keep these names, and a
drawing gives every region its shape; the boundary ``<region>.<face>`` of the mesh is what is left of that face.
Nothing is checked here: `thermonet.geometry.cad.check` says what is wrong, and where.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

#: Coordinates [m]: (x, y), (r, z) or (x, y, z).
Place: TypeAlias = tuple[float, ...]
#: planar: (x, y) of a body of constant depth; axisymmetric: (r, z), r >= 0; plate: (x, y) of a laminate in its plane;
#: solid: (x, y, z).
Kind: TypeAlias = Literal["planar", "axisymmetric", "plate", "solid"]


@dataclass(frozen=True)
class Polygon:
    """Straight edges from point to point and back to the first; either sense of rotation.

    Attributes
    ----------
    points
        Corners [m], at least three.
    edges
        Names of the edges, the first from the first to the second point; "" or none at all: ``edge_1``, ``edge_2`` ...
    """

    points: tuple[Place, ...]
    edges: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Rectangle:
    """Sides along the coordinates, between two opposite corners [m]; edges ``left, right, bottom, top``."""

    first: Place
    second: Place


@dataclass(frozen=True)
class Circle:
    """A disc; its edge is the ``rim``. Lengths in metres."""

    centre: Place
    radius: float


@dataclass(frozen=True)
class Line:
    """Straight on to a point [m]; no name: ``edge_<number>``, counted along the outline."""

    end: Place
    name: str = ""


@dataclass(frozen=True)
class Arc:
    """On to a point along a circle of a given radius.

    Attributes
    ----------
    end
        Where it ends [m].
    radius
        Of the circle [m], at least half the distance to the end.
    turn
        Whether one turns left (counter-clockwise) or right along it.
    large
        Whether it is the longer of the two arcs that turn this way: more than half the circle.
    name
        Of the edge; none: ``edge_<number>``.
    """

    end: Place
    radius: float
    turn: Literal["left", "right"] = "left"
    large: bool = False
    name: str = ""


@dataclass(frozen=True)
class ArcThrough:
    """On to a point along the circle through another point; lengths in metres; no name: ``edge_<number>``."""

    through: Place
    end: Place
    name: str = ""


Segment: TypeAlias = Line | Arc | ArcThrough


@dataclass(frozen=True)
class Outline:
    """Lines and arcs, one after the other, from a start [m]; closed by a straight edge if they do not lead back."""

    start: Place
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Box:
    """Faces along the coordinates, between two opposite corners [m]; ``x_min, x_max, y_min, y_max, z_min, z_max``."""

    first: Place
    second: Place


@dataclass(frozen=True)
class Cylinder:
    """A round rod of a given radius and height along its axis from the centre of its base; ``bottom, top, side``.

    Lengths in metres; the axis is a direction of any length.
    """

    base: Place
    axis: Place
    radius: float
    height: float


@dataclass(frozen=True)
class Cone:
    """A truncated cone, or with one radius zero a full one; ``bottom, top, side``. Lengths in metres."""

    base: Place
    axis: Place
    bottom_radius: float
    top_radius: float
    height: float


@dataclass(frozen=True)
class Sphere:
    """A ball; its face is the ``surface``. Lengths in metres."""

    centre: Place
    radius: float


@dataclass(frozen=True)
class Revolved:
    """A profile in (r, z), r >= 0, turned about the z axis through an origin; faces are named like its edges.

    Attributes
    ----------
    profile
        A shape in the plane; an edge on the axis leaves no face.
    origin
        Where r = z = 0 comes to lie [m].
    angle
        By which it is turned, from the x axis towards y [rad]; less than a full turn adds the faces ``start`` and
        ``end``.
    """

    profile: Shape
    origin: Place = (0.0, 0.0, 0.0)
    angle: float = 2 * math.pi


@dataclass(frozen=True)
class Extruded:
    """A shape in (x, y) carried from z = 0 to a height [m]; faces ``z_min, z_max`` and those named like its edges."""

    profile: Shape
    height: float


@dataclass(frozen=True)
class Union:
    """What is in any of the shapes; where they overlap or touch there is no edge left."""

    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class Difference:
    """What is in a shape and in none of the tools; a face that a tool cut has the name of the tool's face."""

    shape: Shape
    tools: tuple[Shape, ...]


@dataclass(frozen=True)
class Intersection:
    """What is in all of the shapes."""

    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class Moved:
    """A shape moved by a distance [m] along every coordinate."""

    shape: Shape
    by: Place


@dataclass(frozen=True)
class Turned:
    """A shape turned about a point [m], in space about the axis through it, by the right-hand rule [rad]."""

    shape: Shape
    angle: float
    about: Place | None = None
    axis: Place = (0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Named:
    """A shape whose faces carry a name in front of their own, ``<name>.<face>``: tells two holes apart."""

    shape: Shape
    name: str


Shape: TypeAlias = (
    Polygon
    | Rectangle
    | Circle
    | Outline
    | Box
    | Cylinder
    | Cone
    | Sphere
    | Revolved
    | Extruded
    | Union
    | Difference
    | Intersection
    | Moved
    | Turned
    | Named
)


@dataclass(frozen=True)
class LocalSize:
    """The largest element size [m] near a place [m]; it grows from there with the drawing's grading."""

    place: Place
    size: float


@dataclass(frozen=True)
class Drawing:
    """A body as drawn: regions that may touch but not overlap, and how finely to mesh them.

    Attributes
    ----------
    kind
        What the coordinates mean.
    regions
        Shape by the name of the region: of the plane for all kinds but ``solid``.
    element_size
        Largest size of an element anywhere [m]; none: from the shapes alone.
    sizes
        Largest element size [m] by region or by face (``<region>.<face>``).
    near
        Largest element sizes near places.
    element_scale
        A factor on all sizes, also on those taken from the shapes; above 1, curved faces keep theirs.
    grading
        By how much an element may be larger than its neighbour nearer to a small one: 0.1 (slow) to 0.9 (fast).
    """

    kind: Kind
    regions: Mapping[str, Shape]
    element_size: float | None = None
    sizes: Mapping[str, float] = field(default_factory=dict)
    near: tuple[LocalSize, ...] = ()
    element_scale: float = 1.0
    grading: float = 0.3

    def __hash__(self) -> int:
        """Mappings count by their entries, in their order."""
        regions, sizes = tuple(self.regions.items()), tuple(self.sizes.items())
        return hash((self.kind, regions, self.element_size, sizes, self.near, self.element_scale, self.grading))


def dimension(kind: Kind) -> int:
    """Of the space in which a drawing of this kind lies."""
    return 3 if kind == "solid" else 2
