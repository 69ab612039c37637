"""Conductivities that depend on temperature, and radiation: closed forms, exact slopes, Newton's own convergence."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from skfem import MeshTet

from thermonet.geometry.layered import CoaxialShape, Layer, SlabShape, SphericalShape, body_mesh
from thermonet.geometry.mesh import LENGTH_UNIT, Mesh
from thermonet.geometry.refine import linear, quadratic
from thermonet.heat.elements import (
    axisymmetric_elements,
    facet_areas,
    facet_load,
    facets_of,
    mass,
    plane_elements,
    solid_elements,
)
from thermonet.heat.nonlinear import ConductionTerm, RadiationTerm
from thermonet.materials.laws import PolynomialLaw, TableLaw
from thermonet.quantities.constants import STEFAN_BOLTZMANN
from thermonet.quantities.errors import NotConvergedError, PhysicsError
from thermonet.system.core import System
from thermonet.system.drive import Drive
from thermonet.system.nonlinear import NonlinearSystem, steady_state
from thermonet.system.nonlinear_transient import nonlinear_transient
from thermonet.system.signals import Course, Sine, Table, square
from thermonet.system.steady import reciprocity_error
from thermonet.system.transient import checked, transient

LAW = PolynomialLaw((10.0, 0.02, 1e-5), 300.0)


# --- lumped: one node, a wall to a bath, radiation to surroundings ------------------------------------------------


@dataclass(frozen=True)
class Between:
    """Heat q(T_a, T_b) from one unknown to another, with its two derivatives."""

    name: str
    ends: tuple[int, int]
    size: int
    law: object

    def _three(self, rise, base):
        return self.law(*(base + rise[list(self.ends)]))

    def heat(self, rise, base):
        found = np.zeros(self.size)
        found[list(self.ends)] = self._three(rise, base)[0] * np.array([1, -1])
        return found

    def _matrix(self, here, there):
        a, b = self.ends
        places = ([a, a, b, b], [a, b, a, b])
        return sp.csr_array(([here, there, -here, -there], places), shape=(self.size, self.size))

    def slope(self, rise, base):
        return self._matrix(*self._three(rise, base)[1:])

    def conductance(self, rise, base):
        here = self._three(rise, base)[1]
        return self._matrix(here, -here)


def radiation(strength):
    return lambda a, b: (strength * (a**4 - b**4), 4 * strength * a**3, -4 * strength * b**3)


def lumped(law, *, conductance=2.0, capacity=5.0):
    """Node 2 with a capacity and a source, a wall to port 'bath' (0), a nonlinear path to port 'around' (1)."""
    K = conductance * sp.csr_array(np.array([[1.0, 0, -1], [0, 0, 0], [-1, 0, 1]]))
    unit = np.eye(3)
    system = System(
        K={"wall": K},
        C={"c": sp.csr_array(np.diag([0, 0, capacity]))},
        theta={"wall": 1.0, "c": 1.0},
        sources={"heat": unit[2]},
        sensors={"node": unit[2]},
        ports={"bath": np.array([0]), "around": np.array([1])},
        one=np.ones(3),
    )
    return NonlinearSystem(linear=system, terms=(Between("path", (2, 1), 3, law),))


def test_a_node_that_conducts_and_radiates():
    """The balance 2 (T - 300) + s (T^4 - 250^4) = P has one root; what flows out adds up to P."""
    s = 1e-8
    found = steady_state(lumped(radiation(s)), {"bath": 300.0, "around": 250.0}, {"heat": 900.0})
    exact = brentq(lambda T: 2 * (T - 300) + s * (T**4 - 250**4) - 900, 200, 1000, xtol=1e-12)
    assert found.sensed(np.eye(3)[2]) == pytest.approx(exact, rel=1e-12)
    assert found.heat["bath"] == pytest.approx(2 * (exact - 300), rel=1e-10)
    assert sum(found.heat.values()) == pytest.approx(900.0, rel=1e-12)
    assert found.imbalance < 1e-10


def test_newton_converges_quadratically():
    """The number of exact digits doubles: every imbalance is of the size of the last one's square."""
    found = steady_state(lumped(radiation(1e-8)), {"bath": 300.0, "around": 250.0}, {"heat": 900.0}, tolerance=1e-13)
    history = np.array(found.history)
    late = history[(history > 1e-13) & (history < 0.1)]
    assert len(late) >= 3
    assert np.all(np.diff(np.log10(late)) < -1)
    assert late[2] < 10 * late[1] ** 2 / late[0] ** 2 * late[1]


