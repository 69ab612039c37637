"""What happens at the boundaries of a body of regions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from thermonet.documents.body.signals import VariationEntry
from thermonet.documents.fields import BoundaryConductance, Dimension, Entry, Temperature, refuse
from thermonet.quantities.inputs import Input

HeatFlux = Annotated[Input, Dimension("W/m^2", low=-math.inf)]
Emissivity = Annotated[Input, Dimension("1", high=1.0, high_allowed=True)]


@dataclass(frozen=True, slots=True)
class Names:
    """Marks a field that takes one name or a list of them."""

    def read(self, raw: object) -> str | tuple[str, ...]:
        """Text or list of texts."""
        if isinstance(raw, str) and raw:
            return raw
        if isinstance(raw, (list, tuple)) and raw and all(isinstance(name, str) for name in raw):
            return tuple(raw)
        raise refuse("expected a name such as 'plate.left' or a list of them")

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}


Places: TypeAlias = Annotated[str | tuple[str, ...], Names()]


class ExchangeEntry(Entry):
    """Heat exchange with surroundings at one temperature."""

    conductance: BoundaryConductance = Field(description="per area such as '10 W/m^2/K'")
    temperature: Temperature | None = Field(None, description="of these surroundings (default: the document's)")
    varies: VariationEntry | None = Field(None, description="how their temperature varies in time")


class RadiationEntry(Entry):
    """Grey radiation to large surroundings: emissivity sigma (T^4 - T_s^4)."""

    emissivity: Emissivity = Field(description="a number up to 1 such as '0.98'")
    temperature: Temperature | None = Field(None, description="of these surroundings (default: the document's)")


class SurfaceEntry(Entry):
    """A boundary: some faces, and what happens there.

    Either they are held at a temperature, or flux, ambient and radiation add up. A port is where a network can be
    joined; in a study alone it is held where a temperature is stated, and adiabatic else.
    """

    on: Places = Field(description="faces such as plate.left, whole regions (the rest of their surface), or both")
    temperature: Temperature | None = Field(None, description="a temperature that it is held at such as '300 K'")
    flux: HeatFlux | None = Field(None, description="heat that enters per area such as '1 kW/m^2'")
    ambient: ExchangeEntry | None = None
    radiation: RadiationEntry | None = None
    port: Literal["isothermal", "trace"] | None = Field(
        None, description="'isothermal' (one temperature) or 'trace' (all its nodes)"
    )
    varies: VariationEntry | None = Field(None, description="how the temperature or the flux varies in time")
    source: str = ""

    @property
    def places(self) -> dict[str, str]:
        """Name of every face or region, by its path below this entry."""
        return {"on": self.on} if isinstance(self.on, str) else {f"on.{i}": name for i, name in enumerate(self.on)}

    @property
    def is_held(self) -> bool:
        """Whether its temperature is given."""
        return self.temperature is not None

    @property
    def is_ground(self) -> bool:
        """Whether heat can leave through it for good."""
        return self.is_held or self.ambient is not None or self.radiation is not None
