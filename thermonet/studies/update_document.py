"""A probe design written anew with what a measurement taught of its inputs."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from thermonet.documents.fields import Entry
from thermonet.documents.located import LocatedDocument, Place, Plain, dumped, parse, with_settings
from thermonet.documents.probe import CoreEntry, FilmEntry, ProbeDocument
from thermonet.documents.reader import validated
from thermonet.materials.library import materials_for
from thermonet.quantities.formatting import scaled, with_unit
from thermonet.quantities.inputs import Input
from thermonet.quantities.units import scale_to_si
from thermonet.studies.design import probe_problems

_FILE = "updated design"
#: Default sidewall factors, each one cause for all films of its kind.
EVAPORATED, CONFORMAL = "apex.sidewall_factor.evaporated", "apex.sidewall_factor.conformal"
_MATERIAL = re.compile(r"materials\.(?P<material>[^.]+)\.(?P<key>[^.\[]+)(?:\[(?P<batch>.*)\])?")
_NUMBER = r"[+-]?[\d.]+(?:\([\d.]*\))?(?:[eE][+-]?\d+)?"
_UNIT = re.compile(rf"\s*{_NUMBER}\s*(?:(?:±|\+/-)\s*{_NUMBER})?\s*(?P<unit>\D.*?|)\s*")
#: Below this loss of width a bounded input keeps its distribution, and its ends.
_LITTLE = 0.05
#: A normal distribution wider than this part of a positive value is written as lognormal.
_WIDE = 0.1
#: Digits of an updated value, which must predict what was measured, and of its u.
_DIGITS = (7, 3)


@dataclass(frozen=True)
class Learned:
    """One input after the update.

    Attributes
    ----------
    prior
        The input as the design has it, with its name.
    value
        At the posterior's mode, in the input's unit.
    u
        Posterior standard deviation.
    ratio
        Posterior over prior standard deviation.
    """

    prior: Input
    value: float
    u: float
    ratio: float


@dataclass(frozen=True)
class Written:
    """An updated design.

    Attributes
    ----------
    data
        As plain values; `text` of them is a valid design.
    document
        The same, read back.
    unwritten
        Learned inputs for which a design has no place.
    """

    data: Plain
    document: ProbeDocument
    unwritten: tuple[str, ...]

    def text(self, *comments: str) -> str:
        """YAML text under some lines of comment."""
        return "".join(f"# {line}\n" for line in comments) + dumped(self.data)


def write_design(
    document: ProbeDocument,
    learned: Mapping[str, Learned],
    wall_factor: Learned | None,
    by: str,
    written: LocatedDocument | None = None,
) -> Written:
    """State learned inputs in a design.

    Parameters
    ----------
    document
        The design before.
    learned
        Inputs to state, by name.
    wall_factor
        Sidewall factor of evaporated films where the design leaves it to its default, which follows the half angle.
    by
        What they were updated by.
    written
        The design as a person wrote it: its units and sources stay. Without it the design is written from its values.

    Raises
    ------
    DocumentError
        A learned value is none that a design may state.
    """
    data = plain(document) if written is None else copy.deepcopy(written.data)
    unwritten = []
    settings: dict[str, Plain] = {}
    for name, found in learned.items():
        stated = wall_factor if name == EVAPORATED and wall_factor is not None else found
        paths = dict(_places(document, name, stated))
        if not paths:
            unwritten.append(name)
        settings |= {path: _entry(value, by, _unit_at(data, path)) for path, value in paths.items()}
    base = LocatedDocument(data, {"": Place(_FILE)})
    updated = with_settings(base, tuple(f"{path}={dumped(value)}" for path, value in settings.items())).data
    read = validated(parse(dumped(updated), _FILE), ProbeDocument, also=probe_problems)
    return Written(updated, read, tuple(unwritten))


def _places(document: ProbeDocument, name: str, found: Learned) -> Iterator[tuple[str, Learned | Input]]:
    """Path and content of everything that states one learned input; nothing where a design cannot."""
    material = _MATERIAL.fullmatch(name)
    if name in (EVAPORATED, CONFORMAL):
        for path in _default_walls(document, evaporated=name == EVAPORATED):
            yield f"{path}.sidewall_factor", found
    elif material is not None:
        yield from _material_places(document, material["material"], material["key"], material["batch"] or "", found)
    elif not name.startswith("measured."):
        yield name, found


def _default_walls(document: ProbeDocument, *, evaporated: bool) -> Iterator[str]:
    materials = materials_for(document.materials, document.interfaces)
    for name, layer in document.apex.layers.items():
        if layer.sidewall_factor is None and evaporated == (materials.entry(layer.material).deposition == "evaporated"):
            yield f"apex.layers.{name}"


def _material_places(
    document: ProbeDocument, material: str, key: str, batch: str, found: Learned
) -> Iterator[tuple[str, Learned | Input]]:
    """A material's number stands under `materials`; its films of other batches keep the conductivity they had."""
    if not batch:
        yield f"materials.{material}.{key}", found
    if key != "thermal_conductivity":
        return
    for path, film in _entries(document):
        if film.material != material or not film.batch or _states_conductivity(film):
            continue
        if not batch:
            yield f"{path}.{key}", found.prior
        elif film.batch == batch:
            yield f"{path}.{key}", found


