"""Names, symbols and units as a reader wants them printed."""

from __future__ import annotations

import math
import re

from markupsafe import Markup, escape

from thermonet.quantities.formatting import concise, scaled, with_unit
from thermonet.quantities.inputs import Input

_GREEK = {"tau": "τ", "rho": "ρ"}
_OWNERS = {
    "apex": "the tip",
    "cantilever": "the cantilever",
    "heat_source": "the heat source",
    "junction": "the junction",
}
_OWNERS |= {
    "shape": "the shape",
    "substrate": "the substrate",
    "thermocouple": "the thermocouple",
    "modulation": "the modulation",
    "environment": "the surroundings",
}
_WORDS = {
    "thermal_conductivity": "conductivity",
    "seebeck_coefficient": "Seebeck coefficient",
    "tip_to_end": "distance from tip to end",
    "time_constant_slowest": "time constant, slowest mode",
    "time_constant_elmore": "time constant, Elmore",
    "time_constant_63": "time constant, 63 %",
    "bandwidth_3db": "bandwidth, −3 dB",
    "quasi_static": "quasi-static levels",
    "wall_time_s": "wall time [s]",
    "joule_line": "Joule line",
    "correlation_seebeck_resistance": "correlation of Seebeck coefficient and probe resistance",
    "heat_per_volt_u_uncorrelated": "u of heat per volt, taken as uncorrelated",
    "odd_part": "odd part of the heat",
    "runs": "runs of equal sign",
    "evidence_for_heat_split": "evidence for the heat split",
    "within_calibrated_range": "within the calibrated range",
}
#: First words of the names of a campaign's inputs and parameters.
_SECTIONS = ("experiments", "thermometers", "probes", "instruments")
#: Those of a body's.
_BODY = ("regions", "boundaries", "sources", "sensors")
#: Between the names of correlated inputs, which share one line of a budget.
_TOGETHER = re.compile(rf" and (?=(?:{'|'.join(_SECTIONS)}|environment)\.)")


def printed_unit(text: str) -> str:
    """Typeset the units of a printed number: 'us' as 'µs', powers raised.

    Examples
    --------
    >>> printed_unit("57.3 us"), printed_unit("6.8 nW/Hz^0.5"), printed_unit("108.7 mohm"), printed_unit("160 nohm*m")
    ('57.3 µs', '6.8 nW/√Hz', '108.7 mΩ', '160 nΩ m')
    """
    text = text.replace(" °", "°")
    text = re.sub(r"\bu(?=(s|m|W|K|V|Hz|J|A|ohm)\b)", "µ", text)
    text = re.sub(r"\b([munkMGµ]?)ohm\b", r"\1Ω", text)
    text = re.sub(r"(\w+)\^0\.5", r"√\1", text)
    return text.replace("^2", "²").replace("^3", "³").replace("*", " ")


def printed(value: float, unit: str, u: float | None = None, digits: int = 4) -> str:
    """Print a value with its standard uncertainty in a scaled, typeset unit; angles in degrees.

    Examples
    --------
    >>> printed(5.7e-5, "s", 1e-6)
    '57.0 ± 1.0 µs'
    >>> printed(6.6e-10, "s", digits=2)
    '660 ps'
    """
    if unit == "rad":
        value, unit, u = math.degrees(value), "°", None if u is None else math.degrees(u)
    # Below a thousand a number is read more easily than its power of ten.
    factor, _ = scaled(value, unit)
    text = with_unit(value, unit, u or None, max(digits, 3) if abs(value * factor) >= 10**digits else digits)
    return printed_unit(text)


def printed_concise(value: float, unit: str, u: float | None) -> str:
    """Print a value with its standard uncertainty in the last digits, the unit typeset.

    Examples
    --------
    >>> printed_concise(1.63137e-5, "V/K", 4.37e-8), printed_concise(0.0, "1", 1e-4)
    ('16.314(44) µV/K', '0.000(10) %')
    """
    if unit == "1" and u and abs(value) < 0.1:
        factor, ending = (100.0, "%") if max(abs(value), u) >= 1e-5 else (1e6, "ppm")
        return concise(value * factor, ending, u * factor)
    return printed_unit(concise(value, unit, u))


