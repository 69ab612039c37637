"""What a body answers: temperatures, heats, resistances, times, and how they change with its inputs.

A body is projected once onto the fields that matter (`system.reduction`); every number is a function of that small
model, and so is its derivative by anything that moves the matrices. Both are those of the large model, because the
projection holds the fields of all sources, the adjoint fields of all sensors and the fields of all baths. Steady values
are taken from the large model, which loses less to rounding; times and derivatives from the small one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg

from thermonet.geometry.layered import body_mesh
from thermonet.heat.body import Body, BodyModel, body_coefficients, body_model
from thermonet.system.core import Held, Matrix, System, Vector
from thermonet.system.modes import Transfer, transfer
from thermonet.system.reduction import krylov_basis, summed

Answers = dict[str, float]

#: Moments matched at s = 0, where the slow modes are, and at further points for the beginning of a response.
_SLOW, _FAST = 8, 3
#: Those points, in units of 1 / (time constant of the slowest mode).
_SHIFTS = (1e2, 1e4, 1e6)


@dataclass(frozen=True)
class SolvedBody:
    """A body's model, its small equivalent and the numbers it gives.

    Attributes
    ----------
    body, model
        What was solved, and the large model.
    held
        The large system, held at its baths.
    onto
        What the small model's coordinates mean (n, m); the first are the temperatures of the baths.
    small
        The small model, dense, with affine terms kept apart.
    reference
        Temperature that fields and answers are counted from [K], the lowest of the baths: a uniform temperature
        carries no heat, and counted from there no rounding either.
    answers
        Numbers by their key in the result, temperatures above the reference.
    """

    body: Body
    model: BodyModel
    held: Held
    onto: Vector
    small: System
    reference: float
    answers: Answers

    def transfer(self, sensor: str, source: str) -> Transfer:
        """Response of a sensor per watt of a source as a sum of modes."""
        return transfer(self.small.hold(*self.body.baths.values()), sensor, source)

    def rise(self) -> Vector:
        """Temperature of every unknown above the reference, by the large model [K]."""
        load, held = _loads(self.held, self.body, self.reference)
        return np.asarray(self.held.solve(load, held=held), dtype=float)

    def heats(self, rise: Vector) -> dict[str, float]:
        """Heat that leaves through every held or ambient boundary, by the large model [W]."""
        load, _ = _loads(self.held, self.body, self.reference)
        return {name: float(self.held.heat_into(port, rise, load)) for name, port in self.body.baths.items()}


def solve_body(body: Body, element_scale: float) -> SolvedBody:
    """Mesh, assemble and solve a body."""
    model = body_model(body, body_mesh(body.shape, element_scale))
    ports = list(body.baths.values())
    held = model.system.hold(*ports)
    onto = np.column_stack([*_bath_fields(held, ports), _response_basis(held)])
    small = _projected(model.system, onto, ports)
    reference = min(boundary.temperature for boundary in body.boundaries.values())
    answers = _steady(held, body, reference) | _times(small.hold(*ports), body)
    return SolvedBody(body, model, held, onto, small, reference, answers)


def has_capacity(body: Body) -> bool:
    """Whether every layer's heat capacity is known, so that times mean something."""
    return set(body.properties.heat_capacity) == set(body.properties.conductivity)


def _bath_fields(held: Held, ports: list[str]) -> list[Vector]:
    """Steady field of every bath at 1 K, the others at 0.

    Together they are the uniform field; the first is what the others leave of it, so that this holds to rounding and
    heat is balanced in the small model as it is in the large one.
    """
    nothing = np.zeros(held.system.size)
    indicators = [np.isin(held.fixed, held.system.ports[port]).astype(float) for port in ports[1:]]
    others = [np.asarray(held.solve(nothing, held=indicator), dtype=float) for indicator in indicators]
    return [held.system.one - sum(others), *others]


