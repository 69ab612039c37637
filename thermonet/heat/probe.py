"""A whole probe as one system: the tip on its cantilever, held at the chip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from thermonet.geometry.apex import Apex, apex_mesh
from thermonet.geometry.mesh import Floats, Mesh
from thermonet.geometry.plate import Plate, plate_mesh
from thermonet.heat.cantilever import Sheet, plate_coefficients, plate_system, ring_flux_resistances, ring_port
from thermonet.heat.elements import plane_elements, stiffness
from thermonet.heat.source import joule_heat
from thermonet.heat.tip import (
    HeatProperties,
    LineHeat,
    TipModel,
    TipSensing,
    ring_harmonics,
    tip_coefficients,
    tip_model,
)
from thermonet.system.core import Matrix, System, Vector
from thermonet.system.join import join, tied

#: Harmonics of the ring's temperature that tip and plate share; the error of stopping there is reported.
HARMONICS = 2


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A probe in SI numbers: shapes, what they are made of, where heat enters and temperature is read.

    Attributes
    ----------
    apex, plate
        Shapes; without a plate the foot of the tip is held.
    properties
        Of the tip's regions and interfaces.
    sheets
        Layers of the plate by name.
    sensing
        Thermocouple and heat source.
    """

    apex: Apex
    plate: Plate | None
    properties: HeatProperties
    sheets: Mapping[str, Sheet]
    sensing: TipSensing


@dataclass(frozen=True)
class ProbeModel:
    """An assembled probe.

    Attributes
    ----------
    probe
        What it was assembled from.
    system
        Source 'apex', sensors 'thermocouple' and 'contact', ports 'foot', 'region.<name>' and, on a plate, 'chip'.
    tip
        The tip's own model; its unknowns come first in `system`, see `tip_unknowns`.
    tip_unknowns
        Unknown of `system` for every node of the tip.
    plate
        Mesh of the half plate, if there is one.
    harmonic_shapes
        Condensed fields of the tip's foot by order.
    """

    probe: Probe
    system: System
    tip: TipModel
    tip_unknowns: np.ndarray
    plate: Mesh | None
    harmonic_shapes: dict[int, Floats]

    @property
    def ground(self) -> str:
        """The port that is held."""
        return "foot" if self.plate is None else "chip"


def probe_model(
    probe: Probe,
    element_scale: float = 1.0,
    *,
    by_term: bool = True,
    harmonic_shapes: Mapping[int, Floats] | None = None,
) -> ProbeModel:
    """Mesh and assemble a probe.

    Parameters
    ----------
    probe
        The probe.
    element_scale
        Multiplies the size of every element.
    by_term
        One affine term per film and interface, or with false their sums alone: faster, and all that answers need.
    harmonic_shapes
        Condensed fields to reuse (of a probe with the same topology): then nothing is solved.
    """
    tip = tip_model(apex_mesh(probe.apex, element_scale), probe.properties, probe.sensing, by_term=by_term)
    to = np.arange(tip.system.size)
    to[tip.system.ports["foot"]] = tip.system.ports["foot"].min()
    number = np.unique(to, return_inverse=True)[1]
    if probe.plate is None:
        return ProbeModel(probe, tied(tip.system, "foot"), tip, number, None, {})
    mesh = plate_mesh(probe.plate, element_scale)
    plate = plate_system(mesh, probe.sheets, probe.plate.hole_radius, HARMONICS, by_term=by_term)
    orders = range(1, HARMONICS + 1)
    harmonics, shapes = ring_harmonics(tip, orders, harmonic_shapes)
    pairs = [("foot", ring_port(0)), *((f"foot#{order}", ring_port(order)) for order in orders)]
    return ProbeModel(probe, join([tip.system, plate, *harmonics], pairs, ["foot"]), tip, number, mesh, shapes)


def coefficients(probe: Probe) -> dict[str, float]:
    """Coefficient of every term of a probe's system, without meshing it."""
    tip = tip_coefficients(probe.properties)
    if probe.plate is None:
        return tip
    # A tip with lines is solved with its harmonics in it.
    orders = range(1, HARMONICS + 1 if probe.apex.is_round else 1)
    harmonics = {f"{name}#{m}": value for m in orders for name, value in tip.items()}
    return tip | harmonics | plate_coefficients(probe.sheets)


def same_shape(first: Probe, second: Probe) -> bool:
    """Whether two probes differ in coefficients alone, so that the matrices of one serve the other."""

    def shape(probe: Probe) -> tuple[object, ...]:
        thickness = {name: sheet.thickness for name, sheet in probe.sheets.items()}
        return probe.apex, probe.plate, probe.sensing, thickness

    return shape(first) == shape(second)


