"""Which nodes of two meshes are one, where the meshes meet face to face."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Ints, Mesh
from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.formatting import with_unit

#: Nodes are one where they lie closer than this part of their facet's size: rounding of coordinates, no more.
_SAME_PLACE = 1e-6
#: What would be right where meshes do not match.
_EXPECTED = "expected one mesh that was cut there, or equal corners and element sizes on both sides"


def matching_nodes(
    first: Mesh,
    first_facets: Ints,
    second: Mesh,
    second_facets: Ints,
    *,
    names: tuple[str, str],
    fixed: Sequence[int] = (),
) -> Ints:
    """Pairs of nodes (2, pairs) of two boundaries that are the same surface.

    Facets are matched first and their nodes within them: where two regions have nodes of their own at one place, each
    goes with the region on its own side. A mesh has no place of its own in a network, so the second one is moved until
    the middles of both boundaries coincide; it is not turned.

    Parameters
    ----------
    first, second
        The meshes.
    first_facets, second_facets
        Facets of the boundaries by their nodes (k, n), see `Mesh.boundaries`.
    names
        What a refusal calls the two boundaries.
    fixed
        Coordinates that mean the same in both meshes, along which nothing is moved (the radius).

    Raises
    ------
    PhysicsError
        The facets are not the same.
    """
    if first_facets.shape != second_facets.shape:
        raise PhysicsError(_different(first_facets, second_facets, names))
    here, there = first.points[:, first_facets], second.points[:, second_facets]
    corners = first.dimension
    middles = here[:, :corners].mean(axis=1), there[:, :corners].mean(axis=1)
    shift = middles[0].mean(axis=1) - middles[1].mean(axis=1)
    shift[list(fixed)] = 0.0
    size = np.sqrt(((here - middles[0][:, np.newaxis]) ** 2).sum(axis=0)).max(axis=0)
    distance, partner = cKDTree((middles[1] + shift[:, np.newaxis]).T).query(middles[0].T)
    away = distance > _SAME_PLACE * size
    if away.any():
        worst = int(np.argmax(distance / size))
        raise PhysicsError(_apart(middles[0][:, worst], middles[1][:, partner[worst]], names, "a face around"))
    gap = here[:, :, np.newaxis] - there[:, np.newaxis, :, partner] - shift[:, np.newaxis, np.newaxis, np.newaxis]
    lengths = np.sqrt((gap**2).sum(axis=0))  # of every node of the one facet to every node of the other
    to, nearest = lengths.argmin(axis=1), lengths.min(axis=1)
    if (nearest > _SAME_PLACE * size).any():
        node, facet = np.unravel_index(int(np.argmax(nearest / size)), nearest.shape)
        place = there[:, to[node, facet], partner[facet]]
        raise PhysicsError(_apart(here[:, node, facet], place, names, "a node at"))
    pairs = np.stack([first_facets, second_facets[to, partner[np.newaxis]]])
    return np.unique(pairs.reshape(2, -1), axis=1)


def _different(first: Ints, second: Ints, names: tuple[str, str]) -> str:
    text = f"the meshes of {names[0]} and {names[1]} do not match: "
    if first.shape[0] != second.shape[0]:
        words = {True: "linear", False: "quadratic"}
        kinds = [words[len(facets) <= min(first.shape[0], second.shape[0])] for facets in (first, second)]
        return f"{text}the elements of the one are {kinds[0]}, those of the other {kinds[1]}; {_EXPECTED}"
    return f"{text}the one has {first.shape[1]} faces there, the other {second.shape[1]}; {_EXPECTED}"


def _apart(first: Floats, second: Floats, names: tuple[str, str], what: str) -> str:
    return (
        f"the meshes of {names[0]} and {names[1]} do not match: {names[0]} has {what} {_place(first)}, the nearest of "
        f"{names[1]} is at {_place(second)}, each in the coordinates of its own mesh; {_EXPECTED}"
    )


def _place(point: Floats) -> str:
    return f"({', '.join(with_unit(float(x) * LENGTH_UNIT, 'm', digits=5) for x in point)})"
