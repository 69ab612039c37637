"""Estimates of the error of resistances: against overkill and known solutions, in all kinds of bodies."""

import math
from dataclasses import replace

import numpy as np
import pytest
from skfem import MeshTet, MeshTri

from thermonet.geometry.mesh import Mesh
from thermonet.geometry.refine import linear, quadratic, uniformly_refined
from thermonet.geometry.topology import facets
from thermonet.heat.elements import axisymmetric_elements, load, plane_elements, points_of, solid_elements
from thermonet.heat.equilibrated.conductor import Conductor, Load
from thermonet.heat.goal_error import goal_errors

PAIRS = [(0, 0), (0, 1), (1, 1)]
INNER, OUTER, CONDUCTIVITY = 100e-9, 300e-9, 2.0


def estimates_and_errors(layered_bodies, seed, kind, tolerance, degree=2):
    """Estimates, and true errors by an overkill solution, of two driving-point resistances and their transfer."""
    body = layered_bodies.random_layers(seed, kind)
    exact = layered_bodies.exact(seed, kind, tolerance)
    conductor, loads, fields, works = body.solved(body.mesh if degree == 2 else linear(body.mesh))
    found = goal_errors(conductor, loads, fields, PAIRS)
    values = (works.T @ fields)[tuple(np.array(PAIRS).T)]
    return found, exact - values


def assert_contract(pairs):
    """Driving points: effectivity in [0.5, 5]; transfer: error at most twice its estimate, median ratio in [0.5, 5]."""
    ratios = np.array([found.estimate / np.abs(error) for found, error in pairs])
    assert ratios[:, [0, 2]].min() > 0.5
    assert ratios[:, [0, 2]].max() < 5
    assert (2 * ratios[:, 1] > 1).all()
    assert 0.5 < np.median(ratios[:, 1]) < 5


def test_estimates_of_twenty_planar_bodies(layered_bodies):
    """Thin films, contrasts of 1e2 to 1e4, boundary conductances, re-entrant corners, orthotropic films, ambients."""
    assert_contract([estimates_and_errors(layered_bodies, seed, "planar", 2e-5) for seed in range(20)])


@pytest.mark.slow
def test_estimates_of_twenty_bodies_of_revolution(layered_bodies):
    assert_contract([estimates_and_errors(layered_bodies, seed, "axisymmetric", 2e-5) for seed in range(20)])


def test_estimates_of_some_bodies_of_revolution(layered_bodies):
    assert_contract([estimates_and_errors(layered_bodies, seed, "axisymmetric", 1e-4) for seed in (0, 10, 16)])


@pytest.mark.slow
def test_estimates_of_solid_bodies(layered_bodies):
    """By fluxes of lower order, which makes them larger; still within the contract."""
    assert_contract([estimates_and_errors(layered_bodies, seed, "solid", 1e-2) for seed in (0, 2, 3)])


def test_estimates_of_linear_elements(layered_bodies):
    assert_contract([estimates_and_errors(layered_bodies, seed, "planar", 2e-5, degree=1) for seed in (1, 4, 10, 16)])


@pytest.mark.parametrize("seed", [0, 4, 10])
def test_corrected_value_is_nearer(layered_bodies, seed):
    """The signed correction takes more than half of an error away."""
    found, error = estimates_and_errors(layered_bodies, seed, "planar", 2e-5)
    assert (np.abs(error - found.correction) < 0.5 * np.abs(error)).all()


def test_indicators_are_shares_of_the_estimate(layered_bodies):
    found, _ = estimates_and_errors(layered_bodies, 0, "planar", 2e-5)
    assert (found.indicators >= 0).all()
    assert (found.indicators.sum(axis=1) >= found.estimate * (1 - 1e-12)).all()
    np.testing.assert_allclose(found.indicators[[0, 2]].sum(axis=1), found.estimate[[0, 2]])


# --- curved bodies --------------------------------------------------------------------------------------------------


def sector(cuts):
    """A quarter of a ring with quadratic edges on the circles."""
    line = np.linspace(0, 1, cuts + 1)
    grid = MeshTri.init_tensor(line, line)
    return bent(grid, lambda u, v: (_radius(u) * np.cos(v * np.pi / 2), _radius(u) * np.sin(v * np.pi / 2)))


def shell(cuts):
    """A part of a spherical shell, bounded by a cone: quadratic edges on the spheres."""
    line = np.linspace(0, 1, cuts + 1)
    grid = MeshTet.init_tensor(line, line, line)

    def place(u, v, w):
        x, y = 0.5 * (2 * v - 1), 0.5 * (2 * w - 1)
        ray = np.stack([x, y, np.ones_like(x)]) / np.sqrt(1 + x**2 + y**2)
        return _radius(u) * ray

    return bent(grid, place)


def _radius(u):
    return (INNER + u * (OUTER - INNER)) / 1e-9


