"""Names, symbols and units as a reader wants them printed."""

from __future__ import annotations

import math
import re

from markupsafe import Markup, escape

from thermonet.quantities.formatting import scaled, with_unit
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
}


def printed_unit(text: str) -> str:
    """Typeset the units of a printed number: 'us' as 'µs', powers raised.

    Examples
    --------
    >>> printed_unit("57.3 us"), printed_unit("6.8 nW/Hz^0.5")
    ('57.3 µs', '6.8 nW/√Hz')
    """
    text = text.replace(" °", "°")
    text = re.sub(r"\bu(?=(s|m|W|K|V|Hz|J)\b)", "µ", text)
    text = re.sub(r"(\w+)\^0\.5", r"√\1", text)
    return text.replace("^2", "²").replace("^3", "³")


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


def printed_interval(low: float, high: float, unit: str) -> str:
    """Print the two ends of an interval in one scaled unit."""
    if unit == "rad":
        return f"{math.degrees(low):.4g} … {math.degrees(high):.4g}°"
    factor, name = scaled(max(abs(low), abs(high)), unit)
    ends = (f"{end:.0f}" if abs(end) >= 1000 else f"{end:.3g}" for end in (low * factor, high * factor))
    return printed_unit(f"{' … '.join(ends)}{'' if name == '1' else ' ' + name}")


def printed_input(value: Input) -> str:
    """Value and standard uncertainty of a named input."""
    return printed(value.value, value.unit, value.u)


def symbol_markup(symbol: str) -> Markup:
    """Typeset a symbol such as 'tau_1' for HTML.

    Examples
    --------
    >>> str(symbol_markup("tau_1"))
    '<i>τ</i><sub>1</sub>'
    """
    letter, _, index = symbol.partition("_")
    letter = _GREEK.get(letter, letter)
    lowered = Markup("<sub>{}</sub>").format(index) if index else Markup()
    return Markup("<i>{}</i>").format(letter) + lowered


def symbol_math(symbol: str) -> str:
    """Typeset a symbol for a figure, as matplotlib reads it."""
    letter, _, index = symbol.partition("_")
    return (
        f"$\\mathit{{{_GREEK.get(letter, letter)}}}_{{{index}}}$"
        if index
        else f"$\\mathit{{{_GREEK.get(letter, letter)}}}$"
    )


def prose(text: str) -> Markup:
    """Typeset symbols and signs inside a sentence for HTML; everything else is escaped."""
    safe = str(escape(text)).replace("&gt;&gt;", "≫")
    safe = re.sub(
        r"\b(\d*\.?\d+)e([+-])0*(\d+)\b", lambda m: f"{m[1]}×10<sup>{'−' if m[2] == '-' else ''}{m[3]}</sup>", safe
    )
    safe = re.sub(r"(?<=\d) ?%", "\u00a0%", re.sub(r"(?<![\w.&#;-])-(?=\d)", "−", safe))
    for word in ("R_J", "R_P", "R_S", "R_a", "Q_P", "Q_S", "Q_Total", "S_TC"):
        safe = re.sub(rf"\b{word}\b", str(symbol_markup(word)), safe)
    return Markup(safe)  # escaped above, and what was put in since is our own


def words(name: str) -> str:
    """A key as words: 'probe_resistance' as 'probe resistance'."""
    return _WORDS.get(name, name.replace("_", " "))


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
    """
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
    owner = ".".join(parts[1:-1]).removeprefix("layers.").removeprefix("stack.")
    if parts[0] == "cantilever" and owner:
        owner += " on the cantilever"
    elif parts[0] == "substrate" and owner not in ("", "stack"):
        owner = f"the substrate's {owner}"
    return f"{words(parts[-1])} of {owner if owner not in ('', 'stack') else _OWNERS.get(parts[0], parts[0])}"
