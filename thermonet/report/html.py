"""One self-contained page: numbers, verdicts, figures, inputs with their sources; nothing is loaded from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from thermonet.report import grids
from thermonet.report.figures import Drawing
from thermonet.report.headline import headline_of
from thermonet.report.names import printed, prose, symbol_markup, words
from thermonet.results.record import Result
from thermonet.studies.probe import ProbeStudy


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("thermonet.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"prose": prose, "symbol": symbol_markup, "words": words}
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
) -> str:
    """Page of any result: quantities, checks, tables; parameters as for `probe_page`, `title` in place of the name."""
    return (
        _environment()
        .get_template("result.html.j2")
        .render(
            name=result.name,
            title=title or result.name,
            kind=result.kind,
            figures=_figures(drawings),
            quantities=grids.quantities_grid(result.quantities),
            checks=grids.checks_grid(result.checks),
            tables=grids.table_grids(result),
            budgets=_budgets(result, main=next(iter(result.quantities), ""), links=False),
            provenance=grids.provenance_grid(provenance),
        )
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


def _trials(study: ProbeStudy) -> dict[str, object] | None:
    if study.trials is None:
        return None
    found = study.trials.quantities
    agreeing = sum(item.agrees for item in found.values())
    return {
        "grid": grids.trials_grid(study.trials, study.result.quantities),
        "trials": study.trials.trials,
        "impossible": study.trials.impossible,
        "agreeing": agreeing,
        "compared": len(found),
    }


def _mesh(study: ProbeStudy) -> dict[str, str]:
    """What the finite elements were."""
    mesh, numerics = study.solved.model.tip.mesh, study.document.numerics
    return {
        "mesh": f"{mesh.triangles.shape[1]} six-node triangles and {mesh.points.shape[1]} nodes in the tip, "
        f"{study.solved.held.system.size} unknowns in all",
        "tolerance": f"{grids.percent(numerics.tolerance.value)} of R_P",
        "element scale": f"{numerics.element_scale.value:g}",
    }
