"""Lessons: a folder with an experiment and a text in steps, and how they are read.

The text, `lesson.md`, begins with a head in TOML between two lines `+++`. Each `##` heading begins a step. In a step, a
fenced block named `step` says in TOML what happens there, see `Step`; the rest is Markdown, with formulas between
dollar signs and figures from the run between double braces, as in `{{B test_accuracy after 150}}`. A lesson holds
text and settings alone: nothing in it is executed, and nothing outside its folder is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox import words
from sandbox.errors import InputError, input_error, shown
from sandbox.experiment import Experiment
from sandbox.experiment.document.frozen import FrozenMapping
from sandbox.experiment.document.settings import PATHS, SETTINGS, Value
from sandbox.experiment.document.toml_file import parse, read_text
from sandbox.experiment.document.validation import check_value
from sandbox.files import reason
from sandbox.lessons.claim import Claim, read_claim
from sandbox.lessons.quantity import Quantity, read_quantity
from sandbox.lessons.table import Table

TEXT, EXPERIMENT = "lesson.md", "experiment.toml"
SEEDS = 16  # that its claims are judged over
# What a step can point at, besides every setting: parts of the window, and the lenses.
PARTS = ("play", "reset", "speed", "add_lane", "boundary", "cost", "lanes", "readouts")
LENSES = ("equations", "signal", "whatif", "sample", "update", "check", "findings")
PLACES = (*PARTS, *LENSES, *SETTINGS)
MOST_LETTERS = 200_000  # of its text, which is shown step by step
MOST_EPOCHS = 20_000  # of a step: a lesson is for minutes
HEAD_KEYS = ("title", "summary", "sources", "seeds")
STEP_KEYS = ("point", "open", "set", "lane", "restart", "predict", "train", "wait", "claims")
PREDICT_KEYS = ("question", "choices", "curve", "lane", "until")
_REDUCTION = "loss.reduction"  # which decides what a cost is called
_FIGURE = re.compile(r"\{\{(.+?)\}\}")
_BLOCK = re.compile(r"^```step[ \t]*\n(.*?)^```[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_HEAD = re.compile(r"\A\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^## +(.+?)[ \t]*$\n?", re.MULTILINE)


@dataclass(frozen=True)
class Choice:
    """An answer to choose before the run; it is right if its claim holds afterwards."""

    text: str
    claim: Claim


@dataclass(frozen=True)
class Prediction:
    """What a person predicts before a step's training: a choice, or a curve to draw of a column until an epoch."""

    question: str
    choices: tuple[Choice, ...] = ()
    curve: str = ""
    lane: str = ""
    until: int = 0


@dataclass(frozen=True)
class Step:
    """One step of a lesson, in the order in which it happens.

    Attributes
    ----------
    title, text : str
        The text in Markdown, with formulas and figures.
    point : str
        What to draw a ring around, one of `PLACES`, or "".
    open : str
        The experiment file to begin with, "" to go on with the present one.
    set : mapping
        Settings by dotted key, for one `lane` or, if that is "", for all.
    lane : str
        The lane that is set and brought into view; "" for all, and whichever is in view.
    restart : bool
        Whether to begin again from the start, with the settings as they are.
    prediction : Prediction, optional
        What to ask before training.
    train : int
        The epoch to train up to; 0 for no training.
    wait : str
        What the person does before it goes on, one of `PLACES`, or "".
    claims : tuple of Claim
        What is true afterwards.
    """

    title: str
    text: str
    point: str = ""
    open: str = ""
    set: Mapping[str, Value] = FrozenMapping()
    lane: str = ""
    restart: bool = False
    prediction: Prediction | None = None
    train: int = 0
    wait: str = ""
    claims: tuple[Claim, ...] = ()

    @property
    def figures(self) -> tuple[Quantity, ...]:
        """The quantities in its text."""
        return tuple(read_quantity(found[1]) for found in _FIGURE.finditer(self.text))

    def filled(self, figures: Mapping[Quantity, str | None]) -> str:
        """Return its text with the figures filled in, up to the paragraph of the first that is None: not known yet."""
        texts = {found.start(): figures[read_quantity(found[1])] for found in _FIGURE.finditer(self.text)}
        missing = next((place for place, text in texts.items() if text is None), None)
        end = len(self.text) if missing is None else max(self.text.rfind("\n\n", 0, missing), 0)
        return _FIGURE.sub(lambda found: texts[found.start()] or "", self.text[:end])


@dataclass(frozen=True)
class Lesson:
    """A lesson, as read.

    Attributes
    ----------
    name : str
        Of its folder.
    title, summary : str
    sources : tuple of str
        Papers and books.
    seeds : int
        How many networks of each lane the claims are judged over.
    experiments : mapping
        Those that its steps open, by file name; the first begins.
    steps : tuple of Step
    folder : Path
    """

    name: str
    title: str
    summary: str
    sources: tuple[str, ...]
    seeds: int
    experiments: Mapping[str, Experiment]
    steps: tuple[Step, ...]
    folder: Path

    @property
    def first(self) -> Experiment:
        """The experiment of its first step."""
        return self.experiments[self.steps[0].open or EXPERIMENT]

    @property
    def claims(self) -> tuple[Claim, ...]:
        """All claims of its steps."""
        return tuple(claim for step in self.steps for claim in step.claims)


