"""Protocol ``platinum_thermometer``: a platinum film in a bath, read by four wires at several currents.

``V = V_0 + I R_0 [1 + alpha (T - T_0) + beta (T - T_0)^2]`` with ``T = T_bath + R_self I V``: readings at both signs of
the current separate the voltage of the leads, V_0, and readings at several currents the film's own heating, R_self.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from thermonet.calibration.conditions import CalibrationError, Conditions, Readings, Values
from thermonet.calibration.protocols.meters import Platinum, nonzero, platinum
from thermonet.calibration.protocols.setup import Setup
from thermonet.documents.experiments import PlatinumCalibration, PlatinumThermometer

#: Currents that differ by less than this part do not show how a film heats itself.
_SPREAD = 0.2


def platinum_thermometer(setup: Setup[PlatinumCalibration]) -> list[Conditions]:
    """Conditions of a platinum film in a bath.

    Raises
    ------
    CalibrationError
        All readings are at one current, and the film's own heating is not stated.
    """
    current_read = setup.record.channels["I"]
    nonzero(setup.name, "I", current_read, setup.record.lines)
    if setup.entry.self_heating is None and np.ptp(np.abs(current_read)) < _SPREAD * np.max(np.abs(current_read)):
        raise CalibrationError(
            f"{setup.name}: the film's own heating is not known, expected readings at currents that differ by 20 % or "
            f"more, or {setup.path}.self_heating",
            setup.path,
        )
    bath, voltage, current = setup.thermometer("bath"), setup.meter("voltmeter"), setup.meter("ammeter")
    film = platinum(setup.book, setup.campaign, setup.entry.thermometer)
    _start(setup, film)
    self_heating = setup.optional("self_heating", "K/W", 0.0)
    both_ways = bool(np.any(current_read > 0) and np.any(current_read < 0))
    offset = setup.book.fitted("fitted" if both_ways else "tested", f"{setup.path}.offset", "V")

    def misclosure(z: Readings, v: Values) -> Any:  # noqa: ANN401
        amperes, volts = current(z["I"], v), voltage(z["V"], v)
        temperature = bath(z["bath"], v) + v[self_heating] * amperes * volts
        return volts - v[offset] - amperes * film.resistance_at(temperature, v)

    return [setup.conditions(misclosure, dependent=("V",), against="bath")]


def _start(setup: Setup[PlatinumCalibration], film: Platinum) -> None:
    """Start the search at the straight line through resistance against bath temperature."""
    thermometer = setup.campaign.thermometers[setup.entry.thermometer]
    assert isinstance(thermometer, PlatinumThermometer)
    z = setup.record.channels
    if setup.campaign.thermometers[setup.entry.bath].channel_unit != "K" or np.ptp(z["bath"]) == 0:
        return
    slope, at = np.polyfit(z["bath"] - thermometer.at.value, z["V"] / z["I"], 1)
    setup.book.start(film.resistance, float(at))
    setup.book.start(film.coefficient, float(slope / at))
