"""Documents of drawn bodies: what is refused and where, and what is read of a good one."""

import math
import re
from pathlib import Path

import meshio
import numpy as np
import pytest

from thermonet.documents.body import boundaries, conductivity, drawn, regions, signals, sources
from thermonet.documents.body import shapes as shape_entries
from thermonet.documents.body.conductivity import OrthotropicEntry
from thermonet.documents.body.drawn import DrawnDocument
from thermonet.documents.fields import Entry
from thermonet.documents.reader import read_document, written_fields
from thermonet.geometry.cad import shapes
from thermonet.quantities.errors import DataError, DocumentError
from thermonet.studies.bodies.drawing import drawing_of
from thermonet.studies.bodies.mesh_file import mesh_from_file
from thermonet.studies.bodies.reading import read_body
from thermonet.studies.values import Values

WIRE = """thermonet: body/1
name: wire
temperature: 20 degC
coordinates: planar
depth: 1 um
regions:
  base:
    shape: {rectangle: {from: [-5 um, -1 um], to: [5 um, 0 um]}}
    material: SiN_LPCVD
  wire:
    shape:
      difference:
        - {rectangle: {from: [-1 um, 0 um], to: [1 um, 1 um]}}
        - {circle: {centre: [0 um, 1 um], radius: 300 nm}, name: groove}
    thermal_conductivity: 150 W/m/K
    density: 19300 kg/m^3
    specific_heat: 129 J/kg/K
interfaces:
  base/wire: {thermal_conductivity: 0.2 W/m/K, thickness: 5 nm}
boundaries:
  bottom: {on: base.bottom, temperature: 20 degC}
  open: {on: [wire.left, wire.right], ambient: {conductance: 10 W/m^2/K}}
sources:
  absorbed: {on: wire, power: 1 uW, profile: {exponential: {from: wire.groove.rim, length: 50 nm}}}
  spot: {at: [0 um, -0.5 um], power: 1 uW}
  current: {through: wire, from: wire.left, to: wire.right, current: 1 mA, resistivity: 22 nohm m}
sensors:
  middle: {at: [0 um, 0.5 um]}
  mean: {on: wire}
  junction: {between: [base, wire]}
numerics: {tolerance: 0.1 %, element_scale: 1}
"""
ROD = """thermonet: body/1
name: rod
temperature: 300 K
coordinates: axisymmetric
regions:
  rod:
    shape: {rectangle: {from: [0 um, 0 um], to: [1 um, 10 um]}}
    thermal_conductivity: {r: 10 W/m/K, z: 2000 W/m/K}
    density: 2200 kg/m^3
    specific_heat: 700 J/kg/K
boundaries:
  cold: {on: rod.bottom, temperature: 300 K, varies: {swing: 1 K, sine: {frequency: 1 kHz}}}
sources:
  heater: {on: rod.top, power: 1 uW, varies: {square: {frequency: 1 kHz}}}
sensors:
  hot: {on: rod.top}
periodic: {points: 60}
numerics: {tolerance: 0.1 %, element_scale: 1}
"""
BLOCK = """thermonet: body/1
name: block
temperature: 300 K
coordinates: solid
regions:
  block:
    shape: {box: {from: [0 mm, 0 mm, 0 mm], to: [1 mm, 1 mm, 1 mm]}}
    thermal_conductivity: {table: [[250 K, 160 W/m/K], [300 K, 148 W/m/K], [400 K, 100 W/m/K]]}
  pin:
    shape: {cylinder: {base: [0.5 mm, 0.5 mm, 1 mm], radius: 100 um, height: 1 mm}}
    thermal_conductivity: {polynomial: [400 W/m/K, -0.07 W/m/K^2], about: 300 K}
boundaries:
  bottom: {on: block.z_min, temperature: 300 K}
  glow: {on: pin, radiation: {emissivity: 0.98}}
numerics: {tolerance: 0.1 %, element_scale: 1, degree: 1, largest_model: 1e5}
"""
SHEET = """thermonet: body/1
name: sheet
temperature: 300 K
coordinates: plate
regions:
  beam:
    shape: {polygon: {points: [[0 um, 0 um], [40 um, 0 um], [40 um, 5 um], [0 um, 10 um]], edges: ["", end, "", root]}}
    layers:
      nitride: {material: SiN_LPCVD, thickness: 500 nm}
      gold: {material: Au_film, thickness: 50 nm}
boundaries:
  root: {on: beam.root, temperature: 300 K}
  air: {on: beam.faces, ambient: {conductance: 100 W/m^2/K}}
sources:
  heater: {on: beam.end, power: 1 uW}
sensors:
  tip: {on: beam.end}
numerics: {tolerance: 0.1 %, element_scale: 1}
"""
DOCUMENTS = {"wire": WIRE, "rod": ROD, "block": BLOCK, "sheet": SHEET}


