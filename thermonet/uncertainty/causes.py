"""Which inputs move together: one cause under two names, stated coefficients, results of the same measurement."""

from __future__ import annotations

import math
import warnings
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.inputs import Input

#: Correlation coefficients of pairs of inputs, by their names.
Correlations = Mapping[tuple[str, str], float]
#: The same by the causes of the two.
Stated = Mapping[frozenset[Hashable], float]

#: Published coefficients are rounded; a matrix that is not positive semidefinite by no more is taken as such.
_ROUNDING = 1e-3
#: What is left of two shared causes that cancel each other.
_CANCELLED = 1e-12


class SameObjectWarning(UserWarning):
    """Two inputs of a model are one and the same unnamed object and were taken as one cause."""


class Joint(NamedTuple):
    """Inputs that belong together, as `propagate` and `simulate` take them.

    Attributes
    ----------
    inputs
        By name.
    correlations
        Coefficients of every pair that is correlated.
    """

    inputs: dict[str, Input]
    correlations: dict[tuple[str, str], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived(Input):
    """A result that is an input now, and remembers what it came from.

    Attributes
    ----------
    cause
        Its own identity; two copies of one result are one cause.
    parents
        Inputs of the model that it is an output of, with its derivatives by them.
    stated
        Correlations among its ancestors, and with the other outputs of its model.
    """

    cause: Hashable = field(default=None, compare=False, repr=False)
    parents: tuple[tuple[Input, float], ...] = field(default=(), compare=False, repr=False)
    stated: Stated = field(default_factory=dict, compare=False, repr=False)


class _Same:
    """Identity of an input without a name; holds the object, so that its address is not given to another."""

    def __init__(self, value: Input) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def cause_of(value: Input) -> Hashable:
    """What makes two inputs one: being one result, bearing one name, or being one object."""
    if isinstance(value, Derived):
        return value.cause
    return value.name or _Same(value)


@dataclass(frozen=True)
class Known:
    """The uncertain inputs of a model and how they vary together.

    Attributes
    ----------
    names
        Of the inputs that are not exact, in the order of the model.
    inputs
        The same by name.
    stated
        Every known coefficient: of this model, of its inputs' ancestors.
    here
        Causes for which this model itself states a coefficient that they did not bring along.
    correlation
        Matrix of coefficients, (names, names).
    """

    names: tuple[str, ...]
    inputs: Mapping[str, Input]
    stated: Stated
    here: frozenset[Hashable]
    correlation: NDArray[np.float64]

    @property
    def u(self) -> NDArray[np.float64]:
        """Standard uncertainties, (names,)."""
        return np.array([self.inputs[name].u for name in self.names])

    @property
    def covariance(self) -> NDArray[np.float64]:
        """Covariances, (names, names)."""
        return self.correlation * np.outer(self.u, self.u)


def known_inputs(inputs: Mapping[str, Input], correlations: Correlations | None) -> Known:
    """Sort out which inputs are uncertain and how they are correlated.

    Raises
    ------
    PhysicsError
        A coefficient of an unknown name, outside -1 .. 1 or stated twice, a matrix that no quantities can have,
        two inputs of one name that differ.
    """
    uncertain = {name: value for name, value in inputs.items() if not value.is_exact}
    _warn_of_one_object(uncertain)
    brought: dict[frozenset[Hashable], float] = {}
    for value in uncertain.values():
        if isinstance(value, Derived):
            brought.update(value.stated)
    added = _stated_here(inputs, correlations or {})
    here = frozenset(cause for pair in added if pair not in brought for cause in pair)
    stated = brought | added
    matrix = np.eye(len(uncertain))
    memory: dict[frozenset[Hashable], float] = {}
    values = list(uncertain.values())
    for i, first in enumerate(values):
        for j, second in enumerate(values[:i]):
            coefficient = _covariance(first, second, stated, memory) / (first.u * second.u)
            matrix[i, j] = matrix[j, i] = coefficient if abs(coefficient) > _CANCELLED else 0.0
    _check_matrix(matrix, tuple(uncertain))
    return Known(tuple(uncertain), uncertain, stated, here, matrix)


def _warn_of_one_object(uncertain: Mapping[str, Input]) -> None:
    by_cause: dict[Hashable, str] = {}
    for name, value in uncertain.items():
        cause = cause_of(value)
        if cause in by_cause and isinstance(cause, _Same):
            warnings.warn(
                f"inputs '{by_cause[cause]}' and '{name}' are one and the same object and vary as one; "
                "make an Input of its own for each where they are two quantities, or give it a name",
                SameObjectWarning,
                stacklevel=4,
            )
        by_cause.setdefault(cause, name)


def _stated_here(inputs: Mapping[str, Input], correlations: Correlations) -> dict[frozenset[Hashable], float]:
    """Coefficients by the causes of the pair; those of an exact input say nothing."""
    found: dict[frozenset[Hashable], float] = {}
    for pair, coefficient in correlations.items():
        _check_coefficient(pair, coefficient, inputs)
        first, second = (inputs[name] for name in pair)
        causes = frozenset((cause_of(first), cause_of(second)))
        label = " and ".join(pair)
        if len(causes) == 1:
            if coefficient != 1:
                raise PhysicsError(f"{label} are one cause, so their correlation is 1 and not {coefficient:g}")
        elif found.setdefault(causes, float(coefficient)) != coefficient:
            raise PhysicsError(f"the correlation of {label} is stated twice, {found[causes]:g} and {coefficient:g}")
    exact = {cause_of(value) for value in inputs.values() if value.is_exact}
    return {pair: value for pair, value in found.items() if not pair & exact}


def _check_coefficient(pair: tuple[str, str], coefficient: float, inputs: Mapping[str, Input]) -> None:
    if isinstance(pair, str) or len(pair) != 2:
        raise PhysicsError(f"a correlation belongs to a pair of names such as ('a', 'b'), got {pair!r}")
    for name in pair:
        if name not in inputs:
            raise PhysicsError(f"the correlation of {pair} names '{name}', expected one of {', '.join(inputs)}")
    if not -1 <= coefficient <= 1:
        raise PhysicsError(f"the correlation of {' and '.join(pair)} lies outside -1 .. 1: {coefficient}")


def _covariance(a: Input, b: Input, stated: Stated, memory: dict[frozenset[Hashable], float]) -> float:
    """Covariance of two inputs, traced to the causes that they share."""
    first, second = cause_of(a), cause_of(b)
    if first == second:
        _check_same(a, b)
        return a.u * b.u
    pair = frozenset((first, second))
    if pair in stated:
        return stated[pair] * a.u * b.u
    if pair not in memory:
        if isinstance(a, Derived):
            memory[pair] = math.fsum(slope * _covariance(parent, b, stated, memory) for parent, slope in a.parents)
        elif isinstance(b, Derived):
            memory[pair] = math.fsum(slope * _covariance(a, parent, stated, memory) for parent, slope in b.parents)
        else:
            memory[pair] = 0.0
    return memory[pair]


def _check_same(a: Input, b: Input) -> None:
    if a is not b and (a.value, a.u, a.distribution, a.dof) != (b.value, b.u, b.distribution, b.dof):
        message = f"two different inputs bear the name '{a.name}' ({a.value:g}, u {a.u:g}; {b.value:g}, u {b.u:g})"
        raise PhysicsError(f"{message}; one name is one cause, expected two names")


def _check_matrix(matrix: NDArray[np.float64], names: Sequence[str]) -> None:
    if len(names) < 2 or np.array_equal(matrix, np.eye(len(names))):
        return
    values, vectors = np.linalg.eigh(matrix)
    if values[0] < -_ROUNDING:
        guilty = ", ".join(name for name, part in zip(names, vectors[:, 0], strict=True) if abs(part) > 0.1)
        raise PhysicsError(
            f"the correlations of {guilty} contradict each other: the matrix of coefficients is not positive "
            f"semidefinite (smallest eigenvalue {values[0]:.3g}); expected coefficients that quantities can have"
        )


def groups(known: Known) -> list[tuple[str, ...]]:
    """Names of the inputs that are correlated with each other, directly or by others, in the order of the model."""
    return components(known.names, known.correlation)


def components(names: Sequence[str], correlation: NDArray[np.float64]) -> list[tuple[str, ...]]:
    """Parts of a matrix of coefficients between which all coefficients are zero."""
    left, found = set(range(len(names))), []
    while left:
        part, fresh = set(), {min(left)}
        while fresh:
            part |= fresh
            fresh = {j for i in fresh for j in left if correlation[i, j]} - part
        left -= part
        found.append(tuple(names[i] for i in sorted(part)))
    return found


def traced(known: Known, slopes: Iterable[float]) -> tuple[list[tuple[Input, float]], NDArray[np.float64]]:
    """Go back from a result to the causes behind its inputs: (cause, derivative) and their correlation matrix.

    A derived input stands for itself only where this model states a coefficient for it.
    """
    found: dict[Hashable, tuple[Input, float]] = {}

    def trace(value: Input, slope: float) -> None:
        cause = cause_of(value)
        if isinstance(value, Derived) and cause not in known.here:
            for parent, derivative in value.parents:
                trace(parent, slope * derivative)
        elif not value.is_exact:
            found[cause] = (value, slope + (found[cause][1] if cause in found else 0.0))

    for name, slope in zip(known.names, slopes, strict=True):
        trace(known.inputs[name], slope)
    values = [value for value, _ in found.values()]
    matrix = np.eye(len(values))
    memory: dict[frozenset[Hashable], float] = {}
    for i, first in enumerate(values):
        for j, second in enumerate(values[:i]):
            covariance = _covariance(first, second, known.stated, memory)
            matrix[i, j] = matrix[j, i] = covariance / (first.u * second.u)
    return list(found.values()), matrix