def _states_conductivity(film: FilmEntry | CoreEntry) -> bool:
    other = (film.sheet_resistance, film.size_effect) if isinstance(film, FilmEntry) else ()
    return any(route is not None for route in (film.thermal_conductivity, *other))


def _entries(document: ProbeDocument) -> Iterator[tuple[str, FilmEntry | CoreEntry]]:
    yield "apex.core", document.apex.core
    yield from ((f"apex.layers.{name}", layer) for name, layer in document.apex.layers.items())
    if document.cantilever is not None:
        yield from ((f"cantilever.layers.{name}", layer) for name, layer in document.cantilever.layers.items())
    if document.substrate.stack is not None:
        yield "substrate.stack.film", document.substrate.stack.film
        yield "substrate.stack.base", document.substrate.stack.base


def _entry(found: Learned | Input, by: str, unit: str | None) -> dict[str, Plain]:
    """What states an input: a mapping of texts, in a unit of the reader's choice."""
    if isinstance(found, Input):
        return _mapping(found, unit)
    prior = found.prior
    before = f"prior {with_unit(prior.value, prior.unit, prior.u)}, {prior.distribution}"
    source = f"updated by {by} ({before}; {prior.source or 'source not stated'})"
    if prior.distribution in ("uniform", "triangular") and found.ratio > 1 - _LITTLE:
        shape, ends = prior.distribution, (prior.low, prior.high)
        now = Input(value=found.value, unit=prior.unit, distribution=shape, low=ends[0], high=ends[1], source=source)
    elif prior.distribution == "lognormal" or (prior.low > 0 and found.u > _WIDE * found.value):
        now = Input(value=found.value, unit=prior.unit, u=found.u, distribution="lognormal", source=source)
    else:
        now = Input(value=found.value, unit=prior.unit, u=found.u, distribution="normal", source=source)
    return _mapping(now, unit, _DIGITS)


def plain(entry: Entry) -> dict[str, Plain]:
    """A validated document as plain values that read back as the same; what is left to its default is left out."""
    found: dict[str, Plain] = {}
    for key, field in type(entry).model_fields.items():
        value = getattr(entry, key)
        if field.is_required() or value != field.get_default(call_default_factory=True):
            found[key] = _plain(value)
    return found


def _plain(value: object) -> Plain:
    if isinstance(value, Entry):
        return plain(value)
    if isinstance(value, Input):
        return _mapping(value, None)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value)


def _mapping(value: Input, unit: str | None, digits: tuple[int, int] = (12, 12)) -> dict[str, Plain]:
    """An input as a document states it, in a unit or in one that suits it; value and u to so many digits."""
    factor, name = _suited(value) if unit is None else (1 / scale_to_si(unit, value.unit), unit)

    def text(number: float, to: int = 12) -> str:
        return f"{number * factor:.{to}g} {name}".rstrip()

    found: dict[str, Plain] = {"value": text(value.value, digits[0])}
    if value.distribution in ("normal", "lognormal", "student_t", "gamma"):
        found["u"] = text(value.u, digits[1])
    elif not value.is_exact and value.distribution != "exponential":
        within = 0.0 if math.isnan(value.limits_within) else value.limits_within
        found["range"] = [text(value.low + within), text(value.high - within)]
        found |= {} if math.isnan(value.limits_within) else {"limits_within": text(within)}
    if not value.is_exact:
        found["distribution"] = value.distribution
    found |= {} if math.isnan(value.beta) else {"beta": f"{value.beta:.12g}"}
    found |= {} if math.isinf(value.dof) else {"dof": f"{value.dof:.12g}"}
    found |= {"source": value.source} if value.source else {}
    return found


def _suited(value: Input) -> tuple[float, str]:
    if value.unit == "rad":
        return math.degrees(1.0), "deg"
    factor, name = scaled(value.value, value.unit)
    return factor, "" if name == "1" else name


def _unit_at(data: Plain, path: str) -> str | None:
    """The unit in which a document states a number; None where it does not."""
    for key in path.split("."):
        data = data.get(key, "") if isinstance(data, dict) else ""
    text = data.get("value", "") if isinstance(data, dict) else data
    match = _UNIT.fullmatch(text) if isinstance(text, str) and text else None
    return match["unit"] if match else None
