"""The type in the middle: ladders with closed forms, joined halves, gradients, reductions, responses."""

import math

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from skfem import Basis, BilinearForm, ElementTriP1, MeshTri
from skfem.helpers import dot, grad

from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import System, weighted_sum
from thermonet.system.join import join, shaped, tied
from thermonet.system.modes import Transfer, slowest_modes, transfer
from thermonet.system.reduction import krylov_basis, reduced, summed
from thermonet.system.response import bandwidth, elmore_time, harmonic, rise_time, step
from thermonet.system.steady import (
    gradient,
    heat_imbalance,
    reciprocity_error,
    resistance,
    resistance_matrix,
    uniform_residual,
)


def ladder(resistances, capacities=(), *, prefix="", dense=False):
    """Nodes 0 .. n in a row, node 0 the port 'bath'; heat enters and is read at 'n' and at every node '<i>'."""
    n = len(resistances)
    K, theta = {}, {}
    for i, value in enumerate(resistances):
        across = np.zeros((n + 1, 1))
        across[i], across[i + 1] = -1, 1
        K[f"{prefix}R{i}"] = across @ across.T if dense else sp.csr_array(across @ across.T)
        theta[f"{prefix}R{i}"] = 1 / value
    C = {}
    for i, value in enumerate(capacities, start=1):
        unit = np.zeros((n + 1, n + 1))
        unit[i, i] = 1
        C[f"{prefix}C{i}"] = unit if dense else sp.csr_array(unit)
        theta[f"{prefix}C{i}"] = value
    nodes = {f"{prefix}{i}": np.eye(n + 1)[i] for i in range(1, n + 1)}
    ports = {f"{prefix}bath": np.array([0]), f"{prefix}end": np.array([n])}
    return System(K=K, C=C, theta=theta, sources=nodes, sensors=dict(nodes), ports=ports, one=np.ones(n + 1))


def plate(left, right, cells, *, prefix="", conductivity=1.0):
    """A rectangle left .. right by 0 .. 1 of linear triangles, `cells` per unit length, its two ends as trace ports."""
    mesh = MeshTri.init_tensor(
        np.linspace(left, right, round((right - left) * cells) + 1), np.linspace(0, 1, cells + 1)
    )
    basis = Basis(mesh, ElementTriP1())
    K = BilinearForm(lambda u, v, _: dot(grad(u), grad(v))).assemble(basis)
    C = BilinearForm(lambda u, v, _: u * v).assemble(basis)
    x, y = mesh.p
    weight = np.asarray(C @ np.exp(-((y - 0.3) ** 2) - x))
    ends = {}
    for name, at in (("left", left), ("right", right)):
        nodes = np.flatnonzero(np.abs(x - at) < 1e-12)
        ends[f"{prefix}{name}"] = nodes[np.argsort(y[nodes])]
    return System(
        K={f"{prefix}k": sp.csr_array(K)},
        C={f"{prefix}c": sp.csr_array(C)},
        theta={f"{prefix}k": conductivity, f"{prefix}c": 1.0},
        sources={f"{prefix}heat": weight / weight.sum()},
        sensors={f"{prefix}mean": np.asarray(C.sum(axis=0)).ravel() / C.sum()},
        ports=ends,
        one=np.ones(len(x)),
    )


# --- ladders ------------------------------------------------------------------------------------------------------


def test_a_ladder_is_a_sum_of_resistances():
    """Node i reads the resistances that it shares with the source on the way to the bath."""
    values = [2.0, 3.0, 5.0, 7.0]
    held = ladder(values).hold("bath")
    sums = np.cumsum(values)
    found = resistance_matrix(held, ["1", "2", "3", "4"], ["1", "2", "3", "4"])
    assert found == pytest.approx(np.minimum.outer(sums, sums), rel=1e-14)
    assert resistance(held, "2", "4") == pytest.approx(5.0, rel=1e-14)


@pytest.mark.parametrize("dense", [False, True])
def test_parallel_paths_share_the_heat(dense):
    """With both ends held the heat divides inversely to the resistances on either side."""
    system = ladder([2.0, 3.0, 5.0], dense=dense)
    held = system.hold("bath", "end")
    load = system.sources["1"]
    field = held.solve(load)
    assert field == pytest.approx([0, 1.6, 1.0, 0], rel=1e-14)  # 2 and 3 + 5 in parallel
    assert held.heat_into("bath", field, load) == pytest.approx(0.8, rel=1e-14)
    assert held.heat_into("end", field, load) == pytest.approx(0.2, rel=1e-14)


