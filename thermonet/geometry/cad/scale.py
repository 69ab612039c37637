"""The same drawing in another unit of length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

#: Attributes of shapes and drawings that are numbers, but no lengths.
_NO_LENGTHS = {"axis", "angle", "element_scale", "grading"}

Drawn = TypeVar("Drawn")


def scaled(drawn: Drawn, factor: float, digits: int | None = None) -> Drawn:
    """Return a shape or a drawing with all lengths multiplied by a factor, and rounded to a number of decimals.

    Rounded to a billionth of its size, a drawing in nanometres and the same one in metres become the same numbers.
    """

    def changed(value: object) -> object:
        if isinstance(value, tuple):
            return tuple(changed(part) for part in value)
        if isinstance(value, Mapping):
            return {key: changed(part) for key, part in value.items()}
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value * factor if digits is None else round(value * factor, digits)
        return scaled(value, factor, digits)

    if not is_dataclass(drawn) or isinstance(drawn, type):
        return drawn
    lengths = [entry.name for entry in fields(drawn) if entry.name not in _NO_LENGTHS]
    return replace(drawn, **{name: changed(getattr(drawn, name)) for name in lengths})
