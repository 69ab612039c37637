"""The kinds of documents there are, and how a document says which one it is."""

from __future__ import annotations

from thermonet.documents.body import BodyDocument
from thermonet.documents.campaign import CampaignDocument
from thermonet.documents.fields import Entry
from thermonet.documents.located import LocatedDocument
from thermonet.documents.materials import MaterialsDocument
from thermonet.documents.probe import ProbeDocument
from thermonet.quantities.errors import DocumentError

SCHEMAS: dict[str, type[Entry]] = {
    "probe": ProbeDocument,
    "body": BodyDocument,
    "materials": MaterialsDocument,
    "campaign": CampaignDocument,
}


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
