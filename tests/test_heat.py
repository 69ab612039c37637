"""Mesh to system: weak forms against scikit-fem, sources, interfaces, films, the ring between tip and plate, rates."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfc
from skfem import Basis, BilinearForm, ElementTriP2, LinearForm, MeshTri2
from skfem.helpers import dot, grad

from thermonet.geometry.apex import CORE, Apex, TipLayer, apex_mesh
from thermonet.geometry.interfaces import separated
from thermonet.geometry.mesh import LENGTH_UNIT, Patch, assembled, edge_line, graded, half_steps
from thermonet.geometry.plate import PLATE, Plate, plate_mesh
from thermonet.heat.cantilever import Sheet, plate_system, ring_angles, ring_flux_resistances, ring_port
from thermonet.heat.elements import (
    axisymmetric_elements,
    cell_volumes,
    facet_load,
    facet_matrix,
    jump_matrix,
    load,
    mass,
    plane_elements,
    points_of,
    stiffness,
    turning,
)
from thermonet.heat.error import discretisation_error, observed_rate
from thermonet.heat.probe import HARMONICS, Probe, base_resistances, coefficients, probe_model, same_shape
from thermonet.heat.source import apex_source
from thermonet.heat.tip import HeatProperties, TipSensing, film_conductance, ring_harmonics, tip_model
from thermonet.quantities.errors import PhysicsError
from thermonet.studies.answers import solve_probe
from thermonet.system.steady import heat_imbalance, reciprocity_error, resistance, uniform_residual

ALPHA = math.radians(25)
APEX = Apex(
    height=8e-6,
    core_radius=100e-9,
    half_angle=ALPHA,
    layers=(
        TipLayer(name="gold", wall=40e-9, apex=90e-9),
        TipLayer(name="inner", wall=70e-9, apex=70e-9, opening_radius=60e-9),
        TipLayer(name="chromium", wall=40e-9, apex=90e-9),
        TipLayer(name="outer", wall=70e-9, apex=70e-9),
        TipLayer(name="silver", wall=40e-9, apex=90e-9),
    ),
)
REGIONS = (CORE, *(layer.name for layer in APEX.layers))
PROPERTIES = HeatProperties(
    conductivity=dict(zip(REGIONS, (1.3, 120.0, 1.2, 30.0, 1.2, 120.0), strict=True)),
    heat_capacity=dict(zip(REGIONS, (1.6e6, 2.5e6, 2e6, 3.2e6, 2e6, 2.5e6), strict=True)),
    boundary_conductance={
        (CORE, "gold"): 5e7,
        ("gold", "inner"): 5e7,
        ("inner", "chromium"): 8e7,
        ("gold", "chromium"): 1e9,
        ("chromium", "outer"): 8e7,
        ("outer", "silver"): 5e7,
    },
)
SENSING = TipSensing(
    metals=("gold", "chromium"), source_layer="silver", source_shape="diffusive", relaxation_length=60e-9
)
PROBE = Probe(
    apex=APEX,
    plate=Plate(length=38e-6, width=50e-6, tip_to_end=10e-6, hole_radius=APEX.foot_radius),
    properties=PROPERTIES,
    sheets={
        "body": Sheet(thickness=1e-6, conductivity=3.0, heat_capacity=2e6, under_tip=True),
        "gold": Sheet(thickness=90e-9, conductivity=120.0, heat_capacity=2.5e6, under_tip=False),
    },
    sensing=SENSING,
)


def half_ball(radius, shells, around, ratio=30.0):
    """Half a ball of silver about the origin, z >= 0, graded towards its centre (the first node)."""
    rho = radius * half_steps(graded(shells, ratio))
    angle = half_steps(graded(around)) * math.pi / 2
    nodes = np.arange(len(angle) * len(rho)).reshape(len(angle), len(rho))
    points = np.stack([np.outer(np.sin(angle), rho), np.outer(np.cos(angle), rho)]).reshape(2, -1) / LENGTH_UNIT
    nodes[:, 0] = 0
    return assembled(points, [Patch(nodes, np.zeros((around, shells), dtype=int))], ("silver",), {})


def half_annulus(inner, outer, steps, around):
    """Half a round plate with a hole, the ring inside and the 'chip' all round it."""
    rho, angle = half_steps(graded(steps, outer / inner)), half_steps(graded(around)) * math.pi
    radius = inner + (outer - inner) * rho
    nodes = np.arange(len(angle) * len(rho)).reshape(len(angle), len(rho))
    points = np.stack([np.outer(np.cos(angle), radius), np.outer(np.sin(angle), radius)]).reshape(2, -1) / LENGTH_UNIT
    lines = {"ring": edge_line(nodes[:, 0]), "chip": edge_line(nodes[:, -1])}
    return assembled(points, [Patch(nodes[::-1], np.zeros((around, steps), dtype=int))], (PLATE,), lines)


# --- weak forms ---------------------------------------------------------------------------------------------------


def as_skfem(mesh):
    """The same mesh in scikit-fem, and the position of every one of its unknowns among our nodes."""
    other = MeshTri2(mesh.points * LENGTH_UNIT * 1e6, mesh.cells)  # micrometres: skfem has absolute tolerances
    basis = Basis(other, ElementTriP2(), intorder=5)
    where = {tuple(point): i for i, point in enumerate(np.round(mesh.points * LENGTH_UNIT * 1e6, 9).T)}
    assert len(where) == mesh.points.shape[1]
    return basis, np.array([where[tuple(point)] for point in np.round(basis.doflocs, 9).T])


@pytest.mark.parametrize("kind", ["tip", "plate"])
def test_elements_agree_with_scikit_fem(kind):
    """Stiffness, mass and loads on curved quadratic elements equal scikit-fem's general assembly to rounding."""
    mesh = apex_mesh(APEX, 2.0) if kind == "tip" else plate_mesh(PROBE.plate, 2.0)
    ours = axisymmetric_elements(mesh) if kind == "tip" else plane_elements(mesh)
    basis, to = as_skfem(mesh)

    def ring(w):
        return 2 * np.pi * w.x[0] if kind == "tip" else 1.0

    everywhere = np.arange(mesh.cells.shape[1])
    forms = {
        "stiffness": (BilinearForm(lambda u, v, w: ring(w) * dot(grad(u), grad(v))), stiffness(ours, everywhere), 1),
        "mass": (BilinearForm(lambda u, v, w: ring(w) * u * v), mass(ours, everywhere), 3),
    }
    for form, matrix, power in forms.values():
        scale = 1e-6 ** (power if kind == "tip" else power - 1)
        expected = form.assemble(basis).toarray() * scale
        assert abs(matrix.toarray()[np.ix_(to, to)] - expected).max() < 1e-12 * abs(expected).max()
    expected = LinearForm(lambda v, w: ring(w) * v * np.exp(-w.x[1])).assemble(basis)
    expected = expected * 1e-6 ** (3 if kind == "tip" else 2)
    found = load(ours, everywhere, np.exp(-points_of(ours, everywhere).positions[:, 1] * 1e6))
    assert abs(found[to] - expected).max() < 1e-12 * abs(expected).max()


