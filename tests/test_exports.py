"""Small models of probes and bodies in their run folders: ngspice finds in them what the study says."""

import logging
from pathlib import Path

import numpy as np
import pytest

from thermonet import read_body, study_body
from thermonet.cli import main
from thermonet.network.spice.deck import harmonic
from thermonet.studies.design import read_probe
from thermonet.studies.probe import study_probe
from thermonet.system import response

GEOMETRIES = Path(__file__).parents[1] / "geometries"
#: A bar of 200 K/W and 8 mJ/K, heated at its end.
BAR = """\
thermonet: body/1
name: bar
temperature: 300 K
coordinates: planar
depth: 1 mm
regions:
  bar:
    shape: {rectangle: {from: [0 mm, 0 mm], to: [4 mm, 1 mm]}}
    thermal_conductivity: 20 W/m/K
    density: 5000 kg/m^3
    specific_heat: 400 J/kg/K
boundaries:
  cold: {on: bar.left, temperature: 300 K}
sources:
  heater: {on: bar.right, power: 1 W}
sensors:
  middle: {at: [2 mm, 0.5 mm]}
  end: {on: bar.right}
numerics: {tolerance: 1 %, element_scale: 1}
"""
CAPACITY = "    density: 5000 kg/m^3\n    specific_heat: 400 J/kg/K\n"


def bar(folder, *changes):
    text = BAR
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "bar.yaml").write_text(text, encoding="utf-8")
    return study_body(read_body(folder / "bar.yaml"))


def swept(deck, source, *limits):
    """The deck with one watt that oscillates in place of its steady case."""
    lines = [f"{line} AC 1" if line.startswith(f"{source} ") else line for line in deck.splitlines()]
    assert sum(line.endswith("AC 1") for line in lines) == 1
    return "\n".join(lines).replace("\n.op\n", f"\n{harmonic(*limits)}\n") + "\n"


@pytest.fixture(scope="module")
def probe():
    """The built-in probe on a coarse mesh."""
    return study_probe(read_probe(GEOMETRIES / "ntistp.yaml", ("numerics.element_scale=2", "numerics.tolerance=1 %")))


def test_the_netlist_of_a_probe_is_its_steady_case(probe, simulated):
    """A microwatt into the contact: R_P at the thermocouple, Z_cc where it enters, all of it into the chip."""
    found, numbers = simulated(probe.files["compact.cir"]), probe.result.quantities
    assert found["v(thermocouple)"][0] == pytest.approx(1e-6 * numbers["probe_resistance"].value, rel=1e-6)
    assert found["v(contact)"][0] == pytest.approx(1e-6 * numbers["apex_resistance"].value, rel=1e-6)
    assert found["i(v_chip)"][0] == pytest.approx(1e-6, rel=1e-6)


def test_the_netlist_of_a_probe_follows_oscillations(probe, simulated):
    """From 1 Hz to 10 MHz, phase unwrapped, as the study's own transfer function."""
    found = simulated(swept(probe.files["compact.cir"], "I_contact", 1, 1e7))
    frequency, seen = found["frequency"].real, found["v(thermocouple)"]
    assert frequency[[0, -1]] == pytest.approx([1, 1e7])
    wanted = response.harmonic(probe.solved.transfer, frequency)
    assert np.abs(20 * np.log10(np.abs(seen / wanted))).max() < 0.1
    assert np.degrees(np.abs(np.unwrap(np.angle(seen)) - np.unwrap(np.angle(wanted)))).max() < 1


def test_the_small_model_of_a_probe_is_small_and_exact(probe):
    """At most 24 states within its tolerance; the large model has thousands of unknowns."""
    table = probe.result.tables["compact"]
    rows = dict(zip(table["what"].values, table["value"].values, strict=True))
    assert rows["states of the compact model"] <= 24
    assert rows["unknowns of the large model"] == len(probe.solved.held.free)
    check = probe.result.checks["compact_model"]
    assert check.holds
    assert 0 < check.value <= check.threshold == 1e-3


def test_the_structure_function_of_the_contact(probe):
    """It ends at the resistance of the contact, and its table is its file."""
    table = probe.result.tables["structure.contact"]
    resistance, capacity = (np.array(table[name].values) for name in ("resistance", "capacity"))
    assert resistance[-1] == pytest.approx(probe.result.quantities["apex_resistance"].value, rel=1e-6)
    assert (np.diff(resistance) > 0).all()
    assert (np.diff(capacity) > 0).all()
    lines = probe.files["structure.contact.txt"].splitlines()[1:]
    assert np.array([line.split() for line in lines], dtype=float)[:, 1] == pytest.approx(capacity, rel=1e-8)


def test_the_netlist_of_a_body_is_its_steady_case(tmp_path, simulated):
    """Two baths and two sources: the temperatures of all sensors and the heat into every bath."""
    study = bar(
        tmp_path,
        ("  cold: {", "  warm: {on: bar.top, ambient: {temperature: 310 K, conductance: 1 kW/m^2/K}}\n  cold: {"),
        ("power: 1 W}", "power: 1 W}\n  light: {on: bar.bottom, power: 20 mW}"),
    )
    found, numbers = simulated(study.files["compact.cir"]), study.result.quantities
    for name in ("middle", "end"):
        assert found[f"v({name})"][0] == pytest.approx(numbers[f"temperature.{name}"].value - 300, rel=1e-6)
    assert found["v(ambient_warm)"][0] == pytest.approx(10, rel=1e-9)
    assert found["i(v_cold)"][0] == pytest.approx(numbers["heat.cold"].value, rel=1e-6)
    assert found["i(v_ambient_warm)"][0] == pytest.approx(numbers["heat.warm"].value, rel=1e-6)
    assert study.result.checks["compact_model"].holds