@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("kind", [float, int])
def test_given_temperatures(dense, kind):
    """Held ports at 300 and 310 K: a linear ramp through equal resistances, and heat in equals heat out."""
    system = ladder([1.0] * 10, dense=dense)
    held = system.hold("bath", "end")
    none = np.zeros(system.size, dtype=kind)
    field = held.solve(none, held=np.array([300.0, 310.0]))
    assert field == pytest.approx(np.linspace(300, 310, 11), rel=1e-14)
    assert held.heat_into("bath", field, none) == pytest.approx(1.0, rel=1e-11)
    assert held.heat_into("end", field, none) == pytest.approx(-1.0, rel=1e-11)


def test_a_uniform_temperature_carries_no_heat():
    """All ports at one temperature and no load: that temperature everywhere."""
    held = ladder([1.0, 1e-6, 1e6]).hold("bath")
    assert held.solve(np.zeros(4), held=300.0) == pytest.approx([300.0] * 4, rel=1e-12)


def test_several_loads_at_once():
    """Columns of loads are solved together, given temperatures with every one of them."""
    system = ladder([2.0, 3.0, 5.0])
    held = system.hold("bath", "end")
    loads = np.column_stack([system.sources["1"], system.sources["2"], np.zeros(4)])
    together = held.solve(loads, held=np.array([1.0, 4.0]))
    for i in range(3):
        assert together[:, i] == pytest.approx(held.solve(loads[:, i], held=np.array([1.0, 4.0])), rel=1e-13)
    assert held.heat_into("end", together, loads).shape == (3,)


@given(values=st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=12))
@settings(max_examples=40, deadline=None)
def test_heat_balance_closes_whatever_the_contrasts(values):
    """A watt into the end arrives in the bath to rounding, across six decades of resistance."""
    held = ladder(values).hold("bath")
    assert abs(heat_imbalance(held, str(len(values)))) < 1e-10
    assert resistance(held, str(len(values)), str(len(values))) == pytest.approx(sum(values), rel=1e-9)


@given(
    weights=st.lists(st.floats(0.01, 100), min_size=15, max_size=15),
    ends=st.tuples(st.integers(1, 5), st.integers(1, 5)),
)
@settings(max_examples=30, deadline=None)
def test_reciprocity(weights, ends):
    """In any network of six nodes the two ends of a transfer resistance may be exchanged."""
    K = np.zeros((6, 6))
    K[np.triu_indices(6, 1)] = weights
    K = np.diag((K + K.T).sum(axis=0)) - K - K.T
    unit = {str(i): np.eye(6)[i] for i in range(6)}
    system = System(
        K={"K": sp.csr_array(K)},
        C={},
        theta={"K": 1.0},
        sources=unit,
        sensors=unit,
        ports={"bath": np.array([0])},
        one=np.ones(6),
    )
    held = system.hold("bath")
    a, b = map(str, ends)
    assert resistance(held, a, b) == pytest.approx(resistance(held, b, a), rel=1e-12)
    assert reciprocity_error(held, a, b) < 1e-12
    assert uniform_residual(system) < 1e-14


def test_a_term_that_makes_heat_is_seen():
    """A bare diagonal, which is no conductance, has a uniform residual of order one."""
    system = ladder([1.0, 1.0])
    leaky = sp.csr_array(np.diag([0.0, 0.5, 0.0]))
    assert uniform_residual(system) == 0.0
    assert uniform_residual(System(**{**vars(system), "K": {**system.K, "R0": leaky}})) == 1.0


