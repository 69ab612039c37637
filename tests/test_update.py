"""A probe design updated by measurements: the mode, widths, tension, the design written anew."""

import logging
import math
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from thermonet.documents.fields import Entry
from thermonet.documents.located import dumped, load, parse
from thermonet.documents.probe import ProbeDocument
from thermonet.documents.reader import validated
from thermonet.quantities.constants import LORENZ_NUMBER
from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.inputs import Input
from thermonet.results.record import read_result
from thermonet.studies.answers import solve_probe
from thermonet.studies.design import probe_of, probe_problems, read_probe
from thermonet.studies.probe import study_probe
from thermonet.studies.update import update_probe
from thermonet.studies.update_document import Learned, plain, write_design
from thermonet.studies.update_model import Measurements, update_model
from thermonet.studies.values import Values

GEOMETRIES = Path(__file__).parents[1] / "geometries"
GOLD, ANGLE, WALL = "materials.Au_film.thermal_conductivity", "apex.half_angle", "apex.sidewall_factor.evaporated"
OUTER, SEEBECK = "apex.layers.outer_gold.thickness", "thermocouple.seebeck_coefficient"
COARSE = ("numerics.element_scale=4", "numerics.tolerance=20 %")
#: Of the tip alone; the design predicts 71 ± 24 kK/W.
MEASURED, U = 50e3, 500.0


@cache
def tip(*settings, uncertain=(GOLD, ANGLE, OUTER, WALL, SEEBECK)):
    """The tip alone, with few uncertain inputs: everything else is set to its value, exactly."""
    file = GEOMETRIES / "ntistp_apex.yaml"
    values = Values()
    probe_of(read_probe(file), values)
    exact = [
        f"{name}={value.value!r} {'' if value.unit == '1' else value.unit}"
        for name, value in values.inputs.items()
        if name not in uncertain and "sidewall" not in name
    ]
    exact += [f"apex.layers.{name}.sidewall_factor=1" for name in ("inner_nitride", "outer_nitride")]
    return read_probe(file, (*exact, *COARSE, *settings))


def resistance_measured(value=MEASURED, u=U, **others):
    return Measurements(values={"probe_resistance": (value, u), **others})


@pytest.fixture(scope="module")
def update():
    """The tip updated by its resistance."""
    return update_probe(tip(), resistance_measured(), samples=20_000)


def column(update, table, key):
    return update.result.tables[table][key].values


def predicted(update, name, attribute):
    return float(getattr(update.predictions, attribute)[update.predictions.number(name)])


# --- the update -----------------------------------------------------------------------------------------------------


def shrunk(update, value=MEASURED, u=U):
    """How far a prediction may stay behind the measured value: what the prior weighs, and a tenth of u."""
    prior, width = (predicted(update, "probe_resistance", key) for key in ("prior", "prior_u"))
    return 0.1 * u + abs(prior - value) * (u / width) ** 2


def test_the_update_predicts_what_was_measured(update):
    """At the mode, solved on the fine mesh, and in the mean of the samples."""
    assert abs(predicted(update, "probe_resistance", "mode") - MEASURED) <= shrunk(update)
    assert abs(predicted(update, "probe_resistance", "mean") - MEASURED) <= shrunk(update)
    assert column(update, "predictions", "residual")[0] == pytest.approx(0, abs=0.1)


def test_the_width_becomes_that_of_the_measurement(update):
    """A prior almost fifty times as wide adds nothing: the posterior's u of R_P is the measurement's."""
    assert predicted(update, "probe_resistance", "prior_u") > 20 * U
    assert predicted(update, "probe_resistance", "u") == pytest.approx(U, rel=0.03)
    assert predicted(update, "probe_resistance", "laplace_u") == pytest.approx(U, rel=0.01)


def test_prior_widths_are_those_of_a_study(update):
    """Before the update a prediction and its u are what `study` says."""
    study = study_probe(tip("numerics.element_scale=1")).result.quantities
    for name in ("probe_resistance", "time_constant_elmore", "apex_resistance", "access_resistance"):
        assert predicted(update, name, "prior") == pytest.approx(study[name].value, rel=5e-3)
        assert predicted(update, name, "prior_u") == pytest.approx(study[name].u, rel=0.03)