def test_the_netlist_of_a_body_follows_oscillations(tmp_path, simulated):
    """A bar heated at its end has R tanh(q) / q, q = sqrt(s R C), there."""
    found = simulated(swept(bar(tmp_path).files["compact.cir"], "I_heater", 1e-3, 10, 5))
    q = np.sqrt(2j * np.pi * found["frequency"].real * 200 * 8e-3)
    assert np.abs(found["v(end)"] / (200 * np.tanh(q) / q) - 1).max() < 5e-3


def test_a_body_without_heat_capacities_has_its_resistances(tmp_path, simulated):
    """Exact, steady, and said so; nothing is known of times."""
    study = bar(tmp_path, (CAPACITY, ""))
    assert set(study.files) == {"compact.cir", "compact.mo"}
    assert "compact" not in study.result.tables
    text = study.files["compact.cir"]
    assert "* Steady: not all of its heat capacities are known." in text
    assert not any(line.startswith("C") for line in text.splitlines())
    assert simulated(text)["v(middle)"][0] == pytest.approx(100, rel=1e-6)


def test_an_isothermal_port_of_a_body_is_a_pin(tmp_path, simulated):
    """What is joined there draws its heat from the body: half a watt through a resistance as large as the bar's."""
    study = bar(
        tmp_path,
        ("  cold: {", "  tip: {on: bar.right, port: isothermal}\n  cold: {"),
        ("heater: {on: bar.right", "heater: {on: tip"),
    )
    text = study.files["compact.cir"]
    assert "\n.subckt bar cold tip " in text
    assert simulated(text)["v(tip)"][0] == pytest.approx(200, rel=1e-6)
    loaded = simulated(text.replace("\n.op\n", "\nR_load tip 0 200\n.op\n"))
    assert loaded["v(tip)"][0] == pytest.approx(100, rel=1e-6)
    assert loaded["i(v_cold)"][0] == pytest.approx(0.5, rel=1e-6)


def test_baths_alone_conduct(tmp_path, simulated):
    """Neither source nor sensor: the heat between two held ends."""
    study = bar(
        tmp_path,
        ("sources:\n  heater: {on: bar.right, power: 1 W}\n", ""),
        ("sensors:\n  middle: {at: [2 mm, 0.5 mm]}\n  end: {on: bar.right}\n", ""),
        ("  cold: {", "  hot: {on: bar.right, temperature: 320 K}\n  cold: {"),
    )
    found = simulated(study.files["compact.cir"])
    assert found["i(v_cold)"][0] == pytest.approx(0.1, rel=1e-6)
    assert found["i(v_hot)"][0] == pytest.approx(-0.1, rel=1e-6)


def test_what_depends_on_temperature_has_no_small_model(tmp_path):
    law = "{polynomial: [20 W/m/K, -2 mW/m/K^2], about: 300 K}"
    study = bar(tmp_path, ("20 W/m/K", law))
    assert study.files == {}
    assert "compact_model" not in study.result.checks


def test_many_sensors_are_left_to_networks(tmp_path, caplog):
    """A small model of many pins would not be small; the study says where to choose some of them."""
    many = "".join(f"  s{i}: {{at: [{0.2 * i + 0.3:g} mm, 0.5 mm]}}\n" for i in range(16))
    with caplog.at_level(logging.INFO, logger="thermonet"):
        study = bar(tmp_path, ("  middle: {at: [2 mm, 0.5 mm]}\n", many), (CAPACITY, ""))
    assert study.files == {}
    assert "as a body of a network" in caplog.text


def test_without_a_case_the_netlist_is_the_subcircuit(tmp_path):
    """No power and one temperature: there is nothing to run."""
    text = bar(tmp_path, ("power: 1 W", "power: 0 W")).files["compact.cir"]
    assert text.rstrip().endswith(".ends bar")
    assert ".op" not in text


def test_names_that_two_things_have(tmp_path):
    """A source and a sensor of one name in different places are two pins."""
    study = bar(tmp_path, ("middle: {", "heater: {"), ("end: {", "cold: {"))
    assert "\n.subckt bar cold heater sensor_heater sensor_cold\n" in study.files["compact.cir"]


def test_names_that_spice_cannot_tell_apart(tmp_path, caplog):
    """They are good names everywhere else: the study stands, and says what is left out."""
    with caplog.at_level(logging.WARNING, logger="thermonet"):
        study = bar(tmp_path, ("end: {", "Middle: {"))
    assert set(study.files) == {"compact.mo"}
    assert "compact.cir is left out" in caplog.text
    assert study.result.quantities["temperature.Middle"].value == pytest.approx(500, rel=1e-6)


def test_a_run_folder_has_them_without_a_report(tmp_path, capsys):
    """They are results."""
    assert main(["study", "slab", "--no-report", "--out", str(tmp_path / "run")]) == 0
    assert {"compact.cir", "compact.mo"} <= {path.name for path in (tmp_path / "run").iterdir()}
    assert "compact_model" in capsys.readouterr().out
