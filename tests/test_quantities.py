"""The door of units, the one type of an uncertain input in all its spellings, and printed numbers."""

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thermonet.quantities.errors import DocumentError, PhysicsError, Problem
from thermonet.quantities.formatting import scaled, with_unit
from thermonet.quantities.inputs import Input, InputValueError, shorthand
from thermonet.quantities.reading import read_mapping, read_text
from thermonet.quantities.units import EXAMPLES, scale_to_si

NORMAL_95 = 1.959963984540054  # 97.5 % quantile of the normal distribution


@pytest.mark.parametrize(
    ("unit", "si_unit", "factor"),
    [
        ("nm", "m", 1e-9),
        ("um", "m", 1e-6),
        ("µm", "m", 1e-6),  # micro sign
        ("μm", "m", 1e-6),  # Greek mu
        ("angstrom", "m", 1e-10),
        ("Å", "m", 1e-10),
        ("mm^1", "m", 1e-3),
        ("deg", "rad", math.pi / 180),
        ("°", "rad", math.pi / 180),
        ("mrad", "rad", 1e-3),
        ("mK", "K", 1e-3),
        ("K/W", "K/W", 1.0),
        ("K W^-1", "K/W", 1.0),
        ("kelvin/watt", "K/W", 1.0),
        ("kK/W", "K/W", 1e3),
        ("K/uW", "K/W", 1e6),
        ("W/m/K", "W/m/K", 1.0),
        ("W/(m K)", "W/m/K", 1.0),
        ("W/(m*K)", "W/m/K", 1.0),
        ("W m^-1 K^-1", "W/m/K", 1.0),
        ("W m-1 K-1", "W/m/K", 1.0),
        ("W·m^-1·K^-1", "W/m/K", 1.0),
        ("W/cm/K", "W/m/K", 100.0),
        ("MW/m^2/K", "W/m^2/K", 1e6),
        ("MW/m2/K", "W/m^2/K", 1e6),
        ("MW/m**2/K", "W/m^2/K", 1e6),
        ("g/cm^3", "kg/m^3", 1e3),
        ("J/g/K", "J/kg/K", 1e3),
        ("us", "s", 1e-6),
        ("kHz", "Hz", 1e3),
        ("1/s", "Hz", 1.0),
        ("uV/K", "V/K", 1e-6),
        ("nV/Hz^0.5", "V/Hz^0.5", 1e-9),
        ("nV/sqrt(Hz)", "V/Hz^0.5", 1e-9),
        ("G0", "S", 2 * 1.602176634e-19**2 / 6.62607015e-34),
        ("kΩ", "ohm", 1e3),
        ("uohm cm", "ohm*m", 1e-8),
        ("%", "1", 1e-2),
        ("ppm", "1", 1e-6),
        ("", "1", 1.0),
    ],
)
def test_spellings_of_units(unit, si_unit, factor):
    """Every spelling that a laboratory uses gives the factor to SI."""
    assert scale_to_si(unit, si_unit) == pytest.approx(factor, rel=1e-13)


@pytest.mark.parametrize("si_unit", [unit for unit in EXAMPLES if unit != "1"])
def test_si_units_are_their_own(si_unit):
    """The unit of every place is read with the factor one, and its printed example can be read."""
    assert scale_to_si(si_unit, si_unit) == 1.0
    example = EXAMPLES[si_unit].split("'")[1]
    assert read_text(example, si_unit).value > 0


