"""Steps through time: order conditions, observed orders, stiff and massless unknowns, jumps, where the heat went."""

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import erfc

from thermonet.quantities.errors import NotConvergedError, PhysicsError
from thermonet.system import linear_flow
from thermonet.system import transient as transient_module
from thermonet.system.core import System
from thermonet.system.drive import Drive
from thermonet.system.modal import modal_response, port_transfer
from thermonet.system.modes import transfer
from thermonet.system.reduction import krylov_basis, reduced
from thermonet.system.runge_kutta import ESDIRK, GAMMA, SDIRK
from thermonet.system.signals import Constant, Course, Sine, Table, square, three_level
from thermonet.system.transient import checked, transient


def rod(cells, *, length=1.0, k=1.0, c=1.0, massless=range(0)):
    """A rod of quadratic elements, ports 'start' and 'end' at its ends; some elements may have no capacity."""
    h, size = length / cells, 2 * cells + 1
    K, C = np.zeros((size, size)), np.zeros((size, size))
    for e in range(cells):
        here = np.ix_(*2 * [range(2 * e, 2 * e + 3)])
        K[here] += k / (3 * h) * np.array([[7, -8, 1], [-8, 16, -8], [1, -8, 7]])
        if e not in massless:
            C[here] += c * h / 30 * np.array([[4, 2, -1], [2, 16, 2], [-1, 2, 4]])
    unit = np.eye(size)
    return System(
        K={"k": sp.csr_array(K)},
        C={"c": sp.csr_array(C)},
        theta={"k": 1.0, "c": 1.0},
        sources={"end": unit[-1], "middle": unit[cells]},
        sensors={f"{x:g}": unit[round(x * 2 * cells)] for x in (0.5, 0.8, 0.9)},
        ports={"start": np.array([0]), "end": np.array([size - 1])},
        one=np.ones(size),
    )


# --- the methods --------------------------------------------------------------------------------------------------


def conditions(method, weights):
    """Residuals of the order conditions up to order 4, by order."""
    count = len(method.stages)
    A = np.array([[*row, *[0.0] * (count - len(row))] for row in method.stages])
    b, c = np.array(weights), A.sum(axis=1)
    return {
        1: [b.sum() - 1],
        2: [b @ c - 1 / 2],
        3: [b @ c**2 - 1 / 3, b @ A @ c - 1 / 6],
        4: [b @ c**3 - 1 / 4, b @ (c * (A @ c)) - 1 / 8, b @ A @ c**2 - 1 / 12, b @ A @ A @ c - 1 / 24],
    }


@pytest.mark.parametrize("method", [SDIRK, ESDIRK], ids=["SDIRK", "ESDIRK"])
def test_order_conditions(method):
    """The last row has order 4 and the embedded weights order 3, not 4: their difference estimates an error."""
    main, embedded = conditions(method, method.stages[-1]), conditions(method, method.embedded)
    assert np.concatenate(list(main.values())) == pytest.approx(0, abs=1e-14)
    assert np.concatenate([embedded[1], embedded[2], embedded[3]]) == pytest.approx(0, abs=1e-14)
    assert np.abs(embedded[4]).max() > 1e-4
    assert all(row[-1] == GAMMA for row in method.stages if row != (0.0,))
    assert method.nodes[-1] == 1
    assert max(method.nodes) == 1  # no stage looks beyond the step's end, where a jump may wait


def test_stages_of_the_settled_method_have_order_two():
    count = len(ESDIRK.stages)
    A = np.array([[*row, *[0.0] * (count - len(row))] for row in ESDIRK.stages])
    c = A.sum(axis=1)
    assert A @ c == pytest.approx(c**2 / 2, abs=1e-14)


