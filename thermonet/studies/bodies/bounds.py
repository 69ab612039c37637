"""Guaranteed intervals of a body's resistances on the mesh as it is."""

from __future__ import annotations

import numpy as np

from thermonet.geometry.mesh import Mesh
from thermonet.heat.bodies.body import Body, PointSensor, PointSource
from thermonet.heat.bodies.goals import at_nodes, body_conductor, heat_load
from thermonet.heat.bodies.model import body_model
from thermonet.heat.bounds import resistance_bounds
from thermonet.quantities.errors import PhysicsError
from thermonet.results.record import Column, Table


def bounds_table(body: Body, mesh: Mesh) -> Table:
    """Interval of every transfer resistance of the body as meshed, whatever the mesh leaves out.

    The body as meshed has straight cells, its sources and sensors are averaged over every cell, and everything is
    exact otherwise: what is bounded is its resistance on an infinitely fine mesh of that same polyhedron.

    Raises
    ------
    PhysicsError
        There is nothing to bound, or no bound is known: for an axisymmetric body, a point sensor or source, a
        conductivity that depends on temperature, or radiation.
    """
    why_not = no_bounds(body)
    if why_not:
        raise PhysicsError(why_not)
    model = body_model(body, mesh.straightened())
    held = model.system.hold(*body.baths)
    heats = [*model.heats.items(), *model.means.items()]
    loads = [heat_load(model, name, heat) for name, heat in heats]
    vectors = np.column_stack([*model.system.sources.values(), *model.system.sensors.values()])
    fields = at_nodes(model, np.asarray(held.solve(vectors)))
    found = resistance_bounds(body_conductor(model), loads, fields)
    first = len(model.heats)
    pairs = [(sensor, source) for source in range(first) for sensor in range(first, len(loads))]
    values = [float(vectors[:, sensor] @ held.solve(vectors[:, source])) for sensor, source in pairs]
    names = [f"resistance.{heats[sensor][0]}.{heats[source][0]}" for sensor, source in pairs]
    return {
        "resistance": Column("", names),
        "lower": Column("K/W", [float(found.lower[pair]) for pair in pairs]),
        "as_meshed": Column("K/W", values),
        "upper": Column("K/W", [float(found.upper[pair]) for pair in pairs]),
    }


def no_bounds(body: Body) -> str:
    """Why no bounds are known for a body; empty where they are."""
    if not (body.sources or any(item.flux is not None for item in body.boundaries.values())) or not body.sensors:
        return "bounds are of a resistance, expected a source and a sensor"
    points = [f"sensors.{name}" for name, sensor in body.sensors.items() if isinstance(sensor, PointSensor)]
    points += [f"sources.{name}" for name, source in body.sources.items() if isinstance(source, PointSource)]
    if points:
        return f"{points[0]}: no bound is known for a point, expected the mean over a region or a face"
    if not body.is_linear:
        return "bounds are of linear bodies, expected no radiation and no k(T)"
    if body.kind == "axisymmetric":
        return "bounds are of planar, solid and plate bodies; an axisymmetric one has the estimate alone"
    return ""
