"""Whole campaigns: the shipped ones find their truth, intervals cover, the command line keeps its word."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import thermonet
from thermonet.calibration.certificate import identifier
from thermonet.calibration.protocols.stage import reported_at
from thermonet.calibration.trials import solved
from thermonet.cli import main
from thermonet.documents.builtin import campaigns
from thermonet.results.record import read_result
from thermonet.studies.calibration import Options, calibrate, read_campaign
from thermonet.uncertainty.coverage import coverage_factor

NAMES = ["seebeck_stage", "probe_resistance_au_au", "probe_resistance_calorimeter", "joint"]
TRUTH = {"seebeck_coefficient": 16.3e-6, "probe_resistance": 72_800.0, "responsivity": 16.3e-6 * 72_800}
TRUTH |= {"seebeck_coefficient.second": 15.9e-6, "probe_resistance.second": 68_000.0}


@pytest.fixture(scope="module")
def studies():
    """Every shipped campaign, calibrated to first order."""
    return {name: calibrate(read_campaign(thermonet.builtin(name)), Options(trials=0)) for name in NAMES}


def relative(quantity):
    return quantity.u / abs(quantity.value)


def test_the_shipped_campaigns_are_known_by_name():
    """Every campaign folder is a built-in, and every data file says that it is synthetic."""
    assert set(NAMES) <= set(campaigns())
    for file in campaigns().values():
        for data in file.parent.glob("*.csv"):
            assert data.read_text().startswith("# SYNTHETIC")


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_campaign_finds_its_truth(studies, name):
    """S_TC, rho and R_P within two and a half standard uncertainties of what the records were simulated with."""
    quantities = studies[name].result.quantities
    found = [key for key in TRUTH if key in quantities]
    assert found
    for key in found:
        assert abs(quantities[key].value - TRUTH[key]) < 2.5 * quantities[key].u, key


@pytest.mark.parametrize("name", NAMES)
def test_no_shipped_campaign_fails_a_test(studies, name):
    """What was simulated by the protocols passes the tests of the protocols."""
    assert [key for key, check in studies[name].result.checks.items() if check.holds is False] == []


@pytest.mark.parametrize("name", ["probe_resistance_au_au", "probe_resistance_calorimeter"])
def test_probe_resistance_inherits_the_seebeck_coefficient(studies, name):
    """With S_TC known to 1.2 %, u(R_P) is about 900 K/W and the correlation below -0.95; rho is far better known."""
    quantities = studies[name].result.quantities
    assert relative(quantities["seebeck_coefficient"]) == pytest.approx(0.0123, abs=2e-4)
    assert 880 < quantities["probe_resistance"].u < 950
    assert quantities["correlation_seebeck_resistance"].value <= -0.95
    assert relative(quantities["responsivity"]) < 0.004


@pytest.mark.parametrize("name", NAMES[1:])
def test_heat_is_computed_from_the_responsivity(studies, name):
    """u(Q_P) is that of rho; treating S_TC and R_P as uncorrelated would claim more, and is printed beside it."""
    quantities = studies[name].result.quantities
    heat = quantities["heat_per_volt"]
    assert heat.value == pytest.approx(1 / quantities["responsivity"].value, rel=1e-12)
    assert relative(heat) == pytest.approx(relative(quantities["responsivity"]), rel=1e-9)
    naive = quantities["heat_per_volt_u_uncorrelated"].value / heat.value
    assert naive == pytest.approx(
        np.hypot(relative(quantities["seebeck_coefficient"]), relative(quantities["probe_resistance"])), rel=1e-9
    )
    assert naive > 2 * relative(heat)
    table = studies[name].result.tables["heat"]
    assert table["u"].values[0] == pytest.approx(heat.u * table["V_TC"].values[0], rel=1e-12)
    assert table["u_uncorrelated"].values[0] > table["u"].values[0]


def test_a_claim_of_500_rests_on_the_seebeck_coefficient(studies):
    """The joint campaign claims 500 K/W and 0.08 uV/K, and shows both; alone, gold junctions could not claim it."""
    checks = studies["joint"].result.checks
    assert checks["claim.probe_resistance"].holds
    assert checks["claim.seebeck_coefficient"].value < 0.08e-6
    alone = read_campaign(thermonet.builtin("probe_resistance_au_au"), ("claims.probe_resistance=500 K/W",))
    check = calibrate(alone, Options(trials=0)).result.checks["claim.probe_resistance"]
    assert check.holds is False
    assert "probes.probe.seebeck_coefficient" in check.explanation


def test_gold_is_no_evidence_for_the_split_of_heat(studies):
    """A result that rests on f_0 says so and what it weighs; one that does not, does not."""
    check = studies["probe_resistance_au_au"].result.checks["evidence_for_heat_split"]
    assert check.holds is None
    assert check.value == pytest.approx(1.0, abs=0.01)
    assert "may not be cited as evidence" in check.explanation
    assert "evidence_for_heat_split" not in studies["probe_resistance_calorimeter"].result.checks


def test_a_shared_instrument_correlates_two_probes(studies):
    """Both probes of the joint campaign were read by one nanovoltmeter and one stage: their results are correlated."""
    table = studies["joint"].result.tables["covariance"]
    rows = zip(*(table[key].values for key in ("first", "second", "correlation")), strict=True)
    found = {(first, second): coefficient for first, second, coefficient in rows}
    assert found["responsivity", "responsivity.second"] > 0.1
    assert abs(found["seebeck_coefficient", "seebeck_coefficient.second"]) < 0.2


@pytest.mark.parametrize("name", NAMES)
def test_budgets_hold_the_whole_variance(studies, name):
    """Shares of every budget sum to one, largest first, and contributions in quadrature give u."""
    for key, table in studies[name].result.tables.items():
        if not key.startswith("budget."):
            continue
        shares = table["share"].values
        assert sum(shares) == pytest.approx(1, abs=1e-9)
        assert list(shares) == sorted(shares, reverse=True)
        u = studies[name].result.quantities[key.removeprefix("budget.")].u
        assert np.hypot.reduce(table["contribution"].values) == pytest.approx(u, rel=1e-9)
        assert set(table["type"].values) <= {"A", "B"}


@pytest.mark.parametrize("name", NAMES)
def test_trials_validate_first_order(name):
    """Monte Carlo through the same protocols gives u, and the ends of the interval to a tenth of u."""
    study = calibrate(read_campaign(thermonet.builtin(name)), Options(trials=20_000, seed=4))
    assert study.trials.count == 20_000
    for key in TRUTH:
        if key in study.trials.quantities:
            both = study.trials.quantities[key]
            assert max(both.d_low, both.d_high) < 0.1 * both.u, key
            assert both.u == pytest.approx(study.derived[key].u, rel=0.03)


@pytest.mark.parametrize("name", NAMES)
def test_intervals_cover_the_truth(studies, name):
    """4000 repetitions, each with new noise and a new truth of every stated input: 93.5 to 96.5 % are covered."""
    study = studies[name]
    adjustment, rng = study.adjustment, np.random.default_rng(8)
    count = 4000
    truth = {
        p.name: np.full((count, 1), value) if p.prior is None else p.prior.at(rng.random((count, 1)))
        for p, value in zip(adjustment.parameters, adjustment.values, strict=True)
    }
    readings = {}
    for key, record in adjustment.records.items():
        block = record.conditions
        exact = block.answered(truth)
        noise = {channel: u * rng.standard_normal((count, block.size)) for channel, u in block.u.items()}
        readings[key] = {**exact, **{channel: exact[channel] + noise[channel] for channel in noise}}
    stated = np.array([[p.prior.value if p.prior else 0.0 for p in adjustment.parameters]])
    estimates = solved(adjustment, readings, np.repeat(stated, count, axis=0))
    for key, derived in study.derived.items():
        if key not in TRUTH:
            continue
        wide = coverage_factor(0.95, derived.dof) * derived.u
        inside = np.abs(derived.function(estimates) - derived.function(truth)) < wide
        assert 0.935 <= inside.mean() <= 0.965, key


def test_repetitions_are_those_of_the_full_adjustment(studies):
    """The fast repetitions above give what adjusting each campaign anew gives, to a thousandth of u."""
    study = studies["probe_resistance_calorimeter"]
    adjustment, rng = study.adjustment, np.random.default_rng(3)
    campaign = study.campaign
    records = {}
    for name, record in campaign.records.items():
        channels = dict(record.channels)
        noisy = {"heater": ("V",), "touch": ("V_TC", "V")}[name]
        for channel in noisy:
            noise = campaign.document.noise(campaign.document.experiments[name])[channel]
            channels[channel] = channels[channel] + noise * rng.standard_normal(len(channels[channel]))
        records[name] = type(record)(record.file, channels, record.u, record.lines)
    anew = campaign.with_records(records).adjusted()
    stated = np.array([[p.prior.value if p.prior else 0.0 for p in adjustment.parameters]])
    readings = {
        block.name: {key: z if z.dtype.kind == "U" else z[None, :] for key, z in block.observed.items()}
        for block in campaign.with_records(records).assembled()[1]
    }
    fast = solved(adjustment, readings, stated)
    for name in adjustment.names:
        assert abs(float(fast[name][0, 0]) - anew.value(name)) < 5e-3 * anew.u(name), name


def test_a_wild_reading_is_named_and_not_dropped(tmp_path, capsys):
    """A reading 50 u away: the summary and the result name its line, --strict exits with 6, huber limits its pull."""
    assert main(["new", "seebeck_stage", str(tmp_path)]) == 0
    file = tmp_path / "seebeck_stage" / "stage.csv"
    rows = file.read_text().splitlines()
    volts, *rest = rows[20].split(",")
    rows[20] = ",".join([f"{float(volts) + 3.0:.6f}", *rest])
    file.write_text("\n".join(rows) + "\n")
    campaign = str(tmp_path / "seebeck_stage" / "campaign.yaml")
    out = ["--no-report", "--trials", "0", "--out", str(tmp_path / "run")]
    assert main(["calibrate", campaign, *out, "--strict"]) == 6
    said = capsys.readouterr()
    assert "DOES NOT HOLD  outliers.stage: line 21" in said.out
    assert "outliers.stage" in said.err
    robust = calibrate(read_campaign(campaign, ("experiments.stage.robust=huber",)), Options(trials=0)).result
    plain = calibrate(read_campaign(campaign), Options(trials=0)).result
    far = [abs(r.quantities["seebeck_coefficient"].value - 16.3e-6) for r in (robust, plain)]
    assert far[0] < far[1]
    assert len(plain.tables["record.stage"]["line"].values) == 52


def test_extrapolation_is_named(studies):
    """S_TC reported at a temperature that the stage never had."""
    campaign = read_campaign(thermonet.builtin("seebeck_stage"), ("temperature=350 K",))
    check = calibrate(campaign, Options(trials=0)).result.checks["within_calibrated_range.S_TC"]
    assert check.holds is False
    assert "350 K, outside its calibrated 288.1" in check.explanation
    assert not any(key.startswith("within") for key in studies["seebeck_stage"].result.checks)


def test_a_film_beyond_its_calibration_is_named(studies):
    """A film that was calibrated over ten kelvin and reads twenty."""
    opened = read_campaign(thermonet.builtin("seebeck_stage"))
    record = opened.campaign.records["stage_film"]
    narrow = record.only((record.channels["bath"] > 293) & (record.channels["bath"] < 304))
    records = {**opened.campaign.records, "stage_film": narrow}
    check = calibrate(opened.with_records(records), Options(trials=0)).result.checks[
        "within_calibrated_range.stage_film"
    ]
    assert check.holds is False
    assert "stage_film is used at 312.1" in check.explanation


def test_one_cause_makes_two_inputs_one(studies):
    """Inputs that are one cause are one parameter of the adjustment."""
    names = studies["joint"].adjustment.names
    assert "experiments.touch.beam_resistance" in names
    assert "experiments.second_touch.beam_resistance" not in names


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        ("experiments.gold.probe=nobody", "experiments.gold.probe: there is no 'nobody' under probes"),
        ("experiments.gold.voltmeter=x", "experiments.gold.voltmeter: there is no 'x' under instruments"),
        ("experiments.gold.noise.V_plus=0 nV", "experiments.gold.noise.V_plus: the noise of one reading is"),
        ("experiments.gold.noise.V_plus=-1 nV", "experiments.gold.noise.V_plus: the noise of one reading is"),
        ("experiments.gold.noise.V_plus=1 K", "experiments.gold.noise.V_plus: 'K' is the wrong kind"),
        ("experiments.gold.noise.W=1 nV", "experiments.gold.noise.W: unknown channel"),
        ("experiments.gold.protocol=guess", "experiments.gold.protocol: expected one of 'isothermal_stage'"),
        ("date=yesterday", "date: 'yesterday' is no date"),
        ("claims.mass=1 kg", "claims.mass: unknown quantity"),
        ("probes.probe.design=nowhere", "probes.probe.design: there is no built-in"),
    ],
)
def test_a_wrong_document_is_refused_with_its_place(setting, place, tmp_path, capsys):
    """Exit code 3, the path and what would be right; nothing on standard output."""
    out = ["--no-report", "--out", str(tmp_path / "run")]
    assert main(["calibrate", "probe_resistance_au_au", "--set", setting, *out]) == 3
    said = capsys.readouterr()
    assert place in said.err
    assert said.out == ""


def test_a_missing_data_file_is_exit_code_4(tmp_path, capsys):
    """Data that are not there, named with the file."""
    assert main(["new", "seebeck_stage", str(tmp_path)]) == 0
    (tmp_path / "seebeck_stage" / "stage.csv").unlink()
    capsys.readouterr()
    assert main(["calibrate", str(tmp_path / "seebeck_stage" / "campaign.yaml")]) == 4
    said = capsys.readouterr()
    assert "stage.csv:1:1: data: cannot be read" in said.err
    assert said.out == ""


def test_contradicting_correlations_are_exit_code_3(tmp_path, capsys):
    """Three stated coefficients that cannot occur together are refused as the document's."""
    assert main(["new", "probe_resistance_au_au", str(tmp_path)]) == 0
    file = tmp_path / "probe_resistance_au_au" / "campaign.yaml"
    pairs = [("lead_resistance", "lead_share", 0.9), ("lead_share", "heat_fraction", 0.9)]
    pairs.append(("lead_resistance", "heat_fraction", -0.9))
    lines = ["correlations:"]
    lines += [f"  - {{between: [experiments.gold.{a}, experiments.gold.{b}], coefficient: {r}}}" for a, b, r in pairs]
    file.write_text(file.read_text() + "\n".join(lines) + "\n")
    assert main(["calibrate", str(file), "--no-report", "--out", str(tmp_path / "run")]) == 3
    said = capsys.readouterr().err
    assert said.startswith(f"{file}:")
    assert ": correlations: the stated correlations contradict each other" in said


