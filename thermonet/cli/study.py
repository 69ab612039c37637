"""``thermonet study``: the main job."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from thermonet.cli import options
from thermonet.cli.run import Run, digests, quantity_lines, run, verdicts
from thermonet.results.record import Result, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from thermonet.studies.calibrated import Calibration
    from thermonet.studies.open import Opened


@click.command()
@click.argument("design")
@options.settings
@options.as_json
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run (default runs/NAME-HASH).")
@click.option("--no-report", is_flag=True, help="Only the numbers: no figures, no field file, no page.")
@click.option("--strict", is_flag=True, help="Exit with 6 where a stated assumption does not hold.")
@click.option(
    "--calibration",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A calibration's result.json: its S_TC is used, its R_P and rho stand beside the predictions.",
)
@click.option("--bounds", is_flag=True, help="Guaranteed intervals of the resistances, as meshed (bodies).")
@click.option("--trials", type=click.IntRange(0), default=0, help="Monte Carlo trials beside first order (probes).")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the trials.")
@click.option("--jobs", type=click.IntRange(1), help="Processes for the trials (default: all cores).")
@options.verbose
def study(
    design: str,
    settings: tuple[str, ...],
    as_json: bool,
    out: Path | None,
    no_report: bool,
    strict: bool,
    calibration: Path | None,
    bounds: bool,
    trials: int,
    seed: int,
    jobs: int | None,
    verbose: bool,
) -> int:
    """Study DESIGN, a file or the name of a built-in design: field, R_P, times, network, verdict on R_J >> R_P.

    The numbers, tables, figures and the report go to a run folder; a summary is printed.
    """
    from thermonet.documents.builtin import located_file
    from thermonet.quantities.errors import UsageError
    from thermonet.studies.open import opened

    if trials == 1:
        raise UsageError("--trials 1: one trial has no spread, expected 0 or some hundreds")
    file = located_file(design)
    document = opened(file, settings)
    known = _calibration(calibration, document)
    if bounds:
        _require_bounds(document)
    return run(
        Run(
            word=design,
            file=file,
            name=document.name,
            text=document.text,
            settings=settings,
            chosen={
                "trials": trials,
                "seed": seed if trials else 0,
                **({"bounds": True} if bounds else {}),
                **({"calibration": known.as_text()} if known else {}),
                **({"files": digests(document.files)} if document.files else {}),
            },
            out=out,
            located=document.located,
            files=document.files,
            as_json=as_json,
            no_report=no_report,
            strict=strict,
            verbose=verbose,
        ),
        lambda: _studied(document, known, bounds=bounds, trials=trials, seed=seed, jobs=jobs),
        _summary,
    )


def _calibration(file: Path | None, document: Opened) -> Calibration | None:
    """Read a calibration, for a design of a probe only."""
    from thermonet.documents.probe import ProbeDocument
    from thermonet.quantities.errors import UsageError

    if file is None:
        return None
    if not isinstance(document.document, ProbeDocument):
        raise UsageError("--calibration is for probe designs, and this is a body")
    from thermonet.studies.calibrated import outside_calibration, read_calibration

    known = read_calibration(file)
    outside = outside_calibration(document.document, known)
    if outside:
        click.echo(f"thermonet: {outside}", err=True)
    return known


def _require_bounds(document: Opened) -> None:
    """Refuse an option that a document, valid as it is, gives no meaning to."""
    from thermonet.documents.kinds import BodyDocument
    from thermonet.quantities.errors import PhysicsError, UsageError
    from thermonet.studies.bodies.study import refuse_bounds

    if not isinstance(document.document, BodyDocument):
        raise UsageError("--bounds is for bodies, and this is a probe")
    try:
        refuse_bounds(document.document)
    except PhysicsError as error:
        raise UsageError(f"--bounds: {error}") from None


def _studied(
    document: Opened, known: Calibration | None, *, bounds: bool, trials: int, seed: int, jobs: int | None
) -> Any:  # noqa: ANN401
    """Study a document by the study of its kind; whatever comes back has a `result`."""
    from thermonet.documents.body.drawn import DrawnDocument
    from thermonet.documents.body.layered import LayeredDocument
    from thermonet.documents.probe import ProbeDocument

    if isinstance(document.document, LayeredDocument | DrawnDocument):
        from thermonet.quantities.errors import UsageError
        from thermonet.studies.bodies.study import study_body

        if trials:
            raise UsageError("--trials is for probe designs, and this is a body")
        return study_body(document.document, bounds=bounds)
    assert isinstance(document.document, ProbeDocument)  # all else that was opened
    import os

    from thermonet.studies.probe import Options, study_probe

    options = Options(trials=trials, seed=seed, jobs=jobs or os.cpu_count() or 1)
    with _progress(trials) as progress:
        if known is None:
            return study_probe(document.document, options, progress)
        from thermonet.studies.calibrated import beside_calibration, with_calibration

        return beside_calibration(study_probe(with_calibration(document.document, known), options, progress), known)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int, int], None]]:
    """Progress of long work on standard error; nothing where there is none."""
    if not total:
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("Monte Carlo"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=False) as bar:
        task = bar.add_task("trials", total=total)
        yield lambda done, _total: bar.update(task, completed=done)


def _summary(result: Result) -> str:
    """Quantities, what their uncertainty is made of, and checks, for a terminal."""
    return "\n".join(
        [
            result.name,
            *quantity_lines(result),
            *_bounds(result),
            *_model_errors(result),
            *_shares(result),
            *_trials(result),
            *verdicts(result.checks),
        ]
    )


def _bounds(result: Result) -> Iterator[str]:
    """Guaranteed intervals, where they were asked for."""
    table = result.tables.get("bounds")
    if table is not None:
        for name, lower, upper in rows_of(table, "resistance", "lower", "upper"):
            yield f"  {name}: guaranteed within {lower:.8g} .. {upper:.8g} K/W as meshed"


def _model_errors(result: Result) -> Iterator[str]:
    from thermonet.quantities.formatting import percent, with_unit

    table = result.tables.get("model_errors")
    if table is not None:
        lines = rows_of(table, "model", "effect", "relative")
        effects = [
            f"{name} {with_unit(float(effect or 0), 'K/W', digits=2)} ({percent(float(relative or 0))})"
            for name, effect, relative in lines
        ]
        yield f"  what no mesh sees, in R_P: {', '.join(effects)}"


def _shares(result: Result) -> Iterator[str]:
    table = result.tables.get("budget_groups")
    if table is not None:
        pairs = list(rows_of(table, "group", "share"))[:4]
        yield "  shares of u(R_P)^2: " + ", ".join(f"{group} {100 * float(share or 0):.0f} %" for group, share in pairs)


def _trials(result: Result) -> Iterator[str]:
    """Say of every quantity whether the trials bear out its first-order interval."""
    from thermonet.quantities.formatting import with_unit

    table = result.tables.get("monte_carlo")
    if table is None:
        return
    for key, u, low, high, agrees in zip(
        *(table[name].values for name in ("quantity", "u", "low", "high", "agrees")), strict=True
    ):
        unit = result.quantities[str(key)].unit
        ends = " .. ".join(with_unit(float(end or 0), unit, digits=3) for end in (low, high))
        word = "agrees with" if agrees else "differs from"
        yield f"  Monte Carlo {key}: u = {with_unit(float(u or 0), unit, digits=2)}, 95 % in {ends}; {word} first order"
