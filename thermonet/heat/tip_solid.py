"""The tip in three dimensions as a thermal system: the same terms, source and sensors as the body of revolution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from thermonet.geometry.apex import CORE
from thermonet.geometry.interfaces import Interface
from thermonet.geometry.mesh import Floats, Ints, Mesh
from thermonet.geometry.tip_solid import SolidTip
from thermonet.geometry.tip_solid_interfaces import separated_tip
from thermonet.heat.assembly import Assembly, assembly_of
from thermonet.heat.elements import Elements, solid_elements
from thermonet.heat.forms import Form, capacity, conduction, jump
from thermonet.heat.source import apex_source
from thermonet.heat.tip import (
    FilmConductance,
    HeatProperties,
    TipSensing,
    capacity_term,
    conduction_term,
    interface_term,
    junction_mean,
    tip_coefficients,
)
from thermonet.heat.tip_solid_sheets import sheet_blocks
from thermonet.system.core import Matrix, System
from thermonet.system.layout import element_layout
from thermonet.system.terms import Terms, gathered


@dataclass(frozen=True)
class SolidTipModel:
    """A tip's system with the mesh that its unknowns stand on.

    Attributes
    ----------
    properties
        What it was assembled with.
    system
        Terms, source, sensors and ports as of `thermonet.heat.tip.tip_model`.
    tip
        The mesh, every body on nodes of its own.
    elements, interfaces
        Its tetrahedra, and where bodies meet at a boundary conductance.
    nodes
        Node of every unknown, (unknowns,): all but the hanging ones.
    fields
        Temperature of every node of the mesh per kelvin of every unknown, (nodes, unknowns).
    """

    properties: HeatProperties
    system: System
    tip: SolidTip
    elements: Elements
    interfaces: list[Interface]
    nodes: Ints
    fields: Matrix

    @property
    def mesh(self) -> Mesh:
        """Tetrahedra of the tip."""
        return self.tip.mesh


def solid_tip_model(
    tip: SolidTip, properties: HeatProperties, sensing: TipSensing, *, by_term: bool = True
) -> SolidTipModel:
    """Assemble a tip; one or two quarters stand for the whole.

    Parameters
    ----------
    tip
        A conforming mesh.
    properties
        Of its regions and interfaces, those beside lines included.
    sensing
        Thermocouple and heat source.
    by_term
        One affine term per region and per interface, or with false their sums alone.
    """
    tip, interfaces = separated_tip(tip, lambda a, b: properties.between(a, b) is None)
    elements, sheets = solid_elements(tip.mesh), sheet_blocks(tip)
    assembly = assembly_of(elements, [sheets.nodes, *(_both_sides(line) for line in interfaces)])
    whole = 4.0 / tip.quarters
    conducting: dict[str, list[Form]] = {}
    storing: dict[str, list[Form]] = {}
    for index, name in enumerate(tip.mesh.names):
        cells, films = elements.region(name), np.flatnonzero(tip.sheets.region == index)
        conducting[conduction_term(name)] = [conduction(elements, cells, whole), sheets.conducting(films, whole)]
        storing[capacity_term(name)] = [capacity(elements, cells, whole), sheets.storing(films, whole)]
    for line in interfaces:
        across = jump(elements, line.first_facets, line.second_facets, whole)
        conducting[interface_term(line.first, line.second)] = [across]
    theta = tip_coefficients(properties)
    heat = apex_source(
        elements,
        elements.region(sensing.source_layer),
        tip.end,
        shape=sensing.source_shape,
        relaxation_length=sensing.relaxation_length,
    )
    free = System(
        K=_terms(assembly, conducting) if by_term else {"K.tip": _sum(assembly, conducting, theta)},
        C=_terms(assembly, storing) if by_term else {"C.tip": _sum(assembly, storing, theta)},
        theta=theta if by_term else {"K.tip": 1.0, "C.tip": 1.0},
        sources={"apex": heat},
        sensors={"thermocouple": junction_mean(elements, interfaces, sensing.metals), "contact": heat},
        ports={"foot": tip.foot} | {f"region.{name}": _nodes_of(tip, name) for name in tip.mesh.names},
        one=np.ones(elements.size),
        layout=element_layout(_on_surface(tip), tip.mesh.cells, tip.sheets.lower, tip.sheets.upper),
    )
    nodes, fields = _without_hanging(tip)
    ports = {
        name: np.searchsorted(nodes, np.intersect1d(unknowns, nodes, assume_unique=True))
        for name, unknowns in free.ports.items()
    }
    system = free.mapped(fields, one=np.ones(len(nodes)), ports=ports)
    return SolidTipModel(properties, system, tip, elements, interfaces, nodes, fields)


def _on_surface(tip: SolidTip) -> Floats:
    """Places (2, nodes) on the tip's surface: all that lies across the films together, as its thickness is small.

    The logarithm of the distance from the end and the azimuth. A tip is a thin stack on a surface: factors in an order
    that parts the surface stay small, where multigrid takes hundreds of steps to even out heat across the films.
    """
    points = tip.mesh.points
    distance = np.linalg.norm(points - points[:, [tip.end]], axis=0)
    finest = np.linalg.norm(points[:, tip.mesh.cells[0]] - points[:, tip.mesh.cells[1]], axis=0).min()
    return np.stack([np.log(distance + finest), np.arctan2(points[1], points[0])])


def _both_sides(line: Interface) -> Ints:
    return np.concatenate([line.first_facets, line.second_facets])


def _terms(assembly: Assembly, forms: Mapping[str, Sequence[Form]]) -> Terms:
    """Every term as the sum of its forms."""
    found = {}
    for name, parts in forms.items():
        entries = assembly.terms({str(number): part for number, part in enumerate(parts)}).entries.values()
        positions = np.concatenate([entry.positions for entry in entries])
        found[name] = gathered(positions, np.concatenate([entry.data for entry in entries]))
    return Terms(assembly.pattern, found)


def _sum(assembly: Assembly, forms: Mapping[str, Sequence[Form]], theta: Mapping[str, float]) -> Matrix:
    """All terms times their coefficients."""
    return assembly.sum([(theta[name], part) for name, parts in forms.items() for part in parts])


def _nodes_of(tip: SolidTip, name: str) -> Ints:
    """Nodes of a region, of its tetrahedra and of its sheets."""
    index, sheets = tip.mesh.names.index(name), tip.sheets
    cells = tip.mesh.cells[:, tip.mesh.region == index]
    faces = [side[:, sheets.region == index].ravel() for side in (sheets.lower, sheets.upper)]
    return np.unique(np.concatenate([cells.ravel(), *faces]))


def _without_hanging(tip: SolidTip) -> tuple[Ints, Matrix]:
    """Nodes that do not hang (unknowns,), and the fields that they drive (nodes, unknowns)."""
    hanging, count = tip.hanging, tip.mesh.points.shape[1]
    own = np.setdiff1d(np.arange(count), hanging.nodes)
    rows = np.concatenate([own, hanging.nodes, hanging.nodes])
    columns = np.searchsorted(own, np.concatenate([own, hanging.lower, hanging.upper]))
    values = np.concatenate([np.ones(len(own)), 1 - hanging.share, hanging.share])
    return own, sp.csr_array((values, (rows, columns)), shape=(count, len(own)))


def standing(model: SolidTipModel, harmonics: int) -> tuple[System, Matrix]:
    """Stand a tip on a ring whose temperature is a sum of cos(m phi), m = 0 .. harmonics.

    All films have that temperature in the plane of the cantilever, the core below them that of a disc, (r / r_core)^m
    cos(m phi).

    Returns
    -------
    system
        With the amplitudes as the ports 'foot', of m = 0, and 'foot#m'.
    fields
        Temperature of every node of the mesh per kelvin of every unknown, (nodes, unknowns).
    """
    system, foot = model.system, model.system.ports["foot"]
    orders = np.arange(harmonics + 1)
    x, y, _ = model.mesh.points[:, model.nodes[foot]]
    radius, core = np.hypot(x, y), np.isin(foot, system.ports[f"region.{CORE}"])
    inside = np.where(core, np.minimum(radius / radius[core].max(), 1.0), 1.0)
    shapes = inside[:, np.newaxis] ** orders * np.cos(np.arctan2(y, x)[:, np.newaxis] * orders)
    others = np.setdiff1d(np.arange(system.size), foot)
    amplitudes = len(others) + orders
    rows = np.concatenate([others, np.repeat(foot, len(orders))])
    columns = np.concatenate([np.arange(len(others)), np.tile(amplitudes, len(foot))])
    values = np.concatenate([np.ones(len(others)), shapes.ravel()])
    onto = sp.csr_array((values, (rows, columns)), shape=(system.size, len(others) + len(orders)))
    position = np.full(system.size, -1)
    position[others] = np.arange(len(others))
    ports = {name: position[unknowns[position[unknowns] >= 0]] for name, unknowns in system.ports.items()}
    ports |= {foot_port(order): amplitudes[order : order + 1] for order in range(harmonics + 1)}
    one = np.concatenate([np.ones(len(others) + 1), np.zeros(harmonics)])
    return system.mapped(onto, one=one, ports=ports), model.fields @ onto


def foot_port(order: int) -> str:
    """Name of the port that is the amplitude of cos(order phi) in the foot."""
    return f"foot#{order}" if order else "foot"


def solid_film_conductance(model: SolidTipModel, inner: str, outer: str) -> FilmConductance | None:
    """Conductance between two metals, both isothermal, all else free; None where nothing lies between them.

    A sheet's or a film's edge beside a line leads a little heat too.
    """
    names = list(model.mesh.names)
    if abs(names.index(inner) - names.index(outer)) < 2:
        return None
    held = model.system.hold(f"region.{inner}", f"region.{outer}")
    temperature = np.isin(held.fixed, model.system.ports[f"region.{outer}"]).astype(float)
    field = np.asarray(held.solve(np.zeros(held.system.size), held=temperature), dtype=float)
    return FilmConductance(float(field @ (held.K @ field)), field)
