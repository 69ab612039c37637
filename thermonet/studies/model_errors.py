"""What a mesh cannot see: each simplification of the probe's model, measured by replacing it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from thermonet.heat.probe import base_resistances
from thermonet.studies.answers import SolvedProbe, solve_probe
from thermonet.system.response import harmonic
from thermonet.system.steady import resistance


@dataclass(frozen=True)
class ModelError:
    """One simplification: its name, its effect on R_P [K/W] and how that was measured."""

    name: str
    effect: float
    explanation: str


def model_errors(solved: SolvedProbe, element_scale: float) -> tuple[ModelError, ...]:
    """Errors of a probe's model beside that of its mesh.

    Parameters
    ----------
    solved
        The probe.
    element_scale
        Of the auxiliary models that are solved for comparison.
    """
    found = [_foot(solved, element_scale), _reduction(solved)]
    if solved.model.plate is not None:
        found.insert(0, _join(solved))
    return tuple(found)


def _join(solved: SolvedProbe) -> ModelError:
    by_temperature, by_flux = base_resistances(solved.model)
    return ModelError(
        "join",
        abs(by_temperature - by_flux) / 2,
        "half the difference of R_P between a ring whose temperature and one whose heat flux is limited to the first "
        "harmonics, which bracket the free ring",
    )


def _foot(solved: SolvedProbe, element_scale: float) -> ModelError:
    """Foot at one temperature across all films, against heat leaving through the source's metal alone."""
    alone = solve_probe(replace(solved.model.probe, plate=None), element_scale).model.tip
    outer = solved.model.probe.sensing.source_layer
    foot = alone.system.ports["foot"]
    metal = np.intersect1d(foot, alone.system.ports[f"region.{outer}"])
    open_foot = replace(alone.system, ports={**alone.system.ports, "metal": metal})
    tied, free = (resistance(open_foot.hold(port), "thermocouple", "apex") for port in ("foot", "metal"))
    return ModelError(
        "foot",
        abs(tied - free) / 2,
        f"half the difference of R_P between a foot at one temperature and one through which only {outer} conducts",
    )


def _reduction(solved: SolvedProbe) -> ModelError:
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
