"""Lumped elements as terms of a system, and which nodes nothing holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import networkx as nx
import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from thermonet.network.elements import Booleans, Elements, Integers
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import Matrix
from thermonet.system.incidence import Incidence


def lumped_terms(
    listed: Elements, stored: Mapping[str, float], place: Mapping[str, int], at: Matrix
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
    conducting, storing = listed.linear, np.flatnonzero(listed.of("heat_capacity"))
    names = [[listed.names[i] for i in some] for some in (conducting, storing)]
    theta = dict(zip(names[0], listed.conductances.tolist(), strict=True))
    theta |= zip(names[1], listed.values[storing].tolist(), strict=True)
    for node, capacity in stored.items():
        if f"C.{node}" in theta:
            raise PhysicsError(
                f"C.{node}: this name belongs to the heat capacity of {node}, not to an element", f"elements.C.{node}"
            )
        theta[f"C.{node}"] = capacity
    at_nodes = at[[place[node] for node in stored]]
    C = sp.csr_array(sp.vstack([at_nodes, across(listed, storing, place, at)], format="csr"))
    capacities = Incidence(C, (*(f"C.{node}" for node in stored), *names[1]))
    return Incidence(across(listed, conducting, place, at), tuple(names[0])), capacities, theta


def across(listed: Elements, some: Integers, place: Mapping[str, int], at: Matrix) -> Matrix:
    """Difference of temperature across some elements, as rows on the unknowns (some, n)."""
    first, second = ends(listed, some, place, at)
    return sp.csr_array(first - second)


def ends(listed: Elements, some: Integers, place: Mapping[str, int], at: Matrix) -> tuple[Matrix, Matrix]:
    """Temperatures at the first and at the second ends of some elements, as rows on the unknowns (some, n)."""
    row = np.array([place.get(node, -1) for node in listed.nodes], dtype=np.int64)
    return at[row[listed.first[some]]], at[row[listed.second[some]]]


def floating_nodes(graph: nx.Graph[str], held: Iterable[str]) -> list[str]:
    """Nodes without a path of heat to a held node, in the order of the graph: nothing fixes their temperature.

    A heat capacity between two nodes is no path.
    """
    place = {node: position for position, node in enumerate(graph)}
    edges: Iterable[tuple[str, str, object]] = graph.edges(data="heat_capacity")
    paths = [(place[a], place[b]) for a, b, capacity in edges if capacity is None]
    first, second = np.array(paths, dtype=np.int64).reshape(-1, 2).T
    reached = reached_nodes(len(place), first, second, [place[node] for node in held if node in place])
    return [node for node, there in zip(graph, reached.tolist(), strict=True) if not there]


def reached_nodes(count: int, first: Integers, second: Integers, held: Sequence[int]) -> Booleans:
    """Which of some nodes paths between a first and a second node each join to a held one (nodes,)."""
    joined = sp.coo_array((np.ones(len(first)), (first, second)), shape=(count, count))
    part = connected_components(joined, directed=False)[1]
    return np.isin(part, part[held])
