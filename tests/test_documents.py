"""Broken designs: every problem is reported at its file, line, column and path, all of them at once, and quickly."""

import re
import time
from pathlib import Path

import pytest

from thermonet.cli import main
from thermonet.documents.located import MAX_ALIASES, MAX_DEPTH, dumped, load, parse, with_settings
from thermonet.quantities.errors import DocumentError
from thermonet.studies.design import read_probe
from thermonet.studies.open import opened

DESIGN = (Path(__file__).parents[1] / "geometries" / "ntistp.yaml").read_text(encoding="utf-8")


def found_at(text: str, path: str) -> tuple[int, int, int]:
    """Line of a key, column of the key and column of its value, counted from one, by reading the indentation alone."""
    lines, start, depth = text.splitlines(), 0, 0
    for key in path.split("."):
        pattern = re.compile(rf"^ {{{depth}}}{re.escape(key)}:")
        start = next(i for i in range(start, len(lines)) if pattern.match(lines[i]))
        depth += 2
    column = depth - 1
    rest = lines[start][column - 1 + len(path.rpartition(".")[2]) + 1 :]
    value = column + len(path.rpartition(".")[2]) + 1 + len(rest) - len(rest.lstrip())
    return start + 1, column, value if rest.strip() else column


def edited(path: str, value: str, text: str = DESIGN) -> str:
    """Return the design with another value after a key that stands on one line."""
    lines = text.splitlines()
    line, _, column = found_at(text, path)
    lines[line - 1] = lines[line - 1][: column - 1] + value
    return "\n".join(lines) + "\n"


def inserted(path: str, key: str, value: str, text: str = DESIGN) -> str:
    """Return the design with one more key before the one at `path`."""
    lines = text.splitlines()
    line, column, _ = found_at(text, path)
    lines.insert(line - 1, " " * (column - 1) + f"{key}: {value}")
    return "\n".join(lines) + "\n"


def without(path: str, text: str = DESIGN) -> str:
    """Return the design without a key and all that is below it."""
    lines = text.splitlines()
    line, column, _ = found_at(text, path)
    end = line
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith(" " * column)):
        end += 1
    return "\n".join(lines[: line - 1] + lines[end:]) + "\n"


def problems(folder: Path, text: str | bytes, settings: tuple[str, ...] = ()) -> list[tuple[int, int, str, str]]:
    """(line, column, path, message) of every problem, each in the file that it is said to be in."""
    file = folder / "design.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DocumentError) as refusal:
        opened(file, settings)
    assert {problem.file for problem in refusal.value.problems} == {str(file)}
    assert str(refusal.value).splitlines()[0].startswith(f"{file}:")
    return [(item.line, item.column, item.path, item.message) for item in refusal.value.problems]


def test_the_design_itself_is_valid(tmp_path):
    """What the broken designs are made from has nothing wrong with it."""
    file = tmp_path / "design.yaml"
    file.write_text(DESIGN, encoding="utf-8")
    assert opened(file).name == read_probe(file).name == "ntistp"


