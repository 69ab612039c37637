"""The main job, on the reference probe: keys and units, laws, exact derivatives, causes of uncertainty, trials."""

import json
import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from thermonet.heat.probe import probe_model
from thermonet.materials.size_effect import film_conductivity
from thermonet.quantities.constants import LORENZ_NUMBER
from thermonet.quantities.errors import NotConvergedError
from thermonet.results.record import read_result
from thermonet.studies.answers import solve_probe
from thermonet.studies.contact import junction_check, junction_resistance
from thermonet.studies.design import probe_of, read_probe
from thermonet.studies.montecarlo import draw
from thermonet.studies.probe import Options, study_probe
from thermonet.studies.values import Values
from thermonet.system.steady import gradient, resistance
from thermonet.uncertainty.intervals import shortest_interval

DESIGN = Path(__file__).parents[1] / "geometries" / "ntistp.yaml"
SCALE = 2.0
QUICK = (f"numerics.element_scale={SCALE:g}", "numerics.tolerance=1 %")
COARSE = ("numerics.element_scale=4", "numerics.tolerance=20 %")
#: The keys that never change their meaning, and their coherent units.
KEYS = {
    "probe_resistance": "K/W",
    "time_constant_slowest": "s",
    "time_constant_elmore": "s",
    "time_constant_63": "s",
    "bandwidth_3db": "Hz",
    "apex_resistance": "K/W",
    "base_resistance": "K/W",
    "film_resistance": "K/W",
    "junction_resistance": "K/W",
    "substrate_resistance": "K/W",
    "responsivity": "V/W",
    "noise_equivalent_power": "W/Hz^0.5",
}
FILM = "materials.Au_film.thermal_conductivity"


def document(*settings, base=QUICK):
    return read_probe(DESIGN, (*base, *settings))


@pytest.fixture(scope="module")
def study():
    return study_probe(document())


@pytest.fixture(scope="module")
def sensitivities(study):
    """Derivatives of R_P by every uncertain input, {input: derivative}; their mesh is twice as coarse."""
    return {line.input.name: line.sensitivity for line in study.budgets["probe_resistance"].lines}


def value(study, key):
    return study.result.quantities[key].value


# --- the contract -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "unit"), KEYS.items())
def test_every_key_is_there_in_its_unit(study, key, unit):
    """A quantity in coherent SI, positive and finite, with symbol and description."""
    found = study.result.quantities[key]
    assert found.unit == unit
    assert 0 < found.value < math.inf
    assert found.symbol
    assert found.description
    assert found.u is None or found.u >= 0
    assert found.numerical_error is None or found.numerical_error >= 0


def test_tables_and_checks_are_there(study):
    """Budgets of every quantity with an uncertainty, modes, step, frequency; five checks with their thresholds."""
    tables, checks = study.result.tables, study.result.checks
    assert {"modes", "step", "frequency"} <= tables.keys()
    for key, quantity in study.result.quantities.items():
        assert (f"budget.{key}" in tables) == bool(quantity.u)
    laws = {"energy_balance", "reciprocity"}
    assert checks.keys() == {"junction_much_larger_than_probe", "quasi_static", "compact_model", *laws}
    assert checks["junction_much_larger_than_probe"].threshold == pytest.approx(0.01)
    assert checks["quasi_static"].threshold == pytest.approx(1e-3)
    for table in tables.values():
        assert len({len(column.values) for column in table.values()}) == 1


def test_the_prediction_is_as_uncertain_as_film_data(study):
    """Before fabrication R_P is known to tens of per cent, not to the 0.7 % of its measurement."""
    found = study.result.quantities["probe_resistance"]
    assert 0.05 < found.u / found.value < 0.5
    assert found.numerical_error < 0.01 * found.value
    assert abs(found.value - 72800) < 3 * found.u


def test_conservation_laws(study):
    """Heat in equals heat out, and source and sensor may be exchanged."""
    for key in ("energy_balance", "reciprocity"):
        assert study.result.checks[key].holds is True
        assert abs(study.result.checks[key].value) <= study.result.checks[key].threshold == 1e-9


