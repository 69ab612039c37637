"""Bodies as elements of a network: terminals of probes and of body documents, whole and compact."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from thermonet.network.contact import ContactNetwork, temperatures
from thermonet.quantities.errors import PhysicsError
from thermonet.studies.bodies.reading import read_body
from thermonet.studies.bodies.study import study_body
from thermonet.studies.design import read_probe
from thermonet.studies.network.bodies import baths_of, star, terminal_resistances, terminals_of
from thermonet.studies.probe import study_probe
from thermonet.system.modes import transfer
from thermonet.system.response import elmore_time

DESIGN = Path(__file__).parents[1] / "geometries" / "ntistp.yaml"
QUICK = ("numerics.element_scale=4", "numerics.tolerance=5 %")

HEAD = "thermonet: body/1\nname: block\ntemperature: 300 K\n"
SLAB = (
    HEAD
    + """
shape: {kind: slab, width: 1 um, depth: 2 um}
layers:
  metal: {thickness: 1 um, thermal_conductivity: 20 W/m/K, density: 5000 kg/m^3, specific_heat: 400 J/kg/K}
  glass: {thickness: 3 um, thermal_conductivity: 1 W/m/K, density: 2000 kg/m^3, specific_heat: 800 J/kg/K}
interfaces: {metal/glass: 1 MW/m^2/K}
boundaries:
  first: {port: isothermal}
  last: {temperature: 300 K}
sources: {heater: {on: glass, power: 1 uW}}
sensors: {middle: {on: metal}, heater: {on: metal}}
numerics: {tolerance: 0.1 %, element_scale: 4}
"""
)
#: L / (k A) of either layer and 1 / (G A) between them [K/W].
METAL, GAP, GLASS = 1e-6 / (20 * 2e-12), 1 / (1e6 * 2e-12), 3e-6 / (1 * 2e-12)


def slab(tmp_path, text=SLAB):
    file = tmp_path / "block.yaml"
    file.write_text(text, encoding="utf-8")
    return read_body(file)


@lru_cache
def probe(tolerance=1e-3):
    return terminals_of(read_probe(DESIGN, QUICK), tolerance=tolerance)


@lru_cache
def probe_study():
    return study_probe(read_probe(DESIGN, QUICK))


@pytest.mark.parametrize("tolerance", [None, 1e-3])
def test_a_probe_has_the_resistances_of_its_study(tolerance):
    """Z_cc, R_P twice (both ways), and what the thermocouple's own heat would make of it."""
    names, found = terminal_resistances(probe(tolerance))
    assert names == ["contact", "thermocouple"]
    answers = probe_study().solved.answers
    assert found[0, 0] == pytest.approx(answers["apex_resistance"], rel=1e-9)
    assert found[[0, 1], [1, 0]] == pytest.approx([answers["probe_resistance"]] * 2, rel=1e-9)
    assert found[1, 1] > found[0, 1]
    error = probe_study().result.quantities["probe_resistance"].numerical_error / answers["probe_resistance"]
    assert probe(tolerance).error[""] >= error


def test_a_compact_probe_is_exact_whatever_is_bound_to_it():
    """R_J from contact to bath, and another element at the thermocouple: dense against sparse, 1e-10."""
    found = []
    for tolerance in (None, 1e-3):
        body = probe(tolerance)
        system, bath = body.system, np.zeros(body.system.size)
        bath[body.system.ports["chip"]] = 1.0
        for terminal, resistance in (("contact", 3e5), ("thermocouple", 5e4)):
            system = system.with_resistance(terminal, np.asarray(body.terminals[terminal]), bath, resistance)
        weights = np.column_stack([body.terminals["contact"], body.terminals["thermocouple"]])
        found.append(weights.T @ system.hold("chip").solve(weights))
    assert found[1] == pytest.approx(found[0], rel=1e-10)
    assert probe(1e-3).system.size < 30 < probe(None).system.size


def test_a_compact_probe_has_the_times_of_its_study():
    body = probe(1e-3)
    held = (
        body.system.with_source("contact", body.terminals["contact"])
        .with_sensor("thermocouple", body.terminals["thermocouple"])
        .hold("chip")
    )
    seen = transfer(held, "thermocouple", "contact")
    assert elmore_time(seen) == pytest.approx(probe_study().solved.answers["time_constant_elmore"], rel=1e-3)
    assert seen.time_constants[0] == pytest.approx(probe_study().solved.answers["time_constant_slowest"], rel=1e-3)


def test_the_star_of_a_probe_is_its_lumped_network():
    """R_a to the contact, R_P to the chip: with R_J and R_S the closed form of the contact network."""
    (legs, exact), answers = star(probe()), probe_study().solved.answers
    assert exact
    assert legs["chip"] == pytest.approx(answers["probe_resistance"], rel=1e-9)
    assert legs["contact"] == pytest.approx(answers["apex_resistance"] - answers["probe_resistance"], rel=1e-8)
    network = ContactNetwork(
        probe_resistance=legs["chip"],
        access_resistance=legs["contact"],
        junction_resistance=1e7,
        substrate_resistance=7e4,
    )
    body, bath = probe(), np.zeros(probe().system.size)
    bath[body.system.ports["chip"]] = 1.0
    joined = body.system.with_resistance("R_J + R_S", np.asarray(body.terminals["contact"]), bath, 1.007e7)
    rise = joined.hold("chip").solve(1e-7 * np.asarray(body.terminals["contact"]))
    expected = temperatures(network, 1e-7, 0.0)
    assert body.terminals["thermocouple"] @ rise == pytest.approx(expected.thermocouple, rel=1e-9)