def test_the_run_folder_holds_the_whole_calibration(tmp_path, capsys):
    """result.json with covariance, validity, environment, hashes and software; a certificate that machines read."""
    folder = tmp_path / "run"
    assert main(["calibrate", "joint", "--json", "--no-report", "--trials", "0", "--out", str(folder)]) == 0
    text = capsys.readouterr().out
    assert text == (folder / "result.json").read_text()
    result = read_result(text)
    assert result.kind == "calibrate"
    tables = {"covariance", "expanded", "validity_range", "environment", "data", "software", "heat", "parameters"}
    assert tables <= set(result.tables)
    assert all(len(digest) == 64 for digest in result.tables["data"]["sha256"].values)
    assert dict(zip(*(result.tables["environment"][key].values for key in ("item", "value")), strict=True))["date"]
    for k, probability in zip(
        *(result.tables["expanded"][key].values for key in ("coverage_factor", "probability")), strict=True
    ):
        assert (k, probability) == (pytest.approx(1.96, abs=0.01), 0.95)
    root = ET.parse(folder / "dcc.xml").getroot()
    assert root.tag == "{https://ptb.de/dcc}digitalCalibrationCertificate"
    facts = json.loads((folder / "provenance.json").read_text())
    assert set(facts["data"]) == set(read_campaign(thermonet.builtin("joint")).campaign.records)


