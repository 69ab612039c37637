"""The field types of document schemas: one per kind of quantity, each read through the door of `quantities`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from thermonet.quantities.formatting import scaled, with_unit
from thermonet.quantities.inputs import Distribution, Input, InputValueError
from thermonet.quantities.reading import CELSIUS, read_mapping, read_text
from thermonet.quantities.units import EXAMPLES, scale_to_si


class Entry(BaseModel):
    """Base of every part of a document: unknown keys are refused, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    def inconsistencies(self) -> Iterable[tuple[str, str]]:
        """(path, message) for everything that is well formed but makes no sense as a whole."""
        return ()

    @classmethod
    def misnamed(cls, _data: object) -> Iterable[tuple[str, str]]:
        """(path, message) for names of nothing in plain values, which may be ill-formed elsewhere."""
        return ()


def refuse(message: str, key: str = "") -> PydanticCustomError:
    """Say what is wrong with a field, or with `key` below it, in a way that the reader can place."""
    return PydanticCustomError("thermonet", "{message}", {"message": message, "key": key})


@dataclass(frozen=True, slots=True)
class Dimension:
    """Marks an `Input` field: the SI unit it is read in and the interval it must lie in, open unless an end is allowed.

    Units among `zeros` count from a zero of their own, as degrees Celsius do.
    """

    si_unit: str
    low: float = 0.0
    low_allowed: bool = False
    high: float = math.inf
    zeros: Mapping[str, float] = field(default_factory=dict, hash=False)
    high_allowed: bool = False

    def read(self, raw: object) -> Input:
        """Text or mapping to an `Input` in SI."""
        if isinstance(raw, Input):
            return raw
        try:
            if isinstance(raw, str):
                value = read_text(raw, self.si_unit, self.zeros)
            elif isinstance(raw, Mapping):
                value = read_mapping(raw, self.si_unit, self.zeros)
            else:
                raise InputValueError(f"expected {EXAMPLES.get(self.si_unit, 'a value in ' + self.si_unit)}")
        except InputValueError as error:
            raise refuse(str(error), error.key) from None
        self._check_interval(value, raw)
        return value

    def _check_interval(self, value: Input, raw: object) -> None:
        """Refuse a value, or an end of its range, outside the interval; an end that is not there is not a number."""
        for end in (value.value, value.low):
            if end < self.low or (end == self.low and not self.low_allowed):
                wanted = "positive" if end <= 0 <= self.low else f"above {self._printed(self.low, raw)}"
                wanted = "zero or positive" if self.low_allowed else wanted
                raise refuse(f"must be {wanted}, got {self._got(end, value, raw)}")
        for end in (value.value, value.high):
            if end > self.high or (end == self.high and not self.high_allowed):
                wanted = f"{'at most' if self.high_allowed else 'below'} {self._printed(self.high, raw)}"
                raise refuse(f"must be {wanted}, got {self._got(end, value, raw)}")

    def _printed(self, bound: float, raw: object) -> str:
        """Print an end of the interval, in per cent where the user wrote per cent."""
        return f"{100 * bound:g} %" if "%" in str(raw) else with_unit(bound, self.si_unit)

    def _got(self, end: float, value: Input, raw: object) -> str:
        """What the user wrote, where printing its SI value would give it another unit and no prefix."""
        own_unit = scaled(end, self.si_unit)[1] == self.si_unit and not self.zeros
        written = isinstance(raw, str) and value.is_exact and end == value.value and end != 0
        return str(raw).strip() if own_unit and written else with_unit(end, self.si_unit)

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        example = EXAMPLES.get(self.si_unit, f"a value in {self.si_unit}")
        text = {
            "type": ["string", "number"] if self.si_unit == "1" else "string",
            "description": f"{example}; 'value ± u unit' states a standard uncertainty (k = 1)",
        }
        # To an editor an unquoted `1` is a number; here every scalar stays the text that was written.
        plain = {"type": ["string", "number"]}
        dimensional = plain if self.si_unit == "1" else {"type": "string"}
        parts: dict[str, Any] = dict.fromkeys(("value", "u", "U", "half_width", "limits_within"), dimensional)
        parts |= {"k": plain, "dof": plain, "beta": plain, "source": {"type": "string"}}
        parts["distribution"] = {"enum": [shape for shape in get_args(Distribution) if shape != "exact"]}
        parts["range"] = {"type": "array", "items": dimensional, "minItems": 2, "maxItems": 2}
        mapping = {"type": "object", "properties": parts, "required": ["value"], "additionalProperties": False}
        return {"anyOf": [text, mapping]}


