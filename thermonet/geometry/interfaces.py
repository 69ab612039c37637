"""Meshes with real temperature jumps: regions that meet at a boundary conductance get nodes of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from thermonet.geometry.mesh import Ints, Mesh


@dataclass(frozen=True)
class Interface:
    """Where two regions touch without sharing nodes: matching three-node edges (3, edges) on either side."""

    first: str
    second: str
    first_edges: Ints
    second_edges: Ints


def separated(mesh: Mesh, bonded: Callable[[str, str], bool]) -> tuple[Mesh, list[Interface]]:
    """Give every region nodes of its own, but for regions that are bonded; return the interfaces that arise.

    Parameters
    ----------
    mesh
        A conforming mesh.
    bonded
        Whether two regions (by name) are in perfect contact.
    """
    body = _bodies(mesh, bonded)
    of_triangle = body[mesh.region]
    key = mesh.cells * (int(body.max()) + 1) + of_triangle
    kept, triangles = np.unique(key, return_inverse=True)
    triangles = triangles.reshape(mesh.cells.shape)
    split = replace(mesh, points=mesh.points[:, kept // (int(body.max()) + 1)], cells=triangles)
    edges = _Edges(mesh, triangles)
    boundaries = {name: edges.on(lines) for name, lines in mesh.boundaries.items()}
    return replace(split, boundaries=boundaries), edges.interfaces(of_triangle)


def _bodies(mesh: Mesh, bonded: Callable[[str, str], bool]) -> Ints:
    """Number of the body that every region belongs to: regions that touch and are bonded are one body."""
    body = np.arange(len(mesh.names))
    for i, j in _touching(mesh):
        if bonded(mesh.names[i], mesh.names[j]):
            body[body == body[i]] = body[j]
    return body


def _touching(mesh: Mesh) -> list[tuple[int, int]]:
    """Pairs of regions that share an edge; an edge's middle node belongs to no other edge."""
    middles = mesh.cells[3:].ravel()
    order = np.argsort(middles, kind="stable")
    region = np.tile(mesh.region, 3)[order]
    shared = (middles[order][:-1] == middles[order][1:]) & (region[:-1] != region[1:])
    pairs = np.stack([region[:-1][shared], region[1:][shared]])
    return [(int(i), int(j)) for i, j in np.unique(np.sort(pairs, axis=0), axis=1).T]


class _Edges:
    """All edges of all triangles, sorted so that those between the same two corners stand side by side."""

    def __init__(self, mesh: Mesh, split: Ints) -> None:
        self.names, count = mesh.names, mesh.cells.shape[1]
        ends = [(0, 1, 3), (1, 2, 4), (2, 0, 5)]
        self.size = int(mesh.cells.max()) + 1
        self.triangle = np.tile(np.arange(count), 3)
        self.nodes = np.concatenate([split[list(edge)] for edge in ends], axis=1)
        corners = np.concatenate([mesh.cells[[a, b]] for a, b, _ in ends], axis=1)
        # Every edge runs from its lower to its higher corner, so the two sides of an interface match node by node.
        turned = corners[0] > corners[1]
        self.nodes[:2, turned] = self.nodes[1::-1, turned]
        self.key = corners.min(axis=0) * self.size + corners.max(axis=0)
        self.order = np.argsort(self.key, kind="stable")
        self.region = mesh.region

    def on(self, lines: Ints) -> Ints:
        """Edges of a boundary line in the nodes of the split mesh."""
        wanted = lines[:2].min(axis=0) * self.size + lines[:2].max(axis=0)
        found = self.order[np.searchsorted(self.key, wanted, sorter=self.order)]
        return self.nodes[:, found]

    def interfaces(self, of_triangle: Ints) -> list[Interface]:
        key = self.key[self.order]
        first, second = self.order[:-1], self.order[1:]
        body = of_triangle[self.triangle]
        apart = (key[:-1] == key[1:]) & (body[first] != body[second])
        first, second = first[apart], second[apart]
        sides = self.region[self.triangle[first]], self.region[self.triangle[second]]
        swap = sides[0] > sides[1]
        first, second = np.where(swap, second, first), np.where(swap, first, second)
        pairs = np.stack([np.minimum(*sides), np.maximum(*sides)])
        found = []
        for a, b in np.unique(pairs, axis=1).T:
            here = (pairs[0] == a) & (pairs[1] == b)
            edges = self.nodes[:, first[here]], self.nodes[:, second[here]]
            found.append(Interface(self.names[a], self.names[b], *edges))
        return found
