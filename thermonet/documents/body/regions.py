"""Regions of a body: where they are and what they are made of."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from thermonet.documents.alternatives import Alternatives
from thermonet.documents.body.conductivity import ConductivityOf
from thermonet.documents.body.layered import LayerEntry
from thermonet.documents.body.shapes import DrawnShapeEntry
from thermonet.documents.fields import (
    BoundaryConductance,
    Conductivity,
    Density,
    Dimension,
    Entry,
    Length,
    SpecificHeat,
    UnitOf,
)
from thermonet.quantities.inputs import Input

AreaResistance = Annotated[Input, Dimension("m^2*K/W")]


class RegionEntry(Entry):
    """A part of a body of one material, or in a plate of one stack of layers."""

    shape: DrawnShapeEntry | None = Field(None, description="a shape such as {rectangle: {from: .., to: ..}}")
    group: str = Field("", description="name of the cells in the mesh file (default: the region's)")
    material: str | None = Field(None, description="the name of a library material")
    thermal_conductivity: ConductivityOf | None = Field(None, description="of this region, instead of the material's")
    density: Density | None = Field(None, description="of this region, instead of the material's")
    specific_heat: SpecificHeat | None = Field(None, description="of this region, instead of the material's")
    thickness: Length | None = Field(None, description="of a plate's region: a thickness such as '300 nm'")
    layers: dict[str, LayerEntry] | None = Field(
        None, min_length=1, description="of a plate's region, instead of one material and thickness"
    )
    batch: str = Field("", description="regions of one material and batch share their uncertainty")
    element_size: Length | None = Field(None, description="the largest size of an element such as '20 nm'")
    source: str = ""


class MeshFileEntry(Entry):
    """A mesh file with named groups of cells and facets."""

    file: str = Field(description="name of a .msh or .vtu file, relative to this document")
    unit: Annotated[float, UnitOf("m")] = Field(description="the unit of its coordinates such as 'um'")


class ThinLayerEntry(Entry):
    """A layer too thin to be drawn: its conductance per area is k / t."""

    thermal_conductivity: Conductivity = Field(description="a thermal conductivity such as '0.2 W/m/K'")
    thickness: Length = Field(description="a thickness such as '5 nm'")
    source: str = ""


class ContactResistanceEntry(Entry):
    """A contact by its resistance times area."""

    resistance: AreaResistance = Field(description="times area such as '1e-8 m^2 K/W'")
    source: str = ""


InterfaceOf: TypeAlias = Annotated[
    BoundaryConductance | ThinLayerEntry | ContactResistanceEntry,
    Alternatives(
        (
            ("thermal_conductivity", ThinLayerEntry),
            ("thickness", ThinLayerEntry),
            ("resistance", ContactResistanceEntry),
        ),
        plain=Dimension("W/m^2/K", high=2e15),
    ),
]
