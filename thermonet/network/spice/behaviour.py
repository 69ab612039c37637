"""Heat that depends on temperature as behavioural sources: products, sums and `uramp`, which both simulators know."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thermonet.network.elements import ResistanceLaw, ResistancePolynomial, ResistanceTable
from thermonet.network.spice.names import GROUND
from thermonet.network.spice.values import written
from thermonet.quantities.constants import STEFAN_BOLTZMANN
from thermonet.quantities.errors import PhysicsError


def rise(node: str) -> str:
    """Temperature of a node above the bath."""
    return "0" if node == GROUND else f"V({node})"


def radiated(a: str, b: str, area: float, bath: float) -> str:
    """Heat from a to b [W] by an exchange area [m^2]: a difference of fourth powers without loss of digits."""
    first, second = rise(a), rise(b)
    hot, cold = f"({written(bath)}+{first})", f"({written(bath)}+{second})"
    factors = [f"({first}-{second})", f"({hot}+{cold})", f"({hot}*{hot}+{cold}*{cold})"]
    return f"{written(STEFAN_BOLTZMANN * area)}*{'*'.join(factors)}"


def conducted(a: str, b: str, law: ResistanceLaw, bath: float) -> str:
    """Heat from a to b [W] through a resistance that depends on the mean temperature of both ends.

    Raises
    ------
    PhysicsError
        The law is neither a table nor a polynomial.
    """
    first, second = rise(a), rise(b)
    mean = f"({written(bath)}+0.5*({first}+{second}))"
    if isinstance(law, ResistanceTable):
        resistance = table(law.temperatures, law.resistances, mean)
    elif isinstance(law, ResistancePolynomial):
        resistance = polynomial(law.coefficients, f"({mean}-{written(law.about)})")
    else:
        raise PhysicsError(f"{type(law).__name__} has no words in SPICE; expected a table or a polynomial")
    return f"({first}-{second})/({resistance})"


def polynomial(coefficients: Sequence[float], argument: str) -> str:
    """Sum of coefficients times powers, lowest first, by Horner's rule."""
    *lower, text = [written(value) for value in coefficients]
    for value in reversed(lower):
        text = f"{value}+{argument}*({text})"
    return text


def table(arguments: Sequence[float], values: Sequence[float], argument: str) -> str:
    """Straight lines through points, constant beyond the first and the last: a sum of ramps."""
    rises = np.diff(values) / np.diff(arguments)
    bends = np.diff(np.concatenate([[0.0], rises, [0.0]]))
    ramps = [
        f"+({written(bend)})*uramp({argument}-{written(place)})"
        for place, bend in zip(arguments, bends, strict=True)
        if bend
    ]
    return written(values[0]) + "".join(ramps)
