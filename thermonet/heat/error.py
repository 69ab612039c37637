"""How far a number on a mesh is from the one on an infinitely fine mesh."""

from __future__ import annotations

import math

#: Rates that are believed: first order at a strong singularity, fourth where all is smooth.
SLOWEST, FASTEST = 1.0, 4.0
#: The estimate is meant to cover the true error (grid convergence index; Roache, J. Fluids Eng. 116, 405 (1994)).
_SAFETY = 1.75


def observed_rate(fine: float, middle: float, coarse: float, fastest: float = FASTEST) -> float:
    """Rate at which a number converges over three meshes, each with elements twice as large as the one before."""
    near, far = abs(fine - middle), abs(middle - coarse)
    if near == 0 or far == 0:
        return fastest
    if (fine - middle) * (middle - coarse) < 0:
        return SLOWEST  # a number that swings to and fro shows no rate
    return min(max(math.log2(far / near), SLOWEST), fastest)


def discretisation_error(fine: float, middle: float, coarse: float, fastest: float = FASTEST) -> float:
    """Estimated error of `fine`, by Richardson's extrapolation at the observed rate, in its unit.

    Parameters
    ----------
    fine, middle, coarse
        The number on three nested meshes, element sizes 1 : 2 : 4.
    fastest
        Rate beyond which none is believed; lower for shapes with corners, whose rate falls as the mesh gets finer.
    """
    believed = 2 ** observed_rate(fine, middle, coarse, fastest)
    # Where two meshes agree by accident, the third still tells what their difference should at least have been.
    difference = max(abs(fine - middle), abs(middle - coarse) / 2**FASTEST)
    rounding = 1e-13 * abs(fine)
    return max(_SAFETY * difference / (believed - 1), rounding)
