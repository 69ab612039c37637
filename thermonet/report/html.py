"""One self-contained page: numbers, verdicts, figures, inputs with their sources; nothing is loaded from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from thermonet.heat.probe_solid import SolidProbeModel
from thermonet.report import grids
from thermonet.report.figures import Drawing
from thermonet.report.headline import headline_of
from thermonet.report.names import printed, printed_concise, prose, symbol_markup, titled, words
from thermonet.results.record import Result
from thermonet.studies.probe import ProbeStudy

if TYPE_CHECKING:
    from thermonet.studies.calibration import CalibrationStudy


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("thermonet.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"prose": prose, "symbol": symbol_markup, "words": words, "titled": titled}
    environment.globals["badge"] = grids.badge
    return environment


def probe_page(study: ProbeStudy, drawings: Mapping[str, tuple[Drawing, str]], provenance: Mapping[str, object]) -> str:
    """Page of a studied probe.

    Parameters
    ----------
    study
        The study.
    drawings
        Figures by name, each with its SVG text.
    provenance
        Versions, options, wall time: whatever the page is to say of its origin.
    """
    result = study.result
    resistance = result.quantities["probe_resistance"]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            name=result.name,
            title=study.document.title or result.name,
            source=study.document.source,
            temperature=printed(study.document.temperature.value, "K"),
            headline=headline_of(study),
            verdict=result.checks["junction_much_larger_than_probe"],
            figures=_figures(drawings),
            layers=grids.layers_grid(study),
            quantities=grids.quantities_grid(result.quantities),
            modes=grids.modes_grid(result.tables["modes"]),
            budgets=_budgets(result, main="probe_resistance", links=True),
            model_errors=grids.model_errors_grid(study.model_errors, resistance),
            checks=grids.checks_grid(result.checks),
            trials=_trials(study),
            inputs=grids.inputs_grids(study.inputs),
            unsure=sum(grids.is_unsure(value.source) for value in study.inputs.values()),
            known=len(study.inputs),
            on_plate=study.probe.plate is not None,
            provenance=grids.provenance_grid({**_mesh(study), **provenance}),
        )
    )


def result_page(
    result: Result,
    drawings: Mapping[str, tuple[Drawing, str]],
    provenance: Mapping[str, object],
    *,
    title: str = "",
    note: str = "",
) -> str:
    """Page of any result: quantities, checks, tables.

    Parameters
    ----------
    result, drawings, provenance
        As for `probe_page`.
    title
        In place of the name.
    note
        A sentence before the figures.
    """
    return (
        _environment()
        .get_template("result.html.j2")
        .render(
            name=result.name,
            title=title or result.name,
            kind=result.kind,
            note=note,
            figures=_figures(drawings),
            quantities=grids.quantities_grid(result.quantities),
            checks=grids.checks_grid(result.checks),
            tables=grids.table_grids(result),
            budgets=_budgets(result, main=next(iter(result.quantities), ""), links=False),
            provenance=grids.provenance_grid(provenance),
        )
    )


def calibration_page(
    study: CalibrationStudy, drawings: Mapping[str, tuple[Drawing, str]], provenance: Mapping[str, object]
) -> str:
    """Page of a calibration; parameters as for `probe_page`."""
    from thermonet.report import calibration as told
    from thermonet.report import calibration_grids as tables

    result, document = study.result, study.campaign.document
    held = [key for key, check in result.checks.items() if check.holds]
    return (
        _environment()
        .get_template("calibration.html.j2")
        .render(
            name=result.name,
            title=document.title or result.name,
            document=document,
            synthetic=told.synthetic(study),
            headline=told.headline_of(study),
            warnings=told.warnings_of(result),
            held=held,
            figures=_figures(drawings),
            results=tables.results_grid(result, nuisance=False),
            others=tables.results_grid(result, nuisance=True),
            covariance=tables.covariance_grid(result),
            heat=tables.heat_grid(result),
            budgets=_causes(result),
            parameters=tables.parameters_grid(result),
            checks=grids.checks_grid(result.checks),
            trials=_calibration_trials(study),
            ranges=tables.ranges_grid(result),
            data=tables.data_grid(result),
            facts=tables.facts_grid(told.facts_of(study)),
            update=None if study.update is None else _update(study.update.result),
            provenance=grids.provenance_grid({"versions": tables.software(result), **provenance}),
        )
    )


def certificate_page(study: CalibrationStudy) -> str:
    """One printed sheet: what was calibrated, by whom, how, what came out, and what it may not be taken for."""
    from thermonet.report.calibration import synthetic
    from thermonet.report.certificate import certificate_of

    return (
        _environment()
        .get_template("certificate.html.j2")
        .render(certificate=certificate_of(study), synthetic=synthetic(study))
    )


def _figures(drawings: Mapping[str, tuple[Drawing, str]]) -> dict[str, dict[str, str | Markup]]:
    """Figures as the page needs them; their SVG is our own and goes in as it is."""
    return {
        name: {"name": name, "title": drawing.title, "caption": prose(drawing.caption), "svg": Markup(svg)}
        for name, (drawing, svg) in drawings.items()
    }


def _budgets(result: Result, *, main: str, links: bool) -> list[dict[str, object]]:
    """Budget of every quantity that has one, the main one first; with links the others leave their sources out."""
    found = []
    for key, quantity in sorted(result.quantities.items(), key=lambda item: item[0] != main):
        table = result.tables.get(f"budget.{key}")
        if table is None or not quantity.u:
            continue
        grid = grids.budget_grid(table, quantity.unit, sources=key == main or not links, links=links)
        found.append(
            {
                "key": key,
                "symbol": symbol_markup(quantity.symbol),
                "value": printed(quantity.value, quantity.unit, quantity.u),
                "open": key == main,
                "grid": grid,
            }
        )
    return found


def _causes(result: Result) -> list[dict[str, object]]:
    """Budget of every reported quantity of a calibration, that of R_P unfolded."""
    from thermonet.report.calibration_grids import causes_grid, signed

    return [
        {
            "key": key,
            "title": titled(key),
            "symbol": symbol_markup(quantity.symbol),
            "value": signed(printed_concise(quantity.value, quantity.unit, quantity.u)),
            "open": key == "probe_resistance",
            "grid": causes_grid(table, quantity),
        }
        for key, quantity in result.quantities.items()
        if (table := result.tables.get(f"budget.{key}")) is not None
    ]


def _calibration_trials(study: CalibrationStudy) -> dict[str, object] | None:
    if study.trials is None:
        return None
    probability = float(study.result.tables["expanded"]["probability"].values[0] or 0)
    return {
        "grid": grids.trials_grid(study.trials.quantities, study.result.quantities, probability),
        "count": study.trials.count,
        "stabilised": study.trials.stabilised,
    }


def _update(result: Result) -> dict[str, object]:
    """Predictions and inputs of an updated design, before and after."""
    tables = grids.table_grids(result)
    return {
        "checks": grids.checks_grid(result.checks),
        "tables": {name: tables[name] for name in ("predictions", "parameters") if name in tables},
    }


def _trials(study: ProbeStudy) -> dict[str, object] | None:
    if study.trials is None:
        return None
    found = study.trials.quantities
    agreeing = sum(item.agrees for item in found.values())
    return {
        "grid": grids.trials_grid(found, study.result.quantities),
        "trials": study.trials.trials,
        "impossible": study.trials.impossible,
        "agreeing": agreeing,
        "compared": len(found),
    }


def _mesh(study: ProbeStudy) -> dict[str, str]:
    """What the finite elements were."""
    model, numerics = study.solved.model, study.document.numerics
    elements = f"{model.tip.mesh.cells.shape[1]} six-node triangles"
    if isinstance(model, SolidProbeModel):
        tetrahedra, sheets = model.tip.mesh.cells.shape[1], model.tip.tip.sheets.region.size
        elements = f"{tetrahedra} ten-node tetrahedra and, away from the end, {sheets} pieces of sheet"
    return {
        "mesh": f"{elements} with {model.tip.mesh.points.shape[1]} nodes in the tip, "
        f"{study.solved.held.system.size} unknowns in all",
        "tolerance": f"{grids.percent(numerics.tolerance.value)} of R_P",
        "element scale": f"{numerics.element_scale.value:g}",
    }
