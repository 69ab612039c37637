"""Shapes as OpenCascade builds them, through netgen: the boolean operations and what is left by them."""

from __future__ import annotations

import contextlib
import math
import os
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from thermonet.geometry.cad.inside import from_z, parts_of, placement, profile, space
from thermonet.geometry.cad.plane import Bend, Edge, outline
from thermonet.geometry.cad.shapes import (
    Arc,
    Box,
    Circle,
    Cone,
    Cylinder,
    Difference,
    Extruded,
    Intersection,
    Moved,
    Named,
    Outline,
    Polygon,
    Rectangle,
    Revolved,
    Shape,
    Sphere,
    Turned,
    Union,
)
from thermonet.quantities.errors import PhysicsError

#: OpenCascade's own tolerance, in its own coordinates; shapes are given to it some hundred units wide.
TOLERANCE = 1e-7
#: A size of elements above that of any drawing, in the same coordinates.
_COARSEST = 1e4
#: Elements per radius of curvature, of netgen's own accord: sizes are stated where they can be counted.
_NO_CURVATURE = 1e-3
#: A shape of OpenCascade; netgen ships no types.
Built = Any


@cache
def occ() -> ModuleType:
    """Netgen's door to OpenCascade.

    Raises
    ------
    PhysicsError
        Where netgen is not installed.
    """
    try:
        import netgen.meshing
        import netgen.occ
        import pyngcore
    except ImportError as error:
        raise PhysicsError(
            "drawn bodies need the mesher netgen (the package netgen-mesher), which is not installed and has no wheel "
            "for Linux on ARM; expected a mesh file instead"
        ) from error
    netgen.meshing.SetMessageImportance(0)
    # Meshes are repeatable with one thread, and others would spin while they wait.
    pyngcore.SetNumThreads(1)
    return netgen.occ


def built(shape: Shape) -> Built:
    """A shape built by OpenCascade: faces in the plane z = 0, or solids.

    Two shapes in the plane that are joined keep a vertex where the boundary passes from one to the other, and two
    solids keep an edge, so no facet of the mesh belongs to two faces.
    """
    match shape:
        case Union() | Intersection() | Difference():
            return _joined(shape)
        case Named(inner, _):
            return built(inner)
        case Moved(inner, _):
            return built(inner).Move(occ().Vec(*_in_space(placement(shape).shift)))
        case Turned():
            return _turned(shape)
        case Polygon() | Rectangle() | Circle() | Outline():
            return _face(outline(shape))
        case _:
            return _solid(shape)


def _joined(shape: Union | Intersection | Difference) -> Built:
    first, *others = [built(part) for part in parts_of(shape)]
    if isinstance(shape, Union):
        return _union([first, *others], profile(shape) if space(shape) == 2 else None)
    for other in others:
        first = first * other if isinstance(shape, Intersection) else first - other
    return first


def _solid(shape: Box | Cylinder | Cone | Sphere | Revolved | Extruded) -> Built:
    o = occ()
    match shape:
        case Box(first, second):
            return o.Box(o.Pnt(*np.minimum(first, second)), o.Pnt(*np.maximum(first, second)))
        case Sphere(centre, radius):
            # Of quarters: two whole spheres that coincide are not always recognised as such.
            half = Outline((0.0, -radius), (Arc((0.0, radius), radius),))
            return _revolved(built(half), 2 * math.pi).Move(o.Vec(*centre))
        case Cylinder(base, axis, radius, height):
            return o.Cylinder(o.Pnt(*base), o.Dir(*axis), radius, height)
        case Cone(base, axis, bottom, top, height):
            corners = ((0.0, 0.0), (bottom, 0.0), (top, height), (0.0, height))
            section = Polygon(tuple(dict.fromkeys(corners)))
            cone = _revolved(built(section), 2 * math.pi)
            turned = _rotated(cone, from_z(np.array(axis, dtype=float)))
            return turned.Move(o.Vec(*base))
        case Revolved(section, origin, angle):
            return _revolved(built(section), angle).Move(o.Vec(*origin))
        case Extruded(section, height):
            return o.Prism(built(section), o.Vec(0, 0, height))


def _in_space(place: Sequence[float] | np.ndarray) -> tuple[float, float, float]:
    x, y, *rest = (float(value) for value in place)
    return x, y, rest[0] if rest else 0.0


def _face(edges: Sequence[Edge]) -> Built:
    """Face in the plane z = 0 inside a closed outline."""
    o = occ()
    lines = []
    for edge in edges:
        if isinstance(edge.piece, Bend) and abs(edge.piece.sweep) >= 2 * math.pi * (1 - 1e-12):
            lines.append(o.Circle(o.Pnt(*_in_space(edge.piece.centre)), o.Dir(0, 0, 1), edge.piece.radius))
            continue
        first, middle, last = (o.Pnt(*_in_space(place)) for place in edge.piece.at(np.array([0.0, 0.5, 1.0])).T)
        lines.append(o.ArcOfCircle(first, middle, last) if isinstance(edge.piece, Bend) else o.Segment(first, last))
    return o.Face(o.Wire(lines))


