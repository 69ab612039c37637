"""Drawn bodies: sizes against closed forms, names that survive, the same mesh in nanometres and metres, refusals."""

import math
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("netgen.occ", reason="netgen has no wheel here")

from thermonet.geometry.cad import occ
from thermonet.geometry.cad.check import checked
from thermonet.geometry.cad.faces import faces
from thermonet.geometry.cad.inside import bounds, inside, space
from thermonet.geometry.cad.mesh import drawn_mesh, meshed
from thermonet.geometry.cad.scale import scaled
from thermonet.geometry.cad.shapes import (
    Arc,
    ArcThrough,
    Box,
    Circle,
    Cone,
    Cylinder,
    Difference,
    Drawing,
    Extruded,
    Intersection,
    Line,
    LocalSize,
    Moved,
    Named,
    Outline,
    Polygon,
    Rectangle,
    Revolved,
    Sphere,
    Turned,
    Union,
)
from thermonet.geometry.cad.sizes import element_sizes
from thermonet.geometry.cad.thickness import thickness
from thermonet.geometry.conformity import open_borders
from thermonet.geometry.mesh import LENGTH_UNIT
from thermonet.geometry.quality import shapes, smallest_stretch
from thermonet.geometry.refine import linear, refined
from thermonet.geometry.topology import facets
from thermonet.heat.elements import axisymmetric_elements, cell_volumes, facet_areas, plane_elements, solid_elements
from thermonet.quantities.errors import PhysicsError

UNIT_SQUARE = Rectangle((0, 0), (1, 1))
UNIT_BOX = Box((0, 0, 0), (1, 1, 1))
PLATE = Difference(Rectangle((0, 0), (2, 1)), (Circle((0.5, 0.5), 0.2), Circle((1.5, 0.5), 0.2)))
#: Shapes and their exact areas or volumes.
EXACT = {
    "polygon, clockwise": (Polygon(((0, 0), (0, 2), (1, 0))), 1),
    "disc": (Circle((3, 4), 2), 4 * math.pi),
    "half disc": (Outline((0, -1), (Arc((0, 1), 1),)), math.pi / 2),
    "large arc": (
        Outline((0, 0), (Arc((1, 0), 1, turn="right", large=True),)),
        math.pi * 5 / 6 + math.sqrt(3) / 4,
    ),
    "arc through": (Outline((1, 0), (ArcThrough((0, 1), (-1, 0)), Line((0, -1)))), math.pi / 2 + 1),
    "rounded corner": (
        Outline((0, 0), (Line((1, 0)), Line((1, 0.8)), Arc((0.8, 1), 0.2), Line((0, 1)))),
        1 - 0.04 * (1 - math.pi / 4),
    ),
    "plate with holes": (PLATE, 2 - 2 * math.pi * 0.04),
    "stadium": (Union((Rectangle((0, 0), (2, 1)), Circle((0, 0.5), 0.5), Circle((2, 0.5), 0.5))), 2 + math.pi / 4),
    "lens": (Intersection((Circle((0, 0), 1), Circle((1, 0), 1))), 2 * math.pi / 3 - math.sqrt(3) / 2),
    "turned": (Moved(Turned(PLATE, 0.7, (1, 1)), (5, -3)), 2 - 2 * math.pi * 0.04),
    "box": (Box((1, 2, 3), (0, 0, 0)), 6),
    "cylinder": (Cylinder((1, 2, 3), (1, 1, 0.5), 0.5, 2), math.pi / 2),
    "cone with a tip": (Cone((0, 0, 0), (0, 0, -1), 1, 0, 2), math.pi * 2 / 3),
    "ball": (Sphere((1, 1, 1), 1), 4 / 3 * math.pi),
    "torus, part of a turn": (Revolved(Circle((1, 0), 0.5), (1, 1, 1), 1.0), math.pi / 4),
    "prism": (Extruded(Difference(UNIT_SQUARE, (Circle((0, 0), 0.5),)), 0.3), 0.3 * (1 - math.pi / 16)),
    "tilted box": (Turned(UNIT_BOX, math.pi, (1, 0, 0), (1, 2, 3)), 1),
    "octant": (Intersection((Sphere((0, 0, 0), 1), UNIT_BOX)), math.pi / 6),
}


def drawing(*, kind=None, **regions):
    """A drawing of regions by name, planar or solid as the first shape is."""
    space_of_first = space(next(iter(regions.values())))
    return Drawing(kind or ("planar" if space_of_first == 2 else "solid"), regions)


