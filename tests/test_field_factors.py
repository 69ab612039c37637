"""Factors between R_P and what a calibration measures: identities, closed forms, exact gradients, refusals."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from thermonet.geometry.apex import apex_mesh
from thermonet.heat.elements import plane_elements, stiffness
from thermonet.heat.probe import HARMONICS, lead_heat, on_tip, plate_fields, probe_model
from thermonet.heat.tip import HeatProperties, contact_heat, junction_heat, line_heat, line_potential, tip_model
from thermonet.quantities.errors import PhysicsError
from thermonet.studies.design import probe_of, read_probe
from thermonet.studies.field_factors import _loads, _ratios, _transfers, factor_names, field_factors
from thermonet.studies.values import Values
from thermonet.system.steady import reciprocity_error, resistance

DESIGNS = Path(__file__).parents[1] / "geometries"
SCALE = 2.0
LINES = ("line.inner_gold", "line.chromium", "line.outer_gold")
NAMES = ("source", "contact", *LINES, *(f"{line}+cantilever" for line in LINES), "lead")


def document(*settings, name="ntistp"):
    return read_probe(DESIGNS / f"{name}.yaml", settings)


@pytest.fixture(scope="module")
def probe():
    return probe_of(document(), Values())


@pytest.fixture(scope="module")
def model(probe):
    return probe_model(probe, SCALE)


@pytest.fixture(scope="module")
def loads(probe, model):
    return _loads(model, probe.sensing, NAMES)


@pytest.fixture(scope="module")
def factors():
    return field_factors(document(), element_scale=SCALE)


def transfer(model, load):
    """Transfer resistance by the field of the load itself."""
    return resistance(model.system.with_source("x", load).hold(model.ground), "thermocouple", "x")


# --- identities ---------------------------------------------------------------------------------------------------


def test_every_load_is_one_watt(model, loads):
    """Whatever enters, the uniform field meets one watt of it."""
    assert loads.keys() == {"reference", *NAMES}
    for load in loads.values():
        assert model.system.one @ load == pytest.approx(1, abs=1e-12)


def test_heat_and_sensor_may_be_exchanged(model, loads):
    """The sensor's field over a load equals the load's field at the sensor."""
    for load in loads.values():
        held = model.system.with_source("x", load).hold(model.ground)
        assert reciprocity_error(held, "thermocouple", "x") < 1e-10


def test_factors_are_ratios_of_whole_solutions(factors, model, loads):
    """Each value is R_P over Z or Z over R_P, both by the field of the load on the finest mesh."""
    own = resistance(model.system.hold(model.ground), "thermocouple", "apex")
    for name, factor in factors.items():
        other = transfer(model, loads[name])
        expected = other / own if name in {"source", "lead"} else own / other
        assert factor.value == pytest.approx(expected, rel=1e-10)


def test_a_source_in_its_own_place(factors):
    """The design's own source is 1, exactly; nothing but its relaxation length makes it uncertain."""
    factor = factors["source"]
    assert factor.value == pytest.approx(1, abs=1e-12)
    assert factor.numerical_error < 1e-12
    assert [line.input.name for line in factor.budget.lines] == ["heat_source.relaxation_length"]
    assert factor.u == abs(factor.budget.lines[0].contribution)


def test_the_relaxation_length_belongs_to_what_is_measured(factors):
    """R_P is defined with the nominal length: heat that does not relax has a factor without it."""
    for name, factor in factors.items():
        causes = {line.input.name for line in factor.budget.lines}
        relaxes = name == "source" or "outer_gold" in name
        assert ("heat_source.relaxation_length" in causes) == relaxes


def test_heat_capacities_have_no_part(factors):
    """Factors are static: no density and no specific heat is in any budget."""
    causes = {line.input.name for factor in factors.values() for line in factor.budget.lines}
    assert "materials.Au_film.thermal_conductivity" in causes
    assert not [name for name in causes if name.endswith(("density", "specific_heat"))]


# --- the contact --------------------------------------------------------------------------------------------------


