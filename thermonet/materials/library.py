"""The materials library as a design sees it: our values, its changes to them, and where two meet."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import as_file, files
from itertools import chain

from thermonet.documents.materials import MaterialChange, MaterialEntry, MaterialsDocument
from thermonet.documents.reader import read_document
from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.inputs import Input

#: The numbers of a material that a design may change.
PROPERTIES = (
    "thermal_conductivity",
    "density",
    "specific_heat",
    "bulk_conductivity",
    "electron_mean_free_path",
)
#: The kinds of material; two of them, as in 'metal/dielectric', stand for every pair that is not listed.
KINDS = ("metal", "dielectric")


@lru_cache(maxsize=1)
def library() -> MaterialsDocument:
    """Read the package's own materials document (once)."""
    with as_file(files("thermonet.materials") / "library.yaml") as file:
        return read_document(file, MaterialsDocument)


@lru_cache(maxsize=1)
def library_inputs() -> Mapping[str, Input]:
    """Every number of the library as designs get it, by its path."""
    ours = library()
    of_materials = (_numbers(_named_entry(name), name).values() for name in ours.materials)
    contacts = (value.named(f"interfaces.{key}") for key, value in ours.interfaces.items())
    return {value.name: value for value in (*chain.from_iterable(of_materials), *contacts)}


@dataclass(frozen=True)
class Materials:
    """The materials of one design: the library with the design's changes applied.

    Parameters
    ----------
    changes
        What the design states otherwise, by material name.
    interfaces
        Boundary conductances that the design states [W/m^2/K], by pair.
    """

    changes: Mapping[str, MaterialChange]
    interfaces: Mapping[str, Input]

    def __contains__(self, name: object) -> bool:
        return name in library().materials

    @property
    def names(self) -> tuple[str, ...]:
        """All material names, in the library's order."""
        return tuple(library().materials)

    def entry(self, name: str) -> MaterialEntry:
        """Return a material as the design has it: each number named by its path and carrying its source.

        Raises
        ------
        PhysicsError
            There is no such material.
        """
        ours = _named_entry(name)
        if name not in self.changes:
            return ours
        return ours.model_copy(update=_numbers(self.changes[name], name))

    def boundary_conductance(self, a: str, b: str) -> Input | None:
        """Return the boundary conductance of two materials [W/m^2/K], or None where the contact is perfect.

        The closest statement counts: the design's own pair, by material names before families (of two that
        are equally close the first stated); then None for two of one family; then the library's pair of
        families; then the generic pair of kinds, the design's before the library's. The order of `a` and `b`
        does not matter.

        Raises
        ------
        PhysicsError
            There is no such material.
        """
        sides = (_aliases(a), _aliases(b))
        key = _closest(self.interfaces, sides)
        if key:
            return self.interfaces[key].named(f"interfaces.{key}")
        one, other = _library_entry(a), _library_entry(b)
        if one.family == other.family:
            return None
        families, kinds = (one.family, other.family), (one.kind, other.kind)
        ours = library().interfaces
        choices = ((ours, families), (self.interfaces, kinds), (ours, kinds))
        stated, key = next((table, key) for table, pair in choices if (key := _as_stated(table, *pair)))
        return stated[key].named(f"interfaces.{key}")


def materials_for(changes: Mapping[str, MaterialChange], interfaces: Mapping[str, Input]) -> Materials:
    """Build the materials of a design from its `materials:` and `interfaces:` sections.

    Raises
    ------
    PhysicsError
        With the first of `inconsistencies`; a document reports all of them at their places.
    """
    for path, message in inconsistencies(changes, interfaces):
        raise PhysicsError(f"{path}: {message}")
    return Materials(dict(changes), dict(interfaces))


def inconsistencies(
    changes: Mapping[str, MaterialChange], interfaces: Mapping[str, Input]
) -> Iterator[tuple[str, str]]:
    """Yield (path, message) for each change or pair that belongs to nothing known, or is stated twice."""
    for name in changes:
        if name not in library().materials:
            yield f"materials.{name}", unknown_material(name)
    first: dict[frozenset[str], str] = {}
    for key in interfaces:
        message = _wrong_pair(key)
        if message:
            yield f"interfaces.{key}", message
        elif (twin := first.setdefault(frozenset(key.split("/")), key)) != key:
            yield f"interfaces.{key}", f"is the pair '{twin}' again, expected it once"


def unknown_material(name: str) -> str:
    """Say that there is no such material, and which one was probably meant."""
    return f"there is no material '{name}', {_expected(name, library().materials)}"


def _expected(word: str, known: Mapping[str, object]) -> str:
    close = [name for name in known if name.casefold() == word.casefold()]
    close += difflib.get_close_matches(word, known, n=1)
    return f"expected '{close[0]}'" if close else f"expected one of {', '.join(known)}"


def _library_entry(name: str) -> MaterialEntry:
    found = library().materials.get(name)
    if found is None:
        raise PhysicsError(unknown_material(name))
    return found


@cache
def _named_entry(name: str) -> MaterialEntry:
    """Return a material of the library, each number named by its path."""
    ours = _library_entry(name)
    return ours.model_copy(update=_numbers(ours, name))


def _numbers(entry: MaterialEntry | MaterialChange, name: str) -> dict[str, Input]:
    """Return the properties that an entry states, each named by its path, with its source or the entry's."""
    stated = {key: value for key in PROPERTIES if (value := getattr(entry, key)) is not None}
    return {
        key: replace(value, name=f"materials.{name}.{key}", source=value.source or entry.source)
        for key, value in stated.items()
    }


def _aliases(name: str) -> tuple[str, str]:
    """Return the words a pair may use for a material, the closest one first."""
    return name, _library_entry(name).family


def _closest(stated: Mapping[str, Input], sides: tuple[tuple[str, str], tuple[str, str]]) -> str:
    """Find the key of the pair that names the most materials rather than families; empty where none fits."""
    best, fewest = "", 3
    for key in stated:
        left, _, right = key.partition("/")
        for first, second in (sides, sides[::-1]):
            if left in first and right in second:
                families = first.index(left) + second.index(right)
                if families < fewest:
                    best, fewest = key, families
    return best


def _as_stated(stated: Mapping[str, Input], a: str, b: str) -> str:
    """Find the key under which a pair is stated, in whichever order; empty where it is not."""
    return next((key for key in (f"{a}/{b}", f"{b}/{a}") if key in stated), "")


def _wrong_pair(key: str) -> str:
    """Say what is wrong with the key of an interface; empty where nothing is."""
    sides = key.split("/")
    if len(sides) != 2:
        return "is not a pair, expected two families or materials such as 'Au/SiN'"
    materials = library().materials
    known = dict.fromkeys([*(entry.family for entry in materials.values()), *materials, *KINDS])
    for side in sides:
        if side not in known:
            return f"there is no family or material '{side}', {_expected(side, known)}"
    if (sides[0] in KINDS) != (sides[1] in KINDS):
        return "pairs a kind with a family or material, expected two kinds or none, as in 'metal/dielectric'"
    return ""
