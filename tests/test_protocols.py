"""Protocols: each finds the truth that its records were simulated with, and refuses what it cannot tell."""

import numpy as np
import pytest

from thermonet.calibration import verdicts
from thermonet.calibration.assessment import assess
from thermonet.calibration.campaign import Campaign
from thermonet.calibration.conditions import CalibrationError
from thermonet.calibration.protocols.junction import junction_bias
from thermonet.calibration.records import Record
from thermonet.calibration.simulate import simulated, true_values
from thermonet.calibration.thermometry import film_resistance, iec60751_resistance, its90_ratio
from thermonet.documents.campaign import CampaignDocument
from thermonet.documents.located import parse
from thermonet.documents.reader import validated
from thermonet.network.contact import ContactNetwork, relative_bias
from thermonet.quantities.errors import DataError, DocumentError

HEAD = """
thermonet: campaign/1
name: test
source: "synthetic: a test"
date: "2026-01-01"
environment: {temperature: 296 K}
probes:
  probe: {polarity: "-1"}
"""
STAGE = (
    HEAD
    + """
thermometers:
  stage: {kind: kelvin, offset: 0 ± 5 mK}
  box: {kind: kelvin, offset: 0 ± 5 mK}
experiments:
  e:
    data: unused.csv
    stage: stage
    reference: box
    noise: {V: 50 nV, stage: 1 mK}
"""
)
ISOTHERMAL = STAGE + "    protocol: isothermal_stage\n    gradient: 0 ± 0.2 %\n"
HOT = (
    STAGE
    + """    protocol: hot_stage
    tap_ratio: 0.66 ± 0.02
    contacts:
      soft: {resistance: 300 ± 1 kK/W}
      firm: {resistance: 120 ± 1 kK/W}
      hard: {resistance: 40 ± 1 kK/W}
"""
)
GOLD = (
    HEAD.replace('polarity: "-1"', "seebeck_coefficient: 16.3 ± 0.2 uV/K")
    + """
experiments:
  e:
    data: unused.csv
    protocol: symmetric_junction
    heat_fraction: 0.5 ± 0.001
    lead_resistance: 120 ± 5 ohm
    lead_share: 0.5 ± 0.05
    lead_transfer_ratio: 0.2 ± 0.05
    source_factor: 1 ± 0.001
    junction_resistance: 1.5e9 ± 1e8 K/W
    substrate_resistance: 84 ± 20 kK/W
    access_resistance: 46 ± 10 kK/W
    noise: {V_plus: 1.5 nV, V_minus: 1.5 nV}
"""
)
LINE = (
    HEAD
    + """
experiments:
  e:
    data: unused.csv
    protocol: joule_line
    line_share: 0.9 ± 0.01
    field_factor: 1.3 ± 0.01
    time_constants: [30 us, 3 us]
    filter_time_constant: 0.5 us
    noise: {V_in_phase: 2 nV, V_quadrature: 2 nV}
"""
)
TOUCH = (
    HEAD
    + """
thermometers:
  platform: {kind: platinum, at: 300 K, resistance: 800 ± 0.05 ohm, temperature_coefficient: 1.9e-3 ± 2e-6 1/K}
experiments:
  e:
    data: unused.csv
    protocol: calorimeter
    thermometer: platform
    bath_temperature: 300 ± 0.01 K
    beam_resistance: 20 ± 2 ohm
    background: 0 ± 0.1 %
    field_factor: 1 ± 0.001
    noise: {V_TC: 3 nV, V: 0.2 uV}
"""
)
FILM = (
    HEAD
    + """
thermometers:
  film: {kind: platinum, at: 300 K}
  bath: {kind: kelvin, offset: 0 ± 2 mK}
experiments:
  e:
    data: unused.csv
    protocol: platinum_thermometer
    thermometer: film
    bath: bath
    noise: {V: 2 uV, bath: 1 mK}
"""
)


def document(text):
    return validated(parse(text, "test.yaml"), CampaignDocument)


def campaign(text, **channels):
    size = len(next(iter(channels.values())))
    return Campaign(document(text), {"e": Record("test.csv", channels, {}, np.arange(2, 2 + size))}, {})


def calibrated(set_up, known, seed=1):
    """Truth drawn with what is known, and the estimate from records simulated with it."""
    generator = np.random.default_rng(seed)
    truth = true_values(set_up.assembled()[0], known, generator)
    return truth, simulated(set_up, truth, generator).adjusted()


def assert_found(truth, found, *names, within=3.0):
    for name in names:
        assert abs(found.value(name) - truth[name]) < within * found.u(name), name


SEEBECK, RESPONSIVITY = "probes.probe.seebeck_coefficient", "probes.probe.responsivity"


