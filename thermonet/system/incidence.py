"""Terms and vectors of lumped networks, made when they are asked for: a network of 100 000 nodes has as many of each.

An element of conductance g between two places is the term ``g r^T r`` of one row r, that of its incidence (one at its
first node, minus one at its second), so that all elements together are ``B^T diag(g) B``. The temperature of a node and
a watt into it are a row, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from thermonet.system.patterns import Matrix, Pattern, Vector, sorted_pattern
from thermonet.system.terms import Entries, Terms, gathered


@dataclass(frozen=True, eq=False)
class Incidence(Mapping[str, Matrix]):
    """Named terms r^T r of the rows r of one sparse matrix: a mapping to their ``csr_array``.

    Attributes
    ----------
    rows
        One row per term (terms, n).
    names
        Of the terms, in the order of the rows.
    """

    rows: Matrix
    names: tuple[str, ...]

    @cached_property
    def _number(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    def __getitem__(self, name: str) -> Matrix:
        row = self.rows[[self._number[name]]]
        return sp.csr_array(row.T @ row)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def total(self, theta: Mapping[str, float]) -> Matrix:
        """Sum of coefficient times matrix, B^T diag(theta) B."""
        values = np.fromiter((theta[name] for name in self.names), float, len(self.names))
        return sp.csr_array(self.rows.T @ (sp.diags_array(values) @ self.rows))

    def products(self, left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
        """``left^T K_i right`` of every term (terms,), for two vectors (n,)."""
        return np.asarray((self.rows @ left) * (self.rows @ right))

    def terms(self) -> Terms:
        """Return the same terms on one shared pattern, which other systems can be joined with."""
        if not self.names:
            return no_terms(self.rows.shape[1])
        starts, columns, values = self.rows.indptr, self.rows.indices, self.rows.data
        blocks = [slice(starts[i], starts[i + 1]) for i in range(len(self.names))]
        sides = [columns[block] for block in blocks]
        none = np.zeros(0, dtype=columns.dtype)
        first = np.concatenate([none, *(np.repeat(side, len(side)) for side in sides)])
        second = np.concatenate([none, *(np.tile(side, len(side)) for side in sides)])
        pattern, positions = sorted_pattern(first, second, self.rows.shape[1])
        parts = np.split(positions, np.cumsum([len(side) ** 2 for side in sides])[:-1]) if sides else []
        entries = {}
        for name, block, places in zip(self.names, blocks, parts, strict=True):
            order = np.argsort(places)
            entries[name] = gathered(places[order], np.outer(values[block], values[block]).ravel()[order])
        return Terms(pattern, entries)


def no_terms(size: int) -> Terms:
    """No terms at all, on the empty pattern of some unknowns."""
    entries: dict[str, Entries] = {}
    return Terms(Pattern(np.zeros(size + 1, dtype=np.int32), np.zeros(0, dtype=np.int32)), entries)


@dataclass(frozen=True, eq=False)
class NamedRows(Mapping[str, Vector]):
    """Named vectors (n,) that are the rows of a sparse matrix, each made when it is asked for, and some others.

    Attributes
    ----------
    rows
        One row per name (names, n).
    names
        In the order of the rows.
    others
        Vectors (n,) by name; a name that is among `names` too is that row.
    """

    rows: Matrix
    names: tuple[str, ...]
    others: Mapping[str, Vector] = field(default_factory=dict)

    @cached_property
    def _number(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    def __getitem__(self, name: str) -> Vector:
        if name not in self._number:
            return self.others[name]
        found = np.zeros(self.rows.shape[1])
        number = self._number[name]
        part = slice(self.rows.indptr[number], self.rows.indptr[number + 1])
        found[self.rows.indices[part]] = self.rows.data[part]
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._number or name in self.others

    def __iter__(self) -> Iterator[str]:
        yield from self.names
        yield from (name for name in self.others if name not in self._number)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, eq=False)
class NamedUnknowns(Mapping[str, NDArray[np.int64]]):
    """Named ports of one unknown each, and some others.

    Attributes
    ----------
    unknowns
        By name.
    others
        Unknowns (any number) by name.
    """

    unknowns: Mapping[str, int]
    others: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> NDArray[np.int64]:
        return np.array([self.unknowns[name]]) if name in self.unknowns else self.others[name]

    def __contains__(self, name: object) -> bool:
        return name in self.unknowns or name in self.others

    def __iter__(self) -> Iterator[str]:
        yield from self.unknowns
        yield from (name for name in self.others if name not in self.unknowns)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def unit_rows(columns: Sequence[int], size: int) -> Matrix:
    """Rows with a single one each, at these columns (rows, size)."""
    count = len(columns)
    places = np.asarray(columns, dtype=np.int32)
    return sp.csr_array((np.ones(count), places, np.arange(count + 1, dtype=np.int32)), shape=(count, size))
