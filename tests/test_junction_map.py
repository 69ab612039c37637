"""Where R_J >> R_P holds: the map against the network, the field and numbers by hand; networks to scale."""

from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from thermonet.network.contact import ContactNetwork, bias, field_bias, temperatures, worst_bias
from thermonet.quantities.inputs import Input
from thermonet.report.figures.junction_map import junction_map_figure
from thermonet.report.figures.network_scale import MOST_NODES, DrawnElement, network_scale_figure
from thermonet.studies.design import read_probe
from thermonet.studies.junction_map import (
    DIVISIONS,
    ContactResponses,
    junction_limit_table,
    junction_map,
    junction_map_table,
    lumped_responses,
)
from thermonet.studies.network.shares import shares_of, shares_table
from thermonet.studies.network.study import read_network, study_network
from thermonet.studies.probe import study_probe
from thermonet.system.modes import transfer
from thermonet.system.response import bandwidth, elmore_time

FOLDER = Path(__file__).parents[1] / "geometries"
QUICK = ("numerics.element_scale=4", "numerics.tolerance=5 %")
#: Of the reference numbers in the documentation: R_a is zero there.
PLAIN = ContactNetwork(
    probe_resistance=72800.0, access_resistance=0.0, junction_resistance=1e7, substrate_resistance=1e4
)


@lru_cache
def study():
    return study_probe(read_probe(FOLDER / "ntistp.yaml", QUICK))


@lru_cache
def network():
    return study_network(read_network(FOLDER / "ntistp_network.yaml"))


def test_arrays_are_their_scalars():
    junction, substrate = np.array([[1e5], [1e7], [1.5e9]]), np.array([0.0, 1e4, 7.28e4])
    responses = lumped_responses(PLAIN)
    worst = responses.worst_bias(junction, substrate)
    for i, j in np.ndindex(worst.shape):
        here = replace(PLAIN, junction_resistance=junction[i, 0], substrate_resistance=substrate[j])
        assert worst[i, j] == pytest.approx(worst_bias(here), rel=1e-14)
        for fraction in (0.0, 0.3, 1.0):
            found = responses.bias(junction, substrate, fraction)[i, j]
            assert found == pytest.approx(bias(here, fraction), rel=1e-12, abs=1e-18)
    # -a / (1 + a + b) by hand: R_J = 1e7 and 1.5e9 K/W, R_S = 0.
    assert worst[1:, 0] == pytest.approx([-7.227385e-3, -4.853098e-5], rel=1e-6)


def test_the_field_of_four_responses_is_the_joined_network():
    responses = ContactResponses(1.4e5, 9.1e4, 9e4, 1.38e5)
    found = responses.bias(np.array(1e6), np.array(5e4), 0.7)
    named = {
        "contact_resistance": 1.4e5,
        "contact_transfer": 9.1e4,
        "source_transfer": 9e4,
        "source_to_contact": 1.38e5,
    }
    assert found == pytest.approx(
        field_bias(**named, junction_resistance=1e6, substrate_resistance=5e4, fraction=0.7), rel=1e-12
    )


def test_on_the_line_the_bias_is_the_uncertainty():
    responses, substrate = lumped_responses(study().contact.network), np.linspace(0, 2.5e5, 7)
    for division, fractions in DIVISIONS.items():
        least = responses.least_junction(substrate, division, 3e-3)
        biases = np.max([np.abs(responses.bias(least, substrate, fraction)) for fraction in fractions], axis=0)
        assert (least > 0).any()
        assert biases[least > 0] == pytest.approx(3e-3, rel=1e-12)
        assert (biases[least == 0] <= 3e-3).all()
        beyond = np.max([np.abs(responses.bias(2 * least, substrate, fraction)) for fraction in fractions], axis=0)
        assert (beyond[least > 0] < 3e-3).all()


def test_the_study_of_a_probe_has_its_map():
    """R_J from 1e5 to 1e11 K/W, R_S from 0 to 3 R_P; field and lumped network agree, and with the check."""
    tables, found = study().result.tables, study().junctions
    rows = {name: np.array(column.values, dtype=float) for name, column in tables["junction_map"].items()}
    assert (rows["junction_resistance"].min(), rows["junction_resistance"].max()) == pytest.approx((1e5, 1e11))
    assert set(rows["substrate_to_probe"]) == set(np.linspace(0, 3, 13))
    assert rows["bias_worst"] == pytest.approx(rows["bias_worst_lumped"], abs=1e-9)
    assert np.abs(rows["bias_worst"]).max() > 0.5
    assert np.abs(rows["bias_half"]).max() < 0.5
    check = study().result.checks["junction_much_larger_than_probe"]
    here, ratio = found.here
    substrate = np.array(ratio * found.probe_resistance)
    assert found.field.worst_bias(np.array(here), substrate) == pytest.approx(check.value, rel=1e-9)
    assert found.field.worst_bias(np.array(found.limit), substrate) == pytest.approx(-found.relative_u, rel=1e-9)
    line = tables["junction_limit"]
    ratios, least = (np.array(line[name].values, dtype=float) for name in list(line)[:2])
    assert np.interp(ratio, ratios, least) == pytest.approx(found.limit, rel=1e-2)