@pytest.mark.parametrize(
    ("unit", "si_unit", "reason"),
    [
        ("s", "m", "wrong kind"),
        ("nm^2", "m", "wrong kind"),
        ("nm^-1", "m", "wrong kind"),
        ("sqrt(nm)", "m", "wrong kind"),
        ("W/K", "K/W", "wrong kind"),
        ("1/W", "K/W", "wrong kind"),
        ("W/m^2/K", "W/m/K", "wrong kind"),
        ("deg", "m", "wrong kind"),
        ("m/m", "rad", "wrong kind"),
        ("deg^2", "rad", "wrong kind"),
        ("steradian", "rad", "wrong kind"),
        ("rad/s", "Hz", "wrong kind"),
        ("rpm", "Hz", "wrong kind"),
        ("degC", "K", "offset"),
        ("°C", "K", "offset"),
        ("celsius", "K", "offset"),
        ("degF", "K", "offset"),
        ("dBm", "W", "logarithmic"),
        ("", "m", "bare number"),
        ("%", "m", "not a unit"),
        ("%", "K/W", "not a unit"),
        ("nm", "1", "plain number"),
        ("dB", "1", "plain number"),
        ("blub", "m", "not a known unit"),
        ("NM", "m", "not a known unit"),
        ("ohm/sq", "ohm", "not a known unit"),
        ("nm/", "m", "not a unit"),
        ("/nm", "m", "not a unit"),
        ("(nm)", "m", "not a unit"),
        ("nm;import os", "m", "not a unit"),
        ("__class__", "m", "not a unit"),
        ("m" * 41, "m", "not a unit"),
    ],
)
def test_units_of_another_kind_are_refused(unit, si_unit, reason):
    """A wrong, unknown, missing, offset or logarithmic unit is refused, and the message says what would be right."""
    with pytest.raises(ValueError, match=reason) as refusal:
        scale_to_si(unit, si_unit)
    assert EXAMPLES[si_unit] in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9 nm",
        "9**9**9**9",
        "1/12.25 nm",
        "1_000 nm",
        "1,5 nm",
        "0x10 nm",
        "nan nm",
        "NaN",
        "inf nm",
        "-inf nm",
        ".inf",
        "1e999 nm",
        "1e9999 nm",
        "1e308 km",
        "1(5)e400 nm",
        "1 ± 1e400 nm",
        "1" * 5000 + " nm",
        "1.0(" + "5" * 5000 + ") nm",
        "0." + "1" * 400 + "(5) nm",
        "1 " + "m " * 5000,
        "1" + " " * 50_000 + "!",
        "1 ± " + " " * 50_000,
        "(" * 1000 + "1" + ")" * 1000,
        "__import__('os').getcwd()",
        "12:25 nm",
        "1.5.5 nm",
        "70 nm nm nm",
        "70 nm ± 5 nm",
        "70 ± 5 ± 5 nm",
        "72.8(5) ± 1 nm",
        "nm",
        "",
        " ",
        "±",
        "- 5 nm",
    ],
)
def test_hostile_text_is_refused_at_once(text):
    """Text that is no number with a unit is refused with a short message, and nothing is evaluated."""
    started = time.perf_counter()
    with pytest.raises(InputValueError) as refusal:
        read_text(text, "m")
    assert time.perf_counter() - started < 1.0
    assert 0 < len(str(refusal.value)) < 200


def test_a_quotient_is_no_number():
    """'1/12.25 Hz' is refused; pint alone would read 0.08 Hz."""
    with pytest.raises(InputValueError, match="frequency"):
        read_text("1/12.25 Hz", "Hz")


@pytest.mark.parametrize(
    ("text", "value", "u"),
    [
        ("72800 K/W", 72800.0, 0.0),
        ("72800 ± 500 K/W", 72800.0, 500.0),
        ("72800±500K/W", 72800.0, 500.0),
        ("72800 +/- 500 K/W", 72800.0, 500.0),
        ("72800+/-500 K/W", 72800.0, 500.0),
        ("72.8 ± 0.5 kK/W", 72800.0, 500.0),
        ("7.28e4 ± 5e2 K/W", 72800.0, 500.0),
        ("72.8(5) kK/W", 72800.0, 500.0),
        ("72.8(0.5) kK/W", 72800.0, 500.0),
        ("72.80(50) kK/W", 72800.0, 500.0),
        ("7.28(5)e4 K/W", 72800.0, 500.0),
        ("728(5)e2 K/W", 72800.0, 500.0),
        ("72.8(0) kK/W", 72800.0, 0.0),
        ("72800 ± 0 K/W", 72800.0, 0.0),
        ("+72800 K/W", 72800.0, 0.0),
        ("-72.8(5) kK/W", -72800.0, 500.0),
        (" 72800\tK/W ", 72800.0, 0.0),
        ("72800\u00a0K/W", 72800.0, 0.0),
        (".0728 MK/W", 72800.0, 0.0),
        ("72800. K/W", 72800.0, 0.0),
    ],
)
def test_spellings_of_values(text, value, u):
    """The three spellings of a standard uncertainty agree, blanks and exponents do not matter."""
    found = read_text(text, "K/W")
    assert found.value == pytest.approx(value, rel=1e-14)
    assert found.u == pytest.approx(u, rel=1e-12)
    assert found.distribution == ("normal" if u else "exact")
    assert found.is_exact == (u == 0)


