"""The report: one page that stands alone, figures with the numbers behind them, a field that others can read."""

import csv
import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import matplotlib as mpl
import meshio
import numpy as np
import pytest

from thermonet.quantities.formatting import with_unit
from thermonet.report.field import axis_line, tip_field, write_body_field, write_field
from thermonet.report.figures import probe_drawings, response_figure, svg_text
from thermonet.report.names import prose, readable
from thermonet.report.write import write_report, write_result_report
from thermonet.results.record import Check, Column, Quantity, Result
from thermonet.studies.bodies.study import read_body, study_body
from thermonet.studies.design import read_probe
from thermonet.studies.montecarlo import MonteCarlo
from thermonet.studies.probe import study_probe
from thermonet.uncertainty.intervals import Comparison

GEOMETRIES = Path(__file__).parents[1] / "geometries"
COARSE = ("numerics.element_scale=2", "numerics.tolerance=5 %")
PROVENANCE = {"design": "ntistp", "settings": list(COARSE), "wall_time_s": 1.5, "versions": {"numpy": np.__version__}}
EVIL = '<script>alert("1")</script> & <b>tip</b>'


@pytest.fixture(scope="module")
def study():
    """Study the reference probe on a coarse mesh."""
    return study_probe(read_probe(GEOMETRIES / "ntistp.yaml", COARSE))


@pytest.fixture(scope="module")
def bare():
    """Study a tip without cantilever, measured values and modulation."""
    whole = read_probe(GEOMETRIES / "ntistp.yaml", COARSE)
    return study_probe(whole.model_copy(update={"cantilever": None, "measured": None, "modulation": None}))


@pytest.fixture(scope="module")
def folder(study, tmp_path_factory):
    """Write the report of the reference probe."""
    target = tmp_path_factory.mktemp("report")
    assert write_report(target, study, PROVENANCE) == target / "report.html"
    return target


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


class Outline(HTMLParser):
    """Ids, links and open tags of a page."""

    VOID = frozenset(["meta", "br", "wbr", "img", "link", "hr", "input"])

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.open, self.wrong = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [value for key, value in attrs if key in ("href", "src", "xlink:href") and value]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.wrong.append(tag)


