"""Schema of a probe design (``thermonet: probe/1``)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from thermonet.documents.fields import (
    BoundaryConductance,
    Conductivity,
    ElectricalConductance,
    ElementScale,
    Entry,
    Factor,
    Fraction,
    Frequency,
    HalfAngle,
    Length,
    NoiseDensity,
    Resistance,
    ResistanceOrZero,
    SeebeckCoefficient,
    SheetResistance,
    SidewallFactor,
    Temperature,
    TimeOrZero,
)
from thermonet.documents.materials import MaterialChange
from thermonet.quantities.formatting import with_unit

#: Smallest element scale: elements grow in number with its inverse square.
_FINEST = 0.05
#: The same of a tip with lines, which is solved in three dimensions: 5 GB.
_FINEST_SOLID = 0.7


class SizeEffect(Entry):
    """Fuchs-Sondheimer and Mayadas-Shatzkes scattering of a metal film's electrons."""

    grain_size: Length = Field(description="mean grain diameter such as '40 nm'")
    specularity: Fraction = Field(description="share of electrons reflected specularly at the surfaces, 0..1")
    grain_reflection: Fraction = Field(description="reflection coefficient of a grain boundary, 0..1")
    source: str = ""


class FilmEntry(Entry):
    """What every film states: material, thickness, and where its conductivity comes from if not from the material."""

    material: str = Field(description="the name of a library material")
    thickness: Length = Field(description="the thickness on flats such as '90 nm'")
    thermal_conductivity: Conductivity | None = Field(None, description="of this film, overriding the material's")
    sheet_resistance: SheetResistance | None = Field(None, description="measured, per square; k t = L T / R_sheet")
    lorenz_ratio: Factor | None = Field(None, description="L / L_0 of the film, with sheet_resistance (default 1)")
    size_effect: SizeEffect | None = None
    batch: str = Field("", description="films of one material and batch share their uncertainty")
    source: str = ""


class LayerEntry(FilmEntry):
    """A film on the tip, listed from the core outwards."""

    sidewall_factor: SidewallFactor | None = Field(None, description="thickness on the cone wall / on flats")
    apex_thickness: Length | None = Field(None, description="thickness on the axis (default: as on flats)")
    opening_radius: Length | None = Field(
        None, description="radius of the hole around the axis where it is etched open"
    )
    width: Length | None = Field(
        None, description="of the line into which a thermocouple metal is patterned (default: it covers the whole tip)"
    )


class CoreEntry(Entry):
    """What the tip is made of below its films."""

    material: str = Field(description="the name of a library material")
    thermal_conductivity: Conductivity | None = None
    batch: str = ""
    source: str = ""


class ApexEntry(Entry):
    """The tip: a rounded cone of core material under films."""

    height: Length = Field(description="height of the core above the cantilever such as '8 um'")
    half_angle: HalfAngle = Field(description="angle between axis and wall such as '25 deg'")
    core_radius: Length = Field(description="radius of the core's rounded end such as '100 nm'")
    outer_radius: Length | None = Field(None, description="core_radius and all apex thicknesses; printed, not needed")
    core: CoreEntry
    layers: dict[str, LayerEntry] = Field(min_length=1, description="films by name, from the core outwards")
    source: str = ""


class CantileverEntry(Entry):
    """A rectangular plate held at the chip; the tip stands on its axis."""

    length: Length = Field(description="chip to free end such as '45 um'")
    width: Length = Field(description="a width such as '50 um'")
    tip_to_end: Length = Field(description="distance of the tip's axis from the free end")
    layers: dict[str, FilmEntry] = Field(min_length=1, description="the plate's own layers by name")
    films: list[str] | None = Field(None, description="tip layers that continue on the plate (default: all)")
    source: str = ""


class ThermocoupleEntry(Entry):
    """The two metals that meet at the opening, and what the document knows of their signal."""

    metals: tuple[str, str] = Field(description="the two layers that meet, inner one first")
    seebeck_coefficient: SeebeckCoefficient | None = None
    noise_density: NoiseDensity | None = None
    source: str = ""


class SourceEntry(Entry):
    """Heat that the junction's electrons leave in a metal layer around the apex."""

    layer: str = Field(description="the layer that takes up the heat")
    shape: Literal["diffusive", "ballistic"] = "diffusive"
    relaxation_length: Length = Field(description="a length such as '60 nm'")
    source: str = ""


class JunctionEntry(Entry):
    """The contact between probe and substrate."""

    resistance: Resistance | None = Field(None, description="R_J such as '1e7 K/W'")
    electrical_conductance: ElectricalConductance | None = Field(
        None, description="of a metallic contact (R_J by Wiedemann-Franz)"
    )
    tolerance: Factor | None = Field(
        None, description="largest bias of Q_P / Q_Total that is acceptable, such as '1 %'"
    )
    source: str = ""


