"""Figures of a study, each with the table behind it; the only place that knows matplotlib."""

from __future__ import annotations

from thermonet.report.figures.body import body_figures, left_out
from thermonet.report.figures.budget import budget_figure, trials_figure
from thermonet.report.figures.drawing import Drawing, svg_text
from thermonet.report.figures.field import axis_figure, field_figure
from thermonet.report.figures.junction_map import junction_map_figure
from thermonet.report.figures.lines import lines_figure
from thermonet.report.figures.network import network_figure
from thermonet.report.figures.response import (
    frequency_figure,
    pairs_frequency_figure,
    response_figure,
    step_figure,
    time_figures,
)
from thermonet.studies.probe import ProbeStudy

__all__ = [
    "Drawing",
    "axis_figure",
    "body_figures",
    "budget_figure",
    "field_figure",
    "frequency_figure",
    "junction_map_figure",
    "left_out",
    "lines_figure",
    "network_figure",
    "pairs_frequency_figure",
    "probe_drawings",
    "response_figure",
    "step_figure",
    "svg_text",
    "time_figures",
    "trials_figure",
]


def probe_drawings(study: ProbeStudy) -> dict[str, Drawing]:
    """All figures of a studied probe by name; those that need what the study does not have are left out."""
    found = [
        field_figure(study),
        *([] if study.probe.apex.is_round else [lines_figure(study)]),
        axis_figure(study),
        step_figure(study),
        frequency_figure(study),
        network_figure(study),
        junction_map_figure(study.junctions),
    ]
    if study.budgets["probe_resistance"].lines:
        found.append(budget_figure(study))
    trials = trials_figure(study)
    if trials is not None:
        found.append(trials)
    return {drawing.name: drawing for drawing in found}
