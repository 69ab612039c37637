r"""Foster and Cauer ladders of a driving point: R-C chains that answer as a body does where it is heated.

Foster: stages in series, each a resistance beside a capacity; the modes of the body, with no meaning inside.

.. math:: Z(s) = R_0 + \sum_j \frac{R_j}{1 + s \tau_j}

Cauer: capacities to the ground along a chain of resistances that ends at what is held; the order is the order in which
heat meets them. Both exist for the response of a place to heat at that same place (all R_j positive); the response of
one place to another has no such ladder, and is refused: `thermonet.network.multiport` has the form it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, getcontext, localcontext
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import Array, Held, Vector
from thermonet.system.modes import Transfer, transfer

if TYPE_CHECKING:
    import networkx as nx

#: A mode of less than this part of all is rounding: its share, or its time constant relative to the slowest.
_NOTHING = 1e-13
#: A share below which its capacity is out of the range of numbers.
_LEAST = 1e-250
#: Time constants closer than this, relative to themselves, are one: products R C are rounded by no more.
_SAME = 1e-15
#: Agreement of a ladder with itself at twice the digits, and the digits to begin with.
_AGREED, _DIGITS = Decimal("1e-15"), 50
#: Steps of Newton's method, which doubles the digits with each, that are always enough.
_STEPS = 100
#: Unknowns up to which all modes are found, and stages of a chain up to which it is turned in more digits.
_MOST, _MANY = 4000, 80


@dataclass(frozen=True, eq=False)
class Foster:
    """Stages in series between a port and what is held.

    Attributes
    ----------
    resistances
        R_j of every stage, positive [K/W].
    capacities
        C_j beside it, positive [J/K].
    series
        Resistance in front that has no capacity beside it, R_0 [K/W].
    """

    resistances: Vector
    capacities: Vector
    series: float = 0.0

    def __post_init__(self) -> None:
        _refuse(self.resistances, self.capacities, self.series)

    @property
    def time_constants(self) -> Vector:
        """R_j C_j [s]."""
        return self.resistances * self.capacities


@dataclass(frozen=True, eq=False)
class Cauer:
    """A chain of resistances from a port to what is held, with a capacity to the ground before each.

    Attributes
    ----------
    resistances
        R_i from node i to the next; the last leads to what is held; positive [K/W].
    capacities
        C_i of node i, the port's first, positive [J/K].
    series
        Resistance between the port and the first node [K/W].
    """

    resistances: Vector
    capacities: Vector
    series: float = 0.0

    def __post_init__(self) -> None:
        _refuse(self.resistances, self.capacities, self.series)


Ladder = Foster | Cauer


def _refuse(resistances: Vector, capacities: Vector, series: float) -> None:
    values = np.concatenate([resistances, capacities])
    if len(resistances) != len(capacities) or not len(values):
        raise PhysicsError(f"a ladder has as many resistances as capacities, got {len(resistances)}, {len(capacities)}")
    if not (np.isfinite(values).all() and (values > 0).all() and series >= 0):
        raise PhysicsError("the resistances and capacities of a ladder must be positive and finite")


def foster(held: Held, sensor: str, source: str) -> Foster:
    """Foster ladder of a small held system at a driving point: a sensor that reads where its source heats.

    Parameters
    ----------
    held
        Of a large one make a compact model first (`system.compact`).
    sensor, source
        Names of a sensor and a source, or of one isothermal port for both.

    Raises
    ------
    PhysicsError
        The two differ, so that it is a transfer response; no such name; too many unknowns.
    """
    system = held.system
    load, weights = _vector(held, source, "source"), _vector(held, sensor, "sensor")
    if not np.allclose(load, weights, rtol=1e-9, atol=1e-12 * np.abs(load).max()):
        raise PhysicsError(
            f"the response of {sensor} to {source} is a transfer response, whose residues may be negative: it has no "
            f"Foster or Cauer ladder and no structure function; expected a sensor that reads where {source} heats"
        )
    if len(held.free) > _MOST:
        raise PhysicsError(f"{len(held.free)} unknowns are too many for all modes, expected a compact model of them")
    named = system.with_source(source, load).with_sensor(sensor, load)
    return foster_of(transfer(named.hold(*held.ports), sensor, source))


def _vector(held: Held, name: str, kind: str) -> Vector:
    system = held.system
    known = system.sources if kind == "source" else system.sensors
    if name in known:
        return known[name]
    if name not in system.ports or len(system.ports[name]) != 1:
        raise PhysicsError(f"the system has no {kind} and no isothermal port {name}")
    vector = np.zeros(system.size)
    vector[system.ports[name]] = 1.0
    return vector


def foster_of(response: Transfer) -> Foster:
    """Foster ladder of the modes of a driving point; those that carry nothing are left out, equal ones become one.

    Raises
    ------
    PhysicsError
        A residue is negative: the response is not that of a driving point.
    """
    residues, times = response.residues, response.time_constants
    if residues.min() < -1e3 * _NOTHING * np.abs(residues).sum():
        raise PhysicsError(
            f"a mode has the residue {residues.min():.3g} K/W, and a Foster ladder has positive ones: this is a "
            f"transfer response, expected that of a driving point"
        )
    counted = residues > _NOTHING * residues.sum()
    massless = times <= _NOTHING * times.max()
    series = float(residues[counted & massless].sum())
    slow = counted & ~massless
    if not slow.any():
        raise PhysicsError("the response has no mode with a heat capacity, so no ladder")
    alone, summed = _merged(times[slow], residues[slow])
    return Foster(summed, alone / summed, series)


def _merged(times: Vector, resistances: Vector) -> tuple[Vector, Vector]:
    """Time constants, slowest first, with those that are equal as one stage of their resistances' sum."""
    order = np.argsort(times)[::-1]
    sorted_times = times[order]
    begins = np.concatenate([[True], sorted_times[1:] < (1 - _SAME) * sorted_times[:-1]])
    return sorted_times[begins], np.add.reduceat(resistances[order], np.flatnonzero(begins))


