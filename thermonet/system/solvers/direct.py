"""Factors: dense ones of small models, sparse ones in an order that fills little."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from thermonet.quantities.errors import PhysicsError
from thermonet.system.layout import Layout
from thermonet.system.solvers.ordering import elimination_order

Array = NDArray[Any]
Integers = NDArray[Any]
Linear = Callable[[Array], Array]
Matrix: TypeAlias = Any  #: scipy.sparse.csr_array, or a plain array; scipy has no types

#: Below this size minimum degree orders a matrix before its coordinates are halved once.
_SMALL = 2_000

_SINGULAR = "the system has no one answer: a part of it has no path of heat to a held port, or coefficients cancel"


def dense_solve(matrix: Matrix, free: Integers) -> Linear:
    """Solver of a dense matrix on its free unknowns; vectors (n,) or (n, loads), zero at what is held."""
    from scipy.linalg import lu_factor, lu_solve

    factors = lu_factor(matrix[np.ix_(free, free)])
    return _placed(lambda load: lu_solve(factors, load), free, matrix.dtype)


def sparse_solve(matrix: Matrix, free: Integers, layout: Layout | None) -> Linear:
    """Solver of a symmetric sparse matrix on its free unknowns; vectors (n,) or (n, loads), zero at what is held.

    SuperLU without pivots, which no positive definite matrix needs (J. W. Demmel et al., SIAM J. Matrix Anal. Appl. 20,
    720 (1999), doi:10.1137/S0895479895291765), or CHOLMOD where it is installed. The order is by nested dissection of
    the layout, found once for all matrices of a mesh, or by minimum degree where there is none.

    Raises
    ------
    PhysicsError
        The matrix is singular.
    """
    if layout is None or len(free) < _SMALL:
        return _placed(_superlu(matrix[free][:, free], "MMD_AT_PLUS_A"), free, matrix.dtype)
    order = elimination_order(matrix, layout)
    mask = np.zeros(len(order), dtype=bool)
    mask[free] = True
    return factored(matrix, order[mask[order]])


def factored(matrix: Matrix, order: Integers) -> Linear:
    """Solver on some of the unknowns, eliminated in the order given; vectors of all, zero elsewhere."""
    permuted = matrix[order][:, order]
    return _placed(cholmod(permuted) or _superlu(permuted, "NATURAL"), order, matrix.dtype)


def _superlu(matrix: Matrix, order: str) -> Linear:
    from scipy.sparse.linalg import splu

    # Panels of several columns pay where columns are long: in the plane they are short.
    options = {"permc_spec": order, "diag_pivot_thresh": 0.0, "panel_size": 1, "options": {"SymmetricMode": True}}
    try:
        factors = splu(sp.csc_array(matrix), **options)
    except RuntimeError as error:
        raise PhysicsError(_SINGULAR) from error
    # The matrix is its own transpose, whose solution takes two thirds of the time for one load.
    return lambda load: factors.solve(load, "T" if load.ndim == 1 else "N")


def cholmod(matrix: Matrix) -> Linear | None:
    """Solver by CHOLMOD's factors in the matrix's own order; None where scikit-sparse is not installed.

    Real matrices only: for complex ones it wants hermitian ones, which K + i omega C is not.
    """
    if np.iscomplexobj(matrix):
        return None
    try:
        found = import_module("sksparse.cholmod")
    except ImportError:
        return None
    if not hasattr(found, "Factor"):  # versions from 0.5 on speak differently
        return None
    try:
        return found.cholesky(sp.csc_matrix(matrix), ordering_method="natural")
    except found.CholmodError as error:
        raise PhysicsError(_SINGULAR) from error


def _placed(solve: Linear, unknowns: Integers, kind: np.dtype[Any]) -> Linear:
    """Solver on all unknowns from one on some of them, in their order; real factors take complex loads by parts."""

    def placed(load: Array) -> Array:
        # One load after the other in memory, which is how the factors take them.
        some = load.T.take(unknowns, axis=-1).T
        solution = np.zeros(load.T.shape, dtype=np.result_type(load.dtype, kind)).T
        if np.iscomplexobj(some) and not np.issubdtype(kind, np.complexfloating):
            found = solve(some.real.copy(order="F")) + 1j * solve(some.imag.copy(order="F"))
        else:
            found = solve(some.astype(solution.dtype, copy=False))
        solution.T[..., unknowns] = found.T
        return solution

    return placed
