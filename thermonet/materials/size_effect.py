"""What is left of a metal's conductivity in a film, whose faces and grain boundaries scatter electrons too.

All of it is for transport in the plane of the film, by free and isotropic electrons, and for elastic
scattering, which acts on charge and heat alike: the thermal conductivity falls by the ratio of the electrical
one (Wiedemann and Franz, at the Lorenz ratio of the bulk). Some gold and platinum films measured below a few
tens of nanometres conduct heat better than that, by up to a factor of two.
"""

from __future__ import annotations

import math

from thermonet.quantities.constants import LORENZ_NUMBER
from thermonet.quantities.errors import PhysicsError

#: Above this the closed grain-boundary formula loses digits to cancellation and its series takes over.
_SERIES_FROM = 3.0


def fuchs_sondheimer_ratio(thickness: float, mean_free_path: float, specularity: float) -> float:
    """Conductivity of a film in its plane over that of the bulk [1], where only the faces scatter besides.

    With kappa = thickness / mean free path::

        k / k_bulk = 1 - 3 (1 - p) / (2 kappa) I
        I = integral from 1 to infinity of (t^-3 - t^-5) (1 - exp(-kappa t)) / (1 - p exp(-kappa t)) dt

    integrated numerically to a relative error below 1e-10, for every thickness. The ratio tends to
    1 - 3 (1 - p) / (8 kappa) in thick films, and to (3/4) kappa ln(1/kappa) (1 + p) / (1 - p) in thin ones.
    Faces that are rough or grains that change with thickness are outside it.

    Parameters
    ----------
    thickness
        Of the film [m].
    mean_free_path
        Of the electrons in the bulk, at the film's temperature [m].
    specularity
        p: share of the electrons that a face reflects as a mirror does, 0..1 and the same on both faces [1].

    Raises
    ------
    PhysicsError
        A length is not positive and finite, or the specularity is outside 0..1.

    References
    ----------
    K. Fuchs, Proc. Camb. Phil. Soc. 34, 100 (1938), DOI 10.1017/S0305004100019952;
    E. H. Sondheimer, Adv. Phys. 1, 1 (1952), reprinted in 50, 499 (2001), DOI 10.1080/00018730110102187.
    """
    from scipy.integrate import quad

    _check_length("thickness", thickness)
    _check_length("mean free path", mean_free_path)
    _check_share("specularity", specularity)
    kappa = thickness / mean_free_path

    # With x = 1/t, the cosine of the electron's angle to the normal, and the leading 1 written as an integral
    # of (3/2) (1 - x^2) over 0..1, all terms are positive: a thin film's small ratio loses no digits.
    def per_cosine(x: float) -> float:
        return (1 - x * x) * _survival(kappa / x, specularity)

    def per_log_cosine(s: float) -> float:
        return math.exp(s) * per_cosine(math.exp(s))

    # Below x = kappa the integrand varies with x, above it with ln(x).
    turn = min(kappa, 1.0)
    total = quad(per_cosine, 0.0, turn, epsabs=0.0, epsrel=1e-12)[0]
    if turn < 1:
        total += quad(per_log_cosine, math.log(turn), 0.0, epsabs=0.0, epsrel=1e-12, limit=200)[0]
    return 1.5 * float(total)


def _survival(y: float, specularity: float) -> float:
    """Share of the bulk's current left on paths that cross the film in `y` mean free paths [1].

    ``1 - (1 - p) q / (y (1 - p exp(-y)))`` with ``q = 1 - exp(-y)``, without differences of equal numbers.
    """
    q = -math.expm1(-y)
    if y < 0.5:
        # y - q = y^2/2 - y^3/6 + ...
        term = shortfall = y * y / 2
        for n in range(3, 17):
            term *= -y / n
            shortfall += term
    else:
        shortfall = y - q
    diffuse = 1 - specularity
    return (diffuse * shortfall + specularity * q * y) / (y * (diffuse + specularity * q))


