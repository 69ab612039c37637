"""Networks with bodies, radiation and laws of resistance: one system, answers by name, refusals by name."""

import math
import re
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp

from thermonet.network.answers import (
    arbitrary,
    effective_resistance,
    effective_resistances,
    harmonic,
    impedance,
    in_time,
    modes,
    pulse,
    repeating,
    small_changes,
    steady,
    step,
)
from thermonet.network.elements import ResistancePolynomial, ResistanceTable
from thermonet.network.graph import graph_from_system, system_from_graph
from thermonet.network.model import network_model
from thermonet.network.terminals import MultiTerminal
from thermonet.quantities.constants import STEFAN_BOLTZMANN
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import System
from thermonet.system.incidence import Incidence
from thermonet.system.signals import Course, Sine, Table, square


def random_multigraph(seed: int, decades: float = 4.0, nodes: int = 9, edges: int = 16) -> nx.MultiGraph:
    """Build a connected graph with parallel elements, its conductances spread over some decades."""
    rng = np.random.default_rng(seed)
    graph = nx.MultiGraph()
    names = [f"n{i}" for i in range(nodes)]
    graph.add_nodes_from(names)
    ends = [(names[i], names[i + 1]) for i in range(nodes - 1)]
    ends += [tuple(names[i] for i in rng.choice(nodes, 2, replace=False)) for _ in range(edges)]
    for a, b in ends:
        graph.add_edge(a, b, resistance=10 ** rng.uniform(5 - decades / 2, 5 + decades / 2))
    return graph


def exact_resistance(graph: nx.MultiGraph, a: str, b: str) -> float:
    """Effective resistance in rational arithmetic: the floating-point resistances taken as exact, b held."""
    free = [node for node in graph if node != b]
    place = {node: i for i, node in enumerate(free)}
    rows = [[Fraction(0)] * (len(free) + 1) for _ in free]
    for first, second, value in graph.edges(data="resistance"):
        conductance = 1 / Fraction(value)
        for one, other in ((first, second), (second, first)):
            if one in place:
                rows[place[one]][place[one]] += conductance
                if other in place:
                    rows[place[one]][place[other]] -= conductance
    rows[place[a]][-1] = Fraction(1)
    for i, row in enumerate(rows):
        for lower in rows[i + 1 :]:
            if lower[i]:
                factor = lower[i] / row[i]
                lower[i:] = [x - factor * y for x, y in zip(lower[i:], row[i:], strict=True)]
    solution = [Fraction(0)] * len(rows)
    for i in reversed(range(len(rows))):
        known = sum(rows[i][j] * solution[j] for j in range(i + 1, len(rows)))
        solution[i] = (rows[i][-1] - known) / rows[i][i]
    return float(solution[place[a]])


def ladder(count: int = 6) -> nx.Graph:
    """Chain of resistances with a capacity at every node but the bath, which is held."""
    graph = nx.Graph()
    for i in range(count):
        graph.add_node(f"n{i}", heat_capacity=1e-10 * (1 + i % 3))
    graph.add_node("bath", temperature=300.0)
    for i in range(count):
        graph.add_edge(f"n{i}", f"n{i + 1}" if i + 1 < count else "bath", resistance=1e4 * (1 + i))
    return graph


def rod(count: int = 5) -> System:
    """Rod of five nodes with a port at each, a source over its middle and a mean of three of its nodes as sensor."""
    graph = nx.path_graph(count)
    nx.set_edge_attributes(graph, 2e4, "resistance")
    nx.set_node_attributes(graph, 1e-10, "heat_capacity")
    return system_from_graph(
        nx.relabel_nodes(graph, lambda i: f"x{i}"),
        sources={"volume": {"x1": 0.25, "x2": 0.5, "x3": 0.25}},
        sensors={"mean": {"x1": 0.25, "x2": 0.5, "x3": 0.25}},
    )


def with_rod(body: System | None = None) -> nx.Graph:
    """Rod between a hot node and a held bath; its middle is a terminal with weights, loaded by a resistance."""
    system = rod() if body is None else body
    weights = system.sensors["mean"]
    graph = nx.Graph()
    graph.add_node("hot", sources={"heater": 1e-6}, heat_capacity=1e-10)
    graph.add_node("tc", heat_capacity=2e-10)
    graph.add_node("bath", temperature=300.0)
    graph.add_node("room", temperature=295.0)
    terminals = {"left": "x0", "right": "x4", "middle": weights}
    graph.add_node("rod", body=MultiTerminal(system=system, terminals=terminals))
    for node, terminal in (("hot", "left"), ("bath", "right"), ("tc", "middle")):
        graph.add_edge("rod", node, terminal=terminal)
    graph.add_edge("tc", "room", resistance=5e4, name="loss")
    return graph


