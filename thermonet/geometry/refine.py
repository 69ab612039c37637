"""Adaptive and uniform refinement of conforming meshes; new nodes move onto the exact curves.

Cells are split at the middles of their edges. An edge is split for all cells around it, and with any edge of a
triangle (also of a tetrahedron's face) its longest is split too, which keeps angles from degenerating: triangles by the
red-green-blue rule (Carstensen, Constr. Approx. 20, 549 (2004), doi:10.1007/s00365-003-0550-5), tetrahedra by bisection
at the longest edge that is marked (Plaza, Rivara, Appl. Numer. Math. 32, 195 (2000),
doi:10.1016/S0168-9274(99)00022-7).
Refine first, give regions nodes of their own afterwards: both sides of an interface then match.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from thermonet.geometry.curves import Curves, edges_on_curves, nodes_on_curves, project
from thermonet.geometry.mesh import Floats, Ints, Mesh
from thermonet.geometry.quality import quadratic_shape, shapes, smallest_stretch
from thermonet.geometry.topology import EDGES, Edges, edge_numbers, edges

#: A cell that a node's way onto its curve would leave with less than this part of its shape keeps the node on the
#: chord; likewise a curved cell whose volume element would fall below this part of the straight one's.
_KEPT = 0.2
#: Rounds in which cells with a tangent corner are split; a split leaves few new ones.
_ROUNDS = 4
#: Local edges of a tetrahedron's faces.
_FACE_EDGES = np.array([(0, 1, 2), (0, 4, 3), (1, 5, 4), (2, 5, 3)])


@dataclass(frozen=True)
class Refinement:
    """A refined mesh, the exact curves under its facets, and the cell that every cell was part of (cells,)."""

    mesh: Mesh
    curves: Curves | None
    parents: Ints


def refined(mesh: Mesh, marked: Ints, curves: Curves | None = None) -> Refinement:
    """Return the mesh with the marked cells split at all their edges, and others as far as conformity asks.

    Parameters
    ----------
    mesh
        A conforming mesh; the refined one is of the same degree.
    marked
        Numbers of the cells to be split, or a mask (cells,).
    curves
        Exact curves under boundaries and interfaces, onto which new nodes are moved. None: the geometry is that of the
        mesh itself, and the middle nodes of curved cells stay where they are.
    """
    corners = mesh.cells[: mesh.dimension + 1]
    found = edges(corners, mesh.dimension)
    rank = _ranks(mesh.points, found)
    split = np.zeros(found.ends.shape[1], dtype=bool)
    split[found.of_cell[:, np.asarray(marked)]] = True
    _close(split, found, rank)
    middle = np.where(split, np.cumsum(split) - 1, -1)
    return _with_split_edges(mesh, curves, found, middle, rank)


def uniformly_refined(mesh: Mesh, curves: Curves | None = None) -> Refinement:
    """Return the mesh with every cell split into four similar triangles or eight tetrahedra; as `refined` otherwise.

    Tetrahedra by Bey's rule, at the shortest of the three diagonals (Bey, Computing 55, 355 (1995),
    doi:10.1007/BF02238487).
    """
    found = edges(mesh.cells[: mesh.dimension + 1], mesh.dimension)
    return _with_split_edges(mesh, curves, found, np.arange(found.ends.shape[1]), None)


def linear(mesh: Mesh) -> Mesh:
    """Return the mesh of the corners alone: straight cells, nodes that no cell uses left out."""
    if mesh.degree == 1:
        return mesh
    corners = mesh.cells[: mesh.dimension + 1]
    used = np.unique(corners)
    number = np.full(mesh.points.shape[1], -1)
    number[used] = np.arange(len(used))
    boundaries = {name: number[facets[: mesh.dimension]] for name, facets in mesh.boundaries.items()}
    return replace(mesh, points=mesh.points[:, used], cells=number[corners], boundaries=boundaries)


def quadratic(mesh: Mesh, curves: Curves | None = None) -> Mesh:
    """Return a linear mesh with middle nodes: on the chords, but on the curves for edges that lie on one.

    Where a curved cell would be turned inside out, or nearly so, its middle nodes stay on their chords.
    """
    found = edges(mesh.cells, mesh.dimension)
    middles = mesh.points[:, found.ends].mean(axis=1)
    straight = _with_middles(mesh, found, middles)
    if curves is None:
        return straight
    for group in edges_on_curves(curves):
        number = edge_numbers(found, group.nodes)
        middles[:, number] = project(middles[:, number], group.surfaces)
    return _without_inversions(straight, found, middles)


def _ranks(points: Floats, found: Edges) -> Ints:
    """Order of the edges by length; equal ones, to rounding, by number: one order for all cells, on any scale."""
    square = ((points[:, found.ends[0]] - points[:, found.ends[1]]) ** 2).sum(axis=0)
    # In floating decades, so that rounding is relative to the edge itself.
    rank = np.empty(len(square), dtype=np.int64)
    rank[np.argsort(np.round(np.log(square), 10), kind="stable")] = np.arange(len(square))
    return rank


def _close(split: NDArray[np.bool_], found: Edges, rank: Ints) -> None:
    """Mark, until nothing changes, the longest edge of every triangle that has a marked one."""
    triangles = found.of_cell
    if len(found.of_cell) == len(EDGES[3]):
        triangles = np.concatenate([found.of_cell[list(face)] for face in _FACE_EDGES], axis=1)
    longest = np.take_along_axis(triangles, rank[triangles].argmax(axis=0)[None], axis=0)[0]
    waiting = np.arange(triangles.shape[1])
    while True:
        waiting = waiting[~split[longest[waiting]]]
        asked = split[triangles[:, waiting]].any(axis=0)
        if not asked.any():
            return
        split[longest[waiting[asked]]] = True


def _with_split_edges(mesh: Mesh, curves: Curves | None, found: Edges, middle: Ints, rank: Ints | None) -> Refinement:
    """Split edges at their middles, numbered from 0 in `middle` (-1: not split), and everything that has them."""
    base = linear(mesh)
    corner_number = np.full(mesh.points.shape[1], -1)
    corner_number[mesh.cells[: mesh.dimension + 1]] = base.cells
    node = np.where(middle < 0, -1, middle + base.points.shape[1])
    own = Edges(corner_number[found.ends], found.of_cell)
    cells, parents = _split_cells(base, node[found.of_cell], rank, found)
    ends = own.ends[:, middle >= 0]
    points = np.concatenate([base.points, base.points[:, ends].mean(axis=1)], axis=1)
    boundaries = {name: _split_facets(facets, own, node, rank)[0] for name, facets in base.boundaries.items()}
    fine = Mesh(points, cells, base.region[parents], base.names, boundaries)
    if curves is None:
        return Refinement(_isoparametric(mesh, base, fine, parents, found, node), None, parents)
    on_base = corner_number[curves.facets]
    facets, of_facet = _split_facets(on_base, own, node, rank)
    children = replace(curves, facets=facets, surface=curves.surface[of_facet])
    fine = snapped(fine, children)
    return Refinement(fine if mesh.degree == 1 else quadratic(fine, children), children, parents)


def _split_cells(base: Mesh, middles: Ints, rank: Ints | None, found: Edges) -> tuple[Ints, Ints]:
    """Children (corners, n) of all cells and their parents (n,), in the order of the parents."""
    everywhere = (middles >= 0).all(axis=0)
    if rank is None or base.dimension == 2:
        red = np.flatnonzero(everywhere)
        rest = np.flatnonzero(~everywhere)
    else:
        red, rest = np.zeros(0, dtype=np.int64), np.arange(base.cells.shape[1])
    cells, parents = _red(base.points, base.cells[:, red], middles[:, red])
    parents = red[parents]
    if rank is not None and len(rest):
        bisected, of = _bisected(base.cells[:, rest], middles[:, rest], rank[found.of_cell[:, rest]])
        cells, parents = np.concatenate([cells, bisected], axis=1), np.concatenate([parents, rest[of]])
    order = np.argsort(parents, kind="stable")
    return cells[:, order], parents[order]


def _split_facets(facets: Ints, found: Edges, node: Ints, rank: Ints | None) -> tuple[Ints, Ints]:
    """Children (corners, n) of facets and the facets (n,) that they were part of, as the cells' facets were split."""
    pairs = EDGES[len(facets) - 1]
    number = np.stack([edge_numbers(found, facets[list(pair)]) for pair in pairs])
    if rank is None:
        return _red(np.zeros((0, 0)), facets, node[number])
    return _bisected(facets, node[number], rank[number])


