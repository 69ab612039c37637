"""What bodies in networks say of their errors: of heats, of compact models, of joins."""

import numpy as np
import pytest

from thermonet.documents.builtin import builtin
from thermonet.heat.bodies.joined import Cut
from thermonet.network.answers import impedance
from thermonet.network.model import network_model
from thermonet.network.small_bodies import dense_body
from thermonet.studies.bodies.reading import read_body
from thermonet.studies.network.bodies import terminal_resistances
from thermonet.studies.network.design import network_design
from thermonet.studies.network.elements import network_bodies
from thermonet.studies.network.joins import joined_terminals
from thermonet.studies.network.study import read_network, study_network
from thermonet.studies.values import Values


@pytest.fixture(scope="module")
def probe():
    """The built-in probe as an element between contact, thermocouple and chip."""
    return study_network(read_network(builtin("ntistp_network")))


def compact_table(study):
    table = study.result.tables["compact"]
    return dict(zip(table["what"].values, table["value"].values, strict=True))


def test_heats_of_terminals_have_the_errors_of_their_elements(probe):
    """What leaves the junction enters the probe, exact power aside, and leaves it at the chip: one error for all."""
    found = probe.result.quantities
    error = found["heat.R_J"].numerical_error
    assert error > 1e-4 * abs(found["heat.R_J"].value)
    for terminal in ("contact", "chip"):
        assert found[f"heat.probe.{terminal}"].numerical_error == pytest.approx(error, rel=1e-6)


def test_the_compact_model_of_a_network_counts_what_its_bodies_left_out(probe, tmp_path):
    """Against all finite elements at the highest frequency it errs by less than it says."""
    document = probe.document
    whole = network_bodies(document, tmp_path, tolerance=None)
    exact = network_model(network_design(document, Values(), whole).graph)
    ports = ["apex", "thermocouple", "substrate"]
    wanted, found = (impedance(model, ports, np.array([1e6]))[0] for model in (exact, probe.solved.model))
    error = np.abs(found / wanted - 1).max()
    said = compact_table(probe)
    assert 1e-6 < error < said["harmonic error against the large model, relative, estimated"] < 1e-3
    assert said["unknowns of the large model"] == exact.system.size - 1  # the bath
    assert said["unknowns with compact bodies"] < 50
    check = probe.result.checks["compact_model"]
    assert check.holds
    assert check.value == max(
        said["harmonic error against the large model, relative, estimated"],
        said["error of steps at any time, relative"],
    )


# --- bodies of layers -------------------------------------------------------------------------------------------------

LAYERS = {
    "a": "{thermal_conductivity: 40 W/m/K, density: 8960 kg/m^3, specific_heat: 385 J/kg/K, thickness: 1 mm}",
    "b": "{thermal_conductivity: 1 W/m/K, density: 2500 kg/m^3, specific_heat: 800 J/kg/K, thickness: 0.5 mm}",
}
BOUNDARIES = {"a": "{last: {port: trace}}", "b": "{first: {port: trace}, last: {temperature: 300 K}}"}


def slab(folder, names):
    """Slab of some layers, heated at its first face if that is of the first layer."""
    layers = "".join(f"  {name}: {LAYERS[name]}\n" for name in names)
    boundaries = BOUNDARIES.get(names, "{last: {temperature: 300 K}}")
    heater = "sources: {heater: {on: first, power: 1 W}}\n" if "a" in names else ""
    text = f"""thermonet: body/1
name: {names}
temperature: 300 K
shape: {{kind: slab, width: 1 cm, depth: 1 cm}}
layers:
{layers}boundaries: {boundaries}
{heater}numerics: {{tolerance: 0.1 %, element_scale: 1}}
"""
    (folder / f"{names}.yaml").write_text(text, encoding="utf-8")


def network(folder, bodies, sources="{into: hot, power: 1 W}"):
    text = f"""thermonet: network/1
name: slabs
temperature: 300 K
nodes: {{hot: {{}}, bath: {{temperature: 300 K}}}}
{bodies}
sources: {{power: {sources}}}
"""
    (folder / "network.yaml").write_text(text, encoding="utf-8")
    return study_network(read_network(folder / "network.yaml"))


def test_joined_documents_have_all_modes_of_the_whole(tmp_path):
    """Bodies of few unknowns are left whole in a network: every mode, not just those that a tolerance keeps."""
    for names in ("a", "b", "ab"):
        slab(tmp_path, names)
    parts = "bodies: {a: {design: a.yaml, terminals: {heater: hot}}, b: {design: b.yaml, terminals: {last: bath}}}\n"
    joined = network(tmp_path, parts + "joins: {m: {between: [a.last, b.first], as: trace}}")
    whole = network(tmp_path, "bodies: {ab: {design: ab.yaml, terminals: {heater: hot, last: bath}}}")
    ours, theirs = (study.solved.transfers["hot.power"] for study in (joined, whole))
    assert len(ours.time_constants) > 100
    slow = slice(0, 50)
    assert ours.time_constants[slow] == pytest.approx(theirs.time_constants[slow], rel=1e-9)
    amplitudes = (study.result.tables["response"] for study in (joined, whole))
    first, second = (np.array(table["hot.power"].values) for table in amplitudes)
    assert first == pytest.approx(second, rel=1e-9)
    # Nothing was left out, so that the exported model's own error is all there is.
    assert "harmonic errors of the compact bodies, relative, added" not in compact_table(joined)


