"""What a finding is: its kind, its evidence, and the change that would help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.experiment.document.settings import Value
from sandbox.experiment.training.probe import LaneProbe


@dataclass(frozen=True)
class Control:
    """A change that would help: the dotted key of a setting, the value, and the text of its button."""

    key: str
    value: Value
    text: str


@dataclass(frozen=True)
class Report:
    """What a finding reports: the evidence with its numbers, what it means, and what would help.

    `needs_reset`: whether that helps only from the initial weights on, because the present ones are spoilt.
    """

    evidence: str
    meaning: str
    control: Control | None
    needs_reset: bool = False


@dataclass(frozen=True)
class FindingKind:
    """A kind of finding.

    Attributes
    ----------
    name, title : str
        Registry key, and the name on screen, short enough for a chip.
    subject, sought : str
        What it is about, one word for several kinds; and what is looked for, in words that need no explanation.
    find : callable
        Returns the evidence in a probe, or None.
    hides : tuple of str
        Other findings that only follow from this one; "*" means all others.
    at_once : bool
        Whether it is shown at once, because it cannot flicker.
    """

    name: str
    title: str
    subject: str
    sought: str
    find: Callable[[LaneProbe], Report | None]
    hides: tuple[str, ...] = ()
    at_once: bool = False


@dataclass(frozen=True)
class Finding:
    """One finding about a lane; see `FindingKind` and `Report`.

    `stopped`: whether it is why the lane stopped. `needs_reset`: whether its change helps only from the initial weights
    on.
    """

    name: str
    title: str
    evidence: str
    meaning: str
    control: Control | None
    stopped: bool = False
    needs_reset: bool = False


@dataclass(frozen=True)
class Findings:
    """All findings of a lane at one moment."""

    findings: tuple[Finding, ...]
