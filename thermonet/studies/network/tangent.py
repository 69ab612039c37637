"""A body as an element, and how it changes with the uncertain inputs of its design, to first order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from thermonet.network.terminals import MultiTerminal
from thermonet.quantities.inputs import Input
from thermonet.studies.sensitivities import gradients
from thermonet.studies.values import Values
from thermonet.system.core import System, Vector


@dataclass(frozen=True, eq=False)
class SmallBody:
    """A body in coordinates that are the same for all that is close to it.

    Attributes
    ----------
    conductance, capacity
        (m, m) [W/K], [J/K]; a capacity of zeros where not all of them are known.
    weights
        Of every weighted terminal (terminals, m).
    baths
        Temperature of every bath that the design states [K].
    """

    conductance: Vector
    capacity: Vector
    weights: Vector
    baths: Vector


@dataclass(frozen=True, eq=False)
class Tangent:
    """A body and its derivatives by inputs.

    Attributes
    ----------
    here
        At the stated values.
    slopes
        Derivatives of each of its arrays, by input.
    inputs
        Uncertain inputs that move it.
    weighted
        Names of the weighted terminals.
    ports
        Coordinate of every isothermal port; the uniform field is one at these and zero elsewhere.
    terminals
        Port of every isothermal terminal.
    baths
        Names of the baths.
    """

    here: SmallBody
    slopes: Mapping[str, SmallBody]
    inputs: Mapping[str, Input]
    weighted: tuple[str, ...]
    ports: Mapping[str, int]
    terminals: Mapping[str, str]
    baths: tuple[str, ...]

    def prefixed(self, prefix: str) -> Tangent:
        """Return it with a prefix before the names of its inputs and baths."""
        return replace(
            self,
            slopes={f"{prefix}{name}": slope for name, slope in self.slopes.items()},
            inputs={f"{prefix}{name}": value for name, value in self.inputs.items()},
            baths=tuple(f"{prefix}{name}" for name in self.baths),
        )

    def at(self, changes: Mapping[str, float]) -> tuple[MultiTerminal, dict[str, float]]:
        """Element and temperatures of its baths [K] where inputs differ by `changes` from what is stated."""
        moved = {key: getattr(self.here, key).copy() for key in _ARRAYS}
        for name, change in changes.items():
            if change and name in self.slopes:
                for key in _ARRAYS:
                    moved[key] += change * getattr(self.slopes[name], key)
        one = np.zeros(len(moved["conductance"]))
        one[list(self.ports.values())] = 1.0
        heavy = bool(moved["capacity"].any())
        system = System(
            K={"K": moved["conductance"]},
            C={"C": moved["capacity"]} if heavy else {},
            theta={"K": 1.0, "C": 1.0} if heavy else {"K": 1.0},
            sources={},
            sensors={},
            ports={port: np.array([place]) for port, place in self.ports.items()},
            one=one,
        )
        terminals = {**self.terminals, **dict(zip(self.weighted, moved["weights"], strict=True))}
        element = MultiTerminal(system=system, terminals=terminals)
        return element, dict(zip(self.baths, moved["baths"].tolist(), strict=True))


_ARRAYS = ("conductance", "capacity", "weights", "baths")


def derivatives(
    moved: Callable[[Values], SmallBody], inputs: Mapping[str, Input], *, one_sided: bool = False
) -> dict[str, SmallBody]:
    """Derivatives of a body by inputs; those that leave it as it is are left out.

    Parameters
    ----------
    moved
        The body as a function of the inputs' values.
    inputs
        By which inputs.
    one_sided
        Whether the stated values are one end of every difference: half as many bodies, and errors of the order of a
        step rather than of its square.
    """

    def arrays(values: Values) -> dict[str, Vector]:
        body = moved(values)
        return {key: getattr(body, key) for key in _ARRAYS}

    found = gradients(arrays, inputs, here=arrays(Values()) if one_sided else None)
    slopes = {name: SmallBody(*(found[key][name] for key in _ARRAYS)) for name in inputs}
    return {name: slope for name, slope in slopes.items() if any(getattr(slope, key).any() for key in _ARRAYS)}
