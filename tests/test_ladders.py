"""Foster and Cauer ladders: one into the other and back, against closed forms, from bodies and to graphs."""

import math

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp

from thermonet.network.graph import system_from_graph
from thermonet.network.ladders import (
    Cauer,
    Foster,
    cauer_from_foster,
    foster,
    foster_from_cauer,
    foster_of,
    impedance,
    ladder_from_graph,
    ladder_graph,
    response,
)
from thermonet.quantities.errors import PhysicsError
from thermonet.system.core import System
from thermonet.system.modes import Transfer
from thermonet.system.response import harmonic
from thermonet.system.steady import resistance


def chain(resistances, capacities):
    """A chain of nodes 1 .. n before the held port 'bath', each a source and a sensor by its number."""
    count = len(resistances)
    across = np.eye(count, count + 1) - np.eye(count, count + 1, 1)
    K = across.T @ np.diag(1 / np.asarray(resistances)) @ across
    nodes = {str(i + 1): np.eye(count + 1)[i] for i in range(count)}
    return System(
        K={"K": sp.csr_array(K)},
        C={"C": sp.csr_array(np.diag([*capacities, 0.0]))},
        theta={"K": 1.0, "C": 1.0},
        sources=nodes,
        sensors=dict(nodes),
        ports={"bath": np.array([count]), "top": np.array([0])},
        one=np.ones(count + 1),
    )


# --- one into the other -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decades", [1, 6, 12])
@pytest.mark.parametrize("order", [1, 2, 5, 12, 30])
def test_there_and_back(order, decades):
    """Poles and residues return to 1e-8, with positive elements on the way, however far the time constants spread."""
    random = np.random.default_rng(order + decades)
    times = 10 ** np.sort(random.uniform(-decades, 0, order))[::-1]
    resistances = 10 ** random.uniform(-3, 3, order)
    first = Foster(resistances, times / resistances, series=0.5)
    between = cauer_from_foster(first)
    assert min(between.resistances.min(), between.capacities.min()) > 0
    assert between.resistances.sum() == pytest.approx(resistances.sum(), rel=1e-12)
    last = foster_from_cauer(between)
    assert last.time_constants == pytest.approx(times, rel=1e-12)
    assert last.resistances == pytest.approx(resistances, rel=1e-8)
    assert last.series == 0.5


def test_close_time_constants():
    """Two time constants one part in a million apart are still two."""
    first = Foster(np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.5 * (1 - 1e-6), 1 / 30]))
    last = foster_from_cauer(cauer_from_foster(first))
    assert last.time_constants == pytest.approx(first.time_constants, rel=1e-13)
    assert last.resistances == pytest.approx(first.resistances, rel=1e-8)


@pytest.mark.parametrize("capacities", [(2.0, 1.0), (2.0, 1.0 * (1 + 3e-16))])
def test_equal_time_constants_are_one_stage_of_the_chain(capacities):
    """Two stages of one time constant are one of both resistances, exactly or but for rounding."""
    found = cauer_from_foster(Foster(np.array([1.0, 2.0, 4.0]), np.array([*capacities, 5.0]), 0.5))
    same = cauer_from_foster(Foster(np.array([3.0, 4.0]), np.array([2 / 3, 5.0]), 0.5))
    assert found.resistances == pytest.approx(same.resistances, rel=1e-12)
    assert found.capacities == pytest.approx(same.capacities, rel=1e-12)
    assert found.series == 0.5


def test_chains_of_far_apart_elements():
    """Modes that barely reach the port do no harm: every chain has a Foster ladder, of the same response."""
    random = np.random.default_rng(12)
    for _ in range(60):
        order = int(random.integers(8, 13))
        chain = Cauer(10 ** random.uniform(-2, 6, order), 10 ** random.uniform(-12, -2, order))
        found = foster_from_cauer(chain)
        s = 1j * np.geomspace(1e-2 / found.time_constants.max(), 1e2 / found.time_constants.min(), 40)
        assert impedance(found, s) == pytest.approx(impedance(chain, s), rel=1e-11)


