"""What all tests share."""

import os

# As in the command line: small dense matrices, and xdist already keeps the cores busy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import settings

settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")


def needs_program(found: str | None, name: str) -> None:
    """Skip a test where a system program is absent, or fail where the gate has promised to install it."""
    if found:
        return
    if os.environ.get("THERMONET_ALL_PROGRAMS"):
        pytest.fail(f"{name} is not installed, and here it must be")
    pytest.skip(f"{name} is not installed")