@pytest.mark.parametrize("method", [SDIRK, ESDIRK], ids=["SDIRK", "ESDIRK"])
def test_the_methods_are_stable_at_all_rates(method):
    """|R| <= 1 on the imaginary axis, and R vanishes for components infinitely fast: L-stable."""
    count = len(method.stages)
    A = np.array([[*row, *[0.0] * (count - len(row))] for row in method.stages])

    def growth(z):
        return 1 + z * A[-1] @ np.linalg.solve(np.eye(count) - z * A, np.ones(count))

    assert max(abs(growth(1j * y)) for y in np.geomspace(1e-3, 1e4, 300)) <= 1 + 1e-12
    assert abs(growth(-1e9)) < 1e-7


# --- orders -------------------------------------------------------------------------------------------------------


DRIVES = {
    "a power": (Drive(powers={"middle": Course(Sine(3.0, 0.5))}), "source"),
    "a given temperature": (Drive(temperatures={"end": Course(Sine(3.0, 0.5))}), "port"),
    "a step of a temperature": (Drive(temperatures={"end": 1.0}), "port"),
}


@pytest.mark.parametrize("massless", [range(0), range(4, 6)], ids=["", "massless part"])
@pytest.mark.parametrize("name", DRIVES)
def test_observed_order(name, massless):
    """Fixed steps against the exact response of all modes: order 3 at least, also between the steps' ends."""
    drive, kind = DRIVES[name]
    held = rod(10, massless=massless).hold("start", "end")
    times = np.array([0.113, 0.2, 0.317, 0.4])
    if kind == "source":
        exact = modal_response(transfer(held, "0.5", "middle"), Sine(3.0, 0.5), times)
    else:
        signal = Sine(3.0, 0.5) if "given" in name else Constant()
        exact = modal_response(port_transfer(held, "0.5", "end"), signal, times)
    errors = []
    for steps in (16, 32, 64):
        found = transient(held, drive, times, initial=0.0, fixed_step=0.4 / steps)
        errors.append(np.abs(found.sensors["0.5"] - exact).max())
        assert found.accepted == steps
        assert found.rejected == 0
    assert errors[-1] < 1e-5
    assert math.log2(errors[0] / errors[2]) / 2 > 3


@pytest.mark.parametrize("name", DRIVES)
def test_the_tolerance_is_met(name):
    """The largest error is at most a few times the tolerance of a step, down to 1e-7 of the swing."""
    drive, kind = DRIVES[name]
    held = rod(10, massless=range(4, 6)).hold("start", "end")
    times = np.linspace(0.02, 0.4, 7)
    signal = Constant() if "step" in name else Sine(3.0, 0.5)
    response = transfer(held, "0.5", "middle") if kind == "source" else port_transfer(held, "0.5", "end")
    exact = modal_response(response, signal, times)
    for tolerance in (1e-3, 1e-5, 1e-7):
        found = transient(held, drive, times, initial=0.0, tolerance=tolerance)
        assert np.abs(found.sensors["0.5"] - exact).max() <= 3 * tolerance * np.abs(exact).max()
        assert found.step_error <= tolerance


def test_the_error_estimate_bounds_the_error():
    """Two runs of different tolerance: the difference is no less than the error of the finer one."""
    held = rod(10).hold("start", "end")
    drive, times = Drive(powers={"middle": Course(square(5.0))}), np.linspace(0.01, 0.5, 30)
    exact = modal_response(transfer(held, "0.5", "middle"), square(5.0), times)
    for first, step in ((1e-4, None), (1e-3, 0.0125)):
        found = checked(
            lambda tolerance, fixed: transient(held, drive, times, initial=0.0, tolerance=tolerance, fixed_step=fixed),
            first,
            step,
        )
        error = np.abs(found.sensors["0.5"] - exact).max()
        assert error <= found.error["0.5"] <= 0.02 * np.abs(exact).max()


# --- closed forms -------------------------------------------------------------------------------------------------


