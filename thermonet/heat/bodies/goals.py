"""A linear body and its answers as `thermonet.heat.goal_error` and `thermonet.heat.bounds` take them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thermonet.geometry.mesh import Floats, Ints
from thermonet.heat.bodies.body import ambient_port, is_law
from thermonet.heat.bodies.loads import Heat
from thermonet.heat.bodies.model import BodyModel
from thermonet.heat.bodies.places import united
from thermonet.heat.elements import cell_volumes, points_of
from thermonet.heat.equilibrated.conductor import Conductor, Load
from thermonet.quantities.errors import PhysicsError


def body_conductor(model: BodyModel) -> Conductor:
    """A body whose baths are all at zero.

    Raises
    ------
    PhysicsError
        A conductivity depends on temperature.
    """
    mesh, body = model.mesh, model.body
    held = [mesh.boundaries[name] for name, item in body.boundaries.items() if item.temperature is not None]
    ambient, exchange = [], np.zeros(mesh.cells.shape[1])
    for name, boundary in body.boundaries.items():
        if boundary.exchange is not None:
            for piece in united(model.places.pieces(name)):
                conductance = boundary.exchange.conductance * piece.factor
                if piece.of_cells:
                    exchange[piece.members] += conductance
                else:
                    ambient.append((piece.members, conductance))
    return Conductor(
        elements=model.elements,
        conductivity=_conductivity(model),
        held=np.concatenate(held, axis=1) if held else _no_facets(model),
        isothermal=[mesh.boundaries[name] for name in _floating(model)],
        ambient=ambient,
        interfaces=[
            (line.first_facets, line.second_facets, float(body.contact(line.first, line.second) or 0.0))
            for line in model.interfaces
        ],
        exchange=exchange if exchange.any() else None,
    )


def _no_facets(model: BodyModel) -> Ints:
    width = {3: 2, 6: 3, 4: 3, 10: 6}[model.mesh.cells.shape[0]]
    return np.zeros((width, 0), dtype=np.int64)


def _floating(model: BodyModel) -> list[str]:
    """Boundaries of one unknown temperature each."""
    held = {name for name, item in model.body.boundaries.items() if item.temperature is not None}
    return [name for name in model.body.isothermal if name not in held]


def _conductivity(model: BodyModel) -> Floats:
    """Of every cell: one number, or where any is orthotropic its diagonal; of a sheet times its thickness."""
    body, mesh = model.body, model.mesh
    total = np.zeros((mesh.cells.shape[1], mesh.dimension))
    for name, filling in body.fillings.items():
        if is_law(filling.conductivity):
            raise PhysicsError(f"the conductivity of '{name}' depends on temperature")
        where = model.elements.region(filling.region)
        total[where] += np.asarray(filling.conductivity) * (filling.thickness or 1.0)
    alike = (total == total[:, :1]).all()
    return np.ascontiguousarray(total[:, 0]) if alike else total


def heat_load(model: BodyModel, name: str, heat: Heat) -> Load:
    """A source's watt, or the weights of a sensor's mean: what varies within a cell as its mean there."""
    place = getattr(model.body.sources.get(name) or model.body.sensors.get(name), "on", "")
    floating = _floating(model)
    if place in floating:
        return Load(density=np.zeros(model.mesh.cells.shape[1]), isothermal=[float(place == it) for it in floating])
    density = np.zeros(model.mesh.cells.shape[1])
    for members, value in heat.cells:
        if value.ndim == 2:
            weights = points_of(model.elements, members).weights
            density[members] += (value * weights).sum(axis=1) / cell_volumes(model.elements, members)
        else:
            density[members] += value
    return Load(density=density, facets=heat.facets, isothermal=[0.0] * len(floating))


def bath_load(model: BodyModel, port: str) -> Load:
    """What a bath at one kelvin, all others at zero, puts into the body: nothing where it holds a boundary."""
    density, facets = np.zeros(model.mesh.cells.shape[1]), []
    boundary = model.body.baths[port]
    if port == ambient_port(boundary):
        exchange = model.body.boundaries[boundary].exchange
        assert exchange is not None
        for piece in united(model.places.pieces(boundary)):
            conductance = exchange.conductance * piece.factor
            if piece.of_cells:
                density[piece.members] += conductance
            else:
                facets.append((piece.members, conductance))
    return Load(density=density, facets=facets, isothermal=[0.0] * len(_floating(model)))


def stored_load(model: BodyModel, field: Floats) -> Load:
    """Heat that a field of the nodes would give off from its heat capacity within a second."""
    capacity = np.zeros(model.mesh.cells.shape[1])
    for filling in model.body.fillings.values():
        where = model.elements.region(filling.region)
        capacity[where] += (filling.heat_capacity or 0.0) * (filling.thickness or 1.0)
    density = capacity * field[model.elements.cells.nodes]
    return Load(density=density, isothermal=[0.0] * len(_floating(model)))


def combined(parts: Sequence[tuple[float, Load]]) -> Load:
    """Sum of factor times load, all of densities by cell."""
    density = sum(factor * load.density for factor, load in parts)
    facets = [(members, factor * np.asarray(value)) for factor, load in parts for members, value in load.facets]
    count = max(len(load.isothermal) for _, load in parts)
    isothermal = [sum(factor * load.isothermal[i] for factor, load in parts) for i in range(count)]
    return Load(density=np.asarray(density), facets=facets, isothermal=isothermal)


def at_nodes(model: BodyModel, field: Floats) -> Floats:
    """A field of the system's unknowns (n, ...) as one of the mesh's nodes (nodes, ...)."""
    return np.asarray(field[model.unknowns])
