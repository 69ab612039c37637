"""Least-squares adjustment of conditions with parameters: every experiment of a campaign in one estimate.

A row of a record holds readings `z` of several channels, each with its noise. The protocol says what must vanish at
the true readings and parameters, ``g(z, theta) = 0``. Parameters are what is sought (no prior) and every uncertain
input (its stated value is an observation like any other). The estimate minimises

    sum (z - z_true)^2 / u_z^2  +  (theta - theta_0)^T V_0^-1 (theta - theta_0)     subject to  g(z_true, theta) = 0.

Linearised at the adjusted readings this is the Gauss-Helmert model: with ``A = dg/dtheta``, ``B = dg/dz`` and ``s^2 =
sum (B u_z)^2`` every step is a weighted least-squares problem (W. E. Deming, Statistical Adjustment of Data, 1943; H.
I. Britt and R. H. Luecke, Technometrics 15, 233 (1973)). For a straight line with errors in both variables it gives
what D. York's equations give.

Because the estimate is a linear function of all readings and stated values, its covariance is a sum over causes: one
per stated input (or group of correlated ones) and one per record's noise. Those parts are the uncertainty budget.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.conditions import (
    CalibrationError,
    Conditions,
    Parameter,
    Readings,
    Values,
    Vector,
)
from thermonet.quantities.errors import NotConvergedError
from thermonet.quantities.inputs import Input

_MAX_ITERATIONS = 60
#: Steps below this part of the standard uncertainty change nothing that is printed.
_CONVERGED = 1e-8
#: What rounding may leave of a step that does not get shorter.
_ROUNDING = 1e-4
#: Singular values below this part of the largest one, of columns scaled to one, mean a direction that nothing fixes.
_RANK = 1e-9
#: Huber's constant: 95 % efficient for normal noise.
_HUBER = 1.345
#: Standard deviation of normal noise over its median absolute deviation.
_NORMAL_MAD = 1.482602218505602


@dataclass(frozen=True, kw_only=True)
class AdjustedRecord:
    """A record after the adjustment.

    Attributes
    ----------
    conditions
        The record and its protocol.
    readings
        Adjusted readings (n,) by channel.
    misclosures
        Of the observed readings, at the estimate (n,).
    u
        Standard uncertainty of a misclosure from noise (n,).
    design
        Derivatives of the misclosures by the record's parameters (n, p).
    slopes
        Derivatives of the misclosures by the noisy channels, (n,) each.
    weights
        Robust weights, 1 where a reading counts in full (n,).
    rank
        Number of directions in the space of parameters that this record fixes.
    estimated
        Whether the noise came from the scatter.
    values
        Estimates by name that all this was taken at.
    """

    conditions: Conditions
    readings: Readings
    misclosures: Vector
    u: Vector
    design: Vector
    slopes: Mapping[str, Vector]
    weights: Vector
    rank: int
    estimated: bool
    values: Values

    @property
    def dof(self) -> int:
        """Degrees of freedom of the scatter about what this record fixes."""
        return self.conditions.size - self.rank

    @property
    def by_answer(self) -> Vector:
        """Derivatives (n,) of the misclosures by the channels that answer, moved together."""
        return self.conditions.by_channels(self.conditions.observed, self.values, *self.conditions.dependent)


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Where a part of the covariance comes from: an input, a group of correlated inputs, the noise of a record.

    Attributes
    ----------
    name
        Path of the input, or of the record's noise.
    covariance
        Its part (p, p) in the covariance of the parameters.
    direction
        Derivative (p,) of the parameters by the input; None for noise and groups.
    dof
        Degrees of freedom behind it.
    input
        The input, where it is one.
    """

    name: str
    covariance: Vector
    direction: Vector | None = None
    dof: float = math.inf
    input: Input | None = None


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """The estimate.

    Attributes
    ----------
    parameters
        In the order of the arrays.
    values, covariance
        Estimate (p,) and covariance (p, p), the sum over all causes.
    gain
        Inverse of the normal matrix (p, p): turns weighted misclosures into a step. Equal to the covariance but for
        robust weights.
    records
        Records after the adjustment, by name.
    causes
        Parts of the covariance; they sum to it.
    chi_squared, dof
        Of everything: noise and stated inputs.
    prior_weight
        Inverse covariance (p, p) of the stated inputs, zero where nothing is stated.
    """

    parameters: tuple[Parameter, ...]
    values: Vector
    covariance: Vector
    gain: Vector = field(repr=False)
    records: Mapping[str, AdjustedRecord]
    causes: tuple[Cause, ...]
    chi_squared: float
    dof: int
    prior_weight: Vector = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(parameter.name for parameter in self.parameters)

    def index(self, name: str) -> int:
        """Place of a parameter in the arrays."""
        return self.names.index(name)

    def value(self, name: str) -> float:
        """Estimate of one parameter."""
        return float(self.values[self.index(name)])

    def u(self, name: str) -> float:
        """Standard uncertainty of one parameter."""
        place = self.index(name)
        return math.sqrt(self.covariance[place, place])

    def as_values(self) -> dict[str, float]:
        """All estimates by name."""
        return dict(zip(self.names, map(float, self.values), strict=True))


