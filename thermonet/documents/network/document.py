"""Schema of a network in one file, with what is asked of it."""

from __future__ import annotations

from collections.abc import Iterator

from thermonet.documents.network.contents import NetworkContents
from thermonet.documents.network.misnamed import misnamed_nodes
from thermonet.documents.network.problems import network_problems


class NetworkDocument(NetworkContents):
    """A thermal network: nodes, elements, sources, bodies, and what is asked of them."""

    def inconsistencies(self) -> Iterator[tuple[str, str]]:
        """Yield (path, message) for everything that is well formed but cannot be built or means nothing."""
        yield from network_problems(self)

    @classmethod
    def misnamed(cls, data: object) -> Iterator[tuple[str, str]]:
        """Yield (path, message) for nodes that are named somewhere and are none, in plain values."""
        yield from misnamed_nodes(data)
