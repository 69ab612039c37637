"""What the bodies of a network hand over: elements, and which node is bound to which of their terminals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from thermonet.network.terminals import MultiTerminal
from thermonet.quantities.inputs import Input
from thermonet.results.record import Check, Table
from thermonet.studies.exports import Reduction
from thermonet.studies.network.tangent import Tangent
from thermonet.studies.values import Values


@dataclass(frozen=True, slots=True)
class Binding:
    """A terminal that is bound to a node.

    Attributes
    ----------
    node
        Of the network.
    element, terminal
        Name in `NetworkBodies.elements`, and the terminal of it.
    name
        ``<body>.<terminal>``: under it the heat from the node into the body is reported.
    """

    node: str
    element: str
    terminal: str
    name: str


@dataclass(frozen=True)
class MovingBodies:
    """Bodies of a network as functions of the inputs of their designs, for derivatives.

    Attributes
    ----------
    tangents
        By element.
    names
        What the network calls the inputs, by element and by the name that the tangent has. Two of one name are one
        cause.
    """

    tangents: Mapping[str, Tangent] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def inputs(self) -> dict[str, Input]:
        """Uncertain inputs of all bodies, by what the network calls them."""
        return {
            called: replace(self.tangents[element].inputs[own], name=called)
            for element, names in self.names.items()
            for own, called in names.items()
        }

    def at(self, bodies: NetworkBodies, values: Values) -> NetworkBodies:
        """Bodies of the network at the values handed out; they are as exact as derivatives need."""
        elements, baths, inputs = dict(bodies.elements), dict(bodies.baths), self.inputs
        for name, tangent in self.tangents.items():
            called = self.names[name]
            changes = {own: values(inputs[cause]) - inputs[cause].value for own, cause in called.items()}
            element, kelvin = tangent.at(changes)
            elements[name] = element
            baths |= {bath: value for bath, value in kelvin.items() if bath in baths}
        return replace(bodies, elements=elements, baths=baths)


@dataclass(frozen=True)
class NetworkBodies:
    """Bodies of a network.

    Attributes
    ----------
    elements
        By name: of a body, or of bodies that are joined, ``<body>+<body>``.
    bindings
        What is bound where.
    baths
        Nodes that the document does not have, ``<body>.<terminal>``, with their temperature [K]: baths that a design
        states and the network binds to none of its own. They are among the bindings.
    joins
        Resistances between terminals by either way to join, one line per join and pair of terminals.
    checks
        What isothermal joins assume.
    moving
        They and their derivatives by inputs; found when called, which takes about as long as they did.
    reduction
        What their compact models have left out, all together.
    """

    elements: Mapping[str, MultiTerminal] = field(default_factory=dict)
    bindings: tuple[Binding, ...] = ()
    baths: Mapping[str, float] = field(default_factory=dict)
    joins: Table = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)
    moving: Callable[[], MovingBodies] = MovingBodies
    reduction: Reduction = field(default_factory=Reduction)
