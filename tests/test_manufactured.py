"""Manufactured solutions: the L2 error falls as h^2 with linear and h^3 with quadratic elements in every kind of body.

The field is ``s(x) g(z)``, with z the last coordinate and two regions that meet at z = 3/2: there k dg/dz is the same
on both sides, and g jumps by that flux over the conductance of the interface.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pytest
from skfem import MeshTet, MeshTri

from thermonet.geometry.interfaces import separated
from thermonet.geometry.mesh import LENGTH_UNIT
from thermonet.heat.assembly import assembly_of, numbered
from thermonet.heat.elements import (
    axisymmetric_elements,
    facet_areas,
    load,
    plane_elements,
    points_of,
    solid_elements,
)
from thermonet.heat.forms import OnNodes, conduction, exchange_of_cells, jump
from thermonet.heat.reference import quadrature_rule, shapes
from thermonet.system.core import System

#: Conductivity below and above the middle [W/m/K]; flux there over s [W/m^2]; curvatures [1/m^2].
UNLIKE, ALIKE = (1.0, 7.0), (2.0, 2.0)
FLUX, CURVED = 3.0, (0.7, -1.3)
NAMES = ("low", "high")
#: Of a planar body [m], of a plate's two sheets [m]; exchange of its two faces [W/m^2/K] with surroundings at zero.
DEPTH, SHEETS, EXCHANGE = 0.2, (0.01, 0.03), 0.05


@dataclass(frozen=True)
class Problem:
    """One kind of body with its conductivities, and the conductance [W/m^2/K] between regions that are apart."""

    kind: str
    conductivity: tuple[float, float]
    conductance: float | None = None

    def across(self, z, side):
        """Values of g and of its second derivative."""
        slope, curve, z = FLUX / self.conductivity[side], CURVED[side], z - 1.5
        offset = FLUX / self.conductance if side == 1 and self.conductance else 0.0
        return slope * np.sin(z) + curve * (np.cos(z) - 1) + offset, -slope * np.sin(z) - curve * np.cos(z)

    def along(self, x):
        """Values of s and of its Laplacian over the other coordinates."""
        s = np.exp(x[0] / 2)
        if self.kind == "solid":
            return s * np.cos(x[1]), -0.75 * s * np.cos(x[1])
        return s, s / 4 + (s / (2 * x[0]) if self.kind == "axisymmetric" else 0.0)

    def field(self, x, side):
        """Temperature [K] at positions (space, ...)."""
        return self.along(x)[0] * self.across(x[-1], side)[0]

    def density(self, x, side):
        """Heat per volume [W/m^3], of a plate per area [W/m^2], that keeps the field."""
        (s, bend), (g, curve) = self.along(x), self.across(x[-1], side)
        conducted = -self.conductivity[side] * (bend * g + s * curve)
        if self.kind == "plate":
            return sum(SHEETS) * conducted + EXCHANGE * s * g
        return conducted


def elements_of(problem, mesh):
    """Elements of a mesh in the problem's coordinates."""
    if problem.kind == "axisymmetric":
        return axisymmetric_elements(mesh)
    if problem.kind == "solid":
        return solid_elements(mesh)
    return plane_elements(mesh, DEPTH if problem.kind == "planar" else 1.0)


def solved(problem, mesh):
    """Temperature of every node with the field given on the surface, and the elements that it lives on."""
    mesh, interfaces = separated(mesh, lambda *_: problem.conductance is None)
    elements, plate = elements_of(problem, mesh), problem.kind == "plate"
    forms, theta = {}, {}
    for side, name in enumerate(NAMES):
        for sheet, thickness in enumerate(SHEETS if plate else (1.0,)):
            forms[f"{name}.{sheet}"] = conduction(elements, elements.region(name), thickness)
            theta[f"{name}.{sheet}"] = problem.conductivity[side]
    for line in interfaces:
        forms["G"] = jump(elements, line.first_facets, line.second_facets, sum(SHEETS) if plate else 1.0)
        theta["G"] = problem.conductance
    if plate:
        forms["h"], theta["h"] = exchange_of_cells(elements, elements.everywhere, elements.size), EXCHANGE
    assembly = assembly_of(
        elements, [form.nodes for form in forms.values() if isinstance(form, OnNodes)], numbered(elements.size + plate)
    )
    surface = np.unique(mesh.boundaries["surface"])
    ambient = np.arange(elements.size, assembly.pattern.size)
    system = System(
        K=assembly.terms(forms),
        C={},
        theta=theta,
        sources={},
        sensors={},
        ports={"held": np.append(surface, ambient)},
        one=np.ones(assembly.pattern.size),
    )
    heat, exact = np.zeros(assembly.pattern.size), np.zeros(assembly.pattern.size)
    for side, name in enumerate(NAMES):
        here = elements.region(name)
        positions = np.moveaxis(points_of(elements, here).positions, 1, 0)
        heat[: elements.size] += load(elements, here, problem.density(positions, side))
        nodes = np.unique(mesh.cells[:, here])
        exact[nodes] = problem.field(elements.cells.points[:, nodes], side)
    held = system.hold("held")
    return elements, held.solve(heat, held=exact[held.fixed])[: elements.size]