def read_lesson(folder: Path) -> Lesson:
    """Read a lesson from its folder.

    Raises
    ------
    InputError
        For anything wrong with it, naming the file, the step, what was found and what is allowed.
    """
    path = _inside(folder, TEXT)
    name, text = str(path), read_text(path, "a lesson").replace("\r\n", "\n")
    if len(text) > MOST_LETTERS:
        raise input_error(name, f"this is too long: a lesson has at most {MOST_LETTERS:,} letters.")
    head = _HEAD.match(text)
    if head is None:
        raise input_error(name, "a lesson begins with its title, summary and sources in TOML between two lines +++.")
    table = Table(parse(head[1], name), name, HEAD_KEYS)
    title, summary = table.text("title"), table.text("summary")
    sources, seeds = table.texts("sources"), table.number("seeds", SEEDS, 1, 64)
    steps = tuple(_steps(text[head.end() :], name))
    if not steps:
        raise input_error(name, 'a lesson needs at least one step; each begins with a heading "## Title".')
    experiments = {
        file: _experiment(folder, file) for file in dict.fromkeys([EXPERIMENT, *(s.open for s in steps)]) if file
    }
    lesson = Lesson(folder.name, title, summary, sources, seeds, FrozenMapping(experiments), steps, folder)
    _check_lanes(lesson, name)
    return replace(lesson, steps=tuple(_told(lesson)))


def _experiment(folder: Path, file: str) -> Experiment:
    """Read an experiment of the lesson; everything that it names must be in the same folder."""
    experiment = Experiment.load(_inside(folder, file))
    weights = (experiment.lane(lane.name).network.weights for lane in experiment.lanes)
    for path in (experiment.data.file, *weights):
        if path is not None:
            _inside(folder, path)
    return experiment


def _inside(folder: Path, file: str) -> Path:
    """Return the path of a file of the lesson, which no link may lead out of its folder."""
    path = folder / file
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError) as error:  # ValueError: not a possible file name
        raise input_error(str(folder), f'"{shown(file)}" cannot be read: {reason(error)}.') from None
    if not inside:
        sentence = f'"{shown(file)}" is outside the folder of the lesson; a lesson only reads inside.'
        raise input_error(str(folder), sentence)
    return path


def _steps(text: str, name: str) -> Iterator[Step]:
    headings = list(_HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings[1:]), len(text)]
    for number, (heading, end) in enumerate(zip(headings, ends, strict=False), start=1):
        where = f'{name}, step {number} "{heading[1]}"'
        body = text[heading.end() : end]
        blocks = list(_BLOCK.finditer(body))
        if len(blocks) > 1:
            raise input_error(where, f"there are {len(blocks)} blocks ```step; a step has at most one.")
        table = Table(parse(blocks[0][1], where) if blocks else {}, where, STEP_KEYS)
        try:
            step = _step(heading[1], _BLOCK.sub("", body).strip(), table)
            _ = step.figures
        except InputError as error:
            raise error if str(error).startswith(where) else input_error(where, str(error)) from None
        yield step


def _step(title: str, text: str, table: Table) -> Step:
    settings = {key: check_value(key, value) for key, value in table.flat("set").items()}
    step = Step(
        title,
        text,
        point=table.name("point", PLACES),
        open=table.text("open", ""),
        set=FrozenMapping(settings),
        lane=table.text("lane", ""),
        restart=table.flag("restart"),
        prediction=_prediction(table.table("predict", PREDICT_KEYS)),
        train=table.number("train", 0, 0, MOST_EPOCHS),
        wait=table.name("wait", PLACES),
        claims=tuple(map(read_claim, table.texts("claims", ()))),
    )
    for key in PATHS:
        if key in step.set:
            raise InputError(f"a step cannot set {key}; open an experiment of the lesson that names the file.")
    if step.prediction is not None and not step.train:
        raise InputError("a prediction needs training that shows what happens: train is missing.")
    return step


def _prediction(table: Table | None) -> Prediction | None:
    if table is None:
        return None
    question = table.text("question")
    curve, lane, until = table.text("curve", ""), table.text("lane", ""), table.number("until", 0, 0, MOST_EPOCHS)
    choices = tuple(
        Choice(entry.text("text"), read_claim(entry.text("claim")))
        for entry in table.tables("choices", ("text", "claim"))
    )
    if bool(curve) == bool(choices) or len(choices) == 1:
        raise InputError("a prediction has either two or more choices, or a curve to draw.")
    if curve:
        read_quantity(f"{lane or 'A'} {curve} after {until}")
    return Prediction(question, choices, curve, lane, until)


def _check_lanes(lesson: Lesson, name: str) -> None:
    """Check that every lane that a step names is in its experiment."""
    experiment = lesson.experiments[EXPERIMENT]
    for number, step in enumerate(lesson.steps, start=1):
        experiment = lesson.experiments[step.open] if step.open else experiment
        known = [lane.name for lane in experiment.lanes]
        choices = () if step.prediction is None else step.prediction.choices
        claims = (*step.claims, *(choice.claim for choice in choices))
        asked = [step.lane] if step.lane else []
        asked += [lane for claim in claims for lane in claim.lanes]
        asked += [lane for figure in step.figures for lane in figure.lanes]
        for lane in asked:
            if lane not in known:
                where = f'{name}, step {number} "{step.title}"'
                raise input_error(where, f'there is no lane "{lane}"; {words.known_names(lane, known)}.')


def _told(lesson: Lesson) -> Iterator[Step]:
    """Yield the steps with claims in the words that fit the experiment which each has then."""
    experiment = lesson.experiments[EXPERIMENT]
    for step in lesson.steps:
        experiment = lesson.experiments[step.open] if step.open else experiment
        if _REDUCTION in step.set:
            experiment = experiment.with_value(_REDUCTION, step.set[_REDUCTION], step.lane or None)
        yield replace(step, claims=tuple(claim.told_in(experiment) for claim in step.claims))