# --- resistances --------------------------------------------------------------------------------------------------


def test_effective_resistances_of_two_hundred_random_graphs_are_resistance_distances():
    """Ours against the pseudo-inverse of networkx, parallel elements included, to 1e-10."""
    for seed in range(200):
        graph = random_multigraph(seed, decades=2.0)
        rng = np.random.default_rng(seed)
        pairs = [tuple(f"n{i}" for i in rng.choice(9, 2, replace=False)) for _ in range(3)]
        exact = [nx.resistance_distance(graph, a, b, weight="resistance") for a, b in pairs]
        np.testing.assert_allclose(effective_resistances(network_model(graph), pairs), exact, rtol=1e-10)


@pytest.mark.parametrize("decades", [8, 12, 14])
def test_effective_resistances_keep_their_digits_at_bad_scaling(decades):
    """Conductances over up to fourteen decades, against rational arithmetic."""
    for seed in range(15):
        graph = random_multigraph(seed, decades=decades)
        found = effective_resistance(network_model(graph), "n0", "n5")
        assert found == pytest.approx(exact_resistance(graph, "n0", "n5"), rel=1e-11)


def test_a_resistance_between_parts_is_refused():
    """Both nodes are named, also where the network is not held at all."""
    graph = nx.Graph()
    graph.add_edge("a", "b", resistance=1.0)
    graph.add_edge("c", "d", resistance=2.0)
    model = network_model(graph)
    assert effective_resistance(model, "c", "d") == pytest.approx(2.0, rel=1e-14)
    with pytest.raises(PhysicsError, match="no path of heat leads from a to d"):
        effective_resistances(model, [("a", "b"), ("a", "d")])


# --- graph and system ---------------------------------------------------------------------------------------------


def test_graph_to_system_to_graph_keeps_names_and_values():
    """Nodes in order, elements, capacities at a node and between two."""
    graph = random_multigraph(3)
    graph.nodes["n2"]["heat_capacity"] = 1e-12
    graph.add_edge("n0", "n4", heat_capacity=3e-12, name="C_04")
    graph.edges["n0", "n1", 0]["name"] = "R_P"
    system = system_from_graph(graph)
    again = graph_from_system(system)
    assert list(again) == list(graph)
    assert again.nodes["n2"]["heat_capacity"] == 1e-12
    same = system_from_graph(again)
    assert {name: same.theta[name] for name in system.theta} == system.theta
    assert abs(same.total(same.K) - system.total(system.K)).max() == 0
    assert abs(same.total(same.C) - system.total(system.C)).max() == 0


def test_what_is_no_network_gives_no_graph():
    """A reduced model's unknowns are no nodes, a term over three nodes is no element."""
    with pytest.raises(PhysicsError, match="the system is no network"):
        graph_from_system(rod().mapped(np.eye(5)[:, :5], one=np.ones(5), ports={}))
    across = np.array([1.0, -0.5, -0.5])
    graph = nx.Graph([("a", "b", {"resistance": 1.0}), ("b", "c", {"resistance": 1.0})])
    joined = system_from_graph(graph).with_resistance("star", np.array([1.0, 0, 0]), np.array([0, 0.5, 0.5]), 1.0)
    assert np.allclose(joined.K["star"].toarray(), np.outer(across, across))
    with pytest.raises(PhysicsError, match="star: the term is no element between two nodes"):
        graph_from_system(joined)


def test_terms_of_an_incidence_are_those_it_gives_one_by_one():
    """The sum, single terms, bilinear products, and the same on a shared pattern."""
    rows = sp.csr_array(np.array([[1.0, -1.0, 0, 0], [0, 0.5, 0.5, -1.0], [0, 0, 0, 2.0]]))
    terms = Incidence(rows, ("a", "b", "c"))
    theta = {"a": 2.0, "b": 3.0, "c": 5.0}
    dense = rows.toarray().T @ np.diag([2.0, 3.0, 5.0]) @ rows.toarray()
    assert np.allclose(terms.total(theta).toarray(), dense)
    assert np.allclose(sum(theta[name] * terms[name].toarray() for name in terms), dense)
    assert np.allclose(terms.terms().total(theta).toarray(), dense)
    left, right = np.arange(4.0), np.array([1.0, -2.0, 0.5, 3.0])
    assert np.allclose(terms.products(left, right), [left @ terms[name] @ right for name in terms])