def test_poles_closer_than_rounding():
    """Two small stores of one time constant with a vast one between them: poles closer than a number tells."""
    chain = Cauer(np.array([1.0, 2.0, 2.0, 1.0]), np.array([1.0, 1e20, 1.0, 1e20]))
    found = foster_from_cauer(chain)
    assert found.resistances.sum() == pytest.approx(6.0, rel=1e-12)
    assert found.resistances[found.time_constants < 2].sum() == pytest.approx(1.0, rel=1e-12)
    s = 1j * np.geomspace(1e-24, 1e3, 50)
    assert impedance(found, s) == pytest.approx(impedance(chain, s), rel=1e-11)


def test_two_stages_by_hand():
    """1/(1 + s) + 1/(1 + 3 s) by division of polynomials."""
    found = cauer_from_foster(Foster(np.array([1.0, 1.0]), np.array([1.0, 3.0])))
    # Z = (2 + 4 s) / (1 + 4 s + 3 s^2): 1/Z = 3 s / 4 + (1 + 5 s / 2) / (2 + 4 s), and so on.
    assert found.capacities == pytest.approx([3 / 4, 25 / 4])
    assert found.resistances == pytest.approx([8 / 5, 2 / 5])


@pytest.mark.parametrize("direction", [1.0, 1j])
def test_a_line_of_a_thousand_sections(direction):
    """Pi-sections with half capacitances at the ends, the far end held: R tanh(q) / q with q = sqrt(s R C)."""
    whole_r, whole_c, count = 50.0, 0.2, 1000
    capacities = np.full(count, whole_c / count)
    capacities[0] /= 2
    line = Cauer(np.full(count, whole_r / count), capacities)
    s = direction * np.geomspace(1e-4, 5e2, 300) / (whole_r * whole_c)
    q = np.sqrt(s * whole_r * whole_c)
    assert np.abs(impedance(line, s) / (whole_r * np.tanh(q) / q) - 1).max() < 1e-4


def test_modes_of_a_long_line():
    """Its time constants are 4 R C / (pi^2 (2 j - 1)^2), its residues 8 R / (pi^2 (2 j - 1)^2)."""
    count = 300
    capacities = np.full(count, 1 / count)
    capacities[0] /= 2
    found = foster_from_cauer(Cauer(np.full(count, 1 / count), capacities))
    odd = 2 * np.arange(1, 6) - 1
    assert found.time_constants[:5] == pytest.approx(4 / (math.pi * odd) ** 2, rel=1e-3)
    assert found.resistances[:5] == pytest.approx(8 / (math.pi * odd) ** 2, rel=1e-3)
    assert found.resistances.sum() == pytest.approx(1, rel=1e-12)


# --- from bodies --------------------------------------------------------------------------------------------------


def test_a_chain_is_its_own_cauer_ladder():
    """Modes of a chain of four nodes give back its resistances and capacities."""
    resistances, capacities = np.array([1.0, 20.0, 3.0, 7.0]), np.array([1e-6, 2e-3, 5e-5, 0.1])
    held = chain(resistances, capacities).hold("bath")
    found = cauer_from_foster(foster(held, "1", "1"))
    assert found.resistances == pytest.approx(resistances, rel=1e-9)
    assert found.capacities == pytest.approx(capacities, rel=1e-9)
    assert foster(held, "top", "top").resistances == pytest.approx(foster(held, "1", "1").resistances)


def test_a_massless_port_is_a_resistance_in_front():
    """A node without capacity gives the series resistance of both ladders."""
    held = chain([2.0, 3.0, 4.0], [0.0, 1.0, 2.0]).hold("bath")
    found = foster(held, "1", "1")
    assert found.series == pytest.approx(2.0)
    assert cauer_from_foster(found).capacities == pytest.approx([1.0, 2.0])
    s = np.array([0.01, 1.0, 1e6])
    assert impedance(found, s) == pytest.approx(impedance(cauer_from_foster(found), s))


