"""What is uncertain in the designs of bodies is in the answers of their network, against closed forms and studies."""

import math
from pathlib import Path

import pytest

from thermonet.materials.library import library_inputs
from thermonet.quantities.inputs import Input
from thermonet.studies.design import read_probe
from thermonet.studies.network.causes import causes
from thermonet.studies.network.study import read_network, study_network
from thermonet.studies.probe import study_probe

DESIGN = Path(__file__).parents[1] / "geometries" / "ntistp.yaml"

#: A slab of glass with R = t / (k A) = 50 K/W, u(R)/R = 5 % of its thickness and 10 % of its conductivity.
SLAB = """thermonet: body/1
name: slab
temperature: 300 K
shape: {kind: slab, width: 1 cm, depth: 1 cm}
layers:
  glass:
    thermal_conductivity: 1.0 ± 0.1 W/m/K
    density: 2500 ± 25 kg/m^3
    specific_heat: 800 J/kg/K
    thickness: 5.0 ± 0.25 mm
boundaries: {last: {temperature: 300 ± 2 K}, first: {port: isothermal}}
sensors: {inside: {on: glass}}
numerics: {tolerance: 0.1 %, element_scale: 2}
"""
RESISTANCE, RELATIVE_U = 50.0, math.hypot(0.05, 0.1)


def studied(folder, text, **designs):
    """Study a network of designs that lie beside it."""
    for name, design in designs.items():
        (folder / f"{name}.yaml").write_text(design, encoding="utf-8")
    file = folder / "network.yaml"
    file.write_text(f"thermonet: network/1\nname: some\ntemperature: 300 K\n{text}", encoding="utf-8")
    return study_network(read_network(file)).result


def shares(result, key):
    """Share of the variance by input."""
    table = result.tables[f"budget.{key}"]
    return dict(zip(table["input"].values, table["share"].values, strict=True))


def test_a_probe_is_as_uncertain_as_its_study_says(tmp_path):
    """Nothing but the probe between apex and bath: R_P, Z_cc and tau_1 with the u of `thermonet study`."""
    fine, coarse = (
        "numerics:\n  tolerance: 0.1 %\n  element_scale: 1",
        "numerics:\n  tolerance: 5 %\n  element_scale: 4",
    )
    text = DESIGN.read_text(encoding="utf-8")
    assert fine in text
    found = studied(
        tmp_path,
        """nodes: {apex: {}, thermocouple: {}, bath: {temperature: 300 K}}
bodies: {probe: {design: probe.yaml, terminals: {contact: apex, thermocouple: thermocouple, chip: bath}}}
sources: {heat: {into: apex, power: 1 W}}
""",
        probe=text.replace(fine, coarse),
    )
    study = study_probe(read_probe(tmp_path / "probe.yaml")).result
    for key, wanted in (
        ("temperature.thermocouple", "probe_resistance"),
        ("temperature.apex", "apex_resistance"),
        ("resistance.apex.bath", "apex_resistance"),
        ("time_constant_slowest", "time_constant_slowest"),
    ):
        assert found.quantities[key].value == pytest.approx(study.quantities[wanted].value, rel=2e-3)
        assert found.quantities[key].u == pytest.approx(study.quantities[wanted].u, rel=1e-2)
    theirs = shares(study, "probe_resistance")
    for name, share in list(shares(found, "temperature.thermocouple").items())[:6]:
        assert share == pytest.approx(theirs[name.removeprefix("probe.")], abs=2e-3)
    assert found.quantities["heat.probe.chip"].u == pytest.approx(0, abs=1e-6)  # all of a watt, whatever the films


