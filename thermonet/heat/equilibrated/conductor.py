"""A linear body in steady state as its error is estimated: conductivities, boundaries and loads in plain numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermonet.geometry.mesh import Floats, Ints
from thermonet.heat.elements import Elements, facets_of
from thermonet.heat.simplices import Simplices, determinant

#: Cells that are worked on together.
_AT_ONCE = 8192


@dataclass(frozen=True, kw_only=True)
class Conductor:
    """A body that conducts heat to boundaries at zero temperature.

    Attributes
    ----------
    elements
        Cells with the weight of what their points stand for; nodes of their own on both sides of every interface.
    conductivity
        Of every cell (n,), its diagonal along the coordinates (n, space) or a symmetric tensor (n, space, space)
        [W/m/K]; of a sheet times its thickness [W/K].
    held
        Facets (k, m) at zero temperature.
    isothermal
        Boundaries (k, m) of one unknown temperature each.
    ambient
        Facets (k, m) that exchange heat with surroundings at zero, and the conductance per area, one number or (m,)
        [W/m^2/K].
    interfaces
        Matching facets on two sides (k, m) each, and the boundary conductance, one number or (m,) [W/m^2/K].
    exchange
        Conductance per area of the faces of a sheet to surroundings at zero, of every cell (n,) [W/m^2/K].
    relative
        Conductivity at the nodes of every cell in parts of that of the cell (k, n); all ones where nothing is given.
    """

    elements: Elements
    conductivity: Floats
    held: Ints
    isothermal: Sequence[Ints] = ()
    ambient: Sequence[tuple[Ints, Floats | float]] = ()
    interfaces: Sequence[tuple[Ints, Ints, Floats | float]] = ()
    exchange: Floats | None = None
    relative: Floats | None = None

    @property
    def cells(self) -> Simplices:
        """With the corners of every one in ascending order."""
        return self.elements.cells

    @property
    def count(self) -> int:
        """Number of cells."""
        return self.cells.nodes.shape[1]

    @property
    def varies(self) -> NDArray[np.bool_]:
        """Whether a gradient's energy varies within a cell (n,): in rings and curved cells, and with conductivity."""
        bent = self.cells.curved | self.cells.ring
        return bent if self.relative is None else bent | (np.ptp(self.relative, axis=0) > 0)


@dataclass(frozen=True, kw_only=True)
class Load:
    """Heat per watt of a source, or the weights of a sensor's mean, as densities.

    What they do not tell of a load, as of a point source, estimates spread over the cells around it.

    Attributes
    ----------
    density
        In every cell (n,), or at its nodes (k, n) in the order of `Elements.cells` [W/m^3]; of a sheet [W/m^2].
    facets
        Facets (k, m) that take up heat, and its density: one number, (m,), or at their nodes (k, m) [W/m^2].
    isothermal
        Heat into every isothermal boundary [W]; none where nothing is given.
    """

    density: Floats
    facets: Sequence[tuple[Ints, Floats | float]] = ()
    isothermal: Sequence[float] = ()


@dataclass(frozen=True)
class Metric:
    """Cells at quadrature points, or at one where nothing varies within them.

    Attributes
    ----------
    conductance
        ``w |det J| J^-1 k J^-T`` (cells, points, dimension, dimension), which makes an energy of reference gradients;
        w is 2 pi r or the depth.
    resistance
        Its inverse, which makes an energy of reference fluxes.
    measure
        ``w |det J|`` (cells, points): volume per reference volume.
    """

    conductance: Floats
    resistance: Floats
    measure: Floats


def metric(conductor: Conductor, where: Ints, shapes: Floats, slopes: Floats, *, varies: bool) -> Metric:
    """Metric of some cells.

    Parameters
    ----------
    conductor, where
        The cells, of which all vary or none.
    shapes, slopes
        Of the shape functions at the quadrature points (k, q), (k, dimension, q).
    varies
        Whether they do.
    """
    part = conductor.cells.at(where)
    nodes = part.points[:, part.nodes]
    # Small matrices come first and cells last: sums over whole arrays are faster than many small products.
    if part.curved.any():
        by_point = slopes.reshape(len(slopes), -1).T @ nodes
        jacobian = by_point.reshape(len(nodes), *slopes.shape[1:], -1)
    else:
        jacobian = (nodes[:, 1 : part.dimension + 1] - nodes[:, :1])[:, :, np.newaxis]
    stretch = np.abs(determinant(jacobian))
    around = 2 * np.pi * (shapes.T @ nodes[0]) if part.ring else part.depth
    measure = np.broadcast_to(stretch * around, (shapes.shape[1] if varies else 1, len(where)))
    conductivity = conductor.conductivity[where]
    resistivity = np.asarray(np.linalg.inv(conductivity) if conductivity.ndim == 3 else 1 / conductivity, dtype=float)
    slope = _inverse(jacobian).swapaxes(0, 1)
    factor = _relative(conductor, where, shapes) if varies else 1.0
    return Metric(
        conductance=_cells_first(_products(slope, _times(conductivity, slope)) * (measure * factor)),
        resistance=_cells_first(_products(jacobian, _times(resistivity, jacobian)) / (measure * factor)),
        measure=measure.T,
    )


