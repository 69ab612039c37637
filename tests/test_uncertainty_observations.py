"""Type A evaluation: certified digits of NIST's reference data sets, JCGM 100 examples, refusals."""

import math
from decimal import Decimal

import numpy as np
import pytest

from thermonet.quantities.errors import PhysicsError
from thermonet.uncertainty import (
    Spread,
    Summary,
    analysis_of_variance,
    autocorrelation,
    mean_of,
    pooled,
    simultaneous,
    summary,
)

FIFTEEN_DIGITS = 1e-14


def alternating(first, low, high, pairs):
    return [first, *([low, high] * pairs)]


@pytest.mark.parametrize(
    ("observations", "mean", "deviation"),
    [
        ([10000001, 10000003, 10000002], 10000002, 1),
        (alternating(1.2, 1.1, 1.3, 500), 1.2, 0.1),
        (alternating(1000000.2, 1000000.1, 1000000.3, 500), 1000000.2, 0.1),
        (alternating(10000000.2, 10000000.1, 10000000.3, 500), 10000000.2, 0.1),
    ],
    ids=["NumAcc1", "NumAcc2", "NumAcc3", "NumAcc4"],
)
def test_certified_means_and_deviations(observations, mean, deviation):
    """NIST StRD, univariate summary statistics NumAcc1 to NumAcc4: mean and deviation to all digits."""
    found = summary(observations)
    assert found.mean == pytest.approx(mean, rel=FIFTEEN_DIGITS)
    assert found.s == pytest.approx(deviation, rel=FIFTEEN_DIGITS)
    value = mean_of(observations)
    n = len(observations)
    assert (value.value, value.u) == (found.mean, pytest.approx(deviation / math.sqrt(n), rel=FIFTEEN_DIGITS))
    assert (value.dof, value.distribution) == (n - 1, "normal")


def test_certified_autocorrelation():
    """NIST StRD, NumAcc2 to NumAcc4: the lag-1 coefficient is -0.999 exactly."""
    assert autocorrelation(alternating(10000000.2, 10000000.1, 10000000.3, 500)) == pytest.approx(-0.999, rel=1e-14)


def test_representation_does_not_matter():
    """Arrays, decimals and generators give what a list of floats gives."""
    plain = [0.1, 0.2, 0.4]
    for other in (np.array(plain), [Decimal(str(x)) for x in plain], (x for x in plain)):
        assert summary(other) == summary(plain)


def simon_lesage(level, pairs):
    """NIST StRD, SmLs data sets: nine groups about `level`, its first value and pairs a tenth below and above."""
    return [
        alternating(*(float(Decimal(level) + Decimal(d) / 10) for d in (centre, centre - 1, centre + 1)), pairs)
        for centre in (4, 3, 5, 3, 5, 3, 5, 3, 5)
    ]


@pytest.mark.parametrize("level", [1, 1_000_000, 1_000_000_000_000], ids=["SmLs01", "SmLs04", "SmLs07"])
def test_certified_analysis_of_variance(level):
    """NIST StRD, analysis of variance, 21 observations per group with 1, 7 and 13 leading digits: F = 21 exactly."""
    found = analysis_of_variance(simon_lesage(level, 10))
    assert abs(found.F / 21 - 1) < FIFTEEN_DIGITS
    assert found.between == pytest.approx(0.21, rel=FIFTEEN_DIGITS)
    assert found.within == pytest.approx(0.01, rel=FIFTEEN_DIGITS)
    assert found.r_squared == pytest.approx(4.82758620689655e-01, rel=FIFTEEN_DIGITS)
    assert (found.dof_between, found.dof_within) == (8, 180)


#: NIST StRD, AtmWtAg: atomic weight of silver by two instruments, in units of 1e-7 above 107.868.
SILVER = [
    [
        1568,
        1465,
        1572,
        1785,
        1446,
        1903,
        1526,
        1494,
        1616,
        1587,
        1519,
        1486,
        1419,
        1569,
        1508,
        1672,
        1385,
        1518,
        1662,
        1424,
        1360,
        1333,
        1610,
        1477,
    ],
    [
        1079,
        1344,
        1513,
        1197,
        1604,
        1385,
        1642,
        1365,
        1151,
        1082,
        1517,
        1448,
        1198,
        1482,
        1334,
        1609,
        1101,
        1512,
        1469,
        1360,
        1254,
        1261,
        1450,
        1368,
    ],
]
#: NIST StRD, SiRstv: resistance of silicon wafers [ohm cm] by five instruments.
SILICON = [
    [196.3052, 196.1240, 196.1890, 196.2569, 196.3403],
    [196.3042, 196.3825, 196.1669, 196.3257, 196.0422],
    [196.1303, 196.2005, 196.2889, 196.0343, 196.1811],
    [196.2795, 196.1748, 196.1494, 196.1485, 195.9885],
    [196.2119, 196.1051, 196.1850, 196.0052, 196.2090],
]


