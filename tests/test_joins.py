"""Halves of a body joined again: through a trace they are the whole, through one temperature the whole forced to it."""

from dataclasses import replace
from functools import lru_cache

import meshio
import numpy as np
import pytest
from skfem import MeshTet, MeshTri

from thermonet.documents.network.document import NetworkDocument
from thermonet.documents.reader import read_document
from thermonet.geometry.mesh import Mesh
from thermonet.geometry.refine import quadratic, uniformly_refined
from thermonet.geometry.topology import facets
from thermonet.heat.bodies.body import Body, Boundary, Exchange, Filling, MeanSensor, SpreadSource
from thermonet.heat.bodies.joined import Cut, joined_bodies
from thermonet.heat.bodies.model import body_model
from thermonet.quantities.errors import PhysicsError
from thermonet.studies.bodies.reading import read_body
from thermonet.studies.network.bodies import terminal_resistances
from thermonet.studies.network.elements import network_bodies
from thermonet.studies.network.joins import joined_terminals
from thermonet.studies.network.study import read_network, study_network
from thermonet.system.drive import Drive
from thermonet.system.join import tied
from thermonet.system.modes import slowest_modes
from thermonet.system.signals import Course, Sine
from thermonet.system.transient import transient

KINDS = ("planar", "axisymmetric", "solid")
SIDES = ("left", "right")
#: Where the body is cut, across its film; of a solid in x, of the others in their first coordinate too.
CUT, WIDTH, DEEP, FILM = 400.0, 1000.0, 300.0, 60.0


@lru_cache
def whole_mesh(kind, degree=2):
    """A film on a base, both halves of either with names of their own: 'film.left' ..."""
    across = np.unique(np.concatenate([np.linspace(0, CUT, 4), np.linspace(CUT, WIDTH, 5)]))
    up = np.concatenate([np.linspace(0, DEEP, 4), [DEEP + FILM / 2, DEEP + FILM]])
    axes = (across, np.array([0.0, 200.0, 500.0]), up) if kind == "solid" else (across, up)
    grid = (MeshTet if kind == "solid" else MeshTri).init_tensor(*axes)
    centre = grid.p[:, grid.t].mean(axis=1)
    region = 2 * (centre[-1] > DEEP) + (centre[0] > CUT)
    names = ("base-left", "base-right", "film-left", "film-right")
    cells, corners = grid.t.astype(np.int64), grid.p[:, grid.t]
    turned = np.linalg.det(np.moveaxis(corners[:, 1:] - corners[:, :1], 2, 0)) < 0
    cells[:2, turned] = cells[1::-1, turned]
    mesh = Mesh(grid.p, cells, region.astype(np.int64), names, {})
    mesh = quadratic(mesh) if degree == 2 else mesh
    found = facets(mesh)
    heights = mesh.points[-1, found.nodes[: mesh.dimension]]
    sides = np.sort(np.where(found.cells >= 0, mesh.region[found.cells] % 2, -1), axis=0)
    named = {
        "bottom": (heights == 0).all(axis=0),
        "top": (heights == DEEP + FILM).all(axis=0),
        "cut": (sides[0] == 0) & (sides[1] == 1),
    }
    return replace(mesh, boundaries={name: found.nodes[:, rows] for name, rows in named.items()})


def half_mesh(kind, side, degree=2):
    """The cells of one side alone."""
    mesh = whole_mesh(kind, degree)
    cells = mesh.cells[:, mesh.region % 2 == SIDES.index(side)]
    used, number = np.unique(cells, return_inverse=True)
    position = np.full(mesh.points.shape[1], -1)
    position[used] = np.arange(len(used))
    boundaries = {name: position[nodes] for name, nodes in mesh.boundaries.items()}
    return Mesh(
        points=mesh.points[:, used],
        cells=number.reshape(len(cells), -1),
        region=mesh.region[mesh.region % 2 == SIDES.index(side)] // 2,
        names=(f"base-{side}", f"film-{side}"),
        boundaries={name: nodes[:, (nodes >= 0).all(axis=0)] for name, nodes in boundaries.items()},
    )