def elements_of(mesh, kind):
    if kind == "axisymmetric":
        return axisymmetric_elements(mesh)
    return plane_elements(mesh) if mesh.dimension == 2 else solid_elements(mesh)


def sizes_of(mesh, kind="planar"):
    """Area or volume of every region in SI."""
    elements = elements_of(mesh, kind)
    return {name: float(cell_volumes(elements, elements.region(name)).sum()) for name in mesh.names}


def extent_of(mesh, name, kind="planar"):
    """Length or area of a boundary in SI."""
    return float(facet_areas(elements_of(mesh, kind), mesh.boundaries[name]).sum())


@pytest.mark.parametrize("case", EXACT)
def test_shapes_have_their_closed_form_sizes(case):
    """By OpenCascade to rounding, by our own formula for what is inside to its sampling, by the mesh to P2."""
    shape, exact = EXACT[case]
    found = checked(drawing(body=shape))
    assert found.measures["body"] == pytest.approx(exact, rel=1e-9)
    low, high = bounds(shape)
    points = low[:, None] + (high - low)[:, None] * np.random.default_rng(2).random((len(low), 40_000))
    assert inside(shape, points).mean() * np.prod(high - low) == pytest.approx(exact, rel=0.05)
    mesh = meshed(found).mesh
    assert sizes_of(mesh)["body"] == pytest.approx(exact, rel=1e-3)
    assert {f"body.{name}" for name in found.faces["body"]} == set(mesh.boundaries)
    assert smallest_stretch(mesh, np.arange(mesh.cells.shape[1])).min() > 0.2
    assert facets(mesh).count.max() == 2


def test_curved_meshes_converge_with_the_elements_own_order():
    """A disc in a square: the error of the area falls as h^4 with middle nodes on the circle, as h^2 without."""
    errors = {1: [], 2: []}
    for scale in (1.0, 0.5):
        body = Drawing("planar", {"disc": Circle((0, 0), 1)}, element_scale=scale)
        for degree, found in errors.items():
            found.append(abs(sizes_of(drawn_mesh(body, degree).mesh)["disc"] / math.pi - 1))
    assert math.log2(errors[1][0] / errors[1][1]) == pytest.approx(2, abs=0.3)
    assert math.log2(errors[2][0] / errors[2][1]) == pytest.approx(4, abs=0.6)


def test_faces_keep_their_names_through_boolean_operations():
    """A tool leaves its face's name; a name that nobody gave and another part has gets a number."""
    named = Difference(Rectangle((0, 0), (2, 1)), (Named(Circle((0.5, 0.5), 0.2), "inlet"), Circle((1.5, 0.5), 0.3)))
    mesh = drawn_mesh(drawing(plate=named)).mesh
    assert extent_of(mesh, "plate.inlet.rim") == pytest.approx(0.4 * math.pi, rel=5e-4)
    assert extent_of(mesh, "plate.rim") == pytest.approx(0.6 * math.pi, rel=5e-4)
    assert extent_of(mesh, "plate.left") == pytest.approx(1, rel=1e-12)
    assert checked(drawing(plate=PLATE)).faces["plate"] == ("bottom", "right", "top", "left", "rim", "rim_2")


def test_a_face_ends_where_the_next_begins_even_on_one_line():
    """Two shapes joined along a straight boundary: a node marks where one name ends and the other begins."""
    tongue = Polygon(((1, 0), (2.3, 0), (2.3, 0.5), (1, 0.5)), ("base", "tip", "roof", "seam"))
    mesh = drawn_mesh(drawing(body=Union((UNIT_SQUARE, tongue)))).mesh
    assert extent_of(mesh, "body.base") == pytest.approx(1.3, rel=1e-12)
    assert extent_of(mesh, "body.bottom") == pytest.approx(1, rel=1e-12)
    assert extent_of(mesh, "body.right") == pytest.approx(0.5, rel=1e-12)
    assert "body.seam" not in mesh.boundaries


def test_a_shared_face_is_known_by_both_regions():
    """A plug in its hole: the same facets under two names, and their areas are those of the cylinder."""
    hole = Cylinder((0.5, 0.5, 0), (0, 0, 1), 0.2, 0.2)
    slab = Box((0, 0, 0), (1, 1, 0.2))
    body = drawing(block=Difference(slab, (hole,)), plug=Cylinder((0.5, 0.5, 0), (0, 0, 1), 0.2, 0.3))
    mesh = drawn_mesh(body).mesh
    assert extent_of(mesh, "block.side") == pytest.approx(0.08 * math.pi, rel=1e-3)
    assert extent_of(mesh, "plug.side") == pytest.approx(0.12 * math.pi, rel=1e-3)
    shared = set(map(frozenset, mesh.boundaries["block.side"].T)) & set(map(frozenset, mesh.boundaries["plug.side"].T))
    assert len(shared) == mesh.boundaries["block.side"].shape[1]
    assert extent_of(mesh, "plug.bottom") == pytest.approx(0.04 * math.pi, rel=1e-3)


