"""A body and what its mesh is made of, from a document of either kind."""

from __future__ import annotations

from dataclasses import dataclass

from thermonet.documents.body.drawn import DrawnDocument
from thermonet.documents.kinds import BodyDocument
from thermonet.geometry.cad.shapes import Drawing
from thermonet.geometry.layered import Shape
from thermonet.heat.bodies.body import Body
from thermonet.studies.bodies.layers_design import layered_body
from thermonet.studies.bodies.regions_design import drawn_body
from thermonet.studies.values import Values


@dataclass(frozen=True)
class BodyDesign:
    """A body in SI numbers and its shape: layers on mapped meshes, a drawing, or none where a file holds the mesh."""

    body: Body
    shape: Shape | Drawing | None


def body_design(document: BodyDocument, values: Values) -> BodyDesign:
    """Build what a document describes, at the values handed out."""
    if isinstance(document, DrawnDocument):
        return BodyDesign(*drawn_body(document, values))
    return BodyDesign(*layered_body(document, values))
