"""A body followed in time, or in its periodic state, on meshes that are refined until it is as exact as was asked.

Cells are split that have nearly all of the error (`thermonet.studies.bodies.time_marks`), and what that changes tells
how much is left: a quarter where elements are half as large, so a third of what is seen as a difference; and all of
the small part that lies elsewhere, whichever sensor's it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

import numpy as np

from thermonet.documents.body.drawn import DrawnDocument
from thermonet.geometry.mesh import Ints
from thermonet.heat.bodies.body import Body
from thermonet.heat.bodies.model import BodyModel, body_model
from thermonet.quantities.errors import NotConvergedError
from thermonet.results.record import Check, Column, Quantity, Table
from thermonet.studies.bodies.answered import NodalField
from thermonet.studies.bodies.in_time import (
    Request,
    body_transient,
    courses_table,
    driven_periodically,
    driven_transiently,
    periodic_quantities,
    temperatures_at_end,
    transient_balance,
)
from thermonet.studies.bodies.mesh import BodyMesh
from thermonet.studies.bodies.periodic_state import periodic_state, swinging_field
from thermonet.studies.bodies.time_marks import PART, cells_in_time
from thermonet.system.core import Vector
from thermonet.system.transient import Transient

#: What elements half as large leave of an error, where convergence is of second order: quadratic elements gain more,
#: but not before the finest layer that heat has reached is resolved.
_LEFT = 0.25
#: Part of the tolerance beyond which it is the steps in time that are to blame, and by how much these are tightened.
_OF_STEPS, _TIGHTER = 0.5, 0.1
#: Swings below this part of the temperature are rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class InTime:
    """Tables, checks and quantities of a body in time; the amplitude of its first harmonic, where it has a period."""

    tables: dict[str, Table] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)
    quantities: dict[str, Quantity] = field(default_factory=dict)
    swinging: NodalField | None = None


class Courses(Protocol):
    """Temperatures of all sensors over time, and what is uncertain of them beside the mesh [K]."""

    @property
    def times(self) -> Vector:
        """Times [s]."""

    @property
    def sensors(self) -> Mapping[str, Vector]:
        """Temperature of every sensor [K], (times,) each."""

    @property
    def error(self) -> Mapping[str, float] | None:
        """Largest error of every sensor, but for that of the mesh [K]."""


Found = TypeVar("Found", bound=Courses)


@dataclass(frozen=True)
class _Followed(Generic[Found]):
    """What was found on the finest mesh, that model, and the largest error of every sensor over all times [K]."""

    found: Found
    model: BodyModel
    error: Mapping[str, float]


@dataclass(frozen=True)
class _Task(Generic[Found]):
    """What is to be followed.

    Attributes
    ----------
    what
        In words.
    body
        The body.
    run
        Follows it on a mesh.
    cells
        Which cells to split, and what part of the error is theirs.
    tolerance, largest
        Relative to the largest swing of a sensor; unknowns that no mesh may exceed.
    """

    what: str
    body: Body
    run: Callable[[BodyModel], Found]
    cells: Callable[[BodyModel], Ints]
    part: float
    tolerance: float
    largest: int


def in_time(document: DrawnDocument, mesh: BodyMesh, model: BodyModel) -> InTime:
    """Transient and periodic state of a body, as far as its document asks for them.

    Parameters
    ----------
    document
        What is asked for.
    mesh, model
        The body on the mesh of its steady answers.

    Raises
    ------
    NotConvergedError
        The tolerance would take more unknowns than are allowed, or shorter steps than are stated.
    """
    found = InTime()
    if document.transient is not None:
        found = _joined(found, _transient(document, mesh, model))
    if document.periodic is not None:
        found = _joined(found, _periodic(document, mesh, model))
    return found


def _joined(first: InTime, second: InTime) -> InTime:
    return InTime(
        {**first.tables, **second.tables},
        {**first.checks, **second.checks},
        {**first.quantities, **second.quantities},
        first.swinging or second.swinging,
    )


def _transient(document: DrawnDocument, mesh: BodyMesh, model: BodyModel) -> InTime:
    request, body, tolerance = request_of(document), model.body, document.numerics.tolerance.value
    driven = driven_transiently(body, model.powers, request)
    task = _Task(
        what="the transient",
        body=body,
        run=lambda model: _with_exact_steps(body, model, request, tolerance),
        # What a nonlinear body owes its error to changes with its temperature.
        cells=(lambda model: cells_in_time(model, driven)) if body.is_linear else _all_cells,
        part=PART if body.is_linear else 1.0,
        tolerance=tolerance,
        largest=document.numerics.largest_model,
    )
    judged = _refined(task, mesh, model)
    tables = {"transient": courses_table(judged.found), "transient_error": _error_table(judged.error)}
    balance = {"transient_heat_balance": transient_balance(judged.found)}
    return InTime(tables, balance, temperatures_at_end(judged.found, judged.error))


def request_of(document: DrawnDocument) -> Request:
    """What a document asks of its body in time."""
    stated = document.transient
    assert stated is not None
    initial = document.temperature if stated.initial is None else stated.initial
    return Request(
        until=stated.until.value,
        initial=initial.value,
        tolerance=stated.tolerance.value,
        step=None if stated.step is None else stated.step.value,
        points=stated.points,
    )


def _with_exact_steps(body: Body, model: BodyModel, request: Request, tolerance: float) -> Transient:
    """Follow a body with steps that are no more than their part of the error: their tolerance is tightened for it.

    Raises
    ------
    NotConvergedError
        Their length is fixed.
    """
    while True:
        found = body_transient(body, model, request)
        key, part = _worst(found.error or {}, found)
        if part <= _OF_STEPS * tolerance:
            return found
        if request.step is not None:
            raise NotConvergedError(
                f"steps of {request.step:g} s leave the temperature of '{key}' uncertain by {part:.2g} of the largest "
                f"swing, more than half of numerics.tolerance ({tolerance:.2g}); expected a shorter transient.step, or "
                "none"
            )
        request = replace(request, tolerance=_TIGHTER * request.tolerance)


def _periodic(document: DrawnDocument, mesh: BodyMesh, model: BodyModel) -> InTime:
    assert document.periodic is not None
    body, points, tolerance = model.body, document.periodic.points, document.numerics.tolerance.value
    driven = driven_periodically(body, model.powers, points)
    task = _Task(
        what="the periodic state",
        body=body,
        run=lambda model: periodic_state(body, model, points, tolerance),
        cells=lambda model: cells_in_time(model, driven),
        part=PART,
        tolerance=tolerance,
        largest=document.numerics.largest_model,
    )
    judged = _refined(task, mesh, model)
    tables = {"periodic": courses_table(judged.found), "periodic_error": _error_table(judged.error)}
    swinging = NodalField(judged.model.mesh, swinging_field(body, judged.model))
    return InTime(tables, {}, periodic_quantities(judged.found, judged.error), swinging)


def _all_cells(model: BodyModel) -> Ints:
    return np.arange(model.mesh.cells.shape[1])


def _refined(task: _Task[Found], mesh: BodyMesh, model: BodyModel) -> _Followed[Found]:
    """Refine until two meshes tell that the tolerance is met.

    Raises
    ------
    NotConvergedError
        It would take more unknowns than are allowed.
    """
    before, why = task.run(model), "two meshes for an estimate of its error"
    while True:
        mesh = mesh.refined(task.cells(model))
        if mesh.mesh.points.shape[1] > task.largest:
            size = model.system.size
            raise NotConvergedError(
                f"{task.what} is not as exact as was asked: {why} with {size} unknowns, and the next mesh would have "
                f"{mesh.mesh.points.shape[1]}, more than numerics.largest_model ({task.largest})"
            )
        model = body_model(task.body, mesh.mesh)
        found = task.run(model)
        error = _errors(before, found, task.part)
        key, part = _worst(error, found)
        if part <= task.tolerance:
            return _Followed(found, model, error)
        why = (
            f"the temperature of '{key}' is uncertain by {part:.2g} of the largest swing, more than "
            f"numerics.tolerance ({task.tolerance:.2g}),"
        )
        before = found


def _errors(before: Courses, found: Courses, part: float) -> dict[str, float]:
    """Largest error of every sensor over all times, from those on two meshes [K]."""
    own = found.error or {}
    removed = {
        name: float(np.abs(values - before.sensors[name]).max(initial=0.0)) / (1 - _LEFT)
        for name, values in found.sensors.items()
    }
    elsewhere = (1 - part) / part * max(removed.values(), default=0.0)
    return {name: _LEFT * value + elsewhere + own.get(name, 0.0) for name, value in removed.items()}


def _worst(error: Mapping[str, float], found: Courses) -> tuple[str, float]:
    """Sensor with the largest error, and that relative to the largest swing of any; none where nothing swings."""
    swing = max((float(np.ptp(values)) for values in found.sensors.values()), default=0.0)
    rounding = _ROUNDING * max((float(np.abs(values).max()) for values in found.sensors.values()), default=0.0)
    key = max(error, key=lambda name: error[name], default="")
    return key, error[key] / swing if key and swing > rounding else 0.0


def _error_table(error: Mapping[str, float]) -> Table:
    return {"sensor": Column("", list(error)), "error": Column("K", list(error.values()))}
