"""Where a watt goes: what every element carries of the heat of each source alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from thermonet.network.answers import steady
from thermonet.network.model import NetworkModel
from thermonet.results.record import Column, Table


def shares_of(model: NetworkModel) -> dict[str, dict[str, float]]:
    """Heat through elements, into bodies' terminals and into held nodes, per watt of each source by name.

    Everything that is held stays as it is but for that watt. Heat counts positive from the first to the second node of
    an element, from the node into a terminal, and out of the network at ``<node>``.

    Raises
    ------
    PhysicsError
        Nothing is held, so that the heat has nowhere to go.
    ValueError
        Elements depend on temperature: what they carry of a watt depends on all other watts.
    """
    if model.nonlinear is not None:
        raise ValueError("elements depend on temperature, so a watt has no share of its own")
    found = {}
    for name, (node, _) in model.sources.items():
        alone = steady(replace(model, sources={name: (node, 1.0)}, held=dict.fromkeys(model.held, 0.0)))
        found[name] = {**alone.heat, **alone.terminal_heat, **alone.heat_into}
    return found


def shares_table(shares: Mapping[str, Mapping[str, float]]) -> Table:
    """Lines of `shares_of`: through what, and for every source the share of its heat."""
    through = list(dict.fromkeys(name for of_source in shares.values() for name in of_source))
    return {
        "through": Column("", through),
        **{source: Column("1", [of_source[name] for name in through]) for source, of_source in shares.items()},
    }
