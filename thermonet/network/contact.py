"""The network around a contact between a probe and a substrate, and what it does to the measured heat.

Heat `Q_P` is released on the probe's side of the contact and `Q_S` on the substrate's. The thermocouple sits
between apex and bath, the junction between apex and substrate::

    bath --R_P-- thermocouple --R_a-- apex --R_J-- substrate --R_S-- bath
                                      Q_P          Q_S

The experiment takes ``Q = dT_TC / R_P`` for `Q_P`, which holds where no heat crosses the junction. With `J`
the heat from apex to substrate, the balance of the two nodes is ``dT_apex = (R_P + R_a)(Q_P - J)``, ``dT_S =
R_S (Q_S + J)`` and ``J R_J = dT_apex - dT_S``. Eliminating J gives every formula below; they are written in
``a = (R_P + R_a) / R_J`` and ``b = R_S / R_J``, so that an infinite junction resistance is the limit itself.
The method of measurement is that of Lee et al., Nature 498, 209 (2013), doi:10.1038/nature12183.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thermonet.quantities.constants import LORENZ_NUMBER
from thermonet.quantities.errors import PhysicsError

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactNetwork:
    """Four resistances around a contact [K/W].

    Attributes
    ----------
    probe_resistance
        R_P: thermocouple to bath.
    access_resistance
        R_a: apex to thermocouple; zero where the thermocouple reads the apex itself.
    junction_resistance
        R_J: apex to substrate; infinite where nothing crosses the gap.
    substrate_resistance
        R_S: substrate under the contact to bath; zero where the substrate is the bath.
    """

    probe_resistance: float
    access_resistance: float
    junction_resistance: float
    substrate_resistance: float

    def __post_init__(self) -> None:
        _require("probe_resistance", self.probe_resistance, zero=False)
        _require("access_resistance", self.access_resistance, zero=True)
        _require("junction_resistance", self.junction_resistance, zero=False, infinite=True)
        _require("substrate_resistance", self.substrate_resistance, zero=True)

    @property
    def apex_resistance(self) -> float:
        """Contact temperature per watt into the contact, the junction open: R_P + R_a [K/W]."""
        return self.probe_resistance + self.access_resistance

    @property
    def nodes(self) -> dict[str, str]:
        """Node of `graph` that stands for each place; a resistance of zero makes two places one node."""
        return {
            "apex": "apex" if self.access_resistance > 0 else "thermocouple",
            "thermocouple": "thermocouple",
            "substrate": "substrate" if self.substrate_resistance > 0 else "bath",
            "bath": "bath",
        }

    def elements(self) -> list[tuple[str, str, str, float]]:
        """Resistances that exist: (name, from, to, resistance [K/W]), between the nodes of `graph`."""
        at = self.nodes
        ends = {
            "probe": ("thermocouple", "bath", self.probe_resistance),
            "access": ("apex", "thermocouple", self.access_resistance),
            "junction": ("apex", "substrate", self.junction_resistance),
            "substrate": ("substrate", "bath", self.substrate_resistance),
        }
        return [(name, at[a], at[b], value) for name, (a, b, value) in ends.items() if 0 < value < math.inf]

    def graph(self) -> nx.MultiGraph[str]:
        """Graph of the elements ``probe``, ``access``, ``junction`` and ``substrate``, where they exist.

        Heat is positive from apex to thermocouple, from apex to substrate and into the bath. Places that a
        resistance of zero ties together share one node (see `nodes`); an infinite junction resistance leaves
        the element out.
        """
        import networkx as nx  # 0.15 s that a study without a graph need not wait for

        # With both zeros the junction lies beside the probe: two elements between the same nodes.
        graph: nx.MultiGraph[str] = nx.MultiGraph()
        graph.add_nodes_from(dict.fromkeys(self.nodes.values()))
        for name, one, other, resistance in self.elements():
            graph.add_edge(one, other, name=name, resistance=resistance)
        return graph


@dataclass(frozen=True, slots=True)
class ContactTemperatures:
    """Temperature rises above the bath [K]."""

    thermocouple: float
    apex: float
    substrate: float


@dataclass(frozen=True, slots=True)
class BiasGradient:
    """Derivatives of the bias by the four resistances [W/K]."""

    probe_resistance: float
    access_resistance: float
    junction_resistance: float
    substrate_resistance: float


def _require(name: str, value: float, *, zero: bool, infinite: bool = False) -> None:
    # Written this way round, nan is refused too.
    above = value >= 0 if zero else value > 0
    if not (above and (infinite or value < math.inf)):
        wanted = ("zero or positive" if zero else "positive") + ("" if infinite else " and finite")
        raise PhysicsError(f"{name} must be {wanted}, got {value:g} K/W")


def _ratios(network: ContactNetwork) -> tuple[float, float]:
    """Return a = (R_P + R_a) / R_J and b = R_S / R_J."""
    return (
        network.apex_resistance / network.junction_resistance,
        network.substrate_resistance / network.junction_resistance,
    )


def temperatures(network: ContactNetwork, probe_heat: float, substrate_heat: float) -> ContactTemperatures:
    """Temperature rises for heat released on either side of the contact [K].

    dT_apex = (R_P + R_a) [Q_P (1 + b) + Q_S b] / (1 + a + b),  dT_TC = dT_apex R_P / (R_P + R_a),
    dT_S = R_S [Q_S (1 + a) + Q_P a] / (1 + a + b): the node balances of the module, J eliminated.

    Parameters
    ----------
    network
        The four resistances.
    probe_heat, substrate_heat
        Heat released on the probe's and on the substrate's side [W].
    """
    a, b = _ratios(network)
    into_probe = (probe_heat * (1 + b) + substrate_heat * b) / (1 + a + b)
    into_substrate = (substrate_heat * (1 + a) + probe_heat * a) / (1 + a + b)
    return ContactTemperatures(
        thermocouple=network.probe_resistance * into_probe,
        apex=network.apex_resistance * into_probe,
        substrate=network.substrate_resistance * into_substrate,
    )


def relative_bias(network: ContactNetwork, ratio: float) -> float:
    """Bias of the probe heat dT_TC / R_P relative to the probe heat itself: (q b - a) / (1 + a + b).

    Parameters
    ----------
    network
        The four resistances.
    ratio
        q = Q_S / Q_P, substrate heat per probe heat.
    """
    a, b = _ratios(network)
    return (ratio * b - a) / (1 + a + b)


def bias(network: ContactNetwork, fraction: float) -> float:
    """Bias of the probe heat dT_TC / R_P relative to the total heat: [b (1 - f) - a f] / (1 + a + b).

    Unlike `relative_bias` it is defined where no heat is released in the probe.

    Parameters
    ----------
    network
        The four resistances.
    fraction
        f = Q_P / Q_total; it may leave 0..1 where one side is cooled.
    """
    a, b = _ratios(network)
    return (b * (1 - fraction) - a * fraction) / (1 + a + b)


def worst_bias(network: ContactNetwork) -> float:
    """Bias of largest magnitude, with its sign, over all fractions in 0..1.

    The bias is linear in the fraction, so this is one of the ends; of equal magnitudes, the positive one.
    """
    return max(bias(network, 0.0), bias(network, 1.0), key=abs)


def bias_gradient(network: ContactNetwork, fraction: float) -> BiasGradient:
    """Exact derivatives of `bias` by the four resistances [W/K].

    Written as B = [R_S (1 - f) - (R_P + R_a) f] / S with S = R_P + R_a + R_J + R_S, every derivative is that
    of the numerator less B, over S.
    """
    whole = network.apex_resistance + network.junction_resistance + network.substrate_resistance
    present = bias(network, fraction)
    by_apex = (-fraction - present) / whole
    return BiasGradient(
        probe_resistance=by_apex,
        access_resistance=by_apex,
        junction_resistance=-present / whole,
        substrate_resistance=(1 - fraction - present) / whole,
    )


def unbiased_probe_heat(network: ContactNetwork, temperature_rise: float, total_heat: float) -> float:
    """Probe heat [W] from the thermocouple and the total heat: (1 + a + b) dT_TC / R_P - b Q_total.

    The relation between dT_TC and Q_P solved for Q_P, with Q_S = Q_total - Q_P.

    Parameters
    ----------
    network
        The four resistances.
    temperature_rise
        dT_TC of the thermocouple above the bath [K].
    total_heat
        Q_P + Q_S [W], the product of current and voltage.
    """
    a, b = _ratios(network)
    return (1 + a + b) * temperature_rise / network.probe_resistance - b * total_heat


def field_bias(
    *,
    contact_resistance: float,
    contact_transfer: float,
    source_transfer: float,
    source_to_contact: float,
    junction_resistance: float,
    substrate_resistance: float,
    fraction: float,
) -> float:
    """Bias of the probe heat dT_TC / Z_TC,s relative to the total heat, for a probe that is a field.

    The thermocouple of a real probe is a tap beside the path of the heat, and the heat is released in a
    volume. By superposition ``dT_TC = Z_TC,s Q_P - Z_TC,c J`` and ``J (R_J + Z_cc + R_S) = Z_c,s Q_P - R_S
    Q_S``. The lumped form follows with Z_TC,c = Z_TC,s = R_P and Z_cc = Z_c,s = R_P + R_a.

    Parameters
    ----------
    contact_resistance
        Z_cc: temperature of the contact per watt into the contact [K/W].
    contact_transfer
        Z_TC,c: temperature of the thermocouple per watt into the contact [K/W].
    source_transfer
        Z_TC,s: temperature of the thermocouple per watt of the distributed source [K/W].
    source_to_contact
        Z_c,s: temperature of the contact per watt of the distributed source [K/W].
    junction_resistance, substrate_resistance
        R_J (may be infinite) and R_S (may be zero) [K/W].
    fraction
        f = Q_P / Q_total.
    """
    _require("contact_resistance", contact_resistance, zero=False)
    _require("contact_transfer", contact_transfer, zero=False)
    _require("source_transfer", source_transfer, zero=False)
    _require("source_to_contact", source_to_contact, zero=False)
    _require("junction_resistance", junction_resistance, zero=False, infinite=True)
    _require("substrate_resistance", substrate_resistance, zero=True)
    driving = source_to_contact * fraction - substrate_resistance * (1 - fraction)
    crossing = driving / (junction_resistance + contact_resistance + substrate_resistance)
    return -contact_transfer / source_transfer * crossing


def verdict(bias: float, u: float, threshold: float) -> bool | None:
    """Whether a bias stays below a threshold at two standard uncertainties; None where that is undecided.

    Parameters
    ----------
    bias
        Estimate; its magnitude counts.
    u
        Standard uncertainty of the bias (k = 1).
    threshold
        Largest magnitude that is accepted.
    """
    if not (math.isfinite(bias) and u >= 0 and threshold >= 0):
        raise PhysicsError(
            f"a bias needs u and threshold of zero or more, got {bias:g}, u {u:g}, threshold {threshold:g}"
        )
    if abs(bias) + 2 * u <= threshold:
        return True
    if abs(bias) - 2 * u > threshold:
        return False
    return None


def wiedemann_franz_resistance(electrical_conductance: float, temperature: float) -> float:
    """Thermal resistance of the electrons that carry an electrical conductance, 1 / (L_0 T G) [K/W].

    Holds where transmission varies little within a few k_B T of the Fermi energy and no energy is exchanged
    in the contact (metallic point contacts: Cui et al., Science 355, 1192 (2017),
    doi:10.1126/science.aam6622). It leaves phonons and radiation out, so it is an upper bound of the junction
    resistance there.

    Parameters
    ----------
    electrical_conductance
        G [S].
    temperature
        Mean of both sides [K].
    """
    if not 0 < electrical_conductance < math.inf:
        raise PhysicsError(f"electrical_conductance must be positive and finite, got {electrical_conductance:g} S")
    if not 0 < temperature < math.inf:
        raise PhysicsError(f"temperature must be positive and finite, got {temperature:g} K")
    return 1 / (LORENZ_NUMBER * temperature * electrical_conductance)
