"""Network documents: what is refused and where, what is read of a good one, what the command line says of it."""

import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from thermonet.cli import main
from thermonet.documents.kinds import json_schema
from thermonet.documents.network import parts
from thermonet.documents.network.contents import NetworkContents
from thermonet.documents.network.document import NetworkDocument
from thermonet.documents.reader import written_fields
from thermonet.quantities.errors import DocumentError
from thermonet.studies.network.reading import read_network

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
NETWORK = """thermonet: network/1
name: plate
temperature: 300 K
nodes:
  bath: {temperature: 300 K}
  plate: {heat_capacity: 5 mJ/K}
  sensor: {}
elements:
  clamp: {between: [plate, bath], resistance: 200 ± 2 K/W}
  film: {between: [sensor, plate], conductance: 20 mW/K}
  glow:
    between: [sensor, bath]
    radiation: {area: 1 mm^2, emissivity: 0.8}
sources:
  light: {into: sensor, power: 1 mW}
"""


def written(folder, text):
    """File that holds a document."""
    file = folder / "network.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def problems(folder, text):
    """What is wrong with a document: message by 'line:column: path'."""
    file = written(folder, text)
    with pytest.raises(DocumentError) as caught:
        read_network(file)
    assert {problem.file for problem in caught.value.problems} == {str(file)}
    return {f"{each.line}:{each.column}: {each.path}": each.message for each in caught.value.problems}


def refusals(folder, old, new):
    """The same of the network above with something replaced."""
    assert old in NETWORK
    return problems(folder, NETWORK.replace(old, new))


def test_a_network_is_read(tmp_path):
    """Values are in SI, what is left out has a default."""
    document = read_network(written(tmp_path, NETWORK))
    assert document.held == ("bath",)
    assert document.elements["clamp"].resistance.u == 2
    assert document.elements["film"].kinds == ("conductance",)
    assert document.elements["glow"].radiation.area.value == pytest.approx(1e-6)
    assert document.elements["glow"].radiation.view_factor.value == 1
    assert not document.is_linear
    assert document.nodes["sensor"].heat_capacity is None