def test_the_summary_prints_k_and_probability(tmp_path, capsys):
    """On a terminal an expanded uncertainty never stands without its factor and probability, nor a bare plus-minus."""
    out = ["--no-report", "--trials", "0", "--out", str(tmp_path / "run")]
    assert main(["calibrate", "probe_resistance_au_au", *out]) == 0
    said = capsys.readouterr().out
    assert "R_P      72.72(92) kK/W   U = 1.8 kK/W, k = 1.96, 95%" in said
    assert "±" not in said


def test_a_study_takes_a_calibration(tmp_path, capsys):
    """S_TC is the calibrated one, rho and R_P stand beside the predictions; a range that is left is named."""
    folder = tmp_path / "calibration"
    assert main(["calibrate", "joint", "--no-report", "--trials", "0", "--out", str(folder)]) == 0
    capsys.readouterr()
    coarse = ["--set", "numerics.element_scale=2", "--set", "numerics.tolerance=1 %", "--no-report", "--json"]
    coarse += ["--calibration", str(folder / "result.json"), "--out", str(tmp_path / "study")]
    assert main(["study", "ntistp", *coarse]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    found, known = read_result(said.out).quantities, read_result((folder / "result.json").read_text()).quantities
    assert found["calibrated.responsivity"].value == known["responsivity"].value
    assert found["calibrated.responsivity"].u == known["responsivity"].u
    ratio = found["responsivity"].value / found["probe_resistance"].value
    assert ratio == pytest.approx(known["seebeck_coefficient"].value, rel=1e-12)
    assert main(["study", "ntistp", *coarse, "--set", "temperature=77 K"]) == 0
    assert "extrapolation: S_TC is used at 77 K" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "is no result"), ('{"schema": "other"}', "is no result"), (None, "cannot be read")],
)
def test_what_is_no_calibration_is_refused(text, said, tmp_path, capsys):
    """A file that is no result of a calibration: exit code 4, and what is expected."""
    file = tmp_path / "result.json"
    if text is not None:
        file.write_text(text)
    assert main(["study", "ntistp", "--calibration", str(file)]) == 4
    assert said in capsys.readouterr().err