@pytest.mark.parametrize("ends", [("3", "3"), ("3", "1"), ("1", "5")])
def test_gradients_are_those_of_differences(ends):
    """The adjoint derivative by every term equals a central difference of solutions."""
    system = ladder([2.0, 3.0, 5.0, 7.0, 11.0])
    found = gradient(system.hold("bath"), *ends)
    assert set(found.by_term) == set(system.K)
    assert found.resistance == pytest.approx(resistance(system.hold("bath"), *ends), rel=1e-14)
    for name, value in system.theta.items():
        by = 1e-4 * value
        high, low = (resistance(system.at({name: value + d}).hold("bath"), *ends) for d in (by, -by))
        assert found.by_term[name] == pytest.approx((high - low) / (2 * by), rel=1e-6, abs=1e-9)
        # R = sum of 1/theta over the shared part: dR/dtheta = -1/theta^2 there, zero beyond
        shared = int(name[1:]) < min(map(int, ends))
        assert found.by_term[name] == pytest.approx(-1 / value**2 if shared else 0.0, rel=1e-12, abs=1e-12)


def test_gradients_of_a_meshed_body():
    """The same on a body in two parts with given temperatures elsewhere."""
    system = join(
        [plate(0, 0.5, 10, prefix="a."), plate(0.5, 1, 10, prefix="b.", conductivity=3.0)], [("a.right", "b.left")]
    )
    found = gradient(system.hold("a.left"), "b.mean", "b.heat")
    for name in system.K:
        value = system.theta[name]
        high, low = (
            resistance(system.at({name: value * f}).hold("a.left"), "b.mean", "b.heat") for f in (1.0001, 0.9999)
        )
        assert found.by_term[name] == pytest.approx((high - low) / (2e-4 * value), rel=1e-6)


def test_a_harmonic_ladder():
    """One capacity behind one resistance answers R / (1 + i omega R C); two agree with their continued fraction."""
    omega = 7.0
    held = ladder([2.0], [3.0]).hold("bath")
    found = held.solve(held.system.sources["1"], s=1j * omega)[1]
    assert found == pytest.approx(2 / (1 + 6j * omega), rel=1e-14)
    held = ladder([2.0, 5.0], [3.0, 4.0]).hold("bath")
    found = held.solve(held.system.sources["2"], s=1j * omega)[2]
    inner = 5 + 1 / (3j * omega + 1 / 2)
    assert found == pytest.approx(1 / (4j * omega + 1 / inner), rel=1e-14)


def test_a_harmonic_rod():
    """A rod held at one end: tanh(m L) / (k A m) at the other, m^2 = i omega c / k, to the square of the cell."""
    error = []
    for cells in (50, 100):
        rod = ladder([1 / cells] * cells, [1 / cells] * (cells - 1) + [0.5 / cells]).hold("bath")
        found = rod.solve(rod.system.sources[str(cells)], s=10j)[-1]
        root = np.sqrt(10j)
        error.append(abs(found / (np.tanh(root) / root) - 1))
    assert error[1] < 1e-3
    assert error[0] / error[1] == pytest.approx(4.0, rel=0.01)


def test_an_implicit_step():
    """With s = 1 / dt one solve is one step of the implicit Euler rule."""
    system = ladder([2.0], [3.0])
    held, dt, before = system.hold("bath"), 0.1, 4.0
    load = np.array([0.0, 1.0 + 3.0 * before / dt])
    assert held.solve(load, s=1 / dt)[1] == pytest.approx((before + dt / 3) / (1 + dt / 6), rel=1e-14)


@pytest.mark.parametrize("dense", [False, True])
def test_a_lumped_resistance_between_weighted_ports(dense):
    """(w - e)(w - e)^T / R: in parallel to a ladder, and with a weight over two nodes."""
    system = ladder([2.0, 3.0], dense=dense)
    bath = np.array([1.0, 0.0, 0.0])
    both = system.with_resistance("junction", system.sensors["2"], bath, 5.0)
    assert isinstance(both.K["junction"], np.ndarray) == dense
    assert resistance(both.hold("bath"), "2", "2") == pytest.approx(2.5, rel=1e-14)
    spread = (system.sources["1"] + system.sources["2"]) / 2
    other = system.with_resistance("junction", spread, bath, 5.0).with_source("s", spread).with_sensor("s", spread)
    alone = (2 + 2 + 2 + 5) / 4
    assert resistance(other.hold("bath"), "s", "s") == pytest.approx(1 / (1 / alone + 1 / 5), rel=1e-14)
    assert uniform_residual(other) < 1e-15