def _products(first: Floats, second: Floats) -> Floats:
    """Products of two sets of vectors (space, dimension, q, cells) with each other."""
    return np.asarray(np.einsum("xdqn,xeqn->deqn", first, second))


def _cells_first(tensors: Floats) -> Floats:
    return np.ascontiguousarray(tensors.transpose(3, 2, 0, 1))


def _relative(conductor: Conductor, where: Ints, shapes: Floats) -> Floats | float:
    """Conductivity at the quadrature points in parts of that of the cell (q, n)."""
    if conductor.relative is None:
        return 1.0
    at_nodes = conductor.relative[:, where]
    # A parabola through values that differ by far may leave them.
    return np.asarray(np.clip(shapes.T @ at_nodes, at_nodes.min(axis=0), at_nodes.max(axis=0)))


def vectors_at(coefficients: Floats, functions: Floats) -> Floats:
    """Sums (cells, loads, dimension, q) of functions (k, dimension, q) with coefficients (k, cells, loads)."""
    count, cells, loads = coefficients.shape
    rows = coefficients.transpose(1, 2, 0).reshape(-1, count)
    return np.asarray((rows @ functions.reshape(count, -1)).reshape(cells, loads, *functions.shape[1:]))


def _times(tensors: Floats, vectors: Floats) -> Floats:
    """Numbers, diagonals or tensors of cells times vectors (space, dimension, q, cells)."""
    if tensors.ndim == 3:
        return np.einsum("nxy,ydqn->xdqn", tensors, vectors, optimize=True)
    if tensors.ndim == 2:
        return np.asarray(vectors * tensors.T[:, np.newaxis, np.newaxis])
    return np.asarray(vectors * tensors)


def _inverse(matrix: Floats) -> Floats:
    """Inverse of small matrices (n, n, ...) by their cofactors."""
    if len(matrix) == 2:
        (a, b), (c, d) = matrix
        cofactors = np.stack([np.stack([d, -b]), np.stack([-c, a])])
    else:
        rows = [np.cross(matrix[(i + 1) % 3], matrix[(i + 2) % 3], axis=0) for i in range(3)]
        cofactors = np.stack(rows, axis=1)
    return np.asarray(cofactors / determinant(matrix))


def facet_measure(conductor: Conductor, facets: Ints, shapes: Floats, slopes: Floats) -> Floats:
    """Area per reference area, which counts as one, of facets at quadrature points (facets, q).

    Parameters
    ----------
    conductor, facets
        The body, and nodes (k, n).
    shapes, slopes
        Of the shape functions at the points (k, q), (k, dimension - 1, q).
    """
    part = facets_of(conductor.elements, facets)
    nodes = part.points[:, part.nodes]
    jacobian = np.einsum("xkn,kdq->xdqn", nodes, slopes, optimize=True)
    around = 2 * np.pi * (nodes[0].T @ shapes) if part.ring else part.depth
    return np.asarray(determinant(jacobian).T * around / math.factorial(part.dimension))


def volumes(found: Metric, weights: Floats) -> Floats:
    """Volume of cells (n,) [m^3], by the weights of the quadrature points."""
    if found.measure.shape[1] == 1:
        return np.asarray(found.measure[:, 0] * weights.sum())
    return np.asarray(found.measure @ weights)


def heat_at_points(
    conductor: Conductor, loads: Sequence[Load], shapes: Floats, where: Ints, found: Metric, nodes: Floats
) -> Floats:
    """Heat per reference volume that enters cells, less what the faces of a sheet lose, (cells, q, loads) [W].

    Parameters
    ----------
    conductor, loads, where
        The body, its loads, and the cells.
    shapes
        Of the shape functions at the quadrature points (k, q).
    found
        Metric of the cells.
    nodes
        Temperature at the nodes of the cells (k, cells, loads).
    """
    parts = []
    for load in loads:
        density = load.density[..., where]
        at_points = density.T @ shapes if density.ndim == 2 else density[:, np.newaxis]
        parts.append(np.broadcast_to(at_points, (len(where), shapes.shape[1])))
    heat = np.stack(parts, axis=2)
    if conductor.exchange is not None:
        conductance = conductor.exchange[where][:, np.newaxis, np.newaxis]
        heat = heat - conductance * np.einsum("knl,kq->nql", nodes, shapes, optimize=True)
    return np.asarray(heat * found.measure[:, :, np.newaxis])


def runs_of_cells(conductor: Conductor) -> Iterator[tuple[Ints, bool]]:
    """All cells, some at a time, and whether they vary."""
    for varies in (False, True):
        cells = np.flatnonzero(conductor.varies == varies)
        for start in range(0, len(cells), _AT_ONCE):
            yield cells[start : start + _AT_ONCE], varies
