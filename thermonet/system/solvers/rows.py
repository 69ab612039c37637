"""Work on large vectors and sparse matrices on all cores: by blocks of rows, or several vectors side by side."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeAlias, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Done = TypeVar("Done")
Array = NDArray[Any]
Matrix: TypeAlias = Any  #: scipy.sparse.csr_array; scipy has no types

#: Entries per block below which handing work to another thread costs more than the work.
_SMALL = 200_000


@dataclass(frozen=True, eq=False)
class Rows:
    """A sparse matrix cut into blocks of consecutive rows with about equally many entries.

    Attributes
    ----------
    blocks
        Rows of the matrix; they share its memory.
    parts
        Which rows they are.
    """

    blocks: tuple[Matrix, ...]
    parts: tuple[slice, ...]

    def __matmul__(self, vector: Array) -> Array:
        kind = np.result_type(self.blocks[0].dtype, vector.dtype)
        product = np.empty(self.parts[-1].stop, dtype=kind)

        def part(block: Matrix, rows: slice) -> None:
            product[rows] = block @ vector

        self.each(part)
        return product

    def each(self, job: Callable[[Matrix, slice], None]) -> None:
        """Do a job for every block; at the same time, since numpy and scipy let go of the interpreter.

        One block after the other where every core has a job already (`side_by_side`).
        """
        if len(self.blocks) == 1 or getattr(_thread, "alone", False):
            for block, rows in zip(self.blocks, self.parts, strict=True):
                job(block, rows)
        else:
            list(_pool(os.getpid(), "rows").map(job, self.blocks, self.parts))


def side_by_side(jobs: Sequence[Callable[[], Done]]) -> list[Done]:
    """What jobs return, done at the same time.

    If they are enough for all cores, what they multiply is not cut up any further: a core that works through one job
    alone waits for no other, and two solutions take 0.6 of the time that they take one after the other on two cores.
    """
    if len(jobs) == 1 or cores() == 1 or getattr(_thread, "busy", False):
        return [job() for job in jobs]
    alone = len(jobs) >= cores()

    def done(job: Callable[[], Done]) -> Done:
        _thread.busy, _thread.alone = True, alone
        try:
            return job()
        finally:
            _thread.busy, _thread.alone = False, False

    others = [_pool(os.getpid(), "jobs").submit(done, job) for job in jobs[1:]]
    # The first, which may be the largest, is done here, where memory that has been let go is used again.
    first = done(jobs[0])
    return [first, *(other.result() for other in others)]


def by_rows(matrix: Matrix, largest: int | None = None) -> Rows:
    """Cut a ``csr_array`` into a block per core, or into more so that none has many more entries than `largest`.

    A small one stays whole.
    """
    count = min(cores(), 1 + matrix.nnz // _SMALL) if largest is None else 1 + matrix.nnz // largest
    cuts = np.searchsorted(matrix.indptr, np.linspace(0, matrix.nnz, count + 1))
    cuts[0], cuts[-1] = 0, matrix.shape[0]
    parts = tuple(slice(int(low), int(high)) for low, high in pairwise(cuts))
    return Rows(tuple(_some_rows(matrix, rows) for rows in parts), parts)


def _some_rows(matrix: Matrix, rows: slice) -> Matrix:
    """Consecutive rows that share the matrix's memory, which the constructor would copy."""
    starts = matrix.indptr[rows.start : rows.stop + 1]
    within = slice(starts[0], starts[-1])
    part = sp.csr_array((rows.stop - rows.start, matrix.shape[1]), dtype=matrix.dtype)
    part.data, part.indices, part.indptr = matrix.data[within], matrix.indices[within], starts - starts[0]
    return part


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


#: Of this thread, whether it does one of several jobs (`busy`), and whether they take all cores (`alone`).
_thread = threading.local()


@lru_cache(maxsize=2)
def _pool(process: int, work: str) -> ThreadPoolExecutor:
    """Threads of this process for some kind of work: a forked one inherits none that run."""
    return ThreadPoolExecutor(cores(), thread_name_prefix=f"{work}-{process}")
