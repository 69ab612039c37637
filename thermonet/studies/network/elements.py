"""The bodies of a network document, read from their designs, as elements whose terminals are bound to nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from thermonet.documents.builtin import located_file
from thermonet.documents.network.document import NetworkDocument
from thermonet.heat.bodies.joined import Cut
from thermonet.network.terminals import MultiTerminal
from thermonet.quantities.errors import PhysicsError, UsageError
from thermonet.results.record import Check, Column, Table
from thermonet.studies.exports import Reduction
from thermonet.studies.network.answers import port_nodes, resistance_pairs, response_pairs
from thermonet.studies.network.bodies import (
    HIGHEST_FREQUENCY,
    TOLERANCE,
    BodyElement,
    Document,
    baths_of,
    body_element,
)
from thermonet.studies.network.bound import Binding, MovingBodies, NetworkBodies
from thermonet.studies.network.causes import causes
from thermonet.studies.network.joins import JoinedTerminals, joined_terminals
from thermonet.studies.network.tangent import Tangent
from thermonet.studies.open import opened

#: Unknowns of all bodies together up to which they are left whole: the modes of so many cost little more than those of
#: compact models.
_MOST_WHOLE = 400


def network_bodies(
    document: NetworkDocument,
    folder: Path,
    *,
    tolerance: float | None = TOLERANCE,
    highest_frequency: float | None = HIGHEST_FREQUENCY,
) -> NetworkBodies:
    """Read, mesh and solve the bodies of a network document, joined where it says so.

    Parameters
    ----------
    document
        The network.
    folder
        Where its designs are looked for, before the built-in ones.
    tolerance, highest_frequency
        Of compact models, see `thermonet.studies.network.bodies.terminals_of`.

    Raises
    ------
    DocumentError
        A design that cannot be read.
    PhysicsError
        No such design or terminal, or bodies that cannot be elements or joined; with the path in the document.
    NotConvergedError
        A design's own numerical tolerance was not met.
    """
    groups = _groups(document)
    wanted = _Wanted(document, folder, tolerance, highest_frequency, _MOST_WHOLE // max(len(groups), 1))
    found = [wanted.built(group) for group in groups]
    joins = [each.joins for each in found if each.joins]
    return NetworkBodies(
        elements={each.name: each.element for each in found},
        bindings=tuple(binding for each in found for binding in each.bindings),
        baths={name: kelvin for each in found for name, kelvin in each.baths.items()},
        joins={
            key: Column(column.unit, [value for table in joins for value in table[key].values])
            for key, column in (joins[0] if joins else {}).items()
        },
        checks={name: check for each in found for name, check in each.checks.items()},
        reduction=sum((each.reduction for each in found), Reduction()),
        moving=partial(_moving, document, found),
    )


@dataclass(frozen=True)
class _Built:
    """One element, and what belongs to it of `NetworkBodies`; inputs and baths of its tangent begin with a body."""

    name: str
    element: MultiTerminal
    tangent: Callable[[], Tangent]
    bindings: tuple[Binding, ...]
    baths: Mapping[str, float]
    reduction: Reduction
    joins: Table = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)


@dataclass(frozen=True)
class _Wanted:
    """Elements to be built from a document."""

    document: NetworkDocument
    folder: Path
    tolerance: float | None
    highest_frequency: float | None
    whole: int

    def built(self, group: tuple[str, ...]) -> _Built:
        """Element of a body, or of several that are joined."""
        designs = {name: self._design(name) for name in group}
        cuts = dict(_cuts(self.document, group))
        if not cuts:
            (name,) = group
            return self._alone(name, designs[name])
        nodes = {
            f"{name}.{terminal}": node
            for name in group
            for terminal, node in self.document.bodies[name].terminals.items()
        }
        joined = [join for join in self.document.joins.values() if join.node and join.between[0].split(".")[0] in group]
        nodes |= {join.between[0]: join.node for join in joined if join.node}
        baths = {
            f"{name}.{port}": kelvin
            for name in group
            for port, kelvin in baths_of(designs[name]).items()
            if (name, port) not in {end for cut in cuts.values() for end in (cut.first, cut.second)}
        }
        try:
            found = joined_terminals(
                designs,
                cuts,
                only={*nodes, *baths},
                read=self._read(nodes),
                join_tolerance=self.document.numerics.tolerance.value,
                tolerance=self.tolerance,
                highest_frequency=self.highest_frequency,
                whole=self.whole,
            )
        except PhysicsError as error:
            body, _, terminal = error.path.removeprefix("terminals.").partition(".")
            known = error.path.startswith("terminals.") and body in group
            path = f"bodies.{body}.terminals.{terminal}" if known else f"joins.{next(iter(cuts))}"
            raise PhysicsError(str(error), path) from None
        return _built("+".join(group), found, nodes, baths, "", found)

    def _alone(self, name: str, design: Document) -> _Built:
        nodes, baths = self.document.bodies[name].terminals, baths_of(design)
        try:
            found = body_element(
                design,
                only={*nodes, *baths},
                read=self._read(nodes),
                tolerance=self.tolerance,
                highest_frequency=self.highest_frequency,
                whole=self.whole,
            )
        except PhysicsError as error:
            below = error.path if error.path.startswith("terminals.") else "design"
            raise PhysicsError(str(error), f"bodies.{name}.{below}") from None
        return _built(name, found, nodes, baths, f"{name}.")

    def _read(self, nodes: Mapping[str, str]) -> set[str]:
        """Terminals at whose nodes nothing is but a thermometer."""
        heated = _heated(self.document)
        return {terminal for terminal, node in nodes.items() if node not in heated}

    def _design(self, name: str) -> Document:
        stated = self.document.bodies[name].design
        beside = self.folder / stated
        try:
            file = beside if beside.is_file() else located_file(stated)
        except UsageError as error:
            raise PhysicsError(str(error), f"bodies.{name}.design") from None
        found = opened(file, allowed=("probe", "body")).document
        if isinstance(found, NetworkDocument):
            raise PhysicsError(f"{stated} is a network, expected a probe or a body", f"bodies.{name}.design")
        return found


def _built(
    name: str,
    body: BodyElement | JoinedTerminals,
    nodes: Mapping[str, str],
    baths: Mapping[str, float],
    prefix: str,
    joined: JoinedTerminals | None = None,
) -> _Built:
    """Bind terminals to their nodes, and baths that have none to nodes of their own."""
    element = body.element
    taken = {at for terminal in nodes if isinstance(at := element.terminals[terminal], str)}
    free = [port for port in baths if element.terminals[port] not in taken]
    bound = {**nodes, **{port: f"{prefix}{port}" for port in free}}
    return _Built(
        name=name,
        element=replace(element, terminals={terminal: element.terminals[terminal] for terminal in bound}),
        tangent=lambda: body.tangent().prefixed(prefix),
        bindings=tuple(Binding(node, name, terminal, f"{prefix}{terminal}") for terminal, node in bound.items()),
        baths={f"{prefix}{port}": baths[port] for port in free},
        reduction=body.reduction,
        joins={} if joined is None else joined.joins,
        checks={} if joined is None else joined.checks,
    )


def _heated(document: NetworkDocument) -> set[str]:
    """Nodes that heat may enter in an answer, from an element, a source, another body or a watt that is asked about."""
    bound = Counter(node for body in document.bodies.values() for node in body.terminals.values())
    ends = [node for element in document.elements.values() for node in element.between]
    asked = [node for pair in resistance_pairs(document) for node in pair]
    driven = [driver for _, driver in response_pairs(document)]
    heavy = [name for name, node in document.nodes.items() if node.heat_capacity is not None]
    into = [source.into for source in document.sources.values()]
    several = [node for node, count in bound.items() if count > 1]
    return {*ends, *asked, *driven, *heavy, *into, *several, *port_nodes(document), *document.held}


def _moving(document: NetworkDocument, built: Sequence[_Built]) -> MovingBodies:
    """Derivatives of the elements, by what the network calls the inputs of their bodies."""
    tangents = {each.name: each.tangent() for each in built}
    inputs = {_own(name): value for tangent in tangents.values() for name, value in tangent.inputs.items()}
    called = causes({name: entry.design for name, entry in document.bodies.items()}, inputs)
    names = {element: {name: called[_own(name)] for name in tangent.inputs} for element, tangent in tangents.items()}
    return MovingBodies(tangents, names)


def _own(name: str) -> tuple[str, str]:
    body, _, path = name.partition(".")
    return body, path


def _cuts(document: NetworkDocument, group: tuple[str, ...]) -> Iterator[tuple[str, Cut]]:
    for name, join in document.joins.items():
        (first, _, one), (second, _, other) = (place.partition(".") for place in join.between)
        if first in group:
            yield name, Cut((first, one), (second, other), join.kind)


def _groups(document: NetworkDocument) -> list[tuple[str, ...]]:
    """Bodies that joins make one, in the order of the document."""
    group = {name: {name} for name in document.bodies}
    for join in document.joins.values():
        first, second = (place.partition(".")[0] for place in join.between)
        united = group[first] | group[second]
        group |= dict.fromkeys(united, united)
    order = dict.fromkeys(document.bodies)
    return list(dict.fromkeys(tuple(name for name in order if name in group[body]) for body in order))