def test_a_law_that_saturates_is_rescued_by_the_line_search():
    """Heat as the arctangent of temperature: from far away Newton's own steps run off, and shortened ones arrive."""

    def saturating(a, b):
        x = (a - b) / 10
        return 1e3 * math.atan(x), 100 / (1 + x * x), -100 / (1 + x * x)

    def newton(T):  # without a search the third step is already farther than the first
        return T - (1e-3 * T + 1e3 * math.atan(T / 10)) / (1e-3 + 100 / (1 + (T / 10) ** 2))

    start = 100.0
    assert abs(newton(start)) > 5 * start
    system = lumped(saturating, conductance=1e-3)
    found = steady_state(system, {"bath": 0.0, "around": 0.0}, {"heat": 0.0}, guess=start)
    assert found.sensed(np.eye(3)[2]) == pytest.approx(0.0, abs=1e-9)
    assert len(found.history) > 3


def test_where_no_balance_exists_the_history_is_told():
    """A path that carries at most 10 W, and no other: 20 W have nowhere to go."""

    def choked(a, b):
        carried = math.tanh((a - b) / 10)
        return 10 * carried, 1 - carried**2, carried**2 - 1

    system = lumped(choked, conductance=0.0)
    with pytest.raises(NotConvergedError, match=r"unbalanced, expected 1e-10: .*imbalances so far: 1\.0e\+00"):
        steady_state(system, {"bath": 0.0, "around": 0.0}, {"heat": 20.0})


def test_terms_have_different_names():
    system = lumped(radiation(1e-8))
    with pytest.raises(ValueError, match="two terms are called path"):
        NonlinearSystem(linear=system.linear, terms=system.terms * 2)
    with pytest.raises(ValueError, match="wall"):
        NonlinearSystem(linear=system.linear, terms=(Between("wall", (2, 1), 3, radiation(1.0)),))


# --- elements -----------------------------------------------------------------------------------------------------


def tetrahedra(degree):
    """Mesh of the unit cube, its sides x = 0 and x = 1 named."""
    grid = MeshTet.init_tensor(*3 * [np.linspace(0, 1, 3)])
    cells, points = grid.t.copy(), grid.p
    edges = points[:, cells[1:]] - points[:, cells[:1]]
    turned = np.linalg.det(edges.transpose(2, 0, 1)) < 0
    cells[:2, turned] = cells[1::-1, turned]
    faces = grid.facets
    sides = {
        name: faces[:, np.all(np.abs(points[0][faces] - x) < 1e-12, axis=0)] for name, x in (("first", 0), ("last", 1))
    }
    region = np.zeros(cells.shape[1], dtype=np.int64)
    mesh = Mesh(points / LENGTH_UNIT, cells.astype(np.int64), region, ("body",), sides)
    return mesh if degree == 1 else quadratic(mesh)


def layer(thickness=1.0):
    return (Layer(name="body", thickness=thickness),)


SHAPES = {
    "slab": (SlabShape(width=1.0, depth=0.5, layers=layer()), 4, 0.5),
    "coaxial": (CoaxialShape(inner_radius=0.5, length=1.0, layers=layer()), 4, 2 * math.pi / math.log(3)),
    "spherical": (
        SphericalShape(inner_radius=0.5, half_angle=1.0, layers=layer()),
        8,
        2 * math.pi * (1 - math.cos(1.0)) / (1 / 0.5 - 1 / 1.5),
    ),
}


def elements_of(name, degree, scale=1.0):
    if name == "solid":
        return solid_elements(tetrahedra(degree))
    shape, coarse, _ = SHAPES[name]
    mesh = body_mesh(shape, coarse * scale)
    mesh = mesh if degree == 2 else linear(mesh)
    return plane_elements(mesh, 0.5) if name == "slab" else axisymmetric_elements(mesh)


