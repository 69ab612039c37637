"""Temperature from resistance and from thermocouple voltage, against the published tables of the scales."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from thermonet.calibration.thermometry import (
    FIXED_POINTS,
    SUBRANGES,
    CallendarVanDusen,
    Deviation,
    deviation_from_fixed_points,
    film_resistance,
    film_temperature,
    iec60751_resistance,
    iec60751_temperature,
    iec60751_tolerance,
    is_its90_platinum,
    its90_ratio,
    its90_temperature,
    its90_temperature_u,
    reference_ratio,
    reference_slope,
    reference_temperature,
    thermocouple_emf,
    thermocouple_seebeck,
    thermocouple_temperature,
)
from thermonet.quantities.errors import PhysicsError

ICE = 273.15
STEP = 1e-30
quick = settings(max_examples=100, deadline=None)
#: W_r at the fixed points, H. Preston-Thomas, Metrologia 27, 3 (1990), table 1; T90 in kelvin, t90 in degC.
TABLE_1 = {
    13.8033: 0.00119007,
    24.5561: 0.00844974,
    54.3584: 0.09171804,
    83.8058: 0.21585975,
    234.3156: 0.84414211,
    273.16: 1.00000000,
    ICE + 29.7646: 1.11813889,
    ICE + 156.5985: 1.60980185,
    ICE + 231.928: 1.89279768,
    ICE + 419.527: 2.56891730,
    ICE + 660.323: 3.37600860,
    ICE + 961.78: 4.28642053,
}
#: IEC 60751, table 1: t in degC and R in ohm, to 0.01 ohm, of a 100 ohm sensor.
PT100 = {
    -200: 18.52, -150: 39.72, -100: 60.26, -50: 80.31, -10: 96.09, 0: 100.00, 25: 109.73, 50: 119.40, 100: 138.51,
    150: 157.33, 200: 175.86, 300: 212.05, 400: 247.09, 500: 280.98, 600: 313.71, 700: 345.28, 800: 375.70, 850: 390.48,
}  # fmt: skip
#: NIST ITS-90 thermocouple database (Monograph 175): t in degC and E in mV, to 1 uV, reference junction at 0 degC.
TABLES = {
    "B": {0: 0.0, 20: -0.003, 300: 0.431, 630: 1.975, 631: 1.981, 1000: 4.834, 1820: 13.820},
    "E": {-270: -9.835, -196: -8.722, -100: -5.237, 0: 0.0, 25: 1.495, 300: 21.036, 1000: 76.373},
    "J": {-210: -8.095, -100: -4.633, 0: 0.0, 25: 1.277, 300: 16.327, 760: 42.919, 761: 42.983, 1200: 69.553},
    "K": {-270: -6.458, -100: -3.554, 0: 0.0, 25: 1.0, 100: 4.096, 300: 12.209, 1000: 41.276, 1372: 54.886},
    "N": {-270: -4.345, -100: -2.407, 0: 0.0, 25: 0.659, 300: 9.341, 1000: 36.256, 1300: 47.513},
    "R": {-50: -0.226, 0: 0.0, 25: 0.141, 300: 2.401, 1064: 11.361, 1665: 19.746, 1768: 21.101},
    "S": {-50: -0.236, 0: 0.0, 25: 0.143, 300: 2.323, 1064: 10.332, 1665: 17.542, 1768: 18.693},
    "T": {-270: -6.258, -100: -3.379, 0: 0.0, 25: 0.992, 300: 14.862, 400: 20.872},
}
RANGES = {
    "B": (45, 1820), "E": (-270, 1000), "J": (-210, 1200), "K": (-270, 1372),
    "N": (-270, 1300), "R": (-50, 1768.1), "S": (-50, 1768.1), "T": (-270, 400),
}  # fmt: skip


def made_up_ratios(subrange):
    """Ratios of a thermometer that is a little less pure than the ideal one."""
    ideal = {point: reference_ratio(FIXED_POINTS[point].temperature) for point in SUBRANGES[subrange].points}
    return {point: w - 2.5e-4 * (w - 1) - 1.2e-5 * (w - 1) ** 2 + 3e-6 * math.log(w) for point, w in ideal.items()}


@pytest.mark.parametrize(("temperature", "ratio"), TABLE_1.items())
def test_reference_function_has_the_published_ratio_at_every_fixed_point(temperature, ratio):
    """The coefficients are right: all twelve published W_r come out, to the eighth decimal."""
    assert reference_ratio(temperature) == pytest.approx(ratio, abs=0.5001e-8)


def test_table_of_fixed_points_is_the_scale_s():
    """The table that users see has the scale's temperatures, with their ratios."""
    defining = [(point.temperature, point.ratio) for key, point in FIXED_POINTS.items() if " K" not in key]
    assert np.array(defining) == pytest.approx(np.array(list(TABLE_1.items())), rel=1e-12)


