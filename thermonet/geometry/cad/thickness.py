"""How thick a shape is where it is looked at, and how strongly its faces are curved there."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from thermonet.geometry.cad.faces import STEP, Face
from thermonet.geometry.cad.inside import inside
from thermonet.geometry.cad.shapes import Shape
from thermonet.geometry.curves import Revolution, Round, Surface
from thermonet.geometry.mesh import Floats

#: Steps along the normal grow by this ratio, so a thickness is bracketed wherever the shape ends.
_STRIDE = 1.2
#: Halvings of that bracket.
_HALVINGS = 20
#: Cosine of the angle up to which two faces count as parallel.
_PARALLEL = math.sqrt(0.5)


def thickness(shape: Shape, found: Sequence[Face], places: Floats, inward: Floats, reach: float) -> Floats:
    """Way (n,) through a shape along the inward normals; infinite where the face it leaves through is not parallel.

    Parameters
    ----------
    shape
        The whole shape.
    found
        Its faces.
    places, inward
        Points (dim, n) on its boundary, and the inward normals there.
    reach
        Of the shape along its longest side.
    """
    strides = STEP * reach * _STRIDE ** np.arange(math.ceil(math.log(2 / STEP) / math.log(_STRIDE)))
    ahead = np.stack([inside(shape, places + stride * inward) for stride in strides])
    last = np.where(ahead.all(axis=0), len(strides) - 1, ahead.argmin(axis=0))
    high, low = strides[last], np.where(last > 0, strides[np.maximum(last - 1, 0)], 0.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        still = inside(shape, places + middle * inward)
        low, high = np.where(still, middle, low), np.where(still, high, middle)
    exits = places + high * inward
    distance = np.stack([np.abs(face.surface.distance(exits)) for face in found])
    normals = np.stack([face.surface.normal(exits) for face in found])
    through = normals[distance.argmin(axis=0), :, np.arange(exits.shape[1])].T
    parallel = np.abs((through * inward).sum(axis=0)) >= _PARALLEL
    return np.where(parallel, high, np.inf)


def radius(surface: Surface, places: Floats) -> Floats:
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
