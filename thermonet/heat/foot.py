"""The foot of the tip seen closely: films that reach the plate at temperatures of their own and even out on it.

The tip's model has its foot at one temperature. Here every film keeps its own there, and the plate around the foot is
a stack of annular sheets, each conducting along itself and to its neighbours across the films: a few hundred unknowns,
solved for comparison only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
import scipy.sparse as sp

from thermonet.geometry.apex import CORE
from thermonet.heat.cantilever import Sheet
from thermonet.heat.tip import HeatProperties, TipModel
from thermonet.system.core import Matrix, System
from thermonet.system.join import join, tied
from thermonet.system.steady import resistance

#: Rings of the stack, and how far it reaches: the distance over which films even out is below a micrometre.
_RINGS, _REACH = 120, 10e-6


def foot_effect(tip: TipModel, sheets: Mapping[str, Sheet], properties: HeatProperties, radius: float) -> float:
    """R_P with films that even out on the plate, less R_P with a foot at one temperature [K/W].

    Parameters
    ----------
    tip
        The tip, its foot not tied.
    sheets
        Layers of the plate; those that lie under the tip are the plate's own and carry its core.
    properties
        Boundary conductances between the tip's films, which also lie between them on the plate.
    radius
        Of the foot [m].
    """
    together = resistance(tip.system.hold("foot"), "thermocouple", "apex")
    stacked = [name for name in sheets if sheets[name].under_tip] + [
        name for name in tip.mesh.names if name in sheets and not sheets[name].under_tip
    ]
    apart, landing = _with_feet(tip, stacked, sheets)
    plate = _annuli({name: sheets[name] for name in stacked}, properties, radius)
    joined = join([apart, plate], [(f"foot.{region}", f"inner.{sheet}") for region, sheet in landing.items()])
    conductance = sum(sheet.thickness * sheet.conductivity for sheet in sheets.values())
    spreading = math.log(1 + _REACH / radius) / (2 * math.pi * conductance)
    return resistance(joined.hold("outer"), "thermocouple", "apex") - spreading - together


def _with_feet(tip: TipModel, stacked: list[str], sheets: Mapping[str, Sheet]) -> tuple[System, dict[str, str]]:
    """Tip with an isothermal port at the cut of every region that lands on a sheet, and which sheet that is."""
    own = [name for name in stacked if sheets[name].under_tip]
    landing = {CORE: own[-1]} | {name: name for name in stacked if name in tip.mesh.names}
    system, foot = tip.system, tip.system.ports["foot"]
    feet = {f"foot.{name}": np.intersect1d(foot, system.ports[f"region.{name}"]) for name in landing}
    system = replace(system, ports={**system.ports, **feet})
    for port in feet:
        system = tied(system, port)
    return system, landing


def _annuli(stack: Mapping[str, Sheet], properties: HeatProperties, radius: float) -> System:
    """Sheets around a hole, the lowest first: ports 'inner.<name>' at the hole, 'outer' at the other end of all."""
    names, count = list(stack), _RINGS + 1
    rings = radius + _REACH * np.linspace(0, 1, count) ** 2
    faces = np.concatenate([rings[:1], np.sqrt(rings[:-1] * rings[1:]), rings[-1:]])
    along, area = 2 * math.pi / np.log(rings[1:] / rings[:-1]), np.pi * np.diff(faces**2)
    K: dict[str, Matrix] = {}
    theta: dict[str, float] = {}
    for i, (name, sheet) in enumerate(stack.items()):
        here = i * count + np.arange(count)
        K[f"along.{name}"] = _links(here[:-1], here[1:], along, count * len(names))
        theta[f"along.{name}"] = sheet.thickness * sheet.conductivity
    for i, (below, above) in enumerate(pairwise(names)):
        here = i * count + np.arange(count)
        K[f"across.{above}"] = _links(here, here + count, area, count * len(names))
        theta[f"across.{above}"] = 1 / _across(stack, properties, below, above)
    ends = np.arange(len(names)) * count
    ports = {f"inner.{name}": ends[i : i + 1] for i, name in enumerate(names)} | {"outer": ends + count - 1}
    return System(K=K, C={}, theta=theta, sources={}, sensors={}, ports=ports, one=np.ones(count * len(names)))


def _across(stack: Mapping[str, Sheet], properties: HeatProperties, below: str, above: str) -> float:
    """Resistance times area from the middle of a sheet to the middle of the next [m^2 K/W]."""
    halves = sum(stack[name].thickness / (2 * stack[name].conductivity) for name in (below, above))
    boundary = properties.between(below, above)
    return halves + (1 / boundary if boundary else 0.0)


def _links(first: np.ndarray, second: np.ndarray, conductance: np.ndarray, size: int) -> sp.csr_array:
    """Conductances between pairs of unknowns."""
    rows = np.concatenate([first, second, first, second])
    columns = np.concatenate([first, second, second, first])
    values = np.concatenate([conductance, conductance, -conductance, -conductance])
    return sp.csr_array((values, (rows, columns)), shape=(size, size))
