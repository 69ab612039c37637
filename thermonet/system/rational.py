"""A basis of rational Krylov spaces that grows one field at a time, and the small matrices it gives.

For every load b and real shift s there is a chain (K + s C)^-1 b, (K + s C)^-1 C (K + s C)^-1 b, ...: the moments of
the response about s. Every field costs one back-substitution, every shift one factorisation (E. J. Grimme, Krylov
projection methods for model reduction, thesis, Urbana, 1997).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from thermonet.system.balance import conducted, lost_heat
from thermonet.system.core import Held, Vector

#: Part of a new field that the basis must not hold already: what is less is rounding.
_NEW = 1e-9


class Chain(NamedTuple):
    """Fields of one load about one shift [1/s]."""

    shift: float
    load: int


@dataclass
class RationalBasis:
    """A growing K-orthonormal basis, zero at the held unknowns.

    Attributes
    ----------
    held
        The large system.
    loads
        Heat into every unknown per watt (n, loads), columns independent.
    basis
        Fields (n, m), K-orthonormal.
    K, C
        Conductance, one but for rounding, and capacity in it (m, m).
    last
        Column that every chain added last; none where it has nothing new to give any more.
    columns
        All that it added.
    shifts
        Expansion points so far [1/s].
    substitutions
        Solutions with large factors, the costly part; factorisations are as many as shifts.
    """

    held: Held
    loads: Vector
    basis: Vector = field(init=False)
    K: Vector = field(init=False)
    C: Vector = field(init=False)
    last: dict[Chain, int | None] = field(default_factory=dict)
    columns: dict[Chain, list[int]] = field(default_factory=dict)
    substitutions: int = 0
    _stored: list[Vector] = field(default_factory=list)
    shifts: set[float] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.basis = np.zeros((self.held.system.size, 0), order="F")
        self._heat = np.zeros((self.held.system.size, 0), order="F")
        self.K, self.C = np.zeros((0, 0)), np.zeros((0, 0))
        self._free = np.zeros(self.held.system.size, dtype=bool)
        self._free[self.held.free] = True
        self._lost: Vector | None = (
            None if isinstance(self.held.K, np.ndarray) else lost_heat(self.held.K, self.held.system.one)
        )

    @property
    def open(self) -> list[Chain]:
        """Chains that have begun and can grow."""
        return [chain for chain, last in self.last.items() if last is not None]

    def grow(self, chains: Sequence[Chain]) -> None:
        """Add the next field of some chains."""
        self.add(chains, self.next_fields(chains))

    def add(self, chains: Sequence[Chain], fields: Vector) -> None:
        """Add fields (n, chains) that are the next of some chains."""
        for chain, column in zip(chains, fields.T, strict=True):
            self.last[chain] = added = self._add(column)
            self.columns.setdefault(chain, []).extend([] if added is None else [added])

    def next_fields(self, chains: Sequence[Chain]) -> Vector:
        """Fields (n, chains) that these chains would add next."""
        found = np.zeros((self.held.system.size, len(chains)))
        for begun in (False, True):
            for shift in sorted({chain.shift for chain in chains}):
                places = [i for i, chain in enumerate(chains) if chain.shift == shift and (chain in self.last) == begun]
                if places:
                    loads = np.column_stack([self._load(chains[place]) for place in places])
                    found[:, places] = self.solved(shift, loads, steady=shift == 0 and not begun)
        return found

    def solved(self, shift: float, loads: Vector, *, steady: bool = False) -> Vector:
        """Fields (K + s C)^-1 loads, zero at the held unknowns; steady ones twice, to the last digit."""
        self.shifts.add(shift)
        self.substitutions += loads.shape[1] * (2 if steady and self._lost is not None else 1)
        if steady:
            return np.asarray(self.held.solve(loads), dtype=float)
        return np.asarray(self.held.solver(shift)(loads), dtype=float)

    def conducted(self, fields: Vector) -> Vector:
        """Heat [W] that fields (n,) or (n, fields) take out of the free unknowns, to the last digit."""
        heat = self.flows(fields)
        heat[~self._free] = 0.0
        return heat

    def flows(self, fields: Vector) -> Vector:
        """Heat [W] that fields (n,) or (n, fields) take out of all unknowns, K @ fields, to the last digit."""
        if self._lost is None:
            return np.asarray(self.held.K @ fields)
        return conducted(self.held.K, self.held.system.one, self._lost, fields)

    @property
    def resistances(self) -> Vector:
        """Steady response [K/W] of every load where it enters."""
        seen = self.basis.T @ self.loads
        return np.asarray((seen * np.linalg.solve(self.K, seen)).sum(axis=0))

    def _load(self, chain: Chain) -> Vector:
        last = self.last.get(chain)
        return self.loads[:, chain.load] if last is None else self._stored[last]

    def _add(self, column: Vector) -> int | None:
        """Column of the basis that a field becomes, none if the basis holds it.

        Orthonormal in energy: sums of squares of temperatures would let parts of little heat drown in others.
        """
        energy = float(column @ self.conducted(column))
        if not energy > 0:
            return None
        fresh = column / np.sqrt(energy)
        for _ in range(2):  # once is not enough for orthogonality to rounding
            fresh = fresh - self.basis @ (self._heat.T @ fresh)
        heat = self.conducted(fresh)
        left = float(fresh @ heat)
        if not left > _NEW**2:
            return None
        fresh = fresh / np.sqrt(left)
        fresh = fresh - self.basis @ (self._heat.T @ fresh)
        heat = self.conducted(fresh)
        stored = np.where(self._free, self.held.C @ fresh, 0.0)
        self.basis = np.column_stack([self.basis, fresh])
        self._heat = np.column_stack([self._heat, heat])
        self._stored.append(stored)
        self.K = _bordered(self.K, self.basis.T @ heat)
        self.C = _bordered(self.C, self.basis.T @ stored)
        return len(self.K) - 1

    @property
    def stored(self) -> Vector:
        """Heat per kelvin of every field of the basis (n, m): C @ basis on the free unknowns."""
        return np.column_stack(self._stored)


def _bordered(matrix: Vector, row: Vector) -> Vector:
    """Symmetric matrix with one more row and column."""
    found = np.empty((len(row), len(row)))
    found[:-1, :-1], found[-1], found[:, -1] = matrix, row, row
    return found


def independent(vectors: Vector) -> Vector:
    """Columns (n, m) that span what some columns span, each scaled as it was; what rounding makes differ is one."""
    kept: list[Vector] = []
    frame = np.zeros((len(vectors), 0))
    for column in vectors.T:
        rest = column / np.linalg.norm(column)
        for _ in range(2):
            rest = rest - frame @ (frame.T @ rest)
        if np.linalg.norm(rest) > _NEW:
            kept.append(column)
            frame = np.column_stack([frame, rest / np.linalg.norm(rest)])
    return np.column_stack(kept)
