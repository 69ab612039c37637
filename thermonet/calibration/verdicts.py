"""Tests of a campaign as checks: what would be too improbable by chance does not hold.

All tests of a campaign share one probability of a false alarm (1 % unless it says otherwise), so that a campaign with
many records is not blamed for one unlucky test among dozens. Every check states its test as the normal deviate of the
same two-sided probability.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from thermonet.calibration.adjustment import Adjustment
from thermonet.calibration.assessment import Assessment, Consistency, TestedTerm
from thermonet.calibration.conditions import Conditions
from thermonet.calibration.ranges import Extrapolation
from thermonet.calibration.regression.diagnostics import Diagnostics, TermTest
from thermonet.quantities.formatting import with_unit
from thermonet.results.record import Check

#: Probability that a campaign without any fault fails one of its tests.
SIGNIFICANCE = 0.01
_LEAST = 1e-300
#: A time constant is resolved if it is at least so many of its standard uncertainties.
_RESOLVED = 3.0
#: Outliers that are named one by one.
_NAMED = 5


@dataclass(frozen=True)
class _Finding:
    """A test: its probability if nothing is wrong, and what it says; None where it could not be made."""

    key: str
    probability: float | None
    said: str
    advice: str = ""


def checks(adjustment: Adjustment, assessment: Assessment, significance: float = SIGNIFICANCE) -> dict[str, Check]:
    """Put all tests as checks at one common probability of a false alarm."""
    findings = list(_findings(adjustment, assessment))
    level = significance / max(1, sum(finding.probability is not None for finding in findings))
    found = {finding.key: _check(finding, level) for finding in findings}
    found |= dict(_signs(adjustment))
    found |= dict(_poles(adjustment))
    found |= {f"within_calibrated_range.{item.what}": _of_extrapolation(item) for item in assessment.extrapolated}
    return found


def _check(finding: _Finding, level: float) -> Check:
    from scipy.special import ndtri

    threshold = float(-ndtri(level / 2))
    if finding.probability is None:
        return Check(holds=None, value=0.0, u=None, threshold=threshold, explanation=finding.said)
    holds = finding.probability >= level
    said = f"{finding.said} (probability {finding.probability:.2g})"
    return Check(
        holds=holds,
        value=float(-ndtri(max(finding.probability, _LEAST) / 2)),
        u=None,
        threshold=threshold,
        explanation=said if holds or not finding.advice else f"{said}; {finding.advice}",
    )


def _signs(adjustment: Adjustment) -> Iterator[tuple[str, Check]]:
    """S_TC and rho are magnitudes here: the polarity of a probe holds the sign of its voltage."""
    for name, value in adjustment.as_values().items():
        section, _, key = name.rpartition(".")
        if section.startswith("probes.") and value < 0:
            yield (
                f"polarity.{name}",
                Check(
                    holds=False,
                    value=value,
                    u=adjustment.u(name),
                    threshold=0.0,
                    explanation=f"{key} is negative: expected the other {section}.polarity, or other signs in the data",
                ),
            )


def _poles(adjustment: Adjustment) -> Iterator[tuple[str, Check]]:
    """A pole that the records do not resolve says nothing, and spoils those that they do."""
    for name, value in adjustment.as_values().items():
        u = adjustment.u(name)
        if ".time_constant." in name and abs(value) < _RESOLVED * u:
            experiment = name.partition(".time_constant.")[0]
            yield (
                f"resolved.{name}",
                Check(
                    holds=False,
                    value=value / u,
                    u=None,
                    threshold=_RESOLVED,
                    explanation=f"{value:.2g} s with u = {u:.2g} s: expected fewer starting values in "
                    f"{experiment}.time_constants, or more frequencies",
                ),
            )


def _of_extrapolation(item: Extrapolation) -> Check:
    what = "S_TC is reported" if item.what == "S_TC" else f"{item.what} is used"
    calibrated = f"its calibrated {item.low:.6g}..{item.high:.6g} K"
    return Check(
        holds=False,
        value=item.used,
        u=None,
        threshold=item.high if item.used > item.high else item.low,
        explanation=f"{what} at {item.used:.6g} K, outside {calibrated}: extrapolated",
    )


def _findings(adjustment: Adjustment, assessment: Assessment) -> Iterator[_Finding]:
    for name, diagnostics in assessment.diagnostics.items():
        yield from _of_record(adjustment.records[name].conditions, diagnostics)
    for (experiment, term), tested in assessment.terms.items():
        yield _of_term(experiment, term, tested)
    for experiment, test in assessment.odd_parts.items():
        yield _of_odd_part(experiment, test)
    if assessment.consistency is not None:
        yield _of_consistency(assessment.consistency)


def _of_record(block: Conditions, diagnostics: Diagnostics) -> Iterator[_Finding]:
    if diagnostics.chi_squared_probability is not None:
        above = diagnostics.chi_squared_probability
        said = f"the readings scatter {diagnostics.birge_ratio:.2f} times as much as their stated noise"
        advice = "their noise is understated, or the protocol does not describe them"
        if above > 0.5:
            advice = "their noise is overstated, or they are no independent readings"
        yield _Finding(f"scatter.{block.name}", 2 * min(above, 1 - above), said, advice)
    if diagnostics.runs is not None:
        said = f"{diagnostics.runs.runs} runs of equal sign, {diagnostics.runs.expected:.3g} expected"
        advice = "the residuals follow a pattern: drift, or a missing term"
        yield _Finding(f"runs.{block.name}", diagnostics.runs.probability, said, advice)
    yield _of_outliers(block, diagnostics)


def _of_outliers(block: Conditions, diagnostics: Diagnostics) -> _Finding:
    key = f"outliers.{block.name}"
    if not diagnostics.outliers:
        return _Finding(key, 1.0, "no reading lies improbably far from the rest")
    farthest = sorted(diagnostics.outliers, key=lambda outlier: -abs(outlier.residual_over_u))
    worst = farthest[0]
    lines = ", ".join(str(int(block.rows[outlier.index])) for outlier in farthest[:_NAMED])
    lines += f" and {len(farthest) - _NAMED} more" if len(farthest) > _NAMED else ""
    said = f"line {lines}: up to {abs(worst.residual_over_u):.3g} u away from the rest; none was dropped"
    advice = "their pull is limited" if block.robust else "'robust: huber' would limit their pull"
    return _Finding(key, worst.probability, said, advice)


def _of_term(experiment: str, term: str, tested: TestedTerm | None) -> _Finding:
    key = f"{term}.{experiment}"
    if tested is None:
        return _Finding(key, None, f"the records cannot tell the {term}")
    size = with_unit(tested.test.value, tested.unit, digits=3)
    said = (
        f"fitted, the {term} would be {size} with u = {with_unit(tested.test.u, tested.unit, digits=2)}; taken as zero"
    )
    return _Finding(key, tested.test.probability, said, f"it is not: state '{term}: fitted' in {experiment}")


def _of_odd_part(experiment: str, test: TermTest) -> _Finding:
    said = (
        f"half the difference of the polarities is {test.value * 1e9:.3g} nV on average, u = {test.u * 1e9:.2g} nV: it "
        "tests the odd part of the heat only, not f_0"
    )
    advice = "heat that changes sign with the current is there, so the junction is not symmetric"
    return _Finding(f"odd_part.{experiment}", test.probability, said, advice)


def _of_consistency(consistency: Consistency) -> _Finding:
    size = f"chi-squared {consistency.chi_squared:.3g} with {consistency.dof} degrees of freedom"
    said = f"records and stated inputs against each other: {size}"
    return _Finding("consistency", consistency.probability, said, "they contradict each other")
