"""Errors that are owed to the shape of the cells: against closed forms of bodies with round surfaces."""

import math

import numpy as np
import pytest

pytest.importorskip("netgen.occ", reason="netgen has no wheel here")

from thermonet.geometry.cad.mesh import drawn_mesh
from thermonet.geometry.cad.shapes import Circle, Cylinder, Difference, Drawing, Intersection, Rectangle, Revolved
from thermonet.geometry.refine import refined, uniformly_refined
from thermonet.heat.bodies.body import Body, Boundary, Exchange, Filling, MeanSensor, SpreadSource
from thermonet.heat.bodies.geometry_error import geometry_errors
from thermonet.heat.bodies.goals import at_nodes, body_conductor, heat_load
from thermonet.heat.bodies.model import body_model
from thermonet.heat.goal_error import goal_errors

INNER, MIDDLE, OUTER, HEIGHT, DEPTH = 1e-3, 1.5e-3, 2e-3, 1e-3, 1e-3
CONDUCTIVITY, CONTACT = 4.0, 3e3
CENTRE = (0.0, 0.0)


def ring(inner, outer):
    return Difference(Circle(CENTRE, outer), (Circle(CENTRE, inner),))


def half_ring(inner, outer):
    """The upper right quarter of a ring: the section of a half hollow sphere."""
    return Intersection((ring(inner, outer), Rectangle((0.0, 0.0), (outer, outer))))


def tube(inner, outer):
    base, axis = (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)
    return Difference(Cylinder(base, axis, outer, HEIGHT), (Cylinder(base, axis, inner, HEIGHT),))


def half_sphere(inner, outer):
    return Revolved(half_ring(inner, outer))


def of_ring(inner, outer, depth):
    return math.log(outer / inner) / (2 * math.pi * CONDUCTIVITY * depth)


def of_half_sphere(inner, outer):
    return (1 / inner - 1 / outer) / (2 * math.pi * CONDUCTIVITY)


#: Shape between two radii, coordinates, exact resistance, names of the inner and the outer surface, areas of a sphere
#: or a circle of unit radius.
BODIES = {
    "ring": (ring, "planar", of_ring(INNER, OUTER, DEPTH), 2 * math.pi * DEPTH, 1),
    "section of a half sphere": (half_ring, "axisymmetric", of_half_sphere(INNER, OUTER), 2 * math.pi, 2),
    "tube": (tube, "solid", of_ring(INNER, OUTER, HEIGHT), 2 * math.pi * HEIGHT, 1),
    "half sphere": (half_sphere, "solid", of_half_sphere(INNER, OUTER), 2 * math.pi, 2),
}


def surface_at(mesh, region, radius, sphere):
    """Name of the boundary of a region whose nodes are near a radius: not all can be moved onto it."""
    for name, facets in mesh.boundaries.items():
        points = mesh.points[:, facets[: mesh.dimension].ravel()] * 1e-9
        distance = np.linalg.norm(points if sphere else points[:2], axis=0)
        if name.startswith(f"{region}.") and np.abs(distance - radius).max() < 0.1 * radius:
            return name
    raise AssertionError(f"no surface of '{region}' at {radius}")


def estimated(name, mesh, curves, exchange=None):
    """True error, and its estimates by fluxes and by shape.

    A watt enters within; the outside is held, or exchanges heat.
    """
    _, kind, exact, area, power = BODIES[name]
    inside = surface_at(mesh, mesh.names[0], INNER, power == 2)
    outside = surface_at(mesh, mesh.names[-1], OUTER, power == 2)
    if exchange is None:
        cold = Boundary(on=(outside,), temperature=300.0)
    else:
        cold = Boundary(on=(outside,), exchange=Exchange(conductance=exchange, temperature=300.0))
        exact += 1 / (exchange * area * OUTER**power)
    contacts = {}
    if len(mesh.names) == 2:
        contacts = {mesh.names: CONTACT}
        exact += 1 / (CONTACT * area * MIDDLE**power)
    body = Body(
        kind=kind,
        depth=DEPTH if kind == "planar" else 1.0,
        fillings={region: Filling(region=region, conductivity=CONDUCTIVITY) for region in mesh.names},
        contacts=contacts,
        boundaries={"cold": cold},
        sources={"heater": SpreadSource(on=inside, power=1.0)},
        sensors={"within": MeanSensor(on=inside)},
    )
    model = body_model(body, mesh)
    held = model.system.hold(*body.baths)
    works = np.column_stack([model.system.sources["heater"], model.system.sensors["within"]])
    solved = np.asarray(held.solve(works))
    fields, conductor = at_nodes(model, solved), body_conductor(model)
    loads = [heat_load(model, "heater", model.heats["heater"]), heat_load(model, "within", model.means["within"])]
    by_flux = goal_errors(conductor, loads, fields, [(0, 1)])
    by_shape = geometry_errors(conductor, mesh, curves, fields, [(0, 1)])
    error = exact - works[:, 1] @ solved[:, 0]
    return error, by_flux, by_shape


def together(by_flux, by_shape):
    """Both errors with their signs, and the doubts of both."""
    return float(abs(by_flux.correction + by_shape.correction)[0] + by_flux.doubt[0] + by_shape.doubt[0])