def test_a_transfer_response_is_refused_by_name():
    """No ladder of the response of one place to another, by their names or by a negative residue."""
    held = chain([1.0, 2.0, 3.0], [1.0, 1.0, 1.0]).hold("bath")
    with pytest.raises(PhysicsError, match="the response of 1 to 3 is a transfer response"):
        foster(held, "1", "3")
    with pytest.raises(PhysicsError, match=r"residue -1 K/W.*transfer response"):
        foster_of(Transfer(np.array([2.0, 1.0]), np.array([3.0, -1.0])))
    with pytest.raises(PhysicsError, match="no source and no isothermal port moon"):
        foster(held, "1", "moon")


def test_equal_time_constants_are_one_stage():
    found = foster_of(Transfer(np.array([2.0, 2.0, 1.0, 0.0]), np.array([1.0, 3.0, 1.0, 0.25])))
    assert found.resistances == pytest.approx([4.0, 1.0])
    assert found.time_constants == pytest.approx([2.0, 1.0])
    assert found.series == 0.25


# --- answers and graphs -------------------------------------------------------------------------------------------


def test_a_ladder_answers_like_its_modes():
    ladder = Cauer(np.array([1.0, 2.0]), np.array([0.3, 4.0]), series=0.1)
    frequency = np.geomspace(1e-3, 10, 5)
    seen = harmonic(response(ladder), frequency)
    assert seen == pytest.approx(impedance(ladder, 2j * math.pi * frequency))


@pytest.mark.parametrize("kind", [Foster, Cauer])
@pytest.mark.parametrize("series", [0.0, 0.7])
def test_graphs_there_and_back(kind, series):
    ladder = kind(np.array([1.0, 2.0, 5.0]), np.array([0.1, 0.2, 0.3]), series)
    again = ladder_from_graph(nx.MultiGraph(ladder_graph(ladder, "die", "ambient")), "die", "ambient")
    assert type(again) is kind
    assert again.resistances == pytest.approx(ladder.resistances)
    assert again.capacities == pytest.approx(ladder.capacities)
    assert again.series == series


def test_a_graph_that_is_no_ladder_is_refused():
    star = nx.star_graph(["a", "port", "bath", "b"])
    nx.set_edge_attributes(star, 1.0, "resistance")
    with pytest.raises(PhysicsError, match="one path of resistances"):
        ladder_from_graph(star)
    path = ladder_graph(Foster(np.array([1.0, 0.5]), np.array([1.0, 1.0])))
    nx.set_node_attributes(path, {"port.1": 1.0}, "heat_capacity")
    with pytest.raises(PhysicsError, match="not both"):
        ladder_from_graph(path)
    path.add_edge("port", "port.1", conductance=2.0)
    with pytest.raises(PhysicsError, match=r"between port and port\.1 a ladder has one resistance or conductance"):
        ladder_from_graph(path)


@pytest.mark.parametrize("kind", [Foster, Cauer])
def test_graphs_are_networks(kind):
    """The graph of either ladder is a network whose steady and harmonic answers are the ladder's."""
    ladder = kind(np.array([1.0, 2.0, 5.0]), np.array([0.1, 0.2, 0.3]), 0.7)
    held = system_from_graph(ladder_graph(ladder)).hold("bath")
    assert resistance(held, "port", "port") == pytest.approx(8.7)
    for frequency in (0.01, 1.0):
        rise = held.solve(held.system.sources["port"], s=2j * math.pi * frequency)
        assert rise[0] == pytest.approx(impedance(ladder, 2j * math.pi * frequency), rel=1e-12)


@pytest.mark.parametrize(
    ("resistances", "capacities"), [([1.0, -1.0], [1.0, 1.0]), ([1.0], [1.0, 1.0]), ([], []), ([math.inf], [1.0])]
)
def test_elements_must_be_positive(resistances, capacities):
    with pytest.raises(PhysicsError):
        Cauer(np.array(resistances), np.array(capacities))
