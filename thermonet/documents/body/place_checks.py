"""What is wrong with boundaries, sources and sensors: where they are, and whether they go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from thermonet.documents.body.boundaries import SurfaceEntry
from thermonet.documents.body.conductivity import increasing
from thermonet.documents.body.places import Places, nearest
from thermonet.documents.body.regions import RegionEntry
from thermonet.documents.body.shape_checks import point_problems
from thermonet.documents.body.sources import (
    JouleSourceEntry,
    JunctionSensorEntry,
    MeanSensorEntry,
    PointSensorEntry,
    PointSourceEntry,
    ProfileTableEntry,
    SensorOf,
    SourceOf,
    SpreadSourceEntry,
)

Problems = Iterator[tuple[str, str]]


def surface_problems(boundaries: Mapping[str, SurfaceEntry], places: Places) -> Problems:
    """Yield (path, message) for boundaries that are nowhere, twice at one place, or contradict themselves."""
    own = replace(places, boundaries=())
    first: dict[str, str] = {}
    for name, entry in boundaries.items():
        path = f"boundaries.{name}"
        if name in places.regions:
            yield path, "is the name of a region too, expected another one"
        yield from _surface_kind(entry, path)
        for below, place in entry.places.items():
            if message := own.problem(place, among="face or region"):
                yield f"{path}.{below}", message
            elif place in first:
                twin = "this boundary" if first[place] == name else f"the boundary '{first[place]}'"
                yield f"{path}.{below}", f"'{place}' belongs to {twin} already, expected every face once"
            elif entry.is_held and places.sheet(place):
                message = "held faces leave nothing of a plate to be solved, expected ambient, radiation or its edges"
                yield f"{path}.{below}", message
            first.setdefault(place, name)
    # Through a port heat goes into a network; where there is none, the study refuses the body.
    if not any(entry.is_ground or entry.port for entry in boundaries.values()):
        message = "no heat path to ground, expected a boundary with a temperature, an ambient or radiation"
        yield "boundaries", message


def _surface_kind(entry: SurfaceEntry, path: str) -> Problems:
    exchanges = [key for key in ("flux", "ambient", "radiation") if getattr(entry, key) is not None]
    if entry.is_held and exchanges:
        yield f"{path}.{exchanges[0]}", "this boundary is held at a temperature, expected one of the two"
    elif entry.port is not None and exchanges:
        yield f"{path}.{exchanges[0]}", "a port takes its heat from a network, expected one of the two"
    elif not (entry.is_held or exchanges or entry.port):
        yield path, "nothing happens here, expected temperature, flux, ambient, radiation or port"
    if entry.varies is not None and not entry.is_held and entry.flux is None:
        yield f"{path}.varies", "varies nothing, expected it beside a temperature or a flux, or in the ambient"


def source_problems(
    sources: Mapping[str, SourceOf],
    boundaries: Mapping[str, SurfaceEntry],
    regions: Mapping[str, RegionEntry],
    places: Places,
    axes: tuple[str, ...],
) -> Problems:
    """Yield (path, message) for sources that are nowhere, or that their place cannot take."""
    for name, source in sources.items():
        path = f"sources.{name}"
        if isinstance(source, PointSourceEntry):
            yield from point_problems(source.at, f"{path}.at", axes)
        elif isinstance(source, JouleSourceEntry):
            yield from _joule(source, path, regions, places)
        else:
            yield from _spread_source(source, path, regions, places)
            yield from _profile(source, path, places, axes)
            if source.on not in regions:
                yield from _held_place(source.on, f"{path}.on", boundaries)
    yield from _isothermal_surfaces(sources, boundaries)


def _spread_source(
    source: SpreadSourceEntry, path: str, regions: Mapping[str, RegionEntry], places: Places
) -> Problems:
    on_region = source.on in regions
    if message := places.problem(source.on):
        yield f"{path}.on", message
        return
    if region := places.sheet(source.on):
        yield f"{path}.on", f"a plate has one temperature through its thickness, expected its region '{region}'"
    if (source.power is None) == (source.power_density is None):
        yield path, "expected exactly one of power and power_density"
    if source.power_density is not None and not on_region:
        yield f"{path}.power_density", "belongs to a region, expected a power"
    if source.power_density is not None and source.profile is not None:
        yield f"{path}.power_density", "is uniform, expected a power with a profile"
    if source.spread == "temperature" and on_region:
        yield f"{path}.spread", "only a surface can be isothermal, expected spread: flux"
    if source.profile is not None and not on_region:
        yield f"{path}.profile", "belongs to a region, expected none on a surface"


def _profile(source: SpreadSourceEntry, path: str, places: Places, axes: tuple[str, ...]) -> Problems:
    profile = source.profile
    if profile is None:
        return
    if (profile.exponential is None) == (profile.table is None):
        yield f"{path}.profile", "expected exactly one of exponential and table"
    if profile.exponential is not None:
        start = profile.exponential.start
        if start in places.regions:
            yield f"{path}.profile.exponential.from", f"'{start}' is a region, expected a boundary or a face"
        elif message := places.problem(start, among="boundary or face"):
            yield f"{path}.profile.exponential.from", message
    if profile.table is not None:
        yield from _profile_table(profile.table, f"{path}.profile.table", axes)


def _profile_table(table: ProfileTableEntry, path: str, axes: tuple[str, ...]) -> Problems:
    if table.along not in axes:
        yield f"{path}.along", f"there is no such coordinate, expected one of {', '.join(axes)}"
    yield from increasing([row[0] for row in table.points], f"{path}.points")
    if not any(row[1].value > 0 for row in table.points):
        yield f"{path}.points", "the density is zero everywhere, expected one above zero somewhere"


def _joule(source: JouleSourceEntry, path: str, regions: Mapping[str, RegionEntry], places: Places) -> Problems:
    if source.through not in regions:
        yield f"{path}.through", f"there is no region '{source.through}', expected {nearest(source.through, regions)}"
    elif regions[source.through].layers is not None:
        yield f"{path}.through", "is a stack of layers, expected a region of one material"
    for key, name in (("from", source.start), ("to", source.to)):
        if name in regions:
            yield f"{path}.{key}", f"'{name}' is a region, expected a boundary or a face"
        elif message := places.problem(name, among="boundary or face"):
            yield f"{path}.{key}", message
    if source.start == source.to:
        yield f"{path}.to", "is where the current enters, expected another place"


def _held_place(name: str, path: str, boundaries: Mapping[str, SurfaceEntry]) -> Problems:
    """A held boundary takes heat without a rise; a region of which it is the surface does not."""
    held = {key: entry for key, entry in boundaries.items() if entry.is_held}
    owner = next((key for key, entry in held.items() if name in (key, *entry.places.values())), None)
    if owner is not None:
        yield path, f"'{name}' is held at a temperature, expected a place that is not"


def _isothermal_surfaces(sources: Mapping[str, SourceOf], boundaries: Mapping[str, SurfaceEntry]) -> Problems:
    """One surface is not both isothermal and of uniform flux."""
    spread = {name: source for name, source in sources.items() if isinstance(source, SpreadSourceEntry)}
    taken = {
        face: name
        for name, source in spread.items()
        if source.spread == "temperature"
        for face in faces_named(source.on, boundaries)
    }
    for name, source in spread.items():
        if source.spread == "temperature":
            continue
        shared = [taken[face] for face in faces_named(source.on, boundaries) if face in taken]
        if shared:
            message = f"'{source.on}' is isothermal with the source '{shared[0]}', expected spread: temperature"
            yield f"sources.{name}.spread", message


def faces_named(name: str, boundaries: Mapping[str, SurfaceEntry]) -> list[str]:
    """Places of a boundary, or the one place that is no boundary."""
    return list(boundaries[name].places.values()) if name in boundaries else [name]


def sensor_problems(
    sensors: Mapping[str, SensorOf],
    boundaries: Mapping[str, SurfaceEntry],
    regions: Mapping[str, RegionEntry],
    places: Places,
    axes: tuple[str, ...],
) -> Problems:
    """Yield (path, message) for sensors that are nowhere, or where the temperature is given."""
    for name, sensor in sensors.items():
        path = f"sensors.{name}"
        if isinstance(sensor, PointSensorEntry):
            yield from point_problems(sensor.at, f"{path}.at", axes)
        elif isinstance(sensor, MeanSensorEntry):
            if message := places.problem(sensor.on):
                yield f"{path}.on", message
            if sensor.on not in regions:
                yield from _held_place(sensor.on, f"{path}.on", boundaries)
        elif isinstance(sensor, JunctionSensorEntry):
            for i, side in enumerate(sensor.between):
                if side not in regions:
                    yield f"{path}.between.{i}", f"there is no region '{side}', expected {nearest(side, regions)}"
            if sensor.between[0] == sensor.between[1]:
                yield f"{path}.between.1", "is the same region, expected two that touch"