# --- bodies -------------------------------------------------------------------------------------------------------


def test_a_body_between_its_terminals_is_its_system_joined_by_hand():
    """Unknowns of the rod, the lumped loss as (w - e)(w - e)^T, two nodes held: temperatures and heats agree."""
    system, graph = rod(), with_rod()
    found = steady(network_model(graph))
    weights = system.sensors["mean"]
    K = np.zeros((6, 6))
    K[:5, :5] = system.total(system.K).toarray()
    across = np.append(weights, -1.0)
    K += np.outer(across, across) / 5e4
    free, fixed = [0, 1, 2, 3], [4, 5]
    given = np.array([300.0, 295.0])
    load = np.array([1e-6, 0, 0, 0])
    inside = np.linalg.solve(K[np.ix_(free, free)], load - K[np.ix_(free, fixed)] @ given)
    temperature = np.concatenate([inside, given])
    assert found.temperature["hot"] == pytest.approx(inside[0], abs=1e-10)
    assert found.temperature["tc"] == pytest.approx(weights @ temperature[:5], abs=1e-10)
    loss = (weights @ temperature[:5] - 295.0) / 5e4
    assert found.heat["loss"] == pytest.approx(loss, rel=1e-9)
    assert found.terminal_heat["rod.left"] == pytest.approx(1e-6, rel=1e-9)
    assert found.terminal_heat["rod.middle"] == pytest.approx(-loss, rel=1e-9)
    assert math.fsum(found.terminal_heat.values()) == pytest.approx(0.0, abs=1e-16)
    assert found.imbalance == pytest.approx(0.0, abs=1e-18)


def test_a_dense_body_answers_as_a_sparse_one():
    """The same rod as plain arrays: steady state and impedance."""
    system = rod()
    dense = System(
        K={"K": system.total(system.K).toarray()},
        C={"C": system.total(system.C).toarray()},
        theta={"K": 1.0, "C": 1.0},
        sources={},
        sensors={"mean": system.sensors["mean"]},
        ports={name: system.ports[name] for name in ("x0", "x4")},
        one=system.one,
    )
    one, other = network_model(with_rod()), network_model(with_rod(dense))
    assert steady(one).temperature == pytest.approx(steady(other).temperature, rel=1e-13)
    frequencies = [0.0, 1e4, 1e6]
    ports = ["hot", "tc"]
    np.testing.assert_allclose(impedance(one, ports, frequencies), impedance(other, ports, frequencies), rtol=1e-10)
    assert effective_resistance(one, "tc", "bath") == pytest.approx(
        effective_resistance(other, "tc", "bath"), rel=1e-12
    )


def test_two_bodies_at_one_node_are_joined_there():
    """Two rods in series conduct as one of twice the length; the bodies' terms keep their names."""
    graph = nx.Graph()
    graph.add_nodes_from(["one", "two"], body=MultiTerminal(system=rod(), terminals={"left": "x0", "right": "x4"}))
    graph.add_edge("one", "start", terminal="left")
    graph.add_edge("one", "between", terminal="right")
    graph.add_edge("two", "between", terminal="left")
    graph.add_edge("two", "end", terminal="right")
    model = network_model(graph)
    assert model.system.size == 9
    assert "two.x0-x1" in model.system.K
    assert effective_resistance(model, "start", "end") == pytest.approx(8 * 2e4, rel=1e-12)
    assert "one.volume" in model.system.sources


def _unbound(terminal: str) -> nx.Graph:
    graph = with_rod()
    edge = next((a, b) for a, b, name in graph.edges(data="terminal") if name == terminal)
    graph.remove_edge(*edge)
    return graph


