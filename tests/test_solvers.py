"""Solvers against each other: orders of elimination, multigrid, iterations, factors that are used again."""

import importlib.util
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.sparse.linalg import splu
from skfem import MeshTet, MeshTri

from thermonet.geometry.mesh import Mesh
from thermonet.geometry.refine import quadratic
from thermonet.heat.bodies.body import Body, Boundary, Filling, MeanSensor, SpreadSource
from thermonet.heat.bodies.model import body_model
from thermonet.quantities.errors import NotConvergedError, PhysicsError
from thermonet.system.balance import conducted, conducted_at, lost_heat
from thermonet.system.join import join, tied
from thermonet.system.layout import Layout, element_layout, mapped_layout, united_layout
from thermonet.system.modes import slowest_modes
from thermonet.system.solvers import choice, direct, ordering, rows
from thermonet.system.solvers.choice import solver_of, spread, steps_needed
from thermonet.system.solvers.conjugate import conjugate_gradients
from thermonet.system.solvers.multigrid import multigrid
from thermonet.system.steady import gradient, heat_imbalance, reciprocity_error, resistance

CONTRAST = {"cold": 1.4, "film": 150.0, "hot": 2.0}


def layered(grid, kind, *, contacts=None):
    """A body of three layers along its last coordinate (0..1 um), held below, heated in the upper layer."""
    last = grid.p[-1][grid.t].mean(axis=0)
    region = np.where(last < 0.5, 0, np.where(last < 0.75, 1, 2))
    below = grid.facets[:, grid.facets_satisfying(lambda x: x[-1] == 0)]
    cells = grid.t.astype(np.int64)
    turned = np.linalg.det(np.moveaxis(grid.p[:, cells[1:]] - grid.p[:, cells[:1]], -1, 0)) < 0
    cells[:2, turned] = cells[1::-1, turned]
    mesh = quadratic(Mesh(1e3 * grid.p, cells, region, tuple(CONTRAST), {"below": below}))
    body = Body(
        kind=kind,
        fillings={name: Filling(region=name, conductivity=k, heat_capacity=2e6) for name, k in CONTRAST.items()},
        contacts=contacts or {},
        boundaries={"below": Boundary(on=("below",), temperature=0.0)},
        sources={"heater": SpreadSource(on="hot", power=1.0), "other": SpreadSource(on="film", power=1.0)},
        sensors={"mean": MeanSensor(on="film")},
    )
    return body_model(body, mesh).system


@pytest.fixture(scope="module")
def plane():
    """2600 unknowns, refined towards one corner."""
    steps = np.linspace(0, 1, 25) ** 1.5
    return layered(MeshTri.init_tensor(steps, np.linspace(0, 1, 25)), "planar")


@pytest.fixture(scope="module")
def solid():
    """3757 unknowns, tetrahedra three times as wide as high."""
    steps = [np.linspace(0, 2, 7), np.linspace(0, 2, 7), np.linspace(0, 1, 11)]
    return layered(MeshTet.init_tensor(*steps), "solid", contacts={("cold", "film"): 3e8})


@pytest.fixture
def iterated(monkeypatch):
    """Every solid body is large."""
    monkeypatch.setattr(choice, "_SOLID", 100)


def fill(matrix, order):
    """Entries of the factor in an order."""
    part = sp.csc_array(matrix[order][:, order])
    return splu(part, permc_spec="NATURAL", diag_pivot_thresh=0.0, options={"SymmetricMode": True}).L.nnz


# --- orders -------------------------------------------------------------------------------------------------------


def test_nested_dissection_fills_less(plane):
    """It orders every unknown once, fills a third of what rows of nodes do, and no more than minimum degree."""
    held = plane.hold("below")
    order = ordering.elimination_order(held.K, plane.layout)
    assert np.array_equal(np.sort(order), np.arange(plane.size))
    order = order[np.isin(order, held.free)]
    x, y = plane.layout.positions[held.free].T
    by_rows = held.free[np.lexsort((x, y))]
    free = sp.csc_array(held.K[held.free][:, held.free])
    by_degree = splu(free, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}).L.nnz
    assert fill(held.K, order) < fill(held.K, by_rows) / 2
    assert fill(held.K, order) < 1.1 * by_degree


