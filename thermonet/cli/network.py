"""``thermonet network``: nodes, resistances, heat capacities, and bodies between them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from thermonet.cli import options
from thermonet.cli.run import Run, digests, quantity_lines, run, verdicts

if TYPE_CHECKING:
    from thermonet.results.record import Result

#: Endings of files that circuit simulators read.
_NETLISTS = (".cir", ".net", ".sp", ".spice")


@click.command()
@click.argument("file")
@options.settings
@options.as_json
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run (default runs/NAME-HASH).")
@click.option("--no-report", is_flag=True, help="Only the numbers and the netlists: no figures, no page.")
@click.option("--strict", is_flag=True, help="Exit with 6 where a stated assumption does not hold.")
@options.verbose
def network(
    file: str,
    settings: tuple[str, ...],
    as_json: bool,
    out: Path | None,
    no_report: bool,
    strict: bool,
    verbose: bool,
) -> int:
    """Answer a network FILE, or a built-in one: temperatures, heats, resistances, responses, compact models.

    The numbers, tables, figures, netlists and the report go to a run folder; a summary is printed.
    """
    from thermonet.documents.builtin import located_file
    from thermonet.documents.network.document import NetworkDocument
    from thermonet.quantities.errors import UsageError
    from thermonet.studies.network.study import study_network
    from thermonet.studies.open import opened

    path = located_file(file)
    if path.suffix in _NETLISTS:
        raise UsageError(
            f"{path} is a netlist, expected a document that begins with 'thermonet: network/1'; in Python "
            "thermonet.network.spice.read.read_netlist makes a graph of it"
        )
    document = opened(path, settings, allowed=("network",))
    assert isinstance(document.document, NetworkDocument)
    described = document.document
    return run(
        Run(
            word=file,
            file=path,
            name=document.name,
            text=document.text,
            settings=settings,
            chosen={"files": digests(document.files)} if document.files else {},
            out=out,
            located=document.located,
            files=document.files,
            as_json=as_json,
            no_report=no_report,
            strict=strict,
            verbose=verbose,
        ),
        lambda: study_network(described),
        _summary,
    )


def _summary(result: Result) -> str:
    """Quantities and checks, for a terminal."""
    return "\n".join([result.name, *quantity_lines(result), *verdicts(result.checks)])
