"""Elements of a mesh: cells and facets with the weight of what their points stand for, and one integral at a time.

Bodies are assembled by `thermonet.heat.assembly`; here are the single matrices and vectors that they are asked for
besides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Ints, Mesh
from thermonet.geometry.topology import EDGES, ascending
from thermonet.heat.reference import pairs
from thermonet.heat.simplices import (
    Coefficient,
    Quadrature,
    Simplices,
    field_gradients,
    inside_out,
    jump_blocks,
    load_parts,
    mass_blocks,
    quadrature,
    simplices,
    stiffness_blocks,
    turning_blocks,
    volumes,
)
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import Matrix

#: A radius below zero by this part of the body's size is rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Elements:
    """Cells of a mesh in SI.

    Attributes
    ----------
    mesh
        The mesh.
    cells
        Its cells, with the corners of every one in ascending order, so that two cells see what they share alike.
    """

    mesh: Mesh
    cells: Simplices

    @property
    def size(self) -> int:
        """Number of nodes."""
        return self.mesh.points.shape[1]

    @property
    def everywhere(self) -> Ints:
        """All cells."""
        return np.arange(self.mesh.cells.shape[1])

    def region(self, name: str) -> Ints:
        """Cells of a region."""
        return np.flatnonzero(self.mesh.region == self.mesh.names.index(name))


def axisymmetric_elements(mesh: Mesh) -> Elements:
    """Elements of a body of revolution: a point of the (r, z) half plane stands for a ring of circumference 2 pi r.

    Raises
    ------
    PhysicsError
        The mesh reaches across the axis, or an element is turned inside out.
    """
    radius = mesh.points[0]
    if radius.min() < -_ROUNDING * np.abs(mesh.points).max():
        raise PhysicsError(
            f"the body reaches across its axis, to r = {radius.min() * LENGTH_UNIT:g} m, expected r >= 0 everywhere"
        )
    return _elements(mesh, ring=True, depth=1.0)


def plane_elements(mesh: Mesh, depth: float = 1.0) -> Elements:
    """Elements of a plane body of some depth [m], or of a sheet, whose thickness is left to its coefficients.

    Raises
    ------
    PhysicsError
        An element is turned inside out.
    """
    return _elements(mesh, ring=False, depth=depth)


def solid_elements(mesh: Mesh) -> Elements:
    """Elements of a body of tetrahedra.

    Raises
    ------
    PhysicsError
        An element is turned inside out.
    """
    return _elements(mesh, ring=False, depth=1.0)


def _elements(mesh: Mesh, *, ring: bool, depth: float) -> Elements:
    points = mesh.points * LENGTH_UNIT
    nodes, order = ascending(mesh.cells, mesh.dimension)
    cells = simplices(points, nodes, mesh.degree, ring=ring, depth=depth)
    wrong = inside_out(cells, _turned(order))
    if len(wrong):
        place = ", ".join(f"{x:g}" for x in points[:, mesh.cells[:, wrong[0]]].mean(axis=1))
        raise PhysicsError(
            f"the shape overlaps itself: {len(wrong)} of {mesh.cells.shape[1]} elements of its mesh are turned inside "
            f"out, one at ({place}) m"
        )
    return Elements(mesh, cells)


def _turned(order: Ints) -> Ints:
    """-1 where an order of corners turns a cell over, else 1."""
    swaps = sum((order[a] > order[b]).astype(np.int64) for a, b in EDGES[len(order) - 1])
    return 1 - 2 * (swaps % 2)


def facets_of(elements: Elements, facets: Ints) -> Simplices:
    """Facets, by their nodes (k, n), with the weight of the mesh's cells."""
    cells = elements.cells
    return simplices(cells.points, facets, cells.degree, ring=cells.ring, depth=cells.depth)


def points_of(elements: Elements, where: Ints) -> Quadrature:
    """Quadrature points of cells: where a density that varies within them is given."""
    return quadrature(elements.cells.at(where))


