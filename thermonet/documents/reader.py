"""From a file to a validated document, or every problem in it at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar, get_args, get_origin

from pydantic import ValidationError

from thermonet.documents.alternatives import Alternatives
from thermonet.documents.fields import Entry
from thermonet.documents.located import LocatedDocument, joined, load, with_settings
from thermonet.quantities.errors import DocumentError, PhysicsError, Problem

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

Document = TypeVar("Document", bound=Entry)


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
    """Validate a located document against its schema, then ask it what makes no sense as a whole.

    Where something is ill-formed, the whole cannot be asked; names of nothing are told all the same.
    """
    problems = list(document.problems)
    known = {problem.path for problem in problems}
    try:
        value = schema.model_validate(document.data)
    except ValidationError as error:
        found = (_problem(document, item, schema) for item in error.errors())
        problems += [problem for problem in found if problem.path not in known]
        known |= {problem.path for problem in problems}
        misnamed = schema.misnamed(document.data)
        problems += [document.place(path).problem(path, message) for path, message in misnamed if path not in known]
        raise DocumentError(problems) from None
    inconsistent = list(value.inconsistencies())
    try:
        inconsistent += also(value) if also else ()
    except PhysicsError as error:  # what cannot be built says so itself, unless the reason has been found already
        inconsistent += [] if inconsistent else [(getattr(error, "path", ""), str(error))]
    problems += [document.place(path).problem(path, message) for path, message in inconsistent if path not in known]
    if problems:
        raise DocumentError(problems)
    return value


def _problem(document: LocatedDocument, error: ErrorDetails, schema: type[Entry]) -> Problem:
    location, entry = _place_in(document.data, schema, error["loc"])
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
        "too_short": lambda: f"expected {context['min_length']} or more of them, got {context['actual_length']}",
        "too_long": lambda: f"expected {context['max_length']} of them at most, got {context['actual_length']}",
        "model_type": lambda: "expected keys and values below it",
        "model_attributes_type": lambda: "expected keys and values below it",
        "dict_type": lambda: "expected keys and values below it",
        "list_type": lambda: f"expected a list{_purpose(entry, location)}",
        "string_type": lambda: "expected a text",
        "string_pattern_mismatch": lambda: (
            f"'{error['input']}' does not fit {context['pattern']}{_purpose(entry, location)}"
        ),
        "literal_error": lambda: f"expected {context['expected']}, got '{error['input']}'",
    }
    return words.get(error["type"], lambda: str(error["msg"]))()


def _place_in(
    data: object, schema: type[Entry], location: tuple[int | str, ...]
) -> tuple[tuple[int | str, ...], type[Entry] | None]:
    """Location as the user wrote it, and the schema of the mapping that holds its last key.

    Pydantic puts the tag of a discriminated union into its locations (shape.slab.width); nobody wrote it there.
    """
    current: type[Entry] | None = schema
    holder, held, value = current, _Held(), data
    waiting = 0  # keys of a mapping or list that the user chose, before the entry itself
    written: list[int | str] = []
    for key in location:
        if not waiting and key in held.tagged:
            current, held = held.tagged[str(key)], _Held()
            continue
        written.append(key)
        value = _below(value, key)
        holder = current
        if waiting:
            waiting -= 1
        elif current is not None and str(key) in (fields := written_fields(current)):
            held = _holds(fields[str(key)].annotation).marked(fields[str(key)])
            waiting = held.depth
            current = held.entries[0] if held.entries else None
        if not waiting and held.alternatives is not None:
            current, held = held.alternatives.entry(value) or current, _Held()
    return tuple(written), holder


def _below(value: object, key: int | str) -> object:
    """Value below a key, or None where the user wrote none."""
    if isinstance(value, dict):
        return value.get(key)
    return value[key] if isinstance(value, list) and isinstance(key, int) and key < len(value) else None


@dataclass(frozen=True)
class _Held:
    """What a field's annotation holds: entries so many mappings or lists down, and what tells several apart."""

    entries: tuple[type[Entry], ...] = ()
    depth: int = 0
    discriminator: str | None = None
    alternatives: Alternatives | None = None

    @property
    def tagged(self) -> dict[str, type[Entry]]:
        """Schemas of a discriminated union by tag; none where the field is no such union."""
        key = self.discriminator
        return (
            {str(tag): entry for entry in self.entries for tag in get_args(entry.model_fields[key].annotation)}
            if (key)
            else {}
        )

    def marked(self, *marks: object) -> _Held:
        """Return the same with what stands beside a type in an annotation or a field."""
        found = self
        for mark in marks:
            stated = getattr(mark, "discriminator", None)
            if isinstance(stated, str):
                found = replace(found, discriminator=stated)
            for each in (mark, *getattr(mark, "metadata", ())):
                found = replace(found, alternatives=each) if isinstance(each, Alternatives) else found
        return found


def _holds(annotation: object) -> _Held:
    if isinstance(annotation, type) and issubclass(annotation, Entry):
        return _Held((annotation,))
    parts, origin = get_args(annotation), get_origin(annotation)
    if origin is Annotated:
        return _holds(parts[0]).marked(*parts[1:])
    if origin in (dict, list):
        inner = _holds(parts[-1])
        return replace(inner, depth=inner.depth + 1)
    members = [_holds(part) for part in parts]
    with_entries = [member for member in members if member.entries]
    if not with_entries:
        return _Held()
    return replace(with_entries[0], entries=tuple(entry for member in with_entries for entry in member.entries))


def written_fields(entry: type[Entry]) -> dict[str, FieldInfo]:
    """Fields of a schema by the key that a user writes."""
    return {field.alias or name: field for name, field in entry.model_fields.items()}


def _tags(entry: type[Entry] | None, location: tuple[int | str, ...]) -> str:
    """Tags that the discriminated union at a location knows."""
    field = written_fields(entry).get(str(location[-1])) if entry else None
    return ", ".join(_holds(field.annotation).marked(field).tagged) if field else "its kinds"


def _nearest(entry: type[Entry] | None, location: tuple[int | str, ...]) -> str:
    if entry is None:
        return ""
    known = written_fields(entry)
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    return f", expected '{close[0]}'" if close else f", expected one of {', '.join(known)}"


def _purpose(entry: type[Entry] | None, location: tuple[int | str, ...]) -> str:
    field = written_fields(entry).get(str(location[-1])) if entry else None
    return f", expected {field.description}" if field and field.description else ", expected it"