@given(value=st.floats(1e-3, 1e3), u=st.floats(1e-6, 1e3))
@settings(max_examples=50, deadline=None)
def test_printed_values_read_back(value, u):
    """What Python prints for two numbers is read back without loss."""
    found = read_text(f"{value!r} ± {u!r} K/W", "K/W")
    assert (found.value, found.u) == (value, u)


@pytest.mark.parametrize(
    ("entries", "u", "distribution"),
    [
        ({"value": "10 nm"}, 0.0, "exact"),
        ({"value": "10 ± 1 nm"}, 1.0, "normal"),
        ({"value": "10.0(10) nm"}, 1.0, "normal"),
        ({"value": "10 nm", "u": "1 nm"}, 1.0, "normal"),
        ({"value": "10 nm", "u": "0.001 um"}, 1.0, "normal"),
        ({"value": "10 nm", "u": "10 %"}, 1.0, "normal"),
        ({"value": "-10 nm", "u": "10 %"}, 1.0, "normal"),
        ({"value": "10 nm", "u": "0 nm"}, 0.0, "exact"),
        ({"value": "10 nm", "U": "2 nm", "k": "2"}, 1.0, "normal"),
        ({"value": "10 nm", "U": "20 %", "k": "2"}, 1.0, "normal"),
        ({"value": "10 nm", "u": "1 nm", "distribution": "lognormal"}, 1.0, "lognormal"),
        ({"value": "10 nm", "u": "1 nm", "distribution": "uniform"}, 1.0, "uniform"),
        ({"value": "10 nm", "u": "1 nm", "distribution": "triangular"}, 1.0, "triangular"),
        ({"value": "10 nm", "half_width": "3 nm"}, 3 / math.sqrt(3), "uniform"),
        ({"value": "10 nm", "half_width": "30 %"}, 3 / math.sqrt(3), "uniform"),
        ({"value": "10 nm", "half_width": "3 nm", "distribution": "triangular"}, 3 / math.sqrt(6), "triangular"),
        ({"value": "10 nm", "range": ["4 nm", "16 nm"]}, 12 / math.sqrt(12), "uniform"),
        ({"value": "5 nm", "range": ["4 nm", "16 nm"]}, 12 / math.sqrt(12), "uniform"),
        ({"value": "10 nm", "range": ["10 nm", "10 nm"]}, 0.0, "exact"),
        # mode at one end: (b - a) / sqrt 18
        ({"value": "4 nm", "range": ["4 nm", "16 nm"], "distribution": "triangular"}, 12 / math.sqrt(18), "triangular"),
        (
            {"value": "10 nm", "range": ["5 nm", "20 nm"], "distribution": "lognormal"},
            10 * math.log(4) / (2 * NORMAL_95),
            "lognormal",
        ),
        ({"value": "10 nm", "u": "1 nm", "dof": "4", "distribution": "student_t"}, 1.0, "student_t"),
        ({"value": "10 nm", "U": "3 nm", "k": "3", "dof": "18", "distribution": "student_t"}, 1.0, "student_t"),
        ({"value": "10 nm", "half_width": "3 nm", "distribution": "arcsine"}, 3 / math.sqrt(2), "arcsine"),
        ({"value": "10 nm", "range": ["7 nm", "13 nm"], "distribution": "arcsine"}, 3 / math.sqrt(2), "arcsine"),
        ({"value": "10 nm", "u": "1 nm", "distribution": "arcsine"}, 1.0, "arcsine"),
        (
            {"value": "10 nm", "half_width": "3 nm", "distribution": "trapezoidal", "beta": "0.5"},
            3 * math.sqrt(1.25 / 6),
            "trapezoidal",
        ),
        ({"value": "10 nm", "u": "10 %", "distribution": "trapezoidal", "beta": "50 %"}, 1.0, "trapezoidal"),
        (
            {
                "value": "10 nm",
                "range": ["7 nm", "13 nm"],
                "limits_within": "1 nm",
                "distribution": "curvilinear_trapezoid",
            },
            math.sqrt(6**2 / 12 + 1 / 9),
            "curvilinear_trapezoid",
        ),
        (
            {
                "value": "10 nm",
                "half_width": "3 nm",
                "limits_within": "10 %",
                "distribution": "curvilinear_trapezoid",
            },
            math.sqrt(6**2 / 12 + 1 / 9),
            "curvilinear_trapezoid",
        ),
        ({"value": "10 nm", "distribution": "exponential"}, 10.0, "exponential"),
        ({"value": "10 nm", "u": "2 nm", "distribution": "gamma"}, 2.0, "gamma"),
    ],
)
def test_mappings(entries, u, distribution):
    """Every way of stating an uncertainty gives its standard uncertainty (JCGM 100, 4.3)."""
    found = read_mapping(entries, "m")
    assert found.u == pytest.approx(u * 1e-9, rel=1e-12)
    assert found.distribution == distribution


