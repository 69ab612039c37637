"""Printed tables of a calibration: no value without its u, no expanded uncertainty without k and probability."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from markupsafe import Markup

from thermonet.calibration.certificate import says_synthetic
from thermonet.report.grids import Grid, flagged, percent
from thermonet.report.names import (
    printed,
    printed_concise,
    printed_interval,
    printed_like,
    prose,
    readable,
    symbol_markup,
    titled,
    words,
)
from thermonet.results.record import Quantity, Result, Table, Value, rows_of

#: Causes with a smaller share of a variance are printed as one line.
_SHARE = 1e-3


def number(value: Value) -> float:
    """A cell as a number; not a number where it is empty."""
    return math.nan if value is None else float(value)


def coverage(k: float, probability: float, dof: Value) -> tuple[str, str, str]:
    """Coverage factor, probability and effective degrees of freedom as printed."""
    return f"{k:.2f}", f"{100 * probability:.4g} %", freedom(dof)


def freedom(dof: Value) -> str:
    """Degrees of freedom as printed: as a rule of JCGM 100, G.4.1, the next lower whole number."""
    return "∞" if dof is None else f"{math.floor(number(dof))}"


def results_grid(result: Result, *, nuisance: bool) -> Grid:
    """Values with standard and expanded uncertainty: what is reported, or with `nuisance` what else was determined."""
    rows: list[tuple[str | Markup, ...]] = []
    names = ("quantity", "expanded", "coverage_factor", "probability", "dof")
    for key, wide, k, probability, dof in rows_of(result.tables["expanded"], *names):
        quantity = result.quantities[str(key)]
        if is_nuisance(str(key)) != nuisance:
            continue
        like = quantity.value if abs(quantity.value) > (quantity.u or 0.0) else quantity.u or 0.0
        rows.append(
            (
                titled(str(key)),
                symbol_markup(quantity.symbol),
                signed(printed_concise(quantity.value, quantity.unit, quantity.u)),
                printed_like(number(wide), quantity.unit, like),
                *coverage(number(k), number(probability), dof),
                prose(quantity.description),
            )
        )
    heads = ("Value(u)", "U", "k", "Probability", "dof")
    return Grid(
        (("Quantity", "text"), ("Symbol", "text"), *((head, "number") for head in heads), ("What it is", "note")), rows
    )


def is_nuisance(key: str) -> bool:
    """Whether a quantity belongs to an experiment or a thermometer, not to a probe."""
    return key.startswith(("experiments.", "thermometers."))


def signed(text: str) -> str:
    """A printed number with a minus sign in place of a hyphen."""
    return text.replace("-", "−")


def covariance_grid(result: Result) -> Grid:
    """Correlation coefficients and covariances of all pairs of reported quantities."""
    rows: list[tuple[str | Markup, ...]] = []
    for first, second, covariance, unit, coefficient in rows_of(
        result.tables["covariance"], "first", "second", "covariance", "unit", "correlation"
    ):
        if first != second:
            size = signed(f"{number(coefficient):.4f}")
            rows.append((titled(str(first)), titled(str(second)), size, signed(f"{number(covariance):.4g}"), str(unit)))
    columns = (
        ("Quantity", "text"),
        ("and", "text"),
        ("Correlation", "number"),
        ("Covariance", "number"),
        ("Unit", "text"),
    )
    return Grid(columns, rows)


def heat_grid(result: Result) -> Grid:
    """Heat in the probe by reading, its u beside what uncorrelated S_TC and R_P would have given."""
    rows: list[tuple[str | Markup, ...]] = []
    for probe, volts, heat, u, naive in rows_of(result.tables["heat"], "probe", "V_TC", "Q_P", "u", "u_uncorrelated"):
        watts = number(heat)
        wrong = (
            "–" if naive is None else f"{printed_like(number(naive), 'W', watts)} ({percent(number(naive) / watts)})"
        )
        right = f"{printed_like(number(u), 'W', watts)} ({percent(number(u) / watts)})"
        rows.append((str(probe), printed(number(volts), "V"), printed_concise(watts, "W", number(u)), right, wrong))
    heads = ("Thermovoltage", prose("Heat Q_P"), "u, with the covariance (k = 1)", "u if taken as uncorrelated: wrong")
    return Grid((("Probe", "text"), *((head, "number") for head in heads)), rows)


def causes_grid(table: Table, quantity: Quantity) -> Grid:
    """Causes of one quantity's uncertainty, largest share first; those below a thousandth as one line."""
    rows: list[tuple[str | Markup, ...]] = []
    count, together = 0, 0.0
    names = ("input", "type", "unit", "value", "u", "dof", "contribution", "share", "source")
    for name, kind, unit, value, u, dof, contribution, share, source in rows_of(table, *names):
        if number(share) < _SHARE:
            count, together = count + 1, together + number(share)
            continue
        lumped = str(name).endswith(".noise") or " and " in str(name)
        stated = "–" if lumped else signed(printed_concise(number(value), str(unit), number(u)))
        effect = signed(printed_like(number(contribution), quantity.unit, quantity.value))
        rows.append(
            (
                readable(str(name)),
                str(kind),
                stated,
                freedom(dof),
                effect,
                f"{100 * number(share):.1f} %",
                flagged(str(source)),
            )
        )
    if count:
        share_of_rest = f"{100 * together:.1f} %" if together >= _SHARE else "< 0.1 %"
        rows.append((f"{count} more, each below 0.1 %", "", "", "", "", share_of_rest, ""))
    heads = ("Value(u)", "dof", "Effect of +u", "Share")
    columns = (("Cause", "text"), ("Type", "text"), *((head, "number") for head in heads), ("Source", "note"))
    return Grid(columns, rows)


