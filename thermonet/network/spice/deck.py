"""A runnable deck around parts of a circuit: what it is, the tolerances that watts and kelvins need, one analysis.

The defaults of SPICE are made for volts and milliamperes. Of 1e-6 W and a few mK nothing is left by an error of 1e-12 A
or 1e-6 V, and 1e-14 C is all the heat that a tip stores: its step response by the defaults is wrong by 2e-3. So every
tolerance is a part of the temperatures, powers and heats of the case.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from thermonet.network.spice.values import wrapped, written
from thermonet.quantities.errors import PhysicsError

#: Relative tolerance of SPICE; absolute ones and the smallest conductance as parts of the case's size.
_RELATIVE, _ABSOLUTE, _CHARGE, _LEAK = 1e-6, 1e-9, 1e-6, 1e-12
#: A matrix entry of this size is still a conductance.
_PIVOT = 1e-30
_WIDTH = 100


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Size of a case.

    Attributes
    ----------
    power
        Largest heat flow [W].
    rise
        Largest temperature above the bath [K].
    heat
        Heat stored at these temperatures [J]; zero where nothing stores any.
    """

    power: float
    rise: float
    heat: float = 0.0

    def __post_init__(self) -> None:
        if not (self.power > 0 and self.rise > 0 and self.heat >= 0):
            raise PhysicsError(
                "nothing happens in this case: expected a source of heat or a temperature other than the bath's, got "
                f"{self.power:g} W and {self.rise:g} K"
            )


def options(scale: Scale) -> str:
    """Tolerances as a part of the case's own size, in a line both simulators read."""
    chosen = {
        "reltol": _RELATIVE,
        "abstol": _ABSOLUTE * scale.power,
        "vntol": _ABSOLUTE * scale.rise,
        "gmin": _LEAK * scale.power / scale.rise,
        "pivtol": _PIVOT,
        **({"chgtol": _CHARGE * scale.heat} if scale.heat else {}),
    }
    return f".options {' '.join(f'{name}={value:.3g}' for name, value in chosen.items())} method=gear numdgt=12"


def operating_point() -> str:
    """The steady case."""
    return ".op"


def transient(stop: float, longest_step: float) -> str:
    """From the steady case at t = 0 to a time [s], in steps of no more than a given one [s]."""
    if not 0 < longest_step <= stop:
        raise PhysicsError(f"expected a step between zero and the end, got {longest_step:g} s and {stop:g} s")
    return f".tran {written(longest_step)} {written(stop)} 0 {written(longest_step)}"


def harmonic(lowest: float, highest: float, per_decade: int = 20) -> str:
    """Amplitude and phase between two frequencies [Hz] per unit of the source that has ``AC 1``."""
    if not 0 < lowest <= highest:
        raise PhysicsError(f"expected frequencies above zero in order, got {lowest:g} Hz and {highest:g} Hz")
    return f".ac dec {per_decade} {written(lowest)} {written(highest)}"


def deck(
    title: str,
    parts: Iterable[str],
    *,
    bath: float,
    scale: Scale,
    names: Mapping[str, str],
    notes: Sequence[str] = (),
    analysis: str = ".op",
    shown: Iterable[str] = (),
) -> str:
    """Put a deck together.

    Parameters
    ----------
    title
        What it is, one line.
    parts
        Elements and subcircuits.
    bath
        Temperature of node 0 [K].
    scale
        Size of the case, for the tolerances.
    names
        Names in SPICE of what is called otherwise elsewhere; the equal ones are not listed.
    notes
        Sentences for the header.
    analysis
        `operating_point`, `transient` or `harmonic`; LTspice runs one per deck.
    shown
        Voltages and currents to be told; all of them where nothing is given.
    """
    changed = [f"{name} is {written_as}" for name, written_as in names.items() if name != written_as]
    told = [
        f"Volts are kelvin above the bath at {bath:g} K, which is node 0; amperes are watts, ohms K/W, farads J/K.",
        "Written by thermonet for ngspice (ngspice -b FILE) and LTspice.",
        *notes,
        *([f"Names that SPICE cannot bear: {'; '.join(changed)}."] if changed else []),
    ]
    lines = [f"* {' '.join(title.split())}"]
    lines += [f"* {line}" for sentence in told for line in textwrap.wrap(" ".join(sentence.split()), _WIDTH)]
    told_only = " ".join(shown)
    lines += [*parts, *wrapped(options(scale)), *(wrapped(f".save {told_only}") if told_only else [])]
    return "\n".join([*lines, analysis, ".end", ""])
