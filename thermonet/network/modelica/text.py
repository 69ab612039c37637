"""Words of Modelica: identifiers, arrays, functions of time."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import numpy as np

from thermonet.network.elements import ResistanceLaw, ResistancePolynomial, ResistanceTable
from thermonet.quantities.errors import PhysicsError
from thermonet.system.signals import Constant, Course, Signal, Sine, Table, Vector, course, pieces

PORT = "Modelica.Thermal.HeatTransfer.Interfaces.HeatPort_a"
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Keywords of Modelica 3.6, section 2.3.3, and what the text itself speaks of; 'T' and T are two names.
_RESERVED = """
algorithm and annotation block break class connect connector constant constrainedby der discrete each else elseif
elsewhen encapsulated end enumeration equation expandable extends external false final flow for function if import
impure in initial inner input loop model not operator or outer output package parameter partial protected public pure
record redeclare replaceable return stream then true type when while within time Modelica Real K C R tau A S D G T P z
T_start
"""
_KEYWORDS = frozenset(_RESERVED.split())


def identifier(name: str) -> str:
    """Name as Modelica takes it: quoted where it is no identifier or a keyword."""
    if _IDENTIFIER.fullmatch(name) and name not in _KEYWORDS:
        return name
    inner = "".join(_quotable(character) for character in name)
    return f"'{inner}'"


def _quotable(character: str) -> str:
    if character in "'\\":
        return f"\\{character}"
    return character if " " <= character <= "~" else f"u{ord(character):04X}"


def described(title: str) -> str:
    """One line as the description of a model."""
    plain = " ".join(title.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def number(value: float) -> str:
    """Shortest text that reads back as the same double."""
    return repr(float(value))


def vector(values: Iterable[float]) -> str:
    """Row of numbers."""
    return f"{{{', '.join(number(value) for value in values)}}}"


def matrix(rows: Vector) -> str:
    """Rows of numbers; Modelica has no text for an array without entries, but a way to make one."""
    if not rows.size:
        return f"zeros({rows.shape[0]}, {rows.shape[1]})"
    return f"[{'; '.join(', '.join(number(value) for value in row) for row in rows)}]"


def in_time(value: Course | float) -> str:
    """Expression of `time` for a course [W or K]: if-clauses, of which simulators make events."""
    found = course(value)
    offset, amplitude, signal = number(found.offset), number(found.amplitude), found.signal
    if isinstance(signal, Constant):
        return number(found.offset + found.amplitude * signal.level)
    if isinstance(signal, Sine):
        angle = f"{number(2 * math.pi * signal.frequency)}*time + {number(signal.phase)}"
        return f"{offset} + {amplitude}*sin({angle})"
    return f"{offset} + {amplitude}*({_straight(signal)})"


def law_of(temperature: str, law: ResistanceLaw) -> str:
    """Expression of a temperature [K] for a resistance [K/W].

    Raises
    ------
    PhysicsError
        The law is neither a table nor a polynomial.
    """
    if isinstance(law, ResistanceTable):
        rows = Table(law.temperatures, law.resistances)
        return _straight(rows, temperature)
    if not isinstance(law, ResistancePolynomial):
        raise PhysicsError(f"{type(law).__name__} has no words in Modelica; expected a table or a polynomial")
    *lower, text = [number(value) for value in law.coefficients]
    for value in reversed(lower):
        text = f"{value} + ({temperature} - {number(law.about)})*({text})"
    return text


def _straight(signal: Signal, clock: str = "time") -> str:
    """If-clauses over the pieces of one period, or of a table with its constant ends."""
    if isinstance(signal, Table):
        start, stop = signal.times[0], signal.times[-1]
        before = [f"if {clock} < {number(start)} then {number(signal.values[0])} else"]
        after = number(signal.values[-1])
    else:
        stop = _period(signal)
        clock, start, before, after = f"mod({clock}, {number(stop)})", 0.0, [], ""
    if not stop > start:
        return " ".join([*before, after])
    starts, lengths, first, last = pieces(signal, start, stop)
    lines = [_line(clock, *each) for each in zip(starts, lengths, first, last, strict=True)]
    if not after:
        *lines, after = lines
    ends = (starts + lengths)[: len(lines)]
    clauses = [f"if {clock} < {number(end)} then {line} else" for end, line in zip(ends, lines, strict=True)]
    return " ".join([*before, *clauses, after])


def _period(signal: Signal) -> float:
    if signal.period is None:
        raise TypeError(f"a signal is constant, a table or periodic, got {type(signal).__name__}")
    return signal.period


def _line(clock: str, start: float, length: float, first: float, last: float) -> str:
    if np.isclose(first, last, rtol=1e-12, atol=0):
        return number(last)
    return f"{number(first)} + {number((last - first) / length)}*({clock} - {number(start)})"