def body(kind, sides, *, top=None, cut=None):
    """A film on a held base, heated on its left and read on its right, in air; the cut is far from an isotherm."""
    bulk = {"base": (1.4, 1.6e6), "film": (200.0, 2.5e6)}
    left, right = ("left" in sides, "right" in sides)
    boundaries = {
        "bottom": Boundary(on=("bottom",), temperature=300.0),
        "top": Boundary(on=("top",), exchange=Exchange(conductance=2e6, temperature=300.0), temperature=top),
    }
    if top is not None:
        boundaries["top"] = Boundary(on=("top",), temperature=top)
    return Body(
        kind=kind,
        depth=1e-6 if kind == "planar" else 1.0,
        fillings={
            f"{name}-{side}": Filling(region=f"{name}-{side}", conductivity=k, heat_capacity=c)
            for side in sides
            for name, (k, c) in bulk.items()
        },
        contacts={(f"base-{side}", f"film-{side}"): 2e8 for side in sides},
        boundaries=boundaries | ({"cut": Boundary(on=("cut",), port=cut)} if cut else {}),
        sources={"heater": SpreadSource(on="film-left", power=1e-6)} if left else {},
        sensors={"far": MeanSensor("film-right")} if right else {},
    )


def halves(kind, shared, degree=2, **more):
    models = {
        side: body_model(body(kind, (side,), cut="trace", **more), half_mesh(kind, side, degree)) for side in SIDES
    }
    return joined_bodies(models, [Cut(("left", "cut"), ("right", "cut"), shared)])


def whole(kind, degree=2, **more):
    return body_model(body(kind, SIDES, **more), whole_mesh(kind, degree))


def forced(model):
    """The whole with its cut at one temperature; the corner with the held bottom stays held."""
    x = model.mesh.points[0]
    on_cut = np.setdiff1d(model.unknowns[x == CUT], model.system.ports["bottom"])
    return tied(replace(model.system, ports={**model.system.ports, "cut": on_cut}), "cut")


def held_pair(kind, shared, degree=2):
    """The whole and its joined halves, everything held that the document holds."""
    model = whole(kind, degree)
    system = forced(model) if shared == "isothermal" else model.system
    both = halves(kind, shared, degree)
    ports = [f"{side}.{port}" for side in SIDES for port in ("bottom", "ambient.top")]
    return system.hold("bottom", "ambient.top"), both.hold(*ports)


@pytest.mark.parametrize("shared", ["trace", "isothermal"])
@pytest.mark.parametrize("kind", KINDS)
def test_halves_have_the_steady_state_of_the_whole(kind, shared):
    exact, joined = held_pair(kind, shared)
    field, again = exact.solve(exact.system.sources["heater"]), joined.solve(joined.system.sources["left.heater"])
    seen, seen_again = exact.system.sensors["far"] @ field, joined.system.sensors["right.far"] @ again
    assert seen_again == pytest.approx(seen, rel=1e-9)
    out = sum(joined.heat_into(port, again, joined.system.sources["left.heater"]) for port in joined.ports)
    assert out == pytest.approx(1.0, rel=1e-10)
    # Every node of the one is a node of the other.
    assert joined.system.size == exact.system.size + 2  # two held bottoms and two ambients for one of either


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_across_the_film_is_far_from_an_isotherm(kind):
    """So that the tests above could fail: one temperature on the cut is another body."""
    seen = [
        float(held.system.sensors["far"] @ held.solve(held.system.sources["heater"]))
        for held in (held_pair(kind, shared)[0] for shared in ("trace", "isothermal"))
    ]
    assert abs(seen[1] / seen[0] - 1) > 0.02


@pytest.mark.parametrize("shared", ["trace", "isothermal"])
@pytest.mark.parametrize("kind", KINDS)
def test_halves_have_the_modes_of_the_whole(kind, shared):
    exact, joined = held_pair(kind, shared)
    assert slowest_modes(joined, 5)[0] == pytest.approx(slowest_modes(exact, 5)[0], rel=1e-9)


