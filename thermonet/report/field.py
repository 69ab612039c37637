"""The temperature field of what was studied, for figures and for other programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Ints, Mesh
from thermonet.heat.probe_solid import SolidProbeModel
from thermonet.report.field_solid import section, write_solid_field
from thermonet.report.vtu import CELLS, write_vtu
from thermonet.studies.bodies.study import BodyStudy
from thermonet.studies.probe import ProbeStudy
from thermonet.studies.probe_solid import on_tip_nodes


@dataclass(frozen=True)
class TipField:
    """Temperature in the tip, every region on nodes of its own where regions meet at an interface.

    Attributes
    ----------
    mesh
        Of the half plane (r, z), coordinates in `LENGTH_UNIT`, z from the plane of the cantilever to the apex.
    radius
        Distance of every node from the axis [m].
    distance
        Distance of every node from the plane of the contact, along the axis [m].
    temperature
        Rise above the bath per watt of the source [K/W].
    junction
        Nodes (3, edges) of the line where the metals of the thermocouple meet: start, middle, end.
    """

    mesh: Mesh
    radius: Floats
    distance: Floats
    temperature: Floats
    junction: Ints


def tip_field(study: ProbeStudy, direction: Literal["x", "y"] = "x") -> TipField:
    """Solve for the static field of the apex source in the tip.

    A tip with lines is cut in half a plane through its axis, along the cantilever ('x') or across it ('y').
    """
    model, metals = study.solved.model, study.probe.sensing.metals
    temperature = static_temperature(study)
    if isinstance(model, SolidProbeModel):
        cut = section(model.tip, temperature, metals, direction)
        return _tip_field(cut.mesh, cut.temperature, cut.junction)
    [line] = [line for line in model.tip.interfaces if {line.first, line.second} == set(metals)]
    return _tip_field(model.tip.mesh, temperature, line.first_facets[[0, 2, 1]])


def _tip_field(mesh: Mesh, temperature: Floats, junction: Ints) -> TipField:
    r, z = mesh.points * LENGTH_UNIT
    return TipField(mesh, r, z.max() - z, temperature, junction)


def static_temperature(study: ProbeStudy) -> Floats:
    """Static rise per watt of the apex source [K/W] of every node of the tip's mesh."""
    held = study.solved.held
    return on_tip_nodes(study.solved.model, np.asarray(held.solve(held.system.sources["apex"]), dtype=float))


def axis_line(field: TipField) -> tuple[Ints, Ints]:
    """Nodes on the axis (3, edges) and regions (edges,), from the outer surface inwards, each edge outer end first."""
    mesh = field.mesh
    edges = mesh.boundaries["axis"]
    # The middle of an edge on the boundary belongs to one triangle alone.
    owner = np.zeros(mesh.points.shape[1], dtype=np.int64)
    owner[mesh.cells[3:]] = np.arange(mesh.cells.shape[1])
    order = np.argsort(field.distance[edges[2]])
    edges = edges[:, order]
    turned = field.distance[edges[0]] > field.distance[edges[1]]
    first, last = np.where(turned, edges[1], edges[0]), np.where(turned, edges[0], edges[1])
    return np.stack([first, edges[2], last]), mesh.region[owner[edges[2]]]


def write_field(path: Path, study: ProbeStudy) -> None:
    """Write the field in the tip as a VTK file (.vtu) of six-node triangles, one with lines by `write_solid_field`.

    Points are (r, z, 0) in micrometres, z from the plane of the cantilever towards the apex; point data
    'temperature_per_watt' [K/W]; cell data 'region', the index into the names that a comment in the file lists.
    """
    model = study.solved.model
    if isinstance(model, SolidProbeModel):
        write_solid_field(path, model.tip, static_temperature(study))
        return
    field = tip_field(study)
    place = "(r, z, 0) in micrometres, z from the plane of the cantilever towards the apex"
    meaning = f"{place}; temperature_per_watt: K/W, static"
    _write(path, field.mesh, "temperature_per_watt", field.temperature, meaning)


def write_body_field(path: Path, study: BodyStudy) -> None:
    """Write the field of a body as a VTK file, as `write_field` does; point data 'temperature' [K]."""
    place = f"({', '.join(study.axes)}{', 0' * (3 - len(study.axes))}) in micrometres"
    _write(path, study.mesh, "temperature", study.temperature, f"{place}; temperature: K, all sources at their powers")


def _write(path: Path, mesh: Mesh, name: str, values: Floats, meaning: str) -> None:
    cells = (CELLS[len(mesh.cells)], mesh.cells, mesh.region)
    write_vtu(path, mesh.points, [cells], mesh.names, {name: values}, meaning)
