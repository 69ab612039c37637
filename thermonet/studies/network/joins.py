"""Bodies of several documents joined where they meet, and what an isothermal join changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import combinations_with_replacement

import numpy as np

from thermonet.documents.body.drawn import DrawnDocument
from thermonet.documents.kinds import BodyDocument
from thermonet.documents.probe import ProbeDocument
from thermonet.geometry.layered import body_mesh
from thermonet.geometry.mesh import Mesh
from thermonet.geometry.refine import uniformly_refined
from thermonet.heat.bodies.body import Body, Boundary
from thermonet.heat.bodies.joined import Cut, joined_bodies, joined_body_unknowns
from thermonet.heat.bodies.model import BodyModel, body_model
from thermonet.heat.error import discretisation_error
from thermonet.network.terminals import MultiTerminal
from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.formatting import percent
from thermonet.results.record import Check, Column, Table
from thermonet.studies.bodies.layers_design import layered_body
from thermonet.studies.bodies.mesh import BodyMesh, first_mesh, touching_pairs
from thermonet.studies.bodies.regions import Rebuilt
from thermonet.studies.exports import Reduction
from thermonet.studies.network.bodies import (
    HIGHEST_FREQUENCY,
    TOLERANCE,
    Document,
    baths_of,
    body_terminals,
    chosen,
    compacted,
    is_small,
    require_linear,
    terminal_resistances,
    with_known_capacity,
)
from thermonet.studies.network.moved import MovingBody, bodies_tangent
from thermonet.studies.network.tangent import Tangent
from thermonet.studies.values import Values
from thermonet.system.core import Vector

#: Nodes beyond which joined meshes are not refined for an estimate of their error.
_MOST_NODES = 150_000


@dataclass(frozen=True)
class JoinedTerminals:
    """Bodies joined into one element of a network.

    Attributes
    ----------
    element
        The element; its terminals are those of the bodies after ``<body>.``, and the isothermal joins.
    baths
        Terminals that the documents hold, and surroundings [K].
    joins
        Resistances between terminals by either way to join, one line per join and pair of terminals.
    checks
        For every isothermal join, ``join.<name>``: whether the cut is an isotherm to the tolerance.
    tangent
        How it changes with the inputs of its bodies, on the same mesh; found when called.
    reduction
        What its compact model has left out.
    """

    element: MultiTerminal
    baths: Mapping[str, float]
    joins: Table
    checks: Mapping[str, Check]
    tangent: Callable[[], Tangent]
    reduction: Reduction = field(default_factory=Reduction)


def joined_terminals(
    documents: Mapping[str, Document],
    cuts: Mapping[str, Cut],
    *,
    only: Collection[str] | None = None,
    read: Collection[str] = (),
    join_tolerance: float = TOLERANCE,
    tolerance: float | None = TOLERANCE,
    highest_frequency: float | None = HIGHEST_FREQUENCY,
    whole: int = 0,
) -> JoinedTerminals:
    """Join the bodies of documents, and compare both ways to do it.

    Bodies of layers are meshed at their element scale, others by their mesh files or drawings; their meshes have to
    match at trace joins. A cut is a boundary of its body, or a face of which the body says nothing else.

    Parameters
    ----------
    documents
        By body.
    cuts
        By the names of their joins.
    only
        Terminals that are wanted, ``<body>.<terminal>`` and ``<body>.<boundary>`` of isothermal joins; all of them
        where nothing is said.
    read
        Terminals that no heat enters. What a point there would see of its own heat, which no mesh converges to, is in
        no answer then, and not in the error.
    join_tolerance
        Largest relative difference of a resistance that an isothermal join may make.
    tolerance, highest_frequency
        Of a compact model, see `thermonet.studies.network.bodies.terminals_of`.
    whole
        Unknowns up to which bodies that store heat are left as they are: then all of their times are their own.

    Raises
    ------
    PhysicsError
        A document is no body, its cut is not free, or the bodies cannot be joined (`joined_bodies`).
    """
    parts = {name: _part(document, name, list(cuts.values())) for name, document in documents.items()}
    ways = list(cuts.values())
    levels = _levels(parts)
    models = [{name: part.model(level) for name, part in parts.items()} for level in levels]
    baths = {f"{name}.{port}": kelvin for name, part in parts.items() for port, kelvin in part.baths.items()}
    element = _element(models[-1], ways)
    wanted = chosen(element.terminals, only)
    if len(levels) == 3:
        meshes = [*(_element(coarse, ways) for coarse in models[:2]), element]
        element = replace(element, error={"": _error(meshes, baths, wanted, read)})
    table, checks = _compared(models[-1], cuts, baths, join_tolerance)
    element = replace(element, terminals=wanted)
    tangent = partial(_tangent, parts, levels[-1], models[-1], ways, element)
    reduction = Reduction()
    if tolerance is not None and not is_small(element.system, whole):
        system, terminals, reduction = compacted(
            element.system,
            element.terminals,
            baths,
            read=read,
            tolerance=tolerance,
            highest_frequency=highest_frequency,
        )
        element = replace(element, system=system, terminals=terminals)
    return JoinedTerminals(element, baths, table, checks, tangent, reduction)


@dataclass(frozen=True)
class _Part:
    """A body whose cuts are free, and its meshes, each level half as coarse as the one before.

    Attributes
    ----------
    document, body
        The body as it is written, and cut.
    mesh
        By level.
    finest
        Level of the finest mesh.
    moved
        The body at other values, and its mesh at a level; None where the matrices of the stated one serve.
    """

    document: BodyDocument
    body: Body
    mesh: Callable[[int], Mesh]
    finest: int
    moved: Callable[[int, Values], tuple[Body, Mesh | None]]

    @property
    def baths(self) -> dict[str, float]:
        """Held boundaries and surroundings [K]."""
        return {port: self.body.bath_temperature(port) for port in self.body.baths}

    def model(self, level: int) -> BodyModel:
        """The body, assembled; its system has the weighted terminals for sources."""
        ports = [name for name, item in self.body.boundaries.items() if item.port is not None]
        found = body_model(self.body, self.mesh(level), joined=ports)
        weights = {name: at for name, at in body_terminals(found).items() if not isinstance(at, str)}
        return replace(found, system=replace(with_known_capacity(found), sources=weights, sensors={}))


def _part(document: Document, name: str, cuts: Sequence[Cut]) -> _Part:
    if isinstance(document, ProbeDocument):
        raise PhysicsError(f"'{name}' is a probe, which has no surface to be joined at; expected a body")
    ends = tuple(end[1] for cut in cuts for end in (cut.first, cut.second) if end[0] == name)
    values = Values()
    if isinstance(document, DrawnDocument):
        return _drawn_part(document, name, ends)
    body, shape = layered_body(document, values)
    scale = 4 * document.numerics.element_scale.value

    def moved(level: int, values: Values) -> tuple[Body, Mesh | None]:
        found, its_shape = layered_body(document, values)
        return _cut(found, name, ends), None if its_shape == shape else body_mesh(its_shape, scale / 2**level)

    return _Part(document, _cut(body, name, ends), lambda level: body_mesh(shape, scale / 2**level), 2, moved)


def _drawn_part(document: DrawnDocument, name: str, ends: tuple[str, ...]) -> _Part:
    start = first_mesh(document, Values())
    rebuilt = Rebuilt(document, start, touching_pairs(start.mesh))
    stated = rebuilt.body(Values())
    mesh_at = cache(partial(_refined, start))

    def moved(level: int, values: Values) -> tuple[Body, Mesh | None]:
        body, mesh = rebuilt.moved(values, stated, mesh_at(level))
        return _cut(body, name, ends), mesh

    return _Part(document, _cut(stated, name, ends), lambda level: mesh_at(level).mesh, _refinements(start), moved)


def _refinements(start: BodyMesh) -> int:
    """How often a mesh may be refined, twice at most."""
    mesh, finest = start.mesh, 0
    while finest < 2 and mesh.points.shape[1] * 2 ** (mesh.dimension * (finest + 1)) <= _MOST_NODES:
        finest += 1
    return finest


def _refined(mesh: BodyMesh, times: int) -> BodyMesh:
    for _ in range(times):
        found = uniformly_refined(mesh.mesh, mesh.curves)
        mesh = replace(mesh, mesh=found.mesh, curves=found.curves)
    return mesh


def _levels(parts: Mapping[str, _Part]) -> list[int]:
    """Levels of the meshes that are solved, the last one the finest: three if an error can be estimated, else one."""
    finest = min(part.finest for part in parts.values())
    coarse = {part.finest for part in parts.values()} == {2}
    return [0, 1, 2] if coarse else [finest]


def _cut(body: Body, name: str, ends: Sequence[str]) -> Body:
    """A body whose cuts are traces, free of any temperature of their own."""
    require_linear(body)
    boundaries = dict(body.boundaries)
    for end in ends:
        stated = boundaries.get(end)
        if stated is not None and (stated.exchange is not None or stated.flux is not None):
            raise PhysicsError(f"{name}.{end} exchanges heat already, expected a boundary that is free to be joined")
        boundaries[end] = Boundary(on=(end,) if stated is None else stated.on, port="trace")
    return replace(body, boundaries=boundaries)


def _element(models: Mapping[str, BodyModel], cuts: Sequence[Cut]) -> MultiTerminal:
    """Element of joined bodies; a join of one temperature is a terminal by the names of both its sides."""
    system = joined_bodies(models, cuts)
    if not all(model.body.has_capacity for model in models.values()):
        system = replace(system, C={})
    terminals: dict[str, str | Vector] = {}
    for body, model in models.items():
        for name, at in body_terminals(model).items():
            whole = f"{body}.{name}"
            terminals[whole] = f"{body}.{at}" if isinstance(at, str) else system.sources[whole]
    for cut in cuts:
        if cut.shared == "isothermal":
            terminals |= dict.fromkeys(cut.names, cut.names[0])
    return MultiTerminal(system=system, terminals=terminals)


def _tangent(
    parts: Mapping[str, _Part],
    level: int,
    models: Mapping[str, BodyModel],
    cuts: Sequence[Cut],
    element: MultiTerminal,
) -> Tangent:
    """Tangent of joined bodies: what is moved of one leaves the others, and which nodes are one, as they are."""
    unknowns = joined_body_unknowns(models, cuts)
    moving = {
        f"{name}.": MovingBody(
            models[name], unknowns[name], partial(part.moved, level), partial(_free_baths, part.document, name, cuts)
        )
        for name, part in parts.items()
    }
    return bodies_tangent(moving, element.system, element.terminals)


def _free_baths(document: BodyDocument, name: str, cuts: Sequence[Cut], values: Values) -> dict[str, float]:
    """Baths of a body that no join has taken the place of [K]."""
    taken = {end for cut in cuts for end in (cut.first, cut.second)}
    return {port: kelvin for port, kelvin in baths_of(document, values).items() if (name, port) not in taken}


def _error(
    elements: Sequence[MultiTerminal], baths: Collection[str], wanted: Collection[str], read: Collection[str]
) -> float:
    """Numerical error of the resistances between terminals, relative to those of their ends, from three meshes.

    Of the pairs that are wanted only, not of two terminals that are both read and never heated. All baths are held, but
    the first alone where there is nothing else.
    """
    if set(wanted) <= set(baths):
        elements = [
            replace(element, terminals={name: element.terminals[name] for name in wanted}) for element in elements
        ]
        baths = ()
    names = terminal_resistances(elements[-1], baths)[0]
    coarse, middle, fine = (terminal_resistances(element, baths)[1] for element in elements)
    size = np.sqrt(np.outer(np.diag(fine), np.diag(fine)))
    errors = [
        discretisation_error(fine[i, j], middle[i, j], coarse[i, j]) / size[i, j]
        for i, j in combinations_with_replacement(range(len(names)), 2)
        if names[i] in wanted and names[j] in wanted and not (names[i] in read and names[j] in read)
    ]
    return float(max(errors, default=0.0))


def _compared(
    models: Mapping[str, BodyModel], cuts: Mapping[str, Cut], baths: Collection[str], tolerance: float
) -> tuple[Table, dict[str, Check]]:
    """Resistances between terminals with every join made in either way, the others as they are stated."""
    lines: list[tuple[str, str, str, str, float, float, float]] = []
    checks = {}
    for name, cut in cuts.items():
        found, apart = {}, ""
        for way in ("trace", "isothermal"):
            ways = [replace(cut, shared=way) if other is cut else other for other in cuts.values()]
            try:
                found[way] = _without(_element(models, ways), cut, baths)
            except PhysicsError as error:
                if way == cut.shared:
                    raise
                apart = str(error)
        if len(found) < 2:
            checks[f"join.{name}"] = Check(
                holds=None,
                value=0.0,
                u=None,
                threshold=tolerance,
                explanation=f"what one temperature on {' and '.join(cut.names)} changes is not known: {apart}",
            )
            continue
        (names, trace), (_, tied) = found["trace"], found["isothermal"]
        relative = (tied - trace) / np.sqrt(np.outer(np.diag(trace), np.diag(trace)))
        for i, j in combinations_with_replacement(range(len(names)), 2):
            ends = (float(trace[i, j]), float(tied[i, j]), float(relative[i, j]))
            lines.append((name, cut.shared, names[i], names[j], *ends))
        if cut.shared == "isothermal":
            worst = float(np.abs(relative).max(initial=0.0))
            checks[f"join.{name}"] = Check(
                holds=worst <= tolerance,
                value=worst,
                u=None,
                threshold=tolerance,
                explanation=f"one temperature on {' and '.join(cut.names)} changes the resistances between terminals "
                f"by up to {percent(worst)} of those of their ends, against a join of all nodes",
            )
    keys = ("join", "as", "from", "to", "trace", "isothermal", "relative_difference")
    units = ("", "", "", "", "K/W", "K/W", "1")
    columns = list(zip(*lines, strict=True)) or [()] * len(keys)
    return {key: Column(unit, list(values)) for key, unit, values in zip(keys, units, columns, strict=True)}, checks


def _without(element: MultiTerminal, cut: Cut, baths: Collection[str]) -> tuple[list[str], Vector]:
    """Resistances between the terminals other than a join's own, all baths held: those that touch share none.

    Where there is nothing but baths, the first alone is held.
    """
    others = {name: at for name, at in element.terminals.items() if name not in cut.names}
    return terminal_resistances(replace(element, terminals=others), () if set(others) <= set(baths) else baths)
