"""What a network is made of: nodes, elements between two of them, sources, bodies and their joins."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from thermonet.documents.alternatives import Alternatives
from thermonet.documents.body.boundaries import Emissivity
from thermonet.documents.body.conductivity import Coefficients
from thermonet.documents.body.signals import VariationEntry
from thermonet.documents.fields import Dimension, Entry, Frequency, Row, Temperature
from thermonet.quantities.inputs import Input
from thermonet.quantities.reading import CELSIUS

# What lies outside these has a wrong prefix or exponent: no two bodies are joined better or worse, by many decades.
_RESISTANCE = Dimension("K/W", low=1e-15, high=1e30)
LinkResistance = Annotated[Input, _RESISTANCE]
HeatCapacity = Annotated[Input, Dimension("J/K", low=1e-30, high=1e15)]
ThermalConductance = Annotated[Input, Dimension("W/K", low=1e-30, high=1e15)]
Area = Annotated[Input, Dimension("m^2", low=1e-30, high=1e12)]
ViewFactor = Annotated[Input, Dimension("1", high=1.0, high_allowed=True)]
NodeTemperature = Annotated[Input, Dimension("K", high=1e9, zeros=CELSIUS)]
#: A source may take heat out: a cooler is one of negative power.
SignedPower = Annotated[Input, Dimension("W", low=-1e15, high=1e15)]
Pair = Annotated[list[str], Field(min_length=2, max_length=2)]


class NodeEntry(Entry):
    """A point of one temperature: with a heat capacity, without any (massless), or held at a temperature."""

    heat_capacity: HeatCapacity | None = Field(None, description="of the node such as '1 pJ/K' (default: massless)")
    temperature: NodeTemperature | None = Field(None, description="a temperature that it is held at such as '300 K'")
    varies: VariationEntry | None = Field(None, description="how the temperature that it is held at varies in time")
    source: str = ""

    @property
    def is_massless(self) -> bool:
        """Whether its temperature follows at once."""
        return self.heat_capacity is None and self.temperature is None


class ResistanceTableEntry(Entry):
    """R(T) by straight lines between the rows of a table, T being the mean temperature of the two ends."""

    table: list[Annotated[tuple[Input, ...], Row((Dimension("K"), _RESISTANCE))]] = Field(
        min_length=2, description="rows such as [300 K, 1 kK/W], temperatures increasing, constant outside"
    )


class ResistancePolynomialEntry(Entry):
    """R(T) as a polynomial: the sum of c_i (T - about)^i, T being the mean temperature of the two ends."""

    polynomial: Annotated[tuple[Input, ...], Coefficients(_RESISTANCE, "K/W/K^{power}")] = Field(
        description="coefficients such as [1 kK/W, -0.4 K/W/K]"
    )
    about: Temperature = Field(description="the temperature at which R is the first coefficient")


ResistanceOf: TypeAlias = Annotated[
    LinkResistance | ResistanceTableEntry | ResistancePolynomialEntry,
    Alternatives(
        (
            ("table", ResistanceTableEntry),
            ("polynomial", ResistancePolynomialEntry),
            ("about", ResistancePolynomialEntry),
        ),
        plain=_RESISTANCE,
    ),
]


class RadiationLinkEntry(Entry):
    """Grey radiation between two nodes: heat = emissivity view_factor area sigma (T_a^4 - T_b^4)."""

    area: Area = Field(description="of the radiating surface such as '1 mm^2'")
    emissivity: Emissivity = Field(description="effective, of both surfaces together: a number up to 1 such as '0.8'")
    view_factor: ViewFactor = Field(
        Input(value=1.0, source="default: it sees nothing else"), description="part of what the area sees (default: 1)"
    )


#: What an element can be; exactly one of them is stated.
KINDS = ("resistance", "conductance", "radiation", "heat_capacity")


class ElementEntry(Entry):
    """Joins two nodes by one of the four; heat counts as positive from the first to the second."""

    between: Pair = Field(description="the names of two nodes such as [apex, bath]")
    resistance: ResistanceOf | None = Field(None, description="such as '72.8(5) kK/W', or R(T): a table or polynomial")
    conductance: ThermalConductance | None = Field(None, description="instead of the resistance: '1 uW/K'")
    radiation: RadiationLinkEntry | None = Field(None, description="area and emissivity of a radiation link")
    heat_capacity: HeatCapacity | None = Field(None, description="between two nodes, as Foster ladders have it")
    source: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is stated of the four; one where the document is valid."""
        return tuple(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def depends_on_temperature(self) -> bool:
        """Whether Newton's method is needed."""
        return self.radiation is not None or not isinstance(self.resistance, Input | None)


class NodeSourceEntry(Entry):
    """Heat into a node."""

    into: str = Field(description="the name of a node")
    power: SignedPower = Field(description="a power such as '1 uW'; a negative one takes heat out")
    varies: VariationEntry | None = Field(None, description="how it varies in time")
    source: str = ""


class BodyElementEntry(Entry):
    """A finite-element body as an element with several terminals."""

    design: str = Field(description="a file beside this one such as tip.yaml, or the name of a built-in design")
    terminals: dict[str, str] = Field(min_length=1, description="node by terminal of the body such as {contact: apex}")
    source: str = ""


class JoinEntry(Entry):
    """Two bodies' boundaries become one."""

    between: Pair = Field(description="two boundaries of bodies such as [left.cut, right.cut]")
    kind: Literal["trace", "isothermal"] = Field(
        alias="as", description="'trace' (node by node, on matching meshes) or 'isothermal' (one temperature)"
    )
    node: str | None = Field(None, description="the name of a node that an isothermal join becomes")


class ResponsesEntry(Entry):
    """Step and harmonic responses: of which node to what, and over which times and frequencies."""

    of: list[Pair] | None = Field(
        None, description="pairs of a node and what it answers to, a source or a node that takes a watt: [tc, heater]"
    )
    frequencies: Annotated[tuple[Input, ...], Row((Dimension("Hz"), Dimension("Hz")))] | None = Field(
        None, description="from the lowest to the highest such as [1 Hz, 10 MHz] (default: where something happens)"
    )
    times: Annotated[tuple[Input, ...], Row((Dimension("s"), Dimension("s")))] | None = Field(
        None, description="from the first to the last such as [10 ns, 1 ms] (default: where something happens)"
    )
    pulse: Annotated[Input, Dimension("s")] | None = Field(
        None, description="length of a pulse of one watt whose response is wanted too such as '10 us'"
    )


class CompactEntry(Entry):
    """A small network with the same answers at its ports, for circuit simulators."""

    ports: list[str] | None = Field(None, description="names of nodes (default: those of sources and responses)")
    tolerance: Annotated[Input, Dimension("1", high=1.0)] = Field(
        Input(value=1e-3, source="default"), description="largest error of a response relative to its end (0.1 %)"
    )
    highest_frequency: Frequency = Field(
        Input(value=1e6, unit="Hz", source="default"), description="up to which it holds (default: 1 MHz)"
    )


class NetworkNumericsEntry(Entry):
    """How exactly to compute."""

    tolerance: Annotated[Input, Dimension("1", high=1.0)] = Field(
        Input(value=1e-3, source="default"),
        description="largest numerical error of a body between its terminals such as '0.1 %', relative",
    )