def written(folder, text):
    """File that holds a document."""
    file = folder / "body.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def problems(folder, text):
    """What is wrong with a document: message by 'line:column: path'."""
    file = written(folder, text)
    with pytest.raises(DocumentError) as caught:
        read_body(file)
    assert {problem.file for problem in caught.value.problems} == {str(file)}
    return {f"{each.line}:{each.column}: {each.path}": each.message for each in caught.value.problems}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_coordinate_kind_is_read(tmp_path, name):
    """A document of each kind is valid."""
    document = read_body(written(tmp_path, DOCUMENTS[name]))
    assert isinstance(document, DrawnDocument)
    assert document.name == name


def test_temperatures_may_be_in_degrees_celsius(tmp_path):
    """The scale has a zero of its own, its uncertainties and ranges have not."""
    read = {
        text: read_body(written(tmp_path, WIRE.replace("temperature: 20 degC\ncoord", f"temperature: {text}\ncoord")))
        for text in (
            "20 degC",
            "-10(2) °C",
            "{value: 20 degC, u: 0.5 K}",
            "{value: 20 degC, range: [19 degC, 21 degC]}",
        )
    }
    found = [(document.temperature.value, document.temperature.u) for document in read.values()]
    assert found == [
        (293.15, 0),
        (263.15, 2),
        (293.15, 0.5),
        (293.15, pytest.approx(1 / math.sqrt(3))),
    ]


def test_numbers_are_inputs_by_their_paths(tmp_path):
    """An uncertain coordinate is a named input, and the drawing follows it."""
    text = WIRE.replace("to: [1 um, 1 um]", "to: [1 um, 1.00 ± 0.05 um]")
    document = read_body(written(tmp_path, text))
    values = Values()
    drawing = drawing_of(document, values)
    uncertain = {name: value.u for name, value in values.inputs.items() if not value.is_exact}
    path = "regions.wire.shape.difference.0.rectangle.to.1"
    assert uncertain == {path: pytest.approx(5e-8)}
    wire = drawing.regions["wire"]
    assert isinstance(wire, shapes.Difference)
    assert wire.shape == shapes.Rectangle((-1e-6, 0.0), (1e-6, 1e-6))
    moved = drawing_of(document, Values({path: 2e-6})).regions["wire"]
    assert isinstance(moved, shapes.Difference)
    assert moved.shape == shapes.Rectangle((-1e-6, 0.0), (1e-6, 2e-6))


PLANE = [
    ("{circle: {centre: [1 m, 2 m], radius: 1 m}}", shapes.Circle((1, 2), 1)),
    ("{circle: {centre: [0 m, 0 m], radius: 1 m}, name: hole}", shapes.Named(shapes.Circle((0, 0), 1), "hole")),
    (
        "{circle: {centre: [0 m, 0 m], radius: 1 m}, turned: {angle: 180 deg, about: [1 m, 0 m]}, moved: [1 m, -2 m]}",
        shapes.Moved(shapes.Turned(shapes.Circle((0, 0), 1), math.pi, (1, 0)), (1, -2)),
    ),
    (
        "{polygon: {points: [[0 m, 0 m], [1 m, 0 m], [0 m, 1 m]]}}",
        shapes.Polygon(((0, 0), (1, 0), (0, 1))),
    ),
    (
        "{outline: {from: [0 m, 0 m], path: [{to: [2 m, 0 m], name: flat}, {to: [0 m, 0 m], through: [1 m, 1 m]}]}}",
        shapes.Outline((0, 0), (shapes.Line((2, 0), "flat"), shapes.ArcThrough((1, 1), (0, 0)))),
    ),
    (
        "{outline: {from: [0 m, 0 m], path: [{to: [1 m, 1 m], radius: 1 m, large: yes}, {to: [0 m, 9 m]}]}}",
        shapes.Outline((0, 0), (shapes.Arc((1, 1), 1, "left", large=True), shapes.Line((0, 9)))),
    ),
    (
        "{union: [{rectangle: {from: [0 m, 0 m], to: [1 m, 1 m]}}, {rectangle: {from: [1 m, 0 m], to: [2 m, 1 m]}}]}",
        shapes.Union((shapes.Rectangle((0, 0), (1, 1)), shapes.Rectangle((1, 0), (2, 1)))),
    ),
    (
        "{intersection: [{region: base, moved: [1 um, 0 um]}, {circle: {centre: [0 m, 0 m], radius: 1 m}}]}",
        shapes.Intersection(
            (
                shapes.Moved(shapes.Rectangle((-5e-6, -1e-6), (5e-6, 0)), (1e-6, 0)),
                shapes.Circle((0, 0), 1),
            )
        ),
    ),
]
SPACE = [
    ("{sphere: {centre: [0 m, 0 m, 0 m], radius: 1 m}}", shapes.Sphere((0, 0, 0), 1)),
    (
        "{cone: {base: [0 m, 0 m, 0 m], bottom_radius: 1 m, top_radius: 0 m, height: 2 m, axis: x}}",
        shapes.Cone((0, 0, 0), (1, 0, 0), 1, 0, 2),
    ),
    (
        "{revolved: {profile: {rectangle: {from: [0 m, 0 m], to: [1 m, 1 m]}}, angle: 90 deg}}",
        shapes.Revolved(shapes.Rectangle((0, 0), (1, 1)), angle=math.pi / 2),
    ),
    (
        "{extruded: {profile: {circle: {centre: [0 m, 0 m], radius: 1 m}}, height: 3 m}}",
        shapes.Extruded(shapes.Circle((0, 0), 1), 3),
    ),
]


