"""Joining systems at ports, and tying unknowns: congruences, so nothing about heat balance can break."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from thermonet.system.core import Matrix, System, Vector

Unknowns = NDArray[np.int64]


def join(systems: Sequence[System], pairs: Sequence[tuple[str, str]]) -> System:
    """Join systems so that the two ports of every pair are one and the same set of unknowns.

    Ports of several unknowns are joined one by one, in order: on matching meshes two halves equal the whole.

    Raises
    ------
    ValueError
        Two systems use one name for a term, source, sensor or port, or the ports of a pair differ in size.
    """
    _refuse_clashes(systems)
    starts = np.concatenate([[0], np.cumsum([system.size for system in systems])])
    ports = {
        name: start + nodes
        for start, system in zip(starts, systems, strict=False)
        for name, nodes in system.ports.items()
    }
    to = np.arange(starts[-1])
    for first, second in pairs:
        if len(ports[first]) != len(ports[second]):
            raise ValueError(f"ports {first} and {second} differ in size, so they do not match")
        _merge(to, ports[first], ports[second])
    kept, position = np.unique(to, return_inverse=True)
    parts = [
        _relabelled(system, position[start : start + system.size], len(kept))
        for start, system in zip(starts, systems, strict=False)
    ]
    return _united(parts, np.concatenate([system.one for system in systems])[kept])


def tied(system: System, port: str) -> System:
    """Return the system with all unknowns of a port at one temperature: an isothermal port."""
    to = np.arange(system.size)
    to[system.ports[port]] = system.ports[port][0]
    kept, position = np.unique(to, return_inverse=True)
    return replace(_relabelled(system, position, len(kept)), one=system.one[kept])


def _merge(to: Unknowns, first: Unknowns, second: Unknowns) -> None:
    """Make the unknowns of two ports one, wherever earlier pairs have put them."""
    for keep, drop in zip(first, second, strict=True):
        to[to == to[drop]] = to[keep]


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


def _relabelled(system: System, position: Unknowns, size: int) -> System:
    """Return the system with unknown i called position[i], among `size`; unknowns of one name are merged."""

    def matrices(terms: Mapping[str, Matrix]) -> dict[str, Matrix]:
        moved: dict[str, Matrix] = {}
        for name, term in terms.items():
            part = sp.coo_array(term)
            rows, columns = part.coords
            moved[name] = sp.csr_array((part.data, (position[rows], position[columns])), shape=(size, size))
        return moved

    def vectors(loads: Mapping[str, Vector]) -> dict[str, Vector]:
        return {name: np.bincount(position, load, minlength=size).astype(float) for name, load in loads.items()}

    one = np.zeros(size)
    one[position] = system.one
    ports = {name: _unique_in_order(position[unknowns]) for name, unknowns in system.ports.items()}
    return System(
        K=matrices(system.K),
        C=matrices(system.C),
        theta=system.theta,
        sources=vectors(system.sources),
        sensors=vectors(system.sensors),
        ports=ports,
        one=one,
    )


def _united(parts: Sequence[System], one: Vector) -> System:
    """One system of the terms of several that count their unknowns alike."""
    return System(
        K={name: term for part in parts for name, term in part.K.items()},
        C={name: term for part in parts for name, term in part.C.items()},
        theta={name: value for part in parts for name, value in part.theta.items()},
        sources={name: load for part in parts for name, load in part.sources.items()},
        sensors={name: weights for part in parts for name, weights in part.sensors.items()},
        ports={name: unknowns for part in parts for name, unknowns in part.ports.items()},
        one=one,
    )


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
