"""Mesh files: both formats, both degrees, names and units; and everything that a file can get wrong."""

import math
import re
import warnings

import meshio
import numpy as np
import pytest

from thermonet.geometry.layered import Layer, SphericalShape, body_mesh
from thermonet.geometry.mesh import LENGTH_UNIT
from thermonet.geometry.mesh_files import file_mesh
from thermonet.geometry.quality import volumes
from thermonet.heat.elements import axisymmetric_elements, cell_volumes, facet_areas, plane_elements, solid_elements
from thermonet.quantities.errors import DataError

UM = 1e-6
#: Two squares side by side as four triangles, one of them the wrong way round, and a node that nothing uses.
POINTS = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0], [0, 1, 0], [1, 1, 0], [2, 1, 0], [9, 9, 0]], dtype=float)
TRIANGLES = np.array([[0, 1, 4], [0, 3, 4], [1, 2, 5], [5, 4, 1]])
LINES = np.array([[0, 3], [2, 5]])
GROUPS = {"core": (7, 2), "film": (8, 2), "cold": (3, 1), "hot": (4, 1)}

#: The same mesh as Gmsh 4.1 writes it, with entities that carry the groups.
MSH41 = """$MeshFormat
4.1 0 8
$EndMeshFormat
$PhysicalNames
4
1 3 "cold"
1 4 "hot"
2 7 "core"
2 8 "film"
$EndPhysicalNames
$Entities
0 2 2 0
1 0 0 0 0 1 0 1 3 0
2 2 0 0 2 1 0 1 4 0
1 0 0 0 1 1 0 1 7 0
2 1 0 0 2 1 0 1 8 0
$EndEntities
$Nodes
1 6 1 6
2 1 0 6
1
2
3
4
5
6
0 0 0
1 0 0
2 0 0
0 1 0
1 1 0
2 1 0
$EndNodes
$Elements
4 6 1 6
1 1 1 1
1 1 4
1 2 1 1
2 3 6
2 1 2 2
3 1 2 5
4 1 4 5
2 2 2 2
5 2 3 6
6 6 5 2
$EndElements
"""


def msh(path, *, points=POINTS, cells=(("triangle", TRIANGLES), ("line", LINES)), tags=((7, 7, 8, 8), (3, 4)), **more):
    """Write a .msh file of version 2.2."""
    groups = more.pop("groups", GROUPS)
    numbers = [np.array(entry, dtype=np.int32) for entry in tags]
    data = {"gmsh:physical": numbers, "gmsh:geometrical": numbers}
    fields = {name: np.array(entry) for name, entry in groups.items()}
    mesh = meshio.Mesh(points, list(cells), cell_data=data, field_data=fields)
    meshio.gmsh.write(path, mesh, fmt_version="2.2", binary=more.pop("binary", False))
    return path


