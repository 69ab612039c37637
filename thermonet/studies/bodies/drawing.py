"""From a body of regions to its drawing, every number through `Values`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from thermonet.documents.body.drawn import DrawnDocument
from thermonet.documents.body.shapes import (
    BoxEntry,
    CircleEntry,
    ConeEntry,
    CylinderEntry,
    DrawnShapeEntry,
    ExtrudedEntry,
    OutlineEntry,
    PolygonEntry,
    RectangleEntry,
    RevolvedEntry,
    SegmentEntry,
    SphereEntry,
)
from thermonet.geometry.cad import shapes
from thermonet.quantities.inputs import Input
from thermonet.studies.values import Values

_DIRECTIONS: dict[str, shapes.Place] = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}


def drawing_of(document: DrawnDocument, values: Values) -> shapes.Drawing:
    """Draw the regions of a body at the values handed out.

    Raises
    ------
    ValueError
        A region has no shape, as in a body from a mesh file.
    """
    size = document.numerics.element_size
    sizes = {name: region.element_size.value for name, region in document.regions.items() if region.element_size}
    return shapes.Drawing(
        kind=document.coordinates,
        regions={name: _region(document, values, name) for name in document.regions},
        element_size=size.value if size else None,
        sizes=sizes,
        element_scale=document.numerics.element_scale.value,
    )


@dataclass(frozen=True)
class _At:
    """A place in the shapes of a document, below which numbers are read.

    Attributes
    ----------
    document, values
        What is read, and what hands out its numbers.
    path, source
        Where we are, and where its numbers come from if they do not say so themselves.
    """

    document: DrawnDocument
    values: Values
    path: str
    source: str

    def below(self, key: object) -> _At:
        """Return the place at a key."""
        return replace(self, path=f"{self.path}.{key}")

    def number(self, value: Input, key: str) -> float:
        """Value at a key [SI]."""
        return self.values(value, f"{self.path}.{key}", self.source)

    def point(self, point: tuple[Input, ...], key: object) -> shapes.Place:
        """Coordinates at a key [m]."""
        at = self.below(key)
        return tuple(at.number(part, str(i)) for i, part in enumerate(point))


def _region(document: DrawnDocument, values: Values, name: str) -> shapes.Shape:
    region = document.regions[name]
    if region.shape is None:
        raise ValueError(f"the region {name} has no shape")  # the document's own checks come first
    return _shape(_At(document, values, f"regions.{name}.shape", region.source or document.source), region.shape)


def _shape(at: _At, entry: DrawnShapeEntry) -> shapes.Shape:
    """A shape and all that it is made of: drawn, then turned, then moved."""
    drawn = _as_drawn(at, entry)
    turned = entry.turned
    if turned is not None:
        about = None if turned.about is None else at.below("turned").point(turned.about, "about")
        angle = at.below("turned").number(turned.angle, "angle")
        drawn = shapes.Turned(drawn, angle, about, _DIRECTIONS[turned.axis or "z"])
    if entry.moved is not None:
        drawn = shapes.Moved(drawn, at.point(entry.moved, "moved"))
    return shapes.Named(drawn, entry.name) if entry.name else drawn


def _as_drawn(at: _At, entry: DrawnShapeEntry) -> shapes.Shape:
    kind = entry.kinds[0]
    if entry.region is not None:
        return _region(at.document, at.values, entry.region)
    if kind in _PRIMITIVES:
        return _PRIMITIVES[kind](at.below(kind), getattr(entry, kind))
    parts = tuple(_shape(at.below(below), part) for below, part in entry.parts.items())
    if kind == "difference":
        return shapes.Difference(parts[0], parts[1:])
    return shapes.Union(parts) if kind == "union" else shapes.Intersection(parts)


def _rectangle(at: _At, entry: RectangleEntry) -> shapes.Shape:
    return shapes.Rectangle(at.point(entry.start, "from"), at.point(entry.to, "to"))


def _polygon(at: _At, entry: PolygonEntry) -> shapes.Shape:
    points = tuple(at.below("points").point(point, i) for i, point in enumerate(entry.points))
    return shapes.Polygon(points, None if entry.edges is None else tuple(entry.edges))


def _circle(at: _At, entry: CircleEntry) -> shapes.Shape:
    return shapes.Circle(at.point(entry.centre, "centre"), at.number(entry.radius, "radius"))


def _outline(at: _At, entry: OutlineEntry) -> shapes.Shape:
    path = at.below("path")
    segments = tuple(_segment(path.below(i), segment) for i, segment in enumerate(entry.path))
    return shapes.Outline(at.point(entry.start, "from"), segments)


def _segment(at: _At, entry: SegmentEntry) -> shapes.Segment:
    end = at.point(entry.to, "to")
    if entry.through is not None:
        return shapes.ArcThrough(at.point(entry.through, "through"), end, entry.name)
    if entry.radius is not None:
        radius = at.number(entry.radius, "radius")
        return shapes.Arc(end, radius, entry.turn or "left", large=entry.large == "yes", name=entry.name)
    return shapes.Line(end, entry.name)


def _box(at: _At, entry: BoxEntry) -> shapes.Shape:
    return shapes.Box(at.point(entry.start, "from"), at.point(entry.to, "to"))


def _cylinder(at: _At, entry: CylinderEntry) -> shapes.Shape:
    return shapes.Cylinder(
        base=at.point(entry.base, "base"),
        axis=_DIRECTIONS[entry.axis],
        radius=at.number(entry.radius, "radius"),
        height=at.number(entry.height, "height"),
    )


def _cone(at: _At, entry: ConeEntry) -> shapes.Shape:
    return shapes.Cone(
        base=at.point(entry.base, "base"),
        axis=_DIRECTIONS[entry.axis],
        bottom_radius=at.number(entry.bottom_radius, "bottom_radius"),
        top_radius=at.number(entry.top_radius, "top_radius"),
        height=at.number(entry.height, "height"),
    )


def _sphere(at: _At, entry: SphereEntry) -> shapes.Shape:
    return shapes.Sphere(at.point(entry.centre, "centre"), at.number(entry.radius, "radius"))


def _revolved(at: _At, entry: RevolvedEntry) -> shapes.Shape:
    origin = (0.0, 0.0, 0.0) if entry.origin is None else at.point(entry.origin, "origin")
    return shapes.Revolved(_shape(at.below("profile"), entry.profile), origin, at.number(entry.angle, "angle"))


def _extruded(at: _At, entry: ExtrudedEntry) -> shapes.Shape:
    return shapes.Extruded(_shape(at.below("profile"), entry.profile), at.number(entry.height, "height"))


_PRIMITIVES: dict[str, Callable[[_At, Any], shapes.Shape]] = {
    "rectangle": _rectangle,
    "polygon": _polygon,
    "circle": _circle,
    "outline": _outline,
    "box": _box,
    "cylinder": _cylinder,
    "cone": _cone,
    "sphere": _sphere,
    "revolved": _revolved,
    "extruded": _extruded,
}
