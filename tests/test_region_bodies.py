"""Bodies of regions against closed forms: what fills them, where heat enters, what time and dimensions do."""

import math

import meshio
import numpy as np
import pytest
from scipy.constants import Stefan_Boltzmann

from thermonet import read_body, study_body
from thermonet.quantities.errors import PhysicsError

HEAD = "thermonet: body/1\nname: body\ntemperature: 300 K\n"
EXACT = "numerics: {tolerance: 0.01 %, element_scale: 1}\n"


def study(tmp_path, text, numerics=EXACT):
    file = tmp_path / "body.yaml"
    file.write_text(HEAD + text + numerics, encoding="utf-8")
    return study_body(read_body(file)).result


def value(result, key):
    return result.quantities[key].value


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


def test_a_bar_conducts_as_it_should(tmp_path):
    """R = L / (k A), and heat is balanced."""
    result = study(tmp_path, BAR + "sources: {heater: {on: bar.right, power: 1 W}}\nsensors: {end: {on: bar.right}}\n")
    assert value(result, "resistance.end.heater") == pytest.approx(4e-3 / (20 * 1e-6), rel=1e-10)
    assert value(result, "heat.cold") == pytest.approx(1.0, rel=1e-10)
    assert result.checks["energy_balance"].holds
    assert result.checks["reciprocity"].holds


@pytest.mark.parametrize("axis", ["x", "y"])
def test_an_orthotropic_bar_conducts_along_each_axis_with_its_own_conductivity(tmp_path, axis):
    conductivity = "thermal_conductivity: {x: 20 W/m/K, y: 3 W/m/K}"
    ends = {"x": ("left", "right"), "y": ("bottom", "top")}[axis]
    text = BAR.replace("thermal_conductivity: 20 W/m/K", conductivity).replace("bar.left", f"bar.{ends[0]}")
    text += f"sources: {{heater: {{on: bar.{ends[1]}, power: 1 W}}}}\nsensors: {{end: {{on: bar.{ends[1]}}}}}\n"
    exact = {"x": 4e-3 / (20 * 1e-6), "y": 1e-3 / (3 * 4e-6)}[axis]
    assert value(study(tmp_path, text), "resistance.end.heater") == pytest.approx(exact, rel=1e-10)


def test_flux_and_power_density_are_powers(tmp_path):
    """1 kW/m^2 on 1 mm^2 and 1 MW/m^3 in 4 mm^3, and what temperatures they make."""
    text = BAR + "  warm: {on: bar.right, flux: 1 kW/m^2}\n"
    text += "sources: {inside: {on: bar, power_density: 1 MW/m^3}}\nsensors: {end: {on: bar.right}}\n"
    result = study(tmp_path, text)
    assert value(result, "heat.cold") == pytest.approx(1e-3 + 4e-3, rel=1e-10)
    exact = 1e3 * 4e-3 / 20 + 1e6 * 16e-6 / (2 * 20)
    assert value(result, "temperature.end") - 300 == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("decay", [0.8e-3, 20e-6, 5e-6])
def test_an_exponential_profile_falls_from_its_surface(tmp_path, decay):
    """Q = P exp(-d / l) / (l (1 - exp(-L / l))), d from the far end; k T'' = -q integrated twice by hand."""
    length, k, power = 4e-3, 20.0, 0.01
    profile = f"{{exponential: {{from: bar.right, length: {decay} m}}}}"
    text = BAR + f"sources: {{laser: {{on: bar, power: 10 mW, profile: {profile}}}}}\n"
    text += "sensors: {end: {on: bar.right}, inside: {at: [3.9 mm, 0.5 mm]}}\n"
    found = study(tmp_path, text)

    share = 1 - math.exp(-length / decay)
    for sensor, place in (("end", length), ("inside", 3.9e-3)):
        exact = (
            power
            / (k * 1e-6)
            * (place - decay * (math.exp((place - length) / decay) - math.exp(-length / decay)))
            / share
        )
        answer = found.quantities[f"temperature.{sensor}"]
        assert answer.value - 300 == pytest.approx(exact, abs=max(2 * answer.numerical_error, 1e-6 * exact))
        assert answer.numerical_error < 2e-4 * exact


