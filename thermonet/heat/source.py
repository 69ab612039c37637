"""Where heat enters: load vectors of the junction's electrons, which sum to one watt exactly, and of a current."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.sparse.linalg import splu

from thermonet.geometry.mesh import Floats, Ints
from thermonet.heat.elements import Elements, gradient, load, points_of, summed
from thermonet.heat.simplices import mass_blocks, stiffness_blocks

SourceShape = Literal["diffusive", "ballistic"]


def apex_source(elements: Elements, where: Ints, tip: int, *, shape: SourceShape, relaxation_length: float) -> Floats:
    """Load per watt of heat that enters at the tip and relaxes in the surrounding metal.

    Parameters
    ----------
    elements, where
        Elements of the body of revolution and the cells of the metal that takes up the heat.
    tip
        Node on the axis at the surface.
    shape
        ``diffusive``: q - div(l^2 grad q) = delta on the metal with no flux through its walls.
        ``ballistic``: q ~ exp(-d/l) / d^2 at the distance d from the tip, cut to the metal.
    relaxation_length
        l [m]: distance over which hot electrons hand their energy to the lattice.
    """
    if shape == "ballistic":
        offset = points_of(elements, where).positions - elements.cells.points[:, tip, np.newaxis]
        distance = np.linalg.norm(offset, axis=1)
        heat = load(elements, where, np.exp(-distance / relaxation_length) / distance**2)
        return heat / heat.sum()
    cells = elements.cells.at(where)
    inside, nodes = np.unique(cells.nodes, return_inverse=True)
    holding, spreading = mass_blocks(cells), stiffness_blocks(cells)
    operator = summed(nodes, holding + relaxation_length**2 * spreading, len(inside)).tocsc()
    lu = splu(operator, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    density = lu.solve((inside == tip).astype(float))
    heat = np.zeros(elements.size)
    heat[inside] = summed(nodes, holding, len(inside)) @ density
    return heat / heat.sum()  # the sum is one already, to rounding


def joule_heat(elements: Elements, where: Ints, potential: Floats, conductivity: float) -> Floats:
    """Load [W] of the heat of a current, conductivity times the square of the potential's gradient.

    Parameters
    ----------
    elements, where
        Elements of the body and the cells of the conductor.
    potential
        Electric potential of every node [V].
    conductivity
        Electrical [S/m], or of a sheet [S].
    """
    slope = gradient(elements, where, potential)
    return load(elements, where, conductivity * (slope**2).sum(axis=1))
