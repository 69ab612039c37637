"""The published JSON schema accepts what we ship, as an editor reads it, and refuses what is wrong."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from thermonet.cli import main


class EditorLoader(yaml.SafeLoader):
    """YAML 1.2 as editors read it: numbers are numbers, but `on` is a word and no truth value."""


EditorLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":bool")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
ROOT = Path(__file__).parents[1]
GEOMETRIES = sorted((ROOT / "geometries").glob("*.yaml"))
BODIES = re.findall(
    r"^```yaml\n(.*?)^```", (ROOT / "docs" / "bodies.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)


@pytest.fixture
def schema(capsys):
    """Return the schema of all documents, as printed."""
    assert main(["schema"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("file", GEOMETRIES, ids=lambda file: file.stem)
def test_every_design_is_valid_to_an_editor(schema, file):
    """Editors read unquoted numbers as numbers; the schema takes them where a plain number is meant."""
    jsonschema.validate(yaml.load(file.read_text(encoding="utf-8"), EditorLoader), schema)


@pytest.mark.parametrize("text", BODIES, ids=[text.split()[3] for text in BODIES])
def test_every_sort_of_body_is_valid_to_an_editor(schema, text):
    """The schema covers bodies of regions in all their forms, and refuses unknown keys there too."""
    body = yaml.load(text, EditorLoader)
    jsonschema.validate(body, schema)
    next(iter(body.get("regions", body.get("layers")).values()))["thicknes"] = "1 um"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(body, schema)


def test_an_unknown_key_is_not(schema):
    """The schema is as strict about keys as the program."""
    design = yaml.load(
        next(file for file in GEOMETRIES if file.stem == "ntistp").read_text(encoding="utf-8"), EditorLoader
    )
    design["apex"]["hieght"] = "8 um"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(design, schema)


def test_the_readme_has_no_blanks_left():
    """No placeholder waits to be filled in."""
    assert "@" not in (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