def vtu(path, *, points=POINTS, binary=True, **cell_data):
    """Write a .vtu file; without cell data of its own, one with both regions and boundaries."""
    numbered = {"region": [[1, 1, 2, 2], [-1, -1]], "boundary": [[-1] * 4, [0, 5]]}
    data = {key: [np.array(entry) for entry in value] for key, value in (cell_data or numbered).items()}
    mesh = meshio.Mesh(points, [("triangle", TRIANGLES), ("line", LINES)], cell_data=data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        meshio.vtu.write(path, mesh, binary=binary)
    return path


def refusal(path, dimension=2):
    """What is said about a file, in one line that begins with its name."""
    with pytest.raises(DataError) as error:
        file_mesh(path, dimension, UM)
    assert error.value.exit_code == 4
    message = str(error.value)
    assert message.startswith(f"{path}:1:1: mesh: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}:1:1: mesh: ")


def assert_two_squares(mesh, names=("core", "film"), boundaries=("cold", "hot")):
    assert mesh.names == names
    assert mesh.points.shape == (2, 6)
    assert volumes(mesh.points, mesh.cells) * LENGTH_UNIT**2 / UM**2 == pytest.approx([0.5] * 4, rel=1e-12)
    np.testing.assert_array_equal(mesh.region, mesh.points[0, mesh.cells].mean(axis=0) > 1000)
    assert list(mesh.boundaries) == list(boundaries)
    for name, x in zip(boundaries, (0.0, 2000.0), strict=True):
        np.testing.assert_allclose(mesh.points[0, mesh.boundaries[name]], x)


@pytest.mark.parametrize("binary", [False, True])
def test_gmsh_22(tmp_path, binary):
    """Physical groups become regions and boundaries, the unit is applied, all triangles turn the same way."""
    assert_two_squares(file_mesh(msh(tmp_path / "a.msh", binary=binary), 2, UM))


def test_gmsh_41(tmp_path):
    """Groups of entities; nodes and elements in blocks."""
    (tmp_path / "a.msh").write_text(MSH41)
    assert_two_squares(file_mesh(tmp_path / "a.msh", 2, UM))


@pytest.mark.parametrize("binary", [False, True])
def test_vtu_names_its_groups_by_numbers(tmp_path, binary, capfd):
    """Cell data 'region' and 'boundary'; what meshio has to say is not printed."""
    mesh = file_mesh(vtu(tmp_path / "a.vtu", binary=binary), 2, UM)
    assert_two_squares(mesh, ("1", "2"), ("0", "5"))
    assert capfd.readouterr().out == ""


def test_quadratic_triangles_keep_their_curves(tmp_path):
    """A spherical shell of six-node triangles, written in scrambled order and read again: the same volume."""
    ours = body_mesh(SphericalShape(inner_radius=1e-6, half_angle=0.7, layers=(Layer(name="a", thickness=1e-6),)), 4)
    cells = ours.cells.T.copy()
    cells[::3] = cells[::3][:, [1, 0, 2, 3, 5, 4]]
    lines = ours.boundaries["outer"].T
    points = np.vstack([ours.points, np.zeros((1, ours.points.shape[1]))]).T * LENGTH_UNIT / UM
    path = msh(
        tmp_path / "shell.msh",
        points=points,
        cells=(("triangle6", cells), ("line3", lines)),
        tags=([1] * len(cells), [2] * len(lines)),
        groups={"shell": (1, 2), "outside": (2, 1)},
    )
    mesh = file_mesh(path, 2, UM)
    elements, expected = axisymmetric_elements(mesh), axisymmetric_elements(ours)
    ratio = cell_volumes(elements, elements.everywhere).sum() / cell_volumes(expected, expected.everywhere).sum()
    assert ratio == pytest.approx(1, abs=1e-9)
    area = facet_areas(elements, mesh.boundaries["outside"]).sum() / UM**2
    assert area == pytest.approx(2 * math.pi * 4 * (1 - math.cos(0.7)), rel=1e-4)


@pytest.mark.parametrize("quadratic", [False, True])
def test_tetrahedra(tmp_path, quadratic):
    """Two tetrahedra, one of them the wrong way round, with a named side; lines and points are passed over."""
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]], dtype=float)
    corners = np.array([[0, 1, 2, 3], [2, 1, 3, 4]])
    pairs = [(0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)]
    cells, side = corners, np.array([[0, 2, 3]])
    if quadratic:
        edges = sorted({tuple(sorted((c[i], c[j]))) for c in corners for i, j in pairs})
        number = {edge: len(points) + k for k, edge in enumerate(edges)}
        points = np.vstack([points, [points[list(edge)].mean(axis=0) for edge in edges]])
        middles = [[number[tuple(sorted((int(c[i]), int(c[j]))))] for i, j in pairs] for c in corners]
        cells = np.hstack([corners, middles])
        side = np.array([[0, 2, 3, number[0, 2], number[2, 3], number[0, 3]]])
    kinds = ("tetra10", "triangle6") if quadratic else ("tetra", "triangle")
    path = msh(
        tmp_path / "two.msh",
        points=points,
        cells=((kinds[0], cells), (kinds[1], side), ("line", np.array([[0, 1]])), ("vertex", np.array([[0]]))),
        tags=([1, 2], [3], [4], [5]),
        groups={"a": (1, 3), "b": (2, 3), "side": (3, 2), "edge": (4, 1)},
    )
    mesh = file_mesh(path, 3, UM)
    elements = solid_elements(mesh)
    assert mesh.degree == (2 if quadratic else 1)
    assert cell_volumes(elements, elements.region("a")).sum() / UM**3 == pytest.approx(1 / 6, rel=1e-9)
    assert cell_volumes(elements, elements.region("b")).sum() / UM**3 == pytest.approx(1 / 3, rel=1e-9)
    assert list(mesh.boundaries) == ["side"]
    assert facet_areas(elements, mesh.boundaries["side"]).sum() / UM**2 == pytest.approx(0.5, rel=1e-9)


