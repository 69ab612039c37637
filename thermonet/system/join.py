"""Joining systems at ports, and tying unknowns: congruences, so nothing about heat balance can break."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from thermonet.system.core import Matrix, System, Vector
from thermonet.system.layout import united_layout
from thermonet.system.terms import Terms, joined

Unknowns = NDArray[np.int64]
Value = TypeVar("Value")


def join(systems: Sequence[System], pairs: Sequence[tuple[str, str]], isothermal: Sequence[str] = ()) -> System:
    """Join systems so that the two ports of every pair are one and the same set of unknowns.

    Ports of several unknowns are joined one by one, in order: on matching meshes two halves equal the whole.

    Parameters
    ----------
    systems
        What is joined.
    pairs
        Ports that become one.
    isothermal
        Ports whose unknowns are tied to one before they are joined.

    Raises
    ------
    ValueError
        Two systems use one name for a term, source, sensor or port, or the ports of a pair differ in size.
    """
    _refuse_clashes(systems)
    places, kept = _places(systems, pairs, isothermal)
    return _united(systems, places, np.concatenate([system.one for system in systems])[kept])


def joined_unknowns(
    systems: Sequence[System], pairs: Sequence[tuple[str, str]], isothermal: Sequence[str] = ()
) -> list[Unknowns]:
    """Unknown of the joined system for every one of each system; parameters and errors as of `join`."""
    return _places(systems, pairs, isothermal)[0]


def _places(
    systems: Sequence[System], pairs: Sequence[tuple[str, str]], isothermal: Sequence[str]
) -> tuple[list[Unknowns], Unknowns]:
    """Common unknown of every unknown of each system, and the first of those that each common one is made of."""
    starts = np.concatenate([[0], np.cumsum([system.size for system in systems])])
    ports = {
        name: start + nodes
        for start, system in zip(starts, systems, strict=False)
        for name, nodes in system.ports.items()
    }
    links = [(np.repeat(ports[name][:1], len(ports[name])), ports[name]) for name in isothermal]
    ports |= {name: ports[name][:1] for name in isothermal}
    for first, second in pairs:
        if len(ports[first]) != len(ports[second]):
            raise ValueError(f"ports {first} and {second} differ in size, so they do not match")
        links.append((ports[first], ports[second]))
    kept, position = _merged(links, int(starts[-1]))
    return np.split(position, starts[1:-1]), kept


def prefixed(system: System, prefix: str) -> System:
    """Return a system with a prefix before all its names, so that it can be joined with its like."""

    def named(group: Mapping[str, Value]) -> dict[str, Value]:
        return {f"{prefix}{name}": value for name, value in group.items()}

    def terms(group: Mapping[str, Matrix]) -> Mapping[str, Matrix]:
        return Terms(group.pattern, named(group.entries)) if isinstance(group, Terms) else named(group)

    return replace(
        system,
        K=terms(system.K),
        C=terms(system.C),
        theta=named(system.theta),
        sources=named(system.sources),
        sensors=named(system.sensors),
        ports=named(system.ports),
    )


def tied(system: System, port: str) -> System:
    """Return the system with all unknowns of a port at one temperature: an isothermal port."""
    return join([system], [], [port])


def _merged(links: Sequence[tuple[Unknowns, Unknowns]], size: int) -> tuple[Unknowns, Unknowns]:
    """First of all unknowns that links make one, and for every unknown which of these it becomes."""
    none = np.zeros(0, dtype=np.int64)
    first, second = (np.concatenate([none, *(link[side] for link in links)]) for side in (0, 1))
    graph = sp.coo_array((np.ones(len(first)), (first, second)), shape=(size, size))
    group = connected_components(graph, directed=False)[1]
    _, kept, position = np.unique(group, return_index=True, return_inverse=True)
    order = np.argsort(kept)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return kept[order], rank[position]


def _refuse_clashes(systems: Sequence[System]) -> None:
    seen: set[tuple[str, str]] = set()
    for system in systems:
        groups = {
            "term": {**system.K, **system.C},
            "source": system.sources,
            "sensor": system.sensors,
            "port": system.ports,
        }
        names = {(kind, name) for kind, group in groups.items() for name in group}
        if seen & names:
            raise ValueError(f"two systems have {', '.join(sorted(' '.join(pair) for pair in seen & names))}")
        seen |= names


def _united(systems: Sequence[System], places: Sequence[Unknowns], one: Vector) -> System:
    """One system of several, each with the common unknown of every one of its own; those of one unknown are merged."""

    def vectors(loads: Mapping[str, Vector], position: Unknowns) -> dict[str, Vector]:
        return {name: np.bincount(position, load, minlength=len(one)).astype(float) for name, load in loads.items()}

    both = list(zip(systems, places, strict=True))
    terms = joined([(matrices, at) for system, at in both for matrices in (system.K, system.C)], len(one))
    return System(
        K=_together(terms[0::2]),
        C=_together(terms[1::2]),
        theta={name: value for system in systems for name, value in system.theta.items()},
        sources={name: load for system, at in both for name, load in vectors(system.sources, at).items()},
        sensors={name: weights for system, at in both for name, weights in vectors(system.sensors, at).items()},
        ports={name: _unique_in_order(at[nodes]) for system, at in both for name, nodes in system.ports.items()},
        one=one,
        layout=united_layout([(system.layout, at) for system, at in both], len(one)),
    )


def _together(parts: Sequence[Terms]) -> Terms:
    return Terms(parts[0].pattern, {name: entries for part in parts for name, entries in part.entries.items()})


def _unique_in_order(unknowns: Unknowns) -> Unknowns:
    _, first = np.unique(unknowns, return_index=True)
    return unknowns[np.sort(first)]


def shaped(system: System, port: str, shapes: Vector, *, uniform: Vector) -> System:
    """Restrict the unknowns of a port to a span of shapes: a trace port of fewer coordinates.

    Parameters
    ----------
    system, port
        The port's unknowns are replaced by ``shapes.shape[1]`` amplitudes, which become the port.
    shapes
        Values of every shape at the port's unknowns, (unknowns, shapes), e.g. cos(m phi) on a ring.
    uniform
        Amplitudes of the uniform field: ``shapes @ uniform`` equals the port's part of ``one``.
    """
    inside = system.ports[port]
    others = np.setdiff1d(np.arange(system.size), inside)
    count = len(others)
    rows = np.concatenate([others, np.repeat(inside, shapes.shape[1])])
    columns = np.concatenate([np.arange(count), np.tile(count + np.arange(shapes.shape[1]), len(inside))])
    values = np.concatenate([np.ones(count), shapes.ravel()])
    onto = sp.csr_array((values, (rows, columns)), shape=(system.size, count + shapes.shape[1]))
    position = np.full(system.size, -1)
    position[others] = np.arange(count)
    ports = {name: position[unknowns] for name, unknowns in system.ports.items() if name != port}
    ports[port] = count + np.arange(shapes.shape[1])
    return system.mapped(onto, one=np.concatenate([system.one[others], uniform]), ports=ports)
