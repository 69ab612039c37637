"""Small models of what was studied, for other programs: SPICE, Modelica, structure functions."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from thermonet.network.ladders import cauer_from_foster, foster
from thermonet.network.modelica.block import block
from thermonet.network.spice.compact import compact_deck
from thermonet.network.spice.subcircuit import subcircuit
from thermonet.network.structure import StructureFunction, structure_function, structure_text
from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.formatting import with_unit
from thermonet.results.record import Check, Column, Table
from thermonet.system.compact import CompactModel, compact_model
from thermonet.system.core import System, Vector
from thermonet.system.reduction import krylov_basis, reduced

_log = logging.getLogger(__name__)

#: Files of a small model.
NETLIST, MODELICA = "compact.cir", "compact.mo"
#: States of a small model, unless its steady fields need more.
_MOST_STATES = 24


@dataclass(frozen=True)
class Exports:
    """Text files by name, tables and checks that say how good they are."""

    files: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reduction:
    """What a compact model has taken the place of, and what that may change.

    Attributes
    ----------
    unknowns
        That are gone.
    harmonic, step
        Relative errors of its responses: a bound of harmonic ones, an estimate of steps at any time.
    """

    unknowns: int = 0
    harmonic: float = 0.0
    step: float = 0.0

    def __add__(self, other: Reduction) -> Reduction:
        """Both, their errors added."""
        return Reduction(self.unknowns + other.unknowns, self.harmonic + other.harmonic, self.step + other.step)


@dataclass(frozen=True)
class SmallModel:
    """A small system between the pins of a large one.

    Attributes
    ----------
    system
        Dense; its ports are isothermal, every other pin is a source and a sensor of the same weights.
    held
        Ports that were held.
    unknowns
        Of the large system, the held ones left out.
    compact
        Its errors; None where nothing stores heat, and the small system answers exactly.
    tolerance
        What was asked for, of all that was left out.
    before
        What the large system itself has left out already.
    """

    system: System
    held: tuple[str, ...]
    unknowns: int
    compact: CompactModel | None
    tolerance: float
    before: Reduction = Reduction()

    @property
    def reduction(self) -> Reduction:
        """What it has taken the place of, from the largest system on."""
        if self.compact is None:
            return replace(self.before, unknowns=self.before.unknowns + self.unknowns - self._states)
        own = Reduction(self.unknowns - self._states, self.compact.error, self.compact.step_error)
        return self.before + own

    @property
    def _states(self) -> int:
        return self.system.size - len(self.held)


@dataclass(frozen=True, kw_only=True)
class SteadyCase:
    """What a netlist computes as it is.

    Attributes
    ----------
    name, title
        Of the document.
    bath
        Temperature of node 0 [K].
    powers
        Heat into pins [W].
    rises
        Temperatures of the held ports above the bath [K].
    notes
        Sentences for the header.
    """

    name: str
    title: str
    bath: float
    powers: Mapping[str, float]
    rises: Mapping[str, float]
    notes: Sequence[str] = ()


def small_model(
    system: System,
    pins: Mapping[str, Vector],
    held: Sequence[str],
    free: Sequence[str] = (),
    *,
    heated: Collection[str] | None = None,
    tolerance: float,
    highest_frequency: float | None,
    most_states: int = _MOST_STATES,
) -> SmallModel:
    """Small model of a system between its pins; its steady answers are exact.

    Parameters
    ----------
    system
        A large system, or one that is small already; without capacity terms it follows at once.
    pins
        Weights (n,) by which heat enters and a temperature is read.
    held, free
        Isothermal ports that are held while the small model is made, and others that are pins, too. Where ports are
        all the pins there are, the first stays held and the others answer.
    heated
        Pins whose heat the tolerance is about: all of them where nothing is said. At the others steady heat is exact,
        too, but what comes at once of heat there is not followed.
    tolerance, highest_frequency, most_states
        See `thermonet.system.compact.compact_model`.

    Raises
    ------
    PhysicsError
        There is no such model.
    """
    totals = {"K": system.total(system.K)} | ({"C": system.total(system.C)} if system.C else {})
    lean = replace(
        system,
        K={"K": totals["K"]},
        C={name: total for name, total in totals.items() if name == "C"},
        theta=dict.fromkeys(totals, 1.0),
        sources=pins,
        sensors=pins,
        ports={port: system.ports[port] for port in (*held, *free)},
    )
    if not system.C:
        ends = lean.hold(*held, *free)
        loads = np.column_stack([*pins.values(), np.zeros(system.size)])
        steady = replace(reduced(ends, krylov_basis(ends, loads, moments=1)), C={})
        return SmallModel(steady, tuple(held), len(ends.free), None, tolerance)
    if not pins and not free:
        held, free = held[:1], held[1:]
    ends = lean.hold(*held)
    found = compact_model(
        ends,
        tuple(pin for pin in pins if heated is None or pin in heated),
        tuple(pins),
        tuple(free),
        tolerance=tolerance,
        highest_frequency=highest_frequency,
        most_states=most_states,
    )
    return SmallModel(found.system, tuple(held), len(ends.free), found, tolerance)


def small_exports(small: SmallModel, case: SteadyCase, *, driving_points: Sequence[str] = ()) -> Exports:
    """Small model as files, with its structure functions, and what is known of its errors.

    Parameters
    ----------
    small, case
        The model, and what its netlist computes; without power or a difference of temperatures there is nothing to
        compute, and the netlist is the subcircuit alone.
    driving_points
        Pins whose structure functions are wanted; there are none where nothing stores heat.
    """
    files = {MODELICA: block(case.name, small.system, title=case.title)}
    try:
        files[NETLIST] = _netlist(small, case)
    except PhysicsError as error:  # names that SPICE cannot tell apart are good names everywhere else
        _log.warning("%s is left out: %s", NETLIST, error)
    if small.compact is None:
        return Exports(files)
    tables = {"compact": _compact_table(small, small.compact)}
    held = small.system.hold(*small.held)
    for pin in driving_points:
        structure = structure_function(cauer_from_foster(foster(held, pin, pin)))
        tables[f"structure.{pin}"] = _structure_table(structure)
        files[f"structure.{pin}.txt"] = structure_text(structure)
    return Exports(files, tables, {"compact_model": _compact_check(small, small.compact)})


def _netlist(small: SmallModel, case: SteadyCase) -> str:
    powers = {pin: power for pin, power in case.powers.items() if power}
    if not powers and len(set(case.rises.values())) == 1:
        return f"* {case.title}: a compact model\n{subcircuit(case.name, small.system).text}\n"
    return compact_deck(
        case.name,
        small.system,
        powers=powers,
        rises=case.rises,
        bath=case.bath,
        title=f"{case.title}: the steady case of a compact model",
        notes=case.notes,
    )


def _compact_table(small: SmallModel, found: CompactModel) -> Table:
    """Size, cost and errors of a compact model."""
    before, whole = small.before, small.reduction
    rows: list[tuple[str, float]] = [
        ("unknowns of the large model", small.unknowns + before.unknowns),
        ("states of the compact model", found.states),
        ("factorisations", found.factorisations),
        ("back-substitutions", found.substitutions),
        ("tolerance", small.tolerance),
    ]
    if before.unknowns:
        rows += [
            ("unknowns with compact bodies", small.unknowns),
            ("harmonic errors of the compact bodies, relative, added", before.harmonic),
            ("bound of the harmonic error against compact bodies, relative", found.error),
            ("harmonic error against the large model, relative, estimated", whole.harmonic),
        ]
    else:
        rows.append(("bound of the harmonic error, relative", found.error))
    rows.append(("error of steps at any time, relative", whole.step))
    return {"what": Column("", [name for name, _ in rows]), "value": Column("1", [value for _, value in rows])}


def _structure_table(found: StructureFunction) -> Table:
    """Heat capacity up to a resistance from the port, and its slope."""
    return {
        "resistance": Column("K/W", [float(value) for value in found.resistance]),
        "capacity": Column("J/K", [float(value) for value in found.capacity]),
        "slope": Column("W^2*s/K^2", [float(value) for value in found.differential]),
    }


def _compact_check(small: SmallModel, found: CompactModel) -> Check:
    """Whether the compact model is as exact as was asked."""
    highest = float(found.frequencies.max(initial=0.0))
    oscillations = f" and of oscillations up to {with_unit(highest, 'Hz', digits=3)}" if highest else ""
    worst = max(small.reduction.harmonic, small.reduction.step)
    return Check(
        holds=worst <= small.tolerance,
        value=worst,
        u=None,
        threshold=small.tolerance,
        explanation=f"largest error of a response of the compact model, of steps at any time{oscillations}, relative",
    )
