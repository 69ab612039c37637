"""What of a body's heat flow depends on temperature: conduction with k(T), and grey radiation to surroundings.

Both are integrated by quadrature at temperatures interpolated inside the elements, so heat is conserved to rounding
whatever the law: gradients of the shape functions sum to zero, and surroundings get what a surface gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from thermonet.geometry.mesh import Floats, Ints
from thermonet.heat.bodies.body import is_law, radiation_port
from thermonet.heat.bodies.model import BodyModel
from thermonet.heat.bodies.places import Piece, united
from thermonet.heat.elements import facets_of
from thermonet.heat.simplices import Simplices, gradients, quadrature
from thermonet.materials.laws import ConductivityLaw
from thermonet.quantities.constants import STEFAN_BOLTZMANN
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import Matrix, Vector
from thermonet.system.nonlinear import NonlinearSystem, NonlinearTerm
from thermonet.system.patterns import Integers, Pattern, sorted_pattern

#: Simplices whose gradients at all quadrature points are held at once, and bytes of them that are kept for good.
_CHUNK, _KEPT = 1 << 13, 1 << 28


@dataclass(frozen=True, eq=False)
class ConductionTerm:
    """``integral k(T) grad T . grad v`` over cells.

    Attributes
    ----------
    name
        Of the term.
    cells
        The cells.
    thickness
        Of a sheet [m], one in all other bodies.
    law
        k(T).
    unknowns
        Unknown of every node.
    size
        Number of unknowns.
    """

    name: str
    cells: Simplices
    thickness: float
    law: ConductivityLaw
    unknowns: Ints
    size: int

    def heat(self, rise: Vector, base: float) -> Vector:
        """Heat that leaves every unknown [W] at the temperatures base + rise [K]."""
        found = np.zeros(self.size)
        for part, points in self._points(rise):
            parts = np.einsum("kxqn,xqn,qn->kn", points.slopes, points.gradient, points.flux(self.law, base))
            found += _gathered(part.nodes, parts, self)
        return found

    def slope(self, rise: Vector, base: float) -> Matrix:
        """Derivative of the heat [W/K]: conduction at k(T), and what a change of k does to the flux there is."""
        blocks = []
        for _, points in self._points(rise):
            along = np.einsum("kxqn,xqn->kqn", points.slopes, points.gradient)
            bent = self.law.slope(base + points.temperature) * points.weights
            turned = np.einsum("iqn,jq->ijn", along * bent, points.shapes, optimize=True)
            blocks.append(points.conduction(self.law, base) + turned)
        return self._matrix(blocks)

    def conductance(self, rise: Vector, base: float) -> Matrix:
        """Conduction at k(T) as it is at these temperatures [W/K]; the slope where none of them differ."""
        return self._matrix([points.conduction(self.law, base) for _, points in self._points(rise)])

    def _points(self, rise: Vector) -> Iterator[tuple[Simplices, _Points]]:
        """Some cells at a time, with what their quadrature points see."""
        for start, known in enumerate(self._known):
            part = self.cells.at(slice(start * _CHUNK, (start + 1) * _CHUNK))
            yield part, _Points.of(known or _Geometry.of(part, self.thickness), rise[self.unknowns[part.nodes]])

    @cached_property
    def _known(self) -> list[_Geometry | None]:
        """Geometry of the cells, as far as it is kept."""
        chunks = range(0, self.cells.nodes.shape[1], _CHUNK)
        found: list[_Geometry | None] = []
        kept = 0
        for start in chunks:
            geometry = _Geometry.of(self.cells.at(slice(start, start + _CHUNK)), self.thickness)
            kept += geometry.slopes.nbytes
            if kept > _KEPT:
                return [*found, *[None] * (len(chunks) - len(found))]
            found.append(geometry)
        return found

    @cached_property
    def _places(self) -> tuple[Pattern, Integers]:
        return _places(self.unknowns[self.cells.nodes], self.size)

    def _matrix(self, blocks: list[Floats]) -> Matrix:
        return _matrix(self._places, np.concatenate(blocks, axis=2))


@dataclass(frozen=True)
class _Geometry:
    """Shape functions (k, q), their gradients (k, space, q, n) [1/m] and the weights (q, n) of quadrature points."""

    shapes: Floats
    slopes: Floats
    weights: Floats

    @classmethod
    def of(cls, part: Simplices, thickness: float) -> _Geometry:
        points = quadrature(part)
        return cls(points.shapes, gradients(part), thickness * points.weights.T)


@dataclass(frozen=True)
class _Points:
    """Temperatures at the quadrature points of some cells: rise [K] (q, n) and its gradient [K/m] (space, q, n)."""

    temperature: Floats
    gradient: Floats
    geometry: _Geometry

    @classmethod
    def of(cls, geometry: _Geometry, nodal: Floats) -> _Points:
        # From the differences within a cell: they are small, and the gradients of the shape functions sum to zero.
        gradient = np.einsum("kxqn,kn->xqn", geometry.slopes, nodal - nodal[0])
        return cls(geometry.shapes.T @ nodal, gradient, geometry)

    @property
    def shapes(self) -> Floats:
        return self.geometry.shapes

    @property
    def slopes(self) -> Floats:
        return self.geometry.slopes

    @property
    def weights(self) -> Floats:
        return self.geometry.weights

    def flux(self, law: ConductivityLaw, base: float) -> Floats:
        """Conductivity times weight at every point (q, n)."""
        return law.at(base + self.temperature) * self.weights

    def conduction(self, law: ConductivityLaw, base: float) -> Floats:
        """Element matrices at the conductivity of every point (k, k, n)."""
        count, cells = self.slopes.shape[0], self.slopes.shape[-1]
        weighted = self.slopes * self.flux(law, base)
        left, right = (np.moveaxis(field, -1, 0).reshape(cells, count, -1) for field in (self.slopes, weighted))
        return np.moveaxis(left @ right.transpose(0, 2, 1), 0, -1)


@dataclass(frozen=True, eq=False)
class RadiationTerm:
    """``integral emissivity sigma (T^4 - T_s^4) v`` over facets or the faces of a sheet, T_s that of surroundings.

    Below zero kelvin, where an iteration may stray, the fourth power goes on as ``T |T|^3``.

    Attributes
    ----------
    name
        Of the term.
    surface
        Facets, or the cells of a sheet.
    factor
        What the measure of every one of them is multiplied by to give its area (n,).
    emissivity
        Between 0 and 1.
    unknowns
        Unknown of every node.
    surroundings
        Their unknown.
    size
        Number of unknowns.
    """

    name: str
    surface: Simplices
    factor: Floats
    emissivity: float
    unknowns: Ints
    surroundings: int
    size: int

    def heat(self, rise: Vector, base: float) -> Vector:
        """Heat that leaves every unknown [W] at the temperatures base + rise [K]."""
        shapes, weights = self._points
        here, there = shapes.T @ rise[self._nodes], rise[self.surroundings]
        parts = shapes @ (_fourth_powers(here, float(there), base) * weights)
        found = _gathered(self.surface.nodes, parts, self)
        found[self.surroundings] -= parts.sum()
        return found

    def slope(self, rise: Vector, base: float) -> Matrix:
        """Derivative of the heat [W/K]."""
        shapes, weights = self._points
        here = 4 * np.abs(base + shapes.T @ rise[self._nodes]) ** 3 * weights
        there = 4 * np.abs(base + rise[self.surroundings]) ** 3 * weights
        return self._bordered(here, -(shapes @ there))

    def conductance(self, rise: Vector, base: float) -> Matrix:
        """Exchange with 4 emissivity sigma T^3 [W/K]: the slope while the surroundings keep their temperature."""
        shapes, weights = self._points
        here = 4 * np.abs(base + shapes.T @ rise[self._nodes]) ** 3 * weights
        return self._bordered(here, -(shapes @ here))

    @property
    def _nodes(self) -> Ints:
        return self.unknowns[self.surface.nodes]

    @cached_property
    def _points(self) -> tuple[Floats, Floats]:
        """Shape functions at the quadrature points (k, q), and emissivity times sigma times area there (q, n)."""
        points = quadrature(self.surface)
        return points.shapes, self.emissivity * STEFAN_BOLTZMANN * (points.weights.T * self.factor)

    @cached_property
    def _places(self) -> tuple[Pattern, Integers]:
        behind = np.full((1, self.surface.nodes.shape[1]), self.surroundings)
        return _places(np.concatenate([self._nodes, behind]), self.size)

    def _bordered(self, here: Floats, column: Floats) -> Matrix:
        """Matrix of the change per kelvin at every point (q, n), and per kelvin of the surroundings (k, n)."""
        shapes = self._points[0]
        block = np.einsum("iq,jq,qn->ijn", shapes, shapes, here, optimize=True)
        row = -(shapes @ here)[np.newaxis]
        corner = -column.sum(axis=0)[np.newaxis, np.newaxis]
        upper = np.concatenate([block, column[:, np.newaxis]], axis=1)
        return _matrix(self._places, np.concatenate([upper, np.concatenate([row, corner], axis=1)]))


@dataclass(frozen=True)
class _LawOf:
    """k(T) of a filling: where it knows no answer, it says of what."""

    filling: str
    law: ConductivityLaw

    def at(self, temperature: Floats) -> Floats:
        try:
            return self.law.at(temperature)
        except PhysicsError as error:
            path = f"regions.{self.filling.replace('.', '.layers.')}.thermal_conductivity"
            raise PhysicsError(f"in '{self.filling}' {error}", path) from None

    def slope(self, temperature: Floats) -> Floats:
        return self.law.slope(temperature)


def nonlinear_system(model: BodyModel) -> NonlinearSystem:
    """A body's nonlinear terms beside its linear system: 'k.<filling>' and 'radiation.<boundary>'."""
    terms: list[NonlinearTerm] = []
    body, elements, size = model.body, model.elements, model.system.size
    for name, filling in body.fillings.items():
        if is_law(filling.conductivity):
            cells = elements.cells.at(elements.region(filling.region))
            thickness = 1.0 if filling.thickness is None else filling.thickness
            law = _LawOf(name, filling.conductivity)
            terms.append(ConductionTerm(f"k.{name}", cells, thickness, law, model.unknowns, size))
    for name, boundary in body.boundaries.items():
        if boundary.radiation is not None:
            emissivity = boundary.radiation.emissivity
            terms += [_radiation(model, name, piece, emissivity) for piece in united(model.places.pieces(name))]
    return NonlinearSystem(linear=model.system, terms=tuple(terms))


