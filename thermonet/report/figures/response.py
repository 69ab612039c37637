"""Responses of the thermocouple: in time with the modes behind it, and over frequency."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from thermonet.geometry.mesh import Floats
from thermonet.quantities.formatting import scaled
from thermonet.report.figures.drawing import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, Drawing, canvas, gridded, styled
from thermonet.report.names import printed, printed_unit, symbol_math
from thermonet.results.record import Column, Quantity, Result, Table
from thermonet.studies.probe import ProbeStudy
from thermonet.system.response import harmonic, step

#: Key, colour and line style of the times that people call "the" time constant.
_TIMES = (
    ("time_constant_63", GREEN, "-"),
    ("time_constant_elmore", ORANGE, "--"),
    ("time_constant_slowest", PURPLE, "-."),
)
#: White behind a text that a line would cross.
_PLATE = {"facecolor": "white", "edgecolor": "none", "pad": 1}
#: Modes with smaller shares are not named in the figure.
_NAMED_SHARE = 0.045
#: Part of the largest response below which a curve lies on the axis.
_ON_THE_AXIS = 0.02
#: Styles of curves in turn: where two lie on each other, both are seen.
LINES = ("-", "--", "-.", ":")


@styled
def step_figure(study: ProbeStudy) -> Drawing:
    """Step response over log time, and below it the share of every mode at its own time constant."""
    seen, quantities = study.solved.transfer, study.result.quantities
    slowest = float(seen.time_constants[0])
    time = np.geomspace(3e-4, 10.0, 200) * slowest
    share = step(seen, time) / seen.resistance
    factor, unit = scaled(slowest, "s")
    figure = canvas(9.6, 4.9, left=0.08, right=0.985, bottom=0.105, top=0.98, hspace=0.12)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.0, 1.0))
    upper.plot(time * factor, share, color=INK, linewidth=2)
    upper.set_xscale("log")
    upper.set(xlim=(time[0] * factor, time[-1] * factor), ylim=(0, 1.08), ylabel="rise / final rise")
    level = 1 - math.exp(-1)
    upper.axhline(level, color=MUTED, linewidth=0.8, linestyle=":")
    upper.text(time[-1] * factor * 0.97, level + 0.015, "63 %", ha="right", va="bottom", color=MUTED, fontsize=8.5)
    for key, colour, style in _TIMES:
        _mark_time(upper, quantities[key], colour, style, factor)
        lower.axvline(quantities[key].value * factor, color=colour, linewidth=1, linestyle=style, alpha=0.7)
    upper.legend(loc="upper left", title="Three numbers called the time constant", title_fontsize=9, alignment="left")
    gridded(upper)
    modes = study.modes
    _shares(lower, modes.time_constants * factor, modes.residues / seen.resistance)
    lower.set_xlabel(f"time [{printed_unit(unit)}]")
    return Drawing(
        "step",
        "Step response",
        "Rise of the thermocouple after heat is switched on, relative to its end value, with the three numbers that "
        "are called the time constant; below, what each of the slowest modes carries of it at its own time constant (a "
        "transfer response may have negative shares).",
        figure,
        {
            "time": Column("s", [float(value) for value in time]),
            "temperature": Column("K/W", [float(value) for value in share * seen.resistance]),
            "relative": Column("1", [float(value) for value in share]),
        },
    )


def _mark_time(axes: Axes, quantity: Quantity, colour: str, style: str, factor: float) -> None:
    text = f"{symbol_math(quantity.symbol)} = {printed(quantity.value, quantity.unit, quantity.u)}"
    names = {"t_63": "63 % of the end value", "t_E": "mean delay (Elmore)", "tau_1": "slowest mode"}
    label = f"{text}, {names.get(quantity.symbol, '')}"
    axes.axvline(quantity.value * factor, color=colour, linewidth=1.5, linestyle=style, label=label)


def _shares(axes: Axes, time: Floats, shares: Floats) -> None:
    """Stems at the time constants, the large ones with their share in per cent."""
    visible = (time >= axes.get_xlim()[0]) & (time <= axes.get_xlim()[1])
    stems = axes.stem(time[visible], 100 * shares[visible], basefmt=" ", markerfmt="o")
    stems.stemlines.set(color=BLUE, linewidth=2)
    stems.markerline.set(color=BLUE, markersize=4)
    for t, percent in zip(time[visible], 100 * shares[visible], strict=True):
        if abs(percent) >= 100 * _NAMED_SHARE and t > 1.3 * axes.get_xlim()[0]:
            axes.text(
                t,
                percent + 2 * np.sign(percent),
                f"{percent:.0f} %",
                ha="center",
                va="bottom" if percent > 0 else "top",
                fontsize=8,
                bbox=_PLATE,
            )
    low, high = 100 * min(0.0, shares[visible].min()), 100 * shares[visible].max()
    axes.set(ylim=(low - 0.28 * (high - low) if low < 0 else 0, high + 0.35 * (high - low)), ylabel="share of mode [%]")
    axes.axhline(0, color=MUTED, linewidth=0.8)
    gridded(axes)


@styled
def frequency_figure(study: ProbeStudy) -> Drawing:
    """Amplitude and phase over frequency, with the bandwidth and the frequency of the modulation."""
    seen, edge = study.solved.transfer, study.result.quantities["bandwidth_3db"]
    modulation = study.document.modulation
    lowest = min(edge.value / 1e3, modulation.frequency.value / 2 if modulation else math.inf)
    frequency = np.geomspace(lowest, 100 * edge.value, 220)
    response = harmonic(seen, frequency)
    amplitude, phase = np.abs(response), np.degrees(np.unwrap(np.angle(response)))
    factor, unit = scaled(seen.resistance, "K/W")
    figure = canvas(9.6, 4.4, left=0.08, right=0.985, bottom=0.12, top=0.98, hspace=0.12)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1.6, 1.0))
    upper.semilogx(frequency, amplitude * factor, color=INK, linewidth=2)
    upper.set(xlim=(frequency[0], frequency[-1]), ylim=(0, 1.1 * amplitude.max() * factor))
    upper.set_ylabel(f"|H| [{unit}]")
    lower.semilogx(frequency, phase, color=INK, linewidth=2)
    lower.set(ylabel="phase [°]", xlabel="frequency [Hz]")
    _mark_frequency(upper, lower, edge.value, ORANGE, f"−3 dB at {printed(edge.value, 'Hz', edge.u)}")
    if modulation is not None:
        value = modulation.frequency.value
        _mark_frequency(upper, lower, value, BLUE, f"modulation at {printed(value, 'Hz')}")
    upper.axhline(seen.resistance * factor / math.sqrt(2), color=MUTED, linewidth=0.8, linestyle=":")
    for axes in (upper, lower):
        gridded(axes)
    return Drawing(
        "frequency",
        "Frequency response",
        "Amplitude and phase of the thermocouple's temperature per watt of heat that oscillates. The dotted line is "
        "the static response divided by the square root of two, which defines the bandwidth.",
        figure,
        {
            "frequency": Column("Hz", [float(value) for value in frequency]),
            "amplitude": Column("K/W", [float(value) for value in amplitude]),
            "phase": Column("rad", [float(value) for value in np.radians(phase)]),
        },
    )


def _mark_frequency(upper: Axes, lower: Axes, value: float, colour: str, text: str) -> None:
    for axes in (upper, lower):
        axes.axvline(value, color=colour, linewidth=1.4, linestyle="--")
    at = upper.get_xaxis_transform()
    upper.annotate(
        text, (value, 0.06), xycoords=at, xytext=(5, 0), textcoords="offset points", color=colour, fontsize=9
    )


@styled
def response_figure(result: Result) -> Drawing | None:
    """Draw the table 'response' of any result: its first column across, all others upwards; None without one."""
    table = result.tables.get("response")
    if not table or len(table) < 2:
        return None
    (across, first), *others = table.items()
    rows = [i for i, value in enumerate(first.values) if isinstance(value, (int, float)) and value > 0]
    curves = {name: _numbers(column, rows) for name, column in others}
    curves = {name: values for name, values in curves.items() if len(values)}
    if not curves:
        return None
    largest = max(float(np.abs(values).max()) for values in curves.values())
    units = dict.fromkeys(column.unit for name, column in others if name in curves)
    factor, unit = scaled(largest, next(iter(units))) if len(units) == 1 else (1.0, ", ".join(units))
    figure = canvas(9.6, 3.9, left=0.09, right=0.985, bottom=0.14, top=0.95)
    axes = figure.subplots()
    for (name, values), style in zip(curves.items(), LINES * (1 + len(curves) // len(LINES)), strict=False):
        axes.plot(_numbers(first, rows), values * factor, linewidth=1.8, linestyle=style, label=name)
    axes.set_xscale("log")
    axes.set(xlabel=f"{across.replace('_', ' ')} [{first.unit}]", ylabel=f"response [{printed_unit(unit)}]")
    axes.legend()
    gridded(axes)
    caption = "After a source is switched on, per watt of it."
    for name, values in curves.items():
        highest = float(np.abs(values).max())
        if len(units) == 1 and highest < _ON_THE_AXIS * largest:
            caption += f" {name} lies near zero: its largest value is {printed(highest, next(iter(units)), digits=3)}."
    return Drawing("response", "Step response", caption, figure, table)


@styled
def pairs_frequency_figure(result: Result) -> Drawing | None:
    """Draw the table 'frequency' of a body: amplitude and phase of every pair; None without one."""
    table = result.tables.get("frequency", {})
    pairs = [name.removeprefix("amplitude.") for name in table if name.startswith("amplitude.")]
    if not pairs:
        return None
    frequency = np.array(table["frequency"].values, dtype=float)
    amplitudes = {pair: np.array(table[f"amplitude.{pair}"].values, dtype=float) for pair in pairs}
    factor, unit = scaled(max(float(values.max()) for values in amplitudes.values()), "K/W")
    figure = canvas(9.6, 4.4, left=0.08, right=0.985, bottom=0.12, top=0.98, hspace=0.12)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1.6, 1.0))
    for pair, values in amplitudes.items():
        upper.loglog(frequency, values * factor, linewidth=1.8, label=pair)
        lower.semilogx(frequency, np.degrees(np.array(table[f"phase.{pair}"].values, dtype=float)), linewidth=1.8)
    upper.set(xlim=(frequency[0], frequency[-1]), ylabel=f"amplitude [{printed_unit(unit)}]")
    lower.set(ylabel="phase [°]", xlabel="frequency [Hz]")
    upper.legend()
    for axes in (upper, lower):
        gridded(axes)
    caption = "Temperature per watt of a source that oscillates: amplitude and phase."
    return Drawing("frequency", "Frequency response", caption, figure, table)


_IN_TIME = {
    "transient": ("In time", "Temperature of every sensor from the initial temperature on."),
    "periodic": ("Periodic state", "Temperature of every sensor over one period, after very many of them."),
}


@styled
def time_figures(result: Result) -> list[Drawing]:
    """Draw the tables 'transient' and 'periodic' of a body, where it has them: every sensor over time."""
    return [
        _time_figure(name, title, caption, result.tables[name])
        for name, (title, caption) in _IN_TIME.items()
        if len(result.tables.get(name, {})) > 1
    ]


def _time_figure(name: str, title: str, caption: str, table: Table) -> Drawing:
    (_, first), *others = table.items()
    time = np.array(first.values, dtype=float)
    factor, unit = scaled(float(time.max()), "s")
    figure = canvas(9.6, 3.9, left=0.09, right=0.985, bottom=0.14, top=0.95)
    axes = figure.subplots()
    for sensor, column in others:
        axes.plot(time * factor, np.array(column.values, dtype=float), linewidth=1.8, label=sensor)
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.set(xlim=(0, time.max() * factor), xlabel=f"time [{printed_unit(unit)}]", ylabel="temperature [K]")
    axes.legend()
    gridded(axes)
    return Drawing(name, title, caption, figure, table)


def _numbers(column: Column, rows: list[int]) -> Floats:
    """Some rows of a column, or nothing where not all of them are numbers."""
    values = [float(value) for i in rows if isinstance(value := column.values[i], (int, float))]
    return np.array(values if len(values) == len(rows) else [])
