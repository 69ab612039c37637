"""From a probe document to a probe in SI numbers, every number through `Values`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations, pairwise
from pathlib import Path
from typing import Literal

from thermonet.documents.probe import CoreEntry, FilmEntry, LayerEntry, ProbeDocument
from thermonet.documents.reader import read_document
from thermonet.geometry.apex import CORE, Apex, Line, TipLayer
from thermonet.geometry.plate import Plate
from thermonet.geometry.tip_solid_grid import lines_problem
from thermonet.heat.cantilever import Sheet
from thermonet.heat.probe import Probe
from thermonet.heat.tip import HeatProperties, TipSensing
from thermonet.materials.library import Materials, inconsistencies, materials_for, unknown_material
from thermonet.materials.size_effect import conductivity_from_sheet_resistance, film_conductivity
from thermonet.quantities.inputs import Input
from thermonet.studies.values import Reading, Values

#: Half width of a sidewall factor that the design leaves to its default, judged from oblique film growth; on steep
#: walls at most this part of the factor, which must stay positive.
_SIDEWALL_HALF_WIDTH, _SIDEWALL_PART = 0.15, 0.6
#: Openings end short of the rounded end, so that a slightly moved one still does.
_ROOM = 0.99


def read_probe(file: Path | str, settings: tuple[str, ...] = ()) -> ProbeDocument:
    """Read and validate a probe design, its materials included.

    Raises
    ------
    DocumentError
        With every problem found.
    """
    return read_document(file, ProbeDocument, settings, also=probe_problems)


def probe_problems(document: ProbeDocument) -> Iterator[tuple[str, str]]:
    """(path, message) for what only materials can tell: unknown ones, and openings too wide for the films below."""
    stated = [*inconsistencies(document.materials, document.interfaces), *_film_problems(document)]
    yield from stated
    if stated:
        return
    reading = reading_of(document, Values())
    apex = _apex(reading)
    inner, outer = (document.apex.layers.get(name) for name in document.thermocouple.metals)
    if inner is not None and outer is not None and inner is not outer:
        families = [reading.materials.entry(layer.material).family for layer in (inner, outer)]
        if families[0] == families[1]:
            yield "thermocouple.metals", f"both layers are {families[0]}, expected two metals that make a thermocouple"
    source = document.apex.layers.get(document.heat_source.layer)
    if source is not None and reading.materials.entry(source.material).kind != "metal":
        yield "heat_source.layer", f"hot electrons need a metal, expected one instead of {source.material}"
    for layer in apex.layers:
        widest = _ROOM * apex.widest_opening(layer.name)
        if layer.opening_radius is not None and layer.opening_radius > widest:
            path = f"apex.layers.{layer.name}.opening_radius"
            message = "is wider than the rounded end of the layer it opens"
            yield path, f"{message}, expected at most {widest * 1e9:.4g} nm, got {layer.opening_radius * 1e9:.4g} nm"
    problem = None if apex.is_round else lines_problem(apex)
    if problem is not None:
        yield f"apex.layers.{problem[0]}.width", problem[1]


def _film_problems(document: ProbeDocument) -> Iterator[tuple[str, str]]:
    materials = Materials(document.materials, document.interfaces)
    for path, entry in _films(document):
        if entry.material not in materials:
            yield f"{path}.material", unknown_material(entry.material)
        elif isinstance(entry, FilmEntry) and entry.size_effect is not None:
            metal = materials.entry(entry.material)
            if metal.bulk_conductivity is None or metal.electron_mean_free_path is None:
                message = f"needs bulk_conductivity and electron_mean_free_path of {entry.material} under materials"
                yield f"{path}.size_effect", message


def _films(document: ProbeDocument) -> Iterator[tuple[str, FilmEntry | CoreEntry]]:
    yield "apex.core", document.apex.core
    yield from ((f"apex.layers.{name}", layer) for name, layer in document.apex.layers.items())
    if document.cantilever is not None:
        yield from ((f"cantilever.layers.{name}", layer) for name, layer in document.cantilever.layers.items())
    if document.substrate.stack is not None:
        yield "substrate.stack.film", document.substrate.stack.film
        yield "substrate.stack.base", document.substrate.stack.base


@dataclass(frozen=True)
class ProbeReading(Reading):
    """A probe document being read; every method hands out SI numbers."""

    document: ProbeDocument

    def conductivity(self, entry: FilmEntry | CoreEntry, path: str) -> float:
        """Conductivity of a film by the route that the document takes [W/m/K]."""
        if entry.thermal_conductivity is not None:
            return self.number(entry.thermal_conductivity, f"{path}.thermal_conductivity", entry.source)
        if isinstance(entry, FilmEntry) and entry.sheet_resistance is not None:
            return self._from_sheet_resistance(entry, path)
        if isinstance(entry, FilmEntry) and entry.size_effect is not None:
            return self._from_size_effect(entry, path)
        return self.material(entry.material, "thermal_conductivity", entry.batch)

    def _from_sheet_resistance(self, film: FilmEntry, path: str) -> float:
        assert film.sheet_resistance is not None
        ratio = film.lorenz_ratio
        return conductivity_from_sheet_resistance(
            self.number(film.sheet_resistance, f"{path}.sheet_resistance", film.source),
            self.number(film.thickness, f"{path}.thickness", film.source),
            self.number(self.document.temperature, "temperature"),
            1.0 if ratio is None else self.number(ratio, f"{path}.lorenz_ratio", film.source),
        )

    def _from_size_effect(self, film: FilmEntry, path: str) -> float:
        effect = film.size_effect
        assert effect is not None
        below, source = f"{path}.size_effect", effect.source or film.source
        return film_conductivity(
            self.material(film.material, "bulk_conductivity", film.batch),
            thickness=self.number(film.thickness, f"{path}.thickness", film.source),
            mean_free_path=self.material(film.material, "electron_mean_free_path", film.batch),
            grain_size=self.number(effect.grain_size, f"{below}.grain_size", source),
            specularity=self.number(effect.specularity, f"{below}.specularity", source),
            grain_reflection=self.number(effect.grain_reflection, f"{below}.grain_reflection", source),
        )

    def heat_capacity(self, entry: FilmEntry | CoreEntry) -> float:
        """Per volume [J/m^3/K]."""
        density, specific_heat = (
            self.material(entry.material, key, entry.batch) for key in ("density", "specific_heat")
        )
        return density * specific_heat

    def tip_layer(self, name: str, layer: LayerEntry) -> TipLayer:
        """Thicknesses of a film on wall and axis, and its opening."""
        path = f"apex.layers.{name}"
        thickness = self.number(layer.thickness, f"{path}.thickness", layer.source)
        at_apex, opening = thickness, None
        if layer.apex_thickness is not None:
            at_apex = self.number(layer.apex_thickness, f"{path}.apex_thickness", layer.source)
        if layer.opening_radius is not None:
            opening = self.number(layer.opening_radius, f"{path}.opening_radius", layer.source)
        line = None
        if layer.width is not None:
            # The inner metal runs along the cantilever, the outer one crosses it.
            direction: Literal["x", "y"] = "x" if name == self.document.thermocouple.metals[0] else "y"
            line = Line(width=self.number(layer.width, f"{path}.width", layer.source), direction=direction)
        wall = thickness * self.sidewall_factor(layer, path)
        return TipLayer(name=name, wall=wall, apex=at_apex, opening_radius=opening, line=line)

    def sidewall_factor(self, layer: LayerEntry, path: str) -> float:
        """Thickness on the wall over that on flats: stated, or the default of the film's process."""
        if layer.sidewall_factor is not None:
            return self.number(layer.sidewall_factor, f"{path}.sidewall_factor", layer.source)
        if self.materials.entry(layer.material).deposition != "evaporated":
            stated = _default_sidewall_factor(1.0, "default: a CVD film grows alike on wall and flat")
            return self.values(stated, "apex.sidewall_factor.conformal")
        half_angle = self.number(self.document.apex.half_angle, "apex.half_angle", self.document.apex.source)
        usual = math.sin(self.document.apex.half_angle.value)
        stated = _default_sidewall_factor(usual, "default: sin(half angle), a film evaporated along the axis")
        # The deviation from the law is what is uncertain; the law itself follows the half angle.
        return math.sin(half_angle) + self.values(stated, "apex.sidewall_factor.evaporated") - usual