def test_terminals_that_mean_nothing_are_refused_by_name():
    """Open, unknown, bound twice, held, or to two means; each with the path of its place."""
    unknown, held, twice, hub, both = with_rod(), with_rod(), with_rod(), with_rod(), with_rod()
    unknown.add_edge("rod", "room", terminal="middel")
    held.nodes["tc"]["temperature"] = 300.0
    twice.add_edge("rod", "room", terminal="left")
    hub.add_edge("rod", "room", resistance=1.0, name="wrong")
    both.add_node("two", body=both.nodes["rod"]["body"])
    both.add_edges_from([("two", "tc", {"terminal": "left"}), ("two", "room", {"terminal": "right"})])
    both.add_edge("two", "more", terminal="middle")
    cases = [
        (_unbound("right"), "rod.right: this terminal is left open", "bodies.rod.terminals.right"),
        (unknown, "no terminal middel; there is left, right, middle", "bodies.rod.terminals.middel"),
        (held, "tc: a body's mean temperature cannot be held", "nodes.tc.temperature"),
        (twice, "rod.left: this terminal is bound to both hot and room", "bodies.rod.terminals.left"),
        (hub, "wrong: rod is a body; expected one of the nodes at its terminals", "elements.wrong"),
        (both, "tc: rod.middle is a mean temperature", "bodies.two.terminals.left"),
    ]
    for graph, message, path in cases:
        with pytest.raises(PhysicsError, match=re.escape(message)) as refused:
            network_model(graph)
        assert refused.value.path == path


@pytest.mark.parametrize(
    ("terminals", "message"),
    [
        ({"a": "x9"}, "the body has no port x9"),
        ({"a": np.ones(4)}, "expected one weight for each of 5 unknowns"),
        ({"a": np.ones(5)}, "its weights must see one kelvin of a uniform rise, got 5"),
        ({"a": np.full(5, math.nan)}, "got nan"),
    ],
)
def test_a_body_with_terminals_that_are_none_is_refused(terminals, message):
    """Unknown ports, weights of the wrong number or sum."""
    with pytest.raises(PhysicsError, match=message):
        MultiTerminal(system=rod(), terminals=terminals)


def test_parts_that_float_are_named_with_a_path():
    """A capacity is no path of heat; of many nodes only the first are listed."""
    graph = ladder()
    graph.add_edge("island", "n0", heat_capacity=1e-12)
    with pytest.raises(PhysicsError, match="no path to a held node from island:") as refused:
        network_model(graph)
    assert refused.value.path == "nodes.island"
    graph.add_edges_from((f"f{i}", f"f{i + 1}", {"resistance": 1.0}) for i in range(30))
    with pytest.raises(PhysicsError, match=r"from island, f0, .*, f8 and 22 more:"):
        network_model(graph)


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ({"heat": math.inf}, "heat: power must be finite"),
        ({"heat": "1 uW"}, "heat: power must be a number in SI units"),
        ({"bath": 1.0}, "bath: this source into n0 has the name of another node"),
    ],
)
def test_sources_without_meaning_are_refused(sources, message):
    """The source is named."""
    graph = ladder()
    graph.nodes["n0"]["sources"] = sources
    with pytest.raises(PhysicsError, match=message):
        network_model(graph)


# --- responses ----------------------------------------------------------------------------------------------------


def test_one_capacity_answers_as_one_time_constant():
    """Step, pulse, sine, impedance and the slowest mode of R and C in closed form."""
    graph = nx.Graph()
    graph.add_node("n", heat_capacity=1e-10)
    graph.add_node("bath", temperature=300.0)
    graph.add_edge("n", "bath", resistance=1e5)
    model, tau, time = network_model(graph), 1e-5, np.array([0.0, 3e-6, 1e-5, 4e-5])
    rise = 1e5 * (1 - np.exp(-time / tau))
    np.testing.assert_allclose(step(model, "n", "n", time), rise, rtol=1e-12)
    fallen = np.where(time > 5e-6, rise - 1e5 * (1 - np.exp(-np.maximum(time - 5e-6, 0) / tau)), rise)
    np.testing.assert_allclose(pulse(model, "n", "n", 5e-6, time), fallen, rtol=1e-12)
    ramp = Table((0.0, 1.0), (0.0, 1.0))
    np.testing.assert_allclose(
        arbitrary(model, "n", "n", ramp, time), 1e5 * (time - tau * (1 - np.exp(-time / tau))), rtol=1e-9, atol=1e-12
    )
    corner = 1 / (2 * math.pi * tau)
    expected = 1e5 / (1 + 1j * np.array([0.0, 1.0, 10.0]))
    frequencies = np.array([0.0, 1.0, 10.0]) * corner
    np.testing.assert_allclose(harmonic(model, "n", "n", frequencies), expected, rtol=1e-12)
    np.testing.assert_allclose(impedance(model, ["n"], frequencies)[:, 0, 0], expected, rtol=1e-12)
    assert modes(model, "n", "n").time_constants[0] == pytest.approx(tau, rel=1e-12)


