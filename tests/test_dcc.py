"""The digital calibration certificate: its structure, its numbers and units, and what it refuses to state."""

import base64
import dataclasses
import datetime as dt
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thermonet.calibration.certificate_data import (
    Attachment,
    CertificateData,
    CertifiedQuantity,
    Contact,
    InputFile,
    Item,
    Method,
    ValidityRange,
)
from thermonet.calibration.d_si import d_si_unit
from thermonet.calibration.dcc import certificate_xml
from thermonet.quantities.errors import PhysicsError

NAMES = {"dcc": "https://ptb.de/dcc", "si": "https://ptb.de/si"}
#: Children that the DCC 3.3.0 and D-SI 2.2.1 schemas allow where we write any, in the schemas' order; those with '!'
#: are mandatory. An 'all' group of the schema (administrativeData) is written in this order too.
CHILDREN = {
    "digitalCalibrationCertificate": "administrativeData! measurementResults! comment document",
    "administrativeData": "dccSoftware! coreData! items! calibrationLaboratory! respPersons! customer! statements",
    "dccSoftware": "software!",
    "usedSoftware": "software!",
    "software": "name! release! type description",
    "coreData": (
        "countryCodeISO3166_1! usedLangCodeISO639_1! mandatoryLangCodeISO639_1! uniqueIdentifier! identifications "
        "receiptDate beginPerformanceDate! endPerformanceDate! performanceLocation! issueDate"
    ),
    "items": "name description owner identifications item!",
    "item": "name! equipmentClass description owner installedSoftwares manufacturer model identifications!",
    "identifications": "identification!",
    "identification": "issuer! value! name",
    "calibrationLaboratory": "calibrationLaboratoryCode contact!",
    "contact": "name! eMail phone fax link location!",
    "customer": "name! eMail phone fax link location!",
    "manufacturer": "name! eMail phone fax link location",
    "location": "city countryCode postCode",
    "respPersons": "respPerson!",
    "respPerson": "person! description role mainSigner",
    "person": "name! eMail phone",
    "statements": "statement!",
    "statement": "name description convention norm reference declaration valid date data",
    "measurementResults": "measurementResult!",
    "measurementResult": (
        "name! description usedMethods usedSoftware measuringEquipments influenceConditions results! "
        "measurementMetaData"
    ),
    "usedMethods": "usedMethod!",
    "usedMethod": "name! description norm reference link",
    "influenceConditions": "influenceCondition!",
    "influenceCondition": "name! description status certificate data!",
    "results": "result!",
    "result": "name! description data!",
    "data": "quantity!",
    "quantity": "name description real! relativeUncertainty",
    "real": "label quantityTypeQUDT value! unit! significantDigit dateTime measurementUncertaintyUnivariate",
    "measurementUncertaintyUnivariate": "expandedMU!",
    "expandedMU": "valueExpandedMU! coverageFactor! coverageProbability! distribution",
    "measurementMetaData": "metaData!",
    "metaData": "name description countryCodeISO3166_1 convention traceable norm reference declaration",
    "document": "name description fileName! mimeType! dataBase64!",
    "name": "content!",
    "description": "content!",
    "declaration": "content!",
}
#: Patterns of the schemas' simple types.
NUMBER = r"[-+]?((\d*\.\d+)|(\d+\.\d*)|(\d+\.?))([Ee][-+]?\d+)?"
PATTERNS = {
    "value": rf"{NUMBER}|\S.*",
    "valueExpandedMU": NUMBER.removeprefix("[-+]?"),
    "coverageFactor": r"([1-9]\d*\.\d*)|([1-9]\d*)",
    "coverageProbability": r"(0(\.\d*)?)|(1(\.0*)?)",
    "unit": r"(\\[a-z]+(\\tothe\{-?[\d.]+\})?)+",
    "countryCode": "[A-Z]{2}",
    "countryCodeISO3166_1": "[A-Z]{2}",
    "issuer": "manufacturer|calibrationLaboratory|customer|owner|other",
    "type": "application|bios|driver|editor|firmware|library|os|other",
    "mainSigner": "true|false",
}

