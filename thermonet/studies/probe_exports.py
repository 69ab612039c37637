"""What leaves a probe for other programs: a small model between contact, thermocouple and chip."""

from __future__ import annotations

from dataclasses import replace

from thermonet.documents.probe import ProbeDocument
from thermonet.studies.answers import SolvedProbe
from thermonet.studies.exports import Exports, SteadyCase, small_exports, small_model

#: Error of a response of the small model, and the frequency up to which it is held [Hz].
TOLERANCE, HIGHEST_FREQUENCY = 1e-3, 1e6
#: Heat of the steady case into the contact [W]: no answer of a probe depends on it.
POWER = 1e-6


def probe_exports(document: ProbeDocument, solved: SolvedProbe) -> Exports:
    """Files of a probe, with the structure function of the heat that enters at its contact.

    The apex source heats as the contact is read, so that both are one pin.
    """
    small, ground = solved.small, solved.model.ground
    found = small_model(
        small,
        {name: small.sensors[name] for name in ("contact", "thermocouple")},
        [ground],
        heated=["contact"],
        tolerance=TOLERANCE,
        highest_frequency=HIGHEST_FREQUENCY,
    )
    case = SteadyCase(
        name=document.name,
        title=document.title or document.name,
        bath=document.temperature.value,
        powers={"contact": POWER},
        rises={ground: 0.0},
        notes=["The case: 1e-6 W from the apex source, which is the contact; v(thermocouple) is R_P times that."],
    )
    return small_exports(replace(found, unknowns=len(solved.held.free)), case, driving_points=["contact"])