def test_a_bar_whose_end_follows_a_sine():
    """NAFEMS benchmark T3 (The Standard NAFEMS Benchmarks, 1990): 36.60 C at 0.08 m after 32 s."""
    bar = rod(20, length=0.1, k=35.0, c=440.5 * 7200.0)
    drive = Drive(temperatures={"end": Course(Sine(1 / 80), 100.0)})
    found = transient(bar.hold("start", "end"), drive, [32.0], initial=0.0, tolerance=1e-5)
    assert found.sensors["0.8"][0] == pytest.approx(36.60, abs=0.005)


def test_a_step_into_a_half_space():
    """T = erfc(x / sqrt(4 a t)) before the far end matters, and the heat that enters goes with 1 / sqrt(pi a t)."""
    found = transient(
        rod(60).hold("start", "end"),
        Drive(temperatures={"end": 301.0}),
        times := np.geomspace(2e-3, 0.02, 9),
        initial=300.0,
        tolerance=1e-6,
    )
    for name, depth in (("0.9", 0.1), ("0.8", 0.2)):
        assert found.sensors[name] - 300 == pytest.approx(erfc(depth / np.sqrt(4 * times)), abs=2e-5)
    assert -found.heat["end"] == pytest.approx(1 / np.sqrt(math.pi * times), rel=1e-3)


def test_a_square_of_power_is_followed_through_its_jumps():
    """Against the exact response, at times that lie anywhere between the jumps."""
    held = rod(10).hold("start")
    times = np.linspace(0.0, 1.0, 41)
    signal = three_level(4.0, (1.0, 0.0, 0.4))
    found = transient(held, Drive(powers={"end": Course(signal, 2.0)}), times, initial=77.0, tolerance=1e-5)
    exact = 2 * modal_response(transfer(held, "0.9", "end"), signal, times)
    assert found.sensors["0.9"] - 77 == pytest.approx(exact, abs=2e-5 * exact.max())


# --- stiffness, massless unknowns, jumps --------------------------------------------------------------------------


def test_a_step_far_longer_than_all_time_constants_ends_in_the_steady_state():
    """Two steps of a million time constants after a jump of a boundary: nothing rings."""
    system = rod(50)
    held = system.hold("start", "end")
    found = transient(held, Drive(temperatures={"end": 1.0}), [1e6, 2e6], initial=0.0, fixed_step=1e6, fields=True)
    steady = np.linspace(0, 1, system.size)
    assert found.fields[:, 0] == pytest.approx(steady, abs=1e-3)
    assert found.fields[:, 1] == pytest.approx(steady, abs=1e-7)


def test_a_stiff_start_does_not_ring():
    """After a step of its end a rod warms everywhere and always, by steps chosen for a loose tolerance too."""
    found = transient(
        rod(50).hold("start", "end"),
        Drive(temperatures={"end": 1.0}),
        np.geomspace(1e-3, 2.0, 30),
        initial=0.0,
        tolerance=1e-3,
    )
    for values in found.sensors.values():
        assert np.all(np.diff(values) > -1e-3)
        assert values.min() > -1e-3
        assert values.max() < 1


def test_massless_unknowns_may_begin_wrong():
    """Temperatures without capacity are forgotten at once: two starts that differ there alone are one."""
    system = rod(10, massless=range(3, 7))
    held = system.hold("start", "end")
    inside = slice(7, 14)
    wrong = np.zeros(system.size)
    wrong[inside] = 1.0
    drive = Drive(powers={"end": 0.0, "middle": Course(Table((0.0, 0.1), (0.0, 1.0)))})
    right, other = (transient(held, drive, [1e-6, 0.05, 0.2], initial=start, tolerance=1e-6) for start in (0.0, wrong))
    assert other.sensors["0.5"] == pytest.approx(right.sensors["0.5"], abs=2e-6)
    exact = modal_response(transfer(held, "0.5", "middle"), Table((0.0, 0.1), (0.0, 1.0)), right.times)
    assert right.sensors["0.5"] == pytest.approx(exact, abs=1e-6)


