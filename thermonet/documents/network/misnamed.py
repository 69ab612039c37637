"""Nodes that a network names and has not, found in plain values: numbers elsewhere may be ill-formed."""

from __future__ import annotations

from collections.abc import Iterator

from thermonet.documents.body.places import nearest

#: Where nodes are named, as keys below the document; ``*`` is any key or item.
_PLACES = (
    ("elements", "*", "between", "*"),
    ("sources", "*", "into"),
    ("bodies", "*", "terminals", "*"),
    ("joins", "*", "node"),
    ("resistances", "*", "*"),
    ("responses", "of", "*", "0"),
    ("compact", "ports", "*"),
)


def misnamed_nodes(data: object) -> Iterator[tuple[str, str]]:
    """Yield (path, message) for every name of a node that there is not.

    Parameters
    ----------
    data
        A document as plain text values, lists and mappings.
    """
    nodes = data.get("nodes") if isinstance(data, dict) else None
    if not isinstance(nodes, dict):
        return
    for place in _PLACES:
        for path, name in _values(data, place):
            if name not in nodes:
                yield path, f"there is no node '{name}', expected {nearest(name, nodes)}"


def _values(data: object, keys: tuple[str, ...], path: str = "") -> Iterator[tuple[str, str]]:
    """Texts below some keys, with their paths."""
    if not keys:
        if isinstance(data, str) and data:
            yield path, data
        return
    below = dict(data) if isinstance(data, dict) else dict(enumerate(data)) if isinstance(data, list) else {}
    for key, value in below.items():
        if keys[0] in ("*", str(key)):
            yield from _values(value, keys[1:], f"{path}.{key}" if path else str(key))