def bent(grid, place):
    """A mesh of the unit square or cube carried elsewhere, with boundaries 'inner' and 'outer' at both ends of u."""
    flat = quadratic(Mesh(grid.p, grid.t.astype(np.int64), np.zeros(grid.t.shape[1], dtype=np.int64), ("body",), {}))
    found = facets(flat)
    outer = found.nodes[:, found.cells[1] < 0]
    u = flat.points[0, outer].mean(axis=0)
    points = np.stack(place(*flat.points))
    cells, dimension = flat.cells.copy(), flat.dimension
    spanned = points[:, cells[1 : dimension + 1]] - points[:, cells[:1]]
    turned = np.linalg.det(spanned.transpose(2, 0, 1)) < 0
    swapped = {2: [1, 0, 2, 3, 5, 4], 3: [1, 0, 2, 3, 4, 6, 5, 8, 7, 9]}[dimension]
    cells[:, turned] = cells[swapped][:, turned]
    ends = {"inner": outer[:, u < 1e-9], "outer": outer[:, u > 1 - 1e-9]}
    return Mesh(points, cells, flat.region, flat.names, ends)


def heated_inside(elements):
    """A body held on its outer boundary, with an isothermal inner one that takes up a watt."""
    mesh = elements.mesh
    conductor = Conductor(
        elements=elements,
        conductivity=np.full(mesh.cells.shape[1], CONDUCTIVITY),
        held=mesh.boundaries["outer"],
        isothermal=[mesh.boundaries["inner"]],
    )
    return conductor, [Load(density=np.zeros(conductor.count), isothermal=[1.0])]


#: Solid angle of a square pyramid of half angles arctan 1/2.
_ANGLE = 4 * math.asin(0.25 / 1.25)
CURVED = {
    "ring": (sector, plane_elements, math.log(OUTER / INNER) / (CONDUCTIVITY * math.pi / 2), 2.5),
    "hemisphere": (sector, axisymmetric_elements, (1 / INNER - 1 / OUTER) / (2 * math.pi * CONDUCTIVITY), 2.5),
    "shell": (shell, solid_elements, (1 / INNER - 1 / OUTER) / (_ANGLE * CONDUCTIVITY), 5),
}


@pytest.mark.parametrize("name", CURVED)
@pytest.mark.parametrize("cuts", [2, 4])
def test_estimates_on_curved_cells(layered_bodies, name, cuts):
    """Curved cells are taken as they are; against the closed forms of a ring and of spherical shells."""
    build, elements, exact, largest = CURVED[name]
    conductor, loads = heated_inside(elements(build(cuts)))
    assert conductor.cells.curved.any()
    fields, works = layered_bodies.solution(conductor, loads)
    error = exact - (works.T @ fields)[0, 0]
    assert 1 <= goal_errors(conductor, loads, fields, [(0, 0)]).estimate[0] / error < largest


# --- other goals ----------------------------------------------------------------------------------------------------


def test_heat_at_a_boundary_is_a_goal(layered_bodies):
    """With the field of one kelvin at a held boundary, the heat of a source that leaves there has an estimate."""
    body = replace(layered_bodies.random_layers(0), held=("bottom",), ambient={}, contacts={})
    side = body.mesh.boundaries["side"]
    # The corner that both boundaries would share belongs to the one below.
    side = side[:, body.mesh.points[1, side].min(axis=0) > 1e-6]
    mesh = replace(body.mesh, boundaries={**body.mesh.boundaries, "side": side})
    heats, estimates = [], []
    for _ in range(3):
        free = body.conductor(mesh)
        source = body.loads(free)[0]
        side = free.elements.mesh.boundaries["side"]
        still = Load(density=np.zeros(free.count), isothermal=[1.0])
        warm = layered_bodies.solution(replace(free, isothermal=[side]), [still])[0]
        held = replace(free, held=np.concatenate([free.held, side], axis=1))
        field, works = layered_bodies.solution(held, [source])
        fields = np.column_stack([field, warm / warm[side[0, 0]]])
        heats.append(float(works[:, 0] @ fields[:, 1]))
        estimates.append(goal_errors(held, [source, Load(density=np.zeros(free.count))], fields, [(0, 1)]).estimate[0])
        mesh = uniformly_refined(mesh).mesh
    assert abs(heats[2] - heats[0]) < 2 * estimates[0]
    assert estimates[2] < estimates[1] < estimates[0] < 20 * abs(heats[2] - heats[0])


def test_sources_that_fall_within_cells(layered_bodies):
    """An exponential source, told at the nodes of cells or by its means: the errors of both are those of its field."""
    body = layered_bodies.random_layers(16)
    start, length = body.mesh.points[0].min() * 1e-9, np.ptp(body.mesh.points[0]) * 1e-10

    def profile(x):
        return np.exp(-(x - start) / length)

    def solved(mesh):
        conductor = body.conductor(mesh)
        everywhere = conductor.elements.everywhere
        heat = load(conductor.elements, everywhere, profile(points_of(conductor.elements, everywhere).positions[:, 0]))
        unit = heat.sum()
        fields, works = layered_bodies.solution(conductor, [], heat[:, np.newaxis] / unit)
        at_nodes = profile(conductor.cells.points[0][conductor.cells.nodes]) / unit
        return conductor, at_nodes, fields, float(works[:, 0] @ fields[:, 0])

    fine = body.mesh
    for _ in range(3):
        fine = uniformly_refined(fine).mesh
    conductor, at_nodes, fields, value = solved(body.mesh)
    error = solved(fine)[3] - value
    for density in (at_nodes, at_nodes[3:].mean(axis=0)):
        found = goal_errors(conductor, [Load(density=density)], fields, [(0, 0)])
        assert 0.5 < found.estimate[0] / error < 5