#: A value that is wrong where it stands: what is edited, its new value, the path blamed, part of the message.
WRONG_VALUES = [
    ("apex.layers.outer_nitride.thickness", "-70 nm", "", "must be positive, got -70 nm"),
    ("apex.layers.outer_nitride.thickness", "70", "", "a bare number has no meaning here"),
    ("apex.layers.outer_nitride.thickness", "70 s", "", "'s' is the wrong kind of unit"),
    ("apex.layers.outer_nitride.thickness", "70 nm s", "", "wrong kind of unit"),
    ("apex.layers.outer_nitride.thickness", "nan nm", "", "not a number"),
    ("apex.layers.outer_nitride.thickness", ".nan", "", "not a number"),
    ("apex.layers.outer_nitride.thickness", "1e999 nm", "", "finite"),
    ("apex.layers.outer_nitride.thickness", "1e-6", "", "a bare number has no meaning here"),
    ("apex.layers.outer_nitride.thickness", "no", "", "not a number"),
    ("apex.layers.outer_nitride.thickness", "9**9**9 nm", "", "not a unit"),
    ("apex.layers.outer_nitride.thickness", "9 um", "", "a quarter of the tip's height"),
    ("apex.layers.outer_nitride.thickness", "70 m", "", "must be below 1 m"),
    ("apex.layers.outer_nitride.thickness", "[70 nm]", "", "expected a length"),
    ("apex.layers.outer_nitride.thickness", "", "", "has no value"),
    ("apex.height", "0 um", "", "must be positive, got 0 m"),
    ("apex.core_radius", "0 nm", "", "must be positive, got 0 m"),
    ("apex.core_radius", "5 um", "", "must be below half the tip's height"),
    ("apex.half_angle", "80 deg", "", "must be below"),
    ("apex.half_angle", "25 K", "", "wrong kind of unit"),
    ("apex.layers.chromium.material", "Cr_flm", "", "expected 'Cr_film'"),
    ("apex.layers.chromium.material", "no", "", "there is no material 'no'"),
    ("apex.layers.chromium.material", "[Cr_film]", "", "expected a text"),
    ("apex.layers.chromium.material", "!!python/object/apply:os.system [ls]", "", "expected a text"),
    ("apex.layers.inner_nitride.opening_radius", "5 um", "", "wider than the rounded end of the layer it opens"),
    ("modulation.frequency", "12:25 Hz", "", "not a unit"),
    ("modulation.frequency", "1/12.25 Hz", "", "not a unit"),
    ("temperature", "80 degF", "", "has an offset"),
    ("name", "12:25", "", "a short name"),
    ("heat_source.layer", "chromium", "", "the outermost layer 'outer_gold'"),
    ("heat_source.shape", "square", "", "expected 'diffusive' or 'ballistic'"),
    ("thermocouple.metals", "[inner_gold, inner_gold]", "", "expected two layers"),
    ("thermocouple.metals", "[chromium, inner_gold]", "", "inner one first"),
    ("numerics.element_scale", "0", "", "must be positive, got 0"),
    ("numerics.element_scale", "8", "", "must be below 4, got 8"),
    ("numerics.element_scale", "0.001", "", "would need too much memory"),
    ("numerics.element_scale", "1 nm", "", "a plain number"),
    ("cantilever.width", "5 um", "", "the foot of the tip"),
    ("cantilever.tip_to_end", "1 um", "", "reaches over the free end"),
    ("apex", "7", "", "expected keys and values"),
    # inside a mapping the blame falls on the part that is wrong
    ("apex.height", "{value: 8 um, colour: red}", "colour", "unknown key"),
    ("apex.height", "{value: 8, u: 1 um}", "value", "a bare number"),
    ("apex.height", "{value: 8 um, u: -1 um}", "u", "must be zero or positive"),
    ("apex.height", "{value: 8 um, U: 1 um}", "k", "needs its coverage factor"),
    ("apex.height", "{value: 8 um, range: [9 um, 10 um]}", "range", "the value lies outside"),
    ("apex.height", "{u: 1 um}", "value", "the key is missing"),
]


@pytest.mark.parametrize(("path", "value", "below", "message"), WRONG_VALUES)
def test_a_wrong_value_is_blamed_where_it_stands(tmp_path, path, value, below, message):
    """Line and column are those of the value (or of the part of it that is wrong), the path is the key's."""
    lines = DESIGN.splitlines()
    line, column, start = found_at(DESIGN, path)
    if start == column:  # its value is a block below it
        text = without(path).rstrip("\n") + f"\n{path}: {value}\n"
    else:
        lines[line - 1] = lines[line - 1][: start - 1] + value
        text = "\n".join(lines) + "\n"
    line, _, start = found_at(text, path)
    if not value:
        start = len(text.splitlines()[line - 1].rstrip()) + 1
    if f"{below}: " in value:
        start += value.index(f"{below}: ") + len(below) + 2
    blamed = [item for item in problems(tmp_path, text) if item[2] == (f"{path}.{below}" if below else path)]
    assert [(line, start)] == [(item[0], item[1]) for item in blamed]
    assert message in blamed[0][3]


