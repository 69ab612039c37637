"""Calibrate a probe from a campaign, and update its design by what was found."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from thermonet.calibration.adjustment import Adjustment
from thermonet.calibration.assessment import Assessment, assess
from thermonet.calibration.campaign import Campaign, Factors, Records, read_records
from thermonet.calibration.certificate import certificate_of
from thermonet.calibration.dcc import certificate_xml
from thermonet.calibration.outcome import Derived, correlation_of, derive, suffix
from thermonet.calibration.result import PROBABILITY, result_of
from thermonet.calibration.trials import Trials, propagated
from thermonet.documents.builtin import located_file
from thermonet.documents.campaign import CampaignDocument, ProbeEntry
from thermonet.documents.experiments import Calorimeter, ExperimentEntry, JouleLine, ProbeExperiment
from thermonet.documents.kinds import kind_of
from thermonet.documents.located import LocatedDocument, dumped, load, with_settings
from thermonet.documents.probe import ProbeDocument
from thermonet.documents.reader import validated
from thermonet.quantities.errors import DocumentError, UsageError
from thermonet.quantities.inputs import Input
from thermonet.quantities.threads import single_threaded
from thermonet.results.folder import table_csv
from thermonet.results.record import Result
from thermonet.studies.design import probe_problems, read_probe
from thermonet.studies.field_factors import FieldFactor, field_factors
from thermonet.studies.update import Update, update_probe
from thermonet.studies.update_model import Measurements

#: Name of the field model's factor by protocol key; that of a line holds the layer.
_FACTOR_NAMES = {"source_factor": "source", "lead_transfer_ratio": "lead"}
#: Of the posterior of a design's inputs.
_SAMPLES = 100_000


@dataclass(frozen=True)
class Options:
    """How to calibrate.

    Attributes
    ----------
    trials
        Monte Carlo trials: a number, 0 for none, or None for as many as it takes.
    seed
        Of everything that is drawn.
    jobs
        Processes for the update of a design; None for all cores.
    """

    trials: int | None = None
    seed: int = 0
    jobs: int | None = None


@dataclass(frozen=True)
class OpenedCampaign:
    """A valid campaign with its data.

    Attributes
    ----------
    campaign
        The document and the data.
    located
        It as text with its places, settings applied.
    design
        The design that it updates, as a person wrote it; None where it updates none.
    """

    campaign: Campaign
    located: LocatedDocument
    design: LocatedDocument | None = None

    @property
    def text(self) -> str:
        """The document as YAML."""
        return dumped(self.located.data)

    @property
    def name(self) -> str:
        """Short name that the campaign gives itself."""
        return self.campaign.document.name

    def inputs(self) -> dict[str, Input]:
        """Every input that its protocols start from, by name."""
        parameters, _ = self.campaign.assembled()
        return {parameter.name: parameter.prior for parameter in parameters if parameter.prior is not None}

    def with_records(self, records: Records) -> OpenedCampaign:
        """Return the same campaign with other data."""
        return replace(self, campaign=self.campaign.with_records(records))


@dataclass(frozen=True)
class CalibrationStudy:
    """A calibrated campaign.

    Attributes
    ----------
    campaign
        The document and its data.
    adjustment
        Estimate of all parameters.
    assessment
        What the tests of the records found.
    derived
        Reported numbers with their budgets, by key.
    trials
        Monte Carlo beside first order, if there was one.
    update
        Bayesian update of a design, if the campaign asks for one.
    result
        Quantities, tables, checks.
    """

    campaign: Campaign
    adjustment: Adjustment
    assessment: Assessment
    derived: Mapping[str, Derived]
    trials: Trials | None
    update: Update | None
    result: Result

    @property
    def files(self) -> dict[str, str]:
        """What belongs to the results besides the numbers, by file name.

        The certificate that machines read, where there are records; the updated design and the covariance of its
        inputs, where a design was updated.
        """
        found = {}
        if self.campaign.records:
            data = certificate_of(self.campaign, self.adjustment, self.derived, self.result)
            found["dcc.xml"] = certificate_xml(data)
        if self.update is not None:
            found["updated_design.yaml"] = self.update.text
            found["updated_covariance.csv"] = table_csv(self.update.result.tables["covariance"])
        return found


def read_campaign(file: Path | str, settings: tuple[str, ...] = ()) -> OpenedCampaign:
    """Read a campaign and its data files, and compute what it leaves to the field model of a design.

    Parameters
    ----------
    file
        The campaign document; its data files and designs are named relative to it.
    settings
        Edits as ``path=value`` texts.

    Raises
    ------
    DocumentError
        With every problem found in the campaign, or in a design that it names; `DataError` for its data files.
    """
    located = with_settings(load(file), settings)
    kind_of(located, ("campaign",))
    folder = Path(file).parent
    document = validated(located, CampaignDocument, also=partial(_design_problems, folder))
    campaign = Campaign(document, read_records(document, folder), factors_of(document, folder))
    update = document.update
    design = None if update is None else load(_design_file(document.probes[update.probe], folder))
    return OpenedCampaign(campaign, located, design)


def _design_file(probe: ProbeEntry, folder: Path) -> Path:
    """Design of a probe: a file beside the campaign, or a built-in."""
    beside = folder / probe.design
    return beside if beside.exists() else located_file(probe.design)


def _design_problems(folder: Path, document: CampaignDocument) -> Iterator[tuple[str, str]]:
    """(path, message) for the designs that a campaign in a folder names."""
    for name, probe in document.probes.items():
        if not probe.design:
            continue
        try:
            read_probe(_design_file(probe, folder))
        except DocumentError as error:
            yield f"probes.{name}.design", f"is no valid design: {error.problems[0]}"
        except UsageError as error:
            yield f"probes.{name}.design", str(error)


def factors_of(document: CampaignDocument, folder: Path) -> Factors:
    """What experiments leave to the field model, from the designs of their probes."""

    @cache
    def factor(probe: str, name: str) -> FieldFactor:
        return field_factors(read_probe(_design_file(document.probes[probe], folder)), [name])[name]

    found: dict[str, dict[str, Input]] = {}
    for name, entry in document.experiments.items():
        if not isinstance(entry, ProbeExperiment):
            continue
        absent = [key for key in entry.from_design if getattr(entry, key) is None]
        found[name] = {
            key: factor(entry.probe, _factor_name(entry, key)).as_input(f"experiments.{name}.{key}") for key in absent
        }
    return found


def _factor_name(entry: ExperimentEntry, key: str) -> str:
    if isinstance(entry, JouleLine):
        return f"line.{entry.line_layer}"
    return "contact" if isinstance(entry, Calorimeter) else _FACTOR_NAMES[key]


@single_threaded
def calibrate(opened: OpenedCampaign, options: Options = Options()) -> CalibrationStudy:
    """Estimate S_TC, rho and R_P with their covariance, test the records, propagate, update the design, report.

    Raises
    ------
    CalibrationError
        The records and inputs do not determine what they are to determine.
    NotConvergedError
        The adjustment did not settle, or the update of the design did not.
    """
    campaign = opened.campaign
    adjustment = campaign.adjusted()
    assessment = assess(campaign, adjustment)
    derived = derive(campaign.document, adjustment)
    trials = _trials(campaign, adjustment, derived, options) if campaign.records else None
    result = result_of(campaign, adjustment, assessment, derived, trials)
    update = None
    if opened.design is not None:
        update = _updated(opened.design, campaign.document, measurements_of(campaign, adjustment, derived), options)
        result = _with_update(result, update.result)
    return CalibrationStudy(campaign, adjustment, assessment, derived, trials, update, result)


def _trials(
    campaign: Campaign, adjustment: Adjustment, derived: Mapping[str, Derived], options: Options
) -> Trials | None:
    if options.trials == 0:
        return None
    probability = campaign.document.probability
    return propagated(
        adjustment,
        derived,
        probability=PROBABILITY if probability is None else probability.value,
        trials=options.trials,
        seed=options.seed,
    )


def measurements_of(campaign: Campaign, adjustment: Adjustment, derived: Mapping[str, Derived]) -> Measurements:
    """What a campaign measured that a design predicts: R_P, S_TC where records found it, and what it adds itself.

    A stated S_TC is no measurement of this campaign; R_P = rho / S_TC inherits its uncertainty.
    """
    update = campaign.document.update
    assert update is not None
    end = suffix(campaign.document, update.probe)
    found = {key: derived[key + end] for key in ("probe_resistance", "seebeck_coefficient") if key + end in derived}
    if campaign.document.probes[update.probe].seebeck_coefficient is not None:
        found.pop("seebeck_coefficient", None)
    values = {key: (abs(item.value), item.u) for key, item in found.items()}
    correlations = {}
    if len(found) > 1:
        resistance, seebeck = found["probe_resistance"], found["seebeck_coefficient"]
        sign = math.copysign(1.0, resistance.value * seebeck.value)
        correlations["probe_resistance", "seebeck_coefficient"] = sign * correlation_of(resistance, seebeck, adjustment)
    for key in ("time_constant_elmore", "time_constant_63"):
        stated: Input | None = getattr(update, key)
        values |= {} if stated is None else {key: (stated.value, stated.u)}
    for layer, sheet in update.sheet_resistances.items():
        values[f"sheet_resistance.{layer}"] = (sheet.value, sheet.u)
    more = {} if update.lorenz_ratio is None else {"lorenz_ratio": update.lorenz_ratio}
    return Measurements(values=values, correlations=correlations, **more)


def _updated(design: LocatedDocument, campaign: CampaignDocument, measured: Measurements, options: Options) -> Update:
    samples = campaign.update.samples if campaign.update else None
    document = validated(design, ProbeDocument, also=probe_problems)
    count = _SAMPLES if samples is None else round(samples.value)
    return update_probe(
        document, measured, samples=count, seed=options.seed, jobs=options.jobs or os.cpu_count() or 1, written=design
    )


def _with_update(result: Result, update: Result) -> Result:
    """Return a result with an update's quantities, tables and checks, each under names of its own."""
    return replace(
        result,
        quantities={**result.quantities, **{f"updated.{key}": item for key, item in update.quantities.items()}},
        tables={**result.tables, **{f"update.{key}": table for key, table in update.tables.items()}},
        checks={**result.checks, **{f"update.{key}": check for key, check in update.checks.items()}},
    )
