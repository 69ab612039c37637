"""From a file of any kind to the study that fits it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from thermonet.documents.body import BodyDocument
from thermonet.documents.kinds import SCHEMAS, kind_of
from thermonet.documents.located import dumped, load, with_settings
from thermonet.documents.probe import ProbeDocument
from thermonet.documents.reader import validated
from thermonet.quantities.inputs import Input
from thermonet.studies.body_design import body_of, body_problems
from thermonet.studies.contact import junction_resistance, substrate_resistance
from thermonet.studies.design import probe_of, probe_problems, signal_inputs
from thermonet.studies.values import Values


@dataclass(frozen=True)
class Opened:
    """A valid document.

    Attributes
    ----------
    kind, document
        What it is.
    text
        It as YAML, settings applied: the inputs of a run, which run again give the same.
    """

    kind: str
    document: ProbeDocument | BodyDocument
    text: str

    @property
    def name(self) -> str:
        """Short name that the document gives itself."""
        return self.document.name

    def inputs(self) -> dict[str, Input]:
        """Every input that its study starts from, by name."""
        values = Values()
        if isinstance(self.document, BodyDocument):
            body_of(self.document, values)
        else:
            probe_of(self.document, values)
            junction_resistance(self.document, values)
            substrate_resistance(self.document, values)
            signal_inputs(self.document, values)
        return values.inputs


def opened(file: Path | str, settings: tuple[str, ...] = (), *, allowed: tuple[str, ...] = ("probe", "body")) -> Opened:
    """Read a document of any of the allowed kinds, settings applied, and validate it.

    Raises
    ------
    DocumentError
        With every problem found.
    """
    located = with_settings(load(file), settings)
    kind = kind_of(located, allowed)
    document = validated(located, SCHEMAS[kind], also=_problems)
    assert isinstance(document, (ProbeDocument, BodyDocument))
    return Opened(kind, document, dumped(located.data))


def _problems(document: object) -> Iterator[tuple[str, str]]:
    if isinstance(document, ProbeDocument):
        yield from probe_problems(document)
    if isinstance(document, BodyDocument):
        yield from body_problems(document)
