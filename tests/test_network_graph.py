"""Graphs as systems: agreement with networkx, heat balance, and clear refusals."""

import math
import re

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thermonet.network.graph import elements, floating_nodes, graph_from_system, solve_steady, system_from_graph
from thermonet.quantities.errors import PhysicsError
from thermonet.system.steady import resistance, uniform_residual


def random_network(seed: int, nodes: int = 12, edges: int = 22) -> nx.Graph:
    """Build a connected graph with resistances over four decades."""
    rng = np.random.default_rng(seed)
    shape = nx.gnm_random_graph(nodes, edges, seed=seed)
    nx.add_path(shape, range(nodes))
    graph = nx.relabel_nodes(shape, str)
    for a, b in graph.edges:
        graph.edges[a, b]["resistance"] = 10 ** rng.uniform(3, 7)
    return graph


def chain(*resistances: float) -> nx.Graph:
    """Resistances in series from node 'n0' to the bath at the end."""
    graph = nx.Graph()
    names = [f"n{i}" for i in range(len(resistances))] + ["bath"]
    for a, b, value in zip(names, names[1:], resistances, strict=False):
        graph.add_edge(a, b, resistance=value)
    return graph


@pytest.mark.parametrize("seed", range(8))
def test_driving_point_resistance_is_the_resistance_distance(seed):
    """One node held, one watt into another: the pseudo-inverse of networkx gives the same."""
    graph = random_network(seed)
    held = system_from_graph(graph).hold("3")
    ours = {node: resistance(held, node, node) for node in graph if node != "3"}
    exact = {node: nx.resistance_distance(graph, node, "3", weight="resistance") for node in ours}
    assert ours == pytest.approx(exact, rel=1e-10)


def test_resistance_distance_counts_parallel_elements():
    """Two elements between the same nodes of a multigraph conduct side by side."""
    graph = nx.MultiGraph()
    graph.add_edge("apex", "bath", resistance=2e5)
    graph.add_edge("apex", "bath", conductance=1e-5)
    system = system_from_graph(graph)
    assert set(system.K) == {"apex-bath", "apex-bath.1"}
    exact = 1 / (1 / 2e5 + 1e-5)
    assert resistance(system.hold("bath"), "apex", "apex") == pytest.approx(exact, rel=1e-14)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), hot=st.floats(-50, 400), power=st.floats(-1e-5, 1e-5))
def test_heat_is_neither_made_nor_lost(seed, hot, power):
    """Every free node passes on what it gets, and all that is put in leaves at the held nodes."""
    graph = random_network(seed)
    found = solve_steady(graph, {"0": 300.0, "7": hot}, {"4": power, "9": 2e-6})
    outflow = dict.fromkeys(graph, 0.0)
    for element in elements(graph):
        outflow[element.a] += found.heat[element.name]
        outflow[element.b] -= found.heat[element.name]
    scale = max(abs(value) for value in found.heat.values())
    put_in = {"4": power, "9": 2e-6}
    for node, value in outflow.items():
        if node in found.heat_into:
            assert found.heat_into[node] == pytest.approx(put_in.get(node, 0.0) - value, abs=1e-9 * scale)
        else:
            assert value == pytest.approx(put_in.get(node, 0.0), abs=1e-9 * scale)
    assert found.imbalance == pytest.approx(0.0, abs=1e-9 * scale)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), factor=st.floats(1.01, 100))
def test_raising_a_conductance_never_raises_a_resistance(seed, factor):
    """Rayleigh's monotonicity law, for every node against the held one."""
    graph = random_network(seed, nodes=6, edges=8)
    system = system_from_graph(graph)
    name = next(iter(system.K))
    before = system.hold("0")
    after = system.at({name: factor * system.theta[name]}).hold("0")
    for node in ("1", "2", "5"):
        assert resistance(after, node, node) <= resistance(before, node, node) * (1 + 1e-10)


def test_a_ladder_of_a_thousand_elements_is_their_sum():
    """Resistances in series add; the condition grows as the length squared, which costs digits."""
    values = np.random.default_rng(1).uniform(1e3, 1e5, 1000)
    found = solve_steady(chain(*values), {"bath": 0.0}, {"n0": 1e-6})
    assert found.temperature["n0"] == pytest.approx(1e-6 * values.sum(), rel=1e-16 * 1000**2)


def test_heat_is_positive_from_the_node_that_came_first():
    """The name of an element says which way its heat counts, also where the edge was added the other way."""
    graph = nx.Graph()
    graph.add_nodes_from(["bath", "apex"])
    graph.add_edge("apex", "bath", resistance=1e5)
    found = solve_steady(graph, {"bath": 0.0}, {"apex": 1e-6})
    assert found.heat == {"bath-apex": pytest.approx(-1e-6)}
    assert found.heat_into == {"bath": pytest.approx(1e-6)}


