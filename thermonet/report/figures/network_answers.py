"""What a network answers, drawn: impedances in the complex plane, pulses, structure functions."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import NullFormatter

from thermonet.geometry.mesh import Floats
from thermonet.quantities.formatting import scaled
from thermonet.report.figures.drawing import MUTED, Drawing, canvas, gridded, styled
from thermonet.report.figures.network_scale import DrawnElement, network_scale_figure
from thermonet.report.names import printed, printed_unit
from thermonet.results.record import Result, Table
from thermonet.studies.network.bodies import star
from thermonet.studies.network.study import NetworkStudy


def network_drawings(study: NetworkStudy) -> list[Drawing]:
    """Figures of a studied network that are its own: drawn to scale, impedances, pulses, structure functions."""
    result = study.result
    optional = [_to_scale(study), nyquist_figure(result), pulse_figure(result)]
    return [*(drawing for drawing in optional if drawing is not None), *structure_figures(result)]


def _to_scale(study: NetworkStudy) -> Drawing | None:
    """Every element as long as its resistance, bodies as stars."""
    solved, document = study.solved, study.document
    drawn = [
        DrawnElement(name=name, a=ends[0], b=ends[1], resistance=solved.resistances[name], heat=solved.heats[name])
        for name, ends in solved.ends.items()
        if name in solved.resistances
    ]
    legs = {name: star(element)[0] for name, element in solved.bodies.elements.items()}
    for each in solved.bodies.bindings:
        resistance = legs[each.element].get(each.terminal, 0.0)
        if resistance > 0:
            heat = solved.heats[each.name]
            drawn.append(DrawnElement(name=each.name, a=each.node, b=each.element, resistance=resistance, heat=heat))
    baths = {node: bath - solved.design.temperature for node, bath in solved.bodies.baths.items()}
    held = {*document.held, *baths}
    return network_scale_figure(drawn, {**solved.rises, **baths}, held=held, sources=solved.powers)


#: Part of a structure function's resistance without any capacity beyond which the axis begins after it.
_EMPTY = 0.9
#: Labels of a locus are left out nearer to another than this, in parts of the largest impedance.
_APART = (0.09, 0.035)


@styled
def nyquist_figure(result: Result) -> Drawing | None:
    """Draw the table 'impedance': every driving point in the complex plane; None without one."""
    table = result.tables.get("impedance", {})
    pairs = [name.removeprefix("real.").split(".") for name in table if name.startswith("real.")]
    ports = [one for one, other in pairs if one == other]
    if not ports:
        return None
    frequency = _column(table, "frequency")
    largest = max(float(np.abs(_column(table, f"real.{port}.{port}")).max()) for port in ports)
    factor, unit = scaled(largest, "K/W")
    highest = max(float(-_column(table, f"imaginary.{port}.{port}").min()) for port in ports)
    height = float(np.clip(1.1 + 9.6 * highest / largest, 2.8, 4.6))  # both axes have one scale
    figure = canvas(9.6, height, left=0.09, right=0.985, bottom=0.6 / height, top=1 - 0.18 / height)
    axes = figure.subplots()
    decades = 10.0 ** np.arange(np.ceil(np.log10(frequency[0])), np.floor(np.log10(frequency[-1])) + 1)
    labelled: list[Floats] = []
    for port in ports:
        plane = np.stack([_column(table, f"real.{port}.{port}"), -_column(table, f"imaginary.{port}.{port}")])
        (line,) = axes.plot(*plane * factor, linewidth=1.8, label=port)
        marks = np.stack([np.interp(np.log(decades), np.log(frequency), part) for part in plane])
        axes.plot(*marks * factor, linestyle="none", marker="o", markersize=4, color=line.get_color())
        for mark, at in zip(marks.T / largest, decades, strict=True):
            if mark[1] > _APART[1] and all(np.any(np.abs(mark - other) > _APART) for other in labelled):
                value, name = scaled(float(at), "Hz")
                place = mark * largest * factor
                label = printed_unit(f"{at * value:.3g} {name}")
                axes.annotate(label, (place[0], place[1]), (4, 4), textcoords="offset points", fontsize=8, color=MUTED)
                labelled.append(mark)
    axes.plot(0, 0, marker="+", markersize=9, color=MUTED)
    axes.set_ylim(bottom=-0.02 * largest * factor)  # no passive port has a positive imaginary part
    axes.set_aspect("equal", adjustable="box")
    axes.set(xlabel=f"real part [{printed_unit(unit)}]", ylabel=f"− imaginary part [{printed_unit(unit)}]")
    axes.legend(title="heat into and temperature of")
    gridded(axes)
    slow, fast = (printed(float(frequency[end]), "Hz", digits=3) for end in (0, -1))
    caption = (
        f"Thermal impedance of every port in the complex plane, from {slow} at the right end of every curve to {fast} "
        "at its left end; a dot for every decade of the frequency. At high frequencies it falls to zero (the cross) "
        "where the port has a heat capacity, else to what heat flows through at once."
    )
    return Drawing("nyquist", "Impedance", caption, figure, table)


@styled
def pulse_figure(result: Result) -> Drawing | None:
    """Draw the table 'pulse': temperature per watt that is on for a time; None without one."""
    table = result.tables.get("pulse", {})
    if len(table) < 2:
        return None
    time = _column(table, "time")
    curves = {name: _column(table, name) for name in table if name != "time"}
    factor, unit = scaled(max(float(np.abs(values).max()) for values in curves.values()), "K/W")
    figure = canvas(9.6, 3.9, left=0.09, right=0.985, bottom=0.14, top=0.95)
    axes = figure.subplots()
    for name, values in curves.items():
        axes.semilogx(time[time > 0], factor * values[time > 0], linewidth=1.8, label=name)
    axes.set(xlabel="time [s]", ylabel=f"response [{printed_unit(unit)}]")
    axes.legend()
    gridded(axes)
    return Drawing("pulse", "Response to a pulse", "One watt that is switched on and off again.", figure, table)


@styled
def structure_figures(result: Result) -> list[Drawing]:
    """Draw every table 'structure.<port>': heat capacity up to a resistance, and its slope."""
    return [
        _structure_figure(name.partition(".")[2], table)
        for name, table in result.tables.items()
        if name.startswith("structure.")
    ]


def _structure_figure(port: str, table: Table) -> Drawing:
    resistance, capacity, slope = (_column(table, name) for name in ("resistance", "capacity", "slope"))
    # Every line of the table is a stage of a ladder: its capacity, then the resistance that ends it.
    begin = resistance[0] - capacity[0] / slope[0]
    ends = np.concatenate([[begin], resistance])
    factor, unit = scaled(float(resistance.max()), "K/W")
    figure = canvas(9.6, 4.2, left=0.09, right=0.89, bottom=0.14, top=0.95)
    axes = figure.subplots()
    beside = axes.twinx()
    stages = {"drawstyle": "steps-pre"}
    (line,) = axes.semilogy(
        ends * factor, capacity[[0, *range(len(capacity))]], linewidth=2, label="cumulative", **stages
    )
    (other,) = beside.semilogy(
        ends * factor, slope[[0, *range(len(slope))]], linewidth=1.2, color=MUTED, label="differential", **stages
    )
    axes.set(xlabel=f"resistance from '{port}' [{printed_unit(unit)}]", ylabel="heat capacity [J/K]")
    beside.set(ylabel="dC/dR [W²s/K²]")
    for each, values in ((axes, capacity), (beside, slope)):
        each.yaxis.set_minor_formatter(NullFormatter())
        each.set_ylim(10 ** np.floor(np.log10(0.99 * values.min())), 10 ** np.ceil(np.log10(1.01 * values.max())))
    axes.legend(handles=[line, other], loc="upper left")  # the cumulative one rises to the right
    gridded(axes)
    caption = (
        f"Structure function of the heat that enters at '{port}': heat capacity that lies within a thermal resistance, "
        "and its slope, whose peaks are where there is much capacity and little resistance. Both belong to the one "
        "ladder that responds alike: where heat leaves by several paths, its parts are none of the network's."
    )
    empty = begin if len(resistance) == 1 else max(begin, resistance[0])
    if empty > _EMPTY * resistance[-1]:
        span = resistance[-1] - empty
        axes.set_xlim((empty - 0.1 * span) * factor, (resistance[-1] + 0.05 * span) * factor)
        axes.ticklabel_format(axis="x", useOffset=False)
        caption += (
            f" {empty / resistance[-1]:.1%} of the resistance come before any capacity to speak of, and the axis "
            "begins after them: heat leaves by a path that stores none, and the capacities behind the others "
            "appear multiplied."
        )
    return Drawing(f"structure_{port}", f"Structure function of {port}", caption, figure, table)


def _column(table: Table, name: str) -> Floats:
    return np.array(table[name].values, dtype=float)