def conducting(elements, law=LAW, *, capacity=1.0):
    """Body of one region with k(T) alone."""
    nodes = elements.size
    ports = {name: np.unique(facets) for name, facets in elements.mesh.boundaries.items()}
    weights = np.asarray(mass(elements, elements.everywhere).sum(axis=0)).ravel()
    system = System(
        K={},
        C={"c": mass(elements, elements.everywhere)},
        theta={"c": capacity},
        sources={"all": weights / weights.sum()},
        sensors={"mean": weights / weights.sum()},
        ports=ports,
        one=np.ones(nodes),
    )
    term = ConductionTerm("k", elements.cells, 1.0, law, np.arange(nodes), nodes)
    return NonlinearSystem(linear=system, terms=(term,))


def radiating(elements, face, emissivity=0.9):
    """Radiation of a face, the surroundings behind the nodes."""
    facets = elements.mesh.boundaries[face]
    surface = facets_of(elements, facets)
    size = elements.size + 1
    return RadiationTerm(
        "radiation", surface, np.ones(facets.shape[1]), emissivity, np.arange(size - 1), size - 1, size
    )


KINDS = [(name, degree) for name in (*SHAPES, "solid") for degree in (1, 2)]


@pytest.mark.parametrize(("name", "degree"), KINDS)
@pytest.mark.parametrize("kind", ["conduction", "radiation"])
def test_slopes_are_derivatives_and_heat_is_conserved(name, degree, kind):
    """Slopes against differences of the heat; no term makes heat, at any temperatures; uniform ones carry none."""
    elements = elements_of(name, degree, 2.0)
    term = (
        conducting(elements).terms[0]
        if kind == "conduction"
        else radiating(elements, list(elements.mesh.boundaries)[1])
    )
    rng = np.random.default_rng(1)
    rise, way = rng.uniform(-20, 20, (2, term.size))
    h = 1e-5
    difference = (term.heat(rise + h * way, 300.0) - term.heat(rise - h * way, 300.0)) / (2 * h)
    along = term.slope(rise, 300.0) @ way
    assert along == pytest.approx(difference, abs=1e-7 * np.abs(along).max())
    heat = term.heat(rise, 300.0)
    assert abs(heat.sum()) < 1e-13 * np.abs(heat).sum()
    assert term.heat(np.full(term.size, 7.0), 300.0) == pytest.approx(0.0, abs=1e-12)
    frozen = term.conductance(rise, 300.0)
    assert abs(frozen - frozen.T).max() < 1e-13 * abs(frozen).max()
    assert np.abs(frozen @ np.ones(term.size)).max() < 1e-12 * abs(frozen).max()


def test_a_small_difference_at_a_high_temperature_is_not_lost():
    """Temperatures that differ by a nanokelvin at 300 K: heat to ten digits, by conduction and by radiation."""
    elements = elements_of("slab", 2)
    x = elements.mesh.points[0] * LENGTH_UNIT
    term = conducting(elements).terms[0]
    heat = term.heat(1e-9 * x, 300.0)
    last = np.unique(elements.mesh.boundaries["last"])
    assert heat[last].sum() == pytest.approx(10.0 * 0.5 * 1e-9, rel=1e-10)
    black = radiating(elements, "last", 1.0)
    warm = np.zeros(black.size)
    warm[:-1] = 1e-9
    assert black.heat(warm, 300.0).sum() == pytest.approx(0.0, abs=1e-25)
    assert -black.heat(warm, 300.0)[-1] == pytest.approx(4 * STEFAN_BOLTZMANN * 300.0**3 * 0.5 * 1e-9, rel=1e-10)


