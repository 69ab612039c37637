"""Bodies that touch each other: assembled apart, joined into one system where their meshes meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from thermonet.geometry.matching import matching_nodes
from thermonet.geometry.mesh import Ints
from thermonet.heat.bodies.model import BodyModel
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import System
from thermonet.system.join import join, joined_unknowns, prefixed

Shared = Literal["trace", "isothermal"]


@dataclass(frozen=True)
class Cut:
    """A surface at which two bodies are one.

    Attributes
    ----------
    first, second
        Body and its boundary.
    shared
        ``trace``: every node of the one is that of the other, as if nothing had been cut. ``isothermal``: the surface
        has one temperature, which changes the physics unless it is an isotherm; meshes need not match.
    """

    first: tuple[str, str]
    second: tuple[str, str]
    shared: Shared = "trace"

    @property
    def names(self) -> tuple[str, str]:
        """Of the ports of the joined system that it makes one."""
        return f"{self.first[0]}.{self.first[1]}", f"{self.second[0]}.{self.second[1]}"


def joined_bodies(models: Mapping[str, BodyModel], cuts: Sequence[Cut]) -> System:
    """Join bodies into one system, whose names are those of the bodies' systems after ``<body>.``.

    A held boundary that ends at a cut keeps its nodes there: through a trace cut it ends at the other body's node of
    the same place too, unless that is held itself.

    Parameters
    ----------
    models
        Assembled bodies by name, their cuts no isothermal boundaries where they are shared as traces.
    cuts
        Where they meet. Both boundaries may be of one body: a periodic cell.

    Raises
    ------
    PhysicsError
        There is no such body or boundary, the bodies are no parts of one (kind of coordinates, depth), or the meshes
        of a trace cut do not match.
    """
    return join(*_ends(models, cuts))


def joined_body_unknowns(models: Mapping[str, BodyModel], cuts: Sequence[Cut]) -> dict[str, Ints]:
    """Unknown of the joined system for every one of each body's; parameters and errors as of `joined_bodies`."""
    return dict(zip(models, joined_unknowns(*_ends(models, cuts)), strict=True))


def _ends(
    models: Mapping[str, BodyModel], cuts: Sequence[Cut]
) -> tuple[list[System], list[tuple[str, str]], list[str]]:
    """Systems with their cuts as ports, the pairs of these that become one, and those of one temperature."""
    systems = {name: prefixed(model.system, f"{name}.") for name, model in models.items()}
    pairs: list[tuple[str, str]] = []
    isothermal: list[str] = []
    for cut in cuts:
        _require_alike(models, cut)
        ends = _isothermal_ends(models, cut) if cut.shared == "isothermal" else _trace_ends(models, cut)
        for (name, _), port, unknowns in zip((cut.first, cut.second), cut.names, ends, strict=True):
            systems[name] = replace(systems[name], ports={**systems[name].ports, port: unknowns})
        pairs.append(cut.names)
        isothermal += list(cut.names) if cut.shared == "isothermal" else []
    return list(systems.values()), pairs, isothermal


def _require_alike(models: Mapping[str, BodyModel], cut: Cut) -> None:
    for name, boundary in (cut.first, cut.second):
        if name not in models:
            raise PhysicsError(f"there is no body '{name}', expected one of {', '.join(models)}")
        if boundary not in models[name].body.boundaries:
            known = ", ".join(models[name].body.boundaries)
            raise PhysicsError(f"the body '{name}' has no boundary '{boundary}', expected one of {known}")
    first, second = (models[name].body for name, _ in (cut.first, cut.second))
    if first.kind != second.kind:
        raise PhysicsError(f"{' and '.join(cut.names)}: a {first.kind} and a {second.kind} body cannot be one")
    if first.depth != second.depth:
        depths = f"{first.depth:g} m and {second.depth:g} m"
        raise PhysicsError(f"{' and '.join(cut.names)}: bodies of different depth, {depths}, cannot be one")


def _trace_ends(models: Mapping[str, BodyModel], cut: Cut) -> tuple[Ints, Ints]:
    """Unknowns of either side that become one, in the same order."""
    first, second = (models[name] for name, _ in (cut.first, cut.second))
    for (name, boundary), port in zip((cut.first, cut.second), cut.names, strict=True):
        if boundary in models[name].body.isothermal:
            raise PhysicsError(f"{port} has one temperature, expected a boundary that can share all its nodes")
    nodes = matching_nodes(
        first.mesh,
        first.mesh.boundaries[cut.first[1]],
        second.mesh,
        second.mesh.boundaries[cut.second[1]],
        names=cut.names,
        fixed=(0,) if first.body.kind == "axisymmetric" else (),
    )
    ends = [model.unknowns[each] for model, each in zip((first, second), nodes, strict=True)]
    tied = [
        np.isin(end, _tied(model, boundary))
        for end, model, (_, boundary) in zip(ends, (first, second), (cut.first, cut.second), strict=True)
    ]
    # Two isothermal boundaries that end at the cut stay two: each may be held, or be a node of a network, by itself.
    free = ~(tied[0] & tied[1])
    return ends[0][free], ends[1][free]


def _isothermal_ends(models: Mapping[str, BodyModel], cut: Cut) -> tuple[Ints, Ints]:
    """Unknowns of either side that get one temperature: all but those of held boundaries that end there."""
    found = []
    for name, boundary in (cut.first, cut.second):
        unknowns = models[name].system.ports[boundary]
        found.append(unknowns[~np.isin(unknowns, _tied(models[name], boundary))])
    return found[0], found[1]


def _tied(model: BodyModel, but: str) -> Ints:
    """Unknowns of the isothermal boundaries other than one."""
    names = [name for name in model.body.isothermal if name != but]
    return np.concatenate([np.zeros(0, dtype=np.int64), *(model.system.ports[name] for name in names)])
