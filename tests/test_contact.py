"""The network around a contact: closed forms against exact fractions, graphs, limits and derivatives."""

import math
from dataclasses import asdict, replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thermonet.network.contact import (
    ContactNetwork,
    bias,
    bias_gradient,
    field_bias,
    relative_bias,
    temperatures,
    unbiased_probe_heat,
    verdict,
    wiedemann_franz_resistance,
    worst_bias,
)
from thermonet.network.graph import solve_steady
from thermonet.quantities.errors import PhysicsError

CONDUCTANCE_QUANTUM = 7.748091729e-5  # 2 e^2 / h [S]


def network(
    *, probe: float = 72800.0, access: float = 2e4, junction: float = 1e7, substrate: float = 1e4
) -> ContactNetwork:
    """Build the network of the worked reference, or one near it."""
    return ContactNetwork(
        probe_resistance=probe,
        access_resistance=access,
        junction_resistance=junction,
        substrate_resistance=substrate,
    )


networks = st.builds(
    network,
    probe=st.floats(1e4, 1e6),
    access=st.one_of(st.just(0.0), st.floats(1e3, 1e6)),
    junction=st.floats(1e5, 1e10),
    substrate=st.one_of(st.just(0.0), st.floats(1e3, 1e6)),
)

heats = st.integers(-1000, 1000).map(lambda nanowatts: nanowatts * 1e-9)


def test_worked_reference_temperatures():
    """Digits from exact arithmetic: R_P = 72.8, R_a = 20, R_S = 10, R_J = 10 000 kK/W; 100 and 300 nW."""
    found = temperatures(network(), 1e-7, 3e-7)
    assert found.thermocouple == pytest.approx(7.23474680286653205e-3, rel=1e-14)
    assert found.apex == pytest.approx(9.22231460585184305e-3, rel=1e-14)
    assert found.substrate == pytest.approx(3.0062160985073445e-3, rel=1e-14)


@given(contact=networks, probe_heat=st.integers(-20, 20), substrate_heat=st.integers(-20, 20))
def test_temperatures_satisfy_the_node_balances(contact, probe_heat, substrate_heat):
    """Solved as two equations in exact fractions, without the eliminated form."""
    above, junction = Fraction(contact.apex_resistance), Fraction(contact.junction_resistance)
    below = Fraction(contact.substrate_resistance)
    # dT_apex = above (Q_P - J), dT_S = below (Q_S + J), J R_J = dT_apex - dT_S.
    crossing = (above * probe_heat - below * substrate_heat) / (junction + above + below)
    found = temperatures(contact, probe_heat, substrate_heat)
    size = abs(probe_heat) + abs(substrate_heat)
    apex, cold = above * (probe_heat - crossing), below * (substrate_heat + crossing)
    assert found.apex == pytest.approx(float(apex), rel=1e-13, abs=1e-13 * float(above) * size)
    assert found.substrate == pytest.approx(float(cold), rel=1e-13, abs=1e-13 * float(below) * size)
    tapped = float(apex * Fraction(contact.probe_resistance) / above)
    assert found.thermocouple == pytest.approx(tapped, rel=1e-13, abs=1e-13 * float(above) * size)


@settings(max_examples=60, deadline=None)
@given(contact=networks, probe_heat=heats, substrate_heat=heats)
def test_graph_solved_as_a_system_is_the_closed_form(contact, probe_heat, substrate_heat):
    """Two routes to the temperatures, with merged nodes where a resistance is zero."""
    graph, at = contact.graph(), contact.nodes
    heat = {at["apex"]: probe_heat}
    heat[at["substrate"]] = heat.get(at["substrate"], 0.0) + substrate_heat
    solved = solve_steady(graph, {"bath": 0.0}, heat)
    closed = temperatures(contact, probe_heat, substrate_heat)
    size = (abs(probe_heat) + abs(substrate_heat)) * (contact.apex_resistance + contact.substrate_resistance)
    for place, value in asdict(closed).items():
        assert solved.temperature[at[place]] == pytest.approx(value, rel=1e-10, abs=1e-12 * size)
    total = probe_heat + substrate_heat
    assert solved.heat_into["bath"] == pytest.approx(total, rel=1e-10, abs=1e-16)
    assert solved.heat["probe"] == pytest.approx(closed.thermocouple / contact.probe_resistance, rel=1e-9, abs=1e-15)


def test_graph_with_both_zeros_puts_the_junction_beside_the_probe():
    """Thermocouple at the apex, substrate a bath: two parallel elements, their heat as R_J to R_P."""
    contact = network(access=0.0, substrate=0.0)
    solved = solve_steady(contact.graph(), {"bath": 0.0}, {"thermocouple": 1e-6})
    assert solved.heat["junction"] / solved.heat["probe"] == pytest.approx(72800 / 1e7, rel=1e-13)


