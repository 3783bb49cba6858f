"""The dialog of a sweep: what is varied, the progress, and a map of the results."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from sandbox import words
from sandbox.errors import InputError
from sandbox.experiment import Experiment
from sandbox.experiment.document import texts
from sandbox.experiment.document.settings import MOST_EPOCHS, MOST_REPLICAS, SETTINGS
from sandbox.experiment.results.sweep import (
    Cell,
    Result,
    Sweep,
    cells,
    columns,
    default_column,
    incomparable,
    redundancy_note,
    write_table,
)
from sandbox.nn.parameters import log_stops
from sandbox.ui import theme
from sandbox.ui.kit import Card, Choice, ControlRow, NumberField, label
from sandbox.ui.kit.base import set_state
from sandbox.ui.sweep.axis import AxisRow
from sandbox.ui.sweep.heatmap import HeatView, map_of
from sandbox.ui.sweep.thread import SweepThread

_SEEDS = (1, 2, 4, 8, 16, 32, 64)
_FIRST = (("optimizer.learning_rate", "0.01, 0.1, 1"), ("loss.objective", "mse, binary_cross_entropy"))
_OTHER_LOSSES = {"multiclass": "mse, categorical_cross_entropy", "regression": "mse, mae, huber"}


class SweepDialog(QDialog):
    """Runs the experiment of the window over a grid, and opens any cell of it.

    Signals
    -------
    cell_chosen(object, str)
        The user asks to open this lane of this `Cell` in the window.
    """

    cell_chosen = Signal(object, str)

    def __init__(self, experiment: Experiment, task: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Sweep - Loss Sandbox")
        self.setAccessibleName("Sweep")
        self.experiment = experiment
        self.sweep: Sweep | None = None
        self.thread_: SweepThread | None = None
        self._results: dict[int, Result] = {}
        self._cells: list[Cell] = []
        self._swept: Experiment | None = None  # the experiment of the results
        self._chosen: tuple[int, str] | None = None  # a cell, and a lane
        self._failure = ""  # what went wrong in the last run
        self._build(task)
        self._connect()
        self._count()
        self._show()
        self.resize(theme.px(760), theme.px(600))

    def _build(self, task: str) -> None:
        first = [_FIRST[0], (_FIRST[1][0], _OTHER_LOSSES.get(task, _FIRST[1][1])), ("network.hidden", "")]
        self.axes = [AxisRow(key, values) for key, values in first]
        self.seeds = NumberField(_SEEDS, low=1, high=MOST_REPLICAS, integer=True, name="Seeds")
        self.seeds.set_value(8)
        self.epochs = NumberField(log_stops(10, 1e5), low=0, high=MOST_EPOCHS, integer=True, name="Epochs")
        self.epochs.set_value(self.experiment.run.epochs)
        self.run_button = QPushButton("Run")
        self.run_button.setProperty("role", "primary")
        self.run_button.setToolTip("Runs every cell of the grid on all cores, or stops; finished cells are kept.")
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Progress")
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(theme.px(6))
        self.words = label("", "hint")
        self.words.setWordWrap(True)
        self.column = Choice()
        self.column.setAccessibleName("What the map shows")
        self.column.setToolTip("The loss or metric that the map shows.")
        self.view = HeatView()
        self.area = QScrollArea()
        self.area.setWidget(self.view)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setAccessibleName("Map of the sweep")
        self.detail = label("", "hint")
        self.detail.setWordWrap(True)
        self.open_button = QPushButton("Open as lane")
        self.open_button.setToolTip("Adds a lane with the settings of the chosen cell, trained as far as the others.")
        self.open_button.setEnabled(False)
        self.save_button = QPushButton("Save table\u2026")
        self.save_button.setToolTip("Writes the results as a CSV table.")
        self.save_button.setEnabled(False)
        grid, self.outcome = Card("What is varied"), Card("Results")
        result = self.outcome
        for axis in self.axes:
            grid.body.addWidget(axis)
        numbers = QHBoxLayout()
        numbers.addWidget(
            ControlRow("Seeds", self.seeds, "How many networks each cell trains, from consecutive seeds.", tight=True),
            1,
        )
        numbers.addWidget(
            ControlRow("Epochs", self.epochs, "How many passes over the samples each makes.", tight=True), 1
        )
        numbers.addWidget(self.run_button)
        grid.body.addLayout(numbers)
        grid.body.addWidget(self.bar)
        grid.body.addWidget(self.words)
        result.header.addWidget(self.column)
        result.body.addWidget(self.area, 1)
        below = QHBoxLayout()
        below.addWidget(self.detail, 1)
        below.addWidget(self.open_button)
        below.addWidget(self.save_button)
        result.body.addLayout(below)
        column = QVBoxLayout(self)
        step = theme.px(theme.GRID)
        column.setContentsMargins(step, step, step, step)
        column.setSpacing(step)
        column.addWidget(grid)
        column.addWidget(result, 1)

    def _connect(self) -> None:
        for button in (self.run_button, self.open_button, self.save_button):
            button.setAutoDefault(False)  # Return in a field only accepts what was typed
        for axis in self.axes:
            axis.changed.connect(self._count)
        self.seeds.changed.connect(lambda *_: self._count())
        self.epochs.changed.connect(lambda *_: self._count())
        for field in (self.seeds, self.epochs):
            field.refused.connect(lambda sentence: self._say(sentence, True))
        self.run_button.clicked.connect(self._run_or_stop)
        self.column.changed.connect(lambda *_: self._show())
        self.view.chosen.connect(self._choose)
        self.open_button.clicked.connect(self._open)
        self.save_button.clicked.connect(self._save)

    # The grid

    def rebase(self, experiment: Experiment) -> None:
        """Vary another experiment from now on; results of the last one stay until the next run."""
        if experiment != self.experiment and not self.is_running:
            self.experiment = experiment
            self._count()
            self._explain()

    def grid(self) -> list[Cell]:
        """Return the cells of the grid.

        Raises
        ------
        InputError
            If a value is not allowed, or nothing is varied.
        """
        axes = [axis for row in self.axes if (axis := row.axis()) is not None]
        epochs, seeds = self.epochs.value(), self.seeds.value()
        experiment = self.experiment if epochs is None else self.experiment.with_value("run.epochs", int(epochs))
        return cells(experiment, axes, None if seeds is None else int(seeds))

    def _count(self) -> None:
        """Show the number of cells, or what is wrong with the values."""
        if self.is_running:
            return
        try:
            grid = self.grid()
        except InputError as error:
            self._say(str(error), True)
            self.run_button.setEnabled(False)
            return
        self.run_button.setEnabled(True)
        seeds = grid[0].experiment.run.replicas
        lanes = len(grid[0].experiment.lanes)
        networks = f"{words.count(lanes, 'lane')}, " * (lanes > 1) + words.count(seeds, "seed")
        keys = [axis.key for row in self.axes if (axis := row.axis()) is not None]
        note = redundancy_note(self.experiment, keys)
        self._say(f"{words.count(len(grid), 'cell')}, {networks} each. {note}".strip())

    @property
    def is_running(self) -> bool:
        """Whether cells are running."""
        return self.thread_ is not None and self.thread_.isRunning()

    def _run_or_stop(self) -> None:
        if self.thread_ is not None and self.is_running:
            self.run_button.setEnabled(False)
            self.thread_.stop()
            self._say("Cells in progress will finish and be kept; the others wait.")
            return
        try:
            grid = self.grid()
        except InputError as error:
            self._say(str(error), True)
            return
        self._begin(grid)

    def _begin(self, grid: list[Cell]) -> None:
        self.sweep = Sweep(grid, sweep_folder(grid))
        self.sweep.resume()
        self._cells, self._results, self._chosen, self._failure = grid, dict(self.sweep.results), None, ""
        self._swept = self.experiment
        self.open_button.setEnabled(False)
        self.bar.setRange(0, len(grid))
        self._show()
        if not self.sweep.missing:
            self._say(
                f"{words.capital(words.all_of(len(grid), 'cell'))} {'was' if len(grid) == 1 else 'were'} already done."
            )
            return
        for row in self.axes:
            row.setEnabled(False)
        self.run_button.setText("Stop")
        self.thread_ = SweepThread(self.sweep)
        self.thread_.cell_done.connect(self._add_result)
        self.thread_.failed.connect(self._fail)
        self.thread_.finished.connect(self._ended)
        self._show_progress()
        self.thread_.start()

    def _add_result(self, number: int, result: Result) -> None:
        self._results[number] = result
        self._show_progress()
        self._show()

    def _show_progress(self) -> None:
        failures = sum(bool(result.error or result.stopped) for result in self._results.values())
        note = f"; {failures:,} with networks that stopped or failed" if failures else ""
        verb = "is" if len(self._cells) == 1 else "are"
        self._say(f"{len(self._results):,} of {words.count(len(self._cells), 'cell')} {verb} done{note}.")
        self.bar.setValue(len(self._results))

    def _ended(self) -> None:
        for row in self.axes:
            row.setEnabled(True)
        self.run_button.setText("Run")
        self.run_button.setEnabled(True)
        self._show_progress()
        if self._failure:
            self._say(self._failure, True)

    def _fail(self, sentence: str) -> None:
        self._failure = sentence
        self._say(sentence, True)

    def _say(self, sentence: str, error: bool = False) -> None:
        set_state(self.words, "role", "error" if error else "hint")
        self.words.setText(sentence)

    # Results

    def _show(self) -> None:
        names = columns(self._results.values())
        if names:
            previous = self.column.value()
            self.column.set_items([(name, texts.column_words(name), "") for name in names])
            if self.column.value() is None:
                self.column.set_value(previous if previous in names else default_column(names))
        column = str(self.column.value() or default_column(names))
        self.view.show_map(map_of(self._cells, self._results, column) if self._cells else None)
        self.save_button.setEnabled(bool(self._results))
        self.column.setVisible(bool(names))
        self._explain()
        self._show_cell()

    def _explain(self) -> None:
        """Say how to read the map."""
        seeds = self._cells[0].experiment.run.replicas if self._cells else 1
        lanes = [lane for result in self._results.values() for lane in result.lanes]
        alike = all(lane.is_one_network for lane in lanes)
        of_seeds = f"all {seeds} seeds are one network" if alike else f"median and quartiles of {seeds} seeds"
        subtitle = "brighter is better" + (f"; {of_seeds}" if seeds > 1 else "")
        subtitle = incomparable(str(self.column.value()), self._results.values()) or subtitle
        if self._swept is not None and self._swept != self.experiment:
            subtitle = f"from before the latest changes; {subtitle}"
        self.outcome.set_subtitle(subtitle if self._results else "")

    def _choose(self, number: int, lane: str) -> None:
        self._chosen = number, lane
        self._show_cell()

    def _show_cell(self) -> None:
        cell = self.chosen
        self.open_button.setEnabled(cell is not None)
        if cell is None:
            hint = "Run shows the result of every cell here."
            self.detail.setText("Click a square to choose its cell." if self._cells else hint)
            return
        parts = [f"{SETTINGS[key].label} {texts.setting_text(key, value)}" for key, value in cell.values.items()]
        if len(cell.experiment.lanes) > 1 and self.chosen_lane:
            parts.insert(0, f"Lane {self.chosen_lane}")
        result = self._results.get(cell.number)
        trouble = "" if result is None else result.error or next((x.reason for x in result.lanes if x.reason), "")
        self.detail.setText(", ".join(parts) + "." + (f" {trouble}" if trouble else ""))

    @property
    def chosen(self) -> Cell | None:
        """The cell that was clicked."""
        return None if self._chosen is None else self._cells[self._chosen[0]]

    @property
    def chosen_lane(self) -> str:
        """The lane whose map was clicked; "" if it has no lanes yet."""
        return "" if self._chosen is None else self._chosen[1]

    def _open(self) -> None:
        if self.chosen is not None:
            self.cell_chosen.emit(self.chosen, self.chosen_lane)

    def _save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the table", "sweep.csv", "Tables (*.csv)")
        if not name or self.sweep is None:
            return
        sweep = Sweep(self._cells, self.sweep.folder, dict(self._results))
        try:
            write_table(Path(name), sweep)
        except OSError as error:
            self._say(f"{name} could not be written: {error}", True)
        else:
            self._say(f"Saved as {Path(name).name}.")

    def end(self) -> None:
        """Cancel the cells in progress, because the window is closing."""
        if self.thread_ is not None:
            self.thread_.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Only hide while cells are running: they continue."""
        if self.is_running:
            event.ignore()
            self.hide()
        else:
            super().closeEvent(event)


def sweep_folder(grid: list[Cell]) -> Path:
    """Return where the results of a grid are kept, so that the same grid never runs twice."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)
    name = hashlib.sha256("".join(cell.digest for cell in grid).encode()).hexdigest()[:16]
    return Path(folder) / "sweeps" / name
