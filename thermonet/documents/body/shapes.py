"""Shapes of drawn regions: one key says which, and shapes are made of shapes."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from thermonet.documents.fields import Dimension, Entry, Extent, Point
from thermonet.quantities.inputs import Input

_FULL_TURN = 2 * math.pi * (1 + 1e-12)
Turn = Annotated[Input, Dimension("rad", low=-_FULL_TURN, high=_FULL_TURN)]
Opening = Annotated[Input, Dimension("rad", high=_FULL_TURN)]
ExtentOrZero = Annotated[Input, Dimension("m", low_allowed=True, high=100.0 * (1 + 1e-12))]
Axis = Literal["x", "y", "z"]


class RectangleEntry(Entry):
    """Sides along the coordinates: edges left, right, bottom, top."""

    start: Point = Field(alias="from", description="a corner such as [0 um, 0 um]")
    to: Point = Field(description="the opposite corner")


class PolygonEntry(Entry):
    """Straight edges from corner to corner and back to the first."""

    points: list[Point] = Field(min_length=3, description="corners, three or more")
    edges: list[str] | None = Field(
        None, description="names of the edges, the first from the first corner to the second (default: edge_1 ...)"
    )


class CircleEntry(Entry):
    """A disc: its edge is the rim."""

    centre: Point = Field(description="a point such as [0 um, 0 um]")
    radius: Extent = Field(description="a length such as '1 um'")


class SegmentEntry(Entry):
    """On to a point: straight, through another point, or along a circle of a radius."""

    to: Point = Field(description="where it ends")
    through: Point | None = Field(None, description="a point on the arc between its ends")
    radius: Extent | None = Field(None, description="of the arc")
    turn: Literal["left", "right"] | None = Field(None, description="of an arc with a radius (default: left)")
    large: Literal["yes", "no"] | None = Field(None, description="yes: the arc is more than half its circle")
    name: str = Field("", description="of the edge (default: edge_1 ... along the outline)")


class OutlineEntry(Entry):
    """Lines and arcs, one after the other; a straight edge closes what does not lead back to the start."""

    start: Point = Field(alias="from", description="where it starts and ends")
    path: list[SegmentEntry] = Field(min_length=1, description="lines and arcs such as {to: [1 um, 0 um]}")


class BoxEntry(Entry):
    """Faces along the coordinates: x_min, x_max, y_min, y_max, z_min, z_max."""

    start: Point = Field(alias="from", description="a corner such as [0 um, 0 um, 0 um]")
    to: Point = Field(description="the opposite corner")


class CylinderEntry(Entry):
    """A round rod: faces bottom, top, side."""

    base: Point = Field(description="centre of its bottom such as [0 um, 0 um, 0 um]")
    radius: Extent = Field(description="a length such as '1 um'")
    height: Extent = Field(description="along the axis")
    axis: Axis = Field("z", description="coordinate along which it rises (default: z)")


class ConeEntry(Entry):
    """A cone, truncated unless its top radius is zero: faces bottom, top, side."""

    base: Point = Field(description="centre of its bottom such as [0 um, 0 um, 0 um]")
    bottom_radius: ExtentOrZero = Field(description="a length such as '1 um'")
    top_radius: ExtentOrZero = Field(description="a length such as '100 nm'")
    height: Extent = Field(description="along the axis")
    axis: Axis = Field("z", description="coordinate along which it rises (default: z)")


class SphereEntry(Entry):
    """A ball: its face is the surface."""

    centre: Point = Field(description="a point such as [0 um, 0 um, 0 um]")
    radius: Extent = Field(description="a length such as '1 um'")


class RevolvedEntry(Entry):
    """A profile in (r, z) turned about the z axis: faces are named like its edges."""

    profile: DrawnShapeEntry = Field(description="a shape of the plane, r being zero or positive")
    origin: Point | None = Field(None, description="where r = z = 0 comes to lie (default: the origin)")
    angle: Opening = Field(
        Input(value=2 * math.pi, unit="rad", source="default: a full turn"),
        description="less than 360 deg adds the faces start and end (default: 360 deg)",
    )


class ExtrudedEntry(Entry):
    """A shape in (x, y) carried from z = 0 upwards: faces z_min, z_max and those named like its edges."""

    profile: DrawnShapeEntry = Field(description="a shape of the plane")
    height: Extent = Field(description="along z")


class TurnedEntry(Entry):
    """How a shape is turned, by the right-hand rule."""

    angle: Turn = Field(description="an angle such as '30 deg'")
    about: Point | None = Field(None, description="a point that stays (default: the origin)")
    axis: Axis | None = Field(None, description="of a solid: the direction of the axis (default: z)")


class DrawnShapeEntry(Entry):
    """A shape: one of the keys below says which; it may be turned, then moved."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    #: Keys that say what the shape is; those of the plane, those of space, those of both.
    planar: ClassVar[tuple[str, ...]] = ("rectangle", "polygon", "circle", "outline")
    solid: ClassVar[tuple[str, ...]] = ("box", "cylinder", "cone", "sphere", "revolved", "extruded")
    combined: ClassVar[tuple[str, ...]] = ("union", "difference", "intersection", "region")

    rectangle: RectangleEntry | None = None
    polygon: PolygonEntry | None = None
    circle: CircleEntry | None = None
    outline: OutlineEntry | None = None
    box: BoxEntry | None = None
    cylinder: CylinderEntry | None = None
    cone: ConeEntry | None = None
    sphere: SphereEntry | None = None
    revolved: RevolvedEntry | None = None
    extruded: ExtrudedEntry | None = None
    union: list[DrawnShapeEntry] | None = Field(None, description="shapes: what is in any of them")
    difference: list[DrawnShapeEntry] | None = Field(None, description="a shape, then those that are cut from it")
    intersection: list[DrawnShapeEntry] | None = Field(None, description="shapes: what is in all of them")
    region: str | None = Field(None, description="the name of a region whose shape this is too")
    turned: TurnedEntry | None = Field(None, description="about a point, before it is moved")
    moved: Point | None = Field(None, description="by how much along every coordinate")
    name: str = Field("", description="stands before the names of its faces: tells two holes apart")

    @property
    def kinds(self) -> list[str]:
        """Keys given that say what the shape is; a shape that makes sense has one."""
        known = (*self.planar, *self.solid, *self.combined)
        return [key for key in known if getattr(self, key) is not None]

    @property
    def parts(self) -> dict[str, DrawnShapeEntry]:
        """Shapes that this one is made of, by their path below it."""
        lists = {key: getattr(self, key) or [] for key in ("union", "difference", "intersection")}
        found = {f"{key}.{i}": shape for key, shapes in lists.items() for i, shape in enumerate(shapes)}
        profiles = {"revolved.profile": self.revolved, "extruded.profile": self.extruded}
        return found | {path: entry.profile for path, entry in profiles.items() if entry is not None}
