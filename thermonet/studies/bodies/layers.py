"""The study of a body of layers: mapped meshes of one topology, refined by halving all elements."""

from __future__ import annotations

from collections.abc import Mapping

from thermonet.documents.body.layered import LayeredDocument
from thermonet.geometry.layered import Shape, body_mesh
from thermonet.heat.bodies.body import Body
from thermonet.heat.bodies.model import axis_names
from thermonet.heat.error import discretisation_error
from thermonet.quantities.errors import NotConvergedError
from thermonet.quantities.inputs import Input
from thermonet.studies.bodies.answered import (
    Answered,
    answer_sizes,
    relative,
    reported,
    too_uncertain,
    worst_of,
)
from thermonet.studies.bodies.answers import Answers, SolvedBody, moved_answers, solve_body
from thermonet.studies.bodies.exports import body_exports
from thermonet.studies.bodies.layers_design import layered_body
from thermonet.studies.bodies.tables import energy_balance, reciprocity, response_tables
from thermonet.studies.sensitivities import gradients
from thermonet.studies.values import Values
from thermonet.uncertainty.budget import Gradient

#: Refinements tried before a study gives up on its tolerance.
_REFINEMENTS = 3
#: Sensitivities need no finer mesh than this: its error is a thousandth of a sensitivity at most.
_COARSE = 1.0


def answered_layers(document: LayeredDocument, values: Values) -> Answered:
    """Mesh, solve and refine a body of layers.

    Raises
    ------
    NotConvergedError
        The requested numerical tolerance was not met after all refinements.
    """
    body, shape = layered_body(document, values)
    stated = document.numerics.element_scale.value
    solved, errors, scale = converged_layers(body, shape, stated, document.numerics.tolerance.value)
    coarse_scale = min(_COARSE, stated) if scale < _COARSE else scale

    def near(coarse: SolvedBody, values: Values) -> Answers:
        moved, its_shape = layered_body(document, values)
        return moved_answers(coarse, moved, None if its_shape == shape else body_mesh(its_shape, coarse_scale))

    def slopes(inputs: Mapping[str, Input]) -> Mapping[str, Gradient]:
        coarse = solved if coarse_scale == scale else solve_body(body, body_mesh(shape, coarse_scale))
        return gradients(lambda values: near(coarse, values), inputs)

    rise = solved.rise()
    return Answered(
        body=body,
        conforming=body_mesh(shape, scale),
        axes=axis_names(body),
        mesh=solved.model.mesh,
        temperature=solved.reference + rise[solved.model.unknowns],
        reference=solved.reference,
        answers=solved.answers,
        sizes=answer_sizes(solved),
        errors=errors,
        tables=response_tables(solved),
        checks={
            "energy_balance": energy_balance(solved.heats(rise), solved.model.powers),
            "reciprocity": reciprocity(solved),
        },
        slopes=slopes,
        exports=body_exports(document, solved),
    )


def converged_layers(body: Body, shape: Shape, scale: float, tolerance: float) -> tuple[SolvedBody, Answers, float]:
    """Refine until every answer's error, from three nested meshes, meets the tolerance."""

    def solved_at(scale: float) -> SolvedBody:
        return solve_body(body, body_mesh(shape, scale))

    meshes = [solved_at(scale * factor).answers for factor in (4, 2)]
    solved = solved_at(scale)
    for refinement in range(_REFINEMENTS + 1):
        meshes.append(solved.answers)
        coarse, middle, fine = meshes[-3:]
        errors = {key: discretisation_error(fine[key], middle[key], coarse[key]) for key in fine}
        sizes = answer_sizes(solved)
        worst = worst_of(errors, sizes)
        part = relative(errors[worst], sizes[worst])
        if part <= tolerance:
            return solved, errors, scale
        if refinement < _REFINEMENTS:
            scale /= 2
            solved = solved_at(scale)
    value = reported(solved.answers, solved.reference, worst)
    raise NotConvergedError(
        f"{too_uncertain(value, worst, part, tolerance)}, after {_REFINEMENTS} refinements at element_scale {scale:g}"
    )
