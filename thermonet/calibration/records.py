"""Records of an experiment: CSV text with a unit in every heading, read into SI arrays, every reading with its line."""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermonet.quantities.errors import DataError, Problem
from thermonet.quantities.units import scale_to_si

#: A channel that holds words.
TEXT = "text"

_HEADING = re.compile(r"\s*(?P<u>u\()?(?P<name>[A-Za-z][A-Za-z0-9_]*)\)?\s*(?:\[(?P<unit>[^\]]*)\])?\s*")
_MAX_BYTES = 100_000_000
_CELSIUS, _ICE_POINT = ("degC", "°C", "celsius"), 273.15


@dataclass(frozen=True)
class Record:
    """Readings of one data file.

    Attributes
    ----------
    file
        As it was named.
    channels
        Readings (n,) by channel, in SI.
    u
        Standard uncertainties (n,) by channel, from columns ``u(NAME) [unit]``.
    lines
        Line of every row in the file (n,).
    sha256
        Of the file's bytes.
    header
        Comment lines at its beginning, without their '#'.
    """

    file: str
    channels: Mapping[str, NDArray[Any]]
    u: Mapping[str, NDArray[np.float64]]
    lines: NDArray[np.int64]
    sha256: str = ""
    header: str = ""

    def only(self, chosen: NDArray[np.bool_]) -> Record:
        """Return the record of some of its rows (n,)."""
        channels = {name: values[chosen] for name, values in self.channels.items()}
        u = {name: values[chosen] for name, values in self.u.items()}
        return replace(self, channels=channels, u=u, lines=self.lines[chosen])


def read_record(file: Path, units: Mapping[str, str]) -> Record:
    """Read a CSV file.

    Parameters
    ----------
    file
        Comments start with '#'; the first other line holds headings, ``NAME [unit]``, and for a reading's own standard
        uncertainty ``u(NAME) [unit]``.
    units
        SI unit by channel; `TEXT` for words.

    Raises
    ------
    DataError
        With every problem found: a missing file or column, a unit of another kind, a field that is no finite number.
    """
    name = str(file)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise DataError(
            [Problem(name, 1, 1, "data", f"cannot be read ({error.strerror}), expected a CSV file")]
        ) from None
    if len(raw) > _MAX_BYTES:
        raise DataError([Problem(name, 1, 1, "data", f"is larger than {_MAX_BYTES // 1_000_000} MB")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DataError([Problem(name, line, 1, "data", "is not UTF-8 text")]) from None
    return _parsed(name, text, units, hashlib.sha256(raw).hexdigest())


@dataclass(frozen=True)
class _Column:
    """A column: its channel, the factor to SI (None for words), whether it holds standard uncertainties, its zero."""

    channel: str
    scale: float | None
    is_u: bool
    zero: float = 0.0

    def read(self, text: str) -> float | str:
        """Value of a field in SI."""
        if self.scale is None:
            if not text:
                raise ValueError("is empty, expected a word")
            return text
        try:
            value = float(text) * self.scale + self.zero
        except ValueError:
            raise ValueError(f"'{text[:30]}' is no number") from None
        if not math.isfinite(value):
            raise ValueError(f"'{text[:30]}' is no finite number")
        if self.is_u and not value > 0:
            raise ValueError(f"a standard uncertainty must be positive, got '{text[:30]}'")
        return value


def _parsed(name: str, text: str, units: Mapping[str, str], sha256: str) -> Record:
    lines = text.splitlines()
    rows = [(i, line) for i, line in enumerate(lines, start=1) if line.strip() and not line.lstrip().startswith("#")]
    if not rows:
        raise DataError([Problem(name, 1, 1, "data", f"is empty, expected headings such as {_example(units)}")])
    problems: list[Problem] = []
    heading_line, headings = rows[0]
    columns = _columns(name, heading_line, next(csv.reader([headings])), units, problems)
    if problems:
        raise DataError(problems)
    problems += _hidden(name, lines, heading_line, len(columns))
    fields = [_fields(name, line, next(csv.reader([row])), columns, problems) for line, row in rows[1:]]
    if not fields and not problems:
        problems.append(Problem(name, heading_line, 1, "data", "has no rows below its headings"))
    if problems:
        raise DataError(problems)
    table = {column: [row[i] for row in fields] for i, column in enumerate(columns)}
    return Record(
        file=name,
        channels={
            c.channel: np.array(values, dtype=str if c.scale is None else float)
            for c, values in table.items()
            if not c.is_u
        },
        u={c.channel: np.array(values, dtype=float) for c, values in table.items() if c.is_u},
        lines=np.array([line for line, _ in rows[1:]]),
        sha256=sha256,
        header="\n".join(line.lstrip("# ") for line in lines[: heading_line - 1]),
    )


def _column(channel: str, unit: str, si_unit: str, is_u: bool) -> _Column:
    """Column in a unit; degrees Celsius have a zero of their own, and their uncertainties are kelvin."""
    if si_unit == TEXT:
        return _Column(channel, None, is_u)
    if si_unit == "K" and unit.strip() in _CELSIUS:
        return _Column(channel, 1.0, is_u, 0.0 if is_u else _ICE_POINT)
    return _Column(channel, scale_to_si(unit, si_unit), is_u)


def _hidden(name: str, lines: list[str], heading_line: int, columns: int) -> Iterator[Problem]:
    """Readings that a '#' in their first field, such as '#N/A', would turn into a comment."""
    for number, line in enumerate(lines[heading_line:], start=heading_line + 1):
        if columns > 1 and line.lstrip().startswith("#") and len(next(csv.reader([line]))) == columns:
            message = "looks like a reading and is a comment, expected a number in the first field or no such commas"
            yield Problem(name, number, 1, "data", message)


def _columns(
    name: str, line: int, headings: list[str], units: Mapping[str, str], problems: list[Problem]
) -> list[_Column]:
    columns: list[_Column] = []
    start = 1
    for heading in headings:
        match = _HEADING.fullmatch(heading)
        channel = match["name"] if match else heading.strip()
        is_u = bool(match and match["u"])
        unit = (match["unit"] if match else "") or ""
        if channel not in units:
            problems.append(Problem(name, line, start, channel, f"unknown column, expected {_example(units)}"))
        elif any(c.channel == channel and c.is_u == is_u for c in columns):
            problems.append(Problem(name, line, start, channel, "the column appears twice, expected it once"))
        else:
            try:
                columns.append(_column(channel, unit, units[channel], is_u))
            except ValueError as error:
                problems.append(Problem(name, line, start, channel, str(error)))
        start += len(heading) + 1
    known = {column.channel for column in columns if not column.is_u} | {problem.path for problem in problems}
    missing = [channel for channel in units if channel not in known]
    message = f"the column is missing, expected {_example(units)}"
    problems += [Problem(name, line, 1, channel, message) for channel in missing]
    return columns


def _fields(name: str, line: int, row: list[str], columns: list[_Column], problems: list[Problem]) -> list[float | str]:
    """Values of one row in SI; what is no number is a problem with its place."""
    if len(row) != len(columns):
        problems.append(Problem(name, line, 1, "data", f"has {len(row)} fields, expected {len(columns)}"))
        return []
    found: list[float | str] = []
    start = 1
    for column, text in zip(columns, row, strict=True):
        try:
            found.append(column.read(text.strip()))
        except ValueError as error:
            problems.append(Problem(name, line, start, column.channel, str(error)))
        start += len(text) + 1
    return found


def _example(units: Mapping[str, str]) -> str:
    return ", ".join(f"'{name}'" if unit == TEXT else f"'{name} [{unit}]'" for name, unit in units.items())
