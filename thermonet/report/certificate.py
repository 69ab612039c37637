"""What fits on one sheet of a calibration: item, method, results, traceability, remarks; everything else is counted."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from thermonet.calibration.campaign import probes_of
from thermonet.calibration.certificate import METHODS, identifier
from thermonet.calibration.outcome import suffix
from thermonet.documents.campaign import ProbeEntry
from thermonet.documents.experiments import InstrumentEntry, PlatinumCalibration, Thermometer
from thermonet.quantities.inputs import Input
from thermonet.report.calibration import REMINDER, MainResult, facts_of, main_results, validated, warnings_of
from thermonet.report.calibration_grids import number, signed, software
from thermonet.report.grids import percent
from thermonet.report.names import printed_concise, printed_interval, readable, words
from thermonet.results.record import Result, rows_of
from thermonet.studies.calibration import CalibrationStudy
from thermonet.uncertainty.budget import BudgetLine

#: Most lines of their kind on a certificate, and most letters of a text in one.
_PROBES, _REMARKS, _SOURCES, _FILES, _LETTERS = 4, 4, 9, 12, 115
#: Letters on a line of a certificate, and lines of text and results on one in print of the usual size.
_LINE, _SHEET = 125, 46
#: Causes of an uncertainty that are named, and the least share of one.
_CAUSES, _NAMED = 3, 0.05


@dataclass(frozen=True)
class Certificate:
    """What stands on one sheet; all texts are plain.

    Attributes
    ----------
    identifier
        Name of the campaign and eight digits of a hash of its data.
    facts
        (what, value): items, date, laboratory, surroundings.
    results
        (probe, its numbers), the first probe first.
    left_out
        Probes that there was no room for.
    correlations, ranges, methods, traceability, contributions, remarks
        A line each.
    failed
        Names of the checks that do not hold.
    files
        (file, first digits of its SHA-256).
    software
        Name and version.
    responsible
        Who signs.
    """

    identifier: str
    facts: Sequence[tuple[str, str]]
    results: Sequence[tuple[str, Sequence[MainResult]]]
    left_out: Sequence[str]
    correlations: Sequence[str]
    ranges: Sequence[str]
    methods: Sequence[tuple[str, str]]
    traceability: Sequence[tuple[str, str]]
    failed: Sequence[str]
    contributions: Sequence[str]
    remarks: Sequence[str]
    files: Sequence[tuple[str, str]]
    software: str
    responsible: str

    @property
    def dense(self) -> bool:
        """Whether small print is needed to stay on one sheet."""
        whole = [*(value for _, value in self.facts), *self.correlations, *self.ranges, *self.remarks]
        whole += [", ".join(self.failed), *self.contributions]
        halves = [*(text for _, text in self.methods), *(name + text for name, text in self.traceability)]
        rows = sum(len(items) + 1 for _, items in self.results)
        lines = sum(math.ceil(len(text) / _LINE) for text in whole)
        lines += sum(math.ceil(2 * len(text) / _LINE) for text in halves) // 2
        return lines + 1.25 * rows + len(self.files) / 4 > _SHEET


def certificate_of(study: CalibrationStudy) -> Certificate:
    """Pick what fits on one sheet: main quantities only, texts clipped, the rest counted."""
    document, result = study.campaign.document, study.result
    probes = probes_of(document)
    return Certificate(
        identifier=identifier(study.campaign),
        facts=list(_facts(study)),
        results=[(probe, _of_probe(study, probe)) for probe in probes[:_PROBES]],
        left_out=probes[_PROBES:],
        correlations=list(_correlations(study)),
        ranges=list(_ranges(result)),
        methods=list(_methods(study)),
        traceability=_limited([*_sources(study)], _SOURCES),
        failed=_failed(study),
        contributions=list(_contributions(study)),
        remarks=_remarks(study),
        files=_limited(
            [
                (_clipped(document.experiments[name].data, 40), record.sha256[:16])
                for name, record in study.campaign.records.items()
            ],
            _FILES,
        ),
        software=_software(result),
        responsible=_clipped(document.responsible, 60),
    )


def _of_probe(study: CalibrationStudy, probe: str) -> list[MainResult]:
    """All numbers of the first probe; of others not 1/rho, which says the same as rho."""
    end = suffix(study.campaign.document, probe)
    found = main_results(study.result, end)
    return found if not end else [item for item in found if item.name != "heat per volt"]


def _clipped(text: str, letters: int = _LETTERS) -> str:
    """Shorten a text to so many letters, between words."""
    text = re.sub(r"\s+", " ", text).strip()
    if len(text) <= letters:
        return text
    whole = text[: letters - 1].rpartition(" ")[0] or text[: letters - 1]
    return whole.rstrip(" ,;") + "…"


def _facts(study: CalibrationStudy) -> Iterator[tuple[str, str]]:
    document = study.campaign.document
    items = [document.probes[probe].title or probe for probe in probes_of(document)]
    yield "Item", "; ".join(_clipped(item, 45) for item in items[:_PROBES]) or "none"
    yield from ((what[:1].upper() + what[1:], _clipped(value)) for what, value in facts_of(study))


def _correlations(study: CalibrationStudy) -> Iterator[str]:
    document = study.campaign.document
    for probe in probes_of(document)[:_PROBES]:
        end = suffix(document, probe)
        found = study.result.quantities.get(f"correlation_seebeck_resistance{end}")
        if found is not None:
            yield f"r(S_TC, R_P) = {signed(f'{found.value:.3f}')}{f' ({probe})' if end else ''}"


def _ranges(result: Result) -> Iterator[str]:
    """Ranges of one kind together: 'heat in the probe: 30 … 180 nW (gold)'."""
    kinds: dict[str, dict[str, None]] = {}
    for name, unit, low, high in rows_of(result.tables["validity_range"], "range", "unit", "low", "high"):
        kind, _, of = str(name).partition(", ")
        text = printed_interval(number(low), number(high), str(unit)) + (f" ({of})" if of else "")
        kinds.setdefault(kind, {})[text] = None
    for kind, texts in kinds.items():
        yield f"{kind}: {_clipped(', '.join(texts), 2 * _LETTERS)}"


def _methods(study: CalibrationStudy) -> Iterator[tuple[str, str]]:
    protocols = dict.fromkeys(str(protocol) for (protocol,) in rows_of(study.result.tables["data"], "protocol"))
    for protocol in protocols:
        yield words(protocol), METHODS.get(protocol, "")


def _sources(study: CalibrationStudy) -> Iterator[tuple[str, str]]:
    """What is stated of probes, instruments and thermometers, and by whom."""
    document = study.campaign.document
    calibrated = {
        entry.thermometer for entry in document.experiments.values() if isinstance(entry, PlatinumCalibration)
    }
    entries: list[tuple[str, ProbeEntry | InstrumentEntry | Thermometer]] = [
        *((name, probe) for name, probe in document.probes.items() if probe.seebeck_coefficient or probe.responsivity),
        *document.instruments.items(),
        *document.thermometers.items(),
    ]
    for name, entry in entries:
        stated = {key: value for key in type(entry).model_fields if isinstance(value := getattr(entry, key), Input)}
        texts = [
            f"{words(key)} {signed(printed_concise(value.value, value.unit, value.u))}"
            for key, value in stated.items()
            if not value.is_exact
        ]
        texts += ["calibrated with this campaign"] if name in calibrated else []
        sources = dict.fromkeys([value.source for value in stated.values() if value.source] + [entry.source])
        said = "; ".join(source for source in sources if source) or "no source stated"
        yield name, _clipped(f"{', '.join(texts) or 'exact'} – {said}", 105)


def _software(result: Result) -> str:
    version = software(result).get("thermonet", "not installed")
    return "thermonet, run from a checkout" if version == "not installed" else f"thermonet {version}"


def _limited(found: list[tuple[str, str]], most: int) -> list[tuple[str, str]]:
    if len(found) <= most:
        return found
    return [*found[:most], ("and", f"{len(found) - most} more, listed in report.html")]


def _failed(study: CalibrationStudy) -> list[str]:
    """Names of all checks that do not hold, whether all agrees with all first."""
    names = [
        key
        for key, check in study.result.checks.items()
        if check.holds is False and not key.startswith(("update.", "claim."))
    ]
    return sorted(names, key=lambda name: name != "consistency")


def _contributions(study: CalibrationStudy) -> Iterator[str]:
    """Largest causes of the uncertainty of the first probe's numbers, with what was stated and by whom."""
    for key in ("seebeck_coefficient", "responsivity"):
        derived = study.derived.get(key)
        if derived is not None:
            lines = [_contribution(line) for line in derived.budget.lines[:_CAUSES] if line.share >= _NAMED]
            yield f"{derived.symbol}: {'; '.join(lines)}"


def _contribution(line: BudgetLine) -> str:
    value = line.input
    if value.name.endswith(".noise"):
        return f"{percent(line.share)} noise of {value.name.removesuffix('.noise')} (type A)"
    stated = signed(printed_concise(value.value, value.unit, value.u))
    return f"{percent(line.share)} {readable(value.name)} {stated} ({_clipped(value.source or 'no source stated', 60)})"


def _remarks(study: CalibrationStudy) -> list[str]:
    """What may not be left out, checks that do not hold, and whether first order does."""
    found = [item for item in warnings_of(study.result) if not item.name.startswith("update.")]
    found.sort(key=lambda item: (item.name != "consistency", item.name == REMINDER))
    lines = [_clipped(f"{item.warning} ({item.name}): {item.check.explanation}.", 240) for item in found[:_REMARKS]]
    if len(found) > _REMARKS:
        lines.append(f"{len(found) - _REMARKS} more remarks stand in report.html.")
    return [*lines, validated(study)[1]]
