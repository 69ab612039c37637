"""Integrals over simplices: closed forms on straight ones, quadrature on curved ones, decided one by one.

Cells of a mesh and their facets are the same thing here, simplices of their own dimension in space. Blocks are the
upper halves of symmetric element matrices, (pairs, simplices), pairs i <= j row by row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermonet.geometry.mesh import Floats, Ints
from thermonet.geometry.topology import EDGES
from thermonet.heat.reference import (
    dimension_of,
    load_reference,
    mass_at_points,
    mass_reference,
    pairs,
    quadrature_rule,
    shapes,
    stiffness_at_points,
    stiffness_reference,
)

#: Degree of the quadrature on curved simplices, and of densities: exact for the mass with the weight 2 pi r on straight
#: ones; on the curved elements of a tip it leaves 1e-9 of R_P.
DEGREE = 5
#: A middle node this far from its chord, in edge lengths, is on it: the closed form's error is no larger.
_STRAIGHT = 1e-10

Coefficient = Floats | float


@dataclass(frozen=True)
class Simplices:
    """Simplices of one dimension and degree in space, with the weight of what their points stand for.

    Attributes
    ----------
    points
        Coordinates of all nodes [m], (space, nodes).
    nodes
        Nodes of every simplex (k, n), corners first, then middles of edges.
    degree
        1 linear, 2 quadratic.
    ring
        Whether a point stands for a ring of circumference 2 pi r, r the first coordinate.
    depth
        Third dimension of a plane body [m], 1 for all others.
    curved
        Which simplices have a middle node off its chord (n,).
    """

    points: Floats
    nodes: Ints
    degree: int
    ring: bool
    depth: float
    curved: NDArray[np.bool_]

    @property
    def dimension(self) -> int:
        """Of the simplices, not of the space that they lie in."""
        return dimension_of(len(self.nodes), self.degree)

    def at(self, where: Ints | slice) -> Simplices:
        """Return some of them."""
        return replace(self, nodes=self.nodes[:, where], curved=self.curved[where])


@dataclass(frozen=True)
class Quadrature:
    """Points at which densities are given.

    Attributes
    ----------
    weights
        What every point stands for (n, q): volume or area, with ring and depth.
    positions
        Coordinates [m], (n, space, q).
    shapes
        Values of the shape functions (k, q).
    """

    weights: Floats
    positions: Floats
    shapes: Floats


def simplices(points: Floats, nodes: Ints, degree: int, *, ring: bool, depth: float) -> Simplices:
    """Simplices of given nodes; finds the curved ones."""
    curved = _curved(points, nodes, degree)
    return Simplices(points, nodes, degree, ring, depth, curved)


def _curved(points: Floats, nodes: Ints, degree: int) -> NDArray[np.bool_]:
    count = nodes.shape[1]
    if degree == 1:
        return np.zeros(count, dtype=bool)
    off, size = np.zeros(count), np.zeros(count)
    corners = dimension_of(len(nodes), degree) + 1
    for middle, (a, b) in enumerate(EDGES[corners - 1], start=corners):
        first, second = points[:, nodes[a]], points[:, nodes[b]]
        np.maximum(off, ((points[:, nodes[middle]] - (first + second) / 2) ** 2).sum(axis=0), out=off)
        np.maximum(size, ((first - second) ** 2).sum(axis=0), out=size)
    rounding = 4 * np.finfo(float).eps * np.abs(points).max(initial=0.0)
    return off > (_STRAIGHT * np.sqrt(size) + rounding) ** 2


# --- geometry -----------------------------------------------------------------------------------------------------


def _corner_points(part: Simplices) -> Floats:
    return part.points[:, part.nodes[: part.dimension + 1]]


def _spanning(part: Simplices) -> Floats:
    """Vectors from the first corner to the others: the Jacobian of straight simplices, (space, dimension, n)."""
    corners = _corner_points(part)
    return corners[:, 1:] - corners[:, :1]


def _jacobian(part: Simplices) -> Floats:
    """Derivatives of the position by the reference coordinates at the quadrature points, (space, dimension, q, n)."""
    slopes = shapes(part.dimension, part.degree, DEGREE)[1]
    found = slopes.reshape(len(slopes), -1).T @ part.points[:, part.nodes]
    return found.reshape(len(found), *slopes.shape[1:], -1)


def determinant(jacobian: Floats) -> Floats:
    """Volume, area or length of the unit cell that is spanned; signed where the simplices fill their space."""
    space, dimension = jacobian.shape[:2]
    if dimension == space:
        return _cross(jacobian)[0] if space == 2 else (jacobian[:, 0] * _cross(jacobian)).sum(axis=0)
    if dimension == 1:
        return np.sqrt((jacobian[:, 0] ** 2).sum(axis=0))
    u, v = jacobian[:, 0], jacobian[:, 1]
    return np.sqrt(sum((u[i] * v[j] - u[j] * v[i]) ** 2 for i, j in ((0, 1), (1, 2), (2, 0))))


def _cross(jacobian: Floats) -> Floats:
    """In the plane the one component of the product of the two columns, in space the product of the last two."""
    u, v = jacobian[:, -2], jacobian[:, -1]
    turns = ((0, 1),) if len(u) == 2 else ((1, 2), (2, 0), (0, 1))
    return np.stack([u[i] * v[j] - u[j] * v[i] for i, j in turns])


def _inverse(jacobian: Floats) -> tuple[Floats, Floats]:
    """Determinant, and gradients of the reference coordinates (dimension, space, ...) [1/m]."""
    if len(jacobian) == 2:
        found = determinant(jacobian)
        (a, b), (c, d) = jacobian
        return found, np.stack([np.stack([d, -b]), np.stack([-c, a])]) / found
    found = determinant(jacobian)
    turned = [_cross(jacobian[:, [i, (i + 1) % 3, (i + 2) % 3]]) for i in range(3)]
    return found, np.stack(turned) / found


def _extent(part: Simplices, stretch: Floats) -> Floats:
    """What weighs the reference integrals of straight simplices: (1, n), or with rings one row per corner."""
    if part.ring:
        return 2 * np.pi * part.points[0, part.nodes[: part.dimension + 1]] * stretch
    return part.depth * stretch[np.newaxis]


def quadrature(part: Simplices) -> Quadrature:
    """Quadrature points of all simplices, straight or curved."""
    values = shapes(part.dimension, part.degree, DEGREE)[0]
    positions = values.T @ part.points[:, part.nodes]
    weights = _weights(part, np.abs(determinant(_jacobian(part))))
    return Quadrature(weights.T, np.moveaxis(positions, -1, 0), values)


def _weights(part: Simplices, stretch: Floats) -> Floats:
    """What the quadrature points stand for (q, n), from the determinants there."""
    reference = quadrature_rule(part.dimension, DEGREE)[1][:, np.newaxis]
    if not part.ring:
        return part.depth * reference * stretch
    radius = shapes(part.dimension, part.degree, DEGREE)[0].T @ part.points[0, part.nodes]
    return 2 * np.pi * radius * reference * stretch


# --- blocks -------------------------------------------------------------------------------------------------------


def volumes(part: Simplices) -> Floats:
    """Volume [m^3] of every cell, area [m^2] of every facet; per metre of depth where no depth is given."""
    return load_parts(part).sum(axis=0)


def mass_blocks(part: Simplices, coefficient: Coefficient = 1.0) -> Floats:
    """Blocks of ``integral c u v``, c one number, one per simplex (n,) or one per quadrature point (n, q)."""
    if np.ndim(coefficient) == 2:
        return _mass_by_quadrature(part, coefficient)
    return _each_its_way(_mass_in_closed_form, _mass_by_quadrature, part, coefficient)


def _mass_in_closed_form(part: Simplices, coefficient: Coefficient) -> Floats:
    extent = _extent(part, np.abs(determinant(_spanning(part)))) * coefficient
    return mass_reference(part.dimension, part.degree, ring=part.ring) @ extent


def _mass_by_quadrature(part: Simplices, coefficient: Coefficient) -> Floats:
    return mass_at_points(part.dimension, part.degree, DEGREE) @ (quadrature(part).weights.T * _at_points(coefficient))


def turning_blocks(part: Simplices, coefficient: Coefficient = 1.0) -> Floats:
    """Blocks of ``integral c u v / r^2`` over cells of a body of revolution, c one number or one per cell.

    Not a polynomial, so by quadrature; cells on the axis are right for fields that vanish there.
    """
    radius = quadrature(part).positions[:, 0]
    return _mass_by_quadrature(part, np.reshape(coefficient, (-1, 1)) / radius**2)


def jump_blocks(part: Simplices, coefficient: Coefficient = 1.0) -> Floats:
    """Blocks of ``integral c (u1 - u2)(v1 - v2)`` over one side's facets; nodes of that side, then of the other."""
    block = full_blocks(mass_blocks(part, coefficient))
    both = np.concatenate([np.concatenate([block, -block], axis=1), np.concatenate([-block, block], axis=1)])
    return upper_blocks(both)