def test_an_unknown_key_is_blamed_itself(tmp_path):
    """An unknown key is reported at the key, with the word that was meant; what it hides is missing from its parent."""
    text = DESIGN.replace("  half_angle:", "  half_angel:", 1)
    found = problems(tmp_path, text)
    line, column, _ = found_at(text, "apex.half_angel")
    parent = found_at(text, "apex")
    assert [item[:3] for item in found] == [
        (parent[0], parent[1], "apex.half_angle"),
        (line, column, "apex.half_angel"),
    ]
    assert "the key is missing" in found[0][3]
    assert found[1][3] == "unknown key, expected 'half_angle'"


def test_a_duplicate_key_is_blamed_the_second_time(tmp_path):
    """Of two equal keys the second is refused, and the message says where the first one is."""
    first = found_at(DESIGN, "apex.layers.chromium.material")[0]
    text = inserted("apex.layers.chromium.material", "material", "Pt_film")
    assert problems(tmp_path, text) == [
        (first + 1, 7, "apex.layers.chromium.material", f"is a duplicate key (first on line {first}), expected it once")
    ]


@pytest.mark.parametrize(
    ("layer", "user", "offset"),
    [("outer_gold", "heat_source.layer", 0), ("chromium", "thermocouple.metals.1", len("[inner_gold, "))],
)
def test_a_missing_layer_is_blamed_where_it_is_named(tmp_path, layer, user, offset):
    """Where a layer is gone, the place that names it is reported, with the layers that there are."""
    text = without(f"apex.layers.{layer}")
    line, _, column = found_at(text, user.removesuffix(".1"))
    assert problems(tmp_path, text)[0][:3] == (line, column + offset, user)
    assert f"there is no layer '{layer}', expected one of apex.layers" in problems(tmp_path, text)[0][3]


def test_a_film_needs_its_opening(tmp_path):
    """Without an opening the two metals never meet: the key that is missing is reported at its layer."""
    text = without("apex.layers.inner_nitride.opening_radius")
    line, column, _ = found_at(text, "apex.layers.inner_nitride")
    assert problems(tmp_path, text)[0][:3] == (line, column, "apex.layers.inner_nitride.opening_radius")


@pytest.mark.parametrize("path", ["apex.height", "apex.layers.chromium.material", "temperature", "numerics.tolerance"])
def test_a_missing_key_is_blamed_at_its_parent(tmp_path, path):
    """A key that is missing has the place of what should hold it, and the message says what it is."""
    text = without(path)
    parent = path.rpartition(".")[0]
    line, column = found_at(text, parent)[:2] if parent else found_at(text, "thermonet")[:2]
    assert [(item[0], item[1], item[2]) for item in problems(tmp_path, text)] == [(line, column, path)]
    assert problems(tmp_path, text)[0][3].startswith("the key is missing, expected")


@pytest.mark.parametrize(("radius", "valid"), [("150 nm", False), ("{sum:.9g} nm", True), ("{sum} nm", True)])
def test_the_outer_radius_must_agree(tmp_path, radius, valid):
    """core_radius and the films on the axis give the outer radius; stated too, it must be that one."""
    (tmp_path / "good.yaml").write_text(DESIGN, encoding="utf-8")
    apex = read_probe(tmp_path / "good.yaml").apex
    total = apex.core_radius.value + sum(layer.thickness.value for layer in apex.layers.values())
    text = inserted("apex.half_angle", "outer_radius", radius.format(sum=total * 1e9))
    if valid:
        (tmp_path / "good.yaml").write_text(text, encoding="utf-8")
        assert read_probe(tmp_path / "good.yaml").apex.outer_radius.value == pytest.approx(total)
        return
    line, _, column = found_at(text, "apex.outer_radius")
    found = problems(tmp_path, text)
    assert found[0][:3] == (line, column, "apex.outer_radius")
    assert f"{total * 1e9:.4g} nm, got 150 nm" in found[0][3]


