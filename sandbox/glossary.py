"""The words of the field that the screen uses, each with one sentence that explains it."""

from __future__ import annotations

import re

TERMS: dict[str, str] = {
    "lane": "A lane is one network in training; all lanes train in step on the same data, batches and initial weights.",
    "seed": "A seed is the number that random draws start from: the same seed, the same draws.",
    "epoch": "An epoch is one pass over all training samples.",
    "update": "An update is one change of all weights and biases, after one batch.",
    "batch": "A batch is the samples that one update is computed from.",
    "sample": "A sample is one row of the data: its inputs and its target.",
    "m": "m is the number of samples in the batch.",
    "cost": "The cost is the loss of all samples together: their mean, or their sum, plus the penalty on the weights.",
    "loss": "A loss is the price of one sample: 0 for a perfect output, more for a worse one.",
    "penalty": "The penalty is the part of the cost that grows with the weights: L1 and L2.",
    "gradient": "The gradient is the derivative of the cost by every weight and bias: an update steps against it.",
    "norm": "The norm is the length of an array: the square root of the sum of its squares.",
    "cosine": "The cosine says how far two directions agree: 1 the same, 0 at right angles, \u22121 opposite.",
    "sent back": "What is sent back is dZ of the output: by it, and by nothing else, a sample changes the weights.",
    "residual": "The residual is the output minus the target.",
    "target": "The target is what the output should be.",
    "quartiles": "Between the quartiles lies the middle half of all values.",
    "fingerprint": "A fingerprint is a short number made of all bits of all weights: if one bit changes, it changes.",
    "saturated": "A saturated unit lies where its activation is flat: its derivative there is almost 0.",
    "learning rate": "The learning rate is the factor by which an update steps against the gradient.",
    "decision boundary": "On the decision boundary, the network is undecided between two classes.",
}
_FORMS = {"sends back": "sent back", "batches": "batch", "losses": "loss", "saturates": "saturated"}
_FORMS |= {"rate": "learning rate"}
_FORMS |= {f"{term}s": term for term in TERMS if term not in ("m", "quartiles", "sent back", "saturated")}
_MOST = 3  # sentences at once
_PATTERN = re.compile(
    r"(?<![\w\[])(" + "|".join(sorted(map(re.escape, (*TERMS, *_FORMS)), key=len, reverse=True)) + r")(?![\w\[])",
    re.IGNORECASE,
)


def terms_in(text: str) -> list[str]:
    """Return the terms that a text uses, in order of appearance."""
    found = []
    for match in _PATTERN.finditer(text):
        word = match[1] if match[1] == "M" else match[1].lower()  # M is not m
        term = _FORMS.get(word, word)
        if term in TERMS and term not in found:
            found.append(term)
    return found


def explanation(text: str) -> str:
    """Return the sentences that explain the first few terms of a text, one per line; "" if it uses none."""
    return "\n".join(TERMS[term] for term in terms_in(text)[:_MOST])
