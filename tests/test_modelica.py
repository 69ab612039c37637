"""Modelica text: what it says, read strictly, is the network and the compact model."""

import math
import re

import networkx as nx
import numpy as np
import pytest

from thermonet.network.answers import steady
from thermonet.network.elements import ResistancePolynomial, ResistanceTable
from thermonet.network.model import network_model
from thermonet.network.modelica.block import block
from thermonet.network.modelica.network import network_model_text
from thermonet.network.modelica.text import described, identifier, in_time, law_of
from thermonet.network.terminals import MultiTerminal
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import System
from thermonet.system.signals import Course, Repeated, Sine, Table, square, three_level

BATH = 300.0
_NAME = r"(?:[A-Za-z_]\w*|'(?:[^'\\]|\\.)*')"


def in_python(expression: str) -> str:
    """Arithmetic of Modelica as Python: products of arrays, element by element with a dot, conditions."""
    if expression.startswith("if "):
        found = re.match(r"if (.*?) then (.*?) else (.*)", expression)
        condition, this, other = (in_python(part) for part in found.groups())
        return f"(({this}) if ({condition}) else ({other}))"
    inner = re.fullmatch(r"(.*?\*)\((if .*)\)", expression)
    if inner:
        return in_python(inner[1] + "0")[:-1] + f"({in_python(inner[2])})"
    return expression.replace(".*", "§").replace("./", "/").replace("*", "@").replace("§", "*")


def evaluate(expression: str, **values) -> float:
    """Value of a scalar expression of time or temperature."""
    names = {"sin": math.sin, "mod": lambda a, b: a - b * math.floor(a / b), **values}
    return float(eval(in_python(expression).replace("@", "*"), {"__builtins__": {}}, names))


def array(text: str):
    """An array of Modelica: a row in braces, rows in brackets, or zeros."""
    zeros = re.fullmatch(r"zeros\((\d+), (\d+)\)", text)
    if zeros:
        return np.zeros((int(zeros[1]), int(zeros[2])))
    if text.startswith("{"):
        return np.array([float(value) for value in text.strip("{}").split(",")])
    return np.array([[float(value) for value in row.split(",")] for row in text.strip("[]").split(";")])


class Block:
    """A compact model's text, taken apart; everything in it must be understood."""

    def __init__(self, text: str) -> None:
        flat = " ".join(re.sub(r"//.*", "", text).split())
        found = re.fullmatch(
            rf'model ({_NAME}) "((?:[^"\\]|\\.)*)" (.*) protected (.*) equation (.*) end ({_NAME});', flat
        )
        self.name, self.title, public, protected, equations, end = found.groups()
        assert self.name == end
        start, *ports = public.split("; ")
        assert start.startswith('parameter Real T_start(unit="K") = 300.0') or "= 300 " in start
        port = rf"Modelica\.Thermal\.HeatTransfer\.Interfaces\.HeatPort_a ({_NAME});?"
        self.ports = [re.fullmatch(port, line)[1] for line in ports]
        self.parameters, self.bound = {}, {}
        for line in re.findall(r"(?:parameter )?Real .*? \"[^\"]*\";", protected):
            parameter = re.fullmatch(r'parameter Real (\w+)\[([\d, ]+)\] = (.*) "[^"]*";', line)
            variable = re.fullmatch(r'Real (\w+)\[(\d+)\](?: = \{(.*)\}|\(.*\)) "[^"]*";', line)
            if parameter:
                value = array(parameter[3])
                assert value.shape == tuple(int(size) for size in parameter[2].split(","))
                self.parameters[parameter[1]] = value
            else:
                self.bound[variable[1]] = (int(variable[2]), variable[3].split(", ") if variable[3] else None)
        assert re.sub(r"(?:parameter )?Real .*? \"[^\"]*\";", "", protected).strip() == ""
        self.equations = [line.split(" = ") for line in equations.strip("; ").split("; ")]

    def residual(self, state: dict[str, complex], modes, rate: complex):
        """What the equations leave, at amplitudes of temperatures and heats that go as exp(rate t)."""
        names = {**self.parameters, "transpose": np.transpose}
        for name, (_, bound) in self.bound.items():
            names[name] = modes if bound is None else np.array([state[each] for each in bound])
        names["der"] = lambda value: rate * value
        found = []
        for left, right in self.equations:
            value = eval(in_python(right), {"__builtins__": {}}, names)
            if left.startswith("{"):
                left_value = np.array([state[each] for each in left.strip("{}").split(", ")])
            else:
                left_value = eval(in_python(left), {"__builtins__": {}}, names)
            found.append(left_value - value)
        return np.concatenate(found)

    def response(self, rate: complex, given: dict[str, float]) -> dict[str, complex]:
        """Solve the equations with some of the variables given."""
        count = next((size for size, bound in self.bound.values() if bound is None), 0)
        unknown = [f"{port}.{what}" for port in self.ports for what in ("T", "Q_flow") if f"{port}.{what}" not in given]

        def left(values):
            return self.residual({**given, **dict(zip(unknown, values, strict=False))}, values[len(unknown) :], rate)

        size = len(unknown) + count
        start = left(np.zeros(size, dtype=complex))
        assert len(start) == size  # as many equations as unknowns
        matrix = np.column_stack([left(column) - start for column in np.eye(size, dtype=complex)])
        return {**given, **dict(zip(unknown, np.linalg.solve(matrix, -start), strict=False))}


