"""What a calibration's page and certificate say in words: main results, what to improve, warnings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from thermonet.calibration.campaign import experiment_of
from thermonet.calibration.certificate import is_synthetic
from thermonet.documents.experiments import PlatinumCalibration
from thermonet.report.calibration_grids import coverage, is_nuisance, number, signed
from thermonet.report.grids import badge, percent
from thermonet.report.names import (
    printed,
    printed_concise,
    printed_like,
    readable,
    symbol_markup,
    titled,
    words,
)
from thermonet.results.record import Check, Result, rows_of
from thermonet.studies.calibration import CalibrationStudy
from thermonet.uncertainty.budget import BudgetLine

#: What is asked of a calibration, the last one first.
_WANTED = ("probe_resistance", "responsivity", "seebeck_coefficient")
#: A share of the variance below which a better meter changes nothing that is printed.
_WORTH = 0.05
#: What a check that fails warns of, by the first word of its name.
_WARNINGS = {
    "scatter": "Scatter larger than the stated noise",
    "runs": "Residuals with a pattern",
    "outliers": "Readings far from the rest",
    "curvature": "Curvature that the fit leaves out",
    "intercept": "Offset that the fit leaves out",
    "odd_part": "Thermovoltage that depends on the polarity",
    "consistency": "Records and stated inputs contradict each other",
    "within_calibrated_range": "Extrapolated temperature",
    "claim": "Claimed uncertainty not reached",
    "evidence_for_heat_split": "No evidence for the heat split",
}
#: A remark in the form of a check, which goes with every result that it is about.
REMINDER = "evidence_for_heat_split"


@dataclass(frozen=True)
class MainResult:
    """A reported number as printed.

    Attributes
    ----------
    name, symbol
        In words, and typeset.
    value
        With its standard uncertainty in the last digits.
    expanded, k, probability, dof
        Expanded uncertainty, coverage factor, probability, effective degrees of freedom.
    """

    name: str
    symbol: Markup
    value: str
    expanded: str
    k: str
    probability: str
    dof: str


@dataclass(frozen=True)
class Headline:
    """What the top of a calibration's page says; all texts are plain.

    Attributes
    ----------
    results
        Of the campaign's first probe.
    updated
        R_P of the updated design before and after, where there was an update; empty otherwise.
    validated
        Whether trials bear out first order, None without trials; and what is to be said of it.
    made_of, advice, meters
        What the uncertainty is made of, what would lessen it, and which meter or film is the weakest.
    together
        What S_TC and R_P have in common; empty where one of them is missing.
    """

    results: Sequence[MainResult]
    updated: str
    validated: tuple[bool | None, str]
    made_of: str
    advice: str
    meters: str
    together: str


@dataclass(frozen=True)
class Warned:
    """A check that does not hold, or that nothing can decide: its name, what it warns of, and why."""

    name: str
    warning: str
    check: Check

    @property
    def badge(self) -> Markup:
        """Verdict; what can never hold is no verdict but a reminder."""
        return Markup('<span class="badge open">! mind</span>') if self.name == REMINDER else badge(self.check.holds)


def synthetic(study: CalibrationStudy) -> bool:
    """Whether the campaign or any of its data files calls its data synthetic."""
    return is_synthetic(study.campaign)


def main_results(result: Result, end: str = "") -> list[MainResult]:
    """S_TC, rho, R_P and 1/rho of the probe whose keys end so, as far as they were found."""
    found = []
    names = ("quantity", "expanded", "coverage_factor", "probability", "dof")
    for key, wide, k, probability, dof in rows_of(result.tables["expanded"], *names):
        first, dot, rest = str(key).partition(".")
        if is_nuisance(str(key)) or dot + rest != end:
            continue
        item = result.quantities[str(key)]
        found.append(
            MainResult(
                words(first),
                symbol_markup(item.symbol),
                signed(printed_concise(item.value, item.unit, item.u)),
                printed_like(number(wide), item.unit, item.value),
                *coverage(number(k), number(probability), dof),
            )
        )
    return found


def warnings_of(result: Result) -> list[Warned]:
    """Checks that do not hold, the undecided ones last."""
    found = [
        Warned(key, _WARNINGS.get(key.partition(".")[0], titled(key).capitalize()), check)
        for key, check in result.checks.items()
        if not check.holds
    ]
    return sorted(found, key=lambda item: item.check.holds is None)


def headline_of(study: CalibrationStudy) -> Headline:
    """Pick the numbers and write the sentences."""
    measured = bool(study.campaign.records)
    key = next((key for key in _WANTED if key in study.derived), "") if measured else ""
    made_of, advice = _made_of(study, key) if key else ("", "")
    return Headline(
        results=main_results(study.result) if measured else [],
        updated=_updated(study),
        validated=validated(study),
        made_of=made_of,
        advice=advice,
        meters=_meters(study, key) if key else "",
        together=_together(study),
    )


def _updated(study: CalibrationStudy) -> str:
    """Prediction of R_P before and after, and by what it was updated."""
    if study.update is None:
        return ""
    table = study.update.result.tables["predictions"]
    names = ("quantity", "unit", "prior", "prior_u", "posterior", "posterior_u")
    for name, unit, prior, prior_u, posterior, posterior_u in rows_of(table, *names):
        if name == "probe_resistance":
            before = printed_concise(number(prior), str(unit), number(prior_u))
            after = printed_concise(number(posterior), str(unit), number(posterior_u))
            return f"The updated design predicts R_P = {after}, before the update {before} (k = 1)."
    return ""


def validated(study: CalibrationStudy) -> tuple[bool | None, str]:
    """Whether trials bear out first order, None without trials, and what is to be said of it."""
    if study.trials is None:
        return None, "No trials were made: whether first order holds was not tested."
    compared = {key: item for key, item in study.trials.quantities.items() if not is_nuisance(key)}
    apart = [titled(key) for key, item in compared.items() if not item.agrees]
    count = f"{study.trials.count} Monte Carlo trials"
    if apart:
        return False, f"First order is not validated by {count} for {', '.join(apart)}: quote their intervals."
    if not study.trials.stabilised:
        return None, f"{count} agree with first order, and were not stable enough to validate it (JCGM 101, 8)."
    return True, f"First order is validated by {count} for every reported quantity (JCGM 101, 8)."


def _made_of(study: CalibrationStudy, key: str) -> tuple[str, str]:
    """Largest causes of the variance, and what knowing the first one would bring."""
    derived, lines = study.derived[key], study.derived[key].budget.lines
    if not lines:
        return "All inputs are exact.", ""
    symbol = derived.symbol
    first = lines[0]
    text = f"{percent(first.share)} of the variance of {symbol} comes from the {_cause(first)}"
    text += "".join(f", {percent(line.share)} from the {readable(line.input.name)}" for line in lines[1:3])
    left = derived.u * math.sqrt(max(0.0, 1 - first.share))
    before, after = (printed_like(u, derived.unit, derived.value) for u in (derived.u, left))
    if first.input.name.endswith(".noise"):
        half = derived.u * math.sqrt(max(0.0, 1 - 0.75 * first.share))
        after = printed_like(half, derived.unit, derived.value)
        return f"{text}.", f"Four times as many readings would take u({symbol}) from {before} to {after} (k = 1)."
    known = f"Were the {readable(first.input.name)} known exactly"
    return f"{text}.", f"{known}, u({symbol}) would fall from {before} to {after} (k = 1)."


def _cause(line: BudgetLine) -> str:
    """Name of a cause with its value and source, where it is a stated input."""
    name = readable(line.input.name)
    if line.input.name.endswith(".noise") or " and " in line.input.name:
        return name
    stated = signed(printed_concise(line.input.value, line.input.unit, line.input.u))
    return f"{name} ({stated}; {line.input.source or 'no source'})"


def _meters(study: CalibrationStudy, key: str) -> str:
    """The instrument or film that carries most of the variance."""
    shares: dict[str, float] = {}
    for line in study.derived[key].budget.lines:
        owner = _owner(study, line.input.name)
        if owner:
            shares[owner] = shares.get(owner, 0.0) + line.share
    if not shares:
        return ""
    worst = max(shares, key=lambda owner: shares[owner])
    verdict = "improve it" if shares[worst] >= _WORTH else "a better one would change little"
    symbol = study.derived[key].symbol
    share = percent(shares[worst])
    return f"Of all meters and films, {worst} carries most of the variance of {symbol}, {share}: {verdict}."


def _owner(study: CalibrationStudy, cause: str) -> str:
    """Instrument or thermometer that a cause belongs to; the noise of a film's calibration is the film's."""
    section, _, rest = cause.partition(".")
    if section in ("instruments", "thermometers"):
        return rest.partition(".")[0]
    document = study.campaign.document
    if cause.endswith(".noise"):
        entry = document.experiments.get(experiment_of(cause.removesuffix(".noise"), document))
        return entry.thermometer if isinstance(entry, PlatinumCalibration) else ""
    return ""


def _together(study: CalibrationStudy) -> str:
    """What the covariance of S_TC and R_P does to a heat."""
    quantities = study.result.quantities
    coefficient, naive = (
        quantities.get(key) for key in ("correlation_seebeck_resistance", "heat_per_volt_u_uncorrelated")
    )
    if coefficient is None or naive is None:
        return ""
    heat = study.derived["heat_per_volt"]
    right, wrong = percent(heat.u / abs(heat.value)), percent(naive.value / abs(heat.value))
    r = signed(f"{coefficient.value:.3f}")
    return (
        f"S_TC and R_P rest on one thermocouple, r = {r}. A heat follows from rho with u = {right} (k = 1); from S_TC "
        f"and R_P taken as uncorrelated it would be said to have {wrong}, which is wrong."
    )


def facts_of(study: CalibrationStudy) -> Iterator[tuple[str, str]]:
    """Date, surroundings, who and whose, as the result has them; the temperature with its u in the last digits."""
    around = study.campaign.document.environment.temperature
    for item, value in rows_of(study.result.tables["environment"], "item", "value"):
        own = str(item).startswith("temperature")
        yield str(item), printed_concise(around.value, around.unit, around.u) if own else str(value)
    at = study.campaign.document.temperature or around
    if any(key.startswith("seebeck_coefficient") for key in study.derived):
        yield "S_TC refers to", printed(at.value, at.unit, digits=6)
