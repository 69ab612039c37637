"""The reference problems by thermonet: `python _peer_ours.py R|tau|again . MESH.npz SMALLER.npz REPEATS`."""

from __future__ import annotations

import sys
import time

import numpy as np
from _peer_problem import CAPACITY, CONDUCTIVITY, UNIT, Answer, Grid, read_grid, say, timed

from thermonet.geometry.mesh import LENGTH_UNIT, Mesh
from thermonet.geometry.refine import quadratic
from thermonet.heat.bodies.body import Body, Boundary, Filling, MeanSensor, SpreadSource
from thermonet.heat.bodies.model import body_model
from thermonet.system.core import System
from thermonet.system.modes import slowest_modes
from thermonet.system.steady import resistance

#: By which the conductivity of a film is changed.
CHANGES = (0.25, 0.5, 1.2, 1.5, 2.0, 4.0)


def linear_mesh(grid: Grid) -> Mesh:
    """The grid as our mesh, its cells turned the way that scikit-fem has them."""
    points = grid.points * (UNIT / LENGTH_UNIT)
    cells = grid.cells.copy()
    sides = points[:, cells[1:]] - points[:, cells[:1]]
    wrong = np.linalg.det(np.moveaxis(sides, -1, 0)) < 0
    cells[:2, wrong] = cells[1::-1, wrong]
    return Mesh(points, cells, grid.region.astype(np.int64), grid.names, {"base": grid.base})


def body(grid: Grid, *, stores_heat: bool) -> Body:
    fillings = {
        name: Filling(
            region=name, conductivity=CONDUCTIVITY[name], heat_capacity=CAPACITY[name] if stores_heat else None
        )
        for name in grid.names
    }
    return Body(
        kind="solid" if grid.dimension == 3 else "axisymmetric",
        fillings=fillings,
        boundaries={"base": Boundary(on=("base",), temperature=0.0)},
        sources={"apex": SpreadSource(on="source", power=1.0)},
        sensors={"junction": MeanSensor(on="junction")},
    )


def system_of(what: Body, mesh: Mesh) -> System:
    return body_model(what, quadratic(mesh)).system


def native(grid: Grid) -> tuple[Body, Mesh]:
    return body(grid, stores_heat=sys.argv[1] == "tau"), linear_mesh(grid)


def answer(given: tuple[Body, Mesh]) -> Answer:
    """From linear mesh to answer: everything that a new mesh costs."""
    what, mesh = given
    system = system_of(what, mesh)
    held = system.hold("base")
    found = resistance(held, "junction", "apex")
    return Answer(system.size - 1, found, float(slowest_modes(held, 1)[0][0]) if what.has_capacity else None)


def compare_again(what: Body, mesh: Mesh, repeats: int) -> dict[str, object]:
    """Times of a first solution, mesh to resistance, and of one with another conductivity of a film."""
    name = "k.outer_nitride"
    first: list[float] = []
    again: dict[float, list[float]] = {factor: [] for factor in CHANGES}
    errors = []
    for _ in range(repeats):
        started = time.perf_counter()
        system = system_of(what, mesh)
        held = system.hold("base")
        resistance(held, "junction", "apex")
        first.append(round(time.perf_counter() - started, 4))
        for factor, times in again.items():
            theta = {name: factor * system.theta[name]}
            started = time.perf_counter()
            found = resistance(held.again(theta), "junction", "apex")
            times.append(round(time.perf_counter() - started, 4))
            errors.append(abs(found / resistance(system.at(theta).hold("base"), "junction", "apex") - 1))
    return {"first": first, "again": again, "R_rel_diff": max(errors)}


if __name__ == "__main__":
    case, _, *words = sys.argv[1:]
    if case == "again":
        grid = read_grid(words[0])
        say(compare_again(body(grid, stores_heat=False), linear_mesh(grid), int(words[2])))
    else:
        say(timed(native, answer, words))
