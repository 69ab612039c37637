"""Propagation of distributions (JCGM 101) beside first order, and whether the two agree."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool

import numpy as np
from numpy.typing import NDArray

from thermonet.documents.probe import ProbeDocument
from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.inputs import Input
from thermonet.studies.answers import Answers, solve_probe
from thermonet.studies.design import probe_of
from thermonet.studies.values import Values
from thermonet.uncertainty.intervals import Comparison, numerical_tolerance, shortest_interval

_COVERAGE, _FACTOR = 0.95, 1.959963984540054
_CHUNK = 25

Progress = Callable[[int, int], None]


def silent(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class MonteCarlo:
    """Trials that gave an answer, draws that no probe can be built from, and what came out."""

    trials: int
    impossible: int
    quantities: Mapping[str, Comparison]


def draw(inputs: Mapping[str, Input], trials: int, seed: int) -> dict[str, NDArray[np.float64]]:
    """Independent draws of every uncertain input, (trials,) each; the seed fixes them whatever the number of jobs."""
    generator = np.random.default_rng(seed)
    return {name: value.at(generator.random(trials)) for name, value in inputs.items() if not value.is_exact}


def monte_carlo(
    document: ProbeDocument,
    inputs: Mapping[str, Input],
    nominal: Mapping[str, tuple[float, float]],
    *,
    trials: int,
    seed: int,
    element_scale: float,
    jobs: int = 1,
    progress: Progress = silent,
) -> MonteCarlo:
    """Solve the probe anew for every draw of its inputs.

    Parameters
    ----------
    document, inputs
        The design and its inputs.
    nominal
        Value and first-order u of the quantities to compare, by key.
    trials, seed
        Number of draws and where they start.
    element_scale
        Of the meshes; the numerical error of a coarse one is far below u, and its offset is taken out.
    jobs
        Processes.
    progress
        Called with (done, total).
    """
    draws = draw(inputs, trials, seed)
    rows: list[dict[str, float]] = [{name: float(values[i]) for name, values in draws.items()} for i in range(trials)]
    chunks = [rows[i : i + _CHUNK] for i in range(0, trials, _CHUNK)]
    found: list[Answers | None] = []
    for answers in _each(document, chunks, element_scale, jobs):
        found += answers
        progress(len(found), trials)
    possible = [answers for answers in found if answers is not None]
    if len(possible) < 2:
        raise PhysicsError("the draws gave no probe that can be built; the inputs' uncertainties are too wide")
    centre = solve_probe(probe_of(document, Values()), element_scale).answers
    quantities = {
        key: _summary(np.array([answers[key] for answers in possible]) + (value - centre[key]), value, u)
        for key, (value, u) in nominal.items()
    }
    return MonteCarlo(len(possible), trials - len(possible), quantities)


def _each(
    document: ProbeDocument, chunks: Sequence[list[dict[str, float]]], scale: float, jobs: int
) -> Iterator[list[Answers | None]]:
    """Answers of every chunk, in order."""
    solve = partial(_answers, document, scale)
    if jobs == 1:
        yield from map(solve, chunks)
        return
    # Leaving the pool ends its processes at once, also on an interrupt, which is the parent's affair alone.
    with Pool(jobs, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)) as pool:
        yield from pool.imap(solve, chunks)


def _answers(document: ProbeDocument, scale: float, rows: Sequence[dict[str, float]]) -> list[Answers | None]:
    found: list[Answers | None] = []
    for row in rows:
        try:
            found.append(solve_probe(probe_of(document, Values(row)), scale).answers)
        except PhysicsError:  # a draw that nobody could build, such as an opening wider than the tip
            found.append(None)
    return found


def _summary(trials: NDArray[np.float64], value: float, u: float) -> Comparison:
    """Trials beside value ± 1.96 u of first order; the ends may differ by half a unit of the first digit of u."""
    low, high = shortest_interval(trials, _COVERAGE)
    expanded = _FACTOR * u
    return Comparison(
        mean=float(trials.mean()),
        u=float(trials.std(ddof=1)),
        low=low,
        high=high,
        first_order=(value - expanded, value + expanded),
        tolerance=numerical_tolerance(u, digits=1),
    )
