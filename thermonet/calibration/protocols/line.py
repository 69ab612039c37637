"""Protocol ``joule_line``: a metal line on the probe, heated by an alternating current, seen by the thermocouple.

A current of rms value I at the frequency f heats the line with the mean power ``P = w I^2 R`` (w the part of the line
on the probe) and with the same amplitude at 2f, where the thermocouple answers with the amplitude

    V = p (rho / c) P H(omega),   H(omega) = sum_k a_k / (1 + i omega tau_k),   sum_k a_k = 1,   omega = 2 pi 2 f

The poles tau_k are the probe's own and carry over to every other source; the shares a_k are those of this line and do
not. ``R_P = c Z(TC, line)`` with c from the field model. A first-order low-pass of the amplifier multiplies H.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from thermonet.calibration.conditions import Conditions, Readings, Values
from thermonet.calibration.protocols.book import Model
from thermonet.calibration.protocols.setup import Setup
from thermonet.calibration.records import Record
from thermonet.documents.experiments import JouleLine

_PARTS = ("in_phase", "quadrature")


def joule_line(setup: Setup[JouleLine]) -> list[Conditions]:
    """Conditions of the two components of the answer."""
    found = []
    for part in _PARTS:
        channel = f"V_{part}"
        own = replace(setup, u={channel: setup.u[channel]} if channel in setup.u else {})
        with setup.book.experiment():
            found.append(own.conditions(_component(own, part), dependent=(channel,), against="f", part=part))
    return found


def _component(setup: Setup[JouleLine], part: str) -> Model:
    voltage, current, sign = setup.meter("voltmeter"), setup.meter("ammeter"), setup.sign
    responsivity = setup.responsivity(_start(setup.record, setup.entry, sign))
    factor, share = setup.stated("field_factor"), setup.stated("line_share")
    response, place = _response(setup), _PARTS.index(part)

    def misclosure(z: Readings, v: Values) -> Any:  # noqa: ANN401
        power = v[share] * current(z["I"], v) ** 2 * z["R"]
        answer = response(4 * math.pi * z["f"], v)[place]
        return voltage(z[f"V_{part}"], v) - sign * v[responsivity] / v[factor] * power * answer

    return misclosure


def _response(setup: Setup[JouleLine]) -> Callable[[Any, Values], tuple[Any, Any]]:
    """Real and imaginary part of H by angular frequency; in real arithmetic, which complex steps differentiate."""
    book, times = setup.book, setup.entry.time_constants
    poles = [book.sought(f"{setup.path}.time_constant.{k}", "s", tau.value) for k, tau in enumerate(times, start=1)]
    shares = [book.sought(f"{setup.path}.share.{k}", "1", 1 / len(times)) for k in range(1, len(times))]
    low_pass = None if setup.entry.filter_time_constant is None else setup.stated("filter_time_constant")

    def response(omega: Any, v: Values) -> tuple[Any, Any]:  # noqa: ANN401
        parts = [v[name] for name in shares]
        parts.append(1 - sum(parts))
        turns = [omega * v[tau] for tau in poles]
        real = sum(a / (1 + turn**2) for a, turn in zip(parts, turns, strict=True))
        imaginary = -sum(a * turn / (1 + turn**2) for a, turn in zip(parts, turns, strict=True))
        if low_pass is None:
            return real, imaginary
        turn = omega * v[low_pass]
        return (real + turn * imaginary) / (1 + turn**2), (imaginary - turn * real) / (1 + turn**2)

    return response


def _start(record: Record, entry: JouleLine, sign: float) -> float:
    """Responsivity by eye, from the lowest frequency [V/W]."""
    z = record.channels
    slowest = int(np.argmin(z["f"]))
    power = entry.line_share.value * z["I"][slowest] ** 2 * z["R"][slowest]
    return float(sign * z["V_in_phase"][slowest] / power) if power else 1.0