def stage_channels(**more):
    warm = np.repeat(np.linspace(290, 312, 12), 3)
    return {"V": 0 * warm, "stage": warm, "reference": 0 * warm + 296.2, **more}


def test_isothermal_stage_finds_the_seebeck_coefficient():
    """S_TC within its u at either polarity, and its u not below what the gradient alone gives."""
    truth, found = calibrated(
        campaign(ISOTHERMAL, **stage_channels()), {SEEBECK: 16.3e-6, "experiments.e.offset": 2e-7}
    )
    assert_found(truth, found, SEEBECK, "experiments.e.offset")
    assert found.u(SEEBECK) / found.value(SEEBECK) > 0.0018


def test_isothermal_stage_with_curvature():
    """A thermocouple whose S_TC changes with temperature: named by the test, and found where it is fitted."""
    set_up = campaign(ISOTHERMAL + "    curvature: fitted\n", **stage_channels())
    known = {SEEBECK: 16.3e-6, "experiments.e.offset": 0.0, "experiments.e.curvature": 4e-8}
    truth, found = calibrated(set_up, known)
    assert_found(truth, found, SEEBECK, "experiments.e.curvature")
    assert found.u("experiments.e.curvature") < 2e-8


@pytest.mark.parametrize(
    ("entry", "reading"),
    [
        (
            "{kind: platinum, at: 300 K, resistance: 108.7 ± 0.001 ohm, temperature_coefficient: 3.6e-3 ± 1e-6 1/K}",
            lambda T: film_resistance(T, 108.7, 300.0, 3.6e-3),
        ),
        ("{kind: iec60751, resistance: 100 ± 0.001 ohm, offset: 0 ± 5 mK}", iec60751_resistance),
        (
            "{kind: its90, triple_point_resistance: 25.5 ± 1e-5 ohm, a: -3e-4, b: -2e-5, offset: 0 ± 1 mK}",
            lambda T: 25.5 * with_deviation(its90_ratio(T)),
        ),
    ],
    ids=["platinum", "iec60751", "its90"],
)
def test_every_thermometer_serves_a_stage(entry, reading):
    """The stage's temperature from a platinum film, an industrial and a standard thermometer."""
    text = ISOTHERMAL.replace("stage: {kind: kelvin, offset: 0 ± 5 mK}", f"stage: {entry}").replace(
        "stage: 1 mK", "stage: 10 uohm"
    )
    channels = stage_channels()
    channels["stage"] = reading(np.maximum(channels["stage"], 290.0))
    truth, found = calibrated(campaign(text, **channels), {SEEBECK: 16.3e-6, "experiments.e.offset": 0.0})
    assert_found(truth, found, SEEBECK)
    assert found.u(SEEBECK) < 1e-7


def with_deviation(reference):
    """W of a thermometer from W_r, ITS-90 equation (14): the root of W - W_r = a (W - 1) + b (W - 1)^2."""
    a, b = -3e-4, -2e-5
    excess = reference - 1
    return 1 + 2 * excess / ((1 - a) + np.sqrt((1 - a) ** 2 - 4 * b * excess))


def test_hot_stage_extrapolates_the_contact():
    """Three known contacts: S_TC and rho are both found, S_TC no better than the tap ratio."""
    names = np.tile(["soft", "firm", "hard"], 12)
    set_up = campaign(HOT, **stage_channels(contact=names))
    known = {SEEBECK: 16.3e-6, RESPONSIVITY: 1.187, "experiments.e.offset": 0.0}
    truth, found = calibrated(set_up, known)
    assert_found(truth, found, SEEBECK, RESPONSIVITY)
    assert found.u(SEEBECK) / found.value(SEEBECK) > 0.03


def test_hot_stage_with_two_contacts_is_refused():
    """Two contacts in the document or in the data: S_TC and contact cooling are not identifiable."""
    two = "\n".join(row for row in HOT.splitlines() if "hard:" not in row) + "\n"
    with pytest.raises(DocumentError, match="S_TC and contact cooling not identifiable"):
        document(two)
    same = HOT.replace("40 ± 1 kK/W", "120 ± 1 kK/W")
    with pytest.raises(DocumentError, match="S_TC and contact cooling not identifiable"):
        document(same)
    set_up = campaign(HOT, **stage_channels(contact=np.tile(["soft", "firm", "firm"], 12)))
    with pytest.raises(CalibrationError, match="S_TC and contact cooling not identifiable"):
        set_up.adjusted()


def test_hot_stage_names_an_unknown_contact():
    """A contact that the document does not know is a data error at its line."""
    names = np.tile(["soft", "firm", "hard"], 12)
    names[4] = "damp"
    with pytest.raises(DataError, match=r"test\.csv:6:1: contact: there is no contact 'damp'"):
        campaign(HOT, **stage_channels(contact=names)).adjusted()


