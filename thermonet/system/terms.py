"""Affine terms on one shared pattern: a total for new coefficients is a weighted sum of data arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from thermonet.system.patterns import Integers, Matrix, Pattern, Vector, united


@dataclass(frozen=True)
class Entries:
    """Entries of one matrix in a pattern that it shares.

    Attributes
    ----------
    positions
        In the pattern, ascending, each once.
    data
        Values there.
    """

    positions: Integers
    data: Vector


@dataclass(frozen=True, eq=False)
class Terms(Mapping[str, Matrix]):
    """Named sparse matrices on one pattern: a mapping to their ``csr_array``, each built when it is asked for.

    Attributes
    ----------
    pattern
        Has a place for every entry of every term.
    entries
        Of every term.
    """

    pattern: Pattern
    entries: Mapping[str, Entries]
    _built: dict[str, Matrix] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> Matrix:
        if name not in self._built:
            part = self.entries[name]
            self._built[name] = self.pattern.part(part.positions).matrix(part.data)
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def total(self, theta: Mapping[str, float]) -> Matrix:
        """Sum of coefficient times matrix, on the whole pattern."""
        data = np.zeros(self.pattern.count)
        for name, part in self.entries.items():
            np.add.at(data, part.positions, theta[name] * part.data)
        return self.pattern.matrix(data)

    def only(self, names: Iterable[str]) -> Terms:
        """Return some of the terms, on the same pattern."""
        return Terms(self.pattern, {name: self.entries[name] for name in names})

    def moved(self, pattern: Pattern, positions: Integers) -> Terms:
        """Return the terms on another pattern, entry i at positions[i] of it; entries of one position are summed."""
        found = {name: gathered(positions[part.positions], part.data) for name, part in self.entries.items()}
        return Terms(pattern, found)

    def with_term(self, name: str, matrix: Matrix) -> Terms:
        """Return the terms and one more."""
        size = self.pattern.size
        old, new = joined([(self, np.arange(size)), ({name: matrix}, np.arange(size))], size)
        return Terms(old.pattern, {**old.entries, **new.entries})


def terms_of(matrices: Mapping[str, Matrix], size: int) -> Terms:
    """Bring matrices (size, size), sparse or dense, onto one pattern; `Terms` are returned as they are."""
    return matrices if isinstance(matrices, Terms) else joined([(matrices, np.arange(size))], size)[0]


def joined(parts: Sequence[tuple[Mapping[str, Matrix], Integers]], size: int) -> list[Terms]:
    """Bring the terms of several systems onto one pattern of common unknowns.

    Parameters
    ----------
    parts
        Terms, and the common unknown of every one of theirs (n,); what gets one unknown is merged.
    size
        Number of common unknowns.
    """
    pieces = [_pieces(matrices) for matrices, _ in parts]
    # Terms that share a pattern and its unknowns, as those of one system do, are moved by one and the same list.
    distinct = {
        (id(piece.pattern), id(to)): (piece.pattern, to)
        for each, (_, to) in zip(pieces, parts, strict=True)
        for piece in each
    }
    pattern, positions = united(list(distinct.values()), size)
    moved = dict(zip(distinct, positions, strict=True))
    found = []
    for each, (_, to) in zip(pieces, parts, strict=True):
        there = [piece.moved(pattern, moved[id(piece.pattern), id(to)]).entries for piece in each]
        found.append(Terms(pattern, {name: entries for entry in there for name, entries in entry.items()}))
    return found


def _pieces(matrices: Mapping[str, Matrix]) -> list[Terms]:
    """Terms as they are, other matrices each on its own pattern."""
    if isinstance(matrices, Terms):
        return [matrices]
    found = []
    for name, matrix in matrices.items():
        part = sp.csr_array(matrix)
        part.sum_duplicates()
        entries = Entries(np.arange(part.nnz), part.data)
        found.append(Terms(Pattern(part.indptr, part.indices), {name: entries}))
    return found


def relabelling(onto: Matrix) -> Integers | None:
    """New unknown (n,) of every old one where a sparse map (n, m) only renames and merges them, else nothing."""
    if isinstance(onto, np.ndarray):
        return None
    rows = sp.csr_array(onto)
    single = (np.diff(rows.indptr) == 1).all() and (rows.data == 1).all()
    return rows.indices if single else None


def gathered(positions: Integers, data: Vector) -> Entries:
    """Entries at positions in any order, those of one position summed."""
    if (positions[1:] > positions[:-1]).all():
        return Entries(positions, data)
    kept, place = np.unique(positions, return_inverse=True)
    return Entries(kept, np.bincount(place, data, minlength=len(kept)).astype(np.float64))