def test_a_system_without_any_capacity_follows_at_once():
    """Steady at every instant: half of what the end is at, and the value before a jump at the jump."""
    held = rod(10, massless=range(10)).hold("start", "end")
    drive = Drive(temperatures={"end": Course(square(1.0), 10.0)})
    found = transient(held, drive, [0.2, 0.5, 0.7, 1.0], initial=0.0)
    assert found.sensors["0.5"] == pytest.approx([5, 5, 0, 0], abs=1e-12)


def test_nothing_happens_where_nothing_changes():
    """A steady state stays, to rounding, and steps are long."""
    system = rod(10)
    held = system.hold("start", "end")
    load = 2.0 * system.sources["middle"]
    steady = held.solve(load, held=np.array([300.0, 310.0]))
    drive = Drive(powers={"middle": 2.0}, temperatures={"start": 300.0, "end": 310.0})
    found = transient(held, drive, [1.0, 10.0], initial=steady, fields=True)
    assert found.fields == pytest.approx(np.column_stack([steady, steady]), rel=1e-12)
    assert found.heat["end"] == pytest.approx(held.heat_into("end", steady, load), rel=1e-9)
    assert found.accepted <= 4


def test_ports_that_nothing_drives_stay_as_they_are():
    found = transient(rod(10).hold("start", "end"), Drive(powers={"middle": 4.0}), [50.0], initial=300.0)
    assert found.sensors["0.5"][0] == pytest.approx(301.0, rel=1e-9)


# --- heat ---------------------------------------------------------------------------------------------------------


def test_all_heat_is_accounted_for():
    """What sources supply is stored or has left, through jumps of powers and of a port alike."""
    system = rod(10, massless=range(3, 5))
    held = system.hold("start", "end")
    drive = Drive(
        powers={"middle": Course(square(2.0), 3.0)},
        temperatures={"end": Course(three_level(1.5), 5.0, 300.0), "start": Course(Sine(1.0), 2.0, 300.0)},
    )
    found = transient(held, drive, [0.0, 1.0], initial=300.0, fields=True)
    assert abs(found.balance.imbalance) < 1e-12
    assert found.balance.supplied == pytest.approx(1.5, rel=1e-9)
    rise = found.fields[:, 1] - found.fields[:, 0]
    assert found.balance.stored == pytest.approx(float(np.asarray(system.C["c"] @ rise).sum()), rel=1e-9)


def test_heat_through_a_port_adds_up_to_what_the_balance_says():
    """Quadrature of the heat at many times against the balance, which is kept from the stages."""
    held = rod(10).hold("start")
    times = np.linspace(0.0, 2.0, 401)
    found = transient(held, Drive(powers={"end": Course(Sine(0.5), 3.0)}), times, initial=0.0, tolerance=1e-6)
    total = np.trapezoid(found.heat["start"], times)
    assert found.balance.released["start"] == pytest.approx(total, rel=1e-4)


# --- cost ---------------------------------------------------------------------------------------------------------


def test_equal_pieces_share_their_factors():
    """Thirty levels of a three-level power, fixed steps: one factorisation."""
    found = transient(
        rod(10).hold("start"),
        Drive(powers={"end": Course(three_level(12.25))}),
        [10 / 12.25],
        initial=0.0,
        fixed_step=1 / 200,
    )
    assert found.accepted == 30 * 6
    assert found.factorisations == 1


def test_step_lengths_are_few():
    """A step response over six decades needs some dozens of steps and a length per factor of two at most."""
    found = transient(rod(50).hold("start"), Drive(powers={"end": 1.0}), [1e-5, 10.0], initial=0.0)
    assert found.accepted < 60
    assert found.factorisations <= 22


