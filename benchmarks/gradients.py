"""All derivatives of R_P by films and interfaces against one solution of the same system (wanted: 1.5 solutions)."""

from _timing import median, report, seconds

from thermonet.documents.builtin import builtin
from thermonet.heat.probe import probe_model
from thermonet.studies.design import probe_of, read_probe
from thermonet.studies.values import Values
from thermonet.system.core import System
from thermonet.system.steady import gradient, resistance


def compare(system: System) -> None:
    """Time a solution, and a solution with its gradient; every repeat factors anew."""
    solve = seconds(lambda: resistance(system.hold("chip"), "thermocouple", "apex"), repeats=9)
    both = seconds(lambda: gradient(system.hold("chip"), "thermocouple", "apex"), repeats=9)
    report(
        "gradient of R_P by every film and interface, solution included",
        unknowns=system.size,
        terms=len(system.K),
        solve_s=solve,
        gradient_s=both,
        ratio=round(median(both) / median(solve), 3),
        wanted_ratio=1.5,
    )


design = probe_of(read_probe(builtin("ntistp")), Values())
for scale in (1.0, 0.5):
    compare(probe_model(design, scale).system)
