"""Shapes against closed forms: volumes, areas, thicknesses, rates, one topology for all dimensions, interfaces."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thermonet.geometry.apex import CORE, Apex, TipLayer, apex_mesh
from thermonet.geometry.interfaces import separated
from thermonet.geometry.mesh import LENGTH_UNIT, edge_line, graded, half_steps, intervals
from thermonet.geometry.plate import Plate, plate_mesh
from thermonet.heat.elements import axisymmetric_elements, cell_volumes, facet_load, plane_elements
from thermonet.quantities.errors import PhysicsError

ALPHA = math.radians(25)


def plate_area(mesh):
    """Area of the whole plate, of which half is meshed [m^2]."""
    elements = plane_elements(mesh)
    return 2 * cell_volumes(elements, elements.everywhere).sum()


def film(name, thickness, *, law="conformal", opening=None, half_angle=ALPHA):
    """A film of a thickness on the axis, conformal or evaporated along the axis."""
    wall = thickness * (math.sin(half_angle) if law == "evaporated" else 1.0)
    return TipLayer(name=name, wall=wall, apex=thickness, opening_radius=opening)


def tip(*layers, height=8e-6, core_radius=100e-9, half_angle=ALPHA):
    return Apex(height=height, core_radius=core_radius, half_angle=half_angle, layers=layers)


STACK = (
    film("gold", 90e-9, law="evaporated"),
    film("nitride", 70e-9, opening=60e-9),
    film("chromium", 90e-9, law="evaporated"),
    film("oxide", 70e-9),
    film("silver", 90e-9, law="evaporated"),
)


def apart(_first, _second):
    """No two regions are bonded."""
    return False


def joined(_first, _second):
    """All regions are bonded."""
    return True


def volumes(mesh):
    """Volume of every region [m^3]."""
    elements = axisymmetric_elements(mesh)
    return {name: float(cell_volumes(elements, elements.region(name)).sum()) for name in mesh.names}


def rounded_cone(centre, radius, half_angle):
    """Volume of a cone between z = 0 and its rounded end of a radius about (0, centre) [m^3]."""
    sine, cosine = math.sin(half_angle), math.cos(half_angle)
    tangent, ring = centre + radius * sine, radius * cosine
    foot = ring + tangent * math.tan(half_angle)
    frustum = math.pi * tangent / 3 * (ring**2 + ring * foot + foot**2)
    depth = radius * (1 - sine)
    return frustum + math.pi * depth**2 * (3 * radius - depth) / 3


# --- the tip ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [5, 25, 60])
@pytest.mark.parametrize("radius", [20e-9, 1e-6])
def test_the_core_is_a_rounded_cone(degrees, radius):
    """Volume of frustum and spherical cap; where there is no curve to miss, it is exact."""
    shape = tip(film("gold", 50e-9), half_angle=math.radians(degrees), core_radius=radius)
    exact = rounded_cone(shape.height - radius, radius, shape.half_angle)
    assert volumes(apex_mesh(shape))[CORE] == pytest.approx(exact, rel=1e-8)


def test_conformal_films_are_shells():
    """Films of equal thickness everywhere fill what lies between rounded cones about one centre."""
    thickness = [90e-9, 40e-9, 300e-9]
    shape = tip(*(film(f"film{i}", t) for i, t in enumerate(thickness)), core_radius=400e-9)
    found = volumes(apex_mesh(shape))
    radii = 400e-9 + np.cumsum([0.0, *thickness])
    centre = shape.height - 400e-9
    cones = [rounded_cone(centre, radius, ALPHA) for radius in radii]
    for i in range(3):
        assert found[f"film{i}"] == pytest.approx(cones[i + 1] - cones[i], rel=1e-6)


def test_volumes_converge_at_the_rate_of_curved_edges():
    """Quadratic arcs miss a circle's area by the fourth power of their length, chords by the second."""
    shape = tip(film("gold", 90e-9), core_radius=2e-6)
    exact = rounded_cone(shape.height - 2e-6, 2e-6, ALPHA)
    for straight, rate in ((False, 4.0), (True, 2.0)):
        error = []
        for scale in (4, 2, 1):
            mesh = apex_mesh(shape, scale)
            error.append(abs(volumes(mesh.straightened() if straight else mesh)[CORE] - exact))
        assert np.log2(np.array(error[:-1]) / error[1:]) == pytest.approx(rate, abs=0.35)


