"""Propagation of distributions by a Monte Carlo method, and whether first order agrees with it (JCGM 101)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.inputs import Input, shorthand
from thermonet.uncertainty import causes
from thermonet.uncertainty.causes import Correlations, Known
from thermonet.uncertainty.firstorder import Propagated
from thermonet.uncertainty.intervals import (
    Comparison,
    Interval,
    numerical_tolerance,
    shortest_interval,
    symmetric_interval,
)
from thermonet.uncertainty.model import Function, Model

T = TypeVar("T")
Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Mapping[str, Floats]]

#: Trials of a block are no fewer (JCGM 101, 7.9.4 b).
_BLOCK = 10_000
#: The scatter of fewer blocks is itself too uncertain to stop by.
_FEWEST_BLOCKS = 10
_CAP = 5_000_000
#: A quantile is drawn from a probability that is not zero.
_LEAST = 1e-300
_NORMAL = ("normal", "student_t")


class HeavyTailsWarning(UserWarning):
    """A t distribution of two degrees of freedom or fewer was drawn from; it has no standard deviation."""


@dataclass(frozen=True)
class Simulated:
    """Outputs of a model with the distributions that its inputs give them.

    Attributes
    ----------
    values, u
        Mean and standard deviation of the trials, by output (JCGM 101, 7.6).
    symmetric, shortest
        Probabilistically symmetric and shortest coverage interval, by output (JCGM 101, 7.7).
    probability
        That the intervals cover.
    correlation
        Between the outputs, (outputs, outputs), in the order of `values`.
    trials
        How many were made.
    digits
        Significant digits of u that are meant to be stable.
    tolerance
        Numerical tolerance that belongs to them, by output (JCGM 101, 7.9.2).
    stabilised
        Whether twice the standard deviation of mean, u and both ends of the interval, between blocks of trials, is
        within the tolerance; False means that the trials ended before.
    interval
        Which of the two intervals was watched.
    samples
        The trials, by output, (trials,) each.
    units
        Of the outputs, as they were stated.
    """

    values: Mapping[str, float]
    u: Mapping[str, float]
    symmetric: Mapping[str, tuple[float, float]]
    shortest: Mapping[str, tuple[float, float]]
    probability: float
    correlation: Floats
    trials: int
    digits: int
    tolerance: Mapping[str, float]
    stabilised: bool
    interval: Interval
    units: Mapping[str, str]
    samples: Mapping[str, Floats] = field(repr=False)

    @property
    def value(self) -> float:
        """Mean of the only output."""
        return self.values[self.name()]

    @property
    def standard_uncertainty(self) -> float:
        """Standard deviation of the only output."""
        return self.u[self.name()]

    def ends(self, name: str | None = None, interval: Interval | None = None) -> tuple[float, float]:
        """Ends of an output's coverage interval, of the kind that was watched unless another one is named."""
        found = {"symmetric": self.symmetric, "shortest": self.shortest}
        if (kind := interval or self.interval) not in found:
            raise PhysicsError(f"an interval is symmetric or shortest, got {kind!r}")
        return found[kind][self.name(name)]

    def name(self, name: str | None = None) -> str:
        """Name of an output; may be left out where there is one only."""
        if name is None and len(self.values) == 1:
            return next(iter(self.values))
        if name is None or name not in self.values:
            raise PhysicsError(f"output '{name}' is not known, expected one of {', '.join(self.values)}")
        return name

    def __str__(self) -> str:
        state = "stable" if self.stabilised else "not stable"
        rows = []
        for name, value in self.values.items():
            unit = "" if self.units[name] == "1" else f" {self.units[name]}"
            low, high = (f"{end:.6g}" for end in self.ends(name))
            rows.append(
                f"{name} = {shorthand(value, self.u[name])}{unit}, {100 * self.probability:.4g} % {self.interval} "
                f"interval [{low}, {high}]{unit}, {self.trials} trials, {state} to {self.digits} digits of u"
            )
        return "\n".join(rows)