def error(problem, elements, temperature):
    """L2 norm of what the temperature is off, by quadrature of degree 8."""
    mesh = elements.mesh
    values = shapes(mesh.dimension, mesh.degree, 8)[0]
    corners = mesh.points * LENGTH_UNIT
    sides = corners[:, mesh.cells[1 : mesh.dimension + 1]] - corners[:, mesh.cells[:1]]
    volume = np.linalg.det(sides.transpose(2, 0, 1))
    positions = np.einsum("xkn,kq->xnq", corners[:, mesh.cells], values)
    found = np.einsum("kn,kq->nq", temperature[mesh.cells], values)
    exact = np.where(mesh.region[:, None] == 0, problem.field(positions, 0), problem.field(positions, 1))
    around = positions[0] if problem.kind == "axisymmetric" else 1.0
    return np.sqrt(volume @ ((found - exact) ** 2 * around) @ quadrature_rule(mesh.dimension, 8)[1])


@pytest.fixture(scope="module")
def meshed(conforming):
    """Meshes of a unit square or cube that begins at one, of two regions, by dimension, degree and number of cells."""

    @lru_cache
    def build(dimension, degree, count):
        axes = [1 + np.linspace(0, 1, count + 1)] * dimension
        other = (MeshTri if dimension == 2 else MeshTet).init_tensor(*axes)
        region = (other.p[-1, other.t].mean(axis=0) > 1.5).astype(np.int64)
        return conforming(other, degree, region, NAMES)[0]

    return build


@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("kind", ["planar", "axisymmetric", "solid", "plate"])
@pytest.mark.parametrize(
    ("conductivity", "conductance"),
    [(ALIKE, None), (UNLIKE, None), (UNLIKE, 2.0)],
    ids=["one material", "two materials", "two and a resistance"],
)
def test_errors_fall_at_their_rate(kind, degree, conductivity, conductance, meshed):
    """Halving the elements divides the L2 error by 4 or 8, whatever lies between the regions."""
    problem = Problem(kind, conductivity, conductance)
    dimension = 3 if kind == "solid" else 2
    counts = (4, 8) if kind == "solid" else (8, 16)
    errors = [error(problem, *solved(problem, meshed(dimension, degree, count))) for count in counts]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(degree + 1, abs=0.15)


def test_an_interface_that_is_forgotten_shows(meshed):
    """The error of a body without its resistance does not fall: the norm sees what it should."""
    problem = Problem("planar", UNLIKE, 2.0)
    bonded = Problem("planar", UNLIKE)
    errors = [error(problem, *solved(bonded, meshed(2, 2, count))) for count in (8, 16)]
    assert errors[1] > 0.5 * errors[0] > 0.1


def test_the_regions_meet_on_the_whole_middle(meshed):
    """The interface that the resistance stands on has the area of the cut, in all coordinates."""
    for kind, area in (("planar", DEPTH), ("axisymmetric", np.pi * 3), ("solid", 1.0), ("plate", 1.0)):
        problem = Problem(kind, UNLIKE, 2.0)
        mesh, (line,) = separated(meshed(3 if kind == "solid" else 2, 2, 4), lambda *_: False)
        found = facet_areas(elements_of(problem, mesh), line.first_facets).sum()
        assert found == pytest.approx(area, rel=1e-12)
