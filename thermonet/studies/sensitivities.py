"""Derivatives of every answer by every input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from thermonet.quantities.inputs import Input
from thermonet.studies.values import Values
from thermonet.system.core import Vector

Number = TypeVar("Number", float, Vector)

#: Relative step of a parameter: the truncation of central differences is of the order of its square, that of
#: one-sided ones of the order of itself, beside rounding that leaves an elasticity uncertain by some 1e-6.
_STEP, _ONE_SIDED = 1e-4, 1e-5


def gradients(
    answers: Callable[[Values], Mapping[str, Number]],
    inputs: Mapping[str, Input],
    *,
    here: Mapping[str, Number] | None = None,
) -> dict[str, Mapping[str, Number]]:
    """Derivatives of several numbers or arrays by their inputs, by differences: {number: {input: derivative}}.

    Parameters
    ----------
    answers
        The numbers as a function of the inputs' values; closed forms, or small models that are cheap and smooth.
    inputs
        By which inputs.
    here
        The numbers at the stated values, where `answers` is worth sparing: then differences are one-sided.
    """
    found: dict[str, dict[str, Number]] = {}
    for name, value in inputs.items():
        step = (_STEP if here is None else _ONE_SIDED) * (abs(value.value) or value.u or 1.0)
        upper = answers(Values({name: value.value + step}))
        lower = answers(Values({name: value.value - step})) if here is None else here
        width = 2 * step if here is None else step
        for key in upper:
            found.setdefault(key, {})[name] = (upper[key] - lower[key]) / width
    return dict(found)
