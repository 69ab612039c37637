"""Conjugate gradients: for symmetric matrices that can only be applied, with something near their inverse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from thermonet.quantities.errors import NotConvergedError

Array = NDArray[Any]
Linear = Callable[[Array], Array]


def conjugate_gradients(
    product: Linear, near_inverse: Linear, load: Array, *, tolerance: float, steps: int
) -> tuple[Array, int]:
    """Solution of A x = load and the number of steps it took.

    Parameters
    ----------
    product
        x -> A x, A symmetric: positive definite if real; if complex not hermitian, as K + i omega C is (H. A. van der
        Vorst and J. Melissen, IEEE Trans. Magn. 26, 706 (1990), doi:10.1109/20.106415: the same steps, with the
        bilinear product in place of the inner one).
    near_inverse
        Symmetric positive definite, the same every time.
    load
        Of one solution (n,).
    tolerance
        Bound on the norm of the residual r, sqrt(r near_inverse r), relative to that of the load: where the inverse is
        good, the error of x in the norm of the energy, relative to x.
    steps
        Largest number of them.

    Raises
    ------
    NotConvergedError
        The tolerance is not met after `steps`, or A or `near_inverse` is not positive definite.
    """
    residual = load.copy()
    solution = np.zeros_like(load)
    if not load.any():
        return solution, 0
    direction = near_inverse(residual)
    first = size = _product(residual, direction)
    _refuse_unless_positive(size, 0)
    for step in range(1, steps + 1):
        image = product(direction)
        curvature = _product(direction, image)
        _refuse_unless_positive(curvature, step)
        length = size / curvature
        solution += length * direction
        residual -= length * image
        corrected = near_inverse(residual)
        before, size = size, _product(residual, corrected)
        if abs(size) <= tolerance**2 * abs(first):
            return solution, step
        _refuse_unless_positive(size, step)
        direction *= size / before
        direction += corrected
    reached = float(np.sqrt(abs(size / first)))
    raise NotConvergedError(
        f"conjugate gradients reached a relative residual of {reached:.1e} in {steps} steps, not {tolerance:.1e}"
    )


def _product(one: Array, other: Array) -> complex:
    """Bilinear product: a float of real vectors."""
    return cast("complex", one @ other)


def _refuse_unless_positive(product: complex, step: int) -> None:
    if not np.isfinite(product) or product == 0 or (np.isrealobj(product) and product.real < 0):
        raise NotConvergedError(
            f"conjugate gradients broke down at step {step}: the matrix is not positive definite (a part without a "
            "path of heat to a held port, or a negative coefficient)"
        )
