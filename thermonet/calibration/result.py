"""What a calibration writes down: quantities, covariance, budgets, expanded uncertainties, validity, checks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.adjustment import Adjustment
from thermonet.calibration.assessment import Assessment
from thermonet.calibration.campaign import Campaign, experiment_of, probes_of
from thermonet.calibration.outcome import Derived, correlation_of, covariance_of, suffix, uncorrelated_heat_u
from thermonet.calibration.ranges import stage_temperatures
from thermonet.calibration.trials import Trials
from thermonet.calibration.verdicts import SIGNIFICANCE, checks
from thermonet.documents.experiments import HotStage, ProbeExperiment, SymmetricJunction
from thermonet.quantities.formatting import with_unit
from thermonet.results.folder import versions
from thermonet.results.record import Check, Column, Quantity, Result, Table

#: Probability of an expanded uncertainty where the campaign says nothing.
PROBABILITY = 0.95
#: Readings of the thermocouple that the table of heats is printed for [V].
_READINGS = (1e-8, 1e-7, 1e-6)
#: Channels that heat in the probe answers in.
_THERMOVOLTAGES = ("V_plus", "V_TC", "V_in_phase")


def result_of(
    campaign: Campaign,
    adjustment: Adjustment,
    assessment: Assessment,
    found: Mapping[str, Derived],
    trials: Trials | None,
) -> Result:
    """Put everything into one result."""
    document = campaign.document
    probability = document.probability.value if document.probability else PROBABILITY
    level = document.significance.value if document.significance else SIGNIFICANCE
    tables: dict[str, Table] = {
        "covariance": covariance_table(found, adjustment),
        "expanded": expanded_table(found, probability),
        "parameters": parameters_table(adjustment),
        "heat": heat_table(campaign, found),
        "validity_range": validity_table(campaign, adjustment, found),
        "environment": environment_table(campaign),
        "data": data_table(campaign),
        "software": software_table(),
    }
    tables |= {f"budget.{key}": budget_table(derived) for key, derived in found.items() if not _is_nuisance(key)}
    tables |= {f"record.{name}": _record_table(adjustment, name) for name in adjustment.records}
    if trials is not None:
        tables["monte_carlo"] = trials_table(found, trials)
    return Result(
        kind="calibrate",
        name=document.name,
        quantities=dict(_quantities(campaign, adjustment, found)),
        tables=tables,
        checks={**checks(adjustment, assessment, level), **dict(_claims(campaign, found))},
    )


def _is_nuisance(key: str) -> bool:
    return key.startswith(("experiments.", "thermometers."))


def _quantities(
    campaign: Campaign, adjustment: Adjustment, found: Mapping[str, Derived]
) -> Iterator[tuple[str, Quantity]]:
    for key, derived in found.items():
        yield key, _quantity(derived)
    for probe in probes_of(campaign.document):
        end = suffix(campaign.document, probe)
        seebeck, resistance = found.get(f"seebeck_coefficient{end}"), found.get(f"probe_resistance{end}")
        if seebeck is None or resistance is None:
            continue
        yield (
            f"correlation_seebeck_resistance{end}",
            Quantity(
                value=correlation_of(seebeck, resistance, adjustment),
                unit="1",
                symbol="r",
                description="correlation of S_TC and R_P: both rest on one thermocouple",
                source="covariance of the adjustment",
            ),
        )
        naive = uncorrelated_heat_u(found, end)
        if naive is not None:
            yield (
                f"heat_per_volt_u_uncorrelated{end}",
                Quantity(
                    value=naive,
                    unit="W/V",
                    symbol="u'",
                    description="standard uncertainty of Q_P per volt, had S_TC and R_P been taken as uncorrelated",
                    source="wrong; printed to be seen beside the u of heat_per_volt",
                ),
            )


def _quantity(derived: Derived) -> Quantity:
    source = "adjustment of all records"
    if derived.budget.lines:
        largest = derived.budget.lines[0]
        source += f"; largest share of the variance: {largest.input.name} ({largest.share:.0%})"
    return Quantity(
        value=derived.value,
        unit=derived.unit,
        symbol=derived.symbol,
        description=derived.description,
        u=derived.u,
        source=source,
    )


def _claims(campaign: Campaign, found: Mapping[str, Derived]) -> Iterator[tuple[str, Check]]:
    for key, claimed in campaign.document.claimed().items():
        derived = found.get(key)
        if derived is None:
            yield (
                f"claim.{key}",
                Check(holds=False, value=0.0, u=None, threshold=claimed, explanation="the campaign does not give it"),
            )
            continue
        said = f"u = {with_unit(derived.u, derived.unit, digits=3)}, claimed {with_unit(claimed, derived.unit)}"
        if derived.u > claimed:
            largest = derived.budget.lines[0]
            said += f"; {largest.share:.0%} of the variance come from {largest.input.name}"
        yield (
            f"claim.{key}",
            Check(holds=derived.u <= claimed, value=derived.u, u=None, threshold=claimed, explanation=said),
        )
    yield from _heat_split(campaign, found)
    exact = campaign.exact()
    if exact:
        yield (
            "taken_as_exact",
            Check(
                holds=None,
                value=float(len(exact)),
                u=None,
                threshold=0.0,
                explanation=f"stated without an uncertainty, and taken as exact: {', '.join(exact)}",
            ),
        )


def _heat_split(campaign: Campaign, found: Mapping[str, Derived]) -> Iterator[tuple[str, Check]]:
    """A result that rests on the symmetric junction takes f_0 for granted, and can be no evidence for it."""
    names = [
        f"experiments.{name}.heat_fraction"
        for name, entry in campaign.document.experiments.items()
        if isinstance(entry, SymmetricJunction)
    ]
    derived = found.get("responsivity")
    if not names or derived is None:
        return
    lines = [line for line in derived.budget.lines if line.input.name in names]
    weight = sum(abs(line.sensitivity * line.input.value / derived.value) for line in lines)
    yield (
        "evidence_for_heat_split",
        Check(
            holds=None,
            value=weight,
            u=None,
            threshold=0.0,
            explanation=(
                f"one per cent in f_0 = Q_P / Q_Total changes rho by {weight:.2g} %: the result rests on f_0 and may "
                "not be cited as evidence for it"
            ),
        ),
    )


def covariance_table(found: Mapping[str, Derived], adjustment: Adjustment) -> Table:
    """Covariances of all pairs of reported quantities, in the product of their units."""
    main = [derived for key, derived in found.items() if not _is_nuisance(key)]
    pairs = [(first, second) for i, first in enumerate(main) for second in main[i:]]
    return {
        "first": Column("", [first.key for first, _ in pairs]),
        "second": Column("", [second.key for _, second in pairs]),
        "covariance": Column("SI", [covariance_of(*pair, adjustment) for pair in pairs]),
        "unit": Column("", [f"({first.unit}) ({second.unit})" for first, second in pairs]),
        "correlation": Column("1", [min(1.0, max(-1.0, correlation_of(*pair, adjustment))) for pair in pairs]),
    }


def expanded_table(found: Mapping[str, Derived], probability: float) -> Table:
    """Values with standard and expanded uncertainty, coverage factor and probability."""
    wide = {key: derived.expanded(probability) for key, derived in found.items()}
    return {
        "quantity": Column("", list(found)),
        "unit": Column("", [derived.unit for derived in found.values()]),
        "value": Column("SI", [derived.value for derived in found.values()]),
        "u": Column("SI", [derived.u for derived in found.values()]),
        "dof": Column("1", [_finite(derived.dof) for derived in found.values()]),
        "coverage_factor": Column("1", [item.k for item in wide.values()]),
        "probability": Column("1", [probability] * len(found)),
        "expanded": Column("SI", [item.U for item in wide.values()]),
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def budget_table(derived: Derived) -> Table:
    """Causes of a quantity's uncertainty, the largest share first."""
    lines = derived.budget.lines
    return {
        "input": Column("", [line.input.name for line in lines]),
        "type": Column("", ["A" if _is_type_a(line.input.name, line.input.dof) else "B" for line in lines]),
        "unit": Column("", [line.input.unit for line in lines]),
        "value": Column("SI", [line.input.value for line in lines]),
        "u": Column("SI", [line.input.u for line in lines]),
        "distribution": Column("", [line.input.distribution for line in lines]),
        "dof": Column("1", [_finite(line.input.dof) for line in lines]),
        "sensitivity": Column("SI", [line.sensitivity for line in lines]),
        "contribution": Column("SI", [line.contribution for line in lines]),
        "share": Column("1", [line.share for line in lines]),
        "source": Column("", [line.input.source for line in lines]),
    }


