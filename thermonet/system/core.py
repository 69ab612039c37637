r"""The type in the middle: a linear thermal system, and the same system with some ports held.

.. math:: C \, dT/dt + K T = \text{loads}, \qquad K = \sum_i \theta_i K_i, \\quad C = \sum_i \theta_i C_i

A finite-element body, a lumped network, a reduced model and any of them joined are all this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import splu

from thermonet.quantities.errors import PhysicsError

Vector = NDArray[np.float64]
#: Row sums of a conductance matrix below this part of the diagonal are rounding.
_ROUNDING = 1e-11
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
    """

    K: Mapping[str, Matrix]
    C: Mapping[str, Matrix]
    theta: Mapping[str, float]
    sources: Mapping[str, Vector]
    sensors: Mapping[str, Vector]
    ports: Mapping[str, NDArray[np.int64]]
    one: Vector

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return len(self.one)

    def total(self, terms: Mapping[str, Matrix]) -> Matrix:
        """Sum of coefficient times matrix; dense where the terms are dense (a reduced model)."""
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

        def squeezed(terms: Mapping[str, Matrix]) -> dict[str, Matrix]:
            return {name: onto.T @ (term @ onto) for name, term in terms.items()}

        return replace(
            self,
            K=squeezed(self.K),
            C=squeezed(self.C),
            sources={name: onto.T @ load for name, load in self.sources.items()},
            sensors={name: onto.T @ weights for name, weights in self.sensors.items()},
            ports=ports,
            one=one,
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
        dense = any(isinstance(term, np.ndarray) for term in self.K.values())
        row = sp.csr_array(across[np.newaxis, :])
        term: Matrix = np.outer(across, across) if dense else row.T @ row
        return replace(self, K={**self.K, name: term}, theta={**self.theta, name: 1 / resistance})


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


def _solver(matrix: Matrix) -> Callable[[Array], Array]:
    if isinstance(matrix, np.ndarray):
        from scipy.linalg import lu_factor, lu_solve

        dense = lu_factor(matrix)
        return lambda load: lu_solve(dense, load)
    # The matrix is symmetric and positive definite: minimum degree on A + A^T fills least, and pivots are not needed.
    lu = splu(sp.csc_array(matrix), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    return lu.solve


@dataclass
class Held:
    """A system with some ports at given temperatures: owns the factors, and is all that can be solved."""

    system: System
    ports: tuple[str, ...]
    K: Matrix = field(init=False)
    C: Matrix = field(init=False)
    fixed: NDArray[np.int64] = field(init=False)
    free: NDArray[np.int64] = field(init=False)
    _solvers: dict[complex, Callable[[Array], Array]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        unknown = set(self.ports) - set(self.system.ports)
        if unknown or not self.ports:
            raise KeyError(f"no port is called {', '.join(sorted(unknown))}" if unknown else "no port is held")
        self.K, self.C = self.system.total(self.system.K), self.system.total(self.system.C)
        self.fixed = np.unique(np.concatenate([self.system.ports[name] for name in self.ports]))
        self.free = np.setdiff1d(np.arange(self.system.size), self.fixed)

    def factor(self, s: complex = 0.0) -> Callable[[Array], Array]:
        """Solver of (K + s C) x = load on the free unknowns; factored once per s [1/s]."""
        if s not in self._solvers:
            self._solvers[s] = _solver(self._operator(s)[self.free][:, self.free])
        return self._solvers[s]

    def _operator(self, s: complex) -> Matrix:
        return self.K if s == 0 else self.K + s * self.C

    @cached_property
    def _exact(self) -> tuple[Matrix, Vector]:
        """K in extended precision, and the heat that rounding of its entries would lose per kelvin, K @ one.

        An entry of 10 W/K carries a rounding of 1e-15 W/K, which at 1e5 K per watt is 1e-10 of the heat. What is more
        than rounding is left in: a term that truly loses heat must show in the balance.
        """
        extended = self.K.astype(np.longdouble)
        lost = extended @ self.system.one
        return extended, np.where(np.abs(lost) <= _ROUNDING * self.K.diagonal(), lost, 0)

    def _residual(self, load: Array, temperature: Array) -> Array:
        """Heat [W] that is missing at every unknown, with nothing lost to rounding of K."""
        extended, lost = self._exact
        uniform = lost if temperature.ndim == 1 else lost[:, np.newaxis]
        kind = np.result_type(load.dtype, temperature.dtype, np.float64)
        return np.asarray(load - (extended @ temperature - uniform * temperature), dtype=kind)

    def solve(self, load: Array, *, held: float | Vector = 0.0, s: complex = 0.0) -> Array:
        """Temperatures [K] with (K + s C) T = load, T = held on the held ports.

        Parameters
        ----------
        load
            Heat [W] into every unknown, (n,) or (n, loads).
        held
            Temperatures [K] of the held unknowns in the order of `fixed` (a scalar for all).
        s
            0 steady, i omega harmonic, 1/(gamma dt) one implicit stage [1/s].
        """
        kind = np.result_type(load.dtype, np.asarray(held).dtype, np.asarray(s).dtype, np.float64)
        temperature = np.zeros(load.shape, dtype=kind)
        rest = load
        if np.any(held):
            temperature[self.fixed] = held if np.ndim(held) == 0 or load.ndim == 1 else np.reshape(held, (-1, 1))
            rest = load - self._operator(s) @ temperature
        solver = self.factor(s)
        temperature[self.free] = solver(np.ascontiguousarray(rest[self.free], dtype=kind))
        if s == 0 and not isinstance(self.K, np.ndarray):
            # Once more for what is left: the balance of heat closes to rounding whatever the contrasts.
            temperature[self.free] += solver(np.ascontiguousarray(self._residual(load, temperature)[self.free]))
        return temperature

    def heat_into(self, port: str, temperature: Array, load: Array) -> float | Vector:
        """Steady heat [W] that flows out of the system into a held port."""
        dense = isinstance(self.K, np.ndarray)
        balance = load - self.K @ temperature if dense else self._residual(load, temperature)
        return balance[self.system.ports[port]].sum(axis=0)
