"""Drawings that cannot be: refused with the path of the culprit and the reason, before anything is meshed."""

import math
import sys

import pytest

pytest.importorskip("netgen.occ", reason="netgen has no wheel here")

from thermonet.geometry.cad import occ
from thermonet.geometry.cad.check import DrawingError, checked
from thermonet.geometry.cad.inside import space
from thermonet.geometry.cad.mesh import drawn_mesh
from thermonet.geometry.cad.shapes import (
    Arc,
    Box,
    Circle,
    Cylinder,
    Difference,
    Drawing,
    Intersection,
    Line,
    LocalSize,
    Moved,
    Outline,
    Polygon,
    Rectangle,
    Revolved,
    Sphere,
    Turned,
    Union,
)
from thermonet.quantities.errors import PhysicsError

UNIT_SQUARE = Rectangle((0, 0), (1, 1))
UNIT_BOX = Box((0, 0, 0), (1, 1, 1))


def drawing(*, kind=None, **regions):
    """A drawing of regions by name, planar or solid as the first shape is."""
    first = space(next(iter(regions.values())))
    return Drawing(kind or ("planar" if first == 2 else "solid"), regions)


BOWTIE = Polygon(((0, 0), (1e-6, 1e-6), (1e-6, 0), (0, 1e-6)))
#: Regions that would touch, were it not for some hundred picometres in millimetres.
SLIVERS = {
    **{
        name: drawing(kind=kind, c=Rectangle((0, 0), (2e-3, 1e-3)), d=Rectangle((1.9999999e-3, 0), (3e-3, 1e-3)))
        for name, kind in (("plane", "planar"), ("turned", "axisymmetric"))
    },
    "solid": drawing(c=Box((0, 0, 0), (2e-3, 1e-3, 1e-3)), d=Box((1.9999999e-3, 0, 0), (3e-3, 1e-3, 1e-3))),
    "sphere": drawing(
        c=Sphere((0, 0, 0), 1e-3),
        d=Difference(Box((-2e-3, -2e-3, -2e-3), (2e-3, 2e-3, 2e-3)), (Sphere((0, 0, 0), 0.9999997e-3),)),
    ),
    "wedge": drawing(c=Polygon(((0, 0), (1, 0), (1, 1))), d=Polygon(((0, 0), (1, 0.999999), (0, 1)))),
}
#: Drawings and, by the path of the fault, what is said about it.
REFUSED = {
    "crossing edges": (
        drawing(a=BOWTIE),
        {"regions.a.points": "edges 'edge_1' and 'edge_3' meet at (500 nm, 500 nm)"},
    ),
    "crossing in a tool": (
        drawing(a=Difference(UNIT_SQUARE, (Moved(BOWTIE, (0.1, 0.1)),))),
        {"regions.a.tools[0].shape.points": "'edge_1' and 'edge_3' meet"},
    ),
    "arc through an edge": (
        drawing(a=Outline((0, 0), (Arc((1, 0), 0.5, name="bow"), Line((0.5, -0.7), "in")))),
        {"regions.a.segments": "edges 'bow' and 'in' meet at (662.2 mm, -473 mm)"},
    ),
    "spike": (
        drawing(a=Polygon(((0, 0), (2, 0), (1, 0), (1, 1)))),
        {"regions.a.points": "edges 'edge_1' and 'edge_2' meet at (1 m, 0 m)"},
    ),
    "points in a line": (drawing(a=Polygon(((0, 0), (1, 0), (2, 0)))), {"regions.a.points": "encloses no area"}),
    "a point twice": (
        drawing(a=Polygon(((0, 0), (1e-6, 0), (1e-6, 0), (0, 1e-6)))),
        {"regions.a.points[2]": "the point (1 um, 0 m) follows itself"},
    ),
    "two points": (Drawing("planar", {"a": Polygon(((0, 0), (1, 1)))}), {"regions.a.points": "has 2 points"}),
    "names of edges": (
        drawing(a=Polygon(((0, 0), (1, 0), (0, 1)), ("one", "two"))),
        {"regions.a.edges": "has 2 names, expected one for each of 3 points"},
    ),
    "zero area": (drawing(a=Rectangle((0, 0), (0, 1))), {"regions.a.second": "zero area"}),
    "zero volume": (drawing(a=Box((0, 0, 0), (1, 1, 0))), {"regions.a.second": "zero volume"}),
    "no number": (drawing(a=Circle((0, 0), math.nan)), {"regions.a.radius": "positive and finite, got nan"}),
    "arc too small": (
        drawing(a=Rectangle((0, 0), (1, 1)), b=Outline((5, 0), (Arc((6, 0), 0.3),))),
        {"regions.b.segments[0]": "no arc of radius 0.3 m joins points 1 m apart"},
    ),
    "no axis": (drawing(a=Cylinder((0, 0, 0), (0, 0, 0), 1, 1)), {"regions.a.axis": "has no direction"}),
    "overlap": (
        drawing(core=UNIT_SQUARE, film=Rectangle((0.5, 0.5), (2, 2))),
        {"regions.film": "overlaps 'core' by 11.1 % of its area around (750 mm, 750 mm)"},
    ),
    "overlap in space": (
        drawing(core=Sphere((0, 0, 0), 1), film=Box((0, 0, 0), (2, 2, 2))),
        {"regions.film": "overlaps 'core' by 6.54 % of its volume"},
    ),
    "gap": (
        drawing(core=Rectangle((0, 0), (1e-6, 1e-6)), film=Rectangle((1.000001e-6, 0), (2e-6, 1e-6))),
        {"regions.film": "is 1 pm away from 'core', expected regions that touch or clearly do not"},
    ),
    "overlap by a sliver": (SLIVERS["plane"], {"regions.d": "overlaps 'c' by a sliver of 100 pm, expected regions"}),
    "turned by a sliver": (SLIVERS["turned"], {"regions.d": "overlaps 'c' by a sliver of 100 pm"}),
    "solid by a sliver": (SLIVERS["solid"], {"regions.d": "overlaps 'c' by a sliver of 100 pm"}),
    "sphere by a sliver": (SLIVERS["sphere"], {"regions.d": "overlaps 'c' by a sliver of 300 pm"}),
    "wedge": (SLIVERS["wedge"], {"regions.d": "overlaps 'c' by a sliver of"}),
    "small overlap at a corner": (
        drawing(c=UNIT_SQUARE, d=Rectangle((0.9995, 0.9995), (2, 2))),
        {"regions.d": "overlaps 'c' by 2.5e-05 % of its area"},
    ),
    "beyond the axis": (
        drawing(kind="axisymmetric", a=Polygon(((0, 0), (1, 0), (-1e-3, 1)))),
        {"regions.a.points[2]": "lies at r = -1 mm, expected no r below zero"},
    ),
    "cut beyond the axis": (
        drawing(kind="axisymmetric", a=Difference(Circle((0, 0), 1), (Rectangle((-2, -2), (-1e-4, 2)),))),
        {"regions.a": "reaches r = -100 um"},
    ),
    "turned profile beyond the axis": (
        drawing(a=Revolved(Rectangle((-1, 0), (1, 1)))),
        {"regions.a.profile": "reaches r = -1 m"},
    ),
    "nothing left": (
        drawing(a=Difference(UNIT_SQUARE, (Rectangle((-1, -1), (2, 2)),))),
        {"regions.a": "nothing is left of it (zero area)"},
    ),
    "a solid in the plane": (
        Drawing("planar", {"a": Union((UNIT_SQUARE, UNIT_BOX))}),
        {"regions.a.shapes[1]": "a Box is drawn here, expected a shape in the plane"},
    ),
    "an area in space": (
        Drawing("solid", {"a": UNIT_SQUARE}),
        {"regions.a": "a Rectangle is drawn here, expected a solid"},
    ),
    "1e9 triangles": (
        Drawing("planar", {"a": UNIT_SQUARE}, element_size=4e-5),
        {"element_size": "would take 1.4e+09 elements, expected at most 5e+06: element_size asks for most"},
    ),
    "1e9 tetrahedra": (
        Drawing("solid", {"a": UNIT_BOX, "b": Box((2, 0, 0), (3, 1, 1))}, sizes={"b": 1.8e-3}),
        {"sizes.b": "would take 1.0e+09 elements"},
    ),
    "1e10 facets": (Drawing("solid", {"a": UNIT_BOX}, sizes={"a.x_min": 1e-5}), {"sizes.a.x_min": "1.0e+10 elements"}),
    "scale": (Drawing("solid", {"a": UNIT_BOX}, element_scale=1e-3), {"element_scale": "expected at most 5e+06"}),
    "needle": (
        drawing(a=UNIT_BOX, wire=Cylinder((0, 0, 2), (1, 0, 0), 1e-6, 1)),
        {"regions.wire": "the curvature of 'wire.side' asks for most"},
    ),
    "too thin": (
        drawing(film=Rectangle((0, 0), (1, 1e-6))),
        {"regions.film": "is 1 um thick, too thin for elements of 500 um"},
    ),
    "too small for the mesher": (
        Drawing("solid", {"a": UNIT_BOX}, near=(LocalSize((0, 0, 0), 1e-16),)),
        {"near[0].size": "is too small for this drawing"},
    ),
    "size of nothing": (
        Drawing("planar", {"a": UNIT_SQUARE}, sizes={"a.rim": 0.1}),
        {"sizes.a.rim": "there is no region or face 'a.rim', expected one of a, a.bottom, a.right, a.top, a.left"},
    ),
    "no regions": (Drawing("planar", {}), {"regions": "has no regions"}),
    "everything at once": (
        Drawing("planar", {"a b": Circle((0, 0), 0), "c": Polygon(((0, 0), (1, 1)))}, grading=0, element_scale=-1),
        {
            "regions.a b": "is not a name",
            "regions.a b.radius": "positive",
            "regions.c.points": "has 2 points",
            "grading": "between 0 and 1",
            "element_scale": "positive",
        },
    ),
}


