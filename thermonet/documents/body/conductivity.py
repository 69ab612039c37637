"""Thermal conductivities of a region: one number, one per coordinate, or a function of temperature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, TypeAlias

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from thermonet.documents.alternatives import Alternatives
from thermonet.documents.fields import Conductivity, Dimension, Entry, Row, Temperature, refuse
from thermonet.quantities.inputs import Input
from thermonet.quantities.units import EXAMPLES

_RANGE = Dimension("W/m/K", low=1e-4, high=1e5)


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Marks the coefficients of a polynomial in a temperature difference: W/m/K, W/m/K^2, W/m/K^3 ...

    Parameters
    ----------
    first
        What the first one is.
    unit
        Of the others, with their ``{power}`` of the temperature difference and the ``{next}`` one.
    """

    first: Dimension = _RANGE
    unit: str = "W/m/K^{next}"

    def read(self, raw: object) -> tuple[Input, ...]:
        """List of texts or mappings to `Input` values in SI."""
        if isinstance(raw, tuple):
            return raw
        if not isinstance(raw, list) or not raw:
            example = "150 W/m/K, -0.1 W/m/K^2" if self.first is _RANGE else "1 kK/W, -0.4 K/W/K"
            raise refuse(f"expected a list of coefficients such as [{example}]")
        return tuple(self._coefficient(value, i) for i, value in enumerate(raw))

    def _coefficient(self, value: object, power: int) -> Input:
        higher = Dimension(self.unit.format(power=power, next=power + 1), low=float("-inf"))
        dimension = higher if power else self.first
        try:
            return dimension.read(value)
        except PydanticCustomError as error:
            context = error.context or {}
            raise refuse(context["message"], ".".join(filter(None, (str(power), context["key"])))) from None

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        any_value = self.first.__get_pydantic_json_schema__(schema, handler)
        any_value["anyOf"][0] = {"type": "string", "description": f"{EXAMPLES[self.first.si_unit]}, then per kelvin"}
        return {"type": "array", "items": any_value, "minItems": 1}


class OrthotropicEntry(Entry):
    """One thermal conductivity for every coordinate: x, y (and z), or r and z."""

    x: Conductivity | None = None
    y: Conductivity | None = None
    z: Conductivity | None = None
    r: Conductivity | None = None


class ConductivityTableEntry(Entry):
    """k(T) by straight lines between the rows of a table."""

    table: list[Annotated[tuple[Input, ...], Row((Dimension("K"), _RANGE))]] = Field(
        min_length=2, description="rows such as [300 K, 148 W/m/K], temperatures increasing"
    )


class PolynomialEntry(Entry):
    """k(T) as a polynomial: the sum of c_i (T - about)^i."""

    polynomial: Annotated[tuple[Input, ...], Coefficients()] = Field(
        description="coefficients such as [148 W/m/K, -0.4 W/m/K^2]"
    )
    about: Temperature = Field(description="the temperature at which k is the first coefficient")


ConductivityOf: TypeAlias = Annotated[
    Conductivity | OrthotropicEntry | ConductivityTableEntry | PolynomialEntry,
    Alternatives(
        (
            ("table", ConductivityTableEntry),
            ("polynomial", PolynomialEntry),
            ("about", PolynomialEntry),
            *((axis, OrthotropicEntry) for axis in ("x", "y", "z", "r")),
        ),
        plain=_RANGE,
    ),
]


def depends_on_temperature(conductivity: object) -> bool:
    """Whether a conductivity is a function of temperature."""
    return isinstance(conductivity, ConductivityTableEntry | PolynomialEntry)


def conductivity_problems(conductivity: object, axes: tuple[str, ...], path: str) -> Iterator[tuple[str, str]]:
    """Yield (path, message) for a conductivity whose axes or temperatures make no sense."""
    if isinstance(conductivity, OrthotropicEntry):
        for axis in ("x", "y", "z", "r"):
            stated = getattr(conductivity, axis) is not None
            if stated and axis not in axes:
                yield f"{path}.{axis}", f"there is no such coordinate, expected {' and '.join(axes)}"
            elif not stated and axis in axes:
                yield f"{path}.{axis}", f"the key is missing, expected one conductivity each for {' and '.join(axes)}"
    if isinstance(conductivity, ConductivityTableEntry):
        yield from increasing([row[0] for row in conductivity.table], f"{path}.table")


def increasing(column: list[Input], path: str) -> Iterator[tuple[str, str]]:
    """Yield (path, message) where the first column of a table does not increase."""
    for i, (before, after) in enumerate(pairwise(column)):
        if not after.value > before.value:
            yield (
                f"{path}.{i + 1}.0",
                f"is not above the row before ({before.value:g} {before.unit}), expected it to be",
            )