def test_mode_is_a_stationary_point_of_the_true_model(update):
    """There the gradient of the objective vanishes, with finite-element derivatives of central differences."""
    model, found = update.model, update.posterior
    prior, observed, scale, step = found.prior, found.observed, 2.0, 1e-3
    at_mode = found.surface.predicted(prior.coordinates(found.mode))[0]
    pull = (observed.values[0] - at_mode) / observed.covariance[0, 0]
    slopes = []
    for i in range(prior.size):
        ends = []
        for sign in (1, -1):
            z = found.mode.copy()
            z[i] += sign * step
            ends.append(model.predicted(prior.coordinates(z), scale)[0])
        slopes.append((ends[0] - ends[1]) / (2 * step))
    assert found.mode == pytest.approx(pull * np.array(slopes), rel=0.01, abs=2e-3)


def test_hessian_holds_the_curvature_of_the_true_model(update):
    """The curvature of ln R_P by z agrees with second differences of whole solutions, pair by pair."""
    found, step, scale = update.posterior, 0.15, 2.0
    prior, unit = found.prior, np.eye(update.posterior.prior.size)

    def true(z):
        return update.model.predicted(prior.coordinates(z), scale)[0]

    def surface(z):
        return found.surface.predicted(prior.coordinates(z))[0]

    for i, j in ((0, 1), (1, 1), (0, 2)):
        corners = [(a * b, found.mode + step * (a * unit[i] + b * unit[j])) for a in (1, -1) for b in (1, -1)]
        expected, bent = (sum(sign * model(z) for sign, z in corners) / (4 * step**2) for model in (true, surface))
        assert bent == pytest.approx(expected, rel=0.05, abs=2e-3)


def test_what_was_not_measured_is_not_learned(update):
    """R_P says nothing of S_TC: its distribution stays, and with it u of the responsivity."""
    number = update.parameters.names.index(SEEBECK)
    assert not update.parameters.learned[number]
    assert update.parameters.u[number] == pytest.approx(update.parameters.prior_u[number], rel=0.02)
    relative = math.hypot(U / MEASURED, 0.2 / 16.3)
    assert predicted(update, "responsivity", "u") == pytest.approx(relative * MEASURED * 16.3e-6, rel=0.03)


def test_inputs_are_sorted_by_what_was_learned(update):
    """Gains fall, start at what mattered most before, and are the widths' and medians' divergences."""
    gains = column(update, "parameters", "gain")
    assert gains == sorted(gains, reverse=True)
    assert column(update, "parameters", "input")[0] in (GOLD, WALL)
    assert max(column(update, "parameters", "ratio")[:2]) < 0.95


def test_opposed_inputs_are_correlated_afterwards(update):
    """Better gold and thicker walls both lower R_P: together they are known well, apart they are not."""
    pairs = {
        frozenset(pair): value
        for *pair, value in zip(
            *(column(update, "correlations", key) for key in ("input", "other", "correlation")), strict=True
        )
    }
    assert pairs[frozenset((GOLD, WALL))] < -0.2


def test_covariance_belongs_to_the_widths(update):
    """The table is symmetric, positive definite, and has the squared widths on its diagonal."""
    names = column(update, "covariance", "input")
    matrix = np.array([column(update, "covariance", name) for name in names])
    scale = np.sqrt(np.diag(matrix))
    assert (np.linalg.eigvalsh(matrix / np.outer(scale, scale)) > 0).all()
    widths = dict(zip(update.parameters.names, update.parameters.u, strict=True))
    assert scale == pytest.approx([widths[name] for name in names])


def test_surface_was_tested_where_the_posterior_lives(update):
    """Against fine solutions at samples the surface never saw, its error is far below u."""
    check = update.result.checks["surface_adequate"]
    assert check.holds
    assert 0 < check.value < 0.3
    assert predicted(update, "probe_resistance", "surface_error") == pytest.approx(check.value * U / MEASURED)


def test_normal_approximation_is_judged(update):
    """The check holds the largest relative difference of any reported width, and says what follows."""
    check = update.result.checks["laplace_adequate"]
    differences = [
        abs(laplace / u - 1)
        for part in (update.parameters, update.predictions)
        for laplace, u in zip(part.laplace_u, part.u, strict=True)
    ]
    assert check.value == pytest.approx(max(differences))
    assert check.threshold == 0.05
    assert check.holds == (check.value <= 0.05)
    assert ("Laplace not adequate" in check.explanation) == (not check.holds)


