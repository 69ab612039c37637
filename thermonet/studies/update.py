"""The Bayesian update of a probe design by what was measured on the probe."""

from __future__ import annotations

import logging
import math
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.bayes.diagnostics import (
    Tension,
    information_gains,
    tension,
)
from thermonet.calibration.bayes.mode import find_mode
from thermonet.calibration.bayes.posterior import Posterior, posterior
from thermonet.calibration.bayes.sampling import check_count
from thermonet.calibration.bayes.surface import Surface, surface_around
from thermonet.documents.located import LocatedDocument
from thermonet.documents.probe import ProbeDocument
from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.formatting import with_unit
from thermonet.quantities.threads import single_threaded
from thermonet.results.record import Result
from thermonet.studies.probe import ProbeStudy, study_probe
from thermonet.studies.update_document import EVAPORATED, Learned, Written, write_design
from thermonet.studies.update_model import (
    SHEET,
    Measurements,
    OnMesh,
    UpdateModel,
    fine_mesh,
    unit_of,
    update_model,
)
from thermonet.studies.update_result import Parameters, Predictions, update_checks, update_quantities, update_tables

_log = logging.getLogger(__name__)

Floats = NDArray[np.float64]
Found = TypeVar("Found")

#: The mode is searched on no finer mesh than this, its offset to the fine one taken out; curvature comes from one twice
#: as coarse.
_COARSE = 2.0
#: Inputs along which curvature is determined: their least part in the spread of anything observed, and of any
#: prediction.
_OBSERVED_PART, _PREDICTED_PART = 0.02, 0.05
#: Inputs with a smaller part in everything are bent to second order only.
_STRONG = 0.15
#: Samples that are solved on the fine mesh to measure the surface's error.
_HELD_OUT = 12
#: What an input must have moved or narrowed by, in prior standard deviations, to be written into the design.
_LEARNED = 1e-3


@dataclass(frozen=True)
class Update:
    """What a measurement taught.

    Attributes
    ----------
    model
        The design's predictions as functions of its uncertain inputs, and what was measured.
    posterior
        The inputs after the update: normal approximation, samples, response surface of the predictions' logarithms.
    tension
        Of prior and measurement.
    parameters, predictions
        Before and after.
    design, study
        The updated design, and its study: the uncertainties there are those of independent inputs.
    result
        Quantities after the update; tables ``parameters``, ``predictions``, ``correlations``, ``covariance`` and
        ``densities``; checks.
    """

    model: UpdateModel
    posterior: Posterior
    tension: Tension
    parameters: Parameters
    predictions: Predictions
    design: Written
    study: ProbeStudy
    result: Result

    @property
    def text(self) -> str:
        """The updated design, to be written as a file; the table ``covariance`` belongs beside it."""
        return self.design.text(*_header(self))


@single_threaded
def update_probe(
    document: ProbeDocument,
    measured: Measurements,
    *,
    samples: int = 100_000,
    seed: int = 0,
    jobs: int = 1,
    written: LocatedDocument | None = None,
) -> Update:
    """Update a probe design by measurements.

    The most probable inputs are searched with finite elements, on a coarse mesh corrected to the fine one. There the
    predictions are expanded to third order; the expansion gives the full Hessian, and is what is sampled.

    Parameters
    ----------
    document
        The design; its inputs with their distributions are the prior.
    measured
        What was measured.
    samples, seed
        Of the posterior.
    jobs
        Processes for the expansion and its test.
    written
        The design as a person wrote it, whose units and sources the updated one then keeps.

    Raises
    ------
    PhysicsError
        Something was measured that the design does not predict, the measurements' covariance is none, or too few
        samples are asked for.
    NotConvergedError
        The search stalls, or no mesh is fine enough for what was measured.
    """
    check_count(samples)
    observed = measured.observations()
    model = update_model(document, measured)
    start = model.prior.coordinates(np.zeros(model.prior.size))
    fine = fine_mesh(model, observed, start)
    scale = max(2 * fine.scale, _COARSE)
    search = OnMesh(model, scale, fine.predicted - model.predicted(start, scale))
    first = find_mode(model.prior, search, observed)
    before = search.all_linearised(start)
    surface = _surface(model, search, first.z, fine.scale, jobs)
    found = posterior(model.prior, surface, model.rows, observed, near=first.z, count=samples, seed=seed)
    parameters = _parameters(found)
    after = model.predicted(model.prior.coordinates(found.mode), fine.scale)
    predictions = _predictions(model, before, found, after, _surface_errors(model, found, fine.scale, jobs, seed))
    design = _design(model, found, parameters, written)
    study = study_probe(design.document)
    surprise = tension(model.prior, before[0][model.rows], before[1][model.rows], observed)
    checks = update_checks(
        model, found, parameters, predictions, surprise, _unfaithful(model, design, after, fine.scale)
    )
    for name, check in checks.items():
        if check.holds is False:
            _log.warning("%s: %s", name, check.explanation)
    result = Result(
        kind="update",
        name=document.name,
        quantities=update_quantities(model, predictions, study),
        tables=update_tables(model, found, parameters, predictions, study),
        checks=checks,
    )
    return Update(model, found, surprise, parameters, predictions, design, study, result)


