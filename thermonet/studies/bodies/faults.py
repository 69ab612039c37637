"""What is wrong with the drawing of a document, at the places where the user wrote it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from thermonet.documents.body.drawn import DrawnDocument
from thermonet.documents.body.shapes import DrawnShapeEntry
from thermonet.studies.bodies.drawing import drawing_of
from thermonet.studies.values import Values

if TYPE_CHECKING:
    from thermonet.geometry.cad.shape_faults import Path

#: Keys of a document by the attribute of a shape that has another name.
_KEYS = {"first": "from", "second": "to", "start": "from", "end": "to", "segments": "path", "by": "moved"}


def drawing_problems(document: DrawnDocument) -> Iterator[tuple[str, str]]:
    """(path, message) for everything that cannot be drawn, and for faces of regions that are not there.

    Nothing is drawn while the document itself finds fault with its regions.

    Raises
    ------
    PhysicsError
        Where netgen is not installed.
    """
    from thermonet.geometry.cad.check import DrawingError, checked

    if any(path.startswith("regions.") for path, _ in document.inconsistencies()):
        return
    try:
        left = checked(drawing_of(document, Values())).faces
    except DrawingError as error:
        yield from ((document_path(document, fault.path), fault.message) for fault in error.faults)
        return
    yield from _missing_faces(document, left)


def _missing_faces(document: DrawnDocument, left: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    places = document.places
    for path, name in document.references.items():
        region, dot, face = name.partition(".")
        if dot and region in left and face not in left[region] and not places.sheet(name):
            known = [f"{region}.{other}" for other in left[region]]
            close = difflib.get_close_matches(name, known, n=1)
            meant = f"'{close[0]}'" if close else f"one of {', '.join(known)}"
            yield path, f"the region '{region}' has no face '{face}', expected {meant}"


def document_path(document: DrawnDocument, path: Path) -> str:
    """Path in the document of what has a path in its drawing."""
    section, *steps = path
    if section == "regions" and steps:
        return _below_region(document, str(steps[0]), steps[1:])
    if section == "sizes":
        return f"regions.{steps[0]}.element_size"
    return f"numerics.{section}" if section in ("element_size", "element_scale") else str(section)


def _below_region(document: DrawnDocument, name: str, steps: Path | list[str | int]) -> str:
    shape = document.regions[name].shape
    return _below_shape(document, shape, f"regions.{name}.shape", list(steps)) if shape else f"regions.{name}"


def _below_shape(document: DrawnDocument, entry: DrawnShapeEntry, path: str, steps: list[str | int]) -> str:
    """Follow attributes down a shape, first through what moves, turns and names it."""
    for key in ("name", "moved", "turned"):
        if getattr(entry, key) and steps[:1] == ["shape"]:
            steps = steps[1:]
        elif getattr(entry, key):
            return ".".join([path, *(["turned"] if key == "turned" and steps else []), *_written(steps)])
    if entry.region is not None:
        return _below_region(document, entry.region, steps)
    part, rest = _part(entry, steps)
    if part:
        return _below_shape(document, entry.parts[part], f"{path}.{part}", rest)
    kind = entry.kinds[0]
    return ".".join([path, kind, *_written(steps)]) if steps else path


def _part(entry: DrawnShapeEntry, steps: list[str | int]) -> tuple[str, list[str | int]]:
    """Which of a shape's parts the next steps lead to, as the document has it, and what follows; '' for none."""
    kind = entry.kinds[0]
    if steps[:1] == ["profile"]:
        return f"{kind}.profile", steps[1:]
    if steps[:1] == ["shape"]:
        return f"{kind}.0", steps[1:]
    if len(steps) > 1 and steps[0] in ("shapes", "tools"):
        return f"{kind}.{int(steps[1]) + (steps[0] == 'tools')}", steps[2:]
    return "", steps


def _written(steps: list[str | int]) -> list[str]:
    return [_KEYS.get(str(step), str(step)) for step in steps]
