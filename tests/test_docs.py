"""The documentation is true: its commands run, its links lead somewhere, its tables name what the program prints."""

import re
import shlex
from pathlib import Path

import pytest

import thermonet
from thermonet.cli import main

ROOT = Path(__file__).parents[1]
PAGES = sorted(page for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")) if page.is_file())
_CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def commands(page: Path) -> list[tuple[list[str], int]]:
    """Arguments of every `$ thermonet ...` line, with the exit code it promises; lines marked `# long` are left out.

    A comment after the command is for the reader, except for the marks ``# long`` and ``# exit N``.
    """
    found = []
    for block in _CONSOLE.findall(page.read_text(encoding="utf-8")):
        for line in block.splitlines():
            if not line.startswith("$ thermonet "):
                continue
            words = shlex.split(line.removeprefix("$ thermonet "), comments=True)
            remark = line.rpartition(" # ")[2].strip() if " # " in line else ""
            if remark.startswith("long"):
                continue
            exit_code = re.match(r"exit (\d+)", remark)
            found.append((words, int(exit_code[1]) if exit_code else 0))
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
    """Every command of a page gives the exit code it promises, one after the other in one empty folder."""
    monkeypatch.chdir(tmp_path)
    for words, exit_code in commands(page):
        found = main(words)
        said = capsys.readouterr()
        assert found == exit_code, f"thermonet {shlex.join(words)}: {said.err}"
        assert said.out or exit_code


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