@pytest.mark.parametrize("text", EXAMPLES, ids=[text.split()[3] for text in EXAMPLES])
def test_examples_of_the_page_are_valid(tmp_path, text, capsys):
    """They are read, understood, and valid to an editor, which refuses unknown keys."""
    file = written(tmp_path, text)
    assert main(["check", str(file)]) == 0
    assert "valid network document" in capsys.readouterr().out
    schema = {"$ref": "#/network", "network": json_schema("network", "#/network/$defs")}
    plain = yaml.safe_load(text)
    jsonschema.validate(plain, schema)
    next(iter(plain["nodes"].values()))["temprature"] = "1 K"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain, schema)


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("[plate, bath], res", "[plat, bath], res", "9:21: elements.clamp.between.0", "'plat', expected 'plate'"),
        ("[plate, bath], res", "[bath, bath], res", "9:20: elements.clamp.between", "'bath' to itself"),
        ("200 ± 2 K/W", "-200 K/W", "9:47: elements.clamp.resistance", "must be positive, got -200 K/W"),
        ("200 ± 2 K/W", "0 K/W", "9:47: elements.clamp.resistance", "must be positive, got 0 K/W"),
        ("200 ± 2 K/W", "inf K/W", "9:47: elements.clamp.resistance", "is not a number with a unit"),
        ("200 ± 2 K/W", "200", "9:47: elements.clamp.resistance", "a bare number has no meaning here"),
        ("200 ± 2 K/W", "200 W/K", "9:47: elements.clamp.resistance", "wrong kind of unit"),
        ("20 mW/K", "20 mW/K, resistance: 1 K/W", "10:9: elements.film", "got resistance and conductance"),
        (", conductance: 20 mW/K", "", "10:9: elements.film", "got none of them"),
        ("5 mJ/K", "0 J/K", "6:26: nodes.plate.heat_capacity", "must be positive"),
        ("area: 1 mm^2", "area: -1 mm^2", "13:23: elements.glow.radiation.area", "must be positive, got -1 mm^2"),
        ("0.8", "1.2", "13:43: elements.glow.radiation.emissivity", "must be at most 1, got 1.2"),
        ("200 ± 2 K/W", "1e300 K/W", "9:47: elements.clamp.resistance", "must be below"),
        ("200 ± 2 K/W", "1e-300 K/W", "9:47: elements.clamp.resistance", "must be above 1 fK/W"),
        ("5 mJ/K", "1e40 J/K", "6:26: nodes.plate.heat_capacity", "must be below"),
        ("0.8}", "0.8, view_factor: 3}", "13:61: elements.glow.radiation.view_factor", "must be at most 1, got 3"),
        ("name: plate", "name: plate\ncompact: {tolerance: 200 %}", "3:22: compact.tolerance", "100 %, got 200 %"),
        ("into: sensor", "into: senso", "15:17: sources.light.into", "no node 'senso', expected 'sensor'"),
        ("  sensor: {}", "  sensor: {}\n  lost: {}", "8:9: nodes.lost", "no path to a held temperature"),
        ("  bath: {temperature: 300 K}", "  bath: {}", "4:1: nodes", "no node is held"),
        ("  film:", "  clamp: {}\n  film:", "10:3: elements.clamp", "duplicate key"),
        ("  light:", "  plate:", "15:10: sources.plate", "a node is called plate"),
        ("1 mW}", "1 mW, varies: {sine: {frequency: 1 Hz}}}", "15:46: sources.light.varies", "steady network"),
        ("name: plate", "name: plate\nperiodic: {}", "3:11: periodic", "nothing varies"),
        ("{}", "{varies: {swing: 1 K, sine: {frequency: 1 Hz}}}", "7:20: nodes.sensor.varies", "not held"),
        ("name: plate", "name: plate\nresistances: [[plate, bat]]", "3:23: resistances.0.1", "no node 'bat'"),
        ("name: plate", "name: plate\nresistances: [[bath, bath]]", "3:15: resistances.0", "twice"),
        ("name: plate", "name: plate\nresponses: {of: [[bath, light]]}", "3:19: responses.of.0.0", "is held"),
        ("name: plate", "name: plate\nresponses: {of: [[plate, ligt]]}", "3:26: responses.of.0.1", "expected 'light'"),
        ("  sensor: {}", "  sensor: {}\n  Plate: {}", "8:10: nodes.Plate", "cannot tell it from 'plate'"),
        ("name: plate", "name: plate\nresponses: {times: [2 s, 1 s]}", "3:20: responses.times", "lower end first"),
        ("name: plate", "name: plate\ncompact: {ports: [bath]}", "3:19: compact.ports.0", "is held"),
        ("sources:", "bodies: {tip: {design: ntist, terminals: {chip: bath}}}\nsources:", "14:24: bodies.tip.design",
         "no built-in design or campaign 'ntist' and no such file; did you mean 'ntistp'"),
        ("sources:", "bodies: {tip: {design: ntistp, terminals: {ship: bath}}}\nsources:",
         "14:50: bodies.tip.terminals.ship", "has none, expected 'chip'"),
        ("sources:", "bodies: {tip: {design: no/file.yaml, terminals: {chip: bath}}}\nsources:",
         "14:24: bodies.tip.design", "no such file"),
        ("sources:", "bodies: {bath: {design: ntistp, terminals: {chip: bath}}}\nsources:",
         "14:16: bodies.bath", "a node is called bath"),
        ("sources:", "joins: {m: {between: [a.cut, b.cut], as: trace}}\nsources:", "14:23: joins.m.between.0",
         "there is no body 'a'"),
    ],
)  # fmt: skip
def test_what_is_refused_has_a_place(tmp_path, old, new, place, message):
    """File, line, column and key of everything that cannot be built, and what would be right."""
    found = refusals(tmp_path, old, new)
    assert place in found, found
    assert message in found[place]


def test_all_problems_are_told_at_once(tmp_path):
    """One run over a document names everything that is wrong with it."""
    text = NETWORK.replace("[plate, bath], res", "[plat, bath], res")
    text = text.replace("  sensor: {}", "  sensor: {}\n  lost: {}")
    assert {"8:9: nodes.lost", "10:21: elements.clamp.between.0"} <= set(problems(tmp_path, text))