def test_the_surface_has_the_area_of_the_rounded_cone():
    """Of a conformally coated tip the outer surface is a cone's mantle and a cap."""
    shape = tip(film("gold", 200e-9), core_radius=300e-9)
    mesh = apex_mesh(shape)
    radius, centre = 500e-9, shape.height - 300e-9
    ring, high = radius * math.cos(ALPHA), centre + radius * math.sin(ALPHA)
    foot = ring + high * math.tan(ALPHA)
    mantle = math.pi * (ring + foot) * high / math.cos(ALPHA)
    cap = 2 * math.pi * radius**2 * (1 - math.sin(ALPHA))
    area = facet_load(axisymmetric_elements(mesh), mesh.boundaries["surface"]).sum()
    assert area == pytest.approx(mantle + cap, rel=1e-8)
    disc = facet_load(axisymmetric_elements(mesh), mesh.boundaries["foot"]).sum()
    assert disc == pytest.approx(math.pi * foot**2, rel=1e-12)


def surface_points(mesh):
    r, z = mesh.points[:, np.unique(mesh.boundaries["surface"])] * LENGTH_UNIT
    return r, z


@pytest.mark.parametrize("degrees", [10, 25, 70])
def test_evaporated_films_follow_the_cosine(degrees):
    """Along a ray at the angle theta a film evaporated along the axis has t cos theta, down to t sin(half angle)."""
    angle = math.radians(degrees)
    shape = tip(film("gold", 90e-9, law="evaporated", half_angle=angle), half_angle=angle, core_radius=300e-9)
    r, z = surface_points(apex_mesh(shape))
    above = z - (shape.height - 300e-9)
    theta = np.arctan2(r, above)
    round_end = theta < math.pi / 2 - angle - 1e-9
    assert round_end.sum() > 20
    # middle nodes of curved edges stand on the curve as well as the corners
    assert np.hypot(r, above)[round_end] - 300e-9 == pytest.approx(90e-9 * np.cos(theta[round_end]), rel=1e-9)


def test_thickness_on_the_wall_is_along_its_normal():
    """On the cone every surface node lies at the films' wall thickness from the core's wall."""
    shape = tip(*STACK)
    r, z = surface_points(apex_mesh(shape))
    tangent = shape.height - 100e-9 * (1 - math.sin(ALPHA))
    wall = np.array([math.cos(ALPHA), math.sin(ALPHA)])
    point = np.array([100e-9 * math.cos(ALPHA), tangent])
    along = (r - point[0]) * math.sin(ALPHA) - (z - point[1]) * math.cos(ALPHA)
    distance = (r - point[0]) * wall[0] + (z - point[1]) * wall[1]
    on_wall = along > 0
    assert on_wall.sum() > 40
    assert distance[on_wall] == pytest.approx(shape.wall_thickness, rel=1e-9)
    assert shape.wall_thickness == pytest.approx(2 * 70e-9 + 3 * 90e-9 * math.sin(ALPHA))


def test_lengths_on_the_axis():
    """Outer radius and depths count the films on the axis; the mesh ends there."""
    shape = tip(*STACK)
    assert shape.outer_radius == pytest.approx(510e-9)
    assert [shape.depth_on_axis(layer.name) for layer in STACK] == pytest.approx(
        [410e-9, 320e-9, 250e-9, 160e-9, 90e-9]
    )
    mesh = apex_mesh(shape)
    top = mesh.points[:, mesh.boundaries["tip"][0, 0]] * LENGTH_UNIT
    assert top == pytest.approx([0.0, 8e-6 + 410e-9], abs=1e-18)
    assert mesh.points[1].max() * LENGTH_UNIT == pytest.approx(8e-6 + 410e-9)


