"""``python -m thermonet``."""

from thermonet.cli import run

if __name__ == "__main__":
    run()
