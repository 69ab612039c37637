"""The study of a body of regions: a mesh of its own, refined where the answers need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from thermonet.documents.body.drawn import DrawnDocument
from thermonet.geometry.mesh import Mesh
from thermonet.heat.bodies.body import Body
from thermonet.heat.bodies.model import axis_names
from thermonet.quantities.inputs import Input
from thermonet.studies.bodies.answered import Answered, answer_sizes
from thermonet.studies.bodies.answers import Answers, SolvedBody, moved_answers
from thermonet.studies.bodies.exports import body_exports
from thermonet.studies.bodies.followed import in_time
from thermonet.studies.bodies.mesh import BodyMesh, first_mesh, moved_mesh, touching_pairs
from thermonet.studies.bodies.nonlinear import NonlinearBody, solve_nonlinear_body
from thermonet.studies.bodies.refinement import Refined, refined_body
from thermonet.studies.bodies.refinement_nonlinear import refined_nonlinear_body
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
    rebuilt = Rebuilt(document, start, frozenset(touching))
    if body.is_linear:
        return _linear(rebuilt, refined_body(body, start, document.numerics))
    return _nonlinear(rebuilt, refined_nonlinear_body(body, start, document.numerics))


@dataclass(frozen=True)
class Rebuilt:
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

    def moved(self, values: Values, before: Body, mesh: BodyMesh) -> tuple[Body, Mesh | None]:
        """Body at the values handed out, and its mesh; None where the matrices of `before` on `mesh` serve."""
        body, moved = self.body(values), self.mesh(values, mesh)
        if moved is None and _extents(body) != _extents(before):
            moved = mesh
        return body, None if moved is None else moved.mesh


def _linear(rebuilt: Rebuilt, refined: Refined[SolvedBody]) -> Answered:
    solved = refined.solved
    body = solved.body

    def near(values: Values) -> Answers:
        return moved_answers(solved, *rebuilt.moved(values, body, refined.mesh))

    def slopes(inputs: Mapping[str, Input]) -> Mapping[str, Gradient]:
        return gradients(near, inputs)

    rise = solved.rise()
    followed = in_time(rebuilt.document, refined.mesh, solved.model)
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
        in_time=followed.quantities,
        swinging=followed.swinging,
        tables=response_tables(solved) | followed.tables,
        checks={
            "energy_balance": energy_balance(solved.heats(rise), solved.model.powers),
            "reciprocity": reciprocity(solved),
            **followed.checks,
        },
        slopes=slopes,
        exports=body_exports(rebuilt.document, solved),
    )


def _extents(body: Body) -> tuple[float | None, ...]:
    """Dimensions that a mesh does not show: matrices hold them, not the coefficients of their terms [m]."""
    return body.depth, *(filling.thickness for filling in body.fillings.values())


def _nonlinear(rebuilt: Rebuilt, refined: Refined[NonlinearBody]) -> Answered:
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

    followed = in_time(rebuilt.document, refined.mesh, solved.model)
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
        in_time=followed.quantities,
        tables=followed.tables,
        checks={"energy_balance": energy_balance(solved.heats(), solved.model.powers), **followed.checks},
        slopes=slopes,
    )