def test_a_layered_body_by_hand(tmp_path):
    """A slab in series with glue: t, k and the glue add in squares, and tau_1 by its density, too."""
    found = studied(
        tmp_path,
        """nodes: {hot: {}, top: {}, bath: {temperature: 300 K}}
elements: {glue: {between: [hot, top], resistance: 10 ± 1 K/W}}
bodies: {slab: {design: slab.yaml, terminals: {first: top, last: bath}}}
sources: {heat: {into: hot, power: 1 W}}
""",
        slab=SLAB,
    )
    wanted = math.hypot(1, RESISTANCE * RELATIVE_U)
    assert found.quantities["temperature.hot"].u == pytest.approx(wanted, rel=1e-6)
    assert found.quantities["resistance.hot.bath"].u == pytest.approx(wanted, rel=1e-6)
    assert shares(found, "temperature.hot") == pytest.approx(
        {
            "slab.layers.glass.thermal_conductivity": 25 / wanted**2,
            "slab.layers.glass.thickness": 2.5**2 / wanted**2,
            "elements.glue.resistance": 1 / wanted**2,
        },
        rel=1e-5,
    )
    slowest = found.quantities["time_constant_slowest"]  # t^2 c / k
    assert slowest.u == pytest.approx(slowest.value * math.hypot(0.1, 0.1, 0.01), rel=1e-4)
    sensitivities = found.tables["sensitivities"]
    assert "slab.layers.glass.thickness" in sensitivities["value"].values


@pytest.mark.parametrize("designs", [("one", "one"), ("one", "other")])
def test_a_design_is_one_cause_for_all_its_bodies(tmp_path, designs):
    """Two slabs in series: of one design 2 u(R), of two that state their own numbers sqrt(2) u(R)."""
    text = SLAB.replace("300 ± 2 K", "300 K")
    found = studied(
        tmp_path,
        f"""nodes: {{hot: {{}}, middle: {{}}, bath: {{temperature: 300 K}}}}
bodies:
  upper: {{design: {designs[0]}.yaml, terminals: {{first: hot, last: middle}}}}
  lower: {{design: {designs[1]}.yaml, terminals: {{first: middle, last: bath}}}}
sources: {{heat: {{into: hot, power: 1 W}}}}
""",
        one=text,
        other=text,
    )
    same = designs[0] == designs[1]
    wanted = (2 if same else math.sqrt(2)) * RESISTANCE * RELATIVE_U
    assert found.quantities["temperature.hot"].u == pytest.approx(wanted, rel=1e-6)
    called = "upper+lower.layers.glass.thickness" if same else "lower.layers.glass.thickness"
    assert called in shares(found, "temperature.hot")


def test_the_library_is_one_cause_for_all_designs():
    name = "materials.Au_film.thermal_conductivity"
    ours = library_inputs()[name]
    own = Input.normal(3.0, 0.3, name="materials.glass.density")
    inputs = {
        (body, each.name): each
        for body in ("a", "b")
        for each in (ours, own, ours.named(f"{name}[first]"), Input.normal(1.0, 0.1, name="layers.film.thickness"))
    }
    found = causes({"a": "a.yaml", "b": "b.yaml"}, inputs)
    assert found["a", name] == found["b", name] == f"a+b.{name}"
    assert len(set(found.values())) == len(found) - 1


def test_a_bath_that_only_the_body_states_is_uncertain(tmp_path):
    found = studied(
        tmp_path,
        """nodes: {hot: {}}
bodies: {slab: {design: slab.yaml, terminals: {first: hot}}}
sources: {heat: {into: hot, power: 1 uW}}
""",
        slab=SLAB,
    )
    assert found.quantities["temperature.hot"].u == pytest.approx(2, rel=1e-6)
    assert found.quantities["heat.slab.last"].u == pytest.approx(0, abs=1e-12)


ROD = """thermonet: body/1
name: rod
temperature: 300 K
coordinates: planar
depth: 1.00 ± 0.01 um
regions:
  rod:
    shape: {rectangle: {from: [FROM, 0 um], to: [TO, 1 um]}}
    thermal_conductivity: 2.0 ± 0.1 W/m/K
BOUNDARIES
sensors: {middle: {on: rod}}
numerics: {tolerance: 0.1 %}
"""


