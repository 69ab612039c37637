"""How long the command line takes to say what it can do (wanted: under 0.4 s)."""

import sys

from _timing import command, median, report, seconds

times = seconds(command(sys.executable, "-m", "thermonet", "--help"), repeats=7)
report("thermonet --help", seconds=times, median_s=median(times), wanted_s=0.4)
