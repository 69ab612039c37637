"""The tip of a probe as a thermal system: conduction, interfaces, the junction's heat, the thermocouple."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from thermonet.geometry.apex import CORE
from thermonet.geometry.interfaces import Interface, separated
from thermonet.geometry.mesh import Floats, Ints, Mesh
from thermonet.heat.assembly import assembly_of
from thermonet.heat.elements import (
    Elements,
    axisymmetric_elements,
    facet_load,
    stiffness,
    turning,
)
from thermonet.heat.forms import capacity, conduction, jump
from thermonet.heat.source import SourceShape, apex_source, joule_heat
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import Matrix, System
from thermonet.system.join import join
from thermonet.system.patterns import sorted_pattern
from thermonet.system.terms import Entries, Terms


@dataclass(frozen=True, kw_only=True)
class HeatProperties:
    """What a body conducts and stores, by region [W/m/K, J/m^3/K] and by pair of regions [W/m^2/K].

    A pair without an entry is in perfect contact.
    """

    conductivity: Mapping[str, float]
    heat_capacity: Mapping[str, float]
    boundary_conductance: Mapping[tuple[str, str], float]

    def __post_init__(self) -> None:
        for what in ("conductivity", "heat_capacity", "boundary_conductance"):
            for where, value in getattr(self, what).items():
                if not 0 < value < math.inf:
                    name = where if isinstance(where, str) else " and ".join(where)
                    raise PhysicsError(f"{name}: the {what.replace('_', ' ')} must be positive, got {value:g}")

    def between(self, first: str, second: str) -> float | None:
        """Boundary conductance of two regions, in either order."""
        return self.boundary_conductance.get((first, second), self.boundary_conductance.get((second, first)))


@dataclass(frozen=True, kw_only=True)
class TipSensing:
    """Where heat enters and where the temperature is read.

    Attributes
    ----------
    metals
        The two layers whose interface is the thermocouple junction, inner one first.
    source_layer, source_shape, relaxation_length
        The metal that takes up the junction's heat, how, and over which length [m].
    """

    metals: tuple[str, str]
    source_layer: str
    source_shape: SourceShape
    relaxation_length: float


@dataclass(frozen=True)
class TipModel:
    """A tip's system with the mesh that its unknowns stand on and the properties it was assembled with."""

    properties: HeatProperties
    system: System
    mesh: Mesh
    elements: Elements
    interfaces: list[Interface]


def conduction_term(region: str) -> str:
    """Name of the term whose coefficient is a region's conductivity."""
    return f"k.{region}"


def capacity_term(region: str) -> str:
    """Name of the term whose coefficient is a region's volumetric heat capacity."""
    return f"c.{region}"


def interface_term(first: str, second: str) -> str:
    """Name of the term whose coefficient is a boundary conductance."""
    return f"G.{first}|{second}"


def tip_coefficients(properties: HeatProperties) -> dict[str, float]:
    """Coefficient of every term of a tip's system."""
    return (
        {conduction_term(name): value for name, value in properties.conductivity.items()}
        | {interface_term(*pair): value for pair, value in properties.boundary_conductance.items()}
        | {capacity_term(name): value for name, value in properties.heat_capacity.items()}
    )


def tip_model(mesh: Mesh, properties: HeatProperties, sensing: TipSensing, *, by_term: bool = True) -> TipModel:
    """Assemble a tip.

    The system has one affine term per region and per interface, or with `by_term` false their sums alone, which is all
    that answers need; the source 'apex' (one watt into the metal around the contact); the sensors 'thermocouple' (mean
    over the metal junction) and 'contact' (mean with the very weight of the source, so that contact resistance and
    response are one network); the ports 'foot' (isothermal once tied) and one per region.
    """
    split, interfaces = separated(mesh, lambda a, b: properties.between(a, b) is None)
    elements = axisymmetric_elements(split)
    K, C = _terms(elements, interfaces) if by_term else _sums(elements, interfaces, properties)
    heat = junction_heat(elements, sensing)
    regions = {name: np.unique(split.cells[:, elements.region(name)]) for name in split.names}
    system = System(
        K=K,
        C=C,
        theta=tip_coefficients(properties) if by_term else {"K.tip": 1.0, "C.tip": 1.0},
        sources={"apex": heat},
        sensors={"thermocouple": junction_mean(elements, interfaces, sensing.metals), "contact": heat},
        ports={"foot": np.unique(split.boundaries["foot"])}
        | {f"region.{name}": nodes for name, nodes in regions.items()},
        one=np.ones(elements.size),
    )
    return TipModel(properties, system, split, elements, interfaces)