def test_the_contact_is_the_limit_of_a_short_relaxation(probe):
    """Sources that relax over less and less approach the point, fast; the real one is within a part in a thousand."""
    fine = probe_model(probe, 1.0, by_term=False)
    adjoint = fine.system.hold(fine.ground).solve(fine.system.sensors["thermocouple"])
    at_contact = float(adjoint @ on_tip(fine, contact_heat(fine.tip.elements)))

    def excess(length):
        sensing = replace(probe.sensing, relaxation_length=length)
        return float(adjoint @ on_tip(fine, junction_heat(fine.tip.elements, sensing))) / at_contact - 1

    far, near, nearest = (abs(excess(length)) for length in (20e-9, 10e-9, 5e-9))
    assert near < far / 100
    assert nearest < 1e-9
    assert -2e-3 < excess(60e-9) < 0


def test_a_disc_of_contact_is_nearly_a_point(model):
    """The adjoint field hardly changes over the surface that a contact can have."""
    adjoint = model.system.hold(model.ground).solve(model.system.sensors["thermocouple"])[model.tip_unknowns]
    mesh = model.tip.mesh
    edges = mesh.boundaries["surface"]
    within = np.unique(edges[:, mesh.points[0, edges[:2]].max(axis=0) < 40])
    point = adjoint[mesh.boundaries["tip"][0, 0]]
    assert mesh.points[0, within].max() > 15
    assert np.abs(adjoint[within] / point - 1).max() < 2e-4


# --- currents -----------------------------------------------------------------------------------------------------


def bare(probe, conductivity, boundary):
    """The tip alone with other properties, its foot held; boundary conductances by whether both sides are metals."""
    metals = set(probe.sensing.metals)
    properties = HeatProperties(
        conductivity={**probe.properties.conductivity, **conductivity},
        heat_capacity=probe.properties.heat_capacity,
        boundary_conductance={pair: boundary[set(pair) == metals] for pair in probe.properties.boundary_conductance},
    )
    return tip_model(apex_mesh(probe.apex, 1.0), properties, probe.sensing)


def test_potential_and_temperature_of_one_circuit(probe):
    """Wiedemann and Franz, insulated films, feet cold: T = phi (U - phi) / 2 per ampere where k stands for sigma."""
    tip = bare(probe, {}, {True: 1e16, False: 1e-3})
    potential = line_potential(tip, probe.sensing, "chromium")
    parts = [line_heat(tip, probe.sensing, metal) for metal in probe.sensing.metals]
    powers = [
        part.resistance / tip.properties.conductivity[metal]
        for part, metal in zip(parts, probe.sensing.metals, strict=True)
    ]
    assert potential.max() == pytest.approx(sum(powers), rel=1e-8)  # U I is the heat
    system = tip.system.with_source("loop", sum(power * part.load for power, part in zip(powers, parts, strict=True)))
    temperature = system.hold("foot").solve(system.sources["loop"])
    weights = system.sensors["thermocouple"]
    expected = potential * (potential.max() - potential) / 2
    assert weights @ temperature == pytest.approx(weights @ expected, rel=2e-4)
    nodes = np.concatenate([system.ports[f"region.{metal}"] for metal in probe.sensing.metals])
    assert np.abs(temperature - expected)[nodes].max() < 2e-4 * expected.max()


def by_hand(apex):
    """Length over cross-section of the inner film: a pillar in the opening, a thin shell from its rim down [1/m]."""
    flat, film, opened = math.sin(apex.half_angle), apex.layers[0], apex.layers[1]

    def thickness(angle):
        return film.wall + (film.apex - film.wall) * (math.cos(angle) - flat) / (1 - flat)

    rim = brentq(lambda angle: (apex.core_radius + thickness(angle)) * math.sin(angle) - opened.opening_radius, 0, 1)
    last = math.pi / 2 - apex.half_angle
    pillar = opened.apex / (math.pi * opened.opening_radius**2)
    cap = quad(lambda angle: 1 / (2 * math.pi * math.sin(angle) * thickness(angle)), rim, last)[0]
    middle = apex.core_radius + film.wall / 2
    top = middle * math.cos(apex.half_angle)
    foot = top + math.tan(apex.half_angle) * (apex.height - apex.core_radius + middle * flat)
    return pillar + cap + math.log(foot / top) / (2 * math.pi * film.wall * flat)


def test_one_dominating_film_is_a_fin(probe):
    """A thin conical shell: resistance by quadrature, and half of it over k between its Joule heat and its end."""
    tip = bare(probe, {"inner_gold": 150.0, "chromium": 0.3}, {True: 1e9, False: 1e-3})
    line = line_heat(tip, probe.sensing, "inner_gold")
    expected = by_hand(probe.apex)
    assert line.resistance == pytest.approx(expected, rel=0.05)
    system = tip.system.with_source("line", line.load)
    assert resistance(system.hold("foot"), "thermocouple", "line") == pytest.approx(expected / (2 * 150.0), rel=0.05)