def test_a_coefficient_weighs_its_own_triangles():
    """One sum with a conductivity per triangle is the sum of the regions' matrices times theirs."""
    elements = axisymmetric_elements(apex_mesh(APEX, 4.0))
    values = np.array([1.0, 10.0, 2.0, 20.0, 3.0, 30.0])
    everywhere = elements.everywhere
    for form in (stiffness, mass, turning):
        whole = form(elements, everywhere, values[elements.mesh.region])
        parts = sum(v * form(elements, elements.region(n)) for n, v in zip(REGIONS, values, strict=True))
        assert abs(whole - parts).max() < 1e-13 * abs(whole).max()


def test_linear_fields_pass_the_patch_test():
    """On curved elements a uniform gradient has the body's volume as its energy, and no residual inside."""
    mesh = apex_mesh(APEX, 2.0)
    elements = axisymmetric_elements(mesh)
    height = mesh.points[1] * LENGTH_UNIT
    K = stiffness(elements, np.arange(mesh.cells.shape[1]))
    assert height @ (K @ height) == pytest.approx(cell_volumes(elements, elements.everywhere).sum(), rel=1e-12)
    outside = np.unique(np.concatenate([mesh.boundaries[name].ravel() for name in ("foot", "surface")]))
    inside = np.setdiff1d(np.arange(elements.size), outside)
    assert abs((K @ height)[inside]).max() < 1e-10 * abs(K @ height).max()
    assert abs(K @ np.ones(elements.size)).max() < 1e-13 * abs(K).max()


