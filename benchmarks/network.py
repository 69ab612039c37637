"""Networks of 100 000 nodes: a steady state, graph to answer (wanted: 5 s), and resistances of 100 pairs (20 s)."""

import resource
import sys
import time

import networkx as nx
import numpy as np
import scipy.sparse as sp
from _timing import report
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, cKDTree

from thermonet.network.answers import effective_resistances, steady
from thermonet.network.model import network_model

NODES, PAIRS = 100_000, 100


def lattice(*shape: int) -> np.ndarray:
    """Edges between neighbours of a rectangular lattice."""
    numbers = np.arange(np.prod(shape)).reshape(shape)
    along = [
        np.column_stack([np.take(numbers, range(n - 1), axis).ravel(), np.take(numbers, range(1, n), axis).ravel()])
        for axis, n in enumerate(shape)
    ]
    return np.concatenate(along)


def of_random_points(shape: str) -> np.ndarray:
    """Edges between neighbours of random points in the plane or in space."""
    if shape == "triangulation of random points":
        corners = Delaunay(np.random.default_rng(0).random((NODES, 2))).simplices
        sides = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
        return np.unique(np.sort(sides, axis=1), axis=0)
    points = np.random.default_rng(0).random((NODES, 3))
    found = cKDTree(points).query_pairs(0.0325, output_type="ndarray")  # some 14 each
    part = connected_components(sp.coo_array((np.ones(len(found)), found.T), shape=(NODES, NODES)), directed=False)[1]
    kept = found[part[found[:, 0]] == np.bincount(part).argmax()]
    return np.unique(kept, return_inverse=True)[1].reshape(-1, 2)


def edges_of(shape: str) -> np.ndarray:
    """Edges of a graph by its name."""
    numbers = np.arange(1, NODES)
    if " x " in shape:
        return lattice(*map(int, shape.partition(", ")[2].split(" x ")))
    if shape == "random, 3 elements per node":
        return np.array(nx.random_regular_graph(3, NODES, seed=0).edges)
    if shape == "hubs (Barabasi and Albert)":
        return np.array(nx.barabasi_albert_graph(NODES, 3, seed=0).edges)
    if "random points" in shape:
        return of_random_points(shape)
    if shape == "star":
        return np.column_stack([np.zeros_like(numbers), numbers])
    return np.column_stack([numbers - 1, numbers])


def measure(shape: str, decades: int) -> None:
    """Build a graph, solve it and print what that took."""
    edges = edges_of(shape)
    values = 10 ** np.random.default_rng(1).uniform(-5 - decades / 2, -5 + decades / 2, len(edges))
    graph = nx.Graph()
    graph.add_nodes_from(f"n{i}" for i in range(edges.max() + 1))
    graph.add_edges_from(
        (f"n{a}", f"n{b}", {"conductance": value})
        for (a, b), value in zip(edges.tolist(), values.tolist(), strict=True)
    )
    graph.nodes["n0"]["temperature"] = 300.0
    graph.nodes[f"n{len(graph) // 2}"]["sources"] = {"heater": 1e-6}
    before, started, worked = _memory(), time.perf_counter(), time.process_time()
    model = network_model(graph)
    found = steady(model)
    solved, worked_steady = time.perf_counter(), time.process_time()
    rng = np.random.default_rng(2)
    pairs = [tuple(f"n{i}" for i in rng.choice(len(graph), 2, replace=False)) for _ in range(PAIRS)]
    effective_resistances(model, pairs)
    report(
        "network: steady state from the graph on, and effective resistances",
        shape=shape,
        nodes=len(graph),
        elements=len(edges),
        decades=decades,
        steady_s=round(solved - started, 2),
        steady_cpu_s=round(worked_steady - worked, 2),
        resistances_s=round(time.perf_counter() - solved, 2),
        resistances_cpu_s=round(time.process_time() - worked_steady, 2),
        pairs=PAIRS,
        imbalance=found.imbalance / 1e-6,
        graph_MB=before,
        peak_MB=_memory(),
        wanted_steady_s=5,
        wanted_resistances_s=20,
    )


def _memory() -> int:
    """Largest memory of this process so far [MB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000


SHAPES = (
    "plane, 316 x 316",
    "space, 46 x 46 x 46",
    "random, 3 elements per node",
    "hubs (Barabasi and Albert)",
    "triangulation of random points",
    "neighbours of random points in space",
    "star",
    "chain",
)
for wanted in [name for name in SHAPES if not sys.argv[1:] or name.split(",")[0] in sys.argv[1:]]:
    for spread in (0, 6):
        measure(wanted, spread)
