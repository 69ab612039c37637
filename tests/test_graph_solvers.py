"""Solvers of large networks: which way is chosen by the shape of the graph, and that all ways agree."""

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp
from scipy.spatial import Delaunay, cKDTree

from thermonet.network.answers import effective_resistances, steady
from thermonet.network.model import network_model
from thermonet.system.incidence import Incidence
from thermonet.system.solvers.choice import solver_of
from thermonet.system.solvers.conjugate import conjugate_gradients
from thermonet.system.solvers.direct import sparse_solve
from thermonet.system.solvers.graph import is_narrow, near_inverse_of_graph


def conductance(edges: np.ndarray, size: int, decades: float = 0.0) -> sp.csr_array:
    """Conductance matrix of a graph, its values spread evenly over some decades."""
    count = len(edges)
    rows = sp.csr_array(
        (np.tile([1.0, -1.0], count), edges.ravel(), np.arange(0, 2 * count + 1, 2)), shape=(count, size)
    )
    names = tuple(map(str, range(count)))
    values = 10 ** np.random.default_rng(1).uniform(-decades / 2, decades / 2, count)
    return Incidence(rows, names).total(dict(zip(names, values, strict=True)))


def lattice(*shape: int) -> tuple[np.ndarray, int]:
    """Edges between neighbours of a rectangular lattice, and its number of nodes."""
    numbers = np.arange(np.prod(shape)).reshape(shape)
    along = [
        np.column_stack([np.take(numbers, range(n - 1), axis).ravel(), np.take(numbers, range(1, n), axis).ravel()])
        for axis, n in enumerate(shape)
    ]
    return np.concatenate(along), numbers.size


def _triangles(count: int) -> np.ndarray:
    """Edges of the Delaunay triangulation of random points."""
    triangles = Delaunay(np.random.default_rng(0).random((count, 2))).simplices
    return np.unique(
        np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])), axis=0
    )


def shapes() -> dict[str, tuple[np.ndarray, int]]:
    """Graphs of some 12 000 nodes: narrow and wide ones."""
    count = 12_000
    numbers = np.arange(1, count)
    rng = np.random.default_rng(0)
    return {
        "chain": (np.column_stack([numbers - 1, numbers]), count),
        "star": (np.column_stack([np.zeros_like(numbers), numbers]), count),
        "tree": (np.column_stack([rng.integers(0, numbers), numbers]), count),
        "plane": lattice(110, 110),
        "triangles": (_triangles(count), count),
        "space": lattice(34, 34, 34),
        "random": (np.array(nx.random_regular_graph(3, count, seed=0).edges), count),
        "hubs": (np.array(nx.barabasi_albert_graph(count, 3, seed=0).edges), count),
    }


@pytest.mark.parametrize(
    ("name", "narrow"),
    [
        ("chain", True),
        ("star", True),
        ("tree", True),
        ("plane", True),
        ("triangles", True),
        ("random", False),
        ("hubs", False),
    ],
)
def test_narrow_graphs_are_told_from_wide_ones(name, narrow):
    """Chains, trees and planar graphs have small separators, random ones have none; held nodes count for nothing."""
    edges, size = shapes()[name]
    matrix = conductance(edges, size)
    assert is_narrow(matrix, np.arange(1, size)) == narrow
    if name == "star":
        assert is_narrow(matrix, np.arange(1, size - 1))
    assert is_narrow(matrix, np.arange(0))


@pytest.mark.parametrize("shape", [(46, 46, 46), (20, 20, 250)])
def test_a_lattice_in_space_is_wide_once_it_is_large(shape):
    """Long and thin or not: pieces of it are cubes, whose separators are layers."""
    edges, size = lattice(*shape)
    assert not is_narrow(conductance(edges, size), np.arange(1, size))


