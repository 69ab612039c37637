"""The temperature field of a tip in three dimensions: its sections, its surface, and a file for other programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thermonet.geometry.mesh import Floats, Ints, Mesh
from thermonet.geometry.topology import EDGES, FACETS
from thermonet.heat.tip_solid import SolidTipModel
from thermonet.report.vtu import CELLS, write_vtu

#: Distance from a plane of symmetry that counts as on it, in `LENGTH_UNIT`.
_ON_PLANE = 1e-6
#: Corners of the four triangles between the nodes of a six-node one.
_QUARTERS = ([0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5])


@dataclass(frozen=True)
class Section:
    """A half plane through the axis of a tip.

    Attributes
    ----------
    mesh
        Six-node triangles, points (r, z) in `LENGTH_UNIT`, with the boundary 'axis'.
    temperature
        Of its nodes.
    junction
        Nodes (3, edges) of the line where the metals of the thermocouple meet: start, middle, end.
    """

    mesh: Mesh
    temperature: Floats
    junction: Ints


def section(model: SolidTipModel, temperature: Floats, metals: tuple[str, str], direction: str) -> Section:
    """Cut a tip along the line of a direction: 'x' along the cantilever, 'y' across it.

    Parameters
    ----------
    model, temperature
        The tip, and the temperature of every node of its mesh.
    metals
        Of the thermocouple.
    direction
        Of the half plane.
    """
    points, sheets = model.mesh.points, model.tip.sheets
    along, on = half_plane(points, direction)
    faces = [model.mesh.cells[list(face)] for face in FACETS[3]]
    solid = [face[:, on[face].all(axis=0)] for face in faces]
    region = [model.mesh.region[on[face].all(axis=0)] for face in faces]
    strips = _edges_on(on, [sheets.lower, sheets.upper])
    lower, upper = strips.nodes
    # Nodes half-way between the faces of a sheet: over both ends and the middle of every edge.
    halves = points.shape[1] + np.arange(lower.size).reshape(lower.shape)
    a, m, b = lower
    top_a, top_m, top_b = upper
    half_a, centre, half_b = halves
    triangles = [np.stack([a, b, top_b, m, half_b, centre]), np.stack([a, top_b, top_a, centre, top_m, half_a])]
    cells = np.concatenate([*solid, *triangles], axis=1)
    of_strip = sheets.region[strips.owner]
    between = (points[:, lower.ravel()] + points[:, upper.ravel()]) / 2
    heights = np.concatenate([points[2], between[2]])
    radius = np.concatenate([along, half_plane(between, direction)[0]])
    values = np.concatenate([temperature, (temperature[lower.ravel()] + temperature[upper.ravel()]) / 2])
    cells = _anticlockwise(cells, radius, heights)
    [interface] = [line for line in model.interfaces if {line.first, line.second} == set(metals)]
    junction = _edges_on(on, [interface.first_facets]).nodes[0]
    axis = _edges_on(np.abs(radius) < _ON_PLANE, [cells]).nodes[0][[0, 2, 1]]
    used, cells = np.unique(cells, return_inverse=True)
    cells = cells.reshape(6, -1)
    mesh = Mesh(
        np.stack([np.maximum(radius, 0.0), heights])[:, used],
        cells,
        np.concatenate([*region, of_strip, of_strip]),
        model.mesh.names,
        {"axis": np.searchsorted(used, axis)},
    )
    return Section(mesh, values[used], np.searchsorted(used, junction))


def half_plane(points: Floats, direction: str) -> tuple[Floats, NDArray[np.bool_]]:
    """Coordinate of nodes along a direction, 'x' or 'y', and which lie in the half plane of it and the axis."""
    along, beside = points[:2] if direction == "x" else points[1::-1]
    return along, (np.abs(beside) < _ON_PLANE) & (along > -_ON_PLANE)


@dataclass(frozen=True)
class _Edges:
    """Edges of triangles, the same ones of several sets: nodes (3, edges) start, middle, end, and their triangles."""

    nodes: list[Ints]
    owner: Ints


def _edges_on(on: NDArray[np.bool_], triangles: list[Ints]) -> _Edges:
    """Edges of six-node triangles whose three nodes are chosen ones, once each; by the first set of triangles."""
    nodes, owner = [], []
    for middle, (a, b) in enumerate(EDGES[2], start=3):
        chosen = on[triangles[0][[a, middle, b]]].all(axis=0)
        nodes.append([side[[a, middle, b]][:, chosen] for side in triangles])
        owner.append(np.flatnonzero(chosen))
    together = [np.concatenate([part[side] for part in nodes], axis=1) for side in range(len(triangles))]
    _, first = np.unique(together[0][1], return_index=True)
    return _Edges([side[:, first] for side in together], np.concatenate(owner)[first])


def _anticlockwise(cells: Ints, x: Floats, y: Floats) -> Ints:
    """Six-node triangles, those that run clockwise turned over."""
    (ax, bx, cx), (ay, by, cy) = x[cells[:3]], y[cells[:3]]
    clockwise = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) < 0
    return np.where(clockwise, cells[[0, 2, 1, 5, 4, 3]], cells)


def outer_surface(model: SolidTipModel) -> Ints:
    """Six-node triangles (6, n) of the tip's outer surface, of tetrahedra and of sheets."""
    sheets = model.tip.sheets
    outermost = sheets.upper[:, sheets.layer == sheets.layer.max(initial=0)]
    return np.concatenate([model.mesh.boundaries["surface"], outermost], axis=1)


def write_solid_field(path: Path, model: SolidTipModel, temperature: Floats) -> None:
    """Write the field of a tip as a VTK file (.vtu) of ten-node tetrahedra and, for every sheet, four wedges.

    Points are (x, y, z) in micrometres from the middle of the foot, x along the cantilever; point data
    'temperature_per_watt' [K/W]; cell data 'region', the index into the names that a comment in the file lists.
    """
    sheets, mesh = model.tip.sheets, model.mesh
    parts = [np.concatenate([sheets.lower[corners], sheets.upper[corners]]) for corners in _QUARTERS]
    wedges, region = np.concatenate(parts, axis=1), np.tile(sheets.region, len(parts))
    groups = [(CELLS[len(mesh.cells)], mesh.cells, mesh.region), ("wedge", wedges, region)]
    meaning = (
        "(x, y, z) in micrometres from the middle of the foot, x along the cantilever, the rest by symmetry; "
        "temperature_per_watt: K/W, static"
    )
    field = {"temperature_per_watt": temperature}
    write_vtu(path, mesh.points, [group for group in groups if group[1].size], mesh.names, field, meaning)
