"""Assembly: closed forms and quadrature against scikit-fem, facets, interfaces, layouts with tied nodes, refusals."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from skfem import BilinearForm, FacetBasis, LinearForm, MeshTet, MeshTri
from skfem.helpers import dot, grad

from thermonet.geometry.interfaces import separated
from thermonet.geometry.topology import facets
from thermonet.heat.assembly import assembly_of, numbered
from thermonet.heat.elements import (
    axisymmetric_elements,
    cell_volumes,
    facet_areas,
    facet_load,
    facet_matrix,
    gradient,
    jump_matrix,
    load,
    mass,
    plane_elements,
    points_of,
    solid_elements,
    stiffness,
)
from thermonet.heat.forms import capacity, conduction, exchange, exchange_of_cells, jump
from thermonet.heat.reference import quadrature_rule
from thermonet.heat.simplices import load_parts, mass_blocks, stiffness_blocks
from thermonet.heat.source import joule_heat
from thermonet.quantities.errors import PhysicsError

#: Dimension, degree, and whether points stand for rings.
KINDS = [(2, 1, False), (2, 2, False), (2, 1, True), (2, 2, True), (3, 1, False), (3, 2, False)]
DEPTH = 0.3


def grid(dimension, counts=(3, 4, 2)):
    """An uneven grid of simplices on a unit square or cube that begins at one, its inner nodes moved."""
    rng = np.random.default_rng(dimension)
    axes = [1 + np.linspace(0, 1, count + 1) for count in counts[:dimension]]
    mesh = (MeshTri if dimension == 2 else MeshTet).init_tensor(*axes)
    points = mesh.p.copy()
    inner = ((points > 1 + 1e-9) & (points < 2 - 1e-9)).all(axis=0)
    points[:, inner] += rng.uniform(-0.06, 0.06, (dimension, inner.sum()))
    return type(mesh)(points, mesh.t)


def halves(other):
    """Region of every cell of a grid: 0 below the middle of the last axis, 1 above it."""
    return (other.p[-1, other.t].mean(axis=0) > 1.5).astype(np.int64)


def elements_of(mesh, ring):
    """Elements of a mesh, plane ones with a depth."""
    if ring:
        return axisymmetric_elements(mesh)
    return plane_elements(mesh, DEPTH) if mesh.dimension == 2 else solid_elements(mesh)


def weight(dimension, ring):
    """What a point stands for, as scikit-fem wants it."""
    if ring:
        return lambda w: 2 * np.pi * w.x[0]
    return lambda w: (DEPTH if dimension == 2 else 1.0) + 0 * w.x[0]


def unlike(found, expected):
    """Largest difference of two matrices relative to the largest entry."""
    return abs(found - expected).max() / abs(expected).max()


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: "-".join(map(str, kind)))
def case(request, conforming):
    """Elements, scikit-fem's basis and its weight, of one kind."""
    dimension, degree, ring = request.param
    mesh, basis = conforming(grid(dimension), degree)
    return elements_of(mesh, ring), basis, weight(dimension, ring)


# --- against scikit-fem -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("degree", range(1, 7))
def test_quadrature_has_the_degree_it_is_asked_for(dimension, degree):
    """Every monomial of that degree has its integral over the simplex, the product of factorials."""
    points, weights = quadrature_rule(dimension, degree)
    for powers in itertools.product(range(degree + 1), repeat=dimension):
        if sum(powers) <= degree:
            exact = math.prod(math.factorial(p) for p in powers) / math.factorial(sum(powers) + dimension)
            value = weights @ math.prod(x**p for x, p in zip(points, powers, strict=True))
            assert value == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize("tensor", ["one", "scalar", "diagonal", "full"])