def test_a_body_has_its_ports_baths_sources_and_sensors(tmp_path):
    document = slab(tmp_path)
    body = terminals_of(document, tolerance=None)
    assert set(body.terminals) == {"first", "last", "heater", "middle", "sensor.heater"}
    assert [name for name, at in body.terminals.items() if isinstance(at, str)] == ["first", "last"]
    assert baths_of(document) == {"last": 300.0}
    names, found = terminal_resistances(body, ("last",))
    at = names.index("first")
    assert found[at, at] == pytest.approx(METAL + GAP + GLASS, rel=1e-6)
    middle, heater = names.index("middle"), names.index("heater")
    # Heat in the metal leaves through the glass; half of the glass lies behind its own.
    assert found[middle, heater] == pytest.approx(GLASS / 2, rel=1e-6)
    assert body.error[""] <= 1e-3


def test_a_compact_body_keeps_the_resistances(tmp_path):
    whole, small = (terminal_resistances(terminals_of(slab(tmp_path), tolerance=part)) for part in (None, 1e-2))
    assert small[0] == whole[0]
    assert small[1] == pytest.approx(whole[1], rel=1e-9)


def test_a_body_without_capacities_follows_at_once(tmp_path):
    text = SLAB.replace(", density: 2000 kg/m^3, specific_heat: 800 J/kg/K", "")
    whole, small = (terminals_of(slab(tmp_path, text), tolerance=part) for part in (None, 1e-2))
    assert not whole.system.C
    assert not small.system.C
    assert terminal_resistances(small)[1] == pytest.approx(terminal_resistances(whole)[1], rel=1e-9)


def test_a_body_between_two_ports_needs_no_bath_of_its_own(tmp_path):
    text = SLAB.replace("last: {temperature: 300 K}", "last: {port: isothermal}")
    text = text.replace("sources: {heater: {on: glass, power: 1 uW}}\n", "")
    document = slab(tmp_path, text)
    body = terminals_of(document)
    assert baths_of(document) == {}
    names, found = terminal_resistances(body)
    assert found[names.index("last"), names.index("last")] == pytest.approx(METAL + GAP + GLASS, rel=1e-6)
    with pytest.raises(PhysicsError, match="no heat path to ground"):
        study_body(document)


def test_surroundings_are_a_terminal(tmp_path):
    text = SLAB.replace("last: {temperature: 300 K}", "last: {ambient: {conductance: 2 MW/m^2/K}}")
    body = terminals_of(slab(tmp_path, text))
    names, found = terminal_resistances(body)
    ground = next(name for name, at in body.terminals.items() if isinstance(at, str))
    assert {ground, *names} == {"first", "ambient.last", "heater", "middle", "sensor.heater"}
    other = ({"first", "ambient.last"} - {ground}).pop()
    across = 1 / (2e6 * 2e-12)
    assert found[names.index(other), names.index(other)] == pytest.approx(METAL + GAP + GLASS + across, rel=1e-6)


def test_a_drawn_body_has_terminals_too(tmp_path):
    """A rod of two parts between a port and a bath: L / (k A), on the mesh of its own study."""
    text = (
        HEAD
        + """
coordinates: planar
depth: 1 um
regions:
  rod: {shape: {rectangle: {from: [0 um, 0 um], to: [3 um, 1 um]}}, thermal_conductivity: 2 W/m/K}
boundaries:
  cold: {on: rod.left, temperature: 290 K}
  hot: {on: rod.right, port: isothermal}
sensors: {middle: {on: rod}}
numerics: {tolerance: 0.1 %}
"""
    )
    document = slab(tmp_path, text)
    body = terminals_of(document)
    names, found = terminal_resistances(body)
    assert baths_of(document) == {"cold": 290.0}
    assert names == ["hot", "middle"]
    assert found[0] == pytest.approx([1.5e6, 0.75e6], rel=1e-9)


def test_what_depends_on_temperature_is_no_element(tmp_path):
    text = (
        HEAD
        + """
coordinates: planar
depth: 1 um
regions:
  rod: {shape: {rectangle: {from: [0 um, 0 um], to: [3 um, 1 um]}}, thermal_conductivity: 2 W/m/K}
boundaries:
  cold: {on: rod.left, temperature: 290 K}
  hot: {on: rod.right, radiation: {emissivity: 0.5}}
numerics: {tolerance: 0.1 %}
"""
    )
    with pytest.raises(PhysicsError, match="radiates, so that it is no linear element") as refused:
        terminals_of(slab(tmp_path, text))
    assert refused.value.path == "boundaries.hot.radiation"
