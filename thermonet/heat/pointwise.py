"""Values of a field at a place: the weights of the nodes of the cell that it lies in."""

from __future__ import annotations

import numpy as np

from thermonet.geometry.cad.shapes import Place
from thermonet.geometry.mesh import Floats
from thermonet.heat.elements import Elements
from thermonet.heat.reference import shapes_at
from thermonet.heat.simplices import Simplices
from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.formatting import with_unit

#: A place outside a cell by this part of its size is on its side; between a curve and its elements there is more.
_SIDE, _NEAR = 1e-9, 1e-3
#: Steps of Newton's iteration for the place in a curved cell, which converges or never will.
_STEPS = 12


def point_weights(elements: Elements, place: Place, path: str = "") -> Floats:
    """Weights (nodes,) of the value at a place [m]: also the load per watt of a power that enters there.

    A place a hair outside, between a curve and the elements along it, takes the cell next to it. The path is that of
    the place in a document, for the refusal.

    Raises
    ------
    PhysicsError
        The place lies outside the body.
    """
    cells, point = elements.cells, np.asarray(place, dtype=float)
    corners = cells.points[:, cells.nodes]
    low, high = corners.min(axis=1), corners.max(axis=1)
    margin = _NEAR * (high - low).max(axis=0)
    around = ((point[:, np.newaxis] >= low - margin) & (point[:, np.newaxis] <= high + margin)).all(axis=0)
    candidates = np.flatnonzero(around)
    best, weights, owner = -np.inf, np.zeros(0), -1
    for cell in candidates:
        inside = _reference_place(cells, int(cell), point)
        deepest = min(float(inside.min()), 1.0 - float(inside.sum()))
        if deepest > best:
            best, owner = deepest, int(cell)
            weights = shapes_at(cells.dimension, cells.degree, inside[:, np.newaxis])[0][:, 0]
        if best >= -_SIDE:
            break
    if best < -_NEAR:
        shown = ", ".join(with_unit(float(coordinate), "m", digits=6) for coordinate in point)
        raise PhysicsError(f"the place ({shown}) lies outside the body", path)
    found = np.zeros(elements.size)
    found[cells.nodes[:, owner]] = weights
    return found


def _reference_place(cells: Simplices, cell: int, point: Floats) -> Floats:
    """Coordinates of a place in a cell's reference simplex; exact after one step where the cell is straight."""
    nodes = cells.points[:, cells.nodes[:, cell]]
    inside = np.full(cells.dimension, 1 / (cells.dimension + 1))
    for _ in range(_STEPS if cells.curved[cell] else 1):
        values, slopes = shapes_at(cells.dimension, cells.degree, inside[:, np.newaxis])
        step = np.linalg.solve(nodes @ slopes[:, :, 0], point - nodes @ values[:, 0])
        inside = inside + step
        if np.abs(step).max() < _SIDE:
            break
    return inside
