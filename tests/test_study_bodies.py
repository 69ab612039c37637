"""``thermonet study`` of drawn bodies: exit codes, places of what is wrong, what a run folder holds."""

import json
import shutil

import meshio
import numpy as np
import pytest

from thermonet import read_body, study_body
from thermonet.cli import main
from thermonet.quantities.errors import PhysicsError
from thermonet.report.figures.body import body_figures, left_out

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
  end: {on: bar.right}
numerics: {tolerance: 1 %, element_scale: 1}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def studied(folder, text, *options, name="bar.yaml"):
    (folder / name).write_text(text, encoding="utf-8")
    return main(["study", name, "--no-report", "--out", "out", *options])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("sources:\n  heater: {on: bar.right, power: 1 W}\n", ""), "of a resistance, expected a source and a sensor"),
        (("end: {on: bar.right}", "end: {at: [1 mm, 0.5 mm]}"), "sensors.end: no bound is known for a point"),
        (("coordinates: planar\ndepth: 1 mm", "coordinates: axisymmetric"), "has the estimate alone"),
    ],
)
def test_bounds_that_a_document_gives_no_meaning_to_are_a_matter_of_usage(folder, capsys, change, message):
    """Nothing is solved; the library says the same."""
    assert studied(folder, BAR.replace(*change).replace("bar.left", "bar.top"), "--bounds") == 2
    assert "--bounds: " in (told := capsys.readouterr().err)
    assert message in told
    with pytest.raises(PhysicsError, match=message.replace(".", r"\.")):
        study_body(read_body(folder / "bar.yaml"), bounds=True)


def test_what_cannot_exist_is_told_at_its_place(folder, capsys):
    """A conductivity that would vanish at 350 K, where a watt heats the bar by more."""
    law = "{polynomial: [20 W/m/K, -0.4 W/m/K^2], about: 300 K}"
    assert studied(folder, BAR.replace("20 W/m/K", law)) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("bar.yaml:9:27: regions.bar.thermal_conductivity: no temperatures were found at which ")


MESHED = """\
thermonet: body/1
name: meshed
temperature: 300 K
coordinates: planar
depth: 1 mm
mesh: {file: parts/two.vtu, unit: mm}
regions:
  oxide: {group: 1, thermal_conductivity: 2 W/m/K}
  metal: {group: 2, thermal_conductivity: 8 W/m/K}
boundaries:
  base: {on: 3, temperature: 300 K}
sources:
  heater: {on: 4, power: 10 mW}
sensors:
  there: {on: 4}
numerics: {tolerance: 1 %, element_scale: 1}
"""


@pytest.fixture
def meshed(folder):
    """Two squares side by side, in a .vtu file whose regions and boundaries are whole numbers."""
    points = np.array([[x, y, 0.0] for y in (0.0, 1.0) for x in (0.0, 1.0, 2.0)])
    cells = [("triangle", [[0, 1, 4], [0, 4, 3], [1, 2, 5], [1, 5, 4]]), ("line", [[0, 3], [2, 5]])]
    data = {
        "region": [np.array([1, 1, 2, 2]), np.array([-1, -1])],
        "boundary": [np.full(4, -1), np.array([3, 4])],
    }
    (folder / "parts").mkdir()
    meshio.write(folder / "parts/two.vtu", meshio.Mesh(points, cells, cell_data=data))
    return folder


def test_a_run_of_a_mesh_file_can_be_moved_and_run_again(meshed, capsys):
    """The mesh lies beside the resolved inputs, and its digest in the provenance; numbers are names."""
    assert studied(meshed, MESHED) == 0
    first = json.loads((meshed / "out/result.json").read_text())
    assert first["quantities"]["resistance.there.heater"]["value"] == pytest.approx(625, rel=1e-9)
    assert "parts" not in (meshed / "out/inputs.resolved.yaml").read_text()
    assert len(json.loads((meshed / "out/provenance.json").read_text())["files"]["mesh/two.vtu"]) == 64
    shutil.rmtree(meshed / "parts")
    (meshed / "out").rename(meshed / "elsewhere")
    assert main(["study", "elsewhere/inputs.resolved.yaml", "--no-report", "--out", "again"]) == 0
    assert json.loads((meshed / "again/result.json").read_text()) == first
    capsys.readouterr()


def test_another_mesh_in_the_same_file_is_another_run(meshed, capsys):
    (meshed / "a.yaml").write_text(MESHED, encoding="utf-8")
    assert main(["study", "a.yaml", "--no-report"]) == 0
    file = meshed / "parts/two.vtu"
    file.write_bytes(file.read_bytes() + b"\n")
    assert main(["study", "a.yaml", "--no-report"]) == 0
    assert len(list((meshed / "runs").iterdir())) == 2
    capsys.readouterr()


def test_a_mesh_file_that_is_cut_off_is_told_with_what_is_missing(meshed, capsys):
    file = meshed / "parts/two.vtu"
    file.write_bytes(file.read_bytes()[:-40])
    assert studied(meshed, MESHED) == 4
    told = capsys.readouterr().err
    assert told.startswith("bar.yaml:6:14: mesh.file: parts/two.vtu ends in or after its data 'boundary', without its ")
    assert "expected a whole .vtu file" in told


def test_nothing_is_known_better_than_it_is_solved(folder, capsys):
    """Of heat that goes one way the mesh tells no error, and the solver has one."""
    assert studied(folder, BAR) == 0
    heat = json.loads((folder / "out/result.json").read_text())["quantities"]["heat.cold"]
    assert heat["value"] == pytest.approx(1, rel=1e-10)
    assert 1e-10 <= heat["numerical_error"] <= 1e-8
    capsys.readouterr()


def test_a_body_that_is_as_warm_everywhere_has_the_amplitude_of_its_swing_drawn(folder, capsys):
    """Its left end swings by 2 K; the other, adiabatic, by less: 2 K / |cosh q|."""
    swinging = BAR.replace("heater: {on: bar.right, power: 1 W}", "heater: {on: bar.right, power: 0 W}").replace(
        "temperature: 300 K}", "temperature: 300 K, varies: {swing: 2 K, sine: {frequency: 0.5 Hz}}}"
    )
    (folder / "bar.yaml").write_text(swinging + "periodic: {points: 40}\n", encoding="utf-8")
    found = study_body(read_body(folder / "bar.yaml"))
    [figure] = body_figures(found)
    amplitude = np.array(figure.table["amplitude"].values)
    q = np.sqrt(2j * np.pi * 0.5 * 16e-6 * 2e6 / 20)
    assert figure.name == "amplitude"
    assert amplitude.max() == pytest.approx(2)
    assert amplitude.min() == pytest.approx(2 / abs(np.cosh(q)), rel=1e-2)
    assert left_out(found) == (
        "Steady, with all sources at their powers, the temperature is 300 K everywhere: its field is not drawn."
    )
    assert main(["study", "bar.yaml", "--out", "out"]) == 0
    assert "its field is not drawn" in (folder / "out/report.html").read_text()
    capsys.readouterr()


def test_a_warm_body_has_its_field_drawn(folder):
    (folder / "bar.yaml").write_text(BAR, encoding="utf-8")
    found = study_body(read_body(folder / "bar.yaml"))
    assert [figure.name for figure in body_figures(found)] == ["field"]
    assert left_out(found) == ""


def test_help_names_a_drawn_body(capsys):
    assert main(["--help"]) == 0
    assert "study suspended_calorimeter" in capsys.readouterr().out
