"""The reference simplex: shape functions, quadrature, and the constant matrices of straight elements.

Shape functions and quadrature points are scikit-fem's. On a straight simplex every integral of products of shape
functions is a constant matrix times numbers of the simplex, so it is integrated once and for all, exactly.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from skfem import ElementLineP1, ElementLineP2, ElementTetP1, ElementTetP2, ElementTriP1, ElementTriP2
from skfem.quadrature import get_quadrature
from skfem.refdom import RefLine, RefTet, RefTri

from thermonet.geometry.mesh import Floats, Ints

_ELEMENTS = {
    (1, 1): ElementLineP1,
    (1, 2): ElementLineP2,
    (2, 1): ElementTriP1,
    (2, 2): ElementTriP2,
    (3, 1): ElementTetP1,
    (3, 2): ElementTetP2,
}
#: Dimension and degree of a simplex by its nodes and whether it has middle nodes.
_DIMENSIONS = {(2, 1): 1, (3, 1): 2, (4, 1): 3, (3, 2): 1, (6, 2): 2, (10, 2): 3}


def dimension_of(nodes: int, degree: int) -> int:
    """Dimension of a simplex of so many nodes."""
    return _DIMENSIONS[nodes, degree]


@lru_cache
def quadrature_rule(dimension: int, degree: int) -> tuple[Floats, Floats]:
    """Points (dimension, q) and weights (q,) that integrate polynomials of a degree exactly."""
    if dimension == 3 and degree >= 5:
        degree += 1  # scikit-fem's rules for tetrahedra are one degree short of their name from the fifth on
    points, weights = get_quadrature({1: RefLine, 2: RefTri, 3: RefTet}[dimension], degree)
    return points, weights


@lru_cache
def shapes(dimension: int, degree: int, order: int) -> tuple[Floats, Floats]:
    """Values (k, q) and gradients (k, dimension, q) of the shape functions at the points of a rule of some order."""
    return shapes_at(dimension, degree, quadrature_rule(dimension, order)[0])


def shapes_at(dimension: int, degree: int, points: Floats) -> tuple[Floats, Floats]:
    """Values (k, q) and gradients (k, dimension, q) of the shape functions at reference points (dimension, q)."""
    element = _ELEMENTS[dimension, degree]()
    count = dimension + 1 if degree == 1 else (dimension + 1) * (dimension + 2) // 2
    basis = [element.lbasis(points, i) for i in range(count)]
    values, slopes = (np.broadcast_arrays(*part) for part in zip(*basis, strict=True))
    return np.stack(values), np.stack(slopes)


@lru_cache
def pairs(count: int) -> tuple[Ints, Ints]:
    """Pairs i <= j of the nodes of an element: the upper half of a symmetric block, row by row."""
    return np.triu_indices(count)


def _linear(dimension: int, order: int, *, ring: bool) -> tuple[Floats, Floats]:
    """Factors of the weight at the points of a rule: one, or those of the values at the corners, (factors, q)."""
    weights = quadrature_rule(dimension, order)[1]
    return (shapes(dimension, 1, order)[0] if ring else np.ones((1, len(weights)))), weights


@lru_cache
def mass_at_points(dimension: int, degree: int, order: int) -> Floats:
    """N_i N_j at the points of a rule, (pairs, q)."""
    values = shapes(dimension, degree, order)[0]
    i, j = pairs(len(values))
    return values[i] * values[j]


@lru_cache
def stiffness_at_points(dimension: int, degree: int, order: int) -> Floats:
    """dN_i/da dN_j/db at the points of a rule, (pairs, directions x q).

    Directions are the pairs a <= b of reference coordinates; those with a < b hold both orders, for a symmetric metric.
    """
    slopes = shapes(dimension, degree, order)[1]
    i, j = pairs(len(slopes))
    a, b = pairs(dimension)
    products = slopes[i][:, a] * slopes[j][:, b] + (a != b)[:, np.newaxis] * slopes[i][:, b] * slopes[j][:, a]
    return products.reshape(len(i), -1)


@lru_cache
def mass_reference(dimension: int, degree: int, *, ring: bool) -> Floats:
    """Integral of weight times N_i N_j on the reference simplex, (pairs, 1).

    With `ring` the weight is linear and there is one column for its value at every corner, (pairs, corners).
    """
    order = 2 * degree + ring
    factors, weights = _linear(dimension, order, ring=ring)
    return np.einsum("pq,fq,q->pf", mass_at_points(dimension, degree, order), factors, weights)


@lru_cache
def load_reference(dimension: int, degree: int, *, ring: bool) -> Floats:
    """Integral of weight times N_i on the reference simplex, (nodes, 1) or (nodes, corners)."""
    order = degree + ring
    factors, weights = _linear(dimension, order, ring=ring)
    return np.einsum("iq,fq,q->if", shapes(dimension, degree, order)[0], factors, weights)


@lru_cache
def stiffness_reference(dimension: int, degree: int, *, ring: bool) -> Floats:
    """Integral of weight times dN_i/da dN_j/db on the reference simplex, (pairs, factors x directions)."""
    order = max(1, 2 * (degree - 1) + ring)
    factors, weights = _linear(dimension, order, ring=ring)
    products = stiffness_at_points(dimension, degree, order).reshape(-1, dimension * (dimension + 1) // 2, len(weights))
    return np.einsum("pdq,fq,q->pfd", products, factors, weights).reshape(len(products), -1)