SEEBECK = CertifiedQuantity(
    "seebeck_coefficient",
    "Seebeck coefficient",
    16.3e-6,
    "V/K",
    u=0.11e-6,
    k=2.13,
    probability=0.9545,
    distribution="t",
)
RESISTANCE = CertifiedQuantity("probe_resistance", "Thermal resistance of the probe", 7.28e4, "K/W", u=500.0)
LABORATORY = Contact("Laboratory of Small Heat", "CH", "Zurich", "lab@example.org")
CERTIFICATE = CertificateData(
    identifier="2024-001",
    begin=dt.date(2024, 5, 2),
    end=dt.date(2024, 5, 3),
    issued=dt.date(2024, 5, 6),
    item=Item("Scanning probe", "P-17", "Workshop", "Au-Cr", "Gold-chromium junction in the apex"),
    laboratory=LABORATORY,
    customer=Contact("Customer", "DE"),
    responsible=("A. First", "B. Second"),
    software="thermonet",
    software_version="0.1.0",
    quantities=(SEEBECK, RESISTANCE),
    methods=(Method("Expanded uncertainty", "U = k u", "JCGM 100:2008"),),
    statements=("The results hold at the time of calibration.",),
    environment=(CertifiedQuantity("pressure", "Residual pressure < 1 & falling", 1e-4, "Pa"),),
    correlation=((1.0, -0.93), (-0.93, 1.0)),
    inputs=(InputFile("heated probe.csv", "0123456789abcdef" * 4),),
    validity=(ValidityRange("temperature of the sample", 290.0, 310.0, "K"),),
    document=Attachment("certificate.html", "text/html", b"<p>16.3 uV/K</p>"),
)


def parsed(data):
    return ET.fromstring(certificate_xml(data))


def local(element):
    return element.tag.rpartition("}")[2]


def assert_structure(element):
    """Every element's children are allowed, in the schema's order and complete; every text fits its type."""
    children = [local(child) for child in element]
    allowed = CHILDREN.get(local(element), "").split()
    names = [name.rstrip("!") for name in allowed]
    positions = [names.index(child) for child in children]
    assert positions == sorted(positions), f"{local(element)}: {children}"
    assert {name.rstrip("!") for name in allowed if name.endswith("!")} <= set(children), local(element)
    if not children:
        assert element.text, local(element)
        assert re.fullmatch(PATTERNS.get(local(element), r"\S.*"), element.text), element.text
    for child in element:
        assert_structure(child)


@pytest.mark.parametrize(
    "data",
    [
        CERTIFICATE,
        dataclasses.replace(
            CERTIFICATE,
            item=Item("Probe", "1"),
            quantities=(RESISTANCE,),
            methods=(),
            statements=(),
            environment=(),
            correlation=None,
            inputs=(),
            validity=(),
            issued=None,
            document=None,
        ),
    ],
    ids=["full", "least"],
)
def test_structure_is_that_of_the_schema(data):
    """Elements, their order and the mandatory ones are those of DCC 3.3.0, with all parts and with the least."""
    root = parsed(data)
    assert root.tag == f"{{{NAMES['dcc']}}}digitalCalibrationCertificate"
    assert root.get("schemaVersion") == "3.3.0"
    assert_structure(root)


def test_a_result_states_value_unit_and_expanded_uncertainty():
    """S = 16.3 uV/K with u = 0.11 uV/K and k = 2.13 gives U = 0.2343 uV/K at 95.45 %."""
    real = parsed(CERTIFICATE).find(".//dcc:quantity[@id='seebeck_coefficient']/si:real", NAMES)
    assert float(real.findtext("si:value", namespaces=NAMES)) == 16.3e-6
    assert real.findtext("si:unit", namespaces=NAMES) == r"\volt\kelvin\tothe{-1}"
    expanded = real.find("si:measurementUncertaintyUnivariate/si:expandedMU", NAMES)
    found = {local(part): part.text for part in expanded}
    assert found == {
        "valueExpandedMU": "2.343e-07",
        "coverageFactor": "2.13",
        "coverageProbability": "0.9545",
        "distribution": "t",
    }


def test_a_condition_without_uncertainty_states_none():
    """A value that nothing is known about carries no invented uncertainty."""
    condition = parsed(CERTIFICATE).find(".//dcc:influenceCondition", NAMES)
    assert condition.find(".//si:measurementUncertaintyUnivariate", NAMES) is None
    assert condition.findtext("dcc:name/dcc:content", namespaces=NAMES) == "Residual pressure < 1 & falling"


def test_correlation_points_to_the_two_results():
    """The coefficient refers to the identifiers of both quantities, which exist in the document."""
    root = parsed(CERTIFICATE)
    (pair,) = root.findall(".//dcc:quantity[@refId]", NAMES)
    identifiers = {element.get("id") for element in root.iter() if element.get("id")}
    assert set(pair.get("refId").split()) == {"seebeck_coefficient", "probe_resistance"} <= identifiers
    assert float(pair.findtext("si:real/si:value", namespaces=NAMES)) == -0.93


def test_files_and_ranges_are_traceable():
    """Input files come with their hash, ranges with both ends, the attached certificate with every byte."""
    root = parsed(CERTIFICATE)
    assert root.findtext(".//dcc:metaData/dcc:reference", namespaces=NAMES) == CERTIFICATE.inputs[0].sha256
    ends = root.findall(".//dcc:statement[@refType='basic_validityRange']//si:value", NAMES)
    assert [float(end.text) for end in ends] == [290.0, 310.0]
    content = root.findtext("dcc:document/dcc:dataBase64", namespaces=NAMES)
    assert base64.b64decode(content) == CERTIFICATE.document.content


