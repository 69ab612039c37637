"""An experiment as a protocol sees it: its entry, its data, and names for the numbers that it uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.conditions import Conditions
from thermonet.calibration.protocols.book import Book, Model
from thermonet.calibration.protocols.meters import Meter, meter, thermometer
from thermonet.calibration.records import Record
from thermonet.documents.campaign import CampaignDocument
from thermonet.documents.experiments import ExperimentEntry
from thermonet.quantities.inputs import Input

Entry = TypeVar("Entry", bound=ExperimentEntry)


@dataclass(frozen=True)
class Setup(Generic[Entry]):
    """One experiment of a campaign.

    Attributes
    ----------
    book
        Where parameters are entered.
    campaign, name, entry
        The document, and which of its experiments.
    record
        Its data.
    u
        Noise (n,) by channel; empty where the scatter is to give it.
    factors
        Inputs that the entry leaves to the field model, by key.
    """

    book: Book
    campaign: CampaignDocument
    name: str
    entry: Entry
    record: Record
    u: Mapping[str, NDArray[Any]]
    factors: Mapping[str, Input]

    @property
    def path(self) -> str:
        """Where the experiment stands in the document."""
        return f"experiments.{self.name}"

    @property
    def probe(self) -> str:
        """Where the experiment's probe stands in the document."""
        return f"probes.{self.entry.probe}"  # type: ignore[attr-defined]  # asked for by experiments on probes only

    @property
    def sign(self) -> float:
        """Sign of the voltage of a warmer tip."""
        return float(self.campaign.probes[self.probe.partition(".")[2]].polarity)

    def stated(self, key: str) -> str:
        """Enter an input of the entry, or the field model's where it leaves it to that; return its name."""
        value: Input | None = getattr(self.entry, key)
        return self.book.stated(self.factors[key] if value is None else value, f"{self.path}.{key}", self.entry.source)

    def optional(self, key: str, unit: str, start: float) -> str:
        """Enter an input of the entry, sought where it is not stated; return its name."""
        return self.book.optional(getattr(self.entry, key), f"{self.path}.{key}", unit, start, self.entry.source)

    def seebeck(self) -> str:
        """Enter the probe's S_TC; return its name."""
        return self.book.sought(f"{self.probe}.seebeck_coefficient", "V/K", 1e-5)

    def responsivity(self, start: float) -> str:
        """Enter the probe's rho = S_TC R_P; return its name."""
        return self.book.sought(f"{self.probe}.responsivity", "V/W", start)

    def intercept(self) -> str:
        """Enter a constant offset of the thermocouple's voltage; return its name."""
        return self.book.fitted(getattr(self.entry, "intercept"), f"{self.path}.offset", "V")  # noqa: B009

    def curvature(self, unit: str) -> str:
        """Enter a term of second order; return its name."""
        return self.book.fitted(getattr(self.entry, "curvature"), f"{self.path}.curvature", unit)  # noqa: B009

    def meter(self, key: str) -> Meter:
        """What a reading of an instrument of the entry means."""
        return meter(self.book, self.campaign, getattr(self.entry, key))

    def thermometer(self, key: str) -> Meter:
        """Temperature from a reading of a thermometer of the entry."""
        return thermometer(self.book, self.campaign, getattr(self.entry, key))

    def conditions(
        self,
        model: Model,
        *,
        dependent: tuple[str, ...],
        against: str,
        part: str = "",
        rows: NDArray[np.bool_] | None = None,
    ) -> Conditions:
        """Tie the record, or `rows` of it, to a model.

        Parameters
        ----------
        model
            What must vanish.
        dependent
            Channels that answer.
        against
            Channel that figures show the first of those against.
        part
            Name of this part of the experiment, where it has several.
        rows
            Those of this part (n,).
        """
        record = self.record if rows is None else self.record.only(rows)
        u = self.u if rows is None else {channel: values[rows] for channel, values in self.u.items()}
        constants = self.book.constants
        return Conditions(
            name=f"{self.name}.{part}" if part else self.name,
            observed=record.channels,
            u=u,
            parameters=tuple(self.book.used),
            misclosure=lambda readings, values: model(readings, {**constants, **values}),
            dependent=dependent,
            rows=record.lines,
            robust=self.entry.robust == "huber",
            response=(dependent[0], against),
        )
