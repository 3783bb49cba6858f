"""The commands: what they print, what they write, and how they exit."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sandbox import cli, published
from sandbox.data import DATASETS, load_data
from sandbox.experiment import Experiment, Trainer
from sandbox.lessons import read_lesson, read_measured, shipped_lessons
from sandbox.nn import ACTIVATIONS, INITIALIZERS, LOSSES, METRICS, OPTIMIZERS

# Use the tests' application: one made for pictures would keep their scale factor for all later tests.
pytestmark = pytest.mark.usefixtures("qapp")

ROOT = Path(__file__).parents[1]

BATCHES = """
[data]
dataset = "moons"
samples = 60
[network]
hidden = [3]
[loss]
monitors = ["mse"]
[optimizer]
batch_size = 10
[run]
epochs = 5
"""

TOO_FAST = """
[data]
dataset = "sine"
samples = 40
[network]
hidden = []
[run]
epochs = 400
[[lanes]]
name = "calm"
optimizer.learning_rate = 0.01
[[lanes]]
name = "too fast"
optimizer.learning_rate = 50.0
"""

Outcome = tuple[int, str, str]


class Person:
    """Runs commands in a temporary folder."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capture = capture

    def write(self, name: str, text: str) -> Path:
        (self.folder / name).write_text(text)
        return self.folder / name

    def command(self, *arguments: str) -> Outcome:
        """Return the exit code, standard output and standard error of a command."""
        self._capture.readouterr()
        code = cli.main(list(arguments))
        return code, *self._capture.readouterr()

    def train(self, *arguments: str) -> Outcome:
        return self.command("run", *arguments, "--quiet", "--no-pictures")

    def history(self, folder: str) -> list[dict[str, str]]:
        with (self.folder / folder / "history.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def weights(self, folder: str, lane: str = "A") -> dict[str, np.ndarray]:
        with np.load(self.folder / folder / f"weights-{lane}.npz") as file:
            return {name: file[name] for name in file.files}

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Person]:
    monkeypatch.chdir(tmp_path)
    yield Person(tmp_path, capsys)


def run_bare(*arguments: str, folder: Path = ROOT, code: str = "") -> subprocess.CompletedProcess[str]:
    """Run the program with an empty environment: no display, no home, no PATH."""
    command = [sys.executable, *(("-c", code) if code else ("-m", "sandbox")), *arguments]
    environment = {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, encoding="utf-8"
    )


# run


def test_run_writes_into_a_folder_named_after_the_file(person: Person) -> None:
    person.write("first try.toml", BATCHES)
    assert person.train("first try.toml") == (0, "", "")
    assert person.files() == [
        "first try", "first try.toml", "first try/history.csv", "first try/weights-A.npz",
    ]  # fmt: skip


def test_run_shows_its_progress_and_ends_with_a_summary(person: Person) -> None:
    person.write("x.toml", BATCHES)
    code, out, err = person.command("run", "x.toml", "--no-pictures")
    assert code == 0
    assert "5/5" in err and "cost" in err
    last = person.history("x")[-1]
    assert f"{float(last['train_cost']):.6g}" in out
    assert f"{100 * float(last['test_accuracy']):.2f}\u2009%" in out
    assert "history.csv, weights-A.npz" in out and "5 epochs, 25 updates" in out


def test_the_last_row_belongs_to_the_saved_weights(person: Person) -> None:
    person.write("x.toml", BATCHES)
    person.train("x.toml")
    W = person.weights("x")
    data = load_data(dataset="moons", samples=60)
    row = person.history("x")[-1]
    for part, X, y in (("train", data.X_train, data.y_train), ("test", data.X_test, data.y_test)):
        A = 1 / (1 + np.exp(-(np.tanh(X @ W["W1"].T + W["b1"]) @ W["W2"].T + W["b2"])[:, 0]))
        entropy = -np.mean(y * np.log(A) + (1 - y) * np.log(1 - A))
        assert float(row[f"{part}_binary_cross_entropy"]) == pytest.approx(entropy, rel=1e-12)
        assert float(row[f"{part}_mse"]) == pytest.approx(np.mean((A - y) ** 2), rel=1e-12)
        assert float(row[f"{part}_accuracy"]) == np.mean((A > 0.5) == y)


