"""The law of propagation of uncertainty, in first or second order, with correlations (JCGM 100, clause 5)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from thermonet.quantities.errors import NotConvergedError, PhysicsError
from thermonet.quantities.inputs import Input, shorthand
from thermonet.uncertainty import causes, coverage
from thermonet.uncertainty.budget import Budget, BudgetLine, CrossLine
from thermonet.uncertainty.causes import Correlations, Derived, Joint, Known
from thermonet.uncertainty.derivatives import Neighbourhood
from thermonet.uncertainty.model import Function, Model

Floats = NDArray[np.float64]

#: Part of its value by which an input is moved at first, where its u is smaller.
_STEP = 1e-2
#: A derivative this uncertain, seen from the combined uncertainty, is no derivative.
_SETTLED = 1e-2
#: Variances below this part of the squared sum of contributions are what rounding leaves of a cause that cancels.
_CANCELLED = 1e-14
#: Below this part of an output all differences are rounding.
_ROUNDING = 1e-10
#: A first-order u this small beside the second order has vanished.
_VANISHED = 1e-6


class VanishingSensitivityWarning(UserWarning):
    """An output varies with its inputs, but its derivatives by them vanish and leave it no uncertainty."""


@dataclass(frozen=True)
class Propagated:
    """Outputs of a model with their uncertainty from its inputs.

    Attributes
    ----------
    values, u
        Estimate and combined standard uncertainty of every output, by name.
    covariance, correlation
        Between the outputs, (outputs, outputs), in the order of `values`.
    sensitivities
        Derivatives of every output by every uncertain input.
    units
        Of the outputs, as they were stated.
    order
        1, or 2 where the terms of JCGM 100, 5.1.2 note are in u.
    """

    values: Mapping[str, float]
    u: Mapping[str, float]
    covariance: Floats
    correlation: Floats
    sensitivities: Mapping[str, Mapping[str, float]]
    units: Mapping[str, str]
    order: int
    _known: Known = field(repr=False)
    _second: Floats = field(repr=False)
    _identity: object = field(default_factory=object, repr=False)

    @property
    def value(self) -> float:
        """Estimate of the only output."""
        return self.values[self._name(None)]

    @property
    def standard_uncertainty(self) -> float:
        """Combined standard uncertainty of the only output."""
        return self.u[self._name(None)]

    def __str__(self) -> str:
        units = self.units
        return "\n".join(
            f"{name} = {shorthand(value, self.u[name], units[name])}" for name, value in self.values.items()
        )

    def coefficient(self, first: str, second: str) -> float:
        """Correlation coefficient of two outputs."""
        order = list(self.values)
        return float(self.correlation[order.index(self._name(first)), order.index(self._name(second))])

    def budget(self, name: str | None = None) -> Budget:
        """Contributions of the inputs to an output, the largest share of the variance first.

        Correlated pairs have lines of their own, and so has the second order; all shares together are 1.
        """
        name = self._name(name)
        variance = self.u[name] ** 2
        scale = 1 / variance if variance else 0.0
        slopes, known = self.sensitivities[name], self._known
        lines = [
            BudgetLine(known.inputs[key], slope, (slope * known.inputs[key].u) ** 2 * scale, key)
            for key, slope in slopes.items()
        ]
        parts = np.array([line.contribution for line in lines])
        cross = [
            CrossLine((known.names[j], known.names[i]), float(r), float(2 * parts[i] * parts[j] * r * scale))
            for i in range(len(lines))
            for j in range(i)
            if (r := known.correlation[i, j])
        ]
        index = list(self.values).index(name)
        lines.sort(key=lambda line: -line.share)
        cross.sort(key=lambda line: -abs(line.share))
        return Budget(self.u[name], tuple(lines), tuple(cross), float(self._second[index, index] * scale))

    def effective_dof(self, name: str | None = None) -> float:
        """Effective degrees of freedom of an output (Welch and Satterthwaite; JCGM 100, G.4.1).

        The formula holds for independent contributions only. Inputs that are results themselves are traced to what
        they came from, and causes that are correlated count as one contribution: its degrees of freedom are those of
        its members where all have the same, as means of simultaneous observations do (JCGM 100, H.2).

        Raises
        ------
        PhysicsError
            Correlated causes with different degrees of freedom, of which no formula is known.
        """
        name = self._name(name)
        roots, matrix = causes.traced(self._known, self.sensitivities[name].values())
        parts = np.array([slope * value.u for value, slope in roots])
        keys = [str(i) for i in range(len(roots))]
        contributions = []
        for group in causes.components(keys, matrix):
            members = [int(key) for key in group if parts[int(key)]]
            inside = np.ix_(members, members)
            variance = float(parts[members] @ matrix[inside] @ parts[members])
            contributions.append((math.sqrt(max(variance, 0.0)), _common_dof([roots[i][0] for i in members])))
        return coverage.effective_dof(contributions, self.u[name])

    def expanded(
        self,
        name: str | None = None,
        *,
        probability: float | None = None,
        k: float | None = None,
        shape: Literal["t", "dominant"] = "t",
        interpolate: bool = False,
    ) -> coverage.Expanded:
        """Expanded uncertainty of an output, for a coverage probability (0.95 if nothing is said) or with a stated k.

        Parameters
        ----------
        name
            Of the output; may be left out where there is one only.
        probability, k
            One of the two.
        shape
            ``t``: k from the t distribution with the effective degrees of freedom (JCGM 100, G.3). ``dominant``: k
            from the shape of one bounded contribution, or of two rectangular ones, that dominate all others
            (EA-4/02, S9 and S10).
        interpolate
            Take the effective degrees of freedom as they are instead of truncating them.

        Raises
        ------
        PhysicsError
            Both a probability and a k; no effective degrees of freedom; no contribution that dominates.
        """
        name = self._name(name)
        value, u, unit = self.values[name], self.u[name], self.units[name]
        if k is not None:
            if probability is not None or shape != "t":
                raise PhysicsError("expected a coverage probability or a coverage factor k, not both")
            return self._with_stated_factor(name, k, interpolate)
        wanted = 0.95 if probability is None else probability
        if shape == "dominant":
            factor, label = coverage.dominant_factor(wanted, self._independent(name), u)
            return coverage.Expanded(value, u, factor, wanted, None, label, unit)
        if shape != "t":
            raise PhysicsError(f"the shape of the result is 't' or 'dominant', got {shape!r}")
        dof = self.effective_dof(name)
        factor = coverage.coverage_factor(wanted, dof, interpolate=interpolate)
        return coverage.Expanded(value, u, factor, wanted, dof, _t_or_normal(dof), unit)

    def as_inputs(self, *, dof: float | None = None) -> Joint:
        """Outputs as inputs of another model, with the correlations between them.

        They remember what they came from: a later model knows what they share with each other, with the outputs of
        other models and with plain inputs, also without the correlations that are handed out beside them.

        Parameters
        ----------
        dof
            Degrees of freedom of all of them, where Welch and Satterthwaite's formula gives none.
        """
        token = self._identity
        names = [name for name in self.values if self.u[name]]
        pairs = {(a, b): self.coefficient(a, b) for i, a in enumerate(names) for b in names[:i]}
        stated: dict[frozenset[object], float] = dict(self._known.stated)
        stated |= {frozenset(((token, a), (token, b))): r for (a, b), r in pairs.items()}
        inputs: dict[str, Input] = {}
        for name, value in self.values.items():
            u = self.u[name]
            parents = tuple((self._known.inputs[key], c) for key, c in self.sensitivities[name].items() if c)
            inputs[name] = Derived(
                value=value,
                unit=self.units[name],
                u=u,
                distribution="normal" if u else "exact",
                dof=dof if dof is not None else self.effective_dof(name),
                cause=(token, name),
                parents=parents,
                stated=stated,
            )
        return Joint(inputs, {pair: r for pair, r in pairs.items() if r})

    def _name(self, name: str | None) -> str:
        if name is None and len(self.values) == 1:
            return next(iter(self.values))
        if name is None or name not in self.values:
            raise PhysicsError(f"output '{name}' is not known, expected one of {', '.join(self.values)}")
        return name

    def _with_stated_factor(self, name: str, k: float, interpolate: bool) -> coverage.Expanded:
        """Expanded uncertainty of a stated k, with the probability it covers where that can be said."""
        value, u, unit = self.values[name], self.u[name], self.units[name]
        try:
            dof = self.effective_dof(name)
        except PhysicsError:
            return coverage.Expanded(value, u, k, None, None, "stated", unit)
        if dof < 1:  # no t distribution says what k covers
            return coverage.Expanded(value, u, k, None, dof, "stated", unit)
        covered = coverage.coverage_probability(k, dof, interpolate=interpolate)
        return coverage.Expanded(value, u, k, covered, dof, _t_or_normal(dof), unit)

    def _independent(self, name: str) -> list[tuple[Input, float]]:
        slopes, known = self.sensitivities[name], self._known
        parts = [(known.inputs[key], slope * known.inputs[key].u) for key, slope in slopes.items()]
        if np.count_nonzero(known.correlation) > len(parts):
            raise PhysicsError("a dominant shape is defined for independent inputs only; take the interval of trials")
        return parts


def propagate(
    function: Function,
    inputs: Mapping[str, Input],
    *,
    correlations: Correlations | None = None,
    order: Literal[1, 2] = 1,
    units: str | Mapping[str, str] = "1",
) -> Propagated:
    """Propagate the uncertainty of inputs through a model.

    Parameters
    ----------
    function
        Takes the inputs as keyword arguments and returns a number (the output ``y``) or several by name. It need not
        know arrays. Derivatives are central differences, extrapolated to 1e-9 of themselves for a smooth function;
        a step that leaves its domain (an exception such as ValueError, no finite number) is shortened.
    inputs
        By the function's names for them. One `Input` object, or one `Input.name`, under two names is one cause, also
        from one model to the next.
    correlations
        Coefficients of pairs of inputs, ``{("a", "b"): 0.5}``; all others are zero.
    order
        2 adds the terms of second order of JCGM 100, 5.1.2 note, which hold for symmetric, near-normal inputs.
    units
        Of the outputs, for printing; one for all or one for each by name.

    Raises
    ------
    PhysicsError
        Inputs that the function does not take, names that are not known, correlations that cannot be, outputs that
        are no finite numbers, a point without derivative.
    NotConvergedError
        Differences that tend to no derivative: the function is not smooth.

    Warns
    -----
    VanishingSensitivityWarning
        All derivatives of an output vanish, so it gets no uncertainty, but it varies with its inputs.

    Examples
    --------
    The resistance of ten resistors in series, all calibrated with the same standard (JCGM 100, 5.2.2 example):

    >>> standard = Input.normal(1000.0, 0.1, unit="ohm", name="standard")
    >>> result = propagate(lambda r: 10 * r, {"r": standard}, units="ohm")
    >>> print(result.expanded(k=2))
    10000.0(1.0) ohm, U = 2.0 ohm, k = 2, 95.45 %, normal
    """
    if order not in (1, 2):
        raise PhysicsError(f"the order of the propagation is 1 or 2, got {order!r}")
    model = Model(function, inputs)
    known = causes.known_inputs(inputs, correlations)
    slopes, reaches = _slopes(model, known)
    first = slopes @ known.covariance @ slopes.T
    second = _second_order(model, known) if order == 2 and known.names else np.zeros_like(first)
    covariance = first + second
    contributions = np.abs(slopes) @ known.u
    u = _deviations(covariance, model, contributions)
    if known.names:
        _warn_of_vanishing(model, known, contributions if order == 1 else contributions + u, reaches, order)
    by_name = zip(model.names, slopes, strict=True)
    return Propagated(
        values=dict(zip(model.names, model.values.tolist(), strict=True)),
        u=dict(zip(model.names, u.tolist(), strict=True)),
        covariance=covariance,
        correlation=_coefficients(covariance, u),
        sensitivities={name: dict(zip(known.names, row.tolist(), strict=True)) for name, row in by_name},
        units=model.units(units),
        order=order,
        _known=known,
        _second=second,
    )


def _slopes(model: Model, known: Known) -> tuple[Floats, Floats]:
    """Derivatives, and by how much one first step moves every output, (outputs, inputs) each."""
    steps = np.array([_step(known.inputs[name]) for name in known.names])
    around = _around(model, known, np.diag(steps))
    shape = (len(model.names), len(known.names))
    found, errors, reaches = np.zeros((3, *shape))
    for i in range(len(known.names)):
        found[:, i], errors[:, i] = around.slope(i)
        reaches[:, i] = around.reach(i)
    ratio = known.u / steps
    _check_settled(model, known, found * ratio, errors, ratio)
    return found / steps, reaches


def _step(value: Input) -> float:
    """How far to move an input at first: as far as it is uncertain, not over its ends nor, if it can be, over zero."""
    step = max(value.u, _STEP * abs(value.value))
    if abs(value.value) > 0.1 * value.u:
        step = min(step, 0.5 * abs(value.value))
    within = min(value.value - value.low, value.high - value.value)  # not a number where there are no ends
    return min(step, within) if within > 0 else step


def _around(model: Model, known: Known, directions: Floats) -> Neighbourhood:
    """The model about its estimates, moved along the columns of `directions`."""
    estimates = np.array([model.estimates[name] for name in known.names])

    def displaced(amounts: Floats) -> Floats | None:
        return model.at(dict(zip(known.names, (estimates + directions @ amounts).tolist(), strict=True)))

    return Neighbourhood(displaced, model.values, known.names)


def _check_settled(model: Model, known: Known, parts: Floats, errors: Floats, ratio: Floats) -> None:
    whole = np.sqrt((parts**2).sum(axis=1, keepdims=True))
    noise = _ROUNDING * np.abs(model.values)[:, None]
    for row, column in np.argwhere((errors * ratio > _SETTLED * whole) & (errors > noise)):
        raise NotConvergedError(
            f"the derivative of '{model.names[row]}' by '{known.names[column]}' does not settle (a contribution of "
            f"{parts[row, column]:.3g} ± {(errors * ratio)[row, column]:.1g}): the function is not smooth there; "
            "take its uncertainty from trials"
        )


def _second_order(model: Model, known: Known) -> Floats:
    """Terms of second order of the covariance of the outputs, (outputs, outputs).

    Along the principal axes of the inputs, which are independent, an output is f(z) with u(z) = 1 and
    ``sum_ij [f_ij^2 / 2 + f_i f_ijj]`` (JCGM 100, 5.1.2 note); for two outputs the products are mixed.
    """
    axes = np.diag(known.u)
    if np.count_nonzero(known.correlation) > len(known.names):
        values, vectors = np.linalg.eigh(known.correlation)
        axes = known.u[:, None] * vectors * np.sqrt(np.maximum(values, 0.0))
    around = _around(model, known, axes)
    n = len(known.names)
    slope = np.stack([around.slope(i)[0] for i in range(n)], axis=1)
    curvature, third, errors = np.zeros((3, len(model.names), n, n))
    for i in range(n):
        for j in range(n):
            third[:, i, j], loose = around.third(i, j)
            curvature[:, i, j], bent = around.curvature(max(i, j), min(i, j))
            errors[:, i, j] = np.abs(curvature[:, i, j]) * bent + np.abs(slope[:, i]) * loose
    mixed = np.einsum("ai,bij->ab", slope, third)
    terms = 0.5 * (np.einsum("aij,bij->ab", curvature, curvature) + mixed + mixed.T)
    whole = (slope**2).sum(axis=1) + np.abs(np.diag(terms))
    for name, error, size in zip(model.names, errors.sum(axis=(1, 2)), whole, strict=True):
        if error > 2 * _SETTLED * size:
            raise NotConvergedError(
                f"the second derivatives of '{name}' do not settle: the function is not smooth over ± u of its "
                "inputs; take its uncertainty from trials"
            )
    return terms


def _warn_of_vanishing(model: Model, known: Known, found: Floats, reaches: Floats, order: int) -> None:
    """Say so where an output varies with its inputs although its derivatives find next to nothing."""
    suspects = (found == 0) | (found < _VANISHED * reaches.sum(axis=1))
    if not suspects.any():
        return
    around = _around(model, known, np.diag(known.u))
    change = np.max([around.reach(i) for i in range(len(known.names))], axis=0)
    if order == 1 and not change[suspects].all():  # only a product of two inputs may be left
        change = np.maximum(change, _second_order_u(model, known))
    for name, suspect, moved, small, value in zip(model.names, suspects, change, found, model.values, strict=True):
        if suspect and moved > max(small / _VANISHED, _ROUNDING * abs(value)):
            advice = "order=2 or trials" if order == 1 else "trials"
            warnings.warn(
                f"the derivatives of '{name}' vanish at the estimates and find contributions of {small:.2g} together, "
                f"but it varies by {moved:.2g} when its inputs vary by ± u; take {advice}",
                VanishingSensitivityWarning,
                stacklevel=3,
            )


def _second_order_u(model: Model, known: Known) -> Floats:
    """Standard uncertainty of the second order alone; zero where it is not defined."""
    try:
        return np.sqrt(np.maximum(np.diag(_second_order(model, known)), 0.0))
    except (NotConvergedError, PhysicsError):
        return np.zeros(len(model.names))


def _deviations(covariance: Floats, model: Model, scale: Floats) -> Floats:
    variances = np.diag(covariance)
    for name, variance, size in zip(model.names, variances, scale, strict=True):
        if variance < -(_ROUNDING * size**2):
            raise PhysicsError(
                f"the variance of '{name}' comes out negative ({variance:.3g}): the terms that were taken do not "
                "suffice, or the correlations are rounded too coarsely; take its uncertainty from trials"
            )
    return np.sqrt(np.where(variances > _CANCELLED * scale**2, variances, 0.0))


def _coefficients(covariance: Floats, u: Floats) -> Floats:
    """Correlation matrix; an output without uncertainty is correlated with none."""
    scale = np.outer(u, u)
    found = np.divide(covariance, scale, out=np.zeros_like(covariance), where=scale > 0)
    np.fill_diagonal(found, 1.0)
    return np.clip(found, -1.0, 1.0)


def _common_dof(members: list[Input]) -> float:
    """Degrees of freedom of causes that vary together."""
    found = {member.dof for member in members}
    if len(found) > 1:
        listed = ", ".join(f"{member.name or 'an input'}: {member.dof:g}" for member in members)
        raise PhysicsError(
            f"correlated inputs have different degrees of freedom ({listed}), so their sum has no effective ones "
            "(JCGM 100, G.4.1 is for independent inputs); state k, or take the interval from Monte Carlo"
        )
    return found.pop() if found else math.inf


def _t_or_normal(dof: float) -> str:
    return "normal" if math.isinf(dof) else "t"
