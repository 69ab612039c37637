"""Networks as netlists: what ngspice finds, what comes back when they are read, and what is refused."""

import math

import networkx as nx
import numpy as np
import pytest

from thermonet.network.answers import steady
from thermonet.network.elements import ResistancePolynomial, ResistanceTable
from thermonet.network.graph import system_from_graph
from thermonet.network.model import network_model
from thermonet.network.spice.deck import Scale, harmonic, transient
from thermonet.network.spice.network import case_scale, network_deck, network_netlist, written_network
from thermonet.network.spice.read import read_netlist
from thermonet.network.terminals import MultiTerminal
from thermonet.quantities.constants import STEFAN_BOLTZMANN
from thermonet.quantities.errors import DocumentError, PhysicsError
from thermonet.system.core import System
from thermonet.system.signals import Course, Sine, Table, square

BATH = 300.0
ONE = Scale(power=1e-6, rise=0.1, heat=1e-13)


def random_graph(seed: int, prefix: str = "") -> nx.MultiGraph:
    """Connected, 12 nodes, resistances over four decades; a watt from node 3 to node 7, node 0 at the bath."""
    rng = np.random.default_rng(seed)
    shape = nx.gnm_random_graph(12, 22, seed=seed)
    nx.add_path(shape, range(12))
    graph = nx.MultiGraph()
    for node in shape:
        graph.add_node(f"{prefix}n{node}")
    for a, b in shape.edges:
        graph.add_edge(f"{prefix}n{a}", f"{prefix}n{b}", resistance=10 ** rng.uniform(3, 7))
    graph.nodes[f"{prefix}n0"]["temperature"] = BATH
    graph.nodes[f"{prefix}n3"]["sources"] = {f"{prefix}in": 1.0}
    graph.nodes[f"{prefix}n7"]["sources"] = {f"{prefix}out": -1.0}
    return graph


def ladder() -> nx.MultiGraph:
    """Heater, apex, thermocouple, chip: massless and not, held away from the bath and at it."""
    graph = nx.MultiGraph()
    graph.add_node("apex", heat_capacity=2e-11, sources={"heater": 1e-6})
    graph.add_node("thermocouple", heat_capacity=1e-10)
    graph.add_node("joint")
    graph.add_node("chip", temperature=BATH + 0.01)
    graph.add_node("wall", temperature=BATH)
    graph.add_edge("apex", "thermocouple", name="film", resistance=2e4)
    graph.add_edge("thermocouple", "joint", name="R_P", conductance=2e-5)
    graph.add_edge("joint", "chip", name="base", resistance=1.5e4)
    graph.add_edge("joint", "wall", name="air", resistance=3e6)
    graph.add_edge("apex", "joint", name="C_gap", heat_capacity=3e-12)
    return graph


def test_two_hundred_random_graphs(simulated):
    """Effective resistances by ngspice, all graphs in one deck, beside networkx.resistance_distance."""
    graphs = {prefix: random_graph(seed, prefix) for seed, prefix in enumerate(f"g{i}." for i in range(200))}
    scale = Scale(power=1.0, rise=1e5)
    found = simulated(network_deck(nx.compose_all(graphs.values()), bath=BATH, scale=scale, title="two hundred graphs"))
    for prefix, graph in graphs.items():
        name = prefix.replace(".", "_")
        exact = nx.resistance_distance(graph, f"{prefix}n3", f"{prefix}n7", weight="resistance")
        assert found[f"v({name}n3)"][0] - found[f"v({name}n7)"][0] == pytest.approx(exact, rel=1e-8)


