"""Meshes of a body of regions, refined until every answer is as exact as was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

import numpy as np

from thermonet.documents.body.drawn import BodyNumericsEntry
from thermonet.geometry.mesh import Mesh
from thermonet.heat.adaptive import Limits, Solved, adapted
from thermonet.heat.bodies.body import Body
from thermonet.heat.bodies.goals import at_nodes, body_conductor
from thermonet.heat.bodies.model import BodyModel, body_model
from thermonet.heat.error import discretisation_error
from thermonet.heat.goal_error import goal_errors
from thermonet.quantities.errors import NotConvergedError
from thermonet.studies.bodies.answered import answer_sizes, relative, reported, sizes, too_uncertain, worst_of
from thermonet.studies.bodies.answers import Answers, SolvedBody, solved_model, steady_answers
from thermonet.studies.bodies.fields import SLOWEST, driven_fields, goal_of, slowest_field
from thermonet.studies.bodies.mesh import BodyMesh
from thermonet.studies.bodies.nonlinear import NonlinearBody, solve_nonlinear_body
from thermonet.system.core import Held


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
    coarse
        The mesh two refinements before, good enough for derivatives; that itself where meshes are refined in places.
    """

    solved: Solution
    mesh: BodyMesh
    errors: Answers
    coarse: BodyMesh


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
    if SLOWEST in solved.answers:  # estimated relative to a power of K^-1 C, not in seconds
        errors[SLOWEST] *= solved.answers[SLOWEST]
    finest = replace(start, mesh=found.mesh, curves=found.curves)
    return Refined(solved, finest, errors, finest)


def _estimated(body: Body, mesh: Mesh) -> Solved[tuple[BodyModel, Held]]:
    """Answers on a mesh, and their errors from equilibrated fluxes."""
    model = body_model(body, mesh)
    ports = list(body.baths)
    held = model.system.hold(*ports)
    reference = min(body.bath_temperature(port) for port in ports)
    answers = steady_answers(held, body, model.powers, reference)
    scales = sizes(answers, [body.bath_temperature(port) - reference for port in ports], list(model.powers.values()))
    fields = driven_fields(model, held, reference)
    goals = [goal_of(body, key) for key in answers]
    unit = [1.0] * len(goals)
    if body.has_capacity:
        mode = slowest_field(model, held)
        fields[SLOWEST] = mode
        # The mode's own resistance is in proportion to its time constant: their relative errors are one.
        answers[SLOWEST] = scales[SLOWEST] = 1.0
        goals.append((SLOWEST, SLOWEST))
        unit.append(mode.energy)
    names = list(fields)
    columns = at_nodes(model, np.column_stack([field.temperature for field in fields.values()]))
    pairs = [(names.index(first), names.index(second)) for first, second in goals]
    found = goal_errors(body_conductor(model), [field.load for field in fields.values()], columns, pairs)
    return Solved(
        model=(model, held),
        unknowns=model.system.size,
        names=list(answers),
        values=np.array(list(answers.values())),
        sizes=np.array([scales[key] for key in answers]),
        estimates=found.estimate / np.array(unit),
        indicators=found.indicators / np.array(unit)[:, np.newaxis],
    )


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
    meshes, solutions = [mesh], [solve(mesh)]
    worst, part = "", float("inf")
    while mesh.mesh.points.shape[1] * 2**mesh.mesh.dimension <= largest:
        mesh = mesh.refined_everywhere()
        meshes.append(mesh)
        solutions.append(solve(mesh))
        if len(solutions) < 3:
            continue
        coarse, middle, fine = (found.answers for found in solutions[-3:])
        errors = {key: discretisation_error(fine[key], middle[key], coarse[key]) for key in fine}
        scales = sizes_of(solutions[-1])
        worst = worst_of(errors, scales)
        part = relative(errors[worst], scales[worst])
        if part <= tolerance:
            return Refined(solutions[-1], mesh, errors, meshes[-3])
    limit = f"numerics.largest_model ({largest} unknowns)"
    if not worst:
        raise NotConvergedError(f"three meshes for an estimate of the error do not fit into {limit}")
    value = reported(solutions[-1].answers, solutions[-1].reference, worst)
    raise NotConvergedError(f"{too_uncertain(value, worst, part, tolerance)}; the next mesh would exceed {limit}")
