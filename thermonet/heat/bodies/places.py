"""Where the names of a body are on its mesh: faces, regions, sheets, and what their measure is multiplied by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from thermonet.geometry.mesh import Floats, Ints, Mesh
from thermonet.geometry.topology import Facets, facets, shared
from thermonet.heat.bodies.body import Body, Exponential, JouleSource, MeanSensor, SpreadSource
from thermonet.heat.elements import Elements, facet_load, load
from thermonet.quantities.errors import PhysicsError

#: Both faces of a plate's region, all of its area twice; alone, those of the whole plate.
SHEET_FACES = "faces"


@dataclass(frozen=True)
class Piece:
    """Facets or cells, each with the factor that makes of its measure an area [m^2] or a volume [m^3].

    Attributes
    ----------
    members
        Nodes of facets (k, n), or numbers of cells (n,).
    factor
        For every one of them (n,).
    """

    members: Ints
    factor: Floats

    @property
    def of_cells(self) -> bool:
        """Whether it is of cells."""
        return self.members.ndim == 1


def united(pieces: Sequence[Piece]) -> list[Piece]:
    """Put pieces of one sort together: at most one of facets and one of cells."""
    found = []
    for of_cells in (False, True):
        alike = [piece for piece in pieces if piece.of_cells == of_cells]
        if alike:
            members = np.concatenate([piece.members for piece in alike], axis=-1)
            found.append(Piece(members, np.concatenate([piece.factor for piece in alike])))
    return found


def marked(mesh: Mesh, body: Body) -> Mesh:
    """Return a conforming mesh with the boundaries of a body among its own.

    A boundary has the outer facets of its faces; a region among them stands for what is left of its surface.

    Raises
    ------
    PhysicsError
        A face is not there, lies inside the body, or belongs to two boundaries.
    """
    found = facets(mesh)
    outside = found.cells[1] < 0
    owner = np.full(len(outside), -1)
    numbers: dict[str, Ints] = {}
    for name, boundary in body.boundaries.items():
        stated = [place for place in boundary.on if place not in body.regions and not _is_sheet(body, place)]
        parts = [_outer(mesh, found, outside, place, f"boundaries.{name}.on") for place in stated]
        numbers[name] = np.unique(np.concatenate([*parts, np.zeros(0, dtype=np.int64)]))
        _claim(owner, numbers[name], list(body.boundaries), name)
    for name, boundary in body.boundaries.items():
        for region in (place for place in boundary.on if place in body.regions):
            inside = mesh.region[found.cells[0]] == mesh.names.index(region)
            rest = np.flatnonzero(outside & inside & (owner < 0))
            owner[rest] = list(body.boundaries).index(name)
            numbers[name] = np.concatenate([numbers[name], rest])
    named = {name: found.nodes[:, rows] for name, rows in numbers.items()}
    for face in _named_faces(body):
        if face not in named and face not in mesh.boundaries:
            raise PhysicsError(f"there is no face '{face}' in the mesh, expected one of {', '.join(mesh.boundaries)}")
    return replace(mesh, boundaries={**mesh.boundaries, **named})


def _outer(mesh: Mesh, found: Facets, outside: NDArray[np.bool_], place: str, path: str) -> Ints:
    """Numbers of the facets of a face that lie on the outside."""
    if place not in mesh.boundaries:
        known = ", ".join(mesh.boundaries)
        raise PhysicsError(f"there is no face '{place}' in the mesh, expected one of {known}", path)
    dimension = mesh.dimension
    rows = shared(found.nodes[:dimension], mesh.boundaries[place][:dimension])
    rows = rows[outside[rows]]
    if not len(rows):
        raise PhysicsError(f"the face '{place}' lies inside the body, expected one on its outside", path)
    return rows


def _claim(owner: Ints, rows: Ints, names: Sequence[str], name: str) -> None:
    """Give facets to a boundary; refuse those that another one has."""
    taken = owner[rows]
    if (taken >= 0).any():
        other = names[int(taken[taken >= 0][0])]
        raise PhysicsError(
            f"shares faces with the boundary '{other}', expected each face once", f"boundaries.{name}.on"
        )
    owner[rows] = names.index(name)


def _is_sheet(body: Body, place: str) -> bool:
    """Whether a name stands for both faces of a plate or of one of its regions."""
    return body.kind == "plate" and (place == SHEET_FACES or place.endswith(f".{SHEET_FACES}"))


def _named_faces(body: Body) -> list[str]:
    """Faces that sources and sensors name themselves."""
    names: list[str] = []
    for source in body.sources.values():
        if isinstance(source, SpreadSource):
            names += [source.on, *([source.profile.start] if isinstance(source.profile, Exponential) else [])]
        if isinstance(source, JouleSource):
            names += [source.start, source.to]
    names += [sensor.on for sensor in body.sensors.values() if isinstance(sensor, MeanSensor)]
    inside = {*body.regions, *body.fillings}
    return [name for name in dict.fromkeys(names) if name not in inside and not _is_sheet(body, name)]


@dataclass(frozen=True)
class Places:
    """Names of a body on its mesh, in which regions have nodes of their own.

    Attributes
    ----------
    body, elements
        The body, and its elements.
    """

    body: Body
    elements: Elements

    def pieces(self, name: str) -> list[Piece]:
        """Pieces of a boundary, face, region, filling, or of the faces of a sheet."""
        body, mesh = self.body, self.elements.mesh
        if name in body.boundaries and name not in body.regions:
            sheets = [
                piece for place in body.boundaries[name].on if _is_sheet(body, place) for piece in self._faces(place)
            ]
            return [*self._facets(name), *sheets]
        if _is_sheet(body, name):
            return self._faces(name)
        if name in mesh.boundaries:
            return self._facets(name)
        return self._inside(name)

    def _facets(self, name: str) -> list[Piece]:
        members = self.elements.mesh.boundaries[name]
        return [Piece(members, self._depth(members))] if members.shape[1] else []

    def _depth(self, members: Ints) -> Floats:
        """Thickness of the plate at its edges [m]; one in all other bodies."""
        if self.body.kind != "plate" or not members.shape[1]:
            return np.ones(members.shape[1])
        mesh = self.elements.mesh
        found = facets(mesh)
        cells = found.cells[0, shared(found.nodes[:2], members[:2])]
        return self._thickness()[mesh.region[cells]]

    def _thickness(self) -> Floats:
        """Of every region of a plate [m]."""
        mesh = self.elements.mesh
        return np.array([self._thickness_of(name) for name in mesh.names])

    def _thickness_of(self, region: str) -> float:
        sheets = [filling for filling in self.body.fillings.values() if filling.region == region]
        return sum(filling.thickness or 0.0 for filling in sheets)

    def _faces(self, name: str) -> list[Piece]:
        """Both faces of a sheet."""
        region = name.removesuffix(SHEET_FACES).removesuffix(".")
        where = self.elements.region(region) if region else self.elements.everywhere
        return [Piece(where, np.full(len(where), 2.0))]

    def _inside(self, name: str) -> list[Piece]:
        body = self.body
        if name in body.fillings and (body.kind == "plate" or name not in body.regions):
            filling = body.fillings[name]
            where, thickness = self.elements.region(filling.region), filling.thickness or 1.0
        elif name in body.regions:
            where = self.elements.region(name)
            thickness = self._thickness_of(name) if body.kind == "plate" else 1.0
        else:
            raise PhysicsError(f"there is no boundary, face or region '{name}'")
        return [Piece(where, np.full(len(where), thickness))]

    def integral(self, name: str) -> Floats:
        """``integral v`` over a place (nodes,): its sum is the area [m^2] or volume [m^3]."""
        total = np.zeros(self.elements.size)
        for piece in self.pieces(name):
            if piece.of_cells:
                total += load(self.elements, piece.members, piece.factor)
            else:
                total += facet_load(self.elements, piece.members, piece.factor)
        return total

    def mean(self, name: str) -> Floats:
        """Weights of the mean over a place (nodes,): also the load per watt of a uniform density there."""
        weights = self.integral(name)
        return weights / weights.sum()

    def between(self, first: str, second: str) -> Ints:
        """Facets that two regions share, by their nodes (k, n)."""
        mesh = self.elements.mesh
        found = facets(mesh)
        inner = found.cells[1] >= 0
        sides = np.where(inner, mesh.region[found.cells], -1)
        pair = np.sort([mesh.names.index(first), mesh.names.index(second)])
        return found.nodes[:, (np.sort(sides, axis=0) == pair[:, np.newaxis]).all(axis=0)]

    def nodes(self, name: str) -> Ints:
        """Nodes on a boundary, face or region."""
        cells = self.elements.mesh.cells
        parts = [cells[:, piece.members] if piece.of_cells else piece.members for piece in self.pieces(name)]
        return np.unique(np.concatenate([part.ravel() for part in parts]))