def test_new_copies_a_campaign_with_its_data(tmp_path, capsys):
    """The copy calibrates as the original; nothing is overwritten."""
    assert main(["new", "probe_resistance_au_au", str(tmp_path)]) == 0
    copied = tmp_path / "probe_resistance_au_au"
    assert {file.name for file in copied.iterdir()} == {"campaign.yaml", "gold.csv"}
    assert f"thermonet calibrate {copied / 'campaign.yaml'}" in capsys.readouterr().out
    assert main(["new", "probe_resistance_au_au", str(tmp_path)]) == 2
    original = Path(thermonet.builtin("probe_resistance_au_au"))
    assert (copied / "gold.csv").read_bytes() == (original.parent / "gold.csv").read_bytes()


@pytest.mark.slow
def test_the_design_is_updated_by_a_measurement(tmp_path):
    """R_P of the reference probe, 91 ± 27 kK/W before, meets the measured 72.8 ± 0.5 kK/W; the films learn from it."""
    folder = tmp_path / "run"
    out = ["--no-report", "--set", "update.samples=20000", "--out", str(folder)]
    assert main(["calibrate", "ntistp_update", *out]) == 0
    result = read_result((folder / "result.json").read_text())
    found = result.quantities["updated.probe_resistance"]
    prior = dict(zip(*(result.tables["update.predictions"][key].values for key in ("quantity", "prior")), strict=True))
    assert 85e3 < prior["probe_resistance"] < 97e3
    assert abs(found.value - 72_800) < 0.1 * 500 + abs(prior["probe_resistance"] - 72_800) * (500 / 27e3) ** 2
    assert found.u == pytest.approx(500, rel=0.05)
    assert result.checks["update.laplace_adequate"].holds is False
    updated = thermonet.read_probe(folder / "updated_design.yaml")
    assert updated.name == "ntistp"
    assert "dcc.xml" not in {file.name for file in folder.iterdir()}
    gains = dict(zip(*(result.tables["update.parameters"][key].values for key in ("input", "gain")), strict=True))
    assert gains["materials.Au_film.thermal_conductivity"] > 0.05


