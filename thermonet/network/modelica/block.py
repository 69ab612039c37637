"""A compact model as a Modelica block: states in kelvin between heat ports."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from thermonet.network.modelica.text import PORT, described, identifier, matrix, vector
from thermonet.network.multiport import Multiport, multiport
from thermonet.system.core import System


def block(name: str, compact: System, *, title: str = "", pins: Sequence[str] | None = None) -> str:
    """Model of a compact system with a heat port for every port, source and sensor.

    A weighted mean is a heat port too: its temperature is the mean, and heat into it enters with the same weights.

    Parameters
    ----------
    name
        Of the model.
    compact
        A small system, whose ports are one unknown each.
    title
        One line for its description.
    pins
        Sources and sensors that are heat ports beside the ports; all of them where nothing is given.

    Raises
    ------
    PhysicsError
        The system has no such form (`thermonet.network.multiport.multiport`).
    """
    form = multiport(compact, pins)
    slow = form.time_constants > 0
    own = identifier(name)
    sizes = f"p = {len(form.ports)}, w = {len(form.weighted)}, m = {int(slow.sum())}"
    return "\n".join(
        [
            f"model {own} {described(title)}",
            f"  // Sizes: {sizes}; ports, weighted means, modes that store heat.",
            '  parameter Real T_start(unit="K") = 300 "Uniform temperature at the start";',
            *(f"  {PORT} {identifier(port)};" for port in (*form.ports, *form.weighted)),
            "protected",
            *_parameters(form, slow),
            *_variables(form, slow),
            "equation",
            *_equations(form, slow),
            f"end {own};",
            "",
        ]
    )


def _parameters(form: Multiport, slow: NDArray[np.bool_]) -> list[str]:
    ports, weighted, modes = len(form.ports), len(form.weighted), int(slow.sum())
    fast = form.gains[:, ~slow]
    at_once = fast @ (form.resistances[~slow, None] * fast.T)
    values = [
        (f"K[{ports}, {ports}]", matrix(form.conductance), "Steady conduction among the ports [W/K]"),
        (f"C[{ports}, {ports}]", matrix(form.capacity), "Capacity of the ports that follows them at once [J/K]"),
    ]
    if modes:
        values += [
            (f"R[{modes}]", vector(form.resistances[slow]), "Of the modes [K/W]"),
            (f"tau[{modes}]", vector(form.time_constants[slow]), "Of the modes [s]"),
            (f"A[{modes}, {ports}]", matrix(form.drawn[slow]), "What the modes follow of the ports"),
        ]
    if weighted:
        values.append((f"S[{weighted}, {ports}]", matrix(form.port_shares), "Ports in the weighted means"))
        values.append((f"D[{weighted}, {weighted}]", matrix(at_once), "What follows heat at once [K/W]"))
    if weighted and modes:
        values.append((f"G[{weighted}, {modes}]", matrix(form.gains[:, slow]), "Modes in the weighted means"))
    return [
        "\n".join(
            textwrap.wrap(
                f'parameter Real {name} = {value} "{said}";',
                118,
                initial_indent="  ",
                subsequent_indent="    ",
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
        for name, value, said in values
    ]


def _variables(form: Multiport, slow: NDArray[np.bool_]) -> list[str]:
    ports = ", ".join(identifier(port) for port in form.ports)
    lines = [f'  Real T[{len(form.ports)}] = {{{_each(form.ports, "T")}}} "Temperatures of the ports {ports} [K]";']
    if form.weighted:
        lines.append(
            f'  Real P[{len(form.weighted)}] = {{{_each(form.weighted, "Q_flow")}}} "Heat into the means [W]";'
        )
    if slow.any():
        lines.append(
            f'  Real z[{int(slow.sum())}](start = A*fill(T_start, {len(form.ports)}), each fixed = true) "Modes [K]";'
        )
    return lines


def _equations(form: Multiport, slow: NDArray[np.bool_]) -> list[str]:
    weighted, modes = bool(form.weighted), bool(slow.any())
    heat = "K*T + C*der(T)" + (" + transpose(A)*(tau ./ R .* der(z))" if modes else "")
    heat += " - transpose(S)*P" if weighted else ""
    lines = [f"  {{{_each(form.ports, 'Q_flow')}}} = {heat};"]
    if modes:
        driven = " + R .* (transpose(G)*P)" if weighted else ""
        lines.append(f"  tau .* der(z) = A*T - z{driven};")
    if weighted:
        seen = "S*T + D*P" + (" + G*(z - A*T)" if modes else "")
        lines.append(f"  {{{_each(form.weighted, 'T')}}} = {seen};")
    return lines


def _each(names: Sequence[str], variable: str) -> str:
    return ", ".join(f"{identifier(name)}.{variable}" for name in names)
