"""SPICE text of compact models: ngspice finds what the models themselves say, steady, over frequency and in time."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from thermonet.heat.probe import probe_model
from thermonet.network.multiport import multiport
from thermonet.network.spice.compact import compact_deck
from thermonet.network.spice.deck import Scale, deck, harmonic, options, transient
from thermonet.network.spice.names import element_names, node_names
from thermonet.network.spice.subcircuit import subcircuit
from thermonet.network.spice.values import read, wrapped, written
from thermonet.network.spice.waveforms import steady_value, waveforms
from thermonet.quantities.errors import PhysicsError
from thermonet.studies.design import probe_of, read_probe
from thermonet.studies.values import Values
from thermonet.system import response
from thermonet.system.compact import compact_model
from thermonet.system.core import System
from thermonet.system.modal import modal_response
from thermonet.system.modes import Transfer, transfer
from thermonet.system.signals import Course, Repeated, Sine, Table, square, three_level

GEOMETRIES = Path(__file__).parents[1] / "geometries"
POWER = 1e-6


def dense_system(seed: int, unknowns: int = 9, massless: int = 1) -> System:
    """Random conductances over three decades, a full capacity, massless unknowns; two ports, two weighted means."""
    rng = np.random.default_rng(seed)
    K = np.zeros((unknowns, unknowns))
    for i in range(1, unknowns):
        for j in {i - 1, *rng.integers(0, i, 3).tolist()}:
            across = np.eye(unknowns)[i] - np.eye(unknowns)[j]
            K += 10 ** rng.uniform(-7, -4) * np.outer(across, across)
    spread = rng.normal(size=(unknowns, unknowns))
    C = 1e-12 * spread @ spread.T
    C[unknowns - massless :] = C[:, unknowns - massless :] = 0
    apex, thermocouple = rng.dirichlet(np.ones(unknowns), 2)
    return System(
        K={"K": K},
        C={"C": C},
        theta={"K": 1.0, "C": 1.0},
        sources={"apex": apex},
        sensors={"thermocouple": thermocouple},
        ports={"chip": np.array([0]), "middle": np.array([3])},
        one=np.ones(unknowns),
    )


@pytest.fixture(scope="module")
def probe():
    """The built-in probe on a coarse mesh, held at its chip."""
    model = probe_model(probe_of(read_probe(GEOMETRIES / "ntistp.yaml"), Values()), 4.0)
    return model.system.hold(model.ground)


@pytest.fixture(scope="module")
def compact(probe):
    """Its compact model."""
    return compact_model(probe, ("apex",), ("thermocouple",), highest_frequency=1e7).system


def probe_deck(compact, **changed):
    """One microwatt into the apex, the chip at the bath."""
    usual = {"powers": {"apex": POWER}, "rises": {"chip": 0.0}, "bath": 300.0, "title": "the probe"}
    return compact_deck("probe", compact, **{**usual, **changed})


@pytest.mark.parametrize("seed", range(4))
def test_a_dense_system_answers_in_spice_as_it_does_itself(seed, simulated):
    """Two ports, two weighted means, massless unknowns: steady, and over seven decades of frequency."""
    system = dense_system(seed)
    held = system.hold("chip")
    apex, thermocouple = system.sources["apex"], system.sensors["thermocouple"]
    found = simulated(probe_deck(system))
    exact = held.solve(POWER * apex)
    assert found["v(thermocouple)"][0] == pytest.approx(thermocouple @ exact, rel=1e-9)
    assert found["v(middle)"][0] == pytest.approx(exact[3], rel=1e-9)
    assert found["i(v_chip)"][0] == pytest.approx(POWER, rel=1e-9)
    swept = simulated(probe_deck(system, analysis=harmonic(1, 1e7, 2), swept="apex"))
    rates = 2j * np.pi * swept["frequency"].real
    exact = np.array([held.solve(apex.astype(complex), s=s) for s in rates])
    np.testing.assert_allclose(swept["v(thermocouple)"], exact @ thermocouple, rtol=1e-9)
    np.testing.assert_allclose(swept["v(middle)"], exact[:, 3], rtol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_what_a_port_does_is_felt_inside(seed, simulated):
    """A port whose temperature swings, the other one floating."""
    system = dense_system(seed, massless=2)
    swept = simulated(probe_deck(system, powers={}, rises={"chip": 1.0}, analysis=harmonic(1e3, 1e7, 2), swept="chip"))
    held, nothing = system.hold("chip"), np.zeros(system.size, dtype=complex)
    exact = [held.solve(nothing, held=1.0, s=s) for s in 2j * np.pi * swept["frequency"].real]
    np.testing.assert_allclose(swept["v(thermocouple)"], exact @ system.sensors["thermocouple"], rtol=1e-9)


def test_what_is_joined_to_a_weighted_pin_draws_its_heat_from_the_body(simulated):
    """A resistance from the thermocouple's pin to the bath is the rank-one term of the model."""
    system = dense_system(7)
    weights, resistance = system.sensors["thermocouple"], 2e4
    text = probe_deck(system).replace(".op\n", f"R_load thermocouple 0 {resistance}\n.op\n")
    chip = np.eye(system.size)[0]
    loaded = system.with_resistance("load", weights, chip, resistance).hold("chip")
    exact = loaded.solve(POWER * system.sources["apex"])
    found = simulated(text)
    assert found["v(thermocouple)"][0] == pytest.approx(weights @ exact, rel=1e-9)
    assert found["v(apex)"][0] == pytest.approx(system.sources["apex"] @ exact, rel=1e-9)


