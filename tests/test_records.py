"""Data files: units in headings, and every problem with its file, line and column."""

import hashlib

import pytest

from thermonet.calibration.records import read_record
from thermonet.quantities.errors import DataError

UNITS = {"V": "V", "T": "K", "contact": "text"}


def problems(tmp_path, text, units=UNITS):
    file = tmp_path / "data.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as error:
        read_record(file, units)
    assert error.value.exit_code == 4
    return [str(problem).removeprefix(f"{file}:") for problem in error.value.problems]


def test_a_record_is_read_in_si(tmp_path):
    """Units of the headings are applied, words kept, lines and hash noted, comments returned."""
    file = tmp_path / "data.csv"
    text = "# SYNTHETIC\n# two lines\nT [mK],V [uV],contact,u(V) [nV]\n"
    text += "\n300000,1.5,soft,20\n# remark\n310000,2.5,hard,30\n"
    file.write_text(text, encoding="utf-8")
    found = read_record(file, UNITS)
    assert list(found.channels["V"]) == pytest.approx([1.5e-6, 2.5e-6])
    assert list(found.channels["T"]) == pytest.approx([300, 310])
    assert list(found.channels["contact"]) == ["soft", "hard"]
    assert list(found.u["V"]) == pytest.approx([20e-9, 30e-9])
    assert list(found.lines) == [5, 7]
    assert found.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert found.header == "SYNTHETIC\ntwo lines"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1: data: is empty"),
        ("V [uV],T [K],contact\n", "1:1: data: has no rows"),
        ("V [uV],contact\n1,soft\n", "1:1: T: the column is missing, expected 'V [V]', 'T [K]', 'contact'"),
        ("V [uV],T [K],contact,x [m]\n1,2,a,3\n", "1:22: x: unknown column"),
        ("V [K],T [K],contact\n1,2,a\n", "1:1: V: 'K' is the wrong kind of unit, expected a voltage"),
        ("V,T [K],contact\n1,2,a\n", "1:1: V: a bare number has no meaning here"),
        ("V [V],T [degF],contact\n1,2,a\n", "1:7: T: 'degF' has an offset"),
        ("V [V],T [K],contact\n1,2,a\n#N/A,2,a\n", "3:1: data: looks like a reading and is a comment"),
        ("V [V],V [mV],T [K],contact\n1,1,2,a\n", "1:7: V: the column appears twice"),
        ("V [V],T [K],contact\n1,2\n", "2:1: data: has 2 fields, expected 3"),
        ("V [V],T [K],contact\n1,2,a\n1,x3,a\n", "3:3: T: 'x3' is no number"),
        ("V [V],T [K],contact\nnan,2,a\n", "2:1: V: 'nan' is no finite number"),
        ("V [V],T [K],contact\n1,1e999,a\n", "2:3: T: '1e999' is no finite number"),
        ("V [V],T [K],contact\n1,2,\n", "2:5: contact: is empty, expected a word"),
        ("V [V],u(V) [V],T [K],contact\n1,0,2,a\n", "2:3: V: a standard uncertainty must be positive, got '0'"),
    ],
)
def test_every_problem_has_its_place(tmp_path, text, said):
    """What is wrong in a data file is named with line, column and channel, and what would be right."""
    assert any(problem.startswith(said) for problem in problems(tmp_path, text)), problems(tmp_path, text)


def test_degrees_celsius_are_kelvin_from_the_ice_point(tmp_path):
    """Temperatures in degC are read with their zero, their uncertainties as kelvin."""
    file = tmp_path / "data.csv"
    file.write_text("T [degC],u(T) [degC],V [V],contact\n26.85,0.01,1,a\n", encoding="utf-8")
    found = read_record(file, UNITS)
    assert found.channels["T"][0] == pytest.approx(300.0, abs=1e-12)
    assert found.u["T"][0] == 0.01


def test_all_problems_at_once(tmp_path):
    """Two bad fields in two lines are both reported."""
    assert len(problems(tmp_path, "V [V],T [K],contact\nx,2,a\n1,y,a\n")) == 2


def test_a_missing_file_is_a_data_error(tmp_path):
    """A file that is not there is exit code 4, with its name."""
    with pytest.raises(DataError, match=r"gone.csv:1:1: data: cannot be read \(No such file") as error:
        read_record(tmp_path / "gone.csv", UNITS)
    assert error.value.exit_code == 4


def test_bytes_that_are_no_text(tmp_path):
    """A binary file is refused with the line of the first bad byte."""
    file = tmp_path / "data.csv"
    file.write_bytes(b"V [V]\n\xff\xfe\n")
    with pytest.raises(DataError, match="2:1: data: is not UTF-8"):
        read_record(file, {"V": "V"})