def test_numbers_belong_together(study):
    """Definitions between the keys: R_a, rho, NEP, and the order of the times."""
    couple = study.document.thermocouple
    assert value(study, "access_resistance") == pytest.approx(
        value(study, "apex_resistance") - value(study, "probe_resistance"), rel=1e-12
    )
    rho = couple.seebeck_coefficient.value * value(study, "probe_resistance")
    assert value(study, "responsivity") == pytest.approx(rho, rel=1e-12)
    assert value(study, "noise_equivalent_power") == pytest.approx(couple.noise_density.value / rho, rel=1e-12)
    assert value(study, "base_resistance") < value(study, "probe_resistance") < value(study, "apex_resistance")
    assert value(study, "time_constant_elmore") < value(study, "time_constant_slowest")
    relative = [study.result.quantities[key].u / value(study, key) for key in ("responsivity", "probe_resistance")]
    seebeck = couple.seebeck_coefficient.u / couple.seebeck_coefficient.value
    assert relative[0] ** 2 == pytest.approx(relative[1] ** 2 + seebeck**2, rel=1e-6)


def test_the_small_model_is_the_large_one(study):
    """R_P, Z_cc and the first moment from the field of the large system, without any reduction."""
    held = study.solved.held
    assert resistance(held, "thermocouple", "apex") == pytest.approx(value(study, "probe_resistance"), rel=1e-9)
    assert resistance(held, "contact", "apex") == pytest.approx(value(study, "apex_resistance"), rel=1e-9)
    field = held.solve(held.system.sources["apex"])
    stored = np.asarray(held.C @ field)
    stored[held.fixed] = 0.0
    sensor = held.system.sensors["thermocouple"]
    moment = sensor @ held.solve(stored) / (sensor @ field)
    assert value(study, "time_constant_elmore") == pytest.approx(moment, rel=1e-9)


def test_tables_agree_with_the_numbers(study):
    """Steps end and frequencies begin at R_P, shares sum to one, the crossing times are where they are said to be."""
    tables, static = study.result.tables, value(study, "probe_resistance")
    time, rise = (np.array(tables["step"][key].values) for key in ("time", "temperature"))
    assert rise[-1] == pytest.approx(static, rel=1e-3)
    assert np.interp(value(study, "time_constant_63"), time, rise) == pytest.approx(static * (1 - 1 / math.e), rel=5e-3)
    frequency, amplitude = (np.array(tables["frequency"][key].values) for key in ("frequency", "amplitude"))
    assert amplitude[0] == pytest.approx(static, rel=1e-3)
    corner = np.interp(value(study, "bandwidth_3db"), frequency, amplitude)
    assert corner == pytest.approx(static / math.sqrt(2), rel=5e-3)
    assert sum(tables["modes"]["share"].values) == pytest.approx(1.0, rel=1e-9)
    assert tables["modes"]["time_constant"].values[0] == pytest.approx(value(study, "time_constant_slowest"), rel=1e-6)


@pytest.mark.parametrize("key", ["probe_resistance", "time_constant_elmore", "responsivity", "substrate_resistance"])
def test_a_budget_adds_up(study, key):
    """Shares sum to one, contributions in quadrature to u, the largest first; sources are stated."""
    table, u = study.result.tables[f"budget.{key}"], study.result.quantities[key].u
    contributions = np.array(table["contribution"].values)
    assert math.hypot(*contributions) == pytest.approx(u, rel=1e-12)
    assert contributions == pytest.approx(np.array(table["sensitivity"].values) * table["u"].values, rel=1e-12)
    shares = table["share"].values
    assert shares == pytest.approx((contributions / u) ** 2, rel=1e-9)
    assert sum(shares) == pytest.approx(1.0, rel=1e-12)
    assert list(shares) == sorted(shares, reverse=True)
    assert len(set(table["input"].values)) == len(table["input"].values)
    assert all(table["source"].values)


def test_the_result_is_strict_json_and_reads_back(study):
    """No NaN, no infinity, no numpy; what is read is what was written."""
    text = study.result.as_json()
    plain = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert plain["schema"] == "thermonet/result/1"
    assert set(plain) == {"schema", "kind", "name", "quantities", "tables", "checks"}
    assert (plain["kind"], plain["name"]) == ("study", "ntistp")
    for entry in plain["quantities"].values():
        assert set(entry) == {"value", "unit", "symbol", "description", "u", "numerical_error", "source"}
    for entry in plain["checks"].values():
        assert set(entry) == {"holds", "value", "u", "threshold", "explanation"}
    again = read_result(text)
    assert again.as_json() == text
    assert again.quantities["probe_resistance"] == study.result.quantities["probe_resistance"]


