"""How one platinum thermometer differs from the ideal one of the ITS-90: deviation functions of all its sub-ranges.

``W(T90) - W_r(T90)`` is a function of W with as many coefficients as the sub-range has fixed points. Equation
numbers are those of H. Preston-Thomas, Metrologia 27, 3 (1990), DOI 10.1088/0026-1394/27/1/002.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermonet.calibration.thermometry.checks import Values, check_within, newton, plain, positive_numbers
from thermonet.calibration.thermometry.its90 import (
    FIXED_POINTS,
    HIGHEST,
    ICE_POINT,
    LOWEST,
    MARGIN,
    TRIPLE_POINT,
    reference_ratio,
    reference_slope,
    reference_temperature,
)
from thermonet.quantities.errors import PhysicsError

_STEP = 1e-30
#: No platinum sensor, industrial ones included, differs from the ideal one by more, relative to ``1 - W_r``.
_LARGEST_DEVIATION = 0.05


@dataclass(frozen=True)
class Subrange:
    """A sub-range of the scale with its fixed points and the form of its deviation function.

    Attributes
    ----------
    lowest, highest
        Ends [K].
    points
        Keys of `FIXED_POINTS` at which a thermometer is calibrated for it.
    names
        Of the coefficients, in the order used everywhere.
    powers
        Exponents of ``W - 1`` that the deviation function has.
    log_powers
        Exponents of ``ln W`` (equation 12).
    product
        Whether there is a term ``(W - 1) ln W`` (equation 13).
    """

    lowest: float
    highest: float
    points: tuple[str, ...]
    names: tuple[str, ...]
    powers: tuple[int, ...]
    log_powers: tuple[int, ...] = ()
    product: bool = False

    def terms(self, ratio: Values) -> list[Values]:
        """Functions of W that the coefficients multiply, but for the term in d of the silver sub-range."""
        terms = [(ratio - 1) ** power for power in self.powers]
        terms += [np.log(ratio) ** power for power in self.log_powers]
        return [*terms, (ratio - 1) * np.log(ratio)] if self.product else terms


#: All eleven sub-ranges of sections 3.3.1 to 3.3.3, named after the point at their far end (the last after both).
#: The silver sub-range has a fifth number, the thermometer's own ratio at the aluminium point, which its d needs.
SUBRANGES = {
    "e-H2": Subrange(
        LOWEST,
        TRIPLE_POINT,
        ("e-H2", "e-H2 17 K", "e-H2 20.3 K", "Ne", "O2", "Ar", "Hg"),
        ("a", "b", "c1", "c2", "c3", "c4", "c5"),
        (1, 2),
        (3, 4, 5, 6, 7),
    ),
    "Ne": Subrange(
        24.5561, TRIPLE_POINT, ("e-H2", "Ne", "O2", "Ar", "Hg"), ("a", "b", "c1", "c2", "c3"), (1, 2), (1, 2, 3)
    ),
    "O2": Subrange(54.3584, TRIPLE_POINT, ("O2", "Ar", "Hg"), ("a", "b", "c1"), (1, 2), (2,)),
    "Ar": Subrange(83.8058, TRIPLE_POINT, ("Ar", "Hg"), ("a", "b"), (1,), product=True),
    "Ag": Subrange(ICE_POINT, HIGHEST, ("Sn", "Zn", "Al", "Ag"), ("a", "b", "c", "d", "W(Al)"), (1, 2, 3)),
    "Al": Subrange(ICE_POINT, 933.473, ("Sn", "Zn", "Al"), ("a", "b", "c"), (1, 2, 3)),
    "Zn": Subrange(ICE_POINT, 692.677, ("Sn", "Zn"), ("a", "b"), (1, 2)),
    "Sn": Subrange(ICE_POINT, 505.078, ("In", "Sn"), ("a", "b"), (1, 2)),
    "In": Subrange(ICE_POINT, 429.7485, ("In",), ("a",), (1,)),
    "Ga": Subrange(ICE_POINT, 302.9146, ("Ga",), ("a",), (1,)),
    "Hg-Ga": Subrange(234.3156, 302.9146, ("Hg", "Ga"), ("a", "b"), (1, 2)),
}


@dataclass(frozen=True, eq=False)
class Deviation:
    """Deviation function of one thermometer in one sub-range, ``W - W_r`` as a function of W.

    Attributes
    ----------
    subrange
        Key of `SUBRANGES`.
    coefficients
        In the order of the sub-range's `names`, as a certificate lists them.
    covariance
        Of the coefficients; none where nothing is known of their uncertainty.
    """

    subrange: str
    coefficients: Sequence[float]
    covariance: NDArray[np.float64] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        names = _subrange(self.subrange).names
        values = np.asarray(self.coefficients, dtype=np.float64)
        if values.shape != (len(names),) or not np.all(np.isfinite(values)):
            raise PhysicsError(f"the sub-range '{self.subrange}' has the coefficients {', '.join(names)}, got {values}")
        if self.covariance is not None and np.shape(self.covariance) != (len(names), len(names)):
            raise PhysicsError(f"the covariance of {len(names)} coefficients is a {len(names)} x {len(names)} matrix")

    def at(self, ratio: ArrayLike) -> Values:
        """W - W_r [1] at a ratio W, of any shape."""
        return plain(_correction(self.subrange, _ratios(ratio), self.coefficients))

    def slope(self, ratio: ArrayLike) -> Values:
        """Derivative of ``W - W_r`` by W [1]."""
        real = _ratios(ratio).real
        return plain(np.imag(_correction(self.subrange, real + 1j * _STEP, self.coefficients)) / _STEP)

    def u(self, ratio: ArrayLike) -> Values:
        """Standard uncertainty of ``W - W_r`` from that of the coefficients [1].

        Raises
        ------
        PhysicsError
            The covariance is not known.
        """
        if self.covariance is None:
            raise PhysicsError("the covariance of the deviation's coefficients is not known, expected it to be given")
        W = _ratios(ratio).real
        slopes = []
        for position in range(len(self.coefficients)):
            moved = np.array(self.coefficients, dtype=np.complex128)
            moved[position] += 1j * _STEP
            slopes.append(np.imag(_correction(self.subrange, W, moved)) / _STEP)
        by_coefficient = np.stack(np.broadcast_arrays(*slopes))
        variance = np.einsum("i...,ij,j...->...", by_coefficient, self.covariance, by_coefficient)
        return plain(np.sqrt(np.maximum(variance, 0.0)))


def _ratios(values: ArrayLike) -> Values:
    """Ratios W, after refusing what no platinum thermometer can have."""
    W = positive_numbers("resistance ratio", values, "")
    check_within("resistance ratio", W, 0.0, 5.0, "", 0.0, "what platinum can have")
    return W


def _subrange(name: str) -> Subrange:
    if name not in SUBRANGES:
        raise PhysicsError(f"'{name}' is not a sub-range of the ITS-90, expected one of {', '.join(SUBRANGES)}")
    return SUBRANGES[name]


def _correction(name: str, ratio: Values, coefficients: Sequence[float] | Values) -> Values:
    """Equations 12, 13 and 14; complex ratios and coefficients carry derivatives."""
    terms = SUBRANGES[name].terms(ratio)
    if name == "Ag":
        terms.append(_beyond_aluminium(ratio, np.asarray(coefficients[-1])))
    return sum(coefficient * term for coefficient, term in zip(coefficients, terms, strict=False))


def _beyond_aluminium(ratio: Values, at_aluminium: Values) -> Values:
    """Term of d in equation 14: it begins at the aluminium point."""
    excess = ratio - at_aluminium
    return np.where(np.real(excess) > 0, excess, 0.0) ** 2


def deviation_from_fixed_points(
    subrange: str,
    ratios: Mapping[str, float],
    *,
    u: Mapping[str, float] | None = None,
    relative_u_triple_point: float = 0.0,
    temperatures: Mapping[str, float] | None = None,
) -> Deviation:
    """Deviation function through the ratios measured at the fixed points of a sub-range (exactly determined).

    Parameters
    ----------
    subrange
        Key of `SUBRANGES`.
    ratios
        W = R / R(273.16 K) at each of the sub-range's `points` [1].
    u
        Standard uncertainties of the ratios [1], independent of each other, of resistance and realization together.
    relative_u_triple_point
        Relative standard uncertainty of R(273.16 K), which moves all ratios alike [1].
    temperatures
        Of the vapour-pressure points "e-H2 17 K" and "e-H2 20.3 K" as realized [K], where not 17.035 K and 20.27 K.

    Raises
    ------
    PhysicsError
        An unknown sub-range, a point too many or too few, or a ratio that no platinum thermometer can have there.

    Examples
    --------
    >>> round(deviation_from_fixed_points("Ga", {"Ga": 1.11811}).coefficients[0], 8)
    -0.00024462
    """
    points = _subrange(subrange).points
    for what, named in (("ratios", ratios), ("uncertainties", u)):
        if named is not None and set(named) != set(points):
            raise PhysicsError(
                f"the sub-range '{subrange}' needs the {what} at {', '.join(points)}, got {', '.join(named) or 'none'}"
            )
    W = np.array([_plausible(point, ratios[point]) for point in points])
    ideal = np.asarray(reference_ratio(_realized(points, temperatures or {})))
    coefficients = _solved(subrange, W, ideal).real
    if u is None and not relative_u_triple_point:
        return Deviation(subrange, tuple(map(float, coefficients)))
    spread = np.diag([float(u[point]) ** 2 if u else 0.0 for point in points])
    spread += np.outer(W, W) * relative_u_triple_point**2
    slopes = np.empty((len(coefficients), len(points)))
    for position in range(len(points)):
        moved = W.astype(np.complex128)
        moved[position] += 1j * _STEP
        slopes[:, position] = _solved(subrange, moved, ideal).imag / _STEP
    return Deviation(subrange, tuple(map(float, coefficients)), slopes @ spread @ slopes.T)


def _plausible(point: str, ratio: float) -> float:
    expected = FIXED_POINTS[point].ratio
    if not abs(ratio - expected) <= _LARGEST_DEVIATION * abs(1 - expected):
        raise PhysicsError(
            f"a ratio of {ratio:g} at {point} is none of platinum, expected R / R(273.16 K) near {expected:g}"
        )
    return float(ratio)


def _realized(points: Iterable[str], temperatures: Mapping[str, float]) -> list[float]:
    """Temperatures of the points; only a vapour pressure is realized at one that is not defined."""
    windows = {"e-H2 17 K": (16.9, 17.1), "e-H2 20.3 K": (20.2, 20.4)}
    for point, temperature in temperatures.items():
        low, high = windows.get(point, (math.nan, math.nan))
        if not low <= temperature <= high:
            raise PhysicsError(
                f"the temperature of '{point}' cannot be {temperature:g} K, expected one of "
                "'e-H2 17 K' within 0.1 K of 17.0 K and 'e-H2 20.3 K' within 0.1 K of 20.3 K"
            )
    return [temperatures.get(point, FIXED_POINTS[point].temperature) for point in points]


def _solved(subrange: str, ratios: Values, ideal: Values) -> Values:
    """Coefficients of the deviation function through the points; complex ratios carry derivatives."""
    columns = SUBRANGES[subrange].terms(ratios)
    if subrange != "Ag":
        return np.linalg.solve(np.stack(columns, axis=1), ratios - ideal)
    at_aluminium = ratios[2]
    columns.append(_beyond_aluminium(ratios, at_aluminium))
    return np.append(np.linalg.solve(np.stack(columns, axis=1), ratios - ideal), at_aluminium)


def is_its90_platinum(ratios: Mapping[str, float]) -> bool:
    """Whether ratios at Ga, Hg or Ag show platinum pure and free of strain enough for the scale (section 3.3).

    W(29.7646 degC) of at least 1.11807 or W(-38.8344 degC) of at most 0.844235, and at silver, where it is used, at
    least 4.2844. Industrial sensors do not meet it; a deviation function describes them only roughly.

    Raises
    ------
    PhysicsError
        The ratio at neither gallium nor mercury is given.
    """
    if not {"Ga", "Hg"} & ratios.keys():
        raise PhysicsError("expected the ratio at Ga or at Hg: one of them decides")
    pure = ratios.get("Ga", 0.0) >= 1.11807 or ratios.get("Hg", math.inf) <= 0.844235
    return pure and ratios.get("Ag", math.inf) >= 4.2844


def its90_temperature(ratio: ArrayLike, deviation: Deviation | Sequence[Deviation] | None = None) -> Values:
    """T90 of a platinum resistance thermometer [K] from its resistance ratio.

    Parameters
    ----------
    ratio
        W = R / R(273.16 K) [1]; any shape, real or complex.
    deviation
        The thermometer's deviation function; of several, the first whose sub-range holds the temperature is used.
        None is ideal platinum.

    Raises
    ------
    PhysicsError
        A ratio is not positive and finite, or its temperature is outside the sub-ranges given.

    Examples
    --------
    >>> thermometer = deviation_from_fixed_points("Zn", {"Sn": 1.8925, "Zn": 2.5684})
    >>> round(its90_temperature(2.5684, thermometer), 6)
    692.677
    """
    W = _ratios(ratio)
    if deviation is None:
        return reference_temperature(W)
    choices = _several(deviation)
    found, left_over = _by_the_first_that_holds(choices, lambda one: np.asarray(W - one.at(W)), _ideal_temperature)
    if np.any(left_over):
        raise PhysicsError(
            f"a ratio of {W.real[left_over].flat[0]:.9g} is outside the thermometer's sub-ranges, "
            f"expected {_extents(choices)}"
        )
    return plain(found)


def its90_ratio(temperature: ArrayLike, deviation: Deviation | Sequence[Deviation] | None = None) -> Values:
    """W = R / R(273.16 K) of a platinum resistance thermometer [1] at a temperature: inverse of `its90_temperature`.

    Parameters
    ----------
    temperature
        T90 [K]; any shape, real or complex.
    deviation
        As of `its90_temperature`.

    Raises
    ------
    PhysicsError
        A temperature is no finite number, or outside the sub-ranges given.
    """
    T = positive_numbers("temperature", temperature, "K")
    ideal = np.asarray(reference_ratio(T))
    if deviation is None:
        return plain(ideal)
    choices = _several(deviation)
    found, left_over = _by_the_first_that_holds(choices, lambda _: ideal, _own_ratio)
    if np.any(left_over):
        raise PhysicsError(
            f"a temperature of {T.real[left_over].flat[0]:.9g} K is outside the thermometer's sub-ranges, "
            f"expected {_extents(choices)}"
        )
    return plain(found)


def _by_the_first_that_holds(
    choices: Sequence[Deviation],
    ideal_by: Callable[[Deviation], Values],
    answer: Callable[[Values, Deviation], Values],
) -> tuple[Values, NDArray[np.bool_]]:
    """Answers of the first deviation function whose sub-range holds each value, and which values none holds."""
    found = np.full_like(ideal_by(choices[0]), np.nan)
    left_over = np.ones(found.shape, dtype=bool)
    for one in choices:
        ideal = ideal_by(one)
        mine = left_over & _holds(SUBRANGES[one.subrange], ideal.real)
        if np.any(mine):
            found[mine] = answer(ideal[mine], one)
            left_over &= ~mine
    return found, left_over


def _ideal_temperature(ideal: Values, _: Deviation) -> Values:
    return reference_temperature(ideal)


def _own_ratio(ideal: Values, deviation: Deviation) -> Values:
    """W of a thermometer where ideal platinum has W_r: root of ``W - Delta(W) = W_r``."""
    return newton(lambda W: W - deviation.at(W), lambda W: 1 - deviation.slope(W), ideal, ideal)


def its90_temperature_u(ratio: ArrayLike, u_ratio: ArrayLike, deviation: Deviation | None = None) -> Values:
    """Standard uncertainty of `its90_temperature` [K], from that of a ratio and that of the calibration.

    ``u(T)^2 = [ (1 - d(Delta)/dW)^2 u(W)^2 + u(Delta)^2 ] / (dW_r/dT)^2``, the two being independent.

    Parameters
    ----------
    ratio
        W = R / R(273.16 K) [1].
    u_ratio
        Its standard uncertainty in use [1].
    deviation
        The thermometer's, with the covariance of its coefficients where it is to count; none is ideal platinum.

    Raises
    ------
    PhysicsError
        As of `its90_temperature`; also an uncertainty that is negative or not finite.
    """
    spread = np.asarray(u_ratio, dtype=np.float64)
    if not np.all((spread >= 0) & np.isfinite(spread)):
        raise PhysicsError("a standard uncertainty must be zero or positive and finite")
    slope = reference_slope(its90_temperature(ratio, deviation))
    if deviation is None:
        return plain(spread / slope)
    calibration = 0.0 if deviation.covariance is None else deviation.u(ratio)
    return plain(np.hypot((1 - deviation.slope(ratio)) * spread, calibration) / slope)


def _several(deviation: Deviation | Sequence[Deviation]) -> Sequence[Deviation]:
    choices = (deviation,) if isinstance(deviation, Deviation) else tuple(deviation)
    if not choices:
        raise PhysicsError("expected a deviation function or several, got none; leave it out for ideal platinum")
    return choices


def _holds(subrange: Subrange, ideal: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether ratios W_r of ideal platinum belong to temperatures of a sub-range; rounded fixed points count as in."""
    low, high = (
        reference_ratio(end) + sign * MARGIN * reference_slope(end)
        for end, sign in ((subrange.lowest, -1), (subrange.highest, 1))
    )
    return (ideal >= low) & (ideal <= high)


def _extents(choices: Sequence[Deviation]) -> str:
    ranges = (SUBRANGES[one.subrange] for one in choices)
    return " or ".join(f"{one.lowest:.9g} to {one.highest:.9g} K" for one in ranges)