def test_every_selects_rows_and_changes_no_weight(person: Person) -> None:
    person.write("x.toml", BATCHES)
    person.train("x.toml", "--epochs", "8", "--out", "all")
    person.train("x.toml", "--epochs", "8", "--out", "some", "--every", "3")
    every, some = person.history("all"), person.history("some")
    assert [row["epoch"] for row in some] == ["0", "3", "6", "8"]
    assert some == [row for row in every if row["epoch"] in ("0", "3", "6", "8")]
    for name, values in person.weights("all").items():
        np.testing.assert_array_equal(values, person.weights("some")[name])


def test_zero_epochs_leave_the_initial_state(person: Person) -> None:
    person.write("x.toml", BATCHES)
    person.train("x.toml", "--epochs", "0")
    (row,) = person.history("x")
    assert (row["epoch"], row["update"]) == ("0", "0")
    assert not person.weights("x")["b1"].any() and person.weights("x")["W1"].any()


def test_epochs_override_those_of_the_file(person: Person) -> None:
    person.write("x.toml", BATCHES)
    person.train("x.toml", "--epochs", "7")
    assert [row["epoch"] for row in person.history("x")] == [str(k) for k in range(8)]


def test_a_second_run_replaces_only_its_own_files(person: Person) -> None:
    person.write("x.toml", BATCHES)
    person.train("x.toml", "--epochs", "1")
    person.write("x/notes.txt", "mine")
    person.train("x.toml", "--epochs", "2")
    assert len(person.history("x")) == 3
    assert (person.folder / "x" / "notes.txt").read_text() == "mine"


def test_a_stopped_lane_is_named_and_the_other_continues(person: Person) -> None:
    person.write("x.toml", TOO_FAST)
    code, out, err = person.command("run", "x.toml", "--no-pictures")
    assert code == 1
    assert "lane too fast stopped after update" in err and "learning rate" in err
    assert "stopped after update" in out
    rows = person.history("x")
    last = {row["lane"]: row for row in rows}
    assert last["calm"]["epoch"] == "400" and int(last["too fast"]["epoch"]) < 400
    assert all(np.isfinite(values).all() for values in person.weights("x", "too fast").values())
    assert len([row for row in rows if row["lane"] == "calm"]) == 401


def test_quiet_still_says_why_a_lane_stopped(person: Person) -> None:
    person.write("x.toml", TOO_FAST)
    code, out, err = person.train("x.toml")
    assert (code, out) == (1, "")
    assert err.startswith("loss-sandbox: lane too fast stopped") and err.count("\n") == 1


def test_notices_about_the_data_are_printed(person: Person) -> None:
    person.write("points.csv", "a,b,y\n" + "1,2,0\n2,1,1\n" * 9 + ",3,1\n")
    person.write("x.toml", '[data]\nfile = "points.csv"\n[run]\nepochs = 1')
    code, out, _ = person.command("run", "x.toml", "--no-pictures")
    assert code == 0 and "1 row with missing values was left out." in out


