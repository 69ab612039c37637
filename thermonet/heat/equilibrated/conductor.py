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
    """

    elements: Elements
    conductivity: Floats
    held: Ints
    isothermal: Sequence[Ints] = ()
    ambient: Sequence[tuple[Ints, Floats | float]] = ()
    interfaces: Sequence[tuple[Ints, Ints, Floats | float]] = ()
    exchange: Floats | None = None

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
        """Whether a gradient's energy varies within a cell (n,): in rings and curved cells."""
        return self.cells.curved | self.cells.ring


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
    if part.curved.any():
        jacobian = np.einsum("xkn,kdq->nqxd", nodes, slopes, optimize=True)
    else:
        jacobian = (nodes[:, 1 : part.dimension + 1] - nodes[:, :1]).transpose(2, 0, 1)[:, np.newaxis]
    stretch = np.abs(determinant(jacobian.transpose(2, 3, 1, 0))).T
    depth = np.full((1, shapes.shape[1] if varies else 1), part.depth)
    around = 2 * np.pi * (nodes[0].T @ shapes) if part.ring else depth
    conductivity = conductor.conductivity[where]
    if conductivity.ndim < 3:
        conductivity = conductivity.reshape(len(where), -1, 1) * np.eye(part.dimension)
    inverse = np.linalg.inv(jacobian)
    conductance = inverse @ conductivity[:, np.newaxis] @ inverse.swapaxes(2, 3)
    resistance = jacobian.swapaxes(2, 3) @ np.linalg.inv(conductivity)[:, np.newaxis] @ jacobian
    measure = stretch * around
    scale = measure[..., np.newaxis, np.newaxis]
    return Metric(conductance * scale, resistance / scale, measure)


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
