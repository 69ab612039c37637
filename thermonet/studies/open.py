"""From a file of any kind to the study that fits it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from thermonet.documents.body.drawn import DrawnDocument
from thermonet.documents.body.layered import LayeredDocument
from thermonet.documents.kinds import BodyDocument, kind_of
from thermonet.documents.located import LocatedDocument, Plain, dumped, load, with_settings
from thermonet.documents.network.document import NetworkDocument
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
    located
        It with its places, where a failure may know its own.
    files
        Files that the text names, by the names it has for them: beside it, wherever it is moved.
    """

    kind: str
    document: ProbeDocument | BodyDocument | NetworkDocument
    text: str
    located: LocatedDocument
    files: Mapping[str, Path] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Short name that the document gives itself."""
        return self.document.name

    def inputs(self) -> dict[str, Input]:
        """Every input that its study starts from, by name."""
        values = Values()
        if isinstance(self.document, LayeredDocument | DrawnDocument):
            body_design(self.document, values)
        elif isinstance(self.document, NetworkDocument):
            from thermonet.studies.network.design import network_design

            network_design(self.document, values)
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
    if kind == "network":
        from thermonet.studies.network.reading import design_files, valid_network  # other kinds need not wait for it

        network = valid_network(located, Path(file).parent)
        designs = {f"designs/{name}.yaml": Path(file) for name, file in design_files(network).items()}
        text = dumped(_with_designs(located.data, {Path(name).stem: name for name in designs}))
        return Opened(kind, network, text, located, designs)
    document: ProbeDocument | BodyDocument
    if kind == "body":
        document = valid_body(located, Path(file).parent)
    else:
        document = validated(located, ProbeDocument, also=probe_problems)
    if not isinstance(document, DrawnDocument) or document.mesh is None:
        return Opened(kind, document, dumped(located.data), located)
    source = Path(document.mesh.file)
    file_beside = f"mesh/{source.name}"
    return Opened(kind, document, dumped(_with_mesh(located.data, file_beside)), located, {file_beside: source})


def _with_mesh(data: Plain, file: str) -> Plain:
    """Return a document with another name of its mesh file."""
    if not isinstance(data, dict) or not isinstance(data["mesh"], dict):
        raise TypeError("a document that names a mesh file")  # its schema has said so
    return {**data, "mesh": {**data["mesh"], "file": file}}


def _with_designs(data: Plain, files: Mapping[str, str]) -> Plain:
    """Return a network with other names of the designs of some of its bodies."""
    if not files:
        return data
    if not isinstance(data, dict) or not isinstance(data["bodies"], dict):
        raise TypeError("a document that names designs")  # its schema has said so
    bodies = {
        name: {**entry, "design": files[name]} if name in files and isinstance(entry, dict) else entry
        for name, entry in data["bodies"].items()
    }
    return {**data, "bodies": bodies}
