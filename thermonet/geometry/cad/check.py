"""What is wrong with a drawing, all of it at once and each with its place, before anything is meshed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise

import numpy as np

from thermonet.geometry.cad.element_count import expected_elements
from thermonet.geometry.cad.faces import NEAR, faces, faces_at
from thermonet.geometry.cad.inside import bounds
from thermonet.geometry.cad.near_contact import near_contact
from thermonet.geometry.cad.occ import TOLERANCE, Built, built, measure, pieces, skin
from thermonet.geometry.cad.scale import scaled
from thermonet.geometry.cad.section import section
from thermonet.geometry.cad.shape_faults import Fault, Path, length_text, place_text, radius_faults, shape_faults
from thermonet.geometry.cad.shapes import Drawing, Shape, dimension
from thermonet.geometry.cad.sizes import FLATTEST, Sizes, element_sizes, extent
from thermonet.geometry.mesh import Floats, Ints
from thermonet.quantities.errors import PhysicsError

#: More elements than this are refused before any is made.
MOST_ELEMENTS = 5e6
#: The smallest size of an element, in parts of the drawing: the mesher's coordinates end at 1e-10 of it.
_SMALLEST = 1e-7
#: Decimals that are kept of coordinates some hundred units wide.
_DIGITS = 9
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class DrawingError(PhysicsError):
    """A drawing of something that cannot exist or cannot be meshed; carries every `Fault` found."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in faults))


@dataclass(frozen=True)
class Checked:
    """A drawing in which nothing wrong was found.

    Attributes
    ----------
    drawing
        As it was given, in metres.
    faces
        Names of the faces that are left of every region, in the order of its shape; those at r = 0 are none.
    measures
        Area [m^2] or volume [m^3] of every region.
    elements
        About how many elements its mesh will have.
    unit
        The mesher's unit of length [m].
    built
        Every region as OpenCascade built it, in that unit.
    sizes
        Sizes of the elements, in that unit.
    """

    drawing: Drawing
    faces: Mapping[str, tuple[str, ...]]
    measures: Mapping[str, float]
    elements: float
    unit: float
    built: Mapping[str, Built]
    sizes: Sizes

    @property
    def dimension(self) -> int:
        """Of the space the drawing lies in."""
        return dimension(self.drawing.kind)


@lru_cache(maxsize=1)
def checked(drawing: Drawing) -> Checked:
    """Look for everything that is wrong with a drawing; the last one is remembered, as a mesh of it is wanted next.

    Raises
    ------
    DrawingError
        With the path of every fault in the drawing: a number that is none, a name, an outline that meets itself, an
        area or a volume of nothing, an arc that cannot be, r < 0, regions that overlap or nearly touch, a size for a
        face that is not there, more elements than can be made.
    PhysicsError
        Where netgen is not installed.
    """
    _refuse(list(_plain_faults(drawing)))
    # Some hundred of its units wide, a drawing is far above the absolute tolerances of mesher and OpenCascade.
    unit = 10.0 ** (math.floor(math.log10(extent(drawing.regions.values()))) - 2)
    small = scaled(drawing, 1 / unit, _DIGITS)
    shapes = {name: built(shape) for name, shape in small.regions.items()}
    space = dimension(drawing.kind)
    measures = {name: measure(shape, space) for name, shape in shapes.items()}
    _refuse(list(_empty_faults(small, measures)))
    _refuse(list(_radius_faults(small, shapes, unit)))
    _refuse([*_pair_faults(small, shapes, measures, unit), *_too_small(drawing)])
    sizes = element_sizes(small)
    _refuse(list(_flat_faults(sizes, unit)))
    count, cause, size = expected_elements(sizes, small.regions, measures)
    if count > MOST_ELEMENTS:
        factor = (count / MOST_ELEMENTS) ** (1 / space)
        stated = cause.path[0] != "regions"
        enough = length_text(size * unit * factor) if stated else f"an element_scale {factor:.2g} times as large"
        asks = f"{cause.name} asks for most of them with {length_text(size * unit)}, about {enough} would do"
        message = f"would take {count:.1e} elements, expected at most {MOST_ELEMENTS:.0e}: {asks}"
        _refuse([Fault(cause.path, message)])
    left = {name: tuple(_faces_left(small, name, shape)) for name, shape in shapes.items()}
    _refuse(list(_unknown_places(drawing, left)))
    in_metres = {name: value * unit**space for name, value in measures.items()}
    return Checked(drawing, left, in_metres, count, unit, shapes, sizes)


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise DrawingError(faults)