def same(found, expected):
    """Whether two shapes are equal but for the rounding of units."""
    if isinstance(expected, float | int) and not isinstance(expected, bool):
        return found == pytest.approx(expected)
    if isinstance(expected, tuple):
        return len(found) == len(expected) and all(map(same, found, expected))
    if not hasattr(expected, "__dataclass_fields__"):
        return found == expected
    return type(found) is type(expected) and all(
        same(getattr(found, name), getattr(expected, name)) for name in expected.__dataclass_fields__
    )


def drawn_shape(file, region):
    """Shape of a region as the document's text alone has it."""
    return drawing_of(read_document(file, DrawnDocument), Values()).regions[region]


@pytest.mark.parametrize(("text", "expected"), PLANE, ids=range(len(PLANE)))
def test_shapes_of_the_plane(tmp_path, text, expected):
    """Each is handed to the mesher as it was written."""
    whole = WIRE.partition("  wire:\n    shape:")[0] + f"  wire:\n    shape: {text}\n    material: Au_film\n"
    file = written(tmp_path, f"{whole}boundaries:\n  bottom: {{on: base.bottom, temperature: 20 degC}}\n{WIRE[-47:]}")
    assert same(drawn_shape(file, "wire"), expected)


@pytest.mark.parametrize(("text", "expected"), SPACE, ids=range(len(SPACE)))
def test_shapes_of_space(tmp_path, text, expected):
    """Each is handed to the mesher as it was written."""
    box = "{box: {from: [0 mm, 0 mm, 0 mm], to: [1 mm, 1 mm, 1 mm]}}"
    assert same(drawn_shape(written(tmp_path, BLOCK.replace(box, text)), "block"), expected)


def test_conductivities_of_every_sort(tmp_path):
    """One per coordinate, a table, a polynomial with its units."""
    rod = read_body(written(tmp_path, ROD)).regions["rod"].thermal_conductivity
    assert isinstance(rod, OrthotropicEntry)
    assert (rod.r.value, rod.z.value) == (10, 2000)
    block = read_body(written(tmp_path, BLOCK)).regions
    rows = [[part.value for part in row] for row in block["block"].thermal_conductivity.table]
    assert rows == [[250, 160], [300, 148], [400, 100]]
    polynomial = block["pin"].thermal_conductivity
    assert [(part.value, part.unit) for part in polynomial.polynomial] == [(400, "W/m/K"), (-0.07, "W/m/K^2")]
    assert polynomial.about.value == 300


CIRCLE = "{circle: {centre: [0 um, 1 um], radius: 300 nm}, name: groove}"
BASE = "{rectangle: {from: [-5 um, -1 um], to: [5 um, 0 um]}}"
PROFILE = "{exponential: {from: wire.groove.rim, length: 50 nm}}"
AMBIENT = "ambient: {conductance: 10 W/m^2/K}"
SQUARE = "varies: {square: {frequency: 1 kHz}}"
K = "thermal_conductivity: 150 W/m/K"