def test_stiffness_in_closed_form(case, tensor):
    """Scalar, orthotropic and full conductivities cell by cell equal scikit-fem's general assembly to rounding."""
    elements, basis, around = case
    count, space = elements.cells.nodes.shape[1], elements.mesh.dimension
    rng = np.random.default_rng(7)
    full = rng.normal(size=(count, space, space))
    full = np.eye(space) + full @ full.transpose(0, 2, 1)
    given = {"one": 1.0, "scalar": full[:, 0, 0], "diagonal": np.einsum("nii->ni", full), "full": full}[tensor]
    if tensor == "full":
        tensors = full
    else:
        tensors = np.einsum(
            "ni,ij->nij",
            np.broadcast_to(np.reshape(given, (-1, given.shape[1] if np.ndim(given) == 2 else 1)), (count, space)),
            np.eye(space),
        )
    form = BilinearForm(
        lambda u, v, w: around(w) * np.einsum("nij,inq,jnq->nq", tensors, grad(u), grad(v), optimize=True)
    )
    found = stiffness(elements, elements.everywhere, given)
    assert unlike(found, form.assemble(basis)) < 1e-12
    assert unlike(assembly_of(elements).sum([(1.0, conduction(elements, elements.everywhere, given))]), found) < 1e-14


def test_mass_and_load_in_closed_form(case):
    """Capacity and uniform load, with a coefficient per cell, equal scikit-fem's general assembly to rounding."""
    elements, basis, around = case
    values = np.random.default_rng(3).uniform(1, 4, elements.cells.nodes.shape[1])
    matrix = BilinearForm(lambda u, v, w: around(w) * values[:, None] * u * v).assemble(basis)
    vector = LinearForm(lambda v, w: around(w) * values[:, None] * v).assemble(basis)
    found = mass(elements, elements.everywhere, values)
    assert unlike(found, matrix) < 1e-12
    assert unlike(load(elements, elements.everywhere, values), vector) < 1e-12
    assert (
        unlike(assembly_of(elements).terms({"c": capacity(elements, elements.everywhere, values)})["c"], found) < 1e-14
    )
    assert found.sum() == pytest.approx(values @ cell_volumes(elements, elements.everywhere), rel=1e-13)


def test_facets_in_closed_form(case):
    """Matrix and load of the boundary equal scikit-fem's, and their sums the boundary's area."""
    elements, basis, around = case
    surface = elements.mesh.boundaries["surface"]
    there = FacetBasis(basis.mesh, basis.elem, intorder=6)
    matrix = BilinearForm(lambda u, v, w: around(w) * u * v).assemble(there)
    vector = LinearForm(lambda v, w: around(w) * v).assemble(there)
    assert unlike(facet_matrix(elements, surface), matrix) < 1e-12
    assert unlike(facet_load(elements, surface), vector) < 1e-12
    assert facet_areas(elements, surface).sum() == pytest.approx(vector.sum(), rel=1e-13)


@pytest.mark.parametrize(("dimension", "ring"), [(2, False), (2, True), (3, False)])
def test_curved_cells_by_quadrature(dimension, ring, conforming):
    """Next to a bent side cells equal scikit-fem's isoparametric ones; all others stay in closed form."""
    from skfem import Basis, ElementTetP2, ElementTriP2, MeshTet2, MeshTri2

    mesh, _ = conforming(grid(dimension), 2)
    points = mesh.points.copy()
    middles = np.setdiff1d(mesh.cells[dimension + 1 :], mesh.cells[: dimension + 1])
    bent = middles[points[0, middles] > 2e9 - 1]
    points[0, bent] += 2e7 * (1 + points[1, bent] / 1e9)
    elements = elements_of(mesh.moved(points), ring)
    touches = np.isin(elements.cells.nodes, bent).any(axis=0)
    assert (elements.cells.curved == touches).all()
    assert 0 < touches.sum() < len(touches)
    other = (MeshTri2 if dimension == 2 else MeshTet2)(points * 1e-9, mesh.cells)
    basis = Basis(other, (ElementTriP2 if dimension == 2 else ElementTetP2)(), intorder=5 if dimension == 2 else 6)
    _, to = np.unique(np.round(basis.doflocs, 9), axis=1, return_inverse=True)
    _, ours = np.unique(np.round(points * 1e-9, 9), axis=1, return_inverse=True)
    order = np.argsort(ours.ravel())[to.ravel()]
    around = weight(dimension, ring)
    everywhere = elements.everywhere
    for form, found in (
        (BilinearForm(lambda u, v, w: around(w) * dot(grad(u), grad(v))), stiffness(elements, everywhere)),
        (BilinearForm(lambda u, v, w: around(w) * u * v), mass(elements, everywhere)),
    ):
        assert unlike(found[order][:, order], form.assemble(basis)) < 1e-12
    assert abs(stiffness(elements, everywhere) @ np.ones(elements.size)).max() < 1e-12
    surface = facet_areas(elements, mesh.boundaries["surface"]).sum()
    assert surface > facet_areas(elements_of(mesh, ring), mesh.boundaries["surface"]).sum()