@pytest.mark.parametrize(("name", "degree"), [(name, degree) for name in SHAPES for degree in (1, 2)])
def test_heat_through_a_wall_is_that_of_kirchhoffs_transform(name, degree):
    """Shape factor times the integral of k from 300 K to 900 K, in plates, shells of cylinders and of spheres."""
    errors = []
    for scale in (1.0, 0.5):
        system = conducting(elements_of(name, degree, scale))
        hot, cold = list(system.linear.ports)[:2]
        found = steady_state(system, {hot: 900.0, cold: 300.0}, {})
        integral = 10 * 600 + 0.02 * 600**2 / 2 + 1e-5 * 600**3 / 3
        errors.append(abs(found.heat[cold] / (SHAPES[name][2] * integral) - 1))
        assert found.heat[hot] == pytest.approx(-found.heat[cold], rel=1e-9)
        assert found.imbalance < 1e-10
    assert errors[1] < {1: 2e-2, 2: 2e-4}[degree]
    # In a plate nothing is left of the error: along straight flow elements see the mean of k.
    assert name == "slab" or errors[0] > 3 * errors[1]


@pytest.mark.parametrize("degree", [1, 2])
def test_kirchhoffs_transform_in_a_cube(degree):
    system = conducting(solid_elements(tetrahedra(degree)))
    found = steady_state(system, {"first": 900.0, "last": 300.0}, {})
    assert found.heat["last"] == pytest.approx(10 * 600 + 0.02 * 600**2 / 2 + 1e-5 * 600**3 / 3, rel=1e-4)


def test_a_table_of_conductivities():
    """Straight between its rows and constant outside: the integral by trapezoids, but for the elements at kinks."""
    law = TableLaw((350.0, 500.0), (20.0, 5.0))
    errors = []
    for scale in (1.0, 0.25):
        found = steady_state(conducting(elements_of("slab", 2, scale), law), {"first": 600.0, "last": 300.0}, {})
        integral = 50 * 20 + 150 * 12.5 + 100 * 5
        errors.append(abs(found.heat["last"] / (0.5 * integral) - 1))
    assert errors[1] < 5e-4
    assert errors[1] < errors[0] / 4


def test_a_heated_plate_whose_conductivity_rises():
    """Uniform heat between two faces at 300 K: the transform is a parabola, its mean is met."""
    law = PolynomialLaw((10.0, 0.05), 300.0)
    system = conducting(elements_of("slab", 2, 0.125), law)
    found = steady_state(system, {"first": 300.0, "last": 300.0}, {"all": 40_000.0})
    x, weights = np.polynomial.legendre.leggauss(40)
    transform = 80_000.0 * (1 - x**2) / 8
    exact = weights @ ((-10 + np.sqrt(100 + 0.1 * transform)) / 0.05) / 2
    assert found.sensed(system.linear.sensors["mean"]) - 300 == pytest.approx(exact, rel=1e-4)
    assert sum(found.heat.values()) == pytest.approx(40_000.0, rel=1e-10)


def test_a_conductivity_that_would_vanish_is_refused():
    """A polynomial used where it is negative: the reason is in the text, with the temperature."""
    system = conducting(elements_of("slab", 2), PolynomialLaw((10.0, -0.1), 300.0))
    with pytest.raises(PhysicsError, match=r"no temperatures were found .* polynomial of a thermal conductivity"):
        steady_state(system, {"first": 300.0, "last": 300.0}, {"all": 1e5})
    with pytest.raises(PhysicsError, match="polynomial of a thermal conductivity"):
        steady_state(system, {"first": 500.0, "last": 500.0}, {})


# --- radiating bodies ---------------------------------------------------------------------------------------------


def bar(k=55.6, capacity=7850.0 * 460.0, emissivity=0.98):
    """A bar 0.1 m long whose end 'last' radiates to the port 'around'."""
    mesh = body_mesh(SlabShape(width=0.01, depth=0.01, layers=layer(0.1)), 2.0)
    elements = plane_elements(mesh, 0.01)
    size = elements.size + 1
    term = radiating(elements, "last", emissivity)
    stiff = ConductionTerm("one", elements.cells, 1.0, PolynomialLaw((1.0,), 0.0), np.arange(size - 1), size)
    nodes = mass(elements, elements.everywhere)
    last = np.append(facet_load(elements, mesh.boundaries["last"]), 0.0)
    last /= last.sum()
    system = System(
        K={"k": stiff.conductance(np.zeros(size), 0.0)},
        C={"c": sp.csr_array((nodes.tocoo().data, nodes.tocoo().coords), shape=(size, size))},
        theta={"k": k, "c": capacity},
        sources={"end": last},
        sensors={"end": last},
        ports={"start": np.unique(mesh.boundaries["first"]), "around": np.array([size - 1])},
        one=np.ones(size),
    )
    return NonlinearSystem(linear=system, terms=(term,)), float(facet_areas(elements, mesh.boundaries["last"]).sum())


