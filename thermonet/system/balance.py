"""Heat that temperatures leave unaccounted for, to the last digit whatever the contrasts of the conductances."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from thermonet.system.solvers.rows import by_rows

Array = NDArray[Any]
Vector = NDArray[np.float64]
Integers = NDArray[Any]
Matrix: TypeAlias = Any  #: scipy.sparse.csr_array; scipy has no types

#: Row sums of a conductance matrix below this part of the diagonal are rounding.
_ROUNDING = 1e-11
#: Entries at once, so that what is multiplied stays in the processor's cache.
_PIECE = 1 << 18


def lost_heat(K: Matrix, one: Vector) -> Vector:
    """Heat [W/K] that a conductance truly loses per kelvin of the uniform field, its rounding taken out."""
    lost = K @ one
    return np.where(np.abs(lost) <= _ROUNDING * K.diagonal(), 0, lost)


def conducted(K: Matrix, one: Vector, lost: Vector, temperature: Array) -> Array:
    """Heat [W] that flows out of every unknown, K T, from differences of temperature.

    An entry of 10 W/K carries a rounding of 1e-15 W/K, which at 1e5 K per watt is 1e-10 of the heat; multiplied by a
    difference, sum_j K_ij (T_j - one_j T_i / one_i), it is nothing.

    Parameters
    ----------
    K
        Conductance (n, n) [W/K].
    one
        Its uniform field (n,).
    lost
        What `lost_heat` has found.
    temperature
        (n,) or (n, fields) [K].
    """
    if temperature.ndim == 2:
        fields = [conducted(K, one, lost, field) for field in temperature.T]
        return np.stack(fields, axis=1) if fields else np.zeros_like(temperature)
    level = _level(temperature, one)
    heat = level * lost
    uneven = None if (one == 1).all() else one

    def add(block: Matrix, rows: slice) -> None:
        heat[rows] += _flows(block, level[rows], uneven, temperature)

    by_rows(K, _PIECE).each(add)
    return heat


def conducted_at(K: Matrix, one: Vector, lost: Vector, temperature: Array, unknowns: Integers) -> Array:
    """The same at some of the unknowns."""
    if temperature.ndim == 2:
        return np.stack([conducted_at(K, one, lost, field, unknowns) for field in temperature.T], axis=1)
    level = _level(temperature[unknowns], one[unknowns])
    return level * lost[unknowns] + _flows(K[unknowns], level, one, temperature)


def _level(temperature: Array, one: Vector) -> Array:
    """How much of the uniform field a temperature is; zero where that field is."""
    return np.divide(temperature, one, out=np.zeros_like(temperature), where=one != 0)


def _flows(block: Matrix, level: Array, one: Vector | None, temperature: Array) -> Array:
    """Sum of K_ij (T_j - one_j level_i) over the entries of some rows; without `one` it is 1 everywhere."""
    own = np.repeat(level, np.diff(block.indptr))
    if one is not None:
        own *= one[block.indices]
    flows = temperature[block.indices] - own
    flows *= block.data
    return np.asarray(sp.csr_array((flows, block.indices, block.indptr), shape=block.shape).sum(axis=1))