def test_what_a_campaign_measured_of_a_design(studies):
    """An update takes R_P and the S_TC that records found, with their correlation; a stated S_TC is no measurement."""
    from thermonet.documents.campaign import UpdateEntry
    from thermonet.studies.calibration import measurements_of

    for name, keys in (("joint", {"probe_resistance", "seebeck_coefficient"}), (NAMES[1], {"probe_resistance"})):
        study = studies[name]
        document = study.campaign.document.model_copy(update={"update": UpdateEntry(probe="probe")})
        campaign = type(study.campaign)(document, study.campaign.records, study.campaign.factors)
        measured = measurements_of(campaign, study.adjustment, study.derived)
        assert set(measured.values) == keys
        assert measured.values["probe_resistance"][1] == study.result.quantities["probe_resistance"].u
        coefficient = study.result.quantities["correlation_seebeck_resistance"].value
        expected = {("probe_resistance", "seebeck_coefficient"): pytest.approx(coefficient)} if len(keys) > 1 else {}
        assert measured.correlations == expected


@pytest.mark.parametrize(
    ("name", "experiment"), [("seebeck_stage", "stage"), ("probe_resistance_au_au", "gold"), ("joint", "line")]
)
@pytest.mark.parametrize("robust", ["no", "huber"])
def test_noise_left_to_the_scatter(name, experiment, robust):
    """Without stated noise the scatter gives it, beside gain errors too: the same numbers, u within a fifth, and t."""
    keys = {"stage": "seebeck_coefficient", "gold": "responsivity", "line": "experiments.line.time_constant.1"}
    settings = (f"experiments.{experiment}.noise={{}}", f"experiments.{experiment}.robust={robust}")
    free = calibrate(read_campaign(thermonet.builtin(name), settings), Options(trials=0)).derived[keys[experiment]]
    stated = calibrate(read_campaign(thermonet.builtin(name)), Options(trials=0)).derived[keys[experiment]]
    assert abs(free.value - stated.value) < 0.5 * stated.u
    assert free.u == pytest.approx(stated.u, rel=0.2)
    assert np.isfinite(free.dof)


