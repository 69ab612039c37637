"""Layered bodies against closed forms, as a user writes them: through documents, or with the assembled system."""

import math
from dataclasses import replace

import numpy as np
import pytest
from skfem import Basis, BilinearForm, ElementTriP2, LinearForm, MeshTri2
from skfem.helpers import dot, grad

from thermonet.geometry.layered import (
    SHEET,
    CoaxialShape,
    DiscShape,
    Layer,
    PlateShape,
    SlabShape,
    SphericalShape,
    body_mesh,
)
from thermonet.geometry.mesh import LENGTH_UNIT
from thermonet.heat.bodies.body import Body, Boundary, Exchange, Filling, MeanSensor, SpreadSource
from thermonet.heat.bodies.model import body_model
from thermonet.studies.bodies.study import read_body, study_body
from thermonet.system.steady import heat_imbalance, uniform_residual

HEAD = "thermonet: body/1\nname: case\ntemperature: 300 K\n"
EXACT = "numerics: {tolerance: 0.000001, element_scale: 1}\n"
HEATED_INSIDE = """
boundaries: {outer: {temperature: 300 K}}
sources: {heater: {on: inner, power: 1 uW}}
sensors: {hot: {on: inner}}
"""


def study(tmp_path, text, *settings):
    """Result of a body document given as text."""
    file = tmp_path / "body.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    return study_body(read_body(file, settings)).result


def value(result, key):
    """Check what holds for every number, and return one."""
    assert all(check.holds for check in result.checks.values())
    return result.quantities[key].value


def shell(inner, outer, conductivity):
    """Resistance of a whole spherical shell [K/W]."""
    return (1 / inner - 1 / outer) / (4 * math.pi * conductivity)


def test_slab_in_series_with_a_contact(tmp_path):
    """t1/(k1 A) + 1/(G A) + t2/(k2 A)."""
    text = """
shape: {kind: slab, width: 1 mm, depth: 2 mm}
layers:
  metal: {thermal_conductivity: 400 W/m/K, thickness: 1 mm}
  glass: {thermal_conductivity: 1 W/m/K, thickness: 50 um}
interfaces: {glass/metal: 20 kW/m^2/K}
boundaries: {last: {temperature: 300 K}}
sources: {heater: {on: first, power: 10 mW}}
sensors: {hot: {on: first}}
"""
    result = study(tmp_path, text + EXACT)
    exact = (1e-3 / 400 + 1 / 20e3 + 50e-6 / 1) / 2e-6
    assert value(result, "resistance.hot.heater") == pytest.approx(exact, rel=1e-6)
    assert value(result, "temperature.hot") == pytest.approx(300 + 0.01 * exact, rel=1e-9)
    assert value(result, "heat.last") == pytest.approx(0.01, rel=1e-9)


def test_coaxial_shells_in_series(tmp_path):
    """ln(b/a)/(2 pi k L) for each shell."""
    text = """
shape: {kind: coaxial, inner_radius: 1 um, length: 3 um}
layers:
  inside: {thermal_conductivity: 2 W/m/K, thickness: 0.6 um}
  outside: {thermal_conductivity: 100 W/m/K, thickness: 2.4 um}
"""
    result = study(tmp_path, text + HEATED_INSIDE + EXACT)
    exact = (math.log(1.6) / 2 + math.log(4.0 / 1.6) / 100) / (2 * math.pi * 3e-6)
    assert value(result, "resistance.hot.heater") == pytest.approx(exact, rel=1e-6)


def test_concentric_spherical_shells(tmp_path):
    """(1/a - 1/b)/(4 pi k) for each shell, with a contact between them."""
    text = """
shape: {kind: spherical, inner_radius: 1 um}
layers:
  inside: {thermal_conductivity: 2 W/m/K, thickness: 0.6 um}
  outside: {thermal_conductivity: 0.5 W/m/K, thickness: 2.4 um}
interfaces: {inside/outside: 10 MW/m^2/K}
"""
    result = study(tmp_path, text + HEATED_INSIDE + EXACT)
    exact = shell(1e-6, 1.6e-6, 2) + shell(1.6e-6, 4e-6, 0.5) + 1 / (10e6 * 4 * math.pi * 1.6e-6**2)
    assert value(result, "resistance.hot.heater") == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("half_angle", [10, 60, 120])
