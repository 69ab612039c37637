"""Structure functions of models, and of step responses with noise; the validation stack, text in and out."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml

from thermonet.network.ladders import Cauer, cauer_from_foster, foster_from_cauer, response
from thermonet.network.spectrum import noise_of, time_constant_spectrum
from thermonet.network.structure import (
    blocks,
    read_step,
    step_text,
    structure_function,
    structure_function_from_step,
    structure_text,
)
from thermonet.quantities.errors import PhysicsError
from thermonet.system.response import step

STACK = Path(__file__).parents[1] / "docs" / "validation" / "three_blocks.yaml"
#: The validation stack: capacity of the C-rich and resistance of the R-rich part of its three blocks.
RESISTANCES, CAPACITIES = np.array([1.0, 2.0, 1.5]), np.array([1e-3, 5e-3, 0.1])


def times(first, last):
    """Fifty per decade."""
    return np.geomspace(first, last, round(50 * np.log10(last / first)) + 1)


def measured(ladder, time, seed, share=1e-3):
    """Step response with noise of a share of its final value."""
    clean = step(response(ladder), time)
    return clean + share * clean[-1] * np.random.default_rng(seed).standard_normal(len(time))


@cache
def read_blocks(resistances, capacities, seeds):
    """Blocks of a stack by seed: cumulative resistance and capacity of all but the last (seeds, blocks, 2)."""
    stack = Cauer(np.array(resistances), np.array(capacities))
    slowest = response(stack).time_constants
    time = times(slowest[-1] / 100, 10 * slowest[0])
    count = len(resistances) - 1
    found = []
    for seed in range(seeds):
        # Repetitions say how sure the reading is; the reading is none of theirs.
        seen = blocks(structure_function_from_step(time, measured(stack, time, seed), repetitions=1))[:count]
        found.append([(block.resistance, block.capacity) for block in seen])
    return np.array(found)


# --- deconvolution ------------------------------------------------------------------------------------------------


def test_the_validation_stack_is_the_one_tested():
    """The document has the numbers of this file."""
    document = yaml.safe_load(STACK.read_text(encoding="utf-8"))
    drawn = [element["resistance"] for element in document["elements"].values()]
    held = [node["heat_capacity"] for node in document["nodes"].values() if "heat_capacity" in node]
    assert drawn == [f"{value:g} K/W" for value in RESISTANCES]
    assert held == [f"{value * 1e3:g} mJ/K" for value in CAPACITIES]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("resistances", "capacities"),
    [
        (tuple(RESISTANCES), tuple(CAPACITIES)),
        ((1.0, 1.0, 1.0), (1e-3, 5e-3, 0.025)),
        ((5.0, 2.0, 0.5), (1e-4, 5e-3, 0.2)),
        ((6.77, 1.0, 5.69), (0.148e-3, 8.6e-3, 0.0197)),
        ((0.3, 3.0, 1.0), (0.01, 0.005, 1.0)),
        ((1.0, 5.0, 25.0), (1e-3, 1e-3, 1e-3)),
    ],
    ids=["validation", "factor five", "falling", "resistive first", "weak first", "equal capacities"],
)
def test_three_blocks_with_noise(resistances, capacities):
    """Median of fifty seeds, noise of 0.1 %: all blocks but the last, resistance within 3 %, capacity within 10 %."""
    found = np.median(read_blocks(resistances, capacities, 50), axis=0)
    assert found[:, 0] == pytest.approx(np.cumsum(resistances)[:-1], rel=0.03)
    assert found[:, 1] == pytest.approx(np.cumsum(capacities)[:-1], rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("resistive_first", [True, False])
def test_drawn_stacks_of_both_orders(resistive_first):
    """Stacks drawn at random, neighbouring time constants a factor of 5 to 20 apart, in the same limits."""
    random = np.random.default_rng(100)
    for _ in range(5):
        times_apart = np.exp(random.uniform(np.log(5), np.log(20), 2))
        large = random.uniform(3, 8, 2)
        resistances = np.array([large[0], 1.0, large[1]]) if resistive_first else np.array([1.0, large[0], 1.0])
        capacities = 1e-3 * np.cumprod([1.0, *times_apart]) / resistances
        found = np.median(read_blocks(tuple(resistances), tuple(capacities), 15), axis=0)
        assert found[:, 0] == pytest.approx(np.cumsum(resistances)[:-1], rel=0.03)
        assert found[:, 1] == pytest.approx(np.cumsum(capacities)[:-1], rel=0.1)


def test_one_measurement_of_three_blocks():
    """A single record of the validation stack, within three times as much."""
    found = read_blocks(tuple(RESISTANCES), tuple(CAPACITIES), 1)[0]
    assert found[:, 0] == pytest.approx([1.0, 3.0], rel=0.09)
    assert found[:, 1] == pytest.approx([1e-3, 6e-3], rel=0.3)


def test_layers_that_are_lines():
    """Blocks of thin stores and thin resistances, each a line of 30 sections: read as those they stand for."""
    layers = [(0.02, 1e-3), (1.0, 1e-5), (0.02, 5e-3), (2.0, 5e-5), (0.02, 0.1), (1.5, 1e-3)]
    resistances = np.concatenate([np.full(30, r / 30) for r, _ in layers])
    capacities = np.concatenate([np.full(30, c / 30) for _, c in layers])
    stack = Cauer(resistances, capacities)
    time = times(1e-5, 10 * response(stack).time_constants[0])
    seen = blocks(structure_function_from_step(time, measured(stack, time, 3)))
    assert [block.resistance for block in seen[:2]] == pytest.approx([1.03, 3.05], rel=0.05)
    assert [block.capacity for block in seen[:2]] == pytest.approx([1.005e-3, 6.035e-3], rel=0.1)


def test_without_noise_the_spectrum_is_that_of_the_ladder():
    """Lines of a computed response lie beside the true ones, and add up to them."""
    stack = Cauer(RESISTANCES, CAPACITIES)
    true = foster_from_cauer(stack)
    time = times(1e-5, 2.0)
    found = time_constant_spectrum(time, step(response(stack), time), noise=0.0)
    for tau, size in zip(true.time_constants, true.resistances, strict=True):
        near = np.abs(np.log(found.time_constants / tau)) < 0.3
        assert found.resistances[near].sum() == pytest.approx(size, rel=0.01)
    assert (found.resistances >= 0).all()
    assert found.density.max() > 0


@pytest.mark.parametrize("resistances", [(6.77, 1.0, 5.69), (1.0, 2.0, 1.5)])
def test_lines_between_the_points_of_a_grid_are_one_each(resistances):
    """Without noise the fewest lines are those of the stack, wherever they lie, and the chain is the stack."""
    stack = Cauer(np.array(resistances), np.array([1e-3, 8.6e-3, 0.112]) / np.array(resistances))
    true = foster_from_cauer(stack)
    time = times(1e-6, 5.0)
    found = time_constant_spectrum(time, step(response(stack), time), noise=0.0).ladder
    assert np.sort(found.time_constants) == pytest.approx(np.sort(true.time_constants), rel=1e-4)
    chain = cauer_from_foster(found)
    assert chain.resistances == pytest.approx(stack.resistances, rel=1e-2)
    assert chain.capacities == pytest.approx(stack.capacities, rel=1e-2)


def test_noise_is_found_in_the_data():
    """Third differences show the noise of a smooth curve, robustly against a spike."""
    stack, time = Cauer(RESISTANCES, CAPACITIES), times(1e-6, 2.0)
    data = measured(stack, time, 0)
    assert noise_of(data) == pytest.approx(4.5e-3, rel=0.2)
    data[100] += 1.0
    assert noise_of(data) == pytest.approx(4.5e-3, rel=0.2)


def test_noise_that_hides_the_response_is_refused():
    stack, time = Cauer(RESISTANCES, CAPACITIES), times(1e-5, 2.0)
    with pytest.raises(PhysicsError, match=r"noise of 0\.9 K/W hides"):
        structure_function_from_step(time, step(response(stack), time), 0.9)


def test_the_same_data_give_the_same_digits():
    stack, time = Cauer(RESISTANCES, CAPACITIES), times(1e-5, 2.0)
    data = measured(stack, time, 0)
    one, other = (structure_function_from_step(time, data, 4.5e-3, repetitions=5) for _ in range(2))
    assert (one.capacity == other.capacity).all()
    assert one.spread.max() > 0


@pytest.mark.parametrize(
    ("time", "data", "noise", "said"),
    [
        (np.arange(1.0, 10.0), np.ones(9), None, "at least 20 times"),
        (np.linspace(0, 1, 50), np.ones(50), None, "ascend from above zero"),
        (np.linspace(1, 2, 50), np.ones(50), None, "at least a decade"),
        (np.geomspace(1, 100, 50), -np.ones(50), None, "rises"),
        (np.geomspace(1, 100, 50), np.full(50, np.nan), None, "finite"),
        (np.geomspace(1, 100, 50), np.ones(50), -1.0, "zero or positive"),
    ],
)
def test_what_is_no_step_response_is_refused(time, data, noise, said):
    with pytest.raises(PhysicsError, match=said):
        structure_function_from_step(time, data, noise)


# --- models -------------------------------------------------------------------------------------------------------


def test_a_uniform_line_has_a_straight_structure_function():
    """Capacity grows in proportion to resistance, dC/dR is C / R."""
    line = Cauer(np.full(40, 0.1), np.full(40, 0.05))
    for ladder in (line, foster_from_cauer(line)):
        found = structure_function(ladder)
        assert found.resistance == pytest.approx(np.arange(1, 41) * 0.1, rel=1e-6)
        assert found.capacity == pytest.approx(np.arange(1, 41) * 0.05, rel=1e-6)
        assert found.differential == pytest.approx(np.full(40, 0.5), rel=1e-6)


def test_blocks_of_a_model_are_exact():
    """Read from the exact stages, a stack of three blocks is what it was made of."""
    found = blocks(structure_function_from_step(*_clean()))
    assert [block.resistance for block in found[:2]] == pytest.approx([1.0, 3.0], rel=0.01)
    assert [block.capacity for block in found[:2]] == pytest.approx([1e-3, 6e-3], rel=0.01)


def _clean():
    stack, time = Cauer(RESISTANCES, CAPACITIES), times(1e-6, 3.0)
    return time, step(response(stack), time), 0.0


# --- text ---------------------------------------------------------------------------------------------------------


def test_text_has_a_header_and_two_columns():
    text = structure_text(structure_function(Cauer(np.array([1.0, 2.0]), np.array([0.5, 0.25]))))
    header, *rows = text.splitlines()
    assert header == "R_th_sum [K/W]\tC_th_sum [W.s/K]"
    assert [[float(word) for word in row.split("\t")] for row in rows] == [[1.0, 0.5], [3.0, 0.75]]


@pytest.mark.parametrize(
    "written",
    ["0.0; 0.0\n1e-3;2.5\n2e-3;3.5\n", "time,Zth\n-1,0\n1e-3,2.5\n2e-3,3.5,9\n", "% s K/W\n1e-3 2.5\n\n2e-3\t3.5\n"],
)
def test_measured_steps_are_read(tmp_path, written):
    """Semicolons, commas, blanks; headers and comments; points before the switching are left out."""
    file = tmp_path / "step.csv"
    file.write_text(written)
    time, data = read_step(file)
    assert time.tolist() == [1e-3, 2e-3]
    assert data.tolist() == [2.5, 3.5]


def test_a_step_is_read_as_it_was_written(tmp_path):
    time = np.geomspace(1e-6, 1, 30)
    (tmp_path / "step.txt").write_text(step_text(time, np.sqrt(time)))
    again, data = read_step(tmp_path / "step.txt")
    assert again == pytest.approx(time, rel=1e-9)
    assert data == pytest.approx(np.sqrt(time), rel=1e-9)


def test_a_broken_line_is_named(tmp_path):
    (tmp_path / "step.csv").write_text("t,Z\n1,2\n2,oops\n")
    with pytest.raises(PhysicsError, match=r"step\.csv:3: expected a time and a temperature per watt"):
        read_step(tmp_path / "step.csv")