@pytest.mark.parametrize("order", [1, 2])
def test_harmonics_round_the_axis(order):
    """The disc's harmonic r^m cos m phi has the energy pi m b^2m per thickness, exactly."""
    radius, thickness = 3e-6, 0.5e-6
    r, z = np.meshgrid(half_steps(graded(6)) * radius, half_steps(graded(3)) * thickness, indexing="ij")
    nodes = np.arange(r.size).reshape(r.shape)
    points = np.stack([r.ravel(), z.ravel()]) / LENGTH_UNIT
    mesh = assembled(points, [Patch(nodes, np.zeros((6, 3), dtype=int))], ("disc",), {})
    elements = axisymmetric_elements(mesh)
    everywhere = elements.everywhere
    amplitude = (mesh.points[0] * LENGTH_UNIT / radius) ** order
    energy = (stiffness(elements, everywhere) + order**2 * turning(elements, everywhere)) / 2
    assert amplitude @ (energy @ amplitude) == pytest.approx(math.pi * order * thickness, rel=1e-12)
    assert mass(elements, everywhere).sum() == pytest.approx(math.pi * radius**2 * thickness, rel=1e-12)


def test_inverted_elements_are_refused():
    """A mesh that folds over itself is a shape that cannot be."""
    mesh = plate_mesh(PROBE.plate, 4.0)
    with pytest.raises(PhysicsError, match="inside out"):
        plane_elements(mesh.moved(mesh.points * np.array([[-1.0], [1.0]])))


def test_lines_have_area_and_length():
    """Loads along a boundary sum to its area or length, and the matrix of a line to the same."""
    mesh = apex_mesh(APEX)
    elements = axisymmetric_elements(mesh)
    foot = mesh.boundaries["foot"]
    radius = mesh.points[0, np.unique(foot)].max() * LENGTH_UNIT
    assert facet_load(elements, foot).sum() == pytest.approx(math.pi * radius**2, rel=1e-12)
    assert facet_load(plane_elements(mesh, 2.0), foot).sum() == pytest.approx(2 * radius, rel=1e-12)
    assert facet_matrix(elements, foot).sum() == pytest.approx(math.pi * radius**2, rel=1e-12)


def test_jumps_feel_jumps_only():
    """The matrix of an interface annihilates every continuous field; a jump of one kelvin has its area as energy."""
    mesh, interfaces = separated(apex_mesh(APEX, 2.0), lambda *_: False)
    elements = axisymmetric_elements(mesh)
    field = np.sin(mesh.points[0] / 300) + mesh.points[1] ** 2 / 1e6
    for line in interfaces:
        jump = jump_matrix(elements, line.first_facets, line.second_facets)
        area = facet_load(elements, line.first_facets).sum()
        assert abs(jump @ field).max() < 1e-13 * abs(jump).max() * abs(field).max()
        one_side = np.zeros(elements.size)
        one_side[np.unique(line.first_facets)] = 1.0
        assert one_side @ (jump @ one_side) == pytest.approx(area, rel=1e-12)
        assert abs(jump - jump.T).max() < 1e-15 * abs(jump).max()