BAD = {
    "no file": ((), "no such file"),
    "unknown key": (('[data]\ndatset = "moons"',), "datset"),
    "no TOML": (("[data",), "TOML"),
    "no data": (('[data]\nfile = "nowhere.csv"',), "nowhere.csv"),
    "no weights": (('[network]\nweights = "nowhere.npz"',), "nowhere.npz"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("command", ["run", "window"])
def test_bad_input_is_one_message_and_nothing_is_written(person: Person, case: str, command: str) -> None:
    texts, message = BAD[case]
    for text in texts:
        person.write("x.toml", text)
    before = person.files()
    code, out, err = person.command(*(("run",) if command == "run" else ()), "x.toml")
    assert (code, out) == (2, "")
    assert err.startswith("loss-sandbox: ") and err.count("\n") == 1 and message in err
    assert person.files() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run",), "FILE"),
        (("run", "x.toml", "--epochs", "-1"), "--epochs"),
        (("run", "x.toml", "--epochs", "1.5"), "from 0 to 10,000,000"),
        (("run", "x.toml", "--epochs", "99999999"), "from 0 to 10,000,000"),
        (("run", "x.toml", "--every", "0"), "from 1 to 10,000,000"),
        (("run", "x.toml", "--out", "x.toml"), "a folder to write into is needed"),
        (("run", "x.toml", "--pictures"), "--pictures"),
        (("run", "x.toml", "y.toml"), "y.toml"),
        (("rnu", "x.toml"), 'did you mean "loss-sandbox run"'),
        (("list", "loses"), 'did you mean "losses"'),
        (("check", "now"), "now"),
        (("--size", "900x600"), "--screenshot"),
        (("--screenshot", "x.png", "--size", "900"), "1400x900"),
        (("--screenshot", "x.png", "--size", "9x9"), "from 880x480 to 8000x8000"),
        (("--screenshot", "x.png", "--theme", "red"), "red"),
        (("--screenshot", "nowhere/x.png"), "no such folder"),
        (("--screenshot", "."), "folder"),
        (("--screenshot", "x.png", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_a_wrong_command_line_is_one_message(person: Person, arguments: tuple[str, ...], message: str) -> None:
    person.write("x.toml", BATCHES)
    code, out, err = person.command(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("loss-sandbox: ") and err.count("\n") == 1 and message in err
    assert person.files() == ["x.toml"]


def test_results_that_cannot_be_written_leave_no_files(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_disk(trainer: object, folder: Path) -> None:
        (folder / "history.csv").write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sandbox.cli.run.write_results", fill_disk)
    person.write("x.toml", BATCHES)
    code, _, err = person.train("x.toml")
    assert code == 2 and "no space left" in err
    assert person.files() == ["x.toml"]


def interrupt(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Press Ctrl+C during the second epoch."""
    learn, updates = Trainer._update, []

    def step(trainer: Trainer) -> bool:
        updates.append(trainer.update)
        if len(updates) == 8:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        return learn(trainer)

    monkeypatch.setattr(Trainer, "_update", step)


def test_ctrl_c_writes_the_finished_epochs(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    person.write("x.toml", BATCHES)
    person.train("x.toml", "--epochs", "2", "--out", "two")
    handler = signal.getsignal(signal.SIGINT)
    interrupt(monkeypatch, times=1)
    code, _, err = person.train("x.toml", "--out", "cut")
    assert (code, err) == (1, "loss-sandbox: ended by Ctrl+C after epoch 2 of 5.\n")
    assert person.history("cut") == person.history("two")
    for name, values in person.weights("two").items():
        np.testing.assert_array_equal(values, person.weights("cut")[name])
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_second_ctrl_c_writes_nothing(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    person.write("x.toml", BATCHES)
    interrupt(monkeypatch, times=2)
    code, _, err = person.train("x.toml")
    assert (code, err) == (1, "loss-sandbox: interrupted; nothing was written.\n")
    assert person.files() == ["x.toml"]


def test_a_file_named_like_a_command_needs_its_folder(person: Person) -> None:
    person.write("run", BATCHES)
    assert person.train("./run", "--epochs", "1", "--out", "out")[0] == 0
    code, _, err = person.command("run")
    assert code == 2 and "FILE" in err


def test_the_window_gets_the_experiment(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    from sandbox.ui import app

    opened: list[tuple[Experiment | None, Path | None]] = []
    monkeypatch.setattr("sandbox.cli.window.display_problem", lambda: None)
    monkeypatch.setattr(app, "run_window", lambda *arguments: opened.append(arguments) or 0)
    person.write("check", BATCHES)
    assert person.command("./check") == (0, "", "")
    assert person.command() == (0, "", "")
    assert opened == [(Experiment.load("check"), Path("check")), (None, None)]


def test_without_qt_everything_but_pictures_is_written(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = "Qt lacks system libraries (libEGL.so.1); install them with: sudo apt-get install libegl1"
    monkeypatch.setattr("sandbox.cli.run.library_problem", lambda platform: problem)
    person.write("x.toml", BATCHES)
    code, _, err = person.command("run", "x.toml", "--quiet")
    assert code == 1 and "--no-pictures" in err and problem in err and err.count("\n") == 1
    assert person.files() == ["x", "x.toml", "x/history.csv", "x/weights-A.npz"]
    assert person.train("x.toml") == (0, "", "")


# run: which lane reaches the goal first


TWO_LANES = """
[data]
dataset = "moons"
[loss]
monitors = ["mse"]
[run]
epochs = 60
replicas = 7
[[lanes]]
name = "A"
[[lanes]]
name = "slow"
optimizer.learning_rate = 0.05
"""


def epochs_by_hand(rows: list[dict[str, str]], lane: str, level: float) -> list[float]:
    """Return, seed by seed, the first epoch of a history at which a test accuracy is reached."""
    seeds = dict.fromkeys(row["seed"] for row in rows)
    reached = [(row["seed"], float(row["epoch"])) for row in rows if lane_reaches(row, lane, level)]
    return [min((epoch for row_seed, epoch in reached if row_seed == seed), default=math.inf) for seed in seeds]


def lane_reaches(row: dict[str, str], lane: str, level: float) -> bool:
    return row["lane"] == lane and float(row["test_accuracy"]) >= level


def test_run_says_which_lane_is_first_over_the_seeds(person: Person) -> None:
    file = person.write("two.toml", TWO_LANES)
    code, out, _ = person.command("run", str(file), "--no-pictures", "--reach", "test_accuracy=0.8")
    assert code == 0
    rows = person.history("two")
    one, other = (epochs_by_hand(rows, lane, 0.8) for lane in ("A", "slow"))
    ratios = [max(b, 1.0) / max(a, 1.0) for a, b in zip(one, other, strict=True) if min(a, b) < math.inf]
    assert math.isfinite(np.median(ratios)) and np.median(ratios) > 1.0
    (sentence,) = [line for line in out.splitlines() if " epochs as A" in line]
    assert f"slow needs {np.median(ratios):.2g} times as many epochs as A to reach a test accuracy of 80" in sentence
    assert "(95\u2009% interval), 7 seeds." in sentence
    reached = [sum(map(math.isfinite, epochs)) for epochs in (one, other)]
    assert f"{reached[0]} of 7 seeds of A reach it, {reached[1]} of 7 of slow." in sentence


def test_run_compares_every_lane_with_the_first(person: Person) -> None:
    file = person.write("three.toml", TWO_LANES + '[[lanes]]\nname = "same"\n')
    _, out, _ = person.command("run", str(file), "--no-pictures", "--reach", "train_mse=0.2", "--epochs", "20")
    same = "A and same need the same number of epochs to reach a training mean squared error of 0.2"
    assert same in out and "slow" in out
    assert sum("After epoch 20: " in line for line in out.splitlines()) == 2


SUM_AND_MEAN = """format = 1
[loss]
monitors = ["mse"]
[run]
epochs = 400
[[lanes]]
name = "A"
[[lanes]]
name = "B"
loss.reduction = "sum"
optimizer.learning_rate = 0.002380952380952381  # 0.5 / 210
"""


def test_run_compares_a_sum_with_a_mean_by_the_same_measure(person: Person) -> None:
    file = person.write("both.toml", SUM_AND_MEAN)
    _, out, _ = person.command("run", str(file), "--no-pictures", "--reach", "train_mse=0.05")
    first = next(int(row["epoch"]) for row in person.history("both") if float(row["train_mse"]) <= 0.05)
    goal = "a training mean squared error of 0.05 (as a mean over samples)"
    assert f"Both reached {goal} after {first} epochs." in out.splitlines()


def test_run_says_that_only_recorded_epochs_count(person: Person) -> None:
    file = person.write("both.toml", SUM_AND_MEAN)
    _, out, _ = person.command("run", str(file), "--no-pictures", "--every", "100", "--reach", "test_accuracy=0.8")
    (sentence,) = [line for line in out.splitlines() if line.startswith("Both reached")]
    assert sentence == (
        "Both reached a test accuracy of 80\u2009% after 100 epochs. "
        "Only recorded epochs count: the one before may be 100 epochs earlier."
    )


def test_run_says_in_which_unit_costs_are(person: Person) -> None:
    rows = [f"{x},{1000 * x + 0.5}" for x in range(30)]
    person.write("rent.csv", "\n".join(["area,rent", *rows]))
    file = person.write("rent.toml", '[data]\nfile = "rent.csv"\n[optimizer]\nlearning_rate = 0.05\n')
    _, out, _ = person.command("run", str(file), "--epochs", "50")
    assert "Costs are in standard deviations of rent (" in out
    first, *_, last = person.history("rent")
    assert float(last["train_mse"]) < float(first["train_mse"]) < 10.0  # of the raw rents it would be a hundred million
    assert {"costs.png", "boundary-A.png"} <= {path.name for path in (person.folder / "rent").iterdir()}
    plain = person.write("plain.toml", '[data]\nfile = "rent.csv"\nstandardize_target = false\n')
    _, out, _ = person.command("run", str(plain), "--epochs", "1", "--no-pictures")
    assert "Costs are" not in out and float(person.history("plain")[0]["train_mse"]) > 1e8


def test_run_compares_nothing_with_one_lane(person: Person) -> None:
    file = person.write("one.toml", BATCHES)
    _, out, _ = person.command("run", str(file), "--no-pictures")
    assert "reach" not in out and "After epoch" not in out


@pytest.mark.parametrize(
    ("goal", "message"),
    [
        ("test_accuracy", '"test_accuracy" is not a column and a number, such as test_accuracy=0.95'),
        ("test_accuracy=most", "is not a column and a number"),
        ("test_accuracy=nan", "is not a column and a number"),
        ("test_accuracy=150", '"test_accuracy=150" is out of range: test_accuracy is from 0 to 1, or 0% to 100%'),
        ("test_acuracy=0.9", 'there is no column "test_acuracy"; did you mean "test_accuracy"?'),
        ("train_cost=0.1", "train_cost depends on the loss that each lane learns with, or on its penalty; name a"),
        ("test_huber=0.1", "not every lane records test_huber; [loss] monitors can name its loss or metric"),
    ],
)
def test_run_refuses_an_invalid_goal_before_training(person: Person, goal: str, message: str) -> None:
    file = person.write("two.toml", TWO_LANES)
    code, out, err = person.command("run", str(file), "--reach", goal)
    assert (code, out) == (2, "") and message in err and err.count("\n") == 1
    assert not (person.folder / "two").exists()


def test_run_counts_the_files_of_many_seeds(person: Person) -> None:
    file = person.write("two.toml", TWO_LANES)
    _, out, _ = person.command("run", str(file), "--no-pictures", "--epochs", "1")
    assert out.splitlines()[-1].endswith("weights-A.npz, weights-slow.npz, and 12 files with weights of other seeds")
    assert sum("-seed-" in name for name in person.files()) == 12


# list

REGISTRIES = {
    "losses": LOSSES,
    "activations": ACTIVATIONS,
    "optimizers": OPTIMIZERS,
    "initializers": INITIALIZERS,
    "metrics": METRICS,
    "datasets": DATASETS,
    "lessons": shipped_lessons(),
}


@pytest.mark.parametrize("kind", REGISTRIES)
def test_list_prints_one_line_per_name(person: Person, kind: str) -> None:
    code, out, err = person.command("list", kind)
    assert (code, err) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert lines == {name: entry.summary for name, entry in REGISTRIES[kind].items()}


def test_list_without_a_kind_lists_all_kinds(person: Person) -> None:
    code, out, _ = person.command("list")
    assert code == 0
    headings = [line for line in out.splitlines() if line and not line.startswith(" ")]
    assert headings == list(REGISTRIES)
    listed = [line.split()[0] for line in out.splitlines() if line.startswith(" ")]
    assert listed == [name for registry in REGISTRIES.values() for name in registry]


# check


def test_check_fails_if_a_number_differs(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = published.Comparison("this", 1.0, 1.0, 0.1), published.Comparison("that", 1.0, 2.0, 0.1)
    monkeypatch.setattr(published, "rows", lambda: iter([right, right]))
    code, out, _ = person.command("check")
    assert code == 0 and out.endswith("All 2 agree.\n")
    monkeypatch.setattr(published, "rows", lambda: iter([right, wrong]))
    code, out, _ = person.command("check")
    assert code == 1 and out.endswith("1 of 2 differ.\n")
    assert [line.split()[-1] for line in out.splitlines()[1:3]] == ["ok", "DIFFERS"]


LESSON = """+++
title = "Own"
summary = "A lesson of one's own."
sources = ["Somebody: Something. 1999."]
+++
## Train
```step
train = 4
claims = ["A train_mse after 4 < 1", "A train_mae after 4 < 1"]
```
"""


def own_lesson(person: Person, text: str) -> Path:
    folder = person.folder / "own"
    folder.mkdir()
    (folder / "lesson.md").write_text(text, encoding="utf-8")
    (folder / "experiment.toml").write_text(BATCHES, encoding="utf-8")
    return folder


def test_check_lessons_trains_a_lesson_and_judges_its_claims(person: Person) -> None:
    folder = own_lesson(person, LESSON.replace(', "A train_mae after 4 < 1"', ""))
    code, out, err = person.command("check", "--lessons", str(folder), "--record")
    assert (code, err) == (0, "") and out.endswith("All 1 claims hold.\n")
    assert "16 of 16  ok" in out
    measured = read_measured(read_lesson(folder))[0]["A train_mse after 4 < 1"]
    assert measured.holds and (measured.seeds, measured.of) == (16, 16)


def test_check_lessons_fails_where_a_claim_does_not_hold_or_cannot_be_judged(person: Person) -> None:
    folder = own_lesson(person, LESSON.replace("train_mse after 4 < 1", "train_mse after 4 > 1"))
    code, out, _ = person.command("check", "--lessons", str(folder), "--seeds", "2")
    assert code == 1 and out.endswith("2 of 2 claims do not hold.\n")
    first, second = out.splitlines()[1:3]
    assert first.endswith("0 of 2  DOES NOT HOLD")
    assert second.endswith("UNKNOWN: not recorded, or not so far"), "nobody shows the mean absolute error"


def test_check_lessons_wants_one_right_choice(person: Person) -> None:
    choices = "".join(f'[[predict.choices]]\ntext = "{n}"\nclaim = "A train_mse after 4 < {n}"\n' for n in (1, 2))
    text = LESSON.replace(', "A train_mae after 4 < 1"]', f']\n[predict]\nquestion = "?"\n{choices}')
    code, out, _ = person.command("check", "--lessons", str(own_lesson(person, text)), "--seeds", "1")
    assert code == 1 and '  step "Train": 2 of its choices are right, but one must be\n' in out


@pytest.mark.parametrize("options", [("--seeds", "3"), ("--record",), ("--lessons", "--record", "--seeds", "3")])
def test_options_of_check_that_do_not_fit_are_refused(person: Person, options: tuple[str, ...]) -> None:
    code, out, err = person.command("check", *options)
    assert (code, out) == (2, "") and "--seeds" in err


# The program in a separate process

WITHOUT_QT = """
import sys
from sandbox.cli import main
code = main(sys.argv[1:])
assert not [name for name in sys.modules if name.partition(".")[0] in ("PySide6", "pyqtgraph")], "Qt was touched"
sys.exit(code)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="others always have a display")
def test_without_a_display_one_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(BATCHES)
    for arguments in ((), ("x.toml",)):
        child = run_bare(*arguments, folder=tmp_path, code=WITHOUT_QT)
        assert (child.returncode, child.stdout) == (2, ""), child.stderr
        assert child.stderr.count("\n") == 1 and "display" in child.stderr
        assert "loss-sandbox run" in child.stderr


def test_a_file_is_read_before_any_display_is_needed(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("[run]\nepochs = -1")
    child = run_bare("x.toml", folder=tmp_path, code=WITHOUT_QT)
    assert child.returncode == 2 and "epochs" in child.stderr and "display" not in child.stderr


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help"), ("list", "-h"), ("check", "--help")])
def test_help_needs_nothing(arguments: tuple[str, ...]) -> None:
    child = run_bare(*arguments, code=WITHOUT_QT)
    assert child.returncode == 0 and child.stderr == ""
    assert child.stdout.startswith("usage: loss-sandbox")


def test_python_m_sandbox_is_the_same_program(person: Person) -> None:
    child = run_bare("list", "metrics")
    assert (child.returncode, child.stdout, child.stderr) == person.command("list", "metrics")
    assert "loss-sandbox run FILE" in run_bare("--help").stdout


def test_a_closed_pipe_is_no_error() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "list"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait()


def png_size(path: Path) -> tuple[int, int]:
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", content[16:24])


CAN_FAIL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")


@CAN_FAIL
@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("run", "--help"), ("list",), ("run", "x.toml")])
@pytest.mark.parametrize("redirection", [">/dev/full", ">&-"])
def test_an_output_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], redirection: str
) -> None:
    (tmp_path / "x.toml").write_text(BATCHES)
    command = [sys.executable, "-m", "sandbox", *arguments, *(["--no-pictures"] if "x.toml" in arguments else [])]
    done = subprocess.run(
        ["sh", "-c", f'"$@" {redirection}', "sh", *command],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    reason = "no space left on device" if "full" in redirection else "bad file descriptor"
    said = done.stderr.replace("\r", "\n").splitlines()[-1]
    assert (done.returncode, said) == (2, f"loss-sandbox: standard output: this cannot be written: {reason}.")
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr
    assert (tmp_path / "x" / "history.csv").exists() == ("x.toml" in arguments)


@pytest.mark.parametrize("stream", ["2>&-", "2>/dev/null", ">&- 2>&-"])
def test_a_closed_stream_that_nobody_reads_is_no_error(tmp_path: Path, stream: str) -> None:
    (tmp_path / "x.toml").write_text(BATCHES)
    command = [sys.executable, "-m", "sandbox", "run", "x.toml", "--no-pictures", "--quiet"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["sh", "-c", f'"$@" {stream}', "sh", *command], cwd=tmp_path, env=environment, timeout=60)
    assert done.returncode == 0 and (tmp_path / "x" / "history.csv").exists()


EVIL = "\x1b]0;owned\x07\x1b[31m\x9b\u202e"


def test_nothing_that_stands_in_a_file_reaches_the_terminal_as_it_is(person: Person) -> None:
    """Escapes of a terminal, and 30,000 characters, in titles, cells, names of columns and of files."""
    title = (EVIL * 100)[:1000]
    head = f"title = {json.dumps(title)}\n[run]\nepochs = 1\n[data]\n"
    cell = f'"{EVIL}{"x" * 30_000}"'
    person.write("x.toml", head + "samples = 20")
    person.write("y.toml", head + 'file = "cells.csv"')
    person.write("cells.csv", f"a,{EVIL}{'y' * 30_000},c\n" + f"1,{cell},3\n2,{cell},4\n" * 4)
    for arguments in (
        ("run", "x.toml", "--no-pictures"),
        ("sweep", "x.toml", "--no-pictures", "--set", "optimizer.learning_rate=0.1", "--workers", "1"),
        ("run", "y.toml"),
        ("sweep", "y.toml", "--set", "optimizer.learning_rate=0.1"),
        ("sweep", "x.toml", "--set", EVIL * 3_000),
        ("sweep", "x.toml", "--set", f"data.noise={EVIL * 3_000}"),
        ("sweep", "x.toml", "--set", "data.noise=0.1", "--column", EVIL * 3_000),
        ("run", EVIL * 20),
        ("run", EVIL * 3_000),
        ("run", "x.toml", EVIL * 3_000),
        ("run", "x.toml", "--reach", EVIL * 3_000),
        ("run", "x.toml", "--epochs", EVIL * 3_000),
        ("run", "x.toml", "--out", EVIL * 3_000),
        ("list", EVIL * 3_000),
        (EVIL * 3_000,),
        ("--screenshot", EVIL * 3_000),
        ("--screenshot", "x.png", "--size", EVIL * 3_000),
        ("--screenshot", "x.png", "--theme", EVIL * 3_000),
    ):
        code, out, err = person.command(*arguments)
        plain = re.sub(r"[\r\n\u2009]|\x1b\[A", "", out + err)  # as tables and the progress bar have them
        assert plain.isprintable() and len(plain) < 5_000, arguments
        trained = arguments[1:3] == ("x.toml", "--no-pictures")
        assert code == (0 if trained else 2) and (trained or err.count("\n") == 1), (arguments, err)


def test_run_draws_its_pictures_without_a_display(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(BATCHES + '[[lanes]]\nname = "A"\n[[lanes]]\nname = "b c"\n')
    child = run_bare("run", "x.toml", "--quiet", folder=tmp_path)
    assert (child.returncode, child.stdout, child.stderr) == (0, "", "")
    assert sorted(os.listdir(tmp_path / "x")) == [
        "boundary-A.png", "boundary-b c.png", "costs.png", "history.csv", "weights-A.npz", "weights-b c.npz",
    ]  # fmt: skip
    assert png_size(tmp_path / "x" / "boundary-A.png") == (2400, 1800)


def test_a_screenshot_needs_no_display(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(BATCHES)
    for theme, (width, height) in (("light", (1024, 700)), ("dark", (880, 480))):
        size = f"{width}x{height}"
        options = ("--screenshot", f"{theme}.png", "--size", size, "--theme", theme, "--after", "3")
        child = run_bare(*options, "x.toml", folder=tmp_path)
        assert (child.returncode, child.stdout) == (0, ""), child.stderr
        assert png_size(tmp_path / f"{theme}.png") == (width, height)
    assert sorted(os.listdir(tmp_path)) == ["dark.png", "light.png", "x.toml"]
    assert (tmp_path / "light.png").read_bytes() != (tmp_path / "dark.png").read_bytes()
