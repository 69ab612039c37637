"""Modes of a held system, and a transfer response as the sum of what each of them carries."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from scipy.sparse.linalg import LinearOperator, eigsh, lobpcg

from thermonet.quantities.errors import NotConvergedError, PhysicsError
from thermonet.quantities.threads import single_threaded
from thermonet.system.core import Held, Matrix, Vector
from thermonet.system.solvers.choice import masked_product
from thermonet.system.solvers.conjugate import Linear

#: Residual of a mode relative to itself, in the norm of the energy, at which it has settled: its time constant's error
#: is of the square of that. By factors, and by multigrid.
_SETTLED, _SETTLED_NEARLY = 1e-8, 1e-6
#: Fewest vectors that Lanczos keeps; steps of LOBPCG in every round: the first is enough for one mode.
_LEAST_ROOM, _ROUNDS = 10, (5, 10, 20, 40, 80)


@dataclass(frozen=True)
class Transfer:
    """A transfer response H(s) = sum_j r_j / (1 + s tau_j).

    Attributes
    ----------
    time_constants
        tau_j, slowest first [s].
    residues
        r_j [K/W]; their sum is the steady resistance, and for a transfer response some may be negative.
    """

    time_constants: Vector
    residues: Vector

    @property
    def resistance(self) -> float:
        """Steady response [K/W]."""
        return float(self.residues.sum())

    @property
    def shares(self) -> Vector:
        """Part of the steady response that every mode carries; they sum to one."""
        return self.residues / self.residues.sum()


def transfer(held: Held, sensor: str, source: str) -> Transfer:
    """All modes of a small held system, as one sensor sees one source.

    Massless unknowns give modes with tau = 0, never a division by zero.
    """
    return transfers(held, [(sensor, source)])[0]


def transfers(held: Held, pairs: Sequence[tuple[str, str]]) -> list[Transfer]:
    """All modes of a small held system, as the sensor of every pair sees its source.

    Raises
    ------
    PhysicsError
        Rounding leaves no positive conductances: they spread over more decades than numbers have digits.
    """
    system = held.system
    K, C = (_dense(matrix)[np.ix_(held.free, held.free)] for matrix in (held.K, held.C))
    try:
        time_constants, shapes = scipy.linalg.eigh((C + C.T) / 2, (K + K.T) / 2)
    except np.linalg.LinAlgError:
        raise PhysicsError(
            "the modes are lost in rounding: the conductances spread over more decades than numbers have digits"
        ) from None
    order = np.argsort(time_constants)[::-1]
    slow_first = np.maximum(time_constants[order], 0.0)
    found = []
    for sensor, source in pairs:
        load, weights = system.sources[source][held.free], system.sensors[sensor][held.free]
        found.append(Transfer(slow_first, ((weights @ shapes) * (load @ shapes))[order]))
    return found


def _dense(matrix: Matrix) -> Vector:
    return matrix if isinstance(matrix, np.ndarray) else matrix.toarray()


def slowest_transfer(held: Held, sensor: str, source: str, count: int) -> Transfer:
    """Slowest modes of a large held system as one sensor sees one source; the others are left out of the sum."""
    time_constants, shapes = slowest_modes(held, count)
    residues = (held.system.sensors[sensor] @ shapes) * (held.system.sources[source] @ shapes)
    return Transfer(time_constants, residues)


@single_threaded
def slowest_modes(held: Held, count: int) -> tuple[Vector, Vector]:
    """Slowest time constants [s] of a large held system and their shapes (n, count), K-orthonormal.

    Lanczos on K^-1 C with the factors of the steady solution, or where these are too large LOBPCG (A. V. Knyazev, SIAM
    J. Sci. Comput. 23, 517 (2001), doi:10.1137/S1064827500366124) with what is near that inverse.

    Raises
    ------
    NotConvergedError
        The modes of a large solid system did not settle.
    """
    size = held.system.size
    free = np.zeros(size, dtype=bool)
    free[held.free] = True
    conducted, stored = masked_product(held.K, free), masked_product(held.C, free)
    random = np.random.default_rng(0)  # the same digits in every run
    solver = held.solver()
    if solver.exact:
        C, K, inverse = (
            LinearOperator((size, size), job, dtype=float) for job in (stored, conducted, solver.near_inverse)
        )
        room = min(len(held.free), max(2 * count + 1, _LEAST_ROOM))
        first = free * random.standard_normal(size)
        time_constants, shapes = eigsh(C, count, K, Minv=inverse, which="LA", v0=first, ncv=room, tol=_SETTLED)
    else:
        # The routine tells small numbers from rounding by comparing them with one.
        scale_K, scale_C = held.K.diagonal()[free].mean(), held.C.diagonal()[free].mean()
        # The slowest mode has one sign in every part of the body, which the uniform field is near to.
        begin = random.standard_normal((size, count))
        begin[:, 0] = held.system.one
        time_constants, shapes = _locally_optimal(
            lambda x: conducted(x) / scale_K,
            lambda x: stored(x) / scale_C,
            lambda x: solver.near_inverse(x) * scale_K,
            free[:, np.newaxis] * begin,
        )
        time_constants, shapes = time_constants * scale_C / scale_K, shapes / np.sqrt(scale_K)
    order = np.argsort(time_constants)[::-1]
    return time_constants[order], shapes[:, order]


def _locally_optimal(K: Linear, C: Linear, near_inverse: Linear, first: Vector) -> tuple[Vector, Vector]:
    """Largest eigenvalues and vectors of C x = tau K x, by LOBPCG from some first vectors."""
    vectors = near_inverse(C(first))
    for steps in _ROUNDS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns at the end of every round; what is left is looked at below
            times, vectors = lobpcg(C, vectors, B=K, M=near_inverse, largest=True, tol=0.0, maxiter=steps)
        left = C(vectors) - K(vectors) * times
        error = np.sqrt(np.abs((left * near_inverse(left)).sum(axis=0))) / times
        if error.max() <= _SETTLED_NEARLY:
            return times, vectors
    raise NotConvergedError(
        f"the {len(times)} slowest modes have settled to {error.max():.1e} of themselves, expected "
        f"{_SETTLED_NEARLY:.0e}"
    )
