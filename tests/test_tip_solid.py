"""The tip in three dimensions: its mesh, its sheets, its system, and what lines do to a probe."""

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import meshio
import numpy as np
import pytest

from thermonet.geometry.apex import Line, apex_mesh, cap_points, rim_angle
from thermonet.geometry.mesh import LENGTH_UNIT, Mesh
from thermonet.geometry.tip_solid import Hanging, Sheets, SolidTip, tip_solid
from thermonet.geometry.tip_solid_interfaces import separated_tip
from thermonet.geometry.topology import FACETS, packed, shared
from thermonet.heat.elements import cell_volumes, facet_areas, solid_elements
from thermonet.heat.error import discretisation_error
from thermonet.heat.probe import probe_model
from thermonet.heat.probe_solid import solid_probe_model
from thermonet.heat.simplices import full_blocks
from thermonet.heat.tip_solid import solid_tip_model
from thermonet.heat.tip_solid_sheets import sheet_blocks
from thermonet.quantities.errors import DocumentError, PhysicsError
from thermonet.report.write import write_report
from thermonet.studies.answers import moved_answers, solve_probe
from thermonet.studies.design import probe_of, read_probe
from thermonet.studies.field_factors import field_factors
from thermonet.studies.probe import study_probe
from thermonet.studies.probe_solid import line_width_table, with_widths
from thermonet.studies.probe_solid_errors import joined_resistances, without_lines
from thermonet.studies.values import Values
from thermonet.system.steady import heat_imbalance, reciprocity_error, resistance, uniform_residual

DESIGN = Path(__file__).parents[1] / "geometries" / "ntistp_3d.yaml"


@pytest.fixture(scope="module")
def probe():
    """The built-in probe with lines."""
    return probe_of(read_probe(DESIGN), Values())


@pytest.fixture(scope="module")
def apex(probe):
    """Its tip."""
    return probe.apex


def alone(probe):
    """Return the tip of a probe, its foot held."""
    return replace(probe, plate=None, sheets={})


def covered(probe):
    """Return the probe with lines so wide that they cover the tip."""
    return replace(probe, apex=with_widths(probe.apex, math.inf))


def r_p(model):
    """Thermocouple per watt from the apex source [K/W]."""
    return resistance(model.system.hold(model.ground), "thermocouple", "apex")


def with_error(values):
    """Return the number on the finest of three meshes and its estimated error, as in a study."""
    coarse, middle, fine = values
    return fine, discretisation_error(fine, middle, coarse, 2.5)


# --- mesh ---------------------------------------------------------------------------------------------------------


def volume_inside(apex, axis, wall):
    """Volume [m^3] between the cantilever's plane and a surface under films `axis` and `wall` thick.

    On the rounded end the surface is a + b cos(angle) from its centre; below it stands a frustum, less the cone under
    the centre that the rounded end has counted.
    """
    sine, cosine = math.sin(apex.half_angle), math.cos(apex.half_angle)
    b = (axis - wall) / (1 - sine)
    a = apex.core_radius + axis - b
    powers = [(a + b * u) ** 4 / (4 * b) if b else a**3 * u for u in (1.0, sine)]
    end = 2 * math.pi / 3 * (powers[0] - powers[1])
    centre, radius = apex.height - apex.core_radius, apex.core_radius + wall
    r, z = radius * cosine, centre + radius * sine
    foot = r + z * math.tan(apex.half_angle)
    return end + math.pi / 3 * (z * (foot**2 + foot * r + r**2) - r**2 * (z - centre))


def layer_volumes(apex):
    """Volume [m^3] of core and films by the closed form."""
    axis, wall = (np.cumsum([0.0, *(getattr(film, key) for film in apex.layers)]) for key in ("apex", "wall"))
    return np.diff([0.0, *(volume_inside(apex, *ends) for ends in zip(axis, wall, strict=True))])


def region_volumes(tip):
    """Volume [m^3] of every region of the whole tip, of its tetrahedra and its sheets."""
    elements, count = solid_elements(tip.mesh), len(tip.mesh.names)
    cells = np.bincount(tip.mesh.region, cell_volumes(elements, elements.everywhere), count)
    sheets = full_blocks(sheet_blocks(tip).capacity).sum(axis=(0, 1))
    return (4 / tip.quarters) * (cells + np.bincount(tip.sheets.region, sheets, count))


