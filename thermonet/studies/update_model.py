"""What a probe design predicts of its measurements as a function of its uncertain inputs, on any mesh."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from thermonet.calibration.bayes.observations import Observations
from thermonet.calibration.bayes.prior import Prior
from thermonet.documents.probe import FilmEntry, ProbeDocument
from thermonet.heat.error import discretisation_error
from thermonet.materials.library import materials_for
from thermonet.quantities.constants import LORENZ_NUMBER
from thermonet.quantities.errors import NotConvergedError, PhysicsError
from thermonet.quantities.inputs import Input
from thermonet.studies.answers import Answers, moved_answers, solve_probe
from thermonet.studies.design import probe_of, reading_of
from thermonet.studies.values import Values

Floats = NDArray[np.float64]

SHEET = "sheet_resistance."
SEEBECK = "thermocouple.seebeck_coefficient"
#: What can be measured, and its unit; sheet resistances are called ``sheet_resistance.<layer>``.
OBSERVABLE = {
    "probe_resistance": "K/W",
    "responsivity": "V/W",
    "seebeck_coefficient": "V/K",
    "time_constant_elmore": "s",
    "time_constant_63": "s",
}
_UNITS = OBSERVABLE | {
    "time_constant_slowest": "s",
    "bandwidth_3db": "Hz",
    "apex_resistance": "K/W",
    "base_resistance": "K/W",
    "film_resistance": "K/W",
    "access_resistance": "K/W",
}

#: Heat over charge in a metal film, where a sheet resistance speaks of a conductivity.
LORENZ_RATIO = Input(
    value=1.0,
    u=0.1,
    distribution="lognormal",
    source="estimate: metal films obey Wiedemann and Franz within a tenth at room temperature, thin ones less well",
)
_WIDE_SEEBECK = Input(
    value=10e-6,
    unit="V/K",
    u=10e-6 * math.log(10) / 1.959963984540054,
    distribution="lognormal",
    source="estimate: pairs of metal films give 1 to 100 uV/K (95 %)",
)

#: Step of one-sided differences by x, as in a study's sensitivities.
_STEP = 1e-5
#: Numerical error of an observed prediction that is left, in its standard uncertainty, and the finest mesh for that.
_NUMERICAL, _FINEST = 0.05, 0.125


def unit_of(name: str) -> str:
    """Coherent SI unit of a prediction."""
    return "ohm" if name.startswith(SHEET) else _UNITS[name]


@dataclass(frozen=True, kw_only=True)
class Measurements:
    """What was measured on a probe.

    Parameters
    ----------
    values
        Value and standard uncertainty in SI, by name: ``probe_resistance``, ``responsivity``,
        ``seebeck_coefficient``, ``time_constant_elmore``, ``time_constant_63``, ``sheet_resistance.<layer>``. Of
        responsivity and S_TC the magnitudes.
    correlations
        Of two measured values' errors, by their names; those left out are zero.
    lorenz_ratio
        L / L_0 by which a sheet resistance speaks of a thermal conductivity; shared by films of one material and batch.

    Raises
    ------
    PhysicsError
        A value or its uncertainty is not positive, or a correlation belongs to nothing that was measured.
    """

    values: Mapping[str, tuple[float, float]]
    correlations: Mapping[tuple[str, str], float] = field(default_factory=dict)
    lorenz_ratio: Input = LORENZ_RATIO

    def __post_init__(self) -> None:
        for name, (value, u) in self.values.items():
            if not 0 < value < math.inf:
                raise PhysicsError(f"{name}: a measured value must be positive and finite, got {value:g}")
            if not 0 < u < math.inf:
                raise PhysicsError(
                    f"{name}: measured without an uncertainty it would outweigh all that is known, expected a standard "
                    f"uncertainty above zero, got {u:g}"
                )
        if len({frozenset(pair) for pair in self.correlations}) < len(self.correlations):
            raise PhysicsError("the correlation of one pair is stated twice, expected it once")
        for pair, correlation in self.correlations.items():
            unknown = [name for name in pair if name not in self.values]
            if unknown or pair[0] == pair[1]:
                known = ", ".join(self.values)
                raise PhysicsError(f"correlation of {' and '.join(pair)}: expected two different ones of {known}")
            if not -1 < correlation < 1:
                raise PhysicsError(
                    f"correlation of {' and '.join(pair)}: must lie between -1 and 1, got {correlation:g}"
                )

    def observations(self) -> Observations:
        """Logarithms of the measured values: their errors are read as lognormal, of the same relative size."""
        names = list(self.values)
        values = np.array([self.values[name][0] for name in names])
        relative = np.array([self.values[name][1] for name in names]) / values
        spread = np.sqrt(np.log1p(relative**2))
        correlation = np.eye(len(names))
        for (first, second), coefficient in self.correlations.items():
            i, j = names.index(first), names.index(second)
            correlation[i, j] = correlation[j, i] = coefficient
        return Observations(names, np.log(values), correlation * np.outer(spread, spread))


@dataclass(frozen=True)
class UpdateModel:
    """A design's predictions as functions of its uncertain inputs.

    Attributes
    ----------
    document
        The design.
    measured
        What is to be predicted.
    prior
        Uncertain inputs behind the predictions.
    names
        Predictions: those of finite elements, then closed forms.
    """

    document: ProbeDocument
    measured: Measurements
    prior: Prior
    names: tuple[str, ...]

    @property
    def rows(self) -> list[int]:
        """Where the observed predictions stand in `names`, in the order of the measured values."""
        return [self.names.index(name) for name in self.measured.values]

    def stated(self, scale: float) -> dict[str, float]:
        """Logarithms of all predictions by name, at the values that the design states."""
        values = Values()
        found = self._logarithms(values, solve_probe(probe_of(self.document, values), scale).answers)
        return {name: float(number) for name, number in zip(self.names, found, strict=True)}

    def predicted(self, x: Floats, scale: float) -> Floats:
        """Logarithms of all predictions on a mesh, (k,)."""
        values = self._values(x)
        return self._logarithms(values, solve_probe(probe_of(self.document, values), scale).answers)

    def linearised(self, x: Floats, scale: float) -> tuple[Floats, Floats]:
        """Logarithms of all predictions (k,) and their derivatives by x (k, n), from one solution."""
        values = self._values(x)
        probe = probe_of(self.document, values)
        solved = solve_probe(probe, scale, by_term=True)
        here = self._logarithms(values, moved_answers(solved, probe, scale))
        slopes = np.empty((len(self.names), len(x)))
        for column, width in enumerate(self.prior.widths):
            moved = x.copy()
            moved[column] += _STEP * max(1.0 if self.prior.logarithmic[column] else abs(x[column]), width)
            others = self._values(moved)
            there = self._logarithms(others, moved_answers(solved, probe_of(self.document, others), scale))
            slopes[:, column] = (there - here) / (moved[column] - x[column])
        return self._logarithms(values, solved.answers), slopes

    def _values(self, x: Floats) -> Values:
        return Values(self.prior.stated(x))

    def _logarithms(self, values: Values, answers: Answers) -> Floats:
        numbers = {**answers, **_closed_forms(self.document, self.measured, values, answers["probe_resistance"])}
        return np.log([numbers[name] for name in self.names])


def update_model(document: ProbeDocument, measured: Measurements) -> UpdateModel:
    """Find the inputs and predictions of a design.

    Raises
    ------
    PhysicsError
        Something was measured that the design does not predict, or nothing is uncertain.
    """
    _check_names(document, measured)
    values = Values()
    probe = probe_of(document, values)
    closed = _closed_forms(document, measured, values, 1.0)
    uncertain = {name: value for name, value in values.inputs.items() if not value.is_exact}
    coarsest = solve_probe(probe, 4.0).answers
    return UpdateModel(document, measured, Prior(uncertain), (*coarsest, *closed))


def _check_names(document: ProbeDocument, measured: Measurements) -> None:
    films = _films(document)
    metals = [name for name, (_, film) in films.items() if _is_metal(document, film)]
    known = [*OBSERVABLE, *(SHEET + name for name in metals)]
    for name in measured.values:
        if name not in known:
            raise PhysicsError(f"{name}: is nothing that this design predicts, expected one of {', '.join(known)}")
    stated = document.thermocouple.seebeck_coefficient
    if stated is None and "responsivity" in measured.values and "seebeck_coefficient" not in measured.values:
        raise PhysicsError(
            "responsivity: says nothing of the probe without S_TC, expected thermocouple.seebeck_coefficient in the "
            "design or seebeck_coefficient among the measured"
        )


def _films(document: ProbeDocument) -> dict[str, tuple[str, FilmEntry]]:
    """Path and entry of every film by name."""
    found: dict[str, tuple[str, FilmEntry]] = {
        name: (f"apex.layers.{name}", layer) for name, layer in document.apex.layers.items()
    }
    if document.cantilever is not None:
        found |= {name: (f"cantilever.layers.{name}", film) for name, film in document.cantilever.layers.items()}
    return found


def _is_metal(document: ProbeDocument, film: FilmEntry) -> bool:
    return materials_for(document.materials, document.interfaces).entry(film.material).kind == "metal"


def _closed_forms(
    document: ProbeDocument, measured: Measurements, values: Values, probe_resistance: float
) -> dict[str, float]:
    """Predictions that need no mesh, from the values handed out."""
    found: dict[str, float] = {}
    stated, couple = document.thermocouple.seebeck_coefficient, document.thermocouple
    if stated is None and "seebeck_coefficient" in measured.values:
        stated = _WIDE_SEEBECK
    if stated is not None:
        seebeck = abs(values(stated, SEEBECK, couple.source or document.source))
        found |= {"seebeck_coefficient": seebeck, "responsivity": seebeck * probe_resistance}
    films = _films(document)
    for name in measured.values:
        if name.startswith(SHEET):
            found[name] = _sheet_resistance(document, measured.lorenz_ratio, values, *films[name.removeprefix(SHEET)])
    return found


def _sheet_resistance(
    document: ProbeDocument, lorenz_ratio: Input, values: Values, path: str, film: FilmEntry
) -> float:
    """R_sheet = (L / L_0) L_0 T / (k t) of a film [ohm]; where the design states it, what the design states."""
    reading = reading_of(document, values)
    if film.sheet_resistance is not None:
        return reading.number(film.sheet_resistance, f"{path}.sheet_resistance", film.source)
    batch = f"[{film.batch}]" if film.batch else ""
    ratio = values(lorenz_ratio, f"measured.lorenz_ratio.{film.material}{batch}")
    temperature = reading.number(document.temperature, "temperature")
    thickness = reading.number(film.thickness, f"{path}.thickness", film.source)
    return ratio * LORENZ_NUMBER * temperature / (reading.conductivity(film, path) * thickness)


@dataclass
class OnMesh:
    """Observed predictions on one mesh, corrected to a finer one: the forward model that a mode is searched with.

    Attributes
    ----------
    model, scale
        Of what, and how finely.
    offset
        What a finer mesh adds to every logarithm, (k,).
    """

    model: UpdateModel
    scale: float
    offset: Floats
    _known: dict[bytes, tuple[Floats, Floats]] = field(default_factory=dict)

    def predicted(self, x: Floats) -> Floats:
        """Observed predictions, (m,)."""
        return (self.model.predicted(x, self.scale) + self.offset)[self.model.rows]

    def linearised(self, x: Floats) -> tuple[Floats, Floats]:
        """Observed predictions (m,) and their derivatives (m, n)."""
        values, slopes = self.all_linearised(x)
        rows = self.model.rows
        return values[rows], slopes[rows]

    def all_linearised(self, x: Floats) -> tuple[Floats, Floats]:
        """All predictions (k,) and their derivatives (k, n); remembered."""
        key = x.tobytes()
        if key not in self._known:
            values, slopes = self.model.linearised(x, self.scale)
            self._known[key] = values + self.offset, slopes
        return self._known[key]


@dataclass(frozen=True)
class FineMesh:
    """A mesh that is fine enough for what was measured: its scale, its predictions' logarithms and their errors."""

    scale: float
    predicted: Floats
    errors: Floats


def fine_mesh(model: UpdateModel, observed: Observations, x: Floats) -> FineMesh:
    """Refine until the numerical error of every observed prediction is far below its uncertainty.

    Raises
    ------
    NotConvergedError
        It is not on the finest mesh allowed.
    """
    scale = model.document.numerics.element_scale.value
    meshes = [model.predicted(x, scale * factor) for factor in (4, 2, 1)]
    rows, limit = model.rows, _NUMERICAL * np.sqrt(np.diag(observed.covariance))
    while True:
        triples = zip(meshes[-1], meshes[-2], meshes[-3], strict=True)
        errors = np.array([discretisation_error(*map(float, triple)) for triple in triples])
        if (errors[rows] <= limit).all():
            return FineMesh(scale, meshes[-1], errors)
        if scale / 2 < _FINEST:
            worst = rows[int(np.argmax(errors[rows] / limit))]
            raise NotConvergedError(
                f"{model.names[worst]} = {math.exp(meshes[-1][worst]):.6g} {unit_of(model.names[worst])} is uncertain "
                f"by {errors[worst]:.2g} of it on the finest mesh allowed, more than a twentieth of what was measured"
            )
        scale /= 2
        meshes.append(model.predicted(x, scale))
