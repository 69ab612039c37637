"""What a mesh cannot see: each simplification of the probe's model, measured by replacing it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermonet.heat.foot import foot_effect
from thermonet.heat.probe import ProbeModel, base_resistances
from thermonet.studies.answers import SolvedProbe
from thermonet.system.response import harmonic


@dataclass(frozen=True)
class ModelError:
    """One simplification: its name, its effect on R_P [K/W] and how that was measured."""

    name: str
    effect: float
    explanation: str


def model_errors(solved: SolvedProbe) -> tuple[ModelError, ...]:
    """Errors of the model of a round probe beside that of its mesh; `solid_model_errors` has those of lines."""
    model = solved.model
    assert isinstance(model, ProbeModel)
    if model.plate is None:
        return (reduction_error(solved),)
    return _join(model), _foot(model), reduction_error(solved)


def _join(model: ProbeModel) -> ModelError:
    by_temperature, by_flux = base_resistances(model)
    return ModelError(
        "join",
        abs(by_temperature - by_flux) / 2,
        "half the difference of R_P between a ring whose temperature and one whose heat flux is limited to the first "
        "harmonics, which bracket the free ring",
    )


def _foot(model: ProbeModel) -> ModelError:
    probe = model.probe
    return ModelError(
        "foot",
        abs(foot_effect(model.tip, probe.sheets, probe.properties, probe.apex.foot_radius)),
        "R_P with films that reach the plate at temperatures of their own and even out on it, less R_P with a foot at "
        "one temperature",
    )


def reduction_error(solved: SolvedProbe) -> ModelError:
    """Small model against the large one at ten times the bandwidth, in harmonic response."""
    frequency = 10 * solved.answers["bandwidth_3db"]
    system = solved.held.system
    field = solved.held.solve(system.sources["apex"], s=2j * np.pi * frequency)
    large = complex(system.sensors["thermocouple"] @ field)
    small = complex(harmonic(solved.transfer, np.array([frequency]))[0])
    return ModelError(
        "reduction",
        abs(small - large),
        f"harmonic response by {solved.small.size} coordinates less that by all {system.size}, at {frequency:.3g} Hz",
    )
