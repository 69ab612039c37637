"""A body on a mesh as a thermal system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from thermonet.geometry.interfaces import Interface, separated
from thermonet.geometry.mesh import Floats, Ints, Mesh
from thermonet.heat.assembly import assembly_of
from thermonet.heat.bodies.body import Body, Filling, ambient_port, is_law, radiation_port
from thermonet.heat.bodies.joule import Current, joule_currents
from thermonet.heat.bodies.loads import Heat, sensor_means, source_heats
from thermonet.heat.bodies.places import Places, marked, united
from thermonet.heat.elements import Elements, axisymmetric_elements, plane_elements, solid_elements
from thermonet.heat.forms import Form, OnCells, OnNodes, capacity, conduction, exchange, exchange_of_cells, jump
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import System
from thermonet.system.layout import element_layout, united_layout


@dataclass(frozen=True)
class BodyModel:
    """An assembled body.

    Attributes
    ----------
    body
        What was assembled.
    system
        Terms 'k.<filling>' (or 'k.<filling>.<axis>'), 'c.<filling>', 'G.<region>|<region>', 'h.<boundary>'; every
        boundary is a port, isothermal where it is held or a source makes it so; 'ambient.<boundary>' and
        'radiation.<boundary>' are the surroundings. Conduction that depends on temperature and radiation are no terms
        of it: see `thermonet.heat.nonlinear`.
    elements
        Of the mesh with nodes of their own on both sides of every interface.
    places
        The names of the body on it.
    interfaces
        Where regions meet that have nodes of their own.
    unknowns
        Unknown of the system for every node of the mesh.
    heats, means
        How a watt of every source is spread, and the weights of every sensor's mean.
    powers
        Of every source [W].
    currents
        Of every source that has one, per volt.
    """

    body: Body
    system: System
    elements: Elements
    places: Places
    interfaces: list[Interface]
    unknowns: Ints
    heats: Mapping[str, Heat]
    means: Mapping[str, Heat]
    powers: Mapping[str, float]
    currents: Mapping[str, Current]

    @property
    def mesh(self) -> Mesh:
        """With nodes of their own on both sides of every interface."""
        return self.elements.mesh


def axis_names(body: Body) -> tuple[str, ...]:
    """Names of a body's coordinates."""
    return {"solid": ("x", "y", "z"), "axisymmetric": ("r", "z")}.get(body.kind, ("x", "y"))


def body_coefficients(body: Body) -> dict[str, float]:
    """Coefficient of every term that a body's system can have, by name."""
    found: dict[str, float] = {}
    for name, filling in body.fillings.items():
        if isinstance(filling.conductivity, tuple):
            axes = zip(axis_names(body), filling.conductivity, strict=True)
            found |= {f"k.{name}.{axis}": value for axis, value in axes}
        elif not is_law(filling.conductivity):
            found[f"k.{name}"] = float(filling.conductivity)  # type: ignore[arg-type]
        if filling.heat_capacity is not None:
            found[f"c.{name}"] = filling.heat_capacity
    found |= {f"G.{first}|{second}": value for (first, second), value in body.contacts.items()}
    exchanges = {name: item.exchange for name, item in body.boundaries.items()}
    stated = {name: item.conductance for name, item in exchanges.items() if item is not None}
    return found | {f"h.{name}{part}": value for name, value in stated.items() for part in ("", ".faces")}


def body_elements(body: Body, mesh: Mesh) -> Elements:
    """Elements of a body on its mesh."""
    if body.kind == "axisymmetric":
        return axisymmetric_elements(mesh)
    return solid_elements(mesh) if body.kind == "solid" else plane_elements(mesh, body.depth)


def body_model(body: Body, mesh: Mesh, *, joined: Sequence[str] = ()) -> BodyModel:
    """Assemble a body on a conforming mesh, nodes shared across interfaces.

    Parameters
    ----------
    body, mesh
        What, and where.
    joined
        Boundaries through which something else takes the heat: with them a body needs no ground of its own.

    Raises
    ------
    PhysicsError
        An element of the mesh is turned inside out, a name of the body is not on the mesh, or a part of the body has
        no heat path to ground.
    """
    split, interfaces = separated(marked(mesh, body), lambda a, b: body.contact(a, b) is None)
    elements = body_elements(body, split)
    places = Places(body, elements)
    ambients = _ambients(body, elements.size)
    unknowns, ports = _unknowns(places, ambients)
    K = _conduction(body, elements) | _jumps(body, elements, interfaces) | _exchanges(places, ambients)
    C = {
        f"c.{name}": capacity(elements, *_sheet(elements, filling))
        for name, filling in body.fillings.items()
        if filling.heat_capacity is not None
    }
    blocks = [form.nodes for form in K.values() if isinstance(form, OnNodes)]
    assembly = assembly_of(elements, blocks, unknowns)
    size = int(unknowns.max()) + 1
    _require_ground(places, _parts([split.cells, *blocks], unknowns), unknowns, ports, joined)
    currents = joule_currents(places)
    heats, powers = source_heats(places, currents)
    means = sensor_means(places, interfaces)
    coefficients = body_coefficients(body)
    system = System(
        K=assembly.terms(K),
        C=assembly.terms(C),
        theta={name: coefficients[name] for name in (*K, *C)},
        sources={name: gathered(heat.at_nodes(elements), unknowns, size) for name, heat in heats.items()},
        sensors={name: gathered(mean.at_nodes(elements), unknowns, size) for name, mean in means.items()},
        ports=ports,
        one=np.ones(size),
        layout=united_layout([(element_layout(split.points, split.cells), unknowns[: elements.size])], size),
    )
    return BodyModel(
        body=body,
        system=system,
        elements=elements,
        places=places,
        interfaces=interfaces,
        unknowns=unknowns[: elements.size],
        heats=heats,
        means=means,
        powers=powers,
        currents=currents,
    )