def moved(node, place):
    points = POINTS.copy()
    points[node] = place
    return points


#: Ways to write a mesh wrongly, and what is said about them.
WRONG = {
    "no names": ({"groups": {}}, "4 of its 4 cells have no name, expected a physical group (.msh) or cell data"),
    "a cell without a group": ({"tags": ((7, 7, 0, 8), (3, 4))}, "1 of its 4 cells have no name"),
    "no number": ({"points": moved(4, [math.nan, 1, 0])}, "1 of its nodes have no finite coordinates"),
    "no plane": ({"points": moved(4, [1, 1, 0.5])}, "its nodes lie at z from 0 to 0.5, expected a plane"),
    "flat cells": ({"points": moved(4, [1, 0, 0])}, "2 of its cells are flat, the first near"),
    "a dangling facet": (
        {"cells": (("triangle", TRIANGLES), ("line", np.array([[0, 3], [0, 5]])))},
        "1 facets of the boundary 'hot' belong to no cell",
    ),
    "squares": (
        {
            "cells": (("triangle", TRIANGLES), ("line", LINES), ("quad", np.array([[0, 1, 4, 3]]))),
            "tags": ((7, 7, 8, 8), (3, 4), (7,)),
        },
        "has 1 cells of kind 'quad', expected triangle or triangle6 alone",
    ),
    "two degrees": (
        {
            "points": np.vstack([POINTS, [[1.5, 0, 0], [1.5, 0.5, 0], [1, 0.5, 0]]]),
            "cells": (("triangle", TRIANGLES[:3]), ("line", LINES), ("triangle6", np.array([[1, 5, 4, 8, 7, 9]]))),
            "tags": ((7, 7, 8), (3, 4), (8,)),
        },
        "mixes triangle and triangle6, expected cells of one degree",
    ),
    "two borders at one place": (
        {
            "points": np.vstack([POINTS[:6], POINTS[[1, 4]]]),
            "cells": (("triangle", np.array([[0, 1, 4], [0, 3, 4], [6, 2, 5], [5, 7, 6]])), ("line", LINES)),
        },
        "2 pairs of nodes lie at one place, the first between 'core' and 'film' at (1e-06, 0) m",
    ),
    "a hanging node": (
        {
            "points": np.vstack([POINTS[:6], [[1, 0.5, 0]]]),
            "cells": (("triangle", np.array([[0, 1, 4], [0, 3, 4], [1, 2, 6], [2, 5, 6], [6, 5, 4]])), ("line", LINES)),
            "tags": ((7, 7, 8, 8, 8), (3, 4)),
        },
        "1 nodes hang on sides of other cells, the first between 'film' and 'core' at (1e-06, 5e-07) m",
    ),
    "overlapping cells": (
        {
            "cells": (("triangle", np.vstack([TRIANGLES, [[0, 1, 5], [0, 1, 3]]])), ("line", LINES)),
            "tags": ((7, 7, 8, 8, 8, 8), (3, 4)),
        },
        "2 facets belong to more than two cells, expected no overlaps",
    ),
    "a turned curve": (
        {
            "points": np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0.5, 0.4, 0], [0.5, 0.5, 0], [0, 0.5, 0]]),
            "cells": (("triangle6", np.array([[0, 1, 2, 3, 4, 5]])),),
            "tags": ((7,),),
        },
        "1 of its curved cells may be turned inside out",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mesh_that_heat_could_not_follow_is_refused(tmp_path, case):
    """Each with its reason; counts and places where they help."""
    written, expected = WRONG[case]
    assert expected in refusal(msh(tmp_path / "wrong.msh", **written))


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.7, 0.9, 0.98])
@pytest.mark.parametrize("kind", ["ascii 2.2", "binary 2.2", "ascii 4.1", "ascii vtu", "binary vtu"])
def test_truncated_files_are_refused(tmp_path, kind, share, capfd):
    """Wherever a file ends too early, it is not taken for a smaller mesh; nothing is printed, no warning escapes."""
    whole = tmp_path / ("whole.vtu" if "vtu" in kind else "whole.msh")
    if kind == "ascii 4.1":
        whole.write_text(MSH41)
    elif "vtu" in kind:
        vtu(whole, binary=kind.startswith("binary"))
    else:
        msh(whole, binary=kind.startswith("binary"))
    cut = tmp_path / f"cut{whole.suffix}"
    cut.write_bytes(whole.read_bytes()[: int(share * whole.stat().st_size)])
    found = refusal(cut)
    assert f"expected a whole {whole.suffix} file" in found
    assert re.search(r"(is empty|has no section \$|ends within its section \$|without its closing </VTKFile>)", found)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("kind", ["binary 2.2", "ascii 4.1", "ascii vtu"])
