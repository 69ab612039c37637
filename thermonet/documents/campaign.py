"""Schema of a calibration campaign (``thermonet: campaign/1``): probes, instruments, thermometers, experiments.

An experiment names its protocol, its data file and its inputs. Everything uncertain is an input with a name, the
path that states it; two experiments that use one instrument or thermometer share its error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from thermonet.documents.experiments import (
    Channels,
    Experiment,
    ExperimentEntry,
    HotStage,
    InstrumentEntry,
    JouleLine,
    PlatinumThermometer,
    Pressure,
    Probability,
    ProbeExperiment,
    Responsivity,
    Samples,
    Significance,
    Thermometer,
    Time,
    distinct_contacts,
)
from thermonet.documents.fields import (
    Dimension,
    Entry,
    Factor,
    Resistance,
    SeebeckCoefficient,
    SheetResistance,
    Temperature,
)
from thermonet.quantities.inputs import Input, InputValueError
from thermonet.quantities.reading import read_text

#: Quantities whose uncertainty a campaign may claim, and their units.
_CLAIMABLE = {"seebeck_coefficient": "V/K", "responsivity": "V/W", "probe_resistance": "K/W"}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_SEEBECK_UNKNOWN = "S_TC and contact cooling not identifiable"


class EnvironmentEntry(Entry):
    """Surroundings during the calibration."""

    temperature: Temperature = Field(description="of the surroundings such as '296 ± 0.5 K'")
    pressure: Pressure | None = None
    source: str = ""


class ProbeEntry(Entry):
    """A probe to be calibrated, and what is known of it from elsewhere."""

    title: str = ""
    polarity: Literal["+1", "-1"] = Field("+1", description="sign of the voltage of a warmer tip: V = polarity S_TC dT")
    seebeck_coefficient: SeebeckCoefficient | None = Field(None, description="S_TC from an earlier calibration")
    responsivity: Responsivity | None = Field(None, description="rho = S_TC R_P from an earlier calibration")
    design: str = Field("", description="a probe design: gives the factors c that an experiment does not state")
    source: str = ""


class CorrelationEntry(Entry):
    """A stated correlation between two inputs."""

    between: tuple[str, str] = Field(description="the paths of two uncertain inputs")
    coefficient: Annotated[Input, Dimension("1", low=-1.0 - 1e-12, low_allowed=True, high=1.0 + 1e-12)]
    source: str = ""


class UpdateEntry(Entry):
    """Bayesian update of a probe's design by what was calibrated, and by more measurements."""

    probe: str = Field("probe", description="one of the campaign's probes, with a design")
    probe_resistance: Resistance | None = Field(None, description="R_P measured elsewhere; absent: the campaign's own")
    time_constant_elmore: Time | None = Field(None, description="measured, first moment of the impulse response")
    time_constant_63: Time | None = Field(None, description="measured, first crossing of 1 - 1/e")
    sheet_resistances: dict[str, SheetResistance] = Field(
        default_factory=dict, description="measured electrical resistance per square by layer of the design"
    )
    lorenz_ratio: Factor | None = Field(None, description="L / L_0 of the metal films (default 1.0 ± 0.1)")
    samples: Samples | None = Field(None, description="of the posterior (default 100000)")