def test_lumped_resistances_sparse_and_dense_are_equal():
    """The same element in a sparse and in a dense system gives the same answers."""
    found = []
    for dense in (False, True):
        system = ladder([2.0, 3.0, 7.0], [1.0, 2.0, 0.5], dense=dense)
        weights = np.array([0.0, 0.2, 0.3, 0.5])
        system = system.with_resistance("J", weights, np.array([1.0, 0, 0, 0]), 4.0)
        held = system.hold("bath")
        found.append([resistance(held, "1", "3"), *transfer(held, "1", "3").time_constants])
    assert found[0] == pytest.approx(found[1], rel=1e-13)


def test_mixed_dense_and_sparse_terms_are_all_counted():
    """A sparse term beside a dense one is not lost."""
    system = ladder([2.0, 3.0], dense=True)
    mixed = System(**{**vars(system), "K": {**system.K, "R1": sp.csr_array(system.K["R1"])}})
    assert resistance(mixed.hold("bath"), "2", "2") == pytest.approx(5.0, rel=1e-14)


def test_refusals():
    """Ports, terms and resistances that are not there, or twice, are refused by name."""
    system = ladder([1.0, 2.0])
    with pytest.raises(KeyError, match="no port is called roof"):
        system.hold("bath", "roof")
    with pytest.raises(KeyError, match="no port is held"):
        system.hold()
    with pytest.raises(KeyError, match="no term is called R7"):
        system.at({"R7": 1.0})
    for wrong in (0.0, -1.0, math.nan):
        with pytest.raises(PhysicsError, match="a resistance must be positive"):
            system.with_resistance("J", system.sources["1"], system.sources["2"], wrong)
    with pytest.raises(ValueError, match="has a term R0 already"):
        system.with_resistance("R0", system.sources["1"], system.sources["2"], 1.0)


def test_weighted_sums_of_sparse_matrices():
    """One conversion gives what a chain of additions gives; nothing gives zero."""
    rng = np.random.default_rng(1)
    parts = [(float(i + 1), sp.random_array((7, 7), density=0.3, rng=rng)) for i in range(3)]
    assert weighted_sum(parts, 7).toarray() == pytest.approx(sum(f * m.toarray() for f, m in parts))
    assert weighted_sum([], 7).nnz == 0


# --- joining, tying, shaping --------------------------------------------------------------------------------------


def test_joined_ladders_are_one_ladder():
    """Two ladders end to bath are one, and the joint keeps both names."""
    whole = join([ladder([2.0, 3.0]), ladder([5.0, 7.0], prefix="b.")], [("end", "b.bath")])
    assert resistance(whole.hold("bath"), "b.2", "b.2") == pytest.approx(17.0, rel=1e-14)
    assert whole.ports["end"] == whole.ports["b.bath"]
    assert whole.size == 5
    assert uniform_residual(whole) == 0.0


def test_joined_halves_equal_the_whole():
    """A meshed body cut along matching nodes and joined again: steady field, modes and harmonic response alike."""
    whole = plate(0, 1, 12)
    halves = join([plate(0, 0.5, 12, prefix="a."), plate(0.5, 1, 12, prefix="b.")], [("a.right", "b.left")])
    assert halves.size == whole.size
    one, two = whole.hold("left"), halves.hold("a.left")
    assert slowest_modes(two, 6)[0] == pytest.approx(slowest_modes(one, 6)[0], rel=1e-9)
    for s in (0.0, 3j, 50.0):
        ends = []
        for held, port in ((one, "right"), (two, "b.right")):
            load = np.zeros(whole.size)
            load[held.system.ports[port]] = np.linspace(0, 1, 13)
            ends.append(held.solve(load, s=s)[held.system.ports[port]])
        assert ends[1] == pytest.approx(ends[0], rel=1e-9)


def test_three_pieces_may_meet_in_one_port():
    """A star: three resistors joined at one node are solved as one system."""
    arms = [ladder([value], prefix=name) for name, value in (("a", 2.0), ("b", 3.0), ("c", 6.0))]
    star = join(arms, [("aend", "bend"), ("bend", "cend")])
    assert star.size == 4
    held = star.hold("abath", "bbath", "cbath")
    assert resistance(held, "a1", "a1") == pytest.approx(1.0, rel=1e-14)  # 2, 3 and 6 in parallel


