"""The window: one row of controls, then what you choose, what the network does, what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFileDialog,
    QMainWindow,
    QMenuBar,
    QWidget,
)

from sandbox import words
from sandbox.errors import InputError
from sandbox.experiment import Experiment
from sandbox.experiment.document import texts
from sandbox.experiment.document.defaults import SCORES
from sandbox.experiment.training.snapshot import LaneState, Snapshot, Wanted
from sandbox.lessons import lesson_folder
from sandbox.ui import theme
from sandbox.ui.actions import Actions, KeyGuard
from sandbox.ui.clean_start import clean_start
from sandbox.ui.controls import Controls, Reading, Readouts
from sandbox.ui.drawing import DrawingDesk
from sandbox.ui.help import show_about, show_shortcuts, show_words
from sandbox.ui.icons import icon
from sandbox.ui.kit import Card, Notice, ViewCard
from sandbox.ui.lanes.bar import LaneBar
from sandbox.ui.lanes.desk import LaneDesk
from sandbox.ui.layout import LEAST, FirstPaint, Page, TopLine
from sandbox.ui.lessons import LessonDesk
from sandbox.ui.panels import DataPanel, LanePanel, LossPanel, NetworkPanel, OptimizerPanel
from sandbox.ui.panels.base import Change, Panel
from sandbox.ui.panels.column import PanelColumn
from sandbox.ui.parts import go_to_part
from sandbox.ui.presenting import Presentation, Tools
from sandbox.ui.session import MOST_LANES, Session
from sandbox.ui.theme import Theme

if TYPE_CHECKING:
    from sandbox.ui.lanes.grid import LaneGrid
    from sandbox.ui.lens.card import LensCard
    from sandbox.ui.network.desk import NetworkDesk
    from sandbox.ui.sweep import SweepDialog
    from sandbox.ui.views.cost import CostView

_OPENED = "Experiments and lessons (*.toml lesson.md)"
_TABLES = "Tables (*.csv *.tsv *.txt);;All files (*)"


class MainWindow(QMainWindow):
    """The main window.

    Parameters
    ----------
    experiment : Experiment
    theme : Theme, optional
        None follows the system.

    Signals
    -------
    drawn(Snapshot)
        A snapshot has been painted.
    """

    drawn = Signal(object)

    def __init__(self, experiment: Experiment, theme: Theme | None = None) -> None:
        super().__init__()
        self.setWindowTitle("Loss Sandbox")
        self._chosen_theme = theme
        self._closed = False
        self._drawn_run = -1
        self.may_close: Callable[[], bool] = lambda: True  # asked before the window closes
        self._reported: set[str] = set()  # the lanes of this run whose stop has been reported
        self.boundary: LaneGrid | None = None
        self.cost: CostView | None = None
        self.lenses: LensCard | None = None
        self.network: NetworkDesk | None = None
        self.sweep: SweepDialog | None = None
        self.session = Session(experiment, self)
        self.desk = LaneDesk(self.session)
        self.drawing = DrawingDesk(self.session)
        self._build()
        self._connect()
        self._connect_actions()
        self._apply_theme()
        self._show_settings()

    # Building

    def _build(self) -> None:
        self.actions_ = Actions(self)
        KeyGuard(self)
        self.controls = Controls(self.actions_)
        self.loss_panel = LossPanel()
        self.data_panel = DataPanel()
        self.panels: list[Panel] = [self.data_panel, NetworkPanel(), self.loss_panel, OptimizerPanel()]
        self.lane_panel = LanePanel()
        self.notice = Notice()
        self.boundary_card: Card = ViewCard("Decision boundary")
        self.lane_bar = LaneBar()
        self.boundary_card.header.addWidget(self.lane_bar)
        self.cost_card = Card("Cost")
        self.menus = QMenuBar()
        self.actions_.fill(self.menus)
        self.settings = PanelColumn([self.lane_panel, *self.panels])
        top = TopLine(self.menus, self.notice)
        page = self.page = Page(top, self.controls, self.settings, self.boundary_card, self.cost_card)
        page.setAccessibleName("Loss Sandbox")
        self.lessons = LessonDesk(self, self)
        page.add_lessons(self.lessons.panel, self.lessons.panel.fit)
        self.setCentralWidget(page)
        self.presentation = Presentation(self, page, self.controls, self.notice, self.actions_, self._apply_theme)
        self.tools = Tools(self, self, self.lessons)  # after the page, over which they lie
        page.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        page.setFocus()  # no control has the focus before the user chooses one
        self._show_lanes()

    def _connect(self) -> None:
        session, desk, controls = self.session, self.desk, self.controls
        controls.speed.changed.connect(lambda speed, _: session.set_speed(float(speed)))
        for panel in self.panels:
            panel.changed.connect(self._change)
            panel.refused.connect(lambda sentence: self.notice.say(sentence, error=True))
        self.data_panel.open_requested.connect(self.ask_open_table)
        self.data_panel.draw_requested.connect(self.drawing.open)
        for switch in (self.actions_["draw"], self.data_panel.draw_button):
            self.drawing.opened.connect(switch.setChecked)
        self.loss_panel.beside_requested.connect(desk.train_beside)
        self.lane_panel.lane_chosen.connect(desk.view)
        self.lane_panel.all_changed.connect(desk.edit_all)
        self.lane_bar.new.opening.connect(lambda: self.lane_bar.new.offer(*desk.new_lane_choices()))
        self.lane_bar.new.lane_requested.connect(desk.add)
        self.lane_bar.new.copy_requested.connect(lambda: desk.fork(desk.viewed))
        self.lane_bar.shown_again.connect(lambda name: session.hide_lane(name, False))
        self.lane_bar.rival_chosen.connect(desk.compare)
        self.lane_bar.replica_chosen.connect(desk.pick_replica)
        desk.changed.connect(self._view_changed)
        session.shown.connect(self._draw)
        session.settings_changed.connect(self._show_settings)
        session.playing_changed.connect(self._show_playing)
        session.succeeded.connect(self.notice.end_failure)
        for source in (session, desk, self.drawing):
            source.message.connect(lambda sentence, error: self.notice.say(sentence, error=error))
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._follow_system)

    @property
    def parts(self) -> list[QWidget]:
        """The parts of the window, in reading order."""
        lenses = [] if self.lenses is None else [self.lenses]
        network = [] if self.network is None else [self.network.card]
        lessons = [self.lessons.panel] if self.lessons.is_open else []
        return [self.controls, *lessons, self.settings, self.boundary_card, *network, self.cost_card, *lenses]

    def _connect_actions(self) -> None:
        session, desk, actions = self.session, self.desk, self.actions_
        actions.connect(
            {
                "new": session.open_new,
                "open": self.ask_open,
                "open_table": self.ask_open_table,
                "save": self.ask_save,
                "picture": self.ask_save_picture,
                "quit": self.close,
                "undo": session.undo,
                "redo": session.redo,
                "draw": lambda: self.drawing.open(actions["draw"].isChecked()),
                "new_lane": self.lane_bar.new.open_menu,
                "copy_lane": lambda: desk.fork(desk.viewed),
                "rename_lane": self._begin_rename,
                "hide_lane": lambda: desk.act(desk.viewed, "hide"),
                "remove_lane": lambda: desk.act(desk.viewed, "remove"),
                "play": session.toggle,
                "step_update": session.step,
                "step_epoch": lambda: session.step(epoch=True),
                "reset": session.reset,
                "new_weights": session.new_weights,
                "sweep": self.open_sweep,
                "settings": lambda: self.presentation.fold("settings"),
                "next_lane": lambda: desk.view_next(1),
                "previous_lane": lambda: desk.view_next(-1),
                "next_part": lambda: go_to_part(self.parts, 1),
                "previous_part": lambda: go_to_part(self.parts, -1),
                "theme": self.switch_theme,
                "clean_start": lambda: clean_start(self),
                "leave": self._put_away_or_leave,
                "lessons": lambda: self.lessons.open_panel(actions["lessons"].isChecked()),
                "choose_lessons": self.lessons.choose_programme,
                "next_step": self.lessons.read_on,
                "previous_step": self.lessons.read_back,
                "shortcuts": lambda: show_shortcuts(self, actions),
                "words": lambda: show_words(self),
                "about": lambda: show_about(self),
            }
        )
        self.page.cost_folded.connect(actions["cost"].setEnabled)
        self.page.parts_changed.connect(lambda: actions["settings"].setChecked(self.page.settings_open))
        actions["settings"].setChecked(self.page.settings_open)
        stack = session.undo_stack
        for source in (stack.canUndoChanged, stack.canRedoChanged, session.settings_changed, session.shown):
            source.connect(self._show_undo)
        stack.undoTextChanged.connect(lambda text: actions.say("undo", f"Undoes the {text or 'last change'}"))
        stack.redoTextChanged.connect(lambda text: actions.say("redo", f"Redoes the {text or 'last undone change'}"))
        self.lessons.shown.connect(actions["lessons"].setChecked)
        self.page.parts_changed.connect(self._show_brief)
        self.presentation.switched.connect(self._show_presented)
        self.tools.allow(False)
        actions["reopen"].setEnabled(False)  # until something is known to have been kept
        actions.sessions.setEnabled(False)
        self._show_undo()

    def _show_playing(self, playing: bool) -> None:
        self.controls.set_playing(playing)
        self.actions_["play"].setText("&Pause" if playing else "&Play")

    def _show_undo(self) -> None:
        """Offer undo and redo if there is something, or a run is pending that there will be something for."""
        stack, pending = self.session.undo_stack, self.session.is_pending and self.session.snapshot is not None
        self.actions_["undo"].setEnabled(stack.canUndo() or pending)
        self.actions_["redo"].setEnabled(stack.canRedo() or pending)

    def _follow_system(self) -> None:
        if self._chosen_theme is None:
            self._apply_theme()

    def start(self) -> None:
        """Show the empty window at once, then load the views, then start the first run."""
        self._shell = FirstPaint(self.page, self._load_views)
        self.show()

    def _load_views(self) -> None:
        # pyqtgraph takes longer to import than everything else: the empty window is on screen by now.
        from sandbox.ui.lanes.grid import LaneGrid
        from sandbox.ui.lens import LENSES
        from sandbox.ui.lens.card import LensCard
        from sandbox.ui.network.desk import NetworkDesk
        from sandbox.ui.views.cost import CostView

        if self.boundary is not None or self._closed:
            return
        self.boundary, self.cost = LaneGrid(), CostView()
        self.boundary_card.body.addWidget(self.drawing.bar)
        self.boundary.present(self.presentation.is_on)
        self._show_brief()
        self.boundary_card.body.addWidget(self.boundary, 1)
        self.drawing.attach(self.boundary)
        self.cost_card.body.addWidget(self.cost, 1)
        self.cost_card.header.addWidget(self.cost.controls)
        self.lenses = LensCard(LENSES)
        lenses = self.lenses
        self.actions_.connect({"cost": lenses.show_guest, "detach": lambda: lenses.take_out(lenses.current)})
        self.page.add_lenses(self.lenses, self.cost)
        self.network = NetworkDesk(self.session, self.desk, self.boundary, self)
        self.page.add_network(self.network.card)
        self.actions_.connect({"network": self.network.card.fold})
        self.actions_.add_lenses({kind.title: kind.summary for kind in LENSES}, self._show_lens)
        self._leave_focus(self.page)
        self._theme_views()
        self.lessons.follow_views()
        for view in (self.boundary, self.cost, self.lenses, self.lessons, self.network.view):
            view.wanted_changed.connect(self._want)
        self.lenses.change_requested.connect(lambda key, value: self.session.change(key, value, True, self.desk.edited))
        self.lenses.restart_requested.connect(self.session.reset)
        self.lenses.step_requested.connect(self.session.step)
        self.lenses.sample_chosen.connect(self.boundary.choose_sample)
        self.boundary.sample_clicked.connect(self.lenses.choose_sample)
        self.boundary.lane_chosen.connect(self.desk.view)
        self.boundary.lane_acted.connect(self.desk.act)
        self.boundary.lane_renamed.connect(self.desk.rename)
        self.desk.rename_refused.connect(self.boundary.rename_again)
        self.boundary.rates_chosen.connect(self.session.set_rates)
        self.cost.ghosts_cleared.connect(self.clear_ghosts)
        self.cost.invite()
        self._show_lanes()
        self.session.start()

    def _show_lens(self, index: int) -> None:
        assert self.lenses is not None
        self.presentation.unfold("lenses")
        self.lenses.show_tab(index)

    def _leave_focus(self, parent: QWidget) -> None:
        """Let a click on a button leave the focus where it was, so that Space still plays and pauses."""
        for button in parent.findChildren(QAbstractButton):
            if button.focusPolicy() != Qt.FocusPolicy.NoFocus:
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    # Look

    @property
    def theme(self) -> Theme:
        """The current theme: the chosen one, else the system's."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        return self._chosen_theme or theme.system_theme(application)

    def set_theme(self, colours: Theme) -> None:
        """Apply a theme to the program and lay out the window for it."""
        self._chosen_theme = colours
        self._apply_theme()

    def _apply_theme(self) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply(application, self.theme, self.presentation.scale())
        self.setMinimumSize(*map(theme.px, LEAST))
        self.actions_["theme"].setIcon(icon("sun" if self.theme.dark else "moon"))
        self._theme_views()

    def _theme_views(self) -> None:
        for view in (self.boundary, self.cost, self.lenses, self.network):
            if view is not None:
                view.set_theme(self.theme, theme.scale())
        self.drawing.fit_style()

    def switch_theme(self) -> None:
        """Switch between light and dark, and remember it."""
        self._chosen_theme = theme.LIGHT if self.theme.dark else theme.DARK
        QSettings().setValue("theme", "dark" if self._chosen_theme.dark else "light")
        self.set_theme(self._chosen_theme)

    def _put_away_or_leave(self) -> None:
        """Put away what a presenter has out, and only then end presenting: nobody is to see it collapse by accident."""
        if not self.tools.put_away():
            self.presentation.switch()

    def _show_presented(self) -> None:
        self.tools.allow(self.presentation.is_on)
        if self.boundary is not None:
            self.boundary.present(self.presentation.is_on)
        self._show_brief()
        self.lessons.point_again()

    def _show_brief(self) -> None:
        """Leave out what an audience does not need, unless the settings are open."""
        presented, parts = self.presentation.is_on, self.page.parts
        brief = presented and "settings" not in parts
        self.controls.set_brief(brief)
        self.lane_bar.set_brief(brief and "add_lane" not in parts)
        if self.boundary is not None and self.cost is not None:
            self.boundary.set_brief(brief)
            self.cost.present(presented, brief)

    # Settings

    def _change(self, change: Change) -> None:
        self.session.change(change.key, change.value, change.final, self.desk.edited)

    def _show_settings(self) -> None:
        experiment = self.session.experiment
        self._show_lanes()
        snapshot = self.session.snapshot
        data = snapshot.data if snapshot is not None else None
        if snapshot is not None and _source(snapshot.experiment) != _source(experiment):
            data = None  # it is still that of the previous run
        for panel in self.panels:
            panel.show_settings(experiment, data, self.desk.viewed)

    # Lanes

    def _show_lanes(self) -> None:
        desk = self.desk
        desk.settle()
        styles, seen, several = desk.styles, desk.seen, desk.replicas > 1
        rival = desk.style(desk.rival)
        self.lane_panel.show_lanes(styles, desk.viewed)
        self.lane_panel.all.set_value(desk.edits_all)
        self.lane_bar.show_lanes(styles, seen, desk.viewed, desk.rival)
        self.lane_bar.show_replicas(desk.replicas if several else 0, desk.seed, desk.replica)
        stretch = 11 if len(seen) == 1 or rival is not None else 14 if len(seen) < 5 else 16
        self.page.share(stretch, 1 if rival is not None else len(seen))
        if self.boundary is not None and self.cost is not None:
            self.boundary.set_lanes(seen, desk.viewed, rival, len(styles) - len(seen))
            self.cost.set_lanes(seen)
        if self.lenses is not None:
            self.lenses.set_lanes(styles)
            self.lenses.set_seed(desk.picked_seed)
        if self.network is not None:
            self.network.follow()
        self._title_boundary()
        self._show_lane_actions()

    def _show_lane_actions(self) -> None:
        count, several = len(self.desk.styles), len(self.desk.seen) > 1
        for name, possible in (
            ("new_lane", count < MOST_LANES),
            ("copy_lane", count < MOST_LANES),
            ("rename_lane", count > 1),
            ("hide_lane", several),
            ("remove_lane", count > 1),
            ("next_lane", several),
            ("previous_lane", several),
        ):
            self.actions_[name].setEnabled(possible)

    def _begin_rename(self) -> None:
        if self.boundary is not None:
            self.boundary.begin_rename(self.desk.viewed)

    def _title_boundary(self) -> None:
        """Set the title of the card to what it shows."""
        snapshot = self.session.snapshot
        task = "binary" if snapshot is None else snapshot.data.task
        long = {"regression": "Output", "multiclass": "Decision regions"}.get(task, "Decision boundary")
        title = long.removeprefix("Decision ").capitalize() if self.desk.several else long  # beside two choices
        self.boundary_card.title.setText("Difference" if self.desk.rival else title)

    def _view_changed(self) -> None:
        self._show_settings()
        self._want()

    def open_sweep(self) -> None:
        """Show the sweep dialog for the current experiment; a sweep that is running goes on."""
        from sandbox.ui.sweep import SweepDialog  # imports multiprocessing: only when needed

        if self.sweep is None:
            snapshot = self.session.snapshot
            task = "binary" if snapshot is None else snapshot.data.task
            self.sweep = SweepDialog(self.session.experiment, task, self)
            self.sweep.cell_chosen.connect(self.desk.open_cell)
        self.sweep.rebase(self.session.experiment)
        self.sweep.show()
        self.sweep.raise_()
        self.sweep.activateWindow()

    # Drawing

    def _want(self) -> None:
        """Ask for what the visible views need, and for a snapshot with it if none comes by itself."""
        self._ask()
        self.session.refresh()

    def _ask(self) -> None:
        if self.boundary is None or self.cost is None or self.lenses is None:
            return
        surfaces = self.boundary.wanted()
        lens_questions = self.lenses.questions(self.desk.viewed, flowing=self.session.playing)
        network_questions = () if self.network is None else self.network.view.questions(self.desk.viewed)
        questions = (*lens_questions, *network_questions, *self.boundary.questions(), *self.lessons.questions())
        self.session.want(Wanted(surfaces, self.cost.wanted(), questions, self.desk.replica))

    def _draw(self, snapshot: Snapshot) -> None:
        """Draw a snapshot; the thread goes on when it has been painted."""
        if self.boundary is None or self.cost is None or self.lenses is None:
            return
        if snapshot.run != self._drawn_run:
            self._draw_new_run(snapshot)
        elif snapshot.data is not self._data:
            self._follow_points(snapshot)
        # A file that is being opened may have other lanes than the run that still goes on.
        lane = snapshot.lane(self.desk.viewed) or snapshot.lanes[0]
        self._show_readouts(snapshot, lane)
        self.loss_panel.show_answers(snapshot, lane.name)
        self.boundary.draw(snapshot)
        if snapshot.curves:
            self.cost.draw(snapshot.curves, snapshot.marks, snapshot.lanes, snapshot.epoch_position)
        self._show_lane_progress(snapshot)
        if lane.name == self.desk.viewed:  # a lane that has just been added is not in it yet
            self.lenses.draw(snapshot, lane.name)
            if self.network is not None:
                self.network.draw(snapshot, lane.name)
        self.lessons.draw(snapshot)
        self._ask()
        self._report_stops(snapshot)
        self.drawing.follow(snapshot)
        self.drawn.emit(snapshot)

    _data: object = None
    _drawn_source: object = None
    _folder, _saved_as = "", "experiment.toml"  # where the user last opened or saved something
    _lane_progress = 1.0

    def _draw_new_run(self, snapshot: Snapshot) -> None:
        assert self.boundary is not None and self.cost is not None
        first = self._drawn_run < 0
        if snapshot.run != self._drawn_run:
            self._keep_or_clear_ghosts(snapshot.experiment)
        if self._reported and snapshot.run != self._drawn_run:
            self._reported.clear()
            self.notice.drop()  # it was about the previous run
        self._drawn_run = snapshot.run
        if self.cost is not None:
            self.cost.forget_ranges()
        title = snapshot.experiment.title
        if title or not first:  # a later run is not the file that the title may still name
            self.setWindowTitle(f"{title} - Loss Sandbox" if title else "Loss Sandbox")
        if snapshot.data is not self._data:
            self._data = snapshot.data
            self.boundary.set_data(snapshot.data, snapshot.experiment)
            self.cost_card.set_subtitle(texts.cost_unit(snapshot.data))
            self._show_lanes()
            for notice in snapshot.data.notices:
                self.notice.say(notice)
        self._show_settings()
        self._ask()
        if first or not snapshot.surfaces:
            self.session.refresh()

    def _follow_points(self, snapshot: Snapshot) -> None:
        """Draw the samples of a run whose points have changed."""
        assert self.boundary is not None
        self._data = snapshot.data
        self.boundary.follow_points(snapshot.data)
        self.data_panel.show_counts(snapshot.data)

    def _keep_or_clear_ghosts(self, experiment: Experiment) -> None:
        """Leave the run that ends on screen, pale, if the new one is of the same experiment, data and lanes."""
        assert self.boundary is not None and self.cost is not None
        source = experiment.data, experiment.folder, tuple(lane.name for lane in experiment.lanes)
        if self._drawn_source == source and not self.session.is_opened:
            self.boundary.keep_ghosts()
            self.cost.keep_ghosts()
        else:
            self.clear_ghosts()
        self._drawn_source = source

    def clear_ghosts(self) -> None:
        """Stop showing the previous run."""
        if self.boundary is not None and self.cost is not None:
            self.boundary.clear_ghosts()
            self.cost.clear_ghosts()

    def _show_readouts(self, snapshot: Snapshot, lane: LaneState) -> None:
        metric = SCORES[snapshot.data.task]
        has_test, several = f"test_{metric}" in lane.readings, len(snapshot.lanes) > 1
        part = "test" if has_test else "train"

        def reading(name: str) -> Reading:
            return Reading(*(lane.readings.get(name + end, math.nan) for end in ("", "|low", "|high")))

        readouts = Readouts(
            epoch=snapshot.epoch,
            update=snapshot.update,
            train=reading("train_cost"),
            test=reading("test_cost"),
            score=reading(f"{part}_{metric}"),
            metric=metric,
            of_test=has_test,
            objective=texts.reduced(lane.objective, lane.reduction),
            replicas=lane.replicas,
            lane=self.desk.letter(lane.name) if several else "",
            seed=self._picked_seed(snapshot, lane),
            baseline=texts.baseline(snapshot.data, part),
            is_lopsided=texts.is_lopsided(snapshot.data, part),
        )
        self.controls.show_readings(readouts)

    def _picked_seed(self, snapshot: Snapshot, lane: LaneState) -> int | None:
        """Return the seed of the selected replica, once the readings are its own."""
        replica = self.desk.replica
        if replica is None or lane.replicas < 2 or "train_cost|low" in lane.readings:
            return None
        return int(snapshot.experiment.effective().lane(lane.name).network.seed) + replica

    def _show_lane_progress(self, snapshot: Snapshot) -> None:
        """Show how far lanes have been trained that begin at the start; meanwhile there is nothing to step."""
        progress = snapshot.catch_up_progress
        in_its_frame = self.desk.rival == "" and any(lane.catch_up < 1.0 for lane in snapshot.lanes)
        if progress < 1.0 and not in_its_frame:
            self.boundary_card.title.setText(f"Training from the start: {words.share(progress, 0)}")
        elif self._lane_progress < 1.0:
            self._title_boundary()
        if (progress < 1.0) != (self._lane_progress < 1.0):
            for name in ("step_update", "step_epoch"):
                self.actions_[name].setEnabled(progress >= 1.0)
        self._lane_progress = progress

    def _report_stops(self, snapshot: Snapshot) -> None:
        for lane in snapshot.lanes:
            if lane.stopped and lane.name not in self._reported:
                self._reported.add(lane.name)
                headline = (
                    f"Lane {self.desk.letter(lane.name)} stopped" if len(snapshot.lanes) > 1 else "Training stopped"
                )
                self.notice.say(f"{headline}: {lane.stopped}.", error=True, action="Reset", act=self.session.reset)

    # Files

    def ask_open(self) -> None:
        """Ask for an experiment file, or the text of a lesson, and start its run."""
        name, _ = QFileDialog.getOpenFileName(self, "Open an experiment or a lesson", self._folder, _OPENED)
        if name:
            self._folder = str(Path(name).parent)
            self.open_path(Path(name))

    def open_path(self, path: Path) -> None:
        """Open an experiment file, or a lesson: its folder or its text."""
        folder = lesson_folder(path)
        if folder is None:
            self.session.open_experiment(path)
            return
        try:
            self.lessons.open_lesson(folder)
        except InputError as error:
            self.notice.say(str(error), error=True)

    def ask_open_table(self) -> None:
        """Ask for a CSV file and start a run on it."""
        name, _ = QFileDialog.getOpenFileName(self, "Open a table", self._folder, _TABLES)
        if name:
            self._folder = str(Path(name).parent)
            self.session.open_table(Path(name))

    def ask_save(self) -> bool:
        """Ask for a name and write the experiment, with its edits; return whether it was written."""
        where = str(Path(self._folder) / self._saved_as)
        name, _ = QFileDialog.getSaveFileName(self, "Save the experiment", where, "Experiments (*.toml)")
        if name:
            self._folder, self._saved_as = str(Path(name).parent), Path(name).name
            return self.session.save_experiment(Path(name))
        return False

    def ask_save_picture(self) -> None:
        """Ask for a name and write a picture of the window, as it is, without menus."""
        where = str(Path(self._folder) / f"{Path(self._saved_as).stem}.png")
        name, _ = QFileDialog.getSaveFileName(self, "Save a picture", where, "Pictures (*.png)")
        if not name:
            return
        path = Path(name)
        self._folder = str(path.parent)
        if self.grab().save(str(path), "PNG"):
            self.notice.say(f"Saved as {path.name}: what the window shows now.")
        else:
            self.notice.say(f"{path.name} could not be written: choose a folder that can be.", error=True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take a digit that nothing else has taken as what is to be drawn."""
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if held or not self.drawing.choose(event.text()):
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._closed and not self.may_close():
            event.ignore()
            return
        self._closed = True
        if self.lenses is not None:
            self.lenses.close_windows()
        if self.network is not None:
            self.network.card.close_window()
        self.hide()  # at once: the thread may have to finish an update, or a file, before it ends
        if self.sweep is not None:
            self.sweep.hide()
            self.sweep.end()
        self.session.close()
        super().closeEvent(event)


def _source(experiment: Experiment) -> tuple[object, ...]:
    """Return the source of an experiment's data."""
    data = experiment.data
    return data.dataset, data.file, experiment.folder if data.file else None, data.points is not None