@pytest.mark.parametrize("text", ["{}", '{"schema": "thermonet/result/2"}'])
def test_other_json_is_no_result(text):
    """A file of another schema is refused."""
    with pytest.raises(ValueError, match="expected a result of schema"):
        read_result(text)


def test_a_number_that_is_not_finite_is_a_defect(study):
    """A result with NaN in it cannot be written."""
    broken = replace(study.result.quantities["probe_resistance"], value=math.nan)
    with pytest.raises(ValueError, match="not finite"):
        replace(study.result, quantities={"probe_resistance": broken}).as_json()


def test_a_tolerance_out_of_reach_is_said_with_the_best_estimate(monkeypatch):
    """A tolerance that no refinement meets is an error that still hands over its number."""
    monkeypatch.setattr("thermonet.studies.probe._FINEST", 2.0)
    with pytest.raises(NotConvergedError, match=r"R_P = .* K/W is uncertain by"):
        study_probe(document("numerics.tolerance=1e-9", base=("numerics.element_scale=4",)))


# --- the verdict --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("junction", "verdicts"), [(1e7, {"holds": 0.05, "fails": 0.001}), (1e9, {"holds": 0.01})])
def test_the_bias_of_a_finite_junction(junction, verdicts):
    """With an ideal substrate the worst bias is that of f = 1: -(R_P + R_a) / (R_J + R_P + R_a)."""
    found = study_probe(document(f"junction.resistance={junction} K/W", "substrate.resistance=0 K/W", base=COARSE))
    check = found.result.checks["junction_much_larger_than_probe"]
    apex = value(found, "probe_resistance") + value(found, "access_resistance")
    assert check.value == pytest.approx(-apex / (junction + apex), rel=1e-9)
    assert check.threshold == pytest.approx(0.01)
    # u: the derivative by Z_cc alone, R_J being exact
    slope = junction / (junction + apex) ** 2
    assert check.u == pytest.approx(slope * found.result.quantities["apex_resistance"].u, rel=1e-6)
    # the same with R_J joined to the field at the contact
    assert found.contact.field == pytest.approx(check.value, abs=1e-9)
    for verdict, tolerance in verdicts.items():
        assert junction_check(found.contact, found.inputs, tolerance).holds is (verdict == "holds")
    between = abs(check.value) + check.u
    assert junction_check(found.contact, found.inputs, between).holds is None


def test_a_metallic_contact_by_wiedemann_and_franz():
    """R_J = 1 / (L_0 T G) of one conductance quantum at 300 K is 1.76e9 K/W; without a statement it is 1e7 K/W."""
    conductance = 2 * 1.602176634e-19**2 / 6.62607015e-34
    found = junction_resistance(document("junction.electrical_conductance=1 G0"), Values())
    assert found == pytest.approx(1 / (LORENZ_NUMBER * 300 * conductance), rel=1e-9)
    assert found == pytest.approx(1.76e9, rel=1e-2)
    assert junction_resistance(document(), Values()) == 1e7


# --- derivatives --------------------------------------------------------------------------------------------------


@cache
def resolved(name, share):
    """Answers of the probe with one input moved by a share of itself, meshed and solved anew at twice the scale."""
    doc, values = document(), Values()
    probe_of(doc, values)
    moved = Values({name: values.inputs[name].value * (1 + share)})
    return solve_probe(probe_of(doc, moved), 2 * SCALE).answers


def difference(name, key, stated, share=1e-3):
    """Central difference of one answer by one input."""
    return (resolved(name, share)[key] - resolved(name, -share)[key]) / (2 * share * stated.value)


def is_material(name):
    return name.startswith(("materials.", "interfaces."))


def test_every_derivative_is_that_of_models_solved_anew(study, sensitivities):
    """The small model's derivative by every input equals a central difference of full solutions on the same mesh."""
    checked = {"material": 0, "shape": 0}
    for name, slope in sensitivities.items():
        stated = study.inputs[name]
        if abs(slope * stated.value / value(study, "probe_resistance")) < 1e-6:
            continue
        kind = "material" if is_material(name) else "shape"
        # Rounding of a one-sided step, where the effect is small: an elasticity d(ln R)/d(ln p) of 1e-5.
        floor = (3e-8 if kind == "material" else 1e-5) * value(study, "probe_resistance") / abs(stated.value)
        expected = difference(name, "probe_resistance", stated)
        assert slope == pytest.approx(expected, rel=1e-5 if kind == "material" else 1e-3, abs=floor), name
        checked[kind] += 1
    assert checked["material"] >= 8
    assert checked["shape"] >= 12


