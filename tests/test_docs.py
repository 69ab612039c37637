"""The documentation is true: its commands run, its links lead somewhere, its tables name what the program prints."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

import thermonet
from thermonet.cli import main
from thermonet.documents.experiments import Experiment, ExperimentEntry, ProbeExperiment, Thermometer
from thermonet.studies.calibration import Options

ROOT = Path(__file__).parents[1]
PAGES = sorted(page for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")) if page.is_file())
_CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Command:
    """A `$ thermonet ...` line: its arguments, the exit code it promises, and lines that it is shown to print."""

    words: list[str]
    exit_code: int
    shown: list[str]


def commands(page: Path) -> list[Command]:
    """Every `$ thermonet ...` line of a page with what stands below it; lines marked `# long` are left out.

    A comment after the command is for the reader, except for the marks ``# long`` and ``# exit N``.
    """
    found = []
    for block in _CONSOLE.findall(page.read_text(encoding="utf-8")):
        for prompt in re.split(r"^\$ ", block, flags=re.MULTILINE):
            line, *below = prompt.splitlines() or [""]
            remark = line.rpartition(" # ")[2].strip() if " # " in line else ""
            if not line.startswith("thermonet ") or remark.startswith("long"):
                continue
            words = shlex.split(line.removeprefix("thermonet "), comments=True)
            exit_code = re.match(r"exit (\d+)", remark)
            shown = [text for text in below if text.strip()]
            found.append(Command(words, int(exit_code[1]) if exit_code else 0, shown))
    return found


def anchors(page: Path) -> set[str]:
    """Names under which GitHub makes the headings of a page reachable."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=named)
def test_commands_run_in_order(page, tmp_path, monkeypatch, capsys):
    """Every command of a page gives the exit code it promises and prints what is shown, all in one empty folder."""
    monkeypatch.chdir(tmp_path)
    for command in commands(page):
        found = main(command.words)
        said = capsys.readouterr()
        assert found == command.exit_code, f"thermonet {shlex.join(command.words)}: {said.err}"
        assert said.out or command.exit_code
        printed = {" ".join(line.split()) for line in said.out.splitlines()}  # columns are as wide as they need to be
        missing = [line for line in command.shown if " ".join(line.split()) not in printed]
        assert missing == [], f"thermonet {shlex.join(command.words)} prints {said.out}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page):
    """Files that a page links to exist, and so do the headings it points at."""
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        target, _, heading = link.partition("#")
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{link} leads nowhere"
        if heading:
            assert heading in anchors(file), f"{link}: there is no such heading"


def test_every_decision_is_listed():
    """The index of the folder leaves no decision out."""
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs" / "decisions").glob("*.md"):
        assert f"decisions/{page.name}" in index


def test_nomenclature_names_every_result():
    """Each quantity and check of the reference study stands in the table of symbols."""
    coarse = ("numerics.element_scale=2", "numerics.tolerance=1 %")
    result = thermonet.study_probe(thermonet.read_probe(thermonet.builtin("ntistp"), coarse)).result
    table = (ROOT / "docs" / "nomenclature.md").read_text(encoding="utf-8")
    assert [key for key in result.quantities if f"`{key}`" not in table] == []
    checks = set(result.checks) - {"energy_balance", "reciprocity"}  # conservation laws, which have no symbol
    assert [key for key in checks if f"`{key}`" not in table] == []


def general(key: str) -> str:
    """Name under which the table of symbols has a key of a calibration: names of experiments and numbers left open."""
    first, *rest = key.split(".")
    if first in ("experiments", "thermometers"):
        return f"{first}.NAME.{rest[1]}"
    return first


@pytest.mark.parametrize("name", ["seebeck_stage", "probe_resistance_au_au", "joint"])
def test_nomenclature_names_every_calibrated_number(name):
    """Each quantity and check of a shipped campaign stands in the table of symbols."""
    result = thermonet.calibrate(thermonet.read_campaign(thermonet.builtin(name)), Options(trials=0)).result
    table = (ROOT / "docs" / "nomenclature.md").read_text(encoding="utf-8")
    assert sorted({general(key) for key in (*result.quantities, *result.checks)} - _backticked(table)) == []


def _backticked(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def entries(union):
    """Classes of a discriminated union of document entries."""
    return get_args(get_args(union)[0])


@pytest.mark.parametrize("entry", entries(Experiment), ids=lambda entry: entry.__name__)
def test_protocols_are_documented(entry):
    """The page on calibration has a section per protocol that names every channel, every key, and whose noise leads."""
    text = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
    (name,) = get_args(entry.model_fields["protocol"].annotation)
    section = re.split(r"^##", text.partition(f"\n### {name}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    own = set(entry.model_fields) - {"protocol", *ExperimentEntry.model_fields} - {"probe", "voltmeter"}
    if not issubclass(entry, ProbeExperiment):
        own |= {"voltmeter"}
    assert {*own, *entry.channels} - _backticked(section) == set()
    rows = dict(re.findall(r"^\| (\w+) \| (.*) \|$", section, re.MULTILINE))
    assert {channel for channel in entry.channels if channel in _backticked(rows["channels"])} == set(entry.channels)
    assert re.findall(r"`(\w+)`", rows["noise"]) == list(entry.noisy)


@pytest.mark.parametrize("entry", entries(Thermometer), ids=lambda entry: entry.__name__)
def test_thermometers_are_documented(entry):
    """The table of thermometers has a row per kind, with its unit and its keys."""
    text = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
    (kind,) = get_args(entry.model_fields["kind"].annotation)
    (row,) = re.findall(rf"^\| `{kind}` \| .*$", text, re.MULTILINE)
    assert {"K": "kelvin", "ohm": "ohm"}[entry.channel_unit] in row
    assert set(entry.model_fields) - {"kind", "source"} - _backticked(row) == set()
