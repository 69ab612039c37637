"""What was understood of a document: every input in SI with its uncertainty, to compare with what was meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from thermonet.quantities.formatting import with_unit
from thermonet.quantities.inputs import Input


@dataclass(frozen=True)
class Understood:
    """A valid document and the inputs that a study of it would start from."""

    file: Path
    kind: str
    name: str
    inputs: dict[str, Input]

    def as_text(self, *, sources: bool) -> str:
        """Return lines for a terminal; with sources on request."""
        lines = [f"{self.file}: a valid {self.kind} document, '{self.name}'"]
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

    if kind_of(with_settings(load(file), settings), ("probe", "body", "campaign")) == "campaign":
        from thermonet.studies.calibration import read_campaign

        campaign = read_campaign(file, settings)
        return Understood(file, "campaign", campaign.name, campaign.inputs())
    from thermonet.studies.open import opened

    document = opened(file, settings)
    return Understood(file, document.kind, document.name, document.inputs())