@pytest.mark.parametrize(
    "key",
    [
        "time_constant_slowest",
        "time_constant_elmore",
        "time_constant_63",
        "bandwidth_3db",
        "apex_resistance",
        "base_resistance",
        "film_resistance",
    ],
)
@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        (FILM, 2e-3),
        ("materials.SiN_LPCVD.specific_heat", 2e-3),
        ("apex.height", 2e-2),
        ("interfaces.metal/dielectric", 2e-3),
    ],
)
def test_other_answers_move_as_models_solved_anew(study, key, name, tolerance):
    """Times, bandwidth and the other resistances follow their inputs too, where the effect is more than nothing."""
    lines = {line.input.name: line for line in study.budgets[key].lines}
    stated = study.inputs[name]
    expected = difference(name, key, stated)
    small = 1e-3 * abs(value(study, key) / stated.value)
    assert lines[name].sensitivity == pytest.approx(expected, rel=tolerance, abs=small)


def test_every_affine_term_by_its_adjoint(study):
    """dR_P / dtheta_i from the adjoint field equals a central difference for every term of the system."""
    model = probe_model(study.probe, 4.0)
    found = gradient(model.system.hold("chip"), "thermocouple", "apex")
    assert found.by_term.keys() == model.system.K.keys()
    assert found.resistance == pytest.approx(resistance(model.system.hold("chip"), "thermocouple", "apex"), rel=1e-12)
    for name, slope in found.by_term.items():
        theta = model.system.theta[name]
        ends = [
            resistance(model.system.at({name: theta * factor}).hold("chip"), "thermocouple", "apex")
            for factor in (1.0003, 0.9997)
        ]
        expected = (ends[0] - ends[1]) / (6e-4 * theta)
        rounding = 1e-7 * found.resistance / theta
        assert slope == pytest.approx(expected, rel=1e-6, abs=1e-6 * rounding / 1e-7), name


def test_degree_zero_in_conductances(study):
    """All conductances of the system times c divide R_P by c, so that its slopes sum to minus itself (Euler)."""
    model = probe_model(study.probe, 4.0)
    found = gradient(model.system.hold("chip"), "thermocouple", "apex")
    total = sum(slope * model.system.theta[name] for name, slope in found.by_term.items())
    assert total == pytest.approx(-found.resistance, rel=1e-9)


# --- what is one cause --------------------------------------------------------------------------------------------


def u_of(*settings):
    found = study_probe(document(*settings, base=COARSE))
    return found.result.quantities["probe_resistance"].u, found


@pytest.fixture(scope="module")
def coarse():
    return u_of()


def test_films_of_one_material_share_one_cause(coarse):
    """The two gold films are one input; each in a batch of its own they are two, which changes u(R_P)."""
    shared = {line.input.name: line for line in coarse[1].budgets["probe_resistance"].lines}
    assert sum("Au_film.thermal_conductivity" in name for name in shared) == 1
    u, found = u_of("apex.layers.inner_gold.batch=first")
    apart = {line.input.name: line for line in found.budgets["probe_resistance"].lines}
    assert {FILM, f"{FILM}[first]"} <= apart.keys()
    both = apart[FILM].sensitivity + apart[f"{FILM}[first]"].sensitivity
    assert both == pytest.approx(shared[FILM].sensitivity, rel=1e-6)
    assert u < coarse[0]
    expected = coarse[0] ** 2 - shared[FILM].contribution ** 2
    expected += apart[FILM].contribution ** 2 + apart[f"{FILM}[first]"].contribution ** 2
    others = [key for key in shared if key.startswith("materials.Au_film.") and key != FILM]
    assert others == [] or all(abs(shared[key].contribution) < 1e-6 * coarse[0] for key in others)
    assert u == pytest.approx(math.sqrt(expected), rel=1e-6)


