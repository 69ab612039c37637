"""Independent sources of a netlist as numbers and courses."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from thermonet.network.spice.flat import StatementError
from thermonet.network.spice.statements import Word
from thermonet.quantities.errors import PhysicsError
from thermonet.system.signals import Course, Repeated, Sine, Table

Value = Callable[[Word], float]
_PUNCTUATION = ("(", ")", ",")


def source(words: Sequence[Word], value: Value) -> Course | float:
    """Read what follows the nodes of a source: ``[DC] value``, ``AC ...`` (left out), PULSE, SIN or PWL.

    What it does in time goes before its DC value.

    Raises
    ------
    StatementError
        A word is none of these, or describes no signal.
    """
    plain = [word for word in words if word.text not in _PUNCTUATION]
    steady, place = 0.0, 0
    while place < len(plain):
        word = plain[place]
        if word.lower in _SHAPES:
            return _shaped(word, plain[place + 1 :], value)
        if word.lower == "ac":
            place += 1
            while place < len(plain) and plain[place].lower not in ("dc", *_SHAPES):
                place += 1
            continue
        if word.lower == "dc":
            place += 1
            if place == len(plain):
                raise StatementError(word, "expected a value after DC")
        steady = value(plain[place])
        place += 1
    return steady


def _shaped(name: Word, words: Sequence[Word], value: Value) -> Course:
    numbers = []
    for word in words:
        if word.lower in ("ac", "dc"):
            break
        if word.text == "=" or word.lower in ("file", "repeat", "r", "td"):
            raise StatementError(word, f"{name.text} is read as a list of numbers, got {word.text!r}")
        numbers.append(value(word))
    try:
        return _SHAPES[name.lower](numbers)
    except (PhysicsError, ValueError) as error:
        raise StatementError(name, f"{name.text}: {error}") from None


def _pulse(numbers: list[float]) -> Course:
    if not 2 <= len(numbers) <= 7:
        raise ValueError(f"expected two to seven numbers, got {len(numbers)}")
    given = [0.0, 0.0, 0.0, 0.0, 0.0, math.inf, math.inf]
    given[: len(numbers)] = numbers
    low, high, delay, rise, fall, width, period = given
    if min(delay, rise, fall, width) < 0:
        raise ValueError("times must not be negative")
    up = [(delay, low), (delay + rise, high)]
    if math.isinf(width):
        return Course(_table(up))
    end = delay + rise + width + fall
    corners = [*up, (end - fall, high), (end, low)]
    if math.isinf(period):
        return Course(_table(corners))
    if end > period * (1 + 1e-9):
        raise ValueError("delay, rise, width and fall must fit into the period")
    return Course(_repeated([(0.0, low), *corners, (period, low)], period))


def _repeated(points: list[tuple[float, float]], period: float) -> Repeated:
    """One period: nothing before its beginning, nothing after its end, no point twice."""
    times = [min(time, period) for time, _ in points]
    values = [value for _, value in points]
    first = max(i for i, time in enumerate(times) if time == 0)
    last = min(i for i, time in enumerate(times) if time == period)
    kept = [i for i in range(first, last + 1) if i == first or (times[i], values[i]) != (times[i - 1], values[i - 1])]
    return Repeated(tuple(times[i] for i in kept), tuple(values[i] for i in kept))


def _table(points: list[tuple[float, float]]) -> Table:
    """Straight lines; a jump is one over rounding of the time."""
    times: list[float] = []
    for time, _ in points:
        times.append(time if not times or time > times[-1] else math.nextafter(times[-1], math.inf))
    return Table(tuple(times), tuple(value for _, value in points))


def _sine(numbers: list[float]) -> Course:
    if not 3 <= len(numbers) <= 6:
        raise ValueError(f"expected three to six numbers, got {len(numbers)}")
    offset, amplitude, frequency, delay, damping, phase = [*numbers, 0.0, 0.0, 0.0][:6]
    if delay or damping:
        raise ValueError("expected a sine without delay and damping")
    return Course(Sine(frequency, math.radians(phase)), amplitude, offset)


def _points(numbers: list[float]) -> Course:
    if not numbers or len(numbers) % 2:
        raise ValueError(f"expected pairs of time and value, got {len(numbers)} numbers")
    return Course(Table(tuple(numbers[::2]), tuple(numbers[1::2])))


_SHAPES = {"pulse": _pulse, "sin": _sine, "sine": _sine, "pwl": _points}
