"""Subcircuits of a netlist taken apart: every element with the names and values of the place where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from thermonet.network.spice.expressions import Parameters, evaluate
from thermonet.network.spice.names import GROUND
from thermonet.network.spice.statements import Statement, Word
from thermonet.network.spice.values import read

#: Commands that ask for an analysis or for output; the circuit is the same without them.
_ASKING = {".op", ".tran", ".ac", ".dc", ".tf", ".noise", ".four", ".print", ".plot", ".probe", ".save", ".meas"}
_ASKING |= {".measure", ".options", ".option", ".opt", ".width", ".title", ".backanno"}
#: Subcircuits deeper in each other than this contain themselves.
_DEEPEST = 50


class StatementError(ValueError):
    """A statement that cannot be read, at one of its words."""

    def __init__(self, word: Word, message: str) -> None:
        self.word = word
        super().__init__(message)


#: What is told of a statement that cannot be read; reading goes on.
Refuse = Callable[[StatementError], None]


@dataclass(frozen=True)
class Circuit:
    """A subcircuit, or all that is in none: pins, parameters by their default, and elements."""

    pins: tuple[str, ...] = ()
    parameters: dict[str, str | float] = field(default_factory=dict)
    elements: list[Statement] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """Where an element stands.

    Attributes
    ----------
    path
        Names of the instances around it, with a dot behind each.
    pins
        Node outside by the name of the pin in small letters.
    parameters
        Values by name.
    depth
        Number of instances around it.
    """

    path: str
    pins: Mapping[str, str]
    parameters: Parameters
    depth: int = 0

    def node(self, word: Word) -> str:
        """Node of the whole circuit."""
        if word.lower in (GROUND, "gnd"):
            return GROUND
        return self.pins.get(word.lower, self.path + word.text)

    def value(self, word: Word) -> float:
        """Value of a number, or of an expression in braces or quotes.

        Raises
        ------
        StatementError
            It is neither.
        """
        try:
            if word.text[0] in "{'\"":
                return evaluate(word.text[1:-1], self.parameters)
            return read(word.text)
        except ValueError as error:
            raise StatementError(word, str(error)) from None


def circuits(found: Iterator[Statement], refuse: Refuse) -> tuple[Circuit, dict[str, Circuit]]:
    """Sort statements: what stands in no subcircuit, and the subcircuits by their names in small letters."""
    main, named = Circuit(), dict[str, Circuit]()
    current, opened = main, None
    for statement in found:
        command = statement.first.lower
        try:
            if command == ".subckt":
                if opened is not None:
                    raise StatementError(statement.first, "a subcircuit inside another; expected .ends before it")
                opened, (name, current) = statement.first, _opened(statement)
                named[name] = current
            elif command == ".ends":
                if opened is None:
                    raise StatementError(statement.first, "no subcircuit is open here")
                current, opened = main, None
            else:
                _take(statement, current)
        except StatementError as refusal:
            refuse(refusal)
    if opened is not None:
        refuse(StatementError(opened, "the subcircuit has no .ends"))
    return main, named


def elements(
    circuit: Circuit, place: Place, named: Mapping[str, Circuit], refuse: Refuse
) -> Iterator[tuple[Statement, Place]]:
    """All elements that are no subcircuit, with where they stand."""
    for statement in circuit.elements:
        if statement.first.lower[0] != "x":
            yield statement, place
            continue
        try:
            inner, there = _instance(statement, place, named)
        except StatementError as refusal:
            refuse(refusal)
            continue
        yield from elements(inner, there, named, refuse)


def _opened(statement: Statement) -> tuple[str, Circuit]:
    if not statement.rest:
        raise StatementError(statement.first, "expected the subcircuit's name and pins")
    name, *words = statement.rest
    plain, assigned = _split(words)
    return name.lower, Circuit(tuple(word.lower for word in plain), {word.lower: text for word, text in assigned})


def _take(statement: Statement, circuit: Circuit) -> None:
    first = statement.first
    if first.lower == ".param":
        plain, assigned = _split(statement.rest)
        if plain:
            raise StatementError(plain[0], "expected name=value")
        circuit.parameters.update({word.lower: text for word, text in assigned})
    elif not first.text.startswith("."):
        circuit.elements.append(statement)
    elif first.lower not in _ASKING:
        raise StatementError(first, "this command is not read; expected .subckt, .ends, .param, .end or an analysis")


def _instance(statement: Statement, place: Place, named: Mapping[str, Circuit]) -> tuple[Circuit, Place]:
    plain, assigned = _split(statement.rest)
    if not plain or plain[-1].lower not in named:
        known = ", ".join(named) or "none"
        raise StatementError(plain[-1] if plain else statement.first, f"no such subcircuit; there is {known}")
    *nodes, name = plain
    inner = named[name.lower]
    if len(nodes) != len(inner.pins):
        raise StatementError(statement.first, f"{name.text} has {len(inner.pins)} pins, got {len(nodes)} nodes")
    if place.depth >= _DEEPEST:
        raise StatementError(statement.first, "subcircuits contain each other without end")
    # An instance's values are of the place where it stands, a subcircuit's defaults of the inside.
    given: dict[str, str | float] = dict(inner.parameters)
    for word, text in assigned:
        given[word.lower] = place.value(Word(text if text[0] in "{'\"" else f"{{{text}}}", word.line, word.column))
    pins = dict(zip(inner.pins, (place.node(node) for node in nodes), strict=True))
    path = f"{place.path}{statement.first.text}."
    return inner, Place(path, pins, Parameters(given, place.parameters), place.depth + 1)


def _split(words: Sequence[Word]) -> tuple[list[Word], list[tuple[Word, str]]]:
    """Plain words, and pairs name=value behind them."""
    plain: list[Word] = []
    assigned: list[tuple[Word, str]] = []
    rest = [word for word in words if word.lower != "params:" and word.text not in "(),"]
    place = 0
    while place < len(rest):
        if place + 1 < len(rest) and rest[place + 1].text == "=":
            if place + 2 == len(rest):
                raise StatementError(rest[place], "expected a value after =")
            assigned.append((rest[place], rest[place + 2].text))
            place += 3
        else:
            plain.append(rest[place])
            place += 1
    return plain, assigned