def reading_of(document: ProbeDocument, values: Values) -> ProbeReading:
    """Start to read a document at the values handed out."""
    materials = materials_for(document.materials, document.interfaces)
    return ProbeReading(materials, values, document.source, document)


def _default_sidewall_factor(value: float, source: str) -> Input:
    half = min(_SIDEWALL_HALF_WIDTH, _SIDEWALL_PART * value)
    low, high, u = value - half, value + half, half / math.sqrt(3)
    return Input(value=value, u=u, low=low, high=high, distribution="uniform", source=source)


def apex_of(document: ProbeDocument, values: Values) -> Apex:
    """Build the tip's shape alone, at the values handed out."""
    return _apex(reading_of(document, values))


def probe_of(document: ProbeDocument, values: Values) -> Probe:
    """Build the probe that a document describes, at the values handed out."""
    build = reading_of(document, values)
    tip = _apex(build)
    sensing = TipSensing(
        metals=document.thermocouple.metals,
        source_layer=document.heat_source.layer,
        source_shape=document.heat_source.shape,
        relaxation_length=build.number(
            document.heat_source.relaxation_length, "heat_source.relaxation_length", document.heat_source.source
        ),
    )
    return Probe(
        apex=tip, plate=_plate(build, tip), properties=_properties(build), sheets=_sheets(build), sensing=sensing
    )


