"""Faces of two shapes that nearly coincide, by formula: no tolerance of OpenCascade decides here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thermonet.geometry.cad.faces import STEP, Face, faces
from thermonet.geometry.cad.inside import bounds, inside, space
from thermonet.geometry.cad.shapes import Shape
from thermonet.geometry.mesh import Floats

#: Places that are looked at along an edge, and along each direction of a surface.
_PLACES = 8
#: Two faces look at each other where the cosine between their normals is this near to one or minus one.
_PARALLEL = 1e-6


def near_contact(first: Shape, second: Shape, low: float, high: float) -> float | None:
    """How far two shapes reach into each other where faces of theirs nearly coincide.

    The faces of either shape are sampled, and every place is compared with its foot on the faces of the other. Shapes
    that cross at an angle or touch at a point have no such places.

    Parameters
    ----------
    first, second
        Both in the plane or both in space.
    low, high
        Faces nearer than `low` coincide, those further apart than `high` are clearly apart; in the shapes' unit.

    Returns
    -------
    float or None
        The depth of the overlap, negative for a gap, where it is smallest; zero where faces coincide and none nearly
        does, None where none comes near.
    """
    of_first, of_second = faces(first), faces(second)
    depths = np.concatenate(
        [_depths(first, of_first, second, of_second, high), _depths(second, of_second, first, of_first, high)]
    )
    nearly = depths[np.abs(depths) > low]
    if not len(nearly):
        return 0.0 if len(depths) else None
    return float(nearly[np.argmin(np.abs(nearly))])


def _depths(shape: Shape, own: Sequence[Face], other: Shape, others: Sequence[Face], high: float) -> Floats:
    """How deep (n,) the other shape's faces lie below places on a shape's own, where the two are back to back.

    Deeper or higher than `high` is not looked at.
    """
    found = [np.empty(0)]
    step, other_step = _step(shape), _step(other)
    for face in own:
        places = face.samples(_spacing(face, space(shape)))
        normal = face.surface.normal(places)
        for candidate in others:
            away = candidate.surface.distance(places)
            across = candidate.surface.normal(places)
            cosine = (normal * across).sum(axis=0)
            here = (np.abs(away) < high) & (np.abs(cosine) > 1 - _PARALLEL)
            if not here.any():
                continue
            away, across, cosine = away[here], across[:, here], cosine[here]
            feet = places[:, here] - across * away
            out = _inward(shape, places[:, here], normal[:, here], step)
            back = _inward(other, feet, across, other_step)
            opposite = (out * back * np.sign(cosine) < 0) & candidate.covers(feet)
            found.append((-away * cosine * out)[opposite])
    return np.concatenate(found)


def _spacing(face: Face, dimension: int) -> float:
    return face.measure ** (1 / (dimension - 1)) / _PLACES


def _step(shape: Shape) -> float:
    low, high = bounds(shape)
    return STEP * float((high - low).max())


def _inward(shape: Shape, points: Floats, normal: Floats, step: float) -> Floats:
    """1 (n,) where a normal leads into a shape, -1 where it leads out, 0 where the shape has no boundary."""
    ahead, behind = inside(shape, points + step * normal), inside(shape, points - step * normal)
    return ahead.astype(float) - behind.astype(float)
