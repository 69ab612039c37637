"""Factors between the probe resistance and transfer resistances measured with heat that enters elsewhere.

A calibration measures Z, the rise of the thermocouple per watt of some heat: of a current in a film, of a warm sample
that is touched, of a junction whose relaxation length nobody knows exactly. R_P is the one number that belongs to the
design's own source at its nominal relaxation length. The ratio of the two is a property of the design, and most of
what is uncertain in either cancels in it.

All of them are static. The time constants are those of one and the same system, wherever heat enters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.linalg import orth

from thermonet.documents.probe import ProbeDocument
from thermonet.geometry.apex import CORE
from thermonet.heat.error import discretisation_error
from thermonet.heat.probe import Probe, ProbeModel, coefficients, lead_heat, on_tip, probe_model, same_shape
from thermonet.heat.tip import LineHeat, TipSensing, contact_heat, junction_heat, line_heat
from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.formatting import with_unit
from thermonet.quantities.inputs import Input
from thermonet.studies.design import probe_of, reading_of
from thermonet.studies.sensitivities import gradients
from thermonet.studies.values import Values
from thermonet.system.core import System, Vector
from thermonet.system.reduction import reduced
from thermonet.uncertainty.budget import Budget, budget

SOURCE, CONTACT, LEAD = "source", "contact", "lead"
_LINE, _ON_CANTILEVER = "line.", "+cantilever"
#: Name of the source that R_P belongs to.
_REFERENCE = "reference"
#: As in the study: the rate of convergence that is believed, and the mesh that sensitivities need at the finest.
_RATE, _COARSE = 2.5, 2.0
#: Part of a field that the others may leave unsaid.
_SAME = 1e-10


@dataclass(frozen=True)
class FieldFactor:
    """A ratio of two transfer resistances of one design.

    Attributes
    ----------
    value
        The ratio [1].
    numerical_error
        Estimated from three meshes, of the order of a standard uncertainty or larger [1].
    budget
        First-order uncertainty by every input on which the ratio depends; one that cancels exactly has no line.
    description
        Which ratio, and where the heat enters.
    design
        Name of the design that it holds for.
    """

    value: float
    numerical_error: float
    budget: Budget
    description: str
    design: str

    @property
    def u(self) -> float:
        """Standard uncertainty from the design's inputs [1]."""
        return self.budget.u

    def as_input(self, name: str) -> Input:
        """Return the factor as an input of a calibration; its standard uncertainty holds the numerical error too."""
        source = f"finite elements, design {self.design}: {self.description}"
        if self.budget.lines:
            largest = self.budget.lines[0]
            source += f"; largest share of the variance: {largest.input.name} ({largest.share:.0%})"
        u = math.hypot(self.u, self.numerical_error)
        return Input(value=self.value, u=u, distribution="normal", source=source, name=name)


def factor_names(document: ProbeDocument) -> tuple[str, ...]:
    """Name every factor that a design has.

    ``source``
        Z / R_P of the design's source with its relaxation length as uncertain as stated; R_P is defined with the
        nominal length, so this is 1 and as uncertain as that length makes it.
    ``contact``
        R_P / Z of heat that enters at the point of contact, as from a warm body that is touched.
    ``line.<layer>``
        R_P / Z of a current along that film of the tip, per watt dissipated in the film between the tip's end and its
        foot. The films are the thermocouple's metals, through which the current runs in series, and the source's,
        which it enters where the junction's heat does; not where they lie on another metal all along.
    ``line.<layer>+cantilever``
        The same, the current continuing in the same film to the chip, per watt dissipated in both parts.
    ``lead``
        Z / R_P of a current along a film of the cantilever, per watt dissipated between the tip's foot and the chip.
    """
    lines = [f"{_LINE}{layer}" for layer in _conductors(document)]
    plate = document.cantilever
    if plate is None:
        return (SOURCE, CONTACT, *lines)
    carried = list(document.apex.layers) if plate.films is None else plate.films
    on = [f"{line}{_ON_CANTILEVER}" for line in lines if line.removeprefix(_LINE) in carried]
    return (SOURCE, CONTACT, *lines, *on, LEAD)


