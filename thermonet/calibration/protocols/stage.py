"""Protocols on a temperature-controlled stage.

``isothermal_stage``: the whole probe, tip, cantilever and chip, takes the stage's temperature, and the reference
junction is elsewhere: ``V = V_0 + p S_TC (T_tip - T_ref)``, with the polarity p and ``T_tip = T_stage - epsilon
(T_stage - T_surroundings)``. Fitted curvature lets S_TC change with temperature, ``S_TC(T) = S_TC + S' (T - T_0)``.

``hot_stage``: only the apex touches the stage, through a contact of known resistance R_c, and the chip with the
reference junction stays cold. The thermocouple is a tap of the path apex to chip (resistance Z_cc), so that with
``t = R_P / Z_cc`` it shows ``V = V_0 + p rho (T_stage - T_ref) / (Z_cc + R_c)``, ``Z_cc = rho / (S_TC t)``: at one
contact S_TC and the cooling by the contact are one number; against several R_c they are slope and intercept.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from thermonet.calibration.conditions import CalibrationError, Conditions, Readings, Values
from thermonet.calibration.protocols.setup import Setup
from thermonet.calibration.records import Record
from thermonet.documents.campaign import CampaignDocument
from thermonet.documents.experiments import HotStage, IsothermalStage, distinct_contacts
from thermonet.quantities.errors import DataError, Problem

_NOT_IDENTIFIABLE = "S_TC and contact cooling not identifiable"


def isothermal_stage(setup: Setup[IsothermalStage]) -> list[Conditions]:
    """Conditions of an isothermal stage."""
    book, surrounding = setup.book, setup.campaign.environment
    voltage, stage, reference = setup.meter("voltmeter"), setup.thermometer("stage"), setup.thermometer("reference")
    surroundings = book.stated(surrounding.temperature, "environment.temperature", surrounding.source)
    gradient, seebeck = setup.stated("gradient"), setup.seebeck()
    offset, slope = setup.intercept(), setup.curvature("V/K^2")
    sign, at = setup.sign, reported_at(setup.campaign)

    def misclosure(z: Readings, v: Values) -> Any:  # noqa: ANN401
        warm, cold = stage(z["stage"], v), reference(z["reference"], v)
        tip = warm - v[gradient] * (warm - v[surroundings])
        per_kelvin = v[seebeck] + v[slope] * ((tip + cold) / 2 - at)
        return voltage(z["V"], v) - v[offset] - sign * per_kelvin * (tip - cold)

    return [setup.conditions(misclosure, dependent=("V",), against="stage")]


def reported_at(campaign: CampaignDocument) -> float:
    """Temperature that S_TC is reported at [K]."""
    return (campaign.temperature or campaign.environment.temperature).value


def hot_stage(setup: Setup[HotStage]) -> list[Conditions]:
    """Conditions of a tip on a hot stage.

    Raises
    ------
    CalibrationError
        Fewer than three contacts of different resistance have readings.
    DataError
        The data name a contact that the experiment does not know.
    """
    entry, sign = setup.entry, setup.sign
    _check_contacts(setup.name, entry, setup.record)
    voltage, stage, reference = setup.meter("voltmeter"), setup.thermometer("stage"), setup.thermometer("reference")
    contacts = {}
    for key, value in entry.contacts.items():
        path = f"{setup.path}.contacts.{key}.resistance"
        contacts[key] = setup.book.stated(value.resistance, path, value.source or entry.source)
    members = {key: setup.record.channels["contact"] == key for key in contacts}
    tap, seebeck, responsivity = setup.stated("tap_ratio"), setup.seebeck(), setup.responsivity(1.0)
    offset, slope = setup.intercept(), setup.curvature("1/K")

    def misclosure(z: Readings, v: Values) -> Any:  # noqa: ANN401
        difference = stage(z["stage"], v) - reference(z["reference"], v)
        contact = sum(members[key] * v[resistance] for key, resistance in contacts.items())
        apex = v[responsivity] / (v[seebeck] * v[tap])
        signal = v[responsivity] * difference / (apex + contact)
        return voltage(z["V"], v) - v[offset] - sign * signal * (1 + v[slope] * difference)

    return [setup.conditions(misclosure, dependent=("V",), against="stage")]


def _check_contacts(name: str, entry: HotStage, record: Record) -> None:
    names = record.channels["contact"]
    unknown = [i for i, key in enumerate(names) if key not in entry.contacts]
    if unknown:
        message = f"there is no contact '{names[unknown[0]]}', expected one of {', '.join(entry.contacts)}"
        raise DataError([Problem(record.file, int(record.lines[unknown[0]]), 1, "contact", message)])
    distinct = distinct_contacts(entry, map(str, np.unique(names)))
    if distinct < 3:
        raise CalibrationError(
            f"{name}: {_NOT_IDENTIFIABLE}: expected readings at three or more contacts of different known resistance, "
            f"to extrapolate; got {distinct}",
            f"experiments.{name}.contacts",
        )