def test_conductors_have_the_resistance_of_their_shape(probe, model):
    """On the wall the heat per length goes with 1 / (r t): between two heights, the logarithm of the radii."""
    potential = line_potential(model.tip, probe.sensing, "outer_gold") * probe.properties.conductivity["outer_gold"]
    mesh = model.tip.mesh
    nodes = np.unique(mesh.cells[:, model.tip.elements.region("outer_gold")])
    height = mesh.points[1, nodes]
    picked = nodes[(height > 1000) & (height < 6000)]
    slope = np.polyfit(np.log(mesh.points[0, picked]), potential[picked], 1)[0]
    per_logarithm = 1 / (2 * math.pi * probe.apex.layers[-1].wall * math.sin(probe.apex.half_angle))
    assert slope == pytest.approx(-per_logarithm, rel=0.01)


def test_no_current_along_a_film_that_carries_none(probe, model):
    """A dielectric is no conductor: a programmer's error."""
    with pytest.raises(ValueError, match="no current runs along inner_nitride"):
        line_heat(model.tip, probe.sensing, "inner_nitride")


def test_the_lead_warms_the_foot_by_half(probe, model):
    """Potential and temperature of an evenly covered plate go together: T_foot / P = R / 2, R of an isothermal ring."""
    lead = lead_heat(model)
    conductance = sum(sheet.thickness * sheet.conductivity for sheet in probe.sheets.values())
    found = transfer(model, lead.load)
    assert found == pytest.approx(lead.resistance / (2 * conductance), rel=1e-3)
    isothermal = model.system.hold("chip", *(f"ring#{order}" for order in range(1, HARMONICS + 1)))
    foot = np.zeros(model.system.size)
    foot[model.system.ports["foot"]] = 1.0
    assert found == pytest.approx(float(foot @ isothermal.solve(foot)) / 2, rel=2e-3)


def test_plate_fields_know_the_unknowns(model):
    """The conductance of a layer of the plate, from its nodes' temperatures, is that of the system's own term."""
    onto, name = plate_fields(model), "inner_gold"
    elements = plane_elements(model.plate)
    sheet = model.probe.sheets[name].thickness * 2 * stiffness(elements, np.arange(elements.mesh.cells.shape[1]))
    expected = model.system.K[f"k.{name}@plate"]
    assert abs(onto.T @ (sheet @ onto) - expected).max() < 1e-12 * abs(expected).max()
    assert np.abs(onto @ model.system.one - 1).max() < 1e-15


def test_without_a_plate_there_is_no_lead():
    """A tip alone has its line factors, and no cantilever to heat."""
    alone = document(name="ntistp_apex")
    assert factor_names(alone) == ("source", "contact", *LINES)
    model = probe_model(probe_of(alone, Values()), 4.0)
    for function in (lead_heat, plate_fields):
        with pytest.raises(ValueError, match="no plate"):
            function(model)
    found = field_factors(alone, ("contact", "line.chromium"), 4.0)
    assert 0.99 < found["contact"].value < 1 < found["line.chromium"].value


def test_tip_and_cantilever_share_one_current(factors):
    """A line that goes on is the mean of its two parts, weighted by the resistances that its description states."""
    for line in LINES:
        whole, part, lead = (factors[name].value for name in (f"{line}+cantilever", line, "lead"))
        share = (1 / whole - lead) / (1 / part - lead)
        assert 0.7 < share < 0.95
        stated = re.search(r"([0-9.]+)% of it on the tip", factors[f"{line}+cantilever"].description)
        assert float(stated[1]) / 100 == pytest.approx(share, abs=1e-3)


