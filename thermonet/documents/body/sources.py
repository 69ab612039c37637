"""Where heat enters a body of regions, and where its temperatures are read."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from thermonet.documents.alternatives import Alternatives
from thermonet.documents.body.layered import PowerOrZero
from thermonet.documents.body.signals import VariationEntry
from thermonet.documents.fields import Dimension, Entry, Length, Point, Row
from thermonet.quantities.inputs import Input

PowerDensity = Annotated[Input, Dimension("W/m^3", low_allowed=True)]
Current = Annotated[Input, Dimension("A")]
Resistivity = Annotated[Input, Dimension("ohm*m")]
_PLACE = Dimension("m", low=-100.0 * (1 + 1e-12), high=100.0 * (1 + 1e-12))


class ExponentialEntry(Entry):
    """A density that falls as exp(-d / length), d being the distance from a surface."""

    start: str = Field(alias="from", description="the name of a boundary or a face")
    length: Length = Field(description="over which it falls to 1/e such as '100 nm'")


class ProfileTableEntry(Entry):
    """A density along a coordinate, relative: the power is what it is."""

    along: Literal["x", "y", "z", "r"]
    points: list[Annotated[tuple[Input, ...], Row((_PLACE, Dimension("1", low_allowed=True)))]] = Field(
        min_length=2, description="rows such as [0 nm, 1], straight lines between them, zero outside"
    )


class ProfileEntry(Entry):
    """How the heat of a source is spread over its region: exactly one of the two."""

    exponential: ExponentialEntry | None = None
    table: ProfileTableEntry | None = None


class SpreadSourceEntry(Entry):
    """Heat that enters through a surface or inside a region."""

    on: str = Field(description="the name of a boundary, a face or a region")
    power: PowerOrZero | None = Field(None, description="of all of it such as '1 uW'")
    power_density: PowerDensity | None = Field(None, description="in a region, instead of the power: '1 MW/m^3'")
    spread: Literal["flux", "temperature"] = Field(
        "flux", description="'flux' (uniform density) or 'temperature' (an isothermal surface takes the heat)"
    )
    profile: ProfileEntry | None = Field(None, description="in a region (default: uniform)")
    varies: VariationEntry | None = Field(None, description="how it varies in time")
    source: str = ""


class PointSourceEntry(Entry):
    """Heat that enters at a point: in a planar body on a line across it, in an axisymmetric one on a ring."""

    at: Point = Field(description="a place such as [0 um, 0 um]")
    power: PowerOrZero = Field(description="a power such as '1 uW'")
    varies: VariationEntry | None = Field(None, description="how it varies in time")
    source: str = ""


class JouleSourceEntry(Entry):
    """Heat of a current through a region: the square of its density times the resistivity."""

    through: str = Field(description="the name of a region")
    start: str = Field(alias="from", description="the boundary or face where the current enters")
    to: str = Field(description="the boundary or face where it leaves")
    current: Current = Field(description="a current such as '1 mA'")
    resistivity: Resistivity = Field(description="a resistivity such as '22 nohm m'")
    varies: VariationEntry | None = Field(None, description="how its heat (not the current) varies in time")
    source: str = ""


class PointSensorEntry(Entry):
    """A place where the temperature is read."""

    at: Point = Field(description="a place such as [0 um, 0 um]")


class MeanSensorEntry(Entry):
    """A surface or region whose mean temperature is read."""

    on: str = Field(description="the name of a boundary, a face or a region")


class JunctionSensorEntry(Entry):
    """A thermocouple's junction: the mean temperature where two regions touch, of both sides."""

    between: list[str] = Field(min_length=2, max_length=2, description="the names of two regions that touch")


SourceOf: TypeAlias = Annotated[
    SpreadSourceEntry | PointSourceEntry | JouleSourceEntry,
    Alternatives((("on", SpreadSourceEntry), ("at", PointSourceEntry), ("through", JouleSourceEntry))),
]
SensorOf: TypeAlias = Annotated[
    PointSensorEntry | MeanSensorEntry | JunctionSensorEntry,
    Alternatives((("at", PointSensorEntry), ("on", MeanSensorEntry), ("between", JunctionSensorEntry))),
]


def source_places(source: SourceOf) -> dict[str, str]:
    """Name of every region, face or boundary that a source speaks of, by the path below it."""
    if isinstance(source, JouleSourceEntry):
        return {"through": source.through, "from": source.start, "to": source.to}
    if isinstance(source, PointSourceEntry):
        return {}
    exponential = source.profile.exponential if source.profile else None
    return {"on": source.on} | ({"profile.exponential.from": exponential.start} if exponential else {})
