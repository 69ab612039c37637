"""Schema of the materials library (``thermonet: materials/1``) and of a design's own `materials:` section."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from thermonet.documents.fields import (
    BoundaryConductance,
    Conductivity,
    Density,
    Entry,
    Length,
    SpecificHeat,
)

Deposition = Literal["evaporated", "cvd", "bulk"]
Kind = Literal["metal", "dielectric"]


class MaterialEntry(Entry):
    """A material at 300 K, as a film of the stated process or in bulk."""

    description: str = Field("", description="what it is, in words")
    kind: Kind = Field(description="'metal' or 'dielectric'; picks the generic boundary conductance")
    family: str = Field(description="name under which boundary conductances are listed, such as 'Au'")
    deposition: Deposition = Field(
        "bulk", description="'evaporated', 'cvd' or 'bulk'; picks the default sidewall factor"
    )
    thermal_conductivity: Conductivity = Field(description="a thermal conductivity such as '150 W/m/K'")
    density: Density = Field(description="a density such as '19300 kg/m^3'")
    specific_heat: SpecificHeat = Field(description="a specific heat such as '129 J/kg/K'")
    bulk_conductivity: Conductivity | None = Field(None, description="k of the bulk metal, for the size effect")
    electron_mean_free_path: Length | None = Field(None, description="of the bulk metal, for the size effect")
    source: str = ""


class MaterialChange(Entry):
    """What a design states otherwise about a library material; everything left out stays the library's."""

    thermal_conductivity: Conductivity | None = None
    density: Density | None = None
    specific_heat: SpecificHeat | None = None
    bulk_conductivity: Conductivity | None = None
    electron_mean_free_path: Length | None = None
    source: str = ""


class MaterialsDocument(Entry):
    """The library: materials by name, boundary conductances by pair of families ('Au/SiN')."""

    thermonet: Literal["materials/1"]
    source: str = ""
    materials: dict[str, MaterialEntry]
    interfaces: dict[str, BoundaryConductance]
