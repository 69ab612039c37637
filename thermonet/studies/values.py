"""Every number a model is built from passes here once: recorded as a named input, or replaced by another value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from thermonet.materials.library import Materials
from thermonet.quantities.inputs import Input


@dataclass
class Values:
    """Hands out the values of inputs and keeps a list of those that were used.

    Building a model with one of these gives the model and, afterwards, all named inputs behind it; building it again
    with `changed` gives the model at other values. Two uses of one name are one cause.

    Attributes
    ----------
    changed
        Values [SI] that replace the stated ones, by name.
    inputs
        What was handed out, by name.
    """

    changed: Mapping[str, float] = field(default_factory=dict)
    inputs: dict[str, Input] = field(default_factory=dict)

    def __call__(self, value: Input, name: str = "", source: str = "") -> float:
        """Value of an input [SI], now known under `name` (its own where none is given)."""
        known = name or value.name
        told = value.source or source
        same = known == value.name and told == value.source
        self.inputs[known] = value if same else replace(value, name=known, source=told)
        return self.changed.get(known, value.value)


@dataclass(frozen=True)
class Reading:
    """A document's materials and the values that its numbers are read with.

    Attributes
    ----------
    materials
        The library with the document's changes.
    values
        Hands out every number.
    source
        Of numbers whose place states none.
    """

    materials: Materials
    values: Values
    source: str

    def number(self, value: Input, path: str, source: str = "") -> float:
        """Value of a number of the document [SI], owned by its path."""
        return self.values(value, path, source or self.source)

    def material(self, name: str, key: str, batch: str = "") -> float:
        """A property of a material [SI]; what is of one batch shares it."""
        value: Input = getattr(self.materials.entry(name), key)
        return self.values(value, f"{value.name}[{batch}]" if batch else value.name)