def simulate(
    function: Function,
    inputs: Mapping[str, Input],
    *,
    correlations: Correlations | None = None,
    probability: float = 0.95,
    digits: int = 2,
    trials: int | Literal["adaptive"] = "adaptive",
    seed: int = 0,
    interval: Interval = "symmetric",
    tolerance_share: float = 1.0,
    cap: int = _CAP,
    units: str | Mapping[str, str] = "1",
) -> Simulated:
    """Propagate distributions through a model.

    Parameters
    ----------
    function
        As of `propagate`. It is evaluated on arrays of draws, or draw by draw where it does not take arrays.
    inputs
        By the function's names for them, drawn from their distributions. A normal one with finite degrees of freedom
        is drawn from the scaled and shifted t distribution (JCGM 101, 6.4.9). What is one cause is drawn once.
    correlations
        Coefficients of pairs of normal inputs: they are drawn from a multivariate normal distribution, or a
        multivariate t distribution where all of a group have the same degrees of freedom.
    probability
        Of the coverage intervals.
    digits
        Significant digits of u that shall be stable.
    trials
        A number, or as many blocks of 10 000 (or of 100/(1 - p), where that is more) as it takes until twice the
        standard deviation of the averages of the estimate, of u and of both ends of the interval is below the
        numerical tolerance for every output (JCGM 101, 7.9), but no fewer than ten.
    seed
        Of the random numbers; the same one gives the same trials.
    interval
        The coverage interval to be watched; both are given.
    tolerance_share
        Part of the tolerance to reach; 0.2 where the trials are to validate first order (JCGM 101, 8.2).
    cap
        Adaptive trials end here, stable or not.
    units
        Of the outputs, for printing; one for all or one for each by name.

    Raises
    ------
    PhysicsError
        What `propagate` refuses; correlated inputs that are not normal or have different degrees of freedom; a
        function that is not defined for every draw.

    Warns
    -----
    HeavyTailsWarning
        An input of two degrees of freedom or fewer: u has no limit, the intervals have.

    Examples
    --------
    >>> found = simulate(lambda a, b: a + b, {"a": Input.uniform(-1, 1), "b": Input.uniform(-1, 1)}, probability=0.9)
    >>> [round(end, 1) for end in found.ends()], found.stabilised
    ([-1.4, 1.4], True)
    """
    model = Model(function, inputs)
    known = causes.known_inputs(inputs, correlations)
    _warn_of_heavy_tails(known)
    draw = _sampler(known)

    def block(generator: np.random.Generator, count: int) -> Mapping[str, Floats]:
        return dict(zip(model.names, _block(model, draw(generator, count), count), strict=True))

    return simulate_blocks(
        block,
        probability=probability,
        digits=digits,
        trials=trials,
        seed=seed,
        interval=interval,
        tolerance_share=tolerance_share,
        cap=cap,
        units=model.units(units),
    )


def simulate_blocks(
    block: Callable[[np.random.Generator, int], Mapping[str, Floats]],
    *,
    probability: float = 0.95,
    digits: int = 2,
    trials: int | Literal["adaptive"] = "adaptive",
    seed: int = 0,
    interval: Interval = "symmetric",
    tolerance_share: float = 1.0,
    cap: int = _CAP,
    units: Mapping[str, str],
    fewest_blocks: int = _FEWEST_BLOCKS,
) -> Simulated:
    """Make trials that draw and compute on their own; everything else as `simulate`.

    Parameters
    ----------
    block
        (generator, count) -> outputs of so many trials by name, (count,) each.
    units
        Of the outputs by name.
    fewest_blocks
        Adaptive trials end no earlier; fewer make the end less certain, where trials are expensive.
    """
    _check_options(probability, digits, trials, interval, tolerance_share)
    generator = np.random.default_rng(seed)
    size = max(_BLOCK, math.ceil(100 / (1 - probability)))
    names: tuple[str, ...] = ()
    blocks: list[Floats] = []
    watched = _Watched(probability, digits, interval, tolerance_share)
    for count in _counts(trials, size, max(cap, fewest_blocks * size)):
        found = block(generator, count)
        names = tuple(found)
        blocks.append(np.stack(list(found.values())))
        if count == size:
            watched.add(blocks[-1])
        if trials == "adaptive" and len(blocks) >= fewest_blocks and watched.stable():
            break
    return _summary(names, np.concatenate(blocks, axis=1), watched, units)


