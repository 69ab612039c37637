"""Terms on one pattern: totals against plain sums, relabelling against congruences, systems made of them."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from thermonet.system.core import System
from thermonet.system.join import join, tied
from thermonet.system.patterns import sorted_pattern, symmetric_pattern
from thermonet.system.steady import resistance, uniform_residual
from thermonet.system.terms import Terms, joined, relabelling, terms_of


def network(size, links, seed=0):
    """Matrix of random conductances between random pairs of nodes."""
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, size, (2, links))
    value = rng.uniform(1, 2, links)
    rows, columns = np.concatenate([first, second, first, second]), np.concatenate([first, second, second, first])
    values = np.concatenate([value, value, -value, -value])
    return sp.csr_array(sp.coo_array((values, (rows, columns)), shape=(size, size)))


def some_terms(size=30):
    """Three sparse networks of which one touches few nodes."""
    return {"a": network(size, 40, 1), "b": network(size, 60, 2), "c": network(size, 3, 3)}


def onto_of(position, size):
    """The congruence that renames unknown i to position[i]."""
    return sp.csr_array((np.ones(len(position)), (np.arange(len(position)), position)), shape=(len(position), size))


def unlike(found, expected):
    """Largest difference of two matrices relative to the largest entry."""
    return abs(found - expected).max() / abs(expected).max()


THETA = {"a": 2.0, "b": 0.5, "c": 1e3}


# --- patterns -----------------------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=40),
    st.integers(7, 9),
)
def test_a_pattern_holds_every_entry_once(entries, size):
    """Rows ascending, columns ascending in them, each pair once; every listed entry finds its place."""
    rows, columns = np.array(entries).T
    pattern, positions = sorted_pattern(rows, columns, size)
    assert list(zip(pattern.rows, pattern.indices, strict=True)) == sorted(set(entries))
    assert (pattern.rows[positions] == rows).all()
    assert (pattern.indices[positions] == columns).all()
    assert (pattern.positions(rows, columns) == positions).all()


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=40),
    st.integers(7, 9),
)
def test_a_symmetric_pattern_holds_both_orders(entries, size):
    """The pattern of pairs in either order is that of both listed, and both find their places."""
    rows, columns = np.sort([*((i, i) for i in range(size)), *entries]).T
    pattern, upper, lower = symmetric_pattern(rows, columns, size)
    whole, places = sorted_pattern(np.append(rows, columns), np.append(columns, rows), size)
    assert (pattern.indices == whole.indices).all()
    assert (pattern.indptr == whole.indptr).all()
    assert (upper == whole.positions(rows, columns)).all()
    assert (lower == whole.positions(columns, rows)).all()
    assert set(places) == set(upper) | set(lower)


def test_what_a_pattern_lacks_is_refused():
    """Asking for an entry that is not there is an error, before, between and behind those of its row."""
    pattern, _ = sorted_pattern(np.array([0, 0, 2]), np.array([1, 3, 2]), 4)
    for row, column in ((0, 0), (0, 2), (1, 1), (2, 3), (3, 3)):
        with pytest.raises(KeyError, match="no place"):
            pattern.positions(np.array([row]), np.array([column]))


# --- terms --------------------------------------------------------------------------------------------------------


def test_terms_are_the_matrices_they_came_from():
    """Every term comes back entry by entry, in canonical form, with its own entries only."""
    plain = some_terms()
    terms = terms_of(plain, 30)
    assert list(terms) == list(plain)
    assert len(terms) == 3
    for name, matrix in plain.items():
        assert terms[name].nnz == matrix.nnz
        assert abs(terms[name] - matrix).max() == 0
        assert terms[name] is terms[name]
    assert terms_of(terms, 30) is terms


def test_a_total_is_the_weighted_sum():
    """The total of new coefficients is the plain sum, on the pattern that all totals share."""
    plain = some_terms()
    terms = terms_of(plain, 30)
    total = terms.total(THETA)
    assert unlike(total, sum(THETA[name] * matrix for name, matrix in plain.items())) < 1e-15
    assert np.shares_memory(total.indices, terms.total({**THETA, "c": -1.0}).indices)
    only = terms.only(["a", "c"])
    assert list(only) == ["a", "c"]
    assert unlike(only.total(THETA), 2 * plain["a"] + 1e3 * plain["c"]) < 1e-15


def test_no_terms_are_a_zero_matrix():
    """A system without capacity has terms that sum to nothing."""
    assert terms_of({}, 5).total({}).shape == (5, 5)
    assert terms_of({}, 5).total({}).nnz == 0


def test_one_more_term():
    """A term may need places that the pattern does not have."""
    plain, row = some_terms(), sp.csr_array(np.linspace(-1, 1, 30)[None, :])
    terms = terms_of(plain, 30).with_term("d", row.T @ row)
    theta = THETA | {"d": 3.0}
    expected = sum(THETA[name] * matrix for name, matrix in plain.items()) + 3.0 * (row.T @ row)
    assert unlike(terms.total(theta), expected) < 1e-15


def test_relabelling_is_a_congruence():
    """Renaming and merging unknowns gives P^T K P, term by term."""
    plain = some_terms()
    position = np.random.default_rng(4).integers(0, 12, 30)
    position[:12] = np.arange(12)
    onto = onto_of(position, 12)
    assert (relabelling(onto) == position).all()
    (terms,) = joined([(terms_of(plain, 30), position)], 12)
    for name, matrix in plain.items():
        assert unlike(terms[name], onto.T @ matrix @ onto) < 1e-14


def test_what_is_no_relabelling():
    """Weights, sums and dense maps go the general way."""
    assert relabelling(np.eye(3)) is None
    assert relabelling(2 * sp.eye_array(3, format="csr")) is None
    assert relabelling(sp.csr_array(np.array([[1.0, 1.0], [0.0, 1.0]]))) is None


def test_joined_terms_stand_on_one_pattern():
    """Terms of two systems with unknowns in common: one pattern, and those that shared one still do."""
    first, second = terms_of(some_terms(), 30), terms_of({"d": network(10, 30, 5)}, 10)
    position = np.concatenate([np.arange(30), np.arange(28, 38)])
    here, there = joined([(first, position[:30]), (second, position[30:])], 38)
    assert here.pattern is there.pattern
    onto = onto_of(position, 38)
    expected = onto.T @ sp.block_diag([first.total(THETA), 3.0 * second["d"]], format="csr") @ onto
    both = Terms(here.pattern, {**here.entries, **there.entries})
    assert unlike(both.total(THETA | {"d": 3.0}), expected) < 1e-15


# --- systems ------------------------------------------------------------------------------------------------------


def a_system(kind, prefix=""):
    """A chain of networks as a system, its terms plain matrices or on one pattern."""
    plain = {f"{prefix}{name}": network(30, 200, seed) for seed, name in enumerate("ab")}
    stored = {f"{prefix}c": sp.csr_array(sp.diags_array(np.linspace(1, 2, 30)))}
    heat = np.eye(30)[7]
    return System(
        K=terms_of(plain, 30) if kind == "terms" else plain,
        C=terms_of(stored, 30) if kind == "terms" else stored,
        theta={f"{prefix}a": 2.0, f"{prefix}b": 3.0, f"{prefix}c": 5.0},
        sources={f"{prefix}heat": heat},
        sensors={f"{prefix}far": np.eye(30)[20]},
        ports={f"{prefix}bath": np.array([0, 3, 5]), f"{prefix}end": np.array([29])},
        one=np.ones(30),
    )


def test_systems_do_not_care_how_their_terms_are_stored():
    """Tied, joined, with a resistance or other coefficients: plain matrices and shared patterns answer alike."""
    found = []
    for kind in ("plain", "terms"):
        pair = join(
            [tied(a_system(kind, "x."), "x.bath"), a_system(kind, "y.")], [("x.end", "y.end")], isothermal=["y.bath"]
        )
        assert pair.size == 30 + 30 - 2 - 2 - 1
        linked = pair.with_resistance("R", pair.sources["x.heat"], pair.sources["y.heat"], 0.01)
        assert uniform_residual(linked) < 1e-14
        changed = linked.at({"x.a": 7.0, "R": 1.0})
        held = [system.hold("x.bath", "y.bath") for system in (linked, changed)]
        found.append([resistance(each, "y.far", "x.heat") for each in held])
        assert found[-1][0] != pytest.approx(found[-1][1], rel=1e-3)
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_mapping_by_a_relabelling_is_tying():
    """A map with a single one per row ties, and is the same congruence as any other."""
    system = a_system("terms")
    position = np.arange(30)
    position[[3, 5]] = 0
    kept, position = np.unique(position, return_inverse=True)
    onto = onto_of(position, len(kept))
    ports = {"bath": np.array([0]), "end": np.array([len(kept) - 1])}
    fast = system.mapped(onto, one=np.ones(len(kept)), ports=ports)
    general = system.mapped(onto.toarray(), one=np.ones(len(kept)), ports=ports)
    assert isinstance(fast.K, Terms)
    assert fast.K.pattern is fast.C.pattern
    assert unlike(fast.total(fast.K).toarray(), general.total(general.K)) < 1e-14
    assert unlike(fast.total(fast.C).toarray(), general.total(general.C)) < 1e-14
    assert fast.sources["heat"] == pytest.approx(general.sources["heat"])
