"""Compact models: small dense systems that answer as a large one does, to a tolerance, between all its ports.

Three steps (docs/compact.md has the equations). A rational Krylov basis grows, field by field, where the responses
still change most. The space of it is truncated to the directions that the responses use, with every steady field
kept, so that steady resistances stay exact. Ports get coordinates of their own, and what is left is decoupled into
modes. Everything is a projection of symmetric matrices onto one space for loads and sensors: K and C stay symmetric and
positive, which is why the result is a passive network whatever it is joined to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.threads import single_threaded
from thermonet.system.core import Held, System, Vector
from thermonet.system.growth import Asked, Grown, grown
from thermonet.system.pairs import MASSLESS, Difference, Pairs, modal, pairs
from thermonet.system.rational import RationalBasis, independent

#: Part of the tolerance that the basis may use; truncation has the rest.
_SHARE = 0.75


@dataclass(frozen=True, kw_only=True)
class CompactModel:
    """A small model and what is known of its errors.

    Attributes
    ----------
    system
        Dense, one term "K" and one "C". Its first coordinates are the temperatures of the held ports and of the ports
        that were asked for; the others are amplitudes of modes, between which K and C are diagonal.
    held
        Ports that were held; with these held again K and C are positive definite.
    tolerance
        What was asked for.
    states
        Coordinates that are not held.
    factorisations, substitutions
        What it has cost: factors of large matrices, and fields solved with them.
    shifts
        Expansion points [1/s].
    frequencies
        Where the harmonic error was bounded [Hz]; empty if no highest frequency was given.
    harmonic_errors
        Bound at every frequency, relative to the modulus of the response there, the worst of all pairs.
    error
        The largest of them, zero without frequencies. A true bound but for rounding.
    step_error
        Of the step responses at any time, relative to their steady values, the worst of all pairs. An estimate.
    """

    system: System
    held: tuple[str, ...]
    tolerance: float
    states: int
    factorisations: int
    substitutions: int
    shifts: Vector
    frequencies: Vector
    harmonic_errors: Vector
    error: float
    step_error: float

    @property
    def meets(self) -> bool:
        """Whether both errors are within the tolerance."""
        return max(self.error, self.step_error) <= self.tolerance


@single_threaded
def compact_model(
    held: Held,
    sources: Sequence[str] = (),
    sensors: Sequence[str] = (),
    ports: Sequence[str] = (),
    *,
    tolerance: float = 1e-3,
    highest_frequency: float | None = 1e6,
    most_states: int = 24,
) -> CompactModel:
    """Small model of a held system.

    Parameters
    ----------
    held
        The large system. Its held ports stay coordinates, so the small model can be joined there, too.
    sources, sensors
        What heats and what is read.
    ports
        Isothermal ports that are not held, but to which others will be joined: both source and sensor.
    tolerance
        Of every response of a sensor or port to a source or port: of steps at all times relative to the steady value,
        and of the modulus of harmonic ones. Of a transfer that is far weaker than the responses of its two ends at
        themselves, relative to a thousandth of their geometric mean.
    highest_frequency
        Up to which harmonic responses are wanted [Hz]; none where steps are enough.
    most_states
        The result has at most so many states, but never less than its steady fields need; if these are too few for the
        tolerance, its errors say so.

    Raises
    ------
    PhysicsError
        Nothing to answer, a name the system does not have, a port of several unknowns, one that is held, a tolerance or
        frequency that is not positive, or no heat capacity anywhere.
    """
    _refuse(held, sources, sensors, ports, tolerance, highest_frequency)
    asked = _asked(held.system, sources, sensors, ports, tolerance, highest_frequency)
    basis = grown(held, asked, _SHARE * tolerance)
    kept, difference = _truncated(basis, asked, most_states)
    system = _with_ports(basis.basis, kept, sources, sensors, ports)
    errors = _harmonic_errors(basis, difference)
    return CompactModel(
        system=system,
        held=held.ports,
        tolerance=tolerance,
        states=kept.shape[1],
        factorisations=len(basis.basis.shifts),
        substitutions=basis.basis.substitutions,
        shifts=np.array(sorted(basis.basis.shifts)),
        frequencies=basis.answers.where.frequencies,
        harmonic_errors=errors,
        error=float(errors.max(initial=0.0)),
        step_error=basis.estimate + difference.step,
    )


def _refuse(
    held: Held,
    sources: Sequence[str],
    sensors: Sequence[str],
    ports: Sequence[str],
    tolerance: float,
    highest_frequency: float | None,
) -> None:
    system = held.system
    for kind, names, known in (
        ("source", sources, system.sources),
        ("sensor", sensors, system.sensors),
        ("port", ports, system.ports),
    ):
        unknown = [name for name in names if name not in known]
        if unknown:
            raise PhysicsError(f"the system has no {kind} called {', '.join(unknown)}")
    for name in (*held.ports, *ports):
        if len(system.ports[name]) != 1:
            raise PhysicsError(f"port {name} has {len(system.ports[name])} unknowns, expected an isothermal port")
    twice = [name for name in ports if name in held.ports]
    if twice:
        raise PhysicsError(f"port {twice[0]} is held, so it is a coordinate already; expected one that is not")
    if not (sources or ports) or not (sensors or ports):
        raise PhysicsError("a compact model needs a source and a sensor, or a port that is both")
    if not tolerance > 0 or (highest_frequency is not None and not highest_frequency > 0):
        raise PhysicsError("the tolerance and the highest frequency of a compact model must be positive")
    if not held.C.diagonal().any():
        raise PhysicsError("nothing in the system has a heat capacity: its responses are steady at once")


def _asked(
    system: System,
    sources: Sequence[str],
    sensors: Sequence[str],
    ports: Sequence[str],
    tolerance: float,
    highest_frequency: float | None,
) -> Asked:
    into = np.zeros((system.size, len(ports)))
    for column, port in enumerate(ports):
        into[system.ports[port], column] = 1.0
    loads = np.column_stack([*(system.sources[name] for name in sources), into])
    weights = np.column_stack([*(system.sensors[name] for name in sensors), into])
    return Asked(loads, weights, tolerance, highest_frequency)


def _truncated(basis: Grown, asked: Asked, most_states: int) -> tuple[Vector, Difference]:
    """Fewest directions of a basis (m, states) that meet the tolerance, and what they leave out.

    Balanced truncation: the responses to an impulse of all loads and sensors, each scaled to the same steady energy,
    use some directions of the space more than others, and for a symmetric system the same ones matter for what is
    driven and for what is seen (A. C. Antoulas, Approximation of Large-Scale Dynamical Systems, SIAM, 2005, section
    7.1). The steady fields come first, so that steady responses stay exact.
    """
    directions, steady = _by_weight(basis.model)
    fields = basis.model.shapes.T @ basis.basis.basis.T
    loads, weights = fields @ asked.loads, fields @ asked.weights
    stored = basis.model.time_constants

    def left_out(states: int) -> Difference:
        some = directions[:, :states]
        small = pairs(some.T @ some, some.T @ (stored[:, np.newaxis] * some), some.T @ loads, some.T @ weights)
        return basis.answers.against(small)

    most = max(steady, min(most_states, directions.shape[1]))
    allowed = max(asked.tolerance - basis.estimate, 0.0)
    low, high = steady, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if left_out(middle).largest <= allowed else (middle + 1, high)
    return basis.model.shapes @ directions[:, :high], left_out(high)


def _by_weight(model: Pairs) -> tuple[Vector, int]:
    """Directions in a model's modes (m, m), those used most first after the steady fields, whose number it returns."""
    slow = np.maximum(model.time_constants, MASSLESS * model.time_constants[0])
    fields = np.column_stack([model.drive, model.read.T])
    fields = independent(fields / np.linalg.norm(fields, axis=0))
    root = np.sqrt(slow)[:, np.newaxis]
    # In coordinates where C is one: the Gramian of exp(-t / tau) fields / sqrt tau, integrated over all times.
    gramian = (fields @ fields.T) * (root * root.T) / (slow[:, np.newaxis] + slow)
    used = np.linalg.eigh(gramian)[1][:, ::-1]
    frame = independent(np.column_stack([root * fields, used]))
    orthonormal = np.linalg.qr(frame)[0]
    directions = orthonormal / root
    return directions / np.linalg.norm(directions, axis=0), fields.shape[1]


