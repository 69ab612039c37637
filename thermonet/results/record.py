"""Quantities, checks and tables, and the strict JSON they are written as (``thermonet/result/1``)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

SCHEMA = "thermonet/result/1"

Value = float | int | str | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number with all that is needed to trust it.

    Attributes
    ----------
    value
        In the coherent SI unit `unit`.
    unit, symbol, description
        ``"K/W"``, ``"R_P"``, and a sentence.
    u
        Standard uncertainty from the named inputs, in `unit`; None where it was not propagated.
    numerical_error
        Estimated error of the computation, in `unit`; None where there is none to estimate.
    source
        How it came about.
    """

    value: float
    unit: str
    symbol: str
    description: str
    u: float | None = None
    numerical_error: float | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """An assumption put to the test: |value| against a threshold.

    Attributes
    ----------
    holds
        True, False, or None where the uncertainty leaves it undecided.
    """

    holds: bool | None
    value: float
    u: float | None
    threshold: float
    explanation: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its unit ('' for text) and its values."""

    unit: str
    values: Sequence[Value]


Table = Mapping[str, Column]


def rows_of(table: Table, *names: str) -> Iterator[tuple[Value, ...]]:
    """Rows of some columns of a table, of all of them where none is named."""
    return zip(*(table[name].values for name in names or table), strict=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Everything a verb found out about one document."""

    kind: str
    name: str
    quantities: Mapping[str, Quantity]
    tables: Mapping[str, Table] = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)

    def as_json(self) -> str:
        """Strict JSON text: a number that is not finite is a defect and raises ValueError."""
        return json.dumps(self.as_plain(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def as_plain(self) -> dict[str, object]:
        """Return the same as plain dictionaries and lists."""
        return {
            "schema": SCHEMA,
            "kind": self.kind,
            "name": self.name,
            "quantities": {key: _plain(quantity) for key, quantity in self.quantities.items()},
            "tables": {name: {"columns": _columns(table)} for name, table in self.tables.items()},
            "checks": {key: _plain(check) for key, check in self.checks.items()},
        }


def _plain(record: Quantity | Check) -> dict[str, Value]:
    return {name: _number(getattr(record, name)) for name in record.__slots__}


def _columns(table: Table) -> dict[str, object]:
    return {
        name: {"unit": column.unit, "values": [_number(v) for v in column.values]} for name, column in table.items()
    }


def _number(value: Value) -> Value:
    """Plain Python numbers only; numpy's would not be JSON."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return int(value)
    plain = getattr(value, "item", None)
    if plain is not None:  # numpy's truth values and whole numbers are neither Python's nor JSON's
        return _number(plain())
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("a result holds a number that is not finite")
    return number


def read_result(text: str) -> Result:
    """Read what `Result.as_json` wrote.

    Raises
    ------
    ValueError
        The text is not a result of this schema.
    """
    plain = json.loads(text)
    if plain.get("schema") != SCHEMA:
        raise ValueError(f"expected a result of schema {SCHEMA}, got {plain.get('schema')!r}")
    return Result(
        kind=plain["kind"],
        name=plain["name"],
        quantities={key: Quantity(**entry) for key, entry in plain["quantities"].items()},
        tables={
            name: {key: Column(column["unit"], column["values"]) for key, column in table["columns"].items()}
            for name, table in plain["tables"].items()
        },
        checks={key: Check(**entry) for key, entry in plain["checks"].items()},
    )
