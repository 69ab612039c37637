"""Spreading resistance of a heated disc on a half space and on a film: the scale of a substrate's resistance.

All bodies are infinite sideways and conduct heat diffusively; a disc smaller than the mean free path of the
carriers meets more resistance than these formulas say.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import j1

from thermonet.quantities.errors import PhysicsError

Vector = NDArray[np.float64]

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(14)
#: From here (a zero of cos 2u) the square of J_1 is replaced by its mean over a period.
_ASYMPTOTIC_FROM = math.pi * (950 + 0.25)


def disc_on_half_space_isothermal(radius: float, conductivity: float) -> float:
    """Resistance from an isothermal disc into a half space, 1 / (4 k a) [K/W].

    Source: Carslaw & Jaeger, Conduction of Heat in Solids, 2nd ed., 8.2.

    Parameters
    ----------
    radius
        a [m].
    conductivity
        k of the half space [W/m/K].
    """
    _positive(radius=radius, conductivity=conductivity)
    return 1 / (4 * conductivity * radius)


def disc_on_half_space_uniform_flux(radius: float, conductivity: float) -> float:
    """Mean temperature of a uniformly heated disc on a half space per watt, 8 / (3 pi^2 k a) [K/W].

    8.1 % above the isothermal disc. Source: Carslaw & Jaeger, Conduction of Heat in Solids, 2nd ed., 8.2.

    Parameters
    ----------
    radius
        a [m].
    conductivity
        k of the half space [W/m/K].
    """
    _positive(radius=radius, conductivity=conductivity)
    return 8 / (3 * math.pi**2 * conductivity * radius)


def disc_on_film(
    radius: float,
    film_thickness: float,
    film_conductivity: float,
    base_conductivity: float,
    boundary_conductance: float | None = None,
) -> float:
    r"""Mean temperature of a uniformly heated disc on a film on a half space, per watt [K/W].

    .. math:: R = \frac{1}{2\pi} \int_0^\infty Z(x) \left[\frac{2 J_1(x a)}{x a}\right]^2 x \, dx

    with Z(x) the temperature per heat flux at the surface for the wavenumber x (Carslaw & Jaeger, Conduction
    of Heat in Solids, 2nd ed., 8.2, for the integral over wavenumbers; Cahill, Rev. Sci. Instrum. 75, 5119
    (2004), doi:10.1063/1.1819431, for the stack). Seen from the surface the base reflects with r = (Z_b -
    Z_f) / (Z_b + Z_f), where Z_f = 1 / (k_f x) and Z_b = 1 / (k_s x) + 1 / G, and Z = Z_f (1 + r e) / (1 - r
    e) with e = exp(-2 x t). The part Z_f is the half space of the film's material, known in closed form; only
    the rest, which decays like e, is integrated. Relative error below 1e-9 for t / a from 1e-4 to 1e4 and
    ratios of conductivity up to 1e5.

    Parameters
    ----------
    radius
        a of the disc [m].
    film_thickness, film_conductivity
        t [m] and k_f [W/m/K] of the film, which is infinite sideways.
    base_conductivity
        k_s of the half space below [W/m/K].
    boundary_conductance
        G between film and base [W/m^2/K]; None where they touch perfectly.

    Raises
    ------
    PhysicsError
        A value is not positive and finite.
    """
    _positive(
        radius=radius,
        film_thickness=film_thickness,
        film_conductivity=film_conductivity,
        base_conductivity=base_conductivity,
    )
    if boundary_conductance is not None:
        _positive(boundary_conductance=boundary_conductance)
    thickness = film_thickness / radius
    contrast = film_conductivity / base_conductivity
    slip = 0.0 if boundary_conductance is None else film_conductivity / (boundary_conductance * radius)
    rest = _reflected(thickness, contrast, slip)
    return (8 / (3 * math.pi) + 4 * rest) / (math.pi * film_conductivity * radius)


def _reflected(thickness: float, contrast: float, slip: float) -> float:
    """Integral of (J_1(u) / u)^2 r e / (1 - r e) over u = x a, for t / a, k_f / k_s and k_f / (G a)."""
    end = 20 / thickness  # exp(-40) is below rounding
    split = min(end, _ASYMPTOTIC_FROM)
    panel = min(1 / thickness, 3.0)
    # The integrand changes where r turns over, and where losses into the base equal those along the film.
    turns = [1.0, 1 / thickness, 1 / (contrast * thickness)]
    if slip > 0:
        turns += [(contrast + 1) / slip, 1 / math.sqrt(slip * thickness)]
    u, du = _nodes(0.0, split, 1e-2 * min(turns), panel)
    found = float(np.sum(du * (j1(u) / u) ** 2 * _reflection(u, thickness, contrast, slip)))
    if end > split:
        # J_1^2 = (1 + 3 / (8 u^2) - sin 2u + ...) / (pi u); the oscillation integrates to nothing from a zero
        # of cos 2u.
        u, du = _nodes(split, end, split, 1 / thickness)
        mean_square = (1 + 3 / (8 * u**2)) / (math.pi * u)
        found += float(np.sum(du * mean_square / u**2 * _reflection(u, thickness, contrast, slip)))
    return found


def _reflection(u: Vector, thickness: float, contrast: float, slip: float) -> Vector:
    """Return r e / (1 - r e), the denominator summed from small terms: r and e both may be close to one."""
    below = contrast + slip * u
    reflection = (below - 1) / (below + 1)
    missing = 2 / (below + 1) - reflection * np.expm1(-2 * u * thickness)
    return np.asarray(reflection * np.exp(-2 * u * thickness) / missing)


def _nodes(start: float, end: float, first: float, widest: float) -> tuple[Vector, Vector]:
    """Gauss points and weights on panels that double in width from `first` up to `widest`."""
    first = min(first, widest)
    doublings = math.floor(math.log2(widest / first)) + 1
    graded = start + first * (2.0 ** np.arange(doublings + 1) - 1)
    inside = graded[graded < end]
    rest = max(math.ceil((end - inside[-1]) / widest), 1)
    edges = np.concatenate([inside[:-1], np.linspace(inside[-1], end, rest + 1)])
    half = np.diff(edges)[:, np.newaxis] / 2
    points = edges[:-1, np.newaxis] + half * (1 + _POINTS)
    return points.ravel(), (half * _WEIGHTS).ravel()


def _positive(**lengths_and_coefficients: float) -> None:
    for name, value in lengths_and_coefficients.items():
        if not 0 < value < math.inf:
            raise PhysicsError(f"{name} must be positive and finite, got {value:g}")
