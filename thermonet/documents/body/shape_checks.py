"""What is wrong with the shapes of a drawing, as far as it can be said without drawing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from thermonet.documents.body.layered import NAME
from thermonet.documents.body.places import nearest
from thermonet.documents.body.regions import RegionEntry
from thermonet.documents.body.shapes import DrawnShapeEntry, OutlineEntry, PolygonEntry, SegmentEntry
from thermonet.documents.fields import Entry
from thermonet.quantities.inputs import Input

Problems = Iterator[tuple[str, str]]

_SPACES = {2: "the plane", 3: "space"}


def shape_problems(
    shape: DrawnShapeEntry,
    path: str,
    axes: tuple[str, ...],
    regions: Mapping[str, RegionEntry],
    *,
    of_space: bool | None = None,
) -> Problems:
    """Yield (path, message) for a shape of a region and all shapes that it is made of.

    Parameters
    ----------
    shape, path
        What is asked about, and where it stands.
    axes
        The coordinates of its space: two or three.
    regions
        Whose shapes it may refer to.
    of_space
        Whether those are solids, as they are even where this is the profile of one (default: as its own coordinates).
    """
    solids = len(axes) == 3 if of_space is None else of_space
    known = (*(shape.planar if len(axes) == 2 else shape.solid), *shape.combined)
    known = tuple(key for key in known if key != "region" or solids == (len(axes) == 3))
    if len(shape.kinds) != 1:
        yield path, f"expected exactly one of {', '.join(known)}"
        return
    yield from _face_names(shape, path)
    kind = shape.kinds[0]
    if kind not in known:
        yield f"{path}.{kind}", f"does not lie in {_SPACES[len(axes)]}, expected one of {', '.join(known)}"
        return
    below = f"{path}.{kind}"
    if kind in shape.combined:
        yield from _combination(shape, kind, below, regions)
    else:
        own = getattr(shape, kind)
        yield from _points(own, below, ("x", "y", "z") if kind == "revolved" else axes)
        yield from _sizes(own, below)
    yield from _points(shape, path, axes)
    if shape.turned is not None:
        yield from _points(shape.turned, f"{path}.turned", axes)
        if shape.turned.axis is not None and len(axes) == 2:
            yield f"{path}.turned.axis", "in the plane there is one axis only, expected none"
    for part, inside in shape.parts.items():
        plane = ("r", "z") if part == "revolved.profile" else ("x", "y")
        own = plane if part.endswith("profile") else axes
        yield from shape_problems(inside, f"{path}.{part}", own, regions, of_space=solids)


def _face_names(shape: DrawnShapeEntry, path: str) -> Problems:
    given = {f"{path}.name": shape.name}
    if shape.polygon is not None:
        given |= {f"{path}.polygon.edges.{i}": name for i, name in enumerate(shape.polygon.edges or [])}
    if shape.outline is not None:
        given |= {f"{path}.outline.path.{i}.name": segment.name for i, segment in enumerate(shape.outline.path)}
    for below, name in given.items():
        if name and not NAME.fullmatch(name):
            yield below, f"'{name}' is not a name, expected letters, digits, '_' and '-'"


def _combination(shape: DrawnShapeEntry, kind: str, path: str, regions: Mapping[str, RegionEntry]) -> Problems:
    if kind != "region":
        if len(getattr(shape, kind)) < 2:
            yield path, "expected two shapes or more"
        return
    target = regions.get(str(shape.region))
    if target is None:
        yield path, f"there is no region '{shape.region}', expected {nearest(str(shape.region), regions)}"
    elif target.shape is None:
        yield path, f"the region '{shape.region}' has no shape, expected one that has"


def _points(entry: Entry, path: str, axes: tuple[str, ...]) -> Problems:
    """Every point of an entry has as many components as there are coordinates."""
    for name, field in type(entry).model_fields.items():
        value, below = getattr(entry, name), f"{path}.{field.alias or name}"
        if is_point(value):
            yield from point_problems(value, below, axes)
        elif isinstance(value, list):
            for i, item in enumerate(value):
                if is_point(item):
                    yield from point_problems(item, f"{below}.{i}", axes)
                elif isinstance(item, SegmentEntry):
                    yield from _points(item, f"{below}.{i}", axes)


def is_point(value: object) -> bool:
    """Whether a field's value is a point."""
    return isinstance(value, tuple) and bool(value) and all(isinstance(part, Input) for part in value)


def point_problems(point: tuple[Input, ...], path: str, axes: tuple[str, ...]) -> Problems:
    """Yield (path, message) for a point of a space of another dimension."""
    if len(point) != len(axes):
        yield path, f"expected {len(axes)} components ({', '.join(axes)}), got {len(point)}"


def _sizes(entry: Entry, path: str) -> Problems:
    """Yield (path, message) for what has no extent or states it twice."""
    first, second = getattr(entry, "start", None), getattr(entry, "to", None)
    if first is not None and second is not None:
        for i, (one, other) in enumerate(zip(first, second, strict=False)):
            if one.value == other.value:
                yield f"{path}.to.{i}", "is that of the other corner, expected two corners apart along every coordinate"
    if isinstance(entry, PolygonEntry) and entry.edges is not None and len(entry.edges) != len(entry.points):
        yield f"{path}.edges", f"expected {len(entry.points)} names, one for every corner, got {len(entry.edges)}"
    if isinstance(entry, OutlineEntry):
        yield from chain.from_iterable(_segment(part, f"{path}.path.{i}") for i, part in enumerate(entry.path))
    radii = [getattr(entry, key, None) for key in ("bottom_radius", "top_radius")]
    if all(radius is not None and radius.value == 0 for radius in radii):
        yield f"{path}.top_radius", "a cone with no radius at either end has no extent, expected one above zero"


def _segment(segment: SegmentEntry, path: str) -> Problems:
    if segment.through is not None and segment.radius is not None:
        yield f"{path}.radius", "an arc through a point has its radius, expected one of the two"
    for key in ("turn", "large"):
        if getattr(segment, key) is not None and segment.radius is None:
            yield f"{path}.{key}", "belongs to an arc with a radius, expected both or neither"


def circles(regions: Mapping[str, RegionEntry]) -> Problems:
    """Yield (path, message) for regions whose shapes refer to each other in a circle."""
    uses = {name: set(_references(region.shape)) for name, region in regions.items() if region.shape is not None}
    for name, used in uses.items():
        reached: set[str] = set()
        ahead = set(used)
        while ahead:
            reached |= ahead
            ahead = set().union(*(uses.get(other, set()) for other in ahead)) - reached
        if name in reached:
            yield f"regions.{name}.shape", "leads back to itself by 'region', expected a shape that is drawn somewhere"


def _references(shape: DrawnShapeEntry) -> Iterator[str]:
    if shape.region is not None:
        yield shape.region
    for part in shape.parts.values():
        yield from _references(part)
