"""The book of a campaign's parameters: every number that a protocol uses has one name, and one page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import NDArray

from thermonet.calibration.conditions import CalibrationError, Parameter, Readings, Values
from thermonet.quantities.inputs import Input

#: An uncertainty below this part of its value, or below this number, would only spoil the arithmetic.
_FINEST, _LEAST = 1e-12, 1e-60
#: What a protocol is: misclosures (n,) from readings by channel and values by name.
Model = Callable[[Readings, Values], NDArray[Any]]


@dataclass
class Book:
    """Collects parameters while experiments are built; two uses of one name are one parameter.

    Attributes
    ----------
    aliases
        Names that mean another one: inputs that are one cause.
    parameters
        Uncertain inputs and what is sought, by name.
    constants
        Exact inputs by name.
    used
        Parameters of the experiment that is being built, in order.
    exact
        Inputs that were stated without an uncertainty.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    constants: dict[str, float] = field(default_factory=dict)
    used: dict[str, None] = field(default_factory=dict)
    exact: dict[str, None] = field(default_factory=dict)

    @contextmanager
    def experiment(self) -> Iterator[None]:
        """Note the parameters that are asked for from here on."""
        self.used = {}
        yield

    def stated(self, value: Input, name: str, source: str = "") -> str:
        """Enter a stated input; return the name of its cause."""
        name = self.aliases.get(name, name)
        if 0 < value.u < max(_FINEST * abs(value.value), _LEAST):
            message = (
                f"u = {value.u:.3g} of {value.value:g} is no uncertainty that anything has, expected none or a real one"
            )
            raise CalibrationError(f"{name}: {message}", name)
        known = replace(value, name=name, source=value.source or source)
        if known.is_exact:
            self.constants[name] = known.value
            self.exact[name] = None
        else:
            self.parameters.setdefault(name, Parameter(name=name, start=known.value, unit=known.unit, prior=known))
            self.used[name] = None
        return name

    def sought(self, name: str, unit: str, start: float) -> str:
        """Enter a parameter that records must determine, unless it is known already; return its name."""
        if name not in self.constants:
            self.parameters.setdefault(name, Parameter(name=name, start=start, unit=unit))
            self.used[name] = None
        return name

    def fixed(self, name: str, value: float) -> str:
        """Enter a number that is taken as exact; return its name."""
        self.constants[name] = value
        return name

    def optional(self, value: Input | None, name: str, unit: str, start: float, source: str = "") -> str:
        """Enter an input if it is stated, and a parameter that is sought if it is not; return its name."""
        return self.sought(name, unit, start) if value is None else self.stated(value, name, source)

    def fitted(self, treatment: str, name: str, unit: str) -> str:
        """Enter a term that is sought where it is 'fitted', and zero where it is 'tested' only; return its name."""
        return self.sought(name, unit, 0.0) if treatment == "fitted" else self.fixed(name, 0.0)

    def start(self, name: str, value: float) -> None:
        """Start the search for a parameter elsewhere."""
        parameter = self.parameters.get(name)
        if parameter is not None and parameter.prior is None:
            self.parameters[name] = replace(parameter, start=value)
