"""The fields that a body's answers are products of: of its sources, sensors and baths, of all together, of its mode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermonet.heat.bodies.body import Body
from thermonet.heat.bodies.goals import at_nodes, bath_load, combined, heat_load, stored_load
from thermonet.heat.bodies.model import BodyModel
from thermonet.heat.equilibrated.conductor import Load
from thermonet.studies.bodies.answers import bath_fields
from thermonet.system.core import Held, Vector

#: Name of the field of all powers and baths together; key of the answer, and name of the field, of the slowest mode.
TOTAL, SLOWEST = "total", "time_constant_slowest"
#: Applications of K^-1 C to the uniform field: near enough to the slowest mode for an estimate of its error.
_POWERS = 3


@dataclass(frozen=True)
class DrivenField:
    """A load, and the temperature that it makes with all baths at zero but one, which may be at one kelvin.

    Attributes
    ----------
    load
        The load.
    temperature
        Of every unknown (n,).
    energy
        Product of the two, where it was asked for.
    """

    load: Load
    temperature: Vector
    energy: float = 0.0


def driven_fields(model: BodyModel, held: Held, reference: float) -> dict[str, DrivenField]:
    """Fields of every source ('source.<name>'), sensor, bath ('bath.<port>'), and of all powers and baths ('total')."""
    body, system = model.body, model.system
    found: dict[str, DrivenField] = {}
    heats = {f"source.{name}": (name, heat, system.sources[name]) for name, heat in model.heats.items()}
    heats |= {f"sensor.{name}": (name, mean, system.sensors[name]) for name, mean in model.means.items()}
    if heats:
        solved = np.asarray(held.solve(np.column_stack([vector for _, _, vector in heats.values()])))
        for (key, (name, heat, _)), temperature in zip(heats.items(), solved.T, strict=True):
            found[key] = DrivenField(heat_load(model, name, heat), temperature)
    for port, temperature in zip(body.baths, bath_fields(held, list(body.baths)), strict=True):
        found[f"bath.{port}"] = DrivenField(bath_load(model, port), temperature)
    parts = [(power, found[f"source.{name}"]) for name, power in model.powers.items()]
    parts += [(body.bath_temperature(port) - reference, found[f"bath.{port}"]) for port in body.baths]
    together = np.sum([factor * field.temperature for factor, field in parts], axis=0)
    found[TOTAL] = DrivenField(combined([(factor, field.load) for factor, field in parts]), together)
    return found


def slowest_field(model: BodyModel, held: Held) -> DrivenField:
    """A field near the slowest mode, and the heat that another one near it stores, as its load."""
    before = np.where(np.isin(np.arange(held.system.size), held.fixed), 0.0, held.system.one)
    for _ in range(_POWERS):
        after = np.asarray(held.solve(held.C @ before), dtype=float)
        before = after / np.abs(after).max()
    stored = held.C @ before
    temperature = np.asarray(held.solve(stored), dtype=float)
    return DrivenField(stored_load(model, at_nodes(model, before)), temperature, float(temperature @ stored))


def goal_of(body: Body, key: str) -> tuple[str, str]:
    """Names of the two fields whose product an answer is."""
    kind, _, rest = key.partition(".")
    if kind == "resistance":
        sensor, _, source = rest.partition(".")
        return f"source.{source}", f"sensor.{sensor}"
    if kind == "temperature":
        return TOTAL, f"sensor.{rest}"
    port = next(port for port, boundary in body.baths.items() if boundary == rest)
    return TOTAL, f"bath.{port}"
