"""The room that a plot leaves for its numbers."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from sandbox.ui.plot.plot import Plot


def test_room_that_numbers_were_given_is_kept_until_the_plot_changes_its_size(qtbot: QtBot) -> None:
    # Else a range that follows the room, and numbers that follow the range, would take turns for ever.
    plot = Plot("A plot")
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    plot.show()
    plot.set_tight(True)
    plot.set_range((0.0, 1.0), (0.0, 9.0))
    narrow = plot.axes["left"].width()
    plot.set_range((0.0, 1.0), (-9000.0, 9000.0))
    wide = plot.axes["left"].width()
    assert wide > narrow
    plot.set_range((0.0, 1.0), (0.0, 9.0))
    assert plot.axes["left"].width() == wide
    plot.resize(320, 200)
    qtbot.waitUntil(lambda: plot.axes["left"].width() == narrow)