@dataclass(frozen=True, slots=True)
class Row:
    """Marks a short list of `Input` values, one per column, of which the last ones may be left out."""

    columns: tuple[Dimension, ...]
    least: int | None = None

    def read(self, raw: object) -> tuple[Input, ...]:
        """List of texts or mappings to `Input` values in SI."""
        if isinstance(raw, tuple):
            return raw
        least, most = self.least or len(self.columns), len(self.columns)
        number = str(most) if least == most else f"{least} or {most}"
        if not isinstance(raw, list) or not least <= len(raw) <= most:
            examples = ", ".join(EXAMPLES[column.si_unit].split("'")[1] for column in self.columns[:least])
            raise refuse(f"expected a list of {number} values such as [{examples}]")
        return tuple(self._part(column, value, i) for i, (column, value) in enumerate(zip(self.columns, raw)))  # noqa: B905  # the last columns may be left out

    @staticmethod
    def _part(column: Dimension, value: object, place: int) -> Input:
        try:
            return column.read(value)
        except PydanticCustomError as error:
            context = error.context or {}
            raise refuse(context["message"], ".".join(filter(None, (str(place), context["key"])))) from None

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        items = [column.__get_pydantic_json_schema__(schema, handler) for column in self.columns]
        least = self.least or len(items)
        return {"type": "array", "prefixItems": items, "minItems": least, "maxItems": len(items)}


@dataclass(frozen=True, slots=True)
class Whole:
    """Marks an `int` field: a whole number from `low` to `high`, also written as 2e6."""

    low: int
    high: int

    def read(self, raw: object) -> int:
        """Text to a number."""
        try:
            number = float(raw) if isinstance(raw, (str, int)) else math.nan
        except ValueError:
            number = math.nan
        if not (self.low <= number <= self.high and number == int(number)):
            raise refuse(f"expected a whole number from {self.low} to {self.high}, got '{raw}'")
        return int(number)

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": ["integer", "string"], "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class UnitOf:
    """Marks a `float` field that names a unit: what one of it is in SI."""

    si_unit: str

    def read(self, raw: object) -> float:
        """Text such as 'um' to 1e-6."""
        if isinstance(raw, float):
            return raw
        try:
            return scale_to_si(str(raw), self.si_unit)
        except ValueError as error:
            raise refuse(str(error)) from None

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string"}


# Names of the field's quantities. Lengths end at one metre: what is longer is a forgotten prefix.
Length = Annotated[Input, Dimension("m", high=1.0)]
#: A place in space: two or three coordinates.
Point = Annotated[tuple[Input, ...], Row((Dimension("m", low=-100.0 * (1 + 1e-12), high=100.0 * (1 + 1e-12)),) * 3, 2)]
HalfAngle = Annotated[Input, Dimension("rad", high=math.radians(80))]
#: From here to there in a body that is drawn: as long as a wall, or on either side of an origin.
Extent = Annotated[Input, Dimension("m", high=100.0 * (1 + 1e-12))]
Coordinate = Annotated[Input, Dimension("m", low=-100.0 * (1 + 1e-12), high=100.0 * (1 + 1e-12))]
Temperature = Annotated[Input, Dimension("K", zeros=CELSIUS)]
Conductivity = Annotated[Input, Dimension("W/m/K", low=1e-4, high=1e5)]
BoundaryConductance = Annotated[Input, Dimension("W/m^2/K", high=2e15)]
Density = Annotated[Input, Dimension("kg/m^3")]
SpecificHeat = Annotated[Input, Dimension("J/kg/K")]
Resistance = Annotated[Input, Dimension("K/W")]
ResistanceOrZero = Annotated[Input, Dimension("K/W", low_allowed=True)]
ElectricalConductance = Annotated[Input, Dimension("S")]
SheetResistance = Annotated[Input, Dimension("ohm")]
SeebeckCoefficient = Annotated[Input, Dimension("V/K", low=-math.inf)]
NoiseDensity = Annotated[Input, Dimension("V/Hz^0.5")]
Frequency = Annotated[Input, Dimension("Hz")]
TimeOrZero = Annotated[Input, Dimension("s", low_allowed=True)]
Factor = Annotated[Input, Dimension("1")]
SidewallFactor = Annotated[Input, Dimension("1", low=0.01, high=10.0)]
Fraction = Annotated[Input, Dimension("1", low_allowed=True, high=1.0 + 1e-12)]
#: Coarser meshes cannot tell their own error: two of the three that are compared would be the same.
ElementScale = Annotated[Input, Dimension("1", high=4.0 + 1e-9)]
