"""Scattering at faces and grain boundaries, and the law of Wiedemann and Franz."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expn

from thermonet.materials.size_effect import (
    conductivity_from_sheet_resistance,
    film_conductivity,
    fuchs_sondheimer_ratio,
    mayadas_shatzkes_ratio,
)
from thermonet.quantities.errors import PhysicsError

GOLD_PATH = 37.7e-9
GOLD_BULK = 317.0
lengths = st.floats(1e-10, 1e-5)
shares = st.floats(0.0, 1.0)
quick = settings(max_examples=50, deadline=None)


def reflection_for(alpha):
    """Grain reflection that gives alpha where the grains are as large as the mean free path."""
    return alpha / (1 + alpha)


@pytest.mark.parametrize("specularity", [0.0, 0.3, 0.7, 0.9])
@pytest.mark.parametrize("kappa", [0.1, 0.5, 1.0, 2.4, 10.0, 300.0])
def test_faces_agree_with_the_exponential_integrals(kappa, specularity):
    """A geometric series turns the integral into a sum of E_3 and E_5, term by term; they agree to 1e-12."""
    n = np.arange(1, 2000)
    crossings = specularity ** (n - 1.0) * (expn(3, n * kappa) - expn(5, n * kappa))
    loss = 1.5 * (1 - specularity) / kappa * (0.25 - (1 - specularity) * crossings.sum())
    assert fuchs_sondheimer_ratio(kappa, 1.0, specularity) == pytest.approx(1 - loss, rel=1e-12)


@pytest.mark.parametrize("specularity", [0.0, 0.4, 0.8])
@pytest.mark.parametrize("kappa", [20.0, 1e3, 1e6])
def test_thick_film_loses_three_eighths_of_a_mean_free_path(kappa, specularity):
    """The loss tends to 3 (1 - p) / (8 kappa), up to terms of exp(-kappa)."""
    loss = 1 - fuchs_sondheimer_ratio(kappa * GOLD_PATH, GOLD_PATH, specularity)
    assert loss == pytest.approx(3 * (1 - specularity) / (8 * kappa), rel=1e-8)


@pytest.mark.parametrize("specularity", [0.0, 0.5])
def test_thin_film_limit_is_logarithmic(specularity):
    """The ratio is (3/4) kappa (1 + p)/(1 - p) (ln(1/kappa) + constant): its slope in ln(kappa) is exact."""
    first, second = 1e-9, 1e-7
    scaled = [fuchs_sondheimer_ratio(kappa, 1.0, specularity) / kappa for kappa in (first, second)]
    slope = (scaled[0] - scaled[1]) / math.log(second / first)
    assert slope == pytest.approx(0.75 * (1 + specularity) / (1 - specularity), rel=1e-5)


def test_very_thin_film_with_diffuse_faces_keeps_its_digits():
    """At kappa = 1e-6 the next order is known: (3/4) kappa (ln(1/kappa) + 1 - Euler's constant)."""
    kappa = 1e-6
    expected = 0.75 * kappa * (math.log(1 / kappa) + 1 - np.euler_gamma)
    assert fuchs_sondheimer_ratio(kappa, 1.0, 0.0) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kappa", [1e-6, 0.1, 1.0, 50.0])
def test_mirror_faces_cost_nothing(kappa):
    """Electrons that are reflected as by a mirror keep their current."""
    assert fuchs_sondheimer_ratio(kappa, 1.0, 1.0) == pytest.approx(1.0, rel=1e-12)


@quick
@given(thickness=lengths, specularity=shares, growth=st.floats(1.01, 10))
def test_thicker_films_conduct_better(thickness, specularity, growth):
    """A film is a resistance of its own: more of it never costs conductivity, and never beats the bulk."""
    thin = fuchs_sondheimer_ratio(thickness, GOLD_PATH, specularity)
    thick = fuchs_sondheimer_ratio(thickness * growth, GOLD_PATH, specularity)
    assert 0 < thin <= thick * (1 + 1e-12) <= 1 + 1e-11


@quick
@given(thickness=lengths, specularity=shares, other=shares)
def test_smoother_faces_conduct_better(thickness, specularity, other):
    """The conductivity grows with the specularity."""
    rough, smooth = sorted((specularity, other))
    ratios = [fuchs_sondheimer_ratio(thickness, GOLD_PATH, share) for share in (rough, smooth)]
    assert ratios[0] <= ratios[1] * (1 + 1e-11)


@pytest.mark.parametrize("alpha", [1e-3, 0.18, 1.0, 2.9, 3.1, 40.0, 1e4])
def test_grains_agree_with_the_integral_form(alpha):
    """The bracket is the integral of t^3 / (t + alpha) over 0..1, also where the series is used, above 3."""
    exact = 3 * quad(lambda t: t**3 / (t + alpha), 0, 1, epsabs=0, epsrel=1e-13)[0]
    assert mayadas_shatzkes_ratio(1.0, 1.0, reflection_for(alpha)) == pytest.approx(exact, rel=1e-12)


def test_large_grains_cost_three_halves_of_alpha():
    """The loss tends to 3 alpha / 2, with a next term of 3 alpha^2."""
    alpha = 1e-4
    loss = 1 - mayadas_shatzkes_ratio(1.0, 1.0, reflection_for(alpha))
    assert loss == pytest.approx(1.5 * alpha - 3 * alpha**2, rel=1e-6)


def test_small_grains_leave_three_quarters_over_alpha():
    """Grains far below the mean free path determine the conductivity alone."""
    alpha = 1e7
    assert mayadas_shatzkes_ratio(1e-7, 1.0, 0.5) == pytest.approx(0.75 / alpha, rel=1e-6)


@pytest.mark.parametrize("reflection", [0.0, 5e-324, 1e-300])
def test_transparent_grain_boundaries_cost_nothing(reflection):
    """R = 0 is a single crystal, and so is the smallest R a computer knows."""
    assert mayadas_shatzkes_ratio(40e-9, GOLD_PATH, reflection) == pytest.approx(1.0, rel=1e-15)


@quick
@given(grain=lengths, reflection=st.floats(0.0, 0.99), growth=st.floats(1.01, 10))
def test_larger_grains_conduct_better(grain, reflection, growth):
    """Fewer boundaries never cost conductivity."""
    small = mayadas_shatzkes_ratio(grain, GOLD_PATH, reflection)
    large = mayadas_shatzkes_ratio(grain * growth, GOLD_PATH, reflection)
    assert 0 < small <= large * (1 + 1e-12) <= 1 + 1e-11


@pytest.mark.parametrize("specularity", [0.0, 0.3])
@pytest.mark.parametrize("grain_reflection", [0.4, 0.5, 0.6])
def test_gold_film_of_a_probe_lies_in_the_published_range(specularity, grain_reflection):
    """90 nm of evaporated gold with 90 nm grains conducts 100 to 220 W/m/K, up to two thirds of its bulk."""
    found = film_conductivity(
        GOLD_BULK,
        thickness=90e-9,
        grain_size=90e-9,
        mean_free_path=GOLD_PATH,
        specularity=specularity,
        grain_reflection=grain_reflection,
    )
    assert 100 < found < 220


def test_resistivities_of_faces_and_grains_add():
    """Matthiessen: what both add together is what each adds alone."""

    def added(specularity, grain_reflection):
        film = {"thickness": 60e-9, "grain_size": 30e-9, "mean_free_path": GOLD_PATH}
        found = film_conductivity(GOLD_BULK, specularity=specularity, grain_reflection=grain_reflection, **film)
        return GOLD_BULK / found - 1

    assert added(0.2, 0.3) == pytest.approx(added(0.2, 0.0) + added(1.0, 0.3), rel=1e-10)
    assert added(1.0, 0.0) == pytest.approx(0.0, abs=1e-12)


def test_thick_film_of_large_grains_is_bulk():
    """A millimetre of gold with millimetre grains conducts like bulk gold to one part in ten thousand."""
    found = film_conductivity(
        GOLD_BULK,
        thickness=1e-3,
        grain_size=1e-3,
        mean_free_path=GOLD_PATH,
        specularity=0.0,
        grain_reflection=0.5,
    )
    assert found == pytest.approx(GOLD_BULK, rel=1e-4)
    assert found < GOLD_BULK


def test_bulk_gold_obeys_wiedemann_and_franz_at_300_k():
    """Gold's textbook resistivity at 300 K, 22.7 nohm m, gives its textbook conductivity within 3 %."""
    thickness = 100e-9
    found = conductivity_from_sheet_resistance(22.7e-9 / thickness, thickness, 300.0)
    assert found == pytest.approx(GOLD_BULK, rel=0.03)


def test_sheet_resistance_of_one_ohm_at_300_k_fixes_k_t():
    """L_0 T / R_sheet = 2.4430e-8 W ohm/K^2 x 300 K / 1 ohm = 7.329 uW/K per square, at any thickness."""
    for thickness in (20e-9, 90e-9):
        assert conductivity_from_sheet_resistance(1.0, thickness, 300.0) * thickness == pytest.approx(
            7.329e-6, rel=1e-4
        )


def test_sheet_resistance_there_and_back():
    """A conductivity turned by hand into a sheet resistance comes back, with any Lorenz ratio."""
    conductivity, thickness, temperature, ratio = 150.0, 90e-9, 295.0, 1.2
    lorenz = (math.pi * 1.380649e-23 / 1.602176634e-19) ** 2 / 3
    sheet_resistance = ratio * lorenz * temperature / (conductivity * thickness)
    found = conductivity_from_sheet_resistance(sheet_resistance, thickness, temperature, ratio)
    assert found == pytest.approx(conductivity, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: fuchs_sondheimer_ratio(0.0, 1e-8, 0.5),
            "the thickness must be positive and finite, got 0 m",
        ),
        (
            lambda: fuchs_sondheimer_ratio(1e-8, math.nan, 0.5),
            "the mean free path must be positive and finite",
        ),
        (lambda: fuchs_sondheimer_ratio(math.inf, 1e-8, 0.5), "the thickness must be positive and finite"),
        (
            lambda: fuchs_sondheimer_ratio(1e-8, 1e-8, 1.2),
            "the specularity is a share, expected 0 to 1, got 1.2",
        ),
        (lambda: mayadas_shatzkes_ratio(-1e-8, 1e-8, 0.5), "the grain size must be positive and finite"),
        (lambda: mayadas_shatzkes_ratio(1e-8, 1e-8, math.nan), "the grain reflection is a share"),
        (lambda: mayadas_shatzkes_ratio(1e-8, 1e-8, 1.0), "the grain reflection must be below 1"),
        (lambda: conductivity_from_sheet_resistance(0.5, 9e-8, -1.0), "the temperature must be positive"),
        (
            lambda: conductivity_from_sheet_resistance(0.5, 9e-8, 300.0, 0.0),
            "the Lorenz ratio must be positive",
        ),
    ],
)
def test_nonsense_is_refused_with_its_name(call, message):
    """Lengths that are none and shares that are none are named, with what was expected."""
    with pytest.raises(PhysicsError) as refused:
        call()
    assert str(refused.value).startswith(message)