def junction_heat(elements: Elements, sensing: TipSensing) -> Floats:
    """Load per watt of what the junction's electrons leave in the metal around the contact, (nodes,)."""
    return apex_source(
        elements,
        elements.region(sensing.source_layer),
        _contact_node(elements),
        shape=sensing.source_shape,
        relaxation_length=sensing.relaxation_length,
    )


def contact_heat(elements: Elements) -> Floats:
    """Load per watt of heat that enters at the very point where axis and surface meet, (nodes,).

    Whatever is not at the contact itself has a finite temperature under it, which converges.
    """
    heat = np.zeros(elements.size)
    heat[_contact_node(elements)] = 1.0
    return heat


def _contact_node(elements: Elements) -> int:
    return int(elements.mesh.boundaries["tip"][0, 0])


def _terms(elements: Elements, interfaces: list[Interface]) -> tuple[Terms, Terms]:
    names = elements.mesh.names
    jumps = {
        interface_term(line.first, line.second): jump(elements, line.first_facets, line.second_facets)
        for line in interfaces
    }
    conducted = {conduction_term(name): conduction(elements, elements.region(name)) for name in names}
    stored = {capacity_term(name): capacity(elements, elements.region(name)) for name in names}
    assembly = assembly_of(elements, [form.nodes for form in jumps.values()])
    return assembly.terms({**conducted, **jumps}), assembly.terms(stored)


def _sums(elements: Elements, interfaces: list[Interface], properties: HeatProperties) -> tuple[Terms, Terms]:
    conductivity = _by_cell(elements, properties.conductivity)
    none = np.zeros((3, 0), dtype=np.int64)
    first = np.concatenate([none, *(line.first_facets for line in interfaces)], axis=1)
    second = np.concatenate([none, *(line.second_facets for line in interfaces)], axis=1)
    across = [properties.between(line.first, line.second) for line in interfaces]
    counts = [line.first_facets.shape[1] for line in interfaces]
    jumps = jump(elements, first, second, np.repeat(np.array(across, dtype=float), counts))
    stored = capacity(elements, elements.everywhere, _by_cell(elements, properties.heat_capacity))
    assembly = assembly_of(elements, [jumps.nodes])
    through = conduction(elements, elements.everywhere, conductivity)
    return assembly.term("K.tip", [(1.0, through), (1.0, jumps)]), assembly.term("C.tip", [(1.0, stored)])


def _by_cell(elements: Elements, by_region: Mapping[str, float]) -> Floats:
    return np.array([by_region[name] for name in elements.mesh.names])[elements.mesh.region]


def junction_mean(elements: Elements, interfaces: Sequence[Interface], metals: tuple[str, str]) -> Floats:
    """Weights of the mean temperature over the interface of two metals, both sides alike."""
    line = _junction(interfaces, metals)
    sides = [facet_load(elements, edges) for edges in (line.first_facets, line.second_facets)]
    return sum(sides) / sum(side.sum() for side in sides)


def _junction(interfaces: Sequence[Interface], metals: tuple[str, str]) -> Interface:
    for line in interfaces:
        if {line.first, line.second} == set(metals):
            return line
    raise ValueError(f"the metals {metals[0]} and {metals[1]} do not meet")