def test_radii_at_the_foot():
    """The core's and the films' feet on the plane of the cantilever, and the mean radius of the films' cut."""
    shape = tip(*STACK)
    mesh = apex_mesh(shape)
    r, z = mesh.points[:, np.unique(mesh.boundaries["foot"])] * LENGTH_UNIT
    assert z == pytest.approx(0.0, abs=1e-20)
    outer = shape.core_foot_radius + shape.wall_thickness / math.cos(ALPHA)
    assert r.max() == pytest.approx(outer, rel=1e-12)
    assert np.min(np.abs(r - shape.core_foot_radius)) < 1e-18
    assert shape.foot_radius == pytest.approx((shape.core_foot_radius + outer) / 2, rel=1e-12)
    tangent = 8e-6 - 100e-9 * (1 - math.sin(ALPHA))
    assert shape.core_foot_radius == pytest.approx(100e-9 * math.cos(ALPHA) + tangent * math.tan(ALPHA), rel=1e-12)


def test_an_opening_is_filled_from_below():
    """What the opened film loses its lower neighbour gains, and the rim lies at the stated radius."""
    closed = tip(*(replace(layer, opening_radius=None) for layer in STACK))
    whole, holed = volumes(apex_mesh(closed)), volumes(apex_mesh(tip(*STACK)))
    hole = whole["nitride"] - holed["nitride"]
    assert hole > 0
    assert holed["gold"] - whole["gold"] == pytest.approx(hole, rel=1e-6)
    for name in (CORE, "chromium", "oxide", "silver"):
        assert holed[name] == pytest.approx(whole[name], rel=1e-6)
    # a cone of rays between two surfaces 70 nm apart: a disc at first sight
    assert hole == pytest.approx(math.pi * 60e-9**2 * 70e-9, rel=0.5)
    mesh, interfaces = separated(apex_mesh(tip(*STACK)), apart)
    (line,) = [line for line in interfaces if {line.first, line.second} == {"gold", "chromium"}]
    r, z = mesh.points[:, line.first_facets[:2]] * LENGTH_UNIT
    upper = np.hypot(r, z - (8e-6 - 100e-9))
    # the junction lies on the outer surface of the nitride, and its rim on the ray through the opening's rim
    (other,) = [line for line in interfaces if {line.first, line.second} == {"gold", "nitride"}]
    r_below, _ = mesh.points[:, other.first_facets[:2]] * LENGTH_UNIT
    assert r_below.min() == pytest.approx(60e-9, rel=1e-9)
    assert r.max() > r_below.min()
    assert upper[np.unravel_index(r.argmin(), r.shape)] == pytest.approx(260e-9, rel=1e-9)


@pytest.mark.parametrize("radius", [5e-9, 60e-9, 120e-9])
def test_the_opening_has_the_stated_area(radius):
    """On a rounded end of one centre the opened part of the inner surface is a cap of the stated rim."""
    shape = tip(film("gold", 90e-9), film("nitride", 70e-9, opening=radius), film("chromium", 90e-9))
    mesh, interfaces = separated(apex_mesh(shape), apart)
    (line,) = [line for line in interfaces if {line.first, line.second} == {"gold", "chromium"}]
    found = facet_load(axisymmetric_elements(mesh), line.first_facets).sum()
    cosine = math.sqrt(1 - (radius / 190e-9) ** 2)
    # with the film gone above it, the rim's own wall is a ring of rays between the two surfaces
    sides = (260e-9**2 - 190e-9**2) * math.pi * radius / 190e-9
    assert found == pytest.approx(2 * math.pi * 260e-9**2 * (1 - cosine), rel=1e-7)
    (rim,) = [line for line in interfaces if {line.first, line.second} == {"gold", "nitride"}]
    below = 2 * math.pi * 190e-9**2 * (cosine - math.sin(ALPHA))
    area = facet_load(axisymmetric_elements(mesh), rim.first_facets).sum()
    wall = area - below - sides
    # what is left is the cone's mantle, which does not depend on the opening
    ring, high = 190e-9 * math.cos(ALPHA), 8e-6 - 100e-9 + 190e-9 * math.sin(ALPHA)
    foot = ring + high * math.tan(ALPHA)
    assert wall == pytest.approx(math.pi * (ring + foot) * high / math.cos(ALPHA), rel=1e-7)