def test_names_of_nothing_are_told_beside_ill_formed_numbers(tmp_path):
    """A number that cannot be read hides no name that is none."""
    text = NETWORK.replace("200 ± 2 K/W", "-200 K/W").replace("into: sensor", "into: senso")
    asked = "resistances: [[plate, bat]]\nresponses: {of: [[plat, light]]}\ncompact: {ports: [senor]}\n"
    found = problems(tmp_path, text + asked)
    assert "must be positive" in found["9:47: elements.clamp.resistance"]
    assert "expected 'sensor'" in found["15:17: sources.light.into"]
    assert "expected 'bath'" in found["16:23: resistances.0.1"]
    assert "expected 'plate'" in found["17:19: responses.of.0.0"]
    assert "expected 'sensor'" in found["18:19: compact.ports.0"]
    assert len(found) == 5


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  film:", "  clamp:"),
        ("[sensor, plate], conductance", "[sensor, plat], conductance"),
        ("[plate, bath], resistance", "[plate, plate], resistance"),
    ],
)
def test_one_mistake_is_told_once(tmp_path, old, new):
    """A duplicate element, an unknown node and a loop leave nodes alone, of which nothing else is said."""
    alone = NETWORK.replace("between: [sensor, bath]", "between: [plate, bath]")
    assert old in alone
    assert len(problems(tmp_path, alone.replace(old, new))) == 1


def test_what_depends_on_temperature_is_solved_before_it_is_called_valid(tmp_path):
    """Responses about a state that has none, and a law that is used where it makes no sense: with the element."""
    between = NETWORK.replace("between: [sensor, bath]", "between: [sensor, plate]")
    read_network(written(tmp_path, between))
    for asked, place in (("responses: {of: [[plate, light]]}", "16:12: responses"), ("compact: {}", "16:10: compact")):
        found = problems(tmp_path, between + asked)
        assert found[place].startswith("glow depends on temperature and carries heat")
    falling = "{polynomial: [200 K/W, -100 K/W/K], about: 290 K}"
    found = refusals(tmp_path, "200 ± 2 K/W", falling)
    assert list(found) == ["9:47: elements.clamp.resistance"]
    assert "clamp: the polynomial of a resistance is" in found["9:47: elements.clamp.resistance"]


def test_responses_of_what_stores_no_heat_are_refused(tmp_path):
    """Every node follows at once, and so there is nothing to draw."""
    massless = NETWORK.replace("{heat_capacity: 5 mJ/K}", "{}")
    read_network(written(tmp_path, massless))
    found = problems(tmp_path, massless + "responses: {pulse: 1 ms}\n")
    assert "nothing stores heat" in found["16:12: responses"]


def test_a_netlist_is_no_document(tmp_path, capsys):
    """It is said what reads it."""
    file = tmp_path / "some.cir"
    file.write_text("* netlist\n.end\n", encoding="utf-8")
    assert main(["network", str(file)]) == 2
    assert "read_netlist" in capsys.readouterr().err


def test_what_no_heat_joins_has_no_resistance_and_no_response(tmp_path):
    """Parts of their own, and parts that a held node keeps apart: both refused where they are asked for."""
    text = NETWORK.replace("  bath: {temperature: 300 K}", "  bath: {temperature: 300 K}\n  far: {temperature: 280 K}")
    text = text.replace("[sensor, plate], conductance", "[sensor, far], conductance").replace(
        "[sensor, bath]", "[sensor, far]"
    )
    asked = "resistances: [[plate, sensor]]\nresponses: {of: [[plate, light]]}\n"
    found = problems(tmp_path, text + asked)
    assert "no path of heat" in found["17:15: resistances.0"]
    assert "no heat of 'light' comes to 'plate'" in found["18:18: responses.of.0"]
    parted = NETWORK.replace("[sensor, plate], conductance", "[sensor, bath], conductance")
    assert list(problems(tmp_path, parted + asked)) == ["17:18: responses.of.0"]  # but it has a resistance