@pytest.mark.parametrize("shared", ["trace", "isothermal"])
@pytest.mark.parametrize("kind", KINDS)
def test_halves_have_the_transient_of_the_whole(kind, shared):
    """Heat that swings, and a bath that is warmer than the body at first."""
    times, swing = np.linspace(0, 1e-6, 9), Course(Sine(frequency=2e6, phase=0.3), amplitude=1e-3)
    exact, joined = held_pair(kind, shared)
    drives = (
        Drive(powers={"heater": swing}, temperatures={"bottom": 1.0}),
        Drive(powers={"left.heater": swing}, temperatures={"left.bottom": 1.0, "right.bottom": 1.0}),
    )
    found, again = (
        transient(held, drive, times, initial=0.0, fixed_step=5e-8)
        for held, drive in zip((exact, joined), drives, strict=True)
    )
    seen, size = found.sensors["far"], np.abs(found.sensors["far"]).max()
    assert size > 0.1
    assert again.sensors["right.far"] == pytest.approx(seen, abs=1e-9 * size)
    parts = again.heat["left.bottom"] + again.heat["right.bottom"]
    assert parts == pytest.approx(found.heat["bottom"], abs=1e-9 * np.abs(found.heat["bottom"]).max())


def test_linear_elements_join_too():
    exact, joined = held_pair("planar", "trace", degree=1)
    seen = exact.system.sensors["far"] @ exact.solve(exact.system.sources["heater"])
    again = joined.system.sensors["right.far"] @ joined.solve(joined.system.sources["left.heater"])
    assert again == pytest.approx(seen, rel=1e-9)


def test_surfaces_of_two_temperatures_may_end_at_a_cut():
    """Two held tops stay two nodes: at one temperature they are the whole's, and their heats add up to its heat."""
    model = whole("planar", top=310.0)
    exact, joined = model.system.hold("bottom", "top"), halves("planar", "trace", top=310.0)
    again = joined.hold("left.bottom", "right.bottom", "left.top", "right.top")
    one, both = np.zeros(exact.system.size), np.zeros(joined.size)
    one[exact.system.ports["top"]] = 1.0
    for port in ("left.top", "right.top"):
        both[joined.ports[port]] = 1.0
    field = exact.solve(np.zeros(len(one)), held=one[exact.fixed])
    parts = again.solve(np.zeros(len(both)), held=both[again.fixed])
    out = sum(again.heat_into(port, parts, np.zeros(len(both))) for port in ("left.top", "right.top"))
    assert out == pytest.approx(exact.heat_into("top", field, np.zeros(len(one))), rel=1e-9)


def test_a_body_is_moved_to_its_partner():
    """Where a mesh has its origin means nothing; the radius does."""
    left = body_model(body("planar", ("left",), cut="trace"), half_mesh("planar", "left"))
    away = half_mesh("planar", "right")
    right = body_model(body("planar", ("right",), cut="trace"), away.moved(away.points + np.array([[7e3], [-2e3]])))
    cut = Cut(("left", "cut"), ("right", "cut"))
    system = joined_bodies({"left": left, "right": right}, [cut])
    assert system.size == halves("planar", "trace").size
    round_left = body_model(body("axisymmetric", ("left",), cut="trace"), half_mesh("axisymmetric", "left"))
    away = half_mesh("axisymmetric", "right")
    moved = body_model(body("axisymmetric", ("right",), cut="trace"), away.moved(away.points + np.array([[10], [0]])))
    with pytest.raises(
        PhysicsError, match=r"do not match: left.cut has a face around \(400 nm, .*right.cut is at \(410 nm"
    ):
        joined_bodies({"left": round_left, "right": moved}, [cut])


def refused(cut, **changed):
    models = {
        side: body_model(body("planar", (side,), cut="trace"), half_mesh("planar", side), joined=("cut",))
        for side in SIDES
    }
    joined_bodies(models | changed, [cut])