def test_a_netlist_of_modes_is_made_of_positive_resistances_and_capacities(compact):
    """Whatever the sign of a residue: only controlled sources carry it."""
    form = multiport(compact)
    assert form.resistances.min() > 0
    assert form.time_constants.min() >= 0
    assert np.linalg.eigvalsh(form.capacity).min() >= 0
    np.testing.assert_allclose(form.port_shares.sum(axis=1), 1, rtol=1e-9)
    assert np.any(form.gains[0] * form.gains[1] < 0)  # this transfer response has negative residues
    values = [float(line.split()[3]) for line in subcircuit("p", compact).text.splitlines() if line[0] in "RC"]
    assert min(values) > 0


def test_the_probe_in_steady_state(compact, probe, simulated):
    """The operating point is R_P, of the compact and of the whole model."""
    found = simulated(probe_deck(compact))["v(thermocouple)"][0]
    whole = probe.system.sensors["thermocouple"] @ probe.solve(probe.system.sources["apex"])
    assert found == pytest.approx(POWER * whole, rel=1e-9)


def test_the_deck_runs_as_it_is(compact, ngspice, simulated, tmp_path):
    """In a terminal: the pins' temperatures and the heat into the chip; in its file, nothing else."""
    (tmp_path / "compact.cir").write_text(probe_deck(compact), encoding="utf-8")
    command = [ngspice, "-b", "compact.cir"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, timeout=60).stdout
    rows = dict(re.findall(r"^\s+(\S+)\s+([-+.\de]+)$", said, re.MULTILINE))
    assert {"chip", "apex", "thermocouple"} <= set(rows)
    assert float(rows["v_chip#branch"]) == pytest.approx(POWER, rel=1e-5)
    assert set(simulated(probe_deck(compact))) == {"v(chip)", "v(apex)", "v(thermocouple)", "i(v_chip)"}


_NUMBER = r"[-+.\deE]+"
_SPICE = [
    r"\*.*",
    r"\.subckt probe( \w+)+",
    r"\.ends probe",
    r"[RC]_\w+ \w+ \w+ NUMBER",
    r"V_\w+ \w+ \w+ (0|DC NUMBER)",
    r"I_\w+ \w+ \w+ DC NUMBER",
    r"E_\w+ \w+ \w+ \w+ \w+ NUMBER",
    r"G_\w+ \w+ \w+ \w+ \w+ NUMBER",
    r"F_\w+ \w+ \w+ V_\w+ NUMBER",
    r"X_probe( \w+)+ probe",
    r"\.options( \w+=\S+)+",
    r"\.save( [vi]\(\w+\))+",
    r"\.op",
    r"\.end",
]


def test_every_line_is_one_that_every_spice_knows(compact):
    """Elements of the first SPICE, and commands that ngspice and LTspice share; no line is too long."""
    for text in (
        probe_deck(compact),
        compact_deck("probe", dense_system(2), powers={"apex": 1}, rises={"chip": 0}, bath=300.0, title="x"),
    ):
        assert max(map(len, text.splitlines())) <= 120
        for line in text.replace("\n+ ", " ").splitlines():
            assert any(re.fullmatch(known.replace("NUMBER", _NUMBER), line) for known in _SPICE), line