BALL = Sphere((0.5, 0.5, 0.5), 0.4)
#: Drawings that are fine.
TOUCHING = {
    "rod on a box": drawing(c=UNIT_BOX, d=Cylinder((0.5, 0.5, 1), (0, 0, 1), 0.3, 0.5)),
    "rod on a tilted box": drawing(
        c=Turned(UNIT_BOX, 0.7, (1, 1, 0.5), (1, 2, 3)),
        d=Turned(Cylinder((0.5, 0.5, 1), (0, 0, 1), 0.5, 0.5), 0.7, (1, 1, 0.5), (1, 2, 3)),
    ),
    "ball in a box": drawing(c=BALL, d=Difference(UNIT_BOX, (BALL,))),
    "shells": drawing(c=Revolved(Rectangle((0, 0), (1, 1))), d=Revolved(Rectangle((1, 0.2), (1.5, 1.3)))),
    "torus": drawing(
        c=Revolved(Circle((1, 0), 0.3)),
        d=Revolved(Difference(Rectangle((0.5, -0.5), (1.5, 0.5)), (Circle((1, 0), 0.3),))),
    ),
    "rings": drawing(c=Circle((0, 0), 1), d=Difference(Circle((0, 0), 1.2), (Circle((0, 0), 1),))),
    "halves": drawing(
        c=Intersection((Circle((0, 0), 1), Rectangle((-2, 0), (2, 2)))),
        d=Difference(Circle((0, 0), 1), (Rectangle((-2, 0), (2, 2)),)),
    ),
    "a circle on a line": drawing(c=Circle((0, 1), 1), d=Rectangle((-1, -1), (1, 0))),
    "sides in a line": drawing(c=UNIT_SQUARE, d=Rectangle((1, 0.5), (2, 1))),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_drawn_is_refused_with_place_and_reason(case, monkeypatch):
    """Every fault has the path of its culprit; nothing has been meshed by then."""
    body, expected = REFUSED[case]
    monkeypatch.setattr("thermonet.geometry.cad.mesh.made", lambda *_, **__: pytest.fail("meshed"))
    with pytest.raises(DrawingError) as refusal:
        drawn_mesh(body)
    said = {}
    for fault in refusal.value.faults:
        path, _, message = str(fault).partition(": ")
        said.setdefault(path, message)
    assert set(said) == set(expected)
    for path, message in expected.items():
        assert message in said[path]


@pytest.mark.parametrize("case", TOUCHING)
def test_regions_that_touch_are_no_slivers(case):
    """Plane and curved faces that coincide, whole or in part, and points of contact are as they should be."""
    assert set(checked(TOUCHING[case]).measures) == {"c", "d"}


def test_without_netgen_a_drawing_is_checked_as_far_as_possible(monkeypatch):
    """What is wrong with the numbers is said; otherwise the message names the missing package."""
    monkeypatch.setitem(sys.modules, "netgen.occ", None)
    occ.occ.cache_clear()
    try:
        with pytest.raises(DrawingError, match="meet at"):
            checked(drawing(a=BOWTIE))
        with pytest.raises(PhysicsError, match=r"netgen-mesher.*expected a mesh file instead"):
            checked(drawing(a=UNIT_SQUARE))
    finally:
        occ.occ.cache_clear()