def test_meshes_that_do_not_match_are_refused_with_both_places():
    cut = Cut(("left", "cut"), ("right", "cut"))
    mesh = half_mesh("planar", "right")
    stretched = mesh.points * np.where(np.abs(mesh.points[1] - DEEP / 3) < 1, np.array([[1.0], [1.02]]), 1.0)
    right = body_model(body("planar", ("right",), cut="trace"), mesh.moved(stretched))
    with pytest.raises(
        PhysicsError, match=r"left.cut has .* \(400 nm, .*\), the nearest of right.cut is at \(400 nm, "
    ):
        refused(cut, right=right)
    linear = body_model(body("planar", ("right",), cut="trace"), half_mesh("planar", "right", degree=1))
    with pytest.raises(PhysicsError, match="the one are quadratic, those of the other linear"):
        refused(cut, right=linear)
    with pytest.raises(PhysicsError, match="the one has 5 faces there, the other 4"):
        refused(Cut(("left", "cut"), ("right", "top")))


def test_bodies_that_cannot_be_one_are_refused():
    with pytest.raises(PhysicsError, match="no body 'middle', expected one of left, right"):
        refused(Cut(("left", "cut"), ("middle", "cut")))
    with pytest.raises(PhysicsError, match="'right' has no boundary 'edge', expected one of bottom, top, cut"):
        refused(Cut(("left", "cut"), ("right", "edge")))
    round_one = body_model(body("axisymmetric", ("right",), cut="trace"), half_mesh("axisymmetric", "right"))
    with pytest.raises(PhysicsError, match="a planar and a axisymmetric body"):
        refused(Cut(("left", "cut"), ("right", "cut")), right=round_one)
    deeper = body_model(replace(body("planar", ("right",), cut="trace"), depth=2e-6), half_mesh("planar", "right"))
    with pytest.raises(PhysicsError, match="of different depth, 1e-06 m and 2e-06 m"):
        refused(Cut(("left", "cut"), ("right", "cut")), right=deeper)
    tied_one = body_model(body("planar", ("right",), cut="isothermal"), half_mesh("planar", "right"))
    with pytest.raises(PhysicsError, match=r"right\.cut has one temperature"):
        refused(Cut(("left", "cut"), ("right", "cut")), right=tied_one)


# --- from documents ---------------------------------------------------------------------------------------------------

BODY = """thermonet: body/1
name: {side}
temperature: 300 K
coordinates: axisymmetric
mesh: {{file: {side}.msh, unit: nm}}
regions:
  base-{side}: {{thermal_conductivity: 1.4 W/m/K, density: 1600 kg/m^3, specific_heat: 1000 J/kg/K}}
  film-{side}: {{thermal_conductivity: 200 W/m/K, density: 2500 kg/m^3, specific_heat: 1000 J/kg/K}}
interfaces: {{base-{side}/film-{side}: 200 MW/m^2/K}}
boundaries:
  cold: {{on: bottom, temperature: 300 K}}
  air: {{on: top, ambient: {{conductance: 2 MW/m^2/K}}}}
  edge: {{on: cut, port: trace}}
{more}
numerics: {{tolerance: 5 %}}
"""
MORE = {
    "left": "sources: {heater: {on: film-left, power: 1 uW}}",
    "right": "sensors: {far: {on: film-right}}",
}
NETWORK = """thermonet: network/1
name: halves
temperature: 300 K
nodes: {hot: {}, seen: {}, bath: {temperature: 300 K}}
bodies:
  left: {design: left.yaml, terminals: {heater: hot, cold: bath, ambient.air: bath}}
  right: {design: right.yaml, terminals: {far: seen}}
joins: {middle: {between: [left.edge, right.edge], as: trace}}
sources: {laser: {into: hot, power: 1 mW}}
"""


