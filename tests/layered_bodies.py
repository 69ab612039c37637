"""Random layered bodies with thin films, large contrasts, boundary conductances and re-entrant corners."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu
from skfem import MeshTet, MeshTri

from thermonet.geometry.interfaces import separated
from thermonet.geometry.mesh import LENGTH_UNIT, Mesh
from thermonet.geometry.refine import quadratic
from thermonet.geometry.topology import facets
from thermonet.heat.adaptive import Limits, Solved, adapted
from thermonet.heat.elements import (
    axisymmetric_elements,
    cell_volumes,
    facet_load,
    facet_matrix,
    jump_matrix,
    load,
    mass,
    plane_elements,
    solid_elements,
    stiffness,
)
from thermonet.heat.equilibrated.conductor import Conductor, Load
from thermonet.heat.goal_error import goal_errors

ELEMENTS = {"planar": plane_elements, "axisymmetric": axisymmetric_elements, "solid": solid_elements}


@dataclass(frozen=True)
class Layered:
    """A body whose regions are 'layer.column': its conforming mesh, and what happens in and between regions."""

    kind: str
    mesh: Mesh
    conductivity: np.ndarray  #: along the coordinates, of every region
    contacts: dict[tuple[str, str], float]  #: boundary conductance of two layers
    held: tuple[str, ...]
    ambient: dict[str, float]
    source: str
    sensor: str

    def contact(self, first, second):
        """Boundary conductance of two regions, None where they are bonded."""
        return self.contacts.get(tuple(sorted((first.split(".")[0], second.split(".")[0]))))

    def conductor(self, mesh):
        """The body on a conforming mesh, with nodes of its own on both sides of every contact."""
        split, interfaces = separated(mesh, lambda a, b: self.contact(a, b) is None)
        return Conductor(
            elements=ELEMENTS[self.kind](split),
            conductivity=self.conductivity[split.region],
            held=np.concatenate([split.boundaries[name] for name in self.held], axis=1),
            ambient=[(split.boundaries[name], value) for name, value in self.ambient.items()],
            interfaces=[(i.first_facets, i.second_facets, self.contact(i.first, i.second)) for i in interfaces],
        )

    def loads(self, conductor):
        """A watt in the source's region, and the mean over the sensor's."""
        return [uniform(conductor, name) for name in (self.source, self.sensor)]

    def solved(self, mesh):
        """Conductor, loads, and their temperatures and works."""
        conductor = self.conductor(mesh)
        loads = self.loads(conductor)
        return conductor, loads, *solution(conductor, loads)

    def goals(self, pairs):
        """What `adapted` asks of a conforming mesh: resistances between pairs of loads."""

        def solve(mesh, _curves=None):
            conductor, loads, fields, works = self.solved(mesh)
            errors = goal_errors(conductor, loads, fields, pairs)
            values = (works.T @ fields)[tuple(np.array(pairs).T)]
            return Solved(
                model=errors.correction,
                unknowns=conductor.elements.size,
                names=[f"R{source}{sensor}" for source, sensor in pairs],
                values=values,
                sizes=np.abs(values),
                estimates=errors.estimate,
                indicators=errors.indicators,
            )

        return solve


@lru_cache
def exact(seed, kind, tolerance):
    """Overkill of a random body: both driving-point resistances with the transfer resistance between them."""
    body = random_layers(seed, kind)
    found = adapted(body.mesh, body.goals([(0, 0), (0, 1), (1, 1)]), tolerance, Limits(unknowns=50_000))
    assert found.refusal is None
    return found.solved.values + found.solved.model


def uniform(conductor, name):
    """A watt, uniform in a region: also the mean over it."""
    where = conductor.elements.region(name)
    density = np.zeros(conductor.count)
    density[where] = 1 / cell_volumes(conductor.elements, where).sum()
    return Load(density=density)


def solution(conductor, loads, works=None):
    """Temperatures of loads (nodes, loads), and the loads as vectors if they are not given, by a direct solver."""
    elements = conductor.elements
    count, everywhere = elements.size, elements.everywhere
    matrix = stiffness(elements, everywhere, conductor.conductivity)
    matrix += sum(facet_matrix(elements, *place) for place in conductor.ambient)
    matrix += sum(jump_matrix(elements, *place) for place in conductor.interfaces)
    if conductor.exchange is not None:
        matrix += mass(elements, everywhere, conductor.exchange)
    if works is None:
        works = np.column_stack([_vector(conductor, item) for item in loads])
    tied = np.arange(count)
    for nodes in conductor.isothermal:
        tied[np.unique(nodes)] = nodes[0, 0]
    onto = sp.csr_array((np.ones(count), (np.arange(count), tied)), shape=(count, count))
    matrix, works = sp.csc_array(onto.T @ matrix @ onto), onto.T @ works
    free = np.setdiff1d(np.unique(tied[conductor.cells.nodes]), np.unique(conductor.held))
    inner = sp.csc_array(matrix[free][:, free])
    solve = splu(inner, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}).solve
    fields = np.zeros_like(works)
    fields[free] = solve(works[free])
    fields[free] += solve(works[free] - inner @ fields[free])
    return fields[tied], works


def _vector(conductor, item):
    elements = conductor.elements
    total = load(elements, elements.everywhere, item.density)
    for nodes, density in item.facets:
        total += facet_load(elements, nodes, density)
    for nodes, heat in zip(conductor.isothermal, item.isothermal, strict=False):
        total[nodes[0, 0]] += heat
    return total


def random_layers(seed, kind="planar"):
    """A stack of layers on a held bottom, cut into four columns, some layers missing in some columns."""
    rng, solid = np.random.default_rng(seed), kind == "solid"
    count = int(rng.integers(2, 4) if solid else rng.integers(3, 6))
    film = (rng.random(count) < 0.5) & (np.arange(count) > 0)
    thickness = np.where(film, rng.uniform(30, 120, count), rng.uniform(300, 1500, count))
    span = 10 ** rng.uniform(2, 4)
    conductivity = span ** rng.uniform(-0.5, 0.5, count)
    conductivity[rng.permutation(count)[:2]] = span**-0.5, span**0.5
    width = rng.uniform(1000, 2000) if solid else rng.uniform(2000, 5000)
    heights = np.concatenate([[0], np.cumsum(thickness)])
    cuts = np.array([0, rng.uniform(0.15, 0.35), rng.uniform(0.4, 0.6), rng.uniform(0.65, 0.85), 1]) * width
    layers = np.full(4, count)
    layers[rng.integers(0, 2)] = rng.integers(1, count)
    layers[3] = rng.choice([rng.integers(1, count), count])
    mesh = quadratic(_box(cuts, heights, layers, solid))
    joints = rng.permutation(count - 1)[: int(rng.integers(0, 3))]
    biot = 10 ** rng.uniform(-1, 2, count)
    contacts = {
        (str(i), str(i + 1)): biot[i] * min(conductivity[i : i + 2]) / min(thickness[i : i + 2]) / LENGTH_UNIT
        for i in joints
    }
    side = rng.random()
    source, sensor = rng.choice(np.unique(mesh.region), 2, replace=False)
    tensor = np.repeat(conductivity, 4)[:, None] * np.ones(mesh.dimension)
    if rng.random() < 0.3:
        tensor[4:8] *= np.array([3.0, 0.5, 1.0])[: mesh.dimension]  # an orthotropic film
    exchange = 10 ** rng.uniform(-2, 2) * conductivity.mean() / width / LENGTH_UNIT
    return Layered(
        kind=kind,
        mesh=mesh,
        conductivity=tensor,
        contacts=contacts,
        held=("bottom", "side") if side < 0.3 else ("bottom",),
        ambient={"side": exchange} if side > 0.6 else {},
        source=mesh.names[source],
        sensor=mesh.names[sensor],
    )


def _box(cuts, heights, layers, solid):
    """Coarse mesh of the cells of a grid that are there, without middle nodes."""
    size = 700 if solid else 400
    grids = [cuts, *([np.array([0, 0.5, 1]) * cuts[-1]] if solid else []), heights]
    axes = [
        np.unique(np.concatenate([np.linspace(a, b, int(np.ceil((b - a) / size)) + 1) for a, b in pairwise(at)]))
        for at in grids
    ]
    box = (MeshTet if solid else MeshTri).init_tensor(*axes)
    centre = box.p[:, box.t].mean(axis=1)
    column, layer = np.searchsorted(cuts, centre[0]) - 1, np.searchsorted(heights, centre[-1]) - 1
    there = layer < layers[column]
    if solid:
        there |= centre[1] > cuts[-1] / 2
    used, cells = np.unique(box.t[:, there], return_inverse=True)
    points, cells = box.p[:, used], cells.reshape(len(box.t), -1)
    spanned = points[:, cells[1:]] - points[:, cells[:1]]
    turned = np.linalg.det(spanned.transpose(2, 0, 1)) < 0
    cells[:2, turned] = cells[1::-1, turned]
    names = tuple(f"{i}.{j}" for i in range(len(heights) - 1) for j in range(4))
    bare = Mesh(points, cells, (4 * layer + column)[there], names, {})
    found = facets(bare)
    outer = found.nodes[:, found.cells[1] < 0]
    middle = points[:, outer].mean(axis=1)
    ends = {"bottom": middle[-1] < 1e-6, "side": middle[0] > cuts[-1] - 1e-6}
    return Mesh(points, cells, bare.region, names, {name: outer[:, here] for name, here in ends.items()})
