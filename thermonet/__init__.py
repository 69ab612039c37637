"""thermonet: finite-element models and thermal networks of micrometre-sized thermometers.

>>> import thermonet
>>> document = thermonet.read_probe(thermonet.builtin("ntistp"))
>>> document.apex.height.value
8e-06
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thermonet.documents.builtin import builtin
    from thermonet.quantities.errors import DocumentError, PhysicsError, ThermonetError
    from thermonet.quantities.inputs import Input
    from thermonet.results.record import Check, Quantity, Result
    from thermonet.studies.bodies.study import read_body, study_body
    from thermonet.studies.calibration import calibrate, read_campaign
    from thermonet.studies.design import read_probe
    from thermonet.studies.network.study import read_network, study_network
    from thermonet.studies.probe import study_probe
    from thermonet.studies.update import update_probe
    from thermonet.system.core import System
    from thermonet.uncertainty.firstorder import propagate
    from thermonet.uncertainty.montecarlo import simulate

_HOMES = {
    "Check": "results.record",
    "DocumentError": "quantities.errors",
    "Input": "quantities.inputs",
    "PhysicsError": "quantities.errors",
    "Quantity": "results.record",
    "Result": "results.record",
    "System": "system.core",
    "ThermonetError": "quantities.errors",
    "builtin": "documents.builtin",
    "calibrate": "studies.calibration",
    "propagate": "uncertainty.firstorder",
    "read_body": "studies.bodies.study",
    "read_campaign": "studies.calibration",
    "read_network": "studies.network.study",
    "read_probe": "studies.design",
    "simulate": "uncertainty.montecarlo",
    "study_body": "studies.bodies.study",
    "study_network": "studies.network.study",
    "study_probe": "studies.probe",
    "update_probe": "studies.update",
}

__all__ = [
    "Check",
    "DocumentError",
    "Input",
    "PhysicsError",
    "Quantity",
    "Result",
    "System",
    "ThermonetError",
    "builtin",
    "calibrate",
    "propagate",
    "read_body",
    "read_campaign",
    "read_network",
    "read_probe",
    "simulate",
    "study_body",
    "study_network",
    "study_probe",
    "update_probe",
]


def __getattr__(name: str) -> object:
    """Load what is asked for on first access: importing the package alone costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'thermonet' has no attribute '{name}'")
    return getattr(import_module(f"thermonet.{_HOMES[name]}"), name)
