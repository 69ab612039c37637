"""Where the entries of sparse matrices stand: one pattern for many matrices, found in passes linear in its entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Matrix: TypeAlias = Any  #: scipy.sparse.csr_array; scipy has no types
Integers = NDArray[Any]  #: of 32 bits wherever that is enough
Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pattern:
    """Rows and columns of the entries of a square sparse matrix, by rows, columns ascending, each entry once.

    Attributes
    ----------
    indptr
        Where every row begins (n + 1,).
    indices
        Column of every entry.
    """

    indptr: Integers
    indices: Integers

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.indptr) - 1

    @property
    def count(self) -> int:
        """Number of entries."""
        return len(self.indices)

    @property
    def rows(self) -> Integers:
        """Row of every entry."""
        return np.repeat(np.arange(self.size, dtype=self.indices.dtype), np.diff(self.indptr))

    def matrix(self, data: Vector) -> Matrix:
        """Matrix with these entries; it shares rows and columns with all others of the pattern."""
        matrix = sp.csr_array((data, self.indices, self.indptr), shape=(self.size, self.size))
        matrix.has_canonical_format = True
        return matrix

    def part(self, positions: Integers) -> Pattern:
        """Pattern of some of the entries, given by ascending positions."""
        starts = np.searchsorted(positions, self.indptr).astype(self.indptr.dtype)
        return Pattern(starts, self.indices[positions])

    def positions(self, rows: Integers, columns: Integers) -> Integers:
        """Positions of entries, by bisection of their rows.

        Raises
        ------
        KeyError
            The pattern has no such entry.
        """
        low, high = self.indptr[rows].astype(np.int64), self.indptr[rows + 1].astype(np.int64)
        ends = high
        while (low < high).any():
            middle = (low + high) // 2
            before = (low < high) & (self.indices[np.minimum(middle, self.count - 1)] < columns)
            low, high = np.where(before, middle + 1, low), np.where(before, high, np.minimum(high, middle))
        if not ((low < ends) & (self.indices[np.minimum(low, self.count - 1)] == columns)).all():
            raise KeyError("the pattern has no place for that pair of unknowns")
        return low


def sorted_pattern(rows: Integers, columns: Integers, size: int) -> tuple[Pattern, Integers]:
    """Pattern of listed entries, in any order and maybe more than once, and the position of every one of them.

    Sorted by column, then by row, each by counting: linear in the entries.
    """
    by_row = _sorted(rows, columns, size)
    kind = by_row.data.dtype
    fresh = np.ones(len(rows), dtype=bool)
    fresh[1:] = by_row.indices[1:] != by_row.indices[:-1]
    fresh[by_row.indptr[:-1][np.diff(by_row.indptr) > 0]] = True
    number = np.concatenate([np.zeros(1, dtype=kind), np.cumsum(fresh, dtype=kind)])
    positions = np.empty(len(rows), dtype=kind)
    positions[by_row.data] = number[1:] - 1
    return Pattern(number[by_row.indptr], by_row.indices[fresh]), positions


def _sorted(rows: Integers, columns: Integers, size: int) -> Matrix:
    """Listed entries by rows and columns; the data of every one is its number in the list."""
    kind = np.int32 if max(len(rows), size) < np.iinfo(np.int32).max else np.int64
    listed = sp.coo_array(
        (np.arange(len(rows), dtype=kind), (rows.astype(kind, copy=False), columns.astype(kind, copy=False))),
        shape=(size, size),
    )
    listed.has_canonical_format = True  # entries that are listed twice stay apart, so that nothing is summed
    by_column = listed.tocsc()
    del listed  # what is not needed any more goes at once: this is where a large mesh takes most memory
    return by_column.tocsr()


def symmetric_pattern(rows: Integers, columns: Integers, size: int) -> tuple[Pattern, Integers, Integers]:
    """Pattern of listed pairs (i, j), i <= j, together with (j, i), and the positions of both.

    Half the work of listing both. The diagonal has to be among the pairs.
    """
    half, place = sorted_pattern(rows, columns, size)
    kind = half.indices.dtype
    numbers = np.arange(half.count, dtype=kind)
    other = sp.csr_array((numbers, half.indices, half.indptr), shape=(size, size)).tocsc()
    # By columns: row i of the other half, up to the diagonal, which both halves have.
    every = np.arange(size, dtype=kind)
    indptr = half.indptr + other.indptr
    indptr[1:] -= every + 1
    indices = np.empty(indptr[-1], dtype=kind)
    lower = np.empty(half.count, dtype=kind)
    lower[other.data] = position = np.repeat(half.indptr[:-1] - every, np.diff(other.indptr)) + numbers
    indices[position] = other.indices
    position = np.repeat(other.indptr[1:] - every - 1, np.diff(half.indptr))
    del other
    position += numbers
    indices[position] = half.indices
    return Pattern(indptr, indices), position[place], lower[place]


def united(parts: Sequence[tuple[Pattern, Integers]], size: int) -> tuple[Pattern, list[Integers]]:
    """One pattern for several, each with the common unknown of every one of its own; and where their entries went.

    Parameters
    ----------
    parts
        Patterns, and the common unknown (n,) of every row of each; rows of one unknown are merged.
    size
        Number of common unknowns.
    """
    none = np.zeros(0, dtype=np.int32)
    rows = np.concatenate([none, *(to[pattern.rows] for pattern, to in parts)])
    columns = np.concatenate([none, *(to[pattern.indices] for pattern, to in parts)])
    pattern, positions = sorted_pattern(rows, columns, size)
    return pattern, np.split(positions, np.cumsum([part.count for part, _ in parts]))[:-1]
