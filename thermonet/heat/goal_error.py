"""How far resistances on a mesh are from those of the body, and which cells they owe it to.

For the field u of a source and the field z of a sensor's weights, ``R - R_h = a(u - u_h, z - z_h)``: only where both
are wrong is the resistance wrong (Becker, Rannacher, Acta Numer. 10, 1 (2001), doi:10.1017/S0962492901000010). With
equilibrated fluxes q of both the product ``W = (q_u + k grad u_h, q_z + k grad z_h)`` in the energy of fluxes is the
error of the fields plus that of the fluxes, so ``R = R_h + W/2 ± H`` where H, by Cauchy's inequality, is at most half
the product of the norms (Prager, Synge, Quart. Appl. Math. 5, 241 (1947), doi:10.1090/qam/25902).

The same is taken to hold around every corner, with ``H_a = sum_K |W_uu|_K^1/2 |W_zz|_K^1/2 / 2`` of its share in the
cells there: they err alike, those around different corners independently, so ``H^2 = sum_a H_a^2``. As a driving-point
resistance may be wrong by all of W, H is no less than ``|W|/2``.

For straight cells in the plane and in space `thermonet.heat.bounds` has the guaranteed interval; this is its estimate
for bodies of revolution and curved cells too. For a driving-point resistance of the former the two are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thermonet.geometry.mesh import Floats
from thermonet.heat.equilibrated.conductor import Conductor, Load
from thermonet.heat.equilibrated.flux import equilibrated_flux
from thermonet.heat.equilibrated.mismatch import mismatch


@dataclass(frozen=True)
class GoalErrors:
    """Errors of some goals.

    Attributes
    ----------
    correction
        Estimate of what the mesh leaves out of each, with its sign (goals,): the exact value is near the value on the
        mesh plus this.
    doubt
        Estimated size of the error that is left with the correction (goals,).
    indicators
        What every cell may contribute to the error, never negative (goals, cells). Their sum is the estimate of a
        driving-point resistance; of others it is larger, as contributions cancel.
    """

    correction: Floats
    doubt: Floats
    indicators: Floats

    @property
    def estimate(self) -> Floats:
        """Estimated size of the error of the value on the mesh without the correction (goals,)."""
        return np.abs(self.correction) + self.doubt


def goal_errors(
    conductor: Conductor,
    loads: Sequence[Load],
    fields: Floats,
    goals: Sequence[tuple[int, int]],
    order: int | None = None,
) -> GoalErrors:
    """Estimate the errors of transfer resistances.

    Parameters
    ----------
    conductor
        The body: of any kind, straight or curved.
    loads
        Sources and weights of sensors.
    fields
        Their temperatures on the mesh (nodes, loads) [K]. A load of nothing with held boundaries at other
        temperatures than zero is as good: with a field of one kelvin at a boundary, the heat that leaves there is a
        goal.
    goals
        Numbers of the two loads of each; the same one twice for a driving-point resistance.
    order
        Of the equilibrated fluxes, 0 to 2; `thermonet.heat.equilibrated.flux.flux_order` where nothing is given.

    Raises
    ------
    PhysicsError
        A facet is none of the mesh, boundaries of different temperature touch, or sides of an interface do not match.
    """
    flux = equilibrated_flux(conductor, loads, fields, order)
    alone = sorted({load for goal in goals for load in goal})
    products = mismatch(flux, fields, [*((load, load) for load in alone), *goals])
    sizes = dict(zip(alone, np.sqrt(np.maximum(products[:, : len(alone)].T, 0)), strict=True))
    half = np.stack([sizes[first] * sizes[second] / 2 for first, second in goals])
    middle = products[:, len(alone) :].T / 2
    correction = middle.sum(axis=1)
    doubt = np.maximum(np.abs(correction), _together(conductor, half))
    return GoalErrors(correction, doubt, np.abs(middle) + half)


def _together(conductor: Conductor, shares: Floats) -> Floats:
    """Root of the sum of squares of what the cells around every corner have, of shares (goals, cells)."""
    corners = conductor.cells.nodes[: conductor.cells.dimension + 1]
    around = [np.bincount(corners.ravel(), np.tile(share / len(corners), len(corners))) for share in shares]
    return np.asarray(np.linalg.norm(around, axis=1))