def ring_harmonics(
    model: TipModel, orders: Sequence[int], shapes: Mapping[int, Floats] | None = None
) -> tuple[list[System], dict[int, Floats]]:
    """Admittance of the tip's foot for temperatures ~ cos(m phi), m >= 1, each condensed to one unknown.

    The field above the foot is the steady one; it decays within a foot radius, far below the tip's end, so the
    thermocouple on the axis does not see it.

    Parameters
    ----------
    model
        The tip.
    orders
        Of the harmonics.
    shapes
        Fields to condense with instead of the steady ones, by order (n,): derivatives by dimensions keep them fixed,
        which is exact to first order because a steady field is the one of least dissipation.

    Returns
    -------
    systems
        One unknown each, the amplitude at the foot, which is the port 'foot#m'; terms are named '<term>#m'.
    shapes
        The condensed fields.
    """
    around = _turning_terms(model)
    systems, found = [], dict(shapes or {})
    for order in orders:
        if order not in found:
            found[order] = _condensed_field(model, order, around)
        systems.append(_condensed(model, order, around, found[order]))
    return systems, found


def _turning_terms(model: TipModel) -> dict[str, Matrix]:
    """What turning round the axis adds to the conduction terms, by their name."""
    elements, everywhere = model.elements, model.elements.everywhere
    if "K.tip" in model.system.K:
        return {"K.tip": turning(elements, everywhere, _by_cell(elements, model.properties.conductivity))}
    return {conduction_term(name): turning(elements, elements.region(name)) for name in model.mesh.names}


def _condensed(model: TipModel, order: int, around: Mapping[str, Matrix], shape: Floats) -> System:
    def energies(terms: Mapping[str, Matrix]) -> dict[str, float]:
        return {name: float(shape @ (term @ shape)) / 2 for name, term in terms.items()}

    def condensed(found: Mapping[str, float]) -> Terms:
        entries = {f"{name}#{order}": Entries(place, np.array([energy])) for name, energy in found.items()}
        return Terms(alone, entries)

    alone, place = sorted_pattern(np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.int32), 1)
    turned = energies(around)
    along = energies(model.system.K)
    return System(
        K=condensed({name: energy + order**2 * turned.get(name, 0.0) for name, energy in along.items()}),
        C=condensed(energies(model.system.C)),
        theta={f"{name}#{order}": value for name, value in model.system.theta.items()},
        sources={},
        sensors={},
        ports={f"foot#{order}": np.array([0])},
        one=np.zeros(1),
    )


def _condensed_field(model: TipModel, order: int, around: Mapping[str, Matrix]) -> Floats:
    """Steady field with the films' cut at amplitude 1 and the core's below it at (r / r_core)^order, as in a disc."""
    mesh, foot = model.mesh, model.system.ports["foot"]
    held = System(
        K={name: term + order**2 * around[name] if name in around else term for name, term in model.system.K.items()},
        C={},
        theta=model.system.theta,
        sources={},
        sensors={},
        ports={"axis": np.unique(mesh.boundaries["axis"]), "foot": foot},
        one=np.zeros(mesh.points.shape[1]),
    ).hold("axis", "foot")
    radius = mesh.points[0]
    rim = radius[np.intersect1d(foot, model.system.ports[f"region.{CORE}"])].max()
    on_foot = np.where(np.isin(held.fixed, foot), np.minimum(1.0, radius[held.fixed] / rim) ** order, 0.0)
    return np.asarray(held.solve(np.zeros(held.system.size), held=on_foot), dtype=float)


@dataclass(frozen=True)
class FilmConductance:
    """Heat through the films between two metals, both metals isothermal.

    Attributes
    ----------
    conductance
        Heat per kelvin between the metals [W/K].
    field
        Temperature of every node with the outer metal at 1 K, the inner one at 0 (n,); of all fields it dissipates
        least, so ``field^T dK field`` is the exact derivative of the conductance.
    """

    conductance: float
    field: Floats


def film_conductance(model: TipModel, inner: str, outer: str) -> FilmConductance | None:
    """Conductance of what lies between two layers, resolved over the whole tip; None where they are neighbours.

    Lateral spreading inside the films and both boundary conductances are in it.
    """
    names = list(model.mesh.names)
    first, last = sorted((names.index(inner), names.index(outer)))
    if last - first < 2:
        return None
    held_names = [f"region.{name}" for i, name in enumerate(names) if not first < i < last]
    hot = np.concatenate([model.system.ports[f"region.{name}"] for name in names[last:]])
    held = model.system.hold(*held_names)
    temperature = np.isin(held.fixed, hot).astype(float)
    field = np.asarray(held.solve(np.zeros(held.system.size), held=temperature), dtype=float)
    return FilmConductance(float(field @ (held.K @ field)), field)


