"""A nonlinear body near some temperatures, as `thermonet.heat.goal_error` takes it: all properties as they are there.

Conductivities are those at the temperatures, radiation is ``4 emissivity sigma T^3``. How either changes with a
change of temperature is left out: that tells which cells matter, not how exact an answer is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from thermonet.geometry.mesh import Floats
from thermonet.heat.bodies.body import Body, is_law, radiation_port
from thermonet.heat.bodies.goals import at_nodes, bath_load, body_conductor, combined, heat_load
from thermonet.heat.bodies.model import BodyModel
from thermonet.heat.bodies.places import Piece, united
from thermonet.heat.elements import facets_of
from thermonet.heat.equilibrated.conductor import Conductor, Load
from thermonet.heat.simplices import Simplices, quadrature
from thermonet.quantities.constants import STEFAN_BOLTZMANN
from thermonet.system.core import Vector


@dataclass(frozen=True)
class Frozen:
    """A body at some temperatures.

    Attributes
    ----------
    conductor
        Its properties there.
    total
        What makes the rise of its temperature over the reference, with all sources at their powers.
    baths
        What every bath at one kelvin more puts into it, by port.
    """

    conductor: Conductor
    total: Load
    baths: dict[str, Load]


def frozen_body(model: BodyModel, temperature: Vector, reference: float) -> Frozen:
    """Freeze a body.

    Parameters
    ----------
    model
        The body.
    temperature
        Of every unknown [K].
    reference
        From which rises count [K].
    """
    body = model.body
    plain = replace(model, body=_without(body))
    bare = body_conductor(plain)
    nodes = at_nodes(model, temperature)
    ambient, exchange = list(bare.ambient), np.zeros(bare.count) if bare.exchange is None else bare.exchange.copy()
    baths = {port: bath_load(model, port) for port in body.baths}
    parts = [(power, heat_load(model, name, model.heats[name])) for name, power in model.powers.items()]
    parts += [(body.bath_temperature(port) - reference, load) for port, load in baths.items()]
    nothing = Load(density=np.zeros(bare.count), isothermal=[0.0] * len(bare.isothermal))
    for port, piece, conductance, lost in _radiated(model, nodes):
        nodes_there = model.elements.cells.nodes[:, piece.members] if piece.of_cells else piece.members
        back = conductance * (nodes[nodes_there] - reference) - lost
        beside = body.boundaries[body.baths[port]].exchange
        total = conductance if beside is None else conductance + beside.conductance * piece.factor
        if piece.of_cells:
            exchange[piece.members] += total
        else:
            ambient.append((piece.members, total))
        parts.append((1.0, _on(nothing, piece, back)))
        baths[port] = combined([(1.0, baths[port]), (1.0, _on(nothing, piece, conductance))])
    conductivity, relative = _conductivity(model, bare.conductivity, nodes)
    conductor = replace(
        bare,
        conductivity=conductivity,
        relative=relative,
        ambient=ambient,
        exchange=exchange if exchange.any() else None,
    )
    return Frozen(conductor, combined([(1.0, nothing), *parts]), baths)


def _without(body: Body) -> Body:
    """Return a body without all that depends on temperature, and without what exchanges heat beside it."""
    fillings = {
        name: replace(filling, conductivity=0.0) if is_law(filling.conductivity) else filling
        for name, filling in body.fillings.items()
    }
    boundaries = {
        name: boundary if boundary.radiation is None else replace(boundary, radiation=None, exchange=None)
        for name, boundary in body.boundaries.items()
    }
    return replace(body, fillings=fillings, boundaries=boundaries)


def _conductivity(model: BodyModel, known: Floats, nodes: Floats) -> tuple[Floats, Floats]:
    """Mean over every cell [W/m/K], of a sheet times its thickness, and that at its nodes in parts of it (k, n)."""
    found, cells = known.copy(), model.elements.cells
    at_nodes = np.repeat((known if known.ndim == 1 else known[:, 0])[np.newaxis], len(cells.nodes), axis=0)
    for filling in model.body.fillings.values():
        if is_law(filling.conductivity):
            where, thickness = model.elements.region(filling.region), filling.thickness or 1.0
            part = cells.at(where)
            mean = thickness * _mean(part, filling.conductivity.at(_at_points(part, nodes)))
            found[where] += mean if found.ndim == 1 else mean[:, np.newaxis]
            at_nodes[:, where] += thickness * filling.conductivity.at(nodes[part.nodes])
    return found, at_nodes / (found if found.ndim == 1 else found[:, 0])


def _radiated(model: BodyModel, nodes: Floats) -> Iterator[tuple[str, Piece, Floats, Floats]]:
    """Port, place, conductance per area of every member [W/m^2/K] and heat lost at its nodes [W/m^2] (k, n)."""
    for name, boundary in model.body.boundaries.items():
        if boundary.radiation is None:
            continue
        grey, there = boundary.radiation.emissivity * STEFAN_BOLTZMANN, boundary.radiation.temperature
        for piece in united(model.places.pieces(name)):
            cells = model.elements.cells
            surface = cells.at(piece.members) if piece.of_cells else facets_of(model.elements, piece.members)
            own = cells.nodes[:, piece.members] if piece.of_cells else piece.members
            conductance = _mean(surface, 4 * grey * _at_points(surface, nodes) ** 3) * piece.factor
            yield radiation_port(name), piece, conductance, grey * (nodes[own] ** 4 - there**4) * piece.factor


def _at_points(part: Simplices, nodes: Floats) -> Floats:
    """Temperature at the quadrature points (q, n) [K]."""
    return np.asarray(quadrature(part).shapes.T @ nodes[part.nodes])


def _mean(part: Simplices, values: Floats) -> Floats:
    """Mean over every simplex (n,) of values at its quadrature points (q, n)."""
    weights = quadrature(part).weights.T
    return np.asarray((values * weights).sum(axis=0) / weights.sum(axis=0))


def _on(nothing: Load, piece: Piece, density: Floats) -> Load:
    """Heat on some facets or cells, of every one (n,) or at its nodes (k, n) [W/m^2]."""
    if not piece.of_cells:
        return replace(nothing, facets=[(piece.members, density)])
    spread = np.zeros((*density.shape[:-1], len(nothing.density)))
    spread[..., piece.members] = density
    return replace(nothing, density=spread)