def test_mapping_keeps_degrees_of_freedom_and_source():
    """Degrees of freedom and the source of a value stay with it; without a statement they are infinite and empty."""
    found = read_mapping({"value": "300 K", "u": "1 %", "dof": "9", "source": "a thermometer"}, "K")
    assert (found.u, found.dof, found.source) == (3.0, 9.0, "a thermometer")
    assert (read_text("300 K", "K").dof, read_text("300 K", "K").source) == (math.inf, "")


def test_per_cent_of_a_plain_number_is_absolute():
    """Where the value itself has no unit, '1 %' means 0.01 and not a part of the value."""
    assert read_mapping({"value": "0.5", "u": "1 %"}, "1").u == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("entries", "key"),
    [
        ({"u": "1 nm"}, "value"),
        ({"value": "10"}, "value"),
        ({"value": "10 s"}, "value"),
        ({"value": 10}, "value"),
        ({"value": "10 nm", "colour": "red"}, "colour"),
        ({"value": "10 nm", "u": "1"}, "u"),
        ({"value": "10 nm", "u": "1 s"}, "u"),
        ({"value": "10 nm", "u": "-1 nm"}, "u"),
        ({"value": "10 nm", "u": "-1 %"}, "u"),
        ({"value": "10 nm", "u": "1e400 nm"}, "u"),
        ({"value": "10 nm", "u": ["1 nm"]}, "u"),
        ({"value": "10 nm", "u": "1 ± 1 nm"}, "u"),
        ({"value": "10 nm", "U": "2 nm"}, "k"),
        ({"value": "10 nm", "U": "-2 nm", "k": "2"}, "U"),
        ({"value": "10 nm", "U": "2 nm", "k": "0"}, "k"),
        ({"value": "10 nm", "U": "2 nm", "k": "-2"}, "k"),
        ({"value": "10 nm", "U": "2 nm", "k": "2 nm"}, "k"),
        ({"value": "10 nm", "U": "2 nm", "k": "1e400"}, "k"),
        ({"value": "10 nm", "k": "2"}, "k"),
        ({"value": "10 nm", "u": "1 nm", "k": "2"}, "k"),
        ({"value": "10 nm", "half_width": "-1 nm"}, "half_width"),
        ({"value": "10 nm", "half_width": "1"}, "half_width"),
        ({"value": "10 nm", "half_width": "1 nm", "distribution": "normal"}, "distribution"),
        ({"value": "10 nm", "half_width": "1 nm", "distribution": "lognormal"}, "distribution"),
        ({"value": "10 nm", "range": "5 nm"}, "range"),
        ({"value": "10 nm", "range": ["5 nm"]}, "range"),
        ({"value": "10 nm", "range": ["5 nm", "7 nm", "20 nm"]}, "range"),
        ({"value": "10 nm", "range": ["5 nm", "20"]}, "range"),
        ({"value": "10 nm", "range": ["20 nm", "5 nm"]}, "range"),
        ({"value": "10 nm", "range": ["11 nm", "20 nm"]}, "range"),
        ({"value": "10 nm", "range": ["5 ± 1 nm", "20 nm"]}, "range"),
        ({"value": "10 nm", "range": ["5 nm", "1e400 nm"]}, "range"),
        ({"value": "10 nm", "range": ["-5 nm", "20 nm"], "distribution": "lognormal"}, "range"),
        ({"value": "10 nm", "range": ["5 nm", "20 nm"], "distribution": "normal"}, "distribution"),
        ({"value": "-10 nm", "u": "1 nm", "distribution": "lognormal"}, "distribution"),
        ({"value": "10 nm", "u": "1 nm", "distribution": "gauss"}, "distribution"),
        ({"value": "10 nm", "u": "1 nm", "distribution": "exact"}, "distribution"),
        ({"value": "10 nm", "u": "1 nm", "distribution": ["normal"]}, "distribution"),
        ({"value": "10 nm", "distribution": "normal"}, "distribution"),
        ({"value": "10 ± 1 nm", "u": "1 nm"}, "value"),
        ({"value": "10 nm", "u": "1 nm", "half_width": "1 nm"}, "half_width"),
        ({"value": "10 nm", "half_width": "1 nm", "range": ["5 nm", "20 nm"]}, "range"),
        ({"value": "10 nm", "u": "1 nm", "dof": "0"}, "dof"),
        ({"value": "10 nm", "u": "1 nm", "dof": "-3"}, "dof"),
        ({"value": "10 nm", "u": "1 nm", "dof": "3 nm"}, "dof"),
        ({"value": "10 nm", "u": "1 nm", "dof": "nan"}, "dof"),
        ({"value": "10 nm", "source": ["a", "b"]}, "source"),
        ({"value": "10 nm", "u": "1 nm", "distribution": "student_t"}, "dof"),
        ({"value": "10 nm", "half_width": "1 nm", "distribution": "gamma"}, "distribution"),
        ({"value": "10 nm", "range": ["5 nm", "20 nm"], "distribution": "gamma"}, "distribution"),
        ({"value": "-10 nm", "u": "1 nm", "distribution": "gamma"}, "distribution"),
        ({"value": "10 nm", "u": "1 nm", "distribution": "exponential"}, "u"),
        ({"value": "10 ± 1 nm", "distribution": "exponential"}, "value"),
        ({"value": "-10 nm", "distribution": "exponential"}, "distribution"),
        ({"value": "10 nm", "half_width": "1 nm", "distribution": "trapezoidal"}, "beta"),
        ({"value": "10 nm", "half_width": "1 nm", "distribution": "trapezoidal", "beta": "1.5"}, "beta"),
        ({"value": "10 nm", "half_width": "1 nm", "distribution": "trapezoidal", "beta": "1 nm"}, "beta"),
        ({"value": "10 nm", "half_width": "1 nm", "beta": "0.5"}, "beta"),
        ({"value": "10 nm", "beta": "0.5"}, "beta"),
        ({"value": "10 nm", "half_width": "1 nm", "distribution": "curvilinear_trapezoid"}, "limits_within"),
        ({"value": "10 nm", "half_width": "1 nm", "limits_within": "0.1 nm"}, "limits_within"),
        (
            {
                "value": "10 nm",
                "half_width": "1 nm",
                "limits_within": "1.1 nm",
                "distribution": "curvilinear_trapezoid",
            },
            "limits_within",
        ),
        (
            {"value": "10 nm", "u": "1 nm", "limits_within": "0.1 nm", "distribution": "curvilinear_trapezoid"},
            "range",
        ),
    ],
)
def test_a_refused_mapping_names_its_key(entries, key):
    """Whatever is wrong in a mapping, the error says which of the keys that the user wrote, or should have written."""
    with pytest.raises(InputValueError) as refusal:
        read_mapping(entries, "m")
    assert refusal.value.key == key


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_an_input_is_finite(value):
    """No input holds a value or an uncertainty that is not finite."""
    with pytest.raises(InputValueError):
        Input(value=value)
    with pytest.raises(InputValueError):
        Input(value=1.0, u=value)