def test_result_is_strict_json_and_reads_back(update):
    """All tables and checks survive the file; densities have at most 200 points per input and integrate to 1."""
    back = read_result(update.result.as_json())
    assert back.quantities["probe_resistance"].u == pytest.approx(U, rel=0.03)
    table = back.tables["densities"]
    names = np.array(table["input"].values)
    for name in set(names):
        value, after = (np.array(table[key].values)[names == name] for key in ("value", "posterior"))
        assert len(value) <= 200
        assert float(((after[1:] + after[:-1]) / 2 * np.diff(value)).sum()) == pytest.approx(1, abs=0.02)


# --- tension --------------------------------------------------------------------------------------------------------


def test_no_tension_where_the_prior_expected_it(update):
    """50 kK/W lies within the prior's 71 ± 24 kK/W."""
    assert update.result.checks["prior_tension"].holds
    assert update.tension.p_value == pytest.approx(math.erfc(math.sqrt(update.tension.chi_squared / 2)), rel=1e-6)


@pytest.mark.slow
def test_tension_is_named_and_the_update_still_holds(caplog):
    """A resistance that the design hardly allows: a warning by its name, and a mode that predicts it all the same."""
    with caplog.at_level(logging.WARNING):
        update = update_probe(tip(), resistance_measured(17e3, 200.0), samples=5000)
    assert not update.result.checks["prior_tension"].holds
    assert update.result.checks["prior_tension"].value < 0.01
    assert any(message.startswith("prior_tension: ") for message in caplog.messages)
    assert predicted(update, "probe_resistance", "mode") == pytest.approx(17e3, abs=0.3 * 200)
    assert update.result.checks["surface_adequate"].holds


# --- the design written anew ------------------------------------------------------------------------------------------


def test_the_written_design_predicts_what_was_measured(update, tmp_path):
    """Read from its file and solved anew, it gives the resistance of the mode."""
    file = tmp_path / "updated.yaml"
    file.write_text(update.text, encoding="utf-8")
    document = read_probe(file)
    solved = solve_probe(probe_of(document, Values()), 1.0).answers["probe_resistance"]
    assert abs(solved - MEASURED) <= shrunk(update)
    assert update.result.checks["design_faithful"].holds


def test_the_written_design_says_what_it_is(update):
    """Its comments name the measurement and what is lost; learned values carry the prior in their source."""
    assert "updated by probe_resistance 50.00 ± 0.50 kK/W" in update.text.splitlines()[0]
    assert "covariance" in update.text
    assert "with the correlations it is" in update.text
    gold = update.design.document.materials["Au_film"].thermal_conductivity
    number = update.parameters.names.index(GOLD)
    assert gold.value == pytest.approx(update.parameters.mode[number], rel=1e-6)
    assert gold.u == pytest.approx(update.parameters.u[number], rel=1e-2)
    assert gold.source.startswith("updated by probe_resistance 50.00 ± 0.50 kK/W (prior 150 ± 30 W/m/K, lognormal; ")
    assert update.design.document.thermocouple == update.model.document.thermocouple


def test_lost_correlations_widen_the_prediction(update):
    """Its inputs taken as independent, the updated design knows R_P far worse than the posterior does."""
    alone = column(update, "predictions", "independent_u")[0]
    assert alone > 10 * predicted(update, "probe_resistance", "u")
    assert alone < predicted(update, "probe_resistance", "prior_u")


def test_default_walls_are_stated_per_layer(update):
    """The default sidewall factor follows the half angle; afterwards every evaporated film states its own."""
    layers = update.design.document.apex.layers
    names = update.parameters.names
    angle, deviation = (update.parameters.mode[names.index(name)] for name in (ANGLE, WALL))
    stated = update.model.document.apex.half_angle.value
    for name in ("inner_gold", "chromium", "outer_gold"):
        assert layers[name].sidewall_factor.value == pytest.approx(
            math.sin(angle) - math.sin(stated) + deviation, rel=1e-6
        )
    assert layers["outer_nitride"].sidewall_factor.is_exact


