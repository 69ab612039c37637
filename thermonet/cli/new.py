"""``thermonet new``: a copy of a built-in design or campaign to change."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import click

from thermonet.quantities.errors import UsageError


@click.command()
@click.argument("name")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default=Path())
def new(name: str, directory: Path) -> None:
    """Copy the built-in design NAME to DIRECTORY/NAME.yaml, a campaign to the folder DIRECTORY/NAME.

    Overwrites nothing.
    """
    from thermonet.documents.builtin import builtin, campaigns

    source = builtin(name)
    is_campaign = name in campaigns()
    target = directory / (name if is_campaign else f"{name}.yaml")
    if target.exists():
        raise UsageError(f"{target}: exists already, expected another directory")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if is_campaign:
            copytree(source.parent, target)
        else:
            target.write_bytes(source.read_bytes())
    except OSError as error:
        raise UsageError(f"{target}: cannot be written ({error.strerror})") from None
    written = target / source.name if is_campaign else target
    click.echo(f"wrote {target}; try: thermonet {_verb(source)} {written}")


def _verb(source: Path) -> str:
    """Verb for a document of ours, by the kind that its first key states."""
    from thermonet.documents.kinds import SCHEMAS, kind_of
    from thermonet.documents.located import load

    return {"campaign": "calibrate", "network": "network"}.get(kind_of(load(source), tuple(SCHEMAS)), "study")
