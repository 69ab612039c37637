"""The cantilever as a laminate in its own plane: sheet conductance and heat capacity per area, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from thermonet.geometry.mesh import Floats, Mesh
from thermonet.heat.assembly import assembly_of, numbered
from thermonet.heat.elements import facet_load, plane_elements, stiffness
from thermonet.heat.forms import capacity, conduction
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import Matrix, System
from thermonet.system.join import shaped


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One layer of the plate.

    Attributes
    ----------
    thickness
        [m].
    conductivity
        [W/m/K].
    heat_capacity
        Per volume [J/m^3/K].
    under_tip
        Whether it also lies under the foot of the tip (the plate's own layers do, the tip's films do not).
    """

    thickness: float
    conductivity: float
    heat_capacity: float
    under_tip: bool

    def __post_init__(self) -> None:
        for what in ("thickness", "conductivity", "heat_capacity"):
            value, name = getattr(self, what), what.replace("_", " ")
            if not 0 < value < math.inf:
                raise PhysicsError(f"a layer of the plate: the {name} must be positive, got {value:g}")


def ring_port(order: int) -> str:
    """Name of the port that is the amplitude of cos(order phi) on the ring."""
    return f"ring#{order}"


def plate_coefficients(sheets: Mapping[str, Sheet]) -> dict[str, float]:
    """Coefficient of every term of a plate's system; thickness belongs to the matrices."""
    conduction = {f"k.{name}@plate": sheet.conductivity for name, sheet in sheets.items()}
    return conduction | {f"c.{name}@plate": sheet.heat_capacity for name, sheet in sheets.items()}


def plate_system(
    mesh: Mesh, sheets: Mapping[str, Sheet], hole_radius: float, harmonics: int, *, by_term: bool = True
) -> System:
    """Assemble a plate held at its chip's end, with the tip's ring as a trace port.

    Temperature on the ring is a sum of cos(m phi), m = 0 .. harmonics, whose amplitudes are the ports `ring_port(m)`;
    'chip' is an isothermal port. Layers under the foot conduct and store there too: on a disc the harmonic r^m cos m
    phi has the dissipation pi m per sheet conductance, exactly.

    Parameters
    ----------
    mesh
        Of the half plate; by symmetry everything counts twice.
    sheets
        Layers by name.
    hole_radius
        Radius of the ring [m].
    harmonics
        Highest order of the trace.
    by_term
        One affine term per layer, or with false their sums alone.
    """
    elements, chip = plane_elements(mesh), mesh.boundaries["chip"]
    unknowns = numbered(elements.size, [chip])
    assembly = assembly_of(elements, unknowns=unknowns)
    bare = System(
        K=assembly.term("sheet", [(2.0, conduction(elements, elements.everywhere))]),
        C=assembly.term("area", [(2.0, capacity(elements, elements.everywhere))]),
        theta={"sheet": 1.0, "area": 1.0},
        sources={},
        sensors={},
        ports={"chip": np.unique(unknowns[chip]), "ring": unknowns[_in_order(mesh.boundaries["ring"])]},
        one=np.ones(assembly.pattern.size),
    )
    angle = ring_angles(mesh)
    shapes = np.cos(np.outer(angle, np.arange(harmonics + 1)))
    trace = shaped(bare, "ring", shapes, uniform=np.eye(1, harmonics + 1)[0])
    amplitudes = trace.ports["ring"]
    conductance, holding = trace.K["sheet"], trace.C["area"]
    disc, stored = _disc(trace.size, amplitudes, hole_radius)
    if by_term:
        theta = plate_coefficients(sheets)
        K = {f"k.{name}@plate": _laminate([sheet], _thickness, conductance, disc) for name, sheet in sheets.items()}
        C = {f"c.{name}@plate": _laminate([sheet], _thickness, holding, stored) for name, sheet in sheets.items()}
    else:
        theta = {"K.plate": 1.0, "C.plate": 1.0}
        K = {"K.plate": _laminate(list(sheets.values()), _sheet_conductance, conductance, disc)}
        C = {"C.plate": _laminate(list(sheets.values()), _sheet_capacity, holding, stored)}
    ports = {"chip": trace.ports["chip"]} | {ring_port(m): amplitudes[m : m + 1] for m in range(harmonics + 1)}
    return System(K=K, C=C, theta=theta, sources={}, sensors={}, ports=ports, one=trace.one)


def ring_angles(mesh: Mesh) -> Floats:
    """Angle phi of every node of the ring, in the order of its port [rad]."""
    x, y = mesh.points[:, _in_order(mesh.boundaries["ring"])]
    return np.arctan2(y, x)


def ring_flux_resistances(mesh: Mesh, sheet_conductance: float, harmonics: int) -> Floats:
    """Mean responses of the ring to heat ~ cos(m phi) spread over it, the chip held [K/W], (m, m').

    The other way to join: the flux, not the temperature, follows the first harmonics. Weighted by cos(m phi) on both
    sides, so the diagonal's first entry is the mean temperature of the ring per watt of uniform flux.
    """
    elements = plane_elements(mesh)
    everywhere = np.arange(mesh.cells.shape[1])
    ring = mesh.boundaries["ring"]
    plate = System(
        K={"sheet": 2 * stiffness(elements, everywhere)},
        C={},
        theta={"sheet": sheet_conductance},
        sources={},
        sensors={},
        ports={"chip": np.unique(mesh.boundaries["chip"])},
        one=np.ones(elements.size),
    ).hold("chip")
    length = facet_load(elements, ring)
    angle = np.zeros(elements.size)
    angle[_in_order(ring)] = ring_angles(mesh)
    weights = length[:, None] * np.cos(angle[:, None] * np.arange(harmonics + 1)) / length.sum()
    return np.asarray(weights.T @ plate.solve(weights), dtype=float)


def _in_order(edges: np.ndarray) -> np.ndarray:
    """Nodes of a line of three-node edges in the order in which the line runs."""
    return np.concatenate([np.stack([edges[0], edges[2]]).T.ravel(), edges[1, -1:]])


def _thickness(sheet: Sheet) -> float:
    return sheet.thickness


def _sheet_conductance(sheet: Sheet) -> float:
    return sheet.thickness * sheet.conductivity


def _sheet_capacity(sheet: Sheet) -> float:
    return sheet.thickness * sheet.heat_capacity


def _laminate(sheets: Sequence[Sheet], weight: Callable[[Sheet], float], around: Matrix, under: Matrix) -> Matrix:
    """Sum of sheets by weight: `around` the foot everywhere, `under` it only where they lie there."""
    everywhere = sum(weight(sheet) for sheet in sheets)
    below = sum(weight(sheet) for sheet in sheets if sheet.under_tip)
    return everywhere * around + below * under if below else everywhere * around


def _disc(size: int, amplitudes: np.ndarray, radius: float) -> tuple[sp.csr_array, sp.csr_array]:
    """Conductance and capacity of a disc per sheet conductance and heat capacity per area, (r/a)^m cos(m phi) on it."""
    orders = np.arange(len(amplitudes))
    stored = math.pi * radius**2 / np.where(orders > 0, 2 * orders + 2, 1)
    conducted = math.pi * orders
    return tuple(sp.csr_array((values, (amplitudes, amplitudes)), shape=(size, size)) for values in (conducted, stored))
