"""How many elements a drawing will have, before any is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from thermonet.geometry.cad.faces import faces, sampled
from thermonet.geometry.cad.inside import bounds, inside
from thermonet.geometry.cad.shapes import Shape
from thermonet.geometry.cad.sizes import COARSE, Cause, Sizes
from thermonet.geometry.mesh import Floats, Ints

#: Elements per area or volume over their size to the power of the dimension, as netgen makes them.
_FILLING = {2: 2.3, 3: 6.0}
#: Points in the box around a region for the mean number of elements per volume.
_POINTS = 4096


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
    spacing = float((high - low).max()) / COARSE[len(low)]
    return np.concatenate([points, *(sampled(face, shape, spacing) for face in faces(shape))], axis=1)


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
