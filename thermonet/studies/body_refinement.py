"""Meshes of a body of regions, refined until every answer is as exact as was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from thermonet.documents.body.drawn import BodyNumericsEntry
from thermonet.heat.body import Body
from thermonet.heat.error import discretisation_error
from thermonet.quantities.errors import NotConvergedError
from thermonet.studies.body_answered import answer_sizes, relative, reported, too_uncertain, worst_of
from thermonet.studies.body_answers import Answers, SolvedBody, solve_body
from thermonet.studies.body_mesh import BodyMesh
from thermonet.studies.body_nonlinear import NonlinearBody, solve_nonlinear_body


class Solved(Protocol):
    """A body solved on a mesh."""

    @property
    def answers(self) -> Answers:
        """Numbers by key, temperatures above the reference."""

    @property
    def reference(self) -> float:
        """Temperature that they are counted from [K]."""


Solution = TypeVar("Solution", bound=Solved)


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
    """Refine the mesh of a linear body.

    Raises
    ------
    NotConvergedError
        The tolerance would take more unknowns than are allowed.
    """
    return _everywhere(lambda mesh: solve_body(body, mesh.mesh), answer_sizes, start, numerics)


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
        sizes = sizes_of(solutions[-1])
        worst = worst_of(errors, sizes)
        part = relative(errors[worst], sizes[worst])
        if part <= tolerance:
            return Refined(solutions[-1], mesh, errors)
    limit = f"numerics.largest_model ({largest} unknowns)"
    if not worst:
        raise NotConvergedError(f"three meshes for an estimate of the error do not fit into {limit}")
    value = reported(solutions[-1].answers, solutions[-1].reference, worst)
    raise NotConvergedError(f"{too_uncertain(value, worst, part, tolerance)}; the next mesh would exceed {limit}")
