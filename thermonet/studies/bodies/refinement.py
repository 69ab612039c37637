"""Meshes of a body of regions, refined until every answer is as exact as was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, Protocol, TypeVar

import numpy as np

from thermonet.documents.body.drawn import BodyNumericsEntry
from thermonet.geometry.curves import Curves
from thermonet.geometry.mesh import Mesh
from thermonet.heat.adaptive import Limits, Solved, adapted
from thermonet.heat.bodies.body import Body, SpreadSource
from thermonet.heat.bodies.geometry_error import geometry_errors
from thermonet.heat.bodies.goals import at_nodes, body_conductor
from thermonet.heat.bodies.joule import joule_error
from thermonet.heat.bodies.model import BodyModel, body_elements, body_model
from thermonet.heat.bodies.places import marked
from thermonet.heat.bodies.profiles import too_large
from thermonet.heat.goal_error import goal_errors
from thermonet.quantities.errors import NotConvergedError
from thermonet.studies.bodies.answered import sizes
from thermonet.studies.bodies.answers import Answers, SolvedBody, solved_model, steady_answers
from thermonet.studies.bodies.fields import SLOWEST, DrivenField, driven_fields, goal_of, slowest_field
from thermonet.studies.bodies.mesh import BodyMesh
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
    start = resolved(body, start, numerics.largest_model)
    found = adapted(start.mesh, partial(_estimated, body), tolerance, limits, start.curves)
    if found.refusal is not None:
        raise NotConvergedError(f"{found.refusal}; numerics.tolerance and numerics.largest_model say what is allowed")
    model, held = found.solved.model
    solved = solved_model(body, model, held)
    errors = dict(zip(found.solved.names, (float(error) for error in found.solved.estimates), strict=True))
    if SLOWEST in solved.answers:  # estimated relative to a power of K^-1 C, not in seconds
        errors[SLOWEST] *= solved.answers[SLOWEST]
    finest = replace(start, mesh=found.mesh, curves=found.curves)
    return Refined(solved, finest, errors, finest)


def resolved(body: Body, mesh: BodyMesh, largest: int) -> BodyMesh:
    """Refine a mesh until its cells follow the profiles of the sources.

    Raises
    ------
    NotConvergedError
        That would take more unknowns than are allowed.
    """
    for name, source in body.sources.items():
        if not isinstance(source, SpreadSource) or source.profile is None:
            continue
        while True:
            elements = body_elements(body, marked(mesh.mesh, body))
            large = too_large(elements, elements.region(source.on), source.profile)
            if not len(large):
                break
            if elements.size + 4 * len(large) > largest:
                raise NotConvergedError(
                    f"the profile of the source '{name}' changes within so little that to follow it would take more "
                    f"than {largest} unknowns (numerics.largest_model), expected heat on the face instead"
                )
            mesh = mesh.refined(large)
    return mesh


def _estimated(body: Body, mesh: Mesh, curves: Curves | None) -> Solved[tuple[BodyModel, Held]]:
    """Answers on a mesh, and their errors: of temperatures, of curved surfaces, of what sources are made of."""
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
    conductor = body_conductor(model)
    found = goal_errors(conductor, [field.load for field in fields.values()], columns, pairs)
    correction, doubt, indicators = found.correction, found.doubt, found.indicators
    if curves is not None:
        misplaced = geometry_errors(conductor, mesh, curves, columns, pairs)
        correction, doubt = correction + misplaced.correction, doubt + misplaced.doubt
        indicators = indicators + misplaced.indicators
    estimates = np.abs(correction) + doubt
    estimates, indicators = estimates / np.array(unit), indicators / np.array(unit)[:, np.newaxis]
    estimates = estimates + np.array([_doubt(model, fields, key) for key in answers])
    for name, current in model.currents.items():
        wrong = joule_error(current, mesh.cells.shape[1])
        shares = np.array([share_of_power(model, answers, key, name) for key in answers])
        estimates = estimates + wrong.relative * shares
        indicators = indicators + shares[:, np.newaxis] * wrong.indicators
    return Solved(
        model=(model, held),
        unknowns=model.system.size,
        names=list(answers),
        values=np.array(list(answers.values())),
        sizes=np.array([scales[key] for key in answers]),
        estimates=estimates,
        indicators=indicators,
    )


def share_of_power(model: BodyModel, answers: Answers, key: str, source: str) -> float:
    """What a source's power makes of an answer: by how much its error counts."""
    kind, _, rest = key.partition(".")
    if kind == "temperature":
        return abs(model.powers[source] * answers[f"resistance.{rest}.{source}"])
    if kind == "heat":
        return abs(model.powers[source])
    # Per watt what counts is where the heat of a current lands, of which its power's error is a measure.
    return abs(answers[key]) if key.endswith(f".{source}") else 0.0


def _doubt(model: BodyModel, fields: Mapping[str, DrivenField], key: str) -> float:
    """What the quadrature of the sources' profiles leaves uncertain of an answer."""
    kind, _, rest = key.partition(".")
    sensor, _, one = rest.partition(".")
    if kind not in ("resistance", "temperature"):
        return 0.0
    weights = at_nodes(model, fields[f"sensor.{sensor}"].temperature)
    powers = {one: 1.0} if kind == "resistance" else model.powers
    doubts = {name: model.heats[name].doubt for name in powers}
    return sum(abs(powers[name] * float(weights @ doubt)) for name, doubt in doubts.items() if doubt is not None)
