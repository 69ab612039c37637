"""Bodies in time against closed forms: errors that are stated are kept, and meshes are fine where heat needs them."""

import math

import numpy as np
import pytest

from thermonet import read_body, study_body
from thermonet.documents.body.drawn import DrawnDocument
from thermonet.heat.bodies.model import body_model
from thermonet.quantities.errors import NotConvergedError
from thermonet.studies.bodies.followed import request_of
from thermonet.studies.bodies.in_time import driven_transiently
from thermonet.studies.bodies.mesh import first_mesh, touching_pairs
from thermonet.studies.bodies.regions_design import drawn_body
from thermonet.studies.bodies.time_marks import Driven, cells_in_time
from thermonet.studies.values import Values

HEAD = "thermonet: body/1\nname: body\ntemperature: 300 K\n"
NUMERICS = "numerics: {tolerance: 0.1 %, element_scale: 1}\n"

BAR = """
coordinates: planar
depth: 1 mm
regions:
  bar:
    shape: {rectangle: {from: [0 mm, 0 mm], to: [4 mm, 1 mm]}}
    thermal_conductivity: 20 W/m/K
    density: 5000 kg/m^3
    specific_heat: 400 J/kg/K
    element_size: 1 mm
boundaries:
  cold: {on: bar.left, temperature: 300 K}
"""


def read(tmp_path, text, numerics=NUMERICS):
    file = tmp_path / "body.yaml"
    file.write_text(HEAD + text + numerics, encoding="utf-8")
    return read_body(file)


def study(tmp_path, text, numerics=NUMERICS):
    return study_body(read(tmp_path, text, numerics)).result


@pytest.mark.parametrize("frequency", [1, 100, 1000])
def test_a_periodic_state_is_as_exact_as_it_says(tmp_path, frequency):
    """H = R sinh(q x/L) / (q cosh q), at frequencies whose waves die out within a part of the first mesh's elements."""
    text = (
        BAR + f"sources: {{heater: {{on: bar.right, power: 10 mW, varies: {{sine: {{frequency: {frequency} Hz}}}}}}}}\n"
    )
    text += "sensors: {end: {on: bar.right}, deep: {at: [3.8 mm, 0.5 mm]}}\nperiodic: {points: 60}\n"
    result = study(tmp_path, text, NUMERICS)
    table, errors = result.tables["periodic"], result.tables["periodic_error"]
    error = dict(zip(errors["sensor"].values, errors["error"].values, strict=True))
    q = np.sqrt(2j * math.pi * frequency * 16e-6 * 2e6 / 20)
    turning = np.exp(2j * math.pi * frequency * np.array(table["time"].values))
    swing = max(np.ptp(table[name].values) for name in error)
    for name, place in {"end": 1.0, "deep": 0.95}.items():
        exact = 300 + 2 * np.imag(np.sinh(q * place) / np.cosh(q) / q * turning)
        wrong = np.abs(np.array(table[name].values) - exact).max()
        assert wrong <= error[name] <= 1e-3 * swing
        found = result.quantities[f"periodic_swing.{name}"]
        assert abs(found.value - np.ptp(exact)) <= found.numerical_error == 2 * error[name]


STEP = (
    BAR.replace("to: [4 mm, 1 mm]", "to: [40 mm, 1 mm]").replace(
        "temperature: 300 K}", "temperature: 300 K, varies: {swing: 50 K, table: [[0 s, 0], [50 ms, 0], [50.1 ms, 1]]}}"
    )
    + "sensors: {near: {at: [0.2 mm, 0.5 mm]}}\n"
)


def test_a_fast_rise_at_the_end_of_a_long_bar_is_followed_where_it_is(tmp_path):
    """T = 50 K erfc(x / 2 sqrt(a t)) behind a rise of 0.1 ms that comes late, within the error that is stated."""
    text = STEP + "transient: {until: 0.1 s, points: 50, tolerance: 0.01 %}\n"
    found = study(tmp_path, text, NUMERICS).quantities["temperature_at_end.near"]
    since = 0.05 - 0.05e-3  # from the middle of the rise; what that is wrong by is of second order
    exact = 300 + 50 * math.erfc(0.2e-3 / (2 * math.sqrt(1e-5 * since)))
    assert abs(found.value - exact) <= found.numerical_error <= 1e-3 * 50