def test_reference_functions_meet_to_a_few_microkelvin():
    """Where the two polynomials overlap, 273.15 to 273.16 K, they agree to 1.5 uK."""
    below, above = np.nextafter(273.16, 0), 273.16
    assert abs(reference_ratio(above) - reference_ratio(below)) / reference_slope(above) < 1.5e-6
    assert abs(reference_slope(above) / reference_slope(below) - 1) < 1e-6
    assert reference_ratio(ICE) == pytest.approx(0.99996010, abs=1e-8)


def test_inverse_is_exact_over_the_whole_scale():
    """There and back within 1e-12 K, 13.8033 K to 1234.93 K."""
    T = np.concatenate([np.linspace(13.8033, 273.16, 5001), np.linspace(ICE, 1234.93, 5001)])
    assert np.max(np.abs(reference_temperature(reference_ratio(T)) - T)) < 1e-12


def test_published_inverse_approximations_confirm_the_inverse():
    """Equations 9b and 10b, typed again, agree within the 0.1 mK and 0.13 mK (rounded) that the scale states."""
    B = [
        0.183324722, 0.240975303, 0.209108771, 0.190439972, 0.142648498, 0.077993465, 0.012475611, -0.032267127,
        -0.075291522, -0.056470670, 0.076201285, 0.123893204, -0.029201193, -0.091173542, 0.001317696, 0.026025526,
    ]  # fmt: skip
    D = [439.932854, 472.418020, 37.684494, 7.472018, 2.920828, 0.005184, -0.963864, -0.188732, 0.191203, 0.049025]
    cold, warm = np.geomspace(0.0011901, 0.99999, 2001), np.linspace(1.00001, 4.2864, 2001)
    approximate = 273.16 * sum(b * ((cold ** (1 / 6) - 0.65) / 0.35) ** i for i, b in enumerate(B))
    assert np.max(np.abs(reference_temperature(cold) - approximate)) < 1.0e-4
    approximate = ICE + sum(d * ((warm - 2.64) / 1.64) ** i for i, d in enumerate(D))
    assert np.max(np.abs(reference_temperature(warm) - approximate)) < 1.35e-4


@pytest.mark.parametrize("subrange", SUBRANGES)
def test_deviation_function_passes_through_its_fixed_points(subrange):
    """At each fixed point the calibrated thermometer reads the point's temperature, within 1e-9 K."""
    ratios = made_up_ratios(subrange)
    deviation = deviation_from_fixed_points(subrange, ratios)
    for point, ratio in ratios.items():
        if FIXED_POINTS[point].temperature < SUBRANGES[subrange].lowest:
            continue  # the neon sub-range is calibrated at hydrogen too, but does not reach down to it
        assert its90_temperature(ratio, deviation) == pytest.approx(FIXED_POINTS[point].temperature, abs=1e-9)


@pytest.mark.parametrize("subrange", SUBRANGES)
def test_calibrated_thermometer_there_and_back(subrange):
    """Ratio and temperature are inverse to each other over the whole sub-range."""
    deviation = deviation_from_fixed_points(subrange, made_up_ratios(subrange))
    T = np.linspace(SUBRANGES[subrange].lowest, SUBRANGES[subrange].highest, 301)
    assert np.max(np.abs(its90_temperature(its90_ratio(T, deviation), deviation) - T)) < 1e-11


