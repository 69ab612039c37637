"""From a body document to a body in SI numbers, every number through `Values`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from thermonet.documents.body import (
    BodyDocument,
    CoaxialEntry,
    DiscEntry,
    LayerEntry,
    PlateEntry,
    SlabEntry,
    SphericalEntry,
)
from thermonet.documents.reader import read_document
from thermonet.geometry.layered import CoaxialShape, DiscShape, Layer, PlateShape, Shape, SlabShape, SphericalShape
from thermonet.heat.body import AmbientBoundary, Body, BodySource, HeldBoundary
from thermonet.heat.tip import HeatProperties
from thermonet.materials.library import Materials, inconsistencies, materials_for, unknown_material
from thermonet.quantities.inputs import Input
from thermonet.studies.values import Reading, Values


def read_body(file: Path | str, settings: tuple[str, ...] = ()) -> BodyDocument:
    """Read and validate a body document, its materials included.

    Parameters
    ----------
    file
        YAML document.
    settings
        Edits as ``path=value`` texts.

    Raises
    ------
    DocumentError
        With every problem found.
    """
    return read_document(file, BodyDocument, settings, also=body_problems)


def body_problems(document: BodyDocument) -> Iterator[tuple[str, str]]:
    """(path, message) for every material and pair of materials that a body names wrongly."""
    layers = ", ".join(document.layers)
    for path, message in inconsistencies(document.materials, _between_materials(document)):
        yield path, f"{message}; or two of the layers {layers}" if path.startswith("interfaces.") else message
    materials = Materials(document.materials, {})
    for name, layer in document.layers.items():
        if layer.material is not None and layer.material not in materials:
            yield f"layers.{name}.material", unknown_material(layer.material)


def _between_materials(document: BodyDocument) -> dict[str, Input]:
    """Interfaces that name materials or families; those that name two layers come first and are not among them."""
    return {key: value for key, value in document.interfaces.items() if not document.is_between_layers(key)}


def body_of(document: BodyDocument, values: Values) -> Body:
    """Build the body that a document describes, at the values handed out."""
    materials = materials_for(document.materials, _between_materials(document))
    build = _BodyReading(materials, values, document.source, document)
    return Body(
        shape=_shape(build),
        properties=_properties(build),
        boundaries={name: _boundary(build, name) for name in document.boundaries},
        sources={
            name: BodySource(
                on=entry.on,
                power=build.number(entry.power, f"sources.{name}.power", entry.source),
                spread=entry.spread,
            )
            for name, entry in document.sources.items()
        },
        sensors={name: entry.on for name, entry in document.sensors.items()},
    )


@dataclass(frozen=True)
class _BodyReading(Reading):
    """A body document being read; every method hands out SI numbers."""

    document: BodyDocument

    def property(self, name: str, key: str) -> float | None:
        """A number of a layer: its own, or its material's, which layers of one batch share; None where neither."""
        layer = self.document.layers[name]
        own: Input | None = getattr(layer, key)
        if own is not None:
            return self.number(own, f"layers.{name}.{key}", layer.source)
        if layer.material is None:
            return None
        return self.material(layer.material, key, layer.batch)

    def layers(self) -> tuple[Layer, ...]:
        """Layers in order, with their thickness."""
        return tuple(
            Layer(name=name, thickness=self.thickness(name, entry)) for name, entry in self.document.layers.items()
        )

    def thickness(self, name: str, layer: LayerEntry) -> float:
        """Of a layer [m]."""
        return self.number(layer.thickness, f"layers.{name}.thickness", layer.source)


def _shape(build: _BodyReading) -> Shape:
    entry, layers = build.document.shape, build.layers()

    def size(key: str) -> float:
        return build.number(getattr(entry, key), f"shape.{key}", entry.source)

    if isinstance(entry, SlabEntry):
        return SlabShape(width=size("width"), depth=size("depth"), layers=layers)
    if isinstance(entry, CoaxialEntry):
        return CoaxialShape(inner_radius=size("inner_radius"), length=size("length"), layers=layers)
    if isinstance(entry, SphericalEntry):
        return SphericalShape(inner_radius=size("inner_radius"), half_angle=size("half_angle"), layers=layers)
    if isinstance(entry, DiscEntry):
        return DiscShape(radius=size("radius"), spot_radius=size("spot_radius"), layers=layers)
    return PlateShape(length=size("length"), width=size("width"), layers=layers)


def _properties(build: _BodyReading) -> HeatProperties:
    conductivity: dict[str, float] = {}
    capacity: dict[str, float] = {}
    for name in build.document.layers:
        conducts = build.property(name, "thermal_conductivity")
        if conducts is None:
            raise ValueError(f"the layer {name} has no conductivity")  # the document's own checks come first
        conductivity[name] = conducts
        density, specific_heat = build.property(name, "density"), build.property(name, "specific_heat")
        if density is not None and specific_heat is not None:
            capacity[name] = density * specific_heat
    return HeatProperties(conductivity=conductivity, heat_capacity=capacity, boundary_conductance=_contacts(build))


def _contacts(build: _BodyReading) -> dict[tuple[str, str], float]:
    """Boundary conductance of neighbours: by the layers' names first, then by their materials.

    A layer of no material meets its neighbours in perfect contact unless the pair of layers is stated.
    """
    document = build.document
    if isinstance(document.shape, PlateEntry):
        return {}
    found = {}
    for first, second in pairwise(document.layers):
        key = next((key for key in (f"{first}/{second}", f"{second}/{first}") if key in document.interfaces), None)
        if key is not None:
            found[first, second] = build.number(document.interfaces[key], f"interfaces.{key}")
            continue
        sides = [document.layers[name].material for name in (first, second)]
        if sides[0] is None or sides[1] is None:
            continue
        value = build.materials.boundary_conductance(sides[0], sides[1])
        if value is not None:
            found[first, second] = build.values(value)
    return found


def _boundary(build: _BodyReading, name: str) -> HeldBoundary | AmbientBoundary:
    entry, path = build.document.boundaries[name], f"boundaries.{name}"
    if entry.ambient is None:
        if entry.temperature is None:
            raise ValueError(f"the boundary {name} has no temperature")  # the document's own checks come first
        return HeldBoundary(temperature=build.number(entry.temperature, f"{path}.temperature", entry.source))
    ambient = entry.ambient
    if ambient.temperature is None:
        temperature = build.number(build.document.temperature, "temperature")
    else:
        temperature = build.number(ambient.temperature, f"{path}.ambient.temperature", entry.source)
    conductance = build.number(ambient.conductance, f"{path}.ambient.conductance", entry.source)
    return AmbientBoundary(conductance=conductance, temperature=temperature)