def test_a_tabulated_profile_is_where_its_table_says(tmp_path):
    """All heat in the outer half: T(L) = P (L - L/4) / (k A), its centre being at 3/4 of the length."""
    table = "{along: x, points: [[2 mm, 0], [2.02 mm, 1], [4 mm, 1]]}"
    text = BAR + f"sources: {{laser: {{on: bar, power: 10 mW, profile: {{table: {table}}}}}}}\n"
    answer = study(tmp_path, text + "sensors: {end: {on: bar.right}}\n").quantities["temperature.end"]
    # Of the ramp, 10 um of heat two thirds on, and of what follows, 1.98 mm.
    centre = (1e-5 * (2e-3 + 2 / 3 * 2e-5) + 1.98e-3 * 3.01e-3) / 1.99e-3
    assert answer.value - 300 == pytest.approx(0.01 / (20 * 1e-6) * centre, rel=2e-5)


def test_a_current_heats_by_its_density_squared_times_resistivity(tmp_path):
    """P = I^2 rho L / A, spread evenly along a straight wire: P L / (2 k A) at its end."""
    text = (
        BAR + "sources:\n  wire: {through: bar, from: bar.left, to: bar.right, current: 2 A, resistivity: 50 nohm m}\n"
    )
    result = study(tmp_path, text + "sensors: {end: {on: bar.right}}\n")
    power = 4 * 50e-9 * 4e-3 / 1e-6
    assert value(result, "heat.cold") == pytest.approx(power, rel=1e-9)
    assert value(result, "temperature.end") - 300 == pytest.approx(power * 4e-3 / (2 * 20 * 1e-6), rel=1e-6)


def test_points_and_junctions_are_read_where_they_are(tmp_path):
    text = """
coordinates: planar
depth: 1 mm
regions:
  a: {shape: {rectangle: {from: [0 mm, 0 mm], to: [1 mm, 1 mm]}}, thermal_conductivity: 2 W/m/K}
  b: {shape: {rectangle: {from: [1 mm, 0 mm], to: [3 mm, 1 mm]}}, thermal_conductivity: 8 W/m/K}
interfaces: {a/b: {resistance: 1e-4 m^2*K/W}}
boundaries: {cold: {on: a.left, temperature: 300 K}}
sources: {heater: {on: b.right, power: 10 mW}}
sensors:
  half: {at: [0.5 mm, 0.3 mm]}
  junction: {between: [b, a]}
  beyond: {at: [2 mm, 0.5 mm]}
  film: {on: b}
"""
    result = study(tmp_path, text)
    flux = 0.01 / 1e-6
    at = {name: value(result, f"temperature.{name}") - 300 for name in ("half", "junction", "beyond", "film")}
    assert at["half"] == pytest.approx(flux * 0.5e-3 / 2, rel=1e-9)
    assert at["junction"] == pytest.approx(flux * (1e-3 / 2 + 1e-4 / 2), rel=1e-9)
    assert at["beyond"] == pytest.approx(flux * (1e-3 / 2 + 1e-4 + 1e-3 / 8), rel=1e-9)
    assert at["film"] == pytest.approx(at["beyond"], rel=1e-9)


