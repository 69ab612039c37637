"""The report of a calibration: a page, figures with the numbers behind them, and a certificate on one sheet."""

import csv
import dataclasses
import math
import re
import subprocess
import sys
from html.parser import HTMLParser
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest

import thermonet
from thermonet.calibration.campaign import Campaign
from thermonet.calibration.certificate import identifier
from thermonet.calibration.records import Record
from thermonet.calibration.simulate import simulated, true_values
from thermonet.calibration.trials import Trials
from thermonet.documents.campaign import CampaignDocument
from thermonet.documents.located import parse
from thermonet.documents.reader import validated
from thermonet.report.certificate import certificate_of
from thermonet.report.figures import svg_text
from thermonet.report.figures.calibration import calibration_drawings
from thermonet.report.names import printed_interval, printed_like, readable, symbol_math, titled
from thermonet.report.write import write_report
from thermonet.results.record import Check, Column, Result
from thermonet.studies.calibration import OpenedCampaign, Options, calibrate, read_campaign
from thermonet.uncertainty.intervals import Comparison

EVIL = '<script>alert("1")</script> & <b>tip</b> $\\frac$ {{ 7 * 7 }}'
PROVENANCE = {"design": "joint", "trials": 0, "versions": {"numpy": np.__version__}}
MAIN = ("seebeck_coefficient", "responsivity", "probe_resistance")

HOT = """
thermonet: campaign/1
name: hot
source: "made for a test"
date: "2026-01-01"
environment: {temperature: 296 K}
probes:
  probe: {polarity: "-1"}
thermometers:
  stage: {kind: kelvin, offset: 0 ± 5 mK}
  box: {kind: kelvin, offset: 0 ± 5 mK}
experiments:
  e:
    data: hot.csv
    protocol: hot_stage
    stage: stage
    reference: box
    tap_ratio: 0.66 ± 0.02
    noise: {V: 50 nV, stage: 1 mK}
    contacts:
      "$soft$": {resistance: 300 ± 1 kK/W}
      "<b>firm</b>": {resistance: 120 ± 1 kK/W}
      hard: {resistance: 40 ± 1 kK/W}
"""


def compared(study, shift=0.0):
    """The study with Monte Carlo intervals that lie so many u beside those of first order."""
    found = {}
    for key, item in study.derived.items():
        ends = (item.value - 1.96 * item.u, item.value + 1.96 * item.u)
        moved = tuple(end + shift * item.u for end in ends)
        found[key] = Comparison(item.value, item.u, *moved, ends, 0.05 * item.u)
    shortest = {key: (item.low, item.high) for key, item in found.items()}
    return dataclasses.replace(study, trials=Trials(20_000, True, found, shortest))


def updated(study, inputs=("apex.layers.outer_gold.thickness", "materials.Au_film.thermal_conductivity")):
    """The study with the update of a design as its result tells it."""
    count = len(inputs)
    parameters = {
        "input": Column("", list(inputs)),
        "unit": Column("", ["m"] * count),
        "prior": Column("SI", [1e-7] * count),
        "prior_u": Column("SI", [1e-8] * count),
        "posterior": Column("SI", [1.1e-7] * count),
        "posterior_u": Column("SI", [5e-9] * count),
        "gain": Column("nat", [0.8] * count),
    }
    predictions = {
        "quantity": Column("", ["probe_resistance", "access_resistance"]),
        "unit": Column("", ["K/W", "K/W"]),
        "prior": Column("SI", [91e3, 50e3]),
        "prior_u": Column("SI", [27e3, 9e3]),
        "posterior": Column("SI", [72.8e3, 45e3]),
        "posterior_u": Column("SI", [500.0, 6e3]),
        "measured": Column("SI", [72.8e3, None]),
        "measured_u": Column("SI", [500.0, None]),
    }
    check = Check(holds=False, value=0.3, u=None, threshold=0.05, explanation="widths differ")
    result = Result(
        kind="update",
        name="update",
        quantities={},
        tables={"parameters": parameters, "predictions": predictions},
        checks={"laplace_adequate": check},
    )
    whole = dataclasses.replace(study.result, checks={**study.result.checks, "update.laplace_adequate": check})
    return dataclasses.replace(study, update=SimpleNamespace(result=result), result=whole)


