"""A body whose conductivities depend on temperature, or that radiates: its state, and small changes about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermonet.geometry.mesh import Mesh
from thermonet.heat.bodies.body import Body
from thermonet.heat.bodies.model import BodyModel, body_model
from thermonet.heat.nonlinear import nonlinear_system
from thermonet.studies.bodies.answers import Answers
from thermonet.system.core import Vector
from thermonet.system.nonlinear import NonlinearSystem, SteadyState, direction, steady_state

#: Heat that may be missing, relative to the heat that flows; heat balance is checked to ten times this.
_BALANCE = 1e-10
#: Corrections of the response to a small change of power; each gains several digits.
_CORRECTIONS = 4


@dataclass(frozen=True)
class NonlinearBody:
    """A body's model and the state in which all heat balances.

    Attributes
    ----------
    body, model
        What was solved; its system holds all that is linear.
    system
        The linear part and the nonlinear terms.
    state
        The steady temperatures.
    reference
        Temperature that answers are counted from [K].
    answers
        Numbers by their key in the result: a resistance is that of a small change of power about the state.
    """

    body: Body
    model: BodyModel
    system: NonlinearSystem
    state: SteadyState
    reference: float
    answers: Answers

    @property
    def temperature(self) -> Vector:
        """Of every unknown [K]."""
        return self.state.base * self.system.linear.one + self.state.rise

    def heats(self) -> dict[str, float]:
        """Heat that leaves into every bath [W]."""
        return {port: float(self.state.heat[port]) for port in self.body.baths}


def solve_nonlinear_body(body: Body, mesh: Mesh, guess: Vector | None = None) -> NonlinearBody:
    """Assemble a body on a conforming mesh and find its state.

    Parameters
    ----------
    body, mesh
        What is solved.
    guess
        Temperature of every unknown to begin with [K], of a body on the same mesh.

    Raises
    ------
    NotConvergedError
        Newton's iteration failed.
    """
    model = body_model(body, mesh)
    system = nonlinear_system(model)
    baths = {port: body.bath_temperature(port) for port in body.baths}
    state = steady_state(system, baths, model.powers, guess=guess, tolerance=_BALANCE)
    reference = min(baths.values())
    return NonlinearBody(body, model, system, state, reference, _answers(body, system, state, reference))


def _answers(body: Body, system: NonlinearSystem, state: SteadyState, reference: float) -> Answers:
    linear = system.linear
    found = {f"temperature.{name}": state.sensed(weights) - reference for name, weights in linear.sensors.items()}
    for port, boundary in body.baths.items():
        found[f"heat.{boundary}"] = found.get(f"heat.{boundary}", 0.0) + float(state.heat[port])
    for source, load in linear.sources.items() if linear.sensors else ():
        response = _small_response(system, state, tuple(body.baths), load)
        found |= {f"resistance.{name}.{source}": float(weights @ response) for name, weights in linear.sensors.items()}
    return found


def _small_response(system: NonlinearSystem, state: SteadyState, ports: tuple[str, ...], load: Vector) -> Vector:
    """Change of all temperatures per watt more of a source [K/W], with the tangent at the state."""
    held = system.linear.hold(*ports)
    solve = system.frozen(state.rise, state.base).hold(*ports).factor()
    tangent = system.tangent(state.rise, state.base)
    found = np.zeros_like(load)
    for _ in range(_CORRECTIONS):
        change, _ = direction(system, held, state.base, state.rise, load - tangent @ found, 0.0, solve)
        # `direction` asks for the change at the state itself, whatever has been found so far.
        found += change
    return found
