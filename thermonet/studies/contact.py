"""The contact of a probe: R_J and R_S from the design, and whether heat through the junction may be neglected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from thermonet.documents.probe import ProbeDocument
from thermonet.network.contact import (
    ContactNetwork,
    bias,
    bias_gradient,
    verdict,
    wiedemann_franz_resistance,
    worst_bias,
)
from thermonet.network.spreading import disc_on_film
from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.formatting import percent
from thermonet.quantities.inputs import Input
from thermonet.results.record import Check
from thermonet.studies.answers import SolvedProbe
from thermonet.studies.design import reading_of
from thermonet.studies.values import Values
from thermonet.system.core import Vector
from thermonet.uncertainty.budget import Gradient, budget, combined

#: Stands in where a design states no R_J: the bound that Lee et al. give for all their junctions.
DEFAULT_JUNCTION = Input(
    value=1e7, unit="K/W", source="published lower bound of all junctions: Lee et al., Nature 498, 209 (2013)"
)
#: Stands in where a design states no R_S.
DEFAULT_SUBSTRATE = Input(value=0.0, unit="K/W", source="assumed: not stated, taken as an ideal heat sink")
DEFAULT_TOLERANCE = 0.01


def junction_resistance(document: ProbeDocument, values: Values) -> float:
    """R_J between the contact and the substrate [K/W]: stated, by Wiedemann and Franz, or the published bound."""
    entry = document.junction
    if entry.electrical_conductance is not None:
        conductance = values(entry.electrical_conductance, "junction.electrical_conductance", entry.source)
        return wiedemann_franz_resistance(conductance, values(document.temperature, "temperature", document.source))
    return values(entry.resistance or DEFAULT_JUNCTION, "junction.resistance", entry.source)


def substrate_resistance(document: ProbeDocument, values: Values) -> float:
    """R_S under the contact [K/W]: stated, or heat spreading in a film on a thick base."""
    entry, stack = document.substrate, document.substrate.stack
    if entry.resistance is not None or stack is None:
        return values(entry.resistance or DEFAULT_SUBSTRATE, "substrate.resistance", entry.source)
    build, path = reading_of(document, values), "substrate.stack"
    between = build.materials.boundary_conductance(stack.film.material, stack.base.material)
    source = stack.source or entry.source
    return disc_on_film(
        build.number(stack.source_radius, f"{path}.source_radius", source),
        build.number(stack.film.thickness, f"{path}.film.thickness", stack.film.source or source),
        build.conductivity(stack.film, f"{path}.film"),
        build.conductivity(stack.base, f"{path}.base"),
        None if between is None else values(between),
    )


@dataclass(frozen=True)
class Contact:
    """The lumped network of a study, and what it says of Q_P = Delta T / R_P.

    Attributes
    ----------
    network
        R_P, R_a, R_J, R_S.
    worst, at_one, at_half
        Bias of Q_P relative to Q_Total: the worst over all fractions, for f = 1 and for f = 1/2.
    field
        Bias for f = 1 with R_J and R_S joined to the field at the contact.
    gradient
        Derivative of the worst bias by every input.
    """

    network: ContactNetwork
    worst: float
    at_one: float
    at_half: float
    field: float
    gradient: Gradient


def contact_of(solved: SolvedProbe, resistances: tuple[float, float], gradients: Mapping[str, Gradient]) -> Contact:
    """Build the contact network from a study's own numbers.

    Parameters
    ----------
    solved
        The probe.
    resistances
        R_J and R_S [K/W].
    gradients
        Derivatives of 'probe_resistance', 'apex_resistance', 'junction_resistance' and 'substrate_resistance' by the
        inputs.

    Raises
    ------
    PhysicsError
        The thermocouple is warmer than the contact that heats it, which no passive tip can be.
    """
    probe, apex = solved.answers["probe_resistance"], solved.answers["apex_resistance"]
    if apex < probe:
        raise PhysicsError(f"the contact ({apex:g} K/W) must lie above the thermocouple ({probe:g} K/W)")
    network = ContactNetwork(
        probe_resistance=probe,
        access_resistance=apex - probe,
        junction_resistance=resistances[0],
        substrate_resistance=resistances[1],
    )
    worst = worst_bias(network)
    fraction = 1.0 if worst == bias(network, 1.0) else 0.0
    slopes = bias_gradient(network, fraction)
    by_quantity = {
        "probe_resistance": slopes.probe_resistance - slopes.access_resistance,
        "apex_resistance": slopes.access_resistance,
        "junction_resistance": slopes.junction_resistance,
        "substrate_resistance": slopes.substrate_resistance,
    }
    return Contact(
        network=network,
        worst=worst,
        at_one=bias(network, 1.0),
        at_half=bias(network, 0.5),
        field=_field_bias(solved, sum(resistances)),
        gradient=combined({key: (slope, gradients[key]) for key, slope in by_quantity.items()}),
    )


def _field_bias(solved: SolvedProbe, to_bath: float) -> float:
    """Bias for f = 1 with a resistance from the contact to the bath joined to the field itself."""
    small, ground = solved.small, solved.model.ground
    bath = np.zeros(small.size)
    bath[small.ports[ground]] = 1.0
    joined = small.with_resistance("R_J + R_S", _weights(solved), bath, to_bath)
    seen = float(joined.sensors["thermocouple"] @ joined.hold(ground).solve(joined.sources["apex"]))
    return seen / solved.answers["probe_resistance"] - 1


def _weights(solved: SolvedProbe) -> Vector:
    return solved.small.sensors["contact"]


def junction_check(contact: Contact, inputs: Mapping[str, Input], tolerance: float) -> Check:
    """Whether R_J >> R_P: |bias| + 2 u within the tolerance (yes), |bias| - 2 u beyond it (no), else undecided."""
    u = budget(contact.gradient, inputs).u
    holds = verdict(contact.worst, u, tolerance)
    word = {True: "holds", False: "does not hold", None: "is undecided"}[holds]
    share = "all heat in the probe" if contact.worst == contact.at_one else "all heat in the substrate"
    explanation = (
        f"R_J >> R_P {word}: taking R_J infinite biases Q_P by {percent(contact.worst)} of Q_Total in the worst case "
        f"({share}), u = {percent(u)}; for f = 1 by {percent(contact.at_one)}, "
        f"for f = 1/2 by {percent(contact.at_half)}. With R_J joined to the field itself at the contact f = 1 gives "
        f"{percent(contact.field)}; the lumped network differs from that by "
        f"{abs(contact.at_one - contact.field):.0e}"
    )
    return Check(holds=holds, value=contact.worst, u=u, threshold=tolerance, explanation=explanation)
