"""``thermonet schema``: JSON schema of the documents, for completion in an editor."""

from __future__ import annotations

import click


@click.command()
@click.argument("kind", required=False)
def schema(kind: str | None) -> None:
    """Print the JSON schema of all documents, or of one KIND (probe, body, materials, network, campaign)."""
    import json

    from thermonet.documents.kinds import SCHEMAS, json_schema
    from thermonet.quantities.errors import UsageError

    if kind is not None and kind not in SCHEMAS:
        raise UsageError(f"there is no document kind '{kind}', expected one of {', '.join(SCHEMAS)}")
    if kind is not None:
        click.echo(json.dumps(json_schema(kind), indent=1, ensure_ascii=False))
        return
    schemas = {name: json_schema(name, f"#/$defs/{name}/$defs") for name in SCHEMAS}
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "thermonet documents",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in schemas],
        "$defs": schemas,
    }
    click.echo(json.dumps(whole, indent=1, ensure_ascii=False))