def test_impedance_is_symmetric_and_made_of_the_modes():
    """Reciprocity between two ports, and the sum of all modes at a frequency."""
    model, frequencies = network_model(ladder()), np.array([0.0, 1e3, 1e5])
    found = impedance(model, ["n0", "n3"], frequencies)
    np.testing.assert_allclose(found, found.transpose(0, 2, 1), rtol=1e-12)
    response = modes(model, "n0", "n3")
    assert response.shares.sum() == pytest.approx(1.0)
    s = 2j * math.pi * frequencies[:, np.newaxis]
    np.testing.assert_allclose(found[:, 0, 1], (response.residues / (1 + s * response.time_constants)).sum(axis=1))


def test_the_walk_through_time_follows_the_modes():
    """A source switched on at zero: steps in time against the exponentials; only the nodes asked for are seen."""
    graph = ladder()
    graph.nodes["n0"]["sources"] = {"heater": Course(Table((0.0, 1e-12), (0.0, 1.0)), amplitude=1e-6)}
    model, times = network_model(graph), np.geomspace(1e-6, 1e-4, 5)
    found = in_time(model, times, seen=["n0", "n2"], tolerance=1e-6)
    assert set(found.sensors) == {"n0", "n2"}
    exact = 1e-6 * step(model, "n2", "n0", times)
    np.testing.assert_allclose(found.sensors["n2"] - 300.0, exact, atol=2e-5 * exact[-1])
    assert abs(found.balance.imbalance) < 1e-9


def test_a_repeating_source_is_steady_in_the_mean():
    """The steady state takes the mean of what varies, which is that of the periodic response."""
    graph = ladder()
    graph.nodes["n0"]["sources"] = {"heater": Course(square(1e4, 0.25), amplitude=4e-6)}
    graph.nodes["bath"]["temperature"] = Course(Sine(10.0), amplitude=1.0, offset=300.0)
    model = network_model(graph)
    found = steady(model)
    assert found.temperature["n3"] - 300.0 == pytest.approx(1e-6 * modes(model, "n3", "n0").resistance, rel=1e-10)
    response = repeating(model, "n3", "n0", square(1e4, 0.25))
    assert 4e-6 * response.mean(0.0, response.period) == pytest.approx(found.temperature["n3"] - 300.0, rel=1e-9)


def test_a_capacity_between_nodes_divides_fast_changes():
    """At high frequency a capacity between two nodes and one to the bath are a divider."""
    graph = nx.Graph()
    graph.add_node("a", heat_capacity=0.0)
    graph.add_node("b", heat_capacity=3e-10)
    graph.add_node("bath", temperature=0.0)
    graph.add_edge("a", "b", heat_capacity=1e-10, name="bridge")
    graph.add_edges_from([("a", "bath", {"resistance": 1e6}), ("b", "bath", {"resistance": 1e6})])
    found = impedance(network_model(graph), ["a", "b"], [1e9])[0]
    assert abs(found[0, 1] / found[0, 0]) == pytest.approx(0.25, rel=1e-3)
    assert steady(network_model(graph)).heat["bridge"] == 0.0


# --- what depends on temperature ----------------------------------------------------------------------------------


def test_radiation_balances_a_source_by_the_fourth_power():
    """One node that radiates to a bath: T = (T_bath^4 + P / (sigma a))^(1/4)."""
    graph = nx.Graph()
    graph.add_node("plate", sources={"sun": 0.5})
    graph.add_node("sky", temperature=4.0)
    graph.add_edge("plate", "sky", radiation=1e-3, name="glow")
    found = steady(network_model(graph))
    assert found.temperature["plate"] == pytest.approx((4.0**4 + 0.5 / (STEFAN_BOLTZMANN * 1e-3)) ** 0.25, rel=1e-9)
    assert found.heat["glow"] == pytest.approx(0.5, rel=1e-9)
    assert found.heat_into["sky"] == pytest.approx(0.5, rel=1e-9)


def test_a_resistance_that_grows_with_temperature():
    """R = R0 (1 + beta (Tm - T0)) and the same as a table: the quadratic for the rise."""
    power, resistance, beta = 1e-3, 1e5, 4e-3
    rise = power * resistance / (1 - power * resistance * beta / 2)
    table = ResistanceTable((300.0, 800.0), (resistance, resistance * (1 + beta * 500)))
    for law in (ResistancePolynomial((resistance, resistance * beta), about=300.0), table):
        graph = nx.Graph()
        graph.add_node("hot", sources={"heater": power})
        graph.add_node("bath", temperature=300.0)
        graph.add_edge("hot", "bath", resistance=law, name="film")
        found = steady(network_model(graph))
        assert found.temperature["hot"] - 300.0 == pytest.approx(rise, rel=1e-9)
        assert found.heat["film"] == pytest.approx(power, rel=1e-9)


