"""Predicting a curve: asking for it in the cost plot, taking it, and showing it beside what happened."""

from __future__ import annotations

from sandbox.lessons import read_quantity
from sandbox.lessons.lesson import Prediction
from sandbox.lessons.quantity import Quantity
from sandbox.ui.lessons.guide import ASKING, Guide
from sandbox.ui.lessons.page import sketch_outcome
from sandbox.ui.lessons.places import Stage, bring_into_view
from sandbox.ui.lessons.progress import Points
from sandbox.ui.views.sketch import Sketch


class Sketching:
    """What the steps of a lesson let a person draw into the cost plot."""

    def __init__(self, stage: Stage, guide: Guide) -> None:
        self._stage, self._guide = stage, guide

    def ask(self) -> None:
        """Let the curve of the step be drawn, or show it if it has been; else show none."""
        cost, guide = self._stage.cost, self._guide
        if cost is None or guide.lesson is None:
            return
        prediction, answer = guide.step.prediction, guide.answer
        if prediction is None or not prediction.curve or (guide.has_asked and answer is None):
            cost.show_sketch(None)
        elif guide.phase == ASKING:
            bring_into_view(self._stage, "cost")
            cost.ask_for_sketch(self._lane(prediction), prediction.curve, self._until(prediction))
        elif isinstance(answer, tuple):
            cost.show_sketch(self._sketch(prediction, answer))

    @property
    def is_drawn(self) -> bool:
        """Whether a curve has been drawn that can be taken as the prediction."""
        return bool(self._drawn())

    def take(self) -> None:
        """Take what has been drawn as the prediction."""
        points = self._drawn()
        if points:
            self._guide.predict(points)

    def _drawn(self) -> Points:
        cost, guide = self._stage.cost, self._guide
        if cost is None or cost.pen.isHidden() or guide.lesson is None or guide.phase != ASKING:
            return ()
        epochs, values = cost.pen.curve()
        return tuple(zip(epochs.tolist(), values.tolist(), strict=True))

    def hide(self) -> None:
        """Take the drawn curve out of the plot."""
        if self._stage.cost is not None:
            self._stage.cost.show_sketch(None)

    def show(self, prediction: Prediction, answer: Points, end: tuple[float, ...]) -> str:
        """Show the drawn curve; return what is to be said about it once its true `end` is known, else ""."""
        sketch, figure = self._sketch(prediction, answer), self.end(prediction)
        if self._stage.cost is not None:
            self._stage.cost.show_sketch(sketch)
        if not end:
            return ""
        drawn = sketch.value_at(sketch.until)
        return sketch_outcome(drawn, end[0], figure.text(drawn), figure.text(end[0]), sketch.until)

    def end(self, prediction: Prediction) -> Quantity:
        """Return the quantity at which the curve ends."""
        return read_quantity(f"{self._lane(prediction)} {prediction.curve} after {self._until(prediction)}")

    def _lane(self, prediction: Prediction) -> str:
        return prediction.lane or self._stage.session.experiment.lanes[0].name

    def _until(self, prediction: Prediction) -> int:
        return prediction.until or self._guide.step.train

    def _sketch(self, prediction: Prediction, points: Points) -> Sketch:
        return Sketch.of(self._lane(prediction), prediction.curve, self._until(prediction), points)
