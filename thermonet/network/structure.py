"""Structure functions: heat capacity against resistance along the way of heat from where it enters.

The cumulative one is the Cauer ladder, its capacities summed over its resistances summed; the differential one is its
slope dC/dR, which for a rod of the cross section A is k c A^2 (V. Szekely, Microelectron. J. 28, 277 (1997),
doi:10.1016/S0026-2692(96)00049-3; JEDEC JESD51-14). A peak of it is where much is stored and little resists, as in a
block of metal, a valley where heat has to pass something thin that stores little.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from thermonet.network.ladders import Cauer, Foster, Ladder, cauer_from_foster
from thermonet.network.spectrum import Spectrum, time_constant_spectrum
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import Vector

#: Points of a resampled structure function, and the part of the whole resistance at which it begins.
_POINTS, _BEGIN = 1000, 1e-3
#: Width over which dC/dR is smoothed, relative to the resistance passed so far.
_RESOLUTION = 0.02
#: A structure function ends where this many standard deviations of the noise are left of the whole resistance.
_ENDS = 10.0
#: Part of the whole resistance of a computed response that is left where its structure function ends.
_NOTHING = 1e-9
#: A valley: ln C rises by at most this, over this part of the whole resistance and this part of the one passed so far.
_RISE, _PART, _FURTHER = 0.1, 0.01, _RESOLUTION
#: Between two valleys something is stored if ln C rises by this; else they are one.
_STORED = 0.2


@dataclass(frozen=True, eq=False)
class StructureFunction:
    """Capacity along the way of heat.

    Attributes
    ----------
    resistance
        Cumulative resistance from the port, ascending [K/W].
    capacity
        Cumulative capacity up to there, ascending [J/K].
    differential
        dC/dR there [W^2 s / K^2].
    spread
        Standard deviation of ln(capacity) that noise makes; zero for a model.
    """

    resistance: Vector
    capacity: Vector
    differential: Vector
    spread: Vector


@dataclass(frozen=True)
class Block:
    """What lies between two peaks of dC/dR.

    Attributes
    ----------
    resistance
        From the port to the peak that ends the block [K/W].
    capacity
        From the port to the valley inside the block [J/K].
    """

    resistance: float
    capacity: float


def structure_function(ladder: Ladder) -> StructureFunction:
    """Structure function of a ladder, stage by stage.

    The capacity of a stage counts where heat meets it, before the stage's resistance; point i is at the end of it.
    """
    chain = cauer_from_foster(ladder) if isinstance(ladder, Foster) else ladder
    return StructureFunction(
        chain.series + np.cumsum(chain.resistances),
        np.cumsum(chain.capacities),
        chain.capacities / chain.resistances,
        np.zeros(len(chain.capacities)),
    )


def structure_function_from_step(
    time: Vector, temperature_per_watt: Vector, noise: float | None = None, *, repetitions: int = 20, seed: int = 0
) -> StructureFunction:
    """Structure function of a computed or measured step response.

    Parameters
    ----------
    time
        Times after a constant power was switched on [s], ascending, about evenly spaced in their logarithm.
    temperature_per_watt
        Rise of temperature per watt then [K/W], of the place that is heated.
    noise
        Standard deviation of a point [K/W], found from the data if none is given.
    repetitions, seed
        See `time_constant_spectrum`.

    Raises
    ------
    PhysicsError
        The data are no step response of a driving point, or their noise hides it.
    """
    found = time_constant_spectrum(
        np.asarray(time, dtype=float),
        np.asarray(temperature_per_watt, dtype=float),
        noise=noise,
        repetitions=repetitions,
        seed=seed,
    )
    return structure_function_from_spectrum(found)


def structure_function_from_spectrum(spectrum: Spectrum) -> StructureFunction:
    """Structure function of a spectrum: that of its fewest lines, and how far those of repetitions spread about it.

    The median of the repetitions would have the bias of what is far from linear twice. Where less resistance is left
    than the noise can tell from none, the function ends.

    Raises
    ------
    PhysicsError
        The noise is more than a twentieth of the whole response.
    """
    total = float(spectrum.ladder.resistances.sum())
    end = total - max(_ENDS * spectrum.noise, _NOTHING * total)
    if not end > total / 2:
        raise PhysicsError(
            f"the noise of {spectrum.noise:.3g} K/W hides a response of {total:.3g} K/W: expected less than a twentieth"
        )
    resistance = np.geomspace(_BEGIN * total, end, _POINTS)
    capacity = _capacity_at(cauer_from_foster(spectrum.ladder), resistance)
    logs = np.log([_capacity_at(cauer_from_foster(ladder), resistance) for ladder in spectrum.repetitions])
    return StructureFunction(resistance, capacity, _slope(resistance, capacity), logs.std(axis=0))


def _capacity_at(chain: Cauer, resistance: Vector) -> Vector:
    """Cumulative capacity at cumulative resistances: that of all stages that begin before."""
    begins = np.cumsum(chain.resistances) - chain.resistances
    return np.asarray(np.cumsum(chain.capacities)[np.searchsorted(begins, resistance, side="right") - 1])


def _slope(resistance: Vector, capacity: Vector) -> Vector:
    """DC/dR, the capacity between neighbouring points spread over what can be resolved."""
    from scipy.ndimage import gaussian_filter1d  # 0.05 s that structure functions of models need not wait for

    step = np.log(resistance[1] / resistance[0])
    stored = np.diff(capacity, prepend=0.0)
    smooth = gaussian_filter1d(stored, _RESOLUTION / step, mode="nearest", truncate=6.0)
    return smooth / (resistance * step)


def blocks(structure: StructureFunction) -> list[Block]:
    """Blocks between the peaks of dC/dR; the last, beyond the last valley, has no end and is left out.

    Capacities are read in the valleys, where heat passes resistance and next to nothing is stored; resistances at the
    peaks, the mean over what is stored between one valley and the next. The port counts as the first peak.
    """
    resistance, capacity = structure.resistance, structure.capacity
    log_capacity = np.log(capacity)
    inside = [_middle(resistance, *valley) for valley in _valleys(resistance, log_capacity)]
    found = []
    for left, right in pairwise(inside):
        half = (capacity[left] + capacity[right]) / 2
        found.append(Block(_reaches(structure, half), float(capacity[left])))
    if inside:
        # The end, where capacity grows beyond all measure, is no valley; halfway to it in the logarithm is on the rise.
        left = inside[-1]
        half = float(np.exp((log_capacity[left] + log_capacity[-1]) / 2))
        if log_capacity[-1] - log_capacity[left] > _STORED:
            found.append(Block(_reaches(structure, half), float(capacity[left])))
    return found


def _middle(resistance: Vector, first: int, last: int) -> int:
    return int(np.searchsorted(resistance, (resistance[first] + resistance[last]) / 2))


def _reaches(structure: StructureFunction, capacity: float) -> float:
    return float(structure.resistance[np.searchsorted(structure.capacity, capacity)])


def _valleys(resistance: Vector, log_capacity: Vector) -> list[tuple[int, int]]:
    """First and last points of the stretches of resistance over which next to nothing is stored."""
    ends = np.searchsorted(log_capacity, log_capacity + _RISE, side="right") - 1
    found: list[tuple[int, int]] = []
    point = 0
    while point < len(resistance):
        end = int(ends[point])
        passed = resistance[end] - resistance[point]
        if passed >= max(_PART * resistance[-1], _FURTHER * resistance[point]):
            found.append((point, end))
            if len(found) > 1 and _stored_between(resistance, log_capacity, *found[-2:]) < _STORED:
                found[-2:] = [(found[-2][0], end)]
            point = end
        point += 1
    return found


def _stored_between(resistance: Vector, log_capacity: Vector, one: tuple[int, int], other: tuple[int, int]) -> float:
    """Rise of ln C from the middle of one valley to that of another."""
    return float(log_capacity[_middle(resistance, *other)] - log_capacity[_middle(resistance, *one)])


# --- text ---------------------------------------------------------------------------------------------------------


def structure_text(structure: StructureFunction) -> str:
    """Cumulative structure function as text: a header, then two columns separated by tabs."""
    lines = ["R_th_sum [K/W]\tC_th_sum [W.s/K]"]
    rows = zip(structure.resistance.tolist(), structure.capacity.tolist(), strict=True)
    return "\n".join([*lines, *(f"{r:.9e}\t{c:.9e}" for r, c in rows)]) + "\n"


def step_text(time: Vector, temperature_per_watt: Vector) -> str:
    """Step response as text: a header, then two columns separated by tabs."""
    rows = zip(np.asarray(time).tolist(), np.asarray(temperature_per_watt).tolist(), strict=True)
    return "\n".join(["time [s]\tZ_th [K/W]", *(f"{t:.9e}\t{z:.9e}" for t, z in rows)]) + "\n"


def read_step(file: str | Path) -> tuple[Vector, Vector]:
    """Read the times [s] and values [K/W] of a step response from a text or CSV file.

    Two columns, or the first two of several, separated by blanks, tabs, commas or semicolons; what stands before the
    first line of numbers is a header, and lines that begin with # or % are comments. Points at times up to zero, before
    the switching, are left out.

    Raises
    ------
    PhysicsError
        A line after the first that holds no two numbers.
    """
    path = Path(file)
    rows: list[tuple[float, float]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        words = line.replace(",", " ").replace(";", " ").split()
        if not words or words[0][0] in "#%":
            continue
        try:
            rows.append((float(words[0]), float(words[1])))
        except (ValueError, IndexError):
            if rows:
                raise PhysicsError(
                    f"{path}:{number}: expected a time and a temperature per watt, got {line!r}"
                ) from None
    time, step = np.array(rows).reshape(-1, 2).T
    return time[time > 0], step[time > 0]