def _harmonic_errors(basis: Grown, difference: Difference) -> Vector:
    """Bound by frequency: of the basis, and what truncation was seen to change."""
    scale = basis.answers.scale
    large = basis.bounds / np.maximum(scale - basis.bounds, np.finfo(float).tiny)
    return np.asarray(large.max(axis=(1, 2)) + difference.harmonic)


def _with_ports(
    basis: RationalBasis, kept: Vector, sources: Sequence[str], sensors: Sequence[str], ports: Sequence[str]
) -> System:
    """Small system whose first coordinates are temperatures of ports, and whose others are decoupled modes.

    Of the fields those that vanish at the ports become the modes; what each port drives in the steady state is
    K-orthogonal to them. So K has no entry between the two, and its block of the ports is that of the large system.
    """
    held, system = basis.held, basis.held.system
    fields = basis.basis @ kept
    K, C = kept.T @ basis.K @ kept, kept.T @ basis.C @ kept
    at = [int(system.ports[port][0]) for port in ports]
    driven = _driven(basis)
    shapes, conductance = _port_block(basis, driven, K, fields[at], driven[at])
    inside = scipy.linalg.null_space(fields[at]) if at else np.eye(len(K))
    modes = inside @ modal(inside.T @ K @ inside, inside.T @ C @ inside)[1]
    level = float(np.diag(conductance).max()) if conductance.any() else 1 / float(basis.resistances.max())
    onto = np.column_stack(
        [driven - fields @ (shapes @ driven[at]), fields @ shapes, math.sqrt(level) * (fields @ modes)]
    )
    count = driven.shape[1] + len(at)
    small = np.zeros((onto.shape[1], onto.shape[1]))
    small[:count, :count] = conductance
    small[count:, count:] = level * np.eye(onto.shape[1] - count)
    heat = onto.T @ (held.C @ onto)
    one = np.zeros(onto.shape[1])
    one[:count] = 1.0
    names = (*held.ports, *ports)
    return System(
        K={"K": small},
        C={"C": (heat + heat.T) / 2},
        theta={"K": 1.0, "C": 1.0},
        sources={name: onto.T @ system.sources[name] for name in sources},
        sensors={name: onto.T @ system.sensors[name] for name in sensors},
        ports={name: np.array([place]) for place, name in enumerate(names)},
        one=one,
    )


