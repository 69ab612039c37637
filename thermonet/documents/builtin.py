"""Where the built-in designs and campaigns live, installed or in a checkout, and how a word becomes a file."""

from __future__ import annotations

import difflib
from pathlib import Path

from thermonet.quantities.errors import UsageError

_PACKAGE = Path(__file__).resolve().parents[1]


def geometries() -> dict[str, Path]:
    """Built-in designs by name."""
    return {file.stem: file for file in sorted(_folder("geometries").glob("*.yaml"))}


def campaigns() -> dict[str, Path]:
    """Built-in campaigns by name: the document in a folder with its data."""
    return {file.parent.name: file for file in sorted(_folder("calibration").glob("*/campaign.yaml"))}


def _folder(name: str) -> Path:
    inside = _PACKAGE / "_data" / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def builtin(name: str) -> Path:
    """File of a built-in design or campaign.

    Raises
    ------
    UsageError
        There is none of that name; the message lists what there is.
    """
    known = geometries() | campaigns()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"built in are {', '.join(known)}"
        raise UsageError(f"there is no built-in design or campaign '{name}' and no such file; {hint}")
    return known[name]


def located_file(word: str) -> Path:
    """File that a word on the command line means: a path, or the name of a built-in design or campaign."""
    is_path = "/" in word or "\\" in word or word.endswith(".yaml")
    if is_path or (word not in geometries() | campaigns() and Path(word).exists()):
        return Path(word)
    return builtin(word)