def dense_system(massless: int) -> System:
    """Seven unknowns with a full capacity, some massless; two ports, a source and a sensor."""
    rng = np.random.default_rng(massless)
    K = np.zeros((7, 7))
    for i in range(1, 7):
        for j in range(i):
            across = np.eye(7)[i] - np.eye(7)[j]
            K += 10 ** rng.uniform(-7, -4) * np.outer(across, across)
    spread = rng.normal(size=(7, 7))
    C = 1e-12 * spread @ spread.T
    C[7 - massless :] = C[:, 7 - massless :] = 0
    apex, thermocouple = rng.dirichlet(np.ones(7), 2)
    return System(
        K={"K": K},
        C={"C": C},
        theta={"K": 1.0, "C": 1.0},
        sources={"apex": apex},
        sensors={"tip.end": thermocouple},
        ports={"chip": np.array([0]), "T": np.array([3])},
        one=np.ones(7),
    )


@pytest.mark.parametrize("massless", [0, 2, 7])
def test_a_block_answers_as_its_model(massless):
    """Its equations, evaluated: heated at the apex and held at the chip; then with the chip swinging."""
    system = dense_system(massless)
    text = Block(block("probe", system, title='the "probe"'))
    assert text.title == r"the \"probe\""
    assert text.ports == ["chip", "'T'", "apex", "'tip.end'"]
    held, apex = system.hold("chip"), system.sources["apex"]
    for rate in (0.0, 1e4j, 1e6j, 1e8j):
        nothing = {"chip.T": 0.0, "'T'.Q_flow": 0.0, "apex.Q_flow": 0.0, "'tip.end'.Q_flow": 0.0}
        found = text.response(rate, {**nothing, "apex.Q_flow": 1.0})
        exact = held.solve(apex.astype(complex), s=rate)
        assert found["'tip.end'.T"] == pytest.approx(system.sensors["tip.end"] @ exact, rel=1e-9)
        assert found["'T'.T"] == pytest.approx(exact[3], rel=1e-9)
        assert found["apex.T"] == pytest.approx(apex @ exact, rel=1e-9)
        found = text.response(rate, {**nothing, "chip.T": 1.0})
        exact = held.solve(np.zeros(7, dtype=complex), held=1.0, s=rate)
        assert found["'tip.end'.T"] == pytest.approx(system.sensors["tip.end"] @ exact, rel=1e-9)
        heat = (held.K + rate * held.C)[0] @ exact
        assert found["chip.Q_flow"] == pytest.approx(heat, rel=1e-7, abs=1e-18)


def network() -> nx.MultiGraph:
    """Everything a graph may hold, bodies apart."""
    graph = nx.MultiGraph()
    graph.add_node("apex", heat_capacity=2e-11, sources={"heater": 1e-6, "laser": Course(square(1e4), 2e-6)})
    graph.add_node("tip end", heat_capacity=1e-10)
    graph.add_node("chip", temperature=Course(Sine(1e3), 0.5, 310.0))
    graph.add_node("wall", temperature=BATH, heat_capacity=1e-9)
    graph.add_edge("apex", "tip end", name="film", resistance=2e4)
    graph.add_edge("tip end", "chip", name="R-P", conductance=2e-5)
    graph.add_edge("apex", "wall", name="sky", radiation=1e-7)
    graph.add_edge("apex", "wall", name="air", resistance=ResistanceTable((290.0, 310.0), (3e6, 4e6)))
    graph.add_edge("tip end", "wall", name="stem", resistance=ResistancePolynomial((1e5, 20.0), 300.0))
    graph.add_edge("apex", "chip", name="gap", heat_capacity=1e-12)
    return graph


