"""Schema of a body of regions, drawn or from a mesh file, with everything that happens in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from thermonet.documents.body.boundaries import SurfaceEntry
from thermonet.documents.body.layered import NAME
from thermonet.documents.body.place_checks import sensor_problems, source_problems, surface_problems
from thermonet.documents.body.places import Places
from thermonet.documents.body.region_checks import AXES, interface_problems, region_problems
from thermonet.documents.body.regions import InterfaceOf, MeshFileEntry, RegionEntry
from thermonet.documents.body.sources import MeanSensorEntry, SensorOf, SourceOf, source_places
from thermonet.documents.body.time_checks import periodic_problems, time_problems, variations
from thermonet.documents.experiments import Time
from thermonet.documents.fields import Dimension, ElementScale, Entry, Extent, Length, Temperature, Whole
from thermonet.documents.materials import MaterialChange
from thermonet.quantities.inputs import Input

Tolerance = Annotated[Input, Dimension("1", high=1.0)]
#: Fixed time steps beyond which nobody waits for the end.
_MOST_STEPS = 1e6
Coordinates = Literal["planar", "axisymmetric", "solid", "plate"]


class TransientEntry(Entry):
    """From an initial temperature to a time, with everything that varies."""

    until: Time = Field(description="a time such as '10 us'")
    initial: Temperature | None = Field(None, description="everywhere at t = 0 (default: the document's temperature)")
    tolerance: Tolerance = Field(
        Input(value=1e-3, source="default"), description="largest error of the time steps per swing (default: 0.1 %)"
    )
    step: Time | None = Field(None, description="a fixed time step (default: as the tolerance asks)")
    points: Annotated[int, Whole(2, 100_000)] = Field(200, description="times that are reported, evenly spaced")


def step_problems(transient: TransientEntry) -> Iterator[tuple[str, str]]:
    """Yield (path, message) for a fixed time step that is too long or too short for the whole time."""
    if transient.step is None:
        return
    if transient.step.value > transient.until.value:
        yield "transient.step", "is longer than the whole time, expected a part of 'until'"
    steps = transient.until.value / transient.step.value
    if steps > _MOST_STEPS:
        yield "transient.step", f"would take {steps:.1e} steps, expected at most {_MOST_STEPS:.0e}"


class PeriodicEntry(Entry):
    """The periodic state that a body reaches when everything varies with one frequency."""

    points: Annotated[int, Whole(4, 100_000)] = Field(120, description="times per period that are reported")


class BodyNumericsEntry(Entry):
    """How exactly to compute."""

    tolerance: Tolerance = Field(
        description="largest numerical error of an answer such as '0.1 %': of a temperature relative to the largest "
        "rise, of a heat to the largest heat, else to itself"
    )
    element_scale: ElementScale = Field(
        Input(value=1.0, source="default"), description="multiplies every element's size (default: 1, the usual mesh)"
    )
    element_size: Length | None = Field(None, description="the largest size of an element anywhere")
    degree: Annotated[int, Whole(1, 2)] = Field(2, description="1 (linear) or 2 (quadratic elements, default)")
    largest_model: Annotated[int, Whole(100, 100_000_000)] = Field(
        2_000_000, description="unknowns that no mesh may exceed (default: 2e6)"
    )


class DrawnDocument(Entry):
    """A body of regions in one file, drawn or with the mesh file beside it."""

    thermonet: Literal["body/1"]
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", description="a short name for files and reports")
    title: str = ""
    source: str = ""
    temperature: Temperature = Field(description="of the surroundings such as '300 K' or '20 degC'")
    coordinates: Coordinates = Field(description="planar (x, y), axisymmetric (r, z), solid (x, y, z) or plate (x, y)")
    depth: Extent | None = Field(None, description="of a planar body such as '1 mm'")
    mesh: MeshFileEntry | None = Field(None, description="a mesh file, instead of shapes")
    regions: dict[str, RegionEntry] = Field(min_length=1, description="regions by name")
    interfaces: dict[str, InterfaceOf] = Field(
        default_factory=dict, description="by pair of regions, materials or families such as 'gold/nitride'"
    )
    boundaries: dict[str, SurfaceEntry] = Field(default_factory=dict, description="all other surfaces are adiabatic")
    sources: dict[str, SourceOf] = Field(default_factory=dict)
    sensors: dict[str, SensorOf] = Field(default_factory=dict)
    materials: dict[str, MaterialChange] = Field(default_factory=dict)
    transient: TransientEntry | None = None
    periodic: PeriodicEntry | None = None
    numerics: BodyNumericsEntry

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the coordinates."""
        return AXES[self.coordinates]

    @property
    def in_time(self) -> bool:
        """Whether something is asked that needs heat capacities."""
        return self.transient is not None or self.periodic is not None

    @property
    def places(self) -> Places:
        """What there is to name."""
        plate, from_file = self.coordinates == "plate", self.mesh is not None
        return Places(tuple(self.regions), tuple(self.boundaries), plate=plate, open_ended=from_file)

    @property
    def references(self) -> dict[str, str]:
        """Name of every region, face or boundary that boundaries, sources and sensors speak of, by path."""
        named = {
            f"boundaries.{name}.{below}": place
            for name, entry in self.boundaries.items()
            for below, place in entry.places.items()
        }
        for name, source in self.sources.items():
            named |= {f"sources.{name}.{below}": place for below, place in source_places(source).items()}
        sensors = {name: entry for name, entry in self.sensors.items() if isinstance(entry, MeanSensorEntry)}
        return named | {f"sensors.{name}.on": entry.on for name, entry in sensors.items()}

    def inconsistencies(self) -> Iterator[tuple[str, str]]:
        """Yield (path, message) for everything that is well formed but cannot be built or means nothing."""
        places, plate = self.places, self.coordinates == "plate"
        yield from self._names()
        yield from self._depth()
        yield from region_problems(
            self.regions, self.coordinates, from_file=self.mesh is not None, in_time=self.in_time
        )
        yield from interface_problems(self.interfaces, self.regions, plate=plate)
        yield from surface_problems(self.boundaries, places)
        yield from source_problems(self.sources, self.boundaries, self.regions, places, self.axes)
        yield from sensor_problems(self.sensors, self.boundaries, self.regions, places, self.axes)
        varying = variations(self.boundaries, self.sources)
        yield from time_problems(varying, in_time=self.in_time)
        if self.periodic is not None:
            yield from periodic_problems(varying, self.boundaries, self.regions)

    def _names(self) -> Iterator[tuple[str, str]]:
        for group in ("regions", "boundaries", "sources", "sensors"):
            for name in getattr(self, group):
                if not NAME.fullmatch(name):
                    yield f"{group}.{name}", "is not a name, expected letters, digits, '_' and '-'"

    def _depth(self) -> Iterator[tuple[str, str]]:
        if self.coordinates == "planar" and self.depth is None:
            yield "depth", "the key is missing, expected that of the planar body such as '1 mm'"
        if self.coordinates != "planar" and self.depth is not None:
            yield "depth", "belongs to a planar body, expected none with these coordinates"
        if self.mesh is not None and self.numerics.element_size is not None:
            yield "numerics.element_size", "the mesh file has the elements, expected none here"
        if self.transient is not None:
            yield from step_problems(self.transient)

    def is_between_regions(self, pair: str) -> bool:
        """Whether the key of an interface names two regions (rather than materials or families)."""
        return all(side in self.regions for side in pair.split("/"))
