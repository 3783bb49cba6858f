"""What is said about the part of the network that is pointed at."""

from __future__ import annotations

import math
from collections.abc import Mapping

from sandbox import words
from sandbox.experiment.lens.findings.units import FLAT
from sandbox.experiment.lens.network import NetworkState, largest
from sandbox.nn import ACTIVATIONS
from sandbox.ui.network.flow import Flow, Phase
from sandbox.ui.network.parts import Kind, Part

MOST_TERMS = 6  # of a sum that are written out: the largest
_SUBSCRIPTS = str.maketrans("0123456789", "\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089")


def unit_name(state: NetworkState, column: int, unit: int) -> str:
    """Return what a unit is called within a sentence: "x1", "unit 3 of layer 1", "the output", "output 2"."""
    if column == 0:
        return state.inputs[unit]
    if column < len(state.sizes) - 1:
        return f"unit {unit + 1} of layer {column}"
    return "the output" if state.sizes[-1] == 1 else f"the output {state.outputs[unit]}"


def about(part: Part, state: NetworkState, others: tuple[str, ...] = (), folded: bool = False) -> tuple[str, str]:
    """Return two lines about a part: what it is and how it does, and its formula with numbers."""
    match part.kind:
        case Kind.UNIT:
            return _about_unit(state, part.column, part.unit)
        case Kind.WEIGHT | Kind.BIAS:
            return _about_parameter(state, part)
        case Kind.OTHER_INPUT:
            if folded:
                return f"{words.count(len(others), 'more input')}: {words.listed(others)}.", "A click lists them."
            return f"{others[part.unit]}: not an input now.", "A click makes it one."
    return _about_button(state, part), ""


def _about_button(state: NetworkState, part: Part) -> str:
    if part.kind is Kind.NEW_LAYER:
        return "Adds a layer here."
    size = state.sizes[part.column]
    if part.kind is Kind.MORE_UNITS:
        return f"Adds a unit to layer {part.column}, which has {size}."
    if size == 1:
        return f"Removes layer {part.column} with its only unit."
    return f"Removes the last of the {size} units of layer {part.column}."


def _about_unit(state: NetworkState, column: int, unit: int) -> tuple[str, str]:
    numbers = state.columns[column]
    low, high, mean = (float(values[unit]) for values in (numbers.low, numbers.high, numbers.mean))
    letter = "x" if column == 0 else "a"
    name = words.capital(unit_name(state, column, unit)) if column else f"Input {state.inputs[unit]}"
    parts = [name, f"{letter} {words.brief(low)} to {words.brief(high)}, mean {words.brief(mean)}"]
    flat = flat_text(state, column, unit)
    if flat:
        parts.append(flat)
    if state.frozen[column][unit]:
        parts.append("frozen")
    return " \u00b7 ".join(parts), "" if column == 0 else chain(state, column, unit)


def flat_text(state: NetworkState, column: int, unit: int) -> str:
    """Say for how many samples a unit sends back almost nothing; "" if its activation is never flat."""
    share = float(state.columns[column].flat[unit])
    if math.isnan(share):
        return ""
    word = "saturated" if ACTIVATIONS[state.columns[column].activation].saturates else "dead"
    return f"{words.share(share, 0)} {word}"


def flat_meaning(state: NetworkState, column: int) -> str:
    """Explain what saturated or dead means for a column; "" if its activation is never flat."""
    name = state.columns[column].activation
    if not name:
        return ""
    g = ACTIVATIONS[name]
    if g.saturates and g.elementwise:
        below = f"|g'| is below {words.number(FLAT)}, so that almost nothing is sent back"
        return f"The share of the training samples for which {below}."
    return "The share of the training samples for which g' is 0, so that nothing is sent back." if g.dies else ""


def chain(state: NetworkState, column: int, unit: int) -> str:
    """Return how a unit computes its value: "a = tanh(z), z = 0.52 x1 − 1.3 x2 + 0.1"."""
    values = state.values[column - 1]
    weights, bias = values.W[unit].tolist(), float(values.b[unit])
    names = [_symbol(state, column - 1, source) for source in range(len(weights))]
    order = sorted(range(len(weights)), key=lambda k: -abs(weights[k]))[:MOST_TERMS]
    text = "".join(_term(weights[k], names[k], first=k == min(order)) for k in sorted(order))
    left_out = len(weights) - len(order)
    if left_out:
        text += f" + {words.count(left_out, 'smaller term')}"
    text += _term(bias, "", first=not weights)
    g = ACTIVATIONS[state.columns[column].activation]
    label = words.within(g.label)
    return f"a = {label}(z), z = {text}" if g.elementwise else f"a = {label}(all z), z = {text}"