def test_the_probe_over_frequency(compact, probe, simulated):
    """From 1 Hz to 10 MHz, phase unwrapped: the compact model, and the whole one as far as that is promised."""
    swept = simulated(probe_deck(compact, analysis=harmonic(1, 1e7), swept="apex"))
    frequency, found = swept["frequency"].real, swept["v(thermocouple)"]
    assert frequency[[0, -1]] == pytest.approx([1, 1e7])
    exact = response.harmonic(transfer(compact.hold("chip"), "thermocouple", "apex"), frequency)
    assert np.abs(20 * np.log10(np.abs(found / exact))).max() < 1e-6
    assert np.degrees(np.abs(np.unwrap(np.angle(found)) - np.unwrap(np.angle(exact)))).max() < 1e-6
    load, weights = probe.system.sources["apex"].astype(complex), probe.system.sensors["thermocouple"]
    some = slice(0, None, 14)
    whole = np.array([weights @ probe.solve(load, s=2j * np.pi * f) for f in frequency[some]])
    assert np.abs(20 * np.log10(np.abs(found[some] / whole))).max() < 0.1
    assert np.degrees(np.abs(np.angle(found[some] / whole))).max() < 1


def test_the_probe_in_time(compact, simulated):
    """A step, within a thousandth of its end at all times, from nanoseconds on."""
    seen = transfer(compact.hold("chip"), "thermocouple", "apex")
    stop = 10 * seen.time_constants[0]
    on = Course(Table((0.0, 1e-12), (0.0, 1.0)), POWER)
    found = simulated(probe_deck(compact, powers={"apex": on}, analysis=transient(stop, stop / 200)))
    time = found["time"]
    assert time[-1] == pytest.approx(stop)
    late = time > 1e-11
    exact = POWER * response.step(seen, time[late])
    assert np.abs(found["v(thermocouple)"][late] - exact).max() < 2e-4 * exact[-1]


@pytest.mark.parametrize(
    "signal",
    [
        square(20e3, 0.3),
        three_level(10e3),
        three_level(10e3, (1.0, 0.25, 0.5)),
        Sine(15e3, 0.7),
        Table((1e-5, 4e-5, 5e-5), (0.0, 2.0, -1.0)),
        Repeated((0.0, 3e-5, 3e-5, 8e-5), (0.0, 1.0, 0.2, 0.7)),
    ],
    ids=["square", "three_level", "three_offset", "sine", "table", "slopes"],
)
@pytest.mark.parametrize("where", ["power", "temperature"])
def test_what_varies_in_time(signal, where, simulated):
    """Every signal as a source of power and as one of temperature, beside the exact response from the same start."""
    resistance, tau, stop = 1e5, 2e-5, 1.5e-4
    shapes = waveforms(Course(signal, 2e-6, 1e-6), duration=2 * stop)
    lines = [f"C1 apex 0 {tau / resistance}"]
    if where == "power":
        lines += [f"R1 apex 0 {resistance}", *(f"I{i} 0 apex {shape}" for i, shape in enumerate(shapes))]
    else:
        nodes = ["base", *(f"n{i}" for i in range(1, len(shapes))), "0"]
        lines += [f"R1 apex base {resistance}"]
        lines += [f"V{i} {nodes[i]} {nodes[i + 1]} {shape}" for i, shape in enumerate(shapes)]
    scale = Scale(power=3e-6, rise=0.3 if where == "power" else 3e-6, heat=1e-12)
    text = deck("signal", lines, bath=300.0, scale=scale, names={}, analysis=transient(stop, stop / 1000))
    found = simulated(text)
    time, unit = found["time"], resistance if where == "power" else 1.0
    grid = np.linspace(0, stop, 40)[1:]
    one = Transfer(np.array([tau]), np.array([unit]))
    start = found["v(apex)"][0]
    level = float(signal.at(0.0))
    assert start == pytest.approx(unit * (1e-6 + 2e-6 * level), rel=1e-5)
    settled = unit * 1e-6 + (start - unit * 1e-6) * np.exp(-grid / tau)
    exact = settled + 2e-6 * modal_response(one, signal, grid)
    np.testing.assert_allclose(np.interp(grid, time, found["v(apex)"]), exact, atol=2e-3 * np.abs(exact).max())


def test_the_steady_value_of_a_course_is_its_mean():
    """Pulses of several levels add up to it; a table begins with it."""
    course = Course(three_level(1e3, (1.0, 0.25, 0.5)), 2.0, 1.0)
    sources = waveforms(course)
    assert len(sources) == 2
    assert sum(float(text.split()[1]) for text in sources) == pytest.approx(steady_value(course))
    assert steady_value(course) == pytest.approx(1 + 2 * 1.75 / 3)
    assert steady_value(Course(Table((0.0, 1.0), (0.5, 9.0)), 2.0)) == 1.0
    assert waveforms(3) == ["DC 3.0"]