def test_deviation_functions_have_the_published_forms():
    """Equations 12 (n = 2, 0, 1), 13 and 14, written out."""
    W, a, b, c = 0.3, 1e-4, -2e-5, [3e-6, -4e-6, 5e-7, 6e-7, -7e-8]
    quadratic, ln = a * (W - 1) + b * (W - 1) ** 2, math.log(W)
    forms = {
        "e-H2": quadratic + sum(ci * ln ** (i + 2) for i, ci in enumerate(c, 1)),
        "Ne": quadratic + sum(ci * ln**i for i, ci in enumerate(c[:3], 1)),
        "O2": quadratic + c[0] * ln**2,
        "Ar": a * (W - 1) + b * (W - 1) * ln,
        "Hg-Ga": quadratic,
    }
    for subrange, expected in forms.items():
        coefficients = (a, b, *c)[: len(SUBRANGES[subrange].names)]
        assert Deviation(subrange, coefficients).at(W) == pytest.approx(expected, rel=1e-13)
    W, at_aluminium = 4.0, 3.3755
    cubic = a * (W - 1) + b * (W - 1) ** 2 + c[0] * (W - 1) ** 3
    assert Deviation("Al", (a, b, c[0])).at(W) == pytest.approx(cubic, rel=1e-13)
    silver = Deviation("Ag", (a, b, c[0], c[1], at_aluminium))
    assert silver.at(W) == pytest.approx(cubic + c[1] * (W - at_aluminium) ** 2, rel=1e-13)


def test_silver_range_is_the_aluminium_range_below_the_aluminium_point():
    """The coefficient d acts above 660.323 degC only, and a, b and c are those of the shorter range."""
    silver = deviation_from_fixed_points("Ag", made_up_ratios("Ag"))
    aluminium = deviation_from_fixed_points("Al", made_up_ratios("Al"))
    assert silver.coefficients[:3] == pytest.approx(aluminium.coefficients, rel=1e-9)
    T = np.linspace(ICE, 933.4, 50)
    assert its90_ratio(T, silver) == pytest.approx(its90_ratio(T, aluminium), abs=1e-14)


def test_argon_and_zinc_ranges_by_hand():
    """Two equations with two unknowns each, solved with Cramer's rule."""
    ratios = made_up_ratios("Ar")
    d = {p: ratios[p] - reference_ratio(FIXED_POINTS[p].temperature) for p in ratios}
    x = {p: d[p] / (ratios[p] - 1) for p in ratios}
    b = (x["Ar"] - x["Hg"]) / (math.log(ratios["Ar"]) - math.log(ratios["Hg"]))
    found = deviation_from_fixed_points("Ar", ratios).coefficients
    assert found == pytest.approx((x["Ar"] - b * math.log(ratios["Ar"]), b), rel=1e-9)


def test_vapour_pressure_points_are_realized_where_they_are():
    """The two points near 17 K and 20.3 K count at the temperatures that were measured there."""
    ratios = made_up_ratios("e-H2") | {"e-H2 17 K": reference_ratio(17.0357) + 2.5e-4}
    deviation = deviation_from_fixed_points("e-H2", ratios, temperatures={"e-H2 17 K": 17.0357})
    assert its90_temperature(ratios["e-H2 17 K"], deviation) == pytest.approx(17.0357, abs=1e-9)


def test_several_sub_ranges_serve_one_thermometer():
    """Below and above the triple point the thermometer has its own function; a list of them covers both."""
    cold = deviation_from_fixed_points("Ar", made_up_ratios("Ar"))
    warm = deviation_from_fixed_points("Zn", made_up_ratios("Zn"))
    T = np.array([[100.0, 250.0], [300.0, 690.0]])
    W = its90_ratio(T, [cold, warm])
    assert W[0] == pytest.approx(its90_ratio(T[0], cold), abs=0)
    assert W[1] == pytest.approx(its90_ratio(T[1], warm), abs=0)
    assert its90_temperature(W, [cold, warm]) == pytest.approx(T, abs=1e-11)


@pytest.mark.parametrize("subrange", ["e-H2", "Ne", "Ar", "Hg-Ga", "Sn", "Ag"])
def test_uncertainty_of_a_calibration_agrees_with_monte_carlo(subrange):
    """Recalibrating with ratios that scatter gives the propagated spread, within four of its own errors."""
    random, trials = np.random.default_rng(7), 2000
    ratios = made_up_ratios(subrange)
    u = {point: 1e-6 * (1 + 0.3 * i) for i, point in enumerate(ratios)}
    deviation = deviation_from_fixed_points(subrange, ratios, u=u, relative_u_triple_point=8e-7)
    ends = [SUBRANGES[subrange].lowest * 1.02, SUBRANGES[subrange].highest * 0.98]
    W = its90_ratio(np.array(ends), deviation)
    scattered = []
    for _ in range(trials):
        common = 1 + 8e-7 * random.standard_normal()
        moved = {point: common * (w + u[point] * random.standard_normal()) for point, w in ratios.items()}
        scattered.append(deviation_from_fixed_points(subrange, moved).at(W))
    assert deviation.u(W) == pytest.approx(np.std(scattered, axis=0, ddof=1), rel=4 / math.sqrt(2 * trials))