def gold_channels(size=10):
    bias = np.repeat([30e-3, 43e-3, 52e-3, 60e-3, 67e-3], size)
    return {"V": bias, "I": bias / 13_000, "V_plus": 0 * bias, "V_minus": 0 * bias}


def test_symmetric_junction_finds_the_responsivity():
    """Rho is found; R_P inherits u(S_TC), and the two are strongly anticorrelated."""
    truth, found = calibrated(campaign(GOLD, **gold_channels()), {SEEBECK: 16.3e-6, RESPONSIVITY: 1.187})
    assert_found(truth, found, RESPONSIVITY)
    assert found.u(RESPONSIVITY) / found.value(RESPONSIVITY) < 0.004
    # The junction's bias rests on R_P = rho / S_TC, which hardly ties the two.
    places = found.index(SEEBECK), found.index(RESPONSIVITY)
    assert abs(found.covariance[places]) < 1e-2 * found.u(SEEBECK) * found.u(RESPONSIVITY)


def test_symmetric_junction_by_hand():
    """One reading at the stated inputs against the written equation."""
    (block,) = campaign(GOLD, **gold_channels(1)).assembled()[1]
    stated = {p.name: p.prior.value for p in campaign(GOLD, **gold_channels(1)).assembled()[0] if p.prior}
    values = {**stated, RESPONSIVITY: 1.187}
    volts, amperes = 67e-3, 67e-3 / 13_000
    lead = amperes**2 * 120
    a, b = (1.187 / 16.3e-6 + 46e3) / 1.5e9, 84e3 / 1.5e9
    bias = (a - b) / (1 + a + b)
    expected = 1.187 * (0.5 * (amperes * volts - lead) * (1 - bias) + 0.2 * lead * 0.5)
    assert -block.misclosure(block.observed, values)[-1] == pytest.approx(expected, rel=1e-12)


def test_a_factor_in_per_cent_is_refused():
    """'1 ± 0.1 %' reads as one per cent: no ratio of two resistances of one probe."""
    with pytest.raises(DocumentError, match=r"source_factor: must be above 0\.05|source_factor: must be above 5 %"):
        document(GOLD.replace("source_factor: 1 ± 0.001", "source_factor: 1 ± 0.1 %"))


@pytest.mark.parametrize("fraction", [0.5, 0.35])
def test_junction_bias_is_that_of_the_contact_network(fraction):
    """The bias equals what the network of the contact gives, with the sign of a loss."""
    of = {
        "junction_resistance": 1e7,
        "substrate_resistance": 3e4,
        "access_resistance": 4e4,
        "heat_fraction": fraction,
    }
    network = ContactNetwork(
        probe_resistance=72_800, access_resistance=4e4, junction_resistance=1e7, substrate_resistance=3e4
    )
    found = relative_bias(network, (1 - fraction) / fraction)
    assert junction_bias(72_800.0, of) == pytest.approx(-found, rel=1e-12)


def test_joule_line_finds_poles_and_responsivity():
    """Two poles, the share of the slow one and rho from 25 frequencies, behind a known low-pass."""
    f = np.geomspace(100, 1e5, 25)
    set_up = campaign(LINE, f=f, I=0 * f + 3e-4, R=0 * f + 50, V_in_phase=0 * f, V_quadrature=0 * f)
    known = {
        RESPONSIVITY: 1.187,
        "experiments.e.time_constant.1": 45e-6,
        "experiments.e.time_constant.2": 4e-6,
        "experiments.e.share.1": 0.3,
    }
    truth, found = calibrated(set_up, known)
    assert_found(truth, found, *known)
    assert found.u("experiments.e.time_constant.1") < 1e-6


def test_a_pole_too_many_is_named():
    """Three poles on the answer of one: what the records do not resolve is named."""
    f = np.geomspace(100, 1e5, 25)
    one = LINE.replace("[30 us, 3 us]", "[30 us]")
    set_up = campaign(one, f=f, I=0 * f + 3e-4, R=0 * f + 50, V_in_phase=0 * f, V_quadrature=0 * f)
    generator = np.random.default_rng(1)
    known = {RESPONSIVITY: 1.187, "experiments.e.time_constant.1": 30e-6}
    records = simulated(set_up, true_values(set_up.assembled()[0], known, generator), generator).records
    two = Campaign(document(LINE.replace("[30 us, 3 us]", "[30 us, 1 us]")), records, {})
    found = two.adjusted()
    checks = verdicts.checks(found, assess(two, found))
    assert [check.holds for key, check in checks.items() if key.startswith("resolved.")] == [False]
    one_pole = Campaign(document(one), records, {}).adjusted()
    assert not [key for key in verdicts.checks(one_pole, assess(set_up, one_pole)) if key.startswith("resolved.")]