def test_slopes_that_repeat_need_an_end():
    """SPICE repeats pulses; ngspice and LTspice do not agree on how to repeat straight lines."""
    with pytest.raises(PhysicsError, match="expected a duration"):
        waveforms(Course(Repeated((0.0, 1.0), (0.0, 1.0))))


def test_ports_and_names_that_are_no_pins(compact):
    """Each refusal says what would be right."""
    with pytest.raises(KeyError, match="no source, sensor or port is called tip"):
        subcircuit("p", compact, pins=["tip"])
    with pytest.raises(KeyError, match="no such port or source: foot"):
        probe_deck(compact, rises={"foot": 0.0})
    with pytest.raises(PhysicsError, match="no port is held"):
        probe_deck(compact, rises={})
    with pytest.raises(PhysicsError, match="nothing happens"):
        probe_deck(compact, powers={})
    system = dense_system(0)
    trace = System(**{**vars(system), "ports": {"cut": np.array([0, 1])}})
    with pytest.raises(PhysicsError, match="port cut is a trace of 2 unknowns"):
        subcircuit("p", trace)
    beside = system.with_sensor("apex", system.sensors["thermocouple"])
    with pytest.raises(PhysicsError, match="source apex and sensor apex differ"):
        subcircuit("p", beside)
    alone = System(**{**vars(system), "K": {"K": np.diag([1.0, *[0.0] * 8])}})
    with pytest.raises(PhysicsError, match="no way for heat"):
        subcircuit("p", alone)


def test_names_are_mapped_told_and_never_mixed_up():
    """Capitals, dots, digits in front: what SPICE would take for one is an error."""
    assert node_names(["apex", "tip.end", "3rd", "0", "gnd"]) == {
        "apex": "apex",
        "tip.end": "tip_end",
        "3rd": "n_3rd",
        "0": "n_0",
        "gnd": "n_gnd",
    }
    assert element_names("R", ["R_P", "film", "R"]) == {"R_P": "R_P", "film": "R_film", "R": "R_R"}
    with pytest.raises(PhysicsError, match="'Apex' and 'apex' would both be apex"):
        node_names(["Apex", "apex"])
    text = deck("a\nb", [], bath=300.0, scale=Scale(power=1, rise=1), names=node_names(["a.b", "c"]))
    assert text.startswith("* a b\n")
    assert "a.b is a_b." in text
    assert "c is c" not in text


def test_a_subcircuit_whose_pin_is_called_like_a_mode(simulated):
    """Nodes inside never meet a pin."""
    system = dense_system(3)
    renamed = System(**{**vars(system), "sensors": {"mode1": system.sensors["thermocouple"]}})
    exact = system.sensors["thermocouple"] @ system.hold("chip").solve(POWER * system.sources["apex"])
    assert simulated(probe_deck(renamed))["v(mode1)"][0] == pytest.approx(exact, rel=1e-9)


def test_tolerances_are_parts_of_the_case():
    """Ten times the case, ten times the tolerance."""

    def read_back(scale):
        return {word.split("=")[0]: word.split("=")[1] for word in options(scale).split() if "=" in word}

    small, large = (read_back(Scale(power=p, rise=p * 1e5, heat=p * 1e-5)) for p in (1e-6, 1e-5))
    for name in ("abstol", "vntol", "chgtol"):
        assert float(large[name]) == pytest.approx(10 * float(small[name]), rel=1e-2)
    assert small["reltol"] == large["reltol"] == "1e-06"
    assert small["gmin"] == large["gmin"]


def test_numbers_and_long_lines():
    """Numbers come back to the last bit; long lines are continued."""
    assert read(written(1 / 3)) == 1 / 3
    assert [read(text) for text in ("1.5k", "2Meg", "3pF", "1mil", "2m", "10uK", "1e-3K")] == pytest.approx(
        [1.5e3, 2e6, 3e-12, 25.4e-6, 2e-3, 10e-6, 1.0]
    )
    assert [read(text) for text in ("10u", "10p", "0.3k")] == [1e-5, 1e-11, 300.0]
    lines = wrapped(" ".join(["number"] * 50))
    assert max(map(len, lines)) <= 120
    assert " ".join(line.removeprefix("+ ") for line in lines) == " ".join(["number"] * 50)
    with pytest.raises(ValueError, match="expected a number"):
        read("k1")
    for text in ("1e999", "1e9999999999999999999"):
        with pytest.raises(ValueError, match="expected a finite number"):
            read(text)
