"""The kinds of documents there are, and how a document says which one it is."""

from __future__ import annotations

from typing import Any, TypeAlias

from pydantic import TypeAdapter

from thermonet.documents.body.drawn import DrawnDocument
from thermonet.documents.body.layered import LayeredDocument
from thermonet.documents.campaign import CampaignDocument
from thermonet.documents.fields import Entry
from thermonet.documents.located import LocatedDocument
from thermonet.documents.materials import MaterialsDocument
from thermonet.documents.network.document import NetworkDocument
from thermonet.documents.probe import ProbeDocument
from thermonet.quantities.errors import DocumentError

BodyDocument: TypeAlias = LayeredDocument | DrawnDocument

#: Schemas by kind; a body is of layers or of regions.
SCHEMAS: dict[str, tuple[type[Entry], ...]] = {
    "probe": (ProbeDocument,),
    "body": (LayeredDocument, DrawnDocument),
    "materials": (MaterialsDocument,),
    "network": (NetworkDocument,),
    "campaign": (CampaignDocument,),
}
#: Keys that only a body of regions has at its top.
_OF_REGIONS = ("regions", "coordinates", "mesh", "depth", "transient", "periodic")


def kind_of(document: LocatedDocument, allowed: tuple[str, ...]) -> str:
    """Kind that a document's first key states.

    Raises
    ------
    DocumentError
        The key is missing or names another kind, or the text itself has problems that hide it.
    """
    expected = " or ".join(f"'{kind}/1'" for kind in allowed)
    if not isinstance(document.data, dict):
        raise DocumentError(document.problems)
    stated = document.data.get("thermonet")
    if stated is None:
        raise DocumentError(
            [*document.problems, document.place("").problem("thermonet", f"the key is missing, expected {expected}")]
        )
    kind = str(stated).removesuffix("/1")
    if kind not in allowed or not str(stated).endswith("/1"):
        problem = document.place("thermonet").problem("thermonet", f"expected {expected}, got '{stated}'")
        raise DocumentError([*document.problems, problem])
    return kind


def body_schema(document: LocatedDocument) -> type[BodyDocument]:
    """Schema of a body: of layers, or of regions.

    Raises
    ------
    DocumentError
        It has both, or neither.
    """
    keys = document.data if isinstance(document.data, dict) else {}
    if "layers" in keys and "regions" in keys:
        problem = document.key_place("regions").problem("regions", "a body has layers already, expected one of the two")
        raise DocumentError([*document.problems, problem])
    if any(key in keys for key in _OF_REGIONS):
        return DrawnDocument
    if "layers" not in keys and "shape" not in keys:
        message = "the key is missing, expected 'regions' (drawn, or of a mesh file) or a 'shape' with 'layers'"
        raise DocumentError([*document.problems, document.place("").problem("regions", message)])
    return LayeredDocument


def json_schema(kind: str, definitions: str = "#/$defs") -> dict[str, Any]:
    """JSON schema of a kind, whose parts will be found below the pointer `definitions`."""
    template = f"{definitions}/{{model}}"
    if kind == "body":
        either: TypeAdapter[BodyDocument] = TypeAdapter(BodyDocument)
        return either.json_schema(ref_template=template)
    return SCHEMAS[kind][0].model_json_schema(ref_template=template)
