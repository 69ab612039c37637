r"""Exact derivatives of what a network answers by the value of every element, from adjoint fields.

With K u = b and K v = l a response ``l^T u`` changes by ``-v^T K_i u`` per conductance of element i, that is minus the
product of what u and v have across it; and per value by the chain rule (a resistance R is a conductance 1/R). The
terms of bodies are differentiated by their coefficients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import splu

from thermonet.network.answers import effective_resistances, held_changes, small_changes, steady
from thermonet.network.elements import Element
from thermonet.network.model import NetworkModel, differences, node_row
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import Held, Vector
from thermonet.system.incidence import Incidence
from thermonet.system.solvers.choice import solver_of

Array = NDArray[Any]
#: Derivatives by name: of every element by its value as it is stated (resistance [K/W], conductance [W/K], radiation
#: [m^2], heat capacity [J/K], a factor on a law), ``C.<node>`` by the heat capacity, ``<body>.<term>`` by the
#: coefficient.
Derivatives: TypeAlias = dict[str, float]
#: Time constants closer than this part of the larger are one.
_EQUAL = 1e-6


@dataclass(frozen=True)
class StateSensitivity:
    """A steady temperature or heat, and its derivatives.

    Attributes
    ----------
    value
        Temperature [K] or heat [W].
    by_element
        By the value of every element, and by the coefficient of every conductance of a body.
    by_source
        By the power of every source [per W].
    by_held
        By the temperature of every held node [per K].
    """

    value: float
    by_element: Mapping[str, float]
    by_source: Mapping[str, float]
    by_held: Mapping[str, float]


# --- responses ----------------------------------------------------------------------------------------------------


def sensitivities(model: NetworkModel, sensor: str, source: str) -> Derivatives:
    """Derivatives of a transfer resistance (temperature of the sensor per watt of the source) by every element.

    Where elements depend on temperature the steady state stays as it is, and they count by nothing.

    Raises
    ------
    PhysicsError
        Nothing is held.
    KeyError
        There is no such node.
    """
    held = held_changes(model)
    field, adjoint = _fields(held, sensor, source, 0.0)
    return _by_conductances(model, held, lambda _: np.real(field), np.real(adjoint))


def harmonic_sensitivities(model: NetworkModel, sensor: str, source: str, frequency: float) -> dict[str, complex]:
    """Derivatives of the complex amplitude [K/W] at a frequency [Hz] by every element and heat capacity.

    Raises
    ------
    PhysicsError
        Nothing is held.
    KeyError
        There is no such node.
    """
    held, s = held_changes(model), 2j * math.pi * frequency
    field, adjoint = _fields(held, sensor, source, s)
    system = held.system
    found = _chained(model, _products(system.K, adjoint, field))
    return found | {name: s * value for name, value in _chained(model, _products(system.C, adjoint, field)).items()}


def effective_resistance_sensitivities(model: NetworkModel, a: str, b: str) -> Derivatives:
    """Derivatives of the resistance between two nodes, nothing held, by every element.

    Raises
    ------
    PhysicsError
        There is no path of heat between the two.
    """
    effective_resistances(model, [(a, b)])  # refuses what has none
    system = small_changes(model)
    load = node_row(model, a) - node_row(model, b)
    K, ground = system.total(system.K), int(np.flatnonzero(node_row(model, b))[0])
    part = sp.csgraph.connected_components(K, directed=False)[1]
    # Amplitudes of small bodies' modes need no ground, whatever they are coupled to.
    free = np.flatnonzero((part == part[ground]) | (system.one == 0))
    field = solver_of(K, free[free != ground], system.layout)(load)
    return _real(_chained(model, _products(system.K, field, field)))


def time_constant_sensitivities(model: NetworkModel, number: int = 0) -> tuple[float, Derivatives]:
    """A time constant [s], the slowest first, and its derivatives by every element and heat capacity.

    With C phi = tau K phi and phi^T K phi = 1, ``d tau = phi^T (dC - tau dK) phi``; for a time constant that others
    equal there is no derivative.

    Raises
    ------
    PhysicsError
        Nothing is held, or the time constant is one of several that are equal.
    """
    held = held_changes(model)
    time_constants, shapes = _modes(held)
    tau = float(time_constants[number])
    if (np.abs(np.delete(time_constants, number) - tau) <= _EQUAL * tau).any():
        raise PhysicsError(
            f"time constant {number} of {tau:.6g} s is one of several that are equal: it has no derivative"
        )
    shape = shapes[:, number]
    system = held.system
    found = {name: tau * value for name, value in _chained(model, _products(system.K, shape, shape)).items()}
    return tau, _real(
        found | {name: -value for name, value in _chained(model, _products(system.C, shape, shape)).items()}
    )


def step_sensitivities(model: NetworkModel, sensor: str, source: str, time: float) -> tuple[float, Derivatives]:
    """Temperature [K/W] at a time [s] after a watt is switched on, and its derivatives by every element and capacity.

    In the modes, ``tau_j z_j' + z_j = b_j``. A change of K and C adds the loads ``-(dK z + dC z')``, and mode i answers
    to what mode j does by a difference of two exponentials, divided by that of their time constants.

    Raises
    ------
    PhysicsError
        Nothing is held, or the time is not positive.
    KeyError
        There is no such node.
    """
    if not 0 < time < math.inf:
        raise PhysicsError(f"the time must be positive and finite, got {time:g} s")
    held = held_changes(model)
    system = held.system
    tau, shapes = _modes(held)
    driven, seen = shapes.T @ system.sources[source], shapes.T @ system.sensors[sensor]
    with np.errstate(divide="ignore"):
        gone = np.exp(-time / tau)
    rate, level = _answers(tau, gone, time)
    # What mode i does in answer to the level 1 - exp(-t / tau_j) of mode j, and to its rate exp(-t / tau_j) / tau_j.
    by_level, by_rate = (1 - gone)[:, np.newaxis] - level, rate
    conducted = seen[:, np.newaxis] * by_level * driven
    stored = seen[:, np.newaxis] * by_rate * driven
    value = float(seen @ ((1 - gone) * driven))
    found = {
        name: -_projected(term, shapes, weights)
        for terms, weights in ((system.K, conducted), (system.C, stored))
        for name, term in _factors(terms).items()
    }
    return value, _per_value(model, found)


def _answers(tau: Vector, gone: Vector, time: float) -> tuple[Vector, Vector]:
    """What mode i, from rest, does at a time in answer to exp(-t / tau_j) / tau_j, and to exp(-t / tau_j)."""
    own, other = tau[:, np.newaxis], tau[np.newaxis, :]
    apart = other - own
    same = np.abs(apart) <= _EQUAL * np.maximum(own, other)
    middle = (own + other) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        divided = (gone[np.newaxis, :] - gone[:, np.newaxis]) / apart
        limit = np.where(middle > 0, time / middle**2 * np.exp(-time / middle), 0.0)
    rate = np.where(same, limit, divided)
    return rate, other * rate


def _factors(terms: Mapping[str, Any]) -> dict[str, Any]:
    """Every term as the rows whose squares it is, where it has them."""
    if isinstance(terms, Incidence):
        return {name: terms.rows[[i]] for i, name in enumerate(terms.names)}
    return dict(terms)


def _projected(term: Any, shapes: Vector, weights: Vector) -> float:  # noqa: ANN401 (a sparse or a dense matrix)
    """Sum of ``weights_ij phi_i^T term phi_j``; a single row r stands for r^T r."""
    if term.shape[0] == 1 and shapes.shape[0] != 1:
        across = (term @ shapes)[0]
        return float(across @ weights @ across)
    return float(((shapes.T @ (term @ shapes)) * weights).sum())


# --- steady states ------------------------------------------------------------------------------------------------


def steady_sensitivities(
    model: NetworkModel, *, temperature: str | None = None, heat: str | None = None
) -> StateSensitivity:
    """Derivatives of a steady temperature of a node, or of the heat through an element, by everything.

    By the adjoint of the tangent at the steady state, so radiation and laws of resistance count in full.

    Parameters
    ----------
    model
        The network.
    temperature, heat
        The node, or the element: one of the two.

    Raises
    ------
    ValueError
        Both are given, or none.
    PhysicsError
        Nothing is held.
    KeyError
        There is no such node or element.
    """
    if (temperature is None) == (heat is None):
        raise ValueError("expected either a temperature or a heat")
    state, system = steady(model), model.system
    rise, base = state.rise, state.base
    held = system.hold(*model.held)
    tangent = held.K if model.nonlinear is None else model.nonlinear.tangent(rise, base)
    element = next((each for each in model.elements if each.name == heat), None)
    if temperature is not None:
        weights, value = node_row(model, temperature), state.temperature[temperature]
    elif element is not None:
        weights, value = _heat_weights(model, element, rise, base), state.heat[element.name]
    else:
        raise KeyError(f"no element is called {heat}")
    adjoint = _adjoint(held, tangent, weights, linear=model.nonlinear is None)
    found = _by_conductances(model, held, lambda one: rise - base_of(rise, one), adjoint)
    for term in model.links:
        across = (term.first - term.second) @ adjoint
        found |= dict(zip(term.elements, (-across * term.flows_by_value(rise, base)).tolist(), strict=True))
    if element is not None:
        found[element.name] += _own_part(model, element, rise, base)
    # A held temperature acts through the heat that it drives into what is free.
    acts = weights - np.asarray(tangent.T @ adjoint)
    return StateSensitivity(
        value,
        found,
        {name: float(node_row(model, node) @ adjoint) for name, (node, _) in model.sources.items()},
        {node: float(acts[system.ports[node][0]]) for node in model.held},
    )


def base_of(rise: Vector, one: Vector) -> Vector:
    """Uniform part of a field, which no conductance sees; without it products lose no digits."""
    return float(one @ rise) / float(one @ one) * one


def _heat_weights(model: NetworkModel, element: Element, rise: Vector, base: float) -> Vector:
    """Derivative of the heat through an element by the unknowns [W/K]."""
    if element.is_linear:
        return np.asarray(element.conductance * _across(model, element))
    for term in model.links:
        if element.name in term.elements:
            slopes = term.flow_slopes(rise, base)
            return np.asarray(slopes[[term.elements.index(element.name)]].toarray()[0])
    return np.zeros(model.system.size)


def _across(model: NetworkModel, element: Element) -> Vector:
    """Difference of temperature across an element, as weights on the unknowns (n,)."""
    number = model.elements.names.index(element.name)
    return np.asarray(differences(model, np.array([number])).toarray()[0])


def _own_part(model: NetworkModel, element: Element, rise: Vector, base: float) -> float:
    """Derivative of the heat through an element by its own value at given temperatures."""
    if element.is_linear:
        return float(element.conductance_per_value * (_across(model, element) @ rise))
    for term in model.links:
        if element.name in term.elements:
            return float(term.flows_by_value(rise, base)[term.elements.index(element.name)])
    return 0.0


def _adjoint(held: Held, tangent: Any, weights: Vector, *, linear: bool) -> Vector:  # noqa: ANN401 (a sparse matrix)
    """Solution of tangent^T v = weights on the free unknowns, zero on the others."""
    found = np.zeros(held.system.size)
    if not len(held.free):
        return found
    if linear:
        return np.asarray(held.solve(weights), dtype=float)
    found[held.free] = splu(sp.csc_array(tangent[held.free][:, held.free])).solve(weights[held.free], trans="T")
    return found


# --- common -------------------------------------------------------------------------------------------------------


def _fields(held: Held, sensor: str, source: str, s: complex) -> tuple[Array, Array]:
    """Field of the source and of the sensor's weights [K/W]."""
    for name, known in ((sensor, held.system.sensors), (source, held.system.sources)):
        if name not in known:
            raise KeyError(f"no node is called {name}")
    both = held.solve(np.column_stack([held.system.sources[source], held.system.sensors[sensor]]), s=s)
    return np.ascontiguousarray(both[:, 0]), np.ascontiguousarray(both[:, 1])


