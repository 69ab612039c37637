"""Exact derivatives of a network's answers, against differences and against complex steps."""

import networkx as nx
import numpy as np
import pytest

from thermonet.network.answers import effective_resistance, harmonic, modes, steady, step
from thermonet.network.elements import ResistancePolynomial
from thermonet.network.graph import system_from_graph
from thermonet.network.model import network_model
from thermonet.network.sensitivities import (
    effective_resistance_sensitivities,
    harmonic_sensitivities,
    sensitivities,
    steady_sensitivities,
    step_sensitivities,
    time_constant_sensitivities,
)
from thermonet.network.terminals import MultiTerminal
from thermonet.quantities.errors import PhysicsError


def bridge() -> nx.Graph:
    """Wheatstone bridge of resistances and conductances with capacities, one of its nodes massless."""
    graph = nx.Graph()
    graph.add_node("a", heat_capacity=1e-10, sources={"heater": 2e-6})
    graph.add_node("b", heat_capacity=3e-10)
    graph.add_node("c")
    graph.add_node("bath", temperature=300.0)
    graph.add_edge("a", "b", resistance=1e5, name="R_ab")
    graph.add_edge("a", "c", conductance=2e-5, name="G_ac")
    graph.add_edge("b", "c", resistance=3e5, name="R_bc")
    graph.add_edge("b", "bath", resistance=2e5, name="R_b")
    graph.add_edge("c", "bath", conductance=4e-6, name="G_c")
    graph.add_edge("a", "bath", heat_capacity=5e-11, name="C_a")
    return graph


def changed(graph: nx.Graph, name: str, factor: float) -> nx.Graph:
    """The same network with the value of one element, or the heat capacity ``C.node``, times a factor."""
    other = graph.copy()
    for _, _, attributes in other.edges(data=True):
        if attributes.get("name") == name:
            for kind in ("resistance", "conductance", "radiation", "heat_capacity"):
                if isinstance(attributes.get(kind), float):
                    attributes[kind] *= factor
                elif kind in attributes:
                    law = attributes[kind]
                    attributes[kind] = ResistancePolynomial(
                        tuple(factor * each for each in law.coefficients), about=law.about
                    )
    if name.startswith("C."):
        other.nodes[name[2:]]["heat_capacity"] *= factor
    return other


def value_of(graph: nx.Graph, name: str) -> float:
    """Value of an element or capacity; one of a law."""
    if name.startswith("C."):
        return graph.nodes[name[2:]]["heat_capacity"]
    attributes = next(each for _, _, each in graph.edges(data=True) if each.get("name") == name)
    found = next(
        attributes[kind] for kind in ("resistance", "conductance", "radiation", "heat_capacity") if kind in attributes
    )
    return found if isinstance(found, float) else 1.0


def differenced(answer, graph: nx.Graph, name: str, relative: float = 1e-4) -> complex:
    """Derivative of an answer by the value of an element: central differences of two widths, extrapolated."""

    def central(width: float) -> complex:
        up, down = (answer(network_model(changed(graph, name, 1 + sign * width))) for sign in (1, -1))
        return (up - down) / (2 * width * value_of(graph, name))

    return (4 * central(relative / 2) - central(relative)) / 3


def complex_step(graph: nx.Graph, name: str, sensor: str, source: str) -> float:
    """Derivative of a transfer resistance by an element, from an imaginary change of its value: exact to rounding."""
    system = system_from_graph(graph)
    keep = [i for i, node in enumerate(graph) if node != "bath"]
    K = np.zeros((len(keep), len(keep)), dtype=complex)
    for each, term in system.K.items():
        value, tiny = value_of(graph, each), 1e-30j if each == name else 0.0
        conductance = 1 / (value + tiny * value) if each.startswith("R") else value + tiny * value
        K += conductance * term.toarray()[np.ix_(keep, keep)]
    place = [node for node in graph if node != "bath"]
    load = np.array([node == source for node in place], dtype=float)
    return float(np.linalg.solve(K, load)[place.index(sensor)].imag / 1e-30 / value_of(graph, name))


