"""From a document of regions to a body in SI numbers, every number through `Values`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import combinations

from thermonet.documents.body.conductivity import (
    ConductivityOf,
    ConductivityTableEntry,
    OrthotropicEntry,
    PolynomialEntry,
)
from thermonet.documents.body.drawn import DrawnDocument
from thermonet.documents.body.layered import LayerEntry
from thermonet.documents.body.regions import RegionEntry, ThinLayerEntry
from thermonet.documents.body.sources import (
    JouleSourceEntry,
    MeanSensorEntry,
    PointSensorEntry,
    PointSourceEntry,
    ProfileEntry,
    SensorOf,
    SourceOf,
    SpreadSourceEntry,
)
from thermonet.geometry.cad.shapes import Drawing
from thermonet.heat.bodies.body import (
    Body,
    Boundary,
    Conductivity,
    Exchange,
    Exponential,
    Filling,
    JouleSource,
    JunctionSensor,
    MeanSensor,
    PointSensor,
    PointSource,
    Profile,
    Radiation,
    Sensor,
    Source,
    SpreadSource,
    Tabulated,
    ambient_port,
)
from thermonet.materials.laws import PolynomialLaw, TableLaw
from thermonet.materials.library import materials_for
from thermonet.quantities.inputs import Input
from thermonet.studies.bodies.drawing import drawing_of
from thermonet.studies.bodies.reading import between_materials
from thermonet.studies.courses import course_of
from thermonet.studies.values import Reading, Values
from thermonet.system.signals import Course

Pairs = Collection[frozenset[str]]


def drawn_body(document: DrawnDocument, values: Values, touching: Pairs | None = None) -> tuple[Body, Drawing | None]:
    """Build the body that a document describes, at the values handed out, and its drawing.

    Parameters
    ----------
    document, values
        What is built, at which values.
    touching
        Pairs of regions that meet, as the mesh tells; without them only stated pairs of regions have a contact.

    Returns
    -------
    body, drawing
        No drawing where a file holds the mesh.
    """
    materials = materials_for(document.materials, between_materials(document))
    build = _RegionReading(materials, values, document.source, document)
    body = Body(
        kind=document.coordinates,
        depth=1.0 if document.depth is None else build.number(document.depth, "depth"),
        fillings=dict(_fillings(build)),
        contacts=_contacts(build, touching),
        boundaries={name: _boundary(build, name) for name in document.boundaries},
        sources={name: _source(build, name, entry) for name, entry in document.sources.items()},
        sensors={name: _sensor(build, name, entry) for name, entry in document.sensors.items()},
        courses=dict(_courses(build)),
    )
    return body, None if document.mesh is not None else drawing_of(document, values)


@dataclass(frozen=True)
class _RegionReading(Reading):
    """A document of regions being read; every method hands out SI numbers."""

    document: DrawnDocument

    def property(self, entry: RegionEntry | LayerEntry, path: str, key: str) -> float | None:
        """A plain number of a region or layer: its own, or its material's; None where neither."""
        own: Input | None = getattr(entry, key)
        if own is not None:
            return self.number(own, f"{path}.{key}", entry.source)
        return None if entry.material is None else self.material(entry.material, key, entry.batch)

    def point(self, point: tuple[Input, ...], path: str) -> tuple[float, ...]:
        """Coordinates [m]."""
        return tuple(self.number(part, f"{path}.{i}") for i, part in enumerate(point))


# --- what fills the regions ---------------------------------------------------------------------------------------


def _fillings(build: _RegionReading) -> Iterator[tuple[str, Filling]]:
    plate = build.document.coordinates == "plate"
    for name, region in build.document.regions.items():
        path = f"regions.{name}"
        if region.layers is not None:
            for key, layer in region.layers.items():
                yield f"{name}.{key}", _filling(build, name, layer, f"{path}.layers.{key}", sheet=True)
        else:
            yield name, _filling(build, name, region, path, sheet=plate)


