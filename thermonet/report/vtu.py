"""Fields on meshes as VTK files (.vtu) for other programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from thermonet.geometry.mesh import LENGTH_UNIT, Floats, Ints

_MICROMETRE = 1e-6
#: Names that meshio gives to the cells of a mesh, by their number of nodes; the order of the nodes is ours.
CELLS = {3: "triangle", 6: "triangle6", 4: "tetra", 10: "tetra10"}


def write_vtu(
    path: Path,
    points: Floats,
    groups: Sequence[tuple[str, Ints, Ints]],
    names: Sequence[str],
    fields: Mapping[str, Floats],
    meaning: str,
) -> None:
    """Write fields of nodes and the region of every cell.

    Parameters
    ----------
    path
        Of the file.
    points
        Coordinates (2 or 3, nodes) in `LENGTH_UNIT`; the file has micrometres.
    groups
        Name of a kind of cells, the cells (k, n) and their regions (n,).
    names
        Of the regions.
    fields
        Values of every node by name.
    meaning
        What coordinates and fields are, for a comment: the format has no other place for it.
    """
    import meshio

    in_space = np.zeros((points.shape[1], 3))
    in_space[:, : len(points)] = points.T * (LENGTH_UNIT / _MICROMETRE)
    file = meshio.Mesh(
        in_space,
        [(kind, cells.T) for kind, cells, _ in groups],
        point_data=dict(fields),
        cell_data={"region": [region for _, _, region in groups]},
    )
    meshio.write(path, file, file_format="vtu")
    regions = ", ".join(f"{index} {region}" for index, region in enumerate(names))
    # Two dashes would be the end of a comment.
    text = f"points: {meaning}; region: {regions}".replace("--", "- -")
    head, newline, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(head + newline + f"<!-- {text} -->\n".encode() + rest)