def _parts(met: Sequence[Ints], unknowns: Ints) -> Ints:
    """Number of the part that every unknown belongs to: those of the nodes (k, n) of one cell or block are together."""
    first = np.concatenate([np.broadcast_to(unknowns[nodes[0]], nodes[1:].shape).ravel() for nodes in met])
    others = np.concatenate([unknowns[nodes[1:]].ravel() for nodes in met])
    size = int(unknowns.max()) + 1
    graph = sp.coo_array((np.ones(len(first), dtype=np.int8), (first, others)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1])


def _require_ground(
    places: Places, part: Ints, unknowns: Ints, ports: Mapping[str, Ints], joined: Sequence[str]
) -> None:
    """Refuse a body with a part whose heat can go nowhere, by the names of its regions."""
    body, mesh = places.body, places.elements.mesh
    grounded = np.zeros(len(part), dtype=bool)
    for port in body.baths:
        # What radiates to its surroundings is no entry of the pattern.
        grounded[part[ports[port]]] = True
        grounded[part[unknowns[places.nodes(body.baths[port])]]] = True
    for name in joined:
        grounded[part[ports[name]]] = True
    lost = np.flatnonzero(~grounded[part[unknowns[mesh.cells[0]]]])
    if len(lost):
        names = ", ".join(f"'{mesh.names[i]}'" for i in np.unique(mesh.region[lost]))
        raise PhysicsError(
            f"no heat path to ground from the region {names}: it touches nothing that is held or exchanges heat, "
            "expected a boundary there with a temperature, an ambient or radiation",
            f"regions.{mesh.names[int(mesh.region[lost[0]])]}",
        )


def _ambients(body: Body, first: int) -> dict[str, int]:
    """Number of the node that every surroundings are, after those of the mesh."""
    names = []
    for name, boundary in body.boundaries.items():
        names += [ambient_port(name)] if boundary.exchange is not None else []
        names += [radiation_port(name)] if boundary.radiation is not None else []
    return {name: first + i for i, name in enumerate(names)}


def _unknowns(places: Places, ambients: Mapping[str, int]) -> tuple[Ints, dict[str, Ints]]:
    """Unknown of every node and surroundings, and the ports' unknowns.

    An isothermal boundary is one unknown, so that its rows are never assembled; a corner that two of them share
    belongs to the first. These come last, which leaves the unknowns that are solved for together.
    """
    body = places.body
    count = places.elements.size + len(ambients)
    to = np.arange(count)
    own: dict[str, Ints] = {}
    for i, name in enumerate(body.isothermal):
        nodes = places.nodes(name)
        own[name] = nodes[to[nodes] < count]
        to[own[name]] = count + i
    _, position = np.unique(to, return_inverse=True)
    ports = {name: np.unique(position[own[name]]) for name in body.isothermal}
    ports |= {name: np.unique(position[places.nodes(name)]) for name in body.boundaries if name not in ports}
    return position, ports | {name: position[[node]] for name, node in ambients.items()}


def _sheet(elements: Elements, filling: Filling) -> tuple[Ints, float]:
    """Cells that a filling fills, and its thickness where it is a sheet."""
    return elements.region(filling.region), 1.0 if filling.thickness is None else filling.thickness


def _conduction(body: Body, elements: Elements) -> dict[str, Form]:
    found: dict[str, Form] = {}
    for name, filling in body.fillings.items():
        where, thickness = _sheet(elements, filling)
        if isinstance(filling.conductivity, tuple):
            found |= {
                f"k.{name}.{axis}": _along(elements, where, thickness, i) for i, axis in enumerate(axis_names(body))
            }
        elif not is_law(filling.conductivity):
            found[f"k.{name}"] = conduction(elements, where, thickness)
    return found


def _along(elements: Elements, where: Ints, thickness: float, axis: int) -> OnCells:
    """Conduction along one coordinate alone."""
    direction = np.zeros((len(where), elements.mesh.dimension))
    direction[:, axis] = thickness
    return conduction(elements, where, direction)


def _jumps(body: Body, elements: Elements, interfaces: list[Interface]) -> dict[str, Form]:
    found: dict[str, Form] = {}
    for line in interfaces:
        pair = (line.first, line.second)
        name = "G.{}|{}".format(*(pair if pair in body.contacts else pair[::-1]))
        found[name] = jump(elements, line.first_facets, line.second_facets)
    return found


def _exchanges(places: Places, ambients: Mapping[str, int]) -> dict[str, Form]:
    """Exchange of every boundary with its surroundings; edges and faces of a plate are two terms of one coefficient."""
    found: dict[str, Form] = {}
    for name, boundary in places.body.boundaries.items():
        if boundary.exchange is None:
            continue
        ambient = ambients[ambient_port(name)]
        for piece in united(places.pieces(name)):
            form = exchange_of_cells if piece.of_cells else exchange
            key = f"h.{name}.faces" if f"h.{name}" in found else f"h.{name}"
            found[key] = form(places.elements, piece.members, ambient, piece.factor)
    return found


def gathered(vector: Floats, unknowns: Ints, size: int) -> Floats:
    """Sum over the nodes of every unknown."""
    return np.bincount(unknowns[: len(vector)], vector, minlength=size).astype(float)
