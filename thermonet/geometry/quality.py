"""How good the cells of a mesh are: volumes, shapes, and whether curved cells are turned inside out anywhere."""

from __future__ import annotations

import math
from functools import cache
from itertools import product

import numpy as np

from thermonet.geometry.mesh import Floats, Ints, Mesh
from thermonet.geometry.topology import EDGES


def volumes(points: Floats, cells: Ints) -> Floats:
    """Signed areas or volumes (n,) of the straight cells between corners; negative where they are turned."""
    dimension = len(points)
    sides = points[:, cells[1 : dimension + 1]] - points[:, cells[:1]]
    return np.linalg.det(np.moveaxis(sides, 2, 0)) / math.factorial(dimension)


def shapes(points: Floats, cells: Ints) -> Floats:
    """Mean ratio of straight cells (n,): 1 for the equilateral one, 0 for a flat one, negative for a turned one.

    Liu, Joe, BIT 34, 268 (1994), doi:10.1007/BF01955874: volume to a power over the sum of the squared edges.
    """
    dimension = len(points)
    size = volumes(points, cells)
    squares = sum(((points[:, cells[i]] - points[:, cells[j]]) ** 2).sum(axis=0) for i, j in EDGES[dimension])
    factor = 4 * math.sqrt(3) if dimension == 2 else 12 * 3 ** (2 / 3)
    return factor * np.sign(size) * np.abs(size) ** (2 / dimension) / squares


def smallest_stretch(mesh: Mesh, cells: Ints) -> Floats:
    """Lower bound (n,) of the Jacobian's determinant in quadratic cells, in parts of that of the straight cells.

    Parameters
    ----------
    mesh
        A quadratic mesh.
    cells
        Which of its cells.

    Notes
    -----
    The determinant is a polynomial of the degree of the dimension; it lies between the smallest and the largest of its
    Bernstein coefficients (Johnen, Remacle, Geuzaine, J. Comput. Phys. 233, 359 (2013), doi:10.1016/j.jcp.2012.08.051).
    """
    lattice, to_bernstein = _bernstein(mesh.dimension)
    nodes = mesh.points[:, mesh.cells[:, cells]]
    gradients = _gradients(lattice, mesh.dimension)
    jacobian = np.einsum("xan,pay->npxy", nodes, gradients)
    coefficients = np.linalg.det(jacobian) @ to_bernstein.T
    straight = volumes(mesh.points, mesh.cells[:, cells]) * math.factorial(mesh.dimension)
    return coefficients.min(axis=1) / straight


@cache
def _bernstein(dimension: int) -> tuple[Floats, Floats]:
    """Lattice points (p, dim + 1) of a polynomial of the dimension's degree, and values there to coefficients."""
    degree = dimension
    powers = np.array([k for k in product(range(degree + 1), repeat=dimension + 1) if sum(k) == degree])
    lattice = powers / degree
    counts = [math.factorial(degree) / math.prod(math.factorial(int(k)) for k in row) for row in powers]
    values = np.array(counts) * np.prod(lattice[:, None, :] ** powers[None, :, :], axis=2)
    return lattice, np.linalg.inv(values)


def quadratic_shape(barycentric: Floats, dimension: int) -> Floats:
    """Quadratic shape functions (p, nodes) at barycentric coordinates (p, dim + 1)."""
    corners = barycentric * (2 * barycentric - 1)
    middles = [4 * barycentric[:, i] * barycentric[:, j] for i, j in EDGES[dimension]]
    return np.concatenate([corners, np.stack(middles, axis=1)], axis=1)


def _gradients(barycentric: Floats, dimension: int) -> Floats:
    """Gradients (p, nodes, dim) of the quadratic shape functions by the reference coordinates."""
    of_barycentric = np.concatenate([-np.ones((1, dimension)), np.eye(dimension)])
    corners = (4 * barycentric - 1)[:, :, None] * of_barycentric
    middles = [
        4 * (barycentric[:, i, None] * of_barycentric[j] + barycentric[:, j, None] * of_barycentric[i])
        for i, j in EDGES[dimension]
    ]
    return np.concatenate([corners, np.stack(middles, axis=1)], axis=1)
