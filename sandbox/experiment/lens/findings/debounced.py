"""Which findings are shown, so that none flickers."""

from __future__ import annotations

from sandbox.experiment.lens.findings.report import Finding, Findings
from sandbox.experiment.lens.findings.table import FINDINGS

_AT_ONCE = frozenset(kind.name for kind in FINDINGS if kind.at_once)


class Debounced:
    """Decides which findings are shown: each appears once it has held for a while, and goes once absent for a moment.

    Attributes
    ----------
    shown : tuple of Finding
        In the order of the table.
    """

    ANSWERS = 3  # in a row, to appear or to go
    UPDATES = 20  # while training, it must also have held for this many

    def __init__(self) -> None:
        self.shown: tuple[Finding, ...] = ()
        self._source: tuple[object, object] = (None, None)
        self._update = -1
        self._since: dict[str, tuple[int, int]] = {}  # not shown yet: answers so far, and the update of the first
        self._gone: dict[str, int] = {}  # shown but no longer found: answers without it

    @property
    def settled(self) -> bool:
        """Whether the same answer again would change nothing."""
        return not self._since and not self._gone

    def take(self, answer: Findings, update: int, of: object, edits: object = 0) -> None:
        """Update the findings shown with one more answer.

        Parameters
        ----------
        answer : Findings
        update : int
            Updates done when it was given.
        of : object
            Identifies the run and the lane; any other starts over.
        edits : object
            If it changes, what is no longer found goes at once: its cause has been changed.
        """
        if of != self._source[0] or update < self._update:
            self.shown, self._since, self._gone = (), {}, {}
        current = {finding.name: finding for finding in answer.findings}
        edited = edits != self._source[1]
        paused = update == self._update
        self._source, self._update = (of, edits), update
        shown = {finding.name: finding for finding in self.shown}
        self._drop_absent(shown, current, edited)
        self._since = {name: since for name, since in self._since.items() if name in current}
        for name, finding in current.items():
            if name in shown or name in _AT_ONCE or finding.stopped or self._has_held(name, update, paused):
                shown[name] = finding
                self._since.pop(name, None)
        self.shown = tuple(shown[kind.name] for kind in FINDINGS if kind.name in shown)

    def _drop_absent(self, shown: dict[str, Finding], current: dict[str, Finding], edited: bool) -> None:
        stopped = any(finding.stopped for finding in current.values())
        for name in [name for name in shown if name not in current]:
            self._gone[name] = self._gone.get(name, 0) + 1
            if edited or stopped or self._gone[name] >= self.ANSWERS:
                del shown[name]
        self._gone = {name: count for name, count in self._gone.items() if name in shown and name not in current}

    def _has_held(self, name: str, update: int, paused: bool) -> bool:
        answers, first = self._since.get(name, (0, update))
        self._since[name] = (answers + 1, first)
        return answers + 1 >= self.ANSWERS and (paused or update - first >= self.UPDATES)
