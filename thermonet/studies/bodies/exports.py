"""What leaves a linear body for other programs: a small model between its baths, ports, sources and sensors."""

from __future__ import annotations

import logging
import math
from dataclasses import replace

import numpy as np

from thermonet.documents.kinds import BodyDocument
from thermonet.studies.bodies.answers import SolvedBody
from thermonet.studies.exports import Exports, SteadyCase, small_exports, small_model
from thermonet.system.core import Held, Vector

_log = logging.getLogger(__name__)

#: Error of a response of the small model, as that of a probe and a network.
TOLERANCE = 1e-3
#: Pins beside the baths up to which a body has a small model: its cost grows with their square, and is seconds here.
_MOST_PINS = 16
#: Weights outside the baths below this part of all are none: the heat enters a bath, and leaves at once.
_NOTHING = 1e-12


def body_exports(document: BodyDocument, solved: SolvedBody) -> Exports:
    """Files of a body with all sources at their powers, up to the frequency that its mesh follows.

    Pins have the names of the document; a source or sensor whose name something else has is ``source.<name>`` or
    ``sensor.<name>``. Of more pins than `_MOST_PINS` there are none.
    """
    body, baths = solved.body, list(solved.body.baths)
    free = [name for name, item in body.boundaries.items() if item.port == "isothermal" and name not in baths]
    # The study's own small model holds the fields of sources and sensors, not those of other ports.
    large = bool(free) or not (body.sources or body.sensors)
    held = solved.held if large else solved.small.hold(*baths)
    pins, powers = _pins(held, solved, {*baths, *free})
    if not pins and len(baths) + len(free) == 1:
        return Exports()
    if len(pins) > _MOST_PINS:
        _log.info(
            "no compact model between %d pins, more than %d: as a body of a network it has one between some of them",
            len(pins),
            _MOST_PINS,
        )
        return Exports()
    system = held.system if body.has_capacity else replace(held.system, C={})
    small = small_model(
        system,
        pins,
        baths,
        free,
        heated=powers or None,
        tolerance=TOLERANCE,
        highest_frequency=None if solved.rate is None or math.isinf(solved.rate) else solved.rate / (2 * np.pi),
        most_states=system.size,
    )
    case = SteadyCase(
        name=document.name,
        title=document.title or document.name,
        bath=solved.reference,
        powers=powers,
        rises={port: body.bath_temperature(port) - solved.reference for port in baths},
        notes=() if body.has_capacity else ["Steady: not all of its heat capacities are known."],
    )
    return small_exports(replace(small, unknowns=len(solved.held.free)), case)


def _pins(held: Held, solved: SolvedBody, ports: set[str]) -> tuple[dict[str, Vector], dict[str, float]]:
    """Weights of every source and sensor by the name of its pin, and the power into it [W]."""
    pins: dict[str, Vector] = {}
    powers: dict[str, float] = {}
    for kind, group in (("source", held.system.sources), ("sensor", held.system.sensors)):
        for name, weights in group.items():
            if np.abs(weights[held.free]).max(initial=0.0) <= _NOTHING * np.abs(weights).max():
                continue
            taken = name in ports or (name in pins and not _same(pins[name], weights))
            pin = f"{kind}.{name}" if taken else name
            pins[pin] = weights
            if kind == "source":
                powers[pin] = solved.model.powers[name]
    return pins, powers


def _same(first: Vector, second: Vector) -> bool:
    return bool(np.allclose(first, second, rtol=0.0, atol=1e-9 * float(np.abs(first).max())))
