"""Propagation of distributions through an adjustment (JCGM 101): every trial is a campaign adjusted anew.

A trial draws every stated input from its own distribution and every reading about what was read, and solves the
estimating equations ``A^T S^-1 g(z, theta) + V_0^-1 (theta - theta_0) = 0`` for the parameters. A and S are those of
the nominal estimate, which changes nothing to first order and leaves the curvature of the protocols in g in full.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.adjustment import AdjustedRecord, Adjustment
from thermonet.calibration.conditions import Vector, slope
from thermonet.calibration.outcome import Derived
from thermonet.quantities.errors import NotConvergedError
from thermonet.quantities.inputs import Input
from thermonet.uncertainty.intervals import Comparison, numerical_tolerance
from thermonet.uncertainty.montecarlo import simulate_blocks
from thermonet.uncertainty.probability import above_normal

_NOMINAL_STEPS, _MAX_STEPS = 6, 40
#: In standard uncertainties; far below what a quantile of so many trials resolves.
_CONVERGED = 1e-3
#: Trials at a time: their readings fit a processor's cache.
_CHUNK = 1000
#: Part of the tolerance that trials must be stable to where they are to validate first order. JCGM 101, 8.2, would
#: have a fifth; at a half the ends of both intervals are still told apart to the tolerance.
_VALIDATING = 0.5
_FEWEST_BLOCKS = 4
#: Adaptive trials end at so many readings drawn, whether they are stable or not.
_MOST_READINGS = 12_000_000


def trial_values(adjustment: Adjustment, trials: int, generator: np.random.Generator) -> dict[str, Vector]:
    """Estimates (trials, 1) of every parameter, from redrawn inputs and readings.

    Raises
    ------
    NotConvergedError
        A trial did not settle: the inputs' distributions reach where the protocols have no solution.
    """
    stated = _drawn_inputs(adjustment, trials, generator)
    readings = {name: drawn_readings(record, trials, generator) for name, record in adjustment.records.items()}
    return solved(adjustment, readings, stated)


def solved(adjustment: Adjustment, readings: Mapping[str, Mapping[str, Any]], stated: Vector) -> dict[str, Vector]:
    """Estimates (trials, 1) from readings (trials, n) by record and channel and stated inputs (trials, p).

    Steps with the nominal normal matrix settle nearly all trials; what is left, far from the nominal estimate, takes
    steps with derivatives of its own.
    """
    u = np.sqrt(np.diag(adjustment.covariance))
    step: NDArray[Any]
    found = np.tile(adjustment.values, (len(stated), 1))
    left = np.arange(len(stated))
    for number in range(_MAX_STEPS):
        own = {name: _of_trials(channels, left, len(stated)) for name, channels in readings.items()}
        score = _score(adjustment, own, found[left], stated[left])
        if number < _NOMINAL_STEPS:
            step = score @ adjustment.gain
        else:
            step = np.linalg.solve(_slopes(adjustment, own, found[left]), score[:, :, None])[:, :, 0]
        found[left] -= step
        left = left[np.max(np.abs(step) / u, axis=1) >= _CONVERGED]
        if not len(left):
            return {name: found[:, [j]] for j, name in enumerate(adjustment.names)}
    raise NotConvergedError(
        "a Monte Carlo trial did not settle: the inputs' distributions reach values at which the protocols have no "
        "solution; expected narrower ones"
    )


def _of_trials(channels: Mapping[str, Any], chosen: NDArray[np.int64], trials: int) -> dict[str, Any]:
    """Readings of some of the trials; a channel that all trials share stays as it is."""
    if len(chosen) == trials:
        return dict(channels)
    return {key: z[chosen] if z.ndim == 2 and len(z) == trials else z for key, z in channels.items()}


def _score(adjustment: Adjustment, readings: Mapping[str, Mapping[str, Any]], found: Vector, stated: Vector) -> Vector:
    """Estimating functions (trials, p); zero at the estimates."""
    places = {name: j for j, name in enumerate(adjustment.names)}
    values = {name: found[:, [j]] for name, j in places.items()}
    score = (found - stated) @ adjustment.prior_weight
    for name, record in adjustment.records.items():
        misclosures = record.conditions.misclosure(readings[name], values)
        own = [places[key] for key in record.conditions.parameters]
        score[:, own] += misclosures @ (record.design * (record.weights / record.u**2)[:, None])
    return score


def _slopes(adjustment: Adjustment, readings: Mapping[str, Mapping[str, Any]], found: Vector) -> Vector:
    """Derivatives (trials, p, p) of the estimating functions by the parameters, by complex steps."""
    slopes = np.empty((*found.shape, found.shape[1]))
    for j, along in enumerate(np.eye(found.shape[1])):
        slopes[:, :, j] = slope(_along, along, adjustment, readings, found)
    return slopes


def _along(
    step: complex, direction: Vector, adjustment: Adjustment, readings: Mapping[str, Mapping[str, Any]], found: Vector
) -> NDArray[Any]:
    return _score(adjustment, readings, found + step * direction, np.zeros_like(found))


def drawn_readings(record: AdjustedRecord, trials: int, generator: np.random.Generator) -> dict[str, Any]:
    """Readings (trials, n) by channel about those that were read.

    Noise that was estimated from the scatter is drawn from Student's t: its standard deviation is itself uncertain
    (JCGM 101, 6.4.9).
    """
    block = record.conditions
    found: dict[str, Any] = dict(block.observed)
    for channel, u in block.u.items():
        found[channel] = block.observed[channel] + u * generator.standard_normal((trials, block.size))
    if record.estimated:
        by_answer = record.by_answer
        spread = np.sqrt(record.dof / generator.chisquare(record.dof, (trials, 1)))
        noise = record.u * spread * generator.standard_normal((trials, block.size))
        for channel in block.dependent:
            found[channel] = block.observed[channel] + noise / by_answer
    return found


def _drawn_inputs(adjustment: Adjustment, trials: int, generator: np.random.Generator) -> Vector:
    """Draws (trials, p) of the stated inputs, with their correlations; zero where nothing is stated.

    Correlated inputs are drawn through normal scores with the stated coefficients, which is exact for normal ones.
    """
    found = np.zeros((trials, len(adjustment.parameters)))
    places = [j for j, parameter in enumerate(adjustment.parameters) if parameter.prior is not None]
    if not places:
        return found
    u = np.array([value.u for value in (adjustment.parameters[j].prior for j in places) if value is not None])
    coefficients = np.linalg.inv(adjustment.prior_weight[np.ix_(places, places)] * np.outer(u, u))
    root = np.linalg.cholesky(coefficients)
    scores = generator.standard_normal((trials, len(places))) @ root.T
    for i, j in enumerate(places):
        prior = adjustment.parameters[j].prior
        assert prior is not None
        found[:, j] = _at_score(prior, scores[:, i])
    return found


def _at_score(prior: Input, score: Vector) -> Vector:
    if prior.distribution == "normal" and math.isinf(prior.dof):
        return np.asarray(prior.value + prior.u * score)
    return prior.at(above_normal(-score))


@dataclass(frozen=True)
class Trials:
    """Monte Carlo beside first order.

    Attributes
    ----------
    count
        Trials that were made.
    stabilised
        Whether they were stable to the tolerance that validates first order.
    quantities
        Both ways side by side, by key; the trials' interval is the probabilistically symmetric one.
    shortest
        Shortest interval that holds as many of the trials, by key.
    """

    count: int
    stabilised: bool
    quantities: Mapping[str, Comparison]
    shortest: Mapping[str, tuple[float, float]]


def propagated(
    adjustment: Adjustment,
    derived: Mapping[str, Derived],
    *,
    probability: float,
    trials: int | None = None,
    seed: int = 0,
) -> Trials:
    """Propagate the distributions of inputs and readings to every derived number.

    Parameters
    ----------
    adjustment, derived
        The nominal estimate and what follows from it.
    probability
        Of the intervals.
    trials
        A number, or None for as many as it takes for one digit of u to be stable to half of its tolerance, which is
        enough to validate first order.
    seed
        Of the random numbers.
    """

    def block(generator: np.random.Generator, count: int) -> dict[str, Vector]:
        parts = [_derived_values(adjustment, derived, size, generator) for size in _chunks(count)]
        return {key: np.concatenate([part[key] for part in parts]) for key in derived}

    found = simulate_blocks(
        block,
        probability=probability,
        digits=1,
        trials="adaptive" if trials is None else trials,
        seed=seed,
        tolerance_share=_VALIDATING,
        cap=_MOST_READINGS // sum(record.conditions.size for record in adjustment.records.values()),
        fewest_blocks=_FEWEST_BLOCKS,
        units={key: item.unit for key, item in derived.items()},
    )
    quantities = {
        key: Comparison(
            mean=found.values[key],
            u=found.u[key],
            low=found.ends(key)[0],
            high=found.ends(key)[1],
            first_order=item.expanded(probability).interval,
            # Where tails are heavy the trials' own u would make everything agree.
            tolerance=numerical_tolerance(min(found.u[key], item.u), 1),
            stabilised=found.stabilised,
        )
        for key, item in derived.items()
    }
    return Trials(found.trials, found.stabilised, quantities, found.shortest)


def _derived_values(
    adjustment: Adjustment, derived: Mapping[str, Derived], count: int, generator: np.random.Generator
) -> dict[str, Vector]:
    values = trial_values(adjustment, count, generator)
    return {key: np.broadcast_to(item.function(values), (count, 1))[:, 0] for key, item in derived.items()}


def _chunks(count: int) -> Iterator[int]:
    """Sizes that fit a processor's cache."""
    while count > 0:
        yield min(_CHUNK, count)
        count -= _CHUNK
