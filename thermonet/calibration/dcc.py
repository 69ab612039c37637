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
import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

from thermonet.quantities.errors import PhysicsError

SCHEMA_VERSION = "3.3.0"
_NAMESPACES = {
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xmlns:dcc": "https://ptb.de/dcc",
    "xmlns:si": "https://ptb.de/si",
    "xsi:schemaLocation": f"https://ptb.de/dcc https://ptb.de/dcc/v{SCHEMA_VERSION}/dcc.xsd",
}
_LANGUAGE = "en"
#: D-SI names of the units that this package writes, BIPM SI brochure (9th edition).
_UNITS = {
    "1": "one", "m": "metre", "kg": "kilogram", "s": "second", "A": "ampere", "K": "kelvin", "mol": "mole",
    "cd": "candela", "rad": "radian", "Hz": "hertz", "N": "newton", "Pa": "pascal", "J": "joule", "W": "watt",
    "C": "coulomb", "V": "volt", "F": "farad", "ohm": "ohm", "Ω": "ohm", "S": "siemens", "degC": "degreecelsius",
}  # fmt: skip
_FACTOR = re.compile(r"(?P<symbol>[A-Za-zΩ]+|1)(?:\^(?P<power>-?\d+(?:\.\d+)?))?")
_D_SI = re.compile(r"(?:\\[a-z]+(?:\\tothe\{-?\d+(?:[._]\d+)?\})?)+")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_COUNTRY = re.compile(r"[A-Z]{2}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
#: What XML 1.0 cannot carry.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

PerformanceLocation = Literal["laboratory", "customer", "laboratoryBranch", "customerBranch", "other"]


@dataclass(frozen=True)
class Contact:
    """A laboratory, a customer or a manufacturer.

    Attributes
    ----------
    name
        Of the organization or person.
    country
        Two letters of ISO 3166-1.
    city, e_mail
        Left out where empty.
    """

    name: str
    country: str
    city: str = ""
    e_mail: str = ""

    def __post_init__(self) -> None:
        _check_text("name of a contact", self.name)
        _check_country(self.country)


@dataclass(frozen=True)
class Item:
    """What was calibrated.

    Attributes
    ----------
    name
        What it is.
    identifier
        Serial number or inventory number.
    manufacturer, model, description
        Left out where empty.
    """

    name: str
    identifier: str
    manufacturer: str = ""
    model: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        _check_text("name of the item", self.name)
        _check_text("identifier of the item", self.identifier)


@dataclass(frozen=True)
class Method:
    """A procedure that led to the results.

    Attributes
    ----------
    name
        In a few words.
    description
        In a few sentences.
    norm
        Standard or guide that it follows, left out where empty.
    """

    name: str
    description: str = ""
    norm: str = ""

    def __post_init__(self) -> None:
        _check_text("name of a method", self.name)


@dataclass(frozen=True)
class CertifiedQuantity:
    """A result, or a condition of the measurement, with its expanded uncertainty.

    Attributes
    ----------
    key
        Short name, unique in the certificate and valid as an XML identifier.
    name
        In words.
    value
        In `unit`.
    unit
        Coherent SI unit such as "V/K", or one in the notation of D-SI.
    u
        Standard uncertainty in `unit`; zero where none is stated.
    k
        Coverage factor, at least 1.
    probability
        Of the coverage interval ``value ± k u``.
    distribution
        From which `k` was found, e.g. "normal" or "t".
    description
        More words, left out where empty.
    """

    key: str
    name: str
    value: float
    unit: str
    u: float = 0.0
    k: float = 2.0
    probability: float = 0.95
    distribution: str = "normal"
    description: str = ""

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise PhysicsError(f"the key '{self.key}' must be made of letters, digits, '_', '.' and '-'")
        _check_text(f"name of '{self.key}'", self.name)
        if not math.isfinite(self.value):
            raise PhysicsError(f"the value of '{self.key}' must be finite, got {self.value}")
        if not 0 <= self.u < math.inf:
            raise PhysicsError(f"the standard uncertainty of '{self.key}' must be zero or positive, got {self.u}")
        if not 1 <= self.k < math.inf:
            raise PhysicsError(f"the coverage factor of '{self.key}' must be at least 1, got {self.k}")
        if not 0 < self.probability <= 1:
            raise PhysicsError(f"the coverage probability of '{self.key}' must be 0 to 1, got {self.probability}")
        d_si_unit(self.unit)

    @property
    def expanded_uncertainty(self) -> float:
        """U = k u, in the unit of the value."""
        return self.k * self.u


@dataclass(frozen=True)
class ValidityRange:
    """Conditions for which the results hold, from `lowest` to `highest` in `unit`."""

    name: str
    lowest: float
    highest: float
    unit: str

    def __post_init__(self) -> None:
        _check_text("name of a validity range", self.name)
        if not -math.inf < self.lowest <= self.highest < math.inf:
            raise PhysicsError(
                f"the validity range of '{self.name}' must have finite ends, the lowest first, "
                f"got {self.lowest} to {self.highest}"
            )
        d_si_unit(self.unit)


@dataclass(frozen=True)
class InputFile:
    """A file that the results were computed from, with the SHA-256 of its content in hexadecimal digits."""

    name: str
    sha256: str

    def __post_init__(self) -> None:
        _check_text("name of an input file", self.name)
        if not _SHA256.fullmatch(self.sha256):
            raise PhysicsError(f"the SHA-256 of '{self.name}' must be 64 hexadecimal digits, got '{self.sha256}'")


@dataclass(frozen=True)
class Attachment:
    """A file that travels inside the certificate."""

    name: str
    mime_type: str
    content: bytes

    def __post_init__(self) -> None:
        _check_text("name of the attached file", self.name)
        _check_text("type of the attached file", self.mime_type)


@dataclass(frozen=True, kw_only=True)
class CertificateData:
    """All that a digital calibration certificate says, free of how it was computed.

    Attributes
    ----------
    identifier
        Of the certificate, unique in the world by intent.
    begin, end
        First and last day of the measurements.
    issued
        Day of issue; none where it is left open.
    location
        Where the measurements were made.
    item, laboratory, customer
        What was calibrated, by whom and for whom.
    responsible
        Names of the persons responsible, the main signer first.
    software, software_version
        That made the results and the certificate.
    methods
        At least that of the uncertainty.
    statements
        Sentences on traceability, conformity and limits.
    environment
        Conditions of the measurement.
    quantities
        The results.
    correlation
        Of the quantities' uncertainties, a symmetric matrix in their order; none where they are not known.
    inputs, validity
        Files with their SHA-256, and ranges for which the results hold.
    document
        The certificate for people, attached.
    """

    identifier: str
    begin: dt.date
    end: dt.date
    item: Item
    laboratory: Contact
    customer: Contact
    responsible: Sequence[str]
    software: str
    software_version: str
    quantities: Sequence[CertifiedQuantity]
    methods: Sequence[Method] = ()
    statements: Sequence[str] = ()
    environment: Sequence[CertifiedQuantity] = ()
    correlation: Sequence[Sequence[float]] | None = None
    inputs: Sequence[InputFile] = ()
    validity: Sequence[ValidityRange] = ()
    issued: dt.date | None = None
    location: PerformanceLocation = "laboratory"
    document: Attachment | None = None

    def __post_init__(self) -> None:
        texts = {"identifier": self.identifier, "software": self.software, "software version": self.software_version}
        for what, text in texts.items():
            _check_text(f"{what} of the certificate", text)
        for what, entries in (("responsible person", self.responsible), ("quantity", self.quantities)):
            if not entries:
                raise PhysicsError(f"a certificate needs at least one {what}")
        if self.begin > self.end or (self.issued is not None and self.issued < self.end):
            raise PhysicsError("the measurements must begin before they end, and end before the certificate is issued")
        keys = [quantity.key for quantity in (*self.quantities, *self.environment)]
        if len(set(keys)) < len(keys):
            raise PhysicsError(f"every key must occur once, got {', '.join(keys)}")
        if self.correlation is not None:
            _check_correlation(self.correlation, len(self.quantities))


def d_si_unit(unit: str) -> str:
    r"""Unit in the notation of D-SI.

    Parameters
    ----------
    unit
        Symbols of coherent SI units with powers, joined by "*" and "/", "1" for a plain number; D-SI is left alone.

    Raises
    ------
    PhysicsError
        A symbol that is not known, or no unit at all.

    Examples
    --------
    >>> print(d_si_unit("V/K"), d_si_unit("W/m/K"), d_si_unit("V/Hz^0.5"), d_si_unit("1"))
    \volt\kelvin\tothe{-1} \watt\metre\tothe{-1}\kelvin\tothe{-1} \volt\hertz\tothe{-0.5} \one
    """
    if _D_SI.fullmatch(unit):
        return unit
    powers: dict[str, float] = {}
    for sign, part in re.findall(r"(^|[*/])([^*/]*)", unit):
        factor = _FACTOR.fullmatch(part)
        if factor is None or factor["symbol"] not in _UNITS:
            raise PhysicsError(f"'{unit}' is not a unit that a certificate can state, expected one such as 'V/K'")
        name, power = _UNITS[factor["symbol"]], float(factor["power"] or 1)
        powers[name] = powers.get(name, 0.0) + (-power if sign == "/" else power)
    written = "".join(_power(name, power) for name, power in powers.items() if name != "one" and power)
    return written or r"\one"


def _power(name: str, power: float) -> str:
    return f"\\{name}" if power == 1 else f"\\{name}\\tothe{{{power:g}}}"


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
        _check_text(f"text of '{tag}'", text)
        element.text = " ".join(text.split())
    return element


def _without_exponent(number: float) -> str:
    """Coverage factors and probabilities have no exponent in D-SI."""
    return f"{number:.10f}".rstrip("0").rstrip(".")


def _check_text(what: str, text: str) -> None:
    if not text.strip():
        raise PhysicsError(f"the {what} must not be empty")


def _check_country(country: str) -> None:
    if not _COUNTRY.fullmatch(country):
        raise PhysicsError(
            f"'{country}' is not a country code, expected two capital letters of ISO 3166-1 such as 'DE'"
        )


def _check_correlation(correlation: Sequence[Sequence[float]], count: int) -> None:
    shape = f"{count} x {count} matrix"
    if len(correlation) != count or any(len(row) != count for row in correlation):
        raise PhysicsError(f"the correlation of {count} quantities is a {shape}")
    for i, row in enumerate(correlation):
        for j, coefficient in enumerate(row):
            fits = -1 <= coefficient <= 1 and math.isclose(coefficient, correlation[j][i], abs_tol=1e-12)
            if not fits or (i == j and not math.isclose(coefficient, 1.0, abs_tol=1e-9)):
                raise PhysicsError(
                    f"the correlation of the quantities must be a symmetric {shape} of -1 to 1 with ones on its "
                    f"diagonal, got {coefficient} in row {i + 1}, column {j + 1}"
                )