@pytest.mark.parametrize("resolved", [True, False], ids=["resolved", "sheets"])
def test_volumes_converge_to_the_closed_form(apex, resolved):
    """Core and films, at the order of curved quadratic elements."""
    closed = tuple(replace(film, opening_radius=None, line=None) for film in apex.layers)
    apex = replace(apex, layers=closed)
    meshes = [tip_solid(apex, scale, quarters=1, resolved=resolved) for scale in (4, 2, 1)]
    errors = [np.abs(region_volumes(tip) / layer_volumes(apex) - 1) for tip in meshes]
    assert (errors[2] < 5e-5).all()
    assert (errors[1] / errors[2] > 2**3.3).all()


def test_volumes_with_lines_are_the_same_in_all(apex):
    """What a line leaves free its neighbour fills: nothing is lost, on half a tip as on a quarter."""
    total = layer_volumes(apex).sum()
    for quarters in (1, 2):
        volumes = region_volumes(tip_solid(apex, 1, quarters=quarters))
        assert volumes.sum() == pytest.approx(total, rel=5e-5)


@pytest.mark.parametrize("quarters", [1, 2])
@pytest.mark.parametrize("resolved", [True, False], ids=["resolved", "sheets"])
def test_faces_match(apex, quarters, resolved):
    """Every face has two owners with the same six nodes, or lies on the outside: nothing overlaps, nothing gapes."""
    tip = tip_solid(apex, 2, quarters=quarters, resolved=resolved)
    faces = [tip.mesh.cells[list(face)] for face in FACETS[3]]
    faces = np.concatenate([*faces, tip.sheets.lower, tip.sheets.upper], axis=1)
    _, first, count = np.unique(packed(faces), return_index=True, return_counts=True)
    assert len(first) == len(np.unique(packed(faces[:3])))
    outside = faces[:, first[count == 1]]
    assert count.max() == 2
    x, y, z = tip.mesh.points[:, outside]
    on_plane = [np.abs(values).max(axis=0) < 1e-6 for values in ((y, x, z) if quarters == 1 else (y, z))]
    film = shared(np.concatenate([tip.mesh.boundaries["surface"], tip.sheets.upper], axis=1)[:3], outside[:3]) >= 0
    # The cut of the films where sheets begin is the only other boundary: tetrahedra there have no neighbours.
    cut = np.isin(outside, [*tip.hanging.nodes, *tip.hanging.lower, *tip.hanging.upper]).all(axis=0)
    assert (np.logical_or.reduce([*on_plane, film]) | cut).all()
    assert cut.any() != resolved


def test_lines_have_their_width_everywhere(apex):
    """On its film's inner surface a line ends where the coordinate across it is half its width; nowhere else."""
    for name, across in (("inner_gold", 1), ("chromium", 0)):
        tip, interfaces = separated_tip(tip_solid(apex, 2, quarters=1, resolved=True), lambda *_: False)
        below, above = {"inner_gold": ("core", "inner_nitride"), "chromium": ("inner_nitride", "outer_nitride")}[name]
        [covered] = [line.first_facets for line in interfaces if (line.first, line.second) == (below, name)]
        [bare] = [line.first_facets for line in interfaces if (line.first, line.second) == (below, above)]
        edge = np.intersect1d(covered, bare)
        [half] = [layer.line.width / 2 for layer in apex.layers if layer.name == name]
        points = tip.mesh.points * LENGTH_UNIT
        assert points[across, edge] == pytest.approx(half, rel=1e-9)
        assert points[across, covered].max() <= half * (1 + 1e-9)
        assert points[2, edge].min() == pytest.approx(0.0, abs=1e-15)
        assert len(edge) > 10