BAD = [
    # (document, what, by what, line:column: path: part of the message)
    # shapes
    (WIRE, "to: [5 um, 0 um]", "to: [5 um]", "8:51: regions.base.shape.rectangle.to: such as [70 nm, 70 nm]"),
    (WIRE, "[5 um, 0 um]", "[5 um, 0 um, 0 um]", "8:51: regions.base.shape.rectangle.to: 2 components (x, y), got 3"),
    (WIRE, "[5 um, 0 um]", "[5 um, 0 s]", "8:58: regions.base.shape.rectangle.to.1: wrong kind of unit"),
    (WIRE, "[5 um, 0 um]", "[5 um, 200 m]", "8:58: regions.base.shape.rectangle.to.1: must be below 100 m"),
    (WIRE, "[5 um, 0 um]", "[5 um, -101 m]", "8:58: regions.base.shape.rectangle.to.1: must be above -100 m"),
    (WIRE, "[5 um, 0 um]", "[5 um, -1 um]", "8:58: regions.base.shape.rectangle.to.1: two corners apart"),
    (
        WIRE,
        "from: [-5 um, -1 um], ",
        "",
        "8:24: regions.base.shape.rectangle.from: the key is missing, expected a corner",
    ),
    (
        WIRE,
        "rectangle: {from: [-5",
        "rectangel: {from: [-5",
        "8:13: regions.base.shape.rectangel: expected 'rectangle'",
    ),
    (WIRE, BASE, "{}", "8:12: regions.base.shape: exactly one of rectangle, polygon, circle, outline, union"),
    (
        WIRE,
        BASE,
        f"{BASE[:-1]}, circle: {{centre: [0 m, 0 m], radius: 1 m}}}}",
        "8:12: regions.base.shape: exactly one",
    ),
    (WIRE, f"    shape: {BASE}\n", "", "7:3: regions.base.shape: the key is missing, expected a shape"),
    (
        WIRE,
        CIRCLE,
        "{sphere: {centre: [0 m, 0 m, 0 m], radius: 1 m}}",
        "14:20: regions.wire.shape.difference.1.sphere: plane",
    ),
    (WIRE, CIRCLE, "{region: bas}", "14:20: regions.wire.shape.difference.1.region: no region 'bas', expected 'base'"),
    (WIRE, CIRCLE, "{region: wire}", "11:5: regions.wire.shape: leads back to itself"),
    (WIRE, f"        - {CIRCLE}\n", "", "12:7: regions.wire.shape.difference: two shapes or more"),
    (WIRE, "name: groove", "name: a.b", "14:66: regions.wire.shape.difference.1.name: 'a.b' is not a name"),
    (
        WIRE,
        CIRCLE,
        f"{CIRCLE[:-1]}, turned: {{angle: 1 rad, axis: x}}}}",
        "14:103: regions.wire.shape.difference.1.turned.axis: one axis only",
    ),
    (WIRE, CIRCLE, f"{CIRCLE[:-1]}, moved: [1 m]}}", "14:81: regions.wire.shape.difference.1.moved: a list of 2 or 3"),
    (
        SHEET,
        'edges: ["", end, "", root]',
        "edges: [end, root]",
        "7:99: regions.beam.shape.polygon.edges: expected 4 names",
    ),
    (
        ROD,
        "{rectangle: {from: [0 um, 0 um], to: [1 um, 10 um]}}",
        "{outline: {from: [0 m, 0 m], path: [{to: [1 m, 0 m], turn: left}, {to: [0 m, 1 m]}]}}",
        "7:71: regions.rod.shape.outline.path.0.turn: belongs to an arc with a radius",
    ),
    (
        BLOCK,
        "cylinder: {base: [0.5 mm, 0.5 mm, 1 mm], radius: 100 um, height: 1 mm}",
        "cone: {base: [0 m, 0 m, 0 m], bottom_radius: 0 m, top_radius: 0 m, height: 1 mm}",
        "10:75: regions.pin.shape.cone.top_radius: no extent",
    ),
    (
        BLOCK,
        "{cylinder: {base: [0.5 mm, 0.5 mm, 1 mm], radius: 100 um, height: 1 mm}}",
        "{extruded: {profile: {box: {from: [0 m, 0 m, 0 m], to: [1 m, 1 m, 1 m]}}, height: 1 m}}",
        "10:39: regions.pin.shape.extruded.profile.box: does not lie in the plane",
    ),
    (
        BLOCK,
        "{cylinder: {base: [0.5 mm, 0.5 mm, 1 mm], radius: 100 um, height: 1 mm}}",
        "{revolved: {profile: {circle: {centre: [2 m, 0 m], radius: 1 m}}, origin: [0 m, 0 m]}}",
        "10:86: regions.pin.shape.revolved.origin: 3 components (x, y, z), got 2",
    ),
    # drawings
    (WIRE, "to: [5 um, 0 um]", "to: [5 um, 0.2 um]", "11:5: regions.wire.shape: overlaps 'base' by 21.5 % of its area"),
    (
        WIRE,
        CIRCLE,
        "{rectangle: {from: [-2 um, -1 um], to: [2 um, 2 um]}}",
        "11:5: regions.wire.shape: nothing is left",
    ),
    (
        WIRE,
        CIRCLE,
        "{polygon: {points: [[0 m, 0 m], [1 m, 0 m], [0 m, 1 m], [2 m, 3 m]]}, turned: {angle: 3 deg}, name: a}",
        "14:30: regions.wire.shape.difference.1.polygon.points: meets",
    ),
    (
        BLOCK,
        "{cylinder: {base: [0.5 mm, 0.5 mm, 1 mm], radius: 100 um, height: 1 mm}}",
        "{revolved: {profile: {union: [{region: block}, {circle: {centre: [0 m, 3 m], radius: 1 m}}]}}}",
        "10:51: regions.pin.shape.revolved.profile.union.0.region: does not lie in the plane",
    ),
    (
        BLOCK,
        "{cylinder: {base: [0.5 mm, 0.5 mm, 1 mm], radius: 100 um, height: 1 mm}}",
        "{revolved: {profile: {circle: {centre: [0 m, 3 m], radius: 1 m}}}}",
        "10:33: regions.pin.shape.revolved.profile: reaches r = -1 m",
    ),
    (ROD, "from: [0 um, 0 um]", "from: [-1 um, 0 um]", "7:12: regions.rod.shape: reaches r = -1 um"),
    (WIRE, "wire.right], a", "wire.rihgt], a", "22:26: boundaries.open.on.1: no face 'rihgt', expected 'wire.right'"),
    (WIRE, "wire.right], a", "wire.rim], a", "22:26: boundaries.open.on.1: the region 'wire' has no face 'rim'"),
    (WIRE, "to: wire.right,", "to: wire.groove.rmi,", "26:49: sources.current.to: expected 'wire.groove.rim'"),
    (
        WIRE,
        "    density",
        "    element_size: 0.1 nm\n    density",
        "16:19: regions.wire.element_size: would take 4.3e+08 ele",
    ),
    (
        WIRE,
        "numerics: {",
        "numerics: {element_size: 1 fm, ",
        "31:26: numerics.element_size: 1 fm is too small for this",
    ),
    # temperatures
    (WIRE, "20 degC\ncoord", "{value: 20 degC, u: 5 %}\ncoord", "3:34: temperature.u: a share of a temperature"),
    (WIRE, "20 degC\ncoord", "-300 degC\ncoord", "3:14: temperature: must be positive, got -26.85 K"),
    (ROD, "swing: 1 K", "swing: 1 degC", "12:62: boundaries.cold.varies.swing: has an offset"),
    # coordinates
    (WIRE, "depth: 1 um\n", "", "1:1: depth: the key is missing, expected that of the planar body"),
    (WIRE, "coordinates: planar", "coordinates: axisymmetric", "5:8: depth: belongs to a planar body"),
    (WIRE, "coordinates: planar", "coordinates: flat", "4:14: coordinates: 'solid' or 'plate', got 'flat'"),
    (WIRE, "regions:\n", "layers: {}\nregions:\n", "7:1: regions: a body has layers already"),
    (WIRE, "coordinates: planar\ndepth: 1 um\nregions:\n", "parts:\n", "1:1: regions: expected 'regions' (drawn"),
    # what it is made of
    (WIRE, "material: SiN_LPCVD", "material: SiN_LPCDV", "9:15: regions.base.material: expected 'SiN_LPCVD'"),
    (WIRE, "    material: SiN_LPCVD\n", "", "7:3: regions.base: expected a material or a thermal_conductivity"),
    (WIRE, "    density: 19300 kg/m^3\n", "", "10:3: regions.wire.density: a heat capacity needs density"),
    (
        WIRE,
        "    density: 19300",
        "    thickness: 1 nm\n    density: 19300",
        "16:16: regions.wire.thickness: belongs to a plate",
    ),
    (WIRE, K, "thermal_conductivity: {z: 1 W/m/K, x: 2 W/m/K}", "15:27: regions.wire.thermal_conductivity.y: missing"),
    (
        WIRE,
        K,
        "thermal_conductivity: {z: 1 W/m/K, x: 2 W/m/K}",
        "15:31: regions.wire.thermal_conductivity.z: no such coord",
    ),
    (
        WIRE,
        K,
        "thermal_conductivity: {table: [[300 K, 148 W/m/K]]}",
        "15:35: regions.wire.thermal_conductivity.table: expected 2 or more of them, got 1",
    ),
    (
        WIRE,
        K,
        "thermal_conductivity: {table: [[300 K, 148 W/m/K], [290 K, 100 W/m/K]]}",
        "15:57: regions.wire.thermal_conductivity.table.1.0: is not above the row before (300 K)",
    ),
    (
        WIRE,
        K,
        "thermal_conductivity: {table: [[300 K, 148 W/m/K], [310 W, 100 W/m/K]]}",
        "15:57: regions.wire.thermal_conductivity.table.1.0: 'W' is the wrong kind of unit",
    ),
    (
        WIRE,
        K,
        "thermal_conductivity: {polynomial: [148 W/m/K, 1 W/m/K], about: 300 K}",
        "15:52: regions.wire.thermal_conductivity.polynomial.1: expected a value in W/m/K^2",
    ),
    (
        WIRE,
        K,
        "thermal_conductivity: {polynomial: [148 W/m/K]}",
        "15:27: regions.wire.thermal_conductivity.about: the key is missing, expected the temperature",
    ),
    (
        WIRE,
        K,
        "thermal_conductivity: {polynomial: [148 W/m/K], about: 300 K, abuot: 2 K}",
        "15:67: regions.wire.thermal_conductivity.abuot: unknown key, expected 'about'",
    ),
    (
        WIRE,
        K,
        "thermal_conductivity: {k: 3}",
        "15:27: regions.wire.thermal_conductivity: one of the keys table, polynomial",
    ),
    (
        SHEET,
        "    layers:\n",
        "    thickness: 1 nm\n    layers:\n",
        "6:3: regions.beam: expected a thickness, or layers",
    ),
    (
        SHEET,
        "    layers:\n",
        "    material: Au_film\n    layers:\n",
        "8:15: regions.beam.material: belongs to its layers",
    ),
    (SHEET, "material: Au_film", "material: Ag_film", "10:24: regions.beam.layers.gold.material: there is no material"),
    # interfaces
    (WIRE, "base/wire:", "base/base:", "19:14: interfaces.base/base: is no pair"),
    (WIRE, "base/wire:", "base/wood:", "19:14: interfaces.base/wood: a thin layer lies between two regions"),
    (WIRE, ", thickness: 5 nm}", "}", "19:14: interfaces.base/wire.thickness: the key is missing"),
    (
        WIRE,
        "interfaces:\n",
        "interfaces:\n  wire/base: 1 MW/m^2/K\n",
        "20:14: interfaces.base/wire: is the pair 'wire/base' again",
    ),
    (
        WIRE,
        "interfaces:\n",
        "interfaces:\n  Au/SiM: 1 MW/m^2/K\n",
        "19:11: interfaces.Au/SiM: or two of the regions base, wire",
    ),
    (
        SHEET,
        "boundaries:",
        "interfaces: {Au/SiN: 1 MW/m^2/K}\nboundaries:",
        "11:22: interfaces.Au/SiN: means nothing in a plate",
    ),
    # boundaries
    (
        WIRE,
        "on: base.bottom",
        "on: bas.bottom",
        "21:16: boundaries.bottom.on: there is no region 'bas', expected 'base'",
    ),
    (WIRE, "on: base.bottom", "on: bottom", "21:16: boundaries.bottom.on: there is no face or region 'bottom'"),
    (
        WIRE,
        "wire.right], a",
        "base.bottom], a",
        "22:26: boundaries.open.on.1: belongs to the boundary 'bottom' already",
    ),
    (WIRE, "wire.right], a", "wire.left], a", "22:26: boundaries.open.on.1: belongs to this boundary already"),
    (WIRE, "[wire.left, wire.right], a", "[], a", "22:14: boundaries.open.on: a name such as 'plate.left'"),
    (WIRE, f", {AMBIENT}", "", "22:9: boundaries.open: nothing happens here, expected temperature"),
    (WIRE, AMBIENT, f"temperature: 3 K, {AMBIENT}", "22:66: boundaries.open.ambient: held at a temperature"),
    (WIRE, AMBIENT, f"port: trace, {AMBIENT}", "22:61: boundaries.open.ambient: a port takes its heat from a network"),
    (WIRE, AMBIENT, "radiation: {emissivity: 1.2}", "22:63: boundaries.open.radiation.emissivity: must be at most 1"),
    (WIRE, "  bottom: {on", "  wire: {on", "21:9: boundaries.wire: is the name of a region too"),
    (
        ROD,
        "temperature: 300 K, varies: {swing: 1 K, sine",
        "flux: 1 W/m^2, varies: {sine",
        "11:1: boundaries: no heat path",
    ),
    (
        SHEET,
        "ambient: {conductance: 100 W/m^2/K}",
        "temperature: 1 K",
        "13:13: boundaries.air.on: held faces leave nothing",
    ),
    # sources and sensors
    (
        WIRE,
        "absorbed: {on: wire",
        "absorbed: {on: wyre",
        "24:18: sources.absorbed.on: no boundary, face or region 'wyre', ",
    ),
    (WIRE, "power: 1 uW, profile", "profile", "24:13: sources.absorbed: exactly one of power and power_density"),
    (WIRE, "absorbed: {on: wire,", "absorbed: {on: wire.top,", "24:50: sources.absorbed.profile: belongs to a region"),
    (WIRE, "{on: wire, p", "{on: wire, spread: temperature, p", "24:32: sources.absorbed.spread: only a surface"),
    (WIRE, "absorbed: {on: wire,", "absorbed: {on: bottom,", "24:18: sources.absorbed.on: 'bottom' is held at a temp"),
    (WIRE, "absorbed: {on: wire,", "absorbed: {in: wire,", "24:13: sources.absorbed: one of the keys on, at, through"),
    (
        WIRE,
        "from: wire.groove.rim",
        "from: wire",
        "24:67: sources.absorbed.profile.exponential.from: expected a boundary or a f",
    ),
    (
        WIRE,
        PROFILE,
        "{table: {along: z, points: [[0 nm, 1], [0 nm, 0]]}}",
        "24:62: sources.absorbed.profile.table.along: one of x, y",
    ),
    (
        WIRE,
        PROFILE,
        "{table: {along: x, points: [[0 nm, 1], [0 nm, 0]]}}",
        "24:86: sources.absorbed.profile.table.points.1.0: is not above the row before",
    ),
    (
        WIRE,
        PROFILE,
        "{table: {along: x, points: [[0 nm, 0], [1 nm, 0]]}}",
        "24:73: sources.absorbed.profile.table.points: the density is zero everywhere",
    ),
    (WIRE, "at: [0 um, -0.5 um]", "at: [0 um]", "25:14: sources.spot.at: a list of 2 or 3 values"),
    (WIRE, "through: wire,", "through: wir,", "26:22: sources.current.through: no region 'wir', expected 'wire'"),
    (WIRE, "to: wire.right,", "to: wire.left,", "26:49: sources.current.to: is where the current enters"),
    (WIRE, "resistivity: 22 nohm m", "resistivity: 22 nohm", "26:89: sources.current.resistivity: wrong kind of unit"),
    (WIRE, "mean: {on: wire}", "mean: {on: base.bottom}", "29:14: sensors.mean.on: 'base.bottom' is held"),
    (WIRE, "mean: {on: wire}", "mean: {of: wire}", "29:9: sensors.mean: expected one of the keys at, on, between"),
    (WIRE, "[base, wire]}", "[base, base]}", "30:30: sensors.junction.between.1: is the same region"),
    (SHEET, "heater: {on: beam.end", "heater: {on: beam.faces", "15:16: sources.heater.on: expected its region 'beam'"),
    # time
    (
        WIRE,
        "um], power: 1 uW}",
        f"um], power: 1 uW, {SQUARE}}}",
        "25:52: sources.spot.varies: a steady body does not vary",
    ),
    (ROD, SQUARE, "varies: {square: {frequency: 2 kHz}}", "14:46: sources.heater.varies: has another frequency"),
    (
        ROD,
        SQUARE,
        "varies: {swing: 1 K, square: {frequency: 1 kHz}}",
        "14:54: sources.heater.varies.swing: expected none",
    ),
    (ROD, SQUARE, "varies: {table: [[0 s, 1], [1 s, 2]]}", "14:46: sources.heater.varies: a table has no frequency"),
    (ROD, SQUARE, "varies: {}", "14:46: sources.heater.varies: exactly one of sine, square, three_level and table"),
    (ROD, "swing: 1 K, sine", "sine", "12:54: boundaries.cold.varies.swing: the key is missing"),
    (ROD, "    density: 2200 kg/m^3\n    specific_heat: 700 J/kg/K\n", "", "6:3: regions.rod.density: happens in time"),
    (
        ROD,
        "periodic: {points: 60}",
        "transient: {until: 1 s, step: 2 s}",
        "17:31: transient.step: longer than the whole time",
    ),
    (BLOCK, "numerics:", "periodic: {}\nnumerics:", "14:30: boundaries.glow.radiation: a linear body"),
    (BLOCK, "numerics:", "periodic: {}\nnumerics:", "15:11: periodic: nothing varies"),
    # numerics
    (BLOCK, "degree: 1", "degree: 3", "15:56: numerics.degree: a whole number from 1 to 2, got '3'"),
    (BLOCK, "1e5", "lots", "15:74: numerics.largest_model: a whole number from 100 to 100000000, got 'lots'"),
]


