"""The few sentences and numbers that a reader wants first."""

from __future__ import annotations

import math
from dataclasses import dataclass

from thermonet.report.grids import numerical_error, percent
from thermonet.report.names import printed, printed_input, readable
from thermonet.studies.probe import ProbeStudy
from thermonet.uncertainty.budget import BudgetLine


@dataclass(frozen=True)
class Compared:
    """A prediction beside its measured value.

    Attributes
    ----------
    measured, source
        As printed.
    distance
        How far the two are apart, in words.
    marks
        Positions 0..100 of low2, low1, value, high1, high2 (the prediction at two and one u) and of the measured value.
    """

    measured: str
    source: str
    distance: str
    marks: tuple[float, ...]


@dataclass(frozen=True)
class Headline:
    """What the top of a probe's report says; all texts are plain.

    Attributes
    ----------
    resistance, error
        R_P with u, and its numerical error.
    compared
        The measured R_P, if the document has one.
    measured_time
        The measured time constant, if the document has one.
    times
        (symbol, value, what it is) of the numbers called the time constant, and the bandwidth.
    largest
        Which group of inputs and which input the uncertainty comes from.
    advice
        What measuring that input would bring.
    """

    resistance: str
    error: str
    compared: Compared | None
    measured_time: str
    times: tuple[tuple[str, str, str], ...]
    largest: str
    advice: str


_TIMES = {
    "time_constant_63": "to 63 % of the end value",
    "time_constant_elmore": "mean delay (Elmore)",
    "time_constant_slowest": "slowest mode",
    "bandwidth_3db": "bandwidth, −3 dB",
}


def headline_of(study: ProbeStudy) -> Headline:
    """Pick the numbers and write the sentences."""
    quantities, measured = study.result.quantities, study.document.measured
    resistance = quantities["probe_resistance"]
    time = (
        ""
        if measured is None or measured.time_constant is None
        else printed(measured.time_constant.value, "s", measured.time_constant.u)
    )
    largest, advice = _largest(study)
    return Headline(
        resistance=printed(resistance.value, resistance.unit, resistance.u),
        error=numerical_error(resistance),
        compared=_compared(study),
        measured_time=time,
        times=tuple(
            (quantities[key].symbol, printed(quantities[key].value, quantities[key].unit, quantities[key].u), text)
            for key, text in _TIMES.items()
        ),
        largest=largest,
        advice=advice,
    )


def _compared(study: ProbeStudy) -> Compared | None:
    measured = study.document.measured
    if measured is None or measured.probe_resistance is None:
        return None
    prediction, known = study.result.quantities["probe_resistance"], measured.probe_resistance
    u, apart = prediction.u or 0.0, prediction.value - known.value
    both = math.hypot(u, known.u)
    distance = (
        f"{abs(apart) / both:.1f} combined standard uncertainties apart"
        if both
        else f"{printed(abs(apart), 'K/W')} apart"
    )
    ends = [prediction.value + factor * u for factor in (-2, -1, 0, 1, 2)]
    low, high = min(*ends, known.value), max(*ends, known.value)
    width = 1.12 * (high - low) or 1.0
    marks = tuple(100 * ((end - low) / width + 0.06 / 1.12) for end in (*ends, known.value))
    return Compared(printed(known.value, "K/W", known.u), known.source or measured.source, distance, marks)


def _largest(study: ProbeStudy) -> tuple[str, str]:
    """Group and input with the largest share of the variance of R_P, and what knowing the input would bring."""
    spread, table = study.budgets["probe_resistance"], study.result.tables["budget_groups"]
    if not spread.lines or not spread.u:
        return "All inputs are exact.", ""
    group, share = table["group"].values[0], float(table["share"].values[0] or 0)
    first = spread.lines[0]
    largest = f"{group} carry {percent(share)} of the variance of R_P; "
    largest += f"the largest single input is the {_named(study, first)}, {percent(first.share)}"
    if len(spread.lines) > 1:
        largest += f", then the {readable(spread.lines[1].input.name)}, {percent(spread.lines[1].share)}"
    left = printed(spread.u * math.sqrt(1 - min(first.share, 1.0)), "K/W", digits=2)
    advice = f"Were that input known exactly, u(R_P) would fall from {printed(spread.u, 'K/W', digits=2)} to {left}."
    return f"{largest[0].upper()}{largest[1:]}.", advice


def _named(study: ProbeStudy, line: BudgetLine) -> str:
    """An input's name and value, with the films that it stands for."""
    text = f"{readable(line.input.name)} ({printed_input(line.input)}"
    name, _, batch = line.input.name.removesuffix("]").partition("[")
    parts = name.split(".")
    if parts[0] == "materials":
        layers = study.document.apex.layers.items()
        films = [layer for layer, film in layers if film.material == parts[1] and film.batch == batch]
        text += f"; {', '.join(films)}" if films else ""
    return f"{text})"