def test_an_order_is_found_once(plane, monkeypatch):
    """Other coefficients and other shifts are eliminated in the order of the first."""
    ordering.elimination_order(plane.hold("below").K, plane.layout)
    monkeypatch.setattr(ordering, "dissection", None)
    for held in (plane.hold("below"), plane.at({"k.film": 7.0}).hold("below")):
        assert np.isfinite(held.solve(plane.sources["heater"], s=1e6)).all()


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(8, 15)), min_size=1, max_size=40))
def test_a_separator_is_the_smallest(pairs):
    """As many nodes as a largest matching has pairs touch all pairs, and fewer never could."""
    first, second = np.array(pairs).T
    chosen = ordering._cover(first, second, 16)
    assert (chosen[first] | chosen[second]).all()
    graph = sp.csr_array((np.ones(len(pairs)), (first, second - 8)), shape=(8, 8))
    assert chosen.sum() == (maximum_bipartite_matching(graph) >= 0).sum()


def test_nodes_at_one_place_are_ordered_too():
    """Coordinates that do not tell nodes apart cost fill, no answer."""
    chain = sp.csr_array(sp.diags_array([-np.ones(29), 2 * np.ones(30), -np.ones(29)], offsets=[-1, 0, 1]))
    layout = element_layout(np.zeros((2, 30)), np.zeros((3, 0), dtype=int))
    assert np.array_equal(np.sort(ordering.elimination_order(chain, layout)), np.arange(30))


# --- layouts ------------------------------------------------------------------------------------------------------


def test_middles_know_their_ends(plane):
    """A linear field is at every middle node the mean of its ends."""
    layout = plane.layout
    assert layout.middles.sum() > layout.size / 2
    inside = ~np.isin(np.arange(layout.size), plane.ports["below"])
    apart = layout.positions - layout.positions[layout.parents].mean(axis=0)
    assert np.abs(apart[inside & ~np.isin(layout.parents, plane.ports["below"]).any(axis=0)]).max() < 1e-9


def test_layouts_follow_their_unknowns():
    """Joined, an unknown lies where it lay; one without a place lies in the middle and stands for itself."""
    one = Layout(np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 0.0]]), np.array([[0, 1, 0], [0, 1, 1]]))
    both = united_layout([(one, np.array([3, 1, 2])), (None, np.array([0, 3]))], 4)
    assert both.positions.tolist() == [[1.0, 0.0], [2.0, 0.0], [1.0, 0.0], [0.0, 0.0]]
    assert both.parents.tolist() == [[0, 1, 3, 3], [0, 1, 1, 3]]
    assert united_layout([(None, np.arange(2))], 2) is None
    onto = sp.csr_array(np.array([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]]))
    mapped = mapped_layout(one, onto)
    assert mapped.positions.tolist() == [[2.0, 0.0], [0.0, 0.0]]
    assert mapped.parents.tolist() == [[0, 1], [0, 1]]


def test_joined_and_tied_systems_keep_a_layout(plane):
    """And answer as they do without one."""
    other = layered(MeshTri.init_tensor(np.linspace(0, 1, 4), np.linspace(0, 1, 5)), "planar")
    names = {part: {f"o.{name}": value for name, value in getattr(other, part).items()} for part in PARTS}
    both = join([plane, replace(other, **names)], [("below", "o.below")])
    assert both.layout.size == both.size
    joined = tied(both.with_sensor("hot", both.sources["heater"]), "below")
    assert joined.layout.size == joined.size
    plain = replace(joined, layout=None)
    found, expected = (resistance(some.hold("below"), "mean", "heater") for some in (joined, plain))
    assert found == pytest.approx(expected, rel=1e-12)


PARTS = ("K", "C", "theta", "sources", "sensors", "ports")


# --- factors ------------------------------------------------------------------------------------------------------


def test_factors_solve_whatever_the_order(plane):
    """With a layout, without one, several loads at once, and a harmonic one."""
    held, plain = plane.hold("below"), replace(plane, layout=None).hold("below")
    loads = np.column_stack([plane.sources["heater"], plane.sources["other"]])
    for s in (0.0, 1e6, 1e6j):
        expected = plain.solve(loads, s=s)
        assert held.solve(loads, s=s) == pytest.approx(expected, rel=1e-10, abs=1e-12 * np.abs(expected).max())
    assert held.factor()(loads[held.free]) == pytest.approx(held.solve(loads)[held.free], rel=1e-9)


