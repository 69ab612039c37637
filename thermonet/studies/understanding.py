"""What was understood of a document: every input in SI with its uncertainty, to compare with what was meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from thermonet.quantities.formatting import with_unit
from thermonet.quantities.inputs import Input


@dataclass(frozen=True)
class Understood:
    """A valid document, the inputs that a study of it would start from, and what else it says, in sentences."""

    file: Path
    kind: str
    name: str
    inputs: dict[str, Input]
    notes: tuple[str, ...] = ()

    def as_text(self, *, sources: bool) -> str:
        """Return lines for a terminal; with sources on request."""
        lines = [f"{self.file}: a valid {self.kind} document, '{self.name}'", *self.notes]
        lines.append(
            f"{'input':54}{'value in SI':>14} {'unit':10}{'u (k = 1)':>11}  {'in other words':>22}  distribution"
        )
        for name, value in self.inputs.items():
            u = "exact" if value.is_exact else f"{value.u:.3g}"
            stated = with_unit(value.value, value.unit, value.u)
            lines.append(f"{name:54}{value.value:>14.6g} {value.unit:10}{u:>11}  {stated:>22}  {value.distribution}")
            if sources:
                lines.append(f"    {value.source or 'no source stated'}")
        assumed = sum(value.source.startswith(("assumed", "estimate", "default")) for value in self.inputs.values())
        silent = sum(not value.source for value in self.inputs.values())
        lines.append(
            f"{len(self.inputs)} inputs, {assumed} of them assumed or estimated, {silent} without a source; "
            "a stated ± is a standard uncertainty (k = 1)"
        )
        return "\n".join(lines)

    def as_plain(self) -> dict[str, object]:
        """Return the same for JSON."""
        keys = ("value", "unit", "u", "distribution", "source")
        inputs = {name: {key: getattr(value, key) for key in keys} for name, value in self.inputs.items()}
        return {"file": str(self.file), "kind": self.kind, "name": self.name, "inputs": inputs}


def understood(file: Path, settings: tuple[str, ...] = ()) -> Understood:
    """Read and validate a document of any kind.

    Raises
    ------
    DocumentError
        With every problem found.
    """
    from thermonet.documents.kinds import kind_of
    from thermonet.documents.located import load, with_settings

    kinds = ("probe", "body", "network", "campaign")
    if kind_of(with_settings(load(file), settings), kinds) == "campaign":
        from thermonet.studies.calibration import read_campaign

        campaign = read_campaign(file, settings)
        return Understood(file, "campaign", campaign.name, campaign.inputs())
    from thermonet.studies.open import opened

    document = opened(file, settings, allowed=("probe", "body", "network"))
    return Understood(file, document.kind, document.name, document.inputs(), tuple(_notes(document.document)))


def _notes(document: object) -> Iterator[str]:
    """What a network consists of, and which node is which terminal of its bodies."""
    from thermonet.documents.network.document import NetworkDocument

    if not isinstance(document, NetworkDocument):
        return
    bound = {node for body in document.bodies.values() for node in body.terminals.values()}
    massless = [name for name, node in document.nodes.items() if node.is_massless and name not in bound]
    groups = ("nodes", "elements", "sources", "bodies", "joins")
    yield ", ".join(f"{len(getattr(document, group))} {group}" for group in groups)
    yield f"  held: {', '.join(document.held) or 'none'}; massless: {', '.join(massless) or 'none'}"
    for name, element in document.elements.items():
        first, second = element.between
        yield f"  {name}: {element.kinds[0]} from {first} to {second}"
    for name, body in document.bodies.items():
        ends = ", ".join(f"{terminal} is {node}" for terminal, node in body.terminals.items())
        yield f"  {name}: body of the design {body.design}, {ends}"
    for name, join in document.joins.items():
        yield f"  {name}: {join.kind} join of {' and '.join(join.between)}"
