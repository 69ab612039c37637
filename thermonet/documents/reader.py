"""From a file to a validated document, or every problem in it at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from thermonet.documents.located import LocatedDocument, joined, load, with_settings
from thermonet.quantities.errors import DocumentError, PhysicsError, Problem

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from thermonet.documents.fields import Entry

Document = TypeVar("Document", bound="Entry")


Inconsistencies = Callable[[Document], Iterable[tuple[str, str]]]


def read_document(
    file: Path | str,
    schema: type[Document],
    settings: tuple[str, ...] = (),
    *,
    also: Inconsistencies[Document] | None = None,
) -> Document:
    """Read, apply ``path=value`` settings, validate.

    Parameters
    ----------
    file
        YAML document.
    schema
        What it must be.
    settings
        Edits as ``path=value`` texts.
    also
        Further (path, message) pairs of what makes no sense, from floors above this one.

    Raises
    ------
    DocumentError
        With all problems found, each at its file, line, column and path.
    """
    return validated(with_settings(load(file), settings), schema, also=also)


def validated(
    document: LocatedDocument, schema: type[Document], *, also: Inconsistencies[Document] | None = None
) -> Document:
    """Validate a located document against its schema, then ask it what makes no sense as a whole."""
    problems = list(document.problems)
    known = {problem.path for problem in problems}
    try:
        value = schema.model_validate(document.data)
    except ValidationError as error:
        found = (_problem(document, item, schema) for item in error.errors())
        problems += [problem for problem in found if problem.path not in known]
        raise DocumentError(problems) from None
    inconsistent = list(value.inconsistencies())
    try:
        inconsistent += also(value) if also else ()
    except PhysicsError as error:  # what cannot be built says so itself, unless the reason has been found already
        inconsistent += [] if inconsistent else [("", str(error))]
    problems += [document.place(path).problem(path, message) for path, message in inconsistent if path not in known]
    if problems:
        raise DocumentError(problems)
    return value


def _problem(document: LocatedDocument, error: ErrorDetails, schema: type[Entry]) -> Problem:
    location, entry = _place_in(schema, error["loc"])
    path = ""
    for key in location:
        path = joined(path, key)
    kind, context = error["type"], error.get("ctx", {})
    below = {"thermonet": "key", "union_tag_not_found": "discriminator", "union_tag_invalid": "discriminator"}.get(kind)
    if below is not None and context[below]:
        path = joined(path, context[below].strip("'"))
    place = document.key_place(path) if kind == "extra_forbidden" else document.place(path)
    return place.problem(path, _message(error, entry, location))


def _message(error: ErrorDetails, entry: type[Entry] | None, location: tuple[int | str, ...]) -> str:
    """What is wrong and what would be right, in this program's words."""
    context = error.get("ctx", {})
    words: dict[str, Callable[[], str]] = {
        "missing": lambda: "the key is missing" + _purpose(entry, location),
        "extra_forbidden": lambda: f"unknown key{_nearest(entry, location)}",
        "union_tag_not_found": lambda: f"the key is missing, expected one of {_tags(entry, location)}",
        "union_tag_invalid": lambda: f"expected one of {context['expected_tags']}, got '{context['tag']}'",
        "thermonet": lambda: str(context["message"]),
        "model_type": lambda: "expected keys and values below it",
        "model_attributes_type": lambda: "expected keys and values below it",
        "dict_type": lambda: "expected keys and values below it",
        "string_type": lambda: "expected a text",
        "string_pattern_mismatch": lambda: (
            f"'{error['input']}' does not fit {context['pattern']}{_purpose(entry, location)}"
        ),
        "literal_error": lambda: f"expected {context['expected']}, got '{error['input']}'",
    }
    return words.get(error["type"], lambda: str(error["msg"]))()


def _place_in(schema: type[Entry], location: tuple[int | str, ...]) -> tuple[tuple[int | str, ...], type[Entry] | None]:
    """Location as the user wrote it, and the schema of the mapping that holds its last key.

    Pydantic puts the tag of a discriminated union into its locations (shape.slab.width); nobody wrote it there.
    """
    current: type[Entry] | None = schema
    holder, tagged = current, dict[str, type["Entry"]]()
    waiting = 0  # keys of a mapping or list that the user chose, before the tag
    written: list[int | str] = []
    for key in location:
        if key in tagged and not waiting:
            current, tagged = tagged[str(key)], {}
            continue
        waiting = max(0, waiting - 1)
        written.append(key)
        holder = current
        if current is not None and isinstance(key, str) and key in current.model_fields and not tagged:
            field = current.model_fields[key]
            inside = _entries(field.annotation)
            inner = _discriminator(field.annotation)
            tagged = _tagged(inside, field.discriminator or inner)
            waiting = int(inner is not None)
            current = inside[0] if inside else None
    return tuple(written), holder


def _discriminator(annotation: object) -> str | None:
    """Key that tells apart the entries of a union inside a mapping or list; None where there is no such union."""
    from typing import get_args

    for part in get_args(annotation):
        stated = getattr(part, "discriminator", None)
        found = stated if isinstance(stated, str) else _discriminator(part)
        if found is not None:
            return found
    return None


def _entries(annotation: object) -> list[type[Entry]]:
    """All schemas of mappings that a field's annotation names."""
    from typing import get_args

    from thermonet.documents.fields import Entry as Base

    if isinstance(annotation, type) and issubclass(annotation, Base):
        return [annotation]
    return [found for part in get_args(annotation) for found in _entries(part)]


def _tagged(entries: list[type[Entry]], discriminator: object) -> dict[str, type[Entry]]:
    """Schemas of a discriminated union by tag; none where the field is no such union."""
    from typing import get_args

    if not isinstance(discriminator, str):
        return {}
    return {str(tag): entry for entry in entries for tag in get_args(entry.model_fields[discriminator].annotation)}


def _tags(entry: type[Entry] | None, location: tuple[int | str, ...]) -> str:
    """Tags that the discriminated union at a location knows."""
    field = entry.model_fields.get(str(location[-1])) if entry else None
    return ", ".join(_tagged(_entries(field.annotation), field.discriminator)) if field else "its kinds"


def _nearest(entry: type[Entry] | None, location: tuple[int | str, ...]) -> str:
    if entry is None:
        return ""
    close = difflib.get_close_matches(str(location[-1]), entry.model_fields, n=1)
    return f", expected '{close[0]}'" if close else f", expected one of {', '.join(entry.model_fields)}"


def _purpose(entry: type[Entry] | None, location: tuple[int | str, ...]) -> str:
    field = entry.model_fields.get(str(location[-1])) if entry else None
    return f", expected {field.description}" if field and field.description else ", expected it"