def test_a_negative_uncertainty_is_refused():
    """A standard uncertainty is never negative."""
    with pytest.raises(InputValueError) as refusal:
        read_text("5 ± -1 nm", "m")
    assert refusal.value.key == "u"


#: Middles of a fine grid of probabilities: means over it are integrals over the distribution.
SHARES = (np.arange(2_000_000) + 0.5) / 2_000_000


@pytest.mark.parametrize(
    ("entries", "mean"),
    [
        ({"value": "10 nm"}, 10.0),
        ({"value": "10 nm", "u": "1 nm"}, 10.0),
        ({"value": "10 nm", "u": "1 nm", "distribution": "uniform"}, 10.0),
        ({"value": "10 nm", "u": "1 nm", "distribution": "triangular"}, 10.0),
        ({"value": "10 nm", "half_width": "2 nm"}, 10.0),
        ({"value": "10 nm", "half_width": "2 nm", "distribution": "triangular"}, 10.0),
        # off its middle, a range's mean is not its value: (a + b) / 2 and (a + b + c) / 3
        ({"value": "6 nm", "range": ["4 nm", "16 nm"]}, 10.0),
        ({"value": "7 nm", "range": ["4 nm", "16 nm"], "distribution": "triangular"}, 9.0),
        ({"value": "4 nm", "range": ["4 nm", "16 nm"], "distribution": "triangular"}, 8.0),
    ],
)
def test_quantiles_have_the_stated_moments(entries, mean):
    """Mean and standard deviation of the quantiles are those of the distribution, its u above all."""
    stated = read_mapping(entries, "m")
    values = stated.at(SHARES)
    assert values.shape == SHARES.shape
    assert values.mean() == pytest.approx(mean * 1e-9, rel=1e-9)
    assert values.std() == pytest.approx(stated.u, rel=2e-5, abs=1e-20)
    assert np.all(np.diff(values) >= 0)


