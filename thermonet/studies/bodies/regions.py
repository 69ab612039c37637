"""The study of a body of regions: a mesh of its own, refined where the answers need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from thermonet.documents.body.drawn import DrawnDocument
from thermonet.heat.bodies.body import Body
from thermonet.heat.bodies.model import BodyModel, axis_names, body_model
from thermonet.quantities.errors import NotConvergedError
from thermonet.quantities.inputs import Input
from thermonet.results.record import Check, Column, Quantity, Table
from thermonet.studies.bodies.answered import Answered, answer_sizes
from thermonet.studies.bodies.answers import Answers, SolvedBody, moved_answers
from thermonet.studies.bodies.in_time import (
    Request,
    body_transient,
    compared,
    periodic_table,
    temperatures_at_end,
    transient_balance,
    transient_table,
)
from thermonet.studies.bodies.mesh import BodyMesh, first_mesh, moved_mesh, touching_pairs
from thermonet.studies.bodies.nonlinear import NonlinearBody, solve_nonlinear_body
from thermonet.studies.bodies.refinement import Refined, refined_body, refined_nonlinear_body
from thermonet.studies.bodies.regions_design import drawn_body
from thermonet.studies.bodies.tables import energy_balance, reciprocity, response_tables
from thermonet.studies.sensitivities import gradients
from thermonet.studies.values import Values
from thermonet.uncertainty.budget import Gradient


def answered_regions(document: DrawnDocument, values: Values) -> Answered:
    """Mesh, solve and refine a body of regions.

    Raises
    ------
    NotConvergedError
        The requested numerical tolerance was not met within the limits, or Newton's iteration failed.
    PhysicsError
        The drawing cannot be meshed, or a name is not on the mesh.
    """
    start = first_mesh(document, values)
    touching = touching_pairs(start.mesh)
    body, _ = drawn_body(document, values, touching)
    rebuilt = _Rebuilt(document, start, frozenset(touching))
    if body.is_linear:
        return _linear(rebuilt, refined_body(body, start, document.numerics))
    return _nonlinear(rebuilt, refined_nonlinear_body(body, start, document.numerics))


@dataclass(frozen=True)
class _Rebuilt:
    """A document, for building its body again at other values.

    Attributes
    ----------
    document
        The document.
    start
        Its first mesh.
    touching
        Pairs of regions that meet.
    """

    document: DrawnDocument
    start: BodyMesh
    touching: frozenset[frozenset[str]]

    def body(self, values: Values) -> Body:
        """Body at the values handed out."""
        return drawn_body(self.document, values, self.touching)[0]

    def mesh(self, values: Values, mesh: BodyMesh) -> BodyMesh | None:
        """A given mesh moved onto the drawing at the values handed out; None where no dimension changed."""
        _, drawing = drawn_body(self.document, values, self.touching)
        return None if drawing is None else moved_mesh(mesh, drawing)


def _linear(rebuilt: _Rebuilt, refined: Refined[SolvedBody]) -> Answered:
    solved = refined.solved
    body = solved.body

    def near(values: Values) -> Answers:
        changed, moved = rebuilt.body(values), rebuilt.mesh(values, refined.mesh)
        if moved is None and _extents(changed) != _extents(body):
            moved = refined.mesh
        return moved_answers(solved, changed, None if moved is None else moved.mesh)

    def slopes(inputs: Mapping[str, Input]) -> Mapping[str, Gradient]:
        return gradients(near, inputs)

    rise = solved.rise()
    in_time = _in_time(rebuilt, refined.mesh, body, solved.model)
    tables = response_tables(solved) | in_time.tables
    if rebuilt.document.periodic is not None:
        tables["periodic"] = periodic_table(solved, rebuilt.document.periodic.points)
    return Answered(
        body=body,
        conforming=refined.mesh.mesh,
        axes=axis_names(body),
        mesh=solved.model.mesh,
        temperature=solved.reference + rise[solved.model.unknowns],
        reference=solved.reference,
        answers=solved.answers,
        sizes=answer_sizes(solved),
        errors=refined.errors,
        in_time=in_time.quantities,
        tables=tables,
        checks={
            "energy_balance": energy_balance(solved.heats(rise), solved.model.powers),
            "reciprocity": reciprocity(solved),
            **in_time.checks,
        },
        slopes=slopes,
    )


def _extents(body: Body) -> tuple[float | None, ...]:
    """Dimensions that a mesh does not show: matrices hold them, not the coefficients of their terms [m]."""
    return body.depth, *(filling.thickness for filling in body.fillings.values())


def _nonlinear(rebuilt: _Rebuilt, refined: Refined[NonlinearBody]) -> Answered:
    solved = refined.solved
    body = solved.body

    def slopes(inputs: Mapping[str, Input]) -> Mapping[str, Gradient]:
        # Every difference solves the body anew: two meshes coarser that is a small part of the study, not most of it.
        guess = solve_nonlinear_body(body, refined.coarse.mesh).temperature

        def near(values: Values) -> Answers:
            moved = rebuilt.mesh(values, refined.coarse) or refined.coarse
            found = solve_nonlinear_body(rebuilt.body(values), moved.mesh, guess)
            shift = found.reference - solved.reference
            return {
                key: value + (shift if key.startswith("temperature.") else 0.0) for key, value in found.answers.items()
            }

        return gradients(near, inputs)

    in_time = _in_time(rebuilt, refined.mesh, body, solved.model)
    return Answered(
        body=body,
        conforming=refined.mesh.mesh,
        axes=axis_names(body),
        mesh=solved.model.mesh,
        temperature=solved.temperature[solved.model.unknowns],
        reference=solved.reference,
        answers=solved.answers,
        sizes=answer_sizes(solved),
        errors=refined.errors,
        in_time=in_time.quantities,
        tables=in_time.tables,
        checks={"energy_balance": energy_balance(solved.heats(), solved.model.powers), **in_time.checks},
        slopes=slopes,
    )


@dataclass(frozen=True)
class _Time:
    """Tables, checks and quantities of a body in time."""

    tables: dict[str, Table] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)
    quantities: dict[str, Quantity] = field(default_factory=dict)


def _in_time(rebuilt: _Rebuilt, mesh: BodyMesh, body: Body, model: BodyModel) -> _Time:
    """Follow a transient on meshes that are refined until it is as exact as was asked; nothing where none is asked."""
    stated = rebuilt.document.transient
    if stated is None:
        return _Time()
    initial = rebuilt.document.temperature if stated.initial is None else stated.initial
    request = Request(
        until=stated.until.value,
        initial=initial.value,
        tolerance=stated.tolerance.value,
        step=None if stated.step is None else stated.step.value,
        points=stated.points,
    )
    tolerance, largest = rebuilt.document.numerics.tolerance.value, rebuilt.document.numerics.largest_model
    before = body_transient(body, model, request, judged=False)
    while True:
        mesh = mesh.refined_everywhere()
        if mesh.mesh.points.shape[1] > largest:
            raise NotConvergedError(
                f"the transient needs more than the {largest} unknowns of numerics.largest_model for its tolerance"
            )
        found = body_transient(body, body_model(body, mesh.mesh), request, judged=True)
        judged = compared(before, found)
        if judged.worst <= tolerance:
            break
        before = found
    error = Column("K", [judged.error[name] for name in found.sensors])
    tables: dict[str, Table] = {
        "transient": transient_table(found),
        "transient_error": {"sensor": Column("", list(found.sensors)), "error": error},
    }
    return _Time(tables, {"transient_heat_balance": transient_balance(found)}, temperatures_at_end(judged))
