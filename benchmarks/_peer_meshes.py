"""Meshes of the reference problems, made once by netgen: `python _peer_meshes.py PROBLEM UNKNOWNS OUT.npz`.

Sizes grow with the distance from the apex.
"""

from __future__ import annotations

import math
import sys
from itertools import pairwise

import netgen.meshing as ng
import numpy as np
from _peer_problem import APEX, FILMS, HEIGHT, JUNCTION, REACH, outlines, profile
from netgen.occ import Axes, Axis, Glue, OCCGeometry, Sphere, WorkPlane, X, Y, Z


def face(corners: list[tuple[float, float]], axes: Axes) -> object:
    plane = WorkPlane(axes).MoveTo(*corners[0])
    for corner in corners[1:]:
        plane.LineTo(*corner)
    return plane.Close().Face()


def axisymmetric_shapes() -> dict[str, object]:
    flat = Axes((0, 0, 0), n=Z, h=X)
    layers = {name: face(corners, flat) for name, corners in outlines().items()}
    return marked(layers, lambda z: WorkPlane(flat).MoveTo(0, z).Circle(REACH).Face())


def solid_shapes() -> dict[str, object]:
    upright = Axes((0, 0, 0), n=-Y, h=X)
    layers = {name: face(corners, upright).Revolve(Axis((0, 0, 0), Z), 360) for name, corners in outlines().items()}
    return marked(layers, lambda z: Sphere((0, 0, z), REACH))


def marked(layers: dict[str, object], ball: object) -> dict[str, object]:
    """Cut the heated part out of the outer gold, and the one that is read out of the inner gold."""
    for part, name, height in (("source", "outer_gold", APEX), ("junction", "inner_gold", JUNCTION)):
        near = ball(height)
        layers[part], layers[name] = layers[name] * near, layers[name] - near
    return layers


def sizes(base: float, near: float, growth: float, solid: bool) -> ng.MeshingParameters:
    """Largest size min(base, near + growth * distance from the apex), stated along all surfaces and inside."""
    wanted = ng.MeshingParameters(maxh=base, grading=0.3)
    places = [
        (r, z) for z in np.linspace(0, HEIGHT, 60) for r in np.linspace(0, profile(0.0)[0][0] * (1 - z / 1e4), 20)
    ]
    offset = 0.0
    for thickness in (0.0, *FILMS.values()):
        offset += thickness
        line = np.array(profile(offset))
        for start, end in pairwise(line):
            along, length = 0.0, np.hypot(*(end - start))
            while along < length:
                r, z = start + (end - start) * along / length
                places.append((r, z))
                along += min(base, near + growth * np.hypot(r, z - APEX))
    for r, z in places:
        size = min(base, near + growth * np.hypot(r, z - APEX))
        if not solid:
            wanted.RestrictH(x=r, y=z, z=0, h=size)
            continue
        around = min(64, max(1, math.ceil(2 * math.pi * r / max(size, 50))))
        for angle in np.arange(around) * 2 * math.pi / around:
            wanted.RestrictH(x=r * math.cos(angle), y=r * math.sin(angle), z=z, h=size)
    return wanted


#: Sizes (base, near the apex [nm], growth) by problem and number of unknowns of quadratic elements.
SIZES = {
    "A": {100_000: (54.0, 1.77, 0.0044)},
    "B": {
        100_000: (575.0, 24.0, 0.077),
        500_000: (254.0, 10.5, 0.0403),
        1_000_000: (190.0, 7.9, 0.0302),
        2_000_000: (140.0, 5.8, 0.0222),
    },
}


def geometry(problem: str) -> OCCGeometry:
    """All regions of a problem, and their base."""
    solid = problem == "B"
    shapes = solid_shapes() if solid else axisymmetric_shapes()
    for name, shape in shapes.items():
        if solid:
            shape.mat(name)
        else:
            shape.faces.name = name
    whole = Glue(list(shapes.values()))
    for part in whole.faces if solid else whole.edges:
        if abs(part.center[2 if solid else 1]) < 1e-6:
            part.name = "base"
    return OCCGeometry(whole, dim=3 if solid else 2)


def mesh(problem: str, unknowns: int) -> ng.Mesh:
    """Netgen's mesh of linear triangles or tetrahedra."""
    return geometry(problem).GenerateMesh(sizes(*SIZES[problem][unknowns], problem == "B"))


def write(found: ng.Mesh, path: str) -> None:
    """Write points, cells, regions and the facets of the base as plain arrays."""
    dimension = found.dim
    points = found.Coordinates()[:, :dimension]
    cells = (found.Elements3D() if dimension == 3 else found.Elements2D()).NumPy()
    facets = (found.Elements2D() if dimension == 3 else found.Elements1D()).NumPy()["nodes"][:, :dimension] - 1
    base = facets[(points[facets][:, :, -1] < 1e-6).all(axis=1)]
    np.savez(
        path,
        points=points.T,
        cells=cells["nodes"][:, : dimension + 1].T.astype(np.int64) - 1,
        region=cells["index"] - 1,
        names=found.GetRegionNames(codim=0),
        base=base.T.astype(np.int64),
    )


if __name__ == "__main__":
    write(mesh(sys.argv[1], int(sys.argv[2])), sys.argv[3])