def _radiation(model: BodyModel, boundary: str, piece: Piece, emissivity: float) -> RadiationTerm:
    elements = model.elements
    surface = elements.cells.at(piece.members) if piece.of_cells else facets_of(elements, piece.members)
    name = f"radiation.{boundary}{'.faces' if piece.of_cells else ''}"
    surroundings = int(model.system.ports[radiation_port(boundary)][0])
    return RadiationTerm(name, surface, piece.factor, emissivity, model.unknowns, surroundings, model.system.size)


def _fourth_powers(here: Floats, there: float, base: float) -> Floats:
    """Difference of the fourth powers of two temperatures base + rise [K^4], exact for small differences too."""
    warm, cold = base + here, base + there
    factored = (here - there) * (warm + cold) * (warm**2 + cold**2)
    return np.where((warm > 0) & (cold >= 0), factored, warm * np.abs(warm) ** 3 - cold * abs(cold) ** 3)


def _gathered(nodes: Ints, parts: Floats, term: ConductionTerm | RadiationTerm) -> Floats:
    """Sum parts (k, n) of nodes into their unknowns."""
    return np.bincount(term.unknowns[nodes].ravel(), parts.ravel(), minlength=term.size).astype(float)


def _places(unknowns: Ints, size: int) -> tuple[Pattern, Integers]:
    """Pattern of the blocks of elements with some unknowns (k, n), and where every entry of a block goes."""
    count = len(unknowns)
    rows = np.repeat(unknowns, count, axis=0).ravel()
    columns = np.tile(unknowns, (count, 1)).ravel()
    return sorted_pattern(rows, columns, size)


def _matrix(places: tuple[Pattern, Integers], blocks: Floats) -> Matrix:
    """Sum blocks (k, k, n) into a matrix."""
    pattern, positions = places
    return pattern.matrix(np.bincount(positions, blocks.ravel(), minlength=pattern.count).astype(float))