ELEMENTS = ("R_ab", "G_ac", "R_bc", "R_b", "G_c")


def test_a_transfer_resistance_by_every_element():
    """To rounding, against complex steps."""
    found = sensitivities(network_model(bridge()), "c", "a")
    assert set(found) == set(ELEMENTS)
    for name in ELEMENTS:
        assert found[name] == pytest.approx(complex_step(bridge(), name, "c", "a"), rel=1e-12)


def test_an_effective_resistance_by_every_element():
    """Nothing is held; the derivative by a conductance is the square of the drop across it."""
    graph = bridge()
    found = effective_resistance_sensitivities(network_model(graph), "a", "bath")
    for name in ELEMENTS:
        exact = differenced(lambda model: effective_resistance(model, "a", "bath"), graph, name)
        assert found[name] == pytest.approx(exact, rel=1e-8)
    graph.add_node("alone")
    del graph.nodes["bath"]["temperature"]
    model = network_model(graph)
    with pytest.raises(PhysicsError, match="no path of heat"):
        effective_resistance_sensitivities(model, "a", "alone")


def test_a_harmonic_response_by_every_element_and_capacity():
    """Complex amplitude near the corner, a capacity between two nodes included."""
    graph, frequency = bridge(), 5e3
    found = harmonic_sensitivities(network_model(graph), "c", "a", frequency)
    for name in (*ELEMENTS, "C_a", "C.a", "C.b"):
        exact = differenced(lambda model: harmonic(model, "c", "a", np.array([frequency]))[0], graph, name)
        assert found[name] == pytest.approx(exact, rel=1e-8)


@pytest.mark.parametrize("number", [0, 1])
def test_a_time_constant_by_every_element_and_capacity(number):
    """Each of the two, from its own shape."""
    graph = bridge()
    value, found = time_constant_sensitivities(network_model(graph), number)
    assert value == pytest.approx(modes(network_model(graph), "a", "a").time_constants[number], rel=1e-12)
    for name in (*ELEMENTS, "C_a", "C.a", "C.b"):
        exact = differenced(lambda model: modes(model, "a", "a").time_constants[number], graph, name)
        assert found[name] == pytest.approx(exact, rel=1e-7)


@pytest.mark.parametrize("time", [2e-6, 3e-5, 2e-4])
def test_a_step_response_by_every_element_and_capacity(time):
    """Early, in the middle and late, with a massless node between."""
    graph = bridge()
    value, found = step_sensitivities(network_model(graph), "c", "a", time)
    assert value == pytest.approx(step(network_model(graph), "c", "a", np.array([time]))[0], rel=1e-12)
    for name in (*ELEMENTS, "C_a", "C.a", "C.b"):
        exact = differenced(lambda model: step(model, "c", "a", np.array([time]))[0], graph, name)
        assert found[name] == pytest.approx(exact, rel=1e-6, abs=1e-8 * abs(value / value_of(graph, name)))


def test_equal_time_constants():
    """They have no derivative each; a step response has one all the same."""
    graph = nx.Graph()
    graph.add_node("bath", temperature=0.0)
    for node in "xy":
        graph.add_node(node, heat_capacity=1e-10)
        graph.add_edge(node, "bath", resistance=1e5, name=f"R_{node}")
    model = network_model(graph)
    with pytest.raises(PhysicsError, match="one of several that are equal"):
        time_constant_sensitivities(model)
    value, found = step_sensitivities(model, "x", "x", 1e-5)
    assert found["C.x"] == pytest.approx(-1e5 * np.exp(-1) * 1e-5 / 1e-10 / 1e-5, rel=1e-9)
    assert found["C.y"] == pytest.approx(0.0, abs=1e-9 * abs(found["C.x"]))
    assert value == pytest.approx(1e5 * (1 - np.exp(-1)))


