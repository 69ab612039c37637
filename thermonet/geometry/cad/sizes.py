"""How large the elements of a drawing may be, and where.

Sizes that the user states come first. A region without one gets elements that fit into its local thickness: the way
through it along the normal, where it leaves through a roughly parallel face. Curved faces get elements that follow
them. From small to large elements grow with the drawing's grading.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from thermonet.geometry.cad.faces import STEP, Face, faces, on_boundary, sampled
from thermonet.geometry.cad.inside import bounds
from thermonet.geometry.cad.section import folded, section
from thermonet.geometry.cad.shapes import Drawing, Shape, dimension
from thermonet.geometry.cad.thickness import radius, thickness
from thermonet.geometry.mesh import Floats, Ints

#: Size of an element in parts of a region's local thickness: one element across a film, wider than thick. Where an
#: answer needs smaller ones, its error will say so.
_OF_THICKNESS = {2: 4.0, 3: 8.0}
#: Size of an element in parts of the radius of a curved face: thirteen around a circle; more in space, where netgen's
#: facets are up to half as large again as they should.
_OF_RADIUS = {2: 0.5, 3: 0.35}
#: A chord under a curved face may reach so far into a region, in parts of its thickness there: from further in a middle
#: node could not move onto the face without folding a cell.
_SAGITTA = 1 / 8
#: Largest size in parts of the diagonal of the drawing.
_OF_DIAGONAL = {2: 1 / 20, 3: 1 / 10}
#: Sizes from a thickness are not smaller than the region over this number: elements in thinner films are flat ...
_ALONG = {2: 2000, 3: 50}
#: ... but at most by this ratio of size to thickness, beyond which a film is better an interface.
FLATTEST = 50.0
#: A region's faces are sampled at so many places along it to see how thick it is.
COARSE = {2: 60, 3: 30}
#: No face gets sizes at more places than this.
_PLACES = 100_000


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
    thinnest
        Thickness of a region, between roughly parallel faces, below the face where it is least (the median over it).
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
    thinnest: Mapping[str, float]
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
    of_region, thinnest = {}, {}
    for name, shape in drawing.regions.items():
        of_region[name] = (largest * scale, 0)
        if name in drawing.sizes:
            causes.append(Cause(("sizes", name), f"the size stated for '{name}'"))
            of_region[name] = (min(drawing.sizes[name], largest) * scale, len(causes) - 1)
        looked = _looked_at(shape)
        thinnest[name] = min((entry.thickness for entry in looked), default=math.inf)
        found += _region_places(name, shape, looked, of_region[name][0], drawing)
        for face in faces(shape):
            key = f"{name}.{face.name}"
            if key in drawing.sizes:
                places = _face_places(face, shape, drawing.sizes[key] * scale)
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
        thinnest=thinnest,
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


def _face_places(face: Face, shape: Shape, size: float) -> _Stated:
    """One size all over a face."""
    spacing = _spacing(face, shape, size)
    places = sampled(face, shape, spacing)
    return _Stated(places, np.full(places.shape[1], size), spacing)


def _spacing(face: Face, shape: Shape, size: float) -> float:
    """As close as the elements, as long as that many places can be looked at."""
    return max(size, (face.measure / _PLACES) ** (1 / (len(bounds(shape)[0]) - 1)))


@dataclass(frozen=True, eq=False)
class _Looked:
    """A face of a region as seen at some places: sizes (n,) that it asks for, and how thick the region is there.

    Of a body of revolution about an upright axis (x, y) the places are those of one half plane.
    """

    face: Face
    axis: tuple[float, float] | None
    places: Floats
    of_thickness: Floats
    of_curvature: Floats
    thickness: float


def _looked_at(shape: Shape) -> list[_Looked]:
    low, high = bounds(shape)
    space, reach = len(low), float((high - low).max())
    found = faces(shape)
    half = section(shape) if space == 3 else None
    axis = None if half is None else half.axis
    looked = []
    for face in found:
        spacing = reach / COARSE[space]
        samples = face.samples(spacing) if axis is None or face.along is None else folded(face.along(spacing), axis)
        places, inward = on_boundary(face, shape, samples, STEP * reach)
        if places.shape[1]:
            thick = thickness(shape, found, places, inward, reach)
            fits = np.maximum(_OF_THICKNESS[space] * thick, reach / _ALONG[space])
            bent = radius(face.surface, places)
            follows = np.minimum(_OF_RADIUS[space] * bent, np.sqrt(8 * bent * _SAGITTA * thick))
            looked.append(_Looked(face, axis, places, fits, follows, float(np.median(thick))))
    return looked


def _region_places(
    name: str, shape: Shape, looked: Sequence[_Looked], largest: float, drawing: Drawing
) -> Iterator[tuple[Cause, _Stated]]:
    """Places on the faces of a region whose thickness or curvature there asks for less than its largest size.

    A size that the user has stated for the region takes the place of the one from its thickness.
    """
    for entry in looked:
        scale = drawing.element_scale
        # Larger elements would fold over a curved face.
        asked = {f"the curvature of '{name}.{entry.face.name}'": min(scale, 1.0) * entry.of_curvature}
        if name not in drawing.sizes:
            asked[f"the thickness of '{name}'"] = scale * entry.of_thickness
        for what, sizes in asked.items():
            for places in _graded_places(entry, shape, np.where(sizes < largest, sizes, np.inf)):
                yield Cause(("regions", name), what), places


def _graded_places(looked: _Looked, shape: Shape, sizes: Floats) -> Iterator[_Stated]:
    """Places on a face as close as the elements there: for every octave of finite sizes (n,), those that ask for it."""
    small = np.isfinite(sizes)
    octaves = np.where(small, np.floor(np.log2(np.where(small, sizes, 1.0))), np.inf)
    for octave in np.unique(octaves[small]):
        spacing = _spacing(looked.face, shape, 2.0**octave)
        dense = sampled(looked.face, shape, spacing)
        nearest = _nearest(looked.places, dense if looked.axis is None else folded(dense, looked.axis))
        keep = octaves[nearest] == octave
        yield _Stated(dense[:, keep], sizes[nearest][keep], spacing)


def _nearest(places: Floats, asked: Floats) -> Ints:
    """Number (n,) of the place nearest to each of the places asked for."""
    from scipy.spatial import KDTree

    return KDTree(places.T).query(asked.T)[1]