def cell_volumes(elements: Elements, where: Ints) -> Floats:
    """Volume of every one of some cells [m^3]; their area for a sheet."""
    return volumes(elements.cells.at(where))


def facet_areas(elements: Elements, facets: Ints) -> Floats:
    """Area of every facet [m^2]; its length for a sheet."""
    return volumes(facets_of(elements, facets))


def gradient(elements: Elements, where: Ints, field: Floats) -> Floats:
    """Gradient [1/m] of a field of the nodes at the quadrature points of cells, (cells, space, q)."""
    return field_gradients(elements.cells.at(where), field)


# --- vectors ------------------------------------------------------------------------------------------------------


def load(elements: Elements, where: Ints, density: Coefficient = 1.0) -> Floats:
    """Vector (nodes,) of ``integral q v`` over cells, q one number, one per cell (n,) or per quadrature point (n, q).

    With q = 1 its sum is the volume [m^3].
    """
    return _gathered(elements.cells.nodes[:, where], load_parts(elements.cells.at(where), density), elements.size)


def facet_load(elements: Elements, facets: Ints, density: Coefficient = 1.0) -> Floats:
    """Vector (nodes,) of ``integral q v`` over facets, q as for `load`: with q = 1 its sum is their area [m^2]."""
    return _gathered(facets, load_parts(facets_of(elements, facets), density), elements.size)


# --- matrices -----------------------------------------------------------------------------------------------------


def stiffness(elements: Elements, where: Ints, coefficient: Coefficient = 1.0) -> Matrix:
    """Matrix of ``integral grad u . c grad v`` over cells; see `thermonet.heat.forms.conduction`."""
    return _of_cells(elements, where, stiffness_blocks(elements.cells.at(where), coefficient))


def mass(elements: Elements, where: Ints, coefficient: Coefficient = 1.0) -> Matrix:
    """Matrix of ``integral c u v`` over cells; see `thermonet.heat.forms.capacity`."""
    return _of_cells(elements, where, mass_blocks(elements.cells.at(where), coefficient))


def turning(elements: Elements, where: Ints, coefficient: Coefficient = 1.0) -> Matrix:
    """Matrix of ``integral c u v / r^2`` over cells of a body of revolution; see `thermonet.heat.forms.turning`."""
    return _of_cells(elements, where, turning_blocks(elements.cells.at(where), coefficient))


def facet_matrix(elements: Elements, facets: Ints, coefficient: Coefficient = 1.0) -> Matrix:
    """Matrix of ``integral c u v`` over facets [m^2]."""
    return summed(facets, mass_blocks(facets_of(elements, facets), coefficient), elements.size)


def jump_matrix(elements: Elements, first: Ints, second: Ints, coefficient: Coefficient = 1.0) -> Matrix:
    """Matrix of ``integral c (u1 - u2)(v1 - v2)`` across an interface; see `thermonet.heat.forms.jump`."""
    blocks = jump_blocks(facets_of(elements, first), coefficient)
    return summed(np.concatenate([first, second]), blocks, elements.size)


def _of_cells(elements: Elements, where: Ints, blocks: Floats) -> Matrix:
    return summed(elements.cells.nodes[:, where], blocks, elements.size)


def summed(nodes: Ints, blocks: Floats, size: int) -> Matrix:
    """Sum upper halves of blocks (pairs, n) into a matrix by their nodes (k, n)."""
    i, j = pairs(len(nodes))
    off = i != j
    rows, columns = (np.concatenate([nodes[a], nodes[b[off]]]).ravel() for a, b in ((i, j), (j, i)))
    data = np.concatenate([blocks, blocks[off]]).ravel()
    return sp.csr_array(sp.coo_array((data, (rows, columns)), shape=(size, size)))


def _gathered(nodes: Ints, parts: Floats, size: int) -> Floats:
    """Sum parts (k, n) into a vector by their nodes (k, n)."""
    return np.bincount(nodes.ravel(), parts.ravel(), minlength=size).astype(float)
