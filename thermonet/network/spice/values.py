"""Numbers as SPICE writes and reads them, and lines of a length that editors bear."""

from __future__ import annotations

import math
import re
from decimal import Decimal

#: Factors by the suffix of a number; longer ones first. What follows a suffix is a unit, and is ignored.
_SUFFIXES = {
    "meg": "1e6",
    "mil": "25.4e-6",
    "t": "1e12",
    "g": "1e9",
    "k": "1e3",
    "m": "1e-3",
    "u": "1e-6",
    "µ": "1e-6",  # the micro sign
    "μ": "1e-6",  # the Greek letter
    "n": "1e-9",
    "p": "1e-12",
    "f": "1e-15",
}
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_WITH_SUFFIX = re.compile(rf"({NUMBER})([A-Za-zµμ°]*)")
_LINE = 110


def written(value: float) -> str:
    """Shortest text that reads back as the same double."""
    return repr(float(value))


def read(text: str) -> float:
    """Value of a number with an optional suffix and unit: ``1.5k``, ``10pF``, ``2meg``, ``1e-6``.

    Raises
    ------
    ValueError
        It is no such number.
    """
    found = _WITH_SUFFIX.fullmatch(text)
    if found is None:
        raise ValueError(f"expected a number such as 1.5k, 2meg or 1e-6, got {text!r}")
    unit = found[2].lower()
    factor = next((power for suffix, power in _SUFFIXES.items() if unit.startswith(suffix)), "1")
    try:
        value = float(Decimal(found[1]) * Decimal(factor))  # 10p is 1e-11, to the last bit
    except ArithmeticError:  # of an exponent that no arithmetic takes
        value = math.inf
    if not math.isfinite(value):
        raise ValueError(f"expected a finite number, got {text!r}")
    return value


def wrapped(line: str) -> list[str]:
    """Cut a long line at its blanks; the parts after the first begin with +."""
    found, current = [], ""
    for word in line.split(" "):
        if current and len(current) + len(word) >= _LINE:
            found.append(current)
            current = f"+ {word}"
        else:
            current = f"{current} {word}" if current else word
    return [*found, current]
