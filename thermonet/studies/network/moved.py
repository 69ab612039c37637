"""Bodies of networks at other values of their inputs, in coordinates that hold the fields of all their terminals.

Static answers of a network, and their derivatives, need of a body nothing but the steady fields of its terminals. With
these in the basis of a Galerkin projection the derivatives by anything that moves the matrices are those of the large
model, because every change is met by the fields and adjoint fields of the answer; time constants have a few further
fields. A mesh that moves keeps its topology, so that its matrices can be met by the fields of the stated one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from thermonet.documents.probe import ProbeDocument
from thermonet.geometry.mesh import Ints, Mesh
from thermonet.heat.bodies.body import Body
from thermonet.heat.bodies.model import BodyModel, body_coefficients, body_model
from thermonet.quantities.inputs import Input
from thermonet.studies.answers import moved_small, solve_probe
from thermonet.studies.bodies.answers import balanced, bath_fields, loads_on, same_loads
from thermonet.studies.design import probe_of
from thermonet.studies.network.tangent import SmallBody, Tangent, derivatives
from thermonet.studies.values import Values
from thermonet.system.core import System, Vector
from thermonet.system.reduction import krylov_basis, summed

#: Fields per terminal for the slow modes.
_MOMENTS = 4

Terminals = Mapping[str, str | Vector]
Baths = Callable[[Values], Mapping[str, float]]


def uncertain_inputs(build: Callable[[Values], object]) -> dict[str, Input]:
    """Uncertain inputs that something is built from, by name."""
    values = Values()
    build(values)
    return {name: value for name, value in values.inputs.items() if not value.is_exact}


def probe_tangent(document: ProbeDocument, scale: float, terminals: Terminals, baths: Baths) -> Tangent:
    """Tangent of a probe.

    Parameters
    ----------
    document
        The probe.
    scale
        Of the elements of its mesh.
    terminals
        Those that are wanted, as `thermonet.studies.network.bodies.terminals_of` has them.
    baths
        Temperatures of the baths that it states [K], as a function of values.
    """
    solved = solve_probe(probe_of(document, Values()), scale, by_term=True)
    weighted = [name for name, at in terminals.items() if not isinstance(at, str)]
    ground = solved.model.ground

    def moved(values: Values) -> SmallBody:
        small = moved_small(solved, probe_of(document, values), scale)
        return _conserving(
            np.asarray(small.total(small.K)),
            np.asarray(small.total(small.C)),
            [small.sensors[name] for name in weighted],
            list(baths(values).values()),
            ports=1,
        )

    inputs = uncertain_inputs(lambda values: (probe_of(document, values), baths(values)))
    return Tangent(
        here=moved(Values()),
        slopes=derivatives(moved, inputs, one_sided=True),
        inputs=inputs,
        weighted=tuple(weighted),
        ports={ground: 0},
        terminals={name: at for name, at in terminals.items() if isinstance(at, str)},
        baths=tuple(baths(Values())),
    )


@dataclass(frozen=True)
class MovingBody:
    """A body of an element, stated and moved.

    Attributes
    ----------
    model
        Assembled at the stated values.
    unknowns
        Unknown of the element for every one of its own.
    moved
        The body at other values, and its mesh; None where the matrices of the stated one serve.
    baths
        Temperatures of the baths that it states [K], as a function of values.
    """

    model: BodyModel
    unknowns: Ints
    moved: Callable[[Values], tuple[Body, Mesh | None]]
    baths: Baths


def bodies_tangent(parts: Mapping[str, MovingBody], system: System, terminals: Terminals) -> Tangent:
    """Tangent of a body, or of several that are joined.

    Parameters
    ----------
    parts
        By the prefix of the names of their terminals, baths and inputs.
    system
        Of all parts together; without capacity where one of them has none.
    terminals
        Those that are wanted.
    """
    ports = list(dict.fromkeys(at for at in terminals.values() if isinstance(at, str)))
    weighted = {name: at for name, at in terminals.items() if not isinstance(at, str)}
    onto = _onto(system, ports, list(weighted.values()))
    small = {prefix: _small(part, onto, heavy=bool(system.C)) for prefix, part in parts.items()}
    owner = {name: next(prefix for prefix in parts if name.startswith(prefix)) for name in weighted}
    stated = {prefix: each.at(Values()) for prefix, each in small.items()}

    def moved(prefix: str, values: Values) -> SmallBody:
        found = {**stated, prefix: small[prefix].at(values)}
        conductance = sum((each.conductance for each in found.values()), np.zeros((onto.shape[1],) * 2))
        capacity = sum((each.capacity for each in found.values()), np.zeros_like(conductance))
        weights = [found[part].weights(name.removeprefix(part)) for name, part in owner.items()]
        baths = [kelvin for each in found.values() for kelvin in each.baths.values()]
        return _conserving(conductance, capacity, weights, baths, ports=len(ports))

    slopes: dict[str, SmallBody] = {}
    inputs: dict[str, Input] = {}
    for prefix, part in parts.items():
        own = uncertain_inputs(lambda values, part=part: (part.moved(values), part.baths(values)))  # type: ignore[misc]
        found = derivatives(lambda values, prefix=prefix: moved(prefix, values), own)  # type: ignore[misc]
        slopes |= {f"{prefix}{name}": slope for name, slope in found.items()}
        inputs |= {f"{prefix}{name}": own[name] for name in found}
    return Tangent(
        here=moved(next(iter(parts)), Values()),
        slopes=slopes,
        inputs=inputs,
        weighted=tuple(weighted),
        ports={port: place for place, port in enumerate(ports)},
        terminals={name: at for name, at in terminals.items() if isinstance(at, str)},
        baths=tuple(f"{prefix}{port}" for prefix, each in stated.items() for port in each.baths),
    )


def _conserving(
    conductance: Vector, capacity: Vector, weights: list[Vector], baths: list[float], *, ports: int
) -> SmallBody:
    """Body without what rounding made of its laws, as a small step would make much of it.

    The uniform field, one at the ports, which are the first coordinates, carries no heat and is one at every terminal.
    """
    rows = np.array(weights).reshape(-1, len(conductance))
    rows[:, 0] = 1 - rows[:, 1:ports].sum(axis=1)
    return SmallBody(balanced(conductance, ports), capacity, rows, np.array(baths, dtype=float))


def _onto(system: System, ports: list[str], weighted: list[Vector]) -> Vector:
    """Fields of all ports, then of all weighted terminals and of the slow modes (n, m)."""
    lean = summed(system) if system.C else replace(summed(system), C={}, theta={"K": 1.0})
    held = lean.hold(*ports)
    fields = bath_fields(held, ports)
    loads = [*weighted, *(held.C @ field for field in fields)] if system.C else weighted
    if not loads:
        return np.column_stack(fields)
    basis = krylov_basis(held, np.column_stack(loads), moments=_MOMENTS if system.C else 1)
    return np.column_stack([*fields, basis])


@dataclass(frozen=True)
class _Projected:
    """A part in the coordinates of its element: its matrices, its loads and weights, its baths."""

    conductance: Vector
    capacity: Vector
    sources: Mapping[str, Vector]
    sensors: Mapping[str, Vector]
    baths: Mapping[str, float]

    def weights(self, terminal: str) -> Vector:
        """Of a weighted terminal (m,)."""
        if terminal in self.sources:
            return self.sources[terminal]
        kind, _, name = terminal.rpartition(".")
        return self.sources[name] if kind == "source" else self.sensors[name]


@dataclass(frozen=True)
class _Small:
    """A part with its terms in the coordinates of its element, each per unit of its coefficient."""

    part: MovingBody
    onto: Vector
    K: Mapping[str, Vector]
    C: Mapping[str, Vector]
    heavy: bool

    def at(self, values: Values) -> _Projected:
        """Part at the values handed out."""
        model, baths = self.part.model, self.part.baths(values)
        body, mesh = self.part.moved(values)
        if mesh is not None:
            ports = [name for name, item in body.boundaries.items() if item.port is not None]
            system = body_model(body, mesh, joined=ports).system
            conductance, capacity = (
                self.onto.T @ (system.total(terms) @ self.onto) for terms in (system.K, system.C if self.heavy else {})
            )
            sources, sensors = system.sources, system.sensors
        else:
            factor = body_coefficients(body)
            conductance, capacity = (
                sum((factor[name] * term for name, term in terms.items()), np.zeros((self.onto.shape[1],) * 2))
                for terms in (self.K, self.C)
            )
            same = same_loads(body, model.body)
            sources, sensors = (model.system.sources, model.system.sensors) if same else loads_on(model, body)[:2]
        return _Projected(
            np.asarray(conductance),
            np.asarray(capacity),
            {name: self.onto.T @ load for name, load in sources.items()},
            {name: self.onto.T @ weights for name, weights in sensors.items()},
            baths,
        )


def _small(part: MovingBody, onto: Vector, *, heavy: bool) -> _Small:
    own, system = onto[part.unknowns], part.model.system
    K, C = (
        {name: np.asarray(own.T @ (term @ own)) for name, term in terms.items()}
        for terms in (system.K, system.C if heavy else {})
    )
    return _Small(part, own, K, C, heavy)