def signal_inputs(document: ProbeDocument, values: Values) -> tuple[float | None, float | None]:
    """Seebeck coefficient [V/K] and noise density [V/Hz^0.5] of the thermocouple, where the document states them."""
    couple = document.thermocouple
    stated = {"seebeck_coefficient": couple.seebeck_coefficient, "noise_density": couple.noise_density}
    seebeck, noise = (
        None if value is None else values(value, f"thermocouple.{key}", couple.source) for key, value in stated.items()
    )
    return seebeck, noise


def _apex(build: ProbeReading) -> Apex:
    entry = build.document.apex
    return Apex(
        height=build.number(entry.height, "apex.height", entry.source),
        core_radius=build.number(entry.core_radius, "apex.core_radius", entry.source),
        half_angle=build.number(entry.half_angle, "apex.half_angle", entry.source),
        layers=tuple(build.tip_layer(name, layer) for name, layer in entry.layers.items()),
    )


def _plate(build: ProbeReading, tip: Apex) -> Plate | None:
    entry = build.document.cantilever
    if entry is None:
        return None
    return Plate(
        length=build.number(entry.length, "cantilever.length", entry.source),
        width=build.number(entry.width, "cantilever.width", entry.source),
        tip_to_end=build.number(entry.tip_to_end, "cantilever.tip_to_end", entry.source),
        hole_radius=tip.foot_radius,
    )


def _properties(build: ProbeReading) -> HeatProperties:
    apex = build.document.apex
    regions: dict[str, FilmEntry | CoreEntry] = {CORE: apex.core, **apex.layers}
    paths = {CORE: "apex.core", **{name: f"apex.layers.{name}" for name in apex.layers}}
    conductance: dict[tuple[str, str], float] = {}
    for pair in _touching(build.document):
        found = build.materials.boundary_conductance(regions[pair[0]].material, regions[pair[1]].material)
        if found is not None:
            conductance[pair] = build.values(found)
    return HeatProperties(
        conductivity={name: build.conductivity(entry, paths[name]) for name, entry in regions.items()},
        heat_capacity={name: build.heat_capacity(entry) for name, entry in regions.items()},
        boundary_conductance=conductance,
    )


def _touching(document: ProbeDocument) -> Iterator[tuple[str, str]]:
    """Pairs of regions that touch: neighbours, what meets through an opening, and what meets beside a line."""
    names = [CORE, *document.apex.layers]
    found = dict.fromkeys(pairwise(names))
    for i, layer in enumerate(document.apex.layers.values(), start=1):
        if layer.opening_radius is not None:
            found[names[i - 1], names[i + 1]] = None
    lines = [name for name, layer in document.apex.layers.items() if layer.width is not None]
    for beside in chain.from_iterable(combinations(lines, count) for count in range(1, len(lines) + 1)):
        # The film above fills the space beside a line.
        found |= dict.fromkeys(pairwise([name for name in names if name not in beside]))
    yield from found


def _sheets(build: ProbeReading) -> dict[str, Sheet]:
    document = build.document
    if document.cantilever is None:
        return {}
    films = document.cantilever.films
    carried = list(document.apex.layers) if films is None else films
    own = {name: (f"cantilever.layers.{name}", film, True) for name, film in document.cantilever.layers.items()}
    tip = {name: (f"apex.layers.{name}", document.apex.layers[name], False) for name in carried}
    return {
        name: Sheet(
            thickness=build.number(film.thickness, f"{path}.thickness", film.source),
            conductivity=build.conductivity(film, path),
            heat_capacity=build.heat_capacity(film),
            under_tip=under,
        )
        for name, (path, film, under) in {**own, **tip}.items()
    }