@pytest.mark.parametrize("side", ["a.right", "b.left"])
def test_the_face_of_a_region_is_its_side_of_an_interface(tmp_path, side):
    """Heat on one side of a contact goes to ground on that side; the other side is across the contact."""
    text = f"""
coordinates: planar
depth: 1 mm
regions:
  a: {{shape: {{rectangle: {{from: [0 mm, 0 mm], to: [1 mm, 1 mm]}}}}, thermal_conductivity: 2 W/m/K}}
  b: {{shape: {{rectangle: {{from: [1 mm, 0 mm], to: [3 mm, 1 mm]}}}}, thermal_conductivity: 8 W/m/K}}
interfaces: {{a/b: {{resistance: 1e-4 m^2*K/W}}}}
boundaries: {{cold: {{on: a.left, temperature: 300 K}}}}
sources: {{heater: {{on: {side}, power: 10 mW}}}}
sensors: {{near: {{on: a.right}}, far: {{on: b.left}}}}
"""
    result = study(tmp_path, text)
    contact = 100.0 if side == "b.left" else 0.0
    assert value(result, "resistance.near.heater") == pytest.approx(500, rel=1e-9)
    assert value(result, "resistance.far.heater") == pytest.approx(500 + contact, rel=1e-9)


def test_a_point_source_is_read_at_other_places(tmp_path):
    """At its own place the temperature is infinite; far beyond it all of the bar is as warm as its section."""
    text = BAR + "sources:\n  a: {at: [1 mm, 0.2 mm], power: 1 mW}\n  b: {at: [3 mm, 0.9 mm], power: 1 mW}\n"
    text += "sensors:\n  a: {at: [1 mm, 0.2 mm]}\n  b: {at: [3 mm, 0.9 mm]}\n"
    with pytest.raises(PhysicsError, match="is infinite"):
        study(tmp_path, text)
    apart = text.replace("sensors:\n  a: {at: [1 mm, 0.2 mm]}\n", "sensors:\n").replace(
        "  a: {at: [1 mm, 0.2 mm], power: 1 mW}\n", ""
    )
    apart = apart.replace("b: {at: [3 mm, 0.9 mm], power", "b: {at: [1 mm, 0.2 mm], power")
    found = value(study(tmp_path, apart, EXACT.replace("0.01 %", "0.1 %")), "resistance.b.b")
    assert found == pytest.approx(1e-3 / (20 * 1e-6), rel=2e-3)  # beyond the source all of the bar is as warm


def test_a_laminate_is_a_fin(tmp_path):
    """Two regions of one plate, both sheets cooled at their faces: tanh(m L) of the heat that a long fin takes."""
    copper = "{thermal_conductivity: 400 W/m/K, thickness: 20 um}"
    steel = "{thermal_conductivity: 15 W/m/K, thickness: 80 um}"
    text = """
coordinates: plate
regions:
  near: {shape: {rectangle: {from: [0 mm, 0 mm], to: [4 mm, 2 mm]}}, layers: STACK}
  far: {shape: {rectangle: {from: [4 mm, 0 mm], to: [10 mm, 2 mm]}}, layers: STACK}
boundaries:
  foot: {on: near.left, temperature: 350 K}
  air: {on: [near.faces, far.faces], ambient: {conductance: 200 W/m^2/K, temperature: 300 K}}
sensors: {tip: {on: far.right}}
""".replace("STACK", f"{{copper: {copper}, steel: {steel}}}")
    result = study(tmp_path, text)
    sheet = 400 * 20e-6 + 15 * 80e-6
    m = math.sqrt(2 * 200 / sheet)
    heat = 50 * math.sqrt(2 * 200 * sheet) * 2e-3 * math.tanh(m * 0.01)
    assert value(result, "heat.air") == pytest.approx(heat, rel=1e-5)
    assert value(result, "temperature.tip") - 300 == pytest.approx(50 / math.cosh(m * 0.01), rel=1e-5)


