"""Refinement: what stays (volume, regions, boundaries, conformity), what improves (curves), and what never gets bad."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skfem import MeshTet, MeshTri

from thermonet.geometry.curves import Curves, Flat, Revolution, Round, associated, project
from thermonet.geometry.interfaces import separated
from thermonet.geometry.layered import Layer, SphericalShape, body_mesh
from thermonet.geometry.mesh import LENGTH_UNIT, Mesh
from thermonet.geometry.quality import shapes, smallest_stretch, volumes
from thermonet.geometry.refine import linear, quadratic, refined, snapped, uniformly_refined
from thermonet.geometry.topology import facets, outer, packed, shared
from thermonet.heat.elements import axisymmetric_elements, cell_volumes, plane_elements, solid_elements

SIZE = 100.0
RADIUS = 80.0


def as_mesh(other, regions=("near", "far"), split=None):
    """A mesh of scikit-fem as ours, positively oriented, of two regions that meet at a plane x = `split`."""
    points, cells = other.p.copy(), other.t.astype(np.int64)
    turned = volumes(points, cells) < 0
    cells[:2, turned] = cells[1::-1, turned]
    region = np.zeros(cells.shape[1], dtype=np.int64)
    if split is not None:
        region = (points[0, cells].mean(axis=0) > split).astype(np.int64)
    mesh = Mesh(points, cells, region, regions if split is not None else regions[:1], {})
    found = outer(facets(mesh), region)
    border = found.cells[1] < 0
    boundaries = {"skin": found.nodes[:, border], "middle": found.nodes[:, ~border]}
    return Mesh(points, cells, region, mesh.names, {name: f for name, f in boundaries.items() if f.shape[1]})


def brick(dimension, count=3):
    """A square or a cube of two halves."""
    kind = MeshTri if dimension == 2 else MeshTet
    return as_mesh(kind.init_tensor(*[np.linspace(0, SIZE, 2 * count + 1)] * dimension), split=SIZE / 2)


def ball(dimension, refinements=1):
    """A disc or a ball of straight cells with its exact curve."""
    other = MeshTri.init_circle(refinements) if dimension == 2 else MeshTet.init_ball(refinements)
    mesh = as_mesh(other.scaled(RADIUS))
    return mesh, associated(mesh, [Round(np.zeros(dimension), RADIUS)])


def size_of(mesh):
    """Area or volume in units of the mesh, curved cells included."""
    elements = plane_elements(mesh) if mesh.dimension == 2 else solid_elements(mesh)
    return cell_volumes(elements, elements.everywhere).sum() / LENGTH_UNIT**mesh.dimension


def near(mesh, place, distance):
    """Cells whose middle is near a place."""
    corners = mesh.cells[: mesh.dimension + 1]
    away = np.linalg.norm(mesh.points[:, corners].mean(axis=1) - np.reshape(place, (-1, 1)), axis=0)
    return np.flatnonzero(away < distance)


def approaching(mesh, place, steps, curves=None, reach=SIZE):
    """Refine step by step towards a place."""
    for step in range(steps):
        done = refined(mesh, near(mesh, place, reach / 1.8**step), curves)
        mesh, curves = done.mesh, done.curves
    return mesh, curves


def assert_conforming(mesh):
    """Every facet belongs to one cell on the border, which is the skin, or else to two."""
    found = facets(mesh)
    assert found.count.max() == 2
    border = np.sort(packed(found.nodes[: mesh.dimension, found.cells[1] < 0]))
    skin = shared(found.nodes[: mesh.dimension], mesh.boundaries["skin"][: mesh.dimension])
    assert len(border) == len(skin)
    assert (found.cells[1, skin] < 0).all()


@pytest.mark.parametrize("dimension", [2, 3])
def test_adaptive_steps_keep_size_regions_boundaries_and_conformity(dimension):
    """Some steps towards a point of the interface: nothing is lost, nothing hangs, no facet loses its name."""
    place = [SIZE / 2, *[SIZE / 3] * (dimension - 1)]
    mesh, _ = approaching(brick(dimension, 2), place, 6 if dimension == 2 else 4)
    assert_conforming(mesh)
    volume = volumes(mesh.points, mesh.cells)
    assert volume.min() > 0
    assert [volume[mesh.region == i].sum() for i in range(2)] == pytest.approx([SIZE**dimension / 2] * 2, rel=1e-12)
    np.testing.assert_array_equal(mesh.region == 1, mesh.points[0, mesh.cells].mean(axis=0) > SIZE / 2)
    found = outer(facets(mesh), mesh.region)
    middle = found.nodes[:, found.cells[1] >= 0]
    assert set(packed(middle)) == set(packed(mesh.boundaries["middle"]))
    assert np.abs(mesh.points[0, mesh.boundaries["middle"]] - SIZE / 2).max() == 0


@pytest.mark.parametrize(("dimension", "worst"), [(2, 0.86), (3, 0.75)])
def test_adaptive_steps_keep_shapes(dimension, worst):
    """Right-angled cells stay as good as they are, however often they are halved."""
    mesh, _ = approaching(brick(dimension, 1), [SIZE / 3] * dimension, 9)
    assert shapes(mesh.points, mesh.cells).min() > worst


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_any_marked_cells_give_a_conforming_mesh(seed):
    """Random marks, three times over, on an irregular mesh of tetrahedra."""
    random = np.random.default_rng(seed)
    mesh = brick(3, 1)
    inside = ((mesh.points > 0) & (mesh.points < SIZE)).all(axis=0) & (mesh.points[0] != SIZE / 2)
    mesh = mesh.moved(mesh.points + np.where(inside, random.uniform(-12, 12, mesh.points.shape), 0.0))
    start = shapes(mesh.points, mesh.cells).min()
    for _ in range(3):
        marked = random.random(mesh.cells.shape[1]) < 0.1
        before = mesh.cells.shape[1]
        done = refined(mesh, marked)
        assert done.mesh.cells.shape[1] >= before + 7 * marked.sum()
        np.testing.assert_array_equal(done.mesh.region, mesh.region[done.parents])
        mesh = done.mesh
    assert_conforming(mesh)
    assert volumes(mesh.points, mesh.cells).sum() == pytest.approx(SIZE**3, rel=1e-12)
    assert shapes(mesh.points, mesh.cells).min() > 0.25 * start


@pytest.mark.parametrize(("dimension", "children"), [(2, 4), (3, 8)])
def test_uniform_refinement_nests(dimension, children):
    """Every cell becomes four or eight of equal size, and the old nodes stay where they are."""
    mesh = brick(dimension, 2)
    fine = uniformly_refined(mesh)
    assert_conforming(fine.mesh)
    np.testing.assert_array_equal(np.bincount(fine.parents), children)
    sizes = volumes(mesh.points, mesh.cells)[fine.parents] / children
    np.testing.assert_allclose(volumes(fine.mesh.points, fine.mesh.cells), sizes, rtol=1e-12)
    np.testing.assert_array_equal(fine.mesh.points[:, : mesh.points.shape[1]], mesh.points)
    assert fine.mesh.boundaries["middle"].shape[1] == mesh.boundaries["middle"].shape[1] * 2 ** (dimension - 1)


def test_bey_refinement_keeps_the_shapes_of_tetrahedra():
    """Repeated uniform refinement makes no more than the three shapes of its first step."""
    mesh = brick(3, 1)
    worst = []
    for _ in range(3):
        mesh = uniformly_refined(mesh).mesh
        worst.append(shapes(mesh.points, mesh.cells).min())
    assert worst[1:] == pytest.approx(worst[:1] * 2, rel=1e-9)


@pytest.mark.parametrize(
    ("dimension", "exact", "order"), [(2, math.pi * RADIUS**2, 3.9), (3, 4 / 3 * math.pi * RADIUS**3, 2.9)]
)
def test_curved_cells_converge_to_the_exact_size(dimension, exact, order):
    """Middle nodes on the circle: order four; on the sphere: three at least, where straight cells have two."""
    mesh, curves = ball(dimension, 1 if dimension == 2 else 2)
    mesh = quadratic(mesh, curves)
    errors, straight = [], []
    for _ in range(3 if dimension == 2 else 2):
        errors.append(abs(size_of(mesh) / exact - 1))
        corners = linear(mesh)
        straight.append(abs(volumes(corners.points, corners.cells).sum() / exact - 1))
        done = uniformly_refined(mesh, curves)
        mesh, curves = done.mesh, done.curves
    rates = np.log2(np.array(errors[:-1]) / errors[1:])
    assert rates.min() > order
    assert np.log2(np.array(straight[:-1]) / straight[1:]) == pytest.approx(2, abs=0.15)


@pytest.mark.parametrize("dimension", [2, 3])
def test_new_nodes_lie_on_the_curve_and_no_cell_is_turned(dimension):
    """Five steps towards a point of a disc's or a ball's skin: every node of the skin is on it, chords only inside."""
    mesh, curves = ball(dimension)
    place = RADIUS * np.eye(dimension)[0]
    mesh, curves = approaching(quadratic(mesh, curves), place, 5, curves, RADIUS)
    skin = np.unique(mesh.boundaries["skin"])
    distance = np.linalg.norm(mesh.points[:, skin], axis=0) - RADIUS
    assert np.abs(distance).max() < 1e-12 * RADIUS
    assert curves.facets.shape[1] == mesh.boundaries["skin"].shape[1]
    assert_conforming(mesh)
    assert smallest_stretch(mesh, np.arange(mesh.cells.shape[1])).min() > 0.2
    touching = np.isin(mesh.cells, skin).sum(axis=0) > 0
    chords = mesh.points[:, mesh.cells[[0, 1]]].mean(axis=1)
    np.testing.assert_array_equal(mesh.points[:, mesh.cells[dimension + 1]][:, ~touching], chords[:, ~touching])


def test_quadratic_meshes_without_curves_keep_their_own_geometry():
    """The children's nodes are where the parents' maps put them: the size stays to rounding, marked or not."""
    mesh = body_mesh(SphericalShape(inner_radius=50e-9, half_angle=0.7, layers=(Layer(name="a", thickness=50e-9),)), 4)

    def share(other):
        pair = [axisymmetric_elements(each) for each in (other, mesh)]
        size, whole = (cell_volumes(elements, elements.everywhere).sum() for elements in pair)
        return size / whole

    assert share(uniformly_refined(mesh).mesh) == pytest.approx(1, abs=1e-12)
    assert share(refined(mesh, np.arange(5)).mesh) == pytest.approx(1, abs=1e-12)
    assert share(linear(mesh)) < 1 - 1e-3


@pytest.mark.parametrize(("dimension", "degree"), [(2, 1), (2, 2), (3, 1), (3, 2)])
def test_both_sides_of_an_interface_match_after_five_steps(dimension, degree):
    """Refined first and separated afterwards, an interface has the same nodes on both sides, none of them shared."""
    mesh = brick(dimension, 1)
    mesh = mesh if degree == 1 else quadratic(mesh)
    mesh, _ = approaching(mesh, [SIZE / 2, *[SIZE / 3] * (dimension - 1)], 5)
    apart, (interface,) = separated(mesh, lambda *_: False)
    sides = interface.first_facets, interface.second_facets
    assert sides[0].shape[1] == mesh.boundaries["middle"].shape[1] > 20
    np.testing.assert_array_equal(apart.points[:, sides[0]], apart.points[:, sides[1]])
    assert not np.intersect1d(*sides).size


def test_degrees_there_and_back():
    """A linear mesh is what is left of its quadratic one; middle nodes of facets are those of the cells."""
    mesh = brick(3, 1)
    back = linear(quadratic(mesh))
    np.testing.assert_array_equal(back.points, mesh.points)
    np.testing.assert_array_equal(back.cells, mesh.cells)
    curved = quadratic(mesh)
    corners = curved.points[:, curved.boundaries["skin"][:2]].mean(axis=1)
    np.testing.assert_array_equal(curved.points[:, curved.boundaries["skin"][3]], corners)


def test_a_film_on_a_small_sphere_is_not_pinched():
    """Where a node's way onto its curve would flatten a cell, it stays on the chord."""
    angle = np.array([0.0, 0.7])
    inner, outer_radius = 100.0, 100.5
    points = np.concatenate([r * np.stack([np.cos(angle), np.sin(angle)]) for r in (inner, outer_radius)], axis=1)
    mesh = Mesh(points, np.array([[0, 2, 3], [0, 3, 1]]).T, np.zeros(2, dtype=np.int64), ("film",), {})
    curves = Curves((Round(np.zeros(2), inner),), np.array([[0], [1]]), np.zeros(1, dtype=np.int64))
    assert np.linalg.norm(points[:, [0, 1]].mean(axis=1)) < inner - 5
    curved = quadratic(mesh, curves)
    assert smallest_stretch(curved, np.arange(2)).min() > 0.2
    done = refined(mesh, np.array([1]), curves)
    assert shapes(done.mesh.points, done.mesh.cells).min() > 0
    assert volumes(done.mesh.points, done.mesh.cells).min() > 0


