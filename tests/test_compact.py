"""Compact models: the reference probe within its limits, ports that keep their conductances, honest errors."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse as sp

from thermonet.quantities.errors import PhysicsError
from thermonet.studies.answers import solve_probe
from thermonet.studies.design import probe_of, read_probe
from thermonet.studies.values import Values
from thermonet.system.compact import compact_model
from thermonet.system.core import System
from thermonet.system.join import join
from thermonet.system.modes import Transfer, transfer
from thermonet.system.reduction import craig_bampton, summed
from thermonet.system.response import harmonic, step
from thermonet.system.steady import resistance

DESIGN = Path(__file__).parents[1] / "geometries" / "ntistp.yaml"


@cache
def probe():
    """The reference probe on a moderately fine mesh, 1000 unknowns, held at its chip."""
    return solve_probe(probe_of(read_probe(DESIGN), Values()), 3.0)


def large():
    """Its large system, held anew so that every test counts its own factors."""
    return summed(probe().held.system).hold("chip")


@cache
def all_modes():
    """Time constants and K-orthonormal shapes of the large system."""
    held = large()
    K, C = (matrix.toarray()[np.ix_(held.free, held.free)] for matrix in (held.K, held.C))
    times, shapes = scipy.linalg.eigh((C + C.T) / 2, (K + K.T) / 2)
    return times[::-1], shapes[:, ::-1]


def exact(sensor):
    """Response of a sensor of the large system to the apex, all modes."""
    held, (times, shapes) = large(), all_modes()
    load, weights = held.system.sources["apex"][held.free], held.system.sensors[sensor][held.free]
    return Transfer(times, (weights @ shapes) * (load @ shapes))


def differences(true, small, highest=1e6):
    """Largest step error relative to the steady value at all times, and harmonic error relative to the response."""
    time = np.concatenate([[0.0], np.geomspace(1e-13, 1e-2, 1200)])
    frequency = np.geomspace(1.0, highest, 200)
    seen = harmonic(true, frequency)
    stepwise = np.abs(step(true, time) - step(small, time)).max() / abs(true.resistance)
    return stepwise, (np.abs(harmonic(small, frequency) - seen) / np.abs(seen)).max()


# --- the probe ----------------------------------------------------------------------------------------------------


@cache
def compact_probe():
    return compact_model(large(), ("apex",), ("thermocouple", "contact"))


def test_the_probe_needs_few_states_and_solutions():
    """At most 24 states from two factorisations and 40 back-substitutions."""
    found = compact_probe()
    assert found.states <= 24
    assert found.factorisations <= 2
    assert found.substitutions <= 40
    assert found.meets


def test_the_probe_stays_symmetric_and_positive_definite():
    """With the chip held again, K and C have positive eigenvalues only; the uniform field conducts nothing."""
    system = compact_probe().system
    held = system.hold("chip")
    for matrix in (held.K, held.C):
        inside = matrix[np.ix_(held.free, held.free)]
        assert (inside == inside.T).all()
        assert np.linalg.eigvalsh(inside).min() > 0
    assert np.abs(held.K @ system.one).max() <= 1e-15 * held.K.max()
    full = large()
    assert system.one @ held.C @ system.one == pytest.approx(full.system.one @ full.C @ full.system.one, rel=1e-10)


@pytest.mark.parametrize("sensor", ["thermocouple", "contact"])
def test_the_probe_answers_as_the_large_one(sensor):
    """Static to 1e-10, steps at all times within 0.1 %, harmonic within 0.5 % to 1 MHz, and within what it says."""
    found = compact_probe()
    held = found.system.hold("chip")
    assert resistance(held, sensor, "apex") == pytest.approx(resistance(large(), sensor, "apex"), rel=1e-10)
    stepwise, harmonically = differences(exact(sensor), transfer(held, sensor, "apex"))
    assert stepwise <= 1e-3
    assert harmonically <= 1e-3
    assert harmonically <= found.error
    assert stepwise <= 2 * found.step_error


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4])
def test_the_order_follows_the_tolerance(tolerance):
    """A coarser tolerance takes fewer states, a finer one more, and both keep it."""
    found = compact_model(large(), ("apex",), ("thermocouple",), tolerance=tolerance, most_states=60)
    assert (found.states < compact_probe().states) == (tolerance > 1e-3)
    assert found.meets
    both = differences(exact("thermocouple"), transfer(found.system.hold("chip"), "thermocouple", "apex"))
    assert max(both) <= tolerance


def test_too_few_states_are_owned_up_to():
    """With six states the model says that it misses its tolerance, and by how much."""
    found = compact_model(large(), ("apex",), ("thermocouple",), most_states=6)
    assert found.states == 6
    assert not found.meets
    held = found.system.hold("chip")
    stepwise, harmonically = differences(exact("thermocouple"), transfer(held, "thermocouple", "apex"))
    assert resistance(held, "thermocouple", "apex") == pytest.approx(probe().answers["probe_resistance"], rel=1e-10)
    assert harmonically <= found.error
    assert found.step_error / 2 <= stepwise <= 2 * found.step_error


def test_without_frequencies_only_steps_count():
    """No highest frequency: no bound, and the steps within the tolerance."""
    found = compact_model(large(), ("apex",), ("thermocouple",), highest_frequency=None)
    assert len(found.frequencies) == 0
    assert found.error == 0
    assert differences(exact("thermocouple"), transfer(found.system.hold("chip"), "thermocouple", "apex"))[0] <= 1e-3


# --- ports --------------------------------------------------------------------------------------------------------


def bar(cells=120, *, prefix="", massless=False):
    """A bar of cells of unequal conductance in a row, its two ends and a side arm as isothermal ports."""
    random = np.random.default_rng(4)
    size = cells + 2
    conductance = 1e-4 * 10 ** random.uniform(-1, 1, cells)
    first, second = np.arange(cells), np.arange(1, cells + 1)
    first, second = np.append(first, cells // 3), np.append(second, cells + 1)
    conductance = np.append(conductance, 3e-6)
    across = sp.coo_array(
        (
            np.tile([1.0, -1.0], len(first)),
            (np.repeat(np.arange(len(first)), 2), np.column_stack([first, second]).ravel()),
        ),
        shape=(len(first), size),
    ).tocsr()
    K = across.T @ sp.diags_array(conductance) @ across
    capacity = 1e-12 * 10 ** random.uniform(-1, 1, size)
    if massless:
        capacity[[cells // 3, cells + 1]] = 0.0
    spot = np.exp(-((np.arange(size) - cells / 2) ** 2) / 30)
    spot[-1] = 0.0
    spot /= spot.sum()
    return System(
        K={f"{prefix}K": sp.csr_array(K)},
        C={f"{prefix}C": sp.csr_array(sp.diags_array(capacity))},
        theta={f"{prefix}K": 1.0, f"{prefix}C": 1.0},
        sources={f"{prefix}spot": spot},
        sensors={f"{prefix}spot": spot},
        ports={f"{prefix}{name}": np.array([at]) for name, at in (("left", 0), ("right", cells), ("arm", cells + 1))},
        one=np.ones(size),
    )


def at_port(system, port):
    """The system with a port as a source and a sensor."""
    unit = np.zeros(system.size)
    unit[system.ports[port]] = 1.0
    return system.with_source(port, unit).with_sensor(port, unit)


def port_conductances(system, ports):
    """Steady conductance matrix between ports, all others free (ports, ports) [W/K]."""
    held = system.hold(*ports)
    found = []
    for port in ports:
        temperature = (held.fixed == system.ports[port][0]).astype(float)
        field = held.solve(np.zeros(system.size), held=temperature)
        found.append([-held.heat_into(other, field, np.zeros(system.size)) for other in ports])
    return np.array(found)


@pytest.mark.parametrize(
    ("held", "free"),
    [
        (("left",), ("right", "arm")),
        (("left", "right"), ("arm",)),
        (("left", "right", "arm"), ()),
        (("arm",), ("left",)),
    ],
)
@pytest.mark.parametrize("massless", [False, True])
def test_ports_keep_their_static_conductances(held, free, massless):
    """Between all ports to 1e-10, conserving heat, whichever were held while the model was made; states are few."""
    full = bar(massless=massless)
    found = compact_model(full.hold(*held), ("spot",), ("spot",), free, highest_frequency=None, most_states=40)
    small, ports = found.system, (*held, *free)
    assert [int(small.ports[port][0]) for port in ports] == list(range(len(ports)))
    expected = port_conductances(full, ports)
    assert port_conductances(small, ports) == pytest.approx(expected, rel=1e-10, abs=1e-10 * np.abs(expected).max())
    assert np.abs(small.K["K"] @ small.one).max() <= 1e-15 * small.K["K"].max()
    assert (small.K["K"] == small.K["K"].T).all()
    assert resistance(small.hold(*held), "spot", "spot") == pytest.approx(
        resistance(full.hold(*held), "spot", "spot"), rel=1e-10
    )
    for sensor in ("spot", *free):
        for source in ("spot", *free):
            true, model = (
                transfer(system.hold(*held), sensor, source)
                for system in (_with_ports(full, free), _with_ports(small, free))
            )
            time = np.concatenate([[0.0], np.geomspace(1e-10, 1e-1, 300)])
            assert np.abs(step(true, time) - step(model, time)).max() <= 1e-3 * true.resistance
    assert found.step_error <= 1e-3


def _with_ports(system, ports):
    for port in ports:
        system = at_port(system, port)
    return system


def test_modes_are_decoupled():
    """K is the conductances between ports and a diagonal; C is diagonal between the modes."""
    found = compact_model(bar().hold("left"), ("spot",), ("spot",), ("right",), highest_frequency=None)
    K, C = found.system.K["K"], found.system.C["C"]
    assert (K[:2, 2:] == 0).all()
    assert (K[2:, 2:] == np.diag(np.diag(K[2:, 2:]))).all()
    inside = C[2:, 2:]
    assert np.abs(inside - np.diag(np.diag(inside))).max() <= 1e-12 * inside.max()


def test_a_compact_model_joins_as_the_body_does():
    """Two compact bars joined answer a step as two bars joined do, to some tolerances."""
    sides = []
    for prefix in ("a.", "b."):
        full = bar(prefix=prefix)
        found = compact_model(
            full.hold(f"{prefix}left"),
            (f"{prefix}spot",),
            (f"{prefix}spot",),
            (f"{prefix}right",),
            highest_frequency=None,
        )
        renamed = found.system
        named = {f"{prefix}K": renamed.K["K"]}, {f"{prefix}C": renamed.C["C"]}
        sides.append((full, replace(renamed, K=named[0], C=named[1], theta={f"{prefix}K": 1.0, f"{prefix}C": 1.0})))
    answers = []
    for which in (0, 1):
        whole = join([side[which] for side in sides], [("a.right", "b.right")])
        answers.append(transfer(whole.hold("a.left", "b.left"), "b.spot", "a.spot"))
    time = np.geomspace(1e-10, 1e-1, 200)
    assert answers[1].resistance == pytest.approx(answers[0].resistance, rel=1e-10)
    assert np.abs(step(answers[0], time) - step(answers[1], time)).max() <= 3e-3 * answers[0].resistance


def test_craig_bampton_keeps_conductances_and_slow_modes():
    """The alternative between isothermal ports: static to 1e-10, the slowest mode to 1e-3 with eight of them."""
    full, ports = bar(), ("left", "right")
    small = craig_bampton(full, ports, 8)
    assert small.size == 10
    assert port_conductances(small, ports) == pytest.approx(port_conductances(full, ports), rel=1e-10)
    true, model = (transfer(at_port(s, "right").hold("left"), "right", "right") for s in (full, small))
    assert model.time_constants[0] == pytest.approx(true.time_constants[0], rel=1e-3)


def test_a_small_network_is_reproduced():
    """Of three nodes the model is the network itself: nothing is left to estimate."""
    full = bar(cells=2)
    found = compact_model(full.hold("left"), (), (), ("right",), tolerance=1e-6, highest_frequency=None)
    true, model = (transfer(at_port(s, "right").hold("left"), "right", "right") for s in (full, found.system))
    time = np.geomspace(1e-12, 1, 200)
    assert step(model, time) == pytest.approx(step(true, time), rel=2e-6)


# --- refusals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"sources": ("moon",), "sensors": ("spot",)}, "no source called moon"),
        ({"sources": ("spot",), "sensors": ("moon",)}, "no sensor called moon"),
        ({"ports": ("moon",)}, "no port called moon"),
        ({"ports": ("left",)}, "held, so it is a coordinate already"),
        ({"sources": ("spot",)}, "needs a source and a sensor"),
        ({"sources": ("spot",), "sensors": ("spot",), "tolerance": 0.0}, "must be positive"),
        ({"sources": ("spot",), "sensors": ("spot",), "highest_frequency": -1.0}, "must be positive"),
    ],
)
def test_what_makes_no_model_is_refused(asked, said):
    with pytest.raises(PhysicsError, match=said):
        compact_model(bar().hold("left"), **asked)


def test_a_trace_and_a_body_without_capacity_are_refused():
    full = bar()
    trace = replace(full, ports={**full.ports, "cut": np.array([3, 4])})
    with pytest.raises(PhysicsError, match="port cut has 2 unknowns, expected an isothermal port"):
        compact_model(trace.hold("left"), (), (), ("cut",))
    with pytest.raises(PhysicsError, match="heat capacity"):
        compact_model(full.at({"C": 0.0}).hold("left"), ("spot",), ("spot",))
