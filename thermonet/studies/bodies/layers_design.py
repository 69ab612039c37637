"""From a document of layers to a body in SI numbers, every number through `Values`."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from thermonet.documents.body.layered import (
    CoaxialEntry,
    DiscEntry,
    LayeredDocument,
    LayerEntry,
    PlateEntry,
    SlabEntry,
    SphericalEntry,
)
from thermonet.geometry.layered import (
    SHEET,
    CoaxialShape,
    DiscShape,
    Layer,
    PlateShape,
    Shape,
    SlabShape,
    SphericalShape,
)
from thermonet.heat.bodies.body import Body, Boundary, Exchange, Filling, MeanSensor, SpreadSource
from thermonet.materials.library import materials_for
from thermonet.quantities.inputs import Input
from thermonet.studies.bodies.reading import between_materials
from thermonet.studies.values import Reading, Values


def layered_body(document: LayeredDocument, values: Values) -> tuple[Body, Shape]:
    """Build the body that a document describes, at the values handed out, and the shape that its mesh is made of."""
    materials = materials_for(document.materials, between_materials(document))
    build = _LayerReading(materials, values, document.source, document)
    shape = _shape(build)
    body = Body(
        kind={"slab": "planar", "plate": "plate"}.get(document.shape.kind, "axisymmetric"),  # type: ignore[arg-type]
        depth=shape.depth if isinstance(shape, SlabShape) else 1.0,
        fillings=_fillings(build),
        contacts=_contacts(build),
        boundaries={name: _boundary(build, name) for name in document.boundaries},
        sources={
            name: SpreadSource(
                on=entry.on,
                power=build.number(entry.power, f"sources.{name}.power", entry.source),
                spread=entry.spread,
            )
            for name, entry in document.sources.items()
        },
        sensors={name: MeanSensor(entry.on) for name, entry in document.sensors.items()},
    )
    return body, shape


@dataclass(frozen=True)
class _LayerReading(Reading):
    """A document of layers being read; every method hands out SI numbers."""

    document: LayeredDocument

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


def _shape(build: _LayerReading) -> Shape:
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


def _fillings(build: _LayerReading) -> dict[str, Filling]:
    plate = isinstance(build.document.shape, PlateEntry)
    found = {}
    for name, layer in build.document.layers.items():
        conducts = build.property(name, "thermal_conductivity")
        if conducts is None:
            raise ValueError(f"the layer {name} has no conductivity")  # the document's own checks come first
        density, specific_heat = build.property(name, "density"), build.property(name, "specific_heat")
        known = density is not None and specific_heat is not None
        found[name] = Filling(
            region=SHEET if plate else name,
            conductivity=conducts,
            heat_capacity=(density or 0.0) * (specific_heat or 0.0) if known else None,
            thickness=build.thickness(name, layer) if plate else None,
        )
    return found


def _contacts(build: _LayerReading) -> dict[tuple[str, str], float]:
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


def _boundary(build: _LayerReading, name: str) -> Boundary:
    entry, path = build.document.boundaries[name], f"boundaries.{name}"
    if entry.port is not None:
        return Boundary(on=(name,), port=entry.port)
    if entry.ambient is None:
        if entry.temperature is None:
            raise ValueError(f"the boundary {name} has no temperature")  # the document's own checks come first
        held = build.number(entry.temperature, f"{path}.temperature", entry.source)
        return Boundary(on=(name,), temperature=held)
    ambient = entry.ambient
    if ambient.temperature is None:
        temperature = build.number(build.document.temperature, "temperature")
    else:
        temperature = build.number(ambient.temperature, f"{path}.ambient.temperature", entry.source)
    conductance = build.number(ambient.conductance, f"{path}.ambient.conductance", entry.source)
    return Boundary(on=(name,), exchange=Exchange(conductance=conductance, temperature=temperature))
