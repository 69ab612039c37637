"""What the mesh of a three-dimensional probe cannot see: each simplification of its model, measured by replacing it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from thermonet.geometry.apex import Apex, apex_mesh
from thermonet.geometry.mesh import Floats, Mesh
from thermonet.heat.cantilever import ring_flux_resistances
from thermonet.heat.foot import foot_effect
from thermonet.heat.probe import Probe
from thermonet.heat.probe_solid import HARMONICS, SolidProbeModel, solid_probe_model
from thermonet.heat.tip import tip_model
from thermonet.heat.tip_solid import foot_port, standing
from thermonet.studies.answers import SolvedProbe
from thermonet.studies.model_errors import ModelError, reduction_error
from thermonet.system.core import System
from thermonet.system.steady import resistance


def solid_model_errors(coarse: SolvedProbe, element_scale: float) -> tuple[ModelError, ...]:
    """Errors of the model of a probe with lines beside that of its mesh.

    Parameters
    ----------
    coarse
        The probe on a coarse mesh, which is fine enough for differences of models.
    element_scale
        Of that mesh.
    """
    assert isinstance(coarse.model, SolidProbeModel)
    errors = [_sheets(coarse, element_scale)]
    if coarse.model.plate is not None:
        errors += [_join(coarse.model, coarse.model.plate), _foot(coarse.model.probe, element_scale)]
    return (*errors, reduction_error(coarse))


def _sheets(coarse: SolvedProbe, element_scale: float) -> ModelError:
    resolved = solid_probe_model(coarse.model.probe, element_scale, by_term=False, resolved=True)
    other = resistance(resolved.system.hold(resolved.ground), "thermocouple", "apex")
    return ModelError(
        "sheet",
        abs(coarse.answers["probe_resistance"] - other),
        "R_P with films as sheets beyond the crossing of the lines, less R_P with all of them resolved by elements",
    )


def _join(model: SolidProbeModel, plate: Mesh) -> ModelError:
    by_temperature, by_flux = joined_resistances(model, plate)
    return ModelError(
        "join",
        abs(by_temperature - by_flux) / 2,
        f"half the difference of R_P between a ring whose temperature and one whose heat flux is limited to the first "
        f"{HARMONICS} harmonics, which bracket the free ring",
    )


def joined_resistances(model: SolidProbeModel, plate: Mesh) -> tuple[float, float]:
    """R_P with the ring's temperature, then with its heat flux restricted to the first harmonics [K/W]."""
    system, _ = standing(model.tip, HARMONICS)
    feet = [foot_port(order) for order in range(HARMONICS + 1)]
    admittance, arriving, seen, direct = _seen_from_foot(system, feet)
    sheets = model.probe.sheets.values()
    conductance = sum(sheet.thickness * sheet.conductivity for sheet in sheets)
    under_tip = sum(sheet.thickness * sheet.conductivity for sheet in sheets if sheet.under_tip)
    loaded = admittance + np.diag(np.pi * np.arange(HARMONICS + 1) * under_tip)
    # Amplitudes are twice the mean of T cos(m phi), heat per amplitude half of the heat ~ cos(m phi).
    scale = np.array([1.0] + [2.0] * HARMONICS)
    response = scale[:, None] * ring_flux_resistances(plate, conductance, HARMONICS) * scale
    amplitudes = np.linalg.solve(np.eye(HARMONICS + 1) + response @ loaded, response @ arriving)
    by_temperature = resistance(model.system.hold(model.ground), "thermocouple", "apex")
    return by_temperature, direct + float(seen @ amplitudes)


def _seen_from_foot(system: System, feet: list[str]) -> tuple[Floats, Floats, Floats, float]:
    """Admittance of a tip's foot, heat that arrives there per watt, thermocouple per amplitude, and with all held.

    The amplitudes of the foot's temperature are the unknowns of `feet`; everything else is eliminated.
    """
    held = system.hold(*feet)
    unknowns = [int(system.ports[port][0]) for port in feet]
    drive = np.column_stack([(held.fixed == unknown).astype(float) for unknown in unknowns])
    fields = np.column_stack(
        [np.asarray(held.solve(np.zeros(system.size), held=column), dtype=float) for column in drive.T]
    )
    source, sensor = system.sources["apex"], system.sensors["thermocouple"]
    return (
        np.asarray(fields.T @ (held.K @ fields), dtype=float),
        np.asarray(fields.T @ source, dtype=float),
        np.asarray(fields.T @ sensor, dtype=float),
        float(sensor @ held.solve(source)),
    )


def _foot(probe: Probe, element_scale: float) -> ModelError:
    """As of a tip of shells, whose films carry more heat into the foot than lines do."""
    apex = without_lines(probe.apex)
    tip = tip_model(apex_mesh(apex, element_scale), probe.properties, probe.sensing)
    return ModelError(
        "foot",
        abs(foot_effect(tip, probe.sheets, probe.properties, apex.foot_radius)),
        "R_P with films that reach the plate at temperatures of their own and even out on it, less R_P with a foot at "
        "one temperature, both of the tip with shells in place of lines",
    )


def without_lines(apex: Apex) -> Apex:
    """Return the tip with every film all around it: a body of revolution."""
    return replace(apex, layers=tuple(replace(layer, line=None) for layer in apex.layers))