def _is_type_a(name: str, dof: float) -> bool:
    return name.endswith(".noise") or math.isfinite(dof)


def parameters_table(adjustment: Adjustment) -> Table:
    """All parameters: as stated, and as the records and all other inputs leave them."""
    parameters = adjustment.parameters
    priors = [parameter.prior for parameter in parameters]
    return {
        "parameter": Column("", list(adjustment.names)),
        "unit": Column("", [parameter.unit for parameter in parameters]),
        "stated": Column("SI", [prior.value if prior else None for prior in priors]),
        "u_stated": Column("SI", [prior.u if prior else None for prior in priors]),
        "estimate": Column("SI", [float(value) for value in adjustment.values]),
        "u": Column("SI", [adjustment.u(name) for name in adjustment.names]),
        "source": Column("", [prior.source if prior else "found by the records" for prior in priors]),
    }


def heat_table(campaign: Campaign, found: Mapping[str, Derived]) -> Table:
    """Heat in the probe for a few readings: its u from rho, and what uncorrelated S_TC and R_P would have given."""
    rows = []
    for probe in probes_of(campaign.document):
        end = suffix(campaign.document, probe)
        heat = found.get(f"heat_per_volt{end}")
        naive = uncorrelated_heat_u(found, end)
        if heat is not None:
            rows += [
                (probe, volts, abs(heat.value) * volts, heat.u * volts, None if naive is None else naive * volts)
                for volts in _READINGS
            ]
    columns: Sequence[Sequence[str | float | None]] = list(zip(*rows, strict=True)) if rows else [[]] * 5
    units = {"probe": "", "V_TC": "V", "Q_P": "W", "u": "W", "u_uncorrelated": "W"}
    return {name: Column(unit, list(values)) for (name, unit), values in zip(units.items(), columns, strict=True)}


