"""Write the report of a study into a folder: page, figures with their numbers, field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from thermonet.report.field import write_body_field, write_field
from thermonet.report.figures import (
    Drawing,
    body_figures,
    left_out,
    pairs_frequency_figure,
    probe_drawings,
    response_figure,
    svg_text,
    time_figures,
)
from thermonet.report.html import calibration_page, certificate_page, probe_page, result_page
from thermonet.results.folder import table_csv
from thermonet.results.record import Result
from thermonet.studies.bodies.study import BodyStudy
from thermonet.studies.probe import ProbeStudy

if TYPE_CHECKING:
    from thermonet.studies.calibration import CalibrationStudy
    from thermonet.studies.network.study import NetworkStudy

PAGE, FIGURES, FIELD, CERTIFICATE = "report.html", "figures", "field.vtu", "certificate.html"


class Study(Protocol):
    """Whatever was studied: it has a result."""

    @property
    def result(self) -> Result:
        """Quantities, tables, checks."""


def write_report(folder: Path, study: Study, provenance: Mapping[str, object]) -> Path:
    """Write ``report.html``, ``figures/NAME.svg`` and ``.csv`` and ``field.vtu``; return the page's path.

    A network has no field; a calibration neither but, where there are records, a ``certificate.html``.

    Parameters
    ----------
    folder
        An existing folder.
    study
        A studied probe, body, network or calibrated campaign, or anything with a `result`, which has no field to draw.
    provenance
        Versions, options, wall time, printed at the end of the page.
    """
    if isinstance(study, ProbeStudy):
        drawn = _write_figures(folder, probe_drawings(study))
        write_field(folder / FIELD, study)
        return _write_page(folder, probe_page(study, drawn, provenance))
    if isinstance(study, BodyStudy):
        write_body_field(folder / FIELD, study)
        title = study.document.title
        return _write_plain(folder, study.result, body_figures(study), provenance, title, left_out(study))
    network = _network(study)
    if network is not None:
        return _write_network(folder, network, provenance)
    calibrated = _calibrated(study)
    if calibrated is not None:
        return _write_calibration(folder, calibrated, provenance)
    return write_result_report(folder, study.result, provenance)


def _network(study: Study) -> NetworkStudy | None:
    """The study as that of a network, if it is one; nothing of networks is loaded before there is one."""
    if study.result.kind != "network":
        return None
    from thermonet.studies.network.study import NetworkStudy

    return study if isinstance(study, NetworkStudy) else None


def _write_network(folder: Path, study: NetworkStudy, provenance: Mapping[str, object]) -> Path:
    from thermonet.report.figures.network_answers import network_drawings

    title = study.document.title
    return _write_plain(folder, study.result, network_drawings(study), provenance, title)


def _calibrated(study: Study) -> CalibrationStudy | None:
    """The study as a calibration, if it is one; nothing of calibrations is loaded before there is one."""
    if study.result.kind != "calibrate":
        return None
    from thermonet.studies.calibration import CalibrationStudy

    return study if isinstance(study, CalibrationStudy) else None


def _write_calibration(folder: Path, study: CalibrationStudy, provenance: Mapping[str, object]) -> Path:
    from thermonet.report.figures.calibration import calibration_drawings

    drawn = _write_figures(folder, calibration_drawings(study))
    if study.campaign.records:
        (folder / CERTIFICATE).write_text(certificate_page(study), encoding="utf-8")
    return _write_page(folder, calibration_page(study, drawn, provenance))


def write_result_report(folder: Path, result: Result, provenance: Mapping[str, object]) -> Path:
    """Write the page of any result, its step response where it has the table 'response'; return the path."""
    return _write_plain(folder, result, [], provenance, "")


def _write_plain(
    folder: Path,
    result: Result,
    fields: Sequence[Drawing],
    provenance: Mapping[str, object],
    title: str,
    note: str = "",
) -> Path:
    responses = [found for found in (response_figure(result), pairs_frequency_figure(result)) if found is not None]
    drawings = [*fields, *responses, *time_figures(result)]
    drawn = _write_figures(folder, {drawing.name: drawing for drawing in drawings})
    return _write_page(folder, result_page(result, drawn, provenance, title=title, note=note))


def _write_figures(folder: Path, drawings: Mapping[str, Drawing]) -> dict[str, tuple[Drawing, str]]:
    """Figures and their tables; return the figures with their SVG text."""
    drawn = {name: (drawing, svg_text(drawing)) for name, drawing in drawings.items()}
    if drawn:
        (folder / FIGURES).mkdir(exist_ok=True)
    for name, (drawing, svg) in drawn.items():
        (folder / FIGURES / f"{name}.svg").write_text(svg, encoding="utf-8")
        (folder / FIGURES / f"{name}.csv").write_text(table_csv(drawing.table), encoding="utf-8", newline="")
    return drawn


def _write_page(folder: Path, text: str) -> Path:
    path = folder / PAGE
    path.write_text(text, encoding="utf-8")
    return path