def exchange_blocks(part: Simplices, coefficient: Coefficient = 1.0) -> Floats:
    """Blocks of ``integral c (u - a)(v - a)`` with one number a behind the nodes of every simplex."""
    block, side = full_blocks(mass_blocks(part, coefficient)), -load_parts(part, coefficient)[:, np.newaxis]
    corner = -side.sum(axis=0, keepdims=True)
    bordered = [np.concatenate([block, side], axis=1), np.concatenate([side.swapaxes(0, 1), corner], axis=1)]
    return upper_blocks(np.concatenate(bordered))


def full_blocks(blocks: Floats) -> Floats:
    """Symmetric blocks (k, k, n) of their upper halves (pairs, n)."""
    count = math.isqrt(2 * len(blocks))
    i, j = pairs(count)
    full = np.empty((count, count, blocks.shape[1]))
    full[i, j] = full[j, i] = blocks
    return full


def upper_blocks(blocks: Floats) -> Floats:
    """Upper halves (pairs, n) of symmetric blocks (k, k, n)."""
    return blocks[pairs(len(blocks))]


def load_parts(part: Simplices, density: Coefficient = 1.0) -> Floats:
    """Parts (k, n) of ``integral q v``, q one number, one per simplex (n,) or one per quadrature point (n, q)."""
    if np.ndim(density) == 2:
        return _load_by_quadrature(part, density)
    return _each_its_way(_load_in_closed_form, _load_by_quadrature, part, density)


