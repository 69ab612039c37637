"""Printed tables of a result: every cell is text, ready for a page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from thermonet.quantities.formatting import known_digits, with_unit
from thermonet.quantities.inputs import Input
from thermonet.report.names import (
    printed,
    printed_input,
    printed_interval,
    prose,
    readable,
    symbol_markup,
    titled,
    words,
)
from thermonet.results.record import Check, Quantity, Result, Table, Value, rows_of
from thermonet.studies.model_errors import ModelError
from thermonet.studies.probe import ProbeStudy
from thermonet.uncertainty.intervals import Comparison

#: Inputs with a smaller share of a variance are printed as one line.
_SHARE = 1e-3
#: First words of a source that say the value is not known from a measurement of this very thing.
UNSURE = ("assumed", "estimate", "default")
#: A share below which nobody reads the digits.
_TINY = 1e-7
#: Rows of a plain table that are printed; the rest is in the result.
_ROWS = 60
#: Text of more letters than this gets the room and the size of a note.
_LONG = 40
_VERDICT = {True: ("yes", "✓ holds"), False: ("no", "✗ does not hold"), None: ("open", "? undecided")}


@dataclass(frozen=True)
class Grid:
    """A printed table.

    Attributes
    ----------
    columns
        Heading and kind ('text', 'number' or 'note') of every column.
    rows
        Cells; plain text is escaped by the page.
    """

    columns: tuple[tuple[str, str], ...]
    rows: Sequence[tuple[str | Markup, ...]]


def quantities_grid(quantities: Mapping[str, Quantity]) -> Grid:
    """Values with their uncertainty and numerical error."""
    columns = (
        ("Quantity", "text"),
        ("Symbol", "text"),
        ("Value ± u", "number"),
        ("Numerical error", "number"),
        ("What it is", "note"),
    )
    rows = [
        (
            titled(key),
            symbol_markup(item.symbol),
            printed(item.value, item.unit, item.u, known_digits(item.value, item.numerical_error)).replace("-", "−"),
            numerical_error(item),
            prose(item.description),
        )
        for key, item in quantities.items()
    ]
    return Grid(columns, rows)


def numerical_error(item: Quantity) -> str:
    """Estimated error of the computation, absolute and relative; a dash where there is none to estimate."""
    if item.numerical_error is None:
        return "–"
    relative = f" ({percent(item.numerical_error / abs(item.value))})" if item.value else ""
    return printed(item.numerical_error, item.unit, digits=2) + relative


def percent(share: float) -> str:
    """A share in per cent with at most two digits of interest.

    Examples
    --------
    >>> percent(0.374), percent(0.0123), percent(6.6e-5)
    ('37 %', '1.2 %', '0.0066 %')
    """
    if 0 < abs(share) < _TINY:
        return "< 0.00001 %"
    return f"{100 * share:.2g} %" if abs(share) < 0.995 else f"{100 * share:.0f} %"


def modes_grid(table: Table) -> Grid:
    """Time constants with their shares, and the sum of the shares so far."""
    rows: list[tuple[str | Markup, ...]] = []
    so_far = 0.0
    for mode, time, share in rows_of(table, "mode", "time_constant", "share"):
        so_far += float(share or 0)
        time_text = "–" if time is None else printed(float(time), "s")
        rows.append((str(mode), time_text, f"{100 * float(share or 0):.2f} %", f"{100 * so_far:.1f} %"))
    return Grid((("Mode", "text"), ("Time constant", "number"), ("Share", "number"), ("Sum of shares", "number")), rows)


def budget_grid(table: Table, unit: str, *, sources: bool, links: bool) -> Grid:
    """Inputs of one quantity, largest share first; those below a thousandth as one line.

    Parameters
    ----------
    table
        A table 'budget.<quantity>' of a result.
    unit
        Of the quantity.
    sources
        Whether the inputs' sources are printed.
    links
        Whether the names lead to lines of `inputs_grids` on the same page.
    """
    rows: list[tuple[str | Markup, ...]] = []
    count, together = 0, 0.0
    keys = ("input", "unit", "value", "u", "contribution", "share", "source")
    for name, of_input, value, u, contribution, share, source in rows_of(table, *keys):
        if float(share or 0) < _SHARE:
            count, together = count + 1, together + float(share or 0)
            continue
        stated = printed(float(value or 0), str(of_input), float(u or 0))
        effect = printed(float(contribution or 0), unit, digits=2).replace("-", "−")
        called = input_link(str(name)) if links else readable(str(name))
        rows.append((called, stated, effect, f"{100 * float(share or 0):.1f} %", flagged(str(source))))
    if count:
        share_of_rest = f"{100 * together:.1f} %" if together >= _SHARE else "< 0.1 %"
        rows.append((f"{count} more, each below 0.1 %", "", "", share_of_rest, ""))
    numbers = ("Value ± u", "Effect of +u", "Share")
    columns = (("Input", "text"), *((head, "number") for head in numbers), ("Source", "note"))
    return Grid(columns, rows) if sources else Grid(columns[:-1], [row[:-1] for row in rows])


def input_link(name: str) -> Markup:
    """Readable name of an input, leading to its line among the inputs."""
    return Markup('<a href="#input-{}">{}</a>').format(anchor(name), readable(name))


def anchor(name: str) -> str:
    """A name as part of an id: letters, digits and dashes."""
    return "".join(letter if letter.isalnum() else "-" for letter in name)


def flagged(source: str) -> Markup:
    """Source with its first word as a flag where the value is assumed, estimated or a default."""
    if not source:
        return Markup('<span class="flag unsure">no source</span>')
    first, _, rest = source.partition(" ")
    word = first.rstrip(":;,")
    if word in UNSURE:
        return Markup('<span class="flag unsure">{}</span> {}').format(word, rest)
    return (
        Markup('<span class="flag">{}</span> {}').format(word, rest)
        if first.endswith(":")
        else Markup("{}").format(source)
    )


def is_unsure(source: str) -> bool:
    """Whether a value is assumed, estimated, a default, or of unknown origin."""
    return not source or source.partition(" ")[0].rstrip(":;,") in UNSURE


def model_errors_grid(found: Sequence[ModelError], quantity: Quantity) -> Grid:
    """Simplifications of the model and their effect on a quantity."""
    rows = [
        (
            item.name,
            printed(item.effect, quantity.unit, digits=2),
            percent(item.effect / quantity.value),
            prose(item.explanation),
        )
        for item in found
    ]
    return Grid(
        (("Model", "text"), ("Effect", "number"), ("Relative", "number"), ("How it was measured", "note")), rows
    )


def checks_grid(checks: Mapping[str, Check]) -> Grid:
    """Checks with their verdicts."""
    rows = [
        (
            badge(check.holds),
            titled(key),
            _ratio(check.value, check.u),
            _ratio(check.threshold, None),
            prose(check.explanation),
        )
        for key, check in checks.items()
    ]
    return Grid(
        (("Verdict", "text"), ("Check", "text"), ("Value", "number"), ("Allowed", "number"), ("Explanation", "note")),
        rows,
    )


def badge(holds: bool | None) -> Markup:
    """Verdict in a colour and in words."""
    kind, text = _VERDICT[holds]
    return Markup('<span class="badge {}">{}</span>').format(kind, text)


def _ratio(value: float, u: float | None) -> Markup:
    return prose(with_unit(value, "1", u, 3))


def trials_grid(found: Mapping[str, Comparison], quantities: Mapping[str, Quantity], probability: float = 0.95) -> Grid:
    """Both propagations of every quantity."""
    rows = []
    for key, item in found.items():
        unit = quantities[key].unit
        cells = (
            printed_interval(*item.first_order, unit).replace("-", "−"),
            printed_interval(item.low, item.high, unit).replace("-", "−"),
            printed(item.mean, unit, item.u).replace("-", "−"),
            "yes" if item.agrees else "no",
        )
        rows.append((titled(key), symbol_markup(quantities[key].symbol), *cells))
    held = f"{100 * probability:.4g} %"
    heads = (f"First order, {held}", f"Monte Carlo, {held}", "Mean ± u of the trials (k = 1)")
    return Grid(
        (("Quantity", "text"), ("Symbol", "text"), *((head, "number") for head in heads), ("Agree", "text")), rows
    )


def layers_grid(study: ProbeStudy) -> Grid:
    """What the tip is made of, from the outside inwards."""
    apex, conductivity = study.probe.apex, study.probe.properties.conductivity
    material = {name: layer.material for name, layer in study.document.apex.layers.items()}
    rows: list[tuple[str | Markup, ...]] = []
    for layer in reversed(apex.layers):
        roles = []
        if layer.name == study.probe.sensing.source_layer:
            roles.append("takes up the heat")
        if layer.name in study.probe.sensing.metals:
            roles.append("thermocouple")
        if layer.opening_radius is not None:
            roles.append(f"opened, radius {printed(layer.opening_radius, 'm')}")
        if layer.line is not None:
            where = "along" if layer.line.direction == "x" else "across"
            roles.append(f"line, {printed(layer.line.width, 'm')} wide, {where} the cantilever")
        thickness = (printed(layer.apex, "m"), printed(layer.wall, "m"))
        rows.append(
            (layer.name, material[layer.name], *thickness, printed(conductivity[layer.name], "W/m/K"), ", ".join(roles))
        )
    rows.append(("core", study.document.apex.core.material, "–", "–", printed(conductivity["core"], "W/m/K"), ""))
    numbers = ("On the axis", "On the wall", "Conductivity")
    return Grid(
        (("Layer", "text"), ("Material", "text"), *((head, "number") for head in numbers), ("Role", "note")), rows
    )


_SECTIONS = {
    "apex": "Tip",
    "cantilever": "Cantilever",
    "thermocouple": "Thermocouple",
    "heat_source": "Heat source",
    "junction": "Junction",
    "substrate": "Substrate",
    "materials": "Materials",
    "interfaces": "Boundary conductances",
}


def inputs_grids(inputs: Mapping[str, Input]) -> dict[str, Grid]:
    """All named inputs by the part of the document that owns them; every line has the id ``input-<name>``."""
    columns = (("Input", "text"), ("Value ± u", "number"), ("Distribution", "text"), ("Source", "note"))
    found: dict[str, list[tuple[str | Markup, ...]]] = {title: [] for title in _SECTIONS.values()}
    for name, value in inputs.items():
        title = _SECTIONS.get(name.partition(".")[0], "Surroundings")
        path = Markup(escape(name).replace(".", Markup(".<wbr>")).replace("_", Markup("_<wbr>")))
        named = Markup('<span id="input-{}">{}</span><br><code>{}</code>').format(anchor(name), readable(name), path)
        found.setdefault(title, []).append((named, printed_input(value), _distribution(value), flagged(value.source)))
    return {title: Grid(columns, rows) for title, rows in found.items() if rows}


def _distribution(value: Input) -> str:
    if value.distribution == "exact":
        return "exact"
    if math.isnan(value.low) or math.isnan(value.high):
        return value.distribution
    return f"{value.distribution}, {printed_interval(value.low, value.high, value.unit)}"


def table_grids(result: Result) -> dict[str, tuple[Grid, int]]:
    """Tables of a result as they are, budgets apart, with the number of rows that were left out."""
    return {name: _plain_grid(table) for name, table in result.tables.items() if not name.startswith("budget.")}


def _plain_grid(table: Table) -> tuple[Grid, int]:
    columns = tuple(
        (f"{name.replace('_', ' ')}{f' [{column.unit}]' if column.unit else ''}", _kind(column.values))
        for name, column in table.items()
    )
    rows = list(rows_of(table))
    return Grid(columns, [tuple(_cell(value) for value in row) for row in rows[:_ROWS]]), max(len(rows) - _ROWS, 0)


def _kind(values: Sequence[Value]) -> str:
    longest = max((len(value) for value in values if isinstance(value, str)), default=0)
    return "note" if longest > _LONG else "text" if longest else "number"


def _cell(value: Value) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:.6g}"


def provenance_grid(facts: Mapping[str, object]) -> Grid:
    """Where a result comes from, as names and values."""
    return Grid((("What", "text"), ("Value", "note")), list(_facts(facts)))


def _facts(facts: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key, value in facts.items():
        if isinstance(value, Mapping):
            yield words(key), ", ".join(f"{name} {inside}" for name, inside in value.items())
        elif isinstance(value, (list, tuple)):
            yield words(key), ", ".join(str(item) for item in value) or "none"
        else:
            yield words(key), str(value)
