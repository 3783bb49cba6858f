"""Reading lessons: what they may say, and one clear sentence for anything else."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from sandbox.errors import InputError
from sandbox.lessons import Lesson, follow, read_lesson, read_quantity
from sandbox.lessons.lesson import HEAD_KEYS, LENSES, PARTS, PREDICT_KEYS, STEP_KEYS
from sandbox.resources import resource

HEAD = '+++\ntitle = "T"\nsummary = "S"\nsources = ["B. 1999."]\n+++\n'
SMALL = '[data]\nsamples = 20\n[[lanes]]\nname = "A"\n[[lanes]]\nname = "B"\nloss.objective = "mse"\n'


def lesson(tmp_path: Path, text: str, experiment: str = SMALL, **files: str) -> Lesson:
    folder = tmp_path / "own"
    folder.mkdir(exist_ok=True)
    (folder / "lesson.md").write_text(text, encoding="utf-8")
    (folder / "experiment.toml").write_text(experiment, encoding="utf-8")
    for name, content in files.items():
        (folder / f"{name}.toml").write_text(content, encoding="utf-8")
    return read_lesson(folder)


def refused(tmp_path: Path, text: str, **files: str) -> str:
    with pytest.raises(InputError) as error:
        lesson(tmp_path, text, **files)
    return str(error.value)


def step(block: str, text: str = "Text.") -> str:
    return f"{HEAD}## One\n```step\n{block}\n```\n{text}\n"


def test_a_lesson_is_its_head_and_its_steps(tmp_path: Path) -> None:
    read = lesson(
        tmp_path,
        HEAD
        + "## First\nHello $a_1$.\n\n### Not a step\nMore.\n\n"
        + "## Second\n```step\npoint = 'loss.objective'\nlane = 'B'\ntrain = 4\n"
        + "claims = ['B train_mse after 4 < 1']\n[set.optimizer]\nlearning_rate = 0.1\n```\n"
        + "It is {{B train_mse after 4}}.\n",
    )
    assert (read.name, read.title, read.summary, read.sources, read.seeds) == ("own", "T", "S", ("B. 1999.",), 16)
    first, second = read.steps
    assert (first.title, first.text, first.train) == ("First", "Hello $a_1$.\n\n### Not a step\nMore.", 0)
    assert (second.point, second.lane, second.train) == ("loss.objective", "B", 4)
    assert second.set == {"optimizer.learning_rate": 0.1}
    assert second.text == "It is {{B train_mse after 4}}."
    assert second.filled({read_quantity("B train_mse after 4"): "0.1234"}) == "It is 0.1234."


def test_a_lesson_is_followed_step_by_step(tmp_path: Path) -> None:
    read = lesson(
        tmp_path,
        HEAD
        + "## One\n```step\ntrain = 3\nclaims = ['A train_cost after 3 > 0']\n```\n"
        + "## Two\n```step\nset = { 'optimizer.learning_rate' = 0.125 }\nlane = 'B'\ntrain = 5\n```\n"
        + "{{A stops after}}\n"
        + "## Three\n```step\nset = { 'network.seed' = 9 }\n```\n## Four\n```step\nopen = 'other.toml'\ntrain = 2\n"
        + "claims = ['C train_mse after 2 < 9']\n```\n",
        other="[data]\ndataset = 'sine'\nsamples = 20\n[[lanes]]\nname = 'C'\n",
    )
    outcomes = list(follow(read, seeds=2))
    assert [outcome.holds for outcome in outcomes] == [True] * 4
    (_, verdict), (_, last) = outcomes[0].claims[0], outcomes[3].claims[0]
    assert verdict.of == 2 and last.of == 2 and last.value > 0
    assert outcomes[1].figures[0][1] == "never"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("## One\n", "lesson.md: a lesson begins with its title, summary and sources in TOML between two lines +++."),
        ("+++\ntitle = 'T'\nsources = []\n+++\n## One\n", "lesson.md: summary is missing; it must be text."),
        ("+++\ntitle = 3\n+++\n## One\n", "lesson.md: title is 3, but must be text."),
        (HEAD.replace("+++\n#", "") + "Text.", 'needs at least one step; each begins with a heading "## Title".'),
        (HEAD.replace("title", "titel"), 'lesson.md: titel is not known; did you mean "title"?'),
        (step("tarin = 3"), 'step 1 "One": tarin is not known; did you mean "train"?'),
        (step("train = 1.5"), "train is 1.5, but must be a whole number from 0 to 20,000."),
        (step("train = true"), "train is True, but must be a whole number"),
        (step("train = 30_000"), "train is 30,000, but must be a whole number from 0 to 20,000."),
        (step("point = 'costs'"), 'point is "costs"; did you mean "cost"?'),
        (step("wait = 'loss.objektive'"), 'wait is "loss.objektive"; did you mean "loss.objective"?'),
        (step("set = { 'loss.objective' = 'mes' }"), "mes"),
        (step("set = { 'data.file' = '/etc/passwd' }"), "a step cannot set data.file"),
        (step("claims = ['B train_mse after']"), "is no claim"),
        (step("claims = ['C train_mse after 3 < 1']"), 'there is no lane "C"; available: A, B.'),
        (step("", "See {{A train_msee after 3}}."), 'there is no column "train_msee"'),
        (step("", "See {{C train_mse after 3}}."), 'there is no lane "C"'),
        (step("lane = 'D'"), 'there is no lane "D"'),
        (step("train = 3\n[predict]\nquestion = 'What?'"), "either two or more choices, or a curve to draw."),
        (step("[predict]\nquestion = 'What?'\ncurve = 'train_mse'\nuntil = 3"), "train is missing"),
        (step("train = 3\n[predict]\nquestion = 'What?'\ncurve = 'mse'\nuntil = 3"), 'there is no column "mse"'),
        (step("x = [[[[") , "not valid TOML"),
        (step("") + "```step\n```\n", "there are 2 blocks ```step; a step has at most one."),
        (step("open = 'none.toml'"), "there is no such file"),
        (step('open = "a\\u0000b.toml"'), "cannot be read"),
        (HEAD + "## One\n" + "long " * 40_000, "this is too long: a lesson has at most 200,000 letters."),
        (step("open = '../own/experiment.toml.txt'"), "there is no such file"),
    ],
)  # fmt: skip
def test_anything_else_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentence in refused(tmp_path, text)


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret.csv", "sub/../../secret.csv"])
def test_nothing_outside_the_folder_is_read(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert "is outside the folder of the lesson" in refused(tmp_path, step(f"open = '{path}'"))
    for experiment in (f"[data]\nfile = '{path}'\n", f"[network]\nweights = '{path}'\n"):
        assert "is outside the folder" in refused(tmp_path, step("open = 'o.toml'"), o=experiment)
    lane = f"[[lanes]]\nname = 'A'\n[[lanes]]\nname = 'B'\nnetwork.weights = '{path}'\n"
    assert "is outside the folder" in refused(tmp_path, step("open = 'o.toml'"), o=lane)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="links need the file system's support")
def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.toml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "o.toml").symlink_to(tmp_path / "secret.toml")
    assert "is outside the folder of the lesson" in refused(tmp_path, step("open = 'o.toml'"))


def test_the_readme_names_every_key_and_place() -> None:
    text = resource("lessons", "README.md").read_text(encoding="utf-8")
    for name in (*PARTS, *LENSES, *HEAD_KEYS, *STEP_KEYS, *PREDICT_KEYS):
        assert re.search(rf"[`\[.]{name}\b|^{name} =", text, re.MULTILINE), name


def test_one_network_a_lane_is_trained_where_all_initial_weights_are_given(tmp_path: Path) -> None:
    given = SMALL + "network.hidden = []\nnetwork.initial = [1.0, 2.0, 0.5]\n"
    text = step("train = 1\nclaims = ['A train_cost after 1 > 0']") + (
        "## Two\n```step\nopen = 'both.toml'\ntrain = 1\nclaims = ['A train_cost after 1 > 0']\n```\n"
    )
    both = SMALL + "[network]\nhidden = []\ninitial = [1.0, 2.0, 0.5]\n"
    drawn, alone = follow(lesson(tmp_path, text, given, both=both), seeds=4)
    assert [outcome.claims[0][1].of for outcome in (drawn, alone)] == [4, 1]


def test_a_lesson_is_utf_8(tmp_path: Path) -> None:
    lesson(tmp_path, step(""))
    (tmp_path / "own" / "lesson.md").write_bytes(b"+++\ntitle = '\xe9'\n")
    with pytest.raises(InputError, match=r"byte 0xe9 in line 2 is not UTF-8, but a lesson must be UTF-8 text\.$"):
        read_lesson(tmp_path / "own")
