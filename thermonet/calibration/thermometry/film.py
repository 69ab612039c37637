"""A thin-film resistance thermometer that is linear or quadratic in temperature about a reference."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from thermonet.calibration.thermometry.checks import Values, numbers, plain, positive_numbers
from thermonet.quantities.errors import PhysicsError


def film_resistance(
    temperature: ArrayLike, R0: ArrayLike, T0: ArrayLike, alpha: ArrayLike, beta: ArrayLike = 0.0
) -> Values:
    """Resistance of a film thermometer [ohm].

    ``R = R0 (1 + alpha (T - T0) + beta (T - T0)^2)``

    Nothing is assumed of the coefficients of a film: evaporated platinum has a third to nine tenths of the alpha of
    the bulk, and semiconductors a negative one.

    Parameters
    ----------
    temperature
        T [K].
    R0
        Resistance at `T0` [ohm].
    T0
        Reference temperature [K].
    alpha, beta
        Temperature coefficients at `T0` [1/K] and [1/K^2].

    Raises
    ------
    PhysicsError
        A number is not finite, alpha is zero, R0 or a temperature is not positive, the resistance is not positive, or
        the temperature lies beyond the turning point ``T0 - alpha / (2 beta)``, where the inverse is not unique.

    Examples
    --------
    >>> film_resistance(310.0, R0=100.0, T0=300.0, alpha=2e-3)
    102.0
    """
    T = positive_numbers("temperature", temperature, "K")
    R0, T0, alpha, beta = _coefficients(R0, T0, alpha, beta)
    rise = T - T0
    if np.any(((alpha + 2 * beta * rise) / alpha).real <= 0):
        raise PhysicsError(f"the temperature must be {_branch(T0, alpha, beta)}, got {_extent(T)} K")
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused below
        resistance = R0 * (1 + alpha * rise + beta * rise**2)
    return plain(positive_numbers("resistance at this temperature", resistance, "ohm"))


def film_temperature(
    resistance: ArrayLike, R0: ArrayLike, T0: ArrayLike, alpha: ArrayLike, beta: ArrayLike = 0.0
) -> Values:
    """Temperature of a film thermometer [K], the exact inverse of `film_resistance` on the branch through `T0`.

    The root is written with the square root in the denominator: no digits are lost where beta is small or zero.

    Parameters
    ----------
    resistance
        R [ohm].
    R0, T0, alpha, beta
        As of `film_resistance`.

    Raises
    ------
    PhysicsError
        As of `film_resistance`; also a resistance that the characteristic never reaches, or reaches below 0 K only.

    Examples
    --------
    >>> film_temperature(102.0, R0=100.0, T0=300.0, alpha=2e-3)
    310.0
    """
    R = positive_numbers("resistance", resistance, "ohm")
    R0, T0, alpha, beta = _coefficients(R0, T0, alpha, beta)
    change = R / R0 - 1
    radicand = 1 + 4 * beta * change / alpha**2
    if np.any(radicand.real <= 0):
        extreme = (R0 * (1 - alpha**2 / (4 * beta))).real
        side = "above" if np.all(np.real(beta) > 0) else "below"
        raise PhysicsError(
            f"the resistance is never reached, expected a value {side} {_extent(extreme)} ohm, got {_extent(R)} ohm"
        )
    return plain(positive_numbers("temperature", T0 + 2 * change / (alpha * (1 + np.sqrt(radicand))), "K"))


def _coefficients(
    R0: ArrayLike, T0: ArrayLike, alpha: ArrayLike, beta: ArrayLike
) -> tuple[Values, Values, Values, Values]:
    slope = numbers("temperature coefficient alpha", alpha)
    if np.any(slope.real == 0):
        raise PhysicsError("the temperature coefficient alpha must not be zero: such a film is no thermometer")
    return (
        positive_numbers("reference resistance R0", R0, "ohm"),
        positive_numbers("reference temperature T0", T0, "K"),
        slope,
        numbers("temperature coefficient beta", beta),
    )


def _branch(T0: Values, alpha: Values, beta: Values) -> str:
    side = "below" if np.all((beta / alpha).real < 0) else "above"
    with np.errstate(divide="ignore"):
        turn = (T0 - alpha / (2 * beta)).real
    return f"{side} the turning point of the characteristic at {_extent(turn)} K"


def _extent(values: Values) -> str:
    """One value, or the two ends of several, as text."""
    low, high = np.min(np.real(values)), np.max(np.real(values))
    return f"{low:.6g}" if low == high else f"{low:.6g} to {high:.6g}"