def test_meshes_fold_nowhere(apex):
    """Over the range of shapes and widths that a design may have."""
    random = np.random.default_rng(1)
    for _ in range(12):
        core, angle = random.uniform(40e-9, 200e-9), math.radians(random.uniform(15, 40))
        widths = random.uniform(0.6e-6, 3e-6, 2)
        layers = tuple(
            layer if layer.line is None else replace(layer, line=Line(width=float(width), direction=direction))
            for layer, width, direction in zip(apex.layers, (widths[0], 0, widths[1], 0, 0), "x.y..", strict=True)
        )
        tip = tip_solid(replace(apex, core_radius=core, half_angle=angle, layers=layers), 2)
        assert solid_elements(tip.mesh).size == tip.mesh.points.shape[1]  # folded ones are refused


@pytest.mark.parametrize(
    ("widths", "directions", "said"),
    [
        ((100e-9, 2e-6), "xy", "crossing must end on the wall"),
        ((6e-6, 2e-6), "xy", "to cover the whole tip"),
        ((2e-6, 2e-6), "xx", "two directions"),
    ],
)
def test_lines_that_cannot_be_are_refused(apex, widths, directions, said):
    """Narrower than the rounded end, edges that run into the foot, two lines that do not cross."""
    lines = (Line(width=width, direction=direction) for width, direction in zip(widths, directions, strict=True))
    layers = tuple(layer if layer.line is None else replace(layer, line=next(lines)) for layer in apex.layers)
    with pytest.raises(PhysicsError, match=said):
        tip_solid(replace(apex, layers=layers), 4)


def test_a_body_of_revolution_has_no_lines(apex):
    """The mesh of the half plane refuses them."""
    with pytest.raises(ValueError, match="no body of revolution"):
        apex_mesh(apex)


# --- sheets -------------------------------------------------------------------------------------------------------


def one_sheet(shift):
    """A triangle of sheet 50 nm thick with legs of 2 and 3 um, its upper face shifted along x [nm]."""
    corners = np.array([[0.0, 2000.0, 0.0], [0.0, 0.0, 3000.0], [0.0, 0.0, 0.0]])
    face = np.concatenate([corners, (corners + np.roll(corners, -1, axis=1)) / 2], axis=1)[:, [0, 1, 2, 3, 4, 5]]
    points = np.concatenate([face, face + np.array([[shift], [0.0], [50.0]])], axis=1)
    none = np.zeros((10, 0), dtype=np.int64)
    mesh = Mesh(points, none, none[0], ("film",), {})
    sheets = Sheets(np.arange(6)[:, None], np.arange(6, 12)[:, None], np.array([1]), np.array([0]))
    hanging = Hanging(*np.zeros((3, 0), dtype=np.int64), np.zeros(0))
    return SolidTip(mesh, sheets, hanging, np.arange(0), 0, 4)


def energy(blocks, field):
    """Heat dissipated per unit conductivity by a field of the twelve nodes."""
    return float(field @ full_blocks(blocks.conduction)[:, :, 0] @ field)


def test_a_sheet_conducts_k_t_along_and_k_over_t_across():
    """Exactly, for a gradient in its plane and for a difference of its faces."""
    tip = one_sheet(0.0)
    blocks, (x, y, z) = sheet_blocks(tip), tip.mesh.points * LENGTH_UNIT
    area, thickness = 3e-12, 50e-9
    assert energy(blocks, x / 1e-6) == pytest.approx(area * thickness * 1e12, rel=1e-12)
    assert energy(blocks, x * y / 1e-12) == pytest.approx(
        thickness * 1e24 * (2e-6 * 27e-18 + 3e-6 * 8e-18) / 12, rel=1e-9
    )
    assert energy(blocks, z / thickness) == pytest.approx(area / thickness, rel=1e-12)
    assert full_blocks(blocks.capacity).sum() == pytest.approx(area * thickness, rel=1e-12)


def test_a_slanted_sheet_is_exact_for_uniform_gradients():
    """Faces shifted against each other, as at a cut that is not square: the patch test in all three directions."""
    tip = one_sheet(30.0)
    blocks, points = sheet_blocks(tip), tip.mesh.points * LENGTH_UNIT
    for coordinate in points:
        assert energy(blocks, coordinate / 1e-6) == pytest.approx(3e-12 * 50e-9 * 1e12, rel=1e-12)


# --- system -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tip_system(probe):
    """Half of the tip with sheets, everything in perfect contact but where metals need a boundary."""
    return solid_tip_model(tip_solid(probe.apex, 2), probe.properties, probe.sensing)