def _bisected(corners: Ints, middles: Ints, rank: Ints) -> tuple[Ints, Ints]:
    """Bisect simplices at their marked edges, the longest first, until none is left; children and parents.

    Neighbours agree on what becomes of their common facet: the order of its edges is the same for both.
    """
    dimension = len(corners) - 1
    parents = np.arange(corners.shape[1])
    done: list[tuple[Ints, Ints]] = []
    while corners.shape[1]:
        open_rank = np.where(middles >= 0, rank, -1)
        chosen = open_rank.argmax(axis=0)
        whole = open_rank.max(axis=0) < 0
        done.append((corners[:, whole], parents[whole]))
        parts = []
        for local, (a, b) in enumerate(EDGES[dimension]):
            here = np.flatnonzero(~whole & (chosen == local))
            for replaced in (a, b):
                child, left = corners[:, here], middles[:, here]
                child[replaced] = left[local]
                left[[i for i, pair in enumerate(EDGES[dimension]) if replaced in pair]] = -1
                parts.append((child, left, rank[:, here], parents[here]))
        corners, middles, rank = (np.concatenate([part[i] for part in parts], axis=1) for i in range(3))
        parents = np.concatenate([part[3] for part in parts])
    cells = np.concatenate([cells for cells, _ in done], axis=1)
    parents = np.concatenate([of for _, of in done])
    order = np.argsort(parents, kind="stable")
    return cells[:, order], parents[order]