def test_a_part_without_ground_is_refused(plane):
    """With its reason, in place of a defect."""
    with pytest.raises(PhysicsError, match="no path of heat to a held port"):
        plane.at({"k.film": 0.0}).hold("below").solver()


def test_real_factors_take_complex_loads(plane):
    """By parts."""
    held = plane.hold("below")
    load = plane.sources["heater"] * (1 + 2j)
    assert held.solve(load) == pytest.approx((1 + 2j) * held.solve(plane.sources["heater"]), rel=1e-12)


def test_cholmod_solves_alike(plane):
    """Where scikit-sparse is installed, in the version whose interface is known."""
    if importlib.util.find_spec("sksparse") is None:
        pytest.skip("scikit-sparse is not installed")
    held = plane.hold("below")
    matrix = held.K[held.free][:, held.free]
    solve = direct.cholmod(matrix)
    if solve is None:
        pytest.skip("this version of scikit-sparse has another interface")
    load = plane.sources["heater"][held.free]
    assert solve(load) == pytest.approx(direct._superlu(matrix, "MMD_AT_PLUS_A")(load), rel=1e-9)


def test_cholmod_is_taken_where_it_is_installed(plane, monkeypatch):
    """In our order; complex matrices and unknown interfaces are left to SuperLU."""
    calls = []

    def cholesky(matrix, ordering_method):
        calls.append(ordering_method)
        return splu(matrix).solve

    found = SimpleNamespace(cholesky=cholesky, Factor=object, CholmodError=ArithmeticError)
    monkeypatch.setattr(direct, "import_module", lambda _: found)
    held, load = plane.hold("below"), plane.sources["heater"]
    expected = replace(plane, layout=None).hold("below").solve(load)
    assert held.solve(load) == pytest.approx(expected, rel=1e-9)
    held.solve(load, s=1e6j)
    assert calls == ["natural"]
    monkeypatch.setattr(direct, "import_module", lambda _: SimpleNamespace(cho_factor=cholesky))
    assert direct.cholmod(held.K) is None


# --- conjugate gradients ------------------------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1))
def test_conjugate_gradients_solve_several_loads(seed):
    """Also where one is zero, and each to its own tolerance; the residual is small as promised."""
    random = np.random.default_rng(seed)
    half = random.standard_normal((12, 12))
    matrix, loads = half @ half.T + 12 * np.eye(12), random.standard_normal((12, 3)) * [1.0, 0.0, 1e-9]
    scaling = 1 / np.diag(matrix)[:, np.newaxis]
    found, _ = conjugate_gradients(lambda x: matrix @ x, lambda r: scaling * r, loads, tolerance=1e-12, steps=60)
    assert found == pytest.approx(np.linalg.solve(matrix, loads), rel=1e-8, abs=1e-22)
    left = loads - matrix @ found
    assert ((scaling * left**2).sum(axis=0) <= 1e-22 * (scaling * loads**2).sum(axis=0)).all()


def test_an_iteration_that_does_not_converge_is_refused():
    """Too few steps, a matrix that is not positive definite, and what is not a number."""
    matrix, load = np.diag(np.geomspace(1, 1e6, 40)), np.ones((40, 1))

    def run(A, b, steps):
        return conjugate_gradients(lambda x: A @ x, lambda r: r, b, tolerance=1e-10, steps=steps)

    with pytest.raises(NotConvergedError, match=r"reached a relative residual of .* in 5 steps, not 1.0e-10"):
        run(matrix, load, 5)
    with pytest.raises(NotConvergedError, match="not positive definite"):
        run(-matrix, load, 50)
    with pytest.raises(NotConvergedError, match="not positive definite"):
        run(matrix, load * np.nan, 50)


# --- multigrid ----------------------------------------------------------------------------------------------------


def test_a_cycle_is_symmetric_and_near_the_inverse(solid):
    """Its eigenvalues on the matrix lie in a narrow band, whatever the contrast; held unknowns stay at zero."""
    held = solid.hold("below")
    mask = np.isin(np.arange(solid.size), held.free)
    cycle = multigrid(held.K, solid.layout, mask)
    one, other = np.random.default_rng(0).standard_normal((2, solid.size)) * mask
    assert cycle(one) @ other == pytest.approx(cycle(other) @ one, rel=1e-3)
    assert (cycle(one)[~mask] == 0).all()
    part = np.column_stack([cycle(unit) for unit in np.eye(solid.size)[held.free[::25]]])
    assert (np.einsum("ij,ij->j", part, held.K @ part) > 0).all()
    near = np.linalg.eigvals((part.T @ held.K @ part) @ np.linalg.inv(part[held.free[::25]])).real
    assert near.min() > 0.2
    assert near.max() < 1.2


