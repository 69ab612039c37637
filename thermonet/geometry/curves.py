"""Exact curves and surfaces under the facets of a mesh: where new nodes belong when it is refined.

A surface is known by its signed distance and its normal, so a node on the line where two or three of them meet is
found by the same few Newton steps as a node on one. Boundaries and interfaces between regions are both followed.
Coordinates are those of the mesh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from thermonet.geometry.mesh import Floats, Ints, Mesh
from thermonet.geometry.topology import EDGES, facets, outer, packed

#: Newton steps onto a line where surfaces meet; distances fall quadratically, three are enough from a chord.
_STEPS = 20
#: Singular values below this part of the largest are taken for surfaces that touch rather than cross.
_RANK = 1e-6


class Surface(Protocol):
    """A curve in the plane or a surface in space, extended beyond the face that lies on it."""

    @property
    def is_flat(self) -> bool:
        """Whether a chord lies on it."""

    def distance(self, points: Floats) -> Floats:
        """Signed distance (n,) of points (dim, n)."""

    def normal(self, points: Floats) -> Floats:
        """Gradient of the distance (dim, n): of length one."""

    def scaled(self, factor: float) -> Surface:
        """Return it with all lengths multiplied by a factor, about the origin."""

    def placed(self, rotation: Floats, shift: Floats) -> Surface:
        """Return it turned by an orthogonal matrix (dim, dim) about the origin, then moved."""


@dataclass(frozen=True, eq=False)
class Flat:
    """A straight line in the plane or a plane in space, through a point (dim,) with a unit normal (dim,)."""

    point: Floats
    direction: Floats

    @property
    def is_flat(self) -> bool:
        """A chord lies on it."""
        return True

    def distance(self, points: Floats) -> Floats:
        """Signed distance, positive on the side to which the normal points."""
        return self.direction @ (points - self.point[:, None])

    def normal(self, points: Floats) -> Floats:
        """The same everywhere."""
        return np.repeat(self.direction[:, None], points.shape[1], axis=1)

    def scaled(self, factor: float) -> Flat:
        """Return it scaled about the origin."""
        return replace(self, point=self.point * factor)

    def placed(self, rotation: Floats, shift: Floats) -> Flat:
        """Return it turned and moved."""
        return Flat(rotation @ self.point + shift, rotation @ self.direction)


@dataclass(frozen=True, eq=False)
class Round:
    """A circle in the plane or a sphere in space."""

    centre: Floats
    radius: float

    @property
    def is_flat(self) -> bool:
        """A chord does not lie on it."""
        return False

    def distance(self, points: Floats) -> Floats:
        """Signed distance, negative inside."""
        return np.linalg.norm(points - self.centre[:, None], axis=0) - self.radius

    def normal(self, points: Floats) -> Floats:
        """Away from the centre."""
        outward = points - self.centre[:, None]
        return outward / np.maximum(np.linalg.norm(outward, axis=0), np.finfo(float).tiny)

    def scaled(self, factor: float) -> Round:
        """Return it scaled about the origin."""
        return Round(self.centre * factor, self.radius * factor)

    def placed(self, rotation: Floats, shift: Floats) -> Round:
        """Return it turned and moved."""
        return replace(self, centre=rotation @ self.centre + shift)


@dataclass(frozen=True, eq=False)
class Revolution:
    """A line or a circle of the half plane (rho, zeta), turned about an axis: cylinder, cone, torus.

    Attributes
    ----------
    origin
        A point of the axis (3,), where zeta = 0.
    axis
        Its unit direction (3,).
    profile
        `Flat` or `Round` in (rho, zeta).
    """

    origin: Floats
    axis: Floats
    profile: Flat | Round

    @property
    def is_flat(self) -> bool:
        """Only a line across the axis turns into a plane, which is better made a `Flat`."""
        return False

    def _meridian(self, points: Floats) -> tuple[Floats, Floats]:
        """Coordinates (rho, zeta) of points, and the unit vectors that point away from the axis."""
        from_origin = points - self.origin[:, None]
        zeta = self.axis @ from_origin
        radial = from_origin - self.axis[:, None] * zeta
        rho = np.linalg.norm(radial, axis=0)
        return np.stack([rho, zeta]), radial / np.maximum(rho, np.finfo(float).tiny)

    def distance(self, points: Floats) -> Floats:
        """Signed distance in the half plane through each point."""
        return self.profile.distance(self._meridian(points)[0])

    def normal(self, points: Floats) -> Floats:
        """In the half plane through each point; on the axis itself only its part along the axis is defined."""
        meridian, outward = self._meridian(points)
        along_rho, along_zeta = self.profile.normal(meridian)
        return outward * along_rho + self.axis[:, None] * along_zeta

    def scaled(self, factor: float) -> Revolution:
        """Return it scaled about the origin of the coordinates."""
        return replace(self, origin=self.origin * factor, profile=self.profile.scaled(factor))

    def placed(self, rotation: Floats, shift: Floats) -> Revolution:
        """Return it turned and moved."""
        return replace(self, origin=rotation @ self.origin + shift, axis=rotation @ self.axis)


def project(points: Floats, surfaces: Sequence[Surface]) -> Floats:
    """Return points (dim, n) moved onto all the surfaces at once, by the shortest way to first order.

    Every step solves the linearised distances for the smallest move; surfaces that touch instead of crossing count
    once.
    """
    moved = points.copy()
    for _ in range(_STEPS):
        distance = np.stack([surface.distance(moved) for surface in surfaces], axis=1)
        if np.abs(distance).max(initial=0.0) <= 4 * np.finfo(float).eps * np.abs(points).max(initial=0.0):
            break
        normals = np.stack([surface.normal(moved).T for surface in surfaces], axis=1)
        moved -= np.einsum("nij,nj->in", np.linalg.pinv(normals, rcond=_RANK), distance)
    return moved


@dataclass(frozen=True)
class Curves:
    """Which facets of a mesh lie on which exact curve or surface.

    Attributes
    ----------
    surfaces
        The curves or surfaces, flat ones included: on the edge of a face a node stays in its plane too.
    facets
        Corner nodes (dim, n) of the facets that lie on one; boundary facets and those between two regions.
    surface
        Index into `surfaces` for every such facet (n,).
    """

    surfaces: tuple[Surface, ...]
    facets: Ints
    surface: Ints

    def scaled(self, factor: float) -> Curves:
        """Return the same facets on scaled surfaces."""
        return replace(self, surfaces=tuple(surface.scaled(factor) for surface in self.surfaces))


def associated(mesh: Mesh, surfaces: Sequence[Surface], tolerance: float = 1e-6) -> Curves:
    """Find the facets between regions and on the boundary whose nodes all lie on one of the surfaces.

    Parameters
    ----------
    mesh
        A conforming mesh; its middle nodes, if any, are asked too, so that a chord of a circle is no straight line.
    surfaces
        Curves or surfaces without ends; the nearest takes a facet.
    tolerance
        Largest distance of a node, in parts of the size of the mesh.
    """
    nodes = outer(facets(mesh), mesh.region).nodes
    size = float(np.ptp(mesh.points, axis=1).max())
    distance = np.full((len(surfaces) + 1, nodes.shape[1]), tolerance * size)
    for row, surface in zip(distance[:-1], surfaces, strict=True):
        row[:] = np.abs(surface.distance(mesh.points[:, nodes.ravel()])).reshape(nodes.shape).max(axis=0)
    nearest = distance.argmin(axis=0)
    near = nearest < len(surfaces)
    return Curves(tuple(surfaces), nodes[: mesh.dimension, near], nearest[near])


@dataclass(frozen=True)
class Group:
    """Nodes (1, n) or edges (2, n), lower node first, that lie on the same surfaces."""

    nodes: Ints
    surfaces: tuple[Surface, ...]

    @property
    def is_curved(self) -> bool:
        """Whether one of the surfaces is."""
        return not all(surface.is_flat for surface in self.surfaces)


def nodes_on_surfaces(curves: Curves) -> list[Group]:
    """Corner nodes on surfaces, by the set of surfaces that they lie on."""
    return _groups(curves, curves.facets[None])


def edges_on_surfaces(curves: Curves) -> list[Group]:
    """Edges on surfaces, by the set of surfaces that they lie on."""
    pairs = EDGES[len(curves.facets) - 1]
    return _groups(curves, np.sort([[curves.facets[end] for end in ends] for ends in zip(*pairs, strict=True)], axis=0))


def nodes_on_curves(curves: Curves) -> list[Group]:
    """Corner nodes on curved surfaces, together with the flat ones that they lie on too."""
    return [group for group in nodes_on_surfaces(curves) if group.is_curved]


def edges_on_curves(curves: Curves) -> list[Group]:
    """Edges on curved surfaces, together with the flat ones that they lie on too."""
    return [group for group in edges_on_surfaces(curves) if group.is_curved]


def _groups(curves: Curves, entities: Ints) -> list[Group]:
    """Group entities (nodes each, per facet, facets) by the set of surfaces of the facets that hold them."""
    nodes = entities.reshape(len(entities), -1)
    key, first, number = np.unique(packed(nodes), return_index=True, return_inverse=True)
    count = len(curves.surfaces)
    pairs = np.unique(number * count + np.tile(curves.surface, entities.shape[1]))
    entity, surface = np.divmod(pairs, max(count, 1))
    # Few surfaces meet in an entity: in a table with -1 for none, equal rows are equal sets.
    table = np.full((len(key), int(np.bincount(entity).max(initial=0))), -1)
    table[entity, np.arange(len(entity)) - np.searchsorted(entity, entity)] = surface
    sets, member = np.unique(table, axis=0, return_inverse=True)
    groups = []
    for index, row in enumerate(sets):
        surfaces = tuple(curves.surfaces[i] for i in row if i >= 0)
        groups.append(Group(nodes[:, first[member.ravel() == index]], surfaces))
    return groups
