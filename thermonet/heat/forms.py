"""What adds to the matrices of a body: conduction and capacity, jumps across interfaces, exchange with ambients.

Forms are assembled together (`thermonet.heat.assembly`), either each as a term of its own or all of them times their
coefficients in one sum; blocks of cells are made only then, some at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from thermonet.geometry.mesh import Floats, Ints
from thermonet.heat.elements import Elements, facets_of
from thermonet.heat.simplices import (
    Coefficient,
    Simplices,
    exchange_blocks,
    jump_blocks,
    mass_blocks,
    stiffness_blocks,
    turning_blocks,
)


@dataclass(frozen=True)
class OnCells:
    """A form on cells of the mesh.

    Attributes
    ----------
    where
        The cells.
    blocks
        Upper halves (pairs, cells) of the element matrices of a slice of `where`.
    """

    where: Ints
    blocks: Callable[[slice], Floats]


@dataclass(frozen=True)
class OnNodes:
    """A form on lists of nodes of any kind: facets, both sides of an interface, a facet and its ambient.

    Attributes
    ----------
    nodes
        Of every block (k, n); ambients are numbered behind the nodes of the mesh.
    blocks
        Upper halves (pairs, n).
    """

    nodes: Ints
    blocks: Floats


Form: TypeAlias = OnCells | OnNodes


def conduction(elements: Elements, where: Ints, coefficient: Coefficient = 1.0) -> OnCells:
    """``integral grad u . c grad v`` over cells: conductance per unit conductivity [m], with conductivities [W/K].

    Parameters
    ----------
    elements, where
        The cells.
    coefficient
        One number; one per cell (n,); diagonals along the coordinates (n, space); symmetric tensors (n, space, space).
    """
    return _on_cells(stiffness_blocks, elements, where, coefficient)


def capacity(elements: Elements, where: Ints, coefficient: Coefficient = 1.0) -> OnCells:
    """``integral c u v`` over cells: volume [m^3], with heat capacities per volume the capacity [J/K].

    The coefficient is one number, one per cell (n,) or one per quadrature point (n, q).
    """
    return _on_cells(mass_blocks, elements, where, coefficient)


def turning(elements: Elements, where: Ints, coefficient: Coefficient = 1.0) -> OnCells:
    """``integral c u v / r^2`` over cells of a body of revolution [m], c one number or one per cell.

    The amplitude of ``u(r, z) cos(m phi)``, m >= 1, has half the sum of conduction and m^2 times this.
    """
    return _on_cells(turning_blocks, elements, where, coefficient)


def _on_cells(
    blocks: Callable[[Simplices, Coefficient], Floats], elements: Elements, where: Ints, coefficient: Coefficient
) -> OnCells:
    def of(part: slice) -> Floats:
        here = coefficient if np.ndim(coefficient) == 0 else np.asarray(coefficient)[part]
        return blocks(elements.cells.at(where[part]), here)

    return OnCells(where, of)


def jump(elements: Elements, first: Ints, second: Ints, coefficient: Coefficient = 1.0) -> OnNodes:
    """``integral c (u1 - u2)(v1 - v2)`` across an interface: conductance per unit boundary conductance [m^2].

    Parameters
    ----------
    elements
        Of the mesh.
    first, second
        Matching facets on its two sides (k, n).
    coefficient
        One number, or one per facet (n,).
    """
    return OnNodes(np.concatenate([first, second]), jump_blocks(facets_of(elements, first), coefficient))


def exchange(elements: Elements, facets: Ints, ambient: int, coefficient: Coefficient = 1.0) -> OnNodes:
    """``integral c (u - a)(v - a)`` over facets, a the temperature of an ambient [m^2].

    Parameters
    ----------
    elements
        Of the mesh.
    facets
        Of the boundary (k, n).
    ambient
        Number of the ambient's node, behind those of the mesh.
    coefficient
        One number, or one per facet (n,).
    """
    return _exchange(facets_of(elements, facets), ambient, coefficient)


def exchange_of_cells(elements: Elements, where: Ints, ambient: int, coefficient: Coefficient = 1.0) -> OnNodes:
    """``integral c (u - a)(v - a)`` over cells: the face of a sheet and its ambient."""
    return _exchange(elements.cells.at(where), ambient, coefficient)


def _exchange(part: Simplices, ambient: int, coefficient: Coefficient) -> OnNodes:
    behind = np.full((1, part.nodes.shape[1]), ambient)
    return OnNodes(np.concatenate([part.nodes, behind]), exchange_blocks(part, coefficient))
