"""What the inputs of bodies are called in a network, and which of them are one cause."""

from __future__ import annotations

from collections.abc import Mapping

from thermonet.materials.library import library_inputs
from thermonet.quantities.inputs import Input

#: Body and the name of an input in its document.
Own = tuple[str, str]


def causes(designs: Mapping[str, str], inputs: Mapping[Own, Input]) -> dict[Own, str]:
    """Name in the network of every input: ``<body>.<path>``, or ``<body>+<body>.<path>`` of what several share.

    An input belongs to the place that states it. A design that several bodies name states its numbers once, for all of
    them; the materials library does so for the bodies of all designs, but for films of a batch: a batch is a design's.

    Parameters
    ----------
    designs
        Design by body.
    inputs
        Uncertain inputs of the bodies.
    """
    ours = library_inputs()
    place = {
        (body, name): name if ours.get(name) == value else f"{designs[body]}:{name}"
        for (body, name), value in inputs.items()
    }
    sharing: dict[tuple[str, str], list[str]] = {}
    for (body, name), where in place.items():
        sharing.setdefault((where, name), []).append(body)
    return {(body, name): f"{'+'.join(sharing[where, name])}.{name}" for (body, name), where in place.items()}