def test_cone_between_spherical_caps(tmp_path, half_angle):
    """(1/a - 1/b)/(2 pi k (1 - cos theta))."""
    text = f"""
shape: {{kind: spherical, inner_radius: 100 nm, half_angle: {half_angle} deg}}
layers: {{tip: {{thermal_conductivity: 1.3 W/m/K, thickness: 900 nm}}}}
"""
    result = study(tmp_path, text + HEATED_INSIDE + EXACT)
    exact = (1 / 100e-9 - 1 / 1e-6) / (2 * math.pi * 1.3 * (1 - math.cos(math.radians(half_angle))))
    assert value(result, "resistance.hot.heater") == pytest.approx(exact, rel=1e-6)


def test_fin(tmp_path):
    """Heat into a fin with an insulated end: tanh(mL)/(m L) of what it would take at the temperature of its foot."""
    text = """
shape: {kind: plate, length: 10 mm, width: 4 mm}
layers:
  copper: {thermal_conductivity: 400 W/m/K, thickness: 20 um}
  steel: {thermal_conductivity: 15 W/m/K, thickness: 80 um}
boundaries:
  start: {temperature: 350 K}
  faces: {ambient: {conductance: 200 W/m^2/K, temperature: 300 K}}
sensors: {tip: {on: end}}
"""
    result = study(tmp_path, text + EXACT)
    sheet = 400 * 20e-6 + 15 * 80e-6
    m = math.sqrt(2 * 200 / sheet)
    heat = 50 * math.sqrt(2 * 200 * sheet) * 4e-3 * math.tanh(m * 0.01)
    assert value(result, "heat.faces") == pytest.approx(heat, rel=1e-6)
    assert value(result, "heat.start") == pytest.approx(-heat, rel=1e-6)
    assert value(result, "temperature.tip") - 300 == pytest.approx(50 / math.cosh(m * 0.01), rel=1e-6)


def test_rod_time_constants(tmp_path):
    """4 L^2/(pi^2 a (2 j + 1)^2), with shares 8/(pi^2 (2 j + 1)^2) for the end's own response."""
    text = """
shape: {kind: slab, width: 1 um, depth: 1 um}
layers:
  rod: {thermal_conductivity: 10 W/m/K, density: 2000 kg/m^3, specific_heat: 500 J/kg/K, thickness: 20 um}
boundaries: {last: {temperature: 300 K}}
sources: {heater: {on: first, power: 1 uW}}
sensors: {hot: {on: first}}
"""
    result = study(tmp_path, text + EXACT)
    slowest = 4 * 20e-6**2 / (math.pi**2 * 1e-5)
    assert value(result, "time_constant_slowest") == pytest.approx(slowest, rel=1e-6)
    modes = result.tables["modes"]
    odd = np.array([1, 3, 5])
    assert modes["time_constant"].values[:3] == pytest.approx(slowest / odd**2, rel=1e-4)
    assert modes["share.hot.heater"].values[:3] == pytest.approx(8 / (math.pi * odd) ** 2, rel=1e-4)
    assert sum(modes["share.hot.heater"].values) == pytest.approx(1)


def test_rod_step_response_begins_like_a_half_space(tmp_path):
    """2 sqrt(t / (pi k rho c)) / A before the far end is felt."""
    text = """
shape: {kind: slab, width: 1 um, depth: 1 um}
layers:
  rod: {thermal_conductivity: 10 W/m/K, density: 2000 kg/m^3, specific_heat: 500 J/kg/K, thickness: 20 um}
boundaries: {last: {temperature: 300 K}}
sources: {heater: {on: first, power: 1 uW}}
sensors: {hot: {on: first}}
"""
    response = study(tmp_path, text + EXACT).tables["response"]
    time, rise = (np.array(response[key].values) for key in ("time", "hot.heater"))
    early = (time > 1e-7) & (time < 2e-6)
    half_space = 2 * np.sqrt(time / (math.pi * 10 * 2000 * 500)) / 1e-12
    assert early.sum() > 10
    assert rise[early] == pytest.approx(half_space[early], rel=5e-3)
    assert rise[-1] == pytest.approx(20e-6 / 10 / 1e-12, rel=1e-4)