def test_a_film_of_its_own_conductivity(coarse):
    """A layer that states its thermal_conductivity has an input of its own; the material keeps the rest."""
    path = "apex.layers.outer_gold.thermal_conductivity"
    _, found = u_of(f"{path}=100 ± 10 W/m/K")
    lines = {line.input.name: line for line in found.budgets["probe_resistance"].lines}
    assert (lines[path].input.value, lines[path].input.u) == (100.0, 10.0)
    assert found.probe.properties.conductivity["outer_gold"] == 100.0
    assert found.probe.sheets["outer_gold"].conductivity == 100.0
    assert found.probe.properties.conductivity["inner_gold"] == coarse[1].probe.properties.conductivity["inner_gold"]
    assert abs(lines[FILM].contribution) < abs(
        next(line for line in coarse[1].budgets["probe_resistance"].lines if line.input.name == FILM).contribution
    )


def test_a_sheet_resistance_fixes_the_sheet():
    """K t = L T / R_sheet whatever the thickness: on the plate it cancels, and its input is the resistance."""
    path = "apex.layers.outer_gold"
    settings = (f"{path}.sheet_resistance=0.5 ± 0.02 ohm",)
    doc = document(*settings, base=COARSE)
    probe = probe_of(doc, Values())
    sheet = probe.sheets["outer_gold"]
    assert sheet.conductivity * sheet.thickness == pytest.approx(LORENZ_NUMBER * 300 / 0.5, rel=1e-12)
    thicker = probe_of(doc, Values({f"{path}.thickness": 120e-9})).sheets["outer_gold"]
    assert thicker.thickness == 120e-9
    assert thicker.conductivity * thicker.thickness == pytest.approx(LORENZ_NUMBER * 300 / 0.5, rel=1e-12)
    half = document(*settings, f"{path}.lorenz_ratio=1.5", base=COARSE)
    assert probe_of(half, Values()).sheets["outer_gold"].conductivity == pytest.approx(1.5 * sheet.conductivity)
    found = study_probe(doc)
    lines = {line.input.name: line for line in found.budgets["base_resistance"].lines}
    # a thickness still moves the ring's radius a little; the sheet it does not
    thickness, electrical = lines[f"{path}.thickness"], lines[f"{path}.sheet_resistance"]
    elasticity = [line.sensitivity * line.input.value for line in (thickness, electrical)]
    assert abs(elasticity[0]) < 0.05 * abs(elasticity[1])
    assert elasticity[1] > 0


def test_the_size_effect_route():
    """K follows from bulk, grains and faces: the closed form, with inputs of their own, thinner films worse."""
    path = "apex.layers.outer_gold.size_effect"
    route = "{grain_size: 40 ± 8 nm, specularity: '0.3', grain_reflection: '0.3'}"
    doc = document(f"{path}={route}", base=COARSE)
    values = Values()
    probe = probe_of(doc, values)
    bulk, mean_free_path = (
        values.inputs[f"materials.Au_film.{key}"].value for key in ("bulk_conductivity", "electron_mean_free_path")
    )
    film = doc.apex.layers["outer_gold"].thickness.value
    expected = film_conductivity(
        bulk,
        thickness=film,
        grain_size=40e-9,
        mean_free_path=mean_free_path,
        specularity=0.3,
        grain_reflection=0.3,
    )
    assert probe.properties.conductivity["outer_gold"] == pytest.approx(expected, rel=1e-12)
    thinner = probe_of(doc, Values({"apex.layers.outer_gold.thickness": film / 2}))
    assert thinner.properties.conductivity["outer_gold"] < expected
    found = study_probe(doc)
    lines = {line.input.name: line for line in found.budgets["probe_resistance"].lines}
    assert lines[f"{path}.grain_size"].sensitivity < 0


def test_a_material_changed_by_the_design():
    """A conductivity stated under materials counts for every film of it, and carries the design's uncertainty."""
    found = u_of("materials.Au_film.thermal_conductivity=200 ± 4 W/m/K")[1]
    line = next(line for line in found.budgets["probe_resistance"].lines if line.input.name == FILM)
    assert (line.input.value, line.input.u) == (200.0, 4.0)
    assert found.probe.properties.conductivity["inner_gold"] == found.probe.sheets["outer_gold"].conductivity == 200.0


def test_an_exact_input_is_not_drawn(study):
    """Inputs without an uncertainty are known by name, in no budget and in no trial."""
    exact = {name for name, stated in study.inputs.items() if stated.is_exact}
    assert "junction.resistance" in exact
    assert not exact & draw(study.inputs, 2, 0).keys()
    for spread in study.budgets.values():
        assert not exact & {line.input.name for line in spread.lines}


