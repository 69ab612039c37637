"""A calibration certificate that machines read: the Digital Calibration Certificate (DCC) of PTB, version 3.3.0.

The XML follows the DCC schema 3.3.0 (namespace ``https://ptb.de/dcc``) with quantities in D-SI 2.2.1 (namespace
``https://ptb.de/si``, DOI 10.5281/zenodo.3366901). Of their many optional parts it uses:

==========================  ==========================================================================================
administrativeData          software, core data, one item, laboratory, responsible persons, customer, statements
statements                  one per text, and one per validity range, with its ends as quantities
usedMethods                 name, description and standard of each method
influenceConditions         one per environmental condition
results                     the quantities, each with expanded uncertainty; their correlation coefficients
measurementMetaData         the input files, with SHA-256 of each
document                    the certificate for people, as an attached file
==========================  ==========================================================================================
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from thermonet.calibration.certificate_data import (
    Attachment,
    CertificateData,
    CertifiedQuantity,
    Contact,
    InputFile,
    Item,
    Method,
    ValidityRange,
    check_text,
)
from thermonet.calibration.d_si import d_si_unit
from thermonet.quantities.errors import PhysicsError

SCHEMA_VERSION = "3.3.0"
_NAMESPACES = {
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xmlns:dcc": "https://ptb.de/dcc",
    "xmlns:si": "https://ptb.de/si",
    "xsi:schemaLocation": f"https://ptb.de/dcc https://ptb.de/dcc/v{SCHEMA_VERSION}/dcc.xsd",
}
_LANGUAGE = "en"
#: What XML 1.0 cannot carry.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def certificate_xml(data: CertificateData) -> str:
    """The Digital Calibration Certificate as XML text; the same data gives the same text.

    It is not signed: a signature or seal is the laboratory's, over the text as it stands.
    """
    root = ET.Element("dcc:digitalCalibrationCertificate", {**_NAMESPACES, "schemaVersion": SCHEMA_VERSION})
    _administrative_data(root, data)
    _measurement_results(root, data)
    if data.document is not None:
        _attachment(_child(root, "document"), data.document)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _administrative_data(root: ET.Element, data: CertificateData) -> None:
    administrative = _child(root, "administrativeData")
    _software(_child(administrative, "dccSoftware"), data)
    _core_data(_child(administrative, "coreData"), data)
    _item(_child(_child(administrative, "items"), "item"), data.item)
    _contact(_child(_child(administrative, "calibrationLaboratory"), "contact"), data.laboratory)
    persons = _child(administrative, "respPersons")
    for position, name in enumerate(data.responsible):
        person = _child(persons, "respPerson")
        _text(_child(_child(person, "person"), "name"), name)
        _child(person, "mainSigner", "true" if position == 0 else "false")
    _contact(_child(administrative, "customer"), data.customer)
    if data.statements or data.validity:
        statements = _child(administrative, "statements")
        for text in data.statements:
            _text(_child(_child(statements, "statement"), "declaration"), text)
        for limits in data.validity:
            _validity(_child(statements, "statement", refType="basic_validityRange"), limits)


def _software(parent: ET.Element, data: CertificateData) -> None:
    software = _child(parent, "software")
    _text(_child(software, "name"), data.software)
    _child(software, "release", data.software_version)
    _child(software, "type", "application")


def _core_data(core: ET.Element, data: CertificateData) -> None:
    _child(core, "countryCodeISO3166_1", data.laboratory.country)
    _child(core, "usedLangCodeISO639_1", _LANGUAGE)
    _child(core, "mandatoryLangCodeISO639_1", _LANGUAGE)
    _child(core, "uniqueIdentifier", data.identifier)
    _child(core, "beginPerformanceDate", data.begin.isoformat())
    _child(core, "endPerformanceDate", data.end.isoformat())
    _child(core, "performanceLocation", data.location)
    if data.issued is not None:
        _child(core, "issueDate", data.issued.isoformat())


def _item(parent: ET.Element, item: Item) -> None:
    _text(_child(parent, "name"), item.name)
    _description(parent, item.description)
    if item.manufacturer:
        _text(_child(_child(parent, "manufacturer"), "name"), item.manufacturer)
    if item.model:
        _child(parent, "model", item.model)
    identification = _child(_child(parent, "identifications"), "identification")
    _child(identification, "issuer", "manufacturer" if item.manufacturer else "owner")
    _child(identification, "value", item.identifier)


def _contact(parent: ET.Element, contact: Contact) -> None:
    _text(_child(parent, "name"), contact.name)
    if contact.e_mail:
        _child(parent, "eMail", contact.e_mail)
    location = _child(parent, "location")
    if contact.city:
        _child(location, "city", contact.city)
    _child(location, "countryCode", contact.country)


def _validity(statement: ET.Element, limits: ValidityRange) -> None:
    _text(_child(statement, "declaration"), f"The results are valid for: {limits.name}")
    data = _child(statement, "data")
    ends = {"Min": ("Lower limit", limits.lowest), "Max": ("Upper limit", limits.highest)}
    for end, (name, value) in ends.items():
        quantity = _child(data, "quantity", refType=f"basic_validityRange{end}")
        _text(_child(quantity, "name"), name)
        _real(quantity, value, limits.unit)


def _measurement_results(root: ET.Element, data: CertificateData) -> None:
    measurement = _child(_child(root, "measurementResults"), "measurementResult")
    _text(_child(measurement, "name"), f"Calibration of {data.item.name}")
    if data.methods:
        methods = _child(measurement, "usedMethods")
        for method in data.methods:
            _method(_child(methods, "usedMethod"), method)
    _software(_child(measurement, "usedSoftware"), data)
    if data.environment:
        conditions = _child(measurement, "influenceConditions")
        for condition in data.environment:
            entry = _child(conditions, "influenceCondition")
            _text(_child(entry, "name"), condition.name)
            _quantity(_child(entry, "data"), condition)
    results = _child(measurement, "results")
    result = _child(results, "result")
    _text(_child(result, "name"), "Results")
    values = _child(result, "data")
    for quantity in data.quantities:
        _quantity(values, quantity, refType="basic_measuredValue")
    if data.correlation is not None and len(data.quantities) > 1:
        _correlations(_child(results, "result"), data.quantities, data.correlation)
    if data.inputs:
        files = _child(measurement, "measurementMetaData")
        for file in data.inputs:
            _input_file(_child(files, "metaData"), file)


def _method(parent: ET.Element, method: Method) -> None:
    _text(_child(parent, "name"), method.name)
    _description(parent, method.description)
    if method.norm:
        _child(parent, "norm", method.norm)


def _quantity(parent: ET.Element, quantity: CertifiedQuantity, **attributes: str) -> None:
    entry = _child(parent, "quantity", id=quantity.key, **attributes)
    _text(_child(entry, "name"), quantity.name)
    _description(entry, quantity.description)
    real = _real(entry, quantity.value, quantity.unit)
    if quantity.u == 0:
        return
    expanded = _si(_si(real, "measurementUncertaintyUnivariate"), "expandedMU")
    _si(expanded, "valueExpandedMU", f"{quantity.expanded_uncertainty:.15g}")
    _si(expanded, "coverageFactor", _without_exponent(quantity.k))
    _si(expanded, "coverageProbability", _without_exponent(quantity.probability))
    _si(expanded, "distribution", quantity.distribution)


def _correlations(
    result: ET.Element, quantities: Sequence[CertifiedQuantity], correlation: Sequence[Sequence[float]]
) -> None:
    """The upper triangle, each coefficient pointing to its two quantities."""
    _text(_child(result, "name"), "Correlation coefficients of the results")
    data = _child(result, "data")
    for row, first in enumerate(quantities):
        for column, second in enumerate(quantities[row + 1 :], row + 1):
            pair = _child(data, "quantity", refId=f"{first.key} {second.key}")
            _text(_child(pair, "name"), f"Correlation of {first.name} and {second.name}")
            _real(pair, correlation[row][column], "1")


def _input_file(entry: ET.Element, file: InputFile) -> None:
    _text(_child(entry, "name"), file.name)
    _text(_child(entry, "description"), "Input file, identified by the SHA-256 of its content")
    _child(entry, "convention", "SHA-256")
    _child(entry, "reference", file.sha256)


def _attachment(parent: ET.Element, file: Attachment) -> None:
    _child(parent, "fileName", file.name)
    _child(parent, "mimeType", file.mime_type)
    _child(parent, "dataBase64", base64.b64encode(file.content).decode("ascii"))


def _real(parent: ET.Element, value: float, unit: str) -> ET.Element:
    real = _si(parent, "real")
    _si(real, "value", repr(float(value)))
    _si(real, "unit", d_si_unit(unit))
    return real


def _description(parent: ET.Element, text: str) -> None:
    if text:
        _text(_child(parent, "description"), text)


def _text(parent: ET.Element, text: str) -> None:
    """Text in the one language of the certificate."""
    _child(parent, "content", text, lang=_LANGUAGE)


def _child(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    return _append(parent, f"dcc:{tag}", text, attributes)


def _si(parent: ET.Element, tag: str, text: str = "") -> ET.Element:
    return _append(parent, f"si:{tag}", text, {})


def _append(parent: ET.Element, tag: str, text: str, attributes: dict[str, str]) -> ET.Element:
    if _FORBIDDEN.search(text):
        raise PhysicsError(f"the text {text!r} has a character that XML cannot carry")
    element = ET.SubElement(parent, tag, attributes)
    if text:
        check_text(f"text of '{tag}'", text)
        element.text = " ".join(text.split())
    return element


def _without_exponent(number: float) -> str:
    """Coverage factors and probabilities have no exponent in D-SI."""
    return f"{number:.10f}".rstrip("0").rstrip(".")