def compare(
    propagated: Propagated,
    simulated: Simulated,
    name: str | None = None,
    *,
    digits: int | None = None,
    interval: Interval | None = None,
) -> Comparison:
    """Whether the trials validate first order: the intervals of both, end by end (JCGM 101, clause 8).

    Parameters
    ----------
    propagated, simulated
        Of the same model.
    name
        Of the output; may be left out where there is one only.
    digits
        Significant digits of u regarded as meaningful; those of the simulation if nothing is said.
    interval
        Of the simulation; the one that was watched if nothing is said.
    """
    name = simulated.name(name)
    low, high = simulated.ends(name, interval)
    # Where tails are heavy the trials' own u is huge, or has no limit, and everything would be within its tolerance.
    u = min(simulated.u[name], propagated.u[name])
    return Comparison(
        mean=simulated.values[name],
        u=simulated.u[name],
        low=low,
        high=high,
        first_order=propagated.expanded(name, probability=simulated.probability).interval,
        tolerance=numerical_tolerance(u, simulated.digits if digits is None else digits),
        stabilised=simulated.stabilised,
    )


def _check_options(probability: float, digits: int, trials: int | str, interval: str, tolerance_share: float) -> None:
    if not 0 < probability < 1:
        raise PhysicsError(f"a coverage probability lies between 0 and 1, got {probability}; 95 % is 0.95")
    if digits not in range(1, 7):
        raise PhysicsError(f"the digits of u that are meaningful are 1 or 2, six at most, got {digits!r}")
    if interval not in ("symmetric", "shortest"):
        raise PhysicsError(f"an interval is symmetric or shortest, got {interval!r}")
    if not 0 < tolerance_share <= 1:
        raise PhysicsError(f"the part of the tolerance to reach lies in 0 .. 1, got {tolerance_share}")
    fewest = math.ceil(2 / (1 - probability))
    if trials != "adaptive" and (isinstance(trials, str) or trials != int(trials) or trials < fewest):
        raise PhysicsError(f"trials are 'adaptive' or a whole number, here of at least {fewest}, got {trials!r}")


def _warn_of_heavy_tails(known: Known) -> None:
    names = [name for name, value in known.inputs.items() if value.distribution in _NORMAL and value.dof <= 2]
    if names:
        warnings.warn(
            f"{', '.join(names)}: a t distribution of two degrees of freedom or fewer has no standard deviation "
            "(JCGM 101, 6.4.9.4), so u of the trials has no limit; the coverage intervals have",
            HeavyTailsWarning,
            stacklevel=3,
        )


def _counts(trials: int | str, size: int, cap: int) -> Iterator[int]:
    """Sizes of the blocks, until the trials are made."""
    left = int(cap) if isinstance(trials, str) else int(trials)
    while left > 0:
        yield min(size, left)
        left -= size


def _sampler(known: Known) -> Draw:
    """How to draw all uncertain inputs together."""
    first: dict[object, str] = {}
    for name in known.names:
        first.setdefault(causes.cause_of(known.inputs[name]), name)
    own = list(first.values())
    index = [known.names.index(name) for name in own]
    parts = causes.components(own, known.correlation[np.ix_(index, index)])
    joint = {part: _factor(known, part) for part in parts if len(part) > 1}

    def draw(generator: np.random.Generator, count: int) -> Mapping[str, Floats]:
        drawn: dict[str, Floats] = {}
        for part in parts:
            if part in joint:
                drawn |= _together(known, part, joint[part], generator, count)
            else:
                drawn[part[0]] = known.inputs[part[0]].at(np.maximum(generator.random(count), _LEAST))
        return {name: drawn[first[causes.cause_of(known.inputs[name])]] for name in known.names}

    return draw


def _factor(known: Known, part: Sequence[str]) -> Floats:
    """Matrix that gives independent normal numbers the correlations of a group of inputs."""
    inputs = [known.inputs[name] for name in part]
    for name, value in zip(part, inputs, strict=True):
        if value.distribution not in _NORMAL:
            raise PhysicsError(
                f"'{name}' is correlated and {value.distribution}: a coefficient alone gives no joint distribution "
                "but for normal inputs (JCGM 101, 6.4.8); state in the model the cause that correlated inputs share"
            )
    if len({value.dof for value in inputs}) > 1:
        listed = ", ".join(f"{name}: {value.dof:g}" for name, value in zip(part, inputs, strict=True))
        raise PhysicsError(
            f"correlated inputs have different degrees of freedom ({listed}), which no joint distribution has; "
            "expected the same for all, or a model of the causes behind them"
        )
    index = [known.names.index(name) for name in part]
    values, vectors = np.linalg.eigh(known.correlation[np.ix_(index, index)])
    factor = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.asarray(factor / np.sqrt((factor**2).sum(axis=1, keepdims=True)))  # rounded coefficients aside, no change


