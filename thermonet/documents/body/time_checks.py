"""What is wrong with what a body does in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from thermonet.documents.body.boundaries import SurfaceEntry
from thermonet.documents.body.conductivity import depends_on_temperature
from thermonet.documents.body.regions import RegionEntry
from thermonet.documents.body.signals import VariationEntry, variation_problems
from thermonet.documents.body.sources import SourceOf

Problems = Iterator[tuple[str, str]]


def variations(
    boundaries: Mapping[str, SurfaceEntry], sources: Mapping[str, SourceOf]
) -> dict[str, tuple[VariationEntry, bool]]:
    """Everything that varies, by path, and whether it is a temperature, which swings, or multiplied by its signal."""
    found: dict[str, tuple[VariationEntry, bool]] = {}
    for name, boundary in boundaries.items():
        if boundary.varies is not None:
            found[f"boundaries.{name}.varies"] = boundary.varies, boundary.is_held
        if boundary.ambient is not None and boundary.ambient.varies is not None:
            found[f"boundaries.{name}.ambient.varies"] = boundary.ambient.varies, True
    varying = {name: source.varies for name, source in sources.items()}
    found |= {f"sources.{name}.varies": (varies, False) for name, varies in varying.items() if varies is not None}
    return found


def time_problems(varying: Mapping[str, tuple[VariationEntry, bool]], *, in_time: bool) -> Problems:
    """Yield (path, message) for signals that are none, or that nothing asks for."""
    for path, (varies, swings) in varying.items():
        yield from variation_problems(varies, path, swings=swings)
        if not in_time:
            yield path, "a steady body does not vary, expected 'transient' or 'periodic' in the document"


def periodic_problems(
    varying: Mapping[str, tuple[VariationEntry, bool]],
    boundaries: Mapping[str, SurfaceEntry],
    regions: Mapping[str, RegionEntry],
) -> Problems:
    """Yield (path, message) for what stands against one periodic state of one frequency, found by superposition."""
    if not varying:
        yield "periodic", "nothing varies, expected 'varies' at a boundary or a source"
    frequencies = {}
    for path, (varies, _) in varying.items():
        if varies.wave is None:
            yield path, "a table has no frequency, expected sine, square or three_level for a periodic state"
        else:
            frequencies[path] = varies.wave.frequency
    first = next(iter(frequencies.values()), None)
    for path, frequency in frequencies.items():
        different = first is not None and (frequency.value != first.value or (frequency.u > 0 and frequency != first))
        if different:
            yield path, "has another frequency, expected one and the same for all that varies"
    radiating = (f"boundaries.{name}.radiation" for name, entry in boundaries.items() if entry.radiation is not None)
    nonlinear = (
        f"regions.{name}.thermal_conductivity"
        for name, region in regions.items()
        if depends_on_temperature(region.thermal_conductivity)
    )
    for path in chain(radiating, nonlinear):
        yield path, "a periodic state is that of a linear body, expected 'transient' instead of 'periodic'"
