"""A design beside its calibration: S_TC as calibrated, and what was measured next to what is predicted."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

from thermonet.documents.probe import MeasuredEntry, ProbeDocument
from thermonet.quantities.errors import DataError, Problem
from thermonet.quantities.inputs import Input
from thermonet.results.record import Quantity, Result, read_result, rows_of
from thermonet.studies.probe import ProbeStudy

#: Quantities that a study takes from a calibration, and their units.
_TAKEN = {"seebeck_coefficient": "V/K", "responsivity": "V/W", "probe_resistance": "K/W"}


@dataclass(frozen=True)
class Calibration:
    """What a calibration says of a probe.

    Attributes
    ----------
    name
        Of the campaign.
    inputs
        S_TC [V/K], rho [V/W] and R_P [K/W], as far as they were found.
    temperatures
        Ranges that S_TC was calibrated over [K].
    """

    name: str
    inputs: dict[str, Input]
    temperatures: tuple[tuple[float, float], ...]

    def as_text(self) -> str:
        """Return what it changes in a study, for the name of a run."""
        return "; ".join(f"{key} {value.value!r} {value.u!r}" for key, value in self.inputs.items())


def read_calibration(file: Path) -> Calibration:
    """Read the ``result.json`` of a calibration.

    Raises
    ------
    DataError
        The file cannot be read, is no result of ``thermonet calibrate``, or holds nothing on a thermocouple.
    """
    try:
        result = read_result(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise _refused(file, f"cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise _refused(file, f"is no result: {error}") from None
    if result.kind != "calibrate":
        raise _refused(file, f"is the result of 'thermonet {result.kind}'")
    return _calibration(file, result)


def _calibration(file: Path, result: Result) -> Calibration:
    inputs: dict[str, Input] = {}
    for key, unit in _TAKEN.items():
        quantity = result.quantities.get(key)
        if quantity is not None and (quantity.unit != unit or not quantity.u or not quantity.value):
            raise _refused(file, f"holds a {key} without an uncertainty, of another unit than {unit}, or zero")
        if quantity is not None and quantity.u is not None:
            inputs[key] = Input(
                value=quantity.value,
                unit=quantity.unit,
                u=quantity.u,
                distribution="normal",
                source=f"calibrated: {result.name} ({file.name})",
            )
    if "probe_resistance" in inputs and not inputs["probe_resistance"].value > 0:
        raise _refused(file, "says that R_P is not positive")
    if not inputs:
        raise _refused(file, "says nothing on S_TC, rho or R_P")
    rows = result.tables.get("validity_range", {})
    ranges = rows_of(rows, "range", "low", "high") if rows else ()
    stages = [(low, high) for what, low, high in ranges if str(what).startswith("temperature")]
    return Calibration(result.name, inputs, tuple((float(low or 0), float(high or 0)) for low, high in stages))


def _refused(file: Path, message: str) -> DataError:
    return DataError([Problem(str(file), 1, 1, "calibration", f"{message}, expected result.json of a calibration")])


def with_calibration(document: ProbeDocument, calibration: Calibration) -> ProbeDocument:
    """Return a design whose S_TC is the calibrated one, and whose measured R_P is the calibration's."""
    found = calibration.inputs
    changes: dict[str, object] = {}
    if "seebeck_coefficient" in found:
        couple = {"seebeck_coefficient": found["seebeck_coefficient"]}
        changes["thermocouple"] = document.thermocouple.model_copy(update=couple)
    if "probe_resistance" in found:
        measured = document.measured or MeasuredEntry()
        changes["measured"] = measured.model_copy(update={"probe_resistance": found["probe_resistance"]})
    return document.model_copy(update=changes)


def beside_calibration(study: ProbeStudy, calibration: Calibration) -> ProbeStudy:
    """Return a study with the calibrated numbers beside its own."""
    measured = _quantities(study.document, calibration)
    result = replace(study.result, quantities={**study.result.quantities, **measured})
    return replace(study, result=result)


def _quantities(document: ProbeDocument, calibration: Calibration) -> dict[str, Quantity]:
    """Measured rho and R_P, and the noise-equivalent power that follows from rho itself."""
    found = calibration.inputs
    meanings = {
        "responsivity": ("rho", "as calibrated: voltage of the thermocouple per watt into the probe"),
        "probe_resistance": ("R_P", "as calibrated, beside the prediction"),
    }
    quantities = {
        f"calibrated.{key}": Quantity(
            value=found[key].value,
            unit=found[key].unit,
            symbol=symbol,
            description=description,
            u=found[key].u,
            source=found[key].source,
        )
        for key, (symbol, description) in meanings.items()
        if key in found
    }
    noise = document.thermocouple.noise_density
    if noise is not None and "responsivity" in found:
        rho = found["responsivity"]
        power = noise.value / abs(rho.value)
        quantities["calibrated.noise_equivalent_power"] = Quantity(
            value=power,
            unit="W/Hz^0.5",
            symbol="NEP",
            description="noise density over the calibrated rho",
            u=power * math.hypot(noise.u / noise.value, rho.u / rho.value),
            source=rho.source,
        )
    return quantities


def outside_calibration(document: ProbeDocument, calibration: Calibration) -> str:
    """Say that the design's temperature lies outside the calibrated range; nothing where it does not."""
    at = document.temperature.value
    if not calibration.temperatures or any(low <= at <= high for low, high in calibration.temperatures):
        return ""
    ranges = ", ".join(dict.fromkeys(f"{low:.5g}..{high:.5g} K" for low, high in calibration.temperatures))
    return f"extrapolation: S_TC is used at {at:g} K, calibrated over {ranges}"