def _response_basis(held: Held) -> Vector:
    """Basis of the responses to all sources and sensors, and of the slowest mode."""
    system = held.system
    vectors = [*system.sources.values(), *system.sensors.values()]
    if not system.C:
        return krylov_basis(held, np.column_stack(vectors), moments=1) if vectors else np.zeros((system.size, 0))
    # Uniform heating meets the slowest mode, which has no change of sign, whatever sources and sensors there are.
    vectors.append(held.C @ system.one)
    slow = krylov_basis(held, np.column_stack(vectors), moments=_SLOW)
    slowest = _slowest(held.K, held.C, slow)
    if slowest <= 0:
        return slow
    fast = krylov_basis(held, np.column_stack(vectors), moments=_FAST, shifts=[s / slowest for s in _SHIFTS])
    fast = fast - slow @ (slow.T @ fast)
    left, weight, _ = np.linalg.svd(fast, full_matrices=False)
    return np.concatenate([slow, left[:, weight > 1e-7]], axis=1)


def _slowest(K: Matrix, C: Matrix, basis: Vector) -> float:
    """Time constant of the slowest mode in the span of a basis [s]."""
    conductance, capacity = (basis.T @ (matrix @ basis) for matrix in (K, C))
    count = basis.shape[1]
    found = scipy.linalg.eigh(capacity, conductance, eigvals_only=True, subset_by_index=[count - 1, count - 1])
    return float(found[0])


def _projected(system: System, onto: Vector, ports: list[str]) -> System:
    one = np.concatenate([np.ones(len(ports)), np.zeros(onto.shape[1] - len(ports))])
    small = system.mapped(onto, one=one, ports={port: np.array([i]) for i, port in enumerate(ports)})
    return replace(small, K={name: _balanced(np.asarray(term), len(ports)) for name, term in small.K.items()})


def _balanced(term: Vector, baths: int) -> Vector:
    """Undo what rounding made of the law that no term creates heat: the rows of all baths sum to zero."""
    balanced = term.copy()
    balanced[0] = -term[1:baths].sum(axis=0)
    balanced[:, 0] = balanced[0]
    balanced[0, 0] = -balanced[0, 1:baths].sum()
    return balanced


def _loads(held: Held, body: Body, reference: float) -> tuple[Vector, Vector]:
    """Heat into every unknown [W], and temperatures of the held ones above the reference [K]."""
    system = held.system
    load = np.zeros(system.size)
    for name, source in body.sources.items():
        load += source.power * system.sources[name]
    temperature = np.zeros(system.size)
    for name, port in body.baths.items():
        temperature[system.ports[port]] = body.boundaries[name].temperature - reference
    return load, temperature[held.fixed]


def _steady(held: Held, body: Body, reference: float) -> Answers:
    """Steady answers of the large model or of the small one."""
    system = held.system
    load, temperature = _loads(held, body, reference)
    rise = held.solve(load, held=temperature)
    found = {f"temperature.{name}": float(weights @ rise) for name, weights in system.sensors.items()}
    found |= {f"heat.{name}": float(held.heat_into(port, rise, load)) for name, port in body.baths.items()}
    for source, heat in system.sources.items():
        response = held.solve(heat)
        found |= {f"resistance.{name}.{source}": float(weights @ response) for name, weights in system.sensors.items()}
    return found


def _times(held: Held, body: Body) -> Answers:
    """Time constants of the small model, where heat capacities are known."""
    if not has_capacity(body):
        return {}
    inside = np.eye(held.system.size)[:, held.free]
    return {"time_constant_slowest": _slowest(held.K, held.C, inside)}


def moved_answers(solved: SolvedBody, body: Body, element_scale: float) -> Answers:
    """Answers of a body close to a solved one, in the small coordinates of that: nothing large is solved."""
    if body.shape == solved.body.shape:
        small = summed(solved.small.at(body_coefficients(body)))
    else:
        model = body_model(body, body_mesh(body.shape, element_scale))
        small = _projected(summed(model.system), solved.onto, list(body.baths.values()))
    held = small.hold(*body.baths.values())
    return _steady(held, body, solved.reference) | _times(held, body)