def rod(begin, end, boundaries):
    return ROD.replace("FROM", begin).replace("TO", end).replace("BOUNDARIES", boundaries)


def test_a_drawn_body_by_hand(tmp_path):
    """R = L / (k w d): drawing, depth and conductivity."""
    ends = "boundaries: {cold: {on: rod.left, temperature: 300 K}, hot: {on: rod.right, port: isothermal}}"
    found = studied(
        tmp_path,
        """nodes: {hot: {}, middle: {}, cold: {temperature: 300 K}}
bodies: {rod: {design: rod.yaml, terminals: {hot: hot, middle: middle, cold: cold}}}
sources: {heat: {into: hot, power: 1 uW}}
""",
        rod=rod("0 um", "3.0 ± 0.06 um", ends),
    )
    relative = math.hypot(0.01, 0.02, 0.05)
    assert found.quantities["temperature.hot"].u == pytest.approx(1.5 * relative, rel=1e-5)
    assert found.quantities["temperature.middle"].u == pytest.approx(0.75 * relative, rel=1e-5)
    assert set(shares(found, "temperature.hot")) == {
        "rod.depth",
        "rod.regions.rod.thermal_conductivity",
        "rod.regions.rod.shape.rectangle.to.0",
    }


@pytest.mark.parametrize("kind", ["trace", "isothermal"])
def test_joined_bodies_by_hand(tmp_path, kind):
    """Two rods of 2 um with numbers of their own, one of their ends moving alone."""
    cold = "boundaries: {cold: {on: rod.left, temperature: 300 K}, cut: {on: rod.right, port: trace}}"
    hot = "boundaries: {hot: {on: rod.right, port: isothermal}, cut: {on: rod.left, port: trace}}"
    found = studied(
        tmp_path,
        f"""nodes: {{hot: {{}}, cold: {{temperature: 300 K}}}}
bodies:
  left: {{design: left.yaml, terminals: {{cold: cold}}}}
  right: {{design: right.yaml, terminals: {{hot: hot}}}}
joins: {{middle: {{between: [left.cut, right.cut], as: {kind}}}}}
sources: {{heat: {{into: hot, power: 1 uW}}}}
""",
        left=rod("0 um", "2 um", cold),
        right=rod("2 um", "4.0 ± 0.2 um", hot),
    )
    assert found.quantities["temperature.hot"].value == pytest.approx(2, rel=1e-6)
    wanted = math.hypot(math.hypot(0.05, 0.01), math.hypot(0.05, 0.01, 0.1))
    assert found.quantities["temperature.hot"].u == pytest.approx(wanted, rel=1e-5)


def test_resistances_beside_weak_elements(tmp_path):
    """A compact body alone is its own ground: 50 K/W beside 1 GK/W, and what that changes."""
    found = studied(
        tmp_path,
        """nodes: {hot: {}, bath: {temperature: 300 K}, far: {temperature: 300 K}}
elements: {weak: {between: [hot, far], resistance: 1 ± 0.1 GK/W}, leak: {between: [far, bath], resistance: 1 GK/W}}
bodies: {slab: {design: slab.yaml, terminals: {inside: hot, last: bath}}}
sources: {heat: {into: hot, power: 1 uW}}
resistances: [[hot, bath]]
""",
        slab=SLAB.replace(", first: {port: isothermal}", ""),
    )
    alone = RESISTANCE / 3  # heated and read evenly over its thickness
    assert found.quantities["resistance.hot.bath"].value == pytest.approx(alone * (1 - alone / 2e9), rel=1e-9)
    assert found.quantities["resistance.hot.bath"].u == pytest.approx(alone * RELATIVE_U, rel=1e-5)
    table = found.tables["sensitivities"]
    rows = dict(
        zip(zip(table["answer"].values, table["value"].values, strict=True), table["derivative"].values, strict=True)
    )
    by_weak = rows["resistance.hot.bath", "elements.weak.resistance"]
    assert by_weak == pytest.approx((alone / 2e9) ** 2, rel=1e-6)