def test_a_design_keeps_its_own_words():
    """With the file at hand its units stay, and its lines that nothing was learned of."""
    file = GEOMETRIES / "ntistp.yaml"
    document = read_probe(file)
    prior = document.apex.height.named("apex.height")
    learned = {prior.name: Learned(prior, 7.5e-6, 0.3e-6, 0.5)}
    written = write_design(document, learned, None, "a measurement", load(file))
    height = written.data["apex"]["height"]
    assert height["value"] == "7.5 um"
    assert height["u"] == "0.3 um"
    assert written.data["apex"]["half_angle"] == load(file).data["apex"]["half_angle"]
    assert written.document.apex.height.u == pytest.approx(0.3e-6)
    assert load(file).data["apex"]["height"]["value"] == "8 um"


def test_bounded_inputs_of_which_little_was_learned_keep_their_ends():
    """Narrowed by 2 %, a uniform input stays uniform about its new best value; narrowed by half it is normal."""
    document = read_probe(GEOMETRIES / "ntistp.yaml")
    prior = document.apex.height.named("apex.height")
    little, much = (
        write_design(document, {prior.name: Learned(prior, 7.8e-6, ratio * prior.u, ratio)}, None, "test").document.apex
        for ratio in (0.98, 0.5)
    )
    assert (little.height.distribution, little.height.low, little.height.high) == ("uniform", 7e-6, 9e-6)
    assert little.height.value == pytest.approx(7.8e-6)
    assert much.height.distribution == "normal"
    assert much.height.u == pytest.approx(0.5 * prior.u, rel=1e-2)


def test_other_batches_keep_what_they_had():
    """A conductivity learned of the tip's gold is none of the substrate's, and one of a batch is stated per film."""
    document = read_probe(GEOMETRIES / "ntistp.yaml")
    values = Values()
    probe_of(document, values)
    prior = values.inputs[GOLD]
    written = write_design(document, {GOLD: Learned(prior, 163.0, 25.0, 0.8)}, None, "test").document
    assert written.materials["Au_film"].thermal_conductivity.value == 163.0
    assert written.substrate.stack.film.thermal_conductivity.value == prior.value
    assert written.substrate.stack.film.thermal_conductivity.u == pytest.approx(prior.u)
    batch = f"{GOLD}[substrate]"
    found = write_design(document, {batch: Learned(replace(prior, name=batch), 120.0, 9.0, 0.5)}, None, "test")
    assert found.document.substrate.stack.film.thermal_conductivity.value == 120.0
    assert not found.document.materials
    assert found.unwritten == ()


def test_what_has_no_place_in_a_design_is_said():
    """A Lorenz ratio belongs to the measurement, a density of one batch to no line of a design."""
    document = read_probe(GEOMETRIES / "ntistp.yaml")
    learned = {
        name: Learned(Input(value=1.0, u=0.1, distribution="lognormal", name=name), 1.1, 0.05, 0.5)
        for name in ("measured.lorenz_ratio.Au_film", "materials.Au_film.density[substrate]")
    }
    assert write_design(document, learned, None, "test").unwritten == tuple(learned)


def alike(first, second):
    """Whether two parts of documents say the same, numbers to rounding."""
    if isinstance(first, Entry):
        return all(alike(getattr(first, key), getattr(second, key)) for key in type(first).model_fields)
    if isinstance(first, Input):
        pairs = [(getattr(first, field.name), getattr(second, field.name)) for field in fields(first)]
        return all(a == (b if isinstance(b, str) else pytest.approx(b, rel=1e-9, nan_ok=True)) for a, b in pairs)
    if isinstance(first, dict):
        return list(first) == list(second) and all(alike(first[key], second[key]) for key in first)
    return first == second


@pytest.mark.parametrize("name", ["ntistp", "ntistp_apex"])
def test_a_document_as_plain_values_reads_back(name):
    """Values, uncertainties, distributions, sources: all of a design survives."""
    document = read_probe(GEOMETRIES / f"{name}.yaml")
    back = validated(parse(dumped(plain(document)), "again"), ProbeDocument, also=probe_problems)
    assert alike(document, back)


# --- other observations ---------------------------------------------------------------------------------------------


def test_sheet_resistance_is_predicted_by_wiedemann_and_franz():
    """R_sheet = (L / L_0) L_0 T / (k t), on flats; its Lorenz ratio is an input, shared by films of one material."""
    document = tip()
    names = ("sheet_resistance.outer_gold", "sheet_resistance.inner_gold", "sheet_resistance.chromium")
    model = update_model(document, Measurements(values=dict.fromkeys(names, (0.5, 0.05))))
    found = model.stated(4.0)
    expected = LORENZ_NUMBER * 300 / (150 * 90e-9)
    assert math.exp(found[names[0]]) == pytest.approx(expected, rel=1e-9)
    ratios = [name for name in model.prior.names if "lorenz" in name]
    assert ratios == ["measured.lorenz_ratio.Au_film", "measured.lorenz_ratio.Cr_film"]