def printed_like(number: float, unit: str, like: float, digits: int = 2) -> str:
    """Print a number with the prefix that suits another one, to so many digits of its own.

    Examples
    --------
    >>> printed_like(8.56e-8, "V/K", 1.63e-5)
    '0.086 µV/K'
    """
    factor, name = scaled(like, unit)
    value = number * factor
    places = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
    return printed_unit(f"{value:.{places}f} {name}".removesuffix(" 1"))


def printed_interval(low: float, high: float, unit: str) -> str:
    """Print the two ends of an interval in one scaled unit, with the digits that tell them apart.

    Examples
    --------
    >>> printed_interval(30.2e-9, 1.84e-7, "W"), printed_interval(108.682, 108.7, "ohm")
    ('30.2 … 184 nW', '108.682 … 108.700 Ω')
    """
    if unit == "rad":
        return f"{math.degrees(low):.4g} … {math.degrees(high):.4g}°"
    largest = max(abs(low), abs(high))
    factor, name = scaled(largest, unit)
    narrow = 0 < high - low < 0.1 * largest
    places = 1 - math.floor(math.log10((high - low) * factor)) if narrow else 0
    ends = (_end(end * factor, places if narrow else None) for end in (low, high))
    return printed_unit(f"{' … '.join(ends)}{'' if name == '1' else ' ' + name}")


def _end(number: float, places: int | None) -> str:
    if places is not None:
        return f"{number:.{max(places, 0)}f}"
    return f"{number:.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def printed_input(value: Input) -> str:
    """Value and standard uncertainty of a named input."""
    return printed(value.value, value.unit, value.u)


def symbol_markup(symbol: str) -> Markup:
    """Typeset a symbol such as 'tau_1' for HTML.

    Examples
    --------
    >>> str(symbol_markup("tau_1"))
    '<i>τ</i><sub>1</sub>'
    >>> str(symbol_markup("1/rho")), str(symbol_markup("")), str(symbol_markup("Q(R_J)"))
    ('1/<i>ρ</i>', '', '<i>Q</i>(R_J)')
    """
    if not symbol:
        return Markup()
    symbol, opened, of = symbol.partition("(")
    over, _, symbol = symbol.rpartition("/")
    letter, _, index = symbol.partition("_")
    letter = _GREEK.get(letter, letter)
    lowered = Markup("<sub>{}</sub>").format(index) if index else Markup()
    above = Markup("{}/").format(over) if over else Markup()
    return above + Markup("<i>{}</i>").format(letter) + lowered + escape(opened + of)


def symbol_math(symbol: str) -> str:
    """Typeset a symbol for a figure, as matplotlib reads it."""
    over, slash, symbol = symbol.rpartition("/")
    letter, _, index = symbol.partition("_")
    lowered = f"_{{{index}}}" if index else ""
    return f"${over}{slash}\\mathit{{{_GREEK.get(letter, letter)}}}{lowered}$"


def unmath(text: str, letters: int = 38) -> str:
    """Text for a figure, not too long, in which a dollar is a dollar and starts no formula.

    Examples
    --------
    >>> unmath("gold $1$"), unmath("resistance of contact", 10)
    ('gold \\\\$1\\\\$', 'resistanc…')
    """
    short = text if len(text) <= letters else text[: letters - 1] + "…"
    return short.replace("$", r"\$")


def prose(text: str) -> Markup:
    """Typeset symbols and signs inside a sentence for HTML; everything else is escaped."""
    safe = str(escape(text)).replace("&gt;&gt;", "≫")
    safe = re.sub(
        r"\b(\d*\.?\d+)e([+-])0*(\d+)\b", lambda m: f"{m[1]}×10<sup>{'−' if m[2] == '-' else ''}{m[3]}</sup>", safe
    )
    safe = re.sub(r"(?<=\d) ?%", "\u00a0%", re.sub(r"(?<![\w.&#;-])-(?=\d)", "−", safe))
    for word in ("R_J", "R_P", "R_S", "R_a", "Q_P", "Q_S", "Q_Total", "S_TC", "f_0", "rho"):
        safe = re.sub(rf"\b{word}\b", str(symbol_markup(word)), safe)
    return Markup(safe)  # escaped above, and what was put in since is our own