def test_cells_are_split_where_heat_has_been(tmp_path):
    text = STEP + "transient: {until: 0.1 s, points: 50}\n"
    document = read(tmp_path, text)
    assert isinstance(document, DrawnDocument)
    mesh = first_mesh(document, Values()).mesh
    body, _ = drawn_body(document, Values(), touching_pairs(mesh))
    model = body_model(body, mesh)
    split = cells_in_time(model, driven_transiently(body, model.powers, request_of(document)))
    middles = mesh.points[0, mesh.cells[:3]].mean(axis=0) * 1e-9
    assert 0 < len(split) < mesh.cells.shape[1] / 4
    assert middles[split].max() < 10e-3


def test_what_changes_within_a_time_is_found_whenever_it_does():
    """A jump counts at all rates; what rises slowly counts less the faster the rate, what repeats as it swings."""
    time = np.linspace(0, 1, 1001)
    sine = np.sin(20 * math.pi * time)
    driven = Driven(1.0, 100, {"late": np.where(time < 0.7, 0.0, 3.0), "slow": time, "sine": sine})
    assert driven.rates == pytest.approx([1, 10, 100])
    for rate in driven.rates:
        assert driven.change("late", rate) == 3
        assert driven.change("slow", rate) == pytest.approx(1 / rate, abs=2e-3)
    assert driven.change("sine", 10.0) == pytest.approx(2, rel=1e-3)
    assert driven.change("sine", 1000.0) == pytest.approx(20e-3 * math.pi, rel=2e-2)


@pytest.mark.parametrize(
    ("text", "numerics", "message"),
    [
        (
            "transient: {until: 0.1 s, points: 50}\n",
            "numerics: {tolerance: 0.01 %, element_scale: 1, largest_model: 400}\n",
            "the transient is not as exact as was asked: the temperature of 'near' is uncertain .*largest_model",
        ),
        (
            "transient: {until: 0.1 s, points: 50, step: 5 ms}\n",
            NUMERICS,
            "steps of 0.005 s leave the temperature of 'near' uncertain by .* expected a shorter transient.step",
        ),
    ],
)
def test_a_transient_that_misses_its_tolerance_says_why(tmp_path, text, numerics, message):
    with pytest.raises(NotConvergedError, match=message):
        study(tmp_path, STEP + text, numerics)


def test_steps_are_tightened_until_the_answer_is_as_exact_as_was_asked(tmp_path):
    """The tolerance of the steps alone would leave more than that of the answers."""
    text = STEP + "transient: {until: 0.1 s, points: 10, tolerance: 5 %}\n"
    found = study(tmp_path, text, NUMERICS).quantities["temperature_at_end.near"]
    assert found.numerical_error <= 1e-3 * 50


@pytest.mark.parametrize("what", ["transient: {until: 1 s, points: 10}\n", "periodic: {points: 12}\n"])
def test_a_body_that_stays_as_it_is_has_no_swing_to_be_wrong_of(tmp_path, what):
    """Rounding of 300 K is no swing that meshes and steps could be refined for."""
    varies = ", varies: {swing: 0 K, sine: {frequency: 1 Hz}}}"
    result = study(tmp_path, BAR.replace("300 K}", f"300 K{varies}") + "sensors: {end: {on: bar.right}}\n" + what)
    assert np.array(result.tables[what.partition(":")[0]]["end"].values) == pytest.approx(300, abs=1e-9)


def test_a_body_may_have_many_baths(tmp_path):
    """Two held ends and an ambient: the fin's equation with both ends at temperatures of their own."""
    text = (
        BAR + "  warm: {on: bar.right, temperature: 310 K}\n  air: {on: bar.top, ambient: {conductance: 10 W/m^2/K}}\n"
    )
    result = study(tmp_path, text + "sensors: {middle: {at: [2 mm, 0.5 mm]}}\n")
    m = math.sqrt(10 / (20 * 1e-3))
    exact = 10 * math.sinh(m * 2e-3) / math.sinh(m * 4e-3)
    assert result.quantities["temperature.middle"].value - 300 == pytest.approx(exact, rel=1e-3)
    assert result.checks["energy_balance"].holds
