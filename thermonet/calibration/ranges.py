"""What a campaign's records cover, and where its results or its own thermometers reach beyond that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from thermonet.calibration.adjustment import Adjustment
from thermonet.calibration.campaign import Campaign
from thermonet.calibration.protocols.book import Book
from thermonet.calibration.protocols.meters import thermometer
from thermonet.calibration.protocols.stage import reported_at
from thermonet.documents.experiments import Calorimeter, ExperimentEntry, HotStage, IsothermalStage, PlatinumCalibration

#: Noise may carry readings beyond the ends by this part of the range.
_MARGIN = 0.02


@dataclass(frozen=True)
class Extrapolation:
    """A use beyond a calibrated range [K].

    Attributes
    ----------
    what
        S_TC, or the name of a thermometer.
    used
        Temperature furthest outside.
    low, high
        Calibrated range.
    """

    what: str
    used: float
    low: float
    high: float


def stage_temperatures(campaign: Campaign, adjustment: Adjustment) -> dict[str, tuple[float, float]]:
    """Lowest and highest temperature of every stage [K], by experiment."""
    return {
        name: _range(campaign, adjustment, entry.stage, campaign.records[name].channels["stage"])
        for name, entry in campaign.document.experiments.items()
        if isinstance(entry, (IsothermalStage, HotStage))
    }


def extrapolations(campaign: Campaign, adjustment: Adjustment) -> Iterator[Extrapolation]:
    """Where S_TC is reported outside the stages' range, and where a film is used outside that of its calibration."""
    stages = stage_temperatures(campaign, adjustment).values()
    if stages:
        low, high = min(low for low, _ in stages), max(high for _, high in stages)
        yield from _outside("S_TC", reported_at(campaign.document), (low, high), 0.0)
    for film, calibrated in _film_ranges(campaign, adjustment).items():
        used = [end for name, entry in _users(campaign, film) for end in _used(campaign, adjustment, name, entry, film)]
        if used:
            middle = sum(calibrated) / 2
            yield from _outside(film, max(used, key=lambda end: abs(end - middle)), calibrated, _MARGIN)


def _outside(what: str, used: float, calibrated: tuple[float, float], margin: float) -> Iterator[Extrapolation]:
    low, high = calibrated
    room = margin * (high - low)
    if not low - room <= used <= high + room:
        yield Extrapolation(what, used, low, high)


def _film_ranges(campaign: Campaign, adjustment: Adjustment) -> dict[str, tuple[float, float]]:
    """Bath temperatures that platinum films were calibrated over in this campaign."""
    found: dict[str, tuple[float, float]] = {}
    for name, entry in campaign.document.experiments.items():
        if isinstance(entry, PlatinumCalibration):
            low, high = _range(campaign, adjustment, entry.bath, campaign.records[name].channels["bath"])
            before = found.get(entry.thermometer, (low, high))
            found[entry.thermometer] = min(low, before[0]), max(high, before[1])
    return found


def _users(campaign: Campaign, film: str) -> Iterator[tuple[str, ExperimentEntry]]:
    for name, entry in campaign.document.experiments.items():
        keys = ("stage", "reference", "bath") + (("thermometer",) if isinstance(entry, Calorimeter) else ())
        if film in (getattr(entry, key, None) for key in keys):
            yield name, entry


def _used(
    campaign: Campaign, adjustment: Adjustment, name: str, entry: ExperimentEntry, film: str
) -> tuple[float, float]:
    z = campaign.records[name].channels
    if isinstance(entry, Calorimeter):
        return _range(campaign, adjustment, film, z["V"] / z["I"])
    channel = next(key for key in ("stage", "reference", "bath") if getattr(entry, key, None) == film)
    return _range(campaign, adjustment, film, z[channel])


def _range(campaign: Campaign, adjustment: Adjustment, name: str, readings: Any) -> tuple[float, float]:  # noqa: ANN401
    """Lowest and highest temperature that a thermometer read [K]."""
    book = Book(campaign.document.aliases())
    read = thermometer(book, campaign.document, name)
    found = np.asarray(read(readings, {**book.constants, **adjustment.as_values()}), dtype=float)
    return float(found.min()), float(found.max())