def adjust(
    parameters: Sequence[Parameter],
    conditions: Sequence[Conditions],
    correlations: Mapping[tuple[str, str], float] | None = None,
) -> Adjustment:
    """Estimate all parameters from all records and stated inputs at once.

    Parameters
    ----------
    parameters
        What is sought, and every uncertain input.
    conditions
        Records with their protocols.
    correlations
        Coefficients between stated inputs.

    Raises
    ------
    CalibrationError
        A direction in the space of parameters that nothing fixes (its parameters are named), too few readings for
        the scatter to give the noise, or stated correlations that contradict each other.
    NotConvergedError
        The search did not settle.
    """
    search = _Search(tuple(parameters), tuple(conditions), correlations or {})
    return search.settled()


@dataclass
class _Search:
    """Iteration state of one adjustment."""

    parameters: tuple[Parameter, ...]
    conditions: tuple[Conditions, ...]
    correlations: Mapping[tuple[str, str], float]

    def __post_init__(self) -> None:
        self.places = {parameter.name: j for j, parameter in enumerate(self.parameters)}
        self.values = np.array([parameter.start for parameter in self.parameters])
        self.readings: dict[str, Readings] = {block.name: block.observed for block in self.conditions}
        coefficients, u, self.stated = _stated(self.parameters, self.correlations)
        self.coefficients = coefficients
        self.prior_weight = np.zeros((len(self.parameters),) * 2)
        if len(self.stated):
            square = np.ix_(self.stated, self.stated)
            self.prior_weight[square] = np.linalg.inv(coefficients) / np.outer(u, u)
            self.prior_root = np.linalg.inv(np.linalg.cholesky(coefficients)) / u
        self.prior_values = np.array([p.prior.value if p.prior else 0.0 for p in self.parameters])

    def settled(self) -> Adjustment:
        size, longest, moved = math.inf, 0.0, math.inf
        for _ in range(_MAX_ITERATIONS):
            records = [self._linearised(block) for block in self.conditions]
            jacobian, residual = self._stacked(records)
            covariance, step = self._solved(jacobian, residual)
            u = np.sqrt(np.diag(covariance))
            longest, size = size, float(np.max(np.abs(step) / u))
            # A step much larger than the last one that settles nothing: take part of it.
            self.values = self.values + step * (0.5 if size > 2 * longest > 1 else 1.0)
            moved = self._moved_readings(records, step)
            if size < _CONVERGED and moved < _CONVERGED:
                break
        if max(size, moved) > _ROUNDING:
            worst = self.parameters[int(np.argmax(np.abs(step) / u))].name
            raise NotConvergedError(
                f"the adjustment did not settle: the last step of {worst} was {size:.1g} of its standard uncertainties "
                "long; the records contradict the protocol or the stated inputs"
            )
        return self._result([self._linearised(block) for block in self.conditions])

    def _linearised(self, block: Conditions) -> AdjustedRecord:
        with np.errstate(all="ignore"):  # what is not finite is refused below, by name
            return self._at(block, dict(zip(self.places, map(float, self.values), strict=True)))

    def _at(self, block: Conditions, values: Values) -> AdjustedRecord:
        readings = self.readings[block.name]
        misclosures = np.asarray(block.misclosure(readings, values), dtype=float)
        slopes = {channel: block.by_channels(readings, values, channel) for channel in block.u}
        for channel, slope in slopes.items():
            misclosures = misclosures + slope * (block.observed[channel] - readings[channel])
        # Derivatives belong to adjusted readings: a gain error's hold the readings themselves, with all their noise.
        design = block.by_parameters(readings if block.u else block.answered(values), values)
        if not (np.all(np.isfinite(misclosures)) and np.all(np.isfinite(design))):
            raise CalibrationError(
                f"{block.name}: the protocol has no value at these readings; expected readings within its range",
                block.path,
            )
        rank = _rank(design)
        estimated = not block.u
        if estimated:
            u = np.full(block.size, _scatter(block, design, misclosures, rank))
        else:
            u = np.sqrt(sum((slopes[channel] * block.u[channel]) ** 2 for channel in block.u))
        weights = np.ones(block.size)
        if block.robust:
            far = np.abs(misclosures / u)
            weights = np.where(far > _HUBER, _HUBER / np.maximum(far, _HUBER), 1.0)
        return AdjustedRecord(
            conditions=block,
            readings=readings,
            misclosures=misclosures,
            u=u,
            design=design,
            slopes=slopes,
            weights=weights,
            rank=rank,
            estimated=estimated,
            values=values,
        )

    def _stacked(self, records: Sequence[AdjustedRecord]) -> tuple[Vector, Vector]:
        """Whitened derivatives and residuals of all records and of all stated inputs."""
        rows, residuals = [], []
        for record in records:
            block = np.zeros((record.conditions.size, len(self.parameters)))
            block[:, [self.places[name] for name in record.conditions.parameters]] = record.design
            scale = np.sqrt(record.weights) / record.u
            rows.append(block * scale[:, None])
            residuals.append(record.misclosures * scale)
        if len(self.stated):
            block = np.zeros((len(self.stated), len(self.parameters)))
            block[:, self.stated] = self.prior_root
            rows.append(block)
            residuals.append(self.prior_root @ (self.values - self.prior_values)[self.stated])
        return np.concatenate(rows), np.concatenate(residuals)

    def _solved(self, jacobian: Vector, residual: Vector) -> tuple[Vector, Vector]:
        scale = np.linalg.norm(jacobian, axis=0)
        unused = [p.name for p, size in zip(self.parameters, scale, strict=True) if not size > 0]
        if unused:
            raise CalibrationError(f"not identifiable: {_listed(unused)}; no record tells it", "experiments")
        left, singular, right = np.linalg.svd(jacobian / scale, full_matrices=False)
        if len(singular) < len(scale) or singular[-1] < _RANK * singular[0]:
            loose = right[-1] if len(singular) == len(scale) else _null_direction(jacobian / scale)
            self._refuse_loose(loose)
        inverse = right.T / singular
        covariance = (inverse @ inverse.T) / np.outer(scale, scale)
        return covariance, -(inverse @ (left.T @ residual)) / scale

    def _refuse_loose(self, direction: Vector) -> None:
        order = np.argsort(-np.abs(direction))
        involved = [self.parameters[j].name for j in order if abs(direction[j]) > 0.1 * np.max(np.abs(direction))]
        raise CalibrationError(
            f"not identifiable together: {_listed(involved)}; the records fix only a combination of them. Expected "
            "one of them stated with its uncertainty, or an experiment that tells them apart",
            "experiments",
        )

    def _moved_readings(self, records: Sequence[AdjustedRecord], step: Vector) -> float:
        """Move the adjusted readings; return the largest move in standard uncertainties."""
        largest = 0.0
        for record in records:
            block = record.conditions
            if not block.u:
                continue
            places = [self.places[name] for name in block.parameters]
            # A reading that counts for less moves its channels less, or it would gain leverage by being wild.
            multiplier = record.weights * (record.misclosures + record.design @ step[places]) / record.u**2
            adjusted = dict(block.observed)
            for channel, u in block.u.items():
                adjusted[channel] = block.observed[channel] - u**2 * record.slopes[channel] * multiplier
                largest = max(largest, float(np.max(np.abs(adjusted[channel] - record.readings[channel]) / u)))
            self.readings[block.name] = adjusted
        return largest

    def _result(self, records: Sequence[AdjustedRecord]) -> Adjustment:
        jacobian, residual = self._stacked(records)
        covariance, _ = self._solved(jacobian, residual)
        causes = (*self._noise(records, covariance), *self._inputs(covariance))
        return Adjustment(
            parameters=self.parameters,
            values=self.values,
            covariance=np.sum([cause.covariance for cause in causes], axis=0),
            gain=covariance,
            records={record.conditions.name: record for record in records},
            causes=causes,
            chi_squared=float(residual @ residual),
            dof=len(residual) - len(self.parameters),
            prior_weight=self.prior_weight,
        )

    def _noise(self, records: Sequence[AdjustedRecord], covariance: Vector) -> list[Cause]:
        causes = []
        for record in records:
            design = np.zeros((record.conditions.size, len(self.parameters)))
            design[:, [self.places[name] for name in record.conditions.parameters]] = record.design
            # What robust weights take from a reading's influence they do not take from its noise.
            influence = covariance @ (design * (record.weights / record.u)[:, None]).T
            dof = record.dof if record.estimated else math.inf
            causes.append(Cause(name=f"{record.conditions.name}.noise", covariance=influence @ influence.T, dof=dof))
        return causes

    def _inputs(self, covariance: Vector) -> list[Cause]:
        """Parts of the stated inputs; correlated ones make one part together."""
        causes = []
        for group in _groups(self.stated, self.coefficients):
            square = np.ix_(group, group)
            part = covariance[:, group] @ self.prior_weight[square] @ covariance[group, :]
            inputs = [self.parameters[j].prior for j in group]
            single = inputs[0] if len(group) == 1 else None
            causes.append(
                Cause(
                    name=" and ".join(self.parameters[j].name for j in group),
                    covariance=part,
                    direction=covariance[:, group[0]] * self.prior_weight[group[0], group[0]] if single else None,
                    dof=min(value.dof for value in inputs if value is not None),
                    input=single,
                )
            )
        return causes


