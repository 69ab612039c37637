"""A user's function as a model: named numbers in, named numbers out, and nothing that is not a number."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from thermonet.quantities.errors import PhysicsError
from thermonet.quantities.inputs import Input

#: Takes the inputs by their names, returns one number or several by name.
Function = Callable[..., object]
#: What the output of a function is called that returns one number.
ONLY = "y"
#: Draws at which the answers to arrays are compared with those to single numbers.
_COMPARED = 5
_SAME = 1e-9


class Model:
    """Evaluates a function of named inputs and names what is wrong with its answers.

    Raises
    ------
    PhysicsError
        Inputs that the function does not take or that are no inputs, an answer at the estimates that is no number.
    """

    def __init__(self, function: Function, inputs: Mapping[str, Input]) -> None:
        _check_inputs(inputs)
        _check_signature(function, inputs)
        self._function = function
        self.estimates = {name: value.value for name, value in inputs.items()}
        found = _named(function(**self.estimates))
        self.names = tuple(found)
        self.values = np.array([_number(name, value) for name, value in found.items()])
        bad = [name for name, value in zip(self.names, self.values, strict=True) if not math.isfinite(value)]
        if bad:
            raise PhysicsError(f"the function is not finite at the estimates: {', '.join(bad)}; expected a number")

    def at(self, changed: Mapping[str, float]) -> NDArray[np.float64] | None:
        """Outputs with some inputs changed, (outputs,); None where the function is not defined."""
        try:
            with np.errstate(all="ignore"):
                found = self._checked(self._function(**{**self.estimates, **changed}))
            values = np.array([_number(name, value) for name, value in found.items()])
        except (ValueError, ArithmeticError):
            return None
        return values if np.all(np.isfinite(values)) else None

    def over(self, draws: Mapping[str, NDArray[np.float64]], *, vectorised: bool) -> NDArray[np.float64]:
        """Outputs at many draws, (outputs, trials), not a number where the function is not defined."""
        if not vectorised:
            rows = [self.at(dict(zip(draws, row, strict=True))) for row in _rows(draws)]
            nothing = np.full(len(self.names), math.nan)
            return np.array([nothing if row is None else row for row in rows]).T
        trials = len(next(iter(draws.values())))
        held = {name: np.full(trials, value) for name, value in self.estimates.items()}
        with np.errstate(all="ignore"):
            found = self._checked(self._function(**{**held, **{name: draw.copy() for name, draw in draws.items()}}))
        return np.array([_array(name, value, trials) for name, value in found.items()])

    def vectorises(self, draws: Mapping[str, NDArray[np.float64]]) -> bool:
        """Whether the function answers arrays, number by number, as it answers single numbers."""
        few = {name: draw[:_COMPARED] for name, draw in draws.items()}
        try:
            together = self.over(few, vectorised=True)
        except Exception:  # whatever a function of single numbers does with arrays, it will get single numbers
            return False
        single = self.over(few, vectorised=False)
        scale = np.max(np.abs(single), initial=0.0, where=np.isfinite(single))
        return np.allclose(together, single, rtol=_SAME, atol=_SAME * 1e-3 * scale, equal_nan=True)

    def units(self, stated: str | Mapping[str, str]) -> dict[str, str]:
        """Return the units of the outputs from one for all, or from those that were stated by name."""
        if isinstance(stated, str):
            return dict.fromkeys(self.names, stated)
        for name in stated:
            if name not in self.names:
                raise PhysicsError(f"a unit names '{name}', expected one of {', '.join(self.names)}")
        return {name: stated.get(name, "1") for name in self.names}

    def _checked(self, answer: object) -> dict[str, object]:
        found = _named(answer)
        if tuple(found) != self.names:
            message = f"the function returned {', '.join(found)} here and {', '.join(self.names)} at the estimates"
            raise PhysicsError(f"{message}; expected the same names everywhere")
        return found


def _check_inputs(inputs: Mapping[str, Input]) -> None:
    if not inputs:
        raise PhysicsError("a model needs at least one input")
    for name, value in inputs.items():
        if not isinstance(value, Input):
            message = (
                f"input '{name}' is {value!r}; expected an Input such as Input.normal(value, u) or Input.exact(value)"
            )
            raise PhysicsError(message)


def _check_signature(function: Function, inputs: Mapping[str, Input]) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-in functions tell nothing about themselves
        return
    try:
        signature.bind(**inputs)
    except TypeError as error:
        names = ", ".join(inputs)
        raise PhysicsError(f"function and inputs do not fit: {error}; the inputs are named {names}") from None


def _named(answer: object) -> dict[str, object]:
    if not isinstance(answer, Mapping):
        return {ONLY: answer}
    if not answer:
        raise PhysicsError("the function returned no number; expected one, or several by name")
    return {str(name): value for name, value in answer.items()}


def _number(name: str, value: object) -> float:
    if isinstance(value, float):
        return float(value)
    found = np.asarray(value)
    if found.dtype.kind == "c":
        raise PhysicsError(f"output '{name}' is complex; expected its real and imaginary part as two outputs")
    if found.ndim or found.dtype.kind not in "fiub":
        raise PhysicsError(f"output '{name}' is {type(value).__name__}; expected a number")
    return float(found)


def _array(name: str, value: object, trials: int) -> NDArray[np.float64]:
    found = np.asarray(value)
    if found.dtype.kind not in "fiub" or found.shape not in ((trials,), ()):
        raise PhysicsError(f"output '{name}' does not follow the draws")
    return np.full(trials, found, dtype=np.float64)  # an output that depends on nothing may be one number


def _rows(draws: Mapping[str, NDArray[np.float64]]) -> list[list[float]]:
    return np.column_stack(list(draws.values())).tolist()
