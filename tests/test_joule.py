"""The heat of a current: the estimate of what the mesh leaves wrong of its power, and where it comes from."""

import math
from dataclasses import replace

import numpy as np
import pytest
from skfem import MeshTet, MeshTri

from thermonet.geometry.mesh import LENGTH_UNIT, Mesh
from thermonet.geometry.refine import quadratic
from thermonet.geometry.topology import facets
from thermonet.heat.adaptive import Limits, Solved, adapted
from thermonet.heat.bodies.body import Body, Boundary, Filling, JouleSource
from thermonet.heat.bodies.joule import joule_error
from thermonet.heat.bodies.model import body_model
from thermonet.quantities.errors import PhysicsError

MM, UM = 1e-3, 1e-6
CURRENT, RESISTIVITY, DEPTH = 10e-3, 1e-7, UM


def mesh_of(grid, ends, region=None, names=("wire",)):
    """A mesh of scikit-fem in metres as ours, with the boundaries where the middles of its outer facets are."""
    region = np.zeros(grid.t.shape[1], dtype=np.int64) if region is None else region
    cells = grid.t.astype(np.int64)
    spanned = grid.p[:, cells[1:]] - grid.p[:, cells[:1]]
    turned = np.linalg.det(spanned.transpose(2, 0, 1)) < 0
    cells[:2, turned] = cells[1::-1, turned]
    mesh = Mesh(grid.p / LENGTH_UNIT, cells, region, names, {})
    found = facets(mesh)
    outer = found.nodes[:, found.cells[1] < 0]
    middle = grid.p[:, outer].mean(axis=1)
    return replace(mesh, boundaries={name: outer[:, np.abs(lies(*middle)) < 1e-9] for name, lies in ends.items()})


def rectangles(cuts, keep, ends, size=2 * MM):
    """Squares of side 1 mm cut into triangles, those with their middle where it says."""
    line = np.linspace(0, size, round(size / MM) * cuts + 1)
    grid = MeshTri.init_tensor(line, line)
    return mesh_of(grid.restrict(np.flatnonzero(keep(*grid.p[:, grid.t].mean(axis=1)))), ends)


def wire_body(kind="planar", first="from", last="to", names=("wire",), **filling):
    """A body heated by a current through its region 'wire', its faces held at 300 K."""
    return Body(
        kind=kind,
        depth=DEPTH if kind == "planar" else 1.0,
        fillings={name: Filling(region=name, conductivity=50.0, **filling) for name in names},
        boundaries={
            first: Boundary(on=(first,), temperature=300.0),
            last: Boundary(on=(last,), temperature=300.0),
        },
        sources={
            "current": JouleSource(through="wire", start=first, to=last, current=CURRENT, resistivity=RESISTIVITY)
        },
    )


def powered(body, mesh):
    """Power [W], the estimate of its error, and the model."""
    model = body_model(body, mesh)
    found = joule_error(model.currents["current"], mesh.cells.shape[1])
    assert (found.indicators >= 0).all()
    assert found.indicators.sum() == pytest.approx(found.relative, rel=1e-9, abs=1e-30)
    return model.powers["current"], found, model


def solved(mesh, _curves):
    power, found, model = powered(wire_body(), mesh)
    return Solved(
        model=model,
        unknowns=model.system.size,
        names=["power"],
        values=np.array([power]),
        sizes=np.array([power]),
        estimates=np.array([found.relative * power]),
        indicators=found.indicators[np.newaxis] * power,
    )


ENDS = {"from": lambda x, _: x - 2 * MM, "to": lambda _, y: y - 2 * MM}


def corner(cuts, degree):
    """An L of three squares of 1 mm; the current enters at one leg's end and leaves at the other's."""
    mesh = rectangles(cuts, lambda x, y: (x < MM) | (y < MM), ENDS)
    return mesh if degree == 1 else quadratic(mesh)


@pytest.fixture(scope="module")
def corner_power():
    """Of the L, by a mesh that is far finer at its corner [W]."""
    found = adapted(corner(2, 2), solved, 1e-6, Limits(unknowns=100_000))
    assert found.refusal is None
    squares = found.solved.values[0] / (CURRENT**2 * RESISTIVITY / DEPTH)
    assert squares == pytest.approx(2.5585, abs=5e-5)
    return found.solved.values[0]


@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("cuts", [1, 4])
def test_error_at_a_corner_is_seen(corner_power, degree, cuts):
    """The estimate is a bound, and at most twice the error."""
    power, found, _ = powered(wire_body(), corner(cuts, degree))
    error = 1 - power / corner_power
    assert error > 1e-3
    assert error < found.relative < 2 * error


def test_a_mesh_refined_where_the_current_turns_meets_its_tolerance(corner_power):
    found = adapted(corner(2, 2), solved, 1e-4, Limits(unknowns=5_000))
    assert found.refusal is None
    assert found.solved.values[0] == pytest.approx(corner_power, rel=1e-4)
    points = found.mesh.points[:, found.mesh.cells[:3]] * LENGTH_UNIT
    sizes = np.ptp(points, axis=1).max(axis=0)
    smallest = points[:, :, sizes.argmin()].mean(axis=1)
    assert np.hypot(*(smallest - MM)) < 0.1 * MM


# --- closed forms ---------------------------------------------------------------------------------------------------


