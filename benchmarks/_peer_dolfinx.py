"""The reference problems by dolfinx: `mpirun -n 2 python _peer_dolfinx.py R|tau WAY MESH.npz SMALLER.npz REPEATS`."""

from __future__ import annotations

import sys

import numpy as np
import ufl
from _peer_problem import CAPACITY, CONDUCTIVITY, TOLERANCE, UNIT, Answer, Grid, say, timed
from dolfinx import fem, mesh
from dolfinx.fem import petsc
from mpi4py import MPI
from petsc4py import PETSc

#: Coordinates in micrometres, as its users would have them.
LENGTH = 1e-6
WORLD = MPI.COMM_WORLD
OPTIONS = {
    "mumps": {"ksp_type": "preonly", "pc_type": "cholesky", "pc_factor_mat_solver_type": "mumps"},
    "hypre": {
        "ksp_type": "cg",
        "ksp_norm_type": "natural",
        "ksp_rtol": TOLERANCE,
        "pc_type": "hypre",
        "pc_hypre_type": "boomeramg",
        "pc_hypre_boomeramg_strong_threshold": 0.5,
    },
}


def native_mesh(grid: Grid) -> tuple[mesh.Mesh, Grid]:
    """Its mesh, cells shared out among the processes."""
    shape = ufl.Mesh(ufl.VectorElement("Lagrange", "tetrahedron" if grid.dimension == 3 else "triangle", 1))
    own = slice(None) if WORLD.rank == 0 else slice(0, 0)
    cells, points = grid.cells.T[own].astype(np.int64), grid.points.T[own] * (UNIT / LENGTH)
    # Every process keeps what it has of the cells and points; the first one has them all.
    return mesh.create_mesh(WORLD, np.ascontiguousarray(cells), np.ascontiguousarray(points), shape), grid


def by_cell(domain: mesh.Mesh, grid: Grid, values: dict[str, float]) -> fem.Function:
    """One number per cell, of its region."""
    found = fem.Function(fem.FunctionSpace(domain, ("DG", 0)))
    of_region = np.array([values.get(name, 0.0) for name in grid.names])
    found.x.array[:] = of_region[grid.region[domain.topology.original_cell_index]]
    return found


def total(form: object) -> float:
    return WORLD.allreduce(fem.assemble_scalar(form), MPI.SUM)


def answer(native: tuple[mesh.Mesh, Grid], way: str, *, with_time: bool) -> Answer:
    """From linear mesh to answer."""
    domain, grid = native
    space = fem.FunctionSpace(domain, ("Lagrange", 2))
    u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
    x = ufl.SpatialCoordinate(domain)
    ring = 2 * ufl.pi * x[0] if grid.dimension == 2 else 1.0
    heated, read = by_cell(domain, grid, {"source": 1.0}), by_cell(domain, grid, {"junction": 1.0})
    base = fem.locate_dofs_geometrical(space, lambda at: np.abs(at[grid.dimension - 1]) < 1e-9)
    held = fem.dirichletbc(0.0, base, space)
    k = by_cell(domain, grid, CONDUCTIVITY)
    conductance = petsc.assemble_matrix(fem.form(k * ring * ufl.inner(ufl.grad(u), ufl.grad(v)) * ufl.dx), bcs=[held])
    conductance.assemble()
    load = petsc.assemble_vector(fem.form(heated * ring * v * ufl.dx))
    load.ghostUpdate(addv=PETSc.InsertMode.ADD, mode=PETSc.ScatterMode.REVERSE)
    petsc.set_bc(load, [held])
    solver = PETSc.KSP().create(WORLD)
    configure(OPTIONS[way])
    solver.setFromOptions()
    solver.setOperators(conductance)
    field = fem.Function(space)
    solver.solve(load, field.vector)
    field.x.scatter_forward()
    volumes = [total(fem.form(part * ring * ufl.dx)) for part in (heated, read)]
    resistance = total(fem.form(read * ring * field * ufl.dx)) / (volumes[0] * volumes[1] * LENGTH)
    free = space.dofmap.index_map.size_global - WORLD.allreduce(int((base < space.dofmap.index_map.size_local).sum()))
    if not with_time:
        return Answer(free, resistance)
    capacity = petsc.assemble_matrix(
        fem.form(by_cell(domain, grid, CAPACITY) * ring * u * v * ufl.dx), bcs=[held], diagonal=0.0
    )
    capacity.assemble()
    return Answer(free, resistance, LENGTH**2 * slowest(capacity, conductance, solver))


def configure(options: dict[str, object]) -> None:
    for name, value in options.items():
        PETSc.Options()[name] = value


def slowest(capacity: PETSc.Mat, conductance: PETSc.Mat, solver: PETSc.KSP) -> float:
    """Largest tau of C x = tau K x, with the factors of K that are there."""
    from slepc4py import SLEPc

    problem = SLEPc.EPS().create(WORLD)
    problem.setOperators(capacity, conductance)
    problem.setProblemType(SLEPc.EPS.ProblemType.GHEP)
    problem.setWhichEigenpairs(SLEPc.EPS.Which.LARGEST_REAL)
    problem.setDimensions(1)
    problem.setTolerances(1e-10)
    problem.getST().setKSP(solver)
    problem.solve()
    return problem.getEigenvalue(0).real


if __name__ == "__main__":
    case, way, *words = sys.argv[1:]
    figures = timed(native_mesh, lambda native: answer(native, way, with_time=case == "tau"), words)
    figures["peak_mb"] = WORLD.allreduce(figures["peak_mb"], MPI.SUM)
    if WORLD.rank == 0:
        say(figures)