def test_uncertainty_of_a_temperature_at_a_fixed_point():
    """A ratio measured in use and one at the fixed point, both to 1e-6, add in quadrature there."""
    ratios = made_up_ratios("Zn")
    deviation = deviation_from_fixed_points("Zn", ratios, u={"Sn": 1e-6, "Zn": 1e-6})
    expected = math.sqrt(2) * 1e-6 / reference_slope(692.677)
    assert its90_temperature_u(ratios["Zn"], 1e-6, deviation) == pytest.approx(expected, rel=1e-3)
    assert its90_temperature_u(1.5, 1e-6) == pytest.approx(1e-6 / reference_slope(reference_temperature(1.5)))


def test_pure_platinum_is_recognized():
    """Section 3.3: W(Ga) >= 1.11807 or W(Hg) <= 0.844235, and W(Ag) >= 4.2844 where silver is used."""
    assert is_its90_platinum({"Ga": 1.11807})
    assert is_its90_platinum({"Ga": 1.118, "Hg": 0.844235})
    assert not is_its90_platinum({"Ga": 1.11806})
    assert not is_its90_platinum({"Ga": 1.1181, "Ag": 4.2843})


@pytest.mark.parametrize(("celsius", "ohms"), PT100.items())
def test_industrial_platinum_has_the_tabulated_resistance(celsius, ohms):
    """Sixteen entries of the standard's table, both ways, within half of their last digit."""
    assert iec60751_resistance(ICE + celsius) == pytest.approx(ohms, abs=0.0050001)
    slope = iec60751_resistance(ICE + celsius + 1j * STEP).imag / STEP
    assert iec60751_temperature(ohms) == pytest.approx(ICE + celsius, abs=0.0050001 / slope + 1e-9)


def test_industrial_platinum_there_and_back():
    """The inverse is exact to rounding from -200 to 850 degC, also with coefficients and R0 of one's own."""
    T = np.linspace(73.15, 1123.15, 4001)
    assert np.max(np.abs(iec60751_temperature(iec60751_resistance(T)) - T)) < 1e-11
    own = CallendarVanDusen(R0=99.987, A=3.9071e-3, B=-5.79e-7, C=-4.1e-12)
    assert np.max(np.abs(own.temperature(own.resistance(T)) - T)) < 1e-11
    linear = CallendarVanDusen(R0=1000.0, B=0.0, C=0.0)
    assert linear.temperature(1000 * (1 + 3.9083e-3 * 50)) == pytest.approx(ICE + 50, abs=1e-11)


def test_alpha_of_industrial_platinum_is_3851e_6():
    """The standard's definition (R(100 degC) - R0) / (R0 100 degC)."""
    assert iec60751_resistance(ICE + 100) / 1e4 - 0.01 == pytest.approx(3.851e-3, abs=5e-7)


@pytest.mark.parametrize(
    ("celsius", "name", "tolerance", "low", "high"),
    [(250, "AA", 0.525, 193.91, 194.29), (300, "A", 0.75, 211.78, 212.32), (500, "B", 2.8, 280.04, 281.91)],
)
def test_tolerance_classes_give_the_tabulated_resistances(celsius, name, tolerance, low, high):
    """Limits in ohm as a maker's table of class AA, A and B thermometers lists them (WIKA 11208287)."""
    half_width = iec60751_tolerance(ICE + celsius, name)
    assert half_width == pytest.approx(tolerance)
    assert iec60751_resistance(ICE + celsius - half_width) == pytest.approx(low, abs=0.006)
    assert iec60751_resistance(ICE + celsius + half_width) == pytest.approx(high, abs=0.006)
    assert iec60751_tolerance(ICE - 50, "C", "film") == pytest.approx(1.1)