def test_a_node_that_stayed_on_its_chord_moves_when_there_is_room():
    """Snapping starts again from all nodes of a curve, not only the newest."""
    mesh, curves = ball(2)
    skin = np.unique(mesh.boundaries["skin"])
    points = mesh.points.copy()
    points[:, skin[3]] *= 0.95
    back = snapped(mesh.moved(points), curves)
    np.testing.assert_allclose(back.points, mesh.points, atol=1e-12 * RADIUS)


def test_nodes_where_surfaces_meet_lie_on_all_of_them():
    """A cylinder cut obliquely: the projection is on the cylinder and in the plane, exact to rounding."""
    axis = np.array([0.0, 0.0, 1.0])
    cylinder = Revolution(np.zeros(3), axis, Flat(np.array([10.0, 0.0]), np.array([1.0, 0.0])))
    plane = Flat(np.array([0.0, 0.0, 3.0]), np.array([0.6, 0.0, 0.8]))
    start = np.array([[9.0, 2.0], [4.0, -9.5], [-3.0, 2.0]])
    end = project(start, [cylinder, plane])
    assert np.abs(cylinder.distance(end)).max() < 1e-13
    assert np.abs(plane.distance(end)).max() < 1e-13


@pytest.mark.parametrize(
    "surface",
    [
        Flat(np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.6, 0.8])),
        Round(np.array([1.0, 2.0, 3.0]), 5.0),
        Revolution(np.ones(3), np.array([0.6, 0.0, 0.8]), Flat(np.array([14.0, 0.0]), np.array([0.8, 0.6]))),
        Revolution(np.ones(3), np.array([0.6, 0.0, 0.8]), Round(np.array([7.0, 1.0]), 2.0)),
    ],
    ids=["plane", "sphere", "cone", "torus"],
)
def test_normals_are_gradients_and_projections_end_on_the_surface(surface):
    """Distances to plane, sphere, cone and torus, their gradients by differences, placed and scaled ones too."""
    points = np.random.default_rng(5).uniform(-9, 9, (3, 50))
    step = 1e-6
    slopes = [
        surface.distance(points + step * e[:, None]) - surface.distance(points - step * e[:, None]) for e in np.eye(3)
    ]
    np.testing.assert_allclose(surface.normal(points), np.stack(slopes) / (2 * step), atol=1e-7)
    on_it = project(points, [surface])
    assert np.abs(surface.distance(on_it)).max() < 1e-12
    np.testing.assert_allclose(np.linalg.norm(on_it - points, axis=0), np.abs(surface.distance(points)), rtol=1e-9)
    turn, _ = np.linalg.qr(np.random.default_rng(6).normal(size=(3, 3)))
    shift = np.array([3.0, -2.0, 1.0])
    moved = surface.placed(turn, shift).scaled(7.0)
    there = 7.0 * (turn @ points + shift[:, None])
    np.testing.assert_allclose(moved.distance(there), 7.0 * surface.distance(points), atol=1e-11)