def hot() -> nx.Graph:
    """Radiation and a law that matter, two held nodes."""
    graph = bridge()
    graph.nodes["a"]["sources"] = {"heater": 2e-3}
    graph.add_node("sky", temperature=250.0)
    graph.add_edge("a", "sky", radiation=4e-6, name="glow")
    graph.add_edge("c", "sky", resistance=ResistancePolynomial((1e5, 200.0), about=300.0), name="film")
    return graph


@pytest.mark.parametrize("graph", [bridge(), hot()], ids=["linear", "nonlinear"])
@pytest.mark.parametrize("asked", [{"temperature": "b"}, {"temperature": "bath"}, {"heat": "R_bc"}, {"heat": "G_ac"}])
def test_a_steady_state_by_everything(graph, asked):
    """Temperatures and heats by elements, powers and held temperatures."""
    found = steady_sensitivities(network_model(graph), **asked)
    kind, name = next(iter(asked.items()))

    def answer(model):
        return getattr(steady(model), kind)[name]

    assert found.value == answer(network_model(graph))
    scale = 1e-6 * (abs(found.value) if kind == "heat" else 1.0)  # a kelvin, and what Newton's method leaves of it
    for element in found.by_element:
        exact = differenced(answer, graph, element, 1e-3)
        assert found.by_element[element] == pytest.approx(exact, rel=1e-5, abs=scale / value_of(graph, element))
    for node, derivative in found.by_held.items():
        warmer, colder = graph.copy(), graph.copy()
        warmer.nodes[node]["temperature"] += 0.1
        colder.nodes[node]["temperature"] -= 0.1
        exact = (answer(network_model(warmer)) - answer(network_model(colder))) / 0.2
        assert derivative == pytest.approx(exact, rel=1e-4, abs=1e-6 if kind == "temperature" else 1e-13)
    more = graph.copy()
    power = graph.nodes["a"]["sources"]["heater"]
    more.nodes["a"]["sources"] = {"heater": power * 1.0001}
    less = graph.copy()
    less.nodes["a"]["sources"] = {"heater": power * 0.9999}
    exact = (answer(network_model(more)) - answer(network_model(less))) / (2e-4 * power)
    assert found.by_source["heater"] == pytest.approx(exact, rel=1e-4, abs=1e-6)


def test_the_heat_of_what_depends_on_temperature_by_its_own_value():
    """Radiation and a film: through the state, and directly."""
    graph = hot()
    for name in ("glow", "film"):
        found = steady_sensitivities(network_model(graph), heat=name).by_element[name]
        exact = differenced(lambda model, name=name: steady(model).heat[name], graph, name, 1e-3)
        assert found == pytest.approx(exact, rel=1e-5)


def test_terms_of_a_body_count_by_their_coefficients():
    """A rod as a body: the derivative by one of its conductances is that of the system."""
    rod = nx.relabel_nodes(nx.path_graph(4), str)
    nx.set_edge_attributes(rod, 1e-4, "conductance")
    body = MultiTerminal(system=system_from_graph(rod), terminals={"left": "0", "right": "3"})
    graph = nx.Graph()
    graph.add_node("bath", temperature=0.0)
    graph.add_node("rod", body=body)
    graph.add_edges_from([("rod", "hot", {"terminal": "left"}), ("rod", "bath", {"terminal": "right"})])
    found = sensitivities(network_model(graph), "hot", "hot")
    assert found == pytest.approx({"rod.0-1": -1e8, "rod.1-2": -1e8, "rod.2-3": -1e8})


def test_what_is_not_there_is_refused():
    """Names and times."""
    model = network_model(bridge())
    with pytest.raises(KeyError, match="no element is called R_x"):
        steady_sensitivities(model, heat="R_x")
    with pytest.raises(ValueError, match="either a temperature or a heat"):
        steady_sensitivities(model)
    with pytest.raises(KeyError, match="no node is called x"):
        sensitivities(model, "x", "a")
    with pytest.raises(PhysicsError, match="time must be positive"):
        step_sensitivities(model, "a", "a", 0.0)