def test_iterated_solutions_equal_those_of_factors(solid, iterated):
    """Fields, transfer resistance, gradient and reciprocity, across a contact and a contrast of a hundred."""
    plain, held = replace(solid, layout=None).hold("below"), solid.hold("below")
    loads = np.column_stack([solid.sources["heater"], solid.sources["other"]])
    assert not held.solver().exact
    assert held.solve(loads) == pytest.approx(plain.solve(loads), rel=1e-8)
    assert held.solve(loads)[:, 1] == pytest.approx(held.solve(loads[:, 1]), rel=1e-12)
    assert resistance(held, "mean", "heater") == pytest.approx(resistance(plain, "mean", "heater"), rel=1e-10)
    assert reciprocity_error(held, "mean", "heater") < 1e-10
    found, exact = (gradient(each, "mean", "heater") for each in (held, plain))
    for name, slope in exact.by_term.items():
        assert found.by_term[name] == pytest.approx(slope, abs=1e-9 * exact.resistance / solid.theta[name])
    assert abs(heat_imbalance(held, "heater")) < 1e-10


def test_iterated_solutions_at_a_shift(solid, iterated):
    """Implicit steps and harmonic answers too, at a slow and at a fast one."""
    plain, held = replace(solid, layout=None).hold("below"), solid.hold("below")
    load = solid.sources["heater"]
    for s in (1e4, 1e8, 1e4j, 1e8j):
        expected = plain.solve(load, s=s)
        assert held.solve(load, s=s) == pytest.approx(expected, abs=1e-8 * np.abs(expected).max())


def test_held_temperatures_of_an_iterated_body(solid, iterated):
    """A body held at one temperature has it everywhere."""
    held = solid.hold("below")
    assert held.solve(np.zeros(solid.size), held=300.0) == pytest.approx(300.0, rel=1e-9)


def test_an_iterated_body_that_does_not_converge_is_refused(solid, iterated, monkeypatch):
    """And so is one with a negative conductivity."""
    with pytest.raises(NotConvergedError, match="not positive definite"):
        solid.at({"k.film": -1.0}).hold("below").solve(solid.sources["heater"])
    monkeypatch.setattr(choice, "_STEPS", 2)
    with pytest.raises(NotConvergedError, match="in 2 steps"):
        solid.hold("below").solve(solid.sources["heater"])


def test_slowest_modes_of_an_iterated_body(solid, iterated):
    """Time constants to 1e-9, shapes orthonormal in the conductance, the same as by factors."""
    exact, _ = slowest_modes(replace(solid, layout=None).hold("below"), 4)
    held = solid.hold("below")
    times, shapes = slowest_modes(held, 4)
    assert times == pytest.approx(exact, rel=1e-9)
    assert shapes.T @ held.K @ shapes == pytest.approx(np.eye(4), abs=1e-8)
    stored, conducted_away = (held.C @ shapes)[held.free], (held.K @ shapes * times)[held.free]
    assert stored == pytest.approx(conducted_away, abs=1e-6 * np.abs(stored).max())


def test_modes_that_do_not_settle_are_refused(solid, iterated, monkeypatch):
    """With what was reached."""
    monkeypatch.setattr("thermonet.system.modes._ROUNDS", (1,))
    with pytest.raises(NotConvergedError, match=r"the 2 slowest modes have settled to"):
        slowest_modes(solid.hold("below"), 2)


def test_small_and_linear_bodies_have_their_levels():
    """Linear elements, and so few unknowns that there is one level only."""
    matrix = sp.csr_array(sp.diags_array([-np.ones(59), 2 * np.ones(60), -np.ones(59)], offsets=[-1, 0, 1]))
    layout = element_layout(np.arange(60.0)[np.newaxis] * np.ones((3, 1)), np.zeros((4, 0), dtype=int))
    cycle = multigrid(matrix, layout, np.ones(60, dtype=bool))
    load = np.sin(np.arange(60.0))
    found, steps = conjugate_gradients(
        lambda x: matrix @ x, lambda r: cycle(r[:, 0])[:, np.newaxis], load[:, np.newaxis], tolerance=1e-10, steps=20
    )
    assert matrix @ found[:, 0] == pytest.approx(load, abs=1e-9)
    assert steps < 10


