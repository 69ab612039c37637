"""Which elements lose one another's heat in rounding, where a network cannot be solved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from thermonet.network.elements import Elements
from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.formatting import with_unit

#: Ratio of conductances above which the weaker one has few digits left beside the stronger.
_WIDE = 1e9


@contextmanager
def named_spread(listed: Elements) -> Iterator[None]:
    """Name the strongest and the weakest element where what is inside fails, and their conductances may be why.

    Parameters
    ----------
    listed
        Elements of the network.

    Raises
    ------
    PhysicsError
        What is inside raises one that names no place, and the conductances spread over many decades; the path is that
        of the strongest element. Otherwise what is raised inside is raised as it is.
    """
    try:
        yield
    except PhysicsError as error:
        conductances = listed.conductances
        if error.path or not len(conductances) or not conductances.max() > _WIDE * conductances.min():
            raise
        strong, weak = (int(listed.linear[place]) for place in (np.argmax(conductances), np.argmin(conductances)))
        least, largest = (with_unit(1 / value, "K/W") for value in (conductances.max(), conductances.min()))
        one, other = listed.names[strong], listed.names[weak]
        raise PhysicsError(
            f"{one} ({least}) and {other} ({largest}) are {np.log10(conductances.max() / conductances.min()):.0f} "
            f"decades apart, and rounding leaves no answer: expected one node in place of the two ends of {one}, or a "
            "larger resistance between them",
            f"elements.{one}",
        ) from error
