"""What leaves a network for other programs: netlists, Modelica, a compact model, structure functions."""

from __future__ import annotations

from dataclasses import replace

from thermonet.documents.network.parts import CompactEntry
from thermonet.network.modelica.network import network_model_text
from thermonet.network.spice.deck import Scale
from thermonet.network.spice.network import network_deck
from thermonet.studies.exports import Exports, SmallModel, SteadyCase, small_exports, small_model
from thermonet.studies.network.answers import SolvedNetwork, port_nodes

#: Files of the network as it is written; `thermonet.studies.exports` has those of the small model of it.
NETLIST, MODELICA = "network.cir", "network.mo"


def exported(solved: SolvedNetwork) -> Exports:
    """Everything that a network is written as; what depends on temperature has no compact model.

    Raises
    ------
    PhysicsError
        Two names of nodes or elements are one in SPICE.
    """
    files = _netlists(solved)
    if solved.model.nonlinear is not None or solved.held is None or len(solved.held.free) == 0:
        return Exports(files)
    found = small_exports(_small(solved), _case(solved), driving_points=port_nodes(solved.document))
    return replace(found, files={**files, **found.files})


def _netlists(solved: SolvedNetwork) -> dict[str, str]:
    document, graph = solved.document, solved.design.graph
    title, bath = document.title or document.name, solved.design.temperature
    files = {MODELICA: network_model_text(graph, document.name, start=bath, title=title)}
    power, rise = solved.heat_flow, max(abs(each) for each in solved.rises.values())
    stored = sum(abs(rise) * graph.nodes[node].get("heat_capacity", 0.0) for node, rise in solved.rises.items())
    scale = Scale(power=power, rise=rise, heat=stored) if power > 0 and rise > 0 else _at_rest(solved)
    files[NETLIST] = network_deck(graph, bath=bath, scale=scale, title=title)
    return files


def _at_rest(solved: SolvedNetwork) -> Scale:
    """Scale of a network through which nothing flows yet: a kelvin across the weakest of its elements."""
    return Scale(power=1 / max(solved.resistances.values(), default=1.0), rise=1.0)


def _small(solved: SolvedNetwork) -> SmallModel:
    """Small model between the held nodes and the ports; what bodies left out has its part of the tolerance."""
    system, asked = solved.model.system, solved.document.compact or CompactEntry()
    before, whole = solved.bodies.reduction, asked.tolerance.value
    left = max(whole - max(before.harmonic, before.step), whole / 2)
    small = small_model(
        system,
        {node: system.sources[node] for node in compact_nodes(solved)},
        list(solved.model.held),
        tolerance=left,
        highest_frequency=asked.highest_frequency.value,
    )
    return replace(small, tolerance=whole, before=before)


def compact_nodes(solved: SolvedNetwork) -> list[str]:
    """Nodes that stay visible in a compact model: its ports, and wherever heat enters."""
    into = [node for node, _ in solved.powers.values() if node not in solved.model.held]
    return list(dict.fromkeys([*port_nodes(solved.document), *into]))


def _case(solved: SolvedNetwork) -> SteadyCase:
    document, bath = solved.document, solved.design.temperature
    powers = dict.fromkeys(compact_nodes(solved), 0.0)
    for node, power in solved.powers.values():
        if node in powers:
            powers[node] += power
    return SteadyCase(
        name=document.name,
        title=document.title or document.name,
        bath=bath,
        powers=powers,
        rises={node: float(rest) - bath for node, rest in solved.model.held.items()},  # type: ignore[arg-type]
    )