def _red(points: Floats, corners: Ints, middles: Ints) -> tuple[Ints, Ints]:
    """Split simplices at all their edges: two halves, four similar triangles, eight tetrahedra; and their parents."""
    nodes = np.concatenate([corners, middles])
    count = corners.shape[1]
    local = {1: _RED_EDGE, 2: _RED_TRIANGLE}.get(len(corners) - 1)
    if local is not None:
        children = np.concatenate([nodes[list(child)] for child in local], axis=1)
        return children, np.tile(np.arange(count), len(local))
    ends = np.stack([points[:, corners[[i, j]]].mean(axis=1) for i, j in EDGES[3]]) if count else np.zeros((6, 3, 0))
    diagonal = np.stack([((ends[a] - ends[b]) ** 2).sum(axis=0) for a, b in _DIAGONALS]).argmin(axis=0)
    parts = [np.concatenate([nodes[list(child)] for child in _RED_CORNERS], axis=1)]
    parents = [np.tile(np.arange(count), len(_RED_CORNERS))]
    for which, inner in enumerate(_RED_INNER):
        here = np.flatnonzero(diagonal == which)
        parts += [nodes[:, here][list(child)] for child in inner]
        parents += [here] * len(inner)
    return np.concatenate(parts, axis=1), np.concatenate(parents)


_RED_EDGE = ((0, 2), (2, 1))
_RED_TRIANGLE = ((0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5))
_RED_CORNERS = ((0, 4, 6, 7), (4, 1, 5, 8), (6, 5, 2, 9), (7, 8, 9, 3))
#: Opposite edges of a tetrahedron, whose middles are the ends of the inner octahedron's diagonals.
_DIAGONALS = ((0, 5), (1, 3), (2, 4))
#: The four tetrahedra around each of these diagonals.
_RED_INNER = (
    ((4, 9, 5, 6), (4, 9, 8, 5), (4, 9, 7, 8), (4, 9, 6, 7)),
    ((5, 7, 6, 4), (5, 7, 9, 6), (5, 7, 8, 9), (5, 7, 4, 8)),
    ((6, 8, 4, 5), (6, 8, 7, 4), (6, 8, 9, 7), (6, 8, 5, 9)),
)


def without_tangent_corners(mesh: Mesh, curves: Curves) -> tuple[Mesh, Curves]:
    """Split the cells of a linear mesh that have a corner whose edges all lie on one curved surface.

    On the exact surface these edges lie in its tangent plane: the curved cell would be flat at that corner, however
    small it is made. Splitting the side opposite to the corner puts an edge inside.
    """
    for _ in range(_ROUNDS):
        found = edges(mesh.cells, mesh.dimension)
        split = _opposite_to_tangent_corners(found, _surface_of_edges(found, curves), _ranks(mesh.points, found))
        if not len(split):
            break
        middle = np.full(found.ends.shape[1], -1)
        middle[split] = np.arange(len(split))
        done = _with_split_edges(mesh, curves, found, middle, _ranks(mesh.points, found))
        assert done.curves is not None
        mesh, curves = done.mesh, done.curves
    return mesh, curves


def _surface_of_edges(found: Edges, curves: Curves) -> Ints:
    """Index of the curved surface (m,) that an edge lies on, -1 for none; of several the last."""
    on = np.full(found.ends.shape[1], -1)
    curved = np.array([not surface.is_flat for surface in curves.surfaces], dtype=bool)[curves.surface]
    for pair in EDGES[len(curves.facets) - 1]:
        on[edge_numbers(found, curves.facets[list(pair)][:, curved])] = curves.surface[curved]
    return on


