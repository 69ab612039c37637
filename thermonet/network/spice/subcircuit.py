"""A compact model as a subcircuit: its ports, sources and sensors are the pins.

A pin that is a weighted mean is an ideal transformer: what it reads is the mean, heat into it enters with the same
weights, and something joined to it draws heat from the body, not from nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from thermonet.network.multiport import Multiport, between, capacitive, multiport, windings
from thermonet.network.spice.names import GROUND, node_names
from thermonet.network.spice.values import wrapped, written
from thermonet.system.core import System

#: A gain and the two nodes whose difference it multiplies.
Winding = tuple[float, str, str]


@dataclass(frozen=True)
class Subcircuit:
    """A named part of a netlist.

    Attributes
    ----------
    name
        In SPICE.
    pins
        Name in SPICE of every port, source and sensor, in the order of the pins.
    text
        From ``.subckt`` to ``.ends``.
    """

    name: str
    pins: Mapping[str, str]
    text: str


def subcircuit(name: str, compact: System, *, pins: Sequence[str] | None = None) -> Subcircuit:
    """Write a dense system as a subcircuit of resistances, capacities and controlled sources.

    Parameters
    ----------
    name
        Of the subcircuit.
    compact
        A small system, whose ports are one unknown each.
    pins
        Sources and sensors that are pins beside the ports; all of them where nothing is given.

    Raises
    ------
    PhysicsError
        The system has no such form (`thermonet.network.multiport.multiport`), or two names are one in SPICE.
    """
    form = multiport(compact, pins)
    outer = node_names((*form.ports, *form.weighted), "pin")
    (own,) = node_names([name]).values()
    modes = "mode"
    while any(pin.lower().startswith(modes) for pin in outer.values()):
        modes += "_"  # the nodes inside must not meet a pin
    lines = [
        f".subckt {own} {' '.join(outer.values())}",
        *_among_ports(form, [outer[port] for port in form.ports], modes),
        *_modes(form, [outer[port] for port in form.ports], modes),
        *_weighted(form, outer, modes),
        f".ends {own}",
    ]
    return Subcircuit(own, outer, "\n".join(part for line in lines for part in wrapped(line)))


def _among_ports(form: Multiport, ports: Sequence[str], modes: str) -> list[str]:
    """Steady conduction among the ports, and the capacity that the modes leave them."""
    lines = ["* steady conduction among the ports"] if len(ports) > 1 else []
    for i, j, conductance in between(form.conductance):
        if conductance > 0:
            lines.append(f"R_{i + 1}_{j + 1} {ports[i]} {ports[j]} {written(1 / conductance)}")
        else:
            lines.append(f"G_{i + 1}_{j + 1} {ports[i]} {ports[j]} {ports[i]} {ports[j]} {written(conductance)}")
    found = capacitive(form.capacity)
    lines += ["* capacity of the ports that follows them at once"] if found else []
    for k, (capacity, mean) in enumerate(found, 1):
        gains = windings(mean)
        if len(gains) == 1:
            lines.append(f"C_p{k} {ports[gains[0][0]]} {GROUND} {written(capacity * gains[0][1] ** 2)}")
        else:
            lines += _transformer(f"p{k}", f"{modes}p{k}", modes, [(gain, ports[i], GROUND) for i, gain in gains])
            lines.append(f"C_p{k} {modes}p{k} {GROUND} {written(capacity)}")
    return lines


def _modes(form: Multiport, ports: Sequence[str], modes: str) -> list[str]:
    lines = []
    for j, resistance in enumerate(form.resistances):
        tag, drawn = f"m{j + 1}", windings(form.drawn[j])
        base = f"{modes}{j + 1}b" if drawn else GROUND
        tau = form.time_constants[j]
        lines.append(f"* mode {j + 1}: " + (f"{tau:.6g} s" if tau else "at once"))
        lines += _transformer(tag, base, modes, [(gain, ports[i], GROUND) for i, gain in drawn]) if drawn else []
        lines.append(f"R_{tag} {modes}{j + 1} {base} {written(resistance)}")
        if tau:
            lines.append(f"C_{tag} {modes}{j + 1} {GROUND} {written(form.capacities[j])}")
    return lines


def _weighted(form: Multiport, outer: Mapping[str, str], modes: str) -> list[str]:
    based = [bool(windings(row)) for row in form.drawn]
    lines = []
    for k, name in enumerate(form.weighted):
        gains = [(gain, outer[form.ports[i]], GROUND) for i, gain in windings(form.port_shares[k])]
        contributions = form.gains[k] * np.sqrt(form.resistances)
        for j, _ in windings(contributions):
            base = f"{modes}{j + 1}b" if based[j] else GROUND
            gains.append((float(form.gains[k, j]), f"{modes}{j + 1}", base))
        lines += [f"* pin {name}", *_transformer(f"w{k + 1}", outer[name], modes, gains)]
    return lines


def _transformer(tag: str, top: str, modes: str, gains: Sequence[Winding]) -> list[str]:
    """Node `top` has the sum of the gains times differences, and what flows into it enters there with the gains."""
    inner = [*(f"{modes}_{tag}_{i + 1}" for i in range(len(gains))), GROUND]
    lines = [f"V_{tag} {top} {inner[0]} 0"]
    for i, (gain, a, b) in enumerate(gains):
        lines.append(f"E_{tag}_{i + 1} {inner[i]} {inner[i + 1]} {a} {b} {written(gain)}")
        lines.append(f"F_{tag}_{i + 1} {b} {a} V_{tag} {written(gain)}")
    return lines
