"""Time to an accuracy by NGSolve: `python _peer_accuracy_ngsolve.py A|B TOLERANCE TRUE_RESISTANCE REPEATS WAY`.

From the drawing to the resistance on the first mesh of a sequence that is right to the tolerance: a coarse mesh, then
refined everywhere, its elements curved. It is told the true value; a user would need one mesh more to know.
"""

from __future__ import annotations

import sys
import time

import ngsolve as ngs
from _peer_meshes import geometry, sizes
from _peer_ngsolve import answer
from _peer_problem import UNIT, say

#: Sizes (base, near the apex [nm], growth) of the first mesh: few elements that netgen can make.
FIRST = {"A": (1000.0, 100.0, 0.5), "B": (800.0, 40.0, 0.15)}
#: Unknowns beyond which no further mesh is begun.
LARGEST = 4_000_000


def sequence(problem: str, tolerance: float, true: float, way: str) -> tuple[float, int, float]:
    """Resistance [K/W], unknowns and true relative error of the last mesh."""
    mesh = geometry(problem).GenerateMesh(sizes(*FIRST[problem], problem == "B"))
    while True:
        found = answer(mesh, way, with_time=False, length=UNIT, curved=True)
        error = abs(found.resistance / true - 1)
        if error <= tolerance or found.unknowns * 2**mesh.dim > LARGEST:
            return found.resistance, found.unknowns, error
        mesh.Refine()


if __name__ == "__main__":
    problem, tolerance, true, repeats, way = sys.argv[1], *map(float, sys.argv[2:4]), int(sys.argv[4]), sys.argv[5]
    ngs.SetNumThreads(2)
    times = []
    with ngs.TaskManager():
        for _ in range(repeats):
            started = time.perf_counter()
            resistance, unknowns, error = sequence(problem, tolerance, true, way)
            times.append(round(time.perf_counter() - started, 3))
    say({"seconds": times, "resistance": resistance, "unknowns": unknowns, "error": error})
