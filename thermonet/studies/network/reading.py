"""From a file to a network that can be built: its bodies' designs read, and their terminals known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from thermonet.documents.body.places import nearest
from thermonet.documents.builtin import located_file
from thermonet.documents.kinds import BodyDocument, kind_of
from thermonet.documents.located import LocatedDocument, load, with_settings
from thermonet.documents.network.document import NetworkDocument
from thermonet.documents.network.parts import BodyElementEntry
from thermonet.documents.network.problems import floating_problems
from thermonet.documents.probe import ProbeDocument
from thermonet.documents.reader import validated
from thermonet.quantities.errors import DocumentError, NotConvergedError, PhysicsError, UsageError
from thermonet.studies.bodies.design import body_design
from thermonet.studies.bodies.reading import valid_body
from thermonet.studies.design import probe_problems
from thermonet.studies.network.answers import solve_network
from thermonet.studies.network.design import NO_BODIES, network_design
from thermonet.studies.values import Values

#: Elements up to which a network that depends on temperature is solved while it is checked.
_SOLVED_EARLY = 1000

Design: TypeAlias = ProbeDocument | BodyDocument


def read_network(file: Path | str, settings: tuple[str, ...] = ()) -> NetworkDocument:
    """Read and validate a network document, the designs of its bodies included.

    Parameters
    ----------
    file
        YAML document; the designs that it names are built-in ones, or looked for beside it.
    settings
        Edits as ``path=value`` texts.

    Raises
    ------
    DocumentError
        With every problem found.
    """
    located = with_settings(load(file), settings)
    kind_of(located, ("network",))
    return valid_network(located, Path(file).parent)


def valid_network(located: LocatedDocument, folder: Path) -> NetworkDocument:
    """Validate a network document; from here on its bodies' designs are named by their whole paths.

    Parameters
    ----------
    located
        The document as it was written.
    folder
        Where the designs that it names are looked for.

    Raises
    ------
    DocumentError
        With every problem found.
    """

    def also(document: NetworkDocument) -> Iterator[tuple[str, str]]:
        # Of two elements of one name one has not been read, and what it joins is not known.
        if not any(problem.path.startswith("elements.") for problem in located.problems):
            yield from floating_problems(document)
        whole = _with_paths(document, folder)
        for name, entry in whole.bodies.items():
            yield from _body_problems(whole, name, entry)
        if not any(True for _ in (*document.inconsistencies(), *floating_problems(document), *located.problems)):
            _refuse_unsolvable(document)

    return _with_paths(validated(located, NetworkDocument, also=also), folder)


def _refuse_unsolvable(document: NetworkDocument) -> None:
    """Build the network; solve a small one that depends on temperature, too, whose state alone tells what it answers.

    Raises
    ------
    PhysicsError
        It cannot be built, or not be asked what the document asks of it.
    """
    network_design(document, Values())
    if document.is_linear or document.bodies or len(document.elements) > _SOLVED_EARLY:
        return
    with suppress(NotConvergedError):  # which is no fault of the document's, and is told where it is studied
        solve_network(document, Values(), NO_BODIES)


def body_of(entry: BodyElementEntry) -> Design:
    """Design of a body whose file is named by its whole path.

    Raises
    ------
    DocumentError
        The file cannot be read, or is no design of a probe or body.
    UsageError
        There is no built-in design of that name.
    """
    file = located_file(entry.design)
    located = load(file)
    if kind_of(located, ("probe", "body")) == "body":
        return valid_body(located, file.parent)
    return validated(located, ProbeDocument, also=probe_problems)


def _with_paths(document: NetworkDocument, folder: Path) -> NetworkDocument:
    bodies = {
        name: entry.model_copy(update={"design": _whole_path(entry.design, folder)})
        for name, entry in document.bodies.items()
    }
    return document.model_copy(update={"bodies": bodies})


def design_files(document: NetworkDocument) -> dict[str, str]:
    """Files of the bodies' designs by body; built-in designs have none."""
    return {name: entry.design for name, entry in document.bodies.items() if _is_file(entry.design)}


def _whole_path(design: str, folder: Path) -> str:
    """Path of a file beside the document; the name of a built-in design is left as it is."""
    return str(folder / design) if _is_file(design) else design


def _is_file(design: str) -> bool:
    return "/" in design or "\\" in design or design.endswith((".yaml", ".yml"))


def _body_problems(document: NetworkDocument, name: str, entry: BodyElementEntry) -> Iterator[tuple[str, str]]:
    """Yield (path, message) for a design that cannot be used, terminals that it lacks, and ports that are left open."""
    path = f"bodies.{name}"
    try:
        terminals = Terminals.of(body_of(entry))
    except DocumentError as error:
        yield f"{path}.design", "; ".join(str(problem) for problem in error.problems)
        return
    except (UsageError, PhysicsError) as error:
        yield f"{path}.design", str(error)
        return
    for terminal in entry.terminals:
        if terminal in terminals.traces:
            yield f"{path}.terminals.{terminal}", "is a trace port of many temperatures, expected it in a join"
        elif terminal not in terminals.names:
            yield f"{path}.terminals.{terminal}", f"the body has none, expected {nearest(terminal, terminals.names)}"
    joined = {place for join in document.joins.values() for place in join.between}
    for port in terminals.open:
        if port not in entry.terminals and f"{name}.{port}" not in joined:
            yield f"{path}.terminals", f"the port '{port}' is left open, expected its node or a join"


@dataclass(frozen=True)
class Terminals:
    """Terminals of a design, known without building it.

    Attributes
    ----------
    names
        To which nodes can be bound.
    traces
        Ports of many temperatures, which can be joined only.
    open
        Ports that nothing else is said about: each needs a node or a join.
    """

    names: tuple[str, ...]
    traces: tuple[str, ...] = ()
    open: tuple[str, ...] = ()

    @classmethod
    def of(cls, design: Design) -> Terminals:
        """Terminals of a probe, or of a body: its baths and ports, its sources and sensors."""
        if isinstance(design, ProbeDocument):
            return cls(("contact", "thermocouple", "foot" if design.cantilever is None else "chip"))
        body = body_design(design, Values()).body
        ports = {name: item.port for name, item in body.boundaries.items() if item.temperature is None}
        isothermal = tuple(name for name, port in ports.items() if port == "isothermal")
        traces = tuple(name for name, port in ports.items() if port == "trace")
        names = [*body.isothermal, *body.baths, *body.sources, *body.sensors]
        names += [f"source.{name}" for name in body.sources] + [f"sensor.{name}" for name in body.sensors]
        return cls(tuple(dict.fromkeys(names)), traces, (*isothermal, *traces))