# --- where the heat enters ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["diffusive", "ballistic"])
@pytest.mark.parametrize("length", [5e-9, 60e-9, 5e-6])
def test_a_source_is_one_watt_in_its_metal(shape, length):
    """All heat enters the outermost metal, one watt to rounding, most of it near the tip where that is short."""
    model = tip_model(apex_mesh(APEX), PROPERTIES, replace(SENSING, source_shape=shape, relaxation_length=length))
    heat = model.system.sources["apex"]
    assert heat.sum() == pytest.approx(1.0, abs=1e-14)
    outside = np.setdiff1d(np.arange(model.system.size), model.system.ports["region.silver"])
    assert not heat[outside].any()
    depth = APEX.height + 410e-9 - model.mesh.points[1] * LENGTH_UNIT
    near = heat[depth < 3 * length].sum()
    assert near > (0.6 if length < 1e-6 else 0.3)
    if shape == "ballistic":
        inside = np.array([load(model.elements, np.array([t]), np.ones((1, 1))).sum() for t in range(3)])
        assert (inside > 0).all()
        elements = model.elements
        where = elements.region("silver")
        middle = points_of(elements, where).positions - np.array([0.0, APEX.height + 410e-9])[None, :, None]
        assert heat @ (model.mesh.points[1] * LENGTH_UNIT) <= APEX.height + 410e-9
        assert np.isfinite(1 / np.linalg.norm(middle, axis=1)).all()


@pytest.mark.parametrize("reach", [0.5, 1.0, 3.0])
def test_the_diffusive_source_is_yukawas(reach):
    """In a large body a share 1 - (1 + r/l) exp(-r/l) lies within r: its Laplace transform is 1 / (1 + l/a)^2."""
    length = 60e-9
    mesh = half_ball(20 * length, 40, 6)
    heat = apex_source(
        axisymmetric_elements(mesh), np.arange(mesh.cells.shape[1]), 0, shape="diffusive", relaxation_length=length
    )
    r = np.hypot(*mesh.points) * LENGTH_UNIT
    assert heat @ np.exp(-r / (reach * length)) == pytest.approx(1 / (1 + 1 / reach) ** 2, rel=0.01)
    # and the share within r = reach l itself, with an edge as soft as a few elements
    soft = erfc((r / (reach * length) - 1) * 4) / 2
    share, _ = quad(lambda x: erfc((x / reach - 1) * 4) / 2 * x * math.exp(-x), 0, 20, limit=200)
    assert share == pytest.approx(1 - (1 + reach) * math.exp(-reach), abs=0.03)
    assert heat @ soft == pytest.approx(share, rel=0.02)


@pytest.mark.parametrize("reach", [0.5, 1.0, 3.0])
def test_the_ballistic_source_is_exponential(reach):
    """In a large body exp(-d/l) / d^2 leaves 1 - exp(-r/l) within r: its Laplace transform is 1 / (1 + l/a)."""
    length = 60e-9
    mesh = half_ball(20 * length, 40, 6)
    heat = apex_source(
        axisymmetric_elements(mesh), np.arange(mesh.cells.shape[1]), 0, shape="ballistic", relaxation_length=length
    )
    r = np.hypot(*mesh.points) * LENGTH_UNIT
    assert heat @ np.exp(-r / (reach * length)) == pytest.approx(1 / (1 + 1 / reach), rel=0.01)


# --- the tip ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tip():
    return tip_model(apex_mesh(APEX, 2.0), PROPERTIES, SENSING)


def test_a_tip_is_a_system(tip):
    """No term makes heat, sources and sensors are normalised, contact and source are one weight."""
    system = tip.system
    assert uniform_residual(system) < 1e-13
    for weights in (*system.sources.values(), *system.sensors.values()):
        assert weights.sum() == pytest.approx(1.0, abs=1e-13)
    assert system.sensors["contact"] is system.sources["apex"]
    assert set(system.K) == {f"k.{n}" for n in REGIONS} | {f"G.{a}|{b}" for a, b in PROPERTIES.boundary_conductance}
    volume = {name: system.C[f"c.{name}"].sum() for name in REGIONS}
    for name, value in volume.items():
        volumes = cell_volumes(tip.elements, tip.elements.region(name))
        assert value == pytest.approx(volumes.sum(), rel=1e-12)


