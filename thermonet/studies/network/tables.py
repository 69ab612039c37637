"""Tables and checks of a solved network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from thermonet.network.answers import impedance
from thermonet.quantities.inputs import Input
from thermonet.results.record import Check, Column, Table
from thermonet.studies.bodies.tables import exact_check, transfer_tables
from thermonet.studies.network.answers import Answers, SolvedNetwork, port_nodes
from thermonet.system.modes import Transfer
from thermonet.system.response import bandwidth, elmore_time, rise_time, step
from thermonet.uncertainty.budget import Gradient

#: Rows of the table of sensitivities beyond which only those that matter are listed, and what matters: an answer that
#: changes by this part of itself where the value doubles.
_MANY, _MATTERS = 2000, 1e-3


def steady_tables(solved: SolvedNetwork) -> dict[str, Table]:
    """Nodes and elements at the steady state."""
    return {"steady": _nodes_table(solved), "elements": _elements_table(solved)}


def _nodes_table(solved: SolvedNetwork) -> Table:
    """Every node: its temperature, what it is, and the heat that enters and leaves the network there."""
    nodes, design = solved.document.nodes, solved.design
    powers = dict.fromkeys(nodes, 0.0)
    for node, power in solved.powers.values():
        powers[node] += power
    into = solved.steady.heat_into
    capacities = {node: design.graph.nodes[node].get("heat_capacity") for node in nodes}
    return {
        "node": Column("", list(nodes)),
        "temperature": Column("K", [solved.steady.temperature[node] for node in nodes]),
        "rise": Column("K", [solved.rises[node] for node in nodes]),
        "heat_capacity": Column("J/K", [capacities[node] for node in nodes]),
        "held": Column("", [node in solved.document.held for node in nodes]),
        "heat_in": Column("W", [powers[node] for node in nodes]),
        "heat_out": Column("W", [into.get(node) for node in nodes]),
    }


def _elements_table(solved: SolvedNetwork) -> Table:
    """Every element and every terminal of a body: its ends, its drop, its heat, its share of all heat that flows."""
    kinds = {name: element.kinds[0] for name, element in solved.document.elements.items()}
    whole, names = solved.heat_flow, list(solved.heats)
    rises = [[solved.rises.get(node) for node in solved.ends[name]] for name in names]
    return {
        "element": Column("", names),
        "kind": Column("", [kinds.get(name, "terminal") for name in names]),
        "from": Column("", [solved.ends[name][0] for name in names]),
        "to": Column("", [solved.ends[name][1] for name in names]),
        "drop": Column("K", [None if warm is None or other is None else warm - other for warm, other in rises]),
        "heat": Column("W", [solved.heats[name] for name in names]),
        "resistance": Column("K/W", [solved.resistances.get(name) for name in names]),
        "share_of_heat": Column("1", [solved.heats[name] / whole if whole > 0 else None for name in names]),
    }


def response_tables(solved: SolvedNetwork) -> dict[str, Table]:
    """Steps, harmonics, modes, times and pulses of all that is followed, and the impedance matrix of the ports."""
    asked, seen = solved.document.responses, solved.transfers
    if not seen:
        return {}
    times, frequencies = _ends(asked.times), _ends(asked.frequencies)
    if frequencies is None and solved.document.bodies:
        # Beyond it nobody knows how exact the bodies are.
        slowest = float(next(iter(seen.values())).time_constants[0])
        highest = solved.document.highest_frequency
        frequencies = (min(1e-3 / slowest, highest) / (2 * math.pi), highest)
    found = {**transfer_tables(seen, times, frequencies), "times": _times_table(seen)}
    if asked.pulse is not None:
        found["pulse"] = _pulse_table(seen, found["response"], asked.pulse.value)
    ports = port_nodes(solved.document)
    if ports:
        found["impedance"] = _impedance_table(solved, ports, found["frequency"]["frequency"].values)
    return found


def _ends(row: tuple[Input, ...] | None) -> tuple[float, float] | None:
    return None if row is None else (row[0].value, row[1].value)


def _times_table(seen: Mapping[str, Transfer]) -> Table:
    """What people call the time constant, for every response; a delay that never comes is left out."""
    return {
        "response": Column("", list(seen)),
        "resistance": Column("K/W", [response.resistance for response in seen.values()]),
        "slowest": Column("s", [float(response.time_constants[0]) for response in seen.values()]),
        "elmore": Column("s", [elmore_time(response) for response in seen.values()]),
        "to_63_percent": Column("s", [_crossing(rise_time, response) for response in seen.values()]),
        "bandwidth": Column("Hz", [_crossing(bandwidth, response) for response in seen.values()]),
    }


def _crossing(find: Callable[[Transfer], float], response: Transfer) -> float | None:
    try:
        found = find(response)
    except ValueError:  # a massless path answers at once, and at every frequency
        return None
    return found if found > 0 else None


def _pulse_table(seen: Mapping[str, Transfer], steps: Table, length: float) -> Table:
    """Temperature per watt that is switched on for a time: the step less the same step later."""
    after = length * np.geomspace(1, 30, 60)
    times = np.unique([*(float(time or 0) for time in steps["time"].values), *after])
    columns = {}
    for name, response in seen.items():
        later = np.where(times > length, step(response, np.maximum(times - length, 0.0)), 0.0)
        columns[name] = Column("K/W", [float(value) for value in step(response, times) - later])
    return {"time": Column("s", [float(time) for time in times]), **columns}


def _impedance_table(solved: SolvedNetwork, ports: Sequence[str], frequency: Sequence[object]) -> Table:
    """Impedance matrix of the ports over frequency: real and imaginary parts."""
    at = np.array(frequency, dtype=float)
    matrix = impedance(solved.model, list(ports), at)
    columns = {}
    for i, one in enumerate(ports):
        for j, other in enumerate(ports[: i + 1]):
            columns[f"real.{one}.{other}"] = Column("K/W", [float(value) for value in matrix[:, i, j].real])
            columns[f"imaginary.{one}.{other}"] = Column("K/W", [float(value) for value in matrix[:, i, j].imag])
    return {"frequency": Column("Hz", [float(value) for value in at]), **columns}


def sensitivities_table(
    answers: Answers, slopes: Mapping[str, Gradient], inputs: Mapping[str, Input], units: Mapping[str, str]
) -> Table:
    """Derivative of every answer by every number of the network, and relative to both."""
    rows = list(_slopes(answers, slopes, inputs))
    if len(rows) > _MANY:
        rows = [row for row in rows if row[3] is not None and abs(row[3]) > _MATTERS]
    return {
        "answer": Column("", [row[0] for row in rows]),
        "value": Column("", [row[1] for row in rows]),
        "derivative": Column("SI", [row[2] for row in rows]),
        "unit": Column("", [f"({units[row[0].partition('.')[0]]})/({inputs[row[1]].unit})" for row in rows]),
        "relative": Column("1", [row[3] for row in rows]),
    }


def _slopes(
    answers: Answers, slopes: Mapping[str, Gradient], inputs: Mapping[str, Input]
) -> Iterator[tuple[str, str, float, float | None]]:
    for key, gradient in slopes.items():
        for name, slope in gradient.items():
            if slope == 0:
                continue
            yield key, name, slope, slope * inputs[name].value / answers[key] if answers[key] else None


def energy_balance(solved: SolvedNetwork) -> Check:
    """Heat out of the network at every held node less heat of all sources."""
    flow = solved.heat_flow
    value = abs(solved.steady.imbalance) / flow if flow > 0 else 0.0
    return exact_check(value, "heat out at the held nodes less heat of all sources, relative to the heat that flows")


def reciprocity(solved: SolvedNetwork) -> Check:
    """Every response by two routes: heat at one end seen at the other, and the reverse."""
    held, pairs = solved.held, [pair for pair in solved.driven_pairs if pair[0] != pair[1]]
    nodes = list(dict.fromkeys(node for pair in pairs for node in pair))
    worst = 0.0
    if nodes and held is not None:
        fields = np.asarray(held.solve(np.column_stack([held.system.sources[node] for node in nodes])), dtype=float)
        seen = dict(zip(nodes, (solved.model.at @ fields).T, strict=True))
        place = {node: number for number, node in enumerate(solved.model.nodes)}
        for node, driver in pairs:
            there, back = float(seen[driver][place[node]]), float(seen[node][place[driver]])
            # Parts that no heat joins see nothing of each other, either way.
            worst = max(worst, abs(there - back) / abs(there) if there else abs(back))
    return exact_check(worst, "largest relative difference of a resistance between heat at one end and at the other")
