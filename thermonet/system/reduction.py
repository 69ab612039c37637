"""Small models that answer as the large one does: projection onto the fields that matter.

Moments of the transfer function are matched at s = 0 and at further real shifts, for loads and sensors alike, so the
static resistances and their derivatives by any parameter stay those of the full model to rounding (Galerkin
projection with both fields in the basis; Grimme, Krylov projection methods for model reduction, thesis, 1997).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from thermonet.system.core import Held, System, Vector
from thermonet.system.modes import slowest_modes


def krylov_basis(
    held: Held, vectors: Vector, *, moments: int, shifts: Sequence[float] = (0.0,), known: Vector | None = None
) -> Vector:
    """Orthonormal basis (n, m) of ``((K + s C)^-1 C)^j (K + s C)^-1 vectors``, j < moments, for every shift s.

    Parameters
    ----------
    held
        The full system with its ports held; the basis vanishes there.
    vectors
        Loads and sensor weights (n, count).
    moments
        Powers per shift.
    shifts
        Real expansion points [1/s].
    known
        Orthonormal basis to extend (n, k); none where nothing is given.
    """
    capacity = held.C[held.free][:, held.free]
    inside = np.zeros((len(held.free), 0)) if known is None else known[held.free]
    for s in shifts:
        block = held.factor(s)(np.ascontiguousarray(vectors[held.free]))
        for power in range(moments):
            fresh = _orthonormal(block, inside)
            if fresh.shape[1] == 0:
                break
            inside = np.concatenate([inside, fresh], axis=1)
            if power + 1 < moments:
                block = held.factor(s)(np.asarray(capacity @ fresh))
    basis = np.zeros((held.system.size, inside.shape[1]))
    basis[held.free] = inside
    return basis


def _orthonormal(block: Vector, basis: Vector, tolerance: float = 1e-9) -> Vector:
    """Part of a block that a basis does not hold, orthonormal; directions lost to rounding are dropped."""
    sizes = np.linalg.norm(block, axis=0)
    block = block[:, sizes > 0] / sizes[sizes > 0]
    for _ in range(2):  # once is not enough for orthogonality to rounding
        block = block - basis @ (basis.T @ block)
    if block.shape[1] == 0:
        return block
    left, weight, _ = np.linalg.svd(block, full_matrices=False)
    kept = left[:, weight > tolerance]
    return kept - basis @ (basis.T @ kept)


def reduced(held: Held, basis: Vector) -> System:
    """Project a held system onto a basis; the held ports stay as coordinates of their own.

    Every held port keeps one coordinate, its temperature, whose shape is the steady field it drives; the rest of the
    coordinates are amplitudes of `basis`. The result is a dense `System` with the same names.

    Raises
    ------
    ValueError
        A held port has more than one unknown (tie it first).
    """
    system = held.system
    drives = []
    for port in held.ports:
        unknowns = system.ports[port]
        if len(unknowns) != 1:
            raise ValueError(f"port {port} has {len(unknowns)} unknowns, expected an isothermal port")
        drives.append(_driven(held, int(unknowns[0])))
    onto = np.column_stack([*drives, basis])
    count = len(drives)
    ports = {port: np.array([i]) for i, port in enumerate(held.ports)}
    one = np.concatenate([np.ones(count), np.zeros(basis.shape[1])])
    return system.mapped(onto, one=one, ports=ports)


def _driven(held: Held, unknown: int) -> Vector:
    if len(held.fixed) == 1:
        return held.system.one
    temperature = (held.fixed == unknown).astype(float)
    return np.asarray(held.solve(np.zeros(held.system.size), held=temperature), dtype=float)


def craig_bampton(system: System, ports: Sequence[str], count: int) -> System:
    """Small model between isothermal ports: their steady fields, and the slowest modes with all of them held.

    A port's temperature is one coordinate, whatever is joined to it later, so static conductances are exact (R. R.
    Craig & M. C. C. Bampton, AIAA J. 6, 1313 (1968), doi:10.2514/3.4741). Loads and sensors inside the body are not in
    the basis; where these matter `system.compact` needs fewer states.

    Parameters
    ----------
    system
        With nothing held.
    ports
        Isothermal ports that become coordinates.
    count
        Number of modes.

    Raises
    ------
    ValueError
        A port has more than one unknown (tie it first).
    """
    held = system.hold(*ports)
    return reduced(held, slowest_modes(held, count)[1])


def summed(system: System) -> System:
    """Return the system with one conductance and one capacity term: cheap to project, no longer affine."""
    return replace(system, K={"K": system.total(system.K)}, C={"C": system.total(system.C)}, theta={"K": 1.0, "C": 1.0})
