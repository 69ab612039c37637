"""The materials library, a design's changes to it, and the boundary conductance between two materials."""

import itertools
import math

import pytest

from thermonet.documents.materials import MaterialChange
from thermonet.materials.library import (
    KINDS,
    PROPERTIES,
    inconsistencies,
    library,
    materials_for,
    unknown_material,
)
from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.inputs import Input
from thermonet.quantities.reading import read_text

NAMES = [
    "Au_bulk",
    "Au_film",
    "Cr_bulk",
    "Cr_film",
    "Pt_bulk",
    "Pt_film",
    "Ti_bulk",
    "Ti_film",
    "SiN_LPCVD",
    "SiN_PECVD",
    "SiO2_thermal",
    "SiO2_PECVD",
    "Si",
    "Parylene_C",
    "mica",
]
METALS = ("Au", "Cr", "Pt", "Ti")


def stated_numbers():
    """Yield every number of the library with its path."""
    for name, entry in library().materials.items():
        for key in PROPERTIES:
            if getattr(entry, key) is not None:
                yield f"{name}.{key}", getattr(entry, key)
    yield from library().interfaces.items()


def conductance(text):
    """Read a boundary conductance as a design states it."""
    return read_text(text, "W/m^2/K")


@pytest.mark.parametrize(("path", "number"), list(stated_numbers()))
def test_every_library_number_is_positive_uncertain_and_sourced(path, number):
    """No number of the library is negative, exact, outside its own range, or a rumour."""
    assert 0 < number.low <= number.value <= number.high, path
    assert number.u > 0, path
    assert any(word in number.source for word in ("published", "textbook", "estimate")), path


def test_library_holds_the_materials_of_a_probe():
    """The names that designs use are there."""
    assert sorted(library().materials) == sorted(NAMES)


@pytest.mark.parametrize(
    ("name", "capacity"),
    [
        ("Au_bulk", 2.46e6),
        ("Cr_bulk", 3.23e6),
        ("Pt_bulk", 2.85e6),
        ("Ti_bulk", 2.355e6),
        ("SiO2_thermal", 1.62e6),
        ("Si", 1.64e6),
        ("Parylene_C", 0.92e6),
    ],
)
def test_density_times_specific_heat_is_the_tabulated_capacity(name, capacity):
    """Density and specific heat come from different tables; their product is published (1.5 %)."""
    entry = library().materials[name]
    assert entry.density.value * entry.specific_heat.value == pytest.approx(capacity, rel=0.015)


@pytest.mark.parametrize("metal", METALS)
def test_film_conducts_less_and_knows_less_than_its_bulk(metal):
    """A metal film's conductivity is below that of its bulk, which it names too, and less certain."""
    bulk, film = (library().materials[f"{metal}_{form}"] for form in ("bulk", "film"))
    assert film.thermal_conductivity.high < bulk.thermal_conductivity.low
    assert film.bulk_conductivity == bulk.thermal_conductivity
    relative = [entry.thermal_conductivity.u / entry.thermal_conductivity.value for entry in (film, bulk)]
    assert relative[0] > 4 * relative[1]


def test_lognormal_range_is_a_central_95_percent_interval():
    """The default gold film has 2.5 % and 97.5 % quantiles 2.2 apart, as its range of 100 to 220 W/m/K."""
    film = library().materials["Au_film"].thermal_conductivity
    low, high = film.at(0.025), film.at(0.975)
    assert high / low == pytest.approx(2.2, rel=1e-12)
    assert math.sqrt(low * high) == pytest.approx(150, rel=1e-12)


def test_unchanged_materials_are_the_librarys_with_names():
    """Without changes each number keeps its value and is owned by the path that states it."""
    entry = materials_for({}, {}).entry("Au_film")
    assert entry.thermal_conductivity.value == library().materials["Au_film"].thermal_conductivity.value
    assert entry.thermal_conductivity.name == "materials.Au_film.thermal_conductivity"
    assert entry.electron_mean_free_path.name == "materials.Au_film.electron_mean_free_path"


