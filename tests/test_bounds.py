"""Guaranteed bounds: equilibrated fluxes, intervals that hold the exact resistance of the body as meshed, refusals."""

from dataclasses import replace

import numpy as np
import pytest
from skfem import MeshTet, MeshTri

from thermonet.geometry.refine import linear, uniformly_refined
from thermonet.geometry.topology import facets
from thermonet.heat.bounds import averaged, resistance_bounds
from thermonet.heat.elements import axisymmetric_elements, facet_areas, plane_elements, solid_elements
from thermonet.heat.equilibrated.closing import closed, left_over
from thermonet.heat.equilibrated.conductor import Conductor, Load
from thermonet.heat.equilibrated.flux import equilibrated_flux
from thermonet.heat.equilibrated.mismatch import mismatch
from thermonet.heat.equilibrated.raviart_thomas import cell_reference
from thermonet.quantities.errors import PhysicsError

#: Both driving points and the transfer between them, as `layered_bodies.exact` has them.
PAIRS = [(0, 0), (0, 1), (1, 1)]
GOALS = tuple(np.array(PAIRS).T)


def holds(bounds, exact):
    return bool(((bounds.lower[GOALS] <= exact) & (exact <= bounds.upper[GOALS])).all())


def boundary(mesh, axis, value):
    """Facets on the outside of a mesh where a coordinate has a value."""
    found = facets(mesh)
    outer = found.nodes[:, found.cells[1] < 0]
    middle = mesh.points[axis, outer[: mesh.dimension]].mean(axis=0)
    return outer[:, np.abs(middle - value) < 1e-6]


@pytest.fixture(scope="session")
def bar(conforming):
    """A bar (in the plane or in space) of conductivity 2, held at x = 0, heated at its end x = 1 um."""

    def build(dimension, degree, cuts=3):
        line = np.linspace(0, 1e-6, cuts)
        grid = (MeshTri if dimension == 2 else MeshTet).init_tensor(*[line] * dimension)
        mesh, _ = conforming(grid, degree)
        elements = (plane_elements if dimension == 2 else solid_elements)(mesh)
        start, end = boundary(mesh, 0, 0.0), boundary(mesh, 0, 1000.0)
        conductor = Conductor(elements=elements, conductivity=np.full(mesh.cells.shape[1], 2.0), held=start)
        area = facet_areas(elements, end).sum()
        return conductor, Load(density=np.zeros(conductor.count), facets=[(end, 1 / area)]), area

    return build


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_raviart_thomas_functions(dimension, order):
    """Their number, their uniform members, and fluxes that are free or lifted around a corner."""
    reference = cell_reference(dimension, 2, order)
    count = {2: (order + 1) * (order + 3), 3: (order + 1) * (order + 2) * (order + 4) // 2}[dimension]
    assert reference.functions.shape[0] == count
    through = np.einsum("f,cfn,nd->cd", reference.facet.uniform, reference.through, reference.uniform)
    np.testing.assert_allclose(through, np.eye(dimension + 1), atol=1e-12)
    for corner in range(dimension + 1):
        for flux in (reference.free[corner], reference.lift[corner]):
            assert np.abs(reference.through[corner] @ flux).max() < 1e-11
        assert np.abs(reference.divergence @ reference.free[corner]).max() < 1e-11
        moments = reference.divergence @ reference.lift[corner]
        np.testing.assert_allclose(moments, np.eye(len(moments)), atol=1e-11)


@pytest.mark.parametrize(("dimension", "degree"), [(2, 1), (2, 2), (3, 1), (3, 2)])
@pytest.mark.parametrize("order", [1, 2])
def test_bounds_are_exact_where_the_temperature_is(bar, dimension, degree, order):
    """A bar of uniform flux: the mean over the heated end per watt is length / (k area)."""
    conductor, end, area = bar(dimension, degree)
    field = conductor.cells.points[0] / (2.0 * area)
    found = resistance_bounds(conductor, [end], field[:, np.newaxis], order)
    exact = 1e-6 / (2.0 * area)
    assert found.lower[0, 0] <= exact <= found.upper[0, 0]
    assert found.upper[0, 0] - found.lower[0, 0] < 1e-9 * exact


@pytest.mark.parametrize(
    ("kind", "degree", "order"), [("planar", 2, 2), ("planar", 1, 1), ("axisymmetric", 2, 2), ("solid", 2, 1)]
)
def test_flux_is_in_balance_in_every_cell(layered_bodies, kind, degree, order):
    """Divergence is the source, normal components match, nothing passes adiabatic boundaries: for exact solutions."""
    body = layered_bodies.random_layers(4, kind)
    mesh = body.mesh if degree == 2 else linear(body.mesh)
    conductor, loads, fields, _ = body.solved(mesh)
    flux = equilibrated_flux(conductor, loads, fields, order)
    assert np.abs(left_over(flux, fields)).max() < 1e-9
    inner = np.flatnonzero(flux.faces.cells[1] >= 0)
    there, opposite = flux.faces.cells[1, inner], flux.faces.corners[1, inner]
    other = flux.reference.through[opposite] @ flux.coefficients[there]
    assert np.abs(flux.through(inner) + other).max() < 1e-9
    open_sides = np.concatenate([side for surface in flux.surfaces for side in surface.sides] + [np.zeros(0, int)])
    outer = np.setdiff1d(np.flatnonzero((flux.faces.cells[1] < 0) & (flux.faces.kind == 0)), open_sides)
    assert len(outer)
    assert np.abs(flux.through(outer)).max() < 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_bounds_hold_the_exact_resistances_of_layered_bodies(layered_bodies, seed):
    """Driving-point and transfer resistances of 20 random bodies, by linear and quadratic elements.

    The interval is wider than the error by a factor (effectivity index) of 1 to 3 for quadratic elements.
    """
    body = layered_bodies.random_layers(seed)
    exact = layered_bodies.exact(seed, "planar", 2e-5)
    for mesh in (body.mesh, linear(body.mesh)):
        conductor, loads, fields, works = body.solved(mesh)
        found = resistance_bounds(conductor, loads, fields)
        assert holds(found, exact)
        below = (works.T @ fields)[GOALS]
        np.testing.assert_allclose(found.lower[[0, 1], [0, 1]], below[[0, 2]], rtol=1e-8)
        index = found.mismatch.diagonal() / (exact - below)[[0, 2]]
        assert (index > 1).all()
        assert (index < (3 if mesh.degree == 2 else 6)).all()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 2, 3])