def test_joining_refuses_clashes_and_misfits():
    """Two systems that use one name, and two ports of different size, are refused."""
    with pytest.raises(ValueError, match="two systems have port bath"):
        join([ladder([1.0]), ladder([2.0])], [("end", "bath")])
    with pytest.raises(ValueError, match="differ in size"):
        join([plate(0, 1, 4, prefix="a."), plate(1, 2, 5, prefix="b.")], [("a.right", "b.left")])
    capacity = System(**{**vars(ladder([1.0], [1.0], prefix="x")), "K": {}, "sources": {}, "sensors": {}, "ports": {}})
    conduction = System(**{**vars(ladder([1.0], prefix="y")), "theta": {"xC1": 1.0}})
    conduction = System(**{**vars(conduction), "K": {"xC1": conduction.K["yR0"]}})
    with pytest.raises(ValueError, match="term xC1"):
        join([capacity, conduction], [])


def test_a_tied_port_is_isothermal():
    """Tying a side keeps all heat and cannot raise a resistance; a plate heated there is one-dimensional."""
    free = plate(0, 1, 10)
    bound = tied(free, "right")
    assert bound.size == free.size - 10
    assert len(bound.ports["right"]) == 1
    assert uniform_residual(bound) < 1e-13
    load = np.zeros(bound.size)
    load[bound.ports["right"]] = 1.0
    hot = bound.with_source("end", load).with_sensor("end", load)
    assert resistance(hot.hold("left"), "end", "end") == pytest.approx(1.0, rel=1e-12)
    whole, stiff = (system.with_sensor("heat", system.sources["heat"]) for system in (free, bound))
    assert resistance(stiff.hold("left"), "heat", "heat") < resistance(whole.hold("left"), "heat", "heat")
    assert bound.sources["heat"].sum() == pytest.approx(1.0)


def test_shapes_between_free_and_tied():
    """A trace of one shape is a tied port, of all shapes the free one, and more shapes never conduct worse."""
    free = plate(0, 1, 8)
    y = np.linspace(0, 1, 9)
    found = []
    for count in (1, 2, 4, 9):
        shapes = np.cos(np.pi * np.outer(y, np.arange(count)))
        some = shaped(free, "right", shapes, uniform=np.eye(1, count)[0])
        assert some.size == free.size - 9 + count
        assert uniform_residual(some) < 1e-13
        assert abs(heat_imbalance(some.hold("left"), "heat")) < 1e-12
        # at fixed load: the energy of the response to its own source
        own = some.with_sensor("heat", some.sources["heat"])
        found.append(resistance(own.hold("left"), "heat", "heat"))
    bound = tied(free, "right")
    bound = bound.with_sensor("heat", bound.sources["heat"])
    assert found[0] == pytest.approx(resistance(bound.hold("left"), "heat", "heat"), rel=1e-12)
    whole = free.with_sensor("heat", free.sources["heat"])
    assert found[-1] == pytest.approx(resistance(whole.hold("left"), "heat", "heat"), rel=1e-12)
    assert found == sorted(found)


# --- modes and responses ------------------------------------------------------------------------------------------

LADDERS = [
    ([1.0], [1.0]),
    ([1.0, 1.0, 1.0], [1.0, 1.0, 1.0]),
    ([2.0, 0.5, 3.0, 1.0], [1.0, 4.0, 0.3, 2.0]),
    ([1.0, 50.0, 0.1], [10.0, 0.1, 1.0]),
]


def state_space(resistances, capacities):
    """dT/dt = A T + b u of a ladder heated at its end, by hand."""
    n = len(resistances)
    g = 1 / np.array(resistances)
    K = np.diag(g) + np.diag(np.append(g[1:], 0)) - np.diag(g[1:], 1) - np.diag(g[1:], -1)
    c = np.array(capacities)[:, None]
    return -K / c, np.eye(n)[:, -1:] / c