def test_the_thermocouple_is_the_metal_junction(tip):
    """Its weights stand on both sides of the metals' interface alike and nowhere else."""
    weights = tip.system.sensors["thermocouple"]
    (line,) = [line for line in tip.interfaces if {line.first, line.second} == {"gold", "chromium"}]
    assert weights[np.unique(line.first_facets)].sum() == pytest.approx(0.5, rel=1e-12)
    assert weights[np.unique(line.second_facets)].sum() == pytest.approx(0.5, rel=1e-12)
    radius = tip.mesh.points[0, np.flatnonzero(weights)] * LENGTH_UNIT
    assert radius.max() < 120e-9


def test_metals_that_do_not_meet_are_refused():
    """Two layers without a common face make no thermocouple."""
    with pytest.raises(ValueError, match="do not meet"):
        tip_model(apex_mesh(APEX, 4.0), PROPERTIES, replace(SENSING, metals=("gold", "silver")))


def test_perfect_contact_is_the_limit_of_a_large_conductance():
    """Bonded regions give what boundary conductances tend to as they grow."""
    bonded = [(CORE, "gold"), ("chromium", "outer"), ("outer", "silver")]
    rest = {pair: value for pair, value in PROPERTIES.boundary_conductance.items() if pair not in bonded}
    found = []
    for stated in (dict.fromkeys(bonded, 1e10), dict.fromkeys(bonded, 1e12), {}):
        model = tip_model(apex_mesh(APEX, 4.0), replace(PROPERTIES, boundary_conductance=rest | stated), SENSING)
        found.append(resistance(model.system.hold("foot"), "thermocouple", "apex"))
    assert abs(found[1] / found[2] - 1) < 1e-4
    assert (found[0] - found[2]) / (found[1] - found[2]) == pytest.approx(100, rel=0.01)


def test_either_order_names_an_interface():
    """A boundary conductance is found whichever region is named first."""
    assert PROPERTIES.between("gold", CORE) == PROPERTIES.between(CORE, "gold") == 5e7
    assert PROPERTIES.between("gold", "silver") is None


@pytest.mark.parametrize("boundary", [None, 2e7])
def test_a_thick_film_on_a_round_end(boundary):
    """Half a sphere and a cylinder, each in closed form with its boundary conductances, conduct side by side."""
    inner, outer, k, height = 0.9e-6, 1.25e-6, 1.2, 2.0e-6
    apex = Apex(
        height=height,
        core_radius=inner - 0.1e-6,
        half_angle=math.radians(0.2),
        layers=(
            TipLayer(name="gold", wall=50e-9, apex=50e-9),
            TipLayer(name="chromium", wall=50e-9, apex=50e-9),
            TipLayer(name="outer", wall=outer - inner, apex=outer - inner),
            TipLayer(name="silver", wall=50e-9, apex=50e-9),
        ),
    )
    regions = (CORE, *(layer.name for layer in apex.layers))
    faces = {("chromium", "outer"): boundary, ("outer", "silver"): boundary} if boundary else {}
    properties = HeatProperties(
        conductivity=dict.fromkeys(regions, k),
        heat_capacity=dict.fromkeys(regions, 1e6),
        boundary_conductance={("gold", "chromium"): 1e9, **faces},
    )
    found = film_conductance(tip_model(apex_mesh(apex), properties, SENSING), "chromium", "silver")
    length = height - (inner - 0.1e-6)
    per_face = 1 / boundary if boundary else 0.0
    sphere = (1 / inner - 1 / outer) / (2 * math.pi * k) + per_face * (inner**-2 + outer**-2) / (2 * math.pi)
    shell = math.log(outer / inner) / (2 * math.pi * k) + per_face * (1 / inner + 1 / outer) / (2 * math.pi)
    closed = 1 / sphere + length / shell
    # A cut between the two parts could only lower it, and the cone is wider than the cylinder by a part in 200.
    assert closed < found.conductance < 1.015 * closed