def parameters_grid(result: Result) -> Grid:
    """Parameters as stated, and as the records and all other inputs leave them."""
    rows: list[tuple[str | Markup, ...]] = []
    names = ("parameter", "unit", "stated", "u_stated", "estimate", "u", "source")
    for name, unit, stated, u_stated, estimate, u, source in rows_of(result.tables["parameters"], *names):
        before, moved = "sought", "–"
        if stated is not None:
            before = signed(printed_concise(number(stated), str(unit), number(u_stated)))
            moved = signed(f"{(number(estimate) - number(stated)) / number(u_stated):+.2f}")
        after = signed(printed_concise(number(estimate), str(unit), number(u)))
        rows.append((readable(str(name)), before, after, moved, flagged(str(source))))
    heads = ("Stated(u)", "Estimated(u)", "Moved, in u stated")
    return Grid((("Parameter", "text"), *((head, "number") for head in heads), ("Source", "note")), rows)


def ranges_grid(result: Result) -> Grid:
    """Ranges that the records cover."""
    rows = dict.fromkeys(
        (str(name), printed_interval(number(low), number(high), str(unit)))
        for name, unit, low, high in rows_of(result.tables["validity_range"], "range", "unit", "low", "high")
    )
    return Grid((("Range", "text"), ("From … to", "number")), list(rows))


def data_grid(result: Result) -> Grid:
    """Data files with their hashes; a header that says synthetic stands out."""
    rows: list[tuple[str | Markup, ...]] = []
    names = ("experiment", "protocol", "file", "rows", "header", "sha256")
    for experiment, protocol, file, count, header, sha256 in rows_of(result.tables["data"], *names):
        said = Markup("{}<br><code>{}</code>").format(marked(str(header)), str(sha256))
        rows.append((str(experiment), words(str(protocol)), str(file), f"{number(count):.0f}", said))
    columns = (("Experiment", "text"), ("Protocol", "text"), ("File", "text"), ("Rows", "number"))
    return Grid((*columns, ("Header and SHA-256", "note")), rows)


def marked(header: str) -> Markup:
    """A header, its first word as a flag where it says that the data are synthetic."""
    first, _, rest = header.partition(" ")
    if says_synthetic(first):
        return Markup('<span class="flag unsure">{}</span> {}').format(first.rstrip(":;,"), rest)
    return Markup("{}").format(header)


def facts_grid(facts: Iterable[tuple[str, str]]) -> Grid:
    """Surroundings, date and who answers for the calibration."""
    return Grid((("What", "text"), ("Value", "note")), [(prose(what), prose(value)) for what, value in facts])


def software(result: Result) -> Mapping[str, str]:
    """Version by package."""
    return {str(package): str(version) for package, version in rows_of(result.tables["software"], "package", "version")}
