"""Body documents: what is refused and where, and what a study makes of a good one."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import KDTree

from thermonet.geometry.layered import body_mesh
from thermonet.quantities.errors import DocumentError, NotConvergedError
from thermonet.results.record import read_result
from thermonet.studies.bodies.design import body_design
from thermonet.studies.bodies.study import read_body, study_body
from thermonet.studies.values import Values

SLAB = """thermonet: body/1
name: slab
temperature: 300 K
shape: {kind: slab, width: 1 mm, depth: 2 mm}
layers:
  metal: {material: Au_film, thickness: 1 mm}
  glass: {thermal_conductivity: 1.0 ± 0.1 W/m/K, density: 2500 kg/m^3, specific_heat: 800 J/kg/K, thickness: 50 um}
interfaces:
  metal/glass: 20 kW/m^2/K
boundaries:
  last: {temperature: 300 K}
sources:
  heater: {on: first, power: 10 mW}
sensors:
  hot: {on: first}
numerics: {tolerance: 0.1 %, element_scale: 1}
"""
DISC = """thermonet: body/1
name: disc
temperature: 300 K
shape:
  kind: disc
  radius: 2 um
  spot_radius: 60 nm
layers:
  gold: {material: Au_film, thickness: 90 nm}
  nitride: {material: SiN_PECVD, thickness: 70 nm}
boundaries:
  bottom: {temperature: 300 K}
sources:
  heater: {on: spot, power: 1 uW}
sensors:
  hot: {on: spot}
  film: {on: nitride}
numerics: {tolerance: 0.1 %, element_scale: 1}
"""
PLATE = """thermonet: body/1
name: plate
temperature: 300 K
shape: {kind: plate, length: 40 um, width: 10 um}
layers:
  nitride: {material: SiN_LPCVD, thickness: 1 um}
  gold: {material: Au_film, thickness: 90 nm}
boundaries:
  start: {temperature: 300 K}
sources:
  heater: {on: end, power: 1 uW}
sensors:
  hot: {on: end}
numerics: {tolerance: 0.1 %, element_scale: 1}
"""


SHELLS = """thermonet: body/1
name: shells
temperature: 300 K
shape: {kind: coaxial, inner_radius: 1 um, length: 3 um}
layers:
  oxide: {material: SiO2_thermal, thickness: 1 um}
boundaries:
  outer: {temperature: 300 K}
sources:
  heater: {on: inner, power: 1 uW}
sensors:
  hot: {on: inner}
