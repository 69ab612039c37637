"""What all tests share."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# As in the command line: small dense matrices, and xdist already keeps the cores busy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import settings

settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def chromium():
    """Path of Chromium; the test is skipped where it is absent, and fails where the gate has promised to install it."""
    found = shutil.which("chromium")
    if found is None and os.environ.get("THERMONET_ALL_PROGRAMS"):
        pytest.fail("chromium is not installed, and here it must be")
    if found is None:
        pytest.skip("chromium is not installed")
    return found


@pytest.fixture(scope="session")
def ngspice():
    """Path of ngspice; the test is skipped where it is absent, and fails where the gate has promised to install it."""
    found = shutil.which("ngspice")
    if found is None and os.environ.get("THERMONET_ALL_PROGRAMS"):
        pytest.fail("ngspice is not installed, and here it must be")
    if found is None:
        pytest.skip("ngspice is not installed")
    return found


@pytest.fixture
def simulated(ngspice, tmp_path):
    """Run a deck with ngspice; returns the vectors of its analysis by name, as ngspice spells them."""
    import numpy as np

    def run(text):
        deck, raw = tmp_path / "deck.cir", tmp_path / "deck.raw"
        deck.write_text(text, encoding="utf-8")
        command = [ngspice, "-b", "-r", str(raw), str(deck)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert raw.is_file(), done.stdout + done.stderr
        head, _, data = raw.read_bytes().partition(b"Binary:\n")
        raw.unlink()
        header = head.decode()
        names = re.findall(r"^\t\d+\t(\S+)\t", header, re.MULTILINE)
        kind = complex if re.search(r"^Flags:.*complex", header, re.MULTILINE) else float
        values = np.frombuffer(data, dtype=kind).reshape(-1, len(names))
        return dict(zip(names, values.T, strict=True))

    return run


@pytest.fixture
def browse(chromium, tmp_path):
    """Open a file with a browser that has no window, and return what it prints."""

    def run(file, *options):
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
        command += ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
        return subprocess.run(
            [*command, *options, file.as_uri()], capture_output=True, text=True, check=True, timeout=120
        ).stdout

    return run


@pytest.fixture
def counted(browse, tmp_path):
    """Open a page at some width and return integers: expressions in JavaScript, with ``root`` for its root element."""

    def run(text, width, *expressions):
        script = (
            "<script>addEventListener('load', () => { const root = document.documentElement;"
            f"document.title = ['found', {', '.join(expressions)}].join(' '); }});</script>"
        )
        page = tmp_path / "page.html"
        page.write_text(text.replace("</body>", f"{script}</body>"), encoding="utf-8")
        size = ("--hide-scrollbars", f"--window-size={width},2000", "--virtual-time-budget=5000", "--dump-dom")
        found = re.search(r"<title>found ([-\d ]+)</title>", browse(page, *size))
        assert found is not None
        return [int(number) for number in found[1].split()]

    return run


@pytest.fixture(scope="session")
def conforming():
    """Turn a mesh of scikit-fem, in metres, into ours and its basis; nodes are numbered as the basis's unknowns are.

    Cells are turned to positive orientation, which scikit-fem does not keep.
    """
    import numpy as np
    from skfem import Basis, ElementTetP1, ElementTetP2, ElementTriP1, ElementTriP2

    from thermonet.geometry.mesh import LENGTH_UNIT, Mesh
    from thermonet.geometry.topology import facets

    kinds = {(2, 1): ElementTriP1, (2, 2): ElementTriP2, (3, 1): ElementTetP1, (3, 2): ElementTetP2}
    turned = {3: [1, 0, 2], 6: [1, 0, 2, 3, 5, 4], 4: [1, 0, 2, 3], 10: [1, 0, 2, 3, 4, 6, 5, 8, 7, 9]}

    def convert(other, degree, region=None, names=("body",)):
        dimension = other.p.shape[0]
        basis = Basis(other, kinds[dimension, degree](), intorder=6)
        points, cells = basis.doflocs / LENGTH_UNIT, basis.element_dofs.astype(np.int64)
        edges = points[:, cells[1 : dimension + 1]] - points[:, cells[:1]]
        wrong = np.linalg.det(edges.transpose(2, 0, 1)) < 0
        cells[:, wrong] = cells[turned[len(cells)]][:, wrong]
        region = np.zeros(cells.shape[1], dtype=np.int64) if region is None else region
        bare = Mesh(points, cells, region, names, {})
        found = facets(bare)
        return Mesh(points, cells, region, names, {"surface": found.nodes[:, found.cells[1] < 0]}), basis

    return convert


@pytest.fixture(scope="session")
def layered_bodies():
    """The module of random layered bodies, which tests of error estimates share."""
    spec = importlib.util.spec_from_file_location("layered_bodies", Path(__file__).with_name("layered_bodies.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
