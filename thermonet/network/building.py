"""A networkx graph from plain mappings, for floors that do not speak networkx themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import networkx as nx

from thermonet.quantities.errors import PhysicsError

#: A network as its users build it; the attributes of nodes and edges are those of `thermonet.network.graph`.
NetworkGraph: TypeAlias = "nx.MultiGraph[str]"
Attributes: TypeAlias = Mapping[str, Any]


def network_graph(nodes: Mapping[str, Attributes], elements: Iterable[tuple[str, str, Attributes]]) -> NetworkGraph:
    """Graph of named nodes and of elements, each with its two nodes.

    Parameters
    ----------
    nodes
        Attributes of every node, by name.
    elements
        First node, second node, attributes; heat counts as positive from the first to the second.

    Raises
    ------
    PhysicsError
        An element has a node that is not there.
    """
    graph: NetworkGraph = nx.MultiGraph()
    for name, attributes in nodes.items():
        graph.add_node(name, **attributes)
    for first, second, attributes in elements:
        for node in (first, second):
            if node not in graph:
                raise PhysicsError(f"no node is called {node}")
        graph.add_edge(first, second, **attributes)
    return graph