def test_a_wall_that_radiates_and_convects_finds_its_balance(tmp_path):
    """Q = h (T - 300) + eps sigma (T^4 - 300^4) = k (500 - T) / L, with k(T) of a polynomial by Kirchhoff."""
    text = BAR.replace("300 K}", "500 K}").replace("20 W/m/K", "{polynomial: [2 W/m/K, 0.01 W/m/K^2], about: 300 K}")
    text += "  out: {on: bar.right, ambient: {conductance: 50 W/m^2/K}, radiation: {emissivity: 0.9}}\n"
    text += "sensors: {end: {on: bar.right}}\n"
    result = study(tmp_path, text)
    end = value(result, "temperature.end")

    def integral(t):
        return 2 * (t - 300) + 0.005 * (t - 300) ** 2

    conducted = (integral(500) - integral(end)) / 4e-3
    lost = 50 * (end - 300) + 0.9 * Stefan_Boltzmann * (end**4 - 300**4)
    assert conducted == pytest.approx(lost, rel=1e-6)
    assert value(result, "heat.out") == pytest.approx(lost * 1e-6, rel=1e-6)
    assert result.checks["energy_balance"].value < 1e-9


def test_derivatives_by_dimensions_follow_the_drawing(tmp_path):
    """U of a tube's resistance from its radii: d/dr of ln(b/a)/(2 pi k L), by a mesh that moves with them."""
    text = """
coordinates: planar
depth: 1 mm
regions:
  tube:
    shape:
      difference:
        - {circle: {centre: [0 um, 0 um], radius: 300 ± 3 um}}
        - {name: bore, circle: {centre: [0 um, 0 um], radius: 100 ± 2 um}}
    thermal_conductivity: 5 W/m/K
boundaries: {outside: {on: tube.rim, temperature: 300 K}}
sources: {heater: {on: tube.bore.rim, power: 1 mW}}
sensors: {bore: {on: tube.bore.rim}}
"""
    found = study(tmp_path, text).quantities["resistance.bore.heater"]
    scale = 1 / (2 * math.pi * 5 * 1e-3)
    assert found.value == pytest.approx(math.log(3) * scale, rel=1e-4)
    assert abs(found.value - math.log(3) * scale) < 2 * found.numerical_error
    assert found.u == pytest.approx(scale * math.hypot(3 / 300, 2 / 100), rel=1e-3)


@pytest.mark.parametrize("tolerance", ["1 %", "0.001 %"])
def test_a_bar_answers_oscillating_heat_as_a_line_does(tmp_path, tolerance):
    """H = R tanh(q) / q with q^2 = s L^2 rho c / k at its heated end, as far as the table goes: the mesh follows it."""
    text = BAR + "sources: {heater: {on: bar.right, power: 1 W}}\nsensors: {end: {on: bar.right}}\n"
    table = study(tmp_path, text, EXACT.replace("0.01 %", tolerance)).tables["frequency"]
    frequency = np.array(table["frequency"].values)
    q = np.sqrt(2j * np.pi * frequency * 16e-6 * 2e6 / 20)
    exact = 4e-3 / (20 * 1e-6) * np.tanh(q) / q
    assert 2 * np.pi * frequency[-1] * 16e-6 * 2e6 / 20 > 10
    assert np.array(table["amplitude.end.heater"].values) == pytest.approx(np.abs(exact), rel=5e-3)
    assert np.array(table["phase.end.heater"].values) == pytest.approx(np.angle(exact), abs=5e-3)


@pytest.mark.parametrize("what", ["depth", "sheet"])
def test_dimensions_that_no_mesh_shows_are_inputs_too(tmp_path, what):
    """R = L / (k d w): the depth of a planar body and the thickness of a sheet weigh as much as its conductivity."""
    text = BAR + "sources: {heater: {on: bar.right, power: 1 W}}\nsensors: {end: {on: bar.right}}\n"
    if what == "depth":
        text = text.replace("depth: 1 mm", "depth: 1.0 ± 0.1 mm")
    else:
        text = text.replace("coordinates: planar\ndepth: 1 mm", "coordinates: plate")
        text = text.replace("    element_size", "    thickness: 1.0 ± 0.1 mm\n    element_size")
    found = study(tmp_path, text).quantities["resistance.end.heater"]
    assert found.value == pytest.approx(200.0, rel=1e-9)
    assert found.u == pytest.approx(20.0, rel=1e-6)