def _conductors(document: ProbeDocument) -> list[str]:
    """Films along which a current runs between the tip's foot and its end, and nowhere else."""
    materials, layers = reading_of(document, Values()).materials, document.apex.layers
    kinds = {CORE: materials.entry(document.apex.core.material).kind}
    kinds |= {name: materials.entry(layer.material).kind for name, layer in layers.items()}
    shorted = {name for pair in pairwise(kinds) for name in pair if all(kinds[one] == "metal" for one in pair)}
    metals, source = document.thermocouple.metals, document.heat_source.layer
    couple = () if shorted & set(metals) else metals
    alone = () if source in {*shorted, *metals} else (source,)
    return [*couple, *alone]


def field_factors(
    document: ProbeDocument, wanted: Sequence[str] | None = None, element_scale: float | None = None
) -> dict[str, FieldFactor]:
    """Factors between the probe resistance of a design and transfer resistances of heat that enters elsewhere.

    Parameters
    ----------
    document
        The design.
    wanted
        Names as `factor_names` lists them; all where nothing is given.
    element_scale
        Of the finest of the three meshes; the design's own where nothing is given.

    Raises
    ------
    PhysicsError
        The design has no such factor or has lines, or the element scale is not positive.
    """
    names = _checked(document, wanted)
    values = Values()
    probe = probe_of(document, values)
    if not probe.apex.is_round:
        raise PhysicsError(
            f"the factors of {document.name} need currents in shells, but a metal is a line; expected a design "
            "without widths"
        )
    inputs = {name: value for name, value in values.inputs.items() if not value.is_exact}
    scale = document.numerics.element_scale.value if element_scale is None else element_scale
    if not 0 < scale < math.inf:
        raise PhysicsError(f"the element scale must be positive and finite, got {scale:g}; 1 is the usual mesh")
    models = [probe_model(probe, scale * factor, by_term=False) for factor in (4, 2, 1)]
    meshes = [_ratios(_transfers(model, names)) for model in models]
    solved = _solve(probe, max(2 * scale, _COARSE), names)
    slopes = gradients(
        lambda values: _moved_ratios(solved, probe_of(document, values)), inputs, here=_moved_ratios(solved, probe)
    )
    factors = {}
    for name in names:
        coarse, middle, fine = (mesh[name] for mesh in meshes)
        gradient = {key: slope for key, slope in slopes.get(name, {}).items() if slope != 0}
        factors[name] = FieldFactor(
            value=fine,
            numerical_error=discretisation_error(fine, middle, coarse, _RATE),
            budget=budget(gradient, inputs),
            description=_description(name, models[-1]),
            design=document.name,
        )
    return factors


def _checked(document: ProbeDocument, wanted: Sequence[str] | None) -> tuple[str, ...]:
    known = factor_names(document)
    for name in wanted or ():
        if name not in known:
            raise PhysicsError(
                f"the design {document.name} has no factor '{name}', expected one of {', '.join(known)}: "
                "currents run along metals that lie on no other metal, from the cantilever to the end of the tip"
            )
    return known if wanted is None else tuple(wanted)


def _line(name: str) -> tuple[str, bool]:
    """Film that a line factor is about, and whether the current is followed on the cantilever."""
    return name.removeprefix(_LINE).removesuffix(_ON_CANTILEVER), name.endswith(_ON_CANTILEVER)


def _ratios(transfers: Mapping[str, float]) -> dict[str, float]:
    """Turn transfer resistances into factors; the design's source and the lead are the numerators, R_P elsewhere."""
    own = transfers[_REFERENCE]
    return {
        name: value / own if name in {SOURCE, LEAD} else own / value
        for name, value in transfers.items()
        if name != _REFERENCE
    }


def _loads(model: ProbeModel, nominal: TipSensing, names: Sequence[str]) -> dict[str, Vector]:
    """Load per watt by factor, and the one that R_P belongs to: its relaxation length is no property of the probe."""
    return {_REFERENCE: on_tip(model, junction_heat(model.tip.elements, nominal))} | {
        name: _load(model, name) for name in names
    }