def test_factors_are_let_go(monkeypatch):
    """No more are kept than fit, and none after the walk."""
    monkeypatch.setattr(linear_flow, "_KEPT_LEAST", 2)
    monkeypatch.setattr(linear_flow, "_KEPT_MOST", 2)
    held = rod(10).hold("start")
    made, gone = [], []
    factor, forget = held.factor, held.forget
    held.factor = lambda s: made.append(s) or factor(s)
    held.forget = lambda s: gone.append(s) or forget(s)
    times = [1e-4, 1.0]
    transient(held, Drive(powers={"end": 1.0}), times, initial=0.0)
    assert len(made) > 4
    assert sorted(made) == sorted(gone)
    alive = [len(made[:i]) - sum(s in made[:i] for s in gone[: i - 2]) for i in range(3, len(made))]
    assert max(alive) <= 3


def test_fields_are_kept_only_where_asked_for():
    held = rod(10).hold("start")
    drive, times = Drive(powers={"end": 1.0}), [0.0, 0.1, 0.2]
    assert transient(held, drive, times, initial=0.0).fields is None
    found = transient(held, drive, times, initial=5.0, fields=True)
    assert found.fields.shape == (held.system.size, 3)
    assert found.fields[:, 0] == pytest.approx(5.0)
    assert held.system.sensors["0.9"] @ found.fields == pytest.approx(found.sensors["0.9"])


def test_a_reduced_model_walks_like_the_full_one():
    """Dense matrices, and a held port whose coordinate is coupled to the others by capacity."""
    full = rod(40)
    held = full.hold("start")
    vectors = np.column_stack([full.sources["end"], full.sensors["0.8"], np.asarray(held.C @ full.one)])
    small = reduced(held, krylov_basis(held, vectors, moments=8, shifts=(0.0, 50.0))).hold("start")
    drive = Drive(powers={"end": Course(square(2.0))}, temperatures={"start": Course(Sine(1.0), 3.0, 300.0)})
    times = np.linspace(0.1, 1.0, 7)
    large, found = (transient(each, drive, times, initial=300.0, tolerance=1e-6) for each in (held, small))
    assert found.sensors["0.8"] == pytest.approx(large.sensors["0.8"], abs=1e-4)
    assert abs(found.balance.imbalance) < 1e-10


# --- refusals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"times": [0.2, 0.1]}, "increase strictly"),
        ({"times": []}, "be one at least"),
        ({"times": [-0.1, 0.1]}, "begins at 0 s"),
        ({"tolerance": 0.0}, "tolerance"),
        ({"fixed_step": -1.0}, "step must be positive"),
        ({"initial": math.nan}, "finite"),
        ({"initial": np.zeros(3)}, "expected 21"),
    ],
)
def test_what_cannot_be_walked_is_refused(changed, why):
    stated = {"times": [0.1], "initial": 0.0, **changed}
    with pytest.raises(PhysicsError, match=why):
        transient(rod(10).hold("start"), Drive(), stated.pop("times"), **stated)


def test_names_that_are_not_there_are_refused():
    held = rod(10).hold("start")
    with pytest.raises(KeyError, match="no source is called hot; there is end, middle"):
        transient(held, Drive(powers={"hot": 1.0}), [0.1], initial=0.0)
    with pytest.raises(KeyError, match="no held port is called end"):
        transient(held, Drive(temperatures={"end": 1.0}), [0.1], initial=0.0)


def test_a_walk_that_does_not_end_is_stopped(monkeypatch):
    monkeypatch.setattr(transient_module, "_MOST_STEPS", 10)
    with pytest.raises(NotConvergedError, match="10 steps were not enough"):
        transient(rod(10).hold("start"), Drive(powers={"end": Course(Sine(100.0))}), [1.0], initial=0.0)


def test_a_load_that_is_no_number_is_not_walked_to_the_end():
    system = rod(10)
    broken = replace(system, sources={"end": np.full(system.size, math.nan)})
    with pytest.raises(NotConvergedError, match="did not succeed"):
        transient(broken.hold("start"), Drive(powers={"end": 1.0}), [1.0], initial=0.0)