def _surface(model: UpdateModel, search: OnMesh, z: Floats, fine: float, jobs: int) -> Surface:
    """Expand all predictions around a point: numbers of the fine mesh, slopes of a coarse one, bends of a coarser."""
    prior = model.prior
    x, slopes = prior.coordinates_and_slopes(z)
    gradient = search.all_linearised(x)[1]
    parts = np.abs(gradient * slopes)
    parts /= np.maximum(np.linalg.norm(parts, axis=1, keepdims=True), np.finfo(float).tiny)
    matters = (parts[model.rows].max(axis=0) > _OBSERVED_PART) | (parts.max(axis=0) > _PREDICTED_PART)
    weak = (parts[model.rows].max(axis=0) < _STRONG) & (parts.max(axis=0) < _STRONG)
    linearised = partial(_each, partial(model.linearised, scale=2 * search.scale), jobs=jobs)
    at_centre = (model.predicted(x, fine), gradient)
    axes, lone = ([int(axis) for axis in np.flatnonzero(chosen)] for chosen in (matters, matters & weak))
    return surface_around(prior, z, axes, linearised, at_centre, weak=lone)


def _surface_errors(model: UpdateModel, found: Posterior, fine: float, jobs: int, seed: int) -> Floats:
    """Root mean square error of the surface at samples of the posterior that it never saw, (k,)."""
    held_out = found.samples.drawn_again(_HELD_OUT, np.random.default_rng(seed + 1))
    x = model.prior.coordinates(held_out)
    solved = _each(partial(_predicted_or_nothing, model, fine), list(x), jobs)
    errors = [found.surface.predicted(point) - true for point, true in zip(x, solved, strict=True) if true is not None]
    if len(errors) < _HELD_OUT / 2:
        raise PhysicsError("most samples of the posterior are probes that nobody can build, expected narrower inputs")
    return np.sqrt(np.mean(np.square(errors), axis=0))


def _predicted_or_nothing(model: UpdateModel, scale: float, x: Floats) -> Floats | None:
    try:
        return model.predicted(x, scale)
    except PhysicsError:  # a sample that nobody could build, such as an opening wider than the tip
        return None


def _each(job: Callable[[Floats], Found], points: Sequence[Floats], jobs: int) -> list[Found]:
    if jobs == 1:
        return [job(point) for point in points]
    # An interrupt is the parent's affair alone.
    with Pool(jobs, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)) as pool:
        return pool.map(job, points, chunksize=1)


def _parameters(found: Posterior) -> Parameters:
    prior, samples = found.prior, found.samples
    half = np.array([0.5])
    laplace_u = prior.marginal_moments(found.mode, found.laplace.widths)[1]
    moved, narrowed = np.abs(found.mode), 1 - found.laplace.widths
    return Parameters(
        names=prior.names,
        inputs=tuple(prior.inputs.values()),
        prior=prior.values(np.zeros(prior.size)),
        prior_u=prior.marginal_moments(np.zeros(prior.size), np.ones(prior.size))[1],
        mode=prior.values(found.mode),
        median=np.array([samples.quantiles(column, half)[0] for column in found.values.T]),
        u=samples.moments(found.values)[1],
        laplace_u=laplace_u,
        gain=information_gains(samples),
        learned=(moved > _LEARNED) | (narrowed > _LEARNED),
    )