def test_the_measured_uncertainty_counts_where_there_is_one():
    """500 K/W of 72 800 where the design states what was measured, else what the prediction has."""
    assert study().junctions.measured
    assert study().junctions.relative_u == pytest.approx(500 / 72800, rel=1e-12)
    solved, contact = study().solved, study().contact
    found = junction_map(solved, contact, measured=None, predicted_u=1e4)
    assert not found.measured
    assert found.relative_u == pytest.approx(1e4 / contact.network.probe_resistance, rel=1e-12)
    exact = junction_map(solved, contact, measured=Input(value=7e4, unit="K/W"), predicted_u=0.0)
    assert exact.relative_u is None
    assert exact.limit is None
    assert list(junction_limit_table(exact)) == ["substrate_to_probe"]


def test_the_map_is_drawn_with_its_line():
    drawing = junction_map_figure(study().junctions)
    assert "0.687 %" in drawing.caption
    assert "measured R_P that the design states" in drawing.caption
    left = drawing.figure.axes[0]
    least = study().junctions.least_junction("worst", study().junctions.relative_u)
    drawn = [line.get_xdata() for line in left.lines]
    assert any(len(x) == len(least) and np.allclose(10.0**x, least) for x in drawn)
    predicted = junction_map(study().solved, study().contact, measured=None, predicted_u=1e4)
    assert "of the predicted R_P" in junction_map_figure(predicted).caption
    nothing = junction_map(study().solved, study().contact, measured=None, predicted_u=0.0)
    assert "no stated uncertainty" in junction_map_figure(nothing).caption
    assert len(junction_map_table(nothing)["bias_worst"].values) == 31 * 13


# --- the probe as a network -------------------------------------------------------------------------------------------


@lru_cache
def contact_network():
    design = study_probe(read_probe(FOLDER / "ntistp.yaml"))
    numbers = {key: design.result.quantities[key].value for key in ("probe_resistance", "access_resistance")}
    return design, ContactNetwork(**numbers, junction_resistance=1e7, substrate_resistance=83.6e3)


def test_the_network_of_the_probe_states_what_the_design_has():
    """R_J and R_S, each with its uncertainty, as the study of the design prints them."""
    elements = network().document.elements
    found = study().result.quantities["junction_resistance"], study().result.quantities["substrate_resistance"]
    assert elements["R_J"].resistance.value == found[0].value
    assert elements["R_S"].resistance.value == pytest.approx(found[1].value, rel=1e-3)
    assert elements["R_S"].resistance.u == pytest.approx(found[1].u, rel=5e-3)


def test_the_network_of_the_probe_is_the_closed_form_of_its_contact():
    """Temperatures and heats by the formulas of the lumped network with the R_P and R_a of the design's study."""
    design, lumped = contact_network()
    rises, quantities = temperatures(lumped, 1e-7, 3e-7), network().result.quantities
    for name in ("thermocouple", "apex", "substrate"):
        assert quantities[f"temperature.{name}"].value == pytest.approx(getattr(rises, name), rel=1e-9)
    across = (rises.apex - rises.substrate) / 1e7
    assert quantities["heat.R_J"].value == pytest.approx(across, rel=1e-6)
    assert quantities["heat.probe.contact"].value == pytest.approx(1e-7 - across, rel=1e-8)
    assert -quantities["heat.probe.chip"].value == pytest.approx(1e-7 - across, rel=1e-8)
    assert network().result.checks["energy_balance"].holds
    biased = quantities["temperature.thermocouple"].value / lumped.probe_resistance / 4e-7 - 0.25
    assert biased == pytest.approx(bias(lumped, 0.25), rel=1e-6)
    assert design.contact.network.substrate_resistance == pytest.approx(83.6e3, rel=1e-3)