def test_inputs_of_a_nonlinear_body_have_their_derivatives(tmp_path):
    """k0 (T - 300) + k1 (T - 300)^2 / 2 = P L / A, so dT/dk0 = -(T - 300) / k(T)."""
    text = BAR.replace("20 W/m/K", "{polynomial: [20 ± 1 W/m/K, 0.1 W/m/K^2], about: 300 K}")
    text += "sources: {heater: {on: bar.right, power: 100 mW}}\nsensors: {end: {on: bar.right}}\n"
    found = study(tmp_path, text).quantities["temperature.end"]
    rise = (math.sqrt(20**2 + 2 * 0.1 * 0.1 * 4e-3 / 1e-6) - 20) / 0.1
    assert found.value - 300 == pytest.approx(rise, rel=1e-6)
    assert found.u == pytest.approx(rise / (20 + 0.1 * rise), rel=1e-4)


BRACKET = """
coordinates: planar
depth: 1 um
regions:
  bracket:
    shape:
      polygon:
        points: [[0 um, 0 um], [2 um, 0 um], [2 um, 1 um], [1 um, 1 um], [1 um, 2 um], [0 um, 2 um]]
        edges: [bottom, right, step, riser, foot, left]
    thermal_conductivity: 3 W/m/K
boundaries: {foot: {on: bracket.foot, temperature: 300 K}, warm: {on: bracket.right, temperature: 400 K}}
"""


def test_a_nonlinear_body_is_refined_at_its_corner(tmp_path):
    """By Kirchhoff's transform the heat is that of a linear body times the mean of k(T) between the two ends."""
    linear = value(study(tmp_path, BRACKET, EXACT.replace("0.01 %", "0.001 %")), "heat.foot")
    rising = BRACKET.replace("3 W/m/K", "{polynomial: [3 W/m/K, 0.03 W/m/K^2], about: 300 K}")
    (tmp_path / "body.yaml").write_text(HEAD + rising + EXACT, encoding="utf-8")
    found = study_body(read_body(tmp_path / "body.yaml"))
    heat = found.result.quantities["heat.foot"]
    assert abs(heat.value - linear * (3 + 0.03 * 50) / 3) <= heat.numerical_error + 1e-5 * linear
    assert heat.numerical_error <= 1e-4 * heat.value
    assert found.mesh.points.shape[1] < 10_000  # fine everywhere it takes 170 000


@pytest.mark.parametrize("time", ["", "transient: {until: 100 s, points: 10}\n"])
def test_a_conductivity_that_would_vanish_is_named_with_its_region(tmp_path, time):
    """At 350 K it is none; 1 W through the bar would take an integral of 4 kW/m of k(T), and there are 500 W/m."""
    text = BAR.replace("20 W/m/K", "{polynomial: [20 W/m/K, -0.4 W/m/K^2], about: 300 K}")
    # A tenth of the power has a steady state.
    power = "100 mW, varies: {table: [[0 s, 0], [50 s, 10]]}" if time else "1 W"
    text += f"sources: {{heater: {{on: bar.right, power: {power}}}}}\nsensors: {{end: {{on: bar.right}}}}\n{time}"
    with pytest.raises(PhysicsError, match=r"in 'bar' the polynomial .* is -.* W/m/K at 3[56]\d.* K") as caught:
        study(tmp_path, text)
    assert caught.value.path == "regions.bar.thermal_conductivity"


SWINGING = (
    BAR
    + """
sources: {heater: {on: bar.right, power: 10 mW, varies: {square: {frequency: 0.5 Hz}, offset: 1}}}
sensors: {end: {on: bar.right}}
"""
)


def test_the_periodic_state_is_where_a_long_transient_ends(tmp_path):
    text = SWINGING.replace(
        "temperature: 300 K}", "temperature: 300 K, varies: {swing: 2 K, sine: {frequency: 0.5 Hz}}}"
    )
    loose = EXACT.replace("0.01 %", "1 %")
    once = study(tmp_path, text + "periodic: {points: 40}\n", loose).tables["periodic"]
    long = study(tmp_path, text + "transient: {until: 8 s, points: 160, tolerance: 0.5 %}\n", loose).tables["transient"]
    last = np.array(long["end"].values)[-41:]
    assert np.array(once["end"].values) == pytest.approx(last, abs=2e-3 * np.ptp(last))