class CampaignDocument(Entry):
    """A calibration campaign."""

    thermonet: Literal["campaign/1"]
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", description="a short name for files and reports")
    title: str = ""
    source: str = Field(description="whose data these are; synthetic data say so")
    date: str = Field(description="of the calibration, '2026-03-14'")
    laboratory: str = ""
    country: str = Field("ZZ", pattern=r"^[A-Z]{2}$", description="of the laboratory, two letters of ISO 3166")
    responsible: str = Field("", description="who answers for the calibration")
    customer: str = ""
    environment: EnvironmentEntry = Field(description="the surroundings such as '{temperature: 296 ± 0.5 K}'")
    temperature: Temperature | None = Field(None, description="that S_TC is reported at (default: the surroundings)")
    probability: Probability | None = Field(None, description="of the expanded uncertainty (default 95 %)")
    significance: Significance | None = Field(
        None, description="probability that a faultless campaign fails one of its tests (default 1 %)"
    )
    probes: dict[str, ProbeEntry] = Field(min_length=1)
    instruments: dict[str, InstrumentEntry] = Field(default_factory=dict)
    thermometers: dict[str, Thermometer] = Field(default_factory=dict)
    experiments: dict[str, Experiment] = Field(default_factory=dict)
    correlations: list[CorrelationEntry] = Field(default_factory=list)
    one_cause: list[list[str]] = Field(
        default_factory=list, description="lists of paths of inputs that are one and the same number, stated alike"
    )
    claims: dict[str, str] = Field(
        default_factory=dict, description="standard uncertainties that the campaign claims, 'probe_resistance: 500 K/W'"
    )
    update: UpdateEntry | None = None

    def channel_units(self, experiment: ExperimentEntry) -> Channels:
        """SI unit of every channel of an experiment; those of thermometers are what the thermometer reads in."""
        return {
            channel: unit or self.thermometers[getattr(experiment, channel)].channel_unit
            for channel, unit in experiment.channels.items()
        }

    def noise(self, experiment: ExperimentEntry) -> dict[str, float]:
        """Stated standard uncertainty of one reading by channel [SI of the channel]."""
        units = self.channel_units(experiment)
        return {channel: read_text(text, units[channel]).value for channel, text in experiment.noise.items()}

    def aliases(self) -> dict[str, str]:
        """Names of inputs that are one cause with another one, and that one's name."""
        return {path: paths[0] for paths in self.one_cause for path in paths[1:]}

    def input_at(self, path: str) -> Input | None:
        """Input that stands at a path, if there is one."""
        found: object = self
        for key in path.split("."):
            found = found.get(key) if isinstance(found, dict) else getattr(found, key, None)
        return found if isinstance(found, Input) else None

    def claimed(self) -> dict[str, float]:
        """Claimed standard uncertainties by quantity [SI]."""
        return {key: read_text(text, _CLAIMABLE[key.partition(".")[0]]).value for key, text in self.claims.items()}

    def inconsistencies(self) -> Iterator[tuple[str, str]]:
        """Yield (path, message) for what is well formed but makes no sense as a whole."""
        yield from _date(self.date)
        yield from _names(self)
        for name, experiment in self.experiments.items():
            yield from _references(self, f"experiments.{name}", experiment)
            if isinstance(experiment, HotStage):
                yield from _contacts(f"experiments.{name}.contacts", experiment)
        yield from _unused_probes(self)
        yield from _known_elsewhere(self)
        yield from _correlations(self)
        yield from _one_cause(self)
        yield from _claims(self)
        yield from _update(self)


def _unused_probes(campaign: CampaignDocument) -> Iterator[tuple[str, str]]:
    """A certificate is about probes that something was measured of."""
    if not any(isinstance(entry, ProbeExperiment) for entry in campaign.experiments.values()):
        return  # thermometers alone, or an update
    for name in campaign.probes:
        updated = campaign.update is not None and campaign.update.probe == name
        if not updated and not _measures(campaign, name):
            yield f"probes.{name}", "no experiment is about this probe, expected one, or the probe left out"


def _known_elsewhere(campaign: CampaignDocument) -> Iterator[tuple[str, str]]:
    """What is known from elsewhere is an observation like any other, and has an uncertainty."""
    stated = {
        f"probes.{name}.{key}": getattr(probe, key)
        for name, probe in campaign.probes.items()
        for key in ("seebeck_coefficient", "responsivity")
    }
    if campaign.update is not None:
        stated["update.probe_resistance"] = campaign.update.probe_resistance
    for name, experiment in campaign.experiments.items():
        path = f"experiments.{name}"
        stated |= {f"{path}.{key}": getattr(experiment, key, None) for key in _NEVER_EXACT}
        for contact, entry in getattr(experiment, "contacts", {}).items():
            stated[f"{path}.contacts.{contact}.resistance"] = entry.resistance
    for path, value in stated.items():
        if value is not None and value.is_exact:
            yield path, f"has no uncertainty, expected one, '{value.value:g} ± ...': nobody knows it exactly"