def test_a_watt_in_the_substrate_goes_into_the_substrate():
    """R_S / (R_J + R_S + R_P + R_a) of it crosses the junction; the rest of a watt never does."""
    _, lumped = contact_network()
    shares = shares_of(network().solved.model)
    whole = lumped.apex_resistance + 1e7 + 83.6e3
    assert -shares["Q_S"]["R_J"] == pytest.approx(83.6e3 / whole, rel=1e-8)
    assert shares["Q_P"]["R_J"] == pytest.approx(lumped.apex_resistance / whole, rel=1e-8)
    for of_source in shares.values():
        assert of_source["bath"] == pytest.approx(1.0, rel=1e-10)
        assert of_source["R_S"] - of_source["probe.chip"] == pytest.approx(1.0, rel=1e-10)
    table = shares_table(shares)
    assert list(table) == ["through", "Q_P", "Q_S"]


def test_the_thermocouple_sees_the_substrate_late():
    """Through R_J the probe's own delay stays: both responses have one slow mode, and the substrate is at once."""
    _, lumped = contact_network()
    held = network().solved.held
    seen = {node: transfer(held, "thermocouple", node) for node in ("apex", "substrate")}
    whole = lumped.apex_resistance + 1e7 + 83.6e3
    transferred = lumped.probe_resistance * 83.6e3 / whole
    assert seen["substrate"].resistance == pytest.approx(transferred, rel=1e-8)
    assert seen["substrate"].resistance / seen["apex"].resistance == pytest.approx(83.6e3 / (1e7 + 83.6e3), rel=1e-8)
    slow = [elmore_time(response) for response in seen.values()]
    assert slow[1] - slow[0] == pytest.approx(83.6e3 * 0.125e-12, rel=0.03)
    assert bandwidth(seen["substrate"]) == pytest.approx(bandwidth(seen["apex"]), rel=1e-2)


# --- to scale ---------------------------------------------------------------------------------------------------------


def lengths(drawing):
    """Length of the box of every element, in the order in which they were drawn."""
    corners = [patch.get_xy() for patch in drawing.figure.axes[0].patches]
    return np.array([np.linalg.norm(corner[1] - corner[0]) for corner in corners])


def chain(resistances):
    names = [chr(ord("a") + i) for i in range(len(resistances) + 1)]
    return [
        DrawnElement(name=f"{a}-{b}", a=a, b=b, resistance=value, heat=1e-3)
        for (a, b), value in zip(pairwise(names), resistances, strict=True)
    ], dict.fromkeys(names, 0.0)


def test_boxes_are_as_long_as_resistances():
    resistances = [1.0, 3.0, 10.0]
    elements, rises = chain(resistances)
    drawing = network_scale_figure(elements, rises, held={"d"})
    assert lengths(drawing) / lengths(drawing)[-1] == pytest.approx(np.array(resistances) / 10, rel=1e-9)
    assert "in proportion to its resistance" in drawing.caption


def test_beyond_two_decades_boxes_are_logarithmic_and_the_caption_says_so():
    elements, rises = chain([1.0, 1e2, 1e4])
    drawing = network_scale_figure(elements, rises, held={"d"})
    assert lengths(drawing) / lengths(drawing)[-1] == pytest.approx(np.array([1, 3, 5]) / 5, rel=1e-9)
    assert "grows with the logarithm of its resistance, as they spread over 4.0 decades" in drawing.caption


def test_bands_are_as_wide_as_heats():
    elements, rises = chain([1.0, 2.0])
    elements = [elements[0], replace(elements[1], heat=5e-4)]
    axes = network_scale_figure(elements, rises, held={"c"}, sources={"in": ("a", 1e-3)}).figure.axes[0]
    bands = [line.get_linewidth() for line in axes.lines if line.get_alpha() == 0.45]
    assert (bands[1] - 1) / (bands[0] - 1) == pytest.approx(0.5, rel=1e-9)


def test_parallel_elements_lie_side_by_side_and_large_networks_are_not_drawn():
    twins = [DrawnElement(name=f"r{i}", a="a", b="b", resistance=2.0, heat=1.0) for i in range(2)]
    axes = network_scale_figure(twins, {"a": 1.0, "b": 0.0}, held={"b"}).figure.axes[0]
    first, second = (patch.get_xy().mean(axis=0) for patch in axes.patches)
    assert np.linalg.norm(first - second) > 0.1
    long_chain = [
        DrawnElement(name=str(i), a=str(i), b=str(i + 1), resistance=1.0, heat=0.0) for i in range(MOST_NODES)
    ]
    assert network_scale_figure(long_chain, {}, held=()) is None
    assert network_scale_figure([], {"a": 0.0}, held={"a"}) is None
