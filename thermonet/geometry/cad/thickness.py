"""How thick a shape is where it is looked at, and how strongly its faces are curved there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from thermonet.geometry.cad.faces import STEP, Face
from thermonet.geometry.cad.inside import inside
from thermonet.geometry.cad.shapes import Shape
from thermonet.geometry.curves import Flat, Revolution, Round, Surface
from thermonet.geometry.mesh import Floats

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
    high = _way_out(shape, found, places, inward, STEP * reach)
    exits = places + high * inward
    distance = np.stack([np.abs(face.surface.distance(exits)) for face in found])
    normals = np.stack([face.surface.normal(exits) for face in found])
    through = normals[distance.argmin(axis=0), :, np.arange(exits.shape[1])].T
    parallel = np.abs((through * inward).sum(axis=0)) >= _PARALLEL
    return np.where(parallel, high, np.inf)


def _way_out(shape: Shape, found: Sequence[Face], places: Floats, inward: Floats, least: float) -> Floats:
    """How far (n,) it is along rays from places inside a shape to where it ends, at least a stated way.

    A ray can leave where it crosses the surface of a face. Between two crossings it is inside all the way or nowhere.
    """
    ways = np.concatenate([_crossings(face.surface, places, inward) for face in found])
    ways = np.sort(np.where(ways > least, ways, np.inf), axis=0)
    ways = np.concatenate([ways, np.full((1, places.shape[1]), np.inf)])
    end = np.full(places.shape[1], least)
    inner = np.arange(places.shape[1])
    for here, following in pairwise(ways):
        inner = inner[np.isfinite(here[inner])]
        if not len(inner):
            break
        end[inner] = here[inner]
        beyond = following[inner]
        middle = np.where(np.isfinite(beyond), (here[inner] + beyond) / 2, here[inner])
        still = inside(shape, places[:, inner] + middle * inward[:, inner])
        # Surfaces that coincide leave nothing between them to look at.
        still |= beyond - here[inner] <= least
        inner = inner[still & np.isfinite(beyond)]
    return end


def _crossings(surface: Surface, places: Floats, directions: Floats) -> Floats:
    """Ways (k, n) along rays to a surface; NaN where there is none.

    A cone is taken with its other half: who asks looks whether a crossing leads out.
    """
    match surface:
        case Flat(_, normal):
            steepness = normal @ directions
            with np.errstate(divide="ignore", invalid="ignore"):
                return -surface.distance(places)[None] / steepness
        case Round(centre, radius):
            away = places - centre[:, None]
            square = _product(_line(away, directions), _line(away, directions)).sum(axis=1)
            square[0] -= radius**2
            return _roots(square)
        case Revolution(origin, axis, profile):
            from_origin = places - origin[:, None]
            along = np.stack([axis @ from_origin, axis @ directions])
            line = _line(from_origin, directions)
            square = _product(line, line).sum(axis=1) - _product(along, along)
            if isinstance(profile, Flat):
                # Where normal . (rho, zeta) is that of the profile's point; squared, as rho is known squared.
                rest = -profile.direction[1] * along
                rest[0] += profile.direction @ profile.point
                return _roots(profile.direction[0] ** 2 * square - _product(rest, rest))
            along[0] -= profile.centre[1]
            whole = square + _product(along, along)
            whole[0] += profile.centre[0] ** 2 - profile.radius**2
            quartic = _product(whole, whole)
            quartic[:3] -= 4 * profile.centre[0] ** 2 * square
            return _roots(quartic)
        case _:
            raise TypeError(f"no crossings are known of a {type(surface).__name__}")


def _line(start: Floats, direction: Floats) -> Floats:
    """Polynomials (2, ..., n) of degree one."""
    return np.stack([start, direction])


def _product(first: Floats, second: Floats) -> Floats:
    """Product of polynomials given by their coefficients (degree + 1, ...), the constant one first."""
    found = np.zeros((len(first) + len(second) - 1, *first.shape[1:]))
    for i, one in enumerate(first):
        found[i : i + len(second)] += one * second
    return found


def _roots(coefficients: Floats) -> Floats:
    """Roots (degree, n) of polynomials (degree + 1, n) of degree two or four, the constant coefficient first.

    Of roots that are not real the real part; infinite or NaN where the degree is lower.
    """
    if len(coefficients) == 3:
        constant, slope, square = coefficients
        with np.errstate(divide="ignore", invalid="ignore"):
            root = np.sqrt(np.maximum(slope**2 - 4 * square * constant, 0.0))
            # Without a difference of numbers that are nearly equal.
            larger = -(slope + np.copysign(root, slope)) / 2
            return np.stack([larger / square, constant / larger])
    degree = len(coefficients) - 1
    companion = np.zeros((coefficients.shape[1], degree, degree))
    companion[:, 1:, :-1] = np.eye(degree - 1)
    companion[:, :, -1] = -(coefficients[:-1] / coefficients[-1]).T
    return np.asarray(np.linalg.eigvals(companion).real.T, dtype=float)


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