def test_layer_names_are_words(tmp_path):
    """A layer may be called neither as the core nor with signs that make up other names."""
    text = DESIGN.replace("    inner_gold:", "    core:", 1).replace("[inner_gold,", "[core,")
    line, column, _ = found_at(text, "apex.layers.core")
    assert problems(tmp_path, text)[0][:3] == (line, column, "apex.layers.core")
    text = DESIGN.replace("    body:", "    a|b#1:", 1)
    assert problems(tmp_path, text)[0][2] == "cantilever.layers.a|b#1"


def test_all_problems_at_once(tmp_path):
    """Seven things wrong in one document are seven lines, in the order of the file."""
    text = edited("temperature", "300")
    text = edited("apex.height", "-8 um", text)
    text = edited("apex.layers.chromium.thickness", "{value: 90 nm, u: 5 nm, U: 6 nm}", text)
    text = inserted("cantilever.width", "colour", "red", text)
    text = inserted("cantilever.width", "length", "1 um", text)
    text = edited("heat_source.shape", "round", text)
    text = edited("numerics.tolerance", "1 K", text)
    film = "apex.layers.chromium.thickness"
    wanted = [
        (*found_at(text, "temperature")[::2], "temperature"),
        (*found_at(text, "apex.height")[::2], "apex.height"),
        (found_at(text, film)[0], found_at(text, film)[2] + len("{value: 90 nm, u: 5 nm, U: "), f"{film}.U"),
        (*found_at(text, "cantilever.colour")[:2], "cantilever.colour"),
        (*found_at(text, "cantilever.width")[:2], "cantilever.length"),
        (*found_at(text, "heat_source.shape")[::2], "heat_source.shape"),
        (*found_at(text, "numerics.tolerance")[::2], "numerics.tolerance"),
    ]
    wanted[4] = (wanted[4][0] - 1, *wanted[4][1:])  # the line before the width
    assert [item[:3] for item in problems(tmp_path, text)] == wanted


def test_problems_of_meaning_come_together_with_problems_of_form(tmp_path):
    """A duplicate key does not hide that a layer is unknown."""
    text = inserted("apex.layers.chromium.material", "material", "Pt_film")
    text = edited("heat_source.layer", "silver", text)
    assert [item[2] for item in problems(tmp_path, text)] == ["apex.layers.chromium.material", "heat_source.layer"]


# --- what is no design at all -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "place", "message"),
    [
        (b"", (1, 1), "is empty"),
        (b"\n\n", (1, 1), "is empty"),
        (b"# only a comment\n", (1, 1), "is empty"),
        (b"- a\n- b\n", (1, 1), "expected keys and values"),
        (b"hello\n", (1, 1), "expected keys and values"),
        (b"~\n", (1, 1), "expected keys and values"),
        (bytes(range(1, 256)), (1, 1), "not UTF-8"),
        (b"\x7fELF\x02\x01\x01\x00", (1, 1), "a character YAML forbids"),
        (DESIGN.encode("utf-16"), (1, 1), "not UTF-8"),
        ("name: é\n".encode("latin-1"), (1, 1), "not UTF-8"),
        (b"a: b\nc: d\x00e\n", (2, 5), "a character YAML forbids"),
        (DESIGN.encode() + b"#" * 2_000_000, (1, 1), "is larger than"),
        (b"a: " + b"[" * 100_000, (1, 1), f"deeper than {MAX_DEPTH} levels"),
        (b"a: " + b"{b: " * 30 + b"c" + b"}" * 30, (1, 1), f"deeper than {MAX_DEPTH} levels"),
        (b"\n".join(b" " * i + b"a:" for i in range(500)), (1, 1), f"deeper than {MAX_DEPTH} levels"),
        (b"a: b\n\tc: d\n", (2, 1), "not YAML"),
        (b"a: b\nc: [d\n", (3, 1), "not YAML"),
        (b"a: b\n---\nc: d\n", (2, 1), "not YAML"),
        (b'a: "b\n', (2, 1), "not YAML"),
        (b"a: b: c\n", (1, 5), "not YAML"),
        (b"a: *nothing\n", (1, 4), "not YAML"),
    ],
)
def test_a_file_that_is_no_document(tmp_path, raw, place, message):
    """A file without a single usable key is refused with the path 'document' and the place of the trouble."""
    started = time.perf_counter()
    found = problems(tmp_path, raw)
    assert time.perf_counter() - started < 2.0
    assert [(item[:2], item[2]) for item in found] == [(place, "document")]
    assert message in found[0][3]