def linear(graph) -> System:
    """Conductances and capacities assembled by hand, in the order of the nodes."""
    nodes = list(graph)
    K, C = np.zeros((2, len(nodes), len(nodes)))
    for a, b, edge in graph.edges(data=True):
        across = np.eye(len(nodes))[nodes.index(a)] - np.eye(len(nodes))[nodes.index(b)]
        K += edge.get("conductance", 1 / edge.get("resistance", math.inf)) * np.outer(across, across)
        C += edge.get("heat_capacity", 0.0) * np.outer(across, across)
    C += np.diag([graph.nodes[node].get("heat_capacity", 0.0) for node in nodes])
    return System(
        K={"K": K},
        C={"C": C},
        theta={"K": 1.0, "C": 1.0},
        sources={},
        sensors={},
        ports={node: np.array([place]) for place, node in enumerate(nodes)},
        one=np.ones(len(nodes)),
    )


def test_a_network_in_steady_state_and_over_frequency(simulated):
    """Temperatures above the bath, the heat through the held nodes, and the response to the heater."""
    graph, nodes = ladder(), list(ladder())
    held = linear(graph).hold("chip", "wall")
    power, given = 1e-6 * np.eye(5)[0], np.array([0.01, 0.0])
    exact = held.solve(power, held=given)
    found = simulated(network_deck(graph, bath=BATH, scale=ONE, title="ladder"))
    for node, rise in zip(nodes, exact, strict=True):
        assert found[f"v({node})"][0] == pytest.approx(rise, rel=1e-9, abs=1e-15)
    assert found["i(v_chip)"][0] == pytest.approx(held.heat_into("chip", exact, power), rel=1e-9)
    text = network_deck(graph, bath=BATH, scale=ONE, title="ladder", analysis=harmonic(1, 1e7, 3), swept="heater")
    swept = simulated(text)
    rates = 2j * np.pi * swept["frequency"].real
    response = [held.solve(np.eye(5)[0].astype(complex), s=s)[1] for s in rates]
    np.testing.assert_allclose(swept["v(thermocouple)"], response, rtol=1e-9)


def test_a_network_in_time(simulated):
    """A square wave of the heater and a sine of the chip, by the exponentials of the modes on a fine grid."""
    graph = ladder()
    graph.nodes["apex"]["sources"] = {"heater": Course(square(5e4), 1e-6)}
    graph.nodes["chip"]["temperature"] = Course(Sine(3e4), 0.02, BATH)
    stop = 6e-5
    text = network_deck(graph, bath=BATH, scale=ONE, title="ladder", analysis=transient(stop, stop / 2000))
    found = simulated(text)
    held = linear(graph).hold("chip", "wall")
    K, C = held.K, held.C
    # Backward differences of second order (BDF2) on a grid that meets every jump.
    steps = 6000
    time = np.linspace(0, stop, steps + 1)
    h = time[1]
    before = older = np.zeros(5)
    rises = [before]
    chip = 0.02 * np.sin(2 * np.pi * 3e4 * time)
    on = np.where((time * 5e4 - 1e-9) % 1 < 0.5, 1e-6, 0.0)
    for n in range(1, steps + 1):
        factor, history = (1.0, before) if n == 1 else (1.5, 2 * before - 0.5 * older)
        given = np.array([chip[n], 0.0])
        load = on[n] * np.eye(5)[0] + C @ history / h
        A = K + factor * C / h
        now = np.zeros(5)
        now[held.fixed] = given
        free = np.ix_(held.free, held.free)
        now[held.free] = np.linalg.solve(A[free], (load - A @ now)[held.free])
        before, older = now, before
        rises.append(now)
    exact = np.array(rises)[:, 1]
    ours = np.interp(time, found["time"], found["v(thermocouple)"])
    assert np.abs(ours - exact).max() < 1e-3 * np.abs(exact).max()


