"""From a document's signals to courses in SI numbers, every number handed out by whoever reads the document."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from thermonet.documents.body.signals import VariationEntry
from thermonet.quantities.inputs import Input
from thermonet.system.signals import Course, Signal, Sine, Table, levelled

#: Value of a number of a document [SI], owned by its path.
Number: TypeAlias = Callable[[Input, str], float]


def course_of(number: Number, varies: VariationEntry, path: str, rest: float | None) -> Course:
    """Course of a temperature about its rest [K], or of a power relative to itself where there is no rest."""
    signal = _signal(number, varies, path)
    shift = number(varies.offset, f"{path}.offset") if varies.table is None else 0.0
    if rest is None:
        return Course(signal, 1.0, shift)
    assert varies.swing is not None
    swing = number(varies.swing, f"{path}.swing")
    return Course(signal, swing, rest + swing * shift)


def _signal(number: Number, varies: VariationEntry, path: str) -> Signal:
    if varies.table is not None:
        rows = [
            [number(value, f"{path}.table.{i}.{j}") for j, value in enumerate(row)]
            for i, row in enumerate(varies.table)
        ]
        return Table(tuple(row[0] for row in rows), tuple(row[1] for row in rows))
    wave = varies.wave
    assert wave is not None
    kind = next(key for key in ("sine", "square", "three_level") if getattr(varies, key) is not None)
    frequency = number(wave.frequency, f"{path}.{kind}.frequency")
    phase = number(wave.phase, f"{path}.{kind}.phase")
    if kind == "sine":
        return Sine(frequency, phase)
    return levelled(frequency, (1.0, -1.0) if kind == "square" else (1.0, 0.0, -1.0), phase)