def test_a_stated_sheet_resistance_is_its_own_prediction():
    """Where the design states R_sheet, measuring it again speaks of that input and of no Lorenz ratio."""
    document = tip("apex.layers.outer_gold.sheet_resistance=0.6 ± 0.1 ohm")
    measured = Measurements(values={"sheet_resistance.outer_gold": (0.5, 0.01)})
    model = update_model(document, measured)
    assert math.exp(model.stated(4.0)["sheet_resistance.outer_gold"]) == pytest.approx(0.6)
    assert not [name for name in model.prior.names if "lorenz" in name]


@pytest.mark.slow
def test_all_observations_together():
    """Film, times, S_TC and responsivity with a correlation: everything lands within its u, and S_TC is learned."""
    document = tip()
    wanted = study_probe(document).result.quantities
    values = {
        "probe_resistance": (55e3, 500.0),
        "seebeck_coefficient": (16.4e-6, 0.1e-6),
        "responsivity": (0.90, 0.01),
        "sheet_resistance.outer_gold": (0.5, 0.03),
        "time_constant_elmore": (
            wanted["time_constant_elmore"].value * 0.95,
            wanted["time_constant_elmore"].value * 0.1,
        ),
        "time_constant_63": (wanted["time_constant_63"].value * 1.02, wanted["time_constant_63"].value * 0.2),
    }
    measured = Measurements(values=values, correlations={("probe_resistance", "responsivity"): 0.4})
    update = update_probe(document, measured, samples=20_000)
    residuals = [value for value in column(update, "predictions", "residual") if value is not None]
    assert len(residuals) == len(values)
    assert max(abs(value) for value in residuals) < 1
    assert update.parameters.u[update.parameters.names.index(SEEBECK)] < 0.1e-6
    assert "measured.lorenz_ratio.Au_film" in update.design.unwritten
    assert "measured.lorenz_ratio.Au_film" in update.text
    assert update.result.checks["enough_samples"].holds


def test_both_signals_without_a_design_value_make_seebeck_an_input():
    """S_TC that the design does not state starts wide, 1 to 100 uV/K, and magnitudes are compared."""
    document = tip()
    unstated = document.model_copy(
        update={"thermocouple": document.thermocouple.model_copy(update={"seebeck_coefficient": None})}
    )
    both = Measurements(values={"seebeck_coefficient": (16e-6, 1e-6), "responsivity": (1.0, 0.1)})
    prior = update_model(unstated, both).prior
    low, high = (float(prior.inputs[SEEBECK].at(np.array(share))) for share in (0.025, 0.975))
    assert (low, high) == (pytest.approx(1e-6, rel=1e-6), pytest.approx(100e-6, rel=1e-6))
    with pytest.raises(PhysicsError, match="says nothing of the probe without S_TC"):
        update_model(unstated, Measurements(values={"responsivity": (1.0, 0.1)}))


def test_correlations_enter_the_covariance():
    """Relative uncertainties and the stated coefficient make the covariance of the logarithms."""
    measured = Measurements(
        values={"probe_resistance": (50e3, 500.0), "responsivity": (1.0, 0.02)},
        correlations={("responsivity", "probe_resistance"): 0.5},
    )
    covariance = measured.observations().covariance
    assert covariance == pytest.approx(np.array([[1e-4, 1e-4], [1e-4, 4e-4]]), rel=1e-3)


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "correlations", "message"),
    [
        ({"probe_resistance": (7e4, 0.0)}, {}, "measured without an uncertainty"),
        ({"probe_resistance": (7e4, math.nan)}, {}, "measured without an uncertainty"),
        ({"probe_resistance": (-7e4, 500.0)}, {}, "must be positive and finite"),
        ({"probe_resistance": (math.nan, 500.0)}, {}, "must be positive and finite"),
        ({"probe_resistance": (7e4, 500.0)}, {("probe_resistance", "responsivity"): 0.5}, "expected two different"),
        ({"a": (1.0, 0.1), "b": (1.0, 0.1)}, {("a", "b"): 1.0}, "must lie between -1 and 1"),
        ({"a": (1.0, 0.1), "b": (1.0, 0.1)}, {("a", "b"): 0.1, ("b", "a"): 0.2}, "stated twice"),
    ],
)
def test_measurements_that_are_none_are_refused(values, correlations, message):
    """No uncertainty, no positive value, no pair: said with the name."""
    with pytest.raises(PhysicsError, match=message):
        Measurements(values=values, correlations=correlations)


