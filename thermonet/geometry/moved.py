"""A mesh of a drawing, moved onto it at other dimensions: the topology stays, so there is no mesh noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import cg

from thermonet.geometry.curves import Curves, Surface, edges_on_surfaces, nodes_on_surfaces, project
from thermonet.geometry.mesh import Floats, Ints, Mesh
from thermonet.geometry.topology import edge_numbers, edges

#: Residual of the displacement inside, relative: where the nodes inside go is a matter of taste.
_SMOOTH = 1e-8


def moved_onto(mesh: Mesh, curves: Curves, surfaces: Sequence[Surface]) -> Mesh:
    """Move a mesh so that its facets lie on other surfaces; nodes inside follow smoothly.

    Parameters
    ----------
    mesh
        Conforming, of any degree.
    curves
        The surfaces that it lies on.
    surfaces
        One for every surface of `curves`, not far from it: a node goes to the nearest point on all those that it
        belongs to.
    """
    there = replace(curves, surfaces=tuple(surfaces))
    dimension = mesh.dimension
    found = edges(mesh.cells[: dimension + 1], dimension)
    target = mesh.points.copy()
    fixed = np.zeros(mesh.points.shape[1], dtype=bool)
    for group in nodes_on_surfaces(there):
        nodes = group.nodes[0]
        target[:, nodes], fixed[nodes] = project(mesh.points[:, nodes], group.surfaces), True
    displacement = _smoothed(found.ends, target - mesh.points, fixed)
    if mesh.degree == 1:
        return mesh.moved(mesh.points + displacement)
    middle = np.zeros(found.ends.shape[1], dtype=np.int64)
    middle[found.of_cell] = mesh.cells[dimension + 1 :]
    displacement[:, middle] = displacement[:, found.ends].mean(axis=1)
    for group in edges_on_surfaces(there):
        if all(surface.is_flat for surface in group.surfaces):
            continue
        nodes = middle[edge_numbers(found, group.nodes)]
        displacement[:, nodes] = project(mesh.points[:, nodes], group.surfaces) - mesh.points[:, nodes]
    return mesh.moved(mesh.points + displacement)


def _smoothed(ends: Ints, displacement: Floats, fixed: np.ndarray) -> Floats:
    """Displacement of every corner: given where it is fixed, elsewhere the mean of its neighbours'."""
    size = displacement.shape[1]
    both = np.concatenate([ends, ends[::-1]], axis=1)
    near = sp.csr_array(sp.coo_array((np.ones(both.shape[1]), (both[0], both[1])), shape=(size, size)))
    corners = np.unique(ends)
    free = corners[~fixed[corners]]
    found = np.where(fixed, displacement, 0.0)
    if not len(free) or not np.abs(found).max() > 0:
        return found
    degree = near.sum(axis=1)
    matrix = sp.diags_array(degree[free]) - near[free][:, free]
    for axis in range(len(displacement)):
        load = near[free] @ found[axis]
        if np.abs(load).max() > 0:
            found[axis, free], _ = cg(matrix, load, rtol=_SMOOTH, M=sp.diags_array(1 / degree[free]))
    return found
