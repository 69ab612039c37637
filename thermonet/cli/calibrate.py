"""``thermonet calibrate``: S_TC and R_P with a budget and a certificate."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from thermonet.cli import options
from thermonet.cli.run import Run, run, verdicts
from thermonet.results.record import Result, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command()
@click.argument("campaign")
@options.settings
@options.as_json
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run (default runs/NAME-HASH).")
@click.option("--no-report", is_flag=True, help="Only the numbers: no figures, no certificate, no page.")
@click.option("--strict", is_flag=True, help="Exit with 6 where a stated assumption does not hold.")
@click.option("--trials", type=click.IntRange(0), help="Monte Carlo trials (default: as many as it takes; 0: none).")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of everything that is drawn.")
@click.option("--jobs", type=click.IntRange(1), help="Processes for the update of a design (default: all cores).")
@options.verbose
def calibrate(
    campaign: str,
    settings: tuple[str, ...],
    as_json: bool,
    out: Path | None,
    no_report: bool,
    strict: bool,
    trials: int | None,
    seed: int,
    jobs: int | None,
    verbose: bool,
) -> int:
    """Calibrate from CAMPAIGN, a file or the name of a built-in campaign: S_TC, rho = S_TC R_P, R_P.

    Values with their covariance, budget and diagnostics, and a certificate go to a run folder; a summary is printed.
    """
    from thermonet.documents.builtin import located_file
    from thermonet.quantities.errors import UsageError
    from thermonet.studies.calibration import Options, read_campaign
    from thermonet.studies.calibration import calibrate as calibrated

    if trials is not None and 0 < trials < 1000:
        raise UsageError(f"--trials {trials}: too few to compare intervals, expected 0 or 1000 and more")
    file = located_file(campaign)
    opened = read_campaign(file, settings)
    hashes = {name: record.sha256 for name, record in opened.campaign.records.items()}
    return run(
        Run(
            word=campaign,
            file=file,
            name=opened.name,
            text=opened.text,
            settings=settings,
            chosen={"trials": trials, "seed": seed, "data": hashes},
            out=out,
            located=opened.located,
            as_json=as_json,
            no_report=no_report,
            strict=strict,
            verbose=verbose,
        ),
        lambda: calibrated(opened, Options(trials=trials, seed=seed, jobs=jobs)),
        _summary,
    )


def _summary(result: Result) -> str:
    """Values with u, k and probability, what the uncertainty is made of, and checks, for a terminal."""
    return "\n".join([result.name, *_quantities(result), *_shares(result), *_trials(result), *_checks(result)])


def _checks(result: Result) -> Iterator[str]:
    """Every check that does not hold or is undecided, every claim, and how many tests found nothing."""
    silent = {key for key, check in result.checks.items() if check.holds and not key.startswith(("claim", "update"))}
    yield from verdicts({key: check for key, check in result.checks.items() if key not in silent})
    if silent:
        yield f"  holds          {len(silent)} tests of the records: scatter, runs, outliers, terms taken as zero"


def _quantities(result: Result) -> Iterator[str]:
    """One line per quantity; an expanded uncertainty never stands without its k and probability."""
    from thermonet.quantities.formatting import concise, with_unit

    table = result.tables["expanded"]
    columns = ("quantity", "expanded", "coverage_factor", "probability", "dof")
    rows = {str(row[0]): row[1:] for row in rows_of(table, *columns)}
    longest = max(len(key) for key in result.quantities)
    for key, quantity in result.quantities.items():
        line = f"  {key:{longest}} {quantity.symbol:8} {concise(quantity.value, quantity.unit, quantity.u)}"
        if key in rows:
            wide, k, probability, dof = (float(cell or 0) for cell in rows[key])
            size = f"{wide:.2g}" if quantity.unit == "1" else with_unit(wide, quantity.unit, digits=2)
            line += f"   U = {size}, k = {k:.2f}, {probability:.0%}"
            line += f", {math.floor(dof)} degrees of freedom" if dof else ""
        yield line


def _shares(result: Result) -> Iterator[str]:
    for key in ("seebeck_coefficient", "responsivity", "probe_resistance"):
        table = result.tables.get(f"budget.{key}")
        if table is not None:
            pairs = list(rows_of(table, "input", "share"))[:4]
            said = ", ".join(f"{name} {100 * float(share or 0):.0f} %" for name, share in pairs)
            yield f"  shares of u({key})^2: {said}"


def _trials(result: Result) -> Iterator[str]:
    """Say which numbers' first order the trials bear out, and which not (JCGM 101, clause 8)."""
    table = result.tables.get("monte_carlo")
    if table is None:
        return
    rows = list(rows_of(table, "quantity", "agrees", "trials"))
    words = {True: "validated", False: "NOT validated", None: "neither validated nor refuted"}
    for wanted, word in words.items():
        keys = [str(key) for key, agrees, _ in rows if agrees is wanted]
        if keys:
            yield f"  first order {word} by {rows[0][2]} trials: {', '.join(keys)}"
