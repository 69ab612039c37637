"""Entries of a campaign's instruments, thermometers and experiments, one class per protocol.

Everything uncertain is an input with a name, the path that states it; two experiments that use one instrument or
thermometer share its error.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from thermonet.documents.fields import (
    Dimension,
    Entry,
    Resistance,
    ResistanceOrZero,
    Temperature,
    TimeOrZero,
)
from thermonet.quantities.inputs import Input

Number = Annotated[Input, Dimension("1", low=-math.inf)]
TemperatureDifference = Annotated[Input, Dimension("K", low=-math.inf)]
TemperatureCoefficient = Annotated[Input, Dimension("1/K", low=-math.inf)]
QuadraticCoefficient = Annotated[Input, Dimension("1/K^2", low=-math.inf)]
ElectricalResistance = Annotated[Input, Dimension("ohm")]
ElectricalResistanceOrZero = Annotated[Input, Dimension("ohm", low_allowed=True)]
ThermalConductance = Annotated[Input, Dimension("W/K")]
Pressure = Annotated[Input, Dimension("Pa", low_allowed=True)]
Responsivity = Annotated[Input, Dimension("V/W", low=-math.inf)]
Time = Annotated[Input, Dimension("s")]
#: A ratio of two resistances of one probe: '1 ± 0.1 %', which is (1 ± 0.1) per cent, is not one.
ResistanceRatio = Annotated[Input, Dimension("1", low=0.05, high=20.0)]
Share = Annotated[Input, Dimension("1", low_allowed=True, high=1.0 + 1e-12)]
Samples = Annotated[Input, Dimension("1", low=999.0, high=1e7)]
Significance = Annotated[Input, Dimension("1", high=0.5)]
Probability = Annotated[Input, Dimension("1", low=0.5, high=0.9999)]

#: Channels of a record and the unit their numbers are in behind the door; '' for what a thermometer reads.
Channels = dict[str, str]


class InstrumentEntry(Entry):
    """A meter; what it reads is the truth times one plus its gain error."""

    gain_error: Number = Field(description="relative, such as '0 ± 20 ppm'")
    source: str = ""


class KelvinThermometer(Entry):
    """A thermometer that reads kelvin, with the error of its calibration."""

    channel_unit: ClassVar[str] = "K"
    kind: Literal["kelvin"]
    offset: TemperatureDifference = Field(description="error of its scale such as '0 ± 10 mK'")
    source: str = ""


class PlatinumThermometer(Entry):
    """A platinum film or wire: R = R_0 [1 + alpha (T - T_0) + beta (T - T_0)^2]; what is not stated is to be found."""

    channel_unit: ClassVar[str] = "ohm"
    kind: Literal["platinum"]
    at: Temperature = Field(description="the temperature T_0 that the coefficients refer to, such as '300 K'")
    resistance: ElectricalResistance | None = Field(None, description="R_0; absent: found by a platinum experiment")
    temperature_coefficient: TemperatureCoefficient | None = Field(None, description="alpha; absent: to be found")
    quadratic_coefficient: QuadraticCoefficient | None = Field(None, description="beta (default: zero)")
    source: str = ""


class Iec60751Thermometer(Entry):
    """An industrial platinum thermometer on the standard curve, with its error in kelvin."""

    channel_unit: ClassVar[str] = "ohm"
    kind: Literal["iec60751"]
    resistance: ElectricalResistance = Field(description="at 0 degrees Celsius such as '100 ohm'")
    offset: TemperatureDifference = Field(description="error in kelvin, from its class or certificate")
    source: str = ""


class Its90Thermometer(Entry):
    """A standard platinum resistance thermometer above 0 degrees Celsius, W - W_r = a (W - 1) + b (W - 1)^2."""

    channel_unit: ClassVar[str] = "ohm"
    kind: Literal["its90"]
    triple_point_resistance: ElectricalResistance = Field(description="at the triple point of water")
    a: Number = Field(description="coefficient a of the deviation function")
    b: Number = Field(description="coefficient b of the deviation function")
    offset: TemperatureDifference = Field(description="what its certificate leaves uncertain, in kelvin")
    source: str = ""


Thermometer = Annotated[
    KelvinThermometer | PlatinumThermometer | Iec60751Thermometer | Its90Thermometer, Field(discriminator="kind")
]


class ExperimentEntry(Entry):
    """What all protocols state: whose record it is, the data, the meters, the noise."""

    channels: ClassVar[Channels]
    #: Channels whose numbers may carry noise of their own.
    noisy: ClassVar[tuple[str, ...]]
    #: Keys that a probe's design can give where they are absent.
    from_design: ClassVar[tuple[str, ...]] = ()
    data: str = Field(description="a CSV file beside the campaign; headings are channels with units, 'V [uV]'")
    noise: dict[str, str] = Field(
        default_factory=dict,
        description="standard uncertainty of one reading by channel, 'V: 20 nV'; without any, the scatter gives it",
    )
    robust: Literal["no", "huber"] = Field("no", description="down-weight readings far from the rest, and say so")
    source: str = ""


class ProbeExperiment(ExperimentEntry):
    """An experiment on a probe's thermocouple."""

    probe: str = Field("probe", description="one of the campaign's probes")
    voltmeter: str | None = Field(None, description="the instrument that reads the thermocouple")
    intercept: Literal["tested", "fitted"] = Field("fitted", description="whether a constant offset is fitted")
    curvature: Literal["tested", "fitted"] = Field("tested", description="whether a second-order term is fitted")