@pytest.mark.parametrize(
    ("junction", "substrate", "ratio", "exact", "printed"),
    [
        (1e7, 0.0, 1, Fraction(-72800, 10_072_800), -7.227385e-3),
        (1e7, 1e4, 1, Fraction(-62800, 10_082_800), -6.228429e-3),
        (1e7, 72800.0, 3, Fraction(145_600, 10_145_600), 1.435105e-2),
        (1.5e9, 0.0, 1, Fraction(-72800, 1_500_072_800), -4.853098e-5),
        (1e7, 72800.0, 1, Fraction(0), 0.0),
    ],
)
def test_reference_biases(junction, substrate, ratio, exact, printed):
    """Fractions by hand, which agree with decimals worked out elsewhere to their last digit."""
    found = relative_bias(network(access=0.0, junction=junction, substrate=substrate), ratio)
    assert found == pytest.approx(float(exact), rel=1e-14, abs=0)
    assert found == pytest.approx(printed, rel=5e-7, abs=0)


@given(contact=networks, fraction=st.floats(0.01, 1.0))
def test_the_biases_are_those_of_the_temperature(contact, fraction):
    """Bias by either definition is what dT_TC / R_P misses."""
    found = temperatures(contact, fraction, 1 - fraction).thermocouple / contact.probe_resistance
    assert bias(contact, fraction) == pytest.approx(found - fraction, abs=1e-14)
    ratio = (1 - fraction) / fraction
    assert relative_bias(contact, ratio) == pytest.approx(found / fraction - 1, abs=1e-12)


@given(contact=networks, fraction=st.floats(0.0, 1.0))
def test_worst_bias_bounds_every_fraction(contact, fraction):
    """No fraction between the ends exceeds it, and it is reached at one of them."""
    worst = worst_bias(contact)
    assert abs(bias(contact, fraction)) <= abs(worst) * (1 + 1e-15)
    assert worst in (bias(contact, 0.0), bias(contact, 1.0))


def test_worst_bias_has_the_sign_of_the_larger_side():
    """A hot substrate feeds the probe (positive), a cold one drains it (negative)."""
    assert worst_bias(network(access=0.0, substrate=0.0)) == pytest.approx(-72800 / 10_072_800, rel=1e-14)
    assert worst_bias(network(access=0.0, substrate=2e5)) == pytest.approx(2e5 / 10_272_800, rel=1e-14)


@settings(max_examples=60, deadline=None)
@given(contact=networks, fraction=st.floats(-0.5, 1.5))
def test_gradient_is_the_slope_of_exact_fractions(contact, fraction):
    """A central difference in rational arithmetic has no rounding, so its step can be tiny."""

    def exact(numbers, share):
        probe, access, junction, substrate = numbers
        total = probe + access + junction + substrate
        return (substrate * (1 - share) - (probe + access) * share) / total

    names = ("probe_resistance", "access_resistance", "junction_resistance", "substrate_resistance")
    numbers = [Fraction(getattr(contact, name)) for name in names]
    found = bias_gradient(contact, fraction)
    step = Fraction(1, 10**6)
    whole = float(sum(numbers))
    for place, name in enumerate(names):
        up, down = numbers.copy(), numbers.copy()
        up[place] += step
        down[place] -= step
        slope = (exact(up, Fraction(fraction)) - exact(down, Fraction(fraction))) / (2 * step)
        assert getattr(found, name) == pytest.approx(float(slope), rel=1e-12, abs=1e-14 / whole)


@given(contact=networks, probe_heat=heats, substrate_heat=heats)
def test_unbiased_estimator_returns_the_probe_heat(contact, probe_heat, substrate_heat):
    """Forward with the heat, back with the temperature and the total."""
    rise = temperatures(contact, probe_heat, substrate_heat).thermocouple
    found = unbiased_probe_heat(contact, rise, probe_heat + substrate_heat)
    # The two parts of the estimate are larger than their difference by this factor.
    cancelled = 1 + (contact.apex_resistance + contact.substrate_resistance) / contact.junction_resistance
    assert found == pytest.approx(probe_heat, abs=4e-15 * cancelled * (abs(probe_heat) + abs(substrate_heat)))


def test_an_open_junction_has_no_bias():
    """Infinite R_J: the thermocouple reads R_P Q_P, nothing else, and nothing is sensitive to anything."""
    contact = network(junction=math.inf)
    assert temperatures(contact, 1e-7, 3e-7).thermocouple == pytest.approx(72800 * 1e-7, rel=1e-15)
    assert temperatures(contact, 1e-7, 3e-7).substrate == pytest.approx(1e4 * 3e-7, rel=1e-15)
    assert bias(contact, 0.3) == worst_bias(contact) == 0.0
    assert set(asdict(bias_gradient(contact, 0.3)).values()) == {0.0}
    solved = solve_steady(contact.graph(), {"bath": 0.0}, {"apex": 1e-7, "substrate": 3e-7})
    assert set(solved.heat) == {"probe", "access", "substrate"}


@pytest.mark.parametrize("junction", [1e9, 1e12, 1e15])
def test_bias_falls_as_the_inverse_of_a_large_junction_resistance(junction):
    """Leading order: [R_S (1 - f) - (R_P + R_a) f] / R_J."""
    leading = (1e4 * 0.4 - 92800 * 0.6) / junction
    assert bias(network(junction=junction), 0.6) == pytest.approx(leading, rel=2e5 / junction)