def _predictions(
    model: UpdateModel, before: tuple[Floats, Floats], found: Posterior, after: Floats, errors: Floats
) -> Predictions:
    """Predictions in their units from those in logarithms; the access resistance follows from two of them."""
    prior = found.prior
    medians = np.where(prior.logarithmic, prior.values(np.zeros(prior.size)), 1.0)
    spread = np.array([value.u for value in prior.inputs.values()]) / medians
    prior_u = np.linalg.norm(_with_access(model, np.exp(before[0])[:, np.newaxis] * before[1]) * spread, axis=1)
    mean, u = found.samples.moments(_with_access(model, np.exp(found.predictions).T).T)
    width = found.laplace.propagated(found.sensitivity)
    normal = np.exp(after + width**2 / 2) * np.sqrt(np.expm1(width**2))
    access = found.laplace.propagated(_with_access(model, np.exp(after)[:, np.newaxis] * found.sensitivity)[-1:])
    numbers = _with_access(model, np.exp(after))
    absolute = np.exp(after) * errors
    return Predictions(
        names=(*model.names, "access_resistance"),
        prior=_with_access(model, np.exp(before[0])),
        prior_u=prior_u,
        mode=numbers,
        mean=mean,
        u=u,
        laplace_u=np.append(normal, access),
        surface_error=np.append(errors, np.hypot(*absolute[_apex_and_probe(model)]) / numbers[-1]),
    )


def _apex_and_probe(model: UpdateModel) -> list[int]:
    return [model.names.index(name) for name in ("apex_resistance", "probe_resistance")]


def _with_access(model: UpdateModel, numbers: Floats) -> Floats:
    """Append R_a = Z_cc - R_P to numbers (k, ...)."""
    apex, probe = _apex_and_probe(model)
    return np.concatenate([numbers, (numbers[apex] - numbers[probe])[np.newaxis]])


def _design(model: UpdateModel, found: Posterior, parameters: Parameters, written: LocatedDocument | None) -> Written:
    """The design at the mode: the one point that predicts what was measured."""
    learned = {
        parameters.names[i]: Learned(
            parameters.inputs[i],
            float(parameters.mode[i]),
            float(parameters.u[i]),
            float(parameters.u[i] / parameters.prior_u[i]),
        )
        for i in parameters.order
        if parameters.learned[i]
    }
    return write_design(model.document, learned, _wall_factor(model, found, learned), _by(model), written)


def _by(model: UpdateModel) -> str:
    """What was measured, in words."""
    return ", ".join(
        f"{name} {with_unit(value, unit_of(name), u)}" for name, (value, u) in model.measured.values.items()
    )


def _wall_factor(model: UpdateModel, found: Posterior, learned: dict[str, Learned]) -> Learned | None:
    """Default sidewall factor of evaporated films: the sine of the half angle and a deviation, both learned."""
    if EVAPORATED not in learned:
        return None
    deviation, angle = learned[EVAPORATED], model.document.apex.half_angle
    names = found.prior.names
    half_angle, column = np.full(len(found.values), angle.value), names.index(EVAPORATED)
    mode = angle.value
    if "apex.half_angle" in names:
        half_angle = found.values[:, names.index("apex.half_angle")]
        mode = float(found.prior.values(found.mode)[names.index("apex.half_angle")])
    law = math.sin(angle.value)
    u = float(found.samples.moments(np.sin(half_angle) - law + found.values[:, column])[1])
    return Learned(deviation.prior, math.sin(mode) - law + deviation.value, u, 0.0)


def _unfaithful(model: UpdateModel, design: Written, after: Floats, fine: float) -> float:
    """Largest distance of the written design's predictions from those of the mode, in u of the measured."""
    told = update_model(design.document, model.measured).stated(fine)
    spread = np.sqrt(np.diag(model.measured.observations().covariance))
    # The design holds no Lorenz ratio of a measurement, so that it does not repeat a sheet resistance.
    distances = [
        abs(told[name] - after[row]) / u
        for name, row, u in zip(model.measured.values, model.rows, spread, strict=True)
        if not name.startswith(SHEET)
    ]
    return max(distances, default=0.0)


# --- tables and checks ----------------------------------------------------------------------------------------------


def _header(update: Update) -> list[str]:
    """Lines above the updated design: what it is, and what it cannot say."""
    number = update.predictions.number("probe_resistance")
    name, value = update.model.document.name, float(update.predictions.mode[number])
    joint = with_unit(value, "K/W", float(update.predictions.u[number]))
    alone = with_unit(value, "K/W", update.study.result.quantities["probe_resistance"].u)
    lines = [
        f"{name}, updated by {_by(update.model)}.",
        "Updated values are the most probable ones together (the posterior's mode): they predict what was measured.",
        "Each u is that of one input alone. What was learned of the inputs together, their correlations, has no",
        "place in a design; their covariance belongs beside it. Read alone, this design therefore",
        f"predicts R_P = {alone}; with the correlations it is {joint}.",
    ]
    if update.design.unwritten:
        lines.append(f"Learned too, but without a place in a design: {', '.join(update.design.unwritten)}.")
    return lines
