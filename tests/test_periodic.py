"""Exact modal responses and steady periodic states, against long transients, quadrature and known biases."""

import math

import numpy as np
import pytest
import scipy.sparse as sp

from thermonet.quantities.errors import NotConvergedError, PhysicsError
from thermonet.studies.modulation import level_biases, remembered_share, three_level_duration
from thermonet.system.core import System
from thermonet.system.drive import Drive
from thermonet.system.modal import modal_response, port_transfer
from thermonet.system.modes import Transfer, transfer
from thermonet.system.periodic import level_means, periodic, periodic_transfer
from thermonet.system.response import harmonic, step
from thermonet.system.signals import Constant, Course, Repeated, Sine, Table, mean, square, three_level
from thermonet.system.transient import transient

#: A fast, a slow and a massless mode, one of them negative.
RESPONSE = Transfer(np.array([3.0, 0.5, 0.01, 0.0]), np.array([2.0, -0.3, 0.4, 0.1]))
FREQUENCY = 0.07
PERIODIC = [
    Sine(FREQUENCY, 0.3),
    square(FREQUENCY, 0.3),
    three_level(FREQUENCY),
    Repeated((0.0, 3.0, 10.0), (0.0, 2.0, -1.0)),
]


def rod(nodes, *, massless=()):
    """Unit resistances in a row from the port 'bath' at node 0, a unit capacity at every other node but some."""
    size = nodes + 1
    ends = np.arange(nodes)
    across = sp.csr_array((np.tile([-1.0, 1.0], nodes), (np.repeat(ends, 2), np.stack([ends, ends + 1], 1).ravel())))
    capacity = np.ones(size)
    capacity[[0, *massless]] = 0.0
    unit = np.eye(size)
    return System(
        K={"R": sp.csr_array(across.T @ across)},
        C={"C": sp.dia_array((capacity[None], [0]), shape=(size, size)).tocsr()},
        theta={"R": 1.0, "C": 1.0},
        sources={"end": unit[-1], "next": unit[-2]},
        sensors={"end": unit[-1], "middle": unit[nodes // 2]},
        ports={"bath": np.array([0]), "end": np.array([nodes])},
        one=np.ones(size),
    )


# --- responses from rest ------------------------------------------------------------------------------------------


def test_the_response_to_a_constant_is_the_step_response():
    times = np.geomspace(1e-3, 30, 40)
    assert modal_response(RESPONSE, Constant(), times) == pytest.approx(step(RESPONSE, times), rel=1e-12)


def test_the_response_to_a_ramp_is_the_integral_of_the_step_response():
    """R t - sum r tau (1 - exp(-t / tau)), also at times far below every time constant."""
    times = np.geomspace(1e-6, 30, 40)
    tau, r = RESPONSE.time_constants[:3], RESPONSE.residues[:3]
    x = times[:, None] / tau
    ramp = np.where(x < 1e-3, x**2 / 2 - x**3 / 6, x + np.expm1(-x))
    exact = (tau * ramp) @ r + RESPONSE.residues[3] * times
    found = modal_response(RESPONSE, Table((0.0, 100.0), (0.0, 100.0)), times)
    assert found == pytest.approx(exact, rel=1e-8)


def test_the_response_to_a_sine_settles_to_the_harmonic_one():
    signal = Sine(0.3, 0.2)
    times = np.linspace(100, 110, 30)
    turning = np.exp(1j * (2 * math.pi * 0.3 * times + 0.2))
    exact = (harmonic(RESPONSE, np.array([0.3]))[0] * turning).imag
    assert modal_response(RESPONSE, signal, times) == pytest.approx(exact, abs=1e-12)


def test_a_massless_mode_follows_at_once():
    """At a jump it still has the value before it."""
    massless = Transfer(np.array([0.0]), np.array([2.0]))
    found = modal_response(massless, square(1.0), np.array([0.0, 0.25, 0.5, 0.75]))
    assert list(found) == [0, 2, 2, 0]


def test_responses_add_up():
    """A table is the sum of two others."""
    times = np.linspace(0, 8, 33)
    both = Table((0.0, 1.0, 2.0, 5.0), (1.0, 3.0, 1.0, 2.0))
    one, other = Table((0.0, 1.0, 2.0), (1.0, 2.0, 0.0)), Table((0.0, 1.0, 2.0, 5.0), (0.0, 1.0, 1.0, 2.0))
    parts = modal_response(RESPONSE, one, times) + modal_response(RESPONSE, other, times)
    assert modal_response(RESPONSE, both, times) == pytest.approx(parts, rel=1e-12, abs=1e-15)


def test_nothing_is_known_before_the_start():
    with pytest.raises(PhysicsError, match="begins at 1 s"):
        modal_response(RESPONSE, Constant(), np.array([0.5]), start=1.0)
    assert list(modal_response(RESPONSE, Constant(), np.array([1.0]), start=1.0)) == [0.0]


@pytest.mark.parametrize("massless", [(), (2, 5)])
def test_the_response_to_a_port_is_that_of_the_whole_system(massless):
    """Modes of the response to a given temperature, against steps through time."""
    held = rod(6, massless=massless).hold("bath")
    signal, times = Table((0.0, 3.0, 4.0), (0.0, 1.0, 0.5)), np.linspace(0.5, 20, 12)
    seen = port_transfer(held, "middle", "bath")
    assert seen.resistance == pytest.approx(1.0, rel=1e-12)
    walked = transient(held, Drive(temperatures={"bath": Course(signal)}), times, initial=0.0, tolerance=1e-8)
    assert walked.sensors["middle"] == pytest.approx(modal_response(seen, signal, times), abs=1e-7)


def test_the_response_to_a_port_counts_capacity_that_is_coupled_to_it():
    """A consistent capacity matrix passes a jump on at once: what it stores stays."""
    C = np.array([[2.0, 1.0], [1.0, 2.0]]) / 6
    system = System(
        K={"k": np.array([[1.0, -1.0], [-1.0, 1.0]])},
        C={"c": C},
        theta={"k": 1.0, "c": 1.0},
        sources={},
        sensors={"end": np.array([0.0, 1.0])},
        ports={"bath": np.array([0])},
        one=np.ones(2),
    )
    held = system.hold("bath")
    seen = port_transfer(held, "end", "bath")
    at_once = modal_response(seen, Constant(), np.array([1e-9]))[0]
    assert at_once == pytest.approx(-C[1, 0] / C[1, 1], abs=1e-8)


# --- periodic states ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signal", PERIODIC, ids=str)
def test_a_periodic_state_is_what_a_long_transient_ends_in(signal):
    found = periodic(RESPONSE, signal)
    times = np.linspace(0.0, signal.period, 97)
    late = modal_response(RESPONSE, signal, times[1:] + 20 * signal.period)
    assert found.at(times[1:]) == pytest.approx(late, abs=1e-11)
    assert found.at(times[1:] + 5 * signal.period) == pytest.approx(late, abs=1e-11)


@pytest.mark.parametrize("signal", PERIODIC, ids=str)
def test_the_mean_over_a_period_is_the_steady_response_to_the_mean(signal):
    found = periodic(RESPONSE, signal)
    assert found.mean(0.0, signal.period) == pytest.approx(RESPONSE.resistance * mean(signal), abs=1e-14)


@pytest.mark.parametrize("signal", PERIODIC, ids=str)
def test_means_need_no_quadrature(signal):
    """Over a part of the period, against Gauss quadrature of the response between its breakpoints."""
    found = periodic(RESPONSE, signal)
    ends = np.concatenate([[1.0], np.linspace(1.0, 6.0, 200)[1:-1], signal.breakpoints(1.0, 6.0), [6.0]])
    ends.sort()
    nodes, weights = np.polynomial.legendre.leggauss(8)
    half = np.diff(ends)[:, None] / 2
    total = np.sum(half * weights * found.at((ends[:-1, None] + half * (1 + nodes)).ravel()).reshape(-1, 8))
    assert found.mean(1.0, 6.0) == pytest.approx(total / 5, abs=1e-9)


def test_a_mode_much_slower_than_the_period_sees_the_mean():
    slow = Transfer(np.array([1e9]), np.array([2.0]))
    found = periodic(slow, square(10.0, 0.25))
    assert found.at(np.array([0.01, 0.06])) == pytest.approx([0.5, 0.5], rel=1e-8)


def test_level_means_of_three_levels_add_up():
    """With nothing discarded their mean is the steady response to the mean."""
    means = level_means(periodic(RESPONSE, three_level(FREQUENCY, (1.0, 0.0, 0.4))))
    assert means.mean() == pytest.approx(RESPONSE.resistance * 1.4 / 3, rel=1e-12)


@pytest.mark.parametrize("discard", [0.0, 2.0])
@pytest.mark.parametrize("ratio", [1.0, 0.4, -1.0])
def test_level_means_are_those_of_the_thermometers_biases(discard, ratio):
    """Where a level is long enough to forget the one before the last, both agree; the rest is exp(-T_L / tau)."""
    response = Transfer(np.array([3.0, 0.5, 0.01]), np.array([2.0, -0.3, 0.4]))
    frequency = 1 / 300
    plus, zero, minus = level_means(periodic(response, three_level(frequency, (1.0, 0.0, ratio))), discard)
    resistance = response.resistance
    found = (plus - zero) / resistance - 1, (minus - zero) / (ratio * resistance) - 1
    level = three_level_duration(frequency)
    expected = level_biases(response.time_constants, response.shares, level, discard, ratio)
    assert found == pytest.approx(expected, abs=1e-12)
    assert abs(found[0]) > 1e-4 * (ratio != 2)
    assert remembered_share(response.time_constants, response.shares, level, discard) > 0


def test_short_levels_remember_more_than_the_last_one():
    """Where levels are as short as the time constant the closed form differs from the neglect of older ones."""
    response = Transfer(np.array([1.0]), np.array([1.0]))
    plus, zero, _ = level_means(periodic(response, three_level(1 / 3)))
    # y over a level: s + (y0 - s) exp(-t), the geometric series over three levels of length one.
    q = math.exp(-1)
    begin = (-(1 - q) + (1 - q) * q * q) / (1 - q**3)  # after the level -
    exact_plus = 1 - (1 - begin) * (1 - q)
    after_plus = 1 + (begin - 1) * q
    exact_zero = after_plus * (1 - q)
    assert (plus, zero) == pytest.approx((exact_plus, exact_zero), rel=1e-12)


def test_what_has_no_period_or_no_levels_is_refused():
    with pytest.raises(PhysicsError, match="does not repeat"):
        periodic(RESPONSE, Table((0.0, 1.0), (0.0, 1.0)))
    with pytest.raises(PhysicsError, match="no levels"):
        level_means(periodic(RESPONSE, Sine(1.0)))
    with pytest.raises(PhysicsError, match="discard"):
        level_means(periodic(RESPONSE, square(1.0)), discard=0.6)
    with pytest.raises(PhysicsError, match="part of the period"):
        periodic(RESPONSE, square(1.0)).mean(0.5, 1.5)


def test_a_large_system_is_reduced_to_what_its_period_asks_for():
    """900 unknowns: the periodic state of the reduced model is that of all modes, but for a level's first moments."""
    held = rod(900).hold("bath")
    signal = three_level(1e-6)
    small = periodic_transfer(held, "middle", "end", signal.period)
    assert len(small.residues) < 200
    times = np.linspace(5e3, signal.period, 40)
    exact = periodic(transfer(held, "middle", "end"), signal).at(times)
    assert periodic(small, signal).at(times) == pytest.approx(exact, abs=1e-6 * np.abs(exact).max())


def test_a_reduced_model_that_cannot_meet_the_full_one_is_refused():
    held = rod(900).hold("bath")
    with pytest.raises(NotConvergedError, match="misses the response"):
        periodic_transfer(held, "middle", "end", 1.0, tolerance=1e-30)