def written(folder, side):
    """A half of the axisymmetric body as a document with its mesh file, its elements linear there."""
    mesh = half_mesh("axisymmetric", side, degree=1)
    groups = [*((name, 2) for name in mesh.names), *((name, 1) for name in mesh.boundaries)]
    cells = [("triangle", mesh.cells[:, mesh.region == i].T) for i in range(len(mesh.names))]
    cells += [("line", nodes.T) for nodes in mesh.boundaries.values()]
    numbers = [np.full(len(block), number + 1) for number, (_, block) in enumerate(cells)]
    points = np.column_stack([*mesh.points, np.zeros(mesh.points.shape[1])])
    fields = {name: np.array([number + 1, dimension]) for number, (name, dimension) in enumerate(groups)}
    data = {"gmsh:physical": numbers, "gmsh:geometrical": numbers}
    found = meshio.Mesh(points, cells, cell_data=data, field_data=fields)
    meshio.gmsh.write(folder / f"{side}.msh", found, fmt_version="2.2", binary=False)
    (folder / f"{side}.yaml").write_text(BODY.format(side=side, more=MORE[side]), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("halves")
    for side in SIDES:
        written(place, side)
    return place


def joined(folder, shared, **more):
    documents = {side: read_body(folder / f"{side}.yaml") for side in SIDES}
    cut = Cut(("left", "edge"), ("right", "edge"), shared)
    return joined_terminals(documents, {"middle": cut}, **more)


def refined_whole(times):
    """The whole on meshes as fine as those of the documents: their linear elements are read as quadratic ones."""
    mesh = quadratic(whole_mesh("axisymmetric", 1))
    for _ in range(times):
        mesh = uniformly_refined(mesh).mesh
    return body_model(body("axisymmetric", SIDES), mesh)


def seen_at(element, heated, seen):
    """Resistance between two terminals, all baths held."""
    held = element.system.hold("left.cold", "right.cold", "left.ambient.air", "right.ambient.air")
    return float(element.terminals[seen] @ held.solve(np.asarray(element.terminals[heated])))


@pytest.mark.parametrize("shared", ["trace", "isothermal"])
def test_documents_join_to_the_whole(folder, shared):
    found = joined(folder, shared, tolerance=None)
    model = refined_whole(2)
    exact = (model.system if shared == "trace" else forced(model)).hold("bottom", "ambient.top")
    expected = exact.system.sensors["far"] @ exact.solve(exact.system.sources["heater"])
    assert seen_at(found.element, "left.heater", "right.far") == pytest.approx(expected, rel=1e-9)
    if shared == "trace":  # an isothermal cut meets the held bottom, where one temperature jumps to the other
        assert 0 < found.element.error[""] < 0.02
    assert found.baths == dict.fromkeys(("left.cold", "left.ambient.air", "right.cold", "right.ambient.air"), 300.0)


def test_a_compact_join_keeps_the_resistances(folder):
    whole, small = (joined(folder, "trace", tolerance=part).element for part in (None, 1e-2))
    assert small.system.size < 40
    assert seen_at(small, "left.heater", "right.far") == pytest.approx(
        seen_at(whole, "left.heater", "right.far"), rel=1e-9
    )


def test_what_one_temperature_changes_is_reported(folder):
    """By terminal pair; only an isothermal join assumes something that may not hold."""
    trace, tied_one = (joined(folder, shared) for shared in ("trace", "isothermal"))
    assert not trace.checks
    check = tied_one.checks["join.middle"]
    table = tied_one.joins
    differences = np.array(table["relative_difference"].values)
    assert check.holds is False
    assert check.value == np.abs(differences).max() > 0.02
    names = list(zip(table["from"].values, table["to"].values, strict=True))
    line = names.index(("left.heater", "right.far"))
    change = table["isothermal"].values[line] - table["trace"].values[line]
    ends = [table["trace"].values[names.index((name, name))] for name in names[line]]
    assert differences[line] == pytest.approx(change / np.sqrt(np.prod(ends)), rel=1e-12)
    assert table["trace"].values == pytest.approx(trace.joins["trace"].values, rel=1e-12)


def test_a_network_document_joins_its_bodies(folder):
    """Heat at the left, a thermometer at the right; baths that the network does not name are their own."""
    (folder / "network.yaml").write_text(NETWORK, encoding="utf-8")
    result = study_network(read_network(folder / "network.yaml")).result
    whole_element = joined(folder, "trace", tolerance=None).element
    expected = 1e-3 * seen_at(whole_element, "left.heater", "right.far")
    assert result.quantities["temperature.seen"].value == pytest.approx(expected, rel=1e-9)
    out = [-result.quantities[f"heat.{name}"].value for name in ("right.cold", "right.ambient.air")]
    assert all(heat > 0 for heat in out)
    assert result.checks["energy_balance"].holds
    assert set(result.tables["joins"]["join"].values) == {"middle"}


def test_an_isothermal_join_may_be_a_node(folder):
    """Heat into the cut itself; both halves take their part, and the check says that the cut is no isotherm."""
    text = NETWORK.replace("seen: {},", "seen: {}, middle: {},").replace("as: trace", "as: isothermal, node: middle")
    (folder / "tied.yaml").write_text(text.replace("into: hot", "into: middle"), encoding="utf-8")
    result = study_network(read_network(folder / "tied.yaml")).result
    assert result.checks["join.middle"].holds is False
    assert result.checks["energy_balance"].holds
    assert result.quantities["temperature.middle"].value > result.quantities["temperature.seen"].value > 0


def test_a_terminal_that_is_none_is_refused_by_its_path(folder):
    text = NETWORK.replace("far: seen", "near: seen")
    document = read_document(written_text(folder, text), NetworkDocument)
    with pytest.raises(PhysicsError, match="no terminal 'right\\.near'") as refused:
        network_bodies(document, folder)
    assert refused.value.path == "bodies.right.terminals.near"
    alone = NETWORK.replace("joins: {middle: {between: [left.edge, right.edge], as: trace}}\n", "")
    alone = alone.replace("  right: {design: right.yaml, terminals: {far: seen}}\n", "").replace(
        "heater: hot", "oven: hot"
    )
    document = read_document(written_text(folder, alone.replace("seen: {}, ", "")), NetworkDocument)
    with pytest.raises(PhysicsError, match="no terminal 'oven'") as refused:
        network_bodies(document, folder)
    assert refused.value.path == "bodies.left.terminals.oven"
    document = document.model_copy(
        update={"bodies": {"left": document.bodies["left"].model_copy(update={"design": "no"})}}
    )
    with pytest.raises(PhysicsError, match="no built-in design or campaign 'no'") as refused:
        network_bodies(document, folder)
    assert refused.value.path == "bodies.left.design"


def written_text(folder, text):
    (folder / "refused.yaml").write_text(text, encoding="utf-8")
    return folder / "refused.yaml"


def test_layers_join_across_their_isotherm(tmp_path):
    """A rod cut across: both ways are the series resistance, and the isothermal join holds."""
    rod = """thermonet: body/1
name: rod
temperature: 300 K
shape: {kind: slab, width: 1 um, depth: 2 um}
layers: {metal: {thickness: 2 um, thermal_conductivity: 20 W/m/K}}
boundaries: {BOUNDARIES}
sensors: {middle: {on: metal}}
numerics: {tolerance: 0.1 %, element_scale: 1}
"""
    ends = {"near": "first: {port: isothermal}, last: {port: trace}", "far": "last: {temperature: 290 K}"}
    for name, boundaries in ends.items():
        (tmp_path / f"{name}.yaml").write_text(rod.replace("BOUNDARIES", boundaries), encoding="utf-8")
    documents = {name: read_body(tmp_path / f"{name}.yaml") for name in ends}
    cut = Cut(("near", "last"), ("far", "first"), "isothermal")
    found = joined_terminals(documents, {"here": cut})
    assert found.checks["join.here"].holds
    assert found.baths == {"far.last": 290.0}
    names, resistances = terminal_resistances(found.element)
    at = names.index("far.last")
    assert resistances[at, at] == pytest.approx(4e-6 / (20 * 2e-12), rel=1e-9)
    # The join itself is a terminal, half way.
    assert found.element.terminals["near.last"] == found.element.terminals["far.first"]
    assert resistances[names.index("near.last"), at] == pytest.approx(2e-6 / (20 * 2e-12), rel=1e-9)


def test_what_cannot_be_cut_is_refused(folder):
    documents = {side: read_body(folder / f"{side}.yaml") for side in SIDES}
    with pytest.raises(PhysicsError, match=r"left\.air exchanges heat already"):
        joined_terminals(documents, {"middle": Cut(("left", "air"), ("right", "edge"))})
    with pytest.raises(PhysicsError, match="no face 'seam' in the mesh"):
        joined_terminals(documents, {"middle": Cut(("left", "seam"), ("right", "edge"))})
    with pytest.raises(PhysicsError, match=r"there is no terminal 'left\.beam'"):
        joined(folder, "trace", only={"left.beam"})