def _load(model: ProbeModel, name: str) -> Vector:
    if name == SOURCE:
        return on_tip(model, junction_heat(model.tip.elements, model.probe.sensing))
    if name == CONTACT:
        return on_tip(model, contact_heat(model.tip.elements))
    if name == LEAD:
        return lead_heat(model).load
    tip, lead, share = _line_parts(model, name)
    return share * on_tip(model, tip.load) + (1 - share) * lead.load if lead else on_tip(model, tip.load)


def _line_parts(model: ProbeModel, name: str) -> tuple[LineHeat, LineHeat | None, float]:
    """Heat of a current on the tip and, where it is followed, on the cantilever; and the tip's share of it."""
    layer, followed = _line(name)
    tip = line_heat(model.tip, model.probe.sensing, layer)
    if not followed:
        return tip, None, 1.0
    lead = lead_heat(model)
    return tip, lead, tip.resistance / (tip.resistance + lead.resistance / model.probe.sheets[layer].thickness)


def _transfers(model: ProbeModel, names: Sequence[str]) -> dict[str, float]:
    """Transfer resistances [K/W] on one mesh: the thermocouple's adjoint field, averaged over where heat enters."""
    adjoint = model.system.hold(model.ground).solve(model.system.sensors["thermocouple"])
    return {name: float(adjoint @ load) for name, load in _loads(model, model.probe.sensing, names).items()}


@dataclass(frozen=True)
class _Solved:
    """A probe projected onto the steady fields of its thermocouple and all loads: first derivatives stay exact."""

    model: ProbeModel
    element_scale: float
    names: tuple[str, ...]
    onto: Vector
    small: System


def _solve(probe: Probe, element_scale: float, names: tuple[str, ...]) -> _Solved:
    model = probe_model(probe, element_scale, by_term=True)
    held = replace(model.system, C={}).hold(model.ground)
    loads = _loads(model, probe.sensing, names)
    fields = np.asarray(held.solve(np.column_stack([model.system.sensors["thermocouple"], *loads.values()])))
    basis = orth(fields / np.linalg.norm(fields, axis=0), rcond=_SAME)
    onto = np.column_stack([held.system.one, basis])
    return _Solved(model, element_scale, names, onto, reduced(held, basis))


def _moved_ratios(solved: _Solved, probe: Probe) -> dict[str, float]:
    """Factors of a probe close to a solved one, in the small coordinates of that; nothing large is solved."""
    nominal = solved.model.probe.sensing
    if same_shape(replace(probe, sensing=nominal), solved.model.probe):
        tip = replace(solved.model.tip, properties=probe.properties)
        model, small = replace(solved.model, probe=probe, tip=tip), solved.small.at(coefficients(probe))
    else:
        shapes = solved.model.harmonic_shapes
        model = probe_model(probe, solved.element_scale, by_term=False, harmonic_shapes=shapes)
        plain = replace(model.system, C={}, sources={})
        small = plain.mapped(solved.onto, one=solved.small.one, ports=solved.small.ports)
    adjoint = small.hold(model.ground).solve(small.sensors["thermocouple"])
    loads = _loads(model, nominal, solved.names)
    return _ratios({name: float(adjoint @ (solved.onto.T @ load)) for name, load in loads.items()})


def _description(name: str, model: ProbeModel) -> str:
    length = with_unit(model.probe.sensing.relaxation_length, "m")
    if name == SOURCE:
        return f"Z / R_P, heat of the junction over its uncertain relaxation length; R_P with {length}"
    if name == CONTACT:
        return "R_P / Z, heat enters at the point of contact"
    if name == LEAD:
        return "Z / R_P, heat of a current along a film of the cantilever, from the tip's foot to the chip"
    layer, followed = _line(name)
    where = f"heat of a current along {layer}"
    if not followed:
        return f"R_P / Z, {where} between the tip's end and its foot, all of it on the tip"
    share = _line_parts(model, name)[2]
    return f"R_P / Z, {where} between the tip's end and the chip, {share:.1%} of it on the tip"