def test_a_tab_in_the_design(tmp_path):
    """A tab at the beginning of a line is reported on its line."""
    text = DESIGN.replace("  half_angle:", "\thalf_angle:", 1)
    assert problems(tmp_path, text)[0][:3] == (text[: text.index("\t")].count("\n") + 1, 1, "document")


@pytest.mark.parametrize(("name", "message"), [("", "is a directory"), ("nothing.yaml", "no such file")])
def test_a_path_that_is_no_file(tmp_path, name, message):
    """A directory and a file that is not there are refused at 1:1."""
    with pytest.raises(DocumentError) as refusal:
        opened(tmp_path / name)
    (problem,) = refusal.value.problems
    assert (problem.file, problem.line, problem.column, problem.path) == (str(tmp_path / name), 1, 1, "document")
    assert message in problem.message


@pytest.mark.parametrize(
    ("first", "message"), [(None, "the key is missing"), ("campaign/1", "got"), ("probe/2", "got"), ("probe", "got")]
)
def test_the_first_key_says_what_it_is(tmp_path, first, message):
    """Without 'thermonet: probe/1', or with another kind or version, a document is refused at that key."""
    text = without("thermonet") if first is None else edited("thermonet", first)
    found = problems(tmp_path, text)
    assert [(item[2], message in item[3]) for item in found] == [("thermonet", True)]
    if first:
        line, _, column = found_at(text, "thermonet")
        assert found[0][:2] == (line, column)


def test_an_alias_is_refused_where_it_stands(tmp_path):
    """An alias is reported at its own place, not at that of its anchor."""
    text = edited("apex.layers.chromium.material", "&metal Cr_film")
    text = edited("substrate.stack.film.batch", "*metal", text)
    line, _, column = found_at(text, "substrate.stack.film.batch")
    found = problems(tmp_path, text)
    assert [item[:3] for item in found] == [(line, column, "substrate.stack.film.batch")]
    assert "is an alias (*metal)" in found[0][3]


def bomb(levels: int, width: int) -> str:
    """A document whose last value would be width^levels words, written out."""
    lines = ["a0: &a0 [" + ", ".join(["lol"] * width) + "]"]
    lines += [f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * width) + "]" for i in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "extra", [bomb(9, 9), bomb(100, 100), "a: &a [x]\nb: [" + "*a, " * 200_000 + "]", "a: &a [*a]", "a: &a {<<: *a}"]
)
def test_alias_bombs_are_refused_fast(tmp_path, extra):
    """Aliases of aliases are never followed, however many: a short message within a second."""
    started = time.perf_counter()
    found = problems(tmp_path, DESIGN + extra + "\n")
    assert time.perf_counter() - started < 1.0
    assert len(found) <= MAX_ALIASES + 3
    assert any("alias" in item[3] for item in found)


def test_yaml_traps_stay_text():
    """What YAML would turn into numbers, booleans, dates or nothing stays what the user wrote."""
    words = [
        "1e-6",
        "no",
        "yes",
        "on",
        "12:25",
        "0o17",
        "0x1F",
        "1_000",
        "2013-07-01",
        "~",
        "null",
        ".inf",
        "+1",
        "=",
        "<<",
    ]
    found = parse("\n".join(f"k{i}: {word}" for i, word in enumerate(words)), "x").data
    assert list(found.values()) == words


def test_dumped_text_reads_back_as_the_same():
    """Resolved inputs run again are the same document, traps included."""
    data = parse(DESIGN + "traps: {a: '1e-6', b: 'no', c: '12:25', d: '~', e: '', f: '010'}\n", "x").data
    assert parse(dumped(data), "y").data == data