_LIBRARY = r"Modelica\.Thermal\.HeatTransfer\.(?:Components|Sources|Interfaces)\."


def parsed(text: str):
    """Ports, components by name (kind, modifiers), local models and connections; every line is one of these."""
    lines = text.splitlines()
    head, split = lines[0], lines.index("equation")
    assert re.fullmatch(rf'model {_NAME} "[^"]*"', head)
    assert lines[-1] == f"end {head.split(' ')[1]};"
    ports, components, local, joined, equations = [], {}, {}, [], {}
    for line in lines[1:split]:
        model = re.fullmatch(
            rf"  model ({_NAME}) extends {_LIBRARY}Element1D; (.*) equation (.*); end ({_NAME});", line
        )
        port = re.fullmatch(rf"  {_LIBRARY}HeatPort_a ({_NAME});", line)
        component = re.fullmatch(rf"  (?:{_LIBRARY})?({_NAME}) ({_NAME})(?:\((.*)\))?;", line)
        if model:
            assert model[1] == model[4]
            local[model[1]] = model[3]
        elif port:
            ports.append(port[1])
        else:
            assert component[2] not in components
            components[component[2]] = (component[1], component[3] or "")
    for line in lines[split + 1 : -1]:
        found = re.fullmatch(rf"  connect\(({_NAME})\.({_NAME}), ({_NAME})\);", line)
        equation = re.fullmatch(rf"  ({_NAME})\.(\w+) = (.*);", line)
        if found:
            assert found[1] in components
            assert found[3] in ports
            joined.append(found.groups())
        else:
            equations[equation[1]] = equation[3]
    return ports, components, local, joined, equations


def test_a_network_is_said_in_components_of_the_library():
    """Every element once, with its value, between its nodes; what varies is an expression of time."""
    ports, components, local, joined, equations = parsed(network_model_text(network(), "stage", start=BATH, title="x"))
    assert ports == ["apex", "'tip end'", "chip", "wall"]
    assert components == {
        "T_chip": ("PrescribedTemperature", ""),
        "T_wall": ("FixedTemperature", "T = 300.0"),
        "C_apex": ("HeatCapacitor", "C = 2e-11, T(start = 300.0, fixed = true)"),
        "'C_tip end'": ("HeatCapacitor", "C = 1e-10, T(start = 300.0, fixed = true)"),
        "C_wall": ("HeatCapacitor", "C = 1e-09"),
        "heater": ("FixedHeatFlow", "Q_flow = 1e-06"),
        "laser": ("PrescribedHeatFlow", ""),
        "film": ("ThermalResistor", "R = 20000.0"),
        "'R-P'": ("ThermalConductor", "G = 2e-05"),
        "sky": ("BodyRadiation", "Gr = 1e-07"),
        "air": ("'Resistance of air'", ""),
        "stem": ("'Resistance of stem'", ""),
        "gap": ("CapacityBetween", "C = 1e-12"),
    }
    assert set(local) == {"'Resistance of air'", "'Resistance of stem'", "CapacityBetween"}
    assert local["CapacityBetween"] == "Q_flow = C*der(dT)"
    ends = {name: (port, node) for name, port, node in joined if port == "port"}
    assert ends["heater"] == ends["laser"] == ends["C_apex"] == ("port", "apex")
    assert [(name, port, node) for name, port, node in joined if name == "film"] == [
        ("film", "port_a", "apex"),
        ("film", "port_b", "'tip end'"),
    ]
    assert set(equations) == {"laser", "T_chip"}
    assert evaluate(equations["laser"], time=2e-5) == pytest.approx(2e-6)
    assert evaluate(equations["laser"], time=1.7e-4) == 0.0
    assert evaluate(equations["T_chip"], time=2.5e-4) == pytest.approx(310.5)


