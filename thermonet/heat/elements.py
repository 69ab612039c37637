"""Quadratic elements on a mesh: what every weak form integrates, evaluated once for all triangles together.

Shape functions and quadrature are scikit-fem's; the sums over triangles are two matrix products instead of its
general assembly, which a test holds to the same matrices (docs/decisions/assembly.md has the reason).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.sparse as sp
from skfem import ElementLineP2, ElementTriP2
from skfem.quadrature import get_quadrature
from skfem.refdom import RefLine, RefTri

from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Ints, Mesh
from thermonet.quantities.errors import PhysicsError

#: Degree integrated exactly on a straight element, that of the mass matrix with the weight 2 pi r; on the curved
#: elements of a tip it leaves 1e-9 of R_P.
_DEGREE = 5


@dataclass(frozen=True)
class Elements:
    """Integration data of all triangles of a mesh, in SI.

    Attributes
    ----------
    mesh
        The mesh.
    shapes
        Values of the six shape functions at the quadrature points (6, q).
    gradients
        Their gradients [1/m], (triangles, 6, 2, q).
    weights
        Volume of every quadrature point: m^3 for a body of revolution, m^2 for a plane one, (triangles, q).
    positions
        Coordinates of the quadrature points [m], (triangles, 2, q).
    """

    mesh: Mesh
    shapes: Floats
    gradients: Floats
    weights: Floats
    positions: Floats

    @property
    def size(self) -> int:
        """Number of nodes."""
        return self.mesh.points.shape[1]

    def region(self, name: str) -> Ints:
        """Triangles of a region."""
        return np.flatnonzero(self.mesh.region == self.mesh.names.index(name))


@lru_cache(maxsize=4)
def _reference(degree: int) -> tuple[Floats, Floats, Floats]:
    """Shapes (6, q), their gradients (6, 2, q) and weights (q,) on the reference triangle."""
    points, weights = get_quadrature(RefTri, degree)
    basis = [ElementTriP2().lbasis(points, i) for i in range(6)]
    return np.stack([value for value, _ in basis]), np.stack([slope for _, slope in basis]), weights


def axisymmetric_elements(mesh: Mesh) -> Elements:
    """Elements of a body of revolution: a point of the (r, z) half plane stands for a ring of circumference 2 pi r."""
    elements = plane_elements(mesh)
    radius = elements.positions[:, 0]
    return Elements(
        mesh, elements.shapes, elements.gradients, 2 * np.pi * radius * elements.weights, elements.positions
    )


def plane_elements(mesh: Mesh) -> Elements:
    """Elements of a plane body, per metre of depth or as a sheet.

    Raises
    ------
    PhysicsError
        An element is turned inside out: the shape overlaps itself.
    """
    shapes, slopes, reference = _reference(_DEGREE)
    corners = mesh.points[:, mesh.cells].transpose(2, 0, 1) * LENGTH_UNIT
    positions = corners @ shapes
    jacobian = np.einsum("tan,nbq->tabq", corners, slopes, optimize=True)
    (a, b), (c, d) = jacobian[:, 0].transpose(1, 0, 2), jacobian[:, 1].transpose(1, 0, 2)
    determinant = a * d - b * c
    if not determinant.min() > 0:
        raise PhysicsError("the shape overlaps itself: an element of its mesh is turned inside out")
    cofactors = np.stack([np.stack([d, -b], axis=1), np.stack([-c, a], axis=1)], axis=1) / determinant[:, None, None]
    gradients = np.einsum("nbq,tbaq->tnaq", slopes, cofactors, optimize=True)
    return Elements(mesh, shapes, gradients, determinant * reference, positions)


def stiffness(elements: Elements, where: Ints, coefficient: Floats | float = 1.0) -> sp.csr_array:
    """Matrix of ``integral c grad u . grad v`` over some triangles, c one number or one per triangle.

    With c = 1 the conductance per unit conductivity [m], with the conductivities the conductance [W/K].
    """
    gradients = elements.gradients[where]
    weights = elements.weights[where] * np.reshape(coefficient, (-1, 1))
    flat = gradients.reshape(len(where), 6, -1)
    weighted = (gradients * weights[:, None, None, :]).reshape(flat.shape)
    return _assembled(elements, where, weighted @ flat.transpose(0, 2, 1))


def turning(elements: Elements, where: Ints, coefficient: Floats | float = 1.0) -> sp.csr_array:
    """Matrix of ``integral c u v / r^2`` over some triangles of a body of revolution [m].

    The amplitude of ``u(r, z) cos(m phi)``, m >= 1, has half the sum of stiffness and m^2 times this.
    """
    radius = elements.positions[where, 0]
    return mass(elements, where, np.reshape(coefficient, (-1, 1)) / radius**2)


def mass(elements: Elements, where: Ints, coefficient: Floats | float = 1.0) -> sp.csr_array:
    """Matrix of ``integral c u v`` over some triangles, c one number, one per triangle or per quadrature point.

    With c = 1 the capacity per unit volumetric heat capacity [m^3 or m^2].
    """
    factor = np.reshape(coefficient, (-1, 1)) if np.ndim(coefficient) < 2 else coefficient
    weights = elements.weights[where] * factor
    products = np.einsum("iq,jq->qij", elements.shapes, elements.shapes).reshape(elements.shapes.shape[1], 36)
    return _assembled(elements, where, (weights @ products).reshape(-1, 6, 6))


def load(elements: Elements, where: Ints, density: Floats) -> Floats:
    """Vector of ``integral q v`` for a density at the quadrature points (triangles, q)."""
    parts = (density * elements.weights[where]) @ elements.shapes.T
    return _gathered(elements.mesh.cells[:, where].T, parts, elements.size)


def _assembled(elements: Elements, where: Ints, blocks: Floats) -> sp.csr_array:
    return _summed(elements.mesh.cells[:, where].T, blocks, elements.size)


def _summed(nodes: Ints, blocks: Floats, size: int) -> sp.csr_array:
    """Sum element blocks (elements, k, k) into a matrix by their nodes (elements, k)."""
    k = nodes.shape[1]
    rows, columns = np.repeat(nodes, k, axis=1).ravel(), np.tile(nodes, (1, k)).ravel()
    return sp.csr_array(sp.coo_array((blocks.ravel(), (rows, columns)), shape=(size, size)))


def _gathered(nodes: Ints, parts: Floats, size: int) -> Floats:
    """Sum parts (elements, k) into a vector by their nodes (elements, k)."""
    return np.bincount(nodes.ravel(), parts.ravel(), minlength=size).astype(float)


@lru_cache(maxsize=1)
def _reference_line() -> tuple[Floats, Floats, Floats]:
    points, weights = get_quadrature(RefLine, 2 * _DEGREE)
    basis = [ElementLineP2().lbasis(points, i) for i in range(3)]
    return np.stack([value for value, _ in basis]), np.stack([slope[0] for _, slope in basis]), weights


def _line_weights(elements: Elements, edges: Ints, *, axisymmetric: bool) -> Floats:
    """Area [m^2] (or length [m]) of every quadrature point of three-node edges, (edges, q)."""
    shapes, slopes, reference = _reference_line()
    corners = elements.mesh.points[:, edges].transpose(2, 0, 1) * LENGTH_UNIT
    stretch = np.linalg.norm(corners @ slopes, axis=1)
    ring = 2 * np.pi * (corners[:, 0] @ shapes) if axisymmetric else 1.0
    return reference * stretch * ring


def line_mass(elements: Elements, edges: Ints, *, axisymmetric: bool) -> Floats:
    """Blocks (edges, 3, 3) of ``integral u v`` along edges [m^2 or m]."""
    shapes = _reference_line()[0]
    return np.einsum(
        "eq,iq,jq->eij", _line_weights(elements, edges, axisymmetric=axisymmetric), shapes, shapes, optimize=True
    )


def line_load(elements: Elements, edges: Ints, *, axisymmetric: bool) -> Floats:
    """Vector (nodes,) of ``integral v`` along edges: its sum is their area [m^2] or length [m]."""
    parts = _line_weights(elements, edges, axisymmetric=axisymmetric) @ _reference_line()[0].T
    return _gathered(edges.T, parts, elements.size)


def line_matrix(elements: Elements, edges: Ints, *, axisymmetric: bool) -> sp.csr_array:
    """Matrix of ``integral u v`` along edges [m^2 or m]."""
    return _summed(edges.T, line_mass(elements, edges, axisymmetric=axisymmetric), elements.size)


def jump_matrix(elements: Elements, first: Ints, second: Ints, *, axisymmetric: bool) -> sp.csr_array:
    """Matrix of ``integral (u1 - u2)(v1 - v2)`` across an interface: conductance per unit boundary conductance."""
    blocks = line_mass(elements, first, axisymmetric=axisymmetric)
    both = np.concatenate(
        [np.concatenate([blocks, -blocks], axis=2), np.concatenate([-blocks, blocks], axis=2)], axis=1
    )
    return _summed(np.concatenate([first, second]).T, both, elements.size)
