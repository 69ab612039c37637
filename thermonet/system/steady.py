"""Steady answers: transfer resistances, heat balance, reciprocity, exact gradients."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from thermonet.system.core import Held, Matrix, System, Vector
from thermonet.system.solvers.choice import TOLERANCE


@dataclass(frozen=True)
class Gradient:
    """A transfer resistance and its exact derivatives.

    Attributes
    ----------
    resistance
        Response of the sensor per watt of the source [K/W].
    by_term
        Derivative by every conductance coefficient [K/W per unit of theta].
    field, adjoint
        Temperature per watt of the source, and per watt of the sensor's weights [K/W].
    """

    resistance: float
    by_term: dict[str, float]
    field: Vector
    adjoint: Vector


def resistance(held: Held, sensor: str, source: str) -> float:
    """Transfer resistance: temperature of the sensor per watt of the source [K/W].

    Where solutions are iterated, from the fields of both, each to the root of the tolerance: with what the one leaves
    of its load seen by the other, the error is the product of theirs.
    """
    load, weights = held.system.sources[source], held.system.sensors[sensor]
    solver = held.solver()
    if solver.exact:
        return float(weights @ held.solve(load))
    loads = np.column_stack([load, weights])
    if held.known is None:
        fields = solver(loads, math.sqrt(TOLERANCE))
    else:
        begin, left = _among_known(held, held.known, loads)
        fields = begin + solver(left, math.sqrt(TOLERANCE), (loads * begin).sum(axis=0))
    held.known = fields
    field, adjoint = fields.T
    return float(weights @ field + adjoint @ held.missing(load, field))


def _among_known(held: Held, known: Vector, loads: Vector) -> tuple[Vector, Vector]:
    """Combinations of known fields that are nearest to the solutions in the norm of the energy; loads that are left."""
    images = held.K @ known
    parts = np.linalg.lstsq(known.T @ images, known.T @ loads, rcond=None)[0]
    return known @ parts, loads - images @ parts


def resistance_matrix(held: Held, sensors: list[str], sources: list[str]) -> Vector:
    """Transfer resistances of every sensor to every source [K/W], (sensors, sources), from one factorisation."""
    loads = np.column_stack([held.system.sources[name] for name in sources])
    weights = np.vstack([held.system.sensors[name] for name in sensors])
    return np.asarray(weights @ held.solve(loads), dtype=float)


def gradient(held: Held, sensor: str, source: str) -> Gradient:
    """Transfer resistance and its derivatives by every conductance term: dR/dtheta_i = -adjoint^T K_i field.

    Two triangular solves with the factors of the steady solution; nothing is differenced.
    """
    system = held.system
    load, weights = system.sources[source], system.sensors[sensor]
    both = held.solve(np.column_stack([load, weights]))
    field, adjoint = np.ascontiguousarray(both[:, 0]), np.ascontiguousarray(both[:, 1])
    by_term = {name: -_bilinear(term, adjoint, field) for name, term in system.K.items()}
    return Gradient(float(weights @ field), by_term, field, adjoint)


def _bilinear(term: Matrix, left: Vector, right: Vector) -> float:
    return float(left @ (term @ right))


def reciprocity_error(held: Held, sensor: str, source: str) -> float:
    """Relative difference of two routes: the source's field at the sensor, the sensor's field at the source."""
    found = gradient(held, sensor, source)
    other = float(held.system.sources[source] @ found.adjoint)
    return abs(found.resistance - other) / abs(found.resistance)


def heat_imbalance(held: Held, source: str) -> float:
    """Heat into all held ports per watt of a source, less one."""
    load = held.system.sources[source]
    temperature = held.solve(load)
    out = sum(float(held.heat_into(port, temperature, load)) for port in held.ports)
    return out - float(load @ held.system.one)


def uniform_residual(system: System) -> float:
    """Largest |K_i @ one| relative to the largest entry of K_i: zero where no term creates heat."""
    worst = 0.0
    for term in system.K.values():
        largest = float(abs(term).max())
        if largest > 0:
            worst = max(worst, float(np.abs(term @ system.one).max()) / largest)
    return worst
