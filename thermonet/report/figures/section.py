"""What figures of a section through a mesh share: fine triangles to paint, outlines of regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib.path import Path as Outline

from thermonet.geometry.mesh import Floats, Ints, Mesh

#: Of temperatures: even to the eye, and legible without colour vision.
COLOUR_MAP = "magma"


def quartered(mesh: Mesh) -> Ints:
    """Four three-node triangles for every six-node one."""
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
    edges = np.concatenate([triangles[[0, 3, 1]], triangles[[1, 4, 2]], triangles[[2, 5, 0]]], axis=1)
    # The middle of an inner edge comes twice, that of an edge on the outline once.
    alone = np.bincount(edges[1])[edges[1]] == 1
    following = {int(start): (int(middle), int(stop)) for start, middle, stop in edges[:, alone].T}
    while following:
        start = next(iter(following))
        loop, node = [], start
        while node in following:
            middle, stop = following.pop(node)
            loop += [node, middle]
            node = stop
        yield loop
