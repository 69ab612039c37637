"""What the readings of a calibration mean to an eye: abscissa, response, fit, and how far each reading is from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.adjustment import AdjustedRecord
from thermonet.calibration.campaign import experiment_of
from thermonet.calibration.protocols.book import Book
from thermonet.calibration.protocols.meters import meter, platinum, thermometer
from thermonet.documents.experiments import (
    Calorimeter,
    ExperimentEntry,
    HotStage,
    IsothermalStage,
    JouleLine,
    PlatinumCalibration,
    SymmetricJunction,
)
from thermonet.studies.calibration import CalibrationStudy

Vector = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A record as figures show it; arrays (n,) in SI, in the order of the data file.

    Attributes
    ----------
    name, protocol
        Of the record, and what was done, in words.
    x, y, fit
        Abscissa, response, and what the adjustment expects in the response's place.
    u_fit, u
        Standard uncertainty of the fit at given readings, and of a response from the readings' noise.
    x_name, x_unit, y_name, y_unit
        In words, and coherent SI units.
    log
        Whether the abscissa spans decades.
    curves
        What one line runs through: names (n,) of contacts; empty where there is one line only.
    residuals
        Misclosures over their standard uncertainty.
    lines
        Of the data file.
    outliers
        Places of readings that lie improbably far from the rest.
    """

    name: str
    protocol: str
    x: Vector
    y: Vector
    fit: Vector
    u_fit: Vector
    u: Vector
    x_name: str
    x_unit: str
    y_name: str
    y_unit: str
    log: bool = False
    curves: NDArray[Any]
    residuals: Vector
    lines: NDArray[np.int64]
    outliers: tuple[int, ...]


def shown_records(study: CalibrationStudy) -> list[Shown]:
    """Every record of a campaign, in the order of its adjustment."""
    return [_shown(_Reader(study, record)) for record in study.adjustment.records.values()]


class _Reader:
    """Turns a record's readings into what they stand for, at the estimates."""

    def __init__(self, study: CalibrationStudy, record: AdjustedRecord) -> None:
        self.study, self.record, self.block = study, record, record.conditions
        document = study.campaign.document
        self.experiment = experiment_of(self.block.name, document)
        self.entry: ExperimentEntry = document.experiments[self.experiment]
        self._book = Book(document.aliases())

    def observed(self, channel: str) -> Vector:
        """Readings of a channel."""
        return np.asarray(self.block.observed[channel], dtype=float)

    def temperature(self, key: str) -> Vector:
        """What the thermometer under a key of the experiment says [K]."""
        read = thermometer(self._book, self.study.campaign.document, getattr(self.entry, key))
        return np.asarray(read(self.observed(key), self._values()), dtype=float)

    def metered(self, key: str, channel: str) -> Vector:
        """Readings of a channel, the gain error of the instrument under a key taken out."""
        read = meter(self._book, self.study.campaign.document, getattr(self.entry, key))
        return np.asarray(read(self.observed(channel), self._values()), dtype=float)

    def film_temperature(self, resistance: Vector) -> Vector:
        """Temperature of the experiment's platinum film at a resistance [K]."""
        film = platinum(self._book, self.study.campaign.document, getattr(self.entry, "thermometer"))  # noqa: B009
        return np.asarray(film.temperature(resistance, self._values()), dtype=float)

    def fit_u(self) -> Vector:
        """Standard uncertainty of what the fit expects at given readings, in the unit of a misclosure (n,)."""
        study, design = self.study, self.record.design
        places = [study.adjustment.index(name) for name in self.block.parameters]
        covariance = study.adjustment.covariance[np.ix_(places, places)]
        return np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", design, covariance, design), 0.0))

    def number(self, key: str) -> float:
        """Estimate of an input of the experiment, or the exact number that was stated; 0 for a term left out."""
        campaign, path = self.study.campaign, f"experiments.{self.experiment}.{key}"
        estimates = self.study.adjustment.as_values()
        name = campaign.document.aliases().get(path, path)
        if name in estimates:
            return estimates[name]
        stated = campaign.factors.get(self.experiment, {}).get(key) or campaign.document.input_at(path)
        return 0.0 if stated is None else stated.value

    def _values(self) -> dict[str, float]:
        return {**self._book.constants, **self.study.adjustment.as_values()}


def _shown(reader: _Reader) -> Shown:
    entry, block = reader.entry, reader.block
    plain = _plain(reader)
    for protocol, (words, show) in _PROTOCOLS.items():
        if isinstance(entry, protocol):
            part = block.name.removeprefix(reader.experiment).removeprefix(".").replace("_", " ")
            return replace(show(reader, plain), protocol=f"{words}, {part}" if part else words)
    return plain