def test_bounds_hold_the_exact_resistances_of_solid_bodies(layered_bodies, seed):
    body = layered_bodies.random_layers(seed, "solid")
    exact = layered_bodies.exact(seed, "solid", 1e-2)
    conductor, loads, fields, _ = body.solved(body.mesh)
    assert holds(resistance_bounds(conductor, loads, fields), exact)


def test_bounds_hold_for_temperatures_that_solve_nothing(layered_bodies):
    """An inexact solver widens the interval, which still holds; what is left over goes along a tree of cells."""
    body = layered_bodies.random_layers(5)
    exact = layered_bodies.exact(5, "planar", 2e-5)
    conductor, loads, fields, _ = body.solved(body.mesh)
    rng, free = np.random.default_rng(0), np.setdiff1d(np.arange(len(fields)), np.unique(conductor.held))
    widths = []
    for noise in (0.0, 1e-4, 1e-2):
        rough = fields.copy()
        rough[free] += noise * np.abs(fields).max(axis=0) * rng.standard_normal((len(free), 2))
        found = resistance_bounds(conductor, loads, rough)
        assert holds(found, exact)
        assert np.abs(left_over(closed(equilibrated_flux(conductor, loads, rough), rough), rough)).max() < 1e-10
        widths.append((found.upper - found.lower)[0, 1])
    assert widths == sorted(widths)


def plate_with_faces(body, mesh):
    """A sheet that loses heat through its faces, in one column of layers only."""
    conductor = body.conductor(mesh)
    column = np.array([name.endswith(".2") for name in conductor.elements.mesh.names])[conductor.elements.mesh.region]
    return replace(conductor, exchange=np.where(column, conductor.conductivity[:, 0] * 1e13, 0.0)), body.loads(
        conductor
    )


def cooled_by_faces_alone(body, mesh):
    """A sheet with no edge held: heat leaves by its faces."""
    conductor = body.conductor(mesh)
    cooling = np.full(conductor.count, conductor.conductivity.mean() * 1e11)
    return replace(conductor, held=conductor.held[:, :0], exchange=cooling), body.loads(conductor)


def isothermal_top(body, mesh):
    """Heat enters through an isothermal boundary."""
    conductor = body.conductor(mesh)
    top = boundary(conductor.elements.mesh, 1, mesh.points[1].max())
    heated = Load(density=np.zeros(conductor.count), isothermal=[1.0])
    return replace(conductor, isothermal=[top]), [heated, body.loads(conductor)[1]]