def words(name: str) -> str:
    """A key as words: 'probe_resistance' as 'probe resistance'."""
    return _WORDS.get(name, name.replace("_", " "))


def titled(key: str) -> str:
    """Key of a quantity or check of a calibration as words, what it belongs to after a comma.

    Examples
    --------
    >>> titled("seebeck_coefficient.second"), titled("scatter.touch.open")
    ('Seebeck coefficient, second', 'scatter, touch.open')
    >>> titled("thermometers.platform.resistance"), titled("claim.probe_resistance")
    ('resistance of platform', 'claim, probe resistance')
    """
    first, _, rest = key.partition(".")
    if first in _SECTIONS:
        return readable(key)
    if first in ("claim", "update"):
        return f"{first}, {words(rest)}"
    return f"{words(first)}, {rest}" if rest else words(first)


def readable(name: str) -> str:
    """Name of an input as a phrase.

    Examples
    --------
    >>> readable("materials.Au_film.thermal_conductivity")
    'conductivity of Au_film'
    >>> readable("apex.layers.outer_gold.thickness")
    'thickness of outer_gold'
    >>> readable("apex.sidewall_factor.evaporated"), readable("interfaces.Au/SiN")
    ('sidewall factor of evaporated films', 'boundary conductance Au/SiN')
    >>> readable("touch.closed.noise"), readable("experiments.line.time_constant.1")
    ('noise of touch.closed', 'time constant 1 of line')
    >>> readable("regions.beam.layers.gold.thickness"), readable("boundaries.gas.ambient.conductance")
    ('thickness of gold in beam', 'ambient conductance of gas')
    >>> readable("regions.beam.shape.rectangle.to.0")
    'shape rectangle to 0 of beam'
    """
    if name.startswith(_SECTIONS) and len(parts := _TOGETHER.split(name)) > 1:
        return " and ".join(map(readable, parts))
    # Films of one batch have a cause of their own: 'materials.Au_film.thermal_conductivity[lot 2]'.
    name, _, batch = name.removesuffix("]").partition("[")
    return f"{_phrase(name)}, batch {batch}" if batch else _phrase(name)


def _phrase(name: str) -> str:
    parts = name.split(".")
    if parts[0] == "interfaces":
        return f"boundary conductance {'.'.join(parts[1:])}"
    if len(parts) > 1 and parts[-2] == "sidewall_factor":
        return f"sidewall factor of {parts[-1]} films"
    if len(parts) == 1:
        return words(name)
    if parts[0] in _BODY and len(parts) > 2:
        return _phrase_of_body(parts)
    if parts[-1] == "noise" or (len(parts) > 3 and parts[0] in _SECTIONS):
        return _phrase_of_record(parts)
    owner = ".".join(parts[1:-1]).removeprefix("layers.").removeprefix("stack.")
    if parts[0] == "cantilever" and owner:
        owner += " on the cantilever"
    elif parts[0] == "substrate" and owner not in ("", "stack"):
        owner = f"the substrate's {owner}"
    return f"{words(parts[-1])} of {owner if owner not in ('', 'stack') else _OWNERS.get(parts[0], parts[0])}"


def _phrase_of_body(parts: list[str]) -> str:
    """Number of a region, boundary, source or sensor of a body."""
    _, owner, *rest = parts
    if rest[0] == "layers":
        _, layer, *rest = rest
        owner = f"{layer} in {owner}"
    return f"{' '.join(map(words, rest))} of {owner}"


def _phrase_of_record(parts: list[str]) -> str:
    """Noise of a block of readings, a numbered parameter, or a contact of an experiment."""
    if parts[-1] == "noise":
        return f"noise of {'.'.join(parts[:-1])}"
    if parts[2] == "contacts":
        return f"{words(parts[-1])} of contact {'.'.join(parts[3:-1])}, {parts[1]}"
    return f"{words(parts[2])} {'.'.join(parts[3:])} of {parts[1]}"
