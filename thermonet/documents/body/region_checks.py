"""What is wrong with the regions of a body: their place in its coordinates, what they are made of, how they meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from thermonet.documents.body.conductivity import conductivity_problems
from thermonet.documents.body.layered import LayerEntry
from thermonet.documents.body.regions import ContactResistanceEntry, RegionEntry, ThinLayerEntry
from thermonet.documents.body.shape_checks import circles, shape_problems
from thermonet.quantities.inputs import Input

Problems = Iterator[tuple[str, str]]

#: Names of the coordinates, by what they are.
AXES = {"planar": ("x", "y"), "axisymmetric": ("r", "z"), "solid": ("x", "y", "z"), "plate": ("x", "y")}


def region_problems(
    regions: Mapping[str, RegionEntry], coordinates: str, *, from_file: bool, in_time: bool
) -> Problems:
    """Yield (path, message) for every region that cannot be drawn, meshed or solved.

    Parameters
    ----------
    regions, coordinates
        Of the document.
    from_file
        Whether a mesh file has the shapes.
    in_time
        Whether something is asked that needs heat capacities.
    """
    first: dict[str, str] = {}
    for name, region in regions.items():
        path = f"regions.{name}"
        if from_file:
            yield from _group(region, name, path, first)
        else:
            yield from _shape(region, path, AXES[coordinates], regions)
        yield from _thickness(region, path, plate=coordinates == "plate")
        if region.layers is None:
            yield from _values(region, path, AXES[coordinates], in_time=in_time)
        for layer, entry in (region.layers or {}).items():
            yield from _values(entry, f"{path}.layers.{layer}", AXES[coordinates], in_time=in_time)
    yield from circles(regions)


def _group(region: RegionEntry, name: str, path: str, first: dict[str, str]) -> Problems:
    group = region.group or name
    if region.shape is not None:
        yield f"{path}.shape", "the mesh file has the shapes, expected none here"
    if region.element_size is not None:
        yield f"{path}.element_size", "the mesh file has the elements, expected none here"
    if (twin := first.setdefault(group, name)) != name:
        yield f"{path}.group", f"'{group}' is the region '{twin}' already, expected every group once"


def _shape(region: RegionEntry, path: str, axes: tuple[str, ...], regions: Mapping[str, RegionEntry]) -> Problems:
    if region.group:
        yield f"{path}.group", "belongs to a mesh file, expected a shape"
    if region.shape is None:
        yield f"{path}.shape", "the key is missing, expected a shape (or a mesh file for the whole body)"
    else:
        yield from shape_problems(region.shape, f"{path}.shape", axes, regions)


def _thickness(region: RegionEntry, path: str, *, plate: bool) -> Problems:
    if not plate:
        for key in ("thickness", "layers"):
            if getattr(region, key) is not None:
                yield f"{path}.{key}", "belongs to a plate, expected none with these coordinates"
        return
    if (region.thickness is None) == (region.layers is None):
        yield path, "expected a thickness, or layers with one each"
    if region.layers is not None:
        for key in ("material", "thermal_conductivity", "density", "specific_heat"):
            if getattr(region, key) is not None:
                yield f"{path}.{key}", "belongs to its layers, expected it there"


def _values(entry: RegionEntry | LayerEntry, path: str, axes: tuple[str, ...], *, in_time: bool) -> Problems:
    yield from conductivity_problems(entry.thermal_conductivity, axes, f"{path}.thermal_conductivity")
    if entry.material is not None:
        return
    if entry.thermal_conductivity is None:
        yield path, "says nothing about what conducts, expected a material or a thermal_conductivity"
    given = {key: getattr(entry, key) is not None for key in ("density", "specific_heat")}
    for key, there in given.items():
        if not there and any(given.values()):
            yield f"{path}.{key}", "the key is missing: a heat capacity needs density and specific_heat"
        elif not there and in_time:
            yield f"{path}.{key}", "the key is missing: what happens in time needs density and specific_heat"


def interface_problems(
    interfaces: Mapping[str, Input | ThinLayerEntry | ContactResistanceEntry],
    regions: Mapping[str, RegionEntry],
    *,
    plate: bool,
) -> Problems:
    """Yield (path, message) for every interface that is no pair, stated twice or of no use.

    Pairs of materials and families are the library's to judge; there a conductance is all that is known.
    """
    first: dict[frozenset[str], str] = {}
    for key, value in interfaces.items():
        sides = key.split("/")
        if plate:
            yield f"interfaces.{key}", "means nothing in a plate, whose sheets meet at their edges in perfect contact"
        elif all(side in regions for side in sides):
            if len(sides) != 2 or sides[0] == sides[1]:
                yield f"interfaces.{key}", "is no pair, expected two regions such as 'a/b'"
            elif (twin := first.setdefault(frozenset(sides), key)) != key:
                yield f"interfaces.{key}", f"is the pair '{twin}' again, expected it once"
        elif not isinstance(value, Input):
            what = "a thin layer" if isinstance(value, ThinLayerEntry) else "a contact resistance"
            yield f"interfaces.{key}", f"{what} lies between two regions, expected two of {', '.join(regions)}"
