"""A compact model as a file: the subcircuit, and a deck of one case around it that runs as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from thermonet.network.spice.deck import Scale, deck
from thermonet.network.spice.names import GROUND, element_names
from thermonet.network.spice.subcircuit import subcircuit
from thermonet.network.spice.values import wrapped
from thermonet.network.spice.waveforms import steady_value, waveforms
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import System
from thermonet.system.signals import Course


def compact_deck(
    name: str,
    compact: System,
    *,
    powers: Mapping[str, Course | float],
    rises: Mapping[str, Course | float],
    bath: float,
    title: str,
    pins: Sequence[str] | None = None,
    notes: Sequence[str] = (),
    analysis: str = ".op",
    swept: str | None = None,
    duration: float | None = None,
) -> str:
    """Deck of a compact model between held ports.

    Parameters
    ----------
    name
        Of the subcircuit.
    compact
        A small system, whose ports are one unknown each.
    powers
        Heat into sources by name [W].
    rises
        Temperatures of held ports above the bath [K]; ports that are not here are left alone.
    bath
        Temperature of node 0 [K].
    title, notes
        What it is, for the header.
    pins
        Sources and sensors that are pins beside the ports; all of them where nothing is given.
    analysis
        The line that asks for one (`thermonet.network.spice.deck`).
    swept
        Source or port that a harmonic analysis sweeps with an amplitude of one watt or kelvin.
    duration
        Time for which a repeated signal of slopes is written out [s].

    Raises
    ------
    PhysicsError
        No port is held, nothing is heated, or the model has no such form.
    KeyError
        A source, port or pin is not there.
    """
    missing = [port for port in rises if port not in compact.ports]
    missing += [source for source in powers if source not in compact.sources]
    if missing:
        raise KeyError(f"no such port or source: {', '.join(missing)}")
    if not rises:
        raise PhysicsError("no port is held: the temperatures have no steady state")
    part = subcircuit(name, compact, pins=pins)
    held = element_names("V", rises).values()
    sources = [
        *_sources("V", {port: (part.pins[port], GROUND) for port in rises}, rises, swept, duration),
        *_sources("I", {source: (GROUND, part.pins[source]) for source in powers}, powers, swept, duration),
    ]
    instance = f"X_{part.name} {' '.join(part.pins.values())} {part.name}"
    told = [
        "Pins read a temperature and take heat; what is joined to a pin draws its heat from the body.",
        *notes,
    ]
    parts = [part.text, *wrapped(instance), *sources]
    scale = _scale(compact, powers, rises)
    shown = [*(f"v({pin})" for pin in part.pins.values()), *(f"i({name})" for name in held)]
    return deck(title, parts, bath=bath, scale=scale, names=part.pins, notes=told, analysis=analysis, shown=shown)


def _sources(
    letter: str,
    nodes: Mapping[str, tuple[str, str]],
    values: Mapping[str, Course | float],
    swept: str | None,
    duration: float | None,
) -> list[str]:
    lines = []
    for name, written_as in element_names(letter, values).items():
        lines += source_lines(written_as, *nodes[name], waveforms(values[name], duration=duration), swept=name == swept)
    return lines


def source_lines(name: str, a: str, b: str, shapes: Sequence[str], *, swept: bool = False) -> list[str]:
    """Sources of power side by side, or of temperature one on the other, that add up to some shapes."""
    inner = [f"{name}__{i + 2}" for i in range(len(shapes) - 1)]
    ends = list(pairwise([a, *inner, b])) if name[0].upper() == "V" else [(a, b)] * len(shapes)
    lines = []
    for i, (own, (top, below), shape) in enumerate(zip([name, *inner], ends, shapes, strict=True)):
        lines += wrapped(f"{own} {top} {below} {shape}{' AC 1' if swept and i == 0 else ''}")
    return lines


def _scale(compact: System, powers: Mapping[str, Course | float], rises: Mapping[str, Course | float]) -> Scale:
    """Size of the steady case; of a case whose means vanish, that of the amplitudes."""
    held = compact.hold(*rises)
    sizes = {port: _size(rise) for port, rise in rises.items()}
    load = np.zeros(compact.size)
    for name, power in powers.items():
        load += _size(power) * np.asarray(compact.sources[name])
    given = np.zeros(compact.size)
    for port, size in sizes.items():
        given[compact.ports[port]] = size
    temperature = np.asarray(held.solve(load, held=given[held.fixed]), dtype=float)
    heats = [float(abs(np.sum(held.heat_into(port, temperature, load)))) for port in rises]
    seen = [float(abs(weights @ temperature)) for weights in compact.sensors.values()]
    stored = float(abs(compact.one @ (held.C @ temperature)))
    power = max([*heats, *(_size(power) for power in powers.values())], default=0.0)
    rise = max([*seen, *sizes.values(), float(np.abs(temperature[held.fixed]).max(initial=0.0))], default=0.0)
    if power == 0 < rise:  # uniform, or one port alone: what a kelvin would drive through the stiffest conductance
        power = rise * float(np.abs(np.diag(held.K)).max(initial=0.0))
    return Scale(power=power, rise=rise, heat=stored)


def _size(value: Course | float) -> float:
    """Of a mean or swing, whichever is larger."""
    if isinstance(value, Course):
        return max(abs(steady_value(value)), abs(value.amplitude))
    return abs(value)
