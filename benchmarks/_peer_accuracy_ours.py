"""Time to an accuracy by thermonet: `python _peer_accuracy_ours.py A|B TOLERANCE REPEATS`.

From the document of a body to its resistance, drawing and meshing included, until the estimated error is within the
tolerance.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from _peer_problem import APEX, CONDUCTIVITY, JUNCTION, REACH, outlines, say

from thermonet.geometry.cad.check import checked
from thermonet.studies.bodies.mesh import first_mesh, touching_pairs
from thermonet.studies.bodies.reading import read_body
from thermonet.studies.bodies.refinement import refined_body
from thermonet.studies.bodies.regions_design import drawn_body
from thermonet.studies.values import Values

#: What is cut out of a film: the film, and the height of the middle of the ball that cuts it.
PARTS = {"source": ("outer_gold", APEX), "junction": ("inner_gold", JUNCTION)}


def nanometres(*numbers: float) -> list[str]:
    return [f"{number!r} nm" for number in numbers]


def outline(corners: list[tuple[float, float]]) -> dict[str, object]:
    edges = ["base" if start[1] == end[1] == 0 else f"edge_{i}" for i, (start, end) in enumerate(edges_of(corners))]
    return {"polygon": {"points": [nanometres(*corner) for corner in corners], "edges": edges}}


def edges_of(corners: list[tuple[float, float]]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    return list(zip(corners, corners[1:] + corners[:1], strict=True))


def document(problem: str, tolerance: float) -> dict[str, object]:
    """The body document of a problem."""
    solid = problem == "B"
    shapes = {name: outline(corners) for name, corners in outlines().items()}
    if solid:
        shapes = {name: {"revolved": {"profile": shape}} for name, shape in shapes.items()}
    for part, (film, height) in PARTS.items():
        ball = (
            {"sphere": {"centre": nanometres(0.0, 0.0, height), "radius": f"{REACH} nm"}}
            if solid
            else {"circle": {"centre": nanometres(0.0, height), "radius": f"{REACH} nm"}}
        )
        whole = shapes[film]
        shapes[part] = {"intersection": [whole, {**ball, "name": "ball"}]}
        shapes[film] = {"difference": [whole, {**ball, "name": "ball"}]}
    return {
        "thermonet": "body/1",
        "name": f"peer_{problem.lower()}",
        "temperature": "0 degC",
        "coordinates": "solid" if solid else "axisymmetric",
        "regions": {
            name: {"shape": shape, "thermal_conductivity": f"{CONDUCTIVITY[name]} W/m/K"}
            for name, shape in shapes.items()
        },
        "boundaries": {"base": {"on": [f"{name}.base" for name in outlines()], "temperature": "0 degC"}},
        "sources": {"apex": {"on": "source", "power": "1 uW"}},
        "sensors": {"junction": {"on": "junction"}},
        "numerics": {"tolerance": f"{100 * tolerance:g} %", "element_scale": 1, "largest_model": 20_000_000},
    }


def answer(path: Path) -> tuple[float, int, float]:
    """Resistance [K/W], unknowns, and the relative error that it is reported with."""
    design = read_body(path)
    start = first_mesh(design, Values())
    body, _ = drawn_body(design, Values(), touching_pairs(start.mesh))
    found = refined_body(body, start, design.numerics)
    key = "resistance.junction.apex"
    value = found.solved.answers[key]
    return value, found.mesh.mesh.points.shape[1], found.errors[key] / value


if __name__ == "__main__":
    problem, tolerance, repeats = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "body.yaml"
        path.write_text(json.dumps(document(problem, tolerance)), encoding="utf-8")
        rough = Path(folder) / "rough.yaml"
        rough.write_text(json.dumps(document("A", 0.05)), encoding="utf-8")
        answer(rough)  # modules are loaded when they are first needed
        times = []
        for _ in range(repeats):
            checked.cache_clear()  # no drawing is known from an earlier run
            started = time.perf_counter()
            value, unknowns, error = answer(path)
            times.append(round(time.perf_counter() - started, 3))
    say({"seconds": times, "resistance": value, "unknowns": unknowns, "estimated": error})
