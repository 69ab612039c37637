"""What every verb that computes does: refuse early, compute, write the run folder, print, say what does not hold."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from thermonet.documents.located import LocatedDocument
    from thermonet.results.record import Check, Result

#: Numerical errors below this part of a value are rounding, and nobody reads them.
_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a verb.

    Attributes
    ----------
    word, file
        What was asked for, and the document that it means.
    name, text
        The document's own name, and the document with its settings applied.
    settings
        Edits as ``path=value`` texts.
    chosen
        Options and whatever else changes numbers.
    out
        Folder; by default one named after document and hash.
    located
        The document with its places, where a failure may know its own.
    files
        Files that the text names, by the names it has for them, copied beside it.
    as_json, no_report, strict, verbose
        Switches of the same names.
    """

    word: str
    file: Path
    name: str
    text: str
    settings: tuple[str, ...]
    chosen: Mapping[str, object]
    out: Path | None
    located: LocatedDocument | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    as_json: bool
    no_report: bool
    strict: bool
    verbose: bool


def run(wanted: Run, compute: Callable[[], Any], summary: Callable[[Result], str]) -> int:
    """Compute, write and print; return the exit code.

    Parameters
    ----------
    wanted
        What and how.
    compute
        Gives a study: it has a `result`, and may have `files`, text by name, that belong to its results.
    summary
        Text for a terminal.
    """
    from thermonet.quantities.errors import DocumentError, PhysicsError, Problem
    from thermonet.results.folder import check_destination, run_hash

    _listen(wanted.verbose)
    started = time.perf_counter()
    folder = wanted.out or Path("runs") / f"{wanted.name}-{run_hash(wanted.text, wanted.chosen)}"
    check_destination(folder)
    try:
        found = compute()
    except PhysicsError as error:  # well formed, and yet nothing that can exist
        path = getattr(error, "path", "")
        if wanted.located is not None:
            raise DocumentError([wanted.located.place(path).problem(path, str(error))]) from None
        raise DocumentError([Problem(str(wanted.file), 1, 1, "document", str(error))]) from None
    result: Result = found.result
    _say(wanted.verbose, "solved", started)
    facts = {
        "design": wanted.word,
        "settings": list(wanted.settings),
        **wanted.chosen,
        "wall_time_s": round(time.perf_counter() - started, 3),
    }
    _write(folder, found, wanted, facts)
    _say(wanted.verbose, "written", started)
    if wanted.as_json:
        click.echo(result.as_json(), nl=False)
    else:
        click.echo(summary(result))
        file = folder / ("result.json" if wanted.no_report else "report.html")
        click.echo(f"{'results' if wanted.no_report else 'report'}: {file}")
    failed = [key for key, check in result.checks.items() if check.holds is False]
    if wanted.strict and failed:
        click.echo(f"thermonet: does not hold: {', '.join(failed)}", err=True)
        return 6
    return 0


def digests(files: Mapping[str, Path]) -> dict[str, str]:
    """SHA-256 of files, by name."""
    import hashlib

    found = {}
    for name, path in files.items():
        with path.open("rb") as file:
            found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def quantity_lines(result: Result) -> Iterator[str]:
    """One line per quantity, with the digits that are known."""
    from thermonet.quantities.formatting import known_digits, with_unit

    keys, symbols = result.quantities, (quantity.symbol for quantity in result.quantities.values())
    longest, widest = max(map(len, keys), default=0), max(map(len, symbols), default=0)
    for key, quantity in result.quantities.items():
        digits = known_digits(quantity.value, quantity.numerical_error)
        value = with_unit(quantity.value, quantity.unit, quantity.u, digits)
        line = f"  {key:{longest}}  {quantity.symbol:{widest}}  {value}"
        if quantity.numerical_error and quantity.numerical_error > _ROUNDING * abs(quantity.value):
            line += f"  (numerical {with_unit(quantity.numerical_error, quantity.unit, digits=2)})"
        yield line


def verdicts(checks: Mapping[str, Check]) -> Iterator[str]:
    """One line per check."""
    words = {True: "holds", False: "DOES NOT HOLD", None: "undecided"}
    for key, check in checks.items():
        yield f"  {words[check.holds]:14} {key}: {check.explanation}"


def _say(verbose: bool, what: str, started: float) -> None:
    if verbose:
        click.echo(f"{what} in {time.perf_counter() - started:.2f} s", err=True)


def _listen(verbose: bool) -> None:
    """Let what the program says of its progress reach standard error."""
    import logging

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    log = logging.getLogger("thermonet")
    log.handlers, log.propagate = [handler], False
    log.setLevel(logging.DEBUG if verbose else logging.INFO)


def _write(folder: Path, found: Any, wanted: Run, facts: dict[str, object]) -> None:  # noqa: ANN401
    from thermonet.quantities.errors import UsageError
    from thermonet.results.folder import versions, write_run

    def fill(target: Path) -> None:
        for name, source in wanted.files.items():
            (target / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(source, target / name)
        for name, text in getattr(found, "files", {}).items():
            (target / name).write_text(text, encoding="utf-8")
        if wanted.no_report:
            return
        from thermonet.report.write import write_report

        write_report(target, found, {**facts, "versions": versions()})

    try:
        write_run(folder, found.result, wanted.text, facts, fill)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written ({error.strerror})") from None
