"""The folder of a run: written beside and renamed, so that a half-written one never stands in its place."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import platform
import shutil
import tempfile
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from thermonet.quantities.errors import UsageError
from thermonet.results.record import Result, Table, rows_of

PROVENANCE = "provenance.json"
_PACKAGES = ("thermonet", "numpy", "scipy", "scikit-fem", "networkx", "pydantic", "pint")


def run_hash(resolved_inputs: str, options: Mapping[str, object]) -> str:
    """First eight digits of the SHA-256 of the resolved inputs and every option that changes numbers."""
    text = resolved_inputs + json.dumps(options, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def check_destination(folder: Path) -> None:
    """Refuse a folder that holds something else than an earlier run, or that cannot be written, before any work.

    Raises
    ------
    UsageError
        It is a file, the current folder, a folder that is not empty and holds no provenance, or not writable.
    """
    if folder.resolve() == Path.cwd():
        raise UsageError(f"{folder}: is the folder you are in and cannot be replaced, expected another one")
    try:
        folder.resolve().parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder.resolve().parent).close()
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written ({error.strerror})") from None
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder}: is a file, expected a folder for the results")
    if any(folder.iterdir()) and not (folder / PROVENANCE).exists():
        raise UsageError(f"{folder}: is not empty and holds no earlier run, expected a new or empty folder")


def write_run(
    folder: Path, result: Result, resolved_inputs: str, provenance: Mapping[str, object], fill: Callable[[Path], None]
) -> None:
    """Write a run folder atomically; `fill` adds figures, fields and the report.

    An earlier run in its place is replaced once the new one is complete.
    """
    check_destination(folder)
    folder = folder.resolve()  # a link is followed, not replaced
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        beside.chmod(0o755)
        (beside / "result.json").write_text(result.as_json(), encoding="utf-8")
        (beside / "inputs.resolved.yaml").write_text(resolved_inputs, encoding="utf-8")
        fill(beside)
        facts = {**provenance, "versions": versions(), "python": platform.python_version()}
        (beside / PROVENANCE).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        if folder.exists():
            earlier = beside.with_name(beside.name + "-earlier")
            folder.rename(earlier)
            beside.rename(folder)
            shutil.rmtree(earlier)
        else:
            beside.rename(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def table_csv(table: Table) -> str:
    """A table as CSV text, the unit in every heading."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([f"{name} [{column.unit}]" if column.unit else name for name, column in table.items()])
    writer.writerows(rows_of(table))
    return text.getvalue()


def versions() -> dict[str, str]:
    """Versions of this program and of what its numbers rest on."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # running from a checkout that was not installed
            found[package] = "not installed"
    return found