def test_openings_that_cannot_be():
    """An opening wider than the rounded end is refused, the widest one is not."""
    widest = tip(*STACK).widest_opening("nitride")
    assert 60e-9 < widest < 190e-9
    wide = replace(STACK[1], opening_radius=widest)
    assert apex_mesh(tip(STACK[0], wide, *STACK[2:])).points.shape == apex_mesh(tip(*STACK)).points.shape
    wider = replace(STACK[1], opening_radius=widest * 1.001)
    with pytest.raises(PhysicsError, match="nitride: the opening"):
        apex_mesh(tip(STACK[0], wider, *STACK[2:]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"half_angle": 0.0},
        {"half_angle": math.pi / 2},
        {"half_angle": math.nan},
        {"core_radius": 0.0},
        {"core_radius": 4e-6},
        {"core_radius": math.nan},
        {"height": 0.0},
    ],
)
def test_tips_that_cannot_be(wrong):
    """Angles outside 0..90 degrees and radii outside 0..half the height are refused."""
    with pytest.raises(PhysicsError):
        tip(*STACK, **wrong)


@pytest.mark.parametrize("thickness", [0.0, -1e-9, math.nan, math.inf])
def test_films_that_cannot_be(thickness):
    """A thickness on wall or axis is positive and finite."""
    for wall, apex in ((thickness, 1e-9), (1e-9, thickness)):
        with pytest.raises(PhysicsError, match="gold: a thickness must be positive"):
            TipLayer(name="gold", wall=wall, apex=apex)


shapes = st.builds(
    lambda height, ratio, degrees, thickness, walls, opening: (height, ratio, degrees, thickness, walls, opening),
    st.floats(1e-6, 30e-6),
    st.floats(0.001, 0.49),
    st.floats(3, 78),
    st.lists(st.floats(1e-4, 0.24), min_size=3, max_size=6),
    st.lists(st.floats(0.1, 1.5), min_size=6, max_size=6),
    st.floats(0.05, 1.0),
)


@given(shapes)
@settings(max_examples=60, deadline=None)
def test_no_element_is_inverted(numbers):
    """Whatever the dimensions within what a design may state, every element is right side out and all space filled."""
    height, ratio, degrees, thickness, walls, opening = numbers
    layers = [
        TipLayer(name=f"film{i}", wall=t * w * height, apex=t * height)
        for i, (t, w) in enumerate(zip(thickness, walls, strict=False))
    ]
    shape = Apex(height=height, core_radius=ratio * height, half_angle=math.radians(degrees), layers=tuple(layers))
    layers[1] = replace(layers[1], opening_radius=opening * shape.widest_opening("film1"))
    mesh = apex_mesh(replace(shape, layers=tuple(layers)), 4.0)
    found = volumes(mesh)  # raises where an element is turned inside out
    assert min(found.values()) > 0
    assert set(found) == {CORE, *(layer.name for layer in layers)}


def dimensions(shape):
    """The tip with every one of its dimensions changed, one at a time."""
    yield replace(shape, height=shape.height * 1.3)
    yield replace(shape, core_radius=shape.core_radius * 1.2)
    yield replace(shape, half_angle=shape.half_angle * 0.8)
    for i, layer in enumerate(shape.layers):
        for key in ("wall", "apex", "opening_radius"):
            if getattr(layer, key) is not None:
                changed = replace(layer, **{key: getattr(layer, key) * 1.15})
                yield replace(shape, layers=(*shape.layers[:i], changed, *shape.layers[i + 1 :]))


@pytest.mark.parametrize("scale", [1.0, 2.0, 3.0])
def test_one_topology_for_all_dimensions(scale):
    """Triangles, regions and boundaries depend on the element scale alone; coordinates move smoothly."""
    first = apex_mesh(tip(*STACK), scale)
    changed = list(dimensions(tip(*STACK)))
    assert len(changed) == 14
    for shape in changed:
        other = apex_mesh(shape, scale)
        assert np.array_equal(other.cells, first.cells)
        assert np.array_equal(other.region, first.region)
        assert other.boundaries.keys() == first.boundaries.keys()
        for name, line in first.boundaries.items():
            assert np.array_equal(other.boundaries[name], line)
        assert not np.allclose(other.points, first.points, rtol=1e-9)


