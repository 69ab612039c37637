"""Options that several verbs share."""

from __future__ import annotations

import click

settings = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change a value as if its line had been edited, e.g. 'apex.layers.outer_gold.thickness=80 nm'.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print exactly result.json on standard output.")
verbose = click.option("-v", "--verbose", is_flag=True, help="Say on standard error what is being done.")
