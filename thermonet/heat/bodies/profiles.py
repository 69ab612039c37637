"""Heat sources with a profile: loads by quadrature on parts of cells, and the cells that are too large for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from skfem import MeshTet, MeshTri

from thermonet.geometry.distance import distance_to_facets
from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Ints
from thermonet.heat.bodies.body import Exponential, Profile
from thermonet.heat.elements import Elements
from thermonet.heat.reference import quadrature_rule, shapes_at
from thermonet.heat.simplices import DEGREE, determinant

#: Cells whose points are held at once.
_CHUNK = 1 << 12
#: Decay lengths from the surface beyond which next to nothing of an exponential is left, and nothing at all.
_REACH, _END = 20.0, 40.0
#: Size of a cell in decay lengths, or in steps of a table, that its parts still follow.
_LARGEST = 2.0


def density_of(elements: Elements, profile: Profile) -> Callable[[Floats], Floats]:
    """Relative density of a profile at places (space, n) [m]."""
    if isinstance(profile, Exponential):
        mesh = elements.mesh
        surface = mesh.points[:, mesh.boundaries[profile.start]] * LENGTH_UNIT
        length = profile.length
        return lambda places: np.exp(-distance_to_facets(places, surface) / length)
    return lambda places: np.interp(places[profile.coordinate], profile.places, profile.density, left=0.0, right=0.0)


def by_halvings(elements: Elements, where: Ints, profile: Profile) -> Iterator[tuple[NDArray[np.bool_], int]]:
    """Cells by how often their edges are halved for the quadrature: some of `where` (n,), and how often.

    Cells that an exponential does not reach are left out; a table is straight but in the cells with its places.
    """
    cells = elements.cells
    corners = cells.points[:, cells.nodes[: cells.dimension + 1, where]]
    if isinstance(profile, Exponential):
        size = np.ptp(corners, axis=1).max(axis=0)
        yield _nearest(elements, corners, profile) < _END * profile.length + size, 1
        return
    low, high = corners[profile.coordinate].min(axis=0), corners[profile.coordinate].max(axis=0)
    margin = 0.1 * (high - low)  # curved cells reach beyond their corners
    bent = np.any([(low - margin < place) & (high + margin > place) for place in profile.places], axis=0)
    yield bent, 3 if elements.mesh.dimension == 2 else 2
    yield ~bent, 1


def profile_load(
    elements: Elements, where: Ints, factor: Floats, density: Callable[[Floats], Floats], halvings: int
) -> tuple[Floats, Floats]:
    """Load of every node (nodes,), and integral over every cell (n,), of a density times a factor of every cell.

    Cells are cut into similar parts by halving their edges a few times, with the usual rule in every part.
    """
    cells = elements.cells
    points, weights = _cut_rule(cells.dimension, halvings)
    values, slopes = shapes_at(cells.dimension, cells.degree, points)
    total, integrals = np.zeros(elements.size), np.zeros(len(where))
    for start in range(0, len(where), _CHUNK):
        part = slice(start, start + _CHUNK)
        nodes = cells.nodes[:, where[part]]
        corners = cells.points[:, nodes]
        places = np.einsum("xkn,kq->xqn", corners, values, optimize=True)
        stretch = np.abs(determinant(np.einsum("xkn,kdq->xdqn", corners, slopes, optimize=True)))
        around = 2 * np.pi * places[0] if cells.ring else cells.depth
        heat = density(places.reshape(len(places), -1)).reshape(places.shape[1:])
        heat *= weights[:, np.newaxis] * stretch * around * factor[part]
        total += np.bincount(nodes.ravel(), (values @ heat).ravel(), minlength=elements.size)
        integrals[part] = heat.sum(axis=0)
    return total, integrals


def _nearest(elements: Elements, corners: Floats, profile: Exponential) -> Floats:
    """Distance (n,) of the nearest corner of every cell (space, corners, n) from the surface of a profile [m]."""
    mesh = elements.mesh
    surface = mesh.points[:, mesh.boundaries[profile.start]] * LENGTH_UNIT
    flat = corners.reshape(len(corners), -1)
    return distance_to_facets(flat, surface).reshape(corners.shape[1:]).min(axis=0)


@lru_cache
def _cut_rule(dimension: int, halvings: int) -> tuple[Floats, Floats]:
    """Points (dimension, q) and weights (q,) of the rule in every part of the reference cell."""
    points, weights = quadrature_rule(dimension, DEGREE)
    parts = (MeshTri if dimension == 2 else MeshTet).init_refdom().refined(halvings)
    corners = parts.p[:, parts.t]
    sides = np.moveaxis(corners[:, 1:] - corners[:, :1], -1, 0)
    size = np.abs(np.linalg.det(sides))
    placed = corners[:, 0].T[:, :, np.newaxis] + sides @ points
    return np.moveaxis(placed, 1, 0).reshape(dimension, -1), (size[:, np.newaxis] * weights).ravel()


def too_large(elements: Elements, where: Ints, profile: Profile) -> Ints:
    """Cells in which a profile varies too much for its quadrature."""
    cells = elements.cells
    corners = cells.points[:, cells.nodes[: cells.dimension + 1, where]]
    size = np.ptp(corners, axis=1).max(axis=0)
    if isinstance(profile, Exponential):
        nearest = _nearest(elements, corners, profile)
        return where[(size > _LARGEST * profile.length) & (nearest < _REACH * profile.length)]
    low, high = corners[profile.coordinate].min(axis=0), corners[profile.coordinate].max(axis=0)
    marks = np.zeros(len(where), dtype=bool)
    for first, second in pairwise(profile.places):
        marks |= (low < second) & (high > first) & (high - low > _LARGEST * (second - first))
    return where[marks]
