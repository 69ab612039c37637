"""A held linear system as steps through time see it, with the factors of a few step lengths at hand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
import scipy.sparse as sp

from thermonet.system.core import Array, Held, Matrix, Vector
from thermonet.system.drive import Forcing

Made = TypeVar("Made")
#: Factors are kept for this many unknowns in all, and for a few step lengths at least and at most.
_KEPT_UNKNOWNS, _KEPT_LEAST, _KEPT_MOST = 1_000_000, 4, 64


@dataclass
class Recent(Generic[Made]):
    """Solvers of (K + s C) x = load for the last few values of s; older ones are let go.

    Attributes
    ----------
    make, let_go
        Make the solver for an s [1/s]; let it go.
    most
        Number kept.
    count
        Number made so far.
    """

    make: Callable[[float], Made]
    let_go: Callable[[float], None]
    most: int
    count: int = 0
    _kept: OrderedDict[float, Made] = field(default_factory=OrderedDict)

    def at(self, s: float) -> Made:
        """Solver for an s [1/s], made where it is not kept."""
        if s not in self._kept:
            if len(self._kept) >= self.most:
                self.let_go(self._kept.popitem(last=False)[0])
            self._kept[s] = self.make(s)
            self.count += 1
        self._kept.move_to_end(s)
        return self._kept[s]

    def drop(self, s: float) -> None:
        """Let the factors for an s go, where they are kept."""
        if self._kept.pop(s, None) is not None:
            self.let_go(s)

    def clear(self) -> None:
        """Let all of them go."""
        while self._kept:
            self.let_go(self._kept.popitem()[0])


def kept_factors(unknowns: int) -> int:
    """Number of factors to keep of a system of some size."""
    return int(np.clip(_KEPT_UNKNOWNS // max(unknowns, 1), _KEPT_LEAST, _KEPT_MOST))


@dataclass
class LinearFlow:
    """A held linear system, as steps through time see it; temperatures count from a reference."""

    held: Held
    forcing: Forcing
    factors: Recent[Callable[[Array], Array]]
    _stores: Matrix = field(init=False)
    _drives: Matrix = field(init=False)
    _at_ports: Matrix = field(init=False)
    _in_ports: Matrix = field(init=False)
    _port_loads: Matrix = field(init=False)

    def __post_init__(self) -> None:
        held = self.held
        self._stores = held.C[held.free]
        self._drives = held.K[held.free][:, held.fixed]
        self._at_ports, self._in_ports = (port_sums(held) @ matrix for matrix in (held.K, held.C))
        self._port_loads = port_sums(held) @ self.forcing.loads

    @property
    def capacity(self) -> Matrix:
        """C (n, n) [J/K]."""
        return self.held.C

    def stage(self, base: Vector, s: float, time: float, guess: Vector) -> Vector:  # noqa: ARG002 (a linear stage needs none)
        """Temperatures of a stage [K]."""
        held, given = self.held, self.forcing.given(time)
        change = base.copy()
        change[held.fixed] -= given
        load = self.forcing.load(time)[held.free] + s * (self._stores @ change) - self._drives @ given
        found = np.empty_like(base)
        found[held.fixed] = given
        found[held.free] = self.factors.at(s)(load)
        return found

    def smoothed(self, change: Vector, s: float) -> Vector:
        """A change of temperature as an implicit step damps it [K]."""
        found = np.zeros_like(change)
        found[self.held.free] = self.factors.at(s)(s * (self._stores @ change))
        return found

    def released(self, temperature: Vector, rate: Vector, time: float) -> Vector:
        """Heat out into every held port [W]."""
        return self._port_loads @ self.forcing.watts(time) - self._at_ports @ temperature - self._in_ports @ rate

    def supplied(self, time: float) -> float:
        """Heat of all sources [W]."""
        return self.forcing.supplied(time)


def port_sums(held: Held) -> Matrix:
    """Matrix (ports, n) that sums over the unknowns of every held port."""
    owners = [np.full(len(held.system.ports[port]), i) for i, port in enumerate(held.ports)]
    nodes = [held.system.ports[port] for port in held.ports]
    rows, columns = np.concatenate(owners), np.concatenate(nodes)
    return sp.csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(held.ports), held.system.size))
