"""Meshes that users bring: Gmsh's ``.msh`` (2.2, 4.0, 4.1) and VTK's ``.vtu``, read by meshio, with named regions.

Conventions
-----------
``.msh``
    Physical groups name the regions (of cells) and the boundaries (of facets).
``.vtu``
    The format has no names: the whole numbers of the cell data ``region`` are the names of the regions, and those of
    ``boundary`` on the facets among the cells (negative: none) the names of the boundaries.

Other cells of lower dimension (points, in space lines) mean nothing to heat and are passed over.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from thermonet.geometry.conformity import SAME, open_borders, place_text
from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Ints, Mesh
from thermonet.geometry.quality import smallest_stretch, volumes
from thermonet.geometry.topology import facets, shared
from thermonet.quantities.errors import DataError, Problem

#: Cells and facets by dimension, linear and quadratic, as meshio calls them.
_CELLS = {2: ("triangle", "triangle6"), 3: ("tetra", "tetra10")}
_FACETS = {2: ("line", "line3"), 3: ("triangle", "triangle6")}
#: Cells that carry no heat by themselves.
_PASSED_OVER = {2: ("vertex",), 3: ("vertex", "line", "line3")}
#: What every .msh file has, and what stands before the last of these.
_SECTIONS = ("MeshFormat", "Nodes", "Elements")
_MORE_SECTIONS = ("PhysicalNames", "Entities", "PartitionedEntities")
_SAVE_GROUPS = "expected a group for all that are saved (in Gmsh, Mesh.SaveAll = 0 leaves out the others)"
#: The smallest volume of a cell, in parts of the cube of its longest side.
_FLAT = 1e-12


class _BadMeshError(Exception):
    """What is wrong with the mesh in a file, and what would be right."""


class _Block(Protocol):
    """Cells of one kind as meshio has them: nodes (n, nodes each)."""

    type: str
    data: Ints


class _File(Protocol):
    """What meshio has read: points (nodes, 2 or 3), blocks of cells, data by name and block, tags of groups."""

    points: Floats
    cells: Sequence[_Block]
    cell_data: Mapping[str, Sequence[Ints]]
    field_data: Mapping[str, tuple[int, int]]


def file_mesh(path: Path, dimension: int, unit: float, name: str | None = None) -> Mesh:
    """Read a mesh from a file.

    Parameters
    ----------
    path
        A file that ends in ``.msh`` or ``.vtu``; its conventions are at the top of this module.
    dimension
        2 for a mesh in a plane z = constant, 3 for tetrahedra.
    unit
        Metres per unit of its coordinates.
    name
        What messages call the file; none: its path.

    Returns
    -------
    Mesh
        Its regions in alphabetical order, cells positively oriented, no unused nodes. Middle nodes of quadratic cells
        are where the file has them.

    Raises
    ------
    DataError
        If the file is missing, no such file, truncated or corrupt; if cells have no name, are of a kind other than
        triangles and tetrahedra, or of two degrees; if the mesh has nodes that are no numbers, flat or turned cells,
        facets of nothing, or borders across which no heat would flow.
    """
    try:
        return _checked(_mesh(_read(path), dimension, unit))
    except _BadMeshError as error:
        raise DataError([Problem(name or str(path), 1, 1, "mesh", str(error))]) from None


def _read(path: Path) -> _File:
    """What meshio reads; its complaints, exits and warnings become one message."""
    import meshio

    readers = {".msh": meshio.gmsh.read, ".vtu": meshio.vtu.read}
    if path.suffix.lower() not in readers:
        raise _BadMeshError(f"a file '{path.suffix}' cannot be read, expected .msh or .vtu")
    if not path.is_file():
        raise _BadMeshError(f"{'is no file' if path.exists() else 'does not exist'}, expected a mesh file")
    missing = _missing(path.read_bytes(), path.suffix.lower())
    if missing:
        raise _BadMeshError(f"{missing}, expected a whole {path.suffix} file")
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), warnings.catch_warnings():
            # Numpy warns, rather than fails, where numbers end before they should.
            warnings.simplefilter("error")
            found = readers[path.suffix.lower()](path)
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        if "gmsh:physical" in reason:
            # In version 4, groups belong to entities; meshio cannot read entities that have none beside those that do.
            raise _BadMeshError(f"some of its elements have no physical group, {_SAVE_GROUPS}") from None
        # What its libraries say of numbers is for those who write readers.
        told = f" ({reason})" if isinstance(error, meshio.ReadError) and reason else ""
        raise _BadMeshError(
            f"cannot be read{told}: its numbers are not those that its sections announce, expected a whole "
            f"{path.suffix} file"
        ) from None
    if not len(found.points):
        raise _BadMeshError(f"has no nodes, expected a whole {path.suffix} file")
    return found


def _missing(data: bytes, kind: str) -> str:
    """What a file lacks that ends too early; nothing where its last section is closed."""
    if not data.strip():
        return "is empty"
    if kind == ".vtu":
        if b"</VTKFile>" in data:
            return ""
        arrays = re.findall(rb'<DataArray\b[^>]*?\bName="([^"]*)"', data)
        where = (
            f"in or after its data '{arrays[-1].decode('utf-8', 'replace')}'" if arrays else "before any of its data"
        )
        return f"ends {where}, without its closing </VTKFile>"
    for name in (*_SECTIONS, *_MORE_SECTIONS):
        begun = re.search(rf"^\${name}\s*$".encode(), data, re.MULTILINE)
        if begun and f"$End{name}".encode() not in data[begun.end() :]:
            return f"ends within its section ${name}, without $End{name}"
    absent = [name for name in _SECTIONS if f"${name}".encode() not in data]
    return f"has no section ${absent[0]}" if absent else ""


@dataclass(frozen=True)
class _Named:
    """Cells (nodes, n) of one kind and the index of the name of each, -1 for none."""

    kind: str
    cells: Ints
    name: Ints


def _mesh(found: _File, dimension: int, unit: float) -> Mesh:
    points = np.asarray(found.points, dtype=float).T
    names, boundary_names, blocks = _named_blocks(found, dimension)
    cells, region = _cells(blocks, dimension, points.shape[1])
    used = np.unique(cells)
    points = _flattened(points[:, used], dimension)
    number = np.full(found.points.shape[0], -1)
    number[used] = np.arange(len(used))
    on_facets = {}
    for index, name in enumerate(boundary_names):
        chosen = [block.cells[:, block.name == index] for block in blocks if block.kind in _FACETS[dimension]]
        nodes = np.concatenate([block[:dimension] for block in chosen], axis=1)
        if nodes.shape[1]:
            on_facets[name] = number[nodes]
    mesh = Mesh(points * (unit / LENGTH_UNIT), number[cells], region, names, {})
    return _with_boundaries(_oriented(mesh), on_facets)


def _named_blocks(found: _File, dimension: int) -> tuple[tuple[str, ...], tuple[str, ...], list[_Named]]:
    """Names of regions and of boundaries, and every block of cells with the index of each cell's name."""
    kinds = {*_CELLS[dimension], *_FACETS[dimension], *_PASSED_OVER[dimension]}
    for block in found.cells:
        if block.type not in kinds and len(block.data):
            wanted = " or ".join(_CELLS[dimension])
            raise _BadMeshError(f"has {len(block.data)} cells of kind '{block.type}', expected {wanted} alone")
    labelled = [_labels(found, index, dimension) for index in range(len(found.cells))]
    names: dict[bool, list[str]] = {True: [], False: []}
    for block, labels in zip(found.cells, labelled, strict=True):
        names[block.type in _CELLS[dimension]] += [label for label in labels if label]
    known = {whole: sorted(set(entries)) for whole, entries in names.items()}
    blocks = []
    for block, labels in zip(found.cells, labelled, strict=True):
        order = {label: index for index, label in enumerate(known[block.type in _CELLS[dimension]])}
        name = np.array([order.get(label, -1) for label in labels], dtype=np.int64)
        blocks.append(_Named(block.type, np.asarray(block.data, dtype=np.int64).T, name))
    return tuple(known[True]), tuple(known[False]), blocks