class SubstrateFilmEntry(Entry):
    """A metal film on a thick substrate, heated on a disc around the contact."""

    film: FilmEntry
    base: CoreEntry
    source_radius: Length = Field(description="radius of the disc that takes up the heat such as '60 nm'")
    source: str = ""


class SubstrateEntry(Entry):
    """What the heat meets on the other side: a stated resistance, or a film on a thick base."""

    resistance: ResistanceOrZero | None = Field(
        None, description="R_S such as '8e4 K/W', zero allowed; stands in for a stack"
    )
    stack: SubstrateFilmEntry | None = None
    source: str = ""


class ModulationEntry(Entry):
    """Three-level modulation +, 0, - of the bias."""

    frequency: Frequency = Field(description="a frequency such as '12.25 Hz'")
    discard: TimeOrZero | None = Field(None, description="time cut from the start of every level")
    filter_time_constant: TimeOrZero | None = Field(None, description="of the amplifier's first-order low-pass")
    tolerance: Factor | None = Field(None, description="largest relative bias of a level mean (default 0.1 %)")
    source: str = ""


class MeasuredEntry(Entry):
    """Measured values to be printed beside the predictions; they change nothing."""

    probe_resistance: Resistance | None = None
    time_constant: TimeOrZero | None = None
    source: str = ""


class NumericsEntry(Entry):
    """How exactly to compute."""

    tolerance: Factor = Field(description="largest relative numerical error of R_P such as '0.1 %'")
    element_scale: ElementScale = Field(description="multiplies every element's size; 1 is the usual mesh")


class ProbeDocument(Entry):
    """A whole probe in one file."""

    thermonet: Literal["probe/1"]
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", description="a short name for files and reports")
    title: str = ""
    source: str = ""
    temperature: Temperature = Field(description="of the chip and all surroundings such as '300 K'")
    apex: ApexEntry
    cantilever: CantileverEntry | None = None
    thermocouple: ThermocoupleEntry
    heat_source: SourceEntry
    junction: JunctionEntry = JunctionEntry()
    substrate: SubstrateEntry = SubstrateEntry()
    modulation: ModulationEntry | None = None
    measured: MeasuredEntry | None = None
    materials: dict[str, MaterialChange] = Field(default_factory=dict)
    interfaces: dict[str, BoundaryConductance] = Field(default_factory=dict)
    numerics: NumericsEntry

    def inconsistencies(self) -> Iterator[tuple[str, str]]:
        """Yield (path, message) for everything that is well formed but cannot be built or means nothing."""
        yield from _layer_words(self)
        yield from _layer_names(self)
        yield from _tip_shape(self.apex)
        yield from _conductivity_routes(self)
        yield from _plate_shape(self)
        yield from _contact(self)
        yield from _signal(self)
        lines = any(layer.width is not None for layer in self.apex.layers.values())
        finest = _FINEST_SOLID if lines else _FINEST
        if self.numerics.element_scale.value < finest:
            yield "numerics.element_scale", f"would need too much memory, expected at least {finest:g}"


def _layer_words(probe: ProbeDocument) -> Iterator[tuple[str, str]]:
    """Names become parts of other names: a word each, and none that is taken."""
    layers = [f"apex.layers.{name}" for name in probe.apex.layers]
    layers += [f"cantilever.layers.{name}" for name in (probe.cantilever.layers if probe.cantilever else ())]
    for path in layers:
        if not re.fullmatch(r"[a-z]+\.layers\.[A-Za-z0-9_-]+", path):
            yield path, "is no name of a layer, expected letters, digits, - and _"
    if "core" in probe.apex.layers:
        yield "apex.layers.core", "is the name of what is below the layers, expected another name"


def _layer_names(probe: ProbeDocument) -> Iterator[tuple[str, str]]:
    names = list(probe.apex.layers)
    known = f"expected one of apex.layers ({', '.join(names)})"
    uses = {f"thermocouple.metals.{i}": metal for i, metal in enumerate(probe.thermocouple.metals)}
    uses["heat_source.layer"] = probe.heat_source.layer
    carried = (probe.cantilever.films if probe.cantilever else None) or []
    uses |= {f"cantilever.films.{i}": name for i, name in enumerate(carried)}
    for i, name in enumerate(carried):
        if name in carried[:i]:
            yield f"cantilever.films.{i}", f"'{name}' is listed twice, expected it once"
    for path, name in uses.items():
        if name not in names:
            yield path, f"there is no layer '{name}', {known}"
    if probe.heat_source.layer in names[:-1]:
        yield "heat_source.layer", f"heat enters at the surface, expected the outermost layer '{names[-1]}'"
    if set(probe.thermocouple.metals) <= set(names):
        yield from _metals_meet(probe)
    for name, layer in probe.apex.layers.items():
        if layer.width is not None and (name not in probe.thermocouple.metals or name == names[-1]):
            message = "only a thermocouple metal under another film can be a line, expected no width"
            yield f"apex.layers.{name}.width", message