@pytest.fixture(scope="module")
def stage():
    """S_TC alone."""
    return calibrate(read_campaign(thermonet.builtin("seebeck_stage")), Options(trials=0))


@pytest.fixture(scope="module")
def joint():
    """Every protocol but one, two probes."""
    return compared(calibrate(read_campaign(thermonet.builtin("joint")), Options(trials=0)))


@pytest.fixture(scope="module")
def hot():
    """A hot stage with three contacts of troublesome names, nothing synthetic said."""
    document = validated(parse(HOT, "hot.yaml"), CampaignDocument)
    warm = np.repeat(np.linspace(290, 312, 12), 3)
    contact = np.tile(list(document.experiments["e"].contacts), 12)
    channels = {"V": 0 * warm, "stage": warm, "reference": 0 * warm + 296.2, "contact": contact}
    campaign = Campaign(document, {"e": Record("hot.csv", channels, {}, np.arange(2, 38), sha256="0" * 64)}, {})
    known = {"probes.probe.seebeck_coefficient": 16.3e-6, "probes.probe.responsivity": 1.187}
    generator = np.random.default_rng(1)
    truth = true_values(campaign.assembled()[0], known, generator)
    return calibrate(OpenedCampaign(simulated(campaign, truth, generator), HOT), Options(trials=0))


@pytest.fixture(scope="module")
def drawings(joint):
    return calibration_drawings(joint)


@pytest.fixture(scope="module")
def folder(joint, tmp_path_factory):
    """Write the report of the joint campaign."""
    target = tmp_path_factory.mktemp("report")
    assert write_report(target, joint, PROVENANCE) == target / "report.html"
    return target


def pages(folder):
    return [(folder / name).read_text(encoding="utf-8") for name in ("report.html", "certificate.html")]


def shown(table, record):
    """Columns of one record in the table of fits."""
    rows = [i for i, name in enumerate(table["record"].values) if name == record]
    return {
        name: np.array([column.values[i] for i in rows], dtype=float if column.unit else object)
        for name, column in table.items()
    }


class Outline(HTMLParser):
    """Ids, links and tags left open of a page."""

    VOID = frozenset(["meta", "br", "wbr", "img", "link", "hr", "input"])

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.open, self.wrong = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [value for key, value in attrs if key in ("href", "src", "xlink:href") and value]
        self.open += [] if tag in self.VOID else [tag]

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.wrong.append(tag)


# --- figures --------------------------------------------------------------------------------------------------------