@pytest.mark.parametrize(
    "entries",
    [
        {"value": "10 nm", "u": "3 nm", "distribution": "lognormal"},
        {"value": "10 nm", "range": ["5 nm", "20 nm"], "distribution": "lognormal"},
    ],
)
def test_lognormal_quantiles_have_the_stated_logarithms(entries):
    """Of a lognormal the value is the median and u / value the standard deviation of the logarithm."""
    stated = read_mapping(entries, "m")
    logarithm = np.log(stated.at(SHARES))
    assert logarithm.mean() == pytest.approx(math.log(10e-9), rel=1e-12)
    assert logarithm.std() == pytest.approx(stated.u / stated.value, rel=2e-5)


def test_a_lognormal_range_is_its_95_per_cent_interval():
    """2.5 % lie below and 2.5 % above the ends, and the median is the value where the ends lie alike about it."""
    stated = read_mapping({"value": "10 nm", "range": ["5 nm", "20 nm"], "distribution": "lognormal"}, "m")
    assert stated.at(np.array([0.025, 0.5, 0.975])) == pytest.approx([5e-9, 10e-9, 20e-9], rel=1e-12)


@pytest.mark.parametrize(
    "stated",
    [
        Input.normal(2.0, 0.3),
        Input.uniform(-1.0, 3.0),
        Input.triangular(-1.0, 3.0),
        Input.trapezoidal(-1.0, 3.0, 0.0),
        Input.trapezoidal(-1.0, 3.0, 0.3),
        Input.trapezoidal(-1.0, 3.0, 1.0),
        Input.curvilinear_trapezoid(-1.0, 3.0, 0.5),
        Input.curvilinear_trapezoid(-0.05, 0.05, 0.025),
        Input.curvilinear_trapezoid(-1.0, 1.0, 1.0),
        Input.curvilinear_trapezoid(-1.0, 1.0, 0.0),
        Input.arcsine(1.0, 4.0),
        Input.exponential(3.0),
        Input.gamma(7),
        Input.gamma(0, samples=3),
        Input(value=5.0, u=0.5, distribution="gamma"),
        Input.half_width(2.0, 0.4, "trapezoidal", beta=0.2),
        Input.half_width(2.0, 0.4, "curvilinear_trapezoid", limits_within=0.1),
    ],
    ids=lambda stated: f"{stated.distribution} {stated.value:g} {stated.u:.3g}",
)
def test_every_constructor_has_its_moments(stated):
    """Value and u are mean and deviation of the quantiles, which rise from end to end (JCGM 101, table 1)."""
    values = stated.at(SHARES)
    assert values.mean() == pytest.approx(stated.value, rel=1e-5, abs=1e-9)
    assert values.std() == pytest.approx(stated.u, rel=2e-4)
    assert np.all(np.diff(values) >= 0)
    ends = stated.at([0.0, 1.0])
    assert not np.isnan(ends).any()
    if math.isfinite(stated.low):
        assert ends == pytest.approx([stated.low, stated.high], rel=1e-14)