numerics: {tolerance: 0.1 %, element_scale: 1}
"""
SPHERE = SHELLS.replace("{kind: coaxial, inner_radius: 1 um, length: 3 um}", "{kind: spherical, inner_radius: 1 um}")


def written(tmp_path, text):
    """File that holds a document."""
    file = tmp_path / "body.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def problems(tmp_path, text, *settings):
    """What is wrong with a document, as (line, column, path, message)."""
    file = written(tmp_path, text)
    with pytest.raises(DocumentError) as caught:
        read_body(file, settings)
    expected = {str(file), "--set"} if settings else {str(file)}
    assert {problem.file for problem in caught.value.problems} <= expected
    return [(problem.line, problem.column, problem.path, problem.message) for problem in caught.value.problems]


def only(found):
    """The one problem there is."""
    assert len(found) == 1, found
    return found[0]


def studied(tmp_path, text, *settings):
    """Result of a document."""
    return study_body(read_body(written(tmp_path, text), settings)).result


BAD = [
    # (document, what, by what, line:column: path: part of the message)
    (SLAB, "width: 1 mm", "width: 0 mm", "4:28: shape.width: must be positive"),
    (SLAB, "width: 1 mm", "width: -1 mm", "4:28: shape.width: must be positive"),
    (SLAB, "width: 1 mm", "width: nan mm", "4:28: shape.width: is not a number"),
    (SLAB, "width: 1 mm", "width: 5", "4:28: shape.width: a length such as"),
    (SLAB, "width: 1 mm, ", "", "4:8: shape.width: the key is missing, expected of the cross-section"),
    (SLAB, "width:", "widht:", "4:21: shape.widht: unknown key, expected 'width'"),
    (SLAB, "kind: slab, ", "", "4:8: shape.kind: the key is missing, expected one of slab, coaxial, spherical, disc"),
    (SLAB, "kind: slab", "kind: slob", "4:15: shape.kind: expected one of 'slab', 'coaxial'"),
    (
        SLAB,
        "last: {",
        "bottom: {",
        "11:11: boundaries.bottom: a slab has no boundary 'bottom', expected one of first, last",
    ),
    (SLAB, "last: {temperature: 300 K}", "last: {}", "11:9: boundaries.last: exactly one of temperature"),
    (
        SLAB,
        "{temperature: 300 K}",
        "{temperature: 300 K, ambient: {conductance: 1 W/m^2/K}}",
        "11:9: boundaries.last: exactly one",
    ),
    (SLAB, "boundaries:\n  last: {temperature: 300 K}\n", "", "1:1: boundaries: no heat path to ground"),
    (
        SLAB,
        "{temperature: 300 K}\nsources",
        "{ambient: {}}\nsources",
        "11:19: boundaries.last.ambient.conductance: the key is missing",
    ),
    (
        SLAB,
        "on: first, power",
        "on: frist, power",
        "13:16: sources.heater.on: no boundary or layer 'frist', expected one of first",
    ),
    (SLAB, "power: 10 mW", "power: -1 mW", "13:30: sources.heater.power: zero or positive"),
    (SLAB, "hot: {on: first}", "hot: {on: last}", "15:13: sensors.hot.on: 'last' is held at a temperature"),
    (
        SLAB,
        "on: first, power",
        "on: glass, spread: temperature, power",
        "13:31: sources.heater.spread: only a surface can be isothermal",
    ),
    (SLAB, "material: Au_film", "material: Au_flim", "6:21: layers.metal.material: expected 'Au_film'"),
    (SLAB, "material: Au_film, ", "", "6:10: layers.metal: expected a material or a thermal_conductivity"),
    (SLAB, "density: 2500 kg/m^3, ", "", "7:10: layers.glass.density: the key is missing"),
    (SLAB, "metal/glass: 20", "metal/wood: 20", "9:15: interfaces.metal/wood: there is no family or material 'wood'"),
    (SLAB, "metal/glass: 20", "metal/metal: 20", "9:16: interfaces.metal/metal: no pair of neighbours"),
    (SLAB, "  metal: {", "  first: {", "6:10: layers.first: is the name of a boundary of a slab"),
    (SLAB, "  hot: {", "  hot spot: {", "15:13: sensors.hot spot: is not a name"),
    (SLAB, "name: slab", "name: a slab", "2:7: name: does not fit"),
    (DISC, "spot_radius: 60 nm", "spot_radius: 2 um", "7:16: shape.spot_radius: must be smaller than the disc"),
    (DISC, "on: spot, power", "on: inner, power", "14:16: sources.heater.on: there is no boundary or layer 'inner'"),
    (
        PLATE,
        "name: plate",
        "name: plate\ninterfaces: {Au/SiN: 1 MW/m^2/K}",
        "3:22: interfaces.Au/SiN: means nothing in a plate",
    ),
    (PLATE, "start: {", "faces: {", "9:24: boundaries.faces.temperature: held faces leave nothing"),
]


@pytest.mark.parametrize(("text", "what", "by", "expected"), BAD, ids=[entry[3].split(": ")[1] for entry in BAD])
def test_a_bad_document_is_refused_at_its_place(tmp_path, text, what, by, expected):
    """File, line, column, path, what is wrong and what would be right."""
    assert what in text
    place, path, message = expected.split(": ", 2)
    found = {f"{item[0]}:{item[1]}: {item[2]}": item[3] for item in problems(tmp_path, text.replace(what, by, 1))}
    assert message in found.get(f"{place}: {path}", ""), found


def test_all_problems_are_found_at_once(tmp_path):
    """Every mistake has its message, in the order of the lines; what is missing stands at the top."""
    text = DISC.replace("radius: 2 um", "radius: 2").replace("90 nm", "90 s").replace("numerics", "numeric")
    found = problems(tmp_path, text)
    assert [item[2] for item in found] == ["numerics", "shape.radius", "layers.gold.thickness", "numeric"]


def test_settings_are_checked_like_the_document(tmp_path):
    """A setting reaches into the shape, and is refused with its own place."""
    line, column, path, message = only(problems(tmp_path, DISC, "shape.spot_radius=3 um"))
    assert (line, column, path) == (1, 19, "shape.spot_radius")
    assert "smaller" in message
    result = studied(tmp_path, DISC, "shape.spot_radius=120 nm")
    assert result.quantities["resistance.hot.heater"].value < 60e3


def test_temperatures_may_be_in_degrees_celsius(tmp_path):
    """Those of layered bodies too; differences would not be."""
    assert (
        read_body(written(tmp_path, SLAB.replace("temperature: 300 K", "temperature: 26.85 degC"))).temperature.value
        == 300
    )
    document = read_body(written(tmp_path, SLAB), ("boundaries.last.temperature=0.0(5) degC",))
    assert (document.boundaries["last"].temperature.value, document.boundaries["last"].temperature.u) == (273.15, 0.5)


TOUCHING = [
    ("side: {temperature: 301 K}", "boundaries.side.temperature"),
    ("side: {temperature: 300 ± 1 K}", "boundaries.side.temperature"),
]


@pytest.mark.parametrize(("line", "path"), TOUCHING)
def test_touching_boundaries_cannot_be_held_apart(tmp_path, line, path):
    """The heat between two held boundaries that touch would be infinite."""
    found = only(problems(tmp_path, DISC.replace("boundaries:\n", f"boundaries:\n  {line}\n")))
    assert found[2] == path
    assert "infinite" in found[3]


def test_touching_boundaries_of_one_temperature_share_the_heat(tmp_path):
    """Their heats sum to the power although they share a corner."""
    result = studied(tmp_path, DISC.replace("boundaries:\n", "boundaries:\n  side: {temperature: 300 K}\n"))
    heats = [result.quantities[f"heat.{name}"].value for name in ("bottom", "side")]
    assert min(heats) > 0
    assert sum(heats) == pytest.approx(1e-6, rel=1e-9)
    assert result.checks["energy_balance"].holds


@pytest.mark.parametrize("boundary", ["temperature: 300 K", "ambient: {conductance: 1 W/m^2/K}"])
def test_an_isothermal_spot_does_not_touch_a_held_top(tmp_path, boundary):
    """An isothermal spot beside a held top is refused, beside an ambient one it is not."""
    text = DISC.replace("on: spot, power", "on: spot, spread: temperature, power")
    text = text.replace("boundaries:\n", f"boundaries:\n  top: {{{boundary}}}\n")
    if "ambient" in boundary:
        assert studied(tmp_path, text).quantities["heat.top"].value > 0
    else:
        assert only(problems(tmp_path, text))[2] == "sources.heater.spread"


def test_one_surface_is_not_both_isothermal_and_of_uniform_flux(tmp_path):
    """Two sources on one boundary agree on what it is."""
    text = DISC.replace("sources:\n", "sources:\n  laser: {on: spot, power: 1 uW, spread: temperature}\n")
    line, _, path, message = only(problems(tmp_path, text))
    assert (line, path) == (15, "sources.heater.spread")
    assert "isothermal with the source 'laser'" in message


# ---------------------------------------------------------------- what a study makes of it


def test_result_holds_its_keys_and_survives_json(tmp_path):
    """Keys, units and tables are those that the contract names."""
    result = studied(tmp_path, SLAB)
    units = {key: quantity.unit for key, quantity in result.quantities.items()}
    assert units == {
        "temperature.hot": "K",
        "heat.last": "W",
        "resistance.hot.heater": "K/W",
        "time_constant_slowest": "s",
    }
    assert result.kind == "study"
    assert set(result.tables["response"]) == {"time", "hot.heater"}
    assert result.tables["response"]["hot.heater"].values[-1] == pytest.approx(
        result.quantities["resistance.hot.heater"].value, rel=1e-4
    )
    assert "share.hot.heater" in result.tables["modes"]
    assert {"budget.temperature.hot", "budget.resistance.hot.heater", "budget.time_constant_slowest"} <= set(
        result.tables
    )
    assert json.loads(result.as_json()) == read_result(result.as_json()).as_plain()


def test_uncertainty_is_that_of_the_formula(tmp_path):
    """u(R) of a slab: every layer and the contact, materials of one name being one cause."""
    text = SLAB.replace("50 um}", "{value: 50 um, u: 1 um}}").replace("20 kW/m^2/K", "20 ± 2 kW/m^2/K")
    result = studied(tmp_path, text)
    area = 2e-6
    table = result.tables["budget.resistance.hot.heater"]
    line = table["input"].values.index("materials.Au_film.thermal_conductivity")
    conductivity, u = table["value"].values[line], table["u"].values[line]
    parts = [
        50e-6 / 1.0**2 / area * 0.1,
        1e-6 / 1.0 / area,
        2e3 / 20e3**2 / area,
        1e-3 / conductivity**2 / area * u,
    ]
    assert result.quantities["resistance.hot.heater"].u == pytest.approx(math.hypot(*parts), rel=1e-6)
    assert result.quantities["temperature.hot"].u == pytest.approx(0.01 * math.hypot(*parts), rel=1e-6)


def test_batches_share_their_cause(tmp_path):
    """Two layers of one material vary together, two batches of it do not."""
    own = "thermal_conductivity: 1.0 ± 0.1 W/m/K, density: 2500 kg/m^3, specific_heat: 800 J/kg/K, "
    text = SLAB.replace(own, "BATCH").replace("50 um", "1 mm")
    one, two = (
        studied(tmp_path, text.replace("BATCH", entry)).quantities["resistance.hot.heater"].u
        for entry in ("material: Au_film, ", "material: Au_film, batch: second, ")
    )
    assert one / two == pytest.approx(math.sqrt(2), rel=1e-6)


def test_held_boundaries_alone_drive_heat(tmp_path):
    """No source at all: two temperatures, and the heat that they drive through the slab."""
    text = SLAB.replace("sources:\n  heater: {on: first, power: 10 mW}\nsensors:\n  hot: {on: first}\n", "")
    text = text.replace("boundaries:\n", "boundaries:\n  first: {temperature: 310 ± 1 K}\n")
    result = studied(tmp_path, text)
    conductance = result.quantities["heat.last"].value / 10
    assert result.quantities["heat.first"].value == pytest.approx(-10 * conductance)
    share = {
        name: dict(zip(table["input"].values, table["sensitivity"].values, strict=True))
        for name, table in result.tables.items()
        if name.startswith("budget.")
    }
    assert share["budget.heat.last"]["boundaries.first.temperature"] == pytest.approx(conductance)
    assert all(check.holds for check in result.checks.values())


def test_nothing_happens_at_one_temperature(tmp_path):
    """No power and no difference: all is at that temperature, no heat flows, resistances remain."""
    text = SLAB.replace("10 mW", "0 W").replace("last: {temperature: 300 K}", "last: {temperature: 310 K}")
    result = studied(tmp_path, text)
    assert result.quantities["temperature.hot"].value == pytest.approx(310, rel=1e-14)
    assert result.quantities["heat.last"].value == 0
    assert result.quantities["resistance.hot.heater"].value > 20
    assert all(check.holds for check in result.checks.values())


def test_ambient_is_a_resistance_in_series(tmp_path):
    """1/(h A) on top of the slab, its temperature the document's where none is stated."""
    held, open_to = (
        studied(tmp_path, SLAB),
        studied(tmp_path, SLAB.replace("{temperature: 300 K}", "{ambient: {conductance: 50 W/m^2/K}}")),
    )
    more = open_to.quantities["resistance.hot.heater"].value - held.quantities["resistance.hot.heater"].value
    assert more == pytest.approx(1 / (50 * 2e-6), rel=1e-9)
    assert open_to.quantities["heat.last"].value == pytest.approx(0.01, rel=1e-9)
    assert open_to.quantities["temperature.hot"].value == pytest.approx(
        300 + 0.01 * open_to.quantities["resistance.hot.heater"].value
    )