def test_every_figure_has_its_numbers(drawings, folder):
    """Every SVG has a CSV beside it with the table's headings, as many rows, and finite numbers."""
    wanted = {"fit", "residuals", "budget", "budget_second", "correlation", "joint", "trials"}
    assert set(drawings) == {path.stem for path in (folder / "figures").glob("*.svg")} == wanted
    for name, drawing in drawings.items():
        with (folder / "figures" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            heads, *rows = csv.reader(file)
        assert heads == [f"{key} [{column.unit}]" if column.unit else key for key, column in drawing.table.items()]
        assert len(rows) == len(next(iter(drawing.table.values())).values)
        numbers = [i for i, column in enumerate(drawing.table.values()) if column.unit]
        assert all(math.isfinite(float(row[i])) for row in rows for i in numbers)


def test_what_a_fit_misses_is_the_residual(joint, drawings):
    """Response less fit over its u is the standardised residual, whatever a record's response is."""
    for name, record in joint.adjustment.records.items():
        points = shown(drawings["fit"].table, name)
        ratio = (points["y"] - points["fit"]) / points["u"]
        np.testing.assert_allclose(np.abs(ratio), np.abs(record.misclosures / record.u), rtol=1e-6, atol=1e-9)
        np.testing.assert_array_equal(points["line"], record.conditions.rows)
        assert np.all(points["u_fit"] < 10 * points["u"])


def test_the_slope_of_a_fit_is_what_its_protocol_finds(joint, drawings):
    """S_TC per kelvin, rho per watt, G per kelvin of the platform, R_0 alpha per kelvin of a film."""
    value, table = joint.adjustment.value, drawings["fit"].table
    rho, factor = value("probes.probe.responsivity"), value("experiments.touch.field_factor")
    film = value("thermometers.stage_film.resistance"), value("thermometers.stage_film.temperature_coefficient")
    slopes = {
        "stage": (value("probes.probe.seebeck_coefficient"), 1e-3),  # the gradient changes the difference by little
        "gold": (rho, 1e-9),
        "touch.closed": (rho / factor, 1e-9),
        "touch.open": (value("experiments.touch.conductance"), 1e-9),
        "stage_film": (film[0] * film[1], 1e-9),
    }
    for name, (expected, tolerance) in slopes.items():
        points = shown(table, name)
        slope, _ = np.polyfit(points["x"] - points["x"].mean(), points["fit"], 1)
        assert slope == pytest.approx(expected, rel=tolerance), name


def test_the_heat_of_a_junction_is_half_of_what_is_dissipated(joint, drawings):
    """The abscissa of a symmetric junction is f_0 c (I V - I^2 R) of the readings but for bias and lead, below 1 %."""
    z = joint.campaign.records["gold"].channels
    stated = joint.adjustment.value
    path = "experiments.gold."
    heat = stated(path + "heat_fraction") * stated(path + "source_factor")
    heat = heat * (z["I"] * z["V"] - stated(path + "lead_resistance") * z["I"] ** 2)
    np.testing.assert_allclose(shown(drawings["fit"].table, "gold")["x"], heat, rtol=0.01)


def test_contacts_have_curves_of_their_own(hot):
    """A hot stage is drawn with one line per contact, a dollar in a name starts no formula."""
    drawing = calibration_drawings(hot)["fit"]
    text = svg_text(drawing)
    assert "$soft$" in text
    assert "&lt;b&gt;firm" in text
    assert "<b>firm" not in text
    assert len(drawing.figure.axes[0].get_legend().get_texts()) == 3


def test_a_far_reading_is_ringed_and_named(stage):
    """One reading moved by thirty u is told by its line in the data file, in the figures and among the warnings."""
    record = stage.campaign.records["stage"]
    volts = np.array(record.channels["V"])
    volts[20] += 30 * 60e-9
    records = {**stage.campaign.records, "stage": dataclasses.replace(record, channels={**record.channels, "V": volts})}
    opened = OpenedCampaign(stage.campaign.with_records(records), "")
    wild = calibrate(opened, Options(trials=0))
    drawn = calibration_drawings(wild)
    far = drawn["residuals"].table["outlier"].values.index(True)
    assert drawn["residuals"].table["line"].values[far] == record.lines[20]
    for name in ("fit", "residuals"):
        assert f">line {record.lines[20]}<" in svg_text(drawn[name])


def test_budgets_stand_side_by_side(joint, drawings):
    """Shares of each quantity sum to one and are those of its budget; noise is type A."""
    table = drawings["budget"].table
    rows = list(zip(*(table[name].values for name in ("quantity", "input", "type", "share")), strict=True))
    for key in MAIN:
        shares = {name: share for quantity, name, _, share in rows if quantity == key}
        assert sum(shares.values()) == pytest.approx(1)
        assert shares == {line.input.name: line.share for line in joint.derived[key].budget.lines}
    assert all((kind == "A") == name.endswith(".noise") for _, name, kind, _ in rows)


def test_correlations_are_those_of_the_result(joint, drawings):
    """The matrix holds every pair once, with the coefficients of the covariance table."""
    table = drawings["correlation"].table
    drawn = {
        frozenset(pair): coefficient
        for *pair, coefficient in zip(*(table[name].values for name in ("first", "second", "correlation")), strict=True)
    }
    sought = [key for key in joint.derived if not key.startswith("heat_per_volt")]
    assert len(drawn) == len(sought) * (len(sought) - 1) // 2
    found = joint.result.quantities["correlation_seebeck_resistance"].value
    assert drawn[frozenset(("seebeck_coefficient", "probe_resistance"))] == pytest.approx(found)


def test_the_ellipse_knows_the_product(joint, drawings):
    """u(S_TC), u(R_P) and r of the figure give u of their product, the responsivity."""
    table = {name: column.values[0] for name, column in drawings["joint"].table.items()}
    relative = [table[f"u_{key}"] / table[key] for key in ("seebeck_coefficient", "probe_resistance")]
    product = math.sqrt(relative[0] ** 2 + relative[1] ** 2 + 2 * table["correlation"] * relative[0] * relative[1])
    responsivity = joint.derived["responsivity"]
    assert product == pytest.approx(responsivity.u / responsivity.value, rel=1e-6)


def test_figures_repeat_to_the_letter_and_leave_no_trace(stage):
    """The same study gives the same SVG, and matplotlib's settings stay the user's."""
    before = dict(mpl.rcParams)
    first, second = (svg_text(calibration_drawings(stage)["fit"]) for _ in range(2))
    assert first == second
    assert dict(mpl.rcParams) == before


# --- page -----------------------------------------------------------------------------------------------------------


def test_pages_stand_alone_and_are_well_formed(folder):
    """Tags close in order, ids are unique, links lead to what exists, nothing is loaded from elsewhere."""
    for text in pages(folder):
        outline = Outline(text)
        assert not outline.wrong
        assert not outline.open
        assert len(outline.ids) == len(set(outline.ids))
        assert {link[1:] for link in outline.links if link.startswith("#")} <= set(outline.ids)
        assert all((folder / link).exists() for link in outline.links if not link.startswith(("#", "data:")))
        assert set(re.findall(r"https?://[^\s\"'<>]+", text)) <= {
            "http://www.w3.org/2000/svg",
            "http://www.w3.org/1999/xlink",
        }
    assert (folder / "report.html").stat().st_size < 3e6


def test_the_page_says_the_main_things(joint, folder):
    """Concise values with U, k and probability; no bare ± above the sections; the wrong u beside the right one."""
    page, _ = pages(folder)
    top, _, rest = page.partition("<nav")
    top = top.partition("<body>")[2]
    for text in ("16.336(44) µV/K", "72.62(22) kK/W", "U = 0.086 µV/K, k = 1.96, 95 %", "gradient of stage"):
        assert text in top
    assert "±" not in top
    assert "First order is validated by 20000 Monte Carlo trials" in top
    assert "SYNTHETIC RECORDS: not a calibration" in top
    assert "No evidence for the heat split" in top
    heat = joint.derived["heat_per_volt"]
    naive = joint.result.quantities["heat_per_volt_u_uncorrelated"].value
    assert f"{printed_like(heat.u * 1e-6, 'W', heat.value * 1e-6)} (" in rest
    assert f"{printed_like(naive * 1e-6, 'W', heat.value * 1e-6)} (" in rest
    for record in joint.campaign.records.values():
        assert record.sha256 in rest
    for name in joint.adjustment.names:
        assert readable(name) in rest


def test_failing_checks_are_named_warnings(stage, tmp_path):
    """A check that fails stands above the sections in words, on the certificate too; passed ones are counted."""
    bad = Check(holds=False, value=4.0, u=None, threshold=2.6, explanation="3 runs of equal sign, 15 expected")
    result = dataclasses.replace(stage.result, checks={**stage.result.checks, "runs.stage": bad})
    write_report(tmp_path, dataclasses.replace(stage, result=result), {})
    page, certificate = pages(tmp_path)
    assert "Residuals with a pattern" in page.partition("<nav")[0]
    assert "1 of " in page
    assert f"✓ {sum(bool(check.holds) for check in result.checks.values())} hold" in page
    assert "Residuals with a pattern (runs.stage): 3 runs of equal sign, 15 expected." in certificate


def test_trials_that_disagree_are_told(stage, tmp_path):
    """Where first order is not validated the quantity is named; without trials the page says that none were made."""
    write_report(tmp_path, compared(stage, shift=0.3), {})
    assert all("First order is not validated by 20000 Monte Carlo trials" in text for text in pages(tmp_path))
    assert (tmp_path / "figures" / "trials.csv").exists()
    write_report(tmp_path, stage, {})
    assert all("No trials were made" in text for text in pages(tmp_path))


def test_an_update_is_shown_before_and_after(stage, tmp_path):
    """Prior and posterior of R_P, what was learned in bits, and the update's own checks, which are no certificate's."""
    study = updated(stage)
    drawing = calibration_drawings(study)["update"]
    assert f"{0.8 / math.log(2):.2f} bit" in svg_text(drawing)
    write_report(tmp_path, study, {})
    page, certificate = pages(tmp_path)
    for text in ("72.80(50) kK/W", "91(27) kK/W", "widths differ", "Update, laplace adequate"):
        assert text in page
    assert "widths differ" not in certificate


def test_an_update_alone_has_no_certificate(stage, tmp_path):
    """A campaign without records has a page for its update, and nothing that looks like a calibration."""
    campaign = dataclasses.replace(stage.campaign, records={})
    empty = {name: Column(column.unit, []) for name, column in stage.result.tables["data"].items()}
    tables = {key: table for key, table in stage.result.tables.items() if not key.startswith("budget.")} | {
        "data": empty
    }
    study = dataclasses.replace(stage, campaign=campaign, result=dataclasses.replace(stage.result, tables=tables))
    text = write_report(tmp_path, updated(study), {}).read_text("utf-8")
    assert not Outline(text).wrong
    assert "no records of its own" in text
    assert "certificate.html" not in text
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"report.html", "update.svg", "update.csv"}