def test_radiation_and_resistances_that_depend_on_temperature(simulated):
    """Three elements between fixed temperatures: the heats of their laws, at temperatures far apart."""
    table = ResistanceTable((250.0, 350.0, 450.0), (1e3, 3e3, 2e3))
    polynomial = ResistancePolynomial((2e3, 5.0, 1e-2), 300.0)
    graph = nx.MultiGraph()
    graph.add_node("bath", temperature=BATH)
    laws = {"radiation": {"radiation": 1e-4}, "table": {"resistance": table}, "polynomial": {"resistance": polynomial}}
    temperatures = {"radiation": 700.0, "table": 460.0, "polynomial": 420.0}
    for name, law in laws.items():
        graph.add_node(f"hot {name}", temperature=temperatures[name])
        graph.add_edge("bath", f"hot {name}", name=name, **law)
    found = simulated(network_deck(graph, bath=BATH, scale=Scale(power=1.0, rise=400.0), title="laws"))
    radiated = 1e-4 * STEFAN_BOLTZMANN * (700.0**4 - BATH**4)
    assert -found["i(v_hot_radiation)"][0] == pytest.approx(radiated, rel=1e-9)
    by_table = (460.0 - BATH) / table.at(np.array((460.0 + BATH) / 2))
    assert -found["i(v_hot_table)"][0] == pytest.approx(float(by_table), rel=1e-9)
    by_polynomial = (420.0 - BATH) / polynomial.at(np.array((420.0 + BATH) / 2))
    assert -found["i(v_hot_polynomial)"][0] == pytest.approx(float(by_polynomial), rel=1e-9)


def test_newton_finds_a_node_between_laws(simulated):
    """Heat in equals heat radiated and conducted: the residual of the balance vanishes where ngspice stops."""
    graph = nx.Graph()
    graph.add_node("plate", sources={"laser": 0.5})
    graph.add_node("0", temperature=BATH)
    table = ResistanceTable((300.0, 400.0), (2e3, 4e3))
    graph.add_edge("plate", "0", name="stem", resistance=table)
    graph.add_node("sky", temperature=250.0)
    graph.add_edge("plate", "sky", radiation=2e-4)
    found = simulated(network_deck(graph, bath=BATH, scale=Scale(power=0.5, rise=300.0), title="plate"))
    rise = found["v(plate)"][0]
    conducted = rise / float(table.at(np.array(BATH + rise / 2)))
    radiated = 2e-4 * STEFAN_BOLTZMANN * ((BATH + rise) ** 4 - 250.0**4)
    assert conducted + radiated == pytest.approx(0.5, rel=1e-9)


def body() -> MultiTerminal:
    """Five unknowns in a row with a full capacity: both ends, and the mean of the three between."""
    edges = np.diff(np.eye(5), axis=0)
    mean = np.array([0.0, 0.5, 0.3, 0.2, 0.0])
    system = System(
        K={"K": edges.T @ np.diag([1e-5, 2e-5, 1e-5, 4e-5]) @ edges},
        C={"C": 1e-11 * (np.eye(5) + edges.T @ edges / 9)},
        theta={"K": 1.0, "C": 1.0},
        sources={},
        sensors={},
        ports={"left": np.array([0]), "right": np.array([4])},
        one=np.ones(5),
    )
    return MultiTerminal(system=system, terminals={"cold": "left", "hot": "right", "inside": mean})


def test_bodies_are_subcircuits(simulated):
    """A body between nodes, with a resistance at its mean: beside the rank-one term of the same."""
    graph = nx.MultiGraph()
    graph.add_node("wall", temperature=BATH)
    graph.add_node("tip", heat_capacity=1e-12, sources={"heater": 1e-6})
    graph.add_node("middle")
    graph.add_node("bar", body=body())
    for terminal, node in {"cold": "wall", "hot": "tip", "inside": "middle"}.items():
        graph.add_edge("bar", node, terminal=terminal)
    graph.add_edge("middle", "wall", name="leak", resistance=5e4)
    weights = body().terminals["inside"]
    joined = body().system.with_resistance("leak", weights, np.eye(5)[0], 5e4)
    held = joined.hold("left")
    exact = held.solve(1e-6 * np.eye(5)[4])
    found = simulated(network_deck(graph, bath=BATH, scale=ONE, title="bar"))
    assert found["v(tip)"][0] == pytest.approx(exact[4], rel=1e-9)
    assert found["v(middle)"][0] == pytest.approx(weights @ exact, rel=1e-9)
    text = network_deck(graph, bath=BATH, scale=ONE, title="bar", analysis=harmonic(1e3, 1e7, 2), swept="heater")
    swept = simulated(text)
    heavier = held.C + np.diag([0, 0, 0, 0, 1e-12])
    for rate, seen in zip(2j * np.pi * swept["frequency"].real, swept["v(middle)"], strict=True):
        A = (held.K + rate * heavier)[1:, 1:]
        assert seen == pytest.approx(weights[1:] @ np.linalg.solve(A, np.eye(5)[4][1:]), rel=1e-9)