def test_both_ways_agree_on_straight_cells(case):
    """Quadrature of a straight cell gives its closed form."""
    elements, _, _ = case
    bent = replace(elements.cells, curved=np.ones_like(elements.cells.curved))
    for blocks in (stiffness_blocks, mass_blocks, load_parts):
        assert unlike(blocks(bent), blocks(elements.cells)) < 1e-13


# --- what must hold -----------------------------------------------------------------------------------------------


def test_cells_may_be_listed_in_any_order(conforming):
    """Turning the corners of cells round leaves the matrix as it is."""
    mesh, _ = conforming(grid(3), 2)
    turned = [1, 2, 0, 3, 5, 6, 4, 8, 9, 7]
    assert (
        unlike(
            *(
                stiffness(solid_elements(m), np.arange(m.cells.shape[1]))
                for m in (mesh, replace(mesh, cells=mesh.cells[turned]))
            )
        )
        < 1e-13
    )


def test_densities_at_points(case):
    """A density that varies linearly, given where it is asked for, loads as the mass matrix does its values."""
    elements, _, _ = case
    x = elements.cells.points
    slope = np.arange(1.0, 1 + len(x))
    density = np.einsum("x,nxq->nq", slope, points_of(elements, elements.everywhere).positions)
    found = load(elements, elements.everywhere, density)
    assert unlike(found, mass(elements, elements.everywhere) @ (slope @ x)) < 1e-13
    assert gradient(elements, elements.everywhere, slope @ x) == pytest.approx(
        np.broadcast_to(slope[:, None], (len(density), len(slope), density.shape[1])), rel=1e-11
    )
    heat = joule_heat(elements, elements.everywhere, slope @ x, 2.0)
    assert heat == pytest.approx(2 * slope @ slope * load(elements, elements.everywhere), rel=1e-11)


def test_inverted_tetrahedra_are_refused_with_their_place(conforming):
    """A cell that is inside out is named by where it lies."""
    mesh, _ = conforming(grid(3), 1)
    cells = mesh.cells.copy()
    cells[:2, 5] = cells[1::-1, 5]
    middle = mesh.points[:, cells[:, 5]].mean(axis=1) * 1e-9
    with pytest.raises(PhysicsError, match=rf"1 of {cells.shape[1]} elements.*inside out.*{middle[0]:g}"):
        solid_elements(replace(mesh, cells=cells))


def test_a_body_of_revolution_keeps_to_its_side_of_the_axis(conforming):
    """Negative radii are refused, rounding below zero is not."""
    mesh, _ = conforming(grid(2), 1)
    axisymmetric_elements(mesh.moved(mesh.points - np.array([[1e9 + 1e-3], [0]])))
    with pytest.raises(PhysicsError, match=r"across its axis, to r = -0\.25 m"):
        axisymmetric_elements(mesh.moved(mesh.points - np.array([[1.25e9], [0]])))


# --- layouts ------------------------------------------------------------------------------------------------------


def test_tied_nodes_are_never_assembled(case):
    """With one unknown for a boundary the layout gives what tying the whole matrix would."""
    elements, _, _ = case
    x, y = elements.mesh.points[:2] / 1e9
    groups = [np.flatnonzero(x > 2 - 1e-9), np.flatnonzero(y > 2 - 1e-9)]
    unknowns = numbered(elements.size, groups)
    size = elements.size - sum(len(group) for group in groups) + len(np.intersect1d(*groups)) + 2
    assert unknowns.max() + 1 == size
    assert len(np.unique(unknowns[groups[0]])) == 1
    onto = sp.csr_array((np.ones(len(unknowns)), (np.arange(len(unknowns)), unknowns)), shape=(len(unknowns), size))
    assembly = assembly_of(elements, unknowns=unknowns)
    for form, matrix in ((conduction, stiffness), (capacity, mass)):
        expected = onto.T @ matrix(elements, elements.everywhere) @ onto
        found = assembly.sum([(1.0, form(elements, elements.everywhere))])
        assert found.shape == expected.shape
        assert unlike(found, expected) < 1e-14
        assert unlike(assembly.terms({"a": form(elements, elements.everywhere)})["a"], expected) < 1e-14


