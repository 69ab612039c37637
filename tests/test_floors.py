"""The house: imports point down only, heavy libraries have one home each, and `import thermonet` costs nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "thermonet"
#: From the ground up; a module may import from its own floor and those before it.
FLOORS = [
    "quantities",
    "documents",
    "results",
    "uncertainty",
    "materials",
    "system",
    "geometry",
    "heat",
    "network",
    "calibration",
    "studies",
    "report",
    "cli",
]
#: Libraries with one home each.
HOMES = {
    "yaml": {"documents"},
    "pint": {"quantities"},
    "uncertainties": {"quantities"},
    "pydantic": {"documents"},
    "skfem": {"heat"},
    "networkx": {"network", "report"},
    "matplotlib": {"report"},
    "jinja2": {"report"},
    "meshio": {"geometry", "report"},
    "netgen": {"geometry"},
    "pyamg": {"system"},
    "click": {"cli"},
    "rich": {"cli"},
    "odrpack": {"calibration"},
    "thermocouple_its90": {"calibration"},
    "threadpoolctl": {"quantities"},
}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE)


def imported(path: Path) -> set[str]:
    """Every module that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def floor_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down_only(path):
    """No module imports from a floor above its own."""
    own = FLOORS.index(floor_of(path))
    floors = {name.split(".")[1] for name in imported(path) if name.startswith("thermonet.")}
    above = {floor for floor in floors if FLOORS.index(floor) > own}
    assert not above


def test_no_circles():
    """No chain of imports leads back to its start."""
    names = {".".join(("thermonet", *path.relative_to(PACKAGE).with_suffix("").parts)): path for path in MODULES}
    graph = {name: {other for other in imported(path) if other in names} for name, path in names.items()}
    while graph:
        leaves = {name for name, others in graph.items() if not others & graph.keys()}
        assert leaves, f"a circle among {sorted(graph)}"
        graph = {name: others for name, others in graph.items() if name not in leaves}


@pytest.mark.parametrize("library", HOMES)
def test_a_library_has_one_home(library):
    """A dependency is spoken to from its own floor only."""
    users = {floor_of(path) for path in MODULES if any(name.split(".")[0] == library for name in imported(path))}
    assert users <= HOMES[library]


def test_importing_the_package_loads_nothing_heavy():
    """`import thermonet` and the command line's help load neither numpy nor yaml nor matplotlib."""
    code = (
        "import sys, thermonet, thermonet.cli; "
        "print(sorted({'numpy', 'yaml', 'matplotlib', 'scipy', 'pydantic', 'pint'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_locks_hold_hashes_and_no_address():
    """The lock files name no host and no option but hashes."""
    for lock in PACKAGE.parent.glob("requirements*.lock"):
        text = lock.read_text()
        assert "://" not in text
        options = {word for line in text.splitlines() for word in line.split() if word.startswith("-")}
        assert all(option.startswith("--hash=") for option in options)
