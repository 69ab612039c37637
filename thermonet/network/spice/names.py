"""Names that SPICE can bear: no difference between capitals and small letters, letters, digits and underscores only."""

from __future__ import annotations

import re
from collections.abc import Iterable

from thermonet.quantities.errors import PhysicsError

#: What SPICE calls the bath.
GROUND = "0"
_RESERVED = ("0", "gnd")


def node_names(names: Iterable[str], kind: str = "node") -> dict[str, str]:
    """Name in SPICE of every node; they begin with a letter.

    Raises
    ------
    PhysicsError
        Two names differ by no more than SPICE ignores.
    """
    return _distinct(((name, _node(name)) for name in names), kind)


def element_names(letter: str, names: Iterable[str]) -> dict[str, str]:
    """Name in SPICE of every element of one kind; they begin with the letter that says which.

    Raises
    ------
    PhysicsError
        Two names differ by no more than SPICE ignores.
    """
    return _distinct(((name, _element(letter, name)) for name in names), f"{letter} element")


def unused(name: str, taken: set[str]) -> str:
    """Return the name, with as many underscores behind it as make it differ from all taken, and take it.

    Parameters
    ----------
    name
        As it should be.
    taken
        Names without capitals; the new one is added.
    """
    while name.lower() in taken:
        name += "_"
    taken.add(name.lower())
    return name


def _node(name: str) -> str:
    plain = _plain(name)
    return plain if plain[:1].isalpha() and plain.lower() not in _RESERVED else f"n_{plain}"


def _element(letter: str, name: str) -> str:
    plain = _plain(name)
    return plain if plain[:1].upper() == letter and len(plain) > 1 else f"{letter}_{plain}"


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", name)


def _distinct(pairs: Iterable[tuple[str, str]], kind: str) -> dict[str, str]:
    found: dict[str, str] = {}
    owners: dict[str, str] = {}
    for name, written in pairs:
        other = owners.setdefault(written.lower(), name)
        if other != name:
            raise PhysicsError(
                f"{kind}s {other!r} and {name!r} would both be {written} in SPICE, which knows no capitals and no "
                "characters but letters, digits and _; expected names that differ by more"
            )
        found[name] = written
    return found