def test_faces_of_swept_shapes_are_named_like_their_profiles_edges():
    """Revolved and extruded profiles, with ends of their own."""
    outline = Outline((1, 0), (Line((2, 0), "floor"), Arc((1, 1), 1, name="dome"), Line((1, 0), "bore")))
    found = checked(drawing(ring=Revolved(outline, angle=math.pi), prism=Moved(Extruded(outline, 2), (9, 9, 9))))
    assert found.faces["ring"] == ("floor", "dome", "bore", "start", "end")
    assert found.faces["prism"] == ("floor", "dome", "bore", "z_min", "z_max")
    assert checked(drawing(box=UNIT_BOX)).faces["box"] == ("y_min", "x_max", "y_max", "x_min", "z_min", "z_max")
    assert checked(drawing(rod=EXACT["cylinder"][0])).faces["rod"] == ("bottom", "side", "top")


def test_the_axis_of_revolution_is_no_face():
    """At r = 0 there is no surface: these facets are the boundary 'axis' alone; volumes are those of the solids."""
    core, shell = Circle((0, 0), 1e-6), Circle((0, 0), 1.2e-6)
    beyond = Rectangle((-2e-6, -2e-6), (0, 2e-6))
    regions = {"core": Difference(core, (beyond,)), "film": Difference(shell, (beyond, core))}
    found = checked(Drawing("axisymmetric", regions))
    assert found.faces == {"core": ("rim",), "film": ("rim", "rim_2")}
    mesh = meshed(found).mesh
    assert set(mesh.boundaries) == {"core.rim", "film.rim", "film.rim_2", "axis"}
    assert np.all(mesh.points[0, mesh.boundaries["axis"]] == 0)
    assert mesh.points[0].min() == 0
    volume = sizes_of(mesh, "axisymmetric")
    assert volume["core"] / 1e-18 == pytest.approx(4 / 3 * math.pi, rel=1e-4)
    assert volume["film"] / 1e-18 == pytest.approx(4 / 3 * math.pi * (1.2**3 - 1), rel=1e-4)


@pytest.mark.parametrize(
    "regions",
    [
        {"plate": PLATE, "film": Rectangle((0, 1), (2, 1.007)), "plug": Circle((0.5, 0.5), 0.2)},
        {"block": UNIT_BOX, "rod": Cylinder((0.5, 0.5, 1), (0, 0, 1), 0.5, 0.5)},
    ],
    ids=["plane", "space"],
)
def test_nanometres_and_metres_give_the_same_mesh(regions):
    """The mesher's absolute tolerances see the same numbers, so not a cell differs."""
    body = replace(drawing(**regions), element_scale=2)
    meshes = {factor: drawn_mesh(scaled(body, factor)).mesh for factor in (1.0, 1e-9)}
    for factor, mesh in meshes.items():
        np.testing.assert_array_equal(mesh.cells, meshes[1.0].cells)
        np.testing.assert_allclose(mesh.points / factor, meshes[1.0].points, atol=1e-12 / LENGTH_UNIT)
        assert {k: v.tolist() for k, v in mesh.boundaries.items()} == {
            k: v.tolist() for k, v in meshes[1.0].boundaries.items()
        }


def test_a_thin_film_gets_elements_of_its_own_size_and_the_rest_does_not():
    """70 nm on a substrate of 10 um: one element across the film, wider than thick, larger ones in the substrate."""
    film = Rectangle((0, 0), (10e-6, 70e-9))
    body = Drawing("planar", {"film": film, "substrate": Rectangle((0, -10e-6), (10e-6, 0))})
    mesh = drawn_mesh(body, 1).mesh
    size = np.sqrt(
        np.abs(np.linalg.det(np.moveaxis(mesh.points[:, mesh.cells[1:]] - mesh.points[:, mesh.cells[:1]], 2, 0)))
    )
    in_film = mesh.region == 0
    assert 35 < mesh.boundaries["film.top"].shape[1] < 70
    assert in_film.sum() == mesh.boundaries["film.top"].shape[1] + mesh.boundaries["film.bottom"].shape[1]
    assert size[~in_film].max() > 500
    assert mesh.cells.shape[1] < 1000
    assert shapes(mesh.points, mesh.cells).min() > 0.2


