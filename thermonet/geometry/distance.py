"""Distances from points to the facets of a surface."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from thermonet.geometry.mesh import Floats

#: Facets that are asked for the nearest point, those with the nearest middles.
_CANDIDATES = 12
#: Points asked at once.
_CHUNK = 1 << 15


def distance_to_facets(points: Floats, facets: Floats) -> Floats:
    """Distance of points from the nearest of some facets.

    Parameters
    ----------
    points
        (space, n).
    facets
        Their nodes (space, k, m): edges or triangles by their corners, quadratic ones by the chords of their halves.

    Returns
    -------
    distance
        (n,).
    """
    corners = _straight(facets)
    nearest = cKDTree(corners.mean(axis=1).T)
    count = min(_CANDIDATES, corners.shape[2])
    found = np.empty(points.shape[1])
    for start in range(0, points.shape[1], _CHUNK):
        some = points[:, start : start + _CHUNK]
        _, candidates = nearest.query(some.T, k=count)
        candidates = np.reshape(candidates, (some.shape[1], count))
        apart = _distance(some[:, :, np.newaxis], corners[:, :, candidates])
        found[start : start + _CHUNK] = apart.min(axis=1)
    return found


def _straight(facets: Floats) -> Floats:
    """Straight facets by their corners: quadratic ones in two or four parts."""
    parts = {
        2: [[0, 1]],
        3: [[0, 2], [2, 1]] if facets.shape[0] == 2 else [[0, 1, 2]],
        6: [[0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]],
    }[facets.shape[1]]
    return np.concatenate([facets[:, part] for part in parts], axis=2)


def _distance(points: Floats, corners: Floats) -> Floats:
    """Distance of points (space, ...) from simplices (space, corners, ...)."""
    origin = corners[:, 0]
    sides = [corners[:, i] - origin for i in range(1, corners.shape[1])]
    offset = points - origin
    if len(sides) == 1:
        return _from_edge(offset, sides[0])
    u, v = sides
    uu, uv, vv = (np.sum(a * b, axis=0) for a, b in ((u, u), (u, v), (v, v)))
    pu, pv = np.sum(offset * u, axis=0), np.sum(offset * v, axis=0)
    determinant = uu * vv - uv**2
    a, b = (vv * pu - uv * pv) / determinant, (uu * pv - uv * pu) / determinant
    above = np.linalg.norm(offset - a * u - b * v, axis=0)
    beside = np.minimum(np.minimum(_from_edge(offset, u), _from_edge(offset, v)), _from_edge(offset - u, v - u))
    return np.where((a >= 0) & (b >= 0) & (a + b <= 1), above, beside)


def _from_edge(offset: Floats, along: Floats) -> Floats:
    """Distance from an edge that begins at the origin."""
    share = np.clip(np.sum(offset * along, axis=0) / np.sum(along**2, axis=0), 0, 1)
    return np.linalg.norm(offset - share * along, axis=0)