def test_meshes_nest():
    """Halving the element scale keeps every corner and middle node of the coarser mesh as a corner."""
    for coarse, fine in (
        (apex_mesh(tip(*STACK), 2.0), apex_mesh(tip(*STACK), 1.0)),
        (plate_mesh(PLATE, 2.0), plate_mesh(PLATE, 1.0)),
    ):
        corners = {tuple(point) for point in np.round(fine.points[:, np.unique(fine.cells[:3])].T, 6)}
        assert {tuple(point) for point in np.round(coarse.points[:, np.unique(coarse.cells[:3])].T, 6)} <= corners
        assert fine.cells.shape[1] == pytest.approx(4 * coarse.cells.shape[1], rel=0.05)


# --- the plate ----------------------------------------------------------------------------------------------------

PLATE = Plate(length=38e-6, width=50e-6, tip_to_end=10e-6, hole_radius=4e-6)


@pytest.mark.parametrize(
    "changes", [{}, {"width": 9e-6}, {"length": 300e-6}, {"tip_to_end": 4.1e-6}, {"hole_radius": 1e-7}]
)
def test_the_plate_has_its_area(changes):
    """Length times width less the hole; straight edges are exact, the hole to the fourth power of the angle."""
    plate = replace(PLATE, **changes)
    exact = plate.length * plate.width - math.pi * plate.hole_radius**2
    assert plate_area(plate_mesh(plate)) == pytest.approx(exact, rel=1e-6)


def test_the_plate_has_its_boundaries():
    """Half the width at the chip, half the circle, and the symmetry line without the hole."""
    mesh = plate_mesh(PLATE)
    elements = plane_elements(mesh)
    found = {name: facet_load(elements, line).sum() for name, line in mesh.boundaries.items()}
    assert found["chip"] == pytest.approx(25e-6, rel=1e-12)
    assert found["ring"] == pytest.approx(math.pi * 4e-6, rel=1e-5)
    assert found["symmetry"] == pytest.approx(38e-6 - 8e-6, rel=1e-12)
    ring = mesh.points[:, np.unique(mesh.boundaries["ring"])] * LENGTH_UNIT
    assert np.hypot(*ring) == pytest.approx(4e-6, rel=1e-12)
    assert mesh.points[0].min() * LENGTH_UNIT == pytest.approx(-28e-6)
    assert mesh.points[0].max() * LENGTH_UNIT == pytest.approx(10e-6)


@pytest.mark.parametrize("changes", [{"hole_radius": 0.0}, {"hole_radius": 10e-6}, {"width": 8e-6}, {"length": 14e-6}])
def test_plates_that_cannot_be(changes):
    """A foot that reaches over an edge of the plate is refused."""
    with pytest.raises(PhysicsError, match="needs more room"):
        replace(PLATE, **changes)


@given(
    hole=st.floats(0.05, 0.85),
    end=st.floats(0.5, 3.0),
    back=st.floats(1.35, 30.0),
    side=st.floats(0.12, 5.0),
)
@settings(max_examples=40, deadline=None)
def test_no_element_of_a_plate_is_inverted(hole, end, back, side):
    """Long or short, wide or narrow plates have their area and one topology."""
    radius = 4e-6
    plate = Plate(
        length=radius * (1 + end) + radius * back,
        width=2 * radius * (1 + side),
        tip_to_end=radius * (1 + end),
        hole_radius=radius * hole,
    )
    mesh = plate_mesh(plate, 2.0)
    assert np.array_equal(mesh.cells, plate_mesh(PLATE, 2.0).cells)
    assert plate_area(mesh) == pytest.approx(plate.length * plate.width - math.pi * plate.hole_radius**2, rel=1e-3)


# --- interfaces ---------------------------------------------------------------------------------------------------


