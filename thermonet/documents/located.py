"""Strict YAML: text, mappings and lists, every one with its place; no surprises on the way.

PyYAML's defaults are traps (``1e-6`` is text, ``no`` is False, ``12:25`` is 745, of two equal keys the last wins).
Here every scalar stays the text the user wrote, and the schema says what it means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import yaml

from thermonet.quantities.errors import DocumentError, Problem

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_ALIASES = 20
#: The name of a whole document in messages.
ROOT = "document"

_ALIAS = "!alias"

Plain = str | list["Plain"] | dict[str, "Plain"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands."""

    file: str
    line: int = 1
    column: int = 1

    def problem(self, path: str, message: str) -> Problem:
        """Say what is wrong at this place."""
        return Problem(self.file, self.line, self.column, path or ROOT, message)


@dataclass(slots=True)
class LocatedDocument:
    """A document as plain text values, with the place of every path in it, and of every key itself."""

    data: Plain
    places: dict[str, Place]
    problems: list[Problem] = field(default_factory=list)
    keys: dict[str, Place] = field(default_factory=dict)

    def place(self, path: str) -> Place:
        """Place of a path, or of the nearest enclosing one that the user wrote."""
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places[path]

    def key_place(self, path: str) -> Place:
        """Place of the key at the end of a path, where the key itself is what is wrong."""
        return self.keys.get(path) or self.place(path)


def joined(path: str, key: object) -> str:
    """Path of an entry below `path`."""
    return f"{path}.{key}" if path else str(key)


def load(file: Path | str) -> LocatedDocument:
    """Read a file strictly.

    Raises
    ------
    DocumentError
        The file is missing, a directory, too large, not UTF-8, empty or not YAML.
    """
    name = str(file)
    try:
        raw = Path(file).read_bytes()
    except FileNotFoundError:
        _refuse(name, "no such file, expected a YAML document")
    except IsADirectoryError:
        _refuse(name, "is a directory, expected a YAML file")
    except OSError as error:
        _refuse(name, f"cannot be read ({error.strerror}), expected a YAML file")
    if len(raw) > MAX_BYTES:
        _refuse(name, f"is larger than {MAX_BYTES} bytes, expected a design written by hand")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(name, f"is not UTF-8 text (byte {error.start}), expected a YAML file")
    return parse(text, name)


def parse(text: str, file: str) -> LocatedDocument:
    """Read YAML text strictly; duplicate keys and aliases are collected as problems."""
    try:
        root = _compose(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        what = " ".join(part for part in (error.context, error.problem) if part)
        raise DocumentError([place.problem("", f"is not YAML ({what})")]) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Place(file, before.count("\n") + 1, error.position - before.rfind("\n"))
        raise DocumentError([place.problem("", f"holds a character YAML forbids: {error.reason}")]) from None
    except (_TooDeepError, RecursionError):
        _refuse(file, f"is nested deeper than {MAX_DEPTH} levels, expected at most that")
    if root is None:
        _refuse(file, "is empty, expected a first line such as 'thermonet: probe/1'")
    walk = _Walk(file)
    data = walk.plain(root, "")
    if not isinstance(data, dict):
        walk.problems.append(
            walk.places[""].problem("", "expected keys and values, the first one 'thermonet: probe/1'")
        )
    return LocatedDocument(data, walk.places, walk.problems, walk.keys)


class _TooDeepError(Exception):
    pass


class _Loader(yaml.SafeLoader):
    """A composer that never follows an alias, and stops at a depth no design reaches."""

    depth, aliases = 0, 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]
            self.aliases += 1
            if event.anchor not in self.anchors or self.aliases > MAX_ALIASES:
                what = "more aliases than any design has" if event.anchor in self.anchors else "an alias of nothing"
                raise yaml.MarkedYAMLError(problem=f"found {what}", problem_mark=event.start_mark)
            return yaml.ScalarNode(_ALIAS, f"*{event.anchor}", event.start_mark, event.end_mark)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooDeepError
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def _compose(text: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _refuse(file: str, message: str) -> NoReturn:
    raise DocumentError([Place(file).problem("", message)])


class _Walk:
    """One pass over the composed nodes: plain values out, places and problems kept."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: dict[str, Place] = {}
        self.keys: dict[str, Place] = {}
        self.problems: list[Problem] = []

    def plain(self, node: yaml.Node, path: str) -> Plain:
        mark = node.start_mark
        place = Place(self.file, mark.line + 1, mark.column + 1)
        self.places[path] = place
        if node.tag == _ALIAS:
            self.problems.append(place.problem(path, f"is an alias ({node.value}), expected the value written out"))
            return ""
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(item, joined(path, i)) for i, item in enumerate(node.value)]
        if node.value == "" and not getattr(node, "style", None):
            self.problems.append(place.problem(path, "has no value, expected one"))
        return str(node.value)

    def mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Plain]:
        entries: dict[str, Plain] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            mark, below = key_node.start_mark, joined(path, key)
            place = Place(self.file, mark.line + 1, mark.column + 1)
            if key == "?":
                self.problems.append(place.problem(path, "has a key that is not a word, expected 'key: value'"))
            elif key in entries:
                first = self.places[below].line
                self.problems.append(
                    place.problem(below, f"is a duplicate key (first on line {first}), expected it once")
                )
            else:
                self.keys[below] = place
                entries[key] = self.plain(value_node, below)
                self.places[below] = place if value_node.start_mark.line != mark.line else self.places[below]
        return entries


def with_settings(document: LocatedDocument, settings: tuple[str, ...]) -> LocatedDocument:
    """Apply ``path=value`` texts as if the line at that path had been edited; each is read as YAML.

    Raises
    ------
    DocumentError
        A setting has no '=', its value is not YAML, or its path runs through a plain value.
    """
    for text in settings:
        path, equals, value = text.partition("=")
        path, place = path.strip(), Place("--set", 1, len(path) + 2)
        if not (equals and value.strip() and all(path.split("."))):
            raise DocumentError([Place("--set").problem(path, f"'{text}' is not a setting, expected path=value")])
        try:
            part = parse(value, "--set")
        except DocumentError as error:
            raise DocumentError([place.problem(path, item.message) for item in error.problems]) from None
        problems = [problem for problem in part.problems if problem.path != ROOT]
        if problems:
            raise DocumentError([place.problem(path, item.message) for item in problems])
        _put(document, path.split("."), part.data, place)
    return document


def _put(document: LocatedDocument, keys: list[str], value: Plain, place: Place) -> None:
    full, path = ".".join(keys), ""
    inside = document.data
    for i, key in enumerate(keys):
        below: Plain = value if i == len(keys) - 1 else {}
        if isinstance(inside, dict):
            inside[key] = below if i == len(keys) - 1 else inside.get(key, below)
            inside = inside[key]
        elif isinstance(inside, list) and key in map(str, range(len(inside))):
            inside[int(key)] = below if i == len(keys) - 1 else inside[int(key)]
            inside = inside[int(key)]
        else:
            what = f"a list of {len(inside)}" if isinstance(inside, list) else "a plain value"
            raise DocumentError([place.problem(full, f"'{path}' is {what}, it has no '{key}'")])
        path = joined(path, key)
        document.places.setdefault(path, place)
    document.keys = {known: at for known, at in document.keys.items() if not _within(known, full)}
    document.places = {known: at for known, at in document.places.items() if not _within(known, full)} | {full: place}
    document.problems = [problem for problem in document.problems if not _within(problem.path, full)]


def _within(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}.")


def dumped(data: Plain) -> str:
    """Plain values as YAML text that reads back as the same document."""
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110)