def test_a_tip_alone_stands_on_its_held_foot():
    """Without a cantilever there is no base, and R_P is what was above it."""
    text = DESIGN.read_text(encoding="utf-8")
    start = text.index("\ncantilever:")
    alone = text[:start] + text[text.index("\nthermocouple:") :]
    assert "cantilever:" not in alone
    from thermonet.documents.located import parse
    from thermonet.documents.probe import ProbeDocument
    from thermonet.documents.reader import validated

    doc = validated(parse(alone, "alone.yaml"), ProbeDocument)
    tip, whole = (solve_probe(probe_of(d, Values()), 4.0).answers for d in (doc, document()))
    assert "base_resistance" not in tip
    assert whole["probe_resistance"] == pytest.approx(tip["probe_resistance"] + whole["base_resistance"], rel=1e-9)
    assert whole["apex_resistance"] == pytest.approx(tip["apex_resistance"] + whole["base_resistance"], rel=1e-9)


# --- trials -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trials():
    return study_probe(document(base=COARSE), Options(trials=60, seed=7, jobs=1))


def test_trials_do_not_depend_on_the_number_of_processes(trials):
    """One seed gives identical numbers in one process and in two; another seed gives others."""
    two = study_probe(document(base=COARSE), Options(trials=60, seed=7, jobs=2))
    assert two.trials == trials.trials
    assert two.result.as_json() == trials.result.as_json()
    other = draw(trials.inputs, 60, 8)
    assert not np.array_equal(other["apex.height"], draw(trials.inputs, 60, 7)["apex.height"])


def test_trials_agree_with_first_order(trials):
    """Sixty trials find u(R_P) within their own scatter, and their table stands beside first order."""
    found = trials.trials.quantities["probe_resistance"]
    quantity = trials.result.quantities["probe_resistance"]
    assert trials.trials.trials + trials.trials.impossible == 60
    assert found.u == pytest.approx(quantity.u, rel=0.4)
    assert abs(found.mean - quantity.value) < 4 * quantity.u / math.sqrt(60) + 0.3 * quantity.u
    assert found.low < quantity.value < found.high
    assert found.first_order == pytest.approx(
        (quantity.value - 1.96 * quantity.u, quantity.value + 1.96 * quantity.u), rel=1e-3
    )
    table = trials.result.tables["monte_carlo"]
    row = list(table["quantity"].values).index("probe_resistance")
    assert table["u"].values[row] == found.u


def test_draws_have_the_inputs_distributions(trials):
    """Every uncertain input is drawn once per trial, with its own mean and spread, independently of the others."""
    draws = draw(trials.inputs, 20_000, 3)
    assert draws.keys() == {name for name, stated in trials.inputs.items() if not stated.is_exact}
    for name, found in draws.items():
        stated = trials.inputs[name]
        if stated.distribution == "lognormal":
            assert np.log(found).std() == pytest.approx(stated.u / stated.value, rel=0.03)
        else:
            assert found.std() == pytest.approx(stated.u, rel=0.03)
    height, angle = draws["apex.height"], draws["apex.half_angle"]
    assert abs(np.corrcoef(height, angle)[0, 1]) < 0.03


def test_draws_that_nobody_could_build_are_counted():
    """A conductivity drawn below zero is no probe: it is counted and left out, not computed with."""
    wide = document("cantilever.layers.body.thermal_conductivity=3 ± 3 W/m/K", base=COARSE)
    found = study_probe(wide, Options(trials=16, seed=1))
    below = (draw(found.inputs, 16, 1)["cantilever.layers.body.thermal_conductivity"] <= 0).sum()
    assert found.trials.impossible >= below > 0
    assert found.trials.trials == 16 - found.trials.impossible


@pytest.mark.parametrize(("count", "coverage"), [(20, 0.95), (1000, 0.95), (1000, 0.5)])
def test_the_shortest_interval(count, coverage):
    """Of an exponential the shortest interval begins at its least value; it holds the wanted part of the trials."""
    numbers = -np.log(1 - (np.arange(count) + 0.5) / count)
    low, high = shortest_interval(numbers, coverage)
    assert low == numbers.min()
    assert ((numbers >= low) & (numbers <= high)).mean() >= coverage
    assert high == pytest.approx(-math.log(1 - coverage), rel=0.35 if count == 20 else 0.02)
