"""Bodies of a network as small dense systems between their terminals: what files of other programs can hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from thermonet.network.terminals import MultiTerminal
from thermonet.quantities.errors import PhysicsError
from thermonet.system.compact import compact_model
from thermonet.system.core import System


def dense_body(name: str, body: MultiTerminal, tolerance: float) -> System:
    """System whose ports are a body's isothermal terminals, and whose sources and sensors the weighted ones.

    Parameters
    ----------
    name
        Of the body, for errors.
    body
        As an element of a network.
    tolerance
        Of the compact model that a large body is replaced by.

    Raises
    ------
    PhysicsError
        No terminal is isothermal.
    """
    system = body.system
    ports = {terminal: system.ports[at] for terminal, at in body.terminals.items() if isinstance(at, str)}
    if not ports:
        raise PhysicsError(
            f"{name}: a body that leaves a network needs an isothermal terminal, and has weighted ones only"
        )
    weights = {terminal: np.asarray(at) for terminal, at in body.terminals.items() if not isinstance(at, str)}
    seen = replace(system, ports=ports, sources=weights, sensors=weights)
    if any(isinstance(term, np.ndarray) for term in system.K.values()):
        return seen
    # Terminals of one port are one coordinate.
    called = {int(unknowns[0]): terminal for terminal, unknowns in reversed(ports.items())}
    first, *others = reversed(called.values())
    small = compact_model(seen.hold(first), tuple(weights), tuple(weights), others, tolerance=tolerance).system
    return replace(small, ports={terminal: small.ports[called[int(at[0])]] for terminal, at in ports.items()})
