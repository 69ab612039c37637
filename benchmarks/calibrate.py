"""A warm `thermonet calibrate` of every shipped campaign, Monte Carlo and report included (wanted: 10 s)."""

import os
import sys
import tempfile

from _timing import command, median, report, seconds

from thermonet.documents.builtin import campaigns

with tempfile.TemporaryDirectory() as scratch:
    for name in campaigns():
        words = (sys.executable, "-m", "thermonet", "calibrate", name, "--out", os.path.join(scratch, name))
        times = seconds(command(*words), repeats=3)
        report(f"thermonet calibrate {name}", seconds=times, median_s=median(times), wanted_s=10.0)
