"""Checks of a studied probe: conservation laws of the solution, and the assumption that levels settle."""

from __future__ import annotations

import numpy as np

from thermonet.documents.probe import ModulationEntry
from thermonet.quantities.formatting import percent
from thermonet.results.record import Check
from thermonet.studies.answers import SolvedProbe
from thermonet.studies.modulation import level_biases, three_level_duration, with_filter
from thermonet.system.modes import Transfer
from thermonet.system.steady import heat_imbalance, reciprocity_error

_EXACT = 1e-9
_LEVEL_TOLERANCE = 1e-3
#: Levels of so many slowest time constants forget the one before the last, as the formula assumes.
_SETTLED = 5


def energy_balance_check(solved: SolvedProbe) -> Check:
    """Heat into the chip per watt of the source, less one."""
    value = heat_imbalance(solved.held, "apex")
    return Check(
        holds=abs(value) <= _EXACT,
        value=value,
        u=None,
        threshold=_EXACT,
        explanation="heat that leaves through the held port less heat that enters, per watt",
    )


def reciprocity_check(solved: SolvedProbe) -> Check:
    """R_P by the source's field at the thermocouple against the thermocouple's field at the source."""
    value = reciprocity_error(solved.held, "thermocouple", "apex")
    return Check(
        holds=value <= _EXACT,
        value=value,
        u=None,
        threshold=_EXACT,
        explanation="relative difference of R_P by the source's field at the sensor and the sensor's at the source",
    )


def quasi_static_check(modulation: ModulationEntry, seen: Transfer) -> Check:
    """Larger relative bias of the level means of the three-level modulation, for equal heat at both polarities."""
    # A massless mode follows at once; a femtosecond is at once.
    time_constants, shares = np.maximum(seen.time_constants, 1e-15), seen.shares
    if modulation.filter_time_constant is not None and modulation.filter_time_constant.value > 0:
        time_constants, shares = with_filter(time_constants, shares, modulation.filter_time_constant.value)
    duration = three_level_duration(modulation.frequency.value)
    discard = 0.0 if modulation.discard is None else modulation.discard.value
    biases = level_biases(time_constants, shares, duration, discard)
    value = max(biases, key=abs)
    threshold = _LEVEL_TOLERANCE if modulation.tolerance is None else modulation.tolerance.value
    explanation = (
        f"levels of {duration * 1e3:.4g} ms in the order +, 0, - with {discard * 1e3:.3g} ms discarded: "
        f"the mean of + is biased by {percent(biases[0])}, that of - by {percent(biases[1])}"
    )
    if duration < _SETTLED * time_constants[0]:
        explanation += "; levels this short never settle, and the formula does not hold for them"
    return Check(holds=abs(value) <= threshold, value=value, u=None, threshold=threshold, explanation=explanation)
