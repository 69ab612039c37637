"""What a calibration certificate says, free of how it was computed and of how it is written down."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from thermonet.calibration.d_si import d_si_unit
from thermonet.quantities.errors import PhysicsError

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_COUNTRY = re.compile(r"[A-Z]{2}")
_SHA256 = re.compile(r"[0-9a-f]{64}")

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
        check_text("name of a contact", self.name)
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
        check_text("name of the item", self.name)
        check_text("identifier of the item", self.identifier)


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
        check_text("name of a method", self.name)


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
        check_text(f"name of '{self.key}'", self.name)
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
        check_text("name of a validity range", self.name)
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
        check_text("name of an input file", self.name)
        if not _SHA256.fullmatch(self.sha256):
            raise PhysicsError(f"the SHA-256 of '{self.name}' must be 64 hexadecimal digits, got '{self.sha256}'")


@dataclass(frozen=True)
class Attachment:
    """A file that travels inside the certificate."""

    name: str
    mime_type: str
    content: bytes

    def __post_init__(self) -> None:
        check_text("name of the attached file", self.name)
        check_text("type of the attached file", self.mime_type)


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
            check_text(f"{what} of the certificate", text)
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


def check_text(what: str, text: str) -> None:
    """Refuse a text that says nothing."""
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