def _labels(found: _File, block: int, dimension: int) -> Sequence[str]:
    """Name of every cell of a block, '' for none."""
    count = len(found.cells[block].data)
    whole = found.cells[block].type in _CELLS[dimension]
    tags = found.cell_data.get("gmsh:physical")
    if tags is not None:
        rank = dimension if whole else dimension - 1
        groups = {int(tag): name for name, (tag, of) in found.field_data.items() if int(of) == rank}
        return [groups.get(int(tag), "") for tag in tags[block]]
    keys = ("region",) if whole else ("boundary", "region")
    for key in keys:
        if key in found.cell_data:
            numbers = np.asarray(found.cell_data[key][block])
            if numbers.ndim != 1 or not np.array_equal(numbers, np.round(numbers)):
                raise _BadMeshError(f"its cell data '{key}' are no whole numbers, one for each cell")
            return ["" if number < 0 else str(int(number)) for number in numbers]
    return [""] * count


def _cells(blocks: Sequence[_Named], dimension: int, nodes: int) -> tuple[Ints, Ints]:
    """Cells and region numbers of all blocks of the full dimension."""
    for block in blocks:
        if block.cells.size and (block.cells.min() < 0 or block.cells.max() >= nodes):
            raise _BadMeshError(f"its cells name nodes that are not there, expected nodes 1 to {nodes}")
    whole = [block for block in blocks if block.kind in _CELLS[dimension] and block.cells.shape[1]]
    kinds = sorted({block.kind for block in whole})
    if not whole:
        wanted = "triangles in a plane" if dimension == 2 else "tetrahedra"
        raise _BadMeshError(f"has no cells, expected {wanted}")
    if len(kinds) > 1:
        raise _BadMeshError(f"mixes {' and '.join(kinds)}, expected cells of one degree")
    cells = np.concatenate([block.cells for block in whole], axis=1)
    region = np.concatenate([block.name for block in whole])
    nameless = int((region < 0).sum())
    if nameless:
        message = f"{nameless} of its {len(region)} cells have no name"
        raise _BadMeshError(f"{message}, expected a physical group (.msh) or cell data 'region' (.vtu) for every cell")
    return cells, region


