"""A whole probe with its tip in three dimensions: half of tip and cantilever, symmetric about the cantilever's axis."""

from __future__ import annotations

from dataclasses import dataclass

import scipy.sparse as sp

from thermonet.geometry.mesh import Mesh
from thermonet.geometry.plate import plate_mesh
from thermonet.geometry.tip_solid import tip_solid
from thermonet.heat.cantilever import plate_system, ring_port
from thermonet.heat.probe import Probe
from thermonet.heat.tip_solid import SolidTipModel, foot_port, solid_tip_model, standing
from thermonet.system.core import Matrix, System
from thermonet.system.join import join

#: Harmonics of the ring's temperature that tip and plate share: lines, a quarter of the circumference each, need more
#: than films that are equal all around.
HARMONICS = 4


@dataclass(frozen=True)
class SolidProbeModel:
    """An assembled probe.

    Attributes
    ----------
    probe
        What it was assembled from.
    system
        Source 'apex', sensors 'thermocouple' and 'contact', ports 'foot', 'region.<name>' and, on a plate, 'chip'.
    tip
        The tip's own model.
    tip_fields
        Temperature of every node of the tip per kelvin of every unknown of the system, (nodes, unknowns).
    plate
        Mesh of the half plate, if there is one.
    """

    probe: Probe
    system: System
    tip: SolidTipModel
    tip_fields: Matrix
    plate: Mesh | None

    @property
    def ground(self) -> str:
        """Port that is held at the surroundings' temperature."""
        return "foot" if self.plate is None else "chip"


def solid_probe_model(
    probe: Probe, element_scale: float = 1.0, *, by_term: bool = True, resolved: bool = False
) -> SolidProbeModel:
    """Mesh and assemble a probe.

    Parameters
    ----------
    probe
        The probe.
    element_scale
        Multiplies the size of every element.
    by_term
        One affine term per film and interface, or with false their sums alone: faster, and all that answers need.
    resolved
        Whether films are meshed across down to the foot, instead of sheets beyond the lines' crossing.
    """
    # The tip alone is symmetric about both lines, the cantilever about its axis.
    quarters = 1 if probe.plate is None else 2
    shape = tip_solid(probe.apex, element_scale, quarters=quarters, resolved=resolved)
    tip = solid_tip_model(shape, probe.properties, probe.sensing, by_term=by_term)
    if probe.plate is None:
        system, fields = standing(tip, 0)
        return SolidProbeModel(probe, system, tip, fields, None)
    on_ring, fields = standing(tip, HARMONICS)
    mesh = plate_mesh(probe.plate, element_scale)
    plate = plate_system(mesh, probe.sheets, probe.plate.hole_radius, HARMONICS, by_term=by_term)
    system = join([on_ring, plate], [(foot_port(order), ring_port(order)) for order in range(HARMONICS + 1)])
    # The tip's unknowns come first in the joined system.
    more = sp.csr_array((fields.shape[0], system.size - fields.shape[1]))
    return SolidProbeModel(probe, system, tip, sp.csr_array(sp.hstack([fields, more])), mesh)
