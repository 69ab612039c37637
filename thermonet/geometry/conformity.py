"""Borders across which no heat would flow although cells touch there: neighbours that do not share nodes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Ints, Mesh
from thermonet.geometry.topology import facets

#: Nodes nearer to each other, or to a facet, than this part of the mesh's size are at the same place.
SAME = 1e-9
#: A node this far inside a facet (in barycentric coordinates) hangs on it.
_INSIDE = 1e-6


def open_borders(mesh: Mesh, same: float = SAME) -> Iterator[str]:
    """Yield what cells that touch do not share: two nodes at one place, or a node on another cell's facet.

    Parameters
    ----------
    mesh
        Only the corners of its cells are looked at.
    same
        What is nearer than this part of the mesh's size is at the same place.
    """
    found = facets(mesh)
    corners = found.nodes[: mesh.dimension, found.cells[1] < 0]
    nodes = np.unique(corners)
    tree = KDTree(mesh.points[:, nodes].T)
    size = float(np.ptp(mesh.points, axis=1).max())
    pairs = tree.query_pairs(same * size, output_type="ndarray")
    if len(pairs):
        where = _first_text(mesh, *nodes[pairs[0]])
        yield f"{len(pairs)} pairs of nodes lie at one place, {where}"
    middle = mesh.points[:, corners].mean(axis=1)
    reach = np.linalg.norm(mesh.points[:, corners] - middle[:, None], axis=0).max(axis=0)
    near = tree.query_ball_point(middle.T, reach)
    facet = np.repeat(np.arange(len(near)), [len(entry) for entry in near])
    node = nodes[np.concatenate(near).astype(np.int64)]
    hanging = _lies_inside(mesh.points[:, node], mesh.points[:, corners[:, facet]], same * size)
    if hanging.any():
        where = _first_text(mesh, node[hanging][0], corners[:, facet[hanging][0]])
        yield f"{int(hanging.sum())} nodes hang on sides of other cells, {where}"


def _lies_inside(points: Floats, corners: Floats, near: float) -> NDArray[np.bool_]:
    """Whether points (dim, n) lie inside facets with given corners (dim, corners, n)."""
    sides = np.moveaxis(corners[:, 1:] - corners[:, :1], 2, 0)
    from_first = (points - corners[:, 0]).T
    local = np.einsum("nij,nj->ni", np.linalg.pinv(sides), from_first)
    away = np.linalg.norm(from_first - np.einsum("nji,ni->nj", sides, local), axis=1)
    barycentric = np.column_stack([1 - local.sum(axis=1), local])
    return (away <= near) & (barycentric.min(axis=1) > -_INSIDE) & (barycentric.max(axis=1) < 1 - _INSIDE)


def _first_text(mesh: Mesh, node: np.int64, other: Ints | np.int64) -> str:
    """Where a node lies, and to which regions it and the facet or the node at its place belong if to different ones."""
    cell_of = [np.isin(mesh.cells, nodes).sum(axis=0) == np.size(nodes) for nodes in (node, other)]
    names = [mesh.names[mesh.region[np.flatnonzero(cells)[0]]] for cells in cell_of]
    between = f" between '{names[0]}' and '{names[1]}'" if names[0] != names[1] else ""
    return f"the first{between} at {place_text(mesh.points[:, node])}"


def place_text(point: Floats) -> str:
    """A place (dim,) of a mesh for a message."""
    return f"({', '.join(f'{x * LENGTH_UNIT:.4g}' for x in point)}) m"
