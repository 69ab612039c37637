"""Where heat enters: load vectors of the junction's electrons, which sum to one watt exactly, and of a current."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.sparse.linalg import splu

from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Ints
from thermonet.heat.elements import Elements, load, mass, stiffness

SourceShape = Literal["diffusive", "ballistic"]


def apex_source(elements: Elements, where: Ints, tip: int, *, shape: SourceShape, relaxation_length: float) -> Floats:
    """Load per watt of heat that enters at the tip and relaxes in the surrounding metal.

    Parameters
    ----------
    elements, where
        Elements of the body of revolution and the triangles of the metal that takes up the heat.
    tip
        Node on the axis at the surface.
    shape
        ``diffusive``: q - div(l^2 grad q) = delta on the metal with no flux through its walls.
        ``ballistic``: q ~ exp(-d/l) / d^2 at the distance d from the tip, cut to the metal.
    relaxation_length
        l [m]: distance over which hot electrons hand their energy to the lattice.
    """
    if shape == "ballistic":
        offset = elements.positions[where] - (elements.mesh.points[:, tip] * LENGTH_UNIT)[None, :, None]
        distance = np.linalg.norm(offset, axis=1)
        heat = load(elements, where, np.exp(-distance / relaxation_length) / distance**2)
        return heat / heat.sum()
    inside = np.unique(elements.mesh.cells[:, where])
    holding = mass(elements, where)[inside][:, inside]
    spreading = stiffness(elements, where)[inside][:, inside]
    point = (inside == tip).astype(float)
    operator = (holding + relaxation_length**2 * spreading).tocsc()
    density = splu(operator, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}).solve(
        point
    )
    heat = np.zeros(elements.size)
    heat[inside] = holding @ density
    return heat / heat.sum()  # the sum is one already, to rounding


def joule_heat(elements: Elements, where: Ints, potential: Floats, conductivity: float) -> Floats:
    """Load [W] of the heat of a current, conductivity times the square of the potential's gradient.

    Parameters
    ----------
    elements, where
        Elements of the body and the triangles of the conductor.
    potential
        Electric potential of every node [V].
    conductivity
        Electrical [S/m], or of a sheet [S].
    """
    here = potential[elements.mesh.cells[:, where]]
    slope = np.einsum("tnaq,nt->taq", elements.gradients[where], here, optimize=True)
    return load(elements, where, conductivity * (slope**2).sum(axis=1))