def test_jobs_side_by_side(monkeypatch):
    """They return in order, also jobs of jobs; products in them are right whether cut up or not; errors get out."""
    monkeypatch.setattr(rows, "_SMALL", 10)
    matrix = sp.csr_array(np.random.default_rng(0).standard_normal((30, 30)))
    cut, vector = rows.by_rows(matrix), np.arange(30.0)
    for count in (1, 2, rows.cores(), rows.cores() + 3):
        for found in rows.side_by_side([lambda: rows.side_by_side([lambda: cut @ vector, lambda: 7])] * count):
            assert found[0] == pytest.approx(matrix @ vector, rel=1e-13)
            assert found[1] == 7
    with pytest.raises(ZeroDivisionError):
        rows.side_by_side([lambda: 1, lambda: 1 // 0])


# --- factors used again -------------------------------------------------------------------------------------------


def test_other_coefficients_answer_as_if_solved_anew(plane):
    """With the old factors or new ones: a little more of a film's conductivity, much more, nothing, all of them."""
    before = plane.hold("below")
    resistance(before, "mean", "heater")
    changes = [{"k.film": 1.3 * CONTRAST["film"]}, {"k.film": 30 * CONTRAST["film"]}, {}]
    changes.append({f"k.{name}": 2 * k for name, k in CONTRAST.items()})
    for theta in changes:
        held, fresh = before.again(theta), plane.at(theta).hold("below")
        found, expected = resistance(held, "mean", "heater"), resistance(fresh, "mean", "heater")
        assert found == pytest.approx(expected, rel=1e-10)
        load = plane.sources["heater"]
        assert held.solve(load) == pytest.approx(fresh.solve(load), rel=1e-8)
        assert abs(heat_imbalance(held, "heater")) < 1e-10
        assert held.solve(load, s=1e6) == pytest.approx(fresh.solve(load, s=1e6), rel=1e-8)


def test_old_factors_serve_while_they_are_cheaper(plane):
    """A small change needs no new factors for a few loads, and gets them after many; a large one at once."""
    before = plane.hold("below")
    before.solver()
    held = before.again({"k.film": 1.2 * CONTRAST["film"]})
    assert held.solver().near_inverse is before.solver().near_inverse
    held.solve(plane.sources["heater"])
    assert held.made[0.0][1] is before.solver()
    for _ in range(3):
        held.solve(plane.sources["heater"])
    assert held.made[0.0][1].near_inverse is not before.solver().near_inverse
    assert before.again({"k.film": 100 * CONTRAST["film"]}).solver().exact


def test_answers_begin_from_known_fields(solid, iterated):
    """Fewer steps at nearly the same coefficients, the same digits; fields of other loads do no harm."""
    before = solid.hold("below")
    resistance(before, "mean", "heater")
    held, without = (before.again({"k.film": 1.01 * CONTRAST["film"]}) for _ in range(2))
    without.known = None
    assert resistance(held, "mean", "heater") == pytest.approx(resistance(without, "mean", "heater"), rel=1e-9)
    assert held.solver().iterate.spent < without.solver().iterate.spent
    other = solid.with_source("film", held.system.sensors["mean"]).hold("below")
    expected = resistance(other, "mean", "film")
    other.known = np.random.default_rng(0).standard_normal((solid.size, 2))
    other.known[other.fixed] = 0
    assert resistance(other, "mean", "film") == pytest.approx(expected, rel=1e-9)


def test_factors_are_handed_on(plane):
    """Through several changes in a row they stay those that were made."""
    first = plane.hold("below")
    first.solver()
    second = first.again({"k.film": 1.1 * CONTRAST["film"]})
    second.solve(plane.sources["heater"])
    third = second.again({"k.film": 1.2 * CONTRAST["film"]})
    assert third.solver().near_inverse is first.solver().near_inverse
    expected = plane.at({"k.film": 1.2 * CONTRAST["film"]}).hold("below").solve(plane.sources["heater"])
    assert third.solve(plane.sources["heater"]) == pytest.approx(expected, rel=1e-8)


def test_the_number_of_steps_is_known_before(plane):
    """The ratio of the coefficients bounds the condition number, so the steps."""
    assert spread([2.0, 1.0, 1.5]) == 2.0
    assert spread([1.0, 0.0]) == spread([1.0, -1.0]) == spread([]) == np.inf
    assert steps_needed(1.0, 1e-10) == 1
    assert steps_needed(np.inf, 1e-10) == np.inf
    before, load = plane.hold("below"), plane.sources["heater"][:, np.newaxis]
    for ratio in (1.2, 2.0, 5.0):
        after = plane.at({"k.film": ratio * CONTRAST["film"]}).hold("below")
        product = choice.masked_product(after.K, np.isin(np.arange(plane.size), after.free))
        _, steps = conjugate_gradients(product, before.solver().near_inverse, load, tolerance=1e-10, steps=99)
        assert steps <= steps_needed(ratio, 1e-10) + 1


def test_a_dense_model_is_solved_anew():
    """Its factors cost nothing."""
    matrix = np.array([[2.0, -1.0], [-1.0, 1.0]])
    solver = solver_of(matrix, np.array([0, 1]), None)
    assert choice.renewed(solver, matrix, np.array([0, 1]), 1.0, lambda: solver) is solver
    assert solver(np.array([1.0, 0.0])) == pytest.approx([1.0, 1.0])


# --- products and balances ----------------------------------------------------------------------------------------


def test_products_by_rows(monkeypatch):
    """Blocks of rows on several threads make the same product; empty rows and more blocks than rows too."""
    monkeypatch.setattr(rows, "_SMALL", 10)
    monkeypatch.setattr(rows, "cores", lambda: 3)
    full = sp.random_array((40, 30), density=0.2, rng=np.random.default_rng(0)).toarray()
    full[5:9] = 0
    matrix = sp.csr_array(full)
    vector = np.random.default_rng(1).standard_normal(30)
    assert len(rows.by_rows(matrix).blocks) == 3
    assert rows.by_rows(matrix) @ vector == pytest.approx(matrix @ vector, rel=1e-14)
    assert rows.by_rows(matrix, 1) @ vector == pytest.approx(matrix @ vector, rel=1e-14)
    assert all(np.shares_memory(block.data, matrix.data) for block in rows.by_rows(matrix).blocks)


@given(st.integers(0, 2**32 - 1))
def test_conducted_heat(seed):
    """K T, from differences: the same where rounding does not matter, and exactly zero in the uniform field."""
    random = np.random.default_rng(seed)
    links = sp.random_array((9, 9), density=0.5, rng=random, format="csr")
    one = np.where(random.random(9) < 0.2, 0.0, random.uniform(0.5, 2.0, 9))
    K = links + links.T
    # A graph's Laplacian in coordinates in which its uniform field is `one`, and some unknowns that carry none of it.
    scale = np.where(one == 0, 1.0, 1 / np.where(one == 0, 1.0, one))
    K = K - sp.diags_array(np.asarray((K @ (one != 0)) * (one != 0)).ravel() - np.where(one == 0, 10.0, 0.0))
    K = sp.csr_array(-sp.diags_array(scale) @ K @ sp.diags_array(scale))
    fields = random.standard_normal((9, 2))
    lost = lost_heat(K, one)
    assert conducted(K, one, lost, fields) == pytest.approx(K @ fields, abs=1e-12)
    assert conducted_at(K, one, lost, fields, np.array([7, 2])) == pytest.approx((K @ fields)[[7, 2]], abs=1e-12)


def test_heat_balances_whatever_the_contrast():
    """A huge conductance between two nodes at 1e5 K does not blur the watt that flows through them."""
    row = np.array([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    K = sp.csr_array(1e7 / 3 * row + 1e-5 / 7 * np.roll(np.roll(row, 1, axis=0), 1, axis=1))
    temperature = np.array([1e5 + 3e-7, 1e5, 1e5 - 7e5])
    lost = lost_heat(K, np.ones(3))
    heat = conducted(K, np.ones(3), lost, temperature)
    assert heat[2] == pytest.approx(-1.0, rel=1e-14)
    assert abs(heat.sum()) < 1e-15
