"""Probes that are solved in three dimensions because their metals are lines, and what the width of a line does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from thermonet.geometry.apex import Apex, TipLayer
from thermonet.geometry.mesh import Floats
from thermonet.geometry.tip_solid_grid import lines_problem
from thermonet.heat.probe import Probe, ProbeModel, probe_model
from thermonet.heat.probe_solid import SolidProbeModel, solid_probe_model
from thermonet.heat.tip import FilmConductance, film_conductance
from thermonet.heat.tip_solid import solid_film_conductance
from thermonet.results.record import Column, Table
from thermonet.system.core import Vector
from thermonet.system.steady import resistance

#: A probe whose tip is a body of revolution, or one with lines.
AnyProbeModel: TypeAlias = ProbeModel | SolidProbeModel

#: Widths of lines that are compared, relative to the design's; infinite ones are shells.
_WIDTHS = (0.5, 0.75, 1.0, 1.5, 2.0, math.inf)


def assembled(
    probe: Probe, element_scale: float, *, by_term: bool, harmonic_shapes: Mapping[int, Floats] | None = None
) -> AnyProbeModel:
    """Mesh and assemble a probe in as many dimensions as its tip asks for.

    Parameters
    ----------
    probe, element_scale
        What, and how finely.
    by_term
        One affine term per film and interface, or with false their sums alone.
    harmonic_shapes
        Condensed fields of a round tip to reuse (of a probe with the same topology).
    """
    if probe.apex.is_round:
        return probe_model(probe, element_scale, by_term=by_term, harmonic_shapes=harmonic_shapes)
    return solid_probe_model(probe, element_scale, by_term=by_term)


def film_between(model: AnyProbeModel, inner: str, outer: str) -> FilmConductance | None:
    """Conductance of what lies between two metals of a tip; None where they are neighbours."""
    if isinstance(model, SolidProbeModel):
        return solid_film_conductance(model.tip, inner, outer)
    return film_conductance(model.tip, inner, outer)


def on_tip_nodes(model: AnyProbeModel, field: Vector) -> Floats:
    """Temperature of every node of the tip's mesh, from that of every unknown."""
    if isinstance(model, SolidProbeModel):
        return np.asarray(model.tip_fields @ field, dtype=float)
    return np.asarray(field[model.tip_unknowns], dtype=float)


def line_width_table(probe: Probe, element_scale: float) -> Table:
    """R_P with lines of other widths, all of them by the same factor, and with shells in their place.

    Widths that cannot be meshed are left out: neither lines nor shells.
    """
    tips = [(factor, with_widths(probe.apex, factor)) for factor in _WIDTHS]
    tips = [(factor, apex) for factor, apex in tips if lines_problem(apex) is None]
    found = []
    for _, apex in tips:
        model = solid_probe_model(replace(probe, apex=apex), element_scale, by_term=False)
        found.append(resistance(model.system.hold(model.ground), "thermocouple", "apex"))
    shells = found[-1]
    widths = {
        f"width.{layer.name}": Column("m", [_finite(factor * layer.line.width) for factor, _ in tips])
        for layer in probe.apex.layers
        if layer.line is not None
    }
    return {
        "widths": Column("", ["shells" if math.isinf(factor) else f"{factor:g} x" for factor, _ in tips]),
        **widths,
        "probe_resistance": Column("K/W", found),
        "relative_to_shells": Column("1", [value / shells for value in found]),
    }


def _finite(width: float) -> float | None:
    return width if math.isfinite(width) else None


def with_widths(apex: Apex, factor: float) -> Apex:
    """Return the tip with all lines wider by a factor; infinitely wide ones cover the tip."""

    def widened(layer: TipLayer) -> TipLayer:
        if layer.line is None:
            return layer
        width = layer.line.width * factor if math.isfinite(factor) else 4 * apex.foot_radius
        return replace(layer, line=replace(layer.line, width=width))

    return replace(apex, layers=tuple(widened(layer) for layer in apex.layers))