def test_same_data_same_text():
    """Nothing of the clock or of a hash seed is in the text."""
    assert certificate_xml(CERTIFICATE) == certificate_xml(dataclasses.replace(CERTIFICATE))


@settings(max_examples=100, deadline=None)
@given(
    value=st.floats(allow_nan=False, allow_infinity=False),
    u=st.floats(1e-300, 1e300),
    k=st.floats(1, 1e3),
    probability=st.floats(1e-6, 1),
)
def test_every_number_is_written_as_the_schema_asks(value, u, k, probability):
    """Values survive unchanged; coverage factors and probabilities have no exponent."""
    quantity = dataclasses.replace(RESISTANCE, value=value, u=u, k=k, probability=probability)
    root = parsed(dataclasses.replace(CERTIFICATE, quantities=(quantity,), correlation=None))
    assert_structure(root)
    real = root.find(".//dcc:result//si:real", NAMES)
    assert float(real.findtext("si:value", namespaces=NAMES)) == value
    assert float(real.findtext(".//si:valueExpandedMU", namespaces=NAMES)) == pytest.approx(k * u, rel=1e-14)
    assert float(real.findtext(".//si:coverageFactor", namespaces=NAMES)) == pytest.approx(k, abs=1e-10)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("1", r"\one"),
        ("K", r"\kelvin"),
        ("K/W", r"\kelvin\watt\tothe{-1}"),
        ("V/W", r"\volt\watt\tothe{-1}"),
        ("W/m^2/K", r"\watt\metre\tothe{-2}\kelvin\tothe{-1}"),
        ("V/Hz^0.5", r"\volt\hertz\tothe{-0.5}"),
        ("ohm*m", r"\ohm\metre"),
        ("1/K", r"\kelvin\tothe{-1}"),
        ("K/K", r"\one"),
        (r"\milli\volt", r"\milli\volt"),
    ],
)
def test_units_in_the_notation_of_d_si(unit, expected):
    """Names of the SI brochure, each with its power."""
    assert d_si_unit(unit) == expected


def changed(**entries):
    return dataclasses.replace(CERTIFICATE, **entries)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: d_si_unit("furlong"), "'furlong' is not a unit that a certificate can state"),
        (lambda: d_si_unit(""), "'' is not a unit that a certificate can state"),
        (lambda: Contact("", "DE"), "the name of a contact must not be empty"),
        (lambda: Contact("Lab", "Germany"), "'Germany' is not a country code, expected two capital letters"),
        (lambda: Item("Probe", " "), "the identifier of the item must not be empty"),
        (lambda: Method(""), "the name of a method must not be empty"),
        (lambda: dataclasses.replace(SEEBECK, key="S TC"), "the key 'S TC' must be made of letters"),
        (lambda: dataclasses.replace(SEEBECK, value=float("nan")), "the value of 'seebeck_coefficient' must be finite"),
        (
            lambda: dataclasses.replace(SEEBECK, u=-1.0),
            "the standard uncertainty of 'seebeck_coefficient' must be zero",
        ),
        (
            lambda: dataclasses.replace(SEEBECK, k=0.5),
            "the coverage factor of 'seebeck_coefficient' must be at least 1",
        ),
        (lambda: dataclasses.replace(SEEBECK, probability=95.0), "the coverage probability of 'seebeck_coefficient'"),
        (lambda: ValidityRange("T", 310.0, 290.0, "K"), "the validity range of 'T' must have finite ends"),
        (lambda: InputFile("a.csv", "abc"), "the SHA-256 of 'a.csv' must be 64 hexadecimal digits, got 'abc'"),
        (lambda: Attachment("a.html", "", b""), "the type of the attached file must not be empty"),
        (lambda: changed(identifier=""), "the identifier of the certificate must not be empty"),
        (lambda: changed(responsible=()), "a certificate needs at least one responsible person"),
        (lambda: changed(quantities=()), "a certificate needs at least one quantity"),
        (lambda: changed(begin=dt.date(2024, 6, 1)), "the measurements must begin before they end"),
        (lambda: changed(environment=(SEEBECK,)), "every key must occur once, got seebeck_coefficient, probe_resist"),
        (lambda: changed(correlation=((1.0,),)), "the correlation of 2 quantities is a 2 x 2 matrix"),
        (
            lambda: changed(correlation=((1.0, 0.5), (0.4, 1.0))),
            "the correlation of the quantities must be a symmetric 2 x 2 matrix of -1 to 1 with ones on its diagonal",
        ),
        (lambda: certificate_xml(changed(statements=("bell \x07",))), "has a character that XML cannot carry"),
        (lambda: certificate_xml(changed(statements=("  ",))), "the text of 'dcc:content' must not be empty"),
    ],
)
def test_what_a_certificate_cannot_state_is_refused(call, message):
    """Each refusal names the part and what would be right."""
    with pytest.raises(PhysicsError) as refused:
        call()
    assert message in str(refused.value)
