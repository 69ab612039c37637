"""``thermonet check``: validate documents and say what was understood."""

from __future__ import annotations

import click

from thermonet.cli import options


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@options.settings
@options.as_json
@options.verbose
def check(files: tuple[str, ...], settings: tuple[str, ...], as_json: bool, verbose: bool) -> None:
    """Validate documents, and say what was understood and in which units."""
    from thermonet.documents.builtin import located_file
    from thermonet.quantities.errors import DocumentError, Problem
    from thermonet.studies.understanding import understood

    problems: list[Problem] = []
    found = []
    for word in files:
        try:
            found.append(understood(located_file(word), settings))
        except DocumentError as error:
            problems += error.problems
    if problems:
        raise DocumentError(problems)
    if as_json:
        _print_json(found)
        return
    for document in found:
        click.echo(document.as_text(sources=verbose))


def _print_json(found: list) -> None:  # type: ignore[type-arg]
    import json

    click.echo(json.dumps([document.as_plain() for document in found], indent=1, ensure_ascii=False, allow_nan=False))
