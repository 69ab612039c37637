"""Calibrate a probe from a campaign, and update its design by what was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from thermonet.calibration.adjustment import Adjustment
from thermonet.calibration.assessment import Assessment, assess
from thermonet.calibration.campaign import Campaign, Factors, read_records
from thermonet.calibration.certificate import certificate_of
from thermonet.calibration.dcc import certificate_xml
from thermonet.calibration.outcome import Derived, derive
from thermonet.calibration.result import PROBABILITY, result_of
from thermonet.calibration.trials import Trials, propagated
from thermonet.documents.builtin import located_file
from thermonet.documents.campaign import CampaignDocument, ProbeEntry
from thermonet.documents.experiments import Calorimeter, ExperimentEntry, JouleLine, ProbeExperiment
from thermonet.documents.kinds import kind_of
from thermonet.documents.located import dumped, load, with_settings
from thermonet.documents.probe import ProbeDocument
from thermonet.documents.reader import validated
from thermonet.quantities.errors import DocumentError, UsageError
from thermonet.quantities.inputs import Input
from thermonet.results.record import Result
from thermonet.studies.design import read_probe
from thermonet.studies.field_factors import FieldFactor, field_factors

#: Name of the field model's factor by protocol key; that of a line holds the layer.
_FACTOR_NAMES = {"source_factor": "source", "lead_transfer_ratio": "lead"}


@dataclass(frozen=True)
class Options:
    """How to calibrate.

    Attributes
    ----------
    trials
        Monte Carlo trials: a number, 0 for none, or None for as many as it takes.
    seed
        Of everything that is drawn.
    """

    trials: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class OpenedCampaign:
    """A valid campaign with its data, and it as YAML, settings applied."""

    campaign: Campaign
    text: str

    @property
    def name(self) -> str:
        """Short name that the campaign gives itself."""
        return self.campaign.document.name

    def inputs(self) -> dict[str, Input]:
        """Every input that its protocols start from, by name."""
        parameters, _ = self.campaign.assembled()
        return {parameter.name: parameter.prior for parameter in parameters if parameter.prior is not None}


def opened_campaign(file: Path | str, settings: tuple[str, ...] = ()) -> OpenedCampaign:
    """Read a campaign and its data, settings applied.

    Raises
    ------
    DocumentError
        With every problem found; `DataError` for those of its data files.
    """
    located = with_settings(load(file), settings)
    kind_of(located, ("campaign",))
    folder = Path(file).parent
    document = validated(located, CampaignDocument, also=partial(_design_problems, folder))
    campaign = Campaign(document, read_records(document, folder), factors_of(document, folder))
    return OpenedCampaign(campaign, dumped(located.data))


@dataclass(frozen=True)
class CalibrationStudy:
    """A calibrated campaign.

    Attributes
    ----------
    campaign
        The document and its data.
    adjustment
        Estimate of all parameters; None where there is no experiment.
    assessment
        What the tests of the records found; None likewise.
    derived
        Reported numbers with their budgets, by key.
    trials
        Monte Carlo beside first order, if there was one.
    result
        Quantities, tables, checks.
    """

    campaign: Campaign
    adjustment: Adjustment
    assessment: Assessment
    derived: Mapping[str, Derived]
    trials: Trials | None
    result: Result

    @property
    def files(self) -> dict[str, str]:
        """What belongs to the results besides the numbers, by file name: the certificate that machines read."""
        data = certificate_of(self.campaign, self.adjustment, self.derived, self.result)
        return {"dcc.xml": certificate_xml(data)}


def read_campaign(file: Path | str, settings: tuple[str, ...] = ()) -> Campaign:
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
        With every problem found in the campaign, or in a design that it names.
    DataError
        With every problem found in its data files.
    """
    return opened_campaign(file, settings).campaign


def design_of(probe: ProbeEntry, folder: Path) -> ProbeDocument:
    """Read the design of a probe: a built-in name, or a file beside the campaign."""
    beside = folder / probe.design
    return read_probe(beside if beside.exists() else located_file(probe.design))


def _design_problems(folder: Path, document: CampaignDocument) -> Iterator[tuple[str, str]]:
    """(path, message) for the designs that a campaign in a folder names."""
    for name, probe in document.probes.items():
        if not probe.design:
            continue
        try:
            design_of(probe, folder)
        except DocumentError as error:
            yield f"probes.{name}.design", f"is no valid design: {error.problems[0]}"
        except UsageError as error:
            yield f"probes.{name}.design", str(error)


def factors_of(document: CampaignDocument, folder: Path) -> Factors:
    """What experiments leave to the field model, from the designs of their probes."""

    @cache
    def factor(probe: str, name: str) -> FieldFactor:
        return field_factors(design_of(document.probes[probe], folder), [name])[name]

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


def calibrate(campaign: Campaign, options: Options = Options()) -> CalibrationStudy:
    """Estimate S_TC, rho and R_P with their covariance, test the records, propagate, report.

    Raises
    ------
    CalibrationError
        The records and inputs do not determine what they are to determine.
    NotConvergedError
        The adjustment did not settle.
    """
    adjustment = campaign.adjusted()
    assessment = assess(campaign, adjustment)
    derived = derive(campaign.document, adjustment)
    trials = None
    if options.trials != 0:
        probability = campaign.document.probability
        trials = propagated(
            adjustment,
            derived,
            probability=PROBABILITY if probability is None else probability.value,
            trials=options.trials,
            seed=options.seed,
        )
    result = result_of(campaign, adjustment, assessment, derived, trials)
    return CalibrationStudy(campaign, adjustment, assessment, derived, trials, result)
