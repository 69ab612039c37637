"""What a body answers: temperatures, heats, resistances, times, and how they change with its inputs.

A linear body is projected once onto the fields that matter (`system.reduction`); every number is a function of that
small model, and so is its derivative by anything that moves the matrices. Both are those of the large model, because
the projection holds the fields of all sources, the adjoint fields of all sensors and the fields of all baths. Steady
values are taken from the large model, which loses less to rounding; times and derivatives from the small one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg

from thermonet.geometry.mesh import LENGTH_UNIT, Mesh
from thermonet.geometry.quality import volumes
from thermonet.heat.bodies.body import Body
from thermonet.heat.bodies.joule import joule_currents
from thermonet.heat.bodies.loads import Heat, sensor_means, source_heats
from thermonet.heat.bodies.model import BodyModel, body_coefficients, body_model, gathered
from thermonet.heat.bodies.places import Places
from thermonet.system.core import Held, Matrix, System, Vector
from thermonet.system.modal import port_transfer
from thermonet.system.modes import Transfer, transfer
from thermonet.system.reduction import krylov_basis, summed

Answers = dict[str, float]

#: Moments matched at s = 0, where the slow modes are, and at further points for the beginning of a response.
_SLOW, _FAST = 8, 3
#: Those points, in units of 1 / (time constant of the slowest mode), as far as the mesh follows, and its end.
_SHIFTS = (1e2, 1e4, 1e6)


@dataclass(frozen=True)
class SolvedBody:
    """A linear body's model, its small equivalent and the numbers it gives.

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
    rate
        Up to which the mesh follows responses in time [1/s]; None where heat capacities are not known.
    """

    body: Body
    model: BodyModel
    held: Held
    onto: Vector
    small: System
    reference: float
    answers: Answers
    rate: float | None

    def transfer(self, sensor: str, source: str) -> Transfer:
        """Response of a sensor per watt of a source as a sum of modes."""
        return transfer(self.small.hold(*self.body.baths), sensor, source)

    def port_transfer(self, sensor: str, port: str) -> Transfer:
        """Response of a sensor to the temperature of a bath [K/K] as a sum of modes."""
        return port_transfer(self.small.hold(*self.body.baths), sensor, port)

    def rise(self) -> Vector:
        """Temperature of every unknown above the reference, by the large model [K]."""
        load, held = _loads(self.held, self.body, self.model.powers, self.reference)
        return np.asarray(self.held.solve(load, held=held), dtype=float)

    def heats(self, rise: Vector) -> dict[str, float]:
        """Heat that leaves into every bath, by the large model [W]."""
        load, _ = _loads(self.held, self.body, self.model.powers, self.reference)
        return {name: float(self.held.heat_into(name, rise, load)) for name in self.body.baths}


def solve_body(body: Body, mesh: Mesh) -> SolvedBody:
    """Assemble and solve a linear body on a conforming mesh."""
    model = body_model(body, mesh)
    return solved_model(body, model, model.system.hold(*body.baths))


def solved_model(body: Body, model: BodyModel, held: Held) -> SolvedBody:
    """Solve an assembled body, held at its baths."""
    ports = list(body.baths)
    baths = bath_fields(held, ports)
    varying = [field for port, field in zip(ports, baths, strict=True) if port in body.courses]
    rate = resolved_rate(model) if body.has_capacity else None
    onto = np.column_stack([*baths, _response_basis(held, varying, rate)])
    small = projected(model.system, onto, ports)
    reference = min(body.bath_temperature(port) for port in ports)
    answers = steady_answers(held, body, model.powers, reference) | _times(small.hold(*ports), body)
    return SolvedBody(body, model, held, onto, small, reference, answers, rate)


def bath_fields(held: Held, ports: list[str]) -> list[Vector]:
    """Steady field of every bath at 1 K, the others at 0.

    Together they are the uniform field; the first is what the others leave of it, so that this holds to rounding and
    heat is balanced in the small model as it is in the large one.
    """
    if len(ports) == 1:
        return [held.system.one]
    indicators = [np.isin(held.fixed, held.system.ports[port]).astype(float) for port in ports[1:]]
    nothing = np.zeros((held.system.size, len(indicators)))
    others = np.asarray(held.solve(nothing, held=np.column_stack(indicators)), dtype=float)
    return [held.system.one - others.sum(axis=1), *others.T]


def _response_basis(held: Held, varying: list[Vector], rate: float | None) -> Vector:
    """Basis of the responses to all sources, sensors and baths that vary (by their fields), and of the slowest mode."""
    system = held.system
    vectors = [*system.sources.values(), *system.sensors.values()]
    if rate is None:
        return krylov_basis(held, np.column_stack(vectors), moments=1) if vectors else np.zeros((system.size, 0))
    # Uniform heating meets the slowest mode, which has no change of sign, whatever sources and sensors there are.
    vectors += [held.C @ field for field in (system.one, *varying)]
    slow = krylov_basis(held, np.column_stack(vectors), moments=_SLOW)
    slowest = _slowest(held.K, held.C, slow)
    if slowest <= 0:
        return slow
    last = min(rate, _SHIFTS[-1] / slowest)
    shifts = [*(s / slowest for s in _SHIFTS if s / slowest < last), last]
    fast = krylov_basis(held, np.column_stack(vectors), moments=_FAST, shifts=shifts)
    fast = fast - slow @ (slow.T @ fast)
    left, weight, _ = np.linalg.svd(fast, full_matrices=False)
    return np.concatenate([slow, left[:, weight > 1e-7]], axis=1)


def resolved_rate(model: BodyModel) -> float:
    """Rate at which heat comes no further than an element's size from the sources and sensors [1/s].

    Quadratic elements have the response of a heated end to 0.3 % there, and ten times as fast not to 10 %.
    """
    body, elements = model.body, model.elements
    mesh = elements.mesh
    conducted, stored = np.zeros(mesh.cells.shape[1]), np.zeros(mesh.cells.shape[1])
    for filling in body.fillings.values():
        where, thickness = elements.region(filling.region), filling.thickness or 1.0
        conducted[where] += thickness * float(np.mean(filling.conductivity))  # type: ignore[arg-type] # of linear bodies
        stored[where] += thickness * (filling.heat_capacity or 0.0)
    # The edge of a cell with a right angle.
    size = (np.abs(volumes(mesh.points, mesh.cells)) * math.factorial(mesh.dimension)) ** (1 / mesh.dimension)
    times = (size * LENGTH_UNIT) ** 2 * stored / (2 * conducted)
    slowest = 0.0
    for heat in (*model.heats.values(), *model.means.values()):
        weights = np.abs(heat.at_nodes(elements))[elements.cells.nodes].sum(axis=0)
        slowest = max(slowest, float(weights @ times / weights.sum()))
    return 1 / slowest if slowest else math.inf


def _slowest(K: Matrix, C: Matrix, basis: Vector) -> float:
    """Time constant of the slowest mode in the span of a basis [s]."""
    conductance, capacity = (basis.T @ (matrix @ basis) for matrix in (K, C))
    count = basis.shape[1]
    found = scipy.linalg.eigh(capacity, conductance, eigvals_only=True, subset_by_index=[count - 1, count - 1])
    return float(found[0])


def projected(system: System, onto: Vector, ports: list[str]) -> System:
    """Project a system onto the fields of its baths and a basis: dense, and heat is balanced to rounding."""
    one = np.concatenate([np.ones(len(ports)), np.zeros(onto.shape[1] - len(ports))])
    small = system.mapped(onto, one=one, ports={port: np.array([i]) for i, port in enumerate(ports)})
    return replace(small, K={name: balanced(np.asarray(term), len(ports)) for name, term in small.K.items()})


def balanced(term: Vector, baths: int) -> Vector:
    """Undo what rounding made of the law that no term creates heat: the rows of all baths sum to zero."""
    found = term.copy()
    found[0] = -term[1:baths].sum(axis=0)
    found[:, 0] = found[0]
    found[0, 0] = -found[0, 1:baths].sum()
    return found


def _loads(held: Held, body: Body, powers: Mapping[str, float], reference: float) -> tuple[Vector, Vector]:
    """Heat into every unknown [W], and temperatures of the held ones above the reference [K]."""
    system = held.system
    load = np.zeros(system.size)
    for name, power in powers.items():
        load += power * system.sources[name]
    temperature = np.zeros(system.size)
    for port in body.baths:
        temperature[system.ports[port]] = body.bath_temperature(port) - reference
    return load, temperature[held.fixed]


def steady_answers(held: Held, body: Body, powers: Mapping[str, float], reference: float) -> Answers:
    """Steady answers of the large model or of the small one."""
    system = held.system
    load, temperature = _loads(held, body, powers, reference)
    rise = held.solve(load, held=temperature)
    found = {f"temperature.{name}": float(weights @ rise) for name, weights in system.sensors.items()}
    for port, boundary in body.baths.items():
        found[f"heat.{boundary}"] = found.get(f"heat.{boundary}", 0.0) + float(held.heat_into(port, rise, load))
    for source, heat in system.sources.items():
        response = held.solve(heat)
        found |= {f"resistance.{name}.{source}": float(weights @ response) for name, weights in system.sensors.items()}
    return found


def _times(held: Held, body: Body) -> Answers:
    """Time constants of the small model, where heat capacities are known."""
    if not body.has_capacity:
        return {}
    inside = np.eye(held.system.size)[:, held.free]
    return {"time_constant_slowest": _slowest(held.K, held.C, inside)}


def moved_answers(solved: SolvedBody, body: Body, mesh: Mesh | None) -> Answers:
    """Answers of a body close to a solved one, in the small coordinates of that: nothing large is solved.

    Parameters
    ----------
    solved
        The body it is close to.
    body
        The body.
    mesh
        Its mesh, of the same topology; None where the shape is that of the solved one.
    """
    if mesh is None:
        coefficients = body_coefficients(body)
        small = summed(solved.small.at({name: coefficients[name] for name in solved.small.theta}))
        small, powers = _with_loads(solved, body, small)
    else:
        model = body_model(body, mesh)
        small, powers = projected(summed(model.system), solved.onto, list(body.baths)), model.powers
    held = small.hold(*body.baths)
    return steady_answers(held, body, powers, solved.reference) | _times(held, body)


def _with_loads(solved: SolvedBody, body: Body, small: System) -> tuple[System, Mapping[str, float]]:
    """Sources and sensors of a body of the same shape, where they are not those of the solved one."""
    model = solved.model
    if same_loads(body, solved.body):
        return small, model.powers
    sources, sensors, powers = loads_on(model, body)
    return replace(
        small,
        sources={name: np.asarray(solved.onto.T @ load) for name, load in sources.items()},
        sensors={name: np.asarray(solved.onto.T @ weights) for name, weights in sensors.items()},
    ), powers


def same_loads(first: Body, second: Body) -> bool:
    """Whether two bodies of one shape are heated and read in the same way."""
    return (first.sources, first.sensors, first.boundaries) == (second.sources, second.sensors, second.boundaries)


def loads_on(model: BodyModel, body: Body) -> tuple[dict[str, Vector], dict[str, Vector], Mapping[str, float]]:
    """Loads per watt of all sources, weights of all sensors (n,) and powers [W] of a body on a model of its shape."""
    places = Places(body, model.elements)
    heats, powers = source_heats(places, joule_currents(places))

    def seen(group: Mapping[str, Heat]) -> dict[str, Vector]:
        return {
            name: gathered(heat.at_nodes(model.elements), model.unknowns, model.system.size)
            for name, heat in group.items()
        }

    return seen(heats), seen(sensor_means(places, model.interfaces)), powers
