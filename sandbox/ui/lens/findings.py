"""The lens "Findings": what keeps a lane from learning, and chips that name it below every lens."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from sandbox import words
from sandbox.experiment.document.settings import SETTINGS
from sandbox.experiment.lens.findings import AskFindings, Debounced, Finding, Findings, looked_for
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.ui import theme
from sandbox.ui.kit import label
from sandbox.ui.kit.base import StyleFollower, call_later, set_state
from sandbox.ui.lens.base import Lens
from sandbox.ui.theme import Theme

PERIOD = 0.5  # seconds between two answers
CHIP = 22  # the height of a chip


class FindingsLens(Lens[Findings]):
    """Each finding with its evidence, what it means, and a button that changes its cause.

    Signals
    -------
    found()
        The findings to show have changed, or numbers in them.
    """

    title = "Findings"
    summary = "Names what keeps this network from learning, with the evidence and a change that would help."

    period = PERIOD

    findings_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Findings")
        self._debounced = Debounced()
        self._source: tuple[int, str] | None = None  # the run and the lane of the last answer
        self._last_snapshot: Snapshot | None = None
        self.strip: FindingsStrip | None = None
        self.views: list[FindingView] = []
        self._opened = ""
        self.nothing = label("")
        self.nothing.setWordWrap(True)
        self.watched = _LookedFor()
        self._inner = QWidget()
        self._inner.setObjectName("column")
        self._list = QVBoxLayout(self._inner)
        self._list.addWidget(self.nothing)
        self._list.addWidget(self.watched)
        self._list.addStretch(1)
        self.area = QScrollArea()
        self.area.setAccessibleName("List of findings")
        self.area.setWidget(self._inner)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.area)
        self.findings_changed.connect(self._show)
        self._show()
        self.follow_style()

    @property
    def shown(self) -> tuple[Finding, ...]:
        """The findings that have held for a while."""
        return self._debounced.shown

    @property
    def is_asking(self) -> bool:
        return self.isVisible() or (self.strip is not None and self.strip.is_watching)

    def question(self, lane: str) -> AskFindings:
        return AskFindings(lane)

    def follow(self, snapshot: Snapshot, lane: str) -> None:
        if self._source is not None and self._source != (snapshot.run, lane):
            self._debounced, self._source = Debounced(), None
            self.findings_changed.emit()
            self.ask_again()

    def show_answer(self, answer: Findings, snapshot: Snapshot, lane: str) -> None:
        if snapshot is self._last_snapshot:
            return  # each answer counts once, however often it is drawn
        self._last_snapshot = snapshot
        first, before = self._source is None, self.shown
        self._source = (snapshot.run, lane)
        self._debounced.take(answer, snapshot.update, self._source, len(snapshot.marks))
        if not self._debounced.settled:  # a paused run, too, must give the answers that settle it
            self._pace.unanswered()
        if first or self.shown != before:
            self.findings_changed.emit()

    def begin_afresh(self) -> None:
        self.open_finding("")

    def open_finding(self, name: str) -> None:
        """Bring a finding into view, with the focus on its button."""
        self._opened = name
        QTimer.singleShot(0, self, self._reveal)  # after the lens has been laid out

    def _reveal(self) -> None:
        for view in self.views:
            if view.name == self._opened:
                self.area.ensureWidgetVisible(view, 0, theme.px(theme.GRID))
                view.button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self) -> None:
        if not self.isVisible():
            return
        findings = self.shown
        if [view.name for view in self.views] != [finding.name for finding in findings]:
            self._rebuild(findings)
        for view, finding in zip(self.views, findings, strict=True):
            view.show_finding(finding)
        self._arrange()
        self.nothing.setVisible(not findings)
        self.nothing.setText(
            "Nothing was found that keeps this network from learning." if self._source is not None else ""
        )
        self.watched.setVisible(not findings)

    def _arrange(self) -> None:
        """Give each finding's button a line of its own where it does not fit beside the heading."""
        margins = self._list.contentsMargins()
        for view in self.views:
            view.arrange(self.area.viewport().width() - margins.left() - margins.right())

    def _rebuild(self, findings: tuple[Finding, ...]) -> None:
        """Give each finding a view; those that stay keep theirs, and with it the focus."""
        old_views = {view.name: view for view in self.views}
        names = [finding.name for finding in findings]
        self.views = [old_views[name] if name in old_views else self._new_view(name) for name in names]
        for name, view in old_views.items():
            if name not in names:
                self._list.removeWidget(view)
                view.hide()
                view.deleteLater()
        for index, view in enumerate(self.views):
            self._list.insertWidget(index, view)

    def _new_view(self, name: str) -> FindingView:
        view = FindingView(name)
        view.change_requested.connect(self.change_requested)
        view.restart_requested.connect(self.restart_requested)
        return view

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()
        self.wanted_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        call_later(self, self._arrange)

    def fit(self) -> None:
        """Set margins and spacings."""
        self._list.setSpacing(theme.px(theme.GRID))
        self._list.setContentsMargins(0, 0, theme.px(theme.GRID), 0)
        call_later(self, self._arrange)