# --- certificate ----------------------------------------------------------------------------------------------------


def test_the_certificate_holds_what_a_certificate_needs(joint, folder):
    """Identifier, items, results with k and probability, correlation, method, traceability, hashes, signature."""
    _, text = pages(folder)
    document = joint.campaign.document
    wanted = [identifier(joint.campaign), "SYNTHETIC RECORDS: not a calibration"]
    wanted += [document.date, "16.336(44) µV/K", "15.852(43) µV/K", "0.086 µV/K", "95 %", "infinite", "−0.884"]
    wanted += [*(probe.title for probe in document.probes.values()), *document.instruments, *document.thermometers]
    wanted += [record.sha256[:16] for record in joint.campaign.records.values()]
    wanted += ["may not be cited as evidence", "Symmetric junction.", "page 1 of 1", "Signature"]
    for item in wanted:
        assert item in text, item
    assert not re.search(r"(offset|conductance) of touch", text)
    assert certificate_of(joint).dense  # two probes and six records take small print


def test_a_stated_seebeck_coefficient_is_traced():
    """What a campaign takes from an earlier calibration stands under traceability with its source."""
    study = calibrate(read_campaign(thermonet.builtin("probe_resistance_au_au")), Options(trials=0))
    name, text = certificate_of(study).traceability[0]
    assert name == "probe"
    assert "16.30(20) µV/K" in text
    assert "published" in text