def test_terminals_of_one_port_are_one_coordinate_of_a_small_body(tmp_path):
    for names in ("a", "b"):
        slab(tmp_path, names)
    documents = {name: read_body(tmp_path / f"{name}.yaml") for name in ("a", "b")}
    cut = Cut(("a", "last"), ("b", "first"), "isothermal")
    body = joined_terminals(documents, {"m": cut}, tolerance=None).element
    small = dense_body("pair", body, 1e-3)
    assert set(small.ports) == {"a.last", "b.first", "b.last"}
    assert small.ports["a.last"] == small.ports["b.first"] != small.ports["b.last"]
    names, resistances = terminal_resistances(body, ["b.last"])
    at = names.index("a.last")
    load = np.zeros(small.size)
    load[small.ports["a.last"]] = 1.0
    assert load @ small.hold("b.last").solve(load) == pytest.approx(resistances[at, at], rel=1e-9)


# --- drawn bodies -----------------------------------------------------------------------------------------------------

BAR = """thermonet: body/1
name: NAME
temperature: 300 K
coordinates: planar
depth: 10 um
regions:
  bar:
    shape: {rectangle: {from: [FROM um, 0 um], to: [TO um, 4 um]}}
    thermal_conductivity: 20 W/m/K
    density: 3000 kg/m^3
    specific_heat: 700 J/kg/K
MORE
sensors: {point: {at: [MIDDLE um, 1 um]}}
numerics: {tolerance: 1 %, element_scale: 1}
"""
WALL = "boundaries: {wall: {on: bar.left, temperature: 300 K}, cut: {on: bar.right, port: trace}}"
HEATED = "boundaries: {cut: {on: bar.left, port: trace}}\nsources: {heater: {on: bar, power: 1 mW}}"


def bar(folder, name, begin, end, more):
    text = BAR.replace("NAME", name).replace("FROM", str(begin)).replace("TO", str(end)).replace("MORE", more)
    (folder / f"{name}.yaml").write_text(text.replace("MIDDLE", str((begin + end) / 2)), encoding="utf-8")


def bars(folder, other="element_scale: 1"):
    """Two halves of a bar, the second one on another mesh where that is said."""
    bar(folder, "left", 0, 10, WALL)
    bar(folder, "right", 10, 20, HEATED)
    file = folder / "right.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("element_scale: 1", other))
    return {name: read_body(folder / f"{name}.yaml") for name in ("left", "right")}


def test_points_that_are_only_read_have_no_resistance_of_their_own(tmp_path):
    """It grows without end as meshes get finer: that is in no answer, and in no error."""
    documents, cuts = bars(tmp_path), {"m": Cut(("left", "cut"), ("right", "cut"))}
    points = {"left.point", "right.point"}
    needed = {"left.wall", "right.heater"}

    def error(**said):
        return joined_terminals(documents, cuts, tolerance=None, **said).element.error[""]

    assert error() > 1e-2
    assert error(only=needed) < 1e-4
    assert error(only=needed | points, read=points) < 1e-3
    bodies = """bodies:
  left: {design: left.yaml, terminals: {wall: bath, point: seen}}
  right: {design: right.yaml, terminals: {heater: hot}}
joins: {m: {between: [left.cut, right.cut], as: trace}}"""
    text = "thermonet: network/1\nname: bars\ntemperature: 300 K\n"
    text += f"nodes: {{hot: {{}}, seen: {{}}, bath: {{temperature: 300 K}}}}\n{bodies}\n"
    text += "sources: {power: {into: hot, power: 1 mW}}\n"
    found = {}
    for more in ("", "resistances: [[seen, bath]]\n"):  # a watt into the point is asked about
        (tmp_path / "network.yaml").write_text(text + more, encoding="utf-8")
        found[more] = study_network(read_network(tmp_path / "network.yaml")).result.quantities["temperature.seen"]
    small, large = (each.numerical_error / each.value for each in found.values())
    assert small < 1e-3
    assert large > 1e-2


def test_an_isothermal_join_of_other_meshes_says_what_is_not_known(tmp_path):
    documents = bars(tmp_path, other="element_scale: 2")
    found = joined_terminals(documents, {"m": Cut(("left", "cut"), ("right", "cut"), "isothermal")})
    check = found.checks["join.m"]
    assert check.holds is None
    assert "is not known: the meshes of left.cut and right.cut do not match" in check.explanation
    assert "expected one mesh that was cut there, or equal corners and element sizes on both sides" in check.explanation
    assert found.joins["join"].values == []
