"""The tip in three dimensions, with metals as lines that cross at its end: tetrahedra, and sheets far from the end.

Every cell of the grid is split into six tetrahedra by the diagonals from its lowest to its highest corner (Kuhn, IBM J.
Res. Dev. 4, 518 (1960)), which match from cell to cell also where cells collapse: on the axis, at the centre of the
rounding and at the corners of the crossing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from thermonet.geometry.apex import CORE, Apex
from thermonet.geometry.mesh import Floats, Ints, Mesh
from thermonet.geometry.tip_solid_grid import TipGrid, tip_grid
from thermonet.geometry.topology import EDGES, FACETS


@dataclass(frozen=True)
class Sheets:
    """Films as surfaces: two faces, each conducting along itself and to the other.

    Attributes
    ----------
    lower, upper
        Nodes (6, sheets) of the faces in the mesh, corners and then middles of their edges.
    layer
        Which film they are a part of, counted from 1 outwards, (sheets,).
    region
        Whose material they are of, which beside a line is another film: index into the mesh's names, (sheets,).
    """

    lower: Ints
    upper: Ints
    layer: Ints
    region: Ints


@dataclass(frozen=True)
class Hanging:
    """Nodes inside the films where sheets begin: their temperature is on the line between those of the two faces.

    Attributes
    ----------
    nodes, lower, upper
        The nodes, and those below and above them on the faces of their film, (nodes,).
    share
        Of the upper face's temperature, (nodes,).
    """

    nodes: Ints
    lower: Ints
    upper: Ints
    share: Floats


@dataclass(frozen=True)
class SolidTip:
    """A quarter or half of a tip.

    Attributes
    ----------
    mesh
        Ten-node tetrahedra; the regions are 'core' and the layers' names. The origin is the middle of the foot, x
        runs along the cantilever towards its free end, z upwards. Its boundaries are faces of tetrahedra: 'foot' and
        'surface', which the outermost sheets continue.
    sheets
        Films beyond the resolved end.
    hanging
        What ties the two together.
    foot
        Nodes in the plane of the cantilever, those of sheets too.
    end
        Node where axis and outer surface meet.
    quarters
        How many of the four are meshed: 1 from x to y, or 2 from x by way of y to -x.
    """

    mesh: Mesh
    sheets: Sheets
    hanging: Hanging
    foot: Ints
    end: int
    quarters: int


def tip_solid(apex: Apex, element_scale: float = 1.0, *, quarters: int = 2, resolved: bool = False) -> SolidTip:
    """Mesh of a tip with lines, curved edges on the curves.

    Beside a line its layer is filled by the film that is laid over it: no surface has a step.

    Parameters
    ----------
    apex
        The shape; a film that is no line, or a line wider than the foot, covers the whole tip.
    element_scale
        Multiplies the size of every element; the counts, and so the topology, depend on it alone.
    quarters
        1 or 2: how much of the tip, which is symmetric about the planes of both lines.
    resolved
        Whether films are tetrahedra down to the foot, instead of sheets from the edge of the crossing on.

    Raises
    ------
    PhysicsError
        The crossing of the lines does not end on the cone's wall, two lines run in one direction, or the outermost
        film is a line.
    """
    grid = tip_grid(apex, element_scale, quarters)
    rows = len(grid.region) if resolved else grid.crossing
    corners, region = _tetrahedra(grid, rows)
    lower, upper, layer, of_sheet = _faces_of_sheets(grid, rows)
    cells, below, above = _with_middles(grid, [corners, lower, upper])
    whole, flat = _uncollapsed(cells[:4]), _uncollapsed(below[:3])
    corners, cells, region = corners[:, whole], cells[:, whole], region[whole]
    below, above, layer, of_sheet = below[:, flat], above[:, flat], layer[flat], of_sheet[flat]
    points = _straight_inside(grid, cells)
    used = np.unique(np.concatenate([nodes.ravel() for nodes in (cells, below, above)]))
    number = np.full(points.shape[1], -1)
    number[used] = np.arange(len(used))
    cells = number[cells]
    places = np.arange(grid.number.size).reshape(grid.number.shape)
    boundaries = {
        "foot": _faces_on(places[-1], corners, cells),
        "surface": _faces_on(places[:, :, -1], corners, cells),
    }
    foot = np.unique(number[grid.number[-1]])
    return SolidTip(
        mesh=Mesh(points[:, used], cells, region, (CORE, *(film.name for film in apex.layers)), boundaries),
        sheets=Sheets(number[below], number[above], layer, of_sheet),
        hanging=_hanging(grid, rows, number),
        foot=foot[foot >= 0],
        end=int(number[grid.number[0, 0, -1]]),
        quarters=quarters,
    )


def _strides(grid: TipGrid) -> Ints:
    """Difference of the places at both ends of a cell's edge, by direction (3,)."""
    _, columns, layers = grid.number.shape
    return 2 * np.array([columns * layers, layers, 1])