@pytest.mark.parametrize(
    ("text", "what", "by", "expected"), BAD, ids=[f"{entry[3].split(': ')[1]}-{i}" for i, entry in enumerate(BAD)]
)
def test_a_bad_document_is_refused_at_its_place(tmp_path, text, what, by, expected):
    """Line, column, path, what is wrong and what would be right."""
    assert what in text
    place, path, message = expected.split(": ", 2)
    found = problems(tmp_path, text.replace(what, by, 1))
    assert message in found.get(f"{place}: {path}", ""), found


def documented():
    """Every complete example of the page on body documents, by name."""
    text = (Path(__file__).parents[1] / "docs" / "bodies.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return {re.search(r"^name: (\w+)$", block, re.MULTILINE)[1]: block for block in blocks}


def write_device(file):
    """Write a mesh file with the groups that the example of the page names: two cubes, one on the other."""
    corners = [[x, y, z] for z in (0, 1, 2) for y in (0, 1) for x in (0, 1)]
    cube = np.array([[0, 1, 3, 7], [0, 1, 5, 7], [0, 4, 5, 7], [0, 4, 6, 7], [0, 2, 6, 7], [0, 2, 3, 7]])
    mesh = meshio.Mesh(
        np.array(corners, float),
        [("triangle", np.array([[0, 1, 3], [0, 2, 3]])), ("tetra", np.concatenate([cube, cube + 4]))],
        cell_data={name: [np.full(2, 1), np.repeat([2, 3], 6)] for name in ("gmsh:physical", "gmsh:geometrical")},
        field_data={"bottom_side": np.array([1, 2]), "Volume_1": np.array([2, 3]), "heater": np.array([3, 3])},
    )
    meshio.gmsh.write(file, mesh, fmt_version="2.2", binary=False)


DEVICE = documented()["device"]
BAD_DEVICE = [
    # (what, by what, line:column: path: part of the message)
    (
        "group: Volume_1",
        "group: Volume_2",
        "7:20: regions.silicon.group: no group of cells 'Volume_2' in the mesh file",
    ),
    ("  heater: {thermal", "  hater: {thermal", "8:10: regions.hater: 'hater' in the mesh file, expected 'heater'"),
    ("  heater: {thermal_conductivity: 20 W/m/K}\n", "", "6:1: regions: the mesh file has cells of 'heater' too"),
    (
        "heater: {thermal",
        "heater: {group: Volume_1, thermal",
        "8:19: regions.heater.group: is the region 'silicon' already",
    ),
    (
        "{group: Volume_1, ",
        "{shape: {sphere: {centre: [0 m, 0 m, 0 m], radius: 1 m}}, ",
        "7:20: regions.silicon.shape: mesh file",
    ),
    (
        "{group: Volume_1, ",
        "{element_size: 1 um, ",
        "7:27: regions.silicon.element_size: the mesh file has the elements",
    ),
    ("on: bottom_side", "on: bottom_sid", "10:14: boundaries.base.on: group of facets 'bottom_sid'"),
    ("{on: heater}", "{on: top_side}", "14:16: sensors.heater.on: no boundary, region or group of facets 'top_side'"),
    ("unit: um", "unit: s", "5:32: mesh.unit: 's' is the wrong kind of unit"),
    (", unit: um", "", "5:7: mesh.unit: the key is missing, expected the unit of its coordinates"),
    ("coordinates: solid", "coordinates: axisymmetric", "5:14: mesh.file: cells of kind 'tetra', expected triangle"),
    ("device.msh", "devise.msh", "5:14: mesh.file: devise.msh does not exist"),
]


@pytest.mark.parametrize(("what", "by", "expected"), BAD_DEVICE, ids=range(len(BAD_DEVICE)))
def test_a_mesh_file_is_held_against_its_document(tmp_path, what, by, expected):
    """Groups that are not there, or of which nothing is said, and what a mesh file has already."""
    assert what in DEVICE
    write_device(tmp_path / "device.msh")
    place, path, message = expected.split(": ", 2)
    found = problems(tmp_path, DEVICE.replace(what, by, 1))
    assert message in found.get(f"{place}: {path}", ""), found


def test_a_broken_mesh_file_is_a_matter_of_data(tmp_path):
    """A mesh file that is cut off or has cells without names is refused at its place, with the exit code of data."""
    write_device(tmp_path / "device.msh")
    file = written(tmp_path, DEVICE)
    whole = (tmp_path / "device.msh").read_text()
    for text, reason in (
        (whole[: len(whole) // 2], r"device.msh ends within its section \$Nodes"),
        (whole.replace(" 2 3 3 ", " 2 9 3 "), "no name"),
    ):
        (tmp_path / "device.msh").write_text(text)
        with pytest.raises(DataError, match=reason) as caught:
            read_body(file)
        assert str(caught.value).startswith(f"{file}:5:14: mesh.file: device.msh ")
        assert caught.value.exit_code == 4


def test_regions_of_a_mesh_file_have_the_documents_names(tmp_path):
    """Its file is known by its whole path, its groups by the names of the regions, its lengths in metres."""
    write_device(tmp_path / "device.msh")
    document = read_body(written(tmp_path, DEVICE))
    assert document.mesh.file == str(tmp_path / "device.msh")
    mesh = mesh_from_file(document)
    assert set(mesh.names) == {"silicon", "heater"}
    heights = mesh.points[2, mesh.cells[:, mesh.region == mesh.names.index("heater")]]
    assert (heights.min(), heights.max()) == pytest.approx((1000, 2000))  # in units of 1 nm


@pytest.mark.parametrize("name", documented())
def test_documented_bodies_are_valid(tmp_path, name):
    """Every example of the page is read without a problem."""
    write_device(tmp_path / "device.msh")
    assert read_body(written(tmp_path, documented()[name])).name == name


def test_every_key_is_documented():
    """The page names every key that a body of regions may have."""
    text = (Path(__file__).parents[1] / "docs" / "bodies.md").read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    words = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", prose))))
    modules = (boundaries, conductivity, drawn, regions, shape_entries, signals, sources)
    entries = {
        item
        for module in modules
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, Entry) and item.__module__ == module.__name__
    }
    keys = {key for entry in entries for key in written_fields(entry)}
    assert keys - words == set()