def test_a_real_campaign_carries_no_banner(hot, tmp_path):
    """Where neither campaign nor data say synthetic, nothing on page and certificate does."""
    write_report(tmp_path, hot, {})
    assert all("synthetic" not in text.partition("<body")[2].lower() for text in pages(tmp_path))


def test_a_malicious_campaign_stays_text(joint, tmp_path):
    """Titles, sources, names, headers and explanations are escaped wherever they are printed."""
    document = joint.campaign.document
    instruments = {key: entry.model_copy(update={"source": EVIL}) for key, entry in document.instruments.items()}
    probes = {key: entry.model_copy(update={"title": EVIL}) for key, entry in document.probes.items()}
    changed = {"title": EVIL, "source": EVIL, "laboratory": EVIL, "responsible": EVIL, "customer": EVIL}
    wicked = document.model_copy(update={**changed, "instruments": instruments, "probes": probes})
    tables = dict(joint.result.tables)
    for name in ("data", "environment", "parameters", "budget.probe_resistance"):
        tables[name] = {
            key: Column("", [EVIL] * len(column.values)) if key in ("file", "header", "source", "value") else column
            for key, column in tables[name].items()
        } | ({"value": tables[name]["value"]} if name.startswith("budget") else {})
    check = Check(holds=False, value=1.0, u=None, threshold=0.5, explanation=EVIL)
    result = dataclasses.replace(joint.result, tables=tables, checks={f"scatter.{EVIL}": check})
    campaign = dataclasses.replace(joint.campaign, document=wicked)
    study = updated(dataclasses.replace(joint, campaign=campaign, result=result), (EVIL, f"materials.{EVIL}.density"))
    write_report(tmp_path, study, {"design": EVIL, EVIL: [EVIL]})
    for text in pages(tmp_path):
        assert "<script>alert" not in text
        assert "<b>tip" not in text
        assert "&lt;script&gt;alert" in text
        assert "{{ 7 * 7 }}" in text
        assert not Outline(text).wrong


