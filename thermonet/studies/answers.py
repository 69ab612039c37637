"""What a probe answers: the numbers of a study that a single model gives, and how they change with it.

A probe is projected once onto the fields that matter (`system.reduction`); every number is then a function of that
small model, and so is its derivative by anything that changes the matrices. Both are those of the large model: the
projection holds the fields and the adjoint fields of every number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from thermonet.heat.probe import Probe, ProbeModel, coefficients, same_shape
from thermonet.heat.tip import FilmConductance, tip_coefficients
from thermonet.studies.probe_solid import AnyProbeModel, assembled, film_between
from thermonet.system.core import Held, System, Vector
from thermonet.system.modes import Transfer, transfer
from thermonet.system.reduction import krylov_basis, reduced, summed
from thermonet.system.response import bandwidth, elmore_time, rise_time

#: Moments matched per expansion point: s = 0 for the slow modes, and 1/t_63 for the beginning of the response.
_MOMENTS = 9

Answers = dict[str, float]


@dataclass(frozen=True)
class SolvedProbe:
    """A probe's model, its small equivalent and the numbers it gives.

    Attributes
    ----------
    model
        The large model.
    held
        The large system, held at its ground.
    basis
        What the small model's coordinates mean (n, m).
    small
        The small model; as the large one but dense, with the sensor and source 'foot'.
    transfer
        Thermocouple per watt from the apex source.
    film
        Heat through the film between the source's metal and the thermocouple, if there is one.
    answers
        Numbers by their key in the result.
    """

    model: AnyProbeModel
    held: Held
    basis: Vector
    small: System
    transfer: Transfer
    film: FilmConductance | None
    answers: Answers


def solve_probe(probe: Probe, element_scale: float, *, by_term: bool = False) -> SolvedProbe:
    """Mesh, assemble and solve a probe.

    Parameters
    ----------
    probe, element_scale
        What, and how finely.
    by_term
        Keep the small model's affine terms apart, for derivatives (costs a projection per term).
    """
    model = assembled(probe, element_scale, by_term=by_term)
    foot = np.zeros(model.system.size)
    foot[model.system.ports["foot"]] = 1.0
    system = model.system
    if model.plate is not None:
        system = system.with_source("foot", foot).with_sensor("foot", foot)
    held = system.hold(model.ground)
    response = _response_basis(held)
    basis = np.concatenate([response, _fresh(held, foot, response)], axis=1) if model.plate is not None else response
    small = reduced(held, basis)
    sensing = probe.sensing
    film = film_between(model, sensing.metals[1], sensing.source_layer)
    seen = transfer(small.hold(model.ground), "thermocouple", "apex")
    answers = _answers(small, model.ground, seen, film.conductance if film else None)
    return SolvedProbe(model, held, basis, small, seen, film, answers)


def _response_basis(held: Held) -> Vector:
    """Fields of the response of the thermocouple to the source, slow and fast."""
    system = held.system
    vectors = np.column_stack([system.sources["apex"], system.sensors["thermocouple"]])
    slow = krylov_basis(held, vectors, moments=_MOMENTS)
    first = transfer(reduced(held, slow).hold(*held.ports), "thermocouple", "apex")
    return krylov_basis(held, vectors, moments=_MOMENTS, shifts=(1 / rise_time(first),), known=slow)


def _fresh(held: Held, load: Vector, basis: Vector) -> Vector:
    """Steady field of one more load, as far as the basis does not hold it."""
    field = np.asarray(held.solve(load), dtype=float)
    for _ in range(2):
        field = field - basis @ (basis.T @ field)
    return (field / np.linalg.norm(field))[:, np.newaxis]


def _answers(small: System, ground: str, seen: Transfer, film: float | None) -> Answers:
    held = small.hold(ground)
    found = {
        "probe_resistance": seen.resistance,
        "time_constant_slowest": float(seen.time_constants[0]),
        "time_constant_elmore": elmore_time(seen),
        "time_constant_63": rise_time(seen),
        "bandwidth_3db": bandwidth(seen),
        "apex_resistance": float(small.sensors["contact"] @ held.solve(small.sources["apex"])),
    }
    if "foot" in small.sources:
        found["base_resistance"] = float(small.sensors["foot"] @ held.solve(small.sources["foot"]))
    if film is not None:
        found["film_resistance"] = 1 / film
    return found


def moved_answers(solved: SolvedProbe, probe: Probe, element_scale: float) -> Answers:
    """Answers of a probe close to a solved one, in the small coordinates of that; nothing large is solved.

    Differences of these are derivatives: exact for coefficients, and for dimensions because the matrices of the moved
    mesh are met by the fields and adjoint fields of the solved one.

    Parameters
    ----------
    solved
        The solved probe, with its affine terms kept apart.
    probe
        One that differs little, of the same topology.
    element_scale
        That of `solved`.
    """
    ground, film = solved.model.ground, None
    small, tip = _moved(solved, probe, element_scale)
    if solved.film is not None:
        # The field of least dissipation between the metals, so its energy is right to second order.
        film = float(solved.film.field @ (tip.total(tip.K) @ solved.film.field))
    return _answers(small, ground, transfer(small.hold(ground), "thermocouple", "apex"), film)


def moved_small(solved: SolvedProbe, probe: Probe, element_scale: float) -> System:
    """Small model of a probe close to a solved one, in the coordinates of that; parameters as of `moved_answers`."""
    return _moved(solved, probe, element_scale)[0]


def _moved(solved: SolvedProbe, probe: Probe, element_scale: float) -> tuple[System, System]:
    """Small model of a probe close to a solved one, and the large one of its tip."""
    if same_shape(probe, solved.model.probe):
        small = summed(solved.small.at(coefficients(probe)))
        return small, solved.model.tip.system.at(tip_coefficients(probe.properties))
    shapes = solved.model.harmonic_shapes if isinstance(solved.model, ProbeModel) else None
    model = assembled(probe, element_scale, by_term=False, harmonic_shapes=shapes)
    return _projected(model, solved), model.tip.system


def _projected(model: AnyProbeModel, onto: SolvedProbe) -> System:
    """Small model of a probe of the same topology as another one, in the coordinates of that."""
    system, small = model.system, onto.small
    basis = np.column_stack([system.one, onto.basis])
    foot = {name: small.sources[name] for name in small.sources if name == "foot"}
    moved = summed(system).mapped(basis, one=small.one, ports=small.ports)
    return replace(moved, sources={**moved.sources, **foot}, sensors={**moved.sensors, **foot})
