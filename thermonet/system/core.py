r"""The type in the middle: a linear thermal system, and the same system with some ports held.

.. math:: C \, dT/dt + K T = \text{loads}, \qquad K = \sum_i \theta_i K_i, \\quad C = \sum_i \theta_i C_i

A finite-element body, a lumped network, a reduced model and any of them joined are all this.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from thermonet.quantities.errors import PhysicsError
from thermonet.system.balance import conducted, conducted_at, lost_heat
from thermonet.system.incidence import Incidence
from thermonet.system.layout import Layout, mapped_layout
from thermonet.system.solvers.choice import TOLERANCE, Solver, renewed, solver_of, spread
from thermonet.system.terms import Terms, joined, relabelling

Vector = NDArray[np.float64]
#: Tolerance of the first of two solutions of a steady load; the second solves for what it has left.
_FIRST = 1e-7
Array = NDArray[Any]  #: real, or complex where s is
Matrix: TypeAlias = Any  #: scipy.sparse.csr_array of a large system, a plain array of a reduced one; scipy has no types


@dataclass(frozen=True, kw_only=True)
class System:
    """A linear thermal system with nothing held.

    Attributes
    ----------
    K, C
        Named terms: conductance [W/K] and capacity [J/K] per unit of their coefficient, each symmetric (n, n), with
        ``K_i @ one = 0``: no term can create or lose heat. `C` may be singular (massless unknowns).
    theta
        Coefficient of every term; a conductance and a capacity term never share a name.
    sources
        Load vectors (n,) per watt, ``one @ b = 1``.
    sensors
        Weights (n,) of a mean temperature, ``l @ one = 1``.
    ports
        Ordered unknowns: one is an isothermal port, several are a trace.
    one
        The uniform field of one kelvin in these coordinates, (n,).
    layout
        Where the unknowns lie, if they come from a mesh: what fast solvers use.
    """

    K: Mapping[str, Matrix]
    C: Mapping[str, Matrix]
    theta: Mapping[str, float]
    sources: Mapping[str, Vector]
    sensors: Mapping[str, Vector]
    ports: Mapping[str, NDArray[np.int64]]
    one: Vector
    layout: Layout | None = None

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return len(self.one)

    def total(self, terms: Mapping[str, Matrix]) -> Matrix:
        """Sum of coefficient times matrix; dense where the terms are dense (a reduced model)."""
        if isinstance(terms, Terms | Incidence):
            return terms.total(self.theta)
        if any(isinstance(term, np.ndarray) for term in terms.values()):
            full = [term if isinstance(term, np.ndarray) else term.toarray() for term in terms.values()]
            return np.sum([self.theta[name] * term for name, term in zip(terms, full, strict=True)], axis=0)
        return sp.csr_array(weighted_sum([(self.theta[name], term) for name, term in terms.items()], self.size))

    def at(self, theta: Mapping[str, float]) -> System:
        """Return the same system with other coefficients."""
        unknown = set(theta) - set(self.theta)
        if unknown:
            raise KeyError(f"no term is called {', '.join(sorted(unknown))}")
        return replace(self, theta={**self.theta, **theta})

    def hold(self, *ports: str) -> Held:
        """Hold ports at given temperatures; only a held system can be solved."""
        return Held(self, ports)

    def mapped(self, onto: Matrix, *, one: Vector, ports: Mapping[str, NDArray[np.int64]]) -> System:
        """Return the same system in coordinates x with T = onto @ x: tying, joining and reducing are this congruence.

        Parameters
        ----------
        onto
            Matrix (n, m) from the new coordinates to the present unknowns.
        one
            The uniform field in the new coordinates (m,): ``onto @ one`` equals the present one.
        ports
            The ports' unknowns in the new coordinates.
        """

        def squeezed(terms: Mapping[str, Matrix]) -> Mapping[str, Matrix]:
            return {name: onto.T @ (term @ onto) for name, term in terms.items()}

        position = None if self._dense else relabelling(onto)
        if position is None:
            K, C = squeezed(self.K), squeezed(self.C)
        else:
            K, C = joined([(self.K, position), (self.C, position)], len(one))
        return replace(
            self,
            K=K,
            C=C,
            sources={name: onto.T @ load for name, load in self.sources.items()},
            sensors={name: onto.T @ weights for name, weights in self.sensors.items()},
            ports=ports,
            one=one,
            layout=None if self.layout is None or isinstance(onto, np.ndarray) else mapped_layout(self.layout, onto),
        )

    def with_source(self, name: str, load: Vector) -> System:
        """Return the system with another named source (load per watt)."""
        return replace(self, sources={**self.sources, name: load})

    def with_sensor(self, name: str, weights: Vector) -> System:
        """Return the system with another named sensor (weights of a mean temperature)."""
        return replace(self, sensors={**self.sensors, name: weights})

    def with_resistance(self, name: str, one_end: Vector, other_end: Vector, resistance: float) -> System:
        """Join two weighted ports by a lumped resistance [K/W]: adds (w - e)(w - e)^T / R."""
        if not resistance > 0:
            raise PhysicsError(f"{name}: a resistance must be positive, got {resistance:g} K/W")
        if name in self.theta:
            raise ValueError(f"the system has a term {name} already")
        across = one_end - other_end
        row = sp.csr_array(across[np.newaxis, :])
        term: Matrix = np.outer(across, across) if self._dense else row.T @ row
        K = self.K.with_term(name, term) if isinstance(self.K, Terms) else {**self.K, name: term}
        return replace(self, K=K, theta={**self.theta, name: 1 / resistance})

    @property
    def _dense(self) -> bool:
        made_of_sparse = isinstance(self.K, Terms | Incidence)
        return not made_of_sparse and any(isinstance(term, np.ndarray) for term in self.K.values())


def weighted_sum(terms: Sequence[tuple[float, Matrix]], size: int) -> Matrix:
    """Sum of factor times sparse matrix in one conversion; adding one by one would walk the pattern once per term."""
    if not terms:
        return sp.csr_array((size, size))
    if len(terms) == 1:
        return sp.csr_array(terms[0][0] * terms[0][1])
    parts = [(factor, term.tocoo()) for factor, term in terms]
    data = np.concatenate([factor * part.data for factor, part in parts])
    rows = np.concatenate([part.coords[0] for _, part in parts])
    columns = np.concatenate([part.coords[1] for _, part in parts])
    return sp.csr_array(sp.coo_array((data, (rows, columns)), shape=(size, size)))


@dataclass
class Held:
    """A system with some ports at given temperatures: owns the factors, and is all that can be solved.

    Attributes
    ----------
    system, ports
        What is held where.
    made
        The last solver that was made for every s, and the coefficients it was made for (`again` hands them on).
    known
        Steady fields (n, fields) that were found last, at whatever coefficients: answers at others begin from them.
    K, C
        Conductance [W/K] and capacity [J/K] (n, n).
    fixed, free
        Unknowns that are held and those that are not, ascending.
    """

    system: System
    ports: tuple[str, ...]
    made: dict[complex, tuple[Mapping[str, float], Solver]] = field(default_factory=dict, repr=False)
    known: Vector | None = field(default=None, repr=False)
    K: Matrix = field(init=False)
    C: Matrix = field(init=False)
    fixed: NDArray[np.int64] = field(init=False)
    free: NDArray[np.int64] = field(init=False)
    _solvers: dict[complex, Solver] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        unknown = set(self.ports) - set(self.system.ports)
        if unknown or not self.ports:
            raise KeyError(f"no port is called {', '.join(sorted(unknown))}" if unknown else "no port is held")
        self.K, self.C = self.system.total(self.system.K), self.system.total(self.system.C)
        held = np.zeros(self.system.size, dtype=bool)
        held[np.concatenate([self.system.ports[name] for name in self.ports])] = True
        self.fixed, self.free = np.flatnonzero(held), np.flatnonzero(~held)

    def again(self, theta: Mapping[str, float]) -> Held:
        """Hold the same ports at other coefficients.

        Answers are as exact as those of `hold`. The present factors serve as long as that costs less than new ones: for
        a few loads, where the coefficients that change do so by factors near one.
        """
        return Held(self.system.at(theta), self.ports, dict(self.made), self.known)

    def solver(self, s: complex = 0.0) -> Solver:
        """Solver of (K + s C) x = load on all unknowns, zero at the held ones; made once per s [1/s]."""
        if s not in self._solvers:
            self._solvers[s] = self._renewed(s) if s in self.made else self._fresh(s)
        return self._solvers[s]

    def _fresh(self, s: complex) -> Solver:
        near = self._operator(abs(s)) if np.iscomplexobj(s) else None
        found = solver_of(self._operator(s), self.free, self.system.layout, near)
        self.made[s] = self.system.theta, found
        return found

    def _renewed(self, s: complex) -> Solver:
        """Solver by the factors that were made for other coefficients."""
        (old, factors), new = self.made[s], self.system.theta
        names = [name for name in (*self.system.K, *(self.system.C if s else ())) if new[name] or old[name]]
        condition = spread(new[name] / old[name] if old[name] else math.inf for name in names)
        return renewed(factors, self._operator(s), self.free, condition, lambda: self._fresh(s))

    def factor(self, s: complex = 0.0) -> Callable[[Array], Array]:
        """Solver of (K + s C) x = load on the free unknowns alone; made once per s [1/s]."""
        return self._on_free(self.solver(s))

    def near_inverse(self, s: complex = 0.0) -> Callable[[Array], Array]:
        """What an iteration around (K + s C) x = load takes on the free unknowns: factors, or a cycle of multigrid."""
        return self._on_free(self.solver(s).near_inverse)

    def _on_free(self, solve: Callable[[Array], Array]) -> Callable[[Array], Array]:
        def solved(load: Array) -> Array:
            full = np.zeros((self.system.size, *load.shape[1:]), dtype=load.dtype)
            full[self.free] = load
            return solve(full)[self.free]

        return solved

    def forget(self, s: complex) -> None:
        """Let the factors of an s go: a walk through time has more of them than fit."""
        self._solvers.pop(s, None)
        self.made.pop(s, None)

    def _operator(self, s: complex) -> Matrix:
        return self.K if s == 0 else self.K + s * self.C

    @cached_property
    def _lost(self) -> Vector:
        return lost_heat(self.K, self.system.one)

    def solve(self, load: Array, *, held: float | Vector = 0.0, s: complex = 0.0) -> Array:
        """Temperatures [K] with (K + s C) T = load, T = held on the held ports.

        Parameters
        ----------
        load
            Heat [W] into every unknown, (n,) or (n, loads).
        held
            Temperatures [K] of the held unknowns in the order of `fixed`, (held,) or (held, loads); a scalar for all.
        s
            0 steady, i omega harmonic, 1/(gamma dt) one implicit stage [1/s].

        Raises
        ------
        NotConvergedError
            A large solid system's iteration stopped short of its tolerance.
        """
        kind = np.result_type(load.dtype, np.asarray(held).dtype, np.asarray(s).dtype, np.float64)
        temperature = np.zeros(load.shape, dtype=kind)
        rest = load
        if np.any(held):
            alike = np.ndim(held) == 1 and load.ndim == 2  # for all loads
            temperature[self.fixed] = np.reshape(held, (-1, 1)) if alike else held
            rest = load - self._operator(s) @ temperature
        solver = self.solver(s)
        twice = s == 0 and not isinstance(self.K, np.ndarray)
        temperature += solver(np.asarray(rest, dtype=kind), _FIRST if twice else TOLERANCE)
        if twice:
            # Once more for what is left: the balance of heat closes to rounding whatever the contrasts.
            left = np.asarray(self.missing(load, temperature), dtype=kind)
            temperature += solver(left, TOLERANCE / _FIRST)
        return temperature

    def missing(self, load: Array, temperature: Array) -> Array:
        """Heat [W] that a steady field leaves unaccounted for, at every unknown, (n,) or (n, loads)."""
        if isinstance(self.K, np.ndarray):
            return load - self.K @ temperature
        return load - conducted(self.K, self.system.one, self._lost, temperature)

    def heat_into(self, port: str, temperature: Array, load: Array) -> float | Vector:
        """Steady heat [W] that flows out of the system into a held port."""
        unknowns = self.system.ports[port]
        if isinstance(self.K, np.ndarray):
            return (load - self.K @ temperature)[unknowns].sum(axis=0)
        out = conducted_at(self.K, self.system.one, self._lost, temperature, unknowns)
        return (load[unknowns] - out).sum(axis=0)
