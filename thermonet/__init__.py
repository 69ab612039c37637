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
    from thermonet.studies.body import read_body, study_body
    from thermonet.studies.design import read_probe
    from thermonet.studies.probe import study_probe
    from thermonet.system.core import System

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
    "read_body": "studies.body",
    "read_probe": "studies.design",
    "study_body": "studies.body",
    "study_probe": "studies.probe",
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
    "read_body",
    "read_probe",
    "study_body",
    "study_probe",
]


def __getattr__(name: str) -> object:
    """Load what is asked for on first access: importing the package alone costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'thermonet' has no attribute '{name}'")
    return getattr(import_module(f"thermonet.{_HOMES[name]}"), name)