def test_small_rises_on_a_room_temperature_scale_keep_their_heat():
    """A picowatt through a megakelvin per watt is a rise of 1e-6 K; at 300 K its heat is still exact."""
    found = solve_steady(chain(1e6, 1e6), {"bath": 300.0}, {"n0": 1e-12})
    assert found.heat["n0-n1"] == pytest.approx(1e-12, rel=1e-13)
    assert found.temperature["bath"] == 300.0


def test_held_nodes_drive_heat_through_the_network():
    """Two baths and a divider: temperatures divide as the resistances do."""
    graph = chain(1e5, 3e5)
    found = solve_steady(graph, {"n0": 304.0, "bath": 300.0})
    assert found.temperature["n1"] == pytest.approx(303.0, rel=1e-14)
    assert found.heat_into == {"n0": pytest.approx(-1e-5), "bath": pytest.approx(1e-5)}


def test_with_every_node_held_the_heat_is_ohms_law():
    """Nothing is left to solve, and heat put into a held node leaves there."""
    found = solve_steady(chain(1e5), {"n0": 1.0, "bath": 0.0}, {"n0": 2e-6})
    assert found.heat == {"n0-bath": pytest.approx(1e-5)}
    assert found.heat_into == {"n0": pytest.approx(2e-6 - 1e-5), "bath": pytest.approx(1e-5)}


def test_terms_are_unit_conductances_and_capacities():
    """Coefficients are 1/R and C, and no term sees the uniform field."""
    graph = chain(2e5, 4e5)
    graph.nodes["n0"]["heat_capacity"] = 1e-10
    graph.edges["n1", "bath"]["name"] = "cantilever"
    system = system_from_graph(graph)
    assert system.theta == {"n0-n1": 5e-6, "cantilever": 2.5e-6, "C.n0": 1e-10}
    assert set(system.C) == {"C.n0"}
    assert uniform_residual(system) == 0.0


def test_one_capacity_gives_a_first_order_response():
    """R / (1 + i omega R C) at the corner frequency."""
    graph = chain(1e5)
    graph.nodes["n0"]["heat_capacity"] = 1e-10
    system = system_from_graph(graph)
    answer = system.hold("bath").solve(system.sources["n0"], s=1j / (1e5 * 1e-10))
    assert answer[system.ports["n0"][0]] == pytest.approx(1e5 / (1 + 1j), rel=1e-14)


def test_shared_sources_sensors_and_ports():
    """A source over two nodes and a mean of two nodes superpose; a port keeps its order."""
    graph = chain(1e5, 2e5, 3e5)
    system = system_from_graph(
        graph,
        sources={"wire": {"n0": 0.25, "n2": 0.75}, "tip": "n0"},
        sensors={"mean": {"n0": 0.5, "n1": 0.5}},
        ports={"trace": ["n2", "n0"], "chip": "bath"},
    )
    held = system.hold("chip")
    parts = {(a, b): resistance(held, a, b) for a in ("n0", "n1") for b in ("n0", "n2")}
    exact = sum(0.5 * share * parts[a, b] for a in ("n0", "n1") for b, share in (("n0", 0.25), ("n2", 0.75)))
    assert resistance(held, "mean", "wire") == pytest.approx(exact, rel=1e-13)
    assert resistance(held, "n0", "tip") == pytest.approx(6e5, rel=1e-13)
    assert system.ports["trace"].tolist() == [2, 0]


def test_floating_parts_are_named():
    """Every node without a path to a held one is in the message, and no other."""
    graph = chain(1e5)
    graph.add_edge("island", "rock", resistance=1.0)
    graph.add_node("alone")
    assert floating_nodes(graph, ["bath"]) == ["island", "rock", "alone"]
    with pytest.raises(PhysicsError, match="held node from island, rock, alone:"):
        solve_steady(graph, {"bath": 300.0}, {"n0": 1e-6})