def test_a_bar_that_radiates_from_its_end():
    """NAFEMS benchmark T2 (The Standard NAFEMS Benchmarks, 1990): 927.0 K; and the balance k (T - T_0) / L itself."""
    system, area = bar()
    found = steady_state(system, {"start": 1000.0, "around": 300.0}, {})
    end = found.sensed(system.linear.sensors["end"])
    assert end == pytest.approx(927.0, abs=0.05)
    assert found.heat["around"] == pytest.approx(area * 55.6 * (1000 - end) / 0.1, rel=1e-9)
    assert found.heat["around"] == pytest.approx(area * 0.98 * STEFAN_BOLTZMANN * (end**4 - 300**4), rel=1e-9)
    assert found.heat["start"] == pytest.approx(-found.heat["around"], rel=1e-9)


def test_a_plate_held_by_radiation_alone():
    """All heat leaves as s (T^4 - T_s^4) A, whatever the guess."""
    system, area = bar(k=1e4)
    for guess in (1.0, 300.0, 5000.0):
        found = steady_state(system, {"around": 300.0}, {"end": 5.0}, guess=guess)
        exact = (300.0**4 + 5.0 / (0.98 * STEFAN_BOLTZMANN * area)) ** 0.25
        assert found.sensed(system.linear.sensors["end"]) == pytest.approx(exact, rel=1e-9)
        assert found.heat["around"] == pytest.approx(5.0, rel=1e-9)


def test_a_small_signal_about_a_radiating_state_is_a_linear_system():
    """The linearised system answers as a difference of two steady states does, and is reciprocal."""
    system, _ = bar()
    held = {"start": 1000.0, "around": 300.0}
    state = steady_state(system, held, {}, tolerance=1e-13)
    small = system.linearised(state.rise, *held, base=state.base)
    answer = small.hold(*held).solve(small.sources["end"])
    more = steady_state(system, held, {"end": 1e-4}, tolerance=1e-13)
    assert (more.rise - state.rise) / 1e-4 == pytest.approx(answer, rel=1e-4, abs=1e-4 * answer.max())
    assert reciprocity_error(small.hold(*held), "end", "end") < 1e-12
    assert "radiation" in small.theta


def test_a_tangent_that_is_not_symmetric_is_refused_as_a_linear_system():
    """k(T) with heat flowing: no reciprocity, no modes. At a uniform temperature there is nothing to refuse."""
    system = conducting(elements_of("slab", 2))
    state = steady_state(system, {"first": 900.0, "last": 300.0}, {})
    with pytest.raises(PhysicsError, match="no reciprocity and no modes"):
        system.linearised(state.rise, "first", "last", base=state.base)
    calm = system.linearised(np.zeros(system.linear.size), "first", "last", base=300.0)
    found = calm.hold("first", "last").solve(np.zeros(calm.size), held=np.zeros(len(calm.hold("first", "last").fixed)))
    assert found == pytest.approx(0.0)


# --- in time ------------------------------------------------------------------------------------------------------


def test_a_radiating_node_cools_as_its_equation_says():
    """Against an integration of the one equation to 1e-11, with a bath that moves and a power that switches."""
    system = lumped(radiation(1e-8))
    drive = Drive(
        powers={"heat": Course(square(0.25), 900.0)},
        temperatures={"bath": Course(Sine(0.2), 20.0, 300.0), "around": 250.0},
    )
    times = np.linspace(0.7, 7.9, 9)
    found = nonlinear_transient(system, ["bath", "around"], drive, times, initial=800.0, tolerance=1e-7)

    def rate(t, T, power):
        bath = 300 + 20 * math.sin(0.4 * math.pi * t)
        return (power - 2 * (T - bath) - 1e-8 * (T**4 - 250**4)) / 5.0

    expected, state = [], [800.0]
    for begin, power in ((0, 900.0), (2, 0.0), (4, 900.0), (6, 0.0)):
        here = [float(t) for t in times if begin < t < begin + 2]
        walked = solve_ivp(
            rate,
            (begin, begin + 2),
            state,
            args=(power,),
            method="DOP853",
            rtol=1e-11,
            atol=1e-11,
            t_eval=[*here, begin + 2.0],
        )
        expected += list(walked.y[0, : len(here)])
        state = walked.y[:, -1]
    assert found.sensors["node"] == pytest.approx(expected, rel=1e-6)
    assert abs(found.balance.imbalance) < 1e-10