def test_change_replaces_what_it_states_and_nothing_else():
    """A design that states one conductivity keeps the library's density, and leaves the library as it was."""
    change = MaterialChange(thermal_conductivity="120 ± 6 W/m/K", source="our own film")
    changed = materials_for({"Au_film": change}, {}).entry("Au_film")
    original = library().materials["Au_film"]
    assert (changed.thermal_conductivity.value, changed.thermal_conductivity.u) == (120, 6)
    assert changed.thermal_conductivity.name == "materials.Au_film.thermal_conductivity"
    assert changed.density.value == original.density.value
    assert original.thermal_conductivity.value == 150


def test_source_of_a_value_wins_over_that_of_its_entry():
    """A change's own source serves where a value has none; a value that has one keeps it."""
    change = MaterialChange(
        thermal_conductivity="120 W/m/K",
        density={"value": "18 g/cm^3", "source": "weighed"},
        source="our own film",
    )
    entry = materials_for({"Au_film": change}, {}).entry("Au_film")
    assert entry.thermal_conductivity.source == "our own film"
    assert entry.density.source == "weighed"
    assert entry.density.value == pytest.approx(18000)


@pytest.mark.parametrize(("a", "b"), list(itertools.combinations(NAMES, 2)))
def test_boundary_conductance_is_symmetric(a, b):
    """A boundary has no direction, and any two materials of different families have one."""
    materials = materials_for({}, {})
    forth, back = materials.boundary_conductance(a, b), materials.boundary_conductance(b, a)
    assert forth == back
    same_family = materials.entry(a).family == materials.entry(b).family
    assert (forth is None) == same_family


def test_same_family_is_a_perfect_contact_unless_the_design_says_otherwise():
    """Gold on gold has no boundary; a design may state one."""
    assert materials_for({}, {}).boundary_conductance("Au_film", "Au_bulk") is None
    assert materials_for({}, {}).boundary_conductance("Au_film", "Au_film") is None
    stated = materials_for({}, {"Au_film/Au_bulk": conductance("1 GW/m^2/K")})
    assert stated.boundary_conductance("Au_bulk", "Au_film").value == 1e9
    assert stated.boundary_conductance("Au_film", "Au_film") is None


@pytest.mark.parametrize(
    ("a", "b", "key", "value"),
    [
        ("Au_film", "SiN_PECVD", "Au/SiN", 60e6),
        ("SiN_LPCVD", "Cr_film", "Cr/SiN", 130e6),
        ("Au_film", "mica", "metal/dielectric", 100e6),
        ("Parylene_C", "Pt_film", "metal/dielectric", 100e6),
        ("Au_film", "Ti_film", "metal/metal", 4e9),
        ("Si", "SiO2_thermal", "dielectric/dielectric", 500e6),
    ],
)
def test_library_pair_of_families_wins_over_pair_of_kinds(a, b, key, value):
    """A listed pair is used, a generic one elsewhere; the name is the key under which it is stated."""
    found = materials_for({}, {}).boundary_conductance(a, b)
    assert (found.value, found.name) == (value, f"interfaces.{key}")


def test_design_pair_wins_by_how_closely_it_names_the_materials():
    """Two names before one, one before none, any before the library, in whichever order it is written."""
    keys = ["metal/dielectric", "SiN/Au", "Au_film/SiN", "SiN_PECVD/Au_film"]
    values = ["10 MW/m^2/K", "20 MW/m^2/K", "30 MW/m^2/K", "40 MW/m^2/K"]
    stated = {key: conductance(value) for key, value in zip(keys, values, strict=True)}
    for key in reversed(keys[1:]):
        assert materials_for({}, stated).boundary_conductance("Au_film", "SiN_PECVD").name == f"interfaces.{key}"
        del stated[key]
    # A design's generic pair is still no closer than the library's pair of families.
    design = materials_for({}, stated)
    assert design.boundary_conductance("Au_film", "SiN_PECVD").value == 60e6
    assert design.boundary_conductance("Au_film", "mica").value == 10e6


def test_design_pair_of_one_material_leaves_its_siblings_alone():
    """A pair by material name is not a pair of its family."""
    design = materials_for({}, {"Au_film/SiN_PECVD": conductance("25 MW/m^2/K")})
    assert design.boundary_conductance("SiN_PECVD", "Au_film").value == 25e6
    assert design.boundary_conductance("SiN_LPCVD", "Au_film").value == 60e6