def touch_channels(closed=20, opened=10):
    current = np.concatenate([np.linspace(8e-6, 24e-6, opened), np.linspace(15e-6, 60e-6, closed)])
    contact = np.array(["open"] * opened + ["closed"] * closed)
    rise = np.where(contact == "open", current**2 * 820 / 62e-9, current**2 * 820 / 4e-6)
    return {"I": current, "V": current * 800 * (1 + 1.9e-3 * rise), "V_TC": 0 * current, "contact": contact}


def test_calorimeter_finds_conductance_and_responsivity():
    """Open readings give the beams' conductance, closed ones rho."""
    known = {RESPONSIVITY: 1.187, "experiments.e.conductance": 62e-9, "experiments.e.offset": 1e-8}
    truth, found = calibrated(campaign(TOUCH, **touch_channels()), known)
    assert_found(truth, found, *known)
    assert found.u("experiments.e.conductance") < 0.01 * 62e-9


def test_calorimeter_without_open_readings_needs_a_conductance():
    """No open reading and no stated conductance: refused, and told what would do; stated, it works."""
    channels = {key: values[10:] for key, values in touch_channels().items()}
    with pytest.raises(CalibrationError, match=r"expected experiments\.e\.conductance or readings"):
        campaign(TOUCH, **channels).adjusted()
    stated = campaign(TOUCH + "    conductance: 62 ± 1 nW/K\n", **channels)
    truth, found = calibrated(stated, {RESPONSIVITY: 1.187, "experiments.e.offset": 1e-8})
    assert_found(truth, found, RESPONSIVITY)


def test_calorimeter_needs_contact():
    """Open readings alone carry no signal."""
    channels = {key: values[:10] for key, values in touch_channels().items()}
    with pytest.raises(CalibrationError, match="they carry the signal"):
        campaign(TOUCH, **channels).adjusted()


def film_channels(currents=(0.3e-3, 1e-3)):
    bath, current = (a.ravel() for a in np.meshgrid(np.linspace(285, 315, 6), [*currents, *(-i for i in currents)]))
    return {"bath": bath, "I": current, "V": current * film_resistance(bath, 108.7, 300.0, 3.6e-3)}


FILM_TRUTH = {
    "thermometers.film.resistance": 108.7,
    "thermometers.film.temperature_coefficient": 3.6e-3,
    "experiments.e.self_heating": 900.0,
    "experiments.e.offset": 1e-6,
}


def test_platinum_thermometer_finds_its_coefficients():
    """R_0, alpha, the film's own heating and the voltage of its leads."""
    truth, found = calibrated(campaign(FILM, **film_channels()), FILM_TRUTH)
    assert_found(truth, found, *FILM_TRUTH)
    assert found.u("experiments.e.self_heating") < 90


def test_platinum_thermometer_finds_curvature():
    """The quadratic coefficient where it is asked for, and where the platform needs it."""
    known = {**FILM_TRUTH, "thermometers.film.quadratic_coefficient": -6e-7}
    truth, found = calibrated(campaign(FILM + "    curvature: fitted\n", **film_channels()), known)
    assert_found(truth, found, *known)


def test_platinum_thermometer_at_one_current_is_refused():
    """Self-heating needs currents that differ, or to be stated."""
    with pytest.raises(CalibrationError, match=r"differ by 20 % or more, or experiments\.e\.self_heating"):
        campaign(FILM, **film_channels((1e-3,))).adjusted()


def test_a_current_of_zero_is_named():
    """A reading without current has no resistance; its line is named."""
    channels = film_channels()
    channels["I"][3] = 0.0
    with pytest.raises(CalibrationError, match="I is zero in line 5"):
        campaign(FILM, **channels).adjusted()


def test_noise_that_no_reading_has_is_refused():
    """A noise of 1e-300 V would give infinite weights."""
    with pytest.raises(CalibrationError, match=r"a noise of 1e-300 in V.*no standard uncertainty"):
        campaign(ISOTHERMAL.replace("V: 50 nV", "V: 1e-300 V"), **stage_channels(V=np.ones(36))).adjusted()


def test_one_stage_temperature_is_refused():
    """At a single temperature offset and S_TC are one number."""
    channels = stage_channels()
    channels["stage"] = 0 * channels["stage"] + 310.0
    with pytest.raises(CalibrationError, match="not identifiable together"):
        campaign(ISOTHERMAL.replace(", stage: 1 mK", ""), **channels).adjusted()
