"""The problems of many patches at once, as symmetric systems of one size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermonet.geometry.mesh import Floats, Ints


@dataclass(frozen=True)
class Systems:
    """Heat balances on the facets of patches; multipliers are what they are solved for.

    Attributes
    ----------
    matrix
        Heat per multiplier (patches, size + 1, size + 1); the last row and column take what is not wanted, of slot -1.
    heat
        Heat to be taken off (patches, size + 1, loads).
    """

    matrix: Floats
    heat: Floats

    def add(self, patch: Ints, rows: Ints, columns: Ints, blocks: Floats) -> None:
        """Add blocks (n, i, j) to the matrices."""
        width = self.matrix.shape[1]
        place = (patch[:, np.newaxis] * width + rows % width)[:, :, np.newaxis] * width + (columns % width)[
            :, np.newaxis
        ]
        np.add.at(self.matrix.reshape(-1), place.ravel(), blocks.ravel())

    def give(self, patch: Ints, rows: Ints, heat: Floats) -> None:
        """Add heat (n, i, loads)."""
        width, loads = self.heat.shape[1:]
        place = patch[:, np.newaxis] * width + rows % width
        np.add.at(self.heat.reshape(-1, loads), place.ravel(), heat.reshape(-1, loads))

    def solved(self, sizes: Ints, uniform: Floats, sealed: NDArray[np.bool_]) -> Floats:
        """Solve for the multipliers (patches, size + 1, loads); the last are zero.

        Parameters
        ----------
        sizes
            Number of unknowns of every patch (patches,).
        uniform
            The uniform multiplier (patches, size + 1), which moves no heat within a patch.
        sealed
            Patches that no heat can leave (patches,): their multipliers are known but for a uniform one.
        """
        size = self.matrix.shape[1] - 1
        matrix, uniform = self.matrix[:, :size, :size], uniform[:, :size]
        diagonal = np.arange(size)
        matrix[:, diagonal, diagonal] += diagonal >= sizes[:, np.newaxis]
        mean = np.einsum("pii->p", matrix) / np.maximum(sizes, 1) ** 2
        matrix += (np.where(sealed, mean, 0.0)[:, np.newaxis] * uniform)[:, :, np.newaxis] * uniform[:, np.newaxis]
        heights = np.zeros_like(self.heat)
        heights[:, :size] = np.linalg.solve(matrix, self.heat[:, :size])
        return heights


def systems(patches: int, size: int, loads: int) -> Systems:
    """Empty systems."""
    return Systems(np.zeros((patches, size + 1, size + 1)), np.zeros((patches, size + 1, loads)))