def _symbol(state: NetworkState, column: int, unit: int) -> str:
    """Return how a value of the column before is written in a sum."""
    return state.inputs[unit] if column == 0 else f"a{str(unit + 1).translate(_SUBSCRIPTS)}"


def _term(value: float, name: str, first: bool) -> str:
    number = f"{words.brief(abs(value))} {name}".rstrip()
    if first:
        return f"{words.MINUS}{number}" if value < 0.0 else number
    return f" {words.MINUS if value < 0.0 else '+'} {number}"


def parameter_name(state: NetworkState, part: Part) -> str:
    """Return what a weight or bias is called: "weight from x1 to unit 3 of layer 1"."""
    target = unit_name(state, part.column, part.unit)
    if part.kind is Kind.BIAS:
        return f"bias of {target}"
    return f"weight from {unit_name(state, part.column - 1, part.source)} to {target}"


def values_of(state: NetworkState, part: Part) -> tuple[float, float, float]:
    """Return a weight or bias, its derivative and its last change."""
    place = part.column - 1
    arrays = (state.values[place], state.gradients[place], state.changes[place])
    if part.kind is Kind.BIAS:
        value, derivative, change = (float(array.b[part.unit]) for array in arrays)
    else:
        value, derivative, change = (float(array.W[part.unit, part.source]) for array in arrays)
    return value, derivative, change


def _about_parameter(state: NetworkState, part: Part) -> tuple[str, str]:
    value, derivative, change = values_of(state, part)
    letter = "b" if part.kind is Kind.BIAS else "w"
    name = words.capital(parameter_name(state, part))
    numbers = f"{letter} = {words.number(value, 5)} \u00b7 d{letter} = {words.number(derivative, 3)}"
    if state.frozen[part.column][part.unit]:
        return name, f"{numbers}, which does not change it: frozen"
    moved = "none yet" if math.isnan(change) else words.signed(words.number(change, 3))
    return name, f"{numbers} \u00b7 last change {moved}"


def narrated(flow: Flow, states: Mapping[str, NetworkState]) -> tuple[str, str]:
    """Return two lines about where the signal is in an update, for one network or several by their names."""
    state = next(iter(states.values()))
    last = len(state.sizes) - 1
    match flow.phase:
        case Phase.FORWARD:
            column = min(int(flow.place) + 1, last)
            label = words.within(ACTIVATIONS[state.columns[column].activation].label)
            return f"Forward: {_layer(column, last)} computes z, and from it a = {label}(z).", _batch(state)
        case Phase.LOSS:
            return (
                "The loss compares the outputs with the targets. It decides dZ of the output layer.",
                "All that follows is the chain rule, the same for every loss.",
            )
        case Phase.BACKWARD:
            column = max(math.ceil(flow.place), 1)
            sizes = [(name, largest(each.gradients[column - 1 : column])) for name, each in states.items()]
            texts = [f"{name} {words.number(size, 3)}".strip() for name, size in sizes]
            return f"Back: dW and db of {_layer(column, last)}.", f"The largest: {words.listed(texts)}."
    return "The update: each weight and bias takes its step.", "After it, the next update begins."


def _layer(column: int, last: int) -> str:
    return "the output layer" if column == last else f"layer {column}"


def _batch(state: NetworkState) -> str:
    if state.batch == state.samples:
        return f"For {words.all_of(state.samples, 'training sample')} at once."
    return f"For the {words.count(state.batch, 'sample')} of this update at once."


def spoken(part: Part | None, state: NetworkState, others: tuple[str, ...] = ()) -> str:
    """Return what a screen reader is told about a part; about the network as a whole if there is none."""
    if part is None:
        sizes = ", ".join(map(str, state.sizes))
        return f"Units per layer: {sizes}. The arrow keys go from unit to unit and along the lines."
    return ". ".join(line for line in about(part, state, others) if line)


def note(omitted: int, state: NetworkState) -> str:
    """Say what the picture leaves out, or whose derivatives it would show; "" for nothing."""
    if omitted:
        return f"{words.count(omitted, 'thin line')} not drawn"
    return "" if state.finite else "some derivatives are not finite"


def explained(number_is_weight: bool, state: NetworkState) -> str:
    """Explain the widths and colours of the lines."""
    if number_is_weight:
        return (
            "Width is |w|, and for the discs at the units |b|. Green and solid: positive. Purple, dashed, and a ring "
            "in place of a disc: negative."
        )
    batch = words.all_of(state.samples, "sample") if state.batch == state.samples else f"{state.batch} samples"
    return (
        f"Width is |dW|, and for the discs |db|: the derivatives of the cost that the next update is given, over "
        f"{batch}. The widest line keeps its number while they fade."
    )
