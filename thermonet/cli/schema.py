"""``thermonet schema``: JSON schema of the documents, for completion in an editor."""

from __future__ import annotations

import click


@click.command()
@click.argument("kind", required=False)
def schema(kind: str | None) -> None:
    """Print the JSON schema of all documents, or of one KIND (probe, body, materials, campaign)."""
    import json

    from thermonet.documents.kinds import SCHEMAS
    from thermonet.quantities.errors import UsageError

    if kind is not None and kind not in SCHEMAS:
        raise UsageError(f"there is no document kind '{kind}', expected one of {', '.join(SCHEMAS)}")
    if kind is not None:
        click.echo(json.dumps(SCHEMAS[kind].model_json_schema(), indent=1, ensure_ascii=False))
        return
    schemas = {
        name: entry.model_json_schema(ref_template=f"#/$defs/{name}/$defs/{{model}}") for name, entry in SCHEMAS.items()
    }
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "thermonet documents",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in schemas],
        "$defs": schemas,
    }
    click.echo(json.dumps(whole, indent=1, ensure_ascii=False))
