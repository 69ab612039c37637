"""From a file of any kind to the study that fits it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from thermonet.documents.body.drawn import DrawnDocument
from thermonet.documents.body.layered import LayeredDocument
from thermonet.documents.kinds import BodyDocument, kind_of
from thermonet.documents.located import dumped, load, with_settings
from thermonet.documents.probe import ProbeDocument
from thermonet.documents.reader import validated
from thermonet.quantities.inputs import Input
from thermonet.studies.bodies.design import body_design
from thermonet.studies.bodies.reading import valid_body
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
        if isinstance(self.document, LayeredDocument | DrawnDocument):
            body_design(self.document, values)
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
    document: ProbeDocument | BodyDocument
    if kind == "body":
        document = valid_body(located, Path(file).parent)
    else:
        document = validated(located, ProbeDocument, also=probe_problems)
    return Opened(kind, document, dumped(located.data))