def _plain_faults(drawing: Drawing) -> Iterator[Fault]:
    """What can be seen without building anything."""
    space = dimension(drawing.kind)
    if not drawing.regions:
        yield Fault(("regions",), "a drawing has no regions, expected at least one")
    for name, shape in drawing.regions.items():
        if not _NAME.fullmatch(name):
            yield Fault(("regions", name), "is not a name, expected letters, digits, '_' and '-'")
        wrong = list(shape_faults(shape, space, ("regions", name)))
        yield from wrong
        if drawing.kind == "axisymmetric" and not wrong:
            yield from radius_faults(shape, ("regions", name))
    for path, size in _stated_sizes(drawing):
        if not 0 < size < math.inf:
            yield Fault(path, f"must be positive and finite, got {size:g}")
    if not 0 < drawing.grading <= 1:
        yield Fault(("grading",), f"must be between 0 and 1, got {drawing.grading:g}")
    for index, near in enumerate(drawing.near):
        if len(near.place) != space or not np.isfinite(near.place).all():
            yield Fault(("near", index, "place"), f"expected {space} finite coordinates, got {near.place}")


def _stated_sizes(drawing: Drawing) -> Iterator[tuple[Path, float]]:
    """Every size that a drawing states, and the factor on all of them, with its path."""
    yield ("element_scale",), drawing.element_scale
    if drawing.element_size is not None:
        yield ("element_size",), drawing.element_size
    for key, size in drawing.sizes.items():
        yield ("sizes", key), size
    for index, near in enumerate(drawing.near):
        yield ("near", index, "size"), near.size


def _radius_faults(drawing: Drawing, shapes: Mapping[str, Built], unit: float) -> Iterator[Fault]:
    """Regions of an axisymmetric drawing that still reach beyond the axis after boolean operations."""
    for name, shape in shapes.items() if drawing.kind == "axisymmetric" else ():
        radius = float(_facets_of(shape, 2)[0][0].min())
        if radius < -NEAR * extent([drawing.regions[name]]):
            yield Fault(("regions", name), f"reaches r = {length_text(radius * unit)}, expected no r below zero")


def _empty_faults(drawing: Drawing, measures: Mapping[str, float]) -> Iterator[Fault]:
    space = dimension(drawing.kind)
    for name, value in measures.items():
        if not value > 1e-15 * extent([drawing.regions[name]]) ** space:
            what = "area" if space == 2 else "volume"
            yield Fault(("regions", name), f"nothing is left of it (zero {what}), expected a region of some size")


def _pair_faults(
    drawing: Drawing, shapes: Mapping[str, Built], measures: Mapping[str, float], unit: float
) -> Iterator[Fault]:
    """Regions that overlap, however little, or that leave a gap too narrow to be meant."""
    narrow = 10 * NEAR * extent(drawing.regions.values())
    flat = _sections(drawing)
    if flat is not None:
        of_flat = {name: built(shape) for name, shape in flat.regions.items()}
        areas = {name: measure(shape, 2) for name, shape in of_flat.items()}
        # What is wrong is said of the solids.
        if not any(_faults_between(flat, of_flat, areas, unit, narrow)):
            return
    yield from _faults_between(drawing, shapes, measures, unit, narrow)


def _sections(drawing: Drawing) -> Drawing | None:
    """The section of a drawing in space whose regions are bodies of revolution about one axis."""
    if drawing.kind != "solid":
        return None
    found = {name: section(shape) for name, shape in drawing.regions.items()}
    halves = {name: half for name, half in found.items() if half is not None}
    if len(halves) < len(found) or len({half.axis for half in halves.values()}) > 1:
        return None
    return Drawing(kind="planar", regions={name: half.shape for name, half in halves.items()})