@pytest.mark.parametrize(("resistances", "capacities"), LADDERS)
@pytest.mark.parametrize("sensor", ["first", "last"])
def test_responses_are_those_of_the_state_space(resistances, capacities, sensor):
    """Step by the matrix exponential, harmonic by (i omega - A)^-1, times by root finding on both."""
    n = len(resistances)
    index = 0 if sensor == "first" else n - 1
    seen = transfer(ladder(resistances, capacities).hold("bath"), str(index + 1), str(n))
    A, b = state_space(resistances, capacities)
    steady = -np.linalg.solve(A, b)[:, 0]
    assert seen.resistance == pytest.approx(steady[index], rel=1e-12)
    assert seen.shares.sum() == pytest.approx(1.0, rel=1e-14)
    assert np.sort(seen.time_constants) == pytest.approx(np.sort(-1 / np.linalg.eigvals(A).real), rel=1e-9)

    def rises(t):
        return (steady - scipy.linalg.expm(A * t) @ steady)[index]

    times = np.array([0.0, 0.1, 1.0, 3.0, 30.0])
    assert step(seen, times) == pytest.approx([rises(t) for t in times], rel=1e-9, abs=1e-11)
    frequency = np.geomspace(1e-3, 10, 7)
    expected = [np.linalg.solve(2j * np.pi * f * np.eye(n) - A, b)[index, 0] for f in frequency]
    assert harmonic(seen, frequency) == pytest.approx(expected, rel=1e-9)
    # Elmore: the first moment of the impulse response, l A^-2 b / l A^-1 b
    moment = -np.linalg.solve(A, np.linalg.solve(A, b))[index, 0] / np.linalg.solve(A, b)[index, 0]
    assert elmore_time(seen) == pytest.approx(moment, rel=1e-10)
    slowest = seen.time_constants[0]
    crossing = scipy.optimize.brentq(lambda t: rises(t) / steady[index] - 1 + math.exp(-1), 0, 40 * slowest)
    assert rise_time(seen) == pytest.approx(crossing, rel=1e-9)
    assert rises(rise_time(seen, 0.9)) == pytest.approx(0.9 * steady[index], rel=1e-9)
    corner = bandwidth(seen)
    at_corner = np.linalg.solve(2j * np.pi * corner * np.eye(n) - A, b)[index, 0]
    assert abs(at_corner) == pytest.approx(steady[index] / math.sqrt(2), rel=1e-9)


def test_one_pole():
    """Of R C alone every time is R C and the bandwidth 1 / (2 pi R C)."""
    seen = transfer(ladder([5.0], [0.2]).hold("bath"), "1", "1")
    assert [seen.time_constants[0], elmore_time(seen), rise_time(seen)] == pytest.approx([1.0, 1.0, 1.0], rel=1e-10)
    assert bandwidth(seen) == pytest.approx(1 / (2 * math.pi), rel=1e-10)


def test_a_transfer_through_a_ladder_has_negative_shares():
    """Far from the source the modes partly cancel: shares of both signs, sum one, and the step begins flat."""
    seen = transfer(ladder([1.0] * 6, [1.0] * 6).hold("bath"), "1", "6")
    assert seen.shares.min() < 0 < seen.shares.max()
    assert seen.shares.sum() == pytest.approx(1.0, rel=1e-14)
    assert step(seen, np.array([0.0, 0.01])) == pytest.approx([0.0, 0.0], abs=1e-9)


def test_massless_nodes_are_infinitely_fast():
    """Nodes without capacity give modes with tau = 0 whose share is there at once."""
    seen = transfer(ladder([2.0, 3.0, 5.0], [4.0]).hold("bath"), "3", "3")
    assert seen.time_constants == pytest.approx([8.0, 0.0, 0.0], abs=1e-12)
    assert seen.residues[0] == pytest.approx(2.0, rel=1e-12)
    assert step(seen, np.array([0.0, 8.0])) == pytest.approx([8.0, 10 - 2 / math.e], rel=1e-12)
    assert elmore_time(seen) == pytest.approx(1.6, rel=1e-12)
    assert rise_time(seen) == 0.0  # 80 % of the rise is instantaneous
    with pytest.raises(ValueError, match="never crosses"):
        bandwidth(seen)