def _flattened(points: Floats, dimension: int) -> Floats:
    """Coordinates in the dimension of the mesh."""
    wrong = ~np.isfinite(points).all(axis=0)
    if wrong.any():
        raise _BadMeshError(f"{int(wrong.sum())} of its nodes have no finite coordinates")
    if dimension == 3 or len(points) == 2:
        return points
    if np.ptp(points[2]) > SAME * np.ptp(points, axis=1).max():
        raise _BadMeshError(f"its nodes lie at z from {points[2].min():g} to {points[2].max():g}, expected a plane")
    return points[:2]


def _oriented(mesh: Mesh) -> Mesh:
    """Return the mesh with positive cells: the first two corners change places where they have to."""
    sides = mesh.points[:, mesh.cells[1 : mesh.dimension + 1]] - mesh.points[:, mesh.cells[:1]]
    longest = np.sqrt((sides**2).sum(axis=0).max(axis=0))
    volume = volumes(mesh.points, mesh.cells)
    flat = np.abs(volume) <= _FLAT * longest**mesh.dimension
    if flat.any():
        place = place_text(mesh.points[:, mesh.cells[:, np.flatnonzero(flat)[0]]].mean(axis=1))
        raise _BadMeshError(
            f"{int(flat.sum())} of its cells are flat, the first near {place}, expected cells of some size"
        )
    cells = mesh.cells.copy()
    turned = volume < 0
    exchanged = {3: [1, 0, 2], 4: [1, 0, 2, 3], 6: [1, 0, 2, 3, 5, 4], 10: [1, 0, 2, 3, 4, 6, 5, 8, 7, 9]}
    cells[:, turned] = cells[:, turned][exchanged[len(cells)]]
    return replace(mesh, cells=cells)


def _with_boundaries(mesh: Mesh, named: dict[str, Ints]) -> Mesh:
    """Name the facets of the mesh that the file names, with their middle nodes."""
    found = facets(mesh)
    boundaries = {}
    for name, corners in named.items():
        place = shared(found.nodes[: mesh.dimension], corners)
        lost = int((place < 0).sum())
        if lost:
            raise _BadMeshError(f"{lost} facets of the boundary '{name}' belong to no cell, expected sides of cells")
        boundaries[name] = found.nodes[:, np.unique(place)]
    return replace(mesh, boundaries=boundaries)


def _checked(mesh: Mesh) -> Mesh:
    """Refuse what looks like a mesh, but through which heat would not flow as its user thinks."""
    found = facets(mesh)
    if found.count.max() > 2:
        raise _BadMeshError(
            f"{int((found.count > 2).sum())} facets belong to more than two cells, expected no overlaps"
        )
    if mesh.degree == 2:
        turned = smallest_stretch(mesh, np.arange(mesh.cells.shape[1])) <= 0
        if turned.any():
            place = place_text(mesh.points[:, mesh.cells[:, np.flatnonzero(turned)[0]]].mean(axis=1))
            message = f"{int(turned.sum())} of its curved cells may be turned inside out, the first near {place}"
            raise _BadMeshError(f"{message}, expected middle nodes nearer to the middles")
    for wrong in open_borders(mesh):
        raise _BadMeshError(f"{wrong}, expected a mesh in which neighbours share nodes")
    return mesh
