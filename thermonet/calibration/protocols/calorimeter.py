"""Protocol ``calorimeter``: a suspended platform, heated and then touched by the probe.

The platform's heater is its thermometer: four-wire readings of current and voltage give its heat and its temperature.
With the beams' conductance G and half of the heat of the leads on the beams,

    P = I (V + I R_beam / 2)
    open:    0 = P - G (T - T_bath)
    closed:  V_TC = V_0 + p (rho / c) (1 - background) [P - G (T - T_bath)]

The heat enters the probe through its contact, so what is measured is S_TC Z(TC, contact); ``R_P = c Z`` with c from
the field model.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.conditions import CalibrationError, Conditions, Readings, Values
from thermonet.calibration.protocols.book import Model
from thermonet.calibration.protocols.meters import nonzero, platinum
from thermonet.calibration.protocols.setup import Setup
from thermonet.documents.experiments import Calorimeter
from thermonet.quantities.errors import DataError, Problem

OPEN, CLOSED = "open", "closed"
#: A platform's rise that the search for its conductance starts from [K].
_RISE = 30.0


def calorimeter(setup: Setup[Calorimeter]) -> list[Conditions]:
    """Conditions of the open and of the closed platform.

    Raises
    ------
    CalibrationError
        No reading with contact, or neither a stated conductance nor a reading without contact.
    DataError
        A contact that is neither 'open' nor 'closed'.
    """
    record = setup.record
    parts = _parts(setup)
    nonzero(setup.name, "I", record.channels["I"], record.lines)
    found = []
    for part, rows in parts.items():
        with setup.book.experiment():
            heat = _heat(setup)
            if part == OPEN:
                heater = replace(setup, u={channel: u for channel, u in setup.u.items() if channel != "V_TC"})
                found.append(heater.conditions(heat, dependent=("V",), against="I", part=part, rows=rows))
            else:
                closed = _closed(setup, heat)
                found.append(setup.conditions(closed, dependent=("V_TC",), against="I", part=part, rows=rows))
    return found


def _parts(setup: Setup[Calorimeter]) -> dict[str, NDArray[np.bool_]]:
    """Rows without and with contact."""
    contact, record = setup.record.channels["contact"], setup.record
    for line, word in zip(record.lines, contact, strict=True):
        if word not in (OPEN, CLOSED):
            message = f"'{word}' is no contact, expected '{OPEN}' or '{CLOSED}'"
            raise DataError([Problem(record.file, int(line), 1, "contact", message)])
    parts = {part: contact == part for part in (OPEN, CLOSED) if np.any(contact == part)}
    if CLOSED not in parts:
        raise CalibrationError(
            f"{setup.name}: no reading has the contact '{CLOSED}', expected some: they carry the signal",
            setup.path,
        )
    if OPEN not in parts and setup.entry.conductance is None:
        raise CalibrationError(
            f"{setup.name}: the conductance of the beams is not known, expected {setup.path}.conductance or readings "
            f"with the contact '{OPEN}'",
            setup.path,
        )
    return parts


def _heat(setup: Setup[Calorimeter]) -> Model:
    """Heat that does not leave through the beams [W]: zero without contact."""
    current, voltage = setup.meter("ammeter"), setup.meter("heater_voltmeter")
    film = platinum(setup.book, setup.campaign, setup.entry.thermometer)
    z = setup.record.channels
    conductance = setup.optional("conductance", "W/K", float(np.median(np.abs(z["I"] * z["V"]))) / _RISE)
    bath, beam = setup.stated("bath_temperature"), setup.stated("beam_resistance")

    def heat(z: Readings, v: Values) -> Any:  # noqa: ANN401
        amperes, volts = current(z["I"], v), voltage(z["V"], v)
        rise = film.temperature(volts / amperes, v) - v[bath]
        return amperes * (volts + amperes * v[beam] / 2) - v[conductance] * rise

    return heat


def _closed(setup: Setup[Calorimeter], heat: Model) -> Model:
    thermovoltage, sign = setup.meter("voltmeter"), setup.sign
    responsivity = setup.responsivity(1.0)
    factor, background = setup.stated("field_factor"), setup.stated("background")
    offset, slope = setup.intercept(), setup.curvature("1/W")

    def misclosure(z: Readings, v: Values) -> Any:  # noqa: ANN401
        into_probe = heat(z, v) * (1 - v[background])
        signal = v[responsivity] / v[factor] * into_probe * (1 + v[slope] * into_probe)
        return thermovoltage(z["V_TC"], v) - v[offset] - sign * signal

    return misclosure
