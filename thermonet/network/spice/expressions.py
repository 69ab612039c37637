"""Arithmetic of netlists: ``{2*r0/(1+k)}`` with suffixes of numbers and named parameters."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping

from thermonet.network.spice.values import read

_OPERATORS: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_FUNCTIONS: dict[str, Callable[..., float]] = {
    "sqrt": math.sqrt,
    "exp": math.exp,
    "ln": math.log,
    "log": math.log,
    "abs": abs,
    "min": min,
    "max": max,
}
_CONSTANTS = {"pi": math.pi}
_NUMBER = re.compile(r"(?<![\w.])((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([a-zµμ]*)")
#: Longer or deeper texts are no arithmetic of a thermal netlist.
_LONGEST = 1000


def evaluate(text: str, parameters: Callable[[str], float]) -> float:
    """Value of an expression without its braces.

    Parameters
    ----------
    text
        Sums, products, powers, ``sqrt exp ln log abs min max``, `pi`, parameters and numbers with suffixes; capitals
        do not matter.
    parameters
        Value of a parameter by its name in small letters; raises ValueError where there is none.

    Raises
    ------
    ValueError
        It is no such expression, or has no finite value.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"an expression of {len(text)} characters is longer than {_LONGEST}")
    plain = _NUMBER.sub(lambda found: repr(read(found[0])), text.strip().lower()).replace("^", "**")
    try:
        value = _value(ast.parse(plain, mode="eval").body, parameters)
    except (SyntaxError, RecursionError, TypeError):
        raise ValueError(f"expected arithmetic, got {text!r}") from None
    except (ArithmeticError, ValueError) as error:
        raise ValueError(f"{text!r} has no value: {error}") from None
    if isinstance(value, complex) or not math.isfinite(value):
        raise ValueError(f"{text!r} has no finite value")
    return value


def _value(node: ast.AST, parameters: Callable[[str], float]) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, float):
        return node.value
    if isinstance(node, ast.Name):
        return _CONSTANTS[node.id] if node.id in _CONSTANTS else parameters(node.id)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.left, parameters), _value(node.right, parameters))
    if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.operand, parameters))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        return _FUNCTIONS[node.func.id](*(_value(argument, parameters) for argument in node.args))
    raise ValueError("only sums, products, powers, parameters and simple functions are known")


class Parameters:
    """Named values of a netlist or of an instance of a subcircuit, each of which may use others."""

    def __init__(self, given: Mapping[str, float | str], above: Parameters | None = None) -> None:
        self._given = dict(given)
        self._above = above
        self._being_found: set[str] = set()

    def __call__(self, name: str) -> float:
        """Value of a parameter.

        Raises
        ------
        ValueError
            It is not there, is defined by itself, or has no value.
        """
        if name not in self._given:
            if self._above is None:
                raise ValueError(f"no parameter is called {name}")
            return self._above(name)
        known = self._given[name]
        if isinstance(known, str):
            text = known[1:-1] if known[:1] in "{'\"" else known
            if name in self._being_found:
                raise ValueError(f"parameter {name} is defined by itself")
            self._being_found.add(name)
            try:
                known = self._given[name] = evaluate(text, self)
            finally:
                self._being_found.discard(name)
        return known