def test_transfer_resistances_are_reciprocal(tmp_path):
    """Source in the film and sensor on the spot, and the other way round."""
    text = DISC.replace("sources:\n", "sources:\n  absorbed: {on: nitride, power: 1 uW}\n")
    found = studied(tmp_path, text).quantities
    assert found["resistance.hot.absorbed"].value == pytest.approx(found["resistance.film.heater"].value, rel=1e-9)


def test_interfaces_go_by_layers_before_materials(tmp_path):
    """A perfect contact is as good as an enormous conductance; the library's own is worse than either."""
    ours = studied(tmp_path, DISC).quantities["resistance.hot.heater"].value
    text = DISC.replace("boundaries:\n", "interfaces: {Au/SiN: 1e15 W/m^2/K, nitride/gold: PAIR}\nboundaries:\n")
    perfect, poor = (
        studied(tmp_path, text.replace("PAIR", pair)).quantities["resistance.hot.heater"].value
        for pair in ("1e15 W/m^2/K", "1 MW/m^2/K")
    )
    assert perfect < ours < poor


def test_a_plate_conducts_in_parallel(tmp_path):
    """L / (w sum k t), whatever the order of the layers."""
    text = PLATE.replace("material: Au_film", "thermal_conductivity: 150 W/m/K")
    result = studied(tmp_path, text.replace("material: SiN_LPCVD", "thermal_conductivity: 3 W/m/K"))
    exact = 40e-6 / (10e-6 * (3 * 1e-6 + 150 * 90e-9))
    assert result.quantities["resistance.hot.heater"].value == pytest.approx(exact, rel=1e-9)
    assert "time_constant_slowest" not in result.quantities  # nothing is said of heat capacities
    assert "response" not in result.tables