class IsothermalStage(ProbeExperiment):
    """The whole probe on a stage, the reference junction elsewhere: V = S_TC (T_stage - T_ref)."""

    channels: ClassVar[Channels] = {"V": "V", "stage": "", "reference": ""}
    noisy: ClassVar[tuple[str, ...]] = ("V", "stage", "reference")
    protocol: Literal["isothermal_stage"]
    stage: str = Field(description="the thermometer on the stage")
    reference: str = Field(description="the thermometer at the reference junction")
    gradient: Number = Field(description="(T_stage - T_tip) / (T_stage - T_surroundings), such as '0 ± 0.2 %'")


class ContactEntry(Entry):
    """One kind of contact between tip and stage."""

    resistance: ResistanceOrZero = Field(description="known thermal resistance of the contact such as '1e5 K/W'")
    source: str = ""


class HotStage(ProbeExperiment):
    """A tip touching a hot stage through contacts of known resistance, the chip at the surroundings' temperature."""

    channels: ClassVar[Channels] = {"V": "V", "stage": "", "reference": "", "contact": "text"}
    noisy: ClassVar[tuple[str, ...]] = ("V", "stage", "reference")
    protocol: Literal["hot_stage"]
    stage: str = Field(description="the thermometer on the stage")
    reference: str = Field(description="the thermometer at the chip, where the reference junction is")
    tap_ratio: Share = Field(description="R_P / Z_cc: thermocouple over contact temperature, from the field model")
    contacts: dict[str, ContactEntry] = Field(description="contacts by the name that the data give them")


def distinct_contacts(experiment: HotStage, names: Iterable[str]) -> int:
    """Count contacts whose resistances can be told apart: by one per cent, and by twice the u of their difference."""
    found: list[Input] = []
    for name in sorted(names, key=lambda key: experiment.contacts[key].resistance.value):
        one = experiment.contacts[name].resistance
        if not found or one.value - found[-1].value > max(0.01 * one.value, 2 * math.hypot(one.u, found[-1].u)):
            found.append(one)
    return len(found)


