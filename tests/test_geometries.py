"""The designs that come with the package agree with each other, and with what is said of them by hand."""

import math
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.special import ellipk

from thermonet import study_body
from thermonet.cli import main
from thermonet.materials.library import materials_for
from thermonet.studies.bodies.study import read_body
from thermonet.studies.design import read_probe

FOLDER = Path(__file__).parents[1] / "geometries"


def raw(name):
    """A document as plain keys and values."""
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("layer", ["outer_gold", "outer_nitride", "chromium"])
def test_nitride_film_has_the_probes_layers(layer):
    """Material, thickness, uncertainty and source of every shared layer are the probe's, word by word."""
    assert raw("nitride_film")["layers"][layer] == raw("ntistp")["apex"]["layers"][layer]
    film, probe = read_body(FOLDER / "nitride_film.yaml"), read_probe(FOLDER / "ntistp.yaml")
    assert film.layers[layer].thickness == probe.apex.layers[layer].thickness
    assert film.layers[layer].material == probe.apex.layers[layer].material


def test_nitride_film_has_the_probes_heat_and_surroundings():
    """The spot is the heat source's relaxation length; temperature, materials and interfaces are the same."""
    film, probe = raw("nitride_film"), raw("ntistp")
    assert film["shape"]["spot_radius"] == probe["heat_source"]["relaxation_length"]
    assert film["temperature"] == probe["temperature"]
    for section in ("materials", "interfaces"):
        assert film.get(section, {}) == probe.get(section, {})


def test_nitride_film_is_stacked_as_on_the_probe():
    """From the outside inwards, without a gap."""
    film, probe = raw("nitride_film"), raw("ntistp")
    assert list(film["layers"]) == list(reversed(probe["apex"]["layers"]))[:3]


def test_the_probe_in_three_dimensions_is_the_probe_with_widths():
    """All values and sources of ntistp.yaml, word by word, and two widths."""
    probe, lined = raw("ntistp"), raw("ntistp_3d")
    layers = lined["apex"]["layers"]
    assert [name for name, layer in layers.items() if layer.pop("width", None)] == probe["thermocouple"]["metals"]
    for document in (probe, lined):
        del document["name"], document["title"]
    assert lined == probe


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.stem)
def test_designs_are_valid_and_carry_their_names(file, capsys):
    """By name as by path, without a complaint."""
    assert main(["check", file.stem]) == 0
    assert f"'{file.stem}'" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["suspended_calorimeter", "heated_line"])
def test_every_value_of_a_drawn_body_says_where_it_comes_from(name, capsys):
    main(["check", name])
    assert " 0 without a source" in capsys.readouterr().out


def conductivity(material):
    return materials_for({}, {}).entry(material).thermal_conductivity.value


def studied(name, *settings):
    return study_body(read_body(FOLDER / f"{name}.yaml", settings)).result


@pytest.fixture(scope="module")
def calorimeter():
    return studied("suspended_calorimeter", "numerics.tolerance=1 %", "numerics.element_scale=2")


def test_the_calorimeter_stands_on_four_fins(calorimeter):
    """Tethers that conduct in parallel and radiate on their way, a platform that radiates: G = 4 g m coth(m L) + h A.

    The platform is not quite of one temperature, which is what is left between both.
    """
    document = read_body(FOLDER / "suspended_calorimeter.yaml")
    layers = document.regions["tethers"].layers
    sheet = sum(conductivity(layer.material) * layer.thickness.value for layer in layers.values())
    h, width, length = document.boundaries["vacuum"].ambient.conductance.value, 2e-6, 200e-6
    m = math.sqrt(2 * h / sheet)
    expected = 4 * sheet * width * m / math.tanh(m * length) + 2 * h * (50e-6) ** 2
    seen = calorimeter.quantities["resistance.thermometer.tip"]
    assert 1 / seen.value == pytest.approx(expected, rel=0.015)
    assert 1 / seen.value == pytest.approx(45e-9, rel=0.02)  # as the file says
    own = calorimeter.quantities["resistance.pad.tip"].value
    assert seen.value < own < 1.05 * seen.value  # what the platform's own resistance adds at the pad
    assert calorimeter.quantities["resistance.pad.heater"].value == pytest.approx(seen.value, rel=1e-9)


def test_the_calorimeter_takes_the_time_that_its_platform_takes(calorimeter):
    """C / G, with a third of the tethers' capacity: the first term of the mode of a loaded rod."""
    materials, document = materials_for({}, {}), read_body(FOLDER / "suspended_calorimeter.yaml")

    def stored(layers):
        entries = [(materials.entry(layer.material), layer.thickness.value) for layer in layers]
        return sum(entry.density.value * entry.specific_heat.value * thickness for entry, thickness in entries)

    regions = document.regions
    tethers = stored(regions["tethers"].layers.values()) * 2e-6 * 200e-6 * 4
    platform = stored([regions["platform"]]) * (50e-6) ** 2
    platform += stored([regions["heater"].layers["platinum"]]) * 16e-6 * 32e-6
    platform += stored([regions["pad"].layers["gold"]]) * 14e-6 * 32e-6
    found = calorimeter.quantities
    expected = (platform + tethers / 3) * found["resistance.thermometer.tip"].value
    assert found["time_constant_slowest"].value == pytest.approx(expected, rel=0.02)


def test_nomenclature_names_every_answer_of_a_body(calorimeter):
    """Names of sensors, boundaries and sources left open."""
    text = (FOLDER.parent / "docs" / "nomenclature.md").read_text(encoding="utf-8")
    kinds = {"temperature": "temperature.SENSOR", "heat": "heat.BOUNDARY", "resistance": "resistance.SENSOR.SOURCE"}
    keys = {kinds.get(key.partition(".")[0], key) for key in calorimeter.quantities}
    tables = {name for name in calorimeter.tables if not name.startswith("budget.")}
    assert [name for name in {*keys, *tables, *calorimeter.checks} if f"`{name}`" not in text] == []


@pytest.mark.slow
def test_the_heated_line_lies_between_two_fins():
    """Ends that are held, and ends that are insulated, with the shape factor of a strip on a layer.

    S = 2 K(k)/K(k'), k = tanh(pi w / 4 t), of a strip on a layer whose far face is held (half of a stripline: S. B.
    Cohn, IRE Trans. MTT-3, 119 (1955)).
    """
    width, thickness, length, oxide = 200e-9, 60e-9, 2e-6, 300e-9
    modulus = math.tanh(math.pi * width / (4 * oxide)) ** 2
    shape = 2 * ellipk(modulus) / ellipk(1 - modulus)
    contact = materials_for({}, {}).boundary_conductance("Pt_film", "SiO2_thermal").value
    loss = 1 / (1 / (conductivity("SiO2_thermal") * shape) + 1 / (contact * width))
    half = length / 2 * math.sqrt(loss / (conductivity("Pt_film") * width * thickness))
    insulated = 1 / (loss * length)
    held = insulated * (1 - np.tanh(half) / half)
    assert (held, insulated) == (pytest.approx(130e3, rel=0.03), pytest.approx(270e3, rel=0.02))  # as the file says
    coarse = ("numerics.tolerance=20 %", "numerics.element_scale=2", "regions.line.element_size=100 nm")
    found = studied("heated_line", *coarse).quantities
    assert held < found["resistance.line.current"].value < insulated
    assert found["heat.wafer"].value == pytest.approx(1e-3**2 * 160e-9 * length / (width * thickness), rel=1e-6)
    beside, line, middle = (found[f"temperature.{name}"].value - 300 for name in ("beside", "line", "middle"))
    assert 0 < beside < line < middle
