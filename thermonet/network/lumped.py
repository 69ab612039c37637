"""Lumped elements as terms of a system, and which nodes nothing holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import networkx as nx
import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from thermonet.network.elements import Element
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import Matrix
from thermonet.system.incidence import Incidence


def lumped_terms(
    listed: Sequence[Element], stored: Mapping[str, float], place: Mapping[str, int], at: Matrix
) -> tuple[Incidence, Incidence, dict[str, float]]:
    """Conductance and capacity terms of the linear elements and of the nodes, and their coefficients.

    Parameters
    ----------
    listed
        Elements; those that are not linear have no term.
    stored
        Heat capacity of every node that has one [J/K].
    place
        Row of every node in `at`.
    at
        Temperatures of the nodes, as rows on the unknowns (nodes, n).

    Raises
    ------
    PhysicsError
        The name of an element is that of a node's heat capacity.
    """
    conducting = [each for each in listed if each.is_linear]
    storing = [each for each in listed if each.kind == "heat_capacity"]
    theta = {each.name: each.conductance for each in conducting} | {each.name: each.value for each in storing}
    for node, capacity in stored.items():
        if f"C.{node}" in theta:
            raise PhysicsError(
                f"C.{node}: this name belongs to the heat capacity of {node}, not to an element", f"elements.C.{node}"
            )
        theta[f"C.{node}"] = capacity
    at_nodes = at[[place[node] for node in stored]]
    C = sp.csr_array(sp.vstack([at_nodes, across(storing, place, at)], format="csr"))
    names = (*(f"C.{node}" for node in stored), *(each.name for each in storing))
    return Incidence(across(conducting, place, at), tuple(each.name for each in conducting)), Incidence(C, names), theta


def across(listed: Sequence[Element], place: Mapping[str, int], at: Matrix) -> Matrix:
    """Difference of temperature across every element, as rows on the unknowns (elements, n)."""
    return sp.csr_array(at[[place[each.a] for each in listed]] - at[[place[each.b] for each in listed]])


def floating_nodes(graph: nx.Graph[str], held: Iterable[str]) -> list[str]:
    """Nodes without a path of heat to a held node, in the order of the graph: nothing fixes their temperature.

    A heat capacity between two nodes is no path.
    """
    place = {node: position for position, node in enumerate(graph)}
    edges: Iterable[tuple[str, str, object]] = graph.edges(data="heat_capacity")
    paths = [(place[a], place[b]) for a, b, capacity in edges if capacity is None]
    first, second = np.array(paths, dtype=np.int64).reshape(-1, 2).T
    joined = sp.coo_array((np.ones(len(paths)), (first, second)), shape=(len(place), len(place)))
    part = connected_components(joined, directed=False)[1]
    reached = np.isin(part, part[[place[node] for node in held if node in place]])
    return [node for node, there in zip(graph, reached.tolist(), strict=True) if not there]