def test_film_conductance_is_heat_per_kelvin(tip):
    """Energy of the field and heat that leaves the inner metal are one number; neighbours have no film between."""
    found = film_conductance(tip, "chromium", "silver")
    held = tip.system.hold("region.chromium", "region.silver", "region.core", "region.gold", "region.inner")
    none = np.zeros(tip.system.size)
    heat = -held.heat_into("region.silver", found.field, none)
    assert heat == pytest.approx(found.conductance, rel=1e-9)
    assert held.heat_into("region.chromium", found.field, none) == pytest.approx(found.conductance, rel=1e-9)
    assert film_conductance(tip, "silver", "chromium").conductance == pytest.approx(found.conductance, rel=1e-12)
    assert film_conductance(tip, "outer", "silver") is None
    # thin against its radius: area over (t/k + 1/G + 1/G), within the curvature of the end
    area = facet_load(tip.elements, tip.mesh.boundaries["surface"]).sum()
    flat = area / (70e-9 / 1.2 + 1 / 8e7 + 1 / 5e7)
    assert found.conductance == pytest.approx(flat, rel=0.1)


def test_the_film_field_gives_the_exact_derivative(tip):
    """field^T K_i field is the derivative of the film's conductance by its coefficients."""
    found = film_conductance(tip, "chromium", "silver")
    for term, key in (("k.outer", "outer"), ("G.outer|silver", ("outer", "silver"))):
        ends = []
        for factor in (1.001, 0.999):
            table = "conductivity" if isinstance(key, str) else "boundary_conductance"
            changed = replace(
                PROPERTIES, **{table: {**getattr(PROPERTIES, table), key: getattr(PROPERTIES, table)[key] * factor}}
            )
            ends.append(film_conductance(tip_model(apex_mesh(APEX, 2.0), changed, SENSING), "chromium", "silver"))
        by = 0.002 * tip.system.theta[term]
        expected = (ends[0].conductance - ends[1].conductance) / by
        assert found.field @ (tip.system.K[term] @ found.field) == pytest.approx(expected, rel=1e-5)


# --- the plate and the ring ---------------------------------------------------------------------------------------

SHEETS = {
    "body": Sheet(thickness=1e-6, conductivity=3.0, heat_capacity=2e6, under_tip=True),
    "film": Sheet(thickness=50e-9, conductivity=200.0, heat_capacity=2.5e6, under_tip=False),
}
SHEET, UNDER = 1e-6 * 3 + 50e-9 * 200, 1e-6 * 3


def annular_admittances(inner, outer):
    """Per sheet conductance: heat energy of cos m phi on the ring of an annulus held outside, m = 0, 1, 2."""
    ratio = [(outer ** (2 * m) + inner ** (2 * m)) / (outer ** (2 * m) - inner ** (2 * m)) for m in (1, 2)]
    return [2 * math.pi / math.log(outer / inner), math.pi * ratio[0], 2 * math.pi * ratio[1]]


def test_an_annular_plate_has_the_admittances_of_its_harmonics():
    """ln(b/a) for the mean, (b^2m + a^2m) / (b^2m - a^2m) for cos m phi; layers under the foot add pi m."""
    inner, outer = 4e-6, 20e-6
    system = plate_system(half_annulus(inner, outer, 24, 24), SHEETS, inner, 2)
    K = system.total(system.K).toarray()
    others = np.setdiff1d(np.arange(system.size), [system.ports[p][0] for p in ("chip", *map(ring_port, range(3)))])
    ring = [int(system.ports[ring_port(m)][0]) for m in range(3)]
    admittance = K[np.ix_(ring, ring)] - K[np.ix_(ring, others)] @ np.linalg.solve(
        K[np.ix_(others, others)], K[np.ix_(others, ring)]
    )
    exact = np.array(annular_admittances(inner, outer)) * SHEET + np.array([0, math.pi, 2 * math.pi]) * UNDER
    assert np.diag(admittance) == pytest.approx(exact, rel=1e-5)
    assert abs(admittance - np.diag(np.diag(admittance))).max() < 1e-5 * exact.max()


def test_heat_spread_over_the_ring_of_an_annular_plate():
    """The other way to join: mean responses to heat ~ cos m phi, in closed form."""
    inner, outer = 4e-6, 20e-6
    found = ring_flux_resistances(half_annulus(inner, outer, 24, 24), SHEET, 2)
    energy = np.array(annular_admittances(inner, outer)) * SHEET
    # heat cos(m phi) / (2 pi a) per length raises cos(m phi) by 1/(2 Y); its mean with cos(m phi) is half of that
    assert np.diag(found) == pytest.approx(1 / energy * np.array([1, 0.25, 0.25]), rel=1e-5)


