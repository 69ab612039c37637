"""A figure with the table behind it, and the style that all figures share."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec, TypeVar
from xml.sax.saxutils import quoteattr

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thermonet.results.record import Table

#: Text and lines; a blue, an orange and a green that colour-blind readers can tell apart (Okabe and Ito, 2008).
INK, MUTED, FAINT = "#1c2733", "#5b6875", "#c9d1d9"
BLUE, ORANGE, GREEN, RED, PURPLE = "#0072b2", "#d55e00", "#00795c", "#b3261e", "#7b4d9e"

_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so a figure is laid out alike everywhere
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, "#cc79a7", "#56b4e9", "#e69f00"]),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlepad": 8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "mathtext.default": "regular",
    "text.usetex": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "thermonet",
}
#: Where a reader's machine lacks the font, one of nearly the same widths.
_FONTS = "'DejaVu Sans', Verdana, Geneva, sans-serif"
#: Dots per inch of the painted parts of a figure; lines and text stay vectors.
_DPI = 200

Parameters = ParamSpec("Parameters")
Returned = TypeVar("Returned")


@dataclass(frozen=True)
class Drawing:
    """A figure as a report shows it.

    Attributes
    ----------
    name
        For files and links.
    title, caption
        What it shows, in a few words and in a sentence or two; plain text.
    figure
        The figure itself.
    table
        The numbers that are drawn.
    """

    name: str
    title: str
    caption: str
    figure: Figure
    table: Table


def styled(function: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]:
    """Let a function draw in the shared style and leave the user's own settings as they were."""

    @functools.wraps(function)
    def wrapper(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Returned:
        with mpl.rc_context(_STYLE):
            return function(*args, **kwargs)

    return wrapper


def canvas(width: float, height: float, **margins: float) -> Figure:
    """An empty figure [inches] with margins as fractions ('left', 'right', 'bottom', 'top', 'wspace', 'hspace')."""
    figure = Figure(figsize=(width, height))
    figure.subplots_adjust(**margins)
    return figure


def gridded(axes: Axes, axis: Literal["both", "x", "y"] = "both") -> None:
    """Lay a faint grid behind the data."""
    axes.grid(visible=True, axis=axis, color=FAINT, linewidth=0.6, alpha=0.7)
    axes.set_axisbelow(True)


@styled
def svg_text(drawing: Drawing) -> str:
    """Return a figure as SVG text without anything from outside it: no document type, no date, no program names.

    Every id starts with the figure's name, so that many figures can stand in one page.
    """
    stream = io.StringIO()
    nobody = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    drawing.figure.savefig(stream, format="svg", dpi=_DPI, metadata=nobody)
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    # Inside a page the rule would apply to the page; on the root element it is inherited all the same.
    text = re.sub(r"\s*<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", text, count=1, flags=re.DOTALL)
    label = quoteattr(f"{drawing.title}. {drawing.caption}")
    text = text.replace(
        "<svg ", f'<svg role="img" aria-label={label} style="stroke-linejoin: round; stroke-linecap: butt" ', 1
    )
    text = text.replace("'DejaVu Sans'", _FONTS)
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{drawing.name}-", text)