# --- one into the other -------------------------------------------------------------------------------------------


def cauer_from_foster(ladder: Foster) -> Cauer:
    """Cauer ladder of a Foster ladder.

    Conjugate gradients on the diagonal matrix of the rates 1 / tau_j, begun with a residual b_j = C_j^-1/2, run through
    the chain: the residual's square at step i is 1 / C_i, the step's length R_i C_i (docs/compact.md). All numbers are
    positive, so no ladder can have another sign. As orthogonality is lost in any fixed number of digits, the digits are
    doubled until the ladder no longer changes. Stages of equal time constants are one stage of the chain.
    """
    times, resistances = _merged(ladder.time_constants, ladder.resistances)
    alone = ladder if len(times) == len(ladder.resistances) else Foster(resistances, times / resistances)
    digits = _DIGITS
    found = _chain(alone, digits)
    while True:
        digits *= 2
        before, found = found, _chain(alone, digits)
        if found is not None and before is not None and _agree(before, found):
            resistances, capacities = (np.array([float(value) for value in values]) for values in found)
            return Cauer(resistances, capacities, ladder.series)


Numbers = list[Decimal]


def _chain(ladder: Foster, digits: int) -> tuple[Numbers, Numbers] | None:
    """Resistances and capacities of the chain, none where the digits do not suffice."""
    with localcontext(Context(prec=digits)):
        rate = [1 / (Decimal(float(r)) * Decimal(float(c))) for r, c in _stages(ladder)]
        weight = [1 / Decimal(float(c)) for _, c in _stages(ladder)]
        left = [Decimal(1)] * len(rate)
        way = list(left)
        square = sum(weight, Decimal(0))
        resistances, capacities = [], []
        for _ in rate:
            curved = sum((w * p * p * k for w, p, k in zip(weight, way, rate, strict=True)), Decimal(0))
            if not square > 0 or not curved > 0:
                return None
            length = square / curved
            capacities.append(1 / square)
            resistances.append(length * square)
            left = [r - length * k * p for r, k, p in zip(left, rate, way, strict=True)]
            before, square = square, sum((w * r * r for w, r in zip(weight, left, strict=True)), Decimal(0))
            way = [r + square / before * p for r, p in zip(left, way, strict=True)]
        return resistances, capacities


def _stages(ladder: Ladder) -> Sequence[tuple[float, float]]:
    return list(zip(ladder.resistances.tolist(), ladder.capacities.tolist(), strict=True))


def _agree(one: tuple[Numbers, Numbers], other: tuple[Numbers, Numbers]) -> bool:
    pairs = zip((*one[0], *one[1]), (*other[0], *other[1]), strict=True)
    return all(abs(a - b) <= _AGREED * b for a, b in pairs)