def _revolved(face: Built, angle: float) -> Built:
    """A face in (r, z) turned about the z axis, starting above the x axis.

    A full turn is made of four quarters, whose seams stay: netgen fails at the tip of a cone that one face surrounds.
    """
    o = occ()
    axis = o.Axis(o.Pnt(0, 0, 0), o.Z)
    standing = face.Rotate(o.Axis(o.Pnt(0, 0, 0), o.X), 90)
    degrees = math.degrees(angle)
    if degrees < 360 * (1 - 1e-12):
        return o.Revolve(standing, axis, degrees)
    return o.Fuse([o.Revolve(standing.Rotate(axis, start), axis, 90) for start in (0, 90, 180, 270)])


def _turned(shape: Turned) -> Built:
    o = occ()
    place = placement(shape)
    rotation = np.eye(3)
    rotation[: len(place.shift), : len(place.shift)] = place.rotation
    return _rotated(built(shape.shape), rotation).Move(o.Vec(*_in_space(place.shift)))


def _rotated(shape: Built, rotation: np.ndarray) -> Built:
    """A shape turned about the origin by an orthogonal matrix (3, 3)."""
    o = occ()
    twice_sine = np.array(
        [rotation[2, 1] - rotation[1, 2], rotation[0, 2] - rotation[2, 0], rotation[1, 0] - rotation[0, 1]]
    )
    angle = math.atan2(float(np.linalg.norm(twice_sine)), float(np.trace(rotation)) - 1)
    if abs(angle) < 1e-15:
        return shape
    # Half a turn has no sine; its axis is what the turn leaves alone.
    axis = twice_sine if math.pi - angle > 1e-6 else np.linalg.svd(rotation - np.eye(3))[2][-1]
    return shape.Rotate(o.Axis(o.Pnt(0, 0, 0), o.Dir(*(float(x) for x in axis))), math.degrees(angle))


def _union(parts: Sequence[Built], edges: Sequence[Edge] | None) -> Built:
    """Shapes joined; in the plane (where edges are given) with a vertex wherever an edge of a part ends."""
    o = occ()
    if edges is None:
        return o.Fuse(list(parts))
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + part
    ends = {tuple(np.round(edge.piece.start, 6)): edge.piece.start for edge in edges}
    vertices = [o.Vertex(o.Pnt(*_in_space(end))) for end in ends.values()]
    on_edge = [vertex for vertex in vertices if _splits(joined, vertex)]
    return o.Compound(list(o.Glue([*joined.faces, *on_edge]).faces)) if on_edge else joined


def _splits(shape: Built, vertex: Built) -> bool:
    """Whether a vertex lies on an edge of a shape, but not at its end."""
    near = 10 * TOLERANCE
    if any(vertex.Distance(other) <= near for other in shape.vertices):
        return False
    return any(vertex.Distance(edge) <= near for edge in shape.edges)


def pieces(shape: Built, dimension: int) -> list[Built]:
    """The faces (2) or solids (3) that a shape consists of."""
    return list(shape.faces if dimension == 2 else shape.solids)


def measure(shape: Built, dimension: int) -> float:
    """Area or volume."""
    return sum(float(piece.mass) for piece in pieces(shape, dimension))


def skin(solid: Built) -> Built:
    """A mesh of a solid's surface alone, as coarse as its edges allow."""
    from netgen.meshing import MeshingStep

    return made(occ().OCCGeometry(solid), maxh=_COARSEST, segmentsperedge=3, perfstepsend=MeshingStep.MESHSURFACE)


def made(geometry: Built, **settings: object) -> Built:
    """A mesh by netgen, with the sizes that are stated and none of its own for curved faces.

    Raises
    ------
    PhysicsError
        Where netgen gives up.
    """
    try:
        with _muted():
            return geometry.GenerateMesh(curvaturesafety=_NO_CURVATURE, **settings)
    except Exception as error:
        raise PhysicsError(f"the drawing cannot be meshed ({error}), expected shapes without slivers") from error


@contextlib.contextmanager
def _muted() -> Iterator[None]:
    """Keep netgen's complaints, which C++ prints, out of standard output and standard error."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(stream) for stream in (1, 2)]
    try:
        with open(os.devnull, "wb") as nothing:
            for stream in (1, 2):
                os.dup2(nothing.fileno(), stream)
        yield
    finally:
        for stream, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, stream)
            os.close(copy)