def test_regions_are_terms_on_one_pattern(conforming):
    """Two regions, their interface and an ambient: terms add up to the sum, hold only their own, and make no heat."""
    other = grid(3)
    mesh, interfaces = separated(conforming(other, 2, halves(other), ("low", "high"))[0], lambda *_: False)
    elements, (line,) = solid_elements(mesh), interfaces
    top = mesh.boundaries["surface"][:, (mesh.points[2, mesh.boundaries["surface"]] > 2e9 - 1).all(axis=0)]
    forms = {
        "low": conduction(elements, elements.region("low")),
        "high": conduction(elements, elements.region("high")),
        "G": jump(elements, line.first_facets, line.second_facets),
        "h": exchange(elements, top, elements.size),
    }
    unknowns = numbered(elements.size + 1)
    assembly = assembly_of(elements, [forms["G"].nodes, forms["h"].nodes], unknowns)
    terms, theta = assembly.terms(forms), {"low": 2.0, "high": 3.0, "G": 5.0, "h": 7.0}
    assert unlike(terms.total(theta), assembly.sum([(theta[name], form) for name, form in forms.items()])) < 1e-14
    assert unlike(assembly.term("all", [(theta[n], f) for n, f in forms.items()])["all"], terms.total(theta)) < 1e-14
    for name, term in terms.items():
        assert abs(term @ np.ones(assembly.pattern.size)).max() < 1e-13 * abs(term).max(), name
        assert unlike(term, term.T) < 1e-14
        assert term.has_sorted_indices
    alone = stiffness(elements, elements.region("low"))
    assert terms["low"].nnz == alone.nnz
    assert unlike(terms["low"][: elements.size, : elements.size], alone) < 1e-14
    ambient = terms["h"][[elements.size]].toarray().ravel()
    assert ambient[-1] == pytest.approx(1.0, rel=1e-13)
    assert -ambient[:-1] == pytest.approx(facet_load(elements, top), abs=1e-15)


def test_a_sheet_exchanges_on_its_faces(conforming):
    """Exchange of cells has their area, and the capacity matrix inside."""
    elements = plane_elements(conforming(grid(2), 2)[0])
    form = exchange_of_cells(elements, elements.everywhere, elements.size, 2.0)
    found = assembly_of(elements, [form.nodes], numbered(elements.size + 1)).sum([(1.0, form)])
    assert unlike(found[: elements.size, : elements.size], 2 * mass(elements, elements.everywhere)) < 1e-14
    assert found[elements.size, elements.size] == pytest.approx(2.0, rel=1e-13)
    assert abs(found @ np.ones(elements.size + 1)).max() < 1e-14


def test_a_form_without_its_place_is_refused(conforming):
    """A layout that was not told of an interface has no entries between its sides."""
    other = grid(2)
    mesh, (line,) = separated(conforming(other, 1, halves(other), ("low", "high"))[0], lambda *_: False)
    elements = plane_elements(mesh)
    with pytest.raises(KeyError, match="no place"):
        assembly_of(elements).sum([(1.0, jump(elements, line.first_facets, line.second_facets))])


# --- interfaces ---------------------------------------------------------------------------------------------------


def quarters(other):
    """Region of every cell of a grid by the signs of its first and last coordinate, less the middle."""
    x, z = (other.p[i, other.t].mean(axis=0) > 1.5 for i in (0, -1))
    return 2 * z.astype(np.int64) + x