def _opposite_to_tangent_corners(found: Edges, surface: Ints, rank: Ints) -> Ints:
    """Longest inner edge, if any, opposite to every corner of a cell whose edges all lie on one curved surface."""
    dimension = {3: 2, 6: 3}[len(found.of_cell)]
    split = []
    for corner in range(dimension + 1):
        at = [i for i, pair in enumerate(EDGES[dimension]) if corner in pair]
        across = [i for i, pair in enumerate(EDGES[dimension]) if corner not in pair]
        around = surface[found.of_cell[at]]
        tangent = (around[0] >= 0) & (around == around[0]).all(axis=0)
        candidates = found.of_cell[across][:, tangent]
        inner = np.where(surface[candidates] < 0, rank[candidates], -1)
        longest = np.take_along_axis(candidates, inner.argmax(axis=0)[None], axis=0)[0]
        split.append(longest[inner.max(axis=0, initial=-1) >= 0])
    return np.unique(np.concatenate(split))


def snapped(mesh: Mesh, curves: Curves) -> Mesh:
    """Return a linear mesh with the corners of facets on curves moved onto them, where no cell suffers by it."""
    points = mesh.points.copy()
    for group in nodes_on_curves(curves):
        points[:, group.nodes[0]] = project(mesh.points[:, group.nodes[0]], group.surfaces)
    moved = (points != mesh.points).any(axis=0)
    near = np.flatnonzero(moved[mesh.cells].any(axis=0))
    before = shapes(mesh.points, mesh.cells[:, near])
    while moved.any():
        bad = near[shapes(points, mesh.cells[:, near]) < _KEPT * before]
        back = np.unique(mesh.cells[:, bad])
        back = back[moved[back]]
        if not len(back):
            break
        points[:, back] = mesh.points[:, back]
        moved[back] = False
    return mesh.moved(points)


def _with_middles(mesh: Mesh, found: Edges, middles: Floats) -> Mesh:
    """Quadratic mesh with given positions of the edges' middle nodes (dim, edges)."""
    first = mesh.points.shape[1]
    pairs = EDGES[mesh.dimension - 1]

    def with_middles(facets: Ints) -> Ints:
        numbers = [edge_numbers(found, facets[list(pair)]) + first for pair in pairs]
        return np.concatenate([facets, np.stack(numbers)])

    return replace(
        mesh,
        points=np.concatenate([mesh.points, middles], axis=1),
        cells=np.concatenate([mesh.cells, found.of_cell + first]),
        boundaries={name: with_middles(facets) for name, facets in mesh.boundaries.items()},
    )


def _without_inversions(straight: Mesh, found: Edges, middles: Floats) -> Mesh:
    """Curve the edges of a straight quadratic mesh, but for those of cells that would nearly turn inside out."""
    first = straight.points.shape[1] - middles.shape[1]
    chords = straight.points[:, first:]
    curved = (middles != chords).any(axis=0)
    near = np.flatnonzero(curved[found.of_cell].any(axis=0))
    while True:
        points = np.concatenate([straight.points[:, :first], np.where(curved, middles, chords)], axis=1)
        mesh = straight.moved(points)
        bad = near[smallest_stretch(mesh, near) < _KEPT] if len(near) else near
        back = np.unique(found.of_cell[:, bad])
        if not curved[back].any():
            return mesh
        curved[back] = False


def _isoparametric(mesh: Mesh, base: Mesh, fine: Mesh, parents: Ints, found: Edges, node: Ints) -> Mesh:
    """Give a refined mesh the geometry of the coarse one: nodes where the parents' quadratic maps put them."""
    if mesh.degree == 1:
        return fine
    dimension = mesh.dimension
    local = mesh.cells[dimension + 1 :]
    points = fine.points.copy()
    split = node[found.of_cell] >= 0
    points[:, node[found.of_cell][split]] = mesh.points[:, local[split]]
    fine = fine.moved(points)
    own = edges(fine.cells, dimension)
    middles = points[:, own.ends].mean(axis=1)
    chords = mesh.points[:, [mesh.cells[list(pair)] for pair in zip(*EDGES[dimension], strict=True)]]
    curved = (mesh.points[:, local] != chords.mean(axis=1)).any(axis=(0, 1))
    inside = np.flatnonzero(curved[parents])
    # What a child's corner is to its parent: one of its corners or one of its middles.
    of_parent = np.concatenate([base.cells, node[found.of_cell]])[:, parents[inside]]
    place = (fine.cells[:, inside][:, None] == of_parent[None]).argmax(axis=1)
    halves = np.concatenate(
        [np.eye(dimension + 1), [(np.eye(dimension + 1)[[i, j]]).mean(axis=0) for i, j in EDGES[dimension]]]
    )
    for number, (i, j) in enumerate(EDGES[dimension]):
        at = (halves[place[i]] + halves[place[j]]) / 2
        nodes = mesh.points[:, mesh.cells[:, parents[inside]]]
        middles[:, own.of_cell[number, inside]] = np.einsum("na,xan->xn", quadratic_shape(at, dimension), nodes)
    return _with_middles(fine, own, middles)