def _faults_between(
    drawing: Drawing, shapes: Mapping[str, Built], measures: Mapping[str, float], unit: float, narrow: float
) -> Iterator[Fault]:
    space = dimension(drawing.kind)
    for first, second in combinations(shapes, 2):
        low, high = _shared_box(drawing.regions[first], drawing.regions[second])
        if (low > high + narrow).any():
            continue
        path = ("regions", second)
        # Before OpenCascade is asked: near its own tolerance it may find no common part, or never an end.
        depth = near_contact(drawing.regions[first], drawing.regions[second], 2 * TOLERANCE, narrow)
        if depth:
            length, wanted = length_text(abs(depth) * unit), "expected regions that touch or clearly do not"
            how = f"overlaps '{first}' by a sliver of {length}" if depth > 0 else f"is {length} away from '{first}'"
            yield Fault(path, f"{how}, {wanted}")
            continue
        common = shapes[first] * shapes[second]
        if any(_thickness(piece, space) > 2 * TOLERANCE for piece in pieces(common, space)):
            shared = measure(common, space)
            part = max(pieces(common, space), key=lambda piece: piece.mass)
            place = place_text([round(x, 4) * unit for x in (part.center.x, part.center.y, part.center.z)[:space]])
            share = f"{100 * shared / measures[second]:.3g} % of its {'area' if space == 2 else 'volume'}"
            wanted = f"expected regions that touch at most, such as a difference of '{second}' and '{first}'"
            yield Fault(path, f"overlaps '{first}' by {share} around {place}, {wanted}")
            continue
        if depth is not None:
            continue
        gap = float(shapes[first].Distance(shapes[second]))
        if 2 * TOLERANCE < gap < narrow:
            message = f"is {length_text(gap * unit)} away from '{first}', expected regions that touch or clearly do not"
            yield Fault(path, message)


def _thickness(piece: Built, space: int) -> float:
    """Mean thickness of a face or a solid if it is flat; of a round one, a part of its size."""
    return 2 * float(piece.mass) / sum(float(side.mass) for side in (piece.edges if space == 2 else piece.faces))


def _shared_box(first: Shape, second: Shape) -> tuple[Floats, Floats]:
    (low, high), (other_low, other_high) = bounds(first), bounds(second)
    return np.maximum(low, other_low), np.minimum(high, other_high)


def _too_small(drawing: Drawing) -> Iterator[Fault]:
    """Sizes that no mesher can tell from nothing."""
    smallest = _SMALLEST * extent(drawing.regions.values())
    for path, size in _stated_sizes(drawing):
        if path != ("element_scale",) and size * drawing.element_scale < smallest:
            message = f"{length_text(size)} is too small for this drawing, expected at least {length_text(smallest)}"
            yield Fault(path, message)


def _flat_faults(sizes: Sizes, unit: float) -> Iterator[Fault]:
    """Regions so thin for their elements that these would be needles and wafers."""
    for name, thin in sizes.thinnest.items():
        largest, cause = sizes.of_region[name]
        own = sizes.sizes[[sizes.causes[index].path[:2] == ("regions", name) for index in sizes.cause]]
        size = min(largest, float(own.min(initial=largest)))
        if size > FLATTEST * thin:
            what = f"is {length_text(thin * unit)} thick, too thin for elements of {length_text(size * unit)}"
            path = sizes.causes[cause].path if sizes.causes[cause].path[0] == "sizes" else ("regions", name)
            yield Fault(path, f"{what}, expected smaller ones or a thin layer at an interface instead")


def _unknown_places(drawing: Drawing, left: Mapping[str, Sequence[str]]) -> Iterator[Fault]:
    """Sizes of regions and faces that are not there."""
    known = [*left, *(f"{region}.{face}" for region, names in left.items() for face in names)]
    for key in drawing.sizes:
        if key not in known:
            yield Fault(("sizes", key), f"there is no region or face '{key}', expected one of {', '.join(known)}")


def _faces_left(drawing: Drawing, name: str, shape: Built) -> Iterator[str]:
    """Names of the faces of a region that boolean operations have left, in the order of its shape."""
    candidates = faces(drawing.regions[name])
    points, nodes = _facets_of(shape, dimension(drawing.kind))
    size = extent([drawing.regions[name]])
    if drawing.kind == "axisymmetric":
        nodes = nodes[:, ~(np.abs(points[0, nodes]) <= NEAR * size).all(axis=0)]
    found = set(faces_at(points, nodes, candidates, NEAR * size).tolist())
    return iter(dict.fromkeys(face.name for index, face in enumerate(candidates) if index in found))


def _facets_of(shape: Built, space: int) -> tuple[Floats, Ints]:
    """Facets along the boundary of a shape: corners (dim, n) and their numbers (dim, facets)."""
    if space == 3:
        made = skin(shape)
        # A copy: netgen's own arrays go with its mesh.
        return np.array(made.Coordinates(), dtype=float).T, made.Elements2D().NumPy()["nodes"][:, :3].T - 1
    ends = []
    for edge in shape.edges:
        first, last = edge.parameter_interval
        for start, end in pairwise(np.linspace(first, last, 5)):
            ends += [edge.Value(start), edge.Value(end)]
    corners = np.array([(point.x, point.y) for point in ends])
    return corners.T, np.arange(len(corners)).reshape(-1, 2).T
