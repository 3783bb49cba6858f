"""The choice of a data set: groups, and pictures of the data themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sandbox.data import DATASETS, load_data
from sandbox.data.generators import GENERATORS
from sandbox.experiment import Experiment
from sandbox.ui import theme
from sandbox.ui.panels.data import DataPanel
from sandbox.ui.panels.datasets import PICTURE, DatasetChoice, group_of, thumbnail

WORDS = {"binary": "Two classes", "multiclass": "Several classes", "regression": "Regression"}


@pytest.fixture
def choice(qtbot: QtBot) -> Iterator[DatasetChoice]:
    box = DatasetChoice()
    qtbot.addWidget(box)
    yield box
    box.hidePopup()


def test_every_data_set_is_listed_once_in_its_group(choice: DatasetChoice) -> None:
    names = [choice.name(row) for row in range(choice.count())]
    assert sorted(map(str, names)) == sorted(DATASETS) and names[0] == next(iter(DATASETS))
    for name in DATASETS:
        task = load_data(dataset=name).task  # as the data themselves say, not the register
        assert group_of(name) == (WORDS[task] if name in GENERATORS else "Tables")


def test_the_name_of_a_group_stands_above_its_first_item_alone(choice: DatasetChoice) -> None:
    headings = [choice.heading(row) for row in range(choice.count())]
    assert [text for text in headings if text] == ["Two classes", "Several classes", "Regression", "Tables"]
    in_force = ""
    for row, text in enumerate(headings):
        in_force = text or in_force
        assert in_force == group_of(choice.name(row))
        said = choice.itemData(row, Qt.ItemDataRole.AccessibleDescriptionRole)
        assert said == f"{in_force}: {DATASETS[str(choice.name(row))].summary}"


def test_the_users_own_table_comes_first_and_has_no_picture(qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    file.write_text("a,b,label\n" + "".join(f"{k},{k * k},{k % 2}\n" for k in range(9)), encoding="utf-8")
    panel = DataPanel()
    qtbot.addWidget(panel)
    experiment = Experiment().with_values({"data.dataset": None, "data.file": str(file)})
    panel.show_settings(experiment, load_data(dataset=None, file=str(file)), None)
    choice = panel.controls["data.dataset"]
    assert [choice.heading(row) for row in (0, 1)] == ["Your own", "Two classes"]
    assert choice.currentText() == "points.csv" and choice.name(0) is None
    choice.showPopup()
    assert choice.view().isVisible()
    choice.hidePopup()


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=lambda colours: colours.name)
def test_a_picture_has_the_colours_of_its_classes(qapp: QApplication, name: str, colours: theme.Theme) -> None:
    image = thumbnail(name, colours, PICTURE, 4.0).toImage()
    assert (image.width(), image.height()) == (4 * PICTURE[0], 4 * PICTURE[1])
    seen = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    data = load_data(dataset=name)
    if data.task == "regression":
        if len(data.inputs) == 1:
            assert colours.class_colour(1) in seen
        assert len(seen) > 10
        return
    present = sorted(set(data.y_train.tolist()))
    wanted = {QColor(colours.class_colour(k)).name() for k in present}
    assert wanted <= seen, "a class is missing"


def test_a_picture_shows_where_the_samples_are(qapp: QApplication) -> None:
    """Of two moons, class 0 is above on the left and class 1 below on the right, and the corners are empty."""
    image = thumbnail("moons", theme.LIGHT, (80, 60), 1.0).toImage()

    def places(index: int) -> list[tuple[int, int]]:
        name = QColor(theme.LIGHT.class_colour(index)).name()
        return [(x, y) for x in range(80) for y in range(60) if image.pixelColor(x, y).name() == name]

    zero, one = places(0), places(1)
    assert sum(x for x, _ in zero) / len(zero) + 8 < sum(x for x, _ in one) / len(one)
    assert sum(y for _, y in zero) / len(zero) + 8 < sum(y for _, y in one) / len(one)
    assert {image.pixelColor(*at).name() for at in ((6, 54), (74, 6))} == {theme.LIGHT.field}


def test_pictures_are_drawn_when_the_list_is_opened_and_only_once(open_window: Callable[..., Any]) -> None:
    thumbnail.cache_clear()
    driver = open_window()
    assert thumbnail.cache_info().misses == 0  # nothing that the start would have to wait for
    box = driver.control("data.dataset")
    driver.click(box)
    driver.wait(lambda: box.view().isVisible() and thumbnail.cache_info().currsize >= 10)
    box.view().grab()
    drawn = thumbnail.cache_info().misses
    assert drawn <= len(DATASETS)
    driver.key(Qt.Key.Key_Escape, on=box.view())
    driver.wait(lambda: not box.view().isVisible())
    driver.activate()
    driver.choose(box, "Hills")
    driver.wait(lambda: driver.last.data.name == "hills")
    box.showPopup()
    box.view().grab()
    box.hidePopup()
    assert thumbnail.cache_info().misses <= len(DATASETS)


@pytest.mark.parametrize("name", ["blobs", "sine"])
def test_a_click_on_an_item_below_a_heading_chooses_it(open_window: Callable[..., Any], name: str) -> None:
    driver = open_window()
    box = driver.control("data.dataset")
    row = next(row for row in range(box.count()) if box.name(row) == name)
    driver.click(box)
    view = box.view()
    driver.wait(view.isVisible)
    index = box.model().index(row, 0)
    view.scrollTo(index)
    place = view.visualRect(index)
    driver.qtbot.mouseMove(view.viewport(), QPoint(place.center().x(), place.bottom() - 8))
    driver.qtbot.wait(QApplication.doubleClickInterval() + 50)  # Qt takes an earlier release for that of the opening
    driver.qtbot.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place.center().x(), place.bottom() - 8)
    )
    driver.wait(lambda: driver.last.data.name == name)
    driver.activate()


def test_the_list_is_taller_where_a_group_begins_and_wide_enough_for_names(choice: DatasetChoice) -> None:
    choice.show()
    choice.showPopup()
    view = choice.view()
    heights = [view.visualRect(choice.model().index(row, 0)).height() for row in range(choice.count())]
    plain = {height for row, height in enumerate(heights) if not choice.heading(row)}
    headed = {height for row, height in enumerate(heights) if choice.heading(row)}
    assert len(plain) == len(headed) == 1 and min(headed) > max(plain) >= PICTURE[1]
    longest = max(choice.fontMetrics().horizontalAdvance(choice.itemText(row)) for row in range(choice.count()))
    assert view.viewport().width() >= longest + PICTURE[0] + 20
