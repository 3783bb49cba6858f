"""Thousands of actions in any order on the real window: nothing a person does can break it."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QLineEdit

from sandbox.ui.kit import Choice, LayersEditor, MultiChoice, NumberField, SeedField, Toggle
from sandbox.ui.panels.weights import WeightsButton
from sandbox.worker.commands import Pause

ACTIONS = 2_000
TYPED = ("0", "0.1", "0.5", "1", "2", "7", "30", "150", "1e-3", "1e5", "-1", "nan", "", "x", "1 2", "all", "9" * 30)
KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
DRAWING_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Delete, Qt.Key.Key_1, Qt.Key.Key_2)
DRAWING_MODIFIERS = (Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier)
PRESENTER = (Qt.Key.Key_B, Qt.Key.Key_R, Qt.Key.Key_D, Qt.Key.Key_E, Qt.Key.Key_T, Qt.Key.Key_Escape)
BACKLOG = 120_000  # milliseconds after which unfinished work counts as hung
MOST_UNITS, MOST_LAYERS = 12, 4  # larger ones work too, but slowly


class Person:
    """Acts at random; the seed determines how."""

    def __init__(self, driver: Any, seed: int) -> None:
        self.driver = driver
        self.window = driver.window
        self.random = random.Random(seed)
        self.done: list[str] = []
        window, controls = self.window, self.window.controls
        self.actions: list[tuple[float, str, Callable[[], None]]] = [
            (30.0, "setting", self.set_something),
            (6.0, "play", lambda: self.press(controls.play)),
            (3.0, "space", lambda: driver.key(Qt.Key.Key_Space, on=window)),
            (3.0, "step", lambda: self.press(controls.step_update)),
            (1.0, "epoch", lambda: self.press(controls.step_epoch)),
            (2.0, "reset", lambda: self.press(controls.reset)),
            (2.0, "new weights", lambda: self.press(controls.new_weights)),
            (4.0, "speed", lambda: self.steer(controls.speed.slider)),
            (8.0, "undo", lambda: self.press(controls.undo)),
            (5.0, "redo", lambda: self.press(controls.redo)),
            (2.0, "Ctrl+Z", driver.undo),
            (2.0, "Ctrl+Shift+Z", driver.redo),
            (0.4, "theme", lambda: self.press(controls.theme)),
            (0.4, "F11", lambda: driver.key(Qt.Key.Key_F11, on=window)),
            (1.0, "presenter's key", lambda: driver.key(self.random.choice(PRESENTER), on=window)),
            (1.0, "resize", self.resize),
            (0.7, "settings", lambda: self.press(controls.settings)),
            (1.0, "menu", self.choose_from_menu),
            (1.5, "more", lambda: self.press(self.random.choice(window.panels).more)),
            (1.0, "log x", lambda: self.press(window.cost.log_x)),
            (1.0, "log y", lambda: self.press(window.cost.log_y)),
            (2.0, "legend", self.press_chip),
            (1.0, "axis", self.choose_axis),
            (1.0, "tab", lambda: driver.key(Qt.Key.Key_Tab)),
            (2.2, "new lane", self.add_lane),
            (3.0, "lane menu", self.use_menu),
            (2.0, "lane", lambda: self.choose(window.lane_panel.choice)),
            (1.0, "all lanes", lambda: self.press(window.lane_panel.all)),
            (2.0, "other lane", lambda: self.choose(window.lane_bar.rival)),
            (1.0, "seed", lambda: self.choose(window.lane_bar.replica)),
            (1.0, "shown again", self.show_again),
            (1.0, "chosen loss", lambda: self.choose(window.cost.only)),
            (1.0, "matched rates", self.match_rates),
            (1.0, "notice", lambda: self.press(window.notice.close_button)),
        ]
        if os.environ.get("EVERY_ACTION"):  # what came last, and now and then finds something yet
            self.actions += [
                (6.0, "network", self.touch_the_network),
                (1.0, "draw", lambda: self.press(window.data_panel.draw_button)),
                (8.0, "stroke", self.draw),
                (1.0, "drawing", self.use_bar),
            ]

    def act(self) -> None:
        """Do one thing."""
        weights = [weight for weight, _, _ in self.actions]
        _, name, act = self.random.choices(self.actions, weights)[0]
        self.done.append(name)
        act()

    def add_lane(self) -> None:
        """Open the menu for a new lane, and trigger any of its entries."""
        button = self.driver.window.lane_bar.new
        if button.isVisible() and button.isEnabled():
            self.driver.click(button)
            entries = list(button.entries.values())
            self.random.choice([*entries, *entries[-2:] * 10]).trigger()
            button.lane_menu.close()
            self.driver.activate()

    def press(self, button: Any) -> None:
        if button.isVisible() and button.isEnabled():
            self.driver.click(button)

    def steer(self, widget: Any) -> None:
        self.driver.key(self.random.choice(KEYS), on=widget)

    def type(self, edit: QLineEdit) -> None:
        edit.setFocus()
        edit.selectAll()
        text = self.random.choice(TYPED)
        self.driver.qtbot.keyClicks(edit, text) if text else self.driver.key(Qt.Key.Key_Delete, on=edit)
        self.driver.key(self.random.choice((Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Tab)), on=edit)

    def set_something(self) -> None:
        panel = self.random.choice(self.window.panels)
        key, control = self.random.choice(list(panel.controls.items()))
        self.done[-1] = key
        if not control.isVisible():
            return
        match control:
            case LayersEditor():
                self.change_layers(control)
            case Choice():
                self.steer(control)
            case MultiChoice():
                box = self.random.choice(control._popup.boxes)
                box.click()
            case Toggle():
                control.click()
            case SeedField():
                self.press(control.dice) if self.random.random() < 0.5 else self.type(control.edit)
            case NumberField():
                slides = control.slider.isVisible() and self.random.random() < 0.7
                self.steer(control.slider) if slides else self.type(control.edit)
            case WeightsButton():
                pass  # it opens a dialog, which has tests of its own
            case _:
                raise AssertionError(f"{key} has a control of an unknown kind")

    def change_layers(self, layers: LayersEditor) -> None:
        sizes = layers.value()
        if len(sizes) < MOST_LAYERS and self.random.random() < 0.3:
            self.press(layers.plus)
        elif sizes:
            index = self.random.randrange(len(sizes))
            if self.random.random() < 0.3:
                self.press(layers.cells[index].cross)
            else:
                up = sizes[index] < MOST_UNITS and self.random.random() < 0.5
                self.driver.key(Qt.Key.Key_Up if up else Qt.Key.Key_Down, on=layers.cells[index].spin)

    def touch_the_network(self) -> None:
        """Set a weight, freeze, remove or add a unit or a layer, or switch an input, as the network's picture does."""
        session, dice = self.driver.session, self.random
        lane = dice.choice(session.experiment.lanes).name
        hidden = session.experiment.lane(lane).network.hidden
        layer, unit = dice.randint(1, len(hidden) + 1), dice.randrange(4)
        acts: list[Callable[[], None]] = [
            lambda: session.change_weight(f"b{layer}[{unit}]", dice.uniform(-2.0, 2.0), dice.random() < 0.5, lane),
            lambda: session.change_weight("W1[0,0]", dice.uniform(-2.0, 2.0), True, lane, dice.randrange(2)),
            lambda: session.freeze(layer, dice.choice((None, unit)), dice.random() < 0.5, lane),
            lambda: session.remove_unit(layer, unit, lane),
            lambda: session.add_unit(layer, lane) if sum(hidden) < MOST_UNITS * len(hidden) else None,
            lambda: session.remove_layer(layer, lane),
            lambda: session.add_layer(layer, 2, lane) if len(hidden) < MOST_LAYERS else None,
            lambda: session.switch_input(dice.choice(session.offered_inputs() or ("x1",)), dice.random() < 0.6),
        ]
        number = dice.randrange(len(acts))
        self.done[-1] = f"network {number}"
        acts[number]()

    def resize(self) -> None:
        self.window.resize(self.random.randrange(880, 1700), self.random.randrange(480, 1000))

    def choose_from_menu(self) -> None:
        """Choose a lens, the cost, or another lane."""
        names = ["cost", "next_lane", "previous_lane", *(f"lens {k}" for k in range(len(self.window.lenses.lenses)))]
        self.window.actions_[self.random.choice(names)].trigger()

    def draw(self) -> None:
        """Press, move and release over a picture, or press a key there; nothing is drawn unless that was opened."""
        frames = [frame for frame in self.window.boundary.frames if frame.isVisible()]
        plot = self.random.choice(frames).view.plot
        held = self.random.choice((Qt.KeyboardModifier.NoModifier,) * 3 + DRAWING_MODIFIERS)
        if self.random.random() < 0.3:
            self.driver.key(self.random.choice((*KEYS[:4], *DRAWING_KEYS)), held, on=plot)
            return
        left, viewport = Qt.MouseButton.LeftButton, plot.viewport()
        places = [
            QPoint(self.random.randrange(viewport.width()), self.random.randrange(viewport.height())) for _ in range(4)
        ]
        self.driver.qtbot.mousePress(viewport, left, held, places[0])
        for place in places[1:]:
            point, none = QPointF(place), Qt.MouseButton.NoButton
            move = QMouseEvent(QEvent.Type.MouseMove, point, viewport.mapToGlobal(point), none, left, held)
            QApplication.sendEvent(viewport, move)
        self.driver.qtbot.mouseRelease(viewport, left, held, places[-1])

    def use_bar(self) -> None:
        """Press any button of the bar that is there while one draws."""
        bar = self.window.drawing.bar
        self.press(self.random.choice([bar.pencil, bar.eraser, bar.empty, bar.scale, *bar.swatches]))

    def press_chip(self) -> None:
        chips = list(self.window.cost.legend.chips.values())
        if chips:
            self.press(self.random.choice(chips))

    def use_menu(self) -> None:
        """Rename, duplicate, hide, ... a lane."""
        frames = [frame for frame in self.window.boundary.frames if frame.menu_button.isVisible()]
        if not frames:
            return
        frame = self.random.choice(frames)
        name, action = self.random.choice(list(frame.actions_.items()))
        self.done[-1] = f"{name} lane"
        if action.isEnabled():
            action.trigger()
        if name == "rename":
            self.type(frame.edit)

    def show_again(self) -> None:
        if self.window.lane_bar.hidden:
            self.press(self.random.choice(self.window.lane_bar.hidden))

    def match_rates(self) -> None:
        if self.window.boundary.pair is not None:
            self.press(self.window.boundary.pair.match)

    def choose(self, box: Choice) -> None:
        if box.isVisible() and box.isEnabled():
            self.steer(box)

    def choose_axis(self) -> None:
        self.choose(self.random.choice((self.window.boundary.across, self.window.boundary.upward)))