def test_the_shipped_records_are_those_of_their_script(tmp_path):
    """Records are written again from their seeds: the same text, but for what rounding makes of a last digit."""
    folder = Path(thermonet.builtin("joint")).parents[1]
    copied = tmp_path / "calibration"
    shutil.copytree(folder, copied)
    for data in copied.glob("*/*.csv"):
        data.unlink()
    subprocess.run([sys.executable, str(copied / "make_records.py")], check=True)
    for data in folder.glob("*/*.csv"):
        again, shipped = (
            (root / data.relative_to(folder)).read_text().replace(",", " ").split() for root in (copied, folder)
        )
        moved = [(float(one), float(other)) for one, other in zip(again, shipped, strict=True) if one != other]
        assert all(one == pytest.approx(other, rel=1e-6) for one, other in moved), data.name


def test_a_skewed_quantity_is_not_validated():
    """R_P = rho / S_TC with S_TC known to half of itself: first order's interval is wrong, and is said to be."""
    opened = read_campaign(
        thermonet.builtin("probe_resistance_au_au"), ("probes.probe.seebeck_coefficient=16.3 ± 4 uV/K",)
    )
    both = calibrate(opened, Options(trials=40_000)).trials.quantities
    assert both["probe_resistance"].validated is False
    assert both["responsivity"].agrees


@pytest.mark.parametrize(
    ("campaign", "settings", "said"),
    [
        ("probe_resistance_au_au", ("probes.probe.polarity=-1",), "no thermal resistance is negative"),
        (
            "probe_resistance_au_au",
            ("experiments.gold.heat_fraction={value: 0.5, u: 1e-300}",),
            "experiments.gold.heat_fraction: u = 1e-300 of 0.5 is no uncertainty that anything has",
        ),
        (
            "probe_resistance_au_au",
            ("probes.probe.seebeck_coefficient=16.3 uV/K",),
            "probes.probe.seebeck_coefficient: has no uncertainty",
        ),
        ("joint", ("experiments.second_stage.data=stage.csv",), "experiments.second_stage.data: second_stage: stage"),
    ],
    ids=["polarity", "1e-300", "exact", "copy"],
)
def test_what_looks_fine_and_is_not_is_refused(campaign, settings, said, tmp_path, capsys):
    """Each of these gave a number that looked fine."""
    words = [word for setting in settings for word in ("--set", setting)]
    assert main(["calibrate", campaign, *words, "--no-report", "--trials", "0", "--out", str(tmp_path / "run")]) == 3
    assert said in capsys.readouterr().err


def test_a_negative_seebeck_coefficient_names_the_polarity():
    """A stage whose polarity is the other one: S_TC is negative, and the check says where to look."""
    opened = read_campaign(thermonet.builtin("seebeck_stage"), ("probes.probe.polarity=-1",))
    check = calibrate(opened, Options(trials=0)).result.checks["polarity.probes.probe.seebeck_coefficient"]
    assert check.holds is False
    assert "expected the other probes.probe.polarity" in check.explanation


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (["{between: [A, A], coefficient: 0.5}"], "correlations.0.between: names one input twice"),
        (["{between: [A, B], coefficient: 0.5}", "{between: [B, A], coefficient: -0.5}"], "correlations.1.between"),
        (["{between: [A, B], coefficient: 1}"], "correlations.0.coefficient: must lie between -1 and 1"),
        (["{between: [A, B], coefficient: 0.5 ± 0.1}"], "correlations.0.coefficient: has an uncertainty"),
        (["{between: [A, experiments.gold.mass], coefficient: 0.5}"], "there is no uncertain input"),
    ],
)
def test_correlations_that_mean_nothing_are_refused(entries, said, tmp_path, capsys):
    """An input with itself, a pair stated twice, a coefficient of one, an uncertain one, an unknown name."""
    assert main(["new", "probe_resistance_au_au", str(tmp_path)]) == 0
    file = tmp_path / "probe_resistance_au_au" / "campaign.yaml"
    names = {"A": "experiments.gold.heat_fraction", "B": "experiments.gold.lead_resistance"}
    text = "\n".join(["correlations:", *(f"  - {entry}" for entry in entries)])
    for letter, name in names.items():
        text = text.replace(f"{letter},", f"{name},").replace(f"{letter}]", f"{name}]")
    file.write_text(file.read_text() + text + "\n")
    assert main(["calibrate", str(file), "--no-report", "--out", str(tmp_path / "run")]) == 3
    assert said in capsys.readouterr().err