def test_a_truncated_file_says_what_is_missing_wherever_it_ends(tmp_path, kind):
    """Byte by byte; the last one is the end of a line, and nothing is lost with it."""
    whole, cut = tmp_path / f"whole.{kind[-3:]}", tmp_path / f"cut.{kind[-3:]}"
    if kind == "ascii vtu":
        vtu(whole, binary=False)
    else:
        whole, cut = whole.with_suffix(".msh"), cut.with_suffix(".msh")
        whole.write_text(MSH41) if kind == "ascii 4.1" else msh(whole, binary=True)
    data = whole.read_bytes().rstrip()
    for length in range(0, len(data), 7):
        cut.write_bytes(data[:length])
        assert not re.search("array|buffer|convert|invalid literal|line ", refusal(cut)), length


def test_numbers_that_are_missing_in_the_middle_are_told_in_our_words(tmp_path):
    lines = MSH41.splitlines(keepends=True)
    del lines[lines.index("$EndNodes\n") - 1]
    (tmp_path / "a.msh").write_text("".join(lines))
    assert "its numbers are not those that its sections announce, expected a whole .msh" in refusal(tmp_path / "a.msh")


def test_entities_without_a_group_are_refused(tmp_path):
    """In version 4 groups belong to entities; the message says what to set in Gmsh."""
    (tmp_path / "a.msh").write_text(MSH41.replace("2 1 0 0 2 1 0 1 8 0", "2 1 0 0 2 1 0 0 0"))
    assert "some of its elements have no physical group, expected" in refusal(tmp_path / "a.msh")


def test_what_is_no_mesh_file_is_refused(tmp_path):
    """Missing, a folder, another format, empty, text, numbers that promise more than there is."""
    assert refusal(tmp_path / "none.msh") == "does not exist, expected a mesh file"
    (tmp_path / "folder.msh").mkdir()
    assert refusal(tmp_path / "folder.msh") == "is no file, expected a mesh file"
    assert refusal(tmp_path / "a.stl") == "a file '.stl' cannot be read, expected .msh or .vtu"
    told = {
        "empty.msh": ("", "is empty"),
        "words.vtu": ("hello", "ends before any of its data"),
        "words.msh": ("hello", "has no section $MeshFormat"),
    }
    for name, (text, why) in told.items():
        (tmp_path / name).write_text(text)
        assert why in refusal(tmp_path / name)
    huge = MSH41.replace("1 6 1 6\n2 1 0 6", "1 6000000000000 1 6\n2 1 0 6000000000000")
    (tmp_path / "huge.msh").write_text(huge)
    assert "cannot be read" in refusal(tmp_path / "huge.msh")
    (tmp_path / "wrong.msh").write_text(MSH41.replace("6 6 5 2", "6 6 5 99"))
    assert "cannot be read" in refusal(tmp_path / "wrong.msh")


def test_the_other_dimension_is_refused(tmp_path):
    """Triangles alone are no solid."""
    assert refusal(msh(tmp_path / "a.msh"), 3) == "has no cells, expected tetrahedra"


def test_vtu_without_groups_is_refused(tmp_path):
    """Cell data of another name, or that are no whole numbers."""
    assert "4 of its 4 cells have no name" in refusal(vtu(tmp_path / "a.vtu", other=[[1] * 4, [2] * 2]))
    assert "no whole numbers" in refusal(vtu(tmp_path / "b.vtu", region=[[0.5] * 4, [1.0] * 2]))


def test_a_name_for_messages(tmp_path):
    """The file is called what its user called it."""
    with pytest.raises(DataError, match=r"^chip\.msh:1:1: mesh: does not exist"):
        file_mesh(tmp_path / "chip.msh", 2, UM, "chip.msh")


def test_read_meshes_conduct(tmp_path):
    """Area in SI: a micrometre stays a micrometre."""
    mesh = file_mesh(msh(tmp_path / "a.msh"), 2, 1e-9)
    elements = plane_elements(mesh)
    assert cell_volumes(elements, elements.everywhere).sum() / 1e-18 == pytest.approx(2, rel=1e-12)