def test_uncertainty_of_an_industrial_thermometer():
    """At 0 degC only R0 and the reading count, above it A counts with t."""
    u_R0, u_A = 2e-3, 4e-7
    sensor = CallendarVanDusen(covariance=np.diag([u_R0**2, u_A**2, 0.0, 0.0]))
    assert sensor.temperature_u(100.0, 1e-3) == pytest.approx(math.hypot(u_R0, 1e-3) / 0.39083, rel=1e-9)
    t, R = 200.0, iec60751_resistance(ICE + 200)
    slope = 100 * (3.9083e-3 + 2 * -5.775e-7 * t)
    assert sensor.temperature_u(R) == pytest.approx(math.hypot(R / 100 * u_R0, 100 * t * u_A) / slope, rel=1e-9)


@quick
@given(
    rise=st.floats(-150, 300),
    R0=st.floats(10, 1e4),
    alpha=st.floats(1e-3, 4e-3) | st.floats(-1.5e-3, -1e-3),
    beta=st.floats(-1e-6, 1e-6) | st.just(0.0),
)
def test_film_there_and_back(rise, R0, alpha, beta):
    """A linear or quadratic film gives its temperature back, on the branch through the reference."""
    resistance = film_resistance(300 + rise, R0, 300.0, alpha, beta)
    assert film_temperature(resistance, R0, 300.0, alpha, beta) == pytest.approx(300 + rise, abs=1e-9)


def test_film_agrees_with_industrial_platinum():
    """Around 0 degC the quadratic of IEC 60751 is a film with alpha = A and beta = B."""
    T = np.linspace(ICE, 900, 20)
    assert film_resistance(T, 100.0, ICE, 3.9083e-3, -5.775e-7) == pytest.approx(iec60751_resistance(T), rel=1e-14)


@pytest.mark.parametrize(("kind", "celsius", "millivolts"), [(k, t, e) for k in TABLES for t, e in TABLES[k].items()])
def test_thermocouple_tables(kind, celsius, millivolts):
    """Entries of the reference tables, within half of their last digit."""
    assert thermocouple_emf(ICE + celsius, kind) * 1e3 == pytest.approx(millivolts, abs=0.00050001)


@pytest.mark.parametrize("kind", RANGES)
@pytest.mark.parametrize("reference", [ICE, 295.0])
def test_thermocouples_there_and_back(kind, reference):
    """The inverse is the root of the reference function over all of its range."""
    T = ICE + np.linspace(*RANGES[kind], 101)
    found = thermocouple_temperature(thermocouple_emf(T, kind, reference), kind, reference)
    assert np.max(np.abs(found - T)) < 1e-7


@pytest.mark.parametrize("kind", RANGES)
def test_a_rounded_table_entry_at_the_end_is_the_end(kind):
    """The last entries of the tables, rounded to 1 uV, are not refused for it."""
    last = round(thermocouple_emf(ICE + RANGES[kind][1], kind), 6)
    assert thermocouple_temperature(last, kind) == pytest.approx(ICE + RANGES[kind][1], abs=0.2)


def test_reference_junction_is_compensated():
    """4.096 mV of type K with terminals at 25 degC are 124.3 degC, not 100; equal junctions give nothing."""
    assert thermocouple_temperature(4.096e-3, "K", 298.15) == pytest.approx(ICE + 124.3, abs=0.05)
    assert thermocouple_emf(300.0, "K", 300.0) == 0.0


def test_seebeck_coefficients_at_room_temperature():
    """Monograph 175 tabulates 40.5 uV/K for type K and 40.7 uV/K for type T at 25 degC, 5.97 uV/K for type S."""
    for kind, expected in {"K": 40.5e-6, "T": 40.7e-6, "S": 5.97e-6}.items():
        assert thermocouple_seebeck(298.15, kind) == pytest.approx(expected, abs=0.06e-6)


