"""What an update of a design reports: numbers before and after, as quantities, tables and checks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.bayes.diagnostics import Tension, correlations, densities, worst_disagreement
from thermonet.calibration.bayes.posterior import Posterior
from thermonet.quantities.inputs import Input
from thermonet.results.record import Check, Column, Quantity, Table
from thermonet.studies.probe import ProbeStudy
from thermonet.studies.update_model import UpdateModel, unit_of

Floats = NDArray[np.float64]

#: Tolerated error of the response surface, in u of what was measured.
_SURFACE = 0.3
#: What the widths of normal approximation and samples may differ by, and the least p-value that surprises nobody.
_ADEQUATE, _SURPRISING = 0.05, 0.01
#: Tolerated sampling error of a mean, in standard deviations, and part of the posterior on other branches.
_SAMPLING, _ELSEWHERE = 0.02, 0.01
#: How far the written design's predictions may be from those of the mode, in u of the measured.
_FAITHFUL = 0.1
_MOST_PAIRS = 30


@dataclass(frozen=True)
class Parameters:
    """Every input before and after, in its unit; arrays (n,) in the order of `names`.

    Attributes
    ----------
    names, inputs
        Which.
    prior, prior_u
        Median and standard deviation before.
    mode, median, u, laplace_u
        Value at the most probable point; median and standard deviation of the samples; standard deviation of the
        normal approximation of z, carried through the input's distribution.
    gain
        Kullback-Leibler divergence of posterior from prior [nat].
    learned
        Whether anything was learned of it.
    """

    names: tuple[str, ...]
    inputs: tuple[Input, ...]
    prior: Floats
    prior_u: Floats
    mode: Floats
    median: Floats
    u: Floats
    laplace_u: Floats
    gain: Floats
    learned: NDArray[np.bool_]

    @property
    def order(self) -> list[int]:
        """From the input of which most was learned to that of which least was."""
        return [int(number) for number in np.argsort(-self.gain, kind="stable")]


@dataclass(frozen=True)
class Predictions:
    """Every prediction before and after, in its unit; arrays (k,) in the order of `names`.

    Attributes
    ----------
    names
        Which.
    prior, prior_u
        At the inputs' medians, and its first-order uncertainty, before.
    mode
        At the most probable inputs, on the fine mesh.
    mean, u, laplace_u
        Of the samples; standard deviation of the normal approximation.
    surface_error
        Of the response surface against the fine mesh, relative, root mean square over samples.
    """

    names: tuple[str, ...]
    prior: Floats
    prior_u: Floats
    mode: Floats
    mean: Floats
    u: Floats
    laplace_u: Floats
    surface_error: Floats

    def number(self, name: str) -> int:
        """Where a prediction stands."""
        return self.names.index(name)


def update_tables(
    model: UpdateModel, found: Posterior, parameters: Parameters, predictions: Predictions, study: ProbeStudy
) -> dict[str, Table]:
    """Inputs and predictions before and after, covariances and densities of what was learned."""
    return {
        "parameters": _parameters_table(parameters),
        "predictions": _predictions_table(model, predictions, study),
        "correlations": _correlations_table(found),
        "covariance": _covariance_table(found, parameters),
        "densities": _densities_table(found, parameters),
    }


def _parameters_table(parameters: Parameters) -> Table:
    """Inputs, the most learned of first."""
    order = parameters.order

    def column(numbers: Floats) -> Column:
        return Column("SI", [float(numbers[i]) for i in order])

    return {
        "input": Column("", [parameters.names[i] for i in order]),
        "unit": Column("", [parameters.inputs[i].unit for i in order]),
        "prior": column(parameters.prior),
        "prior_u": column(parameters.prior_u),
        "posterior": column(parameters.median),
        "posterior_u": column(parameters.u),
        "mode": column(parameters.mode),
        "laplace_u": column(parameters.laplace_u),
        "ratio": Column("1", [float(parameters.u[i] / parameters.prior_u[i]) for i in order]),
        "gain": Column("nat", [float(parameters.gain[i]) for i in order]),
        "source": Column("", [parameters.inputs[i].source for i in order]),
    }


def _predictions_table(model: UpdateModel, predictions: Predictions, study: ProbeStudy) -> Table:
    """Predictions before and after, beside what was measured; `independent_u` is that of the updated design alone."""
    known = study.result.quantities
    measured = [model.measured.values.get(name) for name in predictions.names]
    means = zip(predictions.mean, measured, strict=True)
    return {
        "quantity": Column("", list(predictions.names)),
        "unit": Column("", [unit_of(name) for name in predictions.names]),
        "prior": Column("SI", predictions.prior.tolist()),
        "prior_u": Column("SI", predictions.prior_u.tolist()),
        "mode": Column("SI", predictions.mode.tolist()),
        "posterior": Column("SI", predictions.mean.tolist()),
        "posterior_u": Column("SI", predictions.u.tolist()),
        "laplace_u": Column("SI", predictions.laplace_u.tolist()),
        "independent_u": Column("SI", [known[name].u if name in known else None for name in predictions.names]),
        "measured": Column("SI", [None if seen is None else seen[0] for seen in measured]),
        "measured_u": Column("SI", [None if seen is None else seen[1] for seen in measured]),
        "residual": Column("u", [None if seen is None else float((seen[0] - mean) / seen[1]) for mean, seen in means]),
        "surface_error": Column("1", predictions.surface_error.tolist()),
    }


def _correlations_table(found: Posterior) -> Table:
    """Correlations that the measurement induced between inputs, the strongest first."""
    matrix = correlations(found.samples.covariance(found.values))
    first, second = np.triu_indices(len(matrix), 1)
    order = np.argsort(-np.abs(matrix[first, second]), kind="stable")[:_MOST_PAIRS]
    return {
        "input": Column("", [found.prior.names[first[i]] for i in order]),
        "other": Column("", [found.prior.names[second[i]] for i in order]),
        "correlation": Column("1", [float(matrix[first[i], second[i]]) for i in order]),
    }


def _covariance_table(found: Posterior, parameters: Parameters) -> Table:
    """Joint posterior covariance of the inputs of which something was learned, in products of their units."""
    chosen = [i for i in parameters.order if parameters.learned[i]]
    matrix = found.samples.covariance(found.values[:, chosen])
    names = [parameters.names[i] for i in chosen]
    columns = {name: Column("SI", row.tolist()) for name, row in zip(names, matrix, strict=True)}
    return {"input": Column("", names), "unit": Column("", [parameters.inputs[i].unit for i in chosen]), **columns}


def _densities_table(found: Posterior, parameters: Parameters) -> Table:
    """Marginal densities before and after, per unit of the value, on a grid for every input learned of."""
    chosen = [i for i in parameters.order if parameters.learned[i]]
    grids = [densities(found.prior, found.samples, i) for i in chosen]
    names = [parameters.names[i] for i, (values, _, _) in zip(chosen, grids, strict=True) for _ in values]
    value, before, after = (np.concatenate(part).tolist() for part in zip(*grids, strict=True))
    return {
        "input": Column("", names),
        "value": Column("SI", value),
        "prior": Column("SI", before),
        "posterior": Column("SI", after),
    }


def update_quantities(model: UpdateModel, predictions: Predictions, study: ProbeStudy) -> dict[str, Quantity]:
    """Predictions after the update: at the mode, with the standard deviation of the samples."""
    known, by = study.result.quantities, ", ".join(model.measured.values)
    found = {}
    for number, name in enumerate(predictions.names):
        like = known.get(name)
        found[name.replace(".", "_")] = Quantity(
            value=float(predictions.mode[number]),
            unit=unit_of(name),
            symbol=like.symbol if like else {"seebeck_coefficient": "S_TC"}.get(name, "R_sheet"),
            description=like.description if like else name.replace("_", " ").replace(".", " of "),
            u=float(predictions.u[number]),
            numerical_error=like.numerical_error if like else None,
            source=f"updated by {by}; most probable value, u of the posterior's samples",
        )
    return found


def update_checks(
    model: UpdateModel,
    found: Posterior,
    parameters: Parameters,
    predictions: Predictions,
    surprise: Tension,
    unfaithful: float,
) -> dict[str, Check]:
    """Is the prior surprised, is the normal approximation adequate, are surface, samples and design to be trusted."""
    return {
        "prior_tension": Check(
            holds=bool(surprise.p_value >= _SURPRISING),
            value=float(surprise.p_value),
            u=None,
            threshold=_SURPRISING,
            explanation=f"probability of measured values at least as far from the prior's predictions (chi-squared "
            f"{surprise.chi_squared:.3g}); below {_SURPRISING:g} the design or the measurement is probably wrong",
        ),
        "laplace_adequate": _laplace_check(parameters, predictions),
        "surface_adequate": _below(
            float((predictions.surface_error[model.rows] / _relative_u(model)).max()),
            _SURFACE,
            "error of the response surface against the fine mesh at samples it never saw, root mean square, in "
            "standard uncertainties of what was measured",
        ),
        "enough_samples": _below(
            found.samples.effective_size**-0.5,
            _SAMPLING,
            f"sampling error of a mean in standard deviations, {found.samples.effective_size:.0f} effective samples of "
            f"{found.samples.drawn}",
        ),
        "one_branch": _below(
            found.samples.elsewhere,
            _ELSEWHERE,
            "part of the posterior found on branches apart from the sampled one, from some draws",
        ),
        "design_faithful": _below(
            unfaithful,
            _FAITHFUL,
            "distance of the written design's predictions from those at the most probable inputs, in standard "
            "uncertainties of what was measured",
        ),
    }


def _below(value: float, threshold: float, explanation: str) -> Check:
    holds = bool(value <= threshold)
    return Check(holds=holds, value=float(value), u=None, threshold=threshold, explanation=explanation)


def _relative_u(model: UpdateModel) -> Floats:
    return np.array([u / value for value, u in model.measured.values.values()])


def _laplace_check(parameters: Parameters, predictions: Predictions) -> Check:
    """Whether normal approximation and samples agree in every width that is reported."""
    names = [*parameters.names, *predictions.names]
    normal = np.concatenate([parameters.laplace_u, predictions.laplace_u])
    sampled = np.concatenate([parameters.u, predictions.u])
    worst, value = worst_disagreement(names, normal, sampled)
    verdict = "Laplace not adequate, the samples' widths are used" if value > _ADEQUATE else "Laplace adequate"
    return _below(
        value,
        _ADEQUATE,
        f"{verdict}: largest relative difference of a width by normal approximation and by samples, that of {worst}",
    )
