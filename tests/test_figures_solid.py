"""Pictures of solids: plane cuts and outsides have the areas, lines and edges that they must."""

import numpy as np
import pytest
from skfem import MeshTet1

from thermonet.geometry.interfaces import separated
from thermonet.geometry.mesh import Mesh
from thermonet.geometry.refine import quadratic
from thermonet.report.figures.solid_shapes import cut, cut_borders, surface


@pytest.fixture(params=[1, 2], ids=["linear", "quadratic"])
def bricks(request):
    """A unit cube of two halves, one on the other, of tetrahedra whose faces lie in no plane that is cut."""
    grid = MeshTet1.init_tensor(np.linspace(0, 1, 4), np.linspace(0, 1, 5), np.linspace(0, 1, 7))
    region = (grid.p[2, grid.t].mean(axis=0) > 0.5).astype(np.int64)
    mesh = Mesh(grid.p, grid.t.astype(np.int64), region, ("lower", "upper"), {})
    return mesh if request.param == 1 else quadratic(mesh)


def lengths(lines):
    return np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_cut_is_whole_and_linear_fields_are_exact_on_it(bricks, axis):
    """Unit area, no overlaps, the values those of the field at the places, regions on their own side."""
    field = 1 + bricks.points[0] - 2 * bricks.points[1] + 3 * bricks.points[2]
    found = cut(bricks, field, axis, 0.41)
    corners = found.points.reshape(3, -1, 3)
    sides = corners[:, :, 1:] - corners[:, :, :1]
    areas = np.linalg.norm(np.cross(sides[:, :, 0], sides[:, :, 1], axis=0), axis=0) / 2
    assert areas.sum() == pytest.approx(1.0, rel=1e-12)
    assert found.points[axis] == pytest.approx(0.41)
    assert found.values == pytest.approx(1 + found.points[0] - 2 * found.points[1] + 3 * found.points[2])
    if axis < 2:
        upper = corners[2].mean(axis=1) > 0.5
        assert areas[upper].sum() == pytest.approx(0.5, rel=1e-12)
        assert np.array_equal(found.region, upper.astype(int))


@pytest.mark.parametrize(("axis", "length"), [(0, 5.0), (2, 4.0)])
def test_borders_of_a_cut_are_its_outline_and_where_regions_meet(bricks, axis, length):
    lines = cut_borders(bricks, axis, 0.41)
    assert lengths(lines).sum() == pytest.approx(length, rel=1e-12)
    assert lines[:, :, axis] == pytest.approx(0.41)


@pytest.mark.parametrize("gap", [False, True], ids=["shared nodes", "own nodes"])
def test_the_outside_has_its_edges(bricks, gap):
    """Six faces with normals outwards, twelve edges, and the line round the border of the regions."""
    mesh = separated(bricks, lambda *_: False)[0] if gap else bricks
    outside = surface(mesh)
    first, second, third = (mesh.points[:, nodes] for nodes in outside.facets[:3])
    areas = np.linalg.norm(np.cross(second - first, third - first, axis=0), axis=0) / 2
    assert areas.sum() == pytest.approx(6.0, rel=1e-12)
    middle = (first + second + third) / 3 - 0.5
    assert ((middle * outside.normal).sum(axis=0) > 0).all()
    ends = mesh.points[:, outside.edges(np.ones(len(areas), dtype=bool))]
    found = lengths(ends.transpose(2, 1, 0))
    # With nodes of their own, either region draws the line between them.
    assert found.sum() == pytest.approx(12 + (8 if gap else 4), rel=1e-12)
    top = outside.edges(outside.normal[2] > 0.5)
    assert lengths(mesh.points[:, top].transpose(2, 1, 0)).sum() == pytest.approx(4.0, rel=1e-12)