#: Inputs that rule a result, and that nobody knows exactly.
_NEVER_EXACT = ("gradient", "tap_ratio", "heat_fraction", "source_factor", "field_factor")


def _correlations(campaign: CampaignDocument) -> Iterator[tuple[str, str]]:
    """Correlated inputs are two different, uncertain ones, and no pair is stated twice."""
    seen: set[frozenset[str]] = set()
    for i, entry in enumerate(campaign.correlations):
        path, pair = f"correlations.{i}", frozenset(entry.between)
        for j, name in enumerate(entry.between):
            value = campaign.input_at(name)
            if value is None or value.is_exact:
                yield f"{path}.between.{j}", f"there is no uncertain input '{name}', expected the path of one"
        if len(pair) == 1:
            yield f"{path}.between", "names one input twice, expected two different ones"
        elif pair in seen:
            yield f"{path}.between", "this pair has a coefficient already, expected one"
        seen.add(pair)
        if abs(entry.coefficient.value) >= 1:
            yield (
                f"{path}.coefficient",
                "must lie between -1 and 1; what is one number belongs under 'one_cause'",
            )
        if not entry.coefficient.is_exact:
            yield f"{path}.coefficient", "has an uncertainty, expected a plain number"


def _one_cause(campaign: CampaignDocument) -> Iterator[tuple[str, str]]:
    """Inputs that are one cause exist and agree, and none of them is in two lists."""
    seen: set[str] = set()
    for i, paths in enumerate(campaign.one_cause):
        stated = []
        for j, path in enumerate(paths):
            place = f"one_cause.{i}.{j}"
            value = campaign.input_at(path)
            if value is None:
                yield place, f"there is no input '{path}', expected its path such as 'experiments.NAME.heat_fraction'"
            elif path in seen:
                yield place, f"'{path}' is listed twice, expected it once"
            else:
                seen.add(path)
                stated.append((place, value))
        for place, value in stated[1:]:
            if (value.value, value.u) != (stated[0][1].value, stated[0][1].u):
                yield place, "differs from the first of its list, expected the same value and uncertainty"


def _claims(campaign: CampaignDocument) -> Iterator[tuple[str, str]]:
    for key, text in campaign.claims.items():
        quantity = key.partition(".")[0]
        if quantity not in _CLAIMABLE:
            yield f"claims.{key}", f"unknown quantity, expected one of {', '.join(_CLAIMABLE)}"
        else:
            yield from _positive(f"claims.{key}", text, _CLAIMABLE[quantity], "a claimed standard uncertainty")


def _positive(path: str, text: str, unit: str, what: str) -> Iterator[tuple[str, str]]:
    try:
        found = read_text(text, unit)
    except InputValueError as error:
        yield path, str(error)
        return
    if not found.value > 0 or found.u:
        yield path, f"{what} is a plain positive value, got '{text}'"


def _date(text: str) -> Iterator[tuple[str, str]]:
    try:
        date.fromisoformat(text)
    except ValueError:
        yield "date", f"'{text}' is no date, expected one such as '2026-03-14'"


def _names(campaign: CampaignDocument) -> Iterator[tuple[str, str]]:
    """Names become parts of the names of inputs: a word each."""
    for section in ("probes", "instruments", "thermometers", "experiments"):
        for name in getattr(campaign, section):
            if not _NAME.fullmatch(name):
                yield section, f"'{name}' is no name, expected a letter and then letters, digits, - and _"