# --- uncertainty and error ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "apex.sidewall_factor.evaporated",
        "apex.layers.inner_nitride.opening_radius",
        "apex.half_angle",
        "cantilever.length",
        "heat_source.relaxation_length",
        "materials.Au_film.thermal_conductivity",
        "materials.Cr_film.thermal_conductivity",
        "interfaces.Au/SiN",
    ],
)
def test_gradients_are_those_of_whole_solutions(factors, probe, name):
    """Derivatives through the small model equal differences of ratios from whole solutions."""
    design = document()
    line = next(line for factor in factors.values() for line in factor.budget.lines if line.input.name == name)
    step = 1e-4 * line.input.value
    ends = []
    for sign in (1, -1):
        moved = probe_of(design, Values({name: line.input.value + sign * step}))
        large = probe_model(moved, 4.0, by_term=False)
        adjoint = large.system.hold(large.ground).solve(large.system.sensors["thermocouple"])
        found = {key: float(adjoint @ load) for key, load in _loads(large, probe.sensing, NAMES).items()}
        ends.append(_ratios(found))
    for key, factor in factors.items():
        slope = next((line.sensitivity for line in factor.budget.lines if line.input.name == name), 0.0)
        expected = (ends[0][key] - ends[1][key]) / (2 * step)
        assert slope * line.input.u == pytest.approx(expected * line.input.u, rel=1e-4, abs=1e-4 * factor.u)


def test_common_causes_cancel(factors):
    """R_P itself is known to some 15 per cent, the factor of the contact to parts in ten thousand."""
    assert 1e-5 < factors["contact"].u < 1e-3
    assert 1e-4 < factors["source"].u < 5e-3
    for line in LINES:
        assert 0.02 < factors[line].u < 0.2
    shares = [line.share for line in factors["line.chromium"].budget.lines]
    assert sum(shares) == pytest.approx(1, abs=1e-12)
    assert shares == sorted(shares, reverse=True)


def test_the_numerical_error_covers_a_finer_mesh(factors, probe):
    """Meshes four times as fine stay within the estimate of the coarser one."""
    finer = _ratios(_transfers(probe_model(probe, SCALE / 4, by_term=False), NAMES))
    for name, factor in factors.items():
        assert abs(finer[name] - factor.value) <= factor.numerical_error + 1e-12
        assert factor.numerical_error < 0.04 * factor.value


def test_as_an_input_of_a_calibration(factors):
    """Name, value and both parts of the uncertainty, with the design and the largest cause in its source."""
    factor = factors["line.chromium"]
    found = factor.as_input("probe.field_factor")
    assert (found.name, found.unit, found.value, found.distribution) == (
        "probe.field_factor",
        "1",
        factor.value,
        "normal",
    )
    assert found.u == pytest.approx(math.hypot(factor.u, factor.numerical_error), rel=1e-12)
    for words in ("design ntistp", "chromium", "apex.sidewall_factor.evaporated"):
        assert words in found.source


# --- what a design has, and what it has not -----------------------------------------------------------------------


def test_names_of_a_design():
    """Every factor the reference design has; a film that ends at the foot is not followed on the cantilever."""
    assert factor_names(document()) == NAMES
    short = document("cantilever.films=[outer_gold]")
    assert factor_names(short) == ("source", "contact", *LINES, "line.outer_gold+cantilever", "lead")


def test_films_on_another_metal_carry_no_current_of_their_own():
    """On a metal core the inner film is shorted, and the circuit through the junction with it."""
    assert factor_names(document("apex.core.material=Au_film"))[2:3] == ("line.outer_gold",)


@pytest.mark.parametrize("name", ["line.inner_nitride", "line.nothing", "lead+cantilever", "Source"])
def test_unknown_factors_are_refused(name):
    """With what there is instead."""
    with pytest.raises(PhysicsError, match=r"expected one of source, contact, line\.inner_gold"):
        field_factors(document(), ("contact", name))


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, math.inf])
def test_meshes_without_elements_are_refused(scale):
    """An element scale is a positive number."""
    with pytest.raises(PhysicsError, match="must be positive and finite"):
        field_factors(document(), ("contact",), scale)


def test_exact_designs_have_exact_factors():
    """A ballistic source with an exact length: the value still 1, and no uncertainty at all."""
    found = field_factors(
        document("heat_source.shape=ballistic", "heat_source.relaxation_length=40 nm"), ("source",), 4.0
    )
    assert found.keys() == {"source"}
    assert found["source"].value == pytest.approx(1, abs=1e-12)
    assert found["source"].u == 0
    assert found["source"].budget.lines == ()
    assert found["source"].as_input("c").u < 1e-12


def test_systems_keep_their_sources(model):
    """Nothing is added to a probe's own system: a study has the sources it always had."""
    assert model.system.sources.keys() == {"apex"}
