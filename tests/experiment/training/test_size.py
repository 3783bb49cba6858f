"""How much memory a run needs: the estimate against what Python counts, and runs that would need too much."""

from __future__ import annotations

import dataclasses
import re
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sandbox.data import load_data
from sandbox.errors import InputError
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.lanes import with_lane
from sandbox.experiment.document.parts import Edit, LaneEntry
from sandbox.experiment.results import sweep
from sandbox.experiment.training import size
from sandbox.experiment.training.timeline import LEAST, MOST, MOST_NUMBERS, NUMBERS, SOME, most_states
from sandbox.experiment.training.trainer import load_experiment_data

GIANT = (1_024,) * 8


def experiment(lanes: int = 1, **values: Any) -> Experiment:
    changed = Experiment().with_values({key.replace("__", "."): value for key, value in values.items()})
    entries = tuple(LaneEntry(f"L{n}", {"optimizer.learning_rate": 0.01 * (n + 1)}) for n in range(lanes))
    return dataclasses.replace(changed, lanes=entries).checked()


def peak(act: Callable[[], object]) -> int:
    """The most memory that was allocated at any time during a call."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("lanes", "watched", "epochs", "values"),
    [
        (1, False, 2, {"network__hidden": (128,) * 8}),
        (1, False, 2, {"network__hidden": (160,) * 5, "optimizer__name": "adam", "optimizer__l1": 1e-3}),
        (1, False, 2, {"network__hidden": (256,) * 6, "run__precision": "float32"}),
        (2, False, 2, {"network__hidden": (48,) * 4, "run__replicas": 8}),
        (1, True, 20, {"network__hidden": (256,) * 4, "data__samples": 20}),
        (3, True, 18, {"network__hidden": (96,) * 4, "run__replicas": 2, "data__samples": 20}),
        (1, False, 2, {"data__samples": 20_000, "network__hidden": (32, 16)}),
        (1, False, 2, {"data__samples": 20_000, "network__hidden": (32, 16), "optimizer__batch_size": 5_000}),
        (2, False, 2, {"data__samples": 2_000, "network__hidden": (6, 4), "run__replicas": 32}),
        (2, False, 2, {"data__dataset": "blobs", "data__samples": 4_000, "network__activation": "relu",
                       "run__replicas": 8}),
        (3, False, 2, {"data__dataset": "sine", "data__samples": 10_000, "network__hidden": (20,)}),
        (1, False, 700, {"data__samples": 20, "network__hidden": (2,), "run__replicas": 64}),
    ],
)  # fmt: skip
def test_the_estimate_is_what_a_run_takes(lanes: int, watched: bool, epochs: int, values: dict[str, Any]) -> None:
    """Rather somewhat more than less: between nine tenths and one and a half of what is allocated at most."""
    settings = experiment(lanes, run__epochs=epochs, **values)
    needed: list[int] = []

    def train() -> None:
        trainer = Trainer(settings, watched=watched)
        needed.append(trainer._plan(settings).bytes)
        trainer.run()
        assert trainer.bytes == needed[0]  # it has recorded as many epochs as it was to

    taken = peak(train)
    assert taken > 5_000_000  # large enough to be about the run, not about Python
    assert 0.9 * taken <= needed[0] <= 1.5 * taken, (taken, needed)


def refused(act: Callable[[], object]) -> str:
    """The sentence of a refusal, before which next to nothing was allocated."""
    said: list[str] = []

    def attempt() -> None:
        with pytest.raises(InputError) as error:
            act()
        said.append(str(error.value))

    assert peak(attempt) < 30_000_000
    return said[0]


@pytest.mark.parametrize(
    ("lanes", "values", "factor"),
    [
        (1, {"network__hidden": (1_024, 512), "run__replicas": 64}, "the hidden layers, 1,024 - 512 units"),
        (1, {"network__hidden": GIANT, "run__replicas": 64}, "the hidden layers, 8 x 1,024 units"),
        (1, {"network__hidden": (1_024,), "data__samples": 100_000}, "the number of samples, 100,000"),
        (16, {"run__replicas": 64, "data__samples": 100_000}, "the number of samples, 100,000"),
        (2, {"run__replicas": 64, "data__samples": 40, "run__epochs": 60}, "the number of seeds, 64"),
        (16, {"run__replicas": 2, "data__samples": 20, "run__epochs": 60}, "the number of lanes, 16"),
        (1, {"run__replicas": 64, "run__epochs": 10_000_000}, "the number of recorded epochs, 10,000,001"),
    ],
)
def test_a_run_that_needs_too_much_is_refused_before_it_takes_any(
    monkeypatch: pytest.MonkeyPatch, lanes: int, values: dict[str, Any], factor: str
) -> None:
    settings = experiment(lanes, **values)
    if "run__epochs" in values:
        monkeypatch.setattr(size, "MOST_RUN_BYTES", 1_000_000)
    data = load_experiment_data(settings)
    said = refused(lambda: Trainer(settings, data))
    assert re.fullmatch(
        r"This needs about [\d.,]+ [GM]B of memory, but a run may have \d+ [GM]B; the largest factor is [^;]+ "
        r"\(\d+ lanes? x \d+ seeds? x [\d,]+ weights and biases, [\d,]+ samples\)\.",
        said,
    )
    assert f"; the largest factor is {factor} (" in said


def test_the_bound_itself_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = experiment(2)
    needed = Trainer(settings)._plan(settings).bytes
    monkeypatch.setattr(size, "MOST_RUN_BYTES", needed)
    Trainer(settings)
    monkeypatch.setattr(size, "MOST_RUN_BYTES", needed - 1)
    with pytest.raises(InputError, match="of memory"):
        Trainer(settings)


def test_edits_and_lanes_are_refused_like_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A live edit, a scheduled one, a forked and an added lane, a cell of a sweep: all ask one function."""
    settings = experiment(1, data__samples=40)
    trainer = Trainer(settings)
    trainer.run(2)
    before = trainer.parameters()
    monkeypatch.setattr(size, "MOST_RUN_BYTES", trainer._plan(trainer.current).bytes + 5_000)
    wide = {"network.hidden": GIANT}
    for attempt in (
        lambda: trainer.edit(wide),
        lambda: trainer.fork_lane("L0", "M"),
        lambda: trainer.joined_by(with_lane(trainer.experiment, LaneEntry("M", wide))),
        lambda: trainer.restarted(settings.with_value("run.replicas", 64)),
        lambda: Trainer(settings.with_edit(Edit(900, wide))),
        lambda: Trainer(settings.with_edit(Edit(1, {"optimizer.learning_rate": 1.0})).with_edit(Edit(900, wide))),
    ):
        assert "of memory" in refused(attempt)
    assert [lane.name for lane in trainer.lanes] == ["L0"] and trainer.experiment == settings
    for name, value in trainer.parameters().items():
        np.testing.assert_array_equal(value, before[name])
    trainer.edit({"optimizer.learning_rate": 0.3})
    trainer.run(1)
    assert trainer.epoch == 3
    (cell,) = sweep.cells(settings, [sweep.axis("network.hidden", [list(GIANT)])])
    assert "of memory" in sweep.run_cell(cell.experiment.dumps(), None, cell.digest).error


def test_samples_times_features_are_bounded() -> None:
    features = [f"x1^{power}" for power in range(2, 10)] + [
        f"x1^{a}*x2^{b}" for a in range(2, 10) for b in range(2, 10)
    ]
    with pytest.raises(InputError, match=r"moons: 100,000 samples of 72 features are 7,200,000 numbers; at most 4,0"):
        load_data(dataset="moons", samples=100_000, features=features)


def test_a_giant_keeps_few_states_of_its_past() -> None:
    assert [most_states(count) for count in (1, 2**12, 2**13, 2**16)] == [MOST, MOST, MOST // 2, SOME]
    for parameters in (10, 10**4, 10**5, 10**6, 10**7):
        kept = most_states(parameters)
        assert LEAST <= kept <= MOST
        assert kept in (LEAST, SOME) or 2 * kept * parameters <= max(NUMBERS, MOST_NUMBERS)