def _load_in_closed_form(part: Simplices, density: Coefficient) -> Floats:
    extent = _extent(part, np.abs(determinant(_spanning(part)))) * density
    return load_reference(part.dimension, part.degree, ring=part.ring) @ extent


def _load_by_quadrature(part: Simplices, density: Coefficient) -> Floats:
    points = quadrature(part)
    return points.shapes @ (points.weights.T * _at_points(density))


def stiffness_blocks(part: Simplices, coefficient: Coefficient = 1.0) -> Floats:
    """Blocks of ``integral grad u . c grad v`` over cells.

    Parameters
    ----------
    part
        Cells.
    coefficient
        One number; one per cell (n,); its diagonal along the coordinates (n, space); a symmetric tensor
        (n, space, space).
    """
    return _each_its_way(_stiffness_in_closed_form, _stiffness_by_quadrature, part, coefficient)


def _stiffness_in_closed_form(part: Simplices, coefficient: Coefficient) -> Floats:
    stretch, metric = _metric(_spanning(part), coefficient)
    extent = _extent(part, np.abs(stretch))
    rows = (extent[:, np.newaxis] * metric).reshape(-1, part.nodes.shape[1])
    return stiffness_reference(part.dimension, part.degree, ring=part.ring) @ rows


def _stiffness_by_quadrature(part: Simplices, coefficient: Coefficient) -> Floats:
    stretch, metric = _metric(_jacobian(part), coefficient)
    rows = (metric * _weights(part, np.abs(stretch))).reshape(-1, part.nodes.shape[1])
    return stiffness_at_points(part.dimension, part.degree, DEGREE) @ rows


def _metric(jacobian: Floats, coefficient: Coefficient) -> tuple[Floats, Floats]:
    """Determinant, and ``grad a . c grad b`` for pairs a <= b of reference coordinates, (directions, ..., n)."""
    stretch, slopes = _inverse(jacobian)
    a, b = pairs(len(slopes))
    return stretch, (slopes[a] * _applied(coefficient, slopes)[b]).sum(axis=1)


def _each_its_way(
    straight: Callable[[Simplices, Coefficient], Floats],
    curved: Callable[[Simplices, Coefficient], Floats],
    part: Simplices,
    coefficient: Coefficient,
) -> Floats:
    """Blocks in closed form for straight simplices and by quadrature for curved ones."""
    bent = np.flatnonzero(part.curved)
    if len(bent) == len(part.curved):
        return curved(part, coefficient)
    blocks = straight(part, coefficient)
    if len(bent):
        some = coefficient if np.ndim(coefficient) == 0 else np.asarray(coefficient)[bent]
        blocks[:, bent] = curved(part.at(bent), some)
    return blocks


def _at_points(coefficient: Coefficient) -> Coefficient:
    """The coefficient as a factor of numbers (q, n) at the quadrature points."""
    return np.transpose(coefficient) if np.ndim(coefficient) == 2 else coefficient


def _applied(coefficient: Coefficient, slopes: Floats) -> Floats:
    """Coefficient times gradients (functions, space, ..., n)."""
    value: Any = np.asarray(coefficient)
    if value.ndim < 2:
        return slopes * value
    if value.ndim == 2:
        return np.einsum("fx...n,nx->fx...n", slopes, value)
    return np.einsum("fx...n,nyx->fy...n", slopes, value)


# --- checks and fields --------------------------------------------------------------------------------------------


def inside_out(part: Simplices, sense: Ints) -> Ints:
    """Cells that are flat or turned inside out.

    Parameters
    ----------
    part
        Cells.
    sense
        Sign (n,) that the determinant of every one should have.
    """
    wrong = ~(determinant(_spanning(part)) * sense > 0) & ~part.curved
    bent = np.flatnonzero(part.curved)
    if len(bent):
        wrong[bent] = ~(determinant(_jacobian(part.at(bent))) * sense[bent] > 0).all(axis=0)
    return np.flatnonzero(wrong)


def gradients(part: Simplices) -> Floats:
    """Gradients [1/m] of the shape functions at the quadrature points of cells, (k, space, q, n)."""
    slopes = shapes(part.dimension, part.degree, DEGREE)[1]
    return np.einsum("kdq,dxqn->kxqn", slopes, _inverse(_jacobian(part))[1], optimize=True)


def field_gradients(part: Simplices, field: Floats) -> Floats:
    """Gradient [1/m] of a field of the nodes at the quadrature points of cells, (n, space, q)."""
    slopes = shapes(part.dimension, part.degree, DEGREE)[1]
    along = np.einsum("kdq,kn->dqn", slopes, field[part.nodes], optimize=True)
    return np.einsum("dqn,dxqn->nxq", along, _inverse(_jacobian(part))[1], optimize=True)
