"""Studies of network documents against closed forms, other programs and the same thing asked in another way."""

import json
import math
import re
import shutil
import subprocess

import networkx as nx
import numpy as np
import pytest

from thermonet.cli import main
from thermonet.documents.builtin import builtin
from thermonet.network.spice.read import read_netlist
from thermonet.quantities.errors import DocumentError, PhysicsError
from thermonet.report.figures.network_answers import network_drawings
from thermonet.report.figures.response import response_figure
from thermonet.report.write import write_report
from thermonet.studies.network.answers import answers_of, solve_network
from thermonet.studies.network.design import NO_BODIES
from thermonet.studies.network.study import read_network, study_network
from thermonet.studies.sensitivities import gradients
from thermonet.studies.values import Values

TWO_BATHS = "two_baths"
SIGMA = 5.670374419e-8


def written(folder, text, name="network.yaml"):
    """File that holds a document."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def network(nodes, elements, rest=""):
    """Text of a document from lines of its nodes and elements."""
    lines = ["thermonet: network/1", "name: some", "temperature: 300 K", "nodes:", *(f"  {each}" for each in nodes)]
    return "\n".join([*lines, "elements:", *(f"  {each}" for each in elements), rest, ""])


@pytest.fixture(scope="module")
def two_baths():
    """Study the network of the built-in document."""
    return study_network(read_network(builtin(TWO_BATHS)))


def values(study):
    return {key: quantity.value for key, quantity in study.result.quantities.items()}


def test_a_network_by_hand(two_baths):
    """Heater between two baths: superposition of its own heat and of the warmer bath."""
    found = values(two_baths)
    assert found["temperature.heater"] == pytest.approx(0.4, rel=1e-12)
    assert found["temperature.plate"] == pytest.approx(0.32, rel=1e-12)
    assert found["temperature.box"] == 1
    assert found["heat.clamp"] == pytest.approx(1.6e-3, rel=1e-12)
    assert found["heat.wires"] == pytest.approx(-0.6e-3, rel=1e-12)  # from the first to the second node of its line
    assert found["resistance.heater.bath"] == pytest.approx(250, rel=1e-12)
    assert all(check.holds for check in two_baths.result.checks.values())


def test_uncertainties_by_hand(two_baths):
    """R = glue + clamp: their uncertainties add in squares, and the budget says so."""
    found = two_baths.result.quantities["resistance.heater.bath"]
    assert found.u == pytest.approx(math.hypot(5, 2), rel=1e-9)
    budget = two_baths.result.tables["budget.resistance.heater.bath"]
    assert list(budget["input"].values) == ["elements.glue.resistance", "elements.clamp.resistance"]
    assert budget["share"].values[0] == pytest.approx(25 / 29, rel=1e-9)
    # Beside 1 kK/W to the box, 250 K/W act as 200: T = (P R_w + T_box) R / (R + R_w).
    slope = (1e-3 * 1000 + 1) * 1000 / 1250**2
    assert two_baths.result.quantities["temperature.heater"].u == pytest.approx(slope * math.hypot(5, 2), rel=1e-9)


def test_exact_derivatives_are_those_of_differences(two_baths):
    """Every answer by every number of the document: adjoint fields and differences agree."""
    document = two_baths.document
    table = two_baths.result.tables["sensitivities"]
    exact = dict(
        zip(zip(table["answer"].values, table["value"].values, strict=True), table["derivative"].values, strict=True)
    )
    inputs = {}

    def answers(changed):
        found = answers_of(solve_network(document, changed, NO_BODIES))
        inputs.update(changed.inputs)
        return found

    here = answers(Values())
    differenced = gradients(answers, dict(inputs))
    for key, gradient in differenced.items():
        for name, slope in gradient.items():
            size = abs(here[key]) / max(abs(inputs[name].value), 1e-300)
            assert exact.get((key, name), 0.0) == pytest.approx(slope, rel=1e-5, abs=1e-6 * size)


def test_responses_of_one_node_are_exponentials(tmp_path):
    """One resistance and one capacity: step, pulse, times, impedance, all known."""
    R, C, length = 72800.0, 2e-11, 1e-6
    text = network(
        ["bath: {temperature: 300 K}", "tip: {heat_capacity: 20 pJ/K}"],
        ["R_P: {between: [tip, bath], resistance: 72.8 kK/W}"],
        "responses: {of: [[tip, tip]], pulse: 1 us, times: [10 ns, 100 us], frequencies: [1 Hz, 10 MHz]}",
    )
    study = study_network(read_network(written(tmp_path, text)))
    tables = study.result.tables
    time, step = (np.array(tables["response"][name].values) for name in ("time", "tip.tip"))
    assert step == pytest.approx(R * -np.expm1(-time / (R * C)), rel=1e-12)
    assert (time[1], time[-1]) == pytest.approx((1e-8, 1e-4))
    time, pulse = (np.array(tables["pulse"][name].values) for name in ("time", "tip.tip"))
    later = np.where(time > length, -np.expm1(-np.maximum(time - length, 0) / (R * C)), 0)
    assert pulse == pytest.approx(R * (-np.expm1(-time / (R * C)) - later), rel=1e-9, abs=1e-9 * R)
    assert length in time
    frequency, real, imaginary = (
        np.array(tables["impedance"][name].values) for name in ("frequency", "real.tip.tip", "imaginary.tip.tip")
    )
    assert real + 1j * imaginary == pytest.approx(R / (1 + 2j * math.pi * frequency * R * C), rel=1e-9)
    times = {name: column.values[0] for name, column in tables["times"].items()}
    assert (times["slowest"], times["elmore"], times["to_63_percent"]) == pytest.approx((R * C,) * 3, rel=1e-9)
    assert times["bandwidth"] == pytest.approx(1 / (2 * math.pi * R * C), rel=1e-9)
    assert values(study)["time_constant_slowest"] == pytest.approx(R * C, rel=1e-12)
    assert tables["structure.tip"]["resistance"].values == pytest.approx([R], rel=1e-9)
    assert tables["structure.tip"]["capacity"].values == pytest.approx([C], rel=1e-9)


def test_radiation_balances_a_source(tmp_path):
    """A node that radiates to a held one: sigma a (T^4 - T_b^4) = P, and what its inputs do to it."""
    text = network(
        ["sky: {temperature: 300 K}", "plate: {heat_capacity: 1 J/K}"],
        ["glow: {between: [plate, sky], radiation: {area: 10 cm^2, emissivity: 0.80(2), view_factor: 0.5}}"],
        "sources:\n  sun: {into: plate, power: 1 W}",
    )
    study = study_network(read_network(written(tmp_path, text)))
    wanted = (300**4 + 1 / (SIGMA * 1e-3 * 0.8 * 0.5)) ** 0.25
    found = study.result.quantities["temperature.plate"]
    assert 300 + found.value == pytest.approx(wanted, rel=1e-9)
    slope = -(wanted**4 - 300**4) / (4 * wanted**3 * 0.8)
    assert found.u == pytest.approx(abs(slope) * 0.02, rel=1e-6)
    assert study.result.quantities["heat.glow"].value == pytest.approx(1, rel=1e-9)
    assert study.result.checks["energy_balance"].holds


def test_a_law_of_resistance_and_its_uncertainty(tmp_path):
    """R(T) of the mean temperature: T = P R((T + T_b) / 2), linear in the rise, so solved by hand."""
    text = network(
        ["bath: {temperature: 300 K}", "hot: {}"],
        ["leg: {between: [hot, bath], resistance: {polynomial: [100(2) K/W, 0.4 K/W/K], about: 300 K}}"],
        "sources:\n  heater: {into: hot, power: 1 W}",
    )
    found = study_network(read_network(written(tmp_path, text))).result.quantities["temperature.hot"]
    assert found.value == pytest.approx(100 / (1 - 0.2), rel=1e-9)
    assert found.u == pytest.approx(2 / 0.8, rel=1e-5)
    table = "{table: [[300 K, 100 K/W], [400 K, 140 K/W]]}"
    other = text.replace("{polynomial: [100(2) K/W, 0.4 K/W/K], about: 300 K}", table)
    again = study_network(read_network(written(tmp_path, other))).result.quantities["temperature.hot"]
    assert again.value == pytest.approx(found.value, rel=1e-9)


def test_no_reciprocity_where_small_changes_know_none(tmp_path):
    """Radiation between two free nodes of different temperature: no modes, no resistances, but a steady state."""
    text = network(
        ["bath: {temperature: 300 K}", "hot: {heat_capacity: 1 J/K}", "warm: {heat_capacity: 1 J/K}"],
        [
            "glow: {between: [hot, warm], radiation: {area: 10 cm^2, emissivity: 0.8}}",
            "leg: {between: [warm, bath], resistance: 10 K/W}",
        ],
        "sources:\n  heater: {into: hot, power: 1 W}",
    )
    study = study_network(read_network(written(tmp_path, text)))
    assert values(study)["temperature.warm"] == pytest.approx(10, rel=1e-9)
    assert not any(key.startswith("resistance") for key in study.result.quantities)
    assert "reciprocity" not in study.result.checks
    assert "response" not in study.result.tables
    assert {"network.cir", "network.mo"} == set(study.files)
    with pytest.raises(DocumentError, match=r"glow depends on temperature.*reciprocity"):
        read_network(written(tmp_path, text), ("resistances=[[hot, bath]]",))


def test_resistances_too_far_apart_are_named(tmp_path):
    """Where rounding leaves nothing of the weaker one, both are named: at the steady state, or only of the modes."""
    nodes = ["bath: {temperature: 300 K}", "a: {heat_capacity: 20 pJ/K}", "b: {heat_capacity: 0.8 nJ/K}"]
    for resistance in ("1e-12 K/W", "1e-10 K/W"):
        short = f"short: {{between: [a, b], resistance: {resistance}}}"
        text = network(
            nodes, [short, "leg: {between: [b, bath], resistance: 300 kK/W}"], "sources: {q: {into: a, power: 1 uW}}"
        )
        with pytest.raises(
            PhysicsError, match=r"short \(1.* pK/W\) and leg \(300 kK/W\) are 1[57] decades apart"
        ) as caught:
            study_network(read_network(written(tmp_path, text)))
        assert caught.value.path == "elements.short"


def test_a_held_node_begins_at_its_own_temperature(tmp_path):
    """The initial temperature is that of what is free; a course counts with what it is after the start."""
    nodes = [
        "cold: {temperature: 77 K}",
        "stage: {temperature: 300 K, varies: {swing: 4 K, square: {frequency: 1 Hz}}}",
        "plate: {heat_capacity: 1 mJ/K}",
    ]
    links = ["a: {between: [plate, cold], resistance: 1 kK/W}", "b: {between: [plate, stage], resistance: 1 kK/W}"]
    study = study_network(
        read_network(written(tmp_path, network(nodes, links, "transient: {until: 0.2 s, points: 4}")))
    )
    table = study.result.tables["transient"]
    assert list(table["cold"].values) == [77.0] * 5
    assert list(table["stage"].values) == [304.0] * 5
    assert table["plate"].values[0] == 300.0


def test_a_network_at_rest_has_a_netlist(tmp_path):
    """Without sources there is one to add them to."""
    nodes = ["bath: {temperature: 300 K}", "plate: {heat_capacity: 1 mJ/K}"]
    study = study_network(
        read_network(written(tmp_path, network(nodes, ["leg: {between: [plate, bath], resistance: 1 kK/W}"])))
    )
    graph = read_netlist(study.files["network.cir"])
    assert graph.nodes["plate"]["heat_capacity"] == 1e-3


def test_a_curve_on_the_axis_is_named(tmp_path):
    """Beside a response a hundred times larger it is not seen."""
    nodes = ["bath: {temperature: 300 K}", "hot: {heat_capacity: 1 mJ/K}", "cool: {heat_capacity: 1 mJ/K}"]
    links = ["a: {between: [hot, bath], resistance: 1 K/W}", "b: {between: [hot, cool], resistance: 999 K/W}"]
    text = network(
        nodes, [*links, "c: {between: [cool, bath], resistance: 1 K/W}"], "sources: {q: {into: hot, power: 1 W}}"
    )
    drawing = response_figure(study_network(read_network(written(tmp_path, text))).result)
    assert "cool.q lies near zero: its largest value is" in drawing.caption
    assert "hot.q lies" not in drawing.caption


def test_a_structure_function_behind_a_parallel_path_says_so(tmp_path):
    """Heat leaves at once by one path: the axis begins where there is something, and the caption says why."""
    nodes = ["bath: {temperature: 300 K}", "port: {}", "far: {heat_capacity: 1 mJ/K}"]
    links = [
        "leg: {between: [port, bath], resistance: 1 K/W}",
        "gap: {between: [port, far], resistance: 100 K/W}",
        "end: {between: [far, bath], resistance: 100 K/W}",
    ]
    text = network(nodes, links, "sources: {q: {into: port, power: 1 W}}")
    study = study_network(read_network(written(tmp_path, text)))
    drawn = {drawing.name: drawing for drawing in network_drawings(study)}
    assert "appear multiplied" in drawn["structure_port"].caption
    left, right = drawn["structure_port"].figure.axes[0].get_xlim()
    assert 0.9 < left / right < 1
    assert "to zero" in drawn["nyquist"].caption
    assert drawn["nyquist"].figure.axes[0].get_xlim()[0] <= 0  # with the origin, which the cross is at


def test_small_changes_about_a_hot_state_have_uncertainties(tmp_path):
    """A node that radiates: R = 1 / (4 sigma a T^3) at a state that the emissivity moves too."""
    text = network(
        ["sky: {temperature: 300 K}", "plate: {heat_capacity: 1 J/K}"],
        ["glow: {between: [plate, sky], radiation: {area: 10 cm^2, emissivity: 0.80(2)}}"],
        "sources:\n  sun: {into: plate, power: 1 W}",
    )

    def resistance(emissivity):
        area = 1e-3 * emissivity
        return 1 / (4 * SIGMA * area * (300**4 + 1 / (SIGMA * area)) ** 0.75)

    found = study_network(read_network(written(tmp_path, text))).result.quantities["resistance.plate.sky"]
    assert found.value == pytest.approx(resistance(0.8), rel=1e-8)
    assert found.u == pytest.approx(abs(resistance(0.8001) - resistance(0.7999)) / 2e-4 * 0.02, rel=1e-4)


def test_equal_time_constants_have_no_uncertainty(tmp_path):
    """Which of two equal ones is the slowest depends on the way: nobody states a derivative."""
    text = network(
        ["bath: {temperature: 300 K}", "a: {heat_capacity: 1 J/K}", "b: {heat_capacity: 1 J/K}"],
        ["r: {between: [a, bath], resistance: 10(1) K/W}", "s: {between: [b, bath], resistance: 10(1) K/W}"],
        "sources:\n  heat: {into: a, power: 1 W}",
    )
    study = study_network(read_network(written(tmp_path, text)))
    found = study.result.quantities["time_constant_slowest"]
    assert (found.value, found.u) == (pytest.approx(10), None)
    assert [name for name in study.result.tables["response"] if name != "time"] == ["a.heat"]  # b sees nothing of it


def test_heat_into_a_held_node_leaves_there(tmp_path):
    """It is allowed, warms nothing, and counts in the balance."""
    text = network(
        ["bath: {temperature: 300 K}", "plate: {}"],
        ["leg: {between: [plate, bath], resistance: 10 K/W}"],
        "sources:\n  lost: {into: bath, power: 2 W}\n  used: {into: plate, power: -1 W}",
    )
    study = study_network(read_network(written(tmp_path, text)))
    assert values(study)["temperature.plate"] == pytest.approx(-10, rel=1e-12)
    steady = study.result.tables["steady"]
    assert steady["heat_out"].values[0] == pytest.approx(1, rel=1e-12)
    assert steady["heat_in"].values == (pytest.approx([2, -1], rel=1e-12))
    assert study.result.checks["energy_balance"].holds


def test_what_only_the_model_refuses_has_a_place(tmp_path, capsys):
    """A node that is a body's mean cannot be held: known once the body is there, told where it is written."""
    text = network(
        ["chip: {temperature: 300 K}", "contact: {temperature: 300 K}"],
        [],
        "bodies: {tip: {design: ntistp, terminals: {contact: contact, chip: chip}}}\nnumerics: {tolerance: 1 %}",
    ).replace("elements:\n", "")
    assert main(["network", str(written(tmp_path, text)), "--out", str(tmp_path / "run"), "--json"]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "network.yaml:6:26: nodes.contact.temperature: contact: a body's mean temperature cannot be held" in said.err


SIGNALS = """sources:
  heater: {into: tip, power: 1 uW, varies: {square: {frequency: 1 kHz}, offset: 1}}
transient: {until: 15 ms, points: 30, tolerance: 0.1 %}
periodic: {points: 8}
"""


def test_a_transient_ends_in_the_periodic_state(tmp_path):
    """After fifteen periods of a time constant each next to nothing is left of the start."""
    text = network(
        [
            "bath: {temperature: 300 K, varies: {swing: 10 mK, sine: {frequency: 1 kHz}}}",
            "tip: {heat_capacity: 10 nJ/K}",
        ],
        ["leg: {between: [tip, bath], resistance: 100 kK/W}"],
        SIGNALS,
    )
    study = study_network(read_network(written(tmp_path, text)))
    tables = study.result.tables
    end, repeated = tables["transient"]["tip"].values[-1], tables["periodic"]["tip"].values
    assert end == pytest.approx(repeated[0], abs=1e-4)
    assert repeated[0] == pytest.approx(repeated[-1], abs=1e-9)
    assert values(study)["temperature_at_end.tip"] == end
    assert values(study)["periodic_swing.tip"] == pytest.approx(np.ptp(repeated))
    # Mean power 1 uW through 100 kK/W; the swing of a square of 1 uW about it is 2 R P tanh(T / 4 tau).
    alone = read_network(written(tmp_path, text), ("nodes.bath={temperature: 300 K}",))
    square = study_network(alone)
    assert values(square)["periodic_swing.tip"] == pytest.approx(0.2 * math.tanh(0.25), rel=1e-9)
    assert study.result.checks["transient_heat_balance"].holds


def test_effective_resistances_are_those_of_networkx(tmp_path):
    """A random graph, nothing held."""
    graph = nx.gnm_random_graph(12, 25, seed=3)
    rng = np.random.default_rng(3)
    conductances = {edge: float(value) for edge, value in zip(graph.edges, rng.uniform(0.5, 2, 25), strict=True)}
    nx.set_edge_attributes(graph, conductances, "weight")
    nodes = ["n0: {temperature: 300 K}", *(f"n{node}: {{}}" for node in range(1, 12))]
    edges = [
        f"e{i}: {{between: [n{a}, n{b}], conductance: {value!r} W/K}}"
        for i, ((a, b), value) in enumerate(conductances.items())
    ]
    pairs = "resistances: [[n0, n7], [n3, n11]]"
    found = values(study_network(read_network(written(tmp_path, network(nodes, edges, pairs)))))
    for a, b in ((0, 7), (3, 11)):
        wanted = nx.resistance_distance(graph, a, b, weight="weight", invert_weight=False)
        assert found[f"resistance.n{a}.n{b}"] == pytest.approx(wanted, rel=1e-10)


@pytest.mark.parametrize("name", ["network.cir", "compact.cir"])
def test_netlists_have_the_steady_case(two_baths, tmp_path, name):
    """Other programs find the same temperatures in what is written."""
    program = shutil.which("ngspice")
    if program is None:
        pytest.skip("ngspice is not installed")
    file = written(tmp_path, two_baths.files[name], name)
    said = subprocess.run([program, "-b", str(file)], capture_output=True, text=True, check=True, timeout=60).stdout
    found = dict(re.findall(r"^\s*(heater|plate)\s+(\S+)\s*$", said, re.MULTILINE))
    assert float(found["heater"]) == pytest.approx(0.4, rel=1e-6)
    assert float(found["plate"]) == pytest.approx(0.32, rel=1e-6)


def test_a_netlist_reads_back(two_baths):
    """The elements of the written netlist are those of the document."""
    graph = read_netlist(two_baths.files["network.cir"])
    resistances = {data["resistance"] for _, _, data in graph.edges(data=True) if "resistance" in data}
    assert resistances == {200.0, 1000.0, 50.0}


def test_a_body_is_an_element(tmp_path):
    """A slab between two nodes has the resistance of its own study, and its numerical error."""
    slab = """thermonet: body/1
name: slab
temperature: 300 K
shape: {kind: slab, width: 1 cm, depth: 1 cm}
layers:
  glass: {thermal_conductivity: 1 W/m/K, density: 2500 kg/m^3, specific_heat: 800 J/kg/K, thickness: 0.5 mm}
boundaries: {last: {temperature: 300 K}}
sources: {heater: {on: first, power: 1 W}}
sensors: {hot: {on: first}}
numerics: {tolerance: 0.1 %, element_scale: 1}
"""
    written(tmp_path, slab, "slab.yaml")
    text = network(
        ["bath: {temperature: 300 K}", "top: {}", "chip: {heat_capacity: 1 mJ/K}"],
        ["glue: {between: [chip, top], resistance: 2.0 ± 0.1 K/W}"],
        "bodies: {slab: {design: slab.yaml, terminals: {hot: top, last: bath}}}\n"
        "sources: {power: {into: chip, power: 1 W}}\nresponses: {of: [[chip, power]]}",
    )
    study = study_network(read_network(written(tmp_path, text)))
    found = study.result.quantities
    assert found["temperature.chip"].value == pytest.approx(7, rel=1e-6)
    assert found["temperature.chip"].u == pytest.approx(0.1, rel=1e-6)
    assert found["heat.slab.hot"].value == pytest.approx(1, rel=1e-9)
    assert found["heat.slab.last"].value == pytest.approx(-1, rel=1e-9)
    assert study.result.checks["energy_balance"].holds
    modes = study.result.tables["modes"]["time_constant"].values
    wanted = 0.5e-3**2 * 2e6 / (math.pi / 2) ** 2  # of the glass alone; chip and glue make it slower
    assert modes[0] > wanted
    assert "compact.cir" in study.files
    # The body's own numbers count: 5 K/W of glass to 10 %.
    written(tmp_path, slab.replace("1 W/m/K", "1.0 ± 0.1 W/m/K"), "slab.yaml")
    found = study_network(read_network(tmp_path / "network.yaml")).result.quantities
    assert found["temperature.chip"].u == pytest.approx(math.hypot(0.1, 0.5), rel=1e-6)
    assert found["heat.glue"].u == 0  # all heat of an exact source


HALF = """thermonet: body/1
name: NAME
temperature: 300 K
coordinates: planar
depth: 1 mm
regions:
  bar:
    shape: {rectangle: {from: [FROM, 0 mm], to: [TO, 1 mm]}}
    thermal_conductivity: 10 W/m/K
    density: 1000 kg/m^3
    specific_heat: 1000 J/kg/K
boundaries:
  end: {on: bar.END, temperature: 300 K}
  cut: {on: bar.CUT, port: trace}
numerics: {tolerance: 1 %, element_scale: 1}
"""


def half(name, begin, end, outside, inside):
    """Text of half a bar."""
    text = HALF.replace("NAME", name).replace("FROM", begin).replace("TO", end)
    return text.replace("END", outside).replace("CUT", inside)


@pytest.mark.parametrize("kind", ["trace", "isothermal"])
def test_halves_make_a_whole(tmp_path, kind):
    """Two halves of a bar between a bath and a heater: R = L / (k A) and tau = 4 L^2 / (pi^2 a), whichever join."""
    written(tmp_path, half("left", "0 mm", "2 mm", "left", "right"), "left.yaml")
    written(tmp_path, half("right", "2 mm", "4 mm", "right", "left"), "right.yaml")
    bodies = [
        "bodies:",
        "  left: {design: left.yaml, terminals: {end: cold}}",
        "  right: {design: right.yaml, terminals: {end: hot}}",
        f"joins: {{middle: {{between: [left.cut, right.cut], as: {kind}}}}}",
        "sources: {heater: {into: hot, power: 1 mW}}",
    ]
    text = network(["cold: {temperature: 300 K}", "hot: {}"], [], "\n".join(bodies)).replace("elements:\n", "")
    study = study_network(read_network(written(tmp_path, text)))
    found = values(study)
    assert found["temperature.hot"] == pytest.approx(0.4, rel=1e-9)
    assert found["resistance.hot.cold"] == pytest.approx(400, rel=1e-9)
    assert found["time_constant_slowest"] == pytest.approx(16e-6 * 4 / math.pi**2 * 1e5, rel=1e-3)
    assert found["heat.left.end"] == pytest.approx(-1e-3, rel=1e-9)
    assert study.result.tables["joins"]["trace"].values == pytest.approx([400], rel=1e-9)
    assert ("join.middle" in study.result.checks) == (kind == "isothermal")


def test_large_networks_are_answered_without_every_derivative(tmp_path):
    """A chain of hundreds of nodes: steady state and responses, but nobody reads a million derivatives."""
    count = 220
    nodes = ["n0: {temperature: 300 K}", *(f"n{i}: {{heat_capacity: 1 mJ/K}}" for i in range(1, count))]
    edges = [f"e{i}: {{between: [n{i}, n{i - 1}], resistance: 1.0 ± 0.1 K/W}}" for i in range(1, count)]
    text = network(nodes, edges, f"sources: {{heater: {{into: n{count - 1}, power: 1 W}}}}")
    study = study_network(read_network(written(tmp_path, text)))
    found = study.result.quantities[f"temperature.n{count - 1}"]
    assert found.value == pytest.approx(count - 1, rel=1e-9)
    assert found.u is None
    assert study.result.checks["compact_model"].holds


def test_the_command_line_writes_a_run(tmp_path, capsys):
    """JSON on standard output is the result of the folder; netlists, figures and page are beside it."""
    folder = tmp_path / "run"
    assert main(["network", TWO_BATHS, "--out", str(folder), "--json", "--set", "elements.glue.resistance=60 K/W"]) == 0
    said = capsys.readouterr().out
    assert said == (folder / "result.json").read_text(encoding="utf-8")
    assert json.loads(said)["quantities"]["resistance.heater.bath"]["value"] == pytest.approx(260)
    names = {path.name for path in folder.iterdir()}
    assert {"network.cir", "compact.cir", "compact.mo", "structure.heater.txt", "report.html", "figures"} <= names
    drawn = {path.stem for path in (folder / "figures").glob("*.svg")}
    assert {"network_scale", "nyquist", "frequency", "response", "pulse", "structure_heater"} <= drawn
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "a heater between two baths" in page
    assert main(["network", TWO_BATHS, "--out", str(folder), "--no-report"]) == 0
    assert "heat.clamp" in capsys.readouterr().out


@pytest.mark.slow
def test_the_page_of_a_network_fits_a_narrow_window(two_baths, tmp_path, counted):
    """Nothing is wider than a telephone but what scrolls by itself."""
    text = write_report(tmp_path, two_baths, {"wall_time_s": 1.0}).read_text(encoding="utf-8")
    width, shown = counted(text, 400, "root.scrollWidth", "root.clientWidth")
    assert width <= shown + 1