def test_a_wild_reading_is_limited_and_named_by_its_line():
    """However wild a reading, 'huber' names it first and its pull stays the same."""
    opened = read_campaign(thermonet.builtin("seebeck_stage"), ("experiments.stage.robust=huber",))
    record = opened.campaign.records["stage"]
    found = []
    for wild in (1e-5, 1e-3):
        channels = {**record.channels, "V": record.channels["V"].copy()}
        channels["V"][20] += wild
        spoilt = opened.with_records(
            {**opened.campaign.records, "stage": type(record)(record.file, channels, record.u, record.lines)}
        )
        result = calibrate(spoilt, Options(trials=0)).result
        assert result.checks["outliers.stage"].explanation.startswith(f"line {record.lines[20]}: up to")
        found.append(result.quantities["seebeck_coefficient"])
    assert found[0].value == pytest.approx(found[1].value, abs=0.1 * found[0].u)


def test_noise_stated_too_large_is_named():
    """Readings that scatter a hundredth of their stated noise are no independent readings, or the noise is wrong."""
    wide = ("experiments.gold.noise={V_plus: 1 uV, V_minus: 1 uV}",)
    opened = read_campaign(thermonet.builtin("probe_resistance_au_au"), wide)
    check = calibrate(opened, Options(trials=0)).result.checks["scatter.gold"]
    assert check.holds is False
    assert "noise is overstated" in check.explanation


def test_the_surroundings_are_the_default_of_the_reported_temperature():
    """S_TC reported at surroundings that the stage never had is an extrapolation too."""
    cold = ("environment.temperature=250 ± 0.3 K", "temperature=250 K")
    opened = read_campaign(thermonet.builtin("seebeck_stage"), cold)
    assert calibrate(opened, Options(trials=0)).result.checks["within_calibrated_range.S_TC"].holds is False
    document = opened.campaign.document.model_copy(update={"temperature": None})
    assert reported_at(document) == 250.0


def test_whatever_changes_a_number_changes_the_certificate():
    """Other noise, another probability: another identifier; the same campaign read twice: the same."""
    name = thermonet.builtin("seebeck_stage")
    settings = [(), (), ("probability=99 %",), ("experiments.stage.noise={V: 120 nV}",)]
    found = [identifier(read_campaign(name, edits).campaign) for edits in settings]
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_degrees_of_freedom_without_number_are_infinite():
    """Where one record's noise comes from its scatter and gives nothing to S_TC, its dof do not make others absurd."""
    opened = read_campaign(thermonet.builtin("seebeck_stage"), ("experiments.stage_film.noise={}",))
    expanded = calibrate(opened, Options(trials=0)).result.tables["expanded"]
    found = dict(zip(expanded["quantity"].values, expanded["dof"].values, strict=True))
    assert found["seebeck_coefficient"] is None
    assert 20 < found["experiments.stage_film.self_heating"] < 30


def test_what_is_taken_as_exact_is_said():
    """A gain error without an uncertainty is remarked; a gradient without one is refused."""
    opened = read_campaign(thermonet.builtin("seebeck_stage"), ("instruments.nanovoltmeter.gain_error=0",))
    check = calibrate(opened, Options(trials=0)).result.checks["taken_as_exact"]
    assert check.holds is None
    assert check.explanation.endswith("taken as exact: instruments.nanovoltmeter.gain_error")
    with pytest.raises(thermonet.DocumentError, match="gradient: has no uncertainty"):
        read_campaign(thermonet.builtin("seebeck_stage"), ("experiments.stage.gradient=0.002",))
