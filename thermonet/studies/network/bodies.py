"""Designs and body documents as elements of a network: their terminals, on the mesh of their own study.

A terminal is where nodes of a network are bound. Either it is an isothermal port, a surface of one temperature: the
held boundaries, ports and surroundings of a body, the chip of a probe. Or it is weighted: heat enters spread as the
weights say, and the temperature is the mean with the same weights, so that a driving-point resistance is never
negative: the sources and sensors of a body, the contact and the thermocouple of a probe.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from scipy.optimize import nnls

from thermonet.documents.body.drawn import DrawnDocument
from thermonet.documents.body.layered import LayeredDocument
from thermonet.documents.body.places import nearest
from thermonet.documents.kinds import BodyDocument
from thermonet.documents.probe import ProbeDocument
from thermonet.geometry.layered import body_mesh
from thermonet.geometry.mesh import Mesh
from thermonet.heat.bodies.body import Body, Boundary, is_law
from thermonet.heat.bodies.model import BodyModel, body_model
from thermonet.network.terminals import MultiTerminal
from thermonet.quantities.errors import PhysicsError
from thermonet.studies.bodies.answered import answer_sizes, relative
from thermonet.studies.bodies.answers import SolvedBody
from thermonet.studies.bodies.design import body_design
from thermonet.studies.bodies.layers import converged_layers
from thermonet.studies.bodies.layers_design import layered_body
from thermonet.studies.bodies.mesh import first_mesh, touching_pairs
from thermonet.studies.bodies.refinement import refined_body
from thermonet.studies.bodies.regions import Rebuilt
from thermonet.studies.bodies.regions_design import drawn_body
from thermonet.studies.design import probe_of, reading_of
from thermonet.studies.exports import Reduction, small_model
from thermonet.studies.network.moved import MovingBody, bodies_tangent, probe_tangent
from thermonet.studies.network.tangent import Tangent
from thermonet.studies.probe import converged_probe
from thermonet.studies.values import Values
from thermonet.system.core import System, Vector

#: Derivatives need no finer mesh of a probe, or of layers, than this: its error is a few thousandths of them at most.
_COARSE_PROBE, _COARSE_LAYERS = 2.0, 1.0
#: Tolerance of a compact body where nothing else is said: that of its mesh, usually.
TOLERANCE = 1e-3
#: Frequency up to which a compact body answers to that tolerance, where nothing else is said [Hz].
HIGHEST_FREQUENCY = 1e6

Document = ProbeDocument | BodyDocument
Terminals = Mapping[str, str | Vector]


@dataclass(frozen=True, eq=False)
class BodyElement:
    """A body as an element.

    Attributes
    ----------
    element
        With the terminals that are wanted.
    tangent
        How it changes with its inputs; found when called, which takes about as long as the element did.
    reduction
        What its compact model has left out.
    """

    element: MultiTerminal
    tangent: Callable[[], Tangent]
    reduction: Reduction = field(default_factory=Reduction)


def terminals_of(
    document: Document,
    values: Values | None = None,
    *,
    only: Collection[str] | None = None,
    tolerance: float | None = TOLERANCE,
    highest_frequency: float | None = HIGHEST_FREQUENCY,
) -> MultiTerminal:
    """Study a document's mesh, and give its body as an element with terminals.

    A probe has the terminals ``contact``, ``thermocouple`` and ``chip`` (``foot`` without a cantilever); a body every
    held boundary and isothermal port by its name, ``ambient.<boundary>``, and its sources and sensors by theirs. A
    source or sensor whose name is taken by something else is ``source.<name>`` or ``sensor.<name>``. The powers that a
    body states for its sources are left out: in a network, heat enters at nodes.

    Parameters
    ----------
    document
        What it is, read from a file.
    values
        Hands out its numbers.
    only
        Terminals that are wanted; all of them where nothing is said.
    tolerance
        Error in time of a compact model (`thermonet.system.compact`) in place of the large one; None for the large one
        itself. Steady answers are those of the large one either way.
    highest_frequency
        Up to which the compact model has that tolerance in frequency, too [Hz].

    Returns
    -------
    MultiTerminal
        Without capacities where the document does not know all of them: then it follows at once.

    Raises
    ------
    PhysicsError
        The body depends on temperature, has no terminal that could fix a temperature, or none of a name that is wanted.
    NotConvergedError
        The document's own numerical tolerance was not met.
    """
    return body_element(document, values, only=only, tolerance=tolerance, highest_frequency=highest_frequency).element


def body_element(
    document: Document,
    values: Values | None = None,
    *,
    only: Collection[str] | None = None,
    tolerance: float | None = TOLERANCE,
    highest_frequency: float | None = HIGHEST_FREQUENCY,
    read: Collection[str] = (),
    whole: int = 0,
) -> BodyElement:
    """Body of a document as an element, with its derivatives; parameters and errors as of `terminals_of`.

    No heat enters at terminals that are only `read`, so that no compact model needs to know what would come of it. A
    body that stores heat in no more than `whole` unknowns is left as it is: then all of its times are its own.
    """
    values = values or Values()
    of = _of_probe(document, values) if isinstance(document, ProbeDocument) else _of_body(document, values)
    system, wanted = of.system, chosen(of.terminals, only)
    terminals, reduction = wanted, Reduction()
    if tolerance is not None and not is_small(system, whole):
        system, terminals, reduction = compacted(
            system,
            terminals,
            baths_of(document),
            read=read,
            tolerance=tolerance,
            highest_frequency=highest_frequency,
        )
    element = MultiTerminal(system=system, terminals=terminals, error={"": of.error})
    return BodyElement(element, partial(of.tangent, wanted), reduction)


def chosen(terminals: Terminals, only: Collection[str] | None) -> Terminals:
    """Some of the terminals, in the order of the body; the path of a name that is none is ``terminals.<name>``."""
    for name in only or ():
        if name not in terminals:
            raise PhysicsError(
                f"there is no terminal '{name}', expected {nearest(name, terminals)}", f"terminals.{name}"
            )
    return {name: at for name, at in terminals.items() if only is None or name in only}


def baths_of(document: Document, values: Values | None = None) -> dict[str, float]:
    """Terminals that a document holds at a temperature or that are surroundings of one [K]: baths unless bound."""
    values = values or Values()
    if isinstance(document, ProbeDocument):
        ground = "foot" if document.cantilever is None else "chip"
        return {ground: reading_of(document, values).number(document.temperature, "temperature")}
    body = body_design(document, values).body
    return {port: body.bath_temperature(port) for port in body.baths}


@dataclass(frozen=True, eq=False)
class _Studied:
    """A body on the mesh of its own study: its terminals, their relative numerical error, how it changes."""

    system: System
    terminals: Terminals
    error: float
    tangent: Callable[[Terminals], Tangent]


def _of_probe(document: ProbeDocument, values: Values) -> _Studied:
    numerics = document.numerics
    solved, errors, scale = converged_probe(
        probe_of(document, values), numerics.element_scale.value, numerics.tolerance.value
    )
    system, ground = solved.held.system, solved.model.ground
    system = replace(system, ports={ground: system.ports[ground]})
    weights = {name: system.sensors[name] for name in ("contact", "thermocouple")}
    error = max(errors[key] / solved.answers[key] for key in ("probe_resistance", "apex_resistance"))

    def tangent(terminals: Terminals) -> Tangent:
        return probe_tangent(document, max(2 * scale, _COARSE_PROBE), terminals, partial(baths_of, document))

    return _Studied(system, {**weights, ground: ground}, error, tangent)


def _of_body(document: BodyDocument, values: Values) -> _Studied:
    return _of_regions(document, values) if isinstance(document, DrawnDocument) else _of_layers(document, values)


def _of_regions(document: DrawnDocument, values: Values) -> _Studied:
    start, kelvin = first_mesh(document, values), document.temperature.value
    touching = touching_pairs(start.mesh)
    body, _ = drawn_body(document, values, touching)
    require_linear(body)
    grounded, rebuilt = _grounded(body, kelvin), Rebuilt(document, start, touching)
    refined = refined_body(grounded, start, document.numerics)

    def moved(values: Values) -> tuple[Body, Mesh | None]:
        found, mesh = rebuilt.moved(values, grounded, refined.mesh)
        return _grounded(found, kelvin), mesh

    def tangent(terminals: Terminals) -> Tangent:
        return _tangent(document, refined.solved.model, moved, terminals)

    model = refined.solved.model
    return _Studied(with_known_capacity(model), body_terminals(model), _worst(refined.solved, refined.errors), tangent)


def _of_layers(document: LayeredDocument, values: Values) -> _Studied:
    (body, shape), kelvin = layered_body(document, values), document.temperature.value
    require_linear(body)
    grounded, numerics = _grounded(body, kelvin), document.numerics
    stated = numerics.element_scale.value
    solved, errors, scale = converged_layers(grounded, shape, stated, numerics.tolerance.value)

    def tangent(terminals: Terminals) -> Tangent:
        coarse_scale = max(scale, min(_COARSE_LAYERS, stated))
        coarse = body_model(grounded, body_mesh(shape, coarse_scale))
        there = body_terminals(coarse)

        def moved(values: Values) -> tuple[Body, Mesh | None]:
            found, its_shape = layered_body(document, values)
            return _grounded(found, kelvin), None if its_shape == shape else body_mesh(its_shape, coarse_scale)

        return _tangent(document, coarse, moved, {name: there[name] for name in terminals})

    model = solved.model
    return _Studied(with_known_capacity(model), body_terminals(model), _worst(solved, errors), tangent)


def _tangent(
    document: BodyDocument,
    model: BodyModel,
    moved: Callable[[Values], tuple[Body, Mesh | None]],
    terminals: Terminals,
) -> Tangent:
    system = with_known_capacity(model)
    part = MovingBody(model, np.arange(system.size), moved, partial(baths_of, document))
    return bodies_tangent({"": part}, system, terminals)


def _worst(solved: SolvedBody, errors: Mapping[str, float]) -> float:
    sizes = answer_sizes(solved)
    steady = [key for key in errors if not key.startswith("time_constant")]
    return max((relative(errors[key], sizes[key]) for key in steady), default=0.0)


def _grounded(body: Body, temperature: float) -> Body:
    """Hold the isothermal ports of a body, so that its own study can refine its mesh without the network.

    Where nothing heats the body, the first of them is a kelvin warmer: heats that are zero would show no error.
    """
    ports = [name for name, item in body.boundaries.items() if item.port == "isothermal" and item.temperature is None]
    boundaries: dict[str, Boundary] = dict(body.boundaries)
    warmer = 0.0 if body.sources or not ports else 1.0
    for name in ports:
        boundaries[name] = replace(boundaries[name], temperature=temperature + (warmer if name == ports[0] else 0.0))
    if not any(item.baths for item in boundaries.values()):
        raise PhysicsError("nothing fixes its temperature, expected a held boundary, an ambient or an isothermal port")
    return replace(body, boundaries=boundaries)


def require_linear(body: Body) -> None:
    """Refuse a body that depends on temperature: between its terminals it has no resistance."""
    for name, boundary in body.boundaries.items():
        if boundary.radiation is not None:
            raise PhysicsError(
                "radiates, so that it is no linear element; expected an ambient here, radiation as an element of the "
                "network",
                f"boundaries.{name}.radiation",
            )
    for name, filling in body.fillings.items():
        if is_law(filling.conductivity):
            message = "conducts by a law of temperature, so that it is no linear element; expected one conductivity"
            raise PhysicsError(message, f"regions.{name}.thermal_conductivity")


def with_known_capacity(model: BodyModel) -> System:
    """System of a body, massless unless every capacity is known: times of a part of it would mean nothing."""
    return model.system if model.body.has_capacity else replace(model.system, C={})


def body_terminals(model: BodyModel) -> Terminals:
    """Terminals of an assembled body by name, see `terminals_of`."""
    system, body = model.system, model.body
    names = [*body.isothermal, *(name for name in body.baths if name not in body.isothermal)]
    found: dict[str, str | Vector] = {name: name for name in names if len(system.ports[name]) == 1}
    single = {int(system.ports[name][0]): name for name in found}
    for kind, group in (("source", system.sources), ("sensor", system.sensors)):
        for name, weights in group.items():
            felt = np.flatnonzero(weights)
            terminal = single.get(int(felt[0]), weights) if len(felt) == 1 else weights
            if name not in found:
                found[name] = terminal
            elif not _same(found[name], terminal):
                found[f"{kind}.{name}"] = terminal
    return found


def _same(first: str | Vector, second: str | Vector) -> bool:
    if isinstance(first, str) or isinstance(second, str):
        return isinstance(first, str) and isinstance(second, str) and first == second
    return bool(np.allclose(first, second, rtol=0, atol=1e-12 * np.abs(first).max()))


def is_small(system: System, whole: int) -> bool:
    """Whether a system stores heat in no more than some unknowns; of one without capacities a small model is exact."""
    return bool(system.C) and system.size <= whole


def compacted(
    system: System,
    terminals: Terminals,
    baths: Mapping[str, float],
    *,
    read: Collection[str] = (),
    tolerance: float = TOLERANCE,
    highest_frequency: float | None = HIGHEST_FREQUENCY,
) -> tuple[System, Terminals, Reduction]:
    """Small model of a body between its terminals; its steady answers are exact whatever is bound to them.

    Parameters
    ----------
    system, terminals
        The body.
    baths
        Terminals that are held while the small model is made: those that are likely to be in the network. Without any
        it is the first isothermal one.
    read
        Weighted terminals that no heat enters in time; steady heat there is exact all the same.
    tolerance, highest_frequency
        See `terminals_of`.

    Raises
    ------
    PhysicsError
        No terminal is an isothermal port.
    """
    isothermal = list(dict.fromkeys(port for port in terminals.values() if isinstance(port, str)))
    if not isothermal:
        raise PhysicsError("no terminal is a surface of one temperature, expected one that can be held")
    held = [port for port in isothermal if port in baths] or isothermal[:1]
    weighted = {name: weights for name, weights in terminals.items() if not isinstance(weights, str)}
    small = small_model(
        system,
        weighted,
        held,
        [port for port in isothermal if port not in held],
        heated=[name for name in weighted if name not in read] or None,
        tolerance=tolerance,
        highest_frequency=highest_frequency,
    )
    seen = small.system.sensors
    onto = {name: seen[name] if name in weighted else port for name, port in terminals.items()}
    return small.system, onto, small.reduction


def terminal_resistances(body: MultiTerminal, held: Collection[str] = ()) -> tuple[list[str], Vector]:
    """Steady resistances between terminals, some of them held [K/W].

    Parameters
    ----------
    body
        The body.
    held
        Isothermal terminals that are held; the first one of the body where nothing is said.

    Returns
    -------
    names
        The other terminals.
    resistances
        Temperature rise of every one of them per watt into every one (n, n).
    """
    system = body.system
    isothermal = {name: at for name, at in body.terminals.items() if isinstance(at, str)}
    ports = {isothermal[name] for name in held} or {next(iter(isothermal.values()))}
    others = {name: at for name, at in body.terminals.items() if not isinstance(at, str) or at not in ports}
    weights = np.zeros((system.size, len(others)))
    for column, at in enumerate(others.values()):
        if isinstance(at, str):
            weights[system.ports[at], column] = 1.0
        else:
            weights[:, column] = at
    return list(others), np.asarray(weights.T @ system.hold(*ports).solve(weights), dtype=float)


def star(body: MultiTerminal) -> tuple[dict[str, float], bool]:
    """Resistances from the terminals of a body to one node in its middle [K/W], as a drawing has them.

    Of up to three terminals the star has the very resistances between them that the body has: for a probe R_a to the
    contact, R_P to the chip, and to the thermocouple what a tap of its own would add. Of more it is the nearest such
    star without negative resistances.

    Returns
    -------
    resistances
        By terminal; those of one port have it once.
    exact
        Whether the star is the body.
    """
    names, matrix = terminal_resistances(body)
    ground = next(name for name, at in body.terminals.items() if isinstance(at, str))
    names = [ground, *names]
    seen = np.pad(matrix, ((1, 0), (1, 0)))
    between = np.diag(seen)[:, np.newaxis] + np.diag(seen) - 2 * seen
    first, second = np.triu_indices(len(names), 1)
    if not len(first):
        return {ground: 0.0}, True
    if len(first) == 1:
        return dict.fromkeys(names, float(between[0, 1]) / 2), True
    rows = np.zeros((len(first), len(names)))
    rows[np.arange(len(first)), first] = rows[np.arange(len(first)), second] = 1.0
    scale = between.max()
    legs, left = nnls(rows, between[first, second] / scale)
    return dict(zip(names, (legs * scale).tolist(), strict=True)), bool(left < 1e-9)