def test_the_page_needs_no_network(page):
    """Links lead to anchors, data inside the page or files beside it; no address of any other kind is in the page."""
    allowed = ("#", "data:image/png;base64,", "figures/", "field.vtu")
    assert all(link.startswith(allowed) for link in Outline(page).links)
    addresses = set(re.findall(r"https?://[^\s\"'<>]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "@import" not in page
    assert not re.search(r"<script[^>]*src", page)


def test_the_page_is_well_formed(page, folder):
    """Tags close in order, ids are unique, and every link leads to something that exists."""
    outline = Outline(page)
    assert not outline.wrong
    assert not outline.open
    assert len(outline.ids) == len(set(outline.ids))
    assert {link[1:] for link in outline.links if link.startswith("#")} <= set(outline.ids)
    files = {link for link in outline.links if not link.startswith(("#", "data:"))}
    assert files
    assert all((folder / link).exists() for link in files)
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(outline.ids)


def test_the_page_says_the_main_things(study, page):
    """R_P as the terminal prints it, the measured value, the verdict, every quantity and every input."""
    resistance = study.result.quantities["probe_resistance"]
    assert with_unit(resistance.value, resistance.unit, resistance.u) in page
    assert "72.80 ± 0.50 kK/W" in page
    assert "Prediction before fabrication, not tuned" in page
    assert {True: "✓ holds", False: "✗ does not hold", None: "? undecided"}[
        study.result.checks["junction_much_larger_than_probe"].holds
    ] in page
    for name in study.inputs:
        assert f'id="input-{re.sub("[^A-Za-z0-9]", "-", name)}"' in page, name
    for quantity in study.result.quantities.values():
        assert quantity.symbol.partition("_")[2] in page
    assert page.count('class="flag unsure"') > 20
    assert np.__version__ in page


def test_the_page_is_small(folder):
    """A report can be sent by mail."""
    assert (folder / "report.html").stat().st_size < 3e6


def test_a_malicious_document_stays_text(study, tmp_path):
    """Titles, sources and provenance are escaped wherever they are printed."""
    document = study.document.model_copy(update={"title": EVIL, "source": EVIL})
    inputs = {name: dataclasses.replace(value, source=EVIL) for name, value in study.inputs.items()}
    wicked = dataclasses.replace(study, document=document, inputs=inputs)
    text = write_report(tmp_path, wicked, {"design": EVIL, EVIL: [EVIL]}).read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "<b>tip" not in text
    assert "&lt;script&gt;alert" in text


def test_every_figure_has_its_numbers(study, folder):
    """Every SVG has a CSV beside it whose headings are the table's and whose rows are complete numbers or names."""
    drawings = probe_drawings(study)
    assert {path.stem for path in (folder / "figures").glob("*.svg")} == set(drawings)
    for name, drawing in drawings.items():
        with (folder / "figures" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            heads, *rows = csv.reader(file)
        assert heads == [f"{key} [{column.unit}]" if column.unit else key for key, column in drawing.table.items()]
        assert len(rows) == len(next(iter(drawing.table.values())).values)
        for index, column in enumerate(drawing.table.values()):
            if column.unit:
                assert all(np.isfinite(float(row[index])) for row in rows if row[index])


def test_figures_repeat_to_the_letter(study):
    """The same study gives the same SVG, ids included, whose names start with the figure's."""
    first, second = (svg_text(probe_drawings(study)["network"]) for _ in range(2))
    assert first == second
    assert set(re.findall(r'\bid="([a-z]+)-', first)) == {"network"}
    assert "<text" in first
    assert 'role="img"' in first


def test_drawing_leaves_the_users_settings_alone(study):
    """Figures have their own style, before and after which matplotlib's settings are the same."""
    before = dict(mpl.rcParams)
    svg_text(probe_drawings(study)["step"])
    assert dict(mpl.rcParams) == before


def test_the_axis_runs_through_the_films_to_the_foot(study):
    """Along the axis the layers come in their order, distance never falls, temperature jumps at interfaces only."""
    field = tip_field(study)
    edges, region = axis_line(field)
    distance = field.distance[edges].T.ravel()
    assert np.all(np.diff(distance) >= 0)
    assert distance[0] == 0
    assert distance[-1] == pytest.approx(field.distance.max())
    order = [field.mesh.names[index] for index in region[np.flatnonzero(np.diff(region, prepend=-1))]]
    assert order == ["outer_gold", "outer_nitride", "chromium", "inner_gold", "core"]
    jumps = np.abs(field.temperature[edges[2, :-1]] - field.temperature[edges[0, 1:]]) > 0
    assert np.array_equal(jumps, np.diff(region) != 0)


def test_the_field_file_reads_back(study, tmp_path):
    """Another program finds the same points, extremes and regions in field.vtu."""
    write_field(tmp_path / "field.vtu", study)
    file, field = meshio.read(tmp_path / "field.vtu"), tip_field(study)
    values = file.point_data["temperature_per_watt"]
    assert values.min() == field.temperature.min()
    assert values.max() == field.temperature.max()
    np.testing.assert_allclose(file.points[:, :2], field.mesh.points.T * 1e-3)
    np.testing.assert_array_equal(file.cells_dict["triangle6"], field.mesh.cells.T)
    np.testing.assert_array_equal(file.cell_data["region"][0], field.mesh.region)
    assert b"micrometres" in (tmp_path / "field.vtu").read_bytes()


def test_the_field_in_the_figure_is_that_of_the_result(study):
    """The mean of the field over the sensor is R_P, and the end of the step response too."""
    drawings = probe_drawings(study)
    resistance = study.result.quantities["probe_resistance"].value
    weights = study.solved.model.tip.system.sensors["thermocouple"]
    assert weights @ tip_field(study).temperature == pytest.approx(resistance, rel=1e-9)
    assert drawings["step"].table["temperature"].values[-1] == pytest.approx(resistance, rel=1e-3)
    assert sum(drawings["budget"].table["share"].values) == pytest.approx(1)


def test_a_tip_without_cantilever_is_reported_too(bare, tmp_path):
    """No plate, no measured value, no modulation: nothing is invented and nothing breaks."""
    text = write_report(tmp_path, bare, {}).read_text(encoding="utf-8")
    assert "Measured" not in text
    assert "modulation at" not in text
    assert "the foot of the tip is held" in text
    assert (tmp_path / "field.vtu").exists()


def test_exact_inputs_need_no_budget(study, tmp_path):
    """A study in which nothing is uncertain says so."""
    nothing = {key: dataclasses.replace(spread, u=0.0, lines=()) for key, spread in study.budgets.items()}
    tables = {key: table for key, table in study.result.tables.items() if not key.startswith("budget.")}
    quantities = {key: dataclasses.replace(item, u=0.0) for key, item in study.result.quantities.items()}
    result = dataclasses.replace(study.result, tables=tables, quantities=quantities)
    text = write_report(tmp_path, dataclasses.replace(study, budgets=nothing, result=result), {}).read_text("utf-8")
    assert "All inputs are exact." in text
    assert "budget" not in {path.stem for path in (tmp_path / "figures").iterdir()}


def test_trials_are_compared_with_first_order(study, tmp_path):
    """With Monte Carlo trials the page holds both intervals and says whether they agree."""
    value, u = (getattr(study.result.quantities["probe_resistance"], name) for name in ("value", "u"))
    ends = (value - 1.96 * u, value + 1.96 * u)
    agreeing = Comparison(value, u, *ends, ends, u)
    apart = Comparison(value, u, ends[0] + u, ends[1] + u, ends, u / 10)
    for found, words in ((agreeing, "agree for all 1"), (apart, "agree for none of the 1")):
        trials = MonteCarlo(4000, 2, {"probe_resistance": found})
        text = write_report(tmp_path, dataclasses.replace(study, trials=trials), {}).read_text("utf-8")
        assert words in text
        assert "4000 trials; 2 more draws" in text
        assert (tmp_path / "figures" / "trials.csv").exists()


def test_a_body_has_a_page_and_a_field(tmp_path):
    """A layered body gets its field, its step response, and the same kind of page."""
    body = study_body(read_body(GEOMETRIES / "slab.yaml"))
    text = write_report(tmp_path, body, PROVENANCE).read_text(encoding="utf-8")
    assert "6.0" in text
    assert body.document.title in text
    drawn = {path.stem for path in (tmp_path / "figures").glob("*.csv")}
    assert drawn == {"field", "frequency", "response"}
    write_body_field(tmp_path / "again.vtu", body)
    assert meshio.read(tmp_path / "again.vtu").point_data["temperature"].max() == body.temperature.max()


def test_any_result_has_a_page(tmp_path):
    """Quantities, checks and tables of a result with nothing else to it, malicious names included."""
    result = Result(
        kind="network",
        name=EVIL,
        quantities={
            "resistance.a.b": Quantity(value=1e4, unit="K/W", symbol="R", description=EVIL),
            "zero": Quantity(value=0.0, unit="W", symbol="Q_a", description="none", u=0.0, numerical_error=1e-12),
        },
        tables={"long": {"n": Column("1", list(range(200))), EVIL: Column("", [EVIL, None, True, False] * 50)}},
        checks={"balance": Check(holds=False, value=1e-7, u=None, threshold=1e-9, explanation=EVIL)},
    )
    text = write_result_report(tmp_path, result, {}).read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "✗ does not hold" in text
    assert "140 more rows" in text
    assert not Outline(text).wrong
    assert not (tmp_path / "figures").exists()


def test_a_response_without_numbers_is_not_drawn():
    """A table 'response' that holds no curve gives no figure."""
    text = {"time": Column("s", [1.0]), "note": Column("", ["late"])}
    for table in (text, {"time": Column("s", [1.0])}):
        assert response_figure(Result(kind="k", name="n", quantities={}, tables={"response": table})) is None


def test_every_input_has_a_unit_and_a_phrase(study):
    """Every input carries the unit of its place, and no dot is left in what a reader sees."""
    units = {name: value.unit for name, value in study.inputs.items()}
    assert units["apex.half_angle"] == "rad"
    assert units["interfaces.Au/SiN"] == "W/m^2/K"
    assert units["apex.sidewall_factor.evaporated"] == "1"
    for name in study.inputs:
        assert "." not in readable(name)
    assert readable("materials.Au_film.thermal_conductivity[substrate]") == "conductivity of Au_film, batch substrate"


def test_prose_is_typeset_and_safe():
    """Symbols, powers, minus signs and per cent are set; what comes from a document stays text."""
    assert str(prose("R_J >> R_P: -1.3%")) == ("<i>R</i><sub>J</sub> ≫ <i>R</i><sub>P</sub>: −1.3\u00a0%")
    assert str(prose("1.5e-09, 10-110 nm")) == "1.5×10<sup>−9</sup>, 10-110 nm"
    assert str(prose("<b>&")) == "&lt;b&gt;&amp;"


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 800])
def test_a_browser_shows_the_page_without_overflow(counted, folder, width):
    """Opened offline, the page is no wider than its window, no figure leaves it and nothing is left to be loaded."""
    overflow, wide, loaded, figures = counted(
        (folder / "report.html").read_text(encoding="utf-8"),
        width,
        "root.scrollWidth - root.clientWidth",
        "[...document.querySelectorAll('svg, table')]"
        ".filter((part) => part.getBoundingClientRect().right > root.clientWidth + 1).length",
        "performance.getEntriesByType('resource').length",
        "document.querySelectorAll('figure svg').length",
    )
    assert overflow <= 0
    assert wide == 0
    assert loaded == 0
    assert figures == len(list((folder / "figures").glob("*.svg")))
