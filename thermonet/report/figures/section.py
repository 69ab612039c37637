"""What figures of a section through a mesh share: fine triangles to paint, outlines of regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib.path import Path as Outline

from thermonet.geometry.mesh import Floats, Ints, Mesh

#: Of temperatures: even to the eye, and legible without colour vision.
COLOUR_MAP = "magma"


def quartered(mesh: Mesh) -> Ints:
    """Four three-node triangles for every six-node one; three-node ones as they are."""
    if mesh.degree == 1:
        return mesh.cells.T
    corners = np.array([[0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]])
    return mesh.cells[corners].transpose(0, 2, 1).reshape(-1, 3)


def outlines(mesh: Mesh, at: Floats) -> Mapping[str, Outline]:
    """Outline of every region, edges through their middle nodes; `at` holds the nodes' positions (nodes, 2)."""
    found = {}
    for index, name in enumerate(mesh.names):
        loops = [at[loop] for loop in _loops(mesh.cells[:, mesh.region == index])]
        if loops:
            found[name] = Outline.make_compound_path(
                *(Outline(np.vstack([loop, loop[:1]]), closed=True) for loop in loops)
            )
    return found


def _loops(triangles: Ints) -> Iterator[list[int]]:
    """Closed chains of nodes around a set of triangles."""
    lines = [[0, 1], [1, 2], [2, 0]] if len(triangles) == 3 else [[0, 3, 1], [1, 4, 2], [2, 5, 0]]
    edges = np.concatenate([triangles[line] for line in lines], axis=1)
    # An inner edge comes twice, once in either direction; one on the outline once.
    key = np.sort(edges[[0, -1]], axis=0)
    _, inverse, count = np.unique(key, axis=1, return_inverse=True, return_counts=True)
    following: dict[int, list[list[int]]] = {}
    for edge in edges[:, count[inverse] == 1].T:
        following.setdefault(int(edge[0]), []).append([int(node) for node in edge])
    while following:
        node = next(iter(following))
        loop: list[int] = []
        while node in following:
            leaving = following[node]
            edge = leaving.pop()
            if not leaving:
                del following[node]  # where two parts of a region touch in a point, more than one edge leaves it
            loop += edge[:-1]
            node = edge[-1]
        yield loop
