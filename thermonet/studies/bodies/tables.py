"""Tables and checks of a solved body."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from thermonet.results.record import Check, Column, Table
from thermonet.studies.bodies.answers import SolvedBody
from thermonet.system.modes import Transfer
from thermonet.system.response import harmonic, step
from thermonet.system.steady import gradient

#: Largest imbalance of heat, and largest difference of two routes to one resistance, that rounding explains.
EXACT = 1e-9
#: Modes listed one by one, and the share of a response below which a mode is not listed.
_MODES, _UNHEARD = 12, 1e-6


def _pairs(solved: SolvedBody) -> list[tuple[str, str]]:
    return [(sensor, source) for source in solved.model.system.sources for sensor in solved.body.sensors]


def response_tables(solved: SolvedBody) -> dict[str, Table]:
    """Step and harmonic responses and modes of all pairs of sensor and source; none without heat capacities."""
    if not solved.body.has_capacity or not _pairs(solved):
        return {}
    seen = {f"{sensor}.{source}": solved.transfer(sensor, source) for sensor, source in _pairs(solved)}
    slowest, fastest = _heard_times(seen)
    # What is faster than the mesh follows belongs to the mesh, not to the body.
    fastest = max(fastest, 0.0 if solved.rate is None else 10 / solved.rate)
    first, last = 1e-3 / slowest / (2 * np.pi), 10 / fastest / (2 * np.pi)
    return transfer_tables(seen, (fastest / 10, 10 * slowest), (first, last))


def transfer_tables(
    seen: Mapping[str, Transfer],
    times: tuple[float, float] | None = None,
    frequencies: tuple[float, float] | None = None,
) -> dict[str, Table]:
    """Step and harmonic responses and modes of some transfers with the same modes.

    Parameters
    ----------
    seen
        Transfers by the name of sensor and source.
    times, frequencies
        First and last one [s], [Hz]; as the modes ask for where nothing is given.
    """
    return {
        "response": _step_table(seen, times),
        "frequency": _frequency_table(seen, frequencies),
        "modes": _modes_table(seen),
    }


def _step_table(seen: Mapping[str, Transfer], times: tuple[float, float] | None) -> Table:
    """Temperature per watt after a source is switched on, from the fastest mode that matters to the slowest."""
    slowest, fastest = _heard_times(seen)
    first, last = times or (fastest / 10, 10 * slowest)
    time = np.concatenate([[0.0], np.geomspace(first, last, 160)])
    columns = {pair: Column("K/W", list(step(response, time))) for pair, response in seen.items()}
    return {"time": Column("s", list(time)), **columns}


def _frequency_table(seen: Mapping[str, Transfer], frequencies: tuple[float, float] | None) -> Table:
    """Amplitude and phase per watt that oscillates, from far below the slowest mode to where little is left."""
    slowest, fastest = _heard_times(seen)
    first, last = frequencies or (1e-3 / slowest / (2 * np.pi), 10 / fastest / (2 * np.pi))
    frequency = np.geomspace(first, last, 161)
    columns: dict[str, Column] = {"frequency": Column("Hz", list(frequency))}
    for pair, response in seen.items():
        found = harmonic(response, frequency)
        columns[f"amplitude.{pair}"] = Column("K/W", list(np.abs(found)))
        columns[f"phase.{pair}"] = Column("rad", list(np.unwrap(np.angle(found))))
    return columns


def _heard_times(seen: Mapping[str, Transfer]) -> tuple[float, float]:
    """Slowest time constant, and the fastest one with a share worth drawing [s]."""
    times = next(iter(seen.values())).time_constants
    heard = np.max([np.abs(response.shares) for response in seen.values()], axis=0) > 1e-2
    return float(times[0]), max(float(times[heard].min()), 1e-9 * float(times[0]))


def _modes_table(seen: Mapping[str, Transfer]) -> Table:
    """Slowest modes with their shares of every static response; the last line is all the others together."""
    heard = np.max([np.abs(response.shares) for response in seen.values()], axis=0) > _UNHEARD
    listed = np.flatnonzero(heard)[:_MODES]
    times = next(iter(seen.values())).time_constants[listed]
    columns = {
        f"share.{pair}": Column("1", [*response.shares[listed], 1 - response.shares[listed].sum()])
        for pair, response in seen.items()
    }
    return {
        "mode": Column("", [*(str(i + 1) for i in range(len(times))), "all others"]),
        "time_constant": Column("s", [*(float(time) for time in times), None]),
        **columns,
    }


def energy_balance(heats: Mapping[str, float], powers: Mapping[str, float]) -> Check:
    """Heat [W] out of the body through every bath less heat into it from every source, by the large model."""
    out, into = heats.values(), powers.values()
    flow = max(sum(abs(heat) for heat in out), sum(abs(power) for power in into))
    value = abs(sum(out) - sum(into)) / flow if flow > 0 else 0.0
    return exact_check(
        value, "heat out through all boundaries less heat from all sources, relative to the heat that flows"
    )


def reciprocity(solved: SolvedBody) -> Check:
    """Every resistance by two routes: the source's field at the sensor, the sensor's field at the source."""
    worst = 0.0
    for sensor, source in _pairs(solved):
        found = gradient(solved.held, sensor, source)
        other = float(solved.held.system.sources[source] @ found.adjoint)
        worst = max(worst, abs(found.resistance - other) / abs(found.resistance))
    return exact_check(
        worst, "largest relative difference of a resistance between the source's field at the sensor and the reverse"
    )


def exact_check(value: float, explanation: str) -> Check:
    """Check of what rounding alone may disturb."""
    return Check(holds=value <= EXACT, value=value, u=None, threshold=EXACT, explanation=explanation)
