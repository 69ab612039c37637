"""How large the elements of a drawing may be, where, and how many that makes.

Sizes that the user states come first. A region without one gets elements that fit into its local thickness: the way
through it along the normal, where it leaves through a roughly parallel face. Curved faces get elements that follow them.
From small to large elements grow with the drawing's grading.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from thermonet.geometry.cad.faces import STEP, Face, faces, on_boundary, sampled
from thermonet.geometry.cad.inside import bounds, inside
from thermonet.geometry.cad.shapes import Drawing, Shape, dimension
from thermonet.geometry.curves import Revolution, Round, Surface
from thermonet.geometry.mesh import Floats, Ints

#: Size of an element in parts of a region's local thickness: two elements across a film in the plane; in space one,
#: wider than thick, because the number of elements goes with the square of the width.
_OF_THICKNESS = {2: 0.5, 3: 2.0}
#: Size of an element in parts of the radius of a curved face: thirteen elements around a circle.
_OF_RADIUS = 0.5
#: Largest size in parts of the diagonal of the drawing.
_OF_DIAGONAL = {2: 1 / 20, 3: 1 / 10}
#: Elements per area or volume over their size to the power of the dimension, as netgen makes them.
_FILLING = {2: 2.3, 3: 6.0}
#: Faces are sampled at so many places along the region: first for their thickness, then to state sizes.
_COARSE = {2: 60, 3: 30}
_FINE = {2: 2000, 3: 200}
#: Steps along the normal grow by this ratio, so a thickness is bracketed wherever the region ends.
_STRIDE = 1.2
#: Cosine of the angle up to which two faces count as parallel.
_PARALLEL = math.sqrt(0.5)
#: Points in the box around a region for the mean number of elements per volume.
_POINTS = 4096


@dataclass(frozen=True)
class Cause:
    """What asks for a size: the path of it in the drawing, and how to name it."""

    path: tuple[str | int, ...]
    name: str


@dataclass(frozen=True, eq=False)
class Sizes:
    """Largest element sizes of a drawing, in its own unit.

    Attributes
    ----------
    places, sizes
        Largest size (n,) at places (dim, n).
    cause
        Index into `causes` for each of them.
    causes
        What asks for them; the last ones are those of `of_region`.
    of_region
        Largest size in a whole region, and the index of its cause.
    spacing
        Distance of neighbouring places (n,); zero for a place alone.
    grading
        Growth of the size per distance from a place.
    """

    places: Floats
    sizes: Floats
    spacing: Floats
    cause: Ints
    causes: tuple[Cause, ...]
    of_region: Mapping[str, tuple[float, int]]
    grading: float


def element_sizes(drawing: Drawing) -> Sizes:
    """Sizes that the drawing states, and those that the shapes of its regions ask for."""
    space = dimension(drawing.kind)
    diagonal = extent(drawing.regions.values())
    scale = drawing.element_scale
    largest = drawing.element_size or _OF_DIAGONAL[space] * diagonal
    key = "element_size" if drawing.element_size else "element_scale"
    found: list[tuple[Cause, _Stated]] = []
    causes = [Cause((key,), key)]
    of_region = {}
    for name, shape in drawing.regions.items():
        of_region[name] = (largest * scale, 0)
        if name in drawing.sizes:
            causes.append(Cause(("sizes", name), f"the size stated for '{name}'"))
            of_region[name] = (min(drawing.sizes[name], largest) * scale, len(causes) - 1)
        found += _shape_places(name, shape, of_region[name][0], scale, name in drawing.sizes)
        for face in faces(shape):
            key = f"{name}.{face.name}"
            if key in drawing.sizes:
                places = _face_places(face, shape, drawing.sizes[key] * scale, diagonal)
                found.append((Cause(("sizes", key), f"sizes.{key}"), places))
    for index, near in enumerate(drawing.near):
        place = np.array(near.place, dtype=float)[:, None]
        found.append((Cause(("near", index), f"near[{index}]"), _Stated(place, np.array([near.size * scale]), 0.0)))
    stated = [entry for _, entry in found]
    number = [len(entry.sizes) for entry in stated]
    cause = np.repeat(np.arange(len(stated)) + len(causes), number)
    return Sizes(
        places=np.concatenate([np.zeros((space, 0)), *(entry.places for entry in stated)], axis=1),
        sizes=np.concatenate([np.zeros(0), *(entry.sizes for entry in stated)]),
        spacing=np.repeat([entry.spacing for entry in stated], number).astype(float),
        cause=cause,
        causes=(*causes, *(cause for cause, _ in found)),
        of_region=of_region,
        grading=drawing.grading,
    )


def extent(shapes: Iterable[Shape]) -> float:
    """Diagonal of the box around shapes."""
    lows, highs = zip(*(bounds(shape) for shape in shapes), strict=True)
    return float(np.linalg.norm(np.max(highs, axis=0) - np.min(lows, axis=0)))


@dataclass(frozen=True, eq=False)
class _Stated:
    """Sizes (n,) at places (dim, n) that are a spacing apart."""

    places: Floats
    sizes: Floats
    spacing: float


def _face_places(face: Face, shape: Shape, size: float, diagonal: float) -> _Stated:
    """One size all over a face."""
    spacing = max(size, diagonal / _FINE[len(bounds(shape)[0])])
    places = sampled(face, shape, spacing)
    return _Stated(places, np.full(places.shape[1], size), spacing)


def _shape_places(
    name: str, shape: Shape, largest: float, scale: float, stated: bool
) -> Iterator[tuple[Cause, _Stated]]:
    """Places on the faces of a region whose thickness or curvature there asks for less than the largest size.

    A size that the user has `stated` for the region takes the place of the one from its thickness.
    """
    low, high = bounds(shape)
    space, reach = len(low), float((high - low).max())
    found = faces(shape)
    for face in found:
        places, inward = on_boundary(face, shape, face.samples(reach / _COARSE[space]), STEP * reach)
        if not places.shape[1]:
            continue
        asked = {f"the curvature of '{name}.{face.name}'": _OF_RADIUS * _radius(face.surface, places)}
        if not stated:
            asked[f"the thickness of '{name}'"] = _OF_THICKNESS[space] * _thickness(shape, found, places, inward, reach)
        for what, sizes in asked.items():
            small = scale * sizes < largest
            if small.any():
                spacing = max(scale * float(sizes[small].min()), reach / _FINE[space])
                dense = sampled(face, shape, spacing)
                nearest = _nearest(places, dense)
                keep = small[nearest]
                yield Cause(("regions", name), what), _Stated(dense[:, keep], scale * sizes[nearest][keep], spacing)


def _radius(surface: Surface, places: Floats) -> Floats:
    """Smallest radius of curvature (n,) of a curve or surface at places on it."""
    match surface:
        case Round(_, radius):
            return np.full(places.shape[1], radius)
        case Revolution(origin, axis, profile):
            from_origin = places - origin[:, None]
            rho = np.linalg.norm(from_origin - axis[:, None] * (axis @ from_origin), axis=0)
            along = np.abs(axis @ surface.normal(places))
            # Around the axis the normal's way to it counts (Meusnier).
            around = rho / np.maximum(np.sqrt(np.maximum(1 - along**2, 0.0)), np.finfo(float).eps)
            return np.minimum(around, profile.radius) if isinstance(profile, Round) else around
        case _:
            return np.full(places.shape[1], np.inf)


def _nearest(places: Floats, asked: Floats) -> Ints:
    """Number (n,) of the place nearest to each of the places asked for."""
    from scipy.spatial import KDTree

    return KDTree(places.T).query(asked.T)[1]


def _thickness(shape: Shape, found: Sequence[Face], places: Floats, inward: Floats, reach: float) -> Floats:
    """Way (n,) through a shape along the inward normals; infinite where the face it leaves through is not parallel."""
    strides = STEP * reach * _STRIDE ** np.arange(math.ceil(math.log(2 / STEP) / math.log(_STRIDE)))
    ahead = np.stack([inside(shape, places + stride * inward) for stride in strides])
    last = np.where(ahead.all(axis=0), len(strides) - 1, ahead.argmin(axis=0))
    high, low = strides[last], np.where(last > 0, strides[np.maximum(last - 1, 0)], 0.0)
    for _ in range(20):
        middle = (low + high) / 2
        still = inside(shape, places + middle * inward)
        low, high = np.where(still, middle, low), np.where(still, high, middle)
    exits = places + high * inward
    distance = np.stack([np.abs(face.surface.distance(exits)) for face in found])
    normals = np.stack([face.surface.normal(exits) for face in found])
    through = normals[distance.argmin(axis=0), :, np.arange(exits.shape[1])].T
    parallel = np.abs((through * inward).sum(axis=0)) >= _PARALLEL
    return np.where(parallel, high, np.inf)


def expected_elements(
    sizes: Sizes, regions: Mapping[str, Shape], measures: Mapping[str, float]
) -> tuple[float, Cause, float]:
    """How many elements a drawing will have, what asks for most of them, and the size it asks for there.

    Parameters
    ----------
    sizes
        Of the drawing.
    regions
        Shape by region, in the same unit.
    measures
        Area or volume by region.
    """
    space = len(sizes.places)
    count = np.zeros(len(sizes.causes))
    smallest = np.full(len(sizes.causes), np.inf)
    size_near = _size_field(sizes)
    for name, shape in regions.items():
        points = _points_inside(shape)
        largest, whole = sizes.of_region[name]
        near, cause = size_near(points)
        size, cause = np.minimum(near, largest), np.where(near < largest, cause, whole)
        each = _FILLING[space] * measures[name] / len(size) / size**space
        np.add.at(count, cause, each)
        np.minimum.at(smallest, cause, size)
    # Of places further apart than their size, the elements between them count too.
    between = (sizes.spacing / sizes.sizes) ** (space - 1)
    np.add.at(count, sizes.cause, np.where(between > 1, between, 0.0))
    np.minimum.at(smallest, sizes.cause, sizes.sizes)
    most = int(count.argmax())
    return float(count.sum()), sizes.causes[most], float(smallest[most])


def _points_inside(shape: Shape) -> Floats:
    """Points spread over a region; for a thin one, which few points meet, places just under its faces."""
    low, high = bounds(shape)
    # Additive recurrence with the generalised golden ratio: evenly spread and the same every time.
    ratio = {2: 1.3247179572447460, 3: 1.2207440846057596}[len(low)]
    steps = ratio ** -np.arange(1.0, len(low) + 1)
    points = low[:, None] + (high - low)[:, None] * np.mod(0.5 + steps[:, None] * np.arange(_POINTS), 1.0)
    points = points[:, inside(shape, points)]
    if points.shape[1] >= _POINTS / 64:
        return points
    spacing = float((high - low).max()) / _COARSE[len(low)]
    sampled = [sampled(face, shape, spacing) for face in faces(shape)]
    return np.concatenate([points, *sampled], axis=1)


def _size_field(sizes: Sizes) -> Callable[[Floats], tuple[Floats, Ints]]:
    """The size that all stated places allow at points (dim, n), and the cause of it (n,).

    Places are looked up by octaves of their size: the nearest of each octave is the one that matters.
    """
    from scipy.spatial import KDTree

    octaves = np.round(np.log2(sizes.sizes)).astype(int)
    trees = [(np.flatnonzero(octaves == octave)) for octave in np.unique(octaves)]
    built = [(members, KDTree(sizes.places[:, members].T)) for members in trees]

    def field(points: Floats) -> tuple[Floats, Ints]:
        size, cause = np.full(points.shape[1], np.inf), np.zeros(points.shape[1], dtype=np.int64)
        for members, tree in built:
            distance, nearest = tree.query(points.T)
            allowed = sizes.sizes[members[nearest]] + sizes.grading * distance
            cause = np.where(allowed < size, sizes.cause[members[nearest]], cause)
            size = np.minimum(allowed, size)
        return size, cause

    return field