#: Fields that name something defined elsewhere in the campaign, and where.
_DEFINED_IN = {
    "probe": "probes",
    "voltmeter": "instruments",
    "bias_voltmeter": "instruments",
    "heater_voltmeter": "instruments",
    "ammeter": "instruments",
    "stage": "thermometers",
    "reference": "thermometers",
    "bath": "thermometers",
    "thermometer": "thermometers",
}


def _references(campaign: CampaignDocument, path: str, experiment: ExperimentEntry) -> Iterator[tuple[str, str]]:
    for key, section in _DEFINED_IN.items():
        name, known = getattr(experiment, key, None), getattr(campaign, section)
        if name is not None and name not in known:
            there = ", ".join(known) or "none"
            yield f"{path}.{key}", f"there is no '{name}' under {section}, expected one of: {there}"
        elif name is not None and key == "thermometer" and not isinstance(known[name], PlatinumThermometer):
            yield f"{path}.{key}", f"'{name}' is no platinum thermometer, expected one of kind 'platinum'"
    yield from _noise(campaign, path, experiment)
    yield from _from_design(campaign, path, experiment)


def _from_design(campaign: CampaignDocument, path: str, experiment: ExperimentEntry) -> Iterator[tuple[str, str]]:
    """What an experiment leaves to the field model needs a design of its probe."""
    absent = [key for key in experiment.from_design if getattr(experiment, key) is None]
    probe = campaign.probes.get(experiment.probe) if isinstance(experiment, ProbeExperiment) else None
    if probe is not None and not probe.design:
        wanted = "expected it here, or a design of the probe that gives it"
        yield from ((f"{path}.{key}", f"the key is missing, {wanted}") for key in absent)
    if isinstance(experiment, JouleLine) and absent and not experiment.line_layer:
        yield f"{path}.line_layer", "the key is missing, expected the layer of the design that is the heated line"


def _noise(campaign: CampaignDocument, path: str, experiment: ExperimentEntry) -> Iterator[tuple[str, str]]:
    units = {channel: unit for channel, unit in experiment.channels.items() if unit}
    for channel in experiment.channels:  # the thermometers' own, as far as they exist
        thermometer = campaign.thermometers.get(getattr(experiment, channel, ""))
        if thermometer is not None:
            units[channel] = thermometer.channel_unit
    for channel, text in experiment.noise.items():
        if channel not in experiment.noisy:
            yield f"{path}.noise.{channel}", f"unknown channel, expected one of {', '.join(experiment.noisy)}"
        elif channel in units:
            yield from _positive(f"{path}.noise.{channel}", text, units[channel], "the noise of one reading")


def _contacts(path: str, experiment: HotStage) -> Iterator[tuple[str, str]]:
    """Cooling by the contact and S_TC have the same effect at any one contact, and at any two without extrapolation."""
    distinct = distinct_contacts(experiment, list(experiment.contacts))
    if distinct < 3:
        wanted = "expected at least three contacts of different known resistance, to extrapolate"
        yield path, f"{_SEEBECK_UNKNOWN}: {wanted}; got {distinct}"


def _update(campaign: CampaignDocument) -> Iterator[tuple[str, str]]:
    update = campaign.update
    if update is None:
        if not campaign.experiments:
            yield "experiments", "there is nothing to calibrate, expected an experiment or an update"
        return
    probe = campaign.probes.get(update.probe)
    if probe is None:
        yield "update.probe", f"there is no probe '{update.probe}', expected one of {', '.join(campaign.probes)}"
    elif not probe.design:
        yield f"probes.{update.probe}", "has no design to update, expected the key 'design'"
    elif update.probe_resistance is not None and _measures(campaign, update.probe):
        yield "update.probe_resistance", "is found by the campaign's own experiments, expected it in one place only"


def _measures(campaign: CampaignDocument, probe: str) -> bool:
    """Whether some experiment is about a probe."""
    return any(isinstance(e, ProbeExperiment) and e.probe == probe for e in campaign.experiments.values())
