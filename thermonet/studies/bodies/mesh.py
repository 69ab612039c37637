"""The mesh of a body of regions: its first one, finer ones, and the same at other dimensions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from thermonet.documents.body.drawn import DrawnDocument
from thermonet.geometry.cad.faces import faces
from thermonet.geometry.cad.mesh import drawn_mesh
from thermonet.geometry.cad.scale import scaled
from thermonet.geometry.cad.shapes import Drawing
from thermonet.geometry.curves import Curves, Surface
from thermonet.geometry.mesh import LENGTH_UNIT, Ints, Mesh
from thermonet.geometry.moved import moved_onto
from thermonet.geometry.refine import quadratic, refined
from thermonet.geometry.topology import facets
from thermonet.studies.bodies.drawing import drawing_of
from thermonet.studies.bodies.mesh_file import mesh_from_file
from thermonet.studies.values import Values


@dataclass(frozen=True)
class BodyMesh:
    """A conforming mesh, the exact curves under its facets, and the drawing it was made of.

    Attributes
    ----------
    mesh, curves
        A mesh from a file has no curves but its own nodes.
    drawing
        None for a mesh from a file.
    faces
        Region and number of the face of every surface of the curves.
    """

    mesh: Mesh
    curves: Curves | None
    drawing: Drawing | None
    faces: tuple[tuple[str, int], ...] = ()

    def refined(self, marked: Ints) -> BodyMesh:
        """Split some of the cells."""
        found = refined(self.mesh, marked, self.curves)
        return replace(self, mesh=found.mesh, curves=found.curves)


def first_mesh(document: DrawnDocument, values: Values) -> BodyMesh:
    """Draw and mesh a body, or read its mesh file.

    Raises
    ------
    DrawingError
        What is drawn cannot be.
    DataError
        The mesh file cannot be read.
    """
    degree = document.numerics.degree
    if document.mesh is not None:
        mesh = mesh_from_file(document)
        return BodyMesh(quadratic(mesh) if degree == 2 and mesh.degree == 1 else mesh, None, None)
    drawing = drawing_of(document, values)
    found = drawn_mesh(drawing, degree)
    return BodyMesh(found.mesh, found.curves, drawing, found.faces)


def moved_mesh(mesh: BodyMesh, drawing: Drawing) -> BodyMesh | None:
    """Return a mesh moved onto the same drawing at other dimensions; None where the dimensions are the same."""
    if drawing == mesh.drawing or mesh.curves is None:
        return None
    moved = moved_onto(mesh.mesh, mesh.curves, _surfaces(mesh, drawing))
    return replace(mesh, mesh=moved, drawing=drawing)


def _surfaces(mesh: BodyMesh, drawing: Drawing) -> list[Surface]:
    """Surface of every face of a mesh in another drawing of it."""
    shapes = scaled(drawing, 1 / LENGTH_UNIT).regions
    of_region = {name: faces(shape) for name, shape in shapes.items()}
    return [of_region[region][number].surface for region, number in mesh.faces]


def touching_pairs(mesh: Mesh) -> frozenset[frozenset[str]]:
    """Pairs of regions that share facets."""
    found = facets(mesh)
    inner = found.cells[:, found.cells[1] >= 0]
    sides = np.sort(mesh.region[inner], axis=0)
    pairs = np.unique(sides[:, sides[0] != sides[1]], axis=1)
    return frozenset(frozenset((mesh.names[i], mesh.names[j])) for i, j in pairs.T)