@pytest.mark.parametrize(
    ("spread", "exact"), [("flux", 8 / (3 * math.pi**2 * 1.3 * 1e-7)), ("temperature", 1 / (4 * 1.3 * 1e-7))]
)
def test_disc_on_a_half_space(tmp_path, spread, exact):
    """8/(3 pi^2 k a) for uniform flux (mean temperature), 1/(4 k a) for an isothermal disc.

    The half-space is a cylinder 10 000 spots wide and 5000 deep, held far away: what is cut off, about a share of
    2a/(pi R) = 1.3e-4, is less than the 1e-3 asked for.
    """
    text = f"""
shape: {{kind: disc, radius: 500 um, spot_radius: 100 nm}}
layers: {{silica: {{thermal_conductivity: 1.3 W/m/K, thickness: 500 um}}}}
boundaries: {{bottom: {{temperature: 300 K}}, side: {{temperature: 300 K}}}}
sources: {{heater: {{on: spot, power: 1 uW, spread: {spread}}}}}
sensors: {{hot: {{on: spot}}}}
numerics: {{tolerance: 0.1 %, element_scale: 1}}
"""
    result = study(tmp_path, text)
    assert value(result, "resistance.hot.heater") == pytest.approx(exact, rel=1e-3)
    error = result.quantities["resistance.hot.heater"].numerical_error
    assert error <= 1e-3 * exact
    assert result.quantities["heat.bottom"].value + result.quantities["heat.side"].value == pytest.approx(
        1e-6, rel=1e-9
    )


def test_thin_film_spreads_like_its_sheet(tmp_path):
    """A disc whose top layer hangs on its cold rim alone: ln(R/a)/(2 pi k t) + 1/(8 pi k t), far from the thickness."""
    text = """
shape: {kind: disc, radius: 10 um, spot_radius: 1 um}
layers: {film: {thermal_conductivity: 20 W/m/K, thickness: 10 nm}}
boundaries: {side: {temperature: 300 K}}
sources: {laser: {on: spot, power: 1 uW}}
sensors: {hot: {on: spot}}
numerics: {tolerance: 0.01 %, element_scale: 1}
"""
    sheet = 20 * 10e-9
    exact = math.log(10) / (2 * math.pi * sheet) + 1 / (8 * math.pi * sheet)
    assert value(study(tmp_path, text), "resistance.hot.laser") == pytest.approx(exact, rel=2e-4)


# ---------------------------------------------------------------- rates and assembled matrices

LAYERS = (Layer(name="a", thickness=0.6e-6), Layer(name="b", thickness=2.4e-6))
SHAPES = {
    "coaxial": CoaxialShape(inner_radius=1e-6, length=3e-6, layers=LAYERS),
    "sphere": SphericalShape(inner_radius=1e-6, half_angle=math.pi, layers=LAYERS),
    "cone": SphericalShape(inner_radius=1e-6, half_angle=math.pi / 3, layers=LAYERS),
}
EXACT_RESISTANCE = {
    "coaxial": (math.log(1.6) / 2 + math.log(2.5) / 100) / (2 * math.pi * 3e-6),
    "sphere": shell(1e-6, 1.6e-6, 2) + shell(1.6e-6, 4e-6, 100),
    "cone": 4 * (shell(1e-6, 1.6e-6, 2) + shell(1.6e-6, 4e-6, 100)),
}


def shells(shape, conductivity=(2.0, 100.0), heat_capacity=(1e6, 3e6), **changes):
    """A body of two layers, held outside, heated and read inside."""
    plate = isinstance(shape, PlateShape)
    body = Body(
        kind="plate" if plate else "planar" if isinstance(shape, SlabShape) else "axisymmetric",
        depth=getattr(shape, "depth", 1.0),
        fillings={
            layer.name: Filling(
                region=SHEET if plate else layer.name,
                conductivity=conductivity[i],
                heat_capacity=heat_capacity[i],
                thickness=layer.thickness if plate else None,
            )
            for i, layer in enumerate(LAYERS)
        },
        boundaries={"outer": Boundary(on=("outer",), temperature=300.0)},
        sources={"heater": SpreadSource(on="inner", power=1.0)},
        sensors={"hot": MeanSensor("inner")},
    )
    return replace(body, **changes)


def errors_by_scale(name, scales, reshape=lambda mesh: mesh):
    """Relative error of the resistance at element scales."""
    body = shells(SHAPES[name])
    found = []
    for scale in scales:
        system = body_model(body, reshape(body_mesh(SHAPES[name], scale))).system
        rise = system.hold("outer").solve(system.sources["heater"])  # exact to rounding, however large the system is
        found.append(abs(system.sensors["hot"] @ rise / EXACT_RESISTANCE[name] - 1))
    return np.array(found)


@pytest.mark.parametrize("name", list(SHAPES))
def test_curved_bodies_converge_with_the_elements_own_rate(name):
    """Quadratic elements with their edges on the curves: fourth order in a resistance."""
    errors = errors_by_scale(name, (2, 1, 0.5))
    assert np.log2(errors[:-1] / errors[1:]).min() >= 3.7
    assert errors[-1] < 1e-5


