"""The pictures of a run: its costs, and the decision boundary of every lane.

They are the window's own views, painted into memory with two pixels per screen pixel, so that they stay sharp in
print and on slides. Nothing is ever shown, so Qt's offscreen platform is enough. Text is drawn in the fonts of the
system: if there are none, there is no text.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontDatabase, QImage
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from sandbox import words
from sandbox.data import Data
from sandbox.experiment import Trainer
from sandbox.experiment.document import texts
from sandbox.experiment.results.export import boundary_name
from sandbox.experiment.results.sweep import Sweep
from sandbox.experiment.training.snapshot import BinarySurface, LaneState, MulticlassSurface, Surface, Wanted
from sandbox.nn import METRICS
from sandbox.ui import theme
from sandbox.ui.kit.base import discard
from sandbox.ui.sweep.heatmap import HeatView, map_of
from sandbox.ui.views.boundary import BoundaryView
from sandbox.ui.views.cost import CostView
from sandbox.ui.views.cost_legend import LEGEND_ROWS

WIDTH, HEIGHT = 1200, 900  # in screen pixels
RATIO = 2  # picture pixels per screen pixel, in either direction
_RESOLUTION = 300  # of the boundary's grid, if there are few inputs to store for each of its points
_FEW_INPUTS = 8

_app: QApplication | None = None  # it must outlive everything it draws


def save_pictures(trainer: Trainer, folder: Path) -> list[str]:
    """Draw costs.png, and boundary-LANE.png of every lane, into a folder; return their names.

    With more than two inputs the boundary is that of a slice through the data: along the two inputs that the
    view shows first, the others at their mean. A lane without any finite output has no picture.

    Raises
    ------
    OSError
        If a picture cannot be written.
    """
    with _light():
        names = ["costs.png"]
        _save(_costs(trainer), folder / names[0])
        for lane in trainer.lanes:
            picture = _boundary(trainer, lane.name)
            if picture is not None:
                names.append(boundary_name(lane.name))
                _save(picture, folder / names[-1])
    return names


def save_heatmap(sweep: Sweep, column: str, path: Path) -> None:
    """Draw the results of a sweep, one column of them, as a heat map.

    Raises
    ------
    OSError
        If the picture cannot be written.
    """
    with _light():
        view = HeatView()
        view.show_map(map_of(sweep.cells, sweep.results, column))
        first = sweep.cells[0].experiment
        title = first.title or texts.source_text(first.data)
        seeds = f", median of {first.run.replicas} seeds, quartiles below" if first.run.replicas > 1 else ""
        caption = f"{texts.column_words(column)} after {words.count(first.run.epochs, 'epoch')}{seeds}"
        page = _page(title, caption, view)
        hint = page.sizeHint()
        width = max(hint.width(), view.minimumWidth() + 2 * theme.px(3 * theme.GRID), 480)
        page.resize(width, page.heightForWidth(width) if page.hasHeightForWidth() else hint.height())
        try:
            _save(_rendered(page), path)
        finally:
            discard(page)


def has_text() -> bool:
    """Return whether there is any font to draw text with."""
    with _light():
        return bool(QFontDatabase.families())


@contextmanager
def _light() -> Iterator[None]:
    """Draw in the light theme, then restore the current one."""
    app = _application()
    before = theme.current(), theme.scale()
    theme.apply(app, theme.LIGHT)
    try:
        yield
    finally:
        theme.apply(app, *before)


def _application() -> QApplication:
    """Return the application. If it is created here, its scale factor is that of the pictures."""
    global _app
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    previous = os.environ.get("QT_SCALE_FACTOR")
    os.environ["QT_SCALE_FACTOR"] = str(RATIO)
    try:
        _app = QApplication(["loss-sandbox"])
    finally:
        os.environ.pop("QT_SCALE_FACTOR")
        if previous is not None:
            os.environ["QT_SCALE_FACTOR"] = previous
    return _app


def _costs(trainer: Trainer) -> QImage:
    view = CostView()
    page = _page(_title(trainer), _progress(trainer), view)
    view.set_theme(theme.LIGHT)
    view.controls.hide()
    _painted(page)  # so that the view knows its width in pixels
    snapshot = trainer.snapshot(wanted=Wanted(curves=view.request()))
    costs = [curve for curve in snapshot.curves if curve.role != "metric"]
    view.set_log(False, all(not np.any(curve.values <= 0.0) for curve in costs))
    view.draw(costs, snapshot.marks, snapshot.lanes, snapshot.epoch_position)
    view.list_marks()  # nobody can point at paper
    # Paper does not scroll: the legend gets all the room it needs, and the curves keep theirs.
    full = view.legend.show_all()
    return _render_and_delete(page, HEIGHT + max(0, round(full * (1.0 - LEGEND_ROWS / max(len(view.legend.rows), 1)))))


def _boundary(trainer: Trainer, lane: str) -> QImage | None:
    view = BoundaryView()
    view.set_theme(theme.LIGHT)
    view.set_data(trainer.data, trainer.experiment)
    request = view.request(lane)
    assert request is not None  # it has data
    if 1 < len(trainer.data.inputs) <= _FEW_INPUTS:
        request = dataclasses.replace(request, resolution=_RESOLUTION)
    snapshot = trainer.snapshot(wanted=Wanted(surfaces=(request,)))
    state = next(state for state in snapshot.lanes if state.name == lane)
    (surface,) = snapshot.surfaces
    if not np.isfinite(surface.values).any():
        discard(view)
        return None
    page = _page(
        _title(trainer), "  \u00b7  ".join((_lane_line(trainer, state), *what_seeds_show(surface, trainer.data))), view
    )
    for choice in (view.across_label, view.across, view.upward_label, view.upward):
        choice.hide()  # the axes are named beside and below
    view.legend.hide_switches()
    view.draw(surface, state)
    return _render_and_delete(page)


def _render_and_delete(page: QWidget, height: int = HEIGHT) -> QImage:
    """Return the picture of a page, and delete the page."""
    try:
        return _painted(page, height)
    finally:
        discard(page)


def _title(trainer: Trainer) -> str:
    return trainer.experiment.title or texts.source_text(trainer.experiment.data)


def _progress(trainer: Trainer) -> str:
    unit = texts.cost_unit(trainer.data)
    done = f"after {words.count(trainer.epoch, 'epoch')}, {words.count(trainer.update, 'update')}"
    return f"{done}; costs {unit}" if unit else done


def _lane_line(trainer: Trainer, state: LaneState) -> str:
    """Describe the network in one line: its lane, sizes, objective, epochs and readings."""
    last = trainer.history(state.name).last
    assert last is not None  # the current state was recorded
    parts = [
        f"Lane {state.name}" if len(trainer.lanes) > 1 else "",
        " - ".join(map(str, state.sizes)),
        f"learns with {texts.reduced(state.objective, state.reduction, within=True)}",
        f"{'stopped ' if state.stopped else ''}after {words.count(last.epoch, 'epoch')}",
        *(_reading(name, state) for name in ("cost", *METRICS)),
        f"costs {unit}" if (unit := texts.cost_unit(trainer.data)) else "",
    ]
    return "  ·  ".join(part for part in parts if part)


def what_seeds_show(surface: Surface, data: Data) -> Iterator[str]:
    """Say what the picture of several networks shows; nothing for a single one."""
    seeds = f"{surface.replicas} seeds"
    match surface:
        case Surface(replicas=1):
            return
        case MulticlassSurface():
            yield f"colours: the share of {seeds} that say each class"
        case BinarySurface():
            yield f"colours: the share of {seeds} that say class {data.class_names[1]}; line: their median"
        case _:
            yield f"the median of {seeds}"


def _reading(name: str, state: LaneState) -> str:
    """Return a reading of the training and the test part, if it applies."""
    readings = {part: state.readings.get(f"{part}_{name}") for part in ("train", "test")}
    values = [
        f"{part} {texts.column_text(f'{part}_{name}', value)}" for part, value in readings.items() if value is not None
    ]
    return f"{texts.reduced(name, state.reduction)} {', '.join(values)}" if values else ""


def _page(title: str, subtitle: str, view: QWidget) -> QWidget:
    page = QWidget()
    page.setObjectName("page")
    page.setStyleSheet(f"QWidget#page {{ background: {theme.LIGHT.card}; }}")
    column = QVBoxLayout(page)
    margin = theme.px(3 * theme.GRID)
    column.setContentsMargins(margin, margin, margin, margin)
    column.setSpacing(theme.px(theme.HALF))
    for text, font, colour in (
        (title, theme.font(theme.LARGE, bold=True), theme.LIGHT.text_color),
        (subtitle, theme.font(theme.NORMAL), theme.LIGHT.muted),
    ):
        label = QLabel(text)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setFont(font)
        label.setStyleSheet(f"color: {colour};")
        label.setWordWrap(True)
        column.addWidget(label)
    column.addSpacing(theme.px(theme.HALF))
    column.addWidget(view, 1)
    return page


def _painted(page: QWidget, height: int = HEIGHT) -> QImage:
    """Paint the page without showing it: rendering lays it out first."""
    page.resize(WIDTH, height)
    return _rendered(page)


def _rendered(page: QWidget) -> QImage:
    image = QImage(page.size() * RATIO, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(RATIO)
    image.fill(QColor(theme.LIGHT.card))
    page.render(image)
    return image


def _save(image: QImage, path: Path) -> None:
    if not image.save(str(path), "PNG"):  # type: ignore[call-overload]
        raise OSError(f"{path} cannot be written")