def test_a_plate_holds_its_heat_capacity_and_makes_no_heat():
    """Every layer stores its volume times its heat capacity, under the foot too where it lies there."""
    mesh = plate_mesh(PROBE.plate, 1.0)
    system = plate_system(mesh, SHEETS, PROBE.plate.hole_radius, 2)
    assert uniform_residual(system) < 1e-12
    hole, whole = math.pi * PROBE.plate.hole_radius**2, 38e-6 * 50e-6
    one = system.one
    assert one @ (system.C["c.body@plate"] @ one) == pytest.approx(whole * 1e-6, rel=1e-6)
    assert one @ (system.C["c.film@plate"] @ one) == pytest.approx((whole - hole) * 50e-9, rel=1e-6)
    angle = ring_angles(mesh)
    assert (angle[0], angle[-1]) == pytest.approx((0.0, math.pi), abs=1e-12)
    assert (np.diff(angle) > 0).all()


def test_a_strip_conducts_as_a_strip():
    """Of a long narrow plate the far part is one-dimensional: length over sheet conductance and width."""
    found = []
    for length in (200e-6, 300e-6):
        plate = Plate(length=length, width=20e-6, tip_to_end=10e-6, hole_radius=2e-6)
        system = plate_system(plate_mesh(plate), SHEETS, 2e-6, 2)
        heat = np.zeros(system.size)
        heat[system.ports[ring_port(0)]] = 1.0
        system = system.with_source("foot", heat).with_sensor("foot", heat)
        found.append(resistance(system.hold("chip"), "foot", "foot"))
    assert found[1] - found[0] == pytest.approx(100e-6 / (SHEET * 20e-6), rel=1e-5)


@pytest.fixture(scope="module")
def probe():
    return probe_model(PROBE, 2.0)


def test_a_probe_is_a_system(probe):
    """Tip, plate and harmonics together make no heat, keep a watt to rounding and are reciprocal."""
    assert uniform_residual(probe.system) < 1e-11
    held = probe.system.hold(probe.ground)
    assert abs(heat_imbalance(held, "apex")) < 1e-10
    assert reciprocity_error(held, "thermocouple", "apex") < 1e-10
    assert probe.ground == "chip"
    assert coefficients(PROBE) == pytest.approx(dict(probe.system.theta))


def test_sums_are_the_terms_together(probe):
    """Assembled by term or as sums, a probe is the same system."""
    sums = probe_model(PROBE, 2.0, by_term=False)
    for ours, theirs in ((sums.system.K, probe.system.K), (sums.system.C, probe.system.C)):
        first, second = sums.system.total(ours), probe.system.total(theirs)
        assert abs(first - second).max() < 1e-11 * abs(second).max()


def test_two_ways_to_join_bracket_the_ring(probe):
    """A ring limited in its temperature is stiffer than the free one, one limited in its flux softer."""
    by_temperature, by_flux = base_resistances(probe)
    assert by_temperature < by_flux < 1.001 * by_temperature
    foot = np.zeros(probe.system.size)
    foot[probe.system.ports["foot"]] = 1.0
    system = probe.system.with_source("foot", foot).with_sensor("foot", foot)
    assert resistance(system.hold("chip"), "foot", "foot") == pytest.approx(by_temperature, rel=1e-12)


def test_base_and_tip_add_up(probe):
    """With the foot isothermal R_P is that of the tip alone and the base behind it."""
    alone = probe_model(replace(PROBE, plate=None), 2.0)
    assert alone.ground == "foot"
    assert base_resistances(alone) == (0.0, 0.0)
    tip_alone = resistance(alone.system.hold("foot"), "thermocouple", "apex")
    whole = resistance(probe.system.hold("chip"), "thermocouple", "apex")
    assert whole == pytest.approx(tip_alone + base_resistances(probe)[0], rel=1e-10)


