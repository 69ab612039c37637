"""Modes of a held system, and a transfer response as the sum of what each of them carries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from scipy.sparse.linalg import LinearOperator, eigsh

from thermonet.system.core import Held, Matrix, Vector


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
    system = held.system
    K, C = (_dense(matrix)[np.ix_(held.free, held.free)] for matrix in (held.K, held.C))
    time_constants, shapes = scipy.linalg.eigh((C + C.T) / 2, (K + K.T) / 2)
    load, weights = system.sources[source][held.free], system.sensors[sensor][held.free]
    residues = (weights @ shapes) * (load @ shapes)
    order = np.argsort(time_constants)[::-1]
    return Transfer(np.maximum(time_constants[order], 0.0), residues[order])


def _dense(matrix: Matrix) -> Vector:
    return matrix if isinstance(matrix, np.ndarray) else matrix.toarray()


def slowest_transfer(held: Held, sensor: str, source: str, count: int) -> Transfer:
    """Slowest modes of a large held system as one sensor sees one source; the others are left out of the sum."""
    time_constants, shapes = slowest_modes(held, count)
    residues = (held.system.sensors[sensor] @ shapes) * (held.system.sources[source] @ shapes)
    return Transfer(time_constants, residues)


def slowest_modes(held: Held, count: int) -> tuple[Vector, Vector]:
    """Slowest time constants [s] of a large held system and their shapes (n, count), K-orthonormal.

    Lanczos on K^-1 C with the factors of the steady solution.
    """
    K, C = held.K[held.free][:, held.free], held.C[held.free][:, held.free]
    inverse = LinearOperator(K.shape, held.factor())
    start = np.random.default_rng(0).standard_normal(len(held.free))  # the same digits in every run
    time_constants, inside = eigsh(C, count, K, Minv=inverse, which="LA", v0=start)
    order = np.argsort(time_constants)[::-1]
    shapes = np.zeros((held.system.size, count))
    shapes[held.free] = inside[:, order]
    return time_constants[order], shapes