def _stated(
    parameters: Sequence[Parameter], correlations: Mapping[tuple[str, str], float]
) -> tuple[Vector, Vector, NDArray[np.int64]]:
    """Correlation coefficients and uncertainties of the stated inputs, and their places among the parameters."""
    stated = np.array([j for j, parameter in enumerate(parameters) if parameter.prior is not None], dtype=np.int64)
    priors = [parameters[j].prior for j in stated]
    u = np.array([value.u for value in priors if value is not None])
    coefficients = np.eye(len(stated))
    places = {parameters[j].name: i for i, j in enumerate(stated)}
    for (first, second), coefficient in correlations.items():
        for name in (first, second):
            if name not in places:
                message = f"'{name}' is no uncertain input of this campaign, and cannot be correlated"
                raise CalibrationError(message, "correlations")
        if first == second or coefficients[places[first], places[second]] != 0:
            message = f"{first} and {second} are one input, or correlated twice; expected one coefficient of a pair"
            raise CalibrationError(message, "correlations")
        coefficients[places[first], places[second]] = coefficients[places[second], places[first]] = coefficient
    if len(stated) and np.linalg.eigvalsh(coefficients)[0] < 1e-12:
        raise CalibrationError(
            "the stated correlations contradict each other: their matrix is not positive definite (smallest "
            f"eigenvalue {np.linalg.eigvalsh(coefficients)[0]:.2g}); expected coefficients that can occur together",
            "correlations",
        )
    return coefficients, u, stated