@pytest.mark.parametrize("within", [0.1, 0.9, 2.0])
def test_a_curvilinear_trapezoid_is_a_rectangle_of_random_width(within):
    """JCGM 101, 6.4.3.4: quantiles are those of draws of the limits first and of the value between them then."""
    generator = np.random.default_rng(3)
    low = (-1.0 - within) + 2 * within * generator.random(400_000)
    high = 2.0 - low
    drawn = low + (high - low) * generator.random(400_000)
    shares = np.array([0.005, 0.05, 0.2, 0.5, 0.7, 0.95, 0.999])
    found = Input.curvilinear_trapezoid(-1.0, 3.0, within).at(shares)
    assert found == pytest.approx(np.quantile(drawn, shares), abs=0.02)


def test_a_mean_of_observations_has_the_quantiles_of_t():
    """With finite degrees of freedom a normal input is a scaled and shifted t (JCGM 101, 6.4.9), u its scale."""
    stated = Input.normal(10.0, 2.0, dof=4)
    assert stated.at([0.5, 0.975]) == pytest.approx([10.0, 10.0 + 2 * 2.7764451], rel=1e-8)
    assert Input.student_t(10.0, 2.0, dof=4).at(0.975) == pytest.approx(stated.at(0.975))
    assert stated.at(0.975).shape == ()


def test_constructors_fill_in_what_follows():
    """Ends follow from u and u from ends; a certificate's U is divided by its k; a u alone is that of a normal."""
    assert Input(value=1.0, u=0.1).distribution == "normal"
    assert Input(value=0.0, distribution="uniform", low=-3.0, high=3.0).u == pytest.approx(math.sqrt(3))
    assert Input(value=0.0, distribution="arcsine", u=1.0).high == pytest.approx(math.sqrt(2))
    assert Input.expanded(50e6, U=75, k=3, dof=18).u == 25
    assert Input.exact(3.0).is_exact
    assert Input.normal(3.0, 0.0).is_exact
    assert (Input.gamma(9).value, Input.gamma(9).u) == (10.0, pytest.approx(math.sqrt(10)))
    trapezoid = Input.curvilinear_trapezoid(-1.0, 1.0, 0.1, unit="K", name="a", source="b", dof=8)
    assert (trapezoid.low, trapezoid.high) == (-1.1, 1.1)
    assert (trapezoid.unit, trapezoid.name, trapezoid.source, trapezoid.dof) == ("K", "a", "b", 8)


@pytest.mark.parametrize(
    ("build", "key"),
    [
        (lambda: Input.uniform(1.0, 1.0), "range"),
        (lambda: Input.uniform(2.0, 1.0), "range"),
        (lambda: Input.arcsine(0.0, math.inf), "range"),
        (lambda: Input(value=0.0, distribution="uniform"), "range"),
        (lambda: Input(value=5.0, distribution="uniform", low=0.0, high=1.0), "range"),
        (lambda: Input(value=0.0, u=5.0, distribution="uniform", low=-1.0, high=1.0), "u"),
        (lambda: Input.trapezoidal(-1.0, 1.0, 2.0), "beta"),
        (lambda: Input.half_width(0.0, 1.0, "trapezoidal"), "beta"),
        (lambda: Input.curvilinear_trapezoid(-1.0, 1.0, 1.2), "limits_within"),
        (lambda: Input.half_width(0.0, 1.0, "curvilinear_trapezoid"), "limits_within"),
        (lambda: Input.half_width(0.0, -1.0), "half_width"),
        (lambda: Input.half_width(0.0, 1.0, "normal"), "distribution"),
        (lambda: Input.student_t(0.0, 1.0, math.inf), "dof"),
        (lambda: Input.normal(0.0, 1.0, dof=0.0), "dof"),
        (lambda: Input.normal(0.0, -1.0), "u"),
        (lambda: Input.expanded(0.0, 1.0, 0.0), "k"),
        (lambda: Input.expanded(0.0, -1.0, 2.0), "U"),
        (lambda: Input.exponential(0.0), "distribution"),
        (lambda: Input(value=2.0, u=1.0, distribution="exponential"), "u"),
        (lambda: Input(value=2.0, distribution="gamma"), "u"),
        (lambda: Input.gamma(2.5), ""),
        (lambda: Input.gamma(-1), ""),
        (lambda: Input.gamma(2, samples=0), ""),
        (lambda: Input.lognormal(-1.0, 0.1), "distribution"),
        (lambda: Input(value=1.0, u=1.0, distribution="gauss"), "distribution"),
        (lambda: Input.normal(0.0, 1.0).at([0.5, 1.1]), ""),
        (lambda: Input.normal(0.0, 1.0).at(math.nan), ""),
    ],
)
def test_a_refused_input_names_its_part(build, key):
    """Parameters that a distribution lacks, cannot have or contradicts are refused."""
    with pytest.raises(InputValueError) as refusal:
        build()
    assert refusal.value.key == key
    assert str(refusal.value)