def hot_network() -> nx.Graph:
    """Radiation, a law and a plain resistance in one network, every node able to store heat."""
    graph = ladder(3)
    graph.add_node("lamp", heat_capacity=1e-10, sources={"heater": 2e-3})
    graph.add_node("sky", temperature=280.0)
    graph.add_edge("lamp", "n0", resistance=ResistancePolynomial((1e4, 30.0), about=300.0), name="film")
    graph.add_edge("lamp", "sky", radiation=3e-6, name="glow")
    graph.add_edge("n1", "lamp", radiation=1e-6, name="exchange")
    return graph


def test_heat_balances_at_every_node_of_a_nonlinear_network():
    """What elements bring and sources give is zero at every node that is not held."""
    model = network_model(hot_network())
    found = steady(model)
    into = dict.fromkeys(model.nodes, 0.0)
    into["lamp"] += 2e-3
    for element in model.elements:
        into[element.a] -= found.heat[element.name]
        into[element.b] += found.heat[element.name]
    for node, heat in into.items():
        assert heat == pytest.approx(found.heat_into.get(node, 0.0), abs=2e-12)
    assert found.imbalance == pytest.approx(0.0, abs=1e-12)


def test_a_step_begins_at_zero():
    """Before a watt is switched on there is nothing."""
    graph = nx.Graph()
    graph.add_node("bath", temperature=300.0)
    graph.add_node("tip", heat_capacity=2e-11)
    graph.add_edge("tip", "bath", resistance=72800.0)
    found = step(network_model(graph), "tip", "tip", np.array([-1.0, -1e-9, 0.0, 1.0]))
    assert found == pytest.approx([0, 0, 0, 72800.0])


def test_no_temperature_is_below_zero():
    """Kelvin count from there."""
    graph = nx.Graph()
    graph.add_node("bath", temperature=-1.0)
    graph.add_edge("tip", "bath", resistance=72800.0)
    with pytest.raises(PhysicsError, match="bath: temperature must be zero or positive, got -1 K"):
        network_model(graph)


def test_a_nonlinear_network_ends_at_its_steady_state():
    """Newton in every stage of the walk and Newton at rest find the same temperatures."""
    model = network_model(hot_network())
    rest = steady(model)
    found = in_time(model, [1e-5, 1e-2], initial=290.0, tolerance=1e-5)
    for node in model.nodes:
        assert found.sensors[node][-1] == pytest.approx(rest.temperature[node], abs=1e-4)
    assert abs(found.balance.imbalance) < 1e-6


def test_small_changes_belong_to_the_steady_state():
    """Radiation to a held sky conducts as 4 sigma a T^3; an exchange between free nodes at different T is refused."""
    graph = nx.Graph()
    graph.add_node("plate", sources={"sun": 0.5}, heat_capacity=1.0)
    graph.add_node("sky", temperature=4.0)
    graph.add_edge("plate", "sky", radiation=1e-3, name="glow")
    model = network_model(graph)
    hot = steady(model).temperature["plate"]
    expected = 1 / (4 * STEFAN_BOLTZMANN * 1e-3 * hot**3)
    assert modes(model, "plate", "plate").resistance == pytest.approx(expected, rel=1e-9)
    assert effective_resistance(model, "plate", "sky") == pytest.approx(expected, rel=1e-9)
    with pytest.raises(PhysicsError, match="know no reciprocity and no modes"):
        small_changes(network_model(hot_network()))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ResistanceTable((300.0,), (1.0, 2.0)), "one resistance per temperature"),
        (lambda: ResistanceTable((300.0, 300.0), (1.0, 2.0)), "increase strictly"),
        (lambda: ResistanceTable((300.0, 400.0), (1.0, -2.0)), "positive and finite"),
        (lambda: ResistancePolynomial(()), "needs coefficients"),
        (lambda: ResistancePolynomial((1.0, -1.0)).at(np.array([2.0])), "-1 K/W at 2 K, expected it to be positive"),
    ],
)
def test_laws_without_meaning_are_refused(make, message):
    """The message says what is wrong."""
    with pytest.raises(PhysicsError, match=message):
        make()