class _LookedFor(StyleFollower, QWidget):
    """What was looked for, in plain words: a row for each subject."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(label("What was looked for:", "hint"), 0, 0, 1, 2)
        for row, (subject, sought) in enumerate(looked_for().items(), start=1):
            name, text = label(subject), label(words.capital("; ".join(sought)) + ".", "hint")
            text.setWordWrap(True)
            self._grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(text, row, 1)
        self.follow_style()

    def fit(self) -> None:
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.px(2 * theme.GRID))
        self._grid.setVerticalSpacing(theme.px(theme.HALF))


class FindingView(StyleFollower, QFrame):
    """One finding.

    Signals
    -------
    change_requested(str, object)
        The user asks for the change that would help.
    restart_requested()
        A new run is needed after that change: the lane has stopped, or its present weights are spoilt.
    """

    change_requested = Signal(str, object)
    restart_requested = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self._finding: Finding | None = None
        self.setObjectName("layer")
        self.heading, self.evidence, self.meaning = label("", "title"), label(""), label("", "hint")
        for text in (self.evidence, self.meaning):
            text.setWordWrap(True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = QPushButton()
        self.button.clicked.connect(self._change)
        self._top = QHBoxLayout()
        self._top.addWidget(self.heading)
        self._top.addStretch(1)
        self._top.addWidget(self.button)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._top)
        self._column.addWidget(self.evidence)
        self._column.addWidget(self.meaning)
        self.follow_style()

    def show_finding(self, finding: Finding) -> None:
        """Show a finding, unless it is the one already shown."""
        if finding == self._finding:
            return
        self._finding = finding
        self.heading.setText(finding.title)
        set_state(self.heading, "role", "error" if finding.stopped else "title")
        self.evidence.setText(_unbroken(finding.evidence))
        self.meaning.setText(finding.meaning)
        self.setAccessibleName(finding.title)
        self.setAccessibleDescription(f"{finding.evidence} {finding.meaning}")
        control = finding.control
        self.button.setVisible(control is not None)
        if control is not None:
            live = SETTINGS[control.key].live
            self.button.setText(f"{control.text} and reset" if finding.needs_reset and live else control.text)
            self.button.setAccessibleName(self.button.text())
            begins = "" if live and not finding.needs_reset else " It begins a new run."
            self.button.setToolTip(f"Changes a setting, which can be undone.{begins}")

    def arrange(self, room: int) -> None:
        """Place the button beside the heading, or below it if they do not both fit into a width."""
        margins = self._column.contentsMargins()
        needed = self.heading.sizeHint().width() + self._top.spacing() + self.button.sizeHint().width()
        beside = self.button.isHidden() or needed <= room - margins.left() - margins.right()
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if direction != self._top.direction():
            self._top.setDirection(direction)

    def _change(self) -> None:
        if self._finding is not None and self._finding.control is not None:
            finding, control = self._finding, self._finding.control
            self.change_requested.emit(control.key, control.value)
            if finding.needs_reset and SETTINGS[control.key].live:  # other settings have already begun one
                self.restart_requested.emit()

    def fit(self) -> None:
        """Set margins, spacings, and the bold font of the heading, which the error style does not set."""
        self.heading.setFont(theme.font(bold=True))
        step, half = theme.px(theme.GRID), theme.px(theme.HALF)
        self._column.setContentsMargins(step, half, half, step)
        self._column.setSpacing(half)
        self._top.setSpacing(step)


def _unbroken(text: str) -> str:
    """Keep each number on one line with its per cent sign."""
    return text.replace(words.THIN_SPACE, "\u202f")


class FindingsStrip(StyleFollower, QWidget):
    """A row of chips, one per finding; hidden while there are none, but still watching.

    Parameters
    ----------
    lens : FindingsLens
        Shows the same findings in full.

    Signals
    -------
    opened(str)
        The user asks for a finding; "" is all of them.
    """

    opened = Signal(str)

    def __init__(self, lens: FindingsLens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Findings at a glance")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._lens = lens
        lens.strip = self
        self.chips: list[QPushButton] = []
        self.more = QPushButton(self)
        self.more.setToolTip("Shows all findings.")
        self.more.hide()
        self.more.clicked.connect(lambda: self.opened.emit(""))
        lens.findings_changed.connect(self._show)
        self.follow_style()
        self.hide()

    @property
    def is_watching(self) -> bool:
        """Whether it would show a finding: while its parent is visible, if it has one."""
        host = self.parentWidget()
        return host is None or host.isVisible()

    def _show(self) -> None:
        findings = self._lens.shown
        while len(self.chips) < len(findings):
            self.chips.append(self._new_chip(len(self.chips)))
        for chip, finding in zip(self.chips, findings, strict=False):
            if chip.text() != finding.title:
                chip.setText(finding.title)
                chip.setAccessibleName(finding.title)
            chip.setToolTip(finding.evidence)
            chip.setAccessibleDescription(finding.evidence)
            set_state(chip, "kind", "stopped" if finding.stopped else "")
        self._place()
        self.setVisible(bool(findings))

    def _new_chip(self, index: int) -> QPushButton:
        chip = QPushButton(self)
        chip.clicked.connect(lambda: self.opened.emit(self._lens.shown[index].name))
        return chip

    def _place(self) -> None:
        """Put as many chips side by side as fit, and show how many more there are."""
        gap, count = theme.px(theme.HALF), len(self._lens.shown)
        widths = [chip.sizeHint().width() for chip in self.chips[:count]]
        self.more.setText(f"+{count}")
        more = gap + self.more.sizeHint().width()
        fitting = count
        while fitting and sum(widths[:fitting]) + gap * (fitting - 1) + (more if fitting < count else 0) > self.width():
            fitting -= 1
        x = 0
        for index, chip in enumerate(self.chips):
            chip.setVisible(index < fitting)
            if index < fitting:
                chip.setGeometry(x, 0, widths[index], self.height())
                x += widths[index] + gap
        self.more.setVisible(fitting < count)
        self.more.setText(f"+{count - fitting}")
        self.more.setAccessibleName(f"{count - fitting} more findings")
        self.more.setGeometry(x, 0, more - gap, self.height())

    def sizeHint(self) -> QSize:
        return QSize(0, theme.px(CHIP))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def fit(self) -> None:
        self.setFixedHeight(theme.px(CHIP))
        sheet = _chip_sheet(theme.current())
        if sheet != self.styleSheet():
            self.setStyleSheet(sheet)
        self._place()


def _chip_sheet(colours: Theme) -> str:
    border, radius, step = theme.px(1), theme.px(CHIP) // 2, theme.px(theme.GRID)

    def chip(state: str, ground: str, text_color: str, edge: str) -> str:
        return f"QPushButton{state} {{ background: {ground}; color: {text_color}; border-color: {edge}; }}"

    return " ".join(
        (
            f"QPushButton {{ border: {border}px solid; border-radius: {radius}px; padding: 0 {step}px; min-height: 0;"
            f" font-size: {theme.type_px(theme.SMALL)}px; }}",
            f"QPushButton:focus {{ border: {border}px solid; padding: 0 {step}px; min-height: 0; }}",
            chip("", colours.accent_soft, colours.on_soft, colours.accent_soft),
            chip('[kind="stopped"]', colours.error_soft, colours.error, colours.error_soft),
            chip(":hover", colours.accent_soft, colours.on_soft, colours.accent),
            chip('[kind="stopped"]:hover', colours.error_soft, colours.error, colours.error),
            chip(":focus", colours.accent_soft, colours.on_soft, colours.accent),
            chip('[kind="stopped"]:focus', colours.error_soft, colours.error, colours.error),
        )
    )