def foster_from_cauer(ladder: Cauer) -> Foster:
    """Foster ladder of a Cauer ladder: its poles and residues.

    First the poles, as squares of the singular values of a bidiagonal matrix, which are right to the last digits
    however far apart they lie (J. Demmel & W. Kahan, SIAM J. Sci. Stat. Comput. 11, 873 (1990)); then Newton's method
    on the chain itself in enough digits, which gives the residues, too. Of long chains the singular vectors give them,
    to rounding of their sum. Modes that barely reach the port have residues of less than a rounding of the others':
    the way back needs them all, in more digits than a number has, so that only the response returns, not every element.
    """
    if len(ladder.resistances) > _MANY:
        return _of_many(ladder)
    rates = _singular(ladder)[0]
    spread = int(np.ceil(np.log10(rates.max() / rates.min()))) + 1
    with localcontext(Context(prec=_DIGITS + 2 * spread * len(rates))):
        stages = [(Decimal(r), Decimal(c)) for r, c in _stages(ladder)]
        poles: list[Decimal] = []
        for rate in rates.tolist():
            poles.append(_pole(stages, Decimal(rate), poles))
        found = [(pole, _strength(stages, pole)) for pole in poles]
        resistances = np.array([float(strength / rate) for rate, strength in found])
        times = np.array([float(1 / rate) for rate, _ in found])
    seen = resistances > _LEAST * resistances.sum()
    return Foster(resistances[seen], times[seen] / resistances[seen], ladder.series)


def _singular(ladder: Cauer) -> tuple[Vector, Vector]:
    """Poles 1 / tau of a chain, slowest first [1/s], and the share of each in 1 / C_1."""
    own = np.sqrt(1 / (ladder.resistances * ladder.capacities))
    onward = np.sqrt(1 / (ladder.resistances[:-1] * ladder.capacities[1:]))
    factor = np.diag(own) - np.diag(onward, 1)
    values = np.linalg.svd(factor, compute_uv=False)
    return values[::-1] ** 2, np.linalg.svd(factor)[2][::-1, 0] ** 2


def _of_many(ladder: Cauer) -> Foster:
    rates, shares = _singular(ladder)
    resistances = shares / (ladder.capacities[0] * rates)
    return foster_of(Transfer(np.append(1 / rates, 0.0), np.append(resistances, ladder.series)))


