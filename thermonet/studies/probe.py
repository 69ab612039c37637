"""The main job: from a probe design to R_P, its times, its network and the verdict, each with its uncertainty."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from thermonet.documents.probe import ProbeDocument
from thermonet.geometry.apex import Apex
from thermonet.heat.error import discretisation_error
from thermonet.heat.probe import Probe, same_shape
from thermonet.quantities.errors import NotConvergedError
from thermonet.quantities.inputs import Input
from thermonet.quantities.threads import single_threaded
from thermonet.results.record import Check, Quantity, Result
from thermonet.studies.answers import Answers, SolvedProbe, moved_answers, solve_probe
from thermonet.studies.contact import (
    DEFAULT_TOLERANCE,
    Contact,
    contact_of,
    junction_check,
    junction_resistance,
    substrate_resistance,
)
from thermonet.studies.design import apex_of, probe_of, signal_inputs
from thermonet.studies.junction_map import JunctionMap, junction_map
from thermonet.studies.model_errors import ModelError, model_errors
from thermonet.studies.montecarlo import MonteCarlo, Progress, monte_carlo, silent
from thermonet.studies.probe_checks import energy_balance_check, quasi_static_check, reciprocity_check
from thermonet.studies.probe_exports import probe_exports
from thermonet.studies.probe_solid import line_width_table
from thermonet.studies.probe_solid_errors import solid_model_errors
from thermonet.studies.probe_tables import probe_tables
from thermonet.studies.sensitivities import gradients
from thermonet.studies.values import Values
from thermonet.system.modes import Transfer, slowest_transfer
from thermonet.uncertainty.budget import Budget, Gradient, budget, combined

_log = logging.getLogger(__name__)

#: Where the properties of the materials library hold [K].
_ROOM, _NEAR_ROOM = 300.0, 50.0
#: A study gives up on its tolerance rather than refine beyond this scale: half a million unknowns; of a tip with lines
#: sixty thousand, whose factors take 2 GB.
_FINEST, _FINEST_SOLID = 0.125, 1.0
#: Convergence that is believed of a tip: where its films end or turn, corners outlast the smooth rest of the error.
_RATE = 2.5
#: Inputs that are quantities of the result themselves.
_STATED = ("junction.resistance", "substrate.resistance")
#: Modes that are computed and listed.
_MODES = 12
#: Sensitivities, trials and other widths of lines need no finer mesh than this: it leaves parts in a thousand of them.
_COARSE = 2.0

_MEANING = {
    "probe_resistance": ("K/W", "R_P", "thermocouple temperature per watt from the apex source, static"),
    "time_constant_slowest": ("s", "tau_1", "time constant of the slowest mode of that response"),
    "time_constant_elmore": ("s", "t_E", "first moment of the normalised impulse response"),
    "time_constant_63": ("s", "t_63", "first time at which the step response reaches 1 - 1/e of its end"),
    "bandwidth_3db": ("Hz", "f_3dB", "first frequency at which the response falls by 3 dB, to 0.707 of the static one"),
    "apex_resistance": ("K/W", "Z_cc", "contact temperature per watt at the contact, weighted as the source"),
    "base_resistance": ("K/W", "R_base", "from the foot of the tip to the chip, through the cantilever"),
    "film_resistance": (
        "K/W",
        "R_film",
        "source's metal to thermocouple through the film between, over the whole tip, both metals isothermal",
    ),
    "access_resistance": ("K/W", "R_a", "contact to thermocouple, Z_cc - R_P"),
    "junction_resistance": ("K/W", "R_J", "contact to substrate"),
    "substrate_resistance": ("K/W", "R_S", "substrate under the contact to its bath"),
    "responsivity": ("V/W", "rho", "S_TC R_P, thermocouple voltage per watt from the apex source"),
    "noise_equivalent_power": (
        "W/Hz^0.5",
        "NEP",
        "power whose signal equals the noise in 1 Hz, noise density / responsivity",
    ),
    "outer_radius": ("m", "r_out", "centre of the rounding to the outer surface, on the axis"),
    "junction_depth": ("m", "d_TC", "outer surface to the thermocouple junction, on the axis"),
}


@dataclass(frozen=True)
class Options:
    """What a user may ask of a study beyond its document.

    Attributes
    ----------
    trials
        Monte Carlo trials; none where 0.
    seed
        Of the trials.
    jobs
        Processes for the trials.
    """

    trials: int = 0
    seed: int = 0
    jobs: int = 1


@dataclass(frozen=True)
class ProbeStudy:
    """A studied probe: its result, and the fields that figures are drawn from.

    Attributes
    ----------
    document, probe
        The design, as written and in SI.
    solved
        The solved model on the finest mesh.
    modes
        Its slowest modes as the thermocouple sees the source.
    inputs
        Named inputs behind every number.
    budgets
        Uncertainty budgets by quantity.
    contact
        The network around the contact.
    junctions
        Where that network lets R_J be taken as infinite.
    model_errors
        What the mesh cannot see.
    trials
        The Monte Carlo run, if there was one.
    result
        Quantities, tables, checks.
    files
        Its small model for other programs, text by name.
    """

    document: ProbeDocument
    probe: Probe
    solved: SolvedProbe
    modes: Transfer
    inputs: Mapping[str, Input]
    budgets: Mapping[str, Budget]
    contact: Contact
    junctions: JunctionMap
    model_errors: tuple[ModelError, ...]
    trials: MonteCarlo | None
    result: Result
    files: Mapping[str, str] = field(default_factory=dict)


@single_threaded
def study_probe(document: ProbeDocument, options: Options = Options(), progress: Progress = silent) -> ProbeStudy:
    """Study a probe design.

    Raises
    ------
    NotConvergedError
        The requested numerical tolerance was not met after all refinements.
    """
    values = Values()
    probe = probe_of(document, values)
    junction, substrate = junction_resistance(document, values), substrate_resistance(document, values)
    inputs = values.inputs
    if abs(document.temperature.value - _ROOM) > _NEAR_ROOM:
        _log.warning("temperature: %g K, but the materials library holds near %g K", document.temperature.value, _ROOM)
    numerics = document.numerics
    solved, errors, scale = converged_probe(probe, numerics.element_scale.value, numerics.tolerance.value)
    coarse_scale = max(2 * scale, _COARSE)
    coarse = solve_probe(probe, coarse_scale, by_term=True)
    slopes = _gradients(document, coarse, coarse_scale, inputs)
    contact = contact_of(solved, (junction, substrate), slopes)
    derived, more = _derived(document, probe, contact, values, slopes)
    numbers = {**solved.answers, **derived}
    budgets = {key: budget(gradient, inputs) for key, gradient in {**slopes, **more}.items()}
    trials = None
    if options.trials:
        nominal = {key: (numbers[key], budgets[key].u) for key in solved.answers}
        trials = monte_carlo(
            document,
            inputs,
            nominal,
            trials=options.trials,
            seed=options.seed,
            element_scale=coarse_scale,
            jobs=options.jobs,
            progress=progress,
        )
    errors |= _derived_errors(errors, numbers)
    stated = {key.replace(".", "_"): value.source for key, value in inputs.items() if key in _STATED}
    quantities = {
        key: _quantity(key, value, budgets.get(key), errors.get(key), stated.get(key, ""))
        for key, value in numbers.items()
    }
    round_tip = probe.apex.is_round
    unseen = model_errors(solved) if round_tip else solid_model_errors(coarse, coarse_scale)
    modes = slowest_transfer(solved.held if round_tip else coarse.held, "thermocouple", "apex", _MODES)
    junctions = junction_map(
        solved,
        contact,
        measured=None if document.measured is None else document.measured.probe_resistance,
        predicted_u=budgets["probe_resistance"].u,
    )
    tables = probe_tables(document, solved, modes, budgets, contact, junctions, unseen, trials)
    if not round_tip:
        tables["line_width"] = line_width_table(probe, _COARSE)
    exports = probe_exports(document, solved)
    result = Result(
        kind="study",
        name=document.name,
        quantities=quantities,
        tables=tables | dict(exports.tables),
        checks=_checks(document, solved, contact, inputs) | dict(exports.checks),
    )
    return ProbeStudy(
        document, probe, solved, modes, inputs, budgets, contact, junctions, unseen, trials, result, exports.files
    )


def converged_probe(probe: Probe, scale: float, tolerance: float) -> tuple[SolvedProbe, dict[str, float], float]:
    """Refine until the error of R_P meets the tolerance; the answers' errors come from three nested meshes.

    Parameters
    ----------
    probe
        The probe.
    scale
        Element scale to begin with.
    tolerance
        Of R_P, relative.

    Returns
    -------
    solved, errors, scale
        On the finest mesh, the numerical error of every answer in its unit, and that mesh's element scale.

    Raises
    ------
    NotConvergedError
        The finest mesh allowed does not meet the tolerance.
    """
    meshes = [solve_probe(probe, scale * factor) for factor in (4, 2, 1)]
    while True:
        coarse, middle, fine = (mesh.answers for mesh in meshes[-3:])
        errors = {key: discretisation_error(fine[key], middle[key], coarse[key], _RATE) for key in fine}
        relative = errors["probe_resistance"] / abs(fine["probe_resistance"])
        if relative <= tolerance:
            return meshes[-1], errors, scale
        state = (
            f"R_P = {fine['probe_resistance']:.6g} K/W is uncertain by {relative:.2g} of it at element_scale {scale:g}"
        )
        if scale / 2 < (_FINEST if probe.apex.is_round else _FINEST_SOLID):
            raise NotConvergedError(
                f"{state}, more than numerics.tolerance ({tolerance:.2g}), on the finest mesh allowed"
            )
        _log.info("refining: %s, wanted %.2g", state, tolerance)
        scale /= 2
        meshes.append(solve_probe(probe, scale))


def _gradients(
    document: ProbeDocument, coarse: SolvedProbe, scale: float, inputs: Mapping[str, Input]
) -> dict[str, Gradient]:
    """Derivatives of every quantity by every uncertain input: {quantity: {input: derivative}}.

    `coarse` is the probe on a mesh of element scale `scale`, its affine terms kept apart.
    """
    probe = coarse.model.probe

    def answers(values: Values) -> Answers:
        return moved_answers(coarse, probe_of(document, values), scale)

    behind = _uncertain(inputs, partial(probe_of, document))
    shapes = {name: value for name, value in behind.items() if _moves_the_mesh(document, probe, value)}
    films = {name: value for name, value in behind.items() if name not in shapes}
    by_film = gradients(answers, films)
    by_shape = gradients(answers, shapes, here=moved_answers(coarse, probe, scale))
    found: dict[str, Gradient] = {
        key: {**by_film.get(key, {}), **by_shape.get(key, {})} for key in {**by_film, **by_shape}
    }
    for key, function in {
        "junction_resistance": junction_resistance,
        "substrate_resistance": substrate_resistance,
    }.items():
        found |= {key: {}, **_gradient(key, partial(function, document), inputs)}
    for key in coarse.answers:
        found.setdefault(key, {})
    found |= gradients(
        lambda values: _shape(document, apex_of(document, values)), _uncertain(inputs, partial(apex_of, document))
    )
    found["access_resistance"] = combined(
        {"apex": (1.0, found["apex_resistance"]), "probe": (-1.0, found["probe_resistance"])}
    )
    return found


def _moves_the_mesh(document: ProbeDocument, probe: Probe, value: Input) -> bool:
    other = probe_of(document, Values({value.name: value.value + 1e-3 * (value.value or value.u)}))
    return not same_shape(other, probe)


def _gradient(key: str, function: Callable[[Values], float], inputs: Mapping[str, Input]) -> dict[str, Gradient]:
    return gradients(lambda values: {key: function(values)}, _uncertain(inputs, function))


def _uncertain(inputs: Mapping[str, Input], build: Callable[[Values], object]) -> dict[str, Input]:
    """Uncertain inputs that something is built from."""
    used = Values()
    build(used)
    return {name: value for name, value in inputs.items() if name in used.inputs and not value.is_exact}


def _shape(document: ProbeDocument, apex: Apex) -> Answers:
    """Lengths of the tip that follow from its films [m]."""
    depth = apex.depth_on_axis(document.thermocouple.metals[1])
    return {"outer_radius": apex.outer_radius, "junction_depth": depth}


def _derived_errors(errors: Mapping[str, float], numbers: Answers) -> dict[str, float]:
    """Numerical errors of what follows from R_P and Z_cc."""
    found = {"access_resistance": errors["apex_resistance"] + errors["probe_resistance"]}
    relative = errors["probe_resistance"] / abs(numbers["probe_resistance"])
    found |= {key: relative * abs(numbers[key]) for key in ("responsivity", "noise_equivalent_power") if key in numbers}
    return found


def _derived(
    document: ProbeDocument, probe: Probe, contact: Contact, values: Values, slopes: Mapping[str, Gradient]
) -> tuple[Answers, dict[str, Gradient]]:
    """Quantities that follow from others in closed form, and the gradients of those that are new."""
    network = contact.network
    found = {
        "access_resistance": network.access_resistance,
        "junction_resistance": network.junction_resistance,
        "substrate_resistance": network.substrate_resistance,
        **_shape(document, probe.apex),
    }
    seebeck, noise = signal_inputs(document, values)
    if seebeck is None:
        return found, {}
    resistance = network.probe_resistance
    responsivity = seebeck * resistance
    by_seebeck = {"thermocouple.seebeck_coefficient": 1.0}
    by_input = combined({"R_P": (seebeck, slopes["probe_resistance"]), "S_TC": (resistance, by_seebeck)})
    found["responsivity"] = responsivity
    if noise is None:
        return found, {"responsivity": by_input}
    power = noise / abs(responsivity)
    found["noise_equivalent_power"] = power
    by_noise = {"thermocouple.noise_density": 1.0}
    of_power = combined({"rho": (-power / responsivity, by_input), "noise": (power / noise, by_noise)})
    return found, {"responsivity": by_input, "noise_equivalent_power": of_power}


def _quantity(key: str, value: float, spread: Budget | None, error: float | None, stated: str) -> Quantity:
    unit, symbol, description = _MEANING[key]
    source = "finite elements" if error is not None else stated or "closed form"
    if spread is not None and spread.lines:
        largest = spread.lines[0]
        source += f"; largest share of the variance: {largest.input.name} ({largest.share:.0%})"
    return Quantity(
        value=value,
        unit=unit,
        symbol=symbol,
        description=description,
        u=None if spread is None else spread.u,
        numerical_error=error,
        source=source,
    )


def _checks(
    document: ProbeDocument, solved: SolvedProbe, contact: Contact, inputs: Mapping[str, Input]
) -> dict[str, Check]:
    tolerance = document.junction.tolerance
    limit = DEFAULT_TOLERANCE if tolerance is None else tolerance.value
    checks = {"junction_much_larger_than_probe": junction_check(contact, inputs, limit)}
    if document.modulation is not None:
        checks["quasi_static"] = quasi_static_check(document.modulation, solved.transfer)
    return checks | {"energy_balance": energy_balance_check(solved), "reciprocity": reciprocity_check(solved)}
