"""Where the built-in designs live, installed or in a checkout, and how a word on the command line becomes a file."""

from __future__ import annotations

import difflib
from pathlib import Path

from thermonet.quantities.errors import UsageError

_PACKAGE = Path(__file__).resolve().parents[1]


def geometries() -> dict[str, Path]:
    """Built-in designs by name."""
    for folder in (_PACKAGE / "_data" / "geometries", _PACKAGE.parent / "geometries"):
        if folder.is_dir():
            return {file.stem: file for file in sorted(folder.glob("*.yaml"))}
    return {}


def builtin(name: str) -> Path:
    """File of a built-in design.

    Raises
    ------
    UsageError
        There is none of that name; the message lists what there is.
    """
    known = geometries()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"built in are {', '.join(known)}"
        raise UsageError(f"there is no built-in design '{name}' and no such file; {hint}")
    return known[name]


def located_file(word: str) -> Path:
    """File that a word on the command line means: a path, or the name of a built-in design."""
    is_path = "/" in word or "\\" in word or word.endswith(".yaml")
    if is_path or (word not in geometries() and Path(word).exists()):
        return Path(word)
    return builtin(word)
