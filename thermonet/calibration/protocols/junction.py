"""Protocol ``symmetric_junction``: a metallic contact between equal electrodes as the source of a known heat.

A junction whose transmission does not depend on energy leaves half of its heat on either side. The mean of both
polarities is, with ``Q = I V - I^2 R_lead`` (the lead's own heat taken out) and ``rho = S_TC R_P``,

    [V_TC(+) + V_TC(-)] / 2 = p rho { f_0 c Q (1 - bias) + z I^2 R_lead,probe }

with f_0 = 1/2, c the factor of the heat's source length, ``z = Z(TC, lead) / R_P`` for the part of the lead that lies
on the probe, and the bias of a junction resistance R_J that is not infinite (`thermonet.network.contact`). The
difference of the polarities tests the part of the heat that is odd in the current, and nothing else: f_0 itself is an
input. A result that rests on this protocol is no evidence for f_0. Method: Lee et al., Nature 498, 209 (2013).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from thermonet.calibration.conditions import Conditions, Readings, Values
from thermonet.calibration.protocols.meters import nonzero
from thermonet.calibration.protocols.setup import Setup
from thermonet.calibration.records import Record
from thermonet.documents.experiments import SymmetricJunction

_INPUTS = (
    "heat_fraction",
    "lead_resistance",
    "lead_share",
    "lead_transfer_ratio",
    "source_factor",
    "junction_resistance",
    "substrate_resistance",
    "access_resistance",
)


def symmetric_junction(setup: Setup[SymmetricJunction]) -> list[Conditions]:
    """Conditions of a symmetric junction."""
    record, sign = setup.record, setup.sign
    nonzero(setup.name, "I", record.channels["I"], record.lines)
    thermovoltage, bias_voltage, current = (setup.meter(key) for key in ("voltmeter", "bias_voltmeter", "ammeter"))
    seebeck, responsivity = setup.seebeck(), setup.responsivity(_start(record, setup.entry, sign))
    inputs = {key: setup.stated(key) for key in _INPUTS}
    offset, slope = setup.intercept(), setup.curvature("1/W")

    def misclosure(z: Readings, v: Values) -> Any:  # noqa: ANN401
        amperes, volts = current(z["I"], v), bias_voltage(z["V"], v)
        of = {key: v[name] for key, name in inputs.items()}
        in_lead = amperes**2 * of["lead_resistance"]
        heat = of["heat_fraction"] * of["source_factor"] * (amperes * volts - in_lead)
        heat = heat * (1 - junction_bias(v[responsivity] / v[seebeck], of)) + (
            of["lead_transfer_ratio"] * in_lead * of["lead_share"]
        )
        even = (thermovoltage(z["V_plus"], v) + thermovoltage(z["V_minus"], v)) / 2
        return even - v[offset] - sign * v[responsivity] * heat * (1 + v[slope] * heat)

    return [setup.conditions(misclosure, dependent=("V_plus", "V_minus"), against="V")]


def junction_bias(probe_resistance: Any, of: Values) -> Any:  # noqa: ANN401
    """Part of the heat that the thermocouple misses because R_J is not infinite, relative to Q_P.

    ``bias = (a - q b) / (1 + a + b)`` with ``a = (R_P + R_a) / R_J``, ``b = R_S / R_J`` and ``q = Q_S / Q_P``: the
    negative of the bias in `thermonet.network.contact`, written here for complex arguments.
    """
    junction, substrate, fraction = of["junction_resistance"], of["substrate_resistance"], of["heat_fraction"]
    a = (probe_resistance + of["access_resistance"]) / junction
    b = substrate / junction
    return (a - (1 - fraction) / fraction * b) / (1 + a + b)


def _start(record: Record, entry: SymmetricJunction, sign: float) -> float:
    """Responsivity by eye [V/W]."""
    z = record.channels
    heat = entry.heat_fraction.value * (z["I"] * z["V"] - z["I"] ** 2 * entry.lead_resistance.value)
    even = (z["V_plus"] + z["V_minus"]) / 2
    return float(sign * (even @ heat) / np.maximum(heat @ heat, np.finfo(float).tiny))


def odd_part(record: Record) -> Any:  # noqa: ANN401
    """Half the difference of the polarities (n,) [V]: zero for a junction whose heat does not depend on its sign."""
    return (record.channels["V_plus"] - record.channels["V_minus"]) / 2