def drawn(name, degree, size=5e-4, regions=1):
    """A body of one region, or of two with a boundary conductance between them."""
    shape, kind = BODIES[name][:2]
    shells = {"body": (INNER, OUTER)} if regions == 1 else {"core": (INNER, MIDDLE), "rind": (MIDDLE, OUTER)}
    found = drawn_mesh(
        Drawing(kind, {region: shape(*radii) for region, radii in shells.items()}, element_size=size), degree
    )
    return found.mesh, found.curves


@pytest.mark.parametrize("regions", [1, 2])
@pytest.mark.parametrize("exchange", [None, 10.0])
@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("name", ["ring", "section of a half sphere"])
def test_errors_in_the_plane_are_within_both_estimates_together(name, degree, exchange, regions):
    """Held and weakly cooled surfaces, a thermal boundary between two regions, on three meshes."""
    mesh, curves = drawn(name, degree, regions=regions)
    shares = []
    for _ in range(3):
        error, by_flux, by_shape = estimated(name, mesh, curves, exchange)
        assert abs(error) < together(by_flux, by_shape)
        shares.append(by_shape.indicators.sum())
        finer = uniformly_refined(mesh, curves)
        mesh, curves = finer.mesh, finer.curves
    # As the facets come nearer to their circles: h^2 on chords, h^4 with their middles on the circle.
    assert math.log2(shares[1] / shares[2]) == pytest.approx(2 * degree, abs=0.3)


@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.slow
@pytest.mark.parametrize("name", ["tube", "half sphere"])
def test_errors_in_space_are_within_both_estimates_together(name, degree):
    error, *both = estimated(name, *drawn(name, degree))
    assert abs(error) < together(*both) < 3 * abs(error)


def test_nodes_that_stay_on_their_chords_are_seen():
    """Where a sphere is refined in places some nodes cannot be moved onto it: the fluxes know nothing of that."""
    mesh, curves = drawn("half sphere", 2, size=None)
    share = estimated("half sphere", mesh, curves)[1].indicators[0]
    worst = np.argsort(share)[::-1]
    half = np.searchsorted(np.cumsum(share[worst]), share.sum() / 2) + 1
    found = refined(mesh, np.sort(worst[:half]), curves)
    error, by_flux, by_shape = estimated("half sphere", found.mesh, found.curves)
    assert abs(error) > 2 * by_flux.estimate[0]
    assert abs(error) < together(by_flux, by_shape) < 3 * abs(error)


@pytest.mark.parametrize("name", ["ring", "section of a half sphere", "half sphere"])
def test_weak_cooling_owes_its_error_to_the_area(name):
    """A body all of one temperature: the estimate is the error itself but for what the inside owes to its shape."""
    mesh, curves = drawn(name, 1)
    error, by_flux, by_shape = estimated(name, mesh, curves, 1e-2)
    assert by_flux.estimate[0] < 0.01 * abs(error)
    assert abs(error) < by_shape.estimate[0] < 4 * abs(error)


def test_shares_are_those_of_cells_at_the_surface():
    """They hold the error, and a refined surface has a smaller one though no cell inside was touched."""
    mesh, curves = drawn("ring", 2)
    whole = estimated("ring", mesh, curves)[2]
    shares = whole.indicators[0]
    assert shares.min() >= 0
    assert shares.sum() >= abs(whole.correction[0]) * (1 - 1e-12)
    radius = np.linalg.norm(mesh.points[:, mesh.cells[:3]] * 1e-9, axis=0)
    at_surface = [(np.abs(radius - edge) < 1e-9).sum(axis=0) == 2 for edge in (INNER, OUTER)]
    np.testing.assert_array_equal(shares > 0, at_surface[0] | at_surface[1])
    finer = refined(mesh, shares > 0, curves)
    assert estimated("ring", finer.mesh, finer.curves)[2].estimate < whole.estimate / 10


def test_an_interface_of_equal_materials_in_perfect_contact_owes_nothing():
    """What one side gains the other loses, but for the difference of their gradients on the mesh."""
    mesh, curves = drawn("ring", 2, regions=2)
    conductor, fields = within_one(mesh)
    found = geometry_errors(conductor, mesh, curves, fields, [(0, 0)]).indicators[0]
    radius = np.linalg.norm(mesh.points[:, mesh.cells[:3]] * 1e-9, axis=0)
    at = {edge: (np.abs(radius - edge) < 1e-9).sum(axis=0) == 2 for edge in (INNER, MIDDLE, OUTER)}
    inside = found[at[MIDDLE] & ~at[INNER] & ~at[OUTER]].sum()
    assert inside < 0.1 * found[at[INNER]].sum()


def within_one(mesh):
    """The two regions of a ring without a boundary conductance, and the field of a watt that enters within."""
    body = Body(
        kind="planar",
        depth=DEPTH,
        fillings={region: Filling(region=region, conductivity=CONDUCTIVITY) for region in mesh.names},
        boundaries={"cold": Boundary(on=(surface_at(mesh, mesh.names[1], OUTER, sphere=False),), temperature=300.0)},
        sources={"heater": SpreadSource(on=surface_at(mesh, mesh.names[0], INNER, sphere=False), power=1.0)},
    )
    model = body_model(body, mesh)
    solved = np.asarray(model.system.hold(*body.baths).solve(model.system.sources["heater"][:, np.newaxis]))
    return body_conductor(model), at_nodes(model, solved)
