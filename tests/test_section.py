"""Sections of bodies of revolution, and that drawings are judged by them as by the solids themselves."""

import numpy as np
import pytest

pytest.importorskip("netgen.occ", reason="netgen has no wheel here")

from thermonet.geometry.cad.check import DrawingError, checked
from thermonet.geometry.cad.inside import inside, meridian
from thermonet.geometry.cad.near_contact import near_contact
from thermonet.geometry.cad.section import folded, section
from thermonet.geometry.cad.shapes import (
    Box,
    Circle,
    Cone,
    Cylinder,
    Difference,
    Drawing,
    Intersection,
    Moved,
    Named,
    Rectangle,
    Revolved,
    Sphere,
    Turned,
    Union,
)
from thermonet.geometry.cad.sizes import element_sizes

UP, AXIS = (0.0, 0.0, 1.0), (0.5, -0.2)
ROUND = {
    "cylinder": Cylinder((*AXIS, 0.1), UP, 0.4, 0.6),
    "hanging cone": Cone((*AXIS, 0.9), (0.0, 0.0, -2.0), 0.5, 0.2, 0.8),
    "pointed cone": Cone((*AXIS, 0.0), UP, 0.5, 0.0, 0.8),
    "sphere": Sphere((*AXIS, 0.3), 0.5),
    "revolved": Revolved(Difference(Rectangle((0.1, 0), (0.6, 0.7)), (Circle((0.3, 0.3), 0.1),)), (*AXIS, 0.1)),
    "moved": Moved(Named(Cylinder((0.2, 0.0, 0.0), UP, 0.4, 0.6), "post"), (0.3, -0.2, 0.1)),
    "union": Union((Cylinder((*AXIS, 0.1), UP, 0.2, 0.6), Sphere((*AXIS, 0.7), 0.3))),
    "difference": Difference(Sphere((*AXIS, 0.3), 0.5), (Cylinder((*AXIS, -1), UP, 0.2, 3),)),
    "intersection": Intersection((Sphere((*AXIS, 0.3), 0.5), Cylinder((*AXIS, 0.3), UP, 0.3, 3))),
}
NOT_ROUND = {
    "box": Box((0, 0, 0), (1, 1, 1)),
    "lying cylinder": Cylinder((0, 0, 0), (1, 0, 0), 1, 1),
    "half a turn": Revolved(Rectangle((0, 0), (1, 1)), angle=np.pi),
    "two axes": Union((Sphere((0, 0, 0), 1), Sphere((0.1, 0, 0), 1))),
    "turned": Turned(Sphere((0, 0, 0), 1), 0.3, axis=(1.0, 0.0, 0.0)),
    "one of two": Difference(Sphere((0, 0, 0), 1), (Box((0, 0, 0), (1, 1, 1)),)),
    "profile beyond the axis": Revolved(Circle((0, 0), 1)),
}


@pytest.mark.parametrize("name", ROUND)
def test_a_point_is_inside_where_its_place_in_the_half_plane_is(name):
    half = section(ROUND[name])
    assert half is not None
    assert half.axis == pytest.approx(AXIS, abs=1e-15)
    from_axis = np.random.default_rng(1).uniform(-0.5, 1.2, (3, 2000))
    points = from_axis + np.array([[half.axis[0]], [half.axis[1]], [0.0]])
    plane = meridian(from_axis)[0]
    there = inside(ROUND[name], points)
    assert 20 < there.sum() < 1980
    np.testing.assert_array_equal(inside(half.shape, plane), there)
    np.testing.assert_array_equal(inside(ROUND[name], folded(points, half.axis)), there)


@pytest.mark.parametrize("name", NOT_ROUND)
def test_what_is_no_body_of_revolution_has_no_section(name):
    assert section(NOT_ROUND[name]) is None


def test_sizes_are_those_of_the_same_body_seen_from_all_sides():
    """A cup whose wall is thinner than its floor; turned about its own axis it is taken for any solid."""
    cup = Difference(Cone((0, 0, 0), UP, 0.6, 1.0, 1.0), (Cone((0, 0, 0.2), UP, 0.6, 0.9, 0.8),))
    seen = {}
    for name, shape in {"round": cup, "any": Turned(cup, 0.0, axis=(1.0, 0.0, 0.0))}.items():
        sizes = element_sizes(Drawing("solid", {"cup": shape}))
        seen[name] = {
            cause.name: np.quantile(sizes.sizes[sizes.cause == index], [0, 0.5, 1])
            for index, cause in enumerate(sizes.causes)
            if (sizes.cause == index).any()
        }
    assert seen["round"].keys() == seen["any"].keys()
    assert len(seen["round"]) > 1
    for name, found in seen["round"].items():
        np.testing.assert_allclose(found, seen["any"][name], rtol=0.1)


@pytest.mark.parametrize(
    ("radius", "message"),
    [
        (0.5, None),
        (0.6, "overlaps 'post' by .* % of its volume"),
        (0.5000002, "overlaps 'post' by a sliver"),
        (0.4999998, "is .* away from 'post'"),
    ],
)
def test_round_regions_that_overlap_are_refused_as_solids(radius, message):
    post = Cylinder((0, 0, 0), UP, radius, 1.0)
    collar = Difference(Cylinder((0, 0, 0), UP, 1.0, 1.0), (Cylinder((0, 0, 0), UP, 0.5, 1.0),))
    drawing = Drawing("solid", {"post": post, "collar": collar})
    if message is None:
        assert checked(drawing).measures["collar"] == pytest.approx(0.75 * np.pi, rel=1e-9)
        return
    with pytest.raises(DrawingError, match=message):
        checked(drawing)


def test_faces_that_coincide_are_no_overlap_and_no_gap():
    block, next_to_it = Box((0, 0, 0), (1, 1, 1)), Box((1, 0.2, 0.2), (2, 0.8, 0.8))
    assert near_contact(block, next_to_it, 1e-6, 1e-3) == 0
    assert near_contact(block, Moved(next_to_it, (0.1, 0, 0)), 1e-6, 1e-3) is None
    assert near_contact(block, Moved(next_to_it, (1e-4, 0, 0)), 1e-6, 1e-3) == pytest.approx(-1e-4)
