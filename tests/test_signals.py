"""Signals: values, jumps, means and Fourier coefficients, each against what its definition says."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thermonet.quantities.errors import PhysicsError
from thermonet.system.signals import (
    Constant,
    Course,
    Repeated,
    Sine,
    Table,
    course,
    fourier,
    inside,
    levelled,
    mean,
    pieces,
    square,
    three_level,
)

PERIODIC = [
    Sine(0.7, 0.4),
    square(0.7, 0.3),
    three_level(0.7),
    three_level(0.7, (1.0, 0.0, 0.4)),
    Repeated((0.0, 0.5, 2.0), (0.0, 1.0, -2.0)),
]


def test_a_table_is_straight_between_its_points_and_constant_outside():
    table = Table((1.0, 2.0, 4.0), (0.0, 3.0, -1.0))
    assert table.at([0.0, 1.5, 3.0, 9.0]) == pytest.approx([0.0, 1.5, 1.0, -1.0])
    assert list(table.breakpoints(1.0, 3.0)) == [2.0]
    assert table.period is None


def test_a_square_is_on_then_off():
    signal = square(2.0, 0.25)
    assert list(signal.at([0.05, 0.1, 0.2, 0.45, 0.55])) == [1, 1, 0, 0, 1]
    assert signal.breakpoints(0.0, 1.0) == pytest.approx([0.125, 0.5, 0.625])
    assert mean(signal) == pytest.approx(0.25)


def test_three_levels_take_a_third_of_the_period_each():
    signal = three_level(1 / 3)
    assert list(signal.at([0.5, 1.5, 2.5, 3.5])) == [1, 0, -1, 1]
    assert signal.breakpoints(0.0, 6.0) == pytest.approx([1, 2, 3, 4, 5])
    assert mean(signal) == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("phase", [0.0, 1.0, 2 * math.pi / 3, 5.0, -1.0])
def test_levels_ahead_by_a_phase(phase):
    """As a sine is: the value at t is that of the signal without phase at t + phase / (2 pi f)."""
    frequency, times = 0.25, np.linspace(0.011, 7.9, 61)
    ahead = levelled(frequency, (1.0, 0.0, -1.0), phase)
    late = three_level(frequency).at(times + phase / (2 * math.pi * frequency))
    assert np.array_equal(ahead.at(times), late)
    assert ahead.period == 4.0


def test_at_a_jump_the_value_is_the_one_before():
    """A step that ends at a jump must not see what comes after it."""
    signal = three_level(1.0)
    jumps = [1 / 3, 2 / 3, 1.0]
    assert list(signal.at(jumps)) == [1, 0, -1]


@pytest.mark.parametrize("periods", [0, 7, 12345])
def test_rounding_of_the_time_never_picks_the_other_side_of_a_jump(periods):
    """At both ends of every piece, however late, the value is that of the piece."""
    signal = three_level(12.25)
    start = periods / 12.25
    ends = np.concatenate([[start], signal.breakpoints(start, start + 1.0), [start + 1.0]])
    begin, end = ends[:-1], ends[1:]
    middle = signal.at((begin + end) / 2)
    long = end - begin > 1e-6
    assert np.array_equal(signal.at(inside(begin, begin, end))[long], middle[long])
    assert np.array_equal(signal.at(inside(end, begin, end))[long], middle[long])


@given(st.floats(0.01, 100), st.floats(-3, 3))
def test_a_sine_is_followed_closely_by_cubics_of_the_longest_step(frequency, phase):
    """The step promised for a tolerance keeps the cubic through values and slopes within it."""
    signal, tolerance = Sine(frequency, phase), 1e-5
    h, omega = signal.longest_step(tolerance), 2 * math.pi * frequency
    x = np.linspace(0, 1, 41)
    ends, slopes = signal.at([0.0, h]), omega * h * np.cos(omega * np.array([0.0, h]) + phase)
    cubic = ends[0] + x**2 * (3 - 2 * x) * (ends[1] - ends[0]) + x * (1 - x) * ((1 - x) * slopes[0] - x * slopes[1])
    assert np.abs(cubic - signal.at(x * h)).max() <= tolerance


@pytest.mark.parametrize("signal", PERIODIC, ids=str)
def test_periodic_signals_repeat(signal):
    times = np.linspace(0.013, signal.period, 50)
    assert signal.at(times + 3 * signal.period) == pytest.approx(signal.at(times), abs=1e-12)


@pytest.mark.parametrize("signal", PERIODIC, ids=str)
def test_fourier_coefficients_are_those_of_a_fast_transform(signal):
    """Against the discrete transform of many samples at the middles of equal parts, whose error is of second order."""
    count = 3 * 2**14
    times = (np.arange(count) + 0.5) * signal.period / count
    n = np.arange(6)
    discrete = np.fft.fft(signal.at(times))[:6] / count * np.exp(-1j * math.pi * n / count)
    assert fourier(signal, 5) == pytest.approx(discrete, abs=1e-4)


def test_fourier_of_three_levels_has_no_third_harmonic():
    """(1, 0, -1) in thirds: c_3 vanishes, and c_1 has the size sqrt(3) sin(pi / 3) / pi."""
    found = fourier(three_level(5.0), 3)
    assert abs(found[1]) == pytest.approx(math.sqrt(3) * math.sin(math.pi / 3) / math.pi, rel=1e-12)
    assert abs(found[3]) == pytest.approx(0.0, abs=1e-12)


def test_a_constant_has_no_harmonics():
    assert list(fourier(Constant(2.0), 2)) == [2, 0, 0]
    assert mean(Constant(2.0)) == 2.0


def test_pieces_give_the_integral():
    """Straight pieces add up to the integral of a table."""
    table = Table((0.0, 1.0, 3.0), (0.0, 2.0, 2.0))
    _, lengths, first, last = pieces(table, 0.0, 4.0)
    assert lengths @ (first + last) / 2 == pytest.approx(1.0 + 4.0 + 2.0)


def test_a_course_is_offset_and_amplitude():
    swing = Course(Sine(1.0), amplitude=5.0, offset=300.0)
    assert swing.at([0.0, 0.25]) == pytest.approx([300.0, 305.0])
    assert course(4.0).at(17.0) == 4.0
    assert course(swing) is swing


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Table((0.0, 0.0), (1.0, 2.0)), "increase strictly"),
        (lambda: Table((0.0,), (1.0, 2.0)), "one value per time"),
        (lambda: Table((0.0, math.nan), (1.0, 2.0)), "finite"),
        (lambda: Sine(0.0), "frequency"),
        (lambda: Sine(1.0, math.inf), "phase"),
        (lambda: square(1.0, 1.0), "duty"),
        (lambda: three_level(-1.0), "frequency"),
        (lambda: Repeated((0.1, 1.0), (0.0, 1.0)), "begin with 0"),
        (lambda: Repeated((0.0, 1.0, 1.0), (0.0, 1.0, 2.0)), "jumps inside"),
        (lambda: Repeated((0.0,), (0.0,)), "two points"),
        (lambda: Course(Constant(), amplitude=math.nan), "finite"),
        (lambda: mean(Table((0.0, 1.0), (0.0, 1.0))), "does not repeat"),
        (lambda: square(1e12).breakpoints(0.0, 1.0), "too many periods"),
    ],
)
def test_what_is_no_signal_is_refused(make, why):
    with pytest.raises(PhysicsError, match=why):
        make()
