"""The designs that come with the package agree with each other."""

from pathlib import Path

import pytest
import yaml

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