def validity_table(campaign: Campaign, adjustment: Adjustment, found: Mapping[str, Derived]) -> Table:
    """Ranges that the records cover; beyond them a calibration is extrapolated."""
    rows = [
        (f"temperature, {name}", "K", low, high)
        for name, (low, high) in stage_temperatures(campaign, adjustment).items()
    ]
    for name, record in adjustment.records.items():
        channel, against = record.conditions.response
        heat = found.get(f"heat_per_volt{_suffix_of(campaign, name)}")
        hot = isinstance(campaign.document.experiments[experiment_of(name, campaign.document)], HotStage)
        if (channel in _THERMOVOLTAGES or hot) and heat is not None:
            volts = np.abs(np.asarray(record.conditions.observed[channel], dtype=float))
            low, high = (abs(heat.value) * float(end(volts)) for end in (np.min, np.max))
            rows.append((f"heat in the probe, {name}", "W", low, high))
        if against == "f":
            f = record.conditions.observed[against]
            rows.append((f"frequency, {name}", "Hz", float(np.min(f)), float(np.max(f))))
    columns: Sequence[Sequence[str | float]] = list(zip(*rows, strict=True)) if rows else [[]] * 4
    names = ("range", "unit", "low", "high")
    return {
        name: Column("SI" if name in ("low", "high") else "", list(values))
        for name, values in zip(names, columns, strict=True)
    }