def test_a_tolerance_out_of_reach_is_said(tmp_path):
    """The message holds the best estimate and what it lacks."""
    with pytest.raises(NotConvergedError, match="after 3 refinements") as caught:
        studied(tmp_path, SLAB, "numerics.tolerance=1e-16")
    assert "numerics.tolerance" in str(caught.value)


def test_numerical_error_covers_the_true_one(tmp_path):
    """On a coarse mesh, against a fine one: driving-point and transfer resistances, temperatures, time constants."""
    coarse = studied(tmp_path, DISC, "numerics.tolerance=1", "numerics.element_scale=2").quantities
    fine = studied(tmp_path, DISC, "numerics.tolerance=1", "numerics.element_scale=0.5").quantities
    for key, quantity in coarse.items():
        assert abs(quantity.value - fine[key].value) <= 2 * quantity.numerical_error + 1e-9 * abs(quantity.value), key


def test_temperature_field_stands_on_the_mesh(tmp_path):
    """Every node has a temperature, the hottest on the axis, and the interface really jumps."""
    study = study_body(read_body(written(tmp_path, DISC)))
    assert study.temperature.shape == (study.mesh.points.shape[1],)
    hottest = study.mesh.points[:, np.argmax(study.temperature)]
    assert hottest == pytest.approx([0, 0], abs=1e-9)
    assert study.temperature.min() == pytest.approx(300)
    at_interface = np.flatnonzero((study.mesh.points[0] == 0) & (np.abs(study.mesh.points[1] + 90) < 1e-6))
    assert len(at_interface) == 2
    assert np.ptp(study.temperature[at_interface]) > 0