SHELL = Difference(Sphere((0, 0, 0), 1), (Sphere((0, 0, 0), 0.9),))
PIPE = Revolved(Difference(Circle((3, 0), 1), (Circle((3, 0), 0.75),)))


@pytest.mark.parametrize(
    ("shape", "place", "inward", "way"),
    [
        (UNIT_BOX, (0.5, 0.5, 0), (0, 0, 1), 1),
        (SHELL, (0, 1, 0), (0, -1, 0), 0.1),
        (SHELL, (0, 0, 0.9), (0, 0, 1), 0.1),
        (PIPE, (0, 4, 0), (0, -1, 0), 0.25),
        (PIPE, (3, 0, 1), (0, 0, -1), 0.25),
        (Cone((0, 0, 0), (0, 0, 1), 1, 0.5, 2), (0.2, 0.1, 0), (0, 0, 1), 2),
        (Cone((0, 0, 0), (0, 0, 1), 1, 0.5, 2), (0.8, 0, 0), (0, 0, 1), math.inf),
        (Union((Rectangle((0, 0), (1, 1)), Rectangle((1, 0), (3, 1)))), (0, 0.3), (1, 0), 3),
        (Difference(Rectangle((0, 0), (4, 1)), (Circle((2, 0.5), 0.25),)), (0, 0.5), (1, 0), 1.75),
    ],
)
def test_the_way_through_a_shape_ends_where_the_shape_does(shape, place, inward, way):
    """In closed form; where it ends at a face that is not parallel there is no thickness."""
    found = thickness(shape, faces(shape), np.array([place]).T, np.array([inward], dtype=float).T, 1.0)
    assert found == pytest.approx([way], rel=1e-9)


def test_a_curved_film_gets_chords_that_stay_within_it():
    """By its thickness alone or its radius alone they would reach further: an eighth of the film is allowed."""
    film = Difference(Circle((0, 0), 1.1), (Circle((0, 0), 1),))
    asked = element_sizes(replace(drawing(film=film), element_size=1.0)).sizes
    assert asked.min() ** 2 / (8 * 1.0) == pytest.approx(0.1 / 8)


def test_stated_sizes_are_kept():
    """Of a region, of a face, near a place, and all of them by a factor."""

    def near(mesh, place, reach=0.05):
        middle = mesh.points[:, mesh.cells].mean(axis=1) * LENGTH_UNIT
        close = np.linalg.norm(middle - np.reshape(place, (2, 1)), axis=0) < reach
        ends = mesh.points[:, mesh.cells[:, close]] * LENGTH_UNIT
        return max(np.linalg.norm(ends[:, i] - ends[:, j], axis=0).max() for i, j in ((0, 1), (1, 2), (0, 2)))

    regions = {"left": UNIT_SQUARE, "right": Rectangle((1, 0), (2, 1))}
    fine = Drawing("planar", regions, 0.3, {"left": 0.1, "right.right": 0.02}, (LocalSize((1.5, 0.5), 0.01),))
    mesh = drawn_mesh(fine, 1).mesh
    assert near(mesh, (0.5, 0.5)) < 0.15
    assert near(mesh, (2, 0.5), 0.02) < 0.04
    assert near(mesh, (1.5, 0.5), 0.01) < 0.025
    twice = Drawing("planar", regions, 0.3, fine.sizes, fine.near, element_scale=2)
    assert 2 < mesh.cells.shape[1] / drawn_mesh(twice, 1).mesh.cells.shape[1] < 5


def test_the_expected_number_of_elements_is_about_right():
    """It only has to keep absurd requests away: within a factor of two for common bodies."""
    bodies = [
        drawing(plate=PLATE),
        drawing(film=Rectangle((0, 0), (1, 0.01)), base=Rectangle((0, -1), (1, 0))),
        Drawing("solid", {"a": UNIT_BOX}, sizes={"a.x_min": 0.1}, element_scale=1.5),
    ]
    for body in bodies:
        found = checked(body)
        assert 0.5 < found.elements / meshed(found, 1).mesh.cells.shape[1] < 2


