"""Adaptive refinement: optimal rates at corners, tolerances met or refused with a reason, interfaces that match."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from skfem import MeshTri

from thermonet.geometry.curves import Flat, Round, associated
from thermonet.geometry.mesh import Mesh
from thermonet.geometry.refine import linear, quadratic, uniformly_refined
from thermonet.geometry.topology import facets
from thermonet.heat.adaptive import Limits, Solved, Step, adapted, marked, needed_unknowns
from thermonet.heat.elements import plane_elements
from thermonet.heat.equilibrated.conductor import Conductor
from thermonet.heat.goal_error import goal_errors


@dataclass(frozen=True)
class Plane:
    """A plane body of one conductivity, held where x is least; a watt spread over all of it."""

    mesh: Mesh
    layered: object

    def solve(self, mesh, _curves=None):
        conductor = Conductor(
            elements=plane_elements(mesh), conductivity=np.ones(mesh.cells.shape[1]), held=mesh.boundaries["held"]
        )
        loads = [self.layered.uniform(conductor, "body")]
        fields, works = self.layered.solution(conductor, loads)
        errors = goal_errors(conductor, loads, fields, [(0, 0)])
        values = np.array([works[:, 0] @ fields[:, 0]])
        return Solved(
            model=errors.correction,
            unknowns=conductor.elements.size,
            names=["R"],
            values=values,
            sizes=values,
            estimates=errors.estimate,
            indicators=errors.indicators,
        )


@pytest.fixture
def corner(layered_bodies):
    """An L-shaped body: held at its left end, so that heat goes round the re-entrant corner."""
    line = np.linspace(-1000, 1000, 5)
    grid = MeshTri.init_tensor(line, line)
    centre = grid.p[:, grid.t].mean(axis=1)
    grid = grid.remove_elements(np.flatnonzero((centre[0] > 0) & (centre[1] < 0)))
    cells = grid.t.astype(np.int64)
    spanned = grid.p[:, cells[1:]] - grid.p[:, cells[:1]]
    turned = np.linalg.det(spanned.transpose(2, 0, 1)) < 0
    cells[:2, turned] = cells[1::-1, turned]
    bare = Mesh(grid.p, cells, np.zeros(cells.shape[1], dtype=np.int64), ("body",), {})
    found = facets(bare)
    outer = found.nodes[:, found.cells[1] < 0]
    held = outer[:, bare.points[0, outer].max(axis=0) < -999]
    return Plane(quadratic(replace(bare, boundaries={"held": held})), layered_bodies)


def rate(unknowns, errors):
    return -np.polyfit(np.log(unknowns), np.log(errors), 1)[0]


@pytest.mark.parametrize(("degree", "tolerance", "optimal"), [(1, 2e-3, 1.0), (2, 1e-6, 2.0)])
def test_rate_at_a_corner_is_that_of_smooth_fields(corner, degree, tolerance, optimal):
    """A resistance converges as N^-p where adapted; uniformly at 2/3 per unknown for any degree p at this corner."""
    start = corner.mesh if degree == 2 else linear(corner.mesh)
    found = adapted(start, corner.solve, tolerance, Limits(unknowns=100_000))
    assert found.refusal is None
    best = found.solved.values[0] + found.solved.model[0]
    steps = found.history[len(found.history) // 3 :]
    unknowns = [step.unknowns for step in steps]
    assert rate(unknowns, [step.estimates[0] for step in steps]) > 0.9 * optimal
    assert rate(unknowns, [best - step.values[0] for step in steps]) > 0.8 * optimal
    mesh, uniform = start, []
    for _ in range(4):
        uniform.append(corner.solve(mesh))
        mesh = uniformly_refined(mesh).mesh
    assert 0.55 < rate([one.unknowns for one in uniform[1:]], [best - one.values[0] for one in uniform[1:]]) < 1.1


@pytest.mark.parametrize(("seed", "kind"), [(0, "planar"), (6, "planar"), (12, "axisymmetric")])
def test_tolerance_is_met(layered_bodies, seed, kind):
    """0.01 % of a transfer resistance between layers of large contrast, and it is as good as promised."""
    body = layered_bodies.random_layers(seed, kind)
    found = adapted(body.mesh, body.goals([(0, 1)]), 1e-4, Limits(unknowns=100_000))
    assert found.refusal is None
    assert found.solved.relative.max() <= 1e-4
    exact = layered_bodies.exact(seed, kind, 2e-5)[1]
    assert abs(found.solved.values[0] - exact) <= 1e-4 * exact
    assert [step.unknowns for step in found.history] == sorted(step.unknowns for step in found.history)
    assert found.history[0].unknowns < found.history[-1].unknowns == found.solved.unknowns


def test_several_goals_are_met_together(layered_bodies):
    body = layered_bodies.random_layers(1)
    found = adapted(body.mesh, body.goals([(0, 0), (1, 1), (0, 1)]), 1e-3, Limits(unknowns=100_000))
    assert found.refusal is None
    assert (found.solved.relative <= 1e-3).all()


def test_tolerance_that_is_out_of_reach_is_refused_with_a_reason(layered_bodies):
    body = layered_bodies.random_layers(0)
    found = adapted(body.mesh, body.goals([(0, 1)]), 1e-9, Limits(unknowns=3000))
    assert found.solved.unknowns <= 3000
    assert "R01 has an estimated error of" in found.refusal
    assert "would have more than 3000 unknowns" in found.refusal
    assert "at the rate observed it takes about" in found.refusal
    late = adapted(body.mesh, body.goals([(0, 1)]), 1e-9, Limits(unknowns=10**9, seconds=0.0))
    assert len(late.history) == 1
    assert "it has taken more than 0 s" in late.refusal


def test_both_sides_of_an_interface_match_after_five_steps(layered_bodies):
    """Regions get their own nodes after refinement, so their nodes lie on each other however often it happened."""
    body = layered_bodies.random_layers(17)
    assert len(body.contacts) == 2
    steps = iter(range(5))
    goals = body.goals([(0, 1)])

    def five_times(mesh, _curves):
        return replace(goals(mesh), estimates=np.array([float(next(steps, -1) >= 0)]), sizes=np.ones(1))

    found = adapted(body.mesh, five_times, 0.5, Limits(unknowns=100_000))
    assert len(found.history) == 6
    conductor = body.conductor(found.mesh)
    assert len(conductor.interfaces) == len(body.conductor(body.mesh).interfaces)
    points = conductor.elements.mesh.points
    for first, second, _ in conductor.interfaces:
        assert (points[:, first] == points[:, second]).all()
        assert not np.intersect1d(first, second).size
    before, after = (
        sum(side[0].shape[1] for side in body.conductor(mesh).interfaces) for mesh in (body.mesh, found.mesh)
    )
    assert after > before


def disc_in_a_square():
    """A disc of radius 400 nm in the middle of a square, with the exact circle between them."""
    grid = MeshTri.init_circle(2)
    inner, cells = 400 * grid.p, grid.t.astype(np.int64)
    rim = np.flatnonzero(np.abs(np.linalg.norm(inner, axis=0) - 400) < 1e-6)
    rim = rim[np.argsort(np.arctan2(inner[1, rim], inner[0, rim]))]
    ray = inner[:, rim] / np.abs(inner[:, rim]).max(axis=0)
    out = inner.shape[1] + np.arange(len(rim))
    there, here = np.roll(rim, -1), np.roll(out, -1)
    around = np.concatenate([np.stack([rim, out, here]), np.stack([rim, here, there])], axis=1)
    points, cells = np.concatenate([inner, 1000 * ray], axis=1), np.concatenate([cells, around], axis=1)
    spanned = points[:, cells[1:]] - points[:, cells[:1]]
    turned = np.linalg.det(spanned.transpose(2, 0, 1)) < 0
    cells[:2, turned] = cells[1::-1, turned]
    region = (np.arange(cells.shape[1]) >= grid.t.shape[1]).astype(np.int64)
    bare = Mesh(points, cells, region, ("0.disc", "1.square"), {})
    found = facets(bare)
    outer = found.nodes[:, found.cells[1] < 0]
    bare = replace(bare, boundaries={"bottom": outer[:, points[1, outer].max(axis=0) < -999]})
    sides = [Flat(np.array(at), np.array(along)) for at, along in (((0.0, -1e3), (0.0, 1.0)), ((0.0, 1e3), (0.0, 1.0)))]
    return bare, associated(bare, [Round(np.zeros(2), 400.0), *sides])


def test_a_curved_interface_stays_on_its_circle(layered_bodies):
    bare, curves = disc_in_a_square()
    body = layered_bodies.Layered(
        kind="planar",
        mesh=quadratic(bare, curves),
        conductivity=np.array([[1.0, 1.0], [100.0, 100.0]]),
        contacts={("0", "1"): 1e7},
        held=("bottom",),
        ambient={},
        source="0.disc",
        sensor="1.square",
    )
    found = adapted(body.mesh, body.goals([(0, 0)]), 1e-5, Limits(unknowns=50_000), curves)
    assert found.refusal is None
    assert len(found.history) > 3
    points, ((first, second, _),) = found.mesh.points, body.conductor(found.mesh).interfaces
    conductor = body.conductor(found.mesh)
    assert conductor.cells.curved.any()
    points = conductor.elements.mesh.points
    assert (points[:, first] == points[:, second]).all()
    np.testing.assert_allclose(np.linalg.norm(points[:, first], axis=0), 400, rtol=1e-9)


def test_marked_cells_are_the_fewest_that_leave_half_of_the_tolerance():
    """Goals that are met do not count; the others count in parts of their sizes. Far off, a fifth is left for later."""
    solved = Solved(
        model=None,
        unknowns=1,
        names=("a", "b"),
        values=np.ones(2),
        sizes=np.array([1.0, 10.0]),
        estimates=np.array([1.0, 10.0]),
        indicators=np.array([[0.0, 0.1, 0.6, 0.3], [10.0, 0.0, 0.0, 0.0]]),
    )
    assert list(marked(solved, np.array([True, False]), 1.0)) == [2]
    assert list(marked(solved, np.array([True, True]), 1.0)) == [0]
    assert list(marked(solved, np.array([True, False]), 0.5)) == [2, 3]
    assert list(marked(solved, np.array([True, False]), 1e-6)) == [2, 3]


def test_needed_unknowns_follow_the_observed_rate():
    history = [Step(n, np.ones(1), np.array([n**-2.0]), 0.0) for n in (100, 200, 400, 800)]
    assert needed_unknowns(history, 0, 1e-10) == pytest.approx(1e5)
    assert needed_unknowns(history[:1], 0, 1e-10) is None
    stuck = [Step(n, np.ones(1), np.ones(1), 0.0) for n in (100, 200)]
    assert needed_unknowns(stuck, 0, 1e-10) is None