def finish(driver: Any) -> None:
    """Wait until every command is done; restored lanes may have to be trained again first."""
    session, thread = driver.session, driver.thread

    def is_done() -> bool:
        idle = thread._commands.empty() and thread._successor is None and not thread._playing and not session.playing
        return idle and not session.is_pending and not session.deferred

    driver.qtbot.waitUntil(is_done, timeout=BACKLOG)


def test_two_thousand_actions_at_random(driver: Any, caplog: pytest.LogCaptureFixture) -> None:
    person = Person(driver, seed=20)
    for number in range(ACTIONS):
        person.act()
        if person.random.random() < 0.3:
            QApplication.processEvents()
        assert driver.thread.isRunning(), f"after {person.done[-5:]}, action {number}"
    driver.session.send(Pause())
    finish(driver)
    assert not caplog.records
    assert not [sentence for sentence, _ in driver.messages if "internal error" in sentence]

    # The window still responds, and shows what the thread holds.
    driver.settle()
    driver.session.change("data.dataset", "moons", True)
    driver.session.change("optimizer.learning_rate", 0.05, True)
    driver.session.reset()
    driver.wait(lambda: not driver.session.is_pending and driver.last.update == 0)
    driver.settle()
    assert driver.last.experiment.effective() == driver.session.experiment
    driver.session.step()
    driver.wait_drawn(lambda snapshot: snapshot.update == 1 or bool(snapshot.lanes[0].stopped))
    while driver.session.undo_stack.canUndo():
        driver.session.undo()
        finish(driver)
    settled = driver.settle()
    assert settled.experiment.effective().data == driver.session.experiment.data
    assert driver.session.experiment.data.dataset == "moons"
