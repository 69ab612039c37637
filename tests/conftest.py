"""What all tests share."""

import os
import shutil

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