def _pole(stages: Sequence[tuple[Decimal, Decimal]], rate: Decimal, known: Sequence[Decimal]) -> Decimal:
    """Pole near a rate [1/s], to half of the digits in use, by Newton's method.

    Poles that are known already are divided out, as two may be closer than the rate that is begun with (H. J. Maehly,
    Z. angew. Math. Phys. 5, 260 (1954)).
    """
    enough = Decimal(10) ** (-getcontext().prec // 2)
    for _ in range(_STEPS):
        _, current, slope = _through(stages, -rate)
        others = sum((1 / (rate - other) for other in known if other != rate), Decimal(0))
        step = current / (slope + current * others)
        rate += step
        if abs(step) <= enough * rate:
            break
    return rate


def _strength(stages: Sequence[tuple[Decimal, Decimal]], rate: Decimal) -> Decimal:
    """What stands over a pole: Z = ... + strength / (s + rate)."""
    volt, _, slope = _through(stages, -rate)
    return volt / slope


def _through(stages: Sequence[tuple[Decimal, Decimal]], s: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """Temperature at the port, heat into it and that heat's derivative by s, per kelvin at the last node."""
    volt, slope = Decimal(0), Decimal(0)
    current, rise = 1 / stages[-1][0], Decimal(0)
    for resistance, capacity in reversed(stages):
        volt, slope = volt + resistance * current, slope + resistance * rise
        current, rise = current + s * capacity * volt, rise + capacity * volt + s * capacity * slope
    return volt, current, rise


# --- answers ------------------------------------------------------------------------------------------------------


def impedance(ladder: Ladder, s: Array) -> NDArray[np.complex128]:
    """Temperature of the port per watt into it [K/W] at complex rates s [1/s] (any shape)."""
    rate = np.asarray(s, dtype=complex)
    if isinstance(ladder, Foster):
        stages = ladder.resistances / (1 + rate[..., np.newaxis] * ladder.time_constants)
        return np.asarray(ladder.series + stages.sum(axis=-1))
    seen = np.zeros_like(rate)
    for resistance, capacity in reversed(_stages(ladder)):
        onward = resistance + seen
        seen = onward / (1 + rate * capacity * onward)
    return np.asarray(ladder.series + seen)


def response(ladder: Ladder) -> Transfer:
    """Modes of a ladder, slowest first, as `system.response` takes them."""
    stages = ladder if isinstance(ladder, Foster) else foster_from_cauer(ladder)
    order = np.argsort(stages.time_constants)[::-1]
    times, residues = stages.time_constants[order], stages.resistances[order]
    if ladder.series:
        times, residues = np.append(times, 0.0), np.append(residues, ladder.series)
    return Transfer(times, residues)


# --- graphs -------------------------------------------------------------------------------------------------------


def ladder_graph(ladder: Ladder, port: str = "port", bath: str = "bath") -> nx.Graph[str]:
    """A ladder as a public graph: a Cauer ladder's nodes have capacities, a Foster ladder's are elements C1, C2, ...

    Those are parallel to its resistances, so its graph is a ``MultiGraph``. The bath is at zero: temperatures are
    rises.
    """
    import networkx as nx  # 0.15 s that ladders without a graph need not wait for

    names = [f"{port}.{i}" for i in range(1, len(ladder.resistances))]
    graph: nx.Graph[str] = nx.MultiGraph() if isinstance(ladder, Foster) else nx.Graph()
    graph.add_node(port)
    first = port
    if ladder.series:
        first = f"{port}.0"
        graph.add_edge(port, first, resistance=ladder.series, name="R0")
    chain = [first, *names, bath]
    graph.add_nodes_from(chain)
    graph.nodes[bath]["temperature"] = 0.0
    for i, (resistance, capacity) in enumerate(_stages(ladder), start=1):
        a, b = chain[i - 1], chain[i]
        graph.add_edge(a, b, resistance=resistance, name=f"R{i}")
        if isinstance(ladder, Cauer):
            graph.nodes[a]["heat_capacity"] = capacity
        else:
            graph.add_edge(a, b, heat_capacity=capacity, name=f"C{i}")
    return graph


def ladder_from_graph(graph: nx.Graph[str], port: str = "port", bath: str = "bath") -> Ladder:
    """Read a ladder from a graph that is a path from a port to what is held.

    A heat capacity parallel to a resistance is a stage of a Foster ladder.

    Raises
    ------
    PhysicsError
        The graph is no such path, or has its capacities in no ladder's places.
    """
    import networkx as nx

    way = nx.Graph(graph)
    if port not in way or bath not in way or not nx.is_tree(way) or max(d for _, d in way.degree) > 2:
        raise PhysicsError(f"a ladder is one path of resistances from {port} to {bath}")
    chain = nx.shortest_path(way, port, bath)
    if len(chain) != len(way):
        raise PhysicsError(f"a ladder begins at {port} and ends at {bath}, and the path goes on")
    steps = [_resistance_and_capacity(graph, a, b) for a, b in pairwise(chain)]
    resistances, beside = [resistance for resistance, _ in steps], [capacity for _, capacity in steps]
    below = [float(graph.nodes[node].get("heat_capacity", 0.0)) for node in chain[:-1]]
    kind, capacities = (Foster, beside) if any(beside) else (Cauer, below)
    if any(beside) and any(below):
        raise PhysicsError("a ladder has its capacities beside its resistances or at its nodes, not both")
    series = 0.0
    if not capacities[0] and len(chain) > 2:
        series, resistances, capacities = resistances[0], resistances[1:], capacities[1:]
    return kind(np.array(resistances), np.array(capacities), series)


def _resistance_and_capacity(graph: nx.Graph[str], a: str, b: str) -> tuple[float, float]:
    """Resistance [K/W] between neighbours and the capacity beside it [J/K], zero without one."""
    between = graph.get_edge_data(a, b)
    edges: list[dict[str, Any]] = list(between.values()) if graph.is_multigraph() else [between]
    resistances = [edge["resistance"] for edge in edges if "resistance" in edge]
    resistances += [1 / edge["conductance"] for edge in edges if "conductance" in edge]
    capacities = [edge["heat_capacity"] for edge in edges if "heat_capacity" in edge]
    if len(resistances) != 1 or len(capacities) > 1 or len(edges) != 1 + len(capacities):
        raise PhysicsError(
            f"between {a} and {b} a ladder has one resistance or conductance, and no more than one heat capacity "
            "parallel to it"
        )
    return float(resistances[0]), float(sum(capacities))
