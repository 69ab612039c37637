"""A plain thermal netlist of resistances, capacities, power and temperature sources as a networkx graph.

What is read is what people write for ngspice and LTspice: R, C, I, V, subcircuits and their instances, ``.param``,
continuation lines, comments and suffixes of numbers. Everything else is refused with its place, because a netlist of
which a part is left out is another netlist.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import networkx as nx

from thermonet.network.spice.expressions import Parameters
from thermonet.network.spice.flat import Place, StatementError, circuits, elements
from thermonet.network.spice.names import GROUND
from thermonet.network.spice.sources import source
from thermonet.network.spice.statements import Statement, Word, statements
from thermonet.network.spice.values import read
from thermonet.quantities.errors import DocumentError, Problem
from thermonet.system.signals import Course


def read_netlist(netlist: str | Path, *, bath: float = 300.0) -> nx.MultiGraph[str]:
    """Read a thermal netlist: volts are kelvin above the bath, amperes are watts, node 0 is the bath.

    Parameters
    ----------
    netlist
        The text, or the path of a file; the first line is a title, as everywhere in SPICE.
    bath
        Temperature of node 0 [K]; a network without radiation knows differences only.

    Returns
    -------
    networkx.MultiGraph
        As `thermonet.network.graph` describes it. Nodes and elements of an instance of a subcircuit have its name and
        a dot before their own; node 0 is held at the bath's temperature, and so is the node of every temperature
        source at its own.

    Raises
    ------
    DocumentError
        Statements that are not understood, values that no thermal network has: all of them, each with its place.
    """
    file, text = (str(netlist), _file_text(netlist)) if isinstance(netlist, Path) else ("netlist", netlist)
    title, _, body = text.partition("\n")
    problems: list[Problem] = []

    def refuse(error: StatementError) -> None:
        word = error.word
        problems.append(Problem(file, word.line, word.column, word.text, str(error)))

    if _is_element(title):
        lost = Word(title.split()[0], 1, 1)
        refuse(StatementError(lost, "the first line of a netlist is its title; expected elements below it"))
    main, named = circuits(statements(body, first_line=2), refuse)
    graph = _Graph(bath)
    for statement, place in elements(main, Place("", {}, Parameters(main.parameters)), named, refuse):
        try:
            graph.add(statement, place)
        except StatementError as error:
            refuse(error)
    if problems:
        raise DocumentError(problems)
    return graph.found


class _Graph:
    """The graph while it grows; nodes and elements are known by their names without capitals."""

    def __init__(self, bath: float) -> None:
        self.bath = bath
        self.found: nx.MultiGraph[str] = nx.MultiGraph()
        self.found.add_node(GROUND, temperature=bath)
        self._spellings: dict[str, str] = {GROUND: GROUND}
        self._names: set[str] = set()

    def add(self, statement: Statement, place: Place) -> None:
        kinds: dict[str, Callable[[Statement, Place, str, str, str], None]] = {
            "r": self._resistance,
            "c": self._capacity,
            "i": self._power,
            "v": self._temperature,
        }
        first = statement.first
        add = kinds.get(first.lower[0])
        if add is None:
            raise StatementError(first, "only R, C, I, V and X are read; a thermal network of other elements is not")
        name = place.path + first.text
        if name.lower() in self._names:
            raise StatementError(first, "two elements have this name")
        if len(statement.words) < 3:
            raise StatementError(first, "expected two nodes")
        self._names.add(name.lower())
        a, b = (self._node(place.node(word)) for word in statement.words[1:3])
        if a == b:
            raise StatementError(first, "both ends are the same node")
        add(statement, place, name, a, b)

    def _node(self, name: str) -> str:
        spelled = self._spellings.setdefault(name.lower(), name)
        self.found.add_node(spelled)
        return spelled

    def _resistance(self, statement: Statement, place: Place, name: str, a: str, b: str) -> None:
        self.found.add_edge(a, b, name=name, resistance=_positive(statement, place, "r"))

    def _capacity(self, statement: Statement, place: Place, name: str, a: str, b: str) -> None:
        capacity = _positive(statement, place, "c")
        if GROUND in (a, b):
            node = self.found.nodes[b if a == GROUND else a]
            node["heat_capacity"] = node.get("heat_capacity", 0.0) + capacity
        else:
            self.found.add_edge(a, b, name=name, heat_capacity=capacity)

    def _power(self, statement: Statement, place: Place, name: str, a: str, b: str) -> None:
        power = source(statement.words[3:], place.value)
        if GROUND not in (a, b):  # what leaves one node enters the other
            self.found.nodes[a].setdefault("sources", {})[f"{name}.out"] = _negative(power)
        node, power = (a, _negative(power)) if b == GROUND else (b, power)
        self.found.nodes[node].setdefault("sources", {})[name] = power

    def _temperature(self, statement: Statement, place: Place, _: str, a: str, b: str) -> None:
        if GROUND not in (a, b):
            raise StatementError(statement.first, "expected a temperature above the bath: one end at node 0")
        rise = source(statement.words[3:], place.value)
        node, rise = (a, rise) if b == GROUND else (b, _negative(rise))
        if "temperature" in self.found.nodes[node]:
            raise StatementError(statement.first, f"the temperature of node {node} is given twice")
        over = replace(rise, offset=rise.offset + self.bath) if isinstance(rise, Course) else rise + self.bath
        self.found.nodes[node]["temperature"] = over


def _positive(statement: Statement, place: Place, letter: str) -> float:
    """Value of a resistance or capacity: ``R1 a b 1k`` or ``R1 a b R=1k``."""
    words = list(statement.words[3:])
    if len(words) > 1 and words[0].lower == letter and words[1].text == "=":
        words = words[2:]
    if len(words) != 1:
        at = words[1] if words else statement.first
        raise StatementError(at, "expected one value behind the nodes, a number or an expression in braces")
    value = place.value(words[0])
    if not 0 < value < math.inf:
        raise StatementError(words[0], f"expected a positive value, got {value:g}")
    return value


def _negative(value: Course | float) -> Course | float:
    if isinstance(value, Course):
        return replace(value, amplitude=-value.amplitude, offset=-value.offset)
    return -value


def _is_element(title: str) -> bool:
    words = title.split()
    if len(words) != 4 or words[0][0].upper() not in "RCIV":
        return False
    try:
        read(words[3])
    except ValueError:
        return False
    return True


def _file_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError([Problem(str(path), 1, 1, "document", error.strerror or "cannot be read")]) from None
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:  # as LTspice writes on some systems
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