def _filling(build: _RegionReading, region: str, entry: RegionEntry | LayerEntry, path: str, *, sheet: bool) -> Filling:
    density, specific_heat = build.property(entry, path, "density"), build.property(entry, path, "specific_heat")
    known = density is not None and specific_heat is not None
    thickness = None
    if sheet:
        if entry.thickness is None:
            raise ValueError(f"{path} has no thickness")  # the document's own checks come first
        thickness = build.number(entry.thickness, f"{path}.thickness", entry.source)
    return Filling(
        region=region,
        conductivity=_conductivity(build, entry, path),
        heat_capacity=(density or 0.0) * (specific_heat or 0.0) if known else None,
        thickness=thickness,
    )


def _conductivity(build: _RegionReading, entry: RegionEntry | LayerEntry, path: str) -> Conductivity:
    stated: ConductivityOf | None = entry.thermal_conductivity
    path = f"{path}.thermal_conductivity"
    if isinstance(stated, OrthotropicEntry):
        axes = [(axis, getattr(stated, axis)) for axis in build.document.axes]
        return tuple(build.number(value, f"{path}.{axis}", entry.source) for axis, value in axes)
    if isinstance(stated, ConductivityTableEntry):
        rows = [
            [build.number(value, f"{path}.table.{i}.{j}", entry.source) for j, value in enumerate(row)]
            for i, row in enumerate(stated.table)
        ]
        return TableLaw(tuple(row[0] for row in rows), tuple(row[1] for row in rows))
    if isinstance(stated, PolynomialEntry):
        coefficients = [
            build.number(value, f"{path}.polynomial.{i}", entry.source) for i, value in enumerate(stated.polynomial)
        ]
        return PolynomialLaw(tuple(coefficients), build.number(stated.about, f"{path}.about", entry.source))
    found = build.property(entry, path.removesuffix(".thermal_conductivity"), "thermal_conductivity")
    if found is None:
        raise ValueError(f"{path} is not known")  # the document's own checks come first
    return found


def _contacts(build: _RegionReading, touching: Pairs | None) -> dict[tuple[str, str], float]:
    """Boundary conductance of regions that meet: by their names first, then by their materials.

    A region of no material meets its neighbours in perfect contact unless the pair of regions is stated.
    """
    document, found = build.document, dict[tuple[str, str], float]()
    if document.coordinates == "plate":
        return found
    for first, second in combinations(document.regions, 2):
        meet = touching is None or frozenset((first, second)) in touching
        key = next((key for key in (f"{first}/{second}", f"{second}/{first}") if key in document.interfaces), None)
        if key is not None:
            if meet:
                found[first, second] = _stated_contact(build, key)
            continue
        sides = [document.regions[name].material for name in (first, second)]
        if touching is None or not meet or sides[0] is None or sides[1] is None:
            continue
        value = build.materials.boundary_conductance(sides[0], sides[1])
        if value is not None:
            found[first, second] = build.values(value)
    return found


def _stated_contact(build: _RegionReading, key: str) -> float:
    entry, path = build.document.interfaces[key], f"interfaces.{key}"
    if isinstance(entry, Input):
        return build.number(entry, path)
    if isinstance(entry, ThinLayerEntry):
        conductivity = build.number(entry.thermal_conductivity, f"{path}.thermal_conductivity", entry.source)
        return conductivity / build.number(entry.thickness, f"{path}.thickness", entry.source)
    return 1 / build.number(entry.resistance, f"{path}.resistance", entry.source)


# --- what happens at the boundaries -------------------------------------------------------------------------------