class SymmetricJunction(ProbeExperiment):
    """A metallic junction between equal electrodes, heated by its own current, read at both polarities."""

    channels: ClassVar[Channels] = {"V": "V", "I": "A", "V_plus": "V", "V_minus": "V"}
    noisy: ClassVar[tuple[str, ...]] = ("V_plus", "V_minus", "V", "I")
    from_design: ClassVar[tuple[str, ...]] = ("source_factor", "lead_transfer_ratio")
    protocol: Literal["symmetric_junction"]
    intercept: Literal["tested", "fitted"] = Field("tested", description="whether a constant offset is fitted")
    bias_voltmeter: str | None = Field(None, description="the instrument that reads the junction's voltage")
    ammeter: str | None = Field(None, description="the instrument that reads the junction's current")
    heat_fraction: Share = Field(description="f_0 = Q_P / Q_Total of the symmetric junction, '0.5 ± 0.002'")
    lead_resistance: ElectricalResistanceOrZero = Field(description="in series with the junction, inside the voltage")
    lead_share: Share = Field(description="part of the lead resistance that lies on the probe")
    lead_transfer_ratio: Number | None = Field(None, description="Z(TC, lead) / R_P; absent: from the design")
    source_factor: ResistanceRatio | None = Field(None, description="c of the source length; absent: from the design")
    junction_resistance: Resistance = Field(description="R_J, thermal")
    substrate_resistance: ResistanceOrZero = Field(description="R_S, thermal")
    access_resistance: ResistanceOrZero = Field(description="R_a, thermal: apex to thermocouple")


class Calorimeter(ProbeExperiment):
    """A suspended, heated platform touched by the probe: the heat that leaves it enters the apex."""

    channels: ClassVar[Channels] = {"I": "A", "V": "V", "V_TC": "V", "contact": "text"}
    noisy: ClassVar[tuple[str, ...]] = ("V_TC", "V", "I")
    from_design: ClassVar[tuple[str, ...]] = ("field_factor",)
    protocol: Literal["calorimeter"]
    heater_voltmeter: str | None = Field(None, description="the instrument that reads the heater's voltage")
    ammeter: str | None = Field(None, description="the instrument that reads the heater's current")
    thermometer: str = Field(description="the platinum heater-thermometer on the platform")
    conductance: ThermalConductance | None = Field(None, description="of the beams; absent: from open readings")
    bath_temperature: Temperature = Field(description="of the frame that the beams end at")
    beam_resistance: ElectricalResistanceOrZero = Field(description="of the current leads on the beams, half counts")
    background: Number = Field(description="heat lost past the contact, relative, such as '0 ± 0.1 %'")
    field_factor: ResistanceRatio | None = Field(None, description="c = R_P / Z(TC, contact); absent: from the design")


class JouleLine(ProbeExperiment):
    """A metal line on the probe heated at several frequencies; the thermocouple answers at twice each."""

    channels: ClassVar[Channels] = {"f": "Hz", "I": "A", "R": "ohm", "V_in_phase": "V", "V_quadrature": "V"}
    noisy: ClassVar[tuple[str, ...]] = ("V_in_phase", "V_quadrature")
    from_design: ClassVar[tuple[str, ...]] = ("field_factor",)
    protocol: Literal["joule_line"]
    intercept: Literal["tested"] = "tested"
    curvature: Literal["tested"] = "tested"
    ammeter: str | None = Field(None, description="the instrument that reads the line's current")
    line_share: Share = Field(description="part of the line's resistance that lies on the probe")
    field_factor: ResistanceRatio | None = Field(None, description="c = R_P / Z(TC, line); absent: from the design")
    line_layer: str = Field("", description="the layer of the design that is the line")
    time_constants: list[Time] = Field(min_length=1, max_length=4, description="starting values, one per pole")
    filter_time_constant: TimeOrZero | None = Field(None, description="of the amplifier's first-order low-pass")


class PlatinumCalibration(ExperimentEntry):
    """A platinum heater-thermometer in a bath: four-wire readings at several temperatures and currents."""

    channels: ClassVar[Channels] = {"bath": "", "I": "A", "V": "V"}
    noisy: ClassVar[tuple[str, ...]] = ("V", "bath", "I")
    protocol: Literal["platinum_thermometer"]
    thermometer: str = Field(description="the platinum thermometer that is calibrated")
    bath: str = Field(description="the thermometer in the bath")
    voltmeter: str | None = Field(None, description="the instrument that reads its voltage")
    ammeter: str | None = Field(None, description="the instrument that reads its current")
    self_heating: Resistance | None = Field(None, description="its own heating, K/W; absent: found from the currents")
    curvature: Literal["tested", "fitted"] = Field("tested", description="whether the quadratic term is fitted")


Experiment = Annotated[
    IsothermalStage | HotStage | SymmetricJunction | Calorimeter | JouleLine | PlatinumCalibration,
    Field(discriminator="protocol"),
]
