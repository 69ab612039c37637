"""Names by which boundaries, sources and sensors call the faces and regions of a body."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

#: Both faces of a plate's region, all of its area twice.
SHEET_FACES = "faces"


@dataclass(frozen=True)
class Places:
    """What there is to name, as far as it is known without drawing: regions, and faces of them as ``region.face``.

    Attributes
    ----------
    regions
        Of the body.
    boundaries
        Names of the document's boundaries, which sources and sensors may use too.
    plate
        Whether regions are sheets, with two faces beside their edges.
    open_ended
        Whether there may be others: groups of a mesh file that nobody has opened yet.
    """

    regions: tuple[str, ...]
    boundaries: tuple[str, ...] = ()
    plate: bool = False
    open_ended: bool = False

    def problem(self, name: str, *, among: str = "boundary, face or region") -> str:
        """Say that there is no such place, and which one was probably meant; empty where there may be."""
        region, dot, _ = name.partition(".")
        if name in (*self.regions, *self.boundaries) or (dot and region in self.regions) or self.open_ended:
            return ""
        if dot:
            return f"there is no region '{region}', expected {nearest(region, self.regions)}"
        known = (*self.regions, *self.boundaries)
        return f"there is no {among} '{name}', expected {nearest(name, known)} or a face such as '{known[0]}.left'"

    def sheet(self, name: str) -> str:
        """Region whose two faces are meant by a name; empty where it means something else."""
        region = name.removesuffix(f".{SHEET_FACES}")
        return region if self.plate and region != name and region in self.regions else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """What was probably meant, or everything there is."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"'{close[0]}'" if close else f"one of {', '.join(names)}"
