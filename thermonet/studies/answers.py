"""What a probe answers: the numbers of a study that a single model gives, and how they change with it.

A probe is projected once onto the fields that matter (`system.reduction`); every number is then a function of that
small model, and so is its derivative by anything that changes the matrices. Both are those of the large model: the
projection holds the fields and the adjoint fields of every number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from thermonet.heat.probe import Probe, ProbeModel, probe_model
from thermonet.heat.tip import FilmConductance, film_conductance
from thermonet.system.core import Held, System, Vector
from thermonet.system.modes import Transfer, transfer
from thermonet.system.reduction import krylov_basis, reduced, summed
from thermonet.system.response import bandwidth, elmore_time, rise_time

#: Moments matched per expansion point, and the points [1/s] for times down to a microsecond.
_MOMENTS, _SHIFTS = 9, (0.0, 1e6)

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

    model: ProbeModel
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
    model = probe_model(probe, element_scale, by_term=by_term)
    foot = np.zeros(model.system.size)
    foot[model.system.ports["foot"]] = 1.0
    system = model.system
    if model.plate is not None:
        system = system.with_source("foot", foot).with_sensor("foot", foot)
    held = system.hold(model.ground)
    response = krylov_basis(
        held,
        np.column_stack([system.sources["apex"], system.sensors["thermocouple"]]),
        moments=_MOMENTS,
        shifts=_SHIFTS,
    )
    basis = np.concatenate([response, _fresh(held, foot, response)], axis=1) if model.plate is not None else response
    small = reduced(held, basis)
    sensing = probe.sensing
    film = film_conductance(model.tip, sensing.metals[1], sensing.source_layer)
    seen = transfer(small.hold(model.ground), "thermocouple", "apex")
    answers = _answers(small, model.ground, seen, film.conductance if film else None)
    return SolvedProbe(model, held, basis, small, seen, film, answers)


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


@dataclass(frozen=True)
class Change:
    """How the small model changes with one parameter: derivatives of its matrices and vectors by it."""

    K: Vector
    C: Vector
    source: Vector
    contact: Vector
    thermocouple: Vector
    film: float


def change_by_coefficients(solved: SolvedProbe, slopes: Mapping[str, float]) -> Change:
    """Change with a parameter that moves coefficients alone; `slopes` are d(theta_i)/d(parameter)."""
    small, size = solved.small, solved.small.size
    nothing = np.zeros(size)
    conduction = {name: slope for name, slope in slopes.items() if name in small.K}
    capacity = {name: slope for name, slope in slopes.items() if name in small.C}
    film = 0.0
    if solved.film is not None:
        terms, field = solved.model.tip.system.K, solved.film.field
        film = sum(slope * float(field @ (terms[name] @ field)) for name, slope in conduction.items() if name in terms)
    return Change(
        K=sum((slope * small.K[name] for name, slope in conduction.items()), np.zeros((size, size))),
        C=sum((slope * small.C[name] for name, slope in capacity.items()), np.zeros((size, size))),
        source=nothing,
        contact=nothing,
        thermocouple=nothing,
        film=film,
    )


def change_by_shape(solved: SolvedProbe, lower: Probe, upper: Probe, element_scale: float, step: float) -> Change:
    """Change with a parameter that moves the mesh: matrices differenced on the mapped mesh, nothing solved.

    Parameters
    ----------
    solved
        The probe between.
    lower, upper
        The probe with the parameter smaller and larger by `step`; the same topology.
    element_scale
        That of `solved`.
    step
        Of the parameter [its unit].
    """
    shapes = solved.model.harmonic_shapes
    ends = [
        _projected(probe_model(probe, element_scale, by_term=False, harmonic_shapes=shapes), solved)
        for probe in (lower, upper)
    ]
    return Change(*((high - low) / (2 * step) for low, high in zip(*ends, strict=True)))


def _projected(model: ProbeModel, onto: SolvedProbe) -> tuple[Vector, Vector, Vector, Vector, Vector, float]:
    """Matrices and vectors of a model of the same topology, in the small coordinates of another."""
    system, count = model.system, len(onto.small.ports)
    basis = np.concatenate([np.zeros((system.size, count)), onto.basis], axis=1)
    film = 0.0
    if onto.film is not None:
        tip = model.tip.system
        film = float(onto.film.field @ (tip.total(tip.K) @ onto.film.field))
    return (
        basis.T @ (system.total(system.K) @ basis),
        basis.T @ (system.total(system.C) @ basis),
        basis.T @ system.sources["apex"],
        basis.T @ system.sensors["contact"],
        basis.T @ system.sensors["thermocouple"],
        film,
    )


def derivatives(solved: SolvedProbe, change: Change, step: float) -> Answers:
    """Derivative of every answer by a parameter: differences of the small model, a few dozen unknowns.

    Parameters
    ----------
    solved, change
        The small model and how it moves.
    step
        Of the parameter; small against its size, large against rounding [its unit].
    """
    small, ground = summed(solved.small), solved.model.ground
    film = solved.film.conductance if solved.film else None

    def moved(by: float) -> Answers:
        other = replace(
            small,
            K={"K": small.K["K"] + by * change.K},
            C={"C": small.C["C"] + by * change.C},
            sources={**small.sources, "apex": small.sources["apex"] + by * change.source},
            sensors={
                **small.sensors,
                "contact": small.sensors["contact"] + by * change.contact,
                "thermocouple": small.sensors["thermocouple"] + by * change.thermocouple,
            },
        )
        seen = transfer(other.hold(ground), "thermocouple", "apex")
        return _answers(other, ground, seen, None if film is None else film + by * change.film)

    upper, lower = moved(step), moved(-step)
    return {key: (upper[key] - lower[key]) / (2 * step) for key in upper}
