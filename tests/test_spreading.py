"""Spreading resistances: closed forms, limits of the film, and a second quadrature."""

import math
import time

import numpy as np
import pytest
from scipy.special import j1

from thermonet.network.spreading import (
    disc_on_film,
    disc_on_half_space_isothermal,
    disc_on_half_space_uniform_flux,
)
from thermonet.quantities.errors import PhysicsError

GOLD, MICA = 315.0, 0.46  # W/m/K
A = 50e-9  # radius [m]


def panels(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gauss points and weights on given panels."""
    points, weights = np.polynomial.legendre.leggauss(20)
    half = np.diff(edges)[:, np.newaxis] / 2
    return (edges[:-1, np.newaxis] + half * (1 + points)).ravel(), (half * weights).ravel()


def whole_integral(thickness: float, contrast: float, slip: float) -> float:
    """R k_f a of the film by quadrature of the whole impedance: tanh instead of split and reflections."""

    def impedance(u):
        film, base, turn = 1 / u, contrast / u + slip, np.tanh(u * thickness)
        return film * (base + film * turn) / (film + base * turn)

    end = 1500.25 * math.pi  # a zero of cos 2u
    u, du = panels(np.concatenate([[0.0], np.logspace(-14, 0, 90), 1 + np.linspace(0, end - 1, 1600)[1:]]))
    found = np.sum(du * impedance(u) * j1(u) ** 2 / u)
    u, du = panels(np.logspace(math.log10(end), math.log10(end) + 14, 90))
    mean_square = (1 + 3 / (8 * u**2)) / (math.pi * u)
    return float(2 / math.pi * (found + np.sum(du * impedance(u) * mean_square / u)))


@pytest.mark.parametrize("thickness", [1e-3, 0.03, 1.0, 40.0, 1e3])
@pytest.mark.parametrize("contrast", [1e-4, 0.5, 3.0, 1e4])
@pytest.mark.parametrize("slip", [0.0, 0.02, 1e3])
def test_film_agrees_with_the_whole_integral(thickness, contrast, slip):
    """The split integral and the whole one, from thin to thick, from poor to good film."""
    conductance = None if slip == 0 else 1 / slip
    found = disc_on_film(1.0, thickness, 1.0, 1 / contrast, conductance)
    assert found == pytest.approx(whole_integral(thickness, contrast, slip), rel=1e-8)


def test_uniform_flux_is_the_hankel_integral_of_a_disc():
    """2 / (pi k a) times the integral of (J_1(u) / u)^2, up to its tail 1 / (2 pi U^2)."""
    end = 1000.25 * math.pi
    u, du = panels(np.linspace(0, end, 1200))
    integral = np.sum(du * (j1(u) / u) ** 2) + 1 / (2 * math.pi * end**2)
    found = disc_on_half_space_uniform_flux(A, GOLD)
    assert found == pytest.approx(2 / (math.pi * GOLD * A) * integral, rel=1e-11)


def test_isothermal_disc_is_the_power_of_its_own_flux():
    """The flux 1 / sqrt(a^2 - r^2) has the transform sin(u) / u; its power per square watt is 1 / (4 k a)."""
    end = 2000 * math.pi  # a zero of sin 2u
    u, du = panels(np.linspace(0, end, 2500))
    integral = np.sum(du * (np.sin(u) / u) ** 2) + 1 / (2 * end)
    found = disc_on_half_space_isothermal(A, GOLD)
    assert found == pytest.approx(integral / (2 * math.pi * GOLD * A), rel=1e-9)


def test_an_isothermal_disc_spreads_best():
    """No flux profile meets less resistance; a uniform one meets 32 / (3 pi^2) of it."""
    ratio = disc_on_half_space_uniform_flux(A, GOLD) / disc_on_half_space_isothermal(A, GOLD)
    assert ratio == pytest.approx(1.0807592, rel=1e-7)


def test_a_film_of_the_base_material_is_the_half_space():
    """Nothing reflects where nothing changes, whatever the thickness."""
    exact = disc_on_half_space_uniform_flux(A, MICA)
    for thickness in (1e-11, A, 1e-4):
        assert disc_on_film(A, thickness, MICA, MICA) == pytest.approx(exact, rel=1e-15)


@pytest.mark.parametrize("base", [1e-2 * GOLD, 0.5 * GOLD, 100 * GOLD])
def test_a_thick_film_feels_the_base_as_image_points(base):
    """Far images are points: 8 / (3 pi^2 k a) - ln(1 - r) / (2 pi k t) with r = (k_f - k_s) / (k_f + k_s)."""
    thickness = 1000 * A
    images = -math.log(1 - (GOLD - base) / (GOLD + base)) / (2 * math.pi * GOLD * thickness)
    excess = disc_on_film(A, thickness, GOLD, base) - disc_on_half_space_uniform_flux(A, GOLD)
    assert excess == pytest.approx(images, rel=1e-5)


@pytest.mark.parametrize("film", [0.1, 3.0, 30.0])
def test_a_vanishing_film_leaves_the_base(film):
    """The difference from the bare base falls at least as t ln t."""
    bare = disc_on_half_space_uniform_flux(A, 1.0)
    error = [abs(disc_on_film(A, ratio * A, film, 1.0) / bare - 1) for ratio in (1e-3, 1e-4)]
    assert error[1] < 0.15 * error[0]
    assert error[0] < 0.1


def test_a_wide_disc_on_a_poor_film_adds_the_slab_and_the_boundary():
    """Below a wide disc heat runs straight down: t / k and 1 / G over the area, then the base."""
    radius, thickness, conductance = 1e-5, 1e-9, 1e6
    area = math.pi * radius**2
    exact = disc_on_half_space_uniform_flux(radius, GOLD) + (thickness / 5e-3 + 1 / conductance) / area
    assert disc_on_film(radius, thickness, 5e-3, GOLD, conductance) == pytest.approx(exact, rel=5e-4)


def test_a_film_on_a_poor_boundary_spreads_over_its_healing_length():
    """K_0(r / l) of a sheet with l^2 = k t / G, averaged over a small disc: ln(2 l / a) - gamma + 1/4."""
    thickness, conductance = 1e-2 * A, 1e3
    healing = math.sqrt(GOLD * thickness / conductance)
    euler = 0.5772156649015329
    exact = (math.log(2 * healing / A) - euler + 0.25) / (2 * math.pi * GOLD * thickness)
    # The base is as good as a bath behind this boundary.
    assert disc_on_film(A, thickness, GOLD, 1e5, conductance) == pytest.approx(exact, rel=1e-3)


def test_a_better_boundary_never_raises_the_resistance():
    """Monotone in G, from hardly any contact to perfect contact, which is its limit."""
    found = [disc_on_film(A, A, GOLD, MICA, conductance) for conductance in np.logspace(2, 14, 25)]
    assert np.all(np.diff(found) < 0)
    assert disc_on_film(A, A, GOLD, MICA, 1e16) == pytest.approx(disc_on_film(A, A, GOLD, MICA), rel=1e-9)


def test_film_resistance_scales_as_one_over_length_and_conductivity():
    """Everything ten times larger and seven times better: a seventieth (G as conductivity per length)."""
    one = disc_on_film(A, 2 * A, GOLD, MICA, 1e8)
    other = disc_on_film(10 * A, 20 * A, 7 * GOLD, 7 * MICA, 0.7e8)
    assert other == pytest.approx(one / 70, rel=1e-14)


@pytest.mark.parametrize(
    ("thickness", "conductivity", "small", "large"),
    [(50e-9, 150.0, 1.54e5, 1.19e5), (100e-9, 150.0, 1.01e5, 7.08e4), (200e-9, 180.0, 6.28e4, 3.82e4)],
)
def test_gold_films_on_mica(thickness, conductivity, small, large):
    """Discs of 38 and 100 nm radius on thin gold: as much as a probe's own resistance.

    The conductivities are assumed for such films; bulk gold (315 W/m/K) gives 0.51 to 0.61 of this.
    """
    assert disc_on_film(38e-9, thickness, conductivity, MICA) == pytest.approx(small, rel=5e-3)
    assert disc_on_film(100e-9, thickness, conductivity, MICA) == pytest.approx(large, rel=5e-3)


def test_the_film_is_fast():
    """A few milliseconds even for the thinnest film, so that it can stand inside a sweep."""
    disc_on_film(A, A, GOLD, MICA)
    start = time.perf_counter()
    for _ in range(5):
        disc_on_film(A, 1e-3 * A, GOLD, MICA)
    assert (time.perf_counter() - start) / 5 < 0.02


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_values_without_meaning_are_refused(place, value):
    """Every argument must be positive and finite, and the message names it."""
    names = ("radius", "film_thickness", "film_conductivity", "base_conductivity", "boundary_conductance")
    values = [A, A, GOLD, MICA, 1e8]
    values[place] = value
    with pytest.raises(PhysicsError, match=names[place]):
        disc_on_film(*values)