@pytest.mark.parametrize(
    ("groups", "between", "within", "ratio"),
    [
        (
            [[float(f"107.868{digits}") for digits in group] for group in SILVER],
            3.63834187500000e-09,
            2.28155932971014e-10,
            1.59467335677930e01,
        ),
        (SILICON, 1.27865654000000e-02, 1.08318280000000e-02, 1.18046237440255e00),
    ],
    ids=["AtmWtAg", "SiRstv"],
)
def test_certified_analysis_of_observed_data(groups, between, within, ratio):
    """NIST StRD, analysis of variance of two observed data sets: all certified digits."""
    found = analysis_of_variance(groups)
    assert found.between == pytest.approx(between, rel=FIFTEEN_DIGITS)
    assert found.within == pytest.approx(within, rel=FIFTEEN_DIGITS)
    assert abs(found.F / ratio - 1) < FIFTEEN_DIGITS


#: JCGM 100, H.5, table H.9: daily mean [V] and standard deviation [uV] of five observations of a Zener standard.
DAYS = [
    (10.000172, 60),
    (10.000116, 77),
    (10.000013, 111),
    (10.000144, 101),
    (10.000106, 67),
    (10.000031, 93),
    (10.000060, 80),
    (10.000125, 73),
    (10.000163, 88),
    (10.000041, 86),
]


def test_zener_standard_over_ten_days():
    """JCGM 100, H.5.2: s_a = 128 uV, s_b = 85 uV, F = 2.25; u = 18 uV with an effect of the days, 13 uV without."""
    found = analysis_of_variance([Summary(mean, s * 1e-6, 5) for mean, s in DAYS])
    assert found.mean == pytest.approx(10.000097, abs=5e-7)
    assert math.sqrt(found.between) == pytest.approx(128e-6, abs=0.5e-6)
    assert found.s_within == pytest.approx(85e-6, abs=0.5e-6)
    assert abs(found.F - 2.25) < 0.02
    assert 0.025 < found.p < 0.05  # between F_0.95 = 2.12 and F_0.975 = 2.45 of (9, 40)
    assert found.s_between == pytest.approx(43e-6, abs=0.5e-6)
    by_days, alike = found.mean_by_groups(unit="V"), found.mean_of_all(unit="V")
    assert (by_days.u, by_days.dof) == (pytest.approx(18e-6, abs=0.5e-6), 9)
    assert (alike.u, alike.dof) == (pytest.approx(13e-6, abs=0.5e-6), 49)


def test_groups_from_summaries_and_from_observations_agree():
    """A group may be given by what is left of it; groups of different sizes have no common scatter of means."""
    groups = [[1.0, 1.5, 1.25], [2.0, 2.5, 2.75, 2.25]]
    whole, left = analysis_of_variance(groups), analysis_of_variance([summary(group) for group in groups])
    assert (whole.F, whole.p) == (pytest.approx(left.F), pytest.approx(left.p))
    with pytest.raises(PhysicsError, match="same size, got 3, 4"):
        whole.mean_by_groups()
    assert whole.mean_of_all().dof == 6


def test_a_known_spread_replaces_that_of_few_observations():
    """JCGM 100, 4.2.4 and EA-4/02, S4: u = s_p / sqrt(n) with the pooled degrees of freedom, for one reading too."""
    spread = pooled([Summary(0.0, 13.0, 25)])
    assert (spread.s, spread.dof) == (13.0, 24)
    found = mean_of([214.0, 216.0, 215.0, 213.0, 217.0], spread=spread, unit="nm")
    assert (found.value, found.u, found.dof) == (215.0, pytest.approx(5.8, abs=0.05), 24)
    assert mean_of([3.0], spread=Spread(2.0)).u == 2.0


def test_constant_series():
    """Observations that are all the same have no scatter, and are correlated with nothing."""
    assert mean_of([5.0, 5.0, 5.0]).is_exact
    inputs, correlations = simultaneous({"a": [1.0, 2.0, 4.0], "b": [3.0, 3.0, 3.0]})
    assert (inputs["b"].u, correlations) == (0.0, {})
    assert simultaneous({"a": [1.0, 2.0, 4.0], "b": [-2.0, -4.0, -8.0]}).correlations == {("a", "b"): -1.0}


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: mean_of([]), "got none"),
        (lambda: mean_of([1.0]), "one observation has no standard deviation"),
        (lambda: mean_of([1.0, math.nan]), "finite number, got nan"),
        (lambda: summary([1.0]), "one observation"),
        (lambda: pooled([[1.0]]), "one observation"),
        (lambda: pooled([]), "pooling needs"),
        (lambda: pooled([Spread(1.0)]), "pooling needs"),
        (lambda: Spread(-1.0), "zero or positive"),
        (lambda: Spread(1.0, dof=0), "above 0"),
        (lambda: Summary(math.nan, 1.0, 3), "finite mean"),
        (lambda: Summary(1.0, 1.0, 0), "one observation or more"),
        (lambda: simultaneous({"a": [1.0, 2.0], "b": [1.0]}), "a: 2, b: 1"),
        (lambda: simultaneous({}), "got none"),
        (lambda: analysis_of_variance([[1.0, 2.0]]), "two groups"),
        (lambda: analysis_of_variance([[1.0], [2.0]]), "two observations"),
        (lambda: analysis_of_variance([[1.0, 1.0], [2.0, 2.0]]), "all the same"),
        (lambda: autocorrelation([1.0, 1.0]), "not all the same"),
    ],
)
def test_refused_observations(call, reason):
    """Too few, unequal or no numbers are refused, and the message says what is needed."""
    with pytest.raises(PhysicsError, match=reason):
        call()
