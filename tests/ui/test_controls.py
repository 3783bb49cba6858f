"""The row of controls: the speed that is reached, and where its buttons and readouts stand."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import Qt

from sandbox.ui import theme
from sandbox.ui.controls import RateMeter
from tests.ui.conftest import Driver


def test_the_rate_is_that_of_the_last_two_seconds() -> None:
    meter = RateMeter()
    assert meter.note(0, 10.0) is None and meter.note(40, 10.4) is None  # too short to tell
    assert meter.note(60, 10.6) == pytest.approx(100.0)
    assert meter.note(999, 10.8) == pytest.approx(100.0)  # it changes twice a second, not with every frame
    for tenth in range(1, 51):
        meter.note(999 + 20 * tenth, 10.8 + 0.1 * tenth)
    assert meter.rate is not None and abs(meter.rate - 200.0) < 1e-6


def test_a_slow_rate_is_measured_too() -> None:
    meter = RateMeter()
    rates = [meter.note(update, float(update)) for update in range(6)]
    assert rates == [None, 1.0, 1.0, 1.0, 1.0, 1.0]


def test_another_run_is_measured_anew() -> None:
    meter = RateMeter()
    meter.note(5000, 1.0)
    assert meter.note(9000, 2.0) == 4000.0
    assert meter.note(0, 2.1) is None
    meter.note(500, 3.1)
    assert meter.rate == 500.0
    meter.reset()
    assert meter.rate is None


def test_the_speed_reached_is_shown_while_the_network_trains(driver: Driver) -> None:
    speed = driver.window.controls.speed
    driver.window.controls.set_speed(1000.0)
    width = speed.words.width()
    assert speed.words.text() == "1,000 updates/s"
    driver.play()
    driver.wait(lambda: speed.words.accessibleName().startswith("reached: "))
    assert speed.words.accessibleName() == f"reached: {speed.words.text()}" and speed.words.text().endswith("updates/s")
    assert speed.words.width() == width
    assert speed.value() == 1000.0
    driver.pause()
    assert speed.words.text() == speed.words.accessibleName() == "1,000 updates/s"


@pytest.mark.parametrize("width", [900, 1024, 1280, 1920])
def test_no_button_moves_when_the_settings_open_or_close(driver: Driver, width: int) -> None:
    window, controls = driver.window, driver.window.controls
    window.resize(width, 720)
    driver.settle()
    places = [(button, button.geometry()) for button in (controls.settings, controls.play, controls.step_update)]
    was_open = controls.settings.isChecked()
    for opened in (not was_open, was_open):
        driver.click(controls.settings)
        driver.settle()
        assert controls.settings.isChecked() == opened
        assert [(button, button.geometry()) for button, _ in places] == places


def test_the_settings_have_their_name_if_there_is_room(driver: Driver) -> None:
    controls, style = driver.window.controls, Qt.ToolButtonStyle
    driver.window.resize(1600, 720)
    driver.wait(lambda: controls.settings.toolButtonStyle() == style.ToolButtonTextBesideIcon)
    controls.set_presenting(True)
    assert controls.settings.toolButtonStyle() == style.ToolButtonIconOnly
    controls.set_presenting(False)
    assert controls.settings.toolButtonStyle() == style.ToolButtonTextBesideIcon


def test_readouts_are_kept_apart(driver: Driver) -> None:
    controls = driver.window.controls
    readouts = [controls.epoch, controls.train, controls.test, controls.score]
    for left, right in pairwise(readouts):
        assert right.geometry().left() - left.geometry().right() > theme.px(14)