def sector(cuts, along):
    """A quarter of a ring, 1 mm to 2 mm, with curved cells, between its circles or between its straight edges."""
    line = np.linspace(0, 1, cuts + 1)
    grid = MeshTri.init_tensor(line, line)
    ends = {"from": lambda u, v: (u, v)[along], "to": lambda u, v: (u, v)[along] - 1}
    flat = quadratic(mesh_of(grid, ends))
    u, v = flat.points * LENGTH_UNIT
    radius, angle = (MM + u * MM) / LENGTH_UNIT, v * math.pi / 2
    return flat.moved(np.stack([radius * np.cos(angle), radius * np.sin(angle)]))


@pytest.mark.parametrize(("along", "squares"), [(0, math.log(2) / (math.pi / 2)), (1, (math.pi / 2) / math.log(2))])
def test_error_in_a_ring_is_that_to_the_closed_form(along, squares):
    power, found, _ = powered(wire_body(), sector(2, along))
    error = abs(power / (CURRENT**2 * RESISTIVITY / DEPTH * squares) - 1)
    assert error > 1e-6
    assert error < found.relative < 5 * error


def straight(kind, cuts=2):
    """A wire of 4 mm and a cross-section 1 mm wide, from end to end along its first coordinate, or its axis."""
    line, width = np.linspace(0, 4 * MM, 2 * cuts + 1), np.linspace(0, MM, cuts + 1)
    along = 1 if kind == "axisymmetric" else 0
    axes = {"solid": (line, width, width), "axisymmetric": (width, line)}.get(kind, (line, width))
    grid = (MeshTet if kind == "solid" else MeshTri).init_tensor(*axes)
    return mesh_of(grid, {"from": lambda *x: x[along], "to": lambda *x: x[along] - 4 * MM})


@pytest.mark.parametrize(
    ("kind", "area", "degree"),
    [
        ("planar", MM * DEPTH, 1),
        ("planar", MM * DEPTH, 2),
        ("plate", MM * 3 * UM, 2),
        ("axisymmetric", math.pi * MM**2, 2),
        ("solid", MM**2, 1),
        ("solid", MM**2, 2),
    ],
)
def test_a_straight_wire_has_no_error(kind, area, degree):
    """P = I^2 rho l / A in bodies of every kind."""
    mesh = straight(kind) if degree == 1 else quadratic(straight(kind))
    body = wire_body(kind, **({"thickness": 3 * UM} if kind == "plate" else {}))
    power, found, model = powered(body, mesh)
    assert power == pytest.approx(CURRENT**2 * RESISTIVITY * 4 * MM / area, rel=1e-9)
    assert found.relative < 1e-12
    assert model.system.sources["current"].sum() == pytest.approx(1, rel=1e-12)


# --- what carries the current -----------------------------------------------------------------------------------


def strips(cuts=2):
    """An L, the square in its corner filled with something else, in the plane."""
    line = np.linspace(0, 2 * MM, 2 * cuts + 1)
    grid = MeshTri.init_tensor(line, line)
    x, y = grid.p[:, grid.t].mean(axis=1)
    ends = {"from": lambda x, y: x - 2 * MM + MM * (y > MM), "to": lambda x, y: y - 2 * MM + MM * (x > MM)}
    region = ((x > MM) & (y > MM)).astype(np.int64)
    return mesh_of(grid, ends, region, ("wire", "other"))


def test_indicators_are_of_the_whole_mesh_and_nothing_outside_the_wire():
    power, found, model = powered(wire_body(names=("wire", "other")), strips())
    alone, expected, _ = powered(wire_body(), corner(2, 1))
    assert power == pytest.approx(alone, rel=1e-9)
    assert found.relative == pytest.approx(expected.relative, rel=1e-9)
    outside = model.mesh.region == 1
    assert outside.any()
    assert (found.indicators[outside] == 0).all()
    assert found.indicators[~outside].any()


def pieces(*kept):
    """Squares of 1 mm in a field of three by three, by their column and row."""
    ends = {"from": lambda x, _: x, "to": lambda x, _: x - 3 * MM}
    wanted = [column + 3 * row for column, row in kept]
    return rectangles(2, lambda x, y: np.isin(x // MM + 3 * (y // MM), wanted), ends, 3 * MM)


def test_what_hangs_at_one_end_carries_no_current():
    """Beside a whole strip a piece that only one end touches."""
    power, found, _ = powered(wire_body(), pieces((0, 0), (1, 0), (2, 0), (0, 2)))
    assert power == pytest.approx(CURRENT**2 * RESISTIVITY * 3 / DEPTH, rel=1e-9)
    assert found.relative < 1e-12


def test_a_wire_that_is_cut_is_refused():
    with pytest.raises(PhysicsError, match="no current can flow from 'from' to 'to'"):
        body_model(wire_body(), pieces((0, 0), (2, 0)))


def test_a_face_elsewhere_is_refused():
    body, mesh = wire_body(names=("wire", "other")), strips()
    source = replace(body.sources["current"], through="other", start="from")
    right = mesh.boundaries["from"]
    low = right[:, mesh.points[1, right].max(axis=0) < 1.1 * MM / LENGTH_UNIT]
    mesh = replace(mesh, boundaries={**mesh.boundaries, "from": low})
    with pytest.raises(PhysicsError, match="'from' does not touch 'other'"):
        body_model(replace(body, sources={"current": source}), mesh)