def test_a_substrate_that_is_the_bath_takes_its_heat_without_a_trace():
    """R_S = 0: the substrate's heat is not felt, and the probe is drained through the junction."""
    contact = network(access=0.0, substrate=0.0)
    assert temperatures(contact, 1e-7, 0.0) == temperatures(contact, 1e-7, 1.0)
    parallel = 1 / (1 / 72800 + 1 / 1e7)
    assert temperatures(contact, 1.0, 0.0).thermocouple == pytest.approx(parallel, rel=1e-15)


@given(contact=networks, fraction=st.floats(-0.5, 1.5))
def test_field_form_contains_the_lumped_one(contact, fraction):
    """With the responses of the lumped network the field form is the lumped bias."""
    found = field_bias(
        contact_resistance=contact.apex_resistance,
        contact_transfer=contact.probe_resistance,
        source_transfer=contact.probe_resistance,
        source_to_contact=contact.apex_resistance,
        junction_resistance=contact.junction_resistance,
        substrate_resistance=contact.substrate_resistance,
        fraction=fraction,
    )
    assert found == pytest.approx(bias(contact, fraction), rel=1e-12, abs=1e-15)


def test_field_form_of_a_probe_heated_beside_its_contact():
    """A probe of five resistances, solved with and without the junction as one graph."""
    graph = ContactNetwork(
        probe_resistance=7e4, access_resistance=3e4, junction_resistance=1e6, substrate_resistance=5e4
    ).graph()
    # The heat is released at a node behind the contact, with a path of its own to the bath.
    graph.add_edge("apex", "spot", resistance=1.5e4)
    graph.add_edge("spot", "bath", resistance=4e5)
    alone = graph.copy()
    alone.remove_edge("apex", "substrate")
    per_watt = solve_steady(alone, {"bath": 0.0}, {"spot": 1.0}).temperature
    at_contact = solve_steady(alone, {"bath": 0.0}, {"apex": 1.0}).temperature
    fraction = 0.35
    joined = solve_steady(graph, {"bath": 0.0}, {"spot": fraction, "substrate": 1 - fraction}).temperature
    found = field_bias(
        contact_resistance=at_contact["apex"],
        contact_transfer=at_contact["thermocouple"],
        source_transfer=per_watt["thermocouple"],
        source_to_contact=per_watt["apex"],
        junction_resistance=1e6,
        substrate_resistance=5e4,
        fraction=fraction,
    )
    exact = joined["thermocouple"] / per_watt["thermocouple"] - fraction
    assert found == pytest.approx(exact, rel=1e-11)


@pytest.mark.parametrize(
    ("value", "u", "threshold", "holds"),
    [
        (-0.004, 0.001, 0.01, True),
        (0.5, 0.25, 1.0, True),  # the boundary still holds
        (-0.02, 0.001, 0.01, False),
        (2.0, 0.5, 1.0, None),  # the other boundary is undecided
        (-0.009, 0.001, 0.01, None),
        (0.0, math.inf, 0.01, None),
    ],
)
def test_verdict_needs_two_standard_uncertainties(value, u, threshold, holds):
    """Decided only where the interval bias ± 2 u lies on one side of the threshold."""
    assert verdict(value, u, threshold) is holds


def test_verdict_refuses_what_is_no_number():
    """Not a number is neither below nor above."""
    for value, u, threshold in (
        (math.nan, 0.0, 1.0),
        (0.0, math.nan, 1.0),
        (0.0, -1.0, 1.0),
        (0.0, 0.0, math.nan),
    ):
        with pytest.raises(PhysicsError):
            verdict(value, u, threshold)


def test_wiedemann_franz_of_one_gold_atom():
    """One conductance quantum at 300 K: 567.86 pW/K, 1.76e9 K/W."""
    found = wiedemann_franz_resistance(CONDUCTANCE_QUANTUM, 300.0)
    assert 1 / found == pytest.approx(567.86e-12, rel=1e-5)
    # The heat conductance per channel is pi^2 k_B^2 T / 3h per spin (Pendry's bound).
    assert 1 / found == pytest.approx(2 * math.pi**2 * 1.380649e-23**2 * 300 / (3 * 6.62607015e-34), rel=1e-9)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("probe_resistance", 0.0),
        ("probe_resistance", math.inf),
        ("access_resistance", -1.0),
        ("access_resistance", math.nan),
        ("junction_resistance", 0.0),
        ("junction_resistance", math.nan),
        ("substrate_resistance", -1.0),
        ("substrate_resistance", math.inf),
    ],
)
def test_resistances_without_meaning_are_refused(name, value):
    """The message names the resistance."""
    with pytest.raises(PhysicsError, match=name):
        replace(network(), **{name: value})


@pytest.mark.parametrize(("conductance", "temperature"), [(0.0, 300.0), (1e-5, -1.0), (math.nan, 300.0)])
def test_wiedemann_franz_refuses_what_cannot_be(conductance, temperature):
    """No conductance or no temperature has no resistance."""
    with pytest.raises(PhysicsError):
        wiedemann_franz_resistance(conductance, temperature)