def test_observed_order_of_a_nonlinear_transient():
    """Fixed steps: order 3 at least."""
    system = lumped(radiation(1e-8))
    drive = Drive(powers={"heat": Course(Sine(0.3), 500.0)}, temperatures={"bath": 300.0, "around": 250.0})
    exact = solve_ivp(
        lambda t, T: (500 * math.sin(0.6 * math.pi * t) - 2 * (T - 300) - 1e-8 * (T**4 - 250**4)) / 5.0,
        (0.0, 4.0),
        [700.0],
        rtol=1e-12,
        atol=1e-12,
        method="DOP853",
    ).y[0, -1]
    errors = []
    for steps in (8, 16, 32):
        found = nonlinear_transient(system, ["bath", "around"], drive, [4.0], initial=700.0, fixed_step=4.0 / steps)
        errors.append(abs(found.sensors["node"][0] - exact))
    assert math.log2(errors[0] / errors[2]) / 2 > 3


def test_a_wall_of_rising_conductivity_settles_in_its_steady_state():
    """k(T) in time: the end is the steady state, all heat is accounted for, and the error estimate covers the path."""
    system = conducting(elements_of("slab", 2, 2.0), capacity=500.0)
    drive = Drive(temperatures={"first": Course(Table((0.0, 1.0), (300.0, 900.0))), "last": 300.0})

    def run(tolerance, fixed):
        return nonlinear_transient(
            system, ["first", "last"], drive, [2.0, 10.0, 1000.0], initial=300.0, tolerance=tolerance, fixed_step=fixed
        )

    found = checked(run, 1e-4)
    steady = steady_state(system, {"first": 900.0, "last": 300.0}, {})
    assert found.sensors["mean"][-1] == pytest.approx(steady.sensed(system.linear.sensors["mean"]), rel=1e-6)
    assert found.heat["last"][-1] == pytest.approx(steady.heat["last"], rel=1e-5)
    assert abs(found.balance.imbalance) < 1e-9
    assert found.error["mean"] < 0.1


def test_a_linear_system_walks_alike_by_both_ways():
    """Newton's method on a path of constant conductance, against the linear walk."""
    nonlinear = lumped(lambda a, b: (3.0 * (a - b), 3.0, -3.0))
    linear_system = nonlinear.frozen(np.zeros(3))
    drive = Drive(powers={"heat": Course(square(0.5), 10.0)}, temperatures={"bath": 300.0, "around": 290.0})
    times = np.linspace(0.3, 4.0, 8)
    one = nonlinear_transient(nonlinear, ["bath", "around"], drive, times, initial=300.0, tolerance=1e-6)
    other = transient(linear_system.hold("bath", "around"), drive, times, initial=300.0, tolerance=1e-6)
    assert one.sensors["node"] == pytest.approx(other.sensors["node"], rel=1e-10)
    assert one.heat["around"] == pytest.approx(other.heat["around"], rel=1e-6)


def test_a_stage_without_a_balance_stops_a_walk_of_fixed_steps():
    """A law that is known below 400 K alone."""

    def limited(a, b):
        if a > 400:
            raise PhysicsError("not known above 400 K")
        return a - b, 1.0, -1.0

    drive = Drive(powers={"heat": 1e4}, temperatures={"bath": 300.0, "around": 300.0})
    with pytest.raises(PhysicsError, match="cannot be followed: not known above 400 K"):
        nonlinear_transient(lumped(limited), ["bath", "around"], drive, [10.0], initial=300.0, fixed_step=1.0)