def test_aggregates_follow_what_is_strong_however_many_elements_a_node_has():
    """Where every coupling is a small part of the diagonal, and where conductances spread, steps stay few."""
    points = np.random.default_rng(0).random((3_000, 2))
    edges = cKDTree(points).query_pairs(0.08, output_type="ndarray")  # some 60 elements per node
    matrix = conductance(edges, len(points))
    mask = np.arange(len(points)) > 0
    near = near_inverse_of_graph(matrix, mask)
    load = np.where(mask, np.random.default_rng(1).standard_normal(len(points)), 0)[:, np.newaxis]
    _, steps = conjugate_gradients(
        lambda x: np.where(mask[:, np.newaxis], matrix @ x, 0),
        lambda x: near(x[:, 0])[:, np.newaxis],
        load,
        tolerance=1e-8,
        steps=25,
    )
    assert steps < 25


@pytest.mark.parametrize("decades", [0, 6])
@pytest.mark.parametrize("name", ["random", "hubs", "plane"])
def test_the_cycle_on_aggregates_is_near_the_inverse(name, decades):
    """Symmetric, positive, zero at what is held, and few steps of conjugate gradients with it."""
    edges, size = shapes()[name]
    matrix = conductance(edges, size, decades)
    mask = np.ones(size, dtype=bool)
    mask[[0, 5]] = False
    cycle = near_inverse_of_graph(matrix, mask)
    one, other = np.random.default_rng(2).standard_normal((2, size)) * mask
    assert (cycle(one)[~mask] == 0).all()
    assert other @ cycle(one) == pytest.approx(one @ cycle(other), rel=1e-4)
    assert one @ cycle(one) > 0


def test_a_wide_network_is_iterated_to_what_factors_give():
    """A random graph with conductances over six decades: real and complex, one load and two."""
    edges, size = shapes()["random"]
    matrix, free = conductance(edges, size, 6.0), np.arange(1, size)
    solver = solver_of(matrix, free, None)
    assert not solver.exact
    load = np.zeros((size, 2))
    load[[5, 7], [0, 1]] = 1.0
    small, near = conductance(*lattice(30, 20)), np.arange(1, 600)
    assert solver_of(small, near, None).exact
    found = solver(load)
    left = (load - matrix @ found)[free]
    assert np.abs(left).max() < 1e-7
    stored = sp.diags_array(np.full(size, 1e-2))
    shifted = sp.csr_array(matrix + 1j * stored)
    waves = solver_of(shifted, free, None, sp.csr_array(matrix + stored))(load[:, 0].astype(complex))
    assert np.abs((load[:, 0] - shifted @ waves)[free]).max() < 1e-6


def test_what_nothing_couples_is_its_diagonal():
    """Hubs with so many leaves each that no coupling is strong: nothing aggregates, and the iteration still ends."""
    count, hubs = 12_000, 40
    leaves = np.arange(hubs, count)
    rng = np.random.default_rng(3)
    edges = np.concatenate([np.column_stack([rng.integers(0, hubs, len(leaves)), leaves]) for _ in range(3)])
    edges = np.concatenate([edges, np.column_stack([np.zeros(hubs - 1, dtype=int), np.arange(1, hubs)])])
    matrix, free = conductance(edges, count), np.arange(1, count)
    load = np.zeros(count)
    load[-1] = 1.0
    exact = sparse_solve(matrix, free, None)(load)
    np.testing.assert_allclose(solver_of(matrix, free, None)(load), exact, atol=1e-9 * exact.max())


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(316, 316), (46, 46, 46)])
def test_a_network_of_a_hundred_thousand_nodes(shape):
    """Planar by factors, in space by conjugate gradients: balance, and resistances that are the same by reciprocity."""
    edges, size = lattice(*shape)
    values = 10 ** np.random.default_rng(1).uniform(-9, -3, len(edges))
    graph = nx.Graph()
    graph.add_nodes_from(str(i) for i in range(size))
    graph.add_edges_from(
        (str(a), str(b), {"conductance": value}) for (a, b), value in zip(edges.tolist(), values.tolist(), strict=True)
    )
    graph.nodes["0"]["temperature"] = 300.0
    middle = str(size // 2)
    graph.nodes[middle]["sources"] = {"heater": 1e-6}
    model = network_model(graph)
    found = steady(model)
    assert abs(found.imbalance) < 1e-9 * 1e-6
    one, same = effective_resistances(model, [(middle, "0"), ("0", middle)])
    assert one == pytest.approx((found.temperature[middle] - 300.0) / 1e-6, rel=1e-8)
    assert one == pytest.approx(same, rel=1e-12)