def test_massless_nodes_in_a_large_system():
    """Lanczos on K^-1 C takes nodes without capacity, and its slowest modes are those of the dense solver."""
    n = 60
    capacities = [float(i % 3) for i in range(n)]
    held = ladder([1.0 + i % 2 for i in range(n)], capacities).hold("bath")
    times, shapes = slowest_modes(held, 5)
    dense = transfer(held, str(n), str(n)).time_constants
    assert times == pytest.approx(dense[:5], rel=1e-9)
    gram = shapes.T @ (held.K @ shapes)
    assert gram == pytest.approx(np.eye(5), abs=1e-9)
    assert (held.C @ shapes)[held.free] == pytest.approx((held.K @ shapes * times)[held.free], abs=1e-7)


def test_a_response_without_capacity_is_immediate():
    """A system that stores nothing has no time constant but zero."""
    seen = transfer(ladder([2.0, 3.0]).hold("bath"), "2", "2")
    assert seen.time_constants == pytest.approx([0.0, 0.0])
    assert seen.resistance == pytest.approx(5.0)


@given(
    times=st.lists(st.floats(0.01, 100), min_size=1, max_size=6),
    shares=st.lists(st.floats(0.1, 10), min_size=6, max_size=6),
)
@settings(max_examples=40, deadline=None)
def test_moments_of_a_sum_of_exponentials(times, shares):
    """The Elmore time is the area over the normalised step response; the rise time lies between the extremes."""
    tau = np.sort(times)[::-1]
    seen = Transfer(tau, np.array(shares[: len(tau)]))
    t = np.concatenate([[0.0], np.geomspace(1e-5, 50 * tau[0], 4000)])
    area = np.trapezoid(1 - step(seen, t) / seen.resistance, t)
    assert elmore_time(seen) == pytest.approx(area, rel=1e-3)
    assert tau[-1] * (1 - 1e-9) <= rise_time(seen) <= tau[0] * (1 + 1e-9)


# --- reduction ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def body():
    """A meshed body in two materials with a contact resistance, held at an isothermal end."""
    halves = [plate(0, 0.5, 16, prefix="a."), plate(0.5, 1, 16, prefix="b.", conductivity=0.2)]
    whole = tied(join(halves, [("a.right", "b.left")]), "a.left")
    whole = whole.with_resistance("film", whole.sources["b.heat"], whole.sources["a.heat"], 2.0)
    return tied(whole, "b.right")


def small_model(body, *ports, moments=6):
    held = body.hold(*ports)
    vectors = np.column_stack([body.sources["b.heat"], body.sensors["a.mean"]])
    return held, reduced(held, krylov_basis(held, vectors, moments=moments, shifts=(0.0, 5.0)))


def test_a_reduction_keeps_the_static_answers(body):
    """Resistance, heat balance and every derivative of the small model are those of the large one."""
    held, small = small_model(body, "a.left")
    assert small.size < 30 < body.size
    assert small.K.keys() == body.K.keys()
    assert resistance(small.hold("a.left"), "a.mean", "b.heat") == pytest.approx(
        resistance(held, "a.mean", "b.heat"), rel=1e-10
    )
    assert abs(heat_imbalance(small.hold("a.left"), "b.heat")) < 1e-10
    assert uniform_residual(small) < 1e-10
    large, little = (gradient(h, "a.mean", "b.heat").by_term for h in (held, small.hold("a.left")))
    for name, value in large.items():
        assert little[name] == pytest.approx(value, rel=1e-6)


def test_a_reduction_keeps_the_poles(body):
    """Slowest time constants, the first moment and the harmonic response are those of the large model."""
    held, small = small_model(body, "a.left")
    seen = transfer(small.hold("a.left"), "a.mean", "b.heat")
    assert seen.time_constants[:3] == pytest.approx(slowest_modes(held, 3)[0], rel=1e-8)
    field = held.solve(body.sources["b.heat"])
    again = held.solve(np.where(np.isin(np.arange(body.size), held.fixed), 0.0, held.C @ field))
    moment = body.sensors["a.mean"] @ again / (body.sensors["a.mean"] @ field)
    assert elmore_time(seen) == pytest.approx(moment, rel=1e-9)
    for frequency in (0.1, 1.0, 5.0):
        large = body.sensors["a.mean"] @ held.solve(body.sources["b.heat"], s=2j * np.pi * frequency)
        assert harmonic(seen, np.array([frequency]))[0] == pytest.approx(large, abs=1e-6 * seen.resistance)


