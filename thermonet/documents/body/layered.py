"""Schema of a layered body (``thermonet: body/1``): a shape, its layers, what happens at its boundaries."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from thermonet.documents.fields import (
    BoundaryConductance,
    Conductivity,
    Density,
    Dimension,
    Entry,
    Length,
    SpecificHeat,
    Temperature,
)
from thermonet.documents.materials import MaterialChange
from thermonet.documents.probe import NumericsEntry
from thermonet.quantities.inputs import Input

#: Angle between the axis and a cone's wall; 180 degrees, the full sphere, is still one.
ConeAngle = Annotated[Input, Dimension("rad", high=math.pi * (1 + 1e-12))]
PowerOrZero = Annotated[Input, Dimension("W", low_allowed=True)]

#: What names are made of.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
#: The largest share of a disc's radius that its spot may take: the ring around it needs elements.
_WIDEST_SPOT = 0.99
#: An uncertain angle is varied by about this part of itself.
_ANGLE_MARGIN = 1e-3


class ShapeEntry(Entry):
    """What all shapes have: the names of their boundaries, and which of them touch each other."""

    boundaries: ClassVar[tuple[str, ...]]
    touching: ClassVar[tuple[tuple[str, str], ...]] = ()


class SlabEntry(ShapeEntry):
    """Flat layers along x, insulated at their sides."""

    boundaries: ClassVar[tuple[str, ...]] = ("first", "last")
    kind: Literal["slab"]
    width: Length = Field(description="of the cross-section such as '1 mm'")
    depth: Length = Field(description="of the cross-section, across the width")
    source: str = ""


class CoaxialEntry(ShapeEntry):
    """Round layers about an axis, from the inside outwards, insulated at their ends."""

    boundaries: ClassVar[tuple[str, ...]] = ("inner", "outer")
    kind: Literal["coaxial"]
    inner_radius: Length = Field(description="of the first layer's inner surface such as '1 um'")
    length: Length = Field(description="along the axis")
    source: str = ""


class SphericalEntry(ShapeEntry):
    """Spherical shells, or the part of them inside a cone about the axis, insulated at its wall."""

    boundaries: ClassVar[tuple[str, ...]] = ("inner", "outer")
    kind: Literal["spherical"]
    inner_radius: Length = Field(description="of the first layer's inner surface such as '100 nm'")
    half_angle: ConeAngle = Field(
        Input(value=math.pi, unit="rad", source="default: the full sphere"),
        description="angle between axis and wall such as '25 deg' (default: 180 deg, the full sphere)",
    )
    source: str = ""


class DiscEntry(ShapeEntry):
    """A round stack of layers, from the top downwards, with a small spot in the middle of its top."""

    boundaries: ClassVar[tuple[str, ...]] = ("spot", "top", "bottom", "side")
    touching: ClassVar[tuple[tuple[str, str], ...]] = (("spot", "top"), ("top", "side"), ("bottom", "side"))
    kind: Literal["disc"]
    radius: Length = Field(description="of the whole stack such as '2 um'")
    spot_radius: Length = Field(description="of the spot on its top such as '60 nm'")
    source: str = ""


class PlateEntry(ShapeEntry):
    """A thin laminate in its own plane: every layer conducts along it, none has a drop across it."""

    boundaries: ClassVar[tuple[str, ...]] = ("start", "end", "faces")
    kind: Literal["plate"]
    length: Length = Field(description="from start to end such as '50 um'")
    width: Length = Field(description="across")
    source: str = ""


class LayerEntry(Entry):
    """A layer: what it is made of, and how thick it is."""

    material: str | None = Field(None, description="the name of a library material")
    thickness: Length = Field(description="a thickness such as '70 nm'")
    thermal_conductivity: Conductivity | None = Field(None, description="of this layer, instead of the material's")
    density: Density | None = Field(None, description="of this layer, instead of the material's")
    specific_heat: SpecificHeat | None = Field(None, description="of this layer, instead of the material's")
    batch: str = Field("", description="layers of one material and batch share their uncertainty")
    source: str = ""


class AmbientEntry(Entry):
    """Heat exchange with surroundings at one temperature."""

    conductance: BoundaryConductance = Field(description="per area such as '10 W/m^2/K'")
    temperature: Temperature | None = Field(None, description="of these surroundings (default: the document's)")


class BoundaryEntry(Entry):
    """What happens at a boundary: held at a temperature, exchanging heat with an ambient, or joined to a network."""

    temperature: Temperature | None = Field(None, description="a temperature that it is held at such as '300 K'")
    ambient: AmbientEntry | None = None
    port: Literal["isothermal", "trace"] | None = Field(
        None, description="'isothermal' (one temperature) or 'trace' (all its nodes), adiabatic in a study alone"
    )
    source: str = ""


class SourceEntry(Entry):
    """Heat that enters through a boundary or inside a layer."""

    on: str = Field(description="the name of a boundary or a layer")
    power: PowerOrZero = Field(description="a power such as '1 uW'")
    spread: Literal["flux", "temperature"] = Field(
        "flux", description="'flux' (uniform density) or 'temperature' (an isothermal surface takes the heat)"
    )
    source: str = ""


class SensorEntry(Entry):
    """A place where the mean temperature is read."""

    on: str = Field(description="the name of a boundary or a layer")


class LayeredDocument(Entry):
    """A whole layered body in one file."""

    thermonet: Literal["body/1"]
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", description="a short name for files and reports")
    title: str = ""
    source: str = ""
    temperature: Temperature = Field(description="of the surroundings such as '300 K'")
    shape: SlabEntry | CoaxialEntry | SphericalEntry | DiscEntry | PlateEntry = Field(discriminator="kind")
    layers: dict[str, LayerEntry] = Field(min_length=1, description="layers by name, in order")
    interfaces: dict[str, BoundaryConductance] = Field(
        default_factory=dict, description="by pair of layers, materials or families such as 'gold/nitride'"
    )
    boundaries: dict[str, BoundaryEntry] = Field(default_factory=dict, description="those not listed are adiabatic")
    sources: dict[str, SourceEntry] = Field(default_factory=dict)
    sensors: dict[str, SensorEntry] = Field(default_factory=dict)
    materials: dict[str, MaterialChange] = Field(default_factory=dict)
    numerics: NumericsEntry

    def inconsistencies(self) -> Iterator[tuple[str, str]]:
        """Yield (path, message) for everything that is well formed but cannot be built or means nothing."""
        yield from _names(self)
        yield from _layer_values(self.layers)
        yield from _shape(self.shape)
        yield from _boundaries(self)
        yield from _places(self)
        yield from _layer_interfaces(self)

    def is_between_layers(self, pair: str) -> bool:
        """Whether the key of an interface names two layers (rather than materials or families)."""
        return all(side in self.layers for side in pair.split("/"))


def _names(body: LayeredDocument) -> Iterator[tuple[str, str]]:
    groups: Mapping[str, Mapping[str, object]] = {
        "layers": body.layers,
        "sources": body.sources,
        "sensors": body.sensors,
    }
    for group, entries in groups.items():
        for name in entries:
            if not NAME.fullmatch(name):
                yield f"{group}.{name}", "is not a name, expected letters, digits, '_' and '-'"
    for name in body.layers:
        if name in body.shape.boundaries:
            yield f"layers.{name}", f"is the name of a boundary of a {body.shape.kind}, expected another one"


def _layer_values(layers: Mapping[str, LayerEntry]) -> Iterator[tuple[str, str]]:
    for name, layer in layers.items():
        if layer.material is not None:
            continue
        if layer.thermal_conductivity is None:
            yield f"layers.{name}", "says nothing about what conducts, expected a material or a thermal_conductivity"
        if (layer.density is None) != (layer.specific_heat is None):
            missing = "density" if layer.density is None else "specific_heat"
            yield f"layers.{name}.{missing}", "the key is missing: a heat capacity needs density and specific_heat"


def _shape(shape: ShapeEntry) -> Iterator[tuple[str, str]]:
    if isinstance(shape, DiscEntry) and not shape.spot_radius.value <= _WIDEST_SPOT * shape.radius.value:
        limit = f"{_WIDEST_SPOT * shape.radius.value:.3g} m"
        yield (
            "shape.spot_radius",
            f"must be smaller than the disc (at most {limit}), got {shape.spot_radius.value:.3g} m",
        )
    if isinstance(shape, SphericalEntry):
        angle = shape.half_angle
        if angle.u > 0 and angle.value * (1 + _ANGLE_MARGIN) > math.pi:
            yield "shape.half_angle", "a full sphere is exact, expected no uncertainty or an angle below 180 deg"


def _boundaries(body: LayeredDocument) -> Iterator[tuple[str, str]]:
    known = body.shape.boundaries
    for name, entry in body.boundaries.items():
        path = f"boundaries.{name}"
        if name not in known:
            yield path, f"a {body.shape.kind} has no boundary '{name}', expected one of {', '.join(known)}"
        elif sum(item is not None for item in (entry.temperature, entry.ambient, entry.port)) != 1:
            yield path, "expected exactly one of temperature (held), ambient and port"
        elif name == "faces" and entry.temperature is not None:
            yield f"{path}.temperature", "held faces leave nothing of a plate to be solved, expected ambient"
        elif name == "faces" and entry.port is not None:
            yield f"{path}.port", "all of a plate at one temperature is no body any more, expected ambient"
    if not any(entry.temperature or entry.ambient or entry.port for entry in body.boundaries.values()):
        yield "boundaries", "no heat path to ground, expected a boundary with a temperature or an ambient"
    yield from _touching_temperatures(body)


def _isothermal_sources(body: LayeredDocument) -> dict[str, str]:
    """Source by boundary, for the sources that make theirs isothermal."""
    return {entry.on: name for name, entry in body.sources.items() if entry.spread == "temperature"}


def _touching_temperatures(body: LayeredDocument) -> Iterator[tuple[str, str]]:
    """Two surfaces at different temperatures that touch would exchange infinitely much heat."""
    held = {name: entry.temperature for name, entry in body.boundaries.items() if entry.temperature is not None}
    floating = _isothermal_sources(body)
    for first, second in body.shape.touching:
        if first in held and second in held:
            ends = held[first], held[second]
            if ends[0].value != ends[1].value or any(end.u > 0 for end in ends):
                message = (
                    f"touches '{first}', so the heat between them is infinite unless both have one exact temperature"
                )
                yield f"boundaries.{second}.temperature", message
        for one, other in ((first, second), (second, first)):
            if one in floating and (other in held or (one == first and other in floating)):
                message = (
                    f"is isothermal and touches '{other}', which has a temperature of its own, expected spread: flux"
                )
                yield f"sources.{floating[one]}.spread", message


def _places(body: LayeredDocument) -> Iterator[tuple[str, str]]:
    """Where heat enters and temperatures are read."""
    places = [*body.shape.boundaries, *body.layers]
    held = {name for name, entry in body.boundaries.items() if entry.temperature is not None}
    surfaces = set(body.shape.boundaries) - {"faces"}
    groups: list[tuple[str, Mapping[str, SourceEntry | SensorEntry]]] = [
        ("sources", body.sources),
        ("sensors", body.sensors),
    ]
    for group, entries in groups:
        for name, entry in entries.items():
            path = f"{group}.{name}.on"
            if entry.on not in places:
                yield path, f"there is no boundary or layer '{entry.on}', expected one of {', '.join(places)}"
            elif entry.on in held:
                yield path, f"'{entry.on}' is held at a temperature, expected a boundary that is not, or a layer"
    for name, source in body.sources.items():
        if source.spread == "temperature" and source.on in places and source.on not in surfaces:
            yield f"sources.{name}.spread", "only a surface can be isothermal, expected spread: flux"
    taken = _isothermal_sources(body)
    for name, source in body.sources.items():
        if source.on in taken and source.spread == "flux" and source.on in surfaces:
            message = f"'{source.on}' is isothermal with the source '{taken[source.on]}', expected spread: temperature"
            yield f"sources.{name}.spread", message


def _layer_interfaces(body: LayeredDocument) -> Iterator[tuple[str, str]]:
    neighbours = {frozenset(pair) for pair in pairwise(body.layers)}
    first: dict[frozenset[str], str] = {}
    for key in body.interfaces:
        pair = frozenset(key.split("/"))
        if isinstance(body.shape, PlateEntry):
            yield f"interfaces.{key}", "means nothing in a plate, which has one temperature through its thickness"
        elif not body.is_between_layers(key):
            continue
        elif len(key.split("/")) != 2 or pair not in neighbours:
            yield f"interfaces.{key}", "is no pair of neighbours, expected two layers that follow each other"
        elif (twin := first.setdefault(pair, key)) != key:
            yield f"interfaces.{key}", f"is the pair '{twin}' again, expected it once"
