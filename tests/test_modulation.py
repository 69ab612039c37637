"""Level means of a three-level modulation against a probe stepped through many periods."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import simpson

from thermonet.quantities.errors import PhysicsError
from thermonet.studies.modulation import level_biases, remembered_share, three_level_duration, with_filter

TAU = np.array([40e-6, 11e-6, 2e-6])  # s
SHARES = np.array([0.3, 0.8, -0.1])


def stepped_means(
    time_constants: np.ndarray, shares: np.ndarray, levels: tuple[float, ...], duration: float, discard: float
) -> list[float]:
    """Means of the rise over each level, after enough periods that the start is forgotten.

    Every mode is carried through the levels by its own differential equation, and the mean is a plain
    quadrature of the sampled sum.
    """
    samples = discard + (duration - discard) * np.linspace(0, 1, 20001) ** 3  # dense where the rise is steep
    state = np.zeros(len(time_constants))
    means = []
    for level in levels * 4:
        target = shares * level
        signal = target.sum() + np.exp(-samples[:, np.newaxis] / time_constants) @ (state - target)
        means.append(simpson(signal, x=samples) / (duration - discard))
        state = target + (state - target) * np.exp(-duration / time_constants)
    return means[-len(levels) :]


@pytest.mark.parametrize("discard", [0.0, 5e-6, 100e-6])
@pytest.mark.parametrize("ratio", [1.0, 0.4, 3.0, -0.5])
def test_biases_are_those_of_a_stepped_probe(discard, ratio):
    """Order +, 0, -; the level zero, which follows the level +, is subtracted from both."""
    rise, duration = 0.02, 3e-3
    plus, zero, minus = stepped_means(TAU, SHARES, (rise, 0.0, ratio * rise), duration, discard)
    exact = ((plus - zero) / rise - 1, (minus - zero) / (ratio * rise) - 1)
    assert level_biases(TAU, SHARES, duration, discard, ratio) == pytest.approx(exact, rel=1e-6, abs=1e-13)


def test_neglected_steps_are_of_the_order_of_the_level_in_time_constants():
    """With a level of eight time constants the closed form is right to exp(-8) of itself."""
    plus, zero, minus = stepped_means(np.array([1.0]), np.array([1.0]), (1.0, 0.0, 1.0), 8.0, 0.0)
    found = level_biases(1.0, 1.0, 8.0)
    assert found == pytest.approx((plus - zero - 1, minus - zero - 1), rel=3 * math.exp(-8))


def test_biases_of_the_published_probe_are_small():
    """10 us against a third of 1/12.25 Hz: -3.7e-4 and twice that."""
    found = level_biases(10e-6, 1.0, three_level_duration(12.25))
    assert found == pytest.approx((-3.675e-4, -7.35e-4), rel=1e-12)


def test_remembered_share_is_the_first_moment_over_the_level():
    """Without discarded samples only the first moment of the impulse response counts."""
    moment = 0.3 * 40e-6 + 0.8 * 11e-6 - 0.1 * 2e-6
    assert remembered_share(TAU, SHARES, 27e-3) == pytest.approx(moment / 27e-3, rel=1e-14)


@given(discard=st.floats(0.0, 0.9))
def test_discarding_never_adds_bias_for_a_slow_start(discard):
    """One time constant much shorter than the level: what is left falls with every sample left out."""
    tau, duration = 0.02, 1.0
    more = remembered_share(tau, 1.0, duration, discard + 0.05)
    assert more < remembered_share(tau, 1.0, duration, discard) or more == 0.0


@given(
    real=st.floats(0, 1e6),
    imaginary=st.floats(-1e6, 1e6),
    filtering=st.sampled_from([1e-7, 10.9e-6, 11.1e-6, 30e-6, 1e-3]),
)
def test_filter_multiplies_the_response(real, imaginary, filtering):
    """Probe times low-pass at any complex frequency away from the poles."""
    s = complex(real, imaginary)
    poles, shares = with_filter(TAU, SHARES, filtering)
    exact = np.sum(SHARES / (1 + s * TAU)) / (1 + s * filtering)
    assert np.sum(shares / (1 + s * poles)) == pytest.approx(exact, rel=1e-9, abs=1e-12)


def test_filter_adds_its_time_to_the_first_moment():
    """First moments of a chain add, and the static response stays."""
    poles, shares = with_filter(TAU, SHARES, 30e-6)
    assert shares.sum() == pytest.approx(1.0, rel=1e-13)
    assert shares @ poles == pytest.approx(SHARES @ TAU + 30e-6, rel=1e-13)


@pytest.mark.parametrize("offset", [0.0, 1e-12, -1e-12, 3e-9, 1e-7, -1e-6, 1e-4])
def test_filter_as_slow_as_the_probe_is_a_double_pole(offset):
    """What is left of a step is (1 + t / tau) exp(-t / tau), where partial fractions do not exist."""
    poles, shares = with_filter(11e-6, 1.0, 11e-6 * (1 + offset))
    t = np.array([0.0, 1e-6, 11e-6, 60e-6])
    exact = (1 + t / 11e-6) * np.exp(-t / 11e-6)
    # An offset is a true change of the response, of its own order.
    assert np.exp(-t[:, np.newaxis] / poles) @ shares == pytest.approx(exact, abs=5e-8 + abs(offset))
    share = remembered_share(poles, shares, 1e-3, 20e-6)
    # The mean of what is left, from 20 us on: (2 tau + t) exp(-t / tau) over the level.
    assert share == pytest.approx(42e-6 * math.exp(-20 / 11) / 980e-6, rel=1e-7 + 10 * abs(offset))


@given(seed=st.integers(0, 1000), filtering=st.floats(1e-6, 1e-4))
def test_a_filter_adds_its_own_bias(seed, filtering):
    """Level means behind a filter lag by the sum of both first moments, above and below the probe's times."""
    tau = np.sort(np.random.default_rng(seed).uniform(2e-6, 50e-6, 2))
    poles, shares = with_filter(tau, [0.4, 0.6], filtering)
    x = (0.4 * tau[0] + 0.6 * tau[1] + filtering) / 27e-3
    assert level_biases(poles, shares, 27e-3) == pytest.approx((-x, -2 * x), rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1e-5], [1.0, 2.0], 1e-3), "one share per time constant, got 2 shares for 1"),
        (([], [], 1e-3), "one share per time constant"),
        (([0.0], [1.0], 1e-3), "time constants must be positive"),
        (([1e-5], [math.nan], 1e-3), "shares finite"),
        (([1e-5], [1.0], 0.0), "level_duration must be positive"),
        (([1e-5], [1.0], 1e-3, 1e-3), "discard must be shorter than the level"),
        (([1e-5], [1.0], 1e-3, -1e-9), "discard"),
        (([1e-5], [1.0], 1e-3, 0.0, 0.0), "ratio must be finite and not zero"),
    ],
)
def test_a_modulation_without_meaning_is_refused(arguments, message):
    """The message names what is wrong."""
    with pytest.raises(PhysicsError, match=message):
        level_biases(*arguments)


def test_a_filter_or_frequency_without_meaning_is_refused():
    """Neither a filter without time nor a modulation without period."""
    with pytest.raises(PhysicsError, match="filter_time_constant"):
        with_filter(TAU, SHARES, 0.0)
    with pytest.raises(PhysicsError, match="modulation_frequency"):
        three_level_duration(math.nan)