@pytest.mark.parametrize("distribution", ["uniform", "triangular"])
def test_bounded_quantiles_end_where_stated(distribution):
    """Probability 0 and 1 are the ends of a range, and the shape of the probabilities is kept."""
    stated = read_mapping({"value": "7 nm", "range": ["4 nm", "16 nm"], "distribution": distribution}, "m")
    found = stated.at(np.array([[0.0], [1.0]]))
    assert found == pytest.approx(np.array([[4e-9], [16e-9]]), rel=1e-14)


@pytest.mark.parametrize(
    ("value", "unit", "u", "text"),
    [
        (72800.0, "K/W", 500.0, "72.80 ± 0.50 kK/W"),
        (-72800.0, "K/W", 500.0, "-72.80 ± 0.50 kK/W"),
        (1e7, "K/W", None, "10 MK/W"),
        (1.23456e-5, "s", None, "12.35 us"),
        (1.23456e-5, "s", 0.0, "12.35 us"),
        (8e-6, "m", 1e-7, "8.00 ± 0.10 um"),
        (999.99999999, "K/W", None, "1 kK/W"),
        (1000.0, "K/W", None, "1 kK/W"),
        (1e8, "W/m^2/K", 3e7, "100 ± 30 MW/m^2/K"),
        (1e-9, "m^2 K/W", None, "1e-09 m^2 K/W"),  # never 'nm^2 K/W'
        (19300.0, "kg/m^3", None, "19300 kg/m^3"),
        (0.0, "K/W", 3.0, "0.0 ± 3.0 K/W"),
        (0.0, "K/W", None, "0 K/W"),
        (0.01, "1", 0.001, "(1.00 ± 0.10) %"),
        (-0.02, "1", None, "-2 %"),
        (0.5, "1", 0.01, "0.500 ± 0.010"),
        (1e-7, "1", None, "1e-07"),
        (1e20, "W", None, "1e+20 W"),
    ],
)
def test_printed_numbers(value, unit, u, text):
    """A prefix that suits the number, two digits of its uncertainty, per cent where a ratio is small."""
    assert with_unit(value, unit, u) == text


@given(value=st.floats(1e-14, 1e14), unit=st.sampled_from(["K/W", "s", "W/m^2/K", "V/Hz^0.5", "kg/m^3"]))
@settings(max_examples=100, deadline=None)
def test_a_scaled_number_is_the_same_number(value, unit):
    """Factor and prefixed unit together give the number back, and a prefixed one lies in 1 .. 1000."""
    factor, prefixed = scaled(value, unit)
    si_unit = "V/Hz^0.5" if "Hz" in unit else unit
    assert value * factor * scale_to_si(prefixed, si_unit) == pytest.approx(value, rel=1e-9)
    if unit != "kg/m^3":
        assert 0.999 < value * factor < 1000


@pytest.mark.parametrize(
    ("value", "u", "unit", "text"),
    [
        (100.02147, 0.00035, "g", "100.02147(35) g"),  # JCGM 100, 7.2.2
        (72800.0, 500.0, "1", "72800(500)"),
        (-0.0002, 2.0, "1", "0.0(2.0)"),
        (-3.0, 0.2, "K", "-3.00(20) K"),
        (5.0, 0.0, "K", "5 K"),
    ],
)
def test_shorthand(value, u, unit, text):
    """A value with two digits of its u in parentheses; what rounds to zero has no sign; reading gives it back."""
    assert shorthand(value, u, unit) == text
    if value > 0 and unit == "1":
        assert read_text(text, "1").u == u


def test_problems_are_sorted_by_place():
    """A document's error prints 'file:line:col: path: message', one line per problem in the order of the file."""
    found = [Problem("a.yaml", 12, 3, "apex.height", "x"), Problem("a.yaml", 2, 30, "", "y")]
    error = DocumentError(found)
    assert str(error).splitlines() == ["a.yaml:2:30: : y", "a.yaml:12:3: apex.height: x"]
    assert error.exit_code == PhysicsError.exit_code == 3
