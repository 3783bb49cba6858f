"""One setting that a sweep varies, and the values it takes: ticked, or typed where any number will do."""

from __future__ import annotations

import re
from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from sandbox import words
from sandbox.errors import InputError
from sandbox.experiment.document import texts
from sandbox.experiment.document.settings import PATHS, SETTINGS, Setting, Value
from sandbox.experiment.document.toml_file import literal
from sandbox.experiment.results.sweep import Axis, read_axis
from sandbox.ui.kit import Choice, Item, MultiChoice

SECTIONS = {"data": "Data", "network": "Network", "loss": "Loss", "optimizer": "Optimiser", "run": "Run"}
_NOT_SWEPT = {"title", "run.replicas", "network.initial", *PATHS}
_TICKED_ALONE = ("choice", "flag")  # kinds whose values are all there to be ticked
_LAYERS: tuple[tuple[int, ...], ...] = ((), (2,), (4,), (8,), (16,), (4, 4), (6, 4), (8, 8), (16, 16))
_DECADES = 2  # of round numbers that are offered to either side of the usual one
_ROUND = tuple(float(f"{m}e{decade}") for decade in range(-9, 10) for m in (1, 3))


class AxisRow(QWidget):
    """A setting, the values to tick, and a field for others.

    Signals
    -------
    changed()
    """

    changed = Signal()

    def __init__(self, key: str, values: str) -> None:
        super().__init__()
        self.key = Choice(_settings())
        self.key.setAccessibleName("Setting that is varied")
        self.key.setToolTip("The setting that takes each of the values in turn.")
        self.key.set_value(key)
        self.ticks = MultiChoice(nothing="values")
        self.ticks.setAccessibleName("Values")
        self.ticks.setToolTip("The values to try: tick any number of them.")
        self.others = QLineEdit()
        self.others.setAccessibleName("Other values")
        self.others.setToolTip("Other values to try, separated by spaces or semicolons; 0.1 and 0,1 are the same.")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self.key, 2)
        self._row.addWidget(self.ticks, 2)
        self._row.addWidget(self.others, 1)
        self._offer()
        self.set_values(values)
        self.key.changed.connect(lambda *_: self._choose_key())
        self.ticks.changed.connect(lambda *_: self.changed.emit())
        self.others.textChanged.connect(lambda _: self.changed.emit())

    @property
    def _setting(self) -> Setting:
        return SETTINGS[str(self.key.value())]

    def _choose_key(self) -> None:
        self._offer()
        self.set_values("")
        self.changed.emit()

    def _offer(self) -> None:
        """Offer the values of the setting."""
        setting = self._setting
        self.ticks.set_items([(value, texts.setting_text(setting.key, value), "") for value in _offered(setting)])
        self.others.setVisible(setting.kind not in _TICKED_ALONE)
        self.others.setPlaceholderText("[4] [8, 8]" if setting.kind == "integers" else "others")

    def set_values(self, text: str) -> None:
        """Choose values, written as in an experiment file and separated by commas; emits nothing."""
        values = read_axis(f"{self.key.value()}={text}").values if text else ()
        offered = _offered(self._setting)
        self.ticks.set_value([value for value in values if value in offered])
        self.others.blockSignals(True)
        self.others.setText(" ".join(literal(value) for value in values if value not in offered))
        self.others.blockSignals(False)

    def axis(self) -> Axis | None:
        """Return the setting and its values; None if there are no values.

        Raises
        ------
        InputError
            If a value is not allowed, or is there twice.
        """
        ticked = [literal(value) for value in self.ticks.value()]  # type: ignore[arg-type]
        typed = split_values(self.others.text(), self._setting.kind == "number")
        return read_axis(f"{self.key.value()}={', '.join((*ticked, *typed))}") if ticked or typed else None


def split_values(text: str, decimals: bool) -> list[str]:
    """Split typed values at semicolons, spaces and commas, but not within brackets.

    With `decimals`, a comma between two digits is a decimal comma, unless there is a decimal point: "0,1 1" is 0.1
    and 1, and "0.1,1" is too.

    Raises
    ------
    InputError
        If a bracket is not closed.
    """
    if decimals and "." not in text:
        text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    if text.count("[") != text.count("]"):
        raise InputError(f'"{text.strip()}" has a bracket that is not closed.')
    return re.findall(r"\[[^\]]*\]|[^\s;,\[\]]+", text)


def _offered(setting: Setting) -> tuple[Value, ...]:
    """Return the values of a setting that can be ticked."""
    if setting.kind == "choice" or setting.single:
        return setting.choices
    if setting.kind == "choices":
        return tuple((name,) for name in setting.choices)
    if setting.kind == "flag":
        return (True, False)
    if setting.kind == "integers":
        return _LAYERS
    if setting.kind in ("number", "integer"):
        return tuple(_numbers(setting))
    return ()


def _numbers(setting: Setting) -> Iterable[int | float]:
    """Yield round numbers around the usual value of a setting, within its bounds."""
    usual = setting.default if isinstance(setting.default, (int, float)) and setting.default else 1.0
    near = [value for value in _ROUND if 10.0**-_DECADES <= value / float(usual) <= 10.0**_DECADES]
    if setting.low == 0.0 and not setting.above:
        near = [0.0, *near]
    for value in near:
        inside = setting.low <= value <= setting.high
        if inside and not (setting.above and value == setting.low) and not (setting.below and value == setting.high):
            if setting.kind == "number":
                yield value
            elif value == int(value):
                yield int(value)


def _settings() -> list[Item]:
    items: list[Item] = []
    for key, setting in SETTINGS.items():
        section = key.partition(".")[0]
        if key not in _NOT_SWEPT:
            items.append((key, f"{SECTIONS[section]}: {words.capital(setting.label)}", setting.summary))
    return items