def test_the_equations_of_a_network_hold_in_its_steady_state():
    """Temperatures of our own Newton iteration balance the heats of the text's components at every free node."""
    graph = network()
    graph.nodes["chip"]["temperature"] = 310.0
    graph.nodes["apex"]["sources"] = {"heater": 1e-4}
    answer = steady(network_model(graph))
    _, components, local, joined, _ = parsed(network_model_text(graph, "stage", start=BATH))
    temperature = {identifier(node): value for node, value in answer.temperature.items()}
    at = {(name, port): node for name, port, node in joined}
    into = dict.fromkeys(temperature, 0.0)
    for name, (kind, modifiers) in components.items():
        if (name, "port_a") not in at:
            if kind == "FixedHeatFlow":
                into[at[name, "port"]] += float(modifiers.removeprefix("Q_flow = "))
            continue
        a, b = at[name, "port_a"], at[name, "port_b"]
        dT, value = temperature[a] - temperature[b], modifiers.partition(" = ")[2]
        if kind in local:
            if kind == "CapacityBetween":
                continue
            law = re.fullmatch(r"dT = \((.*)\)\*Q_flow", local[kind])[1]
            heat = dT / evaluate(law, T=(temperature[a] + temperature[b]) / 2)
        elif kind == "BodyRadiation":
            heat = float(value) * 5.670374419e-8 * (temperature[a] ** 4 - temperature[b] ** 4)
        else:
            heat = dT / float(value) if kind == "ThermalResistor" else dT * float(value)
        into[a] -= heat
        into[b] += heat
    assert abs(into["apex"]) < 1e-9 * 1e-4
    assert abs(into["'tip end'"]) < 1e-9 * 1e-4


def test_bodies_are_models_inside():
    """A body's block stands inside, its ports are connected to its nodes."""
    system = dense_system(1)
    body = MultiTerminal(system=system, terminals={"cold": "chip", "apex": system.sources["apex"]})
    graph = nx.Graph()
    graph.add_node("wall", temperature=BATH)
    graph.add_node("hot", sources={"heater": 1e-6})
    graph.add_node("tip", body=body)
    graph.add_edge("tip", "wall", terminal="cold")
    graph.add_edge("tip", "hot", terminal="apex")
    text = network_model_text(graph, "stage", start=310.0)
    inner = text[text.index("  model tip_model") : text.index("  end tip_model;") + len("  end tip_model;")]
    assert Block(inner).ports == ["cold", "apex"]
    _, components, _, joined, _ = parsed(text.replace(inner + "\n", ""))
    assert components["tip"] == ("tip_model", "T_start = 310.0")
    assert ("tip", "cold", "wall") in joined
    assert ("tip", "apex", "hot") in joined


@pytest.mark.parametrize(
    "signal",
    [
        square(20.0, 0.3),
        three_level(10.0, (1.0, 0.25, 0.5)),
        Sine(15.0, 0.7),
        Table((0.1, 0.4, 0.5), (0.0, 2.0, -1.0)),
        Table((0.1,), (2.0,)),
        Repeated((0.0, 0.03, 0.03, 0.08), (0.0, 1.0, 0.2, 0.7)),
    ],
    ids=["square", "three_level", "sine", "table", "point", "slopes"],
)
def test_courses_are_expressions_of_time(signal):
    """Evaluated, they are the course."""
    course = Course(signal, 2e-6, 1e-6)
    expression = in_time(course)
    for time in np.linspace(0.001, 0.7, 97):
        assert evaluate(expression, time=time) == pytest.approx(float(course.at(time)), rel=1e-9, abs=1e-15)
    assert in_time(3) == "3.0"


def test_laws_are_expressions_of_temperature():
    """A table constant beyond its ends, and a polynomial."""
    for law in (ResistanceTable((290.0, 310.0), (3e6, 4e6)), ResistancePolynomial((1e5, 20.0, 0.1), 300.0)):
        for temperature in (280.0, 295.0, 305.0, 330.0):
            exact = float(law.at(np.array(temperature)))
            assert evaluate(law_of("T", law), T=temperature) == pytest.approx(exact, rel=1e-12)

    class Other:
        def at(self, temperature):
            return temperature

        def slope(self, temperature):
            return 0 * temperature

    with pytest.raises(PhysicsError, match="Other has no words in Modelica"):
        law_of("T", Other())


def test_names_are_quoted_where_they_must_be():
    """Identifiers stay, others are quoted: two names never become one."""
    names = ["apex", "tip end", "2nd", "end", "K", "it's", "θ", "a\\b"]
    assert [identifier(name) for name in names] == [
        "apex",
        "'tip end'",
        "'2nd'",
        "'end'",
        "'K'",
        r"'it\'s'",
        "'u03B8'",
        r"'a\\b'",
    ]
    assert described('a "b"\n c\\') == r'"a \"b\" c\\"'


def test_elements_called_like_a_node_get_names_of_their_own():
    """Modelica has one name space for them."""
    graph = nx.Graph()
    graph.add_node("film", temperature=BATH)
    graph.add_edge("film", "end", name="film", resistance=1.0)
    _, components, *_ = parsed(network_model_text(graph, "x", start=BATH))
    assert components["film_"] == ("ThermalResistor", "R = 1.0")