def test_a_reduction_serves_other_coefficients_nearby(body):
    """To second order in a change of a coefficient, the small model answers as the large one."""
    small = small_model(body, "a.left")[1]
    error = []
    for factor in (1.02, 1.01):
        changed = {"b.k": body.theta["b.k"] * factor}
        large = resistance(body.at(changed).hold("a.left"), "a.mean", "b.heat")
        little = resistance(small.at(changed).hold("a.left"), "a.mean", "b.heat")
        error.append(abs(little / large - 1))
    assert error[0] < 1e-4
    assert error[1] < error[0] / 3 or error[1] < 1e-11


def test_a_reduction_with_two_held_ports(body):
    """Both ports stay coordinates: given temperatures and heats are those of the large model, and one can be freed."""
    held, small = small_model(body, "a.left", "b.right")
    little = small.hold("a.left", "b.right")
    load, few = body.sources["b.heat"], small.sources["b.heat"]
    given_large = np.where(held.fixed == body.ports["b.right"][0], 3.0, 1.0)
    field, coordinates = held.solve(load, held=given_large), little.solve(few, held=np.array([1.0, 3.0]))
    assert small.sensors["a.mean"] @ coordinates == pytest.approx(body.sensors["a.mean"] @ field, rel=1e-10)
    for port in ("a.left", "b.right"):
        large = held.heat_into(port, field, load)
        assert little.heat_into(port, coordinates, few) == pytest.approx(large, rel=1e-9)
    assert small.one == pytest.approx(np.append([1.0, 1.0], np.zeros(small.size - 2)))
    free = resistance(body.hold("a.left"), "a.mean", "b.heat")
    assert resistance(small.hold("a.left"), "a.mean", "b.heat") == pytest.approx(free, rel=1e-10)


def test_a_reduced_body_is_joined_like_any_other(body):
    """A resistor joined to a port of the small model gives what it gives joined to the large one."""
    _, small = small_model(body, "a.left", "b.right")
    found = [
        resistance(join([part, ladder([0.7], prefix="r.")], [("b.right", "r.end")]).hold("a.left", "r.bath"), *ends)
        for part in (body, small)
        for ends in [("a.mean", "b.heat")]
    ]
    assert found[1] == pytest.approx(found[0], rel=1e-10)


def test_a_reduction_needs_isothermal_ports():
    """A port of several unknowns has to be tied first."""
    held = plate(0, 1, 4).hold("left")
    with pytest.raises(ValueError, match="expected an isothermal port"):
        reduced(held, krylov_basis(held, held.system.sources["heat"][:, None], moments=2))


def test_bases_are_orthonormal_and_end_where_nothing_is_left():
    """A ladder of three nodes has no more than three directions, however many moments are asked for."""
    held = ladder([1.0, 2.0, 3.0], [1.0, 1.0, 1.0]).hold("bath")
    basis = krylov_basis(held, held.system.sources["3"][:, None], moments=10, shifts=(0.0, 1.0))
    assert basis.shape == (4, 3)
    assert basis.T @ basis == pytest.approx(np.eye(3), abs=1e-12)
    assert basis[0] == pytest.approx(0.0)


def test_summed_terms_answer_alike(body):
    """One conductance and one capacity term instead of many change nothing."""
    whole = summed(body)
    assert resistance(whole.hold("a.left"), "a.mean", "b.heat") == pytest.approx(
        resistance(body.hold("a.left"), "a.mean", "b.heat"), rel=1e-13
    )
    assert (list(whole.K), list(whole.C)) == (["K"], ["C"])


def test_a_term_that_loses_heat_shows_in_the_balance():
    """The correction for rounding in K does not hide a bare diagonal, which is no rounding."""
    links = sp.csr_array(np.array([[1.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 1.0]]))
    leak = sp.csr_array(np.diag([0.0, 1e-6, 0.0]))
    one, load = np.ones(3), np.array([1.0, 0.0, 0.0])
    system = System(
        K={"links": links, "leak": leak},
        C={},
        theta={"links": 1.0, "leak": 1.0},
        sources={"heater": load},
        sensors={},
        ports={"bath": np.array([2])},
        one=one,
    )
    # The middle stands at 1 K, so the leak takes 1e-6 W of the watt.
    assert heat_imbalance(system.hold("bath"), "heater") == pytest.approx(-1e-6, rel=1e-3)