def _together(
    known: Known, part: Sequence[str], factor: Floats, generator: np.random.Generator, count: int
) -> dict[str, Floats]:
    """Draws from a multivariate normal distribution, or t where the degrees of freedom are finite."""
    inputs = [known.inputs[name] for name in part]
    scattered = factor @ generator.standard_normal((len(part), count))
    if math.isfinite(dof := inputs[0].dof):
        scattered /= np.sqrt(generator.chisquare(dof, count) / dof)
    return {name: value.value + value.u * row for name, value, row in zip(part, inputs, scattered, strict=True)}


def _block(model: Model, draws: Mapping[str, Floats], count: int) -> Floats:
    """Outputs of a block of trials, (outputs, trials); every one is a number."""
    if not draws:
        return np.repeat(model.values[:, None], count, axis=1)
    found = _outputs(model, draws)
    bad = ~np.isfinite(found).all(axis=0)
    if bad.any():
        where = int(np.argmax(bad))
        name = model.names[int(np.argmin(np.isfinite(found[:, where])))]
        at = ", ".join(f"{key} = {draw[where]:.6g}" for key, draw in draws.items())
        raise PhysicsError(
            f"output '{name}' is no finite number for {int(bad.sum())} of {count} draws, first at {at}; expected "
            "distributions within the function's domain, such as a bounded or a lognormal one"
        )
    return found


def _outputs(model: Model, draws: Mapping[str, Floats]) -> Floats:
    if model.vectorises(draws):
        try:
            return model.over(draws, vectorised=True)
        except (ValueError, ArithmeticError):  # one draw may fail all; single ones show which
            pass
    return model.over(draws, vectorised=False)


class _Watched:
    """Estimates, u and interval ends of every block, (outputs, 4) each, and whether their averages are stable."""

    def __init__(self, probability: float, digits: int, interval: Interval, share: float) -> None:
        self.probability, self.digits, self.interval, self._share = probability, digits, interval, share
        self._found: list[Floats] = []

    def add(self, block: Floats) -> None:
        find = symmetric_interval if self.interval == "symmetric" else shortest_interval
        rows = [(row.mean(), row.std(ddof=1), *find(row, self.probability)) for row in block]
        self._found.append(np.array(rows))

    def stable(self) -> bool:
        """Whether twice the standard deviation of every average is within the tolerance (JCGM 101, 7.9.4)."""
        if len(self._found) < 2:
            return False
        found = np.stack(self._found)
        scatter = found.std(axis=0, ddof=1) / math.sqrt(len(found))
        u = np.sqrt((found[:, :, 1] ** 2).mean(axis=0) + found[:, :, 0].var(axis=0))
        allowed = np.array([numerical_tolerance(one, self.digits) for one in u])
        return bool(np.all(2 * scatter <= self._share * allowed[:, None]))


def _summary(names: Sequence[str], samples: Floats, watched: _Watched, units: Mapping[str, str]) -> Simulated:
    probability = watched.probability
    u = samples.std(axis=1, ddof=1)
    return Simulated(
        values=_by_name(names, samples.mean(axis=1).tolist()),
        u=_by_name(names, u.tolist()),
        symmetric=_by_name(names, [symmetric_interval(row, probability) for row in samples]),
        shortest=_by_name(names, [shortest_interval(row, probability) for row in samples]),
        probability=probability,
        correlation=_correlation(samples, u),
        trials=samples.shape[1],
        digits=watched.digits,
        tolerance=_by_name(names, [numerical_tolerance(one, watched.digits) for one in u.tolist()]),
        stabilised=watched.stable(),
        interval=watched.interval,
        units=dict(units),
        samples=_by_name(names, list(samples)),
    )


def _correlation(samples: Floats, u: Floats) -> Floats:
    centred = samples - samples.mean(axis=1, keepdims=True)
    scaled = np.divide(centred, u[:, None], out=np.zeros_like(centred), where=u[:, None] > 0)
    found = scaled @ scaled.T / (samples.shape[1] - 1)
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


def _by_name(names: Sequence[str], values: Sequence[T]) -> Mapping[str, T]:
    return dict(zip(names, values, strict=True))
