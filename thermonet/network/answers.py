"""What a network answers: steady temperatures and heats, resistances between nodes, responses in time and frequency.

Every answer is one of `thermonet.system`'s, asked for by the names of nodes and elements. Where elements depend on
temperature, resistances, modes and responses belong to small changes about the steady state.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from thermonet.network.model import NetworkModel, PlacedBody, differences, node_row
from thermonet.network.spread import named_spread
from thermonet.quantities.errors import NotConvergedError, PhysicsError
from thermonet.system.balance import conducted, conducted_at, lost_heat
from thermonet.system.core import Held, Matrix, System, Vector
from thermonet.system.drive import Drive
from thermonet.system.modal import followed
from thermonet.system.modes import Transfer, slowest_transfer, transfer
from thermonet.system.nonlinear import SteadyState, steady_state
from thermonet.system.nonlinear_transient import nonlinear_transient
from thermonet.system.periodic import Periodic, periodic, periodic_transfer
from thermonet.system.response import step as step_response
from thermonet.system.signals import Course, Signal, mean
from thermonet.system.solvers.choice import TOLERANCE, Solver, solver_of
from thermonet.system.transient import Transient, transient

#: Pairs of nodes whose fields are held in memory at once.
_PAIRS = 32
#: A resistance is refined until it changes by this part of itself; corrections before giving up.
_REFINED, _CORRECTIONS = 1e-13, 12
#: Part by which the heat of an element that depends on temperature may change unlike with the temperatures of its ends.
_EVEN = 1e-9
#: Free unknowns up to which all modes are found, and how many of a larger network.
_ALL_MODES, _SLOWEST = 1_500, 20


@dataclass(frozen=True)
class SteadyNetwork:
    """Steady temperatures and heat flows of a network.

    Attributes
    ----------
    temperature
        Temperature of every node [K], on the scale of the held temperatures.
    heat
        Heat through every element from its first to its second node [W].
    heat_into
        Heat that leaves the network at every held node [W].
    imbalance
        Heat put in less heat that leaves [W]: zero but for rounding.
    terminal_heat
        Heat into every body through each of its terminals [W], by ``<body>.<terminal>``.
    rise, base
        Temperature of every unknown (n,) is base + rise [K].
    """

    temperature: Mapping[str, float]
    heat: Mapping[str, float]
    heat_into: Mapping[str, float]
    imbalance: float
    terminal_heat: Mapping[str, float] = field(default_factory=dict)
    rise: Vector = field(default_factory=lambda: np.zeros(0), repr=False)
    base: float = 0.0


def steady(model: NetworkModel) -> SteadyNetwork:
    """Steady temperatures, and the heat through every element.

    A power or temperature that varies counts with its mean over a period, a table with its first value.

    Raises
    ------
    PhysicsError
        Nothing is held, so that the heat has nowhere to go, or conductances spread over more decades than numbers have
        digits.
    NotConvergedError
        Newton's iteration, or that of a large network, stopped short.
    """
    _require_held(model)
    held = model.system.hold(*model.held)
    given = {node: _at_rest(value) for node, value in model.held.items()}
    load = _load(model)
    if model.nonlinear is None:
        # A uniform field carries no heat: counted from one held temperature, small rises keep all their digits.
        base = next(iter(given.values()))
        rise = np.zeros(model.system.size)
        for node, value in given.items():
            rise[model.system.ports[node]] = value - base
        if len(held.free):
            with named_spread(model.elements):
                fields = np.asarray(held.solve(load, held=rise[held.fixed]), dtype=float)
            rise = _balanced(held, load, fields)
        heat_into = {node: float(held.heat_into(node, rise, load)) for node in given}
    else:
        state = _newton(model)
        base, rise, heat_into = state.base, state.rise, dict(state.heat)
    above = model.at @ rise
    temperature = dict(zip(model.nodes, (base + above).tolist(), strict=True))
    heat = _heats(model, rise, base)
    return SteadyNetwork(
        temperature=temperature | given,
        heat=heat,
        heat_into=heat_into,
        imbalance=float(load @ model.system.one) - math.fsum(heat_into.values()),
        terminal_heat=_terminal_heats(model, rise, heat),
        rise=rise,
        base=base,
    )


def _require_held(model: NetworkModel) -> None:
    if not model.held:
        raise PhysicsError("no node is held at a temperature, so the heat has nowhere to go", "nodes")


def _balanced(held: Held, load: Vector, rise: Vector) -> Vector:
    """Add what is best of a uniform field to the free unknowns: heat balances, and the error of an iteration falls."""
    uniform = held.system.one.copy()
    uniform[held.fixed] = 0
    into = held.system.one[held.fixed] @ (held.K[held.fixed] @ uniform)
    left = uniform @ held.missing(load, rise)
    return rise if into == 0 else rise - left / into * uniform


def _load(model: NetworkModel) -> Vector:
    """Heat into every unknown [W]."""
    place = {node: position for position, node in enumerate(model.nodes)}
    into = np.zeros(len(place))
    for node, power in model.sources.values():
        into[place[node]] += _at_rest(power)
    return np.asarray(model.at.T @ into)


def _at_rest(value: float | Course) -> float:
    """What counts where nothing changes."""
    if not isinstance(value, Course):
        return float(value)
    if value.signal.period is None:
        return float(value.at(-math.inf))
    return value.offset + value.amplitude * mean(value.signal)


def _newton(model: NetworkModel) -> SteadyState:
    assert model.nonlinear is not None
    powers: dict[str, float] = {}
    for node, power in model.sources.values():
        powers[node] = powers.get(node, 0.0) + _at_rest(power)
    return steady_state(model.nonlinear, {node: _at_rest(value) for node, value in model.held.items()}, powers)


def _heats(model: NetworkModel, rise: Vector, base: float) -> dict[str, float]:
    """Heat through every element [W], in the order of the elements; none through a heat capacity."""
    listed = model.elements
    heat = np.zeros(len(listed))
    heat[listed.linear] = listed.conductances * (differences(model, listed.linear) @ rise)
    found = dict(zip(listed.names, heat.tolist(), strict=True))
    for term in model.links:
        found |= dict(zip(term.elements, term.flows(rise, base).tolist(), strict=True))
    return found


def _terminal_heats(model: NetworkModel, rise: Vector, heat: Mapping[str, float]) -> dict[str, float]:
    """Heat into the bodies: at a port what they conduct away from it, at a mean what the elements and sources bring."""
    found = {}
    for hub, placed in model.bodies.items():
        for terminal, node in placed.nodes.items():
            if placed.body.unknown(terminal) is None:
                into = [_at_rest(power) for at, power in model.sources.values() if at == node]
                ends = ((each, (each.b == node) - (each.a == node)) for each in model.elements)
                into += [sign * heat[each.name] for each, sign in ends if sign]
                found[f"{hub}.{terminal}"] = math.fsum(into)
        means = {name: found[f"{hub}.{name}"] for name in placed.nodes if placed.body.unknown(name) is None}
        found |= {f"{hub}.{name}": value for name, value in _port_heats(placed, rise[placed.unknowns], means).items()}
    return found


def _port_heats(placed: PlacedBody, rise: Vector, means: Mapping[str, float]) -> dict[str, float]:
    """Heat into a body at its ports; in a compact one, heat that enters at a mean is felt there, too."""
    system = placed.body.system
    K = system.total(system.K)
    ports = {name: port for name in placed.nodes if (port := placed.body.unknown(name)) is not None}
    some = np.array(list(ports.values()), dtype=np.int64)
    if isinstance(K, np.ndarray):
        heats = K[some] @ (rise - rise[some[0]] * system.one) if len(some) else np.zeros(0)
    else:
        heats = conducted_at(K, system.one, lost_heat(K, system.one), rise, some)
    for terminal, heat in means.items():
        heats = heats - np.asarray(placed.body.terminals[terminal])[some] * heat
    return dict(zip(ports, np.asarray(heats, dtype=float).tolist(), strict=True))


def small_changes(model: NetworkModel) -> System:
    """Linear system of a network: its own, or where elements depend on temperature that about the steady state.

    Raises
    ------
    PhysicsError
        Heat flows through an element that depends on temperature between two nodes that both can change: small changes
        about such a state know no reciprocity and no modes.
    """
    if model.nonlinear is None:
        return model.system
    _require_held(model)
    state = _newton(model)
    try:
        return model.nonlinear.linearised(state.rise, *model.held, base=state.base)
    except PhysicsError:
        through = _one_way(model, state)
        several = len(through) > 1
        raise PhysicsError(
            f"{', '.join(through)} depend{'' if several else 's'} on temperature and carr{'y' if several else 'ies'} "
            "heat between two nodes that can both change: small changes about this state know no reciprocity and no "
            "modes; expected one of the two held, no heat there, or a constant resistance"
        ) from None


def held_changes(model: NetworkModel) -> Held:
    """`small_changes` with the held nodes held.

    Raises
    ------
    PhysicsError
        Nothing is held, or small changes are not linear (`small_changes`).
    """
    _require_held(model)
    return small_changes(model).hold(*model.held)


def _one_way(model: NetworkModel, state: SteadyState) -> list[str]:
    """Elements between two free nodes whose heat does not change alike with the temperatures of both."""
    found = []
    for term in model.links:
        at_first, at_second = term.flux.slopes(term.first @ state.rise, term.second @ state.rise, state.base)
        uneven = np.abs(at_first + at_second) > _EVEN * np.abs(at_first)
        found += [name for name, one in zip(term.elements, uneven & term.free.all(axis=0), strict=True) if one]
    return found


# --- resistances --------------------------------------------------------------------------------------------------


def effective_resistances(model: NetworkModel, pairs: Sequence[tuple[str, str]]) -> Vector:
    """Resistances between two nodes each [K/W], nothing held: temperature difference per watt from one to the other.

    Of a large network they are iterated; the error is the square of that of the field in the norm of the energy.

    Raises
    ------
    PhysicsError
        There is no path of heat between the two.
    KeyError
        There is no such node.
    NotConvergedError
        The conductances spread over more decades than rounding allows.
    """
    system = small_changes(model)
    K = system.total(system.K)
    part = connected_components(K, directed=False)[1]
    # The strongest temperature of every part is held: which it is changes nothing but rounding. An amplitude of a small
    # body's mode is no temperature, and is nothing in the uniform field.
    order = np.lexsort((-K.diagonal(), system.one == 0, part))
    ground = order[np.unique(part[order], return_index=True)[1]]
    ground = ground[system.one[ground] != 0]
    free = np.setdiff1d(np.arange(system.size), ground)
    found = np.zeros(len(pairs))
    solver = solver_of(K, free, system.layout) if len(free) else None
    lost = lost_heat(K, system.one)
    for begin in range(0, len(pairs), _PAIRS):
        some = pairs[begin : begin + _PAIRS]
        rows = [(node_row(model, a), node_row(model, b)) for a, b in some]
        for number, ((a, b), (one, other)) in enumerate(zip(some, rows, strict=True)):
            if part[np.flatnonzero(one)[0]] != part[np.flatnonzero(other)[0]]:
                raise PhysicsError(
                    f"no path of heat leads from {a} to {b}: the resistance between them is infinite",
                    f"resistances.{begin + number}",
                )
        loads = np.column_stack([one - other for one, other in rows])
        if solver is not None:
            found[begin : begin + _PAIRS] = _dissipated(K, system.one, lost, solver, loads)
    return found


def _dissipated(K: Matrix, one: Vector, lost: Vector, solver: Solver, loads: NDArray[np.float64]) -> Vector:
    """``b^T K^+ b`` of every load (n, loads): 2 b^T x - x^T K x is at most that, and its error that of x squared."""
    fields = solver(loads, math.sqrt(TOLERANCE))
    found = np.zeros(loads.shape[1])
    for _ in range(_CORRECTIONS):
        left = loads - conducted(K, one, lost, fields)
        before, found = found, np.asarray(((loads + left) * fields).sum(axis=0))
        if not solver.exact or (np.abs(found - before) <= _REFINED * np.abs(found)).all():
            return found
        fields = fields + solver(left)
    worst = float((np.abs(found - before) / np.abs(found)).max())
    raise NotConvergedError(
        f"a resistance still changes by {worst:.1e} of itself after {_CORRECTIONS} corrections: the conductances "
        "spread over more decades than rounding allows"
    )


def effective_resistance(model: NetworkModel, a: str, b: str) -> float:
    """Resistance between two nodes [K/W], nothing held (`effective_resistances`)."""
    return float(effective_resistances(model, [(a, b)])[0])


# --- in frequency and time ----------------------------------------------------------------------------------------


def impedance(
    model: NetworkModel, ports: Sequence[str], frequencies: Sequence[float] | Vector
) -> NDArray[np.complex128]:
    """Temperature of every port per watt into every port [K/W], (frequencies, ports, ports); the held nodes stay.

    Raises
    ------
    PhysicsError
        Nothing is held.
    KeyError
        There is no such node.
    """
    held = held_changes(model)
    loads = np.column_stack([node_row(model, port) for port in ports])
    found = np.empty((len(frequencies), len(ports), len(ports)), dtype=complex)
    for number, frequency in enumerate(frequencies):
        s = 2j * math.pi * float(frequency)
        if frequency == 0:
            found[number] = loads.T @ held.solve(loads)
        else:
            found[number] = loads.T @ held.solve(loads, s=s)
            held.forget(s)
    return found


def modes(model: NetworkModel, sensor: str, source: str) -> Transfer:
    """Modes of a network with the part that each carries of a node's response to a watt into another node.

    All of them; of a large network the slowest, whose parts do not sum to the steady resistance.

    Raises
    ------
    PhysicsError
        Nothing is held.
    KeyError
        There is no such node.
    """
    held = held_changes(model)
    _require(held.system, sensor, source)
    if len(held.free) <= _ALL_MODES:
        return transfer(held, sensor, source)
    return slowest_transfer(held, sensor, source, _SLOWEST)


def step(model: NetworkModel, sensor: str, source: str, times: Vector) -> Vector:
    """Temperature [K/W] at times t >= 0 [s] after a watt is switched on."""
    return step_response(_all_modes(model, sensor, source), np.asarray(times, dtype=float))


def pulse(model: NetworkModel, sensor: str, source: str, length: float, times: Vector) -> Vector:
    """Temperature [K/W] at some times [s], a watt being on from 0 to `length` [s]."""
    response, wanted = _all_modes(model, sensor, source), np.asarray(times, dtype=float)
    after = wanted > length
    found = step_response(response, wanted)
    found[after] -= step_response(response, wanted[after] - length)
    return found


def arbitrary(model: NetworkModel, sensor: str, source: str, signal: Signal, times: Vector) -> Vector:
    """Temperature [K/W] at times t >= 0 [s] per watt of amplitude of a signal that begins at t = 0, exactly."""
    response, wanted = _all_modes(model, sensor, source), np.asarray(times, dtype=float)
    last = float(wanted.max())
    if last == 0:
        return np.zeros_like(wanted)
    return followed(response.time_constants, signal, 0.0, last).at(wanted, response.residues)


def harmonic(model: NetworkModel, sensor: str, source: str, frequencies: Vector) -> NDArray[np.complex128]:
    """Complex amplitude [K/W] per watt at frequencies [Hz], from the whole network at each of them."""
    held = held_changes(model)
    _require(held.system, sensor, source)
    load, weights = held.system.sources[source], held.system.sensors[sensor]
    found = np.empty(len(frequencies), dtype=complex)
    for number, frequency in enumerate(frequencies):
        s = 2j * math.pi * float(frequency) if frequency else 0.0
        found[number] = weights @ held.solve(load, s=s)
        held.forget(s)
    return found


def repeating(model: NetworkModel, sensor: str, source: str, signal: Signal) -> Periodic:
    """Response to a signal that has been repeating for ever.

    Raises
    ------
    PhysicsError
        Nothing is held, or the signal does not repeat.
    """
    if signal.period is None:
        raise PhysicsError("the signal does not repeat; expected a sine, square, three-level or repeated one")
    held = held_changes(model)
    _require(held.system, sensor, source)
    return periodic(periodic_transfer(held, sensor, source, signal.period), signal)


def in_time(
    model: NetworkModel,
    times: Sequence[float] | Vector,
    *,
    seen: Sequence[str] | None = None,
    initial: float | Vector | None = None,
    tolerance: float = 1e-4,
    fixed_step: float | None = None,
) -> Transient:
    """Temperatures in time under everything that varies, radiation and laws of resistance included.

    Parameters
    ----------
    model
        The network.
    times
        When the answers are wanted, increasing, none before 0 [s].
    seen
        Nodes whose temperatures are wanted; all of them where none are named.
    initial
        Temperature at t = 0, one number or of every unknown (n,) [K]; the steady state where nothing is given.
    tolerance, fixed_step
        As for `thermonet.system.transient.transient`.

    Raises
    ------
    PhysicsError
        Nothing is held, or times or temperatures are not what they should be.
    KeyError
        There is no such node.
    NotConvergedError
        Steps became too short or too many.
    """
    _require_held(model)
    if initial is None:
        found = steady(model)
        initial = found.rise + found.base * model.system.one
    sensors = {node: node_row(model, node) for node in (model.nodes if seen is None else seen)}
    loads = {name: model.system.sources[node] for name, (node, _) in model.sources.items()}
    system = replace(model.system, sensors=sensors, sources=loads)
    drive = Drive(powers={name: power for name, (_, power) in model.sources.items()}, temperatures=model.held)
    if model.nonlinear is not None:
        nonlinear = replace(model.nonlinear, linear=system)
        ports = tuple(model.held)
        return nonlinear_transient(
            nonlinear, ports, drive, times, initial=initial, tolerance=tolerance, fixed_step=fixed_step
        )
    held = system.hold(*model.held)
    return transient(held, drive, times, initial=initial, tolerance=tolerance, fixed_step=fixed_step)


def _all_modes(model: NetworkModel, sensor: str, source: str) -> Transfer:
    held = held_changes(model)
    _require(held.system, sensor, source)
    if len(held.free) > _ALL_MODES:
        raise PhysicsError(
            f"a network of {len(held.free)} free unknowns is too large to be taken apart into all its modes, expected "
            f"{_ALL_MODES} or fewer: in_time steps through it, harmonic and a compact model serve, too"
        )
    return transfer(held, sensor, source)


def _require(system: System, sensor: str, source: str) -> None:
    for kind, name, known in (("sensor", sensor, system.sensors), ("source", source, system.sources)):
        if name not in known:
            raise KeyError(f"no {kind} is called {name}")