def test_a_large_body_is_reduced(simulated):
    """A sparse system goes through the compact model, which keeps its steady resistances."""
    import scipy.sparse as sp

    n = 60
    across = sp.csr_array(np.diff(np.eye(n), axis=0))
    system = System(
        K={"K": sp.csr_array(1e-4 * across.T @ across)},
        C={"C": sp.csr_array(sp.eye_array(n) * 1e-12)},
        theta={"K": 1.0, "C": 1.0},
        sources={},
        sensors={},
        ports={"left": np.array([0]), "right": np.array([n - 1])},
        one=np.ones(n),
    )
    inside = np.zeros(n)
    inside[n // 2] = 1.0
    graph = nx.Graph()
    graph.add_node("wall", temperature=BATH)
    graph.add_node("tip", sources={"heater": 1e-6})
    graph.add_node("probe")
    graph.add_node("rod", body=MultiTerminal(system=system, terminals={"a": "left", "b": "right", "c": inside}))
    for terminal, node in {"a": "wall", "b": "tip", "c": "probe"}.items():
        graph.add_edge("rod", node, terminal=terminal)
    found = simulated(network_deck(graph, bath=BATH, scale=ONE, title="rod"))
    assert found["v(tip)"][0] == pytest.approx(1e-6 * (n - 1) / 1e-4, rel=1e-8)
    assert found["v(probe)"][0] == pytest.approx(1e-6 * (n // 2) / 1e-4, rel=1e-8)


def test_a_body_without_an_isothermal_terminal():
    """Its temperatures would hang on nothing."""
    graph = nx.Graph()
    graph.add_node("a")
    graph.add_node("bar", body=MultiTerminal(system=body().system, terminals={"inside": np.full(5, 0.2)}))
    graph.add_edge("bar", "a", terminal="inside")
    with pytest.raises(PhysicsError, match="bar: a body that leaves a network needs an isothermal terminal"):
        written_network(graph, bath=BATH)


def test_the_size_of_a_case():
    """The largest rise and heat flow, and what nodes and bodies store."""
    graph = ladder()
    graph.remove_edge("apex", "joint")
    model = network_model(graph)
    found = steady(model)
    scale = case_scale(model, found, BATH)
    assert scale.rise == pytest.approx(found.temperature["apex"] - BATH)
    assert scale.power == pytest.approx(max(map(abs, (*found.heat.values(), *found.heat_into.values()))))
    stored = 2e-11 * scale.rise + 1e-10 * (found.temperature["thermocouple"] - BATH)
    assert scale.heat == pytest.approx(stored)


@pytest.mark.parametrize("power", [1e-7, 1e-4])
def test_the_steady_case_of_a_nonlinear_network(power, simulated):
    """Our Newton iteration and ngspice's, with radiation and a resistance that depends on temperature."""
    graph = ladder()
    graph.nodes["apex"]["sources"] = {"heater": power}
    graph.add_edge("apex", "wall", name="sky", radiation=1e-7)
    graph.add_edge("thermocouple", "wall", name="stem", resistance=ResistanceTable((290.0, 301.0), (2e5, 4e5)))
    model = network_model(graph)
    found = simulated(network_netlist(model, title="warm", bath=BATH))
    for node, temperature in steady(model).temperature.items():
        assert found[f"v({node})"][0] == pytest.approx(temperature - BATH, rel=1e-6, abs=1e-12)


def test_names_that_clash():
    """Two nodes by capitals, a node's capacity and an element by the same letter."""
    graph = nx.Graph()
    graph.add_edge("Apex", "apex", resistance=1.0)
    with pytest.raises(PhysicsError, match="'Apex' and 'apex' would both be apex"):
        written_network(graph, bath=BATH)
    graph = nx.Graph()
    graph.add_node("gap", heat_capacity=1.0)
    graph.add_edge("gap", "b", name="gap", heat_capacity=1.0)
    with pytest.raises(PhysicsError, match="would both be C elements called gap"):
        written_network(graph, bath=BATH)


def test_changed_names_are_listed():
    """The header tells which node is which."""
    graph = nx.Graph()
    graph.add_edge("3rd stage", "bath", name="R 1", resistance=1.0)
    graph.add_edge("3rd stage", "bath.2", resistance=1.0)
    graph.nodes["bath"]["temperature"] = BATH
    found = written_network(graph, bath=BATH)
    assert found.changed == {
        "3rd stage": "n_3rd_stage",
        "bath.2": "bath_2",
        "R 1": "R_1",
        "3rd stage-bath.2": "R_3rd_stage_bath_2",
    }
    assert "R_1 n_3rd_stage bath 1.0" in found.lines


@pytest.mark.parametrize("seed", range(3))
def test_what_is_written_reads_back(seed):
    """The same conductances, capacities, powers and temperatures."""
    graph = random_graph(seed)
    graph.nodes["n1"]["heat_capacity"] = 1e-9
    graph.add_edge("n1", "n5", name="gap", heat_capacity=2e-9)
    graph.add_edge("n1", "n2", resistance=1e3)
    again = read_netlist(network_deck(graph, bath=BATH, scale=ONE, title="random"), bath=BATH)
    again.remove_node("0")
    ours, theirs = linear(graph), linear(_ordered(again, graph))
    np.testing.assert_allclose(theirs.K["K"], ours.K["K"], rtol=1e-14)
    np.testing.assert_allclose(theirs.C["C"], ours.C["C"], rtol=1e-14)
    assert again.nodes["n3"]["sources"] == {"in": 1.0}
    assert again.nodes["n7"]["sources"] == {"I_out": -1.0}
    assert again.nodes["n0"]["temperature"] == BATH


def _ordered(graph, like):
    """Return the same graph with nodes in the order of another."""
    found = nx.MultiGraph()
    found.add_nodes_from((node, graph.nodes[node]) for node in like)
    found.add_edges_from(graph.edges(data=True))
    return found


def test_courses_read_back():
    """A square wave, a sine and a table as they were; a square wave's edges last a millionth of a level."""
    graph = ladder()
    graph.nodes["apex"]["sources"] = {
        "heater": Course(square(5e4, 0.25), 1e-6, 1e-7),
        "laser": Course(Table((0.0, 1.0, 3.0), (0.0, 2.0, 1.0)), 1e-3),
    }
    graph.nodes["chip"]["temperature"] = Course(Sine(3e4, 0.5), 0.02, BATH)
    again = read_netlist(network_deck(graph, bath=BATH, scale=ONE, title="ladder"), bath=BATH)
    time = np.linspace(1e-7, 9e-5, 1801) + 3e-11
    for name, course in graph.nodes["apex"]["sources"].items():
        np.testing.assert_allclose(again.nodes["apex"]["sources"][f"I_{name}"].at(time), course.at(time), rtol=1e-9)
    chip = graph.nodes["chip"]["temperature"].at(time)
    np.testing.assert_allclose(again.nodes["chip"]["temperature"].at(time), chip, rtol=1e-12)


def test_a_netlist_with_all_that_is_read(simulated):
    """Subcircuits with parameters, expressions, suffixes, comments, continuation lines: ngspice agrees."""
    text = """title of the netlist
* a comment
.param rth=10k half={rth/2} twice='2*rth'
Rp Apex TC {2*half} ; behind an element
R2 tc
* between its lines
+ 0 72.8kOhm
c1 APEX 0 1p
X1 apex gnd ladder r=2meg
.subckt ladder in out params: r=1k
Ra in mid {r}
Rb mid out {r/2} $ and so
Xin mid inner
.ends
.subckt inner a
Rx a 0 {twice+sqrt(4)*1k}
.ends ladder
I1 0 apex DC 1u AC 1
I2 tc apex 0.5u
V1 chip 0 10m
Rc chip apex R=1meg
.op
.end
nothing of this is read
"""
    graph = read_netlist(text)
    assert set(graph) == {"0", "Apex", "TC", "X1.mid", "chip"}
    assert graph.nodes["Apex"]["heat_capacity"] == 1e-12
    assert graph.nodes["Apex"]["sources"] == {"I1": 1e-6, "I2": 0.5e-6}
    assert graph.nodes["TC"]["sources"] == {"I2.out": -0.5e-6}
    assert graph.nodes["chip"]["temperature"] == pytest.approx(300.01)
    values = {edge["name"]: edge["resistance"] for *_, edge in graph.edges(data=True)}
    expected = {"Rp": 1e4, "R2": 72.8e3, "X1.Ra": 2e6, "X1.Rb": 1e6, "X1.Xin.Rx": 22e3, "Rc": 1e6}
    assert values == pytest.approx(expected, rel=1e-12)
    found = simulated(text.removesuffix("nothing of this is read\n"))
    held = linear(graph).hold("0", "chip")
    load = np.array([sum(graph.nodes[node].get("sources", {}).values()) for node in graph])
    exact = dict(zip(graph, held.solve(load, held=np.array([0.0, 0.01])), strict=True))
    assert found["v(apex)"][0] == pytest.approx(exact["Apex"], rel=1e-6)
    assert found["v(tc)"][0] == pytest.approx(exact["TC"], rel=1e-6)
    assert system_from_graph(graph).size == 5


def test_what_is_read_from_a_file(tmp_path):
    """Also as LTspice writes it."""
    text = "title\nR1 a 0 1k\nC1 a 0 5µ\n"
    for encoding in ("utf-8", "latin-1", "utf-16"):
        file = tmp_path / f"{encoding}.net"
        file.write_text(text, encoding=encoding)
        assert read_netlist(file).nodes["a"]["heat_capacity"] == pytest.approx(5e-6)
    with pytest.raises(DocumentError, match=r"none\.net:1:1: document: No such file"):
        read_netlist(tmp_path / "none.net")


@pytest.mark.parametrize(
    ("line", "place", "message"),
    [
        ("Q1 a b c d", "2:1", "only R, C, I, V and X are read"),
        ("L1 a b 1m", "2:1", "only R, C, I, V and X are read"),
        ("R1 a", "2:1", "expected two nodes"),
        ("R1 a b", "2:1", "expected one value behind the nodes"),
        ("R1 a b 1k tc=1", "2:11", "expected one value behind the nodes"),
        ("R1 a b -1", "2:8", "expected a positive value"),
        ("R1 a b 0", "2:8", "expected a positive value"),
        ("R1 a b rth", "2:8", "expected a number such as"),
        ("R1 a b {rth}", "2:8", "no parameter is called rth"),
        ("R1 a b {2*(1}", "2:8", "expected arithmetic"),
        ("R1 a b {1/0}", "2:8", "has no value"),
        ("R1 a b {9**9**9}", "2:8", "has no value"),
        ("R1 a b {(-8)**0.5}", "2:8", "has no finite value"),
        ("R1 a b {a if 1 else 2}", "2:8", "has no value"),
        ("R1 a A 1k", "2:1", "both ends are the same node"),
        ("R1 a\n+ b\n+ 1k nonsense", "4:6", "expected one value behind the nodes"),
        ("R1 a b 1\nr1 b c 1", "3:1", "two elements have this name"),
        ("V1 a b 1", "2:1", "one end at node 0"),
        ("V1 a 0 1\nV2 a 0 2", "3:1", "the temperature of node a is given twice"),
        ("V1 0 0 1", "2:1", "both ends are the same node"),
        ("I1 0 a EXP(1 2)", "2:8", "expected a number"),
        ("I1 0 a DC", "2:8", "expected a value after DC"),
        ("I1 0 a SIN(0 1)", "2:8", "expected three to six numbers"),
        ("I1 0 a SIN(0 1 1k 1u)", "2:8", "expected a sine without delay"),
        ("I1 0 a PWL(0 1 2)", "2:8", "expected pairs"),
        ("I1 0 a PWL(1 1 0 2)", "2:8", "must increase strictly"),
        ("I1 0 a PWL file=x.txt", "2:12", "read as a list of numbers"),
        ("I1 0 a PULSE(1)", "2:8", "expected two to seven numbers"),
        ("I1 0 a PULSE(0 1 -1)", "2:8", "must not be negative"),
        ("I1 0 a PULSE(0 1 1 0 0 2 2)", "2:8", "must fit into the period"),
        ("X1 a b ladder", "2:8", "no such subcircuit; there is none"),
        (".include other.lib", "2:1", "this command is not read"),
        (".ic v(a)=1", "2:1", "this command is not read"),
        (".ends", "2:1", "no subcircuit is open"),
        (".subckt s a\nR1 a 0 1", "2:1", "has no .ends"),
        (".subckt s a\n.subckt t b\n.ends", "3:1", "a subcircuit inside another"),
        (".subckt", "2:1", "expected the subcircuit's name"),
        (".subckt s a\nX1 a s\n.ends\nX1 b s", "3:1", "contain each other without end"),
        (".subckt s a b\n.ends\nX1 b s", "4:1", "s has 2 pins, got 1 nodes"),
        (".param a={b} b={a}\nR1 a 0 {a}", "3:8", "parameter a is defined by itself"),
        (".param a", "2:8", "expected name=value"),
        (".param a=", "2:8", "expected a value after ="),
    ],
)
def test_what_is_not_read_is_refused_at_its_place(line, place, message):
    """File, line and column, and what would be right."""
    with pytest.raises(DocumentError) as caught:
        read_netlist(f"title\n{line}\n")
    (problem,) = caught.value.problems
    assert f"{problem.line}:{problem.column}" == place
    assert message in problem.message


def test_all_problems_at_once_and_the_lost_first_line():
    """A netlist without a title would lose its first element."""
    with pytest.raises(DocumentError) as caught:
        read_netlist("R1 a 0 1k\nR2 a 0 -1\nQ1 a b c\n.control\nanything at all\n.endc\n")
    assert [(problem.line, problem.path) for problem in caught.value.problems] == [(1, "R1"), (2, "-1"), (3, "Q1")]


@pytest.mark.parametrize(
    ("shape", "time", "value"),
    [
        ("PULSE(1 3)", 1.0, 3.0),
        ("PULSE(1 3 2)", 1.0, 1.0),
        ("PULSE(1 3 2 1)", 2.5, 2.0),
        ("PULSE(0 2 1 1 1 3)", 5.5, 1.0),
        ("PULSE(0 2 1 1 1 3 10)", 15.5, 1.0),
        ("PULSE(0 2 0 0 0 3 10)", 12.0, 2.0),
        ("PULSE(0 2 0 0 0 3 10)", 14.0, 0.0),
        ("DC 7 PWL(0 0, 2 4)", 1.0, 2.0),
        ("SINE(1 2 0.25 0 0 90) AC 1 0", 1.0, 1.0),
    ],
)
@pytest.mark.parametrize(("nodes", "sign"), [("0 a", 1.0), ("a 0", -1.0)])
def test_sources_in_time(shape, time, value, nodes, sign):
    """PULSE, SIN and PWL mean what they mean in SPICE; a current flows from the first node through the source."""
    graph = read_netlist(f"title\nI1 {nodes} {shape}\n")
    assert float(graph.nodes["a"]["sources"]["I1"].at(time)) == pytest.approx(sign * value)
