"""The text of a netlist as statements of words that know their place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: An expression in braces or quotes, punctuation, or a word.
_WORD = re.compile(r"\{[^}]*\}|'[^']*'|\"[^\"]*\"|[(),=]|[^\s(),=]+")
#: Where a comment begins inside a line: a semicolon, or a dollar or two slashes after a blank.
_COMMENT = re.compile(r";|(?:^|(?<=\s))(?:\$|//)")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a netlist and where it stands."""

    text: str
    line: int
    column: int

    @property
    def lower(self) -> str:
        """Without capitals."""
        return self.text.lower()


@dataclass(frozen=True, slots=True)
class Statement:
    """An element or a command, with its continuation lines: its words, of which there is at least one."""

    words: tuple[Word, ...]

    @property
    def first(self) -> Word:
        """Name of the element, or the command."""
        return self.words[0]

    @property
    def rest(self) -> tuple[Word, ...]:
        """What follows the first word."""
        return self.words[1:]


def statements(text: str, *, first_line: int = 1) -> Iterator[Statement]:
    """Statements of a text without title, up to ``.end``; comments and ``.control`` blocks are left out."""
    controlled = False
    for statement in _joined(text, first_line):
        first = statement.first.lower
        if first == ".end":
            return
        if not controlled and first != ".control":
            yield statement
        controlled = first == ".control" or (controlled and first != ".endc")


def _joined(text: str, first_line: int) -> Iterator[Statement]:
    words: list[Word] = []
    for number, line in enumerate(text.splitlines(), first_line):
        if line.lstrip().startswith("*"):
            continue
        found = _words(line, number)
        if found and found[0].text == "+":
            words += found[1:]
        elif found:
            if words:
                yield Statement(tuple(words))
            words = found
    if words:
        yield Statement(tuple(words))


def _words(line: str, number: int) -> list[Word]:
    comment = _COMMENT.search(line)
    line = line if comment is None else line[: comment.start()]
    if line.lstrip().startswith("+"):
        line = line.replace("+", "+ ", 1)
        shift = line.index("+") + 2
    else:
        shift = len(line) + 1
    return [
        Word(found[0], number, found.start() + (0 if found.start() >= shift else 1)) for found in _WORD.finditer(line)
    ]