def test_a_study_of_a_probe_loads_nothing_of_calibrations():
    """Importing what writes reports loads no calibration module: `thermonet study` does not pay for it."""
    code = "import sys, thermonet.report.write; print([n for n in sys.modules if n.startswith('thermonet.calib')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names_as_a_reader_wants_them():
    """Symbols, phrases and intervals of a calibration."""
    assert symbol_math("1/rho") == "$1/\\mathit{ρ}$"
    assert symbol_math("S_TC") == "$\\mathit{S}_{TC}$"
    assert titled("runs.touch.closed") == "runs of equal sign, touch.closed"
    assert readable("experiments.a.x and instruments.b.gain_error") == "x of a and gain error of b"
    assert readable("experiments.e.contacts.hard.resistance") == "resistance of contact hard, e"
    assert printed_interval(-8.32e-7, 4.33e-7, "V") == "-832 … 433 nV"
    assert printed_interval(16.27e-6, 16.44e-6, "V/K") == "16.27 … 16.44 µV/K"
    assert printed_interval(5.0, 5.0, "K") == "5 … 5 K"


def sheets(browse, file, folder):
    """Number of A4 sheets that a browser prints a page on."""
    browse(file, "--no-pdf-header-footer", f"--print-to-pdf={folder / 'sheet.pdf'}")
    pdf = (folder / "sheet.pdf").read_bytes()
    assert re.search(rb"/MediaBox\s*\[0 0 59[45]\.\d+ 84[12]\.\d+\]", pdf)
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


@pytest.mark.slow
def test_the_certificate_is_one_sheet(browse, folder, tmp_path):
    """Printed, the certificate of every protocol and two probes is one sheet of A4."""
    assert sheets(browse, folder / "certificate.html", tmp_path) == 1


@pytest.mark.slow
def test_a_talkative_certificate_is_one_sheet_too(browse, joint, tmp_path):
    """Long texts are clipped, long lists counted, and what is left is printed small."""
    text = "a long text that somebody wrote about where this number comes from, and which certificate says so; " * 4
    document = joint.campaign.document
    instruments = {
        f"{key}{end}": entry.model_copy(update={"source": text})
        for key, entry in document.instruments.items()
        for end in ("", "_2", "_3")
    }
    probes = {key: entry.model_copy(update={"title": text}) for key, entry in document.probes.items()}
    wordy = document.model_copy(update={"instruments": instruments, "probes": probes, "responsible": text})
    rows = ["date", "laboratory", "responsible", "customer", "pressure", "records"]
    environment = {"item": Column("", rows), "value": Column("", [text] * len(rows))}
    check = Check(holds=False, value=1.0, u=None, threshold=0.5, explanation=text)
    result = dataclasses.replace(
        joint.result,
        tables={**joint.result.tables, "environment": environment},
        checks={**joint.result.checks, **{f"scatter.record_{i}": check for i in range(20)}},
    )
    study = dataclasses.replace(joint, campaign=dataclasses.replace(joint.campaign, document=wordy), result=result)
    assert certificate_of(study).dense
    write_report(tmp_path, study, {})
    assert sheets(browse, tmp_path / "certificate.html", tmp_path) == 1


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 800])
def test_a_browser_shows_the_page_without_overflow(counted, folder, width):
    """Opened offline, the page is no wider than its window and no figure or table leaves it."""
    overflow, wide = counted(
        (folder / "report.html").read_text(encoding="utf-8"),
        width,
        "root.scrollWidth - root.clientWidth",
        "[...document.querySelectorAll('figure svg, .scroll')]"
        ".filter((part) => part.getBoundingClientRect().right > root.clientWidth + 1).length",
    )
    assert overflow <= 0
    assert wide == 0