def _boundary(build: _RegionReading, name: str) -> Boundary:
    entry, path = build.document.boundaries[name], f"boundaries.{name}"

    def number(value: Input | None, key: str) -> float | None:
        return None if value is None else build.number(value, f"{path}.{key}", entry.source)

    def surroundings(value: Input | None, key: str) -> float:
        stated = number(value, f"{key}.temperature")
        return build.number(build.document.temperature, "temperature") if stated is None else stated

    exchange, radiation = entry.ambient, entry.radiation
    return Boundary(
        on=(entry.on,) if isinstance(entry.on, str) else entry.on,
        temperature=number(entry.temperature, "temperature"),
        flux=number(entry.flux, "flux"),
        exchange=None
        if exchange is None
        else Exchange(
            conductance=number(exchange.conductance, "ambient.conductance") or 0.0,
            temperature=surroundings(exchange.temperature, "ambient"),
        ),
        radiation=None
        if radiation is None
        else Radiation(
            emissivity=number(radiation.emissivity, "radiation.emissivity") or 0.0,
            temperature=surroundings(radiation.temperature, "radiation"),
        ),
        port=entry.port,
    )


# --- sources and sensors ------------------------------------------------------------------------------------------


def _source(build: _RegionReading, name: str, entry: SourceOf) -> Source:
    path = f"sources.{name}"

    def number(value: Input, key: str) -> float:
        return build.number(value, f"{path}.{key}", entry.source)

    if isinstance(entry, PointSourceEntry):
        return PointSource(at=build.point(entry.at, f"{path}.at"), power=number(entry.power, "power"))
    if isinstance(entry, JouleSourceEntry):
        return JouleSource(
            through=entry.through,
            start=entry.start,
            to=entry.to,
            current=number(entry.current, "current"),
            resistivity=number(entry.resistivity, "resistivity"),
        )
    assert isinstance(entry, SpreadSourceEntry)
    return SpreadSource(
        on=entry.on,
        power=None if entry.power is None else number(entry.power, "power"),
        density=None if entry.power_density is None else number(entry.power_density, "power_density"),
        spread=entry.spread,
        profile=None if entry.profile is None else _profile(build, entry.profile, f"{path}.profile"),
    )


def _profile(build: _RegionReading, entry: ProfileEntry, path: str) -> Profile:
    if entry.exponential is not None:
        length = build.number(entry.exponential.length, f"{path}.exponential.length")
        return Exponential(start=entry.exponential.start, length=length)
    assert entry.table is not None
    rows = [
        [build.number(value, f"{path}.table.points.{i}.{j}") for j, value in enumerate(row)]
        for i, row in enumerate(entry.table.points)
    ]
    return Tabulated(
        coordinate=build.document.axes.index(entry.table.along),
        places=tuple(row[0] for row in rows),
        density=tuple(row[1] for row in rows),
    )


def _sensor(build: _RegionReading, name: str, entry: SensorOf) -> Sensor:
    if isinstance(entry, PointSensorEntry):
        return PointSensor(build.point(entry.at, f"sensors.{name}.at"))
    if isinstance(entry, MeanSensorEntry):
        return MeanSensor(entry.on)
    return JunctionSensor((entry.between[0], entry.between[1]))


# --- in time ------------------------------------------------------------------------------------------------------


def _courses(build: _RegionReading) -> Iterator[tuple[str, Course]]:
    """How held temperatures and surroundings go with time [K], and sources and fluxes relative to their power."""
    document = build.document
    for name, boundary in document.boundaries.items():
        path, varies = f"boundaries.{name}.varies", boundary.varies
        if varies is not None:
            rest = boundary.temperature
            held = None if rest is None else build.number(rest, f"boundaries.{name}.temperature", boundary.source)
            yield name, course_of(build.number, varies, path, held)
        ambient = boundary.ambient
        if ambient is not None and ambient.varies is not None:
            stated = ambient.temperature
            around = (
                build.number(document.temperature, "temperature")
                if stated is None
                else build.number(stated, f"boundaries.{name}.ambient.temperature", boundary.source)
            )
            path = f"boundaries.{name}.ambient.varies"
            yield ambient_port(name), course_of(build.number, ambient.varies, path, around)
    for name, source in document.sources.items():
        if source.varies is not None:
            yield name, course_of(build.number, source.varies, f"sources.{name}.varies", None)
