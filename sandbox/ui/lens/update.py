"""The lens "Update": the next update, phase by phase and line by line, as a course notebook writes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontMetricsF,
    QGuiApplication,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from sandbox import words
from sandbox.errors import InputError
from sandbox.experiment.lens.update import NextUpdate, UpdateSteps, Value
from sandbox.experiment.results.script import aligned, script, write_script
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.notation.code import TITLES, CodeLine
from sandbox.ui import theme
from sandbox.ui.kit import Elided, Segmented
from sandbox.ui.kit.base import set_state
from sandbox.ui.kit.colour_key import DecidedKey
from sandbox.ui.lens.base import Lens
from sandbox.ui.theme import Theme

PERIOD = 0.3  # seconds between two answers: numbers cannot be read faster

SUMMARIES = (
    "From the inputs to the outputs: the same for every loss.",
    "What the outputs cost. The number is only written down: nothing below is computed from it.",
    "Back from the output: what the loss sends there decides every dW and db.",
    "How the derivatives change the parameters.",
)
_NUMBER = 8  # characters of a number and the gap before it
_UPDATE = len(TITLES) - 1


class UpdateLens(Lens[UpdateSteps]):
    """The code of one phase with the current line marked, and below it what that line gives.

    Looking at the phases does not change training; going on from the last one asks for that one update.
    """

    title = "Update"
    summary = "Goes through the next update line by line, as a numpy notebook would."

    period = PERIOD

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("One update in four phases")
        self.phase = self.line = 0
        self.steps: UpdateSteps | None = None
        self._snapshot: Snapshot | None = None
        self._lane = ""
        self._stepping: tuple[int, int] | None = None  # the run and update at which a step was requested
        self._written: tuple[object, ...] = ()
        self._theme = theme.current()
        self._build()
        self._connect()
        self.follow_style()

    def _build(self) -> None:
        items = [(i, f"{i + 1} {text}", SUMMARIES[i]) for i, text in enumerate(TITLES)]
        self.strip = Segmented(items)
        self.strip.setAccessibleName("Phase")
        self.code = _text("Code of the phase", "The lines of this phase; click one, or use the arrow keys.")
        self.values = _text(
            "Values of the marked line", "What the marked line gives: a row per unit, a column per sample."
        )
        self.words = Elided("", "hint")
        self.legend = DecidedKey("samples are columns")
        self.legend.setToolTip(
            "Lines in this colour change with the loss; all others are the same for every loss. Samples are columns "
            "here, as in a course notebook and, unless that is switched, in the equations."
        )
        self.next_line = _button("Next line", "Goes on to the next line; after the last one the update is done.")
        self.next_phase = _button("Next phase", "")
        self.copy = _button("Copy", "Copies this run as a Python script that needs only numpy.")
        self.export = _button(
            "Export\u2026", "Saves this run as a Python script that needs only numpy and gives the same costs."
        )
        self.said = Elided("", "hint")
        self._rows = [QHBoxLayout() for _ in range(3)]
        self._rows[0].addWidget(self.strip)
        self._rows[0].addStretch(1)
        self._rows[1].addWidget(self.words, 1)
        self._rows[1].addWidget(self.legend)
        for button in (self.next_line, self.next_phase):
            self._rows[2].addWidget(button)
        self._rows[2].addWidget(self.said, 1)
        for button in (self.copy, self.export):
            self._rows[2].addWidget(button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(self._rows[0])
        self._column.addWidget(self.code, 3)
        self._column.addLayout(self._rows[1])
        self._column.addWidget(self.values, 2)
        self._column.addLayout(self._rows[2])

    def _connect(self) -> None:
        self.strip.changed.connect(lambda phase, _: self.go_to(int(str(phase))))
        self.code.cursorPositionChanged.connect(self._take_cursor)
        self.next_line.clicked.connect(self.go_on)
        self.next_phase.clicked.connect(self.leave_phase)
        self.copy.clicked.connect(self.copy_script)
        self.export.clicked.connect(self.export_script)

    # Where in the update

    @property
    def lines(self) -> tuple[CodeLine, ...]:
        """The lines of the phase that is shown."""
        return self.steps.phases[self.phase] if self.steps is not None else ()

    def go_to(self, phase: int, line: int = 0) -> None:
        """Look at a line of a phase."""
        self.phase, self.line = phase, line
        self.strip.set_value(phase)
        self._show()

    def go_on(self) -> None:
        """Look at the next line; from the last one of all, do the update."""
        if self.line + 1 < len(self.lines):
            self.go_to(self.phase, self.line + 1)
        else:
            self.leave_phase()

    def leave_phase(self) -> None:
        """Look at the next phase; from the last one, do the update, after which the next one begins."""
        if self.phase < _UPDATE:
            self.go_to(self.phase + 1)
        elif self._snapshot is not None and self.steps is not None and not self.steps.stopped:
            self._stepping = self._snapshot.run, self._snapshot.update
            self.ask_again()
            self.step_requested.emit()

    def begin_afresh(self) -> None:
        self._stepping = None
        self._say("")
        self.go_to(0)

    def _take_cursor(self) -> None:
        line = self.code.textCursor().blockNumber()
        if line != self.line:
            self.line = line
            self._mark()
            self._show_values()

    # Asking and drawing

    def set_theme(self, colours: Theme, scale: float = 1.0) -> None:
        super().set_theme(colours, scale)
        self._theme = colours
        self._written = ()
        self._show()

    def question(self, lane: str) -> NextUpdate:
        return NextUpdate(lane)

    def show_answer(self, answer: UpdateSteps, snapshot: Snapshot, lane: str) -> None:
        if self._snapshot is None or snapshot.run != self._snapshot.run or lane != self._lane:
            self._say("")
        self._snapshot, self._lane, self.steps = snapshot, lane, answer
        if self._stepping is not None and (snapshot.run, snapshot.update) != self._stepping:
            self._stepping = None
            self.go_to(0)
        else:
            self._show()

    def _show(self) -> None:
        if self.steps is None:
            return
        self.line = max(0, min(self.line, len(self.lines) - 1))
        self._write()
        self._mark()
        self._show_values()
        is_last_phase = self.phase == _UPDATE
        self.next_phase.setText("Do update" if is_last_phase else "Next phase")
        self.next_phase.setAccessibleName(self.next_phase.text())
        tip = (
            "Does this one update, and begins the next one."
            if is_last_phase
            else "Goes on to the next phase; training does not change."
        )
        self.next_phase.setToolTip(tip)
        stopped = is_last_phase and bool(self.steps.stopped)
        self.next_phase.setDisabled(stopped)
        self.next_line.setDisabled(stopped and self.line + 1 == len(self.lines))

    def _write(self) -> None:
        """Write the lines if they changed: what the loss decides in a colour of its own, comments in grey."""
        written = (self.lines, self._theme.name)
        if written == self._written:
            return
        self._written = written
        blocker = QSignalBlocker(self.code)
        self.code.clear()
        cursor = self.code.textCursor()
        for number, (line, comment) in enumerate(aligned(self.lines)):
            if number:
                cursor.insertBlock()
            text_color = self._theme.decided if line.decided else self._theme.text_color
            cursor.insertText(line.code, _text_format(text_color, line.decided))
            cursor.insertText(comment, _text_format(self._theme.muted))
        blocker.unblock()

    def _mark(self) -> None:
        blocker = QSignalBlocker(self.code)
        block = self.code.document().findBlockByNumber(self.line)
        cursor = QTextCursor(block)
        self.code.setTextCursor(cursor)
        mark = QTextEdit.ExtraSelection()
        mark.cursor = cursor
        mark.format.setBackground(QColor(self._theme.accent_soft))
        mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        self.code.setExtraSelections([mark])
        blocker.unblock()

    def _show_values(self) -> None:
        steps, snapshot = self.steps, self._snapshot
        if steps is None or snapshot is None or not self.lines:
            return
        status = f"update {snapshot.update + 1:,}"
        if steps.stopped:
            status = f"stopped: {steps.stopped}"
        elif not steps.finite and self.phase == _UPDATE:
            status += " gives numbers that are not finite: training stops before it"
        elif "times(" in self.lines[self.line].code:
            status += ": times(0, anything) is 0"
        self.words.setText(status)
        names = self.lines[self.line].names
        columns = self._columns_that_fit()
        text = "\n".join(value_text(name, steps.values[name], columns) for name in names if name in steps.values)
        text = text or "this line gives no value"
        if text != self.values.toPlainText():
            bars = self.values.verticalScrollBar(), self.values.horizontalScrollBar()
            positions = [bar.value() for bar in bars]
            self.values.setPlainText(text)
            for bar, position in zip(bars, positions, strict=True):
                bar.setValue(position)

    def _columns_that_fit(self) -> int:
        digit_width = QFontMetricsF(self.values.font()).horizontalAdvance("0" * 10) / 10
        width = self.values.viewport().width() - 2 * self.values.document().documentMargin()
        return max(2, int(width / digit_width - 2) // _NUMBER)

    # The script

    def _script_source(self) -> tuple[Snapshot, str, int] | None:
        """Return the snapshot, the lane and the number of epochs for the script."""
        if self._snapshot is None:
            return None
        return self._snapshot, self._lane, max(self._snapshot.experiment.run.epochs, self._snapshot.epoch)

    def copy_script(self) -> None:
        """Copy the whole loop."""
        if (source := self._script_source()) is None:
            return
        snapshot, lane, epochs = source
        try:
            text = script(snapshot.experiment, lane, snapshot.data, epochs)
        except InputError as error:
            self._say(str(error), True)
            return
        QGuiApplication.clipboard().setText(text)
        self._say("Copied without its data: export the script to get both" if "np.load(" in text else "Copied")

    def export_script(self) -> None:
        """Save the whole loop to a file the user chooses."""
        if (source := self._script_source()) is None:
            return
        snapshot, lane, epochs = source
        name, _ = QFileDialog.getSaveFileName(self, "Export the script", f"training-{lane}.py", "Python files (*.py)")
        if not name:
            return
        path = Path(name) if name.endswith(".py") else Path(f"{name}.py")
        try:
            written = write_script(path, snapshot.experiment, lane, snapshot.data, epochs)
        except InputError as error:
            self._say(str(error), True)
        else:
            self._say("Saved " + " and ".join(file.name for file in written))

    def _say(self, sentence: str, error: bool = False) -> None:
        set_state(self.said, "role", "error" if error else "hint")
        self.said.setText(sentence)
        self.said.setToolTip(sentence)

    # Sizes

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_values()

    def fit(self) -> None:
        """Set spacings and type."""
        self._column.setSpacing(theme.px(theme.HALF))
        for row in self._rows:
            row.setSpacing(theme.px(theme.HALF))
        font = _code_font()
        for view in (self.code, self.values):
            if view.font() != font:
                view.setFont(font)
            view.document().setDocumentMargin(theme.px(theme.HALF))
        self.next_phase.setMinimumWidth(theme.px(88))


def _text(name: str, tip: str) -> QPlainTextEdit:
    view = QPlainTextEdit()
    view.setAccessibleName(name)
    view.setToolTip(tip)
    view.setReadOnly(True)
    view.setFrameShape(QFrame.Shape.NoFrame)
    view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    view.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    view.setTabChangesFocus(True)
    view.setCornerWidget(QWidget())
    view.setUndoRedoEnabled(False)
    view.setMinimumHeight(0)
    return view


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAccessibleName(text)
    return button


def _code_font() -> QFont:
    """Return the monospaced font of the code."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(theme.type_px(theme.SMALL))
    return font


def _text_format(colour: str, strong: bool = False) -> QTextCharFormat:
    result = QTextCharFormat()
    result.setForeground(QColor(colour))
    if strong:
        result.setFontWeight(QFont.Weight.DemiBold)
    return result


def value_text(name: str, value: Value, columns: int) -> str:
    """Format a value: a number in full, or shape, norm and at most `columns` columns."""
    if value.shape == ():
        return f"{name} = {words.number(float(value.corner), 12)}"
    head = f"{name}  {value.shape}  norm {words.brief(value.norm, roomy=True)}"
    lines = []
    if value.corner.ndim == 2:
        lines = [_row(row, value.shape[1]) for row in value.corner[:, :columns].tolist()]
    if value.corner.ndim == 2 and len(lines) < value.shape[0]:
        lines.append(f"  \u2026 {value.shape[0]} rows in all")
    return "\n".join([head, *lines])


def _row(numbers: Sequence[float], of: int) -> str:
    text = "".join(words.brief(float(number), roomy=True).rjust(_NUMBER) for number in numbers)
    return text + (" \u2026" if len(numbers) < of else "")
