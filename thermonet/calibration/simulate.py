"""Synthetic records: what a campaign's instruments would have read if the truth were known.

For the records that come with the program, for tests, and for planning: how good would a calibration be? Whoever
writes such records to a file labels them as synthetic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from thermonet.calibration.campaign import Campaign, experiment_of
from thermonet.calibration.conditions import Parameter
from thermonet.calibration.records import Record


def true_values(
    parameters: Sequence[Parameter], known: Mapping[str, float], generator: np.random.Generator
) -> dict[str, float]:
    """A truth: what is known, and every other stated input drawn from its own distribution."""
    drawn = {p.name: float(p.prior.at(generator.random())) for p in parameters if p.prior is not None}
    start = {p.name: p.start for p in parameters if p.prior is None}
    return {**start, **drawn, **known}


def simulated(
    campaign: Campaign, truth: Mapping[str, float], generator: np.random.Generator, *, noise: float = 1.0
) -> Campaign:
    """Return the campaign with synthetic records.

    Parameters
    ----------
    campaign
        Its records say what was set: every channel but the ones that answer is taken as true.
    truth
        True values of all parameters.
    generator
        Draws the noise.
    noise
        Multiplies the stated noise; zero gives readings without any.

    Raises
    ------
    ValueError
        A record's noise is left to its scatter: nothing says how much to draw.
    """
    records: dict[str, Record] = dict(campaign.records)
    for block in campaign.assembled()[1]:
        if not block.u:
            raise ValueError(
                f"{block.name}: the noise is not stated, expected it of every channel that is to have some"
            )
        name = experiment_of(block.name, campaign.document)
        channels = {key: np.array(values) for key, values in records[name].channels.items()}
        rows = np.isin(records[name].lines, block.rows)
        exact = block.answered(truth)
        for channel in dict.fromkeys((*block.dependent, *block.u)):  # in an order of its own, for the seed's sake
            drawn = generator.standard_normal(block.size) * block.u[channel] * noise if channel in block.u else 0.0
            channels[channel][rows] = exact[channel] + drawn
        records[name] = replace(records[name], channels=channels)
    return campaign.with_records(records)