def _groups(stated: NDArray[np.int64], coefficients: Vector) -> list[list[int]]:
    """Places of stated inputs, those that are correlated with each other together."""
    groups: list[list[int]] = []
    left = set(range(len(stated)))
    while left:
        group, frontier = set(), {min(left)}
        while frontier:
            member = frontier.pop()
            group.add(member)
            frontier |= {other for other in left - group if coefficients[member, other] != 0}
        left -= group
        groups.append([int(stated[i]) for i in sorted(group)])
    return groups


def _scatter(block: Conditions, design: Vector, misclosures: Vector, rank: int) -> float:
    """Standard deviation of a misclosure about what the record itself can fit."""
    dof = block.size - rank
    if dof < 1:
        raise CalibrationError(
            f"{block.name}: {block.size} readings without stated noise leave no degree of freedom for the scatter to "
            f"show it; expected more than {rank} readings, or noise",
            block.path,
        )
    scaled = design / np.maximum(np.linalg.norm(design, axis=0), np.finfo(float).tiny)
    left, singular, _ = np.linalg.svd(scaled, full_matrices=False)
    left = left[:, singular > _RANK * singular[0]]
    rest = misclosures - left @ (left.T @ misclosures)
    found = math.sqrt(float(rest @ rest) / dof)
    if block.robust:
        found = _NORMAL_MAD * float(np.median(np.abs(rest))) * math.sqrt(block.size / dof)
    if not found > 0:
        raise CalibrationError(
            f"{block.name}: the readings do not scatter at all; expected noise to be stated", block.path
        )
    return found


def _rank(design: Vector) -> int:
    """Number of directions that a record fixes, its columns scaled to one."""
    norms = np.linalg.norm(design, axis=0)
    scaled = design[:, norms > 0] / norms[norms > 0]
    if scaled.size == 0:
        return 0
    singular = np.linalg.svd(scaled, compute_uv=False)
    return int(np.sum(singular > _RANK * singular[0]))


def _null_direction(scaled: Vector) -> Vector:
    _, vectors = np.linalg.eigh(scaled.T @ scaled)
    return np.asarray(vectors[:, 0])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