@pytest.mark.parametrize("name", ["resistance", "sheet_resistance.outer_nitride", "sheet_resistance.nowhere"])
def test_what_the_design_does_not_predict_is_refused(name):
    """The message lists what can be measured, sheet resistances of its metal films among it."""
    with pytest.raises(
        PhysicsError, match=rf"{name}: is nothing that this design predicts.*sheet_resistance\.chromium"
    ):
        update_probe(tip(), Measurements(values={name: (1.0, 0.1)}))


def test_correlations_that_cannot_hold_at_once_are_refused():
    """Three pairwise correlations of -0.9 are no covariance."""
    names = ("probe_resistance", "responsivity", "time_constant_63")
    pairs = {(first, second): -0.9 for i, first in enumerate(names) for second in names[i + 1 :]}
    measured = Measurements(values=dict.fromkeys(names, (1.0, 0.1)), correlations=pairs)
    with pytest.raises(PhysicsError, match="not positive definite"):
        update_probe(tip(), measured)


def test_nothing_uncertain_is_refused():
    """A design without uncertainties cannot learn."""
    exact = tip(f"{ANGLE}=25 deg", uncertain=())
    walls = {
        name: layer.model_copy(update={"sidewall_factor": Input(value=0.42)})
        for name, layer in exact.apex.layers.items()
    }
    couple = exact.thermocouple.model_copy(update={"seebeck_coefficient": None})
    apex = exact.apex.model_copy(update={"layers": walls})
    document = exact.model_copy(update={"apex": apex, "thermocouple": couple})
    with pytest.raises(PhysicsError, match="nothing is uncertain"):
        update_probe(document, resistance_measured())


# --- the reference case ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_reference_probe_updated_by_its_published_resistance():
    """NTISTP, predicted 91 ± 27 kK/W, measured 72.8 ± 0.5 kK/W (W. Lee et al., Nature 498, 209 (2013))."""
    value, u = 72.8e3, 500.0
    file = GEOMETRIES / "ntistp.yaml"
    update = update_probe(read_probe(file), resistance_measured(value, u), written=load(file))
    assert predicted(update, "probe_resistance", "prior") == pytest.approx(91e3, rel=0.02)
    assert predicted(update, "probe_resistance", "prior_u") == pytest.approx(27e3, rel=0.05)
    for key in ("mode", "mean"):
        assert abs(predicted(update, "probe_resistance", key) - value) <= shrunk(update, value, u)
    assert predicted(update, "probe_resistance", "u") == pytest.approx(u, rel=0.02)
    assert update.study.result.quantities["probe_resistance"].value == pytest.approx(
        value, abs=shrunk(update, value, u)
    )
    assert set(column(update, "parameters", "input")[:3]) == {GOLD, WALL, ANGLE}
    assert update.result.checks["surface_adequate"].holds
    assert update.posterior.samples.effective_size > 50_000
    # Brute force on the same surface: draws from the prior, weighted by the likelihood.
    found = update.posterior
    seen, generator = found.surface.rows(update.model.rows), np.random.default_rng(8)
    draws = [generator.standard_normal((4000, found.prior.size)) for _ in range(150)]
    misfit = np.concatenate(
        [
            (seen.predicted(found.prior.coordinates(z))[:, 0] - found.observed.values[0]) / found.observed.factor[0, 0]
            for z in draws
        ]
    )
    weights = np.exp(-0.5 * misfit**2)
    weights /= weights.sum()
    z = np.concatenate(draws)
    mean = weights @ z
    width = np.sqrt(weights @ (z - mean) ** 2)
    sampled_mean, sampled_width = found.samples.moments(found.samples.z)
    assert mean == pytest.approx(sampled_mean, abs=0.05)
    assert width == pytest.approx(sampled_width, rel=0.05)
