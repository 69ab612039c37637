"""Meshes of a nonlinear body, refined where its answers need it until three of them tell that they are exact enough.

Where the error comes from is estimated with all properties frozen at the temperatures found; how large it is, by what
refinement changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermonet.documents.body.drawn import BodyNumericsEntry
from thermonet.geometry.mesh import Ints
from thermonet.heat.adaptive import holding
from thermonet.heat.bodies.body import Body
from thermonet.heat.bodies.frozen import frozen_body
from thermonet.heat.bodies.geometry_error import geometry_errors
from thermonet.heat.bodies.goals import at_nodes, heat_load
from thermonet.heat.bodies.joule import joule_error
from thermonet.heat.equilibrated.conductor import Load
from thermonet.heat.error import discretisation_error
from thermonet.heat.goal_error import goal_errors
from thermonet.quantities.errors import NotConvergedError
from thermonet.studies.bodies.answered import answer_sizes, relative, reported, too_uncertain, worst_of
from thermonet.studies.bodies.answers import Answers, bath_fields
from thermonet.studies.bodies.fields import TOTAL, goal_of
from thermonet.studies.bodies.mesh import BodyMesh
from thermonet.studies.bodies.nonlinear import NonlinearBody, solve_nonlinear_body
from thermonet.studies.bodies.refinement import Refined, resolved, share_of_power
from thermonet.studies.bodies.time_marks import PART


def refined_nonlinear_body(body: Body, start: BodyMesh, numerics: BodyNumericsEntry) -> Refined[NonlinearBody]:
    """Refine the mesh of a nonlinear body.

    Raises
    ------
    NotConvergedError
        The tolerance would take more unknowns than are allowed, or Newton's iteration failed.
    """
    tolerance, largest = numerics.tolerance.value, numerics.largest_model
    meshes = [resolved(body, start, largest)]
    solutions = [solve_nonlinear_body(body, meshes[-1].mesh)]
    while True:
        faults = _faults(solutions[-1], meshes[-1])
        if len(solutions) > 2:
            errors, sizes = _errors(solutions[-3:], faults), answer_sizes(solutions[-1])
            worst = worst_of(errors, sizes)
            if relative(errors[worst], sizes[worst]) <= tolerance:
                return Refined(solutions[-1], meshes[-1], errors, meshes[-3])
        mesh = meshes[-1].refined(faults.cells)
        if mesh.mesh.points.shape[1] > largest:
            raise NotConvergedError(_refusal(solutions, faults, tolerance, largest))
        meshes.append(mesh)
        solutions.append(solve_nonlinear_body(body, mesh.mesh))


def _errors(solutions: list[NonlinearBody], faults: _Faults) -> Answers:
    """Error of every answer from three meshes, from the cells that were not split and from what no field shows."""
    coarse, middle, fine = (found.answers for found in solutions)
    sizes = answer_sizes(solutions[-1])
    changed = max((relative(abs(fine[key] - middle[key]), sizes[key]) for key in fine), default=0.0)
    elsewhere = (1 - PART) / PART * changed
    return {
        key: discretisation_error(fine[key], middle[key], coarse[key]) + elsewhere * sizes[key] + faults.beside[key]
        for key in fine
    }


def _refusal(solutions: list[NonlinearBody], faults: _Faults, tolerance: float, largest: int) -> str:
    limit = f"numerics.largest_model ({largest} unknowns)"
    if len(solutions) < 3:
        return f"three meshes for an estimate of the error do not fit into {limit}"
    errors, sizes = _errors(solutions[-3:], faults), answer_sizes(solutions[-1])
    worst = worst_of(errors, sizes)
    value = reported(solutions[-1].answers, solutions[-1].reference, worst)
    part = relative(errors[worst], sizes[worst])
    return f"{too_uncertain(value, worst, part, tolerance)}; the next mesh would exceed {limit}"


@dataclass(frozen=True)
class _Faults:
    """What a mesh does to answers.

    Attributes
    ----------
    cells
        The fewest that have nearly all of the error of the answers, each relative to its size; all where none has any.
    beside
        Error of every answer by curved surfaces and by the sources' own fields.
    """

    cells: Ints
    beside: Answers


def _faults(solved: NonlinearBody, mesh: BodyMesh) -> _Faults:
    model, body, ports = solved.model, solved.body, list(solved.body.baths)
    frozen = frozen_body(model, solved.temperature, solved.reference)
    held = solved.system.frozen(solved.state.rise, solved.state.base).hold(*ports)
    loads: dict[str, Load] = {TOTAL: frozen.total}
    vectors = {TOTAL: solved.temperature - solved.reference}
    heats = {f"source.{name}": (name, heat, model.system.sources[name]) for name, heat in model.heats.items()}
    heats |= {f"sensor.{name}": (name, mean, model.system.sensors[name]) for name, mean in model.means.items()}
    for key, (name, heat, vector) in heats.items():
        loads[key], vectors[key] = heat_load(model, name, heat), np.asarray(held.solve(vector), dtype=float)
    for port, field in zip(ports, bath_fields(held, ports), strict=True):
        loads[f"bath.{port}"], vectors[f"bath.{port}"] = frozen.baths[port], field
    names, answers, sizes = list(loads), solved.answers, answer_sizes(solved)
    goals = [goal_of(body, key) for key in answers]
    pairs = [(names.index(first), names.index(second)) for first, second in goals]
    fields = at_nodes(model, np.column_stack([vectors[name] for name in names]))
    found = goal_errors(frozen.conductor, list(loads.values()), fields, pairs)
    indicators, beside = found.indicators, np.zeros(len(answers))
    if mesh.curves is not None:
        misplaced = geometry_errors(frozen.conductor, mesh.mesh, mesh.curves, fields, pairs)
        indicators, beside = indicators + misplaced.indicators, beside + misplaced.estimate
    for name, current in model.currents.items():
        wrong = joule_error(current, mesh.mesh.cells.shape[1])
        shares = np.array([share_of_power(model, answers, key, name) for key in answers])
        indicators, beside = indicators + shares[:, np.newaxis] * wrong.indicators, beside + wrong.relative * shares
    weights = np.array([1 / sizes[key] if sizes[key] > 0 else 0.0 for key in answers])
    errors = dict(zip(answers, (float(error) for error in beside), strict=True))
    return _Faults(holding(np.asarray(weights @ indicators), PART), errors)