@pytest.mark.parametrize("text", [SLAB, SHELLS, SPHERE, DISC, PLATE], ids=["slab", "shells", "sphere", "disc", "plate"])
def test_meshes_have_the_boundaries_that_documents_name(tmp_path, text):
    """Every boundary that a user may name is a line of the mesh; the faces of a plate are all of it."""
    document = read_body(written(tmp_path, text))
    lines = study_body(document).mesh.boundaries
    assert set(document.shape.boundaries) - {"faces"} == set(lines)
    assert all(edges.shape[1] > 0 for edges in lines.values())


@pytest.mark.parametrize("scale", [0.35, 0.7, 1, 2])
def test_meshes_nest_at_every_scale(tmp_path, scale):
    """Nodes of a mesh are nodes of the one with half its element scale, so that their errors can be compared."""
    shape = body_design(read_body(written(tmp_path, DISC)), Values()).shape
    coarse, fine = (body_mesh(shape, factor * scale) for factor in (2, 1))
    corners = np.unique(coarse.cells[:3])
    distance, _ = KDTree(fine.points.T).query(coarse.points[:, corners].T)
    assert distance.max() < 1e-9


@pytest.mark.parametrize(
    ("angle", "message"), [("181 deg", "must be below"), ("180 ± 1 deg", "a full sphere is exact")]
)
def test_angles_end_at_the_full_sphere(tmp_path, angle, message):
    """A cone of 180 degrees is the sphere; there is none beyond, and none that is uncertain."""
    text = SPHERE.replace("1 um}\nlayers", f"1 um, half_angle: {angle}}}\nlayers")
    assert message in only(problems(tmp_path, text))[3]
    whole = studied(tmp_path, text.replace(angle, "180 deg")).quantities["resistance.hot.heater"].value
    assert whole == studied(tmp_path, SPHERE).quantities["resistance.hot.heater"].value


@pytest.mark.parametrize("name", ["slab", "nitride_film"])
def test_bodies_that_come_with_the_package_solve(name):
    """Ready to run, converged, conserving."""
    file = Path(__file__).parents[1] / "geometries" / f"{name}.yaml"
    result = study_body(read_body(file)).result
    assert all(check.holds for check in result.checks.values())
