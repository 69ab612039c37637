"""Elements whose heat depends on temperature in its own way, as terms of Newton's method.

Radiation between two nodes carries ``q = sigma a (Ta^4 - Tb^4)``, a resistance with a law ``q = (Ta - Tb) / R((Ta + Tb)
/ 2)``. All elements of a kind are one term. A temperature is a row of weights on the unknowns, so that a node may be a
body's mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp

from thermonet.network.elements import Booleans, Elements, Integers, ResistanceLaw
from thermonet.quantities.constants import STEFAN_BOLTZMANN
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import Matrix, Vector


class Flux(Protocol):
    """Heat from one temperature to another, for several elements."""

    def heat(self, a: Vector, b: Vector, base: float) -> Vector:
        """Heat [W] from base + a to base + b [K], (elements,)."""

    def slopes(self, a: Vector, b: Vector, base: float) -> tuple[Vector, Vector]:
        """Derivatives of the heat by both temperatures [W/K], (elements,) each."""

    def by_value(self, a: Vector, b: Vector, base: float) -> Vector:
        """Derivative of the heat by the value of every element, or by a factor on its resistance law, (elements,)."""


@dataclass(frozen=True, eq=False)
class Radiation:
    """``sigma a (Ta^4 - Tb^4)``.

    Attributes
    ----------
    areas
        Emissivity times area times view factor of every link [m^2].
    """

    areas: Vector

    def heat(self, a: Vector, b: Vector, base: float) -> Vector:
        """Heat [W]; exact for small differences, too."""
        return self.areas * self.by_value(a, b, base)

    def slopes(self, a: Vector, b: Vector, base: float) -> tuple[Vector, Vector]:
        """4 sigma a T^3 at both ends [W/K]."""
        unit = 4 * STEFAN_BOLTZMANN * self.areas
        return unit * np.abs(base + a) ** 3, -unit * np.abs(base + b) ** 3

    def by_value(self, a: Vector, b: Vector, base: float) -> Vector:
        """Heat per area [W/m^2]; below zero kelvin, where an iteration may stray, it goes on as an odd function."""
        warm, cold = base + a, base + b
        factored = (a - b) * (warm + cold) * (warm**2 + cold**2)
        strayed = warm * np.abs(warm) ** 3 - cold * np.abs(cold) ** 3
        return STEFAN_BOLTZMANN * np.where((warm >= 0) & (cold >= 0), factored, strayed)


@dataclass(frozen=True, eq=False)
class Resistive:
    """``(Ta - Tb) / R((Ta + Tb) / 2)``.

    Attributes
    ----------
    laws
        Of every element.
    names
        Of the elements.
    """

    laws: tuple[ResistanceLaw, ...]
    names: tuple[str, ...]

    def heat(self, a: Vector, b: Vector, base: float) -> Vector:
        """Heat [W]."""
        return (a - b) / self._resistances(a, b, base)

    def slopes(self, a: Vector, b: Vector, base: float) -> tuple[Vector, Vector]:
        """Derivatives by both temperatures [W/K]: conduction, and what the mean does to the resistance."""
        middle, resistances = base + (a + b) / 2, self._resistances(a, b, base)
        rising = np.array([float(law.slope(middle[i])) for i, law in enumerate(self.laws)])
        through = 1 / resistances
        turned = (a - b) * rising / (2 * resistances**2)
        return through - turned, -through - turned

    def by_value(self, a: Vector, b: Vector, base: float) -> Vector:
        """Derivative of the heat by a factor on the law, at one [W]."""
        return -self.heat(a, b, base)

    def _resistances(self, a: Vector, b: Vector, base: float) -> Vector:
        middle = base + (a + b) / 2
        return np.array([self._resistance(i, middle[i]) for i in range(len(self.laws))])

    def _resistance(self, number: int, temperature: Any) -> float:  # noqa: ANN401 (a number of numpy's)
        try:
            return float(self.laws[number].at(temperature))
        except PhysicsError as error:
            name = self.names[number]
            raise PhysicsError(f"{name}: {error}", f"elements.{name}.resistance") from error


@dataclass(frozen=True, eq=False)
class LinkTerm:
    """Nonlinear elements of one kind, as a term of a nonlinear system.

    Attributes
    ----------
    name
        Of the term.
    elements
        Names of the elements.
    flux
        Their heat.
    first, second
        Temperatures of their ends are these rows (elements, n) on the unknowns.
    free
        Whether their first and second ends can change (2, elements): a held one cannot.
    """

    name: str
    elements: tuple[str, ...]
    flux: Flux
    first: Matrix
    second: Matrix
    free: Booleans

    def flows(self, rise: Vector, base: float) -> Vector:
        """Heat through every element [W], positive from its first to its second end (elements,)."""
        return self.flux.heat(self.first @ rise, self.second @ rise, base)

    def flows_by_value(self, rise: Vector, base: float) -> Vector:
        """Derivative of the heat through every element by its own value (elements,)."""
        return self.flux.by_value(self.first @ rise, self.second @ rise, base)

    def flow_slopes(self, rise: Vector, base: float) -> Matrix:
        """Derivative of the heat through every element by the unknowns (elements, n) [W/K]."""
        at_first, at_second = self.flux.slopes(self.first @ rise, self.second @ rise, base)
        return sp.csr_array(sp.diags_array(at_first) @ self.first + sp.diags_array(at_second) @ self.second)

    def heat(self, rise: Vector, base: float) -> Vector:
        """Heat that leaves every unknown [W] at the temperatures base + rise [K]."""
        return np.asarray(self._across.T @ self.flows(rise, base))

    def slope(self, rise: Vector, base: float) -> Matrix:
        """Derivative of the heat [W/K]."""
        return sp.csr_array(self._across.T @ self.flow_slopes(rise, base))

    def conductance(self, rise: Vector, base: float) -> Matrix:
        """Symmetric part near the slope [W/K]: the slope by the end that is free, the mean where both are."""
        at_first, at_second = self.flux.slopes(self.first @ rise, self.second @ rise, base)
        weights = self.free / np.maximum(self.free.sum(axis=0), 1)
        across = self._across
        return sp.csr_array(across.T @ (sp.diags_array(weights[0] * at_first - weights[1] * at_second) @ across))

    @property
    def _across(self) -> Matrix:
        return sp.csr_array(self.first - self.second)


def link_terms(elements: Elements, some: Integers, first: Matrix, second: Matrix, free: Booleans) -> list[LinkTerm]:
    """Terms of the elements that are not linear: ``radiation`` and ``resistance(T)``.

    Parameters
    ----------
    elements
        All elements of a network.
    some
        Numbers of those that are not linear.
    first, second
        Rows (some, n) of the temperatures of their ends.
    free
        Whether their ends are not held (2, some).
    """
    laws = tuple(elements.laws.values()), tuple(elements.names[i] for i in elements.laws)
    is_law = np.array([int(i) in elements.laws for i in some], dtype=bool)
    radiating, varying = np.flatnonzero(~is_law), np.flatnonzero(is_law)
    fluxes: list[tuple[str, Integers, Flux]] = [
        ("radiation", radiating, Radiation(elements.values[some[radiating]])),
        ("resistance(T)", varying, Resistive(*laws)),
    ]
    return [
        LinkTerm(name, tuple(elements.names[i] for i in some[which]), flux, first[which], second[which], free[:, which])
        for name, which, flux in fluxes
        if len(which)
    ]
