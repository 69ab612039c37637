"""Thin films as sheets in space: two faces, temperature linear from one to the other.

Where the faces lie opposite each other a sheet conducts ``k t`` along itself and ``k / t`` per area across. A film that
is cut at a slant ends with its faces shifted against each other; so the integrals are those of the slanted prism.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from skfem.quadrature import get_quadrature
from skfem.refdom import RefLine

from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Ints
from thermonet.geometry.tip_solid import SolidTip
from thermonet.heat.forms import OnNodes
from thermonet.heat.reference import quadrature_rule, shapes
from thermonet.heat.simplices import DEGREE, upper_blocks


@dataclass(frozen=True)
class SheetBlocks:
    """Integrals over all sheets of a tip.

    Attributes
    ----------
    nodes
        Of every sheet: its lower face, then its upper one, (12, sheets).
    conduction
        ``integral grad N_i . grad N_j`` [m], (pairs, sheets).
    capacity
        ``integral N_i N_j`` [m^3], (pairs, sheets).
    """

    nodes: Ints
    conduction: Floats
    capacity: Floats

    def conducting(self, where: Ints, coefficient: float = 1.0) -> OnNodes:
        """Conductance of some sheets per unit conductivity [m]."""
        return OnNodes(self.nodes[:, where], coefficient * self.conduction[:, where])

    def storing(self, where: Ints, coefficient: float = 1.0) -> OnNodes:
        """Capacity of some sheets per unit volumetric heat capacity [m^3]."""
        return OnNodes(self.nodes[:, where], coefficient * self.capacity[:, where])


def sheet_blocks(tip: SolidTip) -> SheetBlocks:
    """Integrate over all sheets, across them by Gauss's rule of two points."""
    nodes = np.concatenate([tip.sheets.lower, tip.sheets.upper])
    points = tip.mesh.points[:, nodes] * LENGTH_UNIT
    on_face, slopes = shapes(2, 2, DEGREE)
    weights = quadrature_rule(2, DEGREE)[1]
    heights, parts = get_quadrature(RefLine, 3)
    conduction = np.zeros((12, 12, nodes.shape[1]))
    capacity = np.zeros_like(conduction)
    for height, part in zip(heights[0], parts, strict=True):
        values = np.concatenate([(1 - height) * on_face, height * on_face])
        along = np.concatenate([(1 - height) * slopes, height * slopes])
        across = np.concatenate([-on_face, on_face])
        local = np.concatenate([along, across[:, np.newaxis]], axis=1)
        jacobian = np.einsum("xkn,kdq->nqxd", points, local, optimize=True)
        volume = np.linalg.det(jacobian) * weights * part
        gradient = np.einsum("kdq,nqdx->nqkx", local, np.linalg.inv(jacobian), optimize=True)
        conduction += np.einsum("nqix,nqjx,nq->ijn", gradient, gradient, volume, optimize=True)
        capacity += np.einsum("iq,jq,nq->ijn", values, values, volume, optimize=True)
    return SheetBlocks(nodes, upper_blocks(conduction), upper_blocks(capacity))
