"""Which cells of a mesh the temperatures of a linear body in time owe their error to.

At a real rate s the field of a drive b satisfies ``K u + s C u = b``, and what happens within a time 1 / s of a change
looks like it. Heat that is stored is heat taken away, so this is steady conduction with the load ``b - s c u``: where
its answer ``l u`` is wrong, equilibrated fluxes tell as they do of a resistance (`thermonet.heat.goal_error`). What a
rate counts is how much a drive changes within 1 / s, at any time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from thermonet.geometry.mesh import Floats, Ints
from thermonet.heat.adaptive import holding
from thermonet.heat.bodies.goals import at_nodes, bath_load, body_conductor, combined, heat_load, stored_load
from thermonet.heat.bodies.model import BodyModel
from thermonet.heat.equilibrated.conductor import Load
from thermonet.heat.goal_error import goal_errors
from thermonet.system.core import Held, Vector

#: Part of the error whose cells are split together where it is judged by what that changes.
PART = 0.95


@dataclass(frozen=True)
class Driven:
    """What drives a body over some length of time.

    Attributes
    ----------
    length
        [s].
    points
        Times of interest in it.
    courses
        Power of sources [W] and temperature of baths [K] by name, at equal distances in time, the first before the
        beginning.
    """

    length: float
    points: int
    courses: Mapping[str, Vector]

    @property
    def rates(self) -> Vector:
        """One for every decade from the whole length to the distance of two points [1/s]."""
        count = 1 + math.ceil(math.log10(self.points))
        return np.geomspace(1, self.points, count) / self.length

    def change(self, name: str, rate: float) -> float:
        """Largest change of a drive within a time of 1 / rate [W or K]."""
        values = self.courses[name]
        width = min(2 + int((len(values) - 2) / (rate * self.length)), len(values))
        change = maximum_filter1d(values, width, mode="nearest") - minimum_filter1d(values, width, mode="nearest")
        return float(change.max())


def cells_in_time(model: BodyModel, driven: Driven) -> Ints:
    """Fewest cells that have nearly all of the error of all sensors in time; all of them where there is none."""
    return holding(_indicators(model, driven), PART)


def _indicators(model: BodyModel, driven: Driven) -> Floats:
    """Share of every cell in the error of the temperature of all sensors at all rates together (cells,) [K]."""
    conductor, held = body_conductor(model), model.system.hold(*model.body.baths)
    found = np.zeros(conductor.count)
    for rate in driven.rates:
        changes = {name: driven.change(name, rate) for name in driven.courses}
        names = [name for name, change in changes.items() if change > 0]
        if not names or not model.means:
            continue
        vectors, loads, given = _drives(model, held, names)
        sensors = list(model.means)
        vectors = np.column_stack([vectors, *(model.system.sensors[name] for name in sensors)])
        given = np.column_stack([given, np.zeros((len(held.fixed), len(sensors)))])
        loads += [heat_load(model, name, model.means[name]) for name in sensors]
        fields = at_nodes(model, np.asarray(held.solve(vectors, held=given, s=float(rate)), dtype=float))
        held.forget(float(rate))
        less = [
            combined([(1.0, load), (-float(rate), stored_load(model, field))])
            for load, field in zip(loads, fields.T, strict=True)
        ]
        pairs = [(i, len(names) + j) for i in range(len(names)) for j in range(len(sensors))]
        weights = np.repeat([changes[name] for name in names], len(sensors))
        found += weights @ goal_errors(conductor, less, fields, pairs).indicators
    return found


def _drives(model: BodyModel, held: Held, names: list[str]) -> tuple[Vector, list[Load], Vector]:
    """Load vectors (n, names), loads, and temperatures of the held unknowns, per watt or kelvin of every drive."""
    vectors = np.zeros((model.system.size, len(names)))
    given = np.zeros((len(held.fixed), len(names)))
    loads = []
    for column, name in enumerate(names):
        if name in model.heats:
            vectors[:, column] = model.system.sources[name]
            loads.append(heat_load(model, name, model.heats[name]))
        else:
            given[:, column] = np.isin(held.fixed, model.system.ports[name])
            loads.append(bath_load(model, name))
    return vectors, loads, given
