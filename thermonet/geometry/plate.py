"""The cantilever: one half (y >= 0) of a rectangular plate with a round hole where the tip stands."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from thermonet.geometry.mesh import (
    LENGTH_UNIT,
    Floats,
    Ints,
    Mesh,
    Patch,
    assembled,
    edge_line,
    graded,
    half_steps,
    intervals,
)
from thermonet.quantities.errors import PhysicsError

#: Name of the plate's only region.
PLATE = "plate"
_END, _SIDE, _BACK, _OUT, _LENGTH = 4, 8, 4, 12, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """A plate held at x = 0, free at x = `length`, symmetric about y = 0.

    Attributes
    ----------
    length, width
        Of the rectangle [m].
    tip_to_end
        Distance of the hole's centre from the free end [m].
    hole_radius
        Radius of the ring on which the tip stands [m].
    """

    length: float
    width: float
    tip_to_end: float
    hole_radius: float

    def __post_init__(self) -> None:
        room = min(self.width / 2, self.tip_to_end, self.length - self.tip_to_end)
        if not 0 < self.hole_radius < room:
            raise PhysicsError(f"the foot of the tip (radius {self.hole_radius:g} m) needs more room than {room:g} m")


def plate_mesh(plate: Plate, element_scale: float = 1.0) -> Mesh:
    """Mesh of the half plate; the ring's edges lie on the circle.

    The boundaries are 'chip' (x = 0), 'ring' (from the free end's side, phi = 0, round to the chip's, phi = pi) and
    'symmetry' (y = 0). Coordinates have their origin at the hole's centre, x towards the free end.
    """
    # The rim of the round part lies between the hole and the chip, however close they are.
    chip = plate.length - plate.tip_to_end
    back = min(plate.width / 2, plate.hole_radius + 0.55 * (chip - plate.hole_radius))
    counts = [intervals(count, element_scale) for count in (_END, _SIDE, _BACK)]
    angle, rim = _ring_and_rim(plate, back, counts)
    out = half_steps(graded(intervals(_OUT, element_scale), plate.width / (4 * plate.hole_radius)))
    ring = plate.hole_radius * np.column_stack([np.cos(angle), np.sin(angle)])
    around = ring[:, None] + out[None, :, None] * (rim - ring)[:, None]
    nodes = np.arange(around.shape[0] * around.shape[1]).reshape(around.shape[:2])
    # The rest of the plate continues the rim's back side to the chip.
    start = 2 * (counts[0] + counts[1])
    along = half_steps(graded(intervals(_LENGTH, element_scale)))
    rest = np.repeat(rim[start:, None], len(along), axis=1)
    rest[:, :, 0] = -back - along * (chip - back)
    rest_nodes = nodes.size + np.arange(rest.shape[0] * rest.shape[1]).reshape(rest.shape[:2])
    rest_nodes[:, 0] = nodes[start:, -1]
    points = np.concatenate([around.reshape(-1, 2), rest.reshape(-1, 2)]).T / LENGTH_UNIT
    patches = [_patch(nodes[::-1]), _patch(rest_nodes[::-1])]
    symmetry = [edge_line(nodes[0]), edge_line(nodes[-1]), edge_line(rest_nodes[-1])]
    boundaries = {
        "chip": edge_line(rest_nodes[:, -1]),
        "ring": edge_line(nodes[:, 0]),
        "symmetry": np.concatenate(symmetry, axis=1),
    }
    return assembled(points, patches, (PLATE,), boundaries)


def _patch(nodes: Ints) -> Patch:
    cells = ((nodes.shape[0] - 1) // 2, (nodes.shape[1] - 1) // 2)
    return Patch(nodes, np.zeros(cells, dtype=np.int64))


def _ring_and_rim(plate: Plate, back: float, counts: list[int]) -> tuple[Floats, Floats]:
    """Angles on the hole, and points on the rectangle around it (free end, side, back), at half steps."""
    half, end = plate.width / 2, plate.tip_to_end
    corners = [0.0, math.atan2(half, end), math.atan2(half, -back), math.pi]
    points = np.array([[end, 0.0], [end, half], [-back, half], [-back, 0.0]])
    angle, rim = [np.array([0.0])], [points[:1]]
    for part, count in enumerate(counts):
        share = half_steps(graded(count))[1:]
        angle.append(corners[part] + share * (corners[part + 1] - corners[part]))
        rim.append(points[part] + share[:, None] * (points[part + 1] - points[part]))
    return np.concatenate(angle), np.concatenate(rim)
