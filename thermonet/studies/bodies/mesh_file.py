"""The mesh file that a body document names: read, called by the document's names, and held against them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from thermonet.documents.body.drawn import DrawnDocument
from thermonet.documents.body.places import nearest
from thermonet.geometry.mesh import Mesh


def mesh_from_file(document: DrawnDocument) -> Mesh:
    """Mesh in the file of a document, its regions by the document's names.

    Raises
    ------
    DataError
        The file is no mesh that could be computed with.
    """
    from thermonet.geometry.mesh_files import file_mesh

    if document.mesh is None:
        raise ValueError("the document names no mesh file")  # its reader asks first
    mesh = file_mesh(Path(document.mesh.file), len(document.axes), document.mesh.unit)
    region = {entry.group or name: name for name, entry in document.regions.items()}
    return replace(mesh, names=tuple(region.get(group, group) for group in mesh.names))


def mesh_file_problems(document: DrawnDocument, mesh: Mesh) -> Iterator[tuple[str, str]]:
    """(path, message) for every region, face or boundary of a document that is not in its mesh."""
    for name, entry in document.regions.items():
        if name not in mesh.names:
            path, group = (f"regions.{name}.group", entry.group) if entry.group else (f"regions.{name}", name)
            free = [other for other in mesh.names if other not in document.regions]
            expected = nearest(group, free or mesh.names)
            yield path, f"there is no group of cells '{group}' in the mesh file, expected {expected}"
    unnamed = [name for name in mesh.names if name not in document.regions]
    if unnamed and all(name in mesh.names for name in document.regions):
        yield "regions", f"the mesh file has cells of '{unnamed[0]}' too, expected a region for every group of cells"
    yield from _missing_facets(document, mesh)


def _missing_facets(document: DrawnDocument, mesh: Mesh) -> Iterator[tuple[str, str]]:
    places = document.places
    for path, name in document.references.items():
        known = [*mesh.boundaries, *document.regions]
        if not path.startswith("boundaries."):
            known += document.boundaries
        if name not in known and not places.sheet(name):
            what = "group of facets" if path.startswith("boundaries.") else "boundary, region or group of facets"
            yield path, f"there is no {what} '{name}' in the mesh file, expected {nearest(name, known)}"