def test_the_tip_stiffens_the_ring(probe):
    """Harmonics of the tip's foot conduct: their condensed energies are positive, that of given shapes is kept."""
    systems, shapes = ring_harmonics(probe.tip, range(1, HARMONICS + 1))
    for order, system in enumerate(systems, start=1):
        energy = sum(system.theta[name] * system.K[name][0, 0] for name in system.K)
        assert energy > 0
        assert shapes[order][np.unique(probe.tip.mesh.boundaries["axis"])] == pytest.approx(0.0)
    again, _ = ring_harmonics(probe.tip, range(1, HARMONICS + 1), shapes)
    assert again[0].K["k.core#1"][0, 0] == systems[0].K["k.core#1"][0, 0]


def test_probes_of_one_shape_share_their_matrices():
    """Conductivities do not change the shape; a dimension, a thickness or the source does."""
    conductive = replace(PROBE, properties=replace(PROPERTIES, conductivity=dict.fromkeys(REGIONS, 2.0)))
    assert same_shape(PROBE, conductive)
    assert same_shape(PROBE, replace(PROBE, sheets={n: replace(s, conductivity=9.0) for n, s in PROBE.sheets.items()}))
    thicker = {n: replace(s, thickness=2 * s.thickness) for n, s in PROBE.sheets.items()}
    assert not same_shape(PROBE, replace(PROBE, sheets=thicker))
    assert not same_shape(PROBE, replace(PROBE, apex=replace(APEX, height=9e-6)))
    assert not same_shape(PROBE, replace(PROBE, sensing=replace(SENSING, relaxation_length=61e-9)))


def test_more_conductance_never_resists_more():
    """Raising any conductance lowers the driving-point resistance at the contact."""
    first = solve_probe(PROBE, 4.0).answers["apex_resistance"]
    for region in REGIONS:
        better = {**PROPERTIES.conductivity, region: PROPERTIES.conductivity[region] * 1.2}
        changed = replace(PROBE, properties=replace(PROPERTIES, conductivity=better))
        assert solve_probe(changed, 4.0).answers["apex_resistance"] < first


# --- rates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [1.0, 1.5, 2.0, 3.0, 4.0])
def test_the_error_of_a_known_rate_is_covered(rate):
    """Of 1 + h^p on meshes 1 : 2 : 4 the rate is found, and the estimate is the error times its safety factor."""
    coarse, middle, fine = (1 + 1e-3 * h**rate for h in (4, 2, 1))
    assert observed_rate(fine, middle, coarse) == pytest.approx(rate, rel=1e-9)
    assert 1e-3 <= discretisation_error(fine, middle, coarse) <= 5e-3


@pytest.mark.parametrize(
    ("numbers", "rate"),
    [((1.0, 1.0, 1.0), 4.0), ((1.0, 1.1, 1.15), 1.0), ((1.0, 1.0 + 1e-9, 2.0), 4.0), ((1.0, 0.99, 1.05), 1.0)],
)
def test_rates_are_believed_within_bounds(numbers, rate):
    """Rates below one and above four are accidents; a number that swings shows none."""
    assert observed_rate(*numbers) == pytest.approx(rate, rel=1e-3)
    assert discretisation_error(*numbers) > 0


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["diffusive", "ballistic"])
def test_a_probe_converges_and_its_estimate_covers_the_error(shape):
    """R_P and the contact's resistance on five nested meshes: errors fall, estimates cover them."""
    probe = replace(PROBE, sensing=replace(SENSING, source_shape=shape))
    scales = (4.0, 2.0, 1.0, 0.5, 0.25)
    answers = [solve_probe(probe, scale).answers for scale in scales]
    for key in ("probe_resistance", "apex_resistance"):
        values = [found[key] for found in answers]
        error = [abs(value - values[-1]) for value in values[:-1]]
        assert error == sorted(error, reverse=True), key
        for i in (2, 3):
            estimate = discretisation_error(values[i], values[i - 1], values[i - 2])
            assert error[i] <= 2 * estimate, (key, scales[i])
            assert estimate < 1e-2 * values[i]