def _metals_meet(probe: ProbeDocument) -> Iterator[tuple[str, str]]:
    """The two metals of the thermocouple touch, directly or through the one film that is opened."""
    names = list(probe.apex.layers)
    first, last = (names.index(metal) for metal in probe.thermocouple.metals)
    between = names[first + 1 : last]
    if first >= last or len(between) > 1:
        wanted = "expected two layers, inner one first, with at most one film between"
        yield "thermocouple.metals", f"{wanted}, got {', '.join(probe.thermocouple.metals)}"
        return
    for name, layer in probe.apex.layers.items():
        path = f"apex.layers.{name}.opening_radius"
        if name in between and layer.opening_radius is None:
            yield path, "the key is missing: without an opening the two metals never meet"
        if name not in between and layer.opening_radius is not None:
            yield path, "only the film between the two thermocouple metals can be opened"


def _tip_shape(apex: ApexEntry) -> Iterator[tuple[str, str]]:
    height, radius = apex.height.value, apex.core_radius.value
    if radius >= height / 2:
        yield "apex.core_radius", f"must be below half the tip's height ({_nm(height / 2)}), got {_nm(radius)}"
    for name, layer in apex.layers.items():
        stated = {"thickness": layer.thickness, "apex_thickness": layer.apex_thickness}
        for key, thickness in stated.items():
            if thickness is not None and thickness.value >= height / 4:
                limit = f"a quarter of the tip's height ({_nm(height / 4)})"
                yield f"apex.layers.{name}.{key}", f"must be below {limit}, got {_nm(thickness.value)}"
    outer = radius + sum((layer.apex_thickness or layer.thickness).value for layer in apex.layers.values())
    if apex.outer_radius is not None and not math.isclose(apex.outer_radius.value, outer, rel_tol=1e-6):
        given = f"core_radius and the films on the axis give {_nm(outer)}, got {_nm(apex.outer_radius.value)}"
        yield "apex.outer_radius", f"{given}; expected that value, or only one of the two radii"


def _nm(length: float) -> str:
    return f"{length * 1e9:.4g} nm"


def _conductivity_routes(probe: ProbeDocument) -> Iterator[tuple[str, str]]:
    films: dict[str, FilmEntry] = {f"apex.layers.{name}": layer for name, layer in probe.apex.layers.items()}
    if probe.cantilever:
        films |= {f"cantilever.layers.{name}": layer for name, layer in probe.cantilever.layers.items()}
    for path, film in films.items():
        routes = [
            key for key in ("thermal_conductivity", "sheet_resistance", "size_effect") if getattr(film, key) is not None
        ]
        if len(routes) > 1:
            yield (
                f"{path}.{routes[1]}",
                f"the conductivity is stated twice ({' and '.join(routes)}), expected one of them",
            )
        if film.lorenz_ratio is not None and film.sheet_resistance is None:
            yield f"{path}.lorenz_ratio", "has no meaning without sheet_resistance, expected both or neither"


def _plate_shape(probe: ProbeDocument) -> Iterator[tuple[str, str]]:
    plate, apex = probe.cantilever, probe.apex
    if plate is None:
        return
    films = sum(layer.thickness.value for layer in apex.layers.values())
    foot = apex.height.value * math.tan(apex.half_angle.value) + apex.core_radius.value + 2 * films
    room = f"the foot of the tip, about {_nm(foot)} in radius,"
    if 2 * foot > 0.9 * plate.width.value:
        yield "cantilever.width", f"{room} needs a plate wider than {_nm(2 * foot / 0.9)}, got {_nm(plate.width.value)}"
    if plate.tip_to_end.value < 1.1 * foot:
        yield "cantilever.tip_to_end", f"{room} reaches over the free end, expected more than {_nm(1.1 * foot)}"
    if plate.length.value - plate.tip_to_end.value < 1.3 * foot:
        least = plate.tip_to_end.value + 1.3 * foot
        yield "cantilever.length", f"{room} reaches the chip, expected more than {_nm(least)}"
    for name in plate.layers:
        if name in apex.layers:
            message = "is the name of a tip layer, which continues on the plate by itself; expected another name"
            yield f"cantilever.layers.{name}", message


def _signal(probe: ProbeDocument) -> Iterator[tuple[str, str]]:
    seebeck, modulation = probe.thermocouple.seebeck_coefficient, probe.modulation
    if seebeck is not None and seebeck.value == 0:
        yield "thermocouple.seebeck_coefficient", "must not be zero, got 0: such a thermocouple shows nothing"
    if modulation is not None and modulation.discard is not None:
        level = 1 / (3 * modulation.frequency.value)
        if modulation.discard.value >= level:
            yield "modulation.discard", f"must be shorter than a level, {with_unit(level, 's')}"


def _contact(probe: ProbeDocument) -> Iterator[tuple[str, str]]:
    junction = probe.junction
    if junction.resistance is not None and junction.electrical_conductance is not None:
        yield (
            "junction.electrical_conductance",
            "R_J is stated twice (resistance and electrical_conductance), expected one of them",
        )