# --- --set --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "path", "column", "message"),
    [
        ("apex.height=8", "apex.height", 13, "a bare number has no meaning here"),
        ("apex.height=-8 um", "apex.height", 13, "must be positive"),
        ("apex.height={value: 8}", "apex.height.value", 13, "a bare number"),
        ("apex.hight=8 um", "apex.hight", 12, "unknown key, expected 'height'"),
        ("apex.layers.outer_gold.thickness=80 s", "apex.layers.outer_gold.thickness", 34, "wrong kind of unit"),
        ("apex.layers.outer_silver.thickness=80 nm", "apex.layers.outer_silver.material", 36, "the key is missing"),
        ("apex.layers.outer_gold={material: Au_film}", "apex.layers.outer_gold.thickness", 24, "the key is missing"),
        ("apex.layers=1", "apex.layers", 13, "expected keys and values"),
        ("apex.layers.chromium.material=Cr_flm", "apex.layers.chromium.material", 31, "expected 'Cr_film'"),
        ("heat_source.layer=silver", "heat_source.layer", 19, "there is no layer 'silver'"),
        ("thermocouple.metals.1=silver", "thermocouple.metals.1", 23, "there is no layer 'silver'"),
        ("thermocouple.metals.2=silver", "thermocouple.metals.2", 23, "it has no '2'"),
        ("numerics.element_scale=0", "numerics.element_scale", 24, "must be positive, got 0"),
        ("numerics.element_scale=-1", "numerics.element_scale", 24, "must be positive, got -1"),
        ("apex.outer_radius=500 um", "apex.outer_radius", 19, "expected that value"),
        ("name.first=a", "name.first", 12, "'name' is a plain value"),
        ("apex.height.value.x=8 um", "apex.height.value.x", 21, "'apex.height.value' is a plain value"),
        ("apex.height.value.x.y=8 um", "apex.height.value.x.y", 23, "'apex.height.value' is a plain value"),
        ("apex.height=[", "apex.height", 13, "is not YAML"),
        ("apex.height=*a", "apex.height", 13, "is not YAML"),
        ("apex.height={value: 8 um, value: 9 um}", "apex.height", 13, "is a duplicate key"),
        ("thermonet=campaign/1", "thermonet", 11, "got 'campaign/1'"),
        ("apex.height", "apex.height", 1, "is not a setting, expected path=value"),
        ("apex.height=", "apex.height", 1, "is not a setting, expected path=value"),
        ("=8 um", "document", 1, "is not a setting, expected path=value"),
        ("apex..height=8 um", "apex..height", 1, "is not a setting, expected path=value"),
        ("", "document", 1, "is not a setting, expected path=value"),
    ],
)
def test_a_wrong_setting_is_blamed_itself(tmp_path, setting, path, column, message):
    """A setting that breaks the design is reported as '--set:1:COL: path', COL where its value begins."""
    file = tmp_path / "design.yaml"
    file.write_text(DESIGN, encoding="utf-8")
    with pytest.raises(DocumentError) as refusal:
        opened(file, (setting,))
    place = [(item.file, item.line, item.column, item.path) for item in refusal.value.problems]
    assert place == [("--set", 1, column, path)]
    assert str(refusal.value).startswith(f"--set:1:{column}: {path}: ")
    assert message in refusal.value.problems[0].message


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("apex.height=9 um", "apex.height", 9e-6),
        ("apex.height=9.0(5) um", "apex.height", 9e-6),
        ("apex.height.value=9 um", "apex.height", 9e-6),
        ("apex.height={value: 9 um, u: 5 %}", "apex.height", 9e-6),
        (" apex.height = '9 um'", "apex.height", 9e-6),
        ("cantilever.layers.body.thermal_conductivity=3 W/m/K", "cantilever.layers.body.thermal_conductivity", 3.0),
        ("junction.resistance=1e8 K/W", "junction.resistance", 1e8),
    ],
)
def test_a_setting_is_an_edited_line(tmp_path, setting, path, value):
    """A setting gives what the same edit of the file gives, whether the key was there or not."""
    file = tmp_path / "design.yaml"
    file.write_text(DESIGN, encoding="utf-8")
    found = read_probe(file, (setting,))
    for key in path.split("."):
        found = found[key] if isinstance(found, dict) else getattr(found, key)
    assert found.value == pytest.approx(value)


