"""Where R_J >> R_P holds: the bias of Q_P over all junctions and substrates that the probe may meet.

The method takes ``dT_TC / R_P`` for the heat in the probe, as if no heat crossed the junction. By how much that is
wrong depends on R_J, on R_S and on the fraction f of the heat that the probe gets (`thermonet.network.contact`). It
matters where it exceeds what is uncertain anyway: the relative uncertainty of R_P.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermonet.network.contact import ContactNetwork
from thermonet.quantities.inputs import Input
from thermonet.results.record import Column, Table
from thermonet.studies.answers import SolvedProbe
from thermonet.studies.contact import Contact
from thermonet.system.core import Vector
from thermonet.system.steady import resistance_matrix

#: Junctions from a large metallic contact to a molecule [K/W], five per decade, and substrates relative to R_P.
JUNCTIONS = np.geomspace(1e5, 1e11, 31)
RATIOS = np.linspace(0.0, 3.0, 13)
#: Substrates for which the least R_J is told, relative to R_P.
_LINE = np.linspace(0.0, 3.0, 61)
#: More of them where the two ends of f change places: there the two halves cancel, and all lines turn.
_NEAR_TURN = np.concatenate([-np.geomspace(0.03, 1e-3, 5), [0.0], np.geomspace(1e-3, 0.03, 5)])
#: Divisions of the heat for which it is told, and their fractions f; the worst is one of the ends.
DIVISIONS = {"worst": (0.0, 1.0), "all_in_probe": (1.0,), "half": (0.5,)}


@dataclass(frozen=True, slots=True)
class ContactResponses:
    """What a probe answers at its thermocouple (T) and contact (c) to heat at the contact and from its source (s).

    The names of the attributes are those of the arguments of `thermonet.network.contact.field_bias` [K/W]: Z_cc, Z_Tc,
    Z_Ts and Z_cs.
    """

    contact_resistance: float
    contact_transfer: float
    source_transfer: float
    source_to_contact: float

    def bias(self, junction: Vector, substrate: Vector, fraction: float) -> Vector:
        """Bias of Q_P relative to Q_Total, as `field_bias`, for arrays of R_J and R_S [K/W] that broadcast."""
        crossing = self._driving(substrate, fraction) / (junction + self.contact_resistance + substrate)
        return np.asarray(-self.contact_transfer / self.source_transfer * crossing)

    def worst_bias(self, junction: Vector, substrate: Vector) -> Vector:
        """Bias of largest magnitude over all fractions in 0..1: linear in these, it is that of one of the ends."""
        none, all_of_it = (self.bias(junction, substrate, fraction) for fraction in (0.0, 1.0))
        return np.where(np.abs(all_of_it) > np.abs(none), all_of_it, none)

    def least_junction(self, substrate: Vector, division: str, allowed: float) -> Vector:
        """R_J [K/W] from which on the bias of a division of the heat stays within +-`allowed`; zero if for any."""
        driving = [np.abs(self._driving(substrate, fraction)) for fraction in DIVISIONS[division]]
        largest = self.contact_transfer / self.source_transfer * np.max(driving, axis=0)
        return np.maximum(largest / allowed - self.contact_resistance - substrate, 0.0)

    def _driving(self, substrate: Vector, fraction: float) -> Vector:
        """Temperature across the open junction per watt of all heat [K/W]."""
        return np.asarray(self.source_to_contact * fraction - substrate * (1 - fraction))


def field_responses(solved: SolvedProbe) -> ContactResponses:
    """Responses of a solved probe, by its small model: with them R_J and R_S are joined to the field itself."""
    system = solved.small
    if "contact" not in system.sources:
        system = system.with_source("contact", system.sensors["contact"])
    held = system.hold(solved.model.ground)
    (seen_contact, seen_source), (contact, source) = resistance_matrix(
        held, ["thermocouple", "contact"], ["contact", "apex"]
    )
    return ContactResponses(float(contact), float(seen_contact), float(seen_source), float(source))


def lumped_responses(network: ContactNetwork) -> ContactResponses:
    """Responses of the lumped network R_P, R_a."""
    apex, probe = network.apex_resistance, network.probe_resistance
    return ContactResponses(apex, probe, probe, apex)


@dataclass(frozen=True)
class JunctionMap:
    """The bias of Q_P relative to Q_Total over R_J and R_S / R_P, and where it equals the uncertainty of R_P.

    Attributes
    ----------
    probe_resistance
        R_P [K/W].
    junctions, ratios
        R_J [K/W] (n,) and R_S / R_P (m,).
    worst, at_one, at_half
        Worst over f = Q_P / Q_Total in 0..1, for f = 1 and for f = 1/2; R_J and R_S joined to the field (n, m).
    lumped
        The worst by the lumped network (n, m).
    field
        What the probe answers.
    relative_u
        Of R_P: u(R_P) / R_P; None where no input of it is uncertain.
    measured
        Whether that is the measured R_P's, not the predicted one's.
    line
        R_S / R_P (k,) along a line, with the place where the two ends of f change places.
    here, limit
        R_J [K/W] and R_S / R_P of the design itself, and the least R_J for its substrate [K/W].
    """

    probe_resistance: float
    junctions: Vector
    ratios: Vector
    worst: Vector
    at_one: Vector
    at_half: Vector
    lumped: Vector
    field: ContactResponses
    relative_u: float | None
    measured: bool
    line: Vector
    here: tuple[float, float]
    limit: float | None

    def least_junction(self, division: str, allowed: float) -> Vector:
        """R_J [K/W] along the line where the bias equals `allowed` by magnitude; zero where no R_J is too small."""
        return self.field.least_junction(self.line * self.probe_resistance, division, allowed)


def junction_map(solved: SolvedProbe, contact: Contact, *, measured: Input | None, predicted_u: float) -> JunctionMap:
    """Map the bias of a studied probe.

    Parameters
    ----------
    solved, contact
        The probe, and the network around its contact.
    measured
        Measured R_P, if the design states one: its uncertainty is what a measurement with it has.
    predicted_u
        u(R_P) of the prediction [K/W], where nothing was measured.
    """
    probe = contact.network.probe_resistance
    field = field_responses(solved)
    junction, substrate = np.meshgrid(JUNCTIONS, RATIOS * probe, indexing="ij")
    known = measured is not None and measured.u > 0
    allowed = measured.u / measured.value if measured is not None and known else predicted_u / probe
    turn = field.source_to_contact / probe
    near = np.union1d(_LINE, turn * (1 + _NEAR_TURN))
    line = near[near <= _LINE[-1]]
    here = contact.network.substrate_resistance
    return JunctionMap(
        probe_resistance=probe,
        junctions=JUNCTIONS,
        ratios=RATIOS,
        worst=field.worst_bias(junction, substrate),
        at_one=field.bias(junction, substrate, 1.0),
        at_half=field.bias(junction, substrate, 0.5),
        lumped=lumped_responses(contact.network).worst_bias(junction, substrate),
        field=field,
        relative_u=allowed or None,
        measured=known,
        line=line,
        here=(contact.network.junction_resistance, here / probe),
        limit=float(field.least_junction(np.array(here), "worst", allowed)) if allowed else None,
    )


def junction_map_table(found: JunctionMap) -> Table:
    """Bias over R_J and R_S / R_P, one line per pair."""
    junction, ratio = np.meshgrid(found.junctions, found.ratios, indexing="ij")
    columns = {
        "bias_worst": found.worst,
        "bias_all_in_probe": found.at_one,
        "bias_half": found.at_half,
        "bias_worst_lumped": found.lumped,
    }
    return {
        "junction_resistance": Column("K/W", junction.ravel().tolist()),
        "substrate_to_probe": Column("1", ratio.ravel().tolist()),
        **{name: Column("1", values.ravel().tolist()) for name, values in columns.items()},
    }


def junction_limit_table(found: JunctionMap) -> Table:
    """Least R_J for which taking it infinite biases Q_P by no more than the uncertainty of R_P."""
    least = (
        {} if found.relative_u is None else {name: found.least_junction(name, found.relative_u) for name in DIVISIONS}
    )
    return {
        "substrate_to_probe": Column("1", found.line.tolist()),
        **{f"junction_resistance_{name}": Column("K/W", values.tolist()) for name, values in least.items()},
    }