def _tetrahedra(grid: TipGrid, rows: int) -> tuple[Ints, Ints]:
    """Corners (4, n) of all tetrahedra, collapsed ones too, as places in the grid, and their regions (n,)."""
    i, j, k = (index.ravel() for index in np.indices(grid.region.shape))
    solid = (i < rows) | (grid.layer[k] == 0)
    cells = np.stack([i, j, k])[:, solid]
    strides = _strides(grid)
    lowest, region = strides @ cells, grid.region[tuple(cells)]
    found = []
    for first, second, third in permutations(strides):
        corners = [lowest, lowest + first, lowest + first + second, lowest + first + second + third]
        # An odd order of the directions turns the tetrahedron inside out.
        odd = [first, second, third] not in [list(np.roll(strides, shift)) for shift in range(3)]
        found.append(np.stack([corners[0], corners[2], corners[1], corners[3]] if odd else corners))
    return np.concatenate(found, axis=1), np.tile(region, 6)


def _faces_of_sheets(grid: TipGrid, rows: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Corners (3, n) of the lower and upper faces of all sheets as places, their layers and regions (n,)."""
    layers = np.unique(grid.layer[grid.layer > 0])
    starts = np.array([np.flatnonzero(grid.layer == layer)[0] for layer in layers])
    stops = np.array([np.flatnonzero(grid.layer == layer)[-1] + 1 for layer in layers])
    shape = (grid.region.shape[0] - rows, grid.region.shape[1], len(layers))
    i, j, film = (index.ravel() for index in np.indices(shape))
    down, around, outwards = _strides(grid)
    lowest = (i + rows) * down + j * around + starts[film] * outwards
    triangles = [[lowest, lowest + down, lowest + down + around], [lowest, lowest + down + around, lowest + around]]
    lower = np.concatenate([np.stack(corners) for corners in triangles], axis=1)
    rise, layer = np.tile((stops - starts)[film] * outwards, 2), np.tile(layers[film], 2)
    region = np.tile(grid.region[i + rows, j, starts[film]], 2)
    return lower, lower + rise, layer, region


def _uncollapsed(corners: Ints) -> NDArray[np.bool_]:
    """Whether all corners of an element are different nodes, (elements,)."""
    return np.asarray((np.diff(np.sort(corners, axis=0), axis=0) > 0).all(axis=0))


def _with_middles(grid: TipGrid, elements: list[Ints]) -> list[Ints]:
    """Nodes of elements with those in the middles of their edges, from their corners' places.

    Where cells collapse, edges of several cells, or a diagonal and an edge, become one; its middle is that of the
    place that stands on the fewest half steps, an edge of the grid where there is one.
    """
    number, size = grid.number.ravel(), grid.number.size
    parity = (np.indices(grid.number.shape) % 2).sum(axis=0).ravel()
    keys, places = [], []
    for corners in elements:
        for a, b in EDGES[len(corners) - 1]:
            ends = np.sort(number[corners[[a, b]]], axis=0)
            keys.append(ends[0] * size + ends[1])
            places.append((corners[a] + corners[b]) // 2)
    key, place = np.concatenate(keys), np.concatenate(places)
    order = np.lexsort((place, parity[place], key))
    _, first, edge = np.unique(key[order], return_index=True, return_inverse=True)
    middle = np.empty_like(key)
    middle[order] = number[place[order][first]][edge]
    found, start = [], 0
    for corners in elements:
        edges = EDGES[len(corners) - 1]
        count = len(edges) * corners.shape[1]
        found.append(np.concatenate([number[corners], middle[start : start + count].reshape(len(edges), -1)]))
        start += count
    return found


def _straight_inside(grid: TipGrid, cells: Ints) -> Floats:
    """Coordinates of all places, edges inside the core straight: bent ones would fold its cells, wide at one end."""
    points = grid.points.copy()
    surface = 2 * int((grid.layer == 0).sum())
    for middle, (a, b) in enumerate(EDGES[3], start=4):
        inside = cells[middle] % grid.number.shape[2] < surface
        points[:, cells[middle, inside]] = (points[:, cells[a, inside]] + points[:, cells[b, inside]]) / 2
    return points


def _faces_on(plane: Ints, corners: Ints, cells: Ints) -> Ints:
    """Six-node faces (6, n) of tetrahedra whose corners all lie at the places of a plane of the grid."""
    inside = np.isin(corners, plane)
    faces = [cells[list(face)][:, inside[list(face[:3])].all(axis=0)] for face in FACETS[3]]
    return np.concatenate(faces, axis=1)


def _hanging(grid: TipGrid, rows: int, number: Ints) -> Hanging:
    """Nodes inside the films' cut at a row; none where no sheets begin there."""
    row = number[grid.number[2 * rows]]
    parts: list[Ints] = []
    shares: list[Floats] = []
    for layer in np.unique(grid.layer[grid.layer > 0]) if rows < len(grid.region) else []:
        cells = np.flatnonzero(grid.layer == layer)
        start, stop = 2 * cells[0], 2 * (cells[-1] + 1)
        for place in range(start + 1, stop):
            nodes, first = np.unique(row[:, place], return_index=True)
            first = first[nodes >= 0]
            parts.append(row[first][:, [place, start, stop]].T)
            shares.append(np.full(len(first), grid.across[place] - layer))
    nodes, lower, upper = np.concatenate(parts, axis=1) if parts else np.zeros((3, 0), dtype=np.int64)
    return Hanging(nodes, lower, upper, np.concatenate(shares) if shares else np.zeros(0))
