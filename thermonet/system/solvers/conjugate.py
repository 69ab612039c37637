"""Conjugate gradients: for symmetric matrices that can only be applied, with something near their inverse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermonet.quantities.errors import NotConvergedError

Array = NDArray[Any]
Linear = Callable[[Array], Array]


def conjugate_gradients(
    product: Linear,
    near_inverse: Linear,
    loads: Array,
    *,
    tolerance: float,
    steps: int,
    energies: Array | None = None,
) -> tuple[Array, int]:
    """Solutions of A x = load and the number of steps that the slowest of them took.

    Parameters
    ----------
    product
        x -> A x for several x at once, A symmetric: positive definite if real; if complex not hermitian, as
        K + i omega C is (H. A. van der Vorst and J. Melissen, IEEE Trans. Magn. 26, 706 (1990), doi:10.1109/20.106415:
        the same steps, with the bilinear product in place of the inner one).
    near_inverse
        Symmetric positive definite, the same every time; for several vectors at once.
    loads
        Of every solution (n, loads).
    tolerance
        Bound on the norm of every residual r, sqrt(r near_inverse r), relative to that of its load: where the inverse
        is good, the error of x in the norm of the energy, relative to x.
    steps
        Largest number of them.
    energies
        Squares of the norms of the parts of the solutions that are known already (loads,), if what is solved for is
        the rest of them and orthogonal to these: the tolerance is relative to the whole.

    Raises
    ------
    NotConvergedError
        The tolerance is not met after `steps`, or A or `near_inverse` is not positive definite.
    """
    # One column after the other in memory, so that each is a vector of its own.
    residual = np.array(loads, order="F")
    solution = np.zeros_like(residual)
    direction = np.asfortranarray(near_inverse(residual))
    first = size = _products(residual, direction)
    wanted = tolerance**2 * (np.abs(first) + (0 if energies is None else energies))
    for step in range(steps + 1):
        going = ~(np.abs(size) <= wanted)  # what is not a number goes on, and is refused
        if not going.any():
            return solution, step
        image = product(direction)
        curvature = np.where(going, _products(direction, image), 1)
        _refuse_unless_positive(size[going], step)
        _refuse_unless_positive(curvature[going], step)
        length = np.where(going, size, 0) / curvature
        solution += length * direction
        residual -= length * image
        corrected = near_inverse(residual)
        before, size = np.where(going, size, 1), np.where(going, _products(residual, corrected), size)
        direction *= size / before
        direction += corrected
    reached = np.sqrt(np.abs(size[going] / first[going])).max()
    raise NotConvergedError(
        f"conjugate gradients reached a relative residual of {reached:.1e} in {steps} steps, not {tolerance:.1e}"
    )


def _products(one: Array, other: Array) -> Array:
    """Bilinear product of every pair of columns."""
    return np.array([a @ b for a, b in zip(one.T, other.T, strict=True)])


def _refuse_unless_positive(products: Array, step: int) -> None:
    if not np.isfinite(products).all() or (products == 0).any() or (np.isrealobj(products) and products.min() < 0):
        raise NotConvergedError(
            f"conjugate gradients broke down at step {step}: the matrix is not positive definite (a part without a "
            "path of heat to a held port, or a negative coefficient)"
        )