@pytest.mark.parametrize("name", ["sphere", "cone"])
def test_polygons_converge_with_second_order_only(name):
    """The same mesh with straight edges: the error of the shape is of second order and hides the elements' own."""
    errors = errors_by_scale(name, (1, 0.5, 0.25), reshape=lambda mesh: mesh.straightened())
    assert np.log2(errors[:-1] / errors[1:]) == pytest.approx([2, 2], abs=0.15)
    assert errors[-1] > 10 * errors_by_scale(name, (0.25,))[0]


@BilinearForm
def ring_conduction(u, v, w):
    """A point of the half-plane stands for a ring of circumference 2 pi r."""
    return 2 * np.pi * w.x[0] * dot(grad(u), grad(v))


@BilinearForm
def ring_capacity(u, v, w):
    """Capacity of such rings."""
    return 2 * np.pi * w.x[0] * u * v


@LinearForm
def ring_area(v, w):
    """Area of a boundary's rings."""
    return 2 * np.pi * w.x[0] * v


DISC = DiscShape(radius=2e-6, spot_radius=60e-9, layers=LAYERS)


@pytest.mark.parametrize("shape", [SHAPES["coaxial"], SHAPES["sphere"], SHAPES["cone"], DISC])
def test_matrices_agree_with_the_general_assembly(shape):
    """Conduction, capacity and boundary means equal scikit-fem's own forms on the same elements."""
    mesh = body_mesh(shape, 2.0)
    theirs = MeshTri2(mesh.points, mesh.cells).with_subdomains(
        {name: np.flatnonzero(mesh.region == i) for i, name in enumerate(mesh.names)}
    )
    basis = Basis(theirs, ElementTriP2(), intorder=5)
    order = node_of_dof(basis, mesh)
    inside = "spot" if isinstance(shape, DiscShape) else "inner"
    held = "bottom" if isinstance(shape, DiscShape) else "outer"
    body = shells(
        shape,
        boundaries={held: Boundary(on=(held,), exchange=Exchange(conductance=1e4, temperature=300.0))},
        sources={"heater": SpreadSource(on=inside, power=1.0)},
        sensors={"hot": MeanSensor(inside), "layer": MeanSensor("b")},
    )
    system = body_model(body, mesh).system
    count = mesh.points.shape[1]
    for name in ("a", "b"):
        part = basis.with_elements(name)
        for form, term, unit in (
            (ring_conduction, system.K[f"k.{name}"], 1),
            (ring_capacity, system.C[f"c.{name}"], 3),
        ):
            expected = np.zeros((count, count))
            expected[np.ix_(order, order)] = form.assemble(part).toarray() * LENGTH_UNIT**unit
            ours = term.toarray()[:count, :count]
            assert np.abs(ours - expected).max() <= 1e-12 * np.abs(expected).max()
    expected = np.zeros(count)
    expected[order] = ring_area.assemble(basis.with_elements("b"))
    assert system.sensors["layer"][:count] == pytest.approx(expected / expected.sum(), rel=1e-12, abs=1e-15)
    assert uniform_residual(system) < 1e-12
    assert abs(heat_imbalance(system.hold(f"ambient.{held}"), "heater")) < 1e-9


def node_of_dof(basis, mesh):
    """Our node for every unknown of scikit-fem's basis, element by element."""
    order = np.empty(basis.N, dtype=int)
    order[basis.element_dofs] = mesh.cells
    return order


@pytest.mark.parametrize(
    ("shape", "volume"),
    [
        (SlabShape(width=1e-6, depth=2e-6, layers=LAYERS), 2e-12 * 3e-6),
        (PlateShape(length=1e-6, width=2e-6, layers=LAYERS), 2e-12 * 3e-6),
        (DiscShape(radius=2e-6, spot_radius=1e-6, layers=LAYERS), math.pi * 4e-12 * 3e-6),
        (SHAPES["coaxial"], math.pi * (16 - 1) * 1e-12 * 3e-6),
        (SHAPES["sphere"], 4 / 3 * math.pi * (64 - 1) * 1e-18),
        (SHAPES["cone"], 1 / 3 * math.pi * (64 - 1) * 1e-18),
    ],
    ids=lambda item: type(item).__name__,
)
def test_heat_capacity_is_that_of_the_volume(shape, volume):
    """Unit heat capacity per volume everywhere."""
    first = {SlabShape: "first", PlateShape: "start", DiscShape: "bottom"}.get(type(shape), "outer")
    body = shells(
        shape,
        (1.0, 1.0),
        (1.0, 1.0),
        boundaries={first: Boundary(on=(first,), temperature=1.0)},
        sources={},
        sensors={},
    )
    system = body_model(body, body_mesh(shape)).system
    assert system.one @ (system.total(system.C) @ system.one) == pytest.approx(volume, rel=2e-7)