DIFFERENTIABLE = {
    "W_r cold": (reference_ratio, 100.0),
    "W_r warm": (reference_ratio, 700.0),
    "T of W_r cold": (reference_temperature, 0.3),
    "T of W_r warm": (reference_temperature, 3.0),
    "T with deviation": (lambda W: its90_temperature(W, Deviation("Ag", (1e-4, 2e-5, 1e-6, 3e-5, 3.37))), 4.0),
    "W with deviation": (lambda T: its90_ratio(T, Deviation("Ar", (1e-4, 2e-5))), 120.0),
    "IEC R cold": (iec60751_resistance, 150.0),
    "IEC T cold": (iec60751_temperature, 60.0),
    "IEC T warm": (iec60751_temperature, 160.0),
    "IEC T by R0": (lambda R0: iec60751_temperature(60.0, R0), 100.0),
    "IEC T by A": (lambda A: iec60751_temperature(60.0, A=A), 3.9083e-3),
    "IEC T by C": (lambda C: iec60751_temperature(60.0, C=C), -4.183e-12),
    "film R": (lambda T: film_resistance(T, 100.0, 300.0, 2e-3, 1e-7), 350.0),
    "film T": (lambda R: film_temperature(R, 100.0, 300.0, 2e-3, 1e-7), 120.0),
    "film T by alpha": (lambda alpha: film_temperature(120.0, 100.0, 300.0, alpha, 1e-7), 2e-3),
    "film T by beta": (lambda beta: film_temperature(120.0, 100.0, 300.0, 2e-3, beta), 1e-7),
    "emf": (lambda T: thermocouple_emf(T, "K"), 400.0),
    "emf by reference": (lambda T: thermocouple_emf(400.0, "K", T), 300.0),
    "T of emf": (lambda emf: thermocouple_temperature(emf, "K"), 4e-3),
    "T of emf by reference": (lambda T: thermocouple_temperature(4e-3, "K", T), 300.0),
}


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_complex_steps_give_derivatives(name):
    """An imaginary step gives the derivative that central differences confirm, for a number and for an array."""
    function, x = DIFFERENTIABLE[name]
    step = 1e-5 * x
    expected = (function(x + step) - function(x - step)) / (2 * step)
    assert function(x + 1j * STEP).imag / STEP == pytest.approx(expected, rel=1e-6)
    assert function(np.full(3, x) + 1j * STEP).imag / STEP == pytest.approx([expected] * 3, rel=1e-6)
    assert isinstance(function(x), float)


