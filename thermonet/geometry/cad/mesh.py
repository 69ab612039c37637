"""Meshes of drawings: made by netgen, named and curved by the formulas of the shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from thermonet.geometry.cad.check import Checked, checked
from thermonet.geometry.cad.faces import NEAR, Face, faces, faces_at
from thermonet.geometry.cad.occ import Built, made, occ, pieces
from thermonet.geometry.cad.scale import scaled
from thermonet.geometry.cad.shapes import Drawing
from thermonet.geometry.cad.sizes import Sizes
from thermonet.geometry.conformity import open_borders
from thermonet.geometry.curves import Curves, Surface
from thermonet.geometry.mesh import LENGTH_UNIT, Ints, Mesh
from thermonet.geometry.quality import volumes
from thermonet.geometry.refine import quadratic, snapped, without_tangent_corners
from thermonet.geometry.topology import facets, outer
from thermonet.quantities.errors import PhysicsError

#: Boundary of an axisymmetric body that is no surface: where r = 0.
AXIS = "axis"
#: Nodes this near, in parts of the drawing, are at one place: above what OpenCascade joins, below any element.
_SAME = 1e-8


@dataclass(frozen=True)
class DrawnMesh:
    """A mesh of a drawing, and what lies under its facets.

    Attributes
    ----------
    mesh
        The mesh.
    curves
        The exact curves or surfaces of the faces.
    faces
        Region, and number among the faces of its shape, of each of these surfaces.
    """

    mesh: Mesh
    curves: Curves
    faces: tuple[tuple[str, int], ...]


def drawn_mesh(drawing: Drawing, degree: int = 2) -> DrawnMesh:
    """Check a drawing and mesh it.

    Parameters
    ----------
    drawing
        Regions that touch share their facets.
    degree
        1 for straight cells, 2 for cells with middle nodes on the exact curves.

    Returns
    -------
    DrawnMesh
        Boundaries are called ``<region>.<face>``; a facet between two regions has the names of both. In an axisymmetric
        body the facets at r = 0 are the boundary ``axis``.

    Raises
    ------
    DrawingError
        For everything that is wrong with the drawing.
    PhysicsError
        Where netgen is not installed, or cannot mesh the drawing.
    """
    return meshed(checked(drawing), degree)


def meshed(found: Checked, degree: int = 2) -> DrawnMesh:
    """Mesh a drawing that has been checked; see `drawn_mesh`."""
    raw = _generated(found)
    in_metres = found.unit / LENGTH_UNIT
    points = raw.points * in_metres
    shapes = scaled(found.drawing, 1 / LENGTH_UNIT).regions
    size = float(np.ptp(points, axis=1).max())
    if found.drawing.kind == "axisymmetric":
        points[0, np.abs(points[0]) <= NEAR * size * 1e-3] = 0.0
    mesh = raw.moved(points)
    for wrong in open_borders(mesh, _SAME):
        raise PhysicsError(f"regions that touch could not be joined ({wrong}), expected simpler shapes where they do")
    mesh, curves, owners = _with_faces(mesh, {name: faces(shape) for name, shape in shapes.items()}, NEAR * size)
    if found.drawing.kind == "axisymmetric":
        mesh = _with_axis(mesh)
    mesh, curves = without_tangent_corners(snapped(mesh, curves), curves)
    return DrawnMesh(mesh if degree == 1 else quadratic(mesh, curves), curves, owners)


def _generated(found: Checked) -> Mesh:
    """Mesh of straight cells in the mesher's unit, regions in the order of the drawing, no boundaries."""
    dimension = found.dimension
    glued = _glued(found)
    geometry = occ().OCCGeometry(glued, dim=dimension)
    _restrict(geometry, found.sizes)
    largest = max(size for size, _ in found.sizes.of_region.values())
    mesh = made(geometry, maxh=largest, grading=found.sizes.grading)
    names = tuple(found.drawing.regions)
    elements = (mesh.Elements3D() if dimension == 3 else mesh.Elements2D()).NumPy()
    cells = elements["nodes"][:, : dimension + 1].T.astype(np.int64) - 1
    material = {index: names.index(mesh.GetMaterial(int(index))) for index in np.unique(elements["index"])}
    region = np.array([material[index] for index in elements["index"]], dtype=np.int64)
    points = np.array(mesh.Coordinates(), dtype=float).T[:dimension]
    turned = volumes(points, cells) < 0
    cells[:2, turned] = cells[1::-1, turned]
    used = np.unique(cells)
    number = np.full(points.shape[1], -1)
    number[used] = np.arange(len(used))
    return Mesh(points[:, used], number[cells], region, names, {})


def _glued(found: Checked) -> Built:
    """All regions as one shape in which those that touch share their faces, each part with its region's name."""
    parts = []
    for name, shape in found.built.items():
        for piece in pieces(shape, found.dimension):
            piece.name = name
            piece.maxh = found.sizes.of_region[name][0]
            parts.append(piece)
    return occ().Glue(parts)


def _restrict(geometry: Built, sizes: Sizes) -> None:
    """Tell the mesher the sizes at places."""
    from netgen.meshing import Pnt

    for place, size in zip(sizes.places.T, sizes.sizes, strict=True):
        x, y, *rest = (float(value) for value in place)
        geometry.RestrictH(Pnt(x, y, rest[0] if rest else 0.0), float(size))


def _with_faces(
    mesh: Mesh, of_region: Mapping[str, list[Face]], tolerance: float
) -> tuple[Mesh, Curves, tuple[tuple[str, int], ...]]:
    """Find the face of every outer facet by formula, on either side: its names, and the surface it lies on."""
    found = outer(facets(mesh), mesh.region)
    boundaries: dict[str, Ints] = {}
    surfaces: list[Surface] = []
    owners: list[tuple[str, int]] = []
    surface_of = np.full(found.nodes.shape[1], -1)
    for number, region in enumerate(mesh.names):
        cells = np.where(found.cells >= 0, mesh.region[found.cells], -1)
        own = np.flatnonzero((cells == number).any(axis=0))
        face_of = faces_at(mesh.points, found.nodes[:, own], of_region[region], tolerance)
        if (face_of < 0).any():
            raise PhysicsError(f"the mesher left the faces of region '{region}', expected shapes without slivers")
        for index, face in enumerate(of_region[region]):
            here = own[face_of == index]
            if len(here):
                name = f"{region}.{face.name}"
                previous = boundaries.get(name, found.nodes[:, :0])
                boundaries[name] = np.concatenate([previous, found.nodes[:, here]], axis=1)
                new = here[surface_of[here] < 0]
                if len(new):
                    surface_of[new] = len(surfaces)
                    surfaces.append(face.surface)
                    owners.append((region, index))
    curves = Curves(tuple(surfaces), found.nodes, surface_of)
    return Mesh(mesh.points, mesh.cells, mesh.region, mesh.names, boundaries), curves, tuple(owners)


def _with_axis(mesh: Mesh) -> Mesh:
    """Take the facets at r = 0 out of the faces and call them the axis."""
    boundaries = {}
    on_axis = []
    for name, nodes in mesh.boundaries.items():
        zero = (mesh.points[0, nodes] == 0).all(axis=0)
        on_axis.append(nodes[:, zero])
        if not zero.all():
            boundaries[name] = nodes[:, ~zero]
    axis = np.concatenate(on_axis, axis=1)
    if axis.shape[1]:
        boundaries[AXIS] = axis
    return Mesh(mesh.points, mesh.cells, mesh.region, mesh.names, boundaries)
