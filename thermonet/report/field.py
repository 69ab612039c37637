"""The temperature field of what was studied, for figures and for other programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Ints, Mesh
from thermonet.studies.body import BodyStudy
from thermonet.studies.probe import ProbeStudy

_MICROMETRE = 1e-6


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
    """

    mesh: Mesh
    radius: Floats
    distance: Floats
    temperature: Floats


def tip_field(study: ProbeStudy) -> TipField:
    """Solve for the static field of the apex source in the tip."""
    model, held = study.solved.model, study.solved.held
    temperature = np.asarray(held.solve(held.system.sources["apex"]), dtype=float)[model.tip_unknowns]
    r, z = model.tip.mesh.points * LENGTH_UNIT
    return TipField(model.tip.mesh, r, z.max() - z, temperature)


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
    """Write the field in the tip as a VTK file (.vtu) of six-node triangles.

    Points are (r, z, 0) in micrometres, z from the plane of the cantilever towards the apex; point data
    'temperature_per_watt' [K/W]; cell data 'region', the index into the names that a comment in the file lists.
    """
    field = tip_field(study)
    place = "(r, z, 0) in micrometres, z from the plane of the cantilever towards the apex"
    _write(path, field.mesh, "temperature_per_watt", field.temperature, f"{place}; temperature_per_watt: K/W, static")


def write_body_field(path: Path, study: BodyStudy) -> None:
    """Write the field of a body as a VTK file, as `write_field` does; point data 'temperature' [K]."""
    place = "(x, y, 0) or (r, z, 0) in micrometres"
    _write(path, study.mesh, "temperature", study.temperature, f"{place}; temperature: K, all sources at their powers")


def _write(path: Path, mesh: Mesh, name: str, values: Floats, meaning: str) -> None:
    import meshio

    points = np.zeros((mesh.points.shape[1], 3))
    points[:, :2] = mesh.points.T * (LENGTH_UNIT / _MICROMETRE)
    file = meshio.Mesh(
        points,
        [("triangle6", mesh.cells.T)],
        point_data={name: values},
        cell_data={"region": [mesh.region]},
    )
    meshio.write(path, file, file_format="vtu")
    regions = ", ".join(f"{index} {region}" for index, region in enumerate(mesh.names))
    # The format has no place for units and names but a comment, in which two dashes would be its end.
    text = f"points: {meaning}; region: {regions}".replace("--", "- -")
    comment = f"<!-- {text} -->\n"
    head, newline, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(head + newline + comment.encode() + rest)
