"""Write the synthetic records of the campaigns beside this file: ``python calibration/make_records.py``.

What was set (stage temperatures, biases, heater currents, frequencies) is chosen here; what the instruments read
follows from the protocols at a truth: S_TC = 16.3 uV/K, R_P = 72 800 K/W, and every other input drawn from its stated
distribution. Seeds are fixed, so that the files come out the same.
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.campaign import Campaign
from thermonet.calibration.records import TEXT, Record
from thermonet.calibration.simulate import simulated, true_values
from thermonet.calibration.thermometry import film_resistance, iec60751_resistance
from thermonet.documents.campaign import CampaignDocument
from thermonet.documents.reader import read_document
from thermonet.quantities.formatting import scaled
from thermonet.studies.calibration import factors_of

HERE = Path(__file__).parent
SEEBECK, RESISTANCE = 16.3e-6, 72_800.0
SECOND = (15.9e-6, 68_000.0)  # the second probe of the joint campaign
CONDUCTANCE_QUANTUM = 7.748091729863650e-5
#: Films: resistance [ohm] and temperature coefficient [1/K] at 300 K.
STAGE_FILM, PLATFORM = (108.7, 3.62e-3), (812.0, 1.93e-3)
BEAMS, APEX_TO_CHIP, CONTACT = 62e-9, 118e3, 150e3  # W/K and K/W

Channels = dict[str, NDArray[Any]]


def film_calibration(at: tuple[float, float], temperatures: NDArray[Any], currents: tuple[float, ...]) -> Channels:
    """A platinum film in a bath: every current, both ways, at every temperature."""
    bath, current = (grid.ravel() for grid in np.meshgrid(temperatures, [*currents, *(-i for i in currents)]))
    return {"bath": bath, "I": current, "V": current * film_resistance(bath, at[0], 300.0, at[1])}


def stage(temperatures: NDArray[Any], repeats: int) -> Channels:
    """A stage at several temperatures, the box with the reference junction near room temperature."""
    warm = np.repeat(temperatures, repeats)
    box = 296.4 + 0.15 * np.sin(np.arange(len(warm)) / 7)  # it follows the room a little
    return {
        "V": SEEBECK * (warm - box),
        "stage": film_resistance(warm, STAGE_FILM[0], 300.0, STAGE_FILM[1]),
        "reference": iec60751_resistance(box),
    }


def gold(biases: tuple[float, ...], repeats: int, generator: np.random.Generator) -> Channels:
    """Gold junctions within five per cent of one conductance quantum, in series with their leads."""
    bias = np.repeat(biases, repeats)
    junction = 1 / (CONDUCTANCE_QUANTUM * generator.normal(1.0, 0.03, len(bias)))
    return {"V": bias, "I": bias / (junction + 120.0), "V_plus": 0 * bias + 1e-7, "V_minus": 0 * bias + 1e-7}


def touch(open_currents: NDArray[Any], closed_currents: NDArray[Any]) -> Channels:
    """A platform heated without and with the probe on it."""
    current = np.concatenate([open_currents, closed_currents])
    contact = np.array(["open"] * len(open_currents) + ["closed"] * len(closed_currents))
    conductance = np.where(contact == "open", BEAMS, BEAMS + 1 / (APEX_TO_CHIP + CONTACT))
    rise = 0 * current
    for _ in range(50):  # the heat changes with the resistance, and the resistance with the heat
        resistance = PLATFORM[0] * (1 + PLATFORM[1] * rise)
        rise = current**2 * (resistance + 10.0) / conductance
    return {"I": current, "V": current * resistance, "V_TC": 0 * current, "contact": contact}


def joule_line(frequencies: NDArray[Any], current: float, resistance: float) -> Channels:
    """A line on the probe heated at several frequencies."""
    shape = np.ones_like(frequencies)
    return {
        "f": frequencies,
        "I": current * shape,
        "R": resistance * shape,
        "V_in_phase": 0 * shape,
        "V_quadrature": 0 * shape,
    }


def made(folder: str, channels: Mapping[str, Channels], known: Mapping[str, float], seed: int) -> None:
    """Simulate the records of a campaign and write them."""
    document = read_document(HERE / folder / "campaign.yaml", CampaignDocument)
    rows = {name: len(values["V" if "V" in values else "f"]) for name, values in channels.items()}
    records = {name: Record("", values, {}, np.arange(rows[name])) for name, values in channels.items()}
    campaign = Campaign(document, records, factors_of(document, HERE / folder))
    generator = np.random.default_rng(seed)
    truth = true_values(campaign.assembled()[0], known, generator)
    for name, record in simulated(campaign, truth, generator).records.items():
        write(document, name, record, seed)


def write(document: CampaignDocument, name: str, record: Record, seed: int) -> None:
    """Write one record as CSV, labelled synthetic."""
    entry = document.experiments[name]
    units = document.channel_units(entry)
    columns = {channel: column(channel, unit, record.channels[channel]) for channel, unit in units.items()}
    with (HERE / document.name / entry.data).open("w", encoding="utf-8", newline="") as file:
        file.write(f"# SYNTHETIC: simulated by calibration/make_records.py (seed {seed}), measured by nobody.\n")
        seebeck, resistance = SECOND if getattr(entry, "probe", "") == "second" else (SEEBECK, RESISTANCE)
        file.write(f"# Truth: S_TC = {seebeck * 1e6:g} uV/K, R_P = {resistance:g} K/W; protocol {entry.protocol}.\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([heading for heading, _ in columns.values()])
        writer.writerows(zip(*(values for _, values in columns.values()), strict=True))


def column(channel: str, unit: str, values: NDArray[Any]) -> tuple[str, list[str]]:
    """Heading and fields of a channel, in a unit that reads well and with more digits than noise."""
    if unit == TEXT:
        return channel, list(values)
    factor, name = scaled(float(np.max(np.abs(values))), unit)
    return f"{channel} [{name}]", [f"{value * factor:.8g}" for value in values]


def main() -> None:
    """Write all records."""
    generator = np.random.default_rng(20130613)
    whole_probe = {"probes.probe.seebeck_coefficient": SEEBECK, "probes.probe.responsivity": SEEBECK * RESISTANCE}
    stage_film = {
        "thermometers.stage_film.resistance": STAGE_FILM[0],
        "thermometers.stage_film.temperature_coefficient": STAGE_FILM[1],
        "experiments.stage_film.self_heating": 900.0,
        "experiments.stage_film.offset": 0.6e-6,
        "experiments.stage.offset": 1.3e-7,
    }
    platform = {
        "thermometers.platform.resistance": PLATFORM[0],
        "thermometers.platform.temperature_coefficient": PLATFORM[1],
        "experiments.heater.self_heating": 1.6e7,
        "experiments.heater.offset": 0.3e-6,
        "experiments.touch.conductance": BEAMS,
        "experiments.touch.offset": 2.1e-8,
    }
    films = {
        "stage_film": film_calibration(STAGE_FILM, np.linspace(288.15, 318.15, 7), (0.3e-3, 1e-3)),
        "heater": film_calibration(PLATFORM, np.linspace(294.0, 312.0, 7), (2e-6, 6e-6)),
    }
    stages = stage(np.linspace(288.15, 312.15, 13), 4)
    junctions = gold((30e-3, 43e-3, 52e-3, 60e-3, 67e-3), 16, generator)
    touches = touch(np.repeat(np.linspace(8e-6, 24e-6, 5), 4), np.repeat(np.linspace(15e-6, 60e-6, 10), 5))
    line = joule_line(np.geomspace(100.0, 1e5, 25), 3e-4, 55.0)
    found = {
        "experiments.line.time_constant.1": 45e-6,
        "experiments.line.time_constant.2": 4e-6,
        "experiments.line.share.1": 0.3,
        "experiments.second_stage.offset": -0.9e-7,
        "experiments.second_touch.offset": -1.2e-8,
        "probes.second.seebeck_coefficient": SECOND[0],
        "probes.second.responsivity": SECOND[0] * SECOND[1],
    }
    alone = {name: values[20:] for name, values in touches.items()}  # the second probe's, without open readings
    made("seebeck_stage", {"stage_film": films["stage_film"], "stage": stages}, {**whole_probe, **stage_film}, 1)
    made("probe_resistance_au_au", {"gold": junctions}, whole_probe, 2)
    made("probe_resistance_calorimeter", {"heater": films["heater"], "touch": touches}, {**whole_probe, **platform}, 3)
    together = {**films, "stage": stages, "second_stage": stages, "gold": junctions, "touch": touches}
    together |= {"second_touch": alone, "line": line}
    made("joint", together, {**whole_probe, **stage_film, **platform, **found}, 4)


if __name__ == "__main__":
    main()
