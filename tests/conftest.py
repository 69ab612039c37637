"""What all tests share."""

import os
import re
import shutil
import subprocess

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