def heated_top(body, mesh):
    """Heat enters through a boundary that exchanges some with surroundings too."""
    conductor = body.conductor(mesh)
    top = boundary(conductor.elements.mesh, 1, mesh.points[1].max())
    area = facet_areas(conductor.elements, top).sum()
    heated = Load(density=np.zeros(conductor.count), facets=[(top, 1 / area)])
    return replace(conductor, ambient=[*conductor.ambient, (top, 1e5)]), [heated, body.loads(conductor)[1]]


@pytest.mark.parametrize("variant", [plate_with_faces, cooled_by_faces_alone, isothermal_top, heated_top])
@pytest.mark.parametrize("seed", [0, 3])
def test_bounds_on_finer_meshes_stay_within(layered_bodies, variant, seed):
    """Every mesh of the same body gives an interval for the same number: all of them meet, and they shrink."""
    body = layered_bodies.random_layers(seed)
    mesh, found = body.mesh, []
    for _ in range(3):
        conductor, loads = variant(body, mesh)
        fields, _ = layered_bodies.solution(conductor, loads)
        found += [resistance_bounds(conductor, loads, fields, order) for order in (1, 2)]
        mesh = uniformly_refined(mesh).mesh
    lower, upper = np.max([one.lower for one in found], axis=0), np.min([one.upper for one in found], axis=0)
    assert (lower <= upper).all()
    widths = [(one.upper - one.lower)[0, 0] for one in found]
    assert widths[5] < widths[3] < widths[1]
    assert widths[5] < widths[4]


def test_mean_density_is_bounded_for_its_own_problem(layered_bodies):
    """A density that varies within cells is refused, and bounded once it is averaged: the same heat in every cell."""
    body = layered_bodies.random_layers(1)
    conductor = body.conductor(body.mesh)
    sloped = Load(density=1 + conductor.cells.points[0][conductor.cells.nodes])
    with pytest.raises(PhysicsError, match="average them first"):
        resistance_bounds(conductor, [sloped], np.zeros((conductor.elements.size, 1)))
    mean = averaged(conductor, sloped)
    middle = conductor.cells.points[0][conductor.cells.nodes[:3]].mean(axis=0)
    np.testing.assert_allclose(mean.density, 1 + middle)
    fields, works = layered_bodies.solution(conductor, [mean])
    found = resistance_bounds(conductor, [mean], fields)
    assert found.lower[0, 0] <= works[:, 0] @ fields[:, 0] * (1 + 1e-9)


def test_refusals_say_why(layered_bodies):
    body = layered_bodies.random_layers(0)
    conductor, loads, fields, _ = body.solved(body.mesh)
    axial = replace(conductor, elements=axisymmetric_elements(conductor.elements.mesh))
    with pytest.raises(PhysicsError, match="axisymmetric ones have an estimate"):
        resistance_bounds(axial, loads, fields)
    mesh = conductor.elements.mesh
    points = mesh.points.copy()
    points[1, mesh.cells[3, 0]] += 1.0
    bent = replace(conductor, elements=plane_elements(mesh.moved(points)))
    with pytest.raises(PhysicsError, match="straighten the mesh"):
        resistance_bounds(bent, loads, fields)
    resistance_bounds(replace(bent, elements=plane_elements(bent.elements.mesh.straightened())), loads, fields)
    floating = replace(conductor, held=conductor.held[:, :0], ambient=[])
    with pytest.raises(PhysicsError, match="no path for heat"):
        resistance_bounds(floating, loads, fields)
    with pytest.raises(PhysicsError, match="zero on held boundaries"):
        resistance_bounds(conductor, loads, fields + 1.0)
    touching = boundary(mesh, 0, 0.0)
    with pytest.raises(PhysicsError, match="without limit"):
        resistance_bounds(replace(conductor, isothermal=[touching]), loads, np.zeros_like(fields))


def test_mismatch_is_the_difference_of_energies(layered_bodies):
    """Prager and Synge: with an equilibrated flux, products of mismatches are energies of fluxes less resistances."""
    body = layered_bodies.random_layers(3)
    conductor, loads, fields, works = body.solved(body.mesh)
    flux = equilibrated_flux(conductor, loads, fields)
    alone = mismatch(flux, np.zeros_like(fields), PAIRS).sum(axis=0)
    both = mismatch(flux, fields, PAIRS).sum(axis=0)
    np.testing.assert_allclose(both, alone - (works.T @ fields)[GOALS], rtol=1e-7)
