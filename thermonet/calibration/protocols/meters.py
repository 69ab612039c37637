"""What meters and thermometers make of a reading: functions of readings and of the values of their parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from thermonet.calibration.conditions import CalibrationError, Values
from thermonet.calibration.protocols.book import Book
from thermonet.calibration.thermometry import film_temperature, iec60751_temperature, reference_temperature
from thermonet.documents.campaign import CampaignDocument
from thermonet.documents.experiments import (
    Iec60751Thermometer,
    Its90Thermometer,
    KelvinThermometer,
    PlatinumCalibration,
    PlatinumThermometer,
)

#: (reading, values) -> true value.
Meter = Callable[[Any, Values], Any]


def meter(book: Book, campaign: CampaignDocument, instrument: str | None) -> Meter:
    """What a reading of an instrument means: the truth is the reading over one plus the gain error."""
    if instrument is None:
        return lambda reading, _values: reading
    entry = campaign.instruments[instrument]
    gain_error = book.stated(entry.gain_error, f"instruments.{instrument}.gain_error", entry.source)
    return lambda reading, values: reading / (1 + values[gain_error])


def thermometer(book: Book, campaign: CampaignDocument, name: str) -> Meter:
    """Temperature [K] from a reading of a thermometer, in kelvin or ohm."""
    entry = campaign.thermometers[name]
    path = f"thermometers.{name}"
    if isinstance(entry, PlatinumThermometer):
        return platinum(book, campaign, name).temperature
    offset = book.stated(entry.offset, f"{path}.offset", entry.source)
    if isinstance(entry, KelvinThermometer):
        return lambda reading, values: reading - values[offset]
    if isinstance(entry, Iec60751Thermometer):
        return _industrial(book, entry, path, offset)
    return _standard(book, entry, path, offset)


@dataclass(frozen=True)
class Platinum:
    """Names of a platinum film's parameters, and what they say."""

    at: str
    resistance: str
    coefficient: str
    quadratic: str

    def temperature(self, reading: Any, values: Values) -> Any:  # noqa: ANN401
        """Temperature [K] at a resistance [ohm]."""
        numbers = (values[name] for name in (self.resistance, self.at, self.coefficient, self.quadratic))
        return film_temperature(reading, *numbers)

    def resistance_at(self, temperature: Any, values: Values) -> Any:  # noqa: ANN401
        """Resistance [ohm] at a temperature [K]."""
        rise = temperature - values[self.at]
        return values[self.resistance] * (1 + values[self.coefficient] * rise + values[self.quadratic] * rise**2)


def platinum(book: Book, campaign: CampaignDocument, name: str) -> Platinum:
    """Enter a platinum film; what its entry does not state is sought."""
    entry, path = campaign.thermometers[name], f"thermometers.{name}"
    assert isinstance(entry, PlatinumThermometer)
    quadratic = f"{path}.quadratic_coefficient"
    if entry.quadratic_coefficient is not None:
        book.stated(entry.quadratic_coefficient, quadratic, entry.source)
    elif _seeks_quadratic(campaign, name):
        book.sought(quadratic, "1/K^2", 0.0)
    else:
        book.fixed(quadratic, 0.0)
    return Platinum(
        at=book.fixed(f"{path}.at", entry.at.value),
        resistance=book.optional(entry.resistance, f"{path}.resistance", "ohm", 100.0, entry.source),
        coefficient=book.optional(
            entry.temperature_coefficient, f"{path}.temperature_coefficient", "1/K", 2e-3, entry.source
        ),
        quadratic=quadratic,
    )


def _seeks_quadratic(campaign: CampaignDocument, name: str) -> bool:
    return any(
        isinstance(experiment, PlatinumCalibration)
        and experiment.thermometer == name
        and experiment.curvature == "fitted"
        for experiment in campaign.experiments.values()
    )


def _industrial(book: Book, entry: Iec60751Thermometer, path: str, offset: str) -> Meter:
    resistance = book.stated(entry.resistance, f"{path}.resistance", entry.source)
    return lambda reading, values: iec60751_temperature(reading, R0=values[resistance]) - values[offset]


def _standard(book: Book, entry: Its90Thermometer, path: str, offset: str) -> Meter:
    triple = book.stated(entry.triple_point_resistance, f"{path}.triple_point_resistance", entry.source)
    a, b = (book.stated(getattr(entry, key), f"{path}.{key}", entry.source) for key in ("a", "b"))

    def temperature(reading: Any, values: Values) -> Any:  # noqa: ANN401
        ratio = reading / values[triple]
        # ITS-90, equation (14) with c = d = 0: the reference function is met at W - a (W - 1) - b (W - 1)^2.
        reference = ratio - values[a] * (ratio - 1) - values[b] * (ratio - 1) ** 2
        return reference_temperature(reference) - values[offset]

    return temperature


def nonzero(name: str, channel: str, readings: Any, lines: Any) -> None:  # noqa: ANN401
    """Refuse readings of zero where the protocol divides by them."""
    if np.any(readings == 0):
        line = int(lines[int(np.argmax(readings == 0))])
        message = f"{name}: {channel} is zero in line {line}, expected a current that heats"
        raise CalibrationError(message, f"experiments.{name}.data")