def test_terms_create_no_heat(tip_system):
    """Every term vanishes on the uniform field; sources and sensors sum to one."""
    system = tip_system.system
    assert uniform_residual(system) < 1e-12
    for vector in (*system.sources.values(), *system.sensors.values()):
        assert system.one @ vector == pytest.approx(1.0, abs=1e-12)


def test_a_uniform_gradient_crosses_the_seam_of_films_and_sheets(tip_system):
    """T = z dissipates conductivity times volume, region by region, as if nothing were tied where sheets begin."""
    z = tip_system.mesh.points[2, tip_system.nodes] * LENGTH_UNIT
    volumes = region_volumes(tip_system.tip)
    for name, volume in zip(tip_system.mesh.names, volumes, strict=True):
        term = tip_system.system.K[f"k.{name}"]
        assert z @ (term @ z) == pytest.approx(volume, rel=1e-6)
    for name, term in tip_system.system.K.items():
        if name.startswith("G."):
            assert z @ (term @ z) < 1e-30
    assert sum(volumes) == pytest.approx(
        sum(float(tip_system.system.one @ (term @ tip_system.system.one)) for term in tip_system.system.C.values()),
        rel=1e-9,
    )


def test_heat_balances_and_reciprocity_holds(probe):
    """To 1e-9, of the whole probe."""
    held = solid_probe_model(probe, 2).system.hold("chip")
    assert abs(heat_imbalance(held, "apex")) < 1e-9
    assert reciprocity_error(held, "thermocouple", "apex") < 1e-9


def test_the_junction_is_the_opening(apex, tip_system):
    """The metals touch where the nitride between them is open, on its outer surface, and nowhere else."""
    [junction] = [line for line in tip_system.interfaces if {line.first, line.second} == {"inner_gold", "chromium"}]
    x, y, _ = tip_system.mesh.points[:, junction.first_facets] * LENGTH_UNIT
    rim = cap_points(apex, np.array([rim_angle(apex)]), np.array([3.0]))[0, 0, 0]
    assert np.hypot(x, y).max() == pytest.approx(rim, rel=1e-9)
    area = 2 * facet_areas(tip_system.elements, junction.first_facets).sum()
    assert math.pi * rim**2 < area < 1.1 * math.pi * rim**2


# --- against the body of revolution -------------------------------------------------------------------------------


def axisymmetric(probe, scales):
    """R_P of the body of revolution with shells in place of lines, and its error."""
    shelled = replace(probe, apex=without_lines(probe.apex))
    return with_error([r_p(probe_model(shelled, scale, by_term=False)) for scale in scales])


def test_tip_of_shells_is_the_body_of_revolution(probe):
    """All films resolved, the base isothermal: the same R_P within the sum of both estimated errors."""
    tip = alone(covered(probe))
    ours, error = with_error([r_p(solid_probe_model(tip, scale, by_term=False, resolved=True)) for scale in (8, 4, 2)])
    other, its_error = axisymmetric(tip, (4, 2, 1))
    assert abs(ours - other) < error + its_error
    assert error + its_error < 0.02 * other


@pytest.mark.slow
def test_tip_of_shells_is_the_body_of_revolution_on_the_usual_mesh(probe):
    """The same on the mesh of a study, where both errors are below 0.1 %."""
    tip = alone(covered(probe))
    ours, error = with_error([r_p(solid_probe_model(tip, scale, by_term=False, resolved=True)) for scale in (4, 2, 1)])
    other, its_error = axisymmetric(tip, (4, 2, 1))
    assert abs(ours - other) < error + its_error < 1e-3 * other


def test_probe_of_shells_is_the_axisymmetric_probe(probe):
    """The whole probe, within the sum of both estimated errors and of the join's and the sheets'."""
    shelled = covered(probe)
    models = [solid_probe_model(shelled, scale, by_term=False) for scale in (8, 4, 2)]
    ours, error = with_error([r_p(model) for model in models])
    other, its_error = axisymmetric(probe, (4, 2, 1))
    by_temperature, by_flux = joined_resistances(models[-1], models[-1].plate)
    sheet = abs(ours - r_p(solid_probe_model(shelled, 2, by_term=False, resolved=True)))
    join = abs(by_temperature - by_flux) / 2
    assert abs(ours - other) < error + its_error + join + sheet
    assert by_temperature == pytest.approx(ours, rel=1e-9)
    assert join < 1e-3 * ours
    assert sheet < 1e-3 * ours