def test_no_curved_cell_is_flat_at_a_corner():
    """A ball in a block: without splitting, cells whose edges at a corner all lie on the sphere would be."""
    body = drawing(ball=Sphere((0.5, 0.5, 0.5), 0.4), block=Difference(UNIT_BOX, (Sphere((0.5, 0.5, 0.5), 0.4),)))
    mesh = drawn_mesh(body).mesh
    assert smallest_stretch(mesh, np.arange(mesh.cells.shape[1])).min() > 0.2
    skin = np.linalg.norm(mesh.points[:, mesh.boundaries["ball.surface"]] * LENGTH_UNIT - 0.5, axis=0)
    assert np.abs(skin - 0.4).max() < 1e-12


def test_a_film_between_two_regions_follows_its_circles_through_refinement():
    """Both interfaces of a thin ring stay on their circles over three adaptive steps, and the areas stay exact."""
    core, edge = Circle((0, 0), 1), Circle((0, 0), 1.05)
    regions = {
        "core": core,
        "film": Difference(edge, (core,)),
        "outside": Difference(Rectangle((-2, -2), (2, 2)), (edge,)),
    }
    drawn = drawn_mesh(Drawing("planar", regions, sizes={"film": 0.025}))
    mesh, curves = drawn.mesh, drawn.curves
    for step in range(3):
        corners = linear(mesh)
        away = np.linalg.norm(corners.points[:, corners.cells].mean(axis=1) * LENGTH_UNIT - [[1.0], [0.0]], axis=0)
        done = refined(mesh, away < 0.5 / 2**step, curves)
        mesh, curves = done.mesh, done.curves
    for name, radius in (("core.rim", 1.0), ("film.rim", 1.05), ("film.rim_2", 1.0), ("outside.rim", 1.05)):
        distance = np.linalg.norm(mesh.points[:, mesh.boundaries[name]], axis=0) * LENGTH_UNIT
        assert np.abs(distance - radius).max() < 1e-12
    assert sizes_of(mesh)["film"] == pytest.approx(math.pi * (1.05**2 - 1), rel=1e-6)


def test_coinciding_spheres_turned_any_way_share_their_facets():
    """A ball in its socket, at an angle at which two whole spheres are not recognised as one: heat can cross."""
    axis = (-0.9500497244281534, -0.291720232439864, 0.8825389674564839)
    turn = {"angle": 2.3514433558144914, "about": (0.1, 0.2, 0.3), "axis": axis}
    ball = Sphere((1, 1, 0), 0.18107867521215018)
    body = drawing(block=Turned(Difference(UNIT_BOX, (ball,)), **turn), ball=Turned(ball, **turn))
    mesh = drawn_mesh(body).mesh
    assert not list(open_borders(linear(mesh)))
    assert extent_of(mesh, "block.surface") == pytest.approx(extent_of(mesh, "ball.surface") / 8, rel=1e-3)


def test_the_same_drawing_gives_the_same_mesh_and_nothing_is_printed(capfd):
    """Meshing is repeatable to the last bit; netgen's complaints do not reach standard output."""
    body = drawing(rod=Cylinder((0, 0, 0), (1, 1, 0), 1, 0.5))
    first, second = drawn_mesh(body).mesh, drawn_mesh(body).mesh
    np.testing.assert_array_equal(first.points, second.points)
    np.testing.assert_array_equal(first.cells, second.cells)
    print("and afterwards printing works")
    out, err = capfd.readouterr()
    assert (out, err) == ("and afterwards printing works\n", "")


def test_a_mesh_whose_regions_do_not_share_nodes_is_refused(monkeypatch):
    """Were the regions not joined, no heat would cross: the message names them and the place."""

    def side_by_side(found):
        for name, shape in found.built.items():
            shape.faces.name = name
        return occ.occ().Compound([face for shape in found.built.values() for face in shape.faces])

    monkeypatch.setattr("thermonet.geometry.cad.mesh._glued", side_by_side)
    body = drawing(left=UNIT_SQUARE, right=Rectangle((1, 0), (2, 1)))
    with pytest.raises(PhysicsError, match=r"could not be joined .*between 'left' and 'right' at \(1, [01]"):
        drawn_mesh(body)


def test_what_netgen_cannot_mesh_is_refused_in_one_line(monkeypatch):
    """Whatever it throws becomes a message of ours."""

    class Geometry:
        def GenerateMesh(self, **_settings):  # noqa: N802
            raise RuntimeError("Meshing failed!")

    with pytest.raises(PhysicsError, match=r"cannot be meshed \(Meshing failed!\), expected shapes without slivers"):
        occ.made(Geometry(), maxh=1.0)
