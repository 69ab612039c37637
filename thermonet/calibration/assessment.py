"""Do the records bear out what the protocols assume? Scatter, runs, outliers, intercept, curvature, polarity."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from thermonet.calibration.adjustment import AdjustedRecord, Adjustment
from thermonet.calibration.campaign import Campaign, experiment_of
from thermonet.calibration.protocols.junction import odd_part
from thermonet.calibration.ranges import Extrapolation, extrapolations
from thermonet.calibration.regression.diagnostics import Diagnostics, Evidence, TermTest, diagnose
from thermonet.calibration.regression.whitening import Whitening
from thermonet.documents.experiments import PlatinumCalibration, SymmetricJunction
from thermonet.quantities.errors import PhysicsError
from thermonet.uncertainty.probability import above_chi_squared, above_student

_RANK = 1e-9
_UNITS = {"intercept": "offset", "curvature": "curvature"}


@dataclass(frozen=True)
class Consistency:
    """Chi-squared of records and stated inputs against each other, beyond what each record's own scatter takes."""

    chi_squared: float
    dof: int
    probability: float


@dataclass(frozen=True)
class TestedTerm:
    """A term as a fit with it would have it, and its unit."""

    test: TermTest
    unit: str


@dataclass(frozen=True)
class Assessment:
    """What the tests found.

    Attributes
    ----------
    diagnostics
        Of every block of conditions, by name.
    terms
        Terms that are assumed to vanish, (experiment, term), as a fit would have them; None where the records cannot
        tell them from what is sought.
    odd_parts
        Mean of the part that changes sign with the current, by experiment [V]; its own u.
    consistency
        Of all records and inputs together; None where nothing is left to test.
    extrapolated
        What is used beyond the range that it was calibrated over.
    """

    diagnostics: Mapping[str, Diagnostics]
    terms: Mapping[tuple[str, str], TestedTerm | None]
    odd_parts: Mapping[str, TermTest]
    consistency: Consistency | None
    extrapolated: tuple[Extrapolation, ...]


def assess(campaign: Campaign, adjustment: Adjustment) -> Assessment:
    """Test everything that the records can test."""
    diagnostics = {name: _diagnosed(record) for name, record in adjustment.records.items()}
    return Assessment(
        diagnostics=diagnostics,
        terms={(name, term): _term(campaign, name, term) for name, term in campaign.terms()},
        odd_parts=dict(_odd_parts(campaign)),
        consistency=_consistency(adjustment),
        extrapolated=tuple(extrapolations(campaign, adjustment)),
    )


def _own_fit(record: AdjustedRecord) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal directions that a record itself fixes, and what is left of its misclosures, both over u.

    Where wild readings were weighed down, they are here too: the fit is that of the others.
    """
    root = np.sqrt(record.weights)
    whitened = record.design / record.u[:, None]
    norms = np.linalg.norm(whitened, axis=0)
    left, singular, _ = np.linalg.svd(root[:, None] * whitened[:, norms > 0] / norms[norms > 0], full_matrices=False)
    basis = left[:, singular > _RANK * singular[0]]
    rest = record.misclosures / record.u
    return basis, rest - (basis @ (basis.T @ (root * rest))) / root


def _diagnosed(record: AdjustedRecord) -> Diagnostics:
    basis, rest = _own_fit(record)
    x = record.conditions.observed[record.conditions.response[1]]
    return diagnose(
        Evidence(
            whitening=Whitening(deviations=record.u),
            residuals=rest,
            jacobian=basis,
            dof=record.dof,
            scale=1.0,
            from_scatter=record.estimated,
            rounding=0.0,
            x=np.asarray(x, dtype=float),
            replicates=False,
            robust=record.conditions.robust,
        )
    )


def _term(campaign: Campaign, experiment: str, term: str) -> TestedTerm | None:
    """A term as a fit with it would have it."""
    entry = campaign.document.experiments[experiment]
    name = f"experiments.{experiment}.{_UNITS[term]}"
    if isinstance(entry, PlatinumCalibration):
        name = f"thermometers.{entry.thermometer}.quadratic_coefficient"
    try:
        fitted = campaign.fitting(experiment, term).adjusted()
    except PhysicsError:
        return None
    if name not in fitted.names:  # stated, and so not tested
        return None
    value, u = fitted.value(name), fitted.u(name)
    dof = min(record.dof if record.estimated else math.inf for record in _records(fitted, campaign, experiment))
    return TestedTerm(_two_sided(value, u, dof), fitted.parameters[fitted.index(name)].unit)


def _records(adjustment: Adjustment, campaign: Campaign, experiment: str) -> Iterator[AdjustedRecord]:
    for name, record in adjustment.records.items():
        if experiment_of(name, campaign.document) == experiment:
            yield record


def _two_sided(value: float, u: float, dof: float) -> TermTest:
    ratio = value / u
    return TermTest(value, u, ratio, 2 * float(above_student(abs(ratio), dof)))


def _odd_parts(campaign: Campaign) -> Iterator[tuple[str, TermTest]]:
    """Mean odd part of every symmetric junction: it is all that the difference of the polarities tests."""
    for name, entry in campaign.document.experiments.items():
        if not isinstance(entry, SymmetricJunction):
            continue
        odd = odd_part(campaign.records[name])
        if len(odd) > 1 and np.ptp(odd) > 0:
            yield name, _two_sided(float(odd.mean()), float(odd.std(ddof=1)) / math.sqrt(len(odd)), len(odd) - 1)


def _consistency(adjustment: Adjustment) -> Consistency | None:
    total, dof = adjustment.chi_squared, adjustment.dof
    for record in adjustment.records.values():
        _, rest = _own_fit(record)
        total -= float(np.sum(record.weights * rest**2))
        dof -= record.dof
    if dof < 1:
        return None
    total = max(total, 0.0)
    return Consistency(total, dof, above_chi_squared(total, dof))