def test_a_setting_reaches_into_a_list(tmp_path):
    """The paths that errors print can be set, those of list entries too; the last of two settings counts."""
    file = tmp_path / "design.yaml"
    file.write_text(edited("thermocouple.metals", "[inner_gold, silver]"), encoding="utf-8")
    settings = ("thermocouple.metals.1=copper", "thermocouple.metals.1=chromium")
    assert read_probe(file, settings).thermocouple.metals == ("inner_gold", "chromium")


def test_a_setting_mends_what_the_file_has_wrong(tmp_path):
    """A problem of the file below the path that is set is gone with it."""
    text = edited("apex.layers.chromium.material", "&metal Cr_film")
    text = edited("substrate.stack.film.batch", "*metal", text)
    file = tmp_path / "design.yaml"
    file.write_text(inserted("apex.layers.chromium.material", "material", "Cr_film", text), encoding="utf-8")
    settings = ("substrate.stack.film={material: Au_film, thickness: 100 nm}", "apex.layers.chromium.material=Cr_film")
    assert read_probe(file, settings).substrate.stack.film.thickness.value == pytest.approx(1e-7)


def test_settings_leave_the_rest_in_place(tmp_path):
    """After a setting the places of everything else are still those in the file."""
    file = tmp_path / "design.yaml"
    file.write_text(DESIGN, encoding="utf-8")
    before, after = load(file), with_settings(load(file), ("apex.height=9 um",))
    assert {path: place for path, place in before.places.items() if not path.startswith("apex.height")} == {
        path: place for path, place in after.places.items() if path != "apex.height"
    }


# --- the command line ---------------------------------------------------------------------------------------------

BROKEN = {
    "negative thickness": edited("apex.layers.outer_nitride.thickness", "-70 nm"),
    "bare number": edited("apex.layers.outer_nitride.thickness", "70"),
    "wrong unit": edited("apex.layers.outer_nitride.thickness", "70 s"),
    "unknown key": DESIGN.replace("  half_angle:", "  half_angel:", 1),
    "duplicate key": inserted("apex.layers.chromium.material", "material", "Au_film"),
    "missing layer": without("apex.layers.outer_gold"),
    "zero height": edited("apex.height", "0 um"),
    "too thick a layer": edited("apex.layers.outer_nitride.thickness", "9 um"),
    "zero radius": edited("apex.core_radius", "0 nm"),
    "NaN": edited("apex.layers.outer_nitride.thickness", "nan nm"),
    "unknown material": edited("apex.layers.chromium.material", "Cr_flm"),
    "too wide an opening": edited("apex.layers.inner_nitride.opening_radius", "5 um"),
    "alias bomb": DESIGN + bomb(9, 9) + "\n",
    "empty": "",
    "wrong scale": edited("numerics.element_scale", "0"),
}


@pytest.mark.parametrize("verb", ["study", "check"])
@pytest.mark.parametrize("what", [*BROKEN, "directory"])
def test_the_command_line_refuses(tmp_path, monkeypatch, capsys, verb, what):
    """Exit code 3, 'file:line:col: path: message' lines on standard error, nothing on standard output, no traceback."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "design.yaml"
    if what == "directory":
        file.mkdir()
    else:
        file.write_text(BROKEN[what], encoding="utf-8")
    assert main([verb, str(file), "--json"]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err
    for line in printed.err.splitlines():
        assert re.match(rf"{re.escape(str(file))}:\d+:\d+: [^ ]+: .+", line)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["design.yaml"]


def test_the_command_line_refuses_a_setting(tmp_path, monkeypatch, capsys):
    """A setting that cannot be is a document that cannot be: exit code 3."""
    monkeypatch.chdir(tmp_path)
    assert main(["study", "ntistp", "--set", "numerics.element_scale=0"]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "--set:1:24: numerics.element_scale: must be positive, got 0\n"
    assert not list(tmp_path.iterdir())


def test_a_thermocouple_of_one_metal_is_refused(tmp_path):
    """Two layers of one metal family make no thermocouple."""
    found = problems(tmp_path, edited("apex.layers.chromium.material", "Au_film"))
    assert [item[2] for item in found] == ["thermocouple.metals"]
    assert "both layers are Au" in found[0][3]
