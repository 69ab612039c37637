"""Tables of a studied probe, as they stand in the result and behind its figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from thermonet.documents.probe import ProbeDocument
from thermonet.materials.library import materials_for
from thermonet.results.record import Column, Table
from thermonet.studies.answers import SolvedProbe
from thermonet.studies.contact import Contact
from thermonet.studies.junction_map import JunctionMap, junction_limit_table, junction_map_table
from thermonet.studies.model_errors import ModelError
from thermonet.studies.montecarlo import MonteCarlo
from thermonet.system.modes import Transfer
from thermonet.system.response import bandwidth, harmonic, step
from thermonet.uncertainty.budget import Budget


def probe_tables(
    document: ProbeDocument,
    solved: SolvedProbe,
    modes: Transfer,
    budgets: Mapping[str, Budget],
    contact: Contact,
    junctions: JunctionMap,
    unseen: Sequence[ModelError],
    trials: MonteCarlo | None,
) -> dict[str, Table]:
    """All tables of a study by their name in the result."""
    tables: dict[str, Table] = {
        f"budget.{key}": budget_table(spread) for key, spread in budgets.items() if spread.lines
    }
    tables["budget_groups"] = groups_table(budgets["probe_resistance"], groups_of(document))
    tables["modes"] = modes_table(modes, solved.transfer.resistance)
    tables["step"] = step_table(solved.transfer)
    tables["frequency"] = frequency_table(solved.transfer)
    tables["network"] = network_table(contact)
    tables["junction_map"] = junction_map_table(junctions)
    tables["junction_limit"] = junction_limit_table(junctions)
    tables["model_errors"] = model_error_table(unseen, solved.answers["probe_resistance"])
    if trials is not None:
        tables["monte_carlo"] = monte_carlo_table(trials, solved.answers)
    return tables


def budget_table(spread: Budget) -> Table:
    """Inputs of a quantity, the largest share first; values and sensitivities in SI."""
    lines = spread.lines
    return {
        "input": Column("", [line.input.name for line in lines]),
        "unit": Column("", [line.input.unit for line in lines]),
        "value": Column("SI", [line.input.value for line in lines]),
        "u": Column("SI", [line.input.u for line in lines]),
        "distribution": Column("", [line.input.distribution for line in lines]),
        "sensitivity": Column("SI", [line.sensitivity for line in lines]),
        "contribution": Column("SI", [line.contribution for line in lines]),
        "share": Column("1", [line.share for line in lines]),
        "source": Column("", [line.input.source for line in lines]),
    }


def groups_of(document: ProbeDocument) -> Callable[[str], str]:
    """Kind of thing that an input says something about, by its name."""
    materials = materials_for(document.materials, document.interfaces)
    words = {"metal": "metal films", "dielectric": "insulators"}
    tip = {"apex.core": document.apex.core} | {
        f"apex.layers.{name}": film for name, film in document.apex.layers.items()
    }
    of_tip = {path: words[materials.entry(entry.material).kind] for path, entry in tip.items()}
    of_tip |= {f"materials.{entry.material}": of_tip[path] for path, entry in tip.items()}

    def group(name: str) -> str:
        if "sidewall_factor" in name:
            return "sidewall factors"
        for owner, word in of_tip.items():
            if name.startswith(f"{owner}."):
                return word
        kinds = {
            "apex": "tip shape",
            "cantilever": "cantilever",
            "materials": "cantilever",  # those of no tip film
            "interfaces": "boundary conductances",
            "heat_source": "heat source",
        }
        return kinds.get(name.split(".", 1)[0], "other")

    return group


def groups_table(spread: Budget, group_of: Callable[[str], str]) -> Table:
    """Shares of a quantity's variance by kind of input, the largest first."""
    shares: dict[str, float] = {}
    for line in spread.lines:
        group = group_of(line.input.name)
        shares[group] = shares.get(group, 0.0) + line.share
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return {"group": Column("", [name for name, _ in ordered]), "share": Column("1", [share for _, share in ordered])}


def modes_table(slowest: Transfer, resistance: float) -> Table:
    """Slowest modes with their shares of the static response; the last line is all the others together."""
    times: list[float | None] = [float(time) for time in slowest.time_constants]
    shares = [float(residue) / resistance for residue in slowest.residues]
    return {
        "mode": Column("", [*(str(i + 1) for i in range(len(times))), "all others"]),
        "time_constant": Column("s", [*times, None]),
        "share": Column("1", [*shares, 1 - sum(shares)]),
    }


def step_table(seen: Transfer) -> Table:
    """Step response per watt."""
    time = np.concatenate([[0.0], np.geomspace(3e-4, 10.0, 181) * seen.time_constants[0]])
    return {"time": Column("s", list(time)), "temperature": Column("K/W", list(step(seen, time)))}


def frequency_table(seen: Transfer) -> Table:
    """Harmonic response per watt, amplitude and phase, as far as the small model is exact."""
    frequency = np.geomspace(1e-3 / (2 * np.pi * seen.time_constants[0]), 100 * bandwidth(seen), 181)
    response = harmonic(seen, frequency)
    return {
        "frequency": Column("Hz", list(frequency)),
        "amplitude": Column("K/W", list(np.abs(response))),
        "phase": Column("rad", list(np.unwrap(np.angle(response)))),
    }


def network_table(contact: Contact) -> Table:
    """Elements of the contact network."""
    names, first, second, resistances = zip(*contact.network.elements(), strict=True)
    return {
        "element": Column("", names),
        "from": Column("", first),
        "to": Column("", second),
        "resistance": Column("K/W", resistances),
    }


def model_error_table(unseen: Sequence[ModelError], probe_resistance: float) -> Table:
    """Errors of the model that no mesh removes."""
    return {
        "model": Column("", [error.name for error in unseen]),
        "effect": Column("K/W", [error.effect for error in unseen]),
        "relative": Column("1", [error.effect / probe_resistance for error in unseen]),
        "explanation": Column("", [error.explanation for error in unseen]),
    }


def monte_carlo_table(trials: MonteCarlo, numbers: Mapping[str, float]) -> Table:
    """Both propagations side by side; intervals of 95 %, values in SI."""
    found = trials.quantities
    return {
        "quantity": Column("", list(found)),
        "value": Column("SI", [numbers[key] for key in found]),
        "first_order_low": Column("SI", [item.first_order[0] for item in found.values()]),
        "first_order_high": Column("SI", [item.first_order[1] for item in found.values()]),
        "mean": Column("SI", [item.mean for item in found.values()]),
        "u": Column("SI", [item.u for item in found.values()]),
        "low": Column("SI", [item.low for item in found.values()]),
        "high": Column("SI", [item.high for item in found.values()]),
        "trials": Column("1", [trials.trials] * len(found)),
        "impossible": Column("1", [trials.impossible] * len(found)),
        "agrees": Column("", [item.agrees for item in found.values()]),
    }
