"""Temperature jumps in a three-dimensional tip: bodies that meet at a boundary conductance get nodes of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from thermonet.geometry.interfaces import Interface
from thermonet.geometry.mesh import Ints
from thermonet.geometry.tip_solid import Hanging, SolidTip
from thermonet.geometry.topology import FACETS, ascending, packed, shared


def separated_tip(tip: SolidTip, bonded: Callable[[str, str], bool]) -> tuple[SolidTip, list[Interface]]:
    """Give every region nodes of its own, but for regions that are bonded; return the interfaces that arise.

    Where the edge of a sheet meets another region nothing crosses: a film's edge is small against its faces.

    Parameters
    ----------
    tip
        A conforming tip.
    bonded
        Whether two regions (by name) are in perfect contact.
    """
    mesh, sheets, faces = tip.mesh, tip.sheets, _faces(tip)
    sides = faces.region[faces.pairs]
    body = _bodies(mesh.names, sides, bonded)
    count = len(mesh.names)
    groups = [mesh.cells * count + body[mesh.region]]
    groups += [side * count + body[sheets.region] for side in (sheets.lower, sheets.upper)]
    kept = np.unique(np.concatenate([group.ravel() for group in groups]))
    cells, lower, upper = (np.searchsorted(kept, group) for group in groups)
    on_face = np.searchsorted(kept, faces.nodes * count + body[faces.region])
    boundaries = {name: on_face[:, shared(faces.nodes[:3], lines[:3])] for name, lines in mesh.boundaries.items()}
    apart = body[sides[0]] != body[sides[1]]
    outermost = body[len(mesh.names) - 1]
    separate = SolidTip(
        mesh=replace(mesh, points=mesh.points[:, kept // count], cells=cells, boundaries=boundaries),
        sheets=replace(sheets, lower=lower, upper=upper),
        hanging=_hanging(tip.hanging, kept, count),
        foot=np.flatnonzero(np.isin(kept // count, tip.foot)),
        end=int(np.searchsorted(kept, tip.end * count + outermost)),
        quarters=tip.quarters,
    )
    return separate, _interfaces(mesh.names, on_face, faces.pairs[:, apart], sides[:, apart])


@dataclass(frozen=True)
class _Faces:
    """Faces of tetrahedra and of sheets.

    Attributes
    ----------
    nodes
        Corners in ascending order, then the middles of the edges 0-1, 1-2, 0-2, (6, faces).
    region
        That the face belongs to.
    pairs
        Faces that coincide (2, pairs).
    """

    nodes: Ints
    region: Ints
    pairs: Ints


def _faces(tip: SolidTip) -> _Faces:
    cells, sheets = tip.mesh.cells, tip.sheets
    listed = [cells[list(face)] for face in FACETS[3]] + [sheets.lower, sheets.upper]
    region = np.concatenate([np.tile(tip.mesh.region, 4), np.tile(sheets.region, 2)])
    nodes = ascending(np.concatenate(listed, axis=1), 2)[0]
    key = packed(nodes[:3])
    order = np.argsort(key, kind="stable")
    same = key[order][1:] == key[order][:-1]
    return _Faces(nodes, region, np.stack([order[:-1][same], order[1:][same]]))


def _bodies(names: tuple[str, ...], sides: Ints, bonded: Callable[[str, str], bool]) -> Ints:
    """Number of the body that every region belongs to: regions that touch and are bonded are one body."""
    body = np.arange(len(names))
    for i, j in np.unique(np.sort(sides, axis=0), axis=1).T:
        if bonded(names[i], names[j]):
            body[body == body[i]] = body[j]
    return body


def _hanging(hanging: Hanging, kept: Ints, count: int) -> Hanging:
    """Hanging nodes of every body that has them."""
    node, body = np.nonzero(np.isin(hanging.nodes[:, np.newaxis] * count + np.arange(count), kept))
    nodes, lower, upper = (
        np.searchsorted(kept, side[node] * count + body) for side in (hanging.nodes, hanging.lower, hanging.upper)
    )
    return Hanging(nodes, lower, upper, hanging.share[node])


def _interfaces(names: tuple[str, ...], on_face: Ints, pairs: Ints, sides: Ints) -> list[Interface]:
    """Group pairs of faces by their regions, the inner region first."""
    pairs = np.where(sides[0] > sides[1], pairs[::-1], pairs)
    sides = np.sort(sides, axis=0)
    return [
        Interface(names[a], names[b], *(on_face[:, side[(sides == [[a], [b]]).all(axis=0)]] for side in pairs))
        for a, b in np.unique(sides, axis=1).T
    ]