def _suffix_of(campaign: Campaign, block: str) -> str:
    """What the keys of a record's probe end in."""
    entry = campaign.document.experiments[experiment_of(block, campaign.document)]
    return suffix(campaign.document, entry.probe) if isinstance(entry, ProbeExperiment) else ""


def environment_table(campaign: Campaign) -> Table:
    """Surroundings, date and who answers for the calibration."""
    document = campaign.document
    surroundings = document.environment
    rows = [
        ("date", document.date),
        ("temperature of the surroundings", _printed(surroundings.temperature.value, "K", surroundings.temperature.u)),
        ("pressure", "" if surroundings.pressure is None else _printed(surroundings.pressure.value, "Pa")),
        ("laboratory", document.laboratory),
        ("responsible", document.responsible),
        ("customer", document.customer),
        ("records", document.source),
    ]
    rows = [(key, text) for key, text in rows if text]
    return {"item": Column("", [key for key, _ in rows]), "value": Column("", [text for _, text in rows])}


def _printed(value: float, unit: str, u: float = 0.0) -> str:
    return with_unit(value, unit, u or None)


def data_table(campaign: Campaign) -> Table:
    """Data files with their hashes."""
    records = campaign.records
    entries = campaign.document.experiments
    return {
        "experiment": Column("", list(records)),
        "protocol": Column("", [str(getattr(entries[name], "protocol")) for name in records]),  # noqa: B009
        "file": Column("", [entries[name].data for name in records]),
        "rows": Column("1", [len(record.lines) for record in records.values()]),
        "sha256": Column("", [record.sha256 for record in records.values()]),
        "header": Column("", [record.header.replace("\n", " ") for record in records.values()]),
    }


def software_table() -> Table:
    """Versions of what the numbers rest on."""
    found = versions()
    return {"package": Column("", list(found)), "version": Column("", list(found.values()))}


def _record_table(adjustment: Adjustment, name: str) -> Table:
    """Readings of a record, what the adjustment makes of them, and how far they miss."""
    record = adjustment.records[name]
    block = record.conditions
    channel, against = block.response
    units = {"f": "Hz"}
    residuals = record.misclosures / record.u
    return {
        "line": Column("1", [int(line) for line in block.rows]),
        against: Column(units.get(against, "SI"), _floats(block.observed[against])),
        channel: Column("V", _floats(block.observed[channel])),
        "misclosure": Column("SI", _floats(record.misclosures)),
        "u": Column("SI", _floats(record.u)),
        "residual_over_u": Column("1", _floats(residuals)),
        "weight": Column("1", _floats(record.weights)),
    }


def _floats(values: NDArray[np.float64]) -> list[float]:
    return [float(value) for value in values]


def trials_table(found: Mapping[str, Derived], trials: Trials) -> Table:
    """First order and Monte Carlo side by side, with what JCGM 101, clause 8, says of the first."""
    items = {key: item for key, item in trials.quantities.items() if not _is_nuisance(key)}
    return {
        "quantity": Column("", list(items)),
        "value": Column("SI", [found[key].value for key in items]),
        "u_first_order": Column("SI", [found[key].u for key in items]),
        "first_order_low": Column("SI", [item.first_order[0] for item in items.values()]),
        "first_order_high": Column("SI", [item.first_order[1] for item in items.values()]),
        "mean": Column("SI", [item.mean for item in items.values()]),
        "u": Column("SI", [item.u for item in items.values()]),
        "low": Column("SI", [item.low for item in items.values()]),
        "high": Column("SI", [item.high for item in items.values()]),
        "tolerance": Column("SI", [item.tolerance for item in items.values()]),
        "trials": Column("1", [trials.count] * len(items)),
        "shortest_low": Column("SI", [trials.shortest[key][0] for key in items]),
        "shortest_high": Column("SI", [trials.shortest[key][1] for key in items]),
        "stabilised": Column("", [trials.stabilised] * len(items)),
        "agrees": Column("", [item.validated for item in items.values()]),
    }