def test_a_step_of_power_rises_as_the_modes_say(tmp_path):
    """The transient of a constant power equals the step response of the small model."""
    result = study(
        tmp_path,
        SWINGING.replace(", varies: {square: {frequency: 0.5 Hz}, offset: 1}", "")
        + "transient: {until: 2 s, points: 20, tolerance: 0.1 %}\n",
        EXACT.replace("0.01 %", "1 %"),
    )
    rise = np.array(result.tables["transient"]["end"].values) - 300
    response = result.tables["response"]
    expected = 0.01 * np.interp(
        result.tables["transient"]["time"].values, response["time"].values, response["end.heater"].values
    )
    assert rise[1:] == pytest.approx(expected[1:], rel=1e-2)
    assert result.checks["transient_heat_balance"].holds


def test_a_body_from_a_mesh_file(tmp_path):
    """Two named squares in a .msh file with named ends: the same as by hand."""
    points = np.array([[x, y, 0.0] for y in (0.0, 1.0) for x in (0.0, 1.0, 2.0)])
    triangles = np.array([[0, 1, 4], [0, 4, 3], [1, 2, 5], [1, 5, 4]])
    lines = np.array([[0, 3], [2, 5]])
    mesh = meshio.Mesh(
        points,
        [("triangle", triangles), ("line", lines)],
        cell_data={
            "gmsh:physical": [np.array([1, 1, 2, 2]), np.array([3, 4])],
            "gmsh:geometrical": [np.array([1, 1, 2, 2]), np.array([3, 4])],
        },
        field_data={
            "left": np.array([1, 2]),
            "right": np.array([2, 2]),
            "cold": np.array([3, 1]),
            "hot": np.array([4, 1]),
        },
    )
    meshio.write(tmp_path / "two.msh", mesh, file_format="gmsh22", binary=False)
    text = """
coordinates: planar
depth: 1 mm
mesh: {file: two.msh, unit: mm}
regions:
  left: {thermal_conductivity: 2 W/m/K}
  other: {group: right, thermal_conductivity: 8 W/m/K}
interfaces: {left/other: 10 kW/m^2/K}
boundaries: {end: {on: cold, temperature: 300 K}}
sources: {heater: {on: hot, power: 10 mW}}
sensors: {there: {on: hot}}
"""
    exact = (1e-3 / 2 + 1e-4 + 1e-3 / 8) / 1e-6
    assert value(study(tmp_path, text), "resistance.there.heater") == pytest.approx(exact, rel=1e-9)


ISLAND = BAR.replace(
    "boundaries:",
    "  island:\n    shape: {rectangle: {from: [6 mm, 0 mm], to: [7 mm, 1 mm]}}\n"
    "    thermal_conductivity: 1 W/m/K\nboundaries:",
)


def test_a_part_without_a_path_to_ground_is_named(tmp_path):
    with pytest.raises(PhysicsError, match="no heat path to ground from the region 'island'"):
        study(tmp_path, ISLAND)
    assert study(tmp_path, ISLAND + "  sky: {on: island.top, radiation: {emissivity: 0.5}}\n").checks


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("sensors: {end: {on: bar.right}}", "sensors: {end: {at: [5 mm, 0.5 mm]}}"), "lies outside the body"),
        (("to: bar.right", "to: bar.top"), "touch, so the current is infinite"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(tmp_path, change, message):
    text = (
        BAR + "sources:\n  wire: {through: bar, from: bar.left, to: bar.right, current: 1 A, resistivity: 50 nohm m}\n"
    )
    text += "sensors: {end: {on: bar.right}}\n"
    with pytest.raises(PhysicsError, match=message):
        study(tmp_path, text.replace(*change))