def test_all_interfaces_are_found_and_match():
    """Neighbours and what meets through the opening touch; both sides have the same coordinates, node by node."""
    whole = apex_mesh(tip(*STACK), 2.0)
    mesh, interfaces = separated(whole, apart)
    pairs = {(line.first, line.second) for line in interfaces}
    names = [CORE, *(layer.name for layer in STACK)]
    assert pairs == {*pairwise(names), ("gold", "chromium")}
    for line in interfaces:
        assert np.array_equal(mesh.points[:, line.first_facets], mesh.points[:, line.second_facets])
        assert not set(line.first_facets.ravel()) & set(line.second_facets.ravel())
        for name, edges in ((line.first, line.first_facets), (line.second, line.second_facets)):
            inside = mesh.cells[:, mesh.region == mesh.names.index(name)]
            assert set(edges.ravel()) <= set(inside.ravel())
    assert mesh.cells.shape == whole.cells.shape
    assert np.array_equal(mesh.points[:, mesh.cells], whole.points[:, whole.cells])
    for name, line in whole.boundaries.items():
        assert np.array_equal(mesh.points[:, mesh.boundaries[name]][:, 2], whole.points[:, line][:, 2])


def test_bonded_regions_share_their_nodes():
    """Regions in perfect contact stay one body; with all of them bonded nothing is split."""
    whole = apex_mesh(tip(*STACK), 2.0)
    mesh, interfaces = separated(whole, joined)
    assert interfaces == []
    assert mesh.points.shape == whole.points.shape
    mesh, interfaces = separated(whole, lambda a, b: {a, b} == {"gold", "chromium"})
    assert {(line.first, line.second) for line in interfaces} == {
        (CORE, "gold"),
        ("gold", "nitride"),
        ("nitride", "chromium"),
        ("chromium", "oxide"),
        ("oxide", "silver"),
    }


def test_the_foot_of_a_split_tip_covers_all_regions():
    """Every film has nodes of its own in the plane of the cantilever, so that all of them can be held."""
    mesh, _ = separated(apex_mesh(tip(*STACK), 2.0), apart)
    foot = set(mesh.boundaries["foot"].ravel())
    for i in range(len(mesh.names)):
        assert foot & set(mesh.cells[:, mesh.region == i].ravel())


# --- lines and counts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [1.0, 0.1, 12.0, 60.0])
@pytest.mark.parametrize("count", [2, 8, 12])
def test_graded_lines(ratio, count):
    """Steps grow in geometric progression from end to end, and every second point is the coarser line."""
    line = graded(count, ratio)
    steps = np.diff(line)
    assert (line[0], line[-1]) == (0.0, pytest.approx(1.0, rel=1e-15))
    assert steps[1:] / steps[:-1] == pytest.approx(ratio ** (1 / count), rel=1e-9)
    assert line[::2] == pytest.approx(graded(count // 2, ratio), rel=1e-14)


def test_half_steps_and_edges():
    """Middles are inserted between points, and a line of nodes becomes edges without collapsed ones."""
    assert half_steps(np.array([0.0, 1.0, 4.0])) == pytest.approx([0.0, 0.5, 1.0, 2.5, 4.0])
    assert edge_line(np.array([7, 7, 7, 8, 9])).tolist() == [[7], [9], [8]]


@pytest.mark.parametrize(
    ("count", "scale", "number"), [(8, 1, 8), (8, 2, 4), (8, 4, 2), (8, 0.5, 16), (8, 100, 1), (12, 3, 4)]
)
def test_intervals(count, scale, number):
    """The number of intervals is inverse to the element scale and at least one."""
    assert intervals(count, scale) == number


def test_straightened_meshes_have_middles_on_chords():
    """Topology and corners stay, middle nodes go to the chords, and a round body loses volume."""
    mesh = apex_mesh(tip(film("gold", 90e-9), core_radius=2e-6), 2.0)
    chords = mesh.straightened()
    ends = chords.points[:, chords.cells]
    assert ends[:, 3] == pytest.approx((ends[:, 0] + ends[:, 1]) / 2, rel=1e-13)
    assert ends[:, 4] == pytest.approx((ends[:, 1] + ends[:, 2]) / 2, rel=1e-13)
    assert ends[:, 5] == pytest.approx((ends[:, 2] + ends[:, 0]) / 2, rel=1e-13)
    corners = np.unique(mesh.cells[:3])
    assert np.array_equal(chords.points[:, corners], mesh.points[:, corners])
    assert sum(volumes(chords).values()) < sum(volumes(mesh).values())
