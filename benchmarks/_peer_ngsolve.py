"""The reference problems by NGSolve: `python _peer_ngsolve.py R|tau WAY MESH.npz SMALLER.npz REPEATS`."""

from __future__ import annotations

import math
import sys

import netgen.meshing as ng
import ngsolve as ngs
import numpy as np
from _peer_problem import CAPACITY, CONDUCTIVITY, TOLERANCE, UNIT, Answer, Grid, say, timed
from ngsolve.eigenvalues import LOBPCG
from ngsolve.krylovspace import CGSolver

#: Coordinates in micrometres, as its users would have them.
LENGTH = 1e-6
#: Steps after which the slowest time constant of problem A is right to 1e-10.
EIGENVALUE_STEPS = 7
#: Space and preconditioner of every way that is not a direct solver.
ITERATED = {
    "multigrid": ({}, "multigrid", {}),
    "multigrid, coarse h1amg": ({}, "multigrid", {"coarsetype": "h1amg"}),
    "bddc of vertices": ({"wb_withedges": False}, "bddc", {}),
}


def native_mesh(grid: Grid) -> ng.Mesh:
    dimension = grid.dimension
    points = np.zeros((grid.points.shape[1], 3))
    points[:, :dimension] = grid.points.T * (UNIT / LENGTH)
    mesh = ng.Mesh(dim=dimension)
    mesh.AddPoints(points)
    for number, name in enumerate(grid.names):
        cells = np.ascontiguousarray(grid.cells.T[grid.region == number].astype(np.int32))
        mesh.AddElements(dim=dimension, index=mesh.AddRegion(name, dimension), data=cells, base=0)
    base = np.ascontiguousarray(grid.base.T.astype(np.int32))
    mesh.AddElements(dim=dimension - 1, index=mesh.AddRegion("base", dimension - 1), data=base, base=0)
    return mesh


def answer(native: ng.Mesh, way: str, *, with_time: bool, length: float = LENGTH, curved: bool = False) -> Answer:
    """From linear mesh, its coordinates in units of `length`, to answer."""
    mesh = ngs.Mesh(native)
    if curved:
        mesh.Curve(2)
    options, kind, flags = ITERATED.get(way, ({}, way, {}))
    space = ngs.H1(mesh, order=2, dirichlet="base", **options)
    u, v = space.TnT()
    # The rule for quadratic elements misses the weight of the ring by a degree.
    ring, more = (2 * math.pi * ngs.x, 1) if mesh.dim == 2 else (ngs.CF(1.0), 0)
    conductance = ngs.BilinearForm(space, symmetric=True)
    conductance += mesh.MaterialCF(CONDUCTIVITY) * ring * ngs.grad(u) * ngs.grad(v) * ngs.dx(bonus_intorder=more)
    load, weights = (ngs.LinearForm(space) for _ in range(2))
    load += ring * v * ngs.dx("source", bonus_intorder=more)
    weights += ring * v * ngs.dx("junction", bonus_intorder=more)
    near = ngs.Preconditioner(conductance, kind, **flags) if way in ITERATED else None
    for form in (conductance, load, weights):
        form.Assemble()
    field = ngs.GridFunction(space)
    if near is None:
        inverse = conductance.mat.Inverse(space.FreeDofs(), inverse=way)
    else:
        inverse = CGSolver(conductance.mat, near.mat, tol=TOLERANCE, maxiter=1000)
    field.vec.data = inverse * load.vec
    # The functions of the vertices, which come first, sum to one; a power of the length is left of both integrals.
    volumes = [form.vec.FV().NumPy()[: mesh.nv].sum() for form in (load, weights)]
    resistance = ngs.InnerProduct(weights.vec, field.vec) / (volumes[0] * volumes[1] * length)
    free = sum(space.FreeDofs())
    if not with_time:
        return Answer(free, resistance)
    capacity = ngs.BilinearForm(space, symmetric=True)
    capacity += mesh.MaterialCF(CAPACITY) * ring * u * v * ngs.dx(bonus_intorder=more)
    capacity.Assemble()
    rates, _ = LOBPCG(
        conductance.mat,
        capacity.mat,
        pre=near.mat if near is not None else inverse,
        num=1,
        maxit=EIGENVALUE_STEPS,
        printrates=False,
    )
    return Answer(free, resistance, length**2 / rates[0])


if __name__ == "__main__":
    case, way, *words = sys.argv[1:]
    ngs.SetNumThreads(2)
    with ngs.TaskManager():
        say(timed(native_mesh, lambda mesh: answer(mesh, way, with_time=case == "tau"), words))
