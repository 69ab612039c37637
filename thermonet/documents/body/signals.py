"""How a temperature, a flux or a power varies in time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from thermonet.documents.body.conductivity import increasing
from thermonet.documents.fields import Dimension, Entry, Frequency, Row
from thermonet.quantities.inputs import Input

Phase = Annotated[Input, Dimension("rad", low=-math.inf)]
PlainNumber = Annotated[Input, Dimension("1", low=-math.inf)]
Swing = Annotated[Input, Dimension("K", low=-math.inf)]

_ZERO_PHASE = Input(value=0.0, unit="rad", source="default: none")


class WaveEntry(Entry):
    """A wave of a frequency, ahead by a phase."""

    frequency: Frequency = Field(description="a frequency such as '12.25 Hz'")
    phase: Phase = Field(_ZERO_PHASE, description="by which it is ahead at t = 0 (default: 0 deg)")


class VariationEntry(Entry):
    """A signal s(t), one of four; what it varies is multiplied by s, a temperature is temperature + swing s."""

    sine: WaveEntry | None = Field(None, description="sin(2 pi f t + phase)")
    square: WaveEntry | None = Field(None, description="+1 for half a period, then -1")
    three_level: WaveEntry | None = Field(None, description="+1, 0, -1 for a third of a period each")
    table: list[Annotated[tuple[Input, ...], Row((Dimension("s", low=-math.inf), Dimension("1", low=-math.inf)))]] | (
        None
    ) = Field(None, min_length=2, description="rows such as [0 s, 1], straight lines between them, constant outside")
    offset: PlainNumber = Field(
        Input(value=0.0, source="default: none"), description="is added to a wave: 1 makes a square of on and off"
    )
    swing: Swing | None = Field(None, description="of a temperature: it is temperature + swing s(t)")

    @property
    def wave(self) -> WaveEntry | None:
        """The wave, where it is no table."""
        return self.sine or self.square or self.three_level


def variation_problems(varies: VariationEntry, path: str, *, swings: bool) -> Iterator[tuple[str, str]]:
    """Yield (path, message) for a signal that is none or several, or a table that goes back in time.

    What `swings` is a temperature; everything else is multiplied by the signal.
    """
    if swings and varies.swing is None:
        yield f"{path}.swing", "the key is missing, expected a temperature difference such as '10 K'"
    if varies.swing is not None and not swings:
        yield f"{path}.swing", "belongs to a temperature, expected none: this is multiplied by the signal"
    kinds = [key for key in ("sine", "square", "three_level", "table") if getattr(varies, key) is not None]
    if len(kinds) != 1:
        yield path, "expected exactly one of sine, square, three_level and table"
    if varies.table is not None:
        yield from increasing([row[0] for row in varies.table], f"{path}.table")
        if "offset" in varies.model_fields_set:
            yield f"{path}.offset", "belongs to a wave, expected it in the table"
