"""What is wrong with a network as a whole: names, ends, floating parts, what is asked of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from thermonet.documents.body.conductivity import increasing
from thermonet.documents.body.drawn import step_problems
from thermonet.documents.body.layered import NAME
from thermonet.documents.body.places import nearest
from thermonet.documents.body.signals import VariationEntry, variation_problems
from thermonet.documents.body.time_checks import periodic_problems
from thermonet.documents.network.contents import NetworkContents
from thermonet.documents.network.parts import (
    KINDS,
    ElementEntry,
    Pair,
    ResistancePolynomialEntry,
    ResistanceTableEntry,
)

Problems = Iterator[tuple[str, str]]
#: Signals by path, and whether what they vary swings.
Varying = dict[str, tuple[VariationEntry, bool]]


def network_problems(document: NetworkContents) -> Problems:
    """Yield (path, message) for everything that is well formed but cannot be built or means nothing."""
    yield from _names(document)
    for name, element in document.elements.items():
        yield from _element(document, name, element)
    for name, source in document.sources.items():
        yield from _known(document, source.into, f"sources.{name}.into")
    yield from _bodies(document)
    yield from _joins(document)
    yield from _asked(document)
    yield from _in_time(document)


def _names(document: NetworkContents) -> Problems:
    for group in ("nodes", "elements", "sources", "bodies", "joins"):
        for name in getattr(document, group):
            if not NAME.fullmatch(name):
                yield f"{group}.{name}", "is not a name, expected letters, digits, '_' and '-'"
    for name, source in document.sources.items():
        if name in document.nodes and source.into != name:
            yield f"sources.{name}", f"a node is called {name} and takes no heat of it, expected another name"
    for group in ("nodes", "elements", "sources"):
        yield from _alike(group, getattr(document, group))
    yield from _taken("bodies", document.bodies, {"a node": document.nodes, "an element": document.elements})
    yield from _taken("joins", document.joins, {"an element": document.elements, "a body": document.bodies})


def _alike(group: str, names: Iterable[str]) -> Problems:
    """Names that netlists would take for one another."""
    known: dict[str, str] = {}
    for name in names:
        first = known.setdefault(name.lower().replace("-", "_"), name)
        if first != name:
            yield f"{group}.{name}", f"netlists cannot tell it from '{first}', expected names that differ by more"


def _taken(group: str, names: Iterable[str], others: Mapping[str, Mapping[str, object]]) -> Problems:
    """Names that something else has already, under which both would be reported."""
    for name in names:
        for what, known in others.items():
            if name in known:
                yield f"{group}.{name}", f"{what} is called {name} already, expected another name"


def _known(document: NetworkContents, node: str, path: str) -> Problems:
    if node not in document.nodes:
        yield path, f"there is no node '{node}', expected {nearest(node, document.nodes)}"


def _element(document: NetworkContents, name: str, element: ElementEntry) -> Problems:
    path = f"elements.{name}"
    for i, node in enumerate(element.between):
        yield from _known(document, node, f"{path}.between.{i}")
    if element.between[0] == element.between[1]:
        yield f"{path}.between", f"joins the node '{element.between[0]}' to itself, expected two different nodes"
    if len(element.kinds) != 1:
        stated = " and ".join(element.kinds) or "none of them"
        yield path, f"expected exactly one of {', '.join(KINDS)}, got {stated}"
    resistance = element.resistance
    if isinstance(resistance, ResistanceTableEntry):
        yield from increasing([row[0] for row in resistance.table], f"{path}.resistance.table")
    if isinstance(resistance, ResistancePolynomialEntry) and len(resistance.polynomial) == 1:
        message = "has one coefficient and depends on no temperature, expected a plain resistance"
        yield f"{path}.resistance.polynomial", message


def _bodies(document: NetworkContents) -> Problems:
    for name, body in document.bodies.items():
        for terminal, node in body.terminals.items():
            yield from _known(document, node, f"bodies.{name}.terminals.{terminal}")


def _joins(document: NetworkContents) -> Problems:
    joined: dict[str, str] = {}
    for name, join in document.joins.items():
        for i, place in enumerate(join.between):
            path = f"joins.{name}.between.{i}"
            body, dot, terminal = place.partition(".")
            if not (dot and terminal):
                yield path, f"'{place}' is no boundary of a body, expected one such as 'left.cut'"
            elif body not in document.bodies:
                yield (
                    path,
                    f"there is no body '{body}'"
                    + (
                        f", expected {nearest(body, document.bodies)}" if document.bodies else ": the document has none"
                    ),
                )
            elif terminal in document.bodies[body].terminals:
                node = document.bodies[body].terminals[terminal]
                yield path, f"is the node '{node}' already, expected a join or a node"
            elif place in joined:
                yield path, f"is joined by '{joined[place]}' already, expected each boundary once"
            joined.setdefault(place, name)
        if join.between[0] == join.between[1]:
            yield f"joins.{name}.between", "joins a boundary to itself, expected two different ones"
        if join.node is not None:
            yield from _known(document, join.node, f"joins.{name}.node")
            if join.kind == "trace":
                yield f"joins.{name}.node", "a trace has many temperatures, expected an isothermal join or no node"


def floating_problems(document: NetworkContents) -> Problems:
    """Yield (path, message) for nodes whose temperature nothing fixes.

    Bodies may have baths of their own, which only their designs tell; and where one end of an element is wrong, nothing
    is known of the other.
    """
    if not document.held and not document.bodies:
        yield "nodes", "no node is held at a temperature, so the heat has nowhere to go: expected 'temperature' at one"
        return
    part = connected_parts(document)
    grounded = {part[node] for node in document.held}
    grounded |= {part[node] for body in document.bodies.values() for node in body.terminals.values() if node in part}
    grounded |= {
        part[node]
        for element in document.elements.values()
        for node in element.between
        if node in part and (len(set(element.between)) == 1 or not set(element.between) <= set(part))
    }
    for node in document.nodes:
        if part[node] not in grounded:
            yield f"nodes.{node}", "has no path to a held temperature, so nothing fixes its own: expected an element"


def connected_parts(document: NetworkContents, *, past_held: bool = True) -> dict[str, str]:
    """One node of the part that each node is connected to by something that conducts; bodies connect all they touch.

    Parameters
    ----------
    document
        The network.
    past_held
        Whether a held node connects what it touches: not where it stays at its temperature whatever its neighbours do.
    """
    part = {name: name for name in document.nodes}
    ends_here = set() if past_held else set(document.held)

    def root(node: str) -> str:
        while part[node] != node:
            part[node] = part[part[node]]
            node = part[node]
        return node

    for ends in _conducting(document):
        known = [root(node) for node in ends if node in part and node not in ends_here]
        for other in known[1:]:
            part[root(other)] = root(known[0])
    return {node: root(node) for node in document.nodes}


def _conducting(document: NetworkContents) -> Iterator[list[str]]:
    """Groups of nodes between which heat can flow for ever; a heat capacity between two nodes lets none through."""
    yield from (element.between for element in document.elements.values() if element.kinds != ("heat_capacity",))
    bound = {name: list(body.terminals.values()) for name, body in document.bodies.items()}
    yield from bound.values()
    for join in document.joins.values():
        first, second = (place.partition(".")[0] for place in join.between)
        yield [*bound.get(first, []), *bound.get(second, []), *([join.node] if join.node is not None else [])]


def _asked(document: NetworkContents) -> Problems:
    parts = connected_parts(document)
    for i, pair in enumerate(document.resistances or []):
        yield from _pair(document, pair, parts, f"resistances.{i}")
    parts = connected_parts(document, past_held=False)
    for i, (node, driver) in enumerate(document.responses.of or []):
        yield from _response(document, node, driver, parts, f"responses.of.{i}")
    asked = document.responses.model_fields_set
    if asked and not document.stores_heat:
        yield "responses", "nothing stores heat, so every node follows at once: expected the heat_capacity of a node"
    for key in ("frequencies", "times"):
        ends = getattr(document.responses, key)
        if ends is not None and not ends[1].value > ends[0].value:
            yield f"responses.{key}", "does not increase, expected the lower end first"
    for i, node in enumerate((document.compact.ports if document.compact else None) or []):
        yield from _known(document, node, f"compact.ports.{i}")
        if node in document.held:
            yield f"compact.ports.{i}", f"'{node}' is held, expected a node whose temperature is free"


def _response(document: NetworkContents, node: str, driver: str, parts: Mapping[str, str], path: str) -> Problems:
    yield from _known(document, node, f"{path}.0")
    if node in document.held:
        yield f"{path}.0", f"'{node}' is held and answers to nothing, expected another node"
    if driver in document.held:
        yield f"{path}.1", f"'{driver}' is held, a watt into it changes nothing: expected another node"
    elif driver not in document.sources and driver not in document.nodes:
        there_is = (*document.sources, *document.nodes)
        yield f"{path}.1", f"there is no source or node '{driver}', expected {nearest(driver, there_is)}"
    into = document.sources[driver].into if driver in document.sources else driver
    free = node in parts and into in parts and not {node, into} & set(document.held)
    if free and parts[node] != parts[into]:
        yield path, f"no heat of '{driver}' comes to '{node}', expected a pair that is not parted by held nodes"


def _pair(document: NetworkContents, pair: Pair, parts: Mapping[str, str], path: str) -> Problems:
    for i, node in enumerate(pair):
        yield from _known(document, node, f"{path}.{i}")
    if pair[0] == pair[1]:
        yield path, f"is the node '{pair[0]}' twice, expected two different nodes"
    elif all(node in parts for node in pair) and parts[pair[0]] != parts[pair[1]]:
        yield path, "no path of heat leads from one to the other, expected two nodes of one part of the network"


def _in_time(document: NetworkContents) -> Problems:
    for name, node in document.nodes.items():
        if node.varies is not None and node.temperature is None:
            yield f"nodes.{name}.varies", "the node is not held, expected a 'temperature' that varies"
    varying = _varying(document)
    asked = document.transient is not None or document.periodic is not None
    for path, (varies, swings) in varying.items():
        yield from variation_problems(varies, path, swings=swings)
        if not asked:
            yield path, "a steady network does not vary, expected 'transient' or 'periodic' in the document"
    if asked and not document.stores_heat:
        key = "transient" if document.transient is not None else "periodic"
        yield key, "nothing stores heat, expected the heat_capacity of a node"
    if document.periodic is not None:
        yield from _periodic(document, varying)
    if document.transient is not None:
        yield from step_problems(document.transient)


def _varying(document: NetworkContents) -> Varying:
    nodes = {name: node.varies for name, node in document.nodes.items()}
    sources = {name: source.varies for name, source in document.sources.items()}
    found = {f"nodes.{name}.varies": (varies, True) for name, varies in nodes.items() if varies is not None}
    return found | {f"sources.{name}.varies": (varies, False) for name, varies in sources.items() if varies is not None}


def _periodic(document: NetworkContents, varying: Varying) -> Problems:
    if varying:
        yield from periodic_problems(varying, {}, {})
    else:
        yield "periodic", "nothing varies, expected 'varies' at a held node or a source"
    for name, element in document.elements.items():
        if element.depends_on_temperature and element.kinds:
            path = f"elements.{name}.{element.kinds[0]}"
            yield path, "a periodic state is that of a linear network, expected 'transient' instead of 'periodic'"
