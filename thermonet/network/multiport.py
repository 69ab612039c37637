r"""A small dense system as modes and windings: what a netlist or a block of equations can say of it.

The unknowns are the ports' temperatures p and the rest. With the steady fields S that the ports drive and the modes
:math:`\phi_j` of what remains when they are held, :math:`T = S p + \sum_j g_j y_j`, and

.. math:: \tau_j y_j' + y_j = R_j \left( g_j^T P - \kappa_j^T p' \right)

for heat P through weights. With :math:`z_j = y_j + a_j^T p`, :math:`a_j = R_j \kappa_j / \tau_j`, no derivative of a
port is left: a resistance :math:`R_j > 0` joins z_j to what an ideal transformer makes of the ports, and a capacity
:math:`\tau_j / R_j` stands between z_j and the bath. The ports keep their steady conductances and what capacity the
modes do not carry. Transformers give the heat back that they take, so the circuit is reciprocal, and passive, term by
term: the gains may be negative, the resistances and capacities of the modes are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import Matrix, System, Vector

#: A mode this much faster than the slowest one follows at once: rounding could not tell.
_AT_ONCE = 1e-13
#: What is less than this part of its kind is rounding: gains, conductances between ports; capacities of ports.
_ROUNDING, _CAPACITY_ROUNDING = 1e-14, 1e-11


@dataclass(frozen=True, kw_only=True)
class Multiport:
    """A small system in modes of what remains when its ports are held.

    Attributes
    ----------
    ports
        Names of the isothermal ports, the order of all that follows.
    weighted
        Names of the weighted means that heat enters by and that are read.
    conductance
        Steady conduction among the ports (ports, ports) [W/K]; rows sum to zero.
    capacity
        Of the ports, less what the modes carry (ports, ports) [J/K]; positive semidefinite.
    resistances
        R_j > 0 of the modes [K/W].
    time_constants
        tau_j of the modes, slowest first [s]; zero where a mode follows at once.
    drawn
        a_j: part that every mode follows of the ports (modes, ports).
    port_shares
        Part of every weighted mean that is a port's steady field (weighted, ports); rows sum to one.
    gains
        g_j of every weighted mean (weighted, modes).
    """

    ports: tuple[str, ...]
    weighted: tuple[str, ...]
    conductance: Vector
    capacity: Vector
    resistances: Vector
    time_constants: Vector
    drawn: Vector
    port_shares: Vector
    gains: Vector

    @property
    def capacities(self) -> Vector:
        """tau_j / R_j of the modes [J/K]."""
        return self.time_constants / self.resistances


def multiport(system: System, names: Sequence[str] | None = None) -> Multiport:
    """Write a dense system in modes.

    Parameters
    ----------
    system
        A compact model; every port is one unknown, a temperature.
    names
        Sources and sensors that heat may enter by or that are read; all of them where nothing is given. A source and a
        sensor of the same name and the same weights are one; a name of a port is that port.

    Raises
    ------
    PhysicsError
        A port of several unknowns, no port, unknowns that no heat reaches from a port, or a source and a sensor of one
        name and different weights.
    KeyError
        A name is none of a source, sensor or port.
    """
    ports, places = _isothermal(system)
    weights = _weights(system, names, dict(zip(ports, places, strict=True)))
    at = np.array(places)
    inside = np.setdiff1d(np.arange(system.size), at)
    K, C = (_symmetric(system.total(terms)) for terms in (system.K, system.C))
    time_constants, shapes = _modes(K[np.ix_(inside, inside)], C[np.ix_(inside, inside)])
    # The steady fields of the ports, then all matrices in the coordinates (p, y).
    fields = np.zeros((system.size, len(places)))
    fields[places, np.arange(len(places))] = 1.0
    fields[inside] = -shapes @ (shapes.T @ K[np.ix_(inside, at)])
    kappa = shapes.T @ (C @ fields)[inside]
    slow = time_constants > 0
    drawn = np.divide(kappa, time_constants[:, None], out=np.zeros_like(kappa), where=slow[:, None])
    conductance = K[places] @ fields
    capacity = fields.T @ C @ fields - drawn.T @ (time_constants[:, None] * drawn)
    all_weights = np.array(list(weights.values())).reshape(len(weights), system.size)
    seen = all_weights[:, inside] @ shapes
    roots = _normalised(seen, drawn)
    kept = roots > 0
    return Multiport(
        ports=tuple(ports),
        weighted=tuple(weights),
        conductance=(conductance + conductance.T) / 2,
        capacity=_semidefinite(capacity, float(np.abs(fields.T @ C @ fields).max(initial=0.0))),
        resistances=roots[kept] ** 2,
        time_constants=time_constants[kept],
        drawn=drawn[kept] * roots[kept, None],
        port_shares=all_weights @ fields,
        gains=seen[:, kept] / roots[kept],
    )


def windings(gains: Sequence[float] | Vector) -> list[tuple[int, float]]:
    """Place and value of the gains that are more than rounding."""
    values = np.asarray(gains, dtype=float)
    largest = float(np.abs(values).max(initial=0.0))
    return [(int(i), float(values[i])) for i in np.flatnonzero(np.abs(values) > _ROUNDING * largest)]


def between(matrix: Vector) -> list[tuple[int, int, float]]:
    """Pairs of ports and the conductance between them [W/K] that is more than rounding; it may be negative."""
    scale = np.sqrt(np.abs(np.diag(matrix)))
    found = []
    for i, j in zip(*np.triu_indices(len(matrix), 1), strict=True):
        if abs(matrix[i, j]) > _ROUNDING * scale[i] * scale[j]:
            found.append((int(i), int(j), float(-matrix[i, j])))
    return found


def capacitive(capacity: Vector) -> list[tuple[float, Vector]]:
    """Positive capacities [J/K] and the mean of the ports (ports,) that each of them has the temperature of."""
    if not len(capacity):
        return []
    if np.array_equal(capacity, np.diag(np.diag(capacity))):
        values, means = np.diag(capacity), np.eye(len(capacity))
    else:
        values, means = np.linalg.eigh(capacity)
    largest = float(np.abs(values).max(initial=0.0))
    return [(float(value), means[:, k]) for k, value in enumerate(values) if value > _CAPACITY_ROUNDING * largest]


def _isothermal(system: System) -> tuple[list[str], list[int]]:
    found: dict[int, str] = {}
    for name, unknowns in system.ports.items():
        if len(unknowns) != 1 or system.one[unknowns[0]] != 1.0:
            raise PhysicsError(
                f"port {name} is a trace of {len(unknowns)} unknowns; expected one temperature for a pin"
            )
        found.setdefault(int(unknowns[0]), name)
    if not found:
        raise PhysicsError("the system has no port; expected at least one, whose temperature all others are held to")
    return list(found.values()), list(found)


def _weights(system: System, names: Sequence[str] | None, ports: dict[str, int]) -> dict[str, Vector]:
    wanted = dict.fromkeys((*system.sources, *system.sensors) if names is None else names)
    found = {}
    for name in wanted:
        there = [named[name] for named in (system.sources, system.sensors) if name in named]
        if not there and name not in system.ports:  # what is no port has weights from here on
            known = ", ".join(dict.fromkeys((*system.sources, *system.sensors, *system.ports)))
            raise KeyError(f"no source, sensor or port is called {name}; there is {known or 'none'}")
        if len(there) == 2 and not np.allclose(there[0], there[1], rtol=1e-9, atol=1e-12):
            raise PhysicsError(f"source {name} and sensor {name} differ; expected names of their own for two pins")
        if name not in ports:
            found[name] = np.asarray(there[0], dtype=float)
        elif there and not _is_unknown(there[0], ports[name]):
            raise PhysicsError(f"{name} is a port and a weighted mean beside it; expected names of their own")
    return found


def _is_unknown(weights: Vector, place: int) -> bool:
    return bool(np.isclose(weights[place], 1.0) and np.abs(np.delete(weights, place)).max(initial=0.0) < 1e-9)


def _modes(K: Vector, C: Vector) -> tuple[Vector, Vector]:
    """Time constants [s], slowest first, and shapes (n, modes) with shapes.T @ K @ shapes = identity."""
    if not len(K):
        return np.zeros(0), np.zeros((0, 0))
    # Of one size, coordinates lose fewer digits of the fast modes.
    size = np.sqrt(np.abs(np.diag(K)))
    size[size == 0] = 1.0
    try:
        time_constants, shapes = scipy.linalg.eigh(C / np.outer(size, size), K / np.outer(size, size))
    except np.linalg.LinAlgError:
        raise PhysicsError("part of the system has no way for heat to a port; expected one that connects it") from None
    time_constants, shapes = time_constants[::-1], shapes[:, ::-1] / size[:, None]
    return np.where(time_constants > _AT_ONCE * time_constants[0], time_constants, 0.0), shapes


def _normalised(seen: Vector, drawn: Vector) -> Vector:
    """Roots of the modes' resistances: the weighted mean, or else the port, that has most to do with it has gain one.

    Zero for a mode that nothing sees.
    """
    by_mean = np.abs(seen).max(axis=0, initial=0.0)
    by_port = np.abs(drawn).max(axis=1, initial=0.0)
    roots = np.divide(1.0, by_port, out=np.zeros_like(by_port), where=by_port > 0)
    largest = float(by_mean.max(initial=0.0))
    return np.where(by_mean > _ROUNDING * largest, by_mean, roots)


def _semidefinite(capacity: Vector, scale: float) -> Vector:
    """Symmetric, with what is rounding of the whole capacity taken for zero."""
    found = _symmetric(capacity)
    return np.where(np.abs(found) > _CAPACITY_ROUNDING * scale, found, 0.0)


def _symmetric(matrix: Matrix) -> Vector:
    dense = np.asarray(matrix if isinstance(matrix, np.ndarray) else matrix.toarray(), dtype=float)
    return (dense + dense.T) / 2