@pytest.mark.parametrize(
    ("held", "heat", "message"),
    [
        ({}, {}, "no node is held"),
        ({"bat": 0.0}, {}, "no node is called bat"),
        ({"bath": 0.0}, {"apex": 1.0}, "no node is called apex"),
        ({"bath": math.nan}, {}, "bath: its temperature or heat must be finite"),
        ({"bath": 0.0}, {"n0": math.inf}, "n0: its temperature or heat must be finite"),
    ],
)
def test_a_loading_without_meaning_is_refused(held, heat, message):
    """The message names the node."""
    with pytest.raises(PhysicsError, match=message):
        solve_steady(chain(1e5), held, heat)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({}, "a-b: expected one of resistance, conductance, radiation, heat_capacity, got none of them"),
        ({"resistance": 1.0, "conductance": 1.0}, "got resistance and conductance"),
        ({"resistance": 0.0}, "a-b: resistance must be positive and finite, got 0 K/W"),
        ({"resistance": math.inf}, "resistance must be positive and finite, got inf K/W"),
        ({"conductance": -1.0, "name": "gap"}, "gap: conductance must be positive and finite, got -1 W/K"),
        ({"conductance": math.nan}, "got nan W/K"),
        ({"resistance": "72800 K/W"}, "a-b: resistance must be a number in SI units, got '72800 K/W'"),
    ],
)
def test_an_element_without_meaning_is_refused(attributes, message):
    """The message names the element and what it holds."""
    graph = nx.Graph()
    graph.add_edge("a", "b", **attributes)
    with pytest.raises(PhysicsError, match=re.escape(message)):
        system_from_graph(graph)


def test_graphs_that_are_no_networks_are_refused():
    """Directed graphs, numbered nodes, loops, repeated names, bad capacities and empty graphs."""
    directed = nx.DiGraph(chain(1.0))
    numbered = nx.relabel_nodes(chain(1.0), {"n0": 0})
    loop = chain(1.0)
    loop.add_edge("n0", "n0", resistance=1.0)
    repeated = chain(1.0, 1.0)
    nx.set_edge_attributes(repeated, "wire", "name")
    cold = chain(1.0)
    cold.nodes["n0"]["heat_capacity"] = -1e-12
    taken = chain(1.0)
    taken.nodes["n0"]["heat_capacity"] = 1e-12
    taken.edges["n0", "bath"]["name"] = "C.n0"
    cases = {
        "undirected": directed,
        "named by strings, got 0": numbered,
        "n0-n0: an element must join two different nodes": loop,
        "wire: two elements": repeated,
        "n0: heat_capacity must be zero or positive": cold,
        "belongs to the heat capacity of n0": taken,
        "no nodes": nx.Graph(),
    }
    for message, graph in cases.items():
        with pytest.raises(PhysicsError, match=message):
            system_from_graph(graph)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"sources": {"wire": {"n0": 0.5, "bath": 0.4}}},
            "source wire: the shares of its nodes must sum to one",
        ),
        (
            {"sensors": {"mean": {"n0": math.nan}}},
            "sensor mean: the shares of its nodes must sum to one, got nan",
        ),
        ({"sensors": {"mean": "apex"}}, "sensor mean: no node is called apex"),
        ({"ports": {"n0": "bath"}}, "port n0: a node has this name"),
        ({"ports": {"ring": ["n0", "n0"]}}, "port ring: expected one or more different nodes"),
        ({"ports": {"ring": []}}, "got none"),
    ],
)
def test_names_and_shares_without_meaning_are_refused(more, message):
    """A source delivers its whole watt, a sensor is a mean, and a name means one thing."""
    with pytest.raises(PhysicsError, match=message):
        system_from_graph(chain(1.0), **more)


def test_sources_sensors_and_traces_come_back_from_a_system():
    """Graph to system to graph to system: what spans several nodes keeps its name, weights and order."""
    graph = nx.Graph()
    graph.add_edge("a", "b", resistance=2.0)
    graph.add_edge("b", "c", conductance=3.0)
    system = system_from_graph(
        graph,
        sources={"heater": {"a": 0.25, "c": 0.75}},
        sensors={"mean": {"a": 0.5, "b": 0.5}},
        ports={"cut": ["c", "a"]},
    )
    again = system_from_graph(graph_from_system(system))
    np.testing.assert_array_equal(again.sources["heater"], system.sources["heater"])
    np.testing.assert_array_equal(again.sensors["mean"], system.sensors["mean"])
    np.testing.assert_array_equal(again.ports["cut"], system.ports["cut"])
    assert again.theta == system.theta


def test_errors_of_answers_say_where_they_belong():
    """What a document can place has a path: held nodes that are none, and a body's hub."""
    graph = nx.Graph([("a", "b", {"resistance": 1.0})])
    for held, path in (({}, "nodes"), ({"c": 1.0}, "nodes.c.temperature"), ({"a": np.inf}, "nodes.a.temperature")):
        with pytest.raises(PhysicsError) as refused:
            solve_steady(graph, held)
        assert refused.value.path == path