def mayadas_shatzkes_ratio(grain_size: float, mean_free_path: float, grain_reflection: float) -> float:
    """Conductivity of a metal over that of its single crystal [1], where grain boundaries scatter besides.

    With alpha = (mean free path / grain size) R / (1 - R)::

        k / k_bulk = 3 [1/3 - alpha/2 + alpha^2 - alpha^3 ln(1 + 1/alpha)]

    which tends to 1 - 3 alpha / 2 for large grains and to 3 / (4 alpha) for small ones. The model is of
    columnar grains: only boundaries across the current scatter, as planes at random distances, all alike.

    Parameters
    ----------
    grain_size
        Mean distance of the grain boundaries along the current [m].
    mean_free_path
        Of the electrons in the single crystal, at the film's temperature [m].
    grain_reflection
        R: share of the electrons that a boundary sends back, at least 0 and below 1 [1].

    Raises
    ------
    PhysicsError
        A length is not positive and finite, or the reflection is outside 0..1 or equal to 1.

    References
    ----------
    A. F. Mayadas and M. Shatzkes, Phys. Rev. B 1, 1382 (1970), DOI 10.1103/PhysRevB.1.1382.
    """
    _check_length("grain size", grain_size)
    _check_length("mean free path", mean_free_path)
    _check_share("grain reflection", grain_reflection)
    if grain_reflection == 1:
        raise PhysicsError("the grain reflection must be below 1, got 1: such boundaries insulate")
    alpha = mean_free_path / grain_size * grain_reflection / (1 - grain_reflection)
    if alpha == 0:
        return 1.0
    if alpha > _SERIES_FROM:
        return 3 * math.fsum((-1) ** (m + 1) * alpha**-m / (m + 3) for m in range(1, 41))
    return 3 * (1 / 3 - alpha / 2 + alpha**2 - alpha**3 * (math.log1p(alpha) - math.log(alpha)))


def film_conductivity(
    bulk_conductivity: float,
    *,
    thickness: float,
    grain_size: float,
    mean_free_path: float,
    specularity: float,
    grain_reflection: float,
) -> float:
    """Thermal conductivity of a metal film in its plane [W/m/K], from the bulk's and all that scatters.

    The resistivities that faces and grain boundaries add to the bulk's are summed (Matthiessen)::

        k_bulk / k = 1 / r_FS + 1 / r_MS - 1

    with `fuchs_sondheimer_ratio` r_FS and `mayadas_shatzkes_ratio` r_MS. It is exact where one of the two
    is absent, an approximation where both are large (their joint theory, in the second reference, couples
    them). Heat follows charge at the bulk's Lorenz ratio, see the module.

    Parameters
    ----------
    bulk_conductivity
        Of the metal's single crystal or coarse-grained bulk, electronic [W/m/K].
    thickness, grain_size, mean_free_path
        Of the film, of its grains along the plane, and of the bulk's electrons [m].
    specularity, grain_reflection
        p of both faces and R of the grain boundaries [1].

    Raises
    ------
    PhysicsError
        See the two ratios; also a bulk conductivity that is not positive and finite.

    References
    ----------
    DOI 10.1080/00018730110102187 (faces), DOI 10.1103/PhysRevB.1.1382 (grains).
    """
    _check_positive("bulk conductivity", bulk_conductivity, "W/m/K")
    faces = fuchs_sondheimer_ratio(thickness, mean_free_path, specularity)
    grains = mayadas_shatzkes_ratio(grain_size, mean_free_path, grain_reflection)
    return bulk_conductivity / (1 / faces + 1 / grains - 1)


def conductivity_from_sheet_resistance(
    sheet_resistance: float, thickness: float, temperature: float, lorenz_ratio: float = 1.0
) -> float:
    """Thermal conductivity of a metal film in its plane [W/m/K], from its electrical sheet resistance.

    Wiedemann and Franz: ``k = (L / L_0) L_0 T / (R_sheet t)`` with the Sommerfeld value
    ``L_0 = pi^2 k_B^2 / (3 e^2)``. The product `k t` is free of the thickness. It holds where electrons
    carry the heat. Gold films of 46 and 240 nm are published to have L = L_0 within 6.4 % (DOI
    10.1039/D0NA00657B), films of 28 nm about 2 L_0: the matter is open, 1.0 to 1.5 is a prudent range
    below 100 nm.

    Parameters
    ----------
    sheet_resistance
        Per square, at `temperature` [ohm].
    thickness
        Of the film [m].
    temperature
        Absolute [K].
    lorenz_ratio
        L / L_0 of the film [1].

    Raises
    ------
    PhysicsError
        A number is not positive and finite.

    References
    ----------
    N. W. Ashcroft and N. D. Mermin, Solid State Physics (1976), chapter 2 (the law with Sommerfeld's number).
    """
    _check_positive("sheet resistance", sheet_resistance, "ohm")
    _check_length("thickness", thickness)
    _check_positive("temperature", temperature, "K")
    _check_positive("Lorenz ratio", lorenz_ratio, "")
    return lorenz_ratio * LORENZ_NUMBER * temperature / (sheet_resistance * thickness)


def _check_length(what: str, value: float) -> None:
    _check_positive(what, value, "m")


def _check_positive(what: str, value: float, unit: str) -> None:
    if not 0 < value < math.inf:  # written this way round, nan is refused too
        raise PhysicsError(f"the {what} must be positive and finite, got {value:g} {unit}".rstrip())


def _check_share(what: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise PhysicsError(f"the {what} is a share, expected 0 to 1, got {value:g}")