def test_half_a_tip_is_two_quarters(probe):
    """The tip alone by half of it: the same R_P but for diagonals that run the other way."""
    tip = alone(probe)
    quarter = r_p(solid_probe_model(tip, 2, by_term=False))
    half = solid_tip_model(tip_solid(tip.apex, 2, quarters=2), tip.properties, tip.sensing, by_term=False)
    assert resistance(half.system.hold("foot"), "thermocouple", "apex") == pytest.approx(quarter, rel=2e-4)


# --- what lines do ------------------------------------------------------------------------------------------------


def test_wider_lines_conduct_more(probe):
    """R_P falls with the width of the lines and is least with shells."""
    table = line_width_table(probe, 4)
    resistances = table["probe_resistance"].values
    assert table["widths"].values[-1] == "shells"
    assert table["width.inner_gold"].values[-1] is None
    assert all(wide < narrow for narrow, wide in pairwise(resistances))
    assert table["relative_to_shells"].values[table["widths"].values.index("1 x")] > 1.1


def test_derivative_by_a_width(probe):
    """A moved mesh in the small coordinates of another gives the difference of two full solutions."""
    solved, step = solve_probe(probe, 4, by_term=True), 1e-4

    def wider(share):
        return replace(probe, apex=with_widths(probe.apex, 1 + share))

    full = [solve_probe(wider(sign * step), 4).answers["probe_resistance"] for sign in (1, -1)]
    small = [moved_answers(solved, wider(sign * step), 4)["probe_resistance"] for sign in (1, -1)]
    assert small[0] - small[1] == pytest.approx(full[0] - full[1], rel=1e-3)
    assert full[0] < full[1]


def test_study_of_the_built_in_design(tmp_path):
    """From the document to numbers, errors, checks, table, figures and field file, on a coarse mesh."""
    study = study_probe(read_probe(DESIGN, ("numerics.element_scale=4", "numerics.tolerance=10 %")))
    quantities = study.result.quantities
    expected = {"probe_resistance", "apex_resistance", "base_resistance", "film_resistance", "time_constant_slowest"}
    assert expected <= set(quantities)
    assert quantities["probe_resistance"].value == pytest.approx(105.1e3, rel=0.01)
    assert quantities["probe_resistance"].numerical_error > abs(quantities["probe_resistance"].value - 105.1e3)
    assert [error.name for error in study.model_errors] == ["sheet", "join", "foot", "reduction"]
    assert all(error.effect < 0.01 * 105.1e3 for error in study.model_errors)
    assert study.result.checks["energy_balance"].holds
    assert study.result.checks["reciprocity"].holds
    assert "line_width" in study.result.tables
    names = {line.input.name for line in study.budgets["probe_resistance"].lines}
    assert {"apex.layers.inner_gold.width", "materials.Au_film.thermal_conductivity", "apex.half_angle"} <= names
    write_report(tmp_path, study, {})
    field = meshio.read(tmp_path / "field.vtu")
    assert {block.type for block in field.cells} == {"tetra10", "wedge"}
    assert field.point_data["temperature_per_watt"].max() > quantities["apex_resistance"].value
    assert (tmp_path / "figures" / "lines.svg").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("apex.layers.outer_gold.width=2 um", "only a thermocouple metal under another film"),
        ("apex.layers.inner_nitride.width=2 um", "only a thermocouple metal under another film"),
        ("apex.layers.chromium.width=150 nm", "crossing must end on the wall"),
    ],
)
def test_documents_with_other_lines_are_refused(setting, said):
    """At their place."""
    with pytest.raises(DocumentError, match=said) as refused:
        read_probe(DESIGN, (setting,))
    assert setting.split("=")[0] in str(refused.value)


def test_field_factors_of_lines_are_refused():
    """Currents are followed in shells only."""
    with pytest.raises(PhysicsError, match="without widths"):
        field_factors(read_probe(DESIGN))