def test_laws_of_temperature_are_checked(tmp_path):
    """Tables increase, polynomials depend on something, and neither has a periodic state."""
    table = "{table: [[300 K, 1 K/W], [290 K, 2 K/W]]}"
    found = refusals(tmp_path, "200 ± 2 K/W", table)
    assert "is not above the row before" in found["9:73: elements.clamp.resistance.table.1.0"]
    constant = refusals(tmp_path, "200 ± 2 K/W", "{polynomial: [1 K/W], about: 300 K}")
    assert "depends on no temperature" in constant["9:60: elements.clamp.resistance.polynomial"]
    varying = NETWORK.replace("1 mW}", "1 mW, varies: {sine: {frequency: 1 Hz}}}") + "periodic: {points: 12}\n"
    assert "linear network" in problems(tmp_path, varying)["13:16: elements.glow.radiation"]


def test_a_port_that_is_left_open_is_named(tmp_path):
    """A body's isothermal port needs a node or a join; a trace port needs a join."""
    body = """thermonet: body/1
name: bar
temperature: 300 K
coordinates: planar
depth: 1 mm
regions:
  bar: {shape: {rectangle: {from: [0 mm, 0 mm], to: [2 mm, 1 mm]}}, thermal_conductivity: 10 W/m/K}
boundaries:
  left: {on: bar.left, temperature: 300 K}
  right: {on: bar.right, port: KIND}
numerics: {tolerance: 1 %, element_scale: 1}
"""
    bodies = "bodies: {bar: {design: bar.yaml, terminals: {left: bath}}}\nsources:"
    (tmp_path / "bar.yaml").write_text(body.replace("KIND", "isothermal"), encoding="utf-8")
    found = refusals(tmp_path, "sources:", bodies)
    assert "the port 'right' is left open" in found["14:45: bodies.bar.terminals"]
    read_network(written(tmp_path, NETWORK.replace("sources:", bodies.replace("bath}", "bath, right: plate}"))))
    (tmp_path / "bar.yaml").write_text(body.replace("KIND", "trace"), encoding="utf-8")
    found = refusals(tmp_path, "sources:", bodies.replace("bath}", "bath, right: plate}"))
    assert "many temperatures" in found["14:65: bodies.bar.terminals.right"]
    (tmp_path / "bar.yaml").write_text(body.replace("KIND", "tracy"), encoding="utf-8")
    assert "bar.yaml:10:32: boundaries.right.port" in refusals(tmp_path, "sources:", bodies)["14:24: bodies.bar.design"]


@pytest.mark.parametrize(
    ("setting", "code", "said"),
    [
        ("elements.clamp.resistance=-1 K/W", 3, "--set:1:27: elements.clamp.resistance: must be positive"),
        ("elements.clamp.resistanc=1 K/W", 3, "elements.clamp.resistanc: unknown key, expected 'resistance'"),
        ("nodes.lost={}", 3, "--set:1:12: nodes.lost: has no path"),
    ],
)
def test_the_command_line_refuses_with_empty_output(tmp_path, setting, code, said, capsys):
    """Exit codes are those of the contract, and standard output stays empty for whoever reads JSON from it."""
    file = written(tmp_path, NETWORK)
    assert main(["network", str(file), "--json", "--set", setting]) == code
    found = capsys.readouterr()
    assert found.out == ""
    assert said in found.err


def test_other_documents_are_no_networks(capsys):
    """A design of a probe belongs to another verb, and so does a network."""
    assert main(["network", "ntistp", "--json"]) == 3
    said = capsys.readouterr()
    assert (said.out, "expected 'network/1', got 'probe/1'" in said.err) == ("", True)
    assert main(["study", "two_baths"]) == 3
    assert "got 'network/1'" in capsys.readouterr().err
    assert main(["network", "nothing"]) == 2


def test_a_copy_says_what_to_do_with_it(tmp_path, capsys):
    """`thermonet new` names the verb of the document's kind."""
    assert main(["new", "two_baths", str(tmp_path)]) == 0
    assert f"thermonet network {tmp_path / 'two_baths.yaml'}" in capsys.readouterr().out


def test_the_page_names_every_key():
    """Whoever reads the documentation finds all there is to write."""
    words = set(re.findall(r"[a-z_]+", PAGE))
    entries = [NetworkContents, NetworkDocument, *vars(parts).values()]
    fields = {
        key
        for entry in entries
        if isinstance(entry, type) and issubclass(entry, parts.Entry)
        for key in written_fields(entry)
    }
    assert sorted(fields - words) == []