def _plain(reader: _Reader) -> Shown:
    """Mean of the channels that answer against the channel that the record names, as they were read."""
    block, record, study = reader.block, reader.record, reader.study
    units = study.campaign.document.channel_units(reader.entry)
    against = block.response[1]
    slope = record.by_answer
    read = np.mean([reader.observed(channel) for channel in block.dependent], axis=0)
    return Shown(
        name=block.name,
        protocol="",
        x=reader.observed(against),
        y=read,
        fit=read - record.misclosures / slope,
        u_fit=reader.fit_u() / np.abs(slope),
        u=record.u / np.abs(slope),
        x_name=against.replace("_", " "),
        x_unit=units[against],
        y_name="voltage",
        y_unit=units[block.dependent[0]],
        curves=np.full(block.size, ""),
        residuals=record.misclosures / record.u,
        lines=block.rows,
        outliers=tuple(outlier.index for outlier in study.assessment.diagnostics[block.name].outliers),
    )


def _of_stage(reader: _Reader, plain: Shown) -> Shown:
    difference = reader.temperature("stage") - reader.temperature("reference")
    curves = reader.block.observed.get("contact", plain.curves)
    name = "stage above reference junction"
    return replace(plain, x=difference, x_name=name, x_unit="K", curves=curves, y_name="thermovoltage")


def _of_junction(reader: _Reader, plain: Shown) -> Shown:
    return replace(_against_heat(reader, plain, 1.0), y_name="mean thermovoltage")


def _of_calorimeter(reader: _Reader, plain: Shown) -> Shown:
    if reader.block.dependent == ("V_TC",):
        return replace(_against_heat(reader, plain, reader.number("field_factor")), y_name="thermovoltage")
    return _of_open_platform(reader, plain)


def _against_heat(reader: _Reader, plain: Shown, field_factor: float) -> Shown:
    """The heat in the probe is what the fitted voltage stands for: it comes from the other channels alone."""
    study, entry = reader.study, reader.entry
    probe = getattr(entry, "probe")  # noqa: B009
    polarity = float(study.campaign.document.probes[probe].polarity)
    per_watt = polarity * study.adjustment.value(f"probes.{probe}.responsivity") / field_factor
    signal = plain.fit * reader.record.by_answer - reader.number("offset")
    return replace(
        plain, x=_undone(signal / per_watt, reader.number("curvature")), x_name="heat into the probe", x_unit="W"
    )


def _undone(linear: Vector, curvature: float) -> Vector:
    """Heat q of ``q (1 + curvature q) = linear``, the branch that is linear for small heat."""
    return 2 * linear / (1 + np.sqrt(1 + 4 * curvature * linear))


def _of_open_platform(reader: _Reader, plain: Shown) -> Shown:
    """Heat against rise: the misclosure is the heat that does not leave through the beams [W]."""
    record = reader.record
    rise = reader.film_temperature(reader.metered("heater_voltmeter", "V") / reader.metered("ammeter", "I"))
    rise = rise - reader.number("bath_temperature")
    through_beams = reader.number("conductance") * rise
    return replace(
        plain,
        x=rise,
        y=through_beams + record.misclosures,
        fit=through_beams,
        u_fit=reader.fit_u(),
        u=record.u,
        x_name="rise of the platform",
        x_unit="K",
        y_name="heat of the platform",
        y_unit="W",
    )


def _of_line(_reader: _Reader, plain: Shown) -> Shown:
    part = "in phase" if plain.name.endswith("in_phase") else "in quadrature"
    return replace(plain, log=True, x_name="frequency of the current", y_name=part)


def _of_platinum(reader: _Reader, plain: Shown) -> Shown:
    """Resistance against the film's own temperature, its heating by the current included."""
    amperes, volts = reader.metered("ammeter", "I"), reader.metered("voltmeter", "V")
    misses = reader.record.misclosures / amperes
    ohms = (volts - reader.number("offset")) / amperes
    film = reader.temperature("bath") + reader.number("self_heating") * amperes * volts
    return replace(
        plain,
        x=film,
        y=ohms,
        fit=ohms - misses,
        u_fit=reader.fit_u() / np.abs(amperes),
        u=reader.record.u / np.abs(amperes),
        x_name="temperature of the film",
        x_unit="K",
        y_name="resistance",
        y_unit="ohm",
    )


_PROTOCOLS: dict[type[ExperimentEntry], tuple[str, Callable[[_Reader, Shown], Shown]]] = {
    IsothermalStage: ("isothermal stage", _of_stage),
    HotStage: ("hot stage", _of_stage),
    SymmetricJunction: ("symmetric junction", _of_junction),
    Calorimeter: ("calorimeter", _of_calorimeter),
    JouleLine: ("Joule line", _of_line),
    PlatinumCalibration: ("platinum film", _of_platinum),
}
