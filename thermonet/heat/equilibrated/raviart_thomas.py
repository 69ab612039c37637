"""Raviart-Thomas elements on the reference simplex: fluxes with normal components that match from cell to cell.

Fluxes are carried from the reference simplex by Piola's map, ``sigma = J sigma_ref / |det J|``, which keeps the heat
through every facet and the divergence per cell. Functions are sums of an orthonormal basis; what matters is their
moments over facets and the moments of their divergence (Raviart, Thomas, Lect. Notes Math. 606, 292 (1977),
doi:10.1007/BFb0064470).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product

import numpy as np
from scipy.linalg import null_space

from thermonet.geometry.mesh import Floats, Ints
from thermonet.geometry.topology import EDGES
from thermonet.heat.reference import quadrature_rule, shapes_at

#: Largest order that is built.
LARGEST = 2


@dataclass(frozen=True)
class FacetReference:
    """Functions on the reference facet, whose area is counted as one.

    Attributes
    ----------
    points, weights
        Quadrature on it (dimension - 1, q), (q,).
    functions
        Basis (f, q) of what the normal flux is tested with: in any order of the corners that both sides share.
    uniform
        Coefficients (f,) of the function one.
    hats
        Linear functions (corners, q).
    shapes
        Shape functions of the temperature (k, q).
    """

    points: Floats
    weights: Floats
    functions: Floats
    uniform: Floats
    hats: Floats
    shapes: Floats

    @cached_property
    def mass(self) -> Floats:
        """Integrals of products of the functions (f, f)."""
        return (self.functions * self.weights) @ self.functions.T


@dataclass(frozen=True)
class CellReference:
    """Raviart-Thomas functions of one order on the reference simplex, beside temperatures of one degree.

    Attributes
    ----------
    weights
        Of the quadrature points (q,).
    functions
        Orthonormal fluxes (n, dimension, q).
    tests
        Orthonormal polynomials that the divergence is tested with (m, q); the first is constant.
    shapes, slopes
        Shape functions of the temperature (k, q) and their gradients (k, dimension, q).
    hats, hat_slopes
        Linear functions (corners, q) and their gradients (corners, dimension).
    divergence
        Moments of the divergence (m, n).
    through
        Moments of the outward flux through the facet opposite to every corner (corners, f, n); the facet's corners
        are in ascending local order.
    facet
        Functions on the facets.
    """

    weights: Floats
    functions: Floats
    tests: Floats
    shapes: Floats
    slopes: Floats
    hats: Floats
    hat_slopes: Floats
    divergence: Floats
    through: Floats
    facet: FacetReference

    @property
    def dimension(self) -> int:
        """Of the simplex."""
        return self.functions.shape[1]

    @cached_property
    def around(self) -> Ints:
        """Facets (corners, dimension) that meet at every corner, which are also the corners of the facet opposite."""
        corners = np.arange(self.dimension + 1)
        return np.array([np.delete(corners, corner) for corner in corners])

    @cached_property
    def one(self) -> Floats:
        """Coefficients (m,) of the function one, which are also the integrals of the tests."""
        return self.tests @ self.weights

    @cached_property
    def _constrained(self) -> list[Floats]:
        """Moments that a flux around a corner has prescribed: of its divergence, and through the facet opposite."""
        return [np.concatenate([self.divergence, through]) for through in self.through]

    @cached_property
    def free(self) -> Floats:
        """Basis (corners, n, z) of fluxes without divergence that do not cross the facet opposite to a corner."""
        return np.stack([null_space(moments) for moments in self._constrained])

    @cached_property
    def lift(self) -> Floats:
        """Fluxes (corners, n, m) of unit moments of the divergence that do not cross the facet opposite to a corner."""
        return np.stack([np.linalg.pinv(moments)[:, : len(self.tests)] for moments in self._constrained])

    @cached_property
    def uniform(self) -> Floats:
        """Fluxes (n, corners) of uniform divergence that carry one watt out through the facet opposite to a corner."""
        facet = self.facet
        wanted = np.einsum("fg,g,ac->afc", facet.mass, facet.uniform, np.eye(self.dimension + 1))
        moments = np.concatenate([self.divergence, self.through.reshape(-1, self.through.shape[-1])])
        spread = np.repeat((self.one / self.weights.sum())[:, np.newaxis], self.dimension + 1, axis=1)
        return np.linalg.lstsq(moments, np.concatenate([spread, wanted.reshape(-1, self.dimension + 1)]), rcond=None)[0]


@lru_cache
def cell_reference(dimension: int, degree: int, order: int) -> CellReference:
    """Functions of one order beside temperatures of one degree."""
    # Exact for energies and, with the weight 2 pi r, for moments.
    points, weights = quadrature_rule(dimension, max(2 * order + 2, order + degree + 2))
    raw, slopes = _fluxes(points, order)
    gram = np.einsum("iaq,jaq,q->ij", raw, raw, weights)
    onto = np.linalg.inv(np.linalg.cholesky(gram))
    tests = _polynomials(points, order)[0]
    tests = np.linalg.inv(np.linalg.cholesky((tests * weights) @ tests.T)) @ tests
    hats, hat_slopes = shapes_at(dimension, 1, points)
    values, gradients = shapes_at(dimension, degree, points)
    facet = _facet_reference(dimension, degree, order)
    return CellReference(
        weights=weights,
        functions=np.einsum("ij,jaq->iaq", onto, raw),
        tests=tests,
        shapes=values,
        slopes=gradients,
        hats=hats,
        hat_slopes=hat_slopes[:, :, 0],
        divergence=np.einsum("mq,iq,q->mi", tests, onto @ slopes, weights),
        through=_through(facet, hat_slopes[:, :, 0], onto, order),
        facet=facet,
    )


def _facet_reference(dimension: int, degree: int, order: int) -> FacetReference:
    points, weights = quadrature_rule(dimension - 1, 2 * max(order, degree) + 2)
    hats, values = (shapes_at(dimension - 1, of, points)[0] for of in (1, degree))
    products = [4 * hats[i] * hats[j] for i, j in EDGES[dimension - 1]] if order == 2 else []
    functions = np.ones((1, len(weights))) if order == 0 else np.stack([*hats, *products])
    uniform = np.append(np.ones(len(functions) - len(products)), np.zeros(len(products)))
    return FacetReference(points, weights / weights.sum(), functions, uniform, hats, values)


def _through(facet: FacetReference, hat_slopes: Floats, onto: Floats, order: int) -> Floats:
    """Moments (corners, f, n) of the outward flux through all facets."""
    dimension = hat_slopes.shape[1]
    corners = np.concatenate([np.zeros((dimension, 1)), np.eye(dimension)], axis=1)
    volume = 1 / np.prod(np.arange(1, dimension + 1))
    found = []
    for opposite, slope in enumerate(hat_slopes):
        flux = _fluxes(np.delete(corners, opposite, axis=1) @ facet.hats, order)[0]
        # The gradient of a corner's hat points away from the facet opposite; its length is area over n volume.
        normal = np.einsum("naq,a->nq", flux, -slope * dimension * volume)
        found.append((facet.functions * facet.weights) @ (onto @ normal).T)
    return np.stack(found)


def _polynomials(points: Floats, order: int) -> tuple[Floats, Floats, Ints]:
    """Monomials (m, q) by degree, their gradients (m, dimension, q) and exponents (m, dimension)."""
    dimension = len(points)
    exponents = np.array([e for e in product(range(order + 1), repeat=dimension) if sum(e) <= order])
    exponents = exponents[np.argsort(exponents.sum(axis=1), kind="stable")]
    values = (points ** exponents[:, :, np.newaxis]).prod(axis=1)
    slopes = np.zeros((len(exponents), dimension, points.shape[1]))
    for axis in range(dimension):
        lowered = exponents.copy()
        lowered[:, axis] = np.maximum(lowered[:, axis] - 1, 0)
        slopes[:, axis] = exponents[:, [axis]] * (points ** lowered[:, :, np.newaxis]).prod(axis=1)
    return values, slopes, exponents


def _fluxes(points: Floats, order: int) -> tuple[Floats, Floats]:
    """Vectors of polynomials, and the position times those of highest degree: values (n, dimension, q), divergence."""
    values, slopes, exponents = _polynomials(points, order)
    dimension = len(points)
    vectors = np.einsum("mq,ab->mabq", values, np.eye(dimension)).reshape(-1, dimension, points.shape[1])
    highest = exponents.sum(axis=1) == order
    radial = values[highest][:, np.newaxis] * points
    spread = (dimension + order) * values[highest]  # Euler: x . grad p = order p
    return np.concatenate([vectors, radial]), np.concatenate([slopes.reshape(-1, points.shape[1]), spread])