def test_a_root_search_finds_the_ratio_too():
    """`its90_ratio` solves W - Delta(W) = W_r; brentq finds the same root."""
    deviation = Deviation("Ag", (-2e-4, 3e-5, -1e-6, 4e-5, 3.3753))
    target = reference_ratio(1100.0)
    root = brentq(lambda W: W - deviation.at(W) - target, 3.0, 4.5, xtol=1e-15, rtol=1e-15)
    assert its90_ratio(1100.0, deviation) == pytest.approx(root, abs=1e-14)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: reference_ratio(13.8), "the temperature 13.8 K is outside the platinum range of the ITS-90"),
        (lambda: reference_ratio(1235.0), "the temperature 1235 K is outside"),
        (lambda: reference_ratio([300.0, math.nan]), "the temperature must be finite, got nan"),
        (lambda: reference_ratio("300 K"), "the temperature must be a number or an array of numbers, got '300 K'"),
        (lambda: reference_temperature(-0.1), "the resistance ratio must be positive, got -0.1"),
        (lambda: reference_temperature(4.3), "the resistance ratio 4.3 is outside"),
        (lambda: reference_temperature(1e300), "the resistance ratio 1e+300"),
        (lambda: its90_temperature(1e300, Deviation("In", (1e-4,))), "the resistance ratio 1e+300"),
        (
            lambda: its90_temperature(2.0, Deviation("In", (1e-4,))),
            "a ratio of 2 is outside the thermometer's sub-ranges, expected 273.15 to 429.7485 K",
        ),
        (lambda: its90_ratio(100.0, Deviation("In", (1e-4,))), "a temperature of 100 K is outside the thermometer's"),
        (lambda: its90_temperature(2.0, []), "expected a deviation function or several, got none"),
        (lambda: its90_temperature_u(2.0, -1e-6), "a standard uncertainty must be zero or positive"),
        (lambda: Deviation("Au", (0.0,)), "'Au' is not a sub-range of the ITS-90, expected one of e-H2, Ne"),
        (lambda: Deviation("Ar", (0.0,)), "the sub-range 'Ar' has the coefficients a, b"),
        (lambda: Deviation("In", (0.0,), np.eye(2)), "the covariance of 1 coefficients is a 1 x 1 matrix"),
        (lambda: Deviation("In", (0.0,)).u(1.2), "the covariance of the deviation's coefficients is not known"),
        (
            lambda: deviation_from_fixed_points("Zn", {"Zn": 2.5689}),
            "the sub-range 'Zn' needs the ratios at Sn, Zn, got Zn",
        ),
        (lambda: deviation_from_fixed_points("In", {"In": 1.8928}), "a ratio of 1.8928 at In is none of platinum"),
        (lambda: deviation_from_fixed_points("In", {"In": math.nan}), "a ratio of nan at In is none of platinum"),
        (
            lambda: deviation_from_fixed_points("In", {"In": 1.6098}, temperatures={"In": 429.0}),
            "the temperature of 'In' cannot be 429 K",
        ),
        (lambda: is_its90_platinum({"Ag": 4.285}), "expected the ratio at Ga or at Hg"),
        (lambda: iec60751_temperature(-1.0), "the resistance must be positive, got -1 ohm"),
        (lambda: iec60751_temperature(10.0), "is outside the range of IEC 60751, expected 73.15 to 1123.15 K"),
        (lambda: iec60751_temperature(395.0), "the temperature 1138.6"),
        (lambda: iec60751_temperature(1e300), "a resistance of 1e+300 ohm is never reached"),
        (lambda: iec60751_temperature(100.0, R0=0.0), "the resistance R0 at 0 degC must be positive"),
        (lambda: iec60751_resistance(60.0), "the temperature 60 K is outside the range of IEC 60751"),
        (lambda: iec60751_tolerance(573.0, "AA"), "the temperature 573 K is outside class AA of wire thermometers"),
        (lambda: iec60751_tolerance(300.0, "D"), "'D' is no tolerance class of IEC 60751, expected AA, A, B or C"),
        (lambda: iec60751_tolerance(300.0, "A", "foil"), "'foil' is no construction of IEC 60751"),
        (lambda: CallendarVanDusen(covariance=np.eye(3)), "the covariance of R0, A, B and C is a 4 x 4 matrix"),
        (lambda: CallendarVanDusen().temperature_u(100.0, -1.0), "a standard uncertainty must be zero or positive"),
        (lambda: film_temperature(100.0, 100.0, 300.0, 0.0), "the temperature coefficient alpha must not be zero"),
        (lambda: film_temperature(0.0, 100.0, 300.0, 2e-3), "the resistance must be positive, got 0 ohm"),
        (lambda: film_temperature(1.0, 100.0, 300.0, 2e-3), "the temperature must be positive, got -195 K"),
        (
            lambda: film_temperature(210.0, 100.0, 300.0, 2e-3, -1e-6),
            "the resistance is never reached, expected a value below 200 ohm, got 210 ohm",
        ),
        (
            lambda: film_resistance(1400.0, 100.0, 300.0, 2e-3, -1e-6),
            "the temperature must be below the turning point of the characteristic at 1300 K, got 1400 K",
        ),
        (lambda: film_resistance(1e300, 100.0, 300.0, 2e-3, 1e-6), "the resistance at this temperature must be finite"),
        (lambda: film_resistance(900.0, 100.0, 300.0, -2e-3), "the resistance at this temperature must be positive"),
        (lambda: thermocouple_emf(300.0, "L"), "'L' is no letter-designated thermocouple, expected one of B, E, J"),
        (lambda: thermocouple_emf(2000.0, "K"), "the temperature 2000 K is outside the range of a type K"),
        (lambda: thermocouple_emf(300.0, "R", 200.0), "the reference temperature 200 K is outside the range of a type"),
        (lambda: thermocouple_temperature(0.06, "K"), "the electromotive force 0.06 V is outside what a type K"),
        (lambda: thermocouple_temperature(-1e-6, "B"), "the electromotive force -1e-06 V is outside what a type B"),
        (lambda: thermocouple_temperature(0.0, "B"), "the electromotive force 0 V is outside what a type B"),
        (lambda: thermocouple_temperature(math.inf, "K"), "the electromotive force must be finite"),
    ],
)
def test_nonsense_is_refused_with_its_name(call, message):
    """What lies outside the scales is refused, with the value, the place and what was expected."""
    with pytest.raises(PhysicsError) as refused:
        call()
    assert message in str(refused.value)