@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("dimension", [2, 3])
def test_regions_get_nodes_of_their_own(dimension, degree, conforming):
    """Four regions round an edge: matching facets on both sides, a copy per body, boundaries and volumes kept."""
    axes = [1 + np.linspace(0, 1, count + 1) for count in (4, 4, 2)[:dimension]]
    axes[-1] = 1 + np.linspace(0, 1, 5)
    other = (MeshTri if dimension == 2 else MeshTet).init_tensor(*axes)
    whole, _ = conforming(other, degree, quarters(other), ("a", "b", "c", "d"))
    mesh, interfaces = separated(whole, lambda first, second: {first, second} == {"a", "b"})
    assert [(line.first, line.second) for line in interfaces] == [("a", "c"), ("b", "d"), ("c", "d")]
    elements, before = elements_of(mesh, False), elements_of(whole, False)
    x, z = whole.points[0] / 1e9, whole.points[-1] / 1e9
    level, upright = np.isclose(z, 1.5), np.isclose(x, 1.5) & (z > 1.5 + 1e-9)
    # the level plane is doubled, the upper half of the upright one too, and their common edge is there three times
    assert elements.size == before.size + level.sum() + upright.sum() + (level & np.isclose(x, 1.5)).sum()
    assert cell_volumes(elements, elements.everywhere) == pytest.approx(cell_volumes(before, before.everywhere))
    assert facet_areas(elements, mesh.boundaries["surface"]) == pytest.approx(
        facet_areas(before, whole.boundaries["surface"])
    )
    assert (facets(mesh).cells[1] < 0).sum() == whole.boundaries["surface"].shape[1] + 2 * sum(
        line.first_facets.shape[1] for line in interfaces
    )
    for line in interfaces:
        assert (mesh.points[:, line.first_facets] == mesh.points[:, line.second_facets]).all()
        for name, nodes in ((line.first, line.first_facets), (line.second, line.second_facets)):
            body = ("a", "b") if name in "ab" else (name,)
            cells = np.isin(mesh.region, [mesh.names.index(each) for each in body])
            assert np.isin(nodes, mesh.cells[:, cells]).all()


@pytest.mark.parametrize("degree", [1, 2])
def test_jumps_in_space(degree, conforming):
    """Across faces of tetrahedra: blind for continuous fields, the area for a jump of one kelvin, symmetric."""
    other = grid(3, (3, 3, 4))
    mesh, (line,) = separated(conforming(other, degree, halves(other), ("low", "high"))[0], lambda *_: False)
    elements = solid_elements(mesh)
    found = jump_matrix(elements, line.first_facets, line.second_facets)
    field = np.sin(mesh.points[0] / 3e8) + mesh.points[2] / 1e9
    assert abs(found @ field).max() < 1e-14 * abs(found).max() * abs(field).max()
    one_side = np.zeros(elements.size)
    one_side[np.unique(line.first_facets)] = 1.0
    area = facet_areas(elements, line.first_facets).sum()
    assert one_side @ found @ one_side == pytest.approx(area, rel=1e-13)
    assert area == pytest.approx(1.0, rel=0.2)
    assert unlike(found, found.T) < 1e-15


def test_bonded_regions_stay_one(conforming):
    """Where all regions are bonded the mesh stays as it is."""
    other = grid(3)
    whole, _ = conforming(other, 2, halves(other), ("low", "high"))
    mesh, interfaces = separated(whole, lambda *_: True)
    assert interfaces == []
    assert (mesh.cells == whole.cells).all()
    assert (mesh.boundaries["surface"] == whole.boundaries["surface"]).all()


def test_a_boundary_between_regions_keeps_to_the_first(conforming):
    """A named boundary on an interface stays with the region that is named first."""
    other = MeshTri.init_tensor(1 + np.linspace(0, 1, 4), 1 + np.linspace(0, 1, 5))
    whole, _ = conforming(other, 2, halves(other), ("low", "high"))
    found = facets(whole)
    inner = (found.cells[1] >= 0) & (whole.region[found.cells[0]] != whole.region[found.cells[1]])
    mesh, (line,) = separated(replace(whole, boundaries={"middle": found.nodes[:, inner]}), lambda *_: False)
    assert set(mesh.boundaries["middle"].ravel()) == set(line.first_facets.ravel())