@dataclass(frozen=True)
class LineHeat:
    """Joule heat of a current along one film.

    Attributes
    ----------
    load
        Where it enters, per watt.
    resistance
        Electrical resistance of that film per resistivity, length over cross-section [1/m]; of a sheet per sheet
        resistance [1].
    """

    load: Floats
    resistance: float


def line_heat(model: TipModel, sensing: TipSensing, layer: str) -> LineHeat:
    """Heat of `line_potential`'s current in one of the films it runs along; the load is per node of the tip."""
    elements, conductivity = model.elements, model.properties.conductivity[layer]
    potential = line_potential(model, sensing, layer)
    heat = joule_heat(elements, elements.region(layer), potential, conductivity)
    total = float(heat.sum())
    return LineHeat(heat / total, total * conductivity)


def line_potential(model: TipModel, sensing: TipSensing, layer: str) -> Floats:
    """Electric potential in the films of a current along a film between foot and end of the tip (nodes,).

    Along a metal of the thermocouple the current comes up in the inner one and returns through the junction in the
    outer one; along the metal of the source it enters where the junction's heat does. Feet are equipotential. Metals
    conduct electricity in proportion to heat (Wiedemann and Franz): with k [W/m/K] in the place of the electrical
    conductivity, the potential of a unit current [K/W in these units]; zero outside the conductors.

    Raises
    ------
    ValueError
        No current runs along that film.
    """
    if layer in sensing.metals:
        line = _junction(model.interfaces, sensing.metals)
        ends = {line.first: line.first_facets, line.second: line.second_facets}
        films = join(
            [_conductor(model, metal, {"end": edges.ravel()}) for metal, edges in ends.items()],
            [(f"end.{line.first}", f"end.{line.second}")],
        )
        return _loop_potential(model, films, sensing.metals)
    if layer != sensing.source_layer:
        raise ValueError(f"no current runs along {layer}, expected the source's metal or one of the thermocouple")
    film = _conductor(model, layer)
    entering = junction_heat(model.elements, sensing)
    nodes = _film_nodes(model, layer)
    potential = np.zeros(model.elements.size)
    potential[nodes] = film.hold(f"foot.{layer}").solve(entering[nodes])
    return potential


def _loop_potential(model: TipModel, films: System, metals: tuple[str, str]) -> Floats:
    """Potential of a unit current from the foot of the inner metal to that of the outer one."""
    inner, outer = metals
    held = films.hold(f"foot.{inner}", f"foot.{outer}")
    one_volt = np.isin(held.fixed, films.ports[f"foot.{inner}"]).astype(float)
    found = np.asarray(held.solve(np.zeros(films.size), held=one_volt), dtype=float)
    current = float(found @ (held.K @ found))  # the power of one volt
    potential = np.zeros(model.elements.size)
    for metal in metals:
        potential[_film_nodes(model, metal)] = found[films.ports[f"film.{metal}"]] / current
    return potential


def _conductor(model: TipModel, layer: str, more: Mapping[str, Ints] | None = None) -> System:
    """One film as an electrical system on its own nodes: ports 'film.<name>' (all of them), 'foot.<name>' and more."""
    elements, nodes = model.elements, _film_nodes(model, layer)
    name, where = conduction_term(layer), elements.region(layer)
    ports = {"film": nodes, "foot": np.intersect1d(model.system.ports["foot"], nodes), **(more or {})}
    return System(
        K={name: stiffness(elements, where)[nodes][:, nodes]},
        C={},
        theta={name: model.properties.conductivity[layer]},
        sources={},
        sensors={},
        ports={f"{port}.{layer}": np.searchsorted(nodes, unknowns) for port, unknowns in ports.items()},
        one=np.ones(len(nodes)),
    )


def _film_nodes(model: TipModel, layer: str) -> Ints:
    return model.system.ports[f"region.{layer}"]
