"""Which field a basis takes next, when it is good enough, and how far it can be off."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thermonet.system.core import Held, Vector
from thermonet.system.pairs import MASSLESS, Grid, Pairs, Reference, grid, pairs, reference
from thermonet.system.rational import Chain, RationalBasis, independent

#: Fields of a chain after which factors at another shift are worth their price, and fields per load at most.
_LONG, _MOST = 16, 80
#: Fields that every chain begins with.
_FIRST = 3
#: A rate within this factor of a shift belongs to that shift's chain.
_NEAR = 3.0


@dataclass(frozen=True)
class Asked:
    """What a small model shall answer.

    Attributes
    ----------
    loads
        Heat per watt (n, sources).
    weights
        Of what is read (n, sensors).
    tolerance
        Of the responses.
    highest_frequency
        Of harmonic ones [Hz], if any.
    """

    loads: Vector
    weights: Vector
    tolerance: float
    highest_frequency: float | None


@dataclass(frozen=True)
class Grown:
    """A basis that is good enough, or as good as it gets.

    Attributes
    ----------
    basis
        Fields and the matrices in them.
    model
        Its responses.
    answers
        The same, evaluated.
    estimate
        Of what the basis leaves out, relative (see `Reference.against`).
    bounds
        On the error of every harmonic response [K/W] (frequencies, sensors, sources).
    """

    basis: RationalBasis
    model: Pairs
    answers: Reference
    estimate: float
    bounds: Vector


def grown(held: Held, asked: Asked, enough: float) -> Grown:
    """Grow a basis until what it leaves out is estimated below a relative error.

    It begins with the moments about zero, which hold the steady fields and the slow modes, and about one fast rate.
    Then the chain goes on whose last field changes the answers most; where one has become long, factors at the rate
    where it still changes them do more than another field of it.
    """
    basis = RationalBasis(held, independent(np.column_stack([asked.loads, asked.weights])))
    count = basis.loads.shape[1]
    _begin(basis, 0.0)
    if basis.open:
        _begin(basis, _fast_rate(basis, asked.loads, asked.tolerance))
    growing = list(basis.last)
    while True:
        growing = [chain for chain in growing if basis.last[chain] is not None]
        model = pairs(basis.K, basis.C, basis.basis.T @ asked.loads, basis.basis.T @ asked.weights)
        answers = reference(model, grid(model, asked.highest_frequency))
        left = _left(basis, answers, growing, asked)
        full = len(basis.K) >= _MOST * count
        if left > enough and not full:
            basis.grow([_next(basis, answers, growing, asked)])
            continue
        chains = [chain for chain in basis.open if chain.shift == 0]
        fields = basis.next_fields(chains)
        bounds = _bounds(basis, fields, model, answers.where)
        if full or not chains or (bounds / answers.scale).max(initial=0.0) <= enough:
            return Grown(basis, model, answers, left, bounds)
        basis.add(chains, fields)


def _begin(basis: RationalBasis, shift: float) -> None:
    """First fields of all loads about a shift."""
    chains = [Chain(shift, load) for load in range(basis.loads.shape[1])]
    for _ in range(_FIRST):
        basis.grow([chain for chain in chains if basis.last.get(chain, 0) is not None])


def _left(basis: RationalBasis, answers: Reference, growing: Sequence[Chain], asked: Asked) -> float:
    """Estimate of what the fields that are still to come would change.

    Without the last field of every growing chain the answers differ by d_1, without the last two by d_2. Where every
    round of fields changes r times what the one before did, 1 + 1 / r is d_2 / d_1, and d_1 r / (1 - r) is to come;
    d_1 where that is more, for the rounds are not that even. Convergence that is no faster than the inverse of the
    number of rounds bounds r.
    """
    rounds = min((len(basis.columns[chain]) for chain in growing), default=0)
    if rounds < 2:
        return math.inf if growing else 0.0
    one, two = (answers.against(_without(basis, growing, count, asked)).largest for count in (1, 2))
    most = 1 - 1 / rounds
    rate = min(one / (two - one), most) if two > one else most
    return one * max(rate / (1 - rate), 1.0)


def _next(basis: RationalBasis, answers: Reference, growing: list[Chain], asked: Asked) -> Chain:
    """Chain that goes on, or one that begins in the place of one that has become long."""
    losses = {chain: answers.against(_without(basis, [chain], 1, asked)) for chain in growing}
    chain = max(losses, key=lambda one: losses[one].largest)
    if len(basis.columns[chain]) < _LONG:
        return chain
    growing.remove(chain)
    rate = losses[chain].at
    near = [shift for shift in basis.shifts if shift / _NEAR <= rate <= shift * _NEAR]
    found = Chain(near[0] if near else rate, chain.load)
    if found in basis.last:  # it is long itself, or has nothing more to give
        found = Chain(math.sqrt(rate * max(basis.shifts)), chain.load)
    growing.append(found)
    return found


def _without(basis: RationalBasis, chains: Sequence[Chain], count: int, asked: Asked) -> Pairs:
    """Responses without the last fields of some chains."""
    dropped = [column for chain in chains for column in basis.columns[chain][-count:]]
    kept = np.delete(np.arange(len(basis.K)), dropped)
    inside = np.ix_(kept, kept)
    fields = basis.basis[:, kept].T
    return pairs(basis.K[inside], basis.C[inside], fields @ asked.loads, fields @ asked.weights)


def _fast_rate(basis: RationalBasis, loads: Vector, tolerance: float) -> float:
    """Rate [1/s] between those of the slow and of the first part of the fastest rise, geometrically.

    A load b begins to heat itself by b^T C^-1 b per second. The time after which that is a tolerance's part of its
    steady value is the fastest that matters; the slow part is what the moments about zero see to.
    """
    model = pairs(basis.K, basis.C, basis.basis.T @ loads, basis.basis.T @ loads)
    resistances = np.diag(model.resistances)
    free = basis.held.free
    capacity = basis.held.C.diagonal()[free, np.newaxis]
    heated = loads[free] ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(heated > 0, heated / capacity, 0.0).sum(axis=0)
    first = tolerance * resistances / slope
    fastest = int(first.argmin())
    slowest = model.time_constants[0]
    times = np.geomspace(MASSLESS * slowest, slowest, 400)
    risen = 1 - model.remaining(times)[:, fastest, fastest] / resistances[fastest]
    slow = times[int((risen >= 1 - math.exp(-1)).argmax())]
    return 1 / math.sqrt(slow * max(first[fastest], MASSLESS * slowest))


def _bounds(basis: RationalBasis, next_fields: Vector, model: Pairs, where: Grid) -> Vector:
    """Bounds on the error of harmonic responses [K/W] (frequencies, sensors, sources), all from small matrices.

    With residuals r of a source's and of a sensor's field the error is r_l^T (K + i omega C)^-1 r_b, at most the
    product of their norms in K^-1. As K^-1 C maps all the basis into itself but for the last fields about zero, K^-1 r
    lies in the span W of what these lead to next, K-orthogonal to the basis: its norm is |omega W^T C x|
    (docs/compact.md).
    """
    if not next_fields.shape[1] or not len(where.frequencies):
        return np.zeros((len(where.frequencies), *model.resistances.shape))
    for _ in range(2):
        inside = basis.basis.T @ basis.conducted(next_fields)
        next_fields = next_fields - basis.basis @ np.linalg.solve(basis.K, inside)
    energy = next_fields.T @ basis.conducted(next_fields)
    size, directions = np.linalg.eigh(energy)
    kept = size > 1e-14 * size.max(initial=0.0)
    outer = next_fields @ (directions[:, kept] / np.sqrt(size[kept]))
    coupling = outer.T @ basis.stored @ model.shapes
    omega = 2 * math.pi * where.frequencies[:, np.newaxis]
    weight = omega / (1 + 1j * omega * model.time_constants)
    driven = np.linalg.norm(np.einsum("wj,fj,jp->fwp", coupling, weight, model.drive, optimize=True), axis=1)
    seen = np.linalg.norm(np.einsum("wj,fj,qj->fwq", coupling, weight, model.read, optimize=True), axis=1)
    return seen[:, :, np.newaxis] * driven[:, np.newaxis, :]