def _modes(held: Held) -> tuple[Vector, Vector]:
    """All time constants [s], slowest first, and their shapes on all unknowns (n, modes), K-orthonormal."""
    K, C = (matrix if isinstance(matrix, np.ndarray) else matrix.toarray() for matrix in (held.K, held.C))
    inside = np.ix_(held.free, held.free)
    time_constants, found = scipy.linalg.eigh(C[inside], K[inside])
    shapes = np.zeros((held.system.size, len(time_constants)))
    shapes[held.free] = found[:, ::-1]
    return np.maximum(time_constants[::-1], 0.0), shapes


def _by_conductances(
    model: NetworkModel, held: Held, field: Callable[[Vector], Vector], adjoint: Vector
) -> Derivatives:
    """``-adjoint^T K_i field`` by the value of every element."""
    return _real(_chained(model, _products(held.system.K, adjoint, field(held.system.one))))


def _products(terms: Mapping[str, Any], left: Array, right: Array) -> dict[str, Any]:
    """``-left^T term right`` of every term."""
    if isinstance(terms, Incidence):
        return dict(zip(terms.names, terms.products(-left, right).tolist(), strict=True))
    return {name: -(left @ (term @ right)) for name, term in terms.items()}


def _chained(model: NetworkModel, by_coefficient: Mapping[str, Any]) -> dict[str, Any]:
    """Derivatives by values from those by coefficients; a linearised element has no value of its own."""
    factor = {element.name: element.conductance_per_value for element in model.elements if element.is_linear}
    links = {term.name for term in model.links}
    return {name: value * factor.get(name, 1.0) for name, value in by_coefficient.items() if name not in links}


def _per_value(model: NetworkModel, by_coefficient: Mapping[str, float]) -> Derivatives:
    return _real(_chained(model, by_coefficient))


def _real(found: Mapping[str, Any]) -> Derivatives:
    return {name: float(np.real(value)) for name, value in found.items()}
