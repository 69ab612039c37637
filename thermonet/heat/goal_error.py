"""How far resistances on a mesh are from those of the body, and which cells they owe it to.

For the field u of a source and the field z of a sensor's weights, ``R - R_h = a(u - u_h, z - z_h)``: only where both
are wrong is the resistance wrong (Becker, Rannacher, Acta Numer. 10, 1 (2001), doi:10.1017/S0962492901000010). With
equilibrated fluxes q of both the product ``W = (q_u + k grad u_h, q_z + k grad z_h)`` in the energy of fluxes is the
error of the fields plus that of the fluxes, so ``R = R_h + W/2 ± H`` where H, by Cauchy's inequality, is at most half
the product of the norms (Prager, Synge, Quart. Appl. Math. 5, 241 (1947), doi:10.1090/qam/25902). As errors of the two
kinds live in the same places, it is taken cell by cell: ``H = sum_K |W_uu|_K^1/2 |W_zz|_K^1/2 / 2``.

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
    estimate
        Estimated size of the error of the value on the mesh without the correction (goals,).
    indicators
        Share of every cell in the estimate, never negative (goals, cells).
    """

    correction: Floats
    estimate: Floats
    indicators: Floats


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
    return GoalErrors(correction, np.abs(correction) + half.sum(axis=1), np.abs(middle) + half)
