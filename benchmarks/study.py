"""A warm `thermonet study ntistp`, budget included: with its report (wanted: 6 s) and without (3 s)."""

import os
import sys
import tempfile

from _timing import command, median, report, seconds

with tempfile.TemporaryDirectory() as scratch:
    study = (sys.executable, "-m", "thermonet", "study", "ntistp", "--out", os.path.join(scratch, "run"))
    for name, words, wanted in (("with report", study, 6.0), ("--no-report", (*study, "--no-report"), 3.0)):
        times = seconds(command(*words), repeats=5)
        report(f"thermonet study ntistp, {name}", seconds=times, median_s=median(times), wanted_s=wanted)
