"""The reference probe updated by its resistance, 100 000 samples included (wanted: 10 s)."""

from _timing import median, report, seconds

from thermonet.calibration.bayes.sampling import sample
from thermonet.documents.builtin import builtin
from thermonet.quantities.threads import single_threaded
from thermonet.studies.design import read_probe
from thermonet.studies.update import update_probe
from thermonet.studies.update_model import Measurements

SAMPLES = 100_000

design = read_probe(builtin("ntistp"))
measured = Measurements(values={"probe_resistance": (72800.0, 500.0)})
updates = []
whole = seconds(lambda: updates.append(update_probe(design, measured, samples=SAMPLES, jobs=2)), repeats=1, warm=0)
update = updates[-1]
found, seen = update.posterior, update.posterior.surface.rows(update.model.rows)
samples = seconds(
    # One BLAS thread, as every study has.
    single_threaded(lambda: sample(found.prior, seen, found.observed, found.laplace, count=SAMPLES, seed=0)),
    repeats=3,
    warm=0,
)
report(
    "ntistp updated by R_P",
    inputs=found.prior.size,
    samples=SAMPLES,
    effective_samples=round(found.samples.effective_size),
    update_s=whole,
    wanted_update_s=10.0,
    sampling_s=samples,
    median_sampling_s=median(samples),
    wanted_sampling_s=10.0,
    surface_error_in_u=round(update.result.checks["surface_adequate"].value, 3),
    laplace_worst_width=round(update.result.checks["laplace_adequate"].value, 3),
)
