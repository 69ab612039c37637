"""Meshes of a body of regions, refined until every answer is as exact as was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

import numpy as np

from thermonet.documents.body.drawn import BodyNumericsEntry
from thermonet.geometry.mesh import Floats, Mesh
from thermonet.heat.adaptive import Limits, Solved, adapted
from thermonet.heat.body import Body
from thermonet.heat.body_goals import at_nodes, bath_load, body_conductor, combined, heat_load, stored_load
from thermonet.heat.body_model import BodyModel, body_model
from thermonet.heat.equilibrated.conductor import Load
from thermonet.heat.error import discretisation_error
from thermonet.heat.goal_error import goal_errors
from thermonet.quantities.errors import NotConvergedError
from thermonet.studies.body_answered import answer_sizes, relative, reported, sizes, too_uncertain, worst_of
from thermonet.studies.body_answers import Answers, SolvedBody, bath_fields, solved_model, steady_answers
from thermonet.studies.body_mesh import BodyMesh
from thermonet.studies.body_nonlinear import NonlinearBody, solve_nonlinear_body
from thermonet.system.core import Held

#: Applications of K^-1 C to the uniform field: near enough to the slowest mode for an estimate of its error.
_POWERS = 3
_SLOWEST = "time_constant_slowest"


class SolvedSomehow(Protocol):
    """A body solved on a mesh."""

    @property
    def answers(self) -> Answers:
        """Numbers by key, temperatures above the reference."""

    @property
    def reference(self) -> float:
        """Temperature that they are counted from [K]."""


Solution = TypeVar("Solution", bound=SolvedSomehow)


@dataclass(frozen=True)
class Refined(Generic[Solution]):
    """A body solved on a mesh that is fine enough.

    Attributes
    ----------
    solved
        On the finest mesh.
    mesh
        That mesh, conforming.
    errors
        Of every answer, in its unit.
    """

    solved: Solution
    mesh: BodyMesh
    errors: Answers


def refined_body(body: Body, start: BodyMesh, numerics: BodyNumericsEntry) -> Refined[SolvedBody]:
    """Refine the mesh of a linear body where its answers owe it their error.

    Raises
    ------
    NotConvergedError
        The tolerance would take more unknowns than are allowed.
    """
    tolerance, limits = numerics.tolerance.value, Limits(unknowns=numerics.largest_model)
    found = adapted(start.mesh, lambda mesh: _estimated(body, mesh), tolerance, limits, start.curves)
    if found.refusal is not None:
        raise NotConvergedError(f"{found.refusal}; numerics.tolerance and numerics.largest_model say what is allowed")
    model, held = found.solved.model
    solved = solved_model(body, model, held)
    errors = dict(zip(found.solved.names, (float(error) for error in found.solved.estimates), strict=True))
    if _SLOWEST in solved.answers:  # estimated relative to a power of K^-1 C, not in seconds
        errors[_SLOWEST] *= solved.answers[_SLOWEST]
    return Refined(solved, replace(start, mesh=found.mesh, curves=found.curves), errors)


def _estimated(body: Body, mesh: Mesh) -> Solved[tuple[BodyModel, Held]]:
    """Answers on a mesh, and their errors from equilibrated fluxes."""
    model = body_model(body, mesh)
    ports = list(body.baths)
    held = model.system.hold(*ports)
    reference = min(body.bath_temperature(port) for port in ports)
    answers = steady_answers(held, body, model.powers, reference)
    fields = _Fields.of(model, held, reference)
    goals = {key: fields.goal(key) for key in answers}
    scales = sizes(answers, [body.bath_temperature(port) - reference for port in ports], list(model.powers.values()))
    if body.has_capacity:
        answers[_SLOWEST] = scales[_SLOWEST] = 1.0
        goals[_SLOWEST] = (len(fields.loads) - 1, len(fields.loads) - 1)
    found = goal_errors(body_conductor(model), fields.loads, at_nodes(model, fields.columns), list(goals.values()))
    unit = np.array([fields.stored if key == _SLOWEST else 1.0 for key in goals])
    return Solved(
        model=(model, held),
        unknowns=model.system.size,
        names=list(answers),
        values=np.array(list(answers.values())),
        sizes=np.array([scales[key] for key in answers]),
        estimates=found.estimate / unit,
        indicators=found.indicators / unit[:, np.newaxis],
    )


@dataclass(frozen=True)
class _Fields:
    """Loads and their fields: of all sources, sensors and baths, of everything together, and the slowest mode.

    Attributes
    ----------
    names
        Of the loads, 'source.<name>', 'sensor.<name>', 'bath.<port>', 'total' and maybe the slowest mode.
    loads, columns
        One for each, and their fields (n, loads).
    stored
        Energy of the field that stands for the slowest mode.
    """

    names: list[str]
    loads: list[Load]
    columns: Floats
    body: Body
    stored: float

    @classmethod
    def of(cls, model: BodyModel, held: Held, reference: float) -> _Fields:
        """Solve for all of them."""
        body, system = model.body, model.system
        vectors = [*system.sources.values(), *system.sensors.values()]
        columns = [np.asarray(column) for column in np.asarray(held.solve(np.column_stack(vectors))).T] if vectors else []
        loads = [heat_load(model, name, heat) for name, heat in (*model.heats.items(), *model.means.items())]
        names = [*(f"source.{name}" for name in model.heats), *(f"sensor.{name}" for name in model.means)]
        driven = dict(zip(names, columns, strict=True))
        baths = bath_fields(held, list(body.baths))
        for port, field in zip(body.baths, baths, strict=True):
            names.append(f"bath.{port}")
            loads.append(bath_load(model, port))
            columns.append(field)
        rises = {port: body.bath_temperature(port) - reference for port in body.baths}
        parts = [(power, f"source.{name}") for name, power in model.powers.items()]
        parts += [(rise, f"bath.{port}") for port, rise in rises.items()]
        driven |= {f"bath.{port}": field for port, field in zip(body.baths, baths, strict=True)}
        loads.append(combined([(factor, loads[names.index(name)]) for factor, name in parts]))
        columns.append(np.sum([factor * driven[name] for factor, name in parts], axis=0))
        names.append("total")
        stored = 0.0
        if body.has_capacity:
            before = system.one - np.isin(np.arange(system.size), held.fixed)
            for _ in range(_POWERS):
                mode = np.asarray(held.solve(held.C @ before))
                energy = float(mode @ (held.C @ before))
                before, mode = mode / np.sqrt(energy), before
            after = np.asarray(held.solve(held.C @ before))
            names.append(_SLOWEST)
            loads.append(stored_load(model, at_nodes(model, before)))
            columns.append(after)
            stored = float(after @ (held.C @ before))
        return cls(names, loads, np.column_stack(columns), body, stored)

    def goal(self, key: str) -> tuple[int, int]:
        """Numbers of the two loads whose product an answer is."""
        kind, _, rest = key.partition(".")
        if kind == "resistance":
            sensor, _, source = rest.partition(".")
            return self.names.index(f"source.{source}"), self.names.index(f"sensor.{sensor}")
        if kind == "temperature":
            return self.names.index("total"), self.names.index(f"sensor.{rest}")
        port = next(port for port, boundary in self.body.baths.items() if boundary == rest)
        return self.names.index("total"), self.names.index(f"bath.{port}")


def refined_nonlinear_body(body: Body, start: BodyMesh, numerics: BodyNumericsEntry) -> Refined[NonlinearBody]:
    """Refine the mesh of a nonlinear body: all of it at once, errors from three meshes.

    Raises
    ------
    NotConvergedError
        The tolerance would take more unknowns than are allowed, or Newton's iteration failed.
    """
    return _everywhere(lambda mesh: solve_nonlinear_body(body, mesh.mesh), answer_sizes, start, numerics)


def _everywhere(
    solve: Callable[[BodyMesh], Solution],
    sizes_of: Callable[[Solution], Answers],
    mesh: BodyMesh,
    numerics: BodyNumericsEntry,
) -> Refined[Solution]:
    tolerance, largest = numerics.tolerance.value, numerics.largest_model
    solutions = [solve(mesh)]
    worst, part = "", float("inf")
    while mesh.mesh.points.shape[1] * 2**mesh.mesh.dimension <= largest:
        mesh = mesh.refined_everywhere()
        solutions.append(solve(mesh))
        if len(solutions) < 3:
            continue
        coarse, middle, fine = (found.answers for found in solutions[-3:])
        errors = {key: discretisation_error(fine[key], middle[key], coarse[key]) for key in fine}
        scales = sizes_of(solutions[-1])
        worst = worst_of(errors, scales)
        part = relative(errors[worst], scales[worst])
        if part <= tolerance:
            return Refined(solutions[-1], mesh, errors)
    limit = f"numerics.largest_model ({largest} unknowns)"
    if not worst:
        raise NotConvergedError(f"three meshes for an estimate of the error do not fit into {limit}")
    value = reported(solutions[-1].answers, solutions[-1].reference, worst)
    raise NotConvergedError(f"{too_uncertain(value, worst, part, tolerance)}; the next mesh would exceed {limit}")
