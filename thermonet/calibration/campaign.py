"""From a campaign document and its data files to parameters and conditions, ready to be adjusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from thermonet.calibration.adjustment import Adjustment, adjust
from thermonet.calibration.conditions import CalibrationError, Conditions, Parameter
from thermonet.calibration.protocols.book import Book
from thermonet.calibration.protocols.calorimeter import calorimeter
from thermonet.calibration.protocols.junction import symmetric_junction
from thermonet.calibration.protocols.line import joule_line
from thermonet.calibration.protocols.platinum import platinum_thermometer
from thermonet.calibration.protocols.setup import Setup
from thermonet.calibration.protocols.stage import hot_stage, isothermal_stage
from thermonet.calibration.records import TEXT, Record, read_record
from thermonet.documents.campaign import CampaignDocument
from thermonet.documents.experiments import (
    Calorimeter,
    ExperimentEntry,
    HotStage,
    IsothermalStage,
    JouleLine,
    PlatinumCalibration,
    ProbeExperiment,
    SymmetricJunction,
)
from thermonet.quantities.errors import DataError, Problem
from thermonet.quantities.inputs import Input

#: No reading is known to this part of the largest one: weights beyond it destroy every other digit.
_FINEST_NOISE = 1e-12

#: Parameter of an R_P that was measured elsewhere.
STATED_RESISTANCE = "update.probe_resistance"

Records = Mapping[str, Record]
#: Inputs that experiments leave to the field model, by experiment and key.
Factors = Mapping[str, Mapping[str, Input]]


@dataclass(frozen=True)
class Campaign:
    """A campaign with its data.

    Attributes
    ----------
    document
        What was written.
    records
        Data by experiment.
    factors
        What experiments leave to the field model.
    """

    document: CampaignDocument
    records: Records
    factors: Factors

    def adjusted(self) -> Adjustment:
        """Estimate everything from everything; raises as `adjust`."""
        parameters, conditions = self.assembled()
        stated = {(entry.between[0], entry.between[1]): entry.coefficient.value for entry in self.document.correlations}
        return adjust(parameters, conditions, stated)

    def assembled(self) -> tuple[list[Parameter], list[Conditions]]:
        """Parameters and conditions of all experiments.

        Raises
        ------
        CalibrationError
            An experiment cannot determine what its protocol is for.
        """
        book, conditions = self._book()
        return list(book.parameters.values()), conditions

    def exact(self) -> list[str]:
        """Names of the inputs that are stated without an uncertainty, and taken as exact."""
        return list(self._book()[0].exact)

    def _book(self) -> tuple[Book, list[Conditions]]:
        _refuse_copies(self.document, self.records)
        book = Book(self.document.aliases())
        for name, probe in self.document.probes.items():
            for key in ("seebeck_coefficient", "responsivity"):
                stated = getattr(probe, key)
                if stated is not None:
                    book.stated(stated, f"probes.{name}.{key}", probe.source)
        update = self.document.update
        if update is not None and update.probe_resistance is not None:
            book.stated(update.probe_resistance, STATED_RESISTANCE)
        conditions: list[Conditions] = []
        for name, entry in sorted(self.document.experiments.items(), key=lambda item: _ORDER.index(type(item[1]))):
            with book.experiment():
                conditions += self._experiment(book, name, entry)
        return book, conditions

    def _experiment(self, book: Book, name: str, entry: ExperimentEntry) -> list[Conditions]:
        record = self.records[name]
        u = _noise(self.document, name, entry, record)
        setup = Setup(book, self.document, name, entry, record, u, self.factors.get(name, {}))
        return _PROTOCOLS[type(entry)](setup)

    def with_records(self, records: Records) -> Campaign:
        """Return the same campaign with other data."""
        return replace(self, records=records)

    def fitting(self, experiment: str, term: str) -> Campaign:
        """Return the same campaign with the 'intercept' or 'curvature' of an experiment fitted, not only tested."""
        entries = dict(self.document.experiments)
        entries[experiment] = entries[experiment].model_copy(update={term: "fitted"})
        return replace(self, document=self.document.model_copy(update={"experiments": entries}))

    def terms(self) -> list[tuple[str, str]]:
        """(experiment, term) of every term that is assumed to vanish and may be tested."""
        return [
            (name, term)
            for name, entry in self.document.experiments.items()
            for term in ("intercept", "curvature")
            if getattr(entry, term, "") == "tested" and not isinstance(entry, JouleLine)
        ]


_PROTOCOLS: dict[type[ExperimentEntry], Callable[[Setup[Any]], list[Conditions]]] = {
    PlatinumCalibration: platinum_thermometer,
    IsothermalStage: isothermal_stage,
    HotStage: hot_stage,
    SymmetricJunction: symmetric_junction,
    Calorimeter: calorimeter,
    JouleLine: joule_line,
}
#: Thermometers first, so that what they find is a start for what they are used in.
_ORDER = tuple(_PROTOCOLS)


def read_records(document: CampaignDocument, folder: Path) -> dict[str, Record]:
    """Read the data files of all experiments.

    Raises
    ------
    DataError
        With the problems of all files.
    """
    found: dict[str, Record] = {}
    problems: list[Problem] = []
    for name, entry in document.experiments.items():
        units = {channel: TEXT if unit == "text" else unit for channel, unit in document.channel_units(entry).items()}
        try:
            found[name] = read_record(folder / entry.data, units)
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return found


def _refuse_copies(document: CampaignDocument, records: Records) -> None:
    """Refuse one file in two experiments: its readings would count twice."""
    first: dict[str, str] = {}
    for name, record in records.items():
        other = first.setdefault(record.sha256, name)
        if other != name and record.sha256:  # records made in memory have none
            message = f"{document.experiments[name].data} holds the readings of experiments.{other} again"
            raise CalibrationError(f"{name}: {message}, expected its own", f"experiments.{name}.data")


def _noise(document: CampaignDocument, name: str, entry: ExperimentEntry, record: Record) -> dict[str, Any]:
    """Standard uncertainty (n,) of the readings by channel: a column of the record, or as stated.

    Empty where nothing is stated, and the scatter is to give it.
    """
    size = len(record.lines)
    found: dict[str, Any] = {channel: np.full(size, u) for channel, u in document.noise(entry).items()}
    for channel in record.u:
        if channel not in entry.noisy:
            message = (
                f"{name}: readings of {channel} are taken as exact; expected u(...) of {', '.join(entry.noisy)} only"
            )
            raise CalibrationError(message, f"experiments.{name}.data")
    found |= record.u
    for channel, u in found.items():
        largest = float(np.max(np.abs(record.channels[channel])))
        if np.min(u) < _FINEST_NOISE * largest:
            raise CalibrationError(
                f"{name}: a noise of {np.min(u):.3g} in {channel}, whose readings reach {largest:.3g}, is no standard "
                f"uncertainty that a reading can have; expected at least {_FINEST_NOISE:g} of the readings",
                f"experiments.{name}.noise",
            )
    if found and entry.noisy[0] not in found:
        raise CalibrationError(
            f"{name}: the noise of {entry.noisy[0]} is missing beside that of {', '.join(found)}; expected it, or no "
            "noise at all",
            f"experiments.{name}.noise",
        )
    return found


def experiment_of(block: str, document: CampaignDocument) -> str:
    """Experiment that a block of conditions belongs to: 'touch.closed' to 'touch'."""
    return block if block in document.experiments else block.rpartition(".")[0]


def probes_of(document: CampaignDocument) -> Sequence[str]:
    """Names of the probes that some experiment is about."""
    seen = {entry.probe: None for entry in document.experiments.values() if isinstance(entry, ProbeExperiment)}
    return list(seen)
