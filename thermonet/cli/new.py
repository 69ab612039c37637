"""``thermonet new``: a copy of a built-in design to change."""

from __future__ import annotations

from pathlib import Path

import click

from thermonet.quantities.errors import UsageError


@click.command()
@click.argument("name")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default=Path())
def new(name: str, directory: Path) -> None:
    """Copy the built-in design NAME to DIRECTORY/NAME.yaml; overwrites nothing."""
    from thermonet.documents.builtin import builtin

    source, target = builtin(name), directory / f"{name}.yaml"
    if target.exists():
        raise UsageError(f"{target}: exists already, expected another directory")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    except OSError as error:
        raise UsageError(f"{target}: cannot be written ({error.strerror})") from None
    click.echo(f"wrote {target}; try: thermonet study {target}")