def test_equally_close_pairs_give_one_answer_in_both_directions():
    """Of two design pairs that are equally close the first stated counts, in both directions."""
    pairs = {"Au_film/SiN": conductance("30 MW/m^2/K"), "Au/SiN_PECVD": conductance("40 MW/m^2/K")}
    design = materials_for({}, pairs)
    assert design.boundary_conductance("Au_film", "SiN_PECVD").value == 30e6
    assert design.boundary_conductance("SiN_PECVD", "Au_film").value == 30e6


def test_one_boundary_used_twice_is_one_cause():
    """Gold on either nitride shares a name, so a budget counts it once; chromium has its own."""
    materials = materials_for({}, {})
    first, second, other = (
        materials.boundary_conductance(*pair).name
        for pair in (("Au_film", "SiN_PECVD"), ("SiN_LPCVD", "Au_bulk"), ("Cr_film", "SiN_PECVD"))
    )
    assert first == second != other


def test_generic_pairs_cover_every_two_kinds():
    """No pair of materials is left without a conductance."""
    for a, b in itertools.combinations_with_replacement(KINDS, 2):
        assert {f"{a}/{b}", f"{b}/{a}"} & set(library().interfaces)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Au_flim", "there is no material 'Au_flim', expected 'Au_film'"),
        ("parylene_c", "there is no material 'parylene_c', expected 'Parylene_C'"),
    ],
)
def test_unknown_material_names_the_likely_one(name, message):
    """A slip of the finger is answered with the word that was meant."""
    assert unknown_material(name) == message
    for lookup in (
        materials_for({}, {}).entry,
        lambda name: materials_for({}, {}).boundary_conductance("Si", name),
    ):
        with pytest.raises(PhysicsError) as refused:
            lookup(name)
        assert str(refused.value) == message


def test_unknown_material_without_likeness_lists_all():
    """Where nothing is alike, all names are offered."""
    message = unknown_material("unobtainium")
    assert all(name in message for name in NAMES)


def test_names_and_membership_agree():
    """What is listed is contained, and a family is not a material."""
    materials = materials_for({}, {})
    assert all(name in materials for name in materials.names)
    assert "Au" not in materials


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("Au", "is not a pair, expected two families or materials such as 'Au/SiN'"),
        ("Au/SiN/Cr", "is not a pair, expected two families or materials such as 'Au/SiN'"),
        ("Au/sin", "there is no family or material 'sin', expected 'SiN'"),
        ("Au_flim/SiN", "there is no family or material 'Au_flim', expected 'Au_film'"),
        (
            "Au/dielectric",
            "pairs a kind with a family or material, expected two kinds or none, as in 'metal/dielectric'",
        ),
    ],
)
def test_pair_that_means_nothing_is_found(key, message):
    """A design's interface with an unknown or missing side is reported at its own path."""
    found = list(inconsistencies({}, {"Cr/SiN": Input(value=1e8), key: Input(value=1e8)}))
    assert found == [(f"interfaces.{key}", message)]


def test_pair_stated_in_both_orders_is_found():
    """Two values for one boundary contradict each other."""
    found = list(inconsistencies({}, {"Au/SiN": Input(value=1e8), "SiN/Au": Input(value=2e8)}))
    assert found == [("interfaces.SiN/Au", "is the pair 'Au/SiN' again, expected it once")]


def test_change_of_an_unknown_material_is_found_and_refused():
    """It is reported at its path, and no materials are built from it."""
    changes = {"Au_flim": MaterialChange(density="19 g/cm^3")}
    message = "there is no material 'Au_flim', expected 'Au_film'"
    assert list(inconsistencies(changes, {})) == [("materials.Au_flim", message)]
    with pytest.raises(PhysicsError, match=r"materials\.Au_flim: there is no material"):
        materials_for(changes, {})


def test_valid_changes_are_not_reported():
    """Every way to name a pair is accepted."""
    pairs = ["Au/SiN", "Au_film/SiN_PECVD", "Cr_film/SiN", "Si/SiO2", "metal/dielectric", "Au/Au"]
    changes = {"mica": MaterialChange(density="2.8 g/cm^3")}
    assert list(inconsistencies(changes, {pair: Input(value=1e8) for pair in pairs})) == []