def _driven(basis: RationalBasis) -> Vector:
    """Steady fields (n, held) of one kelvin at every held port alone; their sum is the uniform field."""
    held, one = basis.held, basis.held.system.one
    unknowns = [int(held.system.ports[port][0]) for port in held.ports]
    found = np.zeros((held.system.size, len(unknowns)))
    for column, unknown in enumerate(unknowns[:-1]):
        own = (held.fixed == unknown).astype(float)
        found[:, column] = held.solve(np.zeros(held.system.size), held=own)
        basis.substitutions += 2
    found[:, -1] = one - found.sum(axis=1)
    return found


def _port_block(basis: RationalBasis, driven: Vector, K: Vector, at: Vector, seen: Vector) -> tuple[Vector, Vector]:
    """Fields of free ports, and the steady conductances [W/K] between held and free ones.

    Parameters
    ----------
    basis, driven
        The large system, and what its held ports drive while the free ones float (n, held).
    K
        Conductance in the space (m, m).
    at
        Values of its fields at the free ports (free, m).
    seen
        Temperatures of the free ports per kelvin at the held ones (free, held).

    Returns
    -------
    shapes
        Amplitudes (m, free) of the fields that have one kelvin at one free port, none at the others.
    conductance
        (held + free, held + free): symmetric, every row sums to zero.
    """
    answered = np.linalg.solve(K, at.T)
    own = np.linalg.inv(at @ answered)
    floating = np.zeros((driven.shape[1], driven.shape[1]))
    if len(floating) > 1:
        floating = driven.T @ basis.flows(driven)
    across = own @ seen
    found = np.block([[floating + seen.T @ across, -across.T], [-across, own]])
    found = (found + found.T) / 2
    # No heat is made: what rounding leaves of a row's sum goes to its diagonal.
    found -= np.diag(found.sum(axis=1))
    return answered @ own, found
