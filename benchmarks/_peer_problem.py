"""The reference problems that every tool solves: a layered cone, axisymmetric (A) or in full (B).

A truncated cone of silica, 8 um high with a half angle of 30 degrees and a flat end of radius 150 nm, under five films
offset outward and mitred. Its base is at 0. Heat enters the outer gold within 100 nm of the apex; the temperature is
the mean of the inner gold within 100 nm of its outer surface on the axis, 320 nm behind the apex.

Read by interpreters in which thermonet is not installed, so it needs numpy alone.
"""

from __future__ import annotations

import gc
import json
import math
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

import numpy as np

Native = TypeVar("Native")

#: Thermal conductivity [W/m/K] and volumetric heat capacity [J/m^3/K] of every region; the two regions that are heated
#: and read belong to the outer and to the inner gold.
CONDUCTIVITY = {
    "silica": 1.4,
    "inner_gold": 150.0,
    "junction": 150.0,
    "inner_nitride": 2.0,
    "chromium": 40.0,
    "outer_nitride": 2.0,
    "outer_gold": 150.0,
    "source": 150.0,
}
CAPACITY = {
    "silica": 1.6e6,
    "inner_gold": 2.5e6,
    "junction": 2.5e6,
    "inner_nitride": 2.2e6,
    "chromium": 3.2e6,
    "outer_nitride": 2.2e6,
    "outer_gold": 2.5e6,
    "source": 2.5e6,
}
#: Lengths [nm] and half angle of the cone, the films from the inside out.
HEIGHT, RADIUS, SLOPE = 8000.0, 150.0, math.radians(30)
FILMS = {"inner_gold": 90.0, "inner_nitride": 70.0, "chromium": 90.0, "outer_nitride": 70.0, "outer_gold": 90.0}
APEX = HEIGHT + sum(FILMS.values())
JUNCTION = HEIGHT + FILMS["inner_gold"]
#: Of what is heated around the apex and read around the junction.
REACH = 100.0
#: Relative residual, in the norm of the preconditioner, at which iterations stop.
TOLERANCE = 1e-10
#: Metres per unit of the mesh's coordinates.
UNIT = 1e-9


def profile(offset: float) -> list[tuple[float, float]]:
    """Foot, shoulder and top (r, z) of the surface at a distance from the cone."""
    foot = RADIUS + HEIGHT * math.tan(SLOPE) + offset / math.cos(SLOPE)
    shoulder = RADIUS + offset * (1 / math.cos(SLOPE) - math.tan(SLOPE))
    return [(foot, 0.0), (shoulder, HEIGHT + offset), (0.0, HEIGHT + offset)]


def outlines() -> dict[str, list[tuple[float, float]]]:
    """Polygon (r, z) of every layer."""
    found, offset = {"silica": [(0.0, 0.0), *profile(0.0)]}, 0.0
    for name, thickness in FILMS.items():
        found[name] = profile(offset + thickness) + profile(offset)[::-1]
        offset += thickness
    return found


@dataclass(frozen=True)
class Grid:
    """Linear simplices of a problem: points (dimension, n) [nm], cells, their region, names, facets of the base."""

    points: np.ndarray
    cells: np.ndarray
    region: np.ndarray
    names: tuple[str, ...]
    base: np.ndarray

    @property
    def dimension(self) -> int:
        return len(self.points)


def read_grid(path: str) -> Grid:
    """Read what `_peer_meshes.py` has written."""
    with np.load(path) as stored:
        names = tuple(str(name) for name in stored["names"])
        return Grid(stored["points"], stored["cells"], stored["region"], names, stored["base"])


@dataclass(frozen=True)
class Answer:
    """What one tool found: unknowns, junction per watt in the source [K/W], slowest time constant [s] if asked."""

    unknowns: int
    resistance: float
    time_constant: float | None = None


def timed(
    native_mesh: Callable[[Grid], Native], answer_on: Callable[[Native], Answer], words: Sequence[str]
) -> dict[str, object]:
    """Wall times from linear mesh to answer, the last answer, and the peak memory of this process [MB].

    Parameters
    ----------
    native_mesh
        The tool's own kind of mesh. It is made afresh for every time, since one that was used may know its edges.
    answer_on
        What is timed.
    words
        Paths of the mesh and of a smaller one on which everything is loaded and compiled first, and the repeats.
    """
    path, smaller, repeats = words
    answer_on(native_mesh(read_grid(smaller)))
    grid, times = read_grid(path), []
    for _ in range(int(repeats)):
        native = native_mesh(grid)
        gc.collect()
        started = time.perf_counter()
        answer = answer_on(native)
        times.append(round(time.perf_counter() - started, 4))
        del native
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": times, "peak_mb": round(peak), **asdict(answer)}


def say(figures: dict[str, object]) -> None:
    """Print one JSON line."""
    print(json.dumps(figures))
    sys.stdout.flush()
