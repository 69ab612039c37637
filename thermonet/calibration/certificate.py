"""What a certificate of a campaign says, for people and for machines."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from thermonet.calibration.adjustment import Adjustment
from thermonet.calibration.campaign import Campaign
from thermonet.calibration.certificate_data import (
    CertificateData,
    CertifiedQuantity,
    Contact,
    InputFile,
    Item,
    Method,
    ValidityRange,
)
from thermonet.calibration.outcome import Derived, correlation_of
from thermonet.documents.experiments import ExperimentEntry
from thermonet.results.folder import versions
from thermonet.results.record import Result, rows_of

_UNKNOWN = "not stated"
#: Quantities that a certificate is about; everything else a campaign finds is on the way.
_CERTIFIED = ("seebeck_coefficient", "responsivity", "probe_resistance")
#: What was done, by protocol.
METHODS = {
    "isothermal_stage": "The whole probe takes the temperature of a stage, the reference junction stays elsewhere. "
    "S_TC is the slope of the thermovoltage against the difference of the two temperatures.",
    "hot_stage": "The tip touches a hot stage through contacts of known thermal resistance, the chip stays cold. "
    "Extrapolation over the contacts tells S_TC from the cooling by the contact.",
    "symmetric_junction": "A metallic junction between equal electrodes is heated by its own current and releases the "
    "stated part f_0 of its heat into the probe. The mean thermovoltage of both polarities over it is S_TC R_P.",
    "calorimeter": "The tip touches a suspended platform that is heated and read by four wires. What heat does not "
    "leave through its beams enters the probe; the thermovoltage over it is S_TC R_P.",
    "joule_line": "A metal line on the probe is heated by an alternating current, the thermovoltage is read at twice "
    "its frequency. Its limit at low frequency gives S_TC R_P, its poles the time constants.",
    "platinum_thermometer": "A platinum film is read by four wires at several temperatures of a bath and several "
    "currents. Its resistance, its temperature coefficient and its own heating are found together.",
}


def certified(found: Mapping[str, Derived]) -> list[Derived]:
    """Quantities that the certificate states, in the order of the result."""
    return [derived for key, derived in found.items() if key.partition(".")[0] in _CERTIFIED]


def identifier(campaign: Campaign) -> str:
    """Name of the campaign and eight digits of a hash over its data, the whole document and this program's version.

    Whatever changes a number on the certificate changes its identifier.
    """
    hashes = "".join(f"{name}:{record.sha256};" for name, record in sorted(campaign.records.items()))
    together = f"{hashes}{campaign.document!r}{sorted(campaign.factors.items())!r}{versions()['thermonet']}"
    return f"{campaign.document.name}-{hashlib.sha256(together.encode()).hexdigest()[:8]}"


def is_synthetic(campaign: Campaign) -> bool:
    """Whether the campaign or one of its data files says that nobody measured them."""
    texts = [campaign.document.source, *(record.header for record in campaign.records.values())]
    return any(says_synthetic(text) for text in texts)


def says_synthetic(text: str) -> bool:
    """Whether a text calls its data synthetic."""
    return "synthetic" in text.lower()


def protocols(campaign: Campaign) -> list[str]:
    """Protocols of a campaign, each once."""
    seen: dict[str, None] = {protocol_of(entry): None for entry in campaign.document.experiments.values()}
    return list(seen)


def protocol_of(entry: ExperimentEntry) -> str:
    """Name of an experiment's protocol."""
    return str(getattr(entry, "protocol"))  # noqa: B009  # every kind of experiment has its own literal


def statements(campaign: Campaign, result: Result) -> Iterator[str]:
    """Sentences that limit what the certificate may be cited for."""
    if is_synthetic(campaign):
        yield "The records are synthetic: this is no calibration of anything."
    for key, check in result.checks.items():
        if check.holds is False:
            yield f"{key}: {check.explanation}"
    split = result.checks.get("evidence_for_heat_split")
    if split is not None:
        yield split.explanation


def certificate_of(
    campaign: Campaign, adjustment: Adjustment, found: Mapping[str, Derived], result: Result
) -> CertificateData:
    """Certificate of a calibrated campaign."""
    document = campaign.document
    day = dt.date.fromisoformat(document.date)
    columns = ("quantity", "coverage_factor", "probability", "dof")
    wide = {str(row[0]): row for row in rows_of(result.tables["expanded"], *columns)}
    main = certified(found)
    surroundings = document.environment.temperature
    software = {str(name): str(version) for name, version in rows_of(result.tables["software"], "package", "version")}
    return CertificateData(
        identifier=identifier(campaign),
        begin=day,
        end=day,
        item=Item(
            name="scanning thermal probe",
            identifier=", ".join(document.probes),
            description="; ".join(probe.title for probe in document.probes.values() if probe.title),
        ),
        laboratory=Contact(document.laboratory or _UNKNOWN, document.country),
        customer=Contact(document.customer or _UNKNOWN, document.country),
        responsible=[document.responsible or _UNKNOWN],
        software="thermonet",
        software_version=software["thermonet"],
        methods=[Method(name, METHODS[name]) for name in protocols(campaign)]
        + [Method("uncertainty", "First order with all correlations, Monte Carlo beside it.", "JCGM 100, JCGM 101")],
        statements=list(statements(campaign, result)),
        environment=[
            CertifiedQuantity(
                "temperature", "temperature of the surroundings", surroundings.value, "K", u=surroundings.u
            )
        ],
        quantities=[_quantity(derived, wide[derived.key]) for derived in main],
        correlation=_correlations(main, adjustment),
        inputs=list(_inputs(campaign)),
        validity=list(_validity(result)),
    )


def _inputs(campaign: Campaign) -> Iterator[InputFile]:
    for name, record in campaign.records.items():
        if record.sha256:  # records made in memory have no file
            yield InputFile(campaign.document.experiments[name].data, record.sha256)


def _quantity(derived: Derived, row: Sequence[object]) -> CertifiedQuantity:
    _, k, probability, dof = row
    return CertifiedQuantity(
        key=derived.key,
        name=derived.key.replace("_", " "),
        value=derived.value,
        unit=derived.unit,
        u=derived.u,
        k=float(str(k)),
        probability=float(str(probability)),
        distribution="normal" if dof is None else "t",
        description=derived.description,
    )


def _correlations(main: Sequence[Derived], adjustment: Adjustment) -> list[list[float]]:
    def coefficient(first: Derived, second: Derived) -> float:
        return 1.0 if first is second else float(np.clip(correlation_of(first, second, adjustment), -1, 1))

    return [[coefficient(first, second) for second in main] for first in main]


def _validity(result: Result) -> Iterator[ValidityRange]:
    for name, unit, low, high in rows_of(result.tables["validity_range"], "range", "unit", "low", "high"):
        yield ValidityRange(str(name), float(str(low)), float(str(high)), str(unit))