def base_resistances(model: ProbeModel) -> tuple[float, float]:
    """Resistance from the tip's foot to the chip, joined in two ways that bracket the truth [K/W].

    First with the ring's temperature, then with its heat flux restricted to the first harmonics; for an axial sensor
    the two bracket the ring that is free to do as it likes.
    """
    if model.plate is None:
        return 0.0, 0.0
    held = model.system.hold("chip")
    foot = np.zeros(model.system.size)
    foot[model.system.ports["foot"]] = 1.0
    by_temperature = float(held.solve(foot) @ foot)
    sheets = model.probe.sheets.values()
    sheet_conductance = sum(sheet.thickness * sheet.conductivity for sheet in sheets)
    under_tip = sum(sheet.thickness * sheet.conductivity for sheet in sheets if sheet.under_tip)
    # Amplitudes are twice the mean of T cos(m phi), heat per amplitude half of the heat ~ cos(m phi).
    scale = np.array([1.0] + [2.0] * HARMONICS)
    response = scale[:, None] * ring_flux_resistances(model.plate, sheet_conductance, HARMONICS) * scale
    admittance = np.zeros(HARMONICS + 1)
    for order in range(1, HARMONICS + 1):
        terms = [name for name in model.system.K if name.endswith(f"#{order}")]
        unknown = model.system.ports[ring_port(order)][0]
        tip = sum(model.system.theta[name] * model.system.K[name][unknown, unknown] for name in terms)
        admittance[order] = tip + np.pi * order * under_tip
    loaded = np.linalg.solve(np.eye(HARMONICS + 1) + response * admittance, response[:, 0])
    return by_temperature, float(loaded[0])


def on_tip(model: ProbeModel, load: Floats) -> Vector:
    """Load of the whole system from one of the tip's nodes."""
    return np.bincount(model.tip_unknowns, load, minlength=model.system.size).astype(float)


def lead_heat(model: ProbeModel) -> LineHeat:
    """Heat of a current along a film of the plate, from the ring on which the tip stands to the chip.

    Both ends are equipotential and the film covers the plate evenly, so where the heat enters does not depend on
    which film it is. The load is one of the whole system.

    Raises
    ------
    ValueError
        The probe has no plate.
    """
    mesh = model.plate
    if mesh is None:
        raise ValueError("the probe has no plate")
    elements, everywhere = plane_elements(mesh), np.arange(mesh.cells.shape[1])
    held = System(
        K={"sheet": 2 * stiffness(elements, everywhere)},
        C={},
        theta={"sheet": 1.0},
        sources={},
        sensors={},
        ports={name: np.unique(mesh.boundaries[name]) for name in ("ring", "chip")},
        one=np.ones(elements.size),
    ).hold("ring", "chip")
    one_volt = np.isin(held.fixed, held.system.ports["ring"]).astype(float)
    potential = np.asarray(held.solve(np.zeros(elements.size), held=one_volt), dtype=float)
    heat = joule_heat(elements, everywhere, potential, 2.0)  # the mesh is half the plate
    conductance = float(heat.sum())
    return LineHeat(plate_fields(model).T @ heat / conductance, 1 / conductance)


def plate_fields(model: ProbeModel) -> Matrix:
    """Temperature of every node of the plate per kelvin of every unknown of the system, (nodes, unknowns)."""
    mesh, ports = model.plate, model.system.ports
    if mesh is None:
        raise ValueError("the probe has no plate")
    ring, chip = (np.unique(mesh.boundaries[name]) for name in ("ring", "chip"))
    amplitudes = np.concatenate([ports[ring_port(order)] for order in range(HARMONICS + 1)])
    shapes = np.cos(np.outer(np.arctan2(*mesh.points[::-1, ring]), np.arange(HARMONICS + 1)))
    inside = np.setdiff1d(np.arange(mesh.points.shape[1]), np.concatenate([ring, chip]))
    # The plate's own unknowns follow the order of its nodes, whatever stands before and after them.
    elsewhere = np.concatenate([model.tip_unknowns, amplitudes, ports["chip"]])
    own = np.setdiff1d(np.arange(model.system.size), elsewhere)
    rows = np.concatenate([inside, chip, np.repeat(ring, HARMONICS + 1)])
    columns = np.concatenate([own, np.repeat(ports["chip"], len(chip)), np.tile(amplitudes, len(ring))])
    values = np.concatenate([np.ones(len(inside) + len(chip)), shapes.ravel()])
    return sp.csr_array((values, (rows, columns)), shape=(mesh.points.shape[1], model.system.size))
